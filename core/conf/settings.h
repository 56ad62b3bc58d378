/* SPDX-License-Identifier: MIT */
/*
 * settings - the core's own sections, one struct and one table each.
 *
 * Fields are documented by the tables in settings.c, which --explain prints.
 */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include "conf/conf.h"

struct set_server {
	const char *listen;		/* "127.0.0.1:8080", "[::]:443" */
	const char *admin_listen;	/* "127.0.0.1:8081" */
	const char *public_url;		/* "" : made from listen */
	const char *plugin_dir;		/* "": the installed one */
	const char *user;	/* drop to it when started as root; "" */
	const char *secret;	/* 32+ characters: tracking links, ... */
	int64_t workers;		/* front loops, 1..64 */
	int64_t drain_ms;
	int64_t group_ms;		/* the longest group commit window */
	int64_t store_queue_max;	/* changes on their way to the store */
	int64_t order_queue_max;	/* changes waiting for one order */
};

struct set_tls {
	const char *certificate;	/* PEM file, whole chain; "": no TLS */
	const char *key;		/* PEM file */
};

struct set_log {
	const char *format;		/* logfmt, json */
	const char *level;
};

struct set_auth {
	const char *keys_file;		/* JWK set; "" */
	const char *keys_url;		/* JWK set; "" */
	const char *keys_ca_file;	/* "" : the system's */
	int64_t keys_refresh_ms;	/* not more often than this */
	const char *issuer, *audience;	/* "": not checked */
	const char *claim_sub, *claim_tenant, *claim_role;
	int64_t leeway_ms;		/* for nbf and iat */
	int64_t cache_max;		/* verified tokens a front */
};

struct set_http {
	int64_t head_max, body_max;
	int64_t head_ms, body_ms;	/* whole head, whole body */
	int64_t idle_ms;		/* keep-alive */
	int64_t connections_max;	/* a process */
	int64_t connections_per_address;
	int64_t rate_per_address;	/* requests a second; 0: no limit */
	int64_t rate_per_token;
	int64_t rate_burst;	/* seconds' worth that may come at once */
	bool loopback_exempt;		/* from rates and per-address limits */
	const char *origins;	/* allowlist, blank-separated; "*": any */
};

struct set_stream {
	int64_t heartbeat_ms;
	int64_t silence_ms;		/* two-way peers: no byte for so long */
	int64_t auth_ms;		/* to say who you are */
	int64_t finished_ms;		/* a finished order's streams stay */
	int64_t replay_max;		/* more missing than this: a snapshot */
	int64_t buffer_max;		/* bytes waiting for one stream */
	int64_t streams_per_subject;	/* open streams of one person; 4029 */
};

struct set_notify {
	const char *share_dir;	/* notifications.conf, templates/; "" */
	const char *locale;		/* the default one */
	const char *timezone;		/* the same; IANA */
	const char *order_url; /* "{id}" is the order's; "": public_url's */
	int64_t keep_ms;	/* notices, jobs, attempts, persons' logs */
	int64_t persons_max;		/* in memory */
	int64_t addresses_max;		/* push subscriptions of one person */
};

struct set_outbox {
	const char *node;	/* unlike every other node's; "": made */
	const char *private_allow;	/* CIDRs that URLs from users may reach
				   although they are not public; "" */
	int64_t lease_ms;
	int64_t poll_ms;	/* look for other nodes' leftovers */
	int64_t backoff_ms, backoff_max_ms;
	int64_t attempts_max;
};

/* What every channel's section has besides its own options. */
struct set_channel {
	const char *tenants;	/* blank-separated; "*": all */
	int64_t max_inflight;
	int64_t rate;			/* jobs a second; 0: no limit */
	int64_t deadline_ms;
	int64_t breaker_failures;	/* in a row that open it */
	int64_t breaker_ms;		/* until one is tried again */
	bool isolate;			/* in a process of its own */
};
extern const struct ow_option set_channel_options[];

struct set_tenant {	/* list `tenants`; others get defaults */
	const char *name;
	bool ready_by_hand;
	int64_t link_ttl_ms;		/* tracking links, unless said */
	bool estimate;			/* when orders will be there */
	int64_t prep_ms;	/* of an item, until something is known */
};

struct settings {
	struct set_server server;
	struct set_tls tls;
	struct set_log log;
	struct set_auth auth;
	struct set_http http;
	struct set_stream stream;
	struct set_notify notify;
	struct set_outbox outbox;
	uint32_t n_tenants;
	struct set_tenant *tenants;
};

/* Reads every core section; faults are added.  OW_OK when there are none. */
int settings_read(struct conf *, struct settings *, struct conf_faults *);
void settings_done(struct settings *);
void settings_explain(struct buf *out);	/* the whole sample file */
const struct set_tenant *settings_tenant(const struct settings *,
    const char *name);			/* never NULL: defaults */

#endif
