/* SPDX-License-Identifier: MIT */
/*
 * pattern - a text with {{names}} in it, read once and filled in many times.
 *
 *	{{name}}		the value, escaped
 *	{{#name}}...{{/name}}	stays if the value is not empty
 *	{{^name}}...{{/name}}	stays if it is empty
 *	{{{name}}}		the value as it is: only the one name that is
 *				allowed so
 *
 * Values are told by the index of their name.  Immutable once read.
 */
#ifndef NOTIFY_PATTERN_H
#define NOTIFY_PATTERN_H

#include <orderwire/plugin.h>
#include "base/arena.h"
#include "notify/escape.h"

struct buf;

#define PATTERN_VALUE_MAX 1000u	/* bytes of one value, before escaping */
#define PATTERN_OUT_MAX ((size_t)256 << 10)	/* without raw values */

struct pattern_part;

struct pattern {
	enum escape escape;
	uint32_t n;
	struct pattern_part *parts;
};

struct pattern_names {
	const char *const *list;	/* NULL at the end */
	int raw;	/* the name for {{{name}}}, or -1 */
	int url;	/* where a URL pattern begins with it, it is one already
			   and stays so; or -1 */
};

/* text and names are not kept; what is kept is the arena's.  OW_OK, or
   OW_EINVAL with a sentence. */
int pattern_read(const char *text, enum escape, const struct pattern_names *,
    struct arena *, struct pattern *out, struct ow_fault *);

/* Append the text filled in.  values has one for each name, never NULL.  With
   ESCAPE_LINE the result has no blanks at its ends nor two in a row, with
   ESCAPE_LINES none at its ends. */
void pattern_fill(const struct pattern *, const char *const *values,
    struct buf *out);

#endif
