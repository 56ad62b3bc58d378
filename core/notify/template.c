/* SPDX-License-Identifier: MIT */
/*
 * template - reads the templates of all locales, and finds the one to use.
 *
 * Everything is checked here and turned into patterns; what is at fault is
 * told and left out, so that one look finds all.  Finding goes along the
 * person's locale, its language and the default locale, for each template
 * anew, so a translation may be partial.  What becomes of a template is
 * render.c's business.
 *
 * Read once at start, immutable then.
 */
#include "notify/template.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "conf/near.h"
#include "conf/secret.h"
#include "conf/tree.h"

#define LOCALES_MAX 200u
#define TEMPLATES_MAX 500u
#define LOCALE_SIZE 36

static const struct part_kind {
	const char *name;
	enum escape escape;
	bool required;
} part_kinds[PART_COUNT] = {
	[PART_TITLE] = { "title", ESCAPE_LINE, true },
	[PART_BODY] = { "text", ESCAPE_LINES, true },
	[PART_SMS] = { "sms", ESCAPE_LINE, false },
	[PART_SUBJECT] = { "subject", ESCAPE_LINE, false },
	[PART_HTML] = { "html", ESCAPE_HTML, false },
	[PART_LINK] = { "url", ESCAPE_URL, false },
};

/* The layout has some names more, its text all of them but the content. */
#define VARIABLES							\
	"number", "customer", "status", "reason", "eta", "eta_minutes",	\
	"promised", "driver", "place", "address", "items", "count",	\
	"url", "tenant", "delivery"

const char *const render_variables[] = { VARIABLES, NULL };
_Static_assert(sizeof(render_variables) ==
    (VAR_TITLE + 1) * sizeof(render_variables[0]), "two lists of variables");
static const char *const layout_variables[] = { VARIABLES, "title",
	"unsubscribe", "content", NULL };
static const char *const footer_variables[] = { VARIABLES, "title",
	"unsubscribe", NULL };
static const struct pattern_names part_names = { render_variables, -1,
	VAR_URL };
static const struct pattern_names layout_names = { layout_variables,
	VAR_CONTENT, -1 };
static const struct pattern_names footer_names = { footer_variables, -1, -1 };

struct locale {
	char name[LOCALE_SIZE];
	uint32_t n;
	struct template *templates;
	bool has_layout, has_footer;
	struct pattern layout, footer;
};

struct templates {
	struct arena arena;
	uint32_t n;
	struct locale *locales;
	const struct locale *dflt;	/* or NULL */
};

const char *
notify_share_dir(const char *configured)
{
	const char *from_env = getenv("ORDERWIRE_SHARE");

	if (*configured)
		return configured;
	return from_env && *from_env ? from_env : OW_SHARE_DIR;
}

/* ---- One file ---------------------------------------------------------- */

/* Everything that goes into one template, or into a layout. */
struct source {
	struct arena *arena;
	const char *path;
	struct conf *conf;
	struct conf_faults *faults;
};

static bool
source_pattern(struct source *from, const config_setting_t *setting,
    enum escape escape, const struct pattern_names *names,
    struct pattern *out)
{
	const char *text = config_setting_get_string(setting);
	const char *name = config_setting_name(setting);
	struct ow_fault why;

	if (!text) {
		conf_fault(from->faults, from->path, tree_line(setting),
		    "'%s' must be a text in quotes", name);
		return false;
	}
	if (pattern_read(text, escape, names, from->arena, out, &why)) {
		conf_fault(from->faults, from->path, tree_line(setting),
		    "'%s': %s", name, why.text);
		return false;
	}
	return true;
}

static void
source_unknown(struct source *from, const config_setting_t *setting,
    bool is_layout)
{
	const char *name = config_setting_name(setting);
	struct near near = { name, NULL, 0 };
	char hint[128];
	size_t i;

	for (i = 0; i < PART_COUNT; i++)
		if (!is_layout || i == PART_HTML || i == PART_BODY)
			near_try(&near, part_kinds[i].name);
	near_hint(&near, hint, sizeof(hint));
	conf_fault(from->faults, from->path, tree_line(setting),
	    "unknown part '%s'%s", name, hint);
}

static void
source_template(struct source *from, struct template *out)
{
	const config_setting_t *root = config_root_setting(
	    &from->conf->files[0]->cfg), *setting;
	int i, n = config_setting_length(root);
	size_t part;

	for (i = 0; i < n; i++) {
		setting = config_setting_get_elem(root, (unsigned int)i);
		for (part = 0; part < PART_COUNT; part++)
			if (!strcmp(part_kinds[part].name,
			    config_setting_name(setting)))
				break;
		if (part == PART_COUNT)
			source_unknown(from, setting, false);
		else
			out->has[part] = source_pattern(from, setting,
			    part_kinds[part].escape, &part_names,
			    &out->parts[part]);
		/* The same words on one line. */
		if (part == PART_BODY && out->has[part] && !out->has[PART_SMS])
			out->parts[PART_SMS] = (struct pattern){ ESCAPE_LINE,
				out->parts[part].n, out->parts[part].parts };
	}
	for (part = 0; part < PART_COUNT; part++)
		if (part_kinds[part].required && !config_setting_get_member(
		    root, part_kinds[part].name))
			conf_fault(from->faults, from->path, 0,
			    "missing required part '%s'",
			    part_kinds[part].name);
}

static void
source_layout(struct source *from, struct locale *out)
{
	const config_setting_t *root = config_root_setting(
	    &from->conf->files[0]->cfg), *setting;
	int i, n = config_setting_length(root);

	for (i = 0; i < n; i++) {
		setting = config_setting_get_elem(root, (unsigned int)i);
		if (!strcmp(config_setting_name(setting), "html"))
			out->has_layout = source_pattern(from, setting,
			    ESCAPE_HTML, &layout_names, &out->layout);
		else if (!strcmp(config_setting_name(setting), "text"))
			out->has_footer = source_pattern(from, setting,
			    ESCAPE_LINES, &footer_names, &out->footer);
		else
			source_unknown(from, setting, true);
	}
	if (!config_setting_get_member(root, "html"))
		conf_fault(from->faults, from->path, 0,
		    "missing required part 'html'");
	else if (out->has_layout && !strstr(config_setting_get_string(
	    config_setting_get_member(root, "html")), "{{{content}}}"))
		conf_fault(from->faults, from->path, 0,
		    "'html' has no {{{content}}}");
}

/* ---- Folders ----------------------------------------------------------- */

static int
entry_is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int
entry_by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Its entries by name, as scandir; -1 with a fault. */
static int
folder_list(const char *path, int (*wanted)(const struct dirent *),
    struct dirent ***out, struct conf_faults *faults)
{
	int n = scandir(path, out, wanted, entry_by_name);

	if (n < 0)
		conf_fault(faults, path, 0, "can't be read: %s",
		    strerror(errno));
	return n;
}

static int
file_is_template(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry_is_visible(entry) && n > 5 &&
	    !strcmp(entry->d_name + n - 5, ".conf");
}

/* "order-ready" of "order-ready.conf", or NULL. */
static char *
file_template(struct arena *arena, const char *file)
{
	size_t n = strspn(file, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n && !strcmp(file + n, ".conf") ? arena_dupn(arena, file, n) :
	    NULL;
}

static void
locale_add(struct locale *locale, struct source *from,
    const char *file)
{
	char *name = file_template(from->arena, file);
	struct template *template = &locale->templates[locale->n];

	if (!name) {
		conf_fault(from->faults, from->path, 0,
		    "a template's name is made of a-z, 0-9 and -");
		return;
	}
	from->conf = conf_open_file(from->path, from->faults);
	if (!from->conf)
		return;
	if (!strcmp(name, "layout")) {
		source_layout(from, locale);
	} else {
		*template = (struct template){ .name = name };
		source_template(from, template);
		locale->n++;
	}
	conf_close(&from->conf);
}

static void
locale_open(struct locale *locale, struct arena *arena,
    const char *folder, struct conf_faults *faults)
{
	struct source from = { arena, NULL, NULL, faults };
	struct dirent **list = NULL;
	int i, n = folder_list(folder, file_is_template, &list, faults);
	char *path;

	if (n > (int)TEMPLATES_MAX)
		conf_fault(faults, folder, 0, "more than %u files",
		    TEMPLATES_MAX);
	locale->templates = arena_alloc(arena,
	    (n > 0 ? (size_t)n : 1) * sizeof(*locale->templates));
	for (i = 0; i < n; i++) {
		path = secret_path(folder, list[i]->d_name);
		from.path = path;
		if (i < (int)TEMPLATES_MAX)
			locale_add(locale, &from, list[i]->d_name);
		free(path);
		free(list[i]);
	}
	free(list);
}

/* "de", "de-AT": what a folder may be called. */
static bool
locale_is_name(const char *s)
{
	size_t n;

	if (strlen(s) >= LOCALE_SIZE || strspn(s,
	    "abcdefghijklmnopqrstuvwxyz") < 2)
		return false;
	for (;; s += n + 1) {
		for (n = 0; isalnum((unsigned char)s[n]); n++)
			;
		if (!n || n > 8)
			return false;
		if (s[n] != '-')
			return !s[n];
	}
}

static bool
path_is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static void
templates_read(struct templates *templates, const char *dir,
    struct conf_faults *faults)
{
	struct dirent **list = NULL;
	int i, n = folder_list(dir, entry_is_visible, &list, faults);
	struct locale *locale;
	char *path;

	if (n > (int)LOCALES_MAX)
		conf_fault(faults, dir, 0, "more than %u locales",
		    LOCALES_MAX);
	templates->locales = arena_alloc(&templates->arena,
	    (n > 0 ? (size_t)n : 1) * sizeof(*templates->locales));
	for (i = 0; i < n; i++) {
		path = secret_path(dir, list[i]->d_name);
		locale = &templates->locales[templates->n];
		if (path_is_folder(path) && !locale_is_name(list[i]->d_name)) {
			conf_fault(faults, path, 0,
			    "a locale's name is one such as de or de-AT");
		} else if (path_is_folder(path) && i < (int)LOCALES_MAX) {
			memcpy(locale->name, list[i]->d_name,
			    strlen(list[i]->d_name));
			templates->n++;
			locale_open(locale, &templates->arena, path, faults);
		}
		free(path);
		free(list[i]);
	}
	free(list);
}

/* ---- Finding ----------------------------------------------------------- */

static bool
locale_is(const struct locale *locale, const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (tolower((unsigned char)locale->name[i]) !=
		    (name[i] == '_' ? '-' : tolower((unsigned char)name[i])))
			return false;
	return !locale->name[n];
}

/* The next locale to look into: for "de-AT" those called de-AT, de, and the
   default; NULL at the end.  n is the length of the part of wanted that is
   left, at first all of it. */
static const struct locale *
locale_next(const struct templates *templates, const char *wanted,
    size_t *n)
{
	size_t len;
	uint32_t i;

	while (*n && *n < LOCALE_SIZE) {
		len = *n;
		while (*n && wanted[*n - 1] != '-' && wanted[*n - 1] != '_')
			--*n;
		*n -= *n > 0;
		for (i = 0; i < templates->n; i++)
			if (locale_is(&templates->locales[i], wanted, len))
				return &templates->locales[i];
	}
	if (*n == SIZE_MAX)
		return NULL;
	*n = SIZE_MAX;
	return templates->dflt;
}

static size_t
locale_start(const char **wanted)
{
	size_t n;

	if (!*wanted)
		*wanted = "";
	n = strlen(*wanted);
	return n < LOCALE_SIZE ? n : 0;
}

static const struct template *
locale_find(const struct locale *locale, const char *name)
{
	uint32_t i;

	for (i = 0; i < locale->n; i++)
		if (!strcmp(locale->templates[i].name, name))
			return &locale->templates[i];
	return NULL;
}

const struct template *
templates_find(const struct templates *templates, const char *name,
    const char *wanted)
{
	const struct template *template = NULL;
	const struct locale *locale;
	size_t n = locale_start(&wanted);

	while (!template && (locale = locale_next(templates, wanted, &n)))
		template = locale_find(locale, name);
	return template;
}

static const struct locale *
locale_with_layout(const struct templates *templates, const char *wanted)
{
	const struct locale *locale;
	size_t n = locale_start(&wanted);

	while ((locale = locale_next(templates, wanted, &n)))
		if (locale->has_layout)
			break;
	return locale;
}

const struct pattern *
templates_layout(const struct templates *templates, const char *wanted)
{
	const struct locale *locale = locale_with_layout(templates, wanted);

	return locale ? &locale->layout : NULL;
}

const struct pattern *
templates_footer(const struct templates *templates, const char *wanted)
{
	const struct locale *locale = locale_with_layout(templates, wanted);

	return locale && locale->has_footer ? &locale->footer : NULL;
}

const char *
templates_locale(const struct templates *templates, const char *wanted)
{
	size_t n = locale_start(&wanted);
	const struct locale *locale = locale_next(templates, wanted, &n);

	return locale ? locale->name : "";
}

/* ---- The whole --------------------------------------------------------- */

/* What the rules need, the default locale has. */
static void
templates_check(const struct templates *templates, const char *folder,
    const struct rules *rules, struct conf_faults *faults)
{
	const struct rule *rule;
	bool wants_layout = false;
	uint32_t i, j;

	for (i = 0; i < rules_count(rules); i++) {
		rule = rules_at(rules, i);
		if (rule->audience != AUDIENCE_CUSTOMER)
			continue;
		for (j = 0; j < rule->n_steps; j++)
			wants_layout |= rule->steps[j].medium == MEDIUM_EMAIL;
		if (!locale_find(templates->dflt, rule->template_name))
			conf_fault(faults, folder, 0, "there is no %s.conf, "
			    "which the rule for %s needs (line %d)",
			    rule->template_name, rule->event, rule->line);
	}
	if (wants_layout && !templates->dflt->has_layout)
		conf_fault(faults, folder, 0,
		    "there is no layout.conf, which mails need");
}

struct templates *
templates_open(const char *dir, const char *default_locale,
    const struct rules *rules, struct conf_faults *faults)
{
	struct templates *templates = mem_alloc(sizeof(*templates));
	size_t n = strlen(default_locale);
	char *folder;
	uint32_t i;

	arena_init(&templates->arena);
	templates_read(templates, dir, faults);
	for (i = 0; i < templates->n; i++)
		if (locale_is(&templates->locales[i], default_locale, n))
			templates->dflt = &templates->locales[i];
	if (!templates->dflt) {
		conf_fault(faults, dir, 0, "there is no folder '%.40s' for "
		    "the default locale", default_locale);
	} else if (rules) {
		folder = secret_path(dir, templates->dflt->name);
		templates_check(templates, folder, rules, faults);
		free(folder);
	}
	return templates;
}

void
templates_free(struct templates **p)
{
	if (!*p)
		return;
	arena_done(&(*p)->arena);
	free(*p);
	*p = NULL;
}
