/* SPDX-License-Identifier: MIT */
/*
 * One stream's life: opened late or early, beating, expiring, too quiet, too
 * talkative, ended from any side.
 */
#include <signal.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>

#include "../net/tls_fixture.h"
#include "hub_fixture.h"

/* What ten thousand idle screens cost. */
START_TEST(a_stream_is_small)
{
	printf("a stream: %zu bytes, of them link %zu and deadline %zu\n",
	    sizeof(struct ow_stream), sizeof(struct link),
	    sizeof(struct wheel_node));
	ck_assert_uint_le(sizeof(struct ow_stream), 192);
}
END_TEST

START_TEST(idle_stream_has_no_buffers)
{
	struct client c;
	struct rig r;

	rig_open(&r);
	client_open(&r, &c, "a");
	rig_publish(&r, "a");
	(void)client_text(&r, &c);
	ck_assert_ptr_null(c.s->out);
	ck_assert_ptr_null(c.s->half);
	ck_assert_ptr_null(c.s->opening);
	ck_assert_ptr_null(c.s->ask);
	ck_assert_ptr_null(c.s->topic->slots);
	client_close(&c);
	rig_close(&r);
}
END_TEST

/* ---- Opening ----------------------------------------------------------- */

/* It stands on its topic before it has a connection.  A breach: what came in
   between is lost or comes twice. */
START_TEST(connection_comes_later_than_the_answer)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct client c = { .in = BUF_INIT(1 << 20) };
	struct rig r;
	int v[2];

	rig_open(&r);
	c.s = stream_new(r.hub, &conf);
	ck_assert(!stream_has_asked(c.s));
	stream_ask(c.s, who, NULL, NULL);
	ck_assert(stream_has_asked(c.s));
	rig_turn(&r, 0);
	rig_publish(&r, "a");
	rig_turn(&r, 0);
	rig_publish(&r, "a");
	client_pair(v, 0);
	c.fd = v[1];
	stream_connect(c.s, v[0], NULL, "127.0.0.1",
	    (struct ow_bytes){ "ping", 4 });
	ck_assert_str_eq(client_text(&r, &c),
	    "{\"snap\":0}\npong\n{\"seq\":1}\n{\"seq\":2}\n");
	who_unref(&who);
	client_close(&c);
	rig_close(&r);
}
END_TEST

struct answer {
	int n, err;
	bool drops;
	int fd;				/* above 0: to connect it to */
};

static void
on_answered(void *arg, struct ow_stream *s, int err)
{
	struct answer *a = arg;

	a->n++;
	a->err = err;
	if (a->drops)
		stream_drop(&s);
	else if (a->fd > 0)
		stream_connect(s, a->fd, NULL, "127.0.0.1",
		    (struct ow_bytes){ "end", 3 });
}

START_TEST(answered_is_told_once)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct answer a = { 0, 1, false, 0 };
	struct client c;
	struct rig r;

	rig_open(&r);
	conf.answered = on_answered;
	conf.arg = &a;
	client_open_as(&r, &c, &conf, who, 0);
	ck_assert_str_eq(client_text(&r, &c), "{\"snap\":0}\n");
	ck_assert_int_eq(a.n, 1);
	ck_assert_int_eq(a.err, OW_OK);
	client_close(&c);
	rig_turn(&r, 0);
	ck_assert_int_eq(a.n, 1);
	who_unref(&who);
	rig_close(&r);
}
END_TEST

/* An order that is over is shown, and only then the stream ends: a breach is a
   refusal instead. */
START_TEST(a_finished_order_is_let_in_first)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct answer a = { 0, 1, false, 0 };
	struct client c;
	struct rig r;

	rig_open(&r);
	rig_log(&r, "a")->is_finished = true;
	conf.answered = on_answered;
	conf.arg = &a;
	client_open_as(&r, &c, &conf, who, 0);
	ck_assert_str_eq(client_text(&r, &c),
	    "{\"snap\":0}\nbye 4010 order finished\n");
	ck_assert_int_eq(a.n, 1);
	ck_assert_int_eq(a.err, OW_OK);
	who_unref(&who);
	client_close(&c);
	rig_close(&r);
}
END_TEST

/* It has said goodbye behind its request.  A breach: it stands on its topic
   when it is over already, and passes for somebody who looks. */
START_TEST(one_that_ends_at_once_watches_nothing)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_CUSTOMER, "ann", -1);
	struct answer a = { 0, 1, false, 0 };
	struct client c;
	struct rig r;
	int v[2];

	rig_open(&r);
	client_pair(v, 0);
	a.fd = v[0];
	conf.answered = on_answered;
	conf.arg = &a;
	c = (struct client){ .fd = v[1], .in = BUF_INIT(1000) };
	c.s = stream_new(r.hub, &conf);
	stream_ask(c.s, who, NULL, NULL);
	ck_assert_str_eq(client_text(&r, &c), "{\"snap\":0}\n"
	    "bye 4400 told to\n");
	ck_assert_int_eq(a.n, 1);
	ck_assert_ptr_null(c.s->topic);
	ck_assert_int_eq(r.n_unwatch, 1);
	who_unref(&who);
	client_close(&c);
	rig_close(&r);
}
END_TEST

/* A breach: a goodbye nobody asked for, a stream left over, a late call. */
START_TEST(refused_or_dropped_before_it_is_connected)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct answer a = { 0, 1, true, 0 };
	struct ow_stream *s;
	struct rig r;

	rig_open(&r);
	conf.answered = on_answered;
	conf.arg = &a;
	r.err = OW_ENOENT;
	s = stream_new(r.hub, &conf);
	stream_ask(s, who, NULL, NULL);
	rig_turn(&r, 0);
	ck_assert_int_eq(a.n, 1);
	ck_assert_int_eq(a.err, OW_ENOENT);
	ck_assert_int_eq(r.n_ends, 0);
	r.err = OW_OK;
	s = stream_new(r.hub, &conf);
	stream_ask(s, NULL, "a ticket", NULL);
	stream_drop(&s);
	ck_assert_ptr_null(s);
	rig_turn(&r, 0);
	ck_assert_int_eq(a.n, 1);
	ck_assert_uint_eq(hub_streams(r.hub), 0);
	ck_assert_int_eq(r.n_closed, 2);
	ck_assert_int_eq(r.n_released, 0);
	ck_assert_ptr_null(r.hub->topics);
	who_unref(&who);
	rig_close(&r);
}
END_TEST

START_TEST(says_who_it_is_in_time_or_goes)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct client in_time, late;
	struct rig r;

	rig_open(&r);
	r.set.heartbeat_ms = 3600000;	/* it comes by chance */
	client_open_as(&r, &in_time, &conf, NULL, 0);
	client_open_as(&r, &late, &conf, NULL, 0);
	stream_await_auth(in_time.s);
	stream_await_auth(late.s);
	rig_turn(&r, 4900);
	ck_assert_str_eq(client_text(&r, &late), "");
	stream_ask(in_time.s, who, NULL, NULL);
	rig_turn(&r, 300);
	ck_assert_str_eq(client_text(&r, &in_time), "{\"snap\":0}\n");
	ck_assert_str_eq(client_text(&r, &late), "bye 4001 no token came\n");
	rig_turn(&r, 10000);
	ck_assert_str_eq(client_text(&r, &in_time), "");
	who_unref(&who);
	client_close(&in_time);
	client_close(&late);
	rig_close(&r);
}
END_TEST

/* ---- Time -------------------------------------------------------------- */

/* A breach: a stream without a heartbeat in 25 s, two, or all in one tick. */
START_TEST(heartbeats_are_spread)
{
	enum { N = 200 };
	int i, k, first[N], most = 0, ticks[260] = { 0 };
	struct client c[N];
	struct rig r;

	rig_open(&r);
	for (i = 0; i < N; i++) {
		client_open(&r, &c[i], "a");
		first[i] = 0;
	}
	for (i = 0; i < N; i++)
		(void)client_text(&r, &c[i]);
	for (k = 1; k <= 251; k++) {
		rig_turn(&r, 100);
		for (i = 0; i < N; i++) {
			if (strstr(client_text(&r, &c[i]), "heartbeat") ==
			    NULL)
				continue;
			ck_assert_int_eq(first[i], 0);
			first[i] = k;
			ticks[k]++;
		}
	}
	for (i = 0; i < N; i++)
		ck_assert_int_ne(first[i], 0);
	for (k = 0; k < 260; k++)
		most = ticks[k] > most ? ticks[k] : most;
	ck_assert_int_lt(most, N / 10);
	for (i = 0; i < N; i++)
		client_close(&c[i]);
	rig_close(&r);
}
END_TEST

START_TEST(silent_peer_is_closed)
{
	struct stream_conf one_way = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct client quiet, talks, listens;
	struct rig r;
	int i;

	rig_open(&r);
	one_way.two_way = false;
	client_open(&r, &quiet, "a");
	client_open(&r, &talks, "a");
	client_open_as(&r, &listens, &one_way, who, 0);
	for (i = 0; i < 3; i++) {
		rig_turn(&r, 20000);
		client_say(&talks, "pong");
		ck_assert_uint_eq(hub_streams(r.hub), 3);
	}
	rig_turn(&r, 300);
	ck_assert_uint_eq(hub_streams(r.hub), 2);
	ck_assert_int_eq(rig_metric(&r, M_SILENT), 1);
	(void)client_text(&r, &quiet);
	ck_assert(quiet.is_eof);
	ck_assert_ptr_nonnull(strstr(client_text(&r, &listens), "heartbeat"));
	who_unref(&who);
	client_close(&quiet);
	client_close(&talks);
	client_close(&listens);
	rig_close(&r);
}
END_TEST

START_TEST(token_expires)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_CUSTOMER, "cus", 100000);
	struct client c;
	const char *text;
	struct rig r;

	rig_open(&r);
	conf.two_way = false;
	r.set.heartbeat_ms = 3600000;
	client_open_as(&r, &c, &conf, who, 0);
	rig_turn(&r, 69000);
	ck_assert_str_eq(client_text(&r, &c), "{\"snap\":0}\n");
	rig_turn(&r, 1200);
	text = client_text(&r, &c);
	ck_assert_ptr_nonnull(strstr(text, "\"auth.expiring\""));
	ck_assert_ptr_nonnull(strstr(text,
	    "\"data\":{\"expires_at\":\"2027-01-15T08:01:40.000Z\"}"));
	rig_turn(&r, 29000);
	ck_assert_str_eq(client_text(&r, &c), "");
	rig_turn(&r, 1000);
	ck_assert_str_eq(client_text(&r, &c), "bye 4001 token expired\n");
	ck_assert(c.is_eof);
	who_unref(&who);
	client_close(&c);
	rig_close(&r);
}
END_TEST

START_TEST(token_is_renewed_by_the_same_person_only)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_CUSTOMER, "cus", 40000);
	struct who *fresh = rig_who(ROLE_CUSTOMER, "cus", 200000);
	struct who *other = rig_who(ROLE_CUSTOMER, "sus", 200000);
	struct who *chef = rig_who(ROLE_KITCHEN, "cus", 200000);
	struct client c;
	struct rig r;

	rig_open(&r);
	conf.two_way = false;
	r.set.heartbeat_ms = 3600000;
	client_open_as(&r, &c, &conf, who, 0);
	rig_turn(&r, 20000);
	ck_assert_ptr_nonnull(strstr(client_text(&r, &c), "auth.expiring"));
	ck_assert_int_eq(stream_renew(c.s, other), OW_EDENIED);
	ck_assert_int_eq(stream_renew(c.s, chef), OW_EDENIED);
	ck_assert_int_eq(stream_renew(c.s, fresh), OW_OK);
	ck_assert_ptr_eq(stream_who(c.s), fresh);
	rig_turn(&r, 140000);
	ck_assert_str_eq(client_text(&r, &c), "");
	rig_turn(&r, 15000);
	ck_assert_ptr_nonnull(strstr(client_text(&r, &c), "auth.expiring"));
	rig_turn(&r, 30000);
	ck_assert_str_eq(client_text(&r, &c), "bye 4001 token expired\n");
	who_unref(&who);
	who_unref(&fresh);
	who_unref(&other);
	who_unref(&chef);
	client_close(&c);
	rig_close(&r);
}
END_TEST

/* ---- Bytes of its own -------------------------------------------------- */

/* A breach: a pong in the middle of a frame. */
START_TEST(own_bytes_never_split_a_frame)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	int i, pongs = 0, seqs = 0;
	struct client c;
	const char *at;
	struct rig r;

	rig_open(&r);
	r.replay_max = 1000;
	rig_log(&r, "a")->pad = mem_printf("%3000s", "");
	client_open_as(&r, &c, &conf, who, 4096);
	for (i = 0; i < 40; i++) {
		rig_publish(&r, "a");
		client_say(&c, "ping");
		rig_turn(&r, 0);
	}
	for (i = 0; i < 2000 && strstr(client_more(&r, &c), "\"seq\":40") ==
	    NULL; i++)
		;
	rig_turn(&r, 0);
	for (at = client_more(&r, &c); *at != '\0';
	    at = strchr(at, '\n') + 1) {
		if (strncmp(at, "pong\n", 5) == 0)
			pongs++;
		else if (strncmp(at, "{\"seq\":", 7) == 0)
			ck_assert_int_eq(atoi(at + 7), ++seqs);
		else
			ck_assert_int_eq(strncmp(at, "{\"snap\":0", 9), 0);
	}
	ck_assert_int_eq(pongs, 40);
	ck_assert_int_eq(seqs, 40);
	who_unref(&who);
	client_close(&c);
	rig_close(&r);
}
END_TEST

/* A breach: memory that grows with what a peer asks for and does not read. */
START_TEST(peer_that_does_not_read_is_not_read)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct ow_bytes one = { "x", 1 };
	size_t max = 256 * 1024, seen = 0;
	struct client c;
	struct rig r;
	int i;

	rig_open(&r);
	client_open_as(&r, &c, &conf, who, 4096);
	client_say(&c, "big");
	rig_turn(&r, 0);
	client_say(&c, "big");
	rig_turn(&r, 0);
	ck_assert(c.s->flags & S_PAUSED);
	ck_assert_int_eq(stream_write(c.s, &one, 1), OW_EAGAIN);
	ck_assert_uint_lt(c.s->waiting, 2 * max);
	client_say(&c, "ping");
	rig_turn(&r, 0);
	for (i = 0; i < 10000 && (c.s->flags & S_PAUSED) != 0; i++) {
		(void)client_text(&r, &c);
		seen += c.in.n;
	}
	for (i = 0; i < 10000 && strstr(c.in.p, "pong") == NULL; i++) {
		(void)client_text(&r, &c);
		seen += c.in.n;
		if (c.in.n > 5 && memcmp(c.in.p + c.in.n - 5, "pong\n", 5) ==
		    0)
			break;
	}
	ck_assert_uint_eq(seen, 2 * max + strlen("{\"snap\":0}\npong\n"));
	who_unref(&who);
	client_close(&c);
	rig_close(&r);
}
END_TEST

START_TEST(variants_have_their_own_frames)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct client plain, data;
	struct rig r;

	rig_open(&r);
	client_open(&r, &plain, "a");
	conf.variant = 1;
	client_open_as(&r, &data, &conf, who, 0);
	rig_turn(&r, 0);
	rig_publish(&r, "a");
	ck_assert_str_eq(client_text(&r, &plain),
	    "{\"snap\":0}\n{\"seq\":1}\n");
	ck_assert_str_eq(client_text(&r, &data),
	    "data: {\"snap\":0}\ndata: {\"seq\":1}\n");
	who_unref(&who);
	client_close(&plain);
	client_close(&data);
	rig_close(&r);
}
END_TEST

/* ---- Ends -------------------------------------------------------------- */

START_TEST(ends_from_inside_data)
{
	struct client ends, closes;
	struct rig r;

	rig_open(&r);
	client_open(&r, &ends, "a");
	client_open(&r, &closes, "a");
	rig_turn(&r, 0);
	rig_publish(&r, "a");
	client_say(&ends, "end");
	client_say(&closes, "close");
	ck_assert_ptr_nonnull(strstr(client_text(&r, &ends),
	    "bye 4400 told to\n"));
	(void)client_text(&r, &closes);
	ck_assert(ends.is_eof && closes.is_eof);
	ck_assert_int_eq(r.n_ends, 1);
	ck_assert_int_eq(r.n_closed, 0);
	client_close(&ends);
	client_close(&closes);
	rig_turn(&r, 0);
	ck_assert_int_eq(r.n_closed, 2);
	ck_assert_int_eq(r.n_unwatch, 1);
	rig_close(&r);
}
END_TEST

/* A peer that goes on talking still reads the goodbye; one that does not
   close is not waited for. */
START_TEST(lingers_two_seconds)
{
	struct client c;
	struct rig r;

	rig_open(&r);
	client_open(&r, &c, "a");
	(void)client_text(&r, &c);
	stream_end(c.s, OW_END_FORBIDDEN, "x");
	stream_end(c.s, OW_END_FORBIDDEN, "twice");
	client_say(&c, "ping");
	rig_turn(&r, 1000);
	client_say(&c, "ping");
	ck_assert_str_eq(client_text(&r, &c), "bye 4003 x\n");
	ck_assert(c.is_eof);
	ck_assert_uint_eq(hub_streams(r.hub), 1);
	ck_assert_int_eq(stream_write(c.s, &(struct ow_bytes){ "x", 1 }, 1),
	    OW_EIO);
	rig_turn(&r, 1200);
	ck_assert_uint_eq(hub_streams(r.hub), 0);
	client_close(&c);
	rig_close(&r);
}
END_TEST

/* The same over TLS: a slow reader is behind, gets all, and the goodbye. */
START_TEST(tls_stream_is_served_and_ended)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct bufferevent *bev, *peer;
	struct client c = { .in = BUF_INIT(16 << 20) };
	SSL_CTX *ctx = tls_context_new();
	struct event_base *base;
	struct rig r;
	char *text;
	int v[2], i, n = 0;

	rig_open(&r);
	base = loop_base(r.loop);
	rig_log(&r, "a")->pad = mem_printf("%20000s", "");
	client_pair(v, 4096);
	bev = bufferevent_openssl_socket_new(base, v[0], SSL_new(ctx),
	    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	peer = bufferevent_openssl_socket_new(base, v[1], SSL_new(ctx),
	    BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
	c.s = stream_new(r.hub, &conf);
	stream_ask(c.s, who, NULL, NULL);
	stream_connect(c.s, -1, bev, "127.0.0.1", (struct ow_bytes){ 0 });
	for (i = 0; i < 20; i++) {
		rig_publish(&r, "a");
		rig_turn(&r, 0);
	}
	ck_assert_uint_le(link_unsent(&c.s->link), LINK_TLS_MAX);
	bufferevent_enable(peer, EV_READ | EV_WRITE);
	for (i = 0; i < 5000; i++) {
		rig_turn(&r, 0);
		if (i == 2000)
			stream_end(c.s, OW_END_FORBIDDEN, "x");
	}
	(void)buf_add(&c.in, evbuffer_pullup(bufferevent_get_input(peer), -1),
	    evbuffer_get_length(bufferevent_get_input(peer)));
	for (text = c.in.p; (text = strstr(text, "{\"seq\":")) != NULL; text++)
		ck_assert_int_eq(atoi(text + 7), ++n);
	ck_assert_int_eq(n, 20);
	ck_assert_str_eq(c.in.p + c.in.n - 11, "bye 4003 x\n");
	bufferevent_free(peer);
	for (i = 0; i < 20; i++)
		rig_turn(&r, 0);
	ck_assert_uint_eq(hub_streams(r.hub), 0);
	buf_done(&c.in);
	who_unref(&who);
	SSL_CTX_free(ctx);
	rig_close(&r);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("stream");
	TCase *tc = tcase_create("stream");
	SRunner *sr;
	int failed;

	/* OpenSSL writes without MSG_NOSIGNAL; the server ignores it, too. */
	signal(SIGPIPE, SIG_IGN);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_stream_is_small);
	tcase_add_test(tc, idle_stream_has_no_buffers);
	tcase_add_test(tc, connection_comes_later_than_the_answer);
	tcase_add_test(tc, answered_is_told_once);
	tcase_add_test(tc, a_finished_order_is_let_in_first);
	tcase_add_test(tc, one_that_ends_at_once_watches_nothing);
	tcase_add_test(tc, refused_or_dropped_before_it_is_connected);
	tcase_add_test(tc, says_who_it_is_in_time_or_goes);
	tcase_add_test(tc, heartbeats_are_spread);
	tcase_add_test(tc, silent_peer_is_closed);
	tcase_add_test(tc, token_expires);
	tcase_add_test(tc, token_is_renewed_by_the_same_person_only);
	tcase_add_test(tc, own_bytes_never_split_a_frame);
	tcase_add_test(tc, peer_that_does_not_read_is_not_read);
	tcase_add_test(tc, variants_have_their_own_frames);
	tcase_add_test(tc, ends_from_inside_data);
	tcase_add_test(tc, lingers_two_seconds);
	tcase_add_test(tc, tls_stream_is_served_and_ended);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
