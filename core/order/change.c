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
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "order/parts.h"

/* An order of 200 items, each as long as create.c lets it be and each byte
   escaped, stays below. */
#define MESSAGE_MAX (2u << 20)

struct draft {
	const struct order *before;	/* NULL: to be created */
	const char *tenant;
	const struct intent *in;
	const struct order_rules *rules;
	struct id_maker *ids;
	const char *by;
	struct change change;
	struct buf text;		/* of the message being written */
	struct jw w;
};

static int __attribute__((format(printf, 4, 5)))
refuse(struct refusal *r, int err, const char *code, const char *fmt, ...)
{
	va_list ap;

	r->err = err;
	r->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(r->detail, sizeof(r->detail), fmt, ap);
	va_end(ap);
	return err;
}

/* ---- Facts ------------------------------------------------------------- */

/* The order that the facts change: made when the first of them is sure. */
static struct order *
draft_after(struct draft *d)
{
	if (d->change.after == NULL)
		d->change.after = order_copy(d->before);
	return d->change.after;
}

/* Starts a message; its data is then written to the result. */
static struct jw *
fact_begin(struct draft *d, enum event_type kind,
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

static void
fact_end(struct draft *d)
{
	struct fact *f = &d->change.facts[d->change.n_facts++];

	jw_end(&d->w);
	OW_ASSERT(!d->text.full);
	f->message = arena_dupn(&d->change.arena, d->text.p, d->text.n);
	f->message_len = d->text.n;
}

/* The next event of the order after the change, with an object as data. */
static struct jw *
data_begin(struct draft *d, enum event_type kind)
{
	struct order *o = draft_after(d);
	struct jw *w;

	o->seq++;
	w = fact_begin(d, kind, event_type_name(kind), o, o->seq);
	jw_object(w, "data");
	return w;
}

static void
data_end(struct draft *d)
{
	jw_end(&d->w);
	fact_end(d);
}

static void
status_fact(struct draft *d, enum order_status to,
    const char *reason)
{
	struct order *o = draft_after(d);
	struct jw *w = data_begin(d, EVENT_ORDER_STATUS);

	jw_text(w, "from", order_status_name(o->status));
	jw_text(w, "to", order_status_name(to));
	jw_text(w, "by", d->by);
	if (reason != NULL)
		jw_text(w, "reason", reason);
	data_end(d);
	fold_status(o, to, d->in->at_ms, d->by);
}

static void
item_fact(struct draft *d, struct item *item, enum item_status to)
{
	struct order *o = draft_after(d);
	struct jw *w = data_begin(d, EVENT_ITEM_STATUS);

	jw_text(w, "item_id", item->id);
	jw_text(w, "from", item_status_name(item->status));
	jw_text(w, "to", item_status_name(to));
	jw_text(w, "by", d->by);
	data_end(d);
	fold_item(o, item, to, d->in->at_ms);
}

static void
delivery_fact(struct draft *d, enum delivery_status to)
{
	struct order *o = draft_after(d);
	struct jw *w = data_begin(d, EVENT_DELIVERY_STATUS);

	jw_text(w, "from", delivery_status_name(o->delivery));
	jw_text(w, "to", delivery_status_name(to));
	data_end(d);
	fold_delivery(o, to, d->in->at_ms);
}

/* ---- Deciding ---------------------------------------------------------- */

static int
refuse_finished(const struct order *o, struct refusal *r)
{
	return refuse(r, OW_ECONFLICT, "order_finished",
	    "the order is %s and stays so", order_status_name(o->status));
}

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
	d->change.after = o;
	w = fact_begin(d, EVENT_ORDER_CREATED,
	    event_type_name(EVENT_ORDER_CREATED), o, o->seq);
	jw_object(w, "data");
	order_write(w, "order", o);
	jw_text(w, "by", d->by);
	data_end(d);
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
		return refuse(r, OW_ECONFLICT, "illegal_transition",
		    "no step from %s to %s: %s is final",
		    from, order_status_name(to), from);
	for (int i = 0; i < ORDER_STATUS_COUNT && n < sizeof(legal); i++)
		if (order_step_is_legal(o->fulfilment, o->status,
		    (enum order_status)i, NULL))
			n += (size_t)snprintf(legal + n, sizeof(legal) - n,
			    "%s%s", n == 0 ? "" : ", ",
			    order_status_names[i]);
	return refuse(r, OW_ECONFLICT, "illegal_transition",
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
		return refuse(r, OW_EDENIED, "forbidden",
		    "a recall is the kitchen's alone");
	if ((flags & STEP_REASON) != 0 && d->in->reason == NULL)
		return refuse(r, OW_EINVAL, "reason_required",
		    "from %s to %s needs a reason",
		    order_status_name(o->status), order_status_name(to));
	status_fact(d, to, d->in->reason);
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
	return refuse(r, OW_ECONFLICT, "illegal_transition",
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
		status_fact(d, ORDER_CANCELLED, "all items voided");
	} else if (from == ITEM_READY && to == ITEM_PREPARING &&
	    o->status == ORDER_READY) {
		status_fact(d, ORDER_PREPARING, "item recalled");
	} else if (done == wanted) {
		if (!d->rules->ready_by_hand && o->status <= ORDER_PREPARING)
			status_fact(d, ORDER_READY, NULL);
	} else if (to == ITEM_PREPARING && o->status < ORDER_PREPARING) {
		status_fact(d, ORDER_PREPARING, NULL);
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
		return refuse(r, OW_ENOENT, "no_such_item",
		    "the order has no such item");
	from = item->status;
	if (from == to)
		return OW_OK;
	if (order_is_finished(before))
		return refuse_finished(before, r);
	if (!item_step_is_legal(from, to))
		return refuse_item(from, to, r);
	if (from == ITEM_READY && to == ITEM_PREPARING && !is_staff(d->in->by))
		return refuse(r, OW_EDENIED, "forbidden",
		    "a recall is the kitchen's alone");
	item_fact(d, &draft_after(d)->items[item - before->items], to);
	derive(d, from, to);
	return OW_OK;
}

/* A promise stands from the first time on, however the estimate moves. */
static int64_t
promise(const struct order *o, int64_t ready_at_ms)
{
	if (o->promised_at_ms != 0)
		return o->promised_at_ms;
	if (o->eta.known && o->eta.promised_at_ms != 0)
		return o->eta.promised_at_ms;
	return ready_at_ms;
}

static int
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
		.basis = "kitchen",
	};
	const struct eta *has = &before->eta;
	struct jw *w;

	if (has->known && has->p50_at_ms == eta.p50_at_ms &&
	    has->p90_at_ms == eta.p90_at_ms &&
	    strcmp(has->confidence, eta.confidence) == 0 &&
	    strcmp(has->basis, eta.basis) == 0)
		return OW_OK;
	if (order_is_finished(before))
		return refuse_finished(before, r);
	w = data_begin(d, EVENT_ETA);
	eta_write(w, "eta", &eta);
	data_end(d);
	fold_eta(d->change.after, &eta, d->in->at_ms);
	return OW_OK;
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Nobody is on the way for it: an assignment starts the delivery. */
static bool
is_waiting(enum delivery_status status)
{
	return status == DELIVERY_NONE || status == DELIVERY_PENDING ||
	    status == DELIVERY_CANCELLED || status == DELIVERY_FAILED;
}

static int
decide_delivery(struct draft *d, struct refusal *r)
{
	const struct order *before = d->before;
	struct driver driver = { .id = d->in->fleet_member_id, .rating = -1 };
	bool same_driver = is_same(before->driver.id, driver.id);
	struct jw *w;

	if (before->fulfilment != FULFIL_DELIVERY)
		return refuse(r, OW_ECONFLICT, "not_a_delivery",
		    "an order for %s has no driver",
		    fulfilment_name(before->fulfilment));
	if (same_driver && is_same(before->task_id, d->in->task_id) &&
	    !is_waiting(before->delivery))
		return OW_OK;
	if (order_is_finished(before))
		return refuse_finished(before, r);
	/* What has been learnt about this person stays known. */
	if (same_driver)
		driver = before->driver;
	w = data_begin(d, EVENT_DRIVER_ASSIGNED);
	driver_write(w, "driver", &driver);
	if (d->in->task_id != NULL)
		jw_text(w, "task_id", d->in->task_id);
	data_end(d);
	fold_driver(d->change.after, &driver, d->in->task_id, d->in->at_ms);
	if (is_waiting(before->delivery))
		delivery_fact(d, DELIVERY_ASSIGNED);
	return OW_OK;
}

/* The platform's own event changes nothing of the order but its seq. */
static int
decide_event(struct draft *d, struct refusal *r)
{
	const char *type = arena_dup(&d->change.arena, d->in->event_type);
	struct jw *w;

	(void)r;		/* allowed whatever the order is */
	w = fact_begin(d, EVENT_OTHER, type, d->before, d->before->seq + 1);
	jw_raw(w, "data", d->in->event_data.p, d->in->event_data.n);
	fact_end(d);
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
		.by = by_word(role_name(in->by)),
	};
	int err;

	OW_ASSERT((before == NULL) == (in->kind == INTENT_CREATE));
	OW_ASSERT(before != NULL || tenant != NULL);
	if (before != NULL && in->has_expected_seq &&
	    in->expected_seq != before->seq)
		return refuse(refusal, OW_ECONFLICT, "stale_seq",
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
