/* SPDX-License-Identifier: MIT */
/*
 * The whole way of a connection over real sockets, plain and with TLS: what a
 * peer may send in whatever pieces, what it is answered, and that nothing of
 * it stays behind (server_stop counts descriptors and connections).
 */
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "server.h"

#define CLOSE "Host: a\r\nConnection: close\r\n\r\n"
#define KEEP "Host: a\r\n\r\n"
#define ASK(s, text) ask(s, text, sizeof(text) - 1)

/* Loop tests run with 0: plain, 1: TLS. */
static void
start(struct server *s, int is_tls)
{
	server_init(s);
	if (is_tls)
		server_use_tls(s);
	server_start(s);
}

struct row {
	const char *text;
	int status;
};

static const struct row rows[] = {
	{ "GET /a?b=c HTTP/1.1\r\n" CLOSE, 200 },
	{ "\r\nGET / HTTP/1.1\r\n" CLOSE, 200 },
	{ "GET / HTTP/1.0\r\n\r\n", 200 },
	{ "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n", 200 },
	{ "OPTIONS /a HTTP/1.1\r\n" CLOSE, 200 },
	{ "POST / HTTP/1.1\r\nContent-Length: 3\r\n" CLOSE "abc", 200 },
	{ "POST / HTTP/1.1\r\nContent-Length: 3\r\n"
	    "Transfer-Encoding: chunked\r\n" CLOSE "0\r\n\r\n", 400 },
	{ "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n" CLOSE,
	    411 },
	{ "POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n" CLOSE, 411 },
	{ "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE
	    "3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n", 411 },
	{ "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 0\r\n"
	    CLOSE "abc", 400 },
	{ "POST / HTTP/1.1\r\nContent-Length:\r\n" CLOSE, 400 },
	{ "POST / HTTP/1.1\r\nContent-Length: 30000000000000000000\r\n"
	    CLOSE, 413 },
	{ "POST / HTTP/1.1\r\nContent-Length: 262145\r\n" CLOSE, 413 },
	{ "POST / HTTP/1.1\r\nContent-Length : 3\r\n" CLOSE "abc", 400 },
	{ "POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n" CLOSE "abc", 400 },
	{ "POST / HTTP/1.1\r\nContent-Length: +3\r\n" CLOSE "abc", 400 },
	{ "GET / HTTP/1.1\r\nX: a\r\n folded\r\n" CLOSE, 400 },
	{ "POST / HTTP/1.1\r\nContent-Length: 1\r\n\t0\r\n" CLOSE, 400 },
	{ "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: b\r\n" CLOSE, 400 },
	{ "GET / HTTP/1.1\r\nX: a\x01\r\n" CLOSE, 400 },
	{ "GET / HTTP/1.1\r\nX (A]: b\r\n" CLOSE, 400 },
	{ "GET / HTTP/1.1\r\n: b\r\n" CLOSE, 400 },
	{ "GET / HTTP/1.1\r\nnocolon\r\n" CLOSE, 400 },
	{ "CONNECT a:1 HTTP/1.1\r\n" CLOSE, 501 },
	{ "TRACE / HTTP/1.1\r\n" CLOSE, 501 },
	{ "BREW / HTTP/1.1\r\n" CLOSE, 501 },
	{ "GET / HTTP/2.0\r\n" CLOSE, 505 },
	{ "GET / HTTP/1.257\r\n" CLOSE, 400 },
	{ "GET /\r\n\r\n", 400 },
	{ "GET /%zz HTTP/1.1\r\n" CLOSE, 400 },
	{ "GET /a%00 HTTP/1.1\r\n" CLOSE, 400 },
	{ "GET /a%1Fb HTTP/1.1\r\n" CLOSE, 400 },
	{ "GET /a/../b HTTP/1.1\r\n" CLOSE, 400 },
	{ "GET //a HTTP/1.1\r\n" CLOSE, 400 },
	{ "OPTIONS * HTTP/1.1\r\n" CLOSE, 400 },
	{ "POST / HTTP/1.1\r\nExpect: more\r\n" CLOSE, 417 },
	/* These never end: only looking at once answers them. */
	{ "GET / HTTP/1.1\nHost: a\n\n", 400 },
	{ "GET / HTTP/1.1\r\nHost: a\n", 400 },
	{ "\x16\x03\x01\x02", 400 },
};

/* One server for all of them: none may harm the next. */
START_TEST(each_request_gets_its_status)
{
	struct server s;
	size_t i;
	int status;

	start(&s, _i);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		status = ask(&s, rows[i].text, strlen(rows[i].text));
		ck_assert_msg(status == rows[i].status, "%d for\n%s", status,
		    rows[i].text);
	}
	status = ASK(&s, "GET /\0a HTTP/1.1\r\n" CLOSE);
	ck_assert_int_eq(status, 400);
	ck_assert_int_gt(server_count(&s, LISTEN_M_BAD_REQUESTS), 30);
	server_stop(&s);
}
END_TEST

START_TEST(a_request_may_come_byte_by_byte)
{
	static const char text[] = "POST /orders/abc123?x=1 HTTP/1.1\r\n"
	    "Content-Length: 5\r\n" CLOSE "hello";
	struct server s;
	struct peer_end p;
	const char *b;
	char *all;

	start(&s, _i);
	p = dial(&s);
	for (b = text; *b; b++)
		say_n(&p, b, 1);
	all = hear_all(&p);
	ck_assert_msg(strstr(all, "\r\n\r\nPOST /orders/abc123|x=1|5\n") !=
	    NULL, "%s", all);
	ck_assert_ptr_nonnull(strstr(all, "\r\nX-Test: yes\r\n"));
	ck_assert_ptr_nonnull(strstr(all, "\r\nDate: "));
	ck_assert_ptr_nonnull(strstr(all, "\r\nConnection: close\r\n"));
	free(all);
	hang_up(&p);
	server_stop(&s);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
	struct server s;
	struct peer_end p;
	char *all, *one, *two, *three;

	start(&s, _i);
	p = dial(&s);
	say(&p, "GET /later?1 HTTP/1.1\r\n" KEEP
	    "POST /later?2 HTTP/1.1\r\nContent-Length: 2\r\n" KEEP "xx"
	    "GET /a?3 HTTP/1.1\r\n" CLOSE);
	all = hear_all(&p);
	one = strstr(all, "GET /later|1|0\n");
	two = strstr(all, "POST /later|2|2\n");
	three = strstr(all, "GET /a|3|0\n");
	ck_assert_msg(one && two > one && three > two, "%s", all);
	free(all);
	hang_up(&p);
	server_stop(&s);
}
END_TEST

START_TEST(a_flood_of_pipelined_requests_is_answered_to_the_last)
{
	static const char one[] = "GET /0123456789 HTTP/1.1\r\n" KEEP;
	enum { MANY = 5000 };
	struct server s;
	struct peer_end p;
	char *text = mem_alloc(MANY * sizeof(one) + 100);
	char *all, *at = text;
	int i;

	start(&s, _i);
	for (i = 0; i < MANY; i++)
		at = stpcpy(at, one);
	strcpy(at, "GET /last HTTP/1.1\r\n" CLOSE);
	p = dial(&s);
	say(&p, text);
	all = hear_all(&p);
	ck_assert_int_eq(count_of(all, "GET /0123456789|"), MANY);
	ck_assert_int_eq(count_of(all, "GET /last|"), 1);
	free(all);
	free(text);
	hang_up(&p);
	server_stop(&s);
}
END_TEST

START_TEST(a_half_closed_peer_is_answered)
{
	struct server s;
	struct peer_end p;
	char *all;

	start(&s, _i);
	p = dial(&s);
	say(&p, "GET /later?1 HTTP/1.1\r\n" KEEP "GET /later?2 HTTP/1.1\r\n"
	    KEEP);
	if (p.ssl)
		SSL_shutdown(p.ssl);
	shutdown(p.fd, SHUT_WR);
	all = hear_all(&p);
	ck_assert_msg(strstr(all, "/later|1|0") && strstr(all, "/later|2|0"),
	    "%s", all);
	free(all);
	hang_up(&p);
	server_stop(&s);
}
END_TEST

START_TEST(slow_heads_and_bodies_end_at_their_deadline)
{
	struct server s;
	struct peer_end p;
	char *all;
	int i;

	server_init(&s);
	s.conf.limits.head_ms = 400;	/* a TLS handshake has to fit */
	s.conf.limits.body_ms = 60;
	if (_i)
		server_use_tls(&s);
	server_start(&s);
	/* A byte now and then does not put it off. */
	p = dial(&s);
	say(&p, "GET / HTTP/1.1\r\n");
	for (i = 0; i < 1000 && server_count(&s, LISTEN_M_TIMEOUTS) == 0; i++) {
		usleep(10000);
		say(&p, "X: y\r\n");
	}
	ck_assert_int_lt(i, 1000);
	all = hear_all(&p);
	ck_assert_ptr_nonnull(strstr(all, "HTTP/1.1 408 "));
	free(all);
	hang_up(&p);
	ck_assert_int_eq(ASK(&s, "POST / HTTP/1.1\r\nContent-Length: 9\r\n"
	    CLOSE "abc"), 408);
	/* Who says nothing is told nothing. */
	ck_assert_int_eq(ask(&s, "", 0), 0);
	server_stop(&s);
}
END_TEST

START_TEST(an_idle_connection_ends)
{
	struct server s;
	struct peer_end p;
	char *all;

	server_init(&s);
	s.conf.limits.idle_ms = 300;
	if (_i)
		server_use_tls(&s);
	server_start(&s);
	p = dial(&s);
	say(&p, "GET /1 HTTP/1.1\r\n" KEEP);
	ck_assert(hear_text(&p, "GET /1|"));
	say(&p, "GET /2 HTTP/1.1\r\n" KEEP);
	all = hear_all(&p);
	ck_assert_int_eq(count_of(all, "HTTP/1.1 "), 1);
	free(all);
	hang_up(&p);
	ck_assert_int_eq(server_count(&s, LISTEN_M_TIMEOUTS), 0);
	server_stop(&s);
}
END_TEST

START_TEST(who_does_not_read_is_dropped)
{
	struct server s;
	struct peer_end p;

	server_init(&s);
	s.conf.limits.idle_ms = 100;
	if (_i)
		server_use_tls(&s);
	server_start(&s);
	p = dial(&s);
	say(&p, "GET /big HTTP/1.1\r\n" KEEP "GET /big HTTP/1.1\r\n" KEEP);
	wait_for_connections(&s, 1);
	wait_for_connections(&s, 0);
	hang_up(&p);
	server_stop(&s);
}
END_TEST

START_TEST(a_large_answer_arrives_whole)
{
	struct server s;
	struct peer_end p;
	char *all;

	start(&s, _i);
	p = dial(&s);
	say(&p, "GET /big HTTP/1.1\r\n" CLOSE);
	all = hear_all(&p);
	ck_assert_uint_eq(strlen(strstr(all, "\r\n\r\n") + 4), BIG_SIZE);
	free(all);
	hang_up(&p);
	server_stop(&s);
}
END_TEST

/* A breach is a byte that is missing or not in its place, a second answer
   that does not follow, or a loan that is never given back. */
START_TEST(a_lent_body_arrives_whole_and_is_given_back)
{
	char *all = mem_alloc(BIG_SIZE + 1), *body;
	struct server s;
	struct peer_end p;
	size_t i;

	start(&s, _i);
	p = dial(&s);
	for (int round = 0; round < 2; round++) {
		say(&p, "GET /lent HTTP/1.1\r\n" KEEP
		    "GET /behind HTTP/1.1\r\n" KEEP);
		ck_assert(hear_text(&p, "Content-Length: 4194304\r\n\r\n"));
		ck_assert_uint_eq(hear(&p, all, BIG_SIZE), BIG_SIZE);
		for (i = 0; i < BIG_SIZE && (uint8_t)all[i] == i % 251; i++)
			;
		ck_assert_uint_eq(i, BIG_SIZE);
		ck_assert(hear_text(&p, "GET /behind||0\n"));
		wait_for(&s.lent, 0);
	}
	say(&p, "HEAD /lent HTTP/1.1\r\n" KEEP);
	ck_assert(hear_text(&p, "Content-Length: 4194304\r\n\r\n"));
	wait_for(&s.lent, 0);
	say(&p, "GET /lent HTTP/1.1\r\n" CLOSE);
	body = hear_all(&p);
	ck_assert_ptr_nonnull(body);
	wait_for(&s.lent, 0);
	free(body);
	free(all);
	hang_up(&p);
	server_stop(&s);
}
END_TEST

START_TEST(who_does_not_read_gives_back_what_was_lent)
{
	struct server s;
	struct peer_end p, q;

	server_init(&s);
	s.conf.limits.idle_ms = 1000;	/* time to be seen as lent */
	if (_i)
		server_use_tls(&s);
	server_start(&s);
	p = dial(&s);
	say(&p, "GET /lent HTTP/1.1\r\n" KEEP);
	wait_for(&s.lent, 1);
	wait_for(&s.lent, 0);
	wait_for_connections(&s, 0);
	hang_up(&p);
	q = dial(&s);
	say(&q, "GET /lent HTTP/1.1\r\n" KEEP);
	wait_for(&s.lent, 1);
	hang_up(&q);		/* in the middle of it */
	wait_for(&s.lent, 0);
	server_stop(&s);
}
END_TEST

/* The whole body is sent before the answer is read: closing early would
   reset the connection and lose the 413. */
START_TEST(a_body_of_10_mb_gets_its_413)
{
	static const char head[] = "POST / HTTP/1.1\r\n"
	    "Content-Length: 10000000\r\n" CLOSE;
	size_t n = sizeof(head) - 1 + 10000000;
	char *text = mem_alloc(n);
	struct server s;

	memcpy(text, head, sizeof(head) - 1);
	start(&s, _i);
	ck_assert_int_eq(ask(&s, text, n), 413);
	free(text);
	server_stop(&s);
}
END_TEST

START_TEST(heads_are_limited)
{
	char *text = mem_alloc(70000);
	struct server s;
	char *p;
	int i;

	start(&s, _i);
	p = stpcpy(text, "GET / HTTP/1.1\r\n");
	for (i = 0; i < 8; i++) {
		p += sprintf(p, "X%d: ", i);
		memset(p, 'y', 7990);
		p = stpcpy(p + 7990, "\r\n");
	}
	p = stpcpy(p, CLOSE);
	ck_assert_int_eq(ask(&s, text, (size_t)(p - text)), 431);
	p = stpcpy(text, "GET / HTTP/1.1\r\nX: ");
	memset(p, 'y', 8100);
	p = stpcpy(p + 8100, "\r\n" CLOSE);
	ck_assert_int_eq(ask(&s, text, (size_t)(p - text)), 431);
	p = stpcpy(text, "GET /");
	memset(p, 'y', 5000);
	p = stpcpy(p + 5000, " HTTP/1.1\r\n" CLOSE);
	ck_assert_int_eq(ask(&s, text, (size_t)(p - text)), 414);
	memset(text, 'y', 65536);
	ck_assert_int_eq(ask(&s, text, 65536), 414);
	free(text);
	server_stop(&s);
}
END_TEST

/* Every character that a target may have gets through libevhtp, too. */
START_TEST(odd_targets_get_through)
{
	static const char path[] = "/!$%20&'()*+,-.0:;=@A[]_z~%C3%A4/x/";
	char text[256], want[128];
	struct server s;
	struct peer_end p;
	char *all;

	start(&s, 0);
	p = dial(&s);
	snprintf(text, sizeof(text), "GET %s?&&=a?/%%&b==c;;[]@ HTTP/1.1\r\n"
	    CLOSE, path);
	memcpy(strstr(text, "/%&"), "/%26", 3);
	snprintf(text, sizeof(text),
	    "GET %s?&&=a?/%%26&b==c;;[]@ HTTP/1.1\r\n" CLOSE, path);
	say(&p, text);
	all = hear_all(&p);
	snprintf(want, sizeof(want), "GET /!$ &'()*+,-.0:;=@A[]_z~\xc3\xa4/x/"
	    "|&&=a?/%%26&b==c;;[]@|0\n");
	ck_assert_msg(strstr(all, want) != NULL, "%s", all);
	free(all);
	hang_up(&p);
	server_stop(&s);
}
END_TEST

START_TEST(head_has_no_body_and_100_is_sent_once)
{
	struct server s;
	struct peer_end p;
	char *all;

	start(&s, _i);
	p = dial(&s);
	say(&p, "HEAD /a HTTP/1.1\r\n" CLOSE);
	all = hear_all(&p);
	ck_assert_ptr_nonnull(strstr(all, "Content-Length: 11\r\n"));
	ck_assert_str_eq(strstr(all, "\r\n\r\n"), "\r\n\r\n");
	free(all);
	hang_up(&p);
	p = dial(&s);
	say(&p, "POST /a HTTP/1.1\r\nExpect: 100-continue\r\n"
	    "Content-Length: 2\r\n" CLOSE);
	ck_assert(hear_text(&p, "HTTP/1.1 100 Continue\r\n\r\n"));
	say(&p, "ab");
	all = hear_all(&p);
	ck_assert_int_eq(count_of(all, "HTTP/1.1 "), 1);
	ck_assert_ptr_nonnull(strstr(all, "POST /a||2\n"));
	free(all);
	hang_up(&p);
	server_stop(&s);
}
END_TEST

START_TEST(versions_and_close_decide_about_keep_alive)
{
	struct server s;
	struct peer_end p;
	char *all;

	start(&s, _i);
	p = dial(&s);
	say(&p, "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
	    "GET /close HTTP/1.1\r\n" KEEP "GET /3 HTTP/1.1\r\n" KEEP);
	all = hear_all(&p);
	ck_assert_int_eq(count_of(all, "Connection: keep-alive\r\n"), 1);
	ck_assert_int_eq(count_of(all, "Connection: close\r\n"), 1);
	ck_assert_int_eq(count_of(all, "GET /"), 2);
	free(all);
	hang_up(&p);
	server_stop(&s);
}
END_TEST

START_TEST(a_gone_peer_is_told_of_and_its_answer_dropped)
{
	static const struct linger reset = { 1, 0 };
	struct server s;
	struct peer_end p;

	start(&s, _i);
	p = dial(&s);
	say(&p, "GET /hold HTTP/1.1\r\n" KEEP);
	wait_for(&s.held, 1);
	setsockopt(p.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	hang_up(&p);
	wait_for(&s.gone, 1);
	wait_for_connections(&s, 0);
	/* And one that is still held when the server ends. */
	p = dial(&s);
	say(&p, "GET /hold HTTP/1.1\r\n" KEEP);
	wait_for(&s.held, 2);
	s.fds_before++;		/* our own end */
	server_stop(&s);
	ck_assert_int_eq(atomic_load(&s.gone), 2);
	hang_up(&p);
}
END_TEST

static void
check_taken(struct peer_end *p)
{
	ck_assert(hear_text(p, "Upgrade: websocket\r\n\r\n"));
	ck_assert(hear_text(p, "taken:EARLY"));
	say(p, "LATER");
	ck_assert(hear_text(p, "LATER"));
}

START_TEST(a_taken_connection_speaks_on_with_its_early_bytes)
{
	struct server s;
	struct peer_end p, q;

	start(&s, _i);
	p = dial(&s);
	q = dial(&s);
	say(&p, "GET /take HTTP/1.1\r\nConnection: Upgrade\r\n"
	    "Upgrade: websocket\r\n" KEEP "EARLY");
	check_taken(&p);
	/* Behind an answered request, while another is taken already. */
	say(&q, "GET /later HTTP/1.1\r\n" KEEP "GET /take HTTP/1.1\r\n"
	    KEEP "EARLY");
	ck_assert(hear_text(&q, "GET /later||0\n"));
	check_taken(&q);
	wait_for_connections(&s, 2);
	hang_up(&p);
	hang_up(&q);
	wait_for_connections(&s, 0);
	server_stop(&s);
	ck_assert_int_eq(atomic_load(&s.taken), 2);
}
END_TEST

START_TEST(too_many_connections_are_told_so)
{
	struct server s;
	struct peer_end p;
	char *all;

	server_init(&s);
	s.conf.limits.connections_max = 1;
	server_start(&s);
	p = dial(&s);
	say(&p, "GET /1 HTTP/1.1\r\n" KEEP);
	ck_assert(hear_text(&p, "GET /1|"));
	ck_assert_int_eq(ASK(&s, "GET /2 HTTP/1.1\r\n" KEEP), 503);
	hang_up(&p);
	wait_for_connections(&s, 0);
	ck_assert_int_eq(ASK(&s, "GET /3 HTTP/1.1\r\n" CLOSE), 200);
	ck_assert_int_eq(server_count(&s, LISTEN_M_REFUSED), 1);
	server_stop(&s);

	server_init(&s);
	s.conf.limits.connections_per_address = 1;
	server_start(&s);
	p = dial(&s);
	say(&p, "GET /take HTTP/1.1\r\n" KEEP);	/* a taken one counts */
	ck_assert(hear_text(&p, "taken:"));
	struct peer_end q = dial(&s);
	all = hear_all(&q);
	ck_assert_ptr_nonnull(strstr(all, "HTTP/1.1 429 "));
	ck_assert_ptr_nonnull(strstr(all, "\r\nRetry-After: "));
	free(all);
	hang_up(&q);
	hang_up(&p);
	wait_for_connections(&s, 0);
	server_stop(&s);

	server_init(&s);
	s.conf.limits.connections_per_address = 1;
	s.conf.limits.loopback_exempt = true;
	server_start(&s);
	p = dial(&s);
	ck_assert_int_eq(ASK(&s, "GET /3 HTTP/1.1\r\n" CLOSE), 200);
	hang_up(&p);
	wait_for_connections(&s, 0);
	server_stop(&s);
}
END_TEST

START_TEST(running_out_of_descriptors_is_survived)
{
	struct rlimit old, tight;
	struct server s;
	struct peer_end p[4];
	char *all;
	int i, n_refused = 0;

	server_init(&s);
	server_start(&s);
	getrlimit(RLIMIT_NOFILE, &old);
	tight = old;
	/* Both ends are ours: the clients get theirs first. */
	for (i = 0; i < 4; i++) {
		p[i].ssl = NULL;
		p[i].ctx = NULL;
		p[i].fd = socket(AF_INET, SOCK_STREAM, 0);
	}
	tight.rlim_cur = (rlim_t)p[3].fd + 2;
	setrlimit(RLIMIT_NOFILE, &tight);
	for (i = 0; i < 4; i++) {
		struct sockaddr_in sin = { .sin_family = AF_INET };

		sin.sin_port = htons((uint16_t)s.port);
		sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		ck_assert_int_eq(connect(p[i].fd, (struct sockaddr *)&sin,
		    sizeof(sin)), 0);
		say(&p[i], "GET /a HTTP/1.1\r\n" CLOSE);
	}
	for (i = 0; i < 4; i++) {
		all = hear_all(&p[i]);
		/* The 503 may be lost to a reset, never the connection. */
		n_refused += strstr(all, "HTTP/1.1 200 ") == NULL;
		free(all);
		hang_up(&p[i]);
	}
	setrlimit(RLIMIT_NOFILE, &old);
	ck_assert_int_gt(n_refused, 0);
	ck_assert_int_gt(server_count(&s, LISTEN_M_OUT_OF_DESCRIPTORS), 0);
	/* It rested instead of spinning. */
	ck_assert_int_lt(server_count(&s, LISTEN_M_OUT_OF_DESCRIPTORS), 8);
	ck_assert_int_eq(ASK(&s, "GET /3 HTTP/1.1\r\n" CLOSE), 200);
	server_stop(&s);
}
END_TEST

static void
drain(struct server *s)
{
	listener_drain(s->listener);
}

START_TEST(draining_answers_who_asked_and_ends_who_did_not)
{
	struct server s;
	struct peer_end idle, busy;
	char *all;

	start(&s, _i);
	idle = dial(&s);
	say(&idle, "GET /1 HTTP/1.1\r\n" KEEP);
	ck_assert(hear_text(&idle, "GET /1||0\n"));
	busy = dial(&s);
	say(&busy, "GET /1 HTTP/1.1\r\n" KEEP);
	ck_assert(hear_text(&busy, "GET /1|"));
	say(&busy, "POST / HTTP/1.1\r\nExpect: 100-continue\r\n"
	    "Content-Length: 2\r\n" KEEP);
	ck_assert(hear_text(&busy, "100 Continue\r\n\r\n"));
	server_run(&s, drain);
	say(&busy, "ab");
	all = hear_all(&idle);
	ck_assert_str_eq(all, "");
	free(all);
	all = hear_all(&busy);
	ck_assert_ptr_nonnull(strstr(all, "HTTP/1.1 200 "));
	ck_assert_ptr_nonnull(strstr(all, "Connection: close\r\n"));
	free(all);
	hang_up(&idle);
	hang_up(&busy);
	wait_for_connections(&s, 0);
	server_stop(&s);
}
END_TEST

static void
check_name(struct peer_end *p, const char *name)
{
	X509 *cert = SSL_get1_peer_certificate(p->ssl);
	char text[64];

	X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName,
	    text, sizeof(text));
	ck_assert_str_eq(text, name);
	X509_free(cert);
}

START_TEST(a_reload_is_for_connections_to_come)
{
	struct ow_fault fault;
	struct server s;
	struct peer_end old, new;
	char path[96];

	start(&s, 1);
	old = dial(&s);
	check_name(&old, "first");
	server_new_certificate(&s, "second");
	ck_assert_int_eq(tls_reload(s.conf.tls, &fault), OW_OK);
	new = dial(&s);
	check_name(&new, "second");
	say(&old, "GET /1 HTTP/1.1\r\n" CLOSE);
	ck_assert(hear_text(&old, "GET /1|"));
	hang_up(&old);
	hang_up(&new);
	/* Bad files change nothing. */
	snprintf(path, sizeof(path), "%s/key.pem", s.dir);
	ck_assert_int_eq(truncate(path, 20), 0);
	ck_assert_int_ne(tls_reload(s.conf.tls, &fault), OW_OK);
	new = dial(&s);
	check_name(&new, "second");
	hang_up(&new);
	server_stop(&s);
}
END_TEST

START_TEST(addresses_that_cannot_be_are_faults)
{
	static const char *const bad[] = { "", "8080", "a:80", "1.2.3.4",
	    "1.2.3.4:", "1.2.3.4:70000", "[::1]", "[::1:80", "1.2.3.4:80x",
	    "203.0.113.7:0" };
	struct listener_conf conf = { .loop = loop_new("t") };
	atomic_llong connections = 0;
	struct listener *l = NULL;
	struct ow_fault fault;
	size_t i;

	conf.connections = &connections;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		conf.address = bad[i];
		ck_assert_int_ne(listener_new(&conf, &l, &fault), OW_OK);
		ck_assert_ptr_null(l);
	}
	conf.address = "[::1]:0";
	if (listener_new(&conf, &l, &fault) == OW_OK)
		ck_assert_int_eq(strncmp(listener_address(l), "[::1]:", 6),
		    0);
	listener_free(&l);
	listener_free(&l);
	loop_free(&conf.loop);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("listen");
	TCase *c = tcase_create("listen");
	SRunner *runner;
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, each_request_gets_its_status, 0, 2);
	tcase_add_loop_test(c, a_request_may_come_byte_by_byte, 0, 2);
	tcase_add_loop_test(c, pipelined_requests_are_answered_in_order, 0, 2);
	tcase_add_loop_test(c,
	    a_flood_of_pipelined_requests_is_answered_to_the_last, 0, 2);
	tcase_add_loop_test(c, a_half_closed_peer_is_answered, 0, 2);
	tcase_add_loop_test(c, slow_heads_and_bodies_end_at_their_deadline, 0,
	    2);
	tcase_add_loop_test(c, an_idle_connection_ends, 0, 2);
	tcase_add_loop_test(c, who_does_not_read_is_dropped, 0, 2);
	tcase_add_loop_test(c, a_large_answer_arrives_whole, 0, 2);
	tcase_add_loop_test(c, a_lent_body_arrives_whole_and_is_given_back, 0,
	    2);
	tcase_add_loop_test(c, who_does_not_read_gives_back_what_was_lent, 0,
	    2);
	tcase_add_loop_test(c, a_body_of_10_mb_gets_its_413, 0, 2);
	tcase_add_loop_test(c, heads_are_limited, 0, 2);
	tcase_add_test(c, odd_targets_get_through);
	tcase_add_loop_test(c, head_has_no_body_and_100_is_sent_once, 0, 2);
	tcase_add_loop_test(c, versions_and_close_decide_about_keep_alive, 0,
	    2);
	tcase_add_loop_test(c,
	    a_gone_peer_is_told_of_and_its_answer_dropped, 0, 2);
	tcase_add_loop_test(c,
	    a_taken_connection_speaks_on_with_its_early_bytes, 0, 2);
	tcase_add_test(c, too_many_connections_are_told_so);
	tcase_add_test(c, running_out_of_descriptors_is_survived);
	tcase_add_loop_test(c,
	    draining_answers_who_asked_and_ends_who_did_not, 0, 2);
	tcase_add_test(c, a_reload_is_for_connections_to_come);
	tcase_add_test(c, addresses_that_cannot_be_are_faults);
	suite_add_tcase(s, c);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
