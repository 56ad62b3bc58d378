/* SPDX-License-Identifier: MIT */
/*
 * group - the decision and its memory, see group.h.
 */
#include "event/group.h"

#include <stdbool.h>

static bool
group_is_idle(const struct group *g, const struct group_now *now)
{
	if (now->in_store > 0)
		return false;
	return g->last <= 1 || now->idle_ms > now->window_ms;
}

int64_t
group_wait(const struct group *g, const struct group_now *now)
{
	if (now->waiting >= GROUP_MAX || group_is_idle(g, now))
		return 0;
	if (g->until_probe > 0 && now->waiting >= g->target)
		return 0;
	if (now->waited_ms >= now->window_ms)
		return 0;
	return now->window_ms - now->waited_ms;
}

struct group
group_after(struct group g, uint32_t n)
{
	g.last = n;
	if (g.until_probe == 0) {
		g.until_probe = GROUP_PROBE - 1;
		g.target = n;
	} else {
		g.until_probe--;
		if (n > g.target)
			g.target = n;
	}
	return g;
}
