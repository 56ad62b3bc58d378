/* SPDX-License-Identifier: MIT */
/*
 * test_wshand - the text of a client's WebSocket handshake.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "net/wshand.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

/* The example of RFC 6455, 1.3. */
START_TEST(keys)
{
	char key[WSHAND_KEY_SIZE], accept[WSHAND_ACCEPT_SIZE];

	wshand_key((const unsigned char *)"the sample nonce", key);
	ck_assert_str_eq(key, KEY);
	wshand_accept(key, accept);
	ck_assert_str_eq(accept, ACCEPT);
}
END_TEST

START_TEST(urls)
{
	const struct {
		const char *text, *http, *host, *path;
	} good[] = {
		{ "ws://h/a?b=c", "http://h/a?b=c", "h", "/a?b=c" },
		{ "WSS://H:443", "httpS://H:443", "H", "/" },
		{ "wss://h:80/x", "https://h:80/x", "h:80", "/x" },
		{ "ws://[::1]:8080/", "http://[::1]:8080/", "[::1]:8080",
		    "/" },
	};
	const char *const bad[] = { "", "http://h/", "ws://", "ws://:80/",
	    "wss://u:p@h/", "ws://h/a b", "ws://h/\r\nX: y", "ws//h" };
	struct wshand_url url;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_msg(!wshand_url_read(good[i].text, &url), "%s",
		    good[i].text);
		ck_assert_str_eq(url.http, good[i].http);
		ck_assert_str_eq(url.host, good[i].host);
		ck_assert_str_eq(url.path, good[i].path);
		wshand_url_done(&url);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(wshand_url_read(bad[i], &url) == OW_EINVAL,
		    "%s", bad[i]);
}
END_TEST

START_TEST(requests)
{
	const struct wshand_url url = { NULL, "h:81", "/p?q" };
	const struct ow_header good[] = { { "Authorization", "Bearer x" } };
	const struct ow_header bad[] = { { "Host", "x" }, { "A:", "x" },
		{ "", "x" }, { "A", "x\r\nB: y" }, { "A\n", "x" },
		{ "Sec-WebSocket-Key", "x" }, { "upgrade", "x" } };
	struct buf out = BUF_INIT(4096), small = BUF_INIT(64);
	size_t i;

	ck_assert_int_eq(wshand_request(&url, KEY, good, 1, &out), OW_OK);
	ck_assert_str_eq(out.p, "GET /p?q HTTP/1.1\r\nHost: h:81\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " KEY "\r\n"
	    "Authorization: Bearer x\r\n\r\n");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(wshand_request(&url, KEY, &bad[i], 1, &out),
		    OW_EINVAL);
	ck_assert_int_eq(wshand_request(&url, KEY, good, 1, &small),
	    OW_EINVAL);
	buf_done(&out);
	buf_done(&small);
}
END_TEST

#define YES "HTTP/1.1 101 Switching Protocols\r\n"
#define THREE "Upgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n" \
	"Sec-WebSocket-Accept: " ACCEPT "\r\n"

static int
read_text(const char *text, size_t *out_len)
{
	struct ow_fault why = { "" };
	int err = wshand_read(text, strlen(text), KEY, out_len, &why);

	ck_assert_int_eq(err == OW_OK || err == OW_EAGAIN, !why.text[0]);
	return err;
}

START_TEST(an_agreement_in_pieces)
{
	const char *text = YES THREE "\r\n\x81";
	size_t n, len = 0;
	struct ow_fault why;

	for (n = 0; n < strlen(text) - 1; n++)
		ck_assert_int_eq(wshand_read(text, n, KEY, &len, &why),
		    OW_EAGAIN);
	ck_assert_int_eq(read_text(text, &len), OW_OK);
	ck_assert_uint_eq(len, strlen(text) - 1);
}
END_TEST

/* A breach: something that is no WebSocket is taken for one. */
START_TEST(refusals)
{
	const struct {
		const char *text;
		int err;
	} bad[] = {
		{ "HTTP/1.1 401 No\r\n\r\n", OW_EDENIED },
		{ "HTTP/1.1 403 No\r\n\r\n", OW_EDENIED },
		{ "HTTP/1.1 404 No\r\n\r\n", OW_ENOENT },
		{ "HTTP/1.1 200 OK\r\n" THREE "\r\n", OW_EIO },
		{ "HTTP/1.0 101 OK\r\n" THREE "\r\n", OW_EIO },
		{ "SSH-2.0\r\n\r\n", OW_EIO },
		{ "\r\n\r\n", OW_EIO },
		{ YES "\r\n", OW_EIO },
		{ YES "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
		    OW_EIO },
		{ YES "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		    "Sec-WebSocket-Accept: x" ACCEPT "\r\n\r\n", OW_EIO },
		{ YES "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		    "Sec-WebSocket-Accept: " ACCEPT "x\r\n\r\n", OW_EIO },
		{ YES THREE "Sec-WebSocket-Extensions: permessage-deflate\r\n"
		    "\r\n", OW_EIO },
		{ YES THREE "Sec-WebSocket-Protocol: x\r\n\r\n", OW_EIO },
	};
	size_t i, len = 7;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(read_text(bad[i].text, &len) == bad[i].err,
		    "%s", bad[i].text);
	ck_assert_uint_eq(len, 7);
}
END_TEST

START_TEST(a_head_has_an_end)
{
	char *text = malloc(WSHAND_HEAD_MAX);
	struct ow_fault why;
	size_t len;

	memset(text, 'x', WSHAND_HEAD_MAX);
	ck_assert_int_eq(wshand_read(text, WSHAND_HEAD_MAX, KEY, &len, &why),
	    OW_EIO);
	memcpy(text, YES "A: \0\r\n\r\n", sizeof(YES) + 8);
	ck_assert_int_eq(wshand_read(text, sizeof(YES) + 7, KEY, &len, &why),
	    OW_EIO);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wshand");
	TCase *tcase = tcase_create("wshand");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, keys);
	tcase_add_test(tcase, urls);
	tcase_add_test(tcase, requests);
	tcase_add_test(tcase, an_agreement_in_pieces);
	tcase_add_test(tcase, refusals);
	tcase_add_test(tcase, a_head_has_an_end);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
