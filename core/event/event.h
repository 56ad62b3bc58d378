/* SPDX-License-Identifier: MIT */
/*
 * event - one message for screens: immutable, counted, encoded once.
 *
 * The only thing that loops share.  pub is what plugins see.
 */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include <orderwire/plugin.h>
#include <stdatomic.h>
#include "base/id.h"

struct event {
	struct ow_event pub;	/* first: an event is its public part */
	atomic_int refs;
	const char *tenant;
	const char *topic;	/* "person/TENANT\nSUB": of this stream alone;
				   NULL: of its order and its kitchen */
	char order_id[ID_SIZE];	/* "" when it is about none */
	char text[];		/* tenant, type, json, topic */
};

/* Copies; one reference for the caller.  ANY THREAD, as are the others.  (Not
   event_new: libevent has a function of that name.) */
struct event *event_make(const char *tenant, const char *order_id,
    const char *type, uint64_t seq, int64_t at_ms, const char *json,
    size_t json_len);
/* The same with json_len bytes still to be written, at *out_json, before
   anybody else gets it. */
struct event *event_make_room(const char *tenant, const char *order_id,
    const char *type, uint64_t seq, int64_t at_ms, size_t json_len,
    char **out_json);
/* The same for a person's own stream. */
struct event *event_make_person(const char *tenant, const char *sub,
    const char *type, uint64_t seq, int64_t at_ms, const char *json,
    size_t json_len);
struct event *event_ref(struct event *);
void event_unref(struct event **);

#endif
