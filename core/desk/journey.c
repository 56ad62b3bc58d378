/* SPDX-License-Identifier: MIT */
/*
 * journey - everything that became of an order, and why: its events, the
 * notices they made, each job, attempt and receipt, and each reason for which
 * something was not sent or not yet.
 *
 * Five questions in one transaction, brought into the order of time; what
 * happened in the same millisecond stays in the order of cause and effect.
 * Each entry says in one sentence what it is, and has the parts of it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/room.h"
#include "notify/rule.h"
#include "outbox/job.h"

#define EVENTS_MAX 10000
#define TEXT_MAX 600
#define MEMBERS_MAX (1u << 20)

enum { OP_EVENTS, OP_NOTICES, OP_JOBS, OP_ATTEMPTS, OP_RECEIPTS };
/* Columns of query.h. */
enum { N_ID, N_SUB, N_EVENT, N_TOPIC, N_AT, N_INBOX, N_TITLE, N_TEXT, N_WHY,
    N_SEEN, N_SEEN_HOW, N_READ };
enum { J_ID = 0, J_KIND = 6, J_MEDIUM = 7, J_HINT = 8, J_STATE = 9,
    J_DUE = 10, J_WHY = 15, J_AT = 16, J_ENDED = 17,
    J_ONLY_UNSEEN = 18 };

struct moment {
	int64_t at_ms;
	uint32_t number;		/* in the order in which it was found */
	const char *kind, *text;
	const char *members;		/* JSON, without braces; "" */
};

struct journey {
	struct command *c;
	struct entry *e;
	struct arena *arena;
	struct buf members;		/* of the moment that is written */
	struct jw w;
	struct moment *list;
	uint32_t n, cap;
};

/* ---- Entries ------------------------------------------------------------ */

/* The writer for the members of the next moment. */
static struct jw *
begin(struct journey *j)
{
	buf_clear(&j->members);
	jw_init(&j->w, &j->members);
	jw_object(&j->w, NULL);
	return &j->w;
}

static void __attribute__((format(printf, 4, 5)))
end(struct journey *j, int64_t at_ms, const char *kind, const char *fmt, ...)
{
	struct moment *m, *wider;
	char text[TEXT_MAX];
	va_list ap;

	if (j->n == j->cap) {
		wider = arena_alloc(j->arena, 2 * j->cap * sizeof(*wider));
		memcpy(wider, j->list, j->n * sizeof(*wider));
		j->list = wider;
		j->cap *= 2;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	jw_end(&j->w);
	m = &j->list[j->n];
	m->number = j->n++;
	m->at_ms = at_ms;
	m->kind = kind;
	m->text = arena_dup(j->arena, text);
	/* Without the braces; what is too big is left out. */
	m->members = j->members.full ? "" : arena_dupn(j->arena,
	    j->members.p + 1, j->members.n - 2);
}

static const char *
text_at(const struct ow_rows *rows, uint32_t row, uint32_t col)
{
	const char *text = row_text(rows, row, col, NULL);

	return text != NULL ? text : "";
}

/* ---- Events ------------------------------------------------------------- */

static void
add_event(struct journey *j, const struct ow_rows *rows, uint32_t i)
{
	struct json *message = NULL;
	const struct json *data;
	const char *text, *type = text_at(rows, i, 2), *from, *to;
	struct jw *w = begin(j);
	struct buf shown = BUF_INIT(MEMBERS_MAX);
	struct ow_fault fault;
	size_t n = 0;

	text = row_text(rows, i, 3, &n);
	(void)json_parse(text, n, &message, &fault);
	delivery_add_message(&shown, NULL, text, n);
	data = json_get(message, "data");
	from = json_get_text(data, "from");
	to = json_get_text(data, "to");
	jw_int(w, "seq", row_int(rows, i, 0));
	jw_text(w, "type", type);
	if (!shown.full)
		jw_raw(w, "event", shown.p, shown.n);
	if (from != NULL && to != NULL)
		end(j, row_int(rows, i, 1), "event", "%s: from %s to %s",
		    type, from, to);
	else
		end(j, row_int(rows, i, 1), "event", "%s", type);
	json_free(&message);
	buf_done(&shown);
}

/* ---- Notices ------------------------------------------------------------ */

/* What was decided when the notice was made. */
static void
add_decisions(struct journey *j, const struct ow_rows *rows, uint32_t i)
{
	struct json *list = NULL;
	const struct json *one;
	const char *text, *medium, *decision, *why;
	struct ow_fault fault;
	struct jw *w;
	size_t k, n = 0;

	text = row_text(rows, i, N_WHY, &n);
	if (text == NULL || json_parse(text, n, &list, &fault) != OW_OK)
		return;
	for (k = 0; k < json_count(list); k++) {
		one = json_at(list, k);
		medium = json_get_text(one, "medium");
		decision = json_get_text(one, "decision");
		why = json_get_text(one, "why");
		if (medium == NULL || decision == NULL || why == NULL)
			continue;
		w = begin(j);
		jw_text(w, "notice_id", text_at(rows, i, N_ID));
		jw_text(w, "medium", medium);
		jw_text(w, "decision", decision);
		jw_text(w, "why", why);
		end(j, row_int(rows, i, N_AT), "decision", "%s: %s, %s",
		    medium, strcmp(decision, "skip") == 0 ? "not sent" :
		    "put off", why);
	}
	json_free(&list);
}

static void
write_time(struct jw *w, const char *key, int64_t wall_ms)
{
	if (wall_ms > 0)
		jw_time(w, key, wall_ms);
	else
		jw_null(w, key);
}

static void
add_notice(struct journey *j, const struct ow_rows *rows, uint32_t i)
{
	int64_t seen_ms = row_int(rows, i, N_SEEN);
	bool inbox = row_int(rows, i, N_INBOX) != 0;
	const char *sub = text_at(rows, i, N_SUB);
	struct jw *w = begin(j);

	jw_text(w, "notice_id", text_at(rows, i, N_ID));
	jw_text(w, "sub", sub);
	jw_text(w, "topic", text_at(rows, i, N_TOPIC));
	jw_text(w, "event_id", text_at(rows, i, N_EVENT));
	jw_text(w, "title", text_at(rows, i, N_TITLE));
	jw_bool(w, "inbox", inbox);
	write_time(w, "seen_at", seen_ms);
	jw_text(w, "seen_how", text_at(rows, i, N_SEEN_HOW));
	write_time(w, "read_at", row_int(rows, i, N_READ));
	end(j, row_int(rows, i, N_AT), "notice", "notice of %s for %s: "
	    "\"%.200s\"%s", text_at(rows, i, N_TOPIC), sub[0] != '\0' ?
	    sub : "the platform", text_at(rows, i, N_TITLE),
	    inbox ? ", in the inbox" : "");
	add_decisions(j, rows, i);
	if (seen_ms == 0)
		return;
	w = begin(j);
	jw_text(w, "notice_id", text_at(rows, i, N_ID));
	jw_text(w, "seen_how", text_at(rows, i, N_SEEN_HOW));
	end(j, seen_ms, "notice", "the customer saw the notice of %s: %s",
	    text_at(rows, i, N_TOPIC), text_at(rows, i, N_SEEN_HOW));
}

/* ---- Jobs, attempts, receipts ------------------------------------------- */

static void
add_job(struct journey *j, const struct ow_rows *rows, uint32_t i)
{
	struct jw *w = begin(j);

	job_write(w, "job", rows, i);
	jw_end(w);
	end(j, row_int(rows, i, J_AT), "job", "%s by %s to %s%s",
	    text_at(rows, i, J_MEDIUM), text_at(rows, i, J_KIND),
	    text_at(rows, i, J_HINT),
	    row_int(rows, i, J_ONLY_UNSEEN) != 0 ?
	    ", unless the notice is seen before" : "");
}

static const struct {
	const char *state, *words;
} states[] = {
	{ "due", "to be sent at " }, { "leased", "being sent, until " },
	{ "later", "put off until " }, { "sent", "sent" },
	{ "delivered", "delivered" },
	{ "parked", "not sent, an admin is asked" },
	{ "skipped", "not sent" },
};

/* Where the job stands: its last decision. */
static void
add_job_state(struct journey *j, const struct ow_rows *rows, uint32_t i)
{
	const char *state = text_at(rows, i, J_STATE);
	const char *why = text_at(rows, i, J_WHY);
	const char *words = state;
	int64_t at_ms = row_int(rows, i, J_ENDED);
	char due[CLOCK_TEXT_SIZE];
	struct jw *w = begin(j);
	bool is_open = at_ms == 0;
	size_t k;

	for (k = 0; k < sizeof(states) / sizeof(states[0]); k++)
		if (strcmp(states[k].state, state) == 0)
			words = states[k].words;
	clock_format(row_int(rows, i, J_DUE), due);
	jw_text(w, "job_id", text_at(rows, i, J_ID));
	jw_text(w, "medium", text_at(rows, i, J_MEDIUM));
	jw_text(w, "decision", state);
	jw_text(w, "why", why);
	end(j, is_open ? row_int(rows, i, J_AT) : at_ms, "decision",
	    "%s: %s%s%s%s", text_at(rows, i, J_MEDIUM), words,
	    is_open ? due : "", why[0] != '\0' ? ", " : "", why);
}

static void
add_attempt(struct journey *j, const struct ow_rows *rows, uint32_t i)
{
	const char *detail = text_at(rows, i, 5);
	struct jw *w = begin(j);

	jw_text(w, "job_id", text_at(rows, i, 0));
	jw_int(w, "attempt", row_int(rows, i, 1));
	jw_int(w, "took_ms", row_int(rows, i, 3));
	jw_text(w, "verdict", text_at(rows, i, 4));
	jw_text(w, "detail", detail);
	jw_text(w, "ref", text_at(rows, i, 6));
	end(j, row_int(rows, i, 2), "attempt", "attempt %lld: %s%s%s",
	    (long long)row_int(rows, i, 1), text_at(rows, i, 4),
	    detail[0] != '\0' ? ", " : "", detail);
}

static void
add_receipt(struct journey *j, const struct ow_rows *rows, uint32_t i)
{
	struct jw *w = begin(j);

	jw_text(w, "job_id", text_at(rows, i, 0));
	jw_text(w, "receipt", text_at(rows, i, 1));
	end(j, row_int(rows, i, 2), "receipt", "the device says: %s",
	    text_at(rows, i, 1));
}

/* ---- The whole ---------------------------------------------------------- */

static const struct {
	uint32_t op;
	void (*add)(struct journey *, const struct ow_rows *, uint32_t row);
} sources[] = {
	{ OP_EVENTS, add_event }, { OP_NOTICES, add_notice },
	{ OP_JOBS, add_job }, { OP_ATTEMPTS, add_attempt },
	{ OP_RECEIPTS, add_receipt }, { OP_JOBS, add_job_state },
};

static int
compare(const void *a, const void *b)
{
	const struct moment *m = a, *n = b;

	if (m->at_ms != n->at_ms)
		return m->at_ms < n->at_ms ? -1 : 1;
	return m->number < n->number ? -1 : 1;
}

static void
write_journey(struct journey *j)
{
	struct command *c = j->c;
	const struct moment *m;
	struct jw w;
	uint32_t i;

	qsort(j->list, j->n, sizeof(*j->list), compare);
	jw_init(&w, &c->body);
	jw_object(&w, NULL);
	order_write(&w, "order", j->e->order);
	jw_list(&w, "entries");
	for (i = 0; i < j->n; i++) {
		m = &j->list[i];
		jw_object(&w, NULL);
		jw_time(&w, "at", m->at_ms);
		jw_text(&w, "kind", m->kind);
		jw_text(&w, "text", m->text);
		if (m->members[0] != '\0') {
			buf_char(&c->body, ',');
			buf_str(&c->body, m->members);
		}
		jw_end(&w);
	}
	jw_end(&w);
	jw_end(&w);
	c->status = 200;
}

static void
journey_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct journey *j = arg;
	struct command *c = j->c;
	struct orders *o = c->orders;
	uint32_t s, i;

	if (r->err != OW_OK) {
		desk_answer_store(o, c, r->err);
		return;
	}
	j->e = book_find_id(&o->book, c->answer_order);
	if (j->e == NULL) {		/* left memory just now */
		desk_answer_store(o, c, OW_EAGAIN);
		return;
	}
	j->arena = txn_arena(txn);
	j->cap = 64;
	j->list = arena_alloc(j->arena, j->cap * sizeof(*j->list));
	buf_init(&j->members, MEMBERS_MAX);
	for (s = 0; s < sizeof(sources) / sizeof(sources[0]); s++)
		for (i = 0; i < r->rows[sources[s].op].n_rows; i++)
			sources[s].add(j, &r->rows[sources[s].op], i);
	write_journey(j);
	buf_done(&j->members);
	desk_answer(o, c);
}

void
journey_read(struct orders *o, struct command *c, struct entry *e)
{
	struct journey *j = arena_alloc(&c->arena, sizeof(*j));
	const char *id = arena_dup(&c->arena, e->order->id);
	struct txn *txn = txn_new(o->journal);

	j->c = c;
	c->answer_order = id;
	metric_add(o->metrics, DESK_M_STORE_READS, 1);
	txn_add(txn, Q_EVENTS_SINCE, -1, "sii", id, (int64_t)0,
	    (int64_t)EVENTS_MAX);
	txn_add(txn, Q_NOTICES_OF_ORDER, -1, "ss", c->tenant, id);
	txn_add(txn, Q_JOBS_OF_ORDER, -1, "ss", c->tenant, id);
	txn_add(txn, Q_ATTEMPTS_OF_ORDER, -1, "ss", c->tenant, id);
	txn_add(txn, Q_RECEIPTS_OF_ORDER, -1, "ss", c->tenant, id);
	txn_send(&txn, journey_came, j);
}
