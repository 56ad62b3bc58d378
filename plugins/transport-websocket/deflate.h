/* SPDX-License-Identifier: MIT */
/*
 * deflate - the payload of a message, packed and unpacked (RFC 7692, 7.2).
 *
 * Each message stands for itself: no context is kept from one to the next, in
 * either direction, so streams need no memory and may share what was packed.
 */
#ifndef TRANSPORT_WEBSOCKET_DEFLATE_H
#define TRANSPORT_WEBSOCKET_DEFLATE_H

#include <orderwire/plugin.h>
#include <zlib.h>

#include "bytes.h"

/* Variant 0 is not packed; the others differ in their window. */
#define DEFLATE_VARIANTS 4

/* Of one instance.  A window that no stream needs has no memory; each of the
   others has up to 256 KiB, and packed what the last message took. */
struct deflate {
	struct deflate_window {
		bool is_ready;
		z_stream z;
	} windows[DEFLATE_VARIANTS];
	struct bytes packed;
};

void deflate_init(struct deflate *);
void deflate_done(struct deflate *);

/* The variant with the largest window that a limit of 9..15 bits allows; 0:
   there is no limit. */
uint32_t deflate_variant(uint8_t bits);
/* Pack a message.  out stays until the next call.  OW_ELIMIT: it would not
   get shorter, OW_EAGAIN: no memory; it is to be sent as it is. */
int deflate_pack(struct deflate *, uint32_t variant, struct ow_bytes in,
    struct ow_bytes *out);
/*
 * Unpack a whole message; out is empty, and the caller's to end in any case.
 * OW_EINVAL: that is not what a message looks like, OW_ELIMIT: it is longer
 * than max, OW_EAGAIN: no memory.  Leaves no copy of it behind.
 */
int deflate_unpack(struct ow_bytes in, size_t max, struct bytes *out);

#endif
