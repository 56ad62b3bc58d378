/* SPDX-License-Identifier: MIT */
/*
 * The inbox and the person behind it: counts that never drift, whoever
 * changes them, and streams that miss none.
 */
#include "desk_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk_steps.h"

static const char rules[] =
    "rules = ("
    "{ event = \"order.placed\"; template = \"note\";"
    "  channels = [ \"in_app\" ]; },"
    "{ event = \"order.accepted\"; template = \"note\";"
    "  channels = [ \"in_app\" ]; });";

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
make_notices(struct desk *at, int n)
{
	char id[ID_SIZE];

	while (n-- > 0)
		make_order(at, NULL, id);
}

/* The n-th newest of the inbox. */
static void
notice_id(struct desk *at, int n, char out[128])
{
	struct result *r = as_ann(at, CMD_NOTICES, NULL);
	char path[32];

	ck_assert_int_eq(r->status, 200);
	(void)snprintf(path, sizeof(path), "data.%d.id", n);
	(void)body_text(r, path, out);
}

static struct ask *
ask_person(struct desk *at, int64_t since, bool resync)
{
	struct asking k = { .feed = OW_FEED_PERSON, .role = ROLE_CUSTOMER,
	    .sub = "ann", .has_since = since >= 0, .resync = resync,
	    .since = since >= 0 ? (uint64_t)since : 0 };

	return desk_ask(at, &k);
}

static void
assert_events(const struct ask *a, const char *types)
{
	char text[512] = "";
	uint32_t i;

	ck_assert_int_eq(a->err, OW_OK);
	for (i = 0; i < a->n_events; i++) {
		if (i > 0)
			strcat(text, " ");
		strcat(text, a->events[i]->pub.type);
	}
	ck_assert_str_eq(text, types);
}

/* ---- Lists -------------------------------------------------------------- */

START_TEST(a_list_has_pages_and_the_count)
{
	struct asked a = ann_asks(CMD_NOTICES);
	char id[128], text[128];
	struct result *r;

	ck_assert_str_eq(as_ann(d, CMD_NOTICES, NULL)->body,
	    "{\"data\":[],\"unread_count\":0,\"next_cursor\":null}");
	make_notices(d, 5);
	notice_id(d, 1, id);
	ck_assert_int_eq(as_ann(d, CMD_NOTICE_READ, id)->status, 204);
	a.limit = 3;
	r = desk_do(d, &a);
	ck_assert_str_eq(body_text(r, "unread_count", text), "4");
	ck_assert_str_ne(body_text(r, "next_cursor", text), "");
	ck_assert_str_ne(body_text(r, "data.1.read_at", text), "");
	ck_assert_str_eq(body_text(r, "data.0.read_at", text), "");
	ck_assert_str_eq(body_text(r, "data.0.type", text), "order.placed");
	ck_assert_str_eq(body_text(r, "data.3.id", text), "");
	(void)body_text(r, "data.2.id", id);
	a.before = id;
	r = desk_do(d, &a);
	ck_assert_str_ne(body_text(r, "data.1.id", text), "");
	ck_assert_str_eq(body_text(r, "data.2.id", text), "");
	ck_assert_ptr_nonnull(strstr(r->body, "\"next_cursor\":null"));
	a.before = NULL;
	a.limit = 4;
	a.unread = true;
	r = desk_do(d, &a);
	ck_assert_str_ne(body_text(r, "data.3.id", text), "");
	ck_assert_ptr_nonnull(strstr(r->body, "\"next_cursor\":null"));
	ck_assert_ptr_null(strstr(r->body, "\"read_at\":\""));
}
END_TEST

START_TEST(others_have_no_part_in_it)
{
	static const enum command_kind kinds[] = { CMD_NOTICES,
	    CMD_NOTICE_READ, CMD_NOTICES_READ, CMD_NOTICE_REMOVE,
	    CMD_NOTICES_REMOVE, CMD_PREFS_GET, CMD_PUSH_REMOVE };
	struct asked bob = { .role = ROLE_CUSTOMER, .sub = "bob" };
	struct asked cook = { .role = ROLE_KITCHEN, .sub = "ann" };
	char id[128];
	size_t i;

	make_notices(d, 1);
	notice_id(d, 0, id);
	bob.item = cook.item = id;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		cook.kind = kinds[i];
		ck_assert_int_eq(desk_do(d, &cook)->status, 403);
	}
	bob.kind = CMD_NOTICE_READ;
	ck_assert_int_eq(desk_do(d, &bob)->status, 404);
	bob.kind = CMD_NOTICE_REMOVE;
	ck_assert_int_eq(desk_do(d, &bob)->status, 404);
	bob.kind = CMD_NOTICES_REMOVE;
	ck_assert_int_eq(desk_do(d, &bob)->status, 204);
	assert_count(d, 1);
	cook.tenant = "other";
	cook.role = ROLE_CUSTOMER;
	cook.kind = CMD_NOTICE_READ;
	ck_assert_int_eq(desk_do(d, &cook)->status, 404);
}
END_TEST

/* ---- Changes ------------------------------------------------------------ */

START_TEST(read_and_removed_once_each)
{
	char id[128], other[128];

	make_notices(d, 4);
	(void)ask_person(d, -1, false);
	notice_id(d, 0, id);
	notice_id(d, 1, other);
	ck_assert_int_eq(as_ann(d, CMD_NOTICE_READ, id)->status, 204);
	assert_count(d, 3);
	ck_assert_int_eq(as_ann(d, CMD_NOTICE_READ, id)->status, 204);
	ck_assert_ptr_null(desk_told_json(d, 0, "notification.read", 1));
	ck_assert_ptr_nonnull(strstr(desk_told_json(d, 0,
	    "notification.read", 0), id));
	/* One that was read, one that was not. */
	ck_assert_int_eq(as_ann(d, CMD_NOTICE_REMOVE, id)->status, 204);
	assert_count(d, 3);
	ck_assert_int_eq(as_ann(d, CMD_NOTICE_REMOVE, other)->status, 204);
	assert_count(d, 2);
	ck_assert_int_eq(as_ann(d, CMD_NOTICE_REMOVE, id)->status, 404);
	ck_assert_int_eq(as_ann(d, CMD_NOTICE_READ, id)->status, 404);
	ck_assert_int_eq(as_ann(d, CMD_NOTICE_READ, "none")->status, 404);
	ck_assert_int_eq(as_ann(d, CMD_NOTICES_READ, NULL)->status, 204);
	assert_count(d, 0);
	ck_assert_ptr_nonnull(strstr(desk_told_json(d, 0,
	    "notification.read", 3), "{\"all\":true,\"unread_count\":0}"));
	make_notices(d, 1);
	ck_assert_int_eq(as_ann(d, CMD_NOTICES_REMOVE, NULL)->status, 204);
	assert_count(d, 0);
	ck_assert_ptr_nonnull(strstr(as_ann(d, CMD_NOTICES, NULL)->body,
	    "\"data\":[]"));
	/* Out of the inbox, not out of the journey; and seen is seen. */
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM notices WHERE"
	    " inbox = 0 AND seen_ms > 0 AND read_ms > 0"), 5);
}
END_TEST

START_TEST(the_same_tap_twice_at_once_counts_once)
{
	struct asked a = ann_asks(CMD_NOTICE_READ);
	struct result *r[6];
	char id[128];
	int i;

	make_notices(d, 2);
	notice_id(d, 0, id);
	a.item = id;
	for (i = 0; i < 6; i++) {
		a.kind = i < 4 ? CMD_NOTICE_READ : CMD_NOTICE_REMOVE;
		r[i] = desk_send(d, &a);
	}
	desk_run(d, 200);
	for (i = 0; i < 6; i++)
		ck_assert_int_eq(r[i]->n, 1);
	for (i = 0; i < 4; i++)
		ck_assert(r[i]->status == 204 || r[i]->status == 404);
	ck_assert_int_eq((r[4]->status == 204) + (r[5]->status == 204), 1);
	assert_count(d, 1);
	assert_at_rest(d);
}
END_TEST

START_TEST(a_store_that_fails_changes_no_count)
{
	char id[128];

	make_notices(d, 3);
	notice_id(d, 0, id);
	desk_fault(d, FAULT_FAIL, Q_NOTICE_READ, OW_EAGAIN, 0, 0, 1);
	ck_assert_int_eq(as_ann(d, CMD_NOTICE_READ, id)->status, 503);
	assert_count(d, 3);
	desk_heal(d);
	desk_fault(d, FAULT_LIE, Q_NOTICES_READ, OW_EIO, 0, 0, 1);
	ck_assert_int_eq(as_ann(d, CMD_NOTICES_READ, NULL)->status, 503);
	desk_heal(d);
	make_notices(d, 1);
	assert_count(d, 1);
	desk_store_state(d, false, "away");
	ck_assert_int_eq(as_ann(d, CMD_NOTICES_READ, NULL)->status, 503);
	desk_store_state(d, true, "");
	assert_count(d, 1);
}
END_TEST

/* A pseudo-random walk over two nodes with failures.  It would notice a count
   in memory, in the log or in a message that is not the store's. */
START_TEST(two_nodes_and_failures_never_drift)
{
	struct desk *nodes[2] = { d, desk_open_node(d) };
	struct asked a = ann_asks(CMD_NOTICES);
	uint32_t x = 12345, n_orders = 0, step, i;
	struct desk *at;
	char id[128];
	int64_t unread;

	for (step = 0; step < 250; step++) {
		x = x * 1103515245u + 12345u;
		at = nodes[x >> 16 & 1];
		if ((x >> 17 & 15) == 0)
			desk_fault(at, (x >> 21 & 1) ? FAULT_FAIL :
			    FAULT_LIE, Q_PERSON_APPEND, (x >> 22 & 1) ?
			    OW_EAGAIN : OW_EIO, 0, 1, 1);
		switch (x >> 24 & 7) {
		case 0: case 1: case 2: case 3:
			for (i = 0; i < (x >> 27 & 3) + 1; i++) {
				struct asked make = create_with(NULL,
				    ORDER(""));

				(void)desk_send(at, &make);
				n_orders++;
			}
			break;
		case 4: case 5:
			a.kind = (x >> 28 & 1) ? CMD_NOTICE_READ :
			    CMD_NOTICE_REMOVE;
			notice_id(at, (int)(x >> 25 & 3), id);
			a.item = id;
			(void)desk_send(at, &a);
			break;
		case 6:
			a.kind = (x >> 28 & 3) == 0 ? CMD_NOTICES_REMOVE :
			    CMD_NOTICES_READ;
			(void)desk_send(at, &a);
			break;
		default:
			(void)as_ann(at, CMD_NOTICES, NULL);
		}
		if ((x >> 20 & 3) == 0) {
			desk_run(nodes[0], 30);
			desk_run(nodes[1], 30);
		}
		if ((x >> 17 & 7) == 1)
			desk_heal(at);
	}
	for (i = 0; i < 2; i++) {
		desk_heal(nodes[i]);
		desk_run(nodes[i], 300);
	}
	unread = desk_sql_int(d, "SELECT COUNT(*) FROM notices WHERE"
	    " inbox = 1 AND read_ms = 0");
	ck_assert_uint_gt(n_orders, 50);
	for (i = 0; i < 2; i++) {
		(void)as_ann(nodes[i], CMD_NOTICES, NULL);
		(void)ask_person(nodes[i], -1, false);
		assert_count(nodes[i], unread);
		assert_at_rest(nodes[i]);
	}
	/* Each message of the log says what it made true. */
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM (SELECT type,"
	    " json_extract(message, '$.data.unread_count') AS now,"
	    " LAG(json_extract(message, '$.data.unread_count'), 1, 0) OVER"
	    " (ORDER BY seq) AS before FROM person_log) WHERE"
	    " (type = 'notification.new' AND now <> before + 1) OR"
	    " (type = 'notification.read' AND now NOT IN (0, before,"
	    " before - 1))"), 0);
	desk_close(&nodes[1]);
}
END_TEST

/* ---- Streams ------------------------------------------------------------ */

START_TEST(a_stream_begins_with_the_count_and_can_return)
{
	struct ask *a;
	char id[128];

	assert_events(a = ask_person(d, -1, false), "notifications.snapshot");
	ck_assert_str_eq(a->topic, "person/cafe\nann");
	ck_assert_uint_eq(a->seq, 0);
	make_notices(d, 3);
	notice_id(d, 0, id);
	(void)as_ann(d, CMD_NOTICE_READ, id);
	a = ask_person(d, -1, false);
	ck_assert_uint_eq(a->seq, 4);
	ck_assert_ptr_nonnull(strstr(a->events[0]->pub.json.p,
	    "\"seq\":4,"));
	ck_assert_ptr_nonnull(strstr(a->events[0]->pub.json.p,
	    "\"unread_count\":2"));
	a = ask_person(d, 1, false);
	assert_events(a, "notification.new notification.new"
	    " notification.read stream.live");
	ck_assert_uint_eq(a->events[0]->pub.seq, 2);
	ck_assert_uint_eq(a->seq, 4);
	assert_events(ask_person(d, 4, false), "stream.live");
	assert_events(ask_person(d, 3, true), "notification.read");
	assert_events(ask_person(d, 9, false),
	    "notifications.snapshot stream.live");
	/* More than replay_max, or purged. */
	make_notices(d, 10);
	assert_events(ask_person(d, 1, false),
	    "notifications.snapshot stream.live");
	assert_events(ask_person(d, 1, true),
	    "stream.resync notifications.snapshot");
	ck_assert_uint_eq(ask_person(d, 4, false)->n_events, 11);
	desk_sql(d, "DELETE FROM person_log WHERE seq < 8");
	assert_events(ask_person(d, 6, false),
	    "notifications.snapshot stream.live");
	ck_assert_uint_eq(ask_person(d, 7, false)->n_events, 8);
	desk_fault(d, FAULT_FAIL, Q_PERSON_SINCE, OW_EAGAIN, 0, 0, 1);
	assert_events(ask_person(d, 7, false),
	    "notifications.snapshot stream.live");
}
END_TEST

/* It would notice a seq that is neither in the answer nor told, or in both. */
START_TEST(between_the_answer_and_the_first_message_nothing_fits)
{
	struct asking k = { .feed = OW_FEED_PERSON, .role = ROLE_CUSTOMER,
	    .sub = "ann", .has_since = true, .since = 1 };
	struct asked make = create_with(NULL, ORDER(""));
	struct ask *a;
	const char *told;

	make_notices(d, 3);
	desk_fault(d, FAULT_HOLD, Q_PERSON_SINCE, 0, 0, 0, 1);
	a = desk_ask_only(d, &k);
	desk_run(d, 20);
	(void)desk_send(d, &make);
	desk_run(d, 20);
	(void)desk_send(d, &make);
	desk_release(d);
	ck_assert(desk_is_answered(d, a));
	make_notices(d, 1);
	told = desk_told_json(d, 0, "notification.new", 0);
	ck_assert_ptr_nonnull(told);
	ck_assert_int_eq(strtoll(strstr(told, "\"seq\":") + 6, NULL, 10),
	    (int64_t)a->seq + 1);
	ck_assert_uint_eq(a->events[a->n_events - 2]->pub.seq, a->seq);
	ck_assert_uint_eq(a->n_events, a->seq - 1 + 1);
}
END_TEST

START_TEST(who_does_not_watch_any_more_is_not_told)
{
	struct asking k = { .feed = OW_FEED_PERSON, .role = ROLE_CUSTOMER,
	    .sub = "ann" };
	struct person *p;

	(void)desk_ask(d, &k);
	k.front = 1;
	(void)desk_ask(d, &k);
	make_notices(d, 1);
	ck_assert_ptr_nonnull(desk_told_json(d, 1, "notification.new", 0));
	orders_unwatch(d->o, &d->fronts[0], "person/cafe\nann");
	orders_unwatch(d->o, &d->fronts[1], "person/nobody");
	desk_run(d, 20);
	desk_forget(d);
	make_notices(d, 1);
	ck_assert_ptr_null(desk_told_json(d, 0, "notification.new", 0));
	ck_assert_ptr_nonnull(desk_told_json(d, 1, "notification.new", 0));
	p = person_find(d->o, "cafe", "ann");
	ck_assert_uint_eq(p->watchers, 2);
}
END_TEST

START_TEST(who_is_nobody_has_no_stream)
{
	struct asking k = { .feed = OW_FEED_PERSON, .role = ROLE_CUSTOMER,
	    .sub = "" };

	ck_assert_int_eq(desk_ask(d, &k)->err, OW_EDENIED);
}
END_TEST

/* What a lost answer or another node did is told once it is known. */
START_TEST(screens_hear_what_was_done_after_all)
{
	struct desk *other = desk_open_node(d);

	(void)ask_person(d, -1, false);
	desk_fault(d, FAULT_LIE, Q_PERSON_APPEND, OW_EIO, 0, 0, 1);
	desk_fault(d, FAULT_FAIL, Q_PERSON_STATE, OW_EAGAIN, 0, 0, 1);
	(void)as_ann(d, CMD_NOTICES_READ, NULL);
	ck_assert_ptr_null(desk_told_json(d, 0, "notification.read", 0));
	desk_run(d, 1100);
	ck_assert_ptr_nonnull(desk_told_json(d, 0, "notification.read", 0));
	make_notices(other, 2);
	make_notices(d, 1);
	ck_assert_ptr_nonnull(strstr(desk_told_json(d, 0, "notification.new",
	    2), "\"seq\":4,"));
	ck_assert_ptr_null(desk_told_json(d, 0, "notification.new", 3));
	assert_count(d, 3);
	desk_close(&other);
}
END_TEST

/* ---- Old ones ----------------------------------------------------------- */

/* The n oldest of ann's inbox are purged, as the outbox does it. */
static void
purge(int n)
{
	struct forgotten *f = forgotten_new((uint32_t)n + 1);
	struct forgotten_notice one = { .tenant = "cafe", .sub = "ann" };
	struct result *r = as_ann(d, CMD_NOTICES, NULL);
	char path[32], id[128], sql[256], text[128];
	int all = 0;

	do
		(void)snprintf(path, sizeof(path), "data.%d.id", all);
	while (body_text(r, path, text)[0] != '\0' && ++all);
	for (; n > 0; n--, all--) {
		(void)snprintf(path, sizeof(path), "data.%d.id", all - 1);
		one.id = arena_dup(&f->arena, body_text(r, path, id));
		f->notices[f->n++] = one;
		(void)snprintf(sql, sizeof(sql), "DELETE FROM notices WHERE"
		    " id = '%s'", id);
		desk_sql(d, sql);
	}
	/* And of somebody who is not here. */
	one.sub = "bob";
	f->notices[f->n++] = one;
	orders_forgotten(d->o, f);
}

/* A breach: a page that is open shows a count that no list accounts for. */
START_TEST(pages_hear_of_notices_that_are_purged)
{
	char id[128];

	make_notices(d, 5);
	notice_id(d, 4, id);
	(void)ask_person(d, -1, false);
	desk_forget(d);
	if (_i == 1)
		desk_fault(d, FAULT_FAIL, Q_PERSON_APPEND, OW_EAGAIN, 0, 0,
		    3);
	purge(3);
	desk_run(d, 5000);
	ck_assert_ptr_nonnull(strstr(desk_told_json(d, 0,
	    "notification.read", 0), "\"removed\":true,\"unread_count\":2}"));
	ck_assert_ptr_nonnull(strstr(desk_told_json(d, 0,
	    "notification.read", 0), id));
	ck_assert_ptr_nonnull(desk_told_json(d, 0, "notification.read", 2));
	ck_assert_ptr_null(desk_told_json(d, 0, "notification.read", 3));
	assert_count(d, 2);
	make_notices(d, 1);
	assert_count(d, 3);
	assert_at_rest(d);
}
END_TEST

START_TEST(who_does_not_watch_is_counted_anew)
{
	int64_t n;

	make_notices(d, 5);
	n = desk_sql_int(d, "SELECT COUNT(*) FROM person_log");
	purge(2);
	desk_run(d, 50);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM person_log"),
	    n);
	make_notices(d, 1);
	assert_count(d, 4);
}
END_TEST

/* ---- Memory ------------------------------------------------------------- */

START_TEST(people_leave_memory_but_those_who_watch)
{
	struct asked a = { .kind = CMD_NOTICES_READ, .role = ROLE_CUSTOMER };
	char sub[16];
	int i;

	d->set.notify.persons_max = 10;
	(void)ask_person(d, -1, false);
	for (i = 0; i < 40; i++) {
		(void)snprintf(sub, sizeof(sub), "p%d", i);
		a.sub = sub;
		ck_assert_int_eq(desk_do(d, &a)->status, 204);
		ck_assert_uint_le(d->o->persons.n, 10);
	}
	ck_assert_ptr_nonnull(person_find(d->o, "cafe", "ann"));
	ck_assert_ptr_null(person_find(d->o, "cafe", "p1"));
	a.sub = "p1";
	ck_assert_int_eq(desk_do(d, &a)->status, 204);
}
END_TEST

START_TEST(a_restart_forgets_nothing)
{
	make_notices(d, 3);
	desk_restart(d);
	make_notices(d, 1);
	assert_count(d, 4);
}
END_TEST

/* It would notice (under a sanitizer) what an end in the middle leaves. */
START_TEST(ends_in_the_middle)
{
	struct asking k = { .feed = OW_FEED_PERSON, .role = ROLE_CUSTOMER,
	    .sub = "ann", .has_since = true };
	struct asked a = ann_asks(CMD_NOTICES_READ);
	struct asked make = create_with(NULL, ORDER(""));

	desk_fault(d, FAULT_HOLD, Q_PERSON_STATE, 0, 0, 0, 1);
	(void)desk_ask_only(d, &k);
	(void)desk_send(d, &make);
	(void)desk_send(d, &a);
	desk_run(d, 20);
	ck_assert_uint_eq(d->n_held, 1);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("inbox");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_list_has_pages_and_the_count);
	tcase_add_test(tc, others_have_no_part_in_it);
	tcase_add_test(tc, read_and_removed_once_each);
	tcase_add_test(tc, the_same_tap_twice_at_once_counts_once);
	tcase_add_test(tc, a_store_that_fails_changes_no_count);
	tcase_add_test(tc, two_nodes_and_failures_never_drift);
	tcase_add_test(tc, a_stream_begins_with_the_count_and_can_return);
	tcase_add_test(tc,
	    between_the_answer_and_the_first_message_nothing_fits);
	tcase_add_test(tc, who_does_not_watch_any_more_is_not_told);
	tcase_add_test(tc, who_is_nobody_has_no_stream);
	tcase_add_test(tc, screens_hear_what_was_done_after_all);
	tcase_add_loop_test(tc, pages_hear_of_notices_that_are_purged, 0, 2);
	tcase_add_test(tc, who_does_not_watch_is_counted_anew);
	tcase_add_test(tc, people_leave_memory_but_those_who_watch);
	tcase_add_test(tc, a_restart_forgets_nothing);
	tcase_add_test(tc, ends_in_the_middle);
	return desk_tests("inbox", tc);
}
