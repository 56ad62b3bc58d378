/* SPDX-License-Identifier: MIT */
/*
 * trail - see trail.h.
 *
 * A duration is learnt when both of its ends were seen, once, and never after
 * a recall: a dish made twice says little about a dish made once.
 */
#include "order/trail.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "order/learn.h"
#include "order/order.h"

static double
seconds(int64_t from_ms, int64_t to_ms)
{
	return (double)(to_ms - from_ms) / 1000;
}

bool
item_is_done(const struct item *item)
{
	return item->status == ITEM_READY || item->status == ITEM_SERVED ||
	    item->status == ITEM_VOIDED;
}

void
work_of(const struct item *item, struct work *out)
{
	out->station = item->station;
	out->sku = item->sku;
	out->name = item->name;
	out->quantity = item->quantity;
	out->prep_s = item->prep_s;
}

bool
order_is_on_the_road(const struct order *o)
{
	return o->status == ORDER_OUT_FOR_DELIVERY ||
	    o->delivery == DELIVERY_PICKED_UP ||
	    o->delivery == DELIVERY_EN_ROUTE_DROPOFF ||
	    o->delivery == DELIVERY_ARRIVED_DROPOFF;
}

void
trail_init(struct trail *t)
{
	memset(t, 0, sizeof(*t));
	t->n_ahead = -1;
}

void
trail_done(struct trail *t)
{
	free(t->items);
	trail_init(t);
}

static void
begin(struct trail *t, const struct order *o)
{
	t->is_begun = true;
	t->n_items = o->n_items;
	t->items = mem_alloc((o->n_items + 1) * sizeof(*t->items));
	for (uint32_t i = 0; i < o->n_items; i++)
		t->items[i].status = o->items[i].status;
	t->status = o->status;
	t->delivery = o->delivery;
	t->is_odd = o->seq > 1;
}

/* ---- Items -------------------------------------------------------------- */

static void
note_item(struct trail_item *ti, const struct item *item, int64_t at_ms,
    struct learn *learn)
{
	enum item_status from = ti->status;
	struct work work;

	ti->status = item->status;
	if (from == item->status)
		return;
	if (item->status == ITEM_PREPARING) {
		ti->is_again = from == ITEM_READY || ti->started_at_ms != 0;
		ti->started_at_ms = at_ms;
	} else if (item->status == ITEM_READY && from == ITEM_PREPARING &&
	    !ti->is_again && ti->started_at_ms != 0 && learn != NULL) {
		work_of(item, &work);
		learn_item(learn, &work, seconds(ti->started_at_ms, at_ms),
		    at_ms);
	}
}

static void
note_items(struct trail *t, const struct order *o, int64_t at_ms,
    struct learn *learn)
{
	bool done = true;

	for (uint32_t i = 0; i < t->n_items; i++) {
		note_item(&t->items[i], &o->items[i], at_ms, learn);
		done = done && item_is_done(&o->items[i]);
	}
	if (!done)
		t->at_ms[MARK_ITEMS_DONE] = 0;
	else if (t->at_ms[MARK_ITEMS_DONE] == 0)
		t->at_ms[MARK_ITEMS_DONE] = at_ms;
}

/* ---- The order and its rider -------------------------------------------- */

/* Learns from one mark to another that is now. */
static void
learn_since(const struct trail *t, struct learn *learn, enum phase phase,
    int64_t from_ms, int64_t at_ms)
{
	if (learn != NULL && from_ms != 0 && !t->is_odd)
		learn_phase(learn, phase, seconds(from_ms, at_ms), at_ms);
}

static int64_t
accepted_or_placed(const struct trail *t, const struct order *o)
{
	return t->at_ms[MARK_ACCEPTED] != 0 ? t->at_ms[MARK_ACCEPTED] :
	    o->placed_at_ms;
}

static void
note_status(struct trail *t, const struct order *o, int64_t at_ms,
    struct learn *learn)
{
	enum order_status from = t->status;
	/* Ahead of time nobody hurries. */
	bool prompt = o->scheduled_for_ms == 0;

	t->status = o->status;
	if (o->status == from)
		return;
	if (o->status == ORDER_ACCEPTED) {
		if (prompt)
			learn_since(t, learn, PHASE_ACCEPT, o->placed_at_ms,
			    at_ms);
		t->at_ms[MARK_ACCEPTED] = at_ms;
	} else if (o->status == ORDER_PREPARING && from == ORDER_READY) {
		t->is_odd = true;
		t->at_ms[MARK_READY] = 0;
	} else if (o->status == ORDER_READY) {
		if (prompt && learn != NULL && !t->is_odd)
			learn_cook(learn, t->n_ahead, seconds(
			    accepted_or_placed(t, o), at_ms), at_ms);
		learn_since(t, learn, PHASE_PACK, t->at_ms[MARK_ITEMS_DONE],
		    at_ms);
		t->at_ms[MARK_READY] = at_ms;
	}
}

static void
note_leg(const struct trail *t, struct learn *learn, int64_t at_ms)
{
	int64_t from_ms = t->at_ms[MARK_PICKED_UP];

	learn_since(t, learn, PHASE_LEG, from_ms, at_ms);
	if (learn != NULL && from_ms != 0 && t->leg_s > 0)
		learn_phase(learn, t->is_routed ? PHASE_ROUTE_RATIO :
		    PHASE_CIRCLE_RATIO, seconds(from_ms, at_ms) / t->leg_s,
		    at_ms);
}

/* The way to the pickup. */
static void
note_rider(struct trail *t, const struct order *o, int64_t at_ms,
    struct learn *learn)
{
	enum delivery_status to = o->delivery;

	if (to < DELIVERY_ASSIGNED || to == DELIVERY_CANCELLED ||
	    to == DELIVERY_FAILED) {
		t->at_ms[MARK_ASSIGNED] = 0;
		t->at_ms[MARK_AT_PICKUP] = 0;
		t->at_ms[MARK_PICKED_UP] = 0;
		return;
	}
	if (t->at_ms[MARK_ASSIGNED] == 0) {
		if (o->scheduled_for_ms == 0)
			learn_since(t, learn, PHASE_ASSIGN, o->placed_at_ms,
			    at_ms);
		t->at_ms[MARK_ASSIGNED] = at_ms;
	}
	if (t->at_ms[MARK_AT_PICKUP] == 0 &&
	    (to == DELIVERY_ARRIVED_PICKUP || to == DELIVERY_PICKED_UP)) {
		learn_since(t, learn, PHASE_APPROACH, t->at_ms[MARK_ASSIGNED],
		    at_ms);
		t->at_ms[MARK_AT_PICKUP] = at_ms;
	}
}

static void
note_delivery(struct trail *t, const struct order *o, int64_t at_ms,
    struct learn *learn)
{
	int64_t *at = t->at_ms, met_ms;
	bool delivered = o->status == ORDER_DELIVERED ||
	    o->delivery == DELIVERY_DELIVERED;

	if (o->delivery != t->delivery)
		note_rider(t, o, at_ms, learn);
	t->delivery = o->delivery;
	if (order_is_on_the_road(o) && at[MARK_PICKED_UP] == 0) {
		met_ms = at[MARK_READY] > at[MARK_AT_PICKUP] ?
		    at[MARK_READY] : at[MARK_AT_PICKUP];
		if (at[MARK_READY] != 0 && at[MARK_AT_PICKUP] != 0)
			learn_since(t, learn, PHASE_HANDOVER, met_ms, at_ms);
		at[MARK_PICKED_UP] = at_ms;
	}
	if (o->delivery == DELIVERY_ARRIVED_DROPOFF &&
	    at[MARK_AT_DROPOFF] == 0) {
		note_leg(t, learn, at_ms);
		at[MARK_AT_DROPOFF] = at_ms;
	}
	if (!delivered || at[MARK_DONE] != 0)
		return;
	/* Riders who never say that they have arrived just take longer. */
	if (at[MARK_AT_DROPOFF] == 0) {
		note_leg(t, learn, at_ms);
		at[MARK_AT_DROPOFF] = at_ms;
	}
	learn_since(t, learn, PHASE_DROPOFF, at[MARK_AT_DROPOFF], at_ms);
}

/* ---- The end ------------------------------------------------------------ */

static bool
is_reached(const struct order *o)
{
	if (o->fulfilment == FULFIL_DELIVERY)
		return o->status == ORDER_DELIVERED ||
		    o->delivery == DELIVERY_DELIVERED;
	return o->status == ORDER_READY || o->status == ORDER_PICKED_UP ||
	    o->status == ORDER_SERVED;
}

static void
note_end(struct trail *t, const struct order *o, int64_t at_ms,
    struct learn *learn)
{
	const struct quote *q;

	if (!is_reached(o)) {
		t->at_ms[MARK_DONE] = 0;
		return;
	}
	if (t->at_ms[MARK_DONE] != 0)
		return;
	t->at_ms[MARK_DONE] = at_ms;
	for (int i = 0; i < STAGE_COUNT; i++) {
		q = &t->quotes[i];
		if (learn != NULL && q->made_at_ms != 0 && !t->is_odd)
			learn_outcome(learn, (enum stage)i, q,
			    seconds(q->made_at_ms, at_ms));
	}
}

/* The word stays when a window of ours takes its place on the screen. */
static void
note_kitchen(struct trail *t, const struct order *o)
{
	const struct eta *eta = &o->eta;

	if (eta->known && eta->basis != NULL &&
	    strcmp(eta->basis, ETA_BASIS_KITCHEN) == 0)
		t->kitchen_ready_at_ms = eta->p50_at_ms;
}

void
trail_note(struct trail *t, const struct order *o, int64_t at_ms,
    struct learn *learn)
{
	if (!t->is_begun)
		begin(t, o);
	note_items(t, o, at_ms, learn);
	note_kitchen(t, o);
	note_status(t, o, at_ms, learn);
	if (o->fulfilment == FULFIL_DELIVERY)
		note_delivery(t, o, at_ms, learn);
	note_end(t, o, at_ms, learn);
}

bool
trail_is_done(const struct trail *t)
{
	return t->at_ms[MARK_DONE] != 0 || order_status_is_final(t->status);
}

double
trail_item_elapsed(const struct trail *t, const struct order *o, uint32_t i,
    int64_t now_ms)
{
	int64_t from_ms = i < t->n_items ? t->items[i].started_at_ms : 0;

	if (o->items[i].status != ITEM_PREPARING)
		return 0;
	for (uint32_t k = o->n_timeline; from_ms == 0 && k > 0; k--)
		if (o->timeline[k - 1].status == ORDER_PREPARING)
			from_ms = o->timeline[k - 1].at_ms;
	return from_ms != 0 && now_ms > from_ms ? seconds(from_ms, now_ms) : 0;
}
