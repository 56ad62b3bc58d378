/* SPDX-License-Identifier: MIT */
/*
 * table - is an option table itself sound?
 *
 * A plugin's table decides where the core writes, so it is believed nothing:
 * names, types, places and defaults are checked before it is used once.  What
 * cannot be checked is that its pointers point at strings.
 */
#include "conf/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "conf/value.h"

#define TABLE_MAX 200u			/* more: the end is missing */
#define TABLE_CONF_MAX ((size_t)64 << 10)

struct table_type {
	size_t size, align;
};

static const struct table_type table_types[] = {
	[OW_T_STR] = { sizeof(char *), _Alignof(char *) },
	[OW_T_BOOL] = { sizeof(bool), _Alignof(bool) },
	[OW_T_INT] = { sizeof(int64_t), _Alignof(int64_t) },
	[OW_T_MS] = { sizeof(int64_t), _Alignof(int64_t) },
	[OW_T_BYTES] = { sizeof(int64_t), _Alignof(int64_t) },
	[OW_T_URL] = { sizeof(char *), _Alignof(char *) },
	[OW_T_SECRET] = { sizeof(char *), _Alignof(char *) },
	[OW_T_CHOICE] = { sizeof(char *), _Alignof(char *) },
};

#define TABLE_TYPES (sizeof(table_types) / sizeof(table_types[0]))

static int table_fault(struct ow_fault *fault, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int
table_fault(struct ow_fault *fault, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(fault->text, sizeof(fault->text), fmt, args);
	va_end(args);
	return OW_EINVAL;
}

/* What libconfig would read as a name and an admin can type. */
static bool
table_is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return n && !s[n] && n <= 63 && *s >= 'a' && *s <= 'z';
}

static int
table_check_name(const struct ow_option *table, uint32_t i,
    struct ow_fault *fault)
{
	const struct ow_option *o = &table[i];
	uint32_t j;

	if (!table_is_name(o->name))
		return table_fault(fault, "option %u: a name is a letter and "
		    "then a-z, 0-9, _ and -", i + 1);
	if (!strcmp(o->name, "module"))
		return table_fault(fault, "option 'module' is taken: it names "
		    "the plugin of an instance");
	for (j = 0; j < i; j++)
		if (!strcmp(table[j].name, o->name))
			return table_fault(fault, "option '%s' is there "
			    "twice", o->name);
	return OW_OK;
}

static int
table_check_place(const struct ow_option *table, uint32_t i,
    size_t conf_size, struct ow_fault *fault)
{
	const struct ow_option *o = &table[i], *other;
	const struct table_type *type = &table_types[o->type];

	if (o->offset > conf_size || type->size > conf_size - o->offset)
		return table_fault(fault, "option '%s' lies outside the conf "
		    "struct: bytes %u to %zu of %zu", o->name, o->offset,
		    o->offset + type->size, conf_size);
	if (o->offset % type->align)
		return table_fault(fault, "option '%s' is not aligned in the "
		    "conf struct", o->name);
	for (other = table; other < o; other++)
		if (o->offset < other->offset +
		    table_types[other->type].size &&
		    other->offset < o->offset + type->size)
			return table_fault(fault, "options '%s' and '%s' share "
			    "a place in the conf struct", other->name,
			    o->name);
	return OW_OK;
}

static int
table_check_meaning(const struct ow_option *o,
    struct ow_fault *fault)
{
	struct ow_fault why;
	struct value value;

	if (o->type == OW_T_CHOICE && (!o->choices || !o->choices[0]))
		return table_fault(fault, "option '%s' has no choices",
		    o->name);
	if (o->min > o->max)
		return table_fault(fault, "option '%s' has its min above its "
		    "max", o->name);
	if (!o->help || !*o->help)
		return table_fault(fault, "option '%s' has no help", o->name);
	if (o->dflt && value_read_default(o, o->dflt, &value, &why))
		return table_fault(fault, "the default of option %.200s",
		    why.text);
	return OW_OK;
}

int
conf_table_check(const struct ow_option *table, size_t conf_size,
    struct ow_fault *fault)
{
	const struct ow_option *o;
	uint32_t i;
	int err;

	if (!table)
		return table_fault(fault, "there is no option table; one "
		    "without options is { OW_OPTIONS_END }");
	if (conf_size > TABLE_CONF_MAX)
		return table_fault(fault, "the conf struct is larger than "
		    "%zu kB", TABLE_CONF_MAX / 1024);
	for (i = 0; table[i].name; i++) {
		o = &table[i];
		if (i == TABLE_MAX)
			return table_fault(fault, "the option table has no "
			    "end within %u options", TABLE_MAX);
		err = table_check_name(table, i, fault);
		if (!err && (o->type < OW_T_STR ||
		    (size_t)o->type >= TABLE_TYPES))
			err = table_fault(fault, "option '%s' has the unknown "
			    "type %d", o->name, (int)o->type);
		if (!err)
			err = table_check_place(table, i, conf_size, fault);
		if (!err)
			err = table_check_meaning(o, fault);
		if (err)
			return err;
	}
	return OW_OK;
}
