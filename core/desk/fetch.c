/* SPDX-License-Identifier: MIT */
/*
 * fetch - what is not in memory comes from the store, once for all who ask.
 *
 * Visits for the same thing gather on one fetch, so ten thousand clients that
 * return to one order cost one read.  A visit always ends: found is called
 * with the entry, OW_ENOENT, or the store's error.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/metric.h"
#include "desk/room.h"

enum fetch_kind { FETCH_ORDER, FETCH_NEWER, FETCH_LOG, FETCH_LINK };

struct fetch {
	struct orders *orders;
	enum fetch_kind kind;
	bool by_ref;
	struct visit *first, *last;
	UT_hash_handle hh;
	const char *tenant, *what;	/* point into key */
	char key[];			/* kind, tenant, newline, what */
};

static void
fetch_end(struct fetch *f, struct entry *e, int err)
{
	struct orders *o = f->orders;
	struct visit *v, *next;

	HASH_DEL(o->fetches, f);
	for (v = f->first; v != NULL; v = next) {
		next = v->next;
		v->found(v, o, e, err);
	}
	free(f);
}

void
fetch_done(struct orders *o)
{
	struct fetch *f, *f2;

	HASH_ITER(hh, o->fetches, f, f2)
		fetch_end(f, NULL, OW_EAGAIN);
}

/* NULL: one is under way already and the visit joined it. */
static struct fetch *
fetch_join(struct orders *o, enum fetch_kind kind, const char *tenant,
    const char *what, struct visit *v)
{
	size_t t = strlen(tenant), w = strlen(what), n = t + w + 2;
	struct fetch *f, *old;

	f = mem_alloc(sizeof(*f) + n + 1);
	f->key[0] = (char)('0' + kind);
	memcpy(f->key + 1, tenant, t);
	f->key[1 + t] = '\0';
	memcpy(f->key + 2 + t, what, w);
	HASH_FIND(hh, o->fetches, f->key, n, old);
	v->next = NULL;
	if (old != NULL) {
		free(f);
		old->last->next = v;
		old->last = v;
		return NULL;
	}
	f->orders = o;
	f->kind = kind;
	f->tenant = f->key + 1;
	f->what = f->key + 2 + t;
	f->first = f->last = v;
	HASH_ADD_KEYPTR(hh, o->fetches, f->key, n, f);
	metric_add(o->metrics, DESK_M_STORE_READS, 1);
	return f;
}

/* By its id an order is found in any tenant, for whom may look into all. */
static struct entry *
find(struct orders *o, const char *tenant, const char *text)
{
	return strcmp(tenant, "*") == 0 ? book_find_id(&o->book, text) :
	    book_find(&o->book, tenant, text);
}

static void
order_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct fetch *f = arg;
	struct orders *o = f->orders;
	uint32_t i, doc = f->by_ref ? 2 : 1;
	struct order *order;
	struct entry *e;
	uint64_t doc_seq;

	(void)txn;
	e = find(o, f->tenant, f->what);
	if (e != NULL || r->err != OW_OK || r->rows[0].n_rows == 0) {
		fetch_end(f, e, e != NULL ? OW_OK :
		    r->err != OW_OK ? r->err : OW_ENOENT);
		return;
	}
	order = revive_order(&r->rows[0], 0, doc);
	if (order == NULL) {
		fetch_end(f, NULL, OW_EIO);
		return;
	}
	doc_seq = order->seq;
	for (i = 0; i < r->rows[1].n_rows; i++) {
		if (revive_fold(order, &r->rows[1], i, 0) != OW_OK) {
			order_free(&order);
			fetch_end(f, NULL, OW_EIO);
			return;
		}
	}
	e = book_add(&o->book, &order, doc_seq, loop_now_ms(o->loop));
	desk_look(o, e);
	fetch_end(f, e, OW_OK);
}

void
fetch_order(struct orders *o, const char *tenant, const char *text,
    struct visit *v)
{
	struct entry *e = find(o, tenant, text);
	bool by_ref = strncmp(text, "ref:", 4) == 0;
	struct fetch *f;
	struct txn *txn;

	if (e != NULL) {
		e->touched_ms = loop_now_ms(o->loop);
		v->found(v, o, e, OW_OK);
		return;
	}
	if (!by_ref && !id_is_valid(text)) {
		v->found(v, o, NULL, OW_ENOENT);
		return;
	}
	f = fetch_join(o, FETCH_ORDER, tenant, text, v);
	if (f == NULL)
		return;
	f->by_ref = by_ref;
	txn = txn_new(o->journal);
	txn_add(txn, by_ref ? Q_ORDER_BY_REF : Q_ORDER_BY_ID, -1, "ss",
	    f->tenant, f->what + (by_ref ? 4 : 0));
	txn_add(txn, by_ref ? Q_BEHIND_BY_REF : Q_BEHIND_BY_ID, -1, "ss",
	    f->tenant, f->what + (by_ref ? 4 : 0));
	txn_send(&txn, order_came, f);
}

/* Fold the rows into a copy of the order; NULL when they do not fit. */
static struct order *
fold_newer(const struct order *before, const struct ow_rows *rows)
{
	struct order *after = order_copy(before);
	uint32_t i;

	for (i = 0; i < rows->n_rows; i++) {
		if (revive_fold(after, rows, i, 0) != OW_OK) {
			order_free(&after);
			return NULL;
		}
	}
	return after;
}

static void
newer_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct fetch *f = arg;
	struct orders *o = f->orders;
	struct entry *e = book_find_id(&o->book, f->what);
	struct event **events;
	struct order *after;
	uint32_t i, n;

	if (r->err != OW_OK || e == NULL) {
		fetch_end(f, NULL, r->err != OW_OK ? r->err : OW_ENOENT);
		return;
	}
	n = r->rows[0].n_rows;
	after = n > 0 ? fold_newer(e->order, &r->rows[0]) : NULL;
	if (n > 0 && after == NULL) {
		fetch_end(f, NULL, OW_EIO);
		return;
	}
	if (n > 0) {
		events = arena_alloc(txn_arena(txn), n * sizeof(*events));
		for (i = 0; i < n; i++)
			events[i] = revive_event(e->order->tenant,
			    e->order->id, &r->rows[0], i, 0);
		desk_tell(o, e, events, n);
		entry_advance(&o->book, e, &after, events, n,
		    loop_now_ms(o->loop));
		desk_look(o, e);
	}
	fetch_end(f, e, OW_OK);
}

void
fetch_newer(struct orders *o, const char *id, struct visit *v)
{
	struct entry *e = book_find_id(&o->book, id);
	struct fetch *f;
	struct txn *txn;

	OW_ASSERT(e != NULL);
	f = fetch_join(o, FETCH_NEWER, "", id, v);
	if (f == NULL)
		return;
	txn = txn_new(o->journal);
	txn_add(txn, Q_EVENTS_SINCE, -1, "sii", f->what,
	    (int64_t)e->order->seq, (int64_t)10000);
	txn_send(&txn, newer_came, f);
}

static void
log_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct fetch *f = arg;
	struct orders *o = f->orders;
	struct entry *e = book_find_id(&o->book, f->what);
	struct event **events;
	uint32_t i, n;

	if (r->err != OW_OK || e == NULL) {
		fetch_end(f, NULL, r->err != OW_OK ? r->err : OW_ENOENT);
		return;
	}
	n = r->rows[0].n_rows;
	events = arena_alloc(txn_arena(txn), (n + 1) * sizeof(*events));
	for (i = 0; i < n; i++)
		events[i] = revive_event(e->order->tenant, e->order->id,
		    &r->rows[0], i, 0);
	entry_recall(e, events, n);
	for (i = 0; i < n; i++)
		event_unref(&events[i]);
	fetch_end(f, e, OW_OK);
}

void
fetch_log(struct orders *o, const char *id, struct visit *v)
{
	struct entry *e = book_find_id(&o->book, id);
	int64_t many = o->book.recent_max;
	struct fetch *f;
	struct txn *txn;

	OW_ASSERT(e != NULL);
	f = fetch_join(o, FETCH_LOG, "", id, v);
	if (f == NULL)
		return;
	txn = txn_new(o->journal);
	txn_add(txn, Q_EVENTS_SINCE, -1, "sii", f->what,
	    (int64_t)e->order->seq > many ? (int64_t)e->order->seq - many :
	    (int64_t)0, many);
	txn_send(&txn, log_came, f);
}

static void
link_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct fetch *f = arg;
	struct orders *o = f->orders;
	const struct ow_rows *rows = r->rows;

	(void)txn;
	if (r->err != OW_OK || rows[0].n_rows == 0) {
		fetch_end(f, NULL, r->err != OW_OK ? r->err : OW_ENOENT);
		return;
	}
	links_keep(&o->links, f->what, row_text(rows, 0, 0, NULL),
	    row_text(rows, 0, 1, NULL), row_text(rows, 0, 2, NULL),
	    row_int(rows, 0, 3), row_int(rows, 0, 4) != 0);
	fetch_end(f, NULL, OW_OK);
}

void
fetch_link(struct orders *o, const char *hash, struct visit *v)
{
	struct fetch *f;
	struct txn *txn;

	if (links_find(&o->links, hash) != NULL) {
		v->found(v, o, NULL, OW_OK);
		return;
	}
	f = fetch_join(o, FETCH_LINK, "", hash, v);
	if (f == NULL)
		return;
	txn = txn_new(o->journal);
	txn_add(txn, Q_LINK_BY_HASH, -1, "s", f->what);
	txn_send(&txn, link_came, f);
}
