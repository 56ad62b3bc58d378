/* SPDX-License-Identifier: MIT */
/*
 * Links: bytes in and out, a full socket, a pause, and peers that leave; plain
 * and over TLS.
 */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/mem.h"
#include "net/link.h"
#include "tls_fixture.h"

#define WALL_MS INT64_C(1800000000000)

/* ready() has no argument of its own: the link is embedded. */
struct seen {
	struct link link;		/* first */
	struct link_set *set;
	struct seen *closes;		/* closed when this one is ready */
	unsigned int what;
	int n;
	struct buf in;
	ssize_t last;
};

struct rig {
	struct loop *loop;
	struct link_set *set;
	struct seen a;
	int peer;
};

static void
on_ready(struct link *l, unsigned int what)
{
	struct seen *s = (struct seen *)l;
	const void *p;

	s->what |= what;
	s->n++;
	if (s->closes != NULL)
		link_close(&s->closes->link, s->set);
	if ((what & LINK_READABLE) != 0) {
		s->last = link_read(l, s->set, &p);
		if (s->last > 0)
			(void)buf_add(&s->in, p, (size_t)s->last);
		else if (s->last < 0)
			link_want(l, s->set, false, false);
	}
	if ((what & LINK_GONE) != 0)
		link_close(l, s->set);
}

static void
seen_init(struct seen *s, struct link_set *set)
{
	*s = (struct seen){ .link = LINK_INIT, .set = set,
	    .in = BUF_INIT(8 << 20) };
}

static void
rig_open(struct rig *r)
{
	int v[2];

	r->loop = loop_new("test");
	loop_test_clock(r->loop, WALL_MS);
	r->set = link_set_new(r->loop, on_ready);
	ck_assert_ptr_nonnull(r->set);
	seen_init(&r->a, r->set);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    v), 0);
	ck_assert_int_eq(link_open(&r->a.link, r->set, v[0], NULL, 60000),
	    OW_OK);
	r->peer = v[1];
}

static void
rig_close(struct rig *r)
{
	link_close(&r->a.link, r->set);
	link_close(&r->a.link, r->set);
	ck_assert(!link_is_open(&r->a.link));
	buf_done(&r->a.in);
	if (r->peer >= 0)
		close(r->peer);
	link_set_free(&r->set);
	loop_free(&r->loop);
}

static void
rig_turn(struct rig *r)
{
	loop_test_advance(r->loop, 0);
}

START_TEST(bytes_go_both_ways)
{
	struct iovec v[2] = { { "hel", 3 }, { "lo", 2 } };
	char got[8] = "";
	struct rig r;

	rig_open(&r);
	ck_assert_int_eq(link_send(&r.a.link, v, 2), 5);
	ck_assert_int_eq(link_send(&r.a.link, v, 1), 3);
	ck_assert_int_eq(read(r.peer, got, 8), 8);
	ck_assert_mem_eq(got, "hellohel", 8);
	ck_assert_int_eq(write(r.peer, "hi", 2), 2);
	rig_turn(&r);
	ck_assert_uint_eq(r.a.what, LINK_READABLE);
	ck_assert_str_eq(r.a.in.p, "hi");
	ck_assert_uint_eq(link_unsent(&r.a.link), 0);
	rig_close(&r);
}
END_TEST

/* A breach: told of room that nobody wants, or not told. */
START_TEST(room_is_told_when_wanted)
{
	static char block[65536];
	struct iovec v = { block, sizeof(block) };
	struct rig r;
	ssize_t n;

	rig_open(&r);
	while ((n = link_send(&r.a.link, &v, 1)) > 0)
		;
	ck_assert_int_eq(n, 0);
	link_want(&r.a.link, r.set, true, true);
	rig_turn(&r);
	ck_assert_int_eq(r.a.n, 0);
	while (read(r.peer, block, sizeof(block)) > 0)
		;
	rig_turn(&r);
	ck_assert_uint_eq(r.a.what, LINK_WRITABLE);
	r.a.n = 0;
	link_want(&r.a.link, r.set, true, false);
	rig_turn(&r);
	ck_assert_int_eq(r.a.n, 0);
	rig_close(&r);
}
END_TEST

START_TEST(pause_reads_nothing_and_loses_nothing)
{
	struct rig r;

	rig_open(&r);
	link_want(&r.a.link, r.set, false, false);
	ck_assert_int_eq(write(r.peer, "later", 5), 5);
	rig_turn(&r);
	ck_assert_int_eq(r.a.n, 0);
	link_want(&r.a.link, r.set, true, false);
	rig_turn(&r);
	ck_assert_str_eq(r.a.in.p, "later");
	rig_close(&r);
}
END_TEST

/* A breach: last words are lost, or a peer that left is still there. */
START_TEST(peer_leaves)
{
	struct rig r;

	rig_open(&r);
	ck_assert_int_eq(write(r.peer, "last", 4), 4);
	ck_assert_int_eq(shutdown(r.peer, SHUT_WR), 0);
	rig_turn(&r);
	rig_turn(&r);
	ck_assert_str_eq(r.a.in.p, "last");
	ck_assert(r.a.last == OW_ENOENT || !link_is_open(&r.a.link));
	rig_close(&r);
	rig_open(&r);
	link_want(&r.a.link, r.set, false, false);
	close(r.peer);
	r.peer = -1;
	rig_turn(&r);
	ck_assert_uint_eq(r.a.what, LINK_GONE);
	rig_close(&r);
	rig_open(&r);
	close(r.peer);
	r.peer = -1;
	ck_assert_int_eq(link_send(&r.a.link, &(struct iovec){ "x", 1 }, 1),
	    OW_EIO);
	rig_close(&r);
}
END_TEST

START_TEST(closed_by_another_of_the_same_batch)
{
	struct seen other;
	struct rig r;
	int v[2];

	rig_open(&r);
	seen_init(&other, r.set);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    v), 0);
	ck_assert_int_eq(link_open(&other.link, r.set, v[0], NULL, 0), OW_OK);
	r.a.closes = &other;
	other.closes = &r.a;
	ck_assert_int_eq(write(r.peer, "x", 1), 1);
	ck_assert_int_eq(write(v[1], "x", 1), 1);
	r.a.link.is_reading = other.link.is_reading = true;
	rig_turn(&r);
	ck_assert_int_eq(r.a.n + other.n, 1);
	link_close(&other.link, r.set);
	buf_done(&other.in);
	close(v[1]);
	rig_close(&r);
}
END_TEST

START_TEST(bad_descriptor_is_refused)
{
	struct seen s;
	struct rig r;

	rig_open(&r);
	seen_init(&s, r.set);
	ck_assert_int_eq(link_open(&s.link, r.set, 1 << 20, NULL, 0), OW_EIO);
	ck_assert(!link_is_open(&s.link));
	rig_close(&r);
}
END_TEST

/* ---- TLS --------------------------------------------------------------- */

struct tls_rig {
	struct loop *loop;
	struct link_set *set;
	struct seen a;
	struct bufferevent *peer;
	bool peer_eof;
	SSL_CTX *ctx;
};

static void
on_peer_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
		((struct tls_rig *)arg)->peer_eof = true;
}

static void
tls_rig_open(struct tls_rig *r)
{
	struct bufferevent *bev;
	struct event_base *base;
	int v[2], i;

	*r = (struct tls_rig){ .loop = loop_new("test") };
	loop_test_clock(r->loop, WALL_MS);
	base = loop_base(r->loop);
	r->ctx = tls_context_new();
	r->set = link_set_new(r->loop, on_ready);
	seen_init(&r->a, r->set);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    v), 0);
	bev = bufferevent_openssl_socket_new(base, v[0], SSL_new(r->ctx),
	    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	r->peer = bufferevent_openssl_socket_new(base, v[1], SSL_new(r->ctx),
	    BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(r->peer, NULL, NULL, on_peer_event, r);
	bufferevent_enable(r->peer, EV_READ | EV_WRITE);
	ck_assert_int_eq(link_open(&r->a.link, r->set, -1, bev, 0), OW_OK);
	for (i = 0; i < 50; i++)
		loop_test_advance(r->loop, 0);
}

static void
tls_rig_close(struct tls_rig *r)
{
	link_close(&r->a.link, r->set);
	buf_done(&r->a.in);
	bufferevent_free(r->peer);
	loop_test_advance(r->loop, 0);
	link_set_free(&r->set);
	SSL_CTX_free(r->ctx);
	loop_free(&r->loop);
}

static size_t
tls_peer_drain(struct tls_rig *r)
{
	struct evbuffer *in = bufferevent_get_input(r->peer);
	size_t n = evbuffer_get_length(in);

	evbuffer_drain(in, n);
	return n;
}

START_TEST(tls_bytes_go_both_ways)
{
	struct iovec v[2] = { { "hel", 3 }, { "lo", 2 } };
	struct tls_rig r;
	char got[8] = "";
	int i;

	tls_rig_open(&r);
	ck_assert_int_eq(link_send(&r.a.link, v, 2), 5);
	ck_assert_uint_eq(link_unsent(&r.a.link), 5);
	bufferevent_write(r.peer, "hi", 2);
	for (i = 0; i < 20; i++)
		loop_test_advance(r.loop, 0);
	ck_assert_uint_eq(link_unsent(&r.a.link), 0);
	ck_assert_uint_eq(bufferevent_read(r.peer, got, 8), 5);
	ck_assert_str_eq(got, "hello");
	ck_assert_str_eq(r.a.in.p, "hi");
	tls_rig_close(&r);
}
END_TEST

/* A breach: more than its share waits, or room is never told. */
START_TEST(tls_room_has_an_end)
{
	static char block[65536];
	struct iovec v = { block, sizeof(block) };
	struct tls_rig r;
	size_t sent = 0, got = 0;
	ssize_t n;
	int i;

	tls_rig_open(&r);
	while ((n = link_send(&r.a.link, &v, 1)) > 0)
		sent += (size_t)n;
	ck_assert_int_eq(n, 0);
	ck_assert_uint_eq(sent, LINK_TLS_MAX);
	link_want(&r.a.link, r.set, true, true);
	for (i = 0; i < 5000 && got < sent; i++) {
		loop_test_advance(r.loop, 0);
		got += tls_peer_drain(&r);
	}
	ck_assert_uint_eq(got, sent);
	ck_assert(r.a.what & LINK_WRITABLE);
	ck_assert_int_eq(link_send(&r.a.link, &(struct iovec){ "x", 1 }, 1),
	    1);
	tls_rig_close(&r);
}
END_TEST

/* A breach: a record that the socket took in half is lost, doubled, or ends
   the connection when the rest is offered from elsewhere. */
START_TEST(tls_half_sent_records_arrive_whole)
{
	enum { FRAMES = 2000, FRAME = 1000, TURNS = 20000 };
	static char sent[FRAMES * FRAME], got[FRAMES * FRAME + 1];
	size_t out = 0, in = 0, i;
	int small = 4096, halves = 0;
	struct tls_rig r;
	struct iovec v;
	ssize_t n;

	tls_rig_open(&r);
	setsockopt(r.a.link.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	for (i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 31 + i / FRAME);
	for (i = 0; i < TURNS && in < sizeof(sent); i++) {
		while (out < sizeof(sent)) {
			v = (struct iovec){ sent + out, FRAME };
			n = link_send(&r.a.link, &v, 1);
			ck_assert_int_ge(n, 0);
			out += (size_t)n;
			if (n == FRAME && link_unsent(&r.a.link) == 0)
				continue;
			halves++;
			break;
		}
		loop_test_advance(r.loop, 0);
		in += bufferevent_read(r.peer, got + in, sizeof(got) - in);
	}
	ck_assert_uint_eq(in, sizeof(sent));
	ck_assert_int_eq(memcmp(got, sent, sizeof(sent)), 0);
	ck_assert_int_gt(halves, 10);
	tls_rig_close(&r);
}
END_TEST

START_TEST(tls_pause_and_end)
{
	struct tls_rig r;
	int i;

	tls_rig_open(&r);
	link_want(&r.a.link, r.set, false, false);
	bufferevent_write(r.peer, "later", 5);
	for (i = 0; i < 20; i++)
		loop_test_advance(r.loop, 0);
	ck_assert_uint_eq(r.a.what & LINK_READABLE, 0);
	link_want(&r.a.link, r.set, true, false);
	for (i = 0; i < 20; i++)
		loop_test_advance(r.loop, 0);
	ck_assert_str_eq(r.a.in.p, "later");
	link_shut(&r.a.link);
	for (i = 0; i < 20; i++)
		loop_test_advance(r.loop, 0);
	ck_assert(r.peer_eof);
	tls_rig_close(&r);
}
END_TEST

START_TEST(tls_peer_leaves)
{
	struct tls_rig r;
	int i;

	tls_rig_open(&r);
	ck_assert_int_eq(shutdown(bufferevent_getfd(r.peer), SHUT_RDWR), 0);
	for (i = 0; i < 20; i++)
		loop_test_advance(r.loop, 0);
	ck_assert(!link_is_open(&r.a.link) || r.a.last < 0);
	tls_rig_close(&r);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("link");
	TCase *tc = tcase_create("link");
	SRunner *sr;
	int failed;

	/* OpenSSL writes without MSG_NOSIGNAL; the server ignores it, too. */
	signal(SIGPIPE, SIG_IGN);
	tcase_add_test(tc, bytes_go_both_ways);
	tcase_add_test(tc, room_is_told_when_wanted);
	tcase_add_test(tc, pause_reads_nothing_and_loses_nothing);
	tcase_add_test(tc, peer_leaves);
	tcase_add_test(tc, closed_by_another_of_the_same_batch);
	tcase_add_test(tc, bad_descriptor_is_refused);
	tcase_add_test(tc, tls_bytes_go_both_ways);
	tcase_add_test(tc, tls_room_has_an_end);
	tcase_add_test(tc, tls_half_sent_records_arrive_whole);
	tcase_add_test(tc, tls_pause_and_end);
	tcase_add_test(tc, tls_peer_leaves);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
