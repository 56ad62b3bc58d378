/* SPDX-License-Identifier: MIT */
/*
 * admin - what admins ask about jobs: lists, one with its attempts, and once
 * more, please.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "outbox/room.h"

#define BODY_MAX (16u << 20)
#define LIMIT_MAX 200
#define AGAIN_TTL_MS (INT64_C(3600) * 1000)	/* by hand, without a rule */

static void ask_arrive(struct mail *);
static void ask_home(struct mail *);
static void ask_job(struct outbox_ask *);

struct outbox_ask *
outbox_ask_new(enum outbox_ask_kind kind, struct loop *home,
    void (*done)(struct outbox_ask *), void *arg)
{
	struct outbox_ask *a = mem_alloc(sizeof(*a));

	arena_init(&a->arena);
	buf_init(&a->body, BODY_MAX);
	a->kind = kind;
	a->home = home;
	a->done = done;
	a->arg = arg;
	a->id = a->state = a->channel = a->tenant = a->before = "";
	return a;
}

void
outbox_ask_free(struct outbox_ask **ap)
{
	struct outbox_ask *a = *ap;

	*ap = NULL;
	if (a == NULL)
		return;
	buf_done(&a->body);
	arena_done(&a->arena);
	free(a);
}

void
outbox_ask(struct outbox *o, struct outbox_ask *a)
{
	a->outbox = o;
	a->mail.run = ask_arrive;
	loop_send(o->conf.loop, &a->mail);
}

/* ---- Answers ------------------------------------------------------------ */

static struct outbox_ask *
ask_of(struct mail *mail)
{
	return (struct outbox_ask *)(void *)((char *)mail -
	    offsetof(struct outbox_ask, mail));
}

static void
ask_home(struct mail *mail)
{
	struct outbox_ask *a = ask_of(mail);

	a->done(a);
}

static void
ask_end(struct outbox_ask *a, int status)
{
	a->status = status;
	a->mail.run = ask_home;
	loop_send(a->home, &a->mail);
}

static void
ask_refuse(struct outbox_ask *a, int status, const char *code,
    const char *detail)
{
	a->code = code;
	(void)snprintf(a->detail, sizeof(a->detail), "%s", detail);
	ask_end(a, status);
}

/* True: it was refused. */
static bool
ask_failed(struct outbox_ask *a, const struct ow_result *r)
{
	if (r->err == OW_OK)
		return false;
	ask_refuse(a, 503, r->err == OW_ELIMIT ? "store_full" : "store_away",
	    r->err == OW_ELIMIT ? "the store has no room; nothing was written" :
	    "the store is away; nothing was written");
	return true;
}

static void
ask_unknown(struct outbox_ask *a)
{
	ask_refuse(a, 404, "not_found", "no such job");
}

/* Is the row of Q_JOB_GET there, and for who asks? */
static bool
is_known(const struct outbox_ask *a, const struct ow_rows *rows)
{
	return rows->n_rows > 0 && (a->tenant[0] == '\0' ||
	    strcmp(a->tenant, row_text(rows, 0, 1, NULL)) == 0);
}

/* ---- Lists -------------------------------------------------------------- */

static void
jobs_arrive(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct outbox_ask *a = arg;
	const struct ow_rows *rows = r->rows;
	uint32_t i, n;
	struct jw w;

	(void)txn;
	if (ask_failed(a, r))
		return;
	n = rows->n_rows < (uint32_t)a->limit ? rows->n_rows :
	    (uint32_t)a->limit;
	jw_init(&w, &a->body);
	jw_object(&w, NULL);
	jw_list(&w, "data");
	for (i = 0; i < n; i++) {
		job_write(&w, NULL, rows, i);
		jw_end(&w);
	}
	jw_end(&w);
	if (rows->n_rows > n) {
		char cursor[B64_SIZE(ID_SIZE)];
		const char *last = row_text(rows, n - 1, 0, NULL);

		b64url_encode(last, strnlen(last, ID_SIZE - 1), cursor);
		jw_text(&w, "next_cursor", cursor);
	} else {
		jw_null(&w, "next_cursor");
	}
	jw_end(&w);
	ask_end(a, 200);
}

static void
ask_jobs(struct outbox_ask *a)
{
	struct txn *txn;

	if (a->state[0] != '\0' && !job_is_state(a->state)) {
		ask_refuse(a, 422, "invalid_field",
		    "state is none that a job can be in");
		return;
	}
	if (a->limit < 1 || a->limit > LIMIT_MAX)
		a->limit = a->limit < 1 ? 50 : LIMIT_MAX;
	txn = txn_new(a->outbox->conf.journal);
	txn_add(txn, strcmp(a->state, "parked") == 0 ? Q_JOBS_PARKED :
	    Q_JOBS_LIST, -1, "ssssi", a->state, a->channel, a->tenant,
	    a->before[0] != '\0' ? a->before : "~", a->limit + 1);
	txn_send(&txn, jobs_arrive, a);
}

/* ---- One ---------------------------------------------------------------- */

/* Of ATTEMPTS_OF: attempt, at_ms, took_ms, verdict, detail, ref. */
static void
write_attempts(struct jw *w, const struct ow_rows *rows)
{
	uint32_t i;

	jw_list(w, "attempts");
	for (i = 0; i < rows->n_rows; i++) {
		jw_object(w, NULL);
		jw_int(w, "attempt", row_int(rows, i, 0));
		jw_time(w, "at", row_int(rows, i, 1));
		jw_int(w, "took_ms", row_int(rows, i, 2));
		jw_text(w, "verdict", row_text(rows, i, 3, NULL));
		jw_text(w, "detail", row_text(rows, i, 4, NULL));
		jw_text(w, "ref", row_text(rows, i, 5, NULL));
		jw_end(w);
	}
	jw_end(w);
}

static void
job_arrive(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct outbox_ask *a = arg;
	struct jw w;

	(void)txn;
	if (ask_failed(a, r))
		return;
	if (!is_known(a, &r->rows[0])) {
		ask_unknown(a);
		return;
	}
	jw_init(&w, &a->body);
	jw_object(&w, NULL);
	job_write(&w, "job", &r->rows[0], 0);
	write_attempts(&w, &r->rows[1]);
	jw_end(&w);
	jw_end(&w);
	ask_end(a, 200);
}

static void
ask_job(struct outbox_ask *a)
{
	struct txn *txn = txn_new(a->outbox->conf.journal);

	txn_add(txn, Q_JOB_GET, -1, "s", a->id);
	txn_add(txn, Q_ATTEMPTS_OF, -1, "s", a->id);
	txn_send(&txn, job_arrive, a);
}

/* ---- Once more ---------------------------------------------------------- */

static void
retried(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct outbox_ask *a = arg;

	(void)txn;
	if (r->err == OW_ECONFLICT) {
		ask_refuse(a, 409, "not_waiting", "only a job that is parked,"
		    " skipped or put off can be tried again");
		return;
	}
	if (ask_failed(a, r))
		return;
	outbox_wake(a->outbox, outbox_wall(a->outbox));
	ask_job(a);
}

/* News again for as long as the rule says, from now on. */
static int64_t
fresh_until(const struct outbox *o, const char *topic)
{
	const struct rule *rule = o->conf.rules != NULL ?
	    rules_find(o->conf.rules, topic, 0) : NULL;

	return outbox_wall(o) + (rule != NULL && rule->ttl_ms > 0 ?
	    rule->ttl_ms : AGAIN_TTL_MS);
}

static void
retry_arrive(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct outbox_ask *a = arg;
	struct outbox *o = a->outbox;
	struct txn *again;

	(void)txn;
	if (ask_failed(a, r))
		return;
	if (!is_known(a, &r->rows[0])) {
		ask_unknown(a);
		return;
	}
	again = txn_new(o->conf.journal);
	txn_add(again, Q_JOB_AGAIN, 1, "sii", a->id, outbox_wall(o),
	    fresh_until(o, row_text(r->rows, 0, 5, NULL)));
	txn_send(&again, retried, a);
}

static void
ask_retry(struct outbox_ask *a)
{
	struct txn *txn = txn_new(a->outbox->conf.journal);

	txn_add(txn, Q_JOB_GET, -1, "s", a->id);
	txn_send(&txn, retry_arrive, a);
}

static void
ask_arrive(struct mail *mail)
{
	struct outbox_ask *a = ask_of(mail);

	switch (a->kind) {
	case OUTBOX_JOBS:
		ask_jobs(a);
		break;
	case OUTBOX_JOB:
		ask_job(a);
		break;
	case OUTBOX_RETRY:
		ask_retry(a);
		break;
	}
}
