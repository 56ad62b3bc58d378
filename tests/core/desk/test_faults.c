/* SPDX-License-Identifier: MIT */
/*
 * What is answered, told and kept when others write too, and when the store
 * fails, lies or hangs.
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

/* ---- Other writers ----------------------------------------------------- */

START_TEST(another_writers_events_are_folded_and_told_before_deciding_anew)
{
	struct asking one = { 0 };
	char id[ID_SIZE];
	struct result *r;

	make_order(d, NULL, id);
	one.order = id;
	(void)desk_ask(d, &one);
	append_behind(d, id, 2, "placed", "accepted");
	append_behind(d, id, 3, "accepted", "preparing");
	r = send_status(d, id, "cancelled", NULL);
	desk_run(d, 20);
	ck_assert_int_eq(r->n, 1);
	ck_assert_uint_eq(entry_of(d, id)->order->seq, r->status == 200 ? 4 :
	    3);
	ck_assert_uint_eq(desk_told(d, 0, id), r->status == 200 ? 3 : 2);
	assert_at_rest(d);
}
END_TEST

START_TEST(a_stale_expected_seq_is_seen_after_the_conflict)
{
	struct asked a = { .kind = CMD_CHANGE, .intent = INTENT_STATUS,
	    .body = "{\"status\":\"accepted\",\"expected_seq\":1}" };
	char id[ID_SIZE];
	struct result *r;

	make_order(d, NULL, id);
	a.order = id;
	append_behind(d, id, 2, "placed", "accepted");
	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 409);
	ck_assert_str_eq(r->code, "stale_seq");
	assert_at_rest(d);
}
END_TEST

START_TEST(endless_conflicts_end_in_503_and_leave_nobody_busy)
{
	struct result *r, *waiting;
	char id[ID_SIZE];

	make_order(d, NULL, id);
	desk_fault(d, FAULT_FAIL, Q_EVENT_APPEND, OW_ECONFLICT, 0, 0, 100);
	r = send_status(d, id, "accepted", NULL);
	waiting = send_status(d, id, "cancelled", NULL);
	desk_run(d, 100);
	ck_assert_int_eq(r->n, 1);
	ck_assert_int_eq(r->status, 503);
	ck_assert_int_eq(waiting->n, 1);
	assert_at_rest(d);
	desk_heal(d);
	ck_assert_int_eq(set_status(d, id, "accepted")->status, 200);
}
END_TEST

START_TEST(a_log_that_does_not_fold_is_503_and_changes_nothing)
{
	char id[ID_SIZE];
	struct result *r;

	make_order(d, NULL, id);
	append_behind(d, id, 2, "placed", "accepted");
	desk_sql(d, "UPDATE events SET message = 'garbage' WHERE seq = 2");
	r = set_status(d, id, "accepted");
	ck_assert_int_eq(r->status, 503);
	ck_assert_uint_eq(entry_of(d, id)->order->seq, 1);
	assert_at_rest(d);
}
END_TEST

/* ---- The store fails --------------------------------------------------- */

START_TEST(a_change_that_was_done_after_all_is_seen_and_told)
{
	struct asking one = { 0 };
	char id[ID_SIZE];
	struct result *r;

	make_order(d, NULL, id);
	one.order = id;
	(void)desk_ask(d, &one);
	desk_fault(d, FAULT_LIE, Q_EVENT_APPEND, OW_EIO, 0, 0, 1);
	r = send_status(d, id, "accepted", "k");
	desk_run(d, 20);
	ck_assert_int_eq(r->n, 1);
	ck_assert_int_eq(r->status, 503);
	ck_assert_uint_eq(desk_told(d, 0, id), 1);
	assert_status(d, id, "accepted");
	r = send_status(d, id, "accepted", "k");
	desk_run(d, 20);
	ck_assert_int_eq(r->status, 200);
	ck_assert_uint_eq(r->seq, 2);
	ck_assert_int_eq(set_status(d, id, "preparing")->status, 200);
	ck_assert_uint_eq(desk_told(d, 0, id), 2);
	assert_at_rest(d);
}
END_TEST

START_TEST(an_open_outcome_heals_when_the_store_can_be_read_again)
{
	struct asking one = { 0 };
	char id[ID_SIZE];
	struct result *r;

	make_order(d, NULL, id);
	one.order = id;
	(void)desk_ask(d, &one);
	desk_fault(d, FAULT_LIE, Q_EVENT_APPEND, OW_EIO, 0, 0, 1);
	desk_fault(d, FAULT_FAIL, Q_EVENTS_SINCE, OW_EAGAIN, 0, 0, 2);
	r = send_status(d, id, "accepted", NULL);
	desk_run(d, 20);
	ck_assert_int_eq(r->status, 503);
	ck_assert_uint_eq(desk_told(d, 0, id), 0);
	desk_run(d, 5000);
	ck_assert_uint_eq(desk_told(d, 0, id), 1);
	assert_status(d, id, "accepted");
	assert_at_rest(d);
}
END_TEST

START_TEST(an_order_that_was_made_after_all_reaches_the_kitchen)
{
	struct asking kitchen = { .feed = OW_FEED_KITCHEN };
	struct asked a = create_with("k", ORDER(""));
	struct result *r;

	(void)desk_ask(d, &kitchen);
	desk_fault(d, FAULT_LIE, Q_ORDER_INSERT, OW_EIO, 0, 0, 1);
	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 201);
	ck_assert_uint_eq(desk_told(d, 0, NULL), 1);
	ck_assert_uint_eq(d->o->book.n_active, 1);
	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 201);
	ck_assert_uint_eq(desk_told(d, 0, NULL), 1);
	assert_at_rest(d);
}
END_TEST

/* The connection breaks during the commit and stays away. */
START_TEST(an_order_of_an_open_outcome_is_shown_when_the_store_is_back)
{
	struct asking kitchen = { .feed = OW_FEED_KITCHEN };
	struct asked a = create_with(NULL, ORDER(""));

	(void)desk_ask(d, &kitchen);
	desk_fault(d, FAULT_LIE, Q_ORDER_INSERT, OW_EIO, 0, 0, 1);
	desk_fault(d, FAULT_FAIL, Q_ORDER_BY_ID, OW_EAGAIN, 0, 0, 2);
	desk_fault(d, FAULT_FAIL, Q_EVENTS_SINCE, OW_EAGAIN, 0, 0, 1);
	ck_assert_int_eq(desk_do(d, &a)->status, 503);
	ck_assert_uint_eq(d->o->book.n_active, 0);
	desk_run(d, 5000);
	ck_assert_uint_eq(d->o->book.n_active, 1);
	ck_assert_uint_eq(desk_told(d, 0, NULL), 1);
	desk_fault(d, FAULT_FAIL, Q_ORDER_INSERT, OW_EIO, 0, 0, 1);
	desk_fault(d, FAULT_FAIL, Q_ORDER_BY_ID, OW_EAGAIN, 0, 0, 2);
	ck_assert_int_eq(desk_do(d, &a)->status, 503);
	desk_run(d, 5000);
	ck_assert_ptr_null(d->o->heals);
	ck_assert_uint_eq(d->o->book.n_active, 1);
	ck_assert_uint_eq(desk_told(d, 0, NULL), 1);
	desk_fault(d, FAULT_LIE, Q_ORDER_INSERT, OW_EIO, 0, 0, 1);
	desk_fault(d, FAULT_HOLD, Q_ORDER_BY_ID, 0, 0, 0, 1);
	(void)desk_send(d, &a);		/* and ends with that */
	desk_run(d, 20);
	ck_assert_uint_eq(d->n_held, 1);
}
END_TEST

START_TEST(while_the_store_is_away_active_orders_can_be_read)
{
	struct asked list = { .kind = CMD_LIST, .list = LIST_ACTIVE };
	struct asked tracking = { .kind = CMD_TRACKING };
	struct asked log = { .kind = CMD_EVENTS };
	struct asked create = create_with("k", ORDER(""));
	struct asked share = { .kind = CMD_LINK_NEW };
	struct asked past = { .kind = CMD_LIST, .list = LIST_PAST };
	char id[ID_SIZE];
	struct result *r;

	make_order(d, NULL, id);
	tracking.order = log.order = share.order = id;
	desk_fault(d, FAULT_FAIL, -1, OW_EAGAIN, 0, 0, 1000);
	desk_store_state(d, false, "disk full");
	ck_assert(!orders_store_is_up(d->o));
	assert_status(d, id, "placed");
	ck_assert_int_eq(desk_do(d, &list)->status, 200);
	ck_assert_int_eq(desk_do(d, &tracking)->status, 200);
	ck_assert_int_eq(desk_do(d, &log)->status, 200);
	r = desk_do(d, &create);
	ck_assert_int_eq(r->status, 503);
	ck_assert_ptr_nonnull(strstr(r->detail, "disk full"));
	ck_assert_int_gt(r->wait_ms, 0);
	ck_assert_int_eq(desk_do(d, &share)->status, 503);
	ck_assert_int_eq(desk_do(d, &past)->status, 503);
	ck_assert_int_eq(set_status(d, id, "accepted")->status, 503);
	desk_heal(d);
	desk_store_state(d, true, "");
	ck_assert_int_eq(desk_do(d, &create)->status, 201);
	ck_assert_int_eq(set_status(d, id, "accepted")->status, 200);
	assert_at_rest(d);
}
END_TEST

START_TEST(whatever_the_store_says_each_command_has_one_answer)
{
	static const int32_t errs[] = { OW_ECONFLICT, OW_EAGAIN, OW_EIO,
	    OW_ELIMIT };
	struct asked all[] = {
		create_with("k1", ORDER("\"external_ref\":\"Z\",")),
		create_with(NULL, ORDER("")),
		{ .kind = CMD_CHANGE, .intent = INTENT_STATUS, .key = "k2",
		    .body = "{\"status\":\"cancelled\",\"reason\":\"x\"}" },
		{ .kind = CMD_LINK_NEW, .key = "k3" },
		{ .kind = CMD_LINK_NEW },
		{ .kind = CMD_LINK_REVOKE, .link = "nothing" },
		{ .kind = CMD_LIST, .list = LIST_ANY },
		{ .kind = CMD_EVENTS },
		{ .kind = CMD_GET, .order = "ref:unknown" },
		{ .kind = CMD_GET, .token = "unknown" },
	};
	char id[ID_SIZE];
	struct result *r;
	size_t i, k;
	uint32_t op, skip;

	for (i = 0; i < sizeof(errs) / sizeof(errs[0]); i++)
	for (op = 0; op < 3; op++)
	for (skip = 0; skip < 3; skip++) {
		make_order(d, NULL, id);
		for (k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
			if (all[k].order == NULL ||
			    strncmp(all[k].order, "ref:", 4) != 0)
				all[k].order = id;
			d->n_faults = 0;
			desk_fault(d, FAULT_FAIL, -1, errs[i], op, (int)skip,
			    1000);
			r = desk_do(d, &all[k]);
			desk_run(d, 100);
			ck_assert_int_eq(r->n, 1);
			assert_at_rest(d);
			d->n_faults = 0;
			desk_fault(d, FAULT_LIE, -1, errs[i], op, (int)skip,
			    1);
			r = desk_do(d, &all[k]);
			desk_run(d, 100);
			ck_assert_int_eq(r->n, 1);
			assert_at_rest(d);
		}
		desk_heal(d);
	}
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("faults");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc,
	    another_writers_events_are_folded_and_told_before_deciding_anew);
	tcase_add_test(tc, a_stale_expected_seq_is_seen_after_the_conflict);
	tcase_add_test(tc, endless_conflicts_end_in_503_and_leave_nobody_busy);
	tcase_add_test(tc, a_log_that_does_not_fold_is_503_and_changes_nothing);
	tcase_add_test(tc, a_change_that_was_done_after_all_is_seen_and_told);
	tcase_add_test(tc,
	    an_open_outcome_heals_when_the_store_can_be_read_again);
	tcase_add_test(tc,
	    an_order_that_was_made_after_all_reaches_the_kitchen);
	tcase_add_test(tc,
	    an_order_of_an_open_outcome_is_shown_when_the_store_is_back);
	tcase_add_test(tc, while_the_store_is_away_active_orders_can_be_read);
	tcase_add_test(tc, whatever_the_store_says_each_command_has_one_answer);
	return desk_tests("faults", tc);
}
