/* SPDX-License-Identifier: MIT */
/*
 * sub - all subscribers, on one epoll set and one thread, and what they saw.
 */
#ifndef BENCH_SUB_H
#define BENCH_SUB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "conn.h"
#include "stats.h"

struct ssl_ctx_st;

#define SUBS_IN_BYTES ((size_t)1 << 20)

struct subs {
	const struct conf *conf;
	struct conn *conns;
	int epoll_fd;
	struct ssl_ctx_st *tls;	/* NULL: plain; owned */
	char *in;		/* SUBS_IN_BYTES for whoever is read */
	uint32_t random;

	long n_opening, n_ready, n_failed, n_dead;
	long n_next;		/* the next one to be opened */
	long n_refusals_shown;

	/* The publisher's, which runs only while subs_pump() does. */
	uint32_t *chan_seq;	/* the last one published, by channel */
	uint32_t *chan_subs;	/* ready subscribers, by channel */

	struct stats latency;
	bool is_measuring, is_storm;
	_Atomic long delivered;
	long n_repeated, n_caught_up;
	uint64_t last_ns;	/* wall clock of the last delivery */
};

struct storm {
	double ready_s, caught_up_s;
	long delivered;
};

void subs_init(struct subs *, const struct conf *);
void subs_done(struct subs *);

/* Opens all, `inflight` at a time; seconds until the last is ready. */
double subs_connect(struct subs *);
/* Counts the ready ones by channel. */
void subs_count(struct subs *);
/* One turn of the loop, waiting at most so long. */
void subs_pump(struct subs *, int wait_ms);
void subs_pump_for(struct subs *, double seconds);

void subs_drop(struct subs *);
/* All come back, and are waited for until they have what they missed. */
void subs_return(struct subs *, struct storm *out);

#endif
