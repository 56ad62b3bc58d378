/* SPDX-License-Identifier: MIT */
/*
 * The contract of include/orderwire/store.h, held against every store: the
 * same tests run over SQLite and, when OW_TEST_PGSQL has a conninfo, over
 * PostgreSQL (its schema "public" is dropped; tests/tools/pg_start.sh starts
 * one to throw away).  What only one of them can do is in test_sqlite.c and
 * test_pgsql.c of this folder.
 *
 *	test_store [bench sqlite|pgsql SECONDS IN_FLIGHT]
 */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A migration more than the program knows, and one that cannot work. */
static const struct ow_migration later_migrations[] = {
	{ QUERY_MIGRATIONS + 1,
	    "CREATE TABLE later (id TEXT NOT NULL PRIMARY KEY);\n" },
	{ QUERY_MIGRATIONS + 1, "CREATE TABLE half (id TEXT NOT NULL);\n"
	    "CREATE TABLE orders (id TEXT NOT NULL);\n" },
};

static const struct store_kind *kind;	/* set once, before the suite runs */
static struct host *host;

static void
set_up(void)
{
	kind->wipe();
	host = kind_open(kind, NULL);
}

static void
tear_down(void)
{
	host_close(&host);
}

static int32_t
append(const char *order, int64_t seq)
{
	struct job j;
	int32_t err;

	job_init(&j);
	job_append(&j, order, seq, "{}");
	err = host_do(host, &j);
	job_done(&j);
	return err;
}

static uint32_t
count_events(const char *order)
{
	struct job j;
	uint32_t n;

	job_init(&j);
	job_add(&j, query_stmts, Q_EVENTS_SINCE, -1, "sii", order,
	    INT64_C(0), INT64_C(100));
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	n = j.n_rows[0];
	job_done(&j);
	return n;
}

/* A breach shows as a value that comes back other than it went in. */
START_TEST(values_come_back_as_they_were)
{
	static const char text[] = "caf\xc3\xa9 \"quoted\" 'single' \\ \n $1";
	struct job j;

	job_init(&j);
	job_add(&j, query_stmts, Q_ORDER_INSERT, 1, "ssnssiis", "o-1", "t",
	    "", "new", INT64_MAX, INT64_MIN, text);
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	ck_assert_uint_eq(j.n_cols[0], 0);
	job_done(&j);
	job_add(&j, query_stmts, Q_ORDER_BY_ID, -1, "ss", "t", "o-1");
	job_add(&j, query_stmts, Q_ORDER_BY_ID, -1, "ss", "t", "none");
	job_add(&j, query_stmts, Q_LIST_CUSTOMER, -1, "ssis", "t", "z",
	    INT64_C(5), "");
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	ck_assert_uint_eq(j.n_cols[0], 2);
	ck_assert_str_eq(j.cells[0][0], "-9223372036854775808");
	ck_assert_str_eq(j.cells[0][1], text);
	ck_assert_uint_eq(j.n_rows[1], 0);
	ck_assert_uint_eq(j.n_cols[1], 2);
	ck_assert_uint_eq(j.n_rows[2], 1);
	job_done(&j);
}
END_TEST

START_TEST(null_comes_back_as_null)
{
	struct job j;

	job_init(&j);
	job_add(&j, query_stmts, Q_ORDER_INSERT, 1, "ssnssiis", "o-1", "t",
	    "c", "new", INT64_C(1), INT64_C(1), "{}");
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	job_done(&j);
	job_add(&j, query_stmts, Q_ORDERS_ACTIVE, -1, "si", "", INT64_C(9));
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	ck_assert_ptr_null(j.cells[0][2]);
	ck_assert_str_eq(j.cells[0][3], "c");
	job_done(&j);
}
END_TEST

START_TEST(large_text_comes_back_whole)
{
	size_t n = 1 << 20;
	char *text = malloc(n + 1);
	struct job j;

	memset(text, 'x', n);
	text[n] = '\0';
	job_init(&j);
	job_append(&j, "o-1", 1, text);
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	job_done(&j);
	job_add(&j, query_stmts, Q_EVENTS_SINCE, -1, "sii", "o-1",
	    INT64_C(0), INT64_C(9));
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	ck_assert_str_eq(j.cells[0][3], text);
	job_done(&j);
	free(text);
}
END_TEST

/* A breach shows as rows in the order of some language. */
START_TEST(ids_sort_bytewise)
{
	static const char *const ids[] = { "b", "B", "_", "a", "Z", "-" };
	static const char *const sorted[] = { "-", "B", "Z", "_", "a", "b" };
	struct job j;
	size_t i;

	job_init(&j);
	for (i = 0; i < 6; i++) {
		job_add(&j, query_stmts, Q_ORDER_INSERT, 1, "ssnssiis",
		    ids[i], "t", "c", "new", INT64_C(1), INT64_C(1), "{}");
		ck_assert_int_eq(host_do(host, &j), OW_OK);
		job_done(&j);
	}
	job_add(&j, query_stmts, Q_ORDERS_ACTIVE, -1, "si", "", INT64_C(9));
	job_add(&j, query_stmts, Q_ORDERS_ACTIVE, -1, "si", "Z", INT64_C(9));
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 6);
	for (i = 0; i < 6; i++)
		ck_assert_str_eq(j.cells[0][i * 7], sorted[i]);
	ck_assert_uint_eq(j.n_rows[1], 3);
	job_done(&j);
}
END_TEST

/* A breach shows as an idempotency row without its event. */
START_TEST(conflict_names_its_operation_and_writes_nothing)
{
	struct job j;

	ck_assert_int_eq(append("o-1", 1), OW_OK);
	job_init(&j);
	job_idem(&j, "k-1");
	job_append(&j, "o-1", 1, "{}");
	job_append(&j, "o-1", 2, "{}");
	ck_assert_int_eq(host_do(host, &j), OW_ECONFLICT);
	ck_assert_uint_eq(j.op, 1);
	job_done(&j);
	job_idem(&j, "k-1");
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	job_done(&j);
	ck_assert_uint_eq(count_events("o-1"), 1);
	ck_assert_int_eq(append("o-1", 1), OW_ECONFLICT);
}
END_TEST

START_TEST(error_names_its_operation_and_writes_nothing)
{
	struct job j;

	job_init(&j);
	job_link(&j, "h-1");
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	job_done(&j);
	job_append(&j, "o-1", 1, "{}");
	job_link(&j, "h-1");
	ck_assert_int_eq(host_do(host, &j), OW_EIO);
	ck_assert_uint_eq(j.op, 1);
	ck_assert_str_ne(j.detail, "");
	job_done(&j);
	ck_assert_uint_eq(count_events("o-1"), 0);
	ck_assert(host_is_up(host));
}
END_TEST

START_TEST(expect_is_exact)
{
	struct job j;

	job_init(&j);
	job_idem(&j, "k-1");
	job_idem(&j, "k-2");
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	job_done(&j);
	/* Two rows, and one was expected: too many is a conflict, too. */
	job_add(&j, query_stmts, Q_IDEM_PURGE, 1, "i", INT64_C(100));
	ck_assert_int_eq(host_do(host, &j), OW_ECONFLICT);
	job_done(&j);
	job_add(&j, query_stmts, Q_IDEM_PURGE, 0, "i", INT64_C(0));
	job_add(&j, query_stmts, Q_IDEM_PURGE, 2, "i", INT64_C(100));
	job_add(&j, query_stmts, Q_IDEM_PURGE, -1, "i", INT64_C(100));
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	job_done(&j);
}
END_TEST

/* ---- Batches ------------------------------------------------------------ */

#define MANY 64

struct many {
	struct job jobs[MANY];
	struct job *p[MANY];
};

static struct many *
many_new(void)
{
	struct many *m = malloc(sizeof(*m));
	int i;

	for (i = 0; i < MANY; i++) {
		job_init(&m->jobs[i]);
		m->p[i] = &m->jobs[i];
	}
	return m;
}

static void
many_free(struct many *m)
{
	int i;

	for (i = 0; i < MANY; i++)
		job_done(&m->jobs[i]);
	free(m);
}

static void
many_fill(struct many *m, int from, int to, int n_ops)
{
	char order[16];
	int i, k;

	for (i = from; i < to; i++) {
		snprintf(order, sizeof(order), "o-%d", i);
		for (k = 1; k <= n_ops; k++)
			job_append(&m->jobs[i], order, k, "{}");
	}
}

/* Which member fails, how, and whether members have one operation or two. */
enum { BAD_CONFLICT, BAD_ERROR, BAD_TOO_MANY, BAD_STMT };

static void
check_one_bad(int where, int how, int n_ops)
{
	static const int32_t verdicts[] = { OW_ECONFLICT, OW_EIO,
	    OW_ECONFLICT, OW_EIO };
	struct many *m = many_new();
	char order[16];
	int i;

	ck_assert_int_eq(append("taken", 1), OW_OK);
	job_link(&m->jobs[0], "taken");
	job_idem(&m->jobs[0], "a");
	job_idem(&m->jobs[0], "b");
	ck_assert_int_eq(host_do(host, &m->jobs[0]), OW_OK);
	job_done(&m->jobs[0]);

	many_fill(m, 0, where, n_ops);
	many_fill(m, where + 1, MANY, n_ops);
	if (how == BAD_CONFLICT)
		job_append(&m->jobs[where], "taken", 1, "{}");
	else if (how == BAD_ERROR)
		job_link(&m->jobs[where], "taken");
	else
		job_add(&m->jobs[where], query_stmts, Q_IDEM_PURGE, 1, "i",
		    INT64_C(100));
	if (how == BAD_STMT)
		m->jobs[where].ops[0].stmt = 9999;
	host_run(host, m->p, MANY);
	ck_assert(host_settled(host, m->p, MANY));
	for (i = 0; i < MANY; i++) {
		ck_assert_int_eq(m->jobs[i].err,
		    i == where ? verdicts[how] : OW_OK);
		snprintf(order, sizeof(order), "o-%d", i);
		ck_assert_uint_eq(count_events(order),
		    i == where ? 0u : (uint32_t)n_ops);
	}
	many_free(m);
	ck_assert(host_is_up(host));
}

/* A breach shows as a second member that failed, or a written bad one. */
START_TEST(one_bad_member_of_64_fails_alone)
{
	static const int places[] = { 0, 13, 63 };

	check_one_bad(places[_i % 3], _i / 3 % 4, _i < 12 ? 1 : 2);
}
END_TEST

START_TEST(many_bad_members_fail_alone)
{
	struct many *m = many_new();
	int i;

	ck_assert_int_eq(append("taken", 1), OW_OK);
	for (i = 0; i < MANY; i++)
		if (i % 3 == 0)
			job_append(&m->jobs[i], "taken", 1, "{}");
		else
			many_fill(m, i, i + 1, 1);
	host_run(host, m->p, MANY);
	ck_assert(host_settled(host, m->p, MANY));
	for (i = 0; i < MANY; i++)
		ck_assert_int_eq(m->jobs[i].err,
		    i % 3 == 0 ? OW_ECONFLICT : OW_OK);
	many_free(m);
}
END_TEST

/* Questions among changes: both are answered, each with its own rows. */
START_TEST(reads_and_writes_mix)
{
	struct many *m = many_new();
	int i;

	ck_assert_int_eq(append("there", 1), OW_OK);
	ck_assert_int_eq(append("there", 2), OW_OK);
	for (i = 0; i < MANY; i++)
		if (i % 2)
			job_add(&m->jobs[i], query_stmts, Q_EVENTS_SINCE, -1,
			    "sii", "there", (int64_t)(i % 3), INT64_C(9));
		else
			many_fill(m, i, i + 1, 1);
	host_run(host, m->p, MANY);
	ck_assert(host_settled(host, m->p, MANY));
	for (i = 0; i < MANY; i++) {
		ck_assert_int_eq(m->jobs[i].err, OW_OK);
		if (i % 2)
			ck_assert_uint_eq(m->jobs[i].n_rows[0],
			    (uint32_t)(2 - i % 3));
	}
	many_free(m);
}
END_TEST

START_TEST(bad_question_is_told)
{
	struct job j;

	job_init(&j);
	job_add(&j, query_stmts, Q_PING, -1, "");
	j.ops[0].n_args = 1;
	ck_assert_int_eq(host_do(host, &j), OW_EIO);
	job_done(&j);
	job_add(&j, query_stmts, Q_PING, -1, "");
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	ck_assert_str_eq(j.cells[0][0], "1");
	job_done(&j);
}
END_TEST

/* ---- Migrations --------------------------------------------------------- */

START_TEST(migrate_twice_is_once)
{
	struct ow_fault f;

	ck_assert_int_eq(append("o-1", 1), OW_OK);
	ck_assert_int_eq(host_migrate(host, &f), OW_OK);
	ck_assert_uint_eq(count_events("o-1"), 1);
	host_close(&host);
	host = kind_open(kind, NULL);
	ck_assert_uint_eq(count_events("o-1"), 1);
}
END_TEST

static int
open_with(const struct ow_migration *next, struct ow_fault *f)
{
	struct ow_migration all[QUERY_MIGRATIONS + 1];
	struct host_conf c;
	struct host *h;
	int err;

	kind_conf(kind, &c);
	memcpy(all, query_migrations, sizeof(query_migrations));
	all[QUERY_MIGRATIONS] = *next;
	c.migrations = all;
	c.n_migrations = QUERY_MIGRATIONS + 1;
	h = host_open(&c, &err, f);
	host_close(&h);
	return err;
}

START_TEST(newer_database_is_refused)
{
	struct host_conf c;
	struct ow_fault f;
	char version[32];
	int err;

	(void)snprintf(version, sizeof(version), "version %d",
	    QUERY_MIGRATIONS + 1);
	ck_assert_int_eq(open_with(&later_migrations[0], &f), OW_OK);
	kind_conf(kind, &c);
	ck_assert_ptr_null(host_open(&c, &err, &f));
	ck_assert_int_eq(err, OW_EUNSUP);
	ck_assert_ptr_nonnull(strstr(f.text, version));
	ck_assert_int_eq(open_with(&later_migrations[0], &f), OW_OK);
}
END_TEST

/* The second statement cannot work; a breach shows as the first one's table
   in the way of the good migration, or as a version that was noted. */
START_TEST(failed_migration_leaves_nothing)
{
	struct ow_fault f;

	ck_assert_int_eq(open_with(&later_migrations[1], &f), OW_EIO);
	ck_assert_int_eq(open_with(&later_migrations[1], &f), OW_EIO);
	ck_assert_ptr_nonnull(strstr(f.text, "orders"));
	ck_assert_int_eq(append("o-1", 1), OW_OK);
	ck_assert_int_eq(open_with(&later_migrations[0], &f), OW_OK);
}
END_TEST

static TCase *
contract_case(void)
{
	TCase *tc = tcase_create("contract");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, values_come_back_as_they_were);
	tcase_add_test(tc, null_comes_back_as_null);
	tcase_add_test(tc, large_text_comes_back_whole);
	tcase_add_test(tc, ids_sort_bytewise);
	tcase_add_test(tc, conflict_names_its_operation_and_writes_nothing);
	tcase_add_test(tc, error_names_its_operation_and_writes_nothing);
	tcase_add_test(tc, expect_is_exact);
	tcase_add_loop_test(tc, one_bad_member_of_64_fails_alone, 0, 24);
	tcase_add_test(tc, many_bad_members_fail_alone);
	tcase_add_test(tc, reads_and_writes_mix);
	tcase_add_test(tc, bad_question_is_told);
	tcase_add_test(tc, migrate_twice_is_once);
	tcase_add_test(tc, newer_database_is_refused);
	tcase_add_test(tc, failed_migration_leaves_nothing);
	return tc;
}

/* ---- How fast ----------------------------------------------------------- */

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double bench_span;
static uint32_t bench_writers;

/* Each writer has one change on its way and sends the next when it is
   settled; a run() gets all that were settled since the last. */
START_TEST(bench)
{
	uint32_t n = bench_writers, i, n_due;
	struct job *jobs = calloc(n, sizeof(*jobs)), **due;
	int64_t *seqs = calloc(n, sizeof(*seqs)), done = 0;
	char order[40], message[401];
	double start, cpu, span = bench_span;

	due = calloc(n, sizeof(*due));
	memset(message, 'm', 400);
	message[400] = '\0';
	for (i = 0; i < n; i++) {
		job_init(&jobs[i]);
		jobs[i].settled = 1;
	}
	start = seconds();
	cpu = (double)clock() / CLOCKS_PER_SEC;
	while (seconds() - start < span) {
		for (i = 0, n_due = 0; i < n; i++) {
			if (!jobs[i].settled)
				continue;
			ck_assert_int_eq(jobs[i].err, OW_OK);
			done += seqs[i] > 0;
			job_done(&jobs[i]);
			snprintf(order, sizeof(order),
			    "0190a5b0-0000-7000-8000-%012u", i);
			job_append(&jobs[i], order, ++seqs[i], message);
			due[n_due++] = &jobs[i];
		}
		if (n_due > 0)
			host_run(host, due, n_due);
		else
			host_turn(host, 10, 0);
	}
	span = seconds() - start;
	cpu = (double)clock() / CLOCKS_PER_SEC - cpu;
	for (i = 0; i < n; i++)
		due[i] = &jobs[i];
	ck_assert(host_settled(host, due, n));
	printf("%s: %.0f changes/s with %u in flight, %.1f us of CPU here"
	    " a change\n", kind->name, (double)done / span, n,
	    cpu / (double)done * 1e6);
	for (i = 0; i < n; i++)
		job_done(&jobs[i]);
	free(jobs);
	free(seqs);
	free(due);
}
END_TEST

static TCase *
bench_case(void)
{
	TCase *tc = tcase_create("bench");

	tcase_set_timeout(tc, bench_span + 30);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, bench);
	return tc;
}

/* ---- All of it ---------------------------------------------------------- */

static int
run_kind(const struct store_kind *k)
{
	Suite *s = suite_create(k->name);
	SRunner *sr;
	int failed;

	kind = k;
	if (bench_writers > 0) {
		suite_add_tcase(s, bench_case());
	} else {
		suite_add_tcase(s, contract_case());
		suite_add_tcase(s, outbox_case(k));
		suite_add_tcase(s, k->own_case());
	}
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed;
}

int
main(int argc, char **argv)
{
	const struct store_kind *const kinds[] = { &kind_sqlite, &kind_pgsql };
	int failed = 0;
	size_t i;

	if (argc == 5) {
		bench_span = atof(argv[3]);
		bench_writers = (uint32_t)atoi(argv[4]);
	}
	for (i = 0; i < 2; i++) {
		if (argc == 5 && strcmp(argv[2], kinds[i]->name))
			continue;
		if (!kinds[i]->begin()) {
			printf("%s: not run, %s\n", kinds[i]->name,
			    "OW_TEST_PGSQL is not set");
			continue;
		}
		failed += run_kind(kinds[i]);
		kinds[i]->end();
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
