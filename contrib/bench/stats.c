/* SPDX-License-Identifier: MIT */
/*
 * stats - a histogram of durations: 128 places for each power of two, so the
 * error is below 1 % whatever the scale, and adding is a shift and an add.
 */
#include "stats.h"

#define STATS_LOW (UINT64_C(1) << STATS_BITS)

static unsigned
stats_place(uint64_t v)
{
	int shift;

	if (v < STATS_LOW)
		return (unsigned)v;
	shift = 63 - __builtin_clzll(v) - STATS_BITS;
	return ((unsigned)(shift + 1) << STATS_BITS) +
	    (unsigned)((v >> shift) & (STATS_LOW - 1));
}

/* The smallest value that has this place. */
static uint64_t
stats_value(unsigned place)
{
	unsigned shift;

	if (place < STATS_LOW)
		return place;
	shift = (place >> STATS_BITS) - 1;
	return (STATS_LOW + (place & (STATS_LOW - 1))) << shift;
}

void
stats_add(struct stats *s, uint64_t ns)
{
	s->count[stats_place(ns)]++;
	s->n++;
	if (ns > s->max)
		s->max = ns;
}

double
stats_quantile_ms(const struct stats *s, double q)
{
	uint64_t seen = 0, want;
	unsigned place;

	if (s->n == 0)
		return -1;
	want = (uint64_t)(q * (double)s->n);
	if (want >= s->n)
		want = s->n - 1;
	for (place = 0; place < STATS_PLACES; place++) {
		seen += s->count[place];
		if (seen > want)
			break;
	}
	return (double)stats_value(place) / 1e6;
}
