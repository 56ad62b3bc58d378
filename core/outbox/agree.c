/* SPDX-License-Identifier: MIT */
/*
 * agree - asks the orders loop whether the jobs of a batch may go now, and
 * keeps to one message a group and time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "outbox/room.h"

static void consent_arrive(struct mail *);

static void
fill(struct consent_job *j, struct flight *f)
{
	j->tenant = f->tenant;
	j->sub = f->sub;
	j->order_id = f->order_id;
	j->topic = f->topic;
	j->medium = f->medium;
	j->only_unseen = f->only_unseen;
	j->critical = f->critical;
	j->has_channel = true;
	j->at_ms = f->at_ms;
	j->due_ms = f->claimed_ms;
	j->stale_ms = f->stale_ms;
	j->seen_ms = f->seen_ms;
	j->seen_how = f->seen_how;
	j->off_why = f->off_why;
	j->job = f;
}

void
agree_ask(struct batch *b)
{
	struct outbox *o = b->outbox;
	struct consent *c;
	uint32_t i;

	if (b->n == 0) {
		batch_free(&b);
		return;
	}
	c = mem_alloc(sizeof(*c));
	arena_init(&c->arena);
	c->outbox = o;
	c->n = b->n;
	c->jobs = arena_alloc(&c->arena, b->n * sizeof(*c->jobs));
	for (i = 0; i < b->n; i++)
		fill(&c->jobs[i], b->flights[i]);
	b->consent = c;
	o->conf.consent(o->conf.arg, c);
}

void
outbox_consent(struct consent *c)
{
	c->mail.run = consent_arrive;
	loop_send(c->outbox->conf.loop, &c->mail);
}

/* ---- One message a group and time --------------------------------------- */

/* Is another notice of its group on its way to the provider? */
static bool
is_group_going(const struct flight *f)
{
	const struct flight *g;

	DL_FOREACH(f->kind->flights, g)
		if (g != f && g->is_going &&
		    strcmp(g->group, f->group) == 0 &&
		    strcmp(g->notice_id, f->notice_id) != 0 &&
		    strcmp(g->sub, f->sub) == 0 &&
		    strcmp(g->tenant, f->tenant) == 0)
			return true;
	return false;
}

/* When it may go, if not now; other addresses of one notice are no
   repetition. */
static int64_t
throttled_until(const struct flight *f)
{
	int64_t until_ms = 0;

	if (f->group[0] == '\0' || f->rule == NULL ||
	    f->rule->throttle_ms <= 0)
		return 0;
	if (f->group_last_ms != 0)
		until_ms = f->group_last_ms + f->rule->throttle_ms;
	/* When that one is through is not known yet, and those that wait for
	   it must be due together: then the newest speaks for them. */
	if (is_group_going(f))
		until_ms = outbox_wall(f->outbox) + (f->rule->throttle_ms <
		    AGAIN_MS ? f->rule->throttle_ms : AGAIN_MS);
	return until_ms;
}

static void
put_off(struct flight *f, int64_t until_ms)
{
	char why[96];

	if (f->rule->throttle_ms % 60000 == 0)
		(void)snprintf(why, sizeof(why),
		    "throttled: one message per %lldm",
		    (long long)f->rule->throttle_ms / 60000);
	else
		(void)snprintf(why, sizeof(why),
		    "throttled: one message per %llds",
		    (long long)(f->rule->throttle_ms + 999) / 1000);
	end_uncounted(f, JOB_LATER, until_ms, why);
}

static void
throttle(struct batch *b, bool is_going)
{
	struct flight *f;
	int64_t until_ms;
	uint32_t i;

	for (i = 0; i < b->n; ) {
		f = b->flights[i];
		until_ms = throttled_until(f);
		if (until_ms > outbox_wall(b->outbox)) {
			batch_remove(b, i);
			put_off(f, until_ms);
		} else {
			f->is_going = is_going;
			i++;
		}
	}
}

/* ---- The newest stands for the others ----------------------------------- */

static bool
is_same_group(const struct flight *a, const struct flight *b)
{
	return strcmp(a->group, b->group) == 0 &&
	    strcmp(a->hash, b->hash) == 0 && strcmp(a->sub, b->sub) == 0 &&
	    strcmp(a->tenant, b->tenant) == 0;
}

static bool
is_newer(const struct flight *a, const struct flight *b)
{
	return a->at_ms != b->at_ms ? a->at_ms > b->at_ms :
	    strcmp(a->id, b->id) > 0;
}

static void
replace_in_batch(struct batch *b)
{
	struct flight *f, *g;
	uint32_t i, k;

	for (i = 0; i < b->n; i++) {
		f = b->flights[i];
		if (f->group[0] == '\0')
			continue;
		for (k = 0; k < b->n; k++) {
			g = b->flights[k];
			if (g == f || !is_same_group(f, g) ||
			    !is_newer(g, f))
				continue;
			g->n_replaced += 1 + f->n_replaced;
			batch_remove(b, i--);
			end_uncounted(f, JOB_SKIPPED, 0,
			    "replaced by a newer notice");
			break;
		}
	}
}

/* ---- Answers ------------------------------------------------------------ */

static struct batch *
batch_of(struct outbox *o, const struct consent *c)
{
	struct batch *b;

	DL_FOREACH(o->batches, b)
		if (b->consent == c)
			break;
	OW_ASSERT(b != NULL);
	return b;
}

/* True: it goes on. */
static bool
obey(struct flight *f, const struct consent_job *j)
{
	int64_t again_ms = outbox_wall(f->outbox) + AGAIN_MS;

	if (j->err != OW_OK) {
		end_uncounted(f, JOB_LATER, again_ms,
		    "nobody could say whether it may go");
		return false;
	}
	switch (j->decided.decision) {
	case DECIDE_SEND:
		return true;
	case DECIDE_LATER:
		end_uncounted(f, JOB_LATER, j->decided.due_ms > again_ms ?
		    j->decided.due_ms : again_ms, j->decided.why);
		return false;
	default:
		end_uncounted(f, JOB_SKIPPED, 0, j->decided.why);
		return false;
	}
}

static void
consent_arrive(struct mail *mail)
{
	struct consent *c = (struct consent *)(void *)((char *)mail -
	    offsetof(struct consent, mail));
	struct batch *b = batch_of(c->outbox, c);
	uint32_t i, k;

	if (b->outbox->is_draining) {
		batch_return(&b, "the node ends");
		return;
	}
	for (i = 0, k = 0; k < c->n; k++) {
		if (obey(c->jobs[k].job, &c->jobs[k]))
			i++;
		else
			batch_remove(b, i);
	}
	consent_free(&b->consent);
	/* Those that wait now are counted when they are replaced later; of
	   those that don't, the newest goes. */
	throttle(b, false);
	replace_in_batch(b);
	throttle(b, true);
	words_read(b);
}
