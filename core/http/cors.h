/* SPDX-License-Identifier: MIT */
/*
 * cors - which web origins may talk to us (Fetch standard; RFC 6455, 10.2).
 *
 * The same allowlist rules cross-origin calls and WebSocket handshakes.
 */
#ifndef HTTP_CORS_H
#define HTTP_CORS_H

#include <stdbool.h>

struct request;

/* list: blank-separated "https://shop.example", "*" or "".  self is our own
   public origin (scheme://host:port), always allowed; NULL: by the request's
   Host.  An absent Origin is no browser and allowed. */
bool cors_is_allowed(const char *list, const char *self, const char *origin);
/* Add the headers an answer to this origin needs (request_add_header). */
void cors_mark(struct request *, const char *origin);
/* Answer a preflight (OPTIONS with Access-Control-Request-Method): 204, or
   403 for a stranger.  allow: the methods of the path. */
void cors_preflight(struct request **, bool allowed, const char *allow);

#endif
