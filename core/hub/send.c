/* SPDX-License-Identifier: MIT */
/*
 * send - everything that is due for a stream, in one system call.
 *
 * The kernel's part of a send is nearly all of the cost of a delivery.  So
 * the frames of a topic that are pending are merged once, and a stream that
 * has nothing of its own to say costs one send() of those shared bytes, with
 * no allocation and no copy on our side.
 *
 * Order for one stream: the rest of a half-sent frame, what is for it alone,
 * then the topic from its cursor on.  When the socket is full, the cursor
 * stays where it is and a reference to the half-sent frame is kept: no bytes
 * are queued.
 *
 * A failed send only marks the stream (stream_lose): the list that is being
 * walked stays as it is.
 */
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/trace.h"
#include "hub/parts.h"

#define IOV_MAX_OUT 32
#define PREFETCH 4		/* streams ahead; they lie anywhere */
#define PACED_STREAMS_MIN 32	/* fewer cost too little to be measured */

static int64_t
send_clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* ---- What a topic has for a position ----------------------------------- */

static void
plan_add(struct plan *p, const struct frame *f)
{
	if (p->n == 0) {
		p->p = f->p;
		p->n = f->n;
		return;
	}
	if (p->p != p->merged.p) {
		buf_clear(&p->merged);
		(void)buf_add(&p->merged, p->p, p->n);
	}
	/* Never full: the caller has looked at the sum. */
	(void)buf_add(&p->merged, f->p, f->n);
	p->p = p->merged.p;
	p->n = p->merged.n;
}

static void
plan_make(struct plan *p, const struct hub *h, const struct topic *t,
    uint32_t key, uint64_t from)
{
	struct framer by = hub_framer(h, key);
	struct slot *slot;
	struct frame *f;

	p->topic = t;
	p->turn = h->turn;
	p->from = p->to = from;
	p->seq = 0;
	p->n = 0;
	p->p = NULL;
	while (p->to < t->head) {
		slot = topic_slot(t, p->to);
		f = slot_frame(slot, key, &by);
		if (p->to > from && p->n + f->n > HUB_SEND_MAX)
			break;
		plan_add(p, f);
		if (slot->event->pub.seq != 0)
			p->seq = slot->event->pub.seq;
		p->to++;
	}
}

static const struct plan *
plan_get(struct hub *h, const struct ow_stream *s)
{
	uint32_t key = stream_key(s);
	struct plan *p = h->plans[key];

	if (p == NULL) {
		p = h->plans[key] = mem_alloc(sizeof(*p));
		buf_init(&p->merged, HUB_SEND_MAX);
	}
	if (p->turn != h->turn || p->topic != s->topic ||
	    p->from != s->cursor)
		plan_make(p, h, s->topic, key, s->cursor);
	return p;
}

/* ---- One stream -------------------------------------------------------- */

static bool
send_is_behind(const struct ow_stream *s)
{
	return s->topic != NULL && s->cursor < s->topic->head;
}

static bool
send_needs_ring(const struct ow_stream *s)
{
	return send_is_behind(s) &&
	    (s->flags & (S_DEAF & ~(unsigned int)S_FULL)) == 0;
}

void
send_add(struct ow_stream *s, struct frame *f)
{
	s->waiting += f->n;
	out_add(&s->out, f);
}

/* The first byte of a frame that was not sent whole. */
static void
send_halve(struct ow_stream *s, struct frame *f, size_t sent)
{
	s->half = f;
	s->half_at = (uint32_t)sent;
}

static size_t
send_took_half(struct ow_stream *s, size_t n)
{
	size_t left = s->half->n - s->half_at;

	if (n < left) {
		s->half_at += (uint32_t)n;
		return 0;
	}
	frame_unref(&s->half);
	return n - left;
}

static size_t
send_took_out(struct ow_stream *s, size_t n)
{
	struct frame *f;

	while (n > 0 && (f = out_pop(&s->out)) != NULL) {
		s->waiting -= f->n;
		if (n < f->n) {
			send_halve(s, f, n);
			return 0;
		}
		n -= f->n;
		frame_unref(&f);
	}
	return n;
}

static void
send_took_ring(struct ow_stream *s, size_t n)
{
	struct framer by = hub_framer(s->hub, stream_key(s));
	struct slot *slot;
	struct frame *f;

	while (n > 0) {
		slot = topic_slot(s->topic, s->cursor++);
		f = slot_frame(slot, stream_key(s), &by);
		if (slot->event->pub.seq != 0)
			s->seq = slot->event->pub.seq;
		hub_count(s->hub, M_DELIVERIES, 1);
		if (n < f->n) {
			send_halve(s, frame_ref(f), n);
			return;
		}
		n -= f->n;
	}
}

static void
send_took(struct ow_stream *s, size_t n)
{
	hub_count(s->hub, M_SENDS, 1);
	hub_count(s->hub, M_BYTES, (int64_t)n);
	if (n > 0 && s->half != NULL)
		n = send_took_half(s, n);
	if (n > 0)
		n = send_took_out(s, n);
	if (n > 0)
		send_took_ring(s, n);
}

/* How many pieces; all: whether nothing had to be left out. */
static int
send_own(const struct ow_stream *s, struct iovec *v, bool *all)
{
	const struct out *o = s->out;
	int n = 0;

	if (s->half != NULL)
		v[n++] = (struct iovec){ s->half->p + s->half_at,
		    s->half->n - s->half_at };
	while (o != NULL && n < IOV_MAX_OUT - 1) {
		o = o->next;
		v[n++] = (struct iovec){ o->frame->p, o->frame->n };
		if (o == s->out)
			break;
	}
	*all = o == s->out;
	return n;
}

/* True: there may be more to send and room for it. */
static bool
send_some(struct ow_stream *s)
{
	struct iovec v[IOV_MAX_OUT];
	const struct plan *p;
	size_t total = 0;
	ssize_t sent;
	bool all;
	int i, n;

	n = send_own(s, v, &all);
	if (all && (s->flags & S_DEAF) == 0 && send_is_behind(s)) {
		p = plan_get(s->hub, s);
		v[n++] = (struct iovec){ (void *)p->p, p->n };
	}
	for (i = 0; i < n; i++)
		total += v[i].iov_len;
	if (total == 0)
		return false;
	sent = link_send(&s->link, v, n);
	if (sent < 0) {
		stream_lose(s);
		return false;
	}
	send_took(s, (size_t)sent);
	if ((size_t)sent == total)
		return true;
	s->flags |= S_FULL;
	hub_count(s->hub, M_FULL, 1);
	TRACE2(full, stream_key(s), s->waiting);
	return false;
}

static void
send_check_fell(struct ow_stream *s)
{
	if (s->topic == NULL || s->cursor >= s->topic->tail ||
	    (s->flags & (S_FELL | S_ASKING)) != 0)
		return;
	s->flags |= S_FELL;
	if ((s->flags & S_HOLDS) != 0) {
		s->flags &= ~(unsigned int)S_HOLDS;
		s->topic->n_behind--;
	}
	hub_count(s->hub, M_FALLS, 1);
	TRACE2(fell, s->seq, s->feed);
	stream_queue(s);
}

bool
send_has_fallen(struct ow_stream *s)
{
	send_check_fell(s);
	return (s->flags & (S_FELL | S_ASKING)) != 0;
}

/* The last one that was behind takes the ring's memory with it. */
void
send_release(struct ow_stream *s)
{
	struct topic *t = s->topic;

	if ((s->flags & S_HOLDS) == 0)
		return;
	s->flags &= ~(unsigned int)S_HOLDS;
	if (--t->n_behind == 0)
		topic_trim(t, t->sent);
}

/* Room is left: what may follow when nothing is pending. */
static void
send_follow(struct ow_stream *s)
{
	if (s->half != NULL || s->out != NULL || (s->flags & S_FULL) != 0)
		return;
	if ((s->flags & S_CLOSING) != 0) {
		if ((s->flags & S_SHUT) == 0 && link_unsent(&s->link) == 0) {
			s->flags |= S_SHUT;
			link_shut(&s->link);
		}
	} else if ((s->flags & S_FELL) != 0) {
		hub_ask_again(s);
	}
}

static void
send_push(struct ow_stream *s)
{
	bool is_unsent;

	if ((s->flags & (S_FULL | S_GONE)) != 0)
		return;
	while (send_some(s))
		;
	if ((s->flags & S_GONE) != 0)
		return;
	send_follow(s);
	stream_check_pause(s);
	is_unsent = (s->flags & S_CLOSING) != 0 && link_unsent(&s->link) > 0;
	link_want(&s->link, s->hub->links, (s->flags & S_PAUSED) == 0,
	    (s->flags & S_FULL) != 0 || is_unsent);
}

void
send_stream(struct ow_stream *s)
{
	s->hub->turn++;
	send_check_fell(s);
	send_push(s);
	if (s->topic != NULL && s->cursor >= s->topic->sent)
		send_release(s);
	if ((s->flags & (S_FULL | S_GONE)) == 0)
		(void)latest_send(s);	/* nothing is before it now */
}

void
send_keep_rest(struct ow_stream *s)
{
	struct framer by = hub_framer(s->hub, stream_key(s));
	struct slot *slot;

	send_check_fell(s);
	if (!send_needs_ring(s))
		return;
	for (; s->cursor < s->topic->head; s->cursor++) {
		slot = topic_slot(s->topic, s->cursor);
		send_add(s, frame_ref(slot_frame(slot, stream_key(s), &by)));
	}
}

/* ---- All streams of a topic -------------------------------------------- */

struct pass {
	uint64_t slowest;		/* position of the slowest */
	uint32_t n_behind;
	bool again;			/* some could take more */
	int64_t n_sends, n_events, n_bytes;
};

/* The way of nearly every delivery. */
static void
send_fast(struct ow_stream *s, const struct plan *p, struct pass *pass)
{
	struct iovec v = { (void *)p->p, p->n };
	ssize_t sent = link_send(&s->link, &v, 1);

	if (sent == (ssize_t)p->n) {
		pass->n_sends++;
		pass->n_events += (int64_t)(p->to - p->from);
		pass->n_bytes += sent;
		s->cursor = p->to;
		if (p->seq != 0)
			s->seq = p->seq;
		return;
	}
	if (sent < 0) {
		stream_lose(s);
		return;
	}
	send_took(s, (size_t)sent);
	s->flags |= S_FULL;
	hub_count(s->hub, M_FULL, 1);
	link_want(&s->link, s->hub->links, (s->flags & S_PAUSED) == 0, true);
}

static void
send_visit(struct hub *h, struct ow_stream *s, struct pass *pass)
{
	send_check_fell(s);
	if ((s->flags & S_DEAF) == 0 && send_is_behind(s)) {
		if (s->half == NULL && s->out == NULL)
			send_fast(s, plan_get(h, s), pass);
		else
			send_push(s);
	}
	s->flags &= ~(unsigned int)S_HOLDS;	/* counted anew */
	if (!send_needs_ring(s))
		return;
	s->flags |= S_HOLDS;
	pass->n_behind++;
	if (s->cursor < pass->slowest)
		pass->slowest = s->cursor;
	if ((s->flags & S_FULL) == 0)
		pass->again = true;
}

static void
send_pass(struct hub *h, struct topic *t, struct pass *pass)
{
	uint32_t i;

	pass->slowest = t->head;
	pass->n_behind = 0;
	pass->again = false;
	for (i = 0; i < t->n; i++) {
		if (i + PREFETCH < t->n)
			__builtin_prefetch(t->streams[i + PREFETCH]);
		send_visit(h, t->streams[i], pass);
	}
}

static void
send_count(struct hub *h, const struct topic *t, const struct pass *pass,
    int64_t cost_us)
{
	int64_t lag_ms = 0;

	if (t->sent < t->head)
		lag_ms = loop_wall_ms(h->loop) -
		    topic_slot(t, t->sent)->event->pub.at_ms;
	hub_count(h, M_DELIVERIES, pass->n_events);
	hub_count(h, M_SENDS, pass->n_sends);
	hub_count(h, M_BYTES, pass->n_bytes);
	if (pass->n_events > 0 && lag_ms >= 0)
		hub_count(h, M_LAG_MS, lag_ms * 1000);
	if (cost_us > 0)
		hub_count(h, M_SEND_MS, cost_us);
}

void
send_topic(struct hub *h, struct topic *t)
{
	bool is_measured = t->n >= PACED_STREAMS_MIN;
	int64_t cost_us = is_measured ? send_clock_us() : 0;
	struct pass pass = { 0 };

	h->turn++;
	do
		send_pass(h, t, &pass);
	while (pass.again);
	if (is_measured) {
		cost_us = send_clock_us() - cost_us;
		TRACE4(fanout, (const char *)t->key, t->n, t->head - t->sent,
		    cost_us);
		pace_sent(&t->pace, (uint32_t)(t->head - t->sent),
		    (uint32_t)cost_us, loop_now_ms(h->loop));
	}
	send_count(h, t, &pass, cost_us);
	t->sent = t->head;
	t->unsent = 0;
	t->n_behind = pass.n_behind;
	topic_trim(t, pass.slowest);
	h->turn++;
}
