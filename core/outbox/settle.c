/* SPDX-License-Identifier: MIT */
/*
 * settle - a channel says what became of a job; or is said to have been too
 * slow.
 *
 * A channel may lie: settle a job twice, one it never got, or with a verdict
 * that does not exist.  What it says is copied at once and looked at when it
 * has returned, at the end of the turn.
 */
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "base/utf8.h"
#include "outbox/room.h"

/* ---- A line of somebody else's ------------------------------------------ */

/* Servers like to repeat the address in their refusal. */
static void
hide(char *s, const char *address)
{
	size_t n = strlen(address);

	while (n >= 4 && (s = strcasestr(s, address)) != NULL) {
		memset(s, '.', n);
		s += n;
	}
}

const char *
text_line(struct arena *a, const char *s, size_t max,
    const struct flight *f)
{
	size_t n, i, len, out = 0;
	char *line;

	if (s == NULL)
		return "";
	n = strnlen(s, 4 * max);
	line = arena_dupn(a, s, n);
	if (f != NULL) {
		hide(line, f->address);
		hide(line, f->wanted);
	}
	for (i = 0; i < n && out + 4 < max; i += len) {
		len = utf8_length(line + i, n - i);
		if (len <= 1) {
			/* In place: out is never ahead of i. */
			line[out++] = len == 1 && line[i] >= ' ' &&
			    line[i] != 0x7f ? line[i] : ' ';
			len = 1;
			continue;
		}
		memmove(line + out, line + i, len);
		out += len;
	}
	line[out] = '\0';
	return line;
}

/* ---- What was said ------------------------------------------------------ */

static void
settled_twice(struct channel *ch, const char *what)
{
	channel_count(ch, CHANNEL_SETTLED_TWICE, 1);
	if (!ch->told_twice)
		log_error("outbox", "a channel settles what it may not; told"
		    " once", LOG_STR("channel", ch->name),
		    LOG_STR("what", what));
	ch->told_twice = true;
}

static int32_t
read_verdict(struct channel *ch, const struct ow_outcome *out)
{
	int32_t verdict = out != NULL && OW_HAS(out, verdict) ? out->verdict :
	    0;

	if (verdict_name(verdict) != NULL)
		return verdict;
	channel_count(ch, CHANNEL_NONSENSE, 1);
	if (!ch->told_nonsense)
		log_error("outbox", "a channel settles with a verdict that"
		    " does not exist; taken for a retry, told once",
		    LOG_STR("channel", ch->name), LOG_INT("verdict",
		    verdict));
	ch->told_nonsense = true;
	return OW_RETRY;
}

static void
take_outcome(struct flight *f, const struct ow_outcome *out)
{
	f->verdict = read_verdict(f->channel, out);
	if (out == NULL)
		return;
	if (OW_HAS(out, retry_after_ms) && out->retry_after_ms > 0)
		f->retry_after_ms = out->retry_after_ms;
	if (OW_HAS(out, ref))
		f->ref = text_line(&f->arena, out->ref, REF_SIZE, NULL);
	if (OW_HAS(out, detail))
		f->detail = text_line(&f->arena, out->detail, DETAIL_SIZE, f);
}

void
channel_settle(struct channel *ch, const struct ow_job *job,
    const struct ow_outcome *out)
{
	struct outbox *o = ch->outbox;
	struct flight *f;
	struct slot *slot;

	if (!loop_is_here(o->conf.loop)) {
		/* Not even counted: nothing of ours may be touched. */
		log_error("outbox", "a channel settles on a thread that is"
		    " not its own", LOG_STR("channel", ch->name));
		return;
	}
	HASH_FIND_PTR(ch->slots, &job, slot);
	if (o->is_ending)
		return;
	if (slot == NULL || slot->state == SLOT_FREE ||
	    slot->state == SLOT_SETTLED) {
		settled_twice(ch, slot == NULL ? "a job it never got" :
		    "a job for the second time");
		return;
	}
	if (slot->state == SLOT_OVERDUE) {
		/* Its answer comes too late to count. */
		slot_free(ch, slot);
		return;
	}
	f = slot->flight;
	slot->state = SLOT_SETTLED;
	loop_timer_cancel(&f->timer);
	take_outcome(f, out);
	f->settled_next = NULL;
	*o->settled_tail = f;
	o->settled_tail = &f->settled_next;
	outbox_turn(o);
}

void
channel_return(struct channel *ch, const struct ow_job *job, const char *why)
{
	const struct ow_outcome out = {
		.size = sizeof(out), .verdict = OW_RETRY, .detail = why,
	};
	struct slot *slot;

	HASH_FIND_PTR(ch->slots, &job, slot);
	if (slot != NULL && slot->state == SLOT_OUT)
		slot->flight->is_returned = true;
	channel_settle(ch, job, &out);
}

/* ---- What follows ------------------------------------------------------- */

static const uint32_t counters[] = {
	[OW_DELIVERED] = CHANNEL_SENT, [OW_RETRY] = CHANNEL_RETRY,
	[OW_REJECTED] = CHANNEL_REJECTED, [OW_GONE] = CHANNEL_GONE,
	[OW_MISCONFIGURED] = CHANNEL_MISCONFIGURED,
};

/* When it was due first: the step's time after the event. */
static int64_t
first_due_ms(const struct flight *f)
{
	int64_t after_ms = 0;
	uint32_t i;

	if (f->only_unseen && f->rule != NULL)
		for (i = 0; i < f->rule->n_steps; i++)
			if (f->rule->steps[i].medium == f->medium)
				after_ms = f->rule->steps[i].after_ms;
	return f->at_ms + after_ms;
}

static void
count(struct flight *f, struct channel *ch)
{
	int64_t took_ms = outbox_wall(f->outbox) - first_due_ms(f);

	channel_count(ch, counters[f->verdict], 1);
	if (f->verdict != OW_DELIVERED)
		channel_count(ch, CHANNEL_FAILED, 1);
	else if (f->attempt == 1 && !f->was_put_off && took_ms >= 0)
		channel_count(ch, CHANNEL_LATENCY, took_ms * 1000);
}

/* The place is free again; the job's end goes to the store. */
static void
settle_flight(struct flight *f)
{
	const struct set_outbox *set = &f->outbox->conf.set->outbox;
	struct channel *ch = f->channel;
	int64_t now_ms = outbox_now(f->outbox);
	int64_t wall_ms = outbox_wall(f->outbox);
	struct verdict_in in = {
		.verdict = f->verdict, .detail = f->detail,
		.retry_after_ms = f->retry_after_ms, .attempt = f->attempt,
		.attempts_max = (uint32_t)set->attempts_max,
		.stale_ms = f->stale_ms, .now_ms = wall_ms,
		.backoff_ms = set->backoff_ms,
		.backoff_max_ms = set->backoff_max_ms,
		.random = crypto_random_below(UINT64_MAX),
	};

	count(f, ch);
	if (!f->is_returned)
		channel_judge(ch, f->verdict, f->detail);
	if (ch->breaker.state == BREAKER_OPEN)
		in.open_until_ms = wall_ms + ch->breaker.open_until_ms -
		    now_ms;
	verdict_read(&in, &f->end);
	f->took_ms = now_ms - f->out_ms;
	end_write(f);
}

void
settle_turn(struct outbox *o)
{
	struct flight *f, *next, *all = o->settled;

	o->settled = NULL;
	o->settled_tail = &o->settled;
	for (f = all; f != NULL; f = next) {
		next = f->settled_next;
		slot_free(f->channel, f->slot);
		f->slot = NULL;
		settle_flight(f);
	}
}

/* The plugin may still read the job: its slot stays until it settles. */
void
settle_overdue(struct flight *f)
{
	struct channel *ch = f->channel;
	char text[64];

	(void)snprintf(text, sizeof(text), "did not answer within %lld ms",
	    (long long)ch->set->deadline_ms);
	log_warn("outbox", "a channel did not settle a job in time",
	    LOG_STR("channel", ch->name), LOG_STR("job", f->id),
	    LOG_STR("to", f->hint));
	f->slot->state = SLOT_OVERDUE;
	f->slot = NULL;
	ch->n_overdue++;
	channel_count(ch, CHANNEL_OVERDUE, 1);
	f->is_overdue = true;
	f->verdict = OW_RETRY;
	f->detail = arena_dup(&f->arena, text);
	settle_flight(f);
}
