/* SPDX-License-Identifier: MIT */
/*
 * settings - the core's own sections: their tables, and what concerns more
 * than one option.
 *
 * A table row is the manual of its option: type, default, range and the
 * sentence that --explain prints.  Rules between options follow below, each
 * told at the line of the option to change.  Nothing here looks at the system
 * (whether a file is there, a port is free): who opens it finds out.
 */
#include "conf/settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/url.h"

#define SETTINGS_SECRET_MIN 32u
#define SETTINGS_TENANTS_MAX 10000u
#define SETTINGS_LINK_TTL "2d"
#define SETTINGS_LINK_TTL_MS (2 * 86400000LL)

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

static const struct ow_option tenant_options[] = {
	OW_STR(struct set_tenant, name, OW_REQUIRED,
	    "As in the tenant claim and in the paths of the API."),
	OW_BOOL(struct set_tenant, ready_by_hand, "no",
	    "Whether an order whose items are all ready waits for somebody to "
	    "say that it is."),
	OW_MS(struct set_tenant, link_ttl_ms, SETTINGS_LINK_TTL, MINUTE,
	    90 * DAY, "How long a tracking link is good, unless its maker "
	    "says."),
	OW_OPTIONS_END
};

struct settings_section {
	const char *name;
	const char *about;
	const struct ow_option *options;
	size_t offset;			/* in struct settings */
};

static const struct settings_section settings_sections[] = {
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
	{ NULL, NULL, NULL, 0 },
};

/* ---- Rules between options --------------------------------------------- */

struct check {
	struct conf *conf;
	struct settings *s;
	struct conf_faults *faults;
	const char *section;
};

static void check_fault(const struct check *check, const char *option,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void
check_fault(const struct check *check, const char *option,
    const char *fmt, ...)
{
	char text[256];
	const char *file;
	va_list args;
	int line;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	conf_where(check->conf, check->section, option, &file, &line);
	conf_fault(check->faults, file, line, "%s", text);
}

static void
check_listen(const struct check *check, const char *option,
    const char *address)
{
	struct ow_fault why;

	if (url_check_listen(address, &why))
		check_fault(check, option, "'%s' must be host:port such as "
		    "\"127.0.0.1:8080\": %.120s", option, why.text);
}

static void
check_server(struct check *check)
{
	struct set_server *server = &check->s->server;
	size_t n = strlen(server->listen), secret_len = strlen(server->secret);

	check->section = "server";
	check_listen(check, "listen", server->listen);
	check_listen(check, "admin_listen", server->admin_listen);
	if (!strcmp(server->listen, server->admin_listen) &&
	    !(n > 2 && !strcmp(server->listen + n - 2, ":0")))
		check_fault(check, "admin_listen", "'listen' and "
		    "'admin_listen' must differ");
	if (*server->public_url && strncmp(server->public_url, "http://", 7) &&
	    strncmp(server->public_url, "https://", 8))
		check_fault(check, "public_url", "'public_url' must start "
		    "with http:// or https://");
	/* An empty one is reported as missing already. */
	if (secret_len && secret_len < SETTINGS_SECRET_MIN)
		check_fault(check, "secret", "'secret' must have at least %u "
		    "characters; 'openssl rand -hex 32' makes a good one",
		    SETTINGS_SECRET_MIN);
	server->plugin_dir = conf_path(check->conf, server->plugin_dir);
}

static void
check_tls(struct check *check)
{
	struct set_tls *tls = &check->s->tls;

	check->section = "tls";
	if (*tls->key && !*tls->certificate)
		check_fault(check, "key", "'key' without 'certificate'");
	if (*tls->certificate && !*tls->key)
		check_fault(check, "certificate", "'certificate' without "
		    "'key'");
	tls->certificate = conf_path(check->conf, tls->certificate);
	tls->key = conf_path(check->conf, tls->key);
}

static void
check_claims(const struct check *check)
{
	const struct set_auth *auth = &check->s->auth;
	const char *const names[] = { auth->claim_sub, auth->claim_tenant,
	    auth->claim_role };
	static const char *const options[] = { "claim_sub", "claim_tenant",
	    "claim_role" };
	size_t i, j;

	for (i = 0; i < 3; i++) {
		if (!*names[i])
			check_fault(check, options[i], "'%s' must not be "
			    "empty", options[i]);
		for (j = 0; j < i; j++)
			if (*names[i] && !strcmp(names[i], names[j]))
				check_fault(check, options[i], "'%s' and '%s' "
				    "must differ", options[j], options[i]);
	}
}

static void
check_auth(struct check *check)
{
	struct set_auth *auth = &check->s->auth;
	const char *url = auth->keys_url;

	check->section = "auth";
	if (!*auth->keys_file && !*url)
		check_fault(check, "keys_file", "one of 'keys_file' and "
		    "'keys_url' is required: without keys no token can be "
		    "checked");
	if (*auth->keys_file && *url)
		check_fault(check, "keys_url", "'keys_file' and 'keys_url' "
		    "are alternatives: leave one out");
	/* Whoever can change the keys on their way can make tokens. */
	if (*url && strncmp(url, "https://", 8) &&
	    !(!strncmp(url, "http://", 7) && url_is_loopback(url)))
		check_fault(check, "keys_url", "'keys_url' must start with "
		    "https:// (http:// only to this machine)");
	check_claims(check);
	auth->keys_file = conf_path(check->conf, auth->keys_file);
	auth->keys_ca_file = conf_path(check->conf, auth->keys_ca_file);
}

/* scheme://host[:port] and nothing behind it (RFC 6454, 7). */
static bool
check_is_origin(const char *origin)
{
	const char *host = strstr(origin, "://");
	struct ow_fault why;

	return !strcmp(origin, "*") ||
	    (host && !strpbrk(host + 3, "/?#@") && !url_check(origin, &why));
}

static void
check_http(struct check *check)
{
	const struct set_http *http = &check->s->http;
	char *copy = mem_dup(http->origins), *rest = copy, *origin;

	check->section = "http";
	while ((origin = strsep(&rest, " \t\n")))
		if (*origin && !check_is_origin(origin))
			check_fault(check, "origins", "'%.80s' is not an "
			    "origin such as \"https://shop.example\", without "
			    "a path", origin);
	free(copy);
	if (http->connections_per_address > http->connections_max)
		check_fault(check, "connections_per_address",
		    "'connections_per_address' must not be above "
		    "'connections_max'");
}

static void
check_stream(struct check *check)
{
	const struct set_stream *stream = &check->s->stream;

	check->section = "stream";
	if (stream->silence_ms <= stream->heartbeat_ms)
		check_fault(check, "silence_ms", "'silence_ms' must be above "
		    "'heartbeat_ms', or every idle stream is cut");
}

/* ---- Tenants ----------------------------------------------------------- */

static bool
tenant_is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	return n && !s[n] && n <= 64;
}

static void
tenant_read(struct check *check, uint32_t i)
{
	struct set_tenant *tenant = &check->s->tenants[i];
	const struct set_tenant *other;
	const char *file;
	int line;

	/* Its faults are counted with all others. */
	(void)conf_fill_entry(check->conf, "tenants", i, tenant_options,
	    tenant, check->faults);
	if (!*tenant->name)
		return;
	conf_where_entry(check->conf, "tenants", i, "name", &file, &line);
	if (!tenant_is_name(tenant->name))
		conf_fault(check->faults, file, line, "a tenant's name is made "
		    "of letters, digits, '-', '_' and '.', at most 64");
	for (other = check->s->tenants; other < tenant; other++)
		if (!strcmp(other->name, tenant->name))
			conf_fault(check->faults, file, line, "there is a "
			    "tenant '%.64s' already", tenant->name);
}

static void
tenants_read(struct check *check)
{
	uint32_t i, n = conf_list_count(check->conf, "tenants");
	const char *file;
	int line;

	if (n > SETTINGS_TENANTS_MAX) {
		conf_where(check->conf, "tenants", "", &file, &line);
		conf_fault(check->faults, file, line, "more than %u tenants",
		    SETTINGS_TENANTS_MAX);
		n = SETTINGS_TENANTS_MAX;
	}
	check->s->tenants = mem_alloc(n * sizeof(*check->s->tenants));
	check->s->n_tenants = n;
	for (i = 0; i < n; i++)
		tenant_read(check, i);
}

const struct set_tenant *
settings_tenant(const struct settings *s,
    const char *name)
{
	static const struct set_tenant other = { "", false,
	    SETTINGS_LINK_TTL_MS };
	uint32_t i;

	for (i = 0; i < s->n_tenants; i++)
		if (!strcmp(s->tenants[i].name, name))
			return &s->tenants[i];
	return &other;
}

/* ---- The whole --------------------------------------------------------- */

int
settings_read(struct conf *conf, struct settings *s,
    struct conf_faults *faults)
{
	struct check check = { conf, s, faults, "" };
	const struct settings_section *section;
	uint32_t before = faults->n;

	memset(s, 0, sizeof(*s));
	for (section = settings_sections; section->name; section++)
		(void)conf_fill(conf, section->name, section->options,
		    (char *)s + section->offset, faults);
	check_server(&check);
	check_tls(&check);
	check_auth(&check);
	check_http(&check);
	check_stream(&check);
	tenants_read(&check);
	return faults->n == before ? OW_OK : OW_EINVAL;
}

void
settings_done(struct settings *s)
{
	free(s->tenants);
	s->tenants = NULL;
	s->n_tenants = 0;
}

static void
settings_explain_tenants(struct buf *out)
{
	struct buf entry = BUF_INIT(8192);
	char *line, *rest, *copy;

	(void)buf_str(out, "# Tenants that differ from the defaults; the others"
	    " need no entry.  Entries\n# are separated by commas.\n"
	    "tenants: (\n");
	conf_explain(&entry, "tenant", tenant_options, 0);
	copy = rest = buf_take(&entry);
	while ((line = strsep(&rest, "\n"))) {
		if (!strcmp(line, "tenant: {"))
			line = "{";
		else if (!strcmp(line, "};"))
			line = "}";
		if (*line || (rest && *rest))
			(void)buf_printf(out, "#%s%s\n", *line ? "\t" : "",
			    line);
	}
	(void)buf_str(out, ");\n");
	free(copy);
	buf_done(&entry);
}

void
settings_explain(struct buf *out)
{
	const struct settings_section *section;

	(void)buf_str(out, "# Orderwire's configuration.  What is commented out"
	    " shows the default.\n# Times: 250ms, 30s, 5m, 12h, 7d.  Sizes: "
	    "64k, 2m, 1g.  'orderwired --check'\n# reads it without "
	    "starting.\n\n");
	for (section = settings_sections; section->name; section++) {
		(void)buf_printf(out, "# %s\n", section->about);
		conf_explain(out, section->name, section->options, 0);
		(void)buf_char(out, '\n');
	}
	settings_explain_tenants(out);
	(void)buf_str(out, "\n# Instances of plugins; each can as well stand in"
	    " a file of conf.d/.\n# 'orderwired --explain PLUGIN' shows what "
	    "one understands.\nplugins: {\n};\n");
}
