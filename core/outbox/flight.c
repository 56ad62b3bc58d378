/* SPDX-License-Identifier: MIT */
/*
 * flight - one job on its way, and those that travel together.
 */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/json.h"
#include "base/mem.h"
#include "outbox/room.h"

/* Of JOBS_CLAIM. */
enum {
	COL_ID, COL_KEY, COL_TENANT, COL_SUB, COL_NOTICE, COL_ORDER,
	COL_TOPIC, COL_KIND, COL_MEDIUM, COL_ADDRESS, COL_HASH, COL_HINT,
	COL_STALE, COL_GROUP, COL_ONLY_UNSEEN, COL_URGENT, COL_LOCALE,
	COL_AT, COL_ATTEMPT, COL_WHY,
};

static const char *
flight_text(struct flight *f, const struct ow_rows *rows, uint32_t row,
    uint32_t col)
{
	const char *s = row_text(rows, row, col, NULL);

	return s != NULL ? arena_dup(&f->arena, s) : "";
}

struct flight *
flight_new(struct kind *k, const struct ow_rows *rows, uint32_t row)
{
	struct flight *f = mem_alloc(sizeof(*f));

	arena_init(&f->arena);
	f->refs = 1;
	f->outbox = k->outbox;
	f->kind = k;
	f->medium = k->medium;
	f->id = flight_text(f, rows, row, COL_ID);
	f->key = flight_text(f, rows, row, COL_KEY);
	f->tenant = flight_text(f, rows, row, COL_TENANT);
	f->sub = flight_text(f, rows, row, COL_SUB);
	f->notice_id = flight_text(f, rows, row, COL_NOTICE);
	f->order_id = flight_text(f, rows, row, COL_ORDER);
	f->topic = flight_text(f, rows, row, COL_TOPIC);
	f->wanted = flight_text(f, rows, row, COL_ADDRESS);
	f->address = f->wanted;
	f->hash = flight_text(f, rows, row, COL_HASH);
	f->hint = flight_text(f, rows, row, COL_HINT);
	f->group = flight_text(f, rows, row, COL_GROUP);
	f->locale = flight_text(f, rows, row, COL_LOCALE);
	f->stale_ms = row_int(rows, row, COL_STALE);
	f->only_unseen = row_int(rows, row, COL_ONLY_UNSEEN) != 0;
	f->critical = row_int(rows, row, COL_URGENT) != 0;
	f->at_ms = row_int(rows, row, COL_AT);
	f->attempt = (uint32_t)row_int(rows, row, COL_ATTEMPT);
	f->was_put_off = row_text(rows, row, COL_WHY, NULL)[0] != '\0';
	f->claimed_ms = outbox_wall(k->outbox);
	f->ref = f->detail = "";
	DL_APPEND(k->flights, f);
	k->n_flights++;
	return f;
}

void
flight_unref(struct flight **fp)
{
	struct flight *f = *fp;

	*fp = NULL;
	if (f == NULL || --f->refs > 0)
		return;
	loop_timer_cancel(&f->timer);
	json_free(&f->vars);
	arena_done(&f->arena);
	free(f);
}

/* ---- Batches ------------------------------------------------------------ */

struct batch *
batch_new(struct kind *k)
{
	struct batch *b = mem_alloc(sizeof(*b));

	b->outbox = k->outbox;
	b->kind = k;
	DL_APPEND(k->outbox->batches, b);
	return b;
}

void
batch_free(struct batch **bp)
{
	struct batch *b = *bp;

	*bp = NULL;
	DL_DELETE(b->outbox->batches, b);
	consent_free(&b->consent);
	free(b);
}

void
batch_remove(struct batch *b, uint32_t i)
{
	OW_ASSERT(i < b->n);
	memmove(&b->flights[i], &b->flights[i + 1],
	    (b->n - i - 1) * sizeof(struct flight *));
	b->n--;
}

void
batch_return(struct batch **bp, const char *why)
{
	struct batch *b = *bp;
	int64_t due_ms = outbox_wall(b->outbox);
	uint32_t i;

	if (!b->outbox->is_draining)
		due_ms += AGAIN_MS;
	for (i = 0; i < b->n; i++)
		end_uncounted(b->flights[i], JOB_LATER, due_ms, why);
	batch_free(bp);
}

int
batch_take(struct batch **bp, const struct ow_result *r)
{
	if (r->err != OW_OK) {
		outbox_store_failed((*bp)->outbox, r);
		batch_return(bp, "the store did not answer");
		return r->err;
	}
	if ((*bp)->outbox->is_draining) {
		batch_return(bp, "the node ends");
		return OW_EAGAIN;
	}
	return OW_OK;
}
