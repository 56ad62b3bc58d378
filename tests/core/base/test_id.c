/* SPDX-License-Identifier: MIT */
/*
 * test_id - order, shape and what is no id.
 */
#include <check.h>
#include <string.h>

#include "base/id.h"

#define WALL_MS 1795341600123

/* More than the count has room for would need 2^25; the clock that stands
   still, goes back and jumps is what breaks the order otherwise. */
START_TEST(later_ids_sort_later)
{
	struct id_maker m = { 0 };
	char before[ID_SIZE] = "", id[ID_SIZE];
	int64_t wall_ms = WALL_MS;
	int i;

	for (i = 0; i < 100000; i++) {
		if (i % 1000 == 0)
			wall_ms += i % 3000 ? 1 : -5;
		id_new(&m, wall_ms, id);
		ck_assert_int_gt(strcmp(id, before), 0);
		memcpy(before, id, ID_SIZE);
	}
}
END_TEST

START_TEST(count_that_runs_over_keeps_the_order)
{
	struct id_maker m = { 0 };
	char before[ID_SIZE], id[ID_SIZE];

	id_new(&m, WALL_MS, before);
	m.count = (1u << 26) - 2;
	id_new(&m, WALL_MS, before);
	id_new(&m, WALL_MS, id);
	ck_assert_int_gt(strcmp(id, before), 0);
	ck_assert_int_eq(m.last_ms, WALL_MS + 1);
}
END_TEST

START_TEST(shape_is_that_of_version_7)
{
	struct id_maker m = { 0 };
	char id[ID_SIZE];
	int i;

	for (i = 0; i < 1000; i++) {
		id_new(&m, WALL_MS + i, id);
		ck_assert(id_is_valid(id));
		ck_assert_int_eq(id[14], '7');
		ck_assert_ptr_nonnull(strchr("89ab", id[19]));
	}
	m = (struct id_maker){ 0 };
	id_new(&m, 0x0123456789ab, id);
	ck_assert_int_eq(strncmp(id, "01234567-89ab-7", 15), 0);
}
END_TEST

START_TEST(makers_of_one_moment_differ)
{
	struct id_maker a = { 0 }, b = { 0 };
	char id_a[ID_SIZE], id_b[ID_SIZE];

	id_new(&a, WALL_MS, id_a);
	id_new(&b, WALL_MS, id_b);
	ck_assert_str_ne(id_a, id_b);
}
END_TEST

START_TEST(what_is_no_id_is_refused)
{
	static const char *const bad[] = {
		"", "x", "0190163d-8694-739b-aea5-966c26f8ad9",
		"0190163d-8694-739b-aea5-966c26f8ad910",
		"0190163D-8694-739b-aea5-966c26f8ad91",
		"0190163d-8694-739b-aea5-966c26f8ad9g",
		"0190163d08694-739b-aea5-966c26f8ad91",
		"{190163d-8694-739b-aea5-966c26f8ad91",
		"0190163d-8694-739b-aea5--66c26f8ad91",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!id_is_valid(bad[i]), "%s", bad[i]);
	ck_assert(id_is_valid("0190163d-8694-739b-aea5-966c26f8ad91"));
	ck_assert(id_is_valid("00000000-0000-0000-0000-000000000000"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("id");
	TCase *tc = tcase_create("id");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, later_ids_sort_later);
	tcase_add_test(tc, count_that_runs_over_keeps_the_order);
	tcase_add_test(tc, shape_is_that_of_version_7);
	tcase_add_test(tc, makers_of_one_moment_differ);
	tcase_add_test(tc, what_is_no_id_is_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
