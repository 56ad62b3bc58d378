/* SPDX-License-Identifier: MIT */
/*
 * way - a way through the streets, out of the answers of two kinds of
 * routers: the service's own, and OSRM's or Mapbox's.  Pure.
 */
#ifndef ADAPTER_LOGISTICS_WAY_H
#define ADAPTER_LOGISTICS_WAY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define WAY_POINTS_MAX 500
#define WAY_READ_MAX 20000	/* a longer way is no way of a delivery */

struct way {
	size_t n;
	double *lnglat;			/* n pairs, the longitude first */
	double distance_m, duration_s;	/* -1: not said */
};

/* precision: of a polyline, 5 or 6.  NULL or why there is no way in it; then
   out is untouched. */
const char *way_read(const json_t *answer, int precision, struct way *out);
void way_done(struct way *);

/* At most max points (2 or more) that lie nearest to all; the ends stay. */
void way_simplify(struct way *, size_t max);

#endif
