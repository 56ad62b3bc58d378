/* SPDX-License-Identifier: MIT */
/*
 * own - a command that changes what is one person's: the person is fetched,
 * the command decides on what is known of them, one transaction makes it so,
 * and then their screens hear it.
 *
 * A conflict means that somebody else changed it first: another node, or a
 * transaction in front of this one that failed and took its seq with it.  The
 * person is then read again and the command decides anew.
 */
#include <string.h>

#include "base/mem.h"
#include "base/metric.h"
#include "desk/room.h"

#define OWN_TRIES_MAX 8

struct own *
own_new(struct command *c, void (*step)(struct orders *, struct own *,
    struct person *))
{
	struct own *own = arena_alloc(&c->arena, sizeof(*own));

	own->c = c;
	own->step = step;
	if (c->who != NULL) {
		own->tenant = c->tenant;
		own->sub = c->who->sub;
	}
	return own;
}

static void
person_found(struct person_visit *v, struct orders *o, struct person *p,
    int err)
{
	struct own *own = (struct own *)v;

	if (err != OW_OK)
		desk_answer_store(o, own->c, err);
	else
		own->step(o, own, p);
}

void
own_start(struct orders *o, struct own *own)
{
	buf_clear(&own->c->body);
	own->news.seq = 0;
	if (!o->store_up) {
		desk_answer_store(o, own->c, OW_EAGAIN);
		return;
	}
	own->visit.found = person_found;
	person_fetch(o, own->tenant, own->sub, &own->visit);
}

void
own_refresh(struct orders *o, struct own *own, struct person *p)
{
	own->fresh = true;
	p->stale = true;
	own_start(o, own);
}

struct txn *
own_txn(struct orders *o, struct own *own, struct person *p)
{
	struct txn *txn = txn_new(o->journal);

	own->person = p;
	person_hold(p);
	if (own->c->repeat_key != NULL)
		repeat_add(txn, own->c, NULL, loop_wall_ms(o->loop));
	return txn;
}

static void
in_conflict(struct orders *o, struct own *own, uint32_t op)
{
	struct command *c = own->c;

	if (c->repeat_key != NULL && op == 0) {
		repeat_tell(o, c, desk_start_over);
		return;
	}
	metric_add(o->metrics, DESK_M_CONFLICTS, 1);
	if (++c->person_tries > OWN_TRIES_MAX)
		desk_answer_store(o, c, OW_EAGAIN);
	else if (own->again != NULL)
		own->again(o, own);
	else
		own_start(o, own);
}

static void
settled(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct own *own = arg;
	struct orders *o = own->c->orders;
	struct person *p = own->person;

	(void)txn;
	own->person = NULL;
	if (r->err != OW_OK) {
		person_settled(p, false);
		if (r->err == OW_ECONFLICT)
			in_conflict(o, own, r->op);
		else
			desk_answer_store(o, own->c, r->err);
		return;
	}
	if (own->news.seq > 0)
		person_tell(p, &own->news);
	if (own->done != NULL)
		own->done(o, own, p, r->rows);
	person_settled(p, true);
	desk_answer(o, own->c);
}

void
own_send(struct own *own, struct txn **txn)
{
	txn_send(txn, settled, own);
}
