/* SPDX-License-Identifier: MIT */
/*
 * pattern - a text with {{names}} in it, read once and filled in many times.
 *
 * Reading makes a flat list of parts; a section knows the part behind its end,
 * so that filling in is one walk without a stack.  Whatever can be wrong is
 * found while reading, also how long the result can get: filling in cannot
 * fail.
 */
#include "notify/pattern.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "conf/near.h"

#define PARTS_MAX 400u
#define DEPTH_MAX 8u
#define NAME_MAX_BYTES 40
#define GROWS_MAX 6		/* one byte, escaped: "&quot;" */

enum part_kind { PART_TEXT, PART_VALUE, PART_URL, PART_RAW, PART_IF,
    PART_UNLESS };

struct pattern_part {
	enum part_kind kind;
	uint32_t name;		/* all but PART_TEXT */
	uint32_t to;		/* PART_IF, PART_UNLESS: behind the end */
	const char *s;		/* PART_TEXT */
	size_t n;
};

struct reader {
	const char *p;
	enum escape escape;
	const struct pattern_names *names;
	struct arena *arena;
	struct ow_fault *fault;
	struct pattern_part parts[PARTS_MAX];
	uint32_t n, depth;
	uint32_t open[DEPTH_MAX];	/* the sections that are not ended */
	size_t max;			/* bytes that may come out */
};

static int reader_fault(struct reader *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int
reader_fault(struct reader *r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(r->fault->text, sizeof(r->fault->text), fmt, args);
	va_end(args);
	return OW_EINVAL;
}

static int
reader_add(struct reader *r, enum part_kind kind, uint32_t name,
    const char *s, size_t n)
{
	if (r->n == PARTS_MAX)
		return reader_fault(r, "the text has more than %u parts",
		    PARTS_MAX);
	r->parts[r->n++] = (struct pattern_part){ kind, name, 0,
	    s ? arena_dupn(r->arena, s, n) : NULL, n };
	r->max += s ? n : kind == PART_VALUE || kind == PART_URL ?
	    (size_t)PATTERN_VALUE_MAX * GROWS_MAX : 0;
	if (r->max > PATTERN_OUT_MAX)
		return reader_fault(r, "the text can get longer than %zu kB",
		    PATTERN_OUT_MAX / 1024);
	return OW_OK;
}

static int
reader_text(struct reader *r, size_t n)
{
	bool is_line = r->escape != ESCAPE_LINES && r->escape != ESCAPE_HTML;
	size_t i;

	for (i = 0; i < n; i++)
		if (escape_control(r->p + i, n - i) ||
		    (is_line && (r->p[i] == '\n' || r->p[i] == '\t')))
			return reader_fault(r, "there is a control character%s",
			    is_line ? "; this is one line" : "");
	if (n && reader_add(r, PART_TEXT, 0, r->p, n))
		return OW_EINVAL;
	r->p += n;
	return OW_OK;
}

static int
reader_unknown(struct reader *r, const char *name)
{
	struct near near = { name, NULL, 0 };
	char hint[128];
	size_t i;

	for (i = 0; r->names->list[i]; i++)
		near_try(&near, r->names->list[i]);
	near_hint(&near, hint, sizeof(hint));
	return reader_fault(r, "there is no variable '%s'%s", name, hint);
}

/* The index of the name at s, with blanks around it. */
static int
reader_name(struct reader *r, const char *s, size_t n,
    uint32_t *out)
{
	char name[NAME_MAX_BYTES + 1];
	uint32_t i;

	while (n && *s == ' ') {
		s++;
		n--;
	}
	while (n && s[n - 1] == ' ')
		n--;
	if (n > NAME_MAX_BYTES || memchr(s, '{', n))
		return reader_fault(r, "a '{{' has no '}}'");
	memcpy(name, s, n);
	name[n] = '\0';
	for (i = 0; r->names->list[i]; i++)
		if (!strcmp(r->names->list[i], name)) {
			*out = i;
			return OW_OK;
		}
	return reader_unknown(r, name);
}

static int
reader_end(struct reader *r, uint32_t name)
{
	struct pattern_part *part;

	if (!r->depth)
		return reader_fault(r, "{{/%s}} ends nothing",
		    r->names->list[name]);
	part = &r->parts[r->open[--r->depth]];
	if (part->name != name)
		return reader_fault(r, "{{/%s}} stands where {{/%s}} should",
		    r->names->list[name], r->names->list[part->name]);
	part->to = r->n;
	return OW_OK;
}

static int
reader_section(struct reader *r, enum part_kind kind,
    uint32_t name)
{
	if (r->depth == DEPTH_MAX)
		return reader_fault(r, "sections are nested more than %u deep",
		    DEPTH_MAX);
	r->open[r->depth++] = r->n;
	return reader_add(r, kind, name, NULL, 0);
}

static int
reader_value(struct reader *r, uint32_t name)
{
	bool is_url = r->escape == ESCAPE_URL && !r->n &&
	    (int)name == r->names->url;

	return reader_add(r, is_url ? PART_URL : PART_VALUE, name, NULL, 0);
}

/* At "{{". */
static int
reader_tag(struct reader *r)
{
	bool is_raw = r->p[2] == '{';
	const char *s = r->p + (is_raw ? 3 : 2);
	const char *close = is_raw ? "}}}" : "}}";
	const char *end = strstr(s, close);
	char sign = *s;
	uint32_t name = 0;

	if (!end)
		return reader_fault(r, "a '{{' has no '}}'");
	s += !is_raw && (sign == '#' || sign == '^' || sign == '/');
	if (reader_name(r, s, (size_t)(end - s), &name))
		return OW_EINVAL;
	r->p = end + strlen(close);
	if (is_raw && (int)name != r->names->raw)
		return reader_fault(r, "{{{%s}}} would not be escaped; write "
		    "{{%s}}", r->names->list[name], r->names->list[name]);
	if (is_raw)
		return reader_add(r, PART_RAW, name, NULL, 0);
	switch (sign) {
	case '#':
		return reader_section(r, PART_IF, name);
	case '^':
		return reader_section(r, PART_UNLESS, name);
	case '/':
		return reader_end(r, name);
	}
	return reader_value(r, name);
}

int
pattern_read(const char *text, enum escape escape,
    const struct pattern_names *names, struct arena *arena,
    struct pattern *out, struct ow_fault *fault)
{
	struct reader r = { .p = text, .escape = escape, .names = names,
		.arena = arena, .fault = fault };
	const char *tag;
	size_t n;

	if (!utf8_is_valid(text, strlen(text)))
		return reader_fault(&r, "the text is not UTF-8");
	while (*r.p) {
		tag = strstr(r.p, "{{");
		n = tag ? (size_t)(tag - r.p) : strlen(r.p);
		if (reader_text(&r, n) || (tag && reader_tag(&r)))
			return OW_EINVAL;
	}
	if (r.depth)
		return reader_fault(&r, "the section '%s' does not end",
		    names->list[r.parts[r.open[r.depth - 1]].name]);
	out->escape = escape;
	out->n = r.n;
	out->parts = arena_alloc(arena, r.n * sizeof(*out->parts));
	memcpy(out->parts, r.parts, r.n * sizeof(*out->parts));
	return OW_OK;
}

/* ---- Filling in -------------------------------------------------------- */

static void
fill_value(struct buf *out, enum escape escape, const char *value)
{
	size_t n = strlen(value);
	size_t kept = escape_cut(value, n, PATTERN_VALUE_MAX);

	escape_add(out, escape, value, kept);
	if (kept < n)
		escape_add(out, escape, ESCAPE_ELLIPSIS,
		    sizeof(ESCAPE_ELLIPSIS) - 1);
}

/* What was added behind `from` loses its blanks at both ends and, if it is to
   be one line, its newlines and one of two blanks in a row. */
static void
fill_trim(struct buf *out, size_t from, bool is_line)
{
	char *p = out->p + from, *end = out->p + out->n, *to = p;

	while (p < end && (*p == ' ' || *p == '\n'))
		p++;
	for (; p < end; p++) {
		if (is_line && *p == '\n')
			*p = ' ';
		if (!is_line || *p != ' ' || to[-1] != ' ')
			*to++ = *p;
	}
	while (to > out->p + from && (to[-1] == ' ' || to[-1] == '\n'))
		to--;
	out->n = (size_t)(to - out->p);
	*to = '\0';
}

void
pattern_fill(const struct pattern *pattern, const char *const *values,
    struct buf *out)
{
	const struct pattern_part *part;
	size_t from = out->n;
	uint32_t i = 0;

	while (i < pattern->n) {
		part = &pattern->parts[i++];
		switch (part->kind) {
		case PART_TEXT:
			(void)buf_add(out, part->s, part->n);
			break;
		case PART_VALUE:
			fill_value(out, pattern->escape, values[part->name]);
			break;
		case PART_URL:
			fill_value(out, ESCAPE_WHOLE_URL, values[part->name]);
			break;
		case PART_RAW:
			(void)buf_str(out, values[part->name]);
			break;
		case PART_IF:
		case PART_UNLESS:
			if (!values[part->name][0] == (part->kind == PART_IF))
				i = part->to;
			break;
		}
	}
	if (out->n > from && (pattern->escape == ESCAPE_LINE ||
	    pattern->escape == ESCAPE_LINES))
		fill_trim(out, from, pattern->escape == ESCAPE_LINE);
}
