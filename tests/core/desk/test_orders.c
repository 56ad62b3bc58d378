/* SPDX-License-Identifier: MIT */
/*
 * The plain way: what is created, changed, read and listed, and how the
 * changes of an order wait for each other.
 */
#include "desk_host.h"

#include <stdio.h>
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

static const struct asked get = { .kind = CMD_GET };

/* ---- The plain way ----------------------------------------------------- */

START_TEST(told_once_after_the_commit_and_answered_with_the_new_state)
{
	struct asking kitchen = { .feed = OW_FEED_KITCHEN };
	struct asking one = { .front = 1 };
	char id[ID_SIZE], text[128];
	struct result *r;

	(void)desk_ask(d, &kitchen);
	make_order(d, NULL, id);
	one.order = id;
	(void)desk_ask(d, &one);
	ck_assert_uint_eq(desk_told(d, 0, id), 1);
	ck_assert_uint_eq(desk_told(d, 1, id), 0);
	desk_fault(d, FAULT_HOLD, Q_EVENT_APPEND, 0, 0, 0, 1);
	r = send_status(d, id, "accepted", NULL);
	desk_run(d, 50);
	ck_assert_int_eq(r->n, 0);
	ck_assert_uint_eq(desk_told(d, 0, id), 1);
	assert_status(d, id, "placed");
	desk_release(d);
	ck_assert_int_eq(r->n, 1);
	ck_assert_int_eq(r->status, 200);
	ck_assert_uint_eq(r->seq, 2);
	ck_assert_str_eq(body_text(r, "order.status", text), "accepted");
	ck_assert_uint_eq(desk_told(d, 0, id), 2);
	ck_assert_uint_eq(desk_told(d, 1, id), 1);
	assert_at_rest(d);
}
END_TEST

START_TEST(before_loading_everything_is_503)
{
	struct asked a = get;
	struct asking k = { .order = "ref:x" };
	struct asked create = create_with(NULL, ORDER(""));

	a.order = "ref:x";
	desk_crash(d);
	desk_begin(d);
	ck_assert_int_eq(desk_do(d, &a)->status, 503);
	ck_assert_int_eq(desk_do(d, &create)->status, 503);
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_EAGAIN);
	desk_load(d);
	ck_assert_int_eq(desk_do(d, &a)->status, 404);
}
END_TEST

START_TEST(orders_of_others_are_as_if_they_were_not_there)
{
	struct asked a = get;
	struct result *r;
	char id[ID_SIZE];

	make_order(d, "\"external_ref\":\"A-1\",", id);
	a.order = id;
	a.role = ROLE_CUSTOMER;
	a.sub = "bob";
	ck_assert_int_eq(desk_do(d, &a)->status, 404);
	a.sub = "ann";
	ck_assert_int_eq(desk_do(d, &a)->status, 200);
	a.role = ROLE_KITCHEN;
	a.tenant = "pub";
	ck_assert_int_eq(desk_do(d, &a)->status, 404);
	a.order = "ref:A-1";
	ck_assert_int_eq(desk_do(d, &a)->status, 404);
	a.tenant = "cafe";
	ck_assert_int_eq(desk_do(d, &a)->status, 200);
	a.order = "not an id";
	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 404);
	ck_assert_str_eq(r->code, "no_such_order");
}
END_TEST

START_TEST(second_tap_changes_nothing_and_illegal_steps_are_409)
{
	char id[ID_SIZE];
	struct result *r;

	make_order(d, NULL, id);
	ck_assert_uint_eq(set_status(d, id, "accepted")->seq, 2);
	r = set_status(d, id, "accepted");
	ck_assert_int_eq(r->status, 200);
	ck_assert_uint_eq(r->seq, 2);
	r = set_status(d, id, "delivered");
	ck_assert_int_eq(r->status, 409);
	ck_assert_str_eq(r->code, "illegal_transition");
	ck_assert_int_eq(desk_sql_int(d, "SELECT count(*) FROM events"), 2);
	assert_at_rest(d);
}
END_TEST

START_TEST(a_platform_event_is_in_the_log_and_told)
{
	struct asking one = { 0 };
	struct asked a = { .kind = CMD_CHANGE, .intent = INTENT_EVENT,
	    .body = "{\"type\":\"x.loyalty\",\"data\":{\"points\":3}}" };
	struct asked log = { .kind = CMD_EVENTS };
	char id[ID_SIZE], text[128];
	struct result *r;

	make_order(d, NULL, id);
	a.order = one.order = log.order = id;
	(void)desk_ask(d, &one);
	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 201);
	ck_assert_str_eq(body_text(r, "event.data.points", text), "3");
	ck_assert_uint_eq(desk_told(d, 0, id), 1);
	r = desk_do(d, &log);
	ck_assert_str_eq(body_text(r, "data.1.type", text), "x.loyalty");
	ck_assert_str_eq(body_text(r, "data.1.seq", text), "2");
	desk_restart(d);
	ck_assert_uint_eq(entry_of(d, id)->order->seq, 2);
}
END_TEST

START_TEST(a_taken_external_ref_is_409_with_the_others_id)
{
	struct asked a = create_with(NULL, ORDER("\"external_ref\":\"A\","));
	struct asked keyed = create_with("k1",
	    ORDER("\"external_ref\":\"A\","));
	char id[ID_SIZE], text[64];
	struct result *r;

	make_order(d, "\"external_ref\":\"A\",", id);
	(void)snprintf(text, sizeof(text), "\"order_id\":\"%s\"", id);
	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 409);
	ck_assert_str_eq(r->code, "external_ref_taken");
	ck_assert_str_eq(r->body, text);
	desk_restart(d);
	r = desk_do(d, &keyed);
	ck_assert_int_eq(r->status, 409);
	ck_assert_str_eq(r->body, text);
	r = desk_do(d, &keyed);
	ck_assert_int_eq(r->status, 409);
	ck_assert_str_eq(r->body, text);
	a.tenant = "pub";
	ck_assert_int_eq(desk_do(d, &a)->status, 201);
	assert_at_rest(d);
}
END_TEST

/* ---- One after the other ----------------------------------------------- */

START_TEST(changes_of_an_order_wait_in_line_and_keep_their_order)
{
	static const char *const steps[] = { "accepted", "preparing",
	    "ready", "picked_up" };
	struct result *r[4];
	char id[ID_SIZE];
	int i;

	make_order(d, NULL, id);
	desk_fault(d, FAULT_HOLD, Q_EVENT_APPEND, 0, 0, 0, 1);
	for (i = 0; i < 4; i++)
		r[i] = send_status(d, id, steps[i], NULL);
	desk_run(d, 50);
	ck_assert_uint_eq(entry_of(d, id)->n_waiting, 3);
	ck_assert_uint_eq(d->n_held, 1);
	desk_release(d);
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(r[i]->n, 1);
		ck_assert_int_eq(r[i]->status, 200);
		ck_assert_uint_eq(r[i]->seq, (uint64_t)i + 2);
	}
	assert_at_rest(d);
}
END_TEST

START_TEST(a_line_that_is_too_long_is_503_and_the_rest_is_served)
{
	struct result *r[12];
	char id[ID_SIZE];
	int i, refused = 0;

	make_order(d, NULL, id);
	desk_fault(d, FAULT_HOLD, Q_EVENT_APPEND, 0, 0, 0, 1);
	for (i = 0; i < 12; i++)
		r[i] = send_status(d, id, "accepted", i == 11 ? "key" : NULL);
	desk_run(d, 50);
	for (i = 0; i < 12; i++)
		if (r[i]->n == 1) {
			ck_assert_int_eq(r[i]->status, 503);
			ck_assert_str_eq(r[i]->code, "order_busy");
			ck_assert_int_gt(r[i]->wait_ms, 0);
			refused++;
		}
	ck_assert_int_eq(refused, 12 - 1 - 8);
	desk_release(d);
	for (i = 0; i < 9; i++)
		ck_assert_int_eq(r[i]->status, 200);
	assert_at_rest(d);
	ck_assert_uint_eq(entry_of(d, id)->order->seq, 2);
}
END_TEST

START_TEST(who_waits_for_a_failed_change_is_decided_on_the_old_state)
{
	struct result *first, *second, *third;
	char id[ID_SIZE];

	make_order(d, NULL, id);
	desk_fault(d, FAULT_FAIL, Q_EVENT_APPEND, OW_EAGAIN, 0, 0, 1);
	first = send_status(d, id, "accepted", NULL);
	second = send_status(d, id, "ready", NULL);
	third = send_status(d, id, "accepted", NULL);
	desk_run(d, 50);
	ck_assert_int_eq(first->status, 503);
	ck_assert_int_eq(second->n, 1);
	ck_assert_int_eq(third->n, 1);
	ck_assert_int_eq(second->status, 409);
	ck_assert_int_eq(third->status, 200);
	ck_assert_uint_eq(third->seq, 2);
	assert_at_rest(d);
}
END_TEST

/* ---- Lists ------------------------------------------------------------- */

static struct result *
list_page(const struct asked *a, const char *before)
{
	struct asked page = *a;
	struct result *r;

	page.before = before;
	r = desk_do(d, &page);
	ck_assert_int_eq(r->status, 200);
	return r;
}

/* The cursor as what comes back in; false: it was the last page. */
static bool
next_of(const struct result *r, char id[ID_SIZE])
{
	unsigned char raw[ID_SIZE + 2];
	char text[128];
	size_t n;

	if (body_text(r, "next_cursor", text)[0] == '\0')
		return false;
	ck_assert_int_eq(b64url_decode(text, strlen(text), raw, &n), OW_OK);
	ck_assert_uint_eq(n, ID_SIZE - 1);
	memcpy(id, raw, n);
	id[n] = '\0';
	return true;
}

START_TEST(pages_have_every_order_once_while_orders_come_and_go)
{
	static const enum list_status lists[] = { LIST_ACTIVE, LIST_ANY };
	char ids[9][ID_SIZE], fresh[ID_SIZE], before[ID_SIZE], seen[1024];
	struct asked a = { .kind = CMD_LIST, .limit = 3 };
	char text[128], path[32];
	struct result *r;
	int i, k, l, n;
	bool more;

	for (i = 0; i < 9; i++)
		make_order(d, NULL, ids[i]);
	for (l = 0; l < 2; l++) {
		a.list = lists[l];
		strcpy(before, "~");
		strcpy(seen, "");
		do {
			r = list_page(&a, before);
			for (k = 0; k < 3; k++) {
				(void)snprintf(path, sizeof(path),
				    "data.%d.id", k);
				ck_assert_ptr_null(strstr(seen, body_text(r,
				    path, text)[0] ? text : "?"));
				strcat(seen, text);
			}
			more = next_of(r, before);
			make_order(d, NULL, fresh);
			(void)set_status(d, ids[8 - 2 * l], "accepted");
			(void)set_status(d, fresh, "cancelled");
		} while (more);
		for (i = 0, n = 0; i < 9; i++)
			n += strstr(seen, ids[i]) != NULL;
		ck_assert_int_eq(n, 9);
	}
}
END_TEST

START_TEST(customers_list_their_own_and_past_comes_from_the_store)
{
	struct asked a = { .kind = CMD_LIST, .role = ROLE_CUSTOMER,
	    .sub = "ann", .list = LIST_PAST, .customer = "ann" };
	char one[ID_SIZE], two[ID_SIZE], text[128];
	struct result *r;

	make_order(d, NULL, one);
	make_order(d, NULL, two);
	(void)set_status(d, one, "cancelled");
	r = desk_do(d, &a);
	ck_assert_str_eq(body_text(r, "data.0.id", text), one);
	ck_assert_str_eq(body_text(r, "data.1.id", text), "");
	a.list = LIST_ONE;
	a.status = ORDER_CANCELLED;
	ck_assert_str_eq(body_text(desk_do(d, &a), "data.0.id", text), one);
	a.status = ORDER_PLACED;
	ck_assert_str_eq(body_text(desk_do(d, &a), "data.0.id", text), two);
	a.list = LIST_ANY;
	ck_assert_str_eq(body_text(desk_do(d, &a), "data.1.id", text), one);
	a.customer = "bob";
	ck_assert_int_eq(desk_do(d, &a)->status, 403);
	a.customer = NULL;
	ck_assert_int_eq(desk_do(d, &a)->status, 403);
}
END_TEST

START_TEST(a_broken_row_does_not_end_a_list_early)
{
	struct asked a = { .kind = CMD_LIST, .limit = 2 };
	char ids[4][ID_SIZE], before[ID_SIZE], text[128], sql[128];
	struct result *r;
	int i;

	for (i = 0; i < 4; i++) {
		make_order(d, NULL, ids[i]);
		(void)set_status(d, ids[i], "cancelled");
	}
	(void)snprintf(sql, sizeof(sql),
	    "UPDATE orders SET doc = '{' WHERE id = '%s'", ids[3]);
	desk_sql(d, sql);
	desk_restart(d);
	r = list_page(&a, "~");
	ck_assert(next_of(r, before));
	r = list_page(&a, before);
	ck_assert_str_eq(body_text(r, "data.0.id", text), ids[1]);
	ck_assert_str_eq(body_text(r, "data.1.id", text), ids[0]);
	ck_assert(!next_of(r, before));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("orders");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc,
	    told_once_after_the_commit_and_answered_with_the_new_state);
	tcase_add_test(tc, before_loading_everything_is_503);
	tcase_add_test(tc, orders_of_others_are_as_if_they_were_not_there);
	tcase_add_test(tc,
	    second_tap_changes_nothing_and_illegal_steps_are_409);
	tcase_add_test(tc, a_platform_event_is_in_the_log_and_told);
	tcase_add_test(tc, a_taken_external_ref_is_409_with_the_others_id);
	tcase_add_test(tc,
	    changes_of_an_order_wait_in_line_and_keep_their_order);
	tcase_add_test(tc,
	    a_line_that_is_too_long_is_503_and_the_rest_is_served);
	tcase_add_test(tc,
	    who_waits_for_a_failed_change_is_decided_on_the_old_state);
	tcase_add_test(tc,
	    pages_have_every_order_once_while_orders_come_and_go);
	tcase_add_test(tc,
	    customers_list_their_own_and_past_comes_from_the_store);
	tcase_add_test(tc, a_broken_row_does_not_end_a_list_early);
	return desk_tests("orders", tc);
}
