/* SPDX-License-Identifier: MIT */
/*
 * say - changes that nobody has asked for: what a driver does, and what we
 * think ourselves, as commands in the order's line like any other.
 *
 * Their answer is nobody's, so they end where they are.  What must not be lost
 * is tried again while the store is away; so is a person's count that has
 * changed (inbox.c).
 */
#include <string.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/room.h"

#define AGAIN_MS 1000
#define UNSAID_MAX 10000u

void
say_again(struct orders *o, struct command *c)
{
	if (o->n_unsaid >= UNSAID_MAX) {
		metric_add(o->metrics, DESK_M_TIDINGS_LOST, 1);
		log_error("desk", "too many changes wait for the store; one"
		    " is forgotten", LOG_STR("tenant", c->tenant),
		    LOG_STR("order", c->order));
		command_free(&c);
		return;
	}
	c->again_ms = loop_now_ms(o->loop) + AGAIN_MS;
	c->next = NULL;
	LL_APPEND2(o->unsaid, c, next);
	o->n_unsaid++;
}

static void
said(struct command *c)
{
	struct orders *o = c->orders;

	if (c->status == 503 && c->is_lasting && !o->ending)
		say_again(o, c);
	else
		command_free(&c);
}

struct command *
say_new(struct orders *o, const struct entry *e, enum intent_kind kind)
{
	struct command *c = command_new(CMD_CHANGE, o->loop, said, NULL);

	c->orders = o;
	c->is_own = true;
	c->tenant = arena_dup(&c->arena, e->order->tenant);
	c->order = arena_dup(&c->arena, e->order->id);
	c->intent.kind = kind;
	c->intent.by = ROLE_NONE;
	return c;
}

void
say(struct orders *o, struct command *c, struct entry *e)
{
	DL_APPEND2(o->commands, c, desk_prev, desk_next);
	commit_change(o, c, e);
}

void
say_sweep(struct orders *o)
{
	struct command *c;
	struct entry *e;

	/* The list is in the order of again_ms. */
	while (o->store_up && (c = o->unsaid) != NULL &&
	    c->again_ms <= loop_now_ms(o->loop)) {
		o->unsaid = c->next;
		o->n_unsaid--;
		c->next = NULL;
		c->status = 0;
		c->tries = c->person_tries = 0;
		buf_clear(&c->body);
		if (c->kind != CMD_CHANGE)
			desk_command(o, c);
		else if ((e = book_find_id(&o->book, c->order)) != NULL)
			say(o, c, e);
		else
			command_free(&c);
	}
}

void
say_done(struct orders *o)
{
	struct command *c;

	while ((c = o->unsaid) != NULL) {
		o->unsaid = c->next;
		command_free(&c);
	}
	o->n_unsaid = 0;
}
