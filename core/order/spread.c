/* SPDX-License-Identifier: MIT */
/*
 * spread - see spread.h.
 *
 * Every operation makes weighted values in ascending order and pours them into
 * twenty vessels of the same size; the mean of a vessel is its point.  So the
 * mean survives each step exactly, and the outermost twentieths lose a little
 * of their reach, which calibration gives back (calib.h).
 */
#include "order/spread.h"

#include <math.h>

#define BINS 96

/* Quantiles (i + 1/2) / 20 of the standard normal distribution, upper half. */
static const double normal_points[SPREAD_POINTS / 2] = {
	0.0627, 0.1891, 0.3186, 0.4538, 0.5978, 0.7554, 0.9346, 1.1503,
	1.4395, 1.9600,
};

void
spread_pour_init(struct spread_pour *p, double total, struct spread *out)
{
	p->out = out;
	p->want = total / SPREAD_POINTS;
	p->room = p->want;
	p->sum = 0;
	p->i = 0;
}

/* Rounding may leave the last vessel a hair short of full. */
void
spread_pour_done(struct spread_pour *p)
{
	double filled = p->want - p->room;
	double last = p->i > 0 ? p->out->at[p->i - 1] : 0;

	if (p->i < SPREAD_POINTS && filled > p->want / 2)
		last = p->sum / filled;
	for (; p->i < SPREAD_POINTS; p->i++)
		p->out->at[p->i] = last;
}

void
spread_point(struct spread *s, double at_s)
{
	for (int i = 0; i < SPREAD_POINTS; i++)
		s->at[i] = at_s > 0 ? at_s : 0;
}

void
spread_normal(struct spread *s, double mean_s, double sd_s)
{
	const int half = SPREAD_POINTS / 2;

	for (int i = 0; i < half; i++) {
		s->at[half + i] = fmax(0, mean_s + sd_s * normal_points[i]);
		s->at[half - 1 - i] =
		    fmax(0, mean_s - sd_s * normal_points[i]);
	}
}

void
spread_exponential(struct spread *s, double mean_s)
{
	for (int i = 0; i < SPREAD_POINTS; i++)
		s->at[i] = -mean_s * log1p(-(i + 0.5) / SPREAD_POINTS);
}

void
spread_scale(struct spread *s, double factor)
{
	for (int i = 0; i < SPREAD_POINTS; i++)
		s->at[i] *= factor;
}

void
spread_shift(struct spread *s, double by_s)
{
	for (int i = 0; i < SPREAD_POINTS; i++)
		s->at[i] = fmax(0, s->at[i] + by_s);
}

/* All pairs, sorted roughly: into bins, each of which keeps its own mean. */
void
spread_add(struct spread *s, const struct spread *other)
{
	const struct spread a = *s, b = *other;
	const double low = a.at[0] + b.at[0];
	const double width = a.at[SPREAD_POINTS - 1] +
	    b.at[SPREAD_POINTS - 1] - low;
	double sums[BINS] = { 0 }, value, scale;
	uint32_t counts[BINS] = { 0 };
	struct spread_pour pour;
	int bin;

	if (width <= 0) {
		spread_point(s, low);
		return;
	}
	scale = (BINS - 0.5) / width;
	for (int i = 0; i < SPREAD_POINTS; i++)
		for (int j = 0; j < SPREAD_POINTS; j++) {
			value = a.at[i] + b.at[j];
			bin = (int)((value - low) * scale);
			sums[bin] += value;
			counts[bin]++;
		}
	spread_pour_init(&pour, SPREAD_POINTS * SPREAD_POINTS, s);
	for (bin = 0; bin < BINS; bin++)
		if (counts[bin] > 0)
			spread_pour_add(&pour, sums[bin] / counts[bin],
			    counts[bin]);
	spread_pour_done(&pour);
}

/* A value of one is the maximum as often as the other has none above it. */
void
spread_later(struct spread *s, const struct spread *other)
{
	const struct spread a = *s, b = *other;
	struct spread_pour pour;
	int i = 0, j = 0;

	spread_pour_init(&pour, SPREAD_POINTS * SPREAD_POINTS, s);
	while (i < SPREAD_POINTS || j < SPREAD_POINTS) {
		if (j == SPREAD_POINTS ||
		    (i < SPREAD_POINTS && a.at[i] <= b.at[j]))
			spread_pour_add(&pour, a.at[i++], j);
		else
			spread_pour_add(&pour, b.at[j++], i);
	}
	spread_pour_done(&pour);
}

double
spread_quantile(const struct spread *s, double q)
{
	double place = q * SPREAD_POINTS - 0.5;
	int i = (int)floor(place);

	if (i < 0)
		return s->at[0];
	if (i >= SPREAD_POINTS - 1)
		return s->at[SPREAD_POINTS - 1];
	return s->at[i] + (place - i) * (s->at[i + 1] - s->at[i]);
}

double
spread_mean(const struct spread *s)
{
	double sum = 0;

	for (int i = 0; i < SPREAD_POINTS; i++)
		sum += s->at[i];
	return sum / SPREAD_POINTS;
}

double
spread_variance(const struct spread *s)
{
	double mean = spread_mean(s), sum = 0;

	for (int i = 0; i < SPREAD_POINTS; i++)
		sum += (s->at[i] - mean) * (s->at[i] - mean);
	return sum / SPREAD_POINTS;
}
