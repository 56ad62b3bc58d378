/* SPDX-License-Identifier: MIT */
/*
 * Routes are exact: a path that is nearly one must find nothing.
 */
#include "http/route.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char one[] = "one", two[] = "two", three[] = "three";

static struct routes *
make(void)
{
	struct routes *r = routes_new();
	struct ow_fault f;

	ck_assert_int_eq(routes_add(r, "GET", "/", one, &f), OW_OK);
	ck_assert_int_eq(routes_add(r, "GET", "/t/{t}/orders/{id}", one, &f),
	    OW_OK);
	ck_assert_int_eq(routes_add(r, "PATCH", "/t/{t}/orders/{id}", two,
	    &f), OW_OK);
	ck_assert_int_eq(routes_add(r, "PUT", "/t/{t}/orders/read", three,
	    &f), OW_OK);
	ck_assert_int_eq(routes_add(r, "GET", "/t/{t}/orders/{id}/x", three,
	    &f), OW_OK);
	return r;
}

static int
find(const char *method, const char *path,
    struct route_match *m)
{
	struct routes *r = make();
	int err;

	memset(m, 0, sizeof(*m));
	err = routes_find(r, method, path, m);
	routes_free(&r);
	ck_assert_ptr_null(r);
	return err;
}

START_TEST(exact_paths_are_found_with_their_parameters)
{
	struct route_match m;

	ck_assert_int_eq(find("GET", "/t/a/orders/ref:A 1", &m), OW_OK);
	ck_assert_ptr_eq(m.target, one);
	ck_assert_uint_eq(m.n_params, 2);
	ck_assert_str_eq(m.param[0], "a");
	ck_assert_str_eq(m.param[1], "ref:A 1");
	ck_assert_int_eq(find("HEAD", "/", &m), OW_OK);
	ck_assert_ptr_eq(m.target, one);
	ck_assert_uint_eq(m.n_params, 0);
}
END_TEST

/* A breach: an order whose reference has a "/" can't be named, or an encoded
   one leads to another route. */
START_TEST(an_encoded_slash_ends_no_segment)
{
	struct route_match m;

	ck_assert_int_eq(find("GET", "/t/a/orders/ref:2026\x1f" "7", &m),
	    OW_OK);
	ck_assert_ptr_eq(m.target, one);
	ck_assert_str_eq(m.param[1], "ref:2026/7");
	ck_assert_int_eq(find("GET", "/t/a/orders/b\x1fx", &m), OW_OK);
	ck_assert_ptr_eq(m.target, one);
	ck_assert_int_eq(find("GET", "\x1f", &m), OW_ENOENT);
	ck_assert_int_eq(find("GET", "/t\x1f" "a/orders/b", &m), OW_ENOENT);
}
END_TEST

START_TEST(a_literal_wins_but_hides_nothing)
{
	struct route_match m;

	ck_assert_int_eq(find("PUT", "/t/a/orders/read", &m), OW_OK);
	ck_assert_ptr_eq(m.target, three);
	ck_assert_uint_eq(m.n_params, 1);
	ck_assert_int_eq(find("GET", "/t/a/orders/read", &m), OW_OK);
	ck_assert_ptr_eq(m.target, one);
	ck_assert_int_eq(find("GET", "/t/a/orders/read/x", &m), OW_OK);
	ck_assert_ptr_eq(m.target, three);
	ck_assert_str_eq(m.param[1], "read");
}
END_TEST

START_TEST(nearly_is_not_found)
{
	static const char *const paths[] = { "", "x", "/t", "/t/a/orders",
	    "/t/a/orders/", "/t/a/orders/1/", "/t/a/orders/1/x/y",
	    "/t//orders/1", "/T/a/orders/1", "/t/a/order/1", "//" };
	char path[256] = "/t/a/orders/";
	struct route_match m;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		ck_assert_int_eq(find("GET", paths[i], &m), OW_ENOENT);
	memset(path + 12, 'i', 159);
	ck_assert_int_eq(find("GET", path, &m), OW_OK);
	path[12 + 159] = 'i';
	ck_assert_int_eq(find("GET", path, &m), OW_ENOENT);
}
END_TEST

/* Tokens in paths are longer than names. */
START_TEST(a_long_parameter_is_long_only_where_it_is_said)
{
	struct routes *r = routes_new();
	struct route_match m;
	struct ow_fault f;
	char path[512] = "/u/";

	ck_assert_int_eq(routes_add(r, "GET", "/u/{token+}", one, &f), OW_OK);
	ck_assert_int_eq(routes_add(r, "POST", "/u/{token+}", two, &f),
	    OW_OK);
	ck_assert_int_eq(routes_add(r, "GET", "/u/{token+}/{id}", one, &f),
	    OW_OK);
	memset(path + 3, 't', 399);
	ck_assert_int_eq(routes_find(r, "POST", path, &m), OW_OK);
	ck_assert_ptr_eq(m.target, two);
	ck_assert_str_eq(m.param[0], path + 3);
	path[3 + 399] = 't';
	ck_assert_int_eq(routes_find(r, "POST", path, &m), OW_ENOENT);
	memset(path + 3, 0, 500);
	memcpy(path + 3, "t/", 2);
	memset(path + 5, 'i', 160);
	ck_assert_int_eq(routes_find(r, "GET", path, &m), OW_ENOENT);
	routes_free(&r);
}
END_TEST

START_TEST(other_methods_are_told)
{
	struct route_match m;

	ck_assert_int_eq(find("POST", "/t/a/orders/1", &m), OW_EUNSUP);
	ck_assert_str_eq(m.allow, "GET, PATCH");
	ck_assert_int_eq(find("POST", "/t/a/orders/read", &m), OW_EUNSUP);
	ck_assert_str_eq(m.allow, "PUT, GET, PATCH");
}
END_TEST

/* A breach is a path that the rest takes from a route, or a method of a
   route's path that it answers. */
START_TEST(the_rest_has_what_nobody_else_has)
{
	struct routes *r = make();
	struct route_match m;
	struct ow_fault f;

	ck_assert_int_eq(routes_find(r, "GET", "/x", &m), OW_ENOENT);
	ck_assert_int_eq(routes_add(r, "GET", "*", three, &f), OW_OK);
	ck_assert_int_eq(routes_find(r, "GET", "/", &m), OW_OK);
	ck_assert(m.target == one && !m.is_rest);
	ck_assert_int_eq(routes_find(r, "GET", "/t/a/orders/1", &m), OW_OK);
	ck_assert(m.target == one && !m.is_rest);
	ck_assert_int_eq(routes_find(r, "POST", "/t/a/orders/1", &m),
	    OW_EUNSUP);
	ck_assert(!m.is_rest);
	ck_assert_int_eq(routes_find(r, "GET", "/t/a/orders/1/2/3", &m),
	    OW_OK);
	ck_assert(m.target == three && m.is_rest && m.n_params == 0);
	ck_assert_int_eq(routes_find(r, "HEAD", "/x/", &m), OW_OK);
	ck_assert(m.target == three && m.is_rest);
	ck_assert_int_eq(routes_find(r, "POST", "/x", &m), OW_EUNSUP);
	ck_assert(m.is_rest);
	ck_assert_str_eq(m.allow, "GET");
	ck_assert_int_eq(routes_find(r, "GET", "*", &m), OW_ENOENT);
	ck_assert_int_eq(routes_add(r, "GET", "*", two, &f), OW_ECONFLICT);
	ck_assert_int_eq(routes_add(r, "GET", "/a/*", two, &f), OW_EINVAL);
	ck_assert_int_eq(routes_add(r, "GET", "/*/a", two, &f), OW_EINVAL);
	routes_free(&r);
}
END_TEST

START_TEST(clashes_and_bad_patterns_are_faults)
{
	struct routes *r = make();
	struct ow_fault f;

	ck_assert_int_eq(routes_add(r, "GET", "/t/{other}/orders/{n}", two,
	    &f), OW_ECONFLICT);
	ck_assert_int_eq(routes_add(r, "GET", "no", two, &f), OW_EINVAL);
	ck_assert_int_eq(routes_add(r, "GET", "/{a}/{b}/{c}/{d}/{e}", two,
	    &f), OW_EINVAL);
	routes_free(&r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("route");
	TCase *c = tcase_create("route");
	SRunner *runner;
	int failed;

	tcase_add_test(c, exact_paths_are_found_with_their_parameters);
	tcase_add_test(c, an_encoded_slash_ends_no_segment);
	tcase_add_test(c, a_literal_wins_but_hides_nothing);
	tcase_add_test(c, nearly_is_not_found);
	tcase_add_test(c,
	    a_long_parameter_is_long_only_where_it_is_said);
	tcase_add_test(c, other_methods_are_told);
	tcase_add_test(c, the_rest_has_what_nobody_else_has);
	tcase_add_test(c, clashes_and_bad_patterns_are_faults);
	suite_add_tcase(s, c);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
