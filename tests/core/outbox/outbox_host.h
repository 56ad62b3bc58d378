/* SPDX-License-Identifier: MIT */
/*
 * outbox_host - the outbox over a real SQLite file, with channels that do what
 * a test says, an orders loop that is a table of answers, and a clock that
 * tests move.
 *
 * All roles share one loop unless a test says otherwise.
 */
#ifndef TEST_OUTBOX_HOST_H
#define TEST_OUTBOX_HOST_H

#include <check.h>
#include <pthread.h>

#include "base/loop.h"
#include "base/metric.h"
#include "outbox/job.h"
#include "outbox/outbox.h"
#include "plugin/plugin.h"

#define T0 INT64_C(1763805600000)	/* 2025-11-22T10:00:00Z */
#define MINUTE INT64_C(60000)
#define FAKES_MAX 4
#define SEEN_MAX 8192

/* ---- Channels ----------------------------------------------------------- */

enum fake_way {
	FAKE_ANSWERS,		/* inside of deliver() */
	FAKE_HOLDS,		/* until fake_settle, or cancel() */
	FAKE_HANGS,		/* not even then */
	FAKE_TWICE,		/* answers, and once more */
	FAKE_STRANGE,		/* settles a job that it never got */
	FAKE_NULL,		/* settles with no outcome at all */
};

/* One job as the channel got it. */
struct seen {
	char key[SHA256_HEX_SIZE], address[160], title[160], text[320];
	char html[64], url[160], receipt[256], receipt_url[160];
	char unsubscribe[512], event[160], group[64], topic[64], locale[16];
	uint32_t attempt;
	int64_t ttl_ms, deadline_ms;
	int32_t urgency;
	bool is_repeat_safe;
	const struct ow_job *job;	/* FAKE_HOLDS: until settled; or NULL */
};

struct fake {
	struct scene *scene;
	struct ow_channel ops;
	struct ow_plugin desc;
	struct set_channel set;
	struct plugin_entry entry;
	const char *own;		/* its own address, or NULL */
	const char *refuses;		/* check() refuses this address */
	/* Its answer. */
	enum fake_way way;
	int32_t verdict;
	int64_t retry_after_ms;
	const char *ref, *detail;
	/* What it got. */
	struct ow_ctx *ctx;
	const struct ow_host *host;
	const struct ow_job *last;
	uint32_t n_checked, n_cancelled, n_seen;
	struct seen seen[SEEN_MAX];
};

/* ---- The scene ---------------------------------------------------------- */

struct scene {
	char dir[64], path[128];
	struct settings set;
	bool is_threaded;		/* set before scene_begin */
	struct loop *loop;		/* the orders loop's, and the test's */
	struct loop *store_loop, *outbox_loop;	/* the same, or threads */
	pthread_t threads[2];
	struct metrics *metrics;
	struct journal *journal, *outbox_journal;
	struct ow_ctx *store;
	struct outbox *outbox;
	struct rules *rules;
	struct templates *templates;
	uint32_t n_fakes;
	struct fake *fakes[FAKES_MAX];
	/* The store's moods: so many transactions with this query fail, and
	   are executed all the same if it lies. */
	int fail_query, fail_count;
	int32_t fail_err;
	bool fail_lies;
	uint32_t executed[Q_COUNT];
	uint32_t n_added;		/* jobs of scene_add, in the store */
	/* The orders loop. */
	int consent_err;
	struct decided decided;
	bool is_silent;			/* answers when told to */
	struct consent *asked;
	uint32_t n_consents, n_asked;
	struct consent_job last_asked;
	uint32_t n_opts;
	char opt[256];			/* "tenant sub medium in why" */
	int opt_err;			/* their answer */
	bool keeps_opts;		/* until told to answer */
	struct opt *opt_kept;		/* the last */
	uint32_t n_forgotten;
	char forgotten[64];		/* "tenant sub" of the last */
	uint32_t n_drained;
	struct id_maker ids;
	int64_t start_ms;		/* the clock's at scene_begin */
};

/* With nothing but a store; add channels, then begin. */
struct scene *scene_open(void);
struct fake *scene_channel(struct scene *, const char *name,
    const char *medium, const char *kind);
/* notifications.conf as text; before scene_begin. */
void scene_rules(struct scene *, const char *text);
void scene_begin(struct scene *);
/* With threads: until loop_stop(s->loop), then the others end. */
void scene_run_threads(struct scene *);
/* As kill -9 does it: nothing is drained or settled. */
void scene_crash(struct scene *);
void scene_close(struct scene **);
void scene_run(struct scene *, int64_t ms);

/* What the desk would have added; "" and 0 have defaults. */
struct wish {
	const char *kind, *medium, *sub, *address, *group, *topic, *event;
	const char *notice;		/* an id: of one that is there */
	const char *instance;		/* whose own address it is */
	int64_t at_ms, due_ms, stale_ms;
	bool only_unseen, critical;
};
/* The job's id; valid until the next call but seven. */
const char *scene_add(struct scene *, const struct wish *);
/* One cell of the database. */
int64_t scene_int(struct scene *, const char *sql);
const char *scene_text(struct scene *, const char *sql);
const char *job_state(struct scene *, const char *id);
const char *job_why(struct scene *, const char *id);
void scene_sql(struct scene *, const char *sql);
/* The value of a line of /metrics, or 0. */
int64_t scene_metric(struct scene *, const char *name, const char *kind);

/* Settles what FAKE_HOLDS has, by its place in seen. */
void fake_settle(struct fake *, uint32_t i, int32_t verdict);
/* The orders loop answers now. */
void scene_answer(struct scene *);
void scene_answer_opt(struct scene *, int err);

#endif
