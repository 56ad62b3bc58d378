/* SPDX-License-Identifier: MIT */
/*
 * test_retry - what a Retry-After header asks for.
 */
#include <check.h>

#include "net/retry.h"

#define NOW 784111777		/* Sun, 06 Nov 1994 08:49:37 GMT */

static const struct {
	const char *value, *date;
	int64_t ms;
} cases[] = {
	{ NULL, NULL, 0 },
	{ "", NULL, 0 },
	{ "0", NULL, 0 },
	{ "120", NULL, 120000 },
	{ "120 ", NULL, 120000 },
	{ "99999999999999999999", NULL, RETRY_AFTER_MAX_MS },
	{ "-5", NULL, 0 },
	{ "1.5", NULL, 0 },
	{ "12 minutes", NULL, 0 },
	{ "soon", NULL, 0 },
	{ "Sun, 06 Nov 1994 08:50:07 GMT", NULL, 30000 },
	{ "Sunday, 06-Nov-94 08:50:07 GMT", NULL, 30000 },
	{ "Sun Nov  6 08:50:07 1994", NULL, 30000 },
	{ "Sun, 06 Nov 1994 08:49:07 GMT", NULL, 0 },	/* past */
	{ "Sun, 06 Nov 2094 08:49:07 GMT", NULL, RETRY_AFTER_MAX_MS },
	/* Their clock is wrong by hours, and says so. */
	{ "Sun, 06 Nov 1994 18:50:07 GMT", "Sun, 06 Nov 1994 18:49:07 GMT",
	    60000 },
	{ "Sun, 06 Nov 1994 08:50:07 GMT", "nonsense", 30000 },
	{ "Sun, 06 Nov 1994 08:50:07 GMT", "", 30000 },
};

START_TEST(seconds_and_dates_are_read)
{
	ck_assert_int_eq(retry_after_ms(cases[_i].value, cases[_i].date, NOW),
	    cases[_i].ms);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("retry");
	TCase *tc = tcase_create("retry");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, seconds_and_dates_are_read, 0,
	    sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
