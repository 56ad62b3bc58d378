/* SPDX-License-Identifier: MIT */
/*
 * missing-call - has no drain(), no stop() and no run(): three faults at once.
 */
#include "dull.h"

static const struct ow_store half_store = {
	.size = sizeof(half_store),
	.migrate = dull_migrate,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_STORE),
	DULL_ABOUT("missing-call"),
	DULL_CONF,
	.load = dull_load,
	.start = dull_start,
	.ops.store = &half_store,
};

OW_EXPORT_PLUGIN(plugin);
