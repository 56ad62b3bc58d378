/* SPDX-License-Identifier: MIT */
/*
 * claim - when to look for jobs of a kind, and how many to lease.
 *
 * Never more than its channels have room for, one claim of a kind at a time.
 * Each kind has a clock of its own, so one that is busy, slow or left alone
 * does not concern the others.  What is over before a channel that is left
 * alone could take it ends here, without waiting for the next probe.
 *
 * Invariant: next_ms is not after the moment at which the next job of the kind
 * is due, as far as this node can know; outbox.poll_ms covers the rest.
 */
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "outbox/room.h"

#define WHY_STALE "it was no news any more before its channel could take it"

static void look_again(void *arg);

/* ---- When --------------------------------------------------------------- */

void
kind_wake(struct kind *k, int64_t due_ms)
{
	if (k->is_claiming && due_ms < k->woken_ms)
		k->woken_ms = due_ms;
	if (due_ms < k->next_ms)
		k->next_ms = due_ms;
	k->is_asked = true;
	outbox_turn(k->outbox);
}

static void
kind_sleep(struct kind *k, int64_t ms)
{
	int64_t poll_ms = k->outbox->conf.set->outbox.poll_ms;

	loop_timer_cancel(&k->timer);
	k->timer = loop_timer_start(k->outbox->conf.loop, ms < 1 ? 1 :
	    ms < poll_ms ? ms : poll_ms, look_again, k);
}

static void
look_again(void *arg)
{
	struct kind *k = arg;

	k->timer = NULL;
	k->is_asked = true;
	outbox_turn(k->outbox);
}

static uint32_t
kind_room(struct kind *k, int64_t now_ms)
{
	uint32_t i, left, room = 0;

	left = k->n_flights < FLIGHTS_MAX ? FLIGHTS_MAX - k->n_flights : 0;
	if (left > CLAIM_MAX)
		left = CLAIM_MAX;
	for (i = 0; i < k->n_channels && room < left; i++)
		room += channel_room(k->channels[i], now_ms);
	return room < left ? room : left;
}

/* How long until there may be room by itself. */
static int64_t
kind_room_in_ms(struct kind *k, int64_t now_ms)
{
	int64_t first = INT64_MAX, at_ms;
	uint32_t i;

	if (k->n_flights >= FLIGHTS_MAX)
		return INT64_MAX;	/* the end of one asks */
	for (i = 0; i < k->n_channels; i++) {
		at_ms = channel_room_ms(k->channels[i], now_ms);
		if (at_ms < first)
			first = at_ms;
	}
	return first == INT64_MAX ? INT64_MAX : first - now_ms;
}

/* ---- A place for each --------------------------------------------------- */

/* A channel with an address of its own takes that one alone, and only it
   does. */
static bool
is_for(const struct channel *ch, const struct flight *f)
{
	if (ch->own != NULL)
		return strcmp(ch->own_hash, f->hash) == 0;
	return f->sub[0] != '\0';
}

/* The first in the order of the configuration that can; a second one of the
   same kind is its stand-in. */
static void
choose(struct flight *f)
{
	struct kind *k = f->kind;
	int64_t now_ms = outbox_now(f->outbox), at_ms, first_ms = INT64_MAX;
	bool is_served = false;
	struct channel *ch;
	uint32_t i;

	for (i = 0; i < k->n_channels; i++) {
		ch = k->channels[i];
		if (!channel_serves(ch, f->tenant) || !is_for(ch, f))
			continue;
		is_served = true;
		f->served_by = ch;
		if (channel_room(ch, now_ms) > 0) {
			channel_take(ch);
			f->channel = ch;
			return;
		}
		at_ms = channel_room_ms(ch, now_ms);
		if (at_ms < first_ms)
			first_ms = at_ms;
	}
	if (!is_served) {
		f->served_by = k->channels[0];
		end_uncounted(f, JOB_PARKED, 0,
		    "no channel is configured for it any more");
		return;
	}
	if (f->stale_ms != 0 && f->stale_ms <= outbox_wall(f->outbox)) {
		end_uncounted(f, JOB_SKIPPED, 0, WHY_STALE);
		return;
	}
	if (first_ms == INT64_MAX || first_ms < now_ms + AGAIN_MS)
		first_ms = now_ms + AGAIN_MS;
	end_uncounted(f, JOB_LATER, outbox_wall(f->outbox) + first_ms - now_ms,
	    "its channel is busy or left alone for now");
}

/* ---- The claim ---------------------------------------------------------- */

static void
claim_failed(struct kind *k, const struct ow_result *r)
{
	outbox_store_failed(k->outbox, r);
	k->next_ms = outbox_wall(k->outbox) + AGAIN_MS;
}

static void
claim_take(struct kind *k, const struct ow_result *r)
{
	const struct ow_rows *jobs = &r->rows[0], *next = &r->rows[1];
	int64_t wall_ms = outbox_wall(k->outbox);
	struct batch *b = batch_new(k);
	struct flight *f;
	uint32_t i;

	k->next_ms = wall_ms + k->outbox->conf.set->outbox.poll_ms;
	if (next->n_rows > 0 && next->cells[0].type == OW_V_INT &&
	    row_int(next, 0, 0) < k->next_ms)
		k->next_ms = row_int(next, 0, 0);
	for (i = 0; i < jobs->n_rows && i < CLAIM_MAX; i++) {
		f = flight_new(k, jobs, i);
		f->lease_ms = k->leased_until_ms;
		choose(f);
		if (f->channel != NULL)
			b->flights[b->n++] = f;
	}
	if (b->n == 0)
		batch_free(&b);
	else if (k->outbox->is_draining)
		batch_return(&b, "the node ends");
	else
		content_read(b);
}

/* The next one may be asked for. */
static void
claim_over(struct kind *k)
{
	k->is_claiming = false;
	if (k->woken_ms < k->next_ms)
		k->next_ms = k->woken_ms;
	k->woken_ms = INT64_MAX;
	k->is_asked = true;
	outbox_turn(k->outbox);
}

static void
claimed(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct kind *k = arg;

	(void)txn;
	if (r->err != OW_OK) {
		claim_failed(k, r);
	} else {
		outbox_store_answered(k->outbox);
		claim_take(k, r);
	}
	claim_over(k);
}

static void
kind_claim(struct kind *k, uint32_t room)
{
	struct outbox *o = k->outbox;
	int64_t wall_ms = outbox_wall(o);
	struct txn *txn = txn_new(o->conf.journal);

	k->is_claiming = true;
	k->leased_until_ms = wall_ms + k->lease_ms;
	txn_add(txn, Q_JOBS_CLAIM, -1, "siisi", k->name, wall_ms,
	    (int64_t)room, o->node, k->leased_until_ms);
	txn_add(txn, Q_JOBS_NEXT, -1, "s", k->name);
	txn_send(&txn, claimed, k);
}

/* ---- Nobody takes them -------------------------------------------------- */

static void
stale_ended(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct kind *k = arg;

	(void)txn;
	if (r->err != OW_OK) {
		outbox_store_failed(k->outbox, r);
	} else {
		outbox_store_answered(k->outbox);
		channel_count(k->channels[0], CHANNEL_SKIPPED,
		    r->rows[0].n_rows);
		if (r->rows[0].n_rows == CLAIM_MAX)
			k->stale_look_ms = 0;
	}
	claim_over(k);
}

static void
kind_end_stale(struct kind *k)
{
	struct outbox *o = k->outbox;
	struct txn *txn = txn_new(o->conf.journal);

	k->is_claiming = true;
	k->stale_look_ms = outbox_now(o) + o->conf.set->outbox.poll_ms;
	txn_add(txn, Q_JOBS_STALE, -1, "sisi", k->name, outbox_wall(o),
	    WHY_STALE, (int64_t)CLAIM_MAX);
	txn_send(&txn, stale_ended, k);
}

static bool
is_stale_look_due(const struct kind *k)
{
	uint32_t i;

	for (i = 0; i < k->n_channels; i++)
		if (!channel_is_left_alone(k->channels[i]))
			return false;
	return outbox_now(k->outbox) >= k->stale_look_ms;
}

void
kind_look(struct kind *k)
{
	struct outbox *o = k->outbox;
	int64_t wait_ms = k->next_ms - outbox_wall(o);
	uint32_t room;

	k->is_asked = false;
	if (!o->is_running || o->is_draining || k->is_claiming)
		return;
	if (wait_ms > 0) {
		kind_sleep(k, wait_ms);
		return;
	}
	room = kind_room(k, outbox_now(o));
	if (room > 0)
		kind_claim(k, room);
	else if (is_stale_look_due(k))
		kind_end_stale(k);
	else
		kind_sleep(k, kind_room_in_ms(k, outbox_now(o)));
}

/* ---- After a crash ------------------------------------------------------ */

static void
release_again(void *arg)
{
	struct outbox *o = arg;

	o->again_timer = NULL;
	claim_release(o);
}

static void
released(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct outbox *o = arg;
	uint32_t i;

	(void)txn;
	if (r->err != OW_OK) {
		outbox_store_failed(o, r);
		o->again_timer = loop_timer_start(o->conf.loop, AGAIN_MS,
		    release_again, o);
		return;
	}
	outbox_store_answered(o);
	o->is_running = true;
	for (i = 0; i < o->n_kinds; i++)
		kind_wake(o->kinds[i], 0);
}

/* Leases that our own last life left behind need not run out. */
void
claim_release(struct outbox *o)
{
	struct txn *txn;

	if (o->is_draining)
		return;
	txn = txn_new(o->conf.journal);
	txn_add(txn, Q_JOBS_RELEASE, -1, "si", o->node, outbox_wall(o));
	txn_send(&txn, released, o);
}
