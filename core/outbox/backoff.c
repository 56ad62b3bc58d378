/* SPDX-License-Identifier: MIT */
/*
 * backoff - see backoff.h.
 *
 * Full jitter: with many that failed at one moment the expected load of the
 * next wave is spread over the whole step, not over a part of it.
 */
#include "outbox/backoff.h"

#define BACKOFF_MIN_MS 100

int64_t
backoff_ms(uint32_t attempt, int64_t base_ms, int64_t max_ms, uint64_t random)
{
	int64_t step_ms = base_ms > 0 ? base_ms : 1;
	uint32_t i;

	for (i = 1; i < attempt && step_ms < max_ms; i++)
		step_ms = step_ms > max_ms / 2 ? max_ms : step_ms * 2;
	if (step_ms > max_ms)
		step_ms = max_ms;
	if (step_ms <= BACKOFF_MIN_MS)
		return BACKOFF_MIN_MS;
	return BACKOFF_MIN_MS + (int64_t)(random %
	    (uint64_t)(step_ms - BACKOFF_MIN_MS + 1));
}
