/* SPDX-License-Identifier: MIT */
/*
 * latest - the lane of locations: the newest one counts, older ones are
 * nobody's loss.
 *
 * A topic keeps one.  It goes at once to the streams that have nothing else to
 * wait for; one that is behind gets whatever is the newest once it has caught
 * up.  Kitchens follow many orders and get none.  How often there is one is
 * for those who tell (desk/rider.c): here nothing waits for a clock.
 *
 * Locations take no place in the ring, and no seq.
 */
#include "base/mem.h"
#include "hub/parts.h"

bool
latest_send(struct ow_stream *s)
{
	struct topic *t = s->topic;
	struct framer by;
	struct frame *f;

	if (t == NULL || t->latest == NULL || s->latest == t->latest->number)
		return true;
	if ((s->flags & S_DEAF) != 0 || s->cursor < t->head ||
	    s->half != NULL || s->out != NULL)
		return false;
	s->latest = t->latest->number;
	by = hub_framer(s->hub, stream_key(s));
	f = slot_frame(&t->latest->slot, stream_key(s), &by);
	send_add(s, frame_ref(f));
	/* Not send_stream: it would come back here. */
	stream_queue(s);
	return true;
}

static struct latest *
latest_set(struct topic *t, struct event *ev)
{
	if (t->latest == NULL)
		t->latest = mem_alloc(sizeof(*t->latest));
	event_unref(&t->latest->slot.event);
	frame_unref_all(&t->latest->slot.frames);
	t->latest->slot.event = event_ref(ev);
	t->latest->number++;
	return t->latest;
}

void
latest_tell(struct hub *h, struct topic *t, struct event *ev)
{
	const struct latest *l = latest_set(t, ev);
	struct ow_stream *s;
	uint32_t i;

	for (i = 0; i < t->n; i++) {
		s = t->streams[i];
		/* It never had the one before, and never will. */
		if (s->latest != l->number - 1)
			hub_count(h, M_LOCATION_DROPS, 1);
		/* An event of this very turn goes first, at its end. */
		if (!latest_send(s) && (s->flags & S_DEAF) == 0)
			stream_queue(s);
	}
}
