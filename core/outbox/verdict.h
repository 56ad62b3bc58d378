/* SPDX-License-Identifier: MIT */
/*
 * verdict - what becomes of a job after an attempt.  Pure: the time and the
 * luck are told.
 */
#ifndef OUTBOX_VERDICT_H
#define OUTBOX_VERDICT_H

#include "outbox/job.h"

#define VERDICT_TEXT 320

struct verdict_in {
	int32_t verdict;	/* OW_DELIVERED...; anything else is OW_RETRY */
	const char *detail;		/* never NULL */
	int64_t retry_after_ms;		/* the provider's wish; 0: none */
	uint32_t attempt;		/* this one, from 1 */
	uint32_t attempts_max;
	int64_t stale_ms, now_ms;	/* wall; stale 0: never */
	int64_t backoff_ms, backoff_max_ms;
	int64_t open_until_ms;		/* wall; when the breaker asks again */
	uint64_t random;
};

struct verdict_out {
	enum job_state state;
	int64_t due_ms;			/* JOB_LATER */
	uint32_t attempt;		/* as it counts */
	bool off;			/* the address is to be disabled */
	char why[VERDICT_TEXT];
};

void verdict_read(const struct verdict_in *, struct verdict_out *);
/* "delivered", "retry", ...; NULL: no such verdict. */
const char *verdict_name(int32_t verdict);
/* Does it say that the provider itself works? */
bool verdict_is_answer(int32_t verdict);

#endif
