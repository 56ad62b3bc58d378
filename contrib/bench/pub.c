/* SPDX-License-Identifier: MIT */
/*
 * pub - the publisher.
 *
 * Open loop with a rate: a publication that is due goes out as soon as a
 * connection is free, and its lateness is recorded.  Closed loop without one:
 * the next goes when a connection is free, and, with a window, when the
 * subscribers have all but the last few.
 *
 * The message says when it was written, so its latency includes the request.
 */
#include "pub.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"
#include "text.h"
#include "tls.h"

#define REPLY_MAX 65536
#define REQUEST_MAX 24576
#define MESSAGE_BASE 92		/* without its padding */
#define MESSAGE_MAX 4400
#define WAIT_MAX_NS 2000000
#define WINDOW_WAIT_NS 50000
#define STALL_S 20

struct pub_conn {
	int fd;
	struct ssl_st *tls;	/* NULL: plain; owned */
	bool is_busy;
	uint64_t sent_ns;
	size_t n;
	char in[REPLY_MAX];
};

static void
conn_connect(struct pub *p, int i)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = (uint32_t)i };
	struct pub_conn *c = &p->conns[i];
	int one = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)p->conf->pub_port);
	c->n = 0;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 ||
	    connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		fatal("the publisher cannot connect: %s", strerror(errno));
	/* Blocking still, so the handshake is one call. */
	c->tls = p->subs->tls ? tls_open(p->subs->tls, c->fd) : NULL;
	if (c->tls && tls_handshake(c->tls) != 1)
		fatal("the publisher's TLS handshake failed");
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, c->fd, &ev) < 0)
		fatal("epoll_ctl: %s", strerror(errno));
}

static void
conn_end(struct pub_conn *c)
{
	tls_close(c->tls);
	close(c->fd);
}

static void
conn_write(struct pub_conn *c, const char *p, size_t n)
{
	size_t done = 0;
	ssize_t r;

	while (done < n) {
		r = c->tls ? tls_send(c->tls, p + done, n - done) :
		    send(c->fd, p + done, n - done, MSG_NOSIGNAL);
		if (r > 0)
			done += (size_t)r;
		else if (errno == EAGAIN || errno == EINTR)
			(void)usleep(200);
		else
			fatal("the publisher cannot send: %s",
			    strerror(errno));
	}
}

/* ---- One publication ---------------------------------------------------- */

static void
message_write(char *out, size_t cap, const struct conf *conf,
    long chan, uint32_t seq)
{
	int padding = conf->size > MESSAGE_BASE ?
	    (int)(conf->size - MESSAGE_BASE) : 0;
	char pad[MESSAGE_MAX];

	memset(pad, 'x', sizeof(pad));
	(void)snprintf(out, cap, "{\"t\":%llu,\"s\":%u,\"order\":\"%08ld\","
	    "\"status\":\"in_transit\",\"note\":\"%.*s\"}",
	    (unsigned long long)wall_ns(), seq, chan, padding, pad);
}

static long
chan_choose(struct pub *p)
{
	if (p->in_turn || !p->conf->is_random)
		return p->sent % p->conf->chans;
	p->random ^= p->random << 13;
	p->random ^= p->random >> 17;
	p->random ^= p->random << 5;
	return (long)(p->random % (uint32_t)p->conf->chans);
}

static void
publish(struct pub *p, struct pub_conn *c)
{
	char message[MESSAGE_MAX], quoted[2 * MESSAGE_MAX];
	char request[REQUEST_MAX];
	long chan = chan_choose(p);
	uint32_t seq = ++p->subs->chan_seq[chan];
	struct text_vars vars = {
		.chan = chan, .number = p->sent, .seq = seq,
		.message = message, .quoted = quoted,
		.alternate = seq % 2 ? p->conf->odd : p->conf->even,
	};
	size_t n;

	message_write(message, sizeof(message), p->conf, chan, seq);
	text_quote(quoted, message);
	n = http_request(request, sizeof(request), p->conf, &vars);
	c->sent_ns = steady_ns();
	c->is_busy = true;
	conn_write(c, request, n);
	p->sent++;
	p->expected += p->subs->chan_subs[chan];
}

/* ---- What is answered --------------------------------------------------- */

static void
on_reply(struct pub *p, int i, const struct http_reply *reply)
{
	struct pub_conn *c = &p->conns[i];

	p->answered++;
	c->is_busy = false;
	stats_add(&p->answer, steady_ns() - c->sent_ns);
	if (reply->status / 100 == 2)
		return;
	if (p->refused++ < 3)
		(void)fprintf(stderr, "load: a publication was answered: "
		    "%.*s\n", (int)(c->n < 400 ? c->n : 400), c->in);
}

static void
on_readable(struct pub *p, int i)
{
	struct pub_conn *c = &p->conns[i];
	struct http_reply reply;
	size_t used;
	ssize_t got;

	got = c->tls ? tls_recv(c->tls, c->in + c->n, sizeof(c->in) - c->n) :
	    recv(c->fd, c->in + c->n, sizeof(c->in) - c->n, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0)
		fatal("the server closed a publisher's connection");
	c->n += (size_t)got;
	while ((used = http_reply_read(c->in, c->n, &reply)) > 0) {
		on_reply(p, i, &reply);
		c->n -= used;
		memmove(c->in, c->in + used, c->n);
		if (reply.is_last) {
			conn_end(c);
			conn_connect(p, i);
			break;
		}
	}
	if (c->n == sizeof(c->in))
		fatal("a reply is larger than %d bytes", REPLY_MAX);
}

/* ---- When the next one goes --------------------------------------------- */

static bool
is_window_open(const struct pub *p)
{
	long delivered;

	if (p->conf->window == 0)
		return true;
	delivered = atomic_load(&p->subs->delivered) - p->base;
	return delivered + p->conf->window * (long)p->subs->chan_subs[0] >
	    p->expected;
}

static struct pub_conn *
conn_free_next(struct pub *p)
{
	int i, at;

	for (i = 0; i < p->n_conns; i++) {
		at = (p->n_turn + i) % p->n_conns;
		if (p->conns[at].is_busy)
			continue;
		p->n_turn = at + 1;
		return &p->conns[at];
	}
	return NULL;
}

/* Publishes if it can; how long to wait for something to happen. */
static long
publish_due(struct pub *p)
{
	uint64_t now = steady_ns(), due = now;
	struct pub_conn *c;

	if (p->sent == p->pubs)
		return WAIT_MAX_NS;
	if (p->rate > 0)
		due = p->start_ns + (uint64_t)((double)p->sent * 1e9 / p->rate);
	if (now < due)
		return due - now < WAIT_MAX_NS ? (long)(due - now) :
		    WAIT_MAX_NS;
	if (!is_window_open(p))
		return WINDOW_WAIT_NS;
	c = conn_free_next(p);
	if (!c)
		return WAIT_MAX_NS;
	if (p->rate > 0)
		stats_add(&p->late, now - due);
	publish(p, c);
	return 0;
}

static void
publish_all(struct pub *p)
{
	struct timespec wait = { 0, 0 };
	struct epoll_event events[64];
	uint64_t progress = p->start_ns;
	long seen = 0, now_seen;
	int i, n;

	while (p->sent < p->pubs || p->answered < p->sent) {
		wait.tv_nsec = publish_due(p);
		n = epoll_pwait2(p->epoll_fd, events, 64, &wait, NULL);
		for (i = 0; i < n; i++)
			on_readable(p, (int)events[i].data.u32);
		now_seen = p->answered + atomic_load(&p->subs->delivered);
		if (now_seen != seen)
			progress = steady_ns();
		seen = now_seen;
		if (steady_ns() - progress > STALL_S * 1000000000ull) {
			(void)fprintf(stderr, "load: %ld of %ld "
			    "publications answered, then silence\n",
			    p->answered, p->sent);
			return;
		}
	}
}

static void *
publisher_main(void *arg)
{
	struct pub *p = arg;
	int i;

	p->start_ns = steady_ns();
	publish_all(p);
	p->wall_s = (double)(steady_ns() - p->start_ns) / 1e9;
	for (i = 0; i < p->n_conns; i++)
		conn_end(&p->conns[i]);
	atomic_store(&p->is_done, true);
	return NULL;
}

static void
pub_start(struct pub *p)
{
	int i;

	p->n_conns = (int)p->conf->pub_conns;
	if (p->conf->window > 0 && p->n_conns > p->conf->window)
		p->n_conns = (int)p->conf->window;
	p->conns = calloc((size_t)p->n_conns, sizeof(*p->conns));
	p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!p->conns || p->epoll_fd < 0)
		fatal("the publisher cannot start: %s", strerror(errno));
	for (i = 0; i < p->n_conns; i++)
		conn_connect(p, i);
	p->random = 2654435762u;
	p->base = atomic_load(&p->subs->delivered);
}

/* Until everybody has everything, or nothing comes any more. */
static void
pump_until_done(struct pub *p)
{
	uint64_t progress = steady_ns();
	long seen = -1, delivered;

	for (;;) {
		subs_pump(p->subs, 20);
		delivered = atomic_load(&p->subs->delivered) - p->base;
		if (delivered != seen || !atomic_load(&p->is_done))
			progress = steady_ns();
		seen = delivered;
		if (atomic_load(&p->is_done) && (delivered >= p->expected ||
		    (double)(steady_ns() - progress) / 1e9 >
		    p->conf->drain_s))
			break;
	}
	p->delivered = seen;
}

void
pub_run(struct pub *p)
{
	pthread_t thread;

	pub_start(p);
	if (pthread_create(&thread, NULL, publisher_main, p) != 0)
		fatal("no thread for the publisher");
	pump_until_done(p);
	(void)pthread_join(thread, NULL);
	close(p->epoll_fd);
	free(p->conns);
}
