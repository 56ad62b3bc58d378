/* SPDX-License-Identifier: MIT */
/*
 * read - answers that change nothing: an order, its snapshot, its log, lists.
 *
 * Active orders are answered from memory, also while the store is away.  A
 * list that includes past orders comes from the store, and orders that are in
 * memory are shown as they are there: rows are written behind.
 */
#include <string.h>
#include <utlist.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/room.h"

/* ---- The log ------------------------------------------------------------ */

static void
events_from_memory(struct command *c, const struct entry *e, uint32_t first)
{
	uint32_t i, end = e->n_recent;

	if (end - first > (uint64_t)c->limit)
		end = first + (uint32_t)c->limit;
	buf_str(&c->body, "{\"data\":[");
	for (i = first; i < end; i++) {
		if (i > first)
			buf_char(&c->body, ',');
		delivery_add_message(&c->body, e->order,
		    e->recent[i]->pub.json.p, e->recent[i]->pub.json.n);
	}
	buf_str(&c->body, "]}");
	c->status = 200;
}

static void
events_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct command *c = arg;
	struct orders *o = c->orders;
	const char *message;
	struct entry *e;
	uint32_t i;
	size_t n;

	(void)txn;
	if (r->err != OW_OK) {
		desk_answer_store(o, c, r->err);
		return;
	}
	e = book_find(&o->book, c->tenant, c->order);
	buf_str(&c->body, "{\"data\":[");
	for (i = 0; i < r->rows[0].n_rows; i++) {
		if (i > 0)
			buf_char(&c->body, ',');
		message = row_text(r->rows, i, 3, &n);
		delivery_add_message(&c->body, e != NULL ? e->order : NULL,
		    message, n);
	}
	buf_str(&c->body, "]}");
	c->status = 200;
	desk_answer(o, c);
}

static void
read_events(struct orders *o, struct command *c, struct entry *e)
{
	struct txn *txn;
	uint32_t first;

	if (c->since >= e->order->seq) {
		buf_str(&c->body, "{\"data\":[]}");
		c->status = 200;
		desk_answer(o, c);
		return;
	}
	if (entry_has_since(e, c->since, &first)) {
		events_from_memory(c, e, first);
		desk_answer(o, c);
		return;
	}
	metric_add(o->metrics, DESK_M_STORE_READS, 1);
	txn = txn_new(o->journal);
	txn_add(txn, Q_EVENTS_SINCE, -1, "sii", e->order->id,
	    (int64_t)c->since, c->limit);
	txn_send(&txn, events_came, c);
}

/* ---- One order ---------------------------------------------------------- */

void
read_order(struct orders *o, struct command *c, struct entry *e)
{
	struct event *snapshot;

	if (c->kind == CMD_EVENTS) {
		read_events(o, c, e);
		return;
	}
	if (c->kind == CMD_TRACKING) {
		snapshot = entry_snapshot(e, &o->ids, loop_wall_ms(o->loop));
		buf_add(&c->body, snapshot->pub.json.p, snapshot->pub.json.n);
		event_unref(&snapshot);
		c->status = 200;
		c->seq = e->order->seq;
	} else {
		desk_answer_order(c, 200, e->order);
	}
	desk_answer(o, c);
}

/* ---- Lists -------------------------------------------------------------- */

#define PAGE_BYTES_MAX (8u << 20)	/* then the page ends early */

struct page {
	struct jw w;
	struct command *c;
	int64_t left;
	char last[ID_SIZE];
	bool more;
};

static void
page_start(struct page *p, struct command *c)
{
	memset(p, 0, sizeof(*p));
	p->c = c;
	p->left = c->limit;
	jw_init(&p->w, &c->body);
	jw_object(&p->w, NULL);
	jw_list(&p->w, "data");
}

static bool
page_is_full(const struct page *p)
{
	return p->left == 0 || p->c->body.n >= PAGE_BYTES_MAX;
}

/* order NULL: it can't be shown, and counts all the same, so that the next
   page begins behind it. */
static void
page_add(struct page *p, const char *id, const struct order *order)
{
	if (order != NULL)
		order_write(&p->w, NULL, order);
	memcpy(p->last, id, strnlen(id, ID_SIZE - 1));
	p->left--;
}

static void
page_end(struct page *p)
{
	jw_end(&p->w);
	desk_write_cursor(&p->w, p->more ? p->last : NULL);
	jw_end(&p->w);
	p->c->status = 200;
}

static bool
page_wants(const struct command *c, const struct order *order)
{
	if (strcmp(order->id, c->before) >= 0)
		return false;
	return c->list == LIST_ACTIVE || order->status == c->list_status;
}

/* Newest first: both lists are oldest first, so from their ends. */
static void
list_from_memory(struct orders *o, struct command *c)
{
	struct book_tenant *t = book_tenant(&o->book, c->tenant);
	struct book_customer *customer = NULL;
	struct entry *e, *first = t->active;
	struct page page;

	page_start(&page, c);
	if (c->customer_id != NULL) {
		HASH_FIND_STR(t->customers, c->customer_id, customer);
		first = customer != NULL ? customer->active : NULL;
	}
	e = first == NULL ? NULL :
	    customer != NULL ? first->c_prev : first->prev;
	while (e != NULL) {
		if (page_wants(c, e->order)) {
			page.more = page_is_full(&page);
			if (page.more)
				break;
			page_add(&page, e->order->id, e->order);
		}
		if (e == first)
			break;
		e = customer != NULL ? e->c_prev : e->prev;
	}
	page_end(&page);
	desk_answer(o, c);
}

static void
list_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct command *c = arg;
	struct orders *o = c->orders;
	struct order *stored;
	struct entry *e;
	struct page page;
	const char *id;
	uint32_t i;

	(void)txn;
	if (r->err != OW_OK) {
		desk_answer_store(o, c, r->err);
		return;
	}
	page_start(&page, c);
	for (i = 0; i < r->rows[0].n_rows; i++) {
		page.more = page_is_full(&page);
		if (page.more)
			break;
		id = row_text(r->rows, i, 0, NULL);
		e = book_find_id(&o->book, id);
		stored = e != NULL ? NULL : revive_order(r->rows, i, 2);
		page_add(&page, id, e != NULL ? e->order : stored);
		order_free(&stored);
	}
	page_end(&page);
	desk_answer(o, c);
}

static void
list_from_store(struct orders *o, struct command *c)
{
	const char *status = order_status_name(c->list_status);
	struct txn *txn = txn_new(o->journal);
	int64_t limit = c->limit + 1;	/* one more tells whether it goes on */

	metric_add(o->metrics, DESK_M_STORE_READS, 1);
	if (c->customer_id == NULL && c->list == LIST_ONE)
		txn_add(txn, Q_LIST_STATUS, -1, "ssis", c->tenant, c->before,
		    limit, status);
	else if (c->customer_id == NULL)
		txn_add(txn, c->list == LIST_PAST ? Q_LIST_PAST : Q_LIST_ALL,
		    -1, "ssi", c->tenant, c->before, limit);
	else if (c->list == LIST_ONE)
		txn_add(txn, Q_LIST_CUSTOMER_STATUS, -1, "ssiss", c->tenant,
		    c->before, limit, c->customer_id, status);
	else
		txn_add(txn, c->list == LIST_PAST ? Q_LIST_CUSTOMER_PAST :
		    Q_LIST_CUSTOMER, -1, "ssis", c->tenant, c->before, limit,
		    c->customer_id);
	txn_send(&txn, list_came, c);
}

void
read_list(struct orders *o, struct command *c)
{
	if (c->list == LIST_ACTIVE || (c->list == LIST_ONE &&
	    !order_status_is_final(c->list_status)))
		list_from_memory(o, c);
	else
		list_from_store(o, c);
}
