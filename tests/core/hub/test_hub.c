/* SPDX-License-Identifier: MIT */
/*
 * The hub as a whole: who gets what, in which order, and what happens to those
 * who are slow, gone, refused, too many, or drained.
 */
#include <pthread.h>

#include "hub_fixture.h"

/* Each line of the text must be the next: {"seq":from}, from + 1, ... */
static uint64_t
seqs_from(const char *text, uint64_t next)
{
	char line[64];
	size_t n;

	while (*text != '\0') {
		n = (size_t)snprintf(line, sizeof(line), "{\"seq\":%llu",
		    (unsigned long long)next);
		ck_assert_msg(strncmp(text, line, n) == 0,
		    "wanted %s, got %.40s", line, text);
		text = strchr(text, '\n');
		ck_assert_ptr_nonnull(text);
		text++;
		next++;
	}
	return next;
}

/* A breach: a line too many, too few or out of order in any client. */
START_TEST(two_thousand_get_two_hundred_exactly)
{
	enum { N = 2000, EVENTS = 200 };
	struct rlimit lim;
	struct client *c;
	uint64_t *next;
	struct rig r;
	int i, k, n = N;

	getrlimit(RLIMIT_NOFILE, &lim);
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
	if (lim.rlim_cur < 2 * N + 64)
		n = (int)(lim.rlim_cur - 64) / 2;
	rig_open(&r);
	c = mem_alloc((size_t)n * sizeof(*c));
	next = mem_alloc((size_t)n * sizeof(*next));
	for (i = 0; i < n; i++) {
		client_open(&r, &c[i], "a");
		next[i] = 1;
	}
	for (i = 0; i < n; i++)
		ck_assert_str_eq(client_text(&r, &c[i]), "{\"snap\":0}\n");
	for (k = 1; k <= EVENTS; k++) {
		rig_publish(&r, "a");
		if (k % 3 == 0)
			rig_turn(&r, 1);
		if (k % 20 != 0)
			continue;
		rig_turn(&r, 100);
		for (i = 0; i < n; i++)
			next[i] = seqs_from(client_text(&r, &c[i]), next[i]);
	}
	for (i = 0; i < n; i++)
		ck_assert_uint_eq(next[i], EVENTS + 1);
	ck_assert_int_eq(rig_metric(&r, M_FALLS), 0);
	ck_assert_int_le(rig_metric(&r, M_SENDS), (int64_t)n * (EVENTS + 1));
	ck_assert_ptr_null(topic_find(r.hub->topics, "a")->slots);
	for (i = 0; i < n; i++)
		client_close(&c[i]);
	rig_turn(&r, 0);
	ck_assert_uint_eq(hub_streams(r.hub), 0);
	ck_assert_int_eq(r.n_closed, n);
	ck_assert_int_eq(r.n_released, n);
	ck_assert_int_eq(r.n_unwatch, 1);
	ck_assert_ptr_null(r.hub->topics);
	free(c);
	free(next);
	rig_close(&r);
}
END_TEST

/* One send a stream for all that came in one turn; never more than the ring
   lets wait.  A breach: more sends, or a stream that fell off. */
START_TEST(a_turn_is_one_send)
{
	struct client c[2];
	int64_t sends;
	struct rig r;
	int i;

	rig_open(&r);
	client_open(&r, &c[0], "a");
	client_open(&r, &c[1], "a");
	client_text(&r, &c[0]);
	client_text(&r, &c[1]);
	sends = rig_metric(&r, M_SENDS);
	for (i = 0; i < 16; i++)
		rig_publish(&r, "a");
	ck_assert_uint_eq(seqs_from(client_text(&r, &c[0]), 1), 17);
	ck_assert_uint_eq(seqs_from(client_text(&r, &c[1]), 1), 17);
	ck_assert_int_eq(rig_metric(&r, M_SENDS), sends + 2);
	for (i = 0; i < 1000; i++)
		rig_publish(&r, "a");
	ck_assert_uint_eq(seqs_from(client_text(&r, &c[0]), 17), 1017);
	ck_assert_uint_eq(seqs_from(client_text(&r, &c[1]), 17), 1017);
	ck_assert_int_eq(rig_metric(&r, M_FALLS), 0);
	client_close(&c[0]);
	client_close(&c[1]);
	rig_close(&r);
}
END_TEST

static void
pad_log(struct rig *r, const char *id, size_t n)
{
	struct order_log *log = rig_log(r, id);

	log->pad = mem_alloc(n + 1);
	memset(log->pad, ' ', n);
}

/* It reads nothing, then all.  A breach: a hole or a repeat in what it reads,
   a frame torn apart, or a neighbour that had to wait. */
START_TEST(slow_reader_falls_off_and_comes_back_whole)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct client slow, quick;
	uint64_t next = 1, seen = 1;
	struct rig r;
	const char *text;
	int i;

	rig_open(&r);
	r.replay_max = 1000;
	pad_log(&r, "a", 700);
	client_open_as(&r, &slow, &conf, who, 4096);
	client_open(&r, &quick, "a");
	(void)client_text(&r, &quick);
	for (i = 0; i < 250; i++) {
		rig_publish(&r, "a");
		next = seqs_from(client_text(&r, &quick), next);
		ck_assert_uint_eq(next, (uint64_t)i + 2);
	}
	ck_assert_int_eq(rig_metric(&r, M_FALLS), 1);
	ck_assert_uint_eq(r.asked, 2);
	/* The ring is no memory for a stream that has fallen off. */
	ck_assert_ptr_null(topic_find(r.hub->topics, "a")->slots);
	text = client_text(&r, &slow);
	for (i = 0; i < 1000 && strstr(text, "\"seq\":250") == NULL; i++)
		text = client_more(&r, &slow);
	text = client_more(&r, &slow);
	ck_assert_int_eq(strncmp(text, "{\"snap\":0", 9), 0);
	seen = seqs_from(strchr(text, '\n') + 1, seen);
	ck_assert_uint_eq(seen, 251);
	ck_assert_uint_eq(r.asked, 3);
	ck_assert_int_eq(rig_metric(&r, M_RESYNCS), 1);
	rig_publish(&r, "a");
	ck_assert_uint_eq(seqs_from(client_text(&r, &slow), seen), 252);
	who_unref(&who);
	client_close(&slow);
	client_close(&quick);
	rig_close(&r);
}
END_TEST

/* Bytes in memory for it alone. */
static size_t
held_by(const struct ow_stream *s)
{
	return s->waiting + (s->half != NULL ? s->half->n : 0);
}

/* Somebody was away, comes back and does not read.  A breach: more waits for
   one stream than may, or, once it reads, a hole, a repeat, or an end that
   comes before the last event. */
START_TEST(a_long_replay_comes_in_portions)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct client c;
	struct rig r;
	char *bye;
	int i, end;

	for (end = 0; end < 2; end++) {
		rig_open(&r);
		pad_log(&r, "a", 8000);
		for (i = 0; i < 100; i++)
			rig_publish(&r, "a");
		rig_log(&r, "a")->is_finished = end > 0;
		conf.has_since = true;
		client_open_as(&r, &c, &conf, who, 4096);
		rig_turn(&r, 0);
		ck_assert_uint_le(held_by(c.s), r.set.buffer_max);
		ck_assert_uint_gt(held_by(c.s), r.set.buffer_max / 2);
		ck_assert_uint_eq(r.asked, 1);
		for (i = 0; i < 4000 && !c.is_eof; i++)
			(void)client_more(&r, &c);
		bye = strstr(c.in.p, "bye 4010 order finished\n");
		ck_assert(end == (bye != NULL));
		if (bye != NULL)
			*bye = '\0';
		ck_assert_uint_eq(seqs_from(c.in.p, 1), 101);
		ck_assert_uint_eq(r.asked, 4);
		ck_assert_int_eq(rig_metric(&r, M_RESYNCS), 3);
		if (end == 0) {
			rig_publish(&r, "a");
			ck_assert_uint_eq(seqs_from(client_text(&r, &c), 101),
			    102);
		}
		client_close(&c);
		rig_close(&r);
	}
	who_unref(&who);
}
END_TEST

/* A breach: stream.live comes before the last event of the replay, or with
   each portion, or not at all when a snapshot takes the place of the rest. */
START_TEST(portions_are_live_once_and_at_the_end)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct client c;
	struct rig r;
	char *live, *snap;
	int i, late;

	for (late = 0; late < 2; late++) {
		rig_open(&r);
		r.says_live = true;
		pad_log(&r, "a", 8000);
		for (i = 0; i < 100; i++)
			rig_publish(&r, "a");
		conf.has_since = true;
		client_open_as(&r, &c, &conf, who, 4096);
		rig_turn(&r, 0);
		ck_assert_uint_eq(r.asked, 1);
		for (i = 0; late > 0 && i < 100; i++) {
			rig_publish(&r, "a");
			rig_turn(&r, 0);
		}
		for (i = 0; i < 4000 && strstr(client_more(&r, &c),
		    "{\"live\"") == NULL; i++)
			;
		for (i = 0; i < 10; i++)
			(void)client_more(&r, &c);
		live = strstr(c.in.p, "{\"live\"");
		ck_assert_ptr_nonnull(live);
		ck_assert_ptr_eq(strchr(live, '\n'), c.in.p + c.in.n - 1);
		snap = strstr(c.in.p, "{\"snap\":200");
		ck_assert((snap != NULL) == (late > 0));
		*(snap != NULL ? snap : live) = '\0';
		i = (int)seqs_from(c.in.p, 1);
		ck_assert(late > 0 ? i > 1 && i < 101 : i == 101);
		client_close(&c);
		rig_close(&r);
	}
	who_unref(&who);
}
END_TEST

/* Events come between two portions, and the ring keeps them for somebody else;
   the next portion has them, and is the last.  A breach: they come once more,
   from the ring. */
START_TEST(a_last_portion_repeats_nothing)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct client c, slow;
	struct rig r;
	char *bye;
	int i;

	rig_open(&r);
	pad_log(&r, "a", 8000);
	for (i = 0; i < 40; i++)
		rig_publish(&r, "a");
	client_open_as(&r, &slow, &conf, who, 4096);
	conf.has_since = true;
	client_open_as(&r, &c, &conf, who, 4096);
	rig_turn(&r, 0);
	r.by_hand = true;
	for (i = 0; i < 3; i++) {
		rig_publish(&r, "a");
		rig_turn(&r, 0);
	}
	for (i = 0; i < 1000 && r.n_asks == 0; i++)
		(void)client_more(&r, &c);
	ck_assert_uint_eq(r.n_asks, 1);
	ck_assert_ptr_nonnull(topic_find(r.hub->topics, "a")->slots);
	rig_log(&r, "a")->is_finished = true;
	rig_answer_all(&r);
	for (i = 0; i < 1000 && !c.is_eof; i++)
		(void)client_more(&r, &c);
	bye = strstr(c.in.p, "bye 4010");
	ck_assert_ptr_nonnull(bye);
	*bye = '\0';
	ck_assert_uint_eq(seqs_from(c.in.p, 1), 44);
	who_unref(&who);
	client_close(&c);
	client_close(&slow);
	rig_close(&r);
}
END_TEST

/* An order is finished and its streams are ended while somebody is behind.  A
   breach: its last events are lost, and it is told to stop all the same. */
START_TEST(who_fell_behind_sees_how_it_ended)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct client slow, quick;
	struct rig r;
	char *bye;
	int i;

	rig_open(&r);
	r.replay_max = 1000;
	pad_log(&r, "a", 700);
	client_open_as(&r, &slow, &conf, who, 4096);
	client_open(&r, &quick, "a");
	(void)client_text(&r, &quick);
	for (i = 0; i < 250; i++)
		rig_publish(&r, "a");
	rig_log(&r, "a")->is_finished = true;
	hub_tell_end(r.hub, "a", NULL, OW_END_FINISHED);
	for (i = 0; i < 1000 && !(slow.is_eof && quick.is_eof); i++) {
		(void)client_more(&r, &quick);
		if (quick.is_eof)
			(void)client_more(&r, &slow);
	}
	ck_assert_ptr_nonnull(strstr(quick.in.p, "\nbye 4010"));
	bye = strstr(slow.in.p, "bye 4010");
	ck_assert_ptr_nonnull(bye);
	*bye = '\0';
	ck_assert_uint_eq(seqs_from(strchr(slow.in.p, '\n') + 1, 1), 251);
	ck_assert_ptr_null(r.hub->topics);
	who_unref(&who);
	client_close(&slow);
	client_close(&quick);
	rig_close(&r);
}
END_TEST

/* A breach: the rest of the ring stays in memory, or the peer is not missed. */
START_TEST(peer_vanishes_in_mid_frame)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct client slow, other;
	struct topic *t;
	struct rig r;
	int i;

	rig_open(&r);
	pad_log(&r, "a", 3000);
	client_open_as(&r, &slow, &conf, who, 4096);
	client_open(&r, &other, "a");
	for (i = 0; i < 20; i++)
		rig_publish(&r, "a");
	(void)client_text(&r, &other);
	t = topic_find(r.hub->topics, "a");
	ck_assert_uint_eq(t->n_behind, 1);
	ck_assert_ptr_nonnull(t->slots);
	close(slow.fd);
	slow.fd = -1;
	rig_turn(&r, 0);
	ck_assert_uint_eq(hub_streams(r.hub), 1);
	ck_assert_uint_eq(t->n_behind, 0);
	ck_assert_ptr_null(t->slots);
	ck_assert_int_eq(r.n_released, 1);
	who_unref(&who);
	client_close(&slow);
	client_close(&other);
	rig_close(&r);
}
END_TEST

/* A breach: the end of the order overtakes its last event. */
START_TEST(tell_end_says_goodbye_behind_the_last_event)
{
	struct client c;
	struct rig r;

	rig_open(&r);
	client_open(&r, &c, "a");
	(void)client_text(&r, &c);
	rig_publish(&r, "a");
	hub_tell_end(r.hub, "a", NULL, OW_END_FINISHED);
	hub_tell_end(r.hub, "nobody", NULL, OW_END_FINISHED);
	ck_assert_str_eq(client_text(&r, &c),
	    "{\"seq\":1}\nbye 4010 order finished\n");
	ck_assert(c.is_eof);
	client_close(&c);
	rig_turn(&r, 0);
	ck_assert_uint_eq(hub_streams(r.hub), 0);
	ck_assert_int_eq(r.n_unwatch, 1);
	rig_close(&r);
}
END_TEST

START_TEST(tell_end_of_one_tracking_token)
{
	static const char *const subs[] = { "l1", "l2", "l1" };
	struct stream_conf conf = client_conf("a");
	struct client c[3];
	struct who *who;
	struct rig r;
	int i;

	rig_open(&r);
	for (i = 0; i < 3; i++) {
		who = rig_who(i == 2 ? ROLE_CUSTOMER : ROLE_TRACKING, subs[i],
		    -1);
		client_open_as(&r, &c[i], &conf, who, 0);
		who_unref(&who);
	}
	hub_tell_end(r.hub, "a", "l1", OW_END_FORBIDDEN);
	ck_assert_str_eq(client_text(&r, &c[0]),
	    "{\"snap\":0}\nbye 4003 forbidden\n");
	ck_assert_str_eq(client_text(&r, &c[1]), "{\"snap\":0}\n");
	ck_assert_str_eq(client_text(&r, &c[2]), "{\"snap\":0}\n");
	for (i = 0; i < 3; i++)
		client_close(&c[i]);
	rig_close(&r);
}
END_TEST

START_TEST(refusals_end_by_their_code)
{
	static const struct {
		int err;
		const char *bye;
	} rows[] = {
		{ OW_EDENIED, "bye 4003 forbidden\n" },
		{ OW_ENOENT, "bye 4004 no such order\n" },
		{ OW_EINVAL, "bye 4001 token is not valid\n" },
		{ OW_EAGAIN, "bye 1001 {\"retry_ms\":" },
	};
	struct client c;
	struct rig r;
	size_t i;

	rig_open(&r);
	for (i = 0; i < 4; i++) {
		r.err = rows[i].err;
		client_open(&r, &c, "a");
		ck_assert_int_eq(strncmp(client_text(&r, &c), rows[i].bye,
		    strlen(rows[i].bye)), 0);
		client_close(&c);
	}
	rig_turn(&r, 0);
	ck_assert_uint_eq(hub_streams(r.hub), 0);
	ck_assert_ptr_null(r.hub->topics);
	ck_assert_int_eq(r.n_unwatch, 0);
	rig_close(&r);
}
END_TEST

START_TEST(finished_order_is_shown_and_ended)
{
	struct client c;
	struct rig r;

	rig_open(&r);
	rig_log(&r, "a")->is_finished = true;
	client_open(&r, &c, "a");
	ck_assert_str_eq(client_text(&r, &c),
	    "{\"snap\":0}\nbye 4010 order finished\n");
	ck_assert_ptr_null(r.hub->topics);
	client_close(&c);
	rig_close(&r);
}
END_TEST

START_TEST(one_too_many_of_a_person)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_CUSTOMER, "cus", -1);
	struct who *staff = rig_who(ROLE_KITCHEN, "cus", -1);
	struct client c[5];
	struct rig r;
	int i;

	rig_open(&r);
	r.set.streams_per_subject = 2;
	for (i = 0; i < 3; i++)
		client_open_as(&r, &c[i], &conf, who, 0);
	client_open_as(&r, &c[3], &conf, staff, 0);
	ck_assert_str_eq(client_text(&r, &c[0]), "{\"snap\":0}\n");
	ck_assert_str_eq(client_text(&r, &c[1]), "{\"snap\":0}\n");
	ck_assert_str_eq(client_text(&r, &c[2]),
	    "bye 4029 too many connections\n");
	ck_assert_str_eq(client_text(&r, &c[3]), "{\"snap\":0}\n");
	client_close(&c[0]);
	rig_turn(&r, 0);
	client_open_as(&r, &c[4], &conf, who, 0);
	ck_assert_str_eq(client_text(&r, &c[4]), "{\"snap\":0}\n");
	ck_assert_int_eq(rig_metric(&r, M_TOO_MANY), 1);
	for (i = 1; i < 5; i++)
		client_close(&c[i]);
	who_unref(&who);
	who_unref(&staff);
	rig_close(&r);
}
END_TEST

/* The kitchen sees every order of its tenant, and asks without a position
   when it fell behind. */
START_TEST(kitchen_gets_all_orders)
{
	struct stream_conf conf = client_conf(NULL);
	struct who *who = rig_who(ROLE_KITCHEN, "k", -1);
	struct client c;
	struct rig r;

	rig_open(&r);
	conf.feed = OW_FEED_KITCHEN;
	client_open_as(&r, &c, &conf, who, 0);
	ck_assert_str_eq(client_text(&r, &c), "{\"snap\":0}\n");
	rig_log(&r, "a")->is_watched = true;
	rig_log(&r, "b")->is_watched = true;
	rig_publish(&r, "a");
	rig_publish(&r, "b");
	ck_assert_str_eq(client_text(&r, &c), "{\"seq\":1}\n{\"seq\":1}\n");
	client_close(&c);
	rig_turn(&r, 0);
	ck_assert_str_eq(r.unwatched, "kitchen/t");
	who_unref(&who);
	rig_close(&r);
}
END_TEST

/* ---- Unwatch ----------------------------------------------------------- */

/* A leaves while B's ask, answered already, is on its way home: the unwatch
   arrives at the orders loop behind that answer.  A breach: B stands on a
   topic of which nobody tells. */
START_TEST(unwatch_crosses_an_answer)
{
	struct client a, b;
	struct rig r;

	rig_open(&r);
	client_open(&r, &a, "a");
	(void)client_text(&r, &a);
	r.by_hand = true;
	client_open(&r, &b, "ref:a");
	rig_turn(&r, 0);
	client_close(&a);
	/* The orders loop answers B; the hub does not know it yet. */
	ck_assert_uint_eq(r.n_asks, 1);
	rig_answer_all(&r);
	/* A's end is seen first: turn the link's event by hand. */
	stream_reap(a.s);
	ck_assert_int_eq(r.n_unwatch, 1);
	ck_assert(!rig_log(&r, "a")->is_watched);
	rig_turn(&r, 0);
	ck_assert_uint_eq(r.n_asks, 1);
	ck_assert_str_eq(client_text(&r, &b), "");
	rig_publish(&r, "a");
	rig_answer_all(&r);
	ck_assert_str_eq(client_text(&r, &b), "{\"snap\":1}\n");
	rig_publish(&r, "a");
	ck_assert_str_eq(client_text(&r, &b), "{\"seq\":2}\n");
	client_close(&b);
	rig_turn(&r, 0);
	ck_assert_int_eq(r.n_unwatch, 2);
	ck_assert_ptr_null(r.hub->topics);
	ck_assert_ptr_null(r.hub->left);
	rig_close(&r);
}
END_TEST

START_TEST(answer_for_a_stream_that_has_gone_unwatches)
{
	struct client c;
	struct rig r;

	rig_open(&r);
	r.by_hand = true;
	client_open(&r, &c, "a");
	rig_turn(&r, 0);
	client_close(&c);
	rig_turn(&r, 0);
	ck_assert_uint_eq(hub_streams(r.hub), 0);
	ck_assert_int_eq(r.n_unwatch, 0);
	rig_answer_all(&r);
	rig_turn(&r, 0);
	ck_assert_int_eq(r.n_unwatch, 1);
	ck_assert(!rig_log(&r, "a")->is_watched);
	ck_assert_ptr_null(r.hub->topics);
	rig_close(&r);
}
END_TEST

/* ---- Presence and persons ----------------------------------------------- */

/* It would notice a kitchen screen that counts as a customer's, a customer
   who is told twice, or one who is not told to have gone. */
START_TEST(a_topic_knows_whether_its_customer_looks)
{
	struct stream_conf conf = client_conf("a");
	struct who *cook = rig_who(ROLE_KITCHEN, "k", -1);
	struct who *ann = rig_who(ROLE_CUSTOMER, "ann", -1);
	struct who *guest = rig_who(ROLE_TRACKING, "link", -1);
	struct client k, a, b;
	struct rig r;

	rig_open(&r);
	client_open_as(&r, &k, &conf, cook, 0);
	(void)client_text(&r, &k);
	ck_assert_int_eq(r.n_present, 0);
	client_open_as(&r, &a, &conf, ann, 0);
	(void)client_text(&r, &a);
	client_open_as(&r, &b, &conf, guest, 0);
	(void)client_text(&r, &b);
	ck_assert_int_eq(r.n_present, 1);
	client_close(&a);
	rig_turn(&r, 0);
	ck_assert_int_eq(r.n_absent, 0);
	client_close(&b);
	rig_turn(&r, 0);
	ck_assert_int_eq(r.n_absent, 1);
	ck_assert_int_eq(r.n_unwatch, 0);
	/* The last one of all: unwatch says it. */
	client_close(&k);
	rig_turn(&r, 0);
	client_open_as(&r, &a, &conf, ann, 0);
	(void)client_text(&r, &a);
	ck_assert_int_eq(r.n_present, 2);
	client_close(&a);
	rig_turn(&r, 0);
	ck_assert_int_eq(r.n_absent, 1);
	ck_assert_int_eq(r.n_unwatch, 2);
	who_unref(&cook);
	who_unref(&ann);
	who_unref(&guest);
	rig_close(&r);
}
END_TEST

/* What is a person's reaches their stream, and no kitchen of the tenant. */
START_TEST(a_person_s_event_goes_to_their_stream_alone)
{
	struct stream_conf conf = client_conf(NULL);
	struct who *cook = rig_who(ROLE_KITCHEN, "k", -1);
	struct who *ann = rig_who(ROLE_CUSTOMER, "ann", -1);
	struct client k, a;
	struct event *ev;
	struct rig r;

	rig_open(&r);
	conf.feed = OW_FEED_KITCHEN;
	client_open_as(&r, &k, &conf, cook, 0);
	(void)client_text(&r, &k);
	conf.feed = OW_FEED_PERSON;
	client_open_as(&r, &a, &conf, ann, 0);
	(void)client_text(&r, &a);
	ev = event_make_person("t", "ann", "x", 1, WALL_MS, "{\"seq\":1}", 9);
	hub_tell(r.hub, ev);
	event_unref(&ev);
	ev = event_make_person("t", "bob", "x", 1, WALL_MS, "{\"seq\":7}", 9);
	hub_tell(r.hub, ev);
	event_unref(&ev);
	ck_assert_str_eq(client_text(&r, &a), "{\"seq\":1}\n");
	ck_assert_str_eq(client_text(&r, &k), "");
	ck_assert_uint_eq(a.s->seq, 1);
	ck_assert_int_eq(r.n_present, 0);
	client_close(&a);
	rig_turn(&r, 0);
	ck_assert_str_eq(r.unwatched, "person/t\nann");
	client_close(&k);
	who_unref(&cook);
	who_unref(&ann);
	rig_close(&r);
}
END_TEST

START_TEST(ends_with_asks_under_way)
{
	struct client c[2];
	struct rig r;

	rig_open(&r);
	r.by_hand = true;
	client_open(&r, &c[0], "a");
	client_open(&r, &c[1], "a");
	rig_turn(&r, 0);
	/* One has come home and was not looked at; one is still out. */
	rig_answer(&r, r.asks[--r.n_asks]);
	rig_close(&r);
	client_close(&c[0]);
	client_close(&c[1]);
}
END_TEST

/* ---- Locations --------------------------------------------------------- */

static void
tell_location(struct rig *r, int n)
{
	struct event *ev;
	char json[32];

	snprintf(json, sizeof(json), "{\"loc\":%d}", n);
	ev = event_make("t", "a", "driver.location.updated", 0, WALL_MS, json,
	    strlen(json));
	hub_tell(r->hub, ev);
	event_unref(&ev);
}

/* A breach: it waits for a clock, is sent twice, or an old one after a newer
   of the same turn. */
START_TEST(a_location_goes_out_at_once_and_once)
{
	struct client c, late;
	struct rig r;

	rig_open(&r);
	client_open(&r, &c, "a");
	(void)client_text(&r, &c);
	tell_location(&r, 1);
	rig_turn(&r, 0);
	ck_assert_str_eq(client_text(&r, &c), "{\"loc\":1}\n");
	tell_location(&r, 2);
	rig_turn(&r, 0);
	ck_assert_str_eq(client_text(&r, &c), "{\"loc\":2}\n");
	/* Who comes now was answered with it. */
	client_open(&r, &late, "a");
	ck_assert_ptr_null(strstr(client_text(&r, &late), "loc"));
	rig_turn(&r, 3000);
	ck_assert_str_eq(client_text(&r, &c), "");
	ck_assert_int_eq(rig_metric(&r, M_LOCATION_DROPS), 0);
	tell_location(&r, 3);
	rig_turn(&r, 0);
	ck_assert_str_eq(client_text(&r, &c), "{\"loc\":3}\n");
	ck_assert_str_eq(client_text(&r, &late), "{\"loc\":3}\n");
	client_close(&c);
	client_close(&late);
	rig_turn(&r, 0);
	ck_assert_ptr_null(r.hub->topics);
	rig_close(&r);
}
END_TEST

/* A breach: the last location is not heard of until there is another one. */
START_TEST(an_event_of_the_same_turn_loses_no_location)
{
	struct client c;
	struct rig r;

	rig_open(&r);
	client_open(&r, &c, "a");
	(void)client_text(&r, &c);
	rig_publish(&r, "a");
	tell_location(&r, 1);
	rig_turn(&r, 0);
	ck_assert_str_eq(client_text(&r, &c), "{\"seq\":1}\n{\"loc\":1}\n");
	tell_location(&r, 2);
	rig_publish(&r, "a");
	rig_turn(&r, 0);
	ck_assert_str_eq(client_text(&r, &c), "{\"loc\":2}\n{\"seq\":2}\n");
	rig_publish(&r, "a");
	tell_location(&r, 3);
	tell_location(&r, 4);
	rig_turn(&r, 0);
	ck_assert_str_eq(client_text(&r, &c), "{\"seq\":3}\n{\"loc\":4}\n");
	ck_assert_int_eq(rig_metric(&r, M_LOCATION_DROPS), 1);
	client_close(&c);
	rig_turn(&r, 0);
	rig_turn(&r, 0);
	ck_assert_ptr_null(r.hub->topics);
	rig_close(&r);
}
END_TEST

START_TEST(slow_reader_skips_locations)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	struct client c;
	const char *text;
	struct rig r;
	char *loc;
	int i;

	rig_open(&r);
	pad_log(&r, "a", 3000);
	client_open_as(&r, &c, &conf, who, 4096);
	for (i = 0; i < 10; i++)
		rig_publish(&r, "a");
	for (i = 1; i <= 5; i++) {
		tell_location(&r, i);
		rig_turn(&r, 1000);
	}
	text = client_text(&r, &c);
	for (i = 0; i < 1000 && strstr(text, "loc") == NULL; i++)
		text = client_more(&r, &c);
	loc = strstr(text, "{\"loc");
	ck_assert_ptr_nonnull(loc);
	ck_assert_str_eq(loc, "{\"loc\":5}\n");
	ck_assert_int_eq(rig_metric(&r, M_LOCATION_DROPS), 4);
	*loc = '\0';
	ck_assert_uint_eq(seqs_from(strchr(text, '\n') + 1, 1), 11);
	who_unref(&who);
	client_close(&c);
	rig_close(&r);
}
END_TEST

/* It reads nothing, falls off the ring, and reads.  A breach: the newest place
   is missing because it was told meanwhile, or comes twice. */
START_TEST(who_falls_behind_gets_the_newest_place_once)
{
	struct stream_conf conf = client_conf("a");
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);
	const char *text, *loc;
	struct client c;
	struct rig r;
	int i, had;

	for (had = 0; had < 2; had++) {
		rig_open(&r);
		r.replay_max = 1000;
		client_open_as(&r, &c, &conf, who, 4096);
		rig_turn(&r, 0);
		tell_location(&r, 1);
		rig_turn(&r, 0);
		pad_log(&r, "a", 700);
		for (i = 0; i < 250; i++) {
			rig_publish(&r, "a");
			rig_turn(&r, 0);
		}
		if (had == 0)
			tell_location(&r, 2);
		text = client_text(&r, &c);
		for (i = 0; i < 2000 && strstr(text, "\"seq\":250") == NULL;
		    i++)
			text = client_more(&r, &c);
		for (i = 0; i < 10; i++)
			text = client_more(&r, &c);
		ck_assert_int_eq(rig_metric(&r, M_FALLS), 1);
		loc = strstr(text, "{\"loc\":1}");
		ck_assert_ptr_nonnull(loc);
		ck_assert_ptr_null(strstr(loc + 1, "{\"loc\":1}"));
		loc = strstr(text, "{\"loc\":2}");
		ck_assert((loc != NULL) == (had == 0));
		client_close(&c);
		rig_close(&r);
	}
	who_unref(&who);
}
END_TEST

/* ---- Draining ---------------------------------------------------------- */

static void
on_drained(void *arg)
{
	++*(int *)arg;
}

/* A breach: all at once, one left over, or a retry that is too late. */
START_TEST(drain_is_spread)
{
	enum { N = 100 };
	struct client c[N];
	int drained = 0, i, retry, code, after_half;
	const char *text;
	struct rig r;

	rig_open(&r);
	for (i = 0; i < N; i++)
		client_open(&r, &c[i], "a");
	rig_turn(&r, 0);
	hub_drain(r.hub, 10000, on_drained, &drained);
	rig_turn(&r, 5000);
	after_half = r.n_ends;
	ck_assert_int_ge(after_half, 45);
	ck_assert_int_le(after_half, 55);
	ck_assert_int_eq(drained, 0);
	rig_turn(&r, 5200);
	ck_assert_int_eq(r.n_ends, N);
	for (i = 0; i < N; i++) {
		text = strstr(client_text(&r, &c[i]), "bye");
		ck_assert_ptr_nonnull(text);
		ck_assert_int_eq(sscanf(text, "bye %d {\"retry_ms\":%d}",
		    &code, &retry), 2);
		ck_assert_int_eq(code, OW_END_GOING_AWAY);
		ck_assert_int_ge(retry, 0);
		ck_assert_int_le(retry, 10000);
		client_close(&c[i]);
	}
	rig_turn(&r, 0);
	ck_assert_int_eq(drained, 1);
	rig_close(&r);
}
END_TEST

START_TEST(drain_of_nobody_is_done_at_once)
{
	struct client late;
	int drained = 0;
	struct rig r;

	rig_open(&r);
	hub_drain(r.hub, 1000, on_drained, &drained);
	ck_assert_int_eq(drained, 0);
	rig_turn(&r, 0);
	ck_assert_int_eq(drained, 1);
	client_open(&r, &late, "a");
	rig_turn(&r, 300);
	ck_assert_ptr_nonnull(strstr(client_text(&r, &late), "bye 1001"));
	client_close(&late);
	rig_close(&r);
}
END_TEST

/* ---- Threads ----------------------------------------------------------- */

struct teller {
	struct rig *r;
	struct loop *orders;
};

static void *
tell_from_elsewhere(void *arg)
{
	struct rig *r = arg;
	struct order_log *log = rig_log(r, "a");
	struct event *ev;
	int i;

	for (i = 0; i < 1000; i++) {
		ev = rig_event(log, ++log->seq, "seq");
		hub_tell(r->hub, ev);
		event_unref(&ev);
	}
	hub_tell_end(r->hub, "a", NULL, OW_END_FINISHED);
	return NULL;
}

static void *
answer_elsewhere(void *arg)
{
	struct rig *r = arg;

	rig_answer_all(r);
	return tell_from_elsewhere(arg);
}

/* Answer, events and end come from another thread, in this order.  A breach:
   another order at the client, or what the thread sanitizer finds. */
START_TEST(told_from_another_thread)
{
	struct client c;
	struct rig r;
	uint64_t next = 1;
	pthread_t th;
	const char *text = "", *bye = NULL;
	bool is_first = true;

	rig_open(&r);
	r.by_hand = true;
	client_open(&r, &c, "a");
	rig_turn(&r, 0);
	ck_assert_int_eq(pthread_create(&th, NULL, answer_elsewhere, &r), 0);
	while (bye == NULL) {
		text = client_text(&r, &c);
		if (is_first && *text != '\0') {
			ck_assert_int_eq(strncmp(text, "{\"snap\":0}\n", 11),
			    0);
			text += 11;
			is_first = false;
		}
		bye = strstr(text, "bye 4010");
		if (bye != NULL)
			*(char *)bye = '\0';
		next = seqs_from(text, next);
	}
	pthread_join(th, NULL);
	ck_assert_uint_eq(next, 1001);
	client_close(&c);
	rig_close(&r);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hub");
	TCase *tc = tcase_create("hub");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, two_thousand_get_two_hundred_exactly);
	tcase_add_test(tc, a_turn_is_one_send);
	tcase_add_test(tc, slow_reader_falls_off_and_comes_back_whole);
	tcase_add_test(tc, a_long_replay_comes_in_portions);
	tcase_add_test(tc, portions_are_live_once_and_at_the_end);
	tcase_add_test(tc, a_last_portion_repeats_nothing);
	tcase_add_test(tc, who_fell_behind_sees_how_it_ended);
	tcase_add_test(tc, peer_vanishes_in_mid_frame);
	tcase_add_test(tc, tell_end_says_goodbye_behind_the_last_event);
	tcase_add_test(tc, tell_end_of_one_tracking_token);
	tcase_add_test(tc, refusals_end_by_their_code);
	tcase_add_test(tc, finished_order_is_shown_and_ended);
	tcase_add_test(tc, one_too_many_of_a_person);
	tcase_add_test(tc, kitchen_gets_all_orders);
	tcase_add_test(tc, a_topic_knows_whether_its_customer_looks);
	tcase_add_test(tc, a_person_s_event_goes_to_their_stream_alone);
	tcase_add_test(tc, unwatch_crosses_an_answer);
	tcase_add_test(tc, answer_for_a_stream_that_has_gone_unwatches);
	tcase_add_test(tc, ends_with_asks_under_way);
	tcase_add_test(tc, a_location_goes_out_at_once_and_once);
	tcase_add_test(tc, an_event_of_the_same_turn_loses_no_location);
	tcase_add_test(tc, slow_reader_skips_locations);
	tcase_add_test(tc, who_falls_behind_gets_the_newest_place_once);
	tcase_add_test(tc, drain_is_spread);
	tcase_add_test(tc, drain_of_nobody_is_done_at_once);
	tcase_add_test(tc, told_from_another_thread);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
