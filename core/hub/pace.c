/* SPDX-License-Identifier: MIT */
/*
 * pace - a target of events for the next pass, and how long to wait for it.
 *
 * The target grows while waiting pays: while sends take more than their share
 * of the time and the target was reached in time.  When it was not, the
 * publishers wait for us (each sends its next when the last was seen), and
 * waiting gains nothing: the target falls to what did come and is not raised
 * for a while.
 *
 * The wait is bounded by the cost of a pass: four times as long leaves the
 * sends PACE_SHARE of the time.  A topic with few streams thus waits a moment
 * or not at all.
 */
#include "hub/pace.h"

#define LOAD_MAX 1000
#define WAIT_FACTOR (100 / PACE_SHARE - 1)

int64_t
pace_wait_ms(const struct pace *p, uint32_t n_pending, int64_t now_ms)
{
	int64_t cost_ms = p->cost_us / 1000;
	int64_t wait_ms = (int64_t)p->cost_us * WAIT_FACTOR / 1000;
	int64_t due_ms;

	if (p->load < PACE_LOAD_MIN || n_pending >= p->target)
		return 0;
	if (wait_ms > PACE_WAIT_MAX_MS)
		wait_ms = PACE_WAIT_MAX_MS;
	due_ms = p->sent_ms + cost_ms + wait_ms;
	return due_ms > now_ms ? due_ms - now_ms : 0;
}

static void
pace_see_load(struct pace *p, uint32_t n_events, int64_t period_ms)
{
	uint64_t load;

	load = (uint64_t)n_events * p->cost_us / 10 / (uint64_t)period_ms;
	if (load > LOAD_MAX)
		load = LOAD_MAX;
	if (period_ms < 1000)
		load = (p->load * 3u + load) / 4;
	p->load = (uint16_t)load;
}

static void
pace_aim(struct pace *p, uint32_t n_events, int64_t period_ms)
{
	if (p->load < PACE_LOAD_MIN) {
		p->target = 1;
		p->hold = 0;
	} else if (n_events < p->target) {
		p->target = (uint8_t)n_events;
		p->hold = PACE_HOLD;
	} else if (p->hold > 0) {
		p->hold--;
	} else if (p->cost_us / 10 > PACE_SHARE * period_ms) {
		p->target = n_events < PACE_TARGET_MAX ?
		    (uint8_t)(n_events + 1) : PACE_TARGET_MAX;
	}
}

void
pace_sent(struct pace *p, uint32_t n_events, uint32_t cost_us,
    int64_t began_ms)
{
	int64_t period_ms = began_ms - p->sent_ms;

	p->cost_us = p->cost_us == 0 ? cost_us :
	    (uint32_t)(((uint64_t)p->cost_us + cost_us) / 2);
	p->sent_ms = began_ms;
	/* Less than a tick of the clock apart says nothing. */
	if (period_ms <= 0 || n_events == 0)
		return;
	pace_see_load(p, n_events, period_ms);
	pace_aim(p, n_events, period_ms);
}
