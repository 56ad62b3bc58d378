/* SPDX-License-Identifier: MIT */
/*
 * test_address - which subscriptions are taken, and what is kept of them.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <orderwire/plugin.h>

#include "address.h"
#include "browser.h"

#define HOSTS "fcm.googleapis.com *.push.apple.com, push.example:x"
#define URL "https://fcm.googleapis.com/fcm/send/abc:def"

static struct keyring *
keys_new(void)
{
	static const char text[] = "{\"keys\":[" BROWSER_SENDER
	    ",\"kid\":\"one\"}]}";
	struct keyring *keys;
	struct ow_fault f;

	ck_assert_msg(!keyring_parse(text, sizeof(text) - 1, &keys, &f), "%s",
	    f.text);
	return keys;
}

static int
check(const char *hosts, const char *wanted, struct ow_address *out,
    struct ow_fault *f)
{
	struct keyring *keys = keys_new();
	int err;

	memset(out, 0, sizeof(*out));
	memset(f, 0, sizeof(*f));
	err = address_check(keys, hosts, wanted, out, f);
	keyring_free(&keys);
	return err;
}

START_TEST(a_subscription_is_kept_with_the_key_it_was_made_with)
{
	struct ow_address out;
	struct address a;
	struct seal_peer peer;
	struct ow_fault f;

	ck_assert_int_eq(check(HOSTS, "{\"endpoint\":\"" URL "\","
	    "\"expirationTime\":null," BROWSER_KEYS "}", &out, &f), OW_OK);
	ck_assert_str_eq(out.identity, URL);
	ck_assert_str_eq(out.hint, "fcm.googleapis.com");
	ck_assert_int_eq(address_read(out.text, &a), OW_OK);
	ck_assert_str_eq(a.endpoint, URL);
	ck_assert_str_eq(a.origin, "https://fcm.googleapis.com");
	ck_assert_str_eq(a.host, "fcm.googleapis.com");
	ck_assert_str_eq(a.kid, "one");
	browser_peer(&peer);
	ck_assert_mem_eq(&a.peer, &peer, sizeof(peer));
}
END_TEST

START_TEST(one_endpoint_has_one_spelling)
{
	static const char *const rows[][3] = {
		{ "HTTPS://Web.Push.Apple.COM:443/Q?a=B",
		    "https://web.push.apple.com/Q?a=B",
		    "https://web.push.apple.com" },
		{ "https://web.push.apple.com", "https://web.push.apple.com/",
		    "https://web.push.apple.com" },
		{ "https://web.push.apple.com?x",
		    "https://web.push.apple.com/?x",
		    "https://web.push.apple.com" },
		{ "https://web.push.apple.com:08443/x",
		    "https://web.push.apple.com:8443/x",
		    "https://web.push.apple.com:8443" },
		{ "https://127.0.0.1:9/x", "https://127.0.0.1:9/x",
		    "https://127.0.0.1:9" },
		{ "https://[::1]:9/x", "https://[::1]:9/x",
		    "https://[::1]:9" },
		{ "https://[::FF]/@:x", "https://[::ff]/@:x",
		    "https://[::ff]" },
	};
	struct address a;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_ptr_null(address_endpoint(rows[i][0], &a));
		ck_assert_str_eq(a.endpoint, rows[i][1]);
		ck_assert_str_eq(a.origin, rows[i][2]);
	}
}
END_TEST

/* Would notice an endpoint that two readers could read in two ways. */
START_TEST(other_endpoints_are_refused)
{
	static const char *const rows[] = {
		"", "http://fcm.googleapis.com/x", "ftp://fcm.googleapis.com",
		"//fcm.googleapis.com/x", "https:/fcm.googleapis.com/x",
		"https://", "https:///x", "https://:443/x",
		"https://user@fcm.googleapis.com/x",
		"https://fcm.googleapis.com@evil.example/x",
		"https://fcm.googleapis.com\\@evil.example/x",
		"https://fcm.googleapis.com/x#y",
		"https://fcm.googleapis.com /x",
		"https://fcm.googleapis.com/x y",
		"https://fcm.googleapis.com/x\r\nHost: y",
		"https://fcm.googleapis.com/\"x",
		"https://fcm.googleapis.com/\xc3\xa4",
		"https://fcm.googleapis.com:/x",
		"https://fcm.googleapis.com:0/x",
		"https://fcm.googleapis.com:65536/x",
		"https://fcm.googleapis.com:4a/x",
		"https://fcm.googleapis.com:44:3/x",
		"https://fcm%2egoogleapis.com/x", "https://a,b/x",
		"https://[::1/x", "https://[::1]x/x", "https://[1.2.g]/x",
		"https://[]:1/x",
	};
	char url[ADDRESS_URL_MAX + 8];
	struct address a;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(address_endpoint(rows[i], &a) != NULL, "%s",
		    rows[i]);
	memset(url, 'x', sizeof(url));
	memcpy(url, "https://h/", 10);
	url[ADDRESS_URL_MAX + 1] = '\0';
	ck_assert_ptr_nonnull(address_endpoint(url, &a));
	url[ADDRESS_URL_MAX] = '\0';
	ck_assert_ptr_null(address_endpoint(url, &a));
	url[9] = '?';		/* one sign more, when it is put right */
	ck_assert_ptr_nonnull(address_endpoint(url, &a));
	memset(url + 8, 'h', 260);
	ck_assert_ptr_nonnull(address_endpoint(url, &a));
}
END_TEST

START_TEST(only_hosts_of_the_list_are_allowed)
{
	static const struct {
		const char *hosts, *host;
		bool is_allowed;
	} rows[] = {
		{ HOSTS, "fcm.googleapis.com", true },
		{ HOSTS, "fcm.googleapis.com.", false },
		{ HOSTS, "xfcm.googleapis.com", false },
		{ HOSTS, "fcm.googleapis.com.evil.example", false },
		{ HOSTS, "web.push.apple.com", true },
		{ HOSTS, "a.b.push.apple.com", true },
		{ HOSTS, "push.apple.com", false },
		{ HOSTS, ".push.apple.com", false },
		{ HOSTS, "evilpush.apple.com", false },
		{ HOSTS, "127.0.0.1", false },
		{ "*", "127.0.0.1", true },
		{ "a *", "b", true },
		{ "A.B", "a.b", true },
		{ "", "a", false },
		{ " , ", "a", false },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(address_is_allowed(rows[i].hosts,
		    rows[i].host) == rows[i].is_allowed, "%s of %s",
		    rows[i].host, rows[i].hosts);
	ck_assert_ptr_null(address_hosts_fault("*"));
	ck_assert_ptr_null(address_hosts_fault("a.b, *.c.d [::1] 127.0.0.1"));
	ck_assert_ptr_nonnull(address_hosts_fault(" "));
	ck_assert_ptr_nonnull(address_hosts_fault("a.*.b"));
	ck_assert_ptr_nonnull(address_hosts_fault("https://a.b/"));
}
END_TEST

START_TEST(bad_subscriptions_are_refused_with_a_reason)
{
#define ENDPOINT "\"endpoint\":\"" URL "\","
	static const char *const rows[][2] = {
		{ "", "PushSubscription" },
		{ "x", "PushSubscription" },
		{ "[]", "PushSubscription" },
		{ "{\"endpoint\":\"" URL "\"", "PushSubscription" },
		{ "{" ENDPOINT ENDPOINT BROWSER_KEYS "}",
		    "PushSubscription" },
		{ "{" BROWSER_KEYS "}", "endpoint is missing" },
		{ "{\"endpoint\":7," BROWSER_KEYS "}",
		    "endpoint is missing" },
		{ "{\"endpoint\":\"http://fcm.googleapis.com/\","
		    BROWSER_KEYS "}", "https" },
		{ "{\"endpoint\":\"https://evil.example/\"," BROWSER_KEYS "}",
		    "push service" },
		{ "{" ENDPOINT "\"keys\":{}}", "p256dh" },
		{ "{" ENDPOINT "\"keys\":7}", "p256dh" },
		{ "{" ENDPOINT "\"x\":1}", "p256dh" },
		{ "{" ENDPOINT "\"keys\":{\"p256dh\":\"" BROWSER_P256DH
		    "\"}}", "auth" },
		{ "{" ENDPOINT "\"keys\":{\"p256dh\":\"" BROWSER_P256DH
		    "\",\"auth\":\"BTBZMqHH6r4Tts7J_aSI\"}}", "auth" },
		{ "{" ENDPOINT "\"keys\":{\"p256dh\":\"" BROWSER_AUTH
		    "\",\"auth\":\"" BROWSER_AUTH "\"}}", "p256dh" },
		/* The last bit is another: beside the curve. */
		{ "{" ENDPOINT "\"keys\":{\"p256dh\":\"BCVxsr7N_eNgVRqvHtD0zTZ"
		    "sEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkN"
		    "toIAiw8\",\"auth\":\"" BROWSER_AUTH "\"}}", "p256dh" },
		{ "{" ENDPOINT "\"expirationTime\":1000," BROWSER_KEYS "}",
		    "expirationTime" },
		{ "{" ENDPOINT "\"application_server_key\":\""
		    BROWSER_P256DH "\"," BROWSER_KEYS "}",
		    "application_server_key" },
	};
	struct ow_address out;
	struct ow_fault f;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(check(HOSTS, rows[i][0], &out, &f),
		    OW_EINVAL);
		ck_assert_msg(strstr(f.text, rows[i][1]) != NULL, "%s: %s",
		    rows[i][0], f.text);
		ck_assert(!*out.text);
	}
}
END_TEST

START_TEST(a_subscription_of_any_size_is_safe)
{
	char *wanted = malloc(20000);
	struct ow_address out;
	struct ow_fault f;
	int n;

	memset(wanted, '[', 19999);
	wanted[19999] = '\0';
	ck_assert_int_eq(check("*", wanted, &out, &f), OW_EINVAL);
	wanted[8000] = '\0';
	ck_assert_int_eq(check("*", wanted, &out, &f), OW_EINVAL);
	n = sprintf(wanted, "{" BROWSER_KEYS ",\"endpoint\":\"https://h/");
	memset(wanted + n, 'x', 2037);
	strcpy(wanted + n + 2037, "\"}");
	ck_assert_int_eq(check("*", wanted, &out, &f), OW_OK);
	ck_assert_uint_eq(strlen(out.identity), 2047);
	free(wanted);
}
END_TEST

/* Would notice a subscription that is signed for with the wrong key after the
   keys have changed. */
START_TEST(the_browsers_own_word_chooses_the_key)
{
	static const char text[] = "{\"keys\":["
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"new\","
	    "\"x\":\"JXGyvs3942BVGq8e0PTNNmwRzr5VX4m8t7GGpTM5FzE\","
	    "\"y\":\"aOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4\","
	    "\"d\":\"" BROWSER_PRIVATE "\"},"
	    BROWSER_SENDER ",\"kid\":\"old\"}]}";
	struct ow_address out;
	struct keyring *keys;
	struct address a;
	struct ow_fault f;

	ck_assert_msg(!keyring_parse(text, sizeof(text) - 1, &keys, &f), "%s",
	    f.text);
	ck_assert_int_eq(address_check(keys, HOSTS, "{" ENDPOINT BROWSER_KEYS
	    "}", &out, &f), OW_OK);
	ck_assert_int_eq(address_read(out.text, &a), OW_OK);
	ck_assert_str_eq(a.kid, "new");
	ck_assert_int_eq(address_check(keys, HOSTS, "{" ENDPOINT BROWSER_KEYS
	    ",\"application_server_key\":\"" BROWSER_SENDER_PUBLIC "\"}",
	    &out, &f), OW_OK);
	ck_assert_int_eq(address_read(out.text, &a), OW_OK);
	ck_assert_str_eq(a.kid, "old");
	keyring_free(&keys);
}
END_TEST

START_TEST(a_kept_text_that_is_damaged_is_refused)
{
	static const char *const rows[] = { "", "x", "{}", "[]",
	    "{\"endpoint\":\"https://h/\"}" };
	struct address a;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_int_eq(address_read(rows[i], &a), OW_EINVAL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("address");
	TCase *tc = tcase_create("address");
	SRunner *runner;
	int failed;

	tcase_add_test(tc,
	    a_subscription_is_kept_with_the_key_it_was_made_with);
	tcase_add_test(tc, one_endpoint_has_one_spelling);
	tcase_add_test(tc, other_endpoints_are_refused);
	tcase_add_test(tc, only_hosts_of_the_list_are_allowed);
	tcase_add_test(tc, bad_subscriptions_are_refused_with_a_reason);
	tcase_add_test(tc, a_subscription_of_any_size_is_safe);
	tcase_add_test(tc, the_browsers_own_word_chooses_the_key);
	tcase_add_test(tc, a_kept_text_that_is_damaged_is_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
