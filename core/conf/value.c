/* SPDX-License-Identifier: MIT */
/*
 * value - one value as it was written, checked against its option.
 *
 * A row for each type says what to expect, an example, and how to read it;
 * the sentence for a wrong value is made from the same row everywhere.
 * Deliberately strict: "4" is not a number and 1 is not yes, since whoever
 * wrote that may have meant another option.
 */
#include "conf/value.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "conf/near.h"
#include "conf/url.h"

#define VALUE_WORD_MAX 512

struct value_type {
	const char *expected;
	const char *example;	/* as in a file */
	int (*read)(const struct ow_option *, const struct value_raw *,
	    struct value *out, struct ow_fault *);
};

/* What a reader says when the raw value is of no use to it; the sentence is
   then made from the row.  Other errors brought their own. */
#define VALUE_EWRONG OW_EUNSUP

static int
value_range(const struct ow_option *o, int64_t i,
    struct ow_fault *fault)
{
	struct buf text = BUF_INIT(VALUE_WORD_MAX);

	if ((!o->min && !o->max) || (i >= o->min && i <= o->max))
		return OW_OK;
	(void)buf_printf(&text, "'%s' must be ", o->name);
	value_format_range(o, &text);
	(void)buf_str(&text, ", not ");
	value_format(o, i, &text);
	snprintf(fault->text, sizeof(fault->text), "%s", text.p);
	buf_done(&text);
	return OW_EINVAL;
}

static int
value_str(const struct ow_option *o, const struct value_raw *raw,
    struct value *out, struct ow_fault *fault)
{
	(void)o;
	(void)fault;
	if (raw->kind != VALUE_TEXT)
		return VALUE_EWRONG;
	out->s = raw->s;
	return OW_OK;
}

static int
value_url(const struct ow_option *o, const struct value_raw *raw,
    struct value *out, struct ow_fault *fault)
{
	struct ow_fault why;
	bool may_be_empty = o->dflt && !*o->dflt;

	if (raw->kind != VALUE_TEXT)
		return VALUE_EWRONG;
	if (!(may_be_empty && !*raw->s) && url_check(raw->s, &why)) {
		snprintf(fault->text, sizeof(fault->text),
		    "'%s' must be a URL such as \"https://example.com/\": "
		    "%.120s", o->name, why.text);
		return OW_EINVAL;
	}
	out->s = raw->s;
	return OW_OK;
}

static int
value_bool(const struct ow_option *o, const struct value_raw *raw,
    struct value *out, struct ow_fault *fault)
{
	(void)o;
	(void)fault;
	if (raw->kind == VALUE_BOOL)
		out->b = raw->b;
	else if (raw->kind != VALUE_TEXT)
		return VALUE_EWRONG;
	else if (!strcmp(raw->s, "yes") || !strcmp(raw->s, "true"))
		out->b = true;
	else if (!strcmp(raw->s, "no") || !strcmp(raw->s, "false"))
		out->b = false;
	else
		return VALUE_EWRONG;
	return OW_OK;
}

static int
value_int(const struct ow_option *o, const struct value_raw *raw,
    struct value *out, struct ow_fault *fault)
{
	if (raw->kind != VALUE_INT)
		return VALUE_EWRONG;
	if (value_range(o, raw->i, fault))
		return OW_EINVAL;
	out->i = raw->i;
	return OW_OK;
}

/* A bare number has no unit, except where the option's name says it. */
static bool
value_is_bare_ms(const struct ow_option *o, int64_t i)
{
	size_t n = strlen(o->name);

	return !i || (n > 3 && !strcmp(o->name + n - 3, "_ms"));
}

static int
value_ms(const struct ow_option *o, const struct value_raw *raw,
    struct value *out, struct ow_fault *fault)
{
	int64_t i;

	if (raw->kind == VALUE_INT && value_is_bare_ms(o, raw->i))
		i = raw->i;
	else if (raw->kind == VALUE_TEXT && !strcmp(raw->s, "0"))
		i = 0;
	else if (raw->kind != VALUE_TEXT || clock_parse_span(raw->s, &i))
		return VALUE_EWRONG;
	if (value_range(o, i, fault))
		return OW_EINVAL;
	out->i = i;
	return OW_OK;
}

/* Digits and one of k, m, g, or none. */
static int
value_parse_size(const char *s, int64_t *out)
{
	static const char units[] = "kmg";
	int64_t i = 0;
	int shift = 0;
	const char *unit;

	if (!isdigit((unsigned char)*s))
		return OW_EINVAL;
	for (; isdigit((unsigned char)*s); s++) {
		i = i * 10 + (*s - '0');
		if (i > INT64_MAX >> 34)
			return OW_EINVAL;
	}
	if (*s) {
		unit = strchr(units, tolower((unsigned char)*s));
		if (!unit || s[1])
			return OW_EINVAL;
		shift = (int)(unit - units + 1) * 10;
	}
	*out = i << shift;
	return OW_OK;
}

static int
value_bytes(const struct ow_option *o, const struct value_raw *raw,
    struct value *out, struct ow_fault *fault)
{
	int64_t i;

	if (raw->kind == VALUE_INT)
		i = raw->i;
	else if (raw->kind != VALUE_TEXT || value_parse_size(raw->s, &i))
		return VALUE_EWRONG;
	if (value_range(o, i, fault))
		return OW_EINVAL;
	out->i = i;
	return OW_OK;
}

static void
value_list_choices(const struct ow_option *o, struct buf *out)
{
	const char *const *choice;

	for (choice = o->choices; *choice; choice++)
		(void)buf_printf(out, "%s\"%s\"",
		    choice == o->choices ? "" : ", ", *choice);
}

static int
value_choice(const struct ow_option *o, const struct value_raw *raw,
    struct value *out, struct ow_fault *fault)
{
	const char *const *choice;
	struct near near = { raw->s, NULL, 0 };
	struct buf text = BUF_INIT(VALUE_WORD_MAX);
	char hint[96];

	if (raw->kind != VALUE_TEXT)
		return VALUE_EWRONG;
	for (choice = o->choices; *choice; choice++) {
		if (!strcmp(*choice, raw->s)) {
			out->s = *choice;
			return OW_OK;
		}
		near_try(&near, *choice);
	}
	near_hint(&near, hint, sizeof(hint));
	(void)buf_printf(&text, "'%s' must be one of ", o->name);
	value_list_choices(o, &text);
	(void)buf_printf(&text, ", not \"%.40s\"%s", raw->s, hint);
	snprintf(fault->text, sizeof(fault->text), "%s", text.p ? text.p : "");
	buf_done(&text);
	return OW_EINVAL;
}

static const struct value_type value_types[] = {
	[OW_T_STR] = { "a text", "\"...\"", value_str },
	[OW_T_BOOL] = { "yes or no", "true", value_bool },
	[OW_T_INT] = { "a whole number", "10", value_int },
	[OW_T_MS] = { "a time", "\"30s\"", value_ms },
	[OW_T_BYTES] = { "a size", "\"64k\"", value_bytes },
	[OW_T_URL] = { "a URL", "\"https://example.com/\"", value_url },
	[OW_T_SECRET] = { "a text", "\"@file\"", value_str },
	[OW_T_CHOICE] = { "a text", "\"...\"", value_choice },
};

static void
value_say_raw(const struct ow_option *o,
    const struct value_raw *raw, struct buf *out)
{
	bool hide = o->type == OW_T_SECRET;

	if (raw->kind == VALUE_TEXT && !hide && strlen(raw->s) <= 40)
		(void)buf_printf(out, "the text \"%s\"", raw->s);
	else if (raw->kind == VALUE_TEXT)
		(void)buf_str(out, "a text");
	else if (raw->kind == VALUE_INT && !hide)
		(void)buf_printf(out, "the number %lld", (long long)raw->i);
	else if (raw->kind == VALUE_INT)
		(void)buf_str(out, "a number");
	else if (raw->kind == VALUE_BOOL)
		(void)buf_str(out, raw->b ? "true" : "false");
	else if (raw->kind == VALUE_REAL)
		(void)buf_str(out, "a number with a fraction");
	else
		(void)buf_str(out, raw->kind == VALUE_GROUP ? "a group" :
		    "a list");
}

/* The option's own default is the best example, if it is good for one. */
static void
value_say_example(const struct ow_option *o, struct buf *out)
{
	bool is_bare = o->type == OW_T_INT || o->type == OW_T_BOOL;

	if (o->type == OW_T_CHOICE)
		(void)buf_printf(out, "\"%s\"", o->choices[0]);
	else if (o->type == OW_T_INT && !o->dflt && (o->min || o->max))
		value_format(o, o->min, out);
	else if (!o->dflt || !*o->dflt || strlen(o->dflt) > 60 ||
	    o->type == OW_T_BOOL || o->type == OW_T_SECRET)
		(void)buf_str(out, value_types[o->type].example);
	else
		(void)buf_printf(out, is_bare ? "%s" : "\"%s\"", o->dflt);
}

int
value_read(const struct ow_option *o, const struct value_raw *raw,
    struct value *out, struct ow_fault *fault)
{
	const struct value_type *type = &value_types[o->type];
	struct value value = { "", 0, false };
	struct buf text = BUF_INIT(VALUE_WORD_MAX);
	int err;

	err = type->read(o, raw, &value, fault);
	if (!err) {
		*out = value;
		return OW_OK;
	}
	if (err != VALUE_EWRONG)
		return err;
	(void)buf_printf(&text, "'%s' must be %s such as ", o->name,
	    type->expected);
	value_say_example(o, &text);
	(void)buf_str(&text, ", not ");
	value_say_raw(o, raw, &text);
	snprintf(fault->text, sizeof(fault->text), "%s", text.p ? text.p : "");
	buf_done(&text);
	return OW_EINVAL;
}

int
value_read_default(const struct ow_option *o, const char *text,
    struct value *out, struct ow_fault *fault)
{
	struct value_raw raw = { VALUE_TEXT, text, 0, false };
	char *end;

	if (o->type == OW_T_INT) {
		raw.i = strtoll(text, &end, 10);
		if (*text && !*end)
			raw.kind = VALUE_INT;
	}
	return value_read(o, &raw, out, fault);
}

struct value_unit {
	const char *name;
	int64_t size;
};

void
value_format(const struct ow_option *o, int64_t i, struct buf *out)
{
	static const struct value_unit times[] = {
		{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
		{ "s", 1000 }, { "ms", 1 }, { NULL, 0 },
	};
	static const struct value_unit sizes[] = {
		{ "g", 1 << 30 }, { "m", 1 << 20 }, { "k", 1 << 10 },
		{ "", 1 }, { NULL, 0 },
	};
	static const struct value_unit plain[] = { { "", 1 }, { NULL, 0 } };
	const struct value_unit *unit = o->type == OW_T_MS ? times :
	    o->type == OW_T_BYTES ? sizes : plain;

	/* 0 is a bare 0, and 2d reads better than 48h only if it is whole. */
	while (unit[1].name && (!i || i % unit->size))
		unit++;
	(void)buf_printf(out, "%lld%s", (long long)(i / unit->size),
	    i ? unit->name : "");
}

void
value_format_range(const struct ow_option *o, struct buf *out)
{
	if (!o->min && !o->max)
		return;
	if (o->max == INT64_MAX) {
		(void)buf_str(out, "at least ");
		value_format(o, o->min, out);
		return;
	}
	if (o->min == INT64_MIN) {
		(void)buf_str(out, "at most ");
		value_format(o, o->max, out);
		return;
	}
	(void)buf_str(out, "between ");
	value_format(o, o->min, out);
	(void)buf_str(out, " and ");
	value_format(o, o->max, out);
}
