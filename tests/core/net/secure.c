/* SPDX-License-Identifier: MIT */
/*
 * secure - an HTTPS server in a thread, see secure.h.
 *
 * Of HTTP/2 (RFC 9113) it knows what a well-behaved client needs: it answers
 * SETTINGS and PING, and each HEADERS that ends its stream, or the DATA that
 * does, with a HEADERS frame of ":status: 200".
 */
#include "secure.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_fixture.h"

#define STREAMS_MAX 256
#define PREFACE_LEN 24

enum { H2_DATA = 0, H2_HEADERS = 1, H2_SETTINGS = 4, H2_PING = 6 };
enum { H2_END_STREAM = 1, H2_ACK = 1, H2_END_HEADERS = 4 };

static bool
tls_read(SSL *ssl, void *p, size_t n)
{
	size_t got;

	for (; n > 0; n -= got, p = (char *)p + got)
		if (SSL_read_ex(ssl, p, n, &got) != 1)
			return false;
	return true;
}

static void
frame_send(SSL *ssl, int type, int flags, unsigned stream, const void *p,
    size_t n)
{
	unsigned char head[9] = { 0, (unsigned char)(n >> 8),
	    (unsigned char)n, (unsigned char)type, (unsigned char)flags,
	    (unsigned char)(stream >> 24), (unsigned char)(stream >> 16),
	    (unsigned char)(stream >> 8), (unsigned char)stream };

	(void)!SSL_write(ssl, head, sizeof(head));
	if (n > 0)
		(void)!SSL_write(ssl, p, (int)n);
}

static void
serve_h2(struct secure *s, SSL *ssl)
{
	static const unsigned char ok = 0x88;	/* ":status: 200" */
	unsigned char head[9], body[16384 + 256];
	unsigned held[STREAMS_MAX];
	size_t n;
	int n_held = 0, i;

	if (!tls_read(ssl, body, PREFACE_LEN))
		return;
	frame_send(ssl, H2_SETTINGS, 0, 0, NULL, 0);
	while (tls_read(ssl, head, sizeof(head))) {
		n = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
		if (n > sizeof(body) || !tls_read(ssl, body, n))
			return;
		if (head[3] == H2_SETTINGS && !(head[4] & H2_ACK))
			frame_send(ssl, H2_SETTINGS, H2_ACK, 0, NULL, 0);
		if (head[3] == H2_PING && !(head[4] & H2_ACK))
			frame_send(ssl, H2_PING, H2_ACK, 0, body, n);
		if ((head[3] != H2_HEADERS && head[3] != H2_DATA) ||
		    !(head[4] & H2_END_STREAM) || n_held == STREAMS_MAX)
			continue;
		s->n_requests++;
		held[n_held++] = (unsigned)head[5] << 24 |
		    (unsigned)head[6] << 16 | (unsigned)head[7] << 8 | head[8];
		if (n_held < s->n_hold)
			continue;
		for (i = 0; i < n_held; i++)
			frame_send(ssl, H2_HEADERS, H2_END_STREAM |
			    H2_END_HEADERS, held[i], &ok, 1);
		n_held = 0;
	}
}

static void
serve_h1(struct secure *s, SSL *ssl)
{
	static const char usual[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
	    "Connection: close\r\n\r\nhello";
	const char *answer = s->answer ? s->answer : usual;
	char head[8192];
	size_t n = 0;

	while (n + 1 < sizeof(head) && tls_read(ssl, head + n, 1)) {
		head[++n] = '\0';
		if (strstr(head, "\r\n\r\n")) {
			s->n_requests++;
			(void)!SSL_write(ssl, answer, (int)strlen(answer));
			(void)SSL_shutdown(ssl);
			return;
		}
	}
}

static int
choose(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned int n, void *arg)
{
	const struct secure *s = arg;
	static const unsigned char both[] = "\x02h2\x08http/1.1";
	const unsigned char *ours = s->has_h2 ? both : both + 3;
	unsigned int n_ours = s->has_h2 ? 12 : 9;

	(void)ssl;
	return SSL_select_next_proto((unsigned char **)(uintptr_t)out,
	    out_len, ours, n_ours, in, n) == OPENSSL_NPN_NEGOTIATED ?
	    SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static void *
secure_run(void *arg)
{
	struct secure *s = arg;
	const unsigned char *proto;
	unsigned int n;
	SSL *ssl;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		s->n_connections++;
		ssl = SSL_new(s->tls);
		SSL_set_fd(ssl, fd);
		if (SSL_accept(ssl) == 1) {
			SSL_get0_alpn_selected(ssl, &proto, &n);
			if (n == 2)
				serve_h2(s, ssl);
			else
				serve_h1(s, ssl);
		}
		SSL_free(ssl);
		close(fd);
	}
	return NULL;
}

void
secure_start(struct secure *s)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd;

	strcpy(s->ca_file, "/tmp/test_secure.XXXXXX");
	fd = mkstemp(s->ca_file);
	ck_assert_int_ge(fd, 0);
	close(fd);
	s->tls = tls_trusted_context_new(s->ca_file);
	SSL_CTX_set_alpn_select_cb(s->tls, choose, s);
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(s->fd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(s->fd, 64), 0);
	ck_assert_int_eq(getsockname(s->fd, (struct sockaddr *)&sin, &len), 0);
	s->port = ntohs(sin.sin_port);
	ck_assert_int_eq(pthread_create(&s->thread, NULL, secure_run, s), 0);
}

void
secure_stop(struct secure *s)
{
	(void)shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	SSL_CTX_free(s->tls);
	(void)unlink(s->ca_file);
}

char *
secure_url(const struct secure *s, const char *text)
{
	size_t n = strcspn(text, "#");
	char *url = NULL;

	if (text[n] == '\0')
		url = strdup(text);
	else
		ck_assert_int_gt(asprintf(&url, "%.*s%d%s", (int)n, text,
		    s->port, text + n + 1), 0);
	ck_assert_ptr_nonnull(url);
	return url;
}
