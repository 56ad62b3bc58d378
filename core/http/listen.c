/* SPDX-License-Identifier: MIT */
/*
 * listen - a listening socket, and who may come in.
 *
 * It binds the socket itself and lets libevhtp accept from it; before a
 * connection is made anything of, it is counted against the limits of the
 * process and of its address, or turned away with 503 or 429.  It never looks
 * at bytes: each connection goes to a gate at once.
 *
 * Invariants: who was let in is counted out exactly once (listener_released);
 * at most ACCEPT_TURN connections come in a turn, so a flood does not starve
 * those who are in; without descriptors nothing spins: accepting rests for
 * REST_MS, after a spare descriptor has turned those away who wait.
 */
#include "http/listen.h"

#include <errno.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "http/gate.h"
#include "net/tls.h"

#define ACCEPT_TURN 64
#define BACKLOG 1024
#define REST_MS 100
#define STRANGERS_MAX 64	/* who are told why and waited for */
#define USER_TIMEOUT_MS 60000	/* unacknowledged bytes: the peer is gone */

/* How many connections an address has. */
struct address_count {
	char text[ADDRESS_SIZE];
	int64_t n;
	UT_hash_handle hh;
};

struct listener {
	struct listener_conf conf;
	struct gates gates;
	evhtp_t *htp;
	char address[ADDRESS_PORT_SIZE];
	struct address_count *addresses;
	struct peer arriving;	/* between libevhtp's two accept hooks */
	int spare_fd;
	struct loop_timer *rest;
	struct turn_hook turn;
	uint32_t n_in_turn;
};

const struct ow_metric listen_metrics[] = {
	[LISTEN_M_ACCEPTED] = { "connections_accepted_total", OW_COUNTER,
	    "Connections that came." },
	[LISTEN_M_REFUSED] = { "connections_refused_total", OW_COUNTER,
	    "Connections turned away with 503 or 429." },
	[LISTEN_M_BAD_REQUESTS] = { "bad_requests_total", OW_COUNTER,
	    "Requests that were refused unread." },
	[LISTEN_M_OPEN] = { "connections_open", OW_GAUGE,
	    "Connections that are open, streams among them." },
	[LISTEN_M_TIMEOUTS] = { "timeouts_total", OW_COUNTER,
	    "Peers that were too slow to ask or to read." },
	[LISTEN_M_OUT_OF_DESCRIPTORS] = { "out_of_descriptors_total",
	    OW_COUNTER, "Times that accepting rested without descriptors." },
	OW_METRICS_END
};

/* ---- What all connections share ----------------------------------------- */

void
gates_count(struct gates *gates, uint32_t metric, int64_t n)
{
	if (gates->conf->metrics)
		metric_add(gates->conf->metrics, metric, n);
}

/* RFC 9110, 5.6.7.  strftime would write in the locale's language. */
const char *
gates_date(struct gates *gates)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
	    "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now_s = (time_t)(loop_wall_ms(gates->conf->loop) / 1000);
	struct tm tm;

	if (gates->date[0] && gates->date_s == now_s)
		return gates->date;
	gates->date_s = now_s;
	gmtime_r(&now_s, &tm);
	snprintf(gates->date, sizeof(gates->date),
	    "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday % 7],
	    tm.tm_mday % 100, months[tm.tm_mon % 12],
	    (tm.tm_year + 1900) % 10000, tm.tm_hour % 100, tm.tm_min % 100,
	    tm.tm_sec % 100);
	return gates->date;
}

/* ---- Who may come in ---------------------------------------------------- */

static void
count_out_address(struct listener *l, const char *peer)
{
	struct address_count *a;

	HASH_FIND_STR(l->addresses, peer, a);
	if (!a || --a->n > 0)
		return;
	HASH_DEL(l->addresses, a);
	free(a);
}

static bool
count_in_address(struct listener *l, const struct peer *peer)
{
	const struct guard_limits *limits = &l->conf.limits;
	struct address_count *a;

	if (!limits->connections_per_address)
		return true;
	HASH_FIND_STR(l->addresses, peer->text, a);
	if (a && a->n >= limits->connections_per_address &&
	    !(limits->loopback_exempt && peer->is_loopback))
		return false;
	if (!a) {
		a = mem_alloc(sizeof(*a));
		memcpy(a->text, peer->text, sizeof(a->text));
		HASH_ADD_STR(l->addresses, text, a);
	}
	a->n++;
	return true;
}

/* 0: let in and counted; else the status that says why not. */
static int
listener_admit(struct listener *l, const struct peer *peer)
{
	if (atomic_fetch_add(l->conf.connections, 1) >=
	    l->conf.limits.connections_max) {
		atomic_fetch_sub(l->conf.connections, 1);
		return 503;
	}
	if (!count_in_address(l, peer)) {
		atomic_fetch_sub(l->conf.connections, 1);
		return 429;
	}
	gates_count(&l->gates, LISTEN_M_OPEN, 1);
	return 0;
}

void
listener_released(struct listener *l, const char *peer)
{
	atomic_fetch_sub(l->conf.connections, 1);
	gates_count(&l->gates, LISTEN_M_OPEN, -1);
	if (l->conf.limits.connections_per_address)
		count_out_address(l, peer);
}

/* Tell a stranger why, as far as it costs nothing; fd stays the caller's.  A
   TLS peer could not read it. */
static void
listener_turn_away(struct listener *l, int fd, int status)
{
	struct bufferevent *bev = NULL;
	struct buf text;
	int copy;

	gates_count(&l->gates, LISTEN_M_REFUSED, 1);
	if (l->conf.tls)
		return;
	request_write_refusal(&l->gates, status, &text);
	copy = l->gates.n_strangers < STRANGERS_MAX ?
	    fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (copy >= 0)
		bev = bufferevent_socket_new(loop_base(l->conf.loop), copy,
		    BEV_OPT_CLOSE_ON_FREE);
	if (bev) {
		(void)bufferevent_write(bev, text.p, text.n);
		goodbye_start(&l->gates, bev, NULL);
	} else {
		/* Whether it arrives is the peer's luck. */
		(void)!send(fd, text.p, text.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (copy >= 0)
			close(copy);
	}
	buf_done(&text);
}

/* ---- Accepting ---------------------------------------------------------- */

static void
listener_on_turn(void *arg)
{
	struct listener *l = arg;

	l->n_in_turn = 0;
	if (l->htp->server && !l->rest)
		evconnlistener_enable(l->htp->server);
}

/* Those who wait longer than this turn wait in the kernel. */
static void
listener_pace(struct listener *l)
{
	loop_at_turn_end(l->conf.loop, &l->turn);
	if (++l->n_in_turn >= ACCEPT_TURN)
		evconnlistener_disable(l->htp->server);
}

/* Connections to come get the context of the last reload. */
static void
listener_renew_tls(struct listener *l)
{
	SSL_CTX *ctx;

	if (!l->conf.tls)
		return;
	ctx = tls_context(l->conf.tls);
	SSL_CTX_free(l->htp->ssl_ctx);
	l->htp->ssl_ctx = ctx;
}

/* libevhtp asks; not OK makes it close the socket. */
static evhtp_res
listener_on_arrival(evhtp_connection_t *conn, void *arg)
{
	struct listener *l = arg;
	int status;

	gates_count(&l->gates, LISTEN_M_ACCEPTED, 1);
	listener_pace(l);
	(void)fcntl(conn->sock, F_SETFD, FD_CLOEXEC);	/* it is open */
	address_text(conn->saddr, l->arriving.text);
	l->arriving.is_loopback = address_is_loopback(conn->saddr);
	status = listener_admit(l, &l->arriving);
	if (status) {
		listener_turn_away(l, conn->sock, status);
		return EVHTP_RES_ERROR;
	}
	listener_renew_tls(l);
	return EVHTP_RES_OK;
}

static evhtp_res
listener_on_connection(evhtp_connection_t *conn, void *arg)
{
	struct listener *l = arg;

	gate_attach(&l->gates, conn, &l->arriving);
	return EVHTP_RES_OK;
}

static void
listener_on_rested(void *arg)
{
	struct listener *l = arg;

	l->rest = NULL;
	if (l->htp->server)
		evconnlistener_enable(l->htp->server);
}

/* Accept whoever waits, only to say no.  At most `most`. */
static void
listener_sweep(struct listener *l, int most)
{
	int server = evconnlistener_get_fd(l->htp->server);
	int fd;

	for (; most > 0; most--) {
		fd = accept4(server, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		listener_turn_away(l, fd, 503);
		close(fd);
	}
}

static void
listener_on_error(struct evconnlistener *server, void *arg)
{
	struct listener *l = ((evhtp_t *)arg)->arg;
	int err = errno;

	evconnlistener_disable(server);
	if (!l->rest)
		l->rest = loop_timer_start(l->conf.loop, REST_MS,
		    listener_on_rested, l);
	log_warn("http", "accept failed, resting",
	    LOG_STR("listener", l->address), LOG_INT("errno", err));
	if (err != EMFILE && err != ENFILE)
		return;
	gates_count(&l->gates, LISTEN_M_OUT_OF_DESCRIPTORS, 1);
	if (l->spare_fd >= 0)
		close(l->spare_fd);
	listener_sweep(l, ACCEPT_TURN);
	l->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* ---- Making and ending -------------------------------------------------- */

static int
listener_fault(const struct listener *l, const char *what,
    struct ow_fault *fault)
{
	snprintf(fault->text, sizeof(fault->text), "%s %.60s: %s", what,
	    l->conf.address, strerror(errno));
	return OW_EIO;
}

/* Accepted sockets inherit the TCP options. */
static bool
set_options(int fd, bool reuse_port)
{
	const int on = 1, timeout_ms = USER_TIMEOUT_MS;

	return !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
	    (!reuse_port || !setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on,
	    sizeof(on))) &&
	    !setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) &&
	    !setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) &&
	    !setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms,
	    sizeof(timeout_ms));
}

static int
listener_bind(struct listener *l, int *out_fd,
    struct ow_fault *fault)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, err;

	err = address_parse(l->conf.address, &ss, &len, fault);
	if (err)
		return err;
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd < 0)
		return listener_fault(l, "cannot listen on", fault);
	if (!set_options(fd, l->conf.reuse_port) ||
	    bind(fd, (struct sockaddr *)&ss, len) ||
	    getsockname(fd, (struct sockaddr *)&ss, &len)) {
		err = listener_fault(l, "cannot listen on", fault);
		close(fd);
		return err;
	}
	address_text_port((struct sockaddr *)&ss, l->address);
	*out_fd = fd;
	return OW_OK;
}

/* Takes fd. */
static int
listener_open(struct listener *l, int fd, struct ow_fault *fault)
{
	l->htp = evhtp_new(loop_base(l->conf.loop), l);
	if (!l->htp || evhtp_accept_socket(l->htp, fd, BACKLOG)) {
		close(fd);
		return listener_fault(l, "cannot listen on", fault);
	}
	evhtp_disable_flag(l->htp, EVHTP_FLAG_ENABLE_100_CONT);
	evhtp_set_gencb(l->htp, gate_on_evhtp_request, &l->gates);
	evhtp_set_pre_accept_cb(l->htp, listener_on_arrival, l);
	evhtp_set_post_accept_cb(l->htp, listener_on_connection, l);
	evconnlistener_set_error_cb(l->htp->server, listener_on_error);
	return OW_OK;
}

int
listener_new(const struct listener_conf *conf, struct listener **out,
    struct ow_fault *fault)
{
	struct listener *l;
	int fd = -1;
	int err;

	l = mem_alloc(sizeof(*l));
	l->conf = *conf;
	l->gates.listener = l;
	l->gates.conf = &l->conf;
	l->turn.fn = listener_on_turn;
	l->turn.arg = l;
	l->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	err = listener_bind(l, &fd, fault);
	if (!err)
		err = listener_open(l, fd, fault);
	l->conf.address = l->address;	/* the caller's may go */
	if (err)
		listener_free(&l);
	else
		*out = l;
	return err;
}

const char *
listener_address(const struct listener *l)
{
	return l->address;
}

static void
listener_close(struct listener *l)
{
	loop_timer_cancel(&l->rest);
	loop_turn_cancel(l->conf.loop, &l->turn);
	if (l->htp)
		evhtp_unbind_socket(l->htp);
}

void
listener_drain(struct listener *l)
{
	/* Who waits in the kernel would be reset: better told. */
	if (l->htp->server)
		listener_sweep(l, BACKLOG);
	listener_close(l);
	gates_drain(&l->gates);
}

void
listener_free(struct listener **out_l)
{
	struct listener *l = *out_l;
	struct address_count *a, *next;

	if (!l)
		return;
	listener_close(l);
	gates_done(&l->gates);
	HASH_ITER(hh, l->addresses, a, next) {
		HASH_DEL(l->addresses, a);
		free(a);
	}
	evhtp_free(l->htp);
	if (l->spare_fd >= 0)
		close(l->spare_fd);
	free(l);
	*out_l = NULL;
}
