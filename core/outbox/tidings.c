/* SPDX-License-Identifier: MIT */
/*
 * tidings - making and ending both kinds of letters.
 */
#include "outbox/tidings.h"

#include <stdlib.h>

#include "base/mem.h"
#include "order/route.h"

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
