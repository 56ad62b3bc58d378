/* SPDX-License-Identifier: MIT */
/*
 * stream - one open screen: a connection (later than the stream itself), a
 * cursor into a topic, and who is looking.
 *
 * A stream is made before its connection has left HTTP, asks its question,
 * and may already stand on its topic when the connection arrives: whatever is
 * due is sent then.
 */
#ifndef HUB_STREAM_H
#define HUB_STREAM_H

#include <orderwire/plugin.h>
#include "order/who.h"

struct bufferevent;
struct hub;
struct ow_stream;

struct stream_conf {
	uint32_t transport;		/* hub_add_transport */
	int32_t feed;
	uint32_t variant;
	bool two_way;
	bool has_since;
	uint64_t since;
	void *peer;		/* the transport's word for it, to begin with */
	const char *tenant, *order, *path;	/* copied; may be NULL */
	/* Once, with the answer to the first ask: OW_OK or why not.  Without
	   it a refusal ends the stream by its code.  Not after stream_drop. */
	void (*answered)(void *arg, struct ow_stream *, int err);
	void *arg;
};

struct ow_stream *stream_new(struct hub *, const struct stream_conf *);
/* Ask with one of: who (a reference is taken), ticket, tracking token. */
void stream_ask(struct ow_stream *, const struct who *, const char *ticket,
    const char *tracking_token);
/* The peer has auth_ms from now to say who it is, else 4001. */
void stream_await_auth(struct ow_stream *);
bool stream_has_asked(const struct ow_stream *);
/* Exactly one of fd and bev; the stream owns it.  early: bytes that came
   behind the handshake. */
void stream_connect(struct ow_stream *, int fd, struct bufferevent *bev,
    const char *peer, struct ow_bytes early);
/* One that has no connection and will have none. */
void stream_drop(struct ow_stream **);

/* See ow_host_srv. */
int stream_write(struct ow_stream *, const struct ow_bytes *parts,
    size_t n_parts);
void stream_close(struct ow_stream *);

/* Frame this and send it to this stream alone. */
struct event;
void stream_say(struct ow_stream *, struct event *);
/* Tell the transport to end it. */
void stream_end(struct ow_stream *, int code, const char *reason);
/* A fresh token of the same person: the new expiry counts.  OW_EDENIED when
   it is somebody else's. */
int stream_renew(struct ow_stream *, const struct who *);
const struct who *stream_who(const struct ow_stream *);
struct hub *stream_hub(const struct ow_stream *);

#endif
