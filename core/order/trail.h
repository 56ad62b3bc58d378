/* SPDX-License-Identifier: MIT */
/*
 * trail - when each thing of an order happened, as far as estimates ask.
 *
 * An order says what it is, not since when.  A trail is kept beside an active
 * order and shown the order after each of its events; it sees for itself what
 * has changed, remembers when, and hands the durations on to what the tenant
 * learns.  Shown the events of the log once more, without learning, it is the
 * same again.
 *
 * Values only, no clock; the items are on the heap.
 */
#ifndef ORDER_TRAIL_H
#define ORDER_TRAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "order/calib.h"
#include "order/state.h"

struct item;
struct learn;
struct order;
struct work;

enum mark {
	MARK_ACCEPTED,
	MARK_ITEMS_DONE,		/* the last item is ready */
	MARK_READY,
	MARK_ASSIGNED,
	MARK_AT_PICKUP,
	MARK_PICKED_UP,
	MARK_AT_DROPOFF,
	MARK_DONE,	/* what the estimate was of: ready, or delivered */
	MARK_COUNT,
};

struct trail_item {
	enum item_status status;
	bool is_again;			/* begun before: no lesson */
	int64_t started_at_ms;		/* 0: not yet */
};

struct trail {
	bool is_begun;
	bool is_odd;	/* recalled, or not seen from its start: no lesson */
	uint32_t n_items;
	struct trail_item *items;
	enum order_status status;
	enum delivery_status delivery;
	int64_t at_ms[MARK_COUNT];	/* 0: not yet, or no longer so */
	int64_t kitchen_ready_at_ms;	/* the kitchen's own word; 0: none */
	int32_t n_ahead;	/* orders before it at first; -1: not known */
	double leg_s;		/* the leg as estimated at the pickup; or 0 */
	bool is_routed;			/* ... by a router */
	struct quote quotes[STAGE_COUNT];	/* the first of each stage */
};

void trail_init(struct trail *);
void trail_done(struct trail *);

/*
 * The order as it is after an event of at_ms.  Where learn is not NULL it
 * learns what this event completed, and at the end how good the quotes were.
 * The same order twice is fine.
 */
void trail_note(struct trail *, const struct order *, int64_t at_ms,
    struct learn *);

/* Nothing is left to estimate: ready (or delivered), cancelled, rejected. */
bool trail_is_done(const struct trail *);
/* Seconds since the item was begun, by the order's own word if the trail did
   not see it; 0 if it is not being prepared. */
double trail_item_elapsed(const struct trail *, const struct order *,
    uint32_t i, int64_t now_ms);
/* The order has left with its rider. */
bool order_is_on_the_road(const struct order *);
bool item_is_done(const struct item *);	/* ready, served or voided */
void work_of(const struct item *, struct work *out);

#endif
