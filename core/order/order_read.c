/* SPDX-License-Identifier: MIT */
/*
 * order_read - JSON back into an order: documents of the store, the order in
 * order.created, and their parts.
 *
 * What an order cannot be without is asked for strictly; what an older
 * version did not write yet gets its default.  No number and no word is
 * trusted, because one day a document will have been repaired by hand.
 *
 * Everything here is a view into the parsed text (see parts.h); the one copy
 * is made at the end, which also packs it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "order/parts.h"
#include "order/route.h"
#include "order/who.h"

#define RATING_MAX 100

static int __attribute__((format(printf, 2, 3)))
refuse(struct ow_fault *fault, const char *fmt, ...)
{
	va_list ap;

	if (fault != NULL) {
		va_start(ap, fmt);
		(void)vsnprintf(fault->text, sizeof(fault->text), fmt, ap);
		va_end(ap);
	}
	return OW_EINVAL;
}

/* The time of a member, or dflt when it has none. */
static int
read_time(const struct json *obj, const char *name, int64_t dflt,
    int64_t *out_ms)
{
	const struct json *v = json_get(obj, name);
	const char *s = json_text(v);

	if (v == NULL || json_type(v) == JSON_NULL) {
		*out_ms = dflt;
		return OW_OK;
	}
	return s != NULL ? clock_parse(s, out_ms) : OW_EINVAL;
}

static bool
has_text(const struct json *obj, const char *name)
{
	const char *s = json_get_text(obj, name);

	return s != NULL && s[0] != '\0';
}

static int
read_item(const struct json *v, struct item *item)
{
	const char *id = json_get_text(v, "id");
	int status = item_status_by_name(json_get_text(v, "status"));

	if (id == NULL || !id_is_valid(id) || status < 0 ||
	    !has_text(v, "name"))
		return OW_EINVAL;
	item->quantity = json_get_int(v, "quantity", 0);
	item->prep_s = json_get_int(v, "prep_s", -1);
	if (item->quantity < 1 || item->quantity > ITEM_QUANTITY_MAX ||
	    item->prep_s < -1 || item->prep_s > ITEM_PREP_MAX_S)
		return OW_EINVAL;
	memcpy(item->id, id, ID_SIZE);
	item->sku = json_get_text(v, "sku");
	item->name = json_get_text(v, "name");
	item->notes = json_get_text(v, "notes");
	item->station = json_get_text(v, "station");
	item->status = (enum item_status)status;
	return OW_OK;
}

static int
read_items(const struct json *list, struct arena *scratch,
    struct order *view, struct ow_fault *fault)
{
	size_t n = json_count(list);

	if (json_type(list) != JSON_LIST || n < 1 || n > ORDER_ITEMS_MAX)
		return refuse(fault, "order: items: not 1 to %d of them",
		    ORDER_ITEMS_MAX);
	view->items = arena_alloc(scratch, n * sizeof(*view->items));
	view->n_items = (uint32_t)n;
	for (size_t i = 0; i < n; i++)
		if (read_item(json_at(list, i), &view->items[i]) != OW_OK)
			return refuse(fault, "order: items[%zu]: malformed",
			    i);
	return OW_OK;
}

void
place_read(const struct json *v, struct place *out)
{
	const struct json *lat = json_get(v, "lat"), *lng = json_get(v, "lng");

	memset(out, 0, sizeof(*out));
	if (v == NULL || json_type(v) != JSON_OBJECT)
		return;
	out->known = true;
	out->name = json_get_text(v, "name");
	out->address = json_get_text(v, "address");
	out->lat = real_plain(json_number(lat, 1000));
	out->lng = real_plain(json_number(lng, 1000));
	out->has_point = out->lat >= -90 && out->lat <= 90 &&
	    out->lng >= -180 && out->lng <= 180;
	if (!out->has_point)
		out->lat = out->lng = 0;
}

void
contact_read(const struct json *v, struct contact *out)
{
	out->name = json_get_text(v, "name");
	out->email = json_get_text(v, "email");
	out->phone = json_get_text(v, "phone");
	out->locale = json_get_text(v, "locale");
	out->timezone = json_get_text(v, "timezone");
}

static const char *
confidence_word(const char *s)
{
	static const char *const words[] = { "high", "medium", "low" };

	for (size_t i = 0; s != NULL && i < sizeof(words) / sizeof(*words);
	    i++)
		if (strcmp(s, words[i]) == 0)
			return words[i];
	return NULL;
}

int
eta_read(const struct json *v, struct eta *out)
{
	struct eta eta = { .known = true };

	if (v != NULL && json_type(v) == JSON_NULL)
		v = NULL;
	if (v == NULL) {
		memset(out, 0, sizeof(*out));
		return OW_OK;
	}
	eta.confidence = confidence_word(json_get_text(v, "confidence"));
	eta.basis = json_get_text(v, "basis");
	if (eta.confidence == NULL || eta.basis == NULL ||
	    !has_text(v, "p50_at") || !has_text(v, "p90_at") ||
	    read_time(v, "p50_at", 0, &eta.p50_at_ms) != OW_OK ||
	    read_time(v, "p90_at", 0, &eta.p90_at_ms) != OW_OK ||
	    read_time(v, "promised_at", 0, &eta.promised_at_ms) != OW_OK ||
	    read_time(v, "updated_at", 0, &eta.updated_at_ms) != OW_OK)
		return OW_EINVAL;
	*out = eta;
	return OW_OK;
}

int
driver_read(const struct json *v, struct driver *out)
{
	struct driver d = { .rating = -1 };

	if (v != NULL && json_type(v) != JSON_NULL) {
		if (!has_text(v, "id"))
			return OW_EINVAL;
		d.id = json_get_text(v, "id");
		d.name = json_get_text(v, "name");
		d.photo_url = json_get_text(v, "photo_url");
		d.vehicle = json_get_text(v, "vehicle");
		d.phone = json_get_text(v, "phone");
		d.rating = real_plain(json_number(json_get(v, "rating"), -1));
		if (!(d.rating >= 0 && d.rating <= RATING_MAX))
			d.rating = -1;
	}
	*out = d;
	return OW_OK;
}

static int
read_words(const struct json *v, struct order *view,
    struct ow_fault *fault)
{
	const char *id = json_get_text(v, "id");
	int status = order_status_by_name(json_get_text(v, "status"));
	int fulfilment = fulfilment_by_name(json_get_text(v, "fulfilment"));
	int64_t seq = json_get_int(v, "seq", 0);

	if (id == NULL || !id_is_valid(id))
		return refuse(fault, "order: id: malformed");
	if (status < 0)
		return refuse(fault, "order: status: no such word");
	if (fulfilment < 0)
		return refuse(fault, "order: fulfilment: no such word");
	if (seq < 1)
		return refuse(fault, "order: seq: not above 0");
	if (!has_text(v, "customer_id"))
		return refuse(fault, "order: customer_id: missing");
	memcpy(view->id, id, ID_SIZE);
	view->status = (enum order_status)status;
	view->fulfilment = (enum fulfilment)fulfilment;
	view->seq = view->firm_seq = (uint64_t)seq;
	view->customer_id = json_get_text(v, "customer_id");
	view->external_ref = json_get_text(v, "external_ref");
	view->number = json_get_text(v, "number");
	return OW_OK;
}

static int
read_times(const struct json *v, struct order *view,
    struct ow_fault *fault)
{
	if (!has_text(v, "placed_at") ||
	    read_time(v, "placed_at", 0, &view->placed_at_ms) != OW_OK)
		return refuse(fault, "order: placed_at: missing or no time");
	if (read_time(v, "updated_at", view->placed_at_ms,
	    &view->updated_at_ms) != OW_OK ||
	    read_time(v, "scheduled_for", 0, &view->scheduled_for_ms) !=
	    OW_OK ||
	    read_time(v, "promised_at", 0, &view->promised_at_ms) != OW_OK ||
	    read_time(v, "finished_at", 0, &view->finished_at_ms) != OW_OK)
		return refuse(fault, "order: something_at: no time");
	if (order_is_finished(view) && view->finished_at_ms == 0)
		view->finished_at_ms = view->updated_at_ms;
	return OW_OK;
}

int
order_view_read(const struct json *v, struct arena *scratch,
    struct order *view, struct ow_fault *fault)
{
	char *number;

	memset(view, 0, sizeof(*view));
	view->driver.rating = -1;
	if (v == NULL || json_type(v) != JSON_OBJECT)
		return refuse(fault, "order: no object");
	if (read_words(v, view, fault) != OW_OK ||
	    read_times(v, view, fault) != OW_OK ||
	    read_items(json_get(v, "items"), scratch, view, fault) != OW_OK)
		return OW_EINVAL;
	if (view->number == NULL) {
		number = arena_alloc(scratch, NUMBER_SIZE);
		order_number(view->id, number);
		view->number = number;
	}
	place_read(json_get(v, "pickup"), &view->pickup);
	place_read(json_get(v, "dropoff"), &view->dropoff);
	view->dropoff.name = NULL;
	if (eta_read(json_get(v, "eta"), &view->eta) != OW_OK)
		return refuse(fault, "order: eta: malformed");
	return OW_OK;
}

static int
read_timeline(const struct json *list, struct arena *scratch,
    struct order *view, struct ow_fault *fault)
{
	size_t n = json_count(list);
	struct timeline_entry *t;
	const struct json *v;
	int status;

	if (list != NULL && json_type(list) != JSON_LIST)
		return refuse(fault, "timeline: no list");
	if (n > ORDER_TIMELINE_MAX)
		return refuse(fault, "timeline: above %d entries",
		    ORDER_TIMELINE_MAX);
	view->timeline = arena_alloc(scratch, n * sizeof(*t));
	view->n_timeline = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		v = json_at(list, i);
		t = &view->timeline[i];
		status = order_status_by_name(json_get_text(v, "status"));
		if (status < 0 || !has_text(v, "at") ||
		    read_time(v, "at", 0, &t->at_ms) != OW_OK)
			return refuse(fault, "timeline[%zu]: malformed", i);
		t->status = (enum order_status)status;
		t->by = by_word(json_get_text(v, "by"));
	}
	return OW_OK;
}

static void
read_location(const struct json *v, struct location *out)
{
	struct location l = { .known = true };

	if (v == NULL || json_type(v) != JSON_OBJECT || !has_text(v, "at") ||
	    read_time(v, "at", 0, &l.at_ms) != OW_OK)
		return;
	l.lat = real_plain(json_number(json_get(v, "lat"), 1000));
	l.lng = real_plain(json_number(json_get(v, "lng"), 1000));
	l.heading = json_number(json_get(v, "heading"), -1);
	l.speed_mps = json_number(json_get(v, "speed_mps"), -1);
	l.is_stale = json_bool(json_get(v, "stale"), false);
	if (l.lat >= -90 && l.lat <= 90 && l.lng >= -180 && l.lng <= 180)
		*out = l;
}

static int
read_delivery(const struct json *v, struct order *view,
    struct ow_fault *fault)
{
	const char *name = json_get_text(v, "status");
	int status = name == NULL ? DELIVERY_NONE :
	    delivery_status_by_name(name);

	if (status < 0)
		return refuse(fault, "delivery: status: no such word");
	if (driver_read(json_get(v, "driver"), &view->driver) != OW_OK)
		return refuse(fault, "delivery: driver: malformed");
	view->delivery = (enum delivery_status)status;
	view->imminent = json_bool(json_get(v, "imminent"), false);
	view->task_id = json_get_text(v, "task_id");
	if (view->driver.id != NULL)
		read_location(json_get(v, "location"), &view->location);
	/* Without it the order is as good. */
	view->route = route_read(json_get(v, "route"));
	return OW_OK;
}

int
order_read(const char *doc, size_t n, struct order **out,
    struct ow_fault *fault)
{
	struct json *root = NULL;
	struct arena scratch;
	struct order view = { .seq = 0 };
	int err;

	arena_init(&scratch);
	err = json_parse(doc, n, &root, fault);
	if (err != OW_OK)
		goto out;
	err = order_view_read(json_get(root, "order"), &scratch, &view, fault);
	if (err != OW_OK)
		goto out;
	if (!has_text(root, "tenant")) {
		err = refuse(fault, "tenant: missing");
		goto out;
	}
	view.tenant = json_get_text(root, "tenant");
	contact_read(json_get(root, "contact"), &view.contact);
	err = read_timeline(json_get(root, "timeline"), &scratch, &view,
	    fault);
	if (err != OW_OK)
		goto out;
	err = read_delivery(json_get(root, "delivery"), &view, fault);
	if (err != OW_OK)
		goto out;
	view.firm_seq = (uint64_t)json_get_int(root, "firm_seq",
	    (int64_t)view.seq);
	if (view.firm_seq > view.seq)
		view.firm_seq = view.seq;
	*out = order_copy(&view);
out:
	route_unref(&view.route);
	arena_done(&scratch);
	json_free(&root);
	return err;
}
