/* SPDX-License-Identifier: MIT */
/*
 * stats - a histogram of durations, exact to one part in 128.
 */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stdint.h>

#define STATS_BITS 7
#define STATS_PLACES ((64 - STATS_BITS + 1) << STATS_BITS)

struct stats {
	uint64_t count[STATS_PLACES];
	uint64_t n, max;
};

void stats_add(struct stats *, uint64_t ns);
/* In milliseconds; -1 if there is nothing. */
double stats_quantile_ms(const struct stats *, double q);

#endif
