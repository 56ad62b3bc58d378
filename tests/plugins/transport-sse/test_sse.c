/* SPDX-License-Identifier: MIT */
/*
 * test_sse - the transport between a scripted host and a scripted peer.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../srvhost.h"

#define ORDER "/sse/orders/{id}/tracking"

START_TEST(each_route_opens_its_feed)
{
	static const struct {
		const char *route;
		int32_t feed;
	} rows[] = {
		{ ORDER, OW_FEED_ORDER },
		{ "/sse/notifications", OW_FEED_PERSON },
		{ "/sse/kitchen", OW_FEED_KITCHEN },
	};
	struct srvhost h;

	srvhost_init(&h, NULL);
	ck_assert_uint_eq(h.n_routes, 3);
	for (int i = 0; i < 3; i++) {
		srvhost_reset(&h);
		srvhost_param(&h, "ticket", "tick");
		srvhost_param(&h, "token", "aaa.bbb.ccc");
		ck_assert(srvhost_call(&h, rows[i].route, "GET", "ref:A"));
		ck_assert_uint_eq(h.n_opens, 1);
		ck_assert_int_eq(h.open.feed, rows[i].feed);
		ck_assert(!h.open.head_first && !h.open.two_way &&
		    !h.open.auth_later && !h.open.has_since);
		ck_assert_str_eq(h.open.ticket, "tick");
		ck_assert_ptr_null(h.open.token);
		if (rows[i].feed == OW_FEED_ORDER)
			ck_assert_str_eq(h.open.order, "ref:A");
		else
			ck_assert_ptr_null(h.open.order);
	}
	srvhost_done(&h);
}
END_TEST

START_TEST(the_head_is_one_of_an_endless_event_stream)
{
	static const char *const lines[] = {
		"HTTP/1.1 200 OK\r\n",
		"\r\nContent-Type: text/event-stream; charset=utf-8\r\n",
		"\r\nCache-Control: no-store\r\n",
		"\r\nX-Accel-Buffering: no\r\n",
		"\r\nConnection: close\r\n",
		"\r\n\r\n: open\nretry: 2000\n\n",
	};
	struct srvhost h;

	srvhost_init(&h, NULL);
	ck_assert(srvhost_call(&h, ORDER, "GET", "x"));
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_ptr_nonnull(strstr(h.open_head, lines[i]));
	ck_assert_ptr_null(strstr(h.open_head, "Content-Length"));
	ck_assert_ptr_null(strstr(h.open_head, "Transfer-Encoding"));
	srvhost_done(&h);
}
END_TEST

START_TEST(the_position_comes_from_the_header_then_the_url)
{
	static const struct {
		const char *since, *last;
		bool is_good, has;
		uint64_t n;
	} rows[] = {
		{ NULL, NULL, true, false, 0 },
		{ "3", NULL, true, true, 3 },
		{ NULL, "4", true, true, 4 },
		{ "3", "17", true, true, 17 },
		{ "3", "", true, true, 3 },
		{ "18446744073709551615", NULL, true, true, UINT64_MAX },
		{ "18446744073709551616", NULL, false, false, 0 },
		{ "", NULL, false, false, 0 },
		{ "-1", NULL, false, false, 0 },
		{ "1x", "5", false, false, 0 },
		{ "5", "1x", false, false, 0 },
		{ NULL, "4, 5", false, false, 0 },
	};
	struct srvhost h;

	srvhost_init(&h, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		srvhost_reset(&h);
		srvhost_param(&h, "since", rows[i].since);
		srvhost_header(&h, "Last-Event-ID", rows[i].last);
		ck_assert(srvhost_call(&h, ORDER, "GET", "x"));
		ck_assert_uint_eq(h.n_opens, rows[i].is_good);
		if (rows[i].is_good) {
			ck_assert_int_eq(h.open.has_since, rows[i].has);
			ck_assert_uint_eq(h.open.since, rows[i].n);
		} else {
			ck_assert_int_eq(h.status, 400);
		}
	}
	srvhost_done(&h);
}
END_TEST

START_TEST(head_requests_are_refused)
{
	struct srvhost h;

	srvhost_init(&h, NULL);
	ck_assert(srvhost_call(&h, ORDER, "HEAD", "x"));
	ck_assert_int_eq(h.status, 405);
	ck_assert_str_eq(h.answer_headers, "Allow: GET\n");
	srvhost_done(&h);
}
END_TEST

START_TEST(messages_are_events_and_only_numbered_ones_have_an_id)
{
	struct srvhost h;
	char out[512];

	srvhost_init(&h, NULL);
	srvhost_frame(&h, "order.created", 12, "{\"seq\":12}", out,
	    sizeof(out));
	ck_assert_str_eq(out,
	    "id: 12\nevent: order.created\ndata: {\"seq\":12}\n\n");
	srvhost_frame(&h, "heartbeat", 0, "{}", out, sizeof(out));
	ck_assert_str_eq(out, "event: heartbeat\ndata: {}\n\n");
	srvhost_done(&h);
}
END_TEST

/* Neither may a type break the frame, nor the frame's head overflow. */
START_TEST(a_type_of_any_length_and_content_is_safe)
{
	struct srvhost h;
	char type[300], out[1024];

	srvhost_init(&h, NULL);
	for (size_t n = 0; n < sizeof(type) - 1; n++) {
		memset(type, 'x', n);
		type[n] = '\0';
		srvhost_frame(&h, type, UINT64_MAX, "{}", out, sizeof(out));
		ck_assert_ptr_nonnull(strstr(out, "\ndata: {}\n\n"));
		ck_assert(n > 64 || strstr(out, type));
	}
	srvhost_frame(&h, "a\ndata: evil", 0, "{}", out, sizeof(out));
	ck_assert_str_eq(out, "data: {}\n\n");
	srvhost_done(&h);
}
END_TEST

START_TEST(a_stream_ends_with_a_word)
{
	static const struct {
		int code;
		const char *reason, *text;
	} rows[] = {
		{ 1001, "{\"retry_ms\":1234}", "retry: 1234\n\n" },
		{ 1001, "shutdown", "" },
		{ 1001, "{\"retry_ms\":-5}", "" },
		{ 1001, "{\"retry_ms\":\"x\"}", "" },
		{ 4010, "order finished",
		    "event: stream.end\ndata: {\"type\":\"stream.end\","
		    "\"data\":{\"code\":4010,\"reason\":\"order finished\"}}"
		    "\n\n" },
		{ 4001, "a \"b\" \\ \n\x01",
		    "event: stream.end\ndata: {\"type\":\"stream.end\","
		    "\"data\":{\"code\":4001,\"reason\":\"a \\\"b\\\" \\\\ "
		    "\\u000a\\u0001\"}}\n\n" },
	};
	struct srvhost h;

	srvhost_init(&h, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		srvhost_reset(&h);
		srvhost_end(&h, rows[i].code, rows[i].reason);
		ck_assert_uint_eq(h.n_closes, 1);
		ck_assert_uint_eq(h.written_n, strlen(rows[i].text));
		if (h.written_n)
			ck_assert_str_eq((char *)h.written, rows[i].text);
	}
	srvhost_done(&h);
}
END_TEST

START_TEST(a_reason_of_any_length_is_safe)
{
	struct srvhost h;
	char reason[1000];

	srvhost_init(&h, NULL);
	memset(reason, '\x01', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	srvhost_end(&h, 4001, reason);
	ck_assert_uint_eq(h.n_closes, 1);
	ck_assert_mem_eq(h.written + h.written_n - 5, "\"}}\n\n", 5);
	srvhost_reset(&h);
	h.is_full = true;		/* no room: it ends all the same */
	srvhost_end(&h, 4001, "x");
	ck_assert_uint_eq(h.n_closes, 1);
	srvhost_done(&h);
}
END_TEST

START_TEST(what_a_peer_sends_is_ignored)
{
	struct srvhost h;

	srvhost_init(&h, NULL);
	srvhost_data(&h, "GET / HTTP/1.1\r\n\r\n", 18);
	ck_assert_ptr_null(h.peer);
	ck_assert_uint_eq(h.written_n + h.n_messages + h.n_closes, 0);
	srvhost_done(&h);
}
END_TEST

START_TEST(a_start_that_fails_can_be_stopped)
{
	struct ow_fault f;
	struct srvhost h;
	void *second;

	srvhost_init(&h, NULL);
	h.route_err = OW_ECONFLICT;
	ck_assert_int_eq(h.plugin->load(&h.ctx, &h.host, NULL, &second, &f),
	    OW_OK);
	ck_assert_int_eq(h.plugin->start(second, &f), OW_ECONFLICT);
	h.plugin->stop(second);
	srvhost_done(&h);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sse");
	TCase *tc = tcase_create("sse");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, each_route_opens_its_feed);
	tcase_add_test(tc, the_head_is_one_of_an_endless_event_stream);
	tcase_add_test(tc, the_position_comes_from_the_header_then_the_url);
	tcase_add_test(tc, head_requests_are_refused);
	tcase_add_test(tc,
	    messages_are_events_and_only_numbered_ones_have_an_id);
	tcase_add_test(tc, a_type_of_any_length_and_content_is_safe);
	tcase_add_test(tc, a_stream_ends_with_a_word);
	tcase_add_test(tc, a_reason_of_any_length_is_safe);
	tcase_add_test(tc, what_a_peer_sends_is_ignored);
	tcase_add_test(tc, a_start_that_fails_can_be_stopped);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
