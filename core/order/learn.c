/* SPDX-License-Identifier: MIT */
/*
 * learn - see learn.h.
 *
 * Each row holds a sketch or a calibration.  Phases, stages and the tenant's
 * own item row are there from the start and stay; rows of stations and skus
 * come with their first sample.  A changed row waits in a queue, once, until
 * it is taken; one that made room waits there to be removed.
 *
 * The mixing is that of a Dirichlet prior: the more general spread counts as
 * PRIOR_WEIGHT samples of the more specific one.
 */
#include "order/learn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/buf.h"
#include "base/mem.h"
#include "order/sketch.h"
#include "order/spread.h"
#include <orderwire/plugin.h>

#define PRIOR_WEIGHT 4.0
/* From here on the tenant's own numbers speak louder than what was said. */
#define LEARNT_WEIGHT 4.0
/* Items tapped through at the end say nothing about the kitchen. */
#define ITEM_TOOK_MIN_S 3.0
/* Each portion more takes half as long again. */
#define PORTION_SHARE 0.5
#define SLOTS_MAX 32
#define SLOTS_QUANTILE 0.75
#define ITEM_SIGMA 0.5
#define COOK_LEVEL_MAX 12

static const struct sketch_decay decay = {
	.half_count = 150,
	.half_ms = 14 * INT64_C(86400) * 1000,
};

const char *const phase_names[PHASE_COUNT + 1] = {
	[PHASE_ACCEPT] = "accept",
	[PHASE_COOK] = "cook",
	[PHASE_PACK] = "pack",
	[PHASE_ASSIGN] = "assign",
	[PHASE_APPROACH] = "approach",
	[PHASE_HANDOVER] = "handover",
	[PHASE_LEG] = "leg",
	[PHASE_DROPOFF] = "dropoff",
	[PHASE_ROUTE_RATIO] = "route_ratio",
	[PHASE_CIRCLE_RATIO] = "circle_ratio",
	[PHASE_PREP_RATIO] = "prep_ratio",
	[PHASE_COUNT] = NULL,
};

/* How far from the medians below a first one may be. */
static const double phase_sigmas[PHASE_COUNT] = {
	[PHASE_ACCEPT] = 0.8,
	[PHASE_COOK] = 0.5,
	[PHASE_PACK] = 0.8,
	[PHASE_ASSIGN] = 0.8,
	[PHASE_APPROACH] = 0.6,
	[PHASE_HANDOVER] = 0.6,
	[PHASE_LEG] = 0.5,
	[PHASE_DROPOFF] = 0.6,
	[PHASE_ROUTE_RATIO] = 0.25,
	[PHASE_CIRCLE_RATIO] = 0.4,
	[PHASE_PREP_RATIO] = 0.5,
};

const struct learn_rules learn_rules_default = {
	.prep_s = 420,
	.phase = {
		[PHASE_ACCEPT] = 45,
		[PHASE_COOK] = 900,
		[PHASE_PACK] = 10,
		[PHASE_ASSIGN] = 240,
		[PHASE_APPROACH] = 480,
		[PHASE_HANDOVER] = 90,
		[PHASE_LEG] = 900,
		[PHASE_DROPOFF] = 120,
		[PHASE_ROUTE_RATIO] = 1,
		[PHASE_CIRCLE_RATIO] = 1,
		[PHASE_PREP_RATIO] = 1,
	},
	.slots = 2,
};

struct row {
	UT_hash_handle hh;
	struct row *next;		/* of the queue of changed ones */
	bool is_queued;
	bool is_gone;			/* to be removed; no longer in rows */
	bool is_fixed;
	bool is_calib;
	union {
		struct sketch sketch;
		struct calib calib;
	};
	char key[];
};

struct learn {
	struct learn_rules rules;
	struct row *rows;		/* by key */
	struct row *changed, **changed_tail;
	struct row *item;
	struct row *phases[PHASE_COUNT];
	struct row *stages[STAGE_COUNT];
	struct sketch item_shape;
	struct sketch phase_shapes[PHASE_COUNT];
};

struct key {
	char text[LEARN_KEY_MAX];
};

/* ---- Rows --------------------------------------------------------------- */

/* Whatever is too long for a key has no row of its own. */
static bool
key_make(struct key *k, const char *kind, const char *a, const char *b)
{
	int n = snprintf(k->text, sizeof(k->text), "%s%s%s%s%s", kind,
	    a != NULL ? "\t" : "", a != NULL ? a : "",
	    b != NULL ? "\t" : "", b != NULL ? b : "");

	return n > 0 && (size_t)n < sizeof(k->text);
}

static struct row *
row_find(const struct learn *l, const char *key)
{
	struct row *r;

	HASH_FIND_STR(l->rows, key, r);
	return r;
}

static void
row_queue(struct learn *l, struct row *r)
{
	if (r->is_queued)
		return;
	r->is_queued = true;
	r->next = NULL;
	*l->changed_tail = r;
	l->changed_tail = &r->next;
}

static struct row *
row_new(struct learn *l, const char *key, bool is_calib, bool is_fixed)
{
	size_t n = strlen(key) + 1;
	struct row *r = mem_alloc(sizeof(*r) + n);

	memcpy(r->key, key, n);
	r->is_calib = is_calib;
	r->is_fixed = is_fixed;
	if (is_calib)
		calib_init(&r->calib);
	else
		sketch_init(&r->sketch);
	HASH_ADD_STR(l->rows, key, r);
	return r;
}

static void
row_drop_oldest(struct learn *l)
{
	struct row *r, *r2, *oldest = NULL;

	HASH_ITER(hh, l->rows, r, r2)
		if (!r->is_fixed && (oldest == NULL ||
		    r->sketch.at_ms < oldest->sketch.at_ms))
			oldest = r;
	OW_ASSERT(oldest != NULL);
	HASH_DEL(l->rows, oldest);
	oldest->is_gone = true;
	row_queue(l, oldest);
}

/* The row of these parts, made if there is none yet. */
static void
row_sample(struct learn *l, const struct key *k, double value, int64_t at_ms)
{
	struct row *r = row_find(l, k->text);

	if (r == NULL) {
		if (HASH_COUNT(l->rows) >= LEARN_ROWS_MAX)
			row_drop_oldest(l);
		r = row_new(l, k->text, false, false);
	}
	sketch_add(&r->sketch, value, at_ms, &decay);
	row_queue(l, r);
}

struct learn *
learn_new(const struct learn_rules *rules)
{
	struct learn *l = mem_alloc(sizeof(*l));
	struct key k;
	int i;

	l->rules = *rules;
	l->changed_tail = &l->changed;
	l->item = row_new(l, "item", false, true);
	sketch_lognormal(&l->item_shape, rules->prep_s, ITEM_SIGMA);
	for (i = 0; i < PHASE_COUNT; i++) {
		(void)key_make(&k, "phase", phase_names[i], NULL); /* fits */
		l->phases[i] = row_new(l, k.text, false, true);
		sketch_lognormal(&l->phase_shapes[i], rules->phase[i],
		    phase_sigmas[i]);
	}
	for (i = 0; i < STAGE_COUNT; i++) {
		(void)key_make(&k, "calib", stage_names[i], NULL); /* fits */
		l->stages[i] = row_new(l, k.text, true, true);
	}
	return l;
}

void
learn_free(struct learn **learn)
{
	struct learn *l = *learn;
	struct row *r, *r2;

	if (l == NULL)
		return;
	for (r = l->changed; r != NULL; r = r2) {
		r2 = r->next;
		if (r->is_gone)
			free(r);
	}
	HASH_ITER(hh, l->rows, r, r2) {
		HASH_DEL(l->rows, r);
		free(r);
	}
	free(l);
	*learn = NULL;
}

/* Rows that come and go: of a station or a sku, of a station's slots, and of
   how busy it was. */
static bool
is_loose_key(const char *key)
{
	return strlen(key) < LEARN_KEY_MAX &&
	    (strncmp(key, "item\t", 5) == 0 ||
	    strncmp(key, "slots\t", 6) == 0 ||
	    strncmp(key, "cook\t", 5) == 0);
}

int
learn_load(struct learn *l, const char *key, const char *text)
{
	struct row *r = row_find(l, key);
	struct sketch sketch;

	if (r != NULL && r->is_calib)
		return calib_read(text, &r->calib);
	if ((r == NULL && !is_loose_key(key)) ||
	    sketch_read(text, &sketch) != OW_OK)
		return OW_EINVAL;
	if (r == NULL) {
		if (HASH_COUNT(l->rows) >= LEARN_ROWS_MAX)
			return OW_ELIMIT;
		r = row_new(l, key, false, false);
	}
	r->sketch = sketch;
	return OW_OK;
}

int
learn_take(struct learn *l, struct buf *out_key, struct buf *out_text)
{
	struct row *r = l->changed;

	buf_clear(out_key);
	buf_clear(out_text);
	if (r == NULL)
		return 0;
	l->changed = r->next;
	if (l->changed == NULL)
		l->changed_tail = &l->changed;
	r->is_queued = false;
	buf_str(out_key, r->key);
	if (r->is_gone)
		free(r);
	else if (r->is_calib)
		calib_write(&r->calib, out_text);
	else
		sketch_write(&r->sketch, out_text);
	return 1;
}

/* ---- Learning ----------------------------------------------------------- */

static const char *
work_station(const struct work *w)
{
	return w->station != NULL ? w->station : "";
}

static const char *
work_sku(const struct work *w)
{
	return w->sku != NULL ? w->sku : w->name;
}

static double
work_size(const struct work *w)
{
	return 1 + PORTION_SHARE * (double)(w->quantity > 1 ?
	    w->quantity - 1 : 0);
}

void
learn_item(struct learn *l, const struct work *w, double took_s, int64_t at_ms)
{
	double each_s = took_s / work_size(w);
	struct key k;

	if (!(took_s >= ITEM_TOOK_MIN_S))
		return;
	sketch_add(&l->item->sketch, each_s, at_ms, &decay);
	row_queue(l, l->item);
	if (key_make(&k, "item", work_station(w), NULL))
		row_sample(l, &k, each_s, at_ms);
	if (key_make(&k, "item", work_station(w), work_sku(w)))
		row_sample(l, &k, each_s, at_ms);
	if (w->prep_s >= 1)
		learn_phase(l, PHASE_PREP_RATIO, each_s / (double)w->prep_s,
		    at_ms);
}

void
learn_phase(struct learn *l, enum phase phase, double value, int64_t at_ms)
{
	if (!(value >= 0))
		return;
	sketch_add(&l->phases[phase]->sketch, value, at_ms, &decay);
	row_queue(l, l->phases[phase]);
}

/* 0, 1-2, 3-5, 6-9, ...: the fuller, the less does one more matter. */
static bool
cook_key(struct key *k, int32_t n_ahead)
{
	char level[12];
	int32_t i = 0;

	for (; n_ahead > i && i < COOK_LEVEL_MAX; i++)
		n_ahead -= i + 1;
	(void)snprintf(level, sizeof(level), "%d", (int)i);
	return n_ahead >= 0 && key_make(k, "cook", level, NULL);
}

void
learn_cook(struct learn *l, int32_t n_ahead, double took_s, int64_t at_ms)
{
	struct key k;

	learn_phase(l, PHASE_COOK, took_s, at_ms);
	if (took_s >= 0 && cook_key(&k, n_ahead))
		row_sample(l, &k, took_s, at_ms);
}

void
learn_busy(struct learn *l, const char *station, uint32_t n, int64_t at_ms)
{
	struct key k;

	if (key_make(&k, "slots", station != NULL ? station : "", NULL))
		row_sample(l, &k, n, at_ms);
}

void
learn_outcome(struct learn *l, enum stage stage, const struct quote *quote,
    double actual_s)
{
	calib_note(&l->stages[stage]->calib, quote, actual_s);
	row_queue(l, l->stages[stage]);
}

/* ---- Asking ------------------------------------------------------------- */

/* mix becomes what the row says, with what was in mix as its prior. */
static double
refine(struct sketch *mix, const struct row *r)
{
	if (r == NULL)
		return 0;
	sketch_refine(mix, &r->sketch, PRIOR_WEIGHT);
	return r->sketch.total;
}

/* What is said of this very item is better than what its station, of which it
   may be untypical, has learnt.  Gives the weight of what mix comes from. */
static double
mix_general(const struct learn *l, const struct work *w, struct sketch *mix)
{
	double weight, station = 0;
	struct key k;

	if (w->prep_s >= 1) {
		*mix = l->phase_shapes[PHASE_PREP_RATIO];
		weight = refine(mix, l->phases[PHASE_PREP_RATIO]);
		sketch_scale(mix, (double)w->prep_s);
		return weight;
	}
	*mix = l->item_shape;
	weight = refine(mix, l->item);
	if (key_make(&k, "item", work_station(w), NULL))
		station = refine(mix, row_find(l, k.text));
	return fmax(weight, station);
}

enum know
learn_item_left(const struct learn *l, const struct work *w, double elapsed_s,
    struct spread *out, double *out_weight)
{
	double general, weight = 0;
	struct sketch mix;
	struct key k;

	general = mix_general(l, w, &mix);
	if (key_make(&k, "item", work_station(w), work_sku(w)))
		weight = refine(&mix, row_find(l, k.text));
	sketch_left(&mix, work_size(w), elapsed_s, out);
	*out_weight = weight;
	if (weight >= LEARNT_WEIGHT)
		return KNOW_LEARNT;
	if (w->prep_s >= 1)
		return KNOW_PREP_S;
	return general >= LEARNT_WEIGHT ? KNOW_LEARNT : KNOW_DEFAULT;
}

double
learn_phase_left(const struct learn *l, enum phase phase, double base_s,
    double elapsed_s, struct spread *out)
{
	struct sketch mix = l->phase_shapes[phase];
	double weight = refine(&mix, l->phases[phase]);

	sketch_left(&mix, base_s, elapsed_s, out);
	return weight;
}

double
learn_cook_left(const struct learn *l, int32_t n_ahead, double elapsed_s,
    struct spread *out)
{
	struct sketch mix = l->phase_shapes[PHASE_COOK];
	double weight = refine(&mix, l->phases[PHASE_COOK]);
	struct key k;

	if (cook_key(&k, n_ahead))
		(void)refine(&mix, row_find(l, k.text));
	sketch_left(&mix, 1, elapsed_s, out);
	return weight;
}

double
learn_item_weight(const struct learn *l)
{
	return l->item->sketch.total;
}

double
learn_phase_weight(const struct learn *l, enum phase phase)
{
	return l->phases[phase]->sketch.total;
}

uint32_t
learn_slots(const struct learn *l, const char *station)
{
	const struct row *r = NULL;
	double slots = l->rules.slots;
	struct key k;

	if (key_make(&k, "slots", station != NULL ? station : "", NULL))
		r = row_find(l, k.text);
	if (r != NULL && r->sketch.total >= 1)
		slots = round(sketch_quantile(&r->sketch, SLOTS_QUANTILE));
	return (uint32_t)fmax(1, fmin(SLOTS_MAX, slots));
}

const struct calib *
learn_calib(const struct learn *l, enum stage stage)
{
	return &l->stages[stage]->calib;
}
