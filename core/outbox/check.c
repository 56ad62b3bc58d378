/* SPDX-License-Identifier: MIT */
/*
 * check - somebody subscribes: is this an address that the channels of its
 * kind would take?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "outbox/room.h"

struct check {
	struct channel_check inner;
	struct address_check *asked;
};

static void
check_home(struct mail *mail)
{
	struct address_check *c = (struct address_check *)(void *)(
	    (char *)mail - offsetof(struct address_check, mail));

	c->done(c);
}

static void
check_end(struct address_check *c)
{
	c->mail.run = check_home;
	loop_send(c->home, &c->mail);
}

static void
checked(struct channel_check *inner, int err, const struct ow_address *out,
    const struct ow_fault *fault)
{
	struct check *check = (struct check *)(void *)((char *)inner -
	    offsetof(struct check, inner));
	struct address_check *c = check->asked;

	c->err = err;
	c->address = *out;
	c->fault = *fault;
	free(check);
	check_end(c);
}

static void
forget(struct channel_check *inner)
{
	free((char *)inner - offsetof(struct check, inner));
}

static void
check_arrive(struct mail *mail)
{
	struct address_check *c = (struct address_check *)(void *)(
	    (char *)mail - offsetof(struct address_check, mail));
	struct channel *ch = outbox_channel(c->outbox, c->kind, c->tenant);
	struct check *check;

	if (ch == NULL) {
		c->err = OW_ENOENT;
		(void)snprintf(c->fault.text, sizeof(c->fault.text),
		    "no channel for addresses of the kind %.40s is configured",
		    c->kind);
		check_end(c);
		return;
	}
	check = mem_alloc(sizeof(*check));
	check->inner.done = checked;
	check->inner.forget = forget;
	check->asked = c;
	ch->ops->check(ch, c->wanted, &check->inner);
}

void
outbox_check(struct outbox *o, struct address_check *c)
{
	c->outbox = o;
	c->mail.run = check_arrive;
	loop_send(o->conf.loop, &c->mail);
}
