/* SPDX-License-Identifier: MIT */
/*
 * What only store-pgsql can do: lose its server, and find it again.
 */
#include "store.h"

#include <grp.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const struct ow_plugin *store_pgsql_query(uint32_t);

enum { P_SETTINGS = Q_COUNT, P_END };

static const struct ow_stmt own_stmts[] = {
	{ "settings", "SELECT current_setting('synchronous_commit'),"
	    " current_setting('client_encoding'),"
	    " current_setting('application_name')", 0, 3 },
};

static struct ow_stmt all_stmts[P_END];
static const char *options[][2] = { { "conninfo", "" },
    { "retry_max_ms", "500ms" }, { NULL, NULL } };
static struct host *host;

static bool
pgsql_begin(void)
{
	const char *conninfo = getenv("OW_TEST_PGSQL");

	kind_add_stmts(&kind_pgsql, all_stmts, own_stmts, 1);
	options[0][1] = conninfo;
	return conninfo && *conninfo;
}

static void
pgsql_end(void)
{
}

/* One statement by a connection of the test's own; the first cell. */
static void
sql(const char *text, char *out, size_t n)
{
	/* Whatever a test did to the role. */
	static const char *const keys[] = { "dbname", "options", NULL };
	const char *const values[] = { options[0][1],
	    "-c default_transaction_read_only=off", NULL };
	PGconn *conn = PQconnectdbParams(keys, values, 1);
	PGresult *r = PQexec(conn, text);

	ck_assert_msg(PQresultStatus(r) == PGRES_TUPLES_OK ||
	    PQresultStatus(r) == PGRES_COMMAND_OK, "%s",
	    PQerrorMessage(conn));
	if (out)
		snprintf(out, n, "%s", PQgetvalue(r, 0, 0));
	PQclear(r);
	PQfinish(conn);
}

static void
pgsql_wipe(void)
{
	sql("SET client_min_messages = warning; DROP SCHEMA public CASCADE;"
	    " CREATE SCHEMA public", NULL, 0);
}

static void
set_up(void)
{
	pgsql_wipe();
	host = kind_open(&kind_pgsql, NULL);
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

/* A breach shows as a statement that PostgreSQL can't read, or that takes a
   parameter for something narrower than 64 bits. */
START_TEST(every_statement_is_as_its_table_says)
{
	PGconn *conn = PQconnectdb(options[0][1]);
	PGresult *r;
	int i, k;

	for (i = 0; i < Q_COUNT; i++) {
		r = PQprepare(conn, "", query_stmts[i].sql, 0, NULL);
		ck_assert_msg(PQresultStatus(r) == PGRES_COMMAND_OK,
		    "%s: %s", query_stmts[i].name, PQerrorMessage(conn));
		PQclear(r);
		r = PQdescribePrepared(conn, "");
		ck_assert_msg(PQnparams(r) == (int)query_stmts[i].n_params &&
		    PQnfields(r) == (int)query_stmts[i].n_cols, "%s",
		    query_stmts[i].name);
		for (k = 0; k < PQnparams(r); k++)	/* int8, text */
			ck_assert_msg(PQparamtype(r, k) == 20 ||
			    PQparamtype(r, k) == 25, "%s: $%d is of type %u",
			    query_stmts[i].name, k + 1, PQparamtype(r, k));
		PQclear(r);
	}
	PQfinish(conn);
}
END_TEST

/* ---- Settings ----------------------------------------------------------- */

static void
check_settings(const char *synchronous)
{
	struct job j;

	job_init(&j);
	job_add(&j, all_stmts, P_SETTINGS, -1, "");
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	ck_assert_str_eq(j.cells[0][0], synchronous);
	ck_assert_str_eq(j.cells[0][1], "UTF8");
	ck_assert_str_eq(j.cells[0][2], "orderwire");
	job_done(&j);
}

START_TEST(synchronous_commit_is_never_off)
{
	char conninfo[512];
	const char *const opts[][2] = { { "conninfo", conninfo },
	    { NULL, NULL } };

	check_settings("on");
	host_close(&host);
	snprintf(conninfo, sizeof(conninfo),
	    "%s options='-c synchronous_commit=off'", options[0][1]);
	host = kind_open(&kind_pgsql, opts);
	check_settings("on");
}
END_TEST

static int
open_with(const char *conninfo, struct ow_fault *f)
{
	const char *const opts[][2] = { { "conninfo", conninfo },
	    { "connect_timeout_ms", "2s" }, { NULL, NULL } };
	struct host_conf c;
	struct host *h;
	int err;

	kind_conf(&kind_pgsql, &c);
	c.options = opts;
	h = host_open(&c, &err, f);
	host_close(&h);
	return err;
}

START_TEST(bad_conninfo_is_refused_without_showing_it)
{
	struct ow_fault f;

	ck_assert_int_eq(open_with("password=hush-hush x y", &f), OW_EINVAL);
	ck_assert_ptr_null(strstr(f.text, "hush"));
	/* Nobody listens on port 1. */
	ck_assert_int_eq(open_with("host=127.0.0.1 port=1 user=u "
	    "password=hush-hush dbname=d", &f), OW_EAGAIN);
	ck_assert_ptr_null(strstr(f.text, "hush"));
	ck_assert_str_ne(f.text, "");
}
END_TEST

START_TEST(nul_is_refused_and_nothing_cut_off)
{
	struct job j;

	job_init(&j);
	job_append(&j, "o-1", 1, "{}");
	j.texts[0][4][1] = '\0';
	ck_assert_int_eq(host_do(host, &j), OW_EIO);
	job_done(&j);
	ck_assert_int_eq(append("o-1", 1), OW_OK);
}
END_TEST

/* ---- The server goes away ----------------------------------------------- */

/* pg_ctl as the owner of the data. */
static void
pg_ctl(const char *verb, const char *dir, const char *bin)
{
	char program[256], log[300];
	struct stat st;
	int status;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/pg_ctl", bin);
	snprintf(log, sizeof(log), "%s/restart.log", dir);
	ck_assert_int_eq(stat(dir, &st), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (geteuid() == 0 && (setgroups(0, NULL) ||
		    setgid(st.st_gid) || setuid(st.st_uid)))
			_exit(126);
		if (!freopen("/dev/null", "w", stdout) || chdir("/"))
			_exit(126);
		execl(program, program, verb, "-D", dir, "-l", log, "-m",
		    "immediate", "-w", strcmp(verb, "start") ? "-W" : "-w",
		    (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

#define WRITERS 100

struct traffic {
	struct job jobs[WRITERS], *p[WRITERS];
	int64_t seqs[WRITERS];		/* the newest that was tried */
	int64_t acked[WRITERS];		/* the newest acknowledged */
	int n_ok, n_away, n_unknown;
};

static void
traffic_note(struct traffic *t, int i)
{
	switch (t->jobs[i].err) {
	case OW_OK:
		t->acked[i] = t->seqs[i];
		t->n_ok++;
		break;
	case OW_EAGAIN:			/* not written: the number is free */
		t->seqs[i]--;
		t->n_away++;
		break;
	case OW_EIO:			/* who knows: take the next */
		t->n_unknown++;
		break;
	default:
		ck_abort_msg("%d: %s", t->jobs[i].err, t->jobs[i].detail);
	}
}

/* Everybody who has no change on its way sends the next. */
static void
traffic_turn(struct traffic *t)
{
	char order[16];
	uint32_t n = 0;
	int i;

	for (i = 0; i < WRITERS; i++) {
		if (t->seqs[i] > 0 || t->jobs[i].settled) {
			if (!t->jobs[i].settled)
				continue;
			traffic_note(t, i);
			job_done(&t->jobs[i]);
		}
		snprintf(order, sizeof(order), "o-%d", i);
		job_append(&t->jobs[i], order, ++t->seqs[i], "{}");
		t->p[n++] = &t->jobs[i];
	}
	if (n > 0)
		host_run(host, t->p, n);
	host_turn(host, 10, 50);
}

static void
traffic_end(struct traffic *t)
{
	char order[16];
	struct job j;
	uint32_t k;
	int i;

	for (i = 0; i < WRITERS; i++)
		t->p[i] = &t->jobs[i];
	ck_assert(host_settled(host, t->p, WRITERS));
	for (i = 0; i < WRITERS; i++) {
		traffic_note(t, i);
		job_done(&t->jobs[i]);
		snprintf(order, sizeof(order), "o-%d", i);
		job_init(&j);
		job_add(&j, query_stmts, Q_EVENTS_SINCE, -1, "sii", order,
		    t->acked[i] - 1, INT64_C(1));
		ck_assert_int_eq(host_do(host, &j), OW_OK);
		if (t->acked[i] > 0) {
			ck_assert_uint_eq(j.n_rows[0], 1);
			ck_assert_int_eq(atoll(j.cells[0][0]), t->acked[i]);
		}
		for (k = 0; k < j.n_rows[0]; k++)
			ck_assert_int_le(atoll(j.cells[0][4 * k]),
			    t->seqs[i]);
		job_done(&j);
	}
}

/* A breach shows as an acknowledged number that is not there afterwards, a
   writer without an answer, or a store that stays away. */
START_TEST(no_loss_when_the_server_crashes)
{
	struct traffic *t = calloc(1, sizeof(*t));
	char data[256], bin[256], n[32];
	int i, round, before;

	sql("SHOW data_directory", data, sizeof(data));
	sql("SELECT setting FROM pg_config WHERE name = 'BINDIR'", bin,
	    sizeof(bin));
	for (i = 0; i < WRITERS; i++)
		job_init(&t->jobs[i]);
	for (round = 0; round < 3; round++) {
		before = t->n_ok;
		while (t->n_ok < before + 500)
			traffic_turn(t);
		pg_ctl("stop", data, bin);
		before = t->n_away;
		while (t->n_away < before + WRITERS || host_is_up(host))
			traffic_turn(t);
		ck_assert_str_ne(host_why(host), "");
		pg_ctl("start", data, bin);
		ck_assert(host_state_becomes(host, true));
	}
	before = t->n_ok;
	while (t->n_ok < before + 500)
		traffic_turn(t);
	traffic_end(t);
	sql("SELECT count(*) FROM events", n, sizeof(n));
	printf("crashes: %d acknowledged, %d refused, %d unknown; "
	    "%s in the log\n", t->n_ok, t->n_away, t->n_unknown, n);
	ck_assert_int_ge(atoi(n), t->n_ok);
	ck_assert_int_le(atoi(n), t->n_ok + t->n_unknown);
	free(t);
}
END_TEST

START_TEST(killed_connection_heals)
{
	ck_assert_int_eq(append("o-1", 1), OW_OK);
	sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
	    " WHERE application_name = 'orderwire'", NULL, 0);
	ck_assert(host_state_becomes(host, false));
	ck_assert_int_eq(append("o-1", 2), OW_EAGAIN);
	ck_assert(host_state_becomes(host, true));
	ck_assert_int_eq(append("o-1", 2), OW_OK);
}
END_TEST

/* Like a standby that was promoted elsewhere: it answers, and must not be
   written to. */
START_TEST(read_only_server_is_away_until_it_is_not)
{
	sql("ALTER ROLE CURRENT_USER SET default_transaction_read_only = on",
	    NULL, 0);
	sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
	    " WHERE application_name = 'orderwire'", NULL, 0);
	ck_assert(host_state_becomes(host, false));
	host_turn(host, 50, 1000);
	host_turn(host, 50, 1000);
	host_turn(host, 50, 1000);
	ck_assert_int_eq(append("o-1", 1), OW_EAGAIN);
	ck_assert(!host_is_up(host));
	sql("ALTER ROLE CURRENT_USER RESET default_transaction_read_only",
	    NULL, 0);
	ck_assert(host_state_becomes(host, true));
	ck_assert_int_eq(append("o-1", 1), OW_OK);
}
END_TEST

START_TEST(stop_in_mid_flight_leaves_nothing_behind)
{
	struct job jobs[WRITERS], *p[WRITERS];
	char order[16];
	int i;

	for (i = 0; i < WRITERS; i++) {
		p[i] = &jobs[i];
		job_init(p[i]);
		snprintf(order, sizeof(order), "o-%d", i);
		job_append(p[i], order, 1, "{}");
	}
	host_run(host, p, WRITERS);
	host_close(&host);		/* drains: all must be settled */
	for (i = 0; i < WRITERS; i++) {
		ck_assert_int_eq(jobs[i].settled, 1);
		ck_assert_int_eq(jobs[i].err, OW_OK);
		job_done(p[i]);
	}
}
END_TEST

static TCase *
pgsql_case(void)
{
	TCase *tc = tcase_create("pgsql");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, every_statement_is_as_its_table_says);
	tcase_add_test(tc, synchronous_commit_is_never_off);
	tcase_add_test(tc, bad_conninfo_is_refused_without_showing_it);
	tcase_add_test(tc, nul_is_refused_and_nothing_cut_off);
	tcase_add_test(tc, killed_connection_heals);
	tcase_add_test(tc, read_only_server_is_away_until_it_is_not);
	tcase_add_test(tc, stop_in_mid_flight_leaves_nothing_behind);
	tcase_add_test(tc, no_loss_when_the_server_crashes);
	return tc;
}

struct store_kind kind_pgsql = {
	.name = "pgsql",
	.query = store_pgsql_query,
	.begin = pgsql_begin,
	.end = pgsql_end,
	.wipe = pgsql_wipe,
	.options = options,
	.own_case = pgsql_case,
};
