/* SPDX-License-Identifier: MIT */
/*
 * Estimates: an order has one from its beginning, it moves when there is a
 * reason and not otherwise, it learns, it is in nobody's way, and it can be
 * turned off.
 */
#include "desk_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "desk/kitchen.h"
#include "desk_steps.h"
#include "order/learn.h"
#include "outbox/tidings.h"

#define MINUTE INT64_C(60000)

static struct desk *d;

static void
set_up(void)
{
	d = desk_open();
	d->tenants[0].estimate = true;
}

static void
tear_down(void)
{
	assert_at_rest(d);
	desk_close(&d);
}

/* ---- Steps -------------------------------------------------------------- */

static void
make(const char *body, char out[ID_SIZE])
{
	struct asked a = create_with(NULL, body);
	struct result *r = desk_do(d, &a);
	char text[128];

	ck_assert_int_eq(r->status, 201);
	memcpy(out, body_text(r, "order.id", text), ID_SIZE);
}

#define TEA(way, more) "{\"customer_id\":\"ann\",\"fulfilment\":\"" way	\
	"\",\"items\":[{\"sku\":\"T\",\"name\":\"Tea\",\"station\":\"hot\"," \
	"\"quantity\":1}]" more "}"
#define PLACES ",\"pickup\":{\"lat\":52.52,\"lng\":13.405},"		\
	"\"dropoff\":{\"lat\":52.53,\"lng\":13.45}"

static const struct order *
order_of(const char *id)
{
	return entry_of(d, id)->order;
}

static int64_t
now(void)
{
	return loop_wall_ms(d->loop);
}

static int64_t
left_s(const char *id)
{
	return (order_of(id)->eta.p50_at_ms - now()) / 1000;
}

static int64_t
count_frames(const char *id)
{
	char sql[160];

	(void)snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM events WHERE"
	    " order_id = '%s' AND type = 'order.eta.updated'", id);
	return desk_sql_int(d, sql);
}

static struct result *
set_item(const char *id, const char *status)
{
	char body[64];
	struct asked a = { .kind = CMD_CHANGE, .intent = INTENT_ITEM_STATUS,
	    .order = id, .item = order_of(id)->items[0].id, .body = body,
	    .role = ROLE_KITCHEN };

	(void)snprintf(body, sizeof(body), "{\"status\":\"%s\"}", status);
	return desk_do(d, &a);
}

/* A whole order through the kitchen, which takes prep_ms. */
static void
cook(int64_t prep_ms)
{
	char id[ID_SIZE];

	make(TEA("pickup", ""), id);
	(void)set_status(d, id, "accepted");
	desk_run(d, 5000);
	ck_assert_int_eq(set_item(id, "preparing")->status, 200);
	desk_run(d, prep_ms);
	ck_assert_int_eq(set_item(id, "ready")->status, 200);
	assert_status(d, id, "ready");
	(void)set_status(d, id, "picked_up");
	desk_run(d, 1000);
}

/* ---- Tests -------------------------------------------------------------- */

START_TEST(a_new_order_has_an_estimate_from_the_start)
{
	char id[ID_SIZE];

	make(TEA("pickup", ""), id);
	ck_assert_uint_eq(order_of(id)->seq, 1);
	ck_assert(order_of(id)->eta.known);
	ck_assert_str_eq(order_of(id)->eta.confidence, "low");
	ck_assert_str_eq(order_of(id)->eta.basis, "tenant default");
	/* A guess promises nothing. */
	ck_assert_int_eq(order_of(id)->eta.promised_at_ms, 0);
	ck_assert_int_gt(left_s(id), 5 * 60);
	ck_assert_int_lt(left_s(id), 15 * 60);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM events WHERE"
	    " message LIKE '%\"basis\":\"tenant default\"%'"), 1);
	/* Nothing is due: no event comes of it. */
	desk_run(d, 2000);
	ck_assert_int_eq(count_frames(id), 0);
	ck_assert_uint_eq(order_of(id)->seq, 1);
}
END_TEST

/* Nothing known is null wherever a page looks, and not left out. */
static void
assert_eta_is_null(const char *id)
{
	static const enum command_kind kinds[] = {
		CMD_GET, CMD_TRACKING, CMD_LIST,
	};
	struct asking kitchen = { .feed = OW_FEED_KITCHEN,
	    .role = ROLE_KITCHEN }, page = { .order = id };
	struct asked a = { .order = id };
	struct ask *at;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		a.kind = kinds[i];
		ck_assert_ptr_nonnull(strstr(desk_do(d, &a)->body,
		    "\"eta\":null"));
	}
	at = desk_ask(d, &page);
	ck_assert_ptr_nonnull(strstr(at->events[0]->pub.json.p,
	    "\"eta\":null"));
	at = desk_ask(d, &kitchen);
	ck_assert_ptr_nonnull(strstr(at->events[0]->pub.json.p,
	    "\"eta\":null"));
}

START_TEST(turned_off_nothing_is_estimated)
{
	char id[ID_SIZE];

	d->tenants[0].estimate = false;
	make(TEA("delivery", PLACES), id);
	(void)set_status(d, id, "accepted");
	desk_run(d, 60 * MINUTE);
	ck_assert(!order_of(id)->eta.known);
	ck_assert_uint_eq(order_of(id)->seq, 2);
	ck_assert_ptr_null(entry_of(d, id)->estimate);
	assert_eta_is_null(id);
	desk_restart(d);
	assert_eta_is_null(id);
}
END_TEST

/* It would notice an estimate in the way as a 409 that no colleague caused. */
START_TEST(an_estimate_makes_no_expected_seq_stale)
{
	struct asked a = { .kind = CMD_CHANGE, .intent = INTENT_STATUS,
	    .body = "{\"status\":\"accepted\",\"expected_seq\":1}" };
	char id[ID_SIZE];

	make(TEA("pickup", ""), id);
	desk_run(d, 20 * MINUTE);
	ck_assert_int_gt(count_frames(id), 0);
	ck_assert_uint_gt(order_of(id)->seq, 1);
	a.order = id;
	ck_assert_int_eq(desk_do(d, &a)->status, 200);
	ck_assert_int_eq(desk_do(d, &a)->status, 409);
	desk_restart(d);
	a.body = "{\"status\":\"preparing\",\"expected_seq\":1}";
	ck_assert_int_eq(desk_do(d, &a)->status, 409);
}
END_TEST

START_TEST(frames_come_with_a_reason_and_minutes_apart)
{
	char id[ID_SIZE];
	int64_t p50_at_ms;

	make(TEA("pickup", ""), id);
	p50_at_ms = order_of(id)->eta.p50_at_ms;
	desk_run(d, 3 * MINUTE);
	/* Three minutes late to begin: once or twice, no more. */
	ck_assert_int_ge(count_frames(id), 1);
	ck_assert_int_le(count_frames(id), 3);
	ck_assert_int_gt(order_of(id)->eta.p50_at_ms, p50_at_ms);
	(void)set_status(d, id, "cancelled");
	desk_run(d, 10 * MINUTE);
	ck_assert_int_le(count_frames(id), 3);
	ck_assert_ptr_null(entry_of(d, id) != NULL ?
	    (void *)entry_of(d, id)->estimate : NULL);
}
END_TEST

START_TEST(the_kitchens_word_stands)
{
	struct asked a = { .kind = CMD_CHANGE, .intent = INTENT_ETA,
	    .role = ROLE_KITCHEN, .body = "{\"ready_in_s\":1800}" };
	char id[ID_SIZE];

	make(TEA("pickup", ""), id);
	a.order = id;
	ck_assert_int_eq(desk_do(d, &a)->status, 200);
	ck_assert_str_eq(order_of(id)->eta.basis, "kitchen");
	desk_run(d, 5 * MINUTE);
	(void)set_status(d, id, "accepted");
	desk_run(d, 5 * MINUTE);
	ck_assert_str_eq(order_of(id)->eta.basis, "kitchen");
	ck_assert_int_eq(count_frames(id), 1);
	ck_assert_int_ge(left_s(id), 1190);
}
END_TEST

START_TEST(what_the_kitchen_does_is_learnt_and_kept)
{
	char id[ID_SIZE];
	int i;

	for (i = 0; i < 12; i++)
		cook(3 * MINUTE);
	make(TEA("pickup", ""), id);
	ck_assert_str_eq(order_of(id)->eta.basis, "learnt");
	ck_assert_int_lt(left_s(id), 5 * 60);
	ck_assert_int_gt(left_s(id), 2 * 60);
	desk_run(d, 30000);
	ck_assert_int_gt(desk_sql_int(d, "SELECT COUNT(*) FROM learnt WHERE"
	    " tenant = 'cafe'"), 3);
	ck_assert_int_ge(desk_sql_int(d, "SELECT COUNT(*) FROM eta_log WHERE"
	    " tenant = 'cafe' AND stage = 'quote'"), 12);
	(void)set_status(d, id, "cancelled");
	desk_restart(d);
	make(TEA("pickup", ""), id);	/* begins to read what is stored */
	make(TEA("pickup", ""), id);
	ck_assert_str_eq(order_of(id)->eta.basis, "learnt");
	ck_assert_int_eq(metric_get(d->o->metrics, DESK_M_ETA_DONE), 0);
}
END_TEST

START_TEST(who_stands_before_is_waited_for)
{
	char first[ID_SIZE], last[ID_SIZE];
	int i;

	for (i = 0; i < 6; i++)
		cook(3 * MINUTE);
	make(TEA("pickup", ""), first);
	for (i = 0; i < 30; i++)
		make(TEA("pickup", ""), last);
	ck_assert_int_gt(left_s(last), left_s(first) + 120);
}
END_TEST

/* Orders for tomorrow stand on the board, too.  Were they booked before who
   comes now, that one would be told to wait for tomorrow. */
START_TEST(who_comes_for_later_is_not_waited_for)
{
	char id[ID_SIZE], alone[ID_SIZE], body[512], at[CLOCK_TEXT_SIZE];
	int64_t first_s;
	int i;

	make(TEA("pickup", ""), alone);
	first_s = left_s(alone);
	clock_format(now() + 90 * MINUTE, at);
	(void)snprintf(body, sizeof(body), TEA("pickup",
	    ",\"scheduled_for\":\"%s\""), at);
	for (i = 0; i < 20; i++) {
		make(body, id);
		ck_assert_int_gt(left_s(id), 80 * 60);
	}
	/* On a board of a moment ago, and on one that is made again. */
	make(TEA("pickup", ""), id);
	ck_assert_int_lt(left_s(id), first_s + 30 * 60);
	desk_run(d, MINUTE);
	make(TEA("pickup", ""), id);
	ck_assert_int_lt(left_s(id), first_s + 30 * 60);
}
END_TEST

START_TEST(a_rider_near_the_door_is_imminent_once)
{
	struct tidings *t;
	char id[ID_SIZE];
	int i;

	make(TEA("delivery", PLACES), id);
	t = tidings_new(TIDINGS_TASK, "cafe");
	t->task = (struct ow_task){ .size = sizeof(t->task),
	    .task_id = "t", .order = arena_dup(&t->arena, id),
	    .status = "en_route_dropoff", .driver = "m1" };
	orders_tidings(d->o, t);
	desk_run(d, 1000);
	ck_assert(!order_of(id)->imminent);
	for (i = 0; i < 4; i++) {
		t = tidings_new(TIDINGS_LOCATION, "cafe");
		t->point = (struct ow_point){ .size = sizeof(t->point),
		    .driver = "m1", .lat = 52.5299, .lng = 13.4495,
		    .heading = -1, .speed_mps = -1, .at_ms = now() };
		orders_tidings(d->o, t);
		desk_run(d, 15000);
	}
	ck_assert(order_of(id)->imminent);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM events WHERE"
	    " message LIKE '%\"imminent\":true%' AND type ="
	    " 'delivery.status.changed'"), 1);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM events WHERE"
	    " message LIKE '%\"near\":true%' AND type ="
	    " 'order.eta.updated'"), 0);
}
END_TEST

START_TEST(ten_minutes_away_is_said_once)
{
	struct tidings *t;
	char id[ID_SIZE];
	int i;

	make(TEA("delivery", ",\"pickup\":{\"lat\":52.42,\"lng\":13.405},"
	    "\"dropoff\":{\"lat\":52.53,\"lng\":13.405}"), id);
	t = tidings_new(TIDINGS_TASK, "cafe");
	t->task = (struct ow_task){ .size = sizeof(t->task),
	    .task_id = "t", .order = arena_dup(&t->arena, id),
	    .status = "en_route_dropoff", .driver = "m1" };
	orders_tidings(d->o, t);
	desk_run(d, 1000);
	for (i = 0; i < 40; i++) {
		t = tidings_new(TIDINGS_LOCATION, "cafe");
		t->point = (struct ow_point){ .size = sizeof(t->point),
		    .driver = "m1", .lat = 52.42 + i * 0.00275,
		    .lng = 13.405, .heading = -1, .speed_mps = -1,
		    .at_ms = now() };
		orders_tidings(d->o, t);
		desk_run(d, MINUTE);
	}
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM events WHERE"
	    " message LIKE '%\"near\":true%' AND type ="
	    " 'order.eta.updated'"), 1);
	ck_assert(order_of(id)->imminent);
}
END_TEST

/* The store refuses: what was not told is told later. */
START_TEST(a_frame_that_was_not_stored_comes_again)
{
	char id[ID_SIZE];

	make(TEA("pickup", ""), id);
	desk_fault(d, FAULT_FAIL, Q_EVENT_APPEND, OW_EAGAIN, 0, 0, 1000);
	desk_run(d, 10 * MINUTE);
	ck_assert_int_eq(count_frames(id), 0);
	desk_heal(d);
	desk_run(d, MINUTE);
	ck_assert_int_gt(count_frames(id), 0);
}
END_TEST

START_TEST(admins_see_how_good_they_are)
{
	struct asked a = { .kind = CMD_ESTIMATES, .role = ROLE_ADMIN };
	struct result *r;
	char text[128];
	int i;

	for (i = 0; i < 10; i++)
		cook(3 * MINUTE);
	desk_run(d, 1000);
	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 200);
	ck_assert_str_eq(body_text(r, "tenant", text), "cafe");
	ck_assert_ptr_nonnull(strstr(r->body, "\"stage\":\"quote\","
	    "\"orders\":10,"));
	a.role = ROLE_SERVICE;
	ck_assert_int_eq(desk_do(d, &a)->status, 403);
}
END_TEST

/* ---- What it costs ------------------------------------------------------ */

static double
us_between(const struct timespec *a, const struct timespec *b)
{
	return (double)(b->tv_sec - a->tv_sec) * 1e6 +
	    (double)(b->tv_nsec - a->tv_nsec) / 1e3;
}

/* Prints what a look after a change costs when nothing is due.  The bound is
   wide, for sanitizers and busy machines. */
START_TEST(a_look_after_a_change_is_cheap)
{
	struct timespec from, to;
	char id[ID_SIZE];
	struct entry *e;
	double us;
	int i;

	for (i = 0; i < 200; i++)
		make(TEA("delivery", PLACES), id);
	desk_run(d, 1000);
	e = entry_of(d, id);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (i = 0; i < 100000; i++)
		desk_look(d->o, e);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	us = us_between(&from, &to) / 100000;
	printf("a look: %.3f us\n", us);
	ck_assert_double_lt(us, 50);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (i = 0; i < 20; i++) {
		desk_look(d->o, e);
		desk_run(d, 30000);
	}
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	printf("30 s of 200 orders: %.0f us, %lld estimates in all\n",
	    us_between(&from, &to) / 20,
	    (long long)metric_get(d->o->metrics, DESK_M_ESTIMATES));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("estimate");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_new_order_has_an_estimate_from_the_start);
	tcase_add_test(tc, turned_off_nothing_is_estimated);
	tcase_add_test(tc, an_estimate_makes_no_expected_seq_stale);
	tcase_add_test(tc, frames_come_with_a_reason_and_minutes_apart);
	tcase_add_test(tc, the_kitchens_word_stands);
	tcase_add_test(tc, what_the_kitchen_does_is_learnt_and_kept);
	tcase_add_test(tc, who_stands_before_is_waited_for);
	tcase_add_test(tc, who_comes_for_later_is_not_waited_for);
	tcase_add_test(tc, a_rider_near_the_door_is_imminent_once);
	tcase_add_test(tc, ten_minutes_away_is_said_once);
	tcase_add_test(tc, a_frame_that_was_not_stored_comes_again);
	tcase_add_test(tc, admins_see_how_good_they_are);
	tcase_add_test(tc, a_look_after_a_change_is_cheap);
	return desk_tests("estimate", tc);
}
