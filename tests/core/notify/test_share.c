/* SPDX-License-Identifier: MIT */
/*
 * test_share - the rules and templates that are installed: no faults, every
 * locale complete, and words for every medium that read well.
 */
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "notify/render.h"
#include "notify/topic.h"

#define FULL								\
	"{\"number\":\"A-12\",\"customer\":\"Ann\","			\
	"\"status\":\"ready\","						\
	"\"reason\":\"out of dough\",\"eta\":\"18:40\","		\
	"\"eta_minutes\":\"12\",\"promised\":\"18:20\","		\
	"\"driver\":\"Kim\",\"place\":\"Cafe <Sol>\","			\
	"\"address\":\"Main St 1\",\"items\":\"2 x Tea\","		\
	"\"count\":\"2\",\"url\":\"https://x.org/o?a=1&b=2\","		\
	"\"tenant\":\"cafe\"}"

static const char *const locales[] = { "en", "de" };
#define LOCALES (sizeof(locales) / sizeof(locales[0]))

struct world {
	struct rules *rules;
	struct templates *templates[LOCALES];	/* each as the default */
	struct conf_faults faults;
	struct json *vars;
	struct arena arena;
};

static void
world_init(struct world *w, const char *vars)
{
	const char *src = getenv("OW_SRC");
	char path[PATH_MAX];
	struct ow_fault why;
	size_t i;

	memset(w, 0, sizeof(*w));
	arena_init(&w->arena);
	(void)snprintf(path, sizeof(path), "%s/etc/notifications.conf",
	    src ? src : ".");
	w->rules = rules_open(path, &w->faults);
	ck_assert_ptr_nonnull(w->rules);
	(void)snprintf(path, sizeof(path), "%s/etc/templates",
	    src ? src : ".");
	for (i = 0; i < LOCALES; i++)
		w->templates[i] = templates_open(path, locales[i], w->rules,
		    &w->faults);
	ck_assert_msg(!w->faults.n, "%s:%d: %s", w->faults.list[0].file,
	    w->faults.list[0].line, w->faults.list[0].text);
	ck_assert_int_eq(json_parse(vars, strlen(vars), &w->vars, &why),
	    OW_OK);
}

static void
world_done(struct world *w)
{
	size_t i;

	rules_free(&w->rules);
	for (i = 0; i < LOCALES; i++)
		templates_free(&w->templates[i]);
	conf_faults_done(&w->faults);
	json_free(&w->vars);
	arena_done(&w->arena);
}

static bool
has_step(const struct rule *rule, enum medium medium)
{
	uint32_t i;

	for (i = 0; rule && i < rule->n_steps; i++)
		if (rule->steps[i].medium == medium)
			return true;
	return false;
}

START_TEST(the_major_steps_of_an_order_are_told)
{
	static const char *const told[] = { "order.accepted",
		"order.preparing", "order.ready", "order.out_for_delivery",
		"delivery.near", "delivery.imminent", "order.delivered",
		"order.picked_up", "order.cancelled", "order.rejected",
		"order.delivery_failed", "order.delayed" };
	const struct rule *rule;
	struct world w;
	size_t i;

	world_init(&w, "{}");
	for (i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		rule = rules_find(w.rules, told[i], 0);
		ck_assert_msg(rule != NULL, "%s", told[i]);
		ck_assert(has_step(rule, MEDIUM_IN_APP));
		ck_assert_int_eq(rule->audience, AUDIENCE_CUSTOMER);
	}
	ck_assert_uint_eq(rules_find(w.rules, "order.preparing", 0)->n_steps,
	    1);
	ck_assert(has_step(rules_find(w.rules, "order.ready", 0),
	    MEDIUM_SMS));
	ck_assert(has_step(rules_find(w.rules, "order.delivered", 0),
	    MEDIUM_EMAIL));
	ck_assert(rules_find(w.rules, "order.cancelled", 0)->critical);
	ck_assert(rules_find(w.rules, "order.rejected", 0)->critical);
	ck_assert(!rules_find(w.rules, "order.ready", 0)->critical);
	world_done(&w);
}
END_TEST

/* A word left over from a section, a blank before a full stop. */
static void
assert_reads_well(const char *text)
{
	ck_assert_msg(*text && !strstr(text, "{{") && !strstr(text, "}}") &&
	    !strstr(text, " .") && !strstr(text, " ,") &&
	    !strstr(text, "..") && !strstr(text, "  ") &&
	    !strstr(text, "()"), "'%s'", text);
}

/* The lines of a page may be indented; its words may not be unescaped. */
static void
assert_page(const char *html, const char *locale, bool has_url)
{
	char lang[32];

	(void)snprintf(lang, sizeof(lang), "<html lang='%s'>", locale);
	ck_assert_ptr_nonnull(strstr(html, "<!DOCTYPE html>"));
	ck_assert_ptr_nonnull(strstr(html, lang));
	ck_assert_ptr_nonnull(strstr(html, "</html>"));
	ck_assert_ptr_nonnull(strstr(html, "prefers-color-scheme: dark"));
	ck_assert_ptr_null(strstr(html, "<Sol>"));
	ck_assert_ptr_null(strstr(html, "{{"));
	ck_assert(!strstr(html, "href=") == !has_url);
	ck_assert(!strstr(html, "href='https://x.org/o?a=1&amp;b=2'") ==
	    !has_url);
}

static void
assert_words(const char *vars, bool has_url)
{
	const struct rule *rule;
	struct rendered r;
	struct world w;
	uint32_t i;
	size_t l;
	int m;

	world_init(&w, vars);
	for (i = 0; i < rules_count(w.rules); i++) {
		rule = rules_at(w.rules, i);
		for (l = 0; l < LOCALES; l++) {
			for (m = 0; m < MEDIUM_WEBHOOK; m++) {
				render(w.templates[l], rule->template_name,
				    NULL, (enum medium)m, w.vars, &w.arena,
				    &r);
				if (m != MEDIUM_EMAIL)
					assert_reads_well(r.text);
				else
					assert_page(r.html, locales[l],
					    has_url);
				ck_assert_uint_le(strlen(r.text), 320);
				ck_assert_uint_le(strlen(r.title), 65);
			}
		}
	}
	world_done(&w);
}

START_TEST(there_are_words_for_every_medium_and_locale)
{
	assert_words(FULL, true);
}
END_TEST

START_TEST(what_is_not_known_leaves_no_hole)
{
	assert_words("{\"number\":\"A-12\",\"tenant\":\"cafe\"}", false);
}
END_TEST

/* Who is told where a meal is goes there. */
START_TEST(who_gets_it_brought_is_not_sent_to_fetch_it)
{
	static const char *const rider[] = { "rider", "Kurier" };
	struct rendered r;
	struct world w;
	size_t l;
	int m;

	world_init(&w, "{\"number\":\"A-12\",\"place\":\"Sol\","
	    "\"delivery\":\"yes\"}");
	for (l = 0; l < LOCALES; l++) {
		for (m = 0; m < MEDIUM_WEBHOOK; m++) {
			render(w.templates[l], "order-ready", NULL,
			    (enum medium)m, w.vars, &w.arena, &r);
			ck_assert_msg(strstr(r.text, rider[l]) &&
			    !strstr(r.text, "Sol"), "%s", r.text);
			if (m != MEDIUM_EMAIL)
				assert_reads_well(r.text);
		}
	}
	world_done(&w);
}
END_TEST

/* GSM 03.38's own alphabet, so that an SMS stays short and cheap. */
START_TEST(an_sms_needs_no_other_alphabet)
{
	const struct rule *rule;
	struct rendered r;
	struct world w;
	const char *p;
	uint32_t i;
	size_t l;

	world_init(&w, FULL);
	for (i = 0; i < rules_count(w.rules); i++) {
		rule = rules_at(w.rules, i);
		for (l = 0; l < LOCALES && has_step(rule, MEDIUM_SMS); l++) {
			render(w.templates[l], rule->template_name, NULL,
			    MEDIUM_SMS, w.vars, &w.arena, &r);
			for (p = r.text; *p; p++) {
				ck_assert_msg(*p != '\n', "%s", r.text);
				if (!(*p & 0x80))
					continue;
				ck_assert_msg(!strncmp(p, "\xc3\xa4", 2) ||
				    !strncmp(p, "\xc3\xb6", 2) ||
				    !strncmp(p, "\xc3\xbc", 2) ||
				    !strncmp(p, "\xc3\x9f", 2), "%s", r.text);
				p++;
			}
			ck_assert_msg(strlen(r.text) <= 160, "%zu: %s",
			    strlen(r.text), r.text);
			ck_assert_ptr_nonnull(strstr(r.text, "A-12"));
		}
	}
	world_done(&w);
}
END_TEST

static Suite *
share_suite(void)
{
	Suite *suite = suite_create("share");
	TCase *cases = tcase_create("share");

	tcase_add_test(cases, the_major_steps_of_an_order_are_told);
	tcase_add_test(cases, there_are_words_for_every_medium_and_locale);
	tcase_add_test(cases, what_is_not_known_leaves_no_hole);
	tcase_add_test(cases, who_gets_it_brought_is_not_sent_to_fetch_it);
	tcase_add_test(cases, an_sms_needs_no_other_alphabet);
	suite_add_tcase(suite, cases);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(share_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
