/* SPDX-License-Identifier: MIT */
/*
 * bad-offset - an option that would be written outside the conf struct.
 */
#include "dull.h"

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_STORE),
	DULL_ABOUT("bad-offset"),
	.options = dull_options,
	.conf_size = sizeof(struct dull) - 1,
	DULL_LIFE,
	.ops.store = &dull_store,
};

OW_EXPORT_PLUGIN(plugin);
