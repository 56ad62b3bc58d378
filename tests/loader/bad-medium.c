/* SPDX-License-Identifier: MIT */
/*
 * bad-medium - is for a medium that people cannot switch, and for a kind that
 * would not stand in a path.
 */
#include "channel.h"

static const struct ow_channel bad_ops = {
	.size = sizeof(bad_ops),
	.medium = "telepathy",
	.kind = "Carrier/Pigeon",
	.check = dull_check,
	.deliver = dull_deliver,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	DULL_ABOUT("bad-medium"),
	DULL_CONF,
	DULL_LIFE,
	.ops.channel = &bad_ops,
};

OW_EXPORT_PLUGIN(plugin);
