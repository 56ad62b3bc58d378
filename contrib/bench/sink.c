/* SPDX-License-Identifier: MIT */
/*
 * sink http|https|smtp [CERTIFICATE KEY] - a provider that takes everything:
 * the other end of the channels' rows.
 *
 * Says on which port of 127.0.0.1 it listens, then serves until it is killed:
 * a thread for each connection, every request answered with 201, every mail
 * with 250, nothing kept.  Its own CPU time is not in the rows.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define IN_BYTES (1 << 16)
#define BACKLOG 256

struct sink {
	bool is_smtp;
	SSL_CTX *tls;		/* or NULL */
	int fd;
};

struct guest {
	const struct sink *sink;
	int fd;
	SSL *tls;		/* or NULL */
	size_t n;
	char in[IN_BYTES + 1];
};

static void sink_fatal(const char *what) __attribute__((noreturn));

static void
sink_fatal(const char *what)
{
	(void)fprintf(stderr, "sink: %s\n", what);
	exit(2);
}

/* ---- Bytes -------------------------------------------------------------- */

/* One more read behind what is there; false at the end. */
static bool
guest_read(struct guest *g)
{
	size_t room = IN_BYTES - g->n;
	ssize_t n;

	if (room == 0)
		return false;
	n = g->tls != NULL ? SSL_read(g->tls, g->in + g->n, (int)room) :
	    recv(g->fd, g->in + g->n, room, 0);
	if (n <= 0)
		return false;
	g->n += (size_t)n;
	g->in[g->n] = '\0';
	return true;
}

static bool
guest_say(struct guest *g, const char *text)
{
	size_t n = strlen(text);

	return (g->tls != NULL ? SSL_write(g->tls, text, (int)n) :
	    send(g->fd, text, n, MSG_NOSIGNAL)) == (ssize_t)n;
}

static void
guest_drop(struct guest *g, size_t n)
{
	memmove(g->in, g->in + n, g->n - n + 1);
	g->n -= n;
}

/* Where the first of it ends, or 0 if there is no more to come. */
static size_t
guest_until(struct guest *g, const char *end)
{
	const char *at;

	while ((at = strstr(g->in, end)) == NULL)
		if (!guest_read(g))
			return 0;
	return (size_t)(at - g->in) + strlen(end);
}

/* ---- Requests ----------------------------------------------------------- */

static size_t
body_length(const char *head, size_t n)
{
	static const char name[] = "\ncontent-length:";
	size_t i;

	for (i = 0; i + sizeof(name) < n; i++)
		if (strncasecmp(head + i, name, sizeof(name) - 1) == 0)
			return strtoul(head + i + sizeof(name) - 1, NULL, 10);
	return 0;
}

static void
serve_http(struct guest *g)
{
	static const char answer[] = "HTTP/1.1 201 Created\r\n"
	    "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
	size_t head, all;

	while ((head = guest_until(g, "\r\n\r\n")) > 0) {
		all = head + body_length(g->in, head);
		while (g->n < all)
			if (!guest_read(g))
				return;
		guest_drop(g, all);
		if (!guest_say(g, answer))
			return;
	}
}

/* ---- Mails -------------------------------------------------------------- */

static bool
serve_mail(struct guest *g)
{
	size_t n;

	if (!guest_say(g, "354 go on\r\n"))
		return false;
	n = guest_until(g, "\r\n.\r\n");
	guest_drop(g, n);
	return n > 0;
}

static void
serve_smtp(struct guest *g)
{
	bool is_data, is_going = guest_say(g, "220 sink\r\n");
	size_t n;

	while (is_going && (n = guest_until(g, "\r\n")) > 0) {
		is_data = strncasecmp(g->in, "DATA", 4) == 0;
		is_going = strncasecmp(g->in, "QUIT", 4) != 0;
		guest_drop(g, n);
		if (is_data && !serve_mail(g))
			return;
		is_going &= guest_say(g, "250 so be it\r\n");
	}
}

/* ---- Guests ------------------------------------------------------------- */

static void *
guest_main(void *arg)
{
	struct guest *g = arg;
	bool is_in = true;

	if (g->sink->tls != NULL) {
		g->tls = SSL_new(g->sink->tls);
		is_in = g->tls != NULL && SSL_set_fd(g->tls, g->fd) == 1 &&
		    SSL_accept(g->tls) == 1;
	}
	if (is_in && g->sink->is_smtp)
		serve_smtp(g);
	else if (is_in)
		serve_http(g);
	SSL_free(g->tls);
	close(g->fd);
	free(g);
	return NULL;
}

static void
sink_welcome(const struct sink *s, int fd)
{
	struct guest *g = calloc(1, sizeof(*g));
	pthread_t thread;
	int one = 1;

	if (g == NULL)
		sink_fatal("no memory");
	g->sink = s;
	g->fd = fd;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (pthread_create(&thread, NULL, guest_main, g) != 0)
		sink_fatal("no more threads");
	(void)pthread_detach(thread);
}

static void
sink_listen(struct sink *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t n = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, n) < 0 ||
	    listen(s->fd, BACKLOG) < 0 ||
	    getsockname(s->fd, (struct sockaddr *)&at, &n) < 0)
		sink_fatal("cannot listen");
	(void)printf("%d\n", ntohs(at.sin_port));
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct sink s = { .fd = -1 };
	int fd;

	if (argc != 2 && argc != 4)
		sink_fatal("http|https|smtp [CERTIFICATE KEY]");
	(void)signal(SIGPIPE, SIG_IGN);
	s.is_smtp = strcmp(argv[1], "smtp") == 0;
	if (argc == 4) {
		s.tls = SSL_CTX_new(TLS_server_method());
		if (s.tls == NULL || SSL_CTX_use_certificate_chain_file(s.tls,
		    argv[2]) != 1 || SSL_CTX_use_PrivateKey_file(s.tls,
		    argv[3], SSL_FILETYPE_PEM) != 1)
			sink_fatal("bad certificate or key");
	}
	sink_listen(&s);
	while ((fd = accept(s.fd, NULL, NULL)) >= 0)
		sink_welcome(&s, fd);
	sink_fatal("cannot accept");
}
