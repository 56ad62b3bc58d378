/* SPDX-License-Identifier: MIT */
/*
 * book - see book.h.  Invariants: an entry is in by_id always, in by_ref when
 * it has an external_ref, and in exactly one of its tenant's active list (then
 * also in its customer's) and the list of past ones.
 */
#include "desk/book.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"

#define SNAPSHOT_KEEP_FROM 3		/* asks without a change between */
#define SNAPSHOT_KEEP_MS 5000	/* one with a location */
#define SNAPSHOT_MAX (1u << 20)		/* 200 items with notes stay below */
#define KITCHEN_MAX (64u << 20)	/* more active orders: the oldest ones */

void
book_init(struct book *b, uint32_t recent_max)
{
	memset(b, 0, sizeof(*b));
	b->recent_max = recent_max;
}

void
book_done(struct book *b)
{
	struct entry *e, *e2;
	struct book_tenant *t, *t2;

	HASH_ITER(by_id, b->by_id, e, e2)
		book_remove(b, &e);
	HASH_ITER(hh, b->tenants, t, t2) {
		HASH_DEL(b->tenants, t);
		event_unref(&t->kitchen);
		free(t);
	}
}

struct book_tenant *
book_tenant(struct book *b, const char *name)
{
	struct book_tenant *t;
	size_t n = strlen(name);

	HASH_FIND(hh, b->tenants, name, n, t);
	if (t == NULL) {
		t = mem_alloc(sizeof(*t) + n + 1);
		memcpy(t->name, name, n);
		HASH_ADD_KEYPTR(hh, b->tenants, t->name, n, t);
	}
	return t;
}

static struct book_customer *
tenant_customer(struct book_tenant *t, const char *id)
{
	struct book_customer *c;
	size_t n = strlen(id);

	HASH_FIND(hh, t->customers, id, n, c);
	if (c == NULL) {
		c = mem_alloc(sizeof(*c) + n + 1);
		memcpy(c->id, id, n);
		HASH_ADD_KEYPTR(hh, t->customers, c->id, n, c);
	}
	return c;
}

struct entry *
book_find_id(struct book *b, const char *id)
{
	struct entry *e;

	HASH_FIND(by_id, b->by_id, id, strlen(id), e);
	return e;
}

struct entry *
book_find(struct book *b, const char *tenant, const char *text)
{
	struct entry *e;
	char key[320];
	size_t t, r;

	if (strncmp(text, "ref:", 4) != 0) {
		e = book_find_id(b, text);
		if (e != NULL && strcmp(e->order->tenant, tenant) != 0)
			return NULL;
		return e;
	}
	text += 4;
	t = strlen(tenant);
	r = strlen(text);
	if (t + r + 1 > sizeof(key))
		return NULL;
	memcpy(key, tenant, t);
	key[t] = '\n';
	memcpy(key + t + 1, text, r);
	HASH_FIND(by_ref, b->by_ref, key, t + 1 + r, e);
	return e;
}

/* Lists are in the order of ids; a new order's is nearly always the last. */
static void
list_active(struct book *b, struct entry *e)
{
	struct entry *at;

	e->customer = tenant_customer(e->tenant, e->order->customer_id);
	at = e->tenant->active;
	if (at == NULL || strcmp(at->prev->order->id, e->order->id) < 0) {
		DL_APPEND(e->tenant->active, e);
	} else {
		while (strcmp(at->order->id, e->order->id) < 0)
			at = at->next;
		DL_PREPEND_ELEM(e->tenant->active, at, e);
	}
	at = e->customer->active;
	if (at == NULL || strcmp(at->c_prev->order->id, e->order->id) < 0) {
		DL_APPEND2(e->customer->active, e, c_prev, c_next);
	} else {
		while (strcmp(at->order->id, e->order->id) < 0)
			at = at->c_next;
		DL_PREPEND_ELEM2(e->customer->active, at, e, c_prev, c_next);
	}
	e->listed_active = true;
	e->tenant->n_active++;
	b->n_active++;
}

/* No kitchen.snapshot says it any more as it was. */
static void
forget_kitchen(struct entry *e)
{
	free(e->in_kitchen);
	e->in_kitchen = NULL;
	event_unref(&e->tenant->kitchen);
}

static void
unlist(struct book *b, struct entry *e)
{
	struct book_customer *c = e->customer;

	if (!e->listed_active) {
		DL_DELETE(b->past, e);
		return;
	}
	DL_DELETE(e->tenant->active, e);
	DL_DELETE2(c->active, e, c_prev, c_next);
	if (c->active == NULL) {
		HASH_DEL(e->tenant->customers, c);
		free(c);
	}
	e->customer = NULL;
	e->listed_active = false;
	e->tenant->n_active--;
	b->n_active--;
}

struct entry *
book_add(struct book *b, struct order **op, uint64_t doc_seq, int64_t now_ms)
{
	struct order *o = *op;
	const char *ref = o->external_ref;
	size_t t = strlen(o->tenant), r = ref != NULL ? strlen(ref) : 0;
	struct entry *e = mem_alloc(sizeof(*e) + t + r + 2);

	*op = NULL;
	e->order = o;
	e->doc_seq = doc_seq;
	e->touched_ms = now_ms;
	e->tenant = book_tenant(b, o->tenant);
	HASH_ADD_KEYPTR(by_id, b->by_id, o->id, strlen(o->id), e);
	if (ref != NULL) {
		memcpy(e->ref_key, o->tenant, t);
		e->ref_key[t] = '\n';
		memcpy(e->ref_key + t + 1, ref, r);
		HASH_ADD_KEYPTR(by_ref, b->by_ref, e->ref_key, t + 1 + r, e);
	}
	if (order_is_finished(o))
		DL_APPEND(b->past, e);
	else
		list_active(b, e);
	forget_kitchen(e);
	if (o->seq > doc_seq)
		book_mark_behind(b, e);
	return e;
}

static void
drop_recent(struct entry *e, uint32_t n)
{
	uint32_t i;

	if (n == 0)
		return;
	for (i = 0; i < n; i++)
		event_unref(&e->recent[i]);
	e->n_recent -= n;
	memmove(e->recent, e->recent + n, e->n_recent * sizeof(*e->recent));
}

void
book_remove(struct book *b, struct entry **ep)
{
	struct entry *e = *ep;

	OW_ASSERT(e->waiting == NULL && e->carry == NULL &&
	    e->estimate == NULL);
	book_unmark_behind(b, e);
	unlist(b, e);
	forget_kitchen(e);
	HASH_DELETE(by_id, b->by_id, e);
	if (e->order->external_ref != NULL)
		HASH_DELETE(by_ref, b->by_ref, e);
	drop_recent(e, e->n_recent);
	free(e->recent);
	event_unref(&e->snapshot);
	order_free(&e->order);
	free(e);
	*ep = NULL;
}

static void
recent_room(struct entry *e, uint32_t n)
{
	if (e->n_recent + n <= e->recent_cap)
		return;
	e->recent_cap = (e->n_recent + n) * 2;
	e->recent = mem_grow(e->recent, e->recent_cap * sizeof(*e->recent));
}

/* The hash keys live in the order: hand over to the new one's. */
static void
replace_order(struct book *b, struct entry *e, struct order *o)
{
	HASH_DELETE(by_id, b->by_id, e);
	order_free(&e->order);
	e->order = o;
	HASH_ADD_KEYPTR(by_id, b->by_id, o->id, strlen(o->id), e);
}

void
entry_advance(struct book *b, struct entry *e, struct order **after,
    struct event *const *events, uint32_t n, int64_t now_ms)
{
	uint32_t i;

	OW_ASSERT(n > 0);
	OW_ASSERT(events[0]->pub.seq == e->order->seq + 1);
	if (after != NULL && *after != NULL) {
		replace_order(b, e, *after);
		*after = NULL;
	} else {
		e->order->seq = events[n - 1]->pub.seq;
		e->order->firm_seq = e->order->seq;
		e->order->updated_at_ms = events[n - 1]->pub.at_ms;
	}
	recent_room(e, n);
	for (i = 0; i < n; i++)
		e->recent[e->n_recent++] = events[i];
	if (e->n_recent > b->recent_max)
		drop_recent(e, e->n_recent - b->recent_max);
	entry_forget_snapshot(e);
	forget_kitchen(e);
	e->touched_ms = now_ms;
	if (e->listed_active && order_is_finished(e->order)) {
		unlist(b, e);
		DL_APPEND(b->past, e);
	}
	if (e->order->seq > e->doc_seq)
		book_mark_behind(b, e);
}

void
entry_recall(struct entry *e, struct event *const *events, uint32_t n)
{
	uint64_t first = e->n_recent > 0 ? e->recent[0]->pub.seq :
	    e->order->seq + 1;
	uint32_t i, keep = 0;

	while (keep < n && events[keep]->pub.seq < first)
		keep++;
	if (keep == 0 || events[keep - 1]->pub.seq + 1 != first)
		return;
	recent_room(e, keep);
	memmove(e->recent + keep, e->recent, e->n_recent * sizeof(*e->recent));
	for (i = 0; i < keep; i++)
		e->recent[i] = event_ref(events[i]);
	e->n_recent += keep;
}

bool
entry_has_since(const struct entry *e, uint64_t since, uint32_t *out_first)
{
	uint64_t first = e->n_recent > 0 ? e->recent[0]->pub.seq :
	    e->order->seq + 1;

	if (since + 1 < first || since > e->order->seq)
		return false;
	*out_first = (uint32_t)(since + 1 - first);
	return true;
}

static void
message_start(struct jw *w, struct buf *out, const char *type,
    struct id_maker *ids, int64_t wall_ms)
{
	char id[ID_SIZE];

	id_new(ids, wall_ms, id);
	jw_init(w, out);
	jw_object(w, NULL);
	jw_text(w, "type", type);
	jw_text(w, "id", id);
}

void
entry_forget_snapshot(struct entry *e)
{
	event_unref(&e->snapshot);
	e->snapshots = 0;
}

struct event *
entry_snapshot(struct entry *e, struct id_maker *ids, int64_t wall_ms)
{
	struct buf out = BUF_INIT(SNAPSHOT_MAX);
	const struct order *o = e->order;
	struct event *snapshot;
	struct jw w;

	/* A location does not stay for ever. */
	if (e->snapshot != NULL && wall_ms < e->snapshot_ms)
		return event_ref(e->snapshot);
	event_unref(&e->snapshot);
	message_start(&w, &out, "order.snapshot", ids, wall_ms);
	jw_text(&w, "order_id", o->id);
	jw_int(&w, "seq", (int64_t)o->seq);
	jw_time(&w, "at", wall_ms);
	order_snapshot_write(&w, "data", o, wall_ms);
	jw_end(&w);
	OW_ASSERT(!out.full);
	snapshot = event_make(o->tenant, o->id, "order.snapshot", o->seq,
	    wall_ms, out.p, out.n);
	buf_done(&out);
	if (++e->snapshots >= SNAPSHOT_KEEP_FROM) {
		e->snapshot = event_ref(snapshot);
		e->snapshot_ms = o->location.known ?
		    wall_ms + SNAPSHOT_KEEP_MS : INT64_MAX;
	}
	return snapshot;
}

/* An order as the kitchen lists it: written once for each change of it, since
   the list is made anew after a change of any. */
static void
kitchen_write(struct entry *e, struct buf *scratch)
{
	struct jw w;

	buf_clear(scratch);
	jw_init(&w, scratch);
	order_write(&w, NULL, e->order);
	OW_ASSERT(!scratch->full);
	e->in_kitchen = mem_dupn(scratch->p, scratch->n);
	e->in_kitchen_n = scratch->n;
}

bool
tenant_kitchen_prepare(struct book_tenant *t, uint32_t *budget)
{
	struct buf scratch = BUF_INIT(SNAPSHOT_MAX);
	struct entry *e = NULL;

	if (t->kitchen != NULL)
		return true;
	DL_FOREACH(t->active, e) {
		if (e->in_kitchen != NULL)
			continue;
		if (*budget == 0)
			break;
		kitchen_write(e, &scratch);
		(*budget)--;
	}
	buf_done(&scratch);
	return e == NULL;
}

/* How long the list is, without its brackets; out_end is the first one that is
   not in it, or NULL. */
static size_t
kitchen_measure(const struct book_tenant *t, struct entry **out_end)
{
	struct entry *e;
	size_t n = 0;

	DL_FOREACH(t->active, e) {
		if (n > KITCHEN_MAX)
			break;
		n += e->in_kitchen_n + (e != t->active);
	}
	*out_end = e;
	return n;
}

struct event *
tenant_kitchen(struct book_tenant *t, struct id_maker *ids, int64_t wall_ms)
{
	struct buf head = BUF_INIT(1024);
	uint32_t budget = UINT32_MAX;
	struct entry *e, *end;
	const char *tail;
	size_t n;
	struct jw w;
	char *at;

	if (t->kitchen != NULL)
		return t->kitchen;
	(void)tenant_kitchen_prepare(t, &budget);
	n = kitchen_measure(t, &end);
	message_start(&w, &head, "kitchen.snapshot", ids, wall_ms);
	jw_time(&w, "at", wall_ms);
	buf_str(&head, ",\"data\":{\"orders\":[");
	OW_ASSERT(!head.full);
	tail = end != NULL ? "],\"truncated\":true}}" : "]}}";
	t->kitchen = event_make_room(t->name, "", "kitchen.snapshot", 0,
	    wall_ms, head.n + n + strlen(tail), &at);
	at = (char *)mempcpy(at, head.p, head.n);
	for (e = t->active; e != end; e = e->next) {
		if (e != t->active)
			*at++ = ',';
		at = (char *)mempcpy(at, e->in_kitchen, e->in_kitchen_n);
	}
	memcpy(at, tail, strlen(tail));
	buf_done(&head);
	return t->kitchen;
}

void
entry_set_present(struct entry *e, uint64_t fronts, bool is_present,
    int64_t wall_ms)
{
	if (is_present)
		e->present |= fronts;
	else if ((e->present & fronts) != 0)
		e->present &= ~fronts;
	else
		return;
	e->seen_ms = wall_ms;
}

void
book_mark_behind(struct book *b, struct entry *e)
{
	if (e->behind)
		return;
	e->behind = true;
	DL_APPEND2(b->behind, e, behind_prev, behind_next);
}

void
book_unmark_behind(struct book *b, struct entry *e)
{
	if (!e->behind)
		return;
	e->behind = false;
	DL_DELETE2(b->behind, e, behind_prev, behind_next);
}
