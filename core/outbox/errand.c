/* SPDX-License-Identifier: MIT */
/*
 * errand - what was asked of a channel's process: each job, check and hook has
 * a number that is used once, and ends once, by an answer or with the process.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "outbox/remote.h"

struct errand *
errand_new(struct remote *r)
{
	struct errand *e = mem_alloc(sizeof(*e));

	e->id = ++r->last_id;
	HASH_ADD(hh, r->errands, id, sizeof(e->id), e);
	return e;
}

void
errand_free(struct remote *r, struct errand *e)
{
	HASH_DEL(r->errands, e);
	free(e);
}

struct errand *
errand_find(struct remote *r, uint64_t id)
{
	struct errand *e;

	HASH_FIND(hh, r->errands, &id, sizeof(id), e);
	return e;
}

void
errand_fail_check(struct channel_check *check)
{
	static const struct ow_address none = { .size = sizeof(none) };
	struct ow_fault fault = { "the channel's process is begun again" };

	check->done(check, OW_EAGAIN, &none, &fault);
}

void
errand_fail_hook(struct hook *h)
{
	h->status = 503;
	hook_end(h);
}

void
errands_end(struct remote *r)
{
	struct errand *e, *next, one;

	HASH_ITER(hh, r->errands, e, next) {
		one = *e;
		errand_free(r, e);
		if (one.job != NULL)
			channel_return(r->channel, one.job, r->why);
		else if (one.check != NULL)
			errand_fail_check(one.check);
		else
			errand_fail_hook(one.hook);
	}
}

void
errands_forget(struct remote *r)
{
	struct errand *e, *next;

	HASH_ITER(hh, r->errands, e, next) {
		if (e->check != NULL && e->check->forget != NULL)
			e->check->forget(e->check);
		hook_free(&e->hook);
		errand_free(r, e);
	}
}
