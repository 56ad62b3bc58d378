/* SPDX-License-Identifier: MIT */
/*
 * answer - asks on their way, and what their answers do to a stream.
 *
 * Watching begins with an answer on the orders loop and ends with unwatch
 * from here, so the two can cross: an ask for a topic may be under way when
 * the last stream leaves it, and be answered just before the unwatch arrives
 * there.  Its stream would then stand on a topic of which nobody tells us.
 * So a topic that was left is remembered (`left`, left_at) until all asks
 * that were under way then have come home; one of them that names this topic
 * is stale, and asked again.  That can't happen for ever: the new ask is
 * younger than the unwatch.
 *
 * One unwatch too many is harmless, one too few is a leak at the other side.
 */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>
#include "base/mem.h"
#include "base/trace.h"
#include "hub/parts.h"

#define FRAME_ROOM 64			/* for what a transport adds */
#define ANSWER_RETRY_MS 4000		/* the store is away, or starting */

/* ---- Topics that are left ---------------------------------------------- */

/* Nobody is on it: the orders loop need not tell us. */
static void
answer_unwatch(struct hub *h, struct topic *t)
{
	topic_trim(t, t->head);
	if (t->left_at > 0)
		DL_DELETE(h->left, t);
	t->left_at = 0;
	if (h->asks != NULL) {
		t->left_at = h->ask_number;
		DL_APPEND(h->left, t);
	}
	if (!h->is_ending)
		h->conf.unwatch(h->conf.arg, h, t->key);
}

/* Free it when nothing needs it: a dirty one goes at the turn's end. */
void
hub_retire(struct hub *h, struct topic *t)
{
	if (t->n > 0 || t->is_dirty || t->left_at > 0)
		return;
	topic_free(&h->topics, &t);
	hub_count(h, M_TOPICS, -1);
}

static void
answer_forget_left(struct hub *h)
{
	uint64_t oldest = h->asks != NULL ? h->asks->number : UINT64_MAX;
	struct topic *t;

	while ((t = h->left) != NULL && t->left_at < oldest) {
		DL_DELETE(h->left, t);
		t->left_at = 0;
		hub_retire(h, t);
	}
}

/* ---- Who is there in person --------------------------------------------- */

static void
answer_tell_presence(struct hub *h, const struct topic *t, bool is_present)
{
	if (h->conf.presence != NULL && !h->is_ending)
		h->conf.presence(h->conf.arg, h, t->key, is_present);
}

static void
answer_count_in(struct ow_stream *s)
{
	if (s->feed != OW_FEED_ORDER || s->who == NULL ||
	    (s->flags & S_PRESENT) != 0 || (s->who->role != ROLE_CUSTOMER &&
	    s->who->role != ROLE_TRACKING))
		return;
	s->flags |= S_PRESENT;
	if (s->topic->n_present++ == 0)
		answer_tell_presence(s->hub, s->topic, true);
}

static void
answer_count_out(struct ow_stream *s, struct topic *t)
{
	if ((s->flags & S_PRESENT) == 0)
		return;
	s->flags &= ~(unsigned int)S_PRESENT;
	if (--t->n_present == 0 && t->n > 0)
		answer_tell_presence(s->hub, t, false);
}

/* ---- Left, joined ------------------------------------------------------- */

void
hub_leave(struct ow_stream *s)
{
	struct topic *t = s->topic;

	if (t == NULL)
		return;
	send_release(s);
	topic_leave(t, s);
	answer_count_out(s, t);
	if (t->n > 0)
		return;
	answer_unwatch(s->hub, t);
	hub_retire(s->hub, t);
}

static struct topic *
answer_topic(struct hub *h, const char *key)
{
	struct topic *t = topic_find(h->topics, key);

	if (t != NULL)
		return t;
	hub_count(h, M_TOPICS, 1);
	return topic_get(&h->topics, key);
}

/* The answer made the orders loop watch for a stream that will not be there. */
static void
answer_for_nobody(struct hub *h, const struct ask *ask)
{
	struct topic *t;

	if (ask->err != OW_OK || ask->topic == NULL || ask->finished)
		return;
	t = answer_topic(h, ask->topic);
	if (t->n > 0)
		return;
	answer_unwatch(h, t);
	hub_retire(h, t);
}

/* ---- Asks -------------------------------------------------------------- */

void
hub_send_ask(struct hub *h, struct ask *ask)
{
	ask->hub = h;
	ask->number = ++h->ask_number;
	ask->stream->ask = ask;
	ask->stream->flags |= S_ASKING;
	DL_APPEND(h->asks, ask);
	hub_count(h, M_ASKS, 1);
	h->conf.ask(h->conf.arg, ask);
}

void
hub_forget_ask(struct ow_stream *s)
{
	if (s->ask == NULL)
		return;
	s->ask->stream = NULL;
	s->ask = NULL;
	s->flags &= ~(unsigned int)S_ASKING;
}

/* It fell off the ring and has room again.  It stays on its topic, so that
   this is not left meanwhile. */
void
hub_ask_again(struct ow_stream *s)
{
	struct ask *ask;

	if ((s->flags & (S_ASKING | S_ENDED | S_GONE)) != 0)
		return;
	ask = mem_alloc(sizeof(*ask));
	arena_init(&ask->arena);
	ask->stream = s;
	ask->feed = s->feed;
	if (s->feed == OW_FEED_ORDER)
		ask->order = arena_dup(&ask->arena, s->topic->key);
	if (s->opening != NULL)
		ask->tenant = arena_dup(&ask->arena, s->opening->tenant);
	ask->who = who_ref(s->who);
	ask->resync = true;
	ask->wants_live = (s->flags & S_LIVE_DUE) != 0;
	ask->has_since = s->feed != OW_FEED_KITCHEN;
	ask->since = ask->has_since ? s->seq : 0;
	hub_send_ask(s->hub, ask);
}

static bool
answer_is_stale(struct hub *h, const struct ask *ask)
{
	struct topic *t;

	if (ask->err != OW_OK || ask->finished)
		return false;
	t = topic_find(h->topics, ask->topic);
	return t != NULL && t->n == 0 && t->left_at >= ask->number;
}

static void
answer_ask_anew(struct hub *h, struct ask *ask)
{
	while (ask->n_events > 0)
		event_unref(&ask->events[--ask->n_events]);
	who_unref(&ask->seen_as);
	ask->topic = NULL;
	ask->seq = 0;
	hub_send_ask(h, ask);
}

/* ---- The answer's effect ----------------------------------------------- */

static const struct {
	int err, code;
	const char *reason;
} refusals[] = {
	{ OW_EDENIED, OW_END_FORBIDDEN, "forbidden" },
	{ OW_ENOENT, OW_END_NO_ORDER, "no such order" },
	{ OW_EINVAL, OW_END_EXPIRED, "token is not valid" },
	{ OW_ELIMIT, OW_END_TOO_MANY, "too many connections" },
};

bool
hub_answer_first(struct ow_stream *s, int err)
{
	struct opening *o = s->opening;
	void (*answered)(void *arg, struct ow_stream *, int err);
	void *arg;

	if (o == NULL || o->answered == NULL)
		return false;
	answered = o->answered;
	arg = o->arg;
	o->answered = NULL;
	answered(arg, s, err);
	return true;
}

static void
answer_refuse(struct ow_stream *s, int err)
{
	size_t i;

	hub_count(s->hub, M_REFUSED, 1);
	if (hub_answer_first(s, err))
		return;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refusals[i].err == err) {
			stream_end(s, refusals[i].code, refusals[i].reason);
			return;
		}
	beat_end_for_now(s, ANSWER_RETRY_MS);
}

/* How many events of the answer fit into the buffer that a stream may have:
   the rest is asked for again when these are gone.  What needs more by itself
   goes alone, and what has no seq goes with what is before it: it is no
   position to come back to. */
static uint32_t
answer_portion(const struct ow_stream *s, const struct ask *ask,
    size_t *out_size)
{
	size_t max = (size_t)s->hub->set->buffer_max, n = 0, more;
	bool has_seq, had_seq = false;
	uint32_t i;

	for (i = 0; i < ask->n_events; i++) {
		more = ask->events[i]->pub.json.n + FRAME_ROOM;
		has_seq = ask->events[i]->pub.seq != 0;
		if (had_seq && has_seq && n + more > max)
			break;
		n += more;
		had_seq |= has_seq;
	}
	*out_size = n;
	return i;
}

/* The first events of the answer in one piece; from the ring where they are. */
static struct frame *
answer_frame(const struct ow_stream *s, const struct ask *ask,
    const struct topic *t, uint32_t n, size_t hint)
{
	uint32_t key = stream_key(s), i;
	struct framer by = hub_framer(s->hub, key);
	struct frame *f = NULL, *ready;
	struct slot *slot;

	for (i = 0; i < n; i++) {
		slot = ask->feed == OW_FEED_ORDER && t != NULL ?
		    topic_slot_by_seq(t, ask->events[i]->pub.seq) : NULL;
		/* A snapshot carries the seq of an event, too. */
		if (slot != NULL && slot->event == ask->events[i]) {
			ready = slot_frame(slot, key, &by);
			frame_add(&f, ready->p, ready->n, hint);
		} else {
			frame_add_event(&f, &by, &ask->events[i]->pub, hint);
		}
	}
	return f;
}

static void
answer_join(struct ow_stream *s, const struct ask *ask)
{
	struct hub *h = s->hub;
	struct topic *t;
	bool is_new;

	if (s->topic != NULL && strcmp(s->topic->key, ask->topic) != 0)
		hub_leave(s);
	t = answer_topic(h, ask->topic);
	is_new = s->topic == NULL;
	if (is_new)
		topic_join(t, s);
	answer_count_in(s);
	if (t->left_at > 0) {
		DL_DELETE(h->left, t);
		t->left_at = 0;
	}
	s->cursor = t->head;
	if (t->latest != NULL && (is_new || ask->has_place))
		s->latest = t->latest->number;
}

/* The first answer says who it is; a token that came meanwhile is newer. */
static void
answer_who(struct ow_stream *s, const struct ask *ask)
{
	if (ask->seen_as == NULL || s->who != ask->who)
		return;
	who_unref(&s->who);
	s->who = who_ref(ask->seen_as);
}

/* One stream more of this person, if that is not too many. */
static int
answer_enter(struct ow_stream *s)
{
	struct hub *h = s->hub;
	int err;

	if (s->who == NULL || h->set->streams_per_subject <= 0)
		return OW_OK;
	err = subject_enter(&h->subjects, s->who, h->set->streams_per_subject,
	    &s->subject);
	if (err != OW_OK)
		hub_count(h, M_TOO_MANY, 1);
	return err;
}

static void
answer_drop_opening(struct ow_stream *s)
{
	/* Asking again needs the tenant, if the path named one. */
	if (s->opening == NULL || s->opening->tenant != NULL)
		return;
	free(s->opening);
	s->opening = NULL;
}

/* The stream stands behind the first n events of the answer now. */
static void
answer_stand(struct ow_stream *s, const struct ask *ask, uint32_t n)
{
	s->flags = (s->flags & ~(unsigned int)(S_FELL | S_LIVE_DUE)) | S_LIVE;
	s->seq = ask->seq;
	if (n == ask->n_events)
		return;
	/* As if it had fallen behind there. */
	s->flags |= S_FELL | (ask->wants_live ? S_LIVE_DUE : 0u);
	while (n > 0 && ask->events[n - 1]->pub.seq == 0)
		n--;
	s->seq = ask->events[n - 1]->pub.seq;
}

static void
answer_admit(struct hub *h, struct ow_stream *s, const struct ask *ask)
{
	bool is_first = (s->flags & S_LIVE) == 0, is_over;
	struct frame *f;
	size_t size;
	uint32_t n;

	if (is_first) {
		answer_who(s, ask);
		if (answer_enter(s) != OW_OK) {
			answer_for_nobody(h, ask);
			answer_refuse(s, OW_ELIMIT);
			return;
		}
	}
	n = answer_portion(s, ask, &size);
	f = answer_frame(s, ask, topic_find(h->topics, ask->topic), n, size);
	if (f != NULL)
		send_add(s, f);
	hub_count(h, M_DELIVERIES, n);
	hub_count(h, M_RESYNCS, ask->resync);
	TRACE3(answer, ask->resync, n, ask->seq);
	answer_stand(s, ask, n);
	is_over = ask->finished && n == ask->n_events;
	if (!is_over)
		answer_join(s, ask);
	else if (s->topic != NULL)
		/* Whatever the ring has for it was in the answer. */
		s->cursor = s->topic->head;
	/* Let in before it is ended, or the end would be a refusal; it may end
	   by itself in this call. */
	if (is_first)
		(void)hub_answer_first(s, OW_OK);
	if (is_over)
		stream_end(s, OW_END_FINISHED, "order finished");
	beat_set(s);
	stream_queue(s);
	if (is_first)
		answer_drop_opening(s);
}

void
hub_ask_home(struct hub *h, struct ask *ask)
{
	struct ow_stream *s = ask->stream;
	bool is_stale = answer_is_stale(h, ask);

	DL_DELETE(h->asks, ask);
	if (s != NULL)
		hub_forget_ask(s);
	if (s == NULL || (s->flags & (S_ENDED | S_GONE)) != 0) {
		answer_for_nobody(h, ask);
	} else if (is_stale) {
		ask->stream = s;
		answer_ask_anew(h, ask);
		ask = NULL;
	} else if (ask->err != OW_OK) {
		answer_refuse(s, ask->err);
	} else {
		answer_admit(h, s, ask);
	}
	answer_forget_left(h);
	ask_free(&ask);
}
