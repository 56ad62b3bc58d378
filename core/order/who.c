/* SPDX-License-Identifier: MIT */
/*
 * who - roles, and what each may do.
 *
 * Says yes or no and nothing else: it verifies no token and knows no clock
 * (whoever holds a who asks expires_ms).  A tenant "*" means any only in an
 * admin's hands; with any other role it is in no tenant at all.  A role that
 * is not listed here may nothing.
 *
 * On the path: made by http/auth, asked by api, hub and desk.
 */
#include "order/who.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char *const role_names[] = {
	[ROLE_NONE] = "none",
	[ROLE_CUSTOMER] = "customer",
	[ROLE_KITCHEN] = "kitchen",
	[ROLE_SERVICE] = "service",
	[ROLE_ADMIN] = "admin",
	[ROLE_TRACKING] = "tracking",
};

static const char *
put_text(char **at, const char *s, size_t n)
{
	char *text = *at;

	memcpy(text, s, n);
	*at += n;
	return text;
}

struct who *
who_new(enum role role, const char *tenant, const char *sub, const
    char *order_id, int64_t expires_ms)
{
	size_t tenant_n = strlen(tenant) + 1;
	size_t sub_n = strlen(sub) + 1;
	size_t order_n = strlen(order_id) + 1;
	struct who *w;
	char *at;

	w = mem_alloc(sizeof(*w) + tenant_n + sub_n + order_n);
	atomic_init(&w->refs, 1);
	w->role = role;
	w->expires_ms = expires_ms;
	at = w->text;
	w->tenant = put_text(&at, tenant, tenant_n);
	w->sub = put_text(&at, sub, sub_n);
	w->order_id = put_text(&at, order_id, order_n);
	return w;
}

struct who *
who_ref(const struct who *const_who)
{
	/* Only the count changes, and that is not part of the value. */
	struct who *w = (struct who *)const_who;

	if (w != NULL)
		atomic_fetch_add_explicit(&w->refs, 1, memory_order_relaxed);
	return w;
}

void
who_unref(struct who **who)
{
	struct who *w = *who;

	*who = NULL;
	if (w == NULL)
		return;
	if (atomic_fetch_sub_explicit(&w->refs, 1, memory_order_acq_rel) == 1)
		free(w);
}

const char *
role_name(enum role role)
{
	if ((unsigned int)role > ROLE_TRACKING)
		return role_names[ROLE_NONE];
	return role_names[role];
}

/* Words of a token's claim, so "tracking" is none: no JWT can give it. */
enum role
role_by_name(const char *name)
{
	if (name == NULL)
		return ROLE_NONE;
	for (int i = ROLE_CUSTOMER; i <= ROLE_ADMIN; i++)
		if (strcmp(name, role_names[i]) == 0)
			return (enum role)i;
	return ROLE_NONE;
}

bool
who_is_in(const struct who *w, const char *tenant)
{
	if (w->role == ROLE_NONE || tenant[0] == '\0')
		return false;
	if (strcmp(w->tenant, "*") == 0)
		return w->role == ROLE_ADMIN;
	return strcmp(w->tenant, tenant) == 0;
}

bool
who_may_read(const struct who *w, const char *order_id, const char
    *customer_id)
{
	switch (w->role) {
	case ROLE_KITCHEN:
	case ROLE_SERVICE:
	case ROLE_ADMIN:
		return true;
	case ROLE_CUSTOMER:
		return w->sub[0] != '\0' && strcmp(w->sub, customer_id) == 0;
	case ROLE_TRACKING:
		return w->order_id[0] != '\0' &&
		    strcmp(w->order_id, order_id) == 0;
	case ROLE_NONE:
		break;
	}
	return false;
}

bool
who_may_cook(const struct who *w)
{
	return w->role == ROLE_KITCHEN || who_may_serve(w);
}

bool
who_may_serve(const struct who *w)
{
	return w->role == ROLE_SERVICE || who_is_admin(w);
}

bool
who_is_admin(const struct who *w)
{
	return w->role == ROLE_ADMIN;
}
