/* SPDX-License-Identifier: MIT */
/*
 * link - descriptors in our own epoll set, and bufferevents behind the same
 * few calls.
 *
 * libevent would keep 128 bytes for each descriptor and make two more system
 * calls each time a socket was full for a moment.  The set is level-triggered:
 * whoever does not read all is told again.
 *
 * Knows no streams and no messages.  Pausing is done by not wanting to read;
 * EPOLLRDHUP then still says when the peer has gone.
 */
#include "net/link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/loop.h"
#include "base/mem.h"

#define LINK_BATCH 256		/* ready descriptors at a time */
#define LINK_READ_MAX 65536
#define LINK_RECORD_MAX 15000	/* fits into one TLS record */

struct link_set {
	int epoll;
	struct event *event;
	void (*ready)(struct link *, unsigned int what);
	char *read_buf;
};

/* ---- The set ----------------------------------------------------------- */

static unsigned int
link_what(const struct link *l, uint32_t events)
{
	unsigned int what = 0;

	if ((events & EPOLLIN) != 0 && l->is_reading)
		what |= LINK_READABLE;
	if ((events & EPOLLOUT) != 0 && l->is_writing)
		what |= LINK_WRITABLE;
	if ((events & EPOLLERR) != 0)
		return LINK_GONE;
	/* With something left to read, the end is found behind it. */
	if ((events & (EPOLLHUP | EPOLLRDHUP)) != 0 &&
	    (what & LINK_READABLE) == 0)
		return LINK_GONE;
	return what;
}

static void
link_on_epoll(evutil_socket_t fd, short what, void *arg)
{
	struct link_set *set = arg;
	struct epoll_event ev[LINK_BATCH];
	int i, n;

	(void)what;
	n = epoll_wait(fd, ev, LINK_BATCH, 0);
	for (i = 0; i < n; i++) {
		struct link *l = ev[i].data.ptr;
		unsigned int bits;

		if (l->fd < 0)
			continue;	/* closed by one before it */
		bits = link_what(l, ev[i].events);
		if (bits != 0)
			set->ready(l, bits);
	}
}

struct link_set *
link_set_new(struct loop *loop,
    void (*ready)(struct link *, unsigned int what))
{
	struct link_set *set;

	set = mem_alloc(sizeof(*set));
	set->ready = ready;
	set->read_buf = mem_alloc(LINK_READ_MAX);
	set->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (set->epoll >= 0)
		set->event = event_new(loop_base(loop), set->epoll,
		    EV_READ | EV_PERSIST, link_on_epoll, set);
	if (set->event == NULL || event_add(set->event, NULL) != 0)
		link_set_free(&set);
	return set;
}

void
link_set_free(struct link_set **setp)
{
	struct link_set *set = *setp;

	*setp = NULL;
	if (set == NULL)
		return;
	if (set->event != NULL)
		event_free(set->event);
	if (set->epoll >= 0)
		close(set->epoll);
	free(set->read_buf);
	free(set);
}

/* ---- TLS --------------------------------------------------------------- */

/* A bufferevent's callbacks get one argument and need two.  Kept as long as
   the connection lives. */
struct link_tls {
	struct link *link;
	struct link_set *set;
};

static void
link_on_bev_read(struct bufferevent *bev, void *arg)
{
	struct link_tls *t = arg;

	(void)bev;
	if (t->link->is_reading)
		t->set->ready(t->link, LINK_READABLE);
}

static void
link_on_bev_write(struct bufferevent *bev, void *arg)
{
	struct link_tls *t = arg;

	(void)bev;
	if (t->link->is_writing)
		t->set->ready(t->link, LINK_WRITABLE);
}

static void
link_on_bev_event(struct bufferevent *bev, short what, void *arg)
{
	struct link_tls *t = arg;
	size_t left = evbuffer_get_length(bufferevent_get_input(bev));

	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) == 0)
		return;
	t->link->is_eof = true;
	if ((what & BEV_EVENT_ERROR) != 0)
		t->link->is_broken = true;
	t->set->ready(t->link, left > 0 && t->link->is_reading ?
	    LINK_READABLE : LINK_GONE);
}

static void
link_open_bev(struct link *l, struct link_set *set, struct bufferevent *bev)
{
	struct link_tls *t;

	t = mem_alloc(sizeof(*t));
	t->link = l;
	t->set = set;
	l->bev = bev;
	l->fd = bufferevent_getfd(bev);
	/* What link_send_ssl began, the bufferevent may have to go on with,
	   from another place. */
	SSL_set_mode(bufferevent_openssl_get_ssl(bev),
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	bufferevent_set_timeouts(bev, NULL, NULL);
	bufferevent_setwatermark(bev, EV_READ, 0, LINK_READ_MAX);
	bufferevent_setwatermark(bev, EV_WRITE, 0, 0);
	bufferevent_setcb(bev, link_on_bev_read, link_on_bev_write,
	    link_on_bev_event, t);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	if (evbuffer_get_length(bufferevent_get_input(bev)) > 0)
		bufferevent_trigger(bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
}

static void
link_close_bev(struct link *l)
{
	void *t = NULL;

	bufferevent_getcb(l->bev, NULL, NULL, NULL, &t);
	bufferevent_setcb(l->bev, NULL, NULL, NULL, NULL);
	bufferevent_free(l->bev);
	l->bev = NULL;
	free(t);
}

/*
 * While nothing waits in the bufferevent, straight into TLS: arming and
 * disarming its write event would cost two system calls a send.  A record that
 * went only half into the socket stays in OpenSSL, which wants to be offered
 * the same bytes again: given them in one piece, the bufferevent does so.
 */
static ssize_t
link_send_ssl(struct link *l, const struct iovec *v)
{
	SSL *ssl = bufferevent_openssl_get_ssl(l->bev);
	int n;

	ERR_clear_error();
	n = SSL_write(ssl, v->iov_base, (int)v->iov_len);
	if (n > 0)
		return n;
	n = SSL_get_error(ssl, n);
	ERR_clear_error();
	if ((n != SSL_ERROR_WANT_WRITE && n != SSL_ERROR_WANT_READ) ||
	    bufferevent_write(l->bev, v->iov_base, v->iov_len) != 0)
		return OW_EIO;
	return (ssize_t)v->iov_len;
}

static ssize_t
link_send_bev(struct link *l, const struct iovec *v, int n)
{
	struct evbuffer *out = bufferevent_get_output(l->bev);
	size_t room, taken = 0;
	int i;

	if (l->is_broken)
		return OW_EIO;
	room = evbuffer_get_length(out);
	if (room == 0 && n == 1 && v->iov_len <= LINK_RECORD_MAX &&
	    v->iov_len > 0)
		return link_send_ssl(l, v);
	room = room < LINK_TLS_MAX ? LINK_TLS_MAX - room : 0;
	for (i = 0; i < n && room > 0; i++) {
		size_t part = v[i].iov_len < room ? v[i].iov_len : room;

		/* Copied: TLS makes a record of each chain it meets. */
		if (bufferevent_write(l->bev, v[i].iov_base, part) != 0)
			return OW_EIO;
		taken += part;
		room -= part;
	}
	return (ssize_t)taken;
}

static ssize_t
link_read_bev(struct link *l, struct link_set *set)
{
	int n = bufferevent_read(l->bev, set->read_buf, LINK_READ_MAX);

	if (n > 0)
		return n;
	if (l->is_broken)
		return OW_EIO;
	return l->is_eof ? OW_ENOENT : 0;
}

/* ---- Links ------------------------------------------------------------- */

static uint32_t
link_events(const struct link *l)
{
	return EPOLLRDHUP | (l->is_reading ? EPOLLIN : 0u) |
	    (l->is_writing ? EPOLLOUT : 0u);
}

static int
link_add(struct link *l, struct link_set *set)
{
	struct epoll_event ev = { .events = link_events(l), .data.ptr = l };

	return epoll_ctl(set->epoll, EPOLL_CTL_ADD, l->fd, &ev);
}

/* TCP_NODELAY comes from the listener.  Failures are fine: the socket may be
   no TCP. */
static void
link_tune(int fd, int64_t quiet_ms)
{
	unsigned int ms = (unsigned int)quiet_ms;

	/* RFC 5482: without it a vanished peer is found after 15 minutes. */
	if (quiet_ms > 0)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms,
		    sizeof(ms));
}

int
link_open(struct link *l, struct link_set *set, int fd,
    struct bufferevent *bev, int64_t quiet_ms)
{
	OW_ASSERT((fd >= 0) != (bev != NULL) && l->fd < 0);
	l->is_reading = true;
	l->is_writing = l->is_eof = l->is_broken = false;
	if (bev != NULL) {
		link_open_bev(l, set, bev);
		link_tune(l->fd, quiet_ms);
		return OW_OK;
	}
	l->fd = fd;
	link_tune(fd, quiet_ms);
	if (link_add(l, set) == 0)
		return OW_OK;
	close(fd);
	l->fd = -1;
	return OW_EIO;
}

void
link_close(struct link *l, struct link_set *set)
{
	if (l->fd < 0)
		return;
	if (l->bev != NULL) {
		link_close_bev(l);
	} else {
		/* The descriptor may live on in a forked child. */
		(void)epoll_ctl(set->epoll, EPOLL_CTL_DEL, l->fd, NULL);
		close(l->fd);
	}
	l->fd = -1;
}

bool
link_is_open(const struct link *l)
{
	return l->fd >= 0;
}

ssize_t
link_send(struct link *l, const struct iovec *v, int n)
{
	ssize_t sent;

	if (l->bev != NULL)
		return link_send_bev(l, v, n);
	if (n == 1) {
		sent = send(l->fd, v->iov_base, v->iov_len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
	} else {
		struct msghdr m = {
			.msg_iov = (struct iovec *)v,
			.msg_iovlen = (size_t)n,
		};

		sent = sendmsg(l->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	if (sent >= 0)
		return sent;
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
		return 0;
	return OW_EIO;
}

size_t
link_unsent(const struct link *l)
{
	if (l->bev == NULL)
		return 0;
	return evbuffer_get_length(bufferevent_get_output(l->bev));
}

ssize_t
link_read(struct link *l, struct link_set *set, const void **out)
{
	ssize_t n;

	if (l->bev != NULL) {
		n = link_read_bev(l, set);
	} else {
		n = recv(l->fd, set->read_buf, LINK_READ_MAX, MSG_DONTWAIT);
		if (n == 0)
			n = OW_ENOENT;
		else if (n < 0)
			n = errno == EAGAIN || errno == EINTR ? 0 : OW_EIO;
	}
	if (n > 0)
		*out = set->read_buf;
	return n;
}

void
link_want(struct link *l, struct link_set *set, bool rd, bool wr)
{
	struct epoll_event ev = { .data.ptr = l };

	if (l->fd < 0 || (l->is_reading == rd && l->is_writing == wr))
		return;
	if (l->bev != NULL && l->is_reading != rd) {
		if (rd)
			bufferevent_enable(l->bev, EV_READ);
		else
			bufferevent_disable(l->bev, EV_READ);
	}
	/* What came before the pause is waited for by nobody else. */
	if (l->bev != NULL && rd && !l->is_reading &&
	    (l->is_eof || evbuffer_get_length(bufferevent_get_input(l->bev))))
		bufferevent_trigger(l->bev, EV_READ, BEV_TRIG_DEFER_CALLBACKS);
	l->is_reading = rd;
	l->is_writing = wr;
	if (l->bev != NULL)
		return;
	ev.events = link_events(l);
	(void)epoll_ctl(set->epoll, EPOLL_CTL_MOD, l->fd, &ev);
}

void
link_shut(struct link *l)
{
	SSL *ssl;

	if (l->bev != NULL) {
		ssl = bufferevent_openssl_get_ssl(l->bev);
		/* Says close_notify; one that fails has no peer any more. */
		if (ssl != NULL)
			(void)SSL_shutdown(ssl);
	}
	(void)shutdown(l->fd, SHUT_WR);
}
