/* SPDX-License-Identifier: MIT */
/*
 * mute-channel - names neither medium nor kind, and delivers nothing.
 */
#include "channel.h"

static const struct ow_channel bad_ops = {
	.size = sizeof(bad_ops),
	.check = dull_check,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	DULL_ABOUT("mute-channel"),
	DULL_CONF,
	DULL_LIFE,
	.ops.channel = &bad_ops,
};

OW_EXPORT_PLUGIN(plugin);
