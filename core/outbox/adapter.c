/* SPDX-License-Identifier: MIT */
/*
 * adapter - the adapters of this node: what they say goes to the orders loop
 * as a letter, what that loop wants to hear about comes from there.
 *
 * An adapter is a guest like a channel: what it says is copied, and looked at
 * for shape alone; a number that is none goes no further, and no more goes
 * than the orders loop has time for (lane.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "order/route.h"
#include "outbox/lane.h"
#include "outbox/plug.h"
#include "outbox/room.h"

#define TEXT_MAX 2048

struct adapter {
	struct outbox *outbox;
	const struct plugin_entry *entry;
	struct ow_ctx *ctx;
	bool is_drained;
};

static const struct ow_adapter *
adapter_ops(const struct adapter *a)
{
	return a->entry->desc->ops.adapter;
}

/* ---- What it says ------------------------------------------------------- */

/* NULL: there is nobody to tell any more. */
static struct tidings *
say_begin(struct ow_ctx *ctx, enum tidings_kind kind, const char *tenant)
{
	struct adapter *a = plugin_ctx_user(ctx);

	if (!loop_is_here(a->outbox->conf.loop) || a->outbox->is_ending ||
	    a->outbox->conf.tidings == NULL ||
	    (tenant == NULL && kind != TIDINGS_STALE))
		return NULL;
	return tidings_new(kind, tenant);
}

static void
say(struct ow_ctx *ctx, struct tidings *t)
{
	struct adapter *a = plugin_ctx_user(ctx);

	lane_send(a->outbox->lane, t);
}

static const char *
text_of(struct tidings *t, const char *s)
{
	return s == NULL || s[0] == '\0' || strnlen(s, TEXT_MAX) == TEXT_MAX ?
	    NULL : arena_dup(&t->arena, s);
}

static bool
is_place(double lat, double lng)
{
	return lat >= -90 && lat <= 90 && lng >= -180 && lng <= 180;
}

static void
host_location(struct ow_ctx *ctx, const char *tenant, const struct ow_point *p)
{
	struct tidings *t;

	if (p == NULL || !OW_HAS(p, at_ms) || p->driver == NULL ||
	    !is_place(p->lat, p->lng))
		return;
	t = say_begin(ctx, TIDINGS_LOCATION, tenant);
	if (t == NULL)
		return;
	t->point = (struct ow_point){ .size = sizeof(t->point),
	    .driver = text_of(t, p->driver), .lat = p->lat, .lng = p->lng,
	    .heading = p->heading >= 0 && p->heading <= 360 ? p->heading : -1,
	    .speed_mps = p->speed_mps >= 0 && p->speed_mps < 1000 ?
	    p->speed_mps : -1, .accuracy_m = p->accuracy_m >= 0 ?
	    p->accuracy_m : -1, .at_ms = p->at_ms };
	say(ctx, t);
}

static void
host_task(struct ow_ctx *ctx, const char *tenant, const struct ow_task *task)
{
	struct tidings *t;

	if (task == NULL || !OW_HAS(task, at_ms) || task->order == NULL ||
	    task->status == NULL)
		return;
	t = say_begin(ctx, TIDINGS_TASK, tenant);
	if (t == NULL)
		return;
	t->task = (struct ow_task){ .size = sizeof(t->task),
	    .task_id = text_of(t, task->task_id),
	    .order = text_of(t, task->order),
	    .status = text_of(t, task->status),
	    .driver = text_of(t, task->driver),
	    .reason = text_of(t, task->reason), .at_ms = task->at_ms };
	say(ctx, t);
}

static void
host_driver(struct ow_ctx *ctx, const char *tenant, const struct ow_driver *d)
{
	struct tidings *t;

	if (d == NULL || !OW_HAS(d, rating) || d->id == NULL)
		return;
	t = say_begin(ctx, TIDINGS_DRIVER, tenant);
	if (t == NULL)
		return;
	t->driver = (struct ow_driver){ .size = sizeof(t->driver),
	    .id = text_of(t, d->id), .name = text_of(t, d->name),
	    .photo_url = text_of(t, d->photo_url),
	    .vehicle = text_of(t, d->vehicle), .phone = text_of(t, d->phone),
	    .rating = d->rating >= 0 && d->rating <= 5 ? d->rating : -1 };
	say(ctx, t);
}

static void
host_route(struct ow_ctx *ctx, const char *tenant, const struct ow_route *r)
{
	struct tidings *t;

	if (r == NULL || !OW_HAS(r, duration_s) || r->order == NULL)
		return;
	t = say_begin(ctx, TIDINGS_ROUTE, tenant);
	if (t == NULL)
		return;
	t->order = text_of(t, r->order);
	if (r->n > 0)
		t->route = route_new(r->lnglat, r->n, r->distance_m,
		    r->duration_s);
	if (r->n > 0 && t->route == NULL) {
		log_info("outbox", "a route that is none", LOG_STR("adapter",
		    plugin_ctx_entry(ctx)->name));
		tidings_free(&t);
		return;
	}
	say(ctx, t);
}

static void
host_stale(struct ow_ctx *ctx, bool is_stale, const char *why)
{
	struct tidings *t = say_begin(ctx, TIDINGS_STALE, NULL);

	if (t == NULL)
		return;
	t->is_stale = is_stale;
	t->why = text_of(t, why);
	log_notice("outbox", is_stale ? "drivers are out of sight" :
	    "drivers are in sight again", LOG_STR("adapter",
	    plugin_ctx_entry(ctx)->name), LOG_STR("why",
	    t->why != NULL ? t->why : ""));
	say(ctx, t);
}

static const struct ow_host_facts host_facts = {
	.size = sizeof(struct ow_host_facts),
	.location = host_location,
	.task = host_task,
	.driver = host_driver,
	.route = host_route,
	.stale = host_stale,
};

/* ---- Hooks -------------------------------------------------------------- */

static const struct ow_host_hook host_hook = {
	.size = sizeof(struct ow_host_hook),
	.hook_header = plug_hook_header,
	.hook_param = plug_hook_param,
	.hook_form = plug_hook_form,
	.hook_answer = plug_hook_answer,
};

bool
adapters_hook(struct outbox *o, struct hook *h)
{
	const struct ow_adapter *ops;
	struct adapter *a;
	bool is_taken = false;
	uint32_t i;

	if (strcmp(h->kind, ADAPTER_HOOK) != 0 ||
	    strcmp(h->method, "POST") != 0)
		return false;
	/* A tenant is one adapter's: the others know nothing of it. */
	for (i = 0; i < o->n_adapters; i++) {
		a = o->adapters[i];
		ops = adapter_ops(a);
		if (!OW_HAS(ops, hook) || ops->hook == NULL ||
		    (is_taken && h->status != 404))
			continue;
		plug_hook_call(ops->hook, plugin_ctx_self(a->ctx), h,
		    h->name, a->entry->name);
		is_taken = true;
	}
	if (is_taken)
		hook_end(h);
	return is_taken;
}

/* ---- What it is asked --------------------------------------------------- */

static void
adapter_want(struct adapter *a, const struct wanted *w)
{
	const struct ow_adapter *ops = adapter_ops(a);
	void *self = plugin_ctx_self(a->ctx);

	if (w->kind == WANTED_FOLLOW)
		ops->follow(self, &w->follow);
	else if (w->kind == WANTED_UNFOLLOW)
		ops->unfollow(self, w->follow.tenant, w->follow.order_id);
	else if (OW_HAS(ops, ask_route) && ops->ask_route != NULL)
		ops->ask_route(self, &w->follow, w->from_lat, w->from_lng,
		    w->to_lat, w->to_lng);
}

static void
wanted_come(struct mail *mail)
{
	struct wanted *w = (struct wanted *)(void *)((char *)mail -
	    offsetof(struct wanted, mail));
	struct outbox *o = w->outbox;
	uint32_t i;

	for (i = 0; i < o->n_adapters && !o->is_ending && !o->is_draining;
	    i++)
		adapter_want(o->adapters[i], w);
	wanted_free(&w);
}

bool
outbox_has_adapter(const struct outbox *o)
{
	return o->n_adapters > 0;
}

void
outbox_want(struct outbox *o, struct wanted *w)
{
	w->outbox = o;
	w->mail.run = wanted_come;
	loop_send(o->conf.loop, &w->mail);
}

/* ---- Life --------------------------------------------------------------- */

int
adapter_start(struct outbox *o, const struct plugin_entry *e,
    struct ow_fault *fault)
{
	const struct plugin_tables tables = {
		.net = o->conf.net, .facts = &host_facts, .hook = &host_hook,
		.outside = o->conf.outside,
	};
	struct adapter *a = mem_alloc(sizeof(*a));
	struct ow_fault why = { "" };
	int err;

	if (o->lane == NULL)
		o->lane = lane_new(o->conf.loop, o->conf.metrics,
		    o->conf.tidings, o->conf.arg);
	a->outbox = o;
	a->entry = e;
	o->adapters = mem_grow(o->adapters, (o->n_adapters + 1) *
	    sizeof(struct adapter *));
	err = plugin_start(e, o->conf.loop, o->conf.metrics, &tables, a,
	    &a->ctx, &why);
	if (err == OW_OK) {
		o->adapters[o->n_adapters++] = a;
		return OW_OK;
	}
	free(a);
	(void)snprintf(fault->text, sizeof(fault->text), "%.64s: %.180s",
	    e->name, why.text);
	return err;
}

static void
adapter_drained(void *arg)
{
	struct adapter *a = arg;
	struct outbox *o = a->outbox;

	if (a->is_drained)
		return;
	a->is_drained = true;
	if (o->n_undrained > 0)
		o->n_undrained--;
	outbox_turn(o);
}

void
adapters_drain(struct outbox *o, int64_t after_ms)
{
	uint32_t i;

	o->n_undrained += o->n_adapters;
	for (i = 0; i < o->n_adapters; i++)
		plugin_drain(o->adapters[i]->ctx, after_ms, adapter_drained,
		    o->adapters[i]);
}

void
adapters_stop(struct outbox *o)
{
	uint32_t i;

	for (i = 0; i < o->n_adapters; i++)
		plugin_stop(&o->adapters[i]->ctx);
	lane_free(&o->lane);
}

void
adapters_free(struct outbox *o)
{
	uint32_t i;

	for (i = 0; i < o->n_adapters; i++)
		free(o->adapters[i]);
	free(o->adapters);
	o->adapters = NULL;
	o->n_adapters = 0;
}
