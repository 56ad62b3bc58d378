/* SPDX-License-Identifier: MIT */
/*
 * test_order - an order's forms in JSON, its copies, and the fold.
 */
#include "order_fixture.h"

#define FULL_BODY							\
	"{\"external_ref\":\"A-1042\",\"number\":\"42\","		\
	"\"customer_id\":\"ann\",\"fulfilment\":\"delivery\","		\
	"\"promised_at\":\"2025-11-22T11:00:00+01:00\","		\
	"\"items\":[" ITEM_CAKE "," ITEM_TEA "],"			\
	"\"pickup\":{\"name\":\"Cafe\",\"address\":\"1 High St\","	\
	"\"lat\":51.5,\"lng\":-0.0},"					\
	"\"dropoff\":{\"name\":\"x\",\"address\":\"2 Low St\"},"	\
	"\"contact\":{\"name\":\"Ann\",\"email\":\"ann@example.org\","	\
	"\"phone\":\"+441234567890\",\"locale\":\"en-GB\","		\
	"\"timezone\":\"Europe/London\"}}"

static char *
text_of(void (*write)(struct jw *, const char *,
    const struct order *), const struct order *o)
{
	struct buf out = BUF_INIT(DOC_MAX);
	struct jw w;

	jw_init(&w, &out);
	write(&w, NULL, o);
	return buf_take(&out);
}

/* Walks the public object's members; an unexpected one fails. */
struct members {
	const char *const *names;
	size_t n;
};

static int
next_member(void *arg, const char *name, const struct json *v)
{
	struct members *m = arg;

	(void)v;
	ck_assert_ptr_nonnull(m->names[m->n]);
	ck_assert_str_eq(name, m->names[m->n]);
	m->n++;
	return OW_OK;
}

static void
assert_members(const struct json *v, const char *const *names)
{
	struct members m = { names, 0 };

	ck_assert_int_eq(json_each(v, next_member, &m), OW_OK);
	ck_assert_ptr_null(names[m.n]);
}

static void
snapshot_write(struct jw *w, const char *key, const struct order *o)
{
	order_snapshot_write(w, key, o, o->updated_at_ms);
}

START_TEST(public_object_has_exactly_its_members)
{
	static const char *const order_names[] = { "id", "number",
	    "external_ref", "customer_id", "status", "fulfilment",
	    "scheduled_for", "promised_at", "placed_at", "updated_at",
	    "finished_at", "items", "pickup", "dropoff", "eta", "seq",
	    NULL };
	static const char *const item_names[] = { "id", "sku", "name",
	    "quantity", "notes", "station", "prep_s", "status", NULL };
	static const char *const pickup_names[] = { "name", "address", "lat",
	    "lng", NULL };
	static const char *const dropoff_names[] = { "address", "lat", "lng",
	    NULL };
	struct fixture f;
	struct json *v;
	char *text;

	fixture_init(&f);
	create(&f, FULL_BODY);
	text = text_of(order_write, f.o);
	v = parse(text, strlen(text));
	assert_members(v, order_names);
	assert_members(json_at(json_get(v, "items"), 0), item_names);
	assert_members(json_get(v, "pickup"), pickup_names);
	assert_members(json_get(v, "dropoff"), dropoff_names);
	ck_assert_str_eq(json_get_text(v, "number"), "42");
	ck_assert_str_eq(json_get_text(v, "promised_at"),
	    "2025-11-22T10:00:00.000Z");
	ck_assert_int_eq(json_get_int(v, "seq", 0), 1);
	json_free(&v);
	free(text);
	fixture_done(&f);
}
END_TEST

/* Looks for every piece of the contact in all that streams carry. */
START_TEST(contact_is_in_the_document_alone)
{
	static const char *const secrets[] = { "ann@example.org",
	    "+441234567890", "Europe/London", "en-GB", "contact" };
	struct fixture f;
	char *order, *snapshot, *doc;

	fixture_init(&f);
	create(&f, FULL_BODY);
	order = text_of(order_write, f.o);
	snapshot = text_of(snapshot_write, f.o);
	doc = doc_of(f.o);
	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++) {
		ck_assert_ptr_null(strstr(order, secrets[i]));
		ck_assert_ptr_null(strstr(snapshot, secrets[i]));
		ck_assert_ptr_null(strstr(f.change.facts[0].message,
		    secrets[i]));
		ck_assert_ptr_nonnull(strstr(doc, secrets[i]));
	}
	free(order);
	free(snapshot);
	free(doc);
	fixture_done(&f);
}
END_TEST

START_TEST(snapshot_has_exactly_its_members)
{
	static const char *const names[] = { "order", "timeline", "progress",
	    "eta", "delivery", NULL };
	static const char *const delivery_names[] = { "status", "imminent",
	    "driver", "location", "route", NULL };
	static const char *const driver_names[] = { "id", "name",
	    "photo_url", "vehicle", "rating", NULL };
	struct fixture f;
	struct json *v;
	char *text;

	fixture_init(&f);
	create(&f, FULL_BODY);
	ck_assert_int_eq(ask(&f, INTENT_DELIVERY, NULL,
	    "{\"fleet_member_id\":\"m1\",\"task_id\":\"t1\"}"), OW_OK);
	text = text_of(snapshot_write, f.o);
	v = parse(text, strlen(text));
	assert_members(v, names);
	assert_members(json_get(v, "delivery"), delivery_names);
	assert_members(json_get(json_get(v, "delivery"), "driver"),
	    driver_names);
	ck_assert_ptr_null(strstr(text, "t1"));
	json_free(&v);
	free(text);
	create(&f, BODY("pickup", ITEM_TEA));
	text = text_of(snapshot_write, f.o);
	ck_assert_ptr_nonnull(strstr(text, "\"timeline\":[{\"status\":"
	    "\"placed\",\"at\":\"2025-11-22T10:00:00.000Z\","
	    "\"by\":\"service\"}],\"progress\":{\"step\":1,\"of\":5},"
	    "\"eta\":null,\"delivery\":null}"));
	free(text);
	fixture_done(&f);
}
END_TEST

/* A copy must own every byte: the original is freed, ASan listens. */
START_TEST(copy_stands_alone)
{
	struct fixture f;
	struct order *copy;
	char *before, *after;

	fixture_init(&f);
	create(&f, FULL_BODY);
	ck_assert_int_eq(ask(&f, INTENT_DELIVERY, NULL,
	    "{\"fleet_member_id\":\"m1\"}"), OW_OK);
	ck_assert_int_eq(ask(&f, INTENT_ETA, NULL, "{\"ready_in_s\":60}"),
	    OW_OK);
	before = doc_of(f.o);
	copy = order_copy(f.o);
	order_free(&f.o);
	after = doc_of(copy);
	ck_assert_str_eq(before, after);
	f.o = copy;
	free(before);
	free(after);
	fixture_done(&f);
	copy = NULL;
	order_free(&copy);
}
END_TEST

START_TEST(document_comes_back_the_same)
{
	struct order *back = NULL;
	struct ow_fault fault;
	struct fixture f;
	char *doc, *again;

	fixture_init(&f);
	create(&f, FULL_BODY);
	ck_assert_int_eq(set_status(&f, "accepted", NULL), OW_OK);
	ck_assert_int_eq(set_item(&f, 0, "preparing"), OW_OK);
	ck_assert_int_eq(ask(&f, INTENT_ETA, NULL, "{\"ready_in_s\":60}"),
	    OW_OK);
	ck_assert_int_eq(ask(&f, INTENT_DELIVERY, NULL,
	    "{\"fleet_member_id\":\"m1\",\"task_id\":\"t1\"}"), OW_OK);
	doc = doc_of(f.o);
	ck_assert_int_eq(order_read(doc, strlen(doc), &back, &fault), OW_OK);
	again = doc_of(back);
	ck_assert_str_eq(doc, again);
	ck_assert_str_eq(back->tenant, "cafe");
	ck_assert_str_eq(back->contact.email, "ann@example.org");
	ck_assert_str_eq(back->task_id, "t1");
	ck_assert_uint_eq(back->seq, f.o->seq);
	order_free(&back);
	free(doc);
	free(again);
	fixture_done(&f);
}
END_TEST

#define ID1 "018f0000-0000-7000-8000-000000000001"
#define ID2 "018f0000-0000-7000-8000-000000000002"
#define OLD_ITEM "{\"id\":\"" ID2 "\",\"name\":\"Tea\",\"quantity\":1," \
	"\"status\":\"queued\"}"
#define OLD_DOC(status, at, seq, items)					\
	"{\"tenant\":\"cafe\",\"order\":{\"id\":\"" ID1 "\","		\
	"\"customer_id\":\"ann\",\"status\":" status ","		\
	"\"fulfilment\":\"delivery\",\"placed_at\":" at ",\"seq\":" seq	\
	",\"items\":" items "}}"
#define AT "\"2025-11-22T10:00:00.000Z\""

START_TEST(older_document_gets_defaults)
{
	static const char doc[] =
	    OLD_DOC("\"served\"", AT, "3", "[" OLD_ITEM "]");
	struct order *o = NULL;
	struct ow_fault fault;

	ck_assert_int_eq(order_read(doc, strlen(doc), &o, &fault), OW_OK);
	ck_assert_str_eq(o->number, "000001");
	ck_assert_int_eq(o->updated_at_ms, T0);
	ck_assert_int_eq(o->finished_at_ms, T0);
	ck_assert_int_eq(o->items[0].prep_s, -1);
	ck_assert_uint_eq(o->n_timeline, 0);
	ck_assert_int_eq(o->delivery, DELIVERY_NONE);
	ck_assert(o->driver.id == NULL && o->driver.rating < 0);
	ck_assert(!o->eta.known && !o->pickup.known);
	order_free(&o);
}
END_TEST

START_TEST(broken_documents_are_refused)
{
	static const char *const docs[] = {
		"", "{}", "[]", "null", "{\"order\":{}}",
		OLD_DOC("\"ready\"", AT, "0", "[" OLD_ITEM "]"),
		OLD_DOC("\"ready\"", AT, "-1", "[" OLD_ITEM "]"),
		OLD_DOC("\"ready\"", AT, "\"3\"", "[" OLD_ITEM "]"),
		OLD_DOC("\"eaten\"", AT, "3", "[" OLD_ITEM "]"),
		OLD_DOC("4", AT, "3", "[" OLD_ITEM "]"),
		OLD_DOC("\"ready\"", "\"now\"", "3", "[" OLD_ITEM "]"),
		OLD_DOC("\"ready\"", "null", "3", "[" OLD_ITEM "]"),
		OLD_DOC("\"ready\"", AT, "3", "[]"),
		OLD_DOC("\"ready\"", AT, "3", "{}"),
		OLD_DOC("\"ready\"", AT, "3", "[{}]"),
		OLD_DOC("\"ready\"", AT, "3", "[{\"id\":\"" ID2 "\","
		    "\"name\":\"Tea\",\"quantity\":1000,"
		    "\"status\":\"queued\"}]"),
		OLD_DOC("\"ready\"", AT, "3", "[{\"id\":\"short\","
		    "\"name\":\"Tea\",\"quantity\":1,"
		    "\"status\":\"queued\"}]"),
	};
	struct ow_fault fault;
	struct order *o;

	for (size_t i = 0; i < sizeof(docs) / sizeof(*docs); i++) {
		o = (struct order *)&fault;	/* must stay as it is */
		fault.text[0] = '\0';
		ck_assert_msg(order_read(docs[i], strlen(docs[i]), &o,
		    &fault) != OW_OK, "%s", docs[i]);
		ck_assert_ptr_eq(o, (struct order *)&fault);
		ck_assert_str_ne(fault.text, "");
	}
}
END_TEST

static int
apply(struct order *o, const char *type, uint64_t seq,
    const char *data)
{
	struct json *v = parse(data, strlen(data));
	int err = order_apply(o, type, seq, T0 + 5000, v);

	json_free(&v);
	return err;
}

/* Each must leave the document as it was: half an event is none. */
START_TEST(events_that_make_no_sense_change_nothing)
{
	static const struct {
		const char *type;
		uint64_t seq;
		const char *data;
	} rows[] = {
		{ "x.rush", 1, "{}" },		/* had that */
		{ "x.rush", 3, "{}" },		/* one is missing */
		{ "order.created", 2, "{}" },
		{ "order.status.changed", 2,
		    "{\"from\":\"ready\",\"to\":\"placed\"}" },
		{ "order.status.changed", 2,
		    "{\"from\":\"placed\",\"to\":\"eaten\"}" },
		{ "order.status.changed", 2, "[]" },
		{ "order.item.status.changed", 2,
		    "{\"item_id\":\"nope\",\"from\":\"queued\","
		    "\"to\":\"ready\"}" },
		{ "order.eta.updated", 2, "{}" },
		{ "order.eta.updated", 2, "{\"eta\":{\"p50_at\":" AT "}}" },
		{ "delivery.status.changed", 2,
		    "{\"from\":\"pending\",\"to\":\"assigned\"}" },
		{ "delivery.driver.assigned", 2, "{\"driver\":{}}" },
		{ "delivery.driver.assigned", 2, "{}" },
	};
	struct fixture f;
	char *before, *after;

	fixture_init(&f);
	create(&f, FULL_BODY);
	before = doc_of(f.o);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_msg(apply(f.o, rows[i].type, rows[i].seq,
		    rows[i].data) == OW_EINVAL, "%s %s", rows[i].type,
		    rows[i].data);
	ck_assert_int_eq(order_apply(f.o, "order.status.changed", 2, T0,
	    NULL), OW_EINVAL);
	after = doc_of(f.o);
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	create(&f, BODY("pickup", ITEM_TEA));
	ck_assert_int_eq(apply(f.o, "delivery.status.changed", 2,
	    "{\"from\":\"none\",\"to\":\"assigned\"}"), OW_EINVAL);
	fixture_done(&f);
}
END_TEST

START_TEST(empty_order_takes_only_its_creation)
{
	struct order *o = order_new();

	ck_assert_int_eq(apply(o, "x.rush", 1, "{}"), OW_EINVAL);
	ck_assert_int_eq(apply(o, "order.created", 1, "{}"), OW_EINVAL);
	ck_assert_int_eq(apply(o, "order.created", 2, "{}"), OW_EINVAL);
	ck_assert_uint_eq(o->seq, 0);
	order_free(&o);
}
END_TEST

START_TEST(unknown_types_only_move_seq)
{
	struct fixture f;
	int64_t updated;

	fixture_init(&f);
	create(&f, FULL_BODY);
	updated = f.o->updated_at_ms;
	ck_assert_int_eq(apply(f.o, "x.rush", 2, "[1]"), OW_OK);
	ck_assert_int_eq(apply(f.o, "order.from.the.future", 3, "{}"), OW_OK);
	ck_assert_uint_eq(f.o->seq, 3);
	ck_assert_int_eq(f.o->updated_at_ms, updated);
	fixture_done(&f);
}
END_TEST

/* The order asks its own log, not today's table of steps. */
START_TEST(fold_takes_what_the_log_says)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, FULL_BODY);
	ck_assert_int_eq(apply(f.o, "order.status.changed", 2,
	    "{\"from\":\"placed\",\"to\":\"delivered\",\"by\":\"martian\"}"),
	    OW_OK);
	ck_assert(order_is_finished(f.o));
	ck_assert_int_eq(f.o->finished_at_ms, T0 + 5000);
	ck_assert_str_eq(f.o->timeline[1].by, "system");
	ck_assert_int_eq(apply(f.o, "delivery.status.changed", 3,
	    "{\"from\":\"none\",\"to\":\"en_route_dropoff\","
	    "\"imminent\":true}"), OW_OK);
	ck_assert(f.o->imminent);
	ck_assert_int_eq(apply(f.o, "delivery.driver.assigned", 4,
	    "{\"driver\":{\"id\":\"m\",\"phone\":\"+1\",\"rating\":4.5}}"),
	    OW_OK);
	ck_assert_str_eq(f.o->driver.phone, "+1");
	ck_assert_int_eq(apply(f.o, "delivery.driver.assigned", 5,
	    "{\"driver\":null}"), OW_OK);
	ck_assert_ptr_null(f.o->driver.id);
	fixture_done(&f);
}
END_TEST

/* A thousand recalls: bounded, and beginning and end are still there. */
START_TEST(timeline_drops_from_its_middle)
{
	struct fixture f;
	struct order *back = NULL;
	struct ow_fault fault;
	char *doc;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA));
	ck_assert_int_eq(set_status(&f, "accepted", NULL), OW_OK);
	ck_assert_int_eq(set_status(&f, "ready", NULL), OW_OK);
	for (int i = 0; i < 500; i++) {
		ck_assert_int_eq(set_status(&f, "preparing", "again"), OW_OK);
		ck_assert_int_eq(set_status(&f, "ready", NULL), OW_OK);
	}
	ck_assert_int_eq(set_status(&f, "picked_up", NULL), OW_OK);
	ck_assert_uint_le(f.o->n_timeline, ORDER_TIMELINE_MAX);
	ck_assert_int_eq(f.o->timeline[0].status, ORDER_PLACED);
	ck_assert_int_eq(f.o->timeline[1].status, ORDER_ACCEPTED);
	for (uint32_t i = 1; i < f.o->n_timeline; i++) {
		ck_assert(f.o->timeline[i].status !=
		    f.o->timeline[i - 1].status);
		ck_assert(f.o->timeline[i].at_ms >
		    f.o->timeline[i - 1].at_ms);
	}
	ck_assert_int_eq(f.o->timeline[f.o->n_timeline - 1].status,
	    ORDER_PICKED_UP);
	doc = doc_of(f.o);
	ck_assert_int_eq(order_read(doc, strlen(doc), &back, &fault), OW_OK);
	order_free(&back);
	free(doc);
	fixture_done(&f);
}
END_TEST

START_TEST(items_are_found_by_id)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, FULL_BODY);
	ck_assert_ptr_eq(order_item(f.o, f.o->items[1].id), &f.o->items[1]);
	ck_assert_ptr_null(order_item(f.o, f.o->id));
	ck_assert_ptr_null(order_item(f.o, ""));
	fixture_done(&f);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("order");
	TCase *tc = tcase_create("order");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, public_object_has_exactly_its_members);
	tcase_add_test(tc, contact_is_in_the_document_alone);
	tcase_add_test(tc, snapshot_has_exactly_its_members);
	tcase_add_test(tc, copy_stands_alone);
	tcase_add_test(tc, document_comes_back_the_same);
	tcase_add_test(tc, older_document_gets_defaults);
	tcase_add_test(tc, broken_documents_are_refused);
	tcase_add_test(tc, events_that_make_no_sense_change_nothing);
	tcase_add_test(tc, empty_order_takes_only_its_creation);
	tcase_add_test(tc, unknown_types_only_move_seq);
	tcase_add_test(tc, fold_takes_what_the_log_says);
	tcase_add_test(tc, timeline_drops_from_its_middle);
	tcase_add_test(tc, items_are_found_by_id);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
