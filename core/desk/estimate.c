/* SPDX-License-Identifier: MIT */
/*
 * estimate - when each active order will be ready, or there: looked at after
 * every change and every so often, and told when it is worth it.
 *
 * A change only marks its order.  Marked orders of a tenant are looked at
 * together a moment later, because they share the board of its stations; how
 * often that is depends on what it costs (PASS_SHARE), so that a tenant with
 * thousands of orders gets older estimates and not a slower server.
 *
 * Decides nothing about windows (order/predict.h) nor whether they are worth
 * an event (order/tell.h).  A new order's first estimate is part of its
 * creation.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

#include "base/mem.h"
#include "base/metric.h"
#include "desk/kitchen.h"
#include "desk/room.h"
#include "order/learn.h"
#include "order/route.h"

#define TICK_MS 250
#define AGAIN_MS 20000			/* without anything new */
#define MOVED_MS 10000			/* a driver who moves */
#define CALM_MS 20000			/* between two of one order */
#define PASS_SHARE 100			/* a hundredth of the loop's time */
#define ORDERS_MAX 500u			/* on a board; more just wait */
#define MAKE_MAX 64u			/* estimates in one pass */
#define BOARD_OLD_MS 5000
#define ROUTE_OFF_M 300.0

/* ---- Kitchens ----------------------------------------------------------- */

static struct kitchen *
kitchen_new(struct orders *o, struct book_tenant *t,
    const struct set_tenant *set)
{
	struct learn_rules rules = learn_rules_default;
	struct kitchen *k = mem_alloc(sizeof(*k));

	if (set->prep_ms > 0)
		rules.prep_s = (double)set->prep_ms / 1000;
	k->orders = o;
	k->tenant = t;
	k->learn = learn_new(&rules);
	k->board_ms = INT64_MIN;
	k->due_ms = INT64_MAX;
	t->learnt = k;
	DL_APPEND(o->kitchens, k);
	learnt_load(k);
	return k;
}

/* NULL: this tenant wants none. */
static struct kitchen *
kitchen_of(struct orders *o, struct book_tenant *t)
{
	const struct set_tenant *set;

	if (t->learnt != NULL)
		return t->learnt;
	set = settings_tenant(o->set, t->name);
	return set->estimate ? kitchen_new(o, t, set) : NULL;
}

void
kitchens_done(struct orders *o)
{
	struct kitchen *k;
	int i;

	while ((k = o->kitchens) != NULL) {
		DL_DELETE(o->kitchens, k);
		k->tenant->learnt = NULL;
		learn_free(&k->learn);
		for (i = 0; i < BOARD_STATIONS_MAX; i++)
			free(k->names[i]);
		free(k);
	}
	loop_timer_cancel(&o->estimating);
}

static void
keep_names(struct kitchen *k)
{
	struct board *b = &k->board;
	uint32_t i;

	for (i = 0; i < b->n_stations; i++) {
		if (b->stations[i].name == k->names[i])
			continue;
		free(k->names[i]);
		k->names[i] = mem_dup(b->stations[i].name);
		b->stations[i].name = k->names[i];
	}
}

/* ---- What is known of the road ------------------------------------------ */

static void
find_facts(const struct order *o, struct route_facts *out)
{
	const struct location *l = &o->location;
	double left, off_m;

	memset(out, 0, sizeof(*out));
	if (l->known) {
		out->has_rider = true;
		out->rider_lat = l->lat;
		out->rider_lng = l->lng;
		out->rider_at_ms = l->at_ms;
	}
	if (o->route == NULL || !(o->route->duration_s > 0))
		return;
	if (!order_is_on_the_road(o)) {
		out->leg_s = o->route->duration_s;
	} else if (l->known) {
		left = route_left(o->route, l->lat, l->lng, &off_m);
		if (off_m < ROUTE_OFF_M)
			out->rider_s = o->route->duration_s * left + 1;
	}
}

/* ---- Said --------------------------------------------------------------- */

static void
estimate_said(struct command *c)
{
	struct orders *o = c->orders;
	struct entry *e = book_find_id(&o->book, c->order);

	if (e != NULL && e->estimate != NULL) {
		e->estimate->is_saying = false;
		/* Not told: another time, then. */
		if (c->status >= 400)
			e->estimate->told = e->estimate->told_before;
	}
	command_free(&c);
}

static void
estimate_say(struct orders *o, struct entry *e, const struct prediction *p,
    uint32_t what)
{
	struct command *c = say_new(o, e, INTENT_ESTIMATE);

	c->done = estimate_said;
	c->intent.is_near = (what & TELL_NEAR) != 0;
	c->intent.is_imminent = (what & TELL_IMMINENT) != 0;
	if ((what & (TELL_FRAME | TELL_NEAR)) != 0)
		c->intent.eta = (struct eta){
			.known = true,
			.p50_at_ms = p->p50_at_ms,
			.p90_at_ms = p->p90_at_ms,
			.promised_at_ms = tell_promise(e->order, p),
			.confidence = p->confidence,
			.basis = arena_dup(&c->arena, p->basis),
		};
	e->estimate->is_saying = true;
	metric_add(o->metrics, DESK_M_ETA_TOLD, 1);
	say(o, c, e);
}

/* What was told a moment ago stands for a while: taps come in bursts, and
   nobody reads a time that changes twice a minute.  True: another time. */
static bool
put_off(struct orders *o, struct entry *e, const struct prediction *p)
{
	const struct eta *eta = &e->order->eta;
	struct estimate *est = e->estimate;
	int64_t wait_ms = eta->updated_at_ms + CALM_MS -
	    loop_wall_ms(o->loop);

	if (!eta->known || wait_ms <= 0 || wait_ms > CALM_MS ||
	    (p->imminent && !est->told.imminent))
		return false;
	est->due_ms = est->made_ms + wait_ms;
	if (est->kitchen->due_ms > est->due_ms)
		est->kitchen->due_ms = est->due_ms;
	return true;
}

static void
estimate_make(struct kitchen *k, struct entry *e)
{
	struct orders *o = k->orders;
	struct estimate *est = e->estimate;
	struct route_facts facts;
	struct prediction p;
	uint32_t what;

	est->made_ms = loop_now_ms(o->loop);
	est->due_ms = est->made_ms + AGAIN_MS;
	if (k->due_ms > est->due_ms)
		k->due_ms = est->due_ms;
	find_facts(e->order, &facts);
	predict(e->order, &est->trail, &k->board, &facts, &p);
	metric_add(o->metrics, DESK_M_ESTIMATES, 1);
	if (!p.known)
		return;
	predict_keep(&est->trail, &p);
	if (est->is_saying || put_off(o, e, &p))
		return;
	est->told_before = est->told;
	what = tell(&est->told, e->order, &p, loop_wall_ms(o->loop));
	if ((what & (TELL_FRAME | TELL_NEAR | TELL_IMMINENT)) != 0)
		estimate_say(o, e, &p, what);
}

/* ---- A pass over a kitchen ---------------------------------------------- */

struct turn {
	int64_t ms;			/* board_turn_ms */
	uint32_t i;			/* as listed */
	struct entry *e;
	bool is_due;
};

struct turns {
	uint32_t n, n_due;
	struct turn v[ORDERS_MAX + MAKE_MAX];
	struct board now;		/* without those for later */
};

struct turns *
turns_new(void)
{
	return mem_alloc(sizeof(struct turns));
}

static int
turn_compare(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	if (x->ms != y->ms)
		return x->ms < y->ms ? -1 : 1;
	return x->i < y->i ? -1 : 1;
}

/* The orders of a board, and those beyond that are due. */
static void
turns_gather(struct kitchen *k, struct turns *t, bool is_made)
{
	int64_t now_ms = loop_now_ms(k->orders->loop), due_ms = INT64_MAX;
	struct estimate *est;
	struct entry *e;
	bool is_due;

	t->n = t->n_due = 0;
	DL_FOREACH(k->tenant->active, e) {
		est = e->estimate;
		if (est == NULL || trail_is_done(&est->trail))
			continue;
		is_due = is_made && est->due_ms <= now_ms;
		if (t->n_due == MAKE_MAX)
			is_due = false;
		if (is_made && !is_due && est->due_ms < due_ms)
			due_ms = est->due_ms;
		if (t->n >= ORDERS_MAX && !is_due)
			continue;
		t->n_due += is_due;
		t->v[t->n] = (struct turn){ board_turn_ms(e->order), t->n, e,
		    is_due };
		t->n++;
	}
	if (is_made)
		k->due_ms = due_ms;
	qsort(t->v, t->n, sizeof(t->v[0]), turn_compare);
}

/* Everything that stands there; then the estimates in the order of turns, each
   with those before it in the queue.  What is kept is the board as who comes
   now finds it: one for tomorrow is behind them, and no sign of a full
   kitchen. */
static void
pass(struct kitchen *k, bool is_made)
{
	struct orders *o = k->orders;
	struct turns *t = o->turns;
	int64_t now_ms = loop_wall_ms(o->loop);
	bool has_now = false;
	uint32_t i;

	turns_gather(k, t, is_made);
	board_init(&k->board, k->learn, now_ms);
	for (i = 0; i < t->n; i++)
		board_occupy(&k->board, t->v[i].e->order,
		    &t->v[i].e->estimate->trail);
	for (i = 0; i < t->n; i++) {
		if (!has_now && t->v[i].ms > now_ms) {
			t->now = k->board;
			has_now = true;
		}
		if (t->v[i].is_due)
			estimate_make(k, t->v[i].e);
		else
			board_queue(&k->board, t->v[i].e->order);
	}
	if (has_now)
		k->board = t->now;
	if (k->is_begun)
		board_learn(&k->board, k->learn);
	k->is_begun = false;
	k->board_ms = loop_now_ms(o->loop);
	keep_names(k);
}

static int64_t
cost_us(const struct timespec *from)
{
	struct timespec to;

	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	return (to.tv_sec - from->tv_sec) * INT64_C(1000000) +
	    (to.tv_nsec - from->tv_nsec) / 1000;
}

static void
pass_counted(struct kitchen *k, bool is_made)
{
	struct timespec from;

	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	pass(k, is_made);
	k->pass_ms = loop_now_ms(k->orders->loop) +
	    cost_us(&from) * PASS_SHARE / 1000;
}

static void estimate_wake(struct orders *);

static void
estimate_tick(void *arg)
{
	struct orders *o = arg;
	int64_t now_ms = loop_now_ms(o->loop);
	struct kitchen *k;

	o->estimating = NULL;
	DL_FOREACH(o->kitchens, k)
		if (k->due_ms <= now_ms && k->pass_ms <= now_ms)
			pass_counted(k, true);
	estimate_wake(o);
}

/* The timer runs while there is anything to look at. */
static void
estimate_wake(struct orders *o)
{
	int64_t now_ms = loop_now_ms(o->loop), due_ms = INT64_MAX;
	struct kitchen *k;

	if (o->estimating != NULL)
		return;
	DL_FOREACH(o->kitchens, k)
		if (k->due_ms < due_ms)
			due_ms = k->due_ms;
	if (due_ms == INT64_MAX)
		return;
	due_ms -= now_ms;
	o->estimating = loop_timer_start(o->loop, due_ms < TICK_MS ? TICK_MS :
	    due_ms > AGAIN_MS ? AGAIN_MS : due_ms, estimate_tick, o);
	o->estimating_ms = now_ms + due_ms;
}

static void
estimate_due(struct orders *o, struct estimate *est, int64_t due_ms)
{
	struct kitchen *k = est->kitchen;

	if (est->due_ms > due_ms)
		est->due_ms = due_ms;
	if (k->due_ms <= est->due_ms)
		return;
	k->due_ms = est->due_ms;
	if (o->estimating != NULL && o->estimating_ms > k->due_ms + TICK_MS)
		loop_timer_cancel(&o->estimating);
	if (o->estimating == NULL)
		estimate_wake(o);
}

/* ---- The order has changed ---------------------------------------------- */

static uint32_t
count_preparing(const struct order *o)
{
	uint32_t i, n = 0;

	for (i = 0; i < o->n_items; i++)
		n += o->items[i].status == ITEM_PREPARING;
	return n;
}

static uint64_t
mix(uint64_t h, uint64_t v)
{
	return (h ^ v) * UINT64_C(0x100000001b3);	/* FNV-1a */
}

/* The same as long as nothing has happened that an estimate asks for: the
   platform's own events, say, and estimates. */
static uint64_t
what_matters(const struct order *o, const struct trail *t)
{
	uint64_t h = mix(o->status, o->delivery);
	uint32_t i;

	for (i = 0; i < o->n_items; i++)
		h = mix(h, o->items[i].status);
	h = mix(h, (uint64_t)t->kitchen_ready_at_ms);
	return mix(h, (uint64_t)(uintptr_t)o->route);
}

/* An order from the store says when its statuses were, and little more. */
static void
trail_restore(struct trail *t, const struct order *order)
{
	struct order past = *order;
	uint32_t i;

	past.delivery = DELIVERY_NONE;
	past.eta.known = false;
	for (i = 0; i + 1 < order->n_timeline; i++) {
		past.status = order->timeline[i].status;
		trail_note(t, &past, order->timeline[i].at_ms, NULL);
	}
	trail_note(t, order, order->updated_at_ms, NULL);
}

static struct estimate *
estimate_new(struct orders *o, struct entry *e)
{
	struct kitchen *k = kitchen_of(o, e->tenant);
	struct estimate *est;

	if (k == NULL)
		return NULL;
	est = e->estimate = mem_alloc(sizeof(*est));
	est->kitchen = k;
	est->made_ms = INT64_MIN / 2;
	est->due_ms = INT64_MAX;
	trail_init(&est->trail);
	trail_restore(&est->trail, e->order);
	told_restore(&est->told, e->order);
	est->n_preparing = count_preparing(e->order);
	return est;
}

void
estimate_forget(struct entry *e)
{
	if (e->estimate == NULL)
		return;
	trail_done(&e->estimate->trail);
	free(e->estimate);
	e->estimate = NULL;
}

/* The first quote against the truth. */
static void
count_outcome(struct orders *o, const struct trail *t)
{
	int64_t actual_ms, error_ms;
	const struct quote *q;
	int i;

	for (i = 0; i < STAGE_COUNT; i++)
		if (t->quotes[i].made_at_ms != 0)
			break;
	if (i == STAGE_COUNT)
		return;
	q = &t->quotes[i];
	actual_ms = t->at_ms[MARK_DONE] - q->made_at_ms;
	error_ms = actual_ms - (int64_t)(q->p50_s * 1000);
	metric_add(o->metrics, DESK_M_ETA_ERROR,
	    (error_ms < 0 ? -error_ms : error_ms) * 1000);
	metric_add(o->metrics, DESK_M_ETA_DONE, 1);
	if (actual_ms <= (int64_t)(q->p90_s * 1000))
		metric_add(o->metrics, DESK_M_ETA_COVERED, 1);
}

static void
estimate_note(struct orders *o, struct entry *e, struct estimate *est)
{
	const struct order *order = e->order;
	struct kitchen *k = est->kitchen;
	bool was_done = est->trail.at_ms[MARK_DONE] != 0;
	uint32_t n = count_preparing(order);

	trail_note(&est->trail, order, order->updated_at_ms, k->is_loaded ?
	    k->learn : NULL);
	if (n > est->n_preparing)
		k->is_begun = true;
	est->n_preparing = n;
	if (was_done || est->trail.at_ms[MARK_DONE] == 0)
		return;
	count_outcome(o, &est->trail);
	learnt_log(o, order, &est->trail);
}

void
estimate_look(struct orders *o, struct entry *e)
{
	struct estimate *est = e->estimate;
	uint64_t matters;

	if (est != NULL)
		estimate_note(o, e, est);
	else if (!order_is_finished(e->order))
		est = estimate_new(o, e);
	if (est == NULL)
		return;
	if (order_is_finished(e->order)) {
		estimate_forget(e);
		return;
	}
	matters = what_matters(e->order, &est->trail);
	if (matters != est->matters && !trail_is_done(&est->trail))
		estimate_due(o, est, loop_now_ms(o->loop));
	est->matters = matters;
}

void
estimate_mark(struct orders *o, struct entry *e)
{
	if (e->estimate != NULL && !trail_is_done(&e->estimate->trail))
		estimate_due(o, e->estimate, e->estimate->made_ms + MOVED_MS);
}

/* ---- A new order -------------------------------------------------------- */

/* What it is told at first: nobody has to wait for a pass.  Who comes next has
   it before them, unless it is for later. */
void
estimate_quote(void *arg, struct order *order)
{
	struct orders *o = arg;
	struct kitchen *k = kitchen_of(o, book_tenant(&o->book,
	    order->tenant));
	int64_t now_ms = loop_now_ms(o->loop);
	struct route_facts facts = { .has_rider = false };
	struct board *board;
	struct prediction p;
	struct trail trail;

	if (k == NULL)
		return;
	if (k->board_ms == INT64_MIN || (now_ms - k->board_ms > BOARD_OLD_MS &&
	    k->pass_ms <= now_ms))
		pass_counted(k, false);
	k->board.now_ms = loop_wall_ms(o->loop);
	board = &k->board;
	if (board_turn_ms(order) > k->board.now_ms) {
		o->turns->now = k->board;
		board = &o->turns->now;
	}
	trail_init(&trail);
	trail_note(&trail, order, order->placed_at_ms, NULL);
	predict(order, &trail, board, &facts, &p);
	trail_done(&trail);
	keep_names(k);
	if (p.known)
		order->eta = (struct eta){
			.known = true,
			.p50_at_ms = p.p50_at_ms,
			.p90_at_ms = p.p90_at_ms,
			.promised_at_ms = tell_promise(order, &p),
			.updated_at_ms = order->placed_at_ms,
			.confidence = p.confidence,
			.basis = arena_dup(&order->arena, p.basis),
		};
}
