/* SPDX-License-Identifier: MIT */
/*
 * tls - the generator's side of an encrypted connection, over a descriptor
 * that somebody else opened, watches and closes.
 */
#ifndef BENCH_TLS_H
#define BENCH_TLS_H

#include <stddef.h>
#include <sys/types.h>

/* OpenSSL's SSL_CTX and SSL, which nobody else needs the header for. */
struct ssl_ctx_st;
struct ssl_st;

/* What all connections are made with, from any thread. */
struct ssl_ctx_st *tls_new(void);
void tls_free(struct ssl_ctx_st *);		/* NULL is fine */

/* Has to be closed before the descriptor. */
struct ssl_st *tls_open(struct ssl_ctx_st *, int fd);
/* Says no goodbye, as somebody who walks out of reach.  NULL is fine. */
void tls_close(struct ssl_st *);

/* 1: through, 0: when there is more to read, -1: failed. */
int tls_handshake(struct ssl_st *);

/*
 * As send(2) and recv(2) on a descriptor that does not block.  A send that
 * would have to wait is to be repeated with the same bytes.  One record is
 * received at a time, into room for a whole one (16 kB): then no byte stays
 * behind where epoll does not see it.
 */
ssize_t tls_send(struct ssl_st *, const char *p, size_t n);
ssize_t tls_recv(struct ssl_st *, char *out, size_t cap);

#endif
