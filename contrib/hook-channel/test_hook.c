/* SPDX-License-Identifier: MIT */
/*
 * test_hook - channel-hook against the test host: no server, no network, no
 * clock.  Says what broke and returns 1, or returns 0.
 */
#include <orderwire/testhost.h>

#define URL "https://chat.example/hooks/s3cret"

static unsigned int n_failed;

#define CHECK(what)							\
	do {								\
		if (!(what)) {						\
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, \
			    __LINE__, #what);				\
			n_failed++;					\
		}							\
	} while (0)

static const char *const options[] = { "url=" URL, NULL };

static struct ow_testhost *
host_new(void)
{
	struct ow_fault f;
	struct ow_testhost *th;

	th = ow_testhost_new(ow_plugin_query(OW_ABI), options, &f);
	if (!th) {
		fprintf(stderr, "the plugin was refused: %s\n", f.text);
		exit(1);
	}
	return th;
}

/* The URL is a secret; the complaints are what no host allows. */
static void
host_done(struct ow_testhost *th)
{
	if (*ow_testhost_complaints(th)) {
		fputs(ow_testhost_complaints(th), stderr);
		n_failed++;
	}
	CHECK(!strstr(ow_testhost_log(th), "s3cret"));
	ow_testhost_free(&th);
}

static void
a_notice_is_posted(void)
{
	struct ow_testhost *th = host_new();
	struct ow_job job = ow_testhost_job("key-1", "room");
	const struct ow_testhost_request *r;

	job.title = "Order \"42\"";
	job.text = "is\nready";
	ow_testhost_deliver(th, &job);
	r = ow_testhost_request(th, 0);
	CHECK(!strcmp(r->method, "POST"));
	CHECK(!strcmp(r->url, URL));
	CHECK(!strcmp((const char *)r->body.p, "{\"text\":\"Order \\\"42\\\""
	    "\\nis\\u000aready\\nhttps://shop.example/orders/o-1\"}"));
	ow_testhost_reply(th, 0, 200, NULL, 0, "ok");
	CHECK(ow_testhost_outcome(th, "key-1")->verdict == OW_DELIVERED);
	CHECK(ow_testhost_outcome(th, "key-1")->n_settled == 1);
	host_done(th);
}

static void
each_answer_has_its_verdict(void)
{
	static const int32_t rows[][2] = {
		{ 200, OW_DELIVERED }, { 400, OW_REJECTED },
		{ 403, OW_MISCONFIGURED }, { 404, OW_MISCONFIGURED },
		{ 410, OW_MISCONFIGURED }, { 429, OW_RETRY },
		{ 500, OW_RETRY },
	};
	static const struct ow_header wait[] = { { "Retry-After", "9" } };
	struct ow_testhost *th = host_new();
	struct ow_job job = ow_testhost_job("key-1", "room");
	size_t n = sizeof(rows) / sizeof(rows[0]);

	for (size_t i = 0; i < n; i++) {
		ow_testhost_deliver(th, &job);
		ow_testhost_reply(th, i, rows[i][0], wait, 1, "");
		CHECK(ow_testhost_outcome(th, "key-1")->verdict == rows[i][1]);
		CHECK(rows[i][1] != OW_RETRY || ow_testhost_outcome(th,
		    "key-1")->retry_after_ms == 9000);
	}
	ow_testhost_deliver(th, &job);
	ow_testhost_fail(th, n, OW_ETIMEOUT, "no answer");
	CHECK(ow_testhost_outcome(th, "key-1")->verdict == OW_RETRY);
	host_done(th);
}

static void
what_takes_too_long_is_given_up(void)
{
	struct ow_testhost *th = host_new();
	struct ow_job job = ow_testhost_job("key-1", "room");

	job.deadline_ms = ow_testhost_now_ms(th) + 5000;
	ow_testhost_deliver(th, &job);
	CHECK(!ow_testhost_drain(th));
	ow_testhost_advance(th, 5000);
	CHECK(ow_testhost_request(th, 0)->cancelled);
	CHECK(ow_testhost_outcome(th, "key-1")->n_settled == 1);
	CHECK(ow_testhost_outcome(th, "key-1")->verdict == OW_RETRY);
	CHECK(ow_testhost_drain(th));
	job.deadline_ms = ow_testhost_now_ms(th);
	job.key = "key-2";
	ow_testhost_deliver(th, &job);
	CHECK(ow_testhost_n_requests(th) == 1);
	CHECK(ow_testhost_outcome(th, "key-2")->verdict == OW_RETRY);
	host_done(th);
}

static void
there_is_one_address(void)
{
	struct ow_testhost *th = host_new();
	struct ow_address a;

	CHECK(!strcmp(ow_testhost_channel(th)->own_address(
	    ow_testhost_self(th)), "room"));
	CHECK(ow_testhost_check(th, "room", &a, NULL) == OW_OK);
	CHECK(!strcmp(a.identity, "room"));
	CHECK(ow_testhost_check(th, "elsewhere", &a, NULL) == OW_EINVAL);
	CHECK(ow_testhost_check(th, "", &a, NULL) == OW_EINVAL);
	host_done(th);
}

static void
a_wrong_configuration_is_refused(void)
{
	static const char *const none[] = { NULL };
	static const char *const wrong[] = { "url=s3cret", NULL };
	struct ow_fault f;

	CHECK(!ow_testhost_new(ow_plugin_query(OW_ABI), none, &f));
	CHECK(!ow_testhost_new(ow_plugin_query(OW_ABI), wrong, &f));
	CHECK(strstr(f.text, "url") && !strstr(f.text, "s3cret"));
}

/* With a sanitizer (`make check-san`) whatever is left over is a leak. */
static void
stop_forgets_what_is_on_its_way(void)
{
	struct ow_testhost *th = host_new();
	struct ow_job one = ow_testhost_job("key-1", "room");
	struct ow_job two = ow_testhost_job("key-2", "room");

	ow_testhost_deliver(th, &one);
	ow_testhost_deliver(th, &two);
	host_done(th);
}

int
main(void)
{
	a_notice_is_posted();
	each_answer_has_its_verdict();
	what_takes_too_long_is_given_up();
	there_is_one_address();
	a_wrong_configuration_is_refused();
	stop_forgets_what_is_on_its_way();
	printf("channel-hook: %s\n", n_failed ? "failed" : "good");
	return n_failed != 0;
}
