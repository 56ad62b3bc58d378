/* SPDX-License-Identifier: MIT */
/*
 * hook - a provider's request on its way to its channel, or adapter, and back.
 *
 * A channel says yes to what it has understood.  Whether that is kept is known
 * here: the yes waits until what its channel told meanwhile is in the store,
 * and becomes a 503 when it can't get there now, so that the provider says it
 * again.  Saying it twice does no harm.
 *
 * A channel's process tells and answers in one order, so what came before an
 * answer is of that hook, or of none.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "outbox/room.h"

static void hook_arrive(struct mail *);
static void hook_home(struct mail *);

struct hook *
hook_new(struct loop *home, void (*done)(struct hook *), void *arg)
{
	struct hook *h = mem_alloc(sizeof(*h));

	arena_init(&h->arena);
	h->home = home;
	h->done = done;
	h->arg = arg;
	return h;
}

void
hook_free(struct hook **hp)
{
	struct hook *h = *hp;

	*hp = NULL;
	if (h == NULL)
		return;
	arena_done(&h->arena);
	free(h);
}

void
outbox_hook(struct outbox *o, struct hook *h)
{
	h->outbox = o;
	h->mail.run = hook_arrive;
	loop_send(o->conf.loop, &h->mail);
}

static bool
is_named(const struct channel *ch, const struct hook *h)
{
	if (strcmp(ch->kind->name, h->kind) != 0 &&
	    strcmp(medium_name(ch->kind->medium), h->kind) != 0)
		return false;
	return strcmp(ch->name, h->name) == 0 || (ch->hook_name != NULL &&
	    strcmp(ch->hook_name, h->name) == 0);
}

static void
hook_arrive(struct mail *mail)
{
	struct hook *h = (struct hook *)(void *)((char *)mail -
	    offsetof(struct hook, mail));
	struct outbox *o = h->outbox;
	uint32_t i;

	h->status = 0;
	if (adapters_hook(o, h))
		return;
	for (i = 0; i < o->n_channels; i++) {
		if (!is_named(o->channels[i], h))
			continue;
		h->channel = o->channels[i];
		h->n_unsure = h->channel->n_unsure;
		h->channel->ops->hook(h->channel, h);
		return;
	}
	hook_end(h);
}

static void
hook_go(struct hook *h)
{
	if (h->is_lost) {
		h->status = 503;
		h->answer.n = 0;
	}
	h->mail.run = hook_home;
	loop_send(h->home, &h->mail);
}

void
hook_end(struct hook *h)
{
	if (h->channel != NULL && h->status > 0 && h->status < 400) {
		h->is_lost = h->channel->n_unsure != h->n_unsure;
		h->n_open = news_hold(h->channel, h);
	}
	if (h->n_open == 0)
		hook_go(h);
}

void
hook_known(struct hook *h, bool is_kept)
{
	h->is_lost |= !is_kept;
	if (--h->n_open == 0)
		hook_go(h);
}

static void
hook_home(struct mail *mail)
{
	struct hook *h = (struct hook *)(void *)((char *)mail -
	    offsetof(struct hook, mail));

	h->done(h);
}
