/* SPDX-License-Identifier: MIT */
/*
 * fuzz_template - any template, filled in with any values, for every place.
 *
 * The input is a template's text and, each behind a NUL, the values of three
 * names.  Whatever the values are, what comes out for a place keeps to it: no
 * line ends in a line, no markup in HTML and no byte in a URL that the template
 * has not itself, nothing that is not UTF-8 from what is, and never more than
 * the cap.  With empty values nothing comes out that is not the template's.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "notify/pattern.h"

#define FUZZ_MAX 65536
#define FUZZ_VALUES 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "a", "b", "url", "content", NULL };

struct fuzz {
	struct arena arena;
	const char *text;
	const char *values[FUZZ_VALUES];
	bool is_utf8;			/* the values are */
};

/* How often a byte is in a text. */
static size_t
fuzz_count(const char *s, char c)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == c;
	return n;
}

static void
fuzz_check(const struct fuzz *f, enum escape escape,
    const char *out, size_t n)
{
	static const char *const kept[] = {
		[ESCAPE_LINE] = "\r\n\t\x7f\x01\x1b",
		[ESCAPE_LINES] = "\r\t\x7f\x01\x1b",
		[ESCAPE_HTML] = "<>\"'\r\x7f\x01\x1b",
		[ESCAPE_URL] = "<>\"' \r\n\t\x7f\x01\x1b",
	};
	const char *c;

	OW_ASSERT(n <= PATTERN_OUT_MAX);
	OW_ASSERT(strlen(out) == n);
	OW_ASSERT(!f->is_utf8 || utf8_is_valid(out, n));
	for (c = kept[escape]; *c; c++)
		OW_ASSERT(fuzz_count(out, *c) <= fuzz_count(f->text, *c));
}

static void
fuzz_place(struct fuzz *f, enum escape escape)
{
	static const char *const empty[] = { "", "", "", "" };
	const struct pattern_names plain = { names, -1, 2 };
	struct buf out = BUF_INIT(PATTERN_OUT_MAX);
	struct ow_fault why = { "" };
	struct pattern pattern;

	if (pattern_read(f->text, escape, &plain, &f->arena, &pattern,
	    &why)) {
		OW_ASSERT(*why.text);
		return;
	}
	(void)buf_str(&out, "");
	pattern_fill(&pattern, f->values, &out);
	OW_ASSERT(!out.full);
	fuzz_check(f, escape, out.p, out.n);
	buf_clear(&out);
	pattern_fill(&pattern, empty, &out);
	OW_ASSERT(!out.full && out.n <= strlen(f->text));
	buf_done(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { .text = NULL, .is_utf8 = true };
	char *copy, *p;
	int i;

	if (size > FUZZ_MAX)
		return 0;
	copy = mem_dupn((const char *)data, size);
	arena_init(&f.arena);
	f.text = p = copy;
	for (i = 0; i < FUZZ_VALUES; i++) {
		p += strlen(p);
		p += p < copy + size;
		f.values[i] = p;
		f.is_utf8 &= utf8_is_valid(p, strlen(p));
	}
	for (i = ESCAPE_LINE; i <= ESCAPE_URL; i++)
		fuzz_place(&f, (enum escape)i);
	arena_done(&f.arena);
	free(copy);
	return 0;
}
