/* SPDX-License-Identifier: MIT */
/*
 * conn - one subscriber's connection: request, dialogue, messages.
 *
 * It keeps no buffer while nothing is half received, and sends only small
 * things on sockets that have room: a short write counts as a dead server.
 *
 * Source addresses are 127.0.0.1, 127.0.0.2, ... 20,000 connections each,
 * because an address has no more ports than that.
 */
#include "conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"
#include "sub.h"
#include "text.h"
#include "tls.h"

#define CONNS_PER_ADDRESS 20000
#define HEAD_MAX 16000
#define SEND_MAX 4096
#define ID_FIELD "id: "

#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"		\
	"Sec-WebSocket-Version: 13\r\n"					\
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static bool
is_websocket(const struct subs *s)
{
	return s->conf->proto[0] == 'w';
}

static uint32_t
random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static struct text_vars
conn_vars(const struct subs *s, const struct conn *c)
{
	return (struct text_vars){
		.chan = c->chan, .number = (long)(c - s->conns),
		.seq = (long)c->last + s->conf->seq_base,
		.last_id = c->last_id,
	};
}

void
conn_close(struct subs *s, struct conn *c, enum conn_state as)
{
	if (c->state == CONN_READY) {
		s->n_ready--;
		s->n_dead += as == CONN_DEAD;
	} else if (c->state != CONN_OFF && c->state != CONN_DEAD) {
		s->n_opening--;
		s->n_failed += as == CONN_DEAD;
	}
	tls_close(c->tls);
	c->tls = NULL;
	if (c->fd >= 0)
		close(c->fd);
	free(c->held);
	c->held = NULL;
	c->n_held = 0;
	c->tail.n = 0;
	c->fd = -1;
	c->state = as;
}

static bool
conn_send(struct conn *c, const char *p, size_t n)
{
	ssize_t sent = c->tls ? tls_send(c->tls, p, n) :
	    send(c->fd, p, n, MSG_NOSIGNAL);

	return sent == (ssize_t)n;
}

static bool
conn_send_frame(struct subs *s, struct conn *c, int opcode,
    const char *p, size_t n)
{
	char out[SEND_MAX + FRAME_HEAD_MAX];

	if (n > SEND_MAX)
		return false;
	n = frame_write(out, opcode, p, n, random_next(&s->random));
	return conn_send(c, out, n);
}

/* ---- The way in --------------------------------------------------------- */

static void
conn_watch(struct subs *s, struct conn *c, int op, uint32_t events)
{
	struct epoll_event ev = {
		.events = events, .data.u64 = (uint64_t)(c - s->conns),
	};

	if (epoll_ctl(s->epoll_fd, op, c->fd, &ev) < 0)
		fatal("epoll_ctl: %s", strerror(errno));
}

void
conn_open(struct subs *s, struct conn *c, bool is_back)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct sockaddr_in from = { .sin_family = AF_INET };
	long number = (long)(c - s->conns);
	int one = 1;

	c->is_back = is_back;
	c->step = 0;
	c->state = CONN_CONNECTING;
	s->n_opening++;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		fatal("socket: %s (ulimit -n)", strerror(errno));
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	/* The port is chosen at connect(), for the pair (ip(7)). */
	(void)setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
	    sizeof(one));
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK +
	    (uint32_t)(number / CONNS_PER_ADDRESS));
	if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)) < 0)
		fatal("bind: %s", strerror(errno));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)s->conf->port);
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != EINPROGRESS) {
		conn_close(s, c, CONN_DEAD);
		return;
	}
	conn_watch(s, c, EPOLL_CTL_ADD, EPOLLOUT);
}

static size_t
headers_write(char *out, size_t cap, const struct list *l,
    const struct text_vars *v)
{
	size_t n = 0;
	int i;

	for (i = 0; i < l->n; i++) {
		n += text_expand(out + n, cap - n, l->text[i], v);
		n += text_expand(out + n, cap - n, "\r\n", v);
	}
	return n;
}

static bool
conn_send_request(struct subs *s, struct conn *c)
{
	const struct conf *conf = s->conf;
	struct text_vars v = conn_vars(s, c);
	char path[1024], out[SEND_MAX];
	size_t n;

	(void)text_expand(path, sizeof(path), c->is_back && conf->back_path ?
	    conf->back_path : conf->path, &v);
	n = (size_t)snprintf(out, sizeof(out),
	    "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%ld\r\n%s", path, conf->port,
	    is_websocket(s) ? UPGRADE : "Accept: text/event-stream\r\n");
	if (is_websocket(s) && conf->subprotocol)
		n += (size_t)snprintf(out + n, sizeof(out) - n,
		    "Sec-WebSocket-Protocol: %s\r\n", conf->subprotocol);
	n += headers_write(out + n, sizeof(out) - n, &conf->headers, &v);
	if (c->is_back)
		n += headers_write(out + n, sizeof(out) - n,
		    &conf->back_headers, &v);
	n += text_expand(out + n, sizeof(out) - n, "\r\n", &v);
	return conn_send(c, out, n);
}

/* The handshake is all small things, so it waits for the server only. */
static void
conn_secure(struct subs *s, struct conn *c)
{
	int r = tls_handshake(c->tls);

	if (r == 0)
		return;
	c->state = CONN_HEAD;
	if (r < 0 || !conn_send_request(s, c))
		conn_close(s, c, CONN_DEAD);
}

static void
conn_on_connected(struct subs *s, struct conn *c)
{
	socklen_t len = sizeof(int);
	int err = 0;

	(void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	conn_watch(s, c, EPOLL_CTL_MOD, EPOLLIN);
	if (!err && s->tls) {
		c->tls = tls_open(s->tls, c->fd);
		c->state = CONN_SECURING;
		conn_secure(s, c);
		return;
	}
	c->state = CONN_HEAD;
	if (err || !conn_send_request(s, c))
		conn_close(s, c, CONN_DEAD);
}

/* Sends what is due up to the next thing to wait for. */
static bool
dialogue_go_on(struct subs *s, struct conn *c)
{
	const struct dialogue *d = &s->conf->dialogue;
	struct text_vars v = conn_vars(s, c);
	char text[SEND_MAX];
	size_t n;

	while (c->step < d->n && !d->step[c->step].is_expect) {
		n = text_expand(text, sizeof(text), d->step[c->step].text, &v);
		if (!conn_send_frame(s, c, FRAME_TEXT, text, n))
			return false;
		c->step++;
	}
	if (c->step == d->n) {
		c->state = CONN_READY;
		s->n_opening--;
		s->n_ready++;
	}
	return true;
}

/* Bytes used, 0: not whole yet, -1: refused. */
static long
conn_take_head(struct subs *s, struct conn *c, const char *p,
    size_t n)
{
	const char *end = memmem(p, n, "\r\n\r\n", 4);
	const char *expected = is_websocket(s) ? " 101" : " 200";

	if (!end)
		return n > HEAD_MAX ? -1 : 0;
	if (n < 12 || memcmp(p + 8, expected, 4) != 0) {
		if (s->n_refusals_shown++ < 3)
			(void)fprintf(stderr, "load: refused: %.*s\n",
			    (int)(end - p), p);
		return -1;
	}
	c->state = CONN_DIALOGUE;
	if (!dialogue_go_on(s, c))
		return -1;
	return (long)(end - p) + 4;
}

/* ---- What comes --------------------------------------------------------- */

struct arrival {
	struct subs *subs;
	struct conn *conn;
	uint64_t now_ns;
};

/* With this one it has what it missed.  Nobody publishes meanwhile. */
static bool
is_catching_up(const struct subs *s, const struct conn *c,
    uint32_t seq)
{
	uint32_t newest = s->chan_seq[c->chan];

	return c->last < newest && seq >= newest;
}

static void
on_mark(void *arg, uint64_t t_ns, uint32_t seq)
{
	const struct arrival *a = arg;
	struct subs *s = a->subs;
	struct conn *c = a->conn;

	s->last_ns = a->now_ns;
	if (s->is_measuring)
		stats_add(&s->latency,
		    a->now_ns > t_ns ? a->now_ns - t_ns : 0);
	if (seq <= c->last)
		s->n_repeated++;
	else if (s->is_storm && is_catching_up(s, c, seq))
		s->n_caught_up++;
	if (seq > c->last)
		c->last = seq;
	atomic_fetch_add_explicit(&s->delivered, 1, memory_order_relaxed);
}

/* The last whole "id: " line, which an event stream resumes by. */
static void
conn_keep_id(struct conn *c, const char *p, size_t n)
{
	const char *end = p + n, *line_end;
	size_t len;

	while ((p = memmem(p, (size_t)(end - p), ID_FIELD,
	    strlen(ID_FIELD))) != NULL) {
		p += strlen(ID_FIELD);
		line_end = memchr(p, '\n', (size_t)(end - p));
		if (!line_end)
			return;
		len = (size_t)(line_end - p);
		if (len > 0 && p[len - 1] == '\r')
			len--;
		if (len < sizeof(c->last_id)) {
			memcpy(c->last_id, p, len);
			c->last_id[len] = '\0';
		}
		p = line_end;
	}
}

static bool
conn_take_payload(struct arrival *a, const char *p, size_t n)
{
	const struct conf *conf = a->subs->conf;
	struct conn *c = a->conn;
	const char *expected;

	if (conf->ping && n == strlen(conf->ping) &&
	    memcmp(p, conf->ping, n) == 0)
		return conn_send_frame(a->subs, c, FRAME_TEXT, conf->pong,
		    strlen(conf->pong));
	if (c->state == CONN_DIALOGUE) {
		expected = conf->dialogue.step[c->step].text;
		if (memmem(p, n, expected, strlen(expected))) {
			c->step++;
			if (!dialogue_go_on(a->subs, c))
				return false;
		}
	}
	if (conf->keep_id)
		conn_keep_id(c, p, n);
	mark_scan(&c->tail, p, n, on_mark, a);
	return true;
}

static bool
conn_take_frame(struct arrival *a, const struct frame *f)
{
	switch (f->opcode) {
	case FRAME_CLOSE:
		return false;
	case FRAME_PING:
		return conn_send_frame(a->subs, a->conn, FRAME_PONG,
		    f->payload, f->n);
	case FRAME_PONG:
		return true;
	default:
		return conn_take_payload(a, f->payload, f->n);
	}
}

/* Bytes used, or -1: the connection is of no use any more. */
static long
conn_take(struct arrival *a, const char *p, size_t n)
{
	struct frame frame;
	size_t used = 0;
	long len;

	if (a->conn->state == CONN_HEAD) {
		len = conn_take_head(a->subs, a->conn, p, n);
		if (len <= 0)
			return len;
		used = (size_t)len;
	}
	if (!is_websocket(a->subs))
		return conn_take_payload(a, p + used, n - used) ? (long)n : -1;
	while ((len = frame_read(p + used, n - used, &frame)) > 0) {
		if (!conn_take_frame(a, &frame))
			return -1;
		used += (size_t)len;
	}
	return len < 0 ? -1 : (long)used;
}

static void
conn_hold(struct conn *c, const char *p, size_t n)
{
	free(c->held);
	c->held = NULL;
	c->n_held = (uint32_t)n;
	if (n == 0)
		return;
	c->held = malloc(n);
	if (!c->held)
		fatal("out of memory");
	memcpy(c->held, p, n);
}

static void
conn_on_readable(struct subs *s, struct conn *c)
{
	struct arrival a = { .subs = s, .conn = c };
	size_t n = c->n_held;
	ssize_t got;
	long used;

	if (n > 0)
		memcpy(s->in, c->held, n);
	got = c->tls ? tls_recv(c->tls, s->in + n, SUBS_IN_BYTES - n) :
	    recv(c->fd, s->in + n, SUBS_IN_BYTES - n, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		conn_close(s, c, CONN_DEAD);
		return;
	}
	n += (size_t)got;
	a.now_ns = wall_ns();
	used = conn_take(&a, s->in, n);
	if (used < 0)
		conn_close(s, c, CONN_DEAD);
	else
		conn_hold(c, s->in + used, n - (size_t)used);
}

void
conn_on_event(struct subs *s, struct conn *c)
{
	if (c->fd < 0)
		return;
	if (c->state == CONN_CONNECTING)
		conn_on_connected(s, c);
	else if (c->state == CONN_SECURING)
		conn_secure(s, c);
	else
		conn_on_readable(s, c);
}
