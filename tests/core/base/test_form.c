/* SPDX-License-Identifier: MIT */
/*
 * test_form - every kind of field: what it lets through, and what it refuses
 * with which path.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/form.h"
#include "base/json.h"

static const char *const sizes[] = { "small", "large", NULL };

static const struct form_field row_fields[] = {
	{ "n", FORM_INT, true, false, 1, 9, NULL, NULL },
	FORM_END,
};

static const struct form_field fields[] = {
	{ "text", FORM_TEXT, false, false, 2, 4, NULL, NULL },
	{ "lines", FORM_LINES, false, true, 0, 9, NULL, NULL },
	{ "int", FORM_INT, false, false, -3, 3, NULL, NULL },
	{ "any_int", FORM_INT, false, false, 0, 0, NULL, NULL },
	{ "real", FORM_REAL, false, false, -90, 90, NULL, NULL },
	{ "bool", FORM_BOOL, false, false, 0, 0, NULL, NULL },
	{ "time", FORM_TIME, false, true, 0, 0, NULL, NULL },
	{ "size", FORM_ENUM, false, false, 0, 0, sizes, NULL },
	{ "row", FORM_OBJECT, false, false, 0, 0, NULL, row_fields },
	{ "rows", FORM_LIST, false, false, 1, 20, NULL, row_fields },
	{ "any", FORM_ANY, false, false, 0, 8, NULL, NULL },
	FORM_END,
};

static int
check(const char *text, struct form_faults *faults)
{
	struct json *body = NULL;
	struct ow_fault fault;
	int err;

	memset(faults, 0, sizeof(*faults));
	ck_assert_int_eq(json_parse(text, strlen(text), &body, &fault), OW_OK);
	err = form_check(body, fields, faults);
	json_free(&body);
	return err;
}

static void
assert_fine(const char *text)
{
	struct form_faults faults;

	ck_assert_msg(check(text, &faults) == OW_OK, "%s: %s", text,
	    faults.list[0].detail);
	ck_assert_uint_eq(faults.n, 0);
}

static void
assert_fault(const char *text, const char *field)
{
	struct form_faults faults;

	ck_assert_msg(check(text, &faults) == OW_EINVAL, "%s", text);
	ck_assert_uint_eq(faults.n, 1);
	ck_assert_str_eq(faults.list[0].field, field);
	ck_assert_str_ne(faults.list[0].detail, "");
}

/* Values at their very bounds; members that nobody asked for. */
START_TEST(lets_bounds_and_unknown_members_through)
{
	assert_fine("{}");
	assert_fine("{\"text\":\"ab\"}");
	assert_fine("{\"text\":\"abcd\"}");
	assert_fine("{\"int\":-3}");
	assert_fine("{\"int\":3,\"any_int\":9223372036854775807}");
	assert_fine("{\"real\":90}");
	assert_fine("{\"real\":-89.5}");
	assert_fine("{\"bool\":false}");
	assert_fine("{\"time\":\"2026-11-22T10:00:00Z\"}");
	assert_fine("{\"size\":\"large\"}");
	assert_fine("{\"row\":{\"n\":9}}");
	assert_fine("{\"rows\":[{\"n\":1},{\"n\":2}]}");
	assert_fine("{\"any\":[1,2,3]}");
	assert_fine("{\"nobody\":{\"asked\":[]}}");
}
END_TEST

START_TEST(refuses_each_kind_with_its_path)
{
	assert_fault("{\"text\":\"a\"}", "text");
	assert_fault("{\"text\":\"abcde\"}", "text");
	assert_fault("{\"text\":7}", "text");
	assert_fault("{\"int\":4}", "int");
	assert_fault("{\"int\":1.0}", "int");
	assert_fault("{\"int\":\"1\"}", "int");
	assert_fault("{\"real\":90.001}", "real");
	assert_fault("{\"real\":-1e300}", "real");
	assert_fault("{\"real\":true}", "real");
	assert_fault("{\"bool\":0}", "bool");
	assert_fault("{\"time\":\"yesterday\"}", "time");
	assert_fault("{\"time\":12}", "time");
	assert_fault("{\"size\":\"LARGE\"}", "size");
	assert_fault("{\"size\":[]}", "size");
	assert_fault("{\"row\":[]}", "row");
	assert_fault("{\"row\":{}}", "row.n");
	assert_fault("{\"rows\":{}}", "rows");
	assert_fault("{\"rows\":[]}", "rows");
	assert_fault("{\"rows\":[{\"n\":1},{\"n\":0}]}", "rows[1].n");
	assert_fault("{\"rows\":[{\"n\":1},2]}", "rows[1]");
	assert_fault("{\"any\":[1,2,3,4]}", "any");
	assert_fault("[]", "");
}
END_TEST

/* null is absent only where the table says so. */
START_TEST(null_is_absent_where_allowed)
{
	assert_fine("{\"time\":null,\"lines\":null}");
	assert_fine("{\"any\":null}");
	assert_fault("{\"text\":null}", "text");
	assert_fault("{\"row\":{\"n\":null}}", "row.n");
}
END_TEST

/* A name with a line break could break a header or a terminal. */
START_TEST(text_has_no_control_characters)
{
	assert_fault("{\"text\":\"a\\n\"}", "text");
	assert_fault("{\"text\":\"a\\r\"}", "text");
	assert_fault("{\"text\":\"a\\u007f\"}", "text");
	assert_fault("{\"text\":\"a\\u0085\"}", "text");
	assert_fine("{\"text\":\"\\u00e9\\u00e0\"}");
	assert_fine("{\"lines\":\"a\\n\\tb\"}");
	assert_fault("{\"lines\":\"a\\rb\"}", "lines");
	assert_fault("{\"lines\":\"\\u001b[2J\"}", "lines");
}
END_TEST

/* All faults at once, but never more than there is room for. */
START_TEST(tells_all_faults_up_to_the_limit)
{
	struct form_faults faults;

	ck_assert_int_eq(check("{\"text\":1,\"int\":\"x\",\"bool\":2}",
	    &faults), OW_EINVAL);
	ck_assert_uint_eq(faults.n, 3);
	ck_assert_int_eq(check("{\"rows\":[0,0,0,0,0,0,0,0,0,0,"
	    "0,0,0,0,0,0,0,0,0,0],\"any\":\"123456789\"}", &faults),
	    OW_EINVAL);
	ck_assert_uint_eq(faults.n, FORM_FAULTS_MAX);
	form_fault(&faults, "more", "no room");
	ck_assert_uint_eq(faults.n, FORM_FAULTS_MAX);
}
END_TEST

/* What was sent may be a person's address and stays out of the answer. */
START_TEST(faults_do_not_repeat_the_value)
{
	struct form_faults faults;

	ck_assert_int_eq(check("{\"size\":\"secret\",\"time\":\"secret\"}",
	    &faults), OW_EINVAL);
	for (uint32_t i = 0; i < faults.n; i++)
		ck_assert_ptr_null(strstr(faults.list[i].detail, "secret"));
	ck_assert_ptr_nonnull(strstr(faults.list[1].detail, "small, large"));
}
END_TEST

START_TEST(no_body_is_a_fault)
{
	struct form_faults faults = { .n = 0 };

	ck_assert_int_eq(form_check(NULL, fields, &faults), OW_EINVAL);
	ck_assert_uint_eq(faults.n, 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("form");
	TCase *tc = tcase_create("form");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, lets_bounds_and_unknown_members_through);
	tcase_add_test(tc, refuses_each_kind_with_its_path);
	tcase_add_test(tc, null_is_absent_where_allowed);
	tcase_add_test(tc, text_has_no_control_characters);
	tcase_add_test(tc, tells_all_faults_up_to_the_limit);
	tcase_add_test(tc, faults_do_not_repeat_the_value);
	tcase_add_test(tc, no_body_is_a_fault);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
