/* SPDX-License-Identifier: MIT */
/*
 * test_json - what is read, what is refused, and what is written.
 *
 * The order of members, the place of an error and the shortest form of a number
 * are promises to clients, so they are compared as text.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static struct json *
parse(const char *text)
{
	struct json *j = NULL;
	struct ow_fault f = { "" };

	ck_assert_msg(json_parse(text, strlen(text), &j, &f) == OW_OK,
	    "%s: %s", text, f.text);
	return j;
}

static void
assert_dumps(const char *text, const char *want)
{
	struct buf b = BUF_INIT(4096);
	struct json *j = parse(text);

	json_dump(j, &b);
	ck_assert_str_eq(b.p, want);
	json_free(&j);
	ck_assert_ptr_null(j);
	buf_done(&b);
}

START_TEST(members_are_found_by_name_and_type)
{
	struct json *j = parse("{\"s\":\"text\",\"i\":-5,\"r\":1.5,"
	    "\"t\":true,\"f\":false,\"n\":null,\"l\":[1,\"x\"],"
	    "\"o\":{\"a\":1}}");

	ck_assert_int_eq(json_type(j), JSON_OBJECT);
	ck_assert_uint_eq(json_count(j), 8);
	ck_assert_str_eq(json_get_text(j, "s"), "text");
	ck_assert_int_eq(json_get_int(j, "i", 0), -5);
	ck_assert(json_number(json_get(j, "r"), 0) == 1.5);
	ck_assert(json_number(json_get(j, "i"), 0) == -5);
	ck_assert(json_bool(json_get(j, "t"), false));
	ck_assert(!json_bool(json_get(j, "f"), true));
	ck_assert_int_eq(json_type(json_get(j, "n")), JSON_NULL);
	ck_assert_int_eq(json_type(json_get(j, "l")), JSON_LIST);
	ck_assert_uint_eq(json_count(json_get(j, "l")), 2);
	ck_assert_str_eq(json_text(json_at(json_get(j, "l"), 1)), "x");
	ck_assert_int_eq(json_get_int(json_get(j, "o"), "a", 0), 1);
	ck_assert_int_eq(json_type(json_get(j, "r")), JSON_REAL);
	ck_assert_int_eq(json_type(json_get(j, "i")), JSON_INT);
	ck_assert_int_eq(json_type(json_get(j, "t")), JSON_BOOL);
	ck_assert_int_eq(json_type(json_get(j, "s")), JSON_TEXT);
	json_free(&j);
	json_free(&j);
}
END_TEST

START_TEST(absent_and_other_types_give_the_default)
{
	struct json *j = parse("{\"s\":\"5\",\"l\":[],\"r\":1.0}");
	const struct json *s = json_get(j, "s");

	ck_assert_ptr_null(json_get(NULL, "s"));
	ck_assert_ptr_null(json_get(s, "s"));
	ck_assert_ptr_null(json_get(j, "absent"));
	ck_assert_uint_eq(json_count(NULL), 0);
	ck_assert_uint_eq(json_count(s), 0);
	ck_assert_ptr_null(json_at(NULL, 0));
	ck_assert_ptr_null(json_at(json_get(j, "l"), 0));
	ck_assert_ptr_null(json_at(s, 0));
	ck_assert_ptr_null(json_text(NULL));
	ck_assert_ptr_null(json_get_text(j, "l"));
	ck_assert_int_eq(json_int(s, 7), 7);
	ck_assert_int_eq(json_int(json_get(j, "r"), 7), 7);
	ck_assert_int_eq(json_int(NULL, 7), 7);
	ck_assert(json_number(s, 7) == 7);
	ck_assert(json_number(NULL, 7) == 7);
	ck_assert(json_bool(s, true));
	ck_assert(!json_bool(s, false));
	ck_assert(json_bool(NULL, true));
	ck_assert_int_eq(json_type(NULL), JSON_NULL);
	ck_assert_int_eq(json_each(NULL, NULL, NULL), OW_OK);
	ck_assert_int_eq(json_each(s, NULL, NULL), OW_OK);
	json_free(&j);
}
END_TEST

/* Would fail if one number that no int64_t holds cost the other members their
   kinds, or refused the text. */
START_TEST(an_integer_beyond_64_bits_disturbs_nobody)
{
	const char *text = "{\"big\":123456789012345678901234567890,"
	    "\"n\":7,\"r\":1.5,\"list\":[1,[2],{\"m\":-3}]}";
	struct json *j = NULL;
	struct ow_fault f;

	ck_assert_int_eq(json_parse(text, strlen(text), &j, &f), OW_OK);
	ck_assert_int_eq(json_type(json_get(j, "big")), JSON_REAL);
	ck_assert_int_eq(json_get_int(j, "n", 0), 7);
	ck_assert_int_eq(json_type(json_get(j, "r")), JSON_REAL);
	ck_assert_int_eq(json_int(json_at(json_get(j, "list"), 0), 0), 1);
	ck_assert_int_eq(json_int(json_at(json_at(json_get(j, "list"), 1), 0),
	    0), 2);
	ck_assert_int_eq(json_get_int(json_at(json_get(j, "list"), 2), "m",
	    0), -3);
	json_free(&j);
}
END_TEST

START_TEST(what_is_not_one_clean_text_is_refused)
{
	static const char *const bad[] = {
		"", " ", "{", "}", "[1,]", "{\"a\":}", "{\"a\" 1}",
		"{a:1}", "'a'", "[1] 2", "[1][2]", "nul", "+1", "01", "1.",
		".5", "NaN", "Infinity", "\"a", "\"\\x\"", "\"\t\"",
		"{\"a\":1,\"a\":2}", "\"\\u0000\"",
		"{\"\\u0000\":1}", "\"\\ud800\"", "\"\xff\"",
		"\"\xc0\x80\"", "\"\xed\xa0\x80\"", "1e999",
		"/* */ 1", "\xef\xbb\xbf[]",
	};
	struct json *j = (struct json *)&bad;
	struct ow_fault f;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f.text[0] = '\0';
		ck_assert_msg(json_parse(bad[i], strlen(bad[i]), &j, &f) ==
		    OW_EINVAL, "%s", bad[i]);
		ck_assert_int_eq(strncmp(f.text, "line ", 5), 0);
	}
	ck_assert_int_eq(json_parse("1\0", 2, &j, NULL), OW_EINVAL);
	ck_assert_int_eq(json_parse("\"a\0b\"", 5, &j, NULL), OW_EINVAL);
	ck_assert_int_eq(json_parse(NULL, 0, &j, NULL), OW_EINVAL);
	ck_assert_ptr_eq(j, (struct json *)&bad);
}
END_TEST

/* A fault may be logged, so it must not carry the text. */
START_TEST(fault_says_where_and_not_what)
{
	const char *text = "{\n  \"name\": \"Jane Doe\" oops\n}";
	struct ow_fault f;
	struct json *j;

	ck_assert_int_eq(json_parse(text, strlen(text), &j, &f), OW_EINVAL);
	ck_assert_int_eq(strncmp(f.text, "line 2, column ", 15), 0);
	ck_assert_ptr_null(strstr(f.text, "oops"));
	ck_assert_ptr_null(strstr(f.text, "Jane"));
}
END_TEST

static int
parse_deep(char open, char close, size_t depth,
    struct ow_fault *f)
{
	struct buf b = BUF_INIT(100000);
	struct json *j = NULL;
	size_t i;
	int err;

	for (i = 0; i < depth; i++) {
		buf_char(&b, open);
		if (open == '{')
			buf_str(&b, "\"]}[\\\"\":");
	}
	buf_str(&b, "0");
	for (i = 0; i < depth; i++)
		buf_char(&b, close);
	err = json_parse(b.p, b.n, &j, f);
	if (!err) {
		buf_clear(&b);
		json_dump(j, &b);
		ck_assert(!b.full);
		json_free(&j);
	}
	buf_done(&b);
	return err;
}

START_TEST(depth_of_32_is_read_and_33_is_refused)
{
	struct ow_fault f;

	ck_assert_int_eq(parse_deep('[', ']', 32, NULL), OW_OK);
	ck_assert_int_eq(parse_deep('[', ']', 33, &f), OW_ELIMIT);
	ck_assert_str_eq(f.text, "line 1, column 33: nested too deeply");
	ck_assert_int_eq(parse_deep('{', '}', 32, NULL), OW_OK);
	ck_assert_int_eq(parse_deep('{', '}', 33, NULL), OW_ELIMIT);
	ck_assert_int_eq(parse_deep('[', ']', 40000, NULL), OW_ELIMIT);
}
END_TEST

START_TEST(dump_keeps_order_kind_and_value)
{
	assert_dumps(" { \"z\" : 1 , \"a\" : [ true , null , false ] } ",
	    "{\"z\":1,\"a\":[true,null,false]}");
	assert_dumps("[0.1,5.0,-0.0,1e22,1E-7,100000000000000000.0]",
	    "[0.1,5.0,-0.0,1e+22,1e-07,1e+17]");
	assert_dumps("[9223372036854775807,-9223372036854775808]",
	    "[9223372036854775807,-9223372036854775808]");
	assert_dumps("\"\\u00e9\\/\\n\\u001f\"",
	    "\"\xc3\xa9/\\n\\u001f\"");
	assert_dumps("{}", "{}");
	assert_dumps("[[],{}]", "[[],{}]");
}
END_TEST

static int
each_name(void *arg, const char *name, const struct json *j)
{
	buf_str(arg, name);
	return json_int(j, 0) == 3 ? OW_ECONFLICT : OW_OK;
}

START_TEST(each_goes_in_order_and_stops_when_told)
{
	struct buf b = BUF_INIT(100);
	struct json *j = parse("{\"d\":1,\"a\":2,\"c\":3,\"b\":4}");

	ck_assert_int_eq(json_each(j, each_name, &b), OW_ECONFLICT);
	ck_assert_str_eq(b.p, "dac");
	json_free(&j);
	buf_done(&b);
}
END_TEST

static void
assert_slice(const char *text, const char *member,
    const char *want)
{
	struct ow_bytes got = { NULL, 0 };
	int err = json_slice(text, strlen(text), member, &got);

	if (!want) {
		ck_assert_int_eq(err, OW_ENOENT);
		ck_assert_ptr_null(got.p);
		return;
	}
	ck_assert_int_eq(err, OW_OK);
	ck_assert_uint_eq(got.n, strlen(want));
	ck_assert_mem_eq(got.p, want, got.n);
}

START_TEST(slice_gives_the_member_as_written)
{
	const char *text = " {\"a\" : [1, {\"data\":2}] ,\n"
	    "\"data\":\t{ \"x\": \"}\\\"]\" } , \"n\":-1.5e3,"
	    "\"\":true,\"s\":\"q\" , \"last\": null}";

	assert_slice(text, "a", "[1, {\"data\":2}]");
	assert_slice(text, "data", "{ \"x\": \"}\\\"]\" }");
	assert_slice(text, "n", "-1.5e3");
	assert_slice(text, "", "true");
	assert_slice(text, "s", "\"q\"");
	assert_slice(text, "last", "null");
	assert_slice(text, "x", NULL);
	assert_slice(text, "dat", NULL);
	assert_slice(text, "data2", NULL);
}
END_TEST

START_TEST(slice_knows_escaped_names)
{
	const char *text = "{\"t\\u0079pe\":1,\"\\\"\\n\\/\":2,"
	    "\"\\u00e9\":3,\"\\ud83c\\udf55\":4}";

	assert_slice(text, "type", "1");
	assert_slice(text, "\"\n/", "2");
	assert_slice(text, "\xc3\xa9", "3");
	assert_slice(text, "\xf0\x9f\x8d\x95", "4");
}
END_TEST

START_TEST(slice_of_what_is_no_object_finds_nothing)
{
	static const char *const texts[] = { "", "1", "[1]", "\"a\"", "{}",
		"{", "{\"", "{\"a", "{\"a\"", "{\"b\":1,", "{\"b\\" };
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_slice(texts[i], "a", NULL);
}
END_TEST

START_TEST(compact_takes_only_what_is_between)
{
	struct buf b = BUF_INIT(200);
	const char *text = " { \"a b\" :\n[ 1 ,\t2 ,\r\" \\\" \" ] } ";

	json_compact(&b, text, strlen(text));
	ck_assert_str_eq(b.p, "{\"a b\":[1,2,\" \\\" \"]}");
	buf_clear(&b);
	json_compact(&b, "", 0);
	json_compact(&b, " \n", 2);
	ck_assert_uint_eq(b.n, 0);
	json_compact(&b, "\"a \\", 4);
	ck_assert_str_eq(b.p, "\"a \\");
	buf_done(&b);
}
END_TEST

START_TEST(writer_puts_commas_and_brackets)
{
	struct buf b = BUF_INIT(1000);
	struct jw w;

	jw_init(&w, &b);
	jw_object(&w, NULL);
	jw_text(&w, "type", "ping");
	jw_text(&w, "none", NULL);
	jw_list(&w, "l");
	jw_int(&w, NULL, 1);
	jw_object(&w, NULL);
	jw_end(&w);
	jw_list(&w, NULL);
	jw_end(&w);
	jw_bool(&w, NULL, true);
	jw_end(&w);
	jw_bool(&w, "f", false);
	jw_null(&w, "n");
	jw_time(&w, "at", 0);
	jw_raw(&w, "raw", "{\"x\":1}", 7);
	jw_textn(&w, "cut", "abcdef", 3);
	jw_end(&w);
	ck_assert_str_eq(b.p, "{\"type\":\"ping\",\"none\":null,"
	    "\"l\":[1,{},[],true],\"f\":false,\"n\":null,"
	    "\"at\":\"1970-01-01T00:00:00.000Z\",\"raw\":{\"x\":1},"
	    "\"cut\":\"abc\"}");
	buf_done(&b);
}
END_TEST

static void
assert_text(const char *s, size_t n, const char *want)
{
	struct buf b = BUF_INIT(1000);
	struct jw w;

	jw_init(&w, &b);
	jw_textn(&w, NULL, s, n);
	ck_assert_str_eq(b.p, want);
	buf_done(&b);
}

START_TEST(writer_escapes_what_must_not_go_out)
{
	assert_text("\"\\/", 3, "\"\\\"\\\\/\"");
	assert_text("\b\f\n\r\t\0\x1f\x7f", 8,
	    "\"\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\"");
	assert_text("\xc2\x9b" "2J", 4, "\"\\u009b2J\"");
	assert_text("\xe2\x80\xa8", 3, "\"\xe2\x80\xa8\"");
	assert_text("\xf0\x9f\x8d\x95", 4, "\"\xf0\x9f\x8d\x95\"");
}
END_TEST

#define FFFD "\xef\xbf\xbd"

START_TEST(writer_replaces_what_is_no_utf8)
{
	assert_text("a\xff" "b", 3, "\"a" FFFD "b\"");
	assert_text("\xc0\x80", 2, "\"" FFFD FFFD "\"");
	assert_text("\xe2\x82", 2, "\"" FFFD FFFD "\"");
	assert_text("\xed\xa0\x80", 3, "\"" FFFD FFFD FFFD "\"");
	assert_text("\xf4\x90\x80\x80", 4,
	    "\"" FFFD FFFD FFFD FFFD "\"");
	assert_text("\xc3\"", 2, "\"" FFFD "\\\"\"");
	assert_text("\xc2", 1, "\"" FFFD "\"");
}
END_TEST

/* What is written eight bytes at once comes out as if it were alone: any byte
   at any place of a longer text. */
START_TEST(writer_finds_each_byte_in_a_long_text)
{
	char text[25], one[16], want[64];
	struct buf b = BUF_INIT(100);
	struct jw w;
	int at;

	memset(text, 'a', sizeof(text));
	jw_init(&w, &b);
	text[0] = (char)_i;
	jw_textn(&w, NULL, text, 1);
	snprintf(one, sizeof(one), "%.*s", (int)b.n - 2, b.p + 1);
	text[0] = 'a';
	for (at = 0; at < (int)sizeof(text); at++) {
		text[at] = (char)_i;
		snprintf(want, sizeof(want), "\"%.*s%s%.*s\"", at, text, one,
		    (int)sizeof(text) - 1 - at, text + at + 1);
		assert_text(text, sizeof(text), want);
		text[at] = 'a';
	}
	buf_done(&b);
}
END_TEST

static void
assert_real(double d, const char *want)
{
	struct buf b = BUF_INIT(100);
	struct jw w;

	jw_init(&w, &b);
	jw_real(&w, NULL, d);
	if (want)
		ck_assert_str_eq(b.p, want);
	else
		ck_assert(strtod(b.p, NULL) == d);
	buf_done(&b);
}

static void
assert_rounded(double d, int decimals, const char *want)
{
	struct buf b = BUF_INIT(100);
	struct jw w;

	jw_init(&w, &b);
	jw_rounded(&w, NULL, d, decimals);
	ck_assert_str_eq(b.p, want);
	buf_done(&b);
}

START_TEST(rounded_reals_have_no_more_decimals)
{
	assert_rounded(52.52000812345678, 6, "52.520008");
	assert_rounded(-13.40500049, 6, "-13.405");
	assert_rounded(179.9999996, 6, "180");
	assert_rounded(92.25, 1, "92.3");
	assert_rounded(5.004, 2, "5");
	assert_rounded(2.5, 0, "3");
	assert_rounded(-0.0000001, 6, "0");
	assert_rounded(1e300, 6, "1e+300");
	assert_rounded(INFINITY, 6, "null");
	assert_rounded(NAN, 6, "null");
}
END_TEST

START_TEST(reals_are_short_and_exact)
{
	unsigned int seed = 7;
	int i;

	assert_real(0.1, "0.1");
	assert_real(52.520008, "52.520008");
	assert_real(-5, "-5");
	assert_real(0.1 + 0.2, "0.30000000000000004");
	assert_real(NAN, "null");
	assert_real(INFINITY, "null");
	assert_real(-INFINITY, "null");
	for (i = 0; i < 1000; i++)
		assert_real((rand_r(&seed) - 1e9) / (rand_r(&seed) + 1.0),
		    NULL);
}
END_TEST

START_TEST(writer_on_a_full_buf_does_no_harm)
{
	struct buf b = BUF_INIT(12);
	struct jw w;

	jw_init(&w, &b);
	jw_object(&w, NULL);
	jw_text(&w, "key", "a longer value");
	jw_int(&w, "n", 1);
	jw_end(&w);
	ck_assert(b.full);
	ck_assert_uint_le(b.n, 12);
	buf_done(&b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json");
	TCase *tc = tcase_create("json");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, members_are_found_by_name_and_type);
	tcase_add_test(tc, absent_and_other_types_give_the_default);
	tcase_add_test(tc, an_integer_beyond_64_bits_disturbs_nobody);
	tcase_add_test(tc, what_is_not_one_clean_text_is_refused);
	tcase_add_test(tc, fault_says_where_and_not_what);
	tcase_add_test(tc, depth_of_32_is_read_and_33_is_refused);
	tcase_add_test(tc, dump_keeps_order_kind_and_value);
	tcase_add_test(tc, each_goes_in_order_and_stops_when_told);
	tcase_add_test(tc, slice_gives_the_member_as_written);
	tcase_add_test(tc, slice_knows_escaped_names);
	tcase_add_test(tc, slice_of_what_is_no_object_finds_nothing);
	tcase_add_test(tc, compact_takes_only_what_is_between);
	tcase_add_test(tc, writer_puts_commas_and_brackets);
	tcase_add_test(tc, writer_escapes_what_must_not_go_out);
	tcase_add_test(tc, writer_replaces_what_is_no_utf8);
	tcase_add_loop_test(tc, writer_finds_each_byte_in_a_long_text, 0, 256);
	tcase_add_test(tc, reals_are_short_and_exact);
	tcase_add_test(tc, rounded_reals_have_no_more_decimals);
	tcase_add_test(tc, writer_on_a_full_buf_does_no_harm);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
