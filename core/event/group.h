/* SPDX-License-Identifier: MIT */
/*
 * group - how long changes wait for company before they are committed.
 *
 * A commit costs about the same for one change as for many.  So: while the
 * store is idle nothing waits; once two came together, those that follow wait
 * up to a window.  They stop waiting earlier when as many are there as the
 * last full window brought; every eighth commit waits its window out, to
 * learn that number anew.
 *
 * Pure: the journal says what time it is and does what it is told.
 */
#ifndef EVENT_GROUP_H
#define EVENT_GROUP_H

#include <stdint.h>

#define GROUP_MAX 512		/* changes in one batch */
#define GROUP_PROBE 8		/* one in so many windows is waited out */

struct group {
	uint32_t last;		/* changes in the last batch */
	uint32_t target;	/* how many came in the last full window */
	uint32_t until_probe;	/* batches before the next full window */
};

/* What is known when the question is asked. */
struct group_now {
	uint32_t waiting;	/* changes, at least 1 */
	uint32_t in_store;	/* handed over and not settled */
	int64_t idle_ms;	/* from the last batch to the oldest waiting */
	int64_t waited_ms;	/* by the oldest */
	int64_t window_ms;
};

/* How many ms more they wait; 0: they go now. */
int64_t group_wait(const struct group *, const struct group_now *);
/* A batch of n has gone. */
struct group group_after(struct group, uint32_t n);

#endif
