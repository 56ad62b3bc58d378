/* SPDX-License-Identifier: MIT */
/*
 * loader - from the name of a module to a descriptor, and from the config to
 * entries.
 *
 * Nothing is run here but ow_plugin_query.  An instance that is refused, or
 * whose options are at fault, does not become an entry; its faults say why.
 * RTLD_NODELETE, and the handle is forgotten: unloading code that owns a
 * thread would take the process along.
 */
#include "plugin/plugin.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/near.h"
#include "conf/settings.h"
#include "net/public.h"
#include "plugin/inspect.h"
#include "plugin/instance.h"

#define LOADER_SUFFIX ".so"
#define LOADER_SUFFIX_LEN (sizeof(LOADER_SUFFIX) - 1)

struct plugins {
	uint32_t n;
	struct plugin_place *list;
};

/* ---- A folder of plugins ----------------------------------------------- */

#ifndef OW_PLUGIN_DIR
#define OW_PLUGIN_DIR "/usr/lib/orderwire"
#endif

const char *
plugins_dir(const char *configured)
{
	const char *env = getenv("ORDERWIRE_PLUGINS");

	if (configured[0] != '\0')
		return configured;
	return env != NULL && env[0] != '\0' ? env : OW_PLUGIN_DIR;
}

static int
loader_wants_file(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > LOADER_SUFFIX_LEN &&
	    !strcmp(entry->d_name + n - LOADER_SUFFIX_LEN, LOADER_SUFFIX);
}

/* By bytes: the order must not depend on the locale. */
static int
loader_by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
loader_list_free(struct dirent **list, int n)
{
	while (n > 0)
		free(list[--n]);
	free(list);
}

/* Names of modules, without their suffix; or -1 and errno. */
static int
loader_list(const char *dir, struct dirent ***out)
{
	int i, n;

	n = scandir(dir, out, loader_wants_file, loader_by_name);
	for (i = 0; i < n; i++)
		(*out)[i]->d_name[strlen((*out)[i]->d_name) -
		    LOADER_SUFFIX_LEN] = '\0';
	return n;
}

/* What else the admin may have meant. */
static void
loader_no_file(const char *dir, const char *module,
    struct ow_fault *fault)
{
	struct near near = { module, NULL, 0 };
	struct dirent **list = NULL;
	char hint[128];
	int i, n;

	n = loader_list(dir, &list);
	for (i = 0; i < n; i++)
		near_try(&near, list[i]->d_name);
	near_hint(&near, hint, sizeof(hint));
	snprintf(fault->text, sizeof(fault->text),
	    "there is no plugin '%.40s' in %.80s%.100s", module, dir, hint);
	loader_list_free(list, n);
}

/* ---- One file ---------------------------------------------------------- */

/* The descriptor as the file gives it, unseen; it may be NULL. */
static int
loader_query(const char *dir, const char *module, char path[512],
    const struct ow_plugin **out, struct ow_fault *fault)
{
	const struct ow_plugin *(*query)(uint32_t);
	struct stat st;
	void *handle, *symbol;
	int n;

	/* Without a slash dlopen would look elsewhere. */
	n = snprintf(path, 512, "%s%s/%s" LOADER_SUFFIX,
	    strchr(dir, '/') ? "" : "./", dir, module);
	if (n < 0 || n >= 512 || strchr(module, '/')) {
		snprintf(fault->text, sizeof(fault->text),
		    "'%.100s' can't be the name of a plugin", module);
		return OW_EINVAL;
	}
	if (stat(path, &st)) {
		loader_no_file(dir, module, fault);
		return OW_ENOENT;
	}
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!handle) {
		snprintf(fault->text, sizeof(fault->text),
		    "plugin '%.40s' can't be loaded: %.180s", module,
		    dlerror());
		return OW_EIO;
	}
	symbol = dlsym(handle, "ow_plugin_query");
	if (!symbol) {
		snprintf(fault->text, sizeof(fault->text), "plugin '%.40s': "
		    "it has no symbol ow_plugin_query; is it a plugin?",
		    module);
		return OW_EINVAL;
	}
	memcpy(&query, &symbol, sizeof(query));
	*out = query(OW_ABI);
	return OW_OK;
}

/* All faults in one line, as far as it reaches. */
static void
loader_join(const struct conf_faults *faults,
    struct ow_fault *fault)
{
	struct buf text = BUF_INIT(64 << 10);
	uint32_t i;

	for (i = 0; i < faults->n; i++)
		(void)buf_printf(&text, "%s%s", i ? "; " : "",
		    faults->list[i].text);
	snprintf(fault->text, sizeof(fault->text), "%s", text.p ? text.p : "");
	buf_done(&text);
}

const struct ow_plugin *
plugin_probe(const char *dir, const char *module,
    char path[512], struct ow_fault *fault)
{
	struct conf_faults faults = { 0, 0, NULL };
	const struct ow_plugin *desc = NULL;

	if (loader_query(dir, module, path, &desc, fault))
		return NULL;
	if (inspect_plugin(desc, module, path, 0, &faults)) {
		loader_join(&faults, fault);
		desc = NULL;
	}
	conf_faults_done(&faults);
	return desc;
}

int
plugin_list(const char *dir, struct buf *out)
{
	const struct ow_plugin *desc;
	struct dirent **list = NULL;
	struct ow_fault why;
	char path[512];
	int i, n;

	n = loader_list(dir, &list);
	if (n < 0)
		return errno == ENOENT ? OW_ENOENT : OW_EIO;
	for (i = 0; i < n; i++) {
		desc = plugin_probe(dir, list[i]->d_name, path, &why);
		if (desc)
			(void)buf_printf(out, "%-24s %-10s %-10s %s\n",
			    desc->name, inspect_kind_name(desc->kind),
			    desc->version, desc->summary);
		else
			(void)buf_printf(out, "%-24s refused: %s\n",
			    list[i]->d_name, why.text);
	}
	loader_list_free(list, n);
	return OW_OK;
}

void
plugin_explain(const struct ow_plugin *desc, struct buf *out)
{
	(void)buf_printf(out, "# %s %s: %s\n", desc->name, desc->version,
	    desc->summary);
	conf_explain(out, desc->name, desc->options,
	    inspect_kind_options(desc->kind), 0);
}

/* ---- What the config names --------------------------------------------- */

static int
loader_fill(struct conf *conf, uint32_t i, struct plugin_entry *entry,
    struct conf_faults *faults)
{
	const struct ow_plugin *desc = entry->desc;

	entry->conf = mem_alloc(desc->conf_size);
	if (desc->kind == OW_CHANNEL)
		entry->channel = mem_alloc(sizeof(*entry->channel));
	return conf_fill_instance(conf, i, desc->options, entry->conf,
	    inspect_kind_options(desc->kind), entry->channel, faults);
}

static void
loader_add(struct plugins *all, struct conf *conf, uint32_t i,
    const char *dir, struct conf_faults *faults)
{
	struct plugin_place place = { 0 };
	struct conf_instance instance;
	struct ow_fault why;

	conf_instance(conf, i, &instance);
	if (loader_query(dir, instance.module, place.entry.path,
	    &place.entry.desc, &why)) {
		conf_fault(faults, instance.file, instance.line, "%s",
		    why.text);
		return;
	}
	if (inspect_plugin(place.entry.desc, instance.module, instance.file,
	    instance.line, faults))
		return;
	if (loader_fill(conf, i, &place.entry, faults)) {
		free(place.entry.conf);
		free(place.entry.channel);
		return;
	}
	place.entry.name = mem_dup(instance.name);
	place.file = mem_dup(instance.file);
	place.line = instance.line;
	all->list[all->n++] = place;
}

struct plugins *
plugins_open(struct conf *conf, const char *dir,
    struct conf_faults *faults)
{
	struct plugins *all = mem_alloc(sizeof(*all));
	uint32_t i, n = conf_instances(conf);

	all->list = mem_alloc(n * sizeof(*all->list));
	for (i = 0; i < n; i++)
		loader_add(all, conf, i, dir, faults);
	return all;
}

void
plugins_close(struct plugins **p)
{
	struct plugins *all = *p;
	uint32_t i;

	if (!all)
		return;
	*p = NULL;
	for (i = 0; i < all->n; i++) {
		free((char *)all->list[i].entry.name);	/* ours: mem_dup */
		free(all->list[i].entry.conf);
		free(all->list[i].entry.channel);
		free(all->list[i].file);
	}
	free(all->list);
	free(all);
}

uint32_t
plugins_count(const struct plugins *all)
{
	return all->n;
}

const struct plugin_entry *
plugins_at(const struct plugins *all, uint32_t i)
{
	OW_ASSERT(i < all->n);
	return &all->list[i].entry;
}

void
plugins_check(struct plugins *all, struct loop *loop,
    struct conf_faults *faults)
{
	const struct plugin_place *place;
	struct ow_fault why;
	uint32_t i;

	for (i = 0; i < all->n; i++) {
		place = &all->list[i];
		if (instance_check(&place->entry, loop, &why))
			conf_fault(faults, place->file, place->line, "'%s': "
			    "%s", place->entry.name, why.text);
	}
}

/* A lease must outlast what it is for, or another node begins it again. */
static void
loader_check_lease(const struct plugin_place *place,
    const struct settings *set, struct conf_faults *faults)
{
	if (place->entry.channel->deadline_ms >= set->outbox.lease_ms)
		conf_fault(faults, place->file, place->line, "'%s': "
		    "'deadline_ms' must be below outbox.lease_ms",
		    place->entry.name);
}

void
plugins_check_settings(const struct plugins *all,
    struct conf *conf, const struct settings *set,
    struct conf_faults *faults)
{
	struct public_allow *allow = NULL;
	struct ow_fault why;
	const char *file;
	uint32_t i;
	int line;

	if (public_allow_parse(set->outbox.private_allow, &allow, &why)) {
		conf_where(conf, "outbox", "private_allow", &file, &line);
		conf_fault(faults, file, line, "'private_allow': %s",
		    why.text);
	}
	public_allow_free(&allow);
	for (i = 0; i < all->n; i++)
		if (all->list[i].entry.channel)
			loader_check_lease(&all->list[i], set, faults);
}
