/* SPDX-License-Identifier: MIT */
/*
 * test_zone - local clocks around the moments at which they are set: every
 * expected time is written in UTC, so a wrong hour is seen at once.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/zone.h"

#define HM(h, m) ((h) * 60 + (m))

static int64_t
at(const char *text)
{
	int64_t ms;

	ck_assert_msg(!clock_parse(text, &ms), "%s", text);
	return ms;
}

static void
assert_next(const char *name, const char *now, int minute,
    const char *want)
{
	struct zones *zones = zones_new();
	char got[CLOCK_TEXT_SIZE];

	clock_format(zone_next(zones, name, at(now), minute), got);
	ck_assert_msg(!strcmp(got, want), "%s from %s to %02d:%02d: %s, not %s",
	    name, now, minute / 60, minute % 60, got, want);
	zones_free(&zones);
	ck_assert_ptr_null(zones);
	zones_free(&zones);
}

START_TEST(names_are_those_of_the_zone_database)
{
	static const char *const good[] = { "Europe/Berlin", "UTC",
		"America/Argentina/Buenos_Aires", "Etc/GMT+5",
		"America/Port-au-Prince", "Asia/Kolkata" };
	static const char *const bad[] = { "", "Mars/Olympus", "Europe",
		"Europe/", "europe/berlin", "+02:00", "EST5", "XYZ3",
		"EST5EDT,M3.2.0,M11.1.0", "/etc/passwd", "Europe/../UTC",
		"../../etc/localtime", ":Europe/Berlin", "posix/UTC",
		"localtime", "zone.tab", "UTC\n", "Europe/Berlin " };
	char longest[80];
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(zone_exists(good[i]), "%s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!zone_exists(bad[i]), "%s", bad[i]);
	memset(longest, 'A', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ck_assert(!zone_exists(longest));
}
END_TEST

START_TEST(the_minute_follows_the_local_clock)
{
	struct zones *zones = zones_new();

	ck_assert_int_eq(zone_minute(zones, "UTC",
	    at("2026-01-15T23:59:59.999Z")), HM(23, 59));
	ck_assert_int_eq(zone_minute(zones, "Europe/Berlin",
	    at("2026-01-15T23:30:00Z")), HM(0, 30));
	ck_assert_int_eq(zone_minute(zones, "Europe/Berlin",
	    at("2026-07-15T22:30:00Z")), HM(0, 30));
	ck_assert_int_eq(zone_minute(zones, "Asia/Kolkata",
	    at("2026-01-15T00:00:00Z")), HM(5, 30));
	ck_assert_int_eq(zone_minute(zones, "America/New_York",
	    at("2026-01-15T03:00:00Z")), HM(22, 0));
	/* The hour that is missing, and the one that is there twice. */
	ck_assert_int_eq(zone_minute(zones, "Europe/Berlin",
	    at("2026-03-29T00:59:59Z")), HM(1, 59));
	ck_assert_int_eq(zone_minute(zones, "Europe/Berlin",
	    at("2026-03-29T01:00:00Z")), HM(3, 0));
	ck_assert_int_eq(zone_minute(zones, "Europe/Berlin",
	    at("2026-10-25T00:30:00Z")), HM(2, 30));
	ck_assert_int_eq(zone_minute(zones, "Europe/Berlin",
	    at("2026-10-25T01:30:00Z")), HM(2, 30));
	zones_free(&zones);
}
END_TEST

START_TEST(an_unknown_name_is_utc)
{
	struct zones *zones = zones_new();

	ck_assert_int_eq(zone_minute(zones, "Mars/Olympus",
	    at("2026-07-15T12:34:00Z")), HM(12, 34));
	ck_assert_int_eq(zone_minute(zones, "../x",
	    at("2026-07-15T12:34:00Z")), HM(12, 34));
	ck_assert_int_eq(zone_minute(zones, "",
	    at("2026-07-15T12:34:00Z")), HM(12, 34));
	zones_free(&zones);
}
END_TEST

START_TEST(next_is_later_today_or_tomorrow_but_never_now)
{
	assert_next("Europe/Berlin", "2026-01-15T20:00:00Z", HM(22, 0),
	    "2026-01-15T21:00:00.000Z");
	assert_next("Europe/Berlin", "2026-01-15T21:00:00Z", HM(22, 0),
	    "2026-01-16T21:00:00.000Z");
	assert_next("Europe/Berlin", "2026-01-15T20:59:59.999Z", HM(22, 0),
	    "2026-01-15T21:00:00.000Z");
	assert_next("Europe/Berlin", "2026-01-15T21:00:00.001Z", HM(22, 0),
	    "2026-01-16T21:00:00.000Z");
	assert_next("Pacific/Kiritimati", "2026-01-15T09:30:00Z", HM(0, 0),
	    "2026-01-15T10:00:00.000Z");
	assert_next("Asia/Kolkata", "2026-01-15T00:00:00Z", HM(7, 0),
	    "2026-01-15T01:30:00.000Z");
}
END_TEST

/* Berlin, 2026-03-29: 02:00 is 03:00. */
START_TEST(a_minute_that_is_left_out_is_the_first_moment_behind_it)
{
	assert_next("Europe/Berlin", "2026-03-28T22:00:00Z", HM(2, 30),
	    "2026-03-29T01:00:00.000Z");
	assert_next("Europe/Berlin", "2026-03-29T00:59:59Z", HM(2, 0),
	    "2026-03-29T01:00:00.000Z");
	assert_next("Europe/Berlin", "2026-03-28T22:00:00Z", HM(3, 0),
	    "2026-03-29T01:00:00.000Z");
	assert_next("Europe/Berlin", "2026-03-29T01:00:00Z", HM(2, 30),
	    "2026-03-30T00:30:00.000Z");
	/* Seven o'clock by the summer's clock. */
	assert_next("Europe/Berlin", "2026-03-28T23:00:00Z", HM(7, 0),
	    "2026-03-29T05:00:00.000Z");
	/* Midnight itself is left out: Santiago, 2026-09-06. */
	assert_next("America/Santiago", "2026-09-06T03:00:00Z", HM(0, 0),
	    "2026-09-06T04:00:00.000Z");
	/* Half an hour only: Lord Howe, 2026-10-04, 02:00 is 02:30. */
	assert_next("Australia/Lord_Howe", "2026-10-03T15:00:00Z", HM(2, 15),
	    "2026-10-03T15:30:00.000Z");
	/* A whole day: Samoa had no 2011-12-30. */
	assert_next("Pacific/Apia", "2011-12-30T09:00:00Z", HM(22, 0),
	    "2011-12-30T10:00:00.000Z");
	assert_next("Pacific/Apia", "2011-12-30T10:00:00Z", HM(22, 0),
	    "2011-12-31T08:00:00.000Z");
}
END_TEST

/* Berlin, 2026-10-25: 03:00 is 02:00 again. */
START_TEST(a_minute_that_comes_twice_is_found_twice)
{
	assert_next("Europe/Berlin", "2026-10-24T22:00:00Z", HM(2, 30),
	    "2026-10-25T00:30:00.000Z");
	assert_next("Europe/Berlin", "2026-10-25T00:30:00Z", HM(2, 30),
	    "2026-10-25T01:30:00.000Z");
	assert_next("Europe/Berlin", "2026-10-25T01:30:00Z", HM(2, 30),
	    "2026-10-26T01:30:00.000Z");
	/* Seven o'clock by the winter's clock. */
	assert_next("Europe/Berlin", "2026-10-24T21:00:00Z", HM(7, 0),
	    "2026-10-25T06:00:00.000Z");
	/* Back over midnight: Santiago, 2026-04-05, 00:00 is 23:00 again. */
	assert_next("America/Santiago", "2026-04-05T02:45:00Z", HM(23, 30),
	    "2026-04-05T03:30:00.000Z");
	/* Where winter is what is not standard: Dublin, 2026-10-25. */
	assert_next("Europe/Dublin", "2026-10-25T00:30:00Z", HM(1, 30),
	    "2026-10-25T01:30:00.000Z");
}
END_TEST

/* The rule behind the file's last entry, and a cache that has seen it all. */
START_TEST(far_years_and_many_zones_are_no_trouble)
{
	static const char *const names[] = { "Europe/Berlin", "Asia/Tokyo",
		"America/Chicago", "UTC", "Africa/Cairo" };
	struct zones *zones = zones_new();
	char name[32];
	int i;

	assert_next("Europe/Berlin", "2099-07-01T00:00:00Z", HM(7, 0),
	    "2099-07-01T05:00:00.000Z");
	for (i = 0; i < 3000; i++) {
		(void)snprintf(name, sizeof(name), "Zone/No%d", i);
		ck_assert_int_eq(zone_minute(zones, i % 2 ? name :
		    names[i % 5], 0) >= 0, 1);
	}
	zones_free(&zones);
}
END_TEST

static Suite *
zone_suite(void)
{
	Suite *suite = suite_create("zone");
	TCase *cases = tcase_create("zone");

	tcase_add_test(cases, names_are_those_of_the_zone_database);
	tcase_add_test(cases, the_minute_follows_the_local_clock);
	tcase_add_test(cases, an_unknown_name_is_utc);
	tcase_add_test(cases, next_is_later_today_or_tomorrow_but_never_now);
	tcase_add_test(cases,
	    a_minute_that_is_left_out_is_the_first_moment_behind_it);
	tcase_add_test(cases, a_minute_that_comes_twice_is_found_twice);
	tcase_add_test(cases, far_years_and_many_zones_are_no_trouble);
	suite_add_tcase(suite, cases);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(zone_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
