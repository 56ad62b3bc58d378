/* SPDX-License-Identifier: MIT */
/*
 * instance - what the rooms of this folder know of an instance.
 *
 * plugin.h is for everybody else.
 */
#ifndef PLUGIN_INSTANCE_H
#define PLUGIN_INSTANCE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/loop.h"
#include "plugin/plugin.h"

struct event;
struct fetcher;
struct metric_set;
struct outside;

/* An entry and where the config says it. */
struct plugin_place {
	struct plugin_entry entry;
	char *file;
	int line;
};

/* A posted call.  Its order is that of posting. */
struct letter {
	struct letter *next;
	void (*fn)(void *);
	void *arg;
};

/* What travels to the loop for any number of letters.  It may arrive after
   the instance has gone, so it is a thing of its own. */
struct wake {
	struct mail mail;		/* first: it is what travels */
	struct ow_ctx *ctx;		/* NULL: gone */
	bool is_sent;			/* under the ctx' lock */
	bool is_running;		/* the loop's */
};

enum { JOB_WAITS, JOB_RUNS, JOB_CANCELLED };

/* Offloaded work. */
struct job {
	struct job *next, **at;		/* in the ctx' list */
	struct ow_ctx *ctx;
	void (*work)(void *), (*done)(void *);
	void *arg;
	atomic_int state;
};

struct ow_timer {
	struct ow_timer *next, **at;
	struct ow_ctx *ctx;
	struct loop_timer *timer;	/* NULL: disarmed */
	void (*fire)(void *);
	void *arg;
};

struct ow_watch {
	struct ow_watch *next, **at;
	struct ow_ctx *ctx;
	struct event *event;
	void (*ready)(void *);
	void *arg;
};

struct ow_ctx {
	const struct plugin_entry *entry;
	struct loop *loop;
	void *self;
	void *user;
	struct ow_host host;
	struct outside *outside;	/* or NULL */

	/* Any thread. */
	struct metric_set *metrics;	/* or NULL */
	uint32_t n_metrics;
	void (*add)(void *user, uint32_t metric, int64_t n);	/* or NULL */
	atomic_bool has_bad_metric;	/* said once */
	pthread_mutex_t lock;
	struct letter *box, **box_end;	/* under the lock */
	bool is_closed;			/* under the lock: no more letters */
	struct wake *wake;

	/* The loop's. */
	struct letter *due;		/* taken out of box */
	struct ow_timer *timers;
	struct ow_watch *watches;
	struct job *jobs;
	struct ow_net_call *calls;	/* outside.c's */
	struct ow_socket *sockets;	/* outside_ws.c's */
	bool is_stopping;		/* a job still runs, then stop() */
	bool is_draining;
	void (*drain_done)(void *);
	void *drain_arg;
	struct loop_timer *drain_timer;
};

/* host.c: the table, and its half of an instance. */
extern const struct ow_host_base host_base;
void host_init(struct ow_ctx *);
/* No call into the plugin from now on; what it holds stays valid. */
void host_quiet(struct ow_ctx *);
/* Whether work of the plugin's still runs on a helper thread. */
bool host_is_busy(const struct ow_ctx *);
/* Frees all that the plugin left behind. */
void host_done(struct ow_ctx *);

/* instance.c: the last job of a stopping instance is back. */
void instance_finish(struct ow_ctx *);
/* load() and stop(), with host tables that do nothing. */
int instance_check(const struct plugin_entry *, struct loop *,
    struct ow_fault *);

/* inert.c: every table. */
extern const struct plugin_tables inert_tables;

/* outside.c: none of its requests is answered any more; from now on none is
   begun.  What it holds of them stays valid until outside_done. */
void outside_quiet(struct ow_ctx *);
void outside_done(struct ow_ctx *);
/* The one that connects to anywhere. */
struct fetcher *outside_trusted(struct outside *);

/* outside_ws.c: its part of ow_host_net, and of the two above. */
struct ow_socket *outside_ws_open(struct ow_ctx *, const struct ow_ws_req *,
    const struct ow_ws_fns *, void *arg);
int outside_ws_send(struct ow_ctx *, struct ow_socket *,
    struct ow_bytes text);
void outside_ws_close(struct ow_ctx *, struct ow_socket **);
void outside_ws_quiet(struct ow_ctx *);
void outside_ws_done(struct ow_ctx *);

#endif
