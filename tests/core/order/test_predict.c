/* SPDX-License-Identifier: MIT */
/*
 * test_predict - windows of single orders, on a kitchen's board and on the
 * road.
 *
 * Orders are made from bodies and moved by the rules of the server; riders and
 * learnt durations are set by hand.
 */
#include "order_fixture.h"

#include <math.h>

#include "base/mem.h"
#include "order/board.h"
#include "order/learn.h"
#include "order/predict.h"
#include "order/spread.h"
#include "order/trail.h"

#define GRILL(sku, n)							\
	"{\"name\":\"x\",\"sku\":\"" sku "\",\"quantity\":" n ","	\
	"\"station\":\"grill\"}"
#define POTS(sku)							\
	"{\"name\":\"y\",\"sku\":\"" sku "\",\"quantity\":1,"		\
	"\"station\":\"pots\"}"
#define PLACES								\
	"{\"customer_id\":\"ann\",\"fulfilment\":\"delivery\","	\
	"\"pickup\":{\"lat\":51.5,\"lng\":-0.1},"			\
	"\"dropoff\":{\"lat\":51.52,\"lng\":-0.1},"			\
	"\"items\":[" GRILL("B", "1") "]}"

/* One kitchen with up to three orders. */
struct scene {
	struct learn *learn;
	struct fixture f[3];
	struct trail trails[3];
	struct route_facts facts;
	int n;
	int64_t now_ms;
	struct board board;
	struct prediction p;		/* the last one */
};

static void
assert_near(double value, double wanted, double share)
{
	ck_assert_msg(fabs(value - wanted) <= share * fabs(wanted),
	    "%g is not within %g of %g", value, share, wanted);
}

static void
teach(struct learn *l, const char *station, const char *sku, double s)
{
	struct work w = { station, sku, sku, 1, -1 };

	for (int i = 0; i < 200; i++)
		learn_item(l, &w, s * (0.8 + 0.1 * (i % 5)), T0);
}

static struct scene *
scene_new(void)
{
	struct scene *s = mem_alloc(sizeof(*s));

	s->learn = learn_new(&learn_rules_default);
	s->now_ms = T0;
	teach(s->learn, "grill", "B", 300);
	teach(s->learn, "pots", "S", 900);
	for (int i = 0; i < 50; i++) {
		learn_busy(s->learn, "grill", 1, T0);
		learn_busy(s->learn, "pots", 2, T0);
		learn_phase(s->learn, PHASE_ROUTE_RATIO, 1, T0);
	}
	return s;
}

static void
scene_free(struct scene *s)
{
	for (int i = 0; i < s->n; i++) {
		trail_done(&s->trails[i]);
		fixture_done(&s->f[i]);
	}
	learn_free(&s->learn);
	free(s);
}

static void
see(struct scene *s, int k)
{
	trail_note(&s->trails[k], s->f[k].o, s->now_ms, NULL);
}

/* An accepted order. */
static int
order(struct scene *s, const char *body)
{
	int k = s->n++;

	fixture_init(&s->f[k]);
	s->f[k].at_ms = s->now_ms;
	create(&s->f[k], body);
	trail_init(&s->trails[k]);
	see(s, k);
	ck_assert_int_eq(set_status(&s->f[k], "accepted", NULL), OW_OK);
	see(s, k);
	return k;
}

static void
item(struct scene *s, int k, uint32_t i, const char *status)
{
	s->f[k].at_ms = s->now_ms - 1000;
	ck_assert_int_eq(set_item(&s->f[k], i, status), OW_OK);
	see(s, k);
}

/* The order's window with all before it ahead. */
static const struct prediction *
look(struct scene *s, int k)
{
	int i;

	board_init(&s->board, s->learn, s->now_ms);
	for (i = 0; i < s->n; i++)
		board_occupy(&s->board, s->f[i].o, &s->trails[i]);
	for (i = 0; i < k; i++)
		board_queue(&s->board, s->f[i].o);
	predict(s->f[k].o, &s->trails[k], &s->board, &s->facts, &s->p);
	return &s->p;
}

static double
p50_s(const struct scene *s)
{
	return (double)(s->p.p50_at_ms - s->now_ms) / 1000;
}

static double
p90_s(const struct scene *s)
{
	return (double)(s->p.p90_at_ms - s->now_ms) / 1000;
}

/* ---- The kitchen -------------------------------------------------------- */

START_TEST(one_item_takes_what_it_takes)
{
	struct scene *s = scene_new();
	int k = order(s, BODY("pickup", GRILL("B", "1")));

	ck_assert(look(s, k)->known);
	assert_near(p50_s(s), 300, 0.08);
	ck_assert_double_ge(p90_s(s), p50_s(s) + 15);
	ck_assert_str_eq(s->p.basis, "learnt");
	ck_assert_str_eq(s->p.confidence, "high");
	ck_assert_int_eq(s->p.stage, STAGE_QUOTE);
	ck_assert(!s->p.imminent && !s->p.stale);
	scene_free(s);
}
END_TEST

/* Three at one slot take three times as long; at another station the longest
   counts. */
START_TEST(stations_queue_and_run_in_parallel)
{
	struct scene *s = scene_new();
	int k = order(s, BODY("pickup", GRILL("B", "1") ","
	    GRILL("B", "1") "," GRILL("B", "1")));

	look(s, k);
	assert_near(p50_s(s), 900, 0.08);
	k = order(s, BODY("pickup", POTS("S") "," POTS("S")));
	look(s, k);
	assert_near(p50_s(s), 960, 0.08);
	k = order(s, BODY("pickup", POTS("S") "," GRILL("B", "1")));
	look(s, k);
	assert_near(p50_s(s), 1850, 0.1);
	ck_assert_int_eq(s->p.n_ahead, 2);
	scene_free(s);
}
END_TEST

START_TEST(what_has_begun_counts_its_time)
{
	struct scene *s = scene_new();
	int k = order(s, BODY("pickup", GRILL("B", "1")));

	item(s, k, 0, "preparing");
	s->now_ms += 200000;
	look(s, k);
	ck_assert_int_eq(s->p.stage, STAGE_COOKING);
	assert_near(p50_s(s), 100, 0.3);
	s->now_ms += 3600000;		/* forgotten: still in the future */
	look(s, k);
	ck_assert_double_gt(p50_s(s), 0);
	item(s, k, 0, "ready");
	ck_assert(!look(s, k)->known);
	scene_free(s);
}
END_TEST

START_TEST(a_finished_item_drops_out)
{
	struct scene *s = scene_new();
	int k = order(s, BODY("pickup", POTS("S") "," GRILL("B", "1")));
	double both_s;

	look(s, k);
	both_s = p50_s(s);
	item(s, k, 0, "ready");
	look(s, k);
	ck_assert_double_lt(p50_s(s), both_s / 2);
	item(s, k, 1, "voided");
	ck_assert(!look(s, k)->known);
	scene_free(s);
}
END_TEST

START_TEST(words_for_where_it_comes_from)
{
	struct scene *s = scene_new();
	int k = order(s, BODY("pickup", ITEM_CAKE));

	look(s, k);
	ck_assert_str_eq(s->p.basis, "prep_s");
	ck_assert_str_eq(s->p.confidence, "medium");
	learn_free(&s->learn);
	s->learn = learn_new(&learn_rules_default);
	k = order(s, BODY("pickup", ITEM_TEA));
	look(s, k);
	ck_assert_str_eq(s->p.basis, "tenant default");
	ck_assert_str_eq(s->p.confidence, "low");
	scene_free(s);
}
END_TEST

/* Orders of a kitchen that taps no items. */
START_TEST(whole_orders_where_items_are_silent)
{
	struct scene *s = scene_new();
	int k;

	learn_free(&s->learn);
	s->learn = learn_new(&learn_rules_default);
	for (int i = 0; i < 50; i++)
		learn_cook(s->learn, 0, 1500, T0);
	k = order(s, BODY("pickup", ITEM_TEA));
	look(s, k);
	assert_near(p50_s(s), 1500, 0.08);
	ck_assert_str_eq(s->p.basis, "learnt");
	scene_free(s);
}
END_TEST

START_TEST(for_later_means_later)
{
	struct scene *s = scene_new();
	int k = s->n++;

	fixture_init(&s->f[k]);
	create(&s->f[k], "{\"customer_id\":\"ann\",\"fulfilment\":\"pickup\","
	    "\"scheduled_for\":\"2025-11-22T13:00:00Z\",\"items\":["
	    GRILL("B", "1") "]}");
	trail_init(&s->trails[k]);
	see(s, k);
	look(s, k);
	ck_assert_int_eq(s->f[k].o->status, ORDER_SCHEDULED);
	assert_near(p50_s(s), 3 * 3600, 0.01);
	ck_assert_int_eq(s->p.quote.made_at_ms, 0);	/* not to be judged */
	scene_free(s);
}
END_TEST

static void
say_ready_in(struct scene *s, int k, int ready_in_s)
{
	char body[64];

	(void)snprintf(body, sizeof(body), "{\"ready_in_s\":%d}", ready_in_s);
	s->f[k].at_ms = s->now_ms;
	ck_assert_int_eq(ask(&s->f[k], INTENT_ETA, NULL, body), OW_OK);
	see(s, k);
}

/* The kitchen knows best, until its own items say otherwise. */
START_TEST(the_kitchens_word_stands_until_contradicted)
{
	struct scene *s = scene_new();
	int k = order(s, BODY("pickup", GRILL("B", "1")));

	say_ready_in(s, k, 1200);
	look(s, k);
	ck_assert_str_eq(s->p.basis, "kitchen");
	ck_assert_int_eq(s->p.p50_at_ms, s->now_ms + 1200000);
	ck_assert_int_eq(s->p.p90_at_ms, s->p.p50_at_ms);
	item(s, k, 0, "preparing");
	say_ready_in(s, k, 30);
	look(s, k);			/* it cannot be: it has just begun */
	ck_assert_str_eq(s->p.basis, "learnt");
	assert_near(p50_s(s), 300, 0.1);
	say_ready_in(s, k, 300);
	look(s, k);
	ck_assert_str_eq(s->p.basis, "kitchen");
	s->now_ms += 361000;
	look(s, k);
	ck_assert_str_eq(s->p.basis, "learnt");
	scene_free(s);
}
END_TEST

/* More stations, and more items, than the board has room for. */
START_TEST(a_board_is_bounded)
{
	struct scene *s = scene_new();
	struct board_slot start;
	struct spread took;
	char names[BOARD_STATIONS_MAX][16];
	int k = order(s, BODY("pickup", GRILL("B", "1")));

	look(s, k);
	spread_point(&took, 60);
	board_init(&s->board, s->learn, s->now_ms);
	for (int i = 0; i < BOARD_STATIONS_MAX; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "s%d", i);
		ck_assert_ptr_nonnull(board_station(&s->board, names[i]));
	}
	ck_assert_ptr_null(board_station(&s->board, "grill"));
	for (int i = 0; i < 1000; i++)
		board_book(&s->board.stations[0], 0, &took, &start);
	assert_near(start.mean_s, 60 * 499, 1e-6);	/* two slots */
	predict(s->f[k].o, &s->trails[k], &s->board, &s->facts, &s->p);
	assert_near(p50_s(s), 300, 0.08);
	scene_free(s);
}
END_TEST

/* ---- The road ----------------------------------------------------------- */

START_TEST(great_circles_by_hand)
{
	/* A degree of latitude is 111.2 km; times 1.3 at 25 km/h. */
	assert_near(predict_circle_s(51, 0, 52, 0), 111195 * 1.3 / 25 * 3.6,
	    0.001);
	ck_assert_double_eq(predict_circle_s(51, 7, 51, 7), 0);
	ck_assert(isfinite(predict_circle_s(90, 0, -90, 180)));
}
END_TEST

/* max(ready, rider) + handover + leg + dropoff, none of it twice. */
START_TEST(a_delivery_before_pickup)
{
	struct scene *s = scene_new();
	int k = order(s, PLACES);
	double base_s = predict_circle_s(51.5, -0.1, 51.52, -0.1), soon_s;

	look(s, k);
	ck_assert_int_eq(s->p.stage, STAGE_QUOTE_DELIVERY);
	ck_assert_str_eq(s->p.basis, "learnt+great circle");
	ck_assert_str_eq(s->p.confidence, "low");
	assert_near(s->p.leg_s, base_s, 1e-6);
	ck_assert_double_gt(p50_s(s), 600 + base_s);
	s->facts.leg_s = 900;
	look(s, k);
	ck_assert_str_eq(s->p.basis, "learnt+route");
	ck_assert_str_ne(s->p.confidence, "low");
	ck_assert(s->p.is_routed);
	assert_near((double)(s->p.ready_p50_at_ms - s->now_ms) / 1000, 300,
	    0.08);
	s->f[k].o->delivery = DELIVERY_ASSIGNED;
	see(s, k);
	s->f[k].o->delivery = DELIVERY_ARRIVED_PICKUP;
	see(s, k);
	look(s, k);
	soon_s = p50_s(s);
	assert_near(soon_s, 300 + 90 + 900 + 120, 0.08);
	say_ready_in(s, k, 1000);
	look(s, k);
	ck_assert_str_eq(s->p.basis, "kitchen+route");
	assert_near(p50_s(s), soon_s + 700, 0.05);
	scene_free(s);
}
END_TEST

/* An order that has left its kitchen with a rider. */
static int
leave(struct scene *s)
{
	int k = order(s, PLACES);

	item(s, k, 0, "ready");
	s->f[k].o->delivery = DELIVERY_EN_ROUTE_DROPOFF;
	see(s, k);
	return k;
}

static void
locate(struct scene *s, double lat, double rider_s)
{
	s->facts.has_rider = true;
	s->facts.rider_lat = lat;
	s->facts.rider_lng = -0.1;
	s->facts.rider_s = rider_s;
	s->facts.rider_at_ms = s->now_ms;
}

START_TEST(on_the_road_by_the_riders_place)
{
	struct scene *s = scene_new();
	int k = leave(s);

	s->facts.leg_s = 800;
	look(s, k);
	ck_assert_int_eq(s->p.stage, STAGE_LEG);
	ck_assert_str_eq(s->p.basis, "route");
	assert_near(p50_s(s), 920, 0.06);
	s->now_ms += 300000;		/* nothing seen: what is left of it */
	look(s, k);
	assert_near(p50_s(s), 620, 0.1);
	locate(s, 51.51, 200);
	look(s, k);
	assert_near(p50_s(s), 320, 0.08);
	ck_assert_str_eq(s->p.confidence, "high");
	s->facts.rider_s = 0;
	look(s, k);
	ck_assert_str_eq(s->p.basis, "great circle");
	ck_assert_str_eq(s->p.confidence, "low");
	ck_assert(!s->p.imminent);
	scene_free(s);
}
END_TEST

/* 120 s widen, 300 s are stale; a place from before the pickup is none. */
START_TEST(old_locations_widen_then_are_stale)
{
	struct scene *s = scene_new();
	int k = leave(s);
	double width_s;

	locate(s, 51.51, 1000);
	s->now_ms += 119000;
	look(s, k);
	width_s = p90_s(s) - p50_s(s);
	assert_near(p50_s(s), 1000 - 119 + 120, 0.06);
	s->now_ms += 171000;
	look(s, k);
	ck_assert(!s->p.stale);
	ck_assert_double_gt(p90_s(s) - p50_s(s), width_s + 15);
	ck_assert_str_eq(s->p.confidence, "medium");
	s->now_ms += 20000;
	look(s, k);
	ck_assert(s->p.stale);
	ck_assert_str_eq(s->p.confidence, "low");
	locate(s, 51.51, 1000);
	look(s, k);
	ck_assert(!s->p.stale);
	s->facts.rider_at_ms = s->trails[k].at_ms[MARK_PICKED_UP] - 1;
	s->facts.leg_s = 800;
	look(s, k);
	ck_assert_str_eq(s->p.basis, "route");
	ck_assert_double_lt(p50_s(s), 920);
	scene_free(s);
}
END_TEST

START_TEST(imminent_at_the_door)
{
	struct scene *s = scene_new();
	int k = leave(s);

	locate(s, 51.5199, 10);
	look(s, k);
	/* Of the door: handing over takes its time afterwards. */
	ck_assert(s->p.imminent);
	ck_assert_double_lt(p50_s(s), 300);
	s->f[k].o->delivery = DELIVERY_ARRIVED_DROPOFF;
	see(s, k);
	ck_assert(look(s, k)->imminent);
	s->f[k].o->delivery = DELIVERY_DELIVERED;
	see(s, k);
	ck_assert(!look(s, k)->known);
	scene_free(s);
}
END_TEST

/* Every member of the facts absurd: a finite window all the same. */
START_TEST(absurd_facts_give_a_window)
{
	static const double odd[] = { NAN, INFINITY, -INFINITY, -1, 1e300,
		0 };
	struct scene *s = scene_new();
	int k = leave(s), early = order(s, PLACES);

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		s->facts.has_rider = true;
		s->facts.rider_lat = s->facts.rider_lng = odd[i];
		s->facts.rider_s = s->facts.leg_s = odd[i];
		s->facts.rider_at_ms = i % 2 != 0 ? s->now_ms : INT64_MAX / 2;
		ck_assert(look(s, k)->known);
		ck_assert_int_ge(s->p.p50_at_ms, s->now_ms);
		ck_assert_int_ge(s->p.p90_at_ms, s->p.p50_at_ms);
		ck_assert_int_lt(s->p.p90_at_ms - s->now_ms,
		    INT64_C(400000000));
		ck_assert(look(s, early)->known);
		ck_assert_int_lt(s->p.p90_at_ms - s->now_ms,
		    INT64_C(400000000));
	}
	scene_free(s);
}
END_TEST

/* The first window of a stage is the one that is judged; the leg's estimate is
   that at the pickup. */
START_TEST(what_was_predicted_is_kept)
{
	struct scene *s = scene_new();
	int k = order(s, PLACES);
	struct trail *t = &s->trails[k];

	s->facts.leg_s = 700;
	predict_keep(t, look(s, k));
	ck_assert_int_eq(t->quotes[STAGE_QUOTE_DELIVERY].made_at_ms, T0);
	ck_assert_int_eq(t->n_ahead, 0);
	s->now_ms += 60000;
	s->facts.leg_s = 750;
	predict_keep(t, look(s, k));
	ck_assert_int_eq(t->quotes[STAGE_QUOTE_DELIVERY].made_at_ms, T0);
	ck_assert_double_eq(t->leg_s, 750);
	memset(&s->p, 0, sizeof(s->p));
	predict_keep(t, &s->p);
	ck_assert_int_eq(t->quotes[STAGE_QUOTE].made_at_ms, 0);
	scene_free(s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("predict");
	TCase *tc = tcase_create("predict");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, one_item_takes_what_it_takes);
	tcase_add_test(tc, stations_queue_and_run_in_parallel);
	tcase_add_test(tc, what_has_begun_counts_its_time);
	tcase_add_test(tc, a_finished_item_drops_out);
	tcase_add_test(tc, words_for_where_it_comes_from);
	tcase_add_test(tc, whole_orders_where_items_are_silent);
	tcase_add_test(tc, for_later_means_later);
	tcase_add_test(tc, the_kitchens_word_stands_until_contradicted);
	tcase_add_test(tc, a_board_is_bounded);
	tcase_add_test(tc, great_circles_by_hand);
	tcase_add_test(tc, a_delivery_before_pickup);
	tcase_add_test(tc, on_the_road_by_the_riders_place);
	tcase_add_test(tc, old_locations_widen_then_are_stale);
	tcase_add_test(tc, imminent_at_the_door);
	tcase_add_test(tc, absurd_facts_give_a_window);
	tcase_add_test(tc, what_was_predicted_is_kept);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
