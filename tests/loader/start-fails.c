/* SPDX-License-Identifier: MIT */
/*
 * start-fails - starts half of what it needs, then fails without a reason.
 */
#include "dull.h"

#include <stdlib.h>

struct half {
	const struct ow_host_base *base;
	struct ow_ctx *ctx;
	struct ow_timer *timer;
	char *memory;
};

static int
half_load(struct ow_ctx *ctx, const struct ow_host *host,
    const void *conf, void **out_self, struct ow_fault *fault)
{
	struct half *half = calloc(1, sizeof(*half));

	(void)conf;
	(void)fault;
	half->base = host->base;
	half->ctx = ctx;
	*out_self = half;
	return OW_OK;
}

/* Breaks what would be freed memory, should it ever run. */
static void
half_late(void *arg)
{
	struct half *half = arg;

	half->memory[0] = 1;
}

static int
half_start(void *self, struct ow_fault *fault)
{
	struct half *half = self;

	(void)fault;
	half->memory = malloc(10);
	half->timer = half->base->timer_start(half->ctx, 5, half_late, half);
	half->base->timer_start(half->ctx, 6, half_late, half);
	half->base->post(half->ctx, half_late, half);
	half->base->offload(half->ctx, half_late, half_late, half);
	return -1000;		/* not even an error that exists */
}

static void
half_stop(void *self)
{
	struct half *half = self;

	half->base->timer_cancel(half->ctx, &half->timer);
	free(half->memory);
	free(half);
}

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_STORE),
	DULL_ABOUT("start-fails"),
	DULL_CONF,
	.load = half_load,
	.start = half_start,
	.drain = dull_drain,
	.stop = half_stop,
	.ops.store = &dull_store,
};

OW_EXPORT_PLUGIN(plugin);
