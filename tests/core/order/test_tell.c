/* SPDX-License-Identifier: MIT */
/*
 * test_tell - which windows are told, and to whom.
 */
#include "order_fixture.h"

#include "order/predict.h"
#include "order/tell.h"

struct telling {
	struct fixture f;
	struct told told;
	struct prediction p;
};

static void
telling_init(struct telling *t)
{
	memset(t, 0, sizeof(*t));
	fixture_init(&t->f);
	create(&t->f, BODY("delivery", ITEM_TEA));
	told_init(&t->told);
}

/* A window at so many seconds from T0, told at now_s. */
static uint32_t
say(struct telling *t, double at_s, double now_s)
{
	struct order *o = t->f.o;
	int64_t now_ms = T0 + (int64_t)(now_s * 1000);
	uint32_t what;

	t->p.known = true;
	t->p.confidence = "high";
	t->p.p50_at_ms = T0 + (int64_t)(at_s * 1000);
	t->p.p90_at_ms = t->p.p50_at_ms + 300000;
	what = tell(&t->told, o, &t->p, now_ms);
	if ((what & TELL_FRAME) != 0) {
		o->eta.promised_at_ms = tell_promise(o, &t->p);
		o->eta.known = true;
		o->eta.p50_at_ms = t->p.p50_at_ms;
		o->eta.p90_at_ms = t->p.p90_at_ms;
		o->eta.updated_at_ms = now_ms;
	}
	return what;
}

START_TEST(a_minute_is_news)
{
	struct telling t;

	telling_init(&t);
	ck_assert_uint_eq(tell(&t.told, t.f.o, &t.p, T0), 0);
	ck_assert_uint_eq(say(&t, 2000, 0), TELL_FRAME);
	ck_assert_int_eq(t.f.o->eta.promised_at_ms, T0 + 2300000);
	ck_assert_uint_eq(say(&t, 2000, 0), 0);
	ck_assert_uint_eq(say(&t, 2059, 10), 0);
	ck_assert_uint_eq(say(&t, 2060, 20), TELL_FRAME);
	ck_assert_uint_eq(say(&t, 2120, 20), TELL_FRAME);
	fixture_done(&t.f);
}
END_TEST

/* To and fro by two minutes: one frame, not one each. */
START_TEST(it_does_not_waver)
{
	struct telling t;
	int frames = 0;

	telling_init(&t);
	for (int i = 0; i < 20; i++)
		frames += (say(&t, i % 2 != 0 ? 720 : 600, 0) &
		    TELL_FRAME) != 0;
	ck_assert_int_le(frames, 2);
	ck_assert_uint_eq(say(&t, 470, 0), TELL_FRAME);	/* far enough */
	fixture_done(&t.f);
}
END_TEST

START_TEST(a_slip_is_told_once)
{
	struct telling t;

	telling_init(&t);
	t.f.o->promised_at_ms = T0 + 1500000;
	ck_assert_uint_eq(say(&t, 1500, 0), TELL_FRAME);
	ck_assert_uint_eq(say(&t, 1800, 0), TELL_FRAME);
	ck_assert_uint_eq(say(&t, 1801, 0), TELL_FRAME | TELL_SLIPPED);
	ck_assert_uint_eq(say(&t, 2400, 0), TELL_FRAME);
	told_restore(&t.told, t.f.o);
	ck_assert_uint_eq(say(&t, 2500, 0), TELL_FRAME);
	fixture_done(&t.f);
}
END_TEST

START_TEST(thresholds_are_passed_once)
{
	struct telling t;

	telling_init(&t);
	t.f.o->promised_at_ms = T0 + 1200000;
	ck_assert_uint_eq(say(&t, 500, 0), TELL_FRAME);	/* not yet left */
	t.f.o->delivery = DELIVERY_EN_ROUTE_DROPOFF;
	ck_assert_uint_eq(say(&t, 1200, 0), TELL_FRAME);
	ck_assert_uint_eq(say(&t, 1200, 599), 0);
	ck_assert_uint_eq(say(&t, 1200, 600), TELL_NEAR);
	ck_assert_uint_eq(say(&t, 1200, 700), 0);
	told_restore(&t.told, t.f.o);
	t.p.imminent = true;
	ck_assert_uint_eq(say(&t, 1200, 1100), TELL_IMMINENT);
	ck_assert_uint_eq(say(&t, 1200, 1110), 0);
	t.p.imminent = false;
	ck_assert_uint_eq(say(&t, 1200, 1110), 0);
	fixture_done(&t.f);
}
END_TEST

/* Out of sight: said once, the last window stays; in sight again: said. */
START_TEST(a_stale_window_stands)
{
	struct telling t;

	telling_init(&t);
	t.f.o->delivery = DELIVERY_EN_ROUTE_DROPOFF;
	ck_assert_uint_eq(say(&t, 1200, 0), TELL_FRAME);
	t.p.stale = true;
	ck_assert_uint_eq(say(&t, 3000, 400), TELL_STALE);
	ck_assert(t.told.is_stale);
	ck_assert_uint_eq(say(&t, 3600, 500), 0);
	t.p.stale = false;
	ck_assert_uint_eq(say(&t, 1300, 510), TELL_STALE | TELL_FRAME);
	ck_assert(!t.told.is_stale);
	fixture_done(&t.f);
}
END_TEST

/* A guess is no promise; the first window worth one is. */
START_TEST(promises_are_not_guessed)
{
	struct telling t;
	struct order *o;

	telling_init(&t);
	o = t.f.o;
	ck_assert_uint_eq(say(&t, 1000, 0), TELL_FRAME);
	o->eta.promised_at_ms = 0;
	t.p.confidence = "low";
	ck_assert_int_eq(tell_promise(o, &t.p), 0);
	t.p.confidence = "medium";
	ck_assert_int_eq(tell_promise(o, &t.p), t.p.p90_at_ms);
	o->eta.promised_at_ms = 7;
	ck_assert_int_eq(tell_promise(o, &t.p), 7);
	o->promised_at_ms = 8;
	ck_assert_int_eq(tell_promise(o, &t.p), 8);
	fixture_done(&t.f);
}
END_TEST

/* What the kitchen has just said is on the screen already. */
START_TEST(the_kitchens_own_word_is_no_news)
{
	struct telling t;

	telling_init(&t);
	ck_assert_int_eq(ask(&t.f, INTENT_ETA, NULL, "{\"ready_in_s\":900}"),
	    OW_OK);
	t.p.known = true;
	t.p.confidence = "high";
	t.p.p50_at_ms = t.p.p90_at_ms = t.f.at_ms + 900000;
	ck_assert_uint_eq(tell(&t.told, t.f.o, &t.p, t.f.at_ms), 0);
	fixture_done(&t.f);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tell");
	TCase *tc = tcase_create("tell");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, a_minute_is_news);
	tcase_add_test(tc, it_does_not_waver);
	tcase_add_test(tc, a_slip_is_told_once);
	tcase_add_test(tc, thresholds_are_passed_once);
	tcase_add_test(tc, a_stale_window_stands);
	tcase_add_test(tc, promises_are_not_guessed);
	tcase_add_test(tc, the_kitchens_own_word_is_no_news);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
