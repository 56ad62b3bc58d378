/* SPDX-License-Identifier: MIT */
/*
 * option - fills a struct from a group by an option table.
 *
 * Every option of the table gets a value whatever the file says, and every
 * member of the group must be one of the table's.  Where the text of a value
 * is judged is value.c; here is only what needs the tree: presence, lines,
 * spelling of names, and secrets that stand in files.
 */
#include "conf/conf.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "conf/near.h"
#include "conf/secret.h"
#include "conf/tree.h"
#include "conf/value.h"

struct fill {
	struct conf *conf;
	config_setting_t *group;	/* NULL: the file has none */
	const char *file;
	const char *what;		/* "server" */
	const char *also;		/* a member that is no option */
	const struct ow_option *table;
	char *out;
	const struct ow_option *common;	/* a second table, or NULL */
	char *out_common;
	struct conf_faults *faults;
};

static const struct ow_option *
option_find(const struct ow_option *table,
    const char *name)
{
	for (; table && table->name; table++)
		if (!strcmp(table->name, name))
			return table;
	return NULL;
}

static void
option_store(const struct ow_option *o, char *out,
    const struct value *value)
{
	switch (o->type) {
	case OW_T_BOOL:
		memcpy(out + o->offset, &value->b, sizeof(value->b));
		break;
	case OW_T_INT:
	case OW_T_MS:
	case OW_T_BYTES:
		memcpy(out + o->offset, &value->i, sizeof(value->i));
		break;
	default:
		memcpy(out + o->offset, &value->s, sizeof(value->s));
	}
}

static void
option_raw(const config_setting_t *setting, struct value_raw *raw)
{
	*raw = (struct value_raw){ VALUE_LIST, NULL, 0, false };
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		raw->kind = VALUE_INT;
		raw->i = config_setting_type(setting) == CONFIG_TYPE_INT ?
		    config_setting_get_int(setting) :
		    config_setting_get_int64(setting);
		break;
	case CONFIG_TYPE_FLOAT:
		raw->kind = VALUE_REAL;
		break;
	case CONFIG_TYPE_STRING:
		raw->kind = VALUE_TEXT;
		raw->s = config_setting_get_string(setting);
		break;
	case CONFIG_TYPE_BOOL:
		raw->kind = VALUE_BOOL;
		raw->b = config_setting_get_bool(setting) != 0;
		break;
	case CONFIG_TYPE_GROUP:
		raw->kind = VALUE_GROUP;
		break;
	}
}

/* "@file" becomes what the file holds, and every text becomes the conf's. */
static int
option_own(struct fill *fill, const struct ow_option *o,
    struct value *value, struct ow_fault *why)
{
	struct ow_fault cause;
	char *text;

	if (o->type == OW_T_SECRET && value->s[0] == '@') {
		if (secret_read(fill->conf->folder, value->s + 1, &text,
		    &cause)) {
			snprintf(why->text, sizeof(why->text),
			    "'%.60s': %.180s", o->name, cause.text);
			return OW_EINVAL;
		}
		value->s = tree_keep(fill->conf, text);
	} else if (value->s && o->type != OW_T_CHOICE) {
		value->s = tree_keep(fill->conf, mem_dup(value->s));
	}
	return OW_OK;
}

static int
option_read(struct fill *fill, const struct ow_option *o,
    const config_setting_t *setting, struct value *out)
{
	struct value_raw raw;
	struct ow_fault why;
	struct value value;
	int err;

	option_raw(setting, &raw);
	if (!o->dflt && raw.kind == VALUE_TEXT && !*raw.s) {
		conf_fault(fill->faults, fill->file, tree_line(setting),
		    "required option '%s' is empty", o->name);
		return OW_EINVAL;
	}
	err = value_read(o, &raw, &value, &why);
	if (!err)
		err = option_own(fill, o, &value, &why);
	if (err)
		conf_fault(fill->faults, fill->file, tree_line(setting), "%s",
		    why.text);
	else
		*out = value;
	return err;
}

static void
option_fill(struct fill *fill, const struct ow_option *o, char *out)
{
	struct value value = { "", 0, false };
	config_setting_t *setting = NULL;
	struct ow_fault why;

	/* Tables are checked before they get here; else: empty. */
	if (o->dflt)
		(void)value_read_default(o, o->dflt, &value, &why);
	if (fill->group)
		setting = config_setting_get_member(fill->group, o->name);
	if (setting)
		(void)option_read(fill, o, setting, &value);
	else if (!o->dflt)
		conf_fault(fill->faults, fill->file,
		    fill->group ? tree_line(fill->group) : 0,
		    "missing required option '%s' of '%s'", o->name,
		    fill->what);
	option_store(o, out, &value);
}

static void
option_unknown(const struct fill *fill,
    const config_setting_t *setting)
{
	struct near near = { config_setting_name(setting), NULL, 0 };
	const struct ow_option *o;
	char hint[128];

	for (o = fill->table; o->name; o++)
		near_try(&near, o->name);
	for (o = fill->common; o && o->name; o++)
		near_try(&near, o->name);
	if (fill->also)
		near_try(&near, fill->also);
	near_hint(&near, hint, sizeof(hint));
	conf_fault(fill->faults, fill->file, tree_line(setting),
	    "unknown option '%s'%s", near.word, hint);
}

static int
option_fill_group(struct fill *fill)
{
	uint32_t before = fill->faults->n;
	const struct ow_option *o;
	config_setting_t *setting;
	const char *name;
	int i, n;

	if (fill->group && !config_setting_is_group(fill->group)) {
		conf_fault(fill->faults, fill->file, tree_line(fill->group),
		    "'%s' must be a group: { ... }", fill->what);
		fill->group = NULL;
	}
	n = fill->group ? config_setting_length(fill->group) : 0;
	for (i = 0; i < n; i++) {
		setting = config_setting_get_elem(fill->group,
		    (unsigned int)i);
		name = config_setting_name(setting);
		if (!option_find(fill->table, name) &&
		    !option_find(fill->common, name) &&
		    !(fill->also && !strcmp(fill->also, name)))
			option_unknown(fill, setting);
	}
	for (o = fill->table; o->name; o++)
		option_fill(fill, o, fill->out);
	for (o = fill->common; o && o->name; o++)
		option_fill(fill, o, fill->out_common);
	return fill->faults->n == before ? OW_OK : OW_EINVAL;
}

int
conf_fill(struct conf *conf, const char *section,
    const struct ow_option *table, void *out, struct conf_faults *faults)
{
	struct fill fill = { conf, tree_section(conf, section),
	    conf->files[0]->path, section, NULL, table, out, NULL, NULL,
	    faults };

	tree_ask(conf, section, false);
	return option_fill_group(&fill);
}

int
conf_fill_instance(struct conf *conf, uint32_t i,
    const struct ow_option *table, void *out,
    const struct ow_option *common, void *out_common,
    struct conf_faults *faults)
{
	const struct tree_instance *instance = &conf->instances[i];
	struct fill fill = { conf, instance->group, instance->file->path,
	    config_setting_name(instance->group), "module", table, out,
	    common, out_common, faults };

	OW_ASSERT(i < conf->n_instances);
	return option_fill_group(&fill);
}

uint32_t
conf_list_count(struct conf *conf, const char *section)
{
	const config_setting_t *list = tree_section(conf, section);

	tree_ask(conf, section, true);
	if (!list || !config_setting_is_list(list))
		return 0;
	return (uint32_t)config_setting_length(list);
}

int
conf_fill_entry(struct conf *conf, const char *section, uint32_t i,
    const struct ow_option *table, void *out, struct conf_faults *faults)
{
	struct fill fill = { conf, NULL, conf->files[0]->path, section, NULL,
	    table, out, NULL, NULL, faults };

	OW_ASSERT(i < conf_list_count(conf, section));
	fill.group = config_setting_get_elem(tree_section(conf, section), i);
	return option_fill_group(&fill);
}
