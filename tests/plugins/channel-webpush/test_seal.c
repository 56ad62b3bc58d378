/* SPDX-License-Identifier: MIT */
/*
 * test_seal - messages for a browser, byte by byte.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <orderwire/plugin.h>

#include "../../../plugins/common/b64.h"
#include "browser.h"

static void
sender(struct p256_pair *out)
{
	unsigned char scalar[P256_SCALAR];

	ck_assert_int_eq(b64_decode(
	    "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", scalar,
	    sizeof(scalar)), OW_OK);
	ck_assert_int_eq(p256_from_scalar(scalar, out), OW_OK);
}

/* Would notice any other byte than those of RFC 8291, 5 and appendix A. */
START_TEST(the_example_of_the_rfc_comes_out)
{
	static const char text[] = "When I grow up, I want to be a watermelon";
	static const char wanted[] =
	    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
	    "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
	    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
	unsigned char salt[SEAL_SALT], out[SEAL_MAX];
	char got[B64_SIZE(SEAL_MAX)];
	struct p256_pair pair;
	struct seal_peer peer;
	size_t n;

	sender(&pair);
	browser_peer(&peer);
	ck_assert_int_eq(b64_decode("DGv6ra1nlYgDCS1FRnbzlw", salt,
	    sizeof(salt)), OW_OK);
	ck_assert_int_eq(seal_message(&pair, salt, &peer, text, strlen(text),
	    0, out, &n), OW_OK);
	(void)b64_encode(out, n, got);
	ck_assert_str_eq(got, wanted);
	(void)b64_encode(pair.point, P256_POINT, got);
	ck_assert_str_eq(got, BROWSER_SENDER_PUBLIC);
	p256_done(&pair);
}
END_TEST

START_TEST(every_length_opens_again)
{
	static const size_t lengths[] = { 0, 1, 255, 256, 257, 3839, 3840,
	    3841, 3992, 3993 };
	unsigned char salt[SEAL_SALT] = { 7 }, body[SEAL_MAX];
	char text[SEAL_TEXT_MAX], out[SEAL_MAX];
	size_t i, n, n_out, pad;
	struct p256_pair pair;
	struct seal_peer peer;

	memset(text, 'x', sizeof(text));
	browser_peer(&peer);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		ck_assert_int_eq(p256_make(&pair), OW_OK);
		ck_assert_int_eq(seal_message(&pair, salt, &peer, text,
		    lengths[i], seal_padding(lengths[i]), body, &n), OW_OK);
		ck_assert_uint_le(n, SEAL_MAX);
		ck_assert_int_eq(browser_open(body, n, out, &n_out, &pad),
		    OW_OK);
		ck_assert_uint_eq(n_out, lengths[i]);
		ck_assert_mem_eq(out, text, n_out);
		ck_assert_uint_eq(pad, seal_padding(lengths[i]));
		ck_assert((n_out + pad) % 256 == 0 ||
		    n_out + pad == SEAL_TEXT_MAX);
		p256_done(&pair);
	}
}
END_TEST

START_TEST(a_message_that_is_too_long_is_refused)
{
	unsigned char salt[SEAL_SALT] = { 7 }, body[SEAL_MAX];
	char text[SEAL_MAX] = "";
	struct p256_pair pair;
	struct seal_peer peer;
	size_t n = 99;

	sender(&pair);
	browser_peer(&peer);
	ck_assert_int_eq(seal_message(&pair, salt, &peer, text,
	    SEAL_TEXT_MAX + 1, 0, body, &n), OW_ELIMIT);
	ck_assert_int_eq(seal_message(&pair, salt, &peer, text, 3990, 4, body,
	    &n), OW_ELIMIT);
	ck_assert_int_eq(seal_message(&pair, salt, &peer, text, 1, SIZE_MAX,
	    body, &n), OW_ELIMIT);
	ck_assert_uint_eq(n, 99);
	ck_assert_uint_eq(seal_padding(SEAL_TEXT_MAX + 1), 0);
	p256_done(&pair);
}
END_TEST

/* Would notice a point that is taken although it lies beside the curve, at
   infinity, or is written in another form. */
START_TEST(what_is_no_point_is_refused)
{
	unsigned char salt[SEAL_SALT] = { 7 }, body[SEAL_MAX];
	unsigned char point[P256_POINT + 1], shared[P256_SHARED];
	struct p256_pair pair;
	struct seal_peer peer;
	size_t n;

	sender(&pair);
	browser_peer(&peer);
	memcpy(point, peer.point, P256_POINT);
	ck_assert(p256_is_point(point, P256_POINT));
	ck_assert(!p256_is_point(point, P256_POINT - 1));
	ck_assert(!p256_is_point(point, P256_POINT + 1));
	ck_assert(!p256_is_point((const unsigned char *)"", 1));
	point[0] = 0x02;
	ck_assert(!p256_is_point(point, 33));
	point[0] = 0x06;
	ck_assert(!p256_is_point(point, P256_POINT));
	point[0] = 0x04;
	point[64] ^= 1;
	ck_assert(!p256_is_point(point, P256_POINT));
	ck_assert_int_eq(p256_share(&pair, point, P256_POINT, shared),
	    OW_EINVAL);
	memset(point + 1, 0, 64);
	ck_assert(!p256_is_point(point, P256_POINT));
	memset(point + 1, 0xff, 64);
	ck_assert(!p256_is_point(point, P256_POINT));
	memcpy(peer.point, point, P256_POINT);
	ck_assert_int_eq(seal_message(&pair, salt, &peer, "x", 1, 0, body,
	    &n), OW_EINVAL);
	p256_done(&pair);
}
END_TEST

START_TEST(a_secret_out_of_range_is_refused)
{
	static const unsigned char order[P256_SCALAR] = {
		0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
		0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
	};
	unsigned char scalar[P256_SCALAR] = { 0 };
	struct p256_pair pair = { NULL, { 0 } };

	ck_assert_int_eq(p256_from_scalar(scalar, &pair), OW_EINVAL);
	ck_assert_int_eq(p256_from_scalar(order, &pair), OW_EINVAL);
	memcpy(scalar, order, sizeof(order));
	scalar[31]--;
	ck_assert_int_eq(p256_from_scalar(scalar, &pair), OW_OK);
	p256_done(&pair);
	ck_assert_ptr_null(pair.pkey);
	p256_done(&pair);
}
END_TEST

START_TEST(a_changed_message_does_not_open)
{
	unsigned char salt[SEAL_SALT] = { 7 }, body[SEAL_MAX];
	char out[SEAL_MAX];
	size_t n, n_out, pad, i;
	struct p256_pair pair;
	struct seal_peer peer;

	sender(&pair);
	browser_peer(&peer);
	ck_assert_int_eq(seal_message(&pair, salt, &peer, "hello", 5, 0, body,
	    &n), OW_OK);
	for (i = 0; i < n; i++) {
		/* The record's size is not authenticated. */
		if (i >= SEAL_SALT && i < SEAL_SALT + 4)
			continue;
		body[i] ^= 1;
		ck_assert_int_ne(browser_open(body, n, out, &n_out, &pad),
		    OW_OK);
		body[i] ^= 1;
	}
	ck_assert_int_ne(browser_open(body, n - 1, out, &n_out, &pad), OW_OK);
	ck_assert_int_eq(browser_open(body, n, out, &n_out, &pad), OW_OK);
	p256_done(&pair);
}
END_TEST

START_TEST(two_pairs_are_never_the_same)
{
	struct p256_pair a, b;

	ck_assert_int_eq(p256_make(&a), OW_OK);
	ck_assert_int_eq(p256_make(&b), OW_OK);
	ck_assert_mem_ne(a.point, b.point, P256_POINT);
	p256_done(&a);
	p256_done(&b);
}
END_TEST

START_TEST(hkdf_has_an_end)
{
	unsigned char *out = malloc(SEAL_HKDF_MAX + 1);

	ck_assert_int_eq(seal_hkdf("s", 1, "i", 1, "", 0, out, SEAL_HKDF_MAX),
	    OW_OK);
	ck_assert_int_eq(seal_hkdf("s", 1, "i", 1, "", 0, out,
	    SEAL_HKDF_MAX + 1), OW_EINVAL);
	free(out);
}
END_TEST

START_TEST(base64url_is_strict)
{
	static const char *const bad[] = { "", "AA", "AAAA", "AAA=", "AA+",
	    "AA/", "AAB", "A A", " AAA", "AAAA=" };
	unsigned char out[2];
	char text[B64_SIZE(3)];
	size_t i;

	ck_assert_int_eq(b64_decode("AAA", out, 2), OW_OK);
	ck_assert_int_eq(b64_decode("-_8", out, 2), OW_OK);
	ck_assert_mem_eq(out, "\xfb\xff", 2);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(b64_decode(bad[i], out, 2), OW_EINVAL);
	ck_assert_uint_eq(b64_encode("\xfb\xff\xfe", 3, text), 4);
	ck_assert_str_eq(text, "-__-");
	ck_assert_uint_eq(b64_encode("\xfb", 1, text), 2);
	ck_assert_str_eq(text, "-w");
	ck_assert_uint_eq(b64_encode("", 0, text), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("seal");
	TCase *tc = tcase_create("seal");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, the_example_of_the_rfc_comes_out);
	tcase_add_test(tc, every_length_opens_again);
	tcase_add_test(tc, a_message_that_is_too_long_is_refused);
	tcase_add_test(tc, what_is_no_point_is_refused);
	tcase_add_test(tc, a_secret_out_of_range_is_refused);
	tcase_add_test(tc, a_changed_message_does_not_open);
	tcase_add_test(tc, two_pairs_are_never_the_same);
	tcase_add_test(tc, hkdf_has_an_end);
	tcase_add_test(tc, base64url_is_strict);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
