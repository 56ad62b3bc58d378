/* SPDX-License-Identifier: MIT */
/*
 * drain - the node ends: nothing new is claimed, what a channel has in hand
 * may finish, everything else goes back at once.  What is not done in time is
 * cancelled, then settled in the channel's place.
 */
#include <string.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "outbox/room.h"

static void
drain_end(struct outbox *o)
{
	void (*drained)(void *) = o->drained;

	if (drained == NULL)
		return;
	loop_timer_cancel(&o->drain_timer);
	o->drained = NULL;
	drained(o->drained_arg);
}

void
drain_look(struct outbox *o)
{
	uint32_t i;

	if (o->n_undrained > 0)
		return;
	for (i = 0; i < o->n_kinds; i++)
		if (o->kinds[i]->n_flights > 0 || o->kinds[i]->is_claiming)
			return;
	drain_end(o);
}

/* What the store did not take by now is written by the lease's end. */
static void
drain_over(void *arg)
{
	struct outbox *o = arg;

	o->drain_timer = NULL;
	log_warn("outbox", "not all jobs were handed back in time; their"
	    " leases will run out");
	drain_end(o);
}

static void
drain_settle(void *arg)
{
	struct outbox *o = arg;
	struct flight *f, *next;
	uint32_t i;

	o->drain_timer = NULL;
	for (i = 0; i < o->n_kinds; i++)
		DL_FOREACH_SAFE(o->kinds[i]->flights, f, next)
			if (f->slot != NULL && f->slot->state == SLOT_OUT) {
				loop_timer_cancel(&f->timer);
				settle_overdue(f);
			}
	o->n_undrained = 0;
	o->drain_timer = loop_timer_start(o->conf.loop, AGAIN_MS, drain_over,
	    o);
	outbox_turn(o);
}

static void
drain_cancel(void *arg)
{
	struct outbox *o = arg;
	struct flight *f, *next;
	uint32_t i;

	o->drain_timer = loop_timer_start(o->conf.loop, OVERDUE_MS,
	    drain_settle, o);
	for (i = 0; i < o->n_kinds; i++)
		DL_FOREACH_SAFE(o->kinds[i]->flights, f, next)
			if (f->slot != NULL && f->slot->state == SLOT_OUT &&
			    !f->is_cancelled) {
				f->is_cancelled = true;
				f->channel->ops->cancel(f->channel,
				    &f->slot->job);
			}
}

static void
channel_drained(void *arg)
{
	struct channel *ch = arg;
	struct outbox *o = ch->outbox;

	if (ch->is_drained)
		return;
	ch->is_drained = true;
	if (o->n_undrained > 0)
		o->n_undrained--;
	outbox_turn(o);
}

void
drain_begin(struct mail *mail)
{
	struct outbox *o = OUTBOX_OF(mail, drain_mail);
	int64_t after_ms;
	uint32_t i;

	pthread_mutex_lock(&o->lock);
	after_ms = o->drain_ms;
	pthread_mutex_unlock(&o->lock);
	o->is_draining = true;
	loop_timer_cancel(&o->purge_timer);
	o->drain_timer = loop_timer_start(o->conf.loop, after_ms,
	    drain_cancel, o);
	o->n_undrained = o->n_channels;
	for (i = 0; i < o->n_channels; i++)
		o->channels[i]->ops->drain(o->channels[i], after_ms +
		    OVERDUE_MS, channel_drained, o->channels[i]);
	adapters_drain(o, after_ms + OVERDUE_MS);
	outbox_turn(o);
}

void
outbox_drain(struct outbox *o, int64_t after_ms, void (*done)(void *),
    void *arg)
{
	bool is_asked;

	pthread_mutex_lock(&o->lock);
	is_asked = o->is_drain_asked;
	o->is_drain_asked = true;
	o->drain_ms = after_ms;
	pthread_mutex_unlock(&o->lock);
	OW_ASSERT(!is_asked);
	o->drained = done;
	o->drained_arg = arg;
	loop_send(o->conf.loop, &o->drain_mail);
}
