/* SPDX-License-Identifier: MIT */
/*
 * stream - the life of one: made, let in, connected, ended, lost, reaped.
 *
 * It ends in steps, each at most once: S_ENDED (the transport was told and
 * says goodbye), S_CLOSING (nothing more is written), S_SHUT (all was sent
 * and the peer knows), S_GONE.  After the first it is on no topic; after the
 * last only stream_reap may touch it.  An end does not come at once to the
 * descriptor, because unread input would turn the goodbye into a reset.
 *
 * What it is sent is decided in send.c; when its time is up, in beat.c.
 */
#include "hub/stream.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/bufferevent.h>
#include "base/mem.h"
#include "hub/parts.h"

static const struct ow_transport *
stream_ops(const struct ow_stream *s, void **self)
{
	*self = s->hub->selves[s->transport];
	return s->hub->transports[s->transport];
}

uint32_t
stream_key(const struct ow_stream *s)
{
	return s->transport * HUB_VARIANTS + s->variant;
}

void
stream_queue(struct ow_stream *s)
{
	if ((s->flags & S_QUEUED) == 0) {
		s->flags |= S_QUEUED;
		s->work = s->hub->work;
		s->hub->work = s;
	}
	hub_touch(s->hub);
}

/* ---- Made -------------------------------------------------------------- */

static const char *
stream_put(char **at, const char *text)
{
	const char *start = *at;
	size_t n;

	if (text == NULL)
		return NULL;
	n = strlen(text) + 1;
	memcpy(*at, text, n);
	*at += n;
	return start;
}

static struct opening *
opening_new(const struct stream_conf *conf)
{
	const char *const texts[] = { conf->tenant, conf->order, conf->path };
	struct opening *o;
	size_t i, n = 0;
	char *at;

	for (i = 0; i < 3; i++)
		n += texts[i] != NULL ? strlen(texts[i]) + 1 : 0;
	o = mem_alloc(sizeof(*o) + n);
	at = o->text;
	o->tenant = stream_put(&at, conf->tenant);
	o->order = stream_put(&at, conf->order);
	o->path = stream_put(&at, conf->path);
	o->answered = conf->answered;
	o->arg = conf->arg;
	o->has_since = conf->has_since;
	return o;
}

struct ow_stream *
stream_new(struct hub *h, const struct stream_conf *conf)
{
	struct ow_stream *s;

	OW_ASSERT(conf->transport < h->n_transports);
	OW_ASSERT(conf->variant < HUB_VARIANTS);
	s = mem_alloc(sizeof(*s));
	s->link = (struct link)LINK_INIT;
	s->hub = h;
	s->flags = S_FULL | (conf->two_way ? (unsigned int)S_TWO_WAY : 0u);
	s->feed = (uint8_t)conf->feed;
	s->transport = (uint8_t)conf->transport;
	s->variant = (uint8_t)conf->variant;
	s->seq = conf->since;
	s->peer = conf->peer;
	s->opening = opening_new(conf);
	hub_add_stream(h, s);
	return s;
}

void
stream_ask(struct ow_stream *s, const struct who *who, const char *ticket,
    const char *tracking_token)
{
	const struct opening *o = s->opening;
	struct ask *ask;

	OW_ASSERT((s->flags & S_ASKED) == 0 && o != NULL);
	if ((s->flags & (S_ENDED | S_GONE)) != 0)
		return;
	if ((s->flags & S_AWAIT) != 0 && (s->flags & S_DRAINING) == 0)
		s->limit = 0;
	s->flags = (s->flags & ~(unsigned int)S_AWAIT) | S_ASKED;
	s->who = who_ref(who);
	ask = mem_alloc(sizeof(*ask));
	arena_init(&ask->arena);
	ask->stream = s;
	ask->feed = s->feed;
	ask->tenant = arena_dup(&ask->arena, o->tenant);
	ask->order = arena_dup(&ask->arena, o->order);
	ask->path = arena_dup(&ask->arena, o->path);
	ask->who = who_ref(who);
	ask->ticket = arena_dup(&ask->arena, ticket);
	ask->tracking_token = arena_dup(&ask->arena, tracking_token);
	ask->has_since = ask->wants_live = o->has_since;
	ask->since = s->seq;
	hub_send_ask(s->hub, ask);
	beat_set(s);
}

void
stream_await_auth(struct ow_stream *s)
{
	OW_ASSERT((s->flags & S_ASKED) == 0);
	s->flags |= S_AWAIT;
	s->limit = wheel_after(&s->hub->wheel, s->hub->set->auth_ms + 1);
	beat_set(s);
}

bool
stream_has_asked(const struct ow_stream *s)
{
	return (s->flags & S_ASKED) != 0;
}

static void
stream_hear(struct ow_stream *s, struct ow_bytes bytes)
{
	const struct ow_transport *ops;
	void *self;

	s->heard = wheel_now(&s->hub->wheel);
	/* Input behind our goodbye is read and forgotten. */
	if ((s->flags & S_CLOSING) != 0)
		return;
	ops = stream_ops(s, &self);
	ops->data(self, s, &s->peer, bytes);
}

void
stream_connect(struct ow_stream *s, int fd, struct bufferevent *bev,
    const char *peer, struct ow_bytes early)
{
	/* A peer that answers is found by its silence. */
	int64_t quiet_ms = (s->flags & S_TWO_WAY) != 0 ? 0 :
	    s->hub->set->silence_ms * 2;

	OW_ASSERT((s->flags & S_CONNECTED) == 0);
	s->address = mem_dup(peer);
	s->flags |= S_CONNECTED;
	if ((s->flags & S_GONE) != 0) {
		if (bev != NULL)
			bufferevent_free(bev);
		else
			close(fd);
		return;
	}
	s->flags &= ~(unsigned int)S_FULL;
	if (link_open(&s->link, s->hub->links, fd, bev, quiet_ms) != OW_OK) {
		stream_lose(s);
		return;
	}
	if ((s->flags & S_ENDED) != 0)
		s->limit = wheel_after(&s->hub->wheel, HUB_LINGER_MS);
	beat_begin(s);
	stream_queue(s);
	if (early.n > 0)
		stream_hear(s, early);
}

void
stream_drop(struct ow_stream **sp)
{
	struct ow_stream *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	OW_ASSERT((s->flags & S_CONNECTED) == 0);
	stream_lose(s);
}

/* ---- Connected --------------------------------------------------------- */

static size_t
stream_waiting(const struct ow_stream *s)
{
	return s->waiting + (s->half != NULL ? s->half->n - s->half_at : 0);
}

static size_t
stream_waiting_max(const struct ow_stream *s)
{
	return (size_t)s->hub->set->buffer_max;
}

void
stream_check_pause(struct ow_stream *s)
{
	size_t n = stream_waiting(s), max = stream_waiting_max(s);
	bool was = (s->flags & S_PAUSED) != 0;
	bool is = n > (was ? max / 2 : max) && (s->flags & S_SHUT) == 0;

	if (is == was)
		return;
	s->flags ^= S_PAUSED;
	link_want(&s->link, s->hub->links, !is, s->link.is_writing);
}

int
stream_write(struct ow_stream *s, const struct ow_bytes *parts,
    size_t n_parts)
{
	if ((s->flags & (S_CLOSING | S_GONE)) != 0)
		return OW_EIO;
	if (stream_waiting(s) >= stream_waiting_max(s) &&
	    (s->flags & S_ENDED) == 0)
		return OW_EAGAIN;
	send_add(s, frame_copy(parts, n_parts));
	stream_check_pause(s);
	stream_queue(s);
	return OW_OK;
}

void
stream_say(struct ow_stream *s, struct event *ev)
{
	struct framer by = hub_framer(s->hub, stream_key(s));

	if ((s->flags & (S_ENDED | S_CLOSING | S_GONE)) != 0)
		return;
	send_add(s, frame_new(&by, &ev->pub));
	stream_queue(s);
}

static void
stream_read(struct ow_stream *s)
{
	const void *p = NULL;
	ssize_t n = link_read(&s->link, s->hub->links, &p);

	if (n > 0)
		stream_hear(s, (struct ow_bytes){ p, (size_t)n });
	else if (n < 0)
		stream_lose(s);
}

void
stream_on_link(struct link *link, unsigned int what)
{
	struct ow_stream *s = (struct ow_stream *)link;

	if ((s->flags & S_GONE) != 0)
		return;
	if ((what & LINK_GONE) != 0) {
		stream_lose(s);
		return;
	}
	if ((what & LINK_WRITABLE) != 0) {
		s->flags &= ~(unsigned int)S_FULL;
		stream_queue(s);
	}
	if ((what & LINK_READABLE) != 0)
		stream_read(s);
}

/* ---- Its end ----------------------------------------------------------- */

/* One that still waits to be let in is not ended but refused. */
static bool
stream_refuse(struct ow_stream *s)
{
	if (s->opening == NULL || s->opening->answered == NULL)
		return false;
	hub_leave(s);
	hub_forget_ask(s);
	s->flags |= S_ENDED;
	return hub_answer_first(s, OW_EAGAIN);
}

static void
stream_linger(struct ow_stream *s)
{
	s->limit = wheel_after(&s->hub->wheel, HUB_LINGER_MS);
	if (s->limit == 0)
		s->limit = 1;
	beat_set(s);
}

void
stream_end(struct ow_stream *s, int code, const char *reason)
{
	const struct ow_transport *ops;
	void *self;

	if ((s->flags & (S_ENDED | S_CLOSING | S_GONE)) != 0 ||
	    stream_refuse(s))
		return;
	send_keep_rest(s);
	hub_leave(s);
	hub_forget_ask(s);
	s->flags |= S_ENDED;
	ops = stream_ops(s, &self);
	ops->end(self, s, &s->peer, code, reason);
	/* Before it has a connection there is nothing to wait for. */
	if ((s->flags & S_CONNECTED) != 0)
		stream_linger(s);
	else
		s->limit = 0;
	stream_queue(s);
}

void
stream_close(struct ow_stream *s)
{
	if ((s->flags & (S_CLOSING | S_GONE)) != 0 || stream_refuse(s))
		return;
	hub_leave(s);
	hub_forget_ask(s);
	s->flags |= S_ENDED | S_CLOSING;
	if ((s->flags & S_CONNECTED) != 0)
		stream_linger(s);
	stream_queue(s);
}

void
stream_lose(struct ow_stream *s)
{
	if ((s->flags & S_GONE) != 0)
		return;
	s->flags |= S_GONE;
	stream_queue(s);
}

void
stream_reap(struct ow_stream *s)
{
	struct hub *h = s->hub;
	const struct ow_transport *ops;
	void *self;

	hub_leave(s);
	hub_forget_ask(s);
	wheel_unset(&h->wheel, &s->node);
	ops = stream_ops(s, &self);
	ops->closed(self, &s->peer);
	link_close(&s->link, h->links);
	if ((s->flags & S_CONNECTED) != 0 && h->conf.released != NULL)
		h->conf.released(h->conf.arg, s->address);
	subject_leave(&h->subjects, &s->subject);
	frame_unref(&s->half);
	out_done(&s->out);
	who_unref(&s->who);
	free(s->opening);
	free(s->address);
	hub_remove_stream(h, s);
	free(s);
}

/* ---- Who --------------------------------------------------------------- */

static bool
stream_is_same(const struct who *a, const struct who *b)
{
	return a->role == b->role && strcmp(a->tenant, b->tenant) == 0 &&
	    strcmp(a->sub, b->sub) == 0 &&
	    strcmp(a->order_id, b->order_id) == 0;
}

int
stream_renew(struct ow_stream *s, const struct who *who)
{
	if (s->who == NULL || !stream_is_same(s->who, who))
		return OW_EDENIED;
	if ((s->flags & (S_ENDED | S_GONE)) != 0)
		return OW_OK;
	who_unref(&s->who);
	s->who = who_ref(who);
	s->flags &= ~(unsigned int)S_WARNED;
	beat_set(s);
	return OW_OK;
}

const struct who *
stream_who(const struct ow_stream *s)
{
	return s->who;
}

struct hub *
stream_hub(const struct ow_stream *s)
{
	return s->hub;
}
