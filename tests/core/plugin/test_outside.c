/* SPDX-License-Identifier: MIT */
/*
 * test_outside - a channel's requests: where they may go, what becomes of
 * them when their instance stops, and how their answers are read.
 *
 * The channel is the test itself; its servers are threads on 127.0.0.1.
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../net/secure.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "plugin/outside.h"
#include "plugin/plugin.h"

/* ---- A channel that does what it is told ------------------------------- */

static const struct ow_host *host;
static struct ow_net_call *kept;	/* cancelled by stop() */

static int
t_load(struct ow_ctx *ctx, const struct ow_host *h, const void *conf,
    void **out_self, struct ow_fault *fault)
{
	(void)conf;
	(void)fault;
	host = h;
	*out_self = ctx;
	return OW_OK;
}

static int
t_start(void *self, struct ow_fault *fault)
{
	(void)self;
	(void)fault;
	return OW_OK;
}

static void
t_drain(void *self)
{
	host->base->drained(self);
}

static void
t_stop(void *self)
{
	const struct ow_http_req late = { .size = sizeof(late),
	    .method = "GET", .url = "http://127.0.0.1:1/",
	    .timeout_ms = 1000 };

	/* Handles are good until now, and nothing is begun any more. */
	host->net->cancel(self, &kept);
	host->net->cancel(self, &kept);
	ck_assert_ptr_null(host->net->http(self, &late, NULL, NULL));
}

static const struct ow_channel t_ops = { .size = sizeof(t_ops) };
static const struct ow_option t_options[] = { OW_OPTIONS_END };
static const struct ow_plugin t_plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	.name = "test", .version = "1", .summary = "A test.",
	.options = t_options,
	.load = t_load, .start = t_start, .drain = t_drain, .stop = t_stop,
	.ops.channel = &t_ops,
};
static const struct plugin_entry entry = { .name = "test",
    .desc = &t_plugin };

/* ---- The scene --------------------------------------------------------- */

struct result {
	int calls;
	int32_t err, status, verdict;
	int64_t retry_after_ms;
	char detail[160], body[64], header[64];
};

static struct loop *loop;
static struct outside *outside;
static struct ow_ctx *ctx;
static struct secure server;
static const struct ow_host_outbox no_outbox = { .size = sizeof(no_outbox) };

static void
begin(const char *allow, const char *answer)
{
	struct plugin_tables tables = { .net = outside_host(),
	    .outbox = &no_outbox };
	struct ow_fault fault;

	memset(&server, 0, sizeof(server));
	server.answer = answer;
	secure_start(&server);
	loop = loop_new("test");
	ck_assert_int_eq(outside_new(loop, allow, &outside, &fault), OW_OK);
	tables.outside = outside;
	ck_assert_int_eq(plugin_start(&entry, loop, NULL, &tables, NULL,
	    &ctx, &fault), OW_OK);
	ck_assert_ptr_null(host->srv);
	ck_assert_ptr_null(host->store);
	ck_assert_ptr_eq(host->outbox, &no_outbox);
	kept = NULL;
}

static void
end(void)
{
	plugin_stop(&ctx);
	outside_free(&outside);
	ck_assert_ptr_null(outside);
	outside_free(&outside);
	loop_free(&loop);
	secure_stop(&server);
}

static void
on_reply(void *arg, const struct ow_reply *reply)
{
	struct ow_outcome outcome;
	struct result *r = arg;
	const char *header;

	r->calls++;
	r->err = reply->err;
	r->status = reply->status;
	ck_assert_ptr_nonnull(reply->detail);
	strncpy(r->detail, reply->detail, sizeof(r->detail) - 1);
	if (reply->body.n < sizeof(r->body))
		memcpy(r->body, reply->body.p ? reply->body.p : "",
		    reply->body.n);
	header = host->net->header(reply, "x-test");
	if (header)
		strncpy(r->header, header, sizeof(r->header) - 1);
	host->net->judge(reply, &outcome);
	r->verdict = outcome.verdict;
	r->retry_after_ms = outcome.retry_after_ms;
	ck_assert_ptr_eq(outcome.detail, reply->detail);
	loop_stop(loop);
}

static struct ow_http_req
request_to(char **url, const char *text, uint32_t flags)
{
	struct ow_http_req req = { .size = sizeof(req), .flags = flags,
	    .method = "GET", .timeout_ms = 20000, .reply_max = 60,
	    .ca_file = server.ca_file };

	*url = secure_url(&server, text);
	req.url = *url;
	return req;
}

static void
ask(const char *text, uint32_t flags, struct result *r)
{
	struct ow_http_req req;
	char *url;

	memset(r, 0, sizeof(*r));
	req = request_to(&url, text, flags);
	ck_assert_ptr_nonnull(host->net->http(ctx, &req, on_reply, r));
	ck_assert_int_eq(r->calls, 0);
	loop_run(loop);
	ck_assert_int_eq(r->calls, 1);
	free(url);
}

/* ---- Answers ----------------------------------------------------------- */

START_TEST(an_answer_comes_with_its_headers)
{
	struct result r;

	begin("", "HTTP/1.1 503 Busy\r\nX-Test: one\r\nX-Test: two\r\n"
	    "Retry-After: 7\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"
	    "wait");
	ask("https://127.0.0.1:#/", 0, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ck_assert_int_eq(r.status, 503);
	ck_assert_str_eq(r.body, "wait");
	ck_assert_str_eq(r.header, "two");
	ck_assert_str_eq(r.detail, "HTTP 503");
	ck_assert_int_eq(r.verdict, OW_RETRY);
	ck_assert_int_eq(r.retry_after_ms, 7000);
	end();
}
END_TEST

START_TEST(too_long_an_answer_is_read_by_its_status)
{
	struct result r;

	begin("", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
	    "01234567890123456789012345678901234567890123456789"
	    "01234567890123456789012345678901234567890123456789");
	ask("https://127.0.0.1:#/", 0, &r);
	ck_assert_int_eq(r.err, OW_ELIMIT);
	ck_assert_int_eq(r.verdict, OW_DELIVERED);
	end();
}
END_TEST

START_TEST(a_redirect_is_not_followed)
{
	struct result r;

	begin("127.0.0.1", "HTTP/1.1 302 Found\r\n"
	    "Location: https://127.0.0.1:1/\r\nContent-Length: 0\r\n"
	    "Connection: close\r\n\r\n");
	ask("https://127.0.0.1:#/", OW_HTTP_FROM_USER, &r);
	ck_assert_int_eq(r.status, 302);
	ck_assert_int_eq(r.verdict, OW_REJECTED);
	end();
	ck_assert_int_eq(server.n_requests, 1);
}
END_TEST

static const struct {
	int32_t err, status, http, smtp;
} readings[] = {
	{ OW_OK, 200, OW_DELIVERED, OW_DELIVERED },
	{ OW_OK, 250, OW_DELIVERED, OW_DELIVERED },
	{ OW_OK, 299, OW_DELIVERED, OW_DELIVERED },
	{ OW_OK, 301, OW_REJECTED, OW_RETRY },
	{ OW_OK, 400, OW_REJECTED, OW_RETRY },
	{ OW_OK, 401, OW_MISCONFIGURED, OW_RETRY },
	{ OW_OK, 403, OW_MISCONFIGURED, OW_RETRY },
	{ OW_OK, 404, OW_REJECTED, OW_RETRY },
	{ OW_OK, 408, OW_RETRY, OW_RETRY },
	{ OW_OK, 410, OW_REJECTED, OW_RETRY },
	{ OW_OK, 421, OW_REJECTED, OW_RETRY },
	{ OW_OK, 429, OW_RETRY, OW_RETRY },
	{ OW_OK, 450, OW_REJECTED, OW_RETRY },
	{ OW_OK, 500, OW_RETRY, OW_REJECTED },
	{ OW_OK, 503, OW_RETRY, OW_REJECTED },
	{ OW_OK, 530, OW_RETRY, OW_MISCONFIGURED },
	{ OW_OK, 535, OW_RETRY, OW_MISCONFIGURED },
	{ OW_OK, 536, OW_RETRY, OW_REJECTED },
	{ OW_OK, 538, OW_RETRY, OW_MISCONFIGURED },
	{ OW_OK, 550, OW_RETRY, OW_REJECTED },
	{ OW_OK, 554, OW_RETRY, OW_REJECTED },
	{ OW_ETIMEOUT, 0, OW_RETRY, OW_RETRY },
	{ OW_EIO, 0, OW_RETRY, OW_RETRY },
	{ OW_EAGAIN, 0, OW_RETRY, OW_RETRY },
	{ OW_EDENIED, 0, OW_REJECTED, OW_REJECTED },
	{ OW_EINVAL, 0, OW_REJECTED, OW_REJECTED },
	{ OW_ELIMIT, 0, OW_RETRY, OW_RETRY },
	{ OW_ELIMIT, 404, OW_REJECTED, OW_RETRY },
};

START_TEST(answers_are_read_as_documented)
{
	ck_assert_int_eq(outside_verdict(false, readings[_i].err,
	    readings[_i].status), readings[_i].http);
	ck_assert_int_eq(outside_verdict(true, readings[_i].err,
	    readings[_i].status), readings[_i].smtp);
}
END_TEST

/* ---- URLs of users ----------------------------------------------------- */

/* A breach is a connection that the server sees. */
START_TEST(a_users_url_does_not_lead_inside)
{
	static const char *const urls[] = {
		"https://127.0.0.1:#/", "https://localhost:#/",
		"https://127.1:#/", "https://2130706433:#/",
		"https://0x7f000001:#/", "https://0177.0.0.1:#/",
		"https://[::ffff:127.0.0.1]:#/", "https://[::1]:#/",
		"https://0.0.0.0:#/", "https://169.254.169.254:#/",
		"https://[64:ff9b::7f00:1]:#/", "https://10.0.0.1:#/",
	};
	struct result r;

	begin("192.168.77.0/24", NULL);
	ask(urls[_i], OW_HTTP_FROM_USER, &r);
	ck_assert_int_eq(r.err, OW_EDENIED);
	ck_assert_int_eq(r.verdict, OW_REJECTED);
	ck_assert_str_ne(r.detail, "");
	end();
	ck_assert_int_eq(server.n_connections, 0);
}
END_TEST

START_TEST(a_users_url_is_https_and_names_nobody)
{
	static const char *const urls[] = { "http://127.0.0.1:#/",
	    "https://me:secret@127.0.0.1:#/" };
	struct result r;

	begin("127.0.0.1", NULL);
	ask(urls[_i], OW_HTTP_FROM_USER, &r);
	ck_assert_int_eq(r.err, OW_EDENIED);
	ck_assert_ptr_null(strstr(r.detail, "secret"));
	end();
	ck_assert_int_eq(server.n_connections, 0);
}
END_TEST

START_TEST(what_the_config_allows_is_reached)
{
	struct result r;

	begin("127.0.0.0/8", NULL);
	ask("https://127.0.0.1:#/", OW_HTTP_FROM_USER, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ck_assert_str_eq(r.body, "hello");
	end();
}
END_TEST

/* A connection that an admin's request has opened is not there for users. */
START_TEST(connections_are_not_shared)
{
	struct result r;

	begin("", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	ask("https://127.0.0.1:#/", 0, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ask("https://127.0.0.1:#/", OW_HTTP_FROM_USER, &r);
	ck_assert_int_eq(r.err, OW_EDENIED);
	end();
	ck_assert_int_eq(server.n_requests, 1);
}
END_TEST

/* ---- What cannot be, and what ends early ------------------------------- */

START_TEST(impossible_requests_are_never_called_back)
{
	const struct ow_header bad[] = { { "X", "1\r\nY: 2" } };
	struct ow_mail_req mail = { .size = sizeof(mail),
	    .url = "smtp://127.0.0.1:1", .from = "a@b", .to = "c@d\r\nDATA",
	    .timeout_ms = 1000 };
	struct ow_http_req req;
	struct result r = { 0 };
	char *url;

	begin("", NULL);
	req = request_to(&url, "https://127.0.0.1:#/", 0);
	req.headers = bad;
	req.n_headers = 1;
	ck_assert_ptr_null(host->net->http(ctx, &req, on_reply, &r));
	req.n_headers = 0;
	req.timeout_ms = 0;
	ck_assert_ptr_null(host->net->http(ctx, &req, on_reply, &r));
	req.timeout_ms = 1000;
	req.url = NULL;
	ck_assert_ptr_null(host->net->http(ctx, &req, on_reply, &r));
	ck_assert_ptr_null(host->net->mail(ctx, &mail, on_reply, &r));
	mail.to = "c@d";
	mail.url = "http://127.0.0.1:1";
	ck_assert_ptr_null(host->net->mail(ctx, &mail, on_reply, &r));
	end();
	ck_assert_int_eq(r.calls, 0);
	free(url);
}
END_TEST

START_TEST(a_mail_nobody_takes_is_to_be_tried_again)
{
	struct ow_mail_req mail = { .size = sizeof(mail),
	    .url = "smtp://127.0.0.1:1", .to = "c@d", .timeout_ms = 20000 };
	struct result r = { 0 };

	begin("", NULL);
	ck_assert_ptr_nonnull(host->net->mail(ctx, &mail, on_reply, &r));
	loop_run(loop);
	ck_assert_int_eq(r.err, OW_EIO);
	ck_assert_int_eq(r.verdict, OW_RETRY);
	ck_assert_str_eq(r.header, "");
	end();
}
END_TEST

START_TEST(cancelled_means_no_call)
{
	struct result never = { 0 }, r;
	struct ow_net_call *sent, *refused;
	struct ow_http_req req;
	char *url;

	begin("", NULL);
	req = request_to(&url, "https://127.0.0.1:#/", 0);
	sent = host->net->http(ctx, &req, on_reply, &never);
	req.flags = OW_HTTP_FROM_USER;
	req.url = "http://127.0.0.1/";
	refused = host->net->http(ctx, &req, on_reply, &never);
	host->net->cancel(ctx, &sent);
	host->net->cancel(ctx, &refused);
	ck_assert_ptr_null(sent);
	host->net->cancel(ctx, &sent);
	ask("https://127.0.0.1:#/", 0, &r);
	ck_assert_int_eq(r.err, OW_OK);
	ck_assert_int_eq(never.calls, 0);
	end();
	free(url);
}
END_TEST

/* Its memory is gone: a breach shows as a use after free. */
START_TEST(nothing_is_told_to_an_instance_that_stopped)
{
	struct result never = { 0 };
	struct ow_http_req req;
	char *url;

	begin("", NULL);
	req = request_to(&url, "https://127.0.0.1:#/", 0);
	kept = host->net->http(ctx, &req, on_reply, &never);
	ck_assert_ptr_nonnull(host->net->http(ctx, &req, on_reply, &never));
	req.flags = OW_HTTP_FROM_USER;
	req.url = "http://127.0.0.1/";
	ck_assert_ptr_nonnull(host->net->http(ctx, &req, on_reply, &never));
	plugin_stop(&ctx);
	loop_stop(loop);
	loop_run(loop);
	ck_assert_int_eq(never.calls, 0);
	end();
	free(url);
}
END_TEST

static void
stop_on_reply(void *arg, const struct ow_reply *reply)
{
	struct ow_net_call **own = arg;

	(void)reply;
	host->net->cancel(ctx, own);	/* of itself: does nothing */
	plugin_stop(&ctx);
	loop_stop(loop);
}

START_TEST(an_instance_may_end_from_inside_a_reply)
{
	struct ow_net_call *own;
	struct ow_http_req req;
	char *url;

	begin("", NULL);
	req = request_to(&url, "https://127.0.0.1:#/", 0);
	own = host->net->http(ctx, &req, stop_on_reply, &own);
	ck_assert_ptr_nonnull(own);
	loop_run(loop);
	ck_assert_ptr_null(ctx);
	end();
	free(url);
}
END_TEST

START_TEST(a_bad_allowlist_is_refused)
{
	struct outside *none = NULL;
	struct ow_fault fault = { "" };
	struct loop *own = loop_new("test");

	ck_assert_int_eq(outside_new(own, "10.0.0.0/99", &none, &fault),
	    OW_EINVAL);
	ck_assert_ptr_null(none);
	ck_assert_str_ne(fault.text, "");
	loop_free(&own);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("outside");
	TCase *tc = tcase_create("outside");
	SRunner *runner;
	int failed;

	(void)signal(SIGPIPE, SIG_IGN);
	log_setup(LOG_LOGFMT, OW_ERROR + 1, STDERR_FILENO);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_answer_comes_with_its_headers);
	tcase_add_test(tc, too_long_an_answer_is_read_by_its_status);
	tcase_add_test(tc, a_redirect_is_not_followed);
	tcase_add_loop_test(tc, answers_are_read_as_documented, 0,
	    sizeof(readings) / sizeof(readings[0]));
	tcase_add_loop_test(tc, a_users_url_does_not_lead_inside, 0, 12);
	tcase_add_loop_test(tc, a_users_url_is_https_and_names_nobody, 0, 2);
	tcase_add_test(tc, what_the_config_allows_is_reached);
	tcase_add_test(tc, connections_are_not_shared);
	tcase_add_test(tc, impossible_requests_are_never_called_back);
	tcase_add_test(tc, a_mail_nobody_takes_is_to_be_tried_again);
	tcase_add_test(tc, cancelled_means_no_call);
	tcase_add_test(tc, nothing_is_told_to_an_instance_that_stopped);
	tcase_add_test(tc, an_instance_may_end_from_inside_a_reply);
	tcase_add_test(tc, a_bad_allowlist_is_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
