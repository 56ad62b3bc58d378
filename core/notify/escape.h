/* SPDX-License-Identifier: MIT */
/*
 * escape - a value made safe for the place where it will stand.  Pure.
 */
#ifndef NOTIFY_ESCAPE_H
#define NOTIFY_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

enum escape {
	ESCAPE_LINE,	/* one line of text: control characters and line
			   ends are blanks */
	ESCAPE_LINES,	/* text: a newline stays, other control characters
			   go, a tab is a blank */
	ESCAPE_HTML,	/* in HTML's text and in quoted attributes */
	ESCAPE_URL,	/* one component of a URL: all but unreserved
			   characters are percent-encoded (RFC 3986, 2) */
	ESCAPE_WHOLE_URL,	/* already a URL: only what can't stand in one
				   is percent-encoded */
};

/* Append n bytes of UTF-8; each becomes six at most. */
void escape_add(struct buf *out, enum escape, const char *s, size_t n);

/* How many bytes of s to keep so that, with an ellipsis, they are max at most
   and no character is cut in two; n when all of it may stay. */
size_t escape_cut(const char *s, size_t n, size_t max);
#define ESCAPE_ELLIPSIS "\xe2\x80\xa6"

/* The control characters that no text for people has: C0 and DEL but newline
   and tab, C1, U+2028 and U+2029.  At s, as how many bytes; 0: none. */
size_t escape_control(const char *s, size_t n);

#endif
