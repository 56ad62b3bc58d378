/* SPDX-License-Identifier: MIT */
/*
 * The calls about orders from a request to a command, and from an answer to
 * a response.  Requests and the desk are played by the test.
 */
#include "api_fixture.h"

#define CREATE(tok) { .method = "POST", .path = "/api/v1/cafe/orders",	\
	.body = ORDER, .type = "application/json", .token = (tok) }

START_TEST(an_order_is_created_with_location_and_tag)
{
	struct request r = CREATE(token_of("service", "svc", "cafe"));

	api_request(api, &r);
	ck_assert_ptr_nonnull(command);
	ck_assert_int_eq(command->intent.kind, INTENT_CREATE);
	ck_assert_str_eq(command->tenant, "cafe");
	ck_assert_ptr_null(command->repeat_key);
	answer(201, "{}", 1);
	ck_assert_int_eq(r.status, 201);
	ck_assert_ptr_nonnull(strstr(r.headers, "Location: /api/v1/cafe/orders"
	    "/" ID "\n"));
	ck_assert_ptr_nonnull(strstr(r.headers, "ETag: \"1\"\n"));
}
END_TEST

START_TEST(bad_bodies_are_refused_before_the_desk)
{
	struct request r = CREATE(token_of("service", "svc", "cafe"));

	r.type = "text/plain";
	refused(&r, 415, "application/json");
	r.type = NULL;
	refused(&r, 415, "application/json");
	r.type = "application/json; charset=utf-8";
	r.body = "{";
	refused(&r, 400, "malformed_json");
	r.body = "{}";
	refused(&r, 422, "customer_id");
	r.body = ORDER;
	r.token = NULL;
	refused(&r, 401, "token_missing");
	r.token = token_of("kitchen", "cook", "cafe");
	refused(&r, 403, "forbidden");
	r.token = token_of("service", "svc", "pub");
	refused(&r, 403, "wrong_tenant");
	r.path = "/api/v1/cafe/nothing";
	refused(&r, 404, "404");
}
END_TEST

START_TEST(keys_of_tenants_roles_and_subjects_never_meet)
{
	static const char *const whose[][3] = {
		{ "service", "svc", "cafe" }, { "service", "other", "cafe" },
		{ "admin", "svc", "cafe" }, { "service", "svc", "pub" },
	};
	char scopes[6][80], hash[80] = "";
	char one[9000], two[9000];
	struct request r;
	int i, k;

	memset(one, 'a', sizeof(one));
	memset(two, 'a', sizeof(two));
	one[sizeof(one) - 1] = two[sizeof(two) - 1] = '\0';
	two[sizeof(two) - 2] = 'b';
	for (i = 0; i < 6; i++) {
		r = (struct request)CREATE(i < 4 ? token_of(whose[i][0],
		    whose[i][1], whose[i][2]) : i == 4 ? one : two);
		r.key = "k";
		if (i == 3)
			r.path = "/api/v1/pub/orders";
		if (i >= 4) {		/* long tracking tokens */
			r.path = "/api/v1/cafe/stream-tickets";
			r.body = "{\"path\":\"/sse/x\"}";
		}
		api_request(api, &r);
		ck_assert_msg(command != NULL, "%d: %s", r.status, r.answer);
		ck_assert_str_eq(command->repeat_key, "k");
		(void)snprintf(scopes[i], sizeof(scopes[i]), "%s",
		    command->repeat_scope);
		if (i == 0)
			(void)snprintf(hash, sizeof(hash), "%s",
			    command->repeat_hash);
		else if (i < 3)
			ck_assert_str_eq(command->repeat_hash, hash);
		for (k = 0; k < i; k++)
			ck_assert_str_ne(scopes[k], scopes[i]);
		answer(503, "", 0);
	}
}
END_TEST

START_TEST(a_key_is_of_1_to_255_characters)
{
	struct request r = CREATE(token_of("service", "svc", "cafe"));
	char key[300];

	memset(key, 'k', sizeof(key));
	key[256] = '\0';
	r.key = "";
	refused(&r, 400, "bad_idempotency_key");
	r.key = key;
	refused(&r, 400, "bad_idempotency_key");
	key[255] = '\0';
	api_request(api, &r);
	ck_assert_ptr_nonnull(command);
	answer(201, "{}", 1);
}
END_TEST

/* Whether it is a tracking token only the desk knows: 401 or 403, and never a
   word about the body. */
START_TEST(what_is_no_jwt_goes_to_the_desk_whatever_the_body)
{
	static const char *const paths[][2] = {
		{ "POST", "/api/v1/cafe/orders" },
		{ "PATCH", "/api/v1/cafe/orders/" ID "/status" },
		{ "POST", "/api/v1/cafe/orders/" ID "/tracking-links" },
	};
	struct request r;
	size_t i;

	for (i = 0; i < 3; i++) {
		r = (struct request)CREATE("made-up");
		r.method = paths[i][0];
		r.path = paths[i][1];
		r.body = "{";
		r.type = NULL;
		api_request(api, &r);
		ck_assert_ptr_nonnull(command);
		ck_assert_str_eq(command->tracking_token, "made-up");
		ck_assert_ptr_null(command->who);
		answer(401, "", 0);
		ck_assert_int_eq(r.status, 401);
	}
}
END_TEST

START_TEST(lists_check_their_parameters)
{
	static const char *const bad[][2] = {
		{ "limit", "0" }, { "limit", "201" }, { "limit", "x" },
		{ "limit", "-1" }, { "limit", "99999999999999999999" },
		{ "cursor", "x" }, { "status", "eaten" },
	};
	struct request r = { .method = "GET", .path = "/api/v1/cafe/orders" };
	char cursor[B64_SIZE(ID_SIZE)];
	size_t i;

	r.token = token_of("kitchen", "cook", "cafe");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r.params[0][0] = bad[i][0];
		r.params[0][1] = bad[i][1];
		refused(&r, 422, bad[i][0]);
	}
	/* What is empty is not there. */
	r.params[0][0] = "status";
	r.params[0][1] = "";
	r.params[1][0] = "cursor";
	r.params[1][1] = "";
	api_request(api, &r);
	ck_assert_int_eq(command->list, LIST_ANY);
	ck_assert_str_eq(command->before, "~");
	answer(200, "{}", 0);
	b64url_encode(ID, ID_SIZE - 1, cursor);
	r.params[0][0] = "cursor";
	r.params[0][1] = cursor;
	r.params[1][0] = "status";
	r.params[1][1] = "active";
	api_request(api, &r);
	ck_assert_str_eq(command->before, ID);
	ck_assert_int_eq(command->list, LIST_ACTIVE);
	ck_assert_int_eq(command->limit, 50);
	answer(200, "{}", 0);
	r.token = token_of("customer", "ann", "cafe");
	api_request(api, &r);
	ck_assert_str_eq(command->customer_id, "ann");
	answer(200, "{}", 0);
	r.params[0][0] = "customer_id";
	r.params[0][1] = "bob";
	r.answers = 0;
	refused(&r, 403, "forbidden");
}
END_TEST

START_TEST(a_known_tag_is_304_without_a_body)
{
	static const struct { const char *tag; int status; } tags[] = {
		{ "\"7\"", 304 }, { "W/\"6\", W/\"7\"", 304 }, { "*", 304 },
		{ "\"77\"", 200 }, { "7", 200 }, { NULL, 200 },
	};
	struct request r = { .method = "GET",
	    .path = "/api/v1/cafe/orders/" ID };
	size_t i;

	r.token = token_of("kitchen", "cook", "cafe");
	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		r.tag = tags[i].tag;
		api_request(api, &r);
		answer(200, "{\"order\":1}", 7);
		ck_assert_int_eq(r.status, tags[i].status);
		ck_assert_str_eq(r.answer, r.status == 304 ? "" :
		    "{\"order\":1}");
	}
}
END_TEST

START_TEST(a_refusal_may_have_members_of_its_own)
{
	struct request r = CREATE(token_of("service", "svc", "cafe"));

	api_request(api, &r);
	answer(409, "\"order_id\":\"" ID "\"", 0);
	ck_assert_int_eq(r.status, 409);
	ck_assert_ptr_nonnull(strstr(r.answer, "some_code"));
	ck_assert_ptr_nonnull(strstr(r.answer, ",\"order_id\":\"" ID "\"}"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("api");
	TCase *tc = tcase_create("order");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, an_order_is_created_with_location_and_tag);
	tcase_add_test(tc, bad_bodies_are_refused_before_the_desk);
	tcase_add_test(tc, keys_of_tenants_roles_and_subjects_never_meet);
	tcase_add_test(tc, a_key_is_of_1_to_255_characters);
	tcase_add_test(tc, what_is_no_jwt_goes_to_the_desk_whatever_the_body);
	tcase_add_test(tc, lists_check_their_parameters);
	tcase_add_test(tc, a_known_tag_is_304_without_a_body);
	tcase_add_test(tc, a_refusal_may_have_members_of_its_own);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
