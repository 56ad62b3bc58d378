/* SPDX-License-Identifier: MIT */
/*
 * frame - bytes ready for the wire: counted, contiguous, never changed once
 * shared.  And the queue of those that one stream alone has to send.
 *
 * Of one front: the count is no atomic.
 */
#ifndef HUB_FRAME_H
#define HUB_FRAME_H

#include <stddef.h>
#include <stdint.h>
#include <orderwire/plugin.h>

struct frame {
	struct frame *next;	/* other forms of the same event */
	uint32_t refs;
	uint32_t n;
	uint32_t key;		/* transport and variant */
	char p[];
};

/* How to put an event into bytes. */
struct framer {
	const struct ow_transport *transport;
	void *self;
	uint32_t variant;
};

/* All give the caller one reference. */
struct frame *frame_new(const struct framer *, const struct ow_event *);
struct frame *frame_copy(const struct ow_bytes *parts, size_t n_parts);
struct frame *frame_ref(struct frame *);
void frame_unref(struct frame **);
void frame_unref_all(struct frame **list);

/* Add to the end of one that nobody shares; *f NULL begins one.  hint: how
   many bytes it will have in the end, about. */
void frame_add(struct frame **f, const void *p, size_t n, size_t hint);
void frame_add_event(struct frame **f, const struct framer *,
    const struct ow_event *, size_t hint);

/* A ring of nodes, known by its last. */
struct out {
	struct out *next;
	struct frame *frame;
};

void out_add(struct out **last, struct frame *);	/* taken */
struct frame *out_pop(struct out **last);	/* the caller's; NULL: empty */
void out_done(struct out **last);

#endif
