/* SPDX-License-Identifier: MIT */
/*
 * mem - memory that never says no, and what happens to a broken assertion.
 *
 * Every small allocation of the core comes from here, so that no caller needs
 * a branch for a failure that it cannot act on.  It does not cap anything:
 * what a peer sizes belongs into a struct buf.  Both ends of the program (no
 * memory, broken assertion) write one line to stderr with what needs no
 * further memory, then abort, so that a core file shows the place.
 */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MEM_AT_HAND_MAX 1032u	/* a larger one is not kept at hand anyway */

static _Noreturn void
mem_exhausted(void)
{
	static const char text[] = "orderwire: out of memory\n";
	ssize_t n;

	n = write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)n;	/* nobody is left to be told */
	abort();
}

void *
mem_alloc(size_t n)
{
	void *p;

	/* glibc's calloc passes by what each thread keeps at hand (2.36), and
	   gcc makes a calloc of malloc and memset. */
	if (n > MEM_AT_HAND_MAX)
		p = calloc(1, n);
	else if ((p = realloc(NULL, n ? n : 1)) != NULL)
		memset(p, 0, n ? n : 1);
	if (!p)
		mem_exhausted();
	return p;
}

void *
mem_grow(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p)
		mem_exhausted();
	return p;
}

char *
mem_dup(const char *s)
{
	return s ? mem_dupn(s, strlen(s)) : NULL;
}

bool
mem_is_same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

char *
mem_dupn(const char *s, size_t n)
{
	char *copy;

	OW_ASSERT(n < SIZE_MAX);
	copy = mem_alloc(n + 1);
	if (n)
		memcpy(copy, s, n);
	return copy;
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		mem_exhausted();
	return text;
}

void
mem_wipe(void *p, size_t n)
{
	if (n)
		explicit_bzero(p, n);
}

void
mem_wipe_free(char **s)
{
	if (!*s)
		return;
	mem_wipe(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

_Noreturn void
mem_assert_failed(const char *cond, const char *file, int line)
{
	(void)dprintf(STDERR_FILENO,	/* nobody is left to be told */
	    "orderwire: %s:%d: assertion failed: %s\n", file, line, cond);
	abort();
}
