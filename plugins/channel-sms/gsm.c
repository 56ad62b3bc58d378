/* SPDX-License-Identifier: MIT */
/*
 * gsm - see gsm.h.
 *
 * A message of several segments loses 6 octets of each to the header that
 * puts them together (TS 23.040, 9.2.3.24.1): 153 septets or 67 units are
 * left.  A character never straddles two segments.
 */
#include <string.h>

#include "gsm.h"

#define ONE_GSM 160
#define PART_GSM 153
#define ONE_UCS2 70
#define PART_UCS2 67

/* TS 23.038, 6.2.1 besides what has the same place in ASCII. */
static const uint16_t gsm_basic[] = {
	0x00a3, 0x00a5, 0x00e8, 0x00e9, 0x00f9, 0x00ec, 0x00f2, 0x00c7,
	0x00d8, 0x00f8, 0x00c5, 0x00e5, 0x0394, 0x03a6, 0x0393, 0x039b,
	0x03a9, 0x03a0, 0x03a8, 0x03a3, 0x0398, 0x039e, 0x00c6, 0x00e6,
	0x00df, 0x00c9, 0x00a4, 0x00a1, 0x00c4, 0x00d6, 0x00d1, 0x00dc,
	0x00a7, 0x00bf, 0x00e4, 0x00f6, 0x00f1, 0x00fc, 0x00e0, 0
};

/* What is written plain rather than in UCS-2. */
static const struct {
	uint16_t code;
	const char *plain;
} gsm_plain[] = {
	{ 0x0009, " " }, { 0x0060, "'" }, { 0x00a0, " " }, { 0x00ab, "\"" },
	{ 0x00b4, "'" }, { 0x00bb, "\"" },
	{ 0x2009, " " }, { 0x200b, "" }, { 0x2010, "-" }, { 0x2011, "-" },
	{ 0x2012, "-" }, { 0x2013, "-" }, { 0x2014, "-" }, { 0x2018, "'" },
	{ 0x2019, "'" }, { 0x201a, "'" }, { 0x201c, "\"" }, { 0x201d, "\"" },
	{ 0x201e, "\"" }, { 0x2022, "-" }, { 0x2026, "..." },
	{ 0x202f, " " }, { 0x2212, "-" },
};

/* Septets of a character: 1, 2 (by the extension table), 0: it has none. */
static uint32_t
gsm_septets(uint32_t code)
{
	if (code == '\n' || code == '\r')
		return 1;
	if (code < 0x80) {
		if (strchr("^{}\\[~]|", (int)code) || code == '\f')
			return 2;
		return code >= ' ' && code != '`' && code != 0x7f;
	}
	if (code == 0x20ac)
		return 2;
	for (const uint16_t *p = gsm_basic; *p; p++) {
		if (*p == code)
			return 1;
	}
	return 0;
}

static uint32_t
gsm_units(uint32_t code, bool is_ucs2)
{
	return is_ucs2 ? (code > 0xffff ? 2 : 1) : gsm_septets(code);
}

struct gsm
gsm_measure(const char *text)
{
	struct gsm g = { .is_ucs2 = false };
	uint32_t code, total = 0, part = 0, parts = 1, one, limit, n;
	const char *p;

	for (p = text; (code = text_next(&p)) != 0; )
		g.is_ucs2 |= gsm_septets(code) == 0;
	one = g.is_ucs2 ? ONE_UCS2 : ONE_GSM;
	limit = g.is_ucs2 ? PART_UCS2 : PART_GSM;
	for (p = text; (code = text_next(&p)) != 0; ) {
		n = gsm_units(code, g.is_ucs2);
		total += n;
		if (part + n > limit) {
			parts++;
			part = 0;
		}
		part += n;
	}
	g.segments = total == 0 ? 0 : total <= one ? 1 : parts;
	return g;
}

/* Written plain, and measured; false: UCS-2 is needed all the same. */
static bool
gsm_write_plain(const char *text, struct text *out)
{
	uint32_t code;
	size_t i, n = sizeof(gsm_plain) / sizeof(gsm_plain[0]);

	while ((code = text_next(&text)) != 0) {
		for (i = 0; i < n && gsm_plain[i].code != code; )
			i++;
		if (i < n)
			text_adds(out, ESCAPE_NONE, gsm_plain[i].plain);
		else if (gsm_septets(code))
			text_put(out, code);
		else
			return false;
	}
	return true;
}

/* The longest beginning that leaves room for the ellipsis; in bytes. */
static size_t
gsm_cut(const char *text, uint32_t segments_max, bool is_ucs2,
    uint32_t ellipsis)
{
	uint32_t limit = is_ucs2 ? PART_UCS2 : PART_GSM;
	uint32_t part = 0, parts = 1, code, n;
	const char *p = text;
	size_t fits = 0;

	if (segments_max == 1)
		limit = is_ucs2 ? ONE_UCS2 : ONE_GSM;
	while ((code = text_next(&p)) != 0) {
		n = gsm_units(code, is_ucs2);
		if (part + n > limit) {
			parts++;
			part = 0;
		}
		part += n;
		if (parts > segments_max || (parts == segments_max &&
		    part + ellipsis > limit))
			break;
		fits = (size_t)(p - text);
	}
	return fits;
}

struct gsm
gsm_fit(const char *text, uint32_t segments_max, struct text *out)
{
	struct text plain = { .s = NULL };
	struct gsm g = gsm_measure(text);

	if (g.is_ucs2 && gsm_write_plain(text, &plain)) {
		text = text_str(&plain);
		g = gsm_measure(text);
	}
	if (g.segments <= segments_max) {
		for (uint32_t code; (code = text_next(&text)) != 0; )
			text_put(out, code);
	} else {
		const char *p = text;
		const char *end = text + gsm_cut(text, segments_max,
		    g.is_ucs2, g.is_ucs2 ? 1 : 3);

		while (p < end)
			text_put(out, text_next(&p));
		text_adds(out, ESCAPE_NONE, g.is_ucs2 ? "\xe2\x80\xa6" : "...");
		g.segments = segments_max;
		g.was_cut = true;
	}
	text_done(&plain);
	return g;
}
