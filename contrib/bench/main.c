/* SPDX-License-Identifier: MIT */
/*
 * main - one run: connect, wait, publish or storm, print one line.
 *
 * The line is key=value pairs (README.md says what each is); complaints go
 * to stderr.  CPU and memory of the server are read at the borders of each
 * phase, never during one.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "conf.h"
#include "proc.h"
#include "pub.h"
#include "sub.h"
#include "text.h"

#define SPARE_FILES 200
#define RUN_MAX_S 600

struct run {
	struct conf conf;
	struct subs subs;
	struct usage before, ready, idle;	/* with memory */
	long n_ready;
	double setup_s;
};

static void
files_raise(long conns)
{
	rlim_t want = (rlim_t)conns + SPARE_FILES;
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) < 0 || rl.rlim_cur >= want)
		return;
	rl.rlim_cur = want;
	if (rl.rlim_max < want)
		rl.rlim_max = want;
	if (setrlimit(RLIMIT_NOFILE, &rl) < 0)
		fatal("%ld connections: %s (ulimit -n)", conns,
		    strerror(errno));
}

static void
measure(const struct run *r, bool with_memory, struct usage *out)
{
	usage_read(r->conf.pids, r->conf.store_thread, with_memory, out);
}

static void
connect_all(struct run *r)
{
	measure(r, true, &r->before);
	r->setup_s = subs_connect(&r->subs);
	subs_pump_for(&r->subs, r->conf.settle_s);
	measure(r, true, &r->ready);
	r->n_ready = r->subs.n_ready;
	subs_count(&r->subs);
	if (r->conf.idle_s > 0)
		subs_pump_for(&r->subs, r->conf.idle_s);
	measure(r, true, &r->idle);
}

static void
print_setup(const struct run *r)
{
	double n = r->n_ready > 0 ? (double)r->n_ready : 1;
	double cpu_s = r->ready.cpu_s - r->before.cpu_s;

	printf("conns=%ld ready=%ld failed=%ld dead=%ld setup_s=%.3f "
	    "setup_cpu_s=%.2f hs_per_cpu_s=%.0f pss0_kb=%.0f pss_kb=%.0f "
	    "pss_per_conn=%.0f rss_per_conn=%.0f", r->conf.conns, r->n_ready,
	    r->subs.n_failed, r->subs.n_dead, r->setup_s, cpu_s,
	    cpu_s > 0 ? n / cpu_s : -1, r->before.pss_kb, r->idle.pss_kb,
	    (r->idle.pss_kb - r->before.pss_kb) * 1024 / n,
	    (r->idle.rss_kb - r->before.rss_kb) * 1024 / n);
}

static double
each_us(double s, long n)
{
	return n > 0 ? s * 1e6 / (double)n : -1;
}

static void
print_publish(struct run *r, const struct pub *p,
    const struct usage *a, const struct usage *b, double wall_s)
{
	const struct stats *latency = &r->subs.latency;
	double cpu_s = b->cpu_s - a->cpu_s;
	double store_s = b->thread_s - a->thread_s;

	printf(" pubs=%ld refused=%ld expected=%ld delivered=%ld lost=%ld "
	    "reordered=%ld", p->sent, p->refused, p->expected, p->delivered,
	    p->expected - p->delivered, r->subs.n_repeated);
	printf(" cpu_s=%.2f user_s=%.2f store_s=%.3f del_per_cpu_s=%.0f "
	    "del_per_s=%.0f", cpu_s, b->user_s - a->user_s, store_s,
	    cpu_s > 0 ? (double)p->delivered / cpu_s : -1,
	    wall_s > 0 ? (double)p->delivered / wall_s : -1);
	printf(" us_per_pub=%.2f us_user=%.2f us_outside=%.2f pub_per_s=%.0f",
	    each_us(cpu_s, p->sent), each_us(b->user_s - a->user_s, p->sent),
	    each_us(cpu_s - store_s, p->sent),
	    p->wall_s > 0 ? (double)p->answered / p->wall_s : -1);
	printf(" p50_ms=%.3f p99_ms=%.3f p999_ms=%.3f max_ms=%.3f "
	    "answer_p50_ms=%.3f answer_p99_ms=%.3f late_p99_ms=%.3f",
	    stats_quantile_ms(latency, 0.5), stats_quantile_ms(latency, 0.99),
	    stats_quantile_ms(latency, 0.999), (double)latency->max / 1e6,
	    stats_quantile_ms(&p->answer, 0.5),
	    stats_quantile_ms(&p->answer, 0.99),
	    stats_quantile_ms(&p->late, 0.99));
}

static struct pub *
pub_new(struct run *r)
{
	struct pub *p = calloc(1, sizeof(*p));

	if (!p)
		fatal("out of memory");
	p->conf = &r->conf;
	p->subs = &r->subs;
	p->pubs = r->conf.pubs;
	p->rate = r->conf.pub_rate;
	return p;
}

static void
publish_phase(struct run *r)
{
	struct usage a, b;
	struct pub *p = pub_new(r);
	uint64_t start = wall_ns();
	double wall_s;

	measure(r, false, &a);
	r->subs.is_measuring = true;
	pub_run(p);
	r->subs.is_measuring = false;
	measure(r, false, &b);
	wall_s = r->subs.last_ns > start ?
	    (double)(r->subs.last_ns - start) / 1e9 : p->wall_s;
	print_publish(r, p, &a, &b, wall_s);
	free(p);
}

static void
publish_round(struct run *r, long times)
{
	struct pub *p = pub_new(r);

	p->pubs = r->conf.chans * times;
	p->rate = r->conf.storm_rate;
	p->in_turn = true;
	pub_run(p);
	if (p->refused > 0)
		fatal("%ld publications were refused", p->refused);
	free(p);
}

/* Everybody has one message, goes away, misses some, and comes back. */
static void
storm_phase(struct run *r)
{
	struct usage a, b;
	struct storm storm;

	publish_round(r, 1);
	subs_pump_for(&r->subs, 0.3);
	subs_drop(&r->subs);
	(void)sleep(1);		/* the server notices */
	subs_count(&r->subs);
	publish_round(r, r->conf.missed);
	(void)usleep(500000);
	measure(r, false, &a);
	subs_return(&r->subs, &storm);
	measure(r, true, &b);
	printf(" storm_ready_s=%.3f storm_s=%.3f storm_caught=%ld "
	    "storm_delivered=%ld storm_cpu_s=%.2f storm_pss_kb=%.0f",
	    storm.ready_s, storm.caught_up_s, r->subs.n_caught_up,
	    storm.delivered, b.cpu_s - a.cpu_s, b.pss_kb);
}

int
main(int argc, char **argv)
{
	struct run *r = calloc(1, sizeof(*r));

	if (!r)
		fatal("out of memory");
	conf_read(&r->conf, argc, argv);
	files_raise(r->conf.conns);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)alarm(RUN_MAX_S);
	subs_init(&r->subs, &r->conf);
	connect_all(r);
	print_setup(r);
	if (r->conf.is_storm)
		storm_phase(r);
	else if (r->conf.pubs > 0)
		publish_phase(r);
	printf(" client_cpu_s=%.2f\n", usage_own_s());
	subs_done(&r->subs);
	free(r);
	return EXIT_SUCCESS;
}
