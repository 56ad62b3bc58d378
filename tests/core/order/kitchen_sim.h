/* SPDX-License-Identifier: MIT */
/*
 * kitchen_sim - a kitchen and its riders, day after day, in discrete events.
 *
 * Orders come as a Poisson process with a lunch and a dinner peak; three
 * stations work first come, first served; how long a dish takes is lognormal
 * around what its sku takes, times how the staff does that day; riders come
 * late, and roads are slower at the peaks.  The estimator sees what a server
 * sees: orders, taps, riders' locations every 30 s, a router's opinion.
 *
 * All luck comes from one seed.
 */
#ifndef KITCHEN_SIM_H
#define KITCHEN_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "order/order.h"
#include "order/predict.h"
#include "order/tell.h"
#include "order/trail.h"

#define SIM_ITEMS_MAX 4

/* What became of an order, and of our word for it. */
struct sim_result {
	bool delivery;
	double quote_at_s;		/* when it came */
	double done_s;			/* from then on */
	double p50_s, p90_s;		/* the first window, from then on */
	double mean_s[4];		/* exponentially weighted means then */
	uint32_t frames, flaps;
	uint32_t windows, windows_held;	/* computed; actual not after p90 */
	struct quote quotes[STAGE_COUNT];
};

/* The weights of the newest in mean_s. */
extern const double sim_mean_shares[4];

struct sim_settings {
	uint64_t seed;
	uint32_t n_orders;
	bool silent_items;	/* the kitchen reports orders only */
};

/* n_orders results in the order of arrival; the caller frees them.  The cost
   of all estimates is counted in out_estimates. */
struct sim_result *sim_run(const struct sim_settings *,
    uint64_t *out_estimates);

#endif
