/* SPDX-License-Identifier: MIT */
/*
 * test_mail - against an SMTP server in a thread that says no where the test
 * wants it to.
 *
 * Nothing here measures time: a test ends when done() has run.
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"
#include "net/fetch.h"
#include "tls_fixture.h"

/* What the server does, and what it saw. */
struct server {
	int fd, port;
	pthread_t thread;
	SSL_CTX *tls;
	bool is_tls_first;		/* smtps */
	bool has_starttls, has_auth;
	/* The command that is refused, and how: "RCPT", "550 5.1.1 ...".
	   "" is the connection itself; "." is the end of the data. */
	const char *bad, *answer;
	const char *hang_at;		/* the command that gets no answer */
	bool is_fickle;	/* leaves at the second MAIL of a connection */
	char seen[16384];		/* every line, without CR */
	size_t n_seen;
	size_t n_data;			/* bytes of messages, as received */
	int n_connections, n_tls;
};

struct peer {
	int fd;
	SSL *ssl;
	char buf[4096];
	size_t n, at;
	int n_mails;
};

static void
peer_say(struct peer *p, const char *line)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "%s\r\n", line);

	if (p->ssl)
		(void)!SSL_write(p->ssl, text, n);
	else
		(void)!send(p->fd, text, (size_t)n, MSG_NOSIGNAL);
}

static int
peer_byte(struct peer *p)
{
	ssize_t got;

	if (p->at < p->n)
		return (unsigned char)p->buf[p->at++];
	got = p->ssl ? SSL_read(p->ssl, p->buf, sizeof(p->buf)) :
	    read(p->fd, p->buf, sizeof(p->buf));
	if (got <= 0)
		return -1;
	p->n = (size_t)got;
	p->at = 1;
	return (unsigned char)p->buf[0];
}

static bool
peer_line(struct peer *p, struct server *s, char *out, size_t size)
{
	size_t n = 0;
	int c;

	while ((c = peer_byte(p)) >= 0 && c != '\n')
		if (c != '\r' && n + 1 < size)
			out[n++] = (char)c;
	out[n] = '\0';
	if (s->n_seen + n + 2 < sizeof(s->seen)) {
		memcpy(s->seen + s->n_seen, out, n);
		s->n_seen += n;
		s->seen[s->n_seen++] = '\n';
	}
	return c >= 0;
}

static bool
peer_encrypt(struct peer *p, struct server *s)
{
	p->ssl = SSL_new(s->tls);
	SSL_set_fd(p->ssl, p->fd);
	p->n = p->at = 0;	/* nothing from before counts (RFC 3207, 6) */
	s->n_tls++;
	return SSL_accept(p->ssl) == 1;
}

static void
server_greet(struct server *s, struct peer *p)
{
	peer_say(p, "250-test");
	if (s->has_starttls && !p->ssl)
		peer_say(p, "250-STARTTLS");
	if (s->has_auth)
		peer_say(p, "250-AUTH PLAIN");
	peer_say(p, "250 SIZE 1000000");
}

/* false: the talk is over. */
static bool
server_hear(struct server *s, struct peer *p, const char *line,
    bool *is_data)
{
	if (*is_data)
		s->n_data += strlen(line) + 2;
	if (!strncmp(line, "MAIL", 4) && s->is_fickle && p->n_mails++ == 1)
		return false;
	if (s->hang_at && !strncmp(line, s->hang_at, strlen(s->hang_at)))
		return peer_byte(p) >= 0;
	if (s->bad && s->bad[0] && (*is_data ? !strcmp(line, s->bad) :
	    !strncmp(line, s->bad, strlen(s->bad)))) {
		*is_data = false;
		peer_say(p, s->answer);
	} else if (*is_data) {
		if (strcmp(line, ".") != 0)
			return true;
		*is_data = false;
		peer_say(p, "250 2.0.0 Ok: queued as 4711");
	} else if (!strncmp(line, "EHLO", 4)) {
		server_greet(s, p);
	} else if (!strcmp(line, "STARTTLS")) {
		peer_say(p, "220 go ahead");
		return peer_encrypt(p, s);
	} else if (!strncmp(line, "AUTH", 4)) {
		peer_say(p, "235 2.7.0 welcome");
	} else if (!strcmp(line, "DATA")) {
		*is_data = true;
		peer_say(p, "354 go ahead");
	} else {
		peer_say(p, "250 2.1.0 Ok");
	}
	return strcmp(line, "QUIT") != 0;
}

static void
server_talk(struct server *s, struct peer *p)
{
	bool is_data = false;
	char line[2048];

	if (s->is_tls_first && !peer_encrypt(p, s))
		return;
	if (s->bad && !s->bad[0]) {
		peer_say(p, s->answer);
		return;
	}
	peer_say(p, "220 test ESMTP");
	while (peer_line(p, s, line, sizeof(line)) &&
	    server_hear(s, p, line, &is_data))
		;
}

static void *
server_run(void *arg)
{
	struct server *s = arg;
	struct peer p;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		memset(&p, 0, sizeof(p));
		p.fd = fd;
		s->n_connections++;
		server_talk(s, &p);
		SSL_free(p.ssl);
		close(fd);
	}
	return NULL;
}

/* ---- The scene ---------------------------------------------------------- */

struct result {
	int calls;
	bool has_returned;
	int err, status;
	char detail[160];
};

static struct loop *loop;
static struct fetcher *fetcher;
static struct server server;
static char dir[] = "/tmp/test_mail.XXXXXX";
static char *ca_file;

static void
begin(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	strcpy(dir, "/tmp/test_mail.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ca_file = mem_printf("%s/ca.pem", dir);
	loop = loop_new("test");
	fetcher = fetcher_new(loop, NULL, NULL);
	memset(&server, 0, sizeof(server));
	server.tls = tls_trusted_context_new(ca_file);
	server.fd = socket(AF_INET, SOCK_STREAM, 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(server.fd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(listen(server.fd, 8), 0);
	ck_assert_int_eq(getsockname(server.fd, (struct sockaddr *)&sin,
	    &len), 0);
	server.port = ntohs(sin.sin_port);
}

static void
serve(void)
{
	ck_assert_int_eq(pthread_create(&server.thread, NULL, server_run,
	    &server), 0);
}

static void
end(void)
{
	fetcher_free(&fetcher);
	(void)shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	SSL_CTX_free(server.tls);
	loop_free(&loop);
	(void)unlink(ca_file);
	(void)rmdir(dir);
	free(ca_file);
}

static void
on_done(void *arg, const struct fetch_reply *reply)
{
	struct result *r = arg;

	ck_assert(r->has_returned);
	r->calls++;
	r->err = reply->err;
	r->status = reply->status;
	memcpy(r->detail, reply->detail, sizeof(r->detail));
	loop_stop(loop);
}

#define MESSAGE "From: a@shop.example\r\nSubject: Hi\r\n\r\nHello\r\n.dot\r\n"

static struct fetch_letter
letter_for(char **url, const char *scheme)
{
	struct fetch_letter letter = {
		.from = "shop@shop.example", .to = "Ada@Example.org",
		.message = { MESSAGE, strlen(MESSAGE) },
		.timeout_ms = 20000, .ca_file = ca_file,
	};

	*url = mem_printf("%s://127.0.0.1:%d", scheme, server.port);
	letter.url = *url;
	return letter;
}

static void
run(const struct fetch_letter *letter, struct result *r)
{
	struct fetch *f;

	memset(r, 0, sizeof(*r));
	ck_assert_int_eq(fetch_mail(fetcher, letter, on_done, r, &f), OW_OK);
	r->has_returned = true;
	loop_run(loop);
	ck_assert_int_eq(r->calls, 1);
}

/* ---- What goes ---------------------------------------------------------- */

START_TEST(a_mail_goes_whole_and_its_answer_comes)
{
	struct fetch_letter letter;
	struct result r;
	char *url;

	begin();
	serve();
	letter = letter_for(&url, "smtp");
	run(&letter, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ck_assert_int_eq(r.status, 250);
	ck_assert_str_eq(r.detail, "250 2.0.0 Ok: queued as 4711");
	/* The connection is used again, and greets no more. */
	letter.from = "";
	run(&letter, &r);
	ck_assert_int_eq(r.err, OW_OK);
	end();
	ck_assert_int_eq(server.n_connections, 1);
	ck_assert_ptr_nonnull(strstr(server.seen,
	    "MAIL FROM:<shop@shop.example>"));
	ck_assert_ptr_nonnull(strstr(server.seen, "MAIL FROM:<>"));
	ck_assert_ptr_nonnull(strstr(server.seen,
	    "RCPT TO:<Ada@Example.org>\n"));
	ck_assert_ptr_nonnull(strstr(server.seen,
	    "From: a@shop.example\nSubject: Hi\n\nHello\n..dot\n.\n"));
	ck_assert_ptr_null(strstr(server.seen, "AUTH"));
	free(url);
}
END_TEST

/* A breach is a password that could be read on the way. */
START_TEST(nothing_is_said_before_starttls)
{
	struct fetch_letter letter;
	const char *tls;
	struct result r;
	char *url;

	begin();
	server.has_starttls = server.has_auth = true;
	serve();
	letter = letter_for(&url, "smtp");
	letter.starttls = true;
	letter.user = "me";
	letter.password = "s3cret";
	run(&letter, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ck_assert_int_eq(r.status, 250);
	end();
	ck_assert_int_eq(server.n_tls, 1);
	tls = strstr(server.seen, "STARTTLS\n");
	ck_assert_ptr_nonnull(tls);
	/* "\0me\0s3cret" */
	ck_assert_ptr_nonnull(strstr(tls, "AUTH PLAIN"));
	ck_assert_ptr_nonnull(strstr(tls, "AG1lAHMzY3JldA=="));
	ck_assert_ptr_eq(strstr(server.seen, "AUTH"), strstr(tls, "AUTH"));
	free(url);
}
END_TEST

START_TEST(a_server_without_starttls_hears_nothing)
{
	struct fetch_letter letter;
	struct result r;
	char *url;

	begin();
	server.has_auth = true;
	serve();
	letter = letter_for(&url, "smtp");
	letter.starttls = true;
	letter.user = "me";
	letter.password = "s3cret";
	run(&letter, &r);
	ck_assert_int_eq(r.err, OW_EIO);
	ck_assert_int_eq(r.status, 0);
	ck_assert_str_ne(r.detail, "");
	end();
	ck_assert_ptr_null(strstr(server.seen, "AUTH"));
	ck_assert_ptr_null(strstr(server.seen, "MAIL"));
	free(url);
}
END_TEST

START_TEST(tls_from_the_first_byte)
{
	struct fetch_letter letter;
	struct result r;
	char *url;

	begin();
	server.is_tls_first = true;
	serve();
	letter = letter_for(&url, "smtps");
	run(&letter, &r);
	ck_assert_int_eq(r.err, OW_OK);
	/* Nobody vouches for it.  The server takes one after the other. */
	fetcher_free(&fetcher);
	fetcher = fetcher_new(loop, NULL, NULL);
	letter.ca_file = "";
	run(&letter, &r);
	ck_assert_int_eq(r.err, OW_EIO);
	ck_assert_ptr_nonnull(strstr(r.detail, "certificate"));
	end();
	free(url);
}
END_TEST

/* ---- What does not ------------------------------------------------------ */

static const struct no {
	const char *bad, *answer;
	int err, status;
} noes[] = {
	{ "RCPT", "550 5.1.1 <ada@example.ORG>: no such user", OW_OK, 550 },
	{ "RCPT", "452 4.2.2 mailbox full", OW_OK, 452 },
	{ "MAIL", "553 5.1.8 sender not wanted", OW_OK, 553 },
	{ "AUTH", "535 5.7.8 who are you?", OW_OK, 535 },
	{ "DATA", "421 4.3.2 shutting down", OW_OK, 421 },
	{ ".", "554 5.6.0 looks like spam", OW_OK, 554 },
	{ "", "554 5.7.1 not from there", OW_EIO, 0 },
	{ "", "421 4.3.2 busy", OW_EIO, 0 },
	{ "RCPT", "hello?", OW_EIO, 0 },
	{ "RCPT", "354 go on", OW_EIO, 0 },
	{ "DATA", "250 fine", OW_EIO, 0 },
};

/* A breach shows as a server's no that is taken for a broken line, or the
   other way round, or as an address in a log. */
START_TEST(a_no_is_an_answer_with_the_servers_words)
{
	const struct no *no = &noes[_i];
	struct fetch_letter letter;
	struct result r;
	char *url;

	begin();
	server.has_auth = true;
	server.bad = no->bad;
	server.answer = no->answer;
	serve();
	letter = letter_for(&url, "smtp");
	if (!strcmp(no->bad, "AUTH")) {
		letter.user = "me";
		letter.password = "wrong";
	}
	run(&letter, &r);
	ck_assert_int_eq(r.err, no->err);
	ck_assert_int_eq(r.status, no->status);
	ck_assert_str_eq(r.detail, _i == 0 ?
	    "550 5.1.1 <*>: no such user" : strcmp(no->answer, "hello?") ?
	    no->answer : "the mail server says what is no reply");
	end();
	free(url);
}
END_TEST

/* The first no on a kept connection is no greeting. */
START_TEST(a_no_on_a_kept_connection_is_an_answer)
{
	struct fetch_letter letter;
	struct result r;
	char *url;

	begin();
	server.bad = "MAIL FROM:<bad@";
	server.answer = "550 5.1.0 no";
	serve();
	letter = letter_for(&url, "smtp");
	run(&letter, &r);
	ck_assert_int_eq(r.status, 250);
	letter.from = "bad@shop.example";
	run(&letter, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ck_assert_int_eq(r.status, 550);
	letter.from = "";
	run(&letter, &r);
	ck_assert_int_eq(r.status, 250);
	end();
	ck_assert_int_eq(server.n_connections, 1);
	ck_assert_ptr_nonnull(strstr(server.seen,
	    "MAIL FROM:<bad@shop.example>\nRSET\nMAIL FROM:<>\n"));
	free(url);
}
END_TEST

/* A kept connection may have died meanwhile: that is no failure of the mail.
   One that dies later is, since the mail may have gone. */
START_TEST(a_dead_connection_is_replaced_once)
{
	struct fetch_letter letter;
	struct result r;
	char *url;

	begin();
	server.is_fickle = true;
	serve();
	letter = letter_for(&url, "smtp");
	run(&letter, &r);
	ck_assert_int_eq(r.status, 250);
	run(&letter, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ck_assert_int_eq(r.status, 250);
	end();
	ck_assert_int_eq(server.n_connections, 2);
	free(url);
}
END_TEST

START_TEST(a_large_mail_goes_whole)
{
	size_t n = (size_t)5 << 20, i;
	struct fetch_letter letter;
	char *url, *text = malloc(n);
	struct result r;

	for (i = 0; i < n; i++)
		text[i] = i % 64 == 62 ? '\r' : i % 64 == 63 ? '\n' : '.';
	begin();
	serve();
	letter = letter_for(&url, "smtp");
	letter.message = (struct ow_bytes){ text, n };
	run(&letter, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ck_assert_int_eq(r.status, 250);
	end();
	ck_assert_uint_eq(server.n_data, n + n / 64 + 3);	/* dots, end */
	free(text);
	free(url);
}
END_TEST

static void
stop_loop(void *arg)
{
	loop_stop(arg);
}

/* A breach is a loop that stands still until the server says something: then
   the mail has its answer when the timer fires at last. */
START_TEST(a_server_that_hangs_holds_up_nobody)
{
	static const char *const points[] = { "EHLO", "MAIL", "DATA", "." };
	struct result never = { .has_returned = true };
	struct fetch_letter letter;
	struct fetch *f;
	char *url;

	begin();
	server.hang_at = points[_i];
	serve();
	letter = letter_for(&url, "smtp");
	letter.timeout_ms = 2000;
	ck_assert_int_eq(fetch_mail(fetcher, &letter, on_done, &never, &f),
	    OW_OK);
	(void)loop_timer_start(loop, 100, stop_loop, loop);
	loop_run(loop);
	ck_assert_int_eq(never.calls, 0);
	/* And a mail that is cancelled is not sent off by that. */
	fetch_cancel(&f);
	end();
	if (_i < 3)
		ck_assert_ptr_null(strstr(server.seen, ".\n"));
	ck_assert_int_eq(never.calls, 0);
	free(url);
}
END_TEST

START_TEST(silence_is_a_timeout)
{
	struct fetch_letter letter;
	struct result r;
	char *url;

	begin();
	server.hang_at = "RCPT";
	serve();
	letter = letter_for(&url, "smtp");
	letter.timeout_ms = 100;
	run(&letter, &r);
	ck_assert_int_eq(r.err, OW_ETIMEOUT);
	ck_assert_int_eq(r.status, 0);
	end();
	free(url);
}
END_TEST

START_TEST(nobody_there_is_an_error)
{
	struct fetch_letter letter;
	struct result r;
	char *url;

	begin();
	letter = letter_for(&url, "smtp");
	(void)shutdown(server.fd, SHUT_RDWR);
	run(&letter, &r);
	ck_assert_int_eq(r.err, OW_EIO);
	serve();
	end();
	free(url);
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
	static const char *const addresses[] = { "", "a@b\r\nRCPT TO:<x@y",
	    "a@b> SIZE=1", "<a@b", "a b@c", "a@b\x01", "a@b\x7f" };
	static const char *const urls[] = { "http://127.0.0.1",
	    "smtp://me:s3cret@127.0.0.1", "smtp://me@127.0.0.1", "smtp://",
	    "127.0.0.1", "file:///etc/passwd" };
	struct fetch_letter letter;
	struct result r = { 0 };
	struct fetch *f = NULL;
	char *url, big[400];
	size_t i;

	begin();
	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		letter = letter_for(&url, "smtp");
		letter.to = addresses[i];
		ck_assert_int_eq(fetch_mail(fetcher, &letter, on_done, &r,
		    &f), OW_EINVAL);
		letter.to = "a@b";
		letter.from = addresses[i];
		if (i > 0)	/* an empty sender is one */
			ck_assert_int_eq(fetch_mail(fetcher, &letter, on_done,
			    &r, &f), OW_EINVAL);
		free(url);
	}
	letter = letter_for(&url, "smtp");
	memset(big, 'a', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	letter.to = big;
	ck_assert_int_eq(fetch_mail(fetcher, &letter, on_done, &r, &f),
	    OW_EINVAL);
	letter.to = "a@b";
	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		letter.url = urls[i];
		ck_assert_int_eq(fetch_mail(fetcher, &letter, on_done, &r,
		    &f), OW_EINVAL);
	}
	letter.url = url;
	letter.timeout_ms = 0;
	ck_assert_int_eq(fetch_mail(fetcher, &letter, on_done, &r, &f),
	    OW_EINVAL);
	letter.timeout_ms = 1000;
	letter.message.n = (size_t)26 << 20;	/* it is not even looked at */
	ck_assert_int_eq(fetch_mail(fetcher, &letter, on_done, &r, &f),
	    OW_EINVAL);
	ck_assert_ptr_null(f);
	serve();
	end();
	ck_assert_int_eq(r.calls, 0);
	free(url);
}
END_TEST

START_TEST(cancelled_means_no_call)
{
	struct result never = { 0 }, r;
	struct fetch_letter letter;
	struct fetch *f;
	char *url;

	begin();
	serve();
	letter = letter_for(&url, "smtp");
	ck_assert_int_eq(fetch_mail(fetcher, &letter, on_done, &never, &f),
	    OW_OK);
	fetch_cancel(&f);
	run(&letter, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ck_assert_int_eq(never.calls, 0);
	end();
	free(url);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mail");
	TCase *tc = tcase_create("mail");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_mail_goes_whole_and_its_answer_comes);
	tcase_add_test(tc, nothing_is_said_before_starttls);
	tcase_add_test(tc, a_server_without_starttls_hears_nothing);
	tcase_add_test(tc, tls_from_the_first_byte);
	tcase_add_loop_test(tc, a_no_is_an_answer_with_the_servers_words, 0,
	    sizeof(noes) / sizeof(noes[0]));
	tcase_add_test(tc, a_no_on_a_kept_connection_is_an_answer);
	tcase_add_test(tc, a_dead_connection_is_replaced_once);
	tcase_add_test(tc, a_large_mail_goes_whole);
	tcase_add_loop_test(tc, a_server_that_hangs_holds_up_nobody, 0, 4);
	tcase_add_test(tc, silence_is_a_timeout);
	tcase_add_test(tc, nobody_there_is_an_error);
	tcase_add_test(tc, what_cannot_be_is_refused);
	tcase_add_test(tc, cancelled_means_no_call);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
