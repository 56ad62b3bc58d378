/* SPDX-License-Identifier: MIT */
/*
 * test_utf8 - what is UTF-8, and what only looks like it.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

START_TEST(utf8_is_told_from_what_is_none)
{
	static const char *const good[] = { "", "a", "\xc2\x80",
		"\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xef\xbf\xbf",
		"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80", "\xc0\x80", "\xc1\xbf",
		"\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc2", "\xe2\x82",
		"\xf0\x9f\x8d", "\xc2.", "\xff" };
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(utf8_is_valid(good[i], strlen(good[i])), "%zu",
		    i);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!utf8_is_valid(bad[i], strlen(bad[i])), "%zu",
		    i);
}
END_TEST

/* Each code point as it is encoded, and no byte behind it is looked at. */
START_TEST(a_character_is_as_long_as_it_is)
{
	unsigned char s[5];
	uint32_t u;
	size_t n;

	for (u = 0; u <= 0x110000; u += u < 0x1000 ? 1 : 0xff) {
		n = u < 0x80 ? 1 : u < 0x800 ? 2 : u < 0x10000 ? 3 : 4;
		s[0] = (unsigned char)(n == 1 ? u : n == 2 ? 0xc0 | u >> 6 :
		    n == 3 ? 0xe0 | u >> 12 : 0xf0 | u >> 18);
		if (n > 1)
			s[n - 1] = 0x80 | (u & 63);
		if (n > 2)
			s[n - 2] = 0x80 | (u >> 6 & 63);
		if (n > 3)
			s[n - 3] = 0x80 | (u >> 12 & 63);
		s[n] = 0x80;
		ck_assert_msg(utf8_length((char *)s, n + 1) == ((u >= 0xd800 &&
		    u <= 0xdfff) || u > 0x10ffff ? 0 : n), "%x", u);
		if (n > 1)
			ck_assert_uint_eq(utf8_length((char *)s, n - 1), 0);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("utf8");
	TCase *tc = tcase_create("utf8");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, utf8_is_told_from_what_is_none);
	tcase_add_test(tc, a_character_is_as_long_as_it_is);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
