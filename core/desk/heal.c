/* SPDX-License-Identifier: MIT */
/*
 * heal - orders of which nobody knows whether their last change was done: the
 * store lost its connection during the commit, and could not be read after it.
 *
 * They are looked at again once it can be read, and what was done after all is
 * told then.  Who asked for it has long had an answer (commit.c): a repeated
 * key says what became of it.  A change that comes earlier meets a conflict in
 * the log, and reads it, too.
 */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "desk/room.h"

struct heal {
	struct visit visit;		/* first */
	struct heal *next;
	struct entry *e;		/* NULL: perhaps a new order */
	char id[ID_SIZE];
	char tenant[];
};

void
heal_entry(struct orders *o, struct entry *e)
{
	e->unsure = o->unsure = true;
}

void
heal_made(struct orders *o, const struct order *as)
{
	size_t n = strlen(as->tenant);
	struct heal *heal = mem_alloc(sizeof(*heal) + n + 1);

	memcpy(heal->id, as->id, ID_SIZE);
	memcpy(heal->tenant, as->tenant, n);
	LL_PREPEND(o->heals, heal);
}

/* It was made, and the kitchen does not know. */
static void
made_log_found(struct visit *v, struct orders *o, struct entry *e, int err)
{
	struct heal *heal = (struct heal *)v;

	if (err == OW_EAGAIN) {
		LL_PREPEND(o->heals, heal);
		return;
	}
	/* Who watches the order itself began with its snapshot. */
	if (err == OW_OK && e->watchers == 0)
		desk_tell(o, e, e->recent, e->n_recent);
	free(heal);
}

static void
made_found(struct visit *v, struct orders *o, struct entry *e, int err)
{
	struct heal *heal = (struct heal *)v;

	if (err == OW_OK) {
		v->found = made_log_found;
		fetch_log(o, e->order->id, v);
	} else if (err == OW_EAGAIN) {
		LL_PREPEND(o->heals, heal);
	} else {
		free(heal);
	}
}

static void
look_at_made(struct orders *o)
{
	struct heal *heal = o->heals, *next;

	for (o->heals = NULL; heal != NULL; heal = next) {
		next = heal->next;
		heal->visit.found = made_found;
		fetch_order(o, heal->tenant, heal->id, &heal->visit);
	}
}

static void
healed(struct visit *v, struct orders *o, struct entry *e, int err)
{
	(void)e;			/* NULL with an error */
	e = ((struct heal *)v)->e;
	free(v);
	if (err == OW_EAGAIN)
		heal_entry(o, e);
	commit_next(o, e);
}

void
heal_look(struct orders *o)
{
	struct entry *e, *next;
	struct heal *heal;

	look_at_made(o);
	if (!o->unsure)
		return;
	o->unsure = false;
	HASH_ITER(by_id, o->book.by_id, e, next) {
		if (!e->unsure)
			continue;
		if (e->busy) {
			o->unsure = true;
			continue;
		}
		heal = mem_alloc(sizeof(*heal));
		heal->visit.found = healed;
		heal->e = e;
		e->unsure = false;
		e->busy = true;
		fetch_newer(o, e->order->id, &heal->visit);
	}
}

void
heal_done(struct orders *o)
{
	struct heal *heal;

	while ((heal = o->heals) != NULL) {
		o->heals = heal->next;
		free(heal);
	}
}
