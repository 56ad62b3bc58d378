/* SPDX-License-Identifier: MIT */
/*
 * test_prefs - what a person may say, what is refused and where, and that what
 * is written can be read again.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "notify/prefs.h"
#include "notify/topic.h"

#define WHOLE								\
	"{\"channels\":{\"push\":true,\"email\":false,\"sms\":true,"	\
	"\"in_app\":true},"						\
	"\"events\":{\"order.ready\":{\"push\":false},"			\
	"\"x.loyalty\":{\"sms\":false,\"in_app\":true}},"		\
	"\"quiet_hours\":{\"from\":\"22:00\",\"to\":\"07:30\","		\
	"\"timezone\":\"Europe/Berlin\"},"				\
	"\"locale\":\"de\","						\
	"\"contact\":{\"email\":\"ann@example.org\","			\
	"\"phone\":\"+4930123456\"},"					\
	"\"version\":3}"

static int
read_body(const char *text, struct prefs **out, int64_t *out_version,
    struct form_faults *faults)
{
	struct json *body = NULL;
	struct ow_fault fault;
	int err;

	memset(faults, 0, sizeof(*faults));
	ck_assert_msg(!json_parse(text, strlen(text), &body, &fault), "%s",
	    text);
	err = prefs_read(body, out, out_version, faults);
	json_free(&body);
	return err;
}

static struct prefs *
read_fine(const char *text)
{
	struct form_faults faults;
	struct prefs *prefs = NULL;
	int64_t version;

	ck_assert_msg(!read_body(text, &prefs, &version, &faults), "%s: %s %s",
	    text, faults.list[0].field, faults.list[0].detail);
	ck_assert_uint_eq(faults.n, 0);
	return prefs;
}

static char *
text_of(const struct prefs *prefs)
{
	struct buf out = BUF_INIT(PREFS_DOC_MAX);
	struct jw w;

	jw_init(&w, &out);
	prefs_write(&w, NULL, prefs);
	ck_assert(!out.full);
	return buf_take(&out);
}

static void
assert_text(const struct prefs *prefs, const char *want)
{
	char *got = text_of(prefs);

	ck_assert_str_eq(got, want);
	free(got);
}

/* Exactly this field, and nothing is given. */
static void
assert_fault(const char *text, const char *field)
{
	struct form_faults faults;
	struct prefs *prefs = NULL;
	int64_t version = -7;

	ck_assert_msg(read_body(text, &prefs, &version, &faults) == OW_EINVAL,
	    "%s", text);
	ck_assert_ptr_null(prefs);
	ck_assert_int_eq(version, -7);
	ck_assert_uint_eq(faults.n, 1);
	ck_assert_str_eq(faults.list[0].field, field);
	ck_assert_str_ne(faults.list[0].detail, "");
}

START_TEST(who_has_said_nothing_gets_everything)
{
	struct prefs *prefs = prefs_new();
	char why[160];
	size_t i;
	int m;

	for (i = 0; topic_names[i]; i++)
		for (m = 0; m < MEDIUM_COUNT; m++)
			ck_assert_ptr_null(prefs_refusal(prefs, topic_names[i],
			    (enum medium)m, why));
	assert_text(prefs, "{\"channels\":{\"push\":true,\"email\":true,"
	    "\"sms\":true,\"in_app\":true},\"events\":{},"
	    "\"quiet_hours\":null,\"locale\":null,"
	    "\"contact\":{\"email\":null,\"phone\":null},\"version\":0}");
	prefs_free(&prefs);
	ck_assert_ptr_null(prefs);
	prefs_free(&prefs);
	prefs = read_fine("{}");
	ck_assert_ptr_null(prefs_refusal(prefs, "order.ready", MEDIUM_SMS,
	    why));
	prefs_free(&prefs);
}
END_TEST

START_TEST(a_whole_document_is_read_and_written)
{
	struct form_faults faults;
	struct prefs *prefs = NULL, *copy;
	int64_t version;

	ck_assert_int_eq(read_body(WHOLE, &prefs, &version, &faults), OW_OK);
	ck_assert_int_eq(version, 3);
	ck_assert_int_eq(prefs->version, 0);
	prefs->version = 3;
	ck_assert_int_eq(prefs->quiet_from, 22 * 60);
	ck_assert_int_eq(prefs->quiet_to, 7 * 60 + 30);
	assert_text(prefs, WHOLE);
	copy = prefs_copy(prefs);
	prefs_free(&prefs);
	assert_text(copy, WHOLE);
	prefs_free(&copy);
}
END_TEST

START_TEST(nulls_and_unknown_members_say_nothing)
{
	struct form_faults faults;
	struct prefs *prefs = NULL;
	int64_t version;

	ck_assert_int_eq(read_body("{\"channels\":null,\"events\":null,"
	    "\"quiet_hours\":null,\"locale\":null,\"contact\":null,"
	    "\"version\":null,\"theme\":\"dark\"}", &prefs, &version,
	    &faults), OW_OK);
	ck_assert_int_eq(version, -1);
	prefs_free(&prefs);
	prefs = read_fine("{\"contact\":{\"email\":null,\"phone\":null},"
	    "\"events\":{\"order.ready\":null,\"order.placed\":{}}}");
	ck_assert_uint_eq(prefs->n_events, 0);
	prefs_free(&prefs);
}
END_TEST

START_TEST(each_wrong_value_is_a_fault_at_its_place)
{
	assert_fault("[]", "");
	assert_fault("{\"channels\":[]}", "channels");
	assert_fault("{\"channels\":{\"fax\":true}}", "channels.fax");
	assert_fault("{\"channels\":{\"webhook\":true}}", "channels.webhook");
	assert_fault("{\"channels\":{\"sms\":1}}", "channels.sms");
	assert_fault("{\"channels\":{\"sms\":null}}", "channels.sms");
	assert_fault("{\"events\":true}", "events");
	assert_fault("{\"events\":{\"order.eaten\":{\"sms\":true}}}",
	    "events.order.eaten");
	assert_fault("{\"events\":{\"order.ready\":false}}",
	    "events.order.ready");
	assert_fault("{\"events\":{\"order.ready\":{\"fax\":false}}}",
	    "events.order.ready.fax");
	assert_fault("{\"events\":{\"order.ready\":{\"sms\":\"no\"}}}",
	    "events.order.ready.sms");
	assert_fault("{\"events\":{\"x.\":{\"sms\":true}}}", "events.x.");
	assert_fault("{\"locale\":\"d\"}", "locale");
	assert_fault("{\"locale\":\"../de\"}", "locale");
	assert_fault("{\"locale\":7}", "locale");
	assert_fault("{\"contact\":\"ann\"}", "contact");
	assert_fault("{\"contact\":{\"email\":\"ann\"}}", "contact.email");
	assert_fault("{\"contact\":{\"phone\":\"030 123456\"}}",
	    "contact.phone");
	assert_fault("{\"version\":-1}", "version");
	assert_fault("{\"version\":\"3\"}", "version");
}
END_TEST

/* Names are the sender's: no control characters, no half characters, no
   kilobytes in the answer. */
START_TEST(an_unknown_name_is_not_repeated_unless_plain)
{
	assert_fault("{\"channels\":{\"a\\r\\nb\":true}}", "channels");
	assert_fault("{\"channels\":{\"\":true}}", "channels");
	assert_fault("{\"channels\":{\"\xc3\xa4\xc3\xa4\":true}}", "channels");
	assert_fault("{\"events\":{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":"
	    "{\"sms\":true}}}", "events");
}
END_TEST

#define QUIET(from, to, zone)						\
	"{\"quiet_hours\":{\"from\":\"" from "\",\"to\":\"" to		\
	"\",\"timezone\":\"" zone "\"}}"

START_TEST(quiet_hours_are_times_in_a_zone_that_exists)
{
	struct prefs *prefs = read_fine(QUIET("00:00", "23:59", "UTC"));

	ck_assert_int_eq(prefs->quiet_from, 0);
	ck_assert_int_eq(prefs->quiet_to, 23 * 60 + 59);
	prefs_free(&prefs);
	assert_fault(QUIET("24:00", "07:00", "UTC"), "quiet_hours.from");
	assert_fault(QUIET("22:00", "07:60", "UTC"), "quiet_hours.to");
	assert_fault(QUIET("7:000", "07:00", "UTC"), "quiet_hours.from");
	assert_fault(QUIET("22:00", "+7:00", "UTC"), "quiet_hours.to");
	assert_fault(QUIET("22:00", "7:00", "UTC"), "quiet_hours.to");
	assert_fault(QUIET("22:00", "07:00", "Mars/Olympus"),
	    "quiet_hours.timezone");
	assert_fault(QUIET("22:00", "07:00", "../../etc/passwd"),
	    "quiet_hours.timezone");
	assert_fault(QUIET("22:00", "07:00", "+02:00"),
	    "quiet_hours.timezone");
	assert_fault(QUIET("22:00", "07:00", ""), "quiet_hours.timezone");
	assert_fault("{\"quiet_hours\":{\"from\":\"22:00\",\"to\":\"07:00\"}}",
	    "quiet_hours.timezone");
	assert_fault("{\"quiet_hours\":\"always\"}", "quiet_hours");
}
END_TEST

START_TEST(all_faults_are_told_at_once)
{
	struct form_faults faults;
	struct prefs *prefs = NULL;
	int64_t version;

	ck_assert_int_eq(read_body("{\"channels\":{\"fax\":1},"
	    "\"quiet_hours\":{\"from\":\"25:00\",\"to\":\"99:99\","
	    "\"timezone\":\"Nowhere\"},\"contact\":{\"email\":\"ann\","
	    "\"phone\":\"+49 301 23\"}}", &prefs, &version, &faults),
	    OW_EINVAL);
	ck_assert_uint_eq(faults.n, 6);
}
END_TEST

/* 64 events with every switch, the longest contact: what PUT accepts can be
   stored and loaded.  One event more is refused. */
START_TEST(the_largest_document_fits_and_one_more_event_does_not)
{
	struct buf body = BUF_INIT(64 * 1024);
	struct prefs *prefs, *loaded;
	struct form_faults faults;
	int64_t version;
	char *doc, *again, email[256];
	int i;

	memset(email, 'a', sizeof(email));
	for (i = 63; i < 254; i += 63)
		email[i] = '.';
	email[63] = '@';
	email[253] = 'a';
	email[254] = '\0';
	ck_assert(email_is_valid(email));
	(void)buf_printf(&body, "{\"contact\":{\"email\":\"%s\"},\"events\":{",
	    email);
	for (i = 0; i < PREFS_EVENTS_MAX; i++)
		(void)buf_printf(&body, "%s\"x.%062d\":{\"push\":false,"
		    "\"email\":false,\"sms\":false,\"in_app\":false}",
		    i ? "," : "", i);
	(void)buf_str(&body, "}}");
	prefs = read_fine(body.p);
	ck_assert_uint_eq(prefs->n_events, PREFS_EVENTS_MAX);
	doc = text_of(prefs);
	ck_assert_int_eq(prefs_load(doc, strlen(doc), 0, &loaded), OW_OK);
	again = text_of(loaded);
	ck_assert_str_eq(again, doc);
	free(again);
	free(doc);
	prefs_free(&prefs);
	prefs_free(&loaded);
	body.n -= 2;
	(void)buf_str(&body, ",\"x.more\":{\"push\":false}}}");
	ck_assert_int_eq(read_body(body.p, &prefs, &version, &faults),
	    OW_EINVAL);
	ck_assert_str_eq(faults.list[0].field, "events");
	buf_done(&body);
}
END_TEST

START_TEST(a_stored_document_loses_only_what_is_unknown_now)
{
	static const char doc[] = "{\"channels\":{\"sms\":false,\"fax\":true},"
	    "\"events\":{\"order.gone\":{\"push\":false},"
	    "\"order.ready\":{\"email\":false}},"
	    "\"quiet_hours\":{\"from\":\"22:00\",\"to\":\"07:00\","
	    "\"timezone\":\"Old/Zone\"},"
	    "\"contact\":{\"phone\":\"bad number\"},\"version\":1}";
	struct prefs *prefs = NULL;
	char why[160];

	ck_assert_int_eq(prefs_load(doc, strlen(doc), 9, &prefs), OW_OK);
	ck_assert_int_eq(prefs->version, 9);
	ck_assert_ptr_nonnull(prefs_refusal(prefs, "order.ready", MEDIUM_SMS,
	    why));
	ck_assert_uint_eq(prefs->n_events, 1);
	ck_assert(prefs->has_quiet);
	ck_assert_str_eq(prefs->timezone, "Old/Zone");
	ck_assert_ptr_null(prefs->phone);
	prefs_free(&prefs);
}
END_TEST

START_TEST(a_broken_document_is_the_defaults)
{
	static const char *const broken[] = { "", "{", "[]", "null",
		"{\"quiet_hours\":7}",
		"{\"channels\":{\"sms\":false},\"locale\":[]}" };
	char big[PREFS_DOC_MAX + 2];
	struct prefs *prefs;
	char why[160];
	size_t i;

	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		prefs = NULL;
		ck_assert_msg(prefs_load(broken[i], strlen(broken[i]), 4,
		    &prefs) == OW_EINVAL, "%s", broken[i]);
		ck_assert_int_eq(prefs->version, 4);
		ck_assert_ptr_null(prefs_refusal(prefs, "order.ready",
		    MEDIUM_SMS, why));
		prefs_free(&prefs);
	}
	memset(big, ' ', sizeof(big));
	memcpy(big, "{}", 2);
	ck_assert_int_eq(prefs_load(big, PREFS_DOC_MAX, 1, &prefs), OW_OK);
	prefs_free(&prefs);
	ck_assert_int_eq(prefs_load(big, PREFS_DOC_MAX + 1, 1, &prefs),
	    OW_EINVAL);
	prefs_free(&prefs);
}
END_TEST

START_TEST(an_event_narrows_what_the_channel_lets_through)
{
	struct prefs *prefs = read_fine("{\"channels\":{\"email\":false},"
	    "\"events\":{\"order.ready\":{\"sms\":false,\"email\":true}}}");
	char why[160];

	ck_assert_str_eq(prefs_refusal(prefs, "order.ready", MEDIUM_SMS, why),
	    "order.ready by sms is off in the preferences");
	ck_assert_ptr_null(prefs_refusal(prefs, "order.placed", MEDIUM_SMS,
	    why));
	ck_assert_ptr_null(prefs_refusal(prefs, "order.ready", MEDIUM_PUSH,
	    why));
	/* What is off stays off. */
	ck_assert_str_eq(prefs_refusal(prefs, "order.ready", MEDIUM_EMAIL,
	    why), "email is off in the preferences");
	prefs_set_medium(prefs, MEDIUM_SMS, false);
	ck_assert_str_eq(prefs_refusal(prefs, "order.placed", MEDIUM_SMS,
	    why), "sms is off in the preferences");
	prefs_set_medium(prefs, MEDIUM_SMS, true);
	ck_assert_str_eq(prefs_refusal(prefs, "order.ready", MEDIUM_SMS, why),
	    "order.ready by sms is off in the preferences");
	prefs_free(&prefs);
}
END_TEST

START_TEST(phones_are_e164)
{
	static const char *const good[] = { "+12345678", "+4915123456789",
		"+123456789012345" };
	static const char *const bad[] = { "", "+", "+1234567", "12345678",
		"+0123456789", "+1234567890123456", "+49 30 123456",
		"+4930123456x", "0049301234567", "++4930123456",
		"+4930123456\n", "+\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4" };
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(phone_is_valid(good[i]), "%s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!phone_is_valid(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(emails_are_what_a_mail_server_takes)
{
	static const char *const good[] = { "a@b", "ann@example.org",
		"ann.lee+x@mail.example.co.uk", "o'neill@example.org",
		"x_y-z@sub-domain.example", "1@2.3" };
	static const char *const bad[] = { "", "@", "a@", "@b", "ann",
		".a@b.c", "a.@b.c", "a..b@c.d", "a b@c.d", "a@b@c", "a@b..c",
		"a@.b", "a@b.", "a@-b.c", "a@b-.c", "\"a b\"@c.d",
		"a@[1.2.3.4]",
		"a@b.c\r\nBcc: x@y.z", "a\r\nb@c.d", "<a@b.c>", "a,b@c.d",
		"a@b_c.d", "\xc3\xa4@b.c", "a@\xc3\xa4.c", "a@b.c ", "a@b/c" };
	char text[300];
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(email_is_valid(good[i]), "%s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!email_is_valid(bad[i]), "%s", bad[i]);
	/* A local part of 64 bytes and a label of 63 are the longest. */
	(void)snprintf(text, sizeof(text), "%064d@%063d.org", 1, 2);
	ck_assert(email_is_valid(text));
	(void)snprintf(text, sizeof(text), "%065d@%063d.org", 1, 2);
	ck_assert(!email_is_valid(text));
	(void)snprintf(text, sizeof(text), "%064d@%064d.org", 1, 2);
	ck_assert(!email_is_valid(text));
	(void)snprintf(text, sizeof(text), "%064d@%063d.%063d.%061d", 1, 2, 3,
	    4);
	ck_assert_uint_eq(strlen(text), 254);
	ck_assert(email_is_valid(text));
	(void)snprintf(text, sizeof(text), "%064d@%063d.%063d.%062d", 1, 2, 3,
	    4);
	ck_assert(!email_is_valid(text));
}
END_TEST

static Suite *
prefs_suite(void)
{
	Suite *suite = suite_create("prefs");
	TCase *cases = tcase_create("prefs");

	tcase_add_test(cases, who_has_said_nothing_gets_everything);
	tcase_add_test(cases, a_whole_document_is_read_and_written);
	tcase_add_test(cases, nulls_and_unknown_members_say_nothing);
	tcase_add_test(cases, each_wrong_value_is_a_fault_at_its_place);
	tcase_add_test(cases, an_unknown_name_is_not_repeated_unless_plain);
	tcase_add_test(cases, quiet_hours_are_times_in_a_zone_that_exists);
	tcase_add_test(cases, all_faults_are_told_at_once);
	tcase_add_test(cases,
	    the_largest_document_fits_and_one_more_event_does_not);
	tcase_add_test(cases,
	    a_stored_document_loses_only_what_is_unknown_now);
	tcase_add_test(cases, a_broken_document_is_the_defaults);
	tcase_add_test(cases, an_event_narrows_what_the_channel_lets_through);
	tcase_add_test(cases, phones_are_e164);
	tcase_add_test(cases, emails_are_what_a_mail_server_takes);
	suite_add_tcase(suite, cases);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(prefs_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
