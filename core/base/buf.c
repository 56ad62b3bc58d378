/* SPDX-License-Identifier: MIT */
/*
 * buf - bytes that grow up to a cap given at the start.
 *
 * Whatever a peer sizes is kept in one of these.  A buf does not know what it
 * holds, and shrinks only when it ends.
 *
 * Invariants: n <= cap <= max; p has cap + 1 bytes, and p[n] is NUL.  A buf
 * that was full stays so and takes nothing more, however small, until it is
 * cleared, taken or something is dropped: half a text never looks whole.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <orderwire/plugin.h>
#include "base/mem.h"

#define BUF_CAP_FIRST 64
#define BUF_CAP_QUICK 1024	/* most texts get there: in few steps */
#define BUF_CAP_SMALL 65536	/* below it, no memory ends the program */

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf)BUF_INIT(max);
}

void
buf_done(struct buf *b)
{
	free(b->p);
	*b = (struct buf)BUF_INIT(b->max);
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	b->full = false;
	if (b->p)
		b->p[0] = '\0';
}

static size_t
buf_cap_for(const struct buf *b, size_t need)
{
	size_t cap = b->p ? b->cap : BUF_CAP_FIRST, step;

	while (cap < need && cap < b->max) {
		step = cap < BUF_CAP_QUICK ? 4 : 2;
		cap = cap > b->max / step ? b->max : cap * step;
	}
	return cap < b->max ? cap : b->max;
}

static int
buf_grow(struct buf *b, size_t need)
{
	size_t cap = buf_cap_for(b, need);
	char *p;

	if (cap < BUF_CAP_SMALL)
		p = mem_grow(b->p, cap + 1);
	else
		p = realloc(b->p, cap + 1);
	if (!p)
		return OW_ELIMIT;
	b->p = p;
	b->cap = cap;
	p[b->n] = '\0';
	return OW_OK;
}

/* Make sure that n more bytes fit. */
static int
buf_need(struct buf *b, size_t n)
{
	bool fits = n <= b->max - b->n;

	if (!b->p && buf_grow(b, fits ? n : 0) != OW_OK)
		(void)buf_grow(b, 0);	/* p is never NULL afterwards */
	if (!b->full && n <= b->cap - b->n)
		return OW_OK;
	if (b->full || !fits || buf_grow(b, b->n + n)) {
		b->full = true;
		return OW_ELIMIT;
	}
	return OW_OK;
}

int
buf_add(struct buf *b, const void *p, size_t n)
{
	int err;

	err = buf_need(b, n);
	if (err)
		return err;
	if (n)
		memcpy(b->p + b->n, p, n);
	buf_used(b, n);
	return OW_OK;
}

int
buf_str(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int
buf_char(struct buf *b, char c)
{
	if (b->n == b->cap || b->full)
		return buf_add(b, &c, 1);
	b->p[b->n++] = c;
	b->p[b->n] = '\0';
	return OW_OK;
}

int
buf_int(struct buf *b, int64_t i)
{
	uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
	char text[21];
	char *p = text + sizeof(text);

	do {
		*--p = (char)('0' + u % 10);
		u /= 10;
	} while (u);
	if (i < 0)
		*--p = '-';
	return buf_add(b, p, (size_t)(text + sizeof(text) - p));
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n, err;

	err = buf_need(b, 0);
	if (err)
		return err;
	va_start(ap, fmt);
	n = vsnprintf(b->p + b->n, b->cap - b->n + 1, fmt, ap);
	va_end(ap);
	OW_ASSERT(n >= 0);
	if ((size_t)n > b->cap - b->n) {
		b->p[b->n] = '\0';
		err = buf_need(b, (size_t)n);
		if (err)
			return err;
		va_start(ap, fmt);
		n = vsnprintf(b->p + b->n, b->cap - b->n + 1, fmt, ap);
		va_end(ap);
	}
	buf_used(b, (size_t)n);
	return OW_OK;
}

char *
buf_room(struct buf *b, size_t n)
{
	return buf_need(b, n) ? NULL : b->p + b->n;
}

void
buf_used(struct buf *b, size_t n)
{
	OW_ASSERT(n <= b->cap - b->n);
	b->n += n;
	b->p[b->n] = '\0';
}

void
buf_drop(struct buf *b, size_t n)
{
	OW_ASSERT(n <= b->n);
	if (!n)
		return;
	memmove(b->p, b->p + n, b->n - n + 1);
	b->n -= n;
	b->full = false;
}

char *
buf_take(struct buf *b)
{
	char *s = b->p ? b->p : mem_alloc(1);

	*b = (struct buf)BUF_INIT(b->max);
	return s;
}
