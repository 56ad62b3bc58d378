/* SPDX-License-Identifier: MIT */
/*
 * test_wsclient - against a server in a thread that shakes hands and then says
 * what the test wrote, byte for byte, plain or by TLS; and answers that go on
 * (server-sent events), against the same.
 *
 * Nothing here measures time: a test ends when on_closed() or done() has run,
 * or the server has heard what it waits for.
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"
#include "net/fetch.h"
#include "net/wsclient.h"
#include "net/wshand.h"
#include "tls_fixture.h"

enum after { CLOSE, HOLD, ECHO };

struct server {
	int fd, port;
	pthread_t thread;
	SSL_CTX *tls;			/* NULL: plain */
	char ca_file[64];
	const char *answer;		/* instead of the handshake; or NULL */
	const char *says;		/* behind it */
	size_t n_says, n_repeat;	/* how often */
	enum after after;
	char head[8192];
	unsigned char heard[8192];	/* after ECHO: the client's frames */
	size_t n_heard;
};

struct line {
	int fd;
	SSL *ssl;
};

static ssize_t
line_read(struct line *l, void *p, size_t n)
{
	return l->ssl ? SSL_read(l->ssl, p, (int)n) : read(l->fd, p, n);
}

static bool
line_write(struct line *l, const void *p, size_t n)
{
	if (l->ssl)
		return SSL_write(l->ssl, p, (int)n) > 0;
	return send(l->fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static bool
server_hear_head(struct server *s, struct line *l)
{
	size_t n = 0;
	ssize_t got;

	memset(s->head, 0, sizeof(s->head));
	while (!strstr(s->head, "\r\n\r\n")) {
		got = line_read(l, s->head + n, sizeof(s->head) - 1 - n);
		if (got <= 0)
			return false;
		n += (size_t)got;
	}
	return true;
}

static void
server_agree(struct server *s, struct line *l)
{
	const char *key = strstr(s->head, "Sec-WebSocket-Key: ");
	char accept[WSHAND_ACCEPT_SIZE], name[WSHAND_KEY_SIZE], text[256];

	memcpy(name, key + 19, WSHAND_KEY_SIZE - 1);
	name[WSHAND_KEY_SIZE - 1] = '\0';
	wshand_accept(name, accept);
	(void)snprintf(text, sizeof(text), "HTTP/1.1 101 Yes\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
	(void)line_write(l, text, strlen(text));
}

static void
server_serve(struct server *s, struct line *l)
{
	ssize_t got;
	size_t i;

	if (!server_hear_head(s, l))
		return;
	if (s->answer)
		(void)line_write(l, s->answer, strlen(s->answer));
	else
		server_agree(s, l);
	for (i = 0; i < s->n_repeat; i++)
		if (!line_write(l, s->says, s->n_says))
			return;
	while (s->after != CLOSE && s->n_heard < sizeof(s->heard)) {
		got = line_read(l, s->heard + s->n_heard,
		    sizeof(s->heard) - s->n_heard);
		if (got <= 0)
			return;
		s->n_heard += (size_t)got;
	}
}

static void *
server_run(void *arg)
{
	struct server *s = arg;
	struct line l = { .ssl = NULL };

	while ((l.fd = accept(s->fd, NULL, NULL)) >= 0) {
		if (s->tls) {
			l.ssl = SSL_new(s->tls);
			SSL_set_fd(l.ssl, l.fd);
		}
		if (!l.ssl || SSL_accept(l.ssl) == 1)
			server_serve(s, &l);
		SSL_free(l.ssl);
		l.ssl = NULL;
		close(l.fd);
	}
	return NULL;
}

static struct server server;
static struct loop *loop;
static struct fetcher *fetcher;

static void
server_start(bool is_tls)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	if (is_tls) {
		(void)snprintf(server.ca_file, sizeof(server.ca_file),
		    "/tmp/test-ws-%d.pem", (int)getpid());
		server.tls = tls_trusted_context_new(server.ca_file);
	}
	server.fd = socket(AF_INET, SOCK_STREAM, 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(server.fd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(server.fd, 8), 0);
	ck_assert_int_eq(getsockname(server.fd, (struct sockaddr *)&sin,
	    &len), 0);
	server.port = ntohs(sin.sin_port);
	ck_assert_int_eq(pthread_create(&server.thread, NULL, server_run,
	    &server), 0);
	loop = loop_new("test");
	fetcher = fetcher_new(loop, NULL, NULL);
}

static void
server_stop(void)
{
	fetcher_free(&fetcher);
	(void)shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	if (server.tls) {
		SSL_CTX_free(server.tls);
		(void)unlink(server.ca_file);
	}
	loop_free(&loop);
}

/* ---- The client --------------------------------------------------------- */

struct client {
	struct wsclient *ws;
	bool has_returned;
	int n_open, n_text, n_closed;
	size_t n_bytes;
	char first[256];
	int err;
	char why[200];
	bool closes_on_open, closes_on_text, sends;
	int stop_at;			/* texts; 0: at the end */
};

static void
on_open(void *arg)
{
	struct client *c = arg;

	ck_assert(c->has_returned);
	c->n_open++;
	if (c->sends)
		ck_assert_int_eq(wsclient_send(c->ws,
		    (struct ow_bytes){ "hello", 5 }), OW_OK);
	if (c->closes_on_open) {
		wsclient_close(&c->ws);
		loop_stop(loop);
	}
}

static void
on_text(void *arg, struct ow_bytes text)
{
	struct client *c = arg;

	ck_assert_int_eq(c->n_open, 1);
	ck_assert_int_eq(c->n_closed, 0);
	if (c->n_text++ == 0 && text.n < sizeof(c->first))
		memcpy(c->first, text.p, text.n);
	c->n_bytes += text.n;
	if (c->closes_on_text)
		wsclient_close(&c->ws);
	if (c->closes_on_text || c->n_text == c->stop_at)
		loop_stop(loop);
}

static void
on_closed(void *arg, int32_t err, const char *why)
{
	struct client *c = arg;

	ck_assert(c->has_returned);
	c->n_closed++;
	c->err = err;
	(void)snprintf(c->why, sizeof(c->why), "%s", why);
	c->ws = NULL;
	loop_stop(loop);
}

static int
client_open(struct client *c, const char *scheme, const char *ca_file)
{
	static const struct ow_ws_fns fns = { sizeof(fns), on_open, on_text,
	    on_closed };
	const struct ow_header header = { "Authorization", "Bearer x" };
	char url[64];
	const struct ow_ws_req req = { .size = sizeof(req), .url = url,
	    .headers = &header, .n_headers = 1, .open_ms = 20000,
	    .message_max = 100000, .ca_file = ca_file };
	int err;

	(void)snprintf(url, sizeof(url), "%s://127.0.0.1:%d/x?y", scheme,
	    server.port);
	err = wsclient_open(fetcher, &req, &fns, c, &c->ws);
	c->has_returned = true;
	return err;
}

static void
client_run(struct client *c)
{
	ck_assert_int_eq(client_open(c, server.tls ? "wss" : "ws",
	    server.ca_file), OW_OK);
	loop_run(loop);
}

static void
serve(const char *says, size_t n, size_t n_repeat, enum after after)
{
	memset(&server, 0, sizeof(server));
	server.says = says;
	server.n_says = n;
	server.n_repeat = n_repeat;
	server.after = after;
}

#define TWO "\x81\x02hi\x89\x01p\x01\x03" "abc\x80\x02" "de"

/* ---- Tests -------------------------------------------------------------- */

/* Whole and in fragments, with a ping between; also right behind the head. */
START_TEST(texts_arrive)
{
	struct client c = { .n_open = 0 };

	serve(TWO, sizeof(TWO) - 1, 1, CLOSE);
	server_start(_i == 1);
	client_run(&c);
	ck_assert_int_eq(c.n_open, 1);
	ck_assert_int_eq(c.n_text, 2);
	ck_assert_str_eq(c.first, "hi");
	ck_assert_uint_eq(c.n_bytes, 7);
	ck_assert_int_eq(c.n_closed, 1);
	ck_assert_int_eq(c.err, OW_EIO);
	ck_assert_ptr_nonnull(strstr(server.head, "GET /x?y HTTP/1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(server.head,
	    "\r\nAuthorization: Bearer x\r\n"));
	server_stop();
}
END_TEST

/* More in one go than one turn reads; a breach hangs. */
START_TEST(a_flood_arrives_whole)
{
	static char frame[4 + 60000] = "\x81\x7e\xea\x60";
	struct client c = { .stop_at = 200 };

	memset(frame + 4, 'x', 60000);
	serve(frame, sizeof(frame), 200, HOLD);
	server_start(_i == 1);
	client_run(&c);
	ck_assert_int_eq(c.n_text, 200);
	ck_assert_uint_eq(c.n_bytes, 200 * 60000);
	wsclient_close(&c.ws);
	server_stop();
}
END_TEST

/* A breach: 100 MB in one frame are received, or held. */
START_TEST(a_message_that_is_too_long_ends_it)
{
	struct client c = { .n_open = 0 };

	serve("\x81\x7f\0\0\0\0\x05\xf5\xe1\0xxxx", 14, 1, HOLD);
	server_start(false);
	client_run(&c);
	ck_assert_int_eq(c.err, OW_ELIMIT);
	ck_assert_int_eq(c.n_text, 0);
	server_stop();
}
END_TEST

START_TEST(what_is_against_the_rules_ends_it)
{
	const struct {
		const char *says;
		size_t n;
	} bad[] = {
		{ "\x81\x81xxxxy", 7 },		/* masked */
		{ "\xc1\x01x", 3 },		/* a reserved bit */
		{ "\x83\x01x", 3 },		/* an unknown kind */
		{ "\x81\x01\xff", 3 },		/* not UTF-8 */
		{ "\x80\x01x", 3 },		/* the middle of nothing */
		{ "\x09\x00", 2 },		/* half a ping */
		{ "HTTP", 4 },
	};
	struct client c = { .n_open = 0 };

	serve(bad[_i].says, bad[_i].n, 1, HOLD);
	server_start(false);
	client_run(&c);
	ck_assert_int_eq(c.err, OW_EIO);
	ck_assert_int_eq(c.n_text, 0);
	ck_assert(c.why[0]);
	server_stop();
}
END_TEST

START_TEST(a_farewell_ends_it)
{
	struct client c = { .n_open = 0 };

	serve("\x88\x02\x03\xe9", 4, 1, HOLD);
	server_start(false);
	client_run(&c);
	ck_assert_int_eq(c.err, OW_EIO);
	ck_assert_ptr_nonnull(strstr(c.why, "1001"));
	server_stop();
}
END_TEST

START_TEST(refusals_of_the_server)
{
	const struct {
		const char *answer;
		int err;
	} bad[] = {
		{ "HTTP/1.1 401 No\r\n\r\n", OW_EDENIED },
		{ "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno",
		    OW_ENOENT },
		{ "HTTP/1.1 500 No\r\n\r\n", OW_EIO },
		{ "nonsense", OW_EIO },
		{ "", OW_EIO },
	};
	struct client c = { .n_open = 0 };

	serve(NULL, 0, 0, CLOSE);
	server.answer = bad[_i].answer;
	server_start(false);
	client_run(&c);
	ck_assert_int_eq(c.n_open, 0);
	ck_assert_int_eq(c.err, bad[_i].err);
	ck_assert(c.why[0]);
	server_stop();
}
END_TEST

/* A breach: anybody with a certificate can say where riders are. */
START_TEST(the_servers_name_is_checked)
{
	struct client c = { .n_open = 0 };

	serve(TWO, sizeof(TWO) - 1, 1, CLOSE);
	server_start(true);
	ck_assert_int_eq(client_open(&c, "wss", NULL), OW_OK);
	loop_run(loop);
	ck_assert_int_eq(c.n_open, 0);
	ck_assert_int_eq(c.err, OW_EIO);
	ck_assert_ptr_nonnull(strstr(c.why, "certificate"));
	server_stop();
}
END_TEST

START_TEST(what_we_say_is_masked)
{
	struct client c = { .sends = true, .closes_on_text = true };
	unsigned char *p = server.heard;
	char text[6] = "";
	int i;

	serve("\x81\x02hi", 4, 1, HOLD);
	server_start(false);
	client_run(&c);
	server_stop();			/* has heard all: it was closed */
	ck_assert_uint_ge(server.n_heard, 11);
	ck_assert_uint_eq(p[0], 0x81);
	ck_assert_uint_eq(p[1], 0x85);
	for (i = 0; i < 5; i++)
		text[i] = (char)(p[6 + i] ^ p[2 + i % 4]);
	ck_assert_str_eq(text, "hello");
	ck_assert_uint_eq(p[11], 0x88);	/* and a farewell */
}
END_TEST

START_TEST(closed_from_inside)
{
	struct client c = { .closes_on_open = _i == 0,
	    .closes_on_text = _i == 1 };

	serve(TWO TWO, 2 * (sizeof(TWO) - 1), 1, CLOSE);
	server_start(false);
	client_run(&c);
	ck_assert_int_eq(c.n_closed, 0);
	ck_assert_int_eq(c.n_text, _i);
	ck_assert_ptr_null(c.ws);
	wsclient_close(&c.ws);
	server_stop();
}
END_TEST

/* The fetcher ends, or the owner has enough, at any state. */
START_TEST(closed_before_it_is_open)
{
	struct client c = { .n_open = 0 }, d = { .n_open = 0 };

	serve(TWO, sizeof(TWO) - 1, 1, HOLD);
	server_start(false);
	ck_assert_int_eq(client_open(&c, "ws", NULL), OW_OK);
	ck_assert_int_eq(wsclient_send(c.ws, (struct ow_bytes){ "x", 1 }),
	    OW_EAGAIN);
	wsclient_close(&c.ws);
	ck_assert_int_eq(client_open(&d, "ws", NULL), OW_OK);
	server_stop();
	ck_assert_int_eq(c.n_closed + d.n_closed, 0);
}
END_TEST

START_TEST(a_silent_peer_is_given_up)
{
	struct client c = { .n_open = 0 };

	serve(NULL, 0, 0, HOLD);
	server_start(false);
	ck_assert_int_eq(client_open(&c, "ws", NULL), OW_OK);
	wsclient_set_pace(c.ws, 5, 200);
	loop_run(loop);
	ck_assert_int_eq(c.n_open, 1);
	ck_assert_int_eq(c.err, OW_ETIMEOUT);
	server_stop();
	/* It was asked first: a masked ping. */
	ck_assert_uint_ge(server.n_heard, 6);
	ck_assert_uint_eq(server.heard[0], 0x89);
	ck_assert_uint_eq(server.heard[1], 0x80);
}
END_TEST

START_TEST(a_handshake_without_end_is_given_up)
{
	static const struct ow_ws_fns fns = { sizeof(fns), on_open, on_text,
	    on_closed };
	struct client c = { .has_returned = true };
	char url[64];
	const struct ow_ws_req req = { .size = sizeof(req), .url = url,
	    .open_ms = 50, .message_max = 1000 };

	serve(NULL, 0, 0, HOLD);
	server.answer = "HTTP/1.1 101 Yes\r\n";
	server_start(false);
	(void)snprintf(url, sizeof(url), "ws://127.0.0.1:%d/", server.port);
	ck_assert_int_eq(wsclient_open(fetcher, &req, &fns, &c, &c.ws),
	    OW_OK);
	loop_run(loop);
	ck_assert_int_eq(c.err, OW_ETIMEOUT);
	server_stop();
}
END_TEST

START_TEST(impossible_requests)
{
	static const struct ow_ws_fns fns = { sizeof(fns), on_open, on_text,
	    on_closed };
	const struct ow_header broken = { "A", "x\r\nB: y" };
	const struct ow_ws_req bad[] = {
		{ .url = "http://h/", .open_ms = 1, .message_max = 1 },
		{ .url = NULL, .open_ms = 1, .message_max = 1 },
		{ .url = "ws://h/", .open_ms = 0, .message_max = 1 },
		{ .url = "ws://h/", .open_ms = 1, .message_max = 0 },
		{ .url = "ws://h/", .open_ms = 1, .message_max = 1,
		    .headers = &broken, .n_headers = 1 },
	};
	struct wsclient *ws = NULL;
	size_t i;

	serve(NULL, 0, 0, CLOSE);
	server_start(false);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(wsclient_open(fetcher, &bad[i], &fns, NULL,
		    &ws), OW_EINVAL);
	ck_assert_ptr_null(ws);
	server_stop();
}
END_TEST

/* ---- Answers that go on ------------------------------------------------- */

struct stream {
	struct fetch *fetch;
	char text[256];
	int n_data, n_done, err, status;
	size_t n_body;
	bool cancels;
};

static void
on_data(void *arg, struct ow_bytes data)
{
	struct stream *s = arg;

	ck_assert_int_eq(s->n_done, 0);
	s->n_data++;
	strncat(s->text, data.p, data.n);
	if (s->cancels) {
		fetch_cancel(&s->fetch);
		loop_stop(loop);
	}
}

static void
on_done(void *arg, const struct fetch_reply *reply)
{
	struct stream *s = arg;

	s->n_done++;
	s->err = reply->err;
	s->status = reply->status;
	s->n_body = reply->body.n;
	loop_stop(loop);
}

static void
stream_run(struct stream *s, int64_t timeout_ms)
{
	char url[64];
	const struct fetch_request req = { .method = "GET", .url = url,
	    .timeout_ms = timeout_ms, .reply_max = 16, .data = on_data };

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server.port);
	ck_assert_int_eq(fetch_start(fetcher, &req, on_done, s, &s->fetch),
	    OW_OK);
	loop_run(loop);
}

/* It may be longer than any answer that ends. */
START_TEST(an_answer_goes_on)
{
	struct stream s = { .n_data = 0 };

	serve("data: 0123456789\n\n", 18, 3, CLOSE);
	server.answer = "HTTP/1.1 200 OK\r\n\r\n";
	server_start(false);
	stream_run(&s, 20000);
	ck_assert_int_eq(s.err, OW_OK);
	ck_assert_int_eq(s.status, 200);
	ck_assert_uint_eq(s.n_body, 0);
	ck_assert_uint_eq(strlen(s.text), 54);
	server_stop();
}
END_TEST

START_TEST(an_answer_that_is_none_is_the_replys)
{
	struct stream s = { .n_data = 0 };

	serve("no", 2, 1, CLOSE);
	server.answer = "HTTP/1.1 404 No\r\n\r\n";
	server_start(false);
	stream_run(&s, 20000);
	ck_assert_int_eq(s.status, 404);
	ck_assert_int_eq(s.n_data, 0);
	ck_assert_uint_eq(s.n_body, 2);
	server_stop();
}
END_TEST

/* A breach frees what libcurl still holds. */
START_TEST(cancelled_from_inside)
{
	struct stream s = { .cancels = true };

	serve("x", 1, 1, HOLD);
	server.answer = "HTTP/1.1 200 OK\r\n\r\n";
	server_start(false);
	stream_run(&s, 20000);
	ck_assert_int_eq(s.n_data, 1);
	ck_assert_int_eq(s.n_done, 0);
	server_stop();
}
END_TEST

START_TEST(a_head_that_does_not_come)
{
	struct stream s = { .n_data = 0 };

	serve(NULL, 0, 0, HOLD);
	server.answer = "HTTP/1.1 200 OK\r\n";
	server_start(false);
	stream_run(&s, 50);
	ck_assert_int_eq(s.err, OW_ETIMEOUT);
	server_stop();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wsclient");
	TCase *tcase = tcase_create("wsclient");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, texts_arrive, 0, 2);
	tcase_add_loop_test(tcase, a_flood_arrives_whole, 0, 2);
	tcase_add_test(tcase, a_message_that_is_too_long_ends_it);
	tcase_add_loop_test(tcase, what_is_against_the_rules_ends_it, 0, 7);
	tcase_add_test(tcase, a_farewell_ends_it);
	tcase_add_loop_test(tcase, refusals_of_the_server, 0, 5);
	tcase_add_test(tcase, the_servers_name_is_checked);
	tcase_add_test(tcase, what_we_say_is_masked);
	tcase_add_loop_test(tcase, closed_from_inside, 0, 2);
	tcase_add_test(tcase, closed_before_it_is_open);
	tcase_add_test(tcase, a_silent_peer_is_given_up);
	tcase_add_test(tcase, a_handshake_without_end_is_given_up);
	tcase_add_test(tcase, impossible_requests);
	tcase_add_test(tcase, an_answer_goes_on);
	tcase_add_test(tcase, an_answer_that_is_none_is_the_replys);
	tcase_add_test(tcase, cancelled_from_inside);
	tcase_add_test(tcase, a_head_that_does_not_come);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
