/* SPDX-License-Identifier: MIT */
/*
 * tls - the SSL_CTX that connections to come are made with.
 *
 * A context is built whole from the two files or not at all, and never
 * changed afterwards; a reload swaps the pointer under a mutex.  Whoever asks
 * gets a reference, so a context lives as long as the last connection that
 * was made with it.  It does no I/O on sockets and verifies no clients.
 */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Forward secrecy and AEAD; TLS 1.3 has its own list, which is fine. */
#define TLS_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL"

struct tls {
	char *certificate, *key;
	pthread_mutex_t lock;
	SSL_CTX *ctx;			/* under the lock */
};

static int
tls_fault(struct ow_fault *fault, const char *what,
    const char *file)
{
	unsigned long err = ERR_peek_last_error();
	const char *reason = err ? ERR_reason_error_string(err) : NULL;

	snprintf(fault->text, sizeof(fault->text), "%s %.120s: %s", what, file,
	    reason ? reason : "failed");
	ERR_clear_error();
	return OW_EINVAL;
}

/* A key with a password would otherwise be asked for on the terminal. */
static int
tls_no_password(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return 0;
}

static int
tls_choose_alpn(SSL *ssl, const unsigned char **out,
    unsigned char *out_len, const unsigned char *in, unsigned int in_len,
    void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in,
	    in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;	/* RFC 7301, 3.2 */
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static void
tls_set_up(SSL_CTX *ctx)
{
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	/* An idle connection keeps no 32 kB of record buffers; libevent may
	   offer the rest of a write from another place. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_alpn_select_cb(ctx, tls_choose_alpn, NULL);
	SSL_CTX_set_default_passwd_cb(ctx, tls_no_password);
}

static int
tls_build(const char *certificate, const char *key, SSL_CTX **out,
    struct ow_fault *fault)
{
	SSL_CTX *ctx;
	int err = OW_OK;

	ERR_clear_error();
	ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx)
		return tls_fault(fault, "TLS set-up for", certificate);
	tls_set_up(ctx);
	if (SSL_CTX_set_cipher_list(ctx, TLS_CIPHERS) != 1)
		err = tls_fault(fault, "TLS ciphers", TLS_CIPHERS);
	else if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
		err = tls_fault(fault, "certificate", certificate);
	else if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		err = tls_fault(fault, "key", key);
	else if (SSL_CTX_check_private_key(ctx) != 1)
		err = tls_fault(fault, "key and certificate differ:", key);
	if (err) {
		SSL_CTX_free(ctx);
		return err;
	}
	*out = ctx;
	return OW_OK;
}

int
tls_new(const char *certificate, const char *key, struct tls **out,
    struct ow_fault *fault)
{
	SSL_CTX *ctx;
	struct tls *t;
	int err;

	err = tls_build(certificate, key, &ctx, fault);
	if (err)
		return err;
	t = mem_alloc(sizeof(*t));
	t->certificate = mem_dup(certificate);
	t->key = mem_dup(key);
	pthread_mutex_init(&t->lock, NULL);
	t->ctx = ctx;
	*out = t;
	return OW_OK;
}

int
tls_reload(struct tls *t, struct ow_fault *fault)
{
	SSL_CTX *fresh, *old;
	int err;

	err = tls_build(t->certificate, t->key, &fresh, fault);
	if (err)
		return err;
	pthread_mutex_lock(&t->lock);
	old = t->ctx;
	t->ctx = fresh;
	pthread_mutex_unlock(&t->lock);
	SSL_CTX_free(old);
	return OW_OK;
}

struct ssl_ctx_st *
tls_context(struct tls *t)
{
	SSL_CTX *ctx;

	pthread_mutex_lock(&t->lock);
	ctx = t->ctx;
	SSL_CTX_up_ref(ctx);
	pthread_mutex_unlock(&t->lock);
	return ctx;
}

void
tls_free(struct tls **out_t)
{
	struct tls *t = *out_t;

	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	pthread_mutex_destroy(&t->lock);
	free(t->certificate);
	free(t->key);
	free(t);
	*out_t = NULL;
}
