/* SPDX-License-Identifier: MIT */
/*
 * test_fetch - against a server in a thread that says what the test wrote.
 *
 * Nothing here measures time: a test ends when done() has run, or, where it
 * must not run, when a later fetch is done.
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"
#include "net/fetch.h"

/* Takes connections one by one, reads a request's head and as much body as
   body_len says, and answers with `answer` (NULL: not at all). */
struct server {
	int fd;
	int port;
	pthread_t thread;
	const char *answer;
	size_t body_len;
	char seen[8192];	/* the last request */
	int n_requests;
};

static size_t
server_body_end(const struct server *s, size_t n)
{
	const char *end = strstr(s->seen, "\r\n\r\n");

	return end ? (size_t)(end - s->seen) + 4 + s->body_len : n + 1;
}

static void
server_serve(struct server *s, int fd)
{
	size_t n = 0;
	ssize_t got;

	memset(s->seen, 0, sizeof(s->seen));
	while (n < server_body_end(s, n)) {
		got = read(fd, s->seen + n, sizeof(s->seen) - 1 - n);
		if (got <= 0)
			return;
		n += (size_t)got;
	}
	s->n_requests++;
	if (s->answer)
		(void)!send(fd, s->answer, strlen(s->answer), MSG_NOSIGNAL);
	else
		(void)!read(fd, s->seen, 1);	/* until the peer gives up */
}

static void *
server_run(void *arg)
{
	struct server *s = arg;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		server_serve(s, fd);
		close(fd);
	}
	return NULL;
}

static void
server_start(struct server *s, const char *answer)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	memset(s, 0, sizeof(*s));
	s->answer = answer;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(s->fd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(s->fd, 8), 0);
	ck_assert_int_eq(getsockname(s->fd, (struct sockaddr *)&sin, &len), 0);
	s->port = ntohs(sin.sin_port);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, server_run, s), 0);
}

static void
server_stop(struct server *s)
{
	(void)shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

/* What done() was told. */
struct result {
	struct loop *loop;
	int calls;
	bool has_returned;		/* fetch_start has */
	int err, status;
	char body[64];
	char retry_after[16];
	char detail[160];
};

static struct loop *loop;
static struct fetcher *fetcher;
static struct server server;

static void
on_done(void *arg, const struct fetch_reply *reply)
{
	struct result *r = arg;
	const char *value = fetch_header(reply, "Retry-After");

	ck_assert(r->has_returned);
	r->calls++;
	r->err = reply->err;
	r->status = reply->status;
	if (reply->err == OW_OK && reply->body.n < sizeof(r->body))
		memcpy(r->body, reply->body.p, reply->body.n);
	if (value)
		strncpy(r->retry_after, value, sizeof(r->retry_after) - 1);
	memcpy(r->detail, reply->detail, sizeof(r->detail));
	loop_stop(loop);
}

static struct fetch_request
request_to(char **url, const char *path)
{
	struct fetch_request req = {
		.method = "GET",
		.timeout_ms = 20000,
		.reply_max = 32,
	};

	*url = mem_printf("http://127.0.0.1:%d%s", server.port, path);
	req.url = *url;
	return req;
}

static void
run(const struct fetch_request *req, struct result *r)
{
	struct fetch *f;

	memset(r, 0, sizeof(*r));
	ck_assert_int_eq(fetch_start(fetcher, req, on_done, r, &f), OW_OK);
	r->has_returned = true;
	loop_run(loop);
	ck_assert_int_eq(r->calls, 1);
}

static void
begin(const char *answer)
{
	loop = loop_new("test");
	fetcher = fetcher_new(loop, NULL, NULL);
	server_start(&server, answer);
}

static void
end(void)
{
	fetcher_free(&fetcher);
	loop_free(&loop);
	server_stop(&server);
}

#define OK_ANSWER "HTTP/1.1 200 OK\r\nRetry-After: 7\r\nContent-Length: 5\r\n" \
    "Connection: close\r\n\r\nhello"

START_TEST(an_answer_comes_whole)
{
	const struct ow_header headers[] = {
		{ "X-One", "1" }, { "X-Empty", "" }
	};
	struct fetch_request req;
	struct result r;
	char *url;

	begin(OK_ANSWER);
	req = request_to(&url, "/a?b=c");
	req.headers = headers;
	req.n_headers = 2;
	run(&req, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ck_assert_int_eq(r.status, 200);
	ck_assert_str_eq(r.body, "hello");
	ck_assert_str_eq(r.retry_after, "7");
	ck_assert_str_eq(r.detail, "");
	end();
	ck_assert_ptr_nonnull(strstr(server.seen, "GET /a?b=c HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(server.seen, "X-One: 1\r\n"));
	ck_assert_ptr_nonnull(strstr(server.seen, "X-Empty:"));
	free(url);
}
END_TEST

START_TEST(a_body_goes_out_and_an_error_status_is_an_answer)
{
	const struct ow_header headers[] = {
		{ "Content-Type", "application/json" }
	};
	struct fetch_request req;
	struct result r;
	char *url;

	begin("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n"
	    "Connection: close\r\n\r\n");
	server.body_len = 7;
	req = request_to(&url, "/in");
	req.method = "POST";
	req.body = (struct ow_bytes){ "{\"a\":1}", 7 };
	req.headers = headers;
	req.n_headers = 1;
	run(&req, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ck_assert_int_eq(r.status, 503);
	ck_assert_str_eq(r.body, "");
	end();
	ck_assert_ptr_nonnull(strstr(server.seen, "POST /in HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(server.seen, "\r\n\r\n{\"a\":1}"));
	ck_assert_ptr_nonnull(strstr(server.seen,
	    "Content-Type: application/json\r\n"));
	ck_assert_ptr_null(strstr(server.seen, "urlencoded"));
	free(url);
}
END_TEST

START_TEST(silence_is_a_timeout)
{
	struct fetch_request req;
	struct result r;
	char *url;

	begin(NULL);
	req = request_to(&url, "/");
	req.timeout_ms = 50;
	run(&req, &r);
	ck_assert_int_eq(r.err, OW_ETIMEOUT);
	ck_assert_str_ne(r.detail, "");
	end();
	free(url);
}
END_TEST

START_TEST(too_long_an_answer_is_refused)
{
	struct fetch_request req;
	struct result r;
	char *url;

	begin("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
	    "0123456789012345678901234567890123456789");
	req = request_to(&url, "/");
	req.reply_max = 39;
	run(&req, &r);
	ck_assert_int_eq(r.err, OW_ELIMIT);
	ck_assert_ptr_nonnull(strstr(r.detail, "39"));
	req.reply_max = 40;
	run(&req, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ck_assert_int_eq((int)strlen(r.body), 40);
	end();
	free(url);
}
END_TEST

START_TEST(a_redirect_is_an_answer)
{
	struct fetch_request req;
	struct result r;
	char *url;

	begin("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n"
	    "Content-Length: 0\r\nConnection: close\r\n\r\n");
	req = request_to(&url, "/");
	run(&req, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ck_assert_int_eq(r.status, 302);
	end();
	ck_assert_int_eq(server.n_requests, 1);
	free(url);
}
END_TEST

START_TEST(nobody_there_is_an_error)
{
	struct fetch_request req;
	struct result r;
	char *url;

	begin(OK_ANSWER);
	req = request_to(&url, "/");
	server_stop(&server);
	run(&req, &r);
	ck_assert_int_eq(r.err, OW_EIO);
	ck_assert_str_ne(r.detail, "");
	fetcher_free(&fetcher);
	loop_free(&loop);
	free(url);
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
	const struct ow_header bad[] = { { "X", "1\r\nY: 2" } };
	struct fetch_request req;
	struct result r;
	struct fetch *f = NULL;
	char *url;

	begin(OK_ANSWER);
	req = request_to(&url, "/");
	req.url = "file:///etc/hostname";
	run(&req, &r);
	ck_assert_int_eq(r.err, OW_EINVAL);
	req.url = "http://";
	run(&req, &r);
	ck_assert_int_eq(r.err, OW_EINVAL);
	req.url = url;
	req.headers = bad;
	req.n_headers = 1;
	ck_assert_int_eq(fetch_start(fetcher, &req, on_done, &r, &f),
	    OW_EINVAL);
	req.n_headers = 0;
	req.timeout_ms = 0;
	ck_assert_int_eq(fetch_start(fetcher, &req, on_done, &r, &f),
	    OW_EINVAL);
	req.timeout_ms = 1;
	req.method = "GET /x";
	ck_assert_int_eq(fetch_start(fetcher, &req, on_done, &r, &f),
	    OW_EINVAL);
	ck_assert_ptr_null(f);
	end();
	free(url);
}
END_TEST

START_TEST(cancelled_means_no_call)
{
	struct fetch_request req;
	struct result never = { 0 }, r;
	struct fetch *f;
	char *url;

	begin(OK_ANSWER);
	req = request_to(&url, "/");
	ck_assert_int_eq(fetch_start(fetcher, &req, on_done, &never, &f),
	    OW_OK);
	fetch_cancel(&f);
	ck_assert_ptr_null(f);
	fetch_cancel(&f);
	run(&req, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ck_assert_int_eq(never.calls, 0);
	/* Ending the fetcher cancels, too. */
	ck_assert_int_eq(fetch_start(fetcher, &req, on_done, &never, &f),
	    OW_OK);
	end();
	ck_assert_int_eq(never.calls, 0);
	free(url);
}
END_TEST

static bool
allow_none(void *arg, const struct sockaddr *sa)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)sa;

	ck_assert_int_eq(sa->sa_family, AF_INET);
	ck_assert_uint_eq(sin->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	++*(int *)arg;
	return false;
}

START_TEST(an_address_that_is_not_allowed_sees_nothing)
{
	struct fetch_request req;
	struct result r;
	int asked = 0;
	char *url;

	begin(OK_ANSWER);
	fetcher_free(&fetcher);
	fetcher = fetcher_new(loop, allow_none, &asked);
	req = request_to(&url, "/");
	run(&req, &r);
	ck_assert_int_eq(r.err, OW_EDENIED);
	ck_assert_int_eq(asked, 1);
	end();
	ck_assert_int_eq(server.n_requests, 0);
	free(url);
}
END_TEST

START_TEST(a_missing_ca_file_is_an_error)
{
	struct fetch_request req;
	struct result r;
	char *url, *secure;

	begin(OK_ANSWER);
	req = request_to(&url, "/");
	secure = mem_printf("https://127.0.0.1:%d/", server.port);
	req.url = secure;
	req.ca_file = "/nonexistent/ca.pem";
	run(&req, &r);
	ck_assert_int_eq(r.err, OW_EIO);
	end();
	free(url);
	free(secure);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fetch");
	TCase *tc = tcase_create("fetch");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_answer_comes_whole);
	tcase_add_test(tc, a_body_goes_out_and_an_error_status_is_an_answer);
	tcase_add_test(tc, silence_is_a_timeout);
	tcase_add_test(tc, too_long_an_answer_is_refused);
	tcase_add_test(tc, a_redirect_is_an_answer);
	tcase_add_test(tc, nobody_there_is_an_error);
	tcase_add_test(tc, what_cannot_be_is_refused);
	tcase_add_test(tc, cancelled_means_no_call);
	tcase_add_test(tc, an_address_that_is_not_allowed_sees_nothing);
	tcase_add_test(tc, a_missing_ca_file_is_an_error);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
