/* SPDX-License-Identifier: MIT */
/*
 * Notices and jobs: what an order's change makes of them, in its own
 * transaction, and why not.
 */
#include "desk_host.h"

#include <stdio.h>
#include <string.h>

#include "desk_steps.h"

#define CONTACT "\"contact\":{\"name\":\"Ann\",\"email\":\"Ann@Example.org\"," \
	"\"phone\":\"+4930123456\",\"timezone\":\"Europe/Berlin\"},"

static const char rules[] =
    "rules = ("
    "{ event = \"order.accepted\"; template = \"note\";"
    "  channels = [ \"in_app\", \"push\", \"sms after 2m\" ];"
    "  ttl = \"30m\"; group = \"order\"; },"
    "{ event = \"order.preparing\"; template = \"note\";"
    "  channels = [ \"in_app\" ]; },"
    "{ event = \"order.ready\"; template = \"note\";"
    "  channels = [ \"in_app\", \"sms\", \"email always\" ]; },"
    "{ event = \"order.cancelled\"; template = \"note\";"
    "  channels = [ \"in_app\", \"email\" ]; critical = true;"
    "  ttl = \"12h\"; },"
    "{ event = \"order.placed\"; audience = \"platform\";"
    "  template = \"note\"; channels = [ \"webhook\" ]; });";

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

static void
subscribe(const char *endpoint)
{
	struct asked a = ann_asks(CMD_PUSH_ADD);

	a.address = endpoint;
	ck_assert_int_eq(desk_do(d, &a)->status, 201);
}

static void
prefer(const char *body)
{
	struct asked a = ann_asks(CMD_PREFS_PUT);

	a.prefs = body;
	ck_assert_int_eq(desk_do(d, &a)->status, 200);
}

static int64_t
jobs(const char *where)
{
	char sql[512];

	(void)snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM jobs WHERE %s",
	    where);
	return desk_sql_int(d, sql);
}

/* Reasons of the only notice of this topic that contain the words. */
static int64_t
reasons(const char *topic, const char *words)
{
	char sql[512];

	(void)snprintf(sql, sizeof(sql), "SELECT COUNT(*) FROM notices n,"
	    " json_each(n.why) w WHERE n.topic = '%s' AND w.value LIKE"
	    " '%%%s%%'", topic, words);
	return desk_sql_int(d, sql);
}

/* ---- Made --------------------------------------------------------------- */

/* It would notice a notice that its event is without, or a job too many. */
START_TEST(a_change_makes_its_notice_message_and_jobs)
{
	struct asking k = { .feed = OW_FEED_PERSON, .role = ROLE_CUSTOMER,
	    .sub = "ann" };
	const char *told;
	char id[ID_SIZE];

	subscribe("https://a.example/1");
	subscribe("https://a.example/2");
	(void)desk_ask(d, &k);
	make_order(d, "\"number\":\"A7\"," CONTACT, id);
	ck_assert_int_eq(jobs("1 = 1"), 0);
	ck_assert_int_eq(set_status(d, id, "accepted")->status, 200);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM notices WHERE"
	    " sub = 'ann' AND topic = 'order.accepted' AND inbox = 1 AND"
	    " seen_ms = 0 AND title = 'Order A7 is accepted' AND text ="
	    " '1 x Tea (why not)'"), 1);
	ck_assert_int_eq(jobs("medium = 'push' AND kind = 'webpush' AND"
	    " due_ms = at_ms AND stale_ms = at_ms + 1800000 AND only_unseen"
	    " = 1 AND grp = order_id AND locale = 'en'"), 2);
	ck_assert_int_eq(jobs("medium = 'sms' AND address = '+4930123456' AND"
	    " due_ms = at_ms + 120000"), 1);
	ck_assert_int_eq(jobs("1 = 1"), 3);
	ck_assert_int_eq(d->outbox.woken_ms, loop_wall_ms(d->loop) - 20);
	told = desk_told_json(d, 0, "notification.new", 0);
	ck_assert_ptr_nonnull(told);
	ck_assert_ptr_nonnull(strstr(told, "\"seq\":1,"));
	ck_assert_ptr_nonnull(strstr(told, "\"type\":\"order.accepted\""));
	ck_assert_ptr_nonnull(strstr(told, "\"unread_count\":1}"));
	assert_count(d, 1);
	/* The order's own streams have nothing of it. */
	ck_assert_uint_eq(desk_told(d, 0, id), 0);
}
END_TEST

START_TEST(variables_have_everything_a_template_may_name)
{
	char id[ID_SIZE];
	uint32_t i;
	char sql[256];

	make_order(d, "\"promised_at\":\"2025-11-22T10:30:00Z\"," CONTACT, id);
	(void)set_status(d, id, "accepted");
	for (i = 0; render_variables[i] != NULL; i++) {
		(void)snprintf(sql, sizeof(sql), "SELECT json_type(vars,"
		    " '$.%s') = 'text' FROM notices WHERE sub = 'ann'",
		    render_variables[i]);
		ck_assert_msg(desk_sql_int(d, sql) == 1, "%s",
		    render_variables[i]);
	}
	ck_assert_int_eq(desk_sql_int(d, "SELECT json_extract(vars, '$.seq')"
	    " = '2' AND json_extract(vars, '$.promised') = '11:30' AND"
	    " json_extract(vars, '$.delivery') = '' AND"
	    " json_extract(vars, '$.url') LIKE"
	    " 'https://t.example/orders/%/track' FROM notices"
	    " WHERE sub = 'ann'"), 1);
}
END_TEST

START_TEST(who_says_no_clock_has_the_servers)
{
	char id[ID_SIZE];

	d->set.notify.timezone = "Asia/Tokyo";
	make_order(d, "\"promised_at\":\"2025-11-22T10:30:00Z\",", id);
	(void)set_status(d, id, "accepted");
	ck_assert_int_eq(desk_sql_int(d, "SELECT json_extract(vars,"
	    " '$.promised') = '19:30' FROM notices WHERE sub = 'ann'"), 1);
}
END_TEST

/* "About 0 minutes to go" would breach it, and "1 minutes". */
START_TEST(minutes_are_said_where_they_are_two_or_more)
{
	static const struct {
		const char *body, *minutes;
	} rows[] = {
		{ "{\"ready_in_s\":0}", "" }, { "{\"ready_in_s\":50}", "" },
		{ "{\"ready_in_s\":90}", "2" },
		{ "{\"ready_in_s\":600}", "10" },
	};
	struct asked a = { .kind = CMD_CHANGE, .intent = INTENT_ETA,
	    .role = ROLE_KITCHEN };
	char id[ID_SIZE], sql[256];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		make_order(d, NULL, id);
		a.order = id;
		a.body = rows[i].body;
		ck_assert_int_eq(desk_do(d, &a)->status, 200);
		(void)set_status(d, id, "accepted");
		(void)snprintf(sql, sizeof(sql), "SELECT"
		    " json_extract(vars, '$.eta_minutes') = '%s'"
		    " FROM notices WHERE sub = 'ann' AND order_id = '%s'",
		    rows[i].minutes, id);
		ck_assert_msg(desk_sql_int(d, sql) == 1, "%s", rows[i].body);
	}
}
END_TEST

START_TEST(words_know_whether_it_is_brought)
{
	struct asked a = create_with(NULL, "{\"customer_id\":\"ann\","
	    "\"fulfilment\":\"delivery\",\"items\":[{\"name\":\"Tea\","
	    "\"quantity\":1}],\"dropoff\":{\"address\":\"x\"}}");
	struct result *r = desk_do(d, &a);
	char id[ID_SIZE], text[128];

	ck_assert_int_eq(r->status, 201);
	memcpy(id, body_text(r, "order.id", text), ID_SIZE);
	(void)set_status(d, id, "accepted");
	ck_assert_int_eq(desk_sql_int(d, "SELECT json_extract(vars,"
	    " '$.delivery') = 'yes' FROM notices WHERE sub = 'ann'"), 1);
}
END_TEST

START_TEST(the_platform_gets_a_job_and_nobody_an_inbox)
{
	char id[ID_SIZE];

	d->outbox.own_texts[0] = (struct own_address){ "*", "webhook",
	    "hook-p", { .text = "https://p.example/hook", .identity = "p" } };
	d->outbox.own_texts[1] = (struct own_address){ "other", "webhook",
	    "hook-o", { .text = "https://o.example/hook", .identity = "o" } };
	d->outbox.own[0] = &d->outbox.own_texts[0];
	d->outbox.own[1] = &d->outbox.own_texts[1];
	d->outbox.n_own = 2;
	make_order(d, NULL, id);
	ck_assert_int_eq(jobs("kind = 'webhook' AND sub = '' AND address ="
	    " 'https://p.example/hook' AND only_unseen = 0"), 1);
	ck_assert_int_eq(jobs("1 = 1"), 1);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM notices WHERE"
	    " sub = '' AND inbox = 0"), 1);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM person_log"),
	    0);
	/* Nobody's person was read for that. */
	ck_assert_uint_eq(d->executed[Q_PERSON_STATE], 0);
}
END_TEST

/* ---- Not made, and why -------------------------------------------------- */

START_TEST(who_watches_is_not_texted_and_has_seen_it)
{
	struct asking k = { .role = ROLE_CUSTOMER, .sub = "ann" };
	char id[ID_SIZE];

	subscribe("https://a.example/1");
	make_order(d, CONTACT, id);
	k.order = id;
	(void)desk_ask(d, &k);
	orders_presence(d->o, &d->fronts[0], id, true);
	(void)set_status(d, id, "accepted");
	ck_assert_int_eq(jobs("1 = 1"), 0);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM notices WHERE"
	    " seen_ms = at_ms AND seen_how = 'watched live' AND inbox = 1 AND"
	    " read_ms = 0"), 1);
	ck_assert_int_eq(reasons("order.accepted", "watching"), 2);
	/* What says always goes all the same; once, to one address. */
	(void)set_status(d, id, "preparing");
	(void)set_status(d, id, "ready");
	ck_assert_int_eq(jobs("medium = 'email' AND only_unseen = 0"), 1);
	ck_assert_int_eq(reasons("order.ready", "watching"), 1);
	/* Gone: as if nobody had been there. */
	orders_presence(d->o, &d->fronts[0], id, false);
	(void)set_status(d, id, "preparing");
	ck_assert_int_eq(desk_sql_int(d, "SELECT seen_ms FROM notices ORDER BY"
	    " id DESC LIMIT 1"), 0);
}
END_TEST

START_TEST(a_kitchen_that_watches_is_nobody)
{
	struct asking k = { 0 };
	char id[ID_SIZE];

	make_order(d, CONTACT, id);
	k.order = id;
	(void)desk_ask(d, &k);
	(void)set_status(d, id, "accepted");
	ck_assert_int_eq(desk_sql_int(d, "SELECT seen_ms FROM notices"), 0);
	ck_assert_int_eq(jobs("medium = 'sms'"), 1);
	orders_unwatch(d->o, &d->fronts[0], id);
	/* A word of a front about what is not there. */
	orders_presence(d->o, &d->fronts[0], "no such order", true);
	desk_run(d, 20);
}
END_TEST

START_TEST(preferences_are_obeyed_and_told)
{
	char id[ID_SIZE];

	prefer("{\"channels\":{\"sms\":false,\"in_app\":false}}");
	make_order(d, CONTACT, id);
	(void)set_status(d, id, "accepted");
	ck_assert_int_eq(jobs("1 = 1"), 0);
	ck_assert_int_eq(reasons("order.accepted", "sms is off"), 1);
	ck_assert_int_eq(reasons("order.accepted", "in_app"), 1);
	ck_assert_int_eq(reasons("order.accepted", "no address"), 1);
	ck_assert_int_eq(desk_sql_int(d, "SELECT inbox FROM notices"), 0);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM person_log"
	    " WHERE type = 'notification.new'"), 0);
	/* Their own address is better than the order's. */
	prefer("{\"channels\":{\"sms\":true,\"in_app\":true},\"contact\":"
	    "{\"email\":\"x@y.example\"},\"quiet_hours\":{\"from\":\"10:00\","
	    "\"to\":\"12:00\",\"timezone\":\"Europe/Berlin\"}}");
	(void)set_status(d, id, "cancelled");
	ck_assert_int_eq(jobs("address = 'x@y.example' AND due_ms = at_ms"),
	    1);
}
END_TEST

/* 10:00 UTC is 11:00 in Berlin. */
START_TEST(quiet_hours_put_off_or_it_is_stale_by_then)
{
	char id[ID_SIZE], sql[128];

	subscribe("https://a.example/1");
	prefer("{\"quiet_hours\":{\"from\":\"10:00\",\"to\":\"11:10\","
	    "\"timezone\":\"Europe/Berlin\"}}");
	make_order(d, CONTACT, id);
	(void)set_status(d, id, "accepted");
	(void)snprintf(sql, sizeof(sql), "medium = 'push' AND due_ms = %lld",
	    (long long)T0 + 600000);
	ck_assert_int_eq(jobs(sql), 1);
	ck_assert_int_eq(reasons("order.accepted", "later"), 1);
	prefer("{\"quiet_hours\":{\"from\":\"10:00\",\"to\":\"09:00\","
	    "\"timezone\":\"Europe/Berlin\"}}");
	make_order(d, CONTACT, id);
	(void)set_status(d, id, "accepted");
	ck_assert_int_eq(jobs("medium = 'push'"), 1);
	ck_assert_int_eq(reasons("order.accepted", "skip"), 1);
	/* What is due later is asked about again when it is. */
	ck_assert_int_eq(jobs("medium = 'sms' AND due_ms = at_ms + 120000"),
	    2);
}
END_TEST

START_TEST(odd_addresses_are_reasons_and_no_failures)
{
	char id[ID_SIZE];

	make_order(d, "\"contact\":{\"email\":\"a@-b.c\","
	    "\"phone\":\"+4912345\",\"locale\":\"tlh\","
	    "\"timezone\":\"Mars/Olympus\"},"
	    "\"promised_at\":\"2025-11-22T10:30:00Z\",", id);
	ck_assert_int_eq(set_status(d, id, "accepted")->status, 200);
	ck_assert_int_eq(set_status(d, id, "preparing")->status, 200);
	ck_assert_int_eq(set_status(d, id, "ready")->status, 200);
	ck_assert_int_eq(jobs("1 = 1"), 0);
	ck_assert_int_eq(reasons("order.accepted", "phone number is none"),
	    1);
	ck_assert_int_eq(reasons("order.ready", "e-mail address is none"),
	    1);
	assert_count(d, 3);
}
END_TEST

START_TEST(without_channels_there_are_notices_all_the_same)
{
	char id[ID_SIZE];

	d->outbox.kinds = "";
	make_order(d, CONTACT, id);
	(void)set_status(d, id, "accepted");
	ck_assert_int_eq(reasons("order.accepted", "no channel"), 2);
	d->o->outbox = NULL;
	(void)set_status(d, id, "preparing");
	(void)set_status(d, id, "ready");
	ck_assert_int_eq(jobs("1 = 1"), 0);
	assert_count(d, 3);
}
END_TEST

/* ---- One transaction ---------------------------------------------------- */

START_TEST(a_change_that_fails_leaves_no_notice)
{
	char id[ID_SIZE];

	make_order(d, CONTACT, id);
	desk_fault(d, FAULT_FAIL, Q_EVENT_APPEND, OW_EAGAIN, 0, 0, 1);
	ck_assert_int_eq(set_status(d, id, "accepted")->status, 503);
	assert_count(d, 0);
	ck_assert_int_eq(jobs("1 = 1"), 0);
	/* The person can't be read: neither can the change be. */
	desk_fault(d, FAULT_FAIL, Q_PERSON_STATE, OW_EAGAIN, 0, 0, 1);
	ck_assert_int_eq(set_status(d, id, "accepted")->status, 503);
	ck_assert_int_eq(set_status(d, id, "accepted")->status, 200);
	assert_count(d, 1);
	assert_at_rest(d);
}
END_TEST

START_TEST(changes_wait_their_turn_while_the_customer_is_read)
{
	char id[ID_SIZE];
	struct result *a, *b;

	make_order(d, CONTACT, id);
	desk_fault(d, FAULT_HOLD, Q_PERSON_STATE, 0, 0, 0, 1);
	a = send_status(d, id, "accepted", NULL);
	b = send_status(d, id, "preparing", NULL);
	desk_run(d, 20);
	ck_assert_int_eq(a->n + b->n, 0);
	ck_assert(entry_of(d, id)->busy);
	desk_release(d);
	ck_assert_int_eq(a->status, 200);
	ck_assert_int_eq(b->status, 200);
	ck_assert_uint_eq(a->seq + 1, b->seq);
	assert_count(d, 2);
	assert_at_rest(d);
}
END_TEST

/* It would notice changes of one customer that wait for each other: none is
   answered before all are on their way. */
START_TEST(orders_of_one_customer_do_not_wait_for_each_other)
{
	static char id[40][ID_SIZE];
	struct result *r[40];
	int i;

	for (i = 0; i < 40; i++)
		make_order(d, NULL, id[i]);
	(void)set_status(d, id[0], "accepted");
	desk_fault(d, FAULT_HOLD, Q_NOTICE_INSERT, 0, 0, 0, 39);
	for (i = 1; i < 40; i++)
		r[i] = send_status(d, id[i], "accepted", NULL);
	desk_run(d, 100);
	ck_assert_uint_eq(d->n_held, 39);
	desk_release(d);
	for (i = 1; i < 40; i++)
		ck_assert_int_eq(r[i]->status, 200);
	ck_assert_uint_eq(d->executed[Q_PERSON_STATE], 1);
	assert_count(d, 40);
}
END_TEST

/* It would notice a message that counts a notice which never was. */
START_TEST(one_that_fails_takes_no_count_with_it)
{
	static char id[20][ID_SIZE];
	struct result *r[20];
	int i, ok = 0;

	for (i = 0; i < 20; i++)
		make_order(d, NULL, id[i]);
	(void)set_status(d, id[0], "accepted");
	desk_fault(d, FAULT_FAIL, Q_NOTICE_INSERT, OW_EAGAIN, 0, 5, 1);
	desk_fault(d, FAULT_LIE, Q_NOTICE_INSERT, OW_EIO, 0, 3, 1);
	for (i = 1; i < 20; i++)
		r[i] = send_status(d, id[i], "accepted", NULL);
	desk_run(d, 200);
	desk_heal(d);
	for (i = 1; i < 20; i++) {
		ck_assert_int_eq(r[i]->n, 1);
		ok += r[i]->status == 200;
	}
	ck_assert_int_eq(ok, 17);
	/* The lie was done after all. */
	assert_count(d, 19);
	assert_at_rest(d);
}
END_TEST

START_TEST(a_repeated_key_makes_no_second_notice)
{
	struct asking k = { .feed = OW_FEED_PERSON, .role = ROLE_CUSTOMER,
	    .sub = "ann" };
	char id[ID_SIZE];
	struct result *a, *b;

	make_order(d, CONTACT, id);
	(void)desk_ask(d, &k);
	a = send_status(d, id, "accepted", "key");
	desk_run(d, 50);
	b = send_status(d, id, "accepted", "key");
	desk_run(d, 50);
	ck_assert_int_eq(a->status, 200);
	ck_assert_str_eq(a->body, b->body);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM notices WHERE"
	    " topic = 'order.accepted'"), 1);
	ck_assert_int_eq(jobs("medium = 'sms'"), 1);
	ck_assert_ptr_null(desk_told_json(d, 0, "notification.new", 1));
	assert_count(d, 1);
}
END_TEST

START_TEST(two_nodes_number_one_log)
{
	struct desk *other = desk_open_node(d);
	static char id[12][ID_SIZE];
	struct result *r;
	int i;

	for (i = 0; i < 12; i++)
		make_order(i % 2 ? other : d, NULL, id[i]);
	for (i = 0; i < 12; i++) {
		r = set_status(i % 2 ? other : d, id[i], "accepted");
		ck_assert_int_eq(r->status, 200);
	}
	assert_count(other, 12);
	(void)as_ann(d, CMD_NOTICES, NULL);
	desk_run(d, 20);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM person_log"
	    " WHERE json_extract(message, '$.data.unread_count') = seq"), 12);
	desk_close(&other);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("notice");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_change_makes_its_notice_message_and_jobs);
	tcase_add_test(tc, variables_have_everything_a_template_may_name);
	tcase_add_test(tc, who_says_no_clock_has_the_servers);
	tcase_add_test(tc, minutes_are_said_where_they_are_two_or_more);
	tcase_add_test(tc, words_know_whether_it_is_brought);
	tcase_add_test(tc, the_platform_gets_a_job_and_nobody_an_inbox);
	tcase_add_test(tc, who_watches_is_not_texted_and_has_seen_it);
	tcase_add_test(tc, a_kitchen_that_watches_is_nobody);
	tcase_add_test(tc, preferences_are_obeyed_and_told);
	tcase_add_test(tc, quiet_hours_put_off_or_it_is_stale_by_then);
	tcase_add_test(tc, odd_addresses_are_reasons_and_no_failures);
	tcase_add_test(tc, without_channels_there_are_notices_all_the_same);
	tcase_add_test(tc, a_change_that_fails_leaves_no_notice);
	tcase_add_test(tc, changes_wait_their_turn_while_the_customer_is_read);
	tcase_add_test(tc, orders_of_one_customer_do_not_wait_for_each_other);
	tcase_add_test(tc, one_that_fails_takes_no_count_with_it);
	tcase_add_test(tc, a_repeated_key_makes_no_second_notice);
	tcase_add_test(tc, two_nodes_number_one_log);
	return desk_tests("notice", tc);
}
