/* SPDX-License-Identifier: MIT */
/*
 * point - see point.h.
 *
 * How far a driver can have come grows with the time since the last good
 * point, so a refused one does no lasting harm.  Only a wrong place far away
 * would, when it came first: for that, points that agree with one another but
 * not with it are believed after a few.
 */
#include "point.h"

#include <math.h>

#define EARTH_M 6371008.8

static double
radians(double degrees)
{
	return degrees * (M_PI / 180);
}

double
point_distance_m(double lat, double lng, double lat2, double lng2)
{
	double a = sin(radians(lat2 - lat) / 2);
	double b = sin(radians(lng2 - lng) / 2);
	double h = a * a + cos(radians(lat)) * cos(radians(lat2)) * b * b;

	return 2 * EARTH_M * asin(sqrt(h < 1 ? h : 1));
}

bool
point_is_on_earth(double lat, double lng)
{
	return isfinite(lat) && isfinite(lng) && fabs(lat) <= 90 &&
	    fabs(lng) <= 180;
}

static bool
point_is_jump(const struct point_place *from, const struct point_place *to,
    double speed_max_kmh)
{
	double seconds = (double)(to->at_ms - from->at_ms) / 1000;
	double metres = point_distance_m(from->lat, from->lng, to->lat,
	    to->lng);

	return metres - POINT_NOISE_M > seconds * speed_max_kmh / 3.6;
}

static enum point_verdict
point_judge_jump(struct point_last *last, const struct point_place *p,
    double speed_max_kmh)
{
	bool follows = last->n_jumps > 0 && p->at_ms > last->jump.at_ms &&
	    !point_is_jump(&last->jump, p, speed_max_kmh);

	last->n_jumps = follows ? last->n_jumps + 1 : 1;
	last->jump = *p;
	return last->n_jumps > POINT_JUMPS_MAX ? POINT_GOOD : POINT_JUMP;
}

enum point_verdict
point_judge(struct point_last *last, double lat, double lng, int64_t *at_ms,
    int64_t now_ms, double speed_max_kmh)
{
	struct point_place p = { lat, lng, *at_ms };
	enum point_verdict verdict = POINT_GOOD;

	if (!point_is_on_earth(lat, lng))
		return POINT_RANGE;
	/* A tenth of a second of arc: nobody delivers in the Gulf of
	   Guinea. */
	if (fabs(lat) < 3e-5 && fabs(lng) < 3e-5)
		return POINT_ZERO;
	if (p.at_ms - now_ms > POINT_AHEAD_MAX_MS)
		return POINT_CLOCK;
	if (p.at_ms > now_ms)
		p.at_ms = now_ms;
	if (now_ms - p.at_ms > POINT_OLD_MS)
		return POINT_OLD;
	if (last->is_known && p.at_ms <= last->good.at_ms)
		return POINT_LATE;
	if (last->is_known && point_is_jump(&last->good, &p, speed_max_kmh))
		verdict = point_judge_jump(last, &p, speed_max_kmh);
	if (verdict != POINT_GOOD)
		return verdict;
	last->is_known = true;
	last->good = p;
	last->n_jumps = 0;
	*at_ms = p.at_ms;
	return POINT_GOOD;
}
