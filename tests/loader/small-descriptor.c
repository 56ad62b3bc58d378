/* SPDX-License-Identifier: MIT */
/*
 * small-descriptor - forgot OW_PLUGIN_HEAD: the size is too small.
 */
#include "dull.h"

static const struct ow_plugin plugin = {
	.size = 16,
	.abi = OW_ABI,
	.kind = OW_STORE,
	DULL_ABOUT("small-descriptor"),
	DULL_CONF,
	DULL_LIFE,
	.ops.store = &dull_store,
};

OW_EXPORT_PLUGIN(plugin);
