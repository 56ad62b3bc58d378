/* SPDX-License-Identifier: MIT */
/*
 * tell - is this prediction worth telling, and to whom else than the screen?
 *
 * A frame goes out when the window has moved by a minute, and by more when it
 * would take back what the last frame did: an estimate that wavers is trusted
 * less than one that is a little off.  Thresholds fire once in an order's
 * life.  Pure: the caller keeps `told` beside the trail.
 */
#ifndef ORDER_TELL_H
#define ORDER_TELL_H

#include <stdbool.h>
#include <stdint.h>

struct order;
struct prediction;
struct trail;

struct told {
	int8_t direction;	/* of the last frame: -1 sooner, 1 later */
	bool is_stale;
	bool near, imminent, slipped;		/* said, once */
};

enum {
	TELL_FRAME = 1,		/* order.eta.updated */
	TELL_NEAR = 2,		/* ten minutes away */
	TELL_IMMINENT = 4,	/* the flag of the delivery, and a notice */
	TELL_SLIPPED = 8,	/* five minutes behind what was promised */
	TELL_STALE = 16,	/* the rider is out of sight, or in sight again:
				   see told->is_stale */
};

void told_init(struct told *);
/* After a restart: what must have been said, judging by the order. */
void told_restore(struct told *, const struct order *);

/* What is to be told of it, given the order's eta so far; updates told.  When
   the result has TELL_FRAME, the caller appends the event. */
uint32_t tell(struct told *, const struct order *, const struct prediction *,
    int64_t now_ms);
/* What stands as promised once this is told; 0: nothing yet. */
int64_t tell_promise(const struct order *, const struct prediction *);

#endif
