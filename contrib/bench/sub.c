/* SPDX-License-Identifier: MIT */
/*
 * sub - all subscribers: opened, pumped, dropped, brought back.
 */
#include "sub.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "text.h"
#include "tls.h"

#define EVENTS_PER_TURN 512
#define QUIET_S 2.5		/* without progress: they have what they get */

static double
seconds_since(uint64_t start_ns)
{
	return (double)(steady_ns() - start_ns) / 1e9;
}

static void *
table_new(long n, size_t size)
{
	void *p = calloc(n > 0 ? (size_t)n : 1, size);

	if (!p)
		fatal("out of memory");
	return p;
}

void
subs_init(struct subs *s, const struct conf *conf)
{
	long i;

	*s = (struct subs){ .conf = conf, .random = 12345 };
	s->conns = table_new(conf->conns, sizeof(*s->conns));
	s->chan_seq = table_new(conf->chans, sizeof(*s->chan_seq));
	s->chan_subs = table_new(conf->chans, sizeof(*s->chan_subs));
	s->in = table_new((long)SUBS_IN_BYTES, 1);
	for (i = 0; i < conf->conns; i++) {
		s->conns[i].fd = -1;
		s->conns[i].chan = (uint32_t)(i % conf->chans);
	}
	if (conf->is_tls)
		s->tls = tls_new();
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll_fd < 0)
		fatal("epoll_create1: %s", strerror(errno));
}

void
subs_done(struct subs *s)
{
	subs_drop(s);
	close(s->epoll_fd);
	tls_free(s->tls);
	free(s->conns);
	free(s->chan_seq);
	free(s->chan_subs);
	free(s->in);
}

void
subs_pump(struct subs *s, int wait_ms)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int i, n;

	n = epoll_wait(s->epoll_fd, events, EVENTS_PER_TURN, wait_ms);
	for (i = 0; i < n; i++)
		conn_on_event(s, &s->conns[events[i].data.u64]);
}

void
subs_pump_for(struct subs *s, double seconds)
{
	uint64_t start = steady_ns();
	double left;

	while ((left = seconds - seconds_since(start)) > 0)
		subs_pump(s, left > 0.05 ? 50 : (int)(left * 1000) + 1);
}

static void
subs_open_more(struct subs *s, bool is_back)
{
	const struct conf *conf = s->conf;

	while (s->n_next < conf->conns && s->n_opening < conf->inflight)
		conn_open(s, &s->conns[s->n_next++], is_back);
}

static bool
subs_is_open(const struct subs *s)
{
	return s->n_next >= s->conf->conns && s->n_opening == 0;
}

double
subs_connect(struct subs *s)
{
	uint64_t start = steady_ns();

	s->n_next = 0;
	while (!subs_is_open(s)) {
		subs_open_more(s, false);
		subs_pump(s, 50);
		if (seconds_since(start) > s->conf->timeout_s)
			fatal("only %ld connections ready in time",
			    s->n_ready);
		if (s->n_failed > 200 && s->n_failed > s->conf->conns / 20)
			fatal("%ld connections were refused", s->n_failed);
	}
	return seconds_since(start);
}

void
subs_count(struct subs *s)
{
	long i;

	memset(s->chan_subs, 0,
	    (size_t)s->conf->chans * sizeof(*s->chan_subs));
	for (i = 0; i < s->conf->conns; i++)
		if (s->conns[i].state == CONN_READY)
			s->chan_subs[s->conns[i].chan]++;
}

void
subs_drop(struct subs *s)
{
	long i;

	for (i = 0; i < s->conf->conns; i++)
		conn_close(s, &s->conns[i], CONN_OFF);
}

void
subs_return(struct subs *s, struct storm *out)
{
	uint64_t start = steady_ns(), progress = start;
	long before = atomic_load(&s->delivered), seen = 0;

	*out = (struct storm){ -1, -1, 0 };
	s->is_storm = true;
	s->n_caught_up = 0;
	s->n_next = 0;
	while (seconds_since(start) < s->conf->timeout_s) {
		subs_open_more(s, true);
		subs_pump(s, 20);
		if (out->ready_s < 0 && subs_is_open(s)) {
			out->ready_s = seconds_since(start);
			progress = steady_ns();
		}
		if (s->n_caught_up != seen) {
			seen = s->n_caught_up;
			progress = steady_ns();
			out->caught_up_s = seconds_since(start);
		}
		if (out->ready_s >= 0 && (seen >= s->conf->conns ||
		    seconds_since(progress) > QUIET_S))
			break;
	}
	subs_pump_for(s, 0.2);	/* what else comes is counted, too */
	s->is_storm = false;
	out->delivered = atomic_load(&s->delivered) - before;
}
