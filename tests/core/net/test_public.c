/* SPDX-License-Identifier: MIT */
/*
 * test_public - which addresses a URL of somebody else's may lead to.
 */
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "net/public.h"

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;
	struct sockaddr_in *in = (struct sockaddr_in *)&ss;

	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
	} else {
		in6->sin6_family = AF_INET6;
		ck_assert_msg(inet_pton(AF_INET6, text, &in6->sin6_addr) == 1,
		    "%s", text);
	}
	return ss;
}

static bool
is_public(const char *text)
{
	struct sockaddr_storage ss = address(text);

	return public_is_public((struct sockaddr *)&ss);
}

static const char *const inside[] = {
	"0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.0",
	"100.127.255.255", "127.0.0.1", "127.255.255.254", "169.254.0.0",
	"169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8",
	"192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.0.1",
	"192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.7",
	"203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1",
	"255.255.255.255",
	"::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
	"::ffff:169.254.169.254", "::ffff:0:8.8.8.8", "64:ff9b::10.0.0.1",
	"64:ff9b::7f00:1", "64:ff9b:1::1", "64:ff9b:1:ffff::8.8.8.8", "100::1",
	"2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1",
	"2001:10::1", "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1",
	"2001:db8:ffff::1", "2002:a00:1::1", "2002:808:808::1",
	"3fff::1", "3fff:fff:ffff::1", "4000::1", "5f00::1", "fc00::1",
	"fd12:3456:789a::1", "fdff::1", "fe80::1", "febf::1", "fec0::1",
	"ff02::1", "ff0e::1",
};

START_TEST(what_is_not_public_unicast_is_refused)
{
	ck_assert_msg(!is_public(inside[_i]), "%s", inside[_i]);
}
END_TEST

static const char *const outside[] = {
	"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255",
	"100.128.0.0", "126.255.255.255", "128.0.0.1", "169.253.255.255",
	"169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.1",
	"192.0.3.1", "192.88.98.1", "192.167.255.255", "192.169.0.0",
	"198.17.255.255", "198.20.0.0", "198.51.99.1", "203.0.112.1",
	"203.0.114.1", "223.255.255.255", "::ffff:8.8.8.8",
	"64:ff9b::8.8.8.8", "2000::1", "2001:200::1", "2001:db7::1",
	"2001:db9::1", "2003::1", "2606:4700::1111", "2a00:1450::1",
	"3ffe::1", "3fff:1000::1",
};

START_TEST(what_is_public_is_let_through)
{
	ck_assert_msg(is_public(outside[_i]), "%s", outside[_i]);
}
END_TEST

START_TEST(other_families_are_refused)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	strcpy(un.sun_path, "/run/docker.sock");
	ck_assert(!public_is_public((struct sockaddr *)&un));
	ck_assert(!public_is_allowed(NULL, (struct sockaddr *)&un));
}
END_TEST

static bool
is_allowed(const struct public_allow *allow, const char *text)
{
	struct sockaddr_storage ss = address(text);

	return public_is_allowed(allow, (struct sockaddr *)&ss);
}

START_TEST(what_is_named_is_allowed_besides)
{
	struct public_allow *allow = NULL;
	struct ow_fault fault;

	ck_assert_int_eq(public_allow_parse(" 127.0.0.1  10.1.2.0/23\tfd00::/8 "
	    "\n::1 ", &allow, &fault), OW_OK);
	ck_assert(is_allowed(allow, "127.0.0.1"));
	ck_assert(is_allowed(allow, "::ffff:127.0.0.1"));
	ck_assert(!is_allowed(allow, "127.0.0.2"));
	ck_assert(is_allowed(allow, "10.1.2.0"));
	ck_assert(is_allowed(allow, "10.1.3.255"));
	ck_assert(!is_allowed(allow, "10.1.4.0"));
	ck_assert(!is_allowed(allow, "10.1.1.255"));
	ck_assert(is_allowed(allow, "fd12::1"));
	ck_assert(!is_allowed(allow, "fc00::1"));
	ck_assert(is_allowed(allow, "::1"));
	ck_assert(!is_allowed(allow, "::2"));
	ck_assert(is_allowed(allow, "8.8.8.8"));
	/* What a tunnel leads to has to be named as it is. */
	ck_assert(!is_allowed(allow, "64:ff9b::10.1.2.1"));
	public_allow_free(&allow);
	ck_assert_ptr_null(allow);
	public_allow_free(&allow);
}
END_TEST

START_TEST(an_empty_list_names_nothing_and_zero_names_all)
{
	struct public_allow *allow = NULL;
	struct ow_fault fault;

	ck_assert_int_eq(public_allow_parse("", &allow, &fault), OW_OK);
	ck_assert(!is_allowed(allow, "10.0.0.1"));
	ck_assert(is_allowed(allow, "8.8.8.8"));
	public_allow_free(&allow);
	ck_assert(!is_allowed(NULL, "10.0.0.1"));
	ck_assert_int_eq(public_allow_parse("0.0.0.0/0", &allow, &fault),
	    OW_OK);
	ck_assert(is_allowed(allow, "10.0.0.1"));
	ck_assert(!is_allowed(allow, "fd00::1"));
	public_allow_free(&allow);
}
END_TEST

static const struct bad {
	const char *text, *why;
} bads[] = {
	{ "localhost", "'localhost' is not an address" },
	{ "10.0.0.0/33", "'/33' behind 10.0.0.0 must be between /0 and /32" },
	{ "10.0.0.0/", "must be between" },
	{ "10.0.0.0/-1", "must be between" },
	{ "10.0.0.0/8/8", "must be between" },
	{ "fd00::/129", "between /0 and /128" },
	{ "10.1.0.0/8", "10.1.0.0/8 has bits set behind its first 8" },
	{ "fd00::1/8", "has bits set" },
	{ "10.0.0", "is not an address" },
	{ "010.0.0.1", "is not an address" },
	{ "10.0.0.1,10.0.0.2", "is not an address" },
	{ "fe80::1%eth0", "is not an address" },
};

START_TEST(a_bad_list_is_refused_with_a_sentence)
{
	struct public_allow *allow = NULL;
	struct ow_fault fault = { "" };

	ck_assert_int_eq(public_allow_parse(bads[_i].text, &allow, &fault),
	    OW_EINVAL);
	ck_assert_ptr_null(allow);
	ck_assert_msg(strstr(fault.text, bads[_i].why) != NULL, "%s: %s",
	    bads[_i].text, fault.text);
}
END_TEST

START_TEST(a_list_has_an_end)
{
	struct public_allow *allow = NULL;
	char *text = malloc(1001 * 4 + 1);
	struct ow_fault fault = { "" };
	int i;

	for (i = 0; i < 1001; i++)
		strcpy(text + i * 4, "::1 ");
	ck_assert_int_eq(public_allow_parse(text, &allow, &fault), OW_EINVAL);
	ck_assert_ptr_nonnull(strstr(fault.text, "more than 1000"));
	text[1000 * 4] = '\0';
	ck_assert_int_eq(public_allow_parse(text, &allow, &fault), OW_OK);
	public_allow_free(&allow);
	free(text);
}
END_TEST

#define N_OF(a) (int)(sizeof(a) / sizeof((a)[0]))

int
main(void)
{
	Suite *suite = suite_create("public");
	TCase *tc = tcase_create("public");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, what_is_not_public_unicast_is_refused, 0,
	    N_OF(inside));
	tcase_add_loop_test(tc, what_is_public_is_let_through, 0,
	    N_OF(outside));
	tcase_add_test(tc, other_families_are_refused);
	tcase_add_test(tc, what_is_named_is_allowed_besides);
	tcase_add_test(tc, an_empty_list_names_nothing_and_zero_names_all);
	tcase_add_loop_test(tc, a_bad_list_is_refused_with_a_sentence, 0,
	    N_OF(bads));
	tcase_add_test(tc, a_list_has_an_end);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
