/* SPDX-License-Identifier: MIT */
/*
 * wrong-kind - of a kind that does not exist.
 */
#include "dull.h"

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(77),
	DULL_ABOUT("wrong-kind"),
	DULL_CONF,
	DULL_LIFE,
	.ops.store = &dull_store,
};

OW_EXPORT_PLUGIN(plugin);
