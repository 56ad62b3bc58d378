/* SPDX-License-Identifier: MIT */
/*
 * breaker - stop asking a provider that keeps failing, and try one job now and
 * then.  Pure: told the time, says whether a job may go.
 *
 *	closed	everything goes
 *	open	nothing goes until open_until_ms
 *	probing	one goes; its outcome closes or opens it
 */
#ifndef OUTBOX_BREAKER_H
#define OUTBOX_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_PROBING };

struct breaker {
	enum breaker_state state;
	uint32_t failures;		/* in a row */
	uint32_t opened;		/* in a row: each doubles the wait */
	int64_t open_until_ms;
	char why[200];			/* the last failure's words */
};

struct breaker_conf {
	uint32_t failures_max;
	int64_t wait_ms, wait_max_ms;
};

/* Could one go now?  Changes nothing. */
bool breaker_may(const struct breaker *, int64_t now_ms);
/* May one go now?  Turns open into probing when its time is up; then the one
   that goes is the probe. */
bool breaker_admit(struct breaker *, int64_t now_ms);
void breaker_success(struct breaker *);
/* at_once: a wrong credential opens it without counting. */
void breaker_failure(struct breaker *, const struct breaker_conf *,
    bool at_once, const char *why, int64_t now_ms);
const char *breaker_state_name(enum breaker_state);

#endif
