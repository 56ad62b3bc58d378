/* SPDX-License-Identifier: MIT */
/*
 * The book: its lists, the ring of latest events, and what is encoded.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/json.h"
#include "base/mem.h"
#include "desk/book.h"

#define T0 INT64_C(1763805600000)
#define RECENT 4

static struct book book;
static struct id_maker ids;

static void
set_up(void)
{
	book_init(&book, RECENT);
	memset(&ids, 0, sizeof(ids));
}

static void
tear_down(void)
{
	book_done(&book);
}

static struct order *
make_named(const char *id, const char *tenant, const char *customer,
    const char *ref, enum order_status status)
{
	struct order *o = order_new();

	memcpy(o->id, id, ID_SIZE);
	o->seq = 1;
	o->tenant = arena_dup(&o->arena, tenant);
	o->customer_id = arena_dup(&o->arena, customer);
	o->external_ref = arena_dup(&o->arena, ref);
	o->number = "1";
	o->fulfilment = FULFIL_PICKUP;
	o->status = status;
	o->placed_at_ms = o->updated_at_ms = T0;
	if (status == ORDER_CANCELLED)
		o->finished_at_ms = T0;
	return o;
}

static struct entry *
add(const char *tenant, const char *customer, const char *ref)
{
	struct order *o;
	char id[ID_SIZE];

	id_new(&ids, T0, id);
	o = make_named(id, tenant, customer, ref, ORDER_PLACED);
	return book_add(&book, &o, 1, 1000);
}

static struct event *
event_of(const struct entry *e, uint64_t seq)
{
	return event_make(e->order->tenant, e->order->id, "x.y", seq, T0, "{}",
	    2);
}

static void
advance(struct entry *e, uint32_t n)
{
	struct event *events[16];
	uint32_t i;

	for (i = 0; i < n; i++)
		events[i] = event_of(e, e->order->seq + 1 + i);
	entry_advance(&book, e, NULL, events, n, 2000);
}

static void
finish(struct entry *e)
{
	struct event *event = event_of(e, e->order->seq + 1);
	struct order *after = order_copy(e->order);

	after->seq++;
	after->status = ORDER_CANCELLED;
	after->finished_at_ms = T0;
	entry_advance(&book, e, &after, &event, 1, 2000);
	ck_assert_ptr_null(after);
}

/* Active lists sorted, each order in exactly one of the lists. */
static void
check_book(uint64_t n_active, uint32_t n_past)
{
	struct book_tenant *t, *t2;
	struct book_customer *c, *c2;
	struct entry *e, *before;
	uint64_t listed = 0, owned = 0;
	uint32_t past = 0;

	HASH_ITER(hh, book.tenants, t, t2) {
		before = NULL;
		DL_FOREACH(t->active, e) {
			ck_assert(e->listed_active && e->tenant == t);
			if (before != NULL)
				ck_assert_str_lt(before->order->id,
				    e->order->id);
			before = e;
			listed++;
		}
		HASH_ITER(hh, t->customers, c, c2) {
			ck_assert_ptr_nonnull(c->active);
			before = NULL;
			DL_FOREACH2(c->active, e, c_next) {
				ck_assert_ptr_eq(e->customer, c);
				if (before != NULL)
					ck_assert_str_lt(before->order->id,
					    e->order->id);
				before = e;
				owned++;
			}
		}
	}
	DL_FOREACH(book.past, e) {
		ck_assert(!e->listed_active);
		past++;
	}
	ck_assert_uint_eq(listed, n_active);
	ck_assert_uint_eq(owned, n_active);
	ck_assert_uint_eq(book.n_active, n_active);
	ck_assert_uint_eq(past, n_past);
	ck_assert_uint_eq(HASH_CNT(by_id, book.by_id), n_active + n_past);
}

START_TEST(an_order_is_found_by_id_and_by_ref_in_its_tenant)
{
	struct entry *a = add("cafe", "ann", "A-1"), *b;
	char longest[400];

	b = add("pub", "ann", "A-1");
	ck_assert_ptr_eq(book_find(&book, "cafe", a->order->id), a);
	ck_assert_ptr_eq(book_find(&book, "cafe", "ref:A-1"), a);
	ck_assert_ptr_eq(book_find(&book, "pub", "ref:A-1"), b);
	ck_assert_ptr_null(book_find(&book, "pub", a->order->id));
	ck_assert_ptr_null(book_find(&book, "cafe", "ref:A-2"));
	ck_assert_ptr_null(book_find(&book, "cafe", "ref:"));
	ck_assert_ptr_null(book_find(&book, "cafe", ""));
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "ref:", 4);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_ptr_null(book_find(&book, "cafe", longest));
	book_remove(&book, &a);
	ck_assert_ptr_null(a);
	ck_assert_ptr_null(book_find(&book, "cafe", "ref:A-1"));
	check_book(1, 0);
}
END_TEST

START_TEST(lists_are_by_id_however_orders_come)
{
	struct order *o;
	char id[ID_SIZE];
	int i;

	for (i = 0; i < 50; i++) {
		(void)snprintf(id, sizeof(id),
		    "0190b6f2-0000-7000-8000-%012d", i * 37 % 50);
		o = make_named(id, "cafe", i % 2 ? "ann" : "bob", NULL,
		    i % 5 ? ORDER_PLACED : ORDER_CANCELLED);
		(void)book_add(&book, &o, 1, 0);
	}
	check_book(40, 10);
}
END_TEST

START_TEST(a_finished_order_goes_from_the_active_to_the_past)
{
	struct entry *a = add("cafe", "ann", "A"), *b, *c;

	b = add("cafe", "ann", NULL);
	c = add("cafe", "bob", NULL);
	finish(a);
	check_book(2, 1);
	advance(a, 1);			/* also past orders have events */
	check_book(2, 1);
	ck_assert_ptr_eq(book_find(&book, "cafe", "ref:A"), a);
	finish(c);
	finish(b);
	check_book(0, 3);
	ck_assert_ptr_null(book_tenant(&book, "cafe")->customers);
	ck_assert_ptr_eq(book.past, a);
	book_remove(&book, &c);
	check_book(0, 2);
}
END_TEST

START_TEST(the_latest_events_stay_and_older_ones_can_be_recalled)
{
	struct entry *e = add("cafe", "ann", NULL);
	struct event *old[3];
	uint32_t first = 99, i;

	ck_assert(entry_has_since(e, 1, &first));
	ck_assert_uint_eq(first, 0);
	ck_assert(!entry_has_since(e, 0, &first));
	ck_assert(!entry_has_since(e, 2, &first));
	advance(e, 3);			/* 2, 3, 4 */
	ck_assert(entry_has_since(e, 2, &first));
	ck_assert_uint_eq(first, 1);
	ck_assert(!entry_has_since(e, 0, &first));
	advance(e, 3);			/* 4 to 7 stay */
	ck_assert_uint_eq(e->n_recent, RECENT);
	ck_assert_uint_eq(e->recent[0]->pub.seq, 4);
	ck_assert(!entry_has_since(e, 2, &first));
	ck_assert(entry_has_since(e, 3, &first));
	ck_assert_uint_eq(first, 0);
	ck_assert(entry_has_since(e, 7, &first));
	ck_assert_uint_eq(first, RECENT);
	ck_assert(!entry_has_since(e, 8, &first));
	ck_assert(!entry_has_since(e, UINT64_MAX, &first));
	for (i = 0; i < 3; i++)
		old[i] = event_of(e, 1 + i);
	entry_recall(e, old, 2);	/* 1, 2: they do not join on */
	ck_assert(!entry_has_since(e, 0, &first));
	entry_recall(e, old, 3);
	ck_assert(entry_has_since(e, 0, &first));
	ck_assert_uint_eq(first, 0);
	ck_assert_uint_eq(e->n_recent, 7);
	entry_recall(e, old, 3);	/* twice changes nothing */
	entry_recall(e, old, 0);
	ck_assert_uint_eq(e->n_recent, 7);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(atomic_load(&old[i]->refs), 2);
		event_unref(&old[i]);
	}
	advance(e, 1);
	ck_assert_uint_eq(e->n_recent, RECENT);
}
END_TEST

START_TEST(with_no_ring_nothing_but_the_present_is_had)
{
	struct entry *e;
	uint32_t first;

	book.recent_max = 0;
	e = add("cafe", "ann", NULL);
	advance(e, 3);
	ck_assert_uint_eq(e->n_recent, 0);
	ck_assert(entry_has_since(e, 4, &first));
	ck_assert(!entry_has_since(e, 3, &first));
}
END_TEST

START_TEST(rows_are_behind_while_the_log_is_ahead)
{
	struct entry *a = add("cafe", "ann", NULL), *b;

	b = add("cafe", "ann", NULL);
	ck_assert_ptr_null(book.behind);
	advance(a, 1);
	advance(b, 1);
	advance(a, 1);
	ck_assert(a->behind && b->behind);
	ck_assert_ptr_eq(book.behind, a);
	book_mark_behind(&book, a);
	book_unmark_behind(&book, a);
	book_unmark_behind(&book, a);
	ck_assert_ptr_eq(book.behind, b);
	a->doc_seq = 10;
	advance(a, 1);
	ck_assert(!a->behind);
	book_remove(&book, &b);
	ck_assert_ptr_null(book.behind);
}
END_TEST

START_TEST(a_snapshot_is_of_the_present_and_never_of_the_past)
{
	struct entry *e = add("cafe", "ann", NULL);
	struct event *s[5];
	int i;

	for (i = 0; i < 5; i++) {
		s[i] = entry_snapshot(e, &ids, T0);
		ck_assert_uint_eq(s[i]->pub.seq, 1);
	}
	ck_assert_ptr_eq(s[3], s[4]);	/* asked for often, it is kept */
	for (i = 0; i < 5; i++)
		event_unref(&s[i]);
	advance(e, 1);
	s[0] = entry_snapshot(e, &ids, T0);
	ck_assert_uint_eq(s[0]->pub.seq, 2);
	ck_assert_ptr_nonnull(strstr(s[0]->pub.json.p, "\"seq\":2"));
	event_unref(&s[0]);
}
END_TEST

START_TEST(a_kitchen_is_encoded_anew_when_an_order_changed)
{
	struct entry *a = add("cafe", "ann", NULL);
	struct book_tenant *cafe = a->tenant;
	struct event *one = event_ref(tenant_kitchen(cafe, &ids, T0));

	ck_assert_ptr_eq(tenant_kitchen(cafe, &ids, T0), one);
	(void)add("pub", "ann", NULL);
	ck_assert_ptr_eq(tenant_kitchen(cafe, &ids, T0), one);
	advance(a, 1);
	ck_assert_ptr_ne(tenant_kitchen(cafe, &ids, T0), one);
	event_unref(&one);
	one = event_ref(tenant_kitchen(cafe, &ids, T0));
	(void)add("cafe", "bob", NULL);
	ck_assert_ptr_ne(tenant_kitchen(cafe, &ids, T0), one);
	event_unref(&one);
	finish(a);
	ck_assert_ptr_null(strstr(tenant_kitchen(cafe, &ids, T0)->pub.json.p,
	    a->order->id));
}
END_TEST

static uint64_t
count_listed(const struct event *kitchen, bool *out_is_cut)
{
	struct json *whole = NULL;
	const struct json *data;
	struct ow_fault fault;
	uint64_t n;

	ck_assert_int_eq(json_parse(kitchen->pub.json.p, kitchen->pub.json.n,
	    &whole, &fault), OW_OK);
	data = json_get(whole, "data");
	*out_is_cut = json_bool(json_get(data, "truncated"), false);
	n = json_count(json_get(data, "orders"));
	json_free(&whole);
	return n;
}

START_TEST(a_kitchen_has_each_order_as_it_is_now)
{
	struct entry *a = add("cafe", "ann", NULL), *b, *c;
	struct book_tenant *cafe = a->tenant;
	struct event *k;
	bool is_cut;

	ck_assert_uint_eq(count_listed(tenant_kitchen(cafe, &ids, T0),
	    &is_cut), 1);
	b = add("cafe", "bob", NULL);
	c = add("cafe", "cy", NULL);
	advance(b, 3);
	k = tenant_kitchen(cafe, &ids, T0);
	ck_assert_uint_eq(count_listed(k, &is_cut), 3);
	ck_assert_ptr_nonnull(strstr(k->pub.json.p, "\"seq\":4}"));
	advance(b, 1);
	finish(a);
	k = tenant_kitchen(cafe, &ids, T0);
	ck_assert_uint_eq(count_listed(k, &is_cut), 2);
	ck_assert_ptr_nonnull(strstr(k->pub.json.p, "\"seq\":5}"));
	ck_assert_ptr_null(strstr(k->pub.json.p, "\"seq\":4}"));
	finish(b);
	finish(c);
	k = tenant_kitchen(cafe, &ids, T0);
	ck_assert_uint_eq(count_listed(k, &is_cut), 0);
	ck_assert(!is_cut);
}
END_TEST

/* A breach: the loop stands still while a large kitchen is written. */
START_TEST(a_large_kitchen_is_written_in_steps_and_once)
{
	struct book_tenant *cafe = book_tenant(&book, "cafe");
	struct entry *e = NULL;
	uint32_t budget;
	bool is_cut;
	int i;

	for (i = 0; i < 20000; i++)
		e = add("cafe", "ann", NULL);
	for (i = 0; i < 40; i++) {
		budget = 500;
		ck_assert(tenant_kitchen_prepare(cafe, &budget) == (i == 39));
		ck_assert_uint_eq(budget, 0);
	}
	advance(e, 1);
	budget = 500;
	ck_assert(tenant_kitchen_prepare(cafe, &budget));
	ck_assert_uint_eq(budget, 499);
	ck_assert_uint_eq(count_listed(tenant_kitchen(cafe, &ids, T0),
	    &is_cut), 20000);
	ck_assert(!is_cut);
	budget = 0;
	ck_assert(tenant_kitchen_prepare(cafe, &budget));
}
END_TEST

START_TEST(a_kitchen_of_too_many_orders_is_cut_and_says_so)
{
	static char number[2001];
	struct entry *e;
	struct json *whole = NULL;
	struct ow_fault fault;
	struct event *k;
	int i;

	memset(number, '7', sizeof(number) - 1);
	for (i = 0; i < 60000; i++) {
		e = add("cafe", "ann", NULL);
		e->order->number = number;
	}
	k = tenant_kitchen(book_tenant(&book, "cafe"), &ids, T0);
	ck_assert_uint_le(k->pub.json.n, (64u << 20) + 4096);
	ck_assert_int_eq(json_parse(k->pub.json.p, k->pub.json.n, &whole,
	    &fault), OW_OK);
	ck_assert(json_bool(json_get(json_get(whole, "data"), "truncated"),
	    false));
	ck_assert_uint_gt(json_count(json_get(json_get(whole, "data"),
	    "orders")), 20000);
	json_free(&whole);
	check_book(60000, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("book");
	TCase *tc = tcase_create("book");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_order_is_found_by_id_and_by_ref_in_its_tenant);
	tcase_add_test(tc, lists_are_by_id_however_orders_come);
	tcase_add_test(tc, a_finished_order_goes_from_the_active_to_the_past);
	tcase_add_test(tc,
	    the_latest_events_stay_and_older_ones_can_be_recalled);
	tcase_add_test(tc, with_no_ring_nothing_but_the_present_is_had);
	tcase_add_test(tc, rows_are_behind_while_the_log_is_ahead);
	tcase_add_test(tc, a_snapshot_is_of_the_present_and_never_of_the_past);
	tcase_add_test(tc, a_kitchen_is_encoded_anew_when_an_order_changed);
	tcase_add_test(tc, a_kitchen_has_each_order_as_it_is_now);
	tcase_add_test(tc, a_large_kitchen_is_written_in_steps_and_once);
	tcase_add_test(tc, a_kitchen_of_too_many_orders_is_cut_and_says_so);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
