/* SPDX-License-Identifier: MIT */
/*
 * host - a scripted host for an adapter: time, network and orders are the
 * test's.
 *
 * Requests and sockets are kept until the test answers them.  Facts are
 * written down as lines of text, so that a test reads what it expects:
 *
 *	host_reply(h, "/tasks/t-1", 200, "{...}");
 *	ck_assert_str_eq(host_facts(h), "task o-1 picked_up by r-1\n");
 *
 * Options are the plugin's, "name=value"; what is not named has its default.
 * Whatever the plugin leaves behind is a leak, which the sanitizer sees.
 */
#ifndef TEST_LOGISTICS_HOST_H
#define TEST_LOGISTICS_HOST_H

#include <orderwire/plugin.h>

struct host;

/* The plugin's conf struct, filled in; the strings are the caller's, it is the
   caller's to free. */
void *host_conf(const struct ow_plugin *, const char *const *options);

/* NULL: refused, and fault says why. */
struct host *host_new(const struct ow_plugin *, const char *const *options,
    struct ow_fault *fault);
void host_free(struct host **);

void host_advance(struct host *, int64_t ms);	/* timers fire, posts run */
void host_turn(struct host *);

/* Requests under way whose URL has this in it; streams, if it says so. */
size_t host_n_requests(const struct host *, const char *part);
/* Of the first of them; NULL: there is none. */
const char *host_url(const struct host *, const char *part);
const char *host_header(const struct host *, const char *part,
    const char *name);
/* Answer the first of them; false: there is none.  status 0: none came. */
bool host_reply(struct host *, const char *part, int32_t status,
    const char *body);
/* A stream's next bytes. */
bool host_data(struct host *, const char *part, const char *data);

/* Sockets: opening or open. */
size_t host_n_sockets(const struct host *);
const char *host_socket_url(const struct host *);
const char *host_socket_header(const struct host *, const char *name);
void host_ws_open(struct host *);
void host_ws_text(struct host *, const char *text);
void host_ws_closed(struct host *, int32_t err);

void host_follow(struct host *, const char *tenant, const char *order_id,
    const char *task_id, const char *driver);
void host_follow_ref(struct host *, const char *order_id, const char *ref);
void host_unfollow(struct host *, const char *order_id);
void host_ask_route(struct host *, const char *order_id);
/* POST /hooks/logistics/{tenant}; the status. */
int host_hook(struct host *, const char *tenant, const char *signature,
    const char *body);

/* What was told since the last call. */
const char *host_facts(struct host *);
int64_t host_metric(const struct host *, const char *name);
const char *host_log(const struct host *);

#endif
