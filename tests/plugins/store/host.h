/* SPDX-License-Identifier: MIT */
/*
 * host - a small host for store plugins: poll(), a clock that tests move, and
 * jobs that remember how they were settled.
 */
#ifndef TEST_STORE_HOST_H
#define TEST_STORE_HOST_H

#include <orderwire/store.h>

#define JOB_OPS 8
#define JOB_ARGS 19

struct job {
	struct ow_txn txn;
	struct ow_op ops[JOB_OPS];
	struct ow_value args[JOB_OPS][JOB_ARGS];
	char *texts[JOB_OPS][JOB_ARGS];	/* copies, so that misuse shows */
	int settled;			/* how many times */
	int32_t err;
	uint32_t op;
	char detail[256];
	uint32_t n_rows[JOB_OPS], n_cols[JOB_OPS];
	char *cells[JOB_OPS][512];	/* as text; NULL: null */
};

struct host;			/* also the plugin's ow_ctx */

struct host_conf {
	const struct ow_plugin *plugin;
	const char *const (*options)[2];	/* name, value; NULL ends */
	const struct ow_stmt *stmts;
	uint32_t n_stmts;
	const struct ow_migration *migrations;
	uint32_t n_migrations;
};

/* load, start, migrate; err says how that went and the plugin is stopped if
   it did not go well. */
struct host *host_open(const struct host_conf *, int *err, struct ow_fault *);
/* drain and stop. */
void host_close(struct host **);
/* load and stop alone. */
int host_load_only(const struct host_conf *, struct ow_fault *);
int host_migrate(struct host *, struct ow_fault *);

void job_init(struct job *);
void job_done(struct job *);
/* kinds: s text, i int64_t, n null. */
void job_add(struct job *, const struct ow_stmt *stmts, uint32_t stmt,
    int64_t expect, const char *kinds, ...);

/* Hand them over; does not wait. */
void host_run(struct host *, struct job **, uint32_t n);
/* Until n jobs are settled; moves the clock when nothing happens.  false:
   that took more than 20 real seconds. */
bool host_settled(struct host *, struct job **, uint32_t n);
/* Both, for one. */
int32_t host_do(struct host *, struct job *);
/* One turn: what is ready, and `ms` on the clock. */
void host_turn(struct host *, int wait_ms, int64_t ms);
/* Until the store says so; false: not within 20 real seconds. */
bool host_state_becomes(struct host *, bool up);
bool host_is_up(const struct host *);
const char *host_why(const struct host *);
/* Called at each settling, before anything else. */
void host_on_settle(struct host *, void (*fn)(void *arg, struct job *),
    void *arg);
/* What was logged so far, one text. */
const char *host_logged(const struct host *);

#endif
