/* SPDX-License-Identifier: MIT */
/*
 * gate - one HTTP connection: libevhtp's on one side, ours on the other.
 *
 * libevhtp accepts the connection, owns its socket, makes the request and
 * ends it.  What the peer sends never reaches it: the gate reads the bytes, or
 * with TLS takes them out of the bufferevent, waits for one whole request, has
 * guard.c judge it, and only then restates it as a bodyless "METHOD /target
 * HTTP/1.1" in one piece.  So none of libevhtp's readings of a head (split
 * lines, folded fields, two lengths, form bodies on the stack) can differ from
 * ours: there is nothing to read differently.  It decides nothing about the
 * content of a request.
 *
 * Invariants: one request at a time; what comes behind it waits in `in`, and
 * above HOLD_MAX the socket is not read.  One deadline runs at a time, and
 * bytes never put it off; each LENT_PIECE of a lent body has one of its own.
 * An idle gate has no buffer.  libevhtp's callbacks
 * are entered only from gate_serve and gate_finish (is_inside); a gate that
 * ends meanwhile is freed when they return.
 *
 * Its place: between the socket and request.c, for each connection.
 */
#include "http/gate.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/mem.h"

#define HOLD_MAX 65536
#define HOLD_SLACK (2 * HOLD_MAX)	/* one read may pass the limits */
#define LENT_PIECE 65536	/* of a lent body, copied at a time */
#define RESTATED_MAX (GUARD_TARGET_MAX + 64)

/* What the connection is waiting for. */
enum phase {
	PHASE_HEAD,		/* the rest of a head */
	PHASE_BODY,		/* the rest of a body */
	PHASE_IDLE,		/* the next request's first byte */
	PHASE_BUSY,		/* our answer */
	PHASE_WRITING,		/* the peer to take the answer */
};

struct gate {
	struct gate *next, **at;
	struct gates *gates;
	evhtp_connection_t *conn;
	struct bufferevent *bev;
	struct event readable;		/* without TLS */
	bufferevent_data_cb evhtp_read, evhtp_write;
	struct request *request;	/* PHASE_BUSY: whom we wait for */
	struct buf in;
	size_t looked_at;	/* of `in`, in search of the head's end */
	size_t head_n, need;	/* the head, the request; 0: not known yet */
	struct guard_head head;
	struct loop_timer *deadline;
	struct turn_hook turn;
	enum phase phase;
	struct ow_bytes lent;	/* what is left of a body that is not ours */
	void (*release)(void *arg);	/* NULL: nothing is lent */
	void *release_arg;
	bool is_tls;
	bool is_eof;		/* the peer sends no more */
	bool is_held;		/* reading is off: too much waits already */
	bool is_broken;		/* writing failed */
	bool will_close;
	bool is_inside, is_dead, is_served;
	struct peer peer;
};

static void gate_advance(struct gate *);
static void gate_finish(struct gate *);

static bool
gate_is_busy(const struct gate *g)
{
	return g->phase == PHASE_BUSY || g->phase == PHASE_WRITING;
}

/* TLS reads what it decrypts; else we read ourselves, which spares libevent's
   question for the size, its chain of 4 kB and a copy. */
static void
gate_listen(struct gate *g, bool on)
{
	if (g->is_tls && on)
		bufferevent_enable(g->bev, EV_READ);
	else if (g->is_tls)
		bufferevent_disable(g->bev, EV_READ);
	else if (on)
		(void)event_add(&g->readable, NULL);	/* as it was */
	else
		(void)event_del(&g->readable);
}

/* Give back what was lent. */
static void
gate_release(struct gate *g)
{
	void (*release)(void *arg) = g->release;

	g->release = NULL;
	g->lent.n = 0;
	if (release)
		release(g->release_arg);
}

/* ---- Ending ------------------------------------------------------------- */

/* Out of the list; the memory goes when libevhtp has let go of us. */
static void
gate_end(struct gate *g)
{
	*g->at = g->next;
	if (g->next)
		g->next->at = g->at;
	loop_timer_cancel(&g->deadline);
	loop_turn_cancel(g->gates->conf->loop, &g->turn);
	if (!g->is_tls)
		gate_listen(g, false);
	buf_done(&g->in);
	gate_release(g);
	g->is_dead = true;
	if (!g->is_inside)
		free(g);
}

/* libevhtp's hook: the connection is being freed, by us or by it. */
static evhtp_res
gate_on_conn_end(evhtp_connection_t *conn, void *arg)
{
	struct gate *g = arg;
	struct request *r = g->request;
	bool is_served = g->is_served;

	(void)conn;
	listener_released(g->gates->listener, g->peer.text);
	gate_end(g);
	if (r && is_served)
		request_lost(r);
	else
		request_free(&r);
	return EVHTP_RES_OK;
}

/* Close without another word. */
static void
gate_drop(struct gate *g)
{
	evhtp_connection_free(g->conn);	/* comes back as gate_on_conn_end */
}

struct bufferevent *
gate_leave(struct gate **out_g, struct buf *out_early)
{
	struct gate *g = *out_g;
	struct bufferevent *bev;

	bev = evhtp_connection_take_ownership(g->conn);
	/* Inside its own callback libevhtp frees the connection itself. */
	if (!g->is_inside)
		evhtp_connection_free(g->conn);
	*out_early = g->in;
	buf_init(&g->in, 0);
	gate_end(g);
	*out_g = NULL;
	return bev;
}

/* Say (or have said) the last word and close. */
static void
gate_part(struct gate *g, const struct buf *word)
{
	struct gates *gates = g->gates;
	struct peer peer = g->peer;
	struct bufferevent *bev;
	struct buf early;

	bev = gate_leave(&g, &early);
	buf_done(&early);
	if (word)
		(void)bufferevent_write(bev, word->p, word->n);
	goodbye_start(gates, bev, &peer);
}

static void
gate_refuse(struct gate *g, int status)
{
	struct buf out;

	if (status != 408)
		gates_count(g->gates, LISTEN_M_BAD_REQUESTS, 1);
	request_write_refusal(g->gates, status, &out);
	gate_part(g, &out);
	buf_done(&out);
}

/* ---- Deadlines ---------------------------------------------------------- */

static void
gate_on_deadline(void *arg)
{
	struct gate *g = arg;

	g->deadline = NULL;
	if (g->phase != PHASE_IDLE)
		gates_count(g->gates, LISTEN_M_TIMEOUTS, 1);
	/* Who has said nothing, or does not listen, is told nothing. */
	if (g->in.n && (g->phase == PHASE_HEAD || g->phase == PHASE_BODY))
		gate_refuse(g, 408);
	else
		gate_drop(g);
}

static void
gate_wait(struct gate *g, enum phase phase, int64_t limit_ms)
{
	g->phase = phase;
	loop_timer_cancel(&g->deadline);
	g->deadline = loop_timer_start(g->gates->conf->loop, limit_ms,
	    gate_on_deadline, g);
}

/* ---- Reading ------------------------------------------------------------ */

/* All that has come moves into `in`.  false: more than can be. */
static bool
gate_fetch(struct gate *g)
{
	struct evbuffer *input = bufferevent_get_input(g->bev);
	size_t n = evbuffer_get_length(input);
	char *room;

	if (!n)
		return true;
	room = buf_room(&g->in, n);
	if (!room || evbuffer_remove(input, room, n) != (int)n)
		return false;
	buf_used(&g->in, n);
	return true;
}

/* RFC 9112, 2.2: an empty line in front of a request line is skipped. */
static void
gate_skip_blank(struct gate *g)
{
	if (!g->looked_at && g->in.n >= 2 && !memcmp(g->in.p, "\r\n", 2))
		buf_drop(&g->in, 2);
}

/* Looks for the head and has it judged.  0, or a status that refuses it;
   need is set when it is whole. */
static int
gate_look(struct gate *g)
{
	const struct guard_limits *limits = &g->gates->conf->limits;
	size_t head_max = (size_t)limits->head_max;
	ptrdiff_t end;
	int status;

	if (g->in.n == 1 && g->in.p[0] == '\r')
		return 0;
	end = guard_find_end(g->in.p, g->in.n, &g->looked_at);
	if (end < 0)
		return 400;
	if ((size_t)end > head_max || (!end && g->in.n > head_max))
		return memchr(g->in.p, '\n', head_max) ? 431 : 414;
	if (!end)
		return 0;
	status = guard_head(g->in.p, (size_t)end, &g->head);
	if (status)
		return status;
	if (g->head.content_length > (uint64_t)limits->body_max)
		return 413;
	g->head_n = (size_t)end;
	g->need = g->head_n + (size_t)g->head.content_length;
	return 0;
}

static void
gate_await_body(struct gate *g)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

	if (g->phase == PHASE_BODY)
		return;
	gate_wait(g, PHASE_BODY, g->gates->conf->limits.body_ms);
	/* Only to a peer that really waits (RFC 9110, 10.1.1). */
	if (g->head.expect_continue && g->in.n == g->head_n)
		(void)bufferevent_write(g->bev, go_on, sizeof(go_on) - 1);
}

static void
gate_rest(struct gate *g)
{
	size_t max = g->in.max;

	buf_done(&g->in);
	buf_init(&g->in, max);
	if (g->is_eof || g->gates->is_draining)
		gate_drop(g);
	else if (g->phase != PHASE_HEAD && g->phase != PHASE_IDLE)
		gate_wait(g, PHASE_IDLE, g->gates->conf->limits.idle_ms);
}

/* Show libevhtp the request as one that it cannot get wrong.  Afterwards the
   gate may be gone. */
static void
gate_restate(struct gate *g)
{
	struct buf text = BUF_INIT(RESTATED_MAX);
	int err;

	buf_printf(&text, "%s %s HTTP/1.1\r\n\r\n", g->request->method,
	    g->request->target);
	err = evbuffer_prepend(bufferevent_get_input(g->bev), text.p, text.n);
	buf_done(&text);
	g->is_inside = true;
	if (!err)
		g->evhtp_read(g->bev, g->conn);
	g->is_inside = false;
	if (g->is_dead) {
		free(g);
	} else if (!g->is_served) {
		request_free(&g->request);
		gate_refuse(g, 500);
	}
}

/* A whole request is there. */
static void
gate_serve(struct gate *g)
{
	struct buf behind;
	int status;

	buf_init(&behind, g->in.max);
	if (g->in.n > g->need)
		buf_add(&behind, g->in.p + g->need, g->in.n - g->need);
	g->in.n = g->need;
	g->in.p[g->need] = '\0';
	status = request_new(g->gates, g, &g->in, g->head_n, &g->peer,
	    &g->request);
	if (status) {
		buf_done(&behind);
		gate_refuse(g, status);
		return;
	}
	g->in = behind;
	g->looked_at = g->head_n = g->need = 0;
	g->is_served = false;
	g->phase = PHASE_BUSY;
	loop_timer_cancel(&g->deadline);
	gate_restate(g);
}

/* Go as far as the bytes that are there allow. */
static void
gate_advance(struct gate *g)
{
	int status = 0;

	if (!gate_fetch(g)) {
		gate_refuse(g, 503);
		return;
	}
	if (!g->need) {
		gate_skip_blank(g);
		if (!g->in.n) {
			gate_rest(g);
			return;
		}
		if (g->phase != PHASE_HEAD)
			gate_wait(g, PHASE_HEAD,
			    g->gates->conf->limits.head_ms);
		status = gate_look(g);
	}
	if (status)
		gate_refuse(g, status);
	else if (g->need && g->in.n >= g->need)
		gate_serve(g);
	else if (g->is_eof)
		gate_drop(g);	/* the rest will not come */
	else if (g->need)
		gate_await_body(g);
}

/* Something has come, and is in `in` if that had room. */
static void
gate_go_on(struct gate *g, bool had_room)
{
	if (!gate_is_busy(g)) {
		if (had_room)
			gate_advance(g);
		else
			gate_refuse(g, 503);
	} else if (!had_room) {
		gate_drop(g);
	} else if (g->in.n > HOLD_MAX) {
		g->is_held = true;
		gate_listen(g, false);
	}
}

static void
gate_on_read(struct bufferevent *bev, void *arg)
{
	struct gate *g = arg;

	(void)bev;
	gate_go_on(g, gate_fetch(g));
}

/* Half-closed: it may still read answers. */
static void
gate_on_eof(struct gate *g)
{
	g->is_eof = true;
	if (!gate_is_busy(g))
		gate_advance(g);
}

static void
gate_read(struct gate *g)
{
	char *room = g->gates->room;
	ssize_t n = recv(bufferevent_getfd(g->bev), room, GATES_ROOM,
	    MSG_DONTWAIT);
	bool had_room;

	if (n > 0) {
		had_room = buf_add(&g->in, room, (size_t)n) == OW_OK;
		mem_wipe(room, (size_t)n);	/* there may be a token */
		gate_go_on(g, had_room);
	} else if (n == 0) {
		gate_listen(g, false);
		gate_on_eof(g);
	} else if (errno != EAGAIN && errno != EINTR) {
		gate_drop(g);
	}
}

static void
gate_on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	gate_read(arg);
}

static void
gate_on_event(struct bufferevent *bev, short what, void *arg)
{
	struct gate *g = arg;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED)
		return;		/* a TLS handshake is done */
	if (!(what & BEV_EVENT_EOF)) {
		gate_drop(g);
		return;
	}
	gate_on_eof(g);
}

/* ---- Answering ---------------------------------------------------------- */

void
gate_on_evhtp_request(evhtp_request_t *req, void *arg)
{
	struct gates *gates = arg;
	struct gate *g;

	g = evhtp_connection_get_hooks(req->conn)->on_connection_fini_arg;
	g->is_served = true;
	gates->conf->on_request(gates->conf->arg, g->request);
}

bool
gate_will_close(const struct gate *g)
{
	return !g->head.keep_alive || g->gates->is_draining;
}

/* What the kernel takes at once saves a round through the poll set. */
static size_t
gate_send_now(struct gate *g, const struct iovec part[2])
{
	struct msghdr msg = { .msg_iov = (struct iovec *)part,
	    .msg_iovlen = 2 };
	ssize_t n;

	if (g->is_tls ||
	    evbuffer_get_length(bufferevent_get_output(g->bev)))
		return 0;
	n = sendmsg(bufferevent_getfd(g->bev), &msg, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		g->is_broken = true;
	return n < 0 ? 0 : (size_t)n;
}

/* The next piece of a lent body. */
static void
gate_write_lent(struct gate *g)
{
	size_t n = g->lent.n < LENT_PIECE ? g->lent.n : LENT_PIECE;

	gate_wait(g, PHASE_WRITING, g->gates->conf->limits.idle_ms);
	(void)bufferevent_write(g->bev, g->lent.p, n);	/* as below */
	g->lent.p = (const char *)g->lent.p + n;
	g->lent.n -= n;
	if (!g->lent.n)
		gate_release(g);
}

/* What the kernel did not take of an answer. */
static void
gate_write_rest(struct gate *g, struct ow_bytes head,
    struct ow_bytes body, size_t sent)
{
	gate_wait(g, PHASE_WRITING, g->gates->conf->limits.idle_ms);
	if (sent < head.n)
		(void)bufferevent_write(g->bev, (const char *)head.p + sent,
		    head.n - sent);	/* fails only without memory */
	sent = sent > head.n ? sent - head.n : 0;
	if (sent == body.n)
		return;
	g->lent.p = (const char *)body.p + sent;
	g->lent.n = body.n - sent;
	if (g->release) {
		gate_write_lent(g);
		return;
	}
	(void)bufferevent_write(g->bev, g->lent.p, g->lent.n);
	g->lent.n = 0;
}

void
gate_answer(struct gate *g, struct ow_bytes head, const struct answer *a)
{
	struct ow_bytes body = a->body;
	const struct iovec part[2] = { { (void *)head.p, head.n },
	    { (void *)body.p, body.n } };
	size_t sent;

	OW_ASSERT(g->phase == PHASE_BUSY);
	g->request = NULL;
	g->will_close = a->close;
	g->release = a->release;
	g->release_arg = a->arg;
	evhtp_send_reply_end(g->conn->request);
	sent = gate_send_now(g, part);
	if (g->is_broken || sent == head.n + body.n) {
		g->phase = PHASE_WRITING;
		loop_at_turn_end(g->gates->conf->loop, &g->turn);
	} else {
		gate_write_rest(g, head, body, sent);
	}
	if (!g->lent.n)
		gate_release(g);
}

/* The answer is with the kernel: next, please. */
static void
gate_finish(struct gate *g)
{
	loop_timer_cancel(&g->deadline);
	if (g->will_close) {
		if (g->is_eof)
			gate_drop(g);
		else
			gate_part(g, NULL);
		return;
	}
	g->is_inside = true;
	g->evhtp_write(g->bev, g->conn);	/* frees its request */
	g->is_inside = false;
	if (g->is_dead) {
		free(g);
		return;
	}
	g->phase = PHASE_BUSY;	/* until gate_advance knows better */
	if (g->is_held && !g->is_eof) {
		g->is_held = false;
		gate_listen(g, true);
	}
	gate_advance(g);
}

static void
gate_on_write(struct bufferevent *bev, void *arg)
{
	struct gate *g = arg;

	(void)bev;
	/* Else it was a 100, of which libevhtp may not hear. */
	if (g->phase != PHASE_WRITING || g->turn.pending)
		return;
	if (g->lent.n)
		gate_write_lent(g);
	else
		gate_finish(g);
}

static void
gate_on_turn(void *arg)
{
	struct gate *g = arg;

	if (g->is_broken)
		gate_drop(g);
	else if (g->phase == PHASE_WRITING)
		gate_finish(g);
	else
		gate_read(g);
}

/* ---- Beginning ---------------------------------------------------------- */

/* Who connects has mostly asked already.  Read at the end of this turn, before
   libevent waits: who leaves HTTP at once was never in its set. */
static void
gate_read_soon(struct gate *g)
{
	struct loop *loop = g->gates->conf->loop;

	bufferevent_disable(g->bev, EV_READ);
	(void)event_assign(&g->readable, loop_base(loop),	/* no signal */
	    bufferevent_getfd(g->bev), EV_READ | EV_PERSIST, gate_on_readable,
	    g);
	gate_listen(g, true);
	loop_at_turn_end(loop, &g->turn);
}

void
gate_attach(struct gates *gates, evhtp_connection_t *conn,
    const struct peer *peer)
{
	const struct guard_limits *limits = &gates->conf->limits;
	bufferevent_event_cb event;
	struct gate *g;
	void *arg;

	g = mem_alloc(sizeof(*g));
	g->gates = gates;
	g->conn = conn;
	g->bev = conn->bev;
	g->is_tls = conn->ssl != NULL;
	g->peer = *peer;
	g->turn.fn = gate_on_turn;
	g->turn.arg = g;
	buf_init(&g->in, (size_t)limits->head_max +
	    (size_t)limits->body_max + HOLD_SLACK);
	g->next = gates->gates;
	g->at = &gates->gates;
	if (g->next)
		g->next->at = &g->next;
	gates->gates = g;
	bufferevent_getcb(g->bev, &g->evhtp_read, &g->evhtp_write, &event,
	    &arg);
	bufferevent_setcb(g->bev, gate_on_read, gate_on_write, gate_on_event,
	    g);
	evhtp_connection_set_hook(conn, evhtp_hook_on_connection_fini,
	    (evhtp_hook)gate_on_conn_end, g);
	gate_wait(g, PHASE_HEAD, limits->head_ms);
	if (!g->is_tls)
		gate_read_soon(g);
}

void
gates_drain(struct gates *gates)
{
	struct gate *g, *next;

	gates->is_draining = true;
	for (g = gates->gates; g; g = next) {
		next = g->next;
		if (!gate_is_busy(g) && !g->in.n)
			gate_drop(g);
	}
}

void
gates_done(struct gates *gates)
{
	take_end_all(gates);
	while (gates->gates)
		gate_drop(gates->gates);
	goodbye_end_all(gates);
}
