/* SPDX-License-Identifier: MIT */
/*
 * test_webhook - the channel between a scripted host and a scripted receiver.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <orderwire/testhost.h>

#include "../../../plugins/channel-webhook/body.h"
#include "../../../plugins/channel-webhook/secret.h"

#define URL "https://erp.example/hooks/x?y=1"
#define ONE "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define TWO "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"

static const char *const plain[] = { "url=" URL, "secret=" ONE, NULL };

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
	ck_assert_ptr_null(strstr(ow_testhost_log(th), "MfKQ9r8G"));
	ow_testhost_free(&th);
}

static const char *
header_of(struct ow_testhost *th, size_t i, const char *name)
{
	const char *value = ow_testhost_header(ow_testhost_request(th, i),
	    name);

	return value ? value : "";
}

/* The specification's own example. */
START_TEST(the_signature_is_that_of_the_specification)
{
	static const char body[] = "{\"test\": 2432232314}";
	char out[SECRETS_MAX * SIGNATURE_SIZE];
	struct secrets s;

	ck_assert_ptr_null(secrets_read(ONE, &s));
	ck_assert_int_eq(secrets_sign(&s, "msg_p5jXN8AQM9LWM0D4loKWxJek",
	    "1614265330", (struct ow_bytes){ body, strlen(body) }, out),
	    OW_OK);
	ck_assert_str_eq(out,
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}
END_TEST

START_TEST(a_request_says_who_when_and_what)
{
	struct ow_testhost *th = host_new(plain);
	struct ow_job job = ow_testhost_job("key-1", URL);
	const struct ow_testhost_request *r;
	char out[SECRETS_MAX * SIGNATURE_SIZE];
	struct secrets s;
	json_t *body;
	long at;

	ow_testhost_deliver(th, &job);
	r = ow_testhost_request(th, 0);
	ck_assert_str_eq(r->method, "POST");
	ck_assert_str_eq(r->url, URL);
	ck_assert_uint_eq(r->flags, OW_HTTP_FROM_USER);
	ck_assert_str_eq(header_of(th, 0, "Content-Type"),
	    "application/json");
	ck_assert_str_eq(header_of(th, 0, "webhook-id"), "key-1");
	at = atol(header_of(th, 0, "webhook-timestamp"));
	ck_assert(labs(at - (long)time(NULL)) < 60);
	ck_assert_ptr_null(secrets_read(ONE, &s));
	ck_assert_int_eq(secrets_sign(&s, "key-1",
	    header_of(th, 0, "webhook-timestamp"), r->body, out), OW_OK);
	ck_assert_str_eq(header_of(th, 0, "webhook-signature"), out);
	body = json_loadb(r->body.p, r->body.n, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_uint_eq(json_object_size(body), 3);
	ck_assert_str_eq(json_string_value(json_object_get(body, "type")),
	    "order.status.changed");
	ck_assert_str_eq(json_string_value(json_object_get(body,
	    "timestamp")), "2026-01-02T03:04:05.678Z");
	ck_assert_int_eq(json_integer_value(json_object_get(
	    json_object_get(body, "data"), "seq")), 7);
	/* The event byte for byte: some receivers sign parts of it again. */
	ck_assert_ptr_nonnull(strstr(r->body.p, job.event.p));
	json_decref(body);
	host_done(th);
}
END_TEST

START_TEST(while_keys_rotate_each_signs)
{
	static const char *const options[] = { "url=" URL,
		"secret=" ONE "  " TWO "\n", NULL };
	struct ow_testhost *th = host_new(options);
	struct ow_job job = ow_testhost_job("key-1", URL);
	char one[SECRETS_MAX * SIGNATURE_SIZE];
	char two[SECRETS_MAX * SIGNATURE_SIZE];
	const char *at, *both;
	struct secrets s;

	ow_testhost_deliver(th, &job);
	at = header_of(th, 0, "webhook-timestamp");
	both = header_of(th, 0, "webhook-signature");
	ck_assert_ptr_null(secrets_read(ONE, &s));
	secrets_sign(&s, "key-1", at, ow_testhost_request(th, 0)->body, one);
	ck_assert_ptr_null(secrets_read(TWO, &s));
	secrets_sign(&s, "key-1", at, ow_testhost_request(th, 0)->body, two);
	ck_assert_int_eq(strncmp(both, one, strlen(one)), 0);
	ck_assert_int_eq(both[strlen(one)], ' ');
	ck_assert_str_eq(both + strlen(one) + 1, two);
	host_done(th);
}
END_TEST

START_TEST(each_answer_has_its_verdict)
{
	static const struct {
		int32_t status, verdict;
	} rows[] = {
		{ 200, OW_DELIVERED }, { 204, OW_DELIVERED },
		{ 301, OW_REJECTED }, { 307, OW_REJECTED },
		{ 400, OW_REJECTED }, { 401, OW_REJECTED },
		{ 403, OW_REJECTED }, { 404, OW_REJECTED },
		{ 408, OW_RETRY }, { 410, OW_GONE }, { 413, OW_REJECTED },
		{ 429, OW_RETRY }, { 500, OW_RETRY }, { 503, OW_RETRY },
	};
	static const struct ow_header wait[] = { { "Retry-After", "7" } };
	struct ow_testhost *th = host_new(plain);
	struct ow_job job = ow_testhost_job("key-1", URL);
	size_t n = sizeof(rows) / sizeof(rows[0]);

	for (size_t i = 0; i < n; i++) {
		ow_testhost_deliver(th, &job);
		ow_testhost_reply(th, i, rows[i].status, wait, 1, "");
		ck_assert_msg(ow_testhost_outcome(th, "key-1")->verdict ==
		    rows[i].verdict, "%d", (int)rows[i].status);
		if (rows[i].verdict == OW_RETRY)
			ck_assert_int_eq(ow_testhost_outcome(th,
			    "key-1")->retry_after_ms, 7000);
	}
	ow_testhost_deliver(th, &job);
	ow_testhost_fail(th, n, OW_ETIMEOUT, "no answer");
	ck_assert_int_eq(ow_testhost_outcome(th, "key-1")->verdict, OW_RETRY);
	ow_testhost_deliver(th, &job);
	ow_testhost_fail(th, n + 1, OW_EDENIED, "a private address");
	ck_assert_int_eq(ow_testhost_outcome(th, "key-1")->verdict,
	    OW_REJECTED);
	host_done(th);
}
END_TEST

START_TEST(an_event_that_is_none_is_rejected)
{
	static const char *const events[] = { "", "[1]", "{\"a\":1", "null",
		"{\"a\":1,\"a\":2}", "{} {}" };
	struct ow_testhost *th = host_new(plain);
	struct ow_job job = ow_testhost_job("key-1", URL);

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		job.event = (struct ow_bytes){ events[i], strlen(events[i]) };
		ow_testhost_deliver(th, &job);
		ck_assert_uint_eq(ow_testhost_n_requests(th), 0);
		ck_assert_int_eq(ow_testhost_outcome(th, "key-1")->verdict,
		    OW_REJECTED);
	}
	host_done(th);
}
END_TEST

START_TEST(a_body_does_without_what_an_event_lacks)
{
	static const char event[] = "{\"type\":7}";
	size_t n;
	char *body = body_write((struct ow_bytes){ event, strlen(event) },
	    "order.\"ready\"", "2026-01-01T00:00:00Z", &n);

	ck_assert_str_eq(body, "{\"type\":\"order.\\\"ready\\\"\","
	    "\"timestamp\":\"2026-01-01T00:00:00Z\",\"data\":{\"type\":7}}");
	ck_assert_uint_eq(n, strlen(body));
	free(body);
}
END_TEST

START_TEST(an_address_is_an_https_url)
{
	static const char *const bad[] = { "", "https://", "http://x.example",
		"ftp://x", "https://u:p@x.example/", "https://x.example/ a",
		"https://x.example/\r\nX: y", "https://x.example/\xc3\xa4",
		"x.example" };
	struct ow_testhost *th = host_new(plain);
	struct ow_address a;
	char *huge = malloc(4000);

	ck_assert_int_eq(ow_testhost_check(th, URL, &a, NULL), OW_OK);
	ck_assert_str_eq(a.text, URL);
	ck_assert_str_eq(a.identity, URL);
	ck_assert_str_eq(a.hint, "erp.example");
	ck_assert_int_eq(ow_testhost_check(th, "https://x.example/@y", &a,
	    NULL), OW_OK);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(ow_testhost_check(th, bad[i], &a, NULL) ==
		    OW_EINVAL, "%s", bad[i]);
	memset(huge, 'a', 3999);
	memcpy(huge, "https://", 8);
	huge[3999] = '\0';
	ck_assert_int_eq(ow_testhost_check(th, huge, &a, NULL), OW_EINVAL);
	free(huge);
	ck_assert_str_eq(ow_testhost_channel(th)->own_address(
	    ow_testhost_self(th)), URL);
	host_done(th);
}
END_TEST

START_TEST(a_wrong_configuration_is_refused)
{
	static const char *const secrets[] = { "", " ", "secret",
		"whsec_", "whsec_!!!!", "whsec_AAAA",
		"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", ONE " x",
		ONE " " ONE " " ONE " " ONE " " ONE, "whsec_A=AA" };
	char option[512];

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		const char *options[] = { "url=" URL, option, NULL };
		struct ow_fault f;

		snprintf(option, sizeof(option), "secret=%s", secrets[i]);
		ck_assert_msg(ow_testhost_new(ow_plugin_query(OW_ABI),
		    options, &f) == NULL, "%s", secrets[i]);
		ck_assert(f.text[0] != '\0');
		ck_assert_ptr_null(strstr(f.text, "MfKQ"));
		options[0] = "url=http://x.example/";
		snprintf(option, sizeof(option), "secret=%s", ONE);
		ck_assert(ow_testhost_new(ow_plugin_query(OW_ABI), options,
		    &f) == NULL);
	}
}
END_TEST

START_TEST(cancel_drain_and_stop_settle_once_each)
{
	struct ow_testhost *th = host_new(plain);
	struct ow_job one = ow_testhost_job("key-1", URL);
	struct ow_job two = ow_testhost_job("key-2", URL);

	ow_testhost_deliver(th, &one);
	ow_testhost_deliver(th, &two);
	ck_assert(!ow_testhost_drain(th));
	ow_testhost_cancel(th, "key-1");
	ck_assert(ow_testhost_request(th, 0)->cancelled);
	ck_assert_int_eq(ow_testhost_outcome(th, "key-1")->verdict, OW_RETRY);
	ck_assert(!ow_testhost_drain(th));
	ow_testhost_reply(th, 1, 200, NULL, 0, "");
	ck_assert(ow_testhost_drain(th));
	ow_testhost_deliver(th, &one);
	host_done(th);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("channel-webhook");
	TCase *t = tcase_create("webhook");
	SRunner *r;
	int failed;

	tcase_add_test(t, the_signature_is_that_of_the_specification);
	tcase_add_test(t, a_request_says_who_when_and_what);
	tcase_add_test(t, while_keys_rotate_each_signs);
	tcase_add_test(t, each_answer_has_its_verdict);
	tcase_add_test(t, an_event_that_is_none_is_rejected);
	tcase_add_test(t, a_body_does_without_what_an_event_lacks);
	tcase_add_test(t, an_address_is_an_https_url);
	tcase_add_test(t, a_wrong_configuration_is_refused);
	tcase_add_test(t, cancel_drain_and_stop_settle_once_each);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
