/* SPDX-License-Identifier: MIT */
/*
 * What the command line prints: columns that line up, and nothing in them that
 * a terminal would obey.
 */
#include "orderwirectl.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static const struct ctl_column columns[] = {
	{ "ID", "id" }, { "WHAT", "what" }, { "N", "n" }, { NULL, NULL },
};

static struct json *
parse(const char *text)
{
	struct json *v;
	struct ow_fault fault;

	ck_assert_msg(json_parse(text, strlen(text), &v, &fault) == OW_OK,
	    "%s", fault.text);
	return v;
}

static void
is_table(const char *json, const char *text)
{
	struct json *list = parse(json);
	struct buf out = BUF_INIT(65536);

	ctl_write_table(&out, list, columns);
	ck_assert_str_eq(out.p, text);
	buf_done(&out);
	json_free(&list);
}

START_TEST(columns_are_as_wide_as_their_widest)
{
	is_table("[]", "ID  WHAT  N\n");
	is_table("[{\"id\":\"long one\",\"what\":\"x\",\"n\":1},"
	    "{\"id\":\"b\",\"what\":\"M\xc3\xbcller & Co\",\"n\":true},"
	    "{\"id\":\"c\",\"what\":null}]",
	    "ID        WHAT         N\n"
	    "long one  x            1\n"
	    "b         M\xc3\xbcller & Co  true\n"
	    "c         -            -\n");
}
END_TEST

/* An escape sequence, a line break, a C1 control, DEL. */
START_TEST(a_terminal_is_never_told_anything)
{
	is_table("[{\"id\":\"\\u001b[2Jx\",\"what\":\"a\\nb\\rc\\u007f\","
	    "\"n\":\"\\u009b1m\"}]",
	    "ID     WHAT    N\n"
	    " [2Jx  a b c   ??1m\n");
}
END_TEST

START_TEST(a_long_cell_is_cut_between_characters)
{
	struct buf json = BUF_INIT(65536), out = BUF_INIT(65536);
	struct json *list;
	int i;

	buf_str(&json, "[{\"id\":\"x");
	for (i = 0; i < 4000; i++)
		buf_str(&json, "\xc3\xbc");
	buf_str(&json, "\"}]");
	list = parse(json.p);
	ctl_write_table(&out, list, columns);
	ck_assert_uint_lt(out.n, 3000);
	ck_assert_ptr_null(strstr(out.p, "\xc3 "));
	json_free(&list);
	buf_done(&json);
	buf_done(&out);
}
END_TEST

START_TEST(a_record_shows_what_is_plain)
{
	struct json *v = parse("{\"a\":1,\"longer\":\"x\",\"list\":[1],"
	    "\"o\":{},\"none\":null,\"empty\":\"\"}");
	struct buf out = BUF_INIT(65536);

	ctl_write_record(&out, v);
	ck_assert_str_eq(out.p, "a       1\nlonger  x\nnone    -\n"
	    "empty   -\n");
	buf_done(&out);
	json_free(&v);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("orderwirectl");
	TCase *tc = tcase_create("table");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_test(tc, columns_are_as_wide_as_their_widest);
	tcase_add_test(tc, a_terminal_is_never_told_anything);
	tcase_add_test(tc, a_long_cell_is_cut_between_characters);
	tcase_add_test(tc, a_record_shows_what_is_plain);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
