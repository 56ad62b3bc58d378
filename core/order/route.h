/* SPDX-License-Identifier: MIT */
/*
 * route - a driver's way as a value: immutable and counted, because every
 * change copies its order.
 *
 * Its JSON is made once; a point has five decimals, about a metre, so that
 * what is read back is the same route.
 */
#ifndef ORDER_ROUTE_H
#define ORDER_ROUTE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;
struct jw;

#define ROUTE_POINTS_MAX 500

struct route {
	atomic_int refs;
	uint32_t n;
	double distance_m, duration_s;	/* below 0: not known */
	size_t text_len;
	const char *text;		/* its JSON */
	double lnglat[];		/* n pairs */
};

/* NULL: fewer than two points, too many, or one that is no place on earth. */
struct route *route_new(const double *lnglat, size_t n, double distance_m,
    double duration_s);
/* NULL: it is none. */
struct route *route_read(const struct json *);
struct route *route_ref(struct route *);	/* NULL gives NULL */
void route_unref(struct route **);
bool route_is_same(const struct route *, const struct route *);
/* NULL: null. */
void route_write(struct jw *, const char *key, const struct route *);

/* The share of it that lies before somebody there, 0 to 1; *out_off_m is how
   far from it that is. */
double route_left(const struct route *, double lat, double lng,
    double *out_off_m);

#endif
