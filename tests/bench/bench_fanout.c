/* SPDX-License-Identifier: MIT */
/*
 * bench_fanout - deliveries a CPU-second: the hub against a bare send() loop,
 * on the same connections, in turns.
 *
 *	bench_fanout [connections [rounds [rate [window]]]]
 *
 * With a rate, publications come at so many a second instead, or with a
 * window as soon as all but so many were read by all; the loop runs, and what
 * is shown is what the hub makes of it.
 *
 * The readers are another thread; only the sender's CPU time counts, which on
 * loopback holds the receivers' TCP work, too.  A round ends when all bytes
 * have been read, so no socket is ever full.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "hub/parts.h"

#define FRAME 204
#define BATCH 16

struct bench {
	struct loop *loop;
	struct hub *hub;
	struct set_stream set;
	int n, epoll;
	int *server, *reader;
	atomic_llong got;
	long long want;
	atomic_bool is_done;

	uint64_t seq;
};

static void
bench_frame(void *self, uint32_t variant, const struct ow_event *ev,
    struct ow_frame *out)
{
	(void)self;
	(void)variant;
	/* As a WebSocket would have it. */
	out->head[0] = 0x81;
	out->head[1] = 126;
	out->head[2] = (unsigned char)(ev->json.n >> 8);
	out->head[3] = (unsigned char)ev->json.n;
	out->head_len = 4;
}

static void
bench_data(void *self, struct ow_stream *s, void **peer, struct ow_bytes b)
{
	(void)self;
	(void)s;
	(void)peer;
	(void)b;
}

static void
bench_end(void *self, struct ow_stream *s, void **peer, int32_t code,
    const char *reason)
{
	(void)self;
	(void)peer;
	(void)code;
	(void)reason;
	stream_close(s);
}

static void
bench_closed(void *self, void **peer)
{
	(void)self;
	(void)peer;
}

static const struct ow_transport bench_ops = {
	sizeof(bench_ops), bench_frame, bench_data, bench_end, bench_closed,
};

static void
bench_on_ask(void *arg, struct ask *ask)
{
	(void)arg;
	ask->seen_as = who_ref(ask->who);
	ask->topic = "hot";
	hub_answer(ask);
}

static void
bench_on_unwatch(void *arg, struct hub *h, const char *topic)
{
	(void)arg;
	(void)h;
	(void)topic;
}

static void *
bench_read(void *arg)
{
	struct bench *b = arg;
	struct epoll_event ev[256];
	static char sink[65536];
	ssize_t got;
	int i, n;

	while (!atomic_load(&b->is_done)) {
		n = epoll_wait(b->epoll, ev, 256, 100);
		for (i = 0; i < n; i++) {
			got = read(ev[i].data.fd, sink, sizeof(sink));
			if (got > 0)
				atomic_fetch_add(&b->got, got);
		}
	}
	return NULL;
}

static void
bench_wait(struct bench *b)
{
	struct timespec nap = { 0, 200000 };

	while (atomic_load(&b->got) < b->want)
		nanosleep(&nap, NULL);
}

static double
bench_cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
bench_sockets(struct bench *b)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int i, on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	b->epoll = epoll_create1(0);
	b->server = mem_alloc((size_t)b->n * sizeof(int));
	b->reader = mem_alloc((size_t)b->n * sizeof(int));
	OW_ASSERT(bind(listener, (struct sockaddr *)&at, len) == 0);
	OW_ASSERT(listen(listener, 128) == 0);
	OW_ASSERT(getsockname(listener, (struct sockaddr *)&at, &len) == 0);
	for (i = 0; i < b->n; i++) {
		struct epoll_event ev = { .events = EPOLLIN };

		b->reader[i] = socket(AF_INET, SOCK_STREAM, 0);
		OW_ASSERT(connect(b->reader[i], (struct sockaddr *)&at, len)
		    == 0);
		b->server[i] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
		OW_ASSERT(b->server[i] >= 0);
		setsockopt(b->server[i], IPPROTO_TCP, TCP_NODELAY, &on,
		    sizeof(on));
		ev.data.fd = b->reader[i];
		epoll_ctl(b->epoll, EPOLL_CTL_ADD, b->reader[i], &ev);
	}
	close(listener);
}

static double
bench_bare(struct bench *b)
{
	static char frame[FRAME];
	double t = bench_cpu();
	int i;

	for (i = 0; i < b->n; i++)
		(void)!send(b->server[i], frame, FRAME,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
	t = bench_cpu() - t;
	b->want += (long long)b->n * FRAME;
	bench_wait(b);
	return t;
}

static double
bench_hub(struct bench *b, int batch)
{
	static const char json[FRAME - 4 + 1] = { [0 ... FRAME - 5] = 'x' };
	struct event *ev;
	double t = bench_cpu();
	int i;

	for (i = 0; i < batch; i++) {
		ev = event_make("t", "hot", "x", ++b->seq, 0, json, FRAME - 4);
		hub_tell(b->hub, ev);
		event_unref(&ev);
	}
	/* The clock moves enough for pace never to see a load. */
	loop_test_advance(b->loop, 0);
	t = bench_cpu() - t;
	b->want += (long long)b->n * FRAME * batch;
	bench_wait(b);
	return t;
}

static long
bench_heap(void)
{
	char line[256];
	long kb = 0;
	FILE *f = fopen("/proc/self/smaps_rollup", "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "Pss: %ld", &kb) == 1)
			break;
	if (f != NULL)
		fclose(f);
	return kb;
}

/* is_still: the loop does not run yet. */
static void
bench_connect(struct bench *b, bool is_still)
{
	struct stream_conf conf = { .feed = OW_FEED_ORDER, .two_way = true,
	    .order = "hot" };
	struct who *who = who_new(ROLE_SERVICE, "t", "s", "", INT64_MAX);
	long before = bench_heap();
	double t = bench_cpu();
	int i;

	for (i = 0; i < b->n; i++) {
		struct ow_stream *s = stream_new(b->hub, &conf);

		stream_ask(s, who, NULL, NULL);
		stream_connect(s, b->server[i], NULL, "127.0.0.1",
		    (struct ow_bytes){ NULL, 0 });
		if (!is_still && i % 16 == 15)
			loop_test_advance(b->loop, 0);
	}
	if (!is_still)
		loop_test_advance(b->loop, 0);
	printf("stream made and connected: %.2f us, %ld bytes (PSS); "
	    "sizeof(struct ow_stream) %zu\n", (bench_cpu() - t) * 1e6 / b->n,
	    (bench_heap() - before) * 1024 / b->n, sizeof(struct ow_stream));
	who_unref(&who);
}

/* ---- The loop runs ----------------------------------------------------- */

struct feed {
	struct bench *b;
	int rounds, rate, window;
};

static void
feed_tell(struct bench *b)
{
	static const char json[FRAME - 4 + 1] = { [0 ... FRAME - 5] = 'x' };
	struct event *ev;

	ev = event_make("t", "hot", "x", ++b->seq, 0, json, FRAME - 4);
	b->want += (long long)b->n * FRAME;
	hub_tell(b->hub, ev);
	event_unref(&ev);
}

static void *
feed_run(void *arg)
{
	const struct feed *f = arg;
	struct bench *b = f->b;
	struct timespec nap = { 0, f->window > 0 ? 200000 :
	    1000000000L / f->rate };
	int i;

	for (i = 0; i < f->rounds; i++) {
		nanosleep(&nap, NULL);
		while (f->window > 0 && b->want - atomic_load(&b->got) >
		    (long long)(f->window - 1) * b->n * FRAME)
			nanosleep(&nap, NULL);
		feed_tell(b);
	}
	bench_wait(b);
	loop_stop(b->loop);
	return NULL;
}

static void
bench_feed(struct bench *b, int rounds, int rate, int window)
{
	struct feed f = { b, rounds, rate, window };
	struct timespec t0, t1;
	double cpu, wall;
	pthread_t th;

	loop_post(b->loop, (void (*)(void *))loop_stop, b->loop);
	loop_run(b->loop);
	cpu = bench_cpu();
	clock_gettime(CLOCK_MONOTONIC, &t0);
	pthread_create(&th, NULL, feed_run, &f);
	loop_run(b->loop);
	pthread_join(th, NULL);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	cpu = bench_cpu() - cpu;
	wall = (double)(t1.tv_sec - t0.tv_sec) +
	    (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
	printf("%d connections, %d publications, %d/s, window %d: %.0f "
	    "deliveries a CPU-second, %.0f a second\n", b->n, rounds, rate,
	    window, (double)b->n * rounds / cpu,
	    (double)b->n * rounds / wall);
}

static void
bench_turns(struct bench *b, int rounds)
{
	double bare = 0, one = 0, many = 0;
	int i;

	for (i = 0; i < rounds; i++) {
		bare += bench_bare(b);
		one += bench_hub(b, 1);
		many += bench_hub(b, BATCH);
	}
	printf("%d connections, %d rounds of %d bytes; deliveries a "
	    "CPU-second:\n", b->n, rounds, FRAME);
	printf("  bare send() loop     %9.0f  %5.2f us\n", b->n * rounds / bare,
	    bare * 1e6 / b->n / rounds);
	printf("  hub, 1 a turn        %9.0f  %5.2f us\n", b->n * rounds / one,
	    one * 1e6 / b->n / rounds);
	printf("  hub, %d a turn       %9.0f  %5.2f us\n", BATCH,
	    (double)b->n * rounds * BATCH / many,
	    many * 1e6 / b->n / rounds / BATCH);
}

int
main(int argc, char **argv)
{
	struct bench b = { .n = argc > 1 ? atoi(argv[1]) : 2000 };
	int rounds = argc > 2 ? atoi(argv[2]) : 100;
	int rate = argc > 3 ? atoi(argv[3]) : 0;
	int window = argc > 4 ? atoi(argv[4]) : 0;
	int i;
	struct hub_conf conf = { .name = "0", .ask = bench_on_ask,
	    .unwatch = bench_on_unwatch };
	struct rlimit lim;
	pthread_t th;

	getrlimit(RLIMIT_NOFILE, &lim);
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
	b.set = (struct set_stream){ 25000, 60000, 5000, 60000, 100,
	    256 * 1024, 1 << 30 };
	b.loop = loop_new("bench");
	if (rate == 0)
		loop_test_clock(b.loop, 0);
	conf.loop = b.loop;
	conf.set = &b.set;
	b.hub = hub_new(&conf);
	hub_add_transport(b.hub, &bench_ops, NULL);
	bench_sockets(&b);
	bench_connect(&b, rate > 0);
	pthread_create(&th, NULL, bench_read, &b);
	if (rate > 0)
		bench_feed(&b, rounds, rate, window);
	else
		bench_turns(&b, rounds);
	atomic_store(&b.is_done, true);
	pthread_join(th, NULL);
	hub_free(&b.hub);
	loop_free(&b.loop);
	for (i = 0; i < b.n; i++)
		close(b.reader[i]);
	close(b.epoll);
	free(b.server);
	free(b.reader);
	return 0;
}
