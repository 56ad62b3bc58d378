/* SPDX-License-Identifier: MIT */
/*
 * load - all active orders into memory, a page at a time, at start.
 *
 * A page is two reads: the rows, and the events that the rows do not have
 * yet.  The events come in the order of the rows.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "desk/room.h"

#define PAGE_ROWS 1000

struct load {
	struct orders *o;
	void (*done)(void *arg, int err, const char *detail);
	void *arg;
	uint32_t broken;
	uint32_t n_orders;		/* of this page */
	struct order *orders[PAGE_ROWS];
	uint64_t doc_seq[PAGE_ROWS];
	bool bad[PAGE_ROWS];
	char after[ID_SIZE], upto[ID_SIZE];
};

static void page_ask(struct load *);

static void
load_end(struct load *l, int err, const char *detail)
{
	struct orders *o = l->o;
	uint32_t i;

	for (i = 0; i < l->n_orders; i++)
		order_free(&l->orders[i]);
	if (err == OW_OK) {
		o->loaded = true;
		behind_start(o);
		log_notice("desk", "active orders are in memory",
		    LOG_INT("orders", (int64_t)o->book.n_active),
		    LOG_INT("broken", l->broken));
	}
	o->load = NULL;
	watch_early(o);
	l->done(l->arg, err, detail);
	free(l);
}

void
load_drop(struct orders *o)
{
	struct load *l = o->load;
	uint32_t i;

	for (i = 0; l != NULL && i < l->n_orders; i++)
		order_free(&l->orders[i]);
	free(l);
	o->load = NULL;
}

static void
page_take(struct load *l)
{
	int64_t now_ms = loop_now_ms(l->o->loop);
	uint32_t i;

	for (i = 0; i < l->n_orders; i++) {
		if (l->orders[i] == NULL || l->bad[i]) {
			l->broken++;
			order_free(&l->orders[i]);
			continue;
		}
		if (book_find_id(&l->o->book, l->orders[i]->id) != NULL)
			order_free(&l->orders[i]);
		else
			desk_look(l->o, book_add(&l->o->book, &l->orders[i],
			    l->doc_seq[i], now_ms));
	}
	l->n_orders = 0;
}

static void
events_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct load *l = arg;
	const struct ow_rows *rows = r->rows;
	const char *id;
	uint32_t i, at = 0;
	bool last = l->n_orders < PAGE_ROWS;

	(void)txn;
	if (r->err != OW_OK) {
		load_end(l, r->err, r->detail);
		return;
	}
	for (i = 0; i < rows[0].n_rows; i++) {
		id = row_text(rows, i, 0, NULL);
		while (at < l->n_orders && (l->orders[at] == NULL ||
		    strcmp(l->orders[at]->id, id) < 0))
			at++;
		if (at == l->n_orders)
			break;
		if (strcmp(l->orders[at]->id, id) != 0 || l->bad[at])
			continue;
		if (revive_fold(l->orders[at], rows, i, 1) != OW_OK)
			l->bad[at] = true;
	}
	page_take(l);
	if (last)
		load_end(l, OW_OK, NULL);
	else
		page_ask(l);
}

static void
rows_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct load *l = arg;
	const struct ow_rows *rows = r->rows;
	struct txn *next;
	uint32_t i;

	(void)txn;
	if (r->err != OW_OK) {
		load_end(l, r->err, r->detail);
		return;
	}
	memcpy(l->after, l->upto, ID_SIZE);
	l->n_orders = rows[0].n_rows;
	if (l->n_orders == 0) {
		load_end(l, OW_OK, NULL);
		return;
	}
	for (i = 0; i < l->n_orders; i++) {
		l->orders[i] = revive_order(rows, i, 6);
		l->doc_seq[i] = (uint64_t)row_int(rows, i, 5);
		l->bad[i] = false;
	}
	memset(l->upto, 0, ID_SIZE);
	memcpy(l->upto, row_text(rows, l->n_orders - 1, 0, NULL), ID_SIZE - 1);
	next = txn_new(l->o->journal);
	txn_add(next, Q_EVENTS_BEHIND, -1, "ss", l->after, l->upto);
	txn_send(&next, events_came, l);
}

static void
page_ask(struct load *l)
{
	struct txn *txn = txn_new(l->o->journal);

	txn_add(txn, Q_ORDERS_ACTIVE, -1, "si", l->upto, (int64_t)PAGE_ROWS);
	txn_send(&txn, rows_came, l);
}

void
orders_load(struct orders *o, void (*done)(void *arg, int err,
    const char *detail), void *arg)
{
	struct load *l = mem_alloc(sizeof(*l));

	OW_ASSERT(o->load == NULL);
	o->load = l;
	l->o = o;
	l->done = done;
	l->arg = arg;
	page_ask(l);
}
