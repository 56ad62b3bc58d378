/* SPDX-License-Identifier: MIT */
/*
 * Idempotency-Key: what is asked again is answered again, and done once.
 */
#include "desk_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
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

START_TEST(the_same_create_again_gives_the_same_answer_and_token)
{
	struct asked a = create_with("k", ORDER(""));
	char *first, token[128], text[256];
	struct result *r;

	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 201);
	ck_assert_uint_eq(r->seq, 1);
	first = mem_dup(r->body);
	(void)body_text(r, "tracking.token", token);
	ck_assert_uint_eq(strlen(token), LINK_TOKEN_SIZE - 1);
	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 201);
	ck_assert_str_eq(r->body, first);
	desk_restart(d);
	r = desk_do(d, &a);
	ck_assert_str_eq(r->body, first);
	ck_assert_uint_eq(r->seq, 1);
	ck_assert_str_eq(body_text(r, "tracking.token", text), token);
	ck_assert_int_eq(desk_sql_int(d, "SELECT count(*) FROM orders"), 1);
	(void)snprintf(text, sizeof(text), "SELECT count(*) FROM idempotency"
	    " WHERE body LIKE '%%%s%%'", token);
	ck_assert_int_eq(desk_sql_int(d, text), 0);
	free(first);
	assert_at_rest(d);
}
END_TEST

START_TEST(a_key_with_another_body_is_422)
{
	struct asked a = create_with("k", ORDER(""));
	struct asked b = create_with("k", ORDER("\"number\":\"7\","));
	struct result *r;

	ck_assert_int_eq(desk_do(d, &a)->status, 201);
	r = desk_do(d, &b);
	ck_assert_int_eq(r->status, 422);
	ck_assert_str_eq(r->code, "idempotency_key_reused");
	ck_assert_int_eq(desk_do(d, &a)->status, 201);
	ck_assert_int_eq(desk_sql_int(d, "SELECT count(*) FROM orders"), 1);
}
END_TEST

START_TEST(a_key_in_flight_is_409_and_free_afterwards)
{
	struct asked a = create_with("k", ORDER(""));
	struct result *first, *second;

	desk_fault(d, FAULT_HOLD, -1, 0, 0, 0, 1);
	first = desk_send(d, &a);
	desk_run(d, 10);
	second = desk_do(d, &a);
	ck_assert_int_eq(second->status, 409);
	ck_assert_str_eq(second->code, "idempotency_in_flight");
	ck_assert_int_eq(first->n, 0);
	desk_release(d);
	ck_assert_int_eq(first->status, 201);
	second = desk_do(d, &a);
	ck_assert_str_eq(second->body, first->body);
	assert_at_rest(d);
}
END_TEST

START_TEST(a_key_is_forgotten_after_24_hours)
{
	struct asked a = create_with("k", ORDER(""));
	struct result *first = desk_do(d, &a), *second;
	char one[128], two[128];

	/* Not by the purge: the row is there and too old. */
	desk_sql(d, "UPDATE idempotency SET at_ms = at_ms - 86400001");
	second = desk_do(d, &a);
	ck_assert_int_eq(second->status, 201);
	ck_assert_str_ne(body_text(first, "order.id", one),
	    body_text(second, "order.id", two));
	desk_run(d, REPEAT_TTL_MS + 700 * 1000);
	ck_assert_int_eq(desk_sql_int(d, "SELECT count(*) FROM idempotency"),
	    0);
	assert_at_rest(d);
}
END_TEST

START_TEST(a_link_asked_for_with_a_forgotten_key_is_one_whole_answer)
{
	struct asked a = { .kind = CMD_LINK_NEW, .key = "k" };
	char id[ID_SIZE], one[128], two[128];
	struct result *r;

	make_order(d, NULL, id);
	a.order = id;
	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 201);
	(void)body_text(r, "token", one);
	ck_assert_str_eq(body_text(desk_do(d, &a), "token", two), one);
	desk_sql(d, "UPDATE idempotency SET at_ms = at_ms - 86400001");
	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 201);
	ck_assert_str_ne(body_text(r, "token", two), one);
	assert_at_rest(d);
}
END_TEST

START_TEST(a_refusal_is_given_again_although_the_order_moved_on)
{
	char id[ID_SIZE];
	struct result *r;

	make_order(d, NULL, id);
	r = send_status(d, id, "ready", "k");
	desk_run(d, 20);
	ck_assert_int_eq(r->status, 409);
	(void)set_status(d, id, "accepted");
	(void)set_status(d, id, "preparing");
	r = send_status(d, id, "ready", "k");
	desk_run(d, 20);
	ck_assert_int_eq(r->status, 409);
	ck_assert_str_eq(r->code, "illegal_transition");
	ck_assert_ptr_nonnull(strstr(r->detail, "placed"));
	assert_at_rest(d);
}
END_TEST

START_TEST(a_repeated_change_is_not_done_twice)
{
	char id[ID_SIZE];
	struct result *r;

	make_order(d, NULL, id);
	r = send_status(d, id, "accepted", "k");
	desk_run(d, 20);
	ck_assert_uint_eq(r->seq, 2);
	(void)set_status(d, id, "preparing");
	r = send_status(d, id, "accepted", "k");
	desk_run(d, 20);
	ck_assert_int_eq(r->status, 200);
	ck_assert_uint_eq(r->seq, 2);
	assert_status(d, id, "preparing");
	assert_at_rest(d);
}
END_TEST

START_TEST(keys_of_tenants_and_subjects_are_their_own)
{
	struct asked a = create_with("k", ORDER(""));

	ck_assert_int_eq(desk_do(d, &a)->status, 201);
	a.sub = "other";
	ck_assert_int_eq(desk_do(d, &a)->status, 201);
	a.tenant = "pub";
	ck_assert_int_eq(desk_do(d, &a)->status, 201);
	ck_assert_int_eq(desk_sql_int(d, "SELECT count(*) FROM orders"), 3);
}
END_TEST

START_TEST(a_key_and_another_writer_end_in_one_change)
{
	char id[ID_SIZE];
	struct result *r;

	make_order(d, NULL, id);
	append_behind(d, id, 2, "placed", "accepted");
	r = send_status(d, id, "ready", "k");
	desk_run(d, 20);
	ck_assert_int_eq(r->status, 409);	/* decided on what was known */
	r = send_status(d, id, "accepted", "k2");
	desk_run(d, 20);
	ck_assert_int_eq(r->status, 200);
	ck_assert_uint_eq(r->seq, 2);
	r = send_status(d, id, "accepted", "k2");
	desk_run(d, 20);
	ck_assert_uint_eq(r->seq, 2);
	ck_assert_int_eq(desk_sql_int(d, "SELECT count(*) FROM events"), 2);
	assert_at_rest(d);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("repeat");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc,
	    the_same_create_again_gives_the_same_answer_and_token);
	tcase_add_test(tc, a_key_with_another_body_is_422);
	tcase_add_test(tc, a_key_in_flight_is_409_and_free_afterwards);
	tcase_add_test(tc, a_key_is_forgotten_after_24_hours);
	tcase_add_test(tc,
	    a_link_asked_for_with_a_forgotten_key_is_one_whole_answer);
	tcase_add_test(tc,
	    a_refusal_is_given_again_although_the_order_moved_on);
	tcase_add_test(tc, a_repeated_change_is_not_done_twice);
	tcase_add_test(tc, keys_of_tenants_and_subjects_are_their_own);
	tcase_add_test(tc, a_key_and_another_writer_end_in_one_change);
	return desk_tests("repeat", tc);
}
