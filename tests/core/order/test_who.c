/* SPDX-License-Identifier: MIT */
/* test_who - what each role may, and what no token can make of itself. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "order/who.h"

#define ORDER "018f0000-0000-7000-8000-000000000001"

static struct who *
make(enum role role, const char *tenant)
{
	return who_new(role, tenant, role == ROLE_CUSTOMER ? "ann" : "",
	    role == ROLE_TRACKING ? ORDER : "", INT64_MAX);
}

START_TEST(strings_are_copied_and_counted)
{
	char tenant[] = "cafe";
	struct who *w = who_new(ROLE_CUSTOMER, tenant, "ann", "", 5);
	struct who *other = who_ref(w);

	memset(tenant, 'x', sizeof(tenant) - 1);
	who_unref(&w);
	ck_assert_ptr_null(w);
	ck_assert_str_eq(other->tenant, "cafe");
	ck_assert_str_eq(other->sub, "ann");
	ck_assert_str_eq(other->order_id, "");
	ck_assert_int_eq(other->expires_ms, 5);
	who_unref(&other);
	who_unref(&other);	/* NULL inside is fine */
}
END_TEST

/* A tracking token is no JWT: no claim may name that role. */
START_TEST(role_words_are_those_of_tokens)
{
	ck_assert_int_eq(role_by_name("customer"), ROLE_CUSTOMER);
	ck_assert_int_eq(role_by_name("kitchen"), ROLE_KITCHEN);
	ck_assert_int_eq(role_by_name("service"), ROLE_SERVICE);
	ck_assert_int_eq(role_by_name("admin"), ROLE_ADMIN);
	ck_assert_int_eq(role_by_name("tracking"), ROLE_NONE);
	ck_assert_int_eq(role_by_name("none"), ROLE_NONE);
	ck_assert_int_eq(role_by_name("Admin"), ROLE_NONE);
	ck_assert_int_eq(role_by_name(""), ROLE_NONE);
	ck_assert_int_eq(role_by_name(NULL), ROLE_NONE);
	ck_assert_str_eq(role_name(ROLE_TRACKING), "tracking");
	ck_assert_str_eq(role_name((enum role)99), "none");
}
END_TEST

START_TEST(only_an_admin_is_in_every_tenant)
{
	struct who *w = make(ROLE_SERVICE, "cafe");

	ck_assert(who_is_in(w, "cafe"));
	ck_assert(!who_is_in(w, "cafe2"));
	ck_assert(!who_is_in(w, ""));
	who_unref(&w);
	w = make(ROLE_SERVICE, "*");
	ck_assert(!who_is_in(w, "cafe"));
	ck_assert(!who_is_in(w, "*"));
	who_unref(&w);
	w = make(ROLE_ADMIN, "*");
	ck_assert(who_is_in(w, "cafe"));
	who_unref(&w);
	w = make(ROLE_ADMIN, "cafe");
	ck_assert(!who_is_in(w, "bar"));
	who_unref(&w);
	w = make(ROLE_NONE, "cafe");
	ck_assert(!who_is_in(w, "cafe"));
	who_unref(&w);
}
END_TEST

START_TEST(reads_own_order_or_all)
{
	static const struct {
		enum role role;
		bool own, foreign;
	} rows[] = {
		{ ROLE_NONE, false, false },
		{ ROLE_CUSTOMER, true, false },
		{ ROLE_KITCHEN, true, true },
		{ ROLE_SERVICE, true, true },
		{ ROLE_ADMIN, true, true },
		{ ROLE_TRACKING, true, false },
	};
	struct who *w;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		w = make(rows[i].role, "cafe");
		ck_assert(who_may_read(w, ORDER, "ann") == rows[i].own);
		ck_assert(who_may_read(w, "other", "bob") == rows[i].foreign);
		who_unref(&w);
	}
}
END_TEST

/* An empty subject is nobody, not the customer without a name. */
START_TEST(empty_names_match_nothing)
{
	struct who *w = who_new(ROLE_CUSTOMER, "cafe", "", "", 0);

	ck_assert(!who_may_read(w, ORDER, ""));
	who_unref(&w);
	w = who_new(ROLE_TRACKING, "cafe", "", "", 0);
	ck_assert(!who_may_read(w, "", "ann"));
	who_unref(&w);
}
END_TEST

START_TEST(rights_grow_with_the_role)
{
	static const struct {
		enum role role;
		bool cook, serve, admin;
	} rows[] = {
		{ ROLE_NONE, false, false, false },
		{ ROLE_CUSTOMER, false, false, false },
		{ ROLE_TRACKING, false, false, false },
		{ ROLE_KITCHEN, true, false, false },
		{ ROLE_SERVICE, true, true, false },
		{ ROLE_ADMIN, true, true, true },
	};
	struct who *w;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		w = make(rows[i].role, "cafe");
		ck_assert(who_may_cook(w) == rows[i].cook);
		ck_assert(who_may_serve(w) == rows[i].serve);
		ck_assert(who_is_admin(w) == rows[i].admin);
		who_unref(&w);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("who");
	TCase *tc = tcase_create("who");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, strings_are_copied_and_counted);
	tcase_add_test(tc, role_words_are_those_of_tokens);
	tcase_add_test(tc, only_an_admin_is_in_every_tenant);
	tcase_add_test(tc, reads_own_order_or_all);
	tcase_add_test(tc, empty_names_match_nothing);
	tcase_add_test(tc, rights_grow_with_the_role);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
