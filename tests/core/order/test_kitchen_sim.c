/* SPDX-License-Identifier: MIT */
/*
 * test_kitchen_sim - are the windows any good, over thousands of orders?
 *
 * Prints a table and holds the estimator to it: nine of ten orders come before
 * p90, the median is much nearer than a fixed quote and than a moving mean,
 * and the screen does not waver.  OW_SIM_ORDERS sets the number of orders;
 * under sanitizers it is 3,000, else 20,000.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "kitchen_sim.h"

#define COLD 500		/* orders until the tenant is known */

#ifdef __has_feature
#define FEATURE(x) __has_feature(x)
#else
#define FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||	\
    FEATURE(address_sanitizer) || FEATURE(thread_sanitizer) ||		\
    FEATURE(undefined_behavior_sanitizer)
#define ORDERS 3000
#else
#define ORDERS 20000
#endif

/* Of orders from..to-1. */
struct score {
	double coverage;		/* share done before p90 */
	double error_s;			/* median of |done - p50| */
	double fixed_error_s;		/* ... of the tenant's mean */
	double mean_error_s;		/* ... of the best moving mean */
	double flaps, frames;		/* an order */
	double windows_coverage;	/* of all windows ever computed */
	double width_s;			/* median of p90 - p50 */
};

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *v, uint32_t n)
{
	qsort(v, n, sizeof(*v), by_size);
	return n > 0 ? v[n / 2] : 0;
}

/* The quote of a platform that has no estimator: one for what is fetched and
   one for what is brought, the mean of all, known from the first order on. */
static double
fixed_quote(const struct sim_result *r, uint32_t n, bool delivery)
{
	double sum = 0;
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		if (r[i].delivery == delivery) {
			sum += r[i].done_s;
			count++;
		}
	return count > 0 ? sum / count : 0;
}

static double
best_mean_error(const struct sim_result *r, uint32_t from, uint32_t to,
    double *room)
{
	double best = INFINITY;

	for (int k = 0; k < 4; k++) {
		for (uint32_t i = from; i < to; i++)
			room[i - from] = fabs(r[i].done_s - r[i].mean_s[k]);
		best = fmin(best, median(room, to - from));
	}
	return best;
}

static struct score
score_of(const struct sim_result *r, uint32_t n, uint32_t from, uint32_t to)
{
	double *room = calloc(n, sizeof(*room)), count = to - from;
	double fixed[2] = { fixed_quote(r, n, false),
	    fixed_quote(r, n, true) };
	double windows = 0, held = 0;
	struct score s = { 0 };
	uint32_t i;

	for (i = from; i < to; i++) {
		s.coverage += (r[i].done_s <= r[i].p90_s) / count;
		s.flaps += r[i].flaps / count;
		s.frames += r[i].frames / count;
		windows += r[i].windows;
		held += r[i].windows_held;
	}
	s.windows_coverage = held / windows;
	for (i = from; i < to; i++)
		room[i - from] = fabs(r[i].done_s - r[i].p50_s);
	s.error_s = median(room, to - from);
	for (i = from; i < to; i++)
		room[i - from] = fabs(r[i].done_s - fixed[r[i].delivery]);
	s.fixed_error_s = median(room, to - from);
	for (i = from; i < to; i++)
		room[i - from] = r[i].p90_s - r[i].p50_s;
	s.width_s = median(room, to - from);
	s.mean_error_s = best_mean_error(r, from, to, room);
	free(room);
	return s;
}

static void
print_score(const char *name, const struct score *s)
{
	printf("%-18s %6.1f%% %7.1f%% %7.0f %7.0f %8.0f %9.0f %6.2f %6.2f\n",
	    name, 100 * s->coverage, 100 * s->windows_coverage, s->error_s,
	    s->width_s, s->fixed_error_s, s->mean_error_s, s->frames,
	    s->flaps);
}

/* The first window of each stage, against the truth. */
static void
print_stages(const struct sim_result *r, uint32_t from, uint32_t to)
{
	double *room = calloc(to, sizeof(*room)), left_s;
	const struct quote *q;
	uint32_t n, held;

	printf("%-18s %7s %8s %7s\n", "first window of", "held", "orders",
	    "error");
	for (int stage = 0; stage < STAGE_COUNT; stage++) {
		n = held = 0;
		for (uint32_t i = from; i < to; i++) {
			q = &r[i].quotes[stage];
			if (q->made_at_ms == 0)
				continue;
			left_s = r[i].quote_at_s + r[i].done_s -
			    (double)(q->made_at_ms -
			    INT64_C(1763805600000)) / 1000;
			held += left_s <= q->p90_s;
			room[n++] = fabs(left_s - q->p50_s);
		}
		if (n > 0)
			printf("%-18s %6.1f%% %8u %7.0f\n",
			    stage_names[stage], 100.0 * held / n, n,
			    median(room, n));
	}
	free(room);
}

static struct sim_result *
run(const struct sim_settings *set, struct score *cold, struct score *warm)
{
	struct sim_result *r;
	struct score first;
	uint64_t estimates;
	clock_t start = clock();
	double cpu_s;

	r = sim_run(set, &estimates);
	cpu_s = (double)(clock() - start) / CLOCKS_PER_SEC;
	*cold = score_of(r, set->n_orders, 0, COLD);
	*warm = score_of(r, set->n_orders, COLD, set->n_orders);
	printf("\n%u orders, seed %llu%s: %llu estimates, %.1f us each\n",
	    set->n_orders, (unsigned long long)set->seed,
	    set->silent_items ? ", items not reported" : "",
	    (unsigned long long)estimates,
	    cpu_s * 1e6 / (double)estimates);
	printf("%-18s %7s %8s %7s %7s %8s %9s %6s %6s\n", "orders",
	    "p90held", "ever", "error", "width", "fixed", "mov.mean",
	    "frames", "flaps");
	first = score_of(r, set->n_orders, 0, COLD / 5);
	print_score("the first 100", &first);
	print_score("the first 500", cold);
	print_score("after 500", warm);
	print_stages(r, COLD, set->n_orders);
	return r;
}

static uint32_t
orders(uint32_t share)
{
	const char *said = getenv("OW_SIM_ORDERS");
	long n = said != NULL ? atol(said) : ORDERS;

	n /= share;
	return n < 4 * COLD ? 4 * COLD : (uint32_t)n;
}

/* Breaches would be numbers outside the bounds, for any of the seeds. */
START_TEST(windows_hold_and_beat_quotes)
{
	struct sim_settings set = { .seed = 1, .n_orders = orders(1) };
	struct score cold, warm;

	free(run(&set, &cold, &warm));
	ck_assert_double_ge(warm.coverage, 0.85);
	ck_assert_double_le(warm.coverage, 0.95);
	ck_assert_double_le(warm.error_s, 0.7 * warm.fixed_error_s);
	ck_assert_double_le(warm.error_s, 0.7 * warm.mean_error_s);
	ck_assert_double_lt(warm.flaps, 1);
	ck_assert_double_ge(cold.coverage, 0.7);
}
END_TEST

/* Another year of the same kitchen: the first one was not luck. */
START_TEST(other_luck_same_bounds)
{
	struct sim_settings set = { .seed = 77, .n_orders = orders(4) };
	struct score cold, warm;

	free(run(&set, &cold, &warm));
	ck_assert_double_ge(warm.coverage, 0.85);
	ck_assert_double_le(warm.coverage, 0.95);
	ck_assert_double_le(warm.error_s, 0.7 * warm.fixed_error_s);
	ck_assert_double_lt(warm.flaps, 1);
}
END_TEST

/* A kitchen that taps orders, not items: less is known, but what is said
   holds, and is better than what is told without looking. */
START_TEST(silent_items_still_hold)
{
	struct sim_settings set = { .seed = 5, .n_orders = orders(4),
		.silent_items = true };
	struct score cold, warm;

	free(run(&set, &cold, &warm));
	ck_assert_double_ge(warm.coverage, 0.85);
	ck_assert_double_le(warm.coverage, 0.95);
	ck_assert_double_le(warm.error_s, warm.fixed_error_s);
	ck_assert_double_le(warm.error_s, warm.mean_error_s);
	ck_assert_double_lt(warm.flaps, 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("kitchen_sim");
	TCase *tc = tcase_create("kitchen_sim");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 300);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, windows_hold_and_beat_quotes);
	tcase_add_test(tc, other_luck_same_bounds);
	tcase_add_test(tc, silent_items_still_hold);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
