/* SPDX-License-Identifier: MIT */
/*
 * websocket - one instance of the plugin, as its files see it.
 */
#ifndef TRANSPORT_WEBSOCKET_WEBSOCKET_H
#define TRANSPORT_WEBSOCKET_WEBSOCKET_H

#include <orderwire/plugin.h>

#include "codec.h"
#include "deflate.h"

/* Indexes into the metric table. */
enum { M_HANDSHAKES, M_HANDSHAKES_REFUSED, M_MESSAGES, M_FAULTS,
	M_PACK_BYTES, M_PACKED_BYTES };

struct websocket_conf {
	bool echo;
	bool compress;
	int64_t message_max;
};

/* What a stream is, all its life.  Its variant is 0 when permessage-deflate
   was not agreed on. */
struct websocket_kind {
	bool echo;
	uint8_t variant;
};

struct websocket {
	struct ow_ctx *ctx;
	const struct ow_host_base *base;
	const struct ow_host_srv *srv;
	const struct websocket_conf *conf;
	struct deflate deflate;
	/* By their addresses also marks in *peer. */
	struct websocket_kind kinds[2][DEFLATE_VARIANTS];
	char over_mark;			/* only its address counts */
};

/* The mark of a kind; NULL for a stream that is neither. */
void *websocket_mark(struct websocket *, const struct websocket_kind *);
/* The head of a message's only frame.  body is replaced by a shorter one where
   the variant allows that; it stays until the next call. */
size_t websocket_pack(struct websocket *, uint32_t variant, int op,
    struct ow_bytes *body, unsigned char head[CODEC_HEAD_MAX]);

#endif
