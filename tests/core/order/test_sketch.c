/* SPDX-License-Identifier: MIT */
/*
 * test_sketch - durations remembered (sketch) and reckoned with (spread).
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "order/sketch.h"
#include "order/spread.h"
#include <orderwire/plugin.h>

#define T0 INT64_C(1763805600000)
#define DAY_MS INT64_C(86400000)

static const struct sketch_decay decay = {
	.half_count = 1000,
	.half_ms = 10 * DAY_MS,
};

static void
assert_near(double value, double wanted, double share)
{
	ck_assert_msg(fabs(value - wanted) <= share * fabs(wanted),
	    "%g is not within %g of %g", value, share, wanted);
}

/* ---- Spreads ------------------------------------------------------------ */

static struct spread
even(double from, double to)
{
	struct spread s;

	for (int i = 0; i < SPREAD_POINTS; i++)
		s.at[i] = from + (to - from) * (i + 0.5) / SPREAD_POINTS;
	return s;
}

START_TEST(a_point_is_certain)
{
	struct spread s, other;

	spread_point(&s, 42);
	ck_assert_double_eq(spread_quantile(&s, 0.01), 42);
	ck_assert_double_eq(spread_quantile(&s, 0.99), 42);
	ck_assert_double_eq(spread_variance(&s), 0);
	spread_point(&other, 8);
	spread_add(&s, &other);
	assert_near(spread_quantile(&s, 0.9), 50, 1e-9);
	spread_later(&s, &other);
	assert_near(spread_quantile(&s, 0.1), 50, 1e-9);
	spread_point(&s, -3);
	ck_assert_double_eq(s.at[0], 0);
}
END_TEST

/* The ninth decile of a sum is below the sum of ninth deciles. */
START_TEST(a_sum_is_convolved)
{
	struct spread s, other;
	double sum90;

	spread_normal(&s, 1000, 100);
	spread_normal(&other, 2000, 100);
	sum90 = spread_quantile(&s, 0.9) + spread_quantile(&other, 0.9);
	spread_add(&s, &other);
	assert_near(spread_mean(&s), 3000, 1e-6);
	assert_near(spread_quantile(&s, 0.5), 3000, 0.005);
	assert_near(spread_quantile(&s, 0.9), 3000 + 1.2816 * 141.4, 0.01);
	ck_assert_double_lt(spread_quantile(&s, 0.9), sum90);
}
END_TEST

/* P(max <= x) = x^2 for two even ones on 0..1. */
START_TEST(a_maximum_is_exact)
{
	struct spread s = even(0, 1000), other = even(0, 1000);

	spread_later(&s, &other);
	assert_near(spread_quantile(&s, 0.5), 1000 * sqrt(0.5), 0.02);
	assert_near(spread_quantile(&s, 0.9), 1000 * sqrt(0.9), 0.02);
	assert_near(spread_mean(&s), 667, 0.02);
}
END_TEST

START_TEST(the_same_object_twice)
{
	struct spread s = even(0, 1000);

	spread_add(&s, &s);
	assert_near(spread_mean(&s), 1000, 1e-6);
	spread_later(&s, &s);
	ck_assert_double_gt(spread_mean(&s), 1000);
}
END_TEST

START_TEST(shifts_stop_at_zero)
{
	struct spread s = even(0, 100);

	spread_shift(&s, -50);
	ck_assert_double_eq(s.at[0], 0);
	assert_near(s.at[SPREAD_POINTS - 1], 47.5, 1e-9);
	spread_scale(&s, 2);
	assert_near(s.at[SPREAD_POINTS - 1], 95, 1e-9);
	spread_normal(&s, 0, 100);
	ck_assert_double_eq(s.at[0], 0);
	spread_exponential(&s, 60);
	assert_near(spread_quantile(&s, 0.5), 60 * log(2), 0.05);
}
END_TEST

/* ---- Sketches ----------------------------------------------------------- */

static void
fill(struct sketch *s, double value, int n, int64_t at_ms)
{
	for (int i = 0; i < n; i++)
		sketch_add(s, value, at_ms, &decay);
}

START_TEST(quantiles_within_a_bucket)
{
	struct sketch s;

	sketch_init(&s);
	ck_assert_double_eq(sketch_quantile(&s, 0.5), 0);
	for (int i = 1; i <= 1000; i++)
		sketch_add(&s, i, T0, &decay);
	/* The later ones weigh a little more. */
	assert_near(sketch_quantile(&s, 0.5), 550, 0.08);
	assert_near(sketch_quantile(&s, 0.9), 920, 0.08);
}
END_TEST

START_TEST(recent_samples_win_by_count)
{
	struct sketch s;

	sketch_init(&s);
	fill(&s, 100, 3000, T0);
	fill(&s, 300, 1500, T0);
	assert_near(sketch_quantile(&s, 0.5), 300, 0.05);
	ck_assert_double_lt(s.total, 1500);
}
END_TEST

START_TEST(recent_samples_win_by_time)
{
	struct sketch s;

	sketch_init(&s);
	fill(&s, 100, 100, T0);
	fill(&s, 300, 10, T0 + 60 * DAY_MS);
	assert_near(sketch_quantile(&s, 0.5), 300, 0.05);
	/* A clock that goes back neither fades nor dates. */
	sketch_add(&s, 300, T0, &decay);
	ck_assert_int_eq(s.at_ms, T0 + 60 * DAY_MS);
	ck_assert_double_gt(s.total, 10);
}
END_TEST

START_TEST(absurd_values_do_no_harm)
{
	struct sketch s;
	struct spread left;

	sketch_init(&s);
	sketch_add(&s, NAN, T0, &decay);
	sketch_add(&s, INFINITY, T0, &decay);
	sketch_add(&s, -INFINITY, T0, &decay);
	ck_assert_double_eq(s.total, 0);
	ck_assert_int_eq(s.at_ms, 0);
	sketch_add(&s, -5, T0, &decay);
	sketch_add(&s, 0, T0, &decay);
	ck_assert_double_eq(sketch_quantile(&s, 0.9), 0);
	fill(&s, 1e300, 100, T0);
	ck_assert_double_gt(sketch_quantile(&s, 0.9), 86400);
	sketch_left(&s, 1, 1e300, &left);
	ck_assert(isfinite(left.at[SPREAD_POINTS - 1]));
}
END_TEST

/* The longer it has taken, the longer it takes in all; the less is left. */
START_TEST(what_is_left_given_elapsed)
{
	double last = 0, total;
	struct spread left;
	struct sketch s;

	sketch_lognormal(&s, 300, 0.4);
	sketch_left(&s, 1, 0, &left);
	assert_near(spread_quantile(&left, 0.5), 300, 0.03);
	assert_near(spread_quantile(&left, 0.9), 300 * exp(0.4 * 1.2816),
	    0.03);
	for (double elapsed = 0; elapsed < 2000; elapsed += 50) {
		sketch_left(&s, 1, elapsed, &left);
		total = elapsed + spread_quantile(&left, 0.5);
		ck_assert_double_ge(left.at[0], 0);
		ck_assert_double_ge(total, last * 0.99);
		last = total;
	}
	/* Far beyond all that is known: a fifth more, on average. */
	sketch_left(&s, 1, 90000, &left);
	assert_near(spread_mean(&left), 18000, 0.1);
	sketch_left(&s, 2, 0, &left);
	assert_near(spread_quantile(&left, 0.5), 600, 0.03);
	sketch_left(&s, 2, 600, &left);
	assert_near(spread_quantile(&left, 0.5), 2 * 83, 0.15);
}
END_TEST

START_TEST(refined_by_weight)
{
	struct sketch mix, samples;

	sketch_lognormal(&mix, 100, 0.3);
	sketch_init(&samples);
	sketch_refine(&mix, &samples, 4);
	assert_near(sketch_quantile(&mix, 0.5), 100, 0.08);
	fill(&samples, 400, 2, T0);
	sketch_refine(&mix, &samples, 4);
	assert_near(sketch_quantile(&mix, 0.5), 110, 0.2);
	assert_near(sketch_quantile(&mix, 0.9), 400, 0.08);
	fill(&samples, 400, 38, T0);
	sketch_refine(&mix, &samples, 4);
	assert_near(sketch_quantile(&mix, 0.5), 400, 0.08);
}
END_TEST

START_TEST(scaled_between_buckets)
{
	struct sketch s;
	struct spread left;

	for (double factor = 0.1; factor < 50; factor *= 1.7) {
		sketch_lognormal(&s, 100, 0.3);
		sketch_scale(&s, factor);
		sketch_left(&s, 1, 0, &left);
		assert_near(spread_quantile(&left, 0.5), 100 * factor, 0.03);
	}
	sketch_scale(&s, 1e-300);
	sketch_scale(&s, 1e300);
	ck_assert(isfinite(sketch_quantile(&s, 0.5)));
}
END_TEST

/* ---- Texts -------------------------------------------------------------- */

START_TEST(text_and_back)
{
	struct buf first = BUF_INIT(SKETCH_TEXT_MAX);
	struct buf second = BUF_INIT(SKETCH_TEXT_MAX);
	struct sketch s, again;

	sketch_init(&s);
	sketch_write(&s, &first);
	ck_assert_str_eq(first.p, "s1 0");
	for (int i = 0; i < 20000; i++)
		sketch_add(&s, exp((i % 160) / 10.0), T0 + i, &decay);
	buf_clear(&first);
	sketch_write(&s, &first);
	ck_assert(!first.full);
	ck_assert_int_eq(sketch_read(first.p, &again), OW_OK);
	sketch_write(&again, &second);
	ck_assert_str_eq(first.p, second.p);
	ck_assert_int_eq(again.at_ms, T0 + 19999);
	assert_near(again.total, s.total, 0.001);
	buf_done(&first);
	buf_done(&second);
}
END_TEST

START_TEST(bad_texts_are_refused)
{
	static const char *const bad[] = { "", "s", "s1", "s1 ", "s2 0", "x",
		"s1  0", "s1 -1", "s1 +1", "s1 01", "s1 1 ", "s1 1 5",
		"s1 1 5:", "s1 1 5:0", "s1 1 5:01", "s1 1 5:-1", "s1 1 :5",
		"s1 1 5:1 5:1", "s1 1 6:1 5:1", "s1 1 196:1", "s1 1 5:1.5",
		"s1 1 5:1,6:1", "s1 1 5:8000001", "s1 1 5:1\n",
		"s1 9223372036854775808", "s1 1 5:99999999999999999999",
		"s1 1 5:nan" };
	struct sketch s;

	sketch_lognormal(&s, 100, 0.3);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(sketch_read(bad[i], &s) == OW_EINVAL, "%s",
		    bad[i]);
	assert_near(sketch_quantile(&s, 0.5), 100, 0.08);
	ck_assert_int_eq(sketch_read("s1 9223372036854775807 0:1 195:"
	    "8000000", &s), OW_OK);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sketch");
	TCase *tc = tcase_create("sketch");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, a_point_is_certain);
	tcase_add_test(tc, a_sum_is_convolved);
	tcase_add_test(tc, a_maximum_is_exact);
	tcase_add_test(tc, the_same_object_twice);
	tcase_add_test(tc, shifts_stop_at_zero);
	tcase_add_test(tc, quantiles_within_a_bucket);
	tcase_add_test(tc, recent_samples_win_by_count);
	tcase_add_test(tc, recent_samples_win_by_time);
	tcase_add_test(tc, absurd_values_do_no_harm);
	tcase_add_test(tc, what_is_left_given_elapsed);
	tcase_add_test(tc, refined_by_weight);
	tcase_add_test(tc, scaled_between_buckets);
	tcase_add_test(tc, text_and_back);
	tcase_add_test(tc, bad_texts_are_refused);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
