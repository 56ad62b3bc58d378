/* SPDX-License-Identifier: MIT */
/*
 * polyline - an encoded polyline of precision 5 or 6, as Google described it
 * and OSRM and Mapbox write it.  Pure.
 */
#ifndef ADAPTER_LOGISTICS_POLYLINE_H
#define ADAPTER_LOGISTICS_POLYLINE_H

#include <stdbool.h>
#include <stddef.h>

/* Pairs, the longitude first; at most max of them.  false: it is none, it has
   more points, or one that is not on the earth; then out is undefined. */
bool polyline_read(const char *text, size_t n, int precision, size_t max,
    double *out_lnglat, size_t *out_n);

#endif
