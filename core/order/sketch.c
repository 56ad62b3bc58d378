/* SPDX-License-Identifier: MIT */
/*
 * sketch - see sketch.h.
 *
 * Bucket i holds [FIRST * GROWTH^i, FIRST * GROWTH^(i+1)) and speaks for its
 * middle, the first one for zero: a step of the kitchen that took no time is
 * an answer, too.
 */
#include "order/sketch.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "order/spread.h"
#include <orderwire/plugin.h>

#define FIRST 0.05
#define GROWTH 1.08
#define GROWTH_LN 0.0769610411361284
/* Below this nothing is known; it must be less than what is stored. */
#define WEIGHT_MIN 1e-6
#define WEIGHT_MAX_MILLI INT64_C(8000000)	/* exact in a float */
/* After all there was: a fifth more, half a minute at least. */
#define TAIL_SHARE 0.2
#define TAIL_MIN_S 30.0

static int
bucket_of(double value)
{
	double i;

	if (value < FIRST)
		return 0;
	i = log(value / FIRST) / GROWTH_LN;
	return i < SKETCH_BUCKETS - 1 ? (int)i : SKETCH_BUCKETS - 1;
}

static double
bucket_start(int i)
{
	return i == 0 ? 0 : FIRST * exp(GROWTH_LN * i);
}

static double
bucket_value(int i)
{
	return i == 0 ? 0 : FIRST * exp(GROWTH_LN * (i + 0.5));
}

void
sketch_init(struct sketch *s)
{
	memset(s, 0, sizeof(*s));
}

void
sketch_lognormal(struct sketch *s, double median, double sigma)
{
	double below = 0, here;

	sketch_init(s);
	for (int i = 0; i < SKETCH_BUCKETS; i++) {
		here = i == SKETCH_BUCKETS - 1 ? 1 : 0.5 +
		    0.5 * erf(log(bucket_start(i + 1) / median) /
		    (sigma * M_SQRT2));
		s->weight[i] = (float)(here - below);
		below = here;
	}
	s->total = 1;
}

static void
fade(struct sketch *s, double factor)
{
	s->total = 0;
	for (int i = 0; i < SKETCH_BUCKETS; i++) {
		s->weight[i] *= (float)factor;
		if (s->weight[i] < (float)WEIGHT_MIN)
			s->weight[i] = 0;
		s->total += s->weight[i];
	}
}

void
sketch_add(struct sketch *s, double value, int64_t at_ms,
    const struct sketch_decay *decay)
{
	double halves = 1 / decay->half_count;

	if (!isfinite(value))
		return;
	if (s->at_ms > 0 && at_ms > s->at_ms)
		halves += (double)(at_ms - s->at_ms) / (double)decay->half_ms;
	fade(s, exp2(-halves));
	s->weight[bucket_of(value)] += 1;
	s->total += 1;
	if (at_ms > s->at_ms)
		s->at_ms = at_ms;
}

/* A factor that is no power of the growth falls between two buckets, which
   share the weight. */
void
sketch_scale(struct sketch *s, double factor)
{
	double shift = log(factor) / GROWTH_LN, whole = floor(shift);
	float high = (float)(shift - whole);
	struct sketch from = *s;
	int last = SKETCH_BUCKETS - 1, to;

	memset(s->weight, 0, sizeof(s->weight));
	s->weight[0] = from.weight[0];
	for (int i = 1; i <= last; i++) {
		if (from.weight[i] <= 0)
			continue;
		to = i + (int)fmax(-last, fmin(last, whole));
		to = to < 0 ? 0 : to < last ? to : last;
		s->weight[to] += from.weight[i] * (1 - high);
		s->weight[to < last ? to + 1 : to] += from.weight[i] * high;
	}
}

void
sketch_refine(struct sketch *s, const struct sketch *samples, double prior)
{
	float share = s->total < WEIGHT_MIN ? 0 : (float)(prior / s->total);

	for (int i = 0; i < SKETCH_BUCKETS; i++)
		s->weight[i] = s->weight[i] * share + samples->weight[i];
	s->total = s->total * share + samples->total;
}

/* The bucket in which `elapsed` falls counts with its part above. */
void
sketch_left(const struct sketch *s, double factor, double elapsed,
    struct spread *out)
{
	double from = fmax(0, elapsed / factor), value, total = 0, share = 1;
	int first = bucket_of(from), i;
	double start = bucket_start(first), end = bucket_start(first + 1);
	struct spread_pour pour;

	if (from > start)
		share = from < end ? (end - from) / (end - start) : 0;
	for (i = first + 1; i < SKETCH_BUCKETS; i++)
		total += s->weight[i];
	total += s->weight[first] * share;
	if (total < WEIGHT_MIN) {
		spread_exponential(out,
		    fmax(TAIL_MIN_S, TAIL_SHARE * elapsed));
		return;
	}
	spread_pour_init(&pour, total, out);
	value = share < 1 ? (from + end) / 2 : bucket_value(first);
	spread_pour_add(&pour, fmax(0, value - from), s->weight[first] * share);
	value = bucket_value(first + 1);
	for (i = first + 1; i < SKETCH_BUCKETS; i++, value *= GROWTH)
		if (s->weight[i] > 0)
			spread_pour_add(&pour, value - from, s->weight[i]);
	spread_pour_done(&pour);
	spread_scale(out, factor);
}

double
sketch_quantile(const struct sketch *s, double q)
{
	double sum = 0;

	if (s->total < WEIGHT_MIN)
		return 0;
	for (int i = 0; i < SKETCH_BUCKETS; i++) {
		sum += s->weight[i];
		if (sum >= q * s->total)
			return bucket_value(i);
	}
	return bucket_value(SKETCH_BUCKETS - 1);
}

void
sketch_write(const struct sketch *s, struct buf *out)
{
	int64_t milli;

	buf_str(out, "s1 ");
	buf_int(out, s->at_ms);
	for (int i = 0; i < SKETCH_BUCKETS; i++) {
		milli = (int64_t)lrint(s->weight[i] * 1000.0);
		if (milli > 0)
			buf_printf(out, " %d:%lld", i, (long long)milli);
	}
}

/* Digits only, so that there is one way to write a number. */
static bool
read_number(const char **at, int64_t max, int64_t *out)
{
	const char *p = *at;
	int64_t n = 0;

	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (n > (max - (*p - '0')) / 10)
			return false;
		n = n * 10 + (*p - '0');
	}
	*at = p;
	*out = n;
	return true;
}

int
sketch_read(const char *text, struct sketch *out)
{
	struct sketch s;
	int64_t bucket, milli, next = 0;
	const char *p;

	sketch_init(&s);
	if (strncmp(text, "s1 ", 3) != 0)
		return OW_EINVAL;
	p = text + 3;
	if (!read_number(&p, INT64_MAX, &s.at_ms))
		return OW_EINVAL;
	while (*p == ' ') {
		p++;
		if (!read_number(&p, SKETCH_BUCKETS - 1, &bucket) ||
		    bucket < next || *p++ != ':' ||
		    !read_number(&p, WEIGHT_MAX_MILLI, &milli) || milli == 0)
			return OW_EINVAL;
		s.weight[bucket] = (float)((double)milli / 1000);
		s.total += s.weight[bucket];
		next = bucket + 1;
	}
	if (*p != '\0')
		return OW_EINVAL;
	*out = s;
	return OW_OK;
}
