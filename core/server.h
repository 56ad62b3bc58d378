/* SPDX-License-Identifier: MIT */
/*
 * server - all rooms of the house put together: loops, threads, plugins,
 * listeners, and the order in which they begin and end.
 */
#ifndef SERVER_H
#define SERVER_H

#include "conf/settings.h"
#include "plugin/plugin.h"

struct rules;
struct server;
struct templates;

/* What people are told, and how. */
struct server_words {
	struct rules *rules;
	struct templates *templates;
};

/* Everything but running: keys, store, channels, listeners.  All that is given
   must outlive the server. */
int server_new(const struct settings *, const struct server_words *,
    struct plugins *, struct server **out, struct ow_fault *);
/* Until a signal ends it; the process's exit code. */
int server_run(struct server *);
void server_free(struct server **);

#endif
