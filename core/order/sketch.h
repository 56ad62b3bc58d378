/* SPDX-License-Identifier: MIT */
/*
 * sketch - what durations have been like, the recent ones above all.
 *
 * A weight for each of a fixed number of buckets, each eight percent wider
 * than the one before, from a twentieth of a second to two days.  A new sample
 * weighs 1; older ones fade with every sample that comes after them and with
 * the time between.  The same serves ratios of durations.
 *
 * Its text is one line of whole numbers, so that no locale can spoil it:
 * "s1 AT_MS BUCKET:WEIGHT_MILLI ...", buckets ascending.  Pure: told the time.
 */
#ifndef ORDER_SKETCH_H
#define ORDER_SKETCH_H

#include <stdint.h>

struct buf;
struct spread;

#define SKETCH_BUCKETS 196
#define SKETCH_TEXT_MAX 4096

struct sketch {
	int64_t at_ms;			/* of the newest sample; 0: none */
	double total;
	float weight[SKETCH_BUCKETS];
};

struct sketch_decay {
	double half_count;	/* after so many more a sample weighs half */
	int64_t half_ms;	/* after so long, too */
};

void sketch_init(struct sketch *);
/* A shape to begin with: lognormal, its whole weight 1, not dated. */
void sketch_lognormal(struct sketch *, double median, double sigma);
/* Too small and too large count as the first and last bucket; what is no
   number counts not at all.  A sample from before the newest is as new. */
void sketch_add(struct sketch *, double value, int64_t at_ms,
    const struct sketch_decay *);
/* All values times factor. */
void sketch_scale(struct sketch *, double factor);
/* Take this one's samples in; what was there before counts as `prior` samples
   in all. */
void sketch_refine(struct sketch *, const struct sketch *samples,
    double prior);
/* How much of factor times a value is left above `elapsed`, which has passed
   already.  Where nothing is known any more, what is left grows with what has
   passed. */
void sketch_left(const struct sketch *, double factor, double elapsed,
    struct spread *out);
/* 0 without a sample. */
double sketch_quantile(const struct sketch *, double q);

void sketch_write(const struct sketch *, struct buf *out);
/* OW_OK, or OW_EINVAL: not a text as sketch_write writes it. */
int sketch_read(const char *text, struct sketch *out);

#endif
