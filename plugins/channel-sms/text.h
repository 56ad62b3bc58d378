/* SPDX-License-Identifier: MIT */
/*
 * text - a string that grows, and what must be escaped where.
 *
 * Bounded by what it is made from: one notice and the options.  Running out of
 * memory ends in has_failed, and in an empty string.
 */
#ifndef CHANNEL_SMS_TEXT_H
#define CHANNEL_SMS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *s;			/* NULL as long as it is empty */
	size_t n, size;
	bool has_failed;
};

enum escape {
	ESCAPE_NONE,
	ESCAPE_LINE,	/* a header's value: control characters are left out */
	ESCAPE_URL,	/* a query or a form body */
	ESCAPE_JSON,	/* inside of a JSON string */
	ESCAPE_XML,	/* an element's or an attribute's text */
};

void text_add(struct text *, enum escape, const char *s, size_t n);
void text_adds(struct text *, enum escape, const char *s);
/* Never NULL; valid until the next call. */
const char *text_str(const struct text *);
/* Wiped: there may be a password in it. */
void text_done(struct text *);

/* The next code point of valid or broken UTF-8, *s moves on; 0 at the end.
   What is broken is U+FFFD, a byte at a time. */
uint32_t text_next(const char **s);
void text_put(struct text *, uint32_t code);

#endif
