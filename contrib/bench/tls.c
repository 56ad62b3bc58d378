/* SPDX-License-Identifier: MIT */
/*
 * tls - a client's handshakes and records.
 *
 * It verifies nothing: the generator only ever talks to this machine, and
 * the certificate is as old as the run.  It asks for TLS 1.3 and resumes no
 * session, so that each server does the same work for each connection.
 */
#include "tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "conf.h"

struct ssl_ctx_st *
tls_new(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1)
		fatal("TLS 1.3 cannot be set up");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return ctx;
}

void
tls_free(struct ssl_ctx_st *ctx)
{
	SSL_CTX_free(ctx);
}

struct ssl_st *
tls_open(struct ssl_ctx_st *ctx, int fd)
{
	SSL *ssl = SSL_new(ctx);

	if (!ssl || SSL_set_fd(ssl, fd) != 1)
		fatal("out of memory");
	SSL_set_connect_state(ssl);
	return ssl;
}

void
tls_close(struct ssl_st *ssl)
{
	SSL_free(ssl);
}

int
tls_handshake(struct ssl_st *ssl)
{
	int r;

	ERR_clear_error();
	r = SSL_do_handshake(ssl);
	if (r == 1)
		return 1;
	return SSL_get_error(ssl, r) == SSL_ERROR_WANT_READ ? 0 : -1;
}

/* What the calls of the kernel say, for what OpenSSL's did. */
static ssize_t
tls_result(const SSL *ssl, int r, size_t n)
{
	switch (SSL_get_error(ssl, r)) {
	case SSL_ERROR_NONE:
		return (ssize_t)n;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		errno = EAGAIN;
		return -1;
	default:
		errno = EPROTO;
		return -1;
	}
}

ssize_t
tls_send(struct ssl_st *ssl, const char *p, size_t n)
{
	size_t done = 0;
	int r;

	ERR_clear_error();
	r = SSL_write_ex(ssl, p, n, &done);
	return tls_result(ssl, r, done);
}

ssize_t
tls_recv(struct ssl_st *ssl, char *out, size_t cap)
{
	size_t done = 0;
	int r;

	ERR_clear_error();
	r = SSL_read_ex(ssl, out, cap, &done);
	return tls_result(ssl, r, done);
}
