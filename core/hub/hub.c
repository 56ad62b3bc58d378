/* SPDX-License-Identifier: MIT */
/*
 * hub - made, told, drained, ended; and the turn, in which all that gathered
 * is sent.
 *
 * Other threads reach it only through the inbox: one list for events, answers
 * and ends, so that they arrive in the order in which they were given.  The
 * loop gets one letter for all that came while it was busy.
 *
 * A turn sends the dirty topics (unless pace says that waiting pays), then
 * looks after the streams that have work of their own, then frees the lost.
 *
 * On the path: between desk's commit and the transports' sockets.
 */
#include "hub/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hub/parts.h"

#define KEY_MAX 512

static const struct ow_metric hub_metrics[] = {
	[M_STREAMS] = { "streams", OW_GAUGE, "Open streams" },
	[M_TOPICS] = { "topics", OW_GAUGE, "Topics that are watched" },
	[M_ASKS] = { "asks_total", OW_COUNTER, "Questions to the orders loop" },
	[M_DELIVERIES] = { "deliveries_total", OW_COUNTER,
	    "Events that were sent to a stream" },
	[M_BYTES] = { "sent_bytes_total", OW_COUNTER, "Bytes sent" },
	[M_SENDS] = { "sends_total", OW_COUNTER,
	    "Sends; deliveries by sends is how well they coalesce" },
	[M_FULL] = { "full_total", OW_COUNTER,
	    "Sends that found too little room" },
	[M_FALLS] = { "falls_total", OW_COUNTER,
	    "Streams that were slower than the ring" },
	[M_RESYNCS] = { "resyncs_total", OW_COUNTER,
	    "Answers that brought a slow stream up to date" },
	[M_LOCATION_DROPS] = { "location_drops_total", OW_COUNTER,
	    "Locations that a newer one replaced" },
	[M_SILENT] = { "silent_total", OW_COUNTER,
	    "Streams closed because the peer was silent" },
	[M_EXPIRED] = { "expired_total", OW_COUNTER,
	    "Streams ended because their token expired" },
	[M_REFUSED] = { "refused_total", OW_COUNTER, "Streams not let in" },
	[M_TOO_MANY] = { "too_many_total", OW_COUNTER,
	    "Streams refused because a person had too many" },
	[M_SEND_MS] = { "send", OW_HISTOGRAM_MS,
	    "Time to send to all streams of a hot topic" },
	[M_LAG_MS] = { "lag", OW_HISTOGRAM_MS,
	    "From an event's time to its sending" },
	OW_METRICS_END
};

/* The message of hub_tell_end. */
struct hub_end {
	char *topic, *sub;
	int code;
};

void
hub_count(struct hub *h, uint32_t metric, int64_t n)
{
	if (h->metrics != NULL && n != 0)
		metric_add(h->metrics, metric, n);
}

void
hub_touch(struct hub *h)
{
	loop_at_turn_end(h->loop, &h->hook);
}

/* splitmix64: spreads work in time, keeps no secret. */
uint64_t
hub_random(struct hub *h)
{
	uint64_t x = h->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

struct framer
hub_framer(const struct hub *h, uint32_t key)
{
	uint32_t i = key / HUB_VARIANTS;

	return (struct framer){ h->transports[i], h->selves[i],
	    key % HUB_VARIANTS };
}

void
hub_add_stream(struct hub *h, struct ow_stream *s)
{
	if (h->n_all == h->all_cap) {
		h->all_cap = h->all_cap > 0 ? h->all_cap * 2 : 64;
		h->all = mem_grow(h->all, h->all_cap * sizeof(*h->all));
	}
	s->all_at = h->n_all;
	h->all[h->n_all++] = s;
	hub_count(h, M_STREAMS, 1);
	if (!h->is_draining)
		return;
	s->flags |= S_DRAINING;
	s->limit = wheel_after(&h->wheel, 1);
	beat_set(s);
}

void
hub_remove_stream(struct hub *h, struct ow_stream *s)
{
	struct ow_stream *last = h->all[--h->n_all];

	h->all[s->all_at] = last;
	last->all_at = s->all_at;
	hub_count(h, M_STREAMS, -1);
}

/* ---- The turn ---------------------------------------------------------- */

static void
hub_on_pacing(void *arg)
{
	struct hub *h = arg;

	h->pacing = NULL;
	hub_touch(h);
}

static void
hub_mark(struct hub *h, struct topic *t)
{
	if (!t->is_dirty) {
		t->is_dirty = true;
		t->dirty_next = h->dirty;
		h->dirty = t;
	}
	hub_touch(h);
}

/* How long it may yet wait; 0: it was sent. */
static int64_t
hub_send_topic(struct hub *h, struct topic *t)
{
	int64_t wait_ms;

	if (t->n > 0 && t->sent < t->head) {
		wait_ms = pace_wait_ms(&t->pace,
		    (uint32_t)(t->head - t->sent), loop_now_ms(h->loop));
		if (wait_ms > 0)
			return wait_ms;
		send_topic(h, t);
	}
	return 0;
}

static void
hub_send_dirty(struct hub *h)
{
	struct topic *t = h->dirty, *next;
	int64_t wait_ms, first_ms = INT64_MAX;

	h->dirty = NULL;
	for (; t != NULL; t = next) {
		next = t->dirty_next;
		wait_ms = hub_send_topic(h, t);
		if (wait_ms > 0) {
			t->dirty_next = h->dirty;
			h->dirty = t;
			if (wait_ms < first_ms)
				first_ms = wait_ms;
		} else {
			t->is_dirty = false;
			hub_retire(h, t);
		}
	}
	loop_timer_cancel(&h->pacing);
	if (h->dirty != NULL)
		h->pacing = loop_timer_start(h->loop, first_ms, hub_on_pacing,
		    h);
}

static void
hub_do_work(struct hub *h)
{
	struct ow_stream *s;

	while ((s = h->work) != NULL) {
		h->work = s->work;
		s->work = NULL;
		s->flags &= ~(unsigned int)S_QUEUED;
		if ((s->flags & S_GONE) != 0)
			stream_reap(s);
		else
			send_stream(s);
	}
}

static void
hub_on_turn_end(void *arg)
{
	struct hub *h = arg;
	void (*drained)(void *) = h->drained;

	hub_send_dirty(h);
	hub_do_work(h);
	if (h->is_draining && h->n_all == 0 && drained != NULL) {
		h->drained = NULL;
		drained(h->drained_arg);
	}
}

/* ---- Told -------------------------------------------------------------- */

static void
hub_publish(struct hub *h, const char *key, struct event *ev)
{
	struct topic *t = topic_find(h->topics, key);
	size_t bytes_max = (size_t)h->set->buffer_max;

	if (t == NULL || t->n == 0)
		return;
	/* Only who is slow may fall off the ring, not who waits for the end
	   of this turn. */
	if (t->head - t->sent >= HUB_PENDING_MAX || (t->sent < t->head &&
	    t->unsent + ev->pub.json.n > bytes_max / 2))
		send_topic(h, t);
	topic_add(t, ev, bytes_max);
	hub_mark(h, t);
}

static void
hub_on_tell(struct hub *h, struct event *ev)
{
	char key[KEY_MAX];
	struct topic *t;
	int n;

	if (ev->pub.seq == 0 &&
	    strcmp(ev->pub.type, "driver.location.updated") == 0) {
		t = topic_find(h->topics, ev->order_id);
		if (t != NULL && t->n > 0)
			latest_tell(h, t, ev);
		return;
	}
	if (ev->topic != NULL) {
		hub_publish(h, ev->topic, ev);
		return;
	}
	if (ev->order_id[0] != '\0')
		hub_publish(h, ev->order_id, ev);
	n = snprintf(key, sizeof(key), "kitchen/%s", ev->tenant);
	if (n > 0 && (size_t)n < sizeof(key))
		hub_publish(h, key, ev);
}

static const char *
hub_reason(int code)
{
	switch (code) {
	case OW_END_EXPIRED:
		return "token expired";
	case OW_END_FORBIDDEN:
		return "forbidden";
	case OW_END_NO_ORDER:
		return "no such order";
	case OW_END_FINISHED:
		return "order finished";
	default:
		return "";
	}
}

static bool
hub_end_means(const struct hub_end *end, struct ow_stream *s)
{
	/* Who fell behind gets what it missed, and the end with that. */
	if (end->code == OW_END_FINISHED && send_has_fallen(s))
		return false;
	return end->sub == NULL || (s->who != NULL &&
	    s->who->role == ROLE_TRACKING &&
	    strcmp(s->who->sub, end->sub) == 0);
}

static void
hub_on_end(struct hub *h, const struct hub_end *end)
{
	struct topic *t = topic_find(h->topics, end->topic);
	uint32_t i;

	if (t == NULL)
		return;
	/* From behind: who leaves is replaced by one that was seen already,
	   and with the last one the topic goes. */
	for (i = t->n; i-- > 0;)
		if (hub_end_means(end, t->streams[i]))
			stream_end(t->streams[i], end->code,
			    hub_reason(end->code));
}

static void
hub_end_free(struct hub_end *end)
{
	free(end->topic);
	free(end->sub);
	free(end);
}

/* ---- The inbox --------------------------------------------------------- */

static void
inbox_add(struct inbox *box, int kind, void *p)
{
	if (box->n == box->cap) {
		box->cap = box->cap > 0 ? box->cap * 2 : 64;
		box->v = mem_grow(box->v, box->cap * sizeof(*box->v));
	}
	box->v[box->n++] = (struct inbox_item){ kind, p };
}

static void
inbox_drop(struct inbox *box)
{
	const struct inbox_item *item;
	struct event *ev;
	struct ask *ask;
	uint32_t i;

	for (i = 0; i < box->n; i++) {
		item = &box->v[i];
		if (item->kind == INBOX_TELL) {
			ev = item->p;
			event_unref(&ev);
		} else if (item->kind == INBOX_ANSWER) {
			ask = item->p;
			ask_free(&ask);
		} else {
			hub_end_free(item->p);
		}
	}
	free(box->v);
	*box = (struct inbox){ 0 };
}

static void
hub_take(struct hub *h, const struct inbox_item *item)
{
	struct event *ev;

	switch (item->kind) {
	case INBOX_TELL:
		ev = item->p;
		hub_on_tell(h, ev);
		event_unref(&ev);
		break;
	case INBOX_ANSWER:
		hub_ask_home(h, item->p);
		break;
	case INBOX_END:
		hub_on_end(h, item->p);
		hub_end_free(item->p);
		break;
	}
}

static void
hub_on_inbox(void *arg)
{
	struct hub *h = arg;
	struct inbox box;
	uint32_t i;

	pthread_mutex_lock(&h->lock);
	box = h->inbox;
	h->inbox = h->spare;
	h->spare = (struct inbox){ 0 };
	pthread_mutex_unlock(&h->lock);
	for (i = 0; i < box.n; i++)
		hub_take(h, &box.v[i]);
	/* Its memory is for the next but one, unless it was a flood. */
	box.n = 0;
	if (box.cap > 4096 || h->spare.v != NULL)
		inbox_drop(&box);
	else
		h->spare = box;
}

static void
hub_put(struct hub *h, int kind, void *p)
{
	bool was_empty;

	pthread_mutex_lock(&h->lock);
	was_empty = h->inbox.n == 0;
	inbox_add(&h->inbox, kind, p);
	/* Posted under the lock: the hub may end once its box is empty. */
	if (was_empty)
		loop_post(h->loop, hub_on_inbox, h);
	pthread_mutex_unlock(&h->lock);
}

void
hub_tell(struct hub *h, struct event *ev)
{
	hub_put(h, INBOX_TELL, event_ref(ev));
}

void
hub_answer(struct ask *ask)
{
	hub_put(ask->hub, INBOX_ANSWER, ask);
}

void
hub_tell_end(struct hub *h, const char *topic, const char *sub, int code)
{
	struct hub_end *end;

	end = mem_alloc(sizeof(*end));
	end->topic = mem_dup(topic);
	end->sub = mem_dup(sub);
	end->code = code;
	hub_put(h, INBOX_END, end);
}

/* ---- Made, drained, ended ---------------------------------------------- */

struct hub *
hub_new(const struct hub_conf *conf)
{
	struct hub *h;

	h = mem_alloc(sizeof(*h));
	h->loop = conf->loop;
	h->set = conf->set;
	h->conf = *conf;
	h->hook.fn = hub_on_turn_end;
	h->hook.arg = h;
	h->random = (uint64_t)loop_wall_ms(h->loop) ^ (uint64_t)(uintptr_t)h;
	pthread_mutex_init(&h->lock, NULL);
	wheel_init(&h->wheel, h->loop, beat_on_wheel, h);
	if (conf->metrics != NULL)
		h->metrics = metric_set_new(conf->metrics, "hub", hub_metrics,
		    "front", conf->name);
	h->links = link_set_new(h->loop, stream_on_link);
	if (h->links == NULL)
		hub_free(&h);
	return h;
}

static void
hub_free_plans(struct hub *h)
{
	uint32_t i;

	for (i = 0; i < HUB_KEYS; i++) {
		if (h->plans[i] != NULL)
			buf_done(&h->plans[i]->merged);
		free(h->plans[i]);
	}
}

static void
hub_free_topics(struct hub *h)
{
	struct topic *t, *next;

	h->left = NULL;
	h->dirty = NULL;
	HASH_ITER(hh, h->topics, t, next)
		topic_free(&h->topics, &t);
}

void
hub_free(struct hub **hp)
{
	struct hub *h = *hp;

	*hp = NULL;
	if (h == NULL)
		return;
	h->is_ending = true;
	while (h->n_all > 0) {
		struct ow_stream *s = h->all[h->n_all - 1];

		/* The orders loop may have dropped it already. */
		s->ask = NULL;
		stream_reap(s);
	}
	h->asks = NULL;
	inbox_drop(&h->inbox);
	inbox_drop(&h->spare);
	hub_free_topics(h);
	hub_free_plans(h);
	event_unref(&h->beat.event);
	frame_unref_all(&h->beat.frames);
	loop_turn_cancel(h->loop, &h->hook);
	loop_timer_cancel(&h->pacing);
	wheel_done(&h->wheel);
	link_set_free(&h->links);
	metric_set_free(&h->metrics);
	pthread_mutex_destroy(&h->lock);
	free(h->all);
	free(h);
}

struct loop *
hub_loop(const struct hub *h)
{
	return h->loop;
}

uint32_t
hub_streams(const struct hub *h)
{
	return h->n_all;
}

void
hub_new_id(struct hub *h, char out[ID_SIZE])
{
	id_new(&h->ids, loop_wall_ms(h->loop), out);
}

uint32_t
hub_add_transport(struct hub *h, const struct ow_transport *ops, void *self)
{
	OW_ASSERT(h->n_transports < HUB_TRANSPORTS_MAX);
	h->transports[h->n_transports] = ops;
	h->selves[h->n_transports] = self;
	return h->n_transports++;
}

void
hub_drain(struct hub *h, int64_t spread_ms, void (*done)(void *), void *arg)
{
	struct ow_stream *s;
	uint32_t i, at;

	h->is_draining = true;
	h->drain_ms = spread_ms > 0 ? spread_ms : 0;
	h->drained = done;
	h->drained_arg = arg;
	for (i = 0; i < h->n_all; i++) {
		s = h->all[i];
		if ((s->flags & (S_ENDED | S_GONE)) != 0)
			continue;
		s->flags |= S_DRAINING;
		at = wheel_after(&h->wheel, 1 + h->drain_ms * i / h->n_all);
		if (s->limit == 0 || at < s->limit)
			s->limit = at;
		beat_set(s);
	}
	hub_touch(h);
}
