/* SPDX-License-Identifier: MIT */
/*
 * half-hook - has a name for its hook, and no hook.
 */
#include "channel.h"

static const struct ow_channel bad_ops = {
	.size = sizeof(bad_ops),
	.medium = "sms",
	.kind = "sms",
	.check = dull_check,
	.deliver = dull_deliver,
	.hook_name = dull_hook_name,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	DULL_ABOUT("half-hook"),
	DULL_CONF,
	DULL_LIFE,
	.ops.channel = &bad_ops,
};

OW_EXPORT_PLUGIN(plugin);
