/* SPDX-License-Identifier: MIT */
/*
 * pub - the publisher: a thread with a few keep-alive connections, one
 * request at a time on each.
 */
#ifndef BENCH_PUB_H
#define BENCH_PUB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "stats.h"
#include "sub.h"

struct pub {
	/* Set by the caller. */
	const struct conf *conf;
	struct subs *subs;
	long pubs;
	double rate;
	bool in_turn;		/* the channels, whatever the conf says */

	/* Results, when pub_run() has returned. */
	long sent, answered, refused;
	long expected;		/* deliveries */
	long delivered;
	double wall_s;		/* until the last answer */
	struct stats answer;	/* from request to answer */
	struct stats late;	/* behind the rate: the generator's own lag */

	/* Its own. */
	struct pub_conn *conns;
	int n_conns, n_turn, epoll_fd;
	long base;		/* delivered before */
	uint32_t random;
	uint64_t start_ns;
	_Atomic bool is_done;
};

/* Publishes, and pumps the subscribers until they have everything, or no
   more comes for `drain` seconds. */
void pub_run(struct pub *);

#endif
