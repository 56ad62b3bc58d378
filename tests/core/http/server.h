/* SPDX-License-Identifier: MIT */
/*
 * server - a listener in a thread of its own, and raw clients for it.
 *
 * Shared by the tests of core/http that talk over sockets.  What it answers:
 *
 *	/close	"bye", and the connection ends
 *	/later	as the others, after LATER_MS
 *	/big	BIG_SIZE bytes
 *	/lent	BIG_SIZE bytes that are lent; the k-th is k % 251
 *	/hold	nothing; it waits for the peer to go
 *	/take	101, then "taken:" with the early bytes, then an echo
 *	/cors	a preflight; only https://shop.example may
 *	/busy	503 with a form fault
 *	/param	the parameter "p", and the header "X-P", "-" for none
 *	others	"METHOD path|query|length of the body"
 */
#ifndef TEST_HTTP_SERVER_H
#define TEST_HTTP_SERVER_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <semaphore.h>

#include "base/loop.h"
#include "base/metric.h"
#include "http/listen.h"
#include "http/request.h"
#include "net/tls.h"

#define LATER_MS 15
#define BIG_SIZE (4u << 20)

struct server {
	struct listener_conf conf;
	struct listener *listener;
	struct loop *loop;
	struct metrics *metrics;
	pthread_t thread;
	sem_t ready;
	int port;
	int fds_before;
	atomic_llong connections;
	atomic_int held, gone, taken, taken_gone, lent;
	char dir[64];			/* with the certificate, or "" */
};

/* Fill s->conf.limits before; they start generous. */
void server_init(struct server *s);
void server_use_tls(struct server *s);
void server_new_certificate(struct server *s, const char *name);
void server_start(struct server *s);
/* On the server's loop, and waits for it. */
void server_run(struct server *s, void (*fn)(struct server *));
/* Also asserts that no descriptor is left open. */
void server_stop(struct server *s);
int64_t server_count(struct server *s, uint32_t metric);
int count_descriptors(void);
/* Wait (bounded) until *n is want. */
void wait_for(atomic_int *n, int want);
void wait_for_connections(struct server *s, long long want);

struct peer_end {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
};

struct peer_end dial(struct server *s);
void hang_up(struct peer_end *);
void say(struct peer_end *, const char *text);
void say_n(struct peer_end *, const char *p, size_t n);
/* Read until n bytes came or the other side ended; adds a NUL. */
size_t hear(struct peer_end *, char *out, size_t n);
/* Read until text has come; false: the end came first. */
bool hear_text(struct peer_end *, const char *text);
/* Read all until the end, into a buffer that is the caller's. */
char *hear_all(struct peer_end *);
/* One request, all of the answer: the status, 0 when there was none. */
int ask(struct server *s, const char *text, size_t n);
int count_of(const char *text, const char *part);

#endif
