/* SPDX-License-Identifier: MIT */
/*
 * Channels that hang, lie and fail, stores that are away, and the end of the
 * process at any moment: what must not suffer are the other channels, and the
 * promise that each job goes at least once under one key.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timer.h"
#include "outbox/room.h"
#include "outbox_host.h"

static struct scene *s;
static struct fake *sms, *mail;

static const struct wish plain = { .kind = "sms" };
static const struct wish letter = { .kind = "email", .medium = "email",
    .address = "a@b.example" };

static void
setup(void)
{
	s = scene_open();
	sms = scene_channel(s, "sms-a", "sms", "sms");
	mail = scene_channel(s, "mail-a", "email", "email");
}

static void
teardown(void)
{
	scene_close(&s);
}

static void
add(const struct wish *w, int n)
{
	while (n-- > 0)
		(void)scene_add(s, w);
}

/* ---- Too slow ----------------------------------------------------------- */

START_TEST(a_deadline_cancels)
{
	const char *id;

	scene_begin(s);
	sms->way = FAKE_HOLDS;
	id = scene_add(s, &plain);
	scene_run(s, 9900);
	ck_assert_uint_eq(sms->n_cancelled, 0);
	ck_assert_str_eq(job_state(s, id), "leased");
	scene_run(s, 200);
	ck_assert_uint_eq(sms->n_cancelled, 1);
	ck_assert_str_eq(job_state(s, id), "later");
	ck_assert_int_eq(scene_metric(s, "overdue_total", "sms"), 0);
}
END_TEST

/* A breach: the place is never free again, or a late word settles the job
   that has the memory now. */
START_TEST(one_that_never_settles_is_settled_for)
{
	const struct ow_job *hung;
	const char *id;

	scene_begin(s);
	sms->way = FAKE_HANGS;
	id = scene_add(s, &plain);
	scene_run(s, 10100);
	ck_assert_str_eq(job_state(s, id), "leased");
	scene_run(s, 1000);
	ck_assert_str_eq(job_state(s, id), "later");
	ck_assert_str_eq(scene_text(s, "SELECT verdict FROM attempts"),
	    "overdue");
	ck_assert_int_eq(scene_metric(s, "overdue_total", "sms"), 1);
	ck_assert_int_eq(scene_metric(s, "inflight", "sms"), 0);
	hung = sms->seen[0].job;
	sms->way = FAKE_ANSWERS;
	scene_run(s, 10000);
	ck_assert_uint_eq(sms->n_seen, 2);
	ck_assert(!sms->seen[1].is_repeat_safe);
	ck_assert_ptr_ne(sms->last, hung);
	ck_assert_str_eq(job_state(s, id), "sent");
	/* Now it remembers. */
	fake_settle(sms, 0, OW_GONE);
	scene_run(s, 1000);
	ck_assert_str_eq(job_state(s, id), "sent");
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM off"), 0);
	ck_assert_int_eq(scene_metric(s, "settled_twice_total", "sms"), 0);
}
END_TEST

/* A breach: the other channel's jobs take longer than without the first. */
START_TEST(a_channel_that_hangs_delays_no_other)
{
	int i;

	sms->set.max_inflight = 4;
	scene_begin(s);
	sms->way = FAKE_HANGS;
	add(&plain, 50);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 4);
	for (i = 0; i < 20; i++) {
		add(&letter, 1);
		scene_run(s, 2);
		ck_assert_uint_eq(mail->n_seen, (uint32_t)i + 1);
		scene_run(s, 700);
	}
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs WHERE state ="
	    " 'sent' AND kind = 'email'"), 20);
	ck_assert_int_eq(scene_metric(s, "breaker_open", "email"), 0);
}
END_TEST

/* ---- Liars -------------------------------------------------------------- */

START_TEST(settling_twice_changes_nothing)
{
	struct ow_outcome late = { .size = sizeof(late),
	    .verdict = OW_GONE };
	const char *id;

	scene_begin(s);
	sms->way = FAKE_TWICE;
	id = scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "sent");
	ck_assert_int_eq(scene_metric(s, "settled_twice_total", "sms"), 1);
	/* And much later, for a job whose memory is somebody else's. */
	sms->host->outbox->settle(sms->ctx, sms->last, &late);
	sms->way = FAKE_HOLDS;
	add(&plain, 1);
	scene_run(s, 10);
	sms->host->outbox->settle(sms->ctx, sms->last, &late);
	sms->host->outbox->settle(sms->ctx, sms->last, &late);
	scene_run(s, 10);
	ck_assert_int_eq(scene_metric(s, "settled_twice_total", "sms"), 3);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM off"), 1);
	ck_assert_str_eq(job_state(s, id), "sent");
}
END_TEST

START_TEST(settling_what_it_never_got_changes_nothing)
{
	const char *id, *other;

	scene_begin(s);
	mail->way = FAKE_HOLDS;
	other = scene_add(s, &letter);
	scene_run(s, 10);
	sms->way = FAKE_STRANGE;
	id = scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "sent");
	ck_assert_int_eq(scene_metric(s, "settled_twice_total", "sms"), 2);
	/* Another channel's job is none of its own either. */
	sms->last = mail->last;
	sms->host->outbox->settle(sms->ctx, mail->last, NULL);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, other), "leased");
	ck_assert_int_eq(scene_metric(s, "settled_twice_total", "sms"), 3);
	mail->way = FAKE_ANSWERS;
	fake_settle(mail, 0, OW_DELIVERED);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, other), "sent");
}
END_TEST

START_TEST(nonsense_is_a_retry)
{
	const char *a, *b;

	scene_begin(s);
	sms->verdict = 4711;
	a = scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, a), "later");
	sms->way = FAKE_NULL;
	b = scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, b), "later");
	ck_assert_int_ge(scene_metric(s, "nonsense_total", "sms"), 2);
	ck_assert_str_eq(scene_text(s, "SELECT DISTINCT verdict FROM"
	    " attempts"), "retry");
}
END_TEST

START_TEST(words_of_a_plugin_are_made_sound)
{
	char many[5000];
	const char *id;

	scene_begin(s);
	sms->verdict = OW_REJECTED;
	sms->detail = "a\x01" "b\xff\xc3\xa4\xed\xa0\x80\xc3";
	sms->ref = "r\n1";
	id = scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_str_eq(job_why(s, id), "rejected: a b \xc3\xa4    ");
	ck_assert_str_eq(scene_text(s, "SELECT ref FROM jobs"), "r 1");
	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	sms->detail = many;
	sms->ref = many;
	id = scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_uint_lt(strlen(job_why(s, id)), 300);
}
END_TEST

/* ---- Failing ------------------------------------------------------------ */

START_TEST(a_breaker_opens_and_its_jobs_wait)
{
	struct channel_state state;

	scene_begin(s);
	sms->verdict = OW_RETRY;
	sms->detail = "HTTP 503";
	sms->retry_after_ms = 1;
	s->set.outbox.attempts_max = 100;
	add(&plain, 5);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 5);
	ck_assert(outbox_channel_state(s->outbox, "sms-a", &state));
	ck_assert_str_eq(state.breaker, "open");
	ck_assert_str_eq(state.why, "HTTP 503");
	ck_assert_int_eq(scene_metric(s, "breaker_open", "sms"), 1);
	scene_run(s, 29000);
	ck_assert_uint_eq(sms->n_seen, 5);
	/* One is tried; then twice as long nobody. */
	scene_run(s, 2000);
	ck_assert_uint_eq(sms->n_seen, 6);
	scene_run(s, 58000);
	ck_assert_uint_eq(sms->n_seen, 6);
	sms->verdict = OW_DELIVERED;
	scene_run(s, 4000);
	ck_assert_uint_eq(sms->n_seen, 11);
	ck_assert(outbox_channel_state(s->outbox, "sms-a", &state));
	ck_assert_str_eq(state.breaker, "closed");
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs WHERE state"
	    " = 'sent'"), 5);
}
END_TEST

/* A breach: the job waits for the probe, which may be a long time away.  The
   one with a second channel, for another tenant, is claimed and put off. */
START_TEST(what_is_over_does_not_wait_for_the_probe)
{
	const struct wish brief = { .kind = "sms",
	    .stale_ms = T0 + 10 * MINUTE };
	const struct wish lasting = { .kind = "sms",
	    .stale_ms = T0 + 600 * MINUTE };
	const char *over, *kept;

	sms->set.breaker_ms = 60 * MINUTE;
	if (_i == 1) {
		sms->set.tenants = "cafe";
		scene_channel(s, "sms-b", "sms", "sms")->set.tenants =
		    "bistro";
	}
	scene_begin(s);
	sms->verdict = OW_MISCONFIGURED;
	(void)scene_add(s, &lasting);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 1);
	over = scene_add(s, &brief);
	kept = scene_add(s, &lasting);
	scene_run(s, 10 * MINUTE - 1000);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs WHERE"
	    " open = 1"), 3);
	scene_run(s, 7000);
	ck_assert_str_eq(job_state(s, over), "skipped");
	ck_assert_str_eq(job_why(s, over),
	    "it was no news any more before its channel could take it");
	ck_assert_int_eq(scene_metric(s, "skipped_total", "sms"), 1);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs WHERE"
	    " open = 0 AND ended_ms > 0"), 1);
	ck_assert_uint_eq(sms->n_seen, 1);
	ck_assert_str_ne(job_state(s, kept), "skipped");
	sms->verdict = OW_DELIVERED;
	scene_run(s, 60 * MINUTE);
	ck_assert_str_eq(job_state(s, kept), "sent");
}
END_TEST

/* And so does one that was given back because of it. */
START_TEST(what_was_tried_is_over_in_time_too)
{
	const char *id;

	sms->set.breaker_ms = 60 * MINUTE;
	scene_begin(s);
	sms->verdict = OW_MISCONFIGURED;
	id = scene_add(s, &(struct wish){ .stale_ms = T0 + 10 * MINUTE });
	scene_run(s, 10 * MINUTE - 1000);
	ck_assert_str_eq(job_state(s, id), "later");
	scene_run(s, 7000);
	ck_assert_str_eq(job_state(s, id), "skipped");
	ck_assert_uint_eq(sms->n_seen, 1);
}
END_TEST

/* A breach: while the last job from before is out and the probe is due, the
   kind looks again every millisecond. */
START_TEST(a_probe_that_has_no_place_yet_is_not_polled)
{
	const struct kind *k;
	uint32_t i;

	sms->set.deadline_ms = 60000;
	scene_begin(s);
	sms->way = FAKE_HOLDS;
	add(&plain, 7);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 7);
	for (i = 0; i < 6; i++)
		fake_settle(sms, i, OW_RETRY);
	scene_run(s, 40000);
	ck_assert_int_eq(scene_metric(s, "breaker_open", "sms"), 1);
	ck_assert_uint_eq(sms->n_seen, 7);
	for (i = 0; s->outbox->kinds[i]->medium != MEDIUM_SMS; i++)
		;
	k = s->outbox->kinds[i];
	ck_assert_ptr_nonnull(k->timer);
	scene_run(s, k->timer->due_ms - loop_now_ms(s->loop));
	ck_assert_int_ge(k->timer->due_ms - loop_now_ms(s->loop), 1000);
	fake_settle(sms, 6, OW_RETRY);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 8);
}
END_TEST

START_TEST(a_wrong_credential_costs_no_attempt)
{
	const char *id;
	int i;

	scene_begin(s);
	sms->verdict = OW_MISCONFIGURED;
	sms->detail = "HTTP 401";
	id = scene_add(s, &(struct wish){ .stale_ms = T0 + 600 * MINUTE });
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "later");
	ck_assert_int_eq(scene_int(s, "SELECT attempt FROM jobs"), 0);
	for (i = 0; i < 100; i++)
		scene_run(s, MINUTE);
	ck_assert_uint_gt(sms->n_seen, 10);
	ck_assert_str_eq(job_state(s, id), "later");
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM off"), 0);
	sms->verdict = OW_DELIVERED;
	scene_run(s, 10 * MINUTE);
	ck_assert_str_eq(job_state(s, id), "sent");
}
END_TEST

START_TEST(a_stand_in_takes_over)
{
	struct fake *backup = scene_channel(s, "sms-b", "sms", "sms");

	scene_begin(s);
	sms->verdict = OW_MISCONFIGURED;
	add(&plain, 1);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 1);
	add(&plain, 3);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 1);
	ck_assert_uint_eq(backup->n_seen, 3);
}
END_TEST

/* ---- Not too much ------------------------------------------------------- */

START_TEST(no_more_than_max_inflight)
{
	uint32_t i;

	sms->set.max_inflight = 3;
	scene_begin(s);
	sms->way = FAKE_HOLDS;
	add(&plain, 10);
	scene_run(s, 100);
	ck_assert_uint_eq(sms->n_seen, 3);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs WHERE state"
	    " = 'leased'"), 3);
	for (i = 0; i < 10; i++) {
		fake_settle(sms, i, OW_DELIVERED);
		scene_run(s, 1);
		ck_assert_uint_eq(sms->n_seen, i + 4 < 10 ? i + 4 : 10);
	}
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs WHERE state"
	    " = 'sent'"), 10);
}
END_TEST

START_TEST(no_faster_than_its_rate)
{
	sms->set.rate = 5;
	sms->set.max_inflight = 100;
	scene_begin(s);
	add(&plain, 30);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 5);
	scene_run(s, 1000);
	ck_assert_uint_eq(sms->n_seen, 10);
	scene_run(s, 5000);
	ck_assert_uint_eq(sms->n_seen, 30);
}
END_TEST

/* ---- Groups ------------------------------------------------------------- */

static const char throttled[] = "rules = ( { event = \"order.ready\";"
    " template = \"order-ready\"; channels = [ \"sms\", \"push\" ];"
    " group = \"order\"; throttle = \"2m\"; ttl = \"30m\"; } );";

START_TEST(one_message_a_group_and_time)
{
	struct wish w = { .group = "order/1" };
	const char *a, *b, *c;

	scene_rules(s, throttled);
	scene_begin(s);
	a = scene_add(s, &w);
	scene_run(s, 1000);
	b = scene_add(s, &w);
	scene_run(s, 1000);
	c = scene_add(s, &w);
	scene_run(s, 1000);
	ck_assert_uint_eq(sms->n_seen, 1);
	ck_assert_str_eq(job_state(s, a), "sent");
	ck_assert_str_eq(job_state(s, b), "later");
	ck_assert_str_eq(job_why(s, c), "throttled: one message per 2m");
	scene_run(s, 2 * MINUTE);
	/* The newer one stands for both. */
	ck_assert_uint_eq(sms->n_seen, 2);
	ck_assert_str_eq(job_state(s, b), "skipped");
	ck_assert_str_eq(job_why(s, b), "replaced by a newer notice");
	ck_assert_str_eq(job_state(s, c), "sent");
	ck_assert_str_eq(sms->seen[1].key, scene_text(s, "SELECT job_key FROM"
	    " jobs ORDER BY id DESC LIMIT 1"));
}
END_TEST

/* A breach: each of them has a time of its own, and so they go one by one. */
START_TEST(those_that_wait_for_one_that_is_going_are_due_together)
{
	struct wish w = { .group = "order/1" };
	const char *a, *b, *c;

	scene_rules(s, throttled);
	scene_begin(s);
	sms->way = FAKE_HOLDS;
	a = scene_add(s, &w);
	scene_run(s, 10);
	b = scene_add(s, &w);
	scene_run(s, 10);
	c = scene_add(s, &w);
	scene_run(s, 10);
	sms->way = FAKE_ANSWERS;
	fake_settle(sms, 0, OW_DELIVERED);
	scene_run(s, MINUTE);
	ck_assert_str_eq(job_state(s, a), "sent");
	ck_assert_str_eq(job_state(s, b), "later");
	scene_run(s, MINUTE);
	ck_assert_uint_eq(sms->n_seen, 2);
	ck_assert_str_eq(job_state(s, b), "skipped");
	ck_assert_str_eq(job_state(s, c), "sent");
}
END_TEST

/* A breach: the second device of the same person is told minutes later. */
START_TEST(devices_of_one_person_are_no_repetition)
{
	struct fake *push = scene_channel(s, "push", "push", "webpush");
	struct wish w = { .kind = "webpush", .medium = "push",
	    .group = "order/1", .address = "one", .notice = "n-1",
	    .event = "e-1" };

	scene_rules(s, throttled);
	scene_begin(s);
	scene_sql(s, "INSERT INTO notices VALUES ('n-1', 'cafe', 'ada',"
	    " 'order-1', 'e-1', 'order.ready', 1, 1, 't', 't', 'u', '{}',"
	    " '[]', 0, '', 0)");
	(void)scene_add(s, &w);
	scene_run(s, 5000);
	w.address = "two";
	(void)scene_add(s, &w);
	w.address = "three";
	(void)scene_add(s, &w);
	scene_run(s, 10);
	ck_assert_uint_eq(push->n_seen, 3);
}
END_TEST

START_TEST(a_newer_notice_replaces_what_still_waits)
{
	struct wish w = { .group = "order/1" };
	const char *a, *b;

	scene_begin(s);			/* no rule, so no throttle */
	sms->verdict = OW_RETRY;
	sms->retry_after_ms = 5 * MINUTE;
	a = scene_add(s, &w);
	scene_run(s, 10);
	sms->verdict = OW_DELIVERED;
	b = scene_add(s, &w);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, a), "skipped");
	ck_assert_str_eq(job_state(s, b), "sent");
	/* Another person's and another group's are not concerned. */
	sms->verdict = OW_RETRY;
	a = scene_add(s, &(struct wish){ .group = "order/1", .sub = "bob" });
	b = scene_add(s, &(struct wish){ .group = "order/2" });
	scene_run(s, 10);
	sms->verdict = OW_DELIVERED;
	(void)scene_add(s, &w);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, a), "later");
	ck_assert_str_eq(job_state(s, b), "later");
}
END_TEST

/* ---- A store that is away ----------------------------------------------- */

START_TEST(a_store_that_fails_at_any_stage_costs_no_job)
{
	static const int stages[] = { Q_JOBS_CLAIM, Q_JOB_CONTENT,
	    Q_EVENT_BY_ID, Q_JOB_SETTLE };
	static const int32_t errors[] = { OW_EAGAIN, OW_ELIMIT, OW_EIO };
	const char *id;
	size_t i, k;
	uint32_t lie, before;

	scene_begin(s);
	for (i = 0; i < 4; i++)
		for (k = 0; k < 3; k++)
			for (lie = 0; lie < 2; lie++) {
				s->fail_query = stages[i];
				s->fail_count = 2;
				s->fail_err = errors[k];
				s->fail_lies = lie != 0;
				before = sms->n_seen;
				id = scene_add(s, &plain);
				/* Past the end of a lease. */
				scene_run(s, 3 * MINUTE);
				ck_assert_str_eq(job_state(s, id), "sent");
				ck_assert_uint_eq(sms->n_seen, before + 1);
				ck_assert_int_eq(s->fail_count, 0);
			}
}
END_TEST

/* A breach: what is sent while the store is away is sent again and again. */
START_TEST(an_outcome_waits_for_the_store)
{
	const char *id;

	scene_begin(s);
	s->fail_query = Q_JOB_SETTLE;
	s->fail_count = 40;
	s->fail_err = OW_EAGAIN;
	id = scene_add(s, &plain);
	scene_run(s, 30000);
	ck_assert_str_eq(job_state(s, id), "leased");
	s->fail_count = 0;
	scene_run(s, 2000);
	ck_assert_str_eq(job_state(s, id), "sent");
	ck_assert_uint_eq(sms->n_seen, 1);
}
END_TEST

START_TEST(a_late_outcome_does_not_touch_another_s_lease)
{
	const char *id;

	scene_begin(s);
	sms->way = FAKE_HOLDS;
	id = scene_add(s, &plain);
	scene_run(s, 10);
	scene_sql(s, "UPDATE jobs SET node = 'node-b', attempt = 2");
	fake_settle(sms, 0, OW_REJECTED);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "leased");
	ck_assert_str_eq(scene_text(s, "SELECT node FROM jobs"), "node-b");
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM attempts"), 0);
	ck_assert_int_eq(scene_metric(s, "lost_total", "sms"), 1);
}
END_TEST

/* ---- The end ------------------------------------------------------------ */

static int
compared(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A breach: a job that was never sent, or two jobs with one key. */
START_TEST(no_loss_on_kill)
{
	const char *keys[2000];
	uint32_t round, i, n = 0, distinct = 0;

	sms->set.max_inflight = 7;
	s->set.outbox.lease_ms = 20000;
	s->set.outbox.attempts_max = 1000;
	for (round = 0; round < 20; round++) {
		scene_begin(s);
		add(&plain, 25);
		/* It ends while the orders loop is asked, while the channel
		   has them, before outcomes are written, or after that but
		   before it heard of it. */
		s->is_silent = round % 5 == 1;
		sms->way = round % 5 == 0 ? FAKE_HOLDS : FAKE_ANSWERS;
		s->fail_query = Q_JOB_SETTLE;
		s->fail_count = round % 5 == 2 || round % 5 == 3 ? 10 : 0;
		s->fail_lies = round % 5 == 3;
		s->fail_err = OW_EIO;
		scene_run(s, round % 3);
		scene_crash(s);
	}
	sms->way = FAKE_ANSWERS;
	s->is_silent = false;
	s->fail_count = 0;
	scene_begin(s);
	scene_run(s, 5 * MINUTE);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs WHERE state"
	    " <> 'sent'"), 0);
	ck_assert_uint_lt(sms->n_seen, 2000);
	ck_assert_uint_gt(sms->n_seen, 500);
	for (i = 0; i < sms->n_seen; i++)
		keys[n++] = sms->seen[i].key;
	qsort(keys, n, sizeof(keys[0]), compared);
	for (i = 0; i < n; i++)
		distinct += i == 0 || strcmp(keys[i], keys[i - 1]) != 0;
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs"), distinct);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) - COUNT(DISTINCT"
	    " job_key) FROM jobs"), 0);
}
END_TEST

/* A breach: a restarted node waits for its own old lease to run out. */
START_TEST(its_own_leases_do_not_outlive_it)
{
	scene_begin(s);
	sms->way = FAKE_HOLDS;
	add(&plain, 1);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 1);
	scene_crash(s);
	sms->way = FAKE_ANSWERS;
	scene_begin(s);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 2);
	ck_assert_uint_eq(sms->seen[1].attempt, 2);
	/* It may have arrived: there is no word of the first attempt. */
	ck_assert(!sms->seen[1].is_repeat_safe);
	ck_assert_str_eq(sms->seen[1].key, sms->seen[0].key);
}
END_TEST

static void
drained(void *arg)
{
	((struct scene *)arg)->n_drained++;
}

START_TEST(draining_finishes_what_is_out_and_returns_the_rest)
{
	sms->set.max_inflight = 2;
	scene_begin(s);
	sms->way = FAKE_HOLDS;
	add(&plain, 5);
	scene_run(s, 10);
	outbox_drain(s->outbox, 5000, drained, s);
	scene_run(s, 10);
	ck_assert_uint_eq(s->n_drained, 0);
	fake_settle(sms, 0, OW_DELIVERED);
	fake_settle(sms, 1, OW_DELIVERED);
	scene_run(s, 10);
	ck_assert_uint_eq(s->n_drained, 1);
	ck_assert_uint_eq(sms->n_seen, 2);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs WHERE state"
	    " = 'due'"), 3);
	add(&plain, 1);
	scene_run(s, MINUTE);
	ck_assert_uint_eq(sms->n_seen, 2);
	ck_assert_uint_eq(s->n_drained, 1);
}
END_TEST

START_TEST(draining_gives_up_on_who_does_not_settle)
{
	scene_begin(s);
	sms->way = FAKE_HANGS;
	add(&plain, 1);
	s->is_silent = true;
	scene_run(s, 10);
	scene_answer(s);
	scene_run(s, 10);
	add(&letter, 1);
	scene_run(s, 10);		/* waits for its consent */
	outbox_drain(s->outbox, 2000, drained, s);
	scene_run(s, 2100);
	ck_assert_uint_eq(sms->n_cancelled, 1);
	scene_answer(s);
	scene_run(s, 10);
	ck_assert_uint_eq(s->n_drained, 0);
	scene_run(s, 1000);
	ck_assert_uint_eq(s->n_drained, 1);
	ck_assert_uint_eq(mail->n_seen, 0);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs WHERE state"
	    " = 'later'"), 2);
	scene_run(s, 5000);
	ck_assert_uint_eq(s->n_drained, 1);
}
END_TEST

START_TEST(draining_ends_without_a_store_and_without_consent)
{
	scene_begin(s);
	s->is_silent = true;
	add(&plain, 1);
	scene_run(s, 10);
	s->fail_query = -1;
	s->fail_count = 1000;
	s->fail_err = OW_EAGAIN;
	outbox_drain(s->outbox, 1000, drained, s);
	scene_run(s, 3100);
	ck_assert_uint_eq(s->n_drained, 1);
}
END_TEST

/* ---- Old things --------------------------------------------------------- */

START_TEST(what_is_old_is_forgotten)
{
	int64_t day = 24 * 60 * MINUTE, old = T0 - 91 * day;
	int i;

	scene_begin(s);
	for (i = 0; i < 700; i++)
		(void)scene_add(s, &(struct wish){ .at_ms = old + i,
		    .stale_ms = T0 + day });
	scene_run(s, 1000);
	add(&plain, 1);
	scene_run(s, 1000);
	(void)scene_add(s, &(struct wish){ .at_ms = old, .due_ms = T0 + day });
	scene_sql(s, "UPDATE attempts SET at_ms = 1 WHERE job_id IN"
	    " (SELECT id FROM jobs WHERE at_ms < 1763000000000)");
	scene_sql(s, "INSERT INTO receipts SELECT id, 'clicked', at_ms FROM"
	    " jobs");
	/* Three of them count as unread, and the last one. */
	scene_sql(s, "UPDATE notices SET inbox = 1, read_ms = 5 WHERE"
	    " at_ms < 1763000000000");
	scene_sql(s, "UPDATE notices SET read_ms = 0 WHERE id IN (SELECT id"
	    " FROM notices ORDER BY at_ms LIMIT 5)");
	scene_sql(s, "UPDATE notices SET inbox = 0 WHERE id IN (SELECT id"
	    " FROM notices ORDER BY at_ms LIMIT 2)");
	scene_sql(s, "INSERT INTO person_log (tenant, sub, seq, id, at_ms,"
	    " type, message) VALUES ('cafe', 'ada', 1, 'a', 1, 't', 'm'),"
	    " ('cafe', 'ada', 2, 'b', 1, 't', 'm')");
	scene_run(s, 2 * MINUTE);
	/* The new one, and the one that is still open. */
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs"), 2);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM notices"), 1);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM attempts"), 1);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM receipts"), 1);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM person_log"), 1);
	ck_assert_uint_ge(s->executed[Q_JOBS_PURGE], 2);
	ck_assert_uint_eq(s->n_forgotten, 4);
	ck_assert_str_eq(s->forgotten, "cafe ada");
}
END_TEST

static Suite *
suite(void)
{
	Suite *su = suite_create("outbox/hostile");
	TCase *tc = tcase_create("hostile");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_deadline_cancels);
	tcase_add_test(tc, one_that_never_settles_is_settled_for);
	tcase_add_test(tc, a_channel_that_hangs_delays_no_other);
	tcase_add_test(tc, settling_twice_changes_nothing);
	tcase_add_test(tc, settling_what_it_never_got_changes_nothing);
	tcase_add_test(tc, nonsense_is_a_retry);
	tcase_add_test(tc, words_of_a_plugin_are_made_sound);
	tcase_add_test(tc, a_breaker_opens_and_its_jobs_wait);
	tcase_add_loop_test(tc, what_is_over_does_not_wait_for_the_probe, 0,
	    2);
	tcase_add_test(tc, what_was_tried_is_over_in_time_too);
	tcase_add_test(tc, a_probe_that_has_no_place_yet_is_not_polled);
	tcase_add_test(tc, a_wrong_credential_costs_no_attempt);
	tcase_add_test(tc, a_stand_in_takes_over);
	tcase_add_test(tc, no_more_than_max_inflight);
	tcase_add_test(tc, no_faster_than_its_rate);
	tcase_add_test(tc, one_message_a_group_and_time);
	tcase_add_test(tc,
	    those_that_wait_for_one_that_is_going_are_due_together);
	tcase_add_test(tc, devices_of_one_person_are_no_repetition);
	tcase_add_test(tc, a_newer_notice_replaces_what_still_waits);
	tcase_add_test(tc, a_store_that_fails_at_any_stage_costs_no_job);
	tcase_add_test(tc, an_outcome_waits_for_the_store);
	tcase_add_test(tc, a_late_outcome_does_not_touch_another_s_lease);
	tcase_add_test(tc, no_loss_on_kill);
	tcase_add_test(tc, its_own_leases_do_not_outlive_it);
	tcase_add_test(tc,
	    draining_finishes_what_is_out_and_returns_the_rest);
	tcase_add_test(tc, draining_gives_up_on_who_does_not_settle);
	tcase_add_test(tc,
	    draining_ends_without_a_store_and_without_consent);
	tcase_add_test(tc, what_is_old_is_forgotten);
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
