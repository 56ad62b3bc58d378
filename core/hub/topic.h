/* SPDX-License-Identifier: MIT */
/*
 * topic - what streams may stand on: an order, a kitchen, a person.
 *
 * Keeps the last events as a ring, numbered from 0 by position, and with each
 * its frames, made when the first stream needs them.  A stream's place is a
 * position.  The ring holds no more than the slowest stream still needs, and
 * no more than it may: whoever is slower than that has fallen off.
 *
 * Decides and keeps; sends nothing.
 */
#ifndef HUB_TOPIC_H
#define HUB_TOPIC_H

#include <uthash.h>
#include "event/event.h"
#include "hub/frame.h"
#include "hub/pace.h"

struct ow_stream;

#define TOPIC_RING_MAX 128		/* a power of two */

struct slot {
	struct event *event;
	struct frame *frames;
};

/* The newest location, outside the ring: it may be skipped. */
struct latest {
	struct slot slot;
	uint32_t number;		/* from 1 */
};

struct topic {
	UT_hash_handle hh;
	struct topic *prev, *next;	/* of the hub's list of left ones */
	struct topic *dirty_next;
	bool is_dirty;
	uint64_t left_at;	/* number of the last ask before it was left;
				   0: not in that list */

	struct ow_stream **streams;
	uint32_t n, cap;
	uint32_t n_behind;	/* streams that need the ring */
	uint32_t n_present;	/* streams of customers, tracking tokens */

	struct slot *slots;
	uint32_t slots_cap;
	uint64_t tail, head;	/* positions: the oldest kept, the next */
	uint64_t sent;		/* head when all were last sent to */
	size_t bytes;		/* JSON in the ring */
	size_t unsent;		/* JSON since `sent` */
	uint64_t seq;		/* of the last event */

	struct latest *latest;	/* NULL: there was none */
	struct pace pace;
	char key[];
};

struct topic *topic_find(struct topic *table, const char *key);
struct topic *topic_get(struct topic **table, const char *key);	/* or new */
/* No stream is on it. */
void topic_free(struct topic **table, struct topic **);

void topic_join(struct topic *, struct ow_stream *);
void topic_leave(struct topic *, struct ow_stream *);

/* Takes a reference.  The oldest are dropped to make room, but never the new
   one. */
void topic_add(struct topic *, struct event *, size_t bytes_max);
/* Drop what is before this position. */
void topic_trim(struct topic *, uint64_t pos);
struct slot *topic_slot(const struct topic *, uint64_t pos);
/* Of an order's topic: the event with this seq, if it is in the ring. */
struct slot *topic_slot_by_seq(const struct topic *, uint64_t seq);
/* Made at first use; the slot's. */
struct frame *slot_frame(struct slot *, uint32_t key, const struct framer *);

#endif
