/* SPDX-License-Identifier: MIT */
/*
 * Refusals say what api documents promise, letter by letter.
 */
#include "http/problem.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

static void
check(int status, const char *code, const char *detail,
    const struct form_faults *faults, const char *want)
{
	struct buf b = BUF_INIT(8192);

	problem_write(&b, status, code, detail, faults);
	ck_assert_str_eq(b.p, want);
	buf_done(&b);
}

START_TEST(problems_have_their_members)
{
	struct form_faults faults = { 0 };

	check(404, NULL, NULL, NULL,
	    "{\"type\":\"urn:orderwire:problem:not_found\","
	    "\"title\":\"Not Found\",\"status\":404,"
	    "\"detail\":\"Not Found\",\"code\":\"not_found\"}");
	check(409, "stale_seq", "It is \"7\" now.", NULL,
	    "{\"type\":\"urn:orderwire:problem:stale_seq\","
	    "\"title\":\"Conflict\",\"status\":409,"
	    "\"detail\":\"It is \\\"7\\\" now.\",\"code\":\"stale_seq\"}");
	form_fault(&faults, "items[2].quantity", "must be at least 1");
	check(422, NULL, "x", &faults,
	    "{\"type\":\"urn:orderwire:problem:invalid_field\","
	    "\"title\":\"Unprocessable Content\",\"status\":422,"
	    "\"detail\":\"x\",\"code\":\"invalid_field\",\"errors\":["
	    "{\"field\":\"items[2].quantity\","
	    "\"detail\":\"must be at least 1\"}]}");
}
END_TEST

/* A breach: a 422 that does not say which field it is about. */
START_TEST(every_422_names_a_field)
{
	static const struct {
		const char *code, *field;
	} known[] = {
		{ "reason_required", "reason" },
		{ "no_channel", "channel" },
		{ "idempotency_key_reused", "Idempotency-Key" },
		{ "another", "" },
	};
	char want[64];
	struct buf b;
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		buf_init(&b, 8192);
		problem_write(&b, 422, known[i].code, "why", NULL);
		snprintf(want, sizeof(want), "\"errors\":[{\"field\":\"%s\","
		    "\"detail\":\"why\"}]}", known[i].field);
		ck_assert_ptr_nonnull(strstr(b.p, want));
		buf_clear(&b);
		problem_write(&b, 404, known[i].code, "why", NULL);
		ck_assert_ptr_null(strstr(b.p, "errors"));
		buf_done(&b);
	}
}
END_TEST

START_TEST(results_mean_statuses)
{
	static const int want[] = { 200, 400, 403, 404, 409, 429, 503, 504,
	    502, 501, 500 };
	int i;

	for (i = 0; i < 11; i++)
		ck_assert_int_eq(problem_status(-i), want[i]);
	ck_assert_str_eq(problem_title(418), "Error");
	ck_assert_str_eq(problem_code(418), "error");
}
END_TEST

START_TEST(retries_are_rounded_up_or_spread)
{
	int i, s;

	ck_assert_int_eq(problem_retry_s(1), 1);
	ck_assert_int_eq(problem_retry_s(1000), 1);
	ck_assert_int_eq(problem_retry_s(1001), 2);
	for (i = 0; i < 100; i++) {
		s = problem_retry_s(0);
		ck_assert(s >= 1 && s <= 5);
	}
}
END_TEST

static char *
fetch(struct server *s, const char *text)
{
	struct peer_end p = dial(s);
	char *all;

	say(&p, text);
	all = hear_all(&p);
	hang_up(&p);
	return all;
}

START_TEST(answers_carry_them)
{
	struct server s;
	char *all;

	server_init(&s);
	server_start(&s);
	all = fetch(&s, "GET /busy HTTP/1.0\r\n\r\n");
	ck_assert_ptr_nonnull(strstr(all, "HTTP/1.1 503 Service Unavail"));
	ck_assert_ptr_nonnull(strstr(all, "\r\nRetry-After: "));
	ck_assert_ptr_nonnull(strstr(all,
	    "\r\nContent-Type: application/problem+json\r\n"));
	ck_assert_ptr_nonnull(strstr(all, "\"field\":\"items[0].name\""));
	free(all);
	server_stop(&s);
}
END_TEST

START_TEST(parameters_and_headers_are_found)
{
	struct server s;
	char *all;

	server_init(&s);
	server_start(&s);
	all = fetch(&s, "GET /param?q=1&p=a%20b+c%3D%26&p=z HTTP/1.1\r\n"
	    "Host: a\r\nx-p:  1 \r\nX-P:\r\nX-p: 3\r\n\r\n");
	ck_assert_ptr_nonnull(strstr(all, "\r\n\r\np=a b c=& h=1, , 3\n"));
	/* A value with a line break is left out. */
	ck_assert_ptr_null(strstr(all, "X-Split"));
	free(all);
	all = fetch(&s, "GET /type HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_ptr_null(strstr(all, "X-Split"));
	ck_assert_ptr_nonnull(strstr(all, "\r\n\r\nx"));
	free(all);
	all = fetch(&s, "GET /param?p HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_ptr_nonnull(strstr(all, "\r\n\r\np= h=-\n"));
	free(all);
	all = fetch(&s, "GET /param?pp=1 HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_ptr_nonnull(strstr(all, "\r\n\r\np=- h=-\n"));
	free(all);
	server_stop(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("problem");
	TCase *c = tcase_create("problem");
	SRunner *runner;
	int failed;

	tcase_add_test(c, problems_have_their_members);
	tcase_add_test(c, every_422_names_a_field);
	tcase_add_test(c, results_mean_statuses);
	tcase_add_test(c, retries_are_rounded_up_or_spread);
	tcase_add_test(c, answers_carry_them);
	tcase_add_test(c, parameters_and_headers_are_found);
	suite_add_tcase(s, c);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
