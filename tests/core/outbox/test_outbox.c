/* SPDX-License-Identifier: MIT */
/*
 * A job's way from the database to a channel and back: what a channel is
 * told, and what its answers make of the job.
 */
#include <stdio.h>
#include <string.h>

#include "outbox_host.h"

static struct scene *s;
static struct fake *sms;

static void
setup(void)
{
	s = scene_open();
	sms = scene_channel(s, "sms-a", "sms", "sms");
}

static void
teardown(void)
{
	scene_close(&s);
}

static const struct wish plain = { .kind = "sms" };

/* ---- The straight way --------------------------------------------------- */

START_TEST(a_due_job_is_sent_once_and_written_down)
{
	const char *id;

	scene_begin(s);
	sms->ref = "ref-1";
	id = scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 1);
	ck_assert_str_eq(job_state(s, id), "sent");
	ck_assert_int_eq(scene_int(s, "SELECT open FROM jobs"), 0);
	ck_assert_str_eq(scene_text(s, "SELECT ref FROM jobs"), "ref-1");
	ck_assert_str_eq(scene_text(s, "SELECT node FROM jobs"), "");
	ck_assert_str_eq(scene_text(s, "SELECT verdict || attempt FROM"
	    " attempts"), "delivered1");
	scene_run(s, 10 * MINUTE);
	ck_assert_uint_eq(sms->n_seen, 1);
	ck_assert_int_eq(scene_metric(s, "sent_total", "sms"), 1);
	ck_assert_int_eq(scene_metric(s, "latency_seconds_count", "sms"), 1);
}
END_TEST

START_TEST(a_channel_is_told_everything)
{
	const struct seen *g = &sms->seen[0];
	struct wish w = { .stale_ms = T0 + MINUTE };

	scene_rules(s, "rules = ( { event = \"order.ready\"; template ="
	    " \"order-ready\"; channels = [ \"sms\" ]; urgency = \"high\";"
	    " ttl = \"30m\"; } );");
	scene_begin(s);
	scene_sql(s, "INSERT INTO events (order_id, seq, at_ms, type, message)"
	    " VALUES ('order-1', 3, 0, 'x', '{\"seq\":3}')");
	(void)scene_add(s, &w);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 1);
	ck_assert_str_eq(g->key, scene_text(s, "SELECT job_key FROM jobs"));
	ck_assert_str_eq(g->address, "<+4915112345678>");
	ck_assert_str_eq(g->title, "A title");
	ck_assert_str_eq(g->text, "A text");
	ck_assert_str_eq(g->url, "https://t.example/o");
	ck_assert_str_eq(g->event, "{\"seq\":3}");
	ck_assert_str_eq(g->topic, "order.ready");
	ck_assert_str_eq(g->locale, "en");
	ck_assert_str_eq(g->receipt, "");
	ck_assert_str_eq(g->unsubscribe, "");
	ck_assert_uint_eq(g->attempt, 1);
	ck_assert(g->is_repeat_safe);
	ck_assert_int_eq(g->urgency, OW_URGENCY_HIGH);
	ck_assert_int_gt(g->ttl_ms, MINUTE - 100);
	ck_assert_int_le(g->ttl_ms, MINUTE);
}
END_TEST

START_TEST(pushes_carry_receipts_and_mails_a_way_out)
{
	struct fake *push = scene_channel(s, "push", "push", "webpush");
	struct fake *mail = scene_channel(s, "mail", "email", "email");
	struct wish p = { .kind = "webpush", .medium = "push",
	    .address = "endpoint" };
	struct wish m = { .kind = "email", .medium = "email",
	    .address = "a@b.example" };
	char payload[TOKEN_PAYLOAD_MAX + 1];
	struct token_key key;
	const char *id;

	scene_begin(s);
	id = scene_add(s, &p);
	(void)scene_add(s, &m);
	scene_run(s, 10);
	token_key_init(&key, s->set.server.secret, "receipt");
	ck_assert_int_eq(token_open(&key, push->seen[0].receipt, payload),
	    OW_OK);
	ck_assert_str_eq(payload, id);
	ck_assert_str_eq(push->seen[0].receipt_url,
	    "https://t.example/api/v1/cafe/receipts");
	ck_assert_uint_eq(push->n_checked, 0);
	ck_assert_str_eq(push->seen[0].address, "endpoint");
	token_key_init(&key, s->set.server.secret, "unsubscribe");
	ck_assert_int_eq(strncmp(mail->seen[0].unsubscribe,
	    "https://t.example/unsubscribe/", 30), 0);
	ck_assert_int_eq(token_open(&key, mail->seen[0].unsubscribe + 30,
	    payload), OW_OK);
	ck_assert_str_eq(payload, "cafe\nada\nemail");
	ck_assert_str_eq(mail->seen[0].receipt, "");
}
END_TEST

START_TEST(what_is_due_later_waits_for_its_time)
{
	struct wish w = { .due_ms = T0 + 2 * MINUTE };
	const char *id;

	scene_begin(s);
	id = scene_add(s, &w);
	scene_run(s, 2 * MINUTE - 10);
	ck_assert_uint_eq(sms->n_seen, 0);
	ck_assert_str_eq(job_state(s, id), "due");
	scene_run(s, 20);
	ck_assert_uint_eq(sms->n_seen, 1);
}
END_TEST

/* A breach: nobody wakes this node for it, so it would never be found. */
START_TEST(jobs_of_other_nodes_that_died_are_found)
{
	scene_begin(s);
	(void)scene_add(s, &plain);
	scene_sql(s, "SELECT 1");
	scene_run(s, 10);
	scene_sql(s, "UPDATE jobs SET state = 'leased', open = 1, node ="
	    " 'node-b', due_ms = 1763805660000");
	scene_run(s, MINUTE - 100);
	ck_assert_uint_eq(sms->n_seen, 1);
	scene_run(s, 6000);
	ck_assert_uint_eq(sms->n_seen, 2);
}
END_TEST

/* ---- The orders loop's word --------------------------------------------- */

START_TEST(what_need_not_go_is_skipped_with_its_reason)
{
	const char *id;

	scene_begin(s);
	s->decided.decision = DECIDE_SKIP;
	(void)snprintf(s->decided.why, WHY_SIZE, "watched live");
	id = scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 0);
	ck_assert_str_eq(job_state(s, id), "skipped");
	ck_assert_str_eq(job_why(s, id), "watched live");
	ck_assert_int_eq(scene_int(s, "SELECT attempt FROM jobs"), 0);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM attempts"), 0);
	ck_assert_int_eq(scene_metric(s, "skipped_total", "sms"), 1);
}
END_TEST

START_TEST(quiet_hours_put_off_without_an_attempt)
{
	const char *id;

	scene_begin(s);
	s->decided.decision = DECIDE_LATER;
	s->decided.due_ms = T0 + 30 * MINUTE;
	(void)snprintf(s->decided.why, WHY_SIZE, "quiet hours");
	id = scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "later");
	ck_assert_str_eq(job_why(s, id), "quiet hours");
	ck_assert_int_eq(scene_int(s, "SELECT due_ms FROM jobs"),
	    T0 + 30 * MINUTE);
	s->decided.decision = DECIDE_SEND;
	scene_run(s, 30 * MINUTE);
	ck_assert_uint_eq(sms->n_seen, 1);
	ck_assert_uint_eq(sms->seen[0].attempt, 1);
	ck_assert(sms->seen[0].is_repeat_safe);
	/* Put off: no word on how fast it was. */
	ck_assert_int_eq(scene_metric(s, "latency_seconds_count", "sms"), 0);
}
END_TEST

START_TEST(no_consent_no_message)
{
	const char *id;

	scene_begin(s);
	s->consent_err = OW_EAGAIN;
	id = scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "later");
	scene_run(s, 5000);
	ck_assert_uint_eq(sms->n_seen, 0);
	ck_assert_uint_ge(s->n_consents, 3);
	s->consent_err = OW_OK;
	scene_run(s, 2000);
	ck_assert_uint_eq(sms->n_seen, 1);
}
END_TEST

START_TEST(the_question_says_what_is_known)
{
	struct wish w = { .only_unseen = true, .critical = true };
	char sql[256];

	scene_begin(s);
	s->is_silent = true;
	(void)scene_add(s, &w);
	scene_run(s, 10);
	ck_assert_str_eq(s->last_asked.tenant, "cafe");
	ck_assert_str_eq(s->last_asked.sub, "ada");
	ck_assert_str_eq(s->last_asked.order_id, "order-1");
	ck_assert_str_eq(s->last_asked.topic, "order.ready");
	ck_assert_int_eq(s->last_asked.medium, MEDIUM_SMS);
	ck_assert(s->last_asked.only_unseen && s->last_asked.critical);
	ck_assert(s->last_asked.has_channel);
	ck_assert_ptr_null(s->last_asked.off_why);
	ck_assert_uint_eq(sms->n_seen, 0);
	scene_answer(s);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 1);
	/* Now the address is off, and the notice seen. */
	(void)snprintf(sql, sizeof(sql), "INSERT INTO off (tenant, kind, hash,"
	    " at_ms, why) SELECT tenant, kind, hash, 1, 'gone' FROM jobs");
	scene_sql(s, sql);
	(void)scene_add(s, &w);
	scene_run(s, 0);
	scene_sql(s, "UPDATE notices SET seen_ms = 5, seen_how = 'clicked'");
	scene_run(s, 10);
	ck_assert_str_eq(s->last_asked.off_why, "gone");
	scene_answer(s);
}
END_TEST

START_TEST(a_notice_that_was_purged_takes_its_job_along)
{
	const char *id;

	scene_begin(s);
	s->is_silent = true;
	id = scene_add(s, &(struct wish){ .due_ms = T0 + 1000 });
	scene_run(s, 10);
	scene_sql(s, "DELETE FROM notices");
	scene_run(s, 2000);
	ck_assert_str_eq(job_state(s, id), "skipped");
	ck_assert_str_eq(job_why(s, id), "its notice is gone");
}
END_TEST

/* ---- Answers of a provider ---------------------------------------------- */

START_TEST(a_failure_is_tried_again_until_there_were_enough)
{
	const char *id;

	scene_begin(s);
	sms->verdict = OW_RETRY;
	sms->detail = "HTTP 503";
	id = scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "later");
	ck_assert_str_eq(job_why(s, id), "to be tried again: HTTP 503");
	scene_run(s, 10 * MINUTE);
	ck_assert_uint_eq(sms->n_seen, 4);
	ck_assert_uint_eq(sms->seen[3].attempt, 4);
	ck_assert(sms->seen[3].is_repeat_safe);
	ck_assert_str_eq(sms->seen[3].key, sms->seen[0].key);
	ck_assert_str_eq(job_state(s, id), "parked");
	ck_assert_str_eq(job_why(s, id), "gave up: HTTP 503");
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM attempts"), 4);
	ck_assert_int_eq(scene_metric(s, "parked_total", "sms"), 1);
	ck_assert_int_eq(scene_metric(s, "failed_total", "sms"), 4);
}
END_TEST

START_TEST(a_provider_that_says_when_is_asked_then)
{
	scene_begin(s);
	sms->verdict = OW_RETRY;
	sms->retry_after_ms = 90000;
	(void)scene_add(s, &plain);
	scene_run(s, 89000);
	ck_assert_uint_eq(sms->n_seen, 1);
	sms->verdict = OW_DELIVERED;
	scene_run(s, 2000);
	ck_assert_uint_eq(sms->n_seen, 2);
}
END_TEST

START_TEST(a_refused_notice_is_parked)
{
	const char *id;

	scene_begin(s);
	sms->verdict = OW_REJECTED;
	sms->detail = "too long for +4915112345678\r\nreally";
	id = scene_add(s, &plain);
	scene_run(s, MINUTE);
	ck_assert_uint_eq(sms->n_seen, 1);
	ck_assert_str_eq(job_state(s, id), "parked");
	/* Neither the address nor a line break of it is kept. */
	ck_assert_ptr_null(strstr(job_why(s, id), "4915112345678"));
	ck_assert_ptr_null(strpbrk(job_why(s, id), "\r\n"));
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM off"), 0);
}
END_TEST

START_TEST(an_address_that_is_gone_is_off)
{
	const char *id;

	scene_begin(s);
	sms->verdict = OW_GONE;
	sms->detail = "HTTP 410";
	id = scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "parked");
	ck_assert_str_eq(scene_text(s, "SELECT kind || tenant || why FROM"
	    " off"), "smscafethe address is gone: HTTP 410");
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM off o JOIN jobs j"
	    " ON o.hash = j.hash"), 1);
}
END_TEST

START_TEST(a_bad_address_never_reaches_the_provider)
{
	const char *id;

	scene_begin(s);
	sms->refuses = "12";
	id = scene_add(s, &(struct wish){ .address = "12" });
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 0);
	ck_assert_str_eq(job_state(s, id), "parked");
	ck_assert_int_eq(strncmp(job_why(s, id), "no good address", 15), 0);
}
END_TEST

/* ---- Again by hand, lists ----------------------------------------------- */

static int asked_status;
static char asked_body[8192], asked_detail[200];

static void
answered(struct outbox_ask *a)
{
	asked_status = a->status;
	(void)snprintf(asked_body, sizeof(asked_body), "%s", a->body.p !=
	    NULL ? a->body.p : "");
	(void)snprintf(asked_detail, sizeof(asked_detail), "%s", a->detail);
	outbox_ask_free(&a);
}

static void
ask(enum outbox_ask_kind kind, const char *id, const char *state,
    int64_t limit)
{
	struct outbox_ask *a = outbox_ask_new(kind, s->loop, answered, NULL);

	a->id = arena_dup(&a->arena, id);
	a->state = arena_dup(&a->arena, state);
	a->limit = limit;
	asked_status = 0;
	outbox_ask(s->outbox, a);
	scene_run(s, 10);
	ck_assert_int_ne(asked_status, 0);
}

START_TEST(a_parked_job_goes_again_by_hand)
{
	const char *id;

	scene_begin(s);
	sms->verdict = OW_REJECTED;
	id = scene_add(s, &plain);
	scene_run(s, 2 * 60 * MINUTE);		/* stale since an hour */
	sms->verdict = OW_DELIVERED;
	ask(OUTBOX_RETRY, id, "", 0);
	ck_assert_int_eq(asked_status, 200);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 2);
	ck_assert_str_eq(job_state(s, id), "sent");
	ask(OUTBOX_RETRY, id, "", 0);
	ck_assert_int_eq(asked_status, 409);
	ask(OUTBOX_RETRY, "no-such-id", "", 0);
	ck_assert_int_eq(asked_status, 404);
	ask(OUTBOX_JOB, "no-such-id", "", 0);
	ck_assert_int_eq(asked_status, 404);
	ask(OUTBOX_JOB, id, "", 0);
	ck_assert_int_eq(asked_status, 200);
	ck_assert_ptr_nonnull(strstr(asked_body, "\"to\":\"+49...678\""));
	ck_assert_ptr_nonnull(strstr(asked_body, "\"verdict\":\"rejected\""));
	ck_assert_ptr_null(strstr(asked_body, "5112345"));
}
END_TEST

START_TEST(lists_are_filtered_and_paged)
{
	int i;

	scene_begin(s);
	for (i = 0; i < 3; i++)
		(void)scene_add(s, &plain);
	scene_run(s, 10);
	ask(OUTBOX_JOBS, "", "sent", 2);
	ck_assert_int_eq(asked_status, 200);
	ck_assert_ptr_nonnull(strstr(asked_body, "\"next_cursor\":\""));
	ask(OUTBOX_JOBS, "", "", 3);
	ck_assert_ptr_nonnull(strstr(asked_body, "\"next_cursor\":null"));
	ask(OUTBOX_JOBS, "", "parked", 3);
	ck_assert_str_eq(asked_body, "{\"data\":[],\"next_cursor\":null}");
	ask(OUTBOX_JOBS, "", "asleep", 3);
	ck_assert_int_eq(asked_status, 422);
	s->fail_query = Q_JOBS_LIST;
	s->fail_count = 1;
	s->fail_err = OW_EAGAIN;
	ask(OUTBOX_JOBS, "", "", 3);
	ck_assert_int_eq(asked_status, 503);
}
END_TEST

/* ---- What others ask ---------------------------------------------------- */

START_TEST(it_knows_its_channels)
{
	struct channel_state state;

	sms->set.tenants = " bar  cafe ";
	(void)scene_channel(s, "push", "push", "webpush");
	scene_begin(s);
	ck_assert(outbox_has_kind(s->outbox, "sms", "cafe"));
	ck_assert(outbox_has_kind(s->outbox, "sms", "bar"));
	ck_assert(!outbox_has_kind(s->outbox, "sms", "ca"));
	ck_assert(!outbox_has_kind(s->outbox, "fax", "cafe"));
	ck_assert(outbox_is_push(s->outbox, "webpush", "cafe"));
	ck_assert(!outbox_is_push(s->outbox, "sms", "cafe"));
	ck_assert(!outbox_is_push(s->outbox, "fax", "cafe"));
	ck_assert(outbox_has_medium(s->outbox, MEDIUM_PUSH, "any"));
	ck_assert(!outbox_has_medium(s->outbox, MEDIUM_EMAIL, "any"));
	ck_assert_str_eq(outbox_public_key(s->outbox), "BKey");
	ck_assert(outbox_channel_state(s->outbox, "sms-a", &state));
	ck_assert_str_eq(state.breaker, "closed");
	ck_assert(!outbox_channel_state(s->outbox, "sms-b", &state));
}
END_TEST

static struct address_check checked_copy;

static void
on_checked(struct address_check *c)
{
	checked_copy = *c;
}

START_TEST(addresses_are_checked_by_their_kind)
{
	struct address_check c = { .home = s->loop, .tenant = "cafe",
	    .kind = "sms", .wanted = "+491", .done = on_checked };

	sms->refuses = "bad";
	scene_begin(s);
	outbox_check(s->outbox, &c);
	scene_run(s, 0);
	ck_assert_int_eq(checked_copy.err, OW_OK);
	ck_assert_str_eq(checked_copy.address.text, "<+491>");
	c.wanted = "bad";
	outbox_check(s->outbox, &c);
	scene_run(s, 0);
	ck_assert_int_eq(checked_copy.err, OW_EINVAL);
	ck_assert_str_eq(checked_copy.fault.text, "'bad' cannot be");
	c.kind = "fax";
	outbox_check(s->outbox, &c);
	scene_run(s, 0);
	ck_assert_int_eq(checked_copy.err, OW_ENOENT);
}
END_TEST

/* A breach: one webhook gets what is meant for another. */
START_TEST(a_webhook_gets_its_own_and_only_it)
{
	struct fake *a = scene_channel(s, "hook-a", "webhook", "webhook");
	struct fake *b = scene_channel(s, "hook-b", "webhook", "webhook");
	const struct own_address *const *own;
	struct wish w = { .kind = "webhook", .medium = "webhook",
	    .sub = "" };
	const char *id;

	a->own = "https://a.example";
	b->own = "https://b.example";
	b->set.tenants = "cafe bar";
	scene_begin(s);
	ck_assert_uint_eq(outbox_own_addresses(s->outbox, &own), 3);
	ck_assert_str_eq(own[0]->tenant, "*");
	ck_assert_str_eq(own[1]->tenant, "cafe");
	ck_assert_str_eq(own[2]->tenant, "bar");
	ck_assert_str_eq(own[1]->address.identity, "https://b.example");
	w.address = own[1]->address.identity;
	w.instance = own[1]->instance;
	(void)scene_add(s, &w);
	scene_run(s, 10);
	ck_assert_uint_eq(a->n_seen, 0);
	ck_assert_uint_eq(b->n_seen, 1);
	w.address = "https://c.example";
	id = scene_add(s, &w);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "parked");
	ck_assert_uint_eq(a->n_seen + b->n_seen, 1);
}
END_TEST

/* A breach: of two that have the same address one gets both, or nothing. */
START_TEST(two_webhooks_may_have_the_same_address)
{
	struct fake *a = scene_channel(s, "room-a", "webhook", "hook");
	struct fake *b = scene_channel(s, "room-b", "webhook", "hook");
	struct wish w = { .kind = "hook", .medium = "webhook", .sub = "",
	    .event = "e1", .address = "room" };
	const struct own_address *const *own;
	uint32_t i;

	a->own = b->own = "room";
	scene_begin(s);
	ck_assert_uint_eq(outbox_own_addresses(s->outbox, &own), 2);
	for (i = 0; i < 2; i++) {
		w.instance = own[i]->instance;
		(void)scene_add(s, &w);
	}
	scene_run(s, 10);
	ck_assert_uint_eq(a->n_seen, 1);
	ck_assert_uint_eq(b->n_seen, 1);
	ck_assert_str_ne(a->seen[0].key, b->seen[0].key);
	/* The same event once more is nothing new for either. */
	(void)scene_add(s, &w);
	scene_run(s, 10);
	ck_assert_uint_eq(a->n_seen + b->n_seen, 2);
}
END_TEST

/* A breach: jobs of a channel that was switched off are open for ever. */
START_TEST(what_no_channel_takes_ends_when_it_is_over)
{
	struct wish w = { .kind = "fax", .stale_ms = T0 + 1000 };
	const char *over, *leased, *later, *ours;

	scene_begin(s);
	over = scene_add(s, &w);
	leased = scene_add(s, &w);
	w.stale_ms = T0 + 10 * MINUTE;
	later = scene_add(s, &w);
	w.kind = "sms";
	w.stale_ms = T0 + 1000;
	w.due_ms = T0 + 90 * MINUTE;
	ours = scene_add(s, &w);
	scene_run(s, 10);
	/* Another node may have the channel, and tries. */
	scene_sql(s, "UPDATE jobs SET state = 'leased', node = 'node-b',"
	    " due_ms = due_ms + 600000 WHERE id = (SELECT id FROM jobs"
	    " ORDER BY id LIMIT 1 OFFSET 1)");
	scene_run(s, 2 * MINUTE);
	ck_assert_str_eq(job_state(s, over), "skipped");
	ck_assert_str_eq(job_why(s, over),
	    "no channel of this kind is enabled");
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs WHERE"
	    " state = 'skipped' AND open = 0 AND ended_ms > 0"), 1);
	ck_assert_str_eq(job_state(s, leased), "leased");
	ck_assert_str_eq(job_state(s, later), "due");
	scene_run(s, 61 * MINUTE);
	ck_assert_str_eq(job_state(s, leased), "skipped");
	ck_assert_str_eq(job_state(s, later), "skipped");
	ck_assert_str_eq(job_state(s, ours), "due");
}
END_TEST

/* ---- Names -------------------------------------------------------------- */

START_TEST(a_key_is_of_event_person_kind_and_address)
{
	struct job_new a = { .event_id = "e", .tenant = "t", .sub = "s",
	    .kind = "k", .hash = "h" }, b = a;
	char ka[SHA256_HEX_SIZE], kb[SHA256_HEX_SIZE];

	job_key(&a, ka);
	b.notice_id = "other";
	b.due_ms = 9;
	job_key(&b, kb);
	ck_assert_str_eq(ka, kb);
	b.sub = "s2";
	job_key(&b, kb);
	ck_assert_str_ne(ka, kb);
	/* What moves from one part to the next is another key. */
	b = a;
	b.sub = "sk";
	b.kind = "";
	job_key(&b, kb);
	ck_assert_str_ne(ka, kb);
	job_own_hash("sms", "a", "1", ka);
	job_own_hash("sms", "b", "1", kb);
	ck_assert_str_ne(ka, kb);
	job_address_hash("sms", "1", kb);
	ck_assert_str_ne(ka, kb);
	job_address_hash("sms", "1", ka);
	job_address_hash("fax", "1", kb);
	ck_assert_str_ne(ka, kb);
}
END_TEST

START_TEST(one_key_is_one_job)
{
	struct wish w = { .event = "event-1" };

	scene_begin(s);
	(void)scene_add(s, &w);
	(void)scene_add(s, &w);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 1);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs"), 1);
}
END_TEST

START_TEST(hints_tell_little)
{
	static const struct {
		const char *kind, *address, *hint;
	} rows[] = {
		{ "email", "joe.doe@example.org", "j...@example.org" },
		{ "email", "\xc3\xa4rzte@example.org",
		    "\xc3\xa4...@example.org" },
		{ "sms", "+4915112345678", "+49...678" },
		{ "sms", "+49", "sms, 3 characters" },
		{ "webhook", "https://u:p@h.example:8443/x?k=1",
		    "h.example:8443" },
		{ "webpush", "{\"endpoint\":\"https://push.example/abc\"}",
		    "push.example" },
		{ "fcm", "dGVzdA:APA91", "fcm, 12 characters" },
		{ "x", "a\nb@c\rd", "a...@c d" },
		{ "x", "", "x, 0 characters" },
	};
	char hint[64];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		job_hint(rows[i].kind, rows[i].address, hint);
		ck_assert_str_eq(hint, rows[i].hint);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *su = suite_create("outbox");
	TCase *tc = tcase_create("outbox");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_due_job_is_sent_once_and_written_down);
	tcase_add_test(tc, a_channel_is_told_everything);
	tcase_add_test(tc, pushes_carry_receipts_and_mails_a_way_out);
	tcase_add_test(tc, what_is_due_later_waits_for_its_time);
	tcase_add_test(tc, jobs_of_other_nodes_that_died_are_found);
	tcase_add_test(tc, what_need_not_go_is_skipped_with_its_reason);
	tcase_add_test(tc, quiet_hours_put_off_without_an_attempt);
	tcase_add_test(tc, no_consent_no_message);
	tcase_add_test(tc, the_question_says_what_is_known);
	tcase_add_test(tc, a_notice_that_was_purged_takes_its_job_along);
	tcase_add_test(tc, a_failure_is_tried_again_until_there_were_enough);
	tcase_add_test(tc, a_provider_that_says_when_is_asked_then);
	tcase_add_test(tc, a_refused_notice_is_parked);
	tcase_add_test(tc, an_address_that_is_gone_is_off);
	tcase_add_test(tc, a_bad_address_never_reaches_the_provider);
	tcase_add_test(tc, a_parked_job_goes_again_by_hand);
	tcase_add_test(tc, lists_are_filtered_and_paged);
	tcase_add_test(tc, it_knows_its_channels);
	tcase_add_test(tc, addresses_are_checked_by_their_kind);
	tcase_add_test(tc, a_webhook_gets_its_own_and_only_it);
	tcase_add_test(tc, two_webhooks_may_have_the_same_address);
	tcase_add_test(tc, what_no_channel_takes_ends_when_it_is_over);
	tcase_add_test(tc, a_key_is_of_event_person_kind_and_address);
	tcase_add_test(tc, one_key_is_one_job);
	tcase_add_test(tc, hints_tell_little);
	suite_add_tcase(su, tc);
	return su;
}

int
main(void)
{
	SRunner *r = srunner_create(suite());
	int failed;

	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed > 0;
}
