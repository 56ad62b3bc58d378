/* SPDX-License-Identifier: MIT */
/*
 * local - a channel in this process: its plugin is called directly, and what
 * the plugin says comes in by the table of host calls below.
 *
 * Not here: what a channel may be given and what its words mean; that is the
 * same wherever it runs.
 */
#include "base/mem.h"
#include "outbox/plug.h"
#include "outbox/room.h"

static const struct ow_channel *
local_ops(const struct channel *ch)
{
	return ch->entry->desc->ops.channel;
}

static void *
local_self(const struct channel *ch)
{
	return plugin_ctx_self(ch->impl);
}

/* ---- What the plugin calls ---------------------------------------------- */

static void
host_settle(struct ow_ctx *ctx, const struct ow_job *job,
    const struct ow_outcome *out)
{
	channel_settle(plugin_ctx_user(ctx), job, out);
}

static void
host_report(struct ow_ctx *ctx, const char *ref,
    const struct ow_outcome *out)
{
	channel_report(plugin_ctx_user(ctx), ref, out);
}

static void
host_opt(struct ow_ctx *ctx, const char *identity, bool in, const char *why)
{
	channel_opt(plugin_ctx_user(ctx), identity, in, why);
}

static const struct ow_host_outbox host_outbox = {
	.size = sizeof(struct ow_host_outbox),
	.settle = host_settle,
	.report = host_report,
	.opt = host_opt,
	.hook_header = plug_hook_header,
	.hook_param = plug_hook_param,
	.hook_form = plug_hook_form,
	.hook_answer = plug_hook_answer,
};

/* ---- What the outbox calls ---------------------------------------------- */

/* What its plugin says of itself, once, since other threads ask for it. */
static int
local_learn(struct channel *ch, struct ow_fault *fault)
{
	const char *own = plug_own_address(local_ops(ch), local_self(ch));
	int err;

	ch->hook_name = mem_dup(plug_hook_name(local_ops(ch),
	    local_self(ch)));
	ch->public_key = mem_dup(plug_public_key(local_ops(ch),
	    local_self(ch)));
	if (own == NULL)
		return OW_OK;
	ch->own = mem_alloc(sizeof(*ch->own));
	err = plug_check(local_ops(ch), local_self(ch), own, ch->own, fault);
	if (err == OW_OK)
		job_own_hash(ch->kind->name, ch->name, ch->own->identity,
		    ch->own_hash);
	return err;
}

static int
local_start(struct channel *ch, const struct plugin_entry *e,
    struct outside *outside, struct ow_fault *fault)
{
	struct outbox *o = ch->outbox;
	struct plugin_tables tables = {
		.net = o->conf.net, .outbox = &host_outbox,
		.outside = outside,
	};
	struct ow_ctx *ctx = NULL;
	int err;

	err = plugin_start(e, o->conf.loop, o->conf.metrics, &tables, ch,
	    &ctx, fault);
	if (err != OW_OK)
		return err;
	ch->impl = ctx;
	return local_learn(ch, fault);
}

static void
local_check(struct channel *ch, const char *wanted,
    struct channel_check *check)
{
	struct ow_address out;
	struct ow_fault fault;
	int err = plug_check(local_ops(ch), local_self(ch), wanted, &out,
	    &fault);

	check->done(check, err, &out, &fault);
}

static void
local_deliver(struct channel *ch, const struct ow_job *job)
{
	local_ops(ch)->deliver(local_self(ch), job);
}

static void
local_cancel(struct channel *ch, const struct ow_job *job)
{
	const struct ow_channel *ops = local_ops(ch);

	if (OW_HAS(ops, cancel) && ops->cancel != NULL)
		ops->cancel(local_self(ch), job);
}

static void
local_hook(struct channel *ch, struct hook *h)
{
	plug_hook(local_ops(ch), local_self(ch), h, ch->name);
	hook_end(h);
}

static void
local_drain(struct channel *ch, int64_t after_ms, void (*done)(void *),
    void *arg)
{
	plugin_drain(ch->impl, after_ms, done, arg);
}

static void
local_stop(struct channel *ch)
{
	struct ow_ctx *ctx = ch->impl;

	ch->impl = NULL;
	plugin_stop(&ctx);
}

const struct channel_ops channel_local = {
	.start = local_start, .check = local_check,
	.deliver = local_deliver, .cancel = local_cancel,
	.hook = local_hook, .drain = local_drain, .stop = local_stop,
};
