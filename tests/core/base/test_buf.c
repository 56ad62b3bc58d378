/* SPDX-License-Identifier: MIT */
/*
 * test_buf - growth, the cap, and that nothing is half-written.
 */
#include <check.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <orderwire/plugin.h>
#include "base/buf.h"

START_TEST(grows_to_its_cap_and_no_further)
{
	struct buf b = BUF_INIT(1000);
	int i;

	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(buf_char(&b, 'x'), OW_OK);
	ck_assert_uint_eq(b.n, 1000);
	ck_assert_uint_eq(strlen(b.p), 1000);
	ck_assert(!b.full);
	ck_assert_int_eq(buf_char(&b, 'y'), OW_ELIMIT);
	ck_assert(b.full);
	ck_assert_uint_eq(b.n, 1000);
	buf_done(&b);
	ck_assert_ptr_null(b.p);
}
END_TEST

/* A half text would look whole if "}" still went in behind a lost value. */
START_TEST(full_takes_nothing_more_however_small)
{
	struct buf b = BUF_INIT(8);

	ck_assert_int_eq(buf_str(&b, "abc"), OW_OK);
	ck_assert_int_eq(buf_str(&b, "defghi"), OW_ELIMIT);
	ck_assert_str_eq(b.p, "abc");
	ck_assert_int_eq(buf_char(&b, '}'), OW_ELIMIT);
	ck_assert_int_eq(buf_printf(&b, "%d", 1), OW_ELIMIT);
	ck_assert_ptr_null(buf_room(&b, 1));
	ck_assert_str_eq(b.p, "abc");
	buf_clear(&b);
	ck_assert(!b.full);
	ck_assert_int_eq(buf_char(&b, '}'), OW_OK);
	ck_assert_str_eq(b.p, "}");
	buf_done(&b);
}
END_TEST

START_TEST(cap_holds_against_sizes_that_overflow)
{
	struct buf b = BUF_INIT(100);

	ck_assert_int_eq(buf_add(&b, "x", 1), OW_OK);
	ck_assert_ptr_null(buf_room(&b, SIZE_MAX));
	ck_assert_uint_eq(b.n, 1);
	buf_done(&b);
	buf_init(&b, 0);
	ck_assert_int_eq(buf_add(&b, "", 0), OW_OK);
	ck_assert_ptr_nonnull(b.p);
	ck_assert_int_eq(buf_char(&b, 'x'), OW_ELIMIT);
	ck_assert_str_eq(b.p, "");
	buf_done(&b);
}
END_TEST

START_TEST(numbers_are_written_to_their_ends)
{
	struct buf b = BUF_INIT(200);

	buf_int(&b, 0);
	buf_char(&b, ' ');
	buf_int(&b, INT64_MIN);
	buf_char(&b, ' ');
	buf_int(&b, INT64_MAX);
	ck_assert_str_eq(b.p,
	    "0 -9223372036854775808 9223372036854775807");
	buf_done(&b);
}
END_TEST

START_TEST(printf_grows_and_leaves_no_part_when_full)
{
	struct buf b = BUF_INIT(300);

	ck_assert_int_eq(buf_printf(&b, "%0200d", 7), OW_OK);
	ck_assert_uint_eq(b.n, 200);
	ck_assert_int_eq(buf_printf(&b, "%0200d", 7), OW_ELIMIT);
	ck_assert_uint_eq(b.n, 200);
	ck_assert_uint_eq(strlen(b.p), 200);
	buf_done(&b);
}
END_TEST

START_TEST(room_used_and_drop_keep_the_nul)
{
	struct buf b = BUF_INIT(100);
	char *p = buf_room(&b, 10);

	memcpy(p, "0123456789", 10);
	buf_used(&b, 10);
	ck_assert_str_eq(b.p, "0123456789");
	buf_drop(&b, 4);
	ck_assert_str_eq(b.p, "456789");
	buf_drop(&b, 0);
	buf_drop(&b, 6);
	ck_assert_str_eq(b.p, "");
	buf_done(&b);
}
END_TEST

START_TEST(dropping_makes_room_again)
{
	struct buf b = BUF_INIT(4);

	buf_str(&b, "abcd");
	ck_assert_int_eq(buf_char(&b, 'e'), OW_ELIMIT);
	buf_drop(&b, 1);
	ck_assert_int_eq(buf_char(&b, 'e'), OW_OK);
	ck_assert_str_eq(b.p, "bcde");
	buf_done(&b);
}
END_TEST

START_TEST(take_gives_a_string_also_when_empty)
{
	struct buf b = BUF_INIT(10);
	char *s = buf_take(&b);

	ck_assert_str_eq(s, "");
	free(s);
	buf_str(&b, "hi");
	s = buf_take(&b);
	ck_assert_str_eq(s, "hi");
	ck_assert_uint_eq(b.n, 0);
	ck_assert_uint_eq(b.max, 10);
	free(s);
	buf_done(&b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("buf");
	TCase *tc = tcase_create("buf");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, grows_to_its_cap_and_no_further);
	tcase_add_test(tc, full_takes_nothing_more_however_small);
	tcase_add_test(tc, cap_holds_against_sizes_that_overflow);
	tcase_add_test(tc, numbers_are_written_to_their_ends);
	tcase_add_test(tc, printf_grows_and_leaves_no_part_when_full);
	tcase_add_test(tc, room_used_and_drop_keep_the_nul);
	tcase_add_test(tc, dropping_makes_room_again);
	tcase_add_test(tc, take_gives_a_string_also_when_empty);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
