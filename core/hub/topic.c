/* SPDX-License-Identifier: MIT */
/*
 * topic - the ring of events, and the streams that read it.
 *
 * Invariants: tail <= sent <= head, or all are equal; head - tail <=
 * slots_cap <= TOPIC_RING_MAX; streams[s->topic_at] == s.  A ring that holds
 * nothing has no memory.
 */
#include "hub/topic.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hub/parts.h"

#define SLOTS_FIRST 2
#define STREAMS_FIRST 2

struct topic *
topic_find(struct topic *table, const char *key)
{
	struct topic *t;

	HASH_FIND_STR(table, key, t);
	return t;
}

struct topic *
topic_get(struct topic **table, const char *key)
{
	struct topic *t = topic_find(*table, key);
	size_t n;

	if (t != NULL)
		return t;
	n = strlen(key);
	t = mem_alloc(sizeof(*t) + n + 1);
	memcpy(t->key, key, n + 1);
	HASH_ADD_KEYPTR(hh, *table, t->key, n, t);
	return t;
}

static void
slot_done(struct slot *slot)
{
	event_unref(&slot->event);
	frame_unref_all(&slot->frames);
}

void
topic_free(struct topic **table, struct topic **tp)
{
	struct topic *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	OW_ASSERT(t->n == 0);
	topic_trim(t, t->head);
	if (t->latest != NULL)
		slot_done(&t->latest->slot);
	free(t->latest);
	free(t->streams);
	HASH_DEL(*table, t);
	free(t);
}

void
topic_join(struct topic *t, struct ow_stream *s)
{
	if (t->n == t->cap) {
		t->cap = t->cap > 0 ? t->cap * 2 : STREAMS_FIRST;
		t->streams = mem_grow(t->streams,
		    t->cap * sizeof(*t->streams));
	}
	s->topic_at = t->n;
	t->streams[t->n++] = s;
	s->topic = t;
}

void
topic_leave(struct topic *t, struct ow_stream *s)
{
	struct ow_stream *last = t->streams[--t->n];

	OW_ASSERT(t->streams[s->topic_at] == s || last == s);
	t->streams[s->topic_at] = last;
	last->topic_at = s->topic_at;
	s->topic = NULL;
}

struct slot *
topic_slot(const struct topic *t, uint64_t pos)
{
	OW_ASSERT(pos >= t->tail && pos < t->head);
	return &t->slots[pos & (t->slots_cap - 1)];
}

static void
topic_drop_first(struct topic *t)
{
	struct slot *slot = topic_slot(t, t->tail);

	t->bytes -= slot->event->pub.json.n;
	slot_done(slot);
	t->tail++;
}

void
topic_trim(struct topic *t, uint64_t pos)
{
	while (t->tail < pos && t->tail < t->head)
		topic_drop_first(t);
	if (t->sent < t->tail)
		t->sent = t->tail;
	if (t->tail < t->head || t->slots == NULL)
		return;
	free(t->slots);
	t->slots = NULL;
	t->slots_cap = 0;
}

static void
topic_grow(struct topic *t)
{
	uint32_t cap = t->slots_cap > 0 ? t->slots_cap * 2 : SLOTS_FIRST;
	struct slot *slots;
	uint64_t pos;

	slots = mem_alloc(cap * sizeof(*slots));
	for (pos = t->tail; pos < t->head; pos++)
		slots[pos & (cap - 1)] = *topic_slot(t, pos);
	free(t->slots);
	t->slots = slots;
	t->slots_cap = cap;
}

void
topic_add(struct topic *t, struct event *ev, size_t bytes_max)
{
	while (t->head > t->tail && (t->head - t->tail == TOPIC_RING_MAX ||
	    t->bytes + ev->pub.json.n > bytes_max))
		topic_drop_first(t);
	if (t->sent < t->tail)
		t->sent = t->tail;
	if (t->head - t->tail == t->slots_cap)
		topic_grow(t);
	t->slots[t->head & (t->slots_cap - 1)] = (struct slot){
		.event = event_ref(ev),
	};
	t->head++;
	t->bytes += ev->pub.json.n;
	t->unsent += ev->pub.json.n;
	t->seq = ev->pub.seq;
}

struct slot *
topic_slot_by_seq(const struct topic *t, uint64_t seq)
{
	struct slot *slot;

	if (seq == 0 || seq > t->seq || t->seq - seq >= t->head - t->tail)
		return NULL;
	slot = topic_slot(t, t->head - 1 - (t->seq - seq));
	return slot->event->pub.seq == seq ? slot : NULL;
}

struct frame *
slot_frame(struct slot *slot, uint32_t key, const struct framer *by)
{
	struct frame *f;

	for (f = slot->frames; f != NULL; f = f->next)
		if (f->key == key)
			return f;
	f = frame_new(by, &slot->event->pub);
	f->key = key;
	f->next = slot->frames;
	slot->frames = f;
	return f;
}
