/* SPDX-License-Identifier: MIT */
/*
 * handshake - what a WebSocket handshake's headers say (RFC 6455, section 4).
 *
 * Pure: header values in, decisions out.
 */
#ifndef TRANSPORT_WEBSOCKET_HANDSHAKE_H
#define TRANSPORT_WEBSOCKET_HANDSHAKE_H

#include <orderwire/plugin.h>

#define HANDSHAKE_PROTOCOL "orderwire.v1"
#define HANDSHAKE_ACCEPT_SIZE 29	/* with the NUL */

/* Is this token an element of the comma-separated list?  Any case; a list of
   NULL has none. */
bool handshake_has(const char *list, const char *token);
/* The answer to a Sec-WebSocket-Key.  OW_EINVAL: it is not 16 bytes in
   base64. */
int handshake_accept(const char *key, char out[HANDSHAKE_ACCEPT_SIZE]);

/* What a Sec-WebSocket-Protocol list offers. */
struct handshake_offer {
	bool ours;			/* orderwire.v1 is in it */
	const char *token;		/* behind "bearer.", in the list; or */
	size_t token_len;		/* NULL */
};
/* list may be NULL.  OW_EINVAL: an empty token, or two. */
int handshake_offers(const char *list, struct handshake_offer *out);

#endif
