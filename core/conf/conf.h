/* SPDX-License-Identifier: MIT */
/*
 * conf - the configuration files, read by libconfig and checked by tables.
 *
 * One main file and, beside it, every *.conf of its conf.d/ in the order of
 * their names.  Top-level groups are sections: the core's own (settings.h), and
 * under `plugins` one group for each instance:
 *
 *	plugins: {
 *		store-sqlite: { path = "/var/lib/orderwire/orders.db"; };
 *		sms-backup: { module = "channel-sms"; gateway = "kannel"; };
 *	};
 *
 * A file in conf.d holds such instance groups at its top level.  All faults
 * of all files are gathered, each with file and line; nothing stops at the
 * first.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <orderwire/plugin.h>

struct conf;
struct buf;

struct conf_fault {
	char file[256];
	int line;		/* 0: the file as a whole */
	char text[320];	/* "unknown option 'subjet', did you mean ..." */
};

struct conf_faults {
	uint32_t n, cap;
	struct conf_fault *list;
};

void conf_faults_done(struct conf_faults *);
void conf_fault(struct conf_faults *, const char *file, int line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void conf_faults_print(const struct conf_faults *, struct buf *out);

/* NULL only when the main file can't be read or parsed. */
struct conf *conf_open(const char *path, struct conf_faults *);
/* The file alone, whatever stands beside it. */
struct conf *conf_open_file(const char *path, struct conf_faults *);
/* The same from memory and without a conf.d; name stands for the file in
   faults, and its folder is where relative paths begin. */
struct conf *conf_parse(const char *text, const char *name,
    struct conf_faults *);
void conf_close(struct conf **);	/* wipes and frees all values filled */

/*
 * Fill `out` from a top-level section by the table; defaults where the file
 * says nothing.  A section that is absent is all defaults (and a fault for
 * each required option).  Strings are the conf's.  Marks the section known.
 *
 * OW_OK or OW_EINVAL.  Also then `out` is filled, so that a caller can look
 * for more faults: an option at fault has its default, a required one is
 * empty (""), 0 or false.
 */
int conf_fill(struct conf *, const char *section, const struct ow_option *,
    void *out, struct conf_faults *);

/* The instances under `plugins`, in order. */
struct conf_instance {
	const char *name;	/* the group's name */
	const char *module;	/* its `module`, or else the name */
	const char *file;
	int line;
};
uint32_t conf_instances(const struct conf *);
void conf_instance(const struct conf *, uint32_t i, struct conf_instance *);
/* common is a second table for the same group (what every instance of a kind
   has), which fills out_common; or NULL. */
int conf_fill_instance(struct conf *, uint32_t i, const struct ow_option *,
    void *out, const struct ow_option *common, void *out_common,
    struct conf_faults *);

/* Lists of groups, such as `tenants`: entry i by the table.  Counting marks
   the section known. */
uint32_t conf_list_count(struct conf *, const char *section);
int conf_fill_entry(struct conf *, const char *section, uint32_t i,
    const struct ow_option *, void *out, struct conf_faults *);

/* Sections that nobody asked for become faults. */
void conf_check_unknown(struct conf *, struct conf_faults *);

/* Where an option of a section is written, for faults that concern more than
   its own value; the section, or 0, when the file does not say it. */
void conf_where(const struct conf *, const char *section, const char *option,
    const char **out_file, int *out_line);
/* The same in entry i of a list. */
void conf_where_entry(const struct conf *, const char *section, uint32_t i,
    const char *option, const char **out_file, int *out_line);
/* A relative path as seen from the main file's folder; "" stays "".  The
   result is the conf's. */
const char *conf_path(struct conf *, const char *path);

/* The option table as a sample file with comments: what --explain prints.
   name is the section; indent in tabs.  Defaults are commented out, required
   options stand as "" and are to be filled in.  common: a second table for
   the same group, or NULL. */
void conf_explain(struct buf *out, const char *name,
    const struct ow_option *, const struct ow_option *common, int indent);

/* Is the table itself sound (names, types, offsets inside size, defaults that
   pass their own check)?  Used on plugins before any of their code runs. */
int conf_table_check(const struct ow_option *, size_t conf_size,
    struct ow_fault *);

#endif
