/* SPDX-License-Identifier: MIT */
/*
 * receipt - what a service worker tells of a notice: it was displayed, it was
 * clicked, it was dismissed.
 *
 * The token in the push says which job; whoever has it may tell.  All three
 * mean that the notice was seen, so later steps need not run.
 */
#include <string.h>

#include "base/mem.h"
#include "desk/room.h"

static const struct {
	const char *what, *how;
	bool arrived;
} receipts[] = {
	{ "displayed", "displayed on a device", true },
	{ "clicked", "clicked", true },
	{ "dismissed", "dismissed", false },
};

#define RECEIPTS (sizeof(receipts) / sizeof(receipts[0]))

struct receipt {
	struct command *c;
	char job_id[TOKEN_PAYLOAD_MAX + 1];
	size_t kind;
};

static void
settled(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct receipt *receipt = arg;
	struct command *c = receipt->c;

	(void)txn;
	if (r->err == OW_ECONFLICT && c->repeat_key != NULL)
		repeat_tell(c->orders, c, desk_start_over);
	else if (r->err != OW_OK)
		desk_answer_store(c->orders, c, r->err);
	else
		desk_answer(c->orders, c);
}

static void
receipt_write(struct orders *o, struct receipt *receipt, const char *notice_id)
{
	struct command *c = receipt->c;
	int64_t now_ms = loop_wall_ms(o->loop);
	struct txn *txn = txn_new(o->journal);
	size_t kind = receipt->kind;

	c->status = 204;
	if (c->repeat_key != NULL)
		repeat_add(txn, c, NULL, now_ms);
	txn_add(txn, Q_RECEIPT_INSERT, -1, "ssi", receipt->job_id,
	    receipts[kind].what, now_ms);
	txn_add(txn, Q_NOTICE_SEEN, -1, "sis", notice_id, now_ms,
	    receipts[kind].how);
	if (receipts[kind].arrived)
		txn_add(txn, Q_JOB_ARRIVED, -1, "si", receipt->job_id, now_ms);
	txn_send(&txn, settled, receipt);
}

static void
owner_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct receipt *receipt = arg;
	struct command *c = receipt->c;
	struct orders *o = c->orders;

	(void)txn;
	if (r->err != OW_OK)
		desk_answer_store(o, c, r->err);
	else if (r->rows[0].n_rows == 0)
		desk_answer_absent(o, c, "no_such_notification",
		    "notification");
	else if (strcmp(row_text(r->rows, 0, 0, NULL), c->tenant) != 0)
		desk_answer_token(o, c);
	else
		receipt_write(o, receipt, row_text(r->rows, 0, 2, NULL));
}

void
receipt_take(struct orders *o, struct command *c)
{
	struct receipt *receipt = arena_alloc(&c->arena, sizeof(*receipt));
	struct txn *txn;

	receipt->c = c;
	for (receipt->kind = 0; receipt->kind < RECEIPTS; receipt->kind++)
		if (strcmp(receipts[receipt->kind].what, c->receipt) == 0)
			break;
	OW_ASSERT(receipt->kind < RECEIPTS);
	if (token_open(&o->receipt_key, c->token, receipt->job_id) != OW_OK) {
		desk_answer_token(o, c);
		return;
	}
	if (!desk_enter(o, c))
		return;
	txn = txn_new(o->journal);
	txn_add(txn, Q_JOB_OWNER, -1, "s", receipt->job_id);
	txn_send(&txn, owner_came, receipt);
}
