/* SPDX-License-Identifier: MIT */
/*
 * kitchen_sim - see kitchen_sim.h.
 *
 * What is true (how long a thing is really going to take) and what is seen
 * (orders, trails, facts) stand apart: `truth` is never read by an estimate.
 */
#include "kitchen_sim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "order/board.h"
#include "order/learn.h"

#define T0_MS INT64_C(1763805600000)
#define STATIONS 3
#define SKUS 12
#define TICK_S 30.0
#define DAY_S 86400.0
#define OPEN_S (11 * 3600.0)
#define CLOSE_S (22 * 3600.0)
#define ACTIVE_MAX 512
#define WINDOWS_MAX 512
#define PICKUP_LAT 51.5
#define PICKUP_LNG -0.1
#define M_PER_LAT 111195.0
#define M_PER_LNG 69220.0

const double sim_mean_shares[4] = { 0.02, 0.05, 0.1, 0.2 };

struct dish {
	const char *sku, *station;
	double median_s, sigma;
	int64_t prep_s;			/* as the menu says it; -1: not */
};

static const struct dish dishes[SKUS] = {
	{ "burger", "grill", 330, 0.30, 300 },
	{ "steak", "grill", 620, 0.35, 480 },
	{ "kebab", "grill", 400, 0.30, -1 },
	{ "fish", "grill", 480, 0.40, -1 },
	{ "chips", "fry", 210, 0.20, 180 },
	{ "wings", "fry", 390, 0.25, 420 },
	{ "rings", "fry", 180, 0.25, -1 },
	{ "tempura", "fry", 300, 0.35, -1 },
	{ "salad", "cold", 150, 0.35, 120 },
	{ "sushi", "cold", 420, 0.40, 600 },
	{ "wrap", "cold", 200, 0.30, -1 },
	{ "dessert", "cold", 120, 0.45, -1 },
};

static const struct {
	const char *name;
	uint32_t slots;
} stations[STATIONS] = { { "grill", 5 }, { "fry", 3 }, { "cold", 3 } };

enum moment {
	ARRIVES, ACCEPTED, ITEM_COOKED, ITEM_TAPPED, ASSIGNED, SETS_OUT,
	AT_PICKUP, PICKED_UP, AT_DROPOFF, DELIVERED, TICK,
};

struct happening {
	double t;
	enum moment what;
	uint32_t order, item;
};

/* What nobody but the simulation knows. */
struct truth {
	double cook_s[SIM_ITEMS_MAX];
	double tap_s[SIM_ITEMS_MAX];	/* cooked to tapped */
	double out_m_lat, out_m_lng;	/* the dropoff, from the pickup */
	double from_m_lat, from_m_lng;	/* the rider at first */
	double approach_s, leg_s, dropoff_s, handover_s;
	double silent_from_s, silent_to_s;	/* of the leg */
	double set_out_at, picked_up_at;
	bool has_router;
	double router_leg_s;
	bool is_at_pickup, is_ready, is_leaving;
};

struct sim_order {
	struct order o;
	struct item items[SIM_ITEMS_MAX];
	struct truth truth;
	struct trail trail;
	struct told told;
	struct route_facts facts;
	double windows_p90[WINDOWS_MAX];
	uint32_t n_windows;
	double moved_s;			/* by the last frame that moved it */
	struct sim_result *result;
};

struct waiting {
	uint32_t order, item;
};

struct sim {
	const struct sim_settings *set;
	uint64_t luck;
	double now;
	double staff, roads;		/* today's */
	struct learn *learn;
	struct board board;
	struct sim_order **orders;	/* by number; NULL: gone or to come */
	struct sim_result *results;
	uint32_t n_arrived;
	uint32_t active[ACTIVE_MAX], n_active;
	struct happening *heap;
	uint32_t n_heap, heap_room;
	struct waiting *queues[STATIONS];
	uint32_t heads[STATIONS], tails[STATIONS], busy[STATIONS];
	double means[2][4];		/* in the running */
	uint64_t estimates;
};

/* ---- Luck --------------------------------------------------------------- */

/* splitmix64 */
static double
uniform(struct sim *s)
{
	uint64_t z = (s->luck += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static double
normal(struct sim *s)
{
	double r = sqrt(-2 * log(uniform(s)));

	return r * cos(2 * M_PI * uniform(s));
}

static double
lognormal(struct sim *s, double median, double sigma)
{
	return median * exp(sigma * normal(s));
}

static double
exponential(struct sim *s, double mean)
{
	return -mean * log(uniform(s));
}

/* ---- What happens when -------------------------------------------------- */

static void
happen(struct sim *s, double t, enum moment what, uint32_t order,
    uint32_t item)
{
	uint32_t i = s->n_heap++;

	if (s->n_heap > s->heap_room) {
		s->heap_room = s->heap_room * 2 + 64;
		s->heap = mem_grow(s->heap, s->heap_room * sizeof(*s->heap));
	}
	for (; i > 0 && s->heap[(i - 1) / 2].t > t; i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = (struct happening){ t, what, order, item };
}

static struct happening
next_happening(struct sim *s)
{
	struct happening first = s->heap[0], last = s->heap[--s->n_heap];
	uint32_t i = 0, child;

	for (;; i = child) {
		child = 2 * i + 1;
		if (child + 1 < s->n_heap &&
		    s->heap[child + 1].t < s->heap[child].t)
			child++;
		if (child >= s->n_heap || s->heap[child].t >= last.t)
			break;
		s->heap[i] = s->heap[child];
	}
	s->heap[i] = last;
	return first;
}

static double
bump(double hour, double at, double width)
{
	return exp(-(hour - at) * (hour - at) / (2 * width * width));
}

/* How busy it is, 0 to 1. */
static double
rush(double t)
{
	double hour = fmod(t, DAY_S) / 3600;

	return fmin(1, bump(hour, 12.8, 0.7) + 0.8 * bump(hour, 19.2, 0.9));
}

/* By thinning.  A new day has a staff and roads of its own. */
static double
next_arrival(struct sim *s, double t)
{
	double most = 78 / 3600.0, quiet = 18 / 3600.0, rate;

	do {
		t += exponential(s, 1 / most);
		if (fmod(t, DAY_S) > CLOSE_S) {
			t = (floor(t / DAY_S) + 1) * DAY_S + OPEN_S;
			s->staff = lognormal(s, 1, 0.1);
			s->roads = lognormal(s, 1, 0.1);
		}
		rate = quiet + (most - quiet) * rush(t);
	} while (uniform(s) * most > rate);
	return t;
}

static int64_t
ms_of(double t)
{
	return T0_MS + (int64_t)(t * 1000);
}

/* ---- What is seen: estimates -------------------------------------------- */

static void
see_frame(struct sim_order *so, const struct prediction *p)
{
	struct eta *eta = &so->o.eta;
	double moved_s = eta->known ?
	    (double)(p->p50_at_ms - eta->p50_at_ms) / 1000 : 0;

	so->result->frames++;
	if (fabs(moved_s) > 60) {
		so->result->flaps += moved_s * so->moved_s < 0;
		so->moved_s = moved_s;
	}
	eta->promised_at_ms = tell_promise(&so->o, p);
	eta->known = true;
	eta->p50_at_ms = p->p50_at_ms;
	eta->p90_at_ms = p->p90_at_ms;
}

static void
estimate(struct sim *s, struct sim_order *so)
{
	struct prediction p;

	predict(&so->o, &so->trail, &s->board, &so->facts, &p);
	s->estimates++;
	if (!p.known)
		return;
	predict_keep(&so->trail, &p);
	so->o.eta.updated_at_ms = ms_of(s->now);
	if ((tell(&so->told, &so->o, &p, ms_of(s->now)) & TELL_FRAME) != 0)
		see_frame(so, &p);
	if (so->n_windows < WINDOWS_MAX)
		so->windows_p90[so->n_windows++] =
		    (double)(p.p90_at_ms - T0_MS) / 1000;
}

static void
fill_board(struct sim *s)
{
	struct sim_order *so;

	board_init(&s->board, s->learn, ms_of(s->now));
	for (uint32_t i = 0; i < s->n_active; i++) {
		so = s->orders[s->active[i]];
		board_occupy(&s->board, &so->o, &so->trail);
	}
}

static void
estimate_all(struct sim *s)
{
	fill_board(s);
	for (uint32_t i = 0; i < s->n_active; i++)
		estimate(s, s->orders[s->active[i]]);
}

static void
estimate_one(struct sim *s, uint32_t order)
{
	fill_board(s);
	for (uint32_t i = 0; i < s->n_active && s->active[i] != order; i++)
		board_queue(&s->board, &s->orders[s->active[i]]->o);
	estimate(s, s->orders[order]);
}

static void
see(struct sim *s, uint32_t order)
{
	struct sim_order *so = s->orders[order];

	so->o.seq++;
	trail_note(&so->trail, &so->o, ms_of(s->now), s->learn);
}

/* The rider's place now, on a straight line; what a router says of it. */
static void
see_rider(struct sim *s, struct sim_order *so)
{
	const struct truth *u = &so->truth;
	double gone, m_lat = 0, m_lng = 0, on_leg = s->now - u->picked_up_at;

	if (so->o.delivery == DELIVERY_EN_ROUTE_PICKUP) {
		gone = (s->now - u->set_out_at) / u->approach_s;
		m_lat = u->from_m_lat * (1 - gone);
		m_lng = u->from_m_lng * (1 - gone);
		so->facts.rider_s = 0;
	} else if (so->o.delivery == DELIVERY_EN_ROUTE_DROPOFF &&
	    (on_leg < u->silent_from_s || on_leg > u->silent_to_s)) {
		gone = on_leg / u->leg_s;
		m_lat = u->out_m_lat * gone;
		m_lng = u->out_m_lng * gone;
		so->facts.rider_s = u->has_router ?
		    u->router_leg_s * (1 - gone) : 0;
	} else {
		return;
	}
	so->facts.has_rider = true;
	so->facts.rider_lat = PICKUP_LAT + m_lat / M_PER_LAT;
	so->facts.rider_lng = PICKUP_LNG + m_lng / M_PER_LNG;
	so->facts.rider_at_ms = ms_of(s->now);
}

/* ---- What is true: the kitchen ------------------------------------------ */

static int
station_index(const char *name)
{
	int i = 0;

	while (strcmp(stations[i].name, name) != 0)
		i++;
	return i;
}

static void
set_item(struct sim *s, uint32_t order, uint32_t item, enum item_status to)
{
	struct sim_order *so = s->orders[order];

	if (!s->set->silent_items)
		so->items[item].status = to;
	if (to == ITEM_PREPARING && so->o.status < ORDER_PREPARING)
		so->o.status = ORDER_PREPARING;
}

static void
work_on(struct sim *s, int station)
{
	struct waiting *w;

	while (s->busy[station] < stations[station].slots &&
	    s->heads[station] < s->tails[station]) {
		w = &s->queues[station][s->heads[station]++];
		s->busy[station]++;
		set_item(s, w->order, w->item, ITEM_PREPARING);
		see(s, w->order);
		happen(s, s->now + s->orders[w->order]->truth.
		    cook_s[w->item], ITEM_COOKED, w->order, w->item);
		fill_board(s);
		for (uint32_t i = 0; i < s->n_active; i++)
			board_queue(&s->board,
			    &s->orders[s->active[i]]->o);
		board_learn(&s->board, s->learn);
		estimate_one(s, w->order);
	}
}

static void
accept(struct sim *s, uint32_t order)
{
	struct sim_order *so = s->orders[order];
	int station;

	so->o.status = ORDER_ACCEPTED;
	see(s, order);
	for (uint32_t i = 0; i < so->o.n_items; i++) {
		station = station_index(so->items[i].station);
		s->queues[station][s->tails[station]++] =
		    (struct waiting){ order, i };
	}
	for (station = 0; station < STATIONS; station++)
		work_on(s, station);
}

static void
end_order(struct sim *s, uint32_t order)
{
	struct sim_order *so = s->orders[order];
	struct sim_result *r = so->result;
	double *mean = s->means[r->delivery];
	uint32_t i;

	r->done_s = s->now - r->quote_at_s;
	r->windows = so->n_windows;
	for (i = 0; i < so->n_windows; i++)
		r->windows_held += s->now <= so->windows_p90[i];
	memcpy(r->quotes, so->trail.quotes, sizeof(r->quotes));
	for (i = 0; i < 4; i++)
		mean[i] += (mean[i] == 0 ? 1 : sim_mean_shares[i]) *
		    (r->done_s - mean[i]);
	for (i = 0; s->active[i] != order; i++)
		continue;
	s->n_active--;
	memmove(&s->active[i], &s->active[i + 1],
	    (s->n_active - i) * sizeof(*s->active));
	trail_done(&so->trail);
	free(so);
	s->orders[order] = NULL;
}

/* Order and rider are both there. */
static void
meet(struct sim *s, uint32_t order)
{
	struct truth *u = &s->orders[order]->truth;

	if (!u->is_at_pickup || !u->is_ready || u->is_leaving)
		return;
	u->is_leaving = true;
	happen(s, s->now + u->handover_s, PICKED_UP, order, 0);
}

static void
item_tapped(struct sim *s, uint32_t order, uint32_t item)
{
	struct sim_order *so = s->orders[order];
	struct truth *u = &so->truth;

	set_item(s, order, item, ITEM_READY);
	u->cook_s[item] = 0;
	u->is_ready = true;
	for (uint32_t i = 0; i < so->o.n_items; i++)
		u->is_ready = u->is_ready && u->cook_s[i] <= 0;
	if (u->is_ready)
		so->o.status = ORDER_READY;
	see(s, order);
	if (so->result->delivery || !u->is_ready)
		estimate_one(s, order);
	if (so->result->delivery)
		meet(s, order);
	else if (u->is_ready)
		end_order(s, order);
}

/* ---- What is true: an order comes --------------------------------------- */

static void
add_item(struct sim *s, struct sim_order *so, uint32_t i)
{
	const struct dish *dish = &dishes[(int)(uniform(s) * SKUS)];
	struct item *item = &so->items[i];
	double u = uniform(s);

	item->sku = item->name = dish->sku;
	item->station = dish->station;
	item->prep_s = dish->prep_s;
	item->quantity = u < 0.75 ? 1 : u < 0.93 ? 2 : 3;
	item->status = ITEM_QUEUED;
	so->truth.cook_s[i] = lognormal(s, dish->median_s, dish->sigma) *
	    s->staff * pow((double)item->quantity, 0.6) *
	    (uniform(s) < 0.02 ? 2 : 1);
	so->truth.tap_s[i] = exponential(s, 15);
}

static void
add_road(struct sim *s, struct sim_order *so)
{
	struct truth *u = &so->truth;
	double far_m = 600 + 4400 * uniform(s), way = 2 * M_PI * uniform(s);
	double slow = s->roads * (1 + 0.2 * rush(s->now));

	u->out_m_lat = far_m * sin(way);
	u->out_m_lng = far_m * cos(way);
	u->router_leg_s = far_m * 1.35 / (22 / 3.6);
	u->leg_s = u->router_leg_s * lognormal(s, 1, 0.18) * slow;
	u->has_router = uniform(s) < 0.75;
	u->approach_s = lognormal(s, 400, 0.4) * slow;
	u->from_m_lat = u->approach_s * 4.2 * sin(way + 2);
	u->from_m_lng = u->approach_s * 4.2 * cos(way + 2);
	u->handover_s = lognormal(s, 60, 0.5);
	u->dropoff_s = lognormal(s, 110, 0.5);
	u->silent_from_s = uniform(s) < 0.05 ? 60 : INFINITY;
	u->silent_to_s = u->silent_from_s + 420;
	so->facts.leg_s = u->has_router ? u->router_leg_s : 0;
	so->o.pickup = (struct place){ .known = true, .has_point = true,
	    .lat = PICKUP_LAT, .lng = PICKUP_LNG };
	so->o.dropoff = (struct place){ .known = true, .has_point = true,
	    .lat = PICKUP_LAT + u->out_m_lat / M_PER_LAT,
	    .lng = PICKUP_LNG + u->out_m_lng / M_PER_LNG };
}

static void
arrive(struct sim *s)
{
	uint32_t order = s->n_arrived++;
	struct sim_order *so = mem_alloc(sizeof(*so));
	struct sim_result *r = &s->results[order];
	double kind = uniform(s), accepted_s = lognormal(s, 30, 0.6);
	const struct quote *q;

	s->orders[order] = so;
	OW_ASSERT(s->n_active < ACTIVE_MAX);
	s->active[s->n_active++] = order;
	so->result = r;
	so->o.fulfilment = kind < 0.55 ? FULFIL_DELIVERY :
	    kind < 0.85 ? FULFIL_PICKUP : FULFIL_DINE_IN;
	so->o.status = ORDER_PLACED;
	so->o.placed_at_ms = ms_of(s->now);
	so->o.items = so->items;
	so->o.n_items = 1 + (uint32_t)(uniform(s) * uniform(s) * 4);
	for (uint32_t i = 0; i < so->o.n_items; i++)
		add_item(s, so, i);
	trail_init(&so->trail);
	told_init(&so->told);
	see(s, order);
	r->delivery = so->o.fulfilment == FULFIL_DELIVERY;
	r->quote_at_s = s->now;
	memcpy(r->mean_s, s->means[r->delivery], sizeof(r->mean_s));
	happen(s, s->now + accepted_s, ACCEPTED, order, 0);
	if (r->delivery) {
		add_road(s, so);
		happen(s, s->now + accepted_s + lognormal(s, 240, 0.6) *
		    (1 + 0.5 * rush(s->now)), ASSIGNED, order, 0);
	}
	estimate_one(s, order);
	q = &so->trail.quotes[r->delivery ? STAGE_QUOTE_DELIVERY :
	    STAGE_QUOTE];
	r->p50_s = q->p50_s;
	r->p90_s = q->p90_s;
	if (s->n_arrived < s->set->n_orders)
		happen(s, next_arrival(s, s->now), ARRIVES, 0, 0);
}

/* ---- What is true: the road --------------------------------------------- */

static void
ride(struct sim *s, const struct happening *h)
{
	static const enum delivery_status becomes[] = {
		[ASSIGNED] = DELIVERY_ASSIGNED,
		[SETS_OUT] = DELIVERY_EN_ROUTE_PICKUP,
		[AT_PICKUP] = DELIVERY_ARRIVED_PICKUP,
		[PICKED_UP] = DELIVERY_EN_ROUTE_DROPOFF,
		[AT_DROPOFF] = DELIVERY_ARRIVED_DROPOFF,
		[DELIVERED] = DELIVERY_DELIVERED,
	};
	struct sim_order *so = s->orders[h->order];
	struct truth *u = &so->truth;

	so->o.delivery = becomes[h->what];
	if (h->what == ASSIGNED) {
		happen(s, s->now + 20, SETS_OUT, h->order, 0);
	} else if (h->what == SETS_OUT) {
		u->set_out_at = s->now;
		happen(s, s->now + u->approach_s, AT_PICKUP, h->order, 0);
	} else if (h->what == AT_PICKUP) {
		u->is_at_pickup = true;
	} else if (h->what == PICKED_UP) {
		u->picked_up_at = s->now;
		so->o.status = ORDER_OUT_FOR_DELIVERY;
		happen(s, s->now + u->leg_s, AT_DROPOFF, h->order, 0);
	} else if (h->what == AT_DROPOFF) {
		happen(s, s->now + u->dropoff_s, DELIVERED, h->order, 0);
	} else {
		so->o.status = ORDER_DELIVERED;
	}
	see_rider(s, so);
	see(s, h->order);
	if (h->what == DELIVERED) {
		end_order(s, h->order);
		return;
	}
	estimate_one(s, h->order);
	meet(s, h->order);
}

static void
tick(struct sim *s)
{
	for (uint32_t i = 0; i < s->n_active; i++)
		see_rider(s, s->orders[s->active[i]]);
	estimate_all(s);
	if (s->n_active > 0 || s->n_arrived < s->set->n_orders)
		happen(s, s->now + TICK_S, TICK, 0, 0);
}

static void
step(struct sim *s, const struct happening *h)
{
	int station;

	s->now = h->t;
	if (h->what == ARRIVES) {
		arrive(s);
	} else if (h->what == TICK) {
		tick(s);
	} else if (h->what == ACCEPTED) {
		accept(s, h->order);
	} else if (h->what == ITEM_COOKED) {
		station = station_index(
		    s->orders[h->order]->items[h->item].station);
		s->busy[station]--;
		happen(s, s->now + s->orders[h->order]->truth.tap_s[h->item],
		    ITEM_TAPPED, h->order, h->item);
		work_on(s, station);
	} else if (h->what == ITEM_TAPPED) {
		item_tapped(s, h->order, h->item);
	} else {
		ride(s, h);
	}
}

struct sim_result *
sim_run(const struct sim_settings *set, uint64_t *out_estimates)
{
	struct sim *s = mem_alloc(sizeof(*s));
	struct sim_result *results;
	struct happening h;
	int i;

	s->set = set;
	s->luck = set->seed;
	s->staff = s->roads = 1;
	s->learn = learn_new(&learn_rules_default);
	s->orders = mem_alloc(set->n_orders * sizeof(*s->orders));
	s->results = results = mem_alloc(set->n_orders * sizeof(*results));
	for (i = 0; i < STATIONS; i++)
		s->queues[i] = mem_alloc((size_t)set->n_orders *
		    SIM_ITEMS_MAX * sizeof(**s->queues));
	happen(s, next_arrival(s, OPEN_S), ARRIVES, 0, 0);
	happen(s, OPEN_S, TICK, 0, 0);
	while (s->n_heap > 0) {
		h = next_happening(s);
		step(s, &h);
	}
	*out_estimates = s->estimates;
	for (i = 0; i < STATIONS; i++)
		free(s->queues[i]);
	free(s->heap);
	free(s->orders);
	learn_free(&s->learn);
	free(s);
	return results;
}
