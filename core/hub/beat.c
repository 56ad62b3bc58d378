/* SPDX-License-Identifier: MIT */
/*
 * beat - what comes to a stream with time: heartbeats, the end of its token,
 * the end of our patience.
 *
 * A stream has one node in the wheel, set for the first of its deadlines;
 * when it fires, each is looked at.  Reading from the peer only notes the
 * time and moves nothing.
 *
 * First heartbeats are spread over half a period, so that ten thousand
 * streams that came at once don't beat at once for ever.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "hub/parts.h"

#define EXPIRY_WARN_MS 30000

static uint32_t
beat_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t
beat_silence(const struct ow_stream *s)
{
	int64_t ms = s->hub->set->silence_ms;

	return s->heard + 1 + (uint32_t)(ms / WHEEL_TICK_MS);
}

static bool
beat_has_expiry(const struct ow_stream *s)
{
	return s->who != NULL && (s->flags & S_LIVE) != 0 &&
	    s->who->expires_ms != INT64_MAX;
}

/* Until the token ends, or is about to. */
static int64_t
beat_expiry_ms(const struct ow_stream *s)
{
	int64_t at = s->who->expires_ms;

	if ((s->flags & S_WARNED) == 0)
		at -= EXPIRY_WARN_MS;
	return at - loop_wall_ms(s->hub->loop);
}

static bool
beat_is_beating(const struct ow_stream *s)
{
	return link_is_open(&s->link) && (s->flags & S_LIVE) != 0;
}

static bool
beat_is_listened(const struct ow_stream *s)
{
	return link_is_open(&s->link) && (s->flags & S_TWO_WAY) != 0;
}

void
beat_set(struct ow_stream *s)
{
	struct wheel *w = &s->hub->wheel;
	uint32_t at = s->limit > 0 ? s->limit : UINT32_MAX;

	if ((s->flags & S_GONE) != 0) {
		wheel_unset(w, &s->node);
		return;
	}
	if ((s->flags & S_ENDED) == 0) {
		if (beat_is_beating(s))
			at = beat_min(at, s->beat);
		if (beat_is_listened(s))
			at = beat_min(at, beat_silence(s));
		if (beat_has_expiry(s))
			at = beat_min(at, wheel_after(w, beat_expiry_ms(s)));
	}
	if (at == UINT32_MAX)
		wheel_unset(w, &s->node);
	else if (s->node.pprev == NULL || s->node.due != at)
		wheel_set(w, &s->node, at);
}

void
beat_begin(struct ow_stream *s)
{
	struct hub *h = s->hub;
	int64_t half_ms = h->set->heartbeat_ms / 2;

	s->heard = wheel_now(&h->wheel);
	s->beat = wheel_after(&h->wheel, half_ms +
	    (int64_t)(hub_random(h) % (uint64_t)(half_ms + 1)));
	beat_set(s);
}

/* One event a tick for all streams, framed once for each key. */
static struct slot *
beat_slot(struct hub *h)
{
	int64_t wall_ms = loop_wall_ms(h->loop);
	uint32_t tick = wheel_now(&h->wheel);
	char at[CLOCK_TEXT_SIZE], id[ID_SIZE], json[160];
	int n;

	if (h->beat.event != NULL && h->beat_tick == tick)
		return &h->beat;
	event_unref(&h->beat.event);
	frame_unref_all(&h->beat.frames);
	clock_format(wall_ms, at);
	hub_new_id(h, id);
	n = snprintf(json, sizeof(json), "{\"type\":\"heartbeat\","
	    "\"id\":\"%s\",\"at\":\"%s\",\"data\":{}}", id, at);
	h->beat.event = event_make("", NULL, "heartbeat", 0, wall_ms, json,
	    (size_t)n);
	h->beat_tick = tick;
	return &h->beat;
}

static void
beat_send(struct ow_stream *s)
{
	struct hub *h = s->hub;
	struct framer by = hub_framer(h, stream_key(s));

	s->beat = wheel_after(&h->wheel, h->set->heartbeat_ms);
	/* A full socket has older things to say. */
	if ((s->flags & S_FULL) != 0)
		return;
	send_add(s, frame_ref(slot_frame(beat_slot(h), stream_key(s), &by)));
	stream_queue(s);
}

static void
beat_warn(struct ow_stream *s)
{
	int64_t wall_ms = loop_wall_ms(s->hub->loop);
	char at[CLOCK_TEXT_SIZE], ends[CLOCK_TEXT_SIZE], id[ID_SIZE];
	char json[200];
	struct event *ev;
	int n;

	clock_format(wall_ms, at);
	clock_format(s->who->expires_ms, ends);
	hub_new_id(s->hub, id);
	n = snprintf(json, sizeof(json), "{\"type\":\"auth.expiring\","
	    "\"id\":\"%s\",\"at\":\"%s\",\"data\":{\"expires_at\":\"%s\"}}",
	    id, at, ends);
	ev = event_make("", NULL, "auth.expiring", 0, wall_ms, json, (size_t)n);
	stream_say(s, ev);
	event_unref(&ev);
}

static void
beat_expiry(struct ow_stream *s)
{
	if (!beat_has_expiry(s) || beat_expiry_ms(s) > 0)
		return;
	if ((s->flags & S_WARNED) == 0) {
		s->flags |= S_WARNED;
		if (beat_expiry_ms(s) > 0)
			beat_warn(s);
	}
	if (beat_expiry_ms(s) <= 0) {
		hub_count(s->hub, M_EXPIRED, 1);
		stream_end(s, OW_END_EXPIRED, "token expired");
	}
}

void
beat_end_for_now(struct ow_stream *s, int64_t spread_ms)
{
	uint64_t span = (uint64_t)spread_ms + 1;
	char reason[48];

	snprintf(reason, sizeof(reason), "{\"retry_ms\":%llu}",
	    (unsigned long long)(hub_random(s->hub) % span));
	stream_end(s, OW_END_GOING_AWAY, reason);
}

static void
beat_drain(struct ow_stream *s)
{
	bool is_waiting = s->opening != NULL && s->opening->answered != NULL;

	/* Let in, but its goodbye could not be said yet. */
	if ((s->flags & S_CONNECTED) == 0 && !is_waiting) {
		s->limit = wheel_after(&s->hub->wheel, 500);
		return;
	}
	beat_end_for_now(s, s->hub->drain_ms);
}

static void
beat_limit(struct ow_stream *s)
{
	if (s->limit == 0 || s->limit > wheel_now(&s->hub->wheel))
		return;
	s->limit = 0;
	if ((s->flags & S_ENDED) != 0) {
		stream_lose(s);
	} else if ((s->flags & S_DRAINING) != 0) {
		beat_drain(s);
	} else if ((s->flags & S_AWAIT) != 0) {
		hub_count(s->hub, M_REFUSED, 1);
		stream_end(s, OW_END_EXPIRED, "no token came");
	}
}

void
beat_on_wheel(void *arg, struct wheel_node *node)
{
	struct ow_stream *s = (struct ow_stream *)((char *)node -
	    offsetof(struct ow_stream, node));
	uint32_t now = wheel_now(&s->hub->wheel);

	(void)arg;
	beat_limit(s);
	if ((s->flags & S_ENDED) == 0 && beat_is_listened(s) &&
	    beat_silence(s) <= now) {
		hub_count(s->hub, M_SILENT, 1);
		stream_lose(s);
	}
	if ((s->flags & (S_ENDED | S_GONE)) == 0)
		beat_expiry(s);
	if ((s->flags & (S_ENDED | S_GONE)) == 0 && beat_is_beating(s) &&
	    s->beat <= now)
		beat_send(s);
	beat_set(s);
}
