/* SPDX-License-Identifier: MIT */
/*
 * server - all rooms of the house put together: loops, threads, plugins,
 * listeners, and the order in which they begin and end.
 */
#ifndef SERVER_H
#define SERVER_H

#include "conf/settings.h"
#include "plugin/plugin.h"

struct server;

/* Everything but running: keys, store, listeners.  set and plugins must
   outlive the server. */
int server_new(const struct settings *, struct plugins *,
    struct server **out, struct ow_fault *);
/* Until a signal ends it; the process's exit code. */
int server_run(struct server *);
void server_free(struct server **);

#endif
