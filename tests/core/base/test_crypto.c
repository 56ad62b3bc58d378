/* SPDX-License-Identifier: MIT */
/*
 * test_crypto - known answers (FIPS 180, RFC 4231, RFC 4648, RFC 5869).
 */
#include <check.h>
#include <string.h>

#include <orderwire/plugin.h>
#include "base/crypto.h"

START_TEST(sha256_knows_the_answer)
{
	char hex[SHA256_HEX_SIZE];

	crypto_sha256_hex("abc", 3, hex);
	ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	crypto_sha256_hex("", 0, hex);
	ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
}
END_TEST

/* RFC 4231, test case 2; and an empty key is not the key of before. */
START_TEST(hmac_knows_the_answer)
{
	static const unsigned char want[] = {
		0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e,
		0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
		0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83,
		0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43,
	};
	unsigned char got[SHA256_SIZE], empty[SHA256_SIZE];
	const char *text = "what do ya want for nothing?";

	crypto_hmac_sha256("Jefe", 4, text, strlen(text), got);
	ck_assert_mem_eq(got, want, sizeof(want));
	crypto_hmac_sha256(NULL, 0, text, strlen(text), empty);
	ck_assert_mem_ne(empty, want, sizeof(want));
}
END_TEST

/* RFC 5869 has no case with a text as info; this is its case 3 (no salt, 22
   bytes 0x0b, info empty), first 32 bytes. */
START_TEST(derive_knows_the_answer_and_tells_purposes_apart)
{
	static const unsigned char want[] = {
		0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f,
		0x71, 0x5f, 0x80, 0x2a, 0x06, 0x3c, 0x5a, 0x31,
		0xb8, 0xa1, 0x1f, 0x5c, 0x5e, 0xe1, 0x87, 0x9e,
		0xc3, 0x45, 0x4e, 0x5f, 0x3c, 0x73, 0x8d, 0x2d,
	};
	unsigned char secret[22], a[SHA256_SIZE], b[SHA256_SIZE];

	memset(secret, 0x0b, sizeof(secret));
	crypto_derive(secret, sizeof(secret), "", a);
	ck_assert_mem_eq(a, want, sizeof(want));
	crypto_derive(secret, sizeof(secret), "receipts", a);
	crypto_derive(secret, sizeof(secret), "links", b);
	ck_assert_mem_ne(a, b, sizeof(a));
}
END_TEST

START_TEST(random_stays_below_and_reaches_all)
{
	unsigned int seen[5] = { 0 };
	uint64_t u;
	int i;

	for (i = 0; i < 2000; i++) {
		u = crypto_random_below(5);
		ck_assert_uint_lt(u, 5);
		seen[u]++;
	}
	for (i = 0; i < 5; i++)
		ck_assert_uint_gt(seen[i], 200);
	ck_assert_uint_eq(crypto_random_below(1), 0);
	(void)crypto_random_below(UINT64_MAX);
}
END_TEST

START_TEST(equal_compares_all_bytes)
{
	ck_assert(crypto_is_equal("abcd", "abcd", 4));
	ck_assert(!crypto_is_equal("abcd", "abce", 4));
	ck_assert(!crypto_is_equal("abcd", "bbcd", 4));
	ck_assert(crypto_is_equal("a", "b", 0));
}
END_TEST

START_TEST(base64url_goes_both_ways)
{
	static const char *const pairs[][2] = {
		{ "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy" }, { "\xff\xef\xbe", "_---" },
	};
	unsigned char bin[256], back[256];
	char text[B64_SIZE(256)];
	size_t i, n;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		b64url_encode(pairs[i][0], strlen(pairs[i][0]), text);
		if (i != 7)
			ck_assert_str_eq(text, pairs[i][1]);
		ck_assert_int_eq(b64url_decode(text, strlen(text), back, &n),
		    OW_OK);
		ck_assert_uint_eq(n, strlen(pairs[i][0]));
		ck_assert_int_eq(memcmp(back, pairs[i][0], n), 0);
	}
	for (i = 0; i <= sizeof(bin); i++) {
		crypto_random(bin, i);
		b64url_encode(bin, i, text);
		ck_assert_uint_eq(strlen(text), B64_SIZE(i) - 1);
		ck_assert_int_eq(b64url_decode(text, strlen(text), back, &n),
		    OW_OK);
		ck_assert_uint_eq(n, i);
		ck_assert_int_eq(memcmp(back, bin, n), 0);
	}
}
END_TEST

START_TEST(base64url_refuses_what_is_not_exact)
{
	static const char *const bad[] = { "A", "AAAAA", "Zg==", "Zg=", "Z g",
		"Zm+v", "Zm/v", "Zh", "Zm9", "Zm\n8", "\xff\xff" };
	unsigned char out[16] = { 42 };
	size_t i, n = 42;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(b64url_decode(bad[i], strlen(bad[i]), out, &n) ==
		    OW_EINVAL, "%s", bad[i]);
	ck_assert_int_eq(b64url_decode("Z\0", 2, out, &n), OW_EINVAL);
	ck_assert_uint_eq(n, 42);
	ck_assert_uint_eq(out[0], 42);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crypto");
	TCase *tc = tcase_create("crypto");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, sha256_knows_the_answer);
	tcase_add_test(tc, hmac_knows_the_answer);
	tcase_add_test(tc, derive_knows_the_answer_and_tells_purposes_apart);
	tcase_add_test(tc, random_stays_below_and_reaches_all);
	tcase_add_test(tc, equal_compares_all_bytes);
	tcase_add_test(tc, base64url_goes_both_ways);
	tcase_add_test(tc, base64url_refuses_what_is_not_exact);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
