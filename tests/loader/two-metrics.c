/* SPDX-License-Identifier: MIT */
/*
 * two-metrics - two metrics with one name.
 */
#include "dull.h"

static const struct ow_metric metrics[] = {
	{ "commits", OW_COUNTER, "Commits." },
	{ "commits", OW_GAUGE, "Commits again." },
	OW_METRICS_END
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_STORE),
	DULL_ABOUT("two-metrics"),
	DULL_CONF,
	DULL_LIFE,
	.ops.store = &dull_store,
	.metrics = metrics,
};

OW_EXPORT_PLUGIN(plugin);
