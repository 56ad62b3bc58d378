/* SPDX-License-Identifier: MIT */
/*
 * mem - memory that never says no, for what no peer sizes.
 */
#ifndef ADAPTER_LOGISTICS_MEM_H
#define ADAPTER_LOGISTICS_MEM_H

#include <stdlib.h>
#include <string.h>

static inline void *
mem_alloc(size_t n)		/* zeroed */
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		abort();
	return p;
}

static inline char *
mem_dup(const char *s)		/* NULL gives NULL */
{
	size_t n = s ? strlen(s) + 1 : 0;

	return s ? memcpy(mem_alloc(n), s, n) : NULL;
}

/* Replace a string of ours by a copy of another. */
static inline void
mem_set(char **at, const char *s)
{
	char *copy = mem_dup(s);

	free(*at);
	*at = copy;
}

#endif
