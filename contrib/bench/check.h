/* SPDX-License-Identifier: MIT */
/*
 * check - what one run of the checker knows: arguments, orders, clients,
 * publications, and what was counted.
 *
 * One thread.  Everything lives until the program ends.
 */
#ifndef BENCH_CHECK_H
#define BENCH_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats.h"

#define CHECK_NEVER UINT64_MAX
#define CHECK_MS UINT64_C(1000000)
#define CHECK_SIZE_MAX 3900		/* the server takes 4 kB of data */

/* The arguments; check.c says what each is. */
struct check_conf {
	const char *token, *tenant, *prefix;
	long port, pid;
	long orders, clients, inflight, writers, size;
	long slow, stopped, vanished;	/* of 100 clients */
	double rate, base_s, run_s, stop_s, timeout_s;
	double drop_s;
	long drops, missed;
	long is_stepped, is_limit;
};

/* One order, as everybody must have seen it. */
struct history {
	uint32_t *numbers;		/* by seq: which publication, or 0 */
	uint32_t n_room;
	uint32_t final;			/* the log's last seq, once read */
};

enum manner { POLITE, SLOW, STOPPED, VANISHED };

enum client_state {
	CLIENT_AWAY,			/* until due_ns */
	CLIENT_CONNECTING,
	CLIENT_HEAD,			/* waiting for the answer */
	CLIENT_OPEN,
};

struct client {
	int fd;
	enum client_state state;
	enum manner manner;
	bool has_begun;			/* saw a snapshot, once */
	bool is_current;		/* heard whether it missed anything */
	bool is_resync;			/* a snapshot has been announced */
	bool is_deaf;			/* not in the epoll set */
	uint32_t order;
	uint32_t begun, last;		/* seq */
	uint32_t n_refused;
	uint64_t due_ns;
	char *held;			/* what is not whole yet; owned */
	size_t n_held;
};

enum job_kind { JOB_CREATE, JOB_PUBLISH, JOB_LOG };

/* A request that is repeated, the same, until it is answered. */
struct job {
	struct job *next;
	enum job_kind kind;
	uint32_t order;
	uint32_t number;		/* of the publication, from 1 */
	uint32_t since;			/* of a page of the log */
	uint64_t wall_ns;		/* when it was first sent */
	uint64_t due_ns;
};

struct jobs {
	struct job *first, **end;
};

enum writer_state { WRITER_OFF, WRITER_CONNECTING, WRITER_FREE, WRITER_BUSY };

struct writer {
	int fd;
	enum writer_state state;
	struct job *job;
	uint64_t since_ns;
	char *in;
	size_t n_in, n_room;
};

struct tally {
	long exact, repeated, lost, wrong;
	long snapshots, by_snapshot, resyncs, unannounced;
	long opened, broken, goodbyes, refused, odd_closes;
	long retry_ms_min, retry_ms_max;	/* of the goodbyes */
	long wait_s_min, wait_s_max, no_wait;	/* of the refusals */
	long jobs_repeated, log_gaps, log_missing, log_twice, log_wrong;
};

struct check {
	struct check_conf conf;
	int epoll_fd;
	uint32_t random;
	struct history *orders;
	struct client *clients;
	long n_opening, n_open, n_current;

	struct writer *writers;
	struct jobs waiting;		/* by no order of their due_ns */
	long n_jobs;			/* not answered yet */
	uint32_t n_published;
	uint8_t *acked, *logged;	/* by number: how often */
	uint32_t n_numbers;
	double rate;			/* a second; 0: nothing new */
	uint64_t rate_from_ns;
	uint32_t rate_before;		/* n_published then */

	struct stats *latency;		/* where to, or NULL */
	uint64_t came_ns;		/* what is being read; 0: not known */
	struct tally tally;
	char *in;			/* CHECK_IN_BYTES */
};

#define CHECK_IN_BYTES ((size_t)256 << 10)
#define CHECK_WRITER (UINT64_C(1) << 32)	/* epoll data of a writer */

uint32_t check_random(struct check *, uint32_t below);
/* The text behind a name in JSON or a head, as a number; false: no such. */
bool check_number(const char *p, size_t n, const char *name, uint64_t *out);
/* Everybody sees the same publication at the same place. */
bool history_agrees(struct history *, uint32_t seq, uint32_t number);

/* ---- check_client.c ------------------------------------------------------ */

void client_on_event(struct check *, struct client *, uint32_t events);
/* What is due: connecting, a slow reader's few bytes. */
void clients_tick(struct check *, uint64_t now_ns);
/* Cuts the connection without a word, and comes back then. */
void client_cut(struct check *, struct client *, uint64_t due_ns);
void client_behave(struct check *, struct client *, bool is_good);

/* ---- check_writer.c ------------------------------------------------------ */

void writers_init(struct check *);
void writer_on_event(struct check *, struct writer *, uint32_t events);
void writers_tick(struct check *, uint64_t now_ns);
void job_add(struct check *, enum job_kind, uint32_t order, uint32_t since);

#endif
