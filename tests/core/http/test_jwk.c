/* SPDX-License-Identifier: MIT */
/*
 * test_jwk - which keys are taken, which left out, which are a fault.
 */
#include "token.h"

#include <stdio.h>

#include "http/keyset.h"

/* RFC 7515, A.3.1 and RFC 8037, A.1 */
#define EC_X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define EC_Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define EC_D "\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\""
#define EC "{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "," EC_Y "}"
#define OKP_X "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\""
#define OKP_D "\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\""
#define OKP "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," OKP_X "}"
#define OCT_WITH(m) "{\"kty\":\"oct\"," m ",\"k\":\"" TOKEN_K "\"}"
#define SET(keys) "{\"keys\":[" keys "]}"

static void
refused(const char *text, const char *why)
{
	struct keyset *set = NULL;
	struct ow_fault fault = { "" };

	ck_assert_msg(keyset_parse(text, strlen(text), &set, &fault) ==
	    OW_EINVAL, "%s", text);
	ck_assert_ptr_null(set);
	ck_assert_msg(strstr(fault.text, why) != NULL, "%s: %s", text,
	    fault.text);
}

static void
counted(const char *text, uint32_t n)
{
	struct keyset *set = token_keyset(text);

	ck_assert_msg(set->n == n, "%u of %s", set->n, text);
	keyset_unref(&set);
	ck_assert_ptr_null(set);
}

START_TEST(each_type_has_its_one_algorithm)
{
	struct keyset *set = token_keyset(SET(TOKEN_OCT("a") "," EC "," OKP));

	ck_assert_uint_eq(set->n, 3);
	ck_assert_int_eq(set->keys[0].alg, JWA_HS256);
	ck_assert_str_eq(set->keys[0].kid, "a");
	ck_assert_int_eq(set->keys[1].alg, JWA_ES256);
	ck_assert_ptr_null(set->keys[1].kid);
	ck_assert_int_eq(set->keys[2].alg, JWA_EDDSA);
	ck_assert(set->keys[0].can_sign);
	ck_assert(!set->keys[1].can_sign && !set->keys[2].can_sign);
	keyset_unref(&set);
}
END_TEST

START_TEST(names_of_algorithms_are_exact)
{
	ck_assert_int_eq(jwa_by_name("RS256"), JWA_RS256);
	ck_assert_int_eq(jwa_by_name("EdDSA"), JWA_EDDSA);
	ck_assert_int_eq(jwa_by_name("none"), 0);
	ck_assert_int_eq(jwa_by_name("hs256"), 0);
	ck_assert_int_eq(jwa_by_name("HS512"), 0);
	ck_assert_int_eq(jwa_by_name(""), 0);
	ck_assert_int_eq(jwa_by_name(NULL), 0);
}
END_TEST

START_TEST(keys_for_other_things_are_left_out)
{
	counted(SET(EC "," OCT_WITH("\"use\":\"enc\"")), 1);
	counted(SET(EC "," OCT_WITH("\"use\":7")), 1);
	counted(SET(EC "," OCT_WITH("\"use\":\"sig\"")), 2);
	counted(SET(EC "," OCT_WITH("\"key_ops\":[\"encrypt\"]")), 1);
	counted(SET(EC "," OCT_WITH("\"key_ops\":\"verify\"")), 1);
	counted(SET(EC "," OCT_WITH("\"key_ops\":[\"verify\"]")), 2);
	counted(SET(EC "," OCT_WITH("\"alg\":\"HS512\"")), 1);
	counted(SET(EC "," OCT_WITH("\"alg\":\"RS256\"")), 1);
	counted(SET(EC "," OCT_WITH("\"alg\":null")), 1);
	counted(SET(EC "," OCT_WITH("\"alg\":\"HS256\"")), 2);
	counted(SET(EC ",{\"kty\":\"EC\",\"crv\":\"P-384\"}"), 1);
	counted(SET(EC ",{\"kty\":\"OKP\",\"crv\":\"X25519\"}"), 1);
	counted(SET(EC ",{\"kty\":\"AKP\"}"), 1);
	counted(SET(EC ",{\"kty\":\"RSA\",\"alg\":\"RS512\"}"), 1);
	refused(SET(OCT_WITH("\"use\":\"enc\"")), "no key of the set");
}
END_TEST

START_TEST(broken_keys_are_a_fault)
{
	refused("", "");
	refused("[]", "neither");
	refused("{}", "neither");
	refused(SET(""), "no key");
	refused("{\"keys\":{}}", "neither");
	refused(SET("7"), "no type");
	refused(SET("{\"k\":\"x\"}"), "no type");
	refused(SET(EC ",{\"kty\":\"oct\"}"), "key 2");
	refused(SET("{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}"), "32 to 1024");
	refused("{\"kty\":\"oct\",\"k\":\"" TOKEN_K "=\"}", "base64url");
	refused(OCT_WITH("\"kid\":7"), "kid");
	refused("{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "}", "32 bytes");
	refused("{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "," OKP_X "}", "");
	/* y of another point: not on the curve. */
	refused("{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X ",\"y\":"
	    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}", "no point");
	refused("{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "," EC_Y "," OKP_D
	    "}", "not its secret");
	refused("{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," OKP_X "," EC_D "}",
	    "not its secret");
	refused("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "2048");
	refused("{\"kty\":\"RSA\",\"e\":\"AQAB\"}", "not whole");
	refused("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\","
	    "\"p\":\"AQAB\"}", "not whole");
}
END_TEST

START_TEST(a_set_has_a_limit)
{
	struct buf text = BUF_INIT(65536);
	int i;

	buf_str(&text, "{\"keys\":[" OKP);
	for (i = 0; i < 63; i++)
		buf_str(&text, "," OKP);
	buf_str(&text, "]}");
	counted(text.p, 64);
	text.n -= 2;
	buf_str(&text, "," OKP "]}");
	refused(text.p, "more than 64");
	buf_done(&text);
}
END_TEST

START_TEST(private_keys_sign_unless_told_not_to)
{
	struct keyset *set;

	set = token_keyset("{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," OKP_X ","
	    OKP_D "}");
	ck_assert(set->keys[0].can_sign);
	keyset_unref(&set);
	set = token_keyset("{\"kty\":\"EC\",\"crv\":\"P-256\"," EC_X "," EC_Y
	    "," EC_D "}");
	ck_assert(set->keys[0].can_sign);
	keyset_unref(&set);
	set = token_keyset(OCT_WITH("\"key_ops\":[\"verify\"]"));
	ck_assert(!set->keys[0].can_sign);
	keyset_unref(&set);
}
END_TEST

START_TEST(equal_means_the_same_keys)
{
	struct keyset *a = token_keyset(SET(TOKEN_OCT("a") "," EC));
	struct keyset *b = token_keyset(SET(TOKEN_OCT("a") "," EC ","
	    "{\"kty\":\"AKP\"}"));
	struct keyset *c = token_keyset(SET(TOKEN_OCT("b") "," EC));
	struct keyset *d = token_keyset(SET(TOKEN_OCT("a") "," OKP));
	struct keyset *e = keyset_empty();

	ck_assert(keyset_is_equal(a, a) && keyset_is_equal(a, b));
	ck_assert(!keyset_is_equal(a, c) && !keyset_is_equal(a, d));
	ck_assert(!keyset_is_equal(a, e) && !keyset_is_equal(NULL, a));
	keyset_unref(&a);
	keyset_unref(&b);
	keyset_unref(&c);
	keyset_unref(&d);
	keyset_unref(&e);
}
END_TEST

START_TEST(generated_keys_are_fresh_and_can_sign)
{
	struct keyset *a, *b;
	int alg;

	for (alg = JWA_HS256; alg <= JWA_EDDSA; alg++) {
		a = token_fresh((enum jwa)alg);
		b = token_fresh((enum jwa)alg);
		ck_assert_uint_eq(a->n, 1);
		ck_assert_int_eq(a->keys[0].alg, alg);
		ck_assert(a->keys[0].can_sign);
		ck_assert_str_ne(a->keys[0].kid, b->keys[0].kid);
		ck_assert(!keyset_is_equal(a, b));
		keyset_unref(&a);
		keyset_unref(&b);
	}
}
END_TEST

START_TEST(no_room_is_said)
{
	struct buf out = BUF_INIT(20);
	struct ow_fault fault = { "" };

	ck_assert_int_eq(jwk_generate(JWA_HS256, &out, &fault), OW_ELIMIT);
	ck_assert_str_ne(fault.text, "");
	ck_assert_uint_eq(out.n, 0);
	buf_done(&out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("jwk");
	TCase *tc = tcase_create("jwk");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);	/* RSA keys take their time */
	tcase_add_test(tc, each_type_has_its_one_algorithm);
	tcase_add_test(tc, names_of_algorithms_are_exact);
	tcase_add_test(tc, keys_for_other_things_are_left_out);
	tcase_add_test(tc, broken_keys_are_a_fault);
	tcase_add_test(tc, a_set_has_a_limit);
	tcase_add_test(tc, private_keys_sign_unless_told_not_to);
	tcase_add_test(tc, equal_means_the_same_keys);
	tcase_add_test(tc, generated_keys_are_fresh_and_can_sign);
	tcase_add_test(tc, no_room_is_said);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
