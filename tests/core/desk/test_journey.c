/* SPDX-License-Identifier: MIT */
/*
 * What the outbox and devices ask and tell: consents, receipts, and the
 * journey that explains it all.
 */
#include "desk_host.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "desk_steps.h"

#define CONTACT "\"contact\":{\"phone\":\"+4930123456\"},"

static const char rules[] =
    "rules = ( { event = \"order.accepted\"; template = \"note\";"
    "  channels = [ \"in_app\", \"push\", \"sms after 2m\" ];"
    "  ttl = \"30m\"; });";

static struct desk *d;
static char order[ID_SIZE];

static void
set_up(void)
{
	d = desk_open_rules(rules);
	make_order(d, CONTACT, order);
}

static void
tear_down(void)
{
	desk_close(&d);
}

/* ---- Consents ----------------------------------------------------------- */

static struct consent *
consent_new(struct desk *at, uint32_t n)
{
	struct consent *q = mem_alloc(sizeof(*q));
	uint32_t i;

	arena_init(&q->arena);
	q->outbox = &at->outbox;
	q->n = n;
	q->jobs = arena_alloc(&q->arena, n * sizeof(*q->jobs));
	for (i = 0; i < n; i++)
		q->jobs[i] = (struct consent_job){ .tenant = "cafe",
		    .sub = "ann", .order_id = order,
		    .topic = "order.accepted", .medium = MEDIUM_SMS,
		    .only_unseen = true, .has_channel = true,
		    .at_ms = loop_wall_ms(at->loop),
		    .due_ms = loop_wall_ms(at->loop),
		    .stale_ms = loop_wall_ms(at->loop) + 600000 };
	return q;
}

static const struct consent_job *
consent_of(struct desk *at, struct consent *q)
{
	uint32_t n = at->outbox.n_consents;

	orders_consent(at->o, q);
	desk_run(at, 20);
	ck_assert_uint_eq(at->outbox.n_consents, n + 1);
	ck_assert_ptr_eq(at->outbox.consent, q);
	ck_assert_int_eq(q->jobs[0].err, OW_OK);
	return q->jobs;
}

START_TEST(who_watches_now_or_has_since_is_not_sent_to)
{
	struct asking k = { .role = ROLE_CUSTOMER, .sub = "ann",
	    .order = order };
	const struct consent_job *j;
	struct consent *q;

	ck_assert_int_eq(consent_of(d, consent_new(d, 1))->decided.decision,
	    DECIDE_SEND);
	(void)desk_ask(d, &k);
	orders_presence(d->o, &d->fronts[0], order, true);
	j = consent_of(d, consent_new(d, 1));
	ck_assert_int_eq(j->decided.decision, DECIDE_SKIP);
	ck_assert_ptr_nonnull(strstr(j->decided.why, "watch"));
	q = consent_new(d, 1);
	q->jobs[0].only_unseen = false;
	ck_assert_int_eq(consent_of(d, q)->decided.decision, DECIDE_SEND);
	/* It looked after the notice, and left. */
	q = consent_new(d, 2);
	desk_run(d, 1000);
	orders_unwatch(d->o, &d->fronts[0], order);
	desk_run(d, 1000);
	q->jobs[1].at_ms = q->jobs[1].due_ms = loop_wall_ms(d->loop);
	j = consent_of(d, q);
	ck_assert_int_eq(j[0].decided.decision, DECIDE_SKIP);
	ck_assert_ptr_nonnull(strstr(j[0].decided.why, "watched live"));
	ck_assert_int_eq(j[1].decided.decision, DECIDE_SEND);
}
END_TEST

START_TEST(preferences_of_this_moment_count)
{
	struct asked a = ann_asks(CMD_PREFS_PUT);
	const struct consent_job *j;
	struct consent *q;

	a.prefs = "{\"channels\":{\"sms\":false}}";
	ck_assert_int_eq(desk_do(d, &a)->status, 200);
	j = consent_of(d, consent_new(d, 1));
	ck_assert_int_eq(j->decided.decision, DECIDE_SKIP);
	/* Nobody's: a platform's webhook has no preferences. */
	q = consent_new(d, 1);
	q->jobs[0].sub = "";
	q->jobs[0].medium = MEDIUM_WEBHOOK;
	q->jobs[0].only_unseen = false;
	ck_assert_int_eq(consent_of(d, q)->decided.decision, DECIDE_SEND);
}
END_TEST

START_TEST(who_can_not_be_read_is_asked_about_again)
{
	struct consent *q = consent_new(d, 3);

	q->jobs[1].sub = "";
	q->jobs[1].medium = MEDIUM_WEBHOOK;
	q->jobs[2].sub = "bob";
	(void)as_ann(d, CMD_NOTICES_READ, NULL);
	desk_fault(d, FAULT_FAIL, Q_PERSON_STATE, OW_EAGAIN, 0, 0, 1);
	(void)consent_of(d, q);
	ck_assert_int_eq(q->jobs[1].err, OW_OK);
	ck_assert_int_eq(q->jobs[2].err, OW_EAGAIN);
	/* And who watches is not known before all orders are read. */
	desk_crash(d);
	desk_begin(d);
	q = consent_new(d, 1);
	orders_consent(d->o, q);
	desk_run(d, 20);
	ck_assert_int_eq(d->outbox.consent->jobs[0].err, OW_EAGAIN);
	desk_load(d);
}
END_TEST

/* A sanitizer would notice a consent that nobody owns. */
START_TEST(ends_while_consents_wait)
{
	desk_fault(d, FAULT_HOLD, Q_PERSON_STATE, 0, 0, 0, 1);
	orders_consent(d->o, consent_new(d, 2));
	desk_run(d, 20);
	ck_assert_uint_eq(d->n_held, 1);
}
END_TEST

/* ---- Receipts ----------------------------------------------------------- */

static struct result *
tell_receipt(const char *job, const char *what, const char *tenant,
    const char *key)
{
	struct asked a = { .kind = CMD_RECEIPT, .receipt = what,
	    .tenant = tenant, .key = key, .body = what };
	char token[TOKEN_TEXT_SIZE];

	ck_assert_int_eq(token_make(&d->o->receipt_key, job, token), OW_OK);
	a.token = token;
	return desk_do(d, &a);
}

static void
job_id(char out[128])
{
	struct asked a = { .kind = CMD_JOURNEY };
	struct result *r;
	const char *at;

	a.order = order;
	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 200);
	at = strstr(r->body, "\"job\":{\"id\":\"");
	ck_assert_ptr_nonnull(at);
	(void)snprintf(out, ID_SIZE, "%s", at + strlen("\"job\":{\"id\":\""));
}

START_TEST(a_receipt_is_seen_and_arrived)
{
	struct asked a = { .kind = CMD_RECEIPT, .receipt = "clicked",
	    .token = "forged" };
	char id[128];

	(void)set_status(d, order, "accepted");
	job_id(id);
	desk_sql(d, "UPDATE jobs SET state = 'sent', open = 0");
	ck_assert_int_eq(desk_do(d, &a)->status, 401);
	ck_assert_int_eq(tell_receipt(id, "clicked", "other", NULL)->status,
	    401);
	ck_assert_int_eq(tell_receipt("no such job", "clicked", NULL,
	    NULL)->status, 404);
	ck_assert_int_eq(desk_sql_int(d, "SELECT seen_ms FROM notices"), 0);
	ck_assert_int_eq(tell_receipt(id, "dismissed", NULL, NULL)->status,
	    204);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM jobs WHERE"
	    " state = 'sent'"), 1);
	ck_assert_int_eq(tell_receipt(id, "displayed", NULL, "k")->status,
	    204);
	ck_assert_int_eq(tell_receipt(id, "displayed", NULL, "k")->status,
	    204);
	ck_assert_int_eq(tell_receipt(id, "clicked", NULL, "k")->status, 422);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM jobs WHERE"
	    " state = 'delivered'"), 1);
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM receipts"), 2);
	/* The first time counts; and it is no reading. */
	ck_assert_int_eq(desk_sql_int(d, "SELECT COUNT(*) FROM notices WHERE"
	    " seen_how = 'dismissed' AND read_ms = 0"), 1);
	desk_fault(d, FAULT_FAIL, Q_RECEIPT_INSERT, OW_EAGAIN, 0, 0, 1);
	ck_assert_int_eq(tell_receipt(id, "clicked", NULL, NULL)->status,
	    503);
}
END_TEST

/* ---- The journey -------------------------------------------------------- */

START_TEST(the_journey_tells_everything_and_why)
{
	struct asked a = { .kind = CMD_JOURNEY };
	struct json *whole = NULL;
	const struct json *list;
	struct ow_fault fault;
	const char *at, *before = "";
	struct result *r;
	char id[128];
	size_t i;

	a.order = order;
	(void)set_status(d, order, "accepted");
	job_id(id);
	desk_sql(d, "UPDATE jobs SET state = 'skipped', open = 0, why ="
	    " 'the customer saw the notice: displayed on a device', ended_ms"
	    " = at_ms + 120000");
	desk_sql(d, "INSERT INTO attempts SELECT id, 1, at_ms + 5, 7, 'retry',"
	    " '503 of the gateway', '' FROM jobs");
	desk_sql(d, "INSERT INTO receipts SELECT id, 'displayed', at_ms + 9"
	    " FROM jobs");
	desk_sql(d, "UPDATE notices SET seen_ms = at_ms + 9, seen_how ="
	    " 'displayed on a device'");
	r = desk_do(d, &a);
	ck_assert_int_eq(r->status, 200);
	ck_assert_int_eq(json_parse(r->body, strlen(r->body), &whole, &fault),
	    OW_OK);
	ck_assert_str_eq(json_get_text(json_get(whole, "order"), "id"),
	    order);
	list = json_get(whole, "entries");
	for (i = 0; i < json_count(list); i++) {
		at = json_get_text(json_at(list, i), "at");
		ck_assert_int_le(strcmp(before, at), 0);
		before = at;
	}
	json_free(&whole);
	ck_assert_uint_eq(i, 9);
	ck_assert_ptr_nonnull(strstr(r->body,
	    "\"text\":\"order.status.changed: from placed to accepted\""));
	ck_assert_ptr_nonnull(strstr(r->body, "\"text\":\"push: not sent, no"
	    " address for push is known\""));
	ck_assert_ptr_nonnull(strstr(r->body, "\"text\":\"sms: not sent, the"
	    " customer saw the notice: displayed on a device\""));
	ck_assert_ptr_nonnull(strstr(r->body, "\"text\":\"attempt 1: retry,"
	    " 503 of the gateway\""));
	ck_assert_ptr_nonnull(strstr(r->body,
	    "\"text\":\"the device says: displayed\""));
	ck_assert_ptr_null(strstr(r->body, "+4930123456\",\"hint"));
}
END_TEST

START_TEST(a_journey_is_for_the_platform)
{
	struct asked a = { .kind = CMD_JOURNEY, .role = ROLE_CUSTOMER,
	    .sub = "ann", .order = order };

	ck_assert_int_eq(desk_do(d, &a)->status, 403);
	a.role = ROLE_KITCHEN;
	ck_assert_int_eq(desk_do(d, &a)->status, 403);
	a.role = ROLE_SERVICE;
	ck_assert_int_eq(desk_do(d, &a)->status, 200);
	a.order = "ref:none";
	ck_assert_int_eq(desk_do(d, &a)->status, 404);
	a.order = order;
	a.tenant = "other";
	ck_assert_int_eq(desk_do(d, &a)->status, 404);
	a.tenant = NULL;
	desk_fault(d, FAULT_FAIL, Q_NOTICES_OF_ORDER, OW_EAGAIN, 0, 0, 1);
	ck_assert_int_eq(desk_do(d, &a)->status, 503);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("journey");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, who_watches_now_or_has_since_is_not_sent_to);
	tcase_add_test(tc, preferences_of_this_moment_count);
	tcase_add_test(tc, who_can_not_be_read_is_asked_about_again);
	tcase_add_test(tc, ends_while_consents_wait);
	tcase_add_test(tc, a_receipt_is_seen_and_arrived);
	tcase_add_test(tc, the_journey_tells_everything_and_why);
	tcase_add_test(tc, a_journey_is_for_the_platform);
	return desk_tests("journey", tc);
}
