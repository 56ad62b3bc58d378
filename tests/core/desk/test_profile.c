/* SPDX-License-Identifier: MIT */
/*
 * Preferences, switches turned from outside, and push subscriptions.
 */
#include "desk_host.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "desk_steps.h"

static const char rules[] =
    "rules = ( { event = \"order.placed\"; template = \"note\";"
    "  channels = [ \"in_app\", \"push\" ]; });";

static struct desk *d;

static void
set_up(void)
{
	d = desk_open_rules(rules);
}

static void
tear_down(void)
{
	desk_close(&d);
}

static struct result *
put(struct desk *at, const char *body, const char *if_match)
{
	struct asked a = ann_asks(CMD_PREFS_PUT);

	a.prefs = body;
	a.if_match = if_match;
	return desk_do(at, &a);
}

/* ---- Preferences -------------------------------------------------------- */

START_TEST(the_whole_document_under_a_version)
{
	struct asking k = { .feed = OW_FEED_PERSON, .role = ROLE_CUSTOMER,
	    .sub = "ann" };
	struct result *r;
	char text[128];

	(void)desk_ask(d, &k);
	r = as_ann(d, CMD_PREFS_GET, NULL);
	ck_assert_int_eq(r->status, 200);
	ck_assert_uint_eq(r->seq, 0);
	ck_assert_str_eq(body_text(r, "version", text), "0");
	r = put(d, "{\"channels\":{\"sms\":false},\"locale\":\"de\"}", "0");
	ck_assert_int_eq(r->status, 200);
	ck_assert_uint_eq(r->seq, 1);
	ck_assert_str_eq(body_text(r, "locale", text), "de");
	ck_assert_str_eq(body_text(r, "version", text), "1");
	ck_assert_ptr_nonnull(strstr(desk_told_json(d, 0,
	    "preferences.updated", 0), "\"data\":{\"version\":1}"));
	r = put(d, "{}", "0");
	ck_assert_int_eq(r->status, 412);
	ck_assert_str_eq(r->code, "precondition_failed");
	/* In the body, when the header says nothing. */
	ck_assert_int_eq(put(d, "{\"version\":0}", NULL)->status, 412);
	ck_assert_int_eq(put(d, "{\"version\":0}", "1")->status, 200);
	ck_assert_int_eq(put(d, "{\"version\":2}", NULL)->status, 200);
	ck_assert_int_eq(put(d, "{}", NULL)->status, 200);
	desk_restart(d);
	r = as_ann(d, CMD_PREFS_GET, NULL);
	ck_assert_uint_eq(r->seq, 4);
	ck_assert_str_eq(body_text(r, "locale", text), "");
}
END_TEST

START_TEST(of_two_at_once_one_wins)
{
	struct asked a = ann_asks(CMD_PREFS_PUT);
	struct result *r[3];

	(void)put(d, "{}", NULL);
	a.if_match = "1";
	a.prefs = "{\"locale\":\"de\"}";
	r[0] = desk_send(d, &a);
	a.prefs = "{\"locale\":\"fr\"}";
	r[1] = desk_send(d, &a);
	a.if_match = NULL;		/* whatever there is */
	a.prefs = "{\"locale\":\"it\"}";
	r[2] = desk_send(d, &a);
	desk_run(d, 200);
	ck_assert_int_eq(r[0]->status, 200);
	ck_assert_int_eq(r[1]->status, 412);
	ck_assert_int_eq(r[2]->status, 200);
	ck_assert_uint_eq(as_ann(d, CMD_PREFS_GET, NULL)->seq, 3);
	ck_assert_str_eq(person_find(d->o, "cafe", "ann")->prefs->locale,
	    "it");
}
END_TEST

START_TEST(another_node_wrote_it)
{
	struct desk *other = desk_open_node(d);

	ck_assert_int_eq(put(d, "{}", "0")->status, 200);
	ck_assert_int_eq(put(other, "{}", "1")->status, 200);
	ck_assert_uint_eq(as_ann(d, CMD_PREFS_GET, NULL)->seq, 2);
	ck_assert_int_eq(put(d, "{}", "1")->status, 412);
	ck_assert_int_eq(put(other, "{}", "2")->status, 200);
	ck_assert_int_eq(put(d, "{}", "3")->status, 200);
	ck_assert_int_eq(put(other, "{}", NULL)->status, 200);
	desk_close(&other);
}
END_TEST

START_TEST(a_store_that_fails_leaves_them_as_they_were)
{
	desk_fault(d, FAULT_FAIL, Q_PREFS_INSERT, OW_EAGAIN, 0, 0, 1);
	ck_assert_int_eq(put(d, "{\"locale\":\"de\"}", NULL)->status, 503);
	ck_assert_uint_eq(as_ann(d, CMD_PREFS_GET, NULL)->seq, 0);
	desk_heal(d);
	desk_fault(d, FAULT_LIE, Q_PREFS_INSERT, OW_EIO, 0, 0, 1);
	ck_assert_int_eq(put(d, "{\"locale\":\"de\"}", NULL)->status, 503);
	ck_assert_int_eq(put(d, "{\"locale\":\"fr\"}", "1")->status, 200);
}
END_TEST

START_TEST(a_broken_document_is_the_defaults_and_can_be_replaced)
{
	struct asked a = ann_asks(CMD_PREFS_GET);

	desk_sql(d, "INSERT INTO preferences VALUES ('cafe', 'ann', 7,"
	    " '{broken')");
	ck_assert_int_eq(desk_do(d, &a)->status, 200);
	ck_assert_uint_eq(desk_do(d, &a)->seq, 7);
	ck_assert_int_eq(put(d, "{\"locale\":\"de\"}", "7")->status, 200);
}
END_TEST

/* ---- From outside ------------------------------------------------------- */

static struct result *
unsubscribe(const char *payload, const char *tenant, const char *key)
{
	struct asked a = { .kind = CMD_UNSUBSCRIBE, .tenant = tenant,
	    .key = key };
	char token[TOKEN_TEXT_SIZE];

	ck_assert_int_eq(token_make(&d->o->unsubscribe_key, payload, token),
	    OW_OK);
	a.token = token;
	return desk_do(d, &a);
}

START_TEST(a_link_turns_one_switch_off)
{
	struct asked a = { .kind = CMD_UNSUBSCRIBE, .token = "forged" };
	struct result *r;
	char token[TOKEN_TEXT_SIZE];

	r = unsubscribe("cafe\nann\nemail", NULL, NULL);
	ck_assert_int_eq(r->status, 200);
	ck_assert_str_eq(r->body,
	    "{\"unsubscribed\":\"email\",\"tenant\":\"cafe\"}");
	ck_assert(!person_find(d->o, "cafe", "ann")->prefs->media[
	    MEDIUM_EMAIL]);
	ck_assert_int_eq(unsubscribe("cafe\nann\nemail", NULL, "k")->status,
	    200);
	ck_assert_uint_eq(as_ann(d, CMD_PREFS_GET, NULL)->seq, 1);
	ck_assert_int_eq(unsubscribe("cafe\nann", NULL, NULL)->status, 401);
	ck_assert_int_eq(unsubscribe("cafe\nann\nfax", NULL, NULL)->status,
	    401);
	ck_assert_int_eq(unsubscribe("else\nann\nemail", "cafe",
	    NULL)->status, 401);
	ck_assert_int_eq(desk_do(d, &a)->status, 401);
	/* A receipt's token is for receipts. */
	ck_assert_int_eq(token_make(&d->o->receipt_key, "cafe\nann\nemail",
	    token), OW_OK);
	a.token = token;
	ck_assert_int_eq(desk_do(d, &a)->status, 401);
}
END_TEST

/* What the desk makes of it, by the letter that comes home; -1: none yet. */
static int
opt_ask(enum medium medium, bool in, struct opt *opt)
{
	*opt = (struct opt){ .outbox = &d->outbox, .tenant = "cafe",
	    .sub = "ann", .medium = medium, .in = in,
	    .why = "STOP by SMS", .err = -1 };
	d->outbox.opted = NULL;
	orders_opt(d->o, opt);
	desk_run(d, 50);
	return d->outbox.opted == opt ? opt->err : -1;
}

START_TEST(a_stop_by_sms_is_preferences_updated)
{
	struct asking k = { .feed = OW_FEED_PERSON, .role = ROLE_CUSTOMER,
	    .sub = "ann" };
	struct opt opt;

	(void)desk_ask(d, &k);
	ck_assert_int_eq(opt_ask(MEDIUM_SMS, false, &opt), OW_OK);
	ck_assert_int_eq(opt_ask(MEDIUM_SMS, false, &opt), OW_OK);
	ck_assert_ptr_nonnull(desk_told_json(d, 0, "preferences.updated", 0));
	ck_assert_ptr_null(desk_told_json(d, 0, "preferences.updated", 1));
	ck_assert_uint_eq(as_ann(d, CMD_PREFS_GET, NULL)->seq, 1);
	ck_assert_int_eq(opt_ask(MEDIUM_SMS, true, &opt), OW_OK);
	ck_assert_uint_eq(as_ann(d, CMD_PREFS_GET, NULL)->seq, 2);
	/* One that can't be done is not taken for done. */
	desk_store_state(d, false, "away");
	ck_assert_int_eq(opt_ask(MEDIUM_SMS, false, &opt), OW_EAGAIN);
	desk_store_state(d, true, "");
	desk_run(d, 3000);
	ck_assert_uint_eq(as_ann(d, CMD_PREFS_GET, NULL)->seq, 2);
}
END_TEST

/* A breach: who said no is told that this holds, and a crash before the
   commit forgets it. */
START_TEST(a_no_is_answered_when_it_is_in_the_store)
{
	struct asked a = { .kind = CMD_UNSUBSCRIBE };
	char token[TOKEN_TEXT_SIZE];
	struct result *r;
	struct opt opt;

	desk_fault(d, FAULT_HOLD, Q_PREFS_INSERT, 0, 0, 0, 1);
	ck_assert_int_eq(opt_ask(MEDIUM_SMS, false, &opt), -1);
	desk_release(d);
	desk_run(d, 50);
	ck_assert_ptr_eq(d->outbox.opted, &opt);
	ck_assert_int_eq(opt.err, OW_OK);
	/* The same by a mail's link. */
	desk_fault(d, FAULT_HOLD, Q_PREFS_UPDATE, 0, 0, 0, 1);
	ck_assert_int_eq(token_make(&d->o->unsubscribe_key,
	    "cafe\nann\nemail", token), OW_OK);
	a.token = token;
	r = desk_send(d, &a);
	desk_run(d, 50);
	ck_assert_int_eq(r->n, 0);
	desk_release(d);
	desk_run(d, 50);
	ck_assert_int_eq(r->n, 1);
	ck_assert_int_eq(r->status, 200);
}
END_TEST

/* ---- Push subscriptions ------------------------------------------------- */

static struct result *
subscribe(const char *sub, const char *endpoint, const char *key)
{
	struct asked a = { .kind = CMD_PUSH_ADD, .role = ROLE_CUSTOMER,
	    .sub = sub, .address = endpoint, .key = key };

	return desk_do(d, &a);
}

START_TEST(a_subscription_comes_and_goes)
{
	struct result *r;
	char id[128], text[128];

	r = subscribe("ann", "https://p.example/1", NULL);
	ck_assert_int_eq(r->status, 201);
	ck_assert_str_eq(body_text(r, "channel", text), "webpush");
	ck_assert_ptr_null(strstr(r->body, "p.example"));
	(void)body_text(r, "id", id);
	/* Again: the same one. */
	r = subscribe("ann", "https://p.example/1", NULL);
	ck_assert_int_eq(r->status, 200);
	ck_assert_str_eq(body_text(r, "id", text), id);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM addresses"),
	    1);
	ck_assert_int_eq(as_ann(d, CMD_PUSH_REMOVE, id)->status, 204);
	ck_assert_uint_eq(person_find(d->o, "cafe", "ann")->n_addresses, 0);
	ck_assert_int_eq(as_ann(d, CMD_PUSH_REMOVE, id)->status, 404);
	ck_assert_int_eq(as_ann(d, CMD_PUSH_REMOVE, "none")->status, 404);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM addresses"),
	    0);
}
END_TEST

/* It would notice a push for one customer in another one's browser. */
START_TEST(a_browser_that_changed_hands_is_its_new_owner_s)
{
	char id[ID_SIZE];

	(void)subscribe("ann", "https://p.example/1", NULL);
	desk_sql(d, "INSERT INTO off SELECT tenant, kind, hash, 1, 'gone'"
	    " FROM addresses");
	ck_assert_int_eq(subscribe("bob", "https://p.example/1",
	    NULL)->status, 201);
	ck_assert_uint_eq(person_find(d->o, "cafe", "ann")->n_addresses, 0);
	ck_assert_uint_eq(person_find(d->o, "cafe", "bob")->n_addresses, 1);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM addresses"
	    " WHERE sub = 'bob'"), 1);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM off"), 0);
	make_order(d, NULL, id);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM jobs"), 0);
}
END_TEST

START_TEST(one_too_many_replaces_the_oldest)
{
	char endpoint[64];
	struct person *p;
	int i;

	for (i = 0; i < 5; i++) {
		(void)snprintf(endpoint, sizeof(endpoint),
		    "https://p.example/%d", i);
		ck_assert_int_eq(subscribe("ann", endpoint, NULL)->status,
		    201);
	}
	p = person_find(d->o, "cafe", "ann");
	ck_assert_uint_eq(p->n_addresses, 3);
	ck_assert_str_eq(p->addresses[0].address, "https://p.example/2");
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM addresses"),
	    3);
	desk_restart(d);
	ck_assert_int_eq(subscribe("ann", "https://p.example/2",
	    NULL)->status, 200);
}
END_TEST

/* A breach: each of them drops the same one, and there are too many. */
START_TEST(two_at_once_at_the_limit_are_one_in_and_one_out)
{
	struct asked a = { .kind = CMD_PUSH_ADD, .role = ROLE_CUSTOMER,
	    .sub = "ann" };
	static const char *const more[] = { "https://p.example/3",
	    "https://p.example/4", "https://p.example/5" };
	struct result *r[3];
	struct person *p;
	int i;

	for (i = 0; i < 2 + _i; i++) {
		a.address = i == 0 ? "https://p.example/0" : i == 1 ?
		    "https://p.example/1" : "https://p.example/2";
		ck_assert_int_eq(desk_do(d, &a)->status, 201);
	}
	for (i = 0; i < 3; i++) {
		a.address = more[i];
		r[i] = desk_send(d, &a);
	}
	desk_run(d, 200);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(r[i]->status, 201);
	p = person_find(d->o, "cafe", "ann");
	ck_assert_uint_eq(p->n_addresses, 3);
	for (i = 0; i < 3; i++)
		ck_assert_str_eq(p->addresses[i].address, more[i]);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM addresses"),
	    3);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM addresses"
	    " WHERE address >= 'https://p.example/3'"), 3);
}
END_TEST

START_TEST(a_key_makes_one_subscription)
{
	struct result *r = subscribe("ann", "https://p.example/1", "k");
	struct result *again = subscribe("ann", "https://p.example/1", "k");

	ck_assert_int_eq(again->status, 201);
	ck_assert_str_eq(r->body, again->body);
	desk_fault(d, FAULT_FAIL, Q_ADDRESS_PUT, OW_EAGAIN, 0, 0, 1);
	ck_assert_int_eq(subscribe("ann", "https://p.example/2",
	    "k2")->status, 503);
	ck_assert_int_eq(subscribe("ann", "https://p.example/2",
	    "k2")->status, 201);
	assert_at_rest(d);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("profile");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, the_whole_document_under_a_version);
	tcase_add_test(tc, of_two_at_once_one_wins);
	tcase_add_test(tc, another_node_wrote_it);
	tcase_add_test(tc, a_store_that_fails_leaves_them_as_they_were);
	tcase_add_test(tc,
	    a_broken_document_is_the_defaults_and_can_be_replaced);
	tcase_add_test(tc, a_link_turns_one_switch_off);
	tcase_add_test(tc, a_stop_by_sms_is_preferences_updated);
	tcase_add_test(tc, a_no_is_answered_when_it_is_in_the_store);
	tcase_add_test(tc, a_subscription_comes_and_goes);
	tcase_add_test(tc, a_browser_that_changed_hands_is_its_new_owner_s);
	tcase_add_test(tc, one_too_many_replaces_the_oldest);
	tcase_add_loop_test(tc,
	    two_at_once_at_the_limit_are_one_in_and_one_out, 0, 2);
	tcase_add_test(tc, a_key_makes_one_subscription);
	return desk_tests("profile", tc);
}
