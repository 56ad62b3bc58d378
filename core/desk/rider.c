/* SPDX-License-Identifier: MIT */
/*
 * rider - the drivers who carry orders: who they are, where they were last,
 * and who is shown that.
 *
 * A location is no event.  The newest one by the driver's own clock replaces
 * the one before, in each order that the driver carries; screens hear of it
 * at most once a second, kitchens never.  This is the one place that paces:
 * what is told is new to somebody, and goes out at once.  What screens may see
 * of it is the order's to say (order_location).
 *
 * Invariants: a driver is in the table while an order is carried, and for a
 * while afterwards; at_ms of a location only grows; an order is told no two
 * within TELL_EVERY_MS, whoever carries it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/carry.h"
#include "desk/room.h"
#include "order/predict.h"

#define TELL_EVERY_MS 1000
#define SAME_EVERY_MS 30000	/* a place that is told coarsely, again */
#define IDLE_MS 600000
#define IDLE_MAX 20000u
#define ROW_EVERY_MS 60000
#define AHEAD_MAX_MS 60000		/* of a driver's clock */
#define KEY_MAX 600

static size_t
rider_key(const char *tenant, const char *id, char out[KEY_MAX])
{
	size_t t = strlen(tenant), n = strlen(id);

	if (t + n + 2 > KEY_MAX)
		return 0;
	memcpy(out, tenant, t);
	out[t] = '\n';
	memcpy(out + t + 1, id, n + 1);
	return t + 1 + n;
}

struct rider *
rider_find(struct orders *o, const char *tenant, const char *id)
{
	struct rider *r = NULL;
	char key[KEY_MAX];
	size_t n = rider_key(tenant, id, key);

	if (n > 0)
		HASH_FIND(hh, o->riders, key, n, r);
	return r;
}

struct rider *
rider_get(struct orders *o, const char *tenant, const char *id)
{
	struct rider *r = rider_find(o, tenant, id);
	char key[KEY_MAX];
	size_t n = rider_key(tenant, id, key);

	if (r != NULL || n == 0 || HASH_COUNT(o->riders) >=
	    o->book.n_active + IDLE_MAX)
		return r;
	r = mem_alloc(sizeof(*r) + n + 1);
	memcpy(r->key, key, n + 1);
	r->orders = o;
	r->known.rating = -1;
	r->idle_ms = loop_now_ms(o->loop);
	HASH_ADD_KEYPTR(hh, o->riders, r->key, n, r);
	return r;
}

static void
rider_free(struct orders *o, struct rider *r)
{
	OW_ASSERT(r->carries == NULL);
	HASH_DEL(o->riders, r);
	arena_done(&r->arena);
	free(r);
}

/* ---- Who ---------------------------------------------------------------- */

static const char *
within(const char *s, size_t max)
{
	return s != NULL && strlen(s) <= max ? s : NULL;
}

/* What is not said stays as it was known. */
bool
rider_know(struct rider *r, const struct ow_driver *d)
{
	struct driver new = {
		.id = d->id, .name = within(d->name, 80),
		.photo_url = within(d->photo_url, 2000),
		.vehicle = within(d->vehicle, 80),
		.phone = within(d->phone, 40), .rating = d->rating,
	}, *had = &r->known;
	struct arena arena;

	if (new.photo_url != NULL && strncmp(new.photo_url, "https://", 8) &&
	    strncmp(new.photo_url, "http://", 7))
		new.photo_url = NULL;
	new.name = new.name != NULL ? new.name : had->name;
	new.photo_url = new.photo_url != NULL ? new.photo_url :
	    had->photo_url;
	new.vehicle = new.vehicle != NULL ? new.vehicle : had->vehicle;
	new.phone = new.phone != NULL ? new.phone : had->phone;
	new.rating = new.rating >= 0 ? new.rating : had->rating;
	if (r->version > 0 && mem_is_same(new.name, had->name) &&
	    mem_is_same(new.photo_url, had->photo_url) &&
	    mem_is_same(new.vehicle, had->vehicle) &&
	    mem_is_same(new.phone, had->phone) &&
	    fabs(new.rating - had->rating) < 1e-9)
		return false;
	arena_init(&arena);
	driver_copy(&arena, &new, &r->known);
	arena_done(&r->arena);
	r->arena = arena;
	r->version++;
	return true;
}

void
driver_copy(struct arena *a, const struct driver *from, struct driver *to)
{
	struct driver d = { .rating = from->rating };

	d.id = arena_dup(a, from->id);
	d.name = arena_dup(a, from->name);
	d.photo_url = arena_dup(a, from->photo_url);
	d.vehicle = arena_dup(a, from->vehicle);
	d.phone = arena_dup(a, from->phone);
	*to = d;
}

/* ---- Told --------------------------------------------------------------- */

static struct event *
location_event(struct orders *o, const struct entry *e,
    const struct location *l, int64_t ago_ms)
{
	int64_t wall_ms = loop_wall_ms(o->loop) - ago_ms;
	struct buf out = BUF_INIT(1024);
	struct event *event;
	char id[ID_SIZE];
	struct jw w;

	id_new(&o->ids, wall_ms, id);
	jw_init(&w, &out);
	jw_object(&w, NULL);
	jw_text(&w, "type", "driver.location.updated");
	jw_text(&w, "id", id);
	jw_text(&w, "order_id", e->order->id);
	jw_time(&w, "at", wall_ms);
	location_write(&w, "data", l);
	jw_end(&w);
	OW_ASSERT(!out.full);
	event = event_make(e->order->tenant, e->order->id,
	    "driver.location.updated", 0, wall_ms, out.p, out.n);
	buf_done(&out);
	return event;
}

/* A cell of the grid that was told already is no news for a while. */
static bool
is_news(const struct carry *c, const struct location *l, int64_t now_ms)
{
	bool is_same_place = fabs(c->told.lat - l->lat) < 1e-9 &&
	    fabs(c->told.lng - l->lng) < 1e-9 &&
	    c->told.is_stale == l->is_stale;

	if (!c->told.known || !is_same_place)
		return true;
	/* Out of sight and back before it was told. */
	if (c->told.at_ms == l->at_ms)
		return false;
	return c->entry->order->status == ORDER_OUT_FOR_DELIVERY ||
	    now_ms - c->told_ms >= SAME_EVERY_MS;
}

static void
carry_say(struct orders *o, struct carry *c, const struct location *l)
{
	struct event *event = location_event(o, c->entry, l, 0);
	uint32_t f;

	c->told = *l;
	c->told_ms = loop_now_ms(o->loop);
	for (f = 0; f < o->n_hubs; f++)
		if ((c->entry->watchers >> f & 1) != 0)
			hub_tell(o->hubs[f], event);
	event_unref(&event);
}

static void carry_tell_later(void *arg);

/* At once, or as soon as the second is over; what is not told yet costs no
   more than a look. */
static void
carry_tell(struct carry *c)
{
	struct orders *o = c->rider->orders;
	int64_t now_ms = loop_now_ms(o->loop);
	int64_t wait_ms = c->told_ms + TELL_EVERY_MS - now_ms;
	struct location l;

	if (c->telling != NULL)
		return;
	/* Whoever comes next has it from the snapshot. */
	if (c->entry->watchers == 0)
		c->told.known = false;
	if (c->entry->watchers == 0 ||
	    !order_location(c->entry->order, loop_wall_ms(o->loop), &l) ||
	    !is_news(c, &l, now_ms))
		return;
	if (wait_ms <= 0)
		carry_say(o, c, &l);
	else
		c->telling = loop_timer_start(o->loop, wait_ms,
		    carry_tell_later, c);
}

static void
carry_tell_later(void *arg)
{
	struct carry *c = arg;

	c->telling = NULL;
	carry_tell(c);
}

struct event *
carry_again(struct orders *o, struct carry *c)
{
	int64_t now_ms = loop_now_ms(o->loop);
	struct location l;

	if (c->entry->watchers != 0 && c->told.known)
		return location_event(o, c->entry, &c->told,
		    now_ms - c->told_ms);
	if (!order_location(c->entry->order, loop_wall_ms(o->loop), &l))
		return NULL;
	/* The first one here sets the pace; nobody waits for who comes. */
	if (c->entry->watchers == 0) {
		c->told = l;
		c->told_ms = now_ms;
	}
	return location_event(o, c->entry, &l, 0);
}

/* ---- Where -------------------------------------------------------------- */

void
carry_show(struct orders *o, struct carry *c)
{
	struct entry *e = c->entry;
	int64_t now_ms = loop_now_ms(o->loop);

	if (c->rider == NULL || !c->rider->at.known)
		return;
	e->order->location = c->rider->at;
	entry_forget_snapshot(e);
	if (now_ms - e->located_ms < ROW_EVERY_MS)
		return;
	/* What a row has of it is good enough after a crash. */
	e->located_ms = now_ms;
	book_mark_behind(&o->book, e);
}

static void
rider_show(struct rider *r)
{
	struct carry *c;

	DL_FOREACH(r->carries, c) {
		carry_show(r->orders, c);
		carry_tell(c);
	}
}

void
rider_move(struct rider *r, const struct ow_point *p)
{
	struct orders *o = r->orders;
	struct carry *c;

	metric_add(o->metrics, DESK_M_LOCATIONS, 1);
	if ((r->at.known && p->at_ms <= r->at.at_ms) ||
	    p->at_ms > loop_wall_ms(o->loop) + AHEAD_MAX_MS) {
		metric_add(o->metrics, DESK_M_LOCATIONS_LATE, 1);
		return;
	}
	r->at = (struct location){
		.known = true, .lat = p->lat + 0.0, .lng = p->lng + 0.0,
		.heading = p->heading, .speed_mps = p->speed_mps,
		.at_ms = p->at_ms,
		.is_stale = o->is_blind || loop_wall_ms(o->loop) - p->at_ms >
		    PREDICT_STALE_MS,
	};
	r->idle_ms = loop_now_ms(o->loop);
	rider_show(r);
	DL_FOREACH(r->carries, c)
		carry_moved(o, c);
}

/* Out of sight, or seen again: screens are told without a new point. */
static void
rider_judge(struct rider *r)
{
	struct orders *o = r->orders;
	bool is_stale = o->is_blind || loop_wall_ms(o->loop) - r->at.at_ms >
	    PREDICT_STALE_MS;
	struct carry *c;

	if (!r->at.known || r->at.is_stale == is_stale)
		return;
	r->at.is_stale = is_stale;
	rider_show(r);
	DL_FOREACH(r->carries, c)
		estimate_mark(o, c->entry);
}

void
riders_judge(struct orders *o)
{
	struct rider *r, *next;

	HASH_ITER(hh, o->riders, r, next)
		if (r->carries != NULL)
			rider_judge(r);
}

void
riders_sweep(struct orders *o)
{
	int64_t idle_ms = loop_now_ms(o->loop) - IDLE_MS;
	struct rider *r, *next;

	HASH_ITER(hh, o->riders, r, next) {
		if (r->carries != NULL)
			rider_judge(r);
		else if (r->idle_ms < idle_ms)
			rider_free(o, r);
	}
}

void
riders_done(struct orders *o)
{
	struct rider *r, *next;

	HASH_ITER(hh, o->riders, r, next)
		rider_free(o, r);
}

/* ---- Whose -------------------------------------------------------------- */

void
rider_take(struct orders *o, struct carry *c, const char *id)
{
	struct order *order = c->entry->order;
	struct rider *r = id != NULL ? rider_get(o, order->tenant, id) : NULL;

	if (r == c->rider)
		return;
	loop_timer_cancel(&c->telling);
	if (c->rider != NULL) {
		DL_DELETE(c->rider->carries, c);
		c->rider->idle_ms = loop_now_ms(o->loop);
	}
	c->rider = r;
	c->said_version = 0;
	c->told = (struct location){ .known = false };
	if (r == NULL)
		return;
	DL_APPEND(r->carries, c);
	/* After a restart the row knows more. */
	if (!r->at.known && order->location.known)
		r->at = order->location;
	carry_show(o, c);
	carry_tell(c);
}
