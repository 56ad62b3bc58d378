/* SPDX-License-Identifier: MIT */
/*
 * What people are told, held against every store: jobs that are claimed,
 * leased and settled by several nodes at once, and the logs of persons.
 *
 * Two hosts are two nodes: each has an instance of the store of its own, over
 * the same database.
 */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOBS 120
#define NOW INT64_C(1700000000000)
#define UNTIL (NOW + 60000)

static const struct store_kind *kind;	/* set once, before the suite runs */
static struct host *host, *other;

static void
set_up(void)
{
	kind->wipe();
	host = kind_open(kind, NULL);
	other = kind_open(kind, NULL);
}

static void
tear_down(void)
{
	host_close(&host);
	host_close(&other);
}

/* One operation by itself; j keeps its rows. */
#define DO(j, q, expect, ...)						\
	(job_done(j), job_add(j, query_stmts, q, expect, __VA_ARGS__),	\
	    host_do(host, j))

/* ---- Jobs --------------------------------------------------------------- */

static void
job_put(struct job *j, const char *id, const char *key, const char *group,
    int64_t due_ms)
{
	job_add(j, query_stmts, Q_JOB_INSERT, -1, "ssssssssssssiisiisi", id,
	    key, "cafe", "ada", "n-1", "o-1", "order.ready", "sms", "sms",
	    "+4930123", "hash-1", "+49...123", due_ms, NOW + 3600000, group,
	    INT64_C(0), INT64_C(2), "de", NOW);
}

static void
put_jobs(int n)
{
	char id[16];
	struct job j;
	int i;

	job_init(&j);
	for (i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "j-%03d", i);
		job_put(&j, id, id, "", NOW - i);
		ck_assert_int_eq(host_do(host, &j), OW_OK);
		job_done(&j);
	}
}

static void
job_claim(struct job *j, const char *node, int64_t now_ms, int64_t limit,
    int64_t until_ms)
{
	job_add(j, query_stmts, Q_JOBS_CLAIM, -1, "siisi", "sms", now_ms,
	    limit, node, until_ms);
}

static uint32_t
claim(const char *node, int64_t now_ms, int64_t limit, struct job *j)
{
	job_done(j);
	job_claim(j, node, now_ms, limit, now_ms + 60000);
	ck_assert_int_eq(host_do(host, j), OW_OK);
	return j->n_rows[0];
}

static void
job_settle(struct job *j, const char *id, const char *node, int64_t attempt,
    const char *state, int64_t open)
{
	job_add(j, query_stmts, Q_JOB_SETTLE, 1, "ssisiiissi", id, node,
	    attempt, state, open, NOW, attempt,
	    strcmp(state, "sent") ? "" : "ref-1", "", NOW);
}

static int32_t
settle(const char *id, const char *node, int64_t attempt, const char *state)
{
	struct job j;
	int32_t err;

	job_init(&j);
	job_settle(&j, id, node, attempt, state,
	    !strcmp(state, "due") || !strcmp(state, "later"));
	err = host_do(host, &j);
	job_done(&j);
	return err;
}

/* Notes who has which job; one that was taken already is the breach. */
static uint32_t
note_claimed(const struct job *j, bool *taken)
{
	uint32_t i;
	int n;

	ck_assert(j->err == OW_OK || j->err == OW_EAGAIN);
	for (i = 0; i < j->n_rows[0]; i++) {
		n = atoi(j->cells[0][i * j->n_cols[0]] + 2);
		ck_assert_msg(!taken[n], "j-%03d is claimed twice", n);
		taken[n] = true;
	}
	return j->n_rows[0];
}

START_TEST(two_claimers_never_overlap)
{
	bool taken[JOBS] = { false };
	struct job a, b, *pa = &a, *pb = &b;
	uint32_t n = 0;
	int turns;

	put_jobs(JOBS);
	job_init(&a);
	job_init(&b);
	for (turns = 0; n < JOBS && turns < 2 * JOBS; turns++) {
		job_claim(&a, "a", NOW, 7, UNTIL);
		job_claim(&b, "b", NOW, 7, UNTIL);
		host_run(host, &pa, 1);	/* both are on their way */
		host_run(other, &pb, 1);
		ck_assert(host_settled(host, &pa, 1));
		ck_assert(host_settled(other, &pb, 1));
		n += note_claimed(&a, taken) + note_claimed(&b, taken);
		job_done(&a);
		job_done(&b);
	}
	ck_assert_uint_eq(n, JOBS);
	ck_assert_uint_eq(claim("a", NOW, 7, &a), 0);
	job_done(&a);
}
END_TEST

START_TEST(a_claim_is_the_oldest_of_its_kind_that_are_due)
{
	struct job j;

	put_jobs(9);
	job_init(&j);
	ck_assert_int_eq(DO(&j, Q_JOBS_NEXT, -1, "s", "sms"), OW_OK);
	ck_assert_str_eq(j.cells[0][0], "1699999999992");
	ck_assert_uint_eq(claim("a", NOW - 6, 2, &j), 2);
	ck_assert(!strcmp(j.cells[0][0], "j-008") ||
	    !strcmp(j.cells[0][0], "j-007"));
	ck_assert_str_eq(j.cells[0][1], j.cells[0][0]);	/* its key */
	ck_assert_str_eq(j.cells[0][9], "+4930123");
	ck_assert_str_eq(j.cells[0][18], "1");		/* attempt */
	ck_assert_uint_eq(claim("a", NOW - 6, 9, &j), 1);
	ck_assert_uint_eq(claim("a", NOW - 6, 9, &j), 0);
	ck_assert_int_eq(DO(&j, Q_JOBS_CLAIM, -1, "siisi", "webpush", NOW,
	    INT64_C(9), "a", UNTIL), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 0);
	ck_assert_int_eq(DO(&j, Q_JOBS_NEXT, -1, "s", "webpush"), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	ck_assert_ptr_null(j.cells[0][0]);
	ck_assert_int_eq(DO(&j, Q_JOBS_COUNT, -1, "s", "sms"), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 2);
	job_done(&j);
}
END_TEST

/* A breach is a node that settles what it has no more. */
START_TEST(a_lease_that_ran_out_settles_nothing)
{
	struct job j;

	put_jobs(1);
	job_init(&j);
	ck_assert_uint_eq(claim("a", NOW, 1, &j), 1);
	ck_assert_int_eq(settle("j-000", "b", 1, "sent"), OW_ECONFLICT);
	ck_assert_int_eq(settle("j-000", "a", 2, "sent"), OW_ECONFLICT);
	ck_assert_uint_eq(claim("b", NOW + 59999, 1, &j), 0);
	ck_assert_uint_eq(claim("b", NOW + 60000, 1, &j), 1);
	ck_assert_str_eq(j.cells[0][18], "2");
	ck_assert_int_eq(settle("j-000", "a", 1, "sent"), OW_ECONFLICT);
	ck_assert_int_eq(settle("j-000", "b", 2, "sent"), OW_OK);
	ck_assert_int_eq(settle("j-000", "b", 2, "parked"), OW_ECONFLICT);
	ck_assert_int_eq(DO(&j, Q_JOB_GET, -1, "s", "j-000"), OW_OK);
	ck_assert_str_eq(j.cells[0][9], "sent");
	ck_assert_str_eq(j.cells[0][14], "ref-1");
	ck_assert_uint_eq(claim("b", UNTIL + 3600000, 1, &j), 0);
	job_done(&j);
}
END_TEST

/* A breach is a job that is leased although its claimer never heard. */
START_TEST(a_claim_that_fails_takes_nothing)
{
	struct job j;

	put_jobs(3);
	job_init(&j);
	job_claim(&j, "a", NOW, 3, UNTIL);
	job_settle(&j, "none", "a", 1, "sent", 0);
	ck_assert_int_eq(host_do(host, &j), OW_ECONFLICT);
	ck_assert_uint_eq(j.op, 1);
	ck_assert_uint_eq(claim("a", NOW, 9, &j), 3);
	ck_assert_str_eq(j.cells[0][18], "1");
	job_done(&j);
}
END_TEST

/* Rows of one that writes come home from among others that fail. */
START_TEST(claims_have_their_rows_in_a_batch_with_a_bad_member)
{
	struct job jobs[5], *p[5];
	int i;

	put_jobs(6);
	for (i = 0; i < 5; i++) {
		job_init(&jobs[i]);
		p[i] = &jobs[i];
	}
	job_append(&jobs[0], "o-1", 1, "{}");
	job_claim(&jobs[1], "a", NOW, 2, UNTIL);
	job_settle(&jobs[2], "none", "a", 1, "sent", 0);
	job_claim(&jobs[3], "a", NOW, 2, UNTIL);
	job_append(&jobs[4], "o-1", 2, "{}");
	host_run(host, p, 5);
	ck_assert(host_settled(host, p, 5));
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(jobs[i].err, i == 2 ? OW_ECONFLICT : OW_OK);
	ck_assert_uint_eq(jobs[1].n_rows[0], 2);
	ck_assert_uint_eq(jobs[3].n_rows[0], 2);
	ck_assert_str_ne(jobs[1].cells[0][0], jobs[3].cells[0][0]);
	ck_assert_str_ne(jobs[1].cells[0][0], jobs[3].cells[0][20]);
	for (i = 0; i < 5; i++)
		job_done(&jobs[i]);
}
END_TEST

START_TEST(a_key_is_there_once_and_a_repeat_is_no_conflict)
{
	struct job j;

	job_init(&j);
	job_put(&j, "j-1", "key", "", NOW);
	job_put(&j, "j-2", "key", "", NOW);
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	ck_assert_uint_eq(claim("a", NOW, 9, &j), 1);
	ck_assert_str_eq(j.cells[0][0], "j-1");
	job_done(&j);
}
END_TEST

START_TEST(what_a_last_life_held_is_due_again)
{
	struct job j;

	put_jobs(3);
	job_init(&j);
	ck_assert_uint_eq(claim("a", NOW, 2, &j), 2);
	ck_assert_uint_eq(claim("b", NOW, 1, &j), 1);
	ck_assert_int_eq(DO(&j, Q_JOBS_RELEASE, 2, "si", "a", NOW), OW_OK);
	ck_assert_int_eq(DO(&j, Q_JOBS_RELEASE, 0, "si", "a", NOW), OW_OK);
	ck_assert_uint_eq(claim("c", NOW, 9, &j), 2);
	job_done(&j);
}
END_TEST

START_TEST(a_job_goes_on_by_hand_by_report_and_by_receipt)
{
	struct job j;

	put_jobs(2);
	job_init(&j);
	ck_assert_uint_eq(claim("a", NOW, 9, &j), 2);
	ck_assert_int_eq(settle("j-000", "a", 1, "parked"), OW_OK);
	ck_assert_int_eq(settle("j-001", "a", 1, "sent"), OW_OK);
	ck_assert_int_eq(DO(&j, Q_JOB_AGAIN, 0, "sii", "j-001", NOW,
	    UNTIL), OW_OK);
	ck_assert_int_eq(DO(&j, Q_JOB_AGAIN, 1, "sii", "j-000", NOW,
	    UNTIL), OW_OK);
	ck_assert_uint_eq(claim("a", NOW, 9, &j), 1);
	ck_assert_str_eq(j.cells[0][18], "2");
	/* Of another address; of ours; a second time. */
	ck_assert_int_eq(DO(&j, Q_JOB_REPORT, 0, "ssssis", "sms", "ref-1",
	    "delivered", "", NOW, "hash-2"), OW_OK);
	ck_assert_int_eq(DO(&j, Q_JOB_REPORT, 1, "ssssis", "sms", "ref-1",
	    "delivered", "", NOW, "hash-1"), OW_OK);
	ck_assert_int_eq(DO(&j, Q_JOB_REPORT, 0, "ssssis", "sms", "ref-1",
	    "parked", "", NOW, ""), OW_OK);
	ck_assert_int_eq(DO(&j, Q_JOB_ARRIVED, 0, "si", "j-001", NOW),
	    OW_OK);
	ck_assert_int_eq(DO(&j, Q_JOB_BY_REF, -1, "ss", "sms", "ref-1"),
	    OW_OK);
	ck_assert_str_eq(j.cells[0][0], "j-001");
	ck_assert_int_eq(DO(&j, Q_JOBS_LIST, -1, "ssssi", "delivered", "",
	    "cafe", "z", INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	ck_assert_int_eq(DO(&j, Q_JOBS_PARKED, -1, "ssssi", "parked", "",
	    "", "z", INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 0);
	ck_assert_int_eq(DO(&j, Q_JOBS_LIST, -1, "ssssi", "", "sms", "",
	    "z", INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 2);
	job_done(&j);
}
END_TEST

START_TEST(one_message_stands_for_its_group)
{
	struct job j;

	job_init(&j);
	job_put(&j, "j-1", "1", "order", NOW);
	job_put(&j, "j-2", "2", "order", NOW + 1);
	job_put(&j, "j-3", "3", "order", NOW + 9);
	job_put(&j, "j-4", "4", "other", NOW);
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	ck_assert_int_eq(DO(&j, Q_GROUP_LAST, -1, "sssss", "cafe", "ada",
	    "sms", "order", "n-new"), OW_OK);
	ck_assert_ptr_null(j.cells[0][0]);
	ck_assert_uint_eq(claim("a", NOW, 1, &j), 1);
	ck_assert_str_eq(j.cells[0][0], "j-1");
	ck_assert_int_eq(DO(&j, Q_GROUP_SKIP, -1, "ssssssisi", "cafe", "ada",
	    "sms", "hash-1", "order", "j-3", NOW + 5, "in j-3", NOW), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	ck_assert_str_eq(j.cells[0][0], "j-2");
	ck_assert_int_eq(settle("j-1", "a", 1, "sent"), OW_OK);
	ck_assert_int_eq(DO(&j, Q_GROUP_LAST, -1, "sssss", "cafe", "ada",
	    "sms", "order", "n-new"), OW_OK);
	ck_assert_str_eq(j.cells[0][0], "1700000000000");
	job_done(&j);
}
END_TEST

static void
group_count(const char *before, const char *count)
{
	struct job j;

	job_init(&j);
	ck_assert_int_eq(DO(&j, Q_GROUP_COUNT, -1, "sssssss", "cafe", "ada",
	    "sms", "hash-1", "order", before, "replaced"), OW_OK);
	ck_assert_str_eq(j.cells[0][0], count);
	job_done(&j);
}

START_TEST(a_group_counts_what_was_replaced_since_the_last)
{
	struct job j;

	job_init(&j);
	job_put(&j, "j-1", "1", "order", NOW);
	job_put(&j, "j-2", "2", "order", NOW);
	job_put(&j, "j-3", "3", "order", NOW + 9);
	job_put(&j, "j-4", "4", "order", NOW + 9);
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	ck_assert_int_eq(DO(&j, Q_GROUP_SKIP, -1, "ssssssisi", "cafe", "ada",
	    "sms", "hash-1", "order", "j-3", NOW + 5, "replaced", NOW),
	    OW_OK);
	group_count("j-3", "2");
	group_count("j-4", "2");
	group_count("j-2", "1");
	ck_assert_uint_eq(claim("a", NOW + 9, 1, &j), 1);
	ck_assert_str_eq(j.cells[0][0], "j-3");
	ck_assert_int_eq(settle("j-3", "a", 1, "sent"), OW_OK);
	group_count("j-4", "0");
	job_done(&j);
}
END_TEST

START_TEST(what_is_over_ends_and_nothing_else)
{
	struct job j;

	put_jobs(3);
	job_init(&j);
	ck_assert_uint_eq(claim("a", NOW, 1, &j), 1);
	ck_assert_int_eq(DO(&j, Q_JOBS_STALE, -1, "sisi", "email",
	    NOW + 9999999, "over", INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 0);
	ck_assert_int_eq(DO(&j, Q_JOBS_STALE, -1, "sisi", "sms",
	    NOW + 1, "over", INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 0);
	ck_assert_int_eq(DO(&j, Q_JOBS_STALE, -1, "sisi", "sms",
	    NOW + 3600000, "over", INT64_C(2)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 2);
	ck_assert_int_eq(DO(&j, Q_JOBS_STALE, -1, "sisi", "sms",
	    NOW + 3600000, "over", INT64_C(2)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	ck_assert_int_eq(DO(&j, Q_JOBS_LIST, -1, "ssssi", "skipped", "", "",
	    "z", INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 3);
	job_done(&j);
}
END_TEST

START_TEST(what_no_channel_takes_ends_when_it_is_over)
{
	struct job j;

	put_jobs(3);
	job_init(&j);
	ck_assert_uint_eq(claim("a", NOW, 1, &j), 1);
	ck_assert_int_eq(DO(&j, Q_JOBS_UNSERVED, -1, "sisi", ",email,sms,",
	    NOW + 9999999, "none", INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 0);
	ck_assert_int_eq(DO(&j, Q_JOBS_UNSERVED, -1, "sisi", ",email,",
	    NOW + 1, "none", INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 0);
	ck_assert_int_eq(DO(&j, Q_JOBS_UNSERVED, -1, "sisi", ",",
	    NOW + 3600000, "none", INT64_C(2)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 2);
	ck_assert_int_eq(DO(&j, Q_JOBS_UNSERVED, -1, "sisi", ",",
	    NOW + 3600000, "none", INT64_C(2)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	ck_assert_int_eq(DO(&j, Q_JOBS_LIST, -1, "ssssi", "skipped", "", "",
	    "z", INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 3);
	job_done(&j);
}
END_TEST

START_TEST(attempts_are_kept_beside_their_job)
{
	struct job j;

	put_jobs(1);
	job_init(&j);
	ck_assert_uint_eq(claim("a", NOW, 1, &j), 1);
	job_done(&j);
	job_settle(&j, "j-000", "a", 1, "later", 1);
	job_add(&j, query_stmts, Q_ATTEMPT_INSERT, -1, "siiisss", "j-000",
	    INT64_C(1), NOW, INT64_C(12), "retry", "HTTP 503", "");
	job_add(&j, query_stmts, Q_OFF_PUT, -1, "sssis", "cafe", "sms",
	    "hash-1", NOW, "gone");
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	ck_assert_int_eq(DO(&j, Q_ATTEMPTS_OF, -1, "s", "j-000"), OW_OK);
	ck_assert_str_eq(j.cells[0][4], "HTTP 503");
	ck_assert_int_eq(DO(&j, Q_ATTEMPTS_OF_ORDER, -1, "ss", "cafe",
	    "o-1"), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	ck_assert_int_eq(DO(&j, Q_JOBS_PURGE, -1, "ii", UNTIL,
	    INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 0);
	ck_assert_int_eq(DO(&j, Q_ATTEMPTS_PURGE, -1, "ii", UNTIL,
	    INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	job_done(&j);
}
END_TEST

/* ---- Persons ------------------------------------------------------------ */

static void
job_say(struct job *j, const char *sub, int64_t seq)
{
	char id[24], before[24] = "";

	(void)snprintf(id, sizeof(id), "m%lld", (long long)seq);
	if (seq > 1)
		(void)snprintf(before, sizeof(before), "m%lld",
		    (long long)seq - 1);
	job_add(j, query_stmts, Q_PERSON_APPEND, 1, "ssisisss", "cafe", sub,
	    seq, id, NOW + seq, "notification.new", "{}", before);
}

static int32_t
say(const char *sub, int64_t seq)
{
	struct job j;
	int32_t err;

	job_init(&j);
	job_say(&j, sub, seq);
	err = host_do(host, &j);
	job_done(&j);
	return err;
}

START_TEST(a_persons_log_has_no_gaps_and_no_repeats)
{
	struct job j;

	ck_assert_int_eq(say("ada", 2), OW_ECONFLICT);
	ck_assert_int_eq(say("ada", 1), OW_OK);
	ck_assert_int_eq(say("ada", 1), OW_ECONFLICT);
	ck_assert_int_eq(say("ada", 3), OW_ECONFLICT);
	ck_assert_int_eq(say("ada", 2), OW_OK);
	ck_assert_int_eq(say("ada", 1), OW_ECONFLICT);
	ck_assert_int_eq(say("bob", 1), OW_OK);
	job_init(&j);
	ck_assert_int_eq(DO(&j, Q_PERSON_STATE, -1, "ss", "cafe", "ada"),
	    OW_OK);
	ck_assert_str_eq(j.cells[0][0], "2");
	ck_assert_str_eq(j.cells[0][1], "m2");
	ck_assert_int_eq(DO(&j, Q_PERSON_STATE, -1, "ss", "cafe", "none"),
	    OW_OK);
	ck_assert_str_eq(j.cells[0][0], "0");
	ck_assert_str_eq(j.cells[0][2], "0");
	ck_assert_int_eq(DO(&j, Q_PERSON_SINCE, -1, "ssii", "cafe", "ada",
	    INT64_C(1), INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	/* The newest stays: its number must not return. */
	ck_assert_int_eq(DO(&j, Q_PERSON_LOG_PURGE, -1, "ii", UNTIL,
	    INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	ck_assert_int_eq(say("ada", 1), OW_ECONFLICT);
	ck_assert_int_eq(say("ada", 3), OW_OK);
	ck_assert_int_eq(say("bob", 1), OW_ECONFLICT);
	job_done(&j);
}
END_TEST

/* Two nodes think the same number is next: a breach is that both may. */
START_TEST(two_nodes_do_not_give_out_one_number)
{
	struct job a, b, *pa = &a, *pb = &b;
	int64_t seq;

	job_init(&a);
	job_init(&b);
	for (seq = 1; seq <= 40; seq++) {
		job_say(&a, "ada", seq);
		job_say(&b, "ada", seq);
		host_run(host, &pa, 1);
		host_run(other, &pb, 1);
		ck_assert(host_settled(host, &pa, 1));
		ck_assert(host_settled(other, &pb, 1));
		ck_assert_int_eq(a.err + b.err, OW_ECONFLICT);
		job_done(&a);
		job_done(&b);
	}
}
END_TEST

START_TEST(preferences_are_compared_and_set)
{
	struct job j;

	job_init(&j);
	ck_assert_int_eq(DO(&j, Q_PREFS_UPDATE, 1, "ssis", "cafe", "ada",
	    INT64_C(1), "{}"), OW_ECONFLICT);
	ck_assert_int_eq(DO(&j, Q_PREFS_INSERT, 1, "ssis", "cafe", "ada",
	    INT64_C(1), "{1}"), OW_OK);
	ck_assert_int_eq(DO(&j, Q_PREFS_INSERT, 1, "ssis", "cafe", "ada",
	    INT64_C(1), "{2}"), OW_ECONFLICT);
	ck_assert_int_eq(DO(&j, Q_PREFS_UPDATE, 1, "ssis", "cafe", "ada",
	    INT64_C(2), "{2}"), OW_OK);
	ck_assert_int_eq(DO(&j, Q_PREFS_UPDATE, 1, "ssis", "cafe", "ada",
	    INT64_C(2), "{3}"), OW_ECONFLICT);
	ck_assert_int_eq(DO(&j, Q_PREFS_GET, -1, "ss", "cafe", "ada"),
	    OW_OK);
	ck_assert_str_eq(j.cells[0][0], "2");
	ck_assert_str_eq(j.cells[0][1], "{2}");
	job_done(&j);
}
END_TEST

static void
put_notice(const char *id)
{
	struct job j;

	job_init(&j);
	job_add(&j, query_stmts, Q_NOTICE_INSERT, 1, "ssssssiisssssis", id,
	    "cafe", "ada", "o-1", "e-1", "order.ready", NOW, INT64_C(1),
	    "Ready", "Come", "", "{\"number\":\"7\"}", "[]", INT64_C(0), "");
	ck_assert_int_eq(host_do(host, &j), OW_OK);
	job_done(&j);
}

static const char *
unread(struct job *j)
{
	ck_assert_int_eq(DO(j, Q_PERSON_STATE, -1, "ss", "cafe", "ada"),
	    OW_OK);
	return j->cells[0][2];
}

START_TEST(the_unread_count_is_what_is_unread)
{
	struct job j;

	put_notice("n-1");
	put_notice("n-2");
	put_notice("n-3");
	job_init(&j);
	ck_assert_str_eq(unread(&j), "3");
	ck_assert_int_eq(DO(&j, Q_NOTICE_READ, 1, "sssi", "cafe", "ada",
	    "n-1", NOW), OW_OK);
	ck_assert_int_eq(DO(&j, Q_NOTICE_READ, 1, "sssi", "cafe", "ada",
	    "n-1", NOW), OW_ECONFLICT);
	ck_assert_int_eq(DO(&j, Q_NOTICE_READ, 1, "sssi", "cafe", "bob",
	    "n-2", NOW), OW_ECONFLICT);
	ck_assert_str_eq(unread(&j), "2");
	ck_assert_int_eq(DO(&j, Q_INBOX_UNREAD, -1, "sssi", "cafe", "ada",
	    "z", INT64_C(1)), OW_OK);
	ck_assert_str_eq(j.cells[0][0], "n-3");
	ck_assert_int_eq(DO(&j, Q_NOTICE_REMOVE, 1, "sssii", "cafe", "ada",
	    "n-2", NOW, INT64_C(0)), OW_OK);
	ck_assert_int_eq(DO(&j, Q_NOTICE_GET, -1, "sss", "cafe", "ada",
	    "n-2"), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 0);
	ck_assert_str_eq(unread(&j), "1");
	ck_assert_int_eq(DO(&j, Q_NOTICES_READ, 1, "ssi", "cafe", "ada",
	    NOW), OW_OK);
	ck_assert_str_eq(unread(&j), "0");
	ck_assert_int_eq(DO(&j, Q_NOTICES_REMOVE, 2, "ssi", "cafe", "ada",
	    NOW), OW_OK);
	ck_assert_int_eq(DO(&j, Q_INBOX, -1, "sssi", "cafe", "ada", "z",
	    INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 0);
	ck_assert_int_eq(DO(&j, Q_NOTICES_OF_ORDER, -1, "ss", "cafe",
	    "o-1"), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 3);
	ck_assert_str_eq(j.cells[0][10], "read in the inbox");
	job_done(&j);
}
END_TEST

START_TEST(a_job_knows_its_notice_and_whether_its_address_is_off)
{
	struct job j;

	put_notice("n-1");
	job_init(&j);
	ck_assert_int_eq(DO(&j, Q_NOTICE_SEEN, 1, "sis", "n-1", NOW,
	    "displayed"), OW_OK);
	ck_assert_int_eq(DO(&j, Q_NOTICE_SEEN, 0, "sis", "n-1", NOW + 1,
	    "clicked"), OW_OK);
	ck_assert_int_eq(DO(&j, Q_JOB_CONTENT, -1, "ssss", "n-1", "cafe",
	    "sms", "hash-1"), OW_OK);
	ck_assert_str_eq(j.cells[0][0], "{\"number\":\"7\"}");
	ck_assert_str_eq(j.cells[0][6], "displayed");
	ck_assert_ptr_null(j.cells[0][7]);
	ck_assert_int_eq(DO(&j, Q_OFF_PUT, 1, "sssis", "cafe", "sms",
	    "hash-1", NOW, "gone"), OW_OK);
	ck_assert_int_eq(DO(&j, Q_OFF_PUT, 0, "sssis", "cafe", "sms",
	    "hash-1", NOW, "again"), OW_OK);
	ck_assert_int_eq(DO(&j, Q_JOB_CONTENT, -1, "ssss", "n-1", "cafe",
	    "sms", "hash-1"), OW_OK);
	ck_assert_str_eq(j.cells[0][7], "gone");
	ck_assert_int_eq(DO(&j, Q_OFF_DELETE, 1, "sss", "cafe", "sms",
	    "hash-1"), OW_OK);
	job_done(&j);
}
END_TEST

/* A device that changes hands: its address is the last one's alone. */
START_TEST(an_address_has_one_owner)
{
	struct job j;

	job_init(&j);
	ck_assert_int_eq(DO(&j, Q_ADDRESS_PUT, 1, "sssssssi", "a-1", "cafe",
	    "ada", "webpush", "{1}", "h-1", "push.example", NOW), OW_OK);
	ck_assert_int_eq(DO(&j, Q_ADDRESS_PUT, 1, "sssssssi", "a-2", "cafe",
	    "bob", "webpush", "{2}", "h-1", "push.example", NOW), OW_OK);
	ck_assert_int_eq(DO(&j, Q_ADDRESSES_OF, -1, "ss", "cafe", "ada"),
	    OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 0);
	ck_assert_int_eq(DO(&j, Q_ADDRESSES_OF, -1, "ss", "cafe", "bob"),
	    OW_OK);
	ck_assert_str_eq(j.cells[0][0], "a-2");
	ck_assert_str_eq(j.cells[0][2], "{2}");
	ck_assert_int_eq(DO(&j, Q_ADDRESS_BY_HASH, -1, "sss", "cafe",
	    "webpush", "h-1"), OW_OK);
	ck_assert_str_eq(j.cells[0][1], "bob");
	ck_assert_int_eq(DO(&j, Q_PERSONS_OF_HASH, -1, "ss", "webpush",
	    "h-1"), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	ck_assert_int_eq(DO(&j, Q_ADDRESS_DELETE, 0, "sss", "cafe", "ada",
	    "a-2"), OW_OK);
	ck_assert_int_eq(DO(&j, Q_ADDRESS_DELETE, 1, "sss", "cafe", "bob",
	    "a-2"), OW_OK);
	job_done(&j);
}
END_TEST

START_TEST(a_receipt_counts_once)
{
	struct job j;

	put_jobs(1);
	job_init(&j);
	ck_assert_int_eq(DO(&j, Q_RECEIPT_INSERT, 1, "ssi", "j-000",
	    "displayed", NOW), OW_OK);
	ck_assert_int_eq(DO(&j, Q_RECEIPT_INSERT, 1, "ssi", "j-000",
	    "displayed", NOW), OW_ECONFLICT);
	ck_assert_int_eq(DO(&j, Q_RECEIPTS_OF_ORDER, -1, "ss", "cafe",
	    "o-1"), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	ck_assert_int_eq(DO(&j, Q_RECEIPTS_PURGE, -1, "ii", UNTIL,
	    INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	job_done(&j);
}
END_TEST

/* A breach: a device that is faster than its push service's answer is
   forgotten.  A notice that was dismissed unseen has not arrived. */
START_TEST(a_receipt_before_the_outcome_counts)
{
	struct job j;

	put_jobs(3);
	job_init(&j);
	ck_assert_uint_eq(claim("a", NOW, 9, &j), 3);
	ck_assert_int_eq(DO(&j, Q_RECEIPT_INSERT, 1, "ssi", "j-000",
	    "displayed", NOW), OW_OK);
	ck_assert_int_eq(DO(&j, Q_RECEIPT_INSERT, 1, "ssi", "j-001",
	    "dismissed", NOW), OW_OK);
	ck_assert_int_eq(DO(&j, Q_RECEIPT_INSERT, 1, "ssi", "j-002",
	    "displayed", NOW), OW_OK);
	ck_assert_int_eq(settle("j-000", "a", 1, "sent"), OW_OK);
	ck_assert_int_eq(settle("j-001", "a", 1, "sent"), OW_OK);
	ck_assert_int_eq(settle("j-002", "a", 1, "later"), OW_OK);
	ck_assert_int_eq(DO(&j, Q_JOBS_LIST, -1, "ssssi", "delivered", "",
	    "cafe", "z", INT64_C(9)), OW_OK);
	ck_assert_uint_eq(j.n_rows[0], 1);
	ck_assert_str_eq(j.cells[0][0], "j-000");
	job_done(&j);
}
END_TEST

TCase *
outbox_case(const struct store_kind *k)
{
	TCase *tc = tcase_create("outbox");

	kind = k;
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, two_claimers_never_overlap);
	tcase_add_test(tc, a_claim_is_the_oldest_of_its_kind_that_are_due);
	tcase_add_test(tc, a_lease_that_ran_out_settles_nothing);
	tcase_add_test(tc, a_claim_that_fails_takes_nothing);
	tcase_add_test(tc,
	    claims_have_their_rows_in_a_batch_with_a_bad_member);
	tcase_add_test(tc, a_key_is_there_once_and_a_repeat_is_no_conflict);
	tcase_add_test(tc, what_a_last_life_held_is_due_again);
	tcase_add_test(tc, a_job_goes_on_by_hand_by_report_and_by_receipt);
	tcase_add_test(tc, one_message_stands_for_its_group);
	tcase_add_test(tc, a_group_counts_what_was_replaced_since_the_last);
	tcase_add_test(tc, what_is_over_ends_and_nothing_else);
	tcase_add_test(tc, what_no_channel_takes_ends_when_it_is_over);
	tcase_add_test(tc, attempts_are_kept_beside_their_job);
	tcase_add_test(tc, a_persons_log_has_no_gaps_and_no_repeats);
	tcase_add_test(tc, two_nodes_do_not_give_out_one_number);
	tcase_add_test(tc, preferences_are_compared_and_set);
	tcase_add_test(tc, the_unread_count_is_what_is_unread);
	tcase_add_test(tc,
	    a_job_knows_its_notice_and_whether_its_address_is_off);
	tcase_add_test(tc, an_address_has_one_owner);
	tcase_add_test(tc, a_receipt_counts_once);
	tcase_add_test(tc, a_receipt_before_the_outcome_counts);
	return tc;
}
