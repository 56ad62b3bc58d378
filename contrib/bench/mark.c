/* SPDX-License-Identifier: MIT */
/*
 * mark - finds the marks in a stream of bytes.
 *
 * Pure.  What cannot be decided yet, at most MARK_TAIL_MAX bytes of it, is
 * put before the next bytes.
 */
#include "mark.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define GAP_MAX 10	/* between the two numbers: ,"s": or ,\"s\": */

enum found { FOUND, FOUND_NOT, FOUND_SHORT };

struct cursor {
	const char *p, *end;
};

static bool
cursor_has(const struct cursor *c)
{
	return c->p < c->end;
}

static bool
is_digit(char c)
{
	return isdigit((unsigned char)c) != 0;
}

/* FOUND_SHORT also when the number may go on behind the end. */
static enum found
number_read(struct cursor *c, uint64_t *out)
{
	uint64_t v = 0;

	if (cursor_has(c) && !is_digit(*c->p))
		return FOUND_NOT;
	for (; cursor_has(c) && is_digit(*c->p); c->p++)
		v = v * 10 + (uint64_t)(*c->p - '0');
	*out = v;
	return cursor_has(c) ? FOUND : FOUND_SHORT;
}

/* c stands behind "t with its quote. */
static enum found
mark_read(struct cursor *c, uint64_t *out_t, uint64_t *out_s)
{
	const char *gap_end;
	enum found found;

	if (cursor_has(c) && *c->p == '\\')
		c->p++;
	if (c->end - c->p < 2)
		return FOUND_SHORT;
	if (c->p[0] != '"' || c->p[1] != ':')
		return FOUND_NOT;
	c->p += 2;
	found = number_read(c, out_t);
	if (found != FOUND)
		return found;
	gap_end = c->p + GAP_MAX;
	while (cursor_has(c) && c->p < gap_end && !is_digit(*c->p))
		c->p++;
	return number_read(c, out_s);
}

static void
tail_keep(struct mark_tail *tail, const char *p, const char *end)
{
	size_t n = (size_t)(end - p);

	if (n > MARK_TAIL_MAX)
		return;		/* nothing of ours is that long */
	memcpy(tail->text, p, n);
	tail->n = (uint8_t)n;
}

static void
scan(struct mark_tail *tail, const char *p, const char *end,
    mark_fn fn, void *arg)
{
	struct cursor c = { .end = end };
	uint64_t t = 0, s = 0;
	enum found found;

	for (;;) {
		p = memmem(p, (size_t)(end - p), "\"t", 2);
		if (!p)
			break;
		c.p = p + 2;
		found = mark_read(&c, &t, &s);
		if (found == FOUND_SHORT) {
			tail_keep(tail, p, end);
			return;
		}
		if (found == FOUND)
			fn(arg, t, (uint32_t)s);
		p = found == FOUND ? c.p : p + 2;
	}
	if (end[-1] == '"')
		tail_keep(tail, end - 1, end);
}

void
mark_scan(struct mark_tail *tail, const char *p, size_t n, mark_fn fn,
    void *arg)
{
	char *joined;
	size_t n_tail = tail->n;

	if (n == 0)
		return;
	if (n_tail == 0) {
		scan(tail, p, p + n, fn, arg);
		return;
	}
	joined = malloc(n_tail + n);
	if (!joined)
		abort();
	memcpy(joined, tail->text, n_tail);
	memcpy(joined + n_tail, p, n);
	tail->n = 0;
	scan(tail, joined, joined + n_tail + n, fn, arg);
	free(joined);
}
