/* SPDX-License-Identifier: MIT */
/*
 * test_jwt - good tokens are good, and every known way to forge one is not.
 */
#include "token.h"

#include <openssl/pem.h>

#include "base/json.h"
#include "http/keyset.h"

#define CLAIMS "{\"sub\":\"ana\"}"
#define HS_A "{\"alg\":\"HS256\",\"kid\":\"a\"}"

static struct keyset *set_a;	/* the key "a", HS256 */

static void
set_up(void)
{
	set_a = token_keyset(TOKEN_OCT("a"));
}

static void
tear_down(void)
{
	keyset_unref(&set_a);
}

static void
verified(const struct keyset *set, const char *token, int expected)
{
	struct json *claims = NULL;
	struct ow_fault fault = { "" };
	int rc = jwt_verify(set, token, &claims, &fault);

	ck_assert_msg(rc == expected, "%d, not %d: %.80s (%s)", rc, expected,
	    token, fault.text);
	ck_assert((rc == OW_OK) == (claims != NULL));
	ck_assert((rc == OW_OK) == !fault.text[0]);
	json_free(&claims);
}

static void
taken(const struct keyset *set, char *token, int expected)
{
	verified(set, token, expected);
	free(token);
}

static char *
signed_by(const struct keyset *set, const char *claims)
{
	struct buf out = BUF_INIT(8192);
	struct ow_fault fault = { "" };

	ck_assert_int_eq(jwt_sign(set, claims, strlen(claims), &out, &fault),
	    OW_OK);
	return buf_take(&out);
}

/* The examples of RFC 7515 (appendix A) and RFC 8037 (appendix A). */
#define RFC_CLAIMS "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6" \
    "Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

START_TEST(rfc_7515_hs256_verifies)
{
	verified(set_a, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC_CLAIMS
	    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", OW_OK);
}
END_TEST

START_TEST(rfc_7515_rs256_verifies)
{
	struct keyset *set = token_keyset("{\"kty\":\"RSA\",\"n\":\""
	    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp"
	    "-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW"
	    "vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs"
	    "LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k"
	    "G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2"
	    "PAcDTW9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}");

	verified(set, "eyJhbGciOiJSUzI1NiJ9." RFC_CLAIMS
	    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
	    "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
	    "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
	    "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
	    "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
	    "p0igcN_IoypGlUPQGe77Rw", OW_OK);
	keyset_unref(&set);
}
END_TEST

START_TEST(rfc_7515_es256_verifies)
{
	struct keyset *set = token_keyset("{\"kty\":\"EC\",\"crv\":\"P-256\","
	    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
	    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}");

	verified(set, "eyJhbGciOiJFUzI1NiJ9." RFC_CLAIMS
	    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
	    "pmWQxfKTUJqPP3-Kg6NU1Q", OW_OK);
	keyset_unref(&set);
}
END_TEST

/* Its payload is a sentence: the signature must be good, the claims not. */
START_TEST(rfc_8037_eddsa_verifies)
{
	struct keyset *set = token_keyset("{\"kty\":\"OKP\","
	    "\"crv\":\"Ed25519\","
	    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}");
	struct json *claims = NULL;
	struct ow_fault fault = { "" };

	ck_assert_int_eq(jwt_verify(set, "eyJhbGciOiJFZERTQSJ9."
	    "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
	    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5B"
	    "hVsPt9g7sVvpAr_MuM0KAg", &claims, &fault), OW_EINVAL);
	ck_assert_ptr_nonnull(strstr(fault.text, "payload"));
	keyset_unref(&set);
}
END_TEST

static char
other_digit(char c)
{
	return c == 'A' ? 'B' : 'A';
}

START_TEST(each_algorithm_signs_what_it_verifies)
{
	struct keyset *sets[5] = { NULL };
	char *token, *at, was;
	int alg, other;

	for (alg = JWA_HS256; alg <= JWA_EDDSA; alg++)
		sets[alg] = token_fresh((enum jwa)alg);
	for (alg = JWA_HS256; alg <= JWA_EDDSA; alg++) {
		token = signed_by(sets[alg], CLAIMS);
		for (other = JWA_HS256; other <= JWA_EDDSA; other++)
			verified(sets[other], token,
			    other == alg ? OW_OK : OW_ENOENT);
		was = strchr(token, '.')[2];
		strchr(token, '.')[2] = other_digit(was);
		verified(sets[alg], token, OW_EDENIED);
		strchr(token, '.')[2] = was;
		at = strrchr(token, '.') + 2;
		*at = other_digit(*at);
		verified(sets[alg], token, OW_EDENIED);
		free(token);
	}
	for (alg = JWA_HS256; alg <= JWA_EDDSA; alg++)
		keyset_unref(&sets[alg]);
}
END_TEST

START_TEST(none_is_refused_in_any_spelling)
{
	static const char *const algs[] = { "none", "None", "NONE", "nOnE",
	    "", "HS256 ", "hs256", "HS384", "HS512", "RS384", "PS256" };
	char *header, *input;
	size_t i;

	for (i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		header = mem_printf("{\"alg\":\"%s\",\"kid\":\"a\"}", algs[i]);
		taken(set_a, token_oct(header, CLAIMS), OW_EINVAL);
		input = token_input(header, CLAIMS);
		taken(set_a, mem_printf("%s.", input), OW_EINVAL);
		verified(set_a, input, OW_EINVAL);
		free(input);
		free(header);
	}
	taken(set_a, token_oct("{\"kid\":\"a\"}", CLAIMS), OW_EINVAL);
	taken(set_a, token_oct("{\"alg\":[\"HS256\"]}", CLAIMS), OW_EINVAL);
	taken(set_a, token_oct("{\"alg\":null}", CLAIMS), OW_EINVAL);
}
END_TEST

/* The old trick: what is public becomes the secret of an HMAC. */
START_TEST(public_keys_are_no_secrets)
{
	struct keyset *set = token_fresh(JWA_RS256);
	EVP_PKEY *pkey = set->keys[0].pkey;
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char n_bytes[512];
	BIGNUM *bn = NULL;
	char *pem, *header, *text;
	long n_pem;
	int n;

	ck_assert_int_eq(PEM_write_bio_PUBKEY(bio, pkey), 1);
	n_pem = BIO_get_mem_data(bio, &pem);
	ck_assert_int_eq(EVP_PKEY_get_bn_param(pkey, "n", &bn), 1);
	n = BN_bn2bin(bn, n_bytes);
	text = token_b64(n_bytes, (size_t)n);
	header = mem_printf("{\"alg\":\"HS256\",\"kid\":\"%s\"}",
	    set->keys[0].kid);

	taken(set, token_hmac(pem, (size_t)n_pem, header, CLAIMS), OW_EINVAL);
	taken(set, token_hmac(pem, (size_t)n_pem - 1, header, CLAIMS),
	    OW_EINVAL);
	taken(set, token_hmac(n_bytes, (size_t)n, header, CLAIMS), OW_EINVAL);
	taken(set, token_hmac(text, strlen(text), header, CLAIMS), OW_EINVAL);
	taken(set, token_hmac(pem, (size_t)n_pem, "{\"alg\":\"HS256\"}",
	    CLAIMS), OW_EINVAL);
	taken(set, token_hmac("", 0, header, CLAIMS), OW_EINVAL);
	free(text);
	free(header);
	BN_free(bn);
	BIO_free(bio);
	keyset_unref(&set);
}
END_TEST

/* The kid of a key, the alg of another one of the same set. */
START_TEST(a_token_cannot_swap_algorithms)
{
	struct keyset *set = token_keyset("{\"keys\":[" TOKEN_OCT("a") ","
	    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"b\","
	    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}");

	taken(set, token_oct(HS_A, CLAIMS), OW_OK);
	taken(set, token_oct("{\"alg\":\"HS256\"}", CLAIMS), OW_OK);
	taken(set, token_oct("{\"alg\":\"HS256\",\"kid\":\"b\"}", CLAIMS),
	    OW_EINVAL);
	taken(set, token_oct("{\"alg\":\"EdDSA\",\"kid\":\"a\"}", CLAIMS),
	    OW_EINVAL);
	taken(set, token_oct("{\"alg\":\"EdDSA\",\"kid\":\"b\"}", CLAIMS),
	    OW_EDENIED);
	taken(set, token_oct("{\"alg\":\"EdDSA\"}", CLAIMS), OW_EDENIED);
	taken(set, token_oct("{\"alg\":\"RS256\"}", CLAIMS), OW_EINVAL);
	keyset_unref(&set);
}
END_TEST

START_TEST(kid_selects)
{
	struct keyset *empty = keyset_empty();

	taken(set_a, token_oct("{\"alg\":\"HS256\",\"kid\":\"z\"}", CLAIMS),
	    OW_ENOENT);
	taken(set_a, token_oct("{\"alg\":\"HS256\",\"kid\":\"\"}", CLAIMS),
	    OW_ENOENT);
	taken(set_a, token_oct("{\"alg\":\"HS256\",\"kid\":7}", CLAIMS),
	    OW_EINVAL);
	taken(empty, token_oct("{\"alg\":\"HS256\"}", CLAIMS), OW_ENOENT);
	keyset_unref(&empty);
}
END_TEST

/* Without a kid four keys are tried and not the fifth: notices when a set
   could be made to cost more. */
START_TEST(without_a_kid_four_keys_are_tried)
{
#define STRANGER "{\"kty\":\"oct\",\"k\":\"" \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"},"
	struct keyset *near = token_keyset("{\"keys\":[" STRANGER STRANGER
	    STRANGER TOKEN_OCT("a") "]}");
	struct keyset *far = token_keyset("{\"keys\":[" STRANGER STRANGER
	    STRANGER STRANGER TOKEN_OCT("a") "]}");

	taken(near, token_oct("{\"alg\":\"HS256\"}", CLAIMS), OW_OK);
	taken(far, token_oct("{\"alg\":\"HS256\"}", CLAIMS), OW_EDENIED);
	taken(far, token_oct(HS_A, CLAIMS), OW_OK);
	keyset_unref(&near);
	keyset_unref(&far);
}
END_TEST

START_TEST(extensions_are_refused)
{
#define WITH(m) "{\"alg\":\"HS256\",\"kid\":\"a\"," m "}"
	taken(set_a, token_oct(WITH("\"crit\":[\"exp\"]"), CLAIMS), OW_EINVAL);
	taken(set_a, token_oct(WITH("\"crit\":[]"), CLAIMS), OW_EINVAL);
	taken(set_a, token_oct(WITH("\"b64\":false"), CLAIMS), OW_EINVAL);
	taken(set_a, token_oct(WITH("\"b64\":0"), CLAIMS), OW_EINVAL);
	taken(set_a, token_oct(WITH("\"b64\":true"), CLAIMS), OW_OK);
	taken(set_a, token_oct(WITH("\"zip\":\"DEF\""), CLAIMS), OW_EINVAL);
	taken(set_a, token_oct(WITH("\"alg\":\"HS256\""), CLAIMS), OW_EINVAL);
	taken(set_a, token_oct(WITH("\"kid\":\"b\""), CLAIMS), OW_EINVAL);
	taken(set_a, token_oct(WITH("\"typ\":\"at+jwt\""), CLAIMS), OW_OK);
	taken(set_a, token_oct(WITH("\"jwk\":{},\"jku\":\"http://x/\""),
	    CLAIMS), OW_OK);
}
END_TEST

START_TEST(there_is_one_way_to_write_a_token)
{
	char *token = token_oct(HS_A, CLAIMS), *last, was;
	size_t n = strlen(token);

	verified(set_a, token, OW_OK);
	taken(set_a, mem_printf("%s=", token), OW_EINVAL);
	taken(set_a, mem_printf("%s\n", token), OW_EINVAL);
	taken(set_a, mem_printf(" %s", token), OW_EINVAL);
	taken(set_a, mem_printf("%sA", token), OW_EDENIED);
	taken(set_a, mem_printf("%sAA", token), OW_EINVAL);
	taken(set_a, mem_printf("%s.", token), OW_EINVAL);
	taken(set_a, mem_printf("%s.a.b", token), OW_EINVAL);
	taken(set_a, mem_printf(".%s", token), OW_EINVAL);
	/* 32 bytes are 43 characters; two bits of the last are left over. */
	last = &token[n - 1];
	was = *last;
	*last = was == 'A' ? 'B' : (char)(was + 1);
	ck_assert(*last != was);
	verified(set_a, token, OW_EINVAL);
	*last = was;
	*strchr(token, '.') = '+';
	verified(set_a, token, OW_EINVAL);
	free(token);
	verified(set_a, "", OW_EINVAL);
	verified(set_a, ".", OW_EINVAL);
	verified(set_a, "..", OW_EINVAL);
	verified(set_a, "a.b.c", OW_EINVAL);
	verified(set_a, "e30.e30.e30", OW_EINVAL);
}
END_TEST

START_TEST(too_long_is_refused)
{
	struct buf long_text = BUF_INIT(20000);
	char *header, *token;
	int i;

	buf_str(&long_text, "{\"sub\":\"");
	for (i = 0; i < 5900; i++)
		buf_char(&long_text, 'x');
	buf_str(&long_text, "\"}");
	token = token_oct(HS_A, long_text.p);
	ck_assert_uint_lt(strlen(token), 8192);
	taken(set_a, token, OW_OK);
	long_text.n -= 2;
	for (i = 0; i < 300; i++)
		buf_char(&long_text, 'x');
	buf_str(&long_text, "\"}");
	token = token_oct(HS_A, long_text.p);
	ck_assert_uint_gt(strlen(token), 8192);
	taken(set_a, token, OW_EINVAL);
	header = mem_printf("{\"alg\":\"HS256\",\"x\":\"%.1002s\"}",
	    long_text.p + 8);
	ck_assert_uint_eq(strlen(header), 1024);
	taken(set_a, token_oct(header, CLAIMS), OW_OK);
	free(header);
	header = mem_printf("{\"alg\":\"HS256\",\"x\":\"%.1003s\"}",
	    long_text.p + 8);
	taken(set_a, token_oct(header, CLAIMS), OW_EINVAL);
	free(header);
	buf_done(&long_text);
}
END_TEST

START_TEST(claims_are_an_object)
{
	taken(set_a, token_oct(HS_A, "[]"), OW_EINVAL);
	taken(set_a, token_oct(HS_A, "7"), OW_EINVAL);
	taken(set_a, token_oct(HS_A, "{}{}"), OW_EINVAL);
	taken(set_a, token_oct(HS_A, "{\"a\":1,\"a\":2}"), OW_EINVAL);
	taken(set_a, token_oct(HS_A, "{\"a\":\"\\u0000\"}"), OW_EINVAL);
	taken(set_a, token_oct(HS_A, "{}"), OW_OK);
}
END_TEST

/* r = s = 0 and the curve's order: what CVE-2022-21449 let through. */
START_TEST(es256_zero_signatures_are_refused)
{
	struct keyset *set = token_fresh(JWA_ES256);
	char *input = token_input("{\"alg\":\"ES256\"}", CLAIMS), *sig;
	unsigned char raw[65] = { 0 };

	sig = token_b64(raw, 64);
	taken(set, mem_printf("%s.%s", input, sig), OW_EDENIED);
	free(sig);
	sig = token_b64(raw, 65);
	taken(set, mem_printf("%s.%s", input, sig), OW_EDENIED);
	free(sig);
	memset(raw, 0xff, sizeof(raw));
	sig = token_b64(raw, 64);
	taken(set, mem_printf("%s.%s", input, sig), OW_EDENIED);
	free(sig);
	free(input);
	keyset_unref(&set);
}
END_TEST

START_TEST(signing_has_its_refusals)
{
	struct keyset *set = token_keyset("{\"kty\":\"OKP\","
	    "\"crv\":\"Ed25519\","
	    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}");
	struct buf out = BUF_INIT(40);
	struct ow_fault fault = { "" };
	char big[8000];

	ck_assert_int_eq(jwt_sign(set, "{}", 2, &out, &fault), OW_ENOENT);
	ck_assert_int_eq(jwt_sign(set_a, "{}", 2, &out, &fault), OW_ELIMIT);
	memset(big, ' ', sizeof(big));
	ck_assert_int_eq(jwt_sign(set_a, big, sizeof(big), &out, &fault),
	    OW_ELIMIT);
	ck_assert_uint_eq(out.n, 0);
	buf_done(&out);
	keyset_unref(&set);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("jwt");
	TCase *tc = tcase_create("jwt");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);	/* RSA keys take their time */
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, rfc_7515_hs256_verifies);
	tcase_add_test(tc, rfc_7515_rs256_verifies);
	tcase_add_test(tc, rfc_7515_es256_verifies);
	tcase_add_test(tc, rfc_8037_eddsa_verifies);
	tcase_add_test(tc, each_algorithm_signs_what_it_verifies);
	tcase_add_test(tc, none_is_refused_in_any_spelling);
	tcase_add_test(tc, public_keys_are_no_secrets);
	tcase_add_test(tc, a_token_cannot_swap_algorithms);
	tcase_add_test(tc, kid_selects);
	tcase_add_test(tc, without_a_kid_four_keys_are_tried);
	tcase_add_test(tc, extensions_are_refused);
	tcase_add_test(tc, there_is_one_way_to_write_a_token);
	tcase_add_test(tc, too_long_is_refused);
	tcase_add_test(tc, claims_are_an_object);
	tcase_add_test(tc, es256_zero_signatures_are_refused);
	tcase_add_test(tc, signing_has_its_refusals);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
