/* SPDX-License-Identifier: MIT */
/*
 * verdict - see verdict.h.
 */
#include "outbox/verdict.h"

#include <stdio.h>
#include <string.h>

#include "outbox/backoff.h"

#define WISH_MAX_MS (INT64_C(7) * 24 * 3600 * 1000)

static const char *const verdict_names[] = {
	[OW_DELIVERED] = "delivered", [OW_RETRY] = "retry",
	[OW_REJECTED] = "rejected", [OW_GONE] = "gone",
	[OW_MISCONFIGURED] = "misconfigured",
};

const char *
verdict_name(int32_t verdict)
{
	return verdict >= OW_DELIVERED && verdict <= OW_MISCONFIGURED ?
	    verdict_names[verdict] : NULL;
}

bool
verdict_is_answer(int32_t verdict)
{
	return verdict == OW_DELIVERED || verdict == OW_REJECTED ||
	    verdict == OW_GONE;
}

static void
verdict_say(struct verdict_out *out, enum job_state state, const char *what,
    const char *detail)
{
	out->state = state;
	(void)snprintf(out->why, sizeof(out->why), "%s%s%s", what,
	    detail[0] != '\0' ? ": " : "", detail);
}

static void
verdict_retry(const struct verdict_in *in, struct verdict_out *out)
{
	int64_t wait_ms = in->retry_after_ms < WISH_MAX_MS ?
	    in->retry_after_ms : WISH_MAX_MS;

	if (wait_ms <= 0)
		wait_ms = backoff_ms(in->attempt, in->backoff_ms,
		    in->backoff_max_ms, in->random);
	out->due_ms = in->now_ms + wait_ms;
	if (in->attempt >= in->attempts_max ||
	    (in->stale_ms != 0 && out->due_ms > in->stale_ms))
		verdict_say(out, JOB_PARKED, "gave up", in->detail);
	else
		verdict_say(out, JOB_LATER, "to be tried again", in->detail);
}

void
verdict_read(const struct verdict_in *in, struct verdict_out *out)
{
	memset(out, 0, sizeof(*out));
	out->due_ms = in->now_ms;
	out->attempt = in->attempt;
	switch (in->verdict) {
	case OW_DELIVERED:
		out->state = JOB_SENT;
		break;
	case OW_REJECTED:
		verdict_say(out, JOB_PARKED, "rejected", in->detail);
		break;
	case OW_GONE:
		verdict_say(out, JOB_PARKED, "the address is gone",
		    in->detail);
		out->off = true;
		break;
	case OW_MISCONFIGURED:
		/* Our fault, not the job's: it does not count. */
		out->attempt = in->attempt > 0 ? in->attempt - 1 : 0;
		out->due_ms = in->open_until_ms > in->now_ms ?
		    in->open_until_ms : in->now_ms + in->backoff_ms;
		verdict_say(out, JOB_LATER,
		    "waits until the channel is set up right", in->detail);
		break;
	default:
		verdict_retry(in, out);
		break;
	}
}
