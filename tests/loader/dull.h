/* SPDX-License-Identifier: MIT */
/*
 * dull - a store that does nothing, for plugins that are broken in one place.
 *
 * Each file beside this one takes it and breaks one thing; a plugin that
 * breaks nothing passes the loader.
 */
#ifndef LOADER_DULL_H
#define LOADER_DULL_H

#include <string.h>

#include <orderwire/store.h>

struct dull {
	const char *text;
	int64_t number;
};

static int
__attribute__((unused)) dull_load(struct ow_ctx *ctx,
    const struct ow_host *host, const void *conf, void **out_self,
    struct ow_fault *fault)
{
	(void)ctx;
	(void)host;
	(void)conf;
	(void)out_self;
	(void)fault;
	return OW_OK;
}

static int
__attribute__((unused)) dull_start(void *self,
    struct ow_fault *fault)
{
	(void)self;
	(void)fault;
	return OW_OK;
}

static void
__attribute__((unused)) dull_drain(void *self)
{
	(void)self;
}

static void
__attribute__((unused)) dull_stop(void *self)
{
	(void)self;
}

static int
__attribute__((unused)) dull_migrate(void *self,
    struct ow_fault *fault)
{
	(void)self;
	(void)fault;
	return OW_OK;
}

static void
__attribute__((unused)) dull_run(void *self,
    const struct ow_txn *const *txns, uint32_t n_txns)
{
	(void)self;
	(void)txns;
	(void)n_txns;
}

static const struct ow_store dull_store __attribute__((unused)) = {
	.size = sizeof(dull_store),
	.migrate = dull_migrate,
	.run = dull_run,
};

static const struct ow_option dull_options[] __attribute__((unused)) = {
	OW_STR(struct dull, text, "dull", "A text."),
	OW_INT(struct dull, number, "7", 1, 10, "A number."),
	OW_OPTIONS_END
};

#define DULL_LIFE							\
	.load = dull_load,						\
	.start = dull_start,						\
	.drain = dull_drain,						\
	.stop = dull_stop

#define DULL_ABOUT(name_)						\
	.name = (name_),						\
	.version = "1",							\
	.summary = "A plugin of the loader's tests"

#define DULL_CONF							\
	.options = dull_options,					\
	.conf_size = sizeof(struct dull)

#endif
