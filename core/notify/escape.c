/* SPDX-License-Identifier: MIT */
/*
 * escape - a value made safe for the place where it will stand.
 *
 * The only thing between what people call themselves and a subject line, a
 * page or a link.  Input is UTF-8, which JSON's reader has checked; broken
 * bytes would pass through unchanged, never be read behind the end.
 */
#include "notify/escape.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

size_t
escape_control(const char *s, size_t n)
{
	unsigned char c = n ? (unsigned char)s[0] : ' ';

	if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
		return 1;
	if (n >= 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0)
		return 2;
	if (n >= 3 && !memcmp(s, "\xe2\x80", 2) &&
	    ((unsigned char)s[2] | 1) == 0xa9)
		return 3;
	return 0;
}

static const char *
html_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	return NULL;
}

/* The caller's cap makes out large enough; if not, `full` says so. */
static void
escape_percent(struct buf *out, const char *s, size_t n,
    const char *kept)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] && strchr(kept, s[i]))
			(void)buf_char(out, s[i]);
		else
			(void)buf_printf(out, "%%%02X", (unsigned char)s[i]);
	}
}

static void
escape_text(struct buf *out, enum escape escape, const char *s,
    size_t n)
{
	const char *end = s + n, *entity;
	size_t control;

	while (s < end) {
		control = escape_control(s, (size_t)(end - s));
		entity = escape == ESCAPE_HTML ? html_entity(*s) : NULL;
		if (control && escape == ESCAPE_LINE)
			(void)buf_char(out, ' ');
		else if (*s == '\t' || (*s == '\n' && escape == ESCAPE_LINE))
			(void)buf_char(out, ' ');
		else if (entity)
			(void)buf_str(out, entity);
		else if (!control)
			(void)buf_char(out, *s);
		s += control ? control : 1;
	}
}

void
escape_add(struct buf *out, enum escape escape, const char *s, size_t n)
{
	switch (escape) {
	case ESCAPE_URL:
		escape_percent(out, s, n, ALNUM "-._~");
		break;
	case ESCAPE_WHOLE_URL:
		escape_percent(out, s, n, ALNUM "-._~:/?#[]@!$&()*+,;=%");
		break;
	default:
		escape_text(out, escape, s, n);
	}
}

size_t
escape_cut(const char *s, size_t n, size_t max)
{
	if (n <= max)
		return n;
	n = max - (sizeof(ESCAPE_ELLIPSIS) - 1);
	while (n && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}
