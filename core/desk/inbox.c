/* SPDX-License-Identifier: MIT */
/*
 * inbox - a person's notices: listed, read, removed, and forgotten when they
 * are old.
 *
 * A list comes from the store with its unread_count in one transaction.  What
 * changes a notice appends the count that follows from it to the person's
 * log, in the same transaction and at the next seq, so neither can be without
 * the other and no two changes count the same notice.
 */
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/room.h"
#include "outbox/outbox.h"

/* ---- Lists -------------------------------------------------------------- */

static void
notice_write(struct jw *w, const struct ow_rows *rows, uint32_t row)
{
	int64_t read_ms = row_int(rows, row, 7);

	jw_object(w, NULL);
	jw_text(w, "id", row_text(rows, row, 0, NULL));
	jw_text(w, "type", row_text(rows, row, 2, NULL));
	jw_text(w, "order_id", row_text(rows, row, 1, NULL));
	jw_text(w, "title", row_text(rows, row, 4, NULL));
	jw_text(w, "text", row_text(rows, row, 5, NULL));
	jw_text(w, "url", row_text(rows, row, 6, NULL));
	jw_time(w, "at", row_int(rows, row, 3));
	if (read_ms > 0)
		jw_time(w, "read_at", read_ms);
	else
		jw_null(w, "read_at");
	jw_end(w);
}

static void
list_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct command *c = arg;
	struct orders *o = c->orders;
	const struct ow_rows *rows = r->rows;
	const char *last = NULL;
	struct jw w;
	uint32_t i;

	(void)txn;
	if (r->err != OW_OK) {
		desk_answer_store(o, c, r->err);
		return;
	}
	jw_init(&w, &c->body);
	jw_object(&w, NULL);
	jw_list(&w, "data");
	for (i = 0; i < rows[0].n_rows && i < c->limit; i++)
		notice_write(&w, &rows[0], i);
	jw_end(&w);
	jw_int(&w, "unread_count", row_int(&rows[1], 0, 2));
	if (i < rows[0].n_rows)		/* one more was asked for */
		last = row_text(&rows[0], i - 1, 0, NULL);
	desk_write_cursor(&w, last);
	jw_end(&w);
	c->status = 200;
	person_compare(o, c->tenant, c->who->sub,
	    (uint64_t)row_int(&rows[1], 0, 0), row_int(&rows[1], 0, 2));
	desk_answer(o, c);
}

void
inbox_list(struct orders *o, struct command *c)
{
	struct txn *txn = txn_new(o->journal);

	metric_add(o->metrics, DESK_M_STORE_READS, 1);
	txn_add(txn, c->unread ? Q_INBOX_UNREAD : Q_INBOX, -1, "sssi",
	    c->tenant, c->who->sub, c->before, c->limit + 1);
	txn_add(txn, Q_PERSON_STATE, -1, "ss", c->tenant, c->who->sub);
	txn_send(&txn, list_came, c);
}

/* ---- Said --------------------------------------------------------------- */

/* notification.read about the notice, or about all. */
static void
append_read(struct orders *o, struct own *own, struct txn *txn,
    const char *notice_id, bool is_removed, int64_t unread)
{
	struct buf data = BUF_INIT(1024);
	struct jw w;

	jw_init(&w, &data);
	jw_object(&w, NULL);
	if (notice_id != NULL)
		jw_text(&w, "id", notice_id);
	else
		jw_bool(&w, "all", true);
	if (is_removed)
		jw_bool(&w, "removed", true);
	jw_int(&w, "unread_count", unread);
	jw_end(&w);
	person_append(own->person, txn, "notification.read",
	    loop_wall_ms(o->loop), unread, data.p, data.n, &own->news);
	buf_done(&data);
}

/* ---- One notice --------------------------------------------------------- */

static void one_look(struct orders *, struct own *);

/* When it was read, as NOTICE_GET said. */
struct one {
	int64_t read_ms;
};

static void
one_step(struct orders *o, struct own *own, struct person *p)
{
	struct command *c = own->c;
	const struct one *one = own->arg;
	int64_t unread = p->unread - (one->read_ms == 0);
	int64_t now_ms = loop_wall_ms(o->loop);
	struct txn *txn;

	/* Purged by another node: count again. */
	if (unread < 0 && !own->fresh) {
		own_refresh(o, own, p);
		return;
	}
	c->status = 204;
	txn = own_txn(o, own, p);
	append_read(o, own, txn, c->item, c->kind == CMD_NOTICE_REMOVE,
	    unread > 0 ? unread : 0);
	if (c->kind == CMD_NOTICE_REMOVE)
		txn_add(txn, Q_NOTICE_REMOVE, 1, "sssii", own->tenant,
		    own->sub, c->item, now_ms, one->read_ms);
	else
		txn_add(txn, Q_NOTICE_READ, 1, "sssi", own->tenant, own->sub,
		    c->item, now_ms);
	own_send(own, &txn);
}

static void
one_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct own *own = arg;
	struct command *c = own->c;
	struct orders *o = c->orders;
	struct one *one = own->arg;

	(void)txn;
	if (r->err != OW_OK) {
		desk_answer_store(o, c, r->err);
		return;
	}
	if (r->rows[0].n_rows == 0) {
		desk_answer_absent(o, c, "no_such_notification",
		    "notification");
		return;
	}
	one->read_ms = row_int(&r->rows[0], 0, 0);
	if (one->read_ms > 0 && c->kind == CMD_NOTICE_READ)
		desk_answer_done(o, c);
	else
		own_start(o, own);
}

static void
one_look(struct orders *o, struct own *own)
{
	struct txn *txn = txn_new(o->journal);

	txn_add(txn, Q_NOTICE_GET, -1, "sss", own->tenant, own->sub,
	    own->c->item);
	txn_send(&txn, one_came, own);
}

static void
one_start(struct orders *o, struct command *c)
{
	struct own *own = own_new(c, one_step);

	own->arg = arena_alloc(&c->arena, sizeof(struct one));
	own->again = one_look;
	one_look(o, own);
}

void
inbox_read(struct orders *o, struct command *c)
{
	one_start(o, c);
}

void
inbox_remove(struct orders *o, struct command *c)
{
	one_start(o, c);
}

/* ---- All ---------------------------------------------------------------- */

/* The log's next seq comes first: whoever appends a notice meanwhile waits for
   it, or is in front of it and read as well. */
static void
all_step(struct orders *o, struct own *own, struct person *p)
{
	struct command *c = own->c;
	bool is_removed = c->kind == CMD_NOTICES_REMOVE;
	struct txn *txn;

	c->status = 204;
	txn = own_txn(o, own, p);
	append_read(o, own, txn, NULL, is_removed, 0);
	txn_add(txn, is_removed ? Q_NOTICES_REMOVE : Q_NOTICES_READ, -1, "ssi",
	    own->tenant, own->sub, loop_wall_ms(o->loop));
	own_send(own, &txn);
}

void
inbox_read_all(struct orders *o, struct command *c)
{
	own_start(o, own_new(c, all_step));
}

void
inbox_remove_all(struct orders *o, struct command *c)
{
	own_start(o, own_new(c, all_step));
}

/* ---- Forgotten ---------------------------------------------------------- */

/* It is out of the store already, and so out of a count that was read since. */
static void
forgotten_step(struct orders *o, struct own *own, struct person *p)
{
	struct txn *txn;

	own->c->status = 204;
	txn = own_txn(o, own, p);
	append_read(o, own, txn, own->c->item, true, p->unread);
	own_send(own, &txn);
}

void
inbox_forgotten(struct orders *o, struct command *c)
{
	struct own *own = own_new(c, forgotten_step);

	own->tenant = c->tenant;
	own->sub = c->customer_id;
	own_start(o, own);
}

static void
forgotten_said(struct command *c)
{
	if (c->status == 503 && !c->orders->ending)
		say_again(c->orders, c);
	else
		command_free(&c);
}

/* Pages that are open have counted it; whoever comes later counts anew. */
static void
forget_one(struct orders *o, const struct forgotten_notice *n)
{
	struct person *p = person_find(o, n->tenant, n->sub);
	struct command *c;

	if (p == NULL)
		return;
	person_outdated(p);
	if (p->watchers == 0)
		return;
	c = command_new(CMD_NOTICE_FORGOTTEN, o->loop, forgotten_said, NULL);
	c->tenant = arena_dup(&c->arena, n->tenant);
	c->customer_id = arena_dup(&c->arena, n->sub);
	c->item = arena_dup(&c->arena, n->id);
	orders_command(o, c);
}

static void
forgotten_come(struct mail *m)
{
	struct forgotten *f = (struct forgotten *)m;	/* its first member */
	struct orders *o = f->desk;
	uint32_t i;

	for (i = 0; i < f->n && !o->ending; i++)
		forget_one(o, &f->notices[i]);
	forgotten_free(&f);
}

void
orders_forgotten(void *arg, struct forgotten *f)
{
	struct orders *o = arg;

	f->desk = o;
	f->mail.run = forgotten_come;
	loop_send(o->loop, &f->mail);
}
