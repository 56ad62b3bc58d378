/* SPDX-License-Identifier: MIT */
/*
 * never-drained - drain() never says that it is done.
 */
#include "dull.h"

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_STORE),
	DULL_ABOUT("never-drained"),
	DULL_CONF,
	DULL_LIFE,
	.ops.store = &dull_store,
};

OW_EXPORT_PLUGIN(plugin);
