/* SPDX-License-Identifier: MIT */
/*
 * What comes back from providers: hooks, delivery reports, STOP; and what a
 * text says of how many it stands for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"
#include "outbox/params.h"
#include "outbox_host.h"

static struct scene *s;
static struct fake *sms;

static const struct wish plain = { .kind = "sms" };

static void
setup(void)
{
	s = scene_open();
	sms = scene_channel(s, "sms-a", "sms", "sms");
	sms->ref = "ref-1";
}

static void
teardown(void)
{
	scene_close(&s);
}

/* ---- Hooks -------------------------------------------------------------- */

static int hook_status;
static char hook_body[256], hook_type[64];

static void
hooked(struct hook *h)
{
	hook_status = h->status;
	(void)snprintf(hook_body, sizeof(hook_body), "%.*s",
	    (int)h->answer.n, h->answer.n > 0 ? (const char *)h->answer.p :
	    "");
	(void)snprintf(hook_type, sizeof(hook_type), "%s",
	    h->content_type != NULL ? h->content_type : "");
	hook_free(&h);
}

static void
ask(const char *name, const char *query, const char *form, const char *sign)
{
	struct hook *h = hook_new(s->loop, hooked, NULL);

	h->kind = "sms";
	h->name = arena_dup(&h->arena, name);
	h->method = "POST";
	h->url = "https://t.example/hooks/sms/acme";
	h->query = arena_dup(&h->arena, query);
	h->body = (struct ow_bytes){ arena_dup(&h->arena, form),
	    strlen(form) };
	h->headers = arena_alloc(&h->arena, 2 * sizeof(*h->headers));
	h->headers[0] = (struct ow_header){ "content-TYPE",
	    "application/x-www-form-urlencoded; charset=utf-8" };
	h->headers[1] = (struct ow_header){ "X-Sign", sign };
	h->n_headers = 2;
	hook_status = -1;
	outbox_hook(s->outbox, h);
	scene_run(s, 10);
}

static int
call(const char *name, const char *query, const char *form,
    const char *sign)
{
	ask(name, query, form, sign);
	ck_assert_int_ne(hook_status, -1);
	return hook_status;
}

START_TEST(a_hook_finds_its_channel)
{
	scene_begin(s);
	ck_assert_int_eq(call("acme", "", "b=2+2&a=%31", "good"), 200);
	ck_assert_str_eq(hook_body, "POST 2 a=1 b=2 2");
	ck_assert_str_eq(hook_type, "text/x-test");
	ck_assert_int_eq(call("sms-a", "", "", "good"), 200);
	ck_assert_int_eq(call("other", "", "", "good"), 0);
}
END_TEST

START_TEST(a_bad_signature_is_refused)
{
	scene_begin(s);
	(void)scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_int_eq(call("acme", "what=report&ref=ref-1", "", "bad"),
	    401);
	scene_run(s, 10);
	ck_assert_str_eq(scene_text(s, "SELECT state FROM jobs"), "sent");
}
END_TEST

START_TEST(a_channel_that_does_not_answer_is_a_500)
{
	scene_begin(s);
	ck_assert_int_eq(call("acme", "what=silence", "", "good"), 500);
}
END_TEST

/* A breach: a plugin, or who makes it say so, adds headers to an answer of
   ours, or a body behind them. */
START_TEST(a_content_type_ends_no_header)
{
	static const char *const bad[] = { "a/b%0d%0aSet-Cookie:%20c=1",
	    "a/b%0a", "%0d", "a/b%7f", "a/%c3%bc", "" };
	char query[200];
	uint32_t i;

	scene_begin(s);
	ck_assert_int_eq(call("acme", "what=type&type=a/b%3B%20c=d", "",
	    "good"), 200);
	ck_assert_str_eq(hook_type, "a/b; c=d");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(query, sizeof(query), "what=type&type=%s",
		    bad[i]);
		ck_assert_int_eq(call("acme", query, "", "good"), 500);
		ck_assert_str_eq(hook_type, "text/plain");
		ck_assert_str_eq(hook_body, "");
	}
	(void)snprintf(query, sizeof(query), "what=type&type=a/%0126d", 7);
	ck_assert_int_eq(call("acme", query, "", "good"), 500);
}
END_TEST

START_TEST(forms_are_decoded_and_sorted)
{
	struct hook *h = hook_new(NULL, hooked, NULL);
	struct ow_header out[3];
	struct params p;

	h->query = "q=%41%zz%&q=2&&=x&lone";
	h->body = (struct ow_bytes){ "b=1&a=2&a=1&c", 13 };
	h->headers = arena_alloc(&h->arena, sizeof(*h->headers));
	h->headers[0] = (struct ow_header){ "Content-Type",
	    "application/x-www-form-urlencoded" };
	h->n_headers = 1;
	params_read(&p, h);
	ck_assert_str_eq(params_find(&p, "q"), "A%zz%");
	ck_assert_str_eq(params_find(&p, ""), "x");
	ck_assert_str_eq(params_find(&p, "lone"), "");
	ck_assert_str_eq(params_find(&p, "b"), "1");
	ck_assert_ptr_null(params_find(&p, "B"));
	ck_assert_uint_eq(params_form(&p, out, 3), 4);
	ck_assert_str_eq(out[0].value, "1");
	ck_assert_str_eq(out[1].value, "2");
	ck_assert_str_eq(out[2].name, "b");
	h->headers[0].value = "application/x-www-form-urlencodedx";
	params_read(&p, h);
	ck_assert_uint_eq(params_form(&p, out, 3), 0);
	hook_free(&h);
}
END_TEST

START_TEST(a_form_has_a_bound)
{
	struct hook *h = hook_new(NULL, hooked, NULL);
	char *many = malloc(200000);
	struct params p;
	int i;

	h->query = "";
	for (i = 0; i < 100000; i++)
		memcpy(many + 2 * i, "a&", 2);
	h->body = (struct ow_bytes){ many, 200000 };
	h->headers = arena_alloc(&h->arena, sizeof(*h->headers));
	h->headers[0] = (struct ow_header){ "Content-Type",
	    "application/x-www-form-urlencoded" };
	h->n_headers = 1;
	params_read(&p, h);
	ck_assert_uint_eq(p.form.n, PARAMS_MAX);
	free(many);
	hook_free(&h);
}
END_TEST

/* ---- Reports ------------------------------------------------------------ */

static void
report(const char *ref, int32_t verdict, const char *detail)
{
	struct ow_outcome out = { .size = sizeof(out), .verdict = verdict,
	    .detail = detail };

	sms->host->outbox->report(sms->ctx, ref, &out);
}

START_TEST(a_report_lands_in_its_job)
{
	const char *id;

	scene_begin(s);
	id = scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_int_eq(call("acme", "what=report&ref=ref-1", "", "good"),
	    200);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "delivered");
	ck_assert_str_eq(job_why(s, id), "the provider reports: it arrived");
	/* A second word does not undo it. */
	report("ref-1", OW_REJECTED, "no");
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "delivered");
}
END_TEST

START_TEST(a_bad_report_parks_and_gone_disables)
{
	const char *id;

	scene_begin(s);
	id = scene_add(s, &plain);
	scene_run(s, 10);
	report("ref-1", OW_RETRY, "still trying");
	report("ref-1", OW_MISCONFIGURED, "?");
	report("ref-1", 99, "?");
	report("", OW_GONE, "?");
	report(NULL, OW_GONE, "?");
	sms->host->outbox->report(sms->ctx, "ref-1", NULL);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "sent");
	report("ref-1", OW_GONE, "unknown\nsubscriber");
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "parked");
	ck_assert_str_eq(job_why(s, id), "the provider reports: it did not"
	    " arrive: unknown subscriber");
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM off"), 1);
}
END_TEST

/* A breach: the report is lost, and the job stays "sent" for ever. */
START_TEST(a_report_may_be_faster_than_the_note)
{
	const char *id;
	uint32_t seen;

	scene_begin(s);
	sms->way = FAKE_HOLDS;
	id = scene_add(s, &plain);
	scene_run(s, 10);
	report("ref-1", OW_DELIVERED, NULL);
	scene_run(s, 1500);
	fake_settle(sms, 0, OW_DELIVERED);
	scene_run(s, 2000);
	ck_assert_str_eq(job_state(s, id), "delivered");
	/* One that nobody knows is looked for a few times only. */
	report("ref-x", OW_DELIVERED, NULL);
	scene_run(s, 3 * MINUTE);
	ck_assert_uint_le(s->executed[Q_JOB_BY_REF], 12);
	seen = s->executed[Q_JOB_BY_REF];
	scene_run(s, 10 * MINUTE);
	ck_assert_uint_eq(s->executed[Q_JOB_BY_REF], seen);
}
END_TEST

/* A breach: the callback of a provider that answers slowly is forgotten. */
START_TEST(a_report_waits_for_its_ref_and_not_longer)
{
	const char *id;

	sms->set.deadline_ms = 2 * MINUTE;
	s->set.outbox.lease_ms = 10 * MINUTE;
	scene_begin(s);
	sms->way = FAKE_HOLDS;
	id = scene_add(s, &plain);
	scene_run(s, 10);
	report("ref-1", OW_DELIVERED, NULL);
	scene_run(s, MINUTE - 5000);
	fake_settle(sms, 0, OW_DELIVERED);
	/* Not at the next look, but at once. */
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "delivered");
	id = scene_add(s, &plain);
	scene_run(s, 10);
	sms->ref = "ref-2";
	report("ref-2", OW_DELIVERED, NULL);
	scene_run(s, MINUTE + 40000);
	fake_settle(sms, 1, OW_DELIVERED);
	scene_run(s, MINUTE);
	ck_assert_str_eq(job_state(s, id), "sent");
}
END_TEST

/* A breach: a provider that reports nonsense fills the memory. */
START_TEST(only_so_many_reports_wait)
{
	char ref[32];
	int i;

	scene_begin(s);
	for (i = 0; i < 1500; i++) {
		(void)snprintf(ref, sizeof(ref), "none-%d", i);
		report(ref, OW_DELIVERED, NULL);
	}
	scene_run(s, 10);
	ck_assert_uint_eq(s->executed[Q_JOB_BY_REF], 1500);
	scene_run(s, 1500);
	ck_assert_uint_eq(s->executed[Q_JOB_BY_REF], 2500);
	scene_run(s, 3 * MINUTE);
	/* There is room again. */
	i = (int)s->executed[Q_JOB_BY_REF];
	report("none-2000", OW_DELIVERED, NULL);
	scene_run(s, 1500);
	ck_assert_int_eq((int)s->executed[Q_JOB_BY_REF], i + 2);
}
END_TEST

START_TEST(a_report_for_another_tenant_is_none)
{
	const char *id;

	sms->set.tenants = "cafe";
	scene_begin(s);
	id = scene_add(s, &plain);
	scene_run(s, 10);
	scene_sql(s, "UPDATE jobs SET tenant = 'other'");
	report("ref-1", OW_DELIVERED, NULL);
	scene_run(s, 10);
	ck_assert_str_eq(job_state(s, id), "sent");
}
END_TEST

/* ---- STOP --------------------------------------------------------------- */

START_TEST(stop_finds_whose_number_it_is)
{
	scene_begin(s);
	(void)scene_add(s, &plain);
	scene_run(s, 10);
	ck_assert_int_eq(call("acme", "what=stop&from=%2B4915112345678", "",
	    "good"), 200);
	scene_run(s, 10);
	ck_assert_uint_eq(s->n_opts, 1);
	ck_assert_str_eq(s->opt, "cafe ada sms 0 STOP by SMS");
	(void)call("acme", "what=stop&from=%2B49999", "", "good");
	scene_run(s, 10);
	ck_assert_uint_eq(s->n_opts, 1);
}
END_TEST

START_TEST(stop_outlives_a_store_that_is_away)
{
	scene_begin(s);
	(void)scene_add(s, &plain);
	scene_run(s, 10);
	s->fail_query = Q_PERSONS_OF_HASH;
	s->fail_count = 30;
	s->fail_err = OW_EAGAIN;
	sms->host->outbox->opt(sms->ctx, "+4915112345678", false, "STOP");
	sms->host->outbox->opt(sms->ctx, NULL, false, "STOP");
	scene_run(s, 20000);
	ck_assert_uint_eq(s->n_opts, 0);
	scene_run(s, 20000);
	ck_assert_uint_eq(s->n_opts, 1);
}
END_TEST

/* A breach: the provider is told 2xx for what only our memory has, and a
   crash makes us write to somebody who said no. */
START_TEST(a_stop_is_no_success_while_the_store_is_away)
{
	scene_begin(s);
	(void)scene_add(s, &plain);
	scene_run(s, 10);
	s->fail_query = -1;
	s->fail_count = 1000;
	s->fail_err = OW_EAGAIN;
	report("ref-1", OW_DELIVERED, NULL);
	scene_run(s, 10);
	ck_assert_int_eq(call("acme", "what=stop&from=%2B4915112345678", "",
	    "good"), 503);
	ck_assert_str_eq(hook_body, "");
	ck_assert_int_eq(call("acme", "what=nothing", "", "good"), 200);
	ck_assert_int_eq(call("acme", "what=stop", "", "bad"), 401);
	s->fail_count = 0;
	scene_run(s, 2000);
	/* And yet it was heard. */
	ck_assert_uint_eq(s->n_opts, 1);
	ck_assert_int_eq(call("acme", "what=stop&from=%2B4915112345678", "",
	    "good"), 200);
	ck_assert_uint_eq(s->n_opts, 2);
}
END_TEST

/* A breach: between a provider's 200 and the commit a crash forgets a STOP. */
START_TEST(a_yes_to_a_stop_waits_for_the_desk)
{
	static const char stop[] = "what=stop&from=%2B4915112345678";

	scene_begin(s);
	(void)scene_add(s, &plain);
	scene_run(s, 10);
	s->keeps_opts = true;
	ask("acme", stop, "", "good");
	ck_assert_uint_eq(s->n_opts, 1);
	scene_run(s, MINUTE);
	ck_assert_int_eq(hook_status, -1);
	ck_assert_uint_eq(s->n_opts, 1);
	scene_answer_opt(s, OW_OK);
	scene_run(s, 10);
	ck_assert_int_eq(hook_status, 200);
	ck_assert_str_eq(hook_type, "text/x-test");
	/* Another's waits for nothing of that. */
	ask("acme", stop, "", "good");
	ck_assert_int_eq(hook_status, -1);
	ck_assert_int_eq(call("acme", "what=nothing", "", "good"), 200);
	scene_answer_opt(s, OW_EDENIED);
	scene_run(s, 10);
	ck_assert_int_eq(hook_status, 503);
	scene_run(s, MINUTE);
	ck_assert_uint_eq(s->n_opts, 2);
}
END_TEST

START_TEST(a_stop_that_the_desk_cannot_keep_is_asked_for_again)
{
	scene_begin(s);
	(void)scene_add(s, &plain);
	scene_run(s, 10);
	s->opt_err = OW_EAGAIN;
	ck_assert_int_eq(call("acme", "what=stop&from=%2B4915112345678", "",
	    "good"), 503);
	scene_run(s, 5000);
	ck_assert_uint_ge(s->n_opts, 3);
	/* And yet it was heard, once the desk can. */
	s->opt_err = OW_OK;
	scene_run(s, 2000);
	s->n_opts = 0;
	scene_run(s, MINUTE);
	ck_assert_uint_eq(s->n_opts, 0);
}
END_TEST

START_TEST(a_yes_to_a_report_waits_for_the_store)
{
	const char *id;

	scene_begin(s);
	id = scene_add(s, &plain);
	scene_run(s, 10);
	s->fail_query = Q_JOB_REPORT;
	s->fail_count = 1;
	s->fail_err = OW_EAGAIN;
	ck_assert_int_eq(call("acme", "what=report&ref=ref-1", "", "good"),
	    503);
	scene_run(s, 2000);
	ck_assert_str_eq(job_state(s, id), "delivered");
	/* Of one that nobody knows there is nothing to keep. */
	ck_assert_int_eq(call("acme", "what=report&ref=none", "", "good"),
	    200);
}
END_TEST

/* A breach: the end of the server waits for a desk that is no more, or
   forgets to free what waits. */
START_TEST(an_end_forgets_who_waits_for_the_desk)
{
	scene_begin(s);
	(void)scene_add(s, &plain);
	scene_run(s, 10);
	s->keeps_opts = true;
	ask("acme", "what=stop&from=%2B4915112345678", "", "good");
	ck_assert_int_eq(hook_status, -1);
	scene_answer_opt(s, OW_OK);	/* a letter that nobody reads */
	outbox_stop(s->outbox);
	scene_run(s, 10);
	ck_assert_int_eq(hook_status, -1);
}
END_TEST

/* A breach: one more than can wait is answered 2xx and forgotten. */
START_TEST(a_stop_that_finds_no_place_is_asked_for_again)
{
	int i;

	scene_begin(s);
	(void)scene_add(s, &plain);
	scene_run(s, 10);
	for (i = 0; i < 10000; i++)
		report("none", OW_DELIVERED, NULL);
	/* In one turn with them: the store has answered none of them. */
	ck_assert_int_eq(call("acme", "what=stop&from=%2B4915112345678", "",
	    "good"), 503);
	scene_run(s, 3 * MINUTE);
	ck_assert_uint_eq(s->n_opts, 0);
	ck_assert_int_eq(call("acme", "what=stop&from=%2B4915112345678", "",
	    "good"), 200);
	ck_assert_uint_eq(s->n_opts, 1);
}
END_TEST

/* ---- Words -------------------------------------------------------------- */

static void
put_file(const char *dir, const char *name, const char *text)
{
	char path[160];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	(void)fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void
open_templates(void)
{
	struct conf_faults faults = { 0 };
	char dir[128], path[160];

	(void)snprintf(dir, sizeof(dir), "%s/en", s->dir);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	put_file(dir, "order-ready.conf", "title = \"Order {{number}}\";\n"
	    "text = \"Ready{{#count}}, {{count}} news{{/count}}\";\n");
	put_file(dir, "layout.conf", "html = \"{{{content}}}\";\n"
	    "text = \"Stop: {{unsubscribe}}\";\n");
	s->templates = templates_open(s->dir, "en", s->rules, &faults);
	ck_assert_msg(faults.n == 0, "%s", faults.n > 0 ?
	    faults.list[0].text : "");
	conf_faults_done(&faults);
	(void)snprintf(path, sizeof(path), "%s/order-ready.conf", dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/layout.conf", dir);
	(void)unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(a_text_says_for_how_many_it_stands)
{
	struct wish w = { .group = "order/1" };

	scene_rules(s, "rules = ( { event = \"order.ready\"; template ="
	    " \"order-ready\"; channels = [ \"sms\" ]; group = \"order\";"
	    " throttle = \"90s\"; ttl = \"30m\"; } );");
	open_templates();
	scene_begin(s);
	(void)scene_add(s, &w);
	scene_run(s, 10);
	ck_assert_str_eq(sms->seen[0].text, "Ready");
	(void)scene_add(s, &w);
	(void)scene_add(s, &w);
	scene_run(s, 10);
	ck_assert_str_eq(scene_text(s, "SELECT why FROM jobs ORDER BY id DESC"
	    " LIMIT 1"), "throttled: one message per 90s");
	(void)scene_add(s, &w);
	scene_run(s, 2 * MINUTE);
	ck_assert_uint_eq(sms->n_seen, 2);
	ck_assert_str_eq(sms->seen[1].text, "Ready, 3 news");
	templates_free(&s->templates);
}
END_TEST

/* A breach: the second try of a message says less than the first one. */
START_TEST(a_count_outlives_a_second_try)
{
	struct wish w = { .group = "order/1" };

	scene_rules(s, "rules = ( { event = \"order.ready\"; template ="
	    " \"order-ready\"; channels = [ \"sms\" ]; group = \"order\";"
	    " throttle = \"90s\"; ttl = \"30m\"; } );");
	open_templates();
	scene_begin(s);
	w.due_ms = loop_wall_ms(s->loop) + 1000;
	(void)scene_add(s, &w);
	(void)scene_add(s, &w);
	w.due_ms -= 1;
	(void)scene_add(s, &w);
	sms->verdict = OW_RETRY;
	scene_run(s, 1100);
	ck_assert_uint_eq(sms->n_seen, 1);
	ck_assert_str_eq(sms->seen[0].text, "Ready, 3 news");
	/* One more comes in between: it stands for all of them. */
	w.due_ms = 0;
	(void)scene_add(s, &w);
	scene_run(s, 10);
	ck_assert_uint_eq(sms->n_seen, 2);
	ck_assert_str_eq(sms->seen[1].text, "Ready, 4 news");
	sms->verdict = OW_DELIVERED;
	scene_run(s, MINUTE);
	ck_assert_uint_eq(sms->n_seen, 3);
	ck_assert_uint_eq(sms->seen[2].attempt, 2);
	ck_assert_str_eq(sms->seen[2].text, "Ready, 4 news");
	/* What was told is told. */
	scene_run(s, 2 * MINUTE);
	(void)scene_add(s, &w);
	scene_run(s, 10);
	ck_assert_str_eq(sms->seen[3].text, "Ready");
	templates_free(&s->templates);
}
END_TEST

START_TEST(a_mail_is_told_where_to_stop)
{
	struct wish w = { .kind = "email", .medium = "email",
	    .address = "ada@example.org" };
	struct fake *mail = scene_channel(s, "mail", "email", "email");
	const struct seen *seen = &mail->seen[0];
	char text[640];

	scene_rules(s, "rules = ( { event = \"order.ready\"; template ="
	    " \"order-ready\"; channels = [ \"email\" ]; } );");
	open_templates();
	scene_begin(s);
	(void)scene_add(s, &w);
	scene_run(s, 10);
	ck_assert_uint_eq(mail->n_seen, 1);
	ck_assert_uint_gt(strlen(seen->unsubscribe), 0);
	(void)snprintf(text, sizeof(text), "Ready\n\nStop: %s",
	    seen->unsubscribe);
	ck_assert_str_eq(seen->text, text);
	templates_free(&s->templates);
}
END_TEST

static Suite *
suite(void)
{
	Suite *su = suite_create("outbox/news");
	TCase *tc = tcase_create("news");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_hook_finds_its_channel);
	tcase_add_test(tc, a_content_type_ends_no_header);
	tcase_add_test(tc, a_bad_signature_is_refused);
	tcase_add_test(tc, a_channel_that_does_not_answer_is_a_500);
	tcase_add_test(tc, forms_are_decoded_and_sorted);
	tcase_add_test(tc, a_form_has_a_bound);
	tcase_add_test(tc, a_report_lands_in_its_job);
	tcase_add_test(tc, a_bad_report_parks_and_gone_disables);
	tcase_add_test(tc, a_report_may_be_faster_than_the_note);
	tcase_add_test(tc, a_report_waits_for_its_ref_and_not_longer);
	tcase_add_test(tc, only_so_many_reports_wait);
	tcase_add_test(tc, a_report_for_another_tenant_is_none);
	tcase_add_test(tc, stop_finds_whose_number_it_is);
	tcase_add_test(tc, stop_outlives_a_store_that_is_away);
	tcase_add_test(tc, a_stop_is_no_success_while_the_store_is_away);
	tcase_add_test(tc, a_stop_that_finds_no_place_is_asked_for_again);
	tcase_add_test(tc, a_yes_to_a_stop_waits_for_the_desk);
	tcase_add_test(tc, a_stop_that_the_desk_cannot_keep_is_asked_for_again);
	tcase_add_test(tc, a_yes_to_a_report_waits_for_the_store);
	tcase_add_test(tc, an_end_forgets_who_waits_for_the_desk);
	tcase_add_test(tc, a_text_says_for_how_many_it_stands);
	tcase_add_test(tc, a_count_outlives_a_second_try);
	tcase_add_test(tc, a_mail_is_told_where_to_stop);
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
