/* SPDX-License-Identifier: MIT */
/*
 * take - a connection on its way out of HTTP.
 *
 * The last HTTP words (a 101, or the head of an endless answer) are sent
 * first; then a plain connection gives its naked descriptor and a TLS one its
 * bufferevent.  It does not know what is spoken afterwards.
 *
 * Invariants: the callback runs exactly once, never before request_take has
 * returned; the connection stays counted until listener_released, which this
 * file calls itself only when there is nothing to hand over.
 */
#include "http/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"

#define TAKE_WRITE_S 10			/* for a head that did not fit */
#define TAKE_EARLY_MAX (1u << 20)	/* the gate stops far below */

struct take {
	struct take *next, **at;
	struct loop *loop;
	struct gates *gates;		/* NULL: the peer had gone before */
	struct bufferevent *bev;
	struct buf early;
	struct peer peer;
	bool is_tls;
	struct turn_hook turn;
	void (*taken)(void *arg, const struct taken *);
	void *arg;
};

/* Tell, and be gone.  bev and fd are the other side's now. */
static void
take_tell(struct take *t, int fd, struct bufferevent *bev)
{
	struct taken out = { .fd = fd, .bev = bev };

	loop_turn_cancel(t->loop, &t->turn);
	if (t->gates) {
		*t->at = t->next;
		if (t->next)
			t->next->at = t->at;
		if (fd < 0 && !bev)
			listener_released(t->gates->listener, t->peer.text);
	}
	out.early.p = t->early.p;
	out.early.n = t->early.n;
	memcpy(out.peer, t->peer.text, sizeof(out.peer));
	out.loopback = t->peer.is_loopback;
	t->taken(t->arg, &out);
	buf_done(&t->early);
	free(t);
}

static void
take_fail(struct take *t)
{
	if (t->bev)
		bufferevent_free(t->bev);
	take_tell(t, -1, NULL);
}

/* libevent may have read on before reading was disabled. */
static void
take_collect_early(struct take *t)
{
	struct evbuffer *in = bufferevent_get_input(t->bev);
	size_t n = evbuffer_get_length(in);
	char *room = n ? buf_room(&t->early, n) : NULL;

	if (room && evbuffer_remove(in, room, n) == (int)n)
		buf_used(&t->early, n);
}

static void
take_finish(void *arg)
{
	struct take *t = arg;
	struct bufferevent *bev = t->bev;
	int fd;

	if (!bev) {
		take_tell(t, -1, NULL);
		return;
	}
	take_collect_early(t);
	bufferevent_setcb(bev, NULL, NULL, NULL, NULL);
	bufferevent_set_timeouts(bev, NULL, NULL);
	bufferevent_disable(bev, EV_READ);
	if (t->is_tls) {
		take_tell(t, -1, bev);
		return;
	}
	fd = bufferevent_getfd(bev);
	bufferevent_setfd(bev, -1);	/* or freeing it would close it */
	bufferevent_free(bev);
	take_tell(t, fd, NULL);
}

static void
take_on_write(struct bufferevent *bev, void *arg)
{
	(void)bev;
	take_finish(arg);
}

static void
take_on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if (!(what & BEV_EVENT_CONNECTED))
		take_fail(arg);
}

/* The bytes that the kernel does not take at once go through the
   bufferevent.  -1: the peer is gone. */
static ssize_t
take_send_now(struct take *t, struct ow_bytes head)
{
	ssize_t n;

	if (t->is_tls || !head.n ||
	    evbuffer_get_length(bufferevent_get_output(t->bev)))
		return 0;
	n = send(bufferevent_getfd(t->bev), head.p, head.n, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		n = 0;
	return n;
}

static void
take_send(struct take *t, struct ow_bytes head)
{
	static const struct timeval limit = { TAKE_WRITE_S, 0 };
	ssize_t n;

	n = take_send_now(t, head);
	if (n < 0) {
		bufferevent_free(t->bev);
		t->bev = NULL;
	}
	if (n < 0 || (size_t)n == head.n) {
		loop_at_turn_end(t->loop, &t->turn);
		return;
	}
	bufferevent_setcb(t->bev, NULL, take_on_write, take_on_event, t);
	bufferevent_set_timeouts(t->bev, NULL, &limit);
	bufferevent_enable(t->bev, EV_WRITE);
	(void)bufferevent_write(t->bev, (const char *)head.p + n,
	    head.n - (size_t)n);	/* fails only without memory */
}

void
request_take(struct request **out_r, struct ow_bytes head,
    void (*taken)(void *arg, const struct taken *), void *arg)
{
	struct request *r = *out_r;
	struct take *t;

	t = mem_alloc(sizeof(*t));
	t->loop = r->loop;
	t->peer = r->peer;
	t->is_tls = r->is_tls;
	t->taken = taken;
	t->arg = arg;
	t->turn.fn = take_finish;
	t->turn.arg = t;
	buf_init(&t->early, TAKE_EARLY_MAX);
	if (!r->gate) {
		loop_at_turn_end(t->loop, &t->turn);
	} else {
		t->gates = r->gates;
		t->next = t->gates->takes;
		t->at = &t->gates->takes;
		if (t->next)
			t->next->at = &t->next;
		t->gates->takes = t;
		t->bev = gate_leave(&r->gate, &t->early);
		take_send(t, head);
	}
	request_free(out_r);
}

void
take_end_all(struct gates *gates)
{
	while (gates->takes)
		take_fail(gates->takes);
}
