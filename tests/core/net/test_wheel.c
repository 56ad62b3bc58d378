/* SPDX-License-Identifier: MIT */
/*
 * The wheel: never early, at most a tick late, and quiet when empty.
 */
#include <check.h>
#include <stdlib.h>

#include "base/mem.h"
#include "net/wheel.h"

#define WALL_MS INT64_C(1800000000000)

struct item {
	struct wheel_node node;		/* first */
	int64_t want_ms, fired_ms;
	int n_fired;
};

struct rig {
	struct loop *loop;
	struct wheel wheel;
	int n_fired;
	struct item *again;		/* set anew when it fires */
	struct item *kills;		/* unset when any other fires */
};

static void
on_fire(void *arg, struct wheel_node *node)
{
	struct rig *r = arg;
	struct item *it = (struct item *)node;

	r->n_fired++;
	it->n_fired++;
	it->fired_ms = loop_now_ms(r->loop);
	if (it == r->again)
		wheel_set(&r->wheel, node, wheel_after(&r->wheel, 100));
	else if (r->kills != NULL)
		wheel_unset(&r->wheel, &r->kills->node);
}

static void
rig_open(struct rig *r)
{
	*r = (struct rig){ .loop = loop_new("test") };
	loop_test_clock(r->loop, WALL_MS);
	wheel_init(&r->wheel, r->loop, on_fire, r);
}

static void
rig_close(struct rig *r)
{
	wheel_done(&r->wheel);
	loop_free(&r->loop);
}

/* From a moment to five rounds of the wheel, in any order. */
START_TEST(never_early_and_at_most_a_tick_late)
{
	enum { N = 3000 };
	struct item *it = mem_alloc(N * sizeof(*it));
	struct rig r;
	int64_t start;
	int i;

	rig_open(&r);
	loop_test_advance(r.loop, 37);
	start = loop_now_ms(r.loop);
	for (i = 0; i < N; i++) {
		it[i].want_ms = (int64_t)i * 7919 % 260000;
		wheel_set(&r.wheel, &it[i].node,
		    wheel_after(&r.wheel, it[i].want_ms));
	}
	for (i = 0; i < 2700; i++)
		loop_test_advance(r.loop, i % 2 == 0 ? 13 : 187);
	for (i = 0; i < N; i++) {
		ck_assert_int_eq(it[i].n_fired, 1);
		ck_assert_int_ge(it[i].fired_ms - start, it[i].want_ms);
		ck_assert_int_le(it[i].fired_ms - start, it[i].want_ms +
		    2 * WHEEL_TICK_MS);
	}
	ck_assert_uint_eq(r.wheel.n, 0);
	ck_assert_ptr_null(r.wheel.timer);
	rig_close(&r);
	free(it);
}
END_TEST

START_TEST(set_again_moves_and_unset_forgets)
{
	struct item it = { 0 };
	struct rig r;

	rig_open(&r);
	wheel_set(&r.wheel, &it.node, 5);
	wheel_set(&r.wheel, &it.node, 50);
	loop_test_advance(r.loop, 1000);
	ck_assert_int_eq(it.n_fired, 0);
	wheel_set(&r.wheel, &it.node, 1);	/* is over */
	loop_test_advance(r.loop, 100);
	ck_assert_int_eq(it.n_fired, 1);
	wheel_set(&r.wheel, &it.node, 20);
	wheel_unset(&r.wheel, &it.node);
	wheel_unset(&r.wheel, &it.node);
	loop_test_advance(r.loop, 60000);
	ck_assert_int_eq(it.n_fired, 1);
	ck_assert_uint_eq(r.wheel.n, 0);
	rig_close(&r);
}
END_TEST

/* A breach: one set from inside fire is lost behind those set later. */
START_TEST(set_and_unset_from_inside_fire)
{
	struct item again = { 0 }, other[3] = { 0 }, killed = { 0 };
	struct rig r;
	int i;

	rig_open(&r);
	r.again = &again;
	r.kills = &killed;
	wheel_set(&r.wheel, &again.node, 1);
	for (i = 0; i < 3; i++)
		wheel_set(&r.wheel, &other[i].node, (uint32_t)(3 + i * 100));
	wheel_set(&r.wheel, &killed.node, 3 + WHEEL_SLOTS);
	loop_test_advance(r.loop, 60000);
	ck_assert_int_eq(again.n_fired, 600);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(other[i].n_fired, 1);
	ck_assert_int_eq(killed.n_fired, 0);
	rig_close(&r);
}
END_TEST

START_TEST(a_long_sleep_fires_all_once)
{
	struct item it[700] = { 0 };
	struct rig r;
	int i;

	rig_open(&r);
	for (i = 0; i < 700; i++)
		wheel_set(&r.wheel, &it[i].node, (uint32_t)(1 + i * 3));
	/* The process was stopped: one late wake-up. */
	r.wheel.base_ms -= 1000000;
	loop_test_advance(r.loop, 100);
	ck_assert_int_eq(r.n_fired, 700);
	ck_assert_uint_eq(r.wheel.n, 0);
	rig_close(&r);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wheel");
	TCase *tc = tcase_create("wheel");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, never_early_and_at_most_a_tick_late);
	tcase_add_test(tc, set_again_moves_and_unset_forgets);
	tcase_add_test(tc, set_and_unset_from_inside_fire);
	tcase_add_test(tc, a_long_sleep_fires_all_once);
	suite_add_tcase(suite, tc);
	sr = srunner_create(suite);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}
