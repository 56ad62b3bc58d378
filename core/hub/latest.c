/* SPDX-License-Identifier: MIT */
/*
 * latest - the lane of locations: the newest one counts, older ones are
 * nobody's loss.
 *
 * A topic keeps one.  It is released at most once a second, to the streams
 * that have nothing else to wait for; one that is behind gets whatever is the
 * newest once it has caught up.  Kitchens follow many orders and get none.
 *
 * Locations take no place in the ring, and no seq.
 */
#include "base/mem.h"
#include "hub/parts.h"

#define LATEST_EVERY_MS 1000

static struct latest *
latest_get(struct topic *t)
{
	if (t->latest == NULL) {
		t->latest = mem_alloc(sizeof(*t->latest));
		t->latest->topic = t;
		t->latest->sent_ms = INT64_MIN / 2;
	}
	return t->latest;
}

void
latest_send(struct ow_stream *s)
{
	struct topic *t = s->topic;
	struct framer by;
	struct frame *f;

	if (t == NULL || t->latest == NULL || (s->flags & S_DEAF) != 0 ||
	    s->latest == t->latest->number ||
	    (int32_t)(t->latest->released - s->latest) <= 0)
		return;
	if (s->cursor < t->head || s->half != NULL || s->out != NULL)
		return;
	s->latest = t->latest->number;
	by = hub_framer(s->hub, stream_key(s));
	f = slot_frame(&t->latest->slot, stream_key(s), &by);
	send_add(s, frame_ref(f));
	/* Not send_stream: it would come back here. */
	stream_queue(s);
}

static void
latest_release(struct hub *h, struct latest *l)
{
	struct topic *t = l->topic;
	uint32_t i, before = l->released;

	l->released = l->number;
	l->sent_ms = loop_now_ms(h->loop);
	for (i = 0; i < t->n; i++) {
		if ((int32_t)(before - t->streams[i]->latest) > 0)
			hub_count(h, M_LOCATION_DROPS, 1);
		latest_send(t->streams[i]);
	}
}

void
latest_on_wheel(void *arg, struct wheel_node *node)
{
	latest_release(arg, (struct latest *)node);
}

void
latest_tell(struct hub *h, struct topic *t, struct event *ev)
{
	struct latest *l = latest_get(t);
	int64_t wait_ms;

	if (l->number != l->released)
		hub_count(h, M_LOCATION_DROPS, 1);
	event_unref(&l->slot.event);
	frame_unref_all(&l->slot.frames);
	l->slot.event = event_ref(ev);
	l->number++;
	wait_ms = l->sent_ms + LATEST_EVERY_MS - loop_now_ms(h->loop);
	if (wait_ms <= 0) {
		wheel_unset(&h->late, &l->node);
		latest_release(h, l);
	} else if (l->node.pprev == NULL) {
		wheel_set(&h->late, &l->node,
		    wheel_after(&h->late, wait_ms));
	}
}
