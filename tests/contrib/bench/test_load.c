/* SPDX-License-Identifier: MIT */
/*
 * test_load - the pure parts of the load generator: marks, frames, templates
 * and replies, cut where it hurts.  A benchmark that miscounts would show it
 * here first.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Built from the sources beside it: the generator is no library. */
#include "../../../contrib/bench/frame.c"
#include "../../../contrib/bench/mark.c"
#include "../../../contrib/bench/stats.c"

struct seen {
	int n;
	uint64_t t[4];
	uint32_t s[4];
};

static void
on_seen(void *arg, uint64_t t, uint32_t s)
{
	struct seen *seen = arg;

	ck_assert_int_lt(seen->n, 4);
	seen->t[seen->n] = t;
	seen->s[seen->n++] = s;
}

static const char stream[] =
    "{\"type\":\"x\",\"data\":{\"t\":17,\"s\":4,\"to\":\"tea\"}}"
    "\"m\",{\"a\":\"{\\\"t\\\":1234567890123456789,\\\"s\\\":99,\"}";

/* Would notice a mark that is lost or seen twice at any cut. */
START_TEST(marks_survive_every_cut)
{
	size_t len = sizeof(stream) - 1, cut;

	for (cut = 0; cut <= len; cut++) {
		struct mark_tail tail = { .n = 0 };
		struct seen seen = { .n = 0 };

		mark_scan(&tail, stream, cut, on_seen, &seen);
		mark_scan(&tail, stream + cut, len - cut, on_seen, &seen);
		ck_assert_int_eq(seen.n, 2);
		ck_assert_uint_eq(seen.t[0], 17);
		ck_assert_uint_eq(seen.s[0], 4);
		ck_assert_uint_eq(seen.t[1], 1234567890123456789u);
		ck_assert_uint_eq(seen.s[1], 99);
	}
}
END_TEST

START_TEST(marks_survive_single_bytes)
{
	struct mark_tail tail = { .n = 0 };
	struct seen seen = { .n = 0 };
	size_t i;

	for (i = 0; i < sizeof(stream) - 1; i++)
		mark_scan(&tail, stream + i, 1, on_seen, &seen);
	ck_assert_int_eq(seen.n, 2);
}
END_TEST

/* What only looks like a mark: other keys, no number, no second number. */
START_TEST(no_mark_in_other_text)
{
	static const char *const texts[] = {
		"{\"type\":1,\"s\":2}", "{\"t\":\"x\",\"s\":2}",
		"{\"t\":5,\"longer name\":2}", "\"t\"", "\"", "",
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct mark_tail tail = { .n = 0 };
		struct seen seen = { .n = 0 };

		mark_scan(&tail, texts[i], strlen(texts[i]), on_seen, &seen);
		ck_assert_int_eq(seen.n, 0);
	}
}
END_TEST

START_TEST(frames_of_a_server_are_read)
{
	char bytes[4 + 300] = { (char)0x81, 126, 1, 44 };
	struct frame frame;
	size_t n;

	for (n = 0; n < sizeof(bytes); n++)
		ck_assert_int_eq(frame_read(bytes, n, &frame), 0);
	ck_assert_int_eq(frame_read(bytes, n, &frame), sizeof(bytes));
	ck_assert_int_eq(frame.opcode, FRAME_TEXT);
	ck_assert_uint_eq(frame.n, 300);
}
END_TEST

START_TEST(masked_or_huge_frames_are_refused)
{
	static const char huge[10] = { (char)0x82, 127, 0, 0, 1 };
	struct frame frame;
	char bytes[64];
	size_t n;

	n = frame_write(bytes, FRAME_TEXT, "tea", 3, 0x01020304);
	ck_assert_uint_eq(n, 9);
	ck_assert_int_eq(frame_read(bytes, n, &frame), -1);
	ck_assert_int_eq(frame_read(huge, sizeof(huge), &frame), -1);
}
END_TEST

START_TEST(quantiles_are_within_one_percent)
{
	static struct stats s;
	uint64_t i;

	memset(&s, 0, sizeof(s));
	ck_assert(stats_quantile_ms(&s, 0.5) < 0);
	for (i = 1; i <= 1000; i++)
		stats_add(&s, i * 1000000);
	ck_assert_double_eq_tol(stats_quantile_ms(&s, 0.5), 501, 5.01);
	ck_assert_double_eq_tol(stats_quantile_ms(&s, 0.99), 991, 9.91);
	ck_assert_uint_eq(s.max, 1000000000u);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load");
	TCase *tc = tcase_create("load");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, marks_survive_every_cut);
	tcase_add_test(tc, marks_survive_single_bytes);
	tcase_add_test(tc, no_mark_in_other_text);
	tcase_add_test(tc, frames_of_a_server_are_read);
	tcase_add_test(tc, masked_or_huge_frames_are_refused);
	tcase_add_test(tc, quantiles_are_within_one_percent);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
