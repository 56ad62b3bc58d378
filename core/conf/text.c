/* SPDX-License-Identifier: MIT */
/*
 * text - a configuration file's text, made safe for libconfig.
 *
 * libconfig 1.5 cuts a whole number without the suffix L to 32 bits and says
 * nothing (4294967296 becomes 0), so the suffix is added here where it is
 * needed.  It follows @include to any file, whose numbers nobody would have
 * mended and whose secrets would not be ours to wipe; that is what conf.d is
 * for, so it is refused.  This is no parser: strings and comments are only
 * stepped over, and lines keep their numbers.
 */
#include "conf/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define TEXT_DIGITS_MAX 18		/* always fits an int64_t */

struct text {
	const char *p, *end;
	struct buf *out;
	int line;
	struct ow_fault *fault;
};

static void
text_copy(struct text *t, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		t->line += t->p[i] == '\n';
	(void)buf_add(t->out, t->p, n);	/* asked once, at the end */
	t->p += n;
}

static size_t
text_left(const struct text *t)
{
	return (size_t)(t->end - t->p);
}

static bool
text_starts(const struct text *t, const char *s)
{
	return text_left(t) >= strlen(s) && !memcmp(t->p, s, strlen(s));
}

/* libconfig would go on to the next quote, wherever that is, and blame the
   line there. */
static int
text_string(struct text *t)
{
	size_t n = 1;

	while (n < text_left(t) && t->p[n] != '"' && t->p[n] != '\n')
		n += t->p[n] == '\\' && n + 1 < text_left(t) ? 2 : 1;
	if (n >= text_left(t) || t->p[n] != '"') {
		snprintf(t->fault->text, sizeof(t->fault->text),
		    "a text has no closing '\"' in its line");
		return OW_EINVAL;
	}
	text_copy(t, n + 1);
	return OW_OK;
}

/* To the end of the comment, or of the text. */
static void
text_comment(struct text *t, const char *stop)
{
	const char *at = memmem(t->p, text_left(t), stop, strlen(stop));

	text_copy(t, at ? (size_t)(at - t->p) + strlen(stop) : text_left(t));
}

static bool
text_is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*';
}

static void
text_name(struct text *t)
{
	size_t n = 1;

	while (n < text_left(t) && text_is_name(t->p[n]))
		n++;
	text_copy(t, n);
}

static bool
text_needs_suffix(const char *digits, size_t n, int base)
{
	char word[TEXT_DIGITS_MAX + 1];

	memcpy(word, digits, n);
	word[n] = '\0';
	return strtoull(word, NULL, base) > INT32_MAX;
}

static int
text_number(struct text *t)
{
	int base = text_starts(t, "0x") || text_starts(t, "0X") ? 16 : 10;
	size_t first = base == 16 ? 2 : 0, n = first, skip = first;
	bool suffix;

	while (n < text_left(t) && (base == 16 ?
	    isxdigit((unsigned char)t->p[n]) : isdigit((unsigned char)t->p[n])))
		n++;
	while (skip < n && t->p[skip] == '0')
		skip++;
	if (n < text_left(t) && base == 10 && strchr(".eE", t->p[n])) {
		text_copy(t, n + 1);	/* a fraction: libconfig's business */
		return OW_OK;
	}
	if (n - skip > (base == 16 ? 15u : TEXT_DIGITS_MAX)) {
		snprintf(t->fault->text, sizeof(t->fault->text),
		    "this number has too many digits");
		return OW_EINVAL;
	}
	suffix = text_needs_suffix(t->p + skip, n - skip, base);
	text_copy(t, n);
	if (suffix && !(t->p < t->end && *t->p == 'L'))
		(void)buf_char(t->out, 'L');
	while (t->p < t->end && *t->p == 'L')
		text_copy(t, 1);
	return OW_OK;
}

static int
text_step(struct text *t)
{
	char c = *t->p;

	if (c == '"')
		return text_string(t);
	if (c == '#' || text_starts(t, "//"))
		text_comment(t, "\n");
	else if (text_starts(t, "/*"))
		text_comment(t, "*/");
	else if (isdigit((unsigned char)c))
		return text_number(t);
	else if (isalpha((unsigned char)c) || c == '*')
		text_name(t);
	else if (c == '@') {
		snprintf(t->fault->text, sizeof(t->fault->text), "@include is "
		    "not supported; put further files into conf.d/");
		return OW_EINVAL;
	} else
		text_copy(t, 1);
	return OW_OK;
}

int
text_prepare(const char *p, size_t n, struct buf *out, int *out_line,
    struct ow_fault *fault)
{
	struct text t = { p, p + n, out, 1, fault };
	const char *nul = memchr(p, '\0', n);
	const char *at;
	int err = OW_OK;

	if (nul) {
		for (at = p; at < nul; at++)
			t.line += *at == '\n';
		snprintf(fault->text, sizeof(fault->text),
		    "there is a NUL byte; is this a text file?");
		err = OW_EINVAL;
	}
	while (!err && t.p < t.end)
		err = text_step(&t);
	if (!err && out->full) {
		snprintf(fault->text, sizeof(fault->text),
		    "the file is larger than %zu kB", TEXT_MAX / 1024);
		t.line = 0;
		err = OW_EINVAL;
	}
	if (err)
		*out_line = t.line;
	return err;
}
