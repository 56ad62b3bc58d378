/* SPDX-License-Identifier: MIT */
/*
 * extension - what a Sec-WebSocket-Extensions header offers (RFC 6455, 9.1),
 * as far as it is permessage-deflate (RFC 7692).
 *
 * Pure: a header value in, a decision and the answer's value out.
 */
#ifndef TRANSPORT_WEBSOCKET_EXTENSION_H
#define TRANSPORT_WEBSOCKET_EXTENSION_H

#include <orderwire/plugin.h>

#define EXTENSION_ANSWER_SIZE 160	/* with the NUL */

/* The base-2 logarithms of the windows that were named; 0: none was. */
struct extension_deflate {
	uint8_t server_bits;		/* ours may not be larger: 9..15 */
	uint8_t client_bits;		/* the peer's will not be: 8..15 */
};

/* The first offer that can be accepted.  list may be NULL.  1 found one, 0
   there is none; OW_EINVAL: the header is malformed, wherever in it. */
int extension_find(const char *list, struct extension_deflate *out);
/* How that offer is accepted; no context is kept in either direction. */
void extension_answer(const struct extension_deflate *,
    char out[EXTENSION_ANSWER_SIZE]);

#endif
