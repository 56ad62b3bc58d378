/* SPDX-License-Identifier: MIT */
/*
 * wheel - thousands of deadlines for the price of one timer.
 *
 * Time is counted in ticks of 100 ms since the wheel was made, which fit 32
 * bits for 13 years.  A deadline is never early and at most one tick late.
 * Only the loop's own thread may call.
 */
#ifndef NET_WHEEL_H
#define NET_WHEEL_H

#include <stdbool.h>
#include <stdint.h>
#include "base/loop.h"

#define WHEEL_TICK_MS 100
#define WHEEL_SLOTS 512		/* 51 s go round once */

/* Embed it; zeroed is unset. */
struct wheel_node {
	struct wheel_node *next, **pprev;	/* pprev NULL: not set */
	uint32_t due;
};

struct wheel {
	struct loop *loop;
	struct loop_timer *timer;
	int64_t base_ms;
	uint32_t tick;			/* up to here all have fired */
	uint32_t armed;			/* when the timer is due */
	uint32_t n;
	bool is_firing;			/* the timer is set afterwards */
	void (*fire)(void *arg, struct wheel_node *);
	void *arg;
	struct wheel_node *slots[WHEEL_SLOTS];
};

/* fire runs with the node unset; it may set and unset any. */
void wheel_init(struct wheel *, struct loop *,
    void (*fire)(void *arg, struct wheel_node *), void *arg);
/* What is set is forgotten. */
void wheel_done(struct wheel *);

uint32_t wheel_now(const struct wheel *);
/* The first tick that is not before now and so many ms. */
uint32_t wheel_after(const struct wheel *, int64_t ms);

/* Also moves one that is set.  A tick that is over fires at the next. */
void wheel_set(struct wheel *, struct wheel_node *, uint32_t tick);
void wheel_unset(struct wheel *, struct wheel_node *);	/* or not set */

#endif
