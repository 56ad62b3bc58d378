/* SPDX-License-Identifier: MIT */
/*
 * test_webpush - the channel between a scripted host, a scripted push service
 * and a browser that decrypts.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <orderwire/testhost.h>

#include "browser.h"

#define ENDPOINT "https://push.test/p/0123456789abcdef"
#define SUBSCRIPTION "{\"endpoint\":\"" ENDPOINT "\"," BROWSER_KEYS "}"
#define ONE BROWSER_SENDER ",\"kid\":\"one\"}"
#define TWO "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"two\"," \
	"\"x\":\"JXGyvs3942BVGq8e0PTNNmwRzr5VX4m8t7GGpTM5FzE\"," \
	"\"y\":\"aOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4\"," \
	"\"d\":\"" BROWSER_PRIVATE "\"}"

enum { M_CUT, M_LATE_PAIRS, M_SIGNED };

struct fixture {
	char folder[32], path[64], keys_file[96];
	struct ow_testhost *th;
	struct ow_address address;
};

static void
keys_write(const struct fixture *x, const char *jwks)
{
	int fd = open(x->path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dprintf(fd, "{\"keys\":[%s]}", jwks),
	    (int)strlen(jwks) + 11);
	close(fd);
}

static struct ow_testhost *
host_new(struct fixture *x, const char *hosts, struct ow_fault *f)
{
	const char *options[] = { x->keys_file,
	    "sub=mailto:push@cafe.example", hosts, "ca_file=/x/ca.pem", NULL };

	return ow_testhost_new(ow_plugin_query(OW_ABI), options, f);
}

static void
fixture_init(struct fixture *x)
{
	struct ow_fault f;

	memset(x, 0, sizeof(*x));
	strcpy(x->folder, "/tmp/webpush-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(x->folder));
	(void)snprintf(x->path, sizeof(x->path), "%s/keys.json", x->folder);
	(void)snprintf(x->keys_file, sizeof(x->keys_file), "keys_file=%s",
	    x->path);
	keys_write(x, ONE);
	x->th = host_new(x, "hosts=push.test", &f);
	ck_assert_msg(x->th != NULL, "%s", f.text);
	ck_assert_int_eq(ow_testhost_check(x->th, SUBSCRIPTION, &x->address,
	    &f), OW_OK);
}

/* Whatever a test did, no secret is in the log and no rule was broken. */
static void
fixture_done(struct fixture *x)
{
	const char *log = ow_testhost_log(x->th);

	ck_assert_str_eq(ow_testhost_complaints(x->th), "");
	ck_assert_ptr_null(strstr(log, "0123456789abcdef"));
	ck_assert_ptr_null(strstr(log, BROWSER_AUTH));
	ck_assert_ptr_null(strstr(log, "counter"));
	ow_testhost_free(&x->th);
	unlink(x->path);
	rmdir(x->folder);
}

static struct ow_job
job_of(const struct fixture *x, const char *key)
{
	return ow_testhost_job(key, x->address.text);
}

/* Its answer, with what the service said. */
static const struct ow_testhost_outcome *
answered(struct fixture *x, int status, const struct ow_header *header,
    const char *body)
{
	struct ow_job job = job_of(x, "k");
	size_t i = ow_testhost_n_requests(x->th);
	const struct ow_testhost_outcome *outcome;

	ow_testhost_deliver(x->th, &job);
	ow_testhost_reply(x->th, i, status, header, header ? 1 : 0, body);
	outcome = ow_testhost_outcome(x->th, "k");
	ck_assert_uint_eq(outcome->n_settled, 1);
	ck_assert_msg(!strstr(outcome->detail, "0123456789abcdef"), "%s",
	    outcome->detail);
	return outcome;
}

static void
opened(const struct ow_testhost_request *req, char text[SEAL_MAX])
{
	size_t n, pad;

	ck_assert_int_eq(browser_open(req->body.p, req->body.n, text, &n,
	    &pad), OW_OK);
	ck_assert_uint_eq((n + pad) % 256, 0);
}

/* ---- What is sent -------------------------------------------------------- */

START_TEST(a_notice_reaches_the_browser)
{
	const struct ow_testhost_request *req;
	struct fixture x;
	struct ow_job job;
	char text[SEAL_MAX];

	fixture_init(&x);
	job = job_of(&x, "k");
	ow_testhost_deliver(x.th, &job);
	ck_assert_uint_eq(ow_testhost_n_requests(x.th), 1);
	req = ow_testhost_request(x.th, 0);
	ck_assert_str_eq(req->method, "POST");
	ck_assert_str_eq(req->url, ENDPOINT);
	ck_assert_uint_eq(req->flags, OW_HTTP_FROM_USER);
	ck_assert_str_eq(req->ca_file, "/x/ca.pem");
	ck_assert_int_eq(req->timeout_ms, 20000);
	ck_assert_str_eq(ow_testhost_header(req, "Content-Encoding"),
	    "aes128gcm");
	ck_assert_str_eq(ow_testhost_header(req, "Content-Type"),
	    "application/octet-stream");
	ck_assert_str_eq(ow_testhost_header(req, "TTL"), "3600");
	ck_assert_str_eq(ow_testhost_header(req, "Urgency"), "normal");
	ck_assert_ptr_nonnull(strstr(ow_testhost_header(req, "Authorization"),
	    ", k=" BROWSER_SENDER_PUBLIC));
	opened(req, text);
	ck_assert_ptr_nonnull(strstr(text,
	    "\"title\":\"Your order is ready\""));
	ck_assert_ptr_nonnull(strstr(text,
	    "\"at\":\"2026-01-02T03:04:05.678Z\""));
	ow_testhost_reply(x.th, 0, 201, (const struct ow_header[]){
	    { "Location", "https://push.test/m/1" } }, 1, "");
	ck_assert_int_eq(ow_testhost_outcome(x.th, "k")->verdict,
	    OW_DELIVERED);
	ck_assert_str_eq(ow_testhost_outcome(x.th, "k")->ref,
	    "https://push.test/m/1");
	fixture_done(&x);
}
END_TEST

START_TEST(how_long_and_how_urgent_are_told)
{
	static const struct {
		int64_t ttl_ms;
		int32_t urgency;
		const char *ttl, *word;
	} rows[] = {
		{ 0, OW_URGENCY_LOW, "0", "low" },
		{ -1, OW_URGENCY_HIGH, "0", "high" },
		{ 1999, 77, "1", "normal" },
		{ 2419200000, OW_URGENCY_NORMAL, "2419200", "normal" },
		{ INT64_MAX, OW_URGENCY_NORMAL, "2419200", "normal" },
	};
	const struct ow_testhost_request *req;
	struct fixture x;
	size_t i;

	fixture_init(&x);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ow_job job = job_of(&x, "k");

		job.ttl_ms = rows[i].ttl_ms;
		job.urgency = rows[i].urgency;
		ow_testhost_deliver(x.th, &job);
		req = ow_testhost_request(x.th, i);
		ck_assert_str_eq(ow_testhost_header(req, "TTL"), rows[i].ttl);
		ck_assert_str_eq(ow_testhost_header(req, "Urgency"),
		    rows[i].word);
	}
	fixture_done(&x);
}
END_TEST

/* Would notice a topic that tells the service about orders, or that is not one
   of RFC 8030, 5.4. */
START_TEST(a_group_has_one_topic)
{
	static const char *const groups[] = { "order/o-1", "order/o-1",
	    "order/o-2", "" };
	const char *topics[4];
	struct fixture x;
	size_t i;

	fixture_init(&x);
	for (i = 0; i < 4; i++) {
		struct ow_job job = job_of(&x, "k");

		job.group = groups[i];
		ow_testhost_deliver(x.th, &job);
		topics[i] = ow_testhost_header(ow_testhost_request(x.th, i),
		    "Topic");
	}
	ck_assert_str_eq(topics[0], topics[1]);
	ck_assert_str_ne(topics[0], topics[2]);
	ck_assert_ptr_null(topics[3]);
	ck_assert_uint_eq(strlen(topics[0]), 32);
	ck_assert_uint_eq(strspn(topics[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_"), 32);
	fixture_done(&x);
}
END_TEST

/* Would notice a salt, a key pair or so a message that is used twice. */
START_TEST(every_message_has_its_own_keys_and_the_token_is_kept)
{
	const struct ow_testhost_request *a, *b;
	struct fixture x;
	struct ow_job job;
	int i;

	fixture_init(&x);
	for (i = 0; i < 700; i++) {
		job = job_of(&x, "k");
		ow_testhost_deliver(x.th, &job);
	}
	a = ow_testhost_request(x.th, 3);
	b = ow_testhost_request(x.th, 4);
	ck_assert_mem_ne(a->body.p, b->body.p, SEAL_SALT);
	ck_assert_mem_ne((const char *)a->body.p + SEAL_SALT + 5,
	    (const char *)b->body.p + SEAL_SALT + 5, P256_POINT);
	ck_assert_str_eq(ow_testhost_header(a, "Authorization"),
	    ow_testhost_header(b, "Authorization"));
	ck_assert_int_eq(ow_testhost_metric(x.th, M_SIGNED), 1);
	ck_assert_int_eq(ow_testhost_metric(x.th, M_LATE_PAIRS), 0);
	fixture_done(&x);
}
END_TEST

START_TEST(a_text_of_any_size_is_cut_to_one_record)
{
	const struct ow_testhost_request *req;
	char *text = malloc(100001), plain[SEAL_MAX];
	struct fixture x;
	struct ow_job job;
	size_t n, pad;

	memset(text, 'x', 100000);
	text[100000] = '\0';
	fixture_init(&x);
	job = job_of(&x, "k");
	job.text = text;
	ow_testhost_deliver(x.th, &job);
	req = ow_testhost_request(x.th, 0);
	ck_assert_uint_eq(req->body.n, SEAL_MAX);
	ck_assert_int_eq(browser_open(req->body.p, req->body.n, plain, &n,
	    &pad), OW_OK);
	ck_assert_ptr_nonnull(strstr(plain, "\"notice_id\":\"n-1\""));
	ck_assert_int_eq(ow_testhost_metric(x.th, M_CUT), 1);
	job = job_of(&x, "k2");
	job.url = text;
	ow_testhost_deliver(x.th, &job);
	ck_assert_uint_eq(ow_testhost_n_requests(x.th), 1);
	ck_assert_int_eq(ow_testhost_outcome(x.th, "k2")->verdict,
	    OW_REJECTED);
	fixture_done(&x);
	free(text);
}
END_TEST

/* ---- What is answered ---------------------------------------------------- */

START_TEST(each_answer_has_its_meaning)
{
	static const struct {
		int status;
		int32_t verdict;
		const char *words;
	} rows[] = {
		{ 200, OW_DELIVERED, "HTTP 200" },
		{ 201, OW_DELIVERED, "HTTP 201" },
		{ 202, OW_DELIVERED, "HTTP 202" },
		{ 301, OW_REJECTED, "elsewhere" },
		{ 307, OW_REJECTED, "elsewhere" },
		{ 400, OW_REJECTED, "malformed" },
		{ 401, OW_MISCONFIGURED, "VAPID" },
		{ 403, OW_MISCONFIGURED, "VAPID" },
		{ 404, OW_GONE, "not there" },
		{ 405, OW_REJECTED, "refuses" },
		{ 408, OW_RETRY, "not wait" },
		{ 410, OW_GONE, "expired" },
		{ 413, OW_REJECTED, "too large" },
		{ 429, OW_RETRY, "patience" },
		{ 500, OW_RETRY, "trouble" },
		{ 502, OW_RETRY, "trouble" },
		{ 503, OW_RETRY, "trouble" },
		{ 504, OW_RETRY, "trouble" },
	};
	const struct ow_testhost_outcome *outcome;
	struct fixture x;
	size_t i;

	fixture_init(&x);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		outcome = answered(&x, rows[i].status, NULL, "");
		ck_assert_msg(outcome->verdict == rows[i].verdict, "%d: %d",
		    rows[i].status, outcome->verdict);
		ck_assert_msg(strstr(outcome->detail, rows[i].words) != NULL,
		    "%d: %s", rows[i].status, outcome->detail);
		ck_assert_int_eq(outcome->retry_after_ms, 0);
	}
	fixture_done(&x);
}
END_TEST

START_TEST(the_service_says_how_long_to_wait)
{
	static const struct ow_header wait = { "retry-after", "120" };
	struct fixture x;

	fixture_init(&x);
	ck_assert_int_eq(answered(&x, 429, &wait, "")->retry_after_ms,
	    120000);
	ck_assert_int_eq(answered(&x, 503, &wait, "")->retry_after_ms,
	    120000);
	ck_assert_int_eq(answered(&x, 410, &wait, "")->retry_after_ms, 0);
	fixture_done(&x);
}
END_TEST

/* Would notice one hostile subscription that stops the channel for all. */
START_TEST(a_subscription_of_another_key_is_not_our_fault)
{
	static const struct {
		int status;
		const char *body;
		int32_t verdict;
	} rows[] = {
		{ 403, "the VAPID credentials in the authorization header do "
		    "not correspond to the credentials used to create the "
		    "subscriptions.", OW_REJECTED },
		{ 401, "{\"code\":401,\"errno\":109,\"error\":\"Unauthorized\","
		    "\"message\":\"VAPID public key mismatch\"}",
		    OW_REJECTED },
		{ 400, "{\"reason\":\"VapidPkHashMismatch\"}", OW_REJECTED },
		{ 403, "{\"reason\":\"BadJwtToken\"}", OW_MISCONFIGURED },
		{ 500, "mismatch", OW_RETRY },
	};
	struct fixture x;
	size_t i;

	fixture_init(&x);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_int_eq(answered(&x, rows[i].status, NULL,
		    rows[i].body)->verdict, rows[i].verdict);
	fixture_done(&x);
}
END_TEST

START_TEST(what_a_service_says_is_quoted_without_addresses)
{
	const struct ow_testhost_outcome *outcome;
	struct fixture x;
	char *body = malloc(60001);

	fixture_init(&x);
	outcome = answered(&x, 400, NULL, "bad\r\nvapid " ENDPOINT " see "
	    "0123456789012345678901234567890123456789x \x01\xff");
	ck_assert_str_eq(outcome->detail, "HTTP 400, the push service finds "
	    "the request malformed: bad vapid see");
	memset(body, 'y', 60000);
	body[60000] = '\0';
	ck_assert_uint_lt(strlen(answered(&x, 400, NULL, body)->detail), 240);
	for (int i = 0; i < 60000; i += 2)
		body[i] = ' ';
	ck_assert_uint_lt(strlen(answered(&x, 400, NULL, body)->detail), 240);
	free(body);
	fixture_done(&x);
}
END_TEST

START_TEST(no_answer_is_tried_again_but_a_private_address_is_not)
{
	static const struct {
		int err;
		int32_t verdict;
		const char *detail;
	} rows[] = {
		{ OW_ETIMEOUT, OW_RETRY, "no answer: timed out" },
		{ OW_EIO, OW_RETRY, "no answer: timed out" },
		{ OW_EAGAIN, OW_RETRY, "no answer: timed out" },
		{ OW_EDENIED, OW_REJECTED, "the endpoint lies in a network "
		    "that is not public: timed out" },
	};
	const struct ow_testhost_outcome *outcome;
	struct fixture x;
	struct ow_job job;
	size_t i;

	fixture_init(&x);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		job = job_of(&x, "k");
		ow_testhost_deliver(x.th, &job);
		ow_testhost_fail(x.th, i, rows[i].err, "timed out");
		outcome = ow_testhost_outcome(x.th, "k");
		ck_assert_int_eq(outcome->verdict, rows[i].verdict);
		ck_assert_str_eq(outcome->detail, rows[i].detail);
	}
	fixture_done(&x);
}
END_TEST

/* ---- Time ---------------------------------------------------------------- */

START_TEST(a_job_that_is_given_up_is_settled_once)
{
	struct fixture x;
	struct ow_job job;

	fixture_init(&x);
	job = job_of(&x, "late");
	job.deadline_ms = ow_testhost_now_ms(x.th) + 5000;
	ow_testhost_deliver(x.th, &job);
	ck_assert_int_eq(ow_testhost_request(x.th, 0)->timeout_ms, 5000);
	job = job_of(&x, "other");
	ow_testhost_deliver(x.th, &job);
	ow_testhost_advance(x.th, 4999);
	ck_assert_uint_eq(ow_testhost_outcome(x.th, "late")->n_settled, 0);
	ow_testhost_advance(x.th, 1);
	ck_assert_uint_eq(ow_testhost_outcome(x.th, "late")->n_settled, 1);
	ck_assert_int_eq(ow_testhost_outcome(x.th, "late")->verdict,
	    OW_RETRY);
	ck_assert(ow_testhost_request(x.th, 0)->cancelled);
	ck_assert(!ow_testhost_request(x.th, 1)->cancelled);
	ow_testhost_reply(x.th, 1, 201, NULL, 0, "");
	job = job_of(&x, "past");
	job.deadline_ms = ow_testhost_now_ms(x.th);
	ow_testhost_deliver(x.th, &job);
	ck_assert_int_eq(ow_testhost_outcome(x.th, "past")->verdict,
	    OW_RETRY);
	ck_assert_uint_eq(ow_testhost_n_requests(x.th), 2);
	fixture_done(&x);
}
END_TEST

START_TEST(draining_waits_for_what_is_on_its_way)
{
	struct fixture x;
	struct ow_job job;

	fixture_init(&x);
	job = job_of(&x, "a");
	ow_testhost_deliver(x.th, &job);
	job = job_of(&x, "b");
	ow_testhost_deliver(x.th, &job);
	ck_assert(!ow_testhost_drain(x.th));
	ow_testhost_reply(x.th, 0, 201, NULL, 0, "");
	ck_assert(!ow_testhost_drain(x.th));
	ow_testhost_cancel(x.th, "b");
	ck_assert(ow_testhost_drain(x.th));
	fixture_done(&x);
	fixture_init(&x);
	ck_assert(ow_testhost_drain(x.th));
	job = job_of(&x, "c");
	ow_testhost_deliver(x.th, &job);	/* stop() in the middle */
	fixture_done(&x);
}
END_TEST

/* ---- Keys ---------------------------------------------------------------- */

static void
host_again(struct fixture *x, const char *jwks, const char *hosts)
{
	struct ow_fault f;

	ow_testhost_free(&x->th);
	keys_write(x, jwks);
	x->th = host_new(x, hosts, &f);
	ck_assert_msg(x->th != NULL, "%s", f.text);
}

/* Would notice a subscriber who is lost when the keys change. */
START_TEST(an_old_subscription_is_signed_with_its_own_key)
{
	const struct ow_testhost_request *req;
	struct ow_address newer;
	struct fixture x;
	struct ow_job job;
	const struct ow_channel *channel;

	fixture_init(&x);
	channel = ow_testhost_channel(x.th);
	ck_assert_str_eq(channel->public_key(ow_testhost_self(x.th)),
	    BROWSER_SENDER_PUBLIC);
	host_again(&x, TWO "," ONE, "hosts=push.test");
	ck_assert_str_eq(channel->public_key(ow_testhost_self(x.th)),
	    BROWSER_P256DH);
	ck_assert_int_eq(ow_testhost_check(x.th, SUBSCRIPTION, &newer, NULL),
	    OW_OK);
	job = job_of(&x, "old");
	ow_testhost_deliver(x.th, &job);
	job.address = newer.text;
	job.key = "new";
	ow_testhost_deliver(x.th, &job);
	req = ow_testhost_request(x.th, 0);
	ck_assert_ptr_nonnull(strstr(ow_testhost_header(req, "Authorization"),
	    ", k=" BROWSER_SENDER_PUBLIC));
	req = ow_testhost_request(x.th, 1);
	ck_assert_ptr_nonnull(strstr(ow_testhost_header(req, "Authorization"),
	    ", k=" BROWSER_P256DH));
	ck_assert_int_eq(ow_testhost_metric(x.th, M_SIGNED), 2);
	fixture_done(&x);
}
END_TEST

START_TEST(what_cannot_be_sent_is_rejected_in_words)
{
	const struct ow_testhost_outcome *outcome;
	struct fixture x;
	struct ow_job job;

	fixture_init(&x);
	host_again(&x, TWO, "hosts=push.test");
	job = job_of(&x, "k");
	ow_testhost_deliver(x.th, &job);
	outcome = ow_testhost_outcome(x.th, "k");
	ck_assert_int_eq(outcome->verdict, OW_REJECTED);
	ck_assert_ptr_nonnull(strstr(outcome->detail, "keys_file"));
	host_again(&x, ONE, "hosts=other.test");
	ow_testhost_deliver(x.th, &job);
	outcome = ow_testhost_outcome(x.th, "k");
	ck_assert_int_eq(outcome->verdict, OW_REJECTED);
	ck_assert_ptr_nonnull(strstr(outcome->detail, "hosts"));
	job.address = "{}";
	job.key = "k2";
	ow_testhost_deliver(x.th, &job);
	ck_assert_int_eq(ow_testhost_outcome(x.th, "k2")->verdict,
	    OW_REJECTED);
	ck_assert_uint_eq(ow_testhost_n_requests(x.th), 0);
	fixture_done(&x);
}
END_TEST

START_TEST(a_subscription_is_checked_before_it_is_taken)
{
	struct ow_address out;
	struct ow_fault f;
	struct fixture x;

	fixture_init(&x);
	ck_assert_int_eq(ow_testhost_check(x.th, "{\"endpoint\":"
	    "\"https://evil.test/\"," BROWSER_KEYS "}", &out, &f), OW_EINVAL);
	ck_assert_ptr_nonnull(strstr(f.text, "push service"));
	ck_assert_str_eq(x.address.hint, "push.test");
	ck_assert_str_eq(x.address.identity, ENDPOINT);
	fixture_done(&x);
}
END_TEST

/* ---- Life ---------------------------------------------------------------- */

START_TEST(bad_options_are_refused)
{
	static const char *const rows[][2] = {
		{ "keys_file=keys.json", "absolute" },
		{ "sub=push@cafe.example", "sub" },
		{ "sub=mailto:x", "sub" },
		{ "sub=https://", "sub" },
		{ "sub=mailto:a\"@b", "sub" },
		{ "sub=mailto:a b@c", "sub" },
		{ "hosts=", "hosts" },
		{ "hosts=https://x", "hosts" },
		{ "timeout_ms=1ms", "timeout_ms" },
		{ "colour=red", "colour" },
	};
	const char *options[] = { "keys_file=/nowhere/keys.json",
	    "sub=mailto:push@cafe.example", NULL, NULL };
	struct ow_fault f;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		options[2] = rows[i][0];
		ck_assert_ptr_null(ow_testhost_new(ow_plugin_query(OW_ABI),
		    options, &f));
		ck_assert_msg(strstr(f.text, rows[i][1]) != NULL, "%s: %s",
		    rows[i][0], f.text);
	}
	options[1] = NULL;
	ck_assert_ptr_null(ow_testhost_new(ow_plugin_query(OW_ABI), options,
	    &f));
	ck_assert_str_eq(f.text, "'sub' is missing");
}
END_TEST

START_TEST(a_start_that_fails_can_be_stopped)
{
	struct fixture x;
	struct ow_fault f;

	fixture_init(&x);
	keys_write(&x, "{}");
	ck_assert_ptr_null(host_new(&x, "hosts=*", &f));
	ck_assert_ptr_nonnull(strstr(f.text, x.path));
	unlink(x.path);
	ck_assert_ptr_null(host_new(&x, "hosts=*", &f));
	ck_assert_ptr_nonnull(strstr(f.text, "No such file"));
	fixture_done(&x);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("webpush");
	TCase *tc = tcase_create("webpush");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_notice_reaches_the_browser);
	tcase_add_test(tc, how_long_and_how_urgent_are_told);
	tcase_add_test(tc, a_group_has_one_topic);
	tcase_add_test(tc,
	    every_message_has_its_own_keys_and_the_token_is_kept);
	tcase_add_test(tc, a_text_of_any_size_is_cut_to_one_record);
	tcase_add_test(tc, each_answer_has_its_meaning);
	tcase_add_test(tc, the_service_says_how_long_to_wait);
	tcase_add_test(tc, a_subscription_of_another_key_is_not_our_fault);
	tcase_add_test(tc, what_a_service_says_is_quoted_without_addresses);
	tcase_add_test(tc,
	    no_answer_is_tried_again_but_a_private_address_is_not);
	tcase_add_test(tc, a_job_that_is_given_up_is_settled_once);
	tcase_add_test(tc, draining_waits_for_what_is_on_its_way);
	tcase_add_test(tc, an_old_subscription_is_signed_with_its_own_key);
	tcase_add_test(tc, what_cannot_be_sent_is_rejected_in_words);
	tcase_add_test(tc, a_subscription_is_checked_before_it_is_taken);
	tcase_add_test(tc, bad_options_are_refused);
	tcase_add_test(tc, a_start_that_fails_can_be_stopped);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
