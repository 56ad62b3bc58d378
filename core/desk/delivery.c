/* SPDX-License-Identifier: MIT */
/*
 * delivery - what adapters say of drivers and tasks becomes changes of orders;
 * and adapters hear which orders are of interest.
 *
 * What is legal is decided with the order (order/delivery.c).  Here it is
 * found whose news it is, and what is late: an order that is finished has no
 * driver any more, a task that is not the order's says nothing, and a word is
 * older than the one before it by its own time.
 *
 * On the path: letters from the outbox loop in, own changes (say.c) and
 * letters to the adapters out.
 */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/carry.h"
#include "desk/room.h"
#include "order/predict.h"
#include "order/route.h"
#include "order/trail.h"
#include "outbox/tidings.h"

#define ROUTE_AGAIN_MS 60000
#define ROUTE_OFF_M 250.0		/* the driver goes another way */
#define ROUTE_NEAR_PICKUP_S 120.0	/* as predict_circle_s has it */

/* ---- What is of interest ------------------------------------------------ */

static void
fill_follow(struct wanted *w, const struct order *order)
{
	struct ow_follow *f = &w->follow;

	f->external_ref = arena_dup(&w->arena, order->external_ref);
	f->task_id = arena_dup(&w->arena, order->task_id);
	f->driver = arena_dup(&w->arena, order->driver.id);
	f->has_pickup = order->pickup.known && order->pickup.has_point;
	f->pickup_lat = order->pickup.lat;
	f->pickup_lng = order->pickup.lng;
	f->has_dropoff = order->dropoff.known && order->dropoff.has_point;
	f->dropoff_lat = order->dropoff.lat;
	f->dropoff_lng = order->dropoff.lng;
}

static void
want(struct orders *o, const struct order *order, enum wanted_kind kind,
    const double *way)
{
	struct wanted *w = wanted_new(kind, order->tenant, order->id);

	fill_follow(w, order);
	if (way != NULL) {
		w->from_lat = way[0];
		w->from_lng = way[1];
		w->to_lat = way[2];
		w->to_lng = way[3];
	}
	outbox_want(o->outbox, w);
}

static void
carry_follow(struct orders *o, struct carry *c)
{
	const struct order *order = c->entry->order;

	if (o->outbox == NULL || !outbox_has_adapter(o->outbox) ||
	    (c->is_followed && mem_is_same(c->task_id, order->task_id) &&
	    mem_is_same(c->driver, order->driver.id)))
		return;
	free(c->task_id);
	free(c->driver);
	c->task_id = mem_dup(order->task_id);
	c->driver = mem_dup(order->driver.id);
	c->is_followed = true;
	want(o, order, WANTED_FOLLOW, NULL);
}

/* ---- Ways --------------------------------------------------------------- */

/* From pickup to dropoff once there is a driver; from the driver once the
   goods are on the road, and anew for one who goes another way. */
static void
carry_route(struct orders *o, struct carry *c)
{
	const struct order *order = c->entry->order;
	const struct place *from = &order->pickup, *to = &order->dropoff;
	int64_t now_ms = loop_now_ms(o->loop);
	double off_m = 0;

	if (!c->is_followed || !to->known || !to->has_point)
		return;
	if (!order_is_on_the_road(order)) {
		if (c->is_leg_asked || order->driver.id == NULL ||
		    !from->known || !from->has_point)
			return;
		c->is_leg_asked = true;
		want(o, order, WANTED_ROUTE, (const double[]){ from->lat,
		    from->lng, to->lat, to->lng });
		return;
	}
	if (!order->location.known || order->location.is_stale ||
	    now_ms < c->route_ms)
		return;
	c->route_ms = now_ms + ROUTE_AGAIN_MS;
	if (order->route != NULL)
		(void)route_left(order->route, order->location.lat,
		    order->location.lng, &off_m);
	if (order->route != NULL && off_m < ROUTE_OFF_M)
		return;
	want(o, order, WANTED_ROUTE, (const double[]){ order->location.lat,
	    order->location.lng, to->lat, to->lng });
}

void
carry_moved(struct orders *o, struct carry *c)
{
	carry_route(o, c);
	estimate_mark(o, c->entry);
}

/* ---- The order has changed ---------------------------------------------- */

/* What is known of its driver, as far as the order may know it by now. */
static void
carry_say_who(struct orders *o, struct carry *c)
{
	bool phone = order_shows_phone(c->entry->order);
	const struct rider *r = c->rider;
	struct command *cmd;
	struct driver *d;

	if (r == NULL || r->version == 0 ||
	    (r->version == c->said_version && phone == c->said_phone))
		return;
	c->said_version = r->version;
	c->said_phone = phone;
	cmd = say_new(o, c->entry, INTENT_DRIVER);
	cmd->is_lasting = true;
	d = arena_alloc(&cmd->arena, sizeof(*d));
	driver_copy(&cmd->arena, &r->known, d);
	cmd->intent.driver = d;
	say(o, cmd, c->entry);
}

void
delivery_forget(struct orders *o, struct entry *e)
{
	struct carry *c = e->carry;

	if (c == NULL)
		return;
	rider_take(o, c, NULL);
	e->carry = NULL;
	free(c->task_id);
	free(c->driver);
	free(c->heard_task);
	free(c);
}

void
delivery_look(struct orders *o, struct entry *e)
{
	const struct order *order = e->order;
	struct carry *c = e->carry;

	if (order->fulfilment != FULFIL_DELIVERY)
		return;
	if (order_is_finished(order)) {
		if (c != NULL && c->is_followed)
			want(o, order, WANTED_UNFOLLOW, NULL);
		if (c != NULL)
			carry_show(o, c);
		delivery_forget(o, e);
		return;
	}
	if (c == NULL) {
		c = e->carry = mem_alloc(sizeof(*c));
		c->entry = e;
		c->told_ms = INT64_MIN / 2;
	}
	rider_take(o, c, order->driver.id);
	carry_show(o, c);
	carry_follow(o, c);
	carry_route(o, c);
	carry_say_who(o, c);
}

/* ---- What adapters say -------------------------------------------------- */

static struct entry *
find_order(struct orders *o, const char *tenant, const char *text)
{
	struct entry *e;
	char ref[300] = "ref:";

	if (text == NULL)
		return NULL;
	if (strncmp(text, "order:", 6) == 0)
		text += 6;
	e = book_find(&o->book, tenant, text);
	if (e != NULL || strlen(text) >= sizeof(ref) - 4)
		return e;
	strcpy(ref + 4, text);
	return book_find(&o->book, tenant, ref);
}

/* False: it is older than what was heard of it, or nothing new. */
static bool
carry_hear(struct carry *c, const struct ow_task *task, int status)
{
	const struct order *order = c->entry->order;
	bool is_first = c->heard_at_ms == 0;

	if (task->at_ms > 0 && task->at_ms < c->heard_at_ms &&
	    (task->task_id == NULL ||
	    mem_is_same(task->task_id, c->heard_task)))
		return false;
	c->heard_at_ms = task->at_ms > 0 ? task->at_ms : 1;
	if (task->task_id != NULL &&
	    !mem_is_same(task->task_id, c->heard_task)) {
		free(c->heard_task);
		c->heard_task = mem_dup(task->task_id);
	}
	/* The platform was faster than the task: nobody was lost. */
	return !is_first || status != DELIVERY_PENDING ||
	    order->driver.id == NULL;
}

static void
task_take(struct orders *o, const struct tidings *t)
{
	const struct ow_task *task = &t->task;
	struct entry *e = find_order(o, t->tenant, task->order);
	int status = delivery_status_by_name(task->status);
	const struct rider *r;
	struct command *cmd;
	struct driver *d;

	if (e == NULL || e->carry == NULL || status <= DELIVERY_NONE ||
	    !carry_hear(e->carry, task, status)) {
		metric_add(o->metrics, DESK_M_TIDINGS_DROPPED, 1);
		return;
	}
	cmd = say_new(o, e, INTENT_TASK);
	cmd->is_lasting = true;
	cmd->intent.status = status;
	cmd->intent.task_id = arena_dup(&cmd->arena, task->task_id);
	cmd->intent.fleet_member_id = arena_dup(&cmd->arena, task->driver);
	cmd->intent.reason = task->reason != NULL && strlen(task->reason) <=
	    500 ? arena_dup(&cmd->arena, task->reason) : NULL;
	r = task->driver != NULL ? rider_find(o, t->tenant, task->driver) :
	    NULL;
	if (r != NULL && r->version > 0) {
		d = arena_alloc(&cmd->arena, sizeof(*d));
		driver_copy(&cmd->arena, &r->known, d);
		cmd->intent.driver = d;
	}
	say(o, cmd, e);
}

static void
driver_take(struct orders *o, const struct tidings *t)
{
	struct rider *r = t->driver.id != NULL ? rider_get(o, t->tenant,
	    t->driver.id) : NULL;
	struct carry *c, *next;

	if (r == NULL || !rider_know(r, &t->driver))
		return;
	DL_FOREACH_SAFE(r->carries, c, next)
		carry_say_who(o, c);
}

static void
location_take(struct orders *o, const struct tidings *t)
{
	struct rider *r = t->point.driver != NULL ? rider_get(o, t->tenant,
	    t->point.driver) : NULL;

	if (r != NULL)
		rider_move(r, &t->point);
}

/* Until the goods are on the road a way that does not begin at the pickup
   would show where the driver is. */
static bool
shows_driver(const struct order *order, const struct route *route)
{
	const struct place *p = &order->pickup;

	return route != NULL && !order_is_on_the_road(order) && (!p->known ||
	    !p->has_point || predict_circle_s(route->lnglat[1],
	    route->lnglat[0], p->lat, p->lng) > ROUTE_NEAR_PICKUP_S);
}

static void
route_take(struct orders *o, struct tidings *t)
{
	struct entry *e = find_order(o, t->tenant, t->order);
	struct command *cmd;

	if (e == NULL || e->carry == NULL ||
	    shows_driver(e->order, t->route)) {
		metric_add(o->metrics, DESK_M_TIDINGS_DROPPED, 1);
		return;
	}
	cmd = say_new(o, e, INTENT_ROUTE);
	cmd->intent.route = route_ref(t->route);
	say(o, cmd, e);
}

static void
tidings_come(struct mail *m)
{
	struct tidings *t = (struct tidings *)(void *)((char *)m -
	    offsetof(struct tidings, mail));
	struct orders *o = t->desk;

	metric_add(o->metrics, DESK_M_TIDINGS, 1);
	switch (t->kind) {
	case TIDINGS_LOCATION:
		location_take(o, t);
		break;
	case TIDINGS_TASK:
		task_take(o, t);
		break;
	case TIDINGS_DRIVER:
		driver_take(o, t);
		break;
	case TIDINGS_ROUTE:
		route_take(o, t);
		break;
	case TIDINGS_STALE:
		o->is_blind = t->is_stale;
		riders_judge(o);
		break;
	}
	tidings_free(&t);
}

void
orders_tidings(void *arg, struct tidings *t)
{
	struct orders *o = arg;

	t->desk = o;
	t->mail.run = tidings_come;
	loop_send(o->loop, &t->mail);
}

/* ---- Phones, in what is told again -------------------------------------- */

/* Where `,"phone":"..."` begins and ends; false: there is none.  Inside of a
   string the first quote would have a backslash. */
static bool
find_phone(const char *p, size_t n, size_t *out_from, size_t *out_to)
{
	static const char mark[] = ",\"phone\":\"";
	const char *at = memmem(p, n, mark, sizeof(mark) - 1);
	size_t i;

	if (at == NULL)
		return false;
	*out_from = (size_t)(at - p);
	for (i = *out_from + sizeof(mark) - 1; i < n && p[i] != '"'; i++)
		if (p[i] == '\\')
			i++;
	*out_to = i + 1;
	return i < n;
}

void
delivery_add_message(struct buf *out, const struct order *order,
    const char *p, size_t n)
{
	size_t from, to;

	if ((order != NULL && order_shows_phone(order)) ||
	    memmem(p, n < 64 ? n : 64, "delivery.driver.", 16) == NULL ||
	    !find_phone(p, n, &from, &to)) {
		buf_add(out, p, n);
		return;
	}
	buf_add(out, p, from);
	buf_add(out, p + to, n - to);
}

struct event *
delivery_event(const struct order *order, struct event *event)
{
	struct buf out = BUF_INIT(65536);
	struct event *shown;

	if (order_shows_phone(order) ||
	    strcmp(event->pub.type, "delivery.driver.assigned") != 0)
		return event_ref(event);
	delivery_add_message(&out, order, event->pub.json.p,
	    event->pub.json.n);
	shown = event_make(event->tenant, event->order_id, event->pub.type,
	    event->pub.seq, event->pub.at_ms, out.p, out.n);
	buf_done(&out);
	return shown;
}
