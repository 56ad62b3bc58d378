/* SPDX-License-Identifier: MIT */
/*
 * instance - the life of one instance: load, start, drain, stop.
 *
 * Decides in which order the calls come, and distrusts what they return; what
 * a plugin starts in between is host.c's.  A stop() while work of the plugin's
 * still runs on a helper thread is put off until that is back, since stop()
 * frees what the work uses; until then nothing calls into the plugin.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "plugin/instance.h"

static struct ow_ctx *
instance_new(const struct plugin_entry *entry,
    struct loop *loop, const struct plugin_tables *tables)
{
	struct ow_ctx *ctx = mem_alloc(sizeof(*ctx));
	int32_t kind = entry->desc->kind;

	ctx->entry = entry;
	ctx->loop = loop;
	ctx->host.size = sizeof(ctx->host);
	ctx->host.abi = OW_ABI;
	ctx->host.base = &host_base;
	ctx->add = tables->add;
	if (kind == OW_TRANSPORT)
		ctx->host.srv = tables->srv;
	if (kind == OW_STORE)
		ctx->host.store = tables->store;
	if (kind == OW_CHANNEL) {
		ctx->host.net = tables->net;
		ctx->host.outbox = tables->outbox;
		ctx->outside = tables->outside;
	}
	if (kind == OW_ADAPTER) {
		ctx->host.net = tables->net;
		ctx->host.facts = tables->facts;
		ctx->host.hook = tables->hook;
		ctx->outside = tables->outside;
	}
	while (entry->desc->metrics &&
	    entry->desc->metrics[ctx->n_metrics].name)
		ctx->n_metrics++;
	host_init(ctx);
	return ctx;
}

static void
instance_free(struct ow_ctx *ctx)
{
	host_done(ctx);
	metric_set_free(&ctx->metrics);
	free(ctx);
}

/* A plugin's result as one of ours, always with a text. */
static int
instance_result(int err, const char *call, struct ow_fault *fault)
{
	if (err == OW_OK)
		return OW_OK;
	fault->text[sizeof(fault->text) - 1] = '\0';
	if (!fault->text[0])
		snprintf(fault->text, sizeof(fault->text),
		    "%s() failed with %d and does not say why", call, err);
	return err < 0 && err >= OW_EUNSUP ? err : OW_EIO;
}

static int
instance_load(struct ow_ctx *ctx, struct ow_fault *fault)
{
	void *self = NULL;
	int err;

	fault->text[0] = '\0';
	err = ctx->entry->desc->load(ctx, &ctx->host, ctx->entry->conf, &self,
	    fault);
	if (!err)
		ctx->self = self;
	return instance_result(err, "load", fault);
}

int
plugin_start(const struct plugin_entry *entry, struct loop *loop,
    struct metrics *metrics, const struct plugin_tables *tables,
    void *user, struct ow_ctx **out, struct ow_fault *fault)
{
	struct ow_ctx *ctx = instance_new(entry, loop, tables);
	int err;

	ctx->user = user;
	/* Instances of one name, on several loops or during a reload, are
	   added up by the registry. */
	if (metrics && entry->desc->metrics)
		ctx->metrics = metric_set_new(metrics, entry->desc->name,
		    entry->desc->metrics, "instance", entry->name);
	err = instance_load(ctx, fault);
	if (err) {
		instance_free(ctx);
		return err;
	}
	fault->text[0] = '\0';
	err = instance_result(entry->desc->start(ctx->self, fault), "start",
	    fault);
	if (err) {
		plugin_stop(&ctx);
		return err;
	}
	*out = ctx;
	return OW_OK;
}

int
instance_check(const struct plugin_entry *entry, struct loop *loop,
    struct ow_fault *fault)
{
	struct ow_ctx *ctx = instance_new(entry, loop, &inert_tables);
	int err;

	err = instance_load(ctx, fault);
	if (err)
		instance_free(ctx);
	else
		plugin_stop(&ctx);
	return err;
}

static void
instance_drain_late(void *arg)
{
	struct ow_ctx *ctx = arg;
	void (*done)(void *) = ctx->drain_done;

	ctx->drain_timer = NULL;	/* it ended by firing */
	ctx->drain_done = NULL;
	log_warn("plugin", "not drained in time; what is in flight is cut off",
	    LOG_STR("instance", ctx->entry->name));
	done(ctx->drain_arg);
}

void
plugin_drain(struct ow_ctx *ctx, int64_t after_ms, void (*done)(void *),
    void *arg)
{
	OW_ASSERT(!ctx->is_draining && !ctx->drain_done);
	ctx->is_draining = true;
	ctx->drain_done = done;
	ctx->drain_arg = arg;
	ctx->drain_timer = loop_timer_start(ctx->loop, after_ms,
	    instance_drain_late, ctx);
	ctx->entry->desc->drain(ctx->self);
}

void
instance_finish(struct ow_ctx *ctx)
{
	ctx->entry->desc->stop(ctx->self);
	instance_free(ctx);
}

void
plugin_stop(struct ow_ctx **p)
{
	struct ow_ctx *ctx = *p;

	if (!ctx)
		return;
	*p = NULL;
	host_quiet(ctx);
	ctx->is_stopping = true;
	if (!host_is_busy(ctx))
		instance_finish(ctx);
	else
		log_warn("plugin", "stops when its work is back",
		    LOG_STR("instance", ctx->entry->name));
}

void *
plugin_ctx_user(struct ow_ctx *ctx)
{
	return ctx->user;
}

void *
plugin_ctx_self(struct ow_ctx *ctx)
{
	return ctx->self;
}

const struct plugin_entry *
plugin_ctx_entry(struct ow_ctx *ctx)
{
	return ctx->entry;
}

struct loop *
plugin_ctx_loop(struct ow_ctx *ctx)
{
	return ctx->loop;
}
