/* SPDX-License-Identifier: MIT */
/*
 * server - a listener in a thread of its own, and raw clients for it.
 *
 * Clients block, with a limit on every read, so that a test that would hang
 * fails.
 */
#include "server.h"

#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "http/cors.h"
#include "http/problem.h"

#define HEAR_S 10

/* ---- What it answers ---------------------------------------------------- */

struct taken_end {
	struct server *server;
	char peer[48];
};

static void
taken_on_read(struct bufferevent *bev, void *arg)
{
	(void)arg;
	bufferevent_write_buffer(bev, bufferevent_get_input(bev));
}

static void
taken_on_event(struct bufferevent *bev, short what, void *arg)
{
	struct taken_end *end = arg;

	if (what & BEV_EVENT_CONNECTED)
		return;
	bufferevent_free(bev);
	listener_released(end->server->listener, end->peer);
	free(end);
}

/* What a stream sends goes out at once: nobody sets it later. */
static void
check_nodelay(int fd)
{
	socklen_t len = sizeof(int);
	int on = 0;

	ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len),
	    0);
	ck_assert_int_ne(on, 0);
}

static void
on_taken(void *arg, const struct taken *t)
{
	struct server *s = arg;
	struct bufferevent *bev = t->bev;
	struct taken_end *end;

	atomic_fetch_add(&s->taken, 1);
	if (t->fd < 0 && !bev) {
		atomic_fetch_add(&s->taken_gone, 1);
		return;
	}
	if (!bev)
		bev = bufferevent_socket_new(loop_base(s->loop), t->fd,
		    BEV_OPT_CLOSE_ON_FREE);
	check_nodelay(bufferevent_getfd(bev));
	ck_assert_uint_eq(evbuffer_get_length(bufferevent_get_input(bev)), 0);
	end = mem_alloc(sizeof(*end));
	end->server = s;
	memcpy(end->peer, t->peer, sizeof(end->peer));
	bufferevent_setcb(bev, taken_on_read, NULL, taken_on_event, end);
	bufferevent_write(bev, "taken:", 6);
	bufferevent_write(bev, t->early.p, t->early.n);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

static void
answer_echo(struct request **r)
{
	char *text = mem_printf("%s %s|%s|%zu\n", request_method(*r),
	    request_path(*r), request_query(*r), request_body(*r).n);
	struct answer a = { .status = 200, .content_type = "text/plain",
	    .body = { text, strlen(text) },
	    .close = !strcmp(request_path(*r), "/close") };

	request_add_header(*r, "X-Test", "yes");
	request_answer(r, &a);
	free(text);
}

static void
answer_big(struct request **r)
{
	char *p = mem_alloc(BIG_SIZE);
	struct answer a = { .status = 200, .content_type = "text/plain",
	    .body = { p, BIG_SIZE } };

	memset(p, 'b', BIG_SIZE);
	request_answer(r, &a);
	free(p);
}

struct loan {
	struct server *server;
	unsigned char bytes[BIG_SIZE];
};

static void
on_release(void *arg)
{
	struct loan *loan = arg;

	atomic_fetch_sub(&loan->server->lent, 1);
	free(loan);
}

static void
answer_lent(struct server *s, struct request **r)
{
	struct loan *loan = mem_alloc(sizeof(*loan));
	struct answer a = { .status = 200, .content_type = "text/plain",
	    .body = { loan->bytes, BIG_SIZE }, .release = on_release,
	    .arg = loan };

	loan->server = s;
	for (size_t i = 0; i < BIG_SIZE; i++)
		loan->bytes[i] = (unsigned char)(i % 251);
	atomic_fetch_add(&s->lent, 1);
	request_answer(r, &a);
}

static void
answer_cors(struct request **r)
{
	const char *origin = request_header(*r, "origin");

	cors_preflight(r, cors_is_allowed("https://shop.example", NULL,
	    origin), "GET, PATCH");
}

static void
answer_busy(struct request **r)
{
	struct form_faults faults = { 0 };

	form_fault(&faults, "items[0].name", "is missing");
	problem_answer(r, 503, NULL, "Come back.", &faults, 0);
}

static void
answer_param(struct request **r)
{
	const char *p = request_param(*r, "p");
	const char *h = request_header(*r, "X-P");
	char *text = mem_printf("p=%s h=%s\n", p ? p : "-", h ? h : "-");
	struct answer a = { .status = 200, .content_type = "text/plain",
	    .body = { text, strlen(text) }, .close = true };

	request_add_header(*r, "X-Bad", "a\r\nX-Split: b");
	request_answer(r, &a);
	free(text);
}

static void
answer_type(struct request **r)
{
	struct answer a = { .status = 200,
	    .content_type = "a/b\r\nX-Split: c", .body = { "x", 1 },
	    .close = true };

	request_answer(r, &a);
}

static void
later(void *arg)
{
	struct request *r = arg;

	answer_echo(&r);
}

struct held {
	struct server *server;
	struct request *request;
};

static void
on_gone(void *arg)
{
	struct held *h = arg;
	struct answer a = { .status = 200 };

	request_answer(&h->request, &a);
	atomic_fetch_add(&h->server->gone, 1);
	free(h);
}

static void
on_request(void *arg, struct request *r)
{
	static const char head[] = "HTTP/1.1 101 Switching Protocols\r\n"
	    "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
	struct server *s = arg;
	const char *path = request_path(r);
	struct held *h;

	ck_assert(request_loop(r) == s->loop);
	ck_assert_str_eq(request_peer(r), "127.0.0.1");
	ck_assert(request_peer_is_loopback(r));
	if (!strcmp(path, "/later")) {
		loop_timer_start(s->loop, LATER_MS, later, r);
	} else if (!strcmp(path, "/big")) {
		answer_big(&r);
	} else if (!strcmp(path, "/lent")) {
		answer_lent(s, &r);
	} else if (!strcmp(path, "/cors")) {
		answer_cors(&r);
	} else if (!strcmp(path, "/busy")) {
		answer_busy(&r);
	} else if (!strcmp(path, "/param")) {
		answer_param(&r);
	} else if (!strcmp(path, "/type")) {
		answer_type(&r);
	} else if (!strcmp(path, "/hold")) {
		h = mem_alloc(sizeof(*h));
		h->server = s;
		h->request = r;
		request_on_gone(r, on_gone, h);
		atomic_fetch_add(&s->held, 1);
	} else if (!strcmp(path, "/take")) {
		request_take(&r, (struct ow_bytes){ head, sizeof(head) - 1 },
		    on_taken, s);
	} else {
		answer_echo(&r);
	}
}

/* ---- Its life ----------------------------------------------------------- */

int
count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

void
server_init(struct server *s)
{
	memset(s, 0, sizeof(*s));
	signal(SIGPIPE, SIG_IGN);
	s->conf.address = "127.0.0.1:0";
	s->conf.reuse_port = true;
	s->conf.limits = (struct guard_limits){ 16384, 262144, 10000, 10000,
	    10000, 1000, 0, false };
}

static void
write_pem(const char *dir, EVP_PKEY *key, X509 *cert)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "%s/key.pem", dir);
	f = fopen(path, "w");
	PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	snprintf(path, sizeof(path), "%s/cert.pem", dir);
	f = fopen(path, "w");
	PEM_write_X509(f, cert);
	fclose(f);
}

void
server_new_certificate(struct server *s, const char *name)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *subject = X509_get_subject_name(cert);

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(cert, subject);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	write_pem(s->dir, key, cert);
	X509_free(cert);
	EVP_PKEY_free(key);
}

void
server_use_tls(struct server *s)
{
	char cert[96], key[96];
	struct ow_fault fault;

	strcpy(s->dir, "/tmp/ow-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(s->dir));
	server_new_certificate(s, "first");
	snprintf(cert, sizeof(cert), "%s/cert.pem", s->dir);
	snprintf(key, sizeof(key), "%s/key.pem", s->dir);
	ck_assert_int_eq(tls_new(cert, key, &s->conf.tls, &fault), OW_OK);
}

static void *
server_main(void *arg)
{
	struct server *s = arg;
	struct ow_fault fault;
	int err;

	s->loop = loop_new("front");
	s->conf.loop = s->loop;
	err = listener_new(&s->conf, &s->listener, &fault);
	ck_assert_msg(err == OW_OK, "%s", fault.text);
	s->port = atoi(strrchr(listener_address(s->listener), ':') + 1);
	sem_post(&s->ready);
	loop_run(s->loop);
	listener_free(&s->listener);
	loop_free(&s->loop);
	return NULL;
}

void
server_start(struct server *s)
{
	s->fds_before = count_descriptors();
	s->metrics = metrics_new();
	s->conf.connections = &s->connections;
	s->conf.metrics = metric_set_new(s->metrics, "http", listen_metrics,
	    NULL, NULL);
	s->conf.on_request = on_request;
	s->conf.arg = s;
	sem_init(&s->ready, 0, 0);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, server_main, s), 0);
	sem_wait(&s->ready);
}

struct errand {
	struct server *server;
	void (*fn)(struct server *);
	sem_t done;
};

static void
errand_run(void *arg)
{
	struct errand *e = arg;

	e->fn(e->server);
	sem_post(&e->done);
}

void
server_run(struct server *s, void (*fn)(struct server *))
{
	struct errand e = { .server = s, .fn = fn };

	sem_init(&e.done, 0, 0);
	loop_post(s->loop, errand_run, &e);
	sem_wait(&e.done);
	sem_destroy(&e.done);
}

void
server_stop(struct server *s)
{
	char path[96];

	loop_stop(s->loop);
	pthread_join(s->thread, NULL);
	ck_assert_int_eq(atomic_load(&s->connections), 0);
	ck_assert_int_eq(metric_get(s->conf.metrics, LISTEN_M_OPEN), 0);
	metric_set_free(&s->conf.metrics);
	metrics_free(&s->metrics);
	sem_destroy(&s->ready);
	tls_free(&s->conf.tls);
	if (s->dir[0]) {
		snprintf(path, sizeof(path), "%s/cert.pem", s->dir);
		unlink(path);
		snprintf(path, sizeof(path), "%s/key.pem", s->dir);
		unlink(path);
		rmdir(s->dir);
	}
	ck_assert_int_eq(count_descriptors(), s->fds_before);
}

int64_t
server_count(struct server *s, uint32_t metric)
{
	return metric_get(s->conf.metrics, metric);
}

/* The other thread has to be given time; a breach ends in the assertion. */
static void
nap(void)
{
	const struct timespec ms = { 0, 1000000 };

	nanosleep(&ms, NULL);
}

void
wait_for(atomic_int *n, int want)
{
	int i;

	for (i = 0; i < HEAR_S * 1000 && atomic_load(n) != want; i++)
		nap();
	ck_assert_int_eq(atomic_load(n), want);
}

void
wait_for_connections(struct server *s, long long want)
{
	int i;

	for (i = 0; i < HEAR_S * 1000 &&
	    atomic_load(&s->connections) != want; i++)
		nap();
	ck_assert_int_eq(atomic_load(&s->connections), want);
}

/* ---- Clients ------------------------------------------------------------ */

struct peer_end
dial(struct server *s)
{
	static const struct timeval limit = { HEAR_S, 0 };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct peer_end p = { .fd = -1 };

	sin.sin_port = htons((uint16_t)s->port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(p.fd, 0);
	setsockopt(p.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	ck_assert_int_eq(connect(p.fd, (struct sockaddr *)&sin, sizeof(sin)),
	    0);
	if (!s->conf.tls)
		return p;
	p.ctx = SSL_CTX_new(TLS_client_method());
	p.ssl = SSL_new(p.ctx);
	SSL_set_fd(p.ssl, p.fd);
	ck_assert_int_eq(SSL_connect(p.ssl), 1);
	return p;
}

void
hang_up(struct peer_end *p)
{
	SSL_free(p->ssl);
	SSL_CTX_free(p->ctx);
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->ssl = NULL;
	p->ctx = NULL;
}

void
say_n(struct peer_end *p, const char *text, size_t n)
{
	ssize_t k;

	for (; n; text += k, n -= (size_t)k) {
		k = p->ssl ? SSL_write(p->ssl, text, (int)n) :
		    send(p->fd, text, n, MSG_NOSIGNAL);
		if (k <= 0)
			return;		/* what comes back will tell */
	}
}

void
say(struct peer_end *p, const char *text)
{
	say_n(p, text, strlen(text));
}

size_t
hear(struct peer_end *p, char *out, size_t n)
{
	size_t got = 0;
	ssize_t k;

	while (got < n) {
		k = p->ssl ? SSL_read(p->ssl, out + got, (int)(n - got)) :
		    recv(p->fd, out + got, n - got, 0);
		if (k <= 0) {
			ck_assert_msg(p->ssl || !k || errno == ECONNRESET,
			    "nothing came in time");
			break;
		}
		got += (size_t)k;
	}
	out[got] = '\0';
	return got;
}

bool
hear_text(struct peer_end *p, const char *text)
{
	char line[65536];
	size_t n = 0;

	line[0] = '\0';
	while (!strstr(line, text) && n < sizeof(line) - 1 &&
	    hear(p, line + n, 1))
		n++;
	return strstr(line, text) != NULL;
}

char *
hear_all(struct peer_end *p)
{
	size_t max = BIG_SIZE + 65536;
	char *text = mem_alloc(max + 1);

	hear(p, text, max);
	return text;
}

int
ask(struct server *s, const char *text, size_t n)
{
	struct peer_end p = dial(s);
	int status = 0;
	char *all;

	say_n(&p, text, n);
	all = hear_all(&p);
	sscanf(all, "HTTP/1.1 %d ", &status);
	free(all);
	hang_up(&p);
	return status;
}

int
count_of(const char *text, const char *part)
{
	int n = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}
