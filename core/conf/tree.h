/* SPDX-License-Identifier: MIT */
/*
 * tree - what conf.c and option.c share: the files as libconfig read them.
 */
#ifndef CONF_TREE_H
#define CONF_TREE_H

#include <libconfig.h>

#include "conf/conf.h"

struct tree_file {
	config_t cfg;		/* never moves: settings point at it */
	char *path;
};

/* A string that lives, and is wiped, with the conf. */
struct tree_text {
	struct tree_text *next;
	char *s;
};

/* A section that somebody asked for. */
struct tree_asked {
	struct tree_asked *next;
	bool is_list;
	char name[];
};

struct tree_instance {
	config_setting_t *group;
	const struct tree_file *file;
	const char *module;
};

struct conf {
	char *folder;			/* of the main file; "" : here */
	struct tree_file **files;	/* the main file first */
	uint32_t n_files;
	struct tree_instance *instances;
	uint32_t n_instances;
	struct tree_text *texts;
	struct tree_asked *asked;
};

/* s is taken. */
const char *tree_keep(struct conf *, char *s);
void tree_ask(struct conf *, const char *section, bool is_list);
/* A top-level setting of the main file, or NULL. */
config_setting_t *tree_section(const struct conf *, const char *name);
int tree_line(const config_setting_t *);

#endif
