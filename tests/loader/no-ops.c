/* SPDX-License-Identifier: MIT */
/*
 * no-ops - has no operations at all.
 */
#include "dull.h"

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_STORE),
	DULL_ABOUT("no-ops"),
	DULL_CONF,
	DULL_LIFE,
};

OW_EXPORT_PLUGIN(plugin);
