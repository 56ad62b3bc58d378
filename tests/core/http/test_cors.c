/* SPDX-License-Identifier: MIT */
/*
 * An origin is allowed as a whole or not at all, and a stranger's browser gets
 * no header that it could take for consent.
 */
#include "http/cors.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

struct row {
	const char *list, *self, *origin;
	bool allowed;
};

static const struct row rows[] = {
	{ "", NULL, NULL, true },
	{ "", NULL, "https://a.example", false },
	{ NULL, NULL, "https://a.example", false },
	{ "*", NULL, "https://a.example", true },
	{ "*", NULL, "null", true },
	{ "null", NULL, "null", false },
	{ "", "https://a.example", "https://a.example", true },
	{ " https://b.example  https://a.example ", NULL,
	    "https://a.example", true },
	{ "https://a.example", NULL, "HTTPS://A.example", true },
	{ "https://a.example", NULL, "http://a.example", false },
	{ "https://a.example", NULL, "https://a.example:444", false },
	{ "https://a.example", NULL, "https://a.example.evil", false },
	{ "https://a.example", NULL, "https://x.a.example", false },
	{ "https://a.example", NULL, "https://a.exampl", false },
	{ "https://a.example", NULL, "", false },
};

START_TEST(origins_are_compared_whole)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_msg(cors_is_allowed(rows[i].list, rows[i].self,
		    rows[i].origin) == rows[i].allowed, "row %zu", i);
}
END_TEST

static char *
preflight(struct server *s, const char *origin)
{
	struct peer_end p = dial(s);
	char *all;

	say(&p, "OPTIONS /cors HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
	    "Access-Control-Request-Method: PATCH\r\nOrigin: ");
	say(&p, origin);
	say(&p, "\r\n\r\n");
	all = hear_all(&p);
	hang_up(&p);
	return all;
}

START_TEST(preflights_are_answered)
{
	struct server s;
	char *all;

	server_init(&s);
	server_start(&s);
	all = preflight(&s, "https://shop.example");
	ck_assert_ptr_nonnull(strstr(all, "HTTP/1.1 204 No Content\r\n"));
	ck_assert_ptr_nonnull(strstr(all,
	    "Access-Control-Allow-Origin: https://shop.example\r\n"));
	ck_assert_ptr_nonnull(strstr(all,
	    "Access-Control-Allow-Methods: GET, PATCH\r\n"));
	ck_assert_ptr_nonnull(strstr(all, "Vary: Origin\r\n"));
	ck_assert_ptr_null(strstr(all, "Content-Length"));
	free(all);
	all = preflight(&s, "https://evil.example");
	ck_assert_ptr_nonnull(strstr(all, "HTTP/1.1 403 "));
	ck_assert_ptr_null(strstr(all, "Access-Control-Allow"));
	free(all);
	server_stop(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cors");
	TCase *c = tcase_create("cors");
	SRunner *runner;
	int failed;

	tcase_add_test(c, origins_are_compared_whole);
	tcase_add_test(c, preflights_are_answered);
	suite_add_tcase(s, c);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
