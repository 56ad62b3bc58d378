/* SPDX-License-Identifier: MIT */
/*
 * draft - see draft.h: each event is written and, with the function that
 * replay uses (fold.c), folded into the order after.
 */
#include "order/draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "order/parts.h"

int
draft_refuse(struct refusal *r, int err, const char *code, const char *fmt, ...)
{
	va_list ap;

	r->err = err;
	r->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(r->detail, sizeof(r->detail), fmt, ap);
	va_end(ap);
	return err;
}

struct order *
draft_after(struct draft *d)
{
	if (d->change.after == NULL)
		d->change.after = order_copy(d->before);
	return d->change.after;
}

struct jw *
draft_fact(struct draft *d, enum event_type kind,
    const char *type, const struct order *o, uint64_t seq)
{
	struct fact *f = &d->change.facts[d->change.n_facts];

	OW_ASSERT(d->change.n_facts < CHANGE_FACTS_MAX);
	f->kind = kind;
	f->type = type;
	f->seq = seq;
	id_new(d->ids, d->in->at_ms, f->id);
	buf_clear(&d->text);
	jw_init(&d->w, &d->text);
	jw_object(&d->w, NULL);
	jw_text(&d->w, "type", type);
	jw_text(&d->w, "id", f->id);
	jw_text(&d->w, "order_id", o->id);
	jw_int(&d->w, "seq", (int64_t)seq);
	jw_time(&d->w, "at", d->in->at_ms);
	return &d->w;
}

void
draft_fact_end(struct draft *d)
{
	struct fact *f = &d->change.facts[d->change.n_facts++];

	jw_end(&d->w);
	OW_ASSERT(!d->text.full);
	f->message = arena_dupn(&d->change.arena, d->text.p, d->text.n);
	f->message_len = d->text.n;
}

struct jw *
draft_begin(struct draft *d, enum event_type kind)
{
	struct order *o = draft_after(d);
	struct jw *w;

	o->seq++;
	if (kind != EVENT_ETA && kind != EVENT_ROUTE)
		o->firm_seq = o->seq;
	w = draft_fact(d, kind, event_type_name(kind), o, o->seq);
	jw_object(w, "data");
	return w;
}

void
draft_end(struct draft *d)
{
	jw_end(&d->w);
	draft_fact_end(d);
}

void
draft_status(struct draft *d, enum order_status to,
    const char *reason)
{
	struct order *o = draft_after(d);
	struct jw *w = draft_begin(d, EVENT_ORDER_STATUS);

	jw_text(w, "from", order_status_name(o->status));
	jw_text(w, "to", order_status_name(to));
	jw_text(w, "by", d->by);
	if (reason != NULL)
		jw_text(w, "reason", reason);
	draft_end(d);
	fold_status(o, to, d->in->at_ms, d->by);
}

void
draft_item(struct draft *d, struct item *item, enum item_status to)
{
	struct order *o = draft_after(d);
	struct jw *w = draft_begin(d, EVENT_ITEM_STATUS);

	jw_text(w, "item_id", item->id);
	jw_text(w, "from", item_status_name(item->status));
	jw_text(w, "to", item_status_name(to));
	jw_text(w, "by", d->by);
	draft_end(d);
	fold_item(o, item, to, d->in->at_ms);
}

void
draft_delivery(struct draft *d, enum delivery_status to, const char *reason)
{
	struct order *o = draft_after(d);
	struct jw *w = draft_begin(d, EVENT_DELIVERY_STATUS);

	jw_text(w, "from", delivery_status_name(o->delivery));
	jw_text(w, "to", delivery_status_name(to));
	if (reason != NULL)
		jw_text(w, "reason", reason);
	draft_end(d);
	fold_delivery(o, to, d->in->at_ms);
}

void
draft_driver(struct draft *d, const struct driver *driver,
    const char *task_id)
{
	struct order *o = draft_after(d);
	struct jw *w = draft_begin(d, EVENT_DRIVER_ASSIGNED);
	struct driver told = *driver;

	/* What the event does not say, the order does not know. */
	if (!order_shows_phone(o))
		told.phone = NULL;
	driver_write(w, "driver", &told, true);
	if (task_id != NULL)
		jw_text(w, "task_id", task_id);
	draft_end(d);
	fold_driver(o, &told, task_id, d->in->at_ms);
}

void
draft_eta(struct draft *d, const struct eta *eta, bool is_near)
{
	struct order *o = draft_after(d);
	struct jw *w = draft_begin(d, EVENT_ETA);

	eta_write(w, "eta", eta);
	if (is_near)
		jw_bool(w, "near", true);
	draft_end(d);
	fold_eta(o, eta, d->in->at_ms);
	if (strcmp(eta->basis, ETA_BASIS_KITCHEN) == 0)
		o->firm_seq = o->seq;
}

int
draft_refuse_finished(const struct order *o, struct refusal *r)
{
	return draft_refuse(r, OW_ECONFLICT, "order_finished",
	    "the order is %s and stays so", order_status_name(o->status));
}
