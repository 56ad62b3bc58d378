/* SPDX-License-Identifier: MIT */
/*
 * test_tls - the load generator's TLS against a server on the other end of a
 * socket pair: the benchmark believes that its calls behave as the kernel's
 * do on a plain socket.
 */
#include <check.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Built from the sources beside it: the generator is no library. */
#include "../../../contrib/bench/tls.c"

#define TURNS_MAX 20
#define RECORD_MAX 16384		/* RFC 8446, 5.1 */

struct pair {
	int fd[2];		/* the generator's, the server's */
	SSL_CTX *server_ctx, *client_ctx;
	SSL *server, *client;
};

void
fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}

static void
certificate_use(SSL_CTX *ctx)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();

	ck_assert(key && cert);
	ck_assert(X509_gmtime_adj(X509_getm_notBefore(cert), 0) != NULL);
	ck_assert(X509_gmtime_adj(X509_getm_notAfter(cert), 3600) != NULL);
	ck_assert_int_eq(X509_set_pubkey(cert, key), 1);
	ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
	ck_assert_int_eq(SSL_CTX_use_certificate(ctx, cert), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
pair_init(struct pair *p, int version_max)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    p->fd), 0);
	p->server_ctx = SSL_CTX_new(TLS_server_method());
	ck_assert_int_eq(SSL_CTX_set_max_proto_version(p->server_ctx,
	    version_max), 1);
	certificate_use(p->server_ctx);
	p->server = SSL_new(p->server_ctx);
	ck_assert_int_eq(SSL_set_fd(p->server, p->fd[1]), 1);
	p->client_ctx = tls_new();
	p->client = tls_open(p->client_ctx, p->fd[0]);
}

static void
pair_done(struct pair *p)
{
	tls_close(p->client);
	tls_free(p->client_ctx);
	SSL_free(p->server);
	SSL_CTX_free(p->server_ctx);
	(void)close(p->fd[0]);
	(void)close(p->fd[1]);
}

/* What the generator's side ended with. */
static int
pair_shake(struct pair *p)
{
	int turn, r = 0;

	for (turn = 0; turn < TURNS_MAX && r == 0; turn++) {
		r = tls_handshake(p->client);
		(void)SSL_accept(p->server);
	}
	return r;
}

START_TEST(bytes_arrive_both_ways)
{
	char in[RECORD_MAX];
	struct pair p;

	pair_init(&p, TLS1_3_VERSION);
	ck_assert_int_eq(pair_shake(&p), 1);
	ck_assert_int_eq(tls_send(p.client, "tea", 3), 3);
	ck_assert_int_eq(SSL_read(p.server, in, sizeof(in)), 3);
	ck_assert_int_eq(SSL_write(p.server, "cake", 4), 4);
	ck_assert_int_eq(tls_recv(p.client, in, sizeof(in)), 4);
	ck_assert_mem_eq(in, "cake", 4);
	pair_done(&p);
}
END_TEST

/* Would notice bytes that epoll does not see: kept by the library. */
START_TEST(a_record_at_a_time_leaves_nothing_behind)
{
	static char out[RECORD_MAX], in[RECORD_MAX];
	struct pair p;

	pair_init(&p, TLS1_3_VERSION);
	ck_assert_int_eq(pair_shake(&p), 1);
	ck_assert_int_eq(SSL_write(p.server, out, sizeof(out)), sizeof(out));
	ck_assert_int_eq(SSL_write(p.server, "cake", 4), 4);
	ck_assert_int_eq(tls_recv(p.client, in, sizeof(in)), sizeof(in));
	ck_assert_int_eq(SSL_has_pending(p.client), 0);
	ck_assert_int_eq(tls_recv(p.client, in, sizeof(in)), 4);
	ck_assert_int_eq(tls_recv(p.client, in, sizeof(in)), -1);
	ck_assert_int_eq(errno, EAGAIN);
	pair_done(&p);
}
END_TEST

START_TEST(an_end_is_told_from_a_broken_stream)
{
	char in[64];
	struct pair p;

	pair_init(&p, TLS1_3_VERSION);
	ck_assert_int_eq(pair_shake(&p), 1);
	ck_assert_int_eq(SSL_shutdown(p.server), 0);
	ck_assert_int_eq(tls_recv(p.client, in, sizeof(in)), 0);
	pair_done(&p);
	pair_init(&p, TLS1_3_VERSION);
	ck_assert_int_eq(pair_shake(&p), 1);
	ck_assert_int_eq(shutdown(p.fd[1], SHUT_WR), 0);
	ck_assert_int_eq(tls_recv(p.client, in, sizeof(in)), -1);
	ck_assert_int_ne(errno, EAGAIN);
	pair_done(&p);
}
END_TEST

START_TEST(an_older_version_or_plain_text_is_refused)
{
	static const char plain[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	struct pair p;

	pair_init(&p, TLS1_2_VERSION);
	ck_assert_int_eq(pair_shake(&p), -1);
	pair_done(&p);
	pair_init(&p, TLS1_3_VERSION);
	ck_assert_int_eq(tls_handshake(p.client), 0);
	ck_assert_int_eq(write(p.fd[1], plain, sizeof(plain) - 1),
	    sizeof(plain) - 1);
	ck_assert_int_eq(tls_handshake(p.client), -1);
	pair_done(&p);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls");
	TCase *tc = tcase_create("tls");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, bytes_arrive_both_ways);
	tcase_add_test(tc, a_record_at_a_time_leaves_nothing_behind);
	tcase_add_test(tc, an_end_is_told_from_a_broken_stream);
	tcase_add_test(tc, an_older_version_or_plain_text_is_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
