/* SPDX-License-Identifier: MIT */
/*
 * test_gsm - alphabets, segments and cuts; numbers, words and escapes.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../../plugins/channel-sms/gsm.h"
#include "../../../plugins/channel-sms/phone.h"
#include "../../../plugins/channel-sms/sign.h"
#include "../../../plugins/common/mac.h"
#include "../../../plugins/channel-sms/words.h"

/* n times what, after a prefix; the caller's to free. */
static char *
many(const char *prefix, const char *what, size_t n)
{
	struct text t = { .s = NULL };

	text_adds(&t, ESCAPE_NONE, prefix);
	while (n-- > 0)
		text_adds(&t, ESCAPE_NONE, what);
	text_adds(&t, ESCAPE_NONE, "");
	return t.s ? t.s : calloc(1, 1);
}

START_TEST(segments_are_counted_as_phones_do)
{
	static const struct {
		const char *prefix, *what;
		size_t n;
		bool is_ucs2;
		uint32_t segments;
	} rows[] = {
		{ "", "", 0, false, 0 },
		{ "", "a", 1, false, 1 },
		{ "", "a", 160, false, 1 },
		{ "", "a", 161, false, 2 },
		{ "", "a", 306, false, 2 },
		{ "", "a", 307, false, 3 },
		{ "", "\xe2\x82\xac", 80, false, 1 },	/* euro: two septets */
		{ "", "\xe2\x82\xac", 81, false, 2 },
		/* 153 is odd: the last septet of each segment stays free. */
		{ "", "\xe2\x82\xac", 152, false, 2 },
		{ "", "\xe2\x82\xac", 153, false, 3 },
		{ "\xc3\xa4\xc3\x96\xc3\x9f\xc3\xb1@$_\xce\xa9", "\n", 1,
		    false, 1 },
		{ "", "\xd0\xb6", 70, true, 1 },
		{ "", "\xd0\xb6", 71, true, 2 },
		{ "", "\xd0\xb6", 134, true, 2 },
		{ "", "\xd0\xb6", 135, true, 3 },
		{ "", "\xf0\x9f\x8d\x95", 35, true, 1 },	/* pizza */
		{ "", "\xf0\x9f\x8d\x95", 36, true, 2 },
		{ "", "\xf0\x9f\x8d\x95", 66, true, 2 },
		{ "", "\xf0\x9f\x8d\x95", 67, true, 3 },
		{ "\xc3\xa7", "", 0, true, 1 },	/* a small c cedilla is not
						   in the alphabet */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = many(rows[i].prefix, rows[i].what, rows[i].n);
		struct gsm g = gsm_measure(text);

		ck_assert_msg(g.segments == rows[i].segments &&
		    g.is_ucs2 == rows[i].is_ucs2, "row %zu: %u %d", i,
		    g.segments, g.is_ucs2);
		free(text);
	}
}
END_TEST

/* A cut text that needed one segment more would cost more than allowed; one
   that is much shorter would say less. */
START_TEST(a_cut_text_fits_exactly)
{
	static const char *const whats[] = { "a", "\xe2\x82\xac",
		"\xd0\xb6", "\xf0\x9f\x8d\x95", "a\xe2\x82\xac",
		"\xf0\x9f\x8d\x95\xd0\xb6" };

	for (size_t i = 0; i < sizeof(whats) / sizeof(whats[0]); i++) {
		for (uint32_t max = 1; max <= 4; max++) {
			char *text = many("", whats[i], 700);
			struct text out = { .s = NULL };
			struct gsm g = gsm_fit(text, max, &out), now;
			const char *end = g.is_ucs2 ? "\xe2\x80\xa6" : "...";

			now = gsm_measure(text_str(&out));
			ck_assert(g.was_cut);
			ck_assert_uint_eq(g.segments, max);
			ck_assert_uint_eq(now.segments, max);
			ck_assert(now.is_ucs2 == g.is_ucs2);
			ck_assert_str_eq(out.s + out.n - strlen(end), end);
			text_adds(&out, ESCAPE_NONE, whats[i]);
			text_adds(&out, ESCAPE_NONE, whats[i]);
			ck_assert_uint_gt(gsm_measure(out.s).segments, max);
			text_done(&out);
			free(text);
		}
	}
}
END_TEST

START_TEST(typography_alone_does_not_cost_ucs2)
{
	struct text out = { .s = NULL };
	struct gsm g;

	g = gsm_fit("It\xe2\x80\x99s \xe2\x80\x9cready\xe2\x80\x9d "
	    "\xe2\x80\x93 20\xc2\xa0\xe2\x82\xac\xe2\x80\xa6", 1, &out);
	ck_assert(!g.is_ucs2 && !g.was_cut);
	ck_assert_str_eq(text_str(&out), "It's \"ready\" - 20 "
	    "\xe2\x82\xac...");
	text_done(&out);
	/* Not where UCS-2 is needed anyway. */
	g = gsm_fit("\xd0\xb6\xe2\x80\xa6", 1, &out);
	ck_assert(g.is_ucs2);
	ck_assert_str_eq(text_str(&out), "\xd0\xb6\xe2\x80\xa6");
	text_done(&out);
}
END_TEST

START_TEST(broken_utf8_becomes_a_replacement)
{
	struct text out = { .s = NULL };

	gsm_fit("a\xff\xc3(\xe2\x82\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf", 3,
	    &out);
	ck_assert_ptr_nonnull(strstr(text_str(&out), "a\xef\xbf\xbd"));
	for (const char *p = text_str(&out); *p; )
		ck_assert_uint_ne(text_next(&p), 0xd800);
	text_done(&out);
}
END_TEST

START_TEST(a_number_is_e164)
{
	static const char *const bad[] = { "", "+", "49301234567", "+4930123",
		"+4930", "+0493012345", "+1234567890123456", "+49 30 123456",
		"+49301234a67", "+49301234567\n", "0049301234567",
		"joe@x.org", "++49301234567" };
	struct ow_address a;
	struct ow_fault f;

	ck_assert_int_eq(phone_check("+4930123456", &a, &f), OW_OK);
	ck_assert_str_eq(a.text, "+4930123456");
	ck_assert_str_eq(a.identity, "+4930123456");
	ck_assert_str_eq(a.hint, "+49...456");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(phone_check(bad[i], &a, &f) == OW_EINVAL, "%s",
		    bad[i]);
}
END_TEST

START_TEST(a_sender_is_read_as_gateways_write_it)
{
	static const char *const good[] = { "+4930123456", "004930123456",
		"4930123456", " 4930123456", "+49 (30) 123-456" };
	static const char *const bad[] = { "", "12345", "CAFE", "+49301234x",
		"030123456", "12345678901234567890" };
	char out[PHONE_SIZE];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_msg(phone_read(good[i], out), "%s", good[i]);
		ck_assert_str_eq(out, "+4930123456");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!phone_read(bad[i], out), "%s", bad[i]);
}
END_TEST

START_TEST(a_line_loses_its_numbers)
{
	char out[64], small[8];

	phone_scrub("The 'To' number +4930123456 is bad (21211)", out,
	    sizeof(out));
	ck_assert_str_eq(out, "The 'To' number +(number) is bad (21211)");
	phone_scrub("1234567890", small, sizeof(small));
	ck_assert_str_eq(small, "(number");
}
END_TEST

START_TEST(one_word_alone_switches)
{
	static const struct {
		const char *message;
		enum words_meaning meaning;
		const char *says;
	} rows[] = {
		{ "STOP", WORDS_STOP, "no more" },
		{ " stop. ", WORDS_STOP, "no more" },
		{ "\"Stop!\"\r\n", WORDS_STOP, "no more" },
		{ "Unsubscribe", WORDS_STOP, "no more" },
		{ "Abmelden", WORDS_STOP, "keine SMS mehr" },
		{ "ARR\xc3\x8aT", WORDS_STOP, "plus de SMS" },
		{ "arret", WORDS_STOP, "plus de SMS" },
		{ "\xc2\xa1" "Baja!", WORDS_STOP, "no recibir" },
		{ "start", WORDS_START, "again" },
		{ "ANMELDEN", WORDS_START, "wieder" },
		{ "wyrejestruj", WORDS_STOP, "no more" },
		{ "\xd0\xa1\xd0\xa2\xd0\x9e\xd0\x9f", WORDS_STOP, "no more" },
		{ "ja", WORDS_START, "again" },
		{ "stop the onions please", WORDS_OTHER, NULL },
		{ "don't stop", WORDS_OTHER, NULL },
		{ "stopover", WORDS_OTHER, NULL },
		{ "sto", WORDS_OTHER, NULL },
		{ "", WORDS_OTHER, NULL },
		{ " . ", WORDS_OTHER, NULL },
		{ "thanks!", WORDS_OTHER, NULL },
	};
	const struct words w = {
		"wyrejestruj \xd1\x81\xd1\x82\xd0\xbe\xd0\xbf", "ja", "", "",
	};
	const struct words own = { "", "", "Bye.", "Hello." };
	const char *reply;
	char *huge = many("", "s", 100000);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		reply = NULL;
		ck_assert_msg(words_read(&w, rows[i].message, &reply) ==
		    rows[i].meaning, "%s", rows[i].message);
		ck_assert((reply != NULL) == (rows[i].says != NULL));
		if (rows[i].says)
			ck_assert_ptr_nonnull(strstr(reply, rows[i].says));
	}
	ck_assert_int_eq(words_read(&own, "abmelden", &reply), WORDS_STOP);
	ck_assert_str_eq(reply, "Bye.");
	ck_assert_int_eq(words_read(&own, "start", &reply), WORDS_START);
	ck_assert_str_eq(reply, "Hello.");
	ck_assert_int_eq(words_read(&w, huge, &reply), WORDS_OTHER);
	free(huge);
}
END_TEST

START_TEST(each_place_has_its_escape)
{
	static const char evil[] = "a\"b\\c&d=e<f>'g\r\n+% \xc3\xa4\x01";
	static const struct {
		enum escape how;
		const char *out;
	} rows[] = {
		{ ESCAPE_LINE, "a\"b\\c&d=e<f>'g+% \xc3\xa4" },
		{ ESCAPE_URL, "a%22b%5Cc%26d%3De%3Cf%3E%27g%0D%0A%2B%25%20"
		    "%C3%A4%01" },
		{ ESCAPE_JSON, "a\\\"b\\\\c&d=e<f>'g\\u000d\\u000a+% \xc3\xa4"
		    "\\u0001" },
		{ ESCAPE_XML, "a&quot;b\\c&amp;d=e&lt;f&gt;&apos;g\n+% "
		    "\xc3\xa4" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct text t = { .s = NULL };

		text_adds(&t, rows[i].how, evil);
		ck_assert_str_eq(text_str(&t), rows[i].out);
		text_done(&t);
	}
}
END_TEST

/* RFC 4231, case 2; RFC 2202, case 2. */
START_TEST(signatures_are_those_of_the_rfcs)
{
	const struct ow_bytes parts[] = { { "what do ya want ", 16 },
	    { NULL, 0 }, { "for nothing?", 12 } };
	char hex[MAC_HEX_SIZE], b64[SIGN_BASE64_SIZE];

	mac_hex("Jefe", parts, 3, hex);
	ck_assert_str_eq(hex, "5bdcc146bf60754e6a042426089575c75a003f089d273"
	    "9839dec58b964ec3843");
	ck_assert(mac_is_good("Jefe", parts, 3, hex));
	ck_assert(!mac_is_good("Jefe", parts, 2, hex));
	mac_hex("", parts, 3, hex);
	ck_assert_str_eq(hex, "");
	sign_base64("Jefe", "what do ya want for nothing?", 28, b64);
	ck_assert_str_eq(b64, "7/zfauXrL6LSdBbV8YTfnCWafHk=");
	ck_assert(sign_is_equal("abc", "abc"));
	ck_assert(!sign_is_equal("abc", "abd"));
	ck_assert(!sign_is_equal("abc", "abcd"));
	ck_assert(!sign_is_equal("", ""));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("gsm");
	TCase *t = tcase_create("gsm");
	SRunner *r;
	int failed;

	tcase_add_test(t, segments_are_counted_as_phones_do);
	tcase_add_test(t, a_cut_text_fits_exactly);
	tcase_add_test(t, typography_alone_does_not_cost_ucs2);
	tcase_add_test(t, broken_utf8_becomes_a_replacement);
	tcase_add_test(t, a_number_is_e164);
	tcase_add_test(t, a_sender_is_read_as_gateways_write_it);
	tcase_add_test(t, a_line_loses_its_numbers);
	tcase_add_test(t, one_word_alone_switches);
	tcase_add_test(t, each_place_has_its_escape);
	tcase_add_test(t, signatures_are_those_of_the_rfcs);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
