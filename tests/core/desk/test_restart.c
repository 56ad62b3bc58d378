/* SPDX-License-Identifier: MIT */
/*
 * What is there after a crash, how the desk ends, and what leaves memory.
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

/* ---- Restarts ---------------------------------------------------------- */

START_TEST(what_was_answered_is_there_after_a_crash)
{
	char a[ID_SIZE], b[ID_SIZE], c[ID_SIZE];
	struct entry *e;

	make_order(d, "\"external_ref\":\"A\",", a);
	make_order(d, NULL, b);
	make_order(d, NULL, c);
	(void)set_status(d, a, "accepted");
	(void)set_status(d, a, "preparing");
	desk_run(d, 7000);			/* a's row is written */
	ck_assert_uint_eq(d->executed[Q_ORDER_WRITE], 1);
	(void)set_status(d, a, "ready");	/* only in the log */
	(void)set_status(d, b, "accepted");
	(void)set_status(d, c, "cancelled");
	desk_restart(d);
	ck_assert_uint_eq(d->o->book.n_active, 2);
	e = entry_of(d, a);
	ck_assert_uint_eq(e->order->seq, 4);
	ck_assert_uint_eq(e->doc_seq, 3);
	ck_assert(e->behind);
	ck_assert_ptr_eq(book_find(&d->o->book, "cafe", "ref:A"), e);
	assert_status(d, a, "ready");
	assert_status(d, b, "accepted");
	ck_assert_ptr_null(entry_of(d, c));
	assert_status(d, c, "cancelled");		/* from the store */
	desk_run(d, 7000);
	ck_assert(!entry_of(d, a)->behind);
	desk_restart(d);
	ck_assert_uint_eq(entry_of(d, a)->doc_seq, 4);
	assert_at_rest(d);
}
END_TEST

START_TEST(a_flush_writes_every_row_and_then_says_so)
{
	char id[ID_SIZE];
	int i;

	for (i = 0; i < 300; i++) {
		make_order(d, NULL, id);
		(void)set_status(d, id, "accepted");
	}
	orders_flush(d->o, (void (*)(void *))desk_forget, d);
	desk_run(d, 100);
	ck_assert_ptr_null(d->o->book.behind);
	ck_assert_ptr_null(d->o->flushed);
	ck_assert_int_eq(desk_sql_int(d,
	    "SELECT count(*) FROM orders WHERE seq = 2"), 300);
}
END_TEST

START_TEST(a_row_that_could_not_be_written_is_tried_again)
{
	char id[ID_SIZE];

	make_order(d, NULL, id);
	(void)set_status(d, id, "accepted");
	desk_fault(d, FAULT_FAIL, Q_ORDER_WRITE, OW_EAGAIN, 0, 0, 3);
	desk_run(d, 6000);
	ck_assert(entry_of(d, id)->behind);
	desk_run(d, 10000);
	ck_assert(!entry_of(d, id)->behind);
	ck_assert_uint_eq(entry_of(d, id)->doc_seq, 2);
}
END_TEST

START_TEST(more_than_a_page_of_orders_is_loaded_with_their_logs)
{
	char id[ID_SIZE], last[ID_SIZE] = "";
	int i;

	for (i = 0; i < 1005; i++) {
		make_order(d, NULL, id);
		if (i == 0 || i == 999 || i == 1000) {
			(void)set_status(d, id, "accepted");
			memcpy(last, id, ID_SIZE);
		}
	}
	desk_restart(d);
	ck_assert_uint_eq(d->o->book.n_active, 1005);
	ck_assert_uint_eq(entry_of(d, last)->order->seq, 2);
	ck_assert_int_eq(entry_of(d, last)->order->status, ORDER_ACCEPTED);
}
END_TEST

START_TEST(a_broken_order_does_not_keep_the_others_from_loading)
{
	char a[ID_SIZE], b[ID_SIZE], sql[128];
	struct asked g = get;

	make_order(d, NULL, a);
	make_order(d, NULL, b);
	(void)snprintf(sql, sizeof(sql),
	    "UPDATE orders SET doc = '{' WHERE id = '%s'", a);
	desk_sql(d, sql);
	desk_restart(d);
	ck_assert_uint_eq(d->o->book.n_active, 1);
	g.order = a;
	ck_assert_int_eq(desk_do(d, &g)->status, 503);
	assert_status(d, b, "placed");
	assert_at_rest(d);
}
END_TEST

START_TEST(a_load_that_fails_can_be_repeated)
{
	char id[ID_SIZE];

	make_order(d, NULL, id);
	(void)set_status(d, id, "accepted");
	desk_crash(d);
	desk_begin(d);
	desk_fault(d, FAULT_FAIL, Q_EVENTS_BEHIND, OW_EAGAIN, 0, 0, 1);
	desk_load(d);
	ck_assert_int_eq(d->load_err, OW_EAGAIN);
	desk_load(d);
	ck_assert_int_eq(d->load_err, OW_OK);
	assert_status(d, id, "accepted");
}
END_TEST

/* Each stop of the store's may be the last: nothing is used after it went. */
START_TEST(an_end_with_everything_in_flight_frees_everything)
{
	struct asked create = create_with("k", ORDER(""));
	struct asked link = { .kind = CMD_LINK_NEW };
	struct asked other = { .kind = CMD_GET,
	    .order = "0190b6f2-0000-7000-8000-000000000001" };
	struct asked token = { .kind = CMD_TRACKING, .token = "abc" };
	struct asked list = { .kind = CMD_LIST };
	struct asking stream = { .has_since = true, .since = 1 };
	struct asking by_token = { .token = "def" };
	char id[ID_SIZE];

	make_order(d, NULL, id);
	(void)set_status(d, id, "accepted");
	(void)set_status(d, id, "preparing");
	desk_restart(d);
	link.order = id;
	token.order = by_token.order = stream.order = id;
	desk_fault(d, FAULT_HOLD, -1, 0, 0, 0, 1000);
	(void)send_status(d, id, "ready", NULL);
	(void)send_status(d, id, "picked_up", NULL);
	(void)send_status(d, id, "picked_up", "key");
	(void)desk_send(d, &create);
	(void)desk_send(d, &link);
	(void)desk_send(d, &other);
	(void)desk_send(d, &other);
	(void)desk_send(d, &token);
	(void)desk_send(d, &list);
	(void)desk_ask_only(d, &stream);
	(void)desk_ask_only(d, &by_token);
	desk_run(d, 50);
	ck_assert_uint_ge(d->n_held, 7);
}
END_TEST

/* ---- Leaving memory ---------------------------------------------------- */

START_TEST(finished_orders_leave_memory_and_their_watchers_are_told)
{
	struct asking one = { .front = 1 };
	char id[ID_SIZE];
	struct ask *a;

	make_order(d, NULL, id);
	one.order = id;
	(void)desk_ask(d, &one);
	(void)set_status(d, id, "cancelled");
	desk_run(d, 58000);
	ck_assert_ptr_nonnull(entry_of(d, id));
	ck_assert_int_eq(desk_ended(d, 1, id), 0);
	desk_run(d, 4000);
	ck_assert_ptr_null(entry_of(d, id));
	ck_assert_int_eq(desk_ended(d, 1, id), OW_END_FINISHED);
	ck_assert_int_eq(desk_ended(d, 0, id), 0);
	assert_status(d, id, "cancelled");
	a = desk_ask(d, &one);
	ck_assert_int_eq(a->err, OW_OK);
	ck_assert(a->finished);
	ck_assert_uint_eq(entry_of(d, id)->watchers, 0);
	desk_run(d, 62000);
	ck_assert_ptr_null(entry_of(d, id));
}
END_TEST

/* It would notice a breach as orders that stay although nobody reads them,
   because others that are read stand before them. */
START_TEST(polled_finished_orders_do_not_keep_others_in_memory)
{
	static char ids[1100][ID_SIZE];
	struct asked a = get;
	int i, round;

	for (i = 0; i < 1100; i++) {
		make_order(d, NULL, ids[i]);
		(void)set_status(d, ids[i], "cancelled");
	}
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 1050; i++) {
			a.order = ids[i];
			(void)desk_send(d, &a);
		}
		desk_run(d, 30000);
	}
	ck_assert_uint_le(HASH_CNT(by_id, d->o->book.by_id), 1050);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("restart");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, what_was_answered_is_there_after_a_crash);
	tcase_add_test(tc, a_flush_writes_every_row_and_then_says_so);
	tcase_add_test(tc, a_row_that_could_not_be_written_is_tried_again);
	tcase_add_test(tc,
	    more_than_a_page_of_orders_is_loaded_with_their_logs);
	tcase_add_test(tc,
	    a_broken_order_does_not_keep_the_others_from_loading);
	tcase_add_test(tc, a_load_that_fails_can_be_repeated);
	tcase_add_test(tc, an_end_with_everything_in_flight_frees_everything);
	tcase_add_test(tc,
	    finished_orders_leave_memory_and_their_watchers_are_told);
	tcase_add_test(tc, polled_finished_orders_do_not_keep_others_in_memory);
	return desk_tests("restart", tc);
}
