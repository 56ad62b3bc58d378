/* SPDX-License-Identifier: MIT */
/*
 * Providers' hooks, the page to unsubscribe, and an admin's look at jobs.
 * Requests, desk and outbox are played by the test.
 */
#include "api_fixture.h"

#include "notify/token.h"
#include "outbox/job.h"

/* ---- Hooks -------------------------------------------------------------- */

static void
hook_answer(int status, const char *type, const char *body)
{
	struct hook *h = hook;

	hook = NULL;
	h->status = status;
	h->content_type = type;
	h->answer.p = body;
	h->answer.n = strlen(body);
	h->done(h);
}

START_TEST(a_hook_arrives_whole)
{
	struct request r = { .method = "POST", .path = "/hooks/sms/twilio",
	    .query = "a=1&b=%20", .body = "From=%2B49",
	    .type = "application/x-www-form-urlencoded" };

	api_request(api, &r);
	ck_assert_str_eq(hook->kind, "sms");
	ck_assert_str_eq(hook->name, "twilio");
	ck_assert_str_eq(hook->method, "POST");
	ck_assert_str_eq(hook->url, "https://t/hooks/sms/twilio?a=1&b=%20");
	ck_assert_str_eq(hook->query, "a=1&b=%20");
	ck_assert_uint_eq(hook->body.n, strlen(r.body));
	ck_assert_mem_eq(hook->body.p, r.body, hook->body.n);
	ck_assert_uint_eq(hook->n_headers, 1);
	ck_assert_str_eq(hook->headers[0].name, "Content-Type");
	hook_answer(200, "text/xml", "<Response/>");
	ck_assert_int_eq(r.status, 200);
	ck_assert_str_eq(r.answer_type, "text/xml");
	ck_assert_str_eq(r.answer, "<Response/>");
	r.query = NULL;
	r.method = "GET";
	api_request(api, &r);
	ck_assert_str_eq(hook->url, "https://t/hooks/sms/twilio");
	hook_answer(204, NULL, "");
	ck_assert_int_eq(r.status, 204);
}
END_TEST

/* A provider signs the address that it was given.  A breach: it is called at
   what we made of that, and every signature of it is bad. */
START_TEST(a_signature_is_over_what_was_called)
{
	struct request r = { .method = "POST",
	    .path = "/hooks/sms/caf\xc3\xa9 a\x1f" "b",
	    .raw_path = "/hooks/sms/caf%C3%A9%20a%2Fb", .query = "a=%20" };

	api_request(api, &r);
	ck_assert_str_eq(hook->name, "caf\xc3\xa9 a/b");
	ck_assert_str_eq(hook->url,
	    "https://t/hooks/sms/caf%C3%A9%20a%2Fb?a=%20");
	hook_answer(204, NULL, "");
}
END_TEST

START_TEST(refused_hooks_are_problems)
{
	struct request r = { .method = "POST", .path = "/hooks/sms/none" };

	api_request(api, &r);
	hook_answer(0, NULL, "");
	ck_assert_int_eq(r.status, 404);
	ck_assert_ptr_nonnull(strstr(r.answer, "no_channel"));
	api_request(api, &r);
	hook_answer(401, NULL, "");
	ck_assert_int_eq(r.status, 401);
	ck_assert_ptr_nonnull(strstr(r.headers, "WWW-Authenticate"));
	ck_assert_ptr_nonnull(strstr(r.answer, "unauthorized"));
	api_request(api, &r);
	hook_answer(403, "text/plain", "no");
	ck_assert_int_eq(r.status, 403);
	ck_assert_str_eq(r.answer, "no");
}
END_TEST

/* ---- Unsubscribing ------------------------------------------------------ */

static char path[1100];

static void
make_path(const char *payload, const char *purpose)
{
	char token[TOKEN_TEXT_SIZE];
	struct token_key key;

	token_key_init(&key, SECRET, purpose);
	ck_assert_int_eq(token_make(&key, payload, token), OW_OK);
	(void)snprintf(path, sizeof(path), "/unsubscribe/%s", token);
}

START_TEST(looking_unsubscribes_nobody)
{
	struct request r = { .method = "GET", .path = path };

	make_path("cafe\nann\nemail", "unsubscribe");
	api_request(api, &r);
	ck_assert_ptr_null(command);
	ck_assert_int_eq(r.status, 200);
	ck_assert_str_eq(r.answer_type, "text/html; charset=utf-8");
	ck_assert_ptr_nonnull(strstr(r.answer, "<form method=\"post\">"));
	ck_assert_ptr_nonnull(strstr(r.answer, "e-mails"));
	ck_assert_ptr_nonnull(strstr(r.headers, "Content-Security-Policy: "
	    "default-src 'none'"));
	ck_assert_ptr_nonnull(strstr(r.headers, "Referrer-Policy: "
	    "no-referrer"));
}
END_TEST

START_TEST(bad_tokens_get_a_page_without_a_button)
{
	struct request r = { .method = "GET", .path = path };
	int i;

	for (i = 0; i < 4; i++) {
		make_path(i == 1 ? "cafe\nann\npigeon" : i == 2 ? "email" :
		    "cafe\nann\nemail", i == 0 ? "receipt" : "unsubscribe");
		if (i == 3)
			path[20] ^= 1;
		if (i == 2)	/* no person at all */
			continue;
		api_request(api, &r);
		ck_assert_ptr_null(command);
		ck_assert_int_eq(r.status, 401);
		ck_assert_ptr_null(strstr(r.answer, "<form"));
	}
}
END_TEST

/* The longest names that a token of ours can speak of. */
START_TEST(long_tokens_are_found)
{
	struct request r = { .method = "POST", .path = path,
	    .body = "List-Unsubscribe=One-Click" };
	char *payload = mem_printf("%0128d\n%0128d\nwebhook", 1, 2);

	make_path(payload, "unsubscribe");
	api_request(api, &r);
	ck_assert_ptr_nonnull(command);
	ck_assert_str_eq(command->token, path + strlen("/unsubscribe/"));
	answer(200, "{}", 0);
	free(payload);
}
END_TEST

START_TEST(posting_unsubscribes_programs_and_people)
{
	struct request r = { .method = "POST", .path = path,
	    .body = "List-Unsubscribe=One-Click",
	    .type = "application/x-www-form-urlencoded" };

	make_path("cafe\nann\nemail", "unsubscribe");
	api_request(api, &r);
	ck_assert_int_eq(command->kind, CMD_UNSUBSCRIBE);
	ck_assert_ptr_null(command->tenant);
	ck_assert_ptr_null(command->who);
	answer(200, "{\"unsubscribed\":\"email\"}", 0);
	ck_assert_int_eq(r.status, 200);
	ck_assert_str_eq(r.answer_type, "application/json");
	r.accept = "text/html,application/xhtml+xml,*/*;q=0.8";
	api_request(api, &r);
	answer(200, "{}", 0);
	ck_assert_int_eq(r.status, 200);
	ck_assert_ptr_nonnull(strstr(r.answer, "You are unsubscribed"));
	ck_assert_ptr_null(strstr(r.answer, "<form"));
	api_request(api, &r);
	answer(503, "", 0);
	ck_assert_int_eq(r.status, 503);
	ck_assert_ptr_nonnull(strstr(r.answer, "<form"));
	ck_assert_ptr_nonnull(strstr(r.headers, "Retry-After"));
	api_request(api, &r);
	answer(401, "", 0);
	ck_assert_int_eq(r.status, 401);
	r.accept = NULL;
	api_request(api, &r);
	answer(401, "", 0);
	ck_assert_int_eq(r.status, 401);
	ck_assert_str_eq(r.answer_type, "application/problem+json");
}
END_TEST

/* ---- Jobs --------------------------------------------------------------- */

static void
ask_answer(int status, const char *body)
{
	struct outbox_ask *a = asked;

	asked = NULL;
	a->status = status;
	if (status >= 400) {
		a->code = "some_code";
		(void)snprintf(a->detail, sizeof(a->detail), "%s", body);
	} else {
		buf_str(&a->body, body);
	}
	a->done(a);
}

START_TEST(jobs_are_listed_by_what_is_asked)
{
	struct request r = { .method = "GET", .path = "/admin/jobs" };
	char cursor[B64_SIZE(ID_SIZE)];

	r.token = token_of("admin", "root", "*");
	api_request(api, &r);
	ck_assert_int_eq(asked->kind, OUTBOX_JOBS);
	ck_assert_str_eq(asked->state, "");
	ck_assert_str_eq(asked->channel, "");
	ck_assert_str_eq(asked->tenant, "");
	ck_assert_str_eq(asked->before, "");
	ck_assert_int_eq(asked->limit, 50);
	ask_answer(200, "{\"data\":[]}");
	ck_assert_str_eq(r.answer, "{\"data\":[]}");
	b64url_encode(ID, ID_SIZE - 1, cursor);
	r.params[0][0] = "state";
	r.params[0][1] = "parked";
	r.params[1][0] = "channel";
	r.params[1][1] = "sms";
	r.params[2][0] = "tenant";
	r.params[2][1] = "cafe";
	r.params[3][0] = "cursor";
	r.params[3][1] = cursor;
	r.params[4][0] = "limit";
	r.params[4][1] = "200";
	api_request(api, &r);
	ck_assert_str_eq(asked->state, "parked");
	ck_assert_str_eq(asked->channel, "sms");
	ck_assert_str_eq(asked->tenant, "cafe");
	ck_assert_str_eq(asked->before, ID);
	ck_assert_int_eq(asked->limit, 200);
	ask_answer(503, "away");
	ck_assert_int_eq(r.status, 503);
	r.answers = 0;
	r.params[0][1] = "lost";
	refused(&r, 422, "state");
	r.params[0][1] = "due";
	r.params[3][1] = "x";
	refused(&r, 422, "cursor");
	r.params[3][1] = cursor;
	r.params[4][1] = "201";
	refused(&r, 422, "limit");
}
END_TEST

START_TEST(jobs_are_for_admins)
{
	static const char *const calls[][2] = {
		{ "GET", "/admin/jobs" }, { "GET", "/admin/jobs/" ID },
		{ "POST", "/admin/jobs/" ID "/retry" },
	};
	struct request r;
	size_t i;

	for (i = 0; i < 3; i++) {
		r = (struct request){ .method = calls[i][0],
		    .path = calls[i][1] };
		refused(&r, 401, "token_missing");
		r.token = token_of("service", "svc", "cafe");
		refused(&r, 403, "forbidden");
		r.token = "made-up";
		refused(&r, 401, "token_invalid");
		ck_assert_ptr_null(asked);
	}
}
END_TEST

START_TEST(a_job_is_shown_and_sent_again)
{
	struct request r = { .method = "GET", .path = "/admin/jobs/" ID };

	r.token = token_of("admin", "root", "*");
	api_request(api, &r);
	ck_assert_int_eq(asked->kind, OUTBOX_JOB);
	ck_assert_str_eq(asked->id, ID);
	ask_answer(404, "there is no such job");
	ck_assert_int_eq(r.status, 404);
	ck_assert_ptr_nonnull(strstr(r.answer, "there is no such job"));
	r.method = "POST";
	r.path = "/admin/jobs/" ID "/retry";
	api_request(api, &r);
	ck_assert_int_eq(asked->kind, OUTBOX_RETRY);
	ck_assert_str_eq(asked->id, ID);
	ask_answer(200, "{\"job\":{}}");
	ck_assert_int_eq(r.status, 200);
}
END_TEST

/* A breach: one tenant's admin sees, or sends again, what is another's. */
START_TEST(an_admin_asks_about_its_own_tenant)
{
	struct request r = { .method = "GET", .path = "/admin/jobs" };

	r.token = token_of("admin", "root", "cafe");
	api_request(api, &r);
	ck_assert_str_eq(asked->tenant, "cafe");
	ask_answer(200, "{\"data\":[]}");
	r.params[0][0] = "tenant";
	r.params[0][1] = "cafe";
	api_request(api, &r);
	ck_assert_str_eq(asked->tenant, "cafe");
	ask_answer(200, "{\"data\":[]}");
	r.answers = 0;
	r.params[0][1] = "diner";
	refused(&r, 403, "wrong_tenant");
	ck_assert_ptr_null(asked);
	r.params[0][0] = NULL;
	r.path = "/admin/jobs/" ID;
	api_request(api, &r);
	ck_assert_str_eq(asked->tenant, "cafe");
	ask_answer(200, "{}");
	r.method = "POST";
	r.path = "/admin/jobs/" ID "/retry";
	api_request(api, &r);
	ck_assert_str_eq(asked->tenant, "cafe");
	ask_answer(200, "{}");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hook");
	TCase *tc = tcase_create("hook");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_hook_arrives_whole);
	tcase_add_test(tc, a_signature_is_over_what_was_called);
	tcase_add_test(tc, refused_hooks_are_problems);
	tcase_add_test(tc, looking_unsubscribes_nobody);
	tcase_add_test(tc, bad_tokens_get_a_page_without_a_button);
	tcase_add_test(tc, long_tokens_are_found);
	tcase_add_test(tc, posting_unsubscribes_programs_and_people);
	tcase_add_test(tc, jobs_are_listed_by_what_is_asked);
	tcase_add_test(tc, jobs_are_for_admins);
	tcase_add_test(tc, a_job_is_shown_and_sent_again);
	tcase_add_test(tc, an_admin_asks_about_its_own_tenant);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
