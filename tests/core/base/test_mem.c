/* SPDX-License-Identifier: MIT */
/*
 * test_mem - allocation, copies and wiping.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

START_TEST(alloc_is_zeroed_and_never_null)
{
	unsigned char *p = mem_alloc(64);
	size_t i;

	for (i = 0; i < 64; i++)
		ck_assert_uint_eq(p[i], 0);
	free(p);
	p = mem_alloc(0);
	ck_assert_ptr_nonnull(p);
	p = mem_grow(p, 1000);
	p[999] = 1;
	free(p);
}
END_TEST

START_TEST(dup_copies_and_passes_null)
{
	char *s = mem_dup("order");

	ck_assert_str_eq(s, "order");
	free(s);
	ck_assert_ptr_null(mem_dup(NULL));
	s = mem_dupn("order", 3);
	ck_assert_str_eq(s, "ord");
	free(s);
	s = mem_dupn(NULL, 0);
	ck_assert_str_eq(s, "");
	free(s);
	s = mem_printf("%s-%d", "a", 7);
	ck_assert_str_eq(s, "a-7");
	free(s);
}
END_TEST

START_TEST(wipe_clears_and_takes_null)
{
	char secret[] = "hunter2";
	char *s = mem_dup("hunter2");
	size_t i;

	mem_wipe(secret, sizeof(secret));
	for (i = 0; i < sizeof(secret); i++)
		ck_assert_int_eq(secret[i], 0);
	mem_wipe(NULL, 0);
	mem_wipe_free(&s);
	ck_assert_ptr_null(s);
	mem_wipe_free(&s);
}
END_TEST

START_TEST(same_is_the_text_or_both_none)
{
	char s[] = "order";

	ck_assert(mem_is_same("order", s));
	ck_assert(mem_is_same(NULL, NULL));
	ck_assert(!mem_is_same("order", "orders"));
	ck_assert(!mem_is_same("", NULL));
	ck_assert(!mem_is_same(NULL, ""));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mem");
	TCase *tc = tcase_create("mem");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, alloc_is_zeroed_and_never_null);
	tcase_add_test(tc, dup_copies_and_passes_null);
	tcase_add_test(tc, wipe_clears_and_takes_null);
	tcase_add_test(tc, same_is_the_text_or_both_none);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
