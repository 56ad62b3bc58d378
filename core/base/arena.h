/* SPDX-License-Identifier: MIT */
/*
 * arena - many small things that end together (a request, a transaction).
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *head;
};

void arena_init(struct arena *);
void arena_done(struct arena *);		/* frees all that was given */
void *arena_alloc(struct arena *, size_t n);	/* zeroed, 16-aligned */
char *arena_dup(struct arena *, const char *s);	/* NULL gives NULL */
char *arena_dupn(struct arena *, const void *p, size_t n);	/* adds a NUL */
/* The strings, one behind the other; NULL ends them. */
char *arena_join(struct arena *, ...) __attribute__((sentinel));

#endif
