/* SPDX-License-Identifier: MIT */
/*
 * test_topic - what orders that are made and moved as the server does it mean
 * to people: each step's topic, or none.
 */
#include "../order/order_fixture.h"

#include "notify/topic.h"

struct world {
	struct fixture f;
	struct order *before;
};

static void
world_done(struct world *w)
{
	order_free(&w->before);
	fixture_done(&w->f);
}

/* The topics of the last change, by blanks; "-" where there is none. */
static const char *
told(struct world *w, char out[256])
{
	const struct change *c = &w->f.change;
	char topic[TOPIC_SIZE];
	uint32_t i;

	out[0] = '\0';
	for (i = 0; i < c->n_facts; i++) {
		topic_of(w->before, c->after ? c->after : w->before,
		    &c->facts[i], topic);
		strcat(out, i ? " " : "");
		strcat(out, *topic ? topic : "-");
	}
	return out;
}

static void
keep(struct world *w)
{
	order_free(&w->before);
	w->before = w->f.o ? order_copy(w->f.o) : NULL;
}

#define assert_told(w, want)						\
	do {								\
		char told_[256];					\
		ck_assert_str_eq(told(w, told_), want);			\
		keep(w);						\
	} while (0)

static void
start(struct world *w, const char *body)
{
	memset(w, 0, sizeof(*w));
	fixture_init(&w->f);
	create(&w->f, body);
}

START_TEST(a_new_order_is_placed_or_scheduled)
{
	struct world w;

	start(&w, BODY("pickup", ITEM_TEA));
	assert_told(&w, "order.placed");
	world_done(&w);
	start(&w, "{\"customer_id\":\"ann\",\"fulfilment\":\"pickup\","
	    "\"scheduled_for\":\"2025-11-23T10:00:00Z\",\"items\":["
	    ITEM_TEA "]}");
	assert_told(&w, "order.scheduled");
	ck_assert_int_eq(set_status(&w.f, "placed", NULL), OW_OK);
	assert_told(&w, "order.placed");
	world_done(&w);
}
END_TEST

START_TEST(each_status_has_its_topic)
{
	static const char *const steps[] = { "accepted", "preparing", "ready",
		"out_for_delivery", "delivered" };
	struct world w;
	char want[64];
	size_t i;

	start(&w, BODY("delivery", ITEM_TEA));
	assert_told(&w, "order.placed");
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		ck_assert_int_eq(set_status(&w.f, steps[i], NULL), OW_OK);
		(void)snprintf(want, sizeof(want), "order.%s", steps[i]);
		assert_told(&w, want);
	}
	world_done(&w);
}
END_TEST

/* A second tap is no event; a recall is the earlier status again. */
START_TEST(a_status_that_stays_has_none)
{
	struct world w;

	start(&w, BODY("pickup", ITEM_TEA));
	assert_told(&w, "order.placed");
	ck_assert_int_eq(set_status(&w.f, "accepted", NULL), OW_OK);
	assert_told(&w, "order.accepted");
	ck_assert_int_eq(set_status(&w.f, "accepted", NULL), OW_OK);
	assert_told(&w, "");
	world_done(&w);
}
END_TEST

/* Two events of one change: the item's says nothing, the order's does. */
START_TEST(items_are_no_news_but_what_they_make_is)
{
	struct world w;

	start(&w, BODY("pickup", ITEM_TEA "," ITEM_CAKE));
	assert_told(&w, "order.placed");
	ck_assert_int_eq(set_item(&w.f, 0, "preparing"), OW_OK);
	assert_told(&w, "- order.preparing");
	ck_assert_int_eq(set_item(&w.f, 0, "ready"), OW_OK);
	assert_told(&w, "-");
	ck_assert_int_eq(set_item(&w.f, 1, "preparing"), OW_OK);
	assert_told(&w, "-");
	ck_assert_int_eq(set_item(&w.f, 1, "ready"), OW_OK);
	assert_told(&w, "- order.ready");
	world_done(&w);
}
END_TEST

START_TEST(a_driver_is_told_once_as_assigned)
{
	struct world w;

	start(&w, BODY("delivery", ITEM_TEA));
	assert_told(&w, "order.placed");
	ck_assert_int_eq(ask(&w.f, INTENT_DELIVERY, NULL,
	    "{\"fleet_member_id\":\"rider-1\"}"), OW_OK);
	assert_told(&w, "- delivery.assigned");
	world_done(&w);
}
END_TEST

static int
ready_in(struct world *w, int minutes)
{
	char body[64];

	(void)snprintf(body, sizeof(body), "{\"ready_in_s\":%d}",
	    minutes * 60);
	return ask(&w->f, INTENT_ETA, NULL, body);
}

START_TEST(a_delay_is_told_when_it_reaches_five_minutes)
{
	struct world w;

	/* T0 + 30 minutes are promised. */
	start(&w, "{\"customer_id\":\"ann\",\"fulfilment\":\"pickup\","
	    "\"promised_at\":\"2025-11-22T10:30:00Z\",\"items\":["
	    ITEM_TEA "]}");
	assert_told(&w, "order.placed");
	ck_assert_int_eq(ready_in(&w, 30), OW_OK);
	assert_told(&w, "-");
	ck_assert_int_eq(ready_in(&w, 34), OW_OK);
	assert_told(&w, "-");
	ck_assert_int_eq(ready_in(&w, 35), OW_OK);
	assert_told(&w, "order.delayed");
	/* Still later, and earlier but late: that is known. */
	ck_assert_int_eq(ready_in(&w, 50), OW_OK);
	assert_told(&w, "-");
	ck_assert_int_eq(ready_in(&w, 40), OW_OK);
	assert_told(&w, "-");
	ck_assert_int_eq(ready_in(&w, 20), OW_OK);
	assert_told(&w, "-");
	world_done(&w);
}
END_TEST

START_TEST(a_first_estimate_that_is_late_is_a_delay)
{
	struct world w;

	start(&w, "{\"customer_id\":\"ann\",\"fulfilment\":\"pickup\","
	    "\"promised_at\":\"2025-11-22T10:30:00Z\",\"items\":["
	    ITEM_TEA "]}");
	assert_told(&w, "order.placed");
	ck_assert_int_eq(ready_in(&w, 60), OW_OK);
	assert_told(&w, "order.delayed");
	world_done(&w);
}
END_TEST

START_TEST(without_a_promise_the_first_estimate_is_one)
{
	struct world w;

	start(&w, BODY("pickup", ITEM_TEA));
	assert_told(&w, "order.placed");
	ck_assert_int_eq(ready_in(&w, 20), OW_OK);
	assert_told(&w, "-");
	/* Little by little. */
	ck_assert_int_eq(ready_in(&w, 23), OW_OK);
	assert_told(&w, "-");
	ck_assert_int_eq(ready_in(&w, 26), OW_OK);
	assert_told(&w, "order.delayed");
	ck_assert_int_eq(ready_in(&w, 29), OW_OK);
	assert_told(&w, "-");
	world_done(&w);
}
END_TEST

START_TEST(the_platforms_own_events_are_their_own_topics)
{
	struct world w;

	start(&w, BODY("pickup", ITEM_TEA));
	assert_told(&w, "order.placed");
	w.f.by = ROLE_SERVICE;
	ck_assert_int_eq(ask(&w.f, INTENT_EVENT, NULL,
	    "{\"type\":\"x.loyalty.earned\",\"data\":{\"to\":\"ready\"}}"),
	    OW_OK);
	assert_told(&w, "x.loyalty.earned");
	world_done(&w);
}
END_TEST

static void
assert_delivery(const struct order *before, const char *data,
    const char *want)
{
	struct fact fact = { .kind = EVENT_DELIVERY_STATUS,
		.type = "delivery.status.changed" };
	char message[300], got[TOPIC_SIZE] = "?";

	(void)snprintf(message, sizeof(message),
	    "{\"type\":\"delivery.status.changed\",\"data\":%s}", data);
	fact.message = message;
	fact.message_len = strlen(message);
	topic_of(before, before, &fact, got);
	ck_assert_str_eq(got, want);
}

START_TEST(ten_minutes_away_is_an_estimate_that_says_so)
{
	struct order *o = order_new();
	struct fact fact = { .kind = EVENT_ETA, .type = "order.eta.updated",
	    .message = "{\"data\":{\"eta\":{},\"near\":true}}" };
	char got[TOPIC_SIZE];

	fact.message_len = strlen(fact.message);
	topic_of(o, o, &fact, got);
	ck_assert_str_eq(got, "delivery.near");
	fact.message = "{\"data\":{\"eta\":{\"near\":true}}}";
	fact.message_len = strlen(fact.message);
	topic_of(o, o, &fact, got);
	ck_assert_str_eq(got, "");
	order_free(&o);
}
END_TEST

START_TEST(the_rider_is_about_to_arrive_once)
{
	struct order *o = order_new();

	assert_delivery(o, "{\"from\":\"picked_up\","
	    "\"to\":\"en_route_dropoff\"}", "delivery.en_route_dropoff");
	assert_delivery(o, "{\"from\":\"en_route_dropoff\","
	    "\"to\":\"en_route_dropoff\",\"imminent\":true}",
	    "delivery.imminent");
	o->imminent = true;
	assert_delivery(o, "{\"from\":\"en_route_dropoff\","
	    "\"to\":\"en_route_dropoff\",\"imminent\":true}", "");
	assert_delivery(o, "{\"from\":\"en_route_dropoff\","
	    "\"to\":\"arrived_dropoff\",\"imminent\":true}",
	    "delivery.arrived_dropoff");
	order_free(&o);
}
END_TEST

/* A log of a later version may have words that this one does not know. */
START_TEST(what_is_not_understood_is_no_news)
{
	struct order *o = order_new();
	struct fact fact = { .kind = EVENT_ORDER_STATUS,
		.type = "order.status.changed", .message = "{}",
		.message_len = 2 };
	char got[TOPIC_SIZE];

	assert_delivery(o, "{\"from\":\"pending\",\"to\":\"teleported\"}", "");
	assert_delivery(o, "{\"from\":\"pending\",\"to\":\"none\"}", "");
	assert_delivery(o, "{\"from\":\"pending\",\"to\":7}", "");
	assert_delivery(o, "{}", "");
	assert_delivery(o, "[]", "");
	topic_of(o, o, &fact, got);
	ck_assert_str_eq(got, "");
	fact.message = "{\"data\":{\"to\":\"evaporated\"}}";
	fact.message_len = strlen(fact.message);
	topic_of(o, o, &fact, got);
	ck_assert_str_eq(got, "");
	fact.kind = EVENT_ROUTE;
	topic_of(o, NULL, &fact, got);
	ck_assert_str_eq(got, "");
	order_free(&o);
}
END_TEST

START_TEST(the_list_of_names_is_that_of_the_states)
{
	char name[TOPIC_SIZE], longest[80] = "x.";
	size_t n = 0;
	int i;

	for (i = 0; order_status_names[i]; i++, n++) {
		(void)snprintf(name, sizeof(name), "order.%s",
		    order_status_names[i]);
		ck_assert_msg(topic_is_known(name), "%s", name);
	}
	for (i = DELIVERY_PENDING; delivery_status_names[i]; i++, n++) {
		(void)snprintf(name, sizeof(name), "delivery.%s",
		    delivery_status_names[i]);
		ck_assert_msg(topic_is_known(name), "%s", name);
	}
	ck_assert(topic_is_known("order.delayed"));
	ck_assert(topic_is_known("delivery.imminent"));
	ck_assert(topic_is_known("delivery.near"));
	n += 3;
	for (i = 0; topic_names[i]; i++)
		ck_assert_uint_lt(strlen(topic_names[i]), TOPIC_SIZE);
	ck_assert_uint_eq((size_t)i, n);
	memset(longest + 2, 'a', 62);
	longest[64] = '\0';
	ck_assert(topic_is_known(longest));
	longest[64] = 'a';
	longest[65] = '\0';
	ck_assert(!topic_is_known(longest));
	ck_assert(topic_is_known("x.anything"));
	ck_assert(!topic_is_known("x."));
	ck_assert(topic_is_known("x.Big"));
	ck_assert(!topic_is_known("x.b\xc3\xadg"));
	ck_assert(!topic_is_known("x"));
	ck_assert(!topic_is_known(""));
	ck_assert(!topic_is_known("order.Ready"));
	ck_assert(!topic_is_known("delivery.none"));
}
END_TEST

static Suite *
topic_suite(void)
{
	Suite *suite = suite_create("topic");
	TCase *cases = tcase_create("topic");

	tcase_add_test(cases, a_new_order_is_placed_or_scheduled);
	tcase_add_test(cases, each_status_has_its_topic);
	tcase_add_test(cases, a_status_that_stays_has_none);
	tcase_add_test(cases, items_are_no_news_but_what_they_make_is);
	tcase_add_test(cases, a_driver_is_told_once_as_assigned);
	tcase_add_test(cases, a_delay_is_told_when_it_reaches_five_minutes);
	tcase_add_test(cases, a_first_estimate_that_is_late_is_a_delay);
	tcase_add_test(cases, without_a_promise_the_first_estimate_is_one);
	tcase_add_test(cases, the_platforms_own_events_are_their_own_topics);
	tcase_add_test(cases, ten_minutes_away_is_an_estimate_that_says_so);
	tcase_add_test(cases, the_rider_is_about_to_arrive_once);
	tcase_add_test(cases, what_is_not_understood_is_no_news);
	tcase_add_test(cases, the_list_of_names_is_that_of_the_states);
	suite_add_tcase(suite, cases);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(topic_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
