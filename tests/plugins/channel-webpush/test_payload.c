/* SPDX-License-Identifier: MIT */
/*
 * test_payload - what the service worker gets, and what is lost first.
 */
#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "payload.h"

#define EVENT "{\"type\":\"order.ready\",\"at\":\"2026-01-02T03:04:05.678Z\"}"

static struct ow_job
job(void)
{
	return (struct ow_job){
		.size = sizeof(struct ow_job),
		.locale = "de-AT", .order_id = "o-1", .notice_id = "n-1",
		.topic = "order.ready", .group = "", .title = "Fertig",
		.text = "Nummer 42", .url = "", .receipt = "",
		.receipt_url = "", .event = { EVENT, sizeof(EVENT) - 1 },
	};
}

/* Must be JSON; the caller's. */
static json_t *
written(const struct ow_job *j, size_t max, bool *out_cut)
{
	char *text = malloc(max);
	json_t *root;
	size_t n;

	ck_assert_int_eq(payload_write(j, text, max, &n, out_cut), OW_OK);
	ck_assert_uint_le(n, max);
	root = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(root);
	free(text);
	return root;
}

static const char *
text_of(const json_t *root, const char *name)
{
	const char *text = json_string_value(json_object_get(root, name));

	return text ? text : "(none)";
}

START_TEST(all_members_are_there_and_empty_ones_are_not)
{
	struct ow_job j = job();
	bool is_cut;
	json_t *root = written(&j, 3993, &is_cut);

	ck_assert(!is_cut);
	ck_assert_uint_eq(json_object_size(root), 8);
	ck_assert_str_eq(text_of(root, "title"), "Fertig");
	ck_assert_str_eq(text_of(root, "body"), "Nummer 42");
	ck_assert_str_eq(text_of(root, "tag"), "n-1");
	ck_assert_str_eq(text_of(root, "lang"), "de-AT");
	ck_assert_str_eq(text_of(root, "order_id"), "o-1");
	ck_assert_str_eq(text_of(root, "topic"), "order.ready");
	ck_assert_str_eq(text_of(root, "notice_id"), "n-1");
	ck_assert_str_eq(text_of(root, "at"), "2026-01-02T03:04:05.678Z");
	json_decref(root);
	j.group = "order/o-1";
	j.url = "https://shop.example/o/1?a=\"b\"";
	j.receipt = "tok-en";
	j.receipt_url = "https://shop.example/receipts";
	j.event = (struct ow_bytes){ NULL, 0 };
	root = written(&j, 3993, &is_cut);
	ck_assert_uint_eq(json_object_size(root), 10);
	ck_assert_str_eq(text_of(root, "tag"), "order/o-1");
	ck_assert_str_eq(text_of(root, "url"), j.url);
	ck_assert_str_eq(text_of(root, "receipt"), "tok-en");
	ck_assert_str_eq(text_of(root, "receipt_url"), j.receipt_url);
	json_decref(root);
}
END_TEST

START_TEST(any_text_is_json)
{
	struct ow_job j = job();
	bool is_cut;
	json_t *root;

	j.title = "\"\\\n\r\t\x01\x7f/";
	j.text = "\xf0\x9f\x8d\x95 \xc3\xa4";
	root = written(&j, 3993, &is_cut);
	ck_assert_str_eq(text_of(root, "title"), j.title);
	ck_assert_str_eq(text_of(root, "body"), j.text);
	json_decref(root);
}
END_TEST

/* Would notice a body cut inside a character, or a title that is shortened
   although the body could be. */
START_TEST(the_body_goes_first_and_then_the_title)
{
	static const char *const units[] = { "x", "\"", "\xc3\xa4",
	    "\xf0\x9f\x8d\x95", "\x01" };
	char *title = malloc(9000), *text = malloc(9000);
	size_t i, u, n;

	for (u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
		for (n = i = 0; i < 2000; i++, n += strlen(units[u]))
			strcpy(text + n, units[u]);
		for (size_t max = 260; max < 700; max++) {
			struct ow_job j = job();
			bool is_cut;
			json_t *root;

			j.text = text;
			root = written(&j, max, &is_cut);
			ck_assert(is_cut);
			ck_assert_str_eq(text_of(root, "title"), "Fertig");
			ck_assert_ptr_nonnull(strstr(text_of(root, "body"),
			    "\xe2\x80\xa6"));
			json_decref(root);
			strcpy(title, text);
			j.title = title;
			root = written(&j, max, &is_cut);
			ck_assert_str_eq(text_of(root, "body"),
			    "\xe2\x80\xa6");
			ck_assert_ptr_nonnull(strstr(text_of(root, "title"),
			    "\xe2\x80\xa6"));
			ck_assert_str_eq(text_of(root, "notice_id"), "n-1");
			json_decref(root);
		}
	}
	free(title);
	free(text);
}
END_TEST

START_TEST(a_text_that_just_fits_is_whole)
{
	char text[4000], out[3993];
	struct ow_job j = job();
	bool is_cut;
	size_t n, room;

	j.text = "";
	ck_assert_int_eq(payload_write(&j, out, sizeof(out), &n, &is_cut),
	    OW_OK);
	room = sizeof(out) - n;
	memset(text, 'x', sizeof(text));
	text[room] = '\0';
	j.text = text;
	ck_assert_int_eq(payload_write(&j, out, sizeof(out), &n, &is_cut),
	    OW_OK);
	ck_assert(!is_cut);
	ck_assert_uint_eq(n, sizeof(out));
	text[room] = 'x';
	text[room + 1] = '\0';
	ck_assert_int_eq(payload_write(&j, out, sizeof(out), &n, &is_cut),
	    OW_OK);
	ck_assert(is_cut);
	ck_assert_uint_eq(n, sizeof(out));
}
END_TEST

START_TEST(links_that_are_too_long_are_refused)
{
	char url[4000], out[3993];
	struct ow_job j = job();
	bool is_cut = false;
	size_t n = 99;

	memset(url, 'x', sizeof(url));
	url[3999] = '\0';
	j.url = url;
	ck_assert_int_eq(payload_write(&j, out, sizeof(out), &n, &is_cut),
	    OW_ELIMIT);
	ck_assert_uint_eq(n, 99);
}
END_TEST

START_TEST(only_a_member_of_the_whole_is_found)
{
	static const char *const rows[][2] = {
		{ "{\"at\":\"x\"}", "x" },
		{ "{ \"a\":1, \"at\": \"x\\\"y\" }", "x\\\"y" },
		{ "{\"data\":{\"at\":\"no\"},\"at\":\"x\"}", "x" },
		{ "{\"type\":\"at\",\"at\":\"x\"}", "x" },
		{ "{\"l\":[\"at\",\"no\"],\"at\":\"x\"}", "x" },
		{ "{\"data\":{\"at\":\"no\"}}", "" },
		{ "{\"at\":7,\"b\":\"no\"}", "" },
		{ "{\"at\":null}", "" },
		{ "{\"at\":{\"x\":\"no\"}}", "" },
		{ "{\"at\":\"x", "" },
		{ "{\"at", "" },
		{ "{\"at\\", "" },
		{ "", "" },
		{ "}}]\"at\":\"no\"", "" },
	};
	struct ow_bytes got;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		got = payload_member((struct ow_bytes){ rows[i][0],
		    strlen(rows[i][0]) }, "at");
		ck_assert_uint_eq(got.n, strlen(rows[i][1]));
		ck_assert_mem_eq(got.p, rows[i][1], got.n);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("payload");
	TCase *tc = tcase_create("payload");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, all_members_are_there_and_empty_ones_are_not);
	tcase_add_test(tc, any_text_is_json);
	tcase_add_test(tc, the_body_goes_first_and_then_the_title);
	tcase_add_test(tc, a_text_that_just_fits_is_whole);
	tcase_add_test(tc, links_that_are_too_long_are_refused);
	tcase_add_test(tc, only_a_member_of_the_whole_is_found);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
