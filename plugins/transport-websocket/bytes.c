/* SPDX-License-Identifier: MIT */
/*
 * bytes - see bytes.h.
 *
 * Invariants: n <= cap; p is NULL exactly when cap is 0.
 */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

#define BYTES_FIRST 512

bool
bytes_grow(struct bytes *b, size_t n)
{
	size_t cap = b->cap ? b->cap : BYTES_FIRST;
	unsigned char *p;

	if (b->cap - b->n >= n)
		return true;
	while (cap - b->n < n)
		cap *= 2;
	p = realloc(b->p, cap);
	if (!p)
		return false;
	b->p = p;
	b->cap = cap;
	return true;
}

void
bytes_done(struct bytes *b)
{
	free(b->p);
	memset(b, 0, sizeof(*b));
}

void
bytes_wipe(struct bytes *b)
{
	if (b->p)
		explicit_bzero(b->p, b->cap);
	bytes_done(b);
}
