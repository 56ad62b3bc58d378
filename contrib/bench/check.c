/* SPDX-License-Identifier: MIT */
/*
 * check - nothing lost, nothing twice, nothing out of order: for every
 * client, whatever happens to it or to the server.
 *
 *	OW_TOKEN=... check port=8080 clients=1000 orders=500 rate=500 run=20
 *
 * It makes orders, follows each with clients, publishes numbered events, and
 * compares what each client wrote down with what the others did and with the
 * log.  Meanwhile somebody may stop, kill and start the server.  It prints
 * one line of key=value pairs, and ends with 1 and a sentence if anything is
 * missing, double, misplaced or wrong.
 *
 * Arguments are in `options` below.  With step=1 it prints "phase NAME"
 * before it goes on, and waits for a line on its standard input.
 *
 * What it measures is not compared with other servers: that is main.c.
 */
#include "check.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "conf.h"
#include "proc.h"
#include "text.h"

#define EVENTS_PER_TURN 512
#define SPARE_FILES 200
#define BETWEEN_DROPS_S 3.0
#define MEMORY_S 0.5			/* between two looks at it */

enum kind { TEXT, NUMBER, REAL };

struct option {
	const char *name;
	enum kind kind;
	size_t at;
};

#define AT(member) offsetof(struct check_conf, member)

static const struct option options[] = {
	{ "tenant", TEXT, AT(tenant) },
	{ "prefix", TEXT, AT(prefix) },		/* of the orders' refs */
	{ "port", NUMBER, AT(port) },
	{ "pid", NUMBER, AT(pid) },		/* whose memory is read */
	{ "orders", NUMBER, AT(orders) },
	{ "clients", NUMBER, AT(clients) },
	{ "inflight", NUMBER, AT(inflight) },	/* first handshakes */
	{ "writers", NUMBER, AT(writers) },	/* connections that publish */
	{ "size", NUMBER, AT(size) },		/* bytes more in an event */
	{ "rate", REAL, AT(rate) },		/* publications a second */
	{ "base", REAL, AT(base_s) },		/* all are polite */
	{ "run", REAL, AT(run_s) },		/* some are not */
	{ "slow", NUMBER, AT(slow) },		/* of 100 read 1 kB/s */
	{ "stopped", NUMBER, AT(stopped) },	/* of 100 stop reading */
	{ "vanished", NUMBER, AT(vanished) },	/* of 100 for ever */
	{ "stop", REAL, AT(stop_s) },		/* how long they stop */
	{ "drops", NUMBER, AT(drops) },		/* all are cut off so often */
	{ "drop", REAL, AT(drop_s) },		/* for so long */
	{ "missed", NUMBER, AT(missed) },	/* a storm, after so many */
	{ "limit", NUMBER, AT(is_limit) },	/* more than the server takes */
	{ "timeout", REAL, AT(timeout_s) },	/* of each wait */
	{ "step", NUMBER, AT(is_stepped) },
};

struct figures {
	struct stats base, run;
	struct stats back;		/* of run: the rude catch up */
	double setup_s, storm_s, complete_s;
	double kb_before, kb_idle, kb_base, kb_max, kb_after;
	long limit_ready, limit_refused;
};

/* ---- Small things -------------------------------------------------------- */

uint32_t
check_random(struct check *k, uint32_t below)
{
	k->random ^= k->random << 13;
	k->random ^= k->random >> 17;
	k->random ^= k->random << 5;
	return k->random % below;
}

bool
check_number(const char *p, size_t n, const char *name, uint64_t *out)
{
	const char *at = memmem(p, n, name, strlen(name)), *end = p + n;
	uint64_t v = 0;

	if (!at)
		return false;
	at += strlen(name);
	if (at == end || *at < '0' || *at > '9')
		return false;
	for (; at < end && *at >= '0' && *at <= '9'; at++)
		v = v * 10 + (uint64_t)(*at - '0');
	*out = v;
	return true;
}

bool
history_agrees(struct history *h, uint32_t seq, uint32_t number)
{
	uint32_t n = h->n_room;

	if (seq > 1u << 24)
		return false;
	while (h->n_room <= seq)
		h->n_room = h->n_room * 2 + 16;
	if (h->n_room != n) {
		h->numbers = realloc(h->numbers,
		    h->n_room * sizeof(*h->numbers));
		if (!h->numbers)
			fatal("out of memory");
		memset(h->numbers + n, 0, (h->n_room - n) *
		    sizeof(*h->numbers));
	}
	if (h->numbers[seq] == 0)
		h->numbers[seq] = number;
	return h->numbers[seq] == number;
}

static void *
table_new(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		fatal("out of memory");
	return p;
}

static double
seconds_since(uint64_t start_ns)
{
	return (double)(steady_ns() - start_ns) / 1e9;
}

/* ---- Arguments ----------------------------------------------------------- */

static void
argument_read(struct check_conf *conf, const char *arg)
{
	const char *value = strchr(arg, '=');
	const struct option *o = options;
	const struct option *end = o + sizeof(options) / sizeof(*options);
	size_t n = value ? (size_t)(value - arg) : 0;
	char *rest = NULL;

	while (o < end && (strlen(o->name) != n ||
	    memcmp(o->name, arg, n) != 0))
		o++;
	if (!value || o == end)
		fatal("no such argument: %s", arg);
	value++;
	if (o->kind == TEXT)
		*(const char **)((char *)conf + o->at) = value;
	else if (o->kind == NUMBER)
		*(long *)((char *)conf + o->at) = strtol(value, &rest, 10);
	else
		*(double *)((char *)conf + o->at) = strtod(value, &rest);
	if (rest && (rest == value || *rest))
		fatal("%s is no number", arg);
}

static void
conf_init(struct check_conf *conf, int argc, char **argv)
{
	int i;

	*conf = (struct check_conf){
		.token = getenv("OW_TOKEN"), .tenant = "cafe",
		.prefix = "check", .orders = 100, .clients = 500,
		.inflight = 256, .writers = 16, .size = 1, .rate = 200,
		.stop_s = 5, .drop_s = 2, .timeout_s = 60,
	};
	for (i = 1; i < argc; i++)
		argument_read(conf, argv[i]);
	if (!conf->token)
		fatal("OW_TOKEN has to hold a token of the role service");
	if (conf->port < 1 || conf->port > 65535)
		fatal("port has to be 1 to 65535");
	if (conf->orders < 1 || conf->clients < 1 || conf->clients > 200000 ||
	    conf->writers < 1 || conf->size < 1 ||
	    conf->size > CHECK_SIZE_MAX)
		fatal("orders, clients, writers or size make no sense");
}

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

/* ---- The loop ------------------------------------------------------------ */

static void
check_turn(struct check *k)
{
	struct epoll_event events[EVENTS_PER_TURN];
	uint64_t now_ns;
	int i, n;

	n = epoll_wait(k->epoll_fd, events, EVENTS_PER_TURN, 1);
	for (i = 0; i < n; i++)
		if (events[i].data.u64 & CHECK_WRITER)
			writer_on_event(k, &k->writers[(uint32_t)
			    events[i].data.u64], events[i].events);
		else
			client_on_event(k, &k->clients[events[i].data.u64],
			    events[i].events);
	now_ns = steady_ns();
	clients_tick(k, now_ns);
	writers_tick(k, now_ns);
}

static void
check_turn_for(struct check *k, double seconds)
{
	uint64_t start = steady_ns();

	while (seconds_since(start) < seconds)
		check_turn(k);
}

/* Seconds until it holds. */
static double
check_until(struct check *k, bool (*holds)(const struct check *),
    const char *what)
{
	uint64_t start = steady_ns();

	while (!holds(k)) {
		check_turn(k);
		if (seconds_since(start) > k->conf.timeout_s)
			fatal("waited %.0f s until %s: %ld of %ld clients "
			    "open, %ld current, %ld requests unanswered",
			    k->conf.timeout_s, what, k->n_open,
			    k->conf.clients, k->n_current, k->n_jobs);
	}
	return seconds_since(start);
}

static bool
is_answered(const struct check *k)
{
	return k->n_jobs == 0;
}

static bool
is_current(const struct check *k)
{
	return k->n_current == k->conf.clients;
}

/* Everybody but the vanished has seen the last event of its order. */
static bool
is_complete(const struct check *k)
{
	const struct client *c = k->clients;
	long i;

	for (i = 0; i < k->conf.clients; i++, c++)
		if (c->manner != VANISHED &&
		    c->last < k->orders[c->order].final)
			return false;
	return true;
}

/* A word to whoever watches, and one from there. */
static void
phase(struct check *k, const char *name)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[64];

	if (!k->conf.is_stepped)
		return;
	printf("phase %s\n", name);
	(void)fflush(stdout);
	/* The clients go on: pings want answers. */
	while (poll(&in, 1, 0) == 0)
		check_turn(k);
	if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
		fatal("nobody says to go on after %s", name);
}

static double
memory_kb(const struct check *k)
{
	struct usage usage;
	char pid[24];

	if (k->conf.pid <= 0)
		return 0;
	(void)snprintf(pid, sizeof(pid), "%ld", k->conf.pid);
	usage_read(pid, "", true, &usage);
	return usage.pss_kb;
}

/* ---- What is done -------------------------------------------------------- */

static void
orders_make(struct check *k)
{
	long i;

	for (i = 0; i < k->conf.orders; i++)
		job_add(k, JOB_CREATE, (uint32_t)i, 0);
	(void)check_until(k, is_answered, "the orders are made");
}

/* Spread by a stride, so that every order has some of each manner. */
static enum manner
manner_of(const struct check_conf *conf, long i)
{
	long place = i / conf->orders * 37 % 100;

	if (conf->clients < conf->orders * 100)
		place = (i * 37 + i / 100) % 100;
	if (place < conf->slow)
		return SLOW;
	if (place < conf->slow + conf->stopped)
		return STOPPED;
	if (place < conf->slow + conf->stopped + conf->vanished)
		return VANISHED;
	return POLITE;
}

static void
clients_make(struct check *k)
{
	long i;

	for (i = 0; i < k->conf.clients; i++) {
		k->clients[i].fd = -1;
		k->clients[i].due_ns = CHECK_NEVER;
		k->clients[i].order = (uint32_t)(i % k->conf.orders);
		k->clients[i].manner = manner_of(&k->conf, i);
	}
}

static void
clients_behave(struct check *k, bool is_good)
{
	long i;

	for (i = 0; i < k->conf.clients; i++)
		client_behave(k, &k->clients[i], is_good);
}

static void
clients_come(struct check *k)
{
	long i;

	for (i = 0; i < k->conf.clients; i++)
		k->clients[i].due_ns = steady_ns();
}

static void
clients_cut(struct check *k, uint64_t due_ns)
{
	long i;

	for (i = 0; i < k->conf.clients; i++)
		client_cut(k, &k->clients[i], due_ns);
}

static void
rate_set(struct check *k, double rate)
{
	k->rate = rate;
	k->rate_from_ns = steady_ns();
	k->rate_before = k->n_published;
}

static void
drops_play(struct check *k)
{
	long i;

	for (i = 0; i < k->conf.drops; i++) {
		check_turn_for(k, BETWEEN_DROPS_S);
		clients_cut(k, steady_ns() +
		    (uint64_t)(k->conf.drop_s * 1e9));
		check_turn_for(k, k->conf.drop_s);
	}
}

static void
stats_join(struct stats *s, const struct stats *more)
{
	size_t i;

	for (i = 0; i < STATS_PLACES; i++)
		s->count[i] += more->count[i];
	s->n += more->n;
	if (more->max > s->max)
		s->max = more->max;
}

/* Reading a process's memory holds it up: as often without the rude as with
   them. */
static void
base_play(struct check *k, struct figures *f)
{
	uint64_t start = steady_ns();

	k->latency = &f->base;
	f->kb_base = memory_kb(k);
	while (seconds_since(start) < k->conf.base_s) {
		check_turn_for(k, MEMORY_S);
		f->kb_base = memory_kb(k);
	}
}

static void
run_play(struct check *k, struct figures *f)
{
	uint64_t start;
	double kb;
	bool is_good = false;

	rate_set(k, k->conf.rate);
	base_play(k, f);
	k->latency = &f->run;
	clients_behave(k, false);
	drops_play(k);
	for (start = steady_ns(); seconds_since(start) < k->conf.run_s; ) {
		check_turn_for(k, MEMORY_S);
		kb = memory_kb(k);
		if (kb > f->kb_max)
			f->kb_max = kb;
		if (!is_good && seconds_since(start) >= k->conf.stop_s) {
			clients_behave(k, true);
			k->latency = &f->back;
			is_good = true;
		}
	}
	clients_behave(k, true);
	stats_join(&f->run, &f->back);
	k->latency = NULL;
	rate_set(k, 0);
}

static void
publish_each(struct check *k, long times)
{
	long i;

	for (i = 0; i < k->conf.orders * times; i++)
		job_add(k, JOB_PUBLISH, (uint32_t)(i % k->conf.orders), 0);
	(void)check_until(k, is_answered, "publications are answered");
}

/* All go, miss some, and come back at the same moment. */
static void
storm_play(struct check *k, struct figures *f)
{
	uint64_t start;
	long i;

	publish_each(k, 1);
	for (i = 0; i < k->conf.orders; i++)
		k->orders[i].final = 2;		/* 1 is its creation */
	(void)check_until(k, is_complete, "all have the first event");
	clients_cut(k, CHECK_NEVER);
	publish_each(k, k->conf.missed);
	phase(k, "away");
	start = steady_ns();
	clients_come(k);
	for (i = 0; i < k->conf.orders; i++)
		k->orders[i].final = 2 + (uint32_t)k->conf.missed;
	(void)check_until(k, is_current, "all are back");
	(void)check_until(k, is_complete, "all have what they missed");
	f->storm_s = seconds_since(start);
	phase(k, "back");
}

static bool
is_decided(const struct check *k)
{
	const struct client *c = k->clients;
	long i;

	for (i = 0; i < k->conf.clients; i++, c++)
		if (!c->is_current && c->n_refused == 0)
			return false;
	return true;
}

static bool
is_everybody_begun(const struct check *k)
{
	const struct client *c = k->clients;
	long i;

	for (i = 0; i < k->conf.clients; i++, c++)
		if (!c->has_begun)
			return false;
	return true;
}

/* Those who got in go, and then the others must get in. */
static void
limit_play(struct check *k, struct figures *f)
{
	long i;

	f->setup_s = check_until(k, is_decided, "all are in or refused");
	for (i = 0; i < k->conf.clients; i++)
		if (k->clients[i].n_refused > 0)
			f->limit_refused++;
		else
			f->limit_ready++;
	phase(k, "full");
	for (i = 0; i < k->conf.clients; i++)
		if (k->clients[i].is_current)
			client_cut(k, &k->clients[i], CHECK_NEVER);
	f->storm_s = check_until(k, is_everybody_begun,
	    "the refused get in, too");
	for (i = 0; i < k->conf.orders; i++)
		k->orders[i].final = 1;		/* its creation */
}

/* ---- What came of it ----------------------------------------------------- */

static void
logs_read(struct check *k)
{
	uint32_t i;

	for (i = 0; i < (uint32_t)k->conf.orders; i++)
		job_add(k, JOB_LOG, i, 0);
	(void)check_until(k, is_answered, "the logs are read");
	for (i = 1; i <= k->n_published; i++) {
		k->tally.log_missing += k->acked[i] && !k->logged[i];
		k->tally.log_twice += k->logged[i] > 1;
	}
}

static long
expected_count(const struct check *k)
{
	const struct client *c = k->clients;
	long i, n = 0;

	for (i = 0; i < k->conf.clients; i++, c++)
		if (c->manner == VANISHED)
			n += c->last - c->begun;
		else
			n += k->orders[c->order].final - c->begun;
	return n - k->tally.by_snapshot;
}

static void
figures_print(const struct check *k, const struct figures *f)
{
	const struct tally *t = &k->tally;
	long expected = expected_count(k);

	printf("clients=%ld orders=%ld published=%u repeated_requests=%ld "
	    "expected=%ld exact=%ld lost=%ld twice=%ld wrong=%ld "
	    "by_snapshot=%ld snapshots=%ld resyncs=%ld unannounced=%ld "
	    "log_gaps=%ld log_missing=%ld log_twice=%ld log_wrong=%ld",
	    k->conf.clients, k->conf.orders, k->n_published,
	    t->jobs_repeated, expected, t->exact, t->lost, t->repeated,
	    t->wrong, t->by_snapshot, t->snapshots, t->resyncs,
	    t->unannounced, t->log_gaps, t->log_missing, t->log_twice,
	    t->log_wrong);
	printf(" opened=%ld broken=%ld goodbyes=%ld retry_ms=%ld..%ld "
	    "odd_closes=%ld refused=%ld retry_after_s=%ld..%ld no_wait=%ld",
	    t->opened, t->broken, t->goodbyes, t->retry_ms_min,
	    t->retry_ms_max, t->odd_closes, t->refused, t->wait_s_min,
	    t->wait_s_max, t->no_wait);
	printf(" setup_s=%.2f storm_s=%.2f complete_s=%.2f "
	    "limit_ready=%ld limit_refused=%ld base_n=%llu base_p50_ms=%.2f "
	    "base_p99_ms=%.2f run_n=%llu run_p50_ms=%.2f run_p99_ms=%.2f "
	    "run_max_ms=%.2f back_p99_ms=%.2f "
	    "kb_before=%.0f kb_idle=%.0f kb_base=%.0f kb_max=%.0f "
	    "kb_after=%.0f share=%.4f\n", f->setup_s, f->storm_s, f->complete_s,
	    f->limit_ready, f->limit_refused,
	    (unsigned long long)f->base.n,
	    stats_quantile_ms(&f->base, 0.5),
	    stats_quantile_ms(&f->base, 0.99), (unsigned long long)f->run.n,
	    stats_quantile_ms(&f->run, 0.5),
	    stats_quantile_ms(&f->run, 0.99), (double)f->run.max / 1e6,
	    stats_quantile_ms(&f->back, 0.99),
	    f->kb_before, f->kb_idle, f->kb_base, f->kb_max, f->kb_after,
	    expected > 0 ? 100.0 * (double)t->exact / (double)expected : 100);
	(void)fflush(stdout);
}

static bool
is_right(const struct check *k)
{
	const struct tally *t = &k->tally;

	return t->exact == expected_count(k) && t->lost + t->repeated +
	    t->wrong + t->unannounced + t->log_gaps + t->log_missing +
	    t->log_twice + t->log_wrong == 0;
}

static void
play(struct check *k, struct figures *f)
{
	f->kb_before = memory_kb(k);
	clients_make(k);
	orders_make(k);
	clients_come(k);
	if (k->conf.is_limit) {
		limit_play(k, f);
		return;
	}
	f->setup_s = check_until(k, is_current, "all are there");
	f->kb_idle = memory_kb(k);
	phase(k, "ready");
	if (k->conf.missed > 0)
		storm_play(k, f);
	else
		run_play(k, f);
	(void)check_until(k, is_answered, "publications are answered");
	logs_read(k);
	f->complete_s = check_until(k, is_complete, "all are complete");
	phase(k, "complete");
	f->kb_after = memory_kb(k);
}

int
main(int argc, char **argv)
{
	struct figures *f = table_new(1, sizeof(*f));
	struct check *k = table_new(1, sizeof(*k));
	double numbers;

	conf_init(&k->conf, argc, argv);
	files_raise(k->conf.clients + k->conf.writers);
	(void)signal(SIGPIPE, SIG_IGN);
	numbers = k->conf.rate * (k->conf.base_s + k->conf.run_s +
	    (double)k->conf.drops * (BETWEEN_DROPS_S + k->conf.drop_s)) * 2;
	k->n_numbers = (uint32_t)numbers + 1000 +
	    (uint32_t)(k->conf.orders * (k->conf.missed + 1));
	k->random = 2463534242u;
	k->orders = table_new((size_t)k->conf.orders, sizeof(*k->orders));
	k->clients = table_new((size_t)k->conf.clients, sizeof(*k->clients));
	k->acked = table_new(k->n_numbers, 1);
	k->logged = table_new(k->n_numbers, 1);
	k->in = table_new(CHECK_IN_BYTES, 1);
	k->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (k->epoll_fd < 0)
		fatal("epoll_create1: %s", strerror(errno));
	writers_init(k);
	play(k, f);
	figures_print(k, f);
	if (!is_right(k))
		fatal("not everything was seen exactly once and in order");
	return EXIT_SUCCESS;
}
