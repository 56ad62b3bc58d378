/* SPDX-License-Identifier: MIT */
/*
 * test_rule - what notifications.conf may say, and with which line the rest is
 * refused.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "notify/rule.h"

#define NAME "share/notifications.conf"

static struct rules *
parse_fine(const char *text)
{
	struct conf_faults faults = { 0 };
	struct rules *rules = rules_parse(text, NAME, &faults);

	ck_assert_msg(rules && !faults.n, "%s: %s", text,
	    faults.n ? faults.list[0].text : "");
	return rules;
}

/* One fault, with this line and these words. */
static void
assert_fault(const char *text, int line, const char *words)
{
	struct conf_faults faults = { 0 };
	struct rules *rules = rules_parse(text, NAME, &faults);

	ck_assert_msg(faults.n == 1, "%s: %u faults, %s, %s", text, faults.n,
	    faults.n ? faults.list[0].text : "",
	    faults.n > 1 ? faults.list[1].text : "");
	ck_assert_str_eq(faults.list[0].file, NAME);
	ck_assert_msg(strstr(faults.list[0].text, words) != NULL, "%s",
	    faults.list[0].text);
	ck_assert_msg(faults.list[0].line == line, "%s: line %d",
	    faults.list[0].text, faults.list[0].line);
	rules_free(&rules);
	ck_assert_ptr_null(rules);
	conf_faults_done(&faults);
}

START_TEST(a_short_rule_has_its_defaults)
{
	struct rules *rules = parse_fine("rules = (\n"
	    "{ event = \"order.out_for_delivery\"; channels = [ \"push\" ]; }"
	    ");");
	const struct rule *rule = rules_find(rules, "order.out_for_delivery",
	    0);

	ck_assert_uint_eq(rules_count(rules), 1);
	ck_assert_ptr_eq(rule, rules_at(rules, 0));
	ck_assert_int_eq(rule->audience, AUDIENCE_CUSTOMER);
	ck_assert_str_eq(rule->template_name, "order-out-for-delivery");
	ck_assert_uint_eq(rule->n_steps, 1);
	ck_assert_int_eq(rule->steps[0].medium, MEDIUM_PUSH);
	ck_assert_int_eq(rule->steps[0].after_ms, 0);
	ck_assert(!rule->steps[0].always);
	ck_assert_int_eq(rule->urgency, OW_URGENCY_NORMAL);
	ck_assert_int_eq(rule->ttl_ms, 3600 * 1000);
	ck_assert(!rule->critical);
	ck_assert_str_eq(rule->group, "");
	ck_assert_int_eq(rule->throttle_ms, 0);
	ck_assert_int_eq(rule->line, 2);
	rules_free(&rules);
	rules_free(&rules);
}
END_TEST

START_TEST(everything_that_can_be_said)
{
	struct rules *rules = parse_fine("rules = ( { event = \"x.loyalty\";"
	    "template = \"points\"; channels = ( \"in_app always\","
	    "\"email after 1h always\", \"sms always after 250ms\","
	    "\" push\tafter  2m \" ); urgency = \"high\"; ttl = \"2d\";"
	    "critical = true; group = \"order\"; throttle = \"10m\"; } );");
	const struct rule *rule = rules_find(rules, "x.loyalty", 0);

	ck_assert_str_eq(rule->template_name, "points");
	ck_assert_uint_eq(rule->n_steps, 4);
	ck_assert_int_eq(rule->steps[0].medium, MEDIUM_IN_APP);
	ck_assert(rule->steps[0].always);
	ck_assert_int_eq(rule->steps[1].medium, MEDIUM_EMAIL);
	ck_assert_int_eq(rule->steps[1].after_ms, 3600 * 1000);
	ck_assert(rule->steps[1].always);
	ck_assert_int_eq(rule->steps[2].medium, MEDIUM_SMS);
	ck_assert_int_eq(rule->steps[2].after_ms, 250);
	ck_assert(rule->steps[2].always);
	ck_assert_int_eq(rule->steps[3].medium, MEDIUM_PUSH);
	ck_assert_int_eq(rule->steps[3].after_ms, 120 * 1000);
	ck_assert(!rule->steps[3].always);
	ck_assert_int_eq(rule->urgency, OW_URGENCY_HIGH);
	ck_assert_int_eq(rule->ttl_ms, 2 * 86400 * INT64_C(1000));
	ck_assert(rule->critical);
	ck_assert_str_eq(rule->group, "order");
	ck_assert_int_eq(rule->throttle_ms, 600 * 1000);
	rules_free(&rules);
}
END_TEST

START_TEST(an_event_has_one_rule_for_each_audience)
{
	struct rules *rules = parse_fine("rules = ("
	    "{ event = \"order.ready\"; channels = [ \"push\" ]; },"
	    "{ event = \"order.placed\"; channels = [ \"push\" ]; },"
	    "{ event = \"order.ready\"; audience = \"platform\";"
	    "  channels = [ \"webhook\" ]; } );");

	ck_assert_int_eq(rules_find(rules, "order.ready", 0)->audience,
	    AUDIENCE_CUSTOMER);
	ck_assert_int_eq(rules_find(rules, "order.ready", 1)->audience,
	    AUDIENCE_PLATFORM);
	ck_assert_ptr_null(rules_find(rules, "order.ready", 2));
	ck_assert_ptr_null(rules_find(rules, "order.served", 0));
	ck_assert_ptr_null(rules_find(rules, "", 0));
	rules_free(&rules);
}
END_TEST

START_TEST(no_rules_are_no_fault)
{
	struct rules *rules = parse_fine("rules = ( );");

	ck_assert_uint_eq(rules_count(rules), 0);
	ck_assert_ptr_null(rules_find(rules, "order.ready", 0));
	rules_free(&rules);
	rules = parse_fine("");
	ck_assert_uint_eq(rules_count(rules), 0);
	rules_free(&rules);
}
END_TEST

#define RULE(rest) "rules = (\n{ event = \"order.ready\";\n" rest " }\n);"
#define STEP(step) RULE("channels = [ " step " ];")

START_TEST(each_wrong_option_is_a_fault_at_its_line)
{
	assert_fault("rules = (\n{ event = \"order.raedy\";\n"
	    "channels = [ \"push\" ]; } );", 2, "did you mean 'order.ready'");
	assert_fault("rules = (\n{ event = \"order.eaten\";\n"
	    "channels = [ \"push\" ]; } );", 2, "'order.eaten'");
	assert_fault("rules = (\n{\nchannels = [ \"push\" ]; } );", 2,
	    "missing required option 'event'");
	assert_fault(RULE("channels = [ \"push\" ];\nurgency = \"huge\";"), 4,
	    "urgency");
	assert_fault(RULE("channels = [ \"push\" ];\nttl = \"0s\";"), 4,
	    "ttl");
	assert_fault(RULE("channels = [ \"push\" ];\nttl = 30;"), 4, "ttl");
	assert_fault(RULE("channels = [ \"push\" ];\ncritical = 1;"), 4,
	    "critical");
	assert_fault(RULE("channels = [ \"push\" ];\ngruop = \"order\";"), 4,
	    "did you mean 'group'");
	assert_fault(RULE("channels = [ \"push\" ];\ntemplate = \"../x\";"),
	    4, "a template's name");
	assert_fault(RULE("channels = [ \"push\" ];\nthrottle = \"5m\";"), 2,
	    "needs a 'group'");
	assert_fault(RULE("channels = [ \"push\" ];\n"
	    "audience = \"kitchen\";"), 4, "audience");
}
END_TEST

START_TEST(each_wrong_step_is_a_fault_at_its_line)
{
	assert_fault(RULE(""), 2, "missing required option 'channels'");
	assert_fault(STEP(""), 3, "tells nobody");
	assert_fault(RULE("channels = \"push\";"), 3, "must be a list");
	assert_fault(RULE("channels = ( 7 );"), 3, "must be a text");
	assert_fault(STEP("\"psuh\""), 3, "did you mean 'push'");
	assert_fault(STEP("\"\""), 3, "is none of");
	assert_fault(STEP("\"PUSH\""), 3, "is none of");
	assert_fault(STEP("\"sms after\""), 3, "after SPAN");
	assert_fault(STEP("\"sms after 2\""), 3, "after SPAN");
	assert_fault(STEP("\"sms after 0s\""), 3, "after SPAN");
	assert_fault(STEP("\"sms after 31d\""), 3, "after SPAN");
	assert_fault(STEP("\"sms after 2m after 3m\""), 3, "after SPAN");
	assert_fault(STEP("\"sms always always\""), 3, "after SPAN");
	assert_fault(STEP("\"sms 2m\""), 3, "after SPAN");
	assert_fault(STEP("\"push\", \"push after 2m\""), 3, "already");
	assert_fault(STEP("\"in_app after 2m\""), 3, "inbox comes first");
	assert_fault(STEP("\"sms after 1h\""), 2, "ttl is over");
	assert_fault(STEP("\"webhook\""), 2, "not told by 'webhook'");
	assert_fault(RULE("audience = \"platform\"; channels = [ \"sms\" ];"),
	    2, "the platform is not told by 'sms'");
	assert_fault(STEP("\"push\", \"push\", \"push\", \"push\", \"push\","
	    "\"push\", \"push\", \"push\", \"push\""), 3, "more than 8 steps");
	assert_fault(STEP("\"push aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""),
	    3, "is none of");
}
END_TEST

START_TEST(each_wrong_file_is_a_fault)
{
	struct conf_faults faults = { 0 };

	assert_fault("rules = (\n{ event = \"order.ready\";\n"
	    "channels = [ \"push\" ]; },\n{ event = \"order.ready\";\n"
	    "channels = [ \"sms\" ]; } );", 4, "already, in line 2");
	assert_fault("rule = ( );", 1, "did you mean 'rules'");
	assert_fault("rules: { };", 1, "must be a list");
	assert_fault("rules = ( 7 );", 1, "must be a group");
	ck_assert_ptr_null(rules_parse("rules = (\n{ event }\n);", NAME,
	    &faults));
	ck_assert_uint_eq(faults.n, 1);
	ck_assert_int_eq(faults.list[0].line, 2);
	ck_assert_ptr_null(rules_open("/nonexistent/notifications.conf",
	    &faults));
	ck_assert_uint_eq(faults.n, 2);
	ck_assert_str_eq(faults.list[1].file,
	    "/nonexistent/notifications.conf");
	conf_faults_done(&faults);
}
END_TEST

START_TEST(all_faults_are_told_and_the_good_rules_stay)
{
	struct conf_faults faults = { 0 };
	struct rules *rules = rules_parse("rules = (\n"
	    "{ event = \"order.eaten\"; channels = [ \"push\" ]; },\n"
	    "{ event = \"order.ready\"; channels = [ \"push\", \"fax\" ]; },\n"
	    "{ event = \"order.placed\"; channels = [ \"push\" ]; } );", NAME,
	    &faults);

	ck_assert_uint_eq(faults.n, 2);
	ck_assert_uint_eq(rules_count(rules), 2);
	ck_assert_uint_eq(rules_find(rules, "order.ready", 0)->n_steps, 1);
	rules_free(&rules);
	conf_faults_done(&faults);
}
END_TEST

START_TEST(there_are_at_most_500_rules)
{
	struct buf text = BUF_INIT(1 << 20);
	struct conf_faults faults = { 0 };
	struct rules *rules;
	int i;

	(void)buf_str(&text, "rules = (\n");
	for (i = 0; i < 501; i++)
		(void)buf_printf(&text, "%s{ event = \"x.%d\";"
		    " channels = [ \"push\" ]; }\n", i ? "," : "", i);
	(void)buf_str(&text, ");");
	rules = rules_parse(text.p, NAME, &faults);
	ck_assert_uint_eq(faults.n, 1);
	ck_assert_uint_eq(rules_count(rules), 500);
	rules_free(&rules);
	conf_faults_done(&faults);
	buf_done(&text);
}
END_TEST

/* A conf.d beside the file is another file's. */
START_TEST(nothing_beside_the_file_is_read)
{
	char folder[] = "/tmp/test_rule.XXXXXX", path[64], sub[64], other[80];
	struct conf_faults faults = { 0 };
	struct rules *rules;
	FILE *file;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/notifications.conf", folder);
	(void)snprintf(sub, sizeof(sub), "%s/conf.d", folder);
	(void)snprintf(other, sizeof(other), "%s/x.conf", sub);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(STEP("\"push\""), file);
	fclose(file);
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	file = fopen(other, "w");
	ck_assert_ptr_nonnull(file);
	fputs("this is no configuration", file);
	fclose(file);
	rules = rules_open(path, &faults);
	ck_assert_uint_eq(faults.n, 0);
	ck_assert_uint_eq(rules_count(rules), 1);
	rules_free(&rules);
	unlink(other);
	rmdir(sub);
	unlink(path);
	rmdir(folder);
}
END_TEST

START_TEST(media_have_names_both_ways)
{
	int i;

	for (i = 0; i < MEDIUM_COUNT; i++)
		ck_assert_int_eq(medium_by_name(medium_name((enum medium)i)),
		    i);
	ck_assert_int_eq(medium_by_name("fax"), -1);
	ck_assert_int_eq(medium_by_name(""), -1);
	ck_assert_ptr_null(medium_name(MEDIUM_COUNT));
	ck_assert_ptr_null(medium_names[MEDIUM_COUNT]);
}
END_TEST

static Suite *
rule_suite(void)
{
	Suite *suite = suite_create("rule");
	TCase *cases = tcase_create("rule");

	tcase_add_test(cases, a_short_rule_has_its_defaults);
	tcase_add_test(cases, everything_that_can_be_said);
	tcase_add_test(cases, an_event_has_one_rule_for_each_audience);
	tcase_add_test(cases, no_rules_are_no_fault);
	tcase_add_test(cases, each_wrong_option_is_a_fault_at_its_line);
	tcase_add_test(cases, each_wrong_step_is_a_fault_at_its_line);
	tcase_add_test(cases, each_wrong_file_is_a_fault);
	tcase_add_test(cases, all_faults_are_told_and_the_good_rules_stay);
	tcase_add_test(cases, there_are_at_most_500_rules);
	tcase_add_test(cases, nothing_beside_the_file_is_read);
	tcase_add_test(cases, media_have_names_both_ways);
	suite_add_tcase(suite, cases);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(rule_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
