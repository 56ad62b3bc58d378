/* SPDX-License-Identifier: MIT */
/*
 * calib - how far our windows have been off, and the correction for it.
 *
 * Each outcome moves two numbers a little: lean, so that half of the outcomes
 * come before the median, and stretch, so that nine of ten come before the
 * ninth decile.  Whatever the model leaves out (a shift that hurries, taps
 * that come late) ends up here, and the coverage comes out right without any
 * assumption about the shape of the error.
 *
 * Its text is "c1 SAMPLES LEAN STRETCH COVERAGE ERROR", all but the first in
 * millionths.  Pure.
 */
#ifndef ORDER_CALIB_H
#define ORDER_CALIB_H

#include <stdint.h>

struct buf;

/* What an order is waiting for when a window is computed. */
enum stage {
	STAGE_QUOTE,		/* no item has begun; until ready */
	STAGE_COOKING,		/* until ready */
	STAGE_QUOTE_DELIVERY,	/* no item has begun; until delivered */
	STAGE_COOKING_DELIVERY,
	STAGE_WAITING,		/* ready, not picked up; until delivered */
	STAGE_LEG,		/* on the road; until delivered */
	STAGE_COUNT,
};

/* The words for the stages, NULL at the end. */
extern const char *const stage_names[STAGE_COUNT + 1];

/* A window as it was computed and as it was told. */
struct quote {
	int64_t made_at_ms;		/* 0: none */
	double plain_p50_s, plain_p90_s; /* from made_at on; the model's */
	double p50_s, p90_s;		/* after calibration */
};

struct calib {
	int64_t n;
	double lean, stretch;	/* logarithms of the two factors */
	double coverage;	/* share of outcomes before p90, recent ones */
	double error_s;		/* mean absolute error of p50, recent ones */
};

void calib_init(struct calib *);
/* Both are seconds from now. */
void calib_apply(const struct calib *, double *p50_s, double *p90_s);
/* What was quoted came about actual_s after made_at. */
void calib_note(struct calib *, const struct quote *, double actual_s);

void calib_write(const struct calib *, struct buf *out);
/* OW_OK, or OW_EINVAL: not a text as calib_write writes it. */
int calib_read(const char *text, struct calib *out);

#endif
