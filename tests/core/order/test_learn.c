/* SPDX-License-Identifier: MIT */
/*
 * test_learn - what a tenant learns: from the specific to the general, from an
 * order's trail, through its rows and back, and from its own mistakes.
 */
#include "order_fixture.h"

#include <math.h>

#include "base/buf.h"
#include "order/learn.h"
#include "order/spread.h"
#include "order/trail.h"

#define KEY_BUF BUF_INIT(LEARN_KEY_MAX)
#define TEXT_BUF BUF_INIT(LEARN_TEXT_MAX)

static const struct work burger = {
	.station = "grill", .sku = "B-1", .name = "Burger", .quantity = 1,
	.prep_s = -1,
};
static const struct work steak = {
	.station = "grill", .sku = "S-1", .name = "Steak", .quantity = 1,
	.prep_s = -1,
};
static const struct work soup = {
	.station = "pots", .sku = NULL, .name = "Soup", .quantity = 1,
	.prep_s = -1,
};

static void
assert_near(double value, double wanted, double share)
{
	ck_assert_msg(fabs(value - wanted) <= share * fabs(wanted),
	    "%g is not within %g of %g", value, share, wanted);
}

static double
median_of(const struct learn *l, const struct work *w, enum know wanted)
{
	struct spread left;
	double weight;

	ck_assert_int_eq(learn_item_left(l, w, 0, &left, &weight), wanted);
	return spread_quantile(&left, 0.5);
}

static double
phase_median(const struct learn *l, enum phase phase)
{
	struct spread left;

	(void)learn_phase_left(l, phase, 1, 0, &left);
	return spread_quantile(&left, 0.5);
}

static void
cook(struct learn *l, const struct work *w, double took_s, int n)
{
	for (int i = 0; i < n; i++)
		learn_item(l, w, took_s, T0 + i);
}

/* ---- Shrinkage ---------------------------------------------------------- */

START_TEST(a_stranger_gets_the_default)
{
	struct learn *l = learn_new(&learn_rules_default);
	struct work said = burger;

	assert_near(median_of(l, &burger, KNOW_DEFAULT), 420, 0.05);
	said.prep_s = 200;
	assert_near(median_of(l, &said, KNOW_PREP_S), 200, 0.05);
	said.prep_s = 0;		/* says nothing */
	assert_near(median_of(l, &said, KNOW_DEFAULT), 420, 0.05);
	ck_assert_uint_eq(learn_slots(l, "grill"), 2);
	learn_free(&l);
	ck_assert_ptr_null(l);
	learn_free(&l);
}
END_TEST

/* Sku, else its station, else the tenant. */
START_TEST(the_most_specific_wins)
{
	struct learn *l = learn_new(&learn_rules_default);
	double soup_s;

	cook(l, &burger, 300, 100);
	assert_near(median_of(l, &burger, KNOW_LEARNT), 300, 0.06);
	assert_near(median_of(l, &steak, KNOW_LEARNT), 300, 0.08);
	soup_s = median_of(l, &soup, KNOW_LEARNT);
	assert_near(soup_s, 300, 0.1);
	cook(l, &steak, 900, 100);
	assert_near(median_of(l, &burger, KNOW_LEARNT), 300, 0.06);
	assert_near(median_of(l, &steak, KNOW_LEARNT), 900, 0.06);
	cook(l, &soup, 60, 1);
	ck_assert_double_lt(median_of(l, &soup, KNOW_LEARNT), soup_s * 2);
	learn_free(&l);
}
END_TEST

/* A menu that always says too little is believed less and less. */
START_TEST(prep_s_is_corrected_by_its_ratio)
{
	struct learn *l = learn_new(&learn_rules_default);
	struct work said = burger, other = soup;

	said.prep_s = 200;
	other.prep_s = 100;
	cook(l, &said, 300, 60);
	assert_near(median_of(l, &said, KNOW_LEARNT), 300, 0.06);
	assert_near(median_of(l, &other, KNOW_PREP_S), 150, 0.1);
	learn_free(&l);
}
END_TEST

START_TEST(more_portions_take_longer)
{
	struct learn *l = learn_new(&learn_rules_default);
	struct work three = burger;

	cook(l, &burger, 300, 100);
	three.quantity = 3;
	assert_near(median_of(l, &three, KNOW_LEARNT), 600, 0.06);
	cook(l, &three, 600, 100);
	assert_near(median_of(l, &burger, KNOW_LEARNT), 300, 0.06);
	learn_free(&l);
}
END_TEST

START_TEST(taps_in_passing_teach_nothing)
{
	struct learn *l = learn_new(&learn_rules_default);

	cook(l, &burger, 0, 100);
	cook(l, &burger, -60, 1);
	cook(l, &burger, NAN, 1);
	ck_assert_double_eq(learn_item_weight(l), 0);
	learn_phase(l, PHASE_LEG, -1, T0);
	learn_phase(l, PHASE_LEG, NAN, T0);
	ck_assert_double_eq(learn_phase_weight(l, PHASE_LEG), 0);
	learn_free(&l);
}
END_TEST

START_TEST(slots_are_what_is_done_at_once)
{
	struct learn *l = learn_new(&learn_rules_default);

	for (int i = 0; i < 40; i++)
		learn_busy(l, "grill", i % 5 == 0 ? 3 : 4, T0 + i);
	ck_assert_uint_eq(learn_slots(l, "grill"), 4);
	ck_assert_uint_eq(learn_slots(l, NULL), 2);
	learn_busy(l, NULL, 4000, T0);
	ck_assert_uint_eq(learn_slots(l, NULL), 32);
	learn_free(&l);
}
END_TEST

START_TEST(a_full_kitchen_is_known_apart)
{
	struct learn *l = learn_new(&learn_rules_default);
	struct spread left;

	for (int i = 0; i < 60; i++) {
		learn_cook(l, 0, 600, T0 + i);
		learn_cook(l, 20, 2400, T0 + i);
	}
	(void)learn_cook_left(l, 0, 0, &left);
	assert_near(spread_quantile(&left, 0.5), 600, 0.08);
	(void)learn_cook_left(l, 18, 0, &left);
	assert_near(spread_quantile(&left, 0.5), 2400, 0.08);
	(void)learn_cook_left(l, INT32_MAX, 0, &left);
	(void)learn_cook_left(l, -1, 0, &left);
	ck_assert_double_gt(spread_quantile(&left, 0.5), 500);
	learn_free(&l);
}
END_TEST

/* ---- Rows --------------------------------------------------------------- */

static int
take_all(struct learn *from, struct learn *to)
{
	struct buf key = KEY_BUF, text = TEXT_BUF;
	int n = 0;

	while (learn_take(from, &key, &text) == 1) {
		ck_assert(!key.full && !text.full);
		if (to != NULL)
			ck_assert_int_eq(learn_load(to, key.p, text.p),
			    OW_OK);
		n++;
	}
	buf_done(&key);
	buf_done(&text);
	return n;
}

/* A server that starts again knows what it knew. */
START_TEST(rows_carry_everything)
{
	struct learn *l = learn_new(&learn_rules_default);
	struct learn *again = learn_new(&learn_rules_default);
	struct quote quote = { T0, 600, 900, 600, 900 };

	ck_assert_int_eq(take_all(l, NULL), 0);
	cook(l, &burger, 300, 50);
	cook(l, &soup, 700, 50);
	learn_phase(l, PHASE_HANDOVER, 33, T0);
	learn_busy(l, "grill", 5, T0);
	learn_cook(l, 4, 999, T0);
	for (int i = 0; i < 50; i++)
		learn_outcome(l, STAGE_QUOTE, &quote, 1200);
	/* item, 2 stations, 2 skus, handover, slots, cook twice, quote */
	ck_assert_int_eq(take_all(l, again), 10);
	ck_assert_int_eq(take_all(l, NULL), 0);
	ck_assert_int_eq(take_all(again, NULL), 0);
	assert_near(median_of(again, &burger, KNOW_LEARNT),
	    median_of(l, &burger, KNOW_LEARNT), 1e-3);
	assert_near(median_of(again, &soup, KNOW_LEARNT),
	    median_of(l, &soup, KNOW_LEARNT), 1e-3);
	assert_near(phase_median(again, PHASE_HANDOVER),
	    phase_median(l, PHASE_HANDOVER), 1e-3);
	ck_assert_uint_eq(learn_slots(again, "grill"), 5);
	assert_near(learn_calib(again, STAGE_QUOTE)->lean,
	    learn_calib(l, STAGE_QUOTE)->lean, 1e-3);
	ck_assert_int_eq(learn_calib(again, STAGE_QUOTE)->n, 50);
	learn_free(&l);
	learn_free(&again);
}
END_TEST

START_TEST(bad_rows_are_refused)
{
	static const char *const bad[][2] = {
		{ "", "s1 0" }, { "x", "s1 0" }, { "item", "" },
		{ "item", "c1 0 0 0 0 0" }, { "item\tgrill", "s1 x" },
		{ "phase\tnone", "s1 0" }, { "calib\tnone", "c1 0 0 0 0 0" },
		{ "calib\tquote", "s1 0" }, { "calib\tquote", "" },
		{ "calib\tquote", "c1 1 0 0 0" },
		{ "calib\tquote", "c1 1 0 0 0 0 0" },
		{ "calib\tquote", "c1 -1 0 0 0 0" },
		{ "calib\tquote", "c1 1 9000000 0 0 0" },
		{ "calib\tquote", "c1 1 0 9000000 0 0" },
		{ "calib\tquote", "c1 1 0 0 1000001 0" },
		{ "calib\tquote", "c1 1 0 0 -1 0" },
		{ "calib\tquote", "c1 1 0 0 0 -1" },
		{ "calib\tquote", "c1  1 0 0 0 0" },
		{ "calib\tquote", "c1 1 0 0 0 999999999999999999" },
	};
	struct learn *l = learn_new(&learn_rules_default);
	char key[LEARN_KEY_MAX + 8];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(learn_load(l, bad[i][0], bad[i][1]) ==
		    OW_EINVAL, "%s: %s", bad[i][0], bad[i][1]);
	memset(key, 'x', sizeof(key));
	memcpy(key, "item\t", 5);
	key[sizeof(key) - 1] = '\0';
	ck_assert_int_eq(learn_load(l, key, "s1 0"), OW_EINVAL);
	ck_assert_int_eq(take_all(l, NULL), 0);
	learn_free(&l);
}
END_TEST

/* Menus change for years: the longest unused go, and their rows, too. */
START_TEST(memory_is_bounded)
{
	struct learn *l = learn_new(&learn_rules_default);
	struct buf key = KEY_BUF, text = TEXT_BUF;
	struct work w = burger;
	char sku[32];
	int gone = 0, kept = 0;

	w.sku = sku;
	for (int i = 0; i < LEARN_ROWS_MAX + 50; i++) {
		(void)snprintf(sku, sizeof(sku), "sku-%d", i);
		learn_item(l, &w, 100, T0 + i);
	}
	while (learn_take(l, &key, &text) == 1)
		*(text.n == 0 ? &gone : &kept) += 1;
	ck_assert_int_gt(gone, 50);
	ck_assert_int_le(kept, LEARN_ROWS_MAX);
	(void)snprintf(sku, sizeof(sku), "sku-%d", LEARN_ROWS_MAX + 49);
	learn_item(l, &w, 100, T0 + LEARN_ROWS_MAX + 50);
	ck_assert_int_eq(learn_take(l, &key, &text), 1);
	ck_assert_str_eq(key.p, "item");
	while (learn_take(l, &key, &text) == 1)
		ck_assert_uint_gt(text.n, 0);
	ck_assert_int_eq(learn_load(l, "item\tnew", "s1 0"), OW_ELIMIT);
	/* One is gone and not yet taken when all ends. */
	(void)snprintf(sku, sizeof(sku), "another");
	learn_item(l, &w, 100, T0 + LEARN_ROWS_MAX + 60);
	learn_free(&l);
	buf_done(&key);
	buf_done(&text);
}
END_TEST

/* ---- Calibration -------------------------------------------------------- */

/* Whatever the errors look like, half come before p50 and nine tenths before
   p90 in the end. */
START_TEST(coverage_comes_out_right)
{
	struct quote q = { .made_at_ms = T0 };
	uint32_t luck = 12345, late50 = 0, late90 = 0, n = 0;
	struct calib c;
	double actual_s;

	calib_init(&c);
	for (int i = 0; i < 6000; i++) {
		q.plain_p50_s = q.p50_s = 600;
		q.plain_p90_s = q.p90_s = 700;	/* much too sure */
		calib_apply(&c, &q.p50_s, &q.p90_s);
		luck = luck * 1664525 + 1013904223;
		actual_s = 700 - 300 * log((luck >> 8) / 16777216.0 + 1e-9);
		calib_note(&c, &q, actual_s);
		if (i < 1000)
			continue;
		n++;
		late50 += actual_s > q.p50_s;
		late90 += actual_s > q.p90_s;
	}
	ck_assert_double_le(fabs((double)late50 / n - 0.5), 0.03);
	ck_assert_double_le(fabs((double)late90 / n - 0.1), 0.02);
	assert_near(c.coverage, 0.9, 0.06);
	ck_assert_double_gt(c.error_s, 50);
	/* What makes no sense moves nothing. */
	calib_note(&c, &q, NAN);
	calib_note(&c, &q, -1);
	ck_assert_int_eq(c.n, 6000);
}
END_TEST

/* ---- Trails ------------------------------------------------------------- */

struct walk {
	struct fixture f;
	struct learn *learn;
	struct trail trail;
};

static void
walk_see(struct walk *w)
{
	trail_note(&w->trail, w->f.o, w->f.at_ms, w->learn);
}

static void
walk_init(struct walk *w, const char *body)
{
	fixture_init(&w->f);
	trail_init(&w->trail);
	w->learn = learn_new(&learn_rules_default);
	create(&w->f, body);
	walk_see(w);
}

static void
walk_done(struct walk *w)
{
	trail_done(&w->trail);
	learn_free(&w->learn);
	fixture_done(&w->f);
}

static void
walk_item(struct walk *w, uint32_t i, const char *status, int64_t after_s)
{
	w->f.at_ms += after_s * 1000 - 1000;	/* set_item adds one */
	ck_assert_int_eq(set_item(&w->f, i, status), OW_OK);
	walk_see(w);
	walk_see(w);		/* twice is once */
}

static void
walk_order(struct walk *w, const char *status, const char *reason,
    int64_t after_s)
{
	w->f.at_ms += after_s * 1000 - 1000;
	ck_assert_int_eq(set_status(&w->f, status, reason), OW_OK);
	walk_see(w);
	walk_see(w);
}

START_TEST(a_pickup_teaches_its_durations)
{
	struct walk w;

	walk_init(&w, BODY("pickup", ITEM_CAKE "," ITEM_TEA));
	walk_order(&w, "accepted", NULL, 40);
	walk_item(&w, 0, "preparing", 60);
	assert_near(trail_item_elapsed(&w.trail, w.f.o, 0,
	    w.f.at_ms + 5000), 5, 1e-9);
	walk_item(&w, 1, "preparing", 30);
	walk_item(&w, 1, "ready", 100);
	walk_item(&w, 0, "ready", 50);
	ck_assert_int_eq(w.f.o->status, ORDER_READY);
	ck_assert(trail_is_done(&w.trail));
	assert_near(learn_item_weight(w.learn), 2, 0.01);
	assert_near(learn_phase_weight(w.learn, PHASE_ACCEPT), 1, 1e-6);
	assert_near(learn_phase_weight(w.learn, PHASE_COOK), 1, 1e-6);
	assert_near(learn_phase_weight(w.learn, PHASE_PACK), 1, 1e-6);
	ck_assert_double_eq(learn_phase_weight(w.learn, PHASE_LEG), 0);
	walk_done(&w);
}
END_TEST

/* Made again, or seen only from the middle on: not what it normally takes. */
START_TEST(recalls_and_halves_teach_nothing)
{
	struct walk w;
	double items, cooked;

	walk_init(&w, BODY("pickup", ITEM_TEA));
	walk_item(&w, 0, "preparing", 60);
	walk_item(&w, 0, "ready", 100);
	items = learn_item_weight(w.learn);
	cooked = learn_phase_weight(w.learn, PHASE_COOK);
	walk_item(&w, 0, "preparing", 100);
	ck_assert(!trail_is_done(&w.trail));
	walk_item(&w, 0, "ready", 500);
	ck_assert(trail_is_done(&w.trail));
	ck_assert_double_eq(learn_item_weight(w.learn), items);
	ck_assert_double_eq(learn_phase_weight(w.learn, PHASE_COOK), cooked);
	walk_done(&w);

	walk_init(&w, BODY("pickup", ITEM_TEA));
	walk_order(&w, "accepted", NULL, 40);
	trail_done(&w.trail);
	walk_see(&w);
	walk_order(&w, "preparing", NULL, 40);
	walk_order(&w, "ready", NULL, 40);
	ck_assert_double_eq(learn_phase_weight(w.learn, PHASE_COOK), 0);
	walk_done(&w);
}
END_TEST

/* The log once more, without learning, gives the same trail. */
START_TEST(a_replay_gives_the_same_trail)
{
	struct trail again;
	struct walk w;

	trail_init(&again);
	walk_init(&w, BODY("pickup", ITEM_CAKE "," ITEM_TEA));
	trail_note(&again, w.f.o, w.f.at_ms, NULL);
	walk_order(&w, "accepted", NULL, 40);
	trail_note(&again, w.f.o, w.f.at_ms, NULL);
	walk_item(&w, 1, "preparing", 40);
	trail_note(&again, w.f.o, w.f.at_ms, NULL);
	ck_assert_mem_eq(again.at_ms, w.trail.at_ms, sizeof(again.at_ms));
	ck_assert_mem_eq(again.items, w.trail.items,
	    2 * sizeof(*again.items));
	trail_done(&again);
	walk_done(&w);
}
END_TEST

static void
walk_ride(struct walk *w, enum delivery_status to, int64_t after_s)
{
	w->f.at_ms += after_s * 1000;
	w->f.o->delivery = to;
	walk_see(w);
	walk_see(w);
}

START_TEST(a_delivery_teaches_the_road)
{
	struct walk w;

	walk_init(&w, BODY("delivery", ITEM_TEA));
	w.trail.leg_s = 400;
	w.trail.is_routed = true;
	walk_item(&w, 0, "preparing", 60);
	walk_ride(&w, DELIVERY_ASSIGNED, 60);
	walk_item(&w, 0, "ready", 100);
	ck_assert(!trail_is_done(&w.trail));
	walk_ride(&w, DELIVERY_ARRIVED_PICKUP, 200);
	walk_ride(&w, DELIVERY_EN_ROUTE_DROPOFF, 50);
	walk_ride(&w, DELIVERY_ARRIVED_DROPOFF, 600);
	walk_ride(&w, DELIVERY_DELIVERED, 70);
	walk_order(&w, "out_for_delivery", NULL, 1);
	walk_order(&w, "delivered", NULL, 1);
	for (int i = PHASE_ASSIGN; i <= PHASE_ROUTE_RATIO; i++)
		assert_near(learn_phase_weight(w.learn, i), 1, 1e-6);
	ck_assert_double_eq(learn_phase_weight(w.learn, PHASE_CIRCLE_RATIO),
	    0);
	walk_done(&w);
}
END_TEST

/* A new rider starts anew. */
START_TEST(a_lost_rider_is_forgotten)
{
	struct walk w;

	walk_init(&w, BODY("delivery", ITEM_TEA));
	walk_ride(&w, DELIVERY_ASSIGNED, 60);
	walk_ride(&w, DELIVERY_ARRIVED_PICKUP, 60);
	ck_assert_int_ne(w.trail.at_ms[MARK_AT_PICKUP], 0);
	walk_ride(&w, DELIVERY_CANCELLED, 60);
	ck_assert_int_eq(w.trail.at_ms[MARK_AT_PICKUP], 0);
	ck_assert_int_eq(w.trail.at_ms[MARK_ASSIGNED], 0);
	walk_ride(&w, DELIVERY_ASSIGNED, 60);
	ck_assert_int_eq(w.trail.at_ms[MARK_ASSIGNED], w.f.at_ms);
	walk_done(&w);
}
END_TEST

static TCase *
more_tests(void)
{
	TCase *tc = tcase_create("trail");

	tcase_add_test(tc, a_pickup_teaches_its_durations);
	tcase_add_test(tc, recalls_and_halves_teach_nothing);
	tcase_add_test(tc, a_replay_gives_the_same_trail);
	tcase_add_test(tc, a_delivery_teaches_the_road);
	tcase_add_test(tc, a_lost_rider_is_forgotten);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("learn");
	TCase *tc = tcase_create("learn");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, more_tests());
	tcase_add_test(tc, a_stranger_gets_the_default);
	tcase_add_test(tc, the_most_specific_wins);
	tcase_add_test(tc, prep_s_is_corrected_by_its_ratio);
	tcase_add_test(tc, more_portions_take_longer);
	tcase_add_test(tc, taps_in_passing_teach_nothing);
	tcase_add_test(tc, slots_are_what_is_done_at_once);
	tcase_add_test(tc, a_full_kitchen_is_known_apart);
	tcase_add_test(tc, rows_carry_everything);
	tcase_add_test(tc, bad_rows_are_refused);
	tcase_add_test(tc, memory_is_bounded);
	tcase_add_test(tc, coverage_comes_out_right);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
