/* SPDX-License-Identifier: MIT */
/*
 * Heads and the status that each deserves.  A row that other software would
 * read differently, and that came through here, would be a request smuggled.
 */
#include "http/guard.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define H "Host: a\r\n"
#define E "\r\n"
#define GET11 "GET / HTTP/1.1\r\n"
#define POST11 "POST / HTTP/1.1\r\n"

struct row {
	const char *head;
	int status;
};

static const struct row rows[] = {
	/* What everybody reads the same way. */
	{ GET11 H E, 0 },
	{ "GET /a/b?c=d&e=%20 HTTP/1.1\r\n" H E, 0 },
	{ "GET / HTTP/1.0\r\n" E, 0 },
	{ "OPTIONS /a HTTP/1.1\r\n" H E, 0 },
	{ "PATCH /a HTTP/1.1\r\n" H "Content-Length: 0\r\n" E, 0 },
	{ POST11 H "Content-Length: 12\r\nX: \x80\xff\ty\r\n" E, 0 },
	{ POST11 H "Content-Length:\t 12 \t\r\n" E, 0 },
	{ GET11 "Host: [::1]:80\r\n" E, 0 },
	{ GET11 H "Expect: 100-Continue\r\n" E, 0 },
	{ GET11 H "X:\r\n" E, 0 },
	/* Two framings, or one that is not plain. */
	{ POST11 H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" E,
	    400 },
	{ POST11 H "Transfer-Encoding: chunked\r\n" E, 411 },
	{ POST11 H "Transfer-Encoding: gzip, chunked\r\n" E, 411 },
	{ POST11 H "Transfer-Encoding: xchunked\r\n" E, 411 },
	{ POST11 H "transfer-encoding: CHUNKED \r\n" E, 411 },
	{ POST11 H "Transfer-Encodings: x\r\n" E, 411 },
	{ POST11 H "Transfer-Encoding: \x0b" "chunked\r\n" E, 400 },
	{ POST11 H "Transfer-Encoding : chunked\r\n" E, 400 },
	{ POST11 H "Content-Length: 3\r\nContent-Length: 0\r\n" E, 400 },
	{ POST11 H "Content-Length: 3\r\nContent-Length: 3\r\n" E, 400 },
	{ POST11 H "Content-Length:\r\n" E, 400 },
	{ POST11 H "Content-Length: 3, 3\r\n" E, 400 },
	{ POST11 H "Content-Length: +3\r\n" E, 400 },
	{ POST11 H "Content-Length: -1\r\n" E, 400 },
	{ POST11 H "Content-Length: 0x10\r\n" E, 400 },
	{ POST11 H "Content-Length: 1 2\r\n" E, 400 },
	{ POST11 H "Content-Length: 30000000000000000000\r\n" E, 413 },
	{ POST11 H "Content-Length: 18446744073709551617\r\n" E, 413 },
	{ POST11 H "Content-Length : 3\r\n" E, 400 },
	{ POST11 H "Content-Length: 1\r\n 0\r\n" E, 400 },
	{ POST11 H "Content-Length: 1\r\n\t0\r\n" E, 400 },
	{ POST11 H " Content-Length: 1\r\n" E, 400 },
	/* Whose site? */
	{ GET11 E, 400 },
	{ GET11 H H E, 400 },
	{ "GET / HTTP/1.0\r\n" H H E, 400 },
	{ GET11 "Host:\r\n" E, 400 },
	{ GET11 "Host: a/b\r\n" E, 400 },
	{ GET11 "Host: a, b\r\n" E, 400 },
	{ GET11 "Host: u@a\r\n" E, 400 },
	/* Request lines. */
	{ "CONNECT a:80 HTTP/1.1\r\n" H E, 501 },
	{ "TRACE / HTTP/1.1\r\n" H E, 501 },
	{ "BREW / HTTP/1.1\r\n" H E, 501 },
	{ "get / HTTP/1.1\r\n" H E, 501 },
	{ "GE T / HTTP/1.1\r\n" H E, 400 },
	{ "G\"T / HTTP/1.1\r\n" H E, 400 },
	{ " GET / HTTP/1.1\r\n" H E, 400 },
	{ "GET  / HTTP/1.1\r\n" H E, 400 },
	{ "GET /  HTTP/1.1\r\n" H E, 400 },
	{ "GET / HTTP/1.1 \r\n" H E, 400 },
	{ "GET\t/ HTTP/1.1\r\n" H E, 400 },
	{ "GET /\r\n" E, 400 },
	{ "GET / HTTP/2.0\r\n" H E, 505 },
	{ "GET / HTTP/1.2\r\n" H E, 505 },
	{ "GET / HTTP/0.9\r\n" H E, 505 },
	{ "GET / HTTP/1.257\r\n" H E, 400 },
	{ "GET / http/1.1\r\n" H E, 400 },
	{ "GET / HTTP/1\r\n" H E, 400 },
	{ "OPTIONS * HTTP/1.1\r\n" H E, 400 },
	{ "GET http://a/ HTTP/1.1\r\n" H E, 400 },
	{ "GET /a#b HTTP/1.1\r\n" H E, 400 },
	{ "GET /a\\b HTTP/1.1\r\n" H E, 400 },
	{ "GET /a\x80 HTTP/1.1\r\n" H E, 400 },
	{ "GET /%zz HTTP/1.1\r\n" H E, 400 },
	{ "GET /%4 HTTP/1.1\r\n" H E, 400 },
	{ "GET /a?%g1 HTTP/1.1\r\n" H E, 400 },
	/* Fields. */
	{ GET11 H "X (A]: b\r\n" E, 400 },
	{ GET11 H ": b\r\n" E, 400 },
	{ GET11 H "no colon\r\n" E, 400 },
	{ GET11 H "X: a\x01" "b\r\n" E, 400 },
	{ GET11 H "X: a\x7f\r\n" E, 400 },
	{ GET11 H "X: a\rb\r\n" E, 400 },
	{ GET11 H "X: a\nY: b\r\n" E, 400 },
	{ GET11 H "X\x80: a\r\n" E, 400 },
	{ GET11 H "Expect: 200-ok\r\n" E, 417 },
	/* Ends. */
	{ "GET / HTTP/1.1\n" H E, 400 },
	{ GET11 "Host: a\n\r\n", 400 },
	{ GET11 H, 400 },
	{ GET11 H E "X", 400 },
	{ "\r\n", 400 },
	{ "", 400 },
};

START_TEST(heads_get_their_status)
{
	struct guard_head h;
	int status;

	status = guard_head(rows[_i].head, strlen(rows[_i].head), &h);
	ck_assert_msg(status == rows[_i].status, "row %d: %d for\n%s", _i,
	    status, rows[_i].head);
}
END_TEST

START_TEST(nul_bytes_are_refused_everywhere)
{
	static const char head[] = "GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
	char copy[sizeof(head)];
	struct guard_head h;
	size_t i;

	for (i = 0; i < sizeof(head) - 1; i++) {
		memcpy(copy, head, sizeof(head));
		copy[i] = '\0';
		ck_assert_int_ne(guard_head(copy, sizeof(head) - 1, &h), 0);
	}
}
END_TEST

static char *
repeat(const char *front, const char *part, size_t count,
    const char *end)
{
	char *s = calloc(1, strlen(front) + strlen(part) * count +
	    strlen(end) + 1);
	char *p = s + strlen(front);

	strcpy(s, front);
	for (; count; count--, p += strlen(part))
		strcpy(p, part);
	strcpy(p, end);
	return s;
}

static int
status_of(char *head)
{
	struct guard_head h;
	int status = guard_head(head, strlen(head), &h);

	free(head);
	return status;
}

START_TEST(limits_hold_to_the_byte)
{
	static const char version[] = " HTTP/1.1\r\n" H E;

	ck_assert_int_eq(status_of(repeat("GET /", "a",
	    GUARD_TARGET_MAX - 1, version)), 0);
	ck_assert_int_eq(status_of(repeat("GET /", "a",
	    GUARD_TARGET_MAX, version)), 414);
	ck_assert_int_eq(status_of(repeat(GET11 H, "X: y\r\n",
	    GUARD_HEADERS_MAX - 1, E)), 0);
	ck_assert_int_eq(status_of(repeat(GET11 H, "X: y\r\n",
	    GUARD_HEADERS_MAX, E)), 431);
	ck_assert_int_eq(status_of(repeat(GET11 H "X: ", "y",
	    GUARD_LINE_MAX - 3, E E)), 0);
	ck_assert_int_eq(status_of(repeat(GET11 H "X: ", "y",
	    GUARD_LINE_MAX - 2, E E)), 431);
}
END_TEST

struct keep {
	const char *head;
	bool keep_alive;
};

static const struct keep keeps[] = {
	{ GET11 H E, true },
	{ GET11 H "Connection: close\r\n" E, false },
	{ GET11 H "Connection: CLOSE\r\n" E, false },
	{ GET11 H "Connection: x , close,y\r\n" E, false },
	{ GET11 H "Connection: keep-alive\r\nConnection: close\r\n" E, false },
	{ GET11 H "Connection: closed\r\n" E, true },
	{ GET11 H "Connection: Upgrade\r\n" E, true },
	{ "GET / HTTP/1.0\r\n" E, false },
	{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n" E, true },
	{ "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n" E, false },
};

START_TEST(connection_tokens_are_read)
{
	struct guard_head h;

	ck_assert_int_eq(guard_head(keeps[_i].head, strlen(keeps[_i].head),
	    &h), 0);
	ck_assert_int_eq(h.keep_alive, keeps[_i].keep_alive);
}
END_TEST

START_TEST(out_is_untouched_by_a_refusal_and_filled_by_consent)
{
	static const char good[] = "HEAD / HTTP/1.1\r\n" H
	    "Content-Length: 007\r\nExpect: 100-continue\r\n" E;
	static const char bad[] = POST11 H "Content-Length: 9\r\nX\r\n" E;
	struct guard_head h = { .content_length = 77 };

	ck_assert_int_eq(guard_head(bad, sizeof(bad) - 1, &h), 400);
	ck_assert_uint_eq(h.content_length, 77);
	ck_assert_int_eq(guard_head(good, sizeof(good) - 1, &h), 0);
	ck_assert_uint_eq(h.content_length, 7);
	ck_assert(h.has_length && h.expect_continue && h.is_head);
}
END_TEST

static ptrdiff_t
find_end_bytewise(const char *p)
{
	size_t n, at = 0;
	ptrdiff_t end = 0;

	for (n = 1; n <= strlen(p) && !end; n++)
		end = guard_find_end(p, n, &at);
	return end;
}

START_TEST(the_end_is_found_however_it_comes)
{
	static const char head[] = GET11 H E;
	size_t at = 0;

	ck_assert_int_eq(guard_find_end(head, strlen(head), &at),
	    (int)strlen(head));
	ck_assert_int_eq(find_end_bytewise(head), (int)strlen(head));
	ck_assert_int_eq(find_end_bytewise(GET11 H), 0);
	ck_assert_int_eq(find_end_bytewise("GET / HTTP/1.1\nHost: a\n\n"), -1);
	ck_assert_int_eq(find_end_bytewise(GET11 "Host: a\n"), -1);
	ck_assert_int_eq(find_end_bytewise("\x16\x03\x01"), -1);
	ck_assert_int_eq(find_end_bytewise("\n"), -1);
}
END_TEST

struct target {
	const char *target, *path;	/* path NULL: refused */
	const char *query;
};

static const struct target targets[] = {
	{ "/", "/", "" },
	{ "/a/b/", "/a/b/", "" },
	{ "/a%20b?c=%2F", "/a b", "c=%2F" },
	{ "/ref:A-1042%C3%A4", "/ref:A-1042\xc3\xa4", "" },
	{ "/a?b?c", "/a", "b?c" },
	{ "/a?", "/a", "" },
	{ "/..a/.b/c.", "/..a/.b/c.", "" },
	{ "//", NULL, NULL },
	{ "//a", NULL, NULL },
	{ "/a//b", NULL, NULL },
	{ "/.", NULL, NULL },
	{ "/a/../b", NULL, NULL },
	{ "/a/%2e%2E/b", NULL, NULL },
	{ "/a/%2e", NULL, NULL },
	{ "/a%2Fb", "/a\x1f" "b", "" },
	{ "/..%2fb", "/..\x1f" "b", "" },
	{ "/a%1fb", NULL, NULL },
	{ "/a%00", NULL, NULL },
	{ "/a%0a", NULL, NULL },
	{ "/a%7f", NULL, NULL },
	{ "/%ff", NULL, NULL },
	{ "/%c0%af", NULL, NULL },
	{ "/%ed%a0%80", NULL, NULL },
	{ "/%f4%90%80%80", NULL, NULL },
	{ "/%c3", NULL, NULL },
	{ "/a?b=%00", NULL, NULL },
	{ "/a?b=%ff", NULL, NULL },
};

START_TEST(targets_decode_or_are_refused)
{
	const struct target *t = &targets[_i];
	char path[64];
	size_t query;
	int status;

	status = guard_target(t->target, strlen(t->target), path, &query);
	ck_assert_msg(status == (t->path ? 0 : 400), "%s: %d", t->target,
	    status);
	if (!t->path)
		return;
	ck_assert_str_eq(path, t->path);
	ck_assert_str_eq(t->target + query, t->query);
}
END_TEST

static const struct {
	const char *text, *path;
} paths[] = {
	{ "/sse/orders/ref%3AA%2F1/tracking?since=3",
	    "/sse/orders/ref:A\x1f" "1/tracking" },
	{ "/ws/kitchen#x?y", "/ws/kitchen" },
	{ "/ws/\xc3\xa4 b", "/ws/\xc3\xa4 b" },
	{ "", NULL }, { "?", NULL }, { "a", NULL }, { "%2fa", NULL },
	{ "/a%", NULL }, { "/a%4", NULL }, { "/a%4?b", NULL },
	{ "/a%zz", NULL }, { "/a%00", NULL }, { "/a%1f", NULL },
	{ "/a\x1f", NULL },
};

START_TEST(paths_of_others_are_read_alike)
{
	size_t n = strlen(paths[_i].text) + 1;
	char *text = mem_dup(paths[_i].text);	/* exactly */
	char *path = mem_alloc(n);

	ck_assert_msg(guard_path(text, path) == (paths[_i].path != NULL),
	    "%s", text);
	if (paths[_i].path != NULL)
		ck_assert_str_eq(path, paths[_i].path);
	free(path);
	free(text);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof(*(a))))

int
main(void)
{
	Suite *s = suite_create("guard");
	TCase *c = tcase_create("guard");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(c, heads_get_their_status, 0, COUNT(rows));
	tcase_add_test(c, nul_bytes_are_refused_everywhere);
	tcase_add_test(c, limits_hold_to_the_byte);
	tcase_add_loop_test(c, connection_tokens_are_read, 0, COUNT(keeps));
	tcase_add_test(c, out_is_untouched_by_a_refusal_and_filled_by_consent);
	tcase_add_test(c, the_end_is_found_however_it_comes);
	tcase_add_loop_test(c, targets_decode_or_are_refused, 0,
	    COUNT(targets));
	tcase_add_loop_test(c, paths_of_others_are_read_alike, 0,
	    COUNT(paths));
	suite_add_tcase(s, c);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
