/* SPDX-License-Identifier: MIT */
/*
 * wrong-name - calls itself otherwise than its file.
 */
#include "dull.h"

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_STORE),
	DULL_ABOUT("right-name"),
	DULL_CONF,
	DULL_LIFE,
	.ops.store = &dull_store,
};

OW_EXPORT_PLUGIN(plugin);
