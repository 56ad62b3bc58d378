/* SPDX-License-Identifier: MIT */
/*
 * explain - an option table as a sample file with comments.
 *
 * What is printed can be read back: defaults stand there commented out, and a
 * required option stands as "", which is a fault until somebody fills it in.
 */
#include "conf/conf.h"

#include <string.h>

#include "base/buf.h"
#include "conf/value.h"

#define EXPLAIN_WIDTH 78u

static void
explain_indent(struct buf *out, int indent)
{
	while (indent-- > 0)
		(void)buf_char(out, '\t');
}

/* A comment, broken between words. */
static void
explain_comment(struct buf *out, int indent, const char *text)
{
	size_t room = EXPLAIN_WIDTH - 2 - 8 * (size_t)indent, n;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		n = strlen(text);
		if (n > room) {
			n = room;
			while (n && text[n] != ' ')
				n--;
			if (!n)
				n = strcspn(text, " ");
		}
		while (n > 1 && text[n - 1] == ' ')
			n--;
		explain_indent(out, indent);
		(void)buf_str(out, "# ");
		(void)buf_add(out, text, n);
		(void)buf_char(out, '\n');
		text += n;
	}
}

/* "Required.  A time, between 1s and 5m." */
static void
explain_limits(const struct ow_option *o, struct buf *text)
{
	const char *const *choice;
	struct buf range = BUF_INIT(256);

	(void)buf_str(text, o->help);
	if (!o->dflt)
		(void)buf_str(text, "  Required.");
	if (o->type == OW_T_SECRET)
		(void)buf_str(text, "  \"@file\" reads it from a file.");
	if (o->type == OW_T_CHOICE) {
		(void)buf_str(text, "  One of");
		for (choice = o->choices; *choice; choice++)
			(void)buf_printf(text, "%s %s",
			    choice == o->choices ? "" : ",", *choice);
		(void)buf_char(text, '.');
	}
	value_format_range(o, &range);
	if (range.n)
		(void)buf_printf(text, "  %c%s.", range.p[0] - 'a' + 'A',
		    range.p + 1);
	buf_done(&range);
}

static void
explain_quoted(struct buf *out, const char *s)
{
	(void)buf_char(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			(void)buf_char(out, '\\');
		(void)buf_char(out, *s == '\n' ? ' ' : *s);
	}
	(void)buf_char(out, '"');
}

static void
explain_value(const struct ow_option *o, struct buf *out)
{
	struct ow_fault why;
	struct value value;

	if (o->type == OW_T_INT)
		(void)buf_str(out, o->dflt);
	else if (o->type == OW_T_BOOL &&
	    !value_read_default(o, o->dflt, &value, &why))
		(void)buf_str(out, value.b ? "true" : "false");
	else
		explain_quoted(out, o->dflt);
}

static void
explain_option(struct buf *out, const struct ow_option *o,
    int indent)
{
	struct buf text = BUF_INIT(4096);

	explain_limits(o, &text);
	explain_comment(out, indent, text.p ? text.p : "");
	buf_done(&text);
	explain_indent(out, indent);
	(void)buf_printf(out, "%s%s = ", o->dflt ? "#" : "", o->name);
	if (o->dflt)
		explain_value(o, out);
	else
		(void)buf_str(out, "\"\"");
	(void)buf_str(out, ";\n");
}

void
conf_explain(struct buf *out, const char *name,
    const struct ow_option *table, const struct ow_option *common,
    int indent)
{
	const struct ow_option *o;

	explain_indent(out, indent);
	(void)buf_printf(out, "%s: {\n", name);
	for (o = table; o->name; o++) {
		if (o != table)
			(void)buf_char(out, '\n');
		explain_option(out, o, indent + 1);
	}
	for (o = common; o && o->name; o++) {
		if (o != common || table->name)
			(void)buf_char(out, '\n');
		explain_option(out, o, indent + 1);
	}
	explain_indent(out, indent);
	(void)buf_str(out, "};\n");
}
