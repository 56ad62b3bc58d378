/* SPDX-License-Identifier: MIT */
/*
 * learn - what a tenant's kitchen and riders have been like.
 *
 * Durations of items by station and sku, of the phases around them, how many
 * items a station does at once, and how far our windows have been off.  What
 * is known of the specific (this sku) is mixed with what is known of the more
 * general (the station, the tenant, the configuration), by how much there is
 * of either, so that a first order has an answer and a thousandth a good one.
 *
 * Everything is a row of key and text that the caller stores as it likes:
 * learn_take gives the rows that changed, learn_load takes them back.  Parts
 * of a key are separated by a tab, which no sku or station can hold.
 *
 * One thread.  No I/O, no clock.
 */
#ifndef ORDER_LEARN_H
#define ORDER_LEARN_H

#include <stdbool.h>
#include <stdint.h>

#include "order/calib.h"

struct buf;
struct spread;

#define LEARN_ROWS_MAX 4096	/* then the longest unused makes room */
#define LEARN_KEY_MAX 320
#define LEARN_TEXT_MAX 4096

/* Phases of an order beside its items.  The three ratios are what a leg or a
   preparation really took, divided by what was said of it. */
enum phase {
	PHASE_ACCEPT,		/* placed to accepted */
	PHASE_COOK,		/* accepted to ready, whatever is in it */
	PHASE_PACK,		/* last item ready to order ready */
	PHASE_ASSIGN,		/* placed to a rider's assignment */
	PHASE_APPROACH,		/* assignment to the rider at the pickup */
	PHASE_HANDOVER,		/* order and rider there to picked up */
	PHASE_LEG,		/* picked up to the dropoff */
	PHASE_DROPOFF,		/* at the dropoff to delivered */
	PHASE_ROUTE_RATIO,	/* PHASE_LEG by the router's duration */
	PHASE_CIRCLE_RATIO,	/* ... by great circle */
	PHASE_PREP_RATIO,	/* an item by its prep_s */
	PHASE_COUNT,
};

/* The words for the phases, NULL at the end. */
extern const char *const phase_names[PHASE_COUNT + 1];

struct learn_rules {		/* what holds until there are samples */
	double prep_s;			/* of one item */
	double phase[PHASE_COUNT];	/* medians: seconds, or ratios */
	uint32_t slots;			/* items a station does at once */
};

extern const struct learn_rules learn_rules_default;

/* Where an item's spread comes from. */
enum know {
	KNOW_DEFAULT,			/* the configuration */
	KNOW_PREP_S,			/* what the order says of the item */
	KNOW_LEARNT,
};

struct learn;

struct learn *learn_new(const struct learn_rules *);	/* copied */
void learn_free(struct learn **);

/* A stored row.  OW_EINVAL: no such key, or not its text; OW_ELIMIT: more
   rows than LEARN_ROWS_MAX.  Either changes nothing. */
int learn_load(struct learn *, const char *key, const char *text);
/* 1: a row that has changed since it was last taken, to be stored, or to be
   removed if its text is empty; 0: no more.  The bufs are cleared first. */
int learn_take(struct learn *, struct buf *out_key, struct buf *out_text);

/* An item as far as durations go; station may be NULL, sku only if name is
   not.  prep_s below 1 says nothing. */
struct work {
	const char *station, *sku, *name;
	int64_t quantity, prep_s;
};

void learn_item(struct learn *, const struct work *, double took_s,
    int64_t at_ms);
/* value is seconds, or the ratio. */
void learn_phase(struct learn *, enum phase, double value, int64_t at_ms);
/* Accepted to ready, of an order that had so many before it in the kitchen
   (below 0: not known): PHASE_COOK, and by how busy it was. */
void learn_cook(struct learn *, int32_t n_ahead, double took_s,
    int64_t at_ms);
/* So many were being prepared while another one waited. */
void learn_busy(struct learn *, const char *station, uint32_t n,
    int64_t at_ms);
void learn_outcome(struct learn *, enum stage, const struct quote *,
    double actual_s);

/* What is left of an item that began elapsed_s ago; out_weight is how many
   recent samples speak for it. */
enum know learn_item_left(const struct learn *, const struct work *,
    double elapsed_s, struct spread *out, double *out_weight);
/* The same of a phase: its seconds, or the ratio times base_s (1 for the
   others).  Gives the weight. */
double learn_phase_left(const struct learn *, enum phase, double base_s,
    double elapsed_s, struct spread *out);
double learn_cook_left(const struct learn *, int32_t n_ahead,
    double elapsed_s, struct spread *out);
/* Samples of items, of any sku: does this kitchen report them at all? */
double learn_item_weight(const struct learn *);
double learn_phase_weight(const struct learn *, enum phase);
uint32_t learn_slots(const struct learn *, const char *station);
const struct calib *learn_calib(const struct learn *, enum stage);

#endif
