/* SPDX-License-Identifier: MIT */
/*
 * hub - one front's fan-out: topics, the streams on them, and one sendmsg for
 * each stream with everything that is new.
 *
 * A topic is an order, a tenant's kitchen or a person.  It keeps the last
 * events as a ring of frames (framed once for each transport and variant that
 * is there); a stream on it is a cursor into that ring, never a queue.  A
 * stream that falls off the ring's end asks the orders loop for what it
 * missed once its socket has room again.
 *
 * All calls are the front loop's own, except hub_tell and hub_tell_end.
 */
#ifndef HUB_HUB_H
#define HUB_HUB_H

#include "base/id.h"
#include "base/loop.h"
#include "conf/settings.h"
#include "event/event.h"
#include "hub/ask.h"

struct hub;
struct metrics;

struct hub_conf {
	struct loop *loop;
	struct metrics *metrics;
	const char *name;		/* label of the metrics: "0", "1" */
	const struct set_stream *set;
	/* To the orders loop; the ask comes back by hub_answer, there or
	   from any thread. */
	void (*ask)(void *arg, struct ask *);
	/* No stream of this front is on the topic any more.  tenant and order
	   as in the answer. */
	void (*unwatch)(void *arg, struct hub *, const char *topic);
	/* The first stream of a customer or a tracking token has come to an
	   order's topic, or the last of them has left it while others stay;
	   unwatch says that, too.  NULL: nobody wants to know. */
	void (*presence)(void *arg, struct hub *, const char *topic,
	    bool is_present);
	/* A connection is gone: count it out at its listener. */
	void (*released)(void *arg, const char *peer);
	void *arg;
};

struct hub *hub_new(const struct hub_conf *);
/* Streams are closed at once, nobody is told to unwatch.  The loop runs no
   more, and nobody tells or answers any more; asks that the orders loop still
   has are its to free. */
void hub_free(struct hub **);
struct loop *hub_loop(const struct hub *);
uint32_t hub_streams(const struct hub *);
/* For a message about a stream itself. */
void hub_new_id(struct hub *, char out[ID_SIZE]);

/* A transport plugin's instance on this front; the number is what
   stream_conf.transport takes.  At most 8. */
uint32_t hub_add_transport(struct hub *, const struct ow_transport *,
    void *self);

/* ANY THREAD.  An answered ask goes home. */
void hub_answer(struct ask *);
/* ANY THREAD.  Takes a reference of its own.  Goes to the event's own topic,
   or else to its order's and to its tenant's kitchen. */
void hub_tell(struct hub *, struct event *);
/* ANY THREAD.  End the streams of a topic with this code; sub NULL: all,
   else only those of callers with this `sub` and ROLE_TRACKING. */
void hub_tell_end(struct hub *, const char *topic, const char *sub, int code);

/* End every stream with 1001 and {"retry_ms":N}, spread evenly over
   spread_ms; done when none is left. */
void hub_drain(struct hub *, int64_t spread_ms, void (*done)(void *),
    void *arg);

#endif
