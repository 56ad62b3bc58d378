/* SPDX-License-Identifier: MIT */
/*
 * test_change - what becomes of every request, and of those that are wrong.
 *
 * `ask` folds the events of each change again (order_fixture.h), so every
 * test here is one of replay, too.
 */
#include "order/route.h"
#include "order_fixture.h"

static void
assert_refused(struct fixture *f, int got, int err,
    const char *code)
{
	ck_assert_int_eq(got, err);
	ck_assert_uint_eq(f->faults.n, 0);
	ck_assert_str_eq(f->refusal.code, code);
	ck_assert_int_eq(f->refusal.err, err);
	ck_assert_str_ne(f->refusal.detail, "");
}

static void
assert_nothing(struct fixture *f, int got)
{
	ck_assert_int_eq(got, OW_OK);
	ck_assert_uint_eq(f->change.n_facts, 0);
	ck_assert_ptr_null(f->change.after);
}

static void
assert_fault(struct fixture *f, enum intent_kind kind,
    const char *body, const char *field)
{
	ck_assert_msg(ask(f, kind, NULL, body) == OW_EINVAL, "%s", body);
	ck_assert_msg(f->faults.n > 0 &&
	    strcmp(f->faults.list[0].field, field) == 0, "%s: not %s", body,
	    f->faults.list[0].field);
}

/* The data of a fact of the last change, as text. */
static const char *
data_of(struct fixture *f, uint32_t i)
{
	ck_assert_uint_lt(i, f->change.n_facts);
	return strstr(f->change.facts[i].message, "\"data\":");
}

/* ---- Creating ---------------------------------------------------------- */

START_TEST(create_makes_one_event_with_the_order)
{
	struct fixture f;
	const struct fact *fact;
	const char *suffix;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA));
	ck_assert_uint_eq(f.change.n_facts, 1);
	fact = &f.change.facts[0];
	ck_assert_str_eq(fact->type, "order.created");
	ck_assert_uint_eq(fact->seq, 1);
	ck_assert_int_eq(f.o->status, ORDER_PLACED);
	ck_assert_str_eq(f.o->tenant, "cafe");
	ck_assert_uint_eq(strlen(f.o->number), 6);
	suffix = f.o->id + strlen(f.o->id) - 6;
	for (int i = 0; i < 6; i++)
		ck_assert(f.o->number[i] == suffix[i] ||
		    f.o->number[i] == suffix[i] - 'a' + 'A');
	ck_assert_int_eq(strncmp(fact->message,
	    "{\"type\":\"order.created\",\"id\":\"", 30), 0);
	ck_assert_ptr_nonnull(strstr(fact->message, "\",\"order_id\":\""));
	ck_assert_ptr_nonnull(strstr(fact->message, "\",\"seq\":1,\"at\":"
	    "\"2025-11-22T10:00:00.000Z\",\"data\":{\"order\":{\"id\":\""));
	fixture_done(&f);
}
END_TEST

START_TEST(a_future_order_is_scheduled)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, "{\"customer_id\":\"a\",\"fulfilment\":\"dine_in\","
	    "\"scheduled_for\":\"2025-11-22T10:00:00.001Z\",\"items\":["
	    ITEM_TEA "]}");
	ck_assert_int_eq(f.o->status, ORDER_SCHEDULED);
	create(&f, "{\"customer_id\":\"a\",\"fulfilment\":\"dine_in\","
	    "\"scheduled_for\":\"2025-11-22T10:00:00.000Z\",\"items\":["
	    ITEM_TEA "]}");
	ck_assert_int_eq(f.o->status, ORDER_PLACED);
	fixture_done(&f);
}
END_TEST

#define WITH(more)							\
	"{\"customer_id\":\"a\",\"fulfilment\":\"pickup\",\"items\":["	\
	ITEM_TEA "]," more "}"
#define CONTACT(more) WITH("\"contact\":{" more "}")

START_TEST(create_refuses_bad_bodies)
{
	static const struct {
		const char *body, *field;
	} rows[] = {
		{ "{}", "customer_id" },
		{ "[]", "" },
		{ BODY("drone", ITEM_TEA), "fulfilment" },
		{ BODY("pickup", ""), "items" },
		{ BODY("pickup", "7"), "items[0]" },
		{ BODY("pickup", "{\"name\":\"x\"}"), "items[0].quantity" },
		{ BODY("pickup", "{\"name\":\"\",\"quantity\":1}"),
		    "items[0].name" },
		{ BODY("pickup", "{\"name\":\"x\",\"quantity\":0}"),
		    "items[0].quantity" },
		{ BODY("pickup", "{\"name\":\"x\",\"quantity\":1000}"),
		    "items[0].quantity" },
		{ BODY("pickup", "{\"name\":\"x\",\"quantity\":1,"
		    "\"prep_s\":86401}"), "items[0].prep_s" },
		{ BODY("pickup", "{\"name\":\"x\\ny\",\"quantity\":1}"),
		    "items[0].name" },
		{ WITH("\"external_ref\":\"\""), "external_ref" },
		{ WITH("\"number\":\"123456789012345678901234567890123\""),
		    "number" },
		{ WITH("\"scheduled_for\":\"soon\""), "scheduled_for" },
		{ WITH("\"pickup\":{\"lat\":91,\"lng\":0}"), "pickup.lat" },
		{ WITH("\"pickup\":{\"lat\":1}"), "pickup" },
		{ WITH("\"dropoff\":{\"lng\":1,\"lat\":null}"), "dropoff" },
		{ CONTACT("\"email\":\"nobody\""), "contact.email" },
		{ CONTACT("\"email\":\"a@b\\r\\nBcc: c@d\""),
		    "contact.email" },
		{ CONTACT("\"email\":\"a@b,c@d\""), "contact.email" },
		{ CONTACT("\"phone\":\"0123456789\""), "contact.phone" },
		{ CONTACT("\"phone\":\"+123456\""), "contact.phone" },
		{ CONTACT("\"phone\":\"+1234567890123456\""),
		    "contact.phone" },
		{ CONTACT("\"locale\":\"../../etc\""), "contact.locale" },
		{ CONTACT("\"locale\":\"en-\""), "contact.locale" },
		{ CONTACT("\"timezone\":\"Europe/Lon don\""),
		    "contact.timezone" },
	};
	struct fixture f;

	fixture_init(&f);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_fault(&f, INTENT_CREATE, rows[i].body, rows[i].field);
	ck_assert_ptr_null(f.o);
	fixture_done(&f);
}
END_TEST

START_TEST(create_takes_null_for_absent)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, WITH("\"external_ref\":null,\"number\":null,"
	    "\"pickup\":null,\"dropoff\":null,\"contact\":{\"email\":null},"
	    "\"scheduled_for\":null"));
	ck_assert_ptr_null(f.o->external_ref);
	ck_assert(!f.o->pickup.known);
	create(&f, CONTACT("\"locale\":\"zh-Hant-TW\",\"timezone\":"
	    "\"Etc/GMT+8\",\"phone\":\"+1234567\",\"email\":\"a@b\""));
	ck_assert_str_eq(f.o->contact.locale, "zh-Hant-TW");
	fixture_done(&f);
}
END_TEST

/* The biggest order there can be, every text at its bound. */
START_TEST(create_takes_200_items_and_no_more)
{
	struct buf body = BUF_INIT(1u << 20);
	struct fixture f;

	fixture_init(&f);
	for (int n = 200; n <= 201; n++) {
		buf_clear(&body);
		(void)buf_str(&body, "{\"customer_id\":\"a\","
		    "\"fulfilment\":\"pickup\",\"items\":[");
		for (int i = 0; i < n; i++)
			(void)buf_printf(&body, "%s{\"name\":\"%0200d\","
			    "\"quantity\":999,\"notes\":\"%0500d\"}",
			    i == 0 ? "" : ",", i, i);
		(void)buf_str(&body, "]}");
		ck_assert(!body.full);
		if (n == 200)
			create(&f, body.p);
		else
			assert_fault(&f, INTENT_CREATE, body.p, "items");
	}
	buf_done(&body);
	fixture_done(&f);
}
END_TEST

/* ---- Status ------------------------------------------------------------ */

START_TEST(straight_way_of_each_fulfilment)
{
	static const char *const ways[][6] = {
		{ BODY("pickup", ITEM_TEA), "accepted", "preparing", "ready",
		    "picked_up" },
		{ BODY("dine_in", ITEM_TEA), "accepted", "preparing",
		    "ready", "served" },
		{ BODY("delivery", ITEM_TEA), "accepted", "preparing",
		    "ready", "out_for_delivery", "delivered" },
	};
	struct fixture f;

	fixture_init(&f);
	for (int w = 0; w < 3; w++) {
		create(&f, ways[w][0]);
		for (int i = 1; i < 6 && ways[w][i] != NULL; i++) {
			ck_assert_int_eq(set_status(&f, ways[w][i], NULL),
			    OW_OK);
			ck_assert_uint_eq(f.change.n_facts, 1);
			ck_assert_uint_eq(f.o->seq, (uint64_t)i + 1);
		}
		ck_assert(order_is_finished(f.o));
		ck_assert_int_eq(f.o->finished_at_ms, f.at_ms);
		ck_assert_int_eq(f.o->updated_at_ms, f.at_ms);
		/* Setting the order ready did not touch the item. */
		ck_assert_int_eq(f.o->items[0].status, ITEM_QUEUED);
	}
	fixture_done(&f);
}
END_TEST

START_TEST(status_event_says_from_to_by_and_reason)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA));
	ck_assert_int_eq(set_status(&f, "accepted", NULL), OW_OK);
	ck_assert_str_eq(data_of(&f, 0), "\"data\":{\"from\":\"placed\","
	    "\"to\":\"accepted\",\"by\":\"kitchen\"}}");
	ck_assert_int_eq(set_status(&f, "cancelled", "no milk"), OW_OK);
	ck_assert_str_eq(data_of(&f, 0), "\"data\":{\"from\":\"accepted\","
	    "\"to\":\"cancelled\",\"by\":\"kitchen\","
	    "\"reason\":\"no milk\"}}");
	fixture_done(&f);
}
END_TEST

START_TEST(illegal_step_names_what_is_legal)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA));
	assert_refused(&f, set_status(&f, "delivered", NULL), OW_ECONFLICT,
	    "illegal_transition");
	ck_assert_str_eq(f.refusal.detail, "no step from placed to delivered"
	    " (pickup); legal: accepted, preparing, rejected, cancelled");
	ck_assert_int_eq(set_status(&f, "accepted", NULL), OW_OK);
	ck_assert_int_eq(set_status(&f, "ready", NULL), OW_OK);
	assert_refused(&f, set_status(&f, "served", NULL), OW_ECONFLICT,
	    "illegal_transition");
	assert_refused(&f, set_status(&f, "placed", NULL), OW_ECONFLICT,
	    "illegal_transition");
	ck_assert_int_eq(set_status(&f, "picked_up", NULL), OW_OK);
	assert_refused(&f, set_status(&f, "ready", NULL), OW_ECONFLICT,
	    "illegal_transition");
	ck_assert_ptr_nonnull(strstr(f.refusal.detail, "final"));
	fixture_done(&f);
}
END_TEST

START_TEST(second_tap_changes_nothing)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA));
	ck_assert_int_eq(set_status(&f, "cancelled", NULL), OW_OK);
	assert_nothing(&f, set_status(&f, "cancelled", NULL));
	assert_nothing(&f, set_item(&f, 0, "queued"));
	ck_assert_uint_eq(f.o->seq, 2);
	fixture_done(&f);
}
END_TEST

START_TEST(stale_seq_is_told_before_all_else)
{
	struct fixture f;
	char id[ID_SIZE];

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA));
	memcpy(id, f.o->items[0].id, ID_SIZE);
	assert_refused(&f, ask(&f, INTENT_STATUS, NULL,
	    "{\"status\":\"placed\",\"expected_seq\":7}"), OW_ECONFLICT,
	    "stale_seq");
	ck_assert_str_eq(f.refusal.detail, "the order is at seq 1, not 7");
	assert_refused(&f, ask(&f, INTENT_ITEM_STATUS, id,
	    "{\"status\":\"ready\",\"expected_seq\":0}"), OW_ECONFLICT,
	    "stale_seq");
	ck_assert_int_eq(ask(&f, INTENT_STATUS, NULL,
	    "{\"status\":\"accepted\",\"expected_seq\":1}"), OW_OK);
	/* The same once more: its answer was lost, not the tap. */
	assert_refused(&f, ask(&f, INTENT_STATUS, NULL,
	    "{\"status\":\"accepted\",\"expected_seq\":1}"), OW_ECONFLICT,
	    "stale_seq");
	assert_fault(&f, INTENT_STATUS,
	    "{\"status\":\"ready\",\"expected_seq\":-1}", "expected_seq");
	fixture_done(&f);
}
END_TEST

START_TEST(recall_needs_a_role_and_a_reason)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA));
	ck_assert_int_eq(set_item(&f, 0, "ready"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_READY);
	assert_refused(&f, set_status(&f, "preparing", NULL), OW_EINVAL,
	    "reason_required");
	assert_refused(&f, set_status(&f, "preparing", "  "), OW_EINVAL,
	    "reason_required");
	f.by = ROLE_CUSTOMER;
	assert_refused(&f, set_status(&f, "preparing", "cold"), OW_EDENIED,
	    "forbidden");
	assert_refused(&f, set_item(&f, 0, "preparing"), OW_EDENIED,
	    "forbidden");
	f.by = ROLE_TRACKING;
	assert_refused(&f, set_status(&f, "preparing", "cold"), OW_EDENIED,
	    "forbidden");
	f.by = ROLE_ADMIN;
	ck_assert_int_eq(set_status(&f, "preparing", "cold"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_PREPARING);
	fixture_done(&f);
}
END_TEST

START_TEST(malformed_status_bodies)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA));
	assert_fault(&f, INTENT_STATUS, "{}", "status");
	assert_fault(&f, INTENT_STATUS, "{\"status\":\"eaten\"}", "status");
	assert_fault(&f, INTENT_STATUS,
	    "{\"status\":\"ready\",\"reason\":7}", "reason");
	assert_fault(&f, INTENT_STATUS,
	    "{\"status\":\"ready\",\"reason\":\"a\\u0001b\"}", "reason");
	assert_fault(&f, INTENT_ITEM_STATUS, "{\"status\":\"placed\"}",
	    "status");
	fixture_done(&f);
}
END_TEST

START_TEST(failed_delivery_can_go_out_again)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("delivery", ITEM_TEA));
	ck_assert_int_eq(set_item(&f, 0, "ready"), OW_OK);
	ck_assert_int_eq(set_status(&f, "out_for_delivery", NULL), OW_OK);
	ck_assert_int_eq(set_status(&f, "delivery_failed", NULL), OW_OK);
	ck_assert(!order_is_finished(f.o));
	ck_assert_int_eq(set_status(&f, "out_for_delivery", NULL), OW_OK);
	ck_assert_int_eq(set_status(&f, "delivery_failed", NULL), OW_OK);
	ck_assert_int_eq(set_status(&f, "returned", NULL), OW_OK);
	ck_assert(order_is_finished(f.o));
	fixture_done(&f);
}
END_TEST

/* ---- Items ------------------------------------------------------------- */

START_TEST(items_move_the_order)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA "," ITEM_CAKE));
	ck_assert_int_eq(set_item(&f, 0, "preparing"), OW_OK);
	ck_assert_uint_eq(f.change.n_facts, 2);
	ck_assert_str_eq(f.change.facts[0].type, "order.item.status.changed");
	ck_assert_str_eq(f.change.facts[1].type, "order.status.changed");
	ck_assert_uint_eq(f.change.facts[1].seq, 3);
	ck_assert_int_eq(f.o->status, ORDER_PREPARING);
	ck_assert_int_eq(set_item(&f, 1, "preparing"), OW_OK);
	ck_assert_uint_eq(f.change.n_facts, 1);
	ck_assert_int_eq(set_item(&f, 0, "ready"), OW_OK);
	ck_assert_uint_eq(f.change.n_facts, 1);
	ck_assert_int_eq(set_item(&f, 1, "ready"), OW_OK);
	ck_assert_uint_eq(f.change.n_facts, 2);
	ck_assert_int_eq(f.o->status, ORDER_READY);
	/* One comes back, and with it the order. */
	ck_assert_int_eq(set_item(&f, 1, "preparing"), OW_OK);
	ck_assert_uint_eq(f.change.n_facts, 2);
	ck_assert_ptr_nonnull(strstr(data_of(&f, 1),
	    "\"reason\":\"item recalled\""));
	ck_assert_int_eq(f.o->status, ORDER_PREPARING);
	/* Without it, the rest is ready. */
	ck_assert_int_eq(set_item(&f, 1, "voided"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_READY);
	/* A recalled item starts an order that had not started. */
	create(&f, BODY("pickup", ITEM_TEA "," ITEM_CAKE));
	ck_assert_int_eq(set_item(&f, 0, "ready"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_PLACED);
	ck_assert_int_eq(set_item(&f, 0, "preparing"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_PREPARING);
	fixture_done(&f);
}
END_TEST

START_TEST(item_event_names_the_item)
{
	struct fixture f;
	char want[200];

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA "," ITEM_CAKE));
	ck_assert_int_eq(set_item(&f, 1, "held"), OW_OK);
	(void)snprintf(want, sizeof(want), "\"data\":{\"item_id\":\"%s\","
	    "\"from\":\"queued\",\"to\":\"held\",\"by\":\"kitchen\"}}",
	    f.o->items[1].id);
	ck_assert_str_eq(data_of(&f, 0), want);
	fixture_done(&f);
}
END_TEST

/* A kitchen that starts early has started, whatever the table says. */
START_TEST(items_start_a_scheduled_order)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, WITH("\"scheduled_for\":\"2025-11-23T10:00:00Z\""));
	ck_assert_int_eq(set_item(&f, 0, "preparing"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_PREPARING);
	create(&f, WITH("\"scheduled_for\":\"2025-11-23T10:00:00Z\""));
	ck_assert_int_eq(set_item(&f, 0, "ready"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_READY);
	fixture_done(&f);
}
END_TEST

START_TEST(all_voided_cancels)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA "," ITEM_CAKE));
	ck_assert_int_eq(set_item(&f, 0, "voided"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_PLACED);
	ck_assert_int_eq(set_item(&f, 1, "voided"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_CANCELLED);
	ck_assert(order_is_finished(f.o));
	fixture_done(&f);
}
END_TEST

START_TEST(ready_by_hand_is_left_to_hands)
{
	struct fixture f;

	fixture_init(&f);
	f.rules.ready_by_hand = true;
	create(&f, BODY("pickup", ITEM_TEA));
	ck_assert_int_eq(set_item(&f, 0, "preparing"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_PREPARING);
	ck_assert_int_eq(set_item(&f, 0, "ready"), OW_OK);
	ck_assert_uint_eq(f.change.n_facts, 1);
	ck_assert_int_eq(f.o->status, ORDER_PREPARING);
	ck_assert_int_eq(set_status(&f, "ready", NULL), OW_OK);
	fixture_done(&f);
}
END_TEST

/* A course that is on the table already does not hold the next one up. */
START_TEST(served_items_count_as_ready)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("dine_in", ITEM_TEA "," ITEM_CAKE));
	ck_assert_int_eq(set_item(&f, 0, "ready"), OW_OK);
	ck_assert_int_eq(set_item(&f, 0, "served"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_PLACED);
	ck_assert_int_eq(set_item(&f, 1, "ready"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_READY);
	fixture_done(&f);
}
END_TEST

START_TEST(item_refusals)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA "," ITEM_CAKE));
	assert_refused(&f, ask(&f, INTENT_ITEM_STATUS, f.o->id,
	    "{\"status\":\"ready\"}"), OW_ENOENT, "no_such_item");
	assert_refused(&f, ask(&f, INTENT_ITEM_STATUS, NULL,
	    "{\"status\":\"ready\"}"), OW_ENOENT, "no_such_item");
	assert_refused(&f, set_item(&f, 0, "served"), OW_ECONFLICT,
	    "illegal_transition");
	ck_assert_str_eq(f.refusal.detail, "no step from queued to served "
	    "for an item; legal: held, preparing, ready, voided");
	ck_assert_int_eq(set_item(&f, 0, "voided"), OW_OK);
	assert_refused(&f, set_item(&f, 0, "queued"), OW_ECONFLICT,
	    "illegal_transition");
	ck_assert_int_eq(set_status(&f, "rejected", NULL), OW_OK);
	assert_refused(&f, set_item(&f, 1, "preparing"), OW_ECONFLICT,
	    "order_finished");
	fixture_done(&f);
}
END_TEST

/* ---- ETA --------------------------------------------------------------- */

START_TEST(eta_is_the_kitchens_word)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA));
	ck_assert_int_eq(ask(&f, INTENT_ETA, NULL, "{\"ready_in_s\":600}"),
	    OW_OK);
	ck_assert_str_eq(f.change.facts[0].type, "order.eta.updated");
	ck_assert_str_eq(data_of(&f, 0), "\"data\":{\"eta\":{"
	    "\"p50_at\":\"2025-11-22T10:10:00.000Z\","
	    "\"p90_at\":\"2025-11-22T10:10:00.000Z\","
	    "\"confidence\":\"high\",\"basis\":\"kitchen\","
	    "\"promised_at\":\"2025-11-22T10:10:00.000Z\","
	    "\"updated_at\":\"2025-11-22T10:00:00.000Z\"}}}");
	/* It slips; the promise stays. */
	ck_assert_int_eq(ask(&f, INTENT_ETA, NULL,
	    "{\"ready_at\":\"2025-11-22T10:20:00Z\"}"), OW_OK);
	ck_assert_int_eq(f.o->eta.p50_at_ms, T0 + 1200000);
	ck_assert_int_eq(f.o->eta.promised_at_ms, T0 + 600000);
	assert_nothing(&f, ask(&f, INTENT_ETA, NULL,
	    "{\"ready_at\":\"2025-11-22T10:20:00Z\"}"));
	create(&f, WITH("\"promised_at\":\"2025-11-22T12:00:00Z\""));
	ck_assert_int_eq(ask(&f, INTENT_ETA, NULL, "{\"ready_in_s\":0}"),
	    OW_OK);
	ck_assert_int_eq(f.o->eta.promised_at_ms, T0 + 7200000);
	fixture_done(&f);
}
END_TEST

START_TEST(eta_refusals)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA));
	assert_fault(&f, INTENT_ETA, "{}", "ready_in_s");
	assert_fault(&f, INTENT_ETA, "{\"ready_in_s\":-1}", "ready_in_s");
	assert_fault(&f, INTENT_ETA, "{\"ready_in_s\":86401}", "ready_in_s");
	assert_fault(&f, INTENT_ETA, "{\"ready_in_s\":1.5}", "ready_in_s");
	assert_fault(&f, INTENT_ETA, "{\"ready_in_s\":1,"
	    "\"ready_at\":\"2025-11-22T10:20:00Z\"}", "ready_in_s");
	assert_fault(&f, INTENT_ETA,
	    "{\"ready_at\":\"2025-11-22T09:58:59Z\"}", "ready_at");
	assert_fault(&f, INTENT_ETA,
	    "{\"ready_at\":\"2025-12-22T10:00:01Z\"}", "ready_at");
	ck_assert_int_eq(ask(&f, INTENT_ETA, NULL,
	    "{\"ready_at\":\"2025-11-22T09:59:00Z\"}"), OW_OK);
	ck_assert_int_eq(set_status(&f, "cancelled", NULL), OW_OK);
	assert_refused(&f, ask(&f, INTENT_ETA, NULL, "{\"ready_in_s\":9}"),
	    OW_ECONFLICT, "order_finished");
	fixture_done(&f);
}
END_TEST

/* ---- Delivery ---------------------------------------------------------- */

START_TEST(assigning_a_driver)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("delivery", ITEM_TEA));
	ck_assert_int_eq(ask(&f, INTENT_DELIVERY, NULL,
	    "{\"fleet_member_id\":\"m1\",\"task_id\":\"t1\"}"), OW_OK);
	ck_assert_uint_eq(f.change.n_facts, 2);
	ck_assert_str_eq(data_of(&f, 0), "\"data\":{\"driver\":{\"id\":"
	    "\"m1\",\"name\":null,\"photo_url\":null,\"vehicle\":null,"
	    "\"rating\":null},\"task_id\":\"t1\"}}");
	ck_assert_str_eq(data_of(&f, 1), "\"data\":{\"from\":\"none\","
	    "\"to\":\"assigned\"}}");
	ck_assert_int_eq(f.o->delivery, DELIVERY_ASSIGNED);
	assert_nothing(&f, ask(&f, INTENT_DELIVERY, NULL,
	    "{\"fleet_member_id\":\"m1\",\"task_id\":\"t1\"}"));
	/* Another one takes over: no second "assigned". */
	ck_assert_int_eq(ask(&f, INTENT_DELIVERY, NULL,
	    "{\"fleet_member_id\":\"m2\"}"), OW_OK);
	ck_assert_uint_eq(f.change.n_facts, 1);
	ck_assert_str_eq(f.o->driver.id, "m2");
	ck_assert_ptr_null(f.o->task_id);
	/* It fell through; the same one tries again. */
	f.o->delivery = DELIVERY_FAILED;
	ck_assert_int_eq(ask(&f, INTENT_DELIVERY, NULL,
	    "{\"fleet_member_id\":\"m2\"}"), OW_OK);
	ck_assert_uint_eq(f.change.n_facts, 2);
	fixture_done(&f);
}
END_TEST

START_TEST(a_known_driver_stays_known)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("delivery", ITEM_TEA));
	f.o->driver = (struct driver){ .id = "m1", .name = "Bo",
	    .phone = "+1", .rating = 4.5 };
	f.o->delivery = DELIVERY_ACCEPTED;
	ck_assert_int_eq(ask(&f, INTENT_DELIVERY, NULL,
	    "{\"fleet_member_id\":\"m1\",\"task_id\":\"t2\"}"), OW_OK);
	ck_assert_str_eq(f.o->driver.name, "Bo");
	ck_assert_str_eq(f.o->task_id, "t2");
	ck_assert_int_eq(ask(&f, INTENT_DELIVERY, NULL,
	    "{\"fleet_member_id\":\"m3\",\"task_id\":\"t2\"}"), OW_OK);
	ck_assert_ptr_null(f.o->driver.name);
	ck_assert_ptr_null(f.o->driver.phone);
	fixture_done(&f);
}
END_TEST

static int
say_task(struct fixture *f, const char *status, const char *driver,
    const char *task)
{
	struct intent in = { .kind = INTENT_TASK, .task_id = task,
	    .fleet_member_id = driver,
	    .status = delivery_status_by_name(status) };

	ck_assert_int_ge(in.status, 0);
	return ask_own(f, &in);
}

START_TEST(a_task_is_told_forwards_and_once)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("delivery", ITEM_TEA));
	ck_assert_int_eq(say_task(&f, "en_route_pickup", "m1", "t1"), OW_OK);
	ck_assert_uint_eq(f.change.n_facts, 3);
	ck_assert_int_eq(f.o->delivery, DELIVERY_EN_ROUTE_PICKUP);
	ck_assert_str_eq(f.o->driver.id, "m1");
	assert_nothing(&f, say_task(&f, "en_route_pickup", "m1", "t1"));
	assert_nothing(&f, say_task(&f, "accepted", "m1", "t1"));
	assert_nothing(&f, say_task(&f, "assigned", NULL, "t1"));
	assert_nothing(&f, say_task(&f, "delivered", "m2", "t2"));
	ck_assert_int_eq(say_task(&f, "delivered", "m1", "t1"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_DELIVERED);
	ck_assert_uint_eq(f.change.n_facts, 5);
	ck_assert_ptr_nonnull(strstr(data_of(&f, 4), "\"by\":"
	    "\"logistics\""));
	assert_nothing(&f, say_task(&f, "delivered", "m1", "t1"));
	assert_nothing(&f, say_task(&f, "cancelled", NULL, "t1"));
	fixture_done(&f);
}
END_TEST

START_TEST(a_lost_task_leaves_the_order_and_takes_the_driver)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("delivery", ITEM_TEA));
	ck_assert_int_eq(say_task(&f, "accepted", "m1", "t1"), OW_OK);
	ck_assert_int_eq(say_task(&f, "cancelled", NULL, "t1"), OW_OK);
	ck_assert_str_eq(data_of(&f, 0), "\"data\":{\"from\":\"accepted\","
	    "\"to\":\"pending\"}}");
	ck_assert_str_eq(data_of(&f, 1), "\"data\":{\"driver\":null}}");
	ck_assert_int_eq(f.o->status, ORDER_PLACED);
	assert_nothing(&f, say_task(&f, "cancelled", NULL, "t1"));
	/* Once the goods are on the way there is no such thing. */
	ck_assert_int_eq(say_task(&f, "picked_up", "m2", "t2"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_OUT_FOR_DELIVERY);
	assert_nothing(&f, say_task(&f, "cancelled", NULL, "t2"));
	ck_assert_int_eq(say_task(&f, "failed", NULL, "t2"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_DELIVERY_FAILED);
	ck_assert_int_eq(say_task(&f, "assigned", "m3", "t3"), OW_OK);
	ck_assert_int_eq(say_task(&f, "picked_up", NULL, "t3"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_OUT_FOR_DELIVERY);
	ck_assert_int_eq(say_task(&f, "returned", NULL, "t3"), OW_OK);
	ck_assert_int_eq(f.o->status, ORDER_RETURNED);
	fixture_done(&f);
}
END_TEST

START_TEST(details_of_the_driver_are_told_when_they_are_seen)
{
	struct driver bo = { .id = "m1", .name = "Bo", .phone = "+49170",
	    .photo_url = "https://p/1?sig=a", .rating = 4.5 };
	struct intent in = { .kind = INTENT_DRIVER, .driver = &bo };
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("delivery", ITEM_TEA));
	assert_nothing(&f, ask_own(&f, &in));
	ck_assert_int_eq(say_task(&f, "assigned", "m1", "t1"), OW_OK);
	ck_assert_int_eq(ask_own(&f, &in), OW_OK);
	ck_assert_uint_eq(f.change.n_facts, 1);
	ck_assert_ptr_null(strstr(data_of(&f, 0), "phone"));
	bo.photo_url = "https://p/1?sig=b";
	bo.phone = "+49171";
	assert_nothing(&f, ask_own(&f, &in));
	ck_assert_int_eq(say_task(&f, "picked_up", NULL, "t1"), OW_OK);
	ck_assert_int_eq(ask_own(&f, &in), OW_OK);
	ck_assert_ptr_nonnull(strstr(data_of(&f, 0),
	    "\"phone\":\"+49171\""));
	assert_nothing(&f, ask_own(&f, &in));
	bo.id = "m2";
	assert_nothing(&f, ask_own(&f, &in));
	fixture_done(&f);
}
END_TEST

START_TEST(a_route_is_the_same_when_it_is_read_back)
{
	static const double way[] = { 13.4051234567, 52.52, -0.000001, -33,
	    179.99999, 0.1 };
	static const double bad[] = { 13.4, 52.5, 181, 52 };
	struct intent in = { .kind = INTENT_ROUTE };
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("delivery", ITEM_TEA));
	ck_assert_ptr_null(route_new(bad, 2, 1, 1));
	ck_assert_ptr_null(route_new(way, 1, 1, 1));
	in.route = route_new(way, 3, 1234.5, -1);
	ck_assert_int_eq(ask_own(&f, &in), OW_OK);
	ck_assert_str_eq(data_of(&f, 0), "\"data\":{\"route\":{"
	    "\"coordinates\":[[13.40512,52.52],[0,-33],[179.99999,0.1]],"
	    "\"distance_m\":1235,\"duration_s\":null}}}");
	assert_nothing(&f, ask_own(&f, &in));
	route_unref(&in.route);
	ck_assert_int_eq(ask_own(&f, &in), OW_OK);
	ck_assert_ptr_null(f.o->route);
	fixture_done(&f);
}
END_TEST

START_TEST(how_much_of_a_route_is_left)
{
	static const double way[] = { 13.40, 52.50, 13.42, 52.50, 13.42,
	    52.512 };
	struct route *r = route_new(way, 3, 2700, 600);
	double off_m;

	ck_assert_double_eq_tol(route_left(r, 52.50, 13.40, &off_m), 1, 1e-6);
	ck_assert_double_lt(off_m, 1);
	ck_assert_double_eq_tol(route_left(r, 52.512, 13.42, &off_m), 0,
	    1e-6);
	ck_assert_double_eq_tol(route_left(r, 52.50, 13.41, &off_m), 0.75,
	    0.01);
	(void)route_left(r, 52.49, 13.41, &off_m);
	ck_assert_double_eq_tol(off_m, 1112, 5);
	route_unref(&r);
}
END_TEST

START_TEST(an_estimate_is_no_obstacle)
{
	struct intent in = { .kind = INTENT_ESTIMATE, .eta = {
	    .known = true, .p50_at_ms = T0 + 600000,
	    .p90_at_ms = T0 + 900000, .promised_at_ms = T0 + 900000,
	    .confidence = "medium", .basis = "learnt+route" } };
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("delivery", ITEM_TEA));
	in.is_imminent = true;		/* it is not on its way */
	ck_assert_int_eq(ask_own(&f, &in), OW_OK);
	ck_assert_uint_eq(f.change.n_facts, 1);
	ck_assert_int_eq(f.o->eta.promised_at_ms, T0 + 900000);
	assert_nothing(&f, ask_own(&f, &in));
	ck_assert_int_eq(ask(&f, INTENT_STATUS, NULL,
	    "{\"status\":\"accepted\",\"expected_seq\":1}"), OW_OK);
	assert_refused(&f, ask(&f, INTENT_STATUS, NULL,
	    "{\"status\":\"preparing\",\"expected_seq\":2}"),
	    OW_ECONFLICT, "stale_seq");
	assert_refused(&f, ask(&f, INTENT_STATUS, NULL,
	    "{\"status\":\"preparing\",\"expected_seq\":9}"),
	    OW_ECONFLICT, "stale_seq");
	/* A promise stays. */
	in.eta.p50_at_ms += 1;
	in.eta.promised_at_ms = T0;
	in.is_near = true;
	ck_assert_int_eq(say_task(&f, "picked_up", "m1", "t1"), OW_OK);
	ck_assert_int_eq(ask_own(&f, &in), OW_OK);
	ck_assert_uint_eq(f.change.n_facts, 2);
	ck_assert_ptr_nonnull(strstr(data_of(&f, 0), "\"near\":true"));
	ck_assert_str_eq(data_of(&f, 1), "\"data\":{\"from\":"
	    "\"picked_up\",\"to\":\"picked_up\",\"imminent\":true}}");
	ck_assert_int_eq(f.o->eta.promised_at_ms, T0 + 900000);
	ck_assert(f.o->imminent);
	fixture_done(&f);
}
END_TEST

START_TEST(delivery_refusals)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA));
	assert_refused(&f, ask(&f, INTENT_DELIVERY, NULL,
	    "{\"fleet_member_id\":\"m1\"}"), OW_ECONFLICT, "not_a_delivery");
	create(&f, BODY("delivery", ITEM_TEA));
	assert_fault(&f, INTENT_DELIVERY, "{}", "fleet_member_id");
	assert_fault(&f, INTENT_DELIVERY,
	    "{\"fleet_member_id\":\"m\",\"task_id\":\"\"}", "task_id");
	ck_assert_int_eq(set_status(&f, "rejected", NULL), OW_OK);
	assert_refused(&f, ask(&f, INTENT_DELIVERY, NULL,
	    "{\"fleet_member_id\":\"m1\"}"), OW_ECONFLICT, "order_finished");
	fixture_done(&f);
}
END_TEST

/* ---- The platform's own events ----------------------------------------- */

START_TEST(own_event_passes_unchanged)
{
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA));
	ck_assert_int_eq(set_status(&f, "cancelled", NULL), OW_OK);
	ck_assert_int_eq(ask(&f, INTENT_EVENT, NULL,
	    "{ \"type\": \"x.pager_1.buzz-2\",\n \"data\": { \"b\": 1.50, "
	    "\"a\": \"\\u00e9 x\", \"n\": [ 1e3, null ] } }"), OW_OK);
	ck_assert_uint_eq(f.change.n_facts, 1);
	ck_assert_ptr_null(f.change.after);
	ck_assert_uint_eq(f.change.facts[0].seq, 3);
	ck_assert_int_eq(f.change.facts[0].kind, EVENT_OTHER);
	ck_assert_str_eq(f.change.facts[0].type, "x.pager_1.buzz-2");
	ck_assert_str_eq(data_of(&f, 0), "\"data\":{\"b\":1.50,"
	    "\"a\":\"\\u00e9 x\",\"n\":[1e3,null]}}");
	ck_assert_int_eq(ask(&f, INTENT_EVENT, NULL,
	    "{\"data\":null,\"type\":\"x.paidInCash\"}"), OW_OK);
	ck_assert_str_eq(data_of(&f, 0), "\"data\":null}");
	fixture_done(&f);
}
END_TEST

START_TEST(own_event_refusals)
{
	/* The last is one letter longer than a name may be. */
	static const char *const types[] = { "rush", "x.", "x./rush", "x.a b",
	    "order.created", "X.a", "x.\\u00e9",
	    "x.a23456789b123456789c123456789d123456789e123456789f123456789abcd"
	};
	struct fixture f;
	char body[4200];

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA));
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		(void)snprintf(body, sizeof(body),
		    "{\"type\":\"%s\",\"data\":1}", types[i]);
		assert_fault(&f, INTENT_EVENT, body, "type");
	}
	assert_fault(&f, INTENT_EVENT, "{\"type\":\"x.a\"}", "data");
	/* 4096 bytes of data and not one more; blanks do not count. */
	(void)snprintf(body, sizeof(body), "{\"type\":\"x.a\",\"data\": "
	    "\"%04094d\" }", 0);
	ck_assert_int_eq(ask(&f, INTENT_EVENT, NULL, body), OW_OK);
	(void)snprintf(body, sizeof(body), "{\"type\":\"x.a\",\"data\":"
	    "\"%04095d\"}", 0);
	assert_fault(&f, INTENT_EVENT, body, "data");
	fixture_done(&f);
}
END_TEST

/* A refusal must leave the caller's change alone: it is not ended then. */
START_TEST(refusal_leaves_out_untouched)
{
	struct order_rules rules = { false };
	struct change out, before;
	struct refusal refusal;
	struct intent in = { .kind = INTENT_STATUS, .at_ms = T0,
	    .status = ORDER_SERVED };
	struct fixture f;

	fixture_init(&f);
	create(&f, BODY("pickup", ITEM_TEA));
	memset(&out, 0x5a, sizeof(out));
	memcpy(&before, &out, sizeof(out));
	ck_assert_int_eq(change_decide(f.o, "cafe", &in, &rules, &f.ids,
	    &out, &refusal), OW_ECONFLICT);
	ck_assert_mem_eq(&out, &before, sizeof(out));
	fixture_done(&f);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("change");
	TCase *tc = tcase_create("change");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, create_makes_one_event_with_the_order);
	tcase_add_test(tc, a_future_order_is_scheduled);
	tcase_add_test(tc, create_refuses_bad_bodies);
	tcase_add_test(tc, create_takes_null_for_absent);
	tcase_add_test(tc, create_takes_200_items_and_no_more);
	tcase_add_test(tc, straight_way_of_each_fulfilment);
	tcase_add_test(tc, status_event_says_from_to_by_and_reason);
	tcase_add_test(tc, illegal_step_names_what_is_legal);
	tcase_add_test(tc, second_tap_changes_nothing);
	tcase_add_test(tc, stale_seq_is_told_before_all_else);
	tcase_add_test(tc, recall_needs_a_role_and_a_reason);
	tcase_add_test(tc, malformed_status_bodies);
	tcase_add_test(tc, failed_delivery_can_go_out_again);
	tcase_add_test(tc, items_move_the_order);
	tcase_add_test(tc, item_event_names_the_item);
	tcase_add_test(tc, items_start_a_scheduled_order);
	tcase_add_test(tc, all_voided_cancels);
	tcase_add_test(tc, ready_by_hand_is_left_to_hands);
	tcase_add_test(tc, served_items_count_as_ready);
	tcase_add_test(tc, item_refusals);
	tcase_add_test(tc, eta_is_the_kitchens_word);
	tcase_add_test(tc, eta_refusals);
	tcase_add_test(tc, assigning_a_driver);
	tcase_add_test(tc, a_known_driver_stays_known);
	tcase_add_test(tc, a_task_is_told_forwards_and_once);
	tcase_add_test(tc, a_lost_task_leaves_the_order_and_takes_the_driver);
	tcase_add_test(tc, details_of_the_driver_are_told_when_they_are_seen);
	tcase_add_test(tc, a_route_is_the_same_when_it_is_read_back);
	tcase_add_test(tc, how_much_of_a_route_is_left);
	tcase_add_test(tc, an_estimate_is_no_obstacle);
	tcase_add_test(tc, delivery_refusals);
	tcase_add_test(tc, own_event_passes_unchanged);
	tcase_add_test(tc, own_event_refusals);
	tcase_add_test(tc, refusal_leaves_out_untouched);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
