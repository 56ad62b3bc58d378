/* SPDX-License-Identifier: MIT */
/*
 * sections - see sections.h.
 *
 * A row is the manual of its option: type, default, range and the sentence
 * that --explain prints.
 */
#include "conf/sections.h"

#define SECOND 1000LL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define KB 1024LL
#define MB (1024 * KB)

static const char *const settings_formats[] = { "logfmt", "json", NULL };
static const char *const settings_levels[] = { "debug", "info", "notice",
    "warn", "error", NULL };

static const struct ow_option server_options[] = {
	OW_STR(struct set_server, listen, "127.0.0.1:8080",
	    "Where clients connect: an address or a host, and a port."),
	OW_STR(struct set_server, admin_listen, "127.0.0.1:8081",
	    "Where health, metrics and administration are served; keep it "
	    "away from the public."),
	OW_URL(struct set_server, public_url, "",
	    "How clients reach this server, for links in notices and for "
	    "tracking; empty: made from listen."),
	OW_STR(struct set_server, plugin_dir, "",
	    "Folder of the plugins; empty: the installed one."),
	OW_STR(struct set_server, user, "",
	    "User to become when started as root; empty: stay."),
	OW_SECRET(struct set_server, secret, OW_REQUIRED,
	    "At least 32 random characters; tracking links, tickets and "
	    "receipts are made with it, so changing it ends them, and every "
	    "node must have the same."),
	OW_INT(struct set_server, workers, "1", 1, 64,
	    "Loops that serve clients; more than one a CPU gains nothing."),
	OW_MS(struct set_server, drain_ms, "10s", 0, 10 * MINUTE,
	    "How long a stop may take to close streams and finish what is in "
	    "flight."),
	OW_MS(struct set_server, group_ms, "5ms", 0, 100,
	    "The longest time that changes wait to share a commit while the "
	    "store is busy; nothing waits while it is idle."),
	OW_INT(struct set_server, store_queue_max, "10000", 16, 1000000,
	    "Changes on their way to the store; above it clients are told to "
	    "come back."),
	OW_INT(struct set_server, order_queue_max, "64", 1, 10000,
	    "Changes waiting for one order; above it clients are told to come "
	    "back."),
	OW_OPTIONS_END
};

static const struct ow_option tls_options[] = {
	OW_STR(struct set_tls, certificate, "",
	    "PEM file with the whole chain, the server's own first; empty: no "
	    "TLS."),
	OW_STR(struct set_tls, key, "",
	    "PEM file with the certificate's private key."),
	OW_OPTIONS_END
};

static const struct ow_option log_options[] = {
	OW_CHOICE(struct set_log, format, "logfmt", settings_formats,
	    "How a line of the log looks."),
	OW_CHOICE(struct set_log, level, "info", settings_levels,
	    "What is logged: this and everything more severe."),
	OW_OPTIONS_END
};

static const struct ow_option auth_options[] = {
	OW_STR(struct set_auth, keys_file, "",
	    "JWK set with the keys that tokens are checked with; this or "
	    "keys_url is required."),
	OW_URL(struct set_auth, keys_url, "",
	    "Where the identity provider publishes its JWK set."),
	OW_STR(struct set_auth, keys_ca_file, "",
	    "PEM file with the authorities to trust for keys_url; empty: the "
	    "system's."),
	OW_MS(struct set_auth, keys_refresh_ms, "30s", SECOND, HOUR,
	    "The keys are read again when a token names an unknown one, but "
	    "not more often than this."),
	OW_STR(struct set_auth, issuer, "",
	    "What the claim iss must say; empty: not checked."),
	OW_STR(struct set_auth, audience, "",
	    "What the claim aud must contain; empty: not checked."),
	OW_STR(struct set_auth, claim_sub, "sub",
	    "Name of the claim that says who it is."),
	OW_STR(struct set_auth, claim_tenant, "tenant",
	    "Name of the claim with the tenant."),
	OW_STR(struct set_auth, claim_role, "role",
	    "Name of the claim with the role: customer, kitchen, service or "
	    "admin."),
	OW_MS(struct set_auth, leeway_ms, "5s", 0, 5 * MINUTE,
	    "How far ahead the clock of who issues tokens may be (nbf, iat); "
	    "exp counts as it is."),
	OW_INT(struct set_auth, cache_max, "4096", 0, 1000000,
	    "Verified tokens that each worker remembers."),
	OW_OPTIONS_END
};

static const struct ow_option http_options[] = {
	OW_BYTES(struct set_http, head_max, "16k", KB, 256 * KB,
	    "The largest head of a request: its first line and headers."),
	OW_BYTES(struct set_http, body_max, "256k", KB, 16 * MB,
	    "The largest body of a request."),
	OW_MS(struct set_http, head_ms, "10s", 100, 5 * MINUTE,
	    "How long a client may take to send a whole head."),
	OW_MS(struct set_http, body_ms, "30s", 100, 10 * MINUTE,
	    "How long a client may take to send a whole body."),
	OW_MS(struct set_http, idle_ms, "1m", SECOND, HOUR,
	    "How long a connection is kept open between requests."),
	OW_INT(struct set_http, connections_max, "100000", 16, 10000000,
	    "Open connections of this process."),
	OW_INT(struct set_http, connections_per_address, "200", 0, 10000000,
	    "Open connections of one client address; 0: no limit."),
	OW_INT(struct set_http, rate_per_address, "100", 0, 1000000,
	    "Requests a second of one client address; 0: no limit."),
	OW_INT(struct set_http, rate_per_token, "500", 0, 1000000,
	    "Requests a second of one token; 0: no limit."),
	OW_INT(struct set_http, rate_burst, "5", 1, 3600,
	    "How many seconds' worth of requests may come at once."),
	OW_BOOL(struct set_http, loopback_exempt, "no",
	    "Whether clients on this machine are free of the rates and of the "
	    "limits for each address; say no behind a proxy on the same "
	    "machine."),
	OW_STR(struct set_http, origins, "",
	    "Web origins whose pages may call, with blanks between them, such "
	    "as https://shop.example; *: any; empty: only this server's own."),
	OW_OPTIONS_END
};

static const struct ow_option stream_options[] = {
	OW_MS(struct set_stream, heartbeat_ms, "25s", SECOND, 10 * MINUTE,
	    "A stream that was silent for so long is sent a heartbeat."),
	OW_MS(struct set_stream, silence_ms, "1m", 2 * SECOND, HOUR,
	    "A peer that should answer and was silent for so long is gone."),
	OW_MS(struct set_stream, auth_ms, "5s", 100, MINUTE,
	    "How long a new stream may take to say who it is."),
	OW_MS(struct set_stream, finished_ms, "1m", 0, HOUR,
	    "How long the streams of a finished order stay open."),
	OW_INT(struct set_stream, replay_max, "100", 0, 10000,
	    "Whoever missed more events than this gets a snapshot instead."),
	OW_BYTES(struct set_stream, buffer_max, "256k", 16 * KB, 16 * MB,
	    "Bytes that may wait for one slow stream before it has to be "
	    "replayed from the log."),
	OW_INT(struct set_stream, streams_per_subject, "20", 1, 100000,
	    "Open streams of one person."),
	OW_OPTIONS_END
};

static const struct ow_option notify_options[] = {
	OW_STR(struct set_notify, share_dir, "",
	    "Folder with notifications.conf and templates/; empty: the "
	    "installed one."),
	OW_STR(struct set_notify, locale, "en",
	    "Language of people who have said nothing: the name of a folder "
	    "of templates/."),
	OW_STR(struct set_notify, timezone, "UTC",
	    "Clock of times in notices to people who have said nothing, and "
	    "whose orders don't say it either, such as \"Europe/Berlin\"."),
	OW_STR(struct set_notify, order_url, "",
	    "Where notices lead, with {id} for the order's id, such as "
	    "https://shop.example/orders/{id}; empty: this server's own "
	    "pages."),
	OW_MS(struct set_notify, keep_ms, "90d", HOUR, 3650 * DAY,
	    "How long notices, and what was done to deliver them, are kept."),
	OW_INT(struct set_notify, persons_max, "100000", 100, 10000000,
	    "People whose preferences are kept in memory."),
	OW_INT(struct set_notify, addresses_max, "10", 1, 1000,
	    "Push subscriptions of one person; one more replaces the "
	    "oldest."),
	OW_OPTIONS_END
};

static const struct ow_option outbox_options[] = {
	OW_STR(struct set_outbox, node, "",
	    "This node's name, unlike every other node's; empty: made from "
	    "the host's name."),
	OW_STR(struct set_outbox, private_allow, "",
	    "Networks that addresses given by users may lie in although they "
	    "are not public, with blanks between them, such as 10.1.2.0/24 "
	    "fd00::/8; empty: none."),
	OW_MS(struct set_outbox, lease_ms, "2m", SECOND, HOUR,
	    "How long a node has a job before another one may take it; above "
	    "every channel's deadline_ms."),
	OW_MS(struct set_outbox, poll_ms, "5s", 100, 10 * MINUTE,
	    "How often jobs that other nodes left behind are looked for."),
	OW_MS(struct set_outbox, backoff_ms, "5s", 100, HOUR,
	    "The wait after a first failure is up to this, and up to twice as "
	    "long after each further one."),
	OW_MS(struct set_outbox, backoff_max_ms, "15m", 100, DAY,
	    "The longest wait between two attempts."),
	OW_INT(struct set_outbox, attempts_max, "12", 1, 1000,
	    "A job that failed so often is parked until somebody looks."),
	OW_OPTIONS_END
};

const struct ow_option set_channel_options[] = {
	OW_STR(struct set_channel, tenants, "*",
	    "Tenants that this channel is for, with blanks between them; *: "
	    "all."),
	OW_INT(struct set_channel, max_inflight, "64", 1, 1000,
	    "Jobs that this channel has in hand at once."),
	OW_INT(struct set_channel, rate, "0", 0, 1000000,
	    "Jobs a second that this channel begins; 0: no limit."),
	OW_MS(struct set_channel, deadline_ms, "30s", 100, HOUR,
	    "A job that is not done by then is given up and tried again; "
	    "below outbox.lease_ms."),
	OW_INT(struct set_channel, breaker_failures, "5", 1, 10000,
	    "Failures in a row after which the provider is left alone."),
	OW_MS(struct set_channel, breaker_ms, "30s", 100, HOUR,
	    "For how long, before one job is tried."),
	OW_BOOL(struct set_channel, isolate, "no",
	    "Whether the plugin runs in a process of its own, which may crash "
	    "or hang without harm to the server; yes for plugins that are not "
	    "trusted."),
	OW_OPTIONS_END
};

const struct ow_option settings_tenant_options[] = {
	OW_STR(struct set_tenant, name, OW_REQUIRED,
	    "As in the tenant claim and in the paths of the API."),
	OW_BOOL(struct set_tenant, ready_by_hand, "no",
	    "Whether an order whose items are all ready waits for somebody to "
	    "say that it is."),
	OW_MS(struct set_tenant, link_ttl_ms, SETTINGS_LINK_TTL, MINUTE,
	    90 * DAY, "How long a tracking link is good, unless its maker "
	    "says."),
	OW_BOOL(struct set_tenant, estimate, "yes",
	    "Whether it is estimated when orders will be ready and there, "
	    "from what is learnt of this tenant's kitchen and riders."),
	OW_MS(struct set_tenant, prep_ms, SETTINGS_PREP, SECOND, DAY,
	    "How long an item takes that says nothing of it and of which "
	    "nothing is known yet."),
	OW_OPTIONS_END
};

const struct settings_section settings_sections[] = {
	{ "server", "The process itself.", server_options,
	    offsetof(struct settings, server) },
	{ "tls", "Encryption of the public listener.", tls_options,
	    offsetof(struct settings, tls) },
	{ "log", "One line an event, on stderr.", log_options,
	    offsetof(struct settings, log) },
	{ "auth", "Who may do what: JSON Web Tokens of your identity "
	    "provider.", auth_options, offsetof(struct settings, auth) },
	{ "http", "Limits of requests and connections.", http_options,
	    offsetof(struct settings, http) },
	{ "stream", "Limits of WebSocket and SSE streams.", stream_options,
	    offsetof(struct settings, stream) },
	{ "notify", "Who is told what, in which words.", notify_options,
	    offsetof(struct settings, notify) },
	{ "outbox", "How notices leave for people whose screens are closed.",
	    outbox_options, offsetof(struct settings, outbox) },
	{ NULL, NULL, NULL, 0 },
};
