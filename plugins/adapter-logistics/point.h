/* SPDX-License-Identifier: MIT */
/*
 * point - is this a place that the driver can be at now?
 *
 * One struct point_last a driver.  A driver never moves back in time: the
 * newest point by the driver's own clock counts.  Pure.
 */
#ifndef ADAPTER_LOGISTICS_POINT_H
#define ADAPTER_LOGISTICS_POINT_H

#include <stdbool.h>
#include <stdint.h>

enum point_verdict {
	POINT_GOOD,
	POINT_ZERO,		/* (0,0): a phone without a position */
	POINT_RANGE,		/* not a number, not on the earth */
	POINT_CLOCK,		/* from a time that is far ahead */
	POINT_OLD,		/* nobody wants to know any more */
	POINT_LATE,		/* a newer one came before */
	POINT_JUMP,		/* faster than anything on the road */
};

#define POINT_AHEAD_MAX_MS 600000
#define POINT_OLD_MS 600000
/* So many jumps that follow from each other are the truth, and what came
   before was wrong. */
#define POINT_JUMPS_MAX 3
#define POINT_NOISE_M 60	/* a position that wanders is no jump */

struct point_place {
	double lat, lng;
	int64_t at_ms;
};

struct point_last {
	bool is_known;
	struct point_place good, jump;
	uint32_t n_jumps;
};

/* In metres, along the great circle. */
double point_distance_m(double lat, double lng, double lat2, double lng2);
bool point_is_on_earth(double lat, double lng);

/* Judge it, and remember it if it is good.  *at_ms is put back to now_ms when
   it is ahead of that by less than POINT_AHEAD_MAX_MS. */
enum point_verdict point_judge(struct point_last *, double lat, double lng,
    int64_t *at_ms, int64_t now_ms, double speed_max_kmh);

#endif
