/* SPDX-License-Identifier: MIT */
/*
 * jw - JSON written straight into a buf, without a tree in between.
 *
 * It puts commas, quotes and escapes; that keys are not repeated, and that
 * raw JSON is JSON, is its caller's business.  A full buf is noticed by the
 * caller, at the end (buf.h).
 *
 * Invariant: whatever text comes in, valid UTF-8 without control characters
 * goes out, so the output is safe in a log and on one line.
 */
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define JW_REPLACEMENT "\xef\xbf\xbd"	/* U+FFFD */

void
jw_init(struct jw *w, struct buf *out)
{
	*w = (struct jw){ .out = out };
}

/* The bytes of the UTF-8 sequence that begins here, or 0 if it is none
   (Unicode 15, table 3-7). */
static size_t
jw_utf8_len(const unsigned char *p, size_t n)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t len, i;

	if (p[0] < 0xc2 || p[0] > 0xf4)
		return p[0] < 0x80;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (len > n)
		return 0;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static void
jw_escape(struct buf *out, unsigned char c)
{
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	const char *at;

	for (at = letters; *at; at += 2)
		if ((unsigned char)at[0] == c) {
			char pair[2] = { '\\', at[1] };

			(void)buf_add(out, pair, 2);
			return;
		}
	(void)buf_printf(out, "\\u%04x", c);
}

#define JW_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight bytes at once, all ASCII that goes out as it is.  In each byte the top
   bit tells: set as it comes, or by taking away more than is there.  A borrow
   only spreads from a byte that has told already. */
static bool
jw_is_plain_word(const unsigned char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	w |= (w - JW_EACH(0x20)) | ((w ^ JW_EACH('"')) - JW_EACH(1)) |
	    ((w ^ JW_EACH('\\')) - JW_EACH(1)) |
	    ((w ^ JW_EACH(0x7f)) - JW_EACH(1));
	return (w & JW_EACH(0x80)) == 0;
}

static bool
jw_is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* How many bytes go out as they are. */
static size_t
jw_plain_len(const unsigned char *p, size_t n)
{
	size_t i, len;

	for (i = 0; i < n; i += len) {
		len = sizeof(uint64_t);
		if (n - i >= len && jw_is_plain_word(p + i))
			continue;
		len = 1;
		if (jw_is_plain(p[i]))
			continue;
		len = p[i] < 0x80 ? 0 : jw_utf8_len(p + i, n - i);
		/* U+0080 to U+009F are control characters, too. */
		if (!len || (p[i] == 0xc2 && p[i + 1] < 0xa0))
			break;
	}
	return i;
}

static void
jw_quote(struct buf *out, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len = jw_plain_len(p, n);
	char *room = buf_room(out, n + 2);	/* no byte gets shorter */

	if (!room)
		return;
	if (len == n) {
		room[0] = room[n + 1] = '"';
		if (n)
			memcpy(room + 1, s, n);
		buf_used(out, n + 2);
		return;
	}
	(void)buf_char(out, '"');
	while (n) {
		len = jw_plain_len(p, n);
		(void)buf_add(out, p, len);
		p += len;
		n -= len;
		if (!n)
			break;
		if (*p < 0x80) {
			jw_escape(out, *p);
			len = 1;
		} else if ((len = jw_utf8_len(p, n)) == 2) {
			jw_escape(out, p[1]);	/* U+0080 to U+009F */
		} else {
			(void)buf_str(out, JW_REPLACEMENT);
			len = 1;
		}
		p += len;
		n -= len;
	}
	(void)buf_char(out, '"');
}

/* What stands in front of a value. */
static void
jw_lead(struct jw *w, const char *key)
{
	if (w->comma)
		(void)buf_char(w->out, ',');
	w->comma = true;
	if (!key)
		return;
	jw_quote(w->out, key, strlen(key));
	(void)buf_char(w->out, ':');
}

static void
jw_open(struct jw *w, const char *key, const char *pair)
{
	OW_ASSERT(w->depth < JSON_DEPTH_MAX);
	jw_lead(w, key);
	(void)buf_char(w->out, pair[0]);
	w->close[w->depth++] = pair[1];
	w->comma = false;
}

void
jw_object(struct jw *w, const char *key)
{
	jw_open(w, key, "{}");
}

void
jw_list(struct jw *w, const char *key)
{
	jw_open(w, key, "[]");
}

void
jw_end(struct jw *w)
{
	OW_ASSERT(w->depth > 0);
	(void)buf_char(w->out, w->close[--w->depth]);
	w->comma = true;
}

void
jw_text(struct jw *w, const char *key, const char *s)
{
	if (s)
		jw_textn(w, key, s, strlen(s));
	else
		jw_null(w, key);
}

void
jw_textn(struct jw *w, const char *key, const char *s, size_t n)
{
	jw_lead(w, key);
	jw_quote(w->out, s, n);
}

void
jw_int(struct jw *w, const char *key, int64_t i)
{
	jw_lead(w, key);
	(void)buf_int(w->out, i);
}

void
jw_real(struct jw *w, const char *key, double d)
{
	char text[32], *point;
	int digits;

	if (!isfinite(d)) {
		jw_null(w, key);	/* JSON has no word for it */
		return;
	}
	for (digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, d);
		if (strtod(text, NULL) == d)
			break;
	}
	point = strchr(text, ',');	/* as some locales write it */
	if (point)
		*point = '.';
	jw_lead(w, key);
	(void)buf_str(w->out, text);
}

void
jw_rounded(struct jw *w, const char *key, double d, int decimals)
{
	static const double scales[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6 };
	double scale = scales[decimals];

	/* From 2^52 on there are no decimals; + 0.0 makes 0 of -0. */
	jw_real(w, key, fabs(d * scale) < 0x1p52 ?
	    round(d * scale) / scale + 0.0 : d);
}

void
jw_bool(struct jw *w, const char *key, bool b)
{
	jw_lead(w, key);
	(void)buf_str(w->out, b ? "true" : "false");
}

void
jw_null(struct jw *w, const char *key)
{
	jw_lead(w, key);
	(void)buf_str(w->out, "null");
}

void
jw_time(struct jw *w, const char *key, int64_t wall_ms)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(wall_ms, text);
	jw_text(w, key, text);
}

void
jw_raw(struct jw *w, const char *key, const char *json, size_t n)
{
	jw_lead(w, key);
	(void)buf_add(w->out, json, n);
}
