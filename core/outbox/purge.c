/* SPDX-License-Identifier: MIT */
/*
 * purge - forgets notices, jobs and what belongs to them when they are older
 * than notify.keep_ms, and ends jobs that nobody here or elsewhere has sent in
 * their time and this node has no channel for.
 *
 * Soon after the start and once an hour, in small steps, so that nobody who
 * writes has to wait for it; one after the other, each until nothing is left.
 * Whose unread notices go is handed to the desk: open pages count them.
 */
#include "base/buf.h"
#include "base/log.h"
#include "outbox/room.h"

#define PURGE_EVERY_MS (INT64_C(3600) * 1000)
#define PURGE_FIRST_MS (INT64_C(60) * 1000)
#define PURGE_PAUSE_MS 100
#define PURGE_ROWS 500
#define KINDS_MAX 4096

/* What is over is closed before it can be forgotten.  Attempts and receipts go
   before the jobs that lead to them. */
static const enum query purge_steps[] = {
	Q_JOBS_UNSERVED, Q_ATTEMPTS_PURGE, Q_RECEIPTS_PURGE, Q_JOBS_PURGE,
	Q_NOTICES_PURGE, Q_PERSON_LOG_PURGE,
};
#define PURGE_STEPS (sizeof(purge_steps) / sizeof(purge_steps[0]))

static void purge_step(void *arg);

static void
purge_later(struct outbox *o, int64_t ms)
{
	if (!o->is_draining && o->purge_timer == NULL)
		o->purge_timer = loop_timer_start(o->conf.loop, ms,
		    purge_step, o);
}

/* Of NOTICES_PURGE. */
static void
tell_unread(struct outbox *o, const struct ow_rows *rows)
{
	struct forgotten *f;
	struct forgotten_notice *n;
	uint32_t i;

	if (o->conf.forgotten == NULL || rows->n_rows == 0)
		return;
	f = forgotten_new(rows->n_rows);
	for (i = 0; i < rows->n_rows; i++) {
		if (row_int(rows, i, 3) == 0)
			continue;
		n = &f->notices[f->n++];
		n->id = arena_dup(&f->arena, row_text(rows, i, 0, NULL));
		n->tenant = arena_dup(&f->arena, row_text(rows, i, 1, NULL));
		n->sub = arena_dup(&f->arena, row_text(rows, i, 2, NULL));
	}
	if (f->n > 0)
		o->conf.forgotten(o->conf.arg, f);
	else
		forgotten_free(&f);
}

static void
purged(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct outbox *o = arg;

	(void)txn;
	if (r->err != OW_OK) {
		log_warn("outbox", "old notices are not forgotten now",
		    LOG_STR("detail", r->detail));
		purge_later(o, PURGE_EVERY_MS);
		return;
	}
	if (purge_steps[o->purge_step] == Q_NOTICES_PURGE)
		tell_unread(o, &r->rows[0]);
	if (r->rows[0].n_rows < PURGE_ROWS)
		o->purge_step++;
	if (o->purge_step < PURGE_STEPS) {
		purge_later(o, PURGE_PAUSE_MS);
		return;
	}
	o->purge_step = 0;
	purge_later(o, PURGE_EVERY_MS);
}

/* The kinds that have a channel, as the query wants them. */
static void
add_unserved(struct outbox *o, struct txn *txn)
{
	struct buf kinds = BUF_INIT(KINDS_MAX);
	uint32_t i;

	(void)buf_str(&kinds, ",");
	for (i = 0; i < o->n_kinds; i++)
		(void)buf_printf(&kinds, "%s,", o->kinds[i]->name);
	txn_add(txn, Q_JOBS_UNSERVED, -1, "sisi", kinds.p, outbox_wall(o),
	    "no channel of this kind is enabled", (int64_t)PURGE_ROWS);
	buf_done(&kinds);
}

static void
purge_step(void *arg)
{
	struct outbox *o = arg;
	int64_t before_ms = outbox_wall(o) - o->conf.set->notify.keep_ms;
	struct txn *txn = txn_new(o->conf.journal);

	o->purge_timer = NULL;
	if (purge_steps[o->purge_step] == Q_JOBS_UNSERVED)
		add_unserved(o, txn);
	else
		txn_add(txn, purge_steps[o->purge_step], -1, "ii", before_ms,
		    (int64_t)PURGE_ROWS);
	txn_send(&txn, purged, o);
}

void
purge_start(struct outbox *o)
{
	o->purge_step = 0;
	purge_later(o, PURGE_FIRST_MS);
}
