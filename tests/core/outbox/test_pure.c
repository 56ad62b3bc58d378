/* SPDX-License-Identifier: MIT */
/*
 * What the outbox decides without looking at anything: how long to wait, when
 * to leave a provider alone, how fast to go, what a verdict means for a job.
 */
#include <check.h>
#include <string.h>

#include "outbox/backoff.h"
#include "outbox/breaker.h"
#include "outbox/bucket.h"
#include "outbox/verdict.h"

/* ---- backoff ------------------------------------------------------------ */

/* A breach: a wait below 100 ms, above the step, or above the cap. */
START_TEST(waits_lie_between_a_tenth_of_a_second_and_their_step)
{
	const int64_t steps[] = { 5000, 10000, 20000, 40000, 60000, 60000 };
	uint64_t random = 88172645463325252u;
	uint32_t attempt, i;
	int64_t ms;

	for (attempt = 1; attempt <= 6; attempt++)
		for (i = 0; i < 1000; i++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			ms = backoff_ms(attempt, 5000, 60000, random);
			ck_assert_int_ge(ms, 100);
			ck_assert_int_le(ms, steps[attempt - 1]);
		}
}
END_TEST

START_TEST(waits_reach_both_ends)
{
	ck_assert_int_eq(backoff_ms(1, 5000, 60000, 0), 100);
	ck_assert_int_eq(backoff_ms(1, 5000, 60000, 4900), 5000);
	ck_assert_int_eq(backoff_ms(2, 5000, 60000, 9900), 10000);
}
END_TEST

START_TEST(waits_survive_odd_numbers)
{
	ck_assert_int_eq(backoff_ms(0, 0, 0, UINT64_MAX), 100);
	ck_assert_int_eq(backoff_ms(1, 50, 60000, 7), 100);
	ck_assert_int_eq(backoff_ms(1, -5, -5, 7), 100);
	ck_assert_int_le(backoff_ms(UINT32_MAX, 5000, INT64_MAX / 2,
	    UINT64_MAX), INT64_MAX / 2);
	ck_assert_int_gt(backoff_ms(UINT32_MAX, 5000, INT64_MAX / 2,
	    UINT64_MAX / 2), 0);
}
END_TEST

/* ---- breaker ------------------------------------------------------------ */

static const struct breaker_conf brk = { 3, 1000, 4000 };

START_TEST(breaker_opens_after_so_many_in_a_row)
{
	struct breaker b = { 0 };

	breaker_failure(&b, &brk, false, "HTTP 503", 0);
	breaker_failure(&b, &brk, false, "HTTP 503", 0);
	ck_assert(breaker_admit(&b, 0));
	breaker_success(&b);
	breaker_failure(&b, &brk, false, "HTTP 503", 0);
	breaker_failure(&b, &brk, false, "HTTP 503", 0);
	ck_assert_int_eq(b.state, BREAKER_CLOSED);
	breaker_failure(&b, &brk, false, "HTTP 504", 0);
	ck_assert_int_eq(b.state, BREAKER_OPEN);
	ck_assert_str_eq(b.why, "HTTP 504");
	ck_assert(!breaker_admit(&b, 999));
}
END_TEST

START_TEST(breaker_opens_at_once_for_a_wrong_credential)
{
	struct breaker b = { 0 };

	breaker_failure(&b, &brk, true, "HTTP 401", 50);
	ck_assert_int_eq(b.state, BREAKER_OPEN);
	ck_assert_int_eq(b.open_until_ms, 1050);
}
END_TEST

/* A breach: a second one goes while the probe is out. */
START_TEST(breaker_lets_one_probe_through)
{
	struct breaker b = { 0 };

	breaker_failure(&b, &brk, true, "no", 0);
	ck_assert(!breaker_may(&b, 999));
	ck_assert(breaker_may(&b, 1000));
	ck_assert_int_eq(b.state, BREAKER_OPEN);
	ck_assert(breaker_admit(&b, 1000));
	ck_assert_int_eq(b.state, BREAKER_PROBING);
	ck_assert(!breaker_may(&b, 1000));
	ck_assert(!breaker_admit(&b, 99999));
	breaker_success(&b);
	ck_assert_int_eq(b.state, BREAKER_CLOSED);
	ck_assert_str_eq(b.why, "");
	ck_assert(breaker_admit(&b, 1001));
}
END_TEST

START_TEST(breaker_waits_longer_each_time_up_to_a_bound)
{
	const int64_t waits[] = { 1000, 2000, 4000, 4000 };
	struct breaker b = { 0 };
	int64_t now = 0;
	int i;

	for (i = 0; i < 4; i++) {
		breaker_failure(&b, &brk, i == 0, "no", now);
		ck_assert_int_eq(b.open_until_ms, now + waits[i]);
		now = b.open_until_ms;
		ck_assert(breaker_admit(&b, now));
	}
	breaker_success(&b);
	breaker_failure(&b, &brk, true, "no", now);
	ck_assert_int_eq(b.open_until_ms, now + 1000);
}
END_TEST

START_TEST(breaker_ignores_what_was_in_flight_when_it_opened)
{
	struct breaker b = { 0 };

	breaker_failure(&b, &brk, true, "first", 0);
	breaker_failure(&b, &brk, true, "late", 500);
	ck_assert_int_eq(b.open_until_ms, 1000);
	breaker_success(&b);
	ck_assert_int_eq(b.state, BREAKER_OPEN);
}
END_TEST

/* ---- bucket ------------------------------------------------------------- */

/* A breach: more than a second's worth at once, or more a second later. */
START_TEST(bucket_keeps_to_its_rate)
{
	struct bucket b;
	int64_t now;
	uint32_t n = 0;

	bucket_init(&b, 50, 0);
	ck_assert_uint_eq(bucket_room(&b, 0), 50);
	for (now = 0; now < 10000; now++)
		while (bucket_room(&b, now) > 0) {
			bucket_take(&b);
			n++;
		}
	ck_assert_uint_ge(n, 50 + 499);
	ck_assert_uint_le(n, 50 + 500);
	ck_assert_uint_eq(bucket_room(&b, 1000000000), 50);
}
END_TEST

START_TEST(bucket_knows_when_there_is_room)
{
	struct bucket b;

	bucket_init(&b, 2, 0);
	bucket_take(&b);
	bucket_take(&b);
	ck_assert_uint_eq(bucket_room(&b, 0), 0);
	ck_assert_int_eq(bucket_next_ms(&b, 0), 500);
	ck_assert_uint_eq(bucket_room(&b, 499), 0);
	ck_assert_uint_eq(bucket_room(&b, 500), 1);
	bucket_take(&b);
	bucket_give(&b);
	ck_assert_uint_eq(bucket_room(&b, 500), 1);
	/* A clock that goes back gives nothing. */
	bucket_take(&b);
	ck_assert_uint_eq(bucket_room(&b, 100), 0);
}
END_TEST

START_TEST(bucket_without_a_rate_has_no_bottom)
{
	struct bucket b;
	int i;

	bucket_init(&b, 0, 0);
	for (i = 0; i < 10; i++)
		bucket_take(&b);
	bucket_give(&b);
	ck_assert_uint_eq(bucket_room(&b, 0), UINT32_MAX);
	ck_assert_int_eq(bucket_next_ms(&b, 7), 7);
}
END_TEST

/* ---- verdict ------------------------------------------------------------ */

static const struct verdict_in usual = {
	.verdict = OW_RETRY, .detail = "HTTP 503", .attempt = 1,
	.attempts_max = 3, .stale_ms = 100000, .now_ms = 50000,
	.backoff_ms = 5000, .backoff_max_ms = 60000, .random = 900,
};

START_TEST(each_verdict_has_its_state)
{
	static const struct {
		int32_t verdict;
		enum job_state state;
		uint32_t attempt;
		bool off;
		const char *why;
	} rows[] = {
		{ OW_DELIVERED, JOB_SENT, 1, false, "" },
		{ OW_RETRY, JOB_LATER, 1, false,
		    "to be tried again: HTTP 503" },
		{ OW_REJECTED, JOB_PARKED, 1, false, "rejected: HTTP 503" },
		{ OW_GONE, JOB_PARKED, 1, true,
		    "the address is gone: HTTP 503" },
		{ OW_MISCONFIGURED, JOB_LATER, 0, false,
		    "waits until the channel is set up right: HTTP 503" },
		{ 0, JOB_LATER, 1, false, "to be tried again: HTTP 503" },
		{ 77, JOB_LATER, 1, false, "to be tried again: HTTP 503" },
	};
	struct verdict_in in = usual;
	struct verdict_out out;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		in.verdict = rows[i].verdict;
		verdict_read(&in, &out);
		ck_assert_int_eq(out.state, rows[i].state);
		ck_assert_uint_eq(out.attempt, rows[i].attempt);
		ck_assert_int_eq(out.off, rows[i].off);
		ck_assert_str_eq(out.why, rows[i].why);
	}
}
END_TEST

START_TEST(a_provider_s_wish_is_followed)
{
	struct verdict_in in = usual;
	struct verdict_out out;

	verdict_read(&in, &out);
	ck_assert_int_eq(out.due_ms, 51000);
	in.retry_after_ms = 7000;
	verdict_read(&in, &out);
	ck_assert_int_eq(out.due_ms, 57000);
	in.retry_after_ms = -7000;
	verdict_read(&in, &out);
	ck_assert_int_eq(out.due_ms, 51000);
	in.stale_ms = 0;
	in.retry_after_ms = INT64_MAX;
	verdict_read(&in, &out);
	ck_assert_int_eq(out.due_ms, 50000 + INT64_C(7) * 24 * 3600 * 1000);
}
END_TEST

START_TEST(what_would_be_stale_is_given_up)
{
	struct verdict_in in = usual;
	struct verdict_out out;

	in.retry_after_ms = 50000;
	verdict_read(&in, &out);
	ck_assert_int_eq(out.state, JOB_LATER);
	in.retry_after_ms = 50001;
	verdict_read(&in, &out);
	ck_assert_int_eq(out.state, JOB_PARKED);
	ck_assert_str_eq(out.why, "gave up: HTTP 503");
}
END_TEST

START_TEST(attempts_end)
{
	struct verdict_in in = usual;
	struct verdict_out out;

	in.attempt = 2;
	verdict_read(&in, &out);
	ck_assert_int_eq(out.state, JOB_LATER);
	in.attempt = 3;
	verdict_read(&in, &out);
	ck_assert_int_eq(out.state, JOB_PARKED);
}
END_TEST

START_TEST(our_own_mistakes_cost_no_attempt)
{
	struct verdict_in in = usual;
	struct verdict_out out;

	in.verdict = OW_MISCONFIGURED;
	in.attempt = 3;
	in.open_until_ms = 80000;
	verdict_read(&in, &out);
	ck_assert_int_eq(out.state, JOB_LATER);
	ck_assert_uint_eq(out.attempt, 2);
	ck_assert_int_eq(out.due_ms, 80000);
	in.open_until_ms = 0;
	verdict_read(&in, &out);
	ck_assert_int_gt(out.due_ms, in.now_ms);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("outbox/pure");
	TCase *tc = tcase_create("pure");

	tcase_add_test(tc,
	    waits_lie_between_a_tenth_of_a_second_and_their_step);
	tcase_add_test(tc, waits_reach_both_ends);
	tcase_add_test(tc, waits_survive_odd_numbers);
	tcase_add_test(tc, breaker_opens_after_so_many_in_a_row);
	tcase_add_test(tc, breaker_opens_at_once_for_a_wrong_credential);
	tcase_add_test(tc, breaker_lets_one_probe_through);
	tcase_add_test(tc, breaker_waits_longer_each_time_up_to_a_bound);
	tcase_add_test(tc,
	    breaker_ignores_what_was_in_flight_when_it_opened);
	tcase_add_test(tc, bucket_keeps_to_its_rate);
	tcase_add_test(tc, bucket_knows_when_there_is_room);
	tcase_add_test(tc, bucket_without_a_rate_has_no_bottom);
	tcase_add_test(tc, each_verdict_has_its_state);
	tcase_add_test(tc, a_provider_s_wish_is_followed);
	tcase_add_test(tc, what_would_be_stale_is_given_up);
	tcase_add_test(tc, attempts_end);
	tcase_add_test(tc, our_own_mistakes_cost_no_attempt);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	SRunner *r = srunner_create(suite());
	int failed;

	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed > 0;
}
