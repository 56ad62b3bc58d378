/* SPDX-License-Identifier: MIT */
/*
 * check_client - one client of an order's stream, which writes down what it
 * was shown.
 *
 * It behaves as a good client does: it comes back with the last seq it saw,
 * after the time it was told, or soon if it was told nothing.  In the
 * manners SLOW, STOPPED and VANISHED it reads little, nothing for a while, or
 * never again; its descriptor stays open and the kernel acknowledges nothing
 * for it once its small buffer is full.
 *
 * It knows nothing of the log: whether what it saw is all there was is found
 * out in check.c.
 */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "frame.h"
#include "text.h"

#define SOON_MS 100
#define SLOW_BYTES 100			/* ten times a second: 1 kB/s */
#define SMALL_BUFFER 4096
#define LARGE_BUFFER 131072
#define SMALL_SEGMENT 1448		/* as on a network */
#define HEAD_MAX 8192
#define PER_ADDRESS 20000		/* of the ports of one address */

/* ---- The connection ------------------------------------------------------ */

static void
client_watch(struct check *k, const struct client *c, int op,
    uint32_t events)
{
	struct epoll_event ev = { .events = events };

	ev.data.u64 = (uint64_t)(c - k->clients);
	if (epoll_ctl(k->epoll_fd, op, c->fd, &ev) < 0)
		fatal("epoll_ctl: %s", strerror(errno));
}

static void
client_close(struct check *k, struct client *c, uint64_t due_ns)
{
	if (c->fd >= 0)
		close(c->fd);
	if (c->state == CLIENT_CONNECTING || c->state == CLIENT_HEAD)
		k->n_opening--;
	if (c->state == CLIENT_OPEN)
		k->n_open--;
	if (c->is_current)
		k->n_current--;
	c->fd = -1;
	c->is_current = c->is_resync = c->is_deaf = false;
	c->state = CLIENT_AWAY;
	c->due_ns = due_ns;
	free(c->held);
	c->held = NULL;
	c->n_held = 0;
}

void
client_cut(struct check *k, struct client *c, uint64_t due_ns)
{
	struct linger none = { .l_onoff = 1 };

	if (c->fd >= 0)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none,
		    sizeof(none));
	client_close(k, c, due_ns);
}

static void
client_break(struct check *k, struct client *c)
{
	k->tally.broken++;
	client_close(k, c, steady_ns() +
	    (SOON_MS + check_random(k, SOON_MS)) * CHECK_MS);
}

static void
client_open(struct check *k, struct client *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct sockaddr_in from = { .sin_family = AF_INET };
	long number = c - k->clients;
	int one = 1, small = SMALL_BUFFER, segment = SMALL_SEGMENT;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		fatal("socket: %s (ulimit -n)", strerror(errno));
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (c->manner == POLITE) {
		(void)setsockopt(c->fd, SOL_SOCKET, SO_TIMESTAMPNS, &one,
		    sizeof(one));
	} else {
		/* Or the kernel would read for it, and the server's, which
		   goes by the 64 kB segments of loopback, would keep it. */
		(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small,
		    sizeof(small));
		(void)setsockopt(c->fd, IPPROTO_TCP, TCP_MAXSEG, &segment,
		    sizeof(segment));
	}
	(void)setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
	    sizeof(one));
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK +
	    (uint32_t)(number / PER_ADDRESS));
	if (bind(c->fd, (struct sockaddr *)&from, sizeof(from)) < 0)
		fatal("bind: %s", strerror(errno));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)k->conf.port);
	c->state = CLIENT_CONNECTING;
	k->n_opening++;
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	    errno != EINPROGRESS)
		client_break(k, c);
	else
		client_watch(k, c, EPOLL_CTL_ADD, EPOLLOUT);
}

static bool
client_send(const struct client *c, const char *p, size_t n)
{
	/* Short and rare: what does not fit at once is a broken connection. */
	return send(c->fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static void
client_on_connected(struct check *k, struct client *c)
{
	char since[32] = "", out[2048];
	socklen_t len = sizeof(int);
	int err = 0, n;

	(void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	if (c->has_begun)
		(void)snprintf(since, sizeof(since), "?since=%u", c->last);
	n = snprintf(out, sizeof(out),
	    "GET /ws/orders/ref:%s-%u/tracking%s HTTP/1.1\r\n"
	    "Host: 127.0.0.1:%ld\r\nUpgrade: websocket\r\n"
	    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	    "Authorization: Bearer %s\r\n\r\n", k->conf.prefix, c->order,
	    since, k->conf.port, k->conf.token);
	if (n >= (int)sizeof(out))
		fatal("the token is too long");
	if (err || !client_send(c, out, (size_t)n)) {
		client_break(k, c);
		return;
	}
	c->state = CLIENT_HEAD;
	client_watch(k, c, EPOLL_CTL_MOD, EPOLLIN);
}

/* ---- What it is shown ---------------------------------------------------- */

static void
client_set_current(struct check *k, struct client *c)
{
	if (!c->is_current)
		k->n_current++;
	c->is_current = true;
}

static void
client_take_snapshot(struct check *k, struct client *c,
    uint32_t seq)
{
	struct tally *t = &k->tally;

	if (!c->has_begun) {
		c->begun = c->last = seq;
		c->has_begun = true;
	} else if (seq < c->last) {
		t->repeated++;
	} else {
		t->snapshots++;
		t->by_snapshot += seq - c->last;
		c->last = seq;
	}
	/* On an open stream it has to be announced. */
	if (c->is_current && !c->is_resync)
		t->unannounced++;
	c->is_resync = false;
	client_set_current(k, c);
}

static void
client_take_event(struct check *k, struct client *c, uint32_t seq,
    const char *p, size_t n)
{
	struct tally *t = &k->tally;
	uint64_t number = 0, sent_ns = 0, came_ns = k->came_ns;

	if (seq <= c->last) {
		t->repeated++;
		return;
	}
	t->lost += seq - c->last - 1;
	t->exact++;
	c->last = seq;
	if (!check_number(p, n, "\"k\":", &number) ||
	    !history_agrees(&k->orders[c->order], seq, (uint32_t)number))
		t->wrong++;
	if (k->latency && c->manner == POLITE && came_ns > 0 &&
	    check_number(p, n, "\"t\":", &sent_ns))
		stats_add(k->latency, came_ns > sent_ns ? came_ns - sent_ns :
		    0);
}

static bool
is_type(const char *p, size_t n, const char *type)
{
	size_t len = strlen(type);

	return n > len + 10 && memcmp(p, "{\"type\":\"", 9) == 0 &&
	    memcmp(p + 9, type, len) == 0 && p[9 + len] == '"';
}

static void
client_take_message(struct check *k, struct client *c,
    const char *p, size_t n)
{
	uint64_t seq = 0;

	if (is_type(p, n, "heartbeat"))
		return;
	if (is_type(p, n, "stream.live")) {
		client_set_current(k, c);
	} else if (is_type(p, n, "stream.resync")) {
		k->tally.resyncs++;
		c->is_resync = true;
	} else if (!check_number(p, n, "\"seq\":", &seq)) {
		k->tally.wrong++;
	} else if (is_type(p, n, "order.snapshot")) {
		client_take_snapshot(k, c, (uint32_t)seq);
	} else {
		client_take_event(k, c, (uint32_t)seq, p, n);
	}
}

/* Told to go: back when it says. */
static void
client_take_goodbye(struct check *k, struct client *c,
    const char *p, size_t n)
{
	struct tally *t = &k->tally;
	unsigned code = n >= 2 ? (unsigned char)p[0] * 256u +
	    (unsigned char)p[1] : 1005;
	uint64_t ms = SOON_MS;

	if (code == 1001 && check_number(p, n, "\"retry_ms\":", &ms)) {
		if (t->goodbyes == 0 || (long)ms < t->retry_ms_min)
			t->retry_ms_min = (long)ms;
		if ((long)ms > t->retry_ms_max)
			t->retry_ms_max = (long)ms;
		t->goodbyes++;
	} else {
		t->odd_closes++;
	}
	client_close(k, c, steady_ns() + ms * CHECK_MS);
}

/* False: it is closed. */
static bool
client_take_frame(struct check *k, struct client *c,
    const struct frame *f)
{
	char out[128 + FRAME_HEAD_MAX];

	switch (f->opcode) {
	case FRAME_CLOSE:
		client_take_goodbye(k, c, f->payload, f->n);
		return false;
	case FRAME_PING:
		if (f->n <= 125 && client_send(c, out, frame_write(out,
		    FRAME_PONG, f->payload, f->n, check_random(k, 1u << 31))))
			return true;
		client_break(k, c);
		return false;
	case FRAME_TEXT:
		client_take_message(k, c, f->payload, f->n);
		return true;
	default:
		k->tally.wrong++;
		return true;
	}
}

static void
client_take_refusal(struct check *k, struct client *c,
    const char *p, size_t n)
{
	struct tally *t = &k->tally;
	uint64_t wait_s = 0;

	if (memcmp(p + 8, " 503", 4) != 0 && memcmp(p + 8, " 429", 4) != 0)
		fatal("a client was refused: %.*s", (int)n, p);
	if (check_number(p, n, "Retry-After: ", &wait_s)) {
		if (t->wait_s_min == 0 || (long)wait_s < t->wait_s_min)
			t->wait_s_min = (long)wait_s;
		if ((long)wait_s > t->wait_s_max)
			t->wait_s_max = (long)wait_s;
	} else {
		t->no_wait++;
	}
	t->refused++;
	c->n_refused++;
	client_close(k, c, steady_ns() + (wait_s * 1000 +
	    check_random(k, SOON_MS)) * CHECK_MS);
}

/* Bytes used, 0: not whole yet, -1: it is closed. */
static long
client_take_head(struct check *k, struct client *c, const char *p,
    size_t n)
{
	const char *end = memmem(p, n, "\r\n\r\n", 4);

	if (!end) {
		if (n > HEAD_MAX)
			fatal("a head of more than %d bytes", HEAD_MAX);
		return 0;
	}
	if (memcmp(p + 8, " 101", 4) != 0) {
		client_take_refusal(k, c, p, (size_t)(end - p));
		return -1;
	}
	k->n_opening--;
	k->n_open++;
	k->tally.opened++;
	c->state = CLIENT_OPEN;
	return (long)(end - p) + 4;
}

/* Bytes used, -1: it is closed. */
static long
client_take(struct check *k, struct client *c, const char *p,
    size_t n)
{
	struct frame frame;
	size_t used = 0;
	long len;

	if (c->state == CLIENT_HEAD) {
		len = client_take_head(k, c, p, n);
		if (len <= 0)
			return len;
		used = (size_t)len;
	}
	while ((len = frame_read(p + used, n - used, &frame)) > 0) {
		if (!client_take_frame(k, c, &frame))
			return -1;
		used += (size_t)len;
	}
	if (len < 0)
		fatal("a frame that no server sends");
	return (long)used;
}

static void
client_hold(struct client *c, const char *p, size_t n)
{
	free(c->held);
	c->held = NULL;
	c->n_held = n;
	if (n == 0)
		return;
	c->held = malloc(n);
	if (!c->held)
		fatal("out of memory");
	memcpy(c->held, p, n);
}

/* Notes when the last of it came, by the kernel's clock: how long we were busy
   with others is not the server's doing. */
static ssize_t
client_receive(struct check *k, const struct client *c, char *at,
    size_t n_max)
{
	char control[CMSG_SPACE(sizeof(struct timespec))];
	struct iovec v = { at, n_max };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
	    .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(c->fd, &m, MSG_DONTWAIT);
	const struct cmsghdr *h = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	struct timespec ts;

	k->came_ns = 0;
	if (h && h->cmsg_level == SOL_SOCKET &&
	    h->cmsg_type == SCM_TIMESTAMPNS) {
		memcpy(&ts, CMSG_DATA(h), sizeof(ts));
		k->came_ns = (uint64_t)ts.tv_sec * 1000000000u +
		    (uint64_t)ts.tv_nsec;
	}
	return n;
}

static void
client_read(struct check *k, struct client *c, size_t n_max)
{
	size_t n = c->n_held;
	ssize_t got;
	long used;

	if (n_max > CHECK_IN_BYTES - n)
		n_max = CHECK_IN_BYTES - n;
	if (n > 0)
		memcpy(k->in, c->held, n);
	got = client_receive(k, c, k->in + n, n_max);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		client_break(k, c);
		return;
	}
	n += (size_t)got;
	used = client_take(k, c, k->in, n);
	if (used >= 0)
		client_hold(c, k->in + used, n - (size_t)used);
}

/* ---- What happens, and what is due --------------------------------------- */

void
client_on_event(struct check *k, struct client *c, uint32_t events)
{
	if (c->fd < 0)
		return;
	if (c->state == CLIENT_CONNECTING)
		client_on_connected(k, c);
	else if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		client_read(k, c, CHECK_IN_BYTES);
}

void
client_behave(struct check *k, struct client *c, bool is_good)
{
	int large = LARGE_BUFFER;

	if (c->manner == POLITE || c->state != CLIENT_OPEN ||
	    c->is_deaf != is_good || (is_good && c->manner == VANISHED))
		return;
	c->is_deaf = !is_good;
	if (is_good)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &large,
		    sizeof(large));
	c->due_ns = !is_good && c->manner == SLOW ? steady_ns() : CHECK_NEVER;
	/* Out of the set: an error would be told again and again. */
	client_watch(k, c, is_good ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, EPOLLIN);
}

void
clients_tick(struct check *k, uint64_t now_ns)
{
	struct client *c, *end = k->clients + k->conf.clients;

	for (c = k->clients; c < end; c++) {
		if (c->due_ns > now_ns)
			continue;
		if (c->state == CLIENT_OPEN) {
			c->due_ns = now_ns + 100 * CHECK_MS;
			client_read(k, c, SLOW_BYTES);
		} else if (c->state == CLIENT_AWAY && (c->has_begun ||
		    k->n_opening < k->conf.inflight)) {
			c->due_ns = CHECK_NEVER;
			client_open(k, c);
		}
	}
}
