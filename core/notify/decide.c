/* SPDX-License-Identifier: MIT */
/*
 * decide - may this go out, when, and why not.
 *
 * The checks stand in a table in the order of decide.h; the first that has
 * something to say ends it.  Nothing is remembered, so asking again later
 * with what is known then is all that a job needs.
 *
 * Quiet hours go by the clock on the wall: what a clock change repeats may be
 * quiet twice, what it leaves out is quiet until the first moment behind it.
 * An inbox makes no noise: it needs no channel, and no hour is quiet for it.
 */
#include "notify/decide.h"

#include <stdio.h>

#include "base/clock.h"

/* False: nothing to say. */
typedef bool check_fn(const struct decide *, struct zones *,
    struct decided *out);

static bool
skip_without_channel(const struct decide *d, struct zones *zones,
    struct decided *out)
{
	(void)zones;
	if (d->has_channel || d->medium == MEDIUM_IN_APP)
		return false;
	(void)snprintf(out->why, WHY_SIZE, "no channel for %s is enabled",
	    medium_name(d->medium));
	return true;
}

static bool
skip_without_address(const struct decide *d, struct zones *zones,
    struct decided *out)
{
	(void)zones;
	if (d->has_address || d->medium == MEDIUM_IN_APP)
		return false;
	(void)snprintf(out->why, WHY_SIZE, "no address for %s is known",
	    medium_name(d->medium));
	return true;
}

static bool
skip_when_off(const struct decide *d, struct zones *zones,
    struct decided *out)
{
	(void)zones;
	if (!d->off_why)
		return false;
	(void)snprintf(out->why, WHY_SIZE, "the address is off: %.160s",
	    d->off_why);
	return true;
}

static bool
skip_by_preference(const struct decide *d, struct zones *zones,
    struct decided *out)
{
	char why[160];

	(void)zones;
	if (!d->prefs || !prefs_refusal(d->prefs, d->event, d->medium, why))
		return false;
	(void)snprintf(out->why, WHY_SIZE, "%s", why);
	return true;
}

static bool
skip_when_seen(const struct decide *d, struct zones *zones,
    struct decided *out)
{
	(void)zones;
	if (!d->only_unseen || (!d->seen_ms && !d->is_watching))
		return false;
	if (d->seen_ms)
		(void)snprintf(out->why, WHY_SIZE,
		    "the customer saw the notice%s%.150s",
		    d->seen_how ? ": " : "", d->seen_how ? d->seen_how : "");
	else
		(void)snprintf(out->why, WHY_SIZE, "the customer is watching "
		    "the order live");
	return true;
}

static bool
skip_when_stale(const struct decide *d, struct zones *zones,
    struct decided *out)
{
	char since[CLOCK_TEXT_SIZE];

	(void)zones;
	if (d->now_ms < d->stale_ms)
		return false;
	clock_format(d->stale_ms, since);
	(void)snprintf(out->why, WHY_SIZE, "it is no news any more since %s",
	    since);
	return true;
}

static bool
wait_for_step(const struct decide *d, struct zones *zones,
    struct decided *out)
{
	char at[CLOCK_TEXT_SIZE];

	(void)zones;
	if (d->now_ms >= d->due_ms)
		return false;
	clock_format(d->due_ms, at);
	(void)snprintf(out->why, WHY_SIZE, "this step is due at %s", at);
	out->decision = DECIDE_LATER;
	out->due_ms = d->due_ms;
	return true;
}

static bool
wait_for_day(const struct decide *d, struct zones *zones,
    struct decided *out)
{
	int64_t end_ms;

	if (!d->prefs || d->critical || d->medium == MEDIUM_IN_APP)
		return false;
	end_ms = quiet_end(d->prefs, zones, d->now_ms);
	if (!end_ms)
		return false;
	(void)snprintf(out->why, WHY_SIZE,
	    "quiet hours until %02d:%02d (%.64s)%s",
	    d->prefs->quiet_to / 60, d->prefs->quiet_to % 60,
	    d->prefs->timezone, end_ms >= d->stale_ms ?
	    ", and it is no news any more by then" : "");
	if (end_ms < d->stale_ms) {
		out->decision = DECIDE_LATER;
		out->due_ms = end_ms;
	}
	return true;
}

void
decide(const struct decide *d, struct zones *zones, struct decided *out)
{
	static check_fn *const checks[] = {
		skip_without_channel, skip_without_address, skip_when_off,
		skip_by_preference, skip_when_seen, skip_when_stale,
		wait_for_step, wait_for_day,
	};
	size_t i;

	*out = (struct decided){ .decision = DECIDE_SKIP };
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (checks[i](d, zones, out))
			return;
	out->decision = DECIDE_SEND;
}

int64_t
quiet_end(const struct prefs *prefs, struct zones *zones, int64_t now_ms)
{
	int from = prefs->quiet_from, to = prefs->quiet_to, minute;
	bool is_quiet;

	if (!prefs->has_quiet || from == to)
		return 0;
	minute = zone_minute(zones, prefs->timezone, now_ms);
	is_quiet = from < to ? minute >= from && minute < to :
	    minute >= from || minute < to;
	return is_quiet ? zone_next(zones, prefs->timezone, now_ms, to) : 0;
}
