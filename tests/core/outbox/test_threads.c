/* SPDX-License-Identifier: MIT */
/*
 * The outbox on a thread of its own, the store on another, and everybody
 * asking at once: for the thread sanitizer, and for letters that nobody
 * waits for any more when it ends.
 */
#include <stdio.h>
#include <string.h>

#include "outbox_host.h"

#define JOBS 400
#define POLL_MS 5
#define PATIENCE_MS 60000

static struct scene *s;
static struct fake *sms, *mail;
static struct address_check check;
static int n_checked, n_hooked, n_asked, polls;
static bool is_draining, is_over;

static void poll(void *arg);

static void
checked(struct address_check *c)
{
	ck_assert_int_eq(c->err, OW_OK);
	n_checked++;
}

static void
hooked(struct hook *h)
{
	ck_assert_int_eq(h->status, 200);
	n_hooked++;
	hook_free(&h);
}

static void
asked(struct outbox_ask *a)
{
	ck_assert_int_eq(a->status, 200);
	n_asked++;
	outbox_ask_free(&a);
}

static void
bother(void)
{
	static struct ow_header sign = { "X-Sign", "good" };
	struct channel_state state;
	struct outbox_ask *a;
	struct hook *h;

	check = (struct address_check){ .home = s->loop, .tenant = "cafe",
	    .kind = "sms", .wanted = "+4912345678", .done = checked };
	outbox_check(s->outbox, &check);
	h = hook_new(s->loop, hooked, NULL);
	h->kind = "sms";
	h->name = "acme";
	h->method = "POST";
	h->url = h->query = "";
	h->headers = &sign;
	h->n_headers = 1;
	outbox_hook(s->outbox, h);
	a = outbox_ask_new(OUTBOX_JOBS, s->loop, asked, NULL);
	outbox_ask(s->outbox, a);
	ck_assert(outbox_channel_state(s->outbox, "sms-a", &state));
	ck_assert(outbox_has_kind(s->outbox, "sms", "cafe"));
}

/* ---- Until all are sent ------------------------------------------------- */

static void
over(void *arg)
{
	(void)arg;
	is_over = true;
	loop_stop(s->loop);
}

static void
drained(void *arg)
{
	loop_post(((struct scene *)arg)->loop, over, NULL);
}

static void
counted(void *arg, struct txn *txn, const struct ow_result *r)
{
	(void)arg;
	(void)txn;
	ck_assert_int_eq(r->err, OW_OK);
	if (++polls > PATIENCE_MS / POLL_MS) {
		loop_stop(s->loop);
	} else if (s->n_added == JOBS && r->rows[0].n_rows == 0 &&
	    r->rows[1].n_rows == 0 && n_checked > 0 && n_hooked > 0 &&
	    n_asked > 0) {
		is_draining = true;
		outbox_drain(s->outbox, 1000, drained, s);
	} else {
		(void)loop_timer_start(s->loop, POLL_MS, poll, NULL);
	}
}

static void
poll(void *arg)
{
	struct txn *txn = txn_new(s->journal);

	(void)arg;
	txn_add(txn, Q_JOBS_COUNT, -1, "s", "sms");
	txn_add(txn, Q_JOBS_COUNT, -1, "s", "email");
	txn_send(&txn, counted, NULL);
}

static void
begin(void *arg)
{
	struct wish w = { .kind = "sms" };
	struct wish m = { .kind = "email", .medium = "email" };
	int i;

	(void)arg;
	for (i = 0; i < JOBS; i++)
		(void)scene_add(s, i % 2 == 0 ? &w : &m);
	bother();
	poll(NULL);
}

START_TEST(loops_share_nothing)
{
	s = scene_open();
	s->is_threaded = true;
	sms = scene_channel(s, "sms-a", "sms", "sms");
	mail = scene_channel(s, "mail-a", "email", "email");
	scene_begin(s);
	loop_post(s->loop, begin, NULL);
	scene_run_threads(s);
	ck_assert(is_draining && is_over);
	ck_assert_uint_eq(sms->n_seen, JOBS / 2);
	ck_assert_uint_eq(mail->n_seen, JOBS / 2);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs WHERE state ="
	    " 'sent'"), JOBS);
	scene_close(&s);
}
END_TEST

/* A breach: memory of letters that were under way is used or leaks. */
START_TEST(it_may_end_in_the_middle)
{
	int i;

	for (i = 0; i < 10; i++) {
		s = scene_open();
		s->is_threaded = true;
		sms = scene_channel(s, "sms-a", "sms", "sms");
		sms->way = i % 2 == 0 ? FAKE_ANSWERS : FAKE_HANGS;
		mail = scene_channel(s, "mail-a", "email", "email");
		scene_begin(s);
		for (int k = 0; k < 50; k++)
			(void)scene_add(s, &(struct wish){ .kind = "sms" });
		(void)loop_timer_start(s->loop, i, over, NULL);
		scene_run_threads(s);
		scene_close(&s);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *su = suite_create("outbox/threads");
	TCase *tc = tcase_create("threads");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, loops_share_nothing);
	tcase_add_test(tc, it_may_end_in_the_middle);
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
