/* SPDX-License-Identifier: MIT */
/*
 * arena - many small things that end together.
 *
 * Memory comes in blocks that double up to a bound; what does not fit into the
 * rest of the newest block gets a new one, what is big gets a block of its
 * own.  An arena frees nothing before its end and caps nothing: what a peer
 * sizes is capped (in a buf) before it gets here.
 *
 * Invariant: bytes behind `used` are zero, so nothing is cleared twice.
 */
#include "base/arena.h"

#include <stdint.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ARENA_ALIGN 16u
#define ARENA_BLOCK_FIRST 960u	/* with its head just below 1,032 bytes: what
				   glibc keeps at hand for each thread */
#define ARENA_BLOCK_MAX 16384u

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(ARENA_ALIGN) unsigned char mem[];
};

void
arena_init(struct arena *a)
{
	a->head = NULL;
}

void
arena_done(struct arena *a)
{
	struct arena_block *b;

	while ((b = a->head)) {
		a->head = b->next;
		free(b);
	}
}

static struct arena_block *
arena_block_new(size_t size)
{
	struct arena_block *b;

	b = mem_alloc(sizeof(*b) + size);
	b->size = size;
	return b;
}

/* A block that has room for n bytes, linked. */
static struct arena_block *
arena_block_for(struct arena *a, size_t n)
{
	struct arena_block *head = a->head, *b;
	size_t size = head ? head->size * 2 : ARENA_BLOCK_FIRST;

	if (head && n <= head->size - head->used)
		return head;
	if (size > ARENA_BLOCK_MAX)
		size = ARENA_BLOCK_MAX;
	if (n > size / 4 && head) {
		/* Behind the head, whose rest stays in use. */
		b = arena_block_new(n);
		b->next = head->next;
		head->next = b;
		return b;
	}
	b = arena_block_new(n > size ? n : size);
	b->next = head;
	a->head = b;
	return b;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b;
	void *p;

	OW_ASSERT(n < SIZE_MAX / 2);
	n = (n + (n == 0) + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	b = arena_block_for(a, n);
	p = b->mem + b->used;
	b->used += n;
	return p;
}

char *
arena_dup(struct arena *a, const char *s)
{
	return s ? arena_dupn(a, s, strlen(s)) : NULL;
}

char *
arena_dupn(struct arena *a, const void *p, size_t n)
{
	char *copy;

	copy = arena_alloc(a, n + 1);
	if (n)
		memcpy(copy, p, n);
	return copy;
}

char *
arena_join(struct arena *a, ...)
{
	const char *part;
	size_t n = 0, len;
	va_list ap;
	char *out;

	va_start(ap, a);
	while ((part = va_arg(ap, const char *)) != NULL)
		n += strlen(part);
	va_end(ap);
	out = arena_alloc(a, n + 1);
	n = 0;
	va_start(ap, a);
	while ((part = va_arg(ap, const char *)) != NULL) {
		len = strlen(part);
		memcpy(out + n, part, len);
		n += len;
	}
	va_end(ap);
	return out;
}
