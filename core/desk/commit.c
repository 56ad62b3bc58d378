/* SPDX-License-Identifier: MIT */
/*
 * commit - an intent becomes events, one transaction, and then news.
 *
 * One change of an order is on its way at a time: it was decided on the state
 * that is committed, so nothing has to be taken back when the store says no.
 * A conflict means that another writer was first (its events are read, told,
 * and the intent decided anew), or that the Idempotency-Key was used before,
 * or that somebody's log has got longer (desk/person.h; decided anew as well).
 * Changes of different orders of one person do not wait for each other.
 */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "base/metric.h"
#include "base/trace.h"
#include "desk/room.h"

#define TRIES_MAX 4
#define PERSON_TRIES_MAX 8
#define DOC_MAX (4u << 20)

struct work {
	struct visit visit;		/* first: see newer_found */
	struct command *c;
	struct entry *e;		/* NULL: creates */
	struct change change;
	struct person_visit customer;
	struct notices *notices;	/* that it makes, or NULL */
	char link_id[ID_SIZE];
	const char *ref_text;		/* "ref:..." of the one in the way */
};

static void commit_start(struct orders *, struct command *, struct entry *);

static void
work_end(struct work *w)
{
	w->c->change = NULL;
	change_done(&w->change);
}

/* ---- One after the other ------------------------------------------------ */

static void
wait_in_line(struct orders *o, struct command *c, struct entry *e)
{
	if (e->n_waiting >= (uint64_t)o->set->server.order_queue_max) {
		command_refuse(c, 503, "order_busy",
		    "too many changes of this order are waiting");
		c->wait_ms = 1000;
		desk_answer(o, c);
		return;
	}
	c->next = NULL;
	if (e->waiting == NULL)
		e->waiting = c;
	else
		e->waiting_tail->next = c;
	e->waiting_tail = c;
	e->n_waiting++;
}

void
commit_next(struct orders *o, struct entry *e)
{
	struct command *c;

	e->busy = false;
	while (!e->busy && e->waiting != NULL) {
		c = e->waiting;
		e->waiting = c->next;
		e->n_waiting--;
		commit_start(o, c, e);
	}
}

void
commit_change(struct orders *o, struct command *c, struct entry *e)
{
	if (!desk_enter(o, c))
		return;
	if (e != NULL && e->busy)
		wait_in_line(o, c, e);
	else
		commit_start(o, c, e);
}

/* ---- Told --------------------------------------------------------------- */

void
desk_tell(struct orders *o, struct entry *e, struct event *const *events,
    uint32_t n)
{
	uint64_t fronts = e->watchers | e->tenant->watchers;
	uint32_t i, f;

	TRACE3(told, (const char *)e->order->id, events[n - 1]->pub.seq,
	    fronts);
	for (f = 0; f < o->n_hubs; f++) {
		if ((fronts >> f & 1) == 0)
			continue;
		for (i = 0; i < n; i++)
			hub_tell(o->hubs[f], events[i]);
		metric_add(o->metrics, DESK_M_TOLD, n);
	}
}

static void
tell_facts(struct orders *o, struct work *w)
{
	struct event *events[CHANGE_FACTS_MAX];
	const struct fact *f;
	const struct order *as = w->change.after != NULL ? w->change.after :
	    w->e->order;
	uint64_t seq = w->change.facts[w->change.n_facts - 1].seq;
	uint32_t i;

	for (i = 0; i < w->change.n_facts; i++) {
		f = &w->change.facts[i];
		events[i] = event_make(as->tenant, as->id, f->type, f->seq,
		    w->c->intent.at_ms, f->message, f->message_len);
	}
	if (w->e == NULL) {
		/* The stored row already is this order, but its events must
		   be in memory too: start one step before them. */
		w->e = book_find_id(&o->book, as->id);
		if (w->e == NULL)
			w->e = book_add(&o->book, &w->change.after, seq,
			    loop_now_ms(o->loop));
		desk_tell(o, w->e, events, w->change.n_facts);
		entry_recall(w->e, events, w->change.n_facts);
		for (i = 0; i < w->change.n_facts; i++)
			event_unref(&events[i]);
		desk_look(o, w->e);
		return;
	}
	if (w->change.after != NULL && order_is_finished(w->change.after))
		w->e->doc_seq = seq;
	desk_tell(o, w->e, events, w->change.n_facts);
	entry_advance(&o->book, w->e, &w->change.after, events,
	    w->change.n_facts, loop_now_ms(o->loop));
	desk_look(o, w->e);
}

/* ---- Settled ------------------------------------------------------------ */

static void
decide_anew(struct orders *o, struct command *c, struct entry *e)
{
	if (e != NULL)
		e->busy = false;
	commit_start(o, c, e);
	if (e != NULL && !e->busy)
		commit_next(o, e);
}

/* Somebody's log is longer than it was thought to be. */
static void
person_moved(struct orders *o, struct work *w)
{
	struct command *c = w->c;
	struct entry *e = w->e;

	work_end(w);
	if (++c->person_tries <= PERSON_TRIES_MAX) {
		decide_anew(o, c, e);
		return;
	}
	desk_answer_store(o, c, OW_EAGAIN);
	if (e != NULL)
		commit_next(o, e);
}

static void
newer_found(struct visit *v, struct orders *o, struct entry *e, int err)
{
	struct work *w = (struct work *)v;
	struct command *c = w->c;

	(void)e;			/* NULL with an error */
	e = w->e;
	work_end(w);
	if (err != OW_OK) {
		desk_answer_store(o, c, err);
		commit_next(o, e);
	} else {
		decide_anew(o, c, e);
	}
}

/* Only an external_ref that is taken stops an order's first row. */
static void
ref_found(struct visit *v, struct orders *o, struct entry *e, int err)
{
	struct work *w = (struct work *)v;
	struct command *c = w->c;

	work_end(w);
	if (err != OW_OK) {
		desk_answer_store(o, c, err == OW_ENOENT ? OW_EAGAIN : err);
		return;
	}
	command_refuse(c, 409, "external_ref_taken",
	    "order %s has this external_ref", e->order->id);
	buf_printf(&c->body, "\"order_id\":\"%s\"", e->order->id);
	desk_answer(o, c);
}

static void
in_conflict(struct orders *o, struct work *w, uint32_t op)
{
	struct command *c = w->c;
	struct entry *e = w->e;

	if (c->repeat_key != NULL && op == 0) {
		work_end(w);
		repeat_tell(o, c, desk_start_over);
		if (e != NULL)
			commit_next(o, e);
		return;
	}
	metric_add(o->metrics, DESK_M_CONFLICTS, 1);
	if (notice_is_op(w->notices, op)) {
		person_moved(o, w);
		return;
	}
	if (e == NULL && w->ref_text != NULL) {
		w->visit.found = ref_found;
		fetch_order(o, c->tenant, w->ref_text, &w->visit);
		return;
	}
	if (e == NULL || ++c->tries > TRIES_MAX) {
		work_end(w);
		desk_answer_store(o, c, OW_EAGAIN);
		if (e != NULL)
			commit_next(o, e);
		return;
	}
	w->visit.found = newer_found;
	fetch_newer(o, e->order->id, &w->visit);
}

/* The work ends first: an answered command, and all in its arena, may be gone
   at once. */
static void
finish(struct orders *o, struct work *w, int err)
{
	struct command *c = w->c;
	/* A new order's line is not ours: others may have found its row. */
	struct entry *e = w->e;

	if (err == OW_OK && w->change.n_facts > 0) {
		metric_add(o->metrics, DESK_M_CHANGES, 1);
		metric_add(o->metrics, DESK_M_EVENTS, w->change.n_facts);
		tell_facts(o, w);
	}
	if (err == OW_OK && w->link_id[0] != '\0' && c->status < 400)
		desk_finish_link(o, c, w->link_id);
	work_end(w);
	if (err == OW_OK)
		desk_answer(o, c);
	else
		desk_answer_store(o, c, err);
	if (e != NULL)
		commit_next(o, e);
}

/* ---- In doubt ----------------------------------------------------------- */

/* An order that is there was made by this very transaction. */
static void
maybe_made(struct visit *v, struct orders *o, struct entry *e, int err)
{
	struct work *w = (struct work *)v;

	(void)e;			/* tell_facts finds it */
	if (err == OW_EAGAIN)
		heal_made(o, w->change.after);
	finish(o, w, err == OW_ENOENT ? OW_EIO : err);
}

/* What was done after all has been told now; whether it was done by this
   command, a repeated key will say. */
static void
maybe_changed(struct visit *v, struct orders *o, struct entry *e, int err)
{
	struct work *w = (struct work *)v;

	(void)e;			/* NULL with an error */
	if (err == OW_EAGAIN)
		heal_entry(o, w->e);
	finish(o, w, OW_EIO);
}

/* The store lost its connection during the commit. */
static void
in_doubt(struct orders *o, struct work *w)
{
	if (w->change.n_facts == 0) {
		finish(o, w, OW_EIO);
	} else if (w->e != NULL) {
		w->visit.found = maybe_changed;
		fetch_newer(o, w->e->order->id, &w->visit);
	} else {
		w->visit.found = maybe_made;
		fetch_order(o, w->change.after->tenant, w->change.after->id,
		    &w->visit);
	}
}

static void
settled(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct work *w = arg;
	struct orders *o = w->c->orders;

	(void)txn;
	/* In doubt, too: the person is read again, whatever it became. */
	notice_settled(o, w->notices, r->err);
	if (r->err == OW_ECONFLICT)
		in_conflict(o, w, r->op);
	else if (r->err == OW_EIO)
		in_doubt(o, w);
	else
		finish(o, w, r->err);
}

/* ---- Decided ------------------------------------------------------------ */

static void
add_row(struct txn *txn, const struct order *as, bool create)
{
	struct buf doc = BUF_INIT(DOC_MAX);
	const char *status = order_status_name(as->status);
	int64_t active = order_is_finished(as) ? 0 : 1;
	struct ow_bytes text;

	order_doc_write(&doc, as);
	OW_ASSERT(!doc.full);
	text.p = doc.p;
	text.n = doc.n;
	if (create)
		txn_add(txn, Q_ORDER_INSERT, 1, "sssssiib", as->id,
		    as->tenant, as->external_ref, as->customer_id, status,
		    active, (int64_t)as->seq, text);
	else
		txn_add(txn, Q_ORDER_WRITE, -1, "ssiib", as->id, status,
		    active, (int64_t)as->seq, text);
	buf_done(&doc);
}

/* The body that is stored and told; a link's token comes behind it. */
static void
write_answer(struct work *w)
{
	const struct fact *f = &w->change.facts[0];
	const struct order *as = w->change.after;
	struct command *c = w->c;

	if (c->is_own) {
		c->status = 200;
		return;
	}
	if (c->intent.kind == INTENT_EVENT) {
		c->status = 201;
		buf_str(&c->body, "{\"event\":");
		buf_add(&c->body, f->message, f->message_len);
		c->seq = f->seq;
		c->answer_order = w->e->order->id;
		return;
	}
	if (w->e != NULL) {
		desk_answer_order(c, 200, as != NULL ? as : w->e->order);
		return;
	}
	desk_answer_order(c, 201, as);
	buf_str(&c->body, ",\"tracking\":{");	/* desk_finish_link goes on */
}

static void
send_change(struct orders *o, struct work *w, struct person *p)
{
	struct command *c = w->c;
	const struct order *as = w->change.after;
	struct txn *txn = txn_new(o->journal);
	const struct fact *f;
	struct ow_bytes message;
	uint32_t i;

	if (c->repeat_key != NULL)
		repeat_add(txn, c, w->link_id[0] != '\0' ? w->link_id : NULL,
		    c->intent.at_ms);
	if (w->e == NULL && as != NULL)
		add_row(txn, as, true);
	for (i = 0; i < w->change.n_facts; i++) {
		f = &w->change.facts[i];
		message.p = f->message;
		message.n = f->message_len;
		txn_add(txn, Q_EVENT_APPEND, 1, "siisb",
		    as != NULL ? as->id : w->e->order->id, (int64_t)f->seq,
		    c->intent.at_ms, f->type, message);
	}
	if (w->e != NULL && as != NULL && order_is_finished(as))
		add_row(txn, as, false);
	if (w->e == NULL && as != NULL)
		share_add_link(o, txn, w->link_id, as->tenant, as->id,
		    c->intent.at_ms +
		    settings_tenant(o->set, as->tenant)->link_ttl_ms);
	if (w->notices != NULL)
		notice_add(o, w->notices, txn, w->e, p, c->intent.at_ms);
	if (w->e != NULL)
		w->e->busy = true;
	txn_send(&txn, settled, w);
}

static void
customer_found(struct person_visit *v, struct orders *o, struct person *p,
    int err)
{
	struct work *w = (struct work *)((char *)v -
	    offsetof(struct work, customer));
	struct command *c = w->c;
	struct entry *e = w->e;

	if (err == OW_OK) {
		send_change(o, w, p);
		return;
	}
	work_end(w);
	desk_answer_store(o, c, err);
	if (e != NULL && !o->ending)
		commit_next(o, e);
}

/* The order keeps its place while its customer is fetched, if need be. */
static void
with_customer(struct orders *o, struct work *w)
{
	const struct order *before = w->e != NULL ? w->e->order : NULL;
	const struct order *after = w->change.after != NULL ?
	    w->change.after : before;
	const char *sub;

	if (w->change.n_facts > 0)
		w->notices = notice_plan(o, before, after, &w->change,
		    &w->c->arena);
	sub = notice_sub(w->notices);
	if (sub == NULL) {
		send_change(o, w, NULL);
		return;
	}
	if (w->e != NULL)
		w->e->busy = true;
	w->customer.found = customer_found;
	person_fetch(o, after->tenant, sub, &w->customer);
}

/* Decide on the committed state; what changes nothing ends here. */
static void
commit_start(struct orders *o, struct command *c, struct entry *e)
{
	struct order_rules rules = {
		.ready_by_hand = settings_tenant(o->set,
		    c->tenant)->ready_by_hand,
		.quote = estimate_quote, .quote_arg = o,
	};
	struct work *w = arena_alloc(&c->arena, sizeof(*w));
	struct refusal no;
	int err;

	w->c = c;
	w->e = e;
	c->change = &w->change;
	c->orders = o;
	buf_clear(&c->body);
	c->intent.at_ms = loop_wall_ms(o->loop);
	if (!o->store_up) {
		desk_answer_store(o, c, OW_EAGAIN);
		return;
	}
	err = change_decide(e != NULL ? e->order : NULL, c->tenant,
	    &c->intent, &rules, &o->ids, &w->change, &no);
	if (err != OW_OK) {
		memset(&w->change, 0, sizeof(w->change));
		desk_refuse(c, &no);
		metric_add(o->metrics, DESK_M_REFUSED, 1);
	} else {
		if (e == NULL) {
			id_new(&o->ids, c->intent.at_ms, w->link_id);
			if (w->change.after->external_ref != NULL)
				w->ref_text = arena_join(&c->arena, "ref:",
				    w->change.after->external_ref, NULL);
		}
		write_answer(w);
	}
	if (w->change.n_facts > 0 || c->repeat_key != NULL) {
		with_customer(o, w);
		return;
	}
	work_end(w);
	desk_answer(o, c);
}
