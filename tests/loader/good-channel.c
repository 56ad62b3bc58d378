/* SPDX-License-Identifier: MIT */
/*
 * good-channel - the least that a channel is; it looks whether it sees the
 * tables that it has business with, and no others.
 */
#include "channel.h"

static int
good_load(struct ow_ctx *ctx, const struct ow_host *host,
    const void *conf, void **out_self, struct ow_fault *fault)
{
	(void)ctx;
	(void)conf;
	(void)out_self;
	if (host->srv || host->store || !host->net || !host->outbox ||
	    !OW_HAS(host->net, judge) || !OW_HAS(host->outbox, hook_answer)) {
		strcpy(fault->text, "the host has other tables than it should");
		return OW_EINVAL;
	}
	return OW_OK;
}

static const struct ow_channel good_ops = {
	.size = sizeof(good_ops),
	.medium = "sms",
	.kind = "carrier-pigeon",
	.check = dull_check,
	.deliver = dull_deliver,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	DULL_ABOUT("good-channel"),
	DULL_CONF,
	.load = good_load,
	.start = dull_start,
	.drain = dull_drain,
	.stop = dull_stop,
	.ops.channel = &good_ops,
};

OW_EXPORT_PLUGIN(plugin);
