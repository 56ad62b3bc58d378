/* SPDX-License-Identifier: MIT */
/*
 * load-fails - does not like its options.
 */
#include "dull.h"

static int
fail_load(struct ow_ctx *ctx, const struct ow_host *host,
    const void *conf, void **out_self, struct ow_fault *fault)
{
	(void)ctx;
	(void)host;
	(void)conf;
	(void)out_self;
	strcpy(fault->text, "the number is unlucky");
	return OW_EINVAL;
}

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_STORE),
	DULL_ABOUT("load-fails"),
	DULL_CONF,
	.load = fail_load,
	.start = dull_start,
	.drain = dull_drain,
	.stop = dull_stop,
	.ops.store = &dull_store,
};

OW_EXPORT_PLUGIN(plugin);
