/* SPDX-License-Identifier: MIT */
/*
 * Drivers: what adapters say becomes events of the orders that it is about,
 * once and only forwards; screens see where the driver is, as far as they
 * may; adapters hear what is of interest.
 */
#include "desk_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/carry.h"
#include "desk_steps.h"
#include "order/route.h"
#include "outbox/tidings.h"

#define LAT 52.5200
#define LNG 13.4050

static struct desk *d;
static char id[ID_SIZE];

static void
make_delivery(const char *extra, char out[ID_SIZE])
{
	struct asked a = { .kind = CMD_CHANGE, .intent = INTENT_CREATE };
	char body[1024], text[128];
	struct result *r;

	(void)snprintf(body, sizeof(body), "{%s\"customer_id\":\"ann\","
	    "\"fulfilment\":\"delivery\",\"items\":[{\"name\":\"Tea\","
	    "\"quantity\":1}],\"pickup\":{\"name\":\"Cafe\",\"lat\":52.52,"
	    "\"lng\":13.405},\"dropoff\":{\"address\":\"A street\","
	    "\"lat\":52.53,\"lng\":13.45}}", extra);
	a.body = body;
	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 201);
	memcpy(out, body_text(r, "order.id", text), ID_SIZE);
}

static void
set_up(void)
{
	d = desk_open();
	d->outbox.has_adapter = true;
	orders_attach_outbox(d->o, &d->outbox);
	make_delivery("\"external_ref\":\"A-1\",", id);
}

static void
tear_down(void)
{
	assert_at_rest(d);
	desk_close(&d);
}

/* ---- What an adapter says ----------------------------------------------- */

static void
tell(struct tidings *t)
{
	orders_tidings(d->o, t);
	desk_run(d, 20);
}

static struct tidings *
task_of(const char *order, const char *task, const char *status,
    const char *driver, int64_t at_ms)
{
	struct tidings *t = tidings_new(TIDINGS_TASK, "cafe");

	t->task = (struct ow_task){ .size = sizeof(t->task),
	    .task_id = arena_dup(&t->arena, task),
	    .order = arena_dup(&t->arena, order),
	    .status = arena_dup(&t->arena, status),
	    .driver = arena_dup(&t->arena, driver), .at_ms = at_ms };
	return t;
}

static void
say_task(const char *status, const char *driver)
{
	tell(task_of(id, "t1", status, driver, loop_wall_ms(d->loop)));
}

static void
say_driver(const char *driver, const char *name, const char *phone)
{
	struct tidings *t = tidings_new(TIDINGS_DRIVER, "cafe");

	t->driver = (struct ow_driver){ .size = sizeof(t->driver),
	    .id = arena_dup(&t->arena, driver),
	    .name = arena_dup(&t->arena, name),
	    .phone = arena_dup(&t->arena, phone), .rating = 4.5 };
	tell(t);
}

static struct tidings *
location_of(const char *driver, double lat, double lng, int64_t at_ms)
{
	struct tidings *t = tidings_new(TIDINGS_LOCATION, "cafe");

	t->point = (struct ow_point){ .size = sizeof(t->point),
	    .driver = arena_dup(&t->arena, driver), .lat = lat, .lng = lng,
	    .heading = 90, .speed_mps = 5, .accuracy_m = -1,
	    .at_ms = at_ms };
	return t;
}

static void
say_location(const char *driver, double lat, double lng, int64_t at_ms)
{
	tell(location_of(driver, lat, lng, at_ms));
}

static void
say_stale(bool is_stale)
{
	struct tidings *t = tidings_new(TIDINGS_STALE, NULL);

	t->is_stale = is_stale;
	tell(t);
}

static void
say_route(double lat, double lng)
{
	const double way[] = { lng, lat, 13.43, 52.525, 13.45, 52.53 };
	struct tidings *t = tidings_new(TIDINGS_ROUTE, "cafe");

	t->order = arena_dup(&t->arena, id);
	t->route = route_new(way, 3, 3000, 600);
	ck_assert_ptr_nonnull(t->route);
	tell(t);
}

static int64_t
now(void)
{
	return loop_wall_ms(d->loop);
}

/* ---- What is to be seen of it ------------------------------------------- */

static const struct order *
order(void)
{
	return entry_of(d, id)->order;
}

static int64_t
count_events(const char *type)
{
	char sql[160];

	(void)snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM events WHERE"
	    " order_id = '%s' AND type = '%s'", id, type);
	return desk_sql_int(d, sql);
}

static void
watch(void)
{
	struct asking k = { .order = id };

	ck_assert_int_eq(desk_ask(d, &k)->err, OW_OK);
}

static uint32_t
count_told(const char *type)
{
	uint32_t n = 0;

	while (desk_told_json(d, 0, type, n) != NULL)
		n++;
	return n;
}

#define LOCATION "driver.location.updated"

static const char *
last_location(void)
{
	uint32_t n = count_told(LOCATION);

	ck_assert_uint_gt(n, 0);
	return desk_told_json(d, 0, LOCATION, n - 1);
}

/* Metres north of the cafe. */
static double
north_of(const char *json)
{
	const char *lat = strstr(json, "\"lat\":");

	ck_assert_ptr_nonnull(lat);
	return (strtod(lat + 6, NULL) - LAT) / 0.000009;
}

/* "delivery.driver.name" and the like of the snapshot. */
static const char *
snapshot_text(const char *path, char out[128])
{
	struct asked a = { .kind = CMD_TRACKING, .order = id };
	char whole[160];

	(void)snprintf(whole, sizeof(whole), "data.delivery.%s", path);
	return body_text(desk_do(d, &a), whole, out);
}

static bool
snapshot_has(const char *text)
{
	struct asked a = { .kind = CMD_TRACKING, .order = id };

	return strstr(desk_do(d, &a)->body, text) != NULL;
}

static uint32_t
count_wanted(enum wanted_kind kind)
{
	uint32_t i, n = 0;

	for (i = 0; i < d->outbox.n_wanted; i++)
		n += d->outbox.wanted[i]->kind == kind;
	return n;
}

/* ---- Tasks -------------------------------------------------------------- */

START_TEST(a_task_moves_the_order_forwards_once)
{
	char text[128];

	(void)set_status(d, id, "accepted");
	(void)set_status(d, id, "ready");
	say_task("assigned", "m1");
	ck_assert_int_eq(order()->delivery, DELIVERY_ASSIGNED);
	ck_assert_str_eq(order()->driver.id, "m1");
	ck_assert_str_eq(order()->task_id, "t1");
	say_task("en_route_pickup", NULL);
	say_task("en_route_pickup", "m1");
	say_task("accepted", "m1");
	ck_assert_int_eq(order()->delivery, DELIVERY_EN_ROUTE_PICKUP);
	ck_assert_int_eq(count_events("delivery.status.changed"), 2);
	say_task("picked_up", "m1");
	ck_assert_int_eq(order()->status, ORDER_OUT_FOR_DELIVERY);
	say_task("en_route_dropoff", "m1");
	say_task("delivered", "m1");
	say_task("delivered", "m1");
	ck_assert_int_eq(order()->status, ORDER_DELIVERED);
	ck_assert_int_eq(order()->delivery, DELIVERY_DELIVERED);
	ck_assert_int_eq(count_events("delivery.status.changed"), 5);
	ck_assert_str_eq(order()->timeline[order()->n_timeline - 1].by,
	    "logistics");
	ck_assert_str_eq(snapshot_text("status", text), "delivered");
	/* Finished: nothing is heard of it any more. */
	say_task("failed", "m1");
	ck_assert_int_eq(order()->delivery, DELIVERY_DELIVERED);
	ck_assert_ptr_null(entry_of(d, id)->carry);
}
END_TEST

START_TEST(a_kitchen_that_did_not_tap_is_no_obstacle)
{
	say_task("picked_up", "m1");
	ck_assert_int_eq(order()->delivery, DELIVERY_PICKED_UP);
	ck_assert_int_eq(order()->status, ORDER_OUT_FOR_DELIVERY);
	ck_assert_int_eq(order()->timeline[2].status, ORDER_READY);
	say_task("failed", "m1");
	ck_assert_int_eq(order()->status, ORDER_DELIVERY_FAILED);
	say_task("returned", "m1");
	ck_assert_int_eq(order()->status, ORDER_RETURNED);
}
END_TEST

START_TEST(a_cancelled_task_needs_another_rider)
{
	say_task("assigned", "m1");
	say_location("m1", LAT, LNG, now());
	say_task("cancelled", NULL);
	ck_assert_int_eq(order()->delivery, DELIVERY_PENDING);
	ck_assert_int_eq(order()->status, ORDER_PLACED);
	ck_assert_ptr_null(order()->driver.id);
	ck_assert(!order()->location.known);
	ck_assert(snapshot_has("\"driver\":null,\"location\":null"));
	tell(task_of(id, "t2", "assigned", "m2", now()));
	ck_assert_str_eq(order()->driver.id, "m2");
	/* The old one has no say any more. */
	desk_run(d, 1000);
	tell(task_of(id, "t1", "failed", "m1", now()));
	tell(task_of(id, "t1", "cancelled", NULL, now()));
	ck_assert_str_eq(order()->driver.id, "m2");
	ck_assert_int_eq(order()->delivery, DELIVERY_ASSIGNED);
}
END_TEST

START_TEST(late_and_unknown_words_are_dropped)
{
	uint64_t seq;

	say_task("en_route_pickup", "m1");
	seq = order()->seq;
	tell(task_of(id, "t1", "cancelled", NULL, now() - 60000));
	tell(task_of("nobody", "t1", "assigned", "m1", now()));
	tell(task_of(id, "t1", "levitating", "m1", now()));
	tell(task_of(id, "t1", "none", "m1", now()));
	tell(task_of(NULL, "t1", "assigned", "m1", now()));
	ck_assert_uint_eq(order()->seq, seq);
	/* By the platform's own name, as the service writes it. */
	tell(task_of("order:A-1", "t1", "picked_up", "m1", now()));
	ck_assert_int_eq(order()->delivery, DELIVERY_PICKED_UP);
}
END_TEST

START_TEST(the_first_created_takes_no_driver_away)
{
	struct asked a = { .kind = CMD_CHANGE, .intent = INTENT_DELIVERY,
	    .order = id, .body = "{\"task_id\":\"t1\","
	    "\"fleet_member_id\":\"m1\"}" };

	ck_assert_int_eq(desk_do(d, &a)->status, 200);
	say_task("pending", NULL);
	ck_assert_str_eq(order()->driver.id, "m1");
	say_task("accepted", "m1");
	say_task("pending", NULL);
	ck_assert_ptr_null(order()->driver.id);
}
END_TEST

/* It would notice a word that was lost with the store as an order that is
   never picked up. */
START_TEST(what_happened_while_the_store_was_away_is_said_later)
{
	desk_store_state(d, false, "gone");
	say_task("picked_up", "m1");
	ck_assert_int_eq(order()->delivery, DELIVERY_NONE);
	desk_run(d, 5000);
	desk_store_state(d, true, NULL);
	desk_run(d, 3000);
	ck_assert_int_eq(order()->delivery, DELIVERY_PICKED_UP);
	ck_assert_uint_eq(d->o->n_unsaid, 0);
}
END_TEST

/* ---- Who ---------------------------------------------------------------- */

START_TEST(a_phone_is_shown_while_the_order_is_out)
{
	struct asked log = { .kind = CMD_EVENTS, .order = id };
	struct asking k = { .order = id, .has_since = true, .since = 1 };
	struct ask *a;
	char text[128];
	uint32_t i;

	say_driver("m1", "Bo", "+491701234567");
	say_task("assigned", "m1");
	ck_assert_str_eq(snapshot_text("driver.name", text), "Bo");
	say_driver("m1", "Bo", "+491701234567");
	ck_assert_int_eq(count_events("delivery.driver.assigned"), 1);
	ck_assert(!snapshot_has("+49170"));
	(void)set_status(d, id, "ready");
	(void)set_status(d, id, "preparing");
	(void)set_status(d, id, "ready");
	say_task("picked_up", "m1");
	ck_assert_str_eq(snapshot_text("driver.phone", text),
	    "+491701234567");
	ck_assert_int_eq(count_events("delivery.driver.assigned"), 2);
	ck_assert_ptr_nonnull(strstr(desk_do(d, &log)->body, "+49170"));
	say_task("delivered", "m1");
	ck_assert(!snapshot_has("+49170"));
	ck_assert_ptr_null(strstr(desk_do(d, &log)->body, "+49170"));
	a = desk_ask(d, &k);
	for (i = 0; i < a->n_events; i++)
		ck_assert_ptr_null(strstr(a->events[i]->pub.json.p,
		    "+49170"));
	/* Not from the store, either. */
	desk_restart(d);
	ck_assert_ptr_null(strstr(desk_do(d, &log)->body, "+49170"));
	ck_assert_ptr_nonnull(strstr(desk_do(d, &log)->body, "\"Bo\""));
}
END_TEST

/* A phone is nobody's business but the receiver's while the rider is coming:
   not even then is it in what the platform's people read. */
START_TEST(a_journey_never_shows_a_phone)
{
	struct asked a = { .kind = CMD_JOURNEY, .order = id };
	const char *body;

	say_driver("m1", "Bo", "+491701234567");
	say_task("assigned", "m1");
	ck_assert_ptr_null(strstr(desk_do(d, &a)->body, "+49170"));
	say_task("picked_up", "m1");
	ck_assert(snapshot_has("+49170"));
	body = desk_do(d, &a)->body;
	ck_assert_ptr_nonnull(strstr(body, "\"Bo\""));
	ck_assert_ptr_null(strstr(body, "+49170"));
	say_task("delivered", "m1");
	ck_assert_ptr_null(strstr(desk_do(d, &a)->body, "+49170"));
	desk_restart(d);
	ck_assert_ptr_null(strstr(desk_do(d, &a)->body, "+49170"));
}
END_TEST

/* ---- Where -------------------------------------------------------------- */

START_TEST(a_location_is_coarse_then_exact_then_gone)
{
	struct location l;

	watch();
	say_task("assigned", "m1");
	say_location("m1", LAT + 0.0001, LNG, now());
	ck_assert_uint_eq(count_told(LOCATION), 1);
	ck_assert(order_location(order(), now(), &l));
	ck_assert(l.lat < LAT - 0.00001 || l.lat > LAT + 0.00011);
	ck_assert_double_lt(l.lat - LAT, 0.003);
	ck_assert_double_lt(LAT - l.lat, 0.003);
	ck_assert_ptr_nonnull(strstr(last_location(), "\"heading\":null"));
	say_task("picked_up", "m1");
	desk_run(d, 1000);
	say_location("m1", 52.5211, 13.4111, now());
	ck_assert_ptr_nonnull(strstr(last_location(),
	    "\"lat\":52.5211,\"lng\":13.4111,\"heading\":90"));
	ck_assert(snapshot_has("\"lat\":52.5211"));
	say_task("delivered", "m1");
	ck_assert(snapshot_has("\"lat\":52.5211"));
	ck_assert(order_location(order(), now() + 299000, &l));
	ck_assert(!order_location(order(), now() + 301000, &l));
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM orders WHERE"
	    " doc LIKE '%52.5211%'"), 0);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM events WHERE"
	    " message LIKE '%52.5211%'"), 0);
	/* No order of this driver's goes on. */
	say_location("m1", 52.5212, 13.4112, now() + 1);
	ck_assert(!snapshot_has("\"lat\":52.5212"));
}
END_TEST

START_TEST(a_driver_never_goes_back_and_is_told_once_a_second)
{
	int64_t at_ms;
	int i;

	watch();
	say_task("picked_up", "m1");
	at_ms = now();
	for (i = 0; i < 10; i++)
		say_location("m1", LAT + i * 0.001, LNG, at_ms + i);
	ck_assert_uint_eq(count_told(LOCATION), 1);
	say_location("m1", 1, 1, at_ms + 3);
	say_location("m1", 2, 2, at_ms + 9);
	say_location("m1", 3, 3, now() + 3600000);
	desk_run(d, 1000);
	ck_assert_uint_eq(count_told(LOCATION), 2);
	ck_assert_ptr_nonnull(strstr(last_location(), "\"lat\":52.529,"));
	ck_assert_int_eq(metric_get(d->o->metrics, DESK_M_LOCATIONS_LATE), 3);
	/* Whom nobody knows is nobody's driver. */
	say_location("m9", 4, 4, now());
	desk_run(d, 1000);
	ck_assert_uint_eq(count_told(LOCATION), 2);
}
END_TEST

/* So many metres north of the cafe, and no time goes by. */
static void
move(const char *driver, int north_m)
{
	orders_tidings(d->o, location_of(driver, LAT + north_m * 0.000009,
	    LNG, now()));
	desk_run(d, 0);
}

/* A breach: sooner than a second after the last, a point that waits though
   nothing was told for so long, or a wait that begins anew. */
START_TEST(a_second_between_two_places_and_no_longer)
{
	watch();
	say_task("picked_up", "m1");
	move("m1", 10);
	ck_assert_uint_eq(count_told(LOCATION), 1);
	desk_run(d, 990);
	move("m1", 20);
	desk_run(d, 9);
	move("m1", 30);
	ck_assert_uint_eq(count_told(LOCATION), 1);
	desk_run(d, 1);
	ck_assert_uint_eq(count_told(LOCATION), 2);
	ck_assert_double_eq_tol(north_of(last_location()), 30, 0.1);
	desk_run(d, 1000);
	ck_assert_uint_eq(count_told(LOCATION), 2);
	move("m1", 40);
	ck_assert_uint_eq(count_told(LOCATION), 3);
	desk_run(d, 1000);
	move("m1", 50);
	ck_assert_uint_eq(count_told(LOCATION), 4);
	desk_run(d, 999);
	move("m1", 60);
	ck_assert_uint_eq(count_told(LOCATION), 4);
	desk_run(d, 1);
	ck_assert_uint_eq(count_told(LOCATION), 5);
}
END_TEST

/* Five points a second cost one event a second, and none without a screen. */
START_TEST(what_nobody_would_see_is_not_made)
{
	int i;

	say_task("picked_up", "m1");
	for (i = 0; i < 10; i++) {
		move("m1", i);
		ck_assert_ptr_null(entry_of(d, id)->carry->telling);
		desk_run(d, 200);
	}
	ck_assert_uint_eq(count_told(LOCATION), 0);
	watch();
	for (i = 10; i < 60; i++) {
		move("m1", i);
		desk_run(d, 200);
	}
	ck_assert_uint_ge(count_told(LOCATION), 10);
	ck_assert_uint_le(count_told(LOCATION), 11);
	ck_assert_int_eq(metric_get(d->o->metrics, DESK_M_LOCATIONS), 60);
}
END_TEST

/* A breach: the order's second begins anew with each driver, or a place that
   is known waits for another point. */
START_TEST(who_takes_over_is_shown_at_the_order_s_pace)
{
	char other[ID_SIZE];

	make_delivery("", other);
	tell(task_of(other, "t2", "assigned", "m2", now()));
	move("m2", 5000);
	watch();
	say_task("assigned", "m1");
	move("m1", 10);
	ck_assert_uint_eq(count_told(LOCATION), 1);
	orders_tidings(d->o, task_of(id, "t1", "assigned", "m2", now()));
	desk_run(d, 0);
	ck_assert_str_eq(order()->driver.id, "m2");
	ck_assert_uint_eq(count_told(LOCATION), 1);
	desk_run(d, 999);
	ck_assert_uint_eq(count_told(LOCATION), 1);
	desk_run(d, 1);
	ck_assert_uint_eq(count_told(LOCATION), 2);
	ck_assert_double_eq_tol(north_of(last_location()), 5000, 300);
	/* Whom nobody carries for is not waited for. */
	move("m1", 20);
	move("m2", 9000);
	ck_assert_ptr_nonnull(entry_of(d, id)->carry->telling);
	say_task("cancelled", "m2");
	ck_assert_ptr_null(entry_of(d, id)->carry->telling);
	desk_run(d, 2000);
	ck_assert_uint_eq(count_told(LOCATION), 2);
}
END_TEST

/* A breach: each frame carries fourteen decimals to each screen. */
START_TEST(a_place_has_no_digits_that_nobody_measured)
{
	watch();
	say_task("picked_up", "m1");
	say_location("m1", 52.52000812345678, 13.404954123456, now());
	ck_assert_ptr_nonnull(strstr(last_location(),
	    "\"lat\":52.520008,\"lng\":13.404954,"));
	ck_assert(snapshot_has("\"lat\":52.520008,\"lng\":13.404954,"));
}
END_TEST

/* A breach: the blurred place is told over and over, or never again. */
START_TEST(a_blurred_place_is_told_once_in_a_while)
{
	int i;

	watch();
	say_task("assigned", "m1");
	for (i = 0; i < 29; i++) {
		move("m1", i % 2);
		desk_run(d, 1000);
	}
	ck_assert_uint_eq(count_told(LOCATION), 1);
	move("m1", 2);
	desk_run(d, 1000);
	move("m1", 3);
	ck_assert_uint_eq(count_told(LOCATION), 2);
	/* Another cell is news. */
	desk_run(d, 1000);
	move("m1", 900);
	ck_assert_uint_eq(count_told(LOCATION), 3);
}
END_TEST

START_TEST(out_of_sight_for_less_than_a_second_is_not_said)
{
	watch();
	say_task("picked_up", "m1");
	move("m1", 10);
	say_stale(true);
	ck_assert_ptr_nonnull(entry_of(d, id)->carry->telling);
	say_stale(false);
	desk_run(d, 1000);
	ck_assert_uint_eq(count_told(LOCATION), 1);
	say_stale(true);
	ck_assert_uint_eq(count_told(LOCATION), 2);
}
END_TEST

/* A breach: seen and out of sight again with each point. */
START_TEST(a_point_while_blind_is_told_once)
{
	uint32_t n;

	watch();
	say_task("picked_up", "m1");
	move("m1", 10);
	say_stale(true);
	desk_run(d, 2000);
	n = count_told(LOCATION);
	move("m1", 20);
	ck_assert_uint_eq(count_told(LOCATION), n + 1);
	ck_assert_ptr_nonnull(strstr(last_location(), "\"stale\":true"));
	ck_assert_double_eq_tol(north_of(last_location()), 20, 0.1);
	desk_run(d, 10000);
	ck_assert_uint_eq(count_told(LOCATION), n + 1);
}
END_TEST

static const struct event *
answered_last(struct ask *a)
{
	ck_assert_int_eq(a->err, OW_OK);
	return a->events[a->n_events - 1];
}

/* A breach: it comes back, was not there for the last place, and hears of it
   with the next point only. */
START_TEST(who_was_away_hears_the_last_place)
{
	struct asking k = { .order = id, .has_since = true };
	const struct event *e;
	struct ask *a;

	say_task("picked_up", "m1");
	k.since = order()->seq;
	ck_assert_str_eq(answered_last(desk_ask(d, &k))->pub.type,
	    "stream.live");
	move("m1", 10);
	desk_run(d, 400);
	move("m1", 20);
	k.since = order()->seq;
	a = desk_ask(d, &k);
	e = answered_last(a);
	ck_assert_str_eq(e->pub.type, LOCATION);
	ck_assert_uint_eq(e->pub.seq, 0);
	/* As all others were told, with its time. */
	ck_assert_double_eq_tol(north_of(e->pub.json.p), 10, 0.1);
	ck_assert_int_le(e->pub.at_ms, now() - 400);
	ck_assert_uint_eq(a->seq, order()->seq);
	/* And keeps nobody waiting. */
	desk_run(d, 600);
	ck_assert_uint_eq(count_told(LOCATION), 2);
	/* A snapshot has it. */
	k.since = order()->seq + 1000;
	a = desk_ask(d, &k);
	ck_assert_str_eq(answered_last(a)->pub.type, "stream.live");
	ck_assert(a->has_place);
}
END_TEST

/* A breach: who is slow gets a place once more, and twice within a second. */
START_TEST(who_fell_behind_hears_no_place_again)
{
	struct asking k = { .order = id, .has_since = true };
	struct ask *a;

	watch();
	say_task("picked_up", "m1");
	move("m1", 10);
	k.since = order()->seq - 1;
	k.resync = true;
	a = desk_ask(d, &k);
	ck_assert_str_ne(answered_last(a)->pub.type, LOCATION);
	ck_assert(!a->has_place);
	/* In a snapshot it can't be left out. */
	k.since = order()->seq + 1000;
	ck_assert(desk_ask(d, &k)->has_place);
}
END_TEST

START_TEST(the_first_to_come_back_sets_the_pace)
{
	struct asking k = { .order = id, .has_since = true };
	const struct event *e;
	int64_t at_ms;

	say_task("picked_up", "m1");
	move("m1", 10);
	k.since = order()->seq;
	at_ms = now();
	e = answered_last(desk_ask(d, &k));
	ck_assert_double_eq_tol(north_of(e->pub.json.p), 10, 0.1);
	ck_assert_int_eq(e->pub.at_ms, at_ms);
	move("m1", 20);
	desk_run(d, at_ms + 999 - now());
	ck_assert_uint_eq(count_told(LOCATION), 0);
	desk_run(d, 1);
	ck_assert_uint_eq(count_told(LOCATION), 1);
}
END_TEST

START_TEST(all_orders_of_a_driver_see_it_and_none_of_another)
{
	char other[ID_SIZE], third[ID_SIZE];
	struct asking k = { .order = other };

	make_delivery("", other);
	make_delivery("", third);
	watch();
	(void)desk_ask(d, &k);
	k.order = third;
	(void)desk_ask(d, &k);
	say_task("assigned", "m1");
	tell(task_of(other, "t2", "assigned", "m1", now()));
	tell(task_of(third, "t3", "assigned", "m2", now()));
	say_location("m1", LAT, LNG, now());
	ck_assert_uint_eq(count_told(LOCATION), 2);
	ck_assert(entry_of(d, other)->order->location.known);
	ck_assert(!entry_of(d, third)->order->location.known);
	/* Handed over: the old driver's place is no longer shown. */
	say_task("assigned", "m2");
	ck_assert(!order()->location.known);
}
END_TEST

START_TEST(who_is_out_of_sight_is_said_to_be)
{
	char text[128];

	watch();
	say_task("picked_up", "m1");
	say_location("m1", LAT, LNG, now());
	ck_assert_ptr_nonnull(strstr(last_location(), "\"stale\":false"));
	say_stale(true);
	desk_run(d, 1000);
	ck_assert_ptr_nonnull(strstr(last_location(), "\"stale\":true"));
	say_stale(false);
	desk_run(d, 1000);
	ck_assert_ptr_nonnull(strstr(last_location(), "\"stale\":false"));
	desk_run(d, 302000);
	ck_assert_ptr_nonnull(strstr(last_location(), "\"stale\":true"));
	ck_assert(snapshot_has("\"stale\":true"));
	say_location("m1", LAT + 0.01, LNG, now());
	desk_run(d, 1000);
	ck_assert_ptr_nonnull(strstr(last_location(), "\"stale\":false"));
	(void)snapshot_text("status", text);
}
END_TEST

/* While no adapter sees anybody, every point is stale, a new one and for who
   comes, too; when they see again, what is young is not. */
START_TEST(blind_and_back)
{
	struct asking k = { .order = id };
	char other[ID_SIZE];
	uint32_t n;

	watch();
	make_delivery("", other);
	say_task("picked_up", "m1");
	say_location("m1", LAT, LNG, now());
	tell(task_of(other, "t2", "picked_up", "m2", now()));
	say_location("m2", LAT, LNG, now() - 290000);
	say_stale(true);
	desk_run(d, 1000);
	n = count_told(LOCATION);
	say_stale(true);
	desk_run(d, 1000);
	ck_assert_uint_eq(count_told(LOCATION), n);
	ck_assert(snapshot_has("\"stale\":true"));
	say_location("m1", LAT + 0.01, LNG, now());
	desk_run(d, 1000);
	ck_assert_ptr_nonnull(strstr(last_location(), "\"stale\":true"));
	ck_assert_ptr_nonnull(strstr(desk_ask(d, &k)->events[0]->pub.json.p,
	    "\"stale\":true"));
	desk_run(d, 20000);
	say_stale(false);
	desk_run(d, 1000);
	ck_assert_ptr_nonnull(strstr(last_location(), "\"stale\":false"));
	ck_assert(snapshot_has("\"stale\":false"));
	/* Too old, whoever sees. */
	k.order = other;
	ck_assert_ptr_nonnull(strstr(desk_ask(d, &k)->events[0]->pub.json.p,
	    "\"stale\":true"));
}
END_TEST

START_TEST(a_restart_knows_the_last_location)
{
	say_task("picked_up", "m1");
	say_location("m1", LAT, LNG, now());
	desk_run(d, 8000);
	desk_restart(d);
	ck_assert(order()->location.known);
	ck_assert(snapshot_has("\"lat\":52.52,"));
	say_location("m1", LAT, LNG + 0.01, now() - 600000);
	ck_assert(snapshot_has("\"lng\":13.405,"));
	say_location("m1", LAT, LNG + 0.01, now());
	ck_assert(snapshot_has("\"lng\":13.415,"));
}
END_TEST

/* A location that comes while a change is on its way is not undone by it. */
START_TEST(a_change_does_not_move_the_driver)
{
	say_task("picked_up", "m1");
	say_location("m1", LAT, LNG, now());
	desk_fault(d, FAULT_HOLD, Q_EVENT_APPEND, 0, 0, 0, 1);
	say_task("en_route_dropoff", "m1");
	say_location("m1", LAT + 0.02, LNG, now() + 1);
	desk_release(d);
	ck_assert_int_eq(order()->delivery, DELIVERY_EN_ROUTE_DROPOFF);
	ck_assert_double_eq(order()->location.lat, LAT + 0.02);
}
END_TEST

/* ---- Ways and wishes ---------------------------------------------------- */

START_TEST(a_route_is_an_event_and_in_the_snapshot)
{
	say_task("assigned", "m1");
	/* From where the driver is: nobody's business yet. */
	say_route(52.40, 13.30);
	ck_assert_ptr_null(order()->route);
	say_route(52.52, 13.405);
	ck_assert_int_eq(count_events("delivery.route.updated"), 1);
	ck_assert(snapshot_has("\"route\":{\"coordinates\":[[13.405,52.52],"
	    "[13.43,52.525],[13.45,52.53]],\"distance_m\":3000,"
	    "\"duration_s\":600}"));
	say_route(52.52, 13.405);
	ck_assert_int_eq(count_events("delivery.route.updated"), 1);
	say_task("picked_up", "m1");
	say_route(52.40, 13.30);
	ck_assert_int_eq(count_events("delivery.route.updated"), 2);
	desk_restart(d);
	ck_assert(snapshot_has("[13.3,52.4]"));
}
END_TEST

START_TEST(adapters_hear_what_is_of_interest)
{
	const struct wanted *w = d->outbox.wanted[0];

	ck_assert_uint_eq(d->outbox.n_wanted, 1);
	ck_assert_int_eq(w->kind, WANTED_FOLLOW);
	ck_assert_str_eq(w->follow.order_id, id);
	ck_assert_str_eq(w->follow.external_ref, "A-1");
	ck_assert_ptr_null(w->follow.driver);
	ck_assert(w->follow.has_pickup && w->follow.has_dropoff);
	say_task("assigned", "m1");
	ck_assert_uint_eq(count_wanted(WANTED_FOLLOW), 2);
	ck_assert_str_eq(d->outbox.wanted[1]->follow.driver, "m1");
	ck_assert_uint_eq(count_wanted(WANTED_ROUTE), 1);
	(void)set_status(d, id, "accepted");
	ck_assert_uint_eq(count_wanted(WANTED_FOLLOW), 2);
	say_task("picked_up", "m1");
	say_location("m1", 52.525, 13.43, now());
	ck_assert_uint_eq(count_wanted(WANTED_ROUTE), 2);
	say_location("m1", 52.526, 13.43, now() + 1);
	ck_assert_uint_eq(count_wanted(WANTED_ROUTE), 2);
	say_task("delivered", "m1");
	ck_assert_uint_eq(count_wanted(WANTED_UNFOLLOW), 1);
}
END_TEST

START_TEST(a_restart_follows_again)
{
	say_task("assigned", "m1");
	desk_crash(d);
	desk_begin(d);
	orders_attach_outbox(d->o, &d->outbox);
	desk_load(d);
	ck_assert_uint_eq(count_wanted(WANTED_FOLLOW), 1);
	ck_assert_str_eq(d->outbox.wanted[0]->follow.driver, "m1");
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("delivery");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_task_moves_the_order_forwards_once);
	tcase_add_test(tc, a_kitchen_that_did_not_tap_is_no_obstacle);
	tcase_add_test(tc, a_cancelled_task_needs_another_rider);
	tcase_add_test(tc, late_and_unknown_words_are_dropped);
	tcase_add_test(tc, the_first_created_takes_no_driver_away);
	tcase_add_test(tc,
	    what_happened_while_the_store_was_away_is_said_later);
	tcase_add_test(tc, a_phone_is_shown_while_the_order_is_out);
	tcase_add_test(tc, a_journey_never_shows_a_phone);
	tcase_add_test(tc, a_location_is_coarse_then_exact_then_gone);
	tcase_add_test(tc, a_driver_never_goes_back_and_is_told_once_a_second);
	tcase_add_test(tc, all_orders_of_a_driver_see_it_and_none_of_another);
	tcase_add_test(tc, who_is_out_of_sight_is_said_to_be);
	tcase_add_test(tc, a_second_between_two_places_and_no_longer);
	tcase_add_test(tc, what_nobody_would_see_is_not_made);
	tcase_add_test(tc, who_takes_over_is_shown_at_the_order_s_pace);
	tcase_add_test(tc, a_blurred_place_is_told_once_in_a_while);
	tcase_add_test(tc, out_of_sight_for_less_than_a_second_is_not_said);
	tcase_add_test(tc, a_point_while_blind_is_told_once);
	tcase_add_test(tc, who_was_away_hears_the_last_place);
	tcase_add_test(tc, a_place_has_no_digits_that_nobody_measured);
	tcase_add_test(tc, who_fell_behind_hears_no_place_again);
	tcase_add_test(tc, the_first_to_come_back_sets_the_pace);
	tcase_add_test(tc, blind_and_back);
	tcase_add_test(tc, a_restart_knows_the_last_location);
	tcase_add_test(tc, a_change_does_not_move_the_driver);
	tcase_add_test(tc, a_route_is_an_event_and_in_the_snapshot);
	tcase_add_test(tc, adapters_hear_what_is_of_interest);
	tcase_add_test(tc, a_restart_follows_again);
	return desk_tests("delivery", tc);
}
