/* SPDX-License-Identifier: MIT */
/*
 * floor PORT - the least server that can play the game, to show what the
 * kernel's loopback TCP costs on this machine: no server that sends each
 * delivery by itself can be cheaper.
 *
 * One thread, epoll, one send() for a delivery.  It validates nothing, keeps
 * nothing, and expects each request in one piece: not a server to be used.
 *
 *   GET /ws/orders/N/tracking        upgrades and subscribes
 *   PATCH /api/v1/T/orders/N/status  publishes its body
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define FILES_MAX (1 << 18)
#define ROOMS_MAX (1 << 16)
#define IN_BYTES (1 << 16)
#define EVENTS_PER_TURN 512

struct guest {		/* by descriptor */
	bool is_in;
	int room, place;
};

struct room {
	int *fds;
	int n, cap;
};

struct floor {
	int listen_fd, epoll_fd;
	struct guest guests[FILES_MAX];
	struct room rooms[ROOMS_MAX];
	char in[IN_BYTES];
};

static const char upgrade[] = "HTTP/1.1 101 Switching Protocols\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
static const char done[] = "HTTP/1.1 204 No Content\r\n\r\n";

/* Whoever cannot take it loses it. */
static void
send_all(int fd, const char *p, size_t n)
{
	(void)!send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
watch(struct floor *f, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		close(fd);
}

static void
room_enter(struct floor *f, int fd, int number)
{
	struct room *r = &f->rooms[number];

	if (r->n == r->cap) {
		r->cap = 2 * r->cap + 2;
		r->fds = realloc(r->fds, (size_t)r->cap * sizeof(*r->fds));
		if (!r->fds)
			abort();
	}
	f->guests[fd] = (struct guest){ true, number, r->n };
	r->fds[r->n++] = fd;
}

static void
guest_leave(struct floor *f, int fd)
{
	struct guest *g = &f->guests[fd];
	struct room *r = &f->rooms[g->room];
	int last;

	if (g->is_in) {
		last = r->fds[--r->n];
		r->fds[g->place] = last;
		f->guests[last].place = g->place;
	}
	g->is_in = false;
	close(fd);
}

/* The frame's head is written over the end of the request's. */
static void
publish(struct floor *f, int number, char *body, size_t n)
{
	struct room *r = &f->rooms[number];
	size_t head = n < 126 ? 2 : 4;
	char *frame = body - head;
	int i;

	frame[0] = (char)0x81;
	frame[1] = (char)(n < 126 ? n : 126);
	if (head == 4) {
		frame[2] = (char)(n >> 8);
		frame[3] = (char)n;
	}
	for (i = 0; i < r->n; i++)
		send_all(r->fds[i], frame, head + n);
}

static void
on_readable(struct floor *f, int fd)
{
	char *order, *end;
	ssize_t n;
	int number;

	n = recv(fd, f->in, sizeof(f->in) - 1, 0);
	if (n <= 0) {
		guest_leave(f, fd);
		return;
	}
	if (f->guests[fd].is_in)
		return;
	f->in[n] = '\0';
	order = strstr(f->in, "/orders/");
	end = strstr(f->in, "\r\n\r\n");
	if (!order || !end)
		return;
	number = atoi(order + strlen("/orders/")) & (ROOMS_MAX - 1);
	if (f->in[0] == 'G') {
		room_enter(f, fd, number);
		send_all(fd, upgrade, sizeof(upgrade) - 1);
		return;
	}
	end += 4;
	publish(f, number, end, (size_t)(f->in + n - end));
	send_all(fd, done, sizeof(done) - 1);
}

static void
on_accept(struct floor *f)
{
	int fd, one = 1;

	while ((fd = accept4(f->listen_fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		if (fd >= FILES_MAX) {
			close(fd);
			continue;
		}
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
		f->guests[fd].is_in = false;
		watch(f, fd);
	}
}

static bool
floor_listen(struct floor *f, int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	int one = 1;

	f->epoll_fd = epoll_create1(0);
	f->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (f->epoll_fd < 0 || f->listen_fd < 0)
		return false;
	at.sin_port = htons((uint16_t)port);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)setsockopt(f->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one,
	    sizeof(one));
	if (bind(f->listen_fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(f->listen_fd, 4096) < 0)
		return false;
	watch(f, f->listen_fd);
	return true;
}

static void
floor_run(struct floor *f)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int i, n;

	for (;;) {
		n = epoll_wait(f->epoll_fd, events, EVENTS_PER_TURN, -1);
		for (i = 0; i < n; i++)
			if (events[i].data.fd == f->listen_fd)
				on_accept(f);
			else
				on_readable(f, events[i].data.fd);
	}
}

int
main(int argc, char **argv)
{
	struct floor *f = calloc(1, sizeof(*f));
	struct rlimit rl;

	if (!f || argc != 2) {
		(void)fputs("usage: floor PORT\n", stderr);
		return 2;
	}
	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
	if (!floor_listen(f, atoi(argv[1]))) {
		perror("floor");
		return 1;
	}
	floor_run(f);
}
