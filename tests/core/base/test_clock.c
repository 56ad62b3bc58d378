/* SPDX-License-Identifier: MIT */
/*
 * test_clock - RFC 3339 both ways, and what it refuses.
 */
#include <check.h>
#include <stdint.h>

#include <orderwire/plugin.h>
#include "base/clock.h"

START_TEST(format_known_times)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 1795341600123, "2026-11-22T10:00:00.123Z" },
		{ 4107542399999, "2100-02-28T23:59:59.999Z" },
		{ 4107542400000, "2100-03-01T00:00:00.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
	};
	char text[CLOCK_TEXT_SIZE];
	int64_t ms;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		clock_format(cases[i].ms, text);
		ck_assert_str_eq(text, cases[i].text);
		ck_assert_int_eq(clock_parse(text, &ms), OW_OK);
		ck_assert_int_eq(ms, cases[i].ms);
	}
}
END_TEST

START_TEST(format_clamps_what_has_no_text)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(-1, text);
	ck_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
	clock_format(INT64_MAX, text);
	ck_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
}
END_TEST

START_TEST(every_day_of_two_centuries_comes_back)
{
	char text[CLOCK_TEXT_SIZE];
	int64_t ms, day;

	for (day = 0; day < 75000; day++) {
		clock_format(day * 86400000 + day, text);
		ck_assert_int_eq(clock_parse(text, &ms), OW_OK);
		ck_assert_int_eq(ms, day * 86400000 + day);
	}
}
END_TEST

START_TEST(parse_offsets_fractions_and_leap_seconds)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "1970-01-01T01:00:00+01:00", 0 },
		{ "1969-12-31T19:30:00-04:30", 0 },
		{ "1970-01-01t00:00:00z", 0 },
		{ "1970-01-01T00:00:00.5Z", 500 },
		{ "1970-01-01T00:00:00.0019999999999999Z", 1 },
		{ "1970-01-01T00:00:00-00:00", 0 },
		{ "2016-12-31T23:59:60Z", 1483228800000 },
		{ "2017-01-01T00:59:60.5+01:00", 1483228800500 },
		{ "9999-12-31T23:59:59.999Z", 253402300799999 },
	};
	int64_t ms;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_msg(clock_parse(cases[i].text, &ms) == OW_OK, "%s",
		    cases[i].text);
		ck_assert_int_eq(ms, cases[i].ms);
	}
}
END_TEST

START_TEST(parse_refuses_and_leaves_out_alone)
{
	static const char *const cases[] = {
		"", "now", "1970-01-01", "1970-01-01T00:00:00",
		"1970-01-01 00:00:00Z", "1970-01-01T00:00Z",
		"1970-1-01T00:00:00Z", "1970-00-01T00:00:00Z",
		"1970-13-01T00:00:00Z", "1970-01-00T00:00:00Z",
		"1970-01-32T00:00:00Z", "2023-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z", "1970-01-01T24:00:00Z",
		"1970-01-01T00:60:00Z", "1970-01-01T00:00:61Z",
		"1970-01-01T00:00:60Z", "1970-01-01T12:59:60Z",
		"1970-01-01T00:00:00.Z", "1970-01-01T00:00:00,5Z",
		"1970-01-01T00:00:00+1:00", "1970-01-01T00:00:00+0100",
		"1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00+01:60",
		"1970-01-01T00:00:00Z ", " 1970-01-01T00:00:00Z",
		"1970-01-01T00:00:00ZZ", "1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
		"10000-01-01T00:00:00Z", "-970-01-01T00:00:00Z",
		"1970-01-01T00:00:00.12", "1970-01-01T00:00:00+",
	};
	int64_t ms = 42;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_msg(clock_parse(cases[i], &ms) == OW_EINVAL, "%s",
		    cases[i]);
		ck_assert_int_eq(ms, 42);
	}
}
END_TEST

START_TEST(spans_are_read_and_refused)
{
	static const char *const bad[] = { "", "5", "ms", "-5s", "5 s", "5S",
		"5sec", "1.5s", "99999999999999999999s", "106751991168d",
		"9223372036854775808ms", "0x5s", "5w" };
	int64_t ms = 42;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(clock_parse_span(bad[i], &ms) == OW_EINVAL,
		    "%s", bad[i]);
		ck_assert_int_eq(ms, 42);
	}
	ck_assert_int_eq(clock_parse_span("250ms", &ms), OW_OK);
	ck_assert_int_eq(ms, 250);
	ck_assert_int_eq(clock_parse_span("30s", &ms), OW_OK);
	ck_assert_int_eq(ms, 30000);
	ck_assert_int_eq(clock_parse_span("5m", &ms), OW_OK);
	ck_assert_int_eq(ms, 300000);
	ck_assert_int_eq(clock_parse_span("12h", &ms), OW_OK);
	ck_assert_int_eq(ms, 43200000);
	ck_assert_int_eq(clock_parse_span("7d", &ms), OW_OK);
	ck_assert_int_eq(ms, 604800000);
	ck_assert_int_eq(clock_parse_span("0s", &ms), OW_OK);
	ck_assert_int_eq(ms, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("clock");
	TCase *tc = tcase_create("clock");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, format_known_times);
	tcase_add_test(tc, format_clamps_what_has_no_text);
	tcase_add_test(tc, every_day_of_two_centuries_comes_back);
	tcase_add_test(tc, parse_offsets_fractions_and_leap_seconds);
	tcase_add_test(tc, parse_refuses_and_leaves_out_alone);
	tcase_add_test(tc, spans_are_read_and_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
