/* SPDX-License-Identifier: MIT */
/*
 * bytes - a growing piece of memory whose limit is its user's.
 */
#ifndef TRANSPORT_WEBSOCKET_BYTES_H
#define TRANSPORT_WEBSOCKET_BYTES_H

#include <stdbool.h>
#include <stddef.h>

/* Zero it to begin. */
struct bytes {
	unsigned char *p;
	size_t n, cap;
};

/* Room for n more; the caller has a limit for the sum.  False: no memory, and
   nothing has changed. */
bool bytes_grow(struct bytes *, size_t n);
void bytes_done(struct bytes *);
/* The same for what may be a secret. */
void bytes_wipe(struct bytes *);

#endif
