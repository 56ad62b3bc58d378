/* SPDX-License-Identifier: MIT */
/*
 * end - writes down how a flight ended: the job's row, the attempt if there
 * was one, and an address that is off, in one transaction.
 *
 * The row is fenced by node and attempt: what comes after the lease has run
 * out and somebody else has the job changes nothing.  While the store is away
 * the end is kept, until the lease ends: after that the job is due anyway.
 */
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "outbox/room.h"

static bool
is_open(enum job_state state)
{
	return state == JOB_DUE || state == JOB_LATER || state == JOB_LEASED;
}

static void
end_done(struct flight *f)
{
	struct kind *k = f->kind;

	DL_DELETE(k->flights, f);
	k->n_flights--;
	k->is_asked = true;
	outbox_turn(f->outbox);
	flight_unref(&f);
}

static const uint32_t state_counters[JOB_STATE_COUNT] = {
	[JOB_LATER] = CHANNEL_LATER, [JOB_PARKED] = CHANNEL_PARKED,
	[JOB_SKIPPED] = CHANNEL_SKIPPED,
};

static void
end_tell(const struct flight *f)
{
	const struct verdict_out *end = &f->end;

	if (state_counters[end->state] != 0)
		channel_count(f->served_by, state_counters[end->state], 1);
	if (end->state == JOB_PARKED)
		log_warn("outbox", "a job is parked", LOG_STR("job", f->id),
		    LOG_STR("kind", f->kind->name), LOG_STR("to", f->hint),
		    LOG_STR("why", end->why));
	else
		log_debug("outbox", "a job ended its lease",
		    LOG_STR("job", f->id), LOG_STR("kind", f->kind->name),
		    LOG_STR("to", f->hint), LOG_STR("state",
		    job_state_names[end->state]), LOG_STR("why", end->why));
}

/* ---- The store was away ------------------------------------------------- */

static void end_send(struct flight *);

static void
send_again(void *arg)
{
	struct outbox *o = arg;
	struct flight *f, *next, *all = o->again;

	o->again_timer = NULL;
	o->again = NULL;
	for (f = all; f != NULL; f = next) {
		next = f->again_next;
		if (f->lease_ms > outbox_wall(o)) {
			end_send(f);
			continue;
		}
		log_warn("outbox", "an outcome was not written before its"
		    " lease ended; the job is due again",
		    LOG_STR("job", f->id), LOG_STR("state",
		    job_state_names[f->end.state]));
		channel_count(f->served_by, CHANNEL_LOST, 1);
		end_done(f);
	}
}

static void
end_again(struct flight *f)
{
	struct outbox *o = f->outbox;

	f->again_next = o->again;
	o->again = f;
	if (o->again_timer == NULL)
		o->again_timer = loop_timer_start(o->conf.loop, AGAIN_MS,
		    send_again, o);
}

/* ---- The transaction ---------------------------------------------------- */

static void
end_written(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct flight *f = arg;

	(void)txn;
	if (r->err == OW_OK) {
		outbox_store_answered(f->outbox);
		news_stored(f);
		if (is_open(f->end.state))
			kind_wake(f->kind, f->end.due_ms);
		end_done(f);
		return;
	}
	if (r->err != OW_ECONFLICT) {
		outbox_store_failed(f->outbox, r);
		end_again(f);
		return;
	}
	/* Perhaps our own first try was written and not heard of. */
	if (f->n_sent == 1) {
		channel_count(f->served_by, CHANNEL_LOST, 1);
		log_info("outbox", "an outcome came after its lease",
		    LOG_STR("job", f->id));
	}
	end_done(f);
}

static void
end_send(struct flight *f)
{
	struct outbox *o = f->outbox;
	const struct verdict_out *end = &f->end;
	struct txn *txn = txn_new(o->conf.journal);
	bool is_left_open = is_open(end->state);

	txn_add(txn, Q_JOB_SETTLE, 1, "ssisiiissi", f->id, o->node,
	    (int64_t)f->attempt, job_state_names[end->state],
	    (int64_t)is_left_open, is_left_open ? end->due_ms : f->claimed_ms,
	    (int64_t)end->attempt, f->ref, end->why,
	    is_left_open ? INT64_C(0) : f->ended_ms);
	if (f->was_out)
		txn_add(txn, Q_ATTEMPT_INSERT, -1, "siiisss", f->id,
		    (int64_t)f->attempt, f->ended_ms, f->took_ms,
		    f->is_overdue ? "overdue" : f->is_returned ? "crashed" :
		    verdict_name(f->verdict),
		    f->detail, f->ref);
	if (end->off)
		txn_add(txn, Q_OFF_PUT, -1, "sssis", f->tenant,
		    f->kind->name, f->hash, f->ended_ms, end->why);
	txn_send(&txn, end_written, f);
	f->n_sent++;
}

/* When it is no news any more it is looked at, whatever it waits for. */
static void
end_by_stale(struct flight *f)
{
	int64_t last_ms = outbox_wall(f->outbox) + AGAIN_MS;

	if (f->end.state != JOB_LATER || f->stale_ms == 0)
		return;
	if (last_ms < f->stale_ms)
		last_ms = f->stale_ms;
	if (f->end.due_ms > last_ms)
		f->end.due_ms = last_ms;
}

void
end_write(struct flight *f)
{
	struct channel *ch = f->channel;

	OW_ASSERT(!f->has_end);
	f->has_end = true;
	end_by_stale(f);
	f->is_going = f->is_going && f->was_out;
	f->ended_ms = outbox_wall(f->outbox);
	f->channel = NULL;
	if (ch != NULL)
		channel_release(ch, f->was_out);
	end_tell(f);
	end_send(f);
}

void
end_uncounted(struct flight *f, enum job_state state, int64_t due_ms,
    const char *why)
{
	f->end.state = state;
	f->end.due_ms = due_ms;
	f->end.attempt = f->attempt > 0 ? f->attempt - 1 : 0;
	(void)snprintf(f->end.why, sizeof(f->end.why), "%s", why);
	end_write(f);
}
