/* SPDX-License-Identifier: MIT */
/*
 * fold - what each event does to an order.
 *
 * Asks whether an event can be the next of this order (its seq, the state it
 * starts from), not whether it was legal: the log is the truth, also after a
 * table of steps has changed.  Decides nothing and derives nothing; what
 * follows from an event is an event of its own.
 *
 * Invariant: an event is folded whole or not at all.
 */
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "order/parts.h"
#include "order/route.h"

/* The head of a full timeline is never dropped: how the order began. */
#define TIMELINE_HEAD 8

/* A copy in the order; the one it has already if that says the same. */
static const char *
keep(struct order *o, const char *has, const char *text)
{
	if (has != NULL && text != NULL && strcmp(has, text) == 0)
		return has;
	return arena_dup(&o->arena, text);
}

static void
timeline_add(struct order *o, enum order_status status,
    int64_t at_ms, const char *by)
{
	struct timeline_entry *grown;
	uint32_t n = o->n_timeline;

	if (n >= ORDER_TIMELINE_MAX) {
		/* A recall and its end, so that the rest still reads well. */
		memmove(&o->timeline[TIMELINE_HEAD],
		    &o->timeline[TIMELINE_HEAD + 2],
		    (n - TIMELINE_HEAD - 2) * sizeof(*grown));
		n -= 2;
	} else if (o->timeline == NULL || n == timeline_room(n)) {
		grown = arena_alloc(&o->arena,
		    timeline_room(n + 1) * sizeof(*grown));
		if (n > 0)
			memcpy(grown, o->timeline, n * sizeof(*grown));
		o->timeline = grown;
	}
	o->timeline[n] = (struct timeline_entry){
		.status = status,
		.at_ms = at_ms,
		.by = by_word(by),
	};
	o->n_timeline = n + 1;
}

static void
enter_status(struct order *o, enum order_status to, int64_t at_ms,
    const char *by)
{
	o->status = to;
	o->finished_at_ms = order_status_is_final(to) ? at_ms : 0;
	o->updated_at_ms = at_ms;
	timeline_add(o, to, at_ms, by);
}

/* What no event carries (tenant, contact) stays as it is. */
void
fold_created(struct order *o, const struct order *view, int64_t at_ms,
    const char *by)
{
	struct order merged = *view;
	struct order *fresh;

	merged.tenant = o->tenant;
	merged.contact = o->contact;
	fresh = order_copy(&merged);
	enter_status(fresh, view->status, at_ms, by);
	/* The shell is the caller's; what was in it ends with the new one. */
	merged = *o;
	*o = *fresh;
	*fresh = merged;
	order_free(&fresh);
}

void
fold_status(struct order *o, enum order_status to, int64_t at_ms,
    const char *by)
{
	enter_status(o, to, at_ms, by);
}

void
fold_item(struct order *o, struct item *item, enum item_status to,
    int64_t at_ms)
{
	item->status = to;
	o->updated_at_ms = at_ms;
}

void
fold_eta(struct order *o, const struct eta *eta, int64_t at_ms)
{
	const char *confidence = keep(o, o->eta.confidence, eta->confidence);
	const char *basis = keep(o, o->eta.basis, eta->basis);

	o->eta = *eta;
	o->eta.confidence = confidence;
	o->eta.basis = basis;
	o->updated_at_ms = at_ms;
}

void
fold_delivery(struct order *o, enum delivery_status to, int64_t at_ms)
{
	o->delivery = to;
	if (!delivery_can_be_imminent(to))
		o->imminent = false;
	o->updated_at_ms = at_ms;
}

void
fold_driver(struct order *o, const struct driver *d, const char *task_id,
    int64_t at_ms)
{
	struct driver had = o->driver;
	bool is_another = had.id == NULL || d->id == NULL ||
	    strcmp(had.id, d->id) != 0;

	if (is_another)
		o->location = (struct location){ .known = false };
	o->driver.id = keep(o, had.id, d->id);
	o->driver.name = keep(o, had.name, d->name);
	o->driver.photo_url = keep(o, had.photo_url, d->photo_url);
	o->driver.vehicle = keep(o, had.vehicle, d->vehicle);
	if (is_another || d->phone != NULL)
		o->driver.phone = keep(o, had.phone, d->phone);
	o->driver.rating = d->rating;
	o->task_id = keep(o, o->task_id, task_id);
	o->updated_at_ms = at_ms;
}

void
fold_route(struct order *o, struct route *route, int64_t at_ms)
{
	route_unref(&o->route);
	o->route = route_ref(route);
	o->updated_at_ms = at_ms;
}

void
fold_imminent(struct order *o, int64_t at_ms)
{
	o->imminent = true;
	o->updated_at_ms = at_ms;
}

static int
apply_created(struct order *o, int64_t at_ms,
    const struct json *data)
{
	struct arena scratch;
	struct order view;
	int err;

	arena_init(&scratch);
	err = order_view_read(json_get(data, "order"), &scratch, &view, NULL);
	if (err == OW_OK)
		fold_created(o, &view, at_ms, json_get_text(data, "by"));
	arena_done(&scratch);
	return err;
}

static int
apply_status(struct order *o, int64_t at_ms,
    const struct json *data)
{
	int from = order_status_by_name(json_get_text(data, "from"));
	int to = order_status_by_name(json_get_text(data, "to"));

	if (to < 0 || from < 0 || o->status != (enum order_status)from)
		return OW_EINVAL;
	fold_status(o, (enum order_status)to, at_ms,
	    json_get_text(data, "by"));
	return OW_OK;
}

static int
apply_item(struct order *o, int64_t at_ms, const struct json *data)
{
	const char *id = json_get_text(data, "item_id");
	int from = item_status_by_name(json_get_text(data, "from"));
	int to = item_status_by_name(json_get_text(data, "to"));
	const struct item *item = id != NULL ? order_item(o, id) : NULL;

	if (item == NULL || to < 0 || from < 0 ||
	    item->status != (enum item_status)from)
		return OW_EINVAL;
	fold_item(o, &o->items[item - o->items], (enum item_status)to, at_ms);
	return OW_OK;
}

static int
apply_eta(struct order *o, int64_t at_ms, const struct json *data)
{
	const struct json *v = json_get(data, "eta");
	struct eta eta;

	if (v == NULL || eta_read(v, &eta) != OW_OK)
		return OW_EINVAL;
	fold_eta(o, &eta, at_ms);
	return OW_OK;
}

static int
apply_delivery(struct order *o, int64_t at_ms,
    const struct json *data)
{
	int from = delivery_status_by_name(json_get_text(data, "from"));
	int to = delivery_status_by_name(json_get_text(data, "to"));

	if (o->fulfilment != FULFIL_DELIVERY || to < 0 || from < 0 ||
	    o->delivery != (enum delivery_status)from)
		return OW_EINVAL;
	o->imminent = json_bool(json_get(data, "imminent"), o->imminent);
	fold_delivery(o, (enum delivery_status)to, at_ms);
	return OW_OK;
}

static int
apply_driver(struct order *o, int64_t at_ms,
    const struct json *data)
{
	const struct json *v = json_get(data, "driver");
	struct driver d;

	if (o->fulfilment != FULFIL_DELIVERY || v == NULL ||
	    driver_read(v, &d) != OW_OK)
		return OW_EINVAL;
	fold_driver(o, &d, json_get_text(data, "task_id"), at_ms);
	return OW_OK;
}

static int
apply_route(struct order *o, int64_t at_ms, const struct json *data)
{
	const struct json *v = json_get(data, "route");
	struct route *route = NULL;

	if (o->fulfilment != FULFIL_DELIVERY || v == NULL)
		return OW_EINVAL;
	if (json_type(v) != JSON_NULL) {
		route = route_read(v);
		if (route == NULL)
			return OW_EINVAL;
	}
	fold_route(o, route, at_ms);
	route_unref(&route);
	return OW_OK;
}

/* Whether somebody who has not seen it may still change the order. */
static bool
is_firm(const struct order *o, int kind)
{
	return kind != EVENT_ROUTE && (kind != EVENT_ETA || (o->eta.known &&
	    strcmp(o->eta.basis, ETA_BASIS_KITCHEN) == 0));
}

typedef int apply_fn(struct order *, int64_t at_ms, const struct json *data);

/* Those without a function only move seq. */
static apply_fn *const apply_fns[EVENT_TYPE_COUNT] = {
	[EVENT_ORDER_CREATED] = apply_created,
	[EVENT_ORDER_STATUS] = apply_status,
	[EVENT_ITEM_STATUS] = apply_item,
	[EVENT_ETA] = apply_eta,
	[EVENT_DELIVERY_STATUS] = apply_delivery,
	[EVENT_DRIVER_ASSIGNED] = apply_driver,
	[EVENT_ROUTE] = apply_route,
};

int
order_apply(struct order *o, const char *type, uint64_t seq,
    int64_t at_ms, const struct json *data)
{
	int kind = event_type_by_name(type);
	int err = OW_OK;

	/* An order begins with its creation, once. */
	if (seq != o->seq + 1 ||
	    (kind == EVENT_ORDER_CREATED) != (o->id[0] == '\0'))
		return OW_EINVAL;
	if (kind >= 0 && apply_fns[kind] != NULL)
		err = apply_fns[kind](o, at_ms, data);
	if (err != OW_OK)
		return err;
	o->seq = seq;
	if (is_firm(o, kind))
		o->firm_seq = seq;
	return OW_OK;
}
