/* SPDX-License-Identifier: MIT */
/*
 * The way of what adapters say to an orders loop that is slow: bounded, the
 * newest place of each driver, and no task lost in silence.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/buf.h"
#include "base/metric.h"
#include "outbox/lane.h"

static struct loop *loop;
static struct metrics *metrics;
static struct lane *lane;
/* Sent and not read: from `first` on. */
static struct tidings **letters;
static uint32_t first, n_letters, cap;

static void
on_letter(void *arg, struct tidings *t)
{
	(void)arg;
	if (n_letters == cap) {
		cap = cap > 0 ? cap * 2 : 64;
		letters = mem_grow(letters, cap * sizeof(struct tidings *));
	}
	letters[n_letters++] = t;
}

static void
set_up(void)
{
	log_setup(LOG_LOGFMT, OW_ERROR + 1, STDERR_FILENO);
	loop = loop_new("outbox");
	loop_test_clock(loop, 1000);
	metrics = metrics_new();
	lane = lane_new(loop, metrics, on_letter, NULL);
	first = n_letters = 0;
}

static void
read_some(uint32_t n)
{
	for (; n > 0 && first < n_letters; n--)
		tidings_free(&letters[first++]);
}

static void
tear_down(void)
{
	lane_free(&lane);
	/* They may come home later than everything else. */
	read_some(UINT32_MAX);
	free(letters);
	letters = NULL;
	cap = 0;
	metrics_free(&metrics);
	loop_free(&loop);
}

static int64_t
metric(const char *name)
{
	struct buf out = BUF_INIT(65536);
	char line[64];
	const char *at;
	int64_t n;

	metrics_render(metrics, &out);
	buf_add(&out, "", 1);
	(void)snprintf(line, sizeof(line), "\norderwire_tidings_%s ", name);
	at = strstr(out.p, line);
	ck_assert_ptr_nonnull(at);
	n = strtoll(at + strlen(line), NULL, 10);
	buf_done(&out);
	return n;
}

static struct tidings *
place(int driver, int64_t at_ms)
{
	struct tidings *t = tidings_new(TIDINGS_LOCATION, "cafe");
	char id[16];

	(void)snprintf(id, sizeof(id), "m%d", driver);
	t->point.driver = arena_dup(&t->arena, id);
	t->point.at_ms = at_ms;
	return t;
}

static void
say_stale(bool is_stale)
{
	struct tidings *t = tidings_new(TIDINGS_STALE, NULL);

	t->is_stale = is_stale;
	lane_send(lane, t);
}

/* As much as may be on its way, of one driver. */
static void
fill(void)
{
	uint32_t i;

	for (i = 0; i < LANE_NEWEST_MAX; i++)
		lane_send(lane, place(0, i));
	ck_assert_uint_eq(n_letters, LANE_NEWEST_MAX);
}

static void
assert_place(uint32_t letter, const char *driver, int64_t at_ms)
{
	ck_assert_uint_lt(letter, n_letters);
	ck_assert_str_eq(letters[letter]->point.driver, driver);
	ck_assert_int_eq(letters[letter]->point.at_ms, at_ms);
}

START_TEST(nothing_waits_for_a_loop_that_keeps_up)
{
	int i;

	for (i = 0; i < 5000; i++) {
		lane_send(lane, place(i % 7, i));
		read_some(1);
	}
	ck_assert_uint_eq(n_letters, 5000);
	ck_assert_int_eq(metric("waiting"), 0);
	ck_assert_int_eq(metric("replaced_total"), 0);
}
END_TEST

/* A breach: an older place is told, or one driver's many keep out another's
   one. */
START_TEST(of_each_driver_the_newest_waits)
{
	int i;

	fill();
	for (i = 0; i < 10; i++) {
		lane_send(lane, place(1, 100 + i));
		lane_send(lane, place(2, 200 + i));
	}
	lane_send(lane, place(2, 205));		/* late */
	loop_test_advance(loop, 1000);
	ck_assert_uint_eq(n_letters, LANE_NEWEST_MAX);
	ck_assert_int_eq(metric("waiting"), 2);
	ck_assert_int_eq(metric("replaced_total"), 19);
	read_some(1);
	loop_test_advance(loop, 20);
	ck_assert_uint_eq(n_letters, LANE_NEWEST_MAX + 1);
	assert_place(LANE_NEWEST_MAX, "m1", 109);
	/* Nobody overtakes who waits. */
	read_some(2);
	lane_send(lane, place(3, 300));
	ck_assert_uint_eq(n_letters, LANE_NEWEST_MAX + 1);
	loop_test_advance(loop, 20);
	assert_place(LANE_NEWEST_MAX + 1, "m2", 209);
	assert_place(LANE_NEWEST_MAX + 2, "m3", 300);
	ck_assert_int_eq(metric("waiting"), 0);
	read_some(1);
	lane_send(lane, place(3, 301));
	assert_place(LANE_NEWEST_MAX + 3, "m3", 301);
}
END_TEST

START_TEST(too_many_drivers_and_the_oldest_goes)
{
	int i;

	fill();
	for (i = 1; i <= (int)LANE_WAITING_MAX + 5; i++)
		lane_send(lane, place(i, i));
	ck_assert_int_eq(metric("waiting"), LANE_WAITING_MAX);
	ck_assert_int_eq(metric("dropped_total"), 5);
	read_some(UINT32_MAX);
	loop_test_advance(loop, 20);
	assert_place(LANE_NEWEST_MAX, "m6", 6);
	ck_assert_uint_eq(n_letters, 2 * LANE_NEWEST_MAX);
	while (metric("waiting") > 0) {
		read_some(UINT32_MAX);
		loop_test_advance(loop, 20);
	}
	ck_assert_uint_eq(n_letters, LANE_NEWEST_MAX + LANE_WAITING_MAX);
}
END_TEST

/* A breach: drivers stay out of sight for ever. */
START_TEST(the_last_word_on_sight_arrives)
{
	fill();
	say_stale(true);
	say_stale(false);
	say_stale(true);
	say_stale(false);
	ck_assert_uint_eq(n_letters, LANE_NEWEST_MAX);
	read_some(2);
	loop_test_advance(loop, 20);
	ck_assert_uint_eq(n_letters, LANE_NEWEST_MAX + 1);
	ck_assert_int_eq(letters[LANE_NEWEST_MAX]->kind, TIDINGS_STALE);
	ck_assert(!letters[LANE_NEWEST_MAX]->is_stale);
}
END_TEST

/* Whatever was written to the log since it began. */
static int
count_lines(int fd, const char *text)
{
	char all[8192];
	const char *at = all;
	ssize_t n = pread(fd, all, sizeof(all) - 1, 0);
	int lines = 0;

	ck_assert_int_ge(n, 0);
	all[n] = '\0';
	while ((at = strstr(at, text)) != NULL) {
		lines++;
		at++;
	}
	return lines;
}

/* A breach: no end to what waits, a task that is lost unsaid, or a log that is
   flooded by it. */
START_TEST(tasks_have_a_limit_that_is_said_once)
{
	char path[] = "/tmp/ow-lane-XXXXXX";
	int fd = mkstemp(path);
	uint32_t i;

	ck_assert_int_ge(fd, 0);
	(void)unlink(path);
	log_setup(LOG_LOGFMT, OW_NOTICE, fd);
	fill();
	for (i = 0; i < LANE_LASTING_MAX; i++)
		lane_send(lane, tidings_new(i % 3 == 0 ? TIDINGS_DRIVER :
		    i % 3 == 1 ? TIDINGS_ROUTE : TIDINGS_TASK, "cafe"));
	ck_assert_uint_eq(n_letters, LANE_NEWEST_MAX + LANE_LASTING_MAX);
	ck_assert_int_eq(metric("refused_total"), 0);
	for (i = 0; i < 9; i++)
		lane_send(lane, tidings_new(TIDINGS_TASK, "cafe"));
	/* Places that were read are no room for tasks. */
	read_some(LANE_NEWEST_MAX);
	lane_send(lane, tidings_new(TIDINGS_ROUTE, "cafe"));
	ck_assert_int_eq(metric("refused_total"), 10);
	ck_assert_int_eq(count_lines(fd, "is lost"), 1);
	/* On and off at the brim is one story. */
	for (i = 0; i < 9; i++) {
		read_some(1);
		lane_send(lane, tidings_new(TIDINGS_TASK, "cafe"));
		lane_send(lane, tidings_new(TIDINGS_TASK, "cafe"));
	}
	ck_assert_int_eq(metric("refused_total"), 19);
	ck_assert_int_eq(count_lines(fd, "level="), 1);
	read_some(LANE_LASTING_MAX / 2 + 1);
	lane_send(lane, tidings_new(TIDINGS_TASK, "cafe"));
	ck_assert_int_eq(count_lines(fd, "are heard"), 1);
	ck_assert_int_eq(count_lines(fd, "level="), 2);
	log_setup(LOG_LOGFMT, OW_ERROR + 1, STDERR_FILENO);
	(void)close(fd);
}
END_TEST

/* ---- Another thread ----------------------------------------------------- */

struct mailbox {
	pthread_mutex_t lock;
	struct tidings *box[64];
	uint32_t n;
	uint32_t n_read, wanted;
};

static void
on_mail(void *arg, struct tidings *t)
{
	struct mailbox *m = arg;

	for (;;) {
		pthread_mutex_lock(&m->lock);
		if (m->n < 64)
			break;
		pthread_mutex_unlock(&m->lock);
	}
	m->box[m->n++] = t;
	pthread_mutex_unlock(&m->lock);
}

static void *
read_mail(void *arg)
{
	struct mailbox *m = arg;
	struct tidings *t;

	while (m->n_read < m->wanted) {
		pthread_mutex_lock(&m->lock);
		t = m->n > 0 ? m->box[--m->n] : NULL;
		pthread_mutex_unlock(&m->lock);
		m->n_read += t != NULL;
		tidings_free(&t);
	}
	return NULL;
}

/* For the sanitizers: letters end elsewhere, some after the lane. */
START_TEST(letters_end_in_another_thread)
{
	struct mailbox m = { .lock = PTHREAD_MUTEX_INITIALIZER,
	    .wanted = 2000 };
	struct lane *own = lane_new(loop, NULL, on_mail, &m);
	pthread_t reader;
	uint32_t i;

	ck_assert_int_eq(pthread_create(&reader, NULL, read_mail, &m), 0);
	for (i = 0; i < m.wanted; i++)
		lane_send(own, tidings_new(TIDINGS_TASK, "cafe"));
	lane_free(&own);
	ck_assert_int_eq(pthread_join(reader, NULL), 0);
	ck_assert_uint_eq(m.n_read, 2000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lane");
	TCase *tc = tcase_create("lane");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, nothing_waits_for_a_loop_that_keeps_up);
	tcase_add_test(tc, of_each_driver_the_newest_waits);
	tcase_add_test(tc, too_many_drivers_and_the_oldest_goes);
	tcase_add_test(tc, the_last_word_on_sight_arrives);
	tcase_add_test(tc, tasks_have_a_limit_that_is_said_once);
	tcase_add_test(tc, letters_end_in_another_thread);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
