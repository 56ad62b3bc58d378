/* SPDX-License-Identifier: MIT */
/*
 * test_state - the words and the steps, said a second time in another form,
 * so that a slip in the table shows.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "order/state.h"

/* The contract's words, in its order; the enums are the same in length. */
START_TEST(words_are_those_of_the_contract)
{
	static const char *const orders[] = { "scheduled", "placed",
	    "accepted", "preparing", "ready", "out_for_delivery",
	    "delivered", "picked_up", "served", "rejected", "cancelled",
	    "delivery_failed", "returned" };
	static const char *const items[] = { "queued", "held", "preparing",
	    "ready", "served", "voided" };
	static const char *const deliveries[] = { "none", "pending",
	    "assigned", "accepted", "en_route_pickup", "arrived_pickup",
	    "picked_up", "en_route_dropoff", "arrived_dropoff", "delivered",
	    "failed", "cancelled", "returned" };

	ck_assert_uint_eq(sizeof(orders) / sizeof(*orders),
	    ORDER_STATUS_COUNT);
	for (int i = 0; i < ORDER_STATUS_COUNT; i++) {
		ck_assert_str_eq(order_status_name(i), orders[i]);
		ck_assert_int_eq(order_status_by_name(orders[i]), i);
	}
	for (int i = 0; i < ITEM_STATUS_COUNT; i++) {
		ck_assert_str_eq(item_status_name(i), items[i]);
		ck_assert_int_eq(item_status_by_name(items[i]), i);
	}
	ck_assert_uint_eq(sizeof(deliveries) / sizeof(*deliveries),
	    DELIVERY_STATUS_COUNT);
	for (int i = 0; i < DELIVERY_STATUS_COUNT; i++) {
		ck_assert_str_eq(delivery_status_name(i), deliveries[i]);
		ck_assert_int_eq(delivery_status_by_name(deliveries[i]), i);
	}
	ck_assert_str_eq(fulfilment_name(FULFIL_DINE_IN), "dine_in");
	ck_assert_int_eq(fulfilment_by_name("pickup"), FULFIL_PICKUP);
}
END_TEST

START_TEST(unknown_words_are_none)
{
	ck_assert_int_eq(order_status_by_name("READY"), -1);
	ck_assert_int_eq(order_status_by_name(""), -1);
	ck_assert_int_eq(order_status_by_name(NULL), -1);
	ck_assert_int_eq(item_status_by_name("delivered"), -1);
	ck_assert_int_eq(delivery_status_by_name("x"), -1);
	ck_assert_int_eq(fulfilment_by_name("drone"), -1);
	ck_assert_ptr_null(order_status_name(ORDER_STATUS_COUNT));
	ck_assert_ptr_null(order_status_name((enum order_status)-1));
	ck_assert_int_eq(event_type_by_name("x.rush"), EVENT_OTHER);
	ck_assert_int_eq(event_type_by_name("x."), -1);
	ck_assert_int_eq(event_type_by_name("order.unheard"), -1);
	ck_assert_int_eq(event_type_by_name("order.eta.updated"), EVENT_ETA);
}
END_TEST

/* Every legal step of every way; all the other pairs must be illegal. */
START_TEST(exactly_these_order_steps_are_legal)
{
	static const char *const steps[FULFIL_COUNT] = {
		[FULFIL_PICKUP] = " ready>picked_up ",
		[FULFIL_DELIVERY] = " ready>out_for_delivery"
		    " out_for_delivery>delivered"
		    " out_for_delivery>delivery_failed"
		    " delivery_failed>out_for_delivery"
		    " delivery_failed>returned delivery_failed>cancelled ",
		[FULFIL_DINE_IN] = " ready>served ",
	};
	static const char common[] = " scheduled>placed scheduled>accepted"
	    " scheduled>rejected scheduled>cancelled placed>accepted"
	    " placed>preparing placed>rejected placed>cancelled"
	    " accepted>preparing accepted>ready accepted>cancelled"
	    " preparing>ready preparing>cancelled ready>preparing"
	    " ready>cancelled ";
	char pair[80];
	bool legal;

	for (int f = 0; f < FULFIL_COUNT; f++)
		for (int a = 0; a < ORDER_STATUS_COUNT; a++)
			for (int b = 0; b < ORDER_STATUS_COUNT; b++) {
				(void)snprintf(pair, sizeof(pair), " %s>%s ",
				    order_status_name(a),
				    order_status_name(b));
				legal = strstr(common, pair) != NULL ||
				    strstr(steps[f], pair) != NULL;
				ck_assert_msg(order_step_is_legal(f, a, b,
				    NULL) == legal, "%s:%s",
				    fulfilment_name(f), pair);
			}
}
END_TEST

START_TEST(only_the_recall_goes_back)
{
	uint32_t flags;

	for (int a = 0; a < ORDER_STATUS_COUNT; a++)
		for (int b = 0; b < ORDER_STATUS_COUNT; b++) {
			flags = 99;
			if (!order_step_is_legal(FULFIL_DELIVERY, a, b,
			    &flags)) {
				ck_assert_uint_eq(flags, 99);
				continue;
			}
			if (a == ORDER_READY && b == ORDER_PREPARING)
				ck_assert_uint_eq(flags,
				    STEP_RECALL | STEP_REASON);
			else
				ck_assert_uint_eq(flags, 0);
		}
}
END_TEST

START_TEST(final_words_have_no_way_out)
{
	static const bool final[ORDER_STATUS_COUNT] = {
		[ORDER_DELIVERED] = true, [ORDER_PICKED_UP] = true,
		[ORDER_SERVED] = true, [ORDER_REJECTED] = true,
		[ORDER_CANCELLED] = true, [ORDER_RETURNED] = true,
	};

	for (int i = 0; i < ORDER_STATUS_COUNT; i++)
		ck_assert(order_status_is_final(i) == final[i]);
	for (int i = 0; i < ITEM_STATUS_COUNT; i++) {
		ck_assert(!item_step_is_legal(ITEM_SERVED, i));
		ck_assert(!item_step_is_legal(ITEM_VOIDED, i));
	}
	for (int i = 0; i < DELIVERY_STATUS_COUNT; i++) {
		ck_assert(!delivery_step_is_legal(DELIVERY_DELIVERED, i));
		ck_assert(!delivery_step_is_legal(DELIVERY_RETURNED, i));
	}
}
END_TEST

START_TEST(item_and_delivery_steps)
{
	ck_assert(item_step_is_legal(ITEM_QUEUED, ITEM_READY));
	ck_assert(item_step_is_legal(ITEM_HELD, ITEM_QUEUED));
	ck_assert(item_step_is_legal(ITEM_READY, ITEM_PREPARING));
	ck_assert(!item_step_is_legal(ITEM_READY, ITEM_QUEUED));
	ck_assert(!item_step_is_legal(ITEM_QUEUED, ITEM_SERVED));
	ck_assert(!item_step_is_legal(ITEM_HELD, ITEM_READY));
	ck_assert(!item_step_is_legal(ITEM_READY, ITEM_READY));
	ck_assert(delivery_step_is_legal(DELIVERY_NONE, DELIVERY_ASSIGNED));
	ck_assert(delivery_step_is_legal(DELIVERY_ASSIGNED,
	    DELIVERY_PICKED_UP));
	ck_assert(delivery_step_is_legal(DELIVERY_FAILED, DELIVERY_ASSIGNED));
	ck_assert(!delivery_step_is_legal(DELIVERY_PICKED_UP,
	    DELIVERY_ASSIGNED));
	ck_assert(!delivery_step_is_legal(DELIVERY_ARRIVED_DROPOFF,
	    DELIVERY_EN_ROUTE_DROPOFF));
}
END_TEST

/* Numbers from outside the enums are refused, not looked up. */
START_TEST(numbers_outside_are_no_steps)
{
	ck_assert(!order_step_is_legal(FULFIL_COUNT, ORDER_PLACED,
	    ORDER_ACCEPTED, NULL));
	ck_assert(!order_step_is_legal(FULFIL_PICKUP, ORDER_PLACED,
	    (enum order_status)1000, NULL));
	ck_assert(!item_step_is_legal((enum item_status)-1, ITEM_READY));
	ck_assert(!item_step_is_legal(ITEM_QUEUED, (enum item_status)40));
	ck_assert(!delivery_step_is_legal(DELIVERY_STATUS_COUNT,
	    DELIVERY_NONE));
}
END_TEST

static void
assert_progress(enum fulfilment f, enum order_status s, int step,
    int of)
{
	int got_step = -1, got_of = -1;

	order_progress(f, s, &got_step, &got_of);
	ck_assert_int_eq(got_step, step);
	ck_assert_int_eq(got_of, of);
}

START_TEST(progress_follows_the_straight_way)
{
	assert_progress(FULFIL_PICKUP, ORDER_SCHEDULED, 0, 5);
	assert_progress(FULFIL_PICKUP, ORDER_PLACED, 1, 5);
	assert_progress(FULFIL_PICKUP, ORDER_PICKED_UP, 5, 5);
	assert_progress(FULFIL_DINE_IN, ORDER_SERVED, 5, 5);
	assert_progress(FULFIL_DELIVERY, ORDER_OUT_FOR_DELIVERY, 5, 6);
	assert_progress(FULFIL_DELIVERY, ORDER_DELIVERED, 6, 6);
	assert_progress(FULFIL_DELIVERY, ORDER_DELIVERY_FAILED, 5, 6);
	assert_progress(FULFIL_DELIVERY, ORDER_CANCELLED, 0, 6);
}
END_TEST

/* The model says what the functions say, for every pair. */
START_TEST(model_is_the_table)
{
	struct buf out = BUF_INIT(1u << 20);
	struct json *model = NULL;
	const struct json *list, *v;
	struct ow_fault fault;
	size_t count;
	int from, to;

	order_model_write(&out);
	ck_assert(!out.full);
	ck_assert_int_eq(json_parse(out.p, out.n, &model, &fault), OW_OK);
	ck_assert_uint_eq(json_count(json_get(model, "statuses")),
	    ORDER_STATUS_COUNT);
	ck_assert_uint_eq(json_count(json_get(model, "item_statuses")),
	    ITEM_STATUS_COUNT);
	ck_assert_uint_eq(json_count(json_get(model, "delivery_statuses")),
	    DELIVERY_STATUS_COUNT);
	for (int f = 0; f < FULFIL_COUNT; f++) {
		list = json_get(json_get(model, "transitions"),
		    fulfilment_name(f));
		count = 0;
		for (int a = 0; a < ORDER_STATUS_COUNT; a++)
			for (int b = 0; b < ORDER_STATUS_COUNT; b++)
				count += order_step_is_legal(f, a, b, NULL);
		ck_assert_uint_eq(json_count(list), count);
		for (size_t i = 0; i < count; i++) {
			v = json_at(list, i);
			from = order_status_by_name(json_get_text(v, "from"));
			to = order_status_by_name(json_get_text(v, "to"));
			ck_assert(order_step_is_legal(f, from, to, NULL));
			ck_assert(json_bool(json_get(v, "recall"), false) ==
			    (from == ORDER_READY && to == ORDER_PREPARING));
		}
	}
	ck_assert_uint_eq(json_count(json_get(json_get(model, "progress"),
	    "delivery")), 6);
	ck_assert_uint_eq(json_count(json_get(model, "event_types")), 19);
	json_free(&model);
	buf_done(&out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("state");
	TCase *tc = tcase_create("state");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, words_are_those_of_the_contract);
	tcase_add_test(tc, unknown_words_are_none);
	tcase_add_test(tc, exactly_these_order_steps_are_legal);
	tcase_add_test(tc, only_the_recall_goes_back);
	tcase_add_test(tc, final_words_have_no_way_out);
	tcase_add_test(tc, item_and_delivery_steps);
	tcase_add_test(tc, numbers_outside_are_no_steps);
	tcase_add_test(tc, progress_follows_the_straight_way);
	tcase_add_test(tc, model_is_the_table);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
