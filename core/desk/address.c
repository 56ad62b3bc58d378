/* SPDX-License-Identifier: MIT */
/*
 * address - push subscriptions: a browser or a phone that somebody gave us to
 * be told by.
 *
 * An endpoint is one receiver: registered again it keeps its id, and
 * registered by somebody else it is theirs from then on (the browser changed
 * hands), whatever was switched off there before.  Who has too many loses the
 * oldest; two at once wait for each other there, or both would drop the same.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "desk/room.h"
#include "outbox/job.h"

#define ADDRESSES_MAX_DEFAULT 10

/* ---- One more ----------------------------------------------------------- */

struct add {
	struct person_address address;	/* points into the command */
	uint32_t n_drop;
	char (*drop)[ID_SIZE];		/* the oldest, as they were then */
	uint32_t owner_op;		/* whose it was */
};

static const struct person_address *
find_address(const struct person *p, const char *kind, const char *hash)
{
	uint32_t i;

	for (i = 0; i < p->n_addresses; i++)
		if (strcmp(p->addresses[i].kind, kind) == 0 &&
		    strcmp(p->addresses[i].hash, hash) == 0)
			return &p->addresses[i];
	return NULL;
}

static void
drop_by_id(struct person *p, const char *id)
{
	uint32_t i;

	for (i = 0; i < p->n_addresses; i++)
		if (strcmp(p->addresses[i].id, id) == 0) {
			person_drop_address(p, p->addresses[i].kind,
			    p->addresses[i].hash);
			return;
		}
}

static void
write_answer(struct command *c, const struct add *add, bool is_known,
    int64_t now_ms)
{
	struct jw w;

	c->status = is_known ? 200 : 201;
	jw_init(&w, &c->body);
	jw_object(&w, NULL);
	jw_text(&w, "id", add->address.id);
	jw_text(&w, "channel", add->address.kind);
	jw_text(&w, "to", add->address.hint);
	jw_time(&w, "created_at", now_ms);
	jw_end(&w);
}

static void
added(struct orders *o, struct own *own, struct person *p,
    const struct ow_rows *rows)
{
	const struct add *add = own->arg;
	const struct ow_rows *owner = &rows[add->owner_op];
	struct person *before = NULL;
	const char *sub;
	uint32_t i;

	if (owner->n_rows > 0) {
		sub = row_text(owner, 0, 1, NULL);
		before = strcmp(sub, p->sub) == 0 ? NULL :
		    person_find(o, p->tenant, sub);
	}
	if (before != NULL)
		person_drop_address(before, add->address.kind,
		    add->address.hash);
	for (i = 0; i < add->n_drop; i++)
		drop_by_id(p, add->drop[i]);
	person_add_address(p, &add->address);
}

static void
add_step(struct orders *o, struct own *own, struct person *p)
{
	int64_t max = o->set->notify.addresses_max > 0 ?
	    o->set->notify.addresses_max : ADDRESSES_MAX_DEFAULT;
	int64_t now_ms = loop_wall_ms(o->loop);
	struct add *add = own->arg;
	const struct person_address *a = &add->address, *known;
	struct txn *txn;
	uint32_t i;

	known = find_address(p, a->kind, a->hash);
	if (known == NULL && p->in_flight > 0 &&
	    p->n_addresses + p->in_flight >= max) {
		own_refresh(o, own, p);
		return;
	}
	if (known != NULL)
		memcpy(add->address.id, known->id, ID_SIZE);
	else
		id_new(&o->ids, now_ms, add->address.id);
	add->n_drop = known == NULL && p->n_addresses + 1 > max ?
	    (uint32_t)(p->n_addresses + 1 - max) : 0;
	add->drop = arena_alloc(&own->c->arena,
	    (add->n_drop + 1) * sizeof(*add->drop));
	write_answer(own->c, add, known != NULL, now_ms);
	txn = own_txn(o, own, p);
	add->owner_op = txn_count(txn);
	txn_add(txn, Q_ADDRESS_BY_HASH, -1, "sss", p->tenant, a->kind,
	    a->hash);
	txn_add(txn, Q_ADDRESS_PUT, 1, "sssssssi", a->id, p->tenant, p->sub,
	    a->kind, a->address, a->hash, a->hint, now_ms);
	txn_add(txn, Q_OFF_DELETE, -1, "sss", p->tenant, a->kind, a->hash);
	for (i = 0; i < add->n_drop; i++) {
		memcpy(add->drop[i], p->addresses[i].id, ID_SIZE);
		txn_add(txn, Q_ADDRESS_DELETE, -1, "sss", p->tenant, p->sub,
		    add->drop[i]);
	}
	own->done = added;
	own_send(own, &txn);
}

void
address_add(struct orders *o, struct command *c)
{
	const struct ow_address *from = c->address;
	struct own *own;
	struct add *add;

	if (!desk_enter(o, c))
		return;
	own = own_new(c, add_step);
	add = arena_alloc(&c->arena, sizeof(*add));
	add->address.kind = arena_dup(&c->arena, c->address_kind);
	add->address.address = arena_dup(&c->arena, from->text);
	add->address.hint = arena_dup(&c->arena, from->hint);
	job_address_hash(c->address_kind, from->identity, add->address.hash);
	own->arg = add;
	own_start(o, own);
}

/* ---- One less ----------------------------------------------------------- */

static void
removed(struct orders *o, struct own *own, struct person *p,
    const struct ow_rows *rows)
{
	(void)o;
	(void)rows;
	drop_by_id(p, own->c->item);
}

static void
not_there(struct orders *o, struct own *own)
{
	desk_answer_absent(o, own->c, "no_such_subscription",
	    "push subscription");
}

static void
remove_step(struct orders *o, struct own *own, struct person *p)
{
	struct txn *txn;

	own->c->status = 204;
	own->done = removed;
	own->again = not_there;		/* a conflict: no row was it */
	txn = own_txn(o, own, p);
	txn_add(txn, Q_ADDRESS_DELETE, 1, "sss", p->tenant, p->sub,
	    own->c->item);
	own_send(own, &txn);
}

void
address_remove(struct orders *o, struct command *c)
{
	own_start(o, own_new(c, remove_step));
}
