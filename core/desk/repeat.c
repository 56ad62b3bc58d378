/* SPDX-License-Identifier: MIT */
/*
 * repeat - see repeat.h.
 */
#include "desk/repeat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/metric.h"
#include "desk/room.h"

#define STORED_MAX (8u << 20)

bool
repeat_enter(struct repeats *r, struct command *c)
{
	size_t s = strlen(c->repeat_scope), k = strlen(c->repeat_key);
	struct repeat *e = mem_alloc(sizeof(*e) + s + k + 2), *old;

	memcpy(e->key, c->repeat_scope, s);
	e->key[s] = '\n';
	memcpy(e->key + s + 1, c->repeat_key, k);
	HASH_FIND_STR(r->busy, e->key, old);
	if (old != NULL) {
		free(e);
		return false;
	}
	HASH_ADD_STR(r->busy, key, e);
	c->repeat_held = true;
	return true;
}

void
repeat_leave(struct repeats *r, struct command *c)
{
	struct repeat *e;
	char *key;

	if (!c->repeat_held)
		return;
	key = mem_printf("%s\n%s", c->repeat_scope, c->repeat_key);
	HASH_FIND_STR(r->busy, key, e);
	free(key);
	OW_ASSERT(e != NULL);
	HASH_DEL(r->busy, e);
	free(e);
	c->repeat_held = false;
}

void
repeats_done(struct repeats *r)
{
	struct repeat *e, *e2;

	HASH_ITER(hh, r->busy, e, e2) {
		HASH_DEL(r->busy, e);
		free(e);
	}
}

void
repeat_add(struct txn *txn, const struct command *c, const char *link_id,
    int64_t wall_ms)
{
	struct buf out = BUF_INIT(STORED_MAX);
	struct ow_bytes stored;

	if (c->status < 400)
		buf_printf(&out, "%s %s %llu\n", link_id != NULL ? link_id :
		    "-", c->answer_order != NULL ? c->answer_order : "-",
		    (unsigned long long)c->seq);
	else
		buf_printf(&out, "%s\n%s\n", c->code, c->detail);
	if (c->body.n > 0)
		buf_add(&out, c->body.p, c->body.n);
	stored.p = out.p;
	stored.n = out.n;
	txn_add(txn, Q_IDEM_INSERT, 1, "sssibi", c->repeat_scope,
	    c->repeat_key, c->repeat_hash, (int64_t)c->status, stored,
	    wall_ms);
	buf_done(&out);
}

struct retell {
	struct command *c;
	void (*again)(struct orders *, struct command *);
};

static void
forgotten(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct retell *t = arg;
	struct orders *o = t->c->orders;

	(void)txn;
	if (r->err != OW_OK)
		desk_answer_store(o, t->c, r->err);
	else
		t->again(o, t->c);
}

/* The text up to the next newline; *p moves behind it. */
static const char *
line_of(struct arena *a, const char **p, const char *end)
{
	const char *start = *p;
	const char *nl = memchr(start, '\n', (size_t)(end - start));

	if (nl == NULL)
		nl = end;
	*p = nl < end ? nl + 1 : end;
	return arena_dupn(a, start, (size_t)(nl - start));
}

static void
tell_stored(struct orders *o, struct command *c, const char *p, size_t n)
{
	const char *end = p + n, *line = line_of(&c->arena, &p, end);
	char link[ID_SIZE] = "", order[ID_SIZE] = "";
	unsigned long long seq = 0;

	buf_clear(&c->body);
	if (c->status >= 400) {
		c->code = line;
		(void)snprintf(c->detail, sizeof(c->detail), "%s",
		    line_of(&c->arena, &p, end));
		buf_add(&c->body, p, (size_t)(end - p));
		return;
	}
	(void)sscanf(line, "%36s %36s %llu", link, order, &seq);
	c->seq = seq;
	c->answer_order = arena_dup(&c->arena, order);
	buf_add(&c->body, p, (size_t)(end - p));
	if (strcmp(link, "-") != 0)
		desk_finish_link(o, c, link);
}

static void
stored_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct retell *t = arg;
	struct command *c = t->c;
	struct orders *o = c->orders;
	int64_t old_ms = loop_wall_ms(o->loop) - REPEAT_TTL_MS;
	struct txn *forget;
	const char *body;
	size_t n = 0;

	(void)txn;
	if (r->err != OW_OK) {
		desk_answer_store(o, c, r->err);
		return;
	}
	if (r->rows[0].n_rows == 0) {
		t->again(o, c);
		return;
	}
	if (row_int(r->rows, 0, 3) < old_ms) {
		forget = txn_new(o->journal);
		txn_add(forget, Q_IDEM_FORGET, -1, "ssi", c->repeat_scope,
		    c->repeat_key, old_ms);
		txn_send(&forget, forgotten, t);
		return;
	}
	if (strcmp(row_text(r->rows, 0, 0, NULL), c->repeat_hash) != 0) {
		command_refuse(c, 422, "idempotency_key_reused",
		    "this Idempotency-Key was used for another request");
	} else {
		metric_add(o->metrics, DESK_M_REPEATS, 1);
		c->status = (int)row_int(r->rows, 0, 1);
		body = row_text(r->rows, 0, 2, &n);
		tell_stored(o, c, body, n);
	}
	desk_answer(o, c);
}

void
repeat_tell(struct orders *o, struct command *c,
    void (*again)(struct orders *, struct command *))
{
	struct retell *t = arena_alloc(&c->arena, sizeof(*t));
	struct txn *txn;

	if (++c->tries > 4) {
		desk_answer_store(o, c, OW_EAGAIN);
		return;
	}
	t->c = c;
	t->again = again;
	txn = txn_new(o->journal);
	txn_add(txn, Q_IDEM_GET, -1, "ss", c->repeat_scope, c->repeat_key);
	txn_send(&txn, stored_came, t);
}
