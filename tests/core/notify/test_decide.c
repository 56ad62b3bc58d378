/* SPDX-License-Identifier: MIT */
/*
 * test_decide - each reason to send, to wait and to stay silent, their order,
 * and quiet hours in the nights in which clocks are changed.
 *
 * All times are written in UTC; Berlin is one hour ahead in winter and two in
 * summer, from 2026-03-29T01:00Z to 2026-10-25T01:00Z.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "notify/decide.h"

#define HM(h, m) ((h) * 60 + (m))
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

struct world {
	struct zones *zones;
	struct prefs *prefs;
	struct decide d;
	struct decided out;
};

static int64_t
at(const char *text)
{
	int64_t ms;

	ck_assert_msg(!clock_parse(text, &ms), "%s", text);
	return ms;
}

/* A push that may go at once. */
static void
world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->zones = zones_new();
	w->prefs = prefs_new();
	w->d = (struct decide){
		.event = "order.ready", .medium = MEDIUM_PUSH,
		.prefs = w->prefs, .has_address = true, .has_channel = true,
	};
	w->d.at_ms = w->d.due_ms = w->d.now_ms = at("2026-01-15T12:00:00Z");
	w->d.stale_ms = w->d.at_ms + HOUR_MS;
}

static void
world_done(struct world *w)
{
	prefs_free(&w->prefs);
	zones_free(&w->zones);
}

static void
quiet(struct world *w, int from, int to, const char *zone)
{
	w->prefs->has_quiet = true;
	w->prefs->quiet_from = from;
	w->prefs->quiet_to = to;
	w->prefs->timezone = zone;
}

static void
assert_decision(struct world *w, enum decision want,
    const char *why)
{
	memset(&w->out, 0xff, sizeof(w->out));
	decide(&w->d, w->zones, &w->out);
	ck_assert_str_eq(w->out.why, why);
	ck_assert_int_eq(w->out.decision, want);
	if (want != DECIDE_LATER)
		ck_assert_int_eq(w->out.due_ms, 0);
}

START_TEST(nothing_against_it_sends)
{
	struct world w;

	world_init(&w);
	assert_decision(&w, DECIDE_SEND, "");
	/* A webhook is no person's. */
	w.d.prefs = NULL;
	w.d.medium = MEDIUM_WEBHOOK;
	assert_decision(&w, DECIDE_SEND, "");
	world_done(&w);
}
END_TEST

/* Everything is against it; what is said is the first, and when that is mended
   the next. */
START_TEST(the_first_reason_is_told)
{
	struct world w;

	world_init(&w);
	w.d.has_channel = w.d.has_address = false;
	w.d.off_why = "the push service has forgotten it";
	prefs_set_medium(w.prefs, MEDIUM_PUSH, false);
	w.d.only_unseen = w.d.is_watching = true;
	w.d.seen_ms = w.d.now_ms;
	w.d.seen_how = "displayed on a device";
	w.d.stale_ms = w.d.now_ms;
	w.d.due_ms = w.d.now_ms + 1;
	quiet(&w, HM(10, 0), HM(14, 0), "UTC");
	assert_decision(&w, DECIDE_SKIP, "no channel for push is enabled");
	w.d.has_channel = true;
	assert_decision(&w, DECIDE_SKIP, "no address for push is known");
	w.d.has_address = true;
	assert_decision(&w, DECIDE_SKIP,
	    "the address is off: the push service has forgotten it");
	w.d.off_why = NULL;
	assert_decision(&w, DECIDE_SKIP, "push is off in the preferences");
	prefs_set_medium(w.prefs, MEDIUM_PUSH, true);
	assert_decision(&w, DECIDE_SKIP,
	    "the customer saw the notice: displayed on a device");
	w.d.seen_ms = 0;
	assert_decision(&w, DECIDE_SKIP,
	    "the customer is watching the order live");
	w.d.is_watching = false;
	assert_decision(&w, DECIDE_SKIP,
	    "it is no news any more since 2026-01-15T12:00:00.000Z");
	w.d.stale_ms += 3 * HOUR_MS;
	assert_decision(&w, DECIDE_LATER,
	    "this step is due at 2026-01-15T12:00:00.001Z");
	ck_assert_int_eq(w.out.due_ms, w.d.due_ms);
	w.d.now_ms++;
	assert_decision(&w, DECIDE_LATER, "quiet hours until 14:00 (UTC)");
	ck_assert_int_eq(w.out.due_ms, at("2026-01-15T14:00:00Z"));
	w.d.now_ms = w.out.due_ms;
	assert_decision(&w, DECIDE_SEND, "");
	world_done(&w);
}
END_TEST

START_TEST(who_has_seen_it_is_told_again_only_by_always)
{
	struct world w;

	world_init(&w);
	w.d.seen_ms = w.d.now_ms - 1;
	w.d.seen_how = "clicked";
	w.d.is_watching = true;
	assert_decision(&w, DECIDE_SEND, "");
	w.d.only_unseen = true;
	assert_decision(&w, DECIDE_SKIP,
	    "the customer saw the notice: clicked");
	w.d.seen_how = NULL;
	assert_decision(&w, DECIDE_SKIP, "the customer saw the notice");
	world_done(&w);
}
END_TEST

START_TEST(preferences_count_also_for_what_is_critical)
{
	struct world w;

	world_init(&w);
	w.d.critical = true;
	w.d.medium = MEDIUM_SMS;
	prefs_set_medium(w.prefs, MEDIUM_SMS, false);
	assert_decision(&w, DECIDE_SKIP, "sms is off in the preferences");
	world_done(&w);
}
END_TEST

START_TEST(stale_begins_at_its_moment)
{
	struct world w;

	world_init(&w);
	w.d.now_ms = w.d.stale_ms - 1;
	assert_decision(&w, DECIDE_SEND, "");
	w.d.now_ms++;
	assert_decision(&w, DECIDE_SKIP,
	    "it is no news any more since 2026-01-15T13:00:00.000Z");
	world_done(&w);
}
END_TEST

START_TEST(quiet_hours_defer_until_their_end_or_drop)
{
	struct world w;

	world_init(&w);
	quiet(&w, HM(22, 0), HM(7, 0), "Europe/Berlin");
	w.d.at_ms = w.d.due_ms = w.d.now_ms = at("2026-01-15T23:00:00Z");
	w.d.stale_ms = at("2026-01-16T06:00:00.001Z");
	assert_decision(&w, DECIDE_LATER,
	    "quiet hours until 07:00 (Europe/Berlin)");
	ck_assert_int_eq(w.out.due_ms, at("2026-01-16T06:00:00Z"));
	w.d.stale_ms--;
	assert_decision(&w, DECIDE_SKIP, "quiet hours until 07:00 "
	    "(Europe/Berlin), and it is no news any more by then");
	w.d.critical = true;
	assert_decision(&w, DECIDE_SEND, "");
	/* The inbox makes no noise, and needs nothing else either. */
	w.d.critical = w.d.has_address = w.d.has_channel = false;
	w.d.medium = MEDIUM_IN_APP;
	assert_decision(&w, DECIDE_SEND, "");
	world_done(&w);
}
END_TEST

START_TEST(a_long_reason_is_cut_not_overrun)
{
	struct world w;
	char why[1000];

	world_init(&w);
	memset(why, 'w', sizeof(why));
	why[sizeof(why) - 1] = '\0';
	w.d.off_why = why;
	decide(&w.d, w.zones, &w.out);
	ck_assert_uint_lt(strlen(w.out.why), WHY_SIZE);
	w.d.off_why = NULL;
	w.d.only_unseen = true;
	w.d.seen_ms = 1;
	w.d.seen_how = why;
	decide(&w.d, w.zones, &w.out);
	ck_assert_uint_lt(strlen(w.out.why), WHY_SIZE);
	world_done(&w);
}
END_TEST

/* ---- Quiet hours ------------------------------------------------------- */

/* want "" : it is not quiet. */
static void
assert_quiet(int from, int to, const char *zone, const char *now,
    const char *want)
{
	struct world w;
	char got[CLOCK_TEXT_SIZE] = "";
	int64_t end_ms;

	world_init(&w);
	quiet(&w, from, to, zone);
	end_ms = quiet_end(w.prefs, w.zones, at(now));
	if (end_ms)
		clock_format(end_ms, got);
	ck_assert_msg(!strcmp(got, want), "%s: %s, not %s", now, got, want);
	world_done(&w);
}

START_TEST(quiet_hours_begin_and_end_at_their_minutes)
{
	assert_quiet(HM(22, 0), HM(7, 0), "UTC", "2026-01-15T21:59:59.999Z",
	    "");
	assert_quiet(HM(22, 0), HM(7, 0), "UTC", "2026-01-15T22:00:00Z",
	    "2026-01-16T07:00:00.000Z");
	assert_quiet(HM(22, 0), HM(7, 0), "UTC", "2026-01-16T00:00:00Z",
	    "2026-01-16T07:00:00.000Z");
	assert_quiet(HM(22, 0), HM(7, 0), "UTC", "2026-01-16T06:59:59.999Z",
	    "2026-01-16T07:00:00.000Z");
	assert_quiet(HM(22, 0), HM(7, 0), "UTC", "2026-01-16T07:00:00Z", "");
	assert_quiet(HM(13, 0), HM(15, 0), "UTC", "2026-01-16T12:59:00Z", "");
	assert_quiet(HM(13, 0), HM(15, 0), "UTC", "2026-01-16T13:00:00Z",
	    "2026-01-16T15:00:00.000Z");
	assert_quiet(HM(13, 0), HM(15, 0), "UTC", "2026-01-16T15:00:00Z", "");
	assert_quiet(HM(22, 0), HM(0, 0), "UTC", "2026-01-15T23:59:59Z",
	    "2026-01-16T00:00:00.000Z");
	assert_quiet(HM(0, 0), HM(7, 0), "UTC", "2026-01-15T00:00:00Z",
	    "2026-01-15T07:00:00.000Z");
}
END_TEST

START_TEST(equal_ends_are_never_quiet)
{
	assert_quiet(HM(7, 0), HM(7, 0), "UTC", "2026-01-15T07:00:00Z", "");
	assert_quiet(HM(7, 0), HM(7, 0), "UTC", "2026-01-15T06:59:00Z", "");
	assert_quiet(0, 0, "UTC", "2026-01-15T00:00:00Z", "");
}
END_TEST

/* The night of Berlin, 2026-03-29, has no 02:00 to 03:00. */
START_TEST(the_night_that_lacks_an_hour)
{
	static const char zone[] = "Europe/Berlin";

	/* Seven o'clock comes an hour sooner. */
	assert_quiet(HM(22, 0), HM(7, 0), zone, "2026-03-28T21:00:00Z",
	    "2026-03-29T05:00:00.000Z");
	assert_quiet(HM(22, 0), HM(7, 0), zone, "2026-03-29T01:00:00Z",
	    "2026-03-29T05:00:00.000Z");
	assert_quiet(HM(22, 0), HM(7, 0), zone, "2026-03-29T05:00:00Z", "");
	/* The end is left out: it is over when the hour would have been. */
	assert_quiet(HM(22, 0), HM(2, 30), zone, "2026-03-29T00:59:59Z",
	    "2026-03-29T01:00:00.000Z");
	assert_quiet(HM(22, 0), HM(2, 30), zone, "2026-03-29T01:00:00Z", "");
	/* The start is left out: it begins with the hour behind. */
	assert_quiet(HM(2, 30), HM(6, 0), zone, "2026-03-29T00:59:59Z", "");
	assert_quiet(HM(2, 30), HM(6, 0), zone, "2026-03-29T01:00:00Z",
	    "2026-03-29T04:00:00.000Z");
	/* Both are: that night has none. */
	assert_quiet(HM(2, 10), HM(2, 50), zone, "2026-03-29T00:59:59Z", "");
	assert_quiet(HM(2, 10), HM(2, 50), zone, "2026-03-29T01:00:00Z", "");
	assert_quiet(HM(2, 10), HM(2, 50), zone, "2026-03-30T00:10:00Z",
	    "2026-03-30T00:50:00.000Z");
}
END_TEST

/* The night of Berlin, 2026-10-25, has 02:00 to 03:00 twice. */
START_TEST(the_night_that_has_an_hour_twice)
{
	static const char zone[] = "Europe/Berlin";

	/* Seven o'clock comes an hour later. */
	assert_quiet(HM(22, 0), HM(7, 0), zone, "2026-10-24T20:00:00Z",
	    "2026-10-25T06:00:00.000Z");
	assert_quiet(HM(22, 0), HM(7, 0), zone, "2026-10-25T05:59:59Z",
	    "2026-10-25T06:00:00.000Z");
	assert_quiet(HM(22, 0), HM(7, 0), zone, "2026-10-25T06:00:00Z", "");
	/* By the clock on the wall: until half past two, and again. */
	assert_quiet(HM(22, 0), HM(2, 30), zone, "2026-10-25T00:10:00Z",
	    "2026-10-25T00:30:00.000Z");
	assert_quiet(HM(22, 0), HM(2, 30), zone, "2026-10-25T00:40:00Z", "");
	assert_quiet(HM(22, 0), HM(2, 30), zone, "2026-10-25T01:10:00Z",
	    "2026-10-25T01:30:00.000Z");
	assert_quiet(HM(22, 0), HM(2, 30), zone, "2026-10-25T01:30:00Z", "");
	assert_quiet(HM(2, 30), HM(6, 0), zone, "2026-10-25T00:40:00Z",
	    "2026-10-25T05:00:00.000Z");
}
END_TEST

/* What is deferred over the change goes out once it is day. */
START_TEST(a_deferred_notice_goes_out_after_the_change)
{
	struct world w;

	world_init(&w);
	quiet(&w, HM(22, 0), HM(7, 0), "Europe/Berlin");
	w.d.at_ms = w.d.due_ms = w.d.now_ms = at("2026-10-24T21:00:00Z");
	w.d.stale_ms = w.d.at_ms + 12 * HOUR_MS;
	assert_decision(&w, DECIDE_LATER,
	    "quiet hours until 07:00 (Europe/Berlin)");
	ck_assert_int_eq(w.out.due_ms, at("2026-10-25T06:00:00Z"));
	w.d.now_ms = w.out.due_ms;
	assert_decision(&w, DECIDE_SEND, "");
	world_done(&w);
}
END_TEST

/* Asking again at the end always finds it over: no job waits in a circle. */
START_TEST(every_end_is_an_end)
{
	static const char *const nights[] = { "2026-03-28T12:00:00Z",
		"2026-10-24T12:00:00Z", "2026-01-15T12:00:00Z" };
	struct world w;
	int64_t now, end, night;
	int from, to;
	size_t i;

	world_init(&w);
	for (i = 0; i < sizeof(nights) / sizeof(nights[0]); i++) {
		night = at(nights[i]);
		for (from = 0; from < HM(24, 0); from += 50) {
			for (to = 5; to < HM(24, 0); to += 50) {
				quiet(&w, from, to, "Europe/Berlin");
				now = night + (from * 7 + to) % HM(24, 0) *
				    MINUTE_MS;
				end = quiet_end(w.prefs, w.zones, now);
				if (!end)
					continue;
				ck_assert_int_gt(end, now);
				ck_assert_int_le(end, now + 25 * HOUR_MS);
				ck_assert_int_eq(quiet_end(w.prefs, w.zones,
				    end), 0);
			}
		}
	}
	world_done(&w);
}
END_TEST

static Suite *
decide_suite(void)
{
	Suite *suite = suite_create("decide");
	TCase *cases = tcase_create("decide");

	tcase_add_test(cases, nothing_against_it_sends);
	tcase_add_test(cases, the_first_reason_is_told);
	tcase_add_test(cases, who_has_seen_it_is_told_again_only_by_always);
	tcase_add_test(cases, preferences_count_also_for_what_is_critical);
	tcase_add_test(cases, stale_begins_at_its_moment);
	tcase_add_test(cases, quiet_hours_defer_until_their_end_or_drop);
	tcase_add_test(cases, a_long_reason_is_cut_not_overrun);
	tcase_add_test(cases, quiet_hours_begin_and_end_at_their_minutes);
	tcase_add_test(cases, equal_ends_are_never_quiet);
	tcase_add_test(cases, the_night_that_lacks_an_hour);
	tcase_add_test(cases, the_night_that_has_an_hour_twice);
	tcase_add_test(cases, a_deferred_notice_goes_out_after_the_change);
	tcase_add_test(cases, every_end_is_an_end);
	suite_add_tcase(suite, cases);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(decide_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
