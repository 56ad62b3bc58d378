/* SPDX-License-Identifier: MIT */
/*
 * subject - a counter by tenant and person, there only while it is not zero.
 *
 * A tracking token's person is the token (its sub), or else its order.
 */
#include "hub/subject.h"

#include <stdlib.h>
#include <string.h>

#include <orderwire/plugin.h>
#include "base/mem.h"

/* Tenants, subjects and ids have no control characters. */
static char *
subject_key(const struct who *who, size_t *out_n)
{
	char *key;

	key = mem_printf("%d\n%s\n%s\n%s", (int)who->role, who->tenant,
	    who->sub, who->order_id);
	*out_n = strlen(key);
	return key;
}

int
subject_enter(struct subject **table, const struct who *who, int64_t max,
    struct subject **out)
{
	struct subject *sub;
	char *key;
	size_t n;

	if (who->role != ROLE_CUSTOMER && who->role != ROLE_TRACKING) {
		*out = NULL;
		return OW_OK;
	}
	key = subject_key(who, &n);
	HASH_FIND(hh, *table, key, n, sub);
	if (sub != NULL && (int64_t)sub->n >= max) {
		free(key);
		return OW_ELIMIT;
	}
	if (sub == NULL) {
		sub = mem_alloc(sizeof(*sub) + n);
		memcpy(sub->key, key, n);
		HASH_ADD(hh, *table, key, n, sub);
	}
	free(key);
	sub->n++;
	*out = sub;
	return OW_OK;
}

void
subject_leave(struct subject **table, struct subject **subp)
{
	struct subject *sub = *subp;

	*subp = NULL;
	if (sub == NULL || --sub->n > 0)
		return;
	HASH_DEL(*table, sub);
	free(sub);
}
