/* SPDX-License-Identifier: MIT */
/*
 * files - everything that is served, in memory.
 *
 * A folder is read once; afterwards a path is looked up and nothing is opened
 * any more, so no path of a request ever reaches the file system.
 */
#ifndef SITE_FILES_H
#define SITE_FILES_H

#include <orderwire/plugin.h>

#include "rule.h"

#define FILES_FILE_MAX ((size_t)4 << 20)
#define FILES_TOTAL_MAX ((size_t)32 << 20)
#define FILES_COUNT_MAX 4096
#define FILES_DEPTH_MAX 16
#define FILES_PATH_SIZE 1024

struct body {
	unsigned char *p;	/* NULL: there is none packed like this */
	size_t n;
	char tag[36];		/* a strong ETag of these bytes, quoted */
};

struct file {
	char *path;		/* as it is served: "/index.html" */
	struct body bodies[PACK_COUNT];
	bool has_pack;		/* it depends on Accept-Encoding */
	bool is_pack;		/* of another file: goes in files_finish */
};

struct files {
	struct file *list;	/* by path, after files_finish */
	size_t count, room, total;
};

/* All regular files below root, without dot files and folders.  A link is
   followed only to a file below root; anything else that is no file or folder,
   and whatever is too big, is a fault that names it. */
int files_read(struct files *, const char *root, struct ow_fault *);
/* Before files_finish: a file of this path, and what is packed of it, if they
   are there. */
void files_drop(struct files *, const char *path);
/* p is copied.  No file may have this path yet. */
int files_add(struct files *, const char *path, const void *p, size_t n,
    struct ow_fault *);
/* Sorts; "x.br" and "x.gz" become bodies of x where there is an x and it is
   larger. */
void files_finish(struct files *);
/* Or NULL.  After files_finish. */
const struct file *files_find(const struct files *, const char *path);
void files_done(struct files *);

#endif
