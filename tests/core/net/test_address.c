/* SPDX-License-Identifier: MIT */
/*
 * One peer has one text; what is no address is refused.
 */
#include "net/address.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *text, *host, *both;
	bool loopback;
};

static const struct row rows[] = {
	{ "127.0.0.1:8080", "127.0.0.1", "127.0.0.1:8080", true },
	{ "127.9.9.9:1", "127.9.9.9", "127.9.9.9:1", true },
	{ "localhost:80", "127.0.0.1", "127.0.0.1:80", true },
	{ "*:443", "0.0.0.0", "0.0.0.0:443", false },
	{ "[::1]:0", "::1", "[::1]:0", true },
	{ "[::]:65535", "::", "[::]:65535", false },
	{ "[::ffff:192.0.2.1]:9", "192.0.2.1", "192.0.2.1:9", false },
	{ "[::ffff:127.0.0.1]:9", "127.0.0.1", "127.0.0.1:9", true },
	{ "[2001:db8::1]:443", "2001:db8::1", "[2001:db8::1]:443", false },
};

START_TEST(addresses_go_both_ways)
{
	struct sockaddr_storage ss;
	char text[ADDRESS_PORT_SIZE];
	struct ow_fault f;
	socklen_t len;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ck_assert_int_eq(address_parse(rows[i].text, &ss, &len, &f),
		    OW_OK);
		address_text((struct sockaddr *)&ss, text);
		ck_assert_str_eq(text, rows[i].host);
		address_text_port((struct sockaddr *)&ss, text);
		ck_assert_str_eq(text, rows[i].both);
		ck_assert_int_eq(address_is_loopback(
		    (struct sockaddr *)&ss), rows[i].loopback);
	}
}
END_TEST

START_TEST(nonsense_is_refused_and_touches_nothing)
{
	static const char *const bad[] = { "", ":80", "80", "1.2.3:80",
	    "1.2.3.4", "1.2.3.4:", "1.2.3.4:-1", "1.2.3.4:65536",
	    "1.2.3.4:123456", "1.2.3.4: 80", "::1:80", "[::1]", "[::1]80",
	    "[::1", "[1.2.3.4]:80", "[]:80", "name.example:80",
	    "[0000:0000:0000:0000:0000:0000:0000:0000:0000:00000:0]:80" };
	struct sockaddr_storage ss, before;
	struct ow_fault f;
	socklen_t len = 77;
	size_t i;

	memset(&ss, 0x55, sizeof(ss));
	before = ss;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		f.text[0] = '\0';
		ck_assert_int_eq(address_parse(bad[i], &ss, &len, &f),
		    OW_EINVAL);
		ck_assert_ptr_nonnull(strstr(f.text, "no address"));
	}
	ck_assert_int_eq(memcmp(&ss, &before, sizeof(ss)), 0);
	ck_assert_uint_eq(len, 77);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("address");
	TCase *c = tcase_create("address");
	SRunner *runner;
	int failed;

	tcase_add_test(c, addresses_go_both_ways);
	tcase_add_test(c, nonsense_is_refused_and_touches_nothing);
	suite_add_tcase(s, c);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
