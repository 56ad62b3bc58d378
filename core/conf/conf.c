/* SPDX-License-Identifier: MIT */
/*
 * conf - the configuration files and what stands where in them.
 *
 * Opens the main file and those of its conf.d, finds sections and instances,
 * and says which names nobody knows.  What an option means is option.c's
 * business.  A file is read whole and through text.c before libconfig sees
 * it; the tree stays until conf_close, because faults need its lines.  Every
 * text of the tree is wiped at the end, not only those that some table calls
 * a secret: a misspelt option may hold one, too.
 */
#include "conf/conf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/near.h"
#include "conf/secret.h"
#include "conf/text.h"
#include "conf/tree.h"

#define CONF_FILES_MAX 1000
#define CONF_NAME_MAX 63u

const char *
tree_keep(struct conf *conf, char *s)
{
	struct tree_text *text = mem_alloc(sizeof(*text));

	text->s = s;
	text->next = conf->texts;
	conf->texts = text;
	return s;
}

void
tree_ask(struct conf *conf, const char *section, bool is_list)
{
	struct tree_asked *asked;

	for (asked = conf->asked; asked; asked = asked->next)
		if (!strcmp(asked->name, section))
			return;
	asked = mem_alloc(sizeof(*asked) + strlen(section) + 1);
	memcpy(asked->name, section, strlen(section) + 1);
	asked->is_list = is_list;
	asked->next = conf->asked;
	conf->asked = asked;
}

config_setting_t *
tree_section(const struct conf *conf, const char *name)
{
	return config_setting_get_member(
	    config_root_setting(&conf->files[0]->cfg), name);
}

int
tree_line(const config_setting_t *setting)
{
	return (int)config_setting_source_line(setting);
}

/* ---- Files ------------------------------------------------------------- */

static int
conf_read_all(const char *path, struct buf *out)
{
	char *room;
	ssize_t got = -1;
	int fd, err = OW_EIO;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return OW_EIO;
	while ((room = buf_room(out, 4096))) {
		got = read(fd, room, 4096);
		if (got > 0)
			buf_used(out, (size_t)got);
		else if (got == 0 || errno != EINTR)
			break;
	}
	if (!room)
		errno = EFBIG;
	else if (!got)
		err = OW_OK;
	close(fd);
	return err;
}

static void
conf_buf_wipe(struct buf *buf)
{
	if (buf->p)
		mem_wipe(buf->p, buf->cap);
	buf_done(buf);
}

static void
conf_syntax_fault(struct conf_faults *faults, const char *path,
    const config_t *cfg)
{
	const char *text = config_error_text(cfg);
	const char *hint = "";

	if (!text)
		text = "can't be parsed";
	if (!strcmp(text, "syntax error"))
		hint = " (or the ';' of the line before is missing)";
	else if (!strcmp(text, "duplicate setting name"))
		hint = ": this name was there already";
	conf_fault(faults, path, config_error_line(cfg), "%s%s", text, hint);
}

/* The file becomes conf's, unless it can't be parsed. */
static int
conf_add_text(struct conf *conf, const char *path, const char *p,
    size_t n, struct conf_faults *faults)
{
	struct buf text = BUF_INIT(TEXT_MAX + TEXT_MAX / 2);
	struct tree_file *file = mem_alloc(sizeof(*file));
	struct ow_fault why;
	int line, err;

	config_init(&file->cfg);
	err = text_prepare(p, n, &text, &line, &why);
	if (err) {
		conf_fault(faults, path, line, "%s", why.text);
	} else if (!config_read_string(&file->cfg, text.p ? text.p : "")) {
		conf_syntax_fault(faults, path, &file->cfg);
		err = OW_EINVAL;
	}
	conf_buf_wipe(&text);
	if (err) {
		config_destroy(&file->cfg);
		free(file);
		return err;
	}
	file->path = mem_dup(path);
	conf->files = mem_grow(conf->files,
	    (conf->n_files + 1) * sizeof(*conf->files));
	conf->files[conf->n_files++] = file;
	return OW_OK;
}

static int
conf_add_file(struct conf *conf, const char *path,
    struct conf_faults *faults)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	int err;

	err = conf_read_all(path, &text);
	if (err)
		conf_fault(faults, path, 0, "can't be read: %s",
		    strerror(errno));
	else
		err = conf_add_text(conf, path, text.p ? text.p : "", text.n,
		    faults);
	conf_buf_wipe(&text);
	return err;
}

static int
conf_wants_file(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 &&
	    !strcmp(entry->d_name + n - 5, ".conf");
}

/* By bytes: the order must not depend on the locale. */
static int
conf_by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
conf_add_folder(struct conf *conf, struct conf_faults *faults)
{
	char *folder = secret_path(conf->folder, "conf.d"), *path;
	struct dirent **list = NULL;
	int i, n;

	n = scandir(folder, &list, conf_wants_file, conf_by_name);
	if (n < 0 && errno != ENOENT)
		conf_fault(faults, folder, 0, "can't be read: %s",
		    strerror(errno));
	if (n > CONF_FILES_MAX)
		conf_fault(faults, folder, 0, "more than %d files",
		    CONF_FILES_MAX);
	for (i = 0; i < n; i++) {
		if (i < CONF_FILES_MAX) {
			path = secret_path(folder, list[i]->d_name);
			/* Its faults are kept; the next file may go on. */
			(void)conf_add_file(conf, path, faults);
			free(path);
		}
		free(list[i]);
	}
	free(list);
	free(folder);
}

/* ---- Instances --------------------------------------------------------- */

static bool
conf_is_word(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	return n && !s[n] && n <= CONF_NAME_MAX;
}

static const struct tree_instance *
conf_find(const struct conf *conf,
    const char *name)
{
	uint32_t i;

	for (i = 0; i < conf->n_instances; i++)
		if (!strcmp(config_setting_name(conf->instances[i].group),
		    name))
			return &conf->instances[i];
	return NULL;
}

/* The module's name, or NULL and a fault. */
static const char *
conf_module(const struct tree_file *file,
    config_setting_t *group, struct conf_faults *faults)
{
	config_setting_t *setting = config_setting_get_member(group, "module");
	const char *module;

	if (!setting)
		return config_setting_name(group);
	module = config_setting_get_string(setting);
	if (module && conf_is_word(module))
		return module;
	conf_fault(faults, file->path, tree_line(setting),
	    "'module' must be the name of a plugin such as \"store-sqlite\"");
	return NULL;
}

static void
conf_add_instance(struct conf *conf, const struct tree_file *file,
    config_setting_t *group, struct conf_faults *faults)
{
	const char *name = config_setting_name(group);
	const struct tree_instance *other = conf_find(conf, name);
	const char *module;

	if (!config_setting_is_group(group)) {
		conf_fault(faults, file->path, tree_line(group),
		    "'%s' must be an instance of a plugin: %s: { ... };",
		    name, name);
		return;
	}
	if (!conf_is_word(name)) {
		conf_fault(faults, file->path, tree_line(group),
		    "an instance's name is made of a-z, 0-9, - and _, at most "
		    "%u characters", CONF_NAME_MAX);
		return;
	}
	if (other) {
		conf_fault(faults, file->path, tree_line(group),
		    "there is an instance '%s' already, in %s:%d", name,
		    other->file->path, tree_line(other->group));
		return;
	}
	module = conf_module(file, group, faults);
	if (!module)
		return;
	conf->instances = mem_grow(conf->instances,
	    (conf->n_instances + 1) * sizeof(*conf->instances));
	conf->instances[conf->n_instances++] =
	    (struct tree_instance){ group, file, module };
}

static void
conf_add_instances(struct conf *conf,
    const struct tree_file *file, config_setting_t *groups,
    struct conf_faults *faults)
{
	int i, n = config_setting_length(groups);
	config_setting_t *group;

	for (i = 0; i < n; i++) {
		group = config_setting_get_elem(groups, (unsigned int)i);
		if (file != conf->files[0] &&
		    !strcmp(config_setting_name(group), "plugins"))
			conf_fault(faults, file->path, tree_line(group),
			    "a file in conf.d holds the instances themselves, "
			    "without plugins: { } around them");
		else
			conf_add_instance(conf, file, group, faults);
	}
}

static void
conf_find_instances(struct conf *conf, struct conf_faults *faults)
{
	config_setting_t *plugins = tree_section(conf, "plugins");
	uint32_t i;

	tree_ask(conf, "plugins", false);
	if (plugins && config_setting_is_group(plugins))
		conf_add_instances(conf, conf->files[0], plugins, faults);
	else if (plugins)
		conf_fault(faults, conf->files[0]->path, tree_line(plugins),
		    "'plugins' must be a section: plugins: { ... };");
	for (i = 1; i < conf->n_files; i++)
		conf_add_instances(conf, conf->files[i],
		    config_root_setting(&conf->files[i]->cfg), faults);
}

uint32_t
conf_instances(const struct conf *conf)
{
	return conf->n_instances;
}

void
conf_instance(const struct conf *conf, uint32_t i,
    struct conf_instance *out)
{
	const struct tree_instance *instance = &conf->instances[i];

	OW_ASSERT(i < conf->n_instances);
	out->name = config_setting_name(instance->group);
	out->module = instance->module;
	out->file = instance->file->path;
	out->line = tree_line(instance->group);
}

/* ---- The whole --------------------------------------------------------- */

static struct conf *
conf_new(const char *path)
{
	struct conf *conf = mem_alloc(sizeof(*conf));
	const char *slash = strrchr(path, '/');

	conf->folder = !slash ? mem_dup("") : slash == path ? mem_dup("/") :
	    mem_dupn(path, (size_t)(slash - path));
	return conf;
}

static struct conf *
conf_open_some(const char *path, bool with_folder,
    struct conf_faults *faults)
{
	struct conf *conf = conf_new(path);

	if (conf_add_file(conf, path, faults)) {
		conf_close(&conf);
		return NULL;
	}
	if (with_folder)
		conf_add_folder(conf, faults);
	conf_find_instances(conf, faults);
	return conf;
}

struct conf *
conf_open(const char *path, struct conf_faults *faults)
{
	return conf_open_some(path, true, faults);
}

struct conf *
conf_open_file(const char *path, struct conf_faults *faults)
{
	return conf_open_some(path, false, faults);
}

struct conf *
conf_parse(const char *text, const char *name,
    struct conf_faults *faults)
{
	struct conf *conf = conf_new(name);

	if (conf_add_text(conf, name, text, strlen(text), faults)) {
		conf_close(&conf);
		return NULL;
	}
	conf_find_instances(conf, faults);
	return conf;
}

static void
conf_wipe(config_setting_t *setting)
{
	int i, n;

	if (setting->type == CONFIG_TYPE_STRING && setting->value.sval)
		mem_wipe(setting->value.sval, strlen(setting->value.sval));
	if (!config_setting_is_aggregate(setting))
		return;
	n = config_setting_length(setting);
	for (i = 0; i < n; i++)
		conf_wipe(config_setting_get_elem(setting, (unsigned int)i));
}

void
conf_close(struct conf **p)
{
	struct conf *conf = *p;
	struct tree_text *text;
	struct tree_asked *asked;
	uint32_t i;

	if (!conf)
		return;
	*p = NULL;
	while ((text = conf->texts)) {
		conf->texts = text->next;
		mem_wipe_free(&text->s);
		free(text);
	}
	while ((asked = conf->asked)) {
		conf->asked = asked->next;
		free(asked);
	}
	for (i = 0; i < conf->n_files; i++) {
		conf_wipe(config_root_setting(&conf->files[i]->cfg));
		config_destroy(&conf->files[i]->cfg);
		free(conf->files[i]->path);
		free(conf->files[i]);
	}
	free(conf->files);
	free(conf->instances);
	free(conf->folder);
	free(conf);
}

const char *
conf_path(struct conf *conf, const char *path)
{
	return tree_keep(conf, *path ? secret_path(conf->folder, path) :
	    mem_dup(""));
}

/* ---- What nobody knows ------------------------------------------------- */

static const struct tree_asked *
conf_asked(const struct conf *conf,
    const char *name)
{
	const struct tree_asked *asked = conf->asked;

	while (asked && strcmp(asked->name, name))
		asked = asked->next;
	return asked;
}

static void
conf_unknown(const struct conf *conf, config_setting_t *setting,
    struct conf_faults *faults)
{
	const char *name = config_setting_name(setting);
	bool is_group = config_setting_is_group(setting);
	struct near near = { name, NULL, 0 };
	const struct tree_asked *asked;
	char hint[128];

	for (asked = conf->asked; asked; asked = asked->next)
		near_try(&near, asked->name);
	near_hint(&near, hint, sizeof(hint));
	if (!near.best && is_group)
		snprintf(hint, sizeof(hint), "; instances of plugins belong "
		    "into plugins: { } or a file in conf.d");
	else if (!near.best)
		snprintf(hint, sizeof(hint), "; options belong into a section "
		    "such as server: { }");
	conf_fault(faults, conf->files[0]->path, tree_line(setting),
	    "unknown %s '%s'%s", is_group || config_setting_is_list(setting) ?
	    "section" : "option", name, hint);
}

void
conf_check_unknown(struct conf *conf, struct conf_faults *faults)
{
	config_setting_t *root = config_root_setting(&conf->files[0]->cfg);
	int i, n = config_setting_length(root);
	const struct tree_asked *asked;
	config_setting_t *setting;

	for (i = 0; i < n; i++) {
		setting = config_setting_get_elem(root, (unsigned int)i);
		asked = conf_asked(conf, config_setting_name(setting));
		if (!asked)
			conf_unknown(conf, setting, faults);
		else if (asked->is_list && !config_setting_is_list(setting))
			conf_fault(faults, conf->files[0]->path,
			    tree_line(setting), "'%s' must be a list: "
			    "%s = ( { ... }, { ... } );", asked->name,
			    asked->name);
	}
}

static void
conf_say_where(const struct conf *conf, config_setting_t *group,
    const char *option, const char **out_file, int *out_line)
{
	config_setting_t *setting = NULL;

	if (group && config_setting_is_group(group))
		setting = config_setting_get_member(group, option);
	if (!setting)
		setting = group;
	*out_file = conf->files[0]->path;
	*out_line = setting ? tree_line(setting) : 0;
}

void
conf_where(const struct conf *conf, const char *section,
    const char *option, const char **out_file, int *out_line)
{
	conf_say_where(conf, tree_section(conf, section), option, out_file,
	    out_line);
}

void
conf_where_entry(const struct conf *conf, const char *section,
    uint32_t i, const char *option, const char **out_file, int *out_line)
{
	config_setting_t *list = tree_section(conf, section);

	if (list && config_setting_is_list(list))
		list = config_setting_get_elem(list, i);
	conf_say_where(conf, list, option, out_file, out_line);
}
