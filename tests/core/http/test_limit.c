/* SPDX-License-Identifier: MIT */
/*
 * Buckets empty, fill and are forgotten as the arithmetic says; the clock is
 * a number here.
 */
#include "http/limit.h"

#include <check.h>
#include <orderwire/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
take(struct limit *l, const char *key, int64_t now_ms,
    int64_t *wait_ms)
{
	*wait_ms = -1;
	return limit_take(l, key, strlen(key), now_ms, wait_ms);
}

START_TEST(a_burst_passes_then_the_rate_rules)
{
	struct limit *l = limit_new(10, 3, 4);
	int64_t wait_ms;
	int i;

	for (i = 0; i < 3; i++)
		ck_assert_int_eq(take(l, "a", 1000, &wait_ms), OW_OK);
	ck_assert_int_eq(take(l, "a", 1000, &wait_ms), OW_ELIMIT);
	ck_assert_int_eq(wait_ms, 100);
	ck_assert_int_eq(take(l, "a", 1099, &wait_ms), OW_ELIMIT);
	ck_assert_int_eq(wait_ms, 1);
	ck_assert_int_eq(take(l, "a", 1100, &wait_ms), OW_OK);
	ck_assert_int_eq(take(l, "a", 1100, &wait_ms), OW_ELIMIT);
	/* Never more than the burst, however long it was idle. */
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(take(l, "a", INT64_MAX / 2, &wait_ms),
		    OW_OK);
	ck_assert_int_eq(take(l, "a", INT64_MAX / 2, &wait_ms), OW_ELIMIT);
	/* A clock that goes back gives nothing. */
	ck_assert_int_eq(take(l, "a", 5, &wait_ms), OW_ELIMIT);
	limit_free(&l);
	ck_assert_ptr_null(l);
	limit_free(&l);
}
END_TEST

START_TEST(keys_do_not_touch_each_other)
{
	struct limit *l = limit_new(1, 1, 8);
	char long_a[100], long_b[100];
	int64_t wait_ms;

	memset(long_a, 'x', sizeof(long_a));
	memset(long_b, 'x', sizeof(long_b));
	long_b[99] = 'y';
	ck_assert_int_eq(take(l, "a", 0, &wait_ms), OW_OK);
	ck_assert_int_eq(take(l, "b", 0, &wait_ms), OW_OK);
	ck_assert_int_eq(limit_take(l, "a", 2, 0, &wait_ms), OW_OK);
	ck_assert_int_eq(limit_take(l, long_a, 100, 0, &wait_ms), OW_OK);
	ck_assert_int_eq(limit_take(l, long_b, 100, 0, &wait_ms), OW_OK);
	ck_assert_int_eq(limit_take(l, long_a, 100, 0, &wait_ms), OW_ELIMIT);
	ck_assert_int_eq(take(l, "a", 0, &wait_ms), OW_ELIMIT);
	limit_free(&l);
}
END_TEST

START_TEST(the_longest_idle_is_forgotten_and_nobody_else)
{
	struct limit *l = limit_new(1, 1, 2);
	int64_t wait_ms;
	char key[16];
	int i;

	ck_assert_int_eq(take(l, "a", 0, &wait_ms), OW_OK);
	ck_assert_int_eq(take(l, "b", 0, &wait_ms), OW_OK);
	ck_assert_int_eq(take(l, "a", 0, &wait_ms), OW_ELIMIT);
	ck_assert_int_eq(take(l, "c", 0, &wait_ms), OW_OK);	/* takes b's */
	ck_assert_int_eq(take(l, "a", 0, &wait_ms), OW_ELIMIT);
	ck_assert_int_eq(take(l, "b", 0, &wait_ms), OW_OK);
	for (i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		ck_assert_int_eq(take(l, key, 0, &wait_ms), OW_OK);
	}
	limit_free(&l);
}
END_TEST

START_TEST(without_a_rate_everything_passes)
{
	struct limit *l = limit_new(0, 1, 1);
	int64_t wait_ms;
	int i;

	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(take(l, "a", 0, &wait_ms), OW_OK);
	limit_free(&l);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("limit");
	TCase *c = tcase_create("limit");
	SRunner *runner;
	int failed;

	tcase_add_test(c, a_burst_passes_then_the_rate_rules);
	tcase_add_test(c, keys_do_not_touch_each_other);
	tcase_add_test(c, the_longest_idle_is_forgotten_and_nobody_else);
	tcase_add_test(c, without_a_rate_everything_passes);
	suite_add_tcase(s, c);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
