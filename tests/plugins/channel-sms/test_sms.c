/* SPDX-License-Identifier: MIT */
/*
 * test_sms - the channel between a scripted host and scripted gateways.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <orderwire/testhost.h>

#include "../../../plugins/channel-sms/sign.h"
#include "../../../plugins/common/mac.h"

#define DIGITS "4930123456"
#define TO "+" DIGITS
#define HOOK "https://ow.example/hooks/sms/main"
#define SECRET "0123456789abcdef-hook"
/* HMAC-SHA-256 with it over "incoming", by openssl dgst. */
#define TOKEN "9c266b3ce62de9a647dd65beb06387b5" \
	"cebc09a1664b1cadb3d07e55a1e2a0fb"
#define PASSWORD "pass-word-that-is-secret"
#define SID "AC00000000000000000000000000000001"
#define FORM_TYPE "application/x-www-form-urlencoded"

static const char *const kannel[] = { "gateway=kannel",
	"url=http://127.0.0.1:13013/cgi-bin/sendsms", "user=ow",
	"password=" PASSWORD, "from=12345", "hook_url=" HOOK,
	"hook_secret=" SECRET, "max_segments=2", NULL };
static const char *const twilio[] = { "gateway=twilio",
	"url=https://api.twilio.com/", "user=" SID, "password=" PASSWORD,
	"from=+15005550006", "hook_url=" HOOK, NULL };
static const char *const generic[] = { "gateway=http",
	"url=https://sms.example/send?to={to_digits}&x={nothing}",
	"user=ow", "password=" PASSWORD, "from=Caf\xc3\xa9",
	"hook_url=" HOOK, "hook_secret=" SECRET,
	"body={\"from\":\"{from}\",\"text\":\"{text}\",\"id\":\"{key}\","
	"\"report\":\"{report_url}\",\"as\":\"{coding}\"}",
	"headers=Authorization: Basic {basic}\r\nX-Key: {key}\n",
	"success=200-201 409", "ref=/messages/0/id", NULL };

static struct ow_testhost *
host_new(const char *const *options)
{
	struct ow_fault f;
	struct ow_testhost *th;

	th = ow_testhost_new(ow_plugin_query(OW_ABI), options, &f);
	ck_assert_msg(th != NULL, "%s", f.text);
	return th;
}

static void
host_done(struct ow_testhost *th)
{
	ck_assert_str_eq(ow_testhost_complaints(th), "");
	ck_assert_ptr_null(strstr(ow_testhost_log(th), PASSWORD));
	ck_assert_ptr_null(strstr(ow_testhost_log(th), SECRET));
	ck_assert_ptr_null(strstr(ow_testhost_log(th), DIGITS));
	ow_testhost_free(&th);
}

static struct ow_job
job_new(const char *key, const char *text)
{
	struct ow_job job = ow_testhost_job(key, TO);

	job.text = text;
	return job;
}

static const char *
header_of(struct ow_testhost *th, size_t i, const char *name)
{
	const struct ow_testhost_request *r = ow_testhost_request(th, i);

	ck_assert_ptr_nonnull(r);
	return ow_testhost_header(r, name);
}

/* Deliver, answer, and what it was taken for. */
static const struct ow_testhost_outcome *
answered(struct ow_testhost *th, int32_t status, const char *body)
{
	struct ow_job job = job_new("key-1", "Ready.");
	size_t n = ow_testhost_n_requests(th);

	ow_testhost_deliver(th, &job);
	ck_assert_uint_eq(ow_testhost_n_requests(th), n + 1);
	ow_testhost_reply(th, n, status, NULL, 0, body);
	ck_assert_uint_eq(ow_testhost_outcome(th, "key-1")->n_settled, 1);
	return ow_testhost_outcome(th, "key-1");
}

struct row {
	int32_t status;
	const char *body;
	int32_t verdict;
};

static void
check_rows(struct ow_testhost *th, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct ow_testhost_outcome *o = answered(th,
		    rows[i].status, rows[i].body);

		ck_assert_msg(o->verdict == rows[i].verdict, "%d %s: %d",
		    (int)rows[i].status, rows[i].body, (int)o->verdict);
		ck_assert_ptr_null(strstr(o->detail, DIGITS));
	}
}

/* ---- Kannel -------------------------------------------------------------- */

START_TEST(kannel_gets_everything_in_headers)
{
	struct ow_testhost *th = host_new(kannel);
	struct ow_job job = job_new("key-1", "F\xc3\xbcr dich \xe2\x82\xac");
	const struct ow_testhost_request *r;
	const char *url;

	ow_testhost_deliver(th, &job);
	r = ow_testhost_request(th, 0);
	ck_assert_str_eq(r->method, "POST");
	ck_assert_str_eq(r->url, "http://127.0.0.1:13013/cgi-bin/sendsms");
	ck_assert_uint_eq(r->flags, 0);
	ck_assert_str_eq(r->body.p, job.text);
	ck_assert_str_eq(header_of(th, 0, "Content-Type"),
	    "text/plain; charset=UTF-8");
	ck_assert_str_eq(header_of(th, 0, "X-Kannel-Username"), "ow");
	ck_assert_str_eq(header_of(th, 0, "X-Kannel-Password"), PASSWORD);
	ck_assert_str_eq(header_of(th, 0, "X-Kannel-To"), TO);
	ck_assert_str_eq(header_of(th, 0, "X-Kannel-From"), "12345");
	ck_assert_str_eq(header_of(th, 0, "X-Kannel-Coding"), "0");
	ck_assert_str_eq(header_of(th, 0, "X-Kannel-Validity"), "60");
	ck_assert_str_eq(header_of(th, 0, "X-Kannel-DLR-Mask"), "31");
	url = header_of(th, 0, "X-Kannel-DLR-URL");
	ck_assert_int_eq(strncmp(url, HOOK "?ref=key-1&sig=",
	    sizeof(HOOK "?ref=key-1&sig=") - 1), 0);
	ck_assert_ptr_nonnull(strstr(url, "&status=%d&reply=%A"));
	ck_assert_ptr_null(strstr(url, SECRET));
	ck_assert_int_eq(ow_testhost_metric(th, 0), 1);
	host_done(th);
}
END_TEST

START_TEST(what_is_not_in_the_alphabet_goes_as_ucs2_and_is_cut)
{
	struct ow_testhost *th = host_new(kannel);
	char text[601];
	struct ow_job job;

	for (size_t i = 0; i < 600; i += 2)
		memcpy(text + i, "\xd0\xb6", 2);
	text[600] = '\0';
	job = job_new("key-1", text);
	ow_testhost_deliver(th, &job);
	ck_assert_str_eq(header_of(th, 0, "X-Kannel-Coding"), "2");
	ck_assert_uint_eq(ow_testhost_request(th, 0)->body.n, 133 * 2 + 3);
	ck_assert_int_eq(ow_testhost_metric(th, 0), 2);
	ck_assert_int_eq(ow_testhost_metric(th, 1), 1);
	host_done(th);
}
END_TEST

START_TEST(kannels_answers_have_their_verdicts)
{
	static const struct row rows[] = {
		{ 202, "0: Accepted for delivery", OW_DELIVERED },
		{ 202, "3: Queued for later delivery", OW_DELIVERED },
		{ 200, "Sent.", OW_DELIVERED },
		{ 400, "Number(s) has/have been denied by white- and/or "
		    "black-lists.", OW_REJECTED },
		{ 400, "Sender missing and no global set, rejected",
		    OW_MISCONFIGURED },
		{ 403, "Authorization failed for sendsms", OW_MISCONFIGURED },
		{ 403, "Not routable. Do not try again.", OW_REJECTED },
		{ 404, "Unknown request.", OW_MISCONFIGURED },
		{ 500, "Sending failed.", OW_RETRY },
		{ 503, "Temporal failure, try again later.", OW_RETRY },
		{ 302, "", OW_REJECTED },
	};
	struct ow_testhost *th = host_new(kannel);
	struct ow_job job = job_new("key-2", "x");

	check_rows(th, rows, sizeof(rows) / sizeof(rows[0]));
	ck_assert_str_eq(answered(th, 202, "0: Accepted for delivery")->ref,
	    "key-1");
	ow_testhost_deliver(th, &job);
	ow_testhost_fail(th, ow_testhost_n_requests(th) - 1, OW_EIO,
	    "connection refused for " TO);
	ck_assert_int_eq(ow_testhost_outcome(th, "key-2")->verdict, OW_RETRY);
	ck_assert_ptr_null(strstr(ow_testhost_outcome(th, "key-2")->detail,
	    DIGITS));
	host_done(th);
}
END_TEST

/* Kannel's own URL, with the status filled in. */
static void
dlr_url(struct ow_testhost *th, size_t i, const char *status, char *out,
    size_t size)
{
	const char *url = header_of(th, i, "X-Kannel-DLR-URL");

	snprintf(out, size, "%.*s&status=%s&reply=ok",
	    (int)(strstr(url, "&status=") - url), url, status);
}

START_TEST(kannels_reports_reach_the_job)
{
	static const struct {
		const char *status;
		int answer;
		int32_t verdict;
	} rows[] = {
		{ "1", 200, OW_DELIVERED }, { "2", 200, OW_REJECTED },
		{ "16", 200, OW_REJECTED }, { "4", 200, 0 }, { "8", 200, 0 },
		{ "", 400, 0 }, { "99", 400, 0 },
	};
	struct ow_testhost *th = host_new(kannel);
	char url[512];
	size_t n = 0;

	answered(th, 202, "0: Accepted for delivery");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		dlr_url(th, 0, rows[i].status, url, sizeof(url));
		ck_assert_int_eq(ow_testhost_hook(th, "GET", url, NULL, 0,
		    NULL), rows[i].answer);
		n += rows[i].verdict != 0;
		ck_assert_uint_eq(ow_testhost_n_reports(th), n);
		if (rows[i].verdict) {
			ck_assert_str_eq(ow_testhost_report(th, n - 1)->ref,
			    "key-1");
			ck_assert_int_eq(ow_testhost_report(th,
			    n - 1)->verdict, rows[i].verdict);
		}
	}
	host_done(th);
}
END_TEST

/* The report would be of a job that nobody knows as sent. */
START_TEST(a_report_that_overtakes_the_answer_waits)
{
	struct ow_testhost *th = host_new(kannel);
	struct ow_job job = job_new("key-1", "Ready.");
	char url[512];

	ow_testhost_deliver(th, &job);
	dlr_url(th, 0, "1", url, sizeof(url));
	ck_assert_int_eq(ow_testhost_hook(th, "GET", url, NULL, 0, NULL),
	    200);
	ck_assert_uint_eq(ow_testhost_n_reports(th), 0);
	ow_testhost_reply(th, 0, 202, NULL, 0, "0: Accepted for delivery");
	ck_assert_uint_eq(ow_testhost_outcome(th, "key-1")->n_settled, 1);
	ck_assert_uint_eq(ow_testhost_n_reports(th), 1);
	ck_assert_int_eq(ow_testhost_report(th, 0)->verdict, OW_DELIVERED);
	host_done(th);
}
END_TEST

/* A forged report or STOP would show up as a report or an opt. */
START_TEST(kannels_hooks_need_a_secret)
{
	static const char *const urls[] = {
		HOOK, HOOK "?ref=key-1&status=1",
		HOOK "?ref=key-1&status=1&sig=",
		HOOK "?ref=key-1&status=1&sig=00000000000000000000000000000"
		"00000000000000000000000000000000000",
		HOOK "?from=%2B4930123456&text=STOP",
		HOOK "?from=%2B4930123456&text=STOP&token=",
		HOOK "?from=%2B4930123456&text=STOP&token=0123456789abcdef",
		HOOK "?from=%2B4930123456&text=STOP&token=" SECRET,
		HOOK "?ref=key-1&status=1&sig=" TOKEN,
	};
	struct ow_testhost *th = host_new(kannel);
	char url[512], *ref;

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		ck_assert_msg(ow_testhost_hook(th, "GET", urls[i], NULL, 0,
		    NULL) == 401, "%s", urls[i]);
	/* One job's signature is no other's. */
	answered(th, 202, "0: Accepted for delivery");
	dlr_url(th, 0, "1", url, sizeof(url));
	ref = strstr(url, "key-1");
	ref[4] = '2';
	ck_assert_int_eq(ow_testhost_hook(th, "GET", url, NULL, 0, NULL),
	    401);
	ck_assert_uint_eq(ow_testhost_n_reports(th), 0);
	ck_assert_uint_eq(ow_testhost_n_opts(th), 0);
	ck_assert_int_eq(ow_testhost_metric(th, 4), 10);
	host_done(th);
}
END_TEST

START_TEST(stop_by_kannel_is_heard_and_answered)
{
	static const struct ow_header post[] = {
		{ "X-Kannel-From", "4930123456" },
		{ "Content-Type", "text/plain" },
	};
	static const char url[] = HOOK "?token=" TOKEN;
	struct ow_testhost *th = host_new(kannel);

	ck_assert_int_eq(ow_testhost_hook(th, "GET", HOOK "?token=" TOKEN
	    "&from=%2B4930123456&text=Abmelden", NULL, 0, NULL), 200);
	ck_assert_ptr_nonnull(strstr(ow_testhost_hook_body(th),
	    "keine SMS mehr"));
	ck_assert_str_eq(ow_testhost_opt(th, 0)->identity, TO);
	ck_assert(!ow_testhost_opt(th, 0)->in);
	ck_assert_int_eq(ow_testhost_hook(th, "POST", url, post, 2, "START"),
	    200);
	ck_assert_ptr_nonnull(strstr(ow_testhost_hook_body(th), "again"));
	ck_assert(ow_testhost_opt(th, 1)->in);
	ck_assert_int_eq(ow_testhost_hook(th, "POST", url, post, 2,
	    "Where is it?"), 200);
	ck_assert_str_eq(ow_testhost_hook_body(th), "");
	ck_assert_uint_eq(ow_testhost_n_opts(th), 2);
	/* A short code cannot be anybody's preference. */
	ck_assert_int_eq(ow_testhost_hook(th, "GET", HOOK "?token=" TOKEN
	    "&from=777&text=STOP", NULL, 0, NULL), 200);
	ck_assert_int_eq(ow_testhost_hook(th, "GET", url, NULL, 0, NULL),
	    400);
	ck_assert_uint_eq(ow_testhost_n_opts(th), 2);
	host_done(th);
}
END_TEST

/* ---- Twilio -------------------------------------------------------------- */

START_TEST(twilio_gets_a_form_with_basic_authentication)
{
	struct ow_testhost *th = host_new(twilio);
	struct ow_job job = job_new("key-1", "a+b & c=\xc3\xa9");
	const struct ow_testhost_request *r;
	char *basic;

	ow_testhost_deliver(th, &job);
	r = ow_testhost_request(th, 0);
	ck_assert_str_eq(r->url, "https://api.twilio.com/2010-04-01/Accounts/"
	    SID "/Messages.json");
	ck_assert_str_eq(r->body.p, "To=%2B4930123456&From=%2B15005550006&"
	    "Body=a%2Bb%20%26%20c%3D%C3%A9&StatusCallback=https%3A%2F%2Fow."
	    "example%2Fhooks%2Fsms%2Fmain&ValidityPeriod=3600");
	ck_assert_str_eq(header_of(th, 0, "Content-Type"), FORM_TYPE);
	basic = sign_encode(SID ":" PASSWORD, strlen(SID ":" PASSWORD));
	ck_assert_int_eq(strncmp(header_of(th, 0, "Authorization"), "Basic ",
	    6), 0);
	ck_assert_str_eq(header_of(th, 0, "Authorization") + 6, basic);
	free(basic);
	host_done(th);
}
END_TEST

START_TEST(twilio_takes_a_messaging_service_and_an_api_key)
{
	static const char *const options[] = { "gateway=twilio",
		"url=https://api.twilio.com", "user=SK0001",
		"account=" SID, "password=" PASSWORD, "hook_secret=" SECRET,
		"from=MG0001", NULL };
	struct ow_testhost *th = host_new(options);
	struct ow_job job = job_new("key-1", "x");

	job.ttl_ms = INT64_C(86400000);
	ow_testhost_deliver(th, &job);
	ck_assert_ptr_nonnull(strstr(ow_testhost_request(th, 0)->url, SID));
	ck_assert_str_eq(ow_testhost_request(th, 0)->body.p,
	    "To=%2B4930123456&MessagingServiceSid=MG0001&Body=x");
	host_done(th);
}
END_TEST

START_TEST(twilios_codes_have_their_verdicts)
{
	static const struct row rows[] = {
		{ 201, "{\"sid\":\"SM1\",\"status\":\"queued\"}",
		    OW_DELIVERED },
		{ 400, "{\"code\":21211,\"message\":\"The 'To' number "
		    "+4930123456 is not a valid phone number.\"}", OW_GONE },
		{ 400, "{\"code\":21614}", OW_GONE },
		{ 400, "{\"code\":21610}", OW_GONE },
		{ 400, "{\"code\":21408}", OW_REJECTED },
		{ 400, "{\"code\":21612}", OW_REJECTED },
		{ 400, "{\"code\":21617}", OW_REJECTED },
		{ 400, "{\"code\":21606}", OW_MISCONFIGURED },
		{ 400, "{\"code\":21611}", OW_RETRY },
		{ 400, "{\"code\":99999}", OW_REJECTED },
		{ 400, "not json", OW_REJECTED },
		{ 401, "{\"code\":20003}", OW_MISCONFIGURED },
		{ 401, "", OW_MISCONFIGURED },
		{ 404, "{\"code\":20404}", OW_MISCONFIGURED },
		{ 429, "{\"code\":20429}", OW_RETRY },
		{ 429, "", OW_RETRY },
		{ 500, "{\"code\":21211}", OW_RETRY },
		{ 503, "<html>", OW_RETRY },
	};
	struct ow_testhost *th = host_new(twilio);

	check_rows(th, rows, sizeof(rows) / sizeof(rows[0]));
	ck_assert_str_eq(answered(th, 201, "{\"sid\":\"SM1\"}")->ref, "SM1");
	/* 21610 is STOP said to Twilio. */
	ck_assert_uint_eq(ow_testhost_n_opts(th), 1);
	ck_assert_str_eq(ow_testhost_opt(th, 0)->identity, TO);
	ck_assert(!ow_testhost_opt(th, 0)->in);
	host_done(th);
}
END_TEST

/* A POST of a form, signed as Twilio does; params in order. */
static int
twilio_post(struct ow_testhost *th, const char *token,
    const char *const *params, bool is_signed)
{
	char form[1024] = "", all[1024] = HOOK, sig[SIGN_BASE64_SIZE];
	struct ow_header headers[] = {
		{ "Content-Type", FORM_TYPE },
		{ "X-Twilio-Signature", sig },
	};

	for (; *params; params += 2) {
		snprintf(form + strlen(form), sizeof(form) - strlen(form),
		    "%s%s=%s%s", *form ? "&" : "", params[0],
		    params[1][0] == '+' ? "%2B" : "",
		    params[1] + (params[1][0] == '+'));
		snprintf(all + strlen(all), sizeof(all) - strlen(all),
		    "%s%s", params[0], params[1]);
	}
	sign_base64(token, all, strlen(all), sig);
	return ow_testhost_hook(th, "POST", HOOK, headers,
	    is_signed ? 2 : 1, form);
}

START_TEST(twilios_reports_reach_the_message)
{
	static const struct {
		const char *status, *code;
		int32_t verdict;
	} rows[] = {
		{ "queued", "0", 0 }, { "sent", "0", 0 },
		{ "delivered", "0", OW_DELIVERED },
		{ "undelivered", "30003", OW_REJECTED },
		{ "undelivered", "30005", OW_GONE },
		{ "failed", "30001", OW_REJECTED },
		{ "failed", "12345", OW_REJECTED },
	};
	struct ow_testhost *th = host_new(twilio);
	size_t n = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *params[] = { "AccountSid", SID, "ErrorCode",
			rows[i].code, "MessageSid", "SM1", "MessageStatus",
			rows[i].status, "To", TO, NULL };

		ck_assert_int_eq(twilio_post(th, PASSWORD, params, true),
		    204);
		n += rows[i].verdict != 0;
		ck_assert_uint_eq(ow_testhost_n_reports(th), n);
		if (rows[i].verdict) {
			ck_assert_str_eq(ow_testhost_report(th, n - 1)->ref,
			    "SM1");
			ck_assert_int_eq(ow_testhost_report(th,
			    n - 1)->verdict, rows[i].verdict);
		}
	}
	host_done(th);
}
END_TEST

START_TEST(twilios_hooks_need_a_signature)
{
	static const char *const stop[] = { "Body", "STOP", "From", TO,
		NULL };
	static const struct ow_header empty[] = {
		{ "Content-Type", FORM_TYPE }, { "X-Twilio-Signature", "" },
	};
	struct ow_testhost *th = host_new(twilio);
	char *form = malloc(4001);

	ck_assert_int_eq(twilio_post(th, "another token", stop, true), 401);
	ck_assert_int_eq(twilio_post(th, PASSWORD, stop, false), 401);
	ck_assert_int_eq(ow_testhost_hook(th, "POST", HOOK, empty, 2,
	    "Body=STOP"), 401);
	ck_assert_int_eq(ow_testhost_hook(th, "GET", HOOK
	    "?Body=STOP&From=%2B4930123456", NULL, 0, NULL), 401);
	for (size_t i = 0; i < 4000; i++)
		form[i] = "a=b&"[i % 4];
	form[800] = '\0';
	ck_assert_int_eq(ow_testhost_hook(th, "POST", HOOK, empty, 2, form),
	    401);
	free(form);
	ck_assert_uint_eq(ow_testhost_n_opts(th), 0);
	ck_assert_int_eq(ow_testhost_metric(th, 4), 5);
	host_done(th);
}
END_TEST

START_TEST(stop_by_twilio_is_answered_once)
{
	static const char *const stop[] = { "Body", "stop", "From", TO,
		NULL };
	static const char *const theirs[] = { "Body", "halt", "From", TO,
		"OptOutType", "STOP", NULL };
	static const char *const help[] = { "Body", "help", "From", TO,
		"OptOutType", "HELP", NULL };
	static const char *const nothing[] = { "From", TO, NULL };
	struct ow_testhost *th = host_new(twilio);

	ck_assert_int_eq(twilio_post(th, PASSWORD, stop, true), 200);
	ck_assert_ptr_nonnull(strstr(ow_testhost_hook_body(th),
	    "<Response><Message>You will get no more"));
	ck_assert_int_eq(strncmp(ow_testhost_hook_type(th), "text/xml", 8),
	    0);
	/* Twilio has answered that one itself. */
	ck_assert_int_eq(twilio_post(th, PASSWORD, theirs, true), 200);
	ck_assert_ptr_nonnull(strstr(ow_testhost_hook_body(th),
	    "<Response></Response>"));
	ck_assert_int_eq(twilio_post(th, PASSWORD, help, true), 200);
	ck_assert_uint_eq(ow_testhost_n_opts(th), 2);
	ck_assert(!ow_testhost_opt(th, 1)->in);
	ck_assert_int_eq(twilio_post(th, PASSWORD, nothing, true), 400);
	host_done(th);
}
END_TEST

/* ---- Any gateway --------------------------------------------------------- */

START_TEST(a_template_is_filled_in_and_escaped)
{
	struct ow_testhost *th = host_new(generic);
	struct ow_job job = job_new("key-1", "\"{to}\" \\ {\n\xe2\x82\xac");
	const struct ow_testhost_request *r;
	json_t *body;
	char *basic;

	ow_testhost_deliver(th, &job);
	r = ow_testhost_request(th, 0);
	ck_assert_str_eq(r->method, "POST");
	ck_assert_str_eq(r->url,
	    "https://sms.example/send?to=4930123456&x={nothing}");
	body = json_loads(r->body.p, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(body);
	ck_assert_str_eq(json_string_value(json_object_get(body, "text")),
	    job.text);
	ck_assert_str_eq(json_string_value(json_object_get(body, "from")),
	    "Caf\xc3\xa9");
	ck_assert_str_eq(json_string_value(json_object_get(body, "id")),
	    "key-1");
	ck_assert_str_eq(json_string_value(json_object_get(body, "as")),
	    "gsm");
	ck_assert_int_eq(strncmp(json_string_value(json_object_get(body,
	    "report")), HOOK "?ref=key-1&sig=", 20), 0);
	json_decref(body);
	basic = sign_encode("ow:" PASSWORD, strlen("ow:" PASSWORD));
	ck_assert_str_eq(header_of(th, 0, "Authorization") + 6, basic);
	ck_assert_str_eq(header_of(th, 0, "X-Key"), "key-1");
	ck_assert_str_eq(header_of(th, 0, "Content-Type"),
	    "application/json");
	free(basic);
	host_done(th);
}
END_TEST

START_TEST(a_gateways_answer_is_read_as_told)
{
	static const struct row rows[] = {
		{ 200, "{}", OW_DELIVERED }, { 201, "", OW_DELIVERED },
		{ 409, "", OW_DELIVERED }, { 202, "", OW_REJECTED },
		{ 400, "", OW_REJECTED }, { 401, "", OW_MISCONFIGURED },
		{ 500, "", OW_RETRY },
	};
	struct ow_testhost *th = host_new(generic);

	check_rows(th, rows, sizeof(rows) / sizeof(rows[0]));
	ck_assert_str_eq(answered(th, 200,
	    "{\"messages\":[{\"id\":\"m-7\"}]}")->ref, "m-7");
	ck_assert_str_eq(answered(th, 200, "{\"messages\":[{\"id\":42}]}")->
	    ref, "42");
	ck_assert_str_eq(answered(th, 200, "{\"messages\":{}}")->ref,
	    "key-1");
	ck_assert_str_eq(answered(th, 200, "[")->ref, "key-1");
	host_done(th);
}
END_TEST

static int
generic_post(struct ow_testhost *th, const char *key, const char *url,
    const char *body)
{
	char value[8 + MAC_HEX_SIZE] = "sha256=";
	const struct ow_bytes parts[] = { { url, strlen(url) }, { "\n", 1 },
	    { body, strlen(body) } };
	const struct ow_header headers[] = {
		{ "Content-Type", FORM_TYPE },
		{ "X-Orderwire-Signature", value },
	};

	mac_hex(key, parts, 3, value + 7);
	return ow_testhost_hook(th, "POST", url, headers, 2, body);
}

START_TEST(a_gateways_hooks_are_signed)
{
	static const char stop[] = "from=%2B4930123456&text=STOP";
	struct ow_testhost *th = host_new(generic);
	const struct ow_testhost_request *r;
	char url[512];
	json_t *body;

	ck_assert_int_eq(generic_post(th, "not the secret!!", HOOK, stop),
	    401);
	ck_assert_int_eq(ow_testhost_hook(th, "POST", HOOK, NULL, 0, stop),
	    401);
	ck_assert_uint_eq(ow_testhost_n_opts(th), 0);
	ck_assert_int_eq(generic_post(th, SECRET, HOOK, stop), 200);
	ck_assert_uint_eq(ow_testhost_n_opts(th), 1);
	ck_assert_int_eq(generic_post(th, SECRET, HOOK,
	    "ref=m-7&status=delivered"), 204);
	ck_assert_str_eq(ow_testhost_report(th, 0)->ref, "m-7");
	ck_assert_int_eq(generic_post(th, SECRET, HOOK, "ref=m-7&status=x"),
	    400);
	ck_assert_int_eq(generic_post(th, SECRET, HOOK, "a=b"), 400);
	/* And by the URL that went with the message. */
	answered(th, 200, "{}");
	r = ow_testhost_request(th, 0);
	body = json_loads(r->body.p, 0, NULL);
	snprintf(url, sizeof(url), "%s&status=failed",
	    json_string_value(json_object_get(body, "report")));
	json_decref(body);
	ck_assert_int_eq(ow_testhost_hook(th, "GET", url, NULL, 0, NULL),
	    204);
	ck_assert_str_eq(ow_testhost_report(th, 1)->ref, "key-1");
	ck_assert_int_eq(ow_testhost_report(th, 1)->verdict, OW_REJECTED);
	host_done(th);
}
END_TEST

/* What anybody can make: HMAC-SHA-256 with a key that is empty. */
static void
keyless_hex(const char *text, char out[MAC_HEX_SIZE])
{
	unsigned char mac[EVP_MAX_MD_SIZE];

	ck_assert_ptr_nonnull(HMAC(EVP_sha256(), "", 0,
	    (const unsigned char *)text, strlen(text), mac, NULL));
	for (size_t i = 0; i < (MAC_HEX_SIZE - 1) / 2; i++)
		snprintf(out + 2 * i, 3, "%02x", mac[i]);
}

/* Would be breached by a 2xx, a report or an opt for one of the forgeries. */
START_TEST(without_a_secret_nothing_is_signed)
{
	static const char *const options[] = { "gateway=http",
		"url=https://sms.example/send?to={to}&text={text}"
		"&report={report_url}", NULL };
	static const char stop[] = "from=%2B4930123456&text=STOP";
	struct ow_testhost *th = host_new(options);
	char value[8 + MAC_HEX_SIZE] = "sha256=", sig[MAC_HEX_SIZE];
	const struct ow_header headers[] = {
		{ "Content-Type", FORM_TYPE },
		{ "X-Orderwire-Signature", value },
	};
	char url[256];

	answered(th, 200, "");
	ck_assert_str_eq(ow_testhost_request(th, 0)->url,
	    "https://sms.example/send?to=%2B4930123456&text=Ready."
	    "&report=");
	ck_assert_int_eq(ow_testhost_hook(th, "POST", HOOK, headers, 1,
	    stop), 401);
	ck_assert_int_eq(ow_testhost_hook(th, "POST", HOOK, headers, 2,
	    stop), 401);
	keyless_hex(HOOK "\nfrom=%2B4930123456&text=STOP", value + 7);
	ck_assert_int_eq(ow_testhost_hook(th, "POST", HOOK, headers, 2,
	    stop), 401);
	keyless_hex("report key-1", sig);
	snprintf(url, sizeof(url), HOOK "?ref=key-1&sig=%s&status=failed",
	    sig);
	ck_assert_int_eq(ow_testhost_hook(th, "GET", url, NULL, 0, NULL),
	    401);
	ck_assert_int_eq(ow_testhost_hook(th, "GET",
	    HOOK "?ref=key-1&sig=&status=failed", NULL, 0, NULL), 401);
	ck_assert_uint_eq(ow_testhost_n_opts(th), 0);
	ck_assert_uint_eq(ow_testhost_n_reports(th), 0);
	ck_assert_int_eq(ow_testhost_metric(th, 4), 5);
	host_done(th);
}
END_TEST

/* ---- Life ---------------------------------------------------------------- */

START_TEST(a_wrong_configuration_is_refused)
{
	static const struct {
		const char *options[8];
		const char *says;
	} rows[] = {
		{ { "url=http://x", NULL }, "gateway" },
		{ { "gateway=pigeon", "url=http://x", NULL }, "gateway" },
		{ { "gateway=kannel", NULL }, "url" },
		{ { "gateway=kannel", "url=http://x", "hook_secret=" SECRET,
		    NULL }, "password" },
		{ { "gateway=kannel", "url=http://x", "user=u",
		    "password=p", NULL }, "hook_secret" },
		{ { "gateway=kannel", "url=http://x", "user=u",
		    "password=p", "hook_secret=short", NULL },
		    "hook_secret" },
		{ { "gateway=twilio", "url=https://x", "user=u",
		    "password=p", "from=+1", NULL }, "SID" },
		{ { "gateway=twilio", "url=https://x", "user=" SID,
		    "from=+1", NULL }, "password" },
		{ { "gateway=twilio", "url=https://x", "user=" SID,
		    "password=p", NULL }, "from" },
		{ { "gateway=twilio", "url=https://x", "user=SK1",
		    "account=" SID, "password=p", "from=+1", NULL },
		    "hook_secret" },
		{ { "gateway=http", "url=http://x/{text}",
		    "hook_secret=" SECRET, NULL }, "{to}" },
		{ { "gateway=http", "url=http://x/{to}",
		    "hook_secret=" SECRET, NULL }, "{text}" },
		{ { "gateway=http", "url=http://x/{to}/{text}",
		    "hook_url=" HOOK, NULL }, "hook_secret" },
		{ { "gateway=http", "url=http://x/{to}/{text}",
		    "hook_secret=short", NULL }, "hook_secret" },
		{ { "gateway=http", "url=http://x/{to}/{text}",
		    "hook_secret=" SECRET, "method=GET", "body=x", NULL },
		    "body" },
		{ { "gateway=http", "url=http://x/{to}/{text}",
		    "hook_secret=" SECRET, "success=2xx", NULL },
		    "success" },
		{ { "gateway=http", "url=http://x/{to}/{text}",
		    "hook_secret=" SECRET, "ref=id", NULL }, "ref" },
		{ { "gateway=http", "url=http://x/{to}/{text}",
		    "hook_secret=" SECRET, "headers=a:b\na:b\na:b\na:b\n"
		    "a:b\na:b\na:b\na:b\na:b\na:b\na:b\na:b\na:b\na:b\na:b",
		    NULL }, "headers" },
		{ { "gateway=kannel", "url=http://x", "max_segments=0",
		    NULL }, "max_segments" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ow_fault f;
		struct ow_testhost *th = ow_testhost_new(
		    ow_plugin_query(OW_ABI), rows[i].options, &f);

		ck_assert_msg(th == NULL, "row %zu", i);
		ck_assert_msg(strstr(f.text, rows[i].says) != NULL, "%zu: %s",
		    i, f.text);
	}
}
END_TEST

START_TEST(an_empty_text_is_not_sent)
{
	struct ow_testhost *th = host_new(kannel);
	struct ow_job job = job_new("key-1", "");

	ow_testhost_deliver(th, &job);
	ck_assert_str_eq(ow_testhost_request(th, 0)->body.p, job.title);
	job.title = "";
	job.key = "key-2";
	ow_testhost_deliver(th, &job);
	ck_assert_uint_eq(ow_testhost_n_requests(th), 1);
	ck_assert_int_eq(ow_testhost_outcome(th, "key-2")->verdict,
	    OW_REJECTED);
	host_done(th);
}
END_TEST

START_TEST(each_gateway_has_its_hook_name)
{
	const char *const *const all[] = { kannel, twilio, generic };
	static const char *const names[] = { "kannel", "twilio", "http" };

	for (size_t i = 0; i < 3; i++) {
		struct ow_testhost *th = host_new(all[i]);

		ck_assert_str_eq(ow_testhost_channel(th)->hook_name(
		    ow_testhost_self(th)), names[i]);
		host_done(th);
	}
}
END_TEST

START_TEST(cancel_drain_and_stop_settle_once_each)
{
	struct ow_testhost *th = host_new(twilio);
	struct ow_job one = job_new("key-1", "1"), two = job_new("key-2", "2");

	one.deadline_ms = ow_testhost_now_ms(th) + 1000;
	ow_testhost_deliver(th, &one);
	ow_testhost_deliver(th, &two);
	ck_assert_int_eq(ow_testhost_request(th, 0)->timeout_ms, 1000);
	ck_assert(!ow_testhost_drain(th));
	ow_testhost_advance(th, 1000);
	ck_assert(ow_testhost_request(th, 0)->cancelled);
	ck_assert_uint_eq(ow_testhost_outcome(th, "key-1")->n_settled, 1);
	ck_assert(!ow_testhost_drain(th));
	ow_testhost_cancel(th, "key-2");
	ck_assert(ow_testhost_drain(th));
	ow_testhost_deliver(th, &one);
	host_done(th);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("channel-sms");
	TCase *t = tcase_create("sms");
	SRunner *r;
	int failed;

	tcase_add_test(t, kannel_gets_everything_in_headers);
	tcase_add_test(t,
	    what_is_not_in_the_alphabet_goes_as_ucs2_and_is_cut);
	tcase_add_test(t, kannels_answers_have_their_verdicts);
	tcase_add_test(t, kannels_reports_reach_the_job);
	tcase_add_test(t, a_report_that_overtakes_the_answer_waits);
	tcase_add_test(t, kannels_hooks_need_a_secret);
	tcase_add_test(t, stop_by_kannel_is_heard_and_answered);
	tcase_add_test(t, twilio_gets_a_form_with_basic_authentication);
	tcase_add_test(t, twilio_takes_a_messaging_service_and_an_api_key);
	tcase_add_test(t, twilios_codes_have_their_verdicts);
	tcase_add_test(t, twilios_reports_reach_the_message);
	tcase_add_test(t, twilios_hooks_need_a_signature);
	tcase_add_test(t, stop_by_twilio_is_answered_once);
	tcase_add_test(t, a_template_is_filled_in_and_escaped);
	tcase_add_test(t, a_gateways_answer_is_read_as_told);
	tcase_add_test(t, a_gateways_hooks_are_signed);
	tcase_add_test(t, without_a_secret_nothing_is_signed);
	tcase_add_test(t, a_wrong_configuration_is_refused);
	tcase_add_test(t, an_empty_text_is_not_sent);
	tcase_add_test(t, each_gateway_has_its_hook_name);
	tcase_add_test(t, cancel_drain_and_stop_settle_once_each);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
