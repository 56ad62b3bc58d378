/* SPDX-License-Identifier: MIT */
/*
 * jtext - JSON as text: cut a member out of it, or squeeze it, without making
 * a tree.
 *
 * Both are for text that json_parse has accepted and check nothing again; with
 * other text they give something useless, but read nothing outside of it.
 */
#include "base/json.h"

#include <string.h>

struct jtext {
	const char *p, *end;
};

static bool
jtext_is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void
jtext_skip_blanks(struct jtext *t)
{
	while (t->p < t->end && jtext_is_blank(*t->p))
		t->p++;
}

/* At a quote; moves behind the one that closes. */
static void
jtext_skip_text(struct jtext *t)
{
	for (t->p++; t->p < t->end; t->p++) {
		if (*t->p == '"') {
			t->p++;
			return;
		}
		if (*t->p == '\\' && t->p + 1 < t->end)
			t->p++;
	}
}

/* Moves behind a value of any kind. */
static void
jtext_skip_value(struct jtext *t)
{
	size_t depth = 0;

	while (t->p < t->end) {
		if (*t->p == '"') {
			jtext_skip_text(t);
		} else if (*t->p == '{' || *t->p == '[') {
			depth++;
			t->p++;
		} else if (*t->p == '}' || *t->p == ']') {
			if (!depth)
				return;
			depth--;
			t->p++;
		} else if (!depth && (*t->p == ',' || jtext_is_blank(*t->p))) {
			return;
		} else {
			t->p++;
			continue;	/* inside of a number or word */
		}
		if (!depth)
			return;
	}
}

/* Four hex digits, or 0. */
static uint32_t
jtext_hex4(const char *p, const char *end)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at;
	uint32_t u = 0;
	int i;

	if (end - p < 4)
		return 0;
	for (i = 0; i < 4; i++) {
		at = p[i] ? strchr(digits, p[i]) : NULL;
		if (!at)
			return 0;
		u = u * 16 + (uint32_t)((at - digits) % 16);
	}
	return u;
}

static size_t
jtext_utf8(uint32_t u, char out[4])
{
	size_t len = u < 0x80 ? 1 : u < 0x800 ? 2 : u < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t i;

	for (i = len; i > 1; i--) {
		out[i - 1] = (char)(0x80 | (u & 0x3f));
		u >>= 6;
	}
	out[0] = (char)(lead[len] | u);
	return len;
}

/* One character of a text, at a backslash: moves behind it. */
static size_t
jtext_unescape(struct jtext *t, char out[4])
{
	static const char pairs[] = "b\bf\fn\nr\rt\t";
	const char *at;
	uint32_t u, low;

	t->p++;
	if (t->p >= t->end)
		return 0;
	if (*t->p != 'u') {
		out[0] = *t->p++;
		for (at = pairs; *at; at += 2)
			if (at[0] == out[0]) {
				out[0] = at[1];
				break;
			}
		return 1;
	}
	u = jtext_hex4(t->p + 1, t->end);
	t->p += t->end - t->p < 5 ? t->end - t->p : 5;
	if (u >= 0xd800 && u < 0xdc00 && t->end - t->p >= 6) {
		low = jtext_hex4(t->p + 2, t->end);
		u = 0x10000 + ((u & 0x3ff) << 10) + (low & 0x3ff);
		t->p += 6;
	}
	return jtext_utf8(u, out);
}

/* At a quote, moves behind the text; is it this name? */
static bool
jtext_skip_name(struct jtext *t, const char *name)
{
	struct jtext in;
	size_t left = strlen(name), len;
	char c[4];

	in.p = t->p + 1;
	jtext_skip_text(t);
	in.end = t->p - 1;
	while (in.p < in.end) {
		if (*in.p == '\\') {
			len = jtext_unescape(&in, c);
		} else {
			c[0] = *in.p++;
			len = 1;
		}
		if (len > left || memcmp(c, name, len) != 0)
			return false;
		name += len;
		left -= len;
	}
	return left == 0;
}

int
json_slice(const char *p, size_t n, const char *member,
    struct ow_bytes *out)
{
	struct jtext t = { p, p + n };
	const char *start;
	bool is_it;

	jtext_skip_blanks(&t);
	if (t.p >= t.end || *t.p++ != '{')
		return OW_ENOENT;
	for (;;) {
		jtext_skip_blanks(&t);
		if (t.p >= t.end || *t.p != '"')
			return OW_ENOENT;
		is_it = jtext_skip_name(&t, member);
		jtext_skip_blanks(&t);
		if (t.p >= t.end || *t.p++ != ':')
			return OW_ENOENT;
		jtext_skip_blanks(&t);
		start = t.p;
		jtext_skip_value(&t);
		if (is_it)
			break;
		jtext_skip_blanks(&t);
		if (t.p >= t.end || *t.p++ != ',')
			return OW_ENOENT;
	}
	out->p = start;
	out->n = (size_t)(t.p - start);
	return OW_OK;
}

void
json_compact(struct buf *out, const char *p, size_t n)
{
	struct jtext t = { p, p + n };
	const char *start;

	for (;;) {
		jtext_skip_blanks(&t);
		if (t.p >= t.end)
			return;
		start = t.p;
		while (t.p < t.end && !jtext_is_blank(*t.p)) {
			if (*t.p == '"')
				jtext_skip_text(&t);
			else
				t.p++;
		}
		(void)buf_add(out, start, (size_t)(t.p - start));
	}
}
