/* SPDX-License-Identifier: MIT */
/*
 * test_metric - counting from threads, and Prometheus text to the letter.
 */
#include <check.h>
#include <pthread.h>
#include <string.h>

#include "base/buf.h"
#include "base/metric.h"

enum { M_HITS, M_OPEN, M_TOOK };

static const struct ow_metric table[] = {
	{ "hits", OW_COUNTER, "Requests.\nAll\\of them." },
	{ "open", OW_GAUGE, "Open sockets." },
	{ "took", OW_HISTOGRAM_MS, "Time of a request." },
	OW_METRICS_END,
};

static const struct ow_metric hits_only[] = {
	{ "hits", OW_COUNTER, "Requests." },
	OW_METRICS_END,
};

static const char *
render(struct metrics *m, struct buf *b)
{
	buf_clear(b);
	metrics_render(m, b);
	ck_assert(!b->full);
	return b->p;
}

START_TEST(family_is_said_once_over_all_sets)
{
	struct buf b = BUF_INIT(65536);
	struct metrics *m = metrics_new();
	struct metric_set *one, *two;

	one = metric_set_new(m, "channel-sms", hits_only, "instance",
	    "b\"\\\n");
	two = metric_set_new(m, "channel-sms", hits_only, "instance", "a");
	metric_add(one, M_HITS, 3);
	metric_add(two, M_HITS, 4);
	ck_assert_str_eq(render(m, &b),
	    "# HELP orderwire_channel_sms_hits_total Requests.\n"
	    "# TYPE orderwire_channel_sms_hits_total counter\n"
	    "orderwire_channel_sms_hits_total{instance=\"a\"} 4\n"
	    "orderwire_channel_sms_hits_total"
	    "{instance=\"b\\\"\\\\\\n\"} 3\n");
	metric_set_free(&two);
	ck_assert_ptr_null(two);
	metric_set_free(&two);
	ck_assert_ptr_null(strstr(render(m, &b), "\"a\""));
	metric_set_free(&one);
	metrics_free(&m);
	metrics_free(&m);
	buf_done(&b);
}
END_TEST

/* Twice the same series would make Prometheus drop the whole page. */
START_TEST(sets_of_one_label_are_added_up)
{
	struct buf b = BUF_INIT(65536);
	struct metrics *m = metrics_new();
	struct metric_set *old = metric_set_new(m, "x", hits_only, "i", "a");
	struct metric_set *new = metric_set_new(m, "x", hits_only, "i", "a");

	metric_add(old, M_HITS, 3);
	metric_add(new, M_HITS, 4);
	ck_assert_ptr_nonnull(strstr(render(m, &b),
	    "\norderwire_x_hits_total{i=\"a\"} 7\n"));
	ck_assert_ptr_null(strstr(b.p, " 3\n"));
	metrics_free(&m);
	metric_set_free(&old);
	metric_set_free(&new);
	buf_done(&b);
}
END_TEST

START_TEST(histogram_is_cumulative_and_in_seconds)
{
	struct buf b = BUF_INIT(65536);
	struct metrics *m = metrics_new();
	struct metric_set *s = metric_set_new(m, "http", table, NULL, NULL);

	metric_add(s, M_TOOK, 250);
	metric_add(s, M_TOOK, 251);
	metric_add(s, M_TOOK, 3000);
	metric_add(s, M_TOOK, 60000000);
	metric_add(s, M_TOOK, -1);
	ck_assert_int_eq(metric_get(s, M_TOOK), 5);
	render(m, &b);
	ck_assert_ptr_nonnull(strstr(b.p,
	    "# TYPE orderwire_http_took_seconds histogram\n"
	    "orderwire_http_took_seconds_bucket{le=\"0.00025\"} 2\n"
	    "orderwire_http_took_seconds_bucket{le=\"0.0005\"} 3\n"
	    "orderwire_http_took_seconds_bucket{le=\"0.001\"} 3\n"
	    "orderwire_http_took_seconds_bucket{le=\"0.0025\"} 3\n"
	    "orderwire_http_took_seconds_bucket{le=\"0.005\"} 4\n"));
	ck_assert_ptr_nonnull(strstr(b.p,
	    "orderwire_http_took_seconds_bucket{le=\"10\"} 4\n"
	    "orderwire_http_took_seconds_bucket{le=\"+Inf\"} 5\n"
	    "orderwire_http_took_seconds_sum 60.003501\n"
	    "orderwire_http_took_seconds_count 5\n"));
	ck_assert_ptr_nonnull(strstr(b.p, "# HELP orderwire_http_hits_total "
	    "Requests.\\nAll\\\\of them.\n"));
	metric_set_free(&s);
	metrics_free(&m);
	buf_done(&b);
}
END_TEST

START_TEST(gauges_are_put_and_counters_never_go_down)
{
	struct metrics *m = metrics_new();
	struct metric_set *s = metric_set_new(m, "http", table, NULL, NULL);

	metric_put(s, M_OPEN, 5);
	metric_add(s, M_OPEN, -7);
	ck_assert_int_eq(metric_get(s, M_OPEN), -2);
	metric_add(s, M_HITS, 2);
	metric_add(s, M_HITS, -1);
	metric_put(s, M_HITS, 0);
	ck_assert_int_eq(metric_get(s, M_HITS), 2);
	metric_set_free(&s);
	metrics_free(&m);
}
END_TEST

START_TEST(index_outside_of_the_table_is_ignored)
{
	struct metrics *m = metrics_new();
	struct metric_set *s = metric_set_new(m, "http", table, NULL, NULL);

	metric_add(s, 3, 1);
	metric_add(s, UINT32_MAX, 1);
	metric_put(s, 3, 1);
	ck_assert_int_eq(metric_get(s, 3), 0);
	metric_set_free(&s);
	metrics_free(&m);
}
END_TEST

static void *
count_many(void *arg)
{
	int i;

	for (i = 0; i < 10000; i++) {
		metric_add(arg, M_HITS, 1);
		metric_add(arg, M_TOOK, i);
	}
	return NULL;
}

START_TEST(no_addition_of_four_threads_is_lost)
{
	struct buf b = BUF_INIT(65536);
	struct metrics *m = metrics_new();
	struct metric_set *s = metric_set_new(m, "http", table, NULL, NULL);
	struct metric_set *other;
	pthread_t t[4];
	int i;

	for (i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, count_many, s);
	for (i = 0; i < 20; i++) {
		other = metric_set_new(m, "http", table, "i", "x");
		render(m, &b);
		metric_set_free(&other);
	}
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	ck_assert_int_eq(metric_get(s, M_HITS), 40000);
	ck_assert_int_eq(metric_get(s, M_TOOK), 40000);
	metric_set_free(&s);
	metrics_free(&m);
	buf_done(&b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("metric");
	TCase *tc = tcase_create("metric");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, family_is_said_once_over_all_sets);
	tcase_add_test(tc, sets_of_one_label_are_added_up);
	tcase_add_test(tc, histogram_is_cumulative_and_in_seconds);
	tcase_add_test(tc, gauges_are_put_and_counters_never_go_down);
	tcase_add_test(tc, index_outside_of_the_table_is_ignored);
	tcase_add_test(tc, no_addition_of_four_threads_is_lost);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
