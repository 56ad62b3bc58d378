/* SPDX-License-Identifier: MIT */
/*
 * test_testhost - the scripted host of <orderwire/testhost.h>, and that it
 * reads answers as the server does.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <orderwire/testhost.h>

#include "plugin/outside.h"

static const char *const colours[] = { "red", "green", NULL };

struct dull_conf {
	const char *text, *url, *secret, *colour;
	bool is_on;
	int64_t number, wait_ms, span, size;
};

static const struct ow_option options[] = {
	OW_STR(struct dull_conf, text, OW_REQUIRED, "A text."),
	OW_URL(struct dull_conf, url, "", "A URL."),
	OW_SECRET(struct dull_conf, secret, "", "A secret."),
	OW_CHOICE(struct dull_conf, colour, "red", colours, "A colour."),
	OW_BOOL(struct dull_conf, is_on, "yes", "Yes or no."),
	OW_INT(struct dull_conf, number, "5", 1, 10, "A number."),
	OW_MS(struct dull_conf, wait_ms, "2s", 0, 0, "A time."),
	OW_MS(struct dull_conf, span, "2d", 0, 0, "A time."),
	OW_BYTES(struct dull_conf, size, "64k", 0, 0, "A size."),
	OW_OPTIONS_END
};

static const struct ow_metric metrics[] = {
	{ "calls_total", OW_COUNTER, "Calls." },
	OW_METRICS_END
};

/* A channel that does what its test says: the job's text is a command. */
struct dull {
	struct ow_ctx *ctx;
	const struct ow_host *host;
	const struct dull_conf *conf;
	const struct ow_job *job;
	struct ow_net_call *call;
	struct ow_timer *timer;
	struct ow_watch *watch;
	char said[256];
	int pipe[2];
};

static void
dull_say(struct dull *d, const char *what)
{
	strncat(d->said, what, sizeof(d->said) - strlen(d->said) - 1);
}

static void
dull_settle(struct dull *d, int32_t verdict)
{
	struct ow_outcome outcome = { .size = sizeof(outcome),
	    .verdict = verdict, .retry_after_ms = 7 };

	d->host->outbox->settle(d->ctx, d->job, &outcome);
}

static void
dull_on_reply(void *arg, const struct ow_reply *reply)
{
	struct dull *d = arg;
	const char *header = d->host->net->header(reply, "X-Id");
	struct ow_outcome outcome;

	d->host->net->judge(reply, &outcome);
	outcome.ref = header;
	dull_say(d, (const char *)reply->body.p);
	d->host->outbox->settle(d->ctx, d->job, &outcome);
}

static void
dull_post(void *arg)
{
	dull_say(arg, "p");
}

static void
dull_work(void *arg)
{
	dull_say(arg, "w");
}

static void
dull_done(void *arg)
{
	dull_say(arg, "d");
}

static void
dull_fire(void *arg)
{
	dull_say(arg, "t");
}

static void
dull_ready(void *arg)
{
	struct dull *d = arg;
	char c;

	ck_assert_int_eq(read(d->pipe[0], &c, 1), 1);
	dull_say(d, "r");
}

static void
dull_http(struct dull *d)
{
	const struct ow_header header = { "X-Key", d->job->key };
	const struct ow_http_req req = { .size = sizeof(req),
	    .method = "POST", .url = "https://a.test/", .headers = &header,
	    .n_headers = 1, .body = { "hi", 2 }, .timeout_ms = 1000 };

	d->call = d->host->net->http(d->ctx, &req, dull_on_reply, d);
}

static void
dull_mail(struct dull *d)
{
	const struct ow_mail_req req = { .size = sizeof(req),
	    .url = "smtp://a.test:25", .from = "a@a.test", .to = "b@b.test",
	    .message = { "hi\r\n", 4 }, .timeout_ms = 1000 };

	d->call = d->host->net->mail(d->ctx, &req, dull_on_reply, d);
}

static void
dull_impossible(struct dull *d)
{
	const struct ow_header header = { "X-Key", "a\r\nb" };
	struct ow_http_req req = { .size = sizeof(req), .method = "POST",
	    .url = "https://a.test/", .timeout_ms = 0 };

	ck_assert_ptr_null(d->host->net->http(d->ctx, &req, dull_on_reply,
	    d));
	req.timeout_ms = 1000;
	req.headers = &header;
	req.n_headers = 1;
	ck_assert_ptr_null(d->host->net->http(d->ctx, &req, dull_on_reply,
	    d));
	dull_settle(d, OW_REJECTED);
}

static void
dull_mistakes(struct dull *d)
{
	d->host->base->add(d->ctx, 99, 1);
	d->host->base->log(d->ctx, 77, "%s", "two\nlines");
	d->host->base->drained(d->ctx);
	dull_settle(d, 99);
	dull_settle(d, OW_DELIVERED);
}

static void
dull_deliver(void *self, const struct ow_job *job)
{
	struct dull *d = self;

	d->job = job;
	d->host->base->add(d->ctx, 0, 1);
	d->host->base->log(d->ctx, OW_INFO, "job %s", job->key);
	if (!strcmp(job->text, "http"))
		dull_http(d);
	else if (!strcmp(job->text, "mail"))
		dull_mail(d);
	else if (!strcmp(job->text, "impossible"))
		dull_impossible(d);
	else if (!strcmp(job->text, "mistakes"))
		dull_mistakes(d);
	else if (!strcmp(job->text, "now"))
		dull_settle(d, OW_DELIVERED);
}

static void
dull_cancel(void *self, const struct ow_job *job)
{
	struct dull *d = self;

	ck_assert_ptr_eq(job, d->job);
	if (d->call)
		d->host->net->cancel(d->ctx, &d->call);
	dull_settle(d, OW_RETRY);
}

static int
dull_check(void *self, const char *wanted, struct ow_address *out,
    struct ow_fault *f)
{
	(void)self;
	if (!*wanted) {
		(void)snprintf(f->text, sizeof(f->text), "empty");
		return OW_EINVAL;
	}
	(void)snprintf(out->text, sizeof(out->text), "%s", wanted);
	return OW_OK;
}

static void
dull_hook(void *self, struct ow_hook_call *call,
    const struct ow_hook_req *req)
{
	struct dull *d = self;
	const struct ow_host_outbox *outbox = d->host->outbox;
	struct ow_ctx *ctx = d->ctx;
	struct ow_outcome outcome = { .size = sizeof(outcome),
	    .verdict = OW_GONE, .detail = "away" };
	const char *to = outbox->hook_param(ctx, call, "to");
	struct ow_header form[2] = { { "", "" }, { "", "" } };
	char text[200];
	size_t n;

	if (!outbox->hook_header(ctx, call, "x-signature")) {
		outbox->hook_answer(ctx, &call, 401, "text/plain",
		    (struct ow_bytes){ "no", 2 });
		return;
	}
	outbox->report(ctx, "ref-1", &outcome);
	outbox->opt(ctx, to ? to : "?", false, "STOP");
	n = outbox->hook_form(ctx, call, form, 2);
	(void)snprintf(text, sizeof(text), "%s %s %zu %s=%s", req->method,
	    req->query, n, form[0].name, form[0].value);
	outbox->hook_answer(ctx, &call, 200, "text/plain",
	    (struct ow_bytes){ text, strlen(text) });
}

static int
dull_load(struct ow_ctx *ctx, const struct ow_host *host, const void *conf,
    void **out_self, struct ow_fault *f)
{
	struct dull *d = calloc(1, sizeof(*d));

	(void)f;
	d->ctx = ctx;
	d->host = host;
	d->conf = conf;
	*out_self = d;
	return OW_OK;
}

static int
dull_start(void *self, struct ow_fault *f)
{
	struct dull *d = self;

	(void)snprintf(f->text, sizeof(f->text), "no start");
	return strcmp(d->conf->text, "no start") == 0 ? OW_EIO : OW_OK;
}

static void
dull_drain(void *self)
{
	struct dull *d = self;

	d->host->base->drained(d->ctx);
}

static void
dull_stop(void *self)
{
	free(self);
}

static const struct ow_channel channel = {
	.size = sizeof(channel), .medium = "push", .kind = "dull",
	.check = dull_check, .deliver = dull_deliver, .cancel = dull_cancel,
	.hook = dull_hook,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	.name = "dull", .version = "1", .summary = "dull",
	.options = options, .conf_size = sizeof(struct dull_conf),
	.metrics = metrics, .load = dull_load, .start = dull_start,
	.drain = dull_drain, .stop = dull_stop, .ops.channel = &channel,
};

static struct ow_testhost *
host_new(void)
{
	static const char *const given[] = { "text=x", NULL };
	struct ow_testhost *th = ow_testhost_new(&plugin, given, NULL);

	ck_assert_ptr_nonnull(th);
	return th;
}

static void
host_done(struct ow_testhost **th)
{
	ck_assert_str_eq(ow_testhost_complaints(*th), "");
	ow_testhost_free(th);
	ck_assert_ptr_null(*th);
}

static void
deliver(struct ow_testhost *th, const char *key, const char *command)
{
	struct ow_job job = ow_testhost_job(key, "address");

	job.text = command;
	ow_testhost_deliver(th, &job);
}

/* ---- The tests ----------------------------------------------------------- */

/* Would notice a plugin's test that passes while the server reads the answer
   in another way. */
START_TEST(answers_are_read_as_the_server_reads_them)
{
	for (int mail = 0; mail < 2; mail++)
		for (int32_t err = 0; err >= OW_EUNSUP; err--)
			for (int32_t status = 0; status < 1000; status++)
				ck_assert_int_eq(ow_testhost_verdict(mail,
				    err, status), outside_verdict(mail, err,
				    status));
}
END_TEST

START_TEST(options_are_read_by_their_table)
{
	static const char *const given[] = { "text=a=b", "url=https://x/",
	    "colour=green", "is_on=no", "number=10", "wait_ms=150",
	    "span=3m", "size=2m", "number=3", NULL };
	struct ow_testhost *th = ow_testhost_new(&plugin, given, NULL);
	const struct dull_conf *c;

	ck_assert_ptr_nonnull(th);
	c = ((struct dull *)ow_testhost_self(th))->conf;
	ck_assert_str_eq(c->text, "a=b");
	ck_assert_str_eq(c->url, "https://x/");
	ck_assert_str_eq(c->secret, "");
	ck_assert_str_eq(c->colour, "green");
	ck_assert(!c->is_on);
	ck_assert_int_eq(c->number, 3);
	ck_assert_int_eq(c->wait_ms, 150);
	ck_assert_int_eq(c->span, 180000);
	ck_assert_int_eq(c->size, 2097152);
	host_done(&th);
	th = host_new();
	c = ((struct dull *)ow_testhost_self(th))->conf;
	ck_assert(c->is_on);
	ck_assert_int_eq(c->wait_ms, 2000);
	ck_assert_int_eq(c->span, 172800000);
	host_done(&th);
}
END_TEST

START_TEST(bad_options_and_plugins_are_refused)
{
	static const char *const bad[] = { "number=0", "number=11",
	    "number=x", "number=", "span=3", "span=3x", "size=3x",
	    "is_on=maybe", "colour=blue", "url=x", "tex=x", "nothing",
	    "secret=@/nowhere", "text=no start" };
	const char *given[] = { "text=x", NULL, NULL };
	struct ow_plugin other = plugin;
	struct ow_fault f;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		given[1] = bad[i];
		ck_assert_msg(!ow_testhost_new(&plugin, given, &f), "%s",
		    bad[i]);
		ck_assert(f.text[0] != '\0');
	}
	ck_assert_ptr_null(ow_testhost_new(&plugin, NULL, &f));
	ck_assert_str_eq(f.text, "'text' is missing");
	ck_assert_ptr_null(ow_testhost_new(NULL, NULL, &f));
	other.stop = NULL;
	ck_assert_ptr_null(ow_testhost_new(&other, given, &f));
	other = plugin;
	other.kind = OW_STORE;
	ck_assert_ptr_null(ow_testhost_new(&other, given, &f));
	other = plugin;
	other.abi += 1u << 16;
	ck_assert_ptr_null(ow_testhost_new(&other, given, &f));
}
END_TEST

START_TEST(a_request_is_kept_and_answered)
{
	static const struct ow_header headers[] = { { "x-id", "one" },
	    { "X-ID", "two" }, { "Retry-After", "30" } };
	struct ow_testhost *th = host_new();
	const struct ow_testhost_request *req;
	const struct ow_testhost_outcome *outcome;

	deliver(th, "k", "http");
	ck_assert_uint_eq(ow_testhost_n_requests(th), 1);
	ck_assert_ptr_null(ow_testhost_request(th, 1));
	req = ow_testhost_request(th, 0);
	ck_assert_str_eq(req->url, "https://a.test/");
	ck_assert_str_eq(ow_testhost_header(req, "x-KEY"), "k");
	ck_assert_ptr_null(ow_testhost_header(req, "x"));
	ck_assert_str_eq(req->body.p, "hi");
	ck_assert(!req->is_mail && !req->answered && !req->cancelled);
	outcome = ow_testhost_outcome(th, "k");
	ck_assert_uint_eq(outcome->n_settled, 0);
	ow_testhost_reply(th, 0, 503, headers, 3, "busy");
	ck_assert(req->answered);
	ck_assert_uint_eq(outcome->n_settled, 1);
	ck_assert_int_eq(outcome->verdict, OW_RETRY);
	ck_assert_int_eq(outcome->retry_after_ms, 30000);
	ck_assert_str_eq(outcome->ref, "two");
	ck_assert_str_eq(outcome->detail, "HTTP 503");
	ck_assert_str_eq(((struct dull *)ow_testhost_self(th))->said, "busy");
	ck_assert_ptr_null(ow_testhost_outcome(th, "other"));
	ck_assert_int_eq(ow_testhost_metric(th, 0), 1);
	ck_assert_str_eq(ow_testhost_log(th), "job k\n");
	host_done(&th);
}
END_TEST

START_TEST(a_wish_to_wait_may_be_a_date)
{
	static const struct {
		const char *after, *date;
		int64_t ms;
	} rows[] = {
		{ "Sun, 06 Nov 1994 08:49:37 GMT", NULL, 0 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT",
		    "Sun, 06 Nov 1994 08:48:36 GMT", 61000 },
		{ "Fri, 01 Mar 2024 00:00:00 GMT",
		    "Wed, 28 Feb 2024 23:59:59 GMT", 86401000 },
		{ "Fri, 01 Mar 2024 00:00:00 GMT",
		    "Mon, 01 Jan 2024 00:00:00 GMT", 604800000 },
		{ "99999999999999", NULL, 604800000 },
		{ "soon", NULL, 0 },
		{ "", NULL, 0 },
		{ "-1", NULL, 0 },
	};
	struct ow_testhost *th = host_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ow_header headers[] = {
			{ "Retry-After", rows[i].after },
			{ "Date", rows[i].date },
		};

		deliver(th, "k", "http");
		ow_testhost_reply(th, i, 429, headers, rows[i].date ? 2 : 1,
		    "");
		ck_assert_int_eq(ow_testhost_outcome(th,
		    "k")->retry_after_ms, rows[i].ms);
	}
	host_done(&th);
}
END_TEST

START_TEST(a_mail_is_kept_and_answered)
{
	struct ow_testhost *th = host_new();
	const struct ow_testhost_request *req;

	deliver(th, "k", "mail");
	req = ow_testhost_request(th, 0);
	ck_assert(req->is_mail);
	ck_assert_str_eq(req->from, "a@a.test");
	ck_assert_str_eq(req->to, "b@b.test");
	ck_assert_str_eq(req->message.p, "hi\r\n");
	ck_assert_ptr_null(req->user);
	ow_testhost_reply(th, 0, 550, NULL, 0, "550 5.1.1 none");
	ck_assert_int_eq(ow_testhost_outcome(th, "k")->verdict, OW_REJECTED);
	ck_assert_str_eq(ow_testhost_outcome(th, "k")->detail,
	    "550 5.1.1 none");
	deliver(th, "k", "mail");
	ow_testhost_fail(th, 1, OW_ETIMEOUT, "too late");
	ck_assert_int_eq(ow_testhost_outcome(th, "k")->verdict, OW_RETRY);
	host_done(&th);
}
END_TEST

START_TEST(what_is_impossible_has_no_call)
{
	struct ow_testhost *th = host_new();

	deliver(th, "k", "impossible");
	ck_assert_uint_eq(ow_testhost_n_requests(th), 0);
	host_done(&th);
}
END_TEST

START_TEST(time_moves_when_the_test_says_so)
{
	struct ow_testhost *th = host_new();
	struct dull *d = ow_testhost_self(th);
	const struct ow_host_base *base = d->host->base;

	d->timer = base->timer_start(d->ctx, 100, dull_fire, d);
	(void)base->timer_start(d->ctx, 50, dull_post, d);
	base->post(d->ctx, dull_post, d);
	base->offload(d->ctx, dull_work, dull_done, d);
	ck_assert_str_eq(d->said, "");
	ow_testhost_turn(th);
	ck_assert_str_eq(d->said, "pwd");
	ow_testhost_advance(th, 99);
	ck_assert_str_eq(d->said, "pwdp");
	ow_testhost_advance(th, 1);
	ck_assert_str_eq(d->said, "pwdpt");
	d->timer = base->timer_start(d->ctx, 0, dull_fire, d);
	base->timer_cancel(d->ctx, &d->timer);
	ck_assert_ptr_null(d->timer);
	ow_testhost_advance(th, 1000);
	ck_assert_str_eq(d->said, "pwdpt");
	ck_assert_int_eq(base->now_ms(d->ctx), ow_testhost_now_ms(th));
	ck_assert_int_eq(pipe(d->pipe), 0);
	d->watch = base->watch_start(d->ctx, d->pipe[0], true, false,
	    dull_ready, d);
	ow_testhost_turn(th);
	ck_assert_str_eq(d->said, "pwdpt");
	ck_assert_int_eq(write(d->pipe[1], "x", 1), 1);
	ow_testhost_turn(th);
	ck_assert_str_eq(d->said, "pwdptr");
	base->watch_stop(d->ctx, &d->watch);
	close(d->pipe[0]);
	close(d->pipe[1]);
	host_done(&th);
}
END_TEST

START_TEST(a_deadline_cancels_and_so_does_the_test)
{
	struct ow_testhost *th = host_new();

	deliver(th, "a", "http");
	ow_testhost_advance(th, 29999);
	ck_assert_uint_eq(ow_testhost_outcome(th, "a")->n_settled, 0);
	ow_testhost_advance(th, 1);
	ck_assert_uint_eq(ow_testhost_outcome(th, "a")->n_settled, 1);
	ck_assert(ow_testhost_request(th, 0)->cancelled);
	deliver(th, "b", "wait");
	ow_testhost_cancel(th, "b");
	ck_assert_int_eq(ow_testhost_outcome(th, "b")->verdict, OW_RETRY);
	host_done(&th);
}
END_TEST

START_TEST(mistakes_are_told)
{
	static const char *const wanted[] = { "metric 99", "level 77",
	    "one line", "without a drain", "verdict 99", "not under way" };
	struct ow_testhost *th = host_new();
	const char *said;

	deliver(th, "k", "mistakes");
	ow_testhost_reply(th, 5, 200, NULL, 0, "");
	said = ow_testhost_complaints(th);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		ck_assert_msg(strstr(said, wanted[i]) != NULL, "%s: %s",
		    wanted[i], said);
	ck_assert_ptr_nonnull(strstr(said, "request 5"));
	ow_testhost_free(&th);
}
END_TEST

START_TEST(hooks_are_called_and_what_they_say_is_kept)
{
	static const struct ow_header headers[] = { { "X-Signature", "s" },
	    { "Content-Type", "application/x-www-form-urlencoded" } };
	struct ow_testhost *th = host_new();

	ck_assert_int_eq(ow_testhost_hook(th, "POST", "https://us/hooks/x",
	    NULL, 0, NULL), 401);
	ck_assert_str_eq(ow_testhost_hook_body(th), "no");
	ck_assert_uint_eq(ow_testhost_n_reports(th), 0);
	ck_assert_int_eq(ow_testhost_hook(th, "POST",
	    "https://us/hooks/x?q=1&to=%2B49+1", headers, 2,
	    "z=1&a=x%20y&m=&&b"), 200);
	ck_assert_str_eq(ow_testhost_hook_body(th),
	    "POST q=1&to=%2B49+1 4 a=x y");
	ck_assert_str_eq(ow_testhost_hook_type(th), "text/plain");
	ck_assert_uint_eq(ow_testhost_n_reports(th), 1);
	ck_assert_str_eq(ow_testhost_report(th, 0)->ref, "ref-1");
	ck_assert_int_eq(ow_testhost_report(th, 0)->verdict, OW_GONE);
	ck_assert_str_eq(ow_testhost_report(th, 0)->detail, "away");
	ck_assert_uint_eq(ow_testhost_n_opts(th), 1);
	ck_assert_str_eq(ow_testhost_opt(th, 0)->identity, "+49 1");
	ck_assert(!ow_testhost_opt(th, 0)->in);
	ck_assert_ptr_null(ow_testhost_opt(th, 1));
	host_done(&th);
}
END_TEST

START_TEST(checking_and_draining)
{
	struct ow_testhost *th = host_new();
	struct ow_address out;
	struct ow_fault f;

	ck_assert_int_eq(ow_testhost_check(th, "", &out, &f), OW_EINVAL);
	ck_assert_str_eq(f.text, "empty");
	ck_assert_int_eq(ow_testhost_check(th, "x", &out, NULL), OW_OK);
	ck_assert_str_eq(out.text, "x");
	ck_assert_uint_eq(out.size, sizeof(out));
	ck_assert(ow_testhost_drain(th));
	ck_assert(ow_testhost_drain(th));
	deliver(th, "k", "wait");		/* stopped in the middle */
	host_done(&th);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("testhost");
	TCase *tc = tcase_create("testhost");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, answers_are_read_as_the_server_reads_them);
	tcase_add_test(tc, options_are_read_by_their_table);
	tcase_add_test(tc, bad_options_and_plugins_are_refused);
	tcase_add_test(tc, a_request_is_kept_and_answered);
	tcase_add_test(tc, a_wish_to_wait_may_be_a_date);
	tcase_add_test(tc, a_mail_is_kept_and_answered);
	tcase_add_test(tc, what_is_impossible_has_no_call);
	tcase_add_test(tc, time_moves_when_the_test_says_so);
	tcase_add_test(tc, a_deadline_cancels_and_so_does_the_test);
	tcase_add_test(tc, mistakes_are_told);
	tcase_add_test(tc, hooks_are_called_and_what_they_say_is_kept);
	tcase_add_test(tc, checking_and_draining);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
