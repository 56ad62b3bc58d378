/* SPDX-License-Identifier: MIT */
/*
 * ask - the end of a question.
 *
 * Whoever has the ask last drops it, with every reference that the asker or
 * the answerer put into it.  No loop is needed: nothing here is shared.
 */
#include "hub/ask.h"

#include <stdlib.h>

void
ask_free(struct ask **askp)
{
	struct ask *ask = *askp;
	uint32_t i;

	*askp = NULL;
	if (ask == NULL)
		return;
	for (i = 0; i < ask->n_events; i++)
		event_unref(&ask->events[i]);
	who_unref(&ask->who);
	who_unref(&ask->seen_as);
	arena_done(&ask->arena);
	free(ask);
}
