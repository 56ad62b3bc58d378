/* SPDX-License-Identifier: MIT */
/*
 * tls - our own SSL_CTX: libevhtp's setup ignores errors (and sets the wrong
 * flag), so it is never used.
 *
 * TLS 1.2 and 1.3, ALPN http/1.1, SSL_MODE_RELEASE_BUFFERS.  A reload makes a
 * new context for connections to come; open ones keep theirs.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <orderwire/plugin.h>

struct ssl_ctx_st;
struct tls;

int tls_new(const char *certificate, const char *key, struct tls **out,
    struct ow_fault *);
/* Read the files again; the old context stays when they are bad. */
int tls_reload(struct tls *, struct ow_fault *);
/* Counted: SSL_CTX_free it.  ANY THREAD. */
struct ssl_ctx_st *tls_context(struct tls *);
void tls_free(struct tls **);

#endif
