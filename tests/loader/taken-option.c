/* SPDX-License-Identifier: MIT */
/*
 * taken-option - a channel whose options have names that are every channel's.
 */
#include "channel.h"

struct taken {
	const char *isolate;
	int64_t rate;
	int64_t max_inflight;
};

static const struct ow_option taken_options[] = {
	OW_STR(struct taken, isolate, "", "A name that is taken."),
	OW_INT(struct taken, rate, "1", 0, 9, "Another."),
	OW_INT(struct taken, max_inflight, "1", 0, 9, "And another."),
	OW_OPTIONS_END
};

static const struct ow_channel taken_ops = {
	.size = sizeof(taken_ops),
	.medium = "sms",
	.kind = "sms",
	.check = dull_check,
	.deliver = dull_deliver,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	DULL_ABOUT("taken-option"),
	.options = taken_options,
	.conf_size = sizeof(struct taken),
	DULL_LIFE,
	.ops.channel = &taken_ops,
};

OW_EXPORT_PLUGIN(plugin);
