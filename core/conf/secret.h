/* SPDX-License-Identifier: MIT */
/*
 * secret - a secret that stands in a file of its own: "@file".
 */
#ifndef CONF_SECRET_H
#define CONF_SECRET_H

#include <orderwire/plugin.h>

#define SECRET_MAX ((size_t)64 << 10)

/* The file's content without one trailing newline; a relative path begins at
   folder.  The caller's, to be ended by mem_wipe_free.  OW_OK, or an error
   with a sentence. */
int secret_read(const char *folder, const char *path, char **out,
    struct ow_fault *);
/* path as seen from folder; the caller's. */
char *secret_path(const char *folder, const char *path);

#endif
