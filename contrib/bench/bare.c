/* SPDX-License-Identifier: MIT */
/*
 * bare FILE CHANGES WRITERS - durable changes a second of the bare store.
 *
 * The server's own tables and append statement on SQLite, in WAL with
 * synchronous=FULL: WRITERS threads that each wait for their change, and one
 * that commits all that are waiting.  It is what the server's "durable
 * changes a second" are measured against: same disk, same run, without HTTP,
 * JSON and rules.  Rows of orders are left out: the server writes them behind.
 */
#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "event/query.h"

#define ORDERS 5000
#define MESSAGE_BYTES 380	/* a publication of 200 bytes as an event */
#define CHECKPOINT_PAGES 2000	/* the default of store-sqlite */
#define WRITERS_MAX 256

struct writer {
	struct bare *bare;
	struct writer *next;	/* waiting; lock */
	sem_t is_durable;
	pthread_t thread;
};

struct bare {
	sqlite3 *db;
	sqlite3_stmt *append;
	int wal_pages;
	long changes, done;
	char message[MESSAGE_BYTES];

	pthread_mutex_t lock;
	pthread_cond_t is_waiting;
	struct writer *waiting;	/* lock */
	long asked;		/* lock: changes somebody took on */
	struct writer writers[WRITERS_MAX];
};

__attribute__((noreturn))
static void
bare_fatal(struct bare *b, const char *what)
{
	(void)fprintf(stderr, "bare: %s: %s\n", what,
	    b->db ? sqlite3_errmsg(b->db) : "no");
	exit(2);
}

static void
bare_exec(struct bare *b, const char *sql)
{
	if (sqlite3_exec(b->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		bare_fatal(b, sql);
}

static int
on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct bare *b = arg;

	(void)db;
	(void)name;
	b->wal_pages = pages;
	return SQLITE_OK;
}

static void
bare_open(struct bare *b, const char *path)
{
	uint32_t i;

	if (sqlite3_open(path, &b->db) != SQLITE_OK)
		bare_fatal(b, path);
	bare_exec(b, "PRAGMA journal_mode = WAL;"
	    "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY");
	/* In place of SQLite's checkpoint inside of a commit. */
	(void)sqlite3_wal_hook(b->db, on_commit, b);
	for (i = 0; i < query_n_migrations; i++)
		bare_exec(b, query_migrations[i].sql);
	if (sqlite3_prepare_v2(b->db, query_stmts[Q_EVENT_APPEND].sql, -1,
	    &b->append, NULL) != SQLITE_OK)
		bare_fatal(b, "EVENT_APPEND");
	(void)pthread_mutex_init(&b->lock, NULL);
	(void)pthread_cond_init(&b->is_waiting, NULL);
	memset(b->message, 'x', sizeof(b->message));
}

static void
bare_append(struct bare *b)
{
	char id[40];
	int n;

	n = snprintf(id, sizeof(id), "0193a5c2-7b1e-7000-8000-%012ld",
	    b->done * 2654435761L % ORDERS);
	(void)sqlite3_bind_text(b->append, 1, id, n, SQLITE_STATIC);
	(void)sqlite3_bind_int64(b->append, 2, b->done);
	(void)sqlite3_bind_int64(b->append, 3, b->done);
	(void)sqlite3_bind_text(b->append, 4, "x.bench", -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(b->append, 5, b->message, MESSAGE_BYTES,
	    SQLITE_STATIC);
	if (sqlite3_step(b->append) != SQLITE_DONE)
		bare_fatal(b, "append");
	(void)sqlite3_reset(b->append);
	b->done++;
}

static struct writer *
bare_take_waiting(struct bare *b)
{
	struct writer *all;

	(void)pthread_mutex_lock(&b->lock);
	while (!b->waiting)
		(void)pthread_cond_wait(&b->is_waiting, &b->lock);
	all = b->waiting;
	b->waiting = NULL;
	(void)pthread_mutex_unlock(&b->lock);
	return all;
}

static void
bare_commit_all(struct bare *b)
{
	struct writer *w, *all, *next;

	while (b->done < b->changes) {
		all = bare_take_waiting(b);
		bare_exec(b, "BEGIN IMMEDIATE");
		for (w = all; w; w = w->next)
			bare_append(b);
		bare_exec(b, "COMMIT");
		for (w = all; w; w = next) {
			next = w->next;
			(void)sem_post(&w->is_durable);
		}
		if (b->wal_pages < CHECKPOINT_PAGES)
			continue;
		b->wal_pages = 0;
		(void)sqlite3_wal_checkpoint_v2(b->db, NULL,
		    SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	}
}

static bool
writer_ask(struct writer *w)
{
	struct bare *b = w->bare;
	bool is_left;

	(void)pthread_mutex_lock(&b->lock);
	is_left = b->asked < b->changes;
	if (is_left) {
		b->asked++;
		w->next = b->waiting;
		b->waiting = w;
		(void)pthread_cond_signal(&b->is_waiting);
	}
	(void)pthread_mutex_unlock(&b->lock);
	return is_left;
}

static void *
writer_main(void *arg)
{
	struct writer *w = arg;

	while (writer_ask(w))
		(void)sem_wait(&w->is_durable);
	return NULL;
}

static double
clock_s(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
bare_run(struct bare *b, int n_writers)
{
	int i;

	for (i = 0; i < n_writers; i++) {
		b->writers[i].bare = b;
		(void)sem_init(&b->writers[i].is_durable, 0, 0);
		if (pthread_create(&b->writers[i].thread, NULL, writer_main,
		    &b->writers[i]) != 0)
			bare_fatal(b, "no thread for a writer");
	}
	bare_commit_all(b);
	for (i = 0; i < n_writers; i++)
		(void)pthread_join(b->writers[i].thread, NULL);
}

int
main(int argc, char **argv)
{
	struct bare *b = calloc(1, sizeof(*b));
	double start, store_s, wall_s, all_s;
	int n_writers;

	n_writers = argc == 4 ? atoi(argv[3]) : 0;
	if (!b || n_writers < 1 || n_writers > WRITERS_MAX) {
		(void)fputs("usage: bare FILE CHANGES WRITERS\n", stderr);
		return 2;
	}
	b->changes = strtol(argv[2], NULL, 10);
	bare_open(b, argv[1]);
	start = clock_s(CLOCK_MONOTONIC);
	store_s = clock_s(CLOCK_THREAD_CPUTIME_ID);
	all_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
	bare_run(b, n_writers);
	wall_s = clock_s(CLOCK_MONOTONIC) - start;
	store_s = clock_s(CLOCK_THREAD_CPUTIME_ID) - store_s;
	all_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - all_s;
	printf("pub_per_s=%.0f us_per_pub=%.2f us_outside=%.2f\n",
	    (double)b->changes / wall_s, all_s * 1e6 / (double)b->changes,
	    (all_s - store_s) * 1e6 / (double)b->changes);
	(void)sqlite3_finalize(b->append);
	(void)sqlite3_close(b->db);
	free(b);
	return EXIT_SUCCESS;
}
