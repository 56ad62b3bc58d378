/* SPDX-License-Identifier: MIT */
/*
 * test_arena - zeroed, aligned, apart from each other.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

START_TEST(memory_is_aligned_zeroed_and_apart)
{
	unsigned char *all[2000];
	struct arena a;
	size_t i, j, n;

	arena_init(&a);
	for (i = 0; i < 2000; i++) {
		n = i % 97;
		all[i] = arena_alloc(&a, n);
		ck_assert_uint_eq((uintptr_t)all[i] % 16, 0);
		for (j = 0; j < n; j++)
			ck_assert_uint_eq(all[i][j], 0);
		memset(all[i], (int)(i % 250) + 1, n);
	}
	for (i = 0; i < 2000; i++)
		for (j = 0; j < i % 97; j++)
			ck_assert_uint_eq(all[i][j], i % 250 + 1);
	arena_done(&a);
	ck_assert_ptr_null(a.head);
}
END_TEST

START_TEST(big_pieces_fit_first_and_later)
{
	struct arena a;
	char *big, *small, *bigger;

	arena_init(&a);
	big = arena_alloc(&a, 100000);
	memset(big, 1, 100000);
	small = arena_alloc(&a, 10);
	bigger = arena_alloc(&a, 1000000);
	memset(bigger, 2, 1000000);
	ck_assert_int_eq(small[9], 0);
	ck_assert_int_eq(big[99999], 1);
	arena_done(&a);
	arena_done(&a);
}
END_TEST

START_TEST(dup_copies_bytes_and_adds_a_nul)
{
	struct arena a;

	arena_init(&a);
	ck_assert_ptr_null(arena_dup(&a, NULL));
	ck_assert_str_eq(arena_dup(&a, ""), "");
	ck_assert_str_eq(arena_dup(&a, "kitchen"), "kitchen");
	ck_assert_str_eq(arena_dupn(&a, "kitchen", 4), "kitc");
	ck_assert_str_eq(arena_dupn(&a, NULL, 0), "");
	arena_done(&a);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("arena");
	TCase *tc = tcase_create("arena");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, memory_is_aligned_zeroed_and_apart);
	tcase_add_test(tc, big_pieces_fit_first_and_later);
	tcase_add_test(tc, dup_copies_bytes_and_adds_a_nul);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
