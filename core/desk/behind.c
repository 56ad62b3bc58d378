/* SPDX-License-Identifier: MIT */
/*
 * behind - rows written behind the log, orders that leave memory, old keys.
 *
 * A row that is not written is no loss: the log has it, and loading folds the
 * log over the row.  So rows are written when an order has rested, or when
 * its log has grown far beyond the row, a bounded number at a time.
 */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/room.h"

#define SWEEP_MS 1000
#define REST_MS 5000
#define FAR_BEHIND 64		/* events */
#define ROWS_OUT_MAX 256
#define LEAVE_MAX 1000		/* entries a sweep, and an eighth of the rest */
#define PAST_MAX 50000		/* more than that leave early */
#define PURGE_EVERY_MS (10 * 60 * 1000)
#define LEARNT_EVERY_MS 10000
#define LEARNT_ROWS 128u		/* of one tenant at a time */
#define DOC_MAX (4u << 20)

/* ---- Rows --------------------------------------------------------------- */

struct row {
	struct orders *o;
	uint64_t seq;
	char id[ID_SIZE];
};

static void
flush_check(struct orders *o)
{
	void (*flushed)(void *) = o->flushed;

	if (flushed == NULL || o->rows_out > 0)
		return;
	o->flushed = NULL;
	flushed(o->flushed_arg);
}

void
behind_written(struct orders *o)
{
	o->rows_out--;
	flush_check(o);
}

static void
row_settled(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct row *row = arg;
	struct orders *o = row->o;
	struct entry *e = book_find_id(&o->book, row->id);

	(void)txn;
	if (r->err == OW_OK)
		metric_add(o->metrics, DESK_M_ROWS_WRITTEN, 1);
	if (e != NULL && r->err == OW_OK && e->doc_seq < row->seq)
		e->doc_seq = row->seq;
	if (e != NULL && e->doc_seq < e->order->seq)
		book_mark_behind(&o->book, e);
	behind_written(o);
}

static void
row_write(struct orders *o, struct entry *e)
{
	struct buf doc = BUF_INIT(DOC_MAX);
	const struct order *order = e->order;
	struct txn *txn = txn_new(o->journal);
	struct row *row = arena_alloc(txn_arena(txn), sizeof(*row));
	struct ow_bytes text;

	row->o = o;
	row->seq = order->seq;
	memcpy(row->id, order->id, ID_SIZE);
	order_doc_write(&doc, order);
	text.p = doc.p;
	text.n = doc.n;
	txn_add(txn, Q_ORDER_WRITE, -1, "ssiib", order->id,
	    order_status_name(order->status),
	    (int64_t)(order_is_finished(order) ? 0 : 1), (int64_t)order->seq,
	    text);
	buf_done(&doc);
	book_unmark_behind(&o->book, e);
	o->rows_out++;
	txn_send(&txn, row_settled, row);
}

static void
rows_write(struct orders *o, bool all)
{
	int64_t rested_ms = loop_now_ms(o->loop) - REST_MS;
	struct entry *e, *next;

	DL_FOREACH_SAFE2(o->book.behind, e, next, behind_next) {
		if (!all && o->rows_out >= ROWS_OUT_MAX)
			break;
		if (e->busy || (!all && e->touched_ms > rested_ms &&
		    e->order->seq - e->doc_seq < FAR_BEHIND))
			continue;
		row_write(o, e);
	}
}

void
orders_flush(struct orders *o, void (*done)(void *arg), void *arg)
{
	o->flushed = done;
	o->flushed_arg = arg;
	if (o->store_up) {
		rows_write(o, true);
		learnt_save(o, UINT32_MAX);
	}
	flush_check(o);
}

/* ---- Leaving ------------------------------------------------------------ */

static void
end_watchers(struct orders *o, struct entry *e)
{
	uint32_t f;

	for (f = 0; f < o->n_hubs; f++)
		if ((e->watchers >> f & 1) != 0)
			hub_tell_end(o->hubs[f], e->order->id, NULL,
			    OW_END_FINISHED);
	e->watchers = 0;
}

static void
past_leave(struct orders *o)
{
	int64_t keep_ms = o->set->stream.finished_ms;
	int64_t now_ms = loop_now_ms(o->loop), wall_ms = loop_wall_ms(o->loop);
	bool crowded = HASH_CNT(by_id, o->book.by_id) - o->book.n_active >
	    PAST_MAX;
	uint64_t n = HASH_CNT(by_id, o->book.by_id) - o->book.n_active;
	struct entry *e;

	if (n > LEAVE_MAX)
		n = LEAVE_MAX + (n - LEAVE_MAX) / 8;
	for (; n > 0; n--) {
		e = o->book.past;
		if (e->order->finished_at_ms + keep_ms <= wall_ms)
			end_watchers(o, e);
		if (!e->busy && !e->behind && e->watchers == 0 &&
		    (crowded || e->touched_ms + keep_ms <= now_ms)) {
			book_remove(&o->book, &e);
			continue;
		}
		/* Others must not wait behind one that stays. */
		DL_DELETE(o->book.past, e);
		DL_APPEND(o->book.past, e);
	}
}

/* ---- Old keys and links ------------------------------------------------- */

static void
purged(void *arg, struct txn *txn, const struct ow_result *r)
{
	(void)arg;
	(void)txn;
	if (r->err != OW_OK)
		log_debug("desk", "purge did not happen",
		    LOG_STR("detail", r->detail));
}

static void
purge(struct orders *o)
{
	int64_t wall_ms = loop_wall_ms(o->loop);
	struct txn *txn;

	if (o->purge_at_ms > loop_now_ms(o->loop) || !o->store_up)
		return;
	o->purge_at_ms = loop_now_ms(o->loop) + PURGE_EVERY_MS;
	txn = txn_new(o->journal);
	txn_add(txn, Q_IDEM_PURGE, -1, "i", wall_ms - REPEAT_TTL_MS);
	txn_add(txn, Q_LINKS_PURGE, -1, "i", wall_ms - REPEAT_TTL_MS);
	txn_add(txn, Q_ETA_LOG_PURGE, -1, "i", wall_ms -
	    o->set->notify.keep_ms);
	txn_send(&txn, purged, o);
}

/* ---- What was learnt ---------------------------------------------------- */

static void
learn(struct orders *o)
{
	int64_t now_ms = loop_now_ms(o->loop);

	if (o->learnt_at_ms > now_ms || !o->store_up)
		return;
	o->learnt_at_ms = now_ms + LEARNT_EVERY_MS;
	learnt_save(o, LEARNT_ROWS);
}

/* ---- The sweep ---------------------------------------------------------- */

static void
sweep(void *arg)
{
	struct orders *o = arg;

	if (o->store_up)
		rows_write(o, false);
	if (o->store_up) {
		heal_look(o);
		persons_heal(o);
	}
	past_leave(o);
	purge(o);
	say_sweep(o);
	riders_sweep(o);
	learn(o);
	tickets_sweep(&o->tickets, loop_now_ms(o->loop));
	metric_put(o->metrics, DESK_M_ACTIVE, (int64_t)o->book.n_active);
	metric_put(o->metrics, DESK_M_IN_MEMORY,
	    (int64_t)HASH_CNT(by_id, o->book.by_id));
	metric_put(o->metrics, DESK_M_PERSONS, (int64_t)o->persons.n);
	o->sweep = loop_timer_start(o->loop, SWEEP_MS, sweep, o);
}

void
behind_start(struct orders *o)
{
	o->purge_at_ms = loop_now_ms(o->loop) + PURGE_EVERY_MS;
	o->sweep = loop_timer_start(o->loop, SWEEP_MS, sweep, o);
}

void
behind_stop(struct orders *o)
{
	loop_timer_cancel(&o->sweep);
}
