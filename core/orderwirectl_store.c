/* SPDX-License-Identifier: MIT */
/*
 * orderwirectl_store - the tables of the configured store, brought up to date
 * without a server.
 */
#include "orderwirectl.h"

#include <stdio.h>

#include "base/loop.h"
#include "base/mem.h"
#include "base/metric.h"
#include "event/journal.h"
#include "plugin/plugin.h"

static int
ctl_migrate_store(const struct plugin_entry *entry)
{
	struct loop *loop = loop_new("ctl");
	struct metrics *metrics = metrics_new();
	struct journal_conf conf = {
		.store_loop = loop,
		.home = loop,
		.queue_max = 1,
		.metrics = metrics,
	};
	const struct plugin_tables tables = { .store = journal_host() };
	struct journal *journal = journal_new(&conf);
	struct ow_fault fault = { "" };
	struct ow_ctx *ctx = NULL;
	int rc;

	OW_ASSERT(loop);
	rc = plugin_start(entry, loop, metrics, &tables, journal, &ctx,
	    &fault);
	if (rc == OW_OK)
		rc = entry->desc->ops.store->migrate(plugin_ctx_self(ctx),
		    &fault);
	if (ctx)
		plugin_stop(&ctx);
	journal_free(&journal);
	metrics_free(&metrics);
	loop_free(&loop);
	if (rc != OW_OK)
		return ctl_say(CTL_FAILED, "%s: %s", entry->name, fault.text);
	fprintf(stderr, "orderwirectl: the tables of %s are up to date\n",
	    entry->name);
	return CTL_DONE;
}

static int
ctl_migrate_with(struct ctl *c, struct plugins *plugins)
{
	const struct plugin_entry *entry;
	uint32_t i;

	for (i = 0; i < plugins_count(plugins); i++) {
		entry = plugins_at(plugins, i);
		if (entry->desc->kind == OW_STORE)
			return ctl_migrate_store(entry);
	}
	return ctl_say(CTL_FAILED, "%s configures no store, like store-sqlite",
	    c->path);
}

int
ctl_migrate(struct ctl *c, int argc, char **argv)
{
	struct conf_faults faults = { 0 };
	struct buf text = BUF_INIT(65536);
	struct plugins *plugins;
	int status;

	if (argc > 1)
		return ctl_say(CTL_USAGE, "what is '%s'?", argv[1]);
	if ((status = ctl_open(c)) != CTL_DONE)
		return status;
	plugins = plugins_open(c->conf,
	    plugins_dir(c->settings.server.plugin_dir), &faults);
	if (faults.n) {
		conf_faults_print(&faults, &text);
		fputs(text.p, stderr);
		status = ctl_say(CTL_FAILED, "correct this first");
	} else {
		status = ctl_migrate_with(c, plugins);
	}
	plugins_close(&plugins);
	buf_done(&text);
	conf_faults_done(&faults);
	return status;
}
