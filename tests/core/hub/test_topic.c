/* SPDX-License-Identifier: MIT */
/*
 * Topics (what the ring keeps and lets go), subjects, and pace: the pure
 * decisions of the fan-out.
 */
#include "hub_fixture.h"

static struct event *
event_of(uint64_t seq, size_t n)
{
	char *json = mem_alloc(n + 1);
	struct event *ev;

	memset(json, 'x', n);
	ev = event_make("t", "a", "x", seq, 0, json, n);
	free(json);
	return ev;
}

static void
add(struct topic *t, uint64_t seq, size_t n, size_t max)
{
	struct event *ev = event_of(seq, n);

	topic_add(t, ev, max);
	event_unref(&ev);
}

/* ---- The ring ---------------------------------------------------------- */

START_TEST(ring_keeps_the_last_128)
{
	struct topic *table = NULL, *t = topic_get(&table, "a");
	uint64_t seq;

	for (seq = 1; seq <= 1000; seq++)
		add(t, seq, 10, 1 << 20);
	ck_assert_uint_eq(t->head, 1000);
	ck_assert_uint_eq(t->tail, 1000 - TOPIC_RING_MAX);
	ck_assert_uint_eq(t->bytes, TOPIC_RING_MAX * 10);
	for (seq = 873; seq <= 1000; seq++)
		ck_assert_uint_eq(topic_slot(t, seq - 1)->event->pub.seq, seq);
	topic_free(&table, &t);
	ck_assert_ptr_null(t);
	ck_assert_ptr_null(table);
}
END_TEST

START_TEST(ring_keeps_no_more_bytes_than_it_may)
{
	struct topic *table = NULL, *t = topic_get(&table, "a");

	add(t, 1, 400, 1000);
	add(t, 2, 400, 1000);
	ck_assert_uint_eq(t->tail, 0);
	add(t, 3, 400, 1000);
	ck_assert_uint_eq(t->tail, 1);
	/* One that is too big alone is still there for those who wait. */
	add(t, 4, 5000, 1000);
	ck_assert_uint_eq(t->tail, 3);
	ck_assert_uint_eq(t->head, 4);
	ck_assert_uint_eq(t->bytes, 5000);
	topic_free(&table, &t);
}
END_TEST

START_TEST(empty_ring_has_no_memory)
{
	struct topic *table = NULL, *t = topic_get(&table, "a");

	ck_assert_ptr_null(t->slots);
	add(t, 1, 10, 1000);
	add(t, 2, 10, 1000);
	add(t, 3, 10, 1000);
	topic_trim(t, 2);
	ck_assert_uint_eq(t->tail, 2);
	ck_assert_ptr_nonnull(t->slots);
	topic_trim(t, 99);
	ck_assert_uint_eq(t->tail, 3);
	ck_assert_ptr_null(t->slots);
	ck_assert_uint_eq(t->bytes, 0);
	add(t, 4, 10, 1000);
	ck_assert_uint_eq(topic_slot(t, 3)->event->pub.seq, 4);
	topic_free(&table, &t);
}
END_TEST

START_TEST(slot_is_found_by_seq)
{
	struct topic *table = NULL, *t = topic_get(&table, "a");

	ck_assert_ptr_null(topic_slot_by_seq(t, 1));
	add(t, 7, 10, 1000);
	add(t, 8, 10, 1000);
	ck_assert_ptr_eq(topic_slot_by_seq(t, 7), topic_slot(t, 0));
	ck_assert_ptr_eq(topic_slot_by_seq(t, 8), topic_slot(t, 1));
	ck_assert_ptr_null(topic_slot_by_seq(t, 0));
	ck_assert_ptr_null(topic_slot_by_seq(t, 6));
	ck_assert_ptr_null(topic_slot_by_seq(t, 9));
	topic_trim(t, 1);
	ck_assert_ptr_null(topic_slot_by_seq(t, 7));
	topic_free(&table, &t);
}
END_TEST

/* A breach: a frame is made twice, or dies with its slot while half sent. */
START_TEST(frame_is_made_once_and_outlives_its_slot)
{
	struct topic *table = NULL, *t = topic_get(&table, "a");
	struct framer plain = { &line_ops, NULL, 0 };
	struct framer data = { &line_ops, NULL, 1 };
	struct frame *f;

	add(t, 1, 3, 1000);
	f = slot_frame(topic_slot(t, 0), 0, &plain);
	ck_assert_ptr_eq(slot_frame(topic_slot(t, 0), 0, &plain), f);
	ck_assert_ptr_ne(slot_frame(topic_slot(t, 0), 1, &data), f);
	frame_ref(f);
	topic_trim(t, 1);
	ck_assert_uint_eq(f->n, 4);
	ck_assert_mem_eq(f->p, "xxx\n", 4);
	frame_unref(&f);
	topic_free(&table, &t);
}
END_TEST

START_TEST(leaving_keeps_the_others_in_place)
{
	struct topic *table = NULL, *t = topic_get(&table, "a");
	struct ow_stream s[5] = { 0 };
	int i;

	for (i = 0; i < 5; i++)
		topic_join(t, &s[i]);
	topic_leave(t, &s[1]);
	topic_leave(t, &s[4]);
	ck_assert_uint_eq(t->n, 3);
	for (i = 0; i < 5; i++)
		if (s[i].topic != NULL)
			ck_assert_ptr_eq(t->streams[s[i].topic_at], &s[i]);
	topic_leave(t, &s[0]);
	topic_leave(t, &s[2]);
	topic_leave(t, &s[3]);
	topic_free(&table, &t);
}
END_TEST

/* ---- Subjects ---------------------------------------------------------- */

START_TEST(subjects_are_counted_by_tenant_and_person)
{
	struct subject *table = NULL, *a = NULL, *b = NULL, *c = NULL, *d;
	struct who *one = who_new(ROLE_CUSTOMER, "t", "s", "", INT64_MAX);
	struct who *two = who_new(ROLE_CUSTOMER, "u", "s", "", INT64_MAX);
	struct who *staff = who_new(ROLE_ADMIN, "t", "s", "", INT64_MAX);

	ck_assert_int_eq(subject_enter(&table, one, 2, &a), OW_OK);
	ck_assert_int_eq(subject_enter(&table, one, 2, &b), OW_OK);
	ck_assert_ptr_eq(a, b);
	c = a;
	ck_assert_int_eq(subject_enter(&table, one, 2, &c), OW_ELIMIT);
	ck_assert_ptr_eq(c, a);
	ck_assert_int_eq(subject_enter(&table, two, 2, &c), OW_OK);
	ck_assert_ptr_ne(c, a);
	ck_assert_int_eq(subject_enter(&table, staff, 0, &d), OW_OK);
	ck_assert_ptr_null(d);
	subject_leave(&table, &a);
	ck_assert_int_eq(subject_enter(&table, one, 2, &a), OW_OK);
	subject_leave(&table, &a);
	subject_leave(&table, &b);
	subject_leave(&table, &c);
	subject_leave(&table, &d);
	ck_assert_ptr_null(table);
	who_unref(&one);
	who_unref(&two);
	who_unref(&staff);
}
END_TEST

/* ---- Pace -------------------------------------------------------------- */

/* Publications every gap_us (open loop), a pass costs cost_us: how many
   events does a pass take in the end, on average? */
static double
pace_open(int64_t gap_us, int64_t cost_us, int64_t *out_worst_ms)
{
	struct pace p = { 0 };
	int64_t now_us = 0, next_us = 0, oldest_us = 0, passes = 0, sent = 0;
	uint32_t pending = 0;

	*out_worst_ms = 0;
	while (now_us < 20000000) {
		while (next_us <= now_us) {
			if (pending++ == 0)
				oldest_us = next_us;
			next_us += gap_us;
		}
		if (pending == 0) {
			now_us = next_us;
			continue;
		}
		if (pace_wait_ms(&p, pending, now_us / 1000) > 0) {
			now_us += 1000;
			continue;
		}
		pace_sent(&p, pending, (uint32_t)cost_us, now_us / 1000);
		now_us += cost_us;
		if (now_us > 10000000) {
			passes++;
			sent += pending;
			if ((now_us - oldest_us) / 1000 > *out_worst_ms)
				*out_worst_ms = (now_us - oldest_us) / 1000;
		}
		pending = 0;
	}
	return (double)sent / (double)passes;
}

/* window publications in flight: the next come 2 ms after a pass.  Passes a
   second. */
static double
pace_closed(uint32_t window, int64_t cost_us, double *out_events)
{
	struct pace p = { 0 };
	int64_t now_us = 0, passes = 0, sent = 0, came_us;
	uint32_t pending;

	while (now_us < 20000000) {
		came_us = now_us + 2000;
		/* One by one, a millisecond apart. */
		for (pending = 1; ; now_us += 1000) {
			if (now_us < came_us)
				now_us = came_us;
			pending = (uint32_t)(1 + (now_us - came_us) / 1000);
			if (pending > window)
				pending = window;
			if (pace_wait_ms(&p, pending, now_us / 1000) == 0)
				break;
		}
		pace_sent(&p, pending, (uint32_t)cost_us, now_us / 1000);
		now_us += cost_us;
		passes++;
		sent += pending;
	}
	*out_events = (double)sent / (double)passes;
	return (double)passes / 20;
}

START_TEST(who_is_not_busy_never_waits)
{
	int64_t worst_ms;

	/* 20 a second at 14 ms each; and a quiet order. */
	ck_assert_double_eq(pace_open(50000, 14000, &worst_ms), 1.0);
	ck_assert_int_le(worst_ms, 14);
	ck_assert_double_eq(pace_open(1000000, 100, &worst_ms), 1.0);
	ck_assert_double_eq(pace_open(1000, 400, &worst_ms), 1.0);
	ck_assert_int_le(worst_ms, 1);
}
END_TEST

START_TEST(busy_topic_waits_for_company)
{
	int64_t worst_ms;

	/* 100 a second that would take 1.4 s of each second. */
	ck_assert_double_ge(pace_open(10000, 14000, &worst_ms), 4.0);
	ck_assert_int_le(worst_ms, 14 + 14 + PACE_WAIT_MAX_MS + 2);
	/* 1,000 a second to a hundred screens: a moment is enough. */
	ck_assert_double_ge(pace_open(1000, 700, &worst_ms), 2.0);
	ck_assert_int_le(worst_ms, 5);
	ck_assert_double_ge(pace_open(1000, 14000, &worst_ms), 40.0);
}
END_TEST

/* A breach: it waits for events that only come when these are sent. */
START_TEST(publishers_that_wait_for_us_are_not_waited_for)
{
	double passes, events;

	passes = pace_closed(2, 14000, &events);
	ck_assert_double_ge(events, 1.9);
	ck_assert_double_ge(passes, 45.0);
	passes = pace_closed(1, 14000, &events);
	ck_assert_double_ge(passes, 50.0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("topic");
	TCase *tc = tcase_create("topic");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, ring_keeps_the_last_128);
	tcase_add_test(tc, ring_keeps_no_more_bytes_than_it_may);
	tcase_add_test(tc, empty_ring_has_no_memory);
	tcase_add_test(tc, slot_is_found_by_seq);
	tcase_add_test(tc, frame_is_made_once_and_outlives_its_slot);
	tcase_add_test(tc, leaving_keeps_the_others_in_place);
	tcase_add_test(tc, subjects_are_counted_by_tenant_and_person);
	tcase_add_test(tc, who_is_not_busy_never_waits);
	tcase_add_test(tc, busy_topic_waits_for_company);
	tcase_add_test(tc, publishers_that_wait_for_us_are_not_waited_for);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
