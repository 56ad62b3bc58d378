/* SPDX-License-Identifier: MIT */
/*
 * bad-default - an option whose default is out of its own range.
 */
#include "dull.h"

static const struct ow_option bad_options[] = {
	OW_INT(struct dull, number, "11", 1, 10, "A number."),
	OW_OPTIONS_END
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_STORE),
	DULL_ABOUT("bad-default"),
	.options = bad_options,
	.conf_size = sizeof(struct dull),
	DULL_LIFE,
	.ops.store = &dull_store,
};

OW_EXPORT_PLUGIN(plugin);
