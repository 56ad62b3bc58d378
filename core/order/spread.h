/* SPDX-License-Identifier: MIT */
/*
 * spread - how long something may take: a small distribution of seconds.
 *
 * Twenty values, ascending, each as likely as the others.  That is enough for
 * a median and a ninth decile, and small enough that sums and maxima of
 * independent ones are computed, not approximated by a formula.  Values and
 * pure functions only; nothing is ever below zero.
 */
#ifndef ORDER_SPREAD_H
#define ORDER_SPREAD_H

#include <stdint.h>

#define SPREAD_POINTS 20

struct spread {
	double at[SPREAD_POINTS];	/* seconds, ascending, none below 0 */
};

/* Fills a spread from weighted values that come in ascending order. */
struct spread_pour {
	struct spread *out;
	double room, want, sum;
	uint32_t i;
};

/* total is the weight of all that is going to be poured, above 0. */
void spread_pour_init(struct spread_pour *, double total, struct spread *out);

/* Here because it is the inner loop of every estimate. */
static inline void
spread_pour_add(struct spread_pour *p, double value, double weight)
{
	while (weight >= p->room && p->i < SPREAD_POINTS) {
		p->out->at[p->i++] = (p->sum + value * p->room) / p->want;
		weight -= p->room;
		p->sum = 0;
		p->room = p->want;
	}
	p->sum += value * weight;
	p->room -= weight;
}

void spread_pour_done(struct spread_pour *);

/* Certain. */
void spread_point(struct spread *, double s);
/* A normal distribution, its part below zero moved to zero. */
void spread_normal(struct spread *, double mean_s, double sd_s);
/* No memory: what is left is the same however long it has taken. */
void spread_exponential(struct spread *, double mean_s);
void spread_scale(struct spread *, double factor);
/* Later by s, or sooner when s is below 0. */
void spread_shift(struct spread *, double s);
/* This and then the other, or whichever is later; independent of each other.
   The two may be the same object. */
void spread_add(struct spread *, const struct spread *);
void spread_later(struct spread *, const struct spread *);

double spread_quantile(const struct spread *, double q);
double spread_mean(const struct spread *);
double spread_variance(const struct spread *);

#endif
