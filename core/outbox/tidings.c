/* SPDX-License-Identifier: MIT */
/*
 * tidings - making and ending both kinds of letters, and counting the one.
 */
#include "outbox/tidings.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "order/route.h"

struct load {
	atomic_uint refs;
	atomic_uint n[2];		/* by tidings_is_replaceable */
};

struct load *
load_new(void)
{
	struct load *l = mem_alloc(sizeof(*l));

	atomic_init(&l->refs, 1);
	return l;
}

void
load_unref(struct load **lp)
{
	struct load *l = *lp;

	*lp = NULL;
	if (l != NULL && atomic_fetch_sub(&l->refs, 1) == 1)
		free(l);
}

bool
load_enter(struct load *l, struct tidings *t, uint32_t max)
{
	if (load_count(l, t->kind) >= max)
		return false;
	atomic_fetch_add(&l->n[tidings_is_replaceable(t->kind)], 1);
	atomic_fetch_add(&l->refs, 1);
	t->load = l;
	return true;
}

static void
load_leave(struct tidings *t)
{
	if (t->load == NULL)
		return;
	atomic_fetch_sub(&t->load->n[tidings_is_replaceable(t->kind)], 1);
	load_unref(&t->load);
}

uint32_t
load_count(const struct load *l, enum tidings_kind kind)
{
	return atomic_load(&l->n[tidings_is_replaceable(kind)]);
}

bool
tidings_is_replaceable(enum tidings_kind kind)
{
	return kind == TIDINGS_LOCATION || kind == TIDINGS_STALE;
}

struct tidings *
tidings_new(enum tidings_kind kind, const char *tenant)
{
	struct tidings *t = mem_alloc(sizeof(*t));

	arena_init(&t->arena);
	t->kind = kind;
	t->tenant = arena_dup(&t->arena, tenant);
	return t;
}

void
tidings_free(struct tidings **tp)
{
	struct tidings *t = *tp;

	*tp = NULL;
	if (t == NULL)
		return;
	load_leave(t);
	route_unref(&t->route);
	arena_done(&t->arena);
	free(t);
}

struct wanted *
wanted_new(enum wanted_kind kind, const char *tenant, const char *order_id)
{
	struct wanted *w = mem_alloc(sizeof(*w));

	arena_init(&w->arena);
	w->kind = kind;
	w->follow.size = sizeof(w->follow);
	w->follow.tenant = arena_dup(&w->arena, tenant);
	w->follow.order_id = arena_dup(&w->arena, order_id);
	return w;
}

void
wanted_free(struct wanted **wp)
{
	struct wanted *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	arena_done(&w->arena);
	free(w);
}
