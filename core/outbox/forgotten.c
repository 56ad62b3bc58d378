/* SPDX-License-Identifier: MIT */
/*
 * forgotten - making and ending the letters about notices that are no more.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "outbox/outbox.h"

struct forgotten *
forgotten_new(uint32_t max)
{
	struct forgotten *f = mem_alloc(sizeof(*f));

	arena_init(&f->arena);
	f->notices = arena_alloc(&f->arena, max * sizeof(*f->notices));
	return f;
}

void
forgotten_free(struct forgotten **fp)
{
	struct forgotten *f = *fp;

	*fp = NULL;
	if (f == NULL)
		return;
	arena_done(&f->arena);
	free(f);
}
