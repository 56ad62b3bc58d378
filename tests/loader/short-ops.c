/* SPDX-License-Identifier: MIT */
/*
 * short-ops - its ops are of a version that had no run() yet.
 */
#include "dull.h"

static const struct ow_store short_store = {
	.size = offsetof(struct ow_store, run),
	.migrate = dull_migrate,
	.run = dull_run,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_STORE),
	DULL_ABOUT("short-ops"),
	DULL_CONF,
	DULL_LIFE,
	.ops.store = &short_store,
};

OW_EXPORT_PLUGIN(plugin);
