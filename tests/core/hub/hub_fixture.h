/* SPDX-License-Identifier: MIT */
/*
 * hub_fixture - a hub with a transport whose frames are lines, clients on
 * socket pairs, and an orders side that can be told when to answer.
 *
 * Every event of an order is {"seq":N}, a snapshot {"snap":N}, so a client's
 * lines say what it has seen.
 */
#ifndef HUB_FIXTURE_H
#define HUB_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "hub/parts.h"

#define MAYBE __attribute__((unused))
#define WALL_MS INT64_C(1800000000000)
#define ASKS_MAX 4096

struct order_log {
	char id[ID_SIZE];
	uint64_t seq;
	bool is_watched, is_finished;
	char *pad;			/* in each event; may be NULL */
};

struct rig {
	struct loop *loop;
	struct metrics *metrics;
	struct set_stream set;
	struct hub *hub;
	struct order_log logs[64];
	uint32_t n_logs;
	struct ask *asks[ASKS_MAX];
	uint32_t n_asks, asked;
	bool by_hand;			/* answers wait for rig_answer */
	bool says_live;			/* to who is to hear it */
	int err;			/* of all answers */
	uint32_t replay_max;
	int n_unwatch, n_present, n_absent, n_released, n_closed, n_ends;
	char unwatched[64];
};

struct client {
	int fd;
	struct ow_stream *s;
	struct buf in;
	bool is_eof;
};

/* ---- The orders side --------------------------------------------------- */

static MAYBE struct order_log *
rig_log(struct rig *r, const char *id)
{
	uint32_t i;

	for (i = 0; i < r->n_logs; i++)
		if (strcmp(r->logs[i].id, id) == 0)
			return &r->logs[i];
	ck_assert_uint_lt(r->n_logs, 64);
	snprintf(r->logs[r->n_logs].id, ID_SIZE, "%s", id);
	return &r->logs[r->n_logs++];
}

static MAYBE struct event *
rig_event(const struct order_log *log, uint64_t seq, const char *word)
{
	const char *pad = log->pad != NULL ? log->pad : "";
	struct event *ev;
	char *json;

	json = mem_printf("{\"%s\":%llu%s}", word, (unsigned long long)seq,
	    pad);
	ev = event_make("t", log->id, "x", seq, WALL_MS, json, strlen(json));
	free(json);
	return ev;
}

static MAYBE void
rig_answer(struct rig *r, struct ask *ask)
{
	/* "ref:x" is order x. */
	const char *id = ask->order != NULL && strncmp(ask->order, "ref:", 4)
	    == 0 ? ask->order + 4 : ask->order;
	struct order_log *log = rig_log(r, ask->feed == OW_FEED_KITCHEN ?
	    "kitchen/t" : ask->feed == OW_FEED_PERSON ? "person/t\nann" : id);
	uint64_t seq;

	ask->err = r->err;
	if (ask->who != NULL)
		ask->seen_as = who_ref(ask->who);
	if (r->err == OW_OK) {
		ask->topic = arena_dup(&ask->arena, log->id);
		ask->seq = log->seq;
		ask->finished = log->is_finished;
		log->is_watched = !log->is_finished;
		ask->events = arena_alloc(&ask->arena, 256 * sizeof(void *));
		seq = ask->since;
		if (!ask->has_since || log->seq - seq > r->replay_max) {
			ask->events[ask->n_events++] = rig_event(log,
			    log->seq, "snap");
			ask->has_place = true;
			seq = log->seq;
		}
		while (seq < log->seq)
			ask->events[ask->n_events++] = rig_event(log, ++seq,
			    "seq");
		if (ask->wants_live && r->says_live)
			ask->events[ask->n_events++] = rig_event(log, 0,
			    "live");
	}
	hub_answer(ask);
}

static MAYBE void
rig_on_ask(void *arg, struct ask *ask)
{
	struct rig *r = arg;

	r->asked++;
	if (!r->by_hand) {
		rig_answer(r, ask);
		return;
	}
	ck_assert_uint_lt(r->n_asks, ASKS_MAX);
	r->asks[r->n_asks++] = ask;
}

static MAYBE void
rig_answer_all(struct rig *r)
{
	uint32_t i, n = r->n_asks;

	r->n_asks = 0;
	for (i = 0; i < n; i++)
		rig_answer(r, r->asks[i]);
}

static MAYBE void
rig_on_presence(void *arg, struct hub *hub, const char *topic,
    bool is_present)
{
	struct rig *r = arg;

	ck_assert_ptr_eq(hub, r->hub);
	ck_assert_ptr_nonnull(rig_log(r, topic));
	if (is_present)
		r->n_present++;
	else
		r->n_absent++;
}

static MAYBE void
rig_on_unwatch(void *arg, struct hub *hub, const char *topic)
{
	struct rig *r = arg;

	ck_assert_ptr_eq(hub, r->hub);
	r->n_unwatch++;
	snprintf(r->unwatched, sizeof(r->unwatched), "%s", topic);
	rig_log(r, topic)->is_watched = false;
}

static MAYBE void
rig_on_released(void *arg, const char *peer)
{
	ck_assert_str_eq(peer, "127.0.0.1");
	((struct rig *)arg)->n_released++;
}

static MAYBE void
rig_publish(struct rig *r, const char *id)
{
	struct order_log *log = rig_log(r, id);
	struct event *ev = rig_event(log, ++log->seq, "seq");

	if (log->is_watched)
		hub_tell(r->hub, ev);
	event_unref(&ev);
}

/* ---- The transport ----------------------------------------------------- */

static MAYBE void
line_frame(void *self, uint32_t variant, const struct ow_event *ev,
    struct ow_frame *out)
{
	(void)self;
	(void)ev;
	if (variant == 1) {
		memcpy(out->head, "data: ", 6);
		out->head_len = 6;
	}
	out->tail[0] = '\n';
	out->tail_len = 1;
}

static MAYBE void
line_data(void *self, struct ow_stream *s, void **peer, struct ow_bytes b)
{
	struct rig *r = self;
	char *big;

	if (*peer == NULL)
		*peer = mem_alloc(8);
	if (b.n >= 5 && memcmp(b.p, "close", 5) == 0) {
		stream_close(s);
	} else if (b.n >= 3 && memcmp(b.p, "end", 3) == 0) {
		stream_end(s, OW_END_BAD_MESSAGE, "told to");
	} else if (b.n >= 4 && memcmp(b.p, "ping", 4) == 0) {
		struct ow_bytes pong = { "pong\n", 5 };

		ck_assert_int_eq(stream_write(s, &pong, 1), OW_OK);
	} else if (b.n >= 3 && memcmp(b.p, "big", 3) == 0) {
		big = mem_alloc((size_t)r->set.buffer_max);
		(void)stream_write(s, &(struct ow_bytes){ big,
		    (size_t)r->set.buffer_max }, 1);
		free(big);
	}
}

static MAYBE void
line_end(void *self, struct ow_stream *s, void **peer, int32_t code,
    const char *reason)
{
	struct rig *r = self;
	char text[160];
	int n;

	(void)peer;
	r->n_ends++;
	n = snprintf(text, sizeof(text), "bye %d %s\n", (int)code, reason);
	(void)stream_write(s, &(struct ow_bytes){ text, (size_t)n }, 1);
	stream_close(s);
}

static MAYBE void
line_closed(void *self, void **peer)
{
	((struct rig *)self)->n_closed++;
	free(*peer);
	*peer = NULL;
}

static const struct ow_transport line_ops MAYBE = {
	.size = sizeof(struct ow_transport),
	.frame = line_frame,
	.data = line_data,
	.end = line_end,
	.closed = line_closed,
};

/* ---- The rig ----------------------------------------------------------- */

static MAYBE void
rig_open(struct rig *r)
{
	struct hub_conf conf;

	memset(r, 0, sizeof(*r));
	r->replay_max = 100;
	r->set = (struct set_stream){ 25000, 60000, 5000, 60000, 100,
	    256 * 1024, 100 };
	r->metrics = metrics_new();
	r->loop = loop_new("front");
	loop_test_clock(r->loop, WALL_MS);
	conf = (struct hub_conf){ r->loop, r->metrics, "0", &r->set,
	    rig_on_ask, rig_on_unwatch, rig_on_presence, rig_on_released, r };
	r->hub = hub_new(&conf);
	ck_assert_ptr_nonnull(r->hub);
	ck_assert_uint_eq(hub_add_transport(r->hub, &line_ops, r), 0);
}

static MAYBE void
rig_close(struct rig *r)
{
	uint32_t i;

	for (i = 0; i < r->n_asks; i++)
		ask_free(&r->asks[i]);
	hub_free(&r->hub);
	loop_free(&r->loop);
	metrics_free(&r->metrics);
	for (i = 0; i < r->n_logs; i++)
		free(r->logs[i].pad);
}

static MAYBE void
rig_turn(struct rig *r, int64_t ms)
{
	loop_test_advance(r->loop, ms);
}

static MAYBE int64_t
rig_metric(const struct rig *r, uint32_t m)
{
	return metric_get(r->hub->metrics, m);
}

static MAYBE struct who *
rig_who(enum role role, const char *sub, int64_t ttl_ms)
{
	return who_new(role, "t", sub, "", ttl_ms < 0 ? INT64_MAX :
	    WALL_MS + ttl_ms);
}

/* ---- Clients ----------------------------------------------------------- */

static MAYBE void
client_pair(int v[2], int size)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, v), 0);
	if (size > 0) {
		setsockopt(v[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
		setsockopt(v[1], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	}
}

static MAYBE struct stream_conf
client_conf(const char *order)
{
	return (struct stream_conf){ .feed = OW_FEED_ORDER, .two_way = true,
	    .order = order };
}

static MAYBE void
client_open_as(struct rig *r, struct client *c, const struct stream_conf *conf,
    const struct who *who, int size)
{
	int v[2];

	client_pair(v, size);
	*c = (struct client){ .fd = v[1], .in = BUF_INIT(64 << 20) };
	c->s = stream_new(r->hub, conf);
	if (who != NULL)
		stream_ask(c->s, who, NULL, NULL);
	stream_connect(c->s, v[0], NULL, "127.0.0.1",
	    (struct ow_bytes){ NULL, 0 });
}

static MAYBE void
client_open(struct rig *r, struct client *c, const char *order)
{
	struct stream_conf conf = client_conf(order);
	struct who *who = rig_who(ROLE_SERVICE, "svc", -1);

	client_open_as(r, c, &conf, who, 0);
	who_unref(&who);
}

static MAYBE void
client_read(struct client *c)
{
	char b[65536];
	ssize_t n;

	while ((n = recv(c->fd, b, sizeof(b), MSG_DONTWAIT)) > 0)
		ck_assert_int_eq(buf_add(&c->in, b, (size_t)n), OW_OK);
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		c->is_eof = true;
}

/* And all that it has seen before. */
static MAYBE const char *
client_more(struct rig *r, struct client *c)
{
	(void)buf_add(&c->in, "", 0);
	rig_turn(r, 0);
	client_read(c);
	return c->in.p;
}

/* Everything it has seen since the last call. */
static MAYBE const char *
client_text(struct rig *r, struct client *c)
{
	buf_clear(&c->in);
	return client_more(r, c);
}

static MAYBE void
client_say(struct client *c, const char *text)
{
	ck_assert_int_eq(send(c->fd, text, strlen(text), MSG_NOSIGNAL),
	    (ssize_t)strlen(text));
}

static MAYBE void
client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	buf_done(&c->in);
}

#endif
