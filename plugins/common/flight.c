/* SPDX-License-Identifier: MIT */
/*
 * flight - the list of what is on its way; flight.h says what for.
 *
 * A settle() may come back with the next deliver() before it returns, so a
 * flight is off the list before its job is settled, and the list is looked at
 * anew after that.
 */
#include <stdlib.h>

#include "flight.h"

void
flights_init(struct flights *all, struct ow_ctx *ctx,
    const struct ow_host *host, void *self)
{
	*all = (struct flights){ .ctx = ctx, .host = host, .self = self };
}

static void
flight_give_up(struct flight **slot)
{
	struct flights *all = (*slot)->flights;

	if ((*slot)->call)
		all->host->net->cancel(all->ctx, &(*slot)->call);
	flight_end(slot);
}

void
flights_stop(struct flights *all)
{
	struct flight *f;

	while ((f = all->list) != NULL)
		flight_give_up(&f);
}

struct flight *
flights_add(struct flights *all, size_t size, const struct ow_job *job)
{
	struct flight *f = calloc(1, size);

	if (!f)
		return NULL;
	f->flights = all;
	f->job = job;
	f->next = all->list;
	f->link = &all->list;
	if (f->next)
		f->next->link = &f->next;
	all->list = f;
	return f;
}

void
flight_end(struct flight **slot)
{
	struct flight *f = *slot;

	if (!f)
		return;
	*slot = NULL;
	*f->link = f->next;
	if (f->next)
		f->next->link = f->link;
	free(f);
}

void
flights_settle(struct flights *all, const struct ow_job *job,
    const struct ow_outcome *outcome)
{
	all->host->outbox->settle(all->ctx, job, outcome);
	if (all->is_draining && !all->list) {
		all->is_draining = false;
		all->host->base->drained(all->ctx);
	}
}

void
flights_settle_as(struct flights *all, const struct ow_job *job,
    int32_t verdict, const char *detail)
{
	struct ow_outcome outcome = {
		.size = sizeof(outcome),
		.verdict = verdict,
		.detail = detail,
	};

	flights_settle(all, job, &outcome);
}

void
flights_cancel(struct flights *all, const struct ow_job *job,
    const char *detail)
{
	struct flight *f = all->list;

	while (f && f->job != job)
		f = f->next;
	if (!f)
		return;
	flight_give_up(&f);
	flights_settle_as(all, job, OW_RETRY, detail);
}

void
flights_drain(struct flights *all)
{
	all->is_draining = all->list != NULL;
	if (!all->is_draining)
		all->host->base->drained(all->ctx);
}
