/* SPDX-License-Identifier: MIT */
/*
 * consent - see consent.h.  Who asks and what follows is agree.c's.
 */
#include "outbox/consent.h"

#include <stdlib.h>

void
consent_free(struct consent **cp)
{
	struct consent *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	arena_done(&c->arena);
	free(c);
}
