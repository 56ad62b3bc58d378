/* SPDX-License-Identifier: MIT */
/*
 * content - reads what the jobs of a batch have to say, what is known of
 * their addresses, and what happened to them before.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "outbox/room.h"

/* Of JOB_CONTENT. */
enum {
	COL_VARS, COL_TITLE, COL_TEXT, COL_URL, COL_EVENT, COL_SEEN,
	COL_SEEN_HOW, COL_OFF_WHY,
};
/* Of ATTEMPTS_OF. */
enum { COL_ATTEMPT = 0, COL_VERDICT = 3 };

static bool
wants_group(const struct flight *f)
{
	return f->group[0] != '\0' && f->rule != NULL &&
	    f->rule->throttle_ms > 0;
}

static const struct rule *
rule_of(const struct flight *f)
{
	const struct rules *rules = f->outbox->conf.rules;
	enum audience audience = f->sub[0] != '\0' ? AUDIENCE_CUSTOMER :
	    AUDIENCE_PLATFORM;
	const struct rule *rule;
	uint32_t n;

	for (n = 0; rules != NULL &&
	    (rule = rules_find(rules, f->topic, n)) != NULL; n++)
		if (rule->audience == audience)
			return rule;
	return NULL;
}

static const char *
content_text(struct flight *f, const struct ow_rows *rows, uint32_t col)
{
	return arena_dup(&f->arena, row_text(rows, 0, col, NULL));
}

/* The one where 0 is "no number". */
static int64_t
seq_of(const struct json *vars)
{
	const char *text = json_get_text(vars, "seq");

	return text != NULL ? strtoll(text, NULL, 10) :
	    json_get_int(vars, "seq", 0);
}

static void
take_notice(struct flight *f, const struct ow_rows *rows)
{
	struct ow_fault fault;
	const char *vars;
	size_t n = 0;

	vars = row_text(rows, 0, COL_VARS, &n);
	/* Ours, so it is sound; without it there are still title and text. */
	if (vars != NULL)
		(void)json_parse(vars, n, &f->vars, &fault);
	f->event_seq = seq_of(f->vars);
	f->title = content_text(f, rows, COL_TITLE);
	f->text = content_text(f, rows, COL_TEXT);
	f->url = content_text(f, rows, COL_URL);
	f->seen_ms = row_int(rows, 0, COL_SEEN);
	f->seen_how = content_text(f, rows, COL_SEEN_HOW);
	f->off_why = content_text(f, rows, COL_OFF_WHY);
}

/* An attempt that left no trace, or no answer, may have arrived. */
static bool
is_repeat_safe(const struct flight *f, const struct ow_rows *rows)
{
	const char *verdict;
	uint32_t i;

	for (i = 0; i < rows->n_rows; i++) {
		verdict = row_text(rows, i, COL_VERDICT, NULL);
		if (verdict != NULL && (strcmp(verdict, "overdue") == 0 ||
		    strcmp(verdict, "crashed") == 0))
			return false;
	}
	return rows->n_rows > 0 && row_int(rows, rows->n_rows - 1,
	    COL_ATTEMPT) + 1 >= (int64_t)f->attempt;
}

static void
content_take(struct batch *b, const struct ow_rows *rows)
{
	struct flight *f;
	uint32_t i, op = 0;

	for (i = 0; i < b->n; i++) {
		f = b->flights[i];
		if (rows[op].n_rows > 0)
			take_notice(f, &rows[op]);
		op++;
		if (wants_group(f)) {
			if (rows[op].n_rows > 0)
				f->group_last_ms = row_int(&rows[op], 0, 0);
			op++;
		}
		f->is_repeat_safe = f->attempt <= 1;
		if (f->attempt > 1)
			f->is_repeat_safe = is_repeat_safe(f, &rows[op++]);
	}
	for (i = 0; i < b->n; ) {
		f = b->flights[i];
		if (f->title != NULL) {
			i++;
			continue;
		}
		batch_remove(b, i);
		end_uncounted(f, JOB_SKIPPED, 0, "its notice is gone");
	}
}

static void
content_arrive(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct batch *b = arg;

	(void)txn;
	if (batch_take(&b, r) != OW_OK)
		return;
	content_take(b, r->rows);
	agree_ask(b);
}

void
content_read(struct batch *b)
{
	struct txn *txn = txn_new(b->outbox->conf.journal);
	struct flight *f;
	uint32_t i;

	for (i = 0; i < b->n; i++) {
		f = b->flights[i];
		f->rule = rule_of(f);
		txn_add(txn, Q_JOB_CONTENT, -1, "ssss", f->notice_id,
		    f->tenant, f->kind->name, f->hash);
		if (wants_group(f))
			txn_add(txn, Q_GROUP_LAST, -1, "sssss", f->tenant,
			    f->sub, medium_name(f->medium), f->group,
			    f->notice_id);
		if (f->attempt > 1)
			txn_add(txn, Q_ATTEMPTS_OF, -1, "s", f->id);
	}
	txn_send(&txn, content_arrive, b);
}
