/* SPDX-License-Identifier: MIT */
/*
 * test_http2 - fetch over TLS: many requests on one connection, and what a
 * strict fetch refuses.
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "base/mem.h"
#include "net/fetch.h"
#include "secure.h"

#define MANY 80

static struct loop *loop;
static struct fetcher *fetcher;
static struct secure server;
static int n_done, n_wanted, last_err, last_status;

static void
begin(bool has_h2, int n_hold)
{
	memset(&server, 0, sizeof(server));
	server.has_h2 = has_h2;
	server.n_hold = n_hold;
	secure_start(&server);
	loop = loop_new("test");
	fetcher = fetcher_new(loop, NULL, NULL);
	n_done = 0;
	n_wanted = 1;
}

static void
end(void)
{
	fetcher_free(&fetcher);
	loop_free(&loop);
	secure_stop(&server);
}

static void
on_done(void *arg, const struct fetch_reply *reply)
{
	(void)arg;
	last_err = reply->err;
	last_status = reply->status;
	if (++n_done == n_wanted)
		loop_stop(loop);
}

static struct fetch_request
request_to(char **url, const char *text)
{
	struct fetch_request req = {
		.method = "POST", .timeout_ms = 20000, .reply_max = 32,
		.ca_file = server.ca_file, .body = { "x", 1 },
	};

	*url = secure_url(&server, text);
	req.url = *url;
	return req;
}

/* The server answers nobody until all have asked: a breach is a timeout, or
   a second connection. */
START_TEST(many_requests_share_one_connection)
{
	struct fetch_request req;
	struct fetch *f;
	char *url;
	int i;

	begin(true, MANY);
	n_wanted = MANY;
	req = request_to(&url, "https://127.0.0.1:#/push");
	for (i = 0; i < MANY; i++)
		ck_assert_int_eq(fetch_start(fetcher, &req, on_done, NULL,
		    &f), OW_OK);
	loop_run(loop);
	ck_assert_int_eq(last_err, OW_OK);
	ck_assert_int_eq(last_status, 200);
	end();
	ck_assert_int_eq(server.n_requests, MANY);
	ck_assert_int_eq(server.n_connections, 1);
	free(url);
}
END_TEST

START_TEST(a_server_without_http2_is_served_too)
{
	struct fetch_request req;
	struct fetch *f;
	char *url;

	begin(false, 0);
	req = request_to(&url, "https://127.0.0.1:#/push");
	req.method = "GET";
	req.body.n = 0;
	req.is_strict = true;
	ck_assert_int_eq(fetch_start(fetcher, &req, on_done, NULL, &f),
	    OW_OK);
	loop_run(loop);
	ck_assert_int_eq(last_err, OW_OK);
	ck_assert_int_eq(last_status, 200);
	end();
	free(url);
}
END_TEST

START_TEST(a_stranger_is_not_believed)
{
	struct fetch_request req;
	struct fetch *f;
	char *url;

	begin(true, 0);
	req = request_to(&url, "https://127.0.0.1:#/push");
	req.ca_file = NULL;
	ck_assert_int_eq(fetch_start(fetcher, &req, on_done, NULL, &f),
	    OW_OK);
	loop_run(loop);
	ck_assert_int_eq(last_err, OW_EIO);
	end();
	ck_assert_int_eq(server.n_requests, 0);
	free(url);
}
END_TEST

static const char *const loose[] = {
	"http://127.0.0.1:#/", "https://me@127.0.0.1:#/",
	"https://me:secret@127.0.0.1:#/", "https://@127.0.0.1:#/",
	"ftp://127.0.0.1:#/", "HTTP://127.0.0.1:#/",
};

START_TEST(a_strict_fetch_is_https_and_names_nobody)
{
	struct fetch_request req;
	struct fetch *f = NULL;
	char *url;

	begin(true, 0);
	req = request_to(&url, loose[_i]);
	req.is_strict = true;
	ck_assert_int_eq(fetch_start(fetcher, &req, on_done, NULL, &f),
	    OW_EDENIED);
	ck_assert_ptr_null(f);
	end();
	ck_assert_int_eq(server.n_connections, 0);
	free(url);
}
END_TEST

/* What is no URL at all, or gets its scheme from somebody's guess. */
START_TEST(a_strict_fetch_guesses_nothing)
{
	static const char *const bad[] = { "127.0.0.1:#", "//127.0.0.1:#/",
	    "https:///", "https://[::1:#/", "https://127.0.0.1:#\r\n/x" };
	struct fetch_request req;
	struct fetch *f;
	char *url;

	begin(true, 0);
	req = request_to(&url, bad[_i]);
	req.is_strict = true;
	if (!fetch_start(fetcher, &req, on_done, NULL, &f)) {
		loop_run(loop);
		ck_assert_int_eq(last_err, OW_EINVAL);
	}
	end();
	ck_assert_int_eq(server.n_connections, 0);
	free(url);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("http2");
	TCase *tc = tcase_create("http2");
	SRunner *runner;
	int failed;

	(void)signal(SIGPIPE, SIG_IGN);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, many_requests_share_one_connection);
	tcase_add_test(tc, a_server_without_http2_is_served_too);
	tcase_add_test(tc, a_stranger_is_not_believed);
	tcase_add_loop_test(tc, a_strict_fetch_is_https_and_names_nobody, 0,
	    sizeof(loose) / sizeof(loose[0]));
	tcase_add_loop_test(tc, a_strict_fetch_guesses_nothing, 0, 5);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
