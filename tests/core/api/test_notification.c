/* SPDX-License-Identifier: MIT */
/*
 * The inbox, preferences, push subscriptions and receipts from a request to a
 * command, and back.  Requests, desk and outbox are played by the test.
 */
#include "api_fixture.h"

#include "base/json.h"
#include "notify/prefs.h"

#define API "/api/v1/cafe"
#define JSON .type = "application/json"

static const char *
ann(void)
{
	return token_of("customer", "ann", "cafe");
}

/* ---- The inbox ---------------------------------------------------------- */

START_TEST(the_inbox_has_pages_and_a_filter)
{
	struct request r = { .method = "GET", .path = API "/notifications" };
	char cursor[B64_SIZE(ID_SIZE)];

	r.token = ann();
	api_request(api, &r);
	ck_assert_int_eq(command->kind, CMD_NOTICES);
	ck_assert(!command->unread);
	ck_assert_str_eq(command->before, "~");
	ck_assert_int_eq(command->limit, 50);
	answer(200, "{}", 0);
	ck_assert_ptr_null(strstr(r.headers, "ETag"));
	b64url_encode(ID, ID_SIZE - 1, cursor);
	r.params[0][0] = "unread";
	r.params[0][1] = "true";
	r.params[1][0] = "cursor";
	r.params[1][1] = cursor;
	r.params[2][0] = "limit";
	r.params[2][1] = "7";
	api_request(api, &r);
	ck_assert(command->unread);
	ck_assert_str_eq(command->before, ID);
	ck_assert_int_eq(command->limit, 7);
	answer(200, "{}", 0);
	r.answers = 0;
	r.params[0][1] = "perhaps";
	refused(&r, 422, "unread");
	r.params[0][1] = "false";
	r.params[1][1] = "x";
	refused(&r, 422, "cursor");
}
END_TEST

START_TEST(only_customers_have_an_inbox)
{
	struct request r = { .method = "GET", .path = API "/notifications" };

	r.token = token_of("kitchen", "cook", "cafe");
	refused(&r, 403, "forbidden");
	r.token = NULL;
	refused(&r, 401, "token_missing");
	r.token = "made-up";		/* the desk says what it is */
	r.params[0][0] = "limit";
	r.params[0][1] = "0";
	api_request(api, &r);
	ck_assert_str_eq(command->tracking_token, "made-up");
	answer(401, "", 0);
	ck_assert_int_eq(r.status, 401);
}
END_TEST

START_TEST(reading_and_removing_name_one_or_all)
{
	static const struct { const char *method, *path;
	    enum command_kind kind; const char *item; } calls[] = {
		{ "PUT", API "/notifications/" ID "/read", CMD_NOTICE_READ,
		    ID },
		{ "PUT", API "/notifications/read", CMD_NOTICES_READ, NULL },
		{ "DELETE", API "/notifications/" ID, CMD_NOTICE_REMOVE, ID },
		{ "DELETE", API "/notifications", CMD_NOTICES_REMOVE, NULL },
		{ "DELETE", API "/push-subscriptions/" ID, CMD_PUSH_REMOVE,
		    ID },
	};
	struct request r;
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		r = (struct request){ .method = calls[i].method,
		    .path = calls[i].path };
		r.token = ann();
		api_request(api, &r);
		ck_assert_int_eq(command->kind, calls[i].kind);
		ck_assert_str_eq(command->tenant, "cafe");
		ck_assert_str_eq(command->who->sub, "ann");
		if (calls[i].item == NULL)
			ck_assert_ptr_null(command->item);
		else
			ck_assert_str_eq(command->item, calls[i].item);
		answer(204, "", 0);
		ck_assert_int_eq(r.status, 204);
		ck_assert_str_eq(r.answer, "");
	}
}
END_TEST

/* ---- Preferences -------------------------------------------------------- */

/* As the desk answers about preferences. */
static void
answer_prefs(int status, uint64_t version)
{
	command->has_etag = true;
	answer(status, "{}", version);
}

START_TEST(preferences_have_a_tag_from_the_start)
{
	struct request r = { .method = "GET",
	    .path = API "/notification-preferences" };

	r.token = ann();
	api_request(api, &r);
	ck_assert_int_eq(command->kind, CMD_PREFS_GET);
	answer_prefs(200, 0);
	ck_assert_ptr_nonnull(strstr(r.headers, "ETag: \"0\"\n"));
}
END_TEST

#define PREFS_BODY "{\"channels\":{\"sms\":false},\"locale\":\"de\"," \
	"\"version\":4}"

START_TEST(a_version_comes_by_header_or_body)
{
	static const struct { const char *tag; int64_t version; } tags[] = {
		{ NULL, -1 }, { "*", -1 }, { "\"3\"", 3 }, { "\"0\"", 0 },
	};
	static const char *const never[] = { "3", "\"x\"", "\"\"", "W/\"3\"",
	    "\"3\", \"4\"", "\"-1\"", "\"3", "\"99999999999999999999\"", "" };
	struct request r = { .method = "PUT", JSON, .body = PREFS_BODY,
	    .path = API "/notification-preferences" };
	size_t i;

	r.token = ann();
	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		r.if_match = tags[i].tag;
		api_request(api, &r);
		ck_assert_ptr_nonnull(command);
		ck_assert_int_eq(command->if_match, tags[i].version);
		ck_assert_int_eq(command->body_version, 4);
		ck_assert(!command->prefs->media[MEDIUM_SMS]);
		ck_assert_str_eq(command->prefs->locale, "de");
		answer_prefs(200, 5);
		ck_assert_ptr_nonnull(strstr(r.headers, "ETag: \"5\"\n"));
	}
	r.answers = 0;
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		r.if_match = never[i];
		refused(&r, 412, "precondition_failed");
	}
}
END_TEST

START_TEST(bad_preferences_never_reach_the_desk)
{
	static const struct { const char *body; const char *part; } bad[] = {
		{ "{\"contact\":{\"phone\":\"0301\"}}", "contact.phone" },
		{ "{\"contact\":{\"email\":\"a\\r\\nb@c.d\"}}",
		    "contact.email" },
		{ "{\"quiet_hours\":{\"from\":\"22:00\",\"to\":\"07:00\","
		    "\"timezone\":\"Mars/Base\"}}", "timezone" },
		{ "{\"channels\":{\"pigeon\":true}}", "pigeon" },
		{ "[]", "invalid_field" },
	};
	struct request r = { .method = "PUT", JSON,
	    .path = API "/notification-preferences" };
	size_t i;

	r.token = ann();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r.body = bad[i].body;
		refused(&r, 422, bad[i].part);
	}
	r.body = "{";
	refused(&r, 400, "malformed_json");
	r.type = "text/plain";
	refused(&r, 415, "application/json");
	r.token = token_of("service", "svc", "cafe");
	refused(&r, 403, "forbidden");
}
END_TEST

/* ---- Push --------------------------------------------------------------- */

#define SUBSCRIPTION "{\"endpoint\":\"https://push.example/1\"," \
	"\"expirationTime\":null,\"keys\":{\"p256dh\":\"B\",\"auth\":\"A\"}}"
#define SUBSCRIBE { .method = "POST", JSON, .body = SUBSCRIPTION,	\
	.path = API "/push-subscriptions" }

static void
checked(int err, const char *text)
{
	struct address_check *a = checking;

	checking = NULL;
	a->err = err;
	(void)snprintf(a->fault.text, sizeof(a->fault.text), "%s", text);
	(void)snprintf(a->address.text, sizeof(a->address.text), "%s", text);
	a->done(a);
}

START_TEST(a_subscription_goes_by_its_channel_to_the_desk)
{
	struct request r = SUBSCRIBE;
	struct json *wanted;
	struct ow_fault fault;

	r.token = ann();
	r.key = "k";
	api_request(api, &r);
	ck_assert_str_eq(checking->kind, "webpush");
	ck_assert_str_eq(checking->tenant, "cafe");
	ck_assert_int_eq(json_parse(checking->wanted, strlen(checking->wanted),
	    &wanted, &fault), OW_OK);
	ck_assert_str_eq(json_get_text(json_get(wanted, "keys"), "auth"), "A");
	json_free(&wanted);
	checked(OW_OK, "an address");
	ck_assert_int_eq(command->kind, CMD_PUSH_ADD);
	ck_assert_str_eq(command->address_kind, "webpush");
	ck_assert_str_eq(command->address->text, "an address");
	ck_assert_str_eq(command->repeat_key, "k");
	answer(201, "{}", 0);
	ck_assert_int_eq(r.status, 201);
	r.body = "{\"channel\":\"fcm\",\"token\":\"t\"}";
	api_request(api, &r);
	ck_assert_str_eq(checking->kind, "fcm");
	ck_assert_str_eq(checking->wanted, "t");
	checked(OW_OK, "t");
	ck_assert_str_eq(command->address_kind, "fcm");
	answer(201, "{}", 0);
}
END_TEST

START_TEST(anybodys_plugin_for_devices_is_subscribed_to)
{
	struct request r = SUBSCRIBE, other = SUBSCRIBE;

	r.token = ann();
	other.body = r.body = "{\"channel\":\"pager\",\"token\":\"7\"}";
	api_request(api, &r);
	ck_assert_str_eq(checking->kind, "pager");
	ck_assert_str_eq(checking->wanted, "7");
	checked(OW_OK, "7");
	ck_assert_str_eq(command->address_kind, "pager");
	answer(201, "{}", 0);
	other.token = token_of("customer", "ann", "bar");
	other.path = "/api/v1/bar/push-subscriptions";
	refused(&other, 422, "channel");
}
END_TEST

START_TEST(what_a_channel_refuses_is_422)
{
	static const struct { int err; int status; const char *part; } no[] = {
		{ OW_EINVAL, 422, "\"endpoint\"" },
		{ OW_EDENIED, 422, "\"endpoint\"" },
		{ OW_ENOENT, 422, "no_channel" },
		{ OW_EAGAIN, 503, "unavailable" },
	};
	struct request r = SUBSCRIBE;
	size_t i;

	r.token = ann();
	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		api_request(api, &r);
		checked(no[i].err, "not this one");
		ck_assert_ptr_null(command);
		ck_assert_int_eq(r.status, no[i].status);
		ck_assert_ptr_nonnull(strstr(r.answer, no[i].part));
	}
}
END_TEST

START_TEST(bad_subscriptions_never_reach_a_channel)
{
	static const struct { const char *body; const char *part; } bad[] = {
		{ "{}", "endpoint" },
		{ "{\"endpoint\":\"https://a\"}", "keys" },
		{ "{\"endpoint\":7,\"keys\":{\"p256dh\":\"B\",\"auth\":\"A\"}}",
		    "endpoint" },
		{ "{\"endpoint\":\"https://a\",\"keys\":{\"p256dh\":\"B\"}}",
		    "keys.auth" },
		{ "{\"channel\":\"fcm\"}", "token" },
		{ "{\"channel\":\"email\",\"token\":\"a@b.c\"}", "channel" },
		{ "[]", "invalid_field" },
	};
	struct request r = SUBSCRIBE;
	char *body;
	size_t i;

	r.token = ann();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r.body = bad[i].body;
		refused(&r, 422, bad[i].part);
	}
	body = mem_printf("{\"channel\":\"fcm\",\"token\":\"%05000d\"}", 0);
	r.body = body;
	refused(&r, 422, "token");
	free(body);
	r.body = SUBSCRIPTION;
	r.token = token_of("kitchen", "cook", "cafe");
	refused(&r, 403, "forbidden");
}
END_TEST

START_TEST(the_key_is_for_anyone_if_there_is_one)
{
	struct request r = { .method = "GET",
	    .path = API "/push-subscriptions/key" };

	refused(&r, 404, "no_channel");
	push_key = "BKey";
	api_request(api, &r);
	ck_assert_int_eq(r.status, 200);
	ck_assert_str_eq(r.answer, "{\"public_key\":\"BKey\"}");
}
END_TEST

/* ---- Receipts ----------------------------------------------------------- */

#define RECEIPT(body_) { .method = "POST", JSON, .body = (body_),	\
	.path = API "/receipts" }

START_TEST(a_receipt_needs_no_person)
{
	struct request r = RECEIPT("{\"token\":\"abc\",\"event\":\"clicked\"}");
	char scope[80];

	r.key = "k";
	api_request(api, &r);
	ck_assert_int_eq(command->kind, CMD_RECEIPT);
	ck_assert_ptr_null(command->who);
	ck_assert_ptr_null(command->tracking_token);
	ck_assert_str_eq(command->token, "abc");
	ck_assert_str_eq(command->receipt, "clicked");
	(void)snprintf(scope, sizeof(scope), "%s", command->repeat_scope);
	answer(204, "", 0);
	ck_assert_int_eq(r.status, 204);
	/* The same key of another device is another key. */
	r.body = "{\"token\":\"abd\",\"event\":\"clicked\"}";
	r.token = ann();		/* not looked at */
	api_request(api, &r);
	ck_assert_ptr_null(command->who);
	ck_assert_str_ne(command->repeat_scope, scope);
	answer(401, "", 0);
	ck_assert_int_eq(r.status, 401);
}
END_TEST

START_TEST(bad_receipts_are_refused)
{
	struct request r = RECEIPT("{\"token\":\"abc\",\"event\":\"eaten\"}");
	char *body;

	refused(&r, 422, "event");
	r.body = "{\"event\":\"clicked\"}";
	refused(&r, 422, "token");
	body = mem_printf("{\"token\":\"%02000d\",\"event\":\"clicked\"}", 0);
	r.body = body;
	refused(&r, 422, "token");
	free(body);
	r.body = "";
	refused(&r, 400, "malformed_json");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("notification");
	TCase *tc = tcase_create("notification");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, the_inbox_has_pages_and_a_filter);
	tcase_add_test(tc, only_customers_have_an_inbox);
	tcase_add_test(tc, reading_and_removing_name_one_or_all);
	tcase_add_test(tc, preferences_have_a_tag_from_the_start);
	tcase_add_test(tc, a_version_comes_by_header_or_body);
	tcase_add_test(tc, bad_preferences_never_reach_the_desk);
	tcase_add_test(tc, a_subscription_goes_by_its_channel_to_the_desk);
	tcase_add_test(tc, anybodys_plugin_for_devices_is_subscribed_to);
	tcase_add_test(tc, what_a_channel_refuses_is_422);
	tcase_add_test(tc, bad_subscriptions_never_reach_a_channel);
	tcase_add_test(tc, the_key_is_for_anyone_if_there_is_one);
	tcase_add_test(tc, a_receipt_needs_no_person);
	tcase_add_test(tc, bad_receipts_are_refused);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
