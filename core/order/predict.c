/* SPDX-License-Identifier: MIT */
/*
 * predict - see predict.h.
 *
 *	ready = fire + queue wait + the longest of the stations' work
 *	delivered = max(ready, rider at pickup) + handover + leg + dropoff
 *
 * Everything is a spread (spread.h), so that the ninth decile of a sum or a
 * maximum is that, and not the sum or maximum of ninth deciles.  What has
 * begun counts what is left of it, given how long it has taken.  Items of one
 * station share its queue, so its wait is counted once for all of them.
 *
 * The kitchen's own word stands for `ready` until the items contradict it.
 */
#include "order/predict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "order/board.h"
#include "order/learn.h"
#include "order/order.h"
#include "order/spread.h"
#include "order/trail.h"

#define DETOUR 1.3
#define CIRCLE_MPS (25 / 3.6)
#define EARTH_M 6371000.0
/* The kitchen's word is over when it has passed by this much, or when even a
   quick order (one in ten) could not keep it by this much. */
#define WORD_LATE_S 60.0
#define WORD_BROKEN_S 120.0
#define IMMINENT_S 120.0
#define WAY_MAX_S 86400.0	/* whatever a router says */
/* Samples that make a window of medium and of high confidence. */
#define WEIGHT_MEDIUM 4.0
#define WEIGHT_HIGH 20.0

enum confidence { LOW, MEDIUM, HIGH };

static const char *const confidence_names[] = {
	[LOW] = "low", [MEDIUM] = "medium", [HIGH] = "high",
};

static const char kitchen_word[] = ETA_BASIS_KITCHEN;

/* One prediction in the making. */
struct draft {
	const struct order *o;
	const struct trail *t;
	struct board *board;
	const struct learn *learn;
	const struct route_facts *facts;
	int64_t now_ms;
	struct spread ready;		/* seconds from now */
	struct spread all;		/* ... of the whole */
	bool begun;			/* an item was */
	double far_s;	/* of that, before anybody turns to it at all */
	const char *kitchen, *road;	/* words of the basis; may be NULL */
	enum confidence confidence;
	bool stale;
	int32_t n_ahead;
	double leg_s;
	double door_s;		/* until the rider is at the dropoff */
	bool is_routed;
};

static double
since_s(const struct draft *d, int64_t at_ms)
{
	return at_ms != 0 && d->now_ms > at_ms ?
	    (double)(d->now_ms - at_ms) / 1000 : 0;
}

static void
doubt(struct draft *d, enum confidence at_most)
{
	if (d->confidence > at_most)
		d->confidence = at_most;
}

static void
doubt_by_weight(struct draft *d, double weight)
{
	if (weight < WEIGHT_HIGH)
		doubt(d, weight < WEIGHT_MEDIUM ? LOW : MEDIUM);
}

/* ---- The kitchen -------------------------------------------------------- */

static const char *const know_words[] = {
	[KNOW_DEFAULT] = "tenant default",
	[KNOW_PREP_S] = "prep_s",
	[KNOW_LEARNT] = "learnt",
};

/* What the items at one station have in common. */
struct group {
	bool used;
	struct board_slot first;	/* the wait for the first of them */
	struct spread work;	/* from there until the last is ready */
};

static void
add_queued(struct group *g, struct board_station *s, double floor_s,
    struct spread *took)
{
	struct board_slot start;

	board_book(s, floor_s, took, &start);
	if (!g->used) {
		g->used = true;
		g->first = start;
		g->work = *took;
		return;
	}
	spread_shift(took, fmax(0, start.mean_s - g->first.mean_s));
	spread_later(&g->work, took);
}

static void
add_item(struct draft *d, struct group *groups, uint32_t i, double floor_s)
{
	const struct item *item = &d->o->items[i];
	struct board_station *s = NULL;
	struct spread left;
	struct work work;
	enum know know;
	double weight;

	work_of(item, &work);
	know = learn_item_left(d->learn, &work, trail_item_elapsed(d->t, d->o,
	    i, d->now_ms), &left, &weight);
	/* The least sure item is what the window rests on. */
	if (d->kitchen == NULL || know_words[know] != know_words[KNOW_LEARNT])
		d->kitchen = know_words[know];
	if (know == KNOW_DEFAULT || item->status == ITEM_HELD)
		doubt(d, LOW);
	else if (weight < WEIGHT_HIGH)
		doubt(d, MEDIUM);
	if (item->status == ITEM_PREPARING)
		d->begun = true;
	else
		s = board_station(d->board, item->station);
	if (s != NULL)
		add_queued(&groups[s - d->board->stations], s, floor_s, &left);
	else
		spread_later(&d->ready, &left);
}

/* Through the items: what is being prepared, and each station's queue. */
static void
ready_by_items(struct draft *d)
{
	struct group groups[BOARD_STATIONS_MAX];
	struct spread fire, wait;
	double floor_s;
	uint32_t i;

	for (i = 0; i < BOARD_STATIONS_MAX; i++)
		groups[i].used = false;
	board_fire(d->board, d->o, &fire);
	floor_s = spread_mean(&fire);
	if (d->o->status == ORDER_SCHEDULED)
		d->far_s = floor_s;
	spread_point(&d->ready, 0);
	for (i = 0; i < d->o->n_items; i++) {
		if (item_is_done(&d->o->items[i]))
			d->begun = d->begun ||
			    d->o->items[i].status != ITEM_VOIDED;
		else
			add_item(d, groups, i, floor_s);
	}
	if (d->kitchen == NULL)
		d->kitchen = know_words[KNOW_LEARNT];
	for (i = 0; i < d->board->n_stations; i++) {
		if (!groups[i].used)
			continue;
		spread_normal(&wait, groups[i].first.mean_s,
		    sqrt(groups[i].first.variance_s2));
		spread_later(&wait, &fire);
		spread_add(&wait, &groups[i].work);
		spread_later(&d->ready, &wait);
	}
}

/* For a kitchen that does not report its items. */
static void
ready_by_order(struct draft *d)
{
	const struct order *o = d->o;
	int64_t from_ms = d->t->at_ms[MARK_ACCEPTED];
	struct spread fire;

	if (from_ms == 0)
		from_ms = o->placed_at_ms;
	board_fire(d->board, o, &fire);
	if (o->status == ORDER_SCHEDULED)
		d->far_s = spread_mean(&fire);
	d->begun = o->status >= ORDER_PREPARING;
	doubt_by_weight(d, learn_cook_left(d->learn, d->t->n_ahead >= 0 ?
	    d->t->n_ahead : d->n_ahead,
	    o->status >= ORDER_ACCEPTED ? since_s(d, from_ms) : 0,
	    &d->ready));
	spread_add(&d->ready, &fire);
	d->kitchen = "learnt";
}

static bool
are_items_silent(const struct draft *d)
{
	for (uint32_t i = 0; i < d->o->n_items; i++)
		if (d->o->items[i].status != ITEM_QUEUED &&
		    d->o->items[i].status != ITEM_VOIDED)
			return false;
	return learn_item_weight(d->learn) < WEIGHT_MEDIUM &&
	    learn_phase_weight(d->learn, PHASE_COOK) >= WEIGHT_MEDIUM;
}

/* True: the kitchen's own word stands, and is d->ready. */
static bool
keep_word(struct draft *d)
{
	double said_s = (double)(d->t->kitchen_ready_at_ms - d->now_ms) / 1000;

	if (d->t->kitchen_ready_at_ms == 0 || said_s < -WORD_LATE_S)
		return false;
	if (d->begun &&
	    spread_quantile(&d->ready, 0.1) > said_s + WORD_BROKEN_S)
		return false;
	spread_point(&d->ready, said_s);
	d->kitchen = kitchen_word;
	d->confidence = HIGH;
	return true;
}

static void
estimate_ready(struct draft *d)
{
	struct spread pack;

	if (d->o->status >= ORDER_READY) {
		spread_point(&d->ready, 0);
		d->begun = true;
		return;
	}
	if (are_items_silent(d))
		ready_by_order(d);
	else
		ready_by_items(d);
	if (keep_word(d) || learn_phase_weight(d->learn, PHASE_PACK) == 0)
		return;
	(void)learn_phase_left(d->learn, PHASE_PACK, 1, since_s(d,
	    d->t->at_ms[MARK_ITEMS_DONE]), &pack);
	spread_add(&d->ready, &pack);
}

/* ---- The road ----------------------------------------------------------- */

double
predict_circle_s(double lat1, double lng1, double lat2, double lng2)
{
	double a = lat1 * M_PI / 180, b = lat2 * M_PI / 180;
	double x = sin((b - a) / 2), y = sin((lng2 - lng1) * M_PI / 360);
	double h = fmin(1, x * x + cos(a) * cos(b) * y * y);

	return 2 * EARTH_M * asin(sqrt(h)) * DETOUR / CIRCLE_MPS;
}

/* Seconds from the rider to a place as the crow flies, or by the router. */
static double
rider_base_s(const struct draft *d, const struct place *to, bool *is_routed)
{
	const struct route_facts *f = d->facts;

	*is_routed = f->rider_s > 0;
	if (*is_routed)
		return f->rider_s;
	return to->known && to->has_point ? predict_circle_s(f->rider_lat,
	    f->rider_lng, to->lat, to->lng) : 0;
}

/* What is left of a way of that estimate; false: no estimate. */
static bool
way_left(struct draft *d, double base_s, bool is_routed, double elapsed_s,
    struct spread *out)
{
	if (!(base_s > 0))
		return false;
	base_s = fmin(base_s, WAY_MAX_S);
	doubt_by_weight(d, learn_phase_left(d->learn, is_routed ?
	    PHASE_ROUTE_RATIO : PHASE_CIRCLE_RATIO, base_s, elapsed_s, out) +
	    (is_routed ? WEIGHT_MEDIUM : 0));
	if (!is_routed)
		doubt(d, LOW);
	d->road = is_routed ? "route" : "great circle";
	return true;
}

/* What is left of the way of a rider whom we see; false: we do not.  An old
   location is of a rider who has come nearer since, or has not: the window
   gets wider on its far side. */
static bool
rider_left(struct draft *d, const struct place *to, int64_t since_ms,
    struct spread *out)
{
	const struct route_facts *f = d->facts;
	double age_s = since_s(d, f->rider_at_ms), old_s, base_s;
	bool is_routed;

	if (!f->has_rider)
		return false;
	d->stale = age_s * 1000 > PREDICT_STALE_MS;
	/* Where the rider was on the way before this one says nothing. */
	if (f->rider_at_ms < since_ms)
		return false;
	base_s = rider_base_s(d, to, &is_routed);
	if (!way_left(d, fmax(base_s, 1), is_routed, 0, out))
		return false;
	spread_shift(out, -age_s);
	old_s = age_s - (double)PREDICT_OLD_MS / 1000;
	if (old_s > 0) {
		for (int i = 0; i < SPREAD_POINTS; i++)
			out->at[i] += old_s * i / SPREAD_POINTS;
		doubt(d, d->stale ? LOW : MEDIUM);
	}
	return true;
}

/* The whole way from pickup to dropoff, begun elapsed_s ago. */
static void
leg_left(struct draft *d, double elapsed_s, struct spread *out)
{
	const struct order *o = d->o;
	bool is_routed = d->facts->leg_s > 0;
	double base_s = d->facts->leg_s;

	if (!is_routed && o->pickup.known && o->pickup.has_point &&
	    o->dropoff.known && o->dropoff.has_point)
		base_s = predict_circle_s(o->pickup.lat, o->pickup.lng,
		    o->dropoff.lat, o->dropoff.lng);
	/* Where pickup and dropoff are one place there is no ratio. */
	if (base_s > 1) {
		d->leg_s = fmin(base_s, WAY_MAX_S);
		d->is_routed = is_routed;
	}
	if (way_left(d, d->leg_s, is_routed, elapsed_s, out))
		return;
	doubt_by_weight(d, learn_phase_left(d->learn, PHASE_LEG, 1, elapsed_s,
	    out));
	d->road = learn_phase_weight(d->learn, PHASE_LEG) >= WEIGHT_MEDIUM ?
	    "learnt" : "tenant default";
}

/* When the rider is at the pickup.  One who is not yet on the way has other
   places to go first, so where that is says little. */
static void
rider_at_pickup(struct draft *d, struct spread *out)
{
	const int64_t *at = d->t->at_ms;
	struct spread assign;

	if (at[MARK_AT_PICKUP] != 0) {
		spread_point(out, 0);
		return;
	}
	if (d->o->delivery == DELIVERY_EN_ROUTE_PICKUP &&
	    rider_left(d, &d->o->pickup, at[MARK_ASSIGNED], out) && !d->stale)
		return;
	/* The kitchen is still heard of, so the window goes on. */
	d->stale = false;
	(void)learn_phase_left(d->learn, PHASE_APPROACH, 1,
	    since_s(d, at[MARK_ASSIGNED]), out);
	if (at[MARK_ASSIGNED] != 0)
		return;
	(void)learn_phase_left(d->learn, PHASE_ASSIGN, 1,
	    since_s(d, d->o->placed_at_ms), &assign);
	if (d->o->status == ORDER_SCHEDULED)
		spread_shift(&assign, fmax(0, (double)(board_turn_ms(d->o) -
		    d->now_ms) / 1000));
	spread_add(out, &assign);
}

static void
before_pickup(struct draft *d)
{
	const int64_t *at = d->t->at_ms;
	struct spread part;
	double met_s = 0;

	if (at[MARK_READY] != 0 && at[MARK_AT_PICKUP] != 0)
		met_s = since_s(d, at[MARK_READY] > at[MARK_AT_PICKUP] ?
		    at[MARK_READY] : at[MARK_AT_PICKUP]);
	d->all = d->ready;
	rider_at_pickup(d, &part);
	spread_later(&d->all, &part);
	(void)learn_phase_left(d->learn, PHASE_HANDOVER, 1, met_s, &part);
	spread_add(&d->all, &part);
	leg_left(d, 0, &part);
	spread_add(&d->all, &part);
	(void)learn_phase_left(d->learn, PHASE_DROPOFF, 1, 0, &part);
	spread_add(&d->all, &part);
}

static void
after_pickup(struct draft *d)
{
	const int64_t *at = d->t->at_ms;
	struct spread part;

	d->kitchen = NULL;
	if (at[MARK_AT_DROPOFF] != 0) {
		(void)learn_phase_left(d->learn, PHASE_DROPOFF, 1,
		    since_s(d, at[MARK_AT_DROPOFF]), &d->all);
		d->road = "learnt";
		return;
	}
	if (!rider_left(d, &d->o->dropoff, at[MARK_PICKED_UP], &d->all))
		leg_left(d, since_s(d, at[MARK_PICKED_UP]), &d->all);
	d->door_s = spread_quantile(&d->all, 0.5);
	(void)learn_phase_left(d->learn, PHASE_DROPOFF, 1, 0, &part);
	spread_add(&d->all, &part);
}

/* ---- The window --------------------------------------------------------- */

static int64_t
at_ms(const struct draft *d, double s)
{
	return d->now_ms + (int64_t)(s * 1000);
}

static enum stage
stage_of(const struct draft *d, bool on_the_road)
{
	bool delivery = d->o->fulfilment == FULFIL_DELIVERY;

	if (on_the_road)
		return STAGE_LEG;
	if (d->o->status >= ORDER_READY)
		return STAGE_WAITING;
	if (d->begun)
		return delivery ? STAGE_COOKING_DELIVERY : STAGE_COOKING;
	return delivery ? STAGE_QUOTE_DELIVERY : STAGE_QUOTE;
}

static void
write_basis(const struct draft *d, struct prediction *out)
{
	(void)snprintf(out->basis, sizeof(out->basis), "%s%s%s",
	    d->kitchen != NULL ? d->kitchen : "",
	    d->kitchen != NULL && d->road != NULL ? "+" : "",
	    d->road != NULL ? d->road : "");
}

/* What is for later is only off by what follows its beginning. */
static void
calibrate(const struct draft *d, enum stage stage, struct quote *q)
{
	q->made_at_ms = d->far_s > 0 ? 0 : d->now_ms;
	q->plain_p50_s = spread_quantile(&d->all, 0.5);
	q->plain_p90_s = spread_quantile(&d->all, 0.9);
	q->p50_s = fmax(0, q->plain_p50_s - d->far_s);
	q->p90_s = fmax(0, q->plain_p90_s - d->far_s);
	calib_apply(learn_calib(d->learn, stage), &q->p50_s, &q->p90_s);
	q->p50_s += d->far_s;
	q->p90_s += d->far_s;
}

static void
finish(const struct draft *d, bool on_the_road, struct prediction *out)
{
	struct quote *q = &out->quote;

	out->known = true;
	out->stale = d->stale;
	out->stage = stage_of(d, on_the_road);
	calibrate(d, out->stage, q);
	out->p50_at_ms = at_ms(d, q->p50_s);
	out->p90_at_ms = at_ms(d, q->p90_s);
	out->ready_p50_at_ms = at_ms(d, spread_quantile(&d->ready, 0.5));
	out->ready_p90_at_ms = at_ms(d, spread_quantile(&d->ready, 0.9));
	if (d->kitchen == kitchen_word && d->road == NULL) {
		/* As it was said, to the millisecond, and not our mistake. */
		out->p50_at_ms = out->p90_at_ms = d->t->kitchen_ready_at_ms;
		q->made_at_ms = 0;
	}
	out->confidence = confidence_names[d->confidence];
	out->n_ahead = d->n_ahead;
	out->leg_s = d->leg_s;
	out->is_routed = d->is_routed;
	out->imminent = on_the_road && !d->stale &&
	    (d->t->at_ms[MARK_AT_DROPOFF] != 0 ||
	    (d->facts->has_rider && d->door_s <= IMMINENT_S));
	write_basis(d, out);
}

void
predict(const struct order *o, const struct trail *t, struct board *board,
    const struct route_facts *facts, struct prediction *out)
{
	bool delivery = o->fulfilment == FULFIL_DELIVERY;
	bool on_the_road = delivery && order_is_on_the_road(o);
	struct draft d = {
		.o = o,
		.t = t,
		.board = board,
		.learn = board->learn,
		.facts = facts,
		.now_ms = board->now_ms,
		.n_ahead = board->n_orders,
		.confidence = HIGH,
	};

	memset(out, 0, sizeof(*out));
	if (order_is_finished(o) || trail_is_done(t) ||
	    o->status == ORDER_DELIVERY_FAILED)
		return;
	if (o->status < ORDER_READY)
		board->n_orders++;
	estimate_ready(&d);
	d.all = d.ready;
	if (on_the_road)
		after_pickup(&d);
	else if (delivery)
		before_pickup(&d);
	finish(&d, on_the_road, out);
}

void
predict_keep(struct trail *t, const struct prediction *p)
{
	if (!p->known)
		return;
	if (t->quotes[p->stage].made_at_ms == 0)
		t->quotes[p->stage] = p->quote;
	if (t->n_ahead < 0)
		t->n_ahead = p->n_ahead;
	if (t->at_ms[MARK_PICKED_UP] == 0 && p->leg_s > 0) {
		t->leg_s = p->leg_s;
		t->is_routed = p->is_routed;
	}
}
