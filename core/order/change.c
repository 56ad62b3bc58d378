/* SPDX-License-Identifier: MIT */
/*
 * change - order and intent in; events and the order after them, or a refusal,
 * out.
 *
 * Every step is taken by writing its event and folding it with the functions
 * that replay uses (fold.c).  Nothing is done to the order beside its events,
 * so that the log alone gives the same order again.
 *
 * An item moves the order, never the other way round: setting an order ready
 * by hand leaves its items as they are.  Derived steps follow the item's own
 * event in the same change, under the same name.  They need no row in the
 * table of steps: a kitchen that starts on a scheduled order has started.
 *
 * Refusals are asked in this order: stale, unknown, already so (which is no
 * refusal), finished, illegal, denied, reason missing.
 */
#include "order/change.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "order/draft.h"
#include "order/parts.h"

/* ---- Deciding ---------------------------------------------------------- */

static int
decide_create(struct draft *d, struct refusal *r)
{
	struct order *o = order_new();
	struct arena scratch;
	struct order view;
	struct jw *w;

	(void)r;		/* a checked body is never refused */
	arena_init(&scratch);
	create_view(d->in->order, d->ids, d->in->at_ms, &scratch, &view);
	o->tenant = d->tenant;
	o->contact = view.contact;
	fold_created(o, &view, d->in->at_ms, d->by);
	arena_done(&scratch);
	if (d->rules->quote != NULL)
		d->rules->quote(d->rules->quote_arg, o);
	d->change.after = o;
	w = draft_fact(d, EVENT_ORDER_CREATED,
	    event_type_name(EVENT_ORDER_CREATED), o, o->seq);
	jw_object(w, "data");
	order_write(w, "order", o);
	jw_text(w, "by", d->by);
	draft_end(d);
	return OW_OK;
}

static int
refuse_status(const struct order *o, enum order_status to,
    struct refusal *r)
{
	const char *from = order_status_name(o->status);
	char legal[160] = "";
	size_t n = 0;

	if (order_is_finished(o))
		return draft_refuse(r, OW_ECONFLICT, "illegal_transition",
		    "no step from %s to %s: %s is final",
		    from, order_status_name(to), from);
	for (int i = 0; i < ORDER_STATUS_COUNT && n < sizeof(legal); i++)
		if (order_step_is_legal(o->fulfilment, o->status,
		    (enum order_status)i, NULL))
			n += (size_t)snprintf(legal + n, sizeof(legal) - n,
			    "%s%s", n == 0 ? "" : ", ",
			    order_status_names[i]);
	return draft_refuse(r, OW_ECONFLICT, "illegal_transition",
	    "no step from %s to %s (%s); legal: %s", from,
	    order_status_name(to), fulfilment_name(o->fulfilment), legal);
}

static bool
is_staff(enum role role)
{
	return role == ROLE_KITCHEN || role == ROLE_SERVICE ||
	    role == ROLE_ADMIN;
}

static int
decide_status(struct draft *d, struct refusal *r)
{
	const struct order *o = d->before;
	enum order_status to = (enum order_status)d->in->status;
	uint32_t flags = 0;

	if (o->status == to)
		return OW_OK;
	if (!order_step_is_legal(o->fulfilment, o->status, to, &flags))
		return refuse_status(o, to, r);
	if ((flags & STEP_RECALL) != 0 && !is_staff(d->in->by))
		return draft_refuse(r, OW_EDENIED, "forbidden",
		    "a recall is the kitchen's alone");
	if ((flags & STEP_REASON) != 0 && d->in->reason == NULL)
		return draft_refuse(r, OW_EINVAL, "reason_required",
		    "from %s to %s needs a reason",
		    order_status_name(o->status), order_status_name(to));
	draft_status(d, to, d->in->reason);
	return OW_OK;
}

static int
refuse_item(enum item_status from, enum item_status to,
    struct refusal *r)
{
	char legal[80] = "";
	size_t n = 0;

	for (int i = 0; i < ITEM_STATUS_COUNT && n < sizeof(legal); i++)
		if (item_step_is_legal(from, (enum item_status)i))
			n += (size_t)snprintf(legal + n, sizeof(legal) - n,
			    "%s%s", n == 0 ? "" : ", ",
			    item_status_names[i]);
	return draft_refuse(r, OW_ECONFLICT, "illegal_transition",
	    "no step from %s to %s for an item; legal: %s",
	    item_status_name(from), item_status_name(to),
	    n == 0 ? "none" : legal);
}

/* What the items' states say about the order's, after one went from to. */
static void
derive(struct draft *d, enum item_status from,
    enum item_status to)
{
	const struct order *o = draft_after(d);
	uint32_t wanted = 0, done = 0;

	for (uint32_t i = 0; i < o->n_items; i++) {
		wanted += o->items[i].status != ITEM_VOIDED;
		done += o->items[i].status == ITEM_READY ||
		    o->items[i].status == ITEM_SERVED;
	}
	if (wanted == 0) {
		draft_status(d, ORDER_CANCELLED, "all items voided");
	} else if (from == ITEM_READY && to == ITEM_PREPARING &&
	    o->status == ORDER_READY) {
		draft_status(d, ORDER_PREPARING, "item recalled");
	} else if (done == wanted) {
		if (!d->rules->ready_by_hand && o->status <= ORDER_PREPARING)
			draft_status(d, ORDER_READY, NULL);
	} else if (to == ITEM_PREPARING && o->status < ORDER_PREPARING) {
		draft_status(d, ORDER_PREPARING, NULL);
	}
}

static int
decide_item(struct draft *d, struct refusal *r)
{
	const struct order *before = d->before;
	enum item_status to = (enum item_status)d->in->status;
	const struct item *item = d->in->item_id == NULL ? NULL :
	    order_item(before, d->in->item_id);
	enum item_status from;

	if (item == NULL)
		return draft_refuse(r, OW_ENOENT, "no_such_item",
		    "the order has no such item");
	from = item->status;
	if (from == to)
		return OW_OK;
	if (order_is_finished(before))
		return draft_refuse_finished(before, r);
	if (!item_step_is_legal(from, to))
		return refuse_item(from, to, r);
	if (from == ITEM_READY && to == ITEM_PREPARING && !is_staff(d->in->by))
		return draft_refuse(r, OW_EDENIED, "forbidden",
		    "a recall is the kitchen's alone");
	draft_item(d, &draft_after(d)->items[item - before->items], to);
	derive(d, from, to);
	return OW_OK;
}

/* The platform's own event changes nothing of the order but its seq. */
static int
decide_event(struct draft *d, struct refusal *r)
{
	const char *type = arena_dup(&d->change.arena, d->in->event_type);
	struct jw *w;

	(void)r;		/* allowed whatever the order is */
	w = draft_fact(d, EVENT_OTHER, type, d->before, d->before->seq + 1);
	jw_raw(w, "data", d->in->event_data.p, d->in->event_data.n);
	draft_fact_end(d);
	return OW_OK;
}

typedef int decide_fn(struct draft *, struct refusal *);

static decide_fn *const decide_fns[] = {
	[INTENT_CREATE] = decide_create,
	[INTENT_STATUS] = decide_status,
	[INTENT_ITEM_STATUS] = decide_item,
	[INTENT_ETA] = decide_eta,
	[INTENT_DELIVERY] = decide_delivery,
	[INTENT_EVENT] = decide_event,
	[INTENT_TASK] = decide_task,
	[INTENT_DRIVER] = decide_driver,
	[INTENT_ROUTE] = decide_route,
	[INTENT_ESTIMATE] = decide_estimate,
};

int
change_decide(const struct order *before, const char *tenant,
    const struct intent *in, const struct order_rules *rules,
    struct id_maker *ids, struct change *out, struct refusal *refusal)
{
	struct draft d = {
		.before = before,
		.tenant = tenant,
		.in = in,
		.rules = rules,
		.ids = ids,
		.by = in->kind == INTENT_TASK ? by_word("logistics") :
		    by_word(role_name(in->by)),
	};
	int err;

	OW_ASSERT((before == NULL) == (in->kind == INTENT_CREATE));
	OW_ASSERT(before != NULL || tenant != NULL);
	/* An estimate between is no change that anybody could have missed. */
	if (before != NULL && in->has_expected_seq &&
	    (in->expected_seq < before->firm_seq ||
	    in->expected_seq > before->seq))
		return draft_refuse(refusal, OW_ECONFLICT, "stale_seq",
		    "the order is at seq %" PRIu64 ", not %" PRIu64,
		    before->seq, in->expected_seq);
	arena_init(&d.change.arena);
	buf_init(&d.text, MESSAGE_MAX);
	err = decide_fns[in->kind](&d, refusal);
	buf_done(&d.text);
	if (err == OW_OK)
		*out = d.change;
	else
		change_done(&d.change);
	return err;
}

void
change_done(struct change *c)
{
	order_free(&c->after);
	arena_done(&c->arena);
	c->n_facts = 0;
}
