/* SPDX-License-Identifier: MIT */
/*
 * words - the last thing asked of the store before a batch goes out: the
 * events, and how many older ones of its group a job now stands for.
 *
 * Those are skipped before this one is sent, so that none of them can arrive
 * after it; should this one fail for good, the newest news was not theirs.
 * They are counted in the store, since this may be a second try.
 */
#include <string.h>

#include "outbox/room.h"

#define REPLACED "replaced by a newer notice"

static void
words_take(struct batch *b, const struct ow_rows *rows)
{
	struct flight *f;
	const char *json;
	uint32_t i, op = 0;
	size_t n = 0;

	for (i = 0; i < b->n; i++) {
		f = b->flights[i];
		f->event = (struct ow_bytes){ "", 0 };
		if (rows[op].n_rows > 0) {
			json = row_text(&rows[op], 0, 0, &n);
			if (json != NULL)
				f->event = (struct ow_bytes){
				    arena_dupn(&f->arena, json, n), n };
		}
		op++;
		if (f->group[0] == '\0')
			continue;
		if (rows[op].n_rows > 0)
			channel_count(f->channel, CHANNEL_SKIPPED,
			    rows[op].n_rows);
		op++;
		f->n_replaced = (uint32_t)row_int(&rows[op++], 0, 0);
	}
}

static void
words_arrive(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct batch *b = arg;
	uint32_t i;

	(void)txn;
	if (batch_take(&b, r) != OW_OK)
		return;
	words_take(b, r->rows);
	for (i = 0; i < b->n; i++)
		deliver_flight(b->flights[i]);
	batch_free(&b);
}

void
words_read(struct batch *b)
{
	struct outbox *o = b->outbox;
	struct txn *txn;
	struct flight *f;
	uint32_t i;

	if (b->n == 0) {
		batch_free(&b);
		return;
	}
	txn = txn_new(o->conf.journal);
	for (i = 0; i < b->n; i++) {
		f = b->flights[i];
		txn_add(txn, Q_EVENT_BY_ID, -1, "si", f->order_id,
		    f->event_seq);
		if (f->group[0] == '\0')
			continue;
		txn_add(txn, Q_GROUP_SKIP, -1, "ssssssisi", f->tenant,
		    f->sub, medium_name(f->medium), f->hash, f->group, f->id,
		    INT64_MAX, REPLACED, outbox_wall(o));
		txn_add(txn, Q_GROUP_COUNT, -1, "sssssss", f->tenant, f->sub,
		    medium_name(f->medium), f->hash, f->group, f->id,
		    REPLACED);
	}
	txn_send(&txn, words_arrive, b);
}
