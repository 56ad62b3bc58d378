/* SPDX-License-Identifier: MIT */
/*
 * polyline - see polyline.h.
 */
#include "polyline.h"

#include <math.h>
#include <stdint.h>

/* 180 degrees of precision 6, doubled for the sign, fit 29 bits. */
#define CHUNKS_MAX 6

/* One number from s on; how many characters it has, 0: it is none. */
static size_t
polyline_number(const char *s, size_t n, int32_t *out)
{
	uint32_t value = 0;
	size_t i;

	for (i = 0; i < n && i < CHUNKS_MAX; i++) {
		uint32_t chunk = (unsigned char)s[i] - 63u;

		if (chunk > 63)
			return 0;
		value |= (chunk & 31) << (5 * i);
		if (chunk < 32) {
			*out = (int32_t)(value >> 1);
			if (value & 1)
				*out = ~*out;
			return i + 1;
		}
	}
	return 0;
}

bool
polyline_read(const char *s, size_t n, int precision, size_t max,
    double *out_lnglat, size_t *out_n)
{
	double unit = precision == 6 ? 1e-6 : 1e-5;
	int64_t at[2] = { 0, 0 };	/* the latitude comes first */
	size_t count = 0, used;
	int32_t step;
	int i;

	while (n > 0) {
		if (count == max)
			return false;
		for (i = 0; i < 2; i++) {
			used = polyline_number(s, n, &step);
			if (!used)
				return false;
			at[i] += step;
			s += used;
			n -= used;
		}
		out_lnglat[2 * count] = (double)at[1] * unit;
		out_lnglat[2 * count + 1] = (double)at[0] * unit;
		if (fabs(out_lnglat[2 * count]) > 180 ||
		    fabs(out_lnglat[2 * count + 1]) > 90)
			return false;
		count++;
	}
	*out_n = count;
	return true;
}
