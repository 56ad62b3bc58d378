/* SPDX-License-Identifier: MIT */
/*
 * delivery - what becomes of an order by its driver, and by what is thought of
 * its time: assignments, tasks, drivers' details, routes and estimates.
 *
 * The logistics-service keeps no history and repeats itself, so its words are
 * taken as far as they lead forwards; what is late or said twice is no
 * refusal, and no event.  A rider who has the goods shows that they are ready,
 * so the order follows its delivery by the steps between, each a legal one.
 */
#include <string.h>

#include "base/mem.h"
#include "order/draft.h"
#include "order/parts.h"
#include "order/route.h"

/* ---- When --------------------------------------------------------------- */

/* A promise stands from the first time on, however the estimate moves. */
static int64_t
promise(const struct order *o, int64_t at_ms)
{
	if (o->promised_at_ms != 0)
		return o->promised_at_ms;
	if (o->eta.known && o->eta.promised_at_ms != 0)
		return o->eta.promised_at_ms;
	return at_ms;
}

static bool
is_same_eta(const struct eta *a, const struct eta *b)
{
	return a->known && b->known && a->p50_at_ms == b->p50_at_ms &&
	    a->p90_at_ms == b->p90_at_ms &&
	    strcmp(a->confidence, b->confidence) == 0 &&
	    strcmp(a->basis, b->basis) == 0;
}

int
decide_eta(struct draft *d, struct refusal *r)
{
	const struct order *before = d->before;
	struct eta eta = {
		.known = true,
		.p50_at_ms = d->in->ready_at_ms,
		.p90_at_ms = d->in->ready_at_ms,
		.promised_at_ms = promise(before, d->in->ready_at_ms),
		.updated_at_ms = d->in->at_ms,
		.confidence = "high",
		.basis = ETA_BASIS_KITCHEN,
	};

	if (is_same_eta(&before->eta, &eta))
		return OW_OK;
	if (order_is_finished(before))
		return draft_refuse_finished(before, r);
	draft_eta(d, &eta, false);
	return OW_OK;
}

/* Whatever has changed since it was asked for: our own thoughts are never in
   anybody's way. */
int
decide_estimate(struct draft *d, struct refusal *r)
{
	const struct order *before = d->before;
	struct eta eta = d->in->eta;
	struct jw *w;

	(void)r;
	if (order_is_finished(before))
		return OW_OK;
	if (eta.known) {
		eta.updated_at_ms = d->in->at_ms;
		eta.promised_at_ms = promise(before, eta.promised_at_ms);
		if (d->in->is_near || !is_same_eta(&before->eta, &eta))
			draft_eta(d, &eta, d->in->is_near);
	}
	if (!d->in->is_imminent || before->imminent ||
	    !delivery_can_be_imminent(before->delivery))
		return OW_OK;
	w = draft_begin(d, EVENT_DELIVERY_STATUS);
	jw_text(w, "from", delivery_status_name(before->delivery));
	jw_text(w, "to", delivery_status_name(before->delivery));
	jw_bool(w, "imminent", true);
	draft_end(d);
	fold_imminent(d->change.after, d->in->at_ms);
	return OW_OK;
}

/* ---- Assigned by the platform ------------------------------------------- */

/* Nobody is on the way for it: an assignment starts the delivery. */
static bool
is_waiting(enum delivery_status status)
{
	return status == DELIVERY_NONE || status == DELIVERY_PENDING ||
	    status == DELIVERY_CANCELLED || status == DELIVERY_FAILED;
}

static int
refuse_other_ways(const struct order *o, struct refusal *r)
{
	return draft_refuse(r, OW_ECONFLICT, "not_a_delivery",
	    "an order for %s has no driver", fulfilment_name(o->fulfilment));
}

int
decide_delivery(struct draft *d, struct refusal *r)
{
	const struct order *before = d->before;
	struct driver driver = { .id = d->in->fleet_member_id, .rating = -1 };
	bool same_driver = mem_is_same(before->driver.id, driver.id);

	if (before->fulfilment != FULFIL_DELIVERY)
		return refuse_other_ways(before, r);
	if (same_driver && mem_is_same(before->task_id, d->in->task_id) &&
	    !is_waiting(before->delivery))
		return OW_OK;
	if (order_is_finished(before))
		return draft_refuse_finished(before, r);
	/* What has been learnt about this person stays known. */
	if (same_driver)
		driver = before->driver;
	draft_driver(d, &driver, d->in->task_id);
	if (is_waiting(before->delivery))
		draft_delivery(d, DELIVERY_ASSIGNED, NULL);
	return OW_OK;
}

/* ---- Said by the logistics-service -------------------------------------- */

/* The order's own steps up to this one, each if it is legal. */
static void
bring_to(struct draft *d, enum order_status to)
{
	static const enum order_status way[] = { ORDER_ACCEPTED, ORDER_READY,
	    ORDER_OUT_FOR_DELIVERY };
	const struct order *o = draft_after(d);
	bool is_failed = o->status == ORDER_DELIVERY_FAILED;

	for (size_t i = 0; i < sizeof(way) / sizeof(*way); i++) {
		if (o->status == ORDER_SCHEDULED || o->status == to)
			return;
		if ((o->status < way[i] || is_failed) && order_step_is_legal(
		    o->fulfilment, o->status, way[i], NULL))
			draft_status(d, way[i], NULL);
	}
	if (o->status != to && order_step_is_legal(o->fulfilment, o->status,
	    to, NULL))
		draft_status(d, to, NULL);
}

static void
follow(struct draft *d, enum delivery_status status)
{
	switch (status) {
	case DELIVERY_PICKED_UP:
	case DELIVERY_EN_ROUTE_DROPOFF:
	case DELIVERY_ARRIVED_DROPOFF:
		bring_to(d, ORDER_OUT_FOR_DELIVERY);
		break;
	case DELIVERY_DELIVERED:
		bring_to(d, ORDER_DELIVERED);
		break;
	case DELIVERY_FAILED:
		if (d->before->status == ORDER_OUT_FOR_DELIVERY)
			draft_status(d, ORDER_DELIVERY_FAILED,
			    d->in->reason);
		break;
	case DELIVERY_RETURNED:
		if (d->before->status == ORDER_OUT_FOR_DELIVERY)
			draft_status(d, ORDER_DELIVERY_FAILED,
			    d->in->reason);
		if (draft_after(d)->status == ORDER_DELIVERY_FAILED)
			draft_status(d, ORDER_RETURNED, d->in->reason);
		break;
	default:
		break;
	}
}

/* The service may have said nothing until now: somebody had it, then. */
static bool
is_reachable(enum delivery_status from, enum delivery_status to,
    bool *out_by_assignment)
{
	*out_by_assignment = false;
	if (delivery_step_is_legal(from, to))
		return true;
	*out_by_assignment = from != DELIVERY_FAILED && is_waiting(from) &&
	    delivery_step_is_legal(DELIVERY_ASSIGNED, to);
	return *out_by_assignment;
}

/* A task that is not the order's takes over only from the beginning. */
static bool
is_of_another(const struct draft *d, enum delivery_status to)
{
	const struct order *o = d->before;

	if (d->in->task_id == NULL || o->task_id == NULL ||
	    mem_is_same(d->in->task_id, o->task_id))
		return false;
	return (to != DELIVERY_ASSIGNED && to != DELIVERY_ACCEPTED &&
	    to != DELIVERY_EN_ROUTE_PICKUP) || (!is_waiting(o->delivery) &&
	    !delivery_step_is_legal(o->delivery, DELIVERY_PENDING));
}

/* True: this driver, this task are new to the order. */
static bool
is_new_driver(const struct draft *d, enum delivery_status to)
{
	const struct order *o = d->before;
	const char *driver = d->in->fleet_member_id;

	if (to == DELIVERY_DELIVERED || to == DELIVERY_RETURNED)
		return false;
	return (driver != NULL && !mem_is_same(driver, o->driver.id)) ||
	    (d->in->task_id != NULL && o->driver.id != NULL &&
	    !mem_is_same(d->in->task_id, o->task_id));
}

static void
assign(struct draft *d)
{
	const struct order *o = d->before;
	const char *id = d->in->fleet_member_id;
	struct driver driver = { .id = id, .rating = -1 };

	if (id == NULL || mem_is_same(id, o->driver.id))
		driver = o->driver;
	else if (d->in->driver != NULL)
		driver = *d->in->driver;
	draft_driver(d, &driver, d->in->task_id != NULL ? d->in->task_id :
	    mem_is_same(id, o->driver.id) ? o->task_id : NULL);
}

/* The order needs another rider; its task is over. */
static void
lose(struct draft *d)
{
	static const struct driver nobody = { .rating = -1 };

	if (delivery_step_is_legal(d->before->delivery, DELIVERY_PENDING))
		draft_delivery(d, DELIVERY_PENDING, d->in->reason);
	else if (d->before->delivery != DELIVERY_PENDING)
		return;
	if (d->before->driver.id != NULL)
		draft_driver(d, &nobody, NULL);
}

int
decide_task(struct draft *d, struct refusal *r)
{
	const struct order *before = d->before;
	enum delivery_status to = (enum delivery_status)d->in->status;
	bool by_assignment = false, reachable;

	if (before->fulfilment != FULFIL_DELIVERY)
		return refuse_other_ways(before, r);
	if (order_is_finished(before) || is_of_another(d, to))
		return OW_OK;
	if (to == DELIVERY_CANCELLED || to == DELIVERY_PENDING) {
		if (before->delivery == DELIVERY_NONE)
			draft_delivery(d, DELIVERY_PENDING, NULL);
		else
			lose(d);
		return OW_OK;
	}
	/* Heard late: it is further on with the same driver. */
	if (to == DELIVERY_ASSIGNED && !is_waiting(before->delivery) &&
	    !is_new_driver(d, to))
		return OW_OK;
	reachable = is_reachable(before->delivery, to, &by_assignment);
	if (to != before->delivery && !reachable)
		return OW_OK;
	if (is_new_driver(d, to))
		assign(d);
	if (to == before->delivery)
		return OW_OK;
	if (by_assignment)
		draft_delivery(d, DELIVERY_ASSIGNED, NULL);
	draft_delivery(d, to, to == DELIVERY_FAILED ||
	    to == DELIVERY_RETURNED ? d->in->reason : NULL);
	follow(d, to);
	return OW_OK;
}

/* ---- Who it is, and which way ------------------------------------------- */

/* Links to photos are signed anew each time they are asked for. */
static bool
is_same_photo(const char *a, const char *b)
{
	size_t n;

	if (a == NULL || b == NULL)
		return a == b;
	n = strcspn(a, "?");
	return n == strcspn(b, "?") && memcmp(a, b, n) == 0;
}

static bool
is_seen_to_differ(const struct order *o, const struct driver *d)
{
	const struct driver *has = &o->driver;

	return !mem_is_same(has->name, d->name) ||
	    !is_same_photo(has->photo_url, d->photo_url) ||
	    !mem_is_same(has->vehicle, d->vehicle) ||
	    (has->rating < d->rating || has->rating > d->rating) ||
	    (order_shows_phone(o) && !mem_is_same(has->phone, d->phone));
}

int
decide_driver(struct draft *d, struct refusal *r)
{
	const struct order *before = d->before;
	const struct driver *has = &before->driver;
	struct driver driver = *d->in->driver;

	(void)r;
	if (order_is_finished(before) || has->id == NULL ||
	    !mem_is_same(has->id, driver.id))
		return OW_OK;
	if (driver.name == NULL)
		driver.name = has->name;
	if (driver.photo_url == NULL)
		driver.photo_url = has->photo_url;
	if (driver.vehicle == NULL)
		driver.vehicle = has->vehicle;
	if (driver.phone == NULL)
		driver.phone = has->phone;
	if (driver.rating < 0)
		driver.rating = has->rating;
	if (!order_shows_phone(before))
		driver.phone = NULL;
	if (is_seen_to_differ(before, &driver))
		draft_driver(d, &driver, before->task_id);
	return OW_OK;
}

int
decide_route(struct draft *d, struct refusal *r)
{
	const struct order *before = d->before;
	struct jw *w;

	if (before->fulfilment != FULFIL_DELIVERY)
		return refuse_other_ways(before, r);
	if (order_is_finished(before) ||
	    route_is_same(before->route, d->in->route))
		return OW_OK;
	w = draft_begin(d, EVENT_ROUTE);
	route_write(w, "route", d->in->route);
	draft_end(d);
	fold_route(d->change.after, d->in->route, d->in->at_ms);
	return OW_OK;
}
