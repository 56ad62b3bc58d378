/* SPDX-License-Identifier: MIT */
/*
 * test_token - what was made opens, and nothing else does.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <orderwire/plugin.h>
#include "notify/unsubscribe.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define JOB "0193f5c0-0000-7000-8000-000000000001"

static struct token_key
key_of(const char *secret, const char *purpose)
{
	struct token_key key;

	token_key_init(&key, secret, purpose);
	return key;
}

START_TEST(what_was_made_opens)
{
	static const char *const payloads[] = { JOB, "cafe\nann\nemail", "",
		"x", "\xc3\xa4\n\n" };
	struct token_key key = key_of(SECRET, "receipt");
	char text[TOKEN_TEXT_SIZE], got[TOKEN_PAYLOAD_MAX + 1];
	size_t i;

	for (i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		ck_assert_int_eq(token_make(&key, payloads[i], text), OW_OK);
		ck_assert_uint_lt(strlen(text), TOKEN_TEXT_SIZE);
		ck_assert_uint_eq(strspn(text, "abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"),
		    strlen(text));
		ck_assert_int_eq(token_open(&key, text, got), OW_OK);
		ck_assert_str_eq(got, payloads[i]);
	}
}
END_TEST

START_TEST(the_longest_payload_fits_and_one_more_does_not)
{
	struct token_key key = key_of(SECRET, "receipt");
	char text[TOKEN_TEXT_SIZE] = "", got[TOKEN_PAYLOAD_MAX + 1];
	char payload[TOKEN_PAYLOAD_MAX + 2];

	memset(payload, 'p', sizeof(payload));
	payload[TOKEN_PAYLOAD_MAX + 1] = '\0';
	ck_assert_int_eq(token_make(&key, payload, text), OW_ELIMIT);
	ck_assert_str_eq(text, "");
	payload[TOKEN_PAYLOAD_MAX] = '\0';
	ck_assert_int_eq(token_make(&key, payload, text), OW_OK);
	ck_assert_uint_eq(strlen(text), TOKEN_TEXT_SIZE - 1);
	ck_assert_int_eq(token_open(&key, text, got), OW_OK);
	ck_assert_str_eq(got, payload);
}
END_TEST

/* Each character changed, each end cut off, and something behind it. */
START_TEST(a_changed_text_is_refused)
{
	struct token_key key = key_of(SECRET, "receipt");
	char text[TOKEN_TEXT_SIZE], bad[TOKEN_TEXT_SIZE + 600];
	char got[TOKEN_PAYLOAD_MAX + 1] = "untouched";
	size_t i, n;

	ck_assert_int_eq(token_make(&key, JOB, text), OW_OK);
	n = strlen(text);
	for (i = 0; i < n; i++) {
		strcpy(bad, text);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		ck_assert_int_eq(token_open(&key, bad, got), OW_EDENIED);
		strcpy(bad, text);
		bad[i] = '\0';
		ck_assert_int_eq(token_open(&key, bad, got), OW_EDENIED);
	}
	strcpy(bad, text);
	strcat(bad, "A");
	ck_assert_int_eq(token_open(&key, bad, got), OW_EDENIED);
	strcpy(bad + n, "=");
	ck_assert_int_eq(token_open(&key, bad, got), OW_EDENIED);
	memset(bad, 'A', sizeof(bad));
	bad[sizeof(bad) - 1] = '\0';
	ck_assert_int_eq(token_open(&key, bad, got), OW_EDENIED);
	ck_assert_int_eq(token_open(&key, "", got), OW_EDENIED);
	ck_assert_int_eq(token_open(&key, "/../ \r\n", got), OW_EDENIED);
	ck_assert_str_eq(got, "untouched");
}
END_TEST

START_TEST(another_purpose_or_secret_opens_nothing)
{
	struct token_key receipt = key_of(SECRET, "receipt");
	struct token_key unsubscribe = key_of(SECRET, "unsubscribe");
	struct token_key other = key_of("another secret of 32 characters.",
	    "receipt");
	char text[TOKEN_TEXT_SIZE], got[TOKEN_PAYLOAD_MAX + 1];

	ck_assert_int_eq(token_make(&receipt, JOB, text), OW_OK);
	ck_assert_int_eq(token_open(&unsubscribe, text, got), OW_EDENIED);
	ck_assert_int_eq(token_open(&other, text, got), OW_EDENIED);
}
END_TEST

/* Ours never have one; the MAC of such a payload is right all the same. */
START_TEST(a_nul_inside_is_refused)
{
	struct token_key key = key_of(SECRET, "receipt");
	unsigned char bytes[3 + SHA256_SIZE] = { 'a', 0, 'b' };
	char text[TOKEN_TEXT_SIZE], got[TOKEN_PAYLOAD_MAX + 1];

	crypto_hmac_sha256(key.key, sizeof(key.key), bytes, 3, bytes + 3);
	b64url_encode(bytes, 3 + 16, text);
	ck_assert_int_eq(token_open(&key, text, got), OW_EDENIED);
	bytes[1] = 'x';
	crypto_hmac_sha256(key.key, sizeof(key.key), bytes, 3, bytes + 3);
	b64url_encode(bytes, 3 + 16, text);
	ck_assert_int_eq(token_open(&key, text, got), OW_OK);
}
END_TEST

START_TEST(a_way_out_says_who_has_enough_of_what)
{
	static const char *const bad[] = { "", "cafe", "cafe\nann",
		"cafe\nann\nfax", "cafe\nann\nemail\n", "cafe\n\nann\nsms" };
	struct token_key key = key_of(SECRET, "unsubscribe");
	struct unsubscribe u = { "cafe", "ann", MEDIUM_SMS }, got;
	char token[TOKEN_TEXT_SIZE], text[TOKEN_PAYLOAD_MAX + 1];
	char sub[TOKEN_PAYLOAD_MAX];
	size_t i;

	ck_assert_int_eq(unsubscribe_make(&key, &u, token), OW_OK);
	ck_assert_int_eq(unsubscribe_open(&key, token, text, &got), OW_OK);
	ck_assert_str_eq(got.tenant, "cafe");
	ck_assert_str_eq(got.sub, "ann");
	ck_assert_int_eq(got.medium, MEDIUM_SMS);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(token_make(&key, bad[i], token), OW_OK);
		ck_assert_int_eq(unsubscribe_open(&key, token, text, &got),
		    OW_EDENIED);
	}
	/* A name that could be taken for another one with more behind it. */
	u.sub = "ann\nemail";
	ck_assert_int_eq(unsubscribe_make(&key, &u, token), OW_EINVAL);
	memset(sub, 's', sizeof(sub));
	sub[sizeof(sub) - 1] = '\0';
	u.sub = sub;
	ck_assert_int_eq(unsubscribe_make(&key, &u, token), OW_ELIMIT);
}
END_TEST

static Suite *
token_suite(void)
{
	Suite *suite = suite_create("token");
	TCase *cases = tcase_create("token");

	tcase_add_test(cases, what_was_made_opens);
	tcase_add_test(cases, the_longest_payload_fits_and_one_more_does_not);
	tcase_add_test(cases, a_changed_text_is_refused);
	tcase_add_test(cases, another_purpose_or_secret_opens_nothing);
	tcase_add_test(cases, a_nul_inside_is_refused);
	tcase_add_test(cases, a_way_out_says_who_has_enough_of_what);
	suite_add_tcase(suite, cases);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(token_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
