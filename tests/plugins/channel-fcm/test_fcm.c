/* SPDX-License-Identifier: MIT */
/*
 * test_fcm - the channel between a scripted host, a scripted token service and
 * a scripted FCM.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <orderwire/testhost.h>

#include "../../../plugins/channel-fcm/account.h"

#define TOKEN "fcm-token_0123456789:APA91bHexample"
#define URI "https://oauth2.example/token"
#define SEND "https://fcm.example/v1/projects/cafe-1/messages:send"
#define FCM_ERROR "type.googleapis.com/google.firebase.fcm.v1.FcmError"
#define BAD_REQUEST "type.googleapis.com/google.rpc.BadRequest"

/* ---- A service account --------------------------------------------------- */

static EVP_PKEY *the_key;
static char path[] = "/tmp/orderwire-test-fcm-XXXXXX";
static char file_option[80];

static char *
key_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p, *pem;
	long n;

	PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	n = BIO_get_mem_data(bio, &p);
	pem = strndup(p, (size_t)n);
	BIO_free(bio);
	return pem;
}

static char *
account_json(EVP_PKEY *key)
{
	char *pem = key_pem(key), *text;
	json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}",
	    "type", "service_account", "project_id", "cafe-1",
	    "private_key_id", "kid-1", "private_key", pem,
	    "client_email", "ow@cafe-1.example", "token_uri", URI);

	text = json_dumps(root, 0);
	json_decref(root);
	free(pem);
	return text;
}

static void
account_setup(void)
{
	char *json;
	int fd;

	the_key = EVP_RSA_gen(2048);
	json = account_json(the_key);
	fd = mkstemp(path);
	if (fd < 0 || write(fd, json, strlen(json)) != (ssize_t)strlen(json))
		abort();
	close(fd);
	free(json);
	snprintf(file_option, sizeof(file_option), "service_account=%s",
	    path);
}

static void
account_teardown(void)
{
	unlink(path);
	EVP_PKEY_free(the_key);
}

/* ---- The host ------------------------------------------------------------ */

static struct ow_testhost *
host_new(void)
{
	const char *const options[] = { file_option,
		"base=https://fcm.example/", "android_channel=orders", NULL };
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
	ck_assert_ptr_null(strstr(ow_testhost_log(th), "ya29"));
	ck_assert_ptr_null(strstr(ow_testhost_log(th), "APA91"));
	ow_testhost_free(&th);
}

static void
give_token(struct ow_testhost *th, size_t i, const char *token)
{
	char body[200];

	ck_assert_str_eq(ow_testhost_request(th, i)->url, URI);
	snprintf(body, sizeof(body), "{\"access_token\":\"%s\","
	    "\"expires_in\":3599,\"token_type\":\"Bearer\"}", token);
	ow_testhost_reply(th, i, 200, NULL, 0, body);
}

/* One that has its token, asked for with request 0; key-0 was delivered. */
static struct ow_testhost *
host_ready(bool is_proven)
{
	struct ow_testhost *th = host_new();
	struct ow_job job = ow_testhost_job("key-0", TOKEN);

	ow_testhost_deliver(th, &job);
	give_token(th, 0, "ya29.one");
	ow_testhost_reply(th, 1, is_proven ? 200 : 500, NULL, 0, "{}");
	return th;
}

static json_t *
body_of(struct ow_testhost *th, size_t i)
{
	const struct ow_testhost_request *r = ow_testhost_request(th, i);
	json_t *body;

	ck_assert_ptr_nonnull(r);
	body = json_loadb(r->body.p, r->body.n, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(body);
	return body;
}

/* The value at "a.b.c", or NULL. */
static const char *
at(const json_t *json, const char *dotted)
{
	char name[40];
	size_t n;

	while (json && *dotted) {
		n = strcspn(dotted, ".");
		snprintf(name, sizeof(name), "%.*s", (int)n, dotted);
		json = json_object_get(json, name);
		dotted += n + (dotted[n] == '.');
	}
	return json_string_value(json);
}

/* ---- The token ----------------------------------------------------------- */

static json_t *
part_of(const char *from, size_t n)
{
	char text[1024];
	unsigned char out[1024];
	json_t *json;
	size_t pad;
	int got;

	ck_assert_uint_lt(n, 1000);
	for (size_t i = 0; i < n; i++)
		text[i] = from[i] == '-' ? '+' : from[i] == '_' ? '/' :
		    from[i];
	for (pad = 0; (n + pad) % 4; pad++)
		text[n + pad] = '=';
	got = EVP_DecodeBlock(out, (unsigned char *)text, (int)(n + pad));
	ck_assert_int_gt(got, 0);
	json = json_loadb((char *)out, (size_t)got - pad, 0, NULL);
	ck_assert_ptr_nonnull(json);
	return json;
}

static bool
is_signed(const char *jwt)
{
	const char *dot = strrchr(jwt, '.');
	char text[400];
	unsigned char sig[400];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = strlen(dot + 1), pad;
	int got, good;

	for (size_t i = 0; i < n; i++)
		text[i] = dot[1 + i] == '-' ? '+' : dot[1 + i] == '_' ? '/' :
		    dot[1 + i];
	for (pad = 0; (n + pad) % 4; pad++)
		text[n + pad] = '=';
	got = EVP_DecodeBlock(sig, (unsigned char *)text, (int)(n + pad));
	EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, the_key);
	good = EVP_DigestVerify(ctx, sig, (size_t)got - pad,
	    (const unsigned char *)jwt, (size_t)(dot - jwt));
	EVP_MD_CTX_free(ctx);
	return good == 1;
}

START_TEST(the_token_is_asked_for_with_a_signed_assertion)
{
	static const char grant[] = "grant_type=urn%3Aietf%3Aparams%3Aoauth"
	    "%3Agrant-type%3Ajwt-bearer&assertion=";
	struct ow_testhost *th = host_new();
	struct ow_job job = ow_testhost_job("key-1", TOKEN);
	const struct ow_testhost_request *r;
	json_t *header, *claims;
	const char *jwt, *dot;
	json_int_t iat;

	ow_testhost_deliver(th, &job);
	r = ow_testhost_request(th, 0);
	ck_assert_str_eq(r->url, URI);
	ck_assert_str_eq(r->method, "POST");
	ck_assert_str_eq(ow_testhost_header(r, "Content-Type"),
	    "application/x-www-form-urlencoded");
	ck_assert_int_eq(strncmp(r->body.p, grant, strlen(grant)), 0);
	jwt = (const char *)r->body.p + strlen(grant);
	dot = strchr(jwt, '.');
	header = part_of(jwt, (size_t)(dot - jwt));
	claims = part_of(dot + 1, strcspn(dot + 1, "."));
	ck_assert_str_eq(at(header, "alg"), "RS256");
	ck_assert_str_eq(at(header, "kid"), "kid-1");
	ck_assert_str_eq(at(claims, "iss"), "ow@cafe-1.example");
	ck_assert_str_eq(at(claims, "aud"), URI);
	ck_assert_str_eq(at(claims, "scope"),
	    "https://www.googleapis.com/auth/firebase.messaging");
	iat = json_integer_value(json_object_get(claims, "iat"));
	ck_assert(llabs(iat - (json_int_t)time(NULL)) < 60);
	ck_assert_int_eq(json_integer_value(json_object_get(claims, "exp")),
	    iat + 3600);
	ck_assert(is_signed(jwt));
	json_decref(header);
	json_decref(claims);
	host_done(th);
}
END_TEST

/* A second request to the token service would be one too many. */
START_TEST(jobs_wait_for_one_token)
{
	struct ow_testhost *th = host_new();
	char key[24];

	for (int i = 0; i < 5; i++) {
		struct ow_job job;

		snprintf(key, sizeof(key), "key-%d", i);
		job = ow_testhost_job(key, TOKEN);
		ow_testhost_deliver(th, &job);
	}
	ck_assert_uint_eq(ow_testhost_n_requests(th), 1);
	give_token(th, 0, "ya29.one");
	ck_assert_uint_eq(ow_testhost_n_requests(th), 6);
	for (size_t i = 1; i < 6; i++) {
		ck_assert_str_eq(ow_testhost_request(th, i)->url, SEND);
		ck_assert_str_eq(ow_testhost_header(ow_testhost_request(th,
		    i), "Authorization"), "Bearer ya29.one");
		ow_testhost_reply(th, i, 200, NULL, 0,
		    "{\"name\":\"projects/cafe-1/messages/7\"}");
	}
	for (int i = 0; i < 5; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		ck_assert_uint_eq(ow_testhost_outcome(th, key)->n_settled, 1);
		ck_assert_str_eq(ow_testhost_outcome(th, key)->ref,
		    "projects/cafe-1/messages/7");
	}
	ck_assert_int_eq(ow_testhost_metric(th, 0), 1);
	host_done(th);
}
END_TEST

START_TEST(a_token_is_kept_until_shortly_before_its_end)
{
	struct ow_testhost *th = host_ready(true);
	struct ow_job job = ow_testhost_job("key-1", TOKEN);

	ow_testhost_advance(th, (3599 - 301) * 1000);
	ow_testhost_deliver(th, &job);
	ck_assert_str_eq(ow_testhost_request(th, 2)->url, SEND);
	ow_testhost_reply(th, 2, 200, NULL, 0, "{}");
	ow_testhost_advance(th, 1001);
	ow_testhost_deliver(th, &job);
	give_token(th, 3, "ya29.two");
	ck_assert_str_eq(ow_testhost_header(ow_testhost_request(th, 4),
	    "Authorization"), "Bearer ya29.two");
	host_done(th);
}
END_TEST

START_TEST(a_refused_token_is_our_mistake)
{
	static const struct {
		int32_t status;
		const char *body;
		int32_t verdict;
	} rows[] = {
		{ 400, "{\"error\":\"invalid_grant\"}", OW_MISCONFIGURED },
		{ 401, "{\"error\":\"invalid_client\"}", OW_MISCONFIGURED },
		{ 404, "", OW_MISCONFIGURED },
		{ 200, "{}", OW_MISCONFIGURED },
		{ 200, "{\"access_token\":\"a\\r\\nb\",\"expires_in\":9}",
		    OW_MISCONFIGURED },
		{ 200, "{\"access_token\":\"a\",\"expires_in\":-1}",
		    OW_MISCONFIGURED },
		{ 503, "", OW_RETRY }, { 429, "", OW_RETRY },
	};
	struct ow_testhost *th = host_new();
	struct ow_job one = ow_testhost_job("key-1", TOKEN);
	struct ow_job two = ow_testhost_job("key-2", TOKEN);
	size_t n = sizeof(rows) / sizeof(rows[0]);

	for (size_t i = 0; i < n; i++) {
		ow_testhost_deliver(th, &one);
		ow_testhost_deliver(th, &two);
		ck_assert_uint_eq(ow_testhost_n_requests(th), i + 1);
		ow_testhost_reply(th, i, rows[i].status, NULL, 0,
		    rows[i].body);
		ck_assert_msg(ow_testhost_outcome(th, "key-1")->verdict ==
		    rows[i].verdict, "row %zu", i);
		ck_assert_int_eq(ow_testhost_outcome(th, "key-2")->verdict,
		    rows[i].verdict);
	}
	ow_testhost_deliver(th, &one);
	ow_testhost_fail(th, n, OW_ETIMEOUT, "no answer");
	ck_assert_int_eq(ow_testhost_outcome(th, "key-1")->verdict, OW_RETRY);
	host_done(th);
}
END_TEST

START_TEST(a_stale_token_is_replaced_once)
{
	struct ow_testhost *th = host_ready(true);
	struct ow_job one = ow_testhost_job("key-1", TOKEN);
	struct ow_job two = ow_testhost_job("key-2", TOKEN);
	static const char no[] = "{\"error\":{\"status\":"
	    "\"UNAUTHENTICATED\"}}";

	ow_testhost_deliver(th, &one);
	ow_testhost_deliver(th, &two);
	ow_testhost_reply(th, 2, 401, NULL, 0, no);
	ow_testhost_reply(th, 3, 401, NULL, 0, no);
	ck_assert_uint_eq(ow_testhost_n_requests(th), 5);
	give_token(th, 4, "ya29.two");
	ck_assert_uint_eq(ow_testhost_n_requests(th), 7);
	ow_testhost_reply(th, 5, 200, NULL, 0, "{}");
	/* Not again: it is no matter of the token then. */
	ow_testhost_reply(th, 6, 401, NULL, 0, no);
	ck_assert_uint_eq(ow_testhost_n_requests(th), 7);
	ck_assert_int_eq(ow_testhost_outcome(th, "key-1")->verdict +
	    ow_testhost_outcome(th, "key-2")->verdict,
	    OW_DELIVERED + OW_MISCONFIGURED);
	host_done(th);
}
END_TEST

/* ---- The message --------------------------------------------------------- */

START_TEST(a_message_says_the_notice_on_each_platform)
{
	struct ow_testhost *th = host_ready(true);
	struct ow_job job = ow_testhost_job("key-1", TOKEN);
	json_t *body;
	long until;

	job.urgency = OW_URGENCY_HIGH;
	job.receipt = "receipt-1";
	job.receipt_url = "https://ow.example/receipts";
	ow_testhost_deliver(th, &job);
	body = body_of(th, 2);
	ck_assert_str_eq(at(body, "message.token"), TOKEN);
	ck_assert_str_eq(at(body, "message.notification.title"), job.title);
	ck_assert_str_eq(at(body, "message.notification.body"), job.text);
	ck_assert_str_eq(at(body, "message.data.order_id"), "o-1");
	ck_assert_str_eq(at(body, "message.data.notice_id"), "n-1");
	ck_assert_str_eq(at(body, "message.data.topic"), "order.ready");
	ck_assert_str_eq(at(body, "message.data.url"), job.url);
	ck_assert_str_eq(at(body, "message.data.receipt"), "receipt-1");
	ck_assert_str_eq(at(body, "message.data.receipt_url"),
	    job.receipt_url);
	ck_assert_str_eq(at(body, "message.android.priority"), "HIGH");
	ck_assert_str_eq(at(body, "message.android.ttl"), "3600s");
	ck_assert_str_eq(at(body, "message.android.collapse_key"),
	    "order/o-1");
	ck_assert_str_eq(at(body, "message.android.notification.tag"),
	    "order/o-1");
	ck_assert_str_eq(at(body, "message.android.notification.channel_id"),
	    "orders");
	ck_assert_str_eq(at(body, "message.apns.headers.apns-priority"),
	    "10");
	until = atol(at(body, "message.apns.headers.apns-expiration"));
	ck_assert(labs(until - (long)time(NULL) - 3600) < 60);
	ck_assert_str_eq(at(body, "message.webpush.headers.TTL"), "3600");
	ck_assert_str_eq(at(body, "message.webpush.headers.Urgency"), "high");
	ck_assert_ptr_null(at(body, "message.webpush.headers.Topic"));
	ck_assert_str_eq(at(body, "message.webpush.fcm_options.link"),
	    job.url);
	json_decref(body);
	host_done(th);
}
END_TEST

START_TEST(a_message_without_the_rest_is_one_too)
{
	struct ow_testhost *th = host_ready(true);
	struct ow_job job = ow_testhost_job("key-1", TOKEN);
	json_t *body;

	job.group = "";
	job.url = "http://127.0.0.1/x";
	job.ttl_ms = INT64_C(1) << 50;
	ow_testhost_deliver(th, &job);
	body = body_of(th, 2);
	ck_assert_str_eq(at(body, "message.android.ttl"), "2419200s");
	ck_assert_ptr_null(at(body, "message.android.collapse_key"));
	ck_assert_ptr_null(at(body, "message.data.receipt"));
	ck_assert_ptr_null(at(body, "message.webpush.fcm_options.link"));
	json_decref(body);
	job.key = "key-2";
	job.text = "\xff\xfe";
	ow_testhost_deliver(th, &job);
	ck_assert_int_eq(ow_testhost_outcome(th, "key-2")->verdict,
	    OW_REJECTED);
	host_done(th);
}
END_TEST

/* ---- Answers ------------------------------------------------------------- */

#define ERROR(code, status, type, more) "{\"error\":{\"code\":" #code \
	",\"message\":\"m\",\"status\":\"" status "\",\"details\":[{" \
	"\"@type\":\"type.googleapis.com/google.rpc.Help\"},{\"@type\":\"" \
	type "\"," more "}]}}"
#define FCM(code, status, error) ERROR(code, status, FCM_ERROR, \
	"\"errorCode\":\"" error "\"")

START_TEST(each_answer_has_its_verdict)
{
	static const struct {
		int32_t status;
		const char *body;
		int32_t verdict;
		int64_t wait_ms;
	} rows[] = {
		{ 200, "{\"name\":\"projects/p/messages/1\"}", OW_DELIVERED,
		    0 },
		{ 404, FCM(404, "NOT_FOUND", "UNREGISTERED"), OW_GONE, 0 },
		{ 404, "<html>", OW_MISCONFIGURED, 0 },
		{ 403, FCM(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
		    OW_GONE, 0 },
		{ 403, "{\"error\":{\"status\":\"PERMISSION_DENIED\"}}",
		    OW_MISCONFIGURED, 0 },
		{ 400, FCM(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
		    OW_REJECTED, 0 },
		{ 400, ERROR(400, "INVALID_ARGUMENT", BAD_REQUEST,
		    "\"fieldViolations\":[{\"field\":\"message.token\"}]"),
		    OW_GONE, 0 },
		{ 400, ERROR(400, "INVALID_ARGUMENT", BAD_REQUEST,
		    "\"fieldViolations\":[{\"field\":\"message.data[0]\"}]"),
		    OW_REJECTED, 0 },
		{ 400, "{\"error\":{\"code\":400,\"message\":\"The "
		    "registration token is not a valid FCM registration "
		    "token\",\"status\":\"INVALID_ARGUMENT\",\"details\":[{"
		    "\"@type\":\"" FCM_ERROR "\",\"errorCode\":"
		    "\"INVALID_ARGUMENT\"}]}}", OW_GONE, 0 },
		{ 429, FCM(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
		    OW_RETRY, 60000 },
		{ 503, FCM(503, "UNAVAILABLE", "UNAVAILABLE"), OW_RETRY, 0 },
		{ 500, FCM(500, "INTERNAL", "INTERNAL"), OW_RETRY, 0 },
		{ 502, "<html>", OW_RETRY, 0 },
		{ 401, FCM(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
		    OW_MISCONFIGURED, 0 },
		{ 400, FCM(400, "INVALID_ARGUMENT", "SOMETHING_NEW"),
		    OW_REJECTED, 0 },
		{ 400, "{\"error\":{\"details\":\"x\"}}", OW_REJECTED, 0 },
		{ 400, "[[[", OW_REJECTED, 0 },
	};
	struct ow_testhost *th = host_ready(true);
	struct ow_job job = ow_testhost_job("key-1", TOKEN);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ow_testhost_outcome *o;

		ow_testhost_deliver(th, &job);
		ow_testhost_reply(th, 2 + i, rows[i].status, NULL, 0,
		    rows[i].body);
		o = ow_testhost_outcome(th, "key-1");
		ck_assert_msg(o->n_settled == 1 &&
		    o->verdict == rows[i].verdict, "row %zu: %d", i,
		    (int)o->verdict);
		ck_assert_int_eq(o->retry_after_ms, rows[i].wait_ms);
	}
	host_done(th);
}
END_TEST

START_TEST(the_providers_own_wait_counts)
{
	static const struct ow_header wait[] = { { "retry-after", "120" } };
	struct ow_testhost *th = host_ready(true);
	struct ow_job job = ow_testhost_job("key-1", TOKEN);

	ow_testhost_deliver(th, &job);
	ow_testhost_reply(th, 2, 429, wait, 1, FCM(429, "RESOURCE_EXHAUSTED",
	    "QUOTA_EXCEEDED"));
	ck_assert_int_eq(ow_testhost_outcome(th, "key-1")->retry_after_ms,
	    120000);
	host_done(th);
}
END_TEST

/* A wrong project would switch off every phone there is. */
START_TEST(another_senders_token_is_kept_while_we_are_unproven)
{
	struct ow_testhost *th = host_ready(false);
	struct ow_job job = ow_testhost_job("key-1", TOKEN);

	ow_testhost_deliver(th, &job);
	ow_testhost_reply(th, 2, 403, NULL, 0, FCM(403, "PERMISSION_DENIED",
	    "SENDER_ID_MISMATCH"));
	ck_assert_int_eq(ow_testhost_outcome(th, "key-1")->verdict, OW_RETRY);
	host_done(th);
}
END_TEST

/* ---- The rest ------------------------------------------------------------ */

START_TEST(an_address_is_a_registration_token)
{
	static const char *const bad[] = { "", "short",
		"with a blank 0123456789", "line\nbreak-0123456789",
		"{\"token\":\"0123456789012345\"}" };
	struct ow_testhost *th = host_new();
	struct ow_address a;
	char *huge = calloc(1, 4001);

	ck_assert_int_eq(ow_testhost_check(th, TOKEN, &a, NULL), OW_OK);
	ck_assert_str_eq(a.text, TOKEN);
	ck_assert_str_eq(a.hint, "fcm-to...");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(ow_testhost_check(th, bad[i], &a, NULL) ==
		    OW_EINVAL, "%s", bad[i]);
	memset(huge, 'a', 4000);
	ck_assert_int_eq(ow_testhost_check(th, huge, &a, NULL), OW_EINVAL);
	free(huge);
	host_done(th);
}
END_TEST

START_TEST(a_wrong_key_file_is_refused)
{
	static const char *const members[] = { "type", "client_email",
		"project_id", "token_uri", "private_key" };
	char *good = account_json(the_key), *text;
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	struct account *a = NULL;
	struct ow_fault f;
	json_t *json;

	ck_assert_int_eq(account_read(good, strlen(good), &a, &f), OW_OK);
	account_free(&a);
	ck_assert_int_eq(account_read("x", 1, &a, &f), OW_EINVAL);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		json = json_loads(good, 0, NULL);
		json_object_del(json, members[i]);
		text = json_dumps(json, 0);
		ck_assert_int_eq(account_read(text, strlen(text), &a, &f),
		    OW_EINVAL);
		ck_assert_ptr_nonnull(strstr(f.text, members[i]));
		ck_assert_ptr_null(strstr(f.text, "BEGIN"));
		free(text);
		json_decref(json);
	}
	text = account_json(ec);
	ck_assert_int_eq(account_read(text, strlen(text), &a, &f), OW_EINVAL);
	ck_assert_ptr_nonnull(strstr(f.text, "RSA"));
	ck_assert_ptr_null(a);
	EVP_PKEY_free(ec);
	free(text);
	free(good);
}
END_TEST

START_TEST(a_wrong_configuration_is_refused)
{
	static const struct {
		const char *options[4];
		const char *says;
	} rows[] = {
		{ { NULL }, "service_account" },
		{ { "service_account=", NULL }, "service_account" },
		{ { "service_account=/nowhere/at/all.json", NULL },
		    "/nowhere/at/all.json" },
		{ { "service_account=/dev/null", NULL }, "JSON" },
		{ { "service_account=/dev/zero", NULL }, "too long" },
		{ { "service_account=/x", "project=a/../b", NULL },
		    "project" },
		{ { "service_account=/x", "token_url=x", NULL },
		    "token_url" },
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

/* cancel() of a job that waits, of one that was sent, and stop() of both. */
START_TEST(cancel_drain_and_stop_settle_once_each)
{
	struct ow_testhost *th = host_new();
	struct ow_job one = ow_testhost_job("key-1", TOKEN);
	struct ow_job two = ow_testhost_job("key-2", TOKEN);

	ow_testhost_deliver(th, &one);
	ow_testhost_deliver(th, &two);
	ow_testhost_cancel(th, "key-1");
	ck_assert_uint_eq(ow_testhost_outcome(th, "key-1")->n_settled, 1);
	ck_assert(!ow_testhost_drain(th));
	give_token(th, 0, "ya29.one");
	ck_assert_uint_eq(ow_testhost_n_requests(th), 2);
	ow_testhost_cancel(th, "key-2");
	ck_assert(ow_testhost_request(th, 1)->cancelled);
	ck_assert(ow_testhost_drain(th));
	ow_testhost_free(&th);
	th = host_new();
	ow_testhost_deliver(th, &one);
	host_done(th);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("channel-fcm");
	TCase *t = tcase_create("fcm");
	SRunner *r;
	int failed;

	account_setup();
	tcase_add_test(t, the_token_is_asked_for_with_a_signed_assertion);
	tcase_add_test(t, jobs_wait_for_one_token);
	tcase_add_test(t, a_token_is_kept_until_shortly_before_its_end);
	tcase_add_test(t, a_refused_token_is_our_mistake);
	tcase_add_test(t, a_stale_token_is_replaced_once);
	tcase_add_test(t, a_message_says_the_notice_on_each_platform);
	tcase_add_test(t, a_message_without_the_rest_is_one_too);
	tcase_add_test(t, each_answer_has_its_verdict);
	tcase_add_test(t, the_providers_own_wait_counts);
	tcase_add_test(t,
	    another_senders_token_is_kept_while_we_are_unproven);
	tcase_add_test(t, an_address_is_a_registration_token);
	tcase_add_test(t, a_wrong_key_file_is_refused);
	tcase_add_test(t, a_wrong_configuration_is_refused);
	tcase_add_test(t, cancel_drain_and_stop_settle_once_each);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	account_teardown();
	return failed != 0;
}
