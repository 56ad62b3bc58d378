/* SPDX-License-Identifier: MIT */
/*
 * half-adapter - follows, and never stops following.
 */
#include "dull.h"

static void
half_follow(void *self, const struct ow_follow *follow)
{
	(void)self;
	(void)follow;
}

static const struct ow_adapter bad_ops = {
	.size = sizeof(bad_ops),
	.follow = half_follow,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_ADAPTER),
	DULL_ABOUT("half-adapter"),
	DULL_CONF,
	DULL_LIFE,
	.ops.adapter = &bad_ops,
};

OW_EXPORT_PLUGIN(plugin);
