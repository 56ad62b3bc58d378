/* SPDX-License-Identifier: MIT */
/*
 * breaker - see breaker.h.
 *
 * What was in flight when it opened still comes back: that changes nothing of
 * an open breaker, neither its time nor, with a late success, its state; only
 * the probe decides.
 */
#include "outbox/breaker.h"

#include <stdio.h>

bool
breaker_may(const struct breaker *b, int64_t now_ms)
{
	return b->state == BREAKER_CLOSED ||
	    (b->state == BREAKER_OPEN && now_ms >= b->open_until_ms);
}

bool
breaker_admit(struct breaker *b, int64_t now_ms)
{
	if (!breaker_may(b, now_ms))
		return false;
	if (b->state == BREAKER_OPEN)
		b->state = BREAKER_PROBING;
	return true;
}

void
breaker_success(struct breaker *b)
{
	if (b->state == BREAKER_OPEN)
		return;
	b->state = BREAKER_CLOSED;
	b->failures = 0;
	b->opened = 0;
	b->open_until_ms = 0;
	b->why[0] = '\0';
}

static int64_t
breaker_wait_ms(const struct breaker *b, const struct breaker_conf *conf)
{
	int64_t wait_ms = conf->wait_ms;
	uint32_t i;

	for (i = 1; i < b->opened && wait_ms < conf->wait_max_ms; i++)
		wait_ms *= 2;
	return wait_ms < conf->wait_max_ms ? wait_ms : conf->wait_max_ms;
}

void
breaker_failure(struct breaker *b, const struct breaker_conf *conf,
    bool at_once, const char *why, int64_t now_ms)
{
	(void)snprintf(b->why, sizeof(b->why), "%s", why);
	if (b->failures < UINT32_MAX)
		b->failures++;
	if (b->state == BREAKER_OPEN || (b->state == BREAKER_CLOSED &&
	    !at_once && b->failures < conf->failures_max))
		return;
	if (b->opened < UINT32_MAX)
		b->opened++;
	b->state = BREAKER_OPEN;
	b->open_until_ms = now_ms + breaker_wait_ms(b, conf);
}

const char *
breaker_state_name(enum breaker_state state)
{
	static const char *const names[] = { "closed", "open", "probing" };

	return names[state];
}
