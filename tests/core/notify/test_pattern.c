/* SPDX-License-Identifier: MIT */
/*
 * test_pattern - texts with names in them: what comes out for each place, and
 * what is refused while reading.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "notify/pattern.h"

static const char *const names[] = { "a", "b", "url", "content", NULL };
static const struct pattern_names plain = { names, -1, 2 };
static const struct pattern_names raw = { names, 3, -1 };

/* The pattern filled in; the caller's. */
static char *
fill(const char *text, enum escape escape, const char *a, const char *b)
{
	const char *const values[] = { a, b, a, a };
	struct buf out = BUF_INIT(1 << 20);
	struct pattern pattern;
	struct ow_fault why = { "" };
	struct arena arena;

	arena_init(&arena);
	ck_assert_msg(!pattern_read(text, escape, &plain, &arena, &pattern,
	    &why), "%s: %s", text, why.text);
	(void)buf_str(&out, "");
	pattern_fill(&pattern, values, &out);
	ck_assert(!out.full);
	arena_done(&arena);
	return buf_take(&out);
}

static void
assert_fill(const char *text, enum escape escape, const char *a,
    const char *b, const char *want)
{
	char *got = fill(text, escape, a, b);

	ck_assert_msg(!strcmp(got, want), "%s: '%s', not '%s'", text, got,
	    want);
	free(got);
}

static void
assert_refused(const char *text, enum escape escape,
    const char *words)
{
	struct pattern pattern = { ESCAPE_URL, 77, NULL };
	struct ow_fault why = { "" };
	struct arena arena;

	arena_init(&arena);
	ck_assert_msg(pattern_read(text, escape, &plain, &arena, &pattern,
	    &why) == OW_EINVAL, "%s", text);
	ck_assert_msg(strstr(why.text, words) != NULL, "%s: %s", text,
	    why.text);
	ck_assert_uint_eq(pattern.n, 77);
	arena_done(&arena);
}

START_TEST(names_become_values)
{
	assert_fill("", ESCAPE_LINE, "1", "2", "");
	assert_fill("plain", ESCAPE_LINE, "1", "2", "plain");
	assert_fill("{{a}}", ESCAPE_LINE, "1", "2", "1");
	assert_fill("x{{ a }}y{{b}}{{a}}", ESCAPE_LINE, "1", "2", "x1y21");
	assert_fill("}} { } {a}", ESCAPE_LINE, "1", "2", "}} { } {a}");
	assert_fill("{{a}}", ESCAPE_LINE, "", "", "");
	/* A value is no pattern. */
	assert_fill("{{a}}", ESCAPE_LINE, "{{b}}{{#b}}", "2", "{{b}}{{#b}}");
}
END_TEST

START_TEST(sections_stay_when_their_value_is_there)
{
	static const char text[] = "x{{#a}}[{{a}}{{#b}}+{{b}}{{/b}}]{{/a}}"
	    "{{^a}}none{{/a}}y";

	assert_fill(text, ESCAPE_LINE, "1", "2", "x[1+2]y");
	assert_fill(text, ESCAPE_LINE, "1", "", "x[1]y");
	assert_fill(text, ESCAPE_LINE, "", "2", "xnoney");
	assert_fill("{{#a}}{{/a}}", ESCAPE_LINE, "1", "", "");
	assert_fill("{{#a}}{{#a}}{{^a}}z{{/a}}x{{/a}}{{/a}}", ESCAPE_LINE,
	    "1", "", "x");
}
END_TEST

/* What breaks a header, a terminal or a JSON line: CR, LF, NEL, U+2028. */
START_TEST(a_line_stays_one_line)
{
	assert_fill("to {{a}}!", ESCAPE_LINE, "Ann\r\nBcc: all@example.org",
	    "", "to Ann Bcc: all@example.org!");
	assert_fill("{{a}}", ESCAPE_LINE, "a\x01\x1b[31m\x7f" "b", "",
	    "a [31m b");
	assert_fill("{{a}}", ESCAPE_LINE, "a\xc2\x85" "b\xe2\x80\xa8"
	    "c\xe2\x80\xa9" "d", "", "a b c d");
	assert_fill("{{a}}", ESCAPE_LINE, "\xc3\xa4\xc2\xa0\xe2\x80\xa6", "",
	    "\xc3\xa4\xc2\xa0\xe2\x80\xa6");
	assert_fill(" {{a}}  x {{b}} ", ESCAPE_LINE, "", "", "x");
	assert_fill("{{a}}", ESCAPE_LINE, "<b>&\"'", "", "<b>&\"'");
}
END_TEST

START_TEST(lines_keep_their_newlines_only)
{
	assert_fill("one\n{{a}}", ESCAPE_LINES, "two\r\nthree\x02\x7f\tx", "",
	    "one\ntwo\nthree x");
	assert_fill("\n {{a}} \n", ESCAPE_LINES, "", "", "");
	assert_fill("a  b", ESCAPE_LINES, "", "", "a  b");
}
END_TEST

START_TEST(markup_in_a_value_is_text)
{
	assert_fill("<b title='{{a}}'>{{a}}</b>", ESCAPE_HTML,
	    "<script>alert('x')&\"", "",
	    "<b title='&lt;script&gt;alert(&#39;x&#39;)&amp;&quot;'>"
	    "&lt;script&gt;alert(&#39;x&#39;)&amp;&quot;</b>");
	assert_fill("{{a}}", ESCAPE_HTML, "a\r\n\x01" "b\xc2\x9f", "",
	    "a\nb");
}
END_TEST

START_TEST(a_value_in_a_url_is_one_component)
{
	assert_fill("https://x.org/o/{{a}}?q={{b}}", ESCAPE_URL,
	    "../a b&c=d#e", "\xc3\xa4%", "https://x.org/o/"
	    "..%2Fa%20b%26c%3Dd%23e?q=%C3%A4%25");
	assert_fill("{{url}}?from=mail", ESCAPE_URL,
	    "https://x.org/a?b=c&d=%20", "",
	    "https://x.org/a?b=c&d=%20?from=mail");
	assert_fill("{{url}}", ESCAPE_URL, "https://x/\"<a b>'\r\n\\\xc3\xa4",
	    "", "https://x/%22%3Ca%20b%3E%27%0D%0A%5C%C3%A4");
	assert_fill("https://x/?next={{url}}", ESCAPE_URL, "https://y/", "",
	    "https://x/?next=https%3A%2F%2Fy%2F");
}
END_TEST

START_TEST(a_long_value_is_cut_between_characters)
{
	char *value = mem_alloc(100001), *got;
	size_t i, n;

	/* 100 kB, of characters of two and of four bytes, at each offset. */
	for (n = 0; n < 4; n++) {
		memset(value, 'x', n);
		for (i = n; i + 6 <= 100000; i += 6)
			memcpy(value + i, "\xc3\xa4\xf0\x9f\x8d\x95", 6);
		value[i] = '\0';
		got = fill("{{a}}", ESCAPE_LINE, value, "");
		ck_assert_uint_le(strlen(got), PATTERN_VALUE_MAX);
		ck_assert_uint_gt(strlen(got), PATTERN_VALUE_MAX - 8);
		ck_assert(utf8_is_valid(got, strlen(got)));
		ck_assert_str_eq(got + strlen(got) - 3, ESCAPE_ELLIPSIS);
		free(got);
	}
	/* It is the value that is cut, not what escaping makes of it. */
	memset(value, '&', 100000);
	got = fill("{{a}}", ESCAPE_HTML, value, "");
	ck_assert_uint_eq(strlen(got), (PATTERN_VALUE_MAX - 3) * 5 + 3);
	free(got);
	value[PATTERN_VALUE_MAX] = '\0';
	got = fill("{{a}}", ESCAPE_LINE, value, "");
	ck_assert_str_eq(got, value);
	free(got);
	free(value);
}
END_TEST

START_TEST(what_cannot_be_right_is_refused)
{
	assert_refused("{{a", ESCAPE_LINE, "no '}}'");
	assert_refused("{{a}", ESCAPE_LINE, "no '}}'");
	assert_refused("{{a {{b}}", ESCAPE_LINE, "no '}}'");
	assert_refused("{{}}", ESCAPE_LINE, "no variable ''");
	assert_refused("{{c}}", ESCAPE_LINE, "no variable 'c'");
	assert_refused("{{ulr}}", ESCAPE_LINE, "did you mean 'url'");
	assert_refused("{{#c}}{{/c}}", ESCAPE_LINE, "no variable 'c'");
	assert_refused("{{#a}}x", ESCAPE_LINE, "'a' does not end");
	assert_refused("x{{/a}}", ESCAPE_LINE, "ends nothing");
	assert_refused("{{#a}}{{#b}}{{/a}}{{/b}}", ESCAPE_LINE,
	    "stands where {{/b}}");
	assert_refused("{{{a}}}", ESCAPE_HTML, "not be escaped");
	assert_refused("{{{content}}}", ESCAPE_HTML, "not be escaped");
	assert_refused("a\nb", ESCAPE_LINE, "one line");
	assert_refused("a\r\nb", ESCAPE_LINES, "control character");
	assert_refused("https://x\n", ESCAPE_URL, "one line");
	assert_refused("a\x01", ESCAPE_HTML, "control character");
	assert_refused("a\xff", ESCAPE_LINE, "not UTF-8");
	assert_refused("a\xc3", ESCAPE_LINE, "not UTF-8");
	assert_refused("{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}"
	    "{{#a}}", ESCAPE_LINE, "nested more than 8");
}
END_TEST

/* A list of names 44 long could come to more than 256 kB. */
START_TEST(a_text_that_could_get_too_long_is_refused)
{
	struct buf text = BUF_INIT(1 << 20);
	int i;

	for (i = 0; i < 43; i++)
		(void)buf_str(&text, "{{a}}");
	assert_fill(text.p, ESCAPE_HTML, "", "", "");
	(void)buf_str(&text, "{{a}}");
	assert_refused(text.p, ESCAPE_HTML, "longer than 256 kB");
	buf_clear(&text);
	for (i = 0; i < 500; i++)
		(void)buf_str(&text, "{{#a}}{{/a}}");
	assert_refused(text.p, ESCAPE_HTML, "more than 400 parts");
	buf_clear(&text);
	for (i = 0; i < 300000; i++)
		(void)buf_char(&text, 'x');
	assert_refused(text.p, ESCAPE_HTML, "longer than 256 kB");
	buf_done(&text);
}
END_TEST

START_TEST(only_the_one_name_may_be_raw)
{
	static const char *const values[] = { "<a>", "", "", "<p>&amp;</p>" };
	struct buf out = BUF_INIT(1 << 10);
	struct pattern pattern;
	struct ow_fault why;
	struct arena arena;

	arena_init(&arena);
	ck_assert_int_eq(pattern_read("{{a}}{{{content}}}{{content}}",
	    ESCAPE_HTML, &raw, &arena, &pattern, &why), OW_OK);
	pattern_fill(&pattern, values, &out);
	ck_assert_str_eq(out.p, "&lt;a&gt;<p>&amp;</p>"
	    "&lt;p&gt;&amp;amp;&lt;/p&gt;");
	ck_assert_int_eq(pattern_read("{{{a}}}", ESCAPE_HTML, &raw, &arena,
	    &pattern, &why), OW_EINVAL);
	buf_done(&out);
	arena_done(&arena);
}
END_TEST

static Suite *
pattern_suite(void)
{
	Suite *suite = suite_create("pattern");
	TCase *cases = tcase_create("pattern");

	tcase_add_test(cases, names_become_values);
	tcase_add_test(cases, sections_stay_when_their_value_is_there);
	tcase_add_test(cases, a_line_stays_one_line);
	tcase_add_test(cases, lines_keep_their_newlines_only);
	tcase_add_test(cases, markup_in_a_value_is_text);
	tcase_add_test(cases, a_value_in_a_url_is_one_component);
	tcase_add_test(cases, a_long_value_is_cut_between_characters);
	tcase_add_test(cases, what_cannot_be_right_is_refused);
	tcase_add_test(cases, a_text_that_could_get_too_long_is_refused);
	tcase_add_test(cases, only_the_one_name_may_be_raw);
	suite_add_tcase(suite, cases);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(pattern_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
