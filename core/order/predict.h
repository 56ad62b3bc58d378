/* SPDX-License-Identifier: MIT */
/*
 * predict - when an order will be ready, or delivered: a window, never a
 * number.
 *
 * In go the order, its trail, the board of its kitchen, what the tenant has
 * learnt, and what is known of rider and roads; out comes the window with its
 * confidence and its basis.  Whether anybody is told is tell.h's question.
 *
 * Half of all orders should come before p50, nine of ten before p90.  Pure.
 */
#ifndef ORDER_PREDICT_H
#define ORDER_PREDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "order/calib.h"

struct board;
struct learn;
struct order;
struct trail;

#define PREDICT_OLD_MS INT64_C(120000)	/* a location this old widens */
#define PREDICT_STALE_MS INT64_C(300000)	/* and this old is nothing */

struct route_facts {
	bool has_rider;			/* a location is known */
	double rider_lat, rider_lng;
	int64_t rider_at_ms;		/* when the rider was there */
	double rider_s;		/* by a router from there to where the rider
				   goes next; 0: not known */
	double leg_s;		/* by a router from pickup to dropoff; 0 */
};

struct prediction {
	bool known;	/* false: there is nothing (left) to predict */
	bool stale;	/* the rider was not heard of: the last one stands */
	bool imminent;
	enum stage stage;
	int64_t p50_at_ms, p90_at_ms;
	int64_t ready_p50_at_ms, ready_p90_at_ms; /* for the rider */
	const char *confidence;		/* "high", "medium", "low"; constant */
	char basis[40];	/* kitchen's, then the road's: "learnt+route" */
	struct quote quote;	/* to be judged when the truth is known */
	int32_t n_ahead;		/* orders before it on the board */
	double leg_s;			/* the leg's estimate; 0: none */
	bool is_routed;
};

/*
 * board: as board.h says, with all orders ahead of this one queued; afterwards
 * this one is queued, too.  A route_facts of zeros knows nothing.
 */
void predict(const struct order *, const struct trail *, struct board *,
    const struct route_facts *, struct prediction *out);
/* The trail keeps what was predicted, so that it can be judged and the road
   be learnt. */
void predict_keep(struct trail *, const struct prediction *);

/* Seconds by great circle times 1.3 at 25 km/h. */
double predict_circle_s(double lat1, double lng1, double lat2, double lng2);

#endif
