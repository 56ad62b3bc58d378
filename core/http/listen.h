/* SPDX-License-Identifier: MIT */
/*
 * listen - a listening socket whose connections speak HTTP/1.1 to libevhtp
 * behind the guard, and give requests.
 *
 * It also keeps the process alive when descriptors run out: accepting stops,
 * a spare descriptor turns the waiting one away with 503, and a timer tries
 * again; nothing spins.
 */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include <orderwire/plugin.h>
#include <stdatomic.h>

struct listener;
struct loop;
struct metric_set;
struct request;
struct tls;

struct guard_limits {
	int64_t head_max, body_max;
	int64_t head_ms, body_ms, idle_ms;
	int64_t connections_max;	/* counted in *connections */
	int64_t connections_per_address;	/* on this loop; 0: any */
	bool loopback_exempt;
};

struct listener_conf {
	struct loop *loop;
	const char *address;		/* "127.0.0.1:8080", "[::1]:0" */
	bool reuse_port;
	struct tls *tls;		/* NULL: plain */
	struct guard_limits limits;
	atomic_llong *connections;	/* of the process, shared by loops */
	struct metric_set *metrics;	/* by LISTEN_M_..., may be NULL */
	void (*on_request)(void *arg, struct request *);
	void *arg;
};

enum { LISTEN_M_ACCEPTED, LISTEN_M_REFUSED, LISTEN_M_BAD_REQUESTS,
    LISTEN_M_OPEN, LISTEN_M_TIMEOUTS, LISTEN_M_OUT_OF_DESCRIPTORS };
extern const struct ow_metric listen_metrics[];

int listener_new(const struct listener_conf *, struct listener **out,
    struct ow_fault *);
/* "127.0.0.1:8080", the real port also when 0 was asked for. */
const char *listener_address(const struct listener *);
/* Accept no more; idle connections end, busy ones after their answer. */
void listener_drain(struct listener *);
/* A connection that was taken from this listener has ended: count it out
   (connections_max, per address). */
void listener_released(struct listener *, const char *peer);
void listener_free(struct listener **);

#endif
