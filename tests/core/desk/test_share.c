/* SPDX-License-Identifier: MIT */
/*
 * Tracking links and tickets: whom they let in, where, and until when.
 */
#include "desk_host.h"

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
make_link(const char *order, const char *key, char id[128], char token[128])
{
	struct asked a = { .kind = CMD_LINK_NEW, .order = order, .key = key,
	    .expires_in_ms = 3600000 };
	struct result *r = desk_do(d, &a);

	ck_assert_int_eq(r->status, 201);
	(void)body_text(r, "id", id);
	(void)body_text(r, "token", token);
}

START_TEST(a_link_shows_its_order_and_nothing_else)
{
	struct asked a = { .kind = CMD_TRACKING };
	char id[ID_SIZE], other[ID_SIZE], link[128], token[128];

	make_order(d, NULL, id);
	make_order(d, NULL, other);
	make_link(id, NULL, link, token);
	a.token = token;
	a.order = id;
	ck_assert_int_eq(desk_do(d, &a)->status, 200);
	a.order = other;
	ck_assert_int_eq(desk_do(d, &a)->status, 404);
	a.order = id;
	a.tenant = "pub";
	ck_assert_int_eq(desk_do(d, &a)->status, 403);
	a.tenant = NULL;
	a.kind = CMD_EVENTS;
	ck_assert_int_eq(desk_do(d, &a)->status, 200);
	a.kind = CMD_GET;
	ck_assert_int_eq(desk_do(d, &a)->status, 403);
	a.kind = CMD_LIST;
	ck_assert_int_eq(desk_do(d, &a)->status, 403);
	a.kind = CMD_LINK_NEW;
	ck_assert_int_eq(desk_do(d, &a)->status, 403);
	a.kind = CMD_CHANGE;
	a.intent = INTENT_STATUS;
	a.body = "{\"status\":\"accepted\"}";
	ck_assert_int_eq(desk_do(d, &a)->status, 403);
	a.token = "made up";
	ck_assert_int_eq(desk_do(d, &a)->status, 401);
	desk_restart(d);
	a.kind = CMD_TRACKING;
	a.token = token;
	ck_assert_int_eq(desk_do(d, &a)->status, 200);
	ck_assert_int_eq(desk_do(d, &a)->status, 200);
	ck_assert_uint_eq(d->executed[Q_LINK_BY_HASH], 2);
	desk_run(d, 3600000);
	ck_assert_int_eq(desk_do(d, &a)->status, 401);
}
END_TEST

START_TEST(a_revoked_link_is_no_good_and_its_streams_end)
{
	struct asking k = { 0 };
	struct asked revoke = { .kind = CMD_LINK_REVOKE };
	struct asked look = { .kind = CMD_TRACKING };
	char id[ID_SIZE], link[128], token[128];
	struct ask *a;

	make_order(d, NULL, id);
	make_link(id, NULL, link, token);
	k.order = look.order = revoke.order = id;
	k.token = look.token = token;
	revoke.link = link;
	a = desk_ask(d, &k);
	ck_assert_int_eq(a->err, OW_OK);
	ck_assert_str_eq(a->seen_as->sub, link);
	revoke.role = ROLE_CUSTOMER;
	revoke.sub = "bob";
	ck_assert_int_eq(desk_do(d, &revoke)->status, 404);
	revoke.sub = "ann";
	ck_assert_int_eq(desk_do(d, &revoke)->status, 204);
	ck_assert_int_eq(desk_ended(d, 0, id), OW_END_FORBIDDEN);
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_EINVAL);
	ck_assert_int_eq(desk_do(d, &look)->status, 401);
	desk_restart(d);
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_EINVAL);
	ck_assert_int_eq(desk_do(d, &look)->status, 401);
	revoke.link = "0190b6f2-0000-7000-8000-000000000001";
	ck_assert_int_eq(desk_do(d, &revoke)->status, 404);
	k.token = "made up";
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_EINVAL);
}
END_TEST

/* What was read before the link was revoked must not undo it. */
START_TEST(a_link_that_is_being_read_while_it_is_revoked_stays_revoked)
{
	struct asked revoke = { .kind = CMD_LINK_REVOKE };
	struct asked look = { .kind = CMD_TRACKING };
	char id[ID_SIZE], link[128], token[128], hash[SHA256_HEX_SIZE];

	make_order(d, NULL, id);
	make_link(id, NULL, link, token);
	desk_restart(d);
	look.order = revoke.order = id;
	look.token = token;
	revoke.link = link;
	ck_assert_int_eq(desk_do(d, &revoke)->status, 204);
	link_hash(token, hash);		/* as an answer that comes late */
	(void)links_keep(&d->o->links, hash, link, "cafe", id,
	    T0 + 3600000, false);
	ck_assert_int_eq(desk_do(d, &look)->status, 401);
}
END_TEST

/* The order has to be read from the store, and meanwhile the link ends. */
START_TEST(a_stream_that_waits_while_its_link_is_revoked_does_not_open)
{
	struct asking k = { .has_since = true };
	struct asked revoke = { .kind = CMD_LINK_REVOKE };
	char id[ID_SIZE], link[128], token[128];
	struct ask *a;

	make_order(d, NULL, id);
	make_link(id, NULL, link, token);
	(void)set_status(d, id, "accepted");
	desk_restart(d);
	k.order = revoke.order = id;
	k.token = token;
	revoke.link = link;
	desk_fault(d, FAULT_HOLD, Q_EVENTS_SINCE, 0, 0, 0, 1);
	a = desk_ask_only(d, &k);
	desk_run(d, 20);
	ck_assert_int_eq(desk_do(d, &revoke)->status, 204);
	ck_assert(!desk_is_answered(d, a));
	desk_release(d);
	ck_assert(desk_is_answered(d, a));
	ck_assert_int_eq(a->err, OW_EINVAL);
	ck_assert_uint_eq(entry_of(d, id)->watchers, 0);
}
END_TEST

START_TEST(a_ticket_opens_one_stream_on_its_path)
{
	struct asked t = { .kind = CMD_TICKET, .role = ROLE_CUSTOMER,
	    .sub = "ann", .path = "/sse/x", .key = "k" };
	struct asking k = { .path = "/sse/x" };
	char id[ID_SIZE], ticket[128], again[128];
	struct result *r;

	make_order(d, NULL, id);
	k.order = id;
	r = desk_do(d, &t);
	ck_assert_int_eq(r->status, 201);
	k.ticket = body_text(r, "ticket", ticket);
	ck_assert_str_eq(body_text(desk_do(d, &t), "ticket", again), ticket);
	k.path = "/sse/y";
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_EINVAL);
	k.path = "/sse/x";
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_OK);
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_EINVAL);
	k.ticket = body_text(desk_do(d, &t), "ticket", ticket);
	desk_run(d, 30000);
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_EINVAL);
	t.key = "k2";
	ck_assert_int_eq(desk_do(d, &t)->status, 201);
	t.path = "/sse/z";
	t.hash = "another";
	r = desk_do(d, &t);
	ck_assert_int_eq(r->status, 422);
	ck_assert_str_eq(r->code, "idempotency_key_reused");
}
END_TEST

START_TEST(a_ticket_made_with_a_link_ends_with_the_link)
{
	struct asked t = { .kind = CMD_TICKET, .path = "/sse/x" };
	struct asked revoke = { .kind = CMD_LINK_REVOKE };
	struct asking k = { .path = "/sse/x" };
	char id[ID_SIZE], link[128], token[128], one[128], two[128];

	make_order(d, NULL, id);
	make_link(id, NULL, link, token);
	k.order = revoke.order = id;
	t.token = token;
	revoke.link = link;
	(void)body_text(desk_do(d, &t), "ticket", one);
	(void)body_text(desk_do(d, &t), "ticket", two);
	k.ticket = one;
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_OK);
	ck_assert_int_eq(desk_do(d, &revoke)->status, 204);
	k.ticket = two;
	ck_assert_int_eq(desk_ask(d, &k)->err, OW_EINVAL);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("share");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_link_shows_its_order_and_nothing_else);
	tcase_add_test(tc, a_revoked_link_is_no_good_and_its_streams_end);
	tcase_add_test(tc,
	    a_link_that_is_being_read_while_it_is_revoked_stays_revoked);
	tcase_add_test(tc,
	    a_stream_that_waits_while_its_link_is_revoked_does_not_open);
	tcase_add_test(tc, a_ticket_opens_one_stream_on_its_path);
	tcase_add_test(tc, a_ticket_made_with_a_link_ends_with_the_link);
	return desk_tests("share", tc);
}
