/* SPDX-License-Identifier: MIT */
/*
 * Stream tickets: one stream, one path, half a minute, and the same again for
 * the same request.
 */
#include <check.h>
#include <orderwire/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/ticket.h"

static struct tickets tickets;
static struct who *ann;

static void
set_up(void)
{
	memset(&tickets, 0, sizeof(tickets));
	ann = who_new(ROLE_CUSTOMER, "cafe", "ann", "", INT64_MAX);
}

static void
tear_down(void)
{
	tickets_done(&tickets);
	ck_assert_int_eq(atomic_load(&ann->refs), 1);
	who_unref(&ann);
}

static const struct ticket *
make(const char *path, const char *repeat, int64_t now_ms)
{
	const struct ticket *k = NULL;

	ck_assert_int_eq(ticket_new(&tickets, ann, path, repeat, path, now_ms,
	    &k), OW_OK);
	return k;
}

static int
try_use(const char *text, const char *path, int64_t now_ms)
{
	struct who *who = NULL;
	int err = ticket_use(&tickets, text, path, now_ms, &who);

	ck_assert((err == OW_OK) == (who != NULL));
	if (who != NULL)
		ck_assert_ptr_eq(who, ann);
	who_unref(&who);
	return err;
}

START_TEST(good_once)
{
	char text[TICKET_SIZE];

	memcpy(text, make("/sse/x", NULL, 1000)->text, TICKET_SIZE);
	ck_assert_uint_eq(strlen(text), TICKET_SIZE - 1);
	ck_assert_int_eq(try_use(text, "/sse/x", 1000), OW_OK);
	ck_assert_int_eq(try_use(text, "/sse/x", 1000), OW_EDENIED);
}
END_TEST

START_TEST(good_on_its_path_alone)
{
	char text[TICKET_SIZE];

	memcpy(text, make("/sse/x", NULL, 1000)->text, TICKET_SIZE);
	ck_assert_int_eq(try_use(text, "/sse/xy", 1000), OW_EDENIED);
	ck_assert_int_eq(try_use(text, "/sse/", 1000), OW_EDENIED);
	ck_assert_int_eq(try_use(text, NULL, 1000), OW_EDENIED);
	ck_assert_int_eq(try_use("", "/sse/x", 1000), OW_EDENIED);
	ck_assert_int_eq(try_use("made up", "/sse/x", 1000), OW_EDENIED);
	ck_assert_int_eq(try_use(text, "/sse/x", 1000), OW_OK);
}
END_TEST

START_TEST(good_for_half_a_minute)
{
	char one[TICKET_SIZE], two[TICKET_SIZE];

	memcpy(one, make("/a", NULL, 1000)->text, TICKET_SIZE);
	memcpy(two, make("/a", NULL, 1001)->text, TICKET_SIZE);
	ck_assert_int_eq(try_use(one, "/a", 31000), OW_EDENIED);
	ck_assert_int_eq(try_use(two, "/a", 31000), OW_OK);
	(void)make("/a", NULL, 31000);
	(void)make("/a", NULL, 31500);
	tickets_sweep(&tickets, 61000);
	ck_assert_uint_eq(HASH_COUNT(tickets.all), 1);
	tickets_sweep(&tickets, 61500);
	ck_assert_ptr_null(tickets.all);
}
END_TEST

START_TEST(repeated_it_is_the_same_and_otherwise_refused)
{
	const struct ticket *one = make("/a", "s\nk", 1000), *other = NULL;

	ck_assert_ptr_eq(make("/a", "s\nk", 2000), one);
	ck_assert_ptr_ne(make("/a", "s\nk2", 2000), one);
	ck_assert_ptr_ne(make("/a", "s2\nk", 2000), one);
	ck_assert_ptr_ne(make("/a", NULL, 2000), one);
	ck_assert_int_eq(ticket_new(&tickets, ann, "/b", "s\nk", "/b", 2000,
	    &other), OW_ECONFLICT);
	/* The same path, and another body. */
	ck_assert_int_eq(ticket_new(&tickets, ann, "/a", "s\nk", "/a2", 2000,
	    &other), OW_ECONFLICT);
	ck_assert_ptr_null(other);
	(void)make("/b", "s\nk", 31000);	/* the first is over */
}
END_TEST

START_TEST(a_used_one_is_not_given_again)
{
	char text[TICKET_SIZE];

	memcpy(text, make("/a", "s\nk", 1000)->text, TICKET_SIZE);
	ck_assert_int_eq(try_use(text, "/a", 1000), OW_OK);
	ck_assert_str_ne(make("/a", "s\nk", 1000)->text, text);
}
END_TEST

/* It would notice a breach as minutes: repeats that search all tickets. */
START_TEST(many_are_made_quickly_and_too_many_refused)
{
	const struct ticket *k;
	char repeat[64];
	int i;

	for (i = 0; i < TICKETS_MAX; i++) {
		(void)snprintf(repeat, sizeof(repeat),
		    "0123456789abcdef0123456789abcdef\n%d", i);
		(void)make("/a", repeat, 1000);
	}
	ck_assert_int_eq(ticket_new(&tickets, ann, "/a", "new", "/a", 1000,
	    &k), OW_ELIMIT);
	(void)make("/a", repeat, 1000);
	(void)make("/a", "new", 31000);
	ck_assert_uint_eq(HASH_COUNT(tickets.all), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ticket");
	TCase *tc = tcase_create("ticket");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, good_once);
	tcase_add_test(tc, good_on_its_path_alone);
	tcase_add_test(tc, good_for_half_a_minute);
	tcase_add_test(tc,
	    repeated_it_is_the_same_and_otherwise_refused);
	tcase_add_test(tc, a_used_one_is_not_given_again);
	tcase_add_test(tc, many_are_made_quickly_and_too_many_refused);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
