/* SPDX-License-Identifier: MIT */
/*
 * text - see text.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static void
text_append(struct text *t, const char *s, size_t n)
{
	size_t size = t->size ? t->size : 128;
	char *grown;

	if (t->has_failed || n == 0)
		return;
	while (size < t->n + n + 1)
		size *= 2;
	if (size != t->size) {
		/* Not realloc, which leaves the old bytes unwiped. */
		grown = malloc(size);
		if (!grown) {
			text_done(t);
			t->has_failed = true;
			return;
		}
		if (t->s) {
			memcpy(grown, t->s, t->n);
			explicit_bzero(t->s, t->size);
			free(t->s);
		}
		t->s = grown;
		t->size = size;
	}
	memcpy(t->s + t->n, s, n);
	t->n += n;
	t->s[t->n] = '\0';
}

static void
text_escape_url(struct text *t, unsigned char c)
{
	char hex[4];

	if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z') || (c && strchr("-._~", c))) {
		text_append(t, (const char *)&c, 1);
		return;
	}
	snprintf(hex, sizeof(hex), "%%%02X", c);
	text_append(t, hex, 3);
}

static void
text_escape_json(struct text *t, unsigned char c)
{
	char hex[7];

	if (c == '"' || c == '\\') {
		text_append(t, "\\", 1);
		text_append(t, (const char *)&c, 1);
	} else if (c < ' ' || c == 0x7f) {
		snprintf(hex, sizeof(hex), "\\u%04x", c);
		text_append(t, hex, 6);
	} else {
		text_append(t, (const char *)&c, 1);
	}
}

static void
text_escape_xml(struct text *t, unsigned char c)
{
	switch (c) {
	case '<':
		text_append(t, "&lt;", 4);
		break;
	case '>':
		text_append(t, "&gt;", 4);
		break;
	case '&':
		text_append(t, "&amp;", 5);
		break;
	case '"':
		text_append(t, "&quot;", 6);
		break;
	case '\'':
		text_append(t, "&apos;", 6);
		break;
	default:
		/* XML 1.0, 2.2: the others cannot be said. */
		if (c >= ' ' || c == '\n' || c == '\t')
			text_append(t, (const char *)&c, 1);
		break;
	}
}

void
text_add(struct text *t, enum escape how, const char *s, size_t n)
{
	if (how == ESCAPE_NONE) {
		text_append(t, s, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		switch (how) {
		case ESCAPE_URL:
			text_escape_url(t, c);
			break;
		case ESCAPE_JSON:
			text_escape_json(t, c);
			break;
		case ESCAPE_XML:
			text_escape_xml(t, c);
			break;
		default:
			if (c >= ' ' && c != 0x7f)
				text_append(t, s + i, 1);
			break;
		}
	}
}

void
text_adds(struct text *t, enum escape how, const char *s)
{
	text_add(t, how, s, strlen(s));
}

const char *
text_str(const struct text *t)
{
	return t->s ? t->s : "";
}

void
text_done(struct text *t)
{
	if (t->s)
		explicit_bzero(t->s, t->size);
	free(t->s);
	*t = (struct text){ .s = NULL };
}

uint32_t
text_next(const char **s)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)*s;
	unsigned more = p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
	uint32_t code = p[0];

	if (code == 0)
		return 0;
	*s += 1;
	if (code < 0x80)
		return code;
	if (code < 0xc2 || code > 0xf4)
		return 0xfffd;
	code &= 0x3fu >> more;
	for (unsigned i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0xfffd;
		code = code << 6 | (p[i] & 0x3fu);
	}
	if (code < least[more] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0xfffd;
	*s += more;
	return code;
}

void
text_put(struct text *t, uint32_t code)
{
	char b[4];

	if (code < 0x80) {
		b[0] = (char)code;
		text_append(t, b, 1);
	} else if (code < 0x800) {
		b[0] = (char)(0xc0 | code >> 6);
		b[1] = (char)(0x80 | (code & 0x3f));
		text_append(t, b, 2);
	} else if (code < 0x10000) {
		b[0] = (char)(0xe0 | code >> 12);
		b[1] = (char)(0x80 | (code >> 6 & 0x3f));
		b[2] = (char)(0x80 | (code & 0x3f));
		text_append(t, b, 3);
	} else {
		b[0] = (char)(0xf0 | code >> 18);
		b[1] = (char)(0x80 | (code >> 12 & 0x3f));
		b[2] = (char)(0x80 | (code >> 6 & 0x3f));
		b[3] = (char)(0x80 | (code & 0x3f));
		text_append(t, b, 4);
	}
}
