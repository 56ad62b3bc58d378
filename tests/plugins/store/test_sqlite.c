/* SPDX-License-Identifier: MIT */
/*
 * What only store-sqlite can do: a file, its rights, its disk.
 */
#include "store.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sqlite3.h>
#include <unistd.h>

const struct ow_plugin *store_sqlite_query(uint32_t);

/* Pragmas travel as statements: only so a test reaches the connection. */
enum { S_FULL = Q_COUNT, S_ROOM, S_QUERY_ONLY, S_WRITABLE, S_END };

static const struct ow_stmt own_stmts[] = {
	{ "full", "PRAGMA max_page_count = 1", 0, 1 },	/* no more than now */
	{ "room", "PRAGMA max_page_count = 1000000", 0, 1 },
	{ "query_only", "PRAGMA query_only = 1", 0, 1 },
	{ "writable", "PRAGMA query_only = 0", 0, 1 },
};

static struct ow_stmt all_stmts[S_END];
static char dir[64], path[128];
static const char *options[][2] = { { "path", path }, { NULL, NULL } };
static struct host *host;

static bool
sqlite_begin(void)
{
	kind_add_stmts(&kind_sqlite, all_stmts, own_stmts, 4);
	snprintf(dir, sizeof(dir), "/tmp/test_store.XXXXXX");
	if (!mkdtemp(dir)) {
		perror(dir);
		exit(EXIT_FAILURE);
	}
	snprintf(path, sizeof(path), "%s/ow.db", dir);
	return true;
}

static void
sqlite_wipe(void)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char name[160];
	size_t i;

	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		(void)unlink(name);	/* need not be there */
	}
}

static void
sqlite_end(void)
{
	sqlite_wipe();
	if (rmdir(dir) < 0)
		perror(dir);
}

static void
set_up(void)
{
	sqlite_wipe();
	host = kind_open(&kind_sqlite, NULL);
}

static void
tear_down(void)
{
	host_close(&host);
}

static int32_t
append(const char *order, int64_t seq, const char *message)
{
	struct job j;
	int32_t err;

	job_init(&j);
	job_append(&j, order, seq, message);
	err = host_do(host, &j);
	job_done(&j);
	return err;
}

static void
pragma(uint32_t stmt)
{
	struct job j;

	job_init(&j);
	job_add(&j, all_stmts, stmt, -1, "");
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	job_done(&j);
}

static int32_t
count(const char *order)
{
	struct job j;
	int32_t n;

	job_init(&j);
	job_add(&j, query_stmts, Q_EVENTS_SINCE, -1, "sii", order,
	    INT64_C(0), INT64_C(1000000));
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	n = (int32_t)j.n_rows[0];
	job_done(&j);
	return n;
}

/* A breach shows as a statement that SQLite can't read, or whose table row
   says another number of parameters or columns than it has. */
START_TEST(every_statement_is_as_its_table_says)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st;
	int i;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	for (i = 0; i < Q_COUNT; i++) {
		st = NULL;
		ck_assert_msg(sqlite3_prepare_v2(db, query_stmts[i].sql, -1,
		    &st, NULL) == SQLITE_OK, "%s: %s", query_stmts[i].name,
		    sqlite3_errmsg(db));
		ck_assert_msg(sqlite3_bind_parameter_count(st) ==
		    (int)query_stmts[i].n_params &&
		    sqlite3_column_count(st) == (int)query_stmts[i].n_cols,
		    "%s", query_stmts[i].name);
		ck_assert_int_eq(sqlite3_finalize(st), SQLITE_OK);
	}
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}
END_TEST

/* ---- Starting ----------------------------------------------------------- */

static int
open_at(const char *at, struct ow_fault *f)
{
	const char *const opts[][2] = { { "path", at }, { NULL, NULL } };
	struct host_conf c;
	struct host *h;
	int err;

	kind_conf(&kind_sqlite, &c);
	c.options = opts;
	h = host_open(&c, &err, f);
	host_close(&h);
	return err;
}

START_TEST(file_is_for_its_owner_alone)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char name[160];
	struct stat st;
	size_t i;

	ck_assert_int_eq(append("o", 1, "{}"), OW_OK);
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		ck_assert_int_eq(stat(name, &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, 0600);
	}
}
END_TEST

START_TEST(load_touches_no_file)
{
	struct host_conf c;
	struct ow_fault f;

	host_close(&host);
	sqlite_wipe();
	kind_conf(&kind_sqlite, &c);
	ck_assert_int_eq(host_load_only(&c, &f), OW_OK);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(bad_paths_are_refused_with_a_sentence)
{
	char at[160];
	struct ow_fault f;

	ck_assert_int_eq(open_at("relative.db", &f), OW_EINVAL);
	ck_assert_int_eq(open_at("/tmp/", &f), OW_EINVAL);
	snprintf(at, sizeof(at), "%s/none/ow.db", dir);
	ck_assert_int_eq(open_at(at, &f), OW_ENOENT);
	ck_assert_ptr_nonnull(strstr(f.text, "/none"));
	snprintf(at, sizeof(at), "%s/ow.db", path);
	ck_assert_int_ne(open_at(at, &f), OW_OK);
	ck_assert_int_ne(open_at(dir, &f), OW_OK);
}
END_TEST

START_TEST(other_file_is_refused_and_kept)
{
	char at[128], back[64] = "";
	struct ow_fault f;
	FILE *out;

	snprintf(at, sizeof(at), "%s/letter", dir);
	out = fopen(at, "w");
	fprintf(out, "Dear Sir or Madam, this is no database at all.");
	fclose(out);
	ck_assert_int_ne(open_at(at, &f), OW_OK);
	ck_assert_ptr_nonnull(strstr(f.text, "not a database"));
	out = fopen(at, "r");
	ck_assert_ptr_nonnull(fgets(back, sizeof(back), out));
	fclose(out);
	ck_assert_str_eq(back,
	    "Dear Sir or Madam, this is no database at all.");
	ck_assert_int_eq(unlink(at), 0);
}
END_TEST

/* root may write everything, so it is nobody who looks. */
START_TEST(read_only_file_and_directory_are_refused)
{
	struct ow_fault f;
	int err;

	host_close(&host);
	ck_assert_int_eq(chmod(path, 0444), 0);
	ck_assert_int_eq(chmod(dir, 0777), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	err = open_at(path, &f);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(err, OW_EDENIED);
	ck_assert_ptr_nonnull(strstr(f.text, "read-only"));
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert_int_eq(chmod(dir, 0555), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	err = open_at(path, &f);
	ck_assert_int_eq(seteuid(getuid()), 0);
	ck_assert_int_eq(chmod(dir, 0700), 0);
	ck_assert_int_eq(err, OW_EDENIED);
	ck_assert_ptr_nonnull(strstr(f.text, "writable"));
}
END_TEST

/* ---- Trouble at work ---------------------------------------------------- */

/* Fill until it is refused; how many were taken. */
static int64_t
fill(const char *order, int64_t seq)
{
	static char message[8192];
	int32_t err;

	memset(message, 'm', sizeof(message) - 1);
	while ((err = append(order, seq + 1, message)) == OW_OK && seq < 4000)
		seq++;
	ck_assert_int_eq(err, OW_ELIMIT);
	return seq;
}

/* A breach shows as an event too few (it was acknowledged) or too many. */
START_TEST(no_room_is_told_and_heals)
{
	int64_t seq;

	pragma(S_FULL);
	seq = fill("o", 0);
	ck_assert(!host_is_up(host));
	ck_assert_ptr_nonnull(strstr(host_why(host), "full"));
	ck_assert_int_eq(count("o"), seq);
	host_turn(host, 0, 1000);	/* the probe finds no room, either */
	host_turn(host, 0, 1000);
	ck_assert(!host_is_up(host));
	pragma(S_ROOM);
	ck_assert(host_state_becomes(host, true));
	ck_assert_int_eq(append("o", seq + 1, "{}"), OW_OK);
	ck_assert_int_eq(count("o"), seq + 1);
}
END_TEST

START_TEST(write_that_succeeds_ends_the_trouble_at_once)
{
	int64_t seq;

	pragma(S_FULL);
	seq = fill("o", 0);
	pragma(S_ROOM);
	ck_assert(!host_is_up(host));
	ck_assert_int_eq(append("o", seq + 1, "{}"), OW_OK);
	ck_assert(host_is_up(host));
}
END_TEST

START_TEST(no_room_fails_the_whole_batch)
{
	struct job jobs[40], *p[40];
	char order[16], message[4000];
	int i;

	memset(message, 'm', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	pragma(S_FULL);
	for (i = 0; i < 40; i++) {
		p[i] = &jobs[i];
		job_init(p[i]);
		snprintf(order, sizeof(order), "o-%d", i);
		job_append(p[i], order, 1, message);
	}
	host_run(host, p, 40);
	for (i = 0; i < 40; i++) {
		ck_assert_int_eq(jobs[i].settled, 1);
		ck_assert_int_eq(jobs[i].err, OW_ELIMIT);
		snprintf(order, sizeof(order), "o-%d", i);
		ck_assert_int_eq(count(order), 0);
		job_done(p[i]);
	}
	ck_assert(!host_is_up(host));
}
END_TEST

START_TEST(read_only_is_told_and_heals)
{
	ck_assert_int_eq(append("o", 1, "{}"), OW_OK);
	pragma(S_QUERY_ONLY);
	ck_assert_int_eq(append("o", 2, "{}"), OW_EAGAIN);
	ck_assert(!host_is_up(host));
	ck_assert_ptr_nonnull(strstr(host_why(host), "read-only"));
	ck_assert_int_eq(count("o"), 1);
	pragma(S_WRITABLE);
	ck_assert(host_state_becomes(host, true));
	ck_assert_int_eq(append("o", 2, "{}"), OW_OK);
}
END_TEST

START_TEST(lock_of_another_is_waited_for_then_told)
{
	const char *const opts[][2] = { { "path", path },
	    { "busy_timeout_ms", "20ms" }, { NULL, NULL } };
	sqlite3 *other;

	host_close(&host);
	host = kind_open(&kind_sqlite, opts);
	ck_assert_int_eq(sqlite3_open(path, &other), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL,
	    NULL), SQLITE_OK);
	ck_assert_int_eq(append("o", 1, "{}"), OW_EAGAIN);
	ck_assert(host_is_up(host));	/* this passes by itself */
	ck_assert_int_eq(count("o"), 0);
	ck_assert_int_eq(sqlite3_close(other), SQLITE_OK);
	ck_assert_int_eq(append("o", 1, "{}"), OW_OK);
}
END_TEST

/* A real disk that is full: a tmpfs of 2 MB, with a file that takes the rest
   and goes away again. */
START_TEST(full_disk_is_told_and_heals)
{
	char at[128], ballast[128], block[4096] = { 1 };
	const char *const opts[][2] = { { "path", at }, { NULL, NULL } };
	int64_t seq;
	FILE *out;

	if (geteuid() != 0) {
		printf("full_disk_is_told_and_heals: not run, mounting a "
		    "tmpfs needs root\n");
		return;
	}
	host_close(&host);
	snprintf(at, sizeof(at), "%s/disk", dir);
	ck_assert_int_eq(mkdir(at, 0700), 0);
	if (mount("none", at, "tmpfs", 0, "size=2m") < 0) {
		ck_assert_msg(errno == EPERM, "mount: %s", strerror(errno));
		printf("full_disk_is_told_and_heals: not run, mount is "
		    "not permitted\n");
		ck_assert_int_eq(rmdir(at), 0);
		return;
	}
	snprintf(at, sizeof(at), "%s/disk/ow.db", dir);
	snprintf(ballast, sizeof(ballast), "%s/disk/ballast", dir);
	host = kind_open(&kind_sqlite, opts);
	out = fopen(ballast, "w");
	while (fwrite(block, sizeof(block), 1, out) == 1 &&
	    fflush(out) == 0)
		;
	(void)fclose(out);
	seq = fill("o", 0);
	ck_assert(!host_is_up(host));
	ck_assert_int_eq(count("o"), seq);
	ck_assert_int_eq(unlink(ballast), 0);
	ck_assert(host_state_becomes(host, true));
	ck_assert_int_eq(append("o", seq + 1, "{}"), OW_OK);
	ck_assert_int_eq(count("o"), seq + 1);
	host_close(&host);
	*strrchr(at, '/') = '\0';
	ck_assert_int_eq(umount(at), 0);
	ck_assert_int_eq(rmdir(at), 0);
}
END_TEST

/* ---- kill -9 ------------------------------------------------------------ */

static int acks_fd;

static void
report(void *arg, struct job *j)
{
	int64_t seq = j->args[0][1].i;

	(void)arg;
	if (j->err != OW_OK ||
	    write(acks_fd, &seq, sizeof(seq)) != sizeof(seq))
		_exit(1);
}

/* The child: batches of 1 to 8 in turn, for ever. */
static void
write_until_killed(int fd, int64_t seq)
{
	struct job jobs[8], *p[8];
	int i, n;

	acks_fd = fd;
	host = kind_open(&kind_sqlite, NULL);
	host_on_settle(host, report, NULL);
	for (;; seq += n) {
		n = (int)(seq % 8) + 1;
		for (i = 0; i < n; i++) {
			p[i] = &jobs[i];
			job_init(p[i]);
			job_append(p[i], "o", seq + i + 1, "{}");
		}
		host_run(host, p, (uint32_t)n);
		for (i = 0; i < n; i++)
			job_done(p[i]);
	}
}

/* How far it came before it was killed, after `acks` answers or so. */
static int64_t
kill_after(int acks, int64_t seq)
{
	int64_t last = seq, one;
	int fds[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(fds[0]);
		write_until_killed(fds[1], seq);
	}
	close(fds[1]);
	while (acks-- > 0 && read(fds[0], &one, sizeof(one)) == sizeof(one))
		last = one;
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	while (read(fds[0], &one, sizeof(one)) == sizeof(one))
		last = one;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	close(fds[0]);
	return last;
}

/* A breach shows as a number that was reported and is not in the file, or as
   a hole in the numbers. */
START_TEST(no_loss_on_kill)
{
	int64_t last = 0, there;
	int round;

	host_close(&host);
	srand(1);
	for (round = 0; round < 12; round++) {
		last = kill_after(rand() % 300 + 1, last);
		host = kind_open(&kind_sqlite, NULL);
		there = 0;
		/* What was written and not yet reported may be there. */
		while (append("o", there + 1, "{}") == OW_ECONFLICT)
			there++;
		ck_assert_int_ge(there, last);
		last = there + 1;	/* the one that was just added */
		host_close(&host);
	}
}
END_TEST

static TCase *
sqlite_case(void)
{
	TCase *tc = tcase_create("sqlite");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, every_statement_is_as_its_table_says);
	tcase_add_test(tc, file_is_for_its_owner_alone);
	tcase_add_test(tc, load_touches_no_file);
	tcase_add_test(tc, bad_paths_are_refused_with_a_sentence);
	tcase_add_test(tc, other_file_is_refused_and_kept);
	tcase_add_test(tc, read_only_file_and_directory_are_refused);
	tcase_add_test(tc, no_room_is_told_and_heals);
	tcase_add_test(tc, write_that_succeeds_ends_the_trouble_at_once);
	tcase_add_test(tc, no_room_fails_the_whole_batch);
	tcase_add_test(tc, read_only_is_told_and_heals);
	tcase_add_test(tc, lock_of_another_is_waited_for_then_told);
	tcase_add_test(tc, full_disk_is_told_and_heals);
	tcase_add_test(tc, no_loss_on_kill);
	return tc;
}

struct store_kind kind_sqlite = {
	.name = "sqlite",
	.query = store_sqlite_query,
	.begin = sqlite_begin,
	.end = sqlite_end,
	.wipe = sqlite_wipe,
	.options = options,
	.own_case = sqlite_case,
};
