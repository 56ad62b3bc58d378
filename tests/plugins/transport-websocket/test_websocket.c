/* SPDX-License-Identifier: MIT */
/*
 * test_websocket - the transport between a scripted host and a scripted peer.
 *
 * Frames of the peer are masked with zeros, so they can be read here.  The
 * host (srvhost) fails a test by itself when something is written behind the
 * close, or a call is answered twice.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../srvhost.h"
#include "websocket.h"

#define MASK "\0\0\0\0"
#define ORDER "/ws/orders/{id}/tracking"
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="	/* of RFC 6455, 1.3 */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

static const struct websocket_conf plain_conf = { .echo = false };
static const struct websocket_conf echo_conf = { .echo = true };

static void
say_hello(struct srvhost *h)
{
	srvhost_header(h, "Upgrade", "websocket");
	srvhost_header(h, "Connection", "keep-alive, Upgrade");
	srvhost_header(h, "Sec-WebSocket-Version", "13");
	srvhost_header(h, "Sec-WebSocket-Key", KEY);
}

static void
open_stream(struct srvhost *h, const char *route)
{
	srvhost_reset(h);
	say_hello(h);
	ck_assert(srvhost_call(h, route, "GET", ""));
	ck_assert_uint_eq(h->n_opens, 1);
}

static void
assert_closed_with(const struct srvhost *h, int code)
{
	const unsigned char *p = h->written;

	ck_assert_uint_eq(h->n_closes, 1);
	ck_assert_uint_ge(h->written_n, 4);
	ck_assert_int_eq(p[0], 0x88);
	ck_assert_uint_eq(p[1] + 2u, h->written_n);
	ck_assert_int_eq(p[2] << 8 | p[3], code);
}

#define DATA(h, bytes) srvhost_data(h, bytes, sizeof(bytes) - 1)

/* ---- Handshake ---------------------------------------------------------- */

START_TEST(a_good_handshake_opens_its_feed)
{
	static const struct {
		const char *route;
		int32_t feed;
	} rows[] = {
		{ ORDER, OW_FEED_ORDER },
		{ "/ws/notifications", OW_FEED_PERSON },
		{ "/ws/kitchen", OW_FEED_KITCHEN },
	};
	struct srvhost h;

	srvhost_init(&h, &plain_conf);
	ck_assert_uint_eq(h.n_routes, 3);
	for (int i = 0; i < 3; i++) {
		srvhost_reset(&h);
		say_hello(&h);
		ck_assert(srvhost_call(&h, rows[i].route, "GET",
		    "ref:A-1042"));
		ck_assert_uint_eq(h.n_opens, 1);
		ck_assert_int_eq(h.open.feed, rows[i].feed);
		ck_assert(h.open.head_first && h.open.two_way &&
		    h.open.auth_later && !h.open.has_since);
		ck_assert_ptr_null(h.open.token);
		ck_assert_ptr_null(h.open.ticket);
		ck_assert_ptr_null(h.open.peer);
		if (rows[i].feed == OW_FEED_ORDER)
			ck_assert_str_eq(h.open.order, "ref:A-1042");
		else
			ck_assert_ptr_null(h.open.order);
		ck_assert_str_eq(h.open_head,
		    "HTTP/1.1 101 Switching Protocols\r\n"
		    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		    "Sec-WebSocket-Accept: " ACCEPT "\r\n\r\n");
	}
	srvhost_done(&h);
}
END_TEST

START_TEST(a_bad_handshake_is_refused)
{
	static const struct {
		const char *header, *value;
		int status;
	} rows[] = {
		{ "Upgrade", NULL, 426 },
		{ "Upgrade", "h2c", 426 },
		{ "Upgrade", "websockets", 426 },
		{ "Connection", NULL, 400 },
		{ "Connection", "keep-alive", 400 },
		{ "Sec-WebSocket-Version", NULL, 426 },
		{ "Sec-WebSocket-Version", "12", 426 },
		{ "Sec-WebSocket-Version", "13, 13", 426 },
		{ "Sec-WebSocket-Key", NULL, 400 },
		{ "Sec-WebSocket-Key", "", 400 },
		{ "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ", 400 },
		{ "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZTE=", 400 },
		{ "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j!Q==", 400 },
		{ "Sec-WebSocket-Key", KEY ", " KEY, 400 },
		{ "Sec-WebSocket-Protocol", "bearer.", 400 },
		{ "Sec-WebSocket-Protocol", "bearer.a, bearer.b", 400 },
	};
	struct srvhost h;

	srvhost_init(&h, &plain_conf);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		srvhost_reset(&h);
		say_hello(&h);
		srvhost_header(&h, rows[i].header, rows[i].value);
		ck_assert(srvhost_call(&h, ORDER, "GET", "x"));
		ck_assert_msg(h.n_answers == 1 && h.status == rows[i].status,
		    "%s: %s gives %d", rows[i].header, rows[i].value,
		    h.status);
		ck_assert((h.status == 426) == (strstr(h.answer_headers,
		    "Upgrade: websocket\n") && strstr(h.answer_headers,
		    "Sec-WebSocket-Version: 13\n")));
	}
	srvhost_reset(&h);
	say_hello(&h);
	ck_assert(srvhost_call(&h, ORDER, "HEAD", "x"));
	ck_assert_int_eq(h.status, 426);
	srvhost_done(&h);
}
END_TEST

START_TEST(lists_are_read_in_any_form)
{
	struct srvhost h;

	srvhost_init(&h, &plain_conf);
	say_hello(&h);
	srvhost_header(&h, "Upgrade", "foo/1,\tWebSocket ,, bar");
	srvhost_header(&h, "Connection", ",UPGRADE");
	srvhost_header(&h, "Sec-WebSocket-Protocol",
	    " other,orderwire.v1 ,bearer.aaa.bbb.ccc , x");
	ck_assert(srvhost_call(&h, ORDER, "GET", "x"));
	ck_assert_uint_eq(h.n_opens, 1);
	ck_assert_str_eq(h.open.token, "aaa.bbb.ccc");
	ck_assert_ptr_nonnull(strstr(h.open_head,
	    "\r\nSec-WebSocket-Protocol: orderwire.v1\r\n"));
	ck_assert_ptr_null(strstr(h.open_head, "aaa"));
	srvhost_done(&h);
}
END_TEST

/* A token would otherwise stand in a URL, and so in logs of proxies. */
START_TEST(no_token_is_taken_from_the_url)
{
	struct srvhost h;

	srvhost_init(&h, &plain_conf);
	say_hello(&h);
	srvhost_param(&h, "token", "aaa.bbb.ccc");
	srvhost_param(&h, "ticket", "tick");
	srvhost_header(&h, "Sec-WebSocket-Protocol", "other");
	ck_assert(srvhost_call(&h, ORDER, "GET", "x"));
	ck_assert_ptr_null(h.open.token);
	ck_assert_str_eq(h.open.ticket, "tick");
	ck_assert_ptr_null(strstr(h.open_head, "Protocol:"));
	srvhost_done(&h);
}
END_TEST

START_TEST(since_is_a_number_or_a_refusal)
{
	static const struct {
		const char *text;
		bool is_good;
		uint64_t since;
	} rows[] = {
		{ "0", true, 0 }, { "12", true, 12 }, { "007", true, 7 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "99999999999999999999999", false, 0 },
		{ "", false, 0 }, { "-1", false, 0 }, { "+1", false, 0 },
		{ " 1", false, 0 }, { "1 ", false, 0 }, { "0x1", false, 0 },
		{ "1.0", false, 0 }, { "\xd9\xa1", false, 0 },
	};
	struct srvhost h;

	srvhost_init(&h, &plain_conf);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		srvhost_reset(&h);
		say_hello(&h);
		srvhost_param(&h, "since", rows[i].text);
		ck_assert(srvhost_call(&h, ORDER, "GET", "x"));
		ck_assert_uint_eq(h.n_opens, rows[i].is_good);
		if (rows[i].is_good) {
			ck_assert(h.open.has_since);
			ck_assert_uint_eq(h.open.since, rows[i].since);
		} else {
			ck_assert_int_eq(h.status, 400);
		}
	}
	srvhost_done(&h);
}
END_TEST

/* ---- Frames ------------------------------------------------------------- */

START_TEST(messages_are_text_frames_and_heartbeats_carry_a_ping)
{
	struct srvhost h;
	char out[512];
	size_t n;

	srvhost_init(&h, &plain_conf);
	n = srvhost_frame(&h, "order.created", 1, "{\"a\":1}", out,
	    sizeof(out));
	ck_assert_uint_eq(n, 9);
	ck_assert_mem_eq(out, "\x81\x07{\"a\":1}", 9);
	n = srvhost_frame(&h, "heartbeat", 0, "{}", out, sizeof(out));
	ck_assert_uint_eq(n, 6);
	ck_assert_mem_eq(out, "\x81\x02{}\x89\x00", 6);
	srvhost_done(&h);
}
END_TEST

/* ---- The peer's side ---------------------------------------------------- */

START_TEST(messages_reach_the_host_however_they_are_cut)
{
	static const char bytes[] = "\x01\x83" MASK "{\"a" "\x89\x82" MASK
	    "hi" "\x80\x83" MASK "\":1" "\x80";
	struct srvhost h;

	srvhost_init(&h, &plain_conf);
	for (size_t step = 1; step < sizeof(bytes); step++) {
		open_stream(&h, "/ws/kitchen");
		for (size_t at = 0; at < sizeof(bytes) - 2; at += step)
			srvhost_data(&h, bytes + at,
			    step < sizeof(bytes) - 2 - at ? step :
			    sizeof(bytes) - 2 - at);
		ck_assert_uint_eq(h.n_messages, 1);
		ck_assert_str_eq(h.message, "{\"a\":1");
		ck_assert_uint_eq(h.written_n, 4);
		ck_assert_mem_eq(h.written, "\x8a\x02hi", 4);
		ck_assert_uint_eq(h.n_closes, 0);
	}
	srvhost_done(&h);
}
END_TEST

/* The budget of an idle stream is the host's struct alone. */
START_TEST(nothing_is_kept_while_nothing_is_half_received)
{
	struct srvhost h;

	srvhost_init(&h, &plain_conf);
	open_stream(&h, "/ws/kitchen");
	DATA(&h, "\x81\x82" MASK "{}");
	ck_assert_ptr_null(h.peer);
	DATA(&h, "\x81");
	ck_assert_ptr_nonnull(h.peer);
	DATA(&h, "\x82" MASK "{}");
	ck_assert_ptr_null(h.peer);
	ck_assert_uint_eq(h.n_messages, 2);
	DATA(&h, "\x01\x82" MASK "{}");
	ck_assert_ptr_nonnull(h.peer);
	srvhost_done(&h);
}
END_TEST

START_TEST(a_peer_that_breaks_the_rules_is_told_why)
{
	static const struct {
		const char *bytes;
		size_t n;
		int code;
	} rows[] = {
		{ "\x81\x00", 2, 1002 },
		{ "\xc1\x80" MASK, 6, 1002 },
		{ "\x82\x80" MASK, 6, 1003 },
		{ "\x81\x81" MASK "\xff", 7, 1007 },
		{ "\x81\xff\0\0\0\0\0\x01\0\x01" MASK, 14, 1009 },
		{ "\x88\x82" MASK "\x03\xed", 8, 1002 },
	};
	struct srvhost h;

	srvhost_init(&h, &plain_conf);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_stream(&h, "/ws/kitchen");
		srvhost_data(&h, rows[i].bytes, rows[i].n);
		assert_closed_with(&h, rows[i].code);
		/* Whatever comes then is not answered. */
		DATA(&h, "\x89\x80" MASK "\x88\x80" MASK);
		srvhost_end(&h, 1001, "again");
		assert_closed_with(&h, rows[i].code);
	}
	srvhost_done(&h);
}
END_TEST

START_TEST(what_the_host_does_not_know_ends_with_4400)
{
	struct srvhost h;

	srvhost_init(&h, &plain_conf);
	open_stream(&h, "/ws/kitchen");
	h.message_err = OW_EINVAL;
	DATA(&h, "\x81\x81" MASK "x" "\x81\x81" MASK "y");
	ck_assert_uint_eq(h.n_messages, 1);
	assert_closed_with(&h, 4400);
	srvhost_done(&h);
}
END_TEST

START_TEST(a_close_is_answered_with_its_own_code)
{
	struct srvhost h;

	srvhost_init(&h, &plain_conf);
	open_stream(&h, "/ws/kitchen");
	DATA(&h, "\x88\x85" MASK "\x0f\xa1" "bye");
	assert_closed_with(&h, 4001);
	open_stream(&h, "/ws/kitchen");
	DATA(&h, "\x88\x80" MASK);
	ck_assert_uint_eq(h.n_closes, 1);
	ck_assert_uint_eq(h.written_n, 2);
	ck_assert_mem_eq(h.written, "\x88\x00", 2);
	srvhost_done(&h);
}
END_TEST

START_TEST(the_host_may_end_a_stream_at_any_time)
{
	struct srvhost h;

	srvhost_init(&h, &plain_conf);
	open_stream(&h, "/ws/kitchen");
	srvhost_end(&h, 1001, "{\"retry_ms\":1234}");
	assert_closed_with(&h, 1001);
	ck_assert_mem_eq(h.written + 4, "{\"retry_ms\":1234}", 17);

	open_stream(&h, "/ws/kitchen");		/* something half-received */
	DATA(&h, "\x01\x85" MASK "abc");
	srvhost_end(&h, 4010, "");
	assert_closed_with(&h, 4010);

	open_stream(&h, "/ws/kitchen");		/* from inside message() */
	h.end_in_message = 4003;
	DATA(&h, "\x81\x82" MASK "{}" "\x81\x82" MASK "{}" "\x01");
	ck_assert_uint_eq(h.n_messages, 1);
	assert_closed_with(&h, 4003);

	open_stream(&h, "/ws/kitchen");		/* the same, with a struct */
	h.end_in_message = 4003;
	DATA(&h, "\x81");
	DATA(&h, "\x82" MASK "{}" "\x81");
	assert_closed_with(&h, 4003);
	srvhost_done(&h);
}
END_TEST

START_TEST(a_peer_that_does_not_read_gets_no_pongs)
{
	struct srvhost h;

	srvhost_init(&h, &plain_conf);
	open_stream(&h, "/ws/kitchen");
	h.is_full = true;
	for (int i = 0; i < 1000; i++)
		DATA(&h, "\x89\x80" MASK);
	ck_assert_ptr_null(h.peer);
	h.is_full = false;
	DATA(&h, "\x89\x81" MASK "x" "\x8a\x80" MASK);
	ck_assert_uint_eq(h.written_n, 3);
	srvhost_done(&h);
}
END_TEST

/* ---- Echo --------------------------------------------------------------- */

START_TEST(echo_is_there_only_when_asked_for)
{
	struct srvhost h;

	srvhost_init(&h, &plain_conf);
	ck_assert(!srvhost_call(&h, "/ws/echo", "GET", ""));
	srvhost_done(&h);
	srvhost_init(&h, &echo_conf);
	open_stream(&h, "/ws/echo");
	ck_assert_int_eq(h.open.feed, OW_FEED_NONE);
	srvhost_done(&h);
}
END_TEST

START_TEST(echo_returns_any_message_in_any_fragments)
{
	struct srvhost h;

	srvhost_init(&h, &echo_conf);
	open_stream(&h, "/ws/echo");
	DATA(&h, "\x02\x81" MASK "\xff" "\x00\x80" MASK "\x80\x81" MASK "b");
	DATA(&h, "\x81\x80" MASK);
	DATA(&h, "\x81");
	DATA(&h, "\x82" MASK "hi");
	ck_assert_uint_eq(h.written_n, 4 + 2 + 4);
	ck_assert_mem_eq(h.written, "\x82\x02\xff" "b\x81\x00\x81\x02hi", 10);
	ck_assert_uint_eq(h.n_messages, 0);
	srvhost_done(&h);
}
END_TEST

START_TEST(echo_takes_16_mib_and_no_more)
{
	static const char piece[65536];
	struct srvhost h;

	srvhost_init(&h, &echo_conf);
	open_stream(&h, "/ws/echo");
	DATA(&h, "\x82\xff\0\0\0\0\x01\0\0\0" MASK);
	for (int i = 0; i < 256; i++)
		srvhost_data(&h, piece, sizeof(piece));
	ck_assert_uint_eq(h.written_n, 10 + (16u << 20));
	ck_assert_uint_eq(h.n_closes, 0);
	open_stream(&h, "/ws/echo");
	DATA(&h, "\x82\xff\0\0\0\0\x01\0\0\x01" MASK);
	assert_closed_with(&h, 1009);
	srvhost_done(&h);
}
END_TEST

START_TEST(echoes_wait_for_room_in_order)
{
	struct srvhost h;

	srvhost_init(&h, &echo_conf);
	open_stream(&h, "/ws/echo");
	h.is_full = true;
	DATA(&h, "\x81\x81" MASK "a" "\x81\x81" MASK "b");
	srvhost_fire(&h);			/* still no room */
	h.is_full = false;
	DATA(&h, "\x81\x81" MASK "c");		/* may not overtake */
	ck_assert_uint_eq(h.written_n, 0);
	DATA(&h, "\x88\x82" MASK "\x03\xe8");
	ck_assert_uint_eq(h.n_closes, 0);
	srvhost_fire(&h);
	ck_assert_uint_eq(h.written_n, 13);
	ck_assert_mem_eq(h.written,
	    "\x81\x01" "a\x81\x01" "b\x81\x01" "c\x88\x02\x03\xe8", 13);
	ck_assert_uint_eq(h.n_closes, 1);
	DATA(&h, "\x81\x81" MASK "d");
	srvhost_end(&h, 1001, "");
	ck_assert_uint_eq(h.n_closes, 1);
	srvhost_done(&h);
}
END_TEST

START_TEST(echoes_that_nobody_reads_are_bounded)
{
	static const struct websocket_conf small = { .echo = true,
		.message_max = 1000 };
	struct srvhost h;

	srvhost_init(&h, &small);
	open_stream(&h, "/ws/echo");
	h.is_full = true;
	for (int i = 0; i < 400 && !h.n_closes; i++)
		DATA(&h, "\x81\x81" MASK "a");
	ck_assert_uint_eq(h.n_closes, 1);
	ck_assert(h.timer.fire == NULL);
	srvhost_done(&h);
}
END_TEST

/* ---- Life --------------------------------------------------------------- */

START_TEST(a_start_that_fails_can_be_stopped)
{
	struct ow_fault f;
	struct srvhost h;
	void *second;

	srvhost_init(&h, &plain_conf);
	h.route_err = OW_ECONFLICT;
	ck_assert_int_eq(h.plugin->load(&h.ctx, &h.host, &plain_conf, &second,
	    &f), OW_OK);
	ck_assert_int_eq(h.plugin->start(second, &f), OW_ECONFLICT);
	h.plugin->stop(second);
	ck_assert_ptr_null(ow_plugin_query((OW_ABI_MAJOR + 1) << 16));
	srvhost_done(&h);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("websocket");
	TCase *tc = tcase_create("websocket");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_good_handshake_opens_its_feed);
	tcase_add_test(tc, a_bad_handshake_is_refused);
	tcase_add_test(tc, lists_are_read_in_any_form);
	tcase_add_test(tc, no_token_is_taken_from_the_url);
	tcase_add_test(tc, since_is_a_number_or_a_refusal);
	tcase_add_test(tc,
	    messages_are_text_frames_and_heartbeats_carry_a_ping);
	tcase_add_test(tc, messages_reach_the_host_however_they_are_cut);
	tcase_add_test(tc, nothing_is_kept_while_nothing_is_half_received);
	tcase_add_test(tc, a_peer_that_breaks_the_rules_is_told_why);
	tcase_add_test(tc, what_the_host_does_not_know_ends_with_4400);
	tcase_add_test(tc, a_close_is_answered_with_its_own_code);
	tcase_add_test(tc, the_host_may_end_a_stream_at_any_time);
	tcase_add_test(tc, a_peer_that_does_not_read_gets_no_pongs);
	tcase_add_test(tc, echo_is_there_only_when_asked_for);
	tcase_add_test(tc, echo_returns_any_message_in_any_fragments);
	tcase_add_test(tc, echo_takes_16_mib_and_no_more);
	tcase_add_test(tc, echoes_wait_for_room_in_order);
	tcase_add_test(tc, echoes_that_nobody_reads_are_bounded);
	tcase_add_test(tc, a_start_that_fails_can_be_stopped);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
