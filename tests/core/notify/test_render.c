/* SPDX-License-Identifier: MIT */
/*
 * test_render - templates on disk: which one is taken, what each medium gets
 * of it, and every fault with its file and line.
 */
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "conf/conf.h"
#include "notify/escape.h"
#include "notify/render.h"

#define LAYOUT "html = \"<html>{{title}}|{{{content}}}|{{url}}</html>\";"

struct world {
	char dir[32];
	struct rules *rules;
	struct templates *templates;
	struct conf_faults faults;
	struct json *vars;
	struct arena arena;
	struct rendered out;
};

static void
world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	arena_init(&w->arena);
	strcpy(w->dir, "/tmp/test_render.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(w->dir));
}

/* "de/order-ready.conf" with this text; makes the folder, too. */
static void
put(struct world *w, const char *name, const char *text)
{
	char path[200], *slash;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	(void)mkdir(path, 0700);	/* it may be there already */
	*slash = '/';
	file = fopen(path, "w");
	ck_assert_msg(file != NULL, "%s", path);
	fputs(text, file);
	fclose(file);
}

static void
open_all(struct world *w, const char *locale)
{
	w->templates = templates_open(w->dir, locale, w->rules, &w->faults);
	ck_assert_ptr_nonnull(w->templates);
}

static void
open_fine(struct world *w, const char *locale)
{
	open_all(w, locale);
	ck_assert_msg(!w->faults.n, "%s:%d: %s", w->faults.list[0].file,
	    w->faults.list[0].line, w->faults.list[0].text);
}

static int
remove_one(const char *path, const struct stat *st, int flag,
    struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
world_done(struct world *w)
{
	templates_free(&w->templates);
	ck_assert_ptr_null(w->templates);
	templates_free(&w->templates);
	rules_free(&w->rules);
	conf_faults_done(&w->faults);
	json_free(&w->vars);
	arena_done(&w->arena);
	ck_assert_int_eq(nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void
vars(struct world *w, const char *text)
{
	struct ow_fault why;

	json_free(&w->vars);
	ck_assert_msg(!json_parse(text, strlen(text), &w->vars, &why), "%s",
	    text);
}

static const struct rendered *
show(struct world *w, const char *name, const char *locale,
    enum medium medium)
{
	memset(&w->out, 0, sizeof(w->out));
	render(w->templates, name, locale, medium, w->vars, &w->arena,
	    &w->out);
	return &w->out;
}

#define assert_rendered(w, medium, title_, text_, html_, url_)		\
	do {								\
		const struct rendered *r_ =				\
		    show(w, "order-ready", "en", medium);		\
		ck_assert_str_eq(r_->title, title_);			\
		ck_assert_str_eq(r_->text, text_);			\
		ck_assert_str_eq(r_->html, html_);			\
		ck_assert_str_eq(r_->url, url_);			\
	} while (0)

START_TEST(each_medium_gets_its_parts)
{
	struct world w;

	world_init(&w);
	put(&w, "en/layout.conf", LAYOUT);
	put(&w, "en/order-ready.conf", "title = \"T {{number}}\";\n"
	    "text = \"X {{number}}\\nmore\"; sms = \"S {{number}}\";"
	    "subject = \"J {{number}}\"; html = \"<i>{{number}}</i>\";"
	    "url = \"https://x/{{number}}\";");
	open_fine(&w, "en");
	vars(&w, "{\"number\":\"<7>\",\"url\":\"https://other/\"}");
	assert_rendered(&w, MEDIUM_PUSH, "T <7>", "X <7>\nmore", "",
	    "https://x/%3C7%3E");
	assert_rendered(&w, MEDIUM_IN_APP, "T <7>", "X <7>\nmore", "",
	    "https://x/%3C7%3E");
	assert_rendered(&w, MEDIUM_SMS, "T <7>", "S <7>", "",
	    "https://x/%3C7%3E");
	assert_rendered(&w, MEDIUM_EMAIL, "J <7>",
	    "X <7>\nmore\n\nhttps://x/%3C7%3E",
	    "<html>J &lt;7&gt;|<i>&lt;7&gt;</i>|https://x/%3C7%3E</html>",
	    "https://x/%3C7%3E");
	world_done(&w);
}
END_TEST

START_TEST(what_a_template_lacks_comes_from_title_and_text)
{
	struct world w;

	world_init(&w);
	put(&w, "en/layout.conf", LAYOUT);
	put(&w, "en/order-ready.conf", "title = \"T\";\n"
	    "text = \"one <{{place}}>\\ntwo\\n\\nthree\";");
	open_fine(&w, "en");
	vars(&w, "{\"place\":\"A&B\",\"url\":\"https://x/?a=1&b=2\"}");
	assert_rendered(&w, MEDIUM_SMS, "T", "one <A&B> two three", "",
	    "https://x/?a=1&b=2");
	assert_rendered(&w, MEDIUM_EMAIL, "T",
	    "one <A&B>\ntwo\n\nthree\n\nhttps://x/?a=1&b=2",
	    "<html>T|<p>one &lt;A&amp;B&gt;<br>\ntwo</p>\n<p>three</p>|"
	    "https://x/?a=1&amp;b=2</html>", "https://x/?a=1&b=2");
	/* No address, no link; not even a variable. */
	vars(&w, "{}");
	assert_rendered(&w, MEDIUM_EMAIL, "T", "one <>\ntwo\n\nthree",
	    "<html>T|<p>one &lt;&gt;<br>\ntwo</p>\n<p>three</p>|</html>", "");
	/* Values that are no texts are not there. */
	vars(&w, "{\"place\":7,\"url\":null}");
	assert_rendered(&w, MEDIUM_SMS, "T", "one <> two three", "", "");
	vars(&w, "[]");
	assert_rendered(&w, MEDIUM_SMS, "T", "one <> two three", "", "");
	world_done(&w);
}
END_TEST

START_TEST(a_locale_falls_back_to_its_language_and_the_default)
{
	static const struct {
		const char *wanted, *ready, *gone, *locale;
	} rows[] = {
		{ "de-AT", "at", "de", "de-AT" }, { "de_at", "at", "de",
		"de-AT" }, { "de-CH", "de", "de", "de" },
		{ "DE", "de", "de", "de" }, { "de-AT-x-y", "at", "de",
		"de-AT" }, { "fr", "en", "en", "en" }, { "d", "en", "en",
		"en" }, { "", "en", "en", "en" }, { NULL, "en", "en", "en" },
		{ "-", "en", "en", "en" }, { "../de", "en", "en", "en" },
		{ "dede-dede-dede-dede-dede-dede-dede-dede", "en", "en",
		"en" }, { "en-GB", "en", "en", "en" },
	};
	struct world w;
	size_t i;

	world_init(&w);
	put(&w, "en/ready.conf", "title = \"en\"; text = \"\";");
	put(&w, "en/gone.conf", "title = \"en\"; text = \"\";");
	put(&w, "de/ready.conf", "title = \"de\"; text = \"\";");
	put(&w, "de/gone.conf", "title = \"de\"; text = \"\";");
	put(&w, "de-AT/ready.conf", "title = \"at\"; text = \"\";");
	open_fine(&w, "en");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_str_eq(show(&w, "ready", rows[i].wanted,
		    MEDIUM_PUSH)->title, rows[i].ready);
		ck_assert_str_eq(show(&w, "gone", rows[i].wanted,
		    MEDIUM_PUSH)->title, rows[i].gone);
		ck_assert_str_eq(templates_locale(w.templates,
		    rows[i].wanted), rows[i].locale);
	}
	world_done(&w);
}
END_TEST

START_TEST(an_unknown_template_is_empty_words)
{
	struct world w;

	world_init(&w);
	put(&w, "en/ready.conf", "title = \"en\"; text = \"\";");
	open_fine(&w, "en");
	assert_rendered(&w, MEDIUM_EMAIL, "", "", "", "");
	ck_assert_str_eq(show(&w, "layout", "en", MEDIUM_PUSH)->title, "");
	ck_assert_str_eq(show(&w, "../en/ready", "en", MEDIUM_PUSH)->title,
	    "");
	/* Without a layout a mail is its text. */
	ck_assert_str_eq(show(&w, "ready", "en", MEDIUM_EMAIL)->html, "");
	world_done(&w);
}
END_TEST

/* What a customer is called and what a kitchen writes reach four media; in
   none of them may it break out of its place. */
START_TEST(hostile_values_stay_values)
{
	const struct rendered *r;
	struct world w;
	int medium;

	world_init(&w);
	put(&w, "en/layout.conf", LAYOUT);
	put(&w, "en/order-ready.conf", "title = \"For {{customer}}\";"
	    "text = \"Hello {{customer}}: {{reason}}\";"
	    "html = \"<a title='{{customer}}'>{{reason}}</a>\";"
	    "url = \"https://x.org/{{customer}}\";");
	open_fine(&w, "en");
	vars(&w, "{\"customer\":\"Ann\\r\\nBcc: x@y\\u2028z\","
	    "\"reason\":\"'><script>{{url}}\\u0007\\u0085\"}");
	for (medium = 0; medium < MEDIUM_COUNT; medium++) {
		r = show(&w, "order-ready", NULL, (enum medium)medium);
		ck_assert_str_eq(r->title, "For Ann Bcc: x@y z");
		ck_assert_str_eq(r->url,
		    "https://x.org/Ann%0D%0ABcc%3A%20x%40y%E2%80%A8z");
		ck_assert_ptr_null(strpbrk(r->text, "\r\x07\x85"));
		ck_assert_ptr_null(strstr(r->html, "script>{"));
		if (medium == MEDIUM_EMAIL)
			ck_assert_ptr_nonnull(strstr(r->html,
			    "<a title='Ann\nBcc: x@yz'>"
			    "&#39;&gt;&lt;script&gt;{{url}}</a>"));
	}
	world_done(&w);
}
END_TEST

START_TEST(a_value_of_100_kb_is_cut_everywhere)
{
	struct buf text = BUF_INIT(1 << 20);
	const struct rendered *r;
	struct world w;
	int i, medium;

	world_init(&w);
	put(&w, "en/layout.conf", LAYOUT);
	put(&w, "en/order-ready.conf", "title = \"{{items}}\";"
	    "text = \"{{items}}\"; html = \"{{items}}\";");
	open_fine(&w, "en");
	(void)buf_str(&text, "{\"items\":\"");
	for (i = 0; i < 50000; i++)
		(void)buf_str(&text, "\xc3\xa4");
	(void)buf_str(&text, "\",\"url\":\"https://x/");
	for (i = 0; i < 100000; i++)
		(void)buf_char(&text, 'u');
	(void)buf_str(&text, "\"}");
	vars(&w, text.p);
	for (medium = 0; medium < MEDIUM_COUNT; medium++) {
		r = show(&w, "order-ready", NULL, (enum medium)medium);
		ck_assert_uint_le(strlen(r->title), 1000);
		ck_assert_uint_le(strlen(r->text), 1000);
		ck_assert_uint_le(strlen(r->html), 2100);
		ck_assert(utf8_is_valid(r->title, strlen(r->title)));
		ck_assert(utf8_is_valid(r->text, strlen(r->text)));
		ck_assert(utf8_is_valid(r->html, strlen(r->html)));
		ck_assert_str_eq(r->url, "");
	}
	buf_done(&text);
	world_done(&w);
}
END_TEST

/* ---- Faults ------------------------------------------------------------ */

static void
assert_fault(const char *name, const char *text, int line,
    const char *words)
{
	struct world w;
	char path[200];

	world_init(&w);
	put(&w, "en/fine.conf", "title = \"\"; text = \"\";");
	put(&w, name, text);
	open_all(&w, "en");
	ck_assert_msg(w.faults.n == 1, "%s: %u faults: %s, %s", text,
	    w.faults.n, w.faults.n ? w.faults.list[0].text : "",
	    w.faults.n > 1 ? w.faults.list[1].text : "");
	(void)snprintf(path, sizeof(path), "%s/%s", w.dir, name);
	ck_assert_str_eq(w.faults.list[0].file, path);
	ck_assert_msg(strstr(w.faults.list[0].text, words) != NULL, "%s",
	    w.faults.list[0].text);
	ck_assert_msg(w.faults.list[0].line == line, "%s: line %d",
	    w.faults.list[0].text, w.faults.list[0].line);
	world_done(&w);
}

START_TEST(each_wrong_template_is_a_fault_at_its_line)
{
	assert_fault("en/t.conf", "title = \"\";\n", 0,
	    "missing required part 'text'");
	assert_fault("en/t.conf", "title = \"\";\ntext = 7;\n", 2,
	    "'text' must be a text");
	assert_fault("en/t.conf", "title = \"\";\ntext = \"\";\nhtlm = \"\";",
	    3, "did you mean 'html'");
	assert_fault("en/t.conf", "title = \"\";\ntext = \"{{number\";", 2,
	    "'text': a '{{' has no '}}'");
	assert_fault("en/t.conf", "title = \"\";\ntext = \"{{numbre}}\";", 2,
	    "did you mean 'number'");
	assert_fault("en/t.conf", "title = \"{{#eta}}\";\ntext = \"\";", 1,
	    "'eta' does not end");
	assert_fault("en/t.conf", "title = \"a\\nb\";\ntext = \"\";", 1,
	    "one line");
	assert_fault("en/t.conf", "title = \"{{{number}}}\";\ntext = \"\";",
	    1, "not be escaped");
	assert_fault("en/t.conf", "title = \"{{title}}\";\ntext = \"\";", 1,
	    "no variable 'title'");
	assert_fault("en/t.conf", "title = \"\";\ntext = ;", 2, "syntax");
	assert_fault("en/Big.conf", "title = \"\"; text = \"\";", 0,
	    "a template's name");
	assert_fault("en/layout.conf", "html = \"x\";", 0,
	    "no {{{content}}}");
	assert_fault("en/layout.conf", "", 0, "missing required part 'html'");
	assert_fault("en/layout.conf", "html = \"{{{content}}}\";\n"
	    "sms = \"\";", 2, "unknown part 'sms'");
	assert_fault("en/layout.conf", "html = \"{{{content}}}\";\n"
	    "text = \"{{content}}\";", 2, "no variable 'content'");
	assert_fault("en/layout.conf", "html = \"{{{content}}}{{ttile}}\";",
	    1, "did you mean 'title'");
}
END_TEST

#define FOOTED "html = \"{{{content}}}{{#unsubscribe}}<a href='"	\
    "{{unsubscribe}}'>stop</a>{{/unsubscribe}}\";"			\
    "text = \"{{#unsubscribe}}Stop {{title}}: {{unsubscribe}}"		\
    "{{/unsubscribe}}\";"

/* A breach: a mail hides how to get no more of them. */
START_TEST(a_mail_says_how_to_stop_it)
{
	char text[3000];
	struct world w;

	world_init(&w);
	put(&w, "en/layout.conf", FOOTED);
	put(&w, "en/order-ready.conf", "title = \"T\"; text = \"X\";");
	open_fine(&w, "en");
	vars(&w, "{\"unsubscribe\":\"https://x/u/a&b'c\",\"url\":"
	    "\"https://x/o\"}");
	assert_rendered(&w, MEDIUM_EMAIL, "T",
	    "X\n\nhttps://x/o\n\nStop T: https://x/u/a&b%27c",
	    "<p>X</p><a href='https://x/u/a&amp;b%27c'>stop</a>",
	    "https://x/o");
	assert_rendered(&w, MEDIUM_SMS, "T", "X", "", "https://x/o");
	vars(&w, "{\"unsubscribe\":\"\"}");
	assert_rendered(&w, MEDIUM_EMAIL, "T", "X", "<p>X</p>", "");
	vars(&w, "{}");
	assert_rendered(&w, MEDIUM_EMAIL, "T", "X", "<p>X</p>", "");
	/* Half a link stops nothing. */
	(void)snprintf(text, sizeof(text), "{\"unsubscribe\":\"https://%01500d"
	    "\"}", 7);
	vars(&w, text);
	assert_rendered(&w, MEDIUM_EMAIL, "T", "X", "<p>X</p>", "");
	world_done(&w);
}
END_TEST

START_TEST(other_files_are_nobodys_business)
{
	struct world w;

	world_init(&w);
	put(&w, "en/ready.conf", "title = \"en\"; text = \"\";");
	put(&w, "en/README", "not a template");
	put(&w, "en/ready.conf.orig", "not a template");
	put(&w, "en/.ready.conf", "not a template");
	put(&w, ".git/x.conf", "not a template");
	put(&w, "/README", "not a locale");
	open_fine(&w, "en");
	world_done(&w);
}
END_TEST

START_TEST(the_default_locale_has_what_the_rules_need)
{
	struct world w;
	char path[64];

	world_init(&w);
	w.rules = rules_parse("rules = (\n"
	    "{ event = \"order.ready\"; channels = [ \"email\" ]; },\n"
	    "{ event = \"order.placed\"; channels = [ \"push\" ]; },\n"
	    "{ event = \"order.placed\"; audience = \"platform\";\n"
	    "  channels = [ \"webhook\" ]; } );", "x.conf", &w.faults);
	ck_assert_uint_eq(w.faults.n, 0);
	put(&w, "en/order-ready.conf", "title = \"\"; text = \"\";");
	put(&w, "de/order-placed.conf", "title = \"\"; text = \"\";");
	put(&w, "de/layout.conf", LAYOUT);
	open_all(&w, "en");
	(void)snprintf(path, sizeof(path), "%s/en", w.dir);
	ck_assert_uint_eq(w.faults.n, 2);
	ck_assert_str_eq(w.faults.list[0].file, path);
	ck_assert_str_eq(w.faults.list[0].text, "there is no "
	    "order-placed.conf, which the rule for order.placed needs "
	    "(line 3)");
	ck_assert_ptr_nonnull(strstr(w.faults.list[1].text, "layout.conf"));
	world_done(&w);
}
END_TEST

START_TEST(a_default_locale_that_is_not_there_is_a_fault)
{
	struct world w;

	world_init(&w);
	put(&w, "de/ready.conf", "title = \"de\"; text = \"\";");
	open_all(&w, "en");
	ck_assert_uint_eq(w.faults.n, 1);
	ck_assert_ptr_nonnull(strstr(w.faults.list[0].text,
	    "no folder 'en'"));
	/* What is there still serves. */
	ck_assert_str_eq(show(&w, "ready", "de", MEDIUM_PUSH)->title, "de");
	ck_assert_str_eq(show(&w, "ready", "fr", MEDIUM_PUSH)->title, "");
	ck_assert_str_eq(templates_locale(w.templates, "fr"), "");
	world_done(&w);
}
END_TEST

START_TEST(folders_are_locales)
{
	struct conf_faults faults = { 0 };
	struct templates *templates;
	struct world w;

	world_init(&w);
	put(&w, "en/ready.conf", "title = \"en\"; text = \"\";");
	put(&w, "English/ready.conf", "title = \"en\"; text = \"\";");
	open_all(&w, "en");
	ck_assert_uint_eq(w.faults.n, 1);
	ck_assert_ptr_nonnull(strstr(w.faults.list[0].file, "/English"));
	world_done(&w);
	templates = templates_open("/nonexistent", "en", NULL, &faults);
	ck_assert_ptr_nonnull(templates);
	ck_assert_uint_eq(faults.n, 2);
	ck_assert_str_eq(faults.list[0].file, "/nonexistent");
	templates_free(&templates);
	conf_faults_done(&faults);
}
END_TEST

START_TEST(the_share_dir_is_configured_from_outside_or_built_in)
{
	unsetenv("ORDERWIRE_SHARE");
	ck_assert_ptr_nonnull(strstr(notify_share_dir(""), "/orderwire"));
	setenv("ORDERWIRE_SHARE", "/from/env", 1);
	ck_assert_str_eq(notify_share_dir(""), "/from/env");
	ck_assert_str_eq(notify_share_dir("/configured"), "/configured");
	setenv("ORDERWIRE_SHARE", "", 1);
	ck_assert_ptr_nonnull(strstr(notify_share_dir(""), "/orderwire"));
	unsetenv("ORDERWIRE_SHARE");
}
END_TEST

static Suite *
render_suite(void)
{
	Suite *suite = suite_create("render");
	TCase *cases = tcase_create("render");

	tcase_add_test(cases, each_medium_gets_its_parts);
	tcase_add_test(cases, what_a_template_lacks_comes_from_title_and_text);
	tcase_add_test(cases,
	    a_locale_falls_back_to_its_language_and_the_default);
	tcase_add_test(cases, an_unknown_template_is_empty_words);
	tcase_add_test(cases, hostile_values_stay_values);
	tcase_add_test(cases, a_value_of_100_kb_is_cut_everywhere);
	tcase_add_test(cases, each_wrong_template_is_a_fault_at_its_line);
	tcase_add_test(cases, a_mail_says_how_to_stop_it);
	tcase_add_test(cases, other_files_are_nobodys_business);
	tcase_add_test(cases, the_default_locale_has_what_the_rules_need);
	tcase_add_test(cases, a_default_locale_that_is_not_there_is_a_fault);
	tcase_add_test(cases, folders_are_locales);
	tcase_add_test(cases,
	    the_share_dir_is_configured_from_outside_or_built_in);
	suite_add_tcase(suite, cases);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(render_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
