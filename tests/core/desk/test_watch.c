/* SPDX-License-Identifier: MIT */
/*
 * Asks: what a stream begins with, who gets one, and who is told what
 * afterwards.
 */
#include "desk_host.h"

#include <string.h>

#include "desk_steps.h"

static struct desk *d;

static void
set_up(void)
{
	d = desk_open();
}

static void
tear_down(void)
{
	desk_close(&d);
}

static void
assert_events(const struct ask *a, const char *types)
{
	char text[512] = "";
	uint32_t i;

	for (i = 0; i < a->n_events; i++) {
		if (i > 0)
			strcat(text, " ");
		strcat(text, a->events[i]->pub.type);
	}
	ck_assert_str_eq(text, types);
}

START_TEST(a_stream_gets_what_it_missed_or_a_snapshot)
{
	struct asking k = { 0 };
	char id[ID_SIZE];
	struct ask *a;
	int i;

	make_order(d, NULL, id);
	k.order = id;
	a = desk_ask(d, &k);
	ck_assert_int_eq(a->err, OW_OK);
	assert_events(a, "order.snapshot");
	ck_assert_str_eq(a->topic, id);
	ck_assert_uint_eq(a->seq, 1);
	(void)set_status(d, id, "accepted");
	(void)set_status(d, id, "preparing");
	k.has_since = true;
	k.since = 1;
	a = desk_ask(d, &k);
	assert_events(a, "order.status.changed order.status.changed"
	    " stream.live");
	ck_assert_uint_eq(a->events[0]->pub.seq, 2);
	ck_assert_uint_eq(a->seq, 3);
	k.since = 3;
	assert_events(desk_ask(d, &k), "stream.live");
	k.since = 4;
	assert_events(desk_ask(d, &k), "order.snapshot stream.live");
	k.since = UINT64_MAX;
	assert_events(desk_ask(d, &k), "order.snapshot stream.live");
	k.since = 1;
	k.resync = true;
	assert_events(desk_ask(d, &k),
	    "order.status.changed order.status.changed");
	for (i = 0; i < 10; i++) {
		(void)set_status(d, id, "ready");
		(void)set_status(d, id, "preparing");
	}
	assert_events(desk_ask(d, &k), "stream.resync order.snapshot");
	k.resync = false;
	assert_events(desk_ask(d, &k), "order.snapshot stream.live");
	k.since = entry_of(d, id)->order->seq - 10;
	ck_assert_uint_eq(desk_ask(d, &k)->n_events, 11);
	k.since--;
	ck_assert_uint_eq(desk_ask(d, &k)->n_events, 2);
}
END_TEST

START_TEST(a_log_that_is_not_in_memory_is_read_once_for_all)
{
	struct asking k = { .has_since = true };
	char id[ID_SIZE];
	struct ask *a, *b;

	make_order(d, NULL, id);
	(void)set_status(d, id, "accepted");
	(void)set_status(d, id, "preparing");
	desk_restart(d);
	k.order = id;
	d->executed[Q_EVENTS_SINCE] = 0;
	a = desk_ask_only(d, &k);
	b = desk_ask_only(d, &k);
	desk_run(d, 20);
	ck_assert(desk_is_answered(d, a) && desk_is_answered(d, b));
	assert_events(a, "order.created order.status.changed"
	    " order.status.changed stream.live");
	ck_assert_uint_eq(b->n_events, 4);
	ck_assert_uint_eq(d->executed[Q_EVENTS_SINCE], 1);
	(void)desk_ask(d, &k);
	ck_assert_uint_eq(d->executed[Q_EVENTS_SINCE], 1);
}
END_TEST

START_TEST(a_log_that_can_not_be_read_becomes_a_snapshot)
{
	struct asking k = { .has_since = true };
	char id[ID_SIZE];

	make_order(d, NULL, id);
	desk_restart(d);
	k.order = id;
	desk_fault(d, FAULT_FAIL, Q_EVENTS_SINCE, OW_EAGAIN, 0, 0, 1);
	assert_events(desk_ask(d, &k), "order.snapshot stream.live");
}
END_TEST

/* It would notice a breach as a seq that is neither in the replay nor told. */
START_TEST(between_the_answer_and_the_first_live_event_nothing_fits)
{
	struct asking k = { .has_since = true };
	char id[ID_SIZE];
	struct ask *a;
	struct result *r;

	make_order(d, NULL, id);
	(void)set_status(d, id, "accepted");
	desk_restart(d);
	k.order = id;
	desk_fault(d, FAULT_HOLD, Q_EVENTS_SINCE, 0, 0, 0, 1);
	a = desk_ask_only(d, &k);
	desk_run(d, 20);
	r = send_status(d, id, "preparing", NULL);
	desk_run(d, 20);
	ck_assert_int_eq(r->status, 200);
	ck_assert(!desk_is_answered(d, a));
	ck_assert_uint_eq(desk_told(d, 0, id), 0);
	desk_release(d);
	ck_assert_uint_eq(a->n_events, 4);
	ck_assert_uint_eq(a->events[2]->pub.seq, 3);
	(void)set_status(d, id, "ready");
	ck_assert_uint_eq(desk_told(d, 0, id), 1);
}
END_TEST

START_TEST(who_may_not_see_an_order_gets_no_stream)
{
	struct asking k = { .role = ROLE_CUSTOMER, .sub = "bob" };
	char id[ID_SIZE];

	make_order(d, "\"external_ref\":\"A\",", id);
	k.order = id;
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_ENOENT);
	k.sub = "ann";
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_OK);
	k.order = "ref:A";
	ck_assert_str_eq(desk_ask(d, &k)->topic, id);
	k.tenant = "pub";
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_ENOENT);
	k.tenant = NULL;
	k.feed = OW_FEED_KITCHEN;
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_EDENIED);
	k.feed = OW_FEED_PERSON;
	ck_assert_str_eq(desk_ask(d, &k)->topic, "person/cafe\nann");
	k.feed = 99;
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_ENOENT);
	k.feed = OW_FEED_KITCHEN;
	k.role = ROLE_ADMIN;
	k.tenant = "*";
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_EDENIED);
}
END_TEST

START_TEST(watchers_are_noted_for_each_front_until_they_leave)
{
	struct asking k = { 0 }, kitchen = { .feed = OW_FEED_KITCHEN,
	    .front = 1 };
	char id[ID_SIZE];

	make_order(d, NULL, id);
	k.order = id;
	(void)desk_ask(d, &k);
	k.front = 1;
	(void)desk_ask(d, &k);
	ck_assert_uint_eq(entry_of(d, id)->watchers, 3);
	orders_unwatch(d->o, &d->fronts[0], id);
	desk_run(d, 0);
	ck_assert_uint_eq(entry_of(d, id)->watchers, 2);
	orders_unwatch(d->o, &d->fronts[1], id);
	(void)desk_ask(d, &kitchen);
	ck_assert_uint_eq(entry_of(d, id)->watchers, 0);
	ck_assert_uint_eq(book_tenant(&d->o->book, "cafe")->watchers, 2);
	(void)set_status(d, id, "accepted");
	ck_assert_uint_eq(desk_told(d, 0, id), 0);
	ck_assert_uint_eq(desk_told(d, 1, id), 1);
	orders_unwatch(d->o, &d->fronts[1], "kitchen/cafe");
	orders_unwatch(d->o, &d->fronts[1], "person/cafe\nann");
	orders_unwatch(d->o, &d->fronts[1], "no such order");
	(void)set_status(d, id, "preparing");
	ck_assert_uint_eq(desk_told(d, 1, id), 1);
}
END_TEST

START_TEST(a_kitchen_sees_the_active_orders_of_its_tenant)
{
	struct asking k = { .feed = OW_FEED_KITCHEN };
	char a[ID_SIZE], b[ID_SIZE];
	struct event *snapshot;

	make_order(d, NULL, a);
	make_order(d, NULL, b);
	(void)set_status(d, a, "cancelled");
	snapshot = desk_ask(d, &k)->events[0];
	ck_assert_str_eq(snapshot->pub.type, "kitchen.snapshot");
	ck_assert_ptr_nonnull(strstr(snapshot->pub.json.p, b));
	ck_assert_ptr_null(strstr(snapshot->pub.json.p, a));
	ck_assert_ptr_eq(desk_ask(d, &k)->events[0], snapshot);
	k.tenant = "pub";
	ck_assert_ptr_null(strstr(desk_ask(d, &k)->events[0]->pub.json.p, b));
}
END_TEST

/* It would notice an order that is in neither the snapshot nor told after it,
   or in both. */
START_TEST(a_large_kitchen_opens_between_changes)
{
	struct asking k = { .feed = OW_FEED_KITCHEN }, of = { .front = 1,
	    .feed = OW_FEED_KITCHEN };
	struct result *changed;
	struct ask *a, *b;
	char id[ID_SIZE];
	int i;

	for (i = 0; i < 1700; i++)
		make_order(d, NULL, id);
	a = desk_ask_only(d, &k);
	b = desk_ask_only(d, &of);
	changed = send_status(d, id, "accepted", NULL);
	desk_run(d, 50);
	ck_assert_int_eq(changed->status, 200);
	ck_assert(desk_is_answered(d, a) && desk_is_answered(d, b));
	ck_assert_ptr_eq(a->events[0], b->events[0]);
	ck_assert_uint_eq(desk_told(d, 0, id), strstr(strstr(
	    a->events[0]->pub.json.p, id), "\"accepted\"") == NULL);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("watch");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_stream_gets_what_it_missed_or_a_snapshot);
	tcase_add_test(tc, a_log_that_is_not_in_memory_is_read_once_for_all);
	tcase_add_test(tc, a_log_that_can_not_be_read_becomes_a_snapshot);
	tcase_add_test(tc,
	    between_the_answer_and_the_first_live_event_nothing_fits);
	tcase_add_test(tc, who_may_not_see_an_order_gets_no_stream);
	tcase_add_test(tc, watchers_are_noted_for_each_front_until_they_leave);
	tcase_add_test(tc, a_kitchen_sees_the_active_orders_of_its_tenant);
	tcase_add_test(tc, a_large_kitchen_opens_between_changes);
	return desk_tests("watch", tc);
}
