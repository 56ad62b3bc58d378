/* SPDX-License-Identifier: MIT */
/*
 * order_json - an order as JSON: the public object, the snapshot, the
 * document for the store.
 *
 * Everything a stream or an answer shows of an order comes out of here, so
 * the person's contact is written in one place alone, order_doc_write, and
 * the task of the logistics-service beside it.  Reading back: order_read.c.
 *
 * Invariant: equal orders give equal bytes.
 */
#include <math.h>

#include "base/json.h"
#include "order/parts.h"
#include "order/route.h"

#define DOC_VERSION 1

/* 0 is a time that nobody named. */
static void
write_time(struct jw *w, const char *key, int64_t ms)
{
	if (ms == 0)
		jw_null(w, key);
	else
		jw_time(w, key, ms);
}

static void
write_item(struct jw *w, const struct item *item)
{
	jw_object(w, NULL);
	jw_text(w, "id", item->id);
	jw_text(w, "sku", item->sku);
	jw_text(w, "name", item->name);
	jw_int(w, "quantity", item->quantity);
	jw_text(w, "notes", item->notes);
	jw_text(w, "station", item->station);
	if (item->prep_s < 0)
		jw_null(w, "prep_s");
	else
		jw_int(w, "prep_s", item->prep_s);
	jw_text(w, "status", item_status_name(item->status));
	jw_end(w);
}

static void
write_place(struct jw *w, const char *key, const struct place *p,
    bool named)
{
	if (!p->known) {
		jw_null(w, key);
		return;
	}
	jw_object(w, key);
	if (named)
		jw_text(w, "name", p->name);
	jw_text(w, "address", p->address);
	if (p->has_point) {
		jw_real(w, "lat", p->lat);
		jw_real(w, "lng", p->lng);
	} else {
		jw_null(w, "lat");
		jw_null(w, "lng");
	}
	jw_end(w);
}

void
eta_write(struct jw *w, const char *key, const struct eta *eta)
{
	if (!eta->known) {
		jw_null(w, key);
		return;
	}
	jw_object(w, key);
	jw_time(w, "p50_at", eta->p50_at_ms);
	jw_time(w, "p90_at", eta->p90_at_ms);
	jw_text(w, "confidence", eta->confidence);
	jw_text(w, "basis", eta->basis);
	write_time(w, "promised_at", eta->promised_at_ms);
	jw_time(w, "updated_at", eta->updated_at_ms);
	jw_end(w);
}

void
driver_write(struct jw *w, const char *key, const struct driver *d,
    bool with_phone)
{
	if (d->id == NULL) {
		jw_null(w, key);
		return;
	}
	jw_object(w, key);
	jw_text(w, "id", d->id);
	jw_text(w, "name", d->name);
	jw_text(w, "photo_url", d->photo_url);
	jw_text(w, "vehicle", d->vehicle);
	if (d->rating < 0)
		jw_null(w, "rating");
	else
		jw_real(w, "rating", d->rating);
	if (with_phone && d->phone != NULL)
		jw_text(w, "phone", d->phone);
	jw_end(w);
}

void
order_write(struct jw *w, const char *key, const struct order *o)
{
	jw_object(w, key);
	jw_text(w, "id", o->id);
	jw_text(w, "number", o->number);
	jw_text(w, "external_ref", o->external_ref);
	jw_text(w, "customer_id", o->customer_id);
	jw_text(w, "status", order_status_name(o->status));
	jw_text(w, "fulfilment", fulfilment_name(o->fulfilment));
	write_time(w, "scheduled_for", o->scheduled_for_ms);
	write_time(w, "promised_at", o->promised_at_ms);
	jw_time(w, "placed_at", o->placed_at_ms);
	jw_time(w, "updated_at", o->updated_at_ms);
	write_time(w, "finished_at", o->finished_at_ms);
	jw_list(w, "items");
	for (uint32_t i = 0; i < o->n_items; i++)
		write_item(w, &o->items[i]);
	jw_end(w);
	write_place(w, "pickup", &o->pickup, true);
	write_place(w, "dropoff", &o->dropoff, false);
	eta_write(w, "eta", &o->eta);
	jw_int(w, "seq", (int64_t)o->seq);
	jw_end(w);
}

static void
write_timeline(struct jw *w, const struct order *o)
{
	const struct timeline_entry *t;

	jw_list(w, "timeline");
	for (uint32_t i = 0; i < o->n_timeline; i++) {
		t = &o->timeline[i];
		jw_object(w, NULL);
		jw_text(w, "status", order_status_name(t->status));
		jw_time(w, "at", t->at_ms);
		jw_text(w, "by", t->by);
		jw_end(w);
	}
	jw_end(w);
}

/* ---- Where the driver is ------------------------------------------------ */

#define GONE_MS INT64_C(300000)
#define GRID_DEGREES 0.0027		/* of latitude: 300 m */

bool
order_shows_phone(const struct order *o)
{
	return o->status == ORDER_OUT_FOR_DELIVERY;
}

/* The middle of its cell, so that no two points of one are told apart. */
static double
grid(double degrees, double step)
{
	double d = (floor(degrees / step) + 0.5) * step;

	return real_plain(round(d * 1e5) / 1e5);
}

static void
blur(struct location *l)
{
	double lat = grid(l->lat, GRID_DEGREES);
	double shrink = cos(lat * M_PI / 180);

	l->lng = grid(l->lng, GRID_DEGREES / (shrink > 0.01 ? shrink : 0.01));
	l->lat = lat;
	l->heading = l->speed_mps = -1;
}

bool
order_location(const struct order *o, int64_t wall_ms, struct location *out)
{
	bool is_over = order_is_finished(o);

	if (!o->location.known || o->driver.id == NULL ||
	    (is_over && o->finished_at_ms + GONE_MS <= wall_ms))
		return false;
	*out = o->location;
	if (!is_over && o->status != ORDER_OUT_FOR_DELIVERY)
		blur(out);
	return true;
}

static void
write_amount(struct jw *w, const char *key, double d, int decimals)
{
	if (d < 0)
		jw_null(w, key);
	else
		jw_rounded(w, key, d, decimals);
}

/* No digits that no receiver of satellites has: 6 of a degree are 11 cm. */
void
location_write(struct jw *w, const char *key, const struct location *l)
{
	jw_object(w, key);
	jw_rounded(w, "lat", l->lat, 6);
	jw_rounded(w, "lng", l->lng, 6);
	write_amount(w, "heading", l->heading, 1);
	write_amount(w, "speed_mps", l->speed_mps, 2);
	jw_time(w, "at", l->at_ms);
	jw_bool(w, "stale", l->is_stale);
	jw_end(w);
}

static void
write_delivery(struct jw *w, const struct order *o, int64_t wall_ms)
{
	struct location l;

	jw_object(w, "delivery");
	jw_text(w, "status", delivery_status_name(o->delivery));
	jw_bool(w, "imminent", o->imminent);
	driver_write(w, "driver", &o->driver, order_shows_phone(o));
	if (order_location(o, wall_ms, &l))
		location_write(w, "location", &l);
	else
		jw_null(w, "location");
	route_write(w, "route", o->route);
	jw_end(w);
}

/* What is exact, and not for long: an order that is over takes it along. */
static void
write_delivery_doc(struct jw *w, const struct order *o)
{
	jw_object(w, "delivery");
	jw_text(w, "status", delivery_status_name(o->delivery));
	jw_bool(w, "imminent", o->imminent);
	driver_write(w, "driver", &o->driver, !order_is_finished(o));
	jw_text(w, "task_id", o->task_id);
	if (o->location.known && !order_is_finished(o))
		location_write(w, "location", &o->location);
	if (o->route != NULL)
		route_write(w, "route", o->route);
	jw_end(w);
}

/* ---- The whole ---------------------------------------------------------- */

void
order_snapshot_write(struct jw *w, const char *key, const struct order *o,
    int64_t wall_ms)
{
	int step, of;

	jw_object(w, key);
	order_write(w, "order", o);
	write_timeline(w, o);
	order_progress(o->fulfilment, o->status, &step, &of);
	jw_object(w, "progress");
	jw_int(w, "step", step);
	jw_int(w, "of", of);
	jw_end(w);
	eta_write(w, "eta", &o->eta);
	if (o->fulfilment == FULFIL_DELIVERY)
		write_delivery(w, o, wall_ms);
	else
		jw_null(w, "delivery");
	jw_end(w);
}

void
order_doc_write(struct buf *out, const struct order *o)
{
	struct jw w;

	jw_init(&w, out);
	jw_object(&w, NULL);
	jw_int(&w, "version", DOC_VERSION);
	jw_text(&w, "tenant", o->tenant);
	order_write(&w, "order", o);
	jw_object(&w, "contact");
	jw_text(&w, "name", o->contact.name);
	jw_text(&w, "email", o->contact.email);
	jw_text(&w, "phone", o->contact.phone);
	jw_text(&w, "locale", o->contact.locale);
	jw_text(&w, "timezone", o->contact.timezone);
	jw_end(&w);
	write_timeline(&w, o);
	write_delivery_doc(&w, o);
	jw_int(&w, "firm_seq", (int64_t)o->firm_seq);
	jw_end(&w);
}
