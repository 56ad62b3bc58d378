/* SPDX-License-Identifier: MIT */
/*
 * vars - see vars.h.
 *
 * Everything is text and everything is there, empty when it is not known, so
 * that a template can ask.  Nothing is escaped: render does that for where it
 * stands.  Times are those of the reader's clock.
 */
#include "desk/vars.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/zone.h"
#include "conf/settings.h"
#include "notify/prefs.h"
#include "order/change.h"

#define VALUE_MAX 1000		/* render shows no more of a value */
#define URL_MAX 2000

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

static void
write_clock(const struct vars *v, struct jw *w, const char *name,
    int64_t wall_ms)
{
	const struct contact *contact = &v->order->contact;
	const char *zone = v->prefs != NULL && v->prefs->timezone != NULL ?
	    v->prefs->timezone : contact->timezone;
	char text[16] = "";
	int minute;

	if (wall_ms > 0) {
		minute = zone_minute(v->zones, zone != NULL ? zone :
		    v->set->notify.timezone, wall_ms);
		(void)snprintf(text, sizeof(text), "%02d:%02d",
		    minute / 60 % 24, minute % 60);
	}
	jw_text(w, name, text);
}

static void
write_times(const struct vars *v, struct jw *w)
{
	const struct order *o = v->order;
	const struct eta *eta = &o->eta;
	int64_t left_min = (eta->p50_at_ms - v->at_ms + 59999) / 60000;
	char minutes[24] = "";

	/* Templates have the plural, and "0 minutes" is no news. */
	if (eta->known && left_min >= 2)
		(void)snprintf(minutes, sizeof(minutes), "%lld",
		    (long long)left_min);
	write_clock(v, w, "eta", eta->known ? eta->p50_at_ms : 0);
	jw_text(w, "eta_minutes", minutes);
	write_clock(v, w, "promised", o->promised_at_ms > 0 ?
	    o->promised_at_ms : eta->promised_at_ms);
}

/* "2 x Tea, 1 x Cake", whole items only. */
static void
write_items(const struct order *o, struct jw *w)
{
	struct buf text = BUF_INIT(VALUE_MAX);
	const struct item *item;
	uint32_t i;

	for (i = 0; i < o->n_items; i++) {
		item = &o->items[i];
		if (item->status != ITEM_VOIDED && !text.full)
			(void)buf_printf(&text, "%s%lld x %s", text.n > 0 ?
			    ", " : "", (long long)item->quantity, item->name);
	}
	jw_textn(w, "items", text.n > 0 ? text.p : "", text.n);
	buf_done(&text);
}

/* Most have none: the message is only parsed for one that has. */
static void
write_reason(const struct fact *f, struct jw *w)
{
	struct ow_bytes data, reason;
	struct json *whole = NULL;
	struct ow_fault fault;

	if (f->kind == EVENT_ORDER_STATUS && json_slice(f->message,
	    f->message_len, "data", &data) == OW_OK && json_slice(data.p,
	    data.n, "reason", &reason) == OW_OK)
		(void)json_parse(data.p, data.n, &whole, &fault);
	jw_text(w, "reason", or_empty(json_get_text(whole, "reason")));
	json_free(&whole);
}

static void
write_url(const struct vars *v, struct jw *w)
{
	const char *pattern = v->set->notify.order_url;
	struct buf url = BUF_INIT(URL_MAX);
	const char *at;

	if (pattern == NULL || pattern[0] == '\0') {
		(void)buf_printf(&url, "%s/orders/%s/track", v->public_url,
		    v->order->id);
	} else if ((at = strstr(pattern, "{id}")) == NULL) {
		(void)buf_str(&url, pattern);
	} else {
		(void)buf_add(&url, pattern, (size_t)(at - pattern));
		(void)buf_str(&url, v->order->id);
		(void)buf_str(&url, at + strlen("{id}"));
	}
	jw_textn(w, "url", url.n > 0 ? url.p : "", url.n);
	buf_done(&url);
}

void
vars_write(const struct vars *v, struct buf *out)
{
	const struct order *o = v->order;
	const struct place *to = o->fulfilment == FULFIL_DELIVERY ?
	    &o->dropoff : &o->pickup;
	char seq[24];
	struct jw w;

	jw_init(&w, out);
	jw_object(&w, NULL);
	jw_text(&w, "number", or_empty(o->number));
	jw_text(&w, "customer", or_empty(o->contact.name));
	jw_text(&w, "status", order_status_name(o->status));
	write_reason(v->fact, &w);
	write_times(v, &w);
	jw_text(&w, "driver", or_empty(o->driver.id != NULL ? o->driver.name :
	    NULL));
	jw_text(&w, "place", or_empty(o->pickup.name));
	jw_text(&w, "address", or_empty(to->address));
	write_items(o, &w);
	jw_text(&w, "count", "1");	/* until it replaces others */
	write_url(v, &w);
	jw_text(&w, "tenant", o->tenant);
	jw_text(&w, "delivery", o->fulfilment == FULFIL_DELIVERY ? "yes" : "");
	(void)snprintf(seq, sizeof(seq), "%llu",
	    (unsigned long long)v->fact->seq);
	jw_text(&w, "seq", seq);
	jw_end(&w);
}
