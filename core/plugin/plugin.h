/* SPDX-License-Identifier: MIT */
/*
 * plugin - finds plugins, looks them over, and runs their instances' lives.
 *
 * The loader refuses with a sentence: no file, no symbol, wrong major, wrong
 * name, a missing call, a bad option table.  A refused plugin ran no code but
 * ow_plugin_query.  A loaded object is never unloaded (a plugin that owns a
 * thread would take the process along).
 *
 * struct ow_ctx is an instance: one on each front for transports, one on its
 * loop for every other kind.
 */
#ifndef PLUGIN_PLUGIN_H
#define PLUGIN_PLUGIN_H

#include <orderwire/plugin.h>
#include <orderwire/store.h>

struct buf;
struct conf;
struct conf_faults;
struct loop;
struct metrics;
struct outside;
struct plugins;			/* all that the config names, loaded */
struct set_channel;
struct settings;

/* Where plugins are: as configured, or else $ORDERWIRE_PLUGINS (so that a
   build folder runs without being installed), or else where they were
   installed. */
const char *plugins_dir(const char *configured);

/* One configured instance before it has a loop. */
struct plugin_entry {
	const char *name;	/* of the instance */
	const struct ow_plugin *desc;
	void *conf;		/* desc->conf_size bytes, filled and checked */
	struct set_channel *channel;	/* what every channel's section has; */
				/* NULL: of another kind */
	char path[512];
};

/*
 * Load what the config names; all faults (of loading and of options) are
 * added.  Not NULL even then, so that --check can go on.
 */
struct plugins *plugins_open(struct conf *, const char *dir,
    struct conf_faults *);
void plugins_close(struct plugins **);
uint32_t plugins_count(const struct plugins *);
const struct plugin_entry *plugins_at(const struct plugins *, uint32_t i);
/* --check: load() and stop() of each, without a loop running. */
void plugins_check(struct plugins *, struct loop *, struct conf_faults *);
/* What concerns a plugin's section and one of the core's at once: a channel's
   deadline and the lease, say.  Also before a start. */
void plugins_check_settings(const struct plugins *, struct conf *,
    const struct settings *, struct conf_faults *);

/* One plugin by file; for --explain and --list-plugins. */
const struct ow_plugin *plugin_probe(const char *dir, const char *module,
    char path[512], struct ow_fault *);
/* Every plugin file of a directory, a line each. */
int plugin_list(const char *dir, struct buf *out);
/* A sample of the section of an instance, with what its kind adds. */
void plugin_explain(const struct ow_plugin *, struct buf *out);

/* The tables that the host side has; a kind sees only those it has business
   with.  net goes through outside (plugin/outside.h: outside_host()), unless a
   test brings one of its own. */
struct plugin_tables {
	const struct ow_host_srv *srv;
	const struct ow_host_store *store;
	const struct ow_host_net *net;
	const struct ow_host_outbox *outbox;
	const struct ow_host_facts *facts;
	const struct ow_host_hook *hook;
	struct outside *outside;	/* outlives the instance; or NULL */
	/* Instead of counting here; or NULL.  ANY THREAD; user is that of
	   plugin_start, metric is one that there is. */
	void (*add)(void *user, uint32_t metric, int64_t n);
};

/*
 * Make an instance on a loop and call load() and start(), there.  user is the
 * host side's own pointer (plugin_ctx_user).
 */
int plugin_start(const struct plugin_entry *, struct loop *,
    struct metrics *, const struct plugin_tables *, void *user,
    struct ow_ctx **out, struct ow_fault *);
/* drain(), then stopped(arg) after drained() or after_ms; then plugin_stop. */
void plugin_drain(struct ow_ctx *, int64_t after_ms, void (*done)(void *),
    void *arg);
void plugin_stop(struct ow_ctx **);	/* stop(), cancels what is left */

void *plugin_ctx_user(struct ow_ctx *);
void *plugin_ctx_self(struct ow_ctx *);
const struct plugin_entry *plugin_ctx_entry(struct ow_ctx *);
struct loop *plugin_ctx_loop(struct ow_ctx *);

#endif
