/* SPDX-License-Identifier: MIT */
/*
 * ask - a stream's question to the orders loop, and its answer: may I see
 * this, and what did I miss?
 *
 * Made by the hub on a front, filled in on the orders loop, sent back to the
 * front's loop.  The answer and everything published to that front after it
 * arrive in commit order, so snapshot and going live are one step: no gap, no
 * repeat.  From the moment of the ask until unwatch the orders loop publishes
 * the topic's events to this front.
 */
#ifndef HUB_ASK_H
#define HUB_ASK_H

#include "base/arena.h"
#include "base/loop.h"
#include "event/event.h"
#include "order/who.h"

struct hub;
struct ow_stream;

struct ask {
	struct mail mail;		/* for the way to the orders loop */
	struct arena arena;		/* the strings below */
	struct hub *hub;
	void *desk;			/* the answering side's own */

	/* The hub's own, as is stream: the front's loop alone looks at them. */
	struct ask *prev, *next;	/* those under way, oldest first */
	uint64_t number;
	struct ow_stream *stream;	/* NULL: it went away meanwhile */

	/* The question. */
	int32_t feed;			/* OW_FEED_... */
	const char *tenant;		/* of the path; NULL: the caller's */
	const char *order;		/* id or "ref:..."; OW_FEED_ORDER */
	const char *path;		/* a ticket is good for one path */
	struct who *who;		/* NULL: by ticket or tracking token */
	const char *ticket;
	const char *tracking_token;
	bool has_since;
	uint64_t since;
	bool resync;			/* it was live once and fell behind */
	bool wants_live;		/* stream.live behind the last event */

	/* The answer. */
	int err;		/* OW_OK, OW_EDENIED, OW_ENOENT, OW_EAGAIN,
				   OW_EINVAL: the ticket or token is no good */
	const char *topic;	/* order id, "kitchen/T", "person/T\nS" */
	bool has_place;		/* the newest location, if there is one */
	struct who *seen_as;		/* a reference; who the stream is now */
	uint32_t n_events;		/* to send first, in this order */
	struct event **events;		/* a reference each */
	uint64_t seq;			/* the last one they include */
	bool finished;			/* nothing will follow: end with 4010 */
};

/* Drops every reference and the ask. */
void ask_free(struct ask **);

#endif
