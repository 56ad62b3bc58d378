/* SPDX-License-Identifier: MIT */
/*
 * test_vapid - our keys from a file, and the tokens that they sign.  The core's
 * own verifier, which shares no code with the plugin, reads them.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <orderwire/plugin.h>

#include "base/json.h"
#include "browser.h"
#include "http/jwk.h"
#include "vapid.h"

#define SUB "mailto:push@cafe.example"
#define NOW 1700000000

/* The other key: the browser of the same example. */
#define OTHER "{\"kty\":\"EC\",\"crv\":\"P-256\"," \
	"\"x\":\"JXGyvs3942BVGq8e0PTNNmwRzr5VX4m8t7GGpTM5FzE\"," \
	"\"y\":\"aOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4\"," \
	"\"d\":\"" BROWSER_PRIVATE "\""

static struct keyring *
parse(const char *text)
{
	struct keyring *keys;
	struct ow_fault f;

	ck_assert_msg(!keyring_parse(text, strlen(text), &keys, &f), "%s",
	    f.text);
	return keys;
}

/* The claims of "vapid t=..., k=...", if the key signed them; the caller's. */
static struct json *
claims_of(const char *value, const char *jwk)
{
	struct json *claims = NULL;
	struct keyset *set;
	struct ow_fault f;
	char token[VAPID_VALUE_MAX];
	size_t n = strcspn(value + 8, ",");

	ck_assert_int_eq(strncmp(value, "vapid t=", 8), 0);
	ck_assert_int_eq(strncmp(value + 8 + n, ", k=", 4), 0);
	memcpy(token, value + 8, n);
	token[n] = '\0';
	ck_assert_int_eq(keyset_parse(jwk, strlen(jwk), &set, &f), OW_OK);
	if (jwt_verify(set, token, &claims, &f) != OW_OK)
		claims = NULL;
	keyset_unref(&set);
	return claims;
}

/* ---- Keys ---------------------------------------------------------------- */

START_TEST(the_first_key_is_current_and_all_are_found)
{
	struct keyring *keys = parse("{\"keys\":[" BROWSER_SENDER
	    ",\"kid\":\"a\",\"alg\":\"ES256\",\"use\":\"sig\"}," OTHER "}]}");

	ck_assert_uint_eq(keys->n, 2);
	ck_assert_str_eq(keys->key[0].text, BROWSER_SENDER_PUBLIC);
	ck_assert_ptr_eq(keyring_find(keys, "a"), &keys->key[0]);
	ck_assert_ptr_null(keyring_find(keys, ""));
	ck_assert_ptr_null(keyring_find(keys, "b"));
	ck_assert_ptr_eq(keyring_find_public(keys, BROWSER_P256DH),
	    &keys->key[1]);
	ck_assert_ptr_null(keyring_find_public(keys, "x"));
	keyring_free(&keys);
	ck_assert_ptr_null(keys);
	keyring_free(&keys);
}
END_TEST

/* Would notice a name that changes with the order of the set. */
START_TEST(a_key_without_a_kid_has_the_name_of_its_thumbprint)
{
	struct keyring *a = parse(OTHER "}");
	struct keyring *b = parse("{\"keys\":[" BROWSER_SENDER "}," OTHER
	    "}]}");

	ck_assert_uint_eq(strlen(a->key[0].kid), 43);
	ck_assert_str_eq(a->key[0].kid, b->key[1].kid);
	ck_assert_str_ne(b->key[0].kid, b->key[1].kid);
	keyring_free(&a);
	keyring_free(&b);
}
END_TEST

START_TEST(broken_sets_are_refused_with_a_reason)
{
	static const char *const rows[][2] = {
		{ "", "no JWK set" },
		{ "{}", "no JWK set" },
		{ "[]", "no JWK set" },
		{ "{\"keys\":7}", "no JWK set" },
		{ "{\"keys\":[]}", "0 keys" },
		{ "{\"keys\":[7]}", "ES256" },
		{ "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", "ES256" },
		{ BROWSER_SENDER ",\"alg\":\"ES384\"}", "ES256" },
		{ BROWSER_SENDER ",\"use\":\"enc\"}", "ES256" },
		{ BROWSER_SENDER ",\"kid\":\"\"}", "kid" },
		{ BROWSER_SENDER ",\"kid\":7}", "kid" },
		{ BROWSER_SENDER ",\"kid\":\"a b\"}", "kid" },
		{ BROWSER_SENDER ",\"kid\":\"\\\"\"}", "kid" },
		{ BROWSER_SENDER ",\"kid\":\"0123456789012345678901234567890123"
		    "4567890123456789012345678901234\"}", "kid" },
		{ "{\"kty\":\"EC\",\"crv\":\"P-256\","
		    "\"x\":\"_jP0qw3qcZFNtVgj9ztUlI9BMG2SBzLbuaWaUyhkgiA\","
		    "\"y\":\"Dll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8\"}",
		    "private" },
		{ "{\"kty\":\"EC\",\"crv\":\"P-256\","
		    "\"x\":\"_jP0qw3qcZFNtVgj9ztUlI9BMG2SBzLbuaWaUyhkgiA\","
		    "\"y\":\"Dll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8\","
		    "\"d\":\"" BROWSER_PRIVATE "\"}", "belong" },
		{ "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\",\"y\":\"\"}",
		    "x and y" },
		{ "{\"keys\":[" BROWSER_SENDER ",\"kid\":\"a\"}," OTHER
		    ",\"kid\":\"a\"}]}", "key 2 of the set has the kid" },
	};
	struct keyring *keys = NULL;
	struct ow_fault f;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(keyring_parse(rows[i][0],
		    strlen(rows[i][0]), &keys, &f), OW_EINVAL);
		ck_assert_msg(strstr(f.text, rows[i][1]) != NULL, "%s: %s",
		    rows[i][0], f.text);
		ck_assert_msg(!strstr(f.text, BROWSER_PRIVATE), "a secret");
		ck_assert_ptr_null(keys);
	}
}
END_TEST

START_TEST(only_a_file_that_is_ours_alone_is_read)
{
	static const char text[] = OTHER "}";
	char folder[] = "/tmp/webpush-test-XXXXXX", path[64];
	struct keyring *keys = NULL;
	struct ow_fault f;
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/keys.json", folder);
	ck_assert_int_eq(keyring_read(path, &keys, &f), OW_EIO);
	ck_assert_ptr_nonnull(strstr(f.text, path));
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, sizeof(text) - 1),
	    (ssize_t)sizeof(text) - 1);
	ck_assert_int_eq(keyring_read(path, &keys, &f), OW_OK);
	keyring_free(&keys);
	ck_assert_int_eq(fchmod(fd, 0640), 0);
	ck_assert_int_eq(keyring_read(path, &keys, &f), OW_EIO);
	ck_assert_ptr_nonnull(strstr(f.text, "chmod"));
	ck_assert_int_eq(fchmod(fd, 0600), 0);
	ck_assert_int_eq(ftruncate(fd, 7), 0);
	ck_assert_int_eq(keyring_read(path, &keys, &f), OW_EINVAL);
	ck_assert_int_eq(ftruncate(fd, 70000), 0);
	ck_assert_int_eq(keyring_read(path, &keys, &f), OW_EIO);
	close(fd);
	unlink(path);
	ck_assert_int_eq(keyring_read(folder, &keys, &f), OW_EIO);
	rmdir(folder);
}
END_TEST

/* ---- Tokens -------------------------------------------------------------- */

START_TEST(the_example_of_the_rfc_is_verified)
{
	static const char jwk[] = "{\"crv\":\"P-256\",\"kty\":\"EC\","
	    "\"x\":\"DUfHPKLVFQzVvnCPGyfucbECzPDa7rWbXriLcysAjEc\","
	    "\"y\":\"F6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs\"}";
	static const char value[] = "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1N"
	    "iJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1"
	    "MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxC"
	    "DquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9Ok"
	    "SSHzvoD1oA, k=BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h"
	    "4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs";
	struct json *claims = claims_of(value, jwk);

	ck_assert_ptr_nonnull(claims);
	ck_assert_str_eq(json_get_text(claims, "aud"),
	    "https://push.example.net");
	ck_assert_str_eq(json_get_text(claims, "sub"),
	    "mailto:push@example.com");
	json_free(&claims);
}
END_TEST

START_TEST(a_token_says_who_for_whom_and_until_when)
{
	struct keyring *keys = parse(OTHER "}");
	char value[VAPID_VALUE_MAX];
	struct json *claims;
	int i;

	/* Often, since r and s are shorter now and then. */
	for (i = 0; i < 600; i++) {
		ck_assert_int_eq(vapid_sign(&keys->key[0],
		    "https://push.example:8443", SUB, NOW + i, value), OW_OK);
		claims = claims_of(value, OTHER "}");
		ck_assert_ptr_nonnull(claims);
		ck_assert_uint_eq(json_count(claims), 3);
		ck_assert_str_eq(json_get_text(claims, "aud"),
		    "https://push.example:8443");
		ck_assert_str_eq(json_get_text(claims, "sub"), SUB);
		ck_assert_int_eq(json_get_int(claims, "exp", 0), NOW + i);
		json_free(&claims);
	}
	ck_assert_ptr_nonnull(strstr(value, ", k=" BROWSER_P256DH));
	ck_assert_ptr_null(claims_of(value, BROWSER_SENDER "}"));
	keyring_free(&keys);
}
END_TEST

START_TEST(a_token_is_signed_once_for_an_origin_and_a_key)
{
	struct keyring *keys = parse("{\"keys\":[" OTHER "}," BROWSER_SENDER
	    "}]}");
	struct vapid_cache *cache = calloc(1, sizeof(*cache));
	const char *value, *again;
	char first[VAPID_VALUE_MAX];

	ck_assert_int_eq(vapid_value(cache, &keys->key[0], "https://a", SUB,
	    NOW, &value), OW_OK);
	strcpy(first, value);
	ck_assert_int_eq(vapid_value(cache, &keys->key[0], "https://a", SUB,
	    NOW + VAPID_LIFE_S / 2 - 1, &again), OW_OK);
	ck_assert_str_eq(first, again);
	ck_assert_uint_eq(cache->n_signed, 1);
	ck_assert_int_eq(vapid_value(cache, &keys->key[1], "https://a", SUB,
	    NOW, &again), OW_OK);
	ck_assert_str_ne(first, again);
	ck_assert_int_eq(vapid_value(cache, &keys->key[0], "https://b", SUB,
	    NOW, &again), OW_OK);
	ck_assert_str_ne(first, again);
	ck_assert_uint_eq(cache->n_signed, 3);
	free(cache);
	keyring_free(&keys);
}
END_TEST

/* Would notice a token that a push service must refuse: expired, or good for
   more than a day (RFC 8292, 2). */
START_TEST(a_token_is_renewed_in_the_middle_of_its_life)
{
	static const int64_t steps[] = { 0, VAPID_LIFE_S / 2, VAPID_LIFE_S,
	    20 * VAPID_LIFE_S, -5, -400 * VAPID_LIFE_S };
	struct keyring *keys = parse(OTHER "}");
	struct vapid_cache *cache = calloc(1, sizeof(*cache));
	struct json *claims;
	const char *value;
	int64_t now_s = NOW, left;
	size_t i;

	ck_assert_int_lt(VAPID_LIFE_S, 24 * 3600);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		now_s += steps[i];
		ck_assert_int_eq(vapid_value(cache, &keys->key[0],
		    "https://a", SUB, now_s, &value), OW_OK);
		claims = claims_of(value, OTHER "}");
		left = json_get_int(claims, "exp", 0) - now_s;
		ck_assert_int_gt(left, VAPID_LIFE_S / 2);
		ck_assert_int_le(left, VAPID_LIFE_S);
		json_free(&claims);
	}
	ck_assert_uint_eq(cache->n_signed, 6);
	free(cache);
	keyring_free(&keys);
}
END_TEST

START_TEST(many_origins_take_no_more_room)
{
	struct keyring *keys = parse(OTHER "}");
	struct vapid_cache *cache = calloc(1, sizeof(*cache));
	char origin[VAPID_ORIGIN_MAX + 8];
	const char *value;
	int i;

	for (i = 0; i < 3 * VAPID_CACHE; i++) {
		(void)snprintf(origin, sizeof(origin), "https://h%d", i);
		ck_assert_int_eq(vapid_value(cache, &keys->key[0], origin,
		    SUB, NOW, &value), OW_OK);
		ck_assert_int_eq(vapid_value(cache, &keys->key[0],
		    "https://often", SUB, NOW, &value), OW_OK);
	}
	ck_assert_uint_eq(cache->n_signed, 3 * VAPID_CACHE + 1);
	memset(origin, 'x', sizeof(origin));
	origin[VAPID_ORIGIN_MAX] = '\0';
	ck_assert_int_eq(vapid_value(cache, &keys->key[0], origin, SUB, NOW,
	    &value), OW_ELIMIT);
	free(cache);
	keyring_free(&keys);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("vapid");
	TCase *tc = tcase_create("vapid");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, the_first_key_is_current_and_all_are_found);
	tcase_add_test(tc, a_key_without_a_kid_has_the_name_of_its_thumbprint);
	tcase_add_test(tc, broken_sets_are_refused_with_a_reason);
	tcase_add_test(tc, only_a_file_that_is_ours_alone_is_read);
	tcase_add_test(tc, the_example_of_the_rfc_is_verified);
	tcase_add_test(tc, a_token_says_who_for_whom_and_until_when);
	tcase_add_test(tc, a_token_is_signed_once_for_an_origin_and_a_key);
	tcase_add_test(tc, a_token_is_renewed_in_the_middle_of_its_life);
	tcase_add_test(tc, many_origins_take_no_more_room);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
