/* SPDX-License-Identifier: MIT */
/*
 * test_email - the channel between a scripted host and a scripted mail server.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <orderwire/testhost.h>

#define SERVER "url=smtp://127.0.0.1:2525"
#define FROM "from=Caf\xc3\xa9 \xc3\x9c" "ber <orders@cafe.example>"
#define LOCAL_65 "a12345678901234567890123456789012345678901234567890123456" \
	"78901234"
#define TO "Joe.Doe@Example.ORG"

static const char *const plain[] = { SERVER, "starttls=no", FROM, NULL };

static struct ow_testhost *
host_new(const char *const *options)
{
	struct ow_fault f;
	struct ow_testhost *th;

	th = ow_testhost_new(ow_plugin_query(OW_ABI), options, &f);
	ck_assert_msg(th != NULL, "%s", f.text);
	return th;
}

static void
host_done(struct ow_testhost *th)
{
	ck_assert_str_eq(ow_testhost_complaints(th), "");
	ow_testhost_free(&th);
}

static struct ow_job
job_new(const char *key)
{
	struct ow_job job = ow_testhost_job(key, TO);

	job.title = "Deine Bestellung ist fertig \xe2\x98\x95";
	job.text = "Gr\xc3\xbc\xc3\x9f" "e\n.a dot\nFrom here\n";
	job.html = "<p>Gr\xc3\xbc\xc3\x9f" "e</p>";
	job.unsubscribe_url = "https://ow.example/unsubscribe/abcdefghijkl"
	    "mnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv";
	return job;
}

static const char *
mail_of(struct ow_testhost *th, size_t i)
{
	const struct ow_testhost_request *r = ow_testhost_request(th, i);

	ck_assert_ptr_nonnull(r);
	ck_assert(r->is_mail);
	return r->message.p;
}

/* A whole line of the head, or of a part. */
static void
assert_line(const char *mail, const char *line)
{
	const char *at = strstr(mail, line);

	ck_assert_msg(at && (at == mail || at[-1] == '\n') &&
	    strncmp(at + strlen(line), "\r\n", 2) == 0,
	    "no line \"%s\" in:\n%s", line, mail);
}

/* ---- The mail ------------------------------------------------------------ */

START_TEST(a_mail_has_its_headers_and_two_parts)
{
	struct ow_testhost *th = host_new(plain);
	struct ow_job job = job_new("key-1");
	const struct ow_testhost_request *r;
	const char *mail, *text, *html;

	ow_testhost_deliver(th, &job);
	r = ow_testhost_request(th, 0);
	mail = mail_of(th, 0);
	ck_assert_str_eq(r->url, "smtp://127.0.0.1:2525");
	ck_assert_str_eq(r->from, "orders@cafe.example");
	ck_assert_str_eq(r->to, TO);
	ck_assert(!r->starttls && !r->user && !r->password);
	assert_line(mail, "From: =?UTF-8?b?Q2Fmw6kgw5xiZXI=?= "
	    "<orders@cafe.example>");
	assert_line(mail, "To: " TO);
	assert_line(mail, "Message-Id: <key-1@cafe.example>");
	assert_line(mail, "Auto-Submitted: auto-generated");
	assert_line(mail, "MIME-Version: 1.0");
	assert_line(mail, "Subject: Deine Bestellung ist fertig "
	    "=?UTF-8?B?4piV?=");
	assert_line(mail, "List-Unsubscribe: <https://ow.example/unsubscribe/"
	    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"
	    "mnopqrstuv>");
	assert_line(mail, "List-Unsubscribe-Post: List-Unsubscribe=One-Click");
	ck_assert_ptr_nonnull(strstr(mail, "\r\nDate: ") ?
	    strstr(mail, "\r\nDate: ") : strstr(mail, "Date: "));
	ck_assert_ptr_nonnull(strstr(mail, "multipart/alternative"));
	text = strstr(mail, "text/plain; charset=utf-8");
	html = strstr(mail, "text/html; charset=utf-8");
	ck_assert(text && html && text < html);
	assert_line(text, "Gr=C3=BC=C3=9Fe");
	assert_line(html, "<p>Gr=C3=BC=C3=9Fe</p>");
	host_done(th);
}
END_TEST

/* A bare LF or CR would be seen here; so would a line beyond RFC 5322. */
START_TEST(every_line_ends_with_crlf_and_is_short)
{
	struct ow_testhost *th = host_new(plain);
	struct ow_job job = job_new("key-1");
	const char *mail;
	size_t len = 0;

	job.text = "one\ntwo\r\nthree\rfour";
	ow_testhost_deliver(th, &job);
	mail = mail_of(th, 0);
	for (size_t i = 0; mail[i]; i++) {
		if (mail[i] == '\n')
			ck_assert(i > 0 && mail[i - 1] == '\r');
		if (mail[i] == '\r')
			ck_assert(mail[i + 1] == '\n');
		ck_assert_int_ge((signed char)mail[i], 0);
		len = mail[i] == '\n' ? 0 : len + 1;
		ck_assert_uint_lt(len, 998);
	}
	host_done(th);
}
END_TEST

/* The mail would have a header Bcc or X-Evil. */
START_TEST(no_line_break_of_a_notice_starts_a_header)
{
	static const char *const titles[] = {
		"Hi\r\nBcc: evil@example.net", "Hi\nX-Evil: yes",
		"Hi\rX-Evil: yes", "Hi\x0b\x01\x7f\r\n\r\nX-Evil: body",
		"\xff\xfe\r\nX-Evil: yes", "=?utf-8?q?a=0D=0AX-Evil:_yes?=",
	};
	struct ow_testhost *th = host_new(plain);

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		struct ow_job job = job_new("key-1");
		const char *mail, *end;

		job.title = titles[i];
		job.unsubscribe_url = "https://x.example/\r\nX-Evil: yes";
		ow_testhost_deliver(th, &job);
		mail = mail_of(th, i);
		end = strstr(mail, "\r\n\r\n");
		ck_assert_ptr_nonnull(end);
		ck_assert_ptr_null(strstr(mail, "\nX-Evil"));
		ck_assert_ptr_null(strstr(mail, "\nBcc"));
		ck_assert(strstr(mail, "MIME-Version: 1.0") < end);
		ow_testhost_reply(th, i, 250, NULL, 0, "250 ok");
	}
	host_done(th);
}
END_TEST

START_TEST(a_huge_notice_is_still_a_mail)
{
	struct ow_testhost *th = host_new(plain);
	struct ow_job job = job_new("key-1");
	char *title = malloc(100001);

	memset(title, 'x', 100000);
	title[100000] = '\0';
	job.title = job.text = job.html = title;
	ow_testhost_deliver(th, &job);
	for (const char *p = mail_of(th, 0); *p; ) {
		size_t n = strcspn(p, "\n");

		ck_assert_uint_lt(n, 998);
		p += n + (p[n] == '\n');
	}
	ow_testhost_reply(th, 0, 250, NULL, 0, "250 ok");
	ck_assert_int_eq(ow_testhost_outcome(th, "key-1")->verdict,
	    OW_DELIVERED);
	free(title);
	host_done(th);
}
END_TEST

START_TEST(without_html_there_is_one_part)
{
	struct ow_testhost *th = host_new(plain);
	struct ow_job job = job_new("key-1");

	job.html = "";
	job.unsubscribe_url = "";
	ow_testhost_deliver(th, &job);
	ck_assert_ptr_null(strstr(mail_of(th, 0), "multipart"));
	ck_assert_ptr_null(strstr(mail_of(th, 0), "List-Unsubscribe"));
	assert_line(mail_of(th, 0), "Content-Type: text/plain; "
	    "charset=utf-8");
	host_done(th);
}
END_TEST

/* One click must not be promised where a POST would go in clear. */
START_TEST(one_click_needs_https)
{
	static const char *const options[] = { SERVER, "starttls=no", FROM,
		"unsubscribe_mailto=off@cafe.example",
		"reply_to=Help <help@cafe.example>", NULL };
	struct ow_testhost *th = host_new(options);
	struct ow_job job = job_new("key-1");

	job.unsubscribe_url = "http://127.0.0.1:8080/unsubscribe/x";
	ow_testhost_deliver(th, &job);
	assert_line(mail_of(th, 0),
	    "List-Unsubscribe: <http://127.0.0.1:8080/unsubscribe/x>,");
	assert_line(mail_of(th, 0),
	    " <mailto:off@cafe.example?subject=unsubscribe>");
	ck_assert_ptr_null(strstr(mail_of(th, 0), "List-Unsubscribe-Post"));
	assert_line(mail_of(th, 0), "Reply-To: Help <help@cafe.example>");
	host_done(th);
}
END_TEST

START_TEST(each_attempt_has_the_same_message_id)
{
	struct ow_testhost *th = host_new(plain);
	struct ow_job job = job_new("key-1");

	ow_testhost_deliver(th, &job);
	ow_testhost_reply(th, 0, 451, NULL, 0, "451 4.7.1 greylisted");
	ow_testhost_deliver(th, &job);
	assert_line(mail_of(th, 0), "Message-Id: <key-1@cafe.example>");
	assert_line(mail_of(th, 1), "Message-Id: <key-1@cafe.example>");
	host_done(th);
}
END_TEST

/* ---- Answers ------------------------------------------------------------- */

START_TEST(each_answer_has_its_verdict)
{
	static const struct {
		int32_t status;
		const char *line;
		int32_t verdict;
	} rows[] = {
		{ 250, "250 2.0.0 Ok: queued as 4F2", OW_DELIVERED },
		{ 421, "421 4.3.2 shutting down", OW_RETRY },
		{ 450, "450 4.2.0 greylisted", OW_RETRY },
		{ 452, "452 4.2.2 mailbox full", OW_RETRY },
		{ 550, "550 5.1.1 unknown", OW_GONE },
		{ 550, "550-5.1.1 The email account does not exist", OW_GONE },
		{ 550, "550 5.1.2 bad domain", OW_GONE },
		{ 553, "553 5.1.3 bad syntax", OW_GONE },
		{ 551, "551 5.1.6 moved", OW_GONE },
		{ 556, "556 5.1.10 null MX", OW_GONE },
		{ 550, "550 5.2.1 disabled", OW_GONE },
		{ 550, "550 No such user here", OW_GONE },
		{ 550, "550 Requested action not taken: mailbox unavailable",
		    OW_GONE },
		{ 551, "551 User not local", OW_GONE },
		{ 553, "553 mailbox name not allowed", OW_GONE },
		{ 550, "550 your IP is on a block list", OW_REJECTED },
		{ 550, "550 Recipient refused: sender listed by XBL",
		    OW_REJECTED },
		{ 550, "550 relay not permitted to this recipient",
		    OW_REJECTED },
		{ 550, "550 5.7.1 message refused by policy for this user",
		    OW_REJECTED },
		{ 554, "554 5.7.1 spam", OW_REJECTED },
		{ 554, "554 5.6.0 content", OW_REJECTED },
		{ 554, "554 transaction failed", OW_REJECTED },
		{ 552, "552 5.2.2 over quota", OW_RETRY },
		{ 552, "552 quota exceeded", OW_RETRY },
		{ 552, "552 5.3.4 message too big", OW_REJECTED },
		{ 550, "550 5.2.3 message too long for this mailbox",
		    OW_REJECTED },
		{ 550, "550 5.4.6 routing loop", OW_REJECTED },
		{ 501, "501 5.5.4 syntax", OW_REJECTED },
		{ 530, "530 5.7.0 Must issue a STARTTLS command first",
		    OW_MISCONFIGURED },
		{ 534, "534 5.7.9 mechanism too weak", OW_MISCONFIGURED },
		{ 535, "535 5.7.8 authentication failed", OW_MISCONFIGURED },
		{ 538, "538 encryption required", OW_MISCONFIGURED },
		{ 550, "550 5.7.8 log in first", OW_MISCONFIGURED },
		{ 550, "550 5.1.8 sender's domain does not exist",
		    OW_MISCONFIGURED },
		{ 550, "550", OW_REJECTED },
		{ 550, "550 5.x.1", OW_REJECTED },
		{ 550, "550 5.99999999999999999999.1 user", OW_GONE },
	};
	struct ow_testhost *th = host_new(plain);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ow_job job = job_new("key-1");

		ow_testhost_deliver(th, &job);
		ow_testhost_reply(th, i, rows[i].status, NULL, 0,
		    rows[i].line);
		ck_assert_msg(ow_testhost_outcome(th, "key-1")->verdict ==
		    rows[i].verdict, "%s: %d", rows[i].line,
		    (int)ow_testhost_outcome(th, "key-1")->verdict);
		ck_assert_uint_eq(ow_testhost_outcome(th,
		    "key-1")->n_settled, 1);
	}
	host_done(th);
}
END_TEST

START_TEST(no_answer_is_tried_again)
{
	struct ow_testhost *th = host_new(plain);
	struct ow_job job = job_new("key-1");

	ow_testhost_deliver(th, &job);
	ow_testhost_fail(th, 0, OW_ETIMEOUT, "nothing came for 30 s");
	ck_assert_int_eq(ow_testhost_outcome(th, "key-1")->verdict, OW_RETRY);
	host_done(th);
}
END_TEST

/* The journey and the log would show who it was for. */
START_TEST(the_detail_has_no_address)
{
	struct ow_testhost *th = host_new(plain);
	struct ow_job job = job_new("key-1");

	ow_testhost_deliver(th, &job);
	ow_testhost_reply(th, 0, 550, NULL, 0, "550 5.1.1 <" TO
	    ">: Recipient address rejected: joe@x unknown");
	ck_assert_str_eq(ow_testhost_outcome(th, "key-1")->detail,
	    "550 5.1.1 <(address)>: Recipient address rejected: (address) "
	    "unknown");
	ck_assert_ptr_null(strstr(ow_testhost_log(th), "@"));
	host_done(th);
}
END_TEST

/* ---- Addresses ----------------------------------------------------------- */

START_TEST(an_address_is_checked)
{
	static const char *const bad[] = { "", "@", "joe", "joe@", "@x.org",
		"joe @x.org", "joe@x..org", "joe@.org", "joe@x.org.",
		"joe@-x.org", "joe@x-.org", ".joe@x.org", "joe.@x.org",
		"j..oe@x.org", "joe@x_y.org", "joe@x.org\r\nRCPT TO:<e@x>",
		"joe\n@x.org", "\"joe\"@x.org", "joe@[127.0.0.1]",
		"j\xc3\xb6@x.org", "joe@\xc3\xb6.org", "a@b@c.org",
		"<joe@x.org>", "joe@x.org ",
		LOCAL_65 "@x.org" };
	struct ow_testhost *th = host_new(plain);
	struct ow_address a;
	struct ow_fault f;

	ck_assert_int_eq(ow_testhost_check(th, TO, &a, &f), OW_OK);
	ck_assert_str_eq(a.text, TO);
	ck_assert_str_eq(a.identity, "Joe.Doe@example.org");
	ck_assert_str_eq(a.hint, "J...@Example.ORG");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&f, 0, sizeof(f));
		ck_assert_msg(ow_testhost_check(th, bad[i], &a, &f) ==
		    OW_EINVAL, "%s", bad[i]);
		ck_assert(f.text[0] != '\0');
	}
	host_done(th);
}
END_TEST

START_TEST(a_long_address_is_refused)
{
	struct ow_testhost *th = host_new(plain);
	struct ow_address a;
	char text[300] = "joe@";

	for (size_t i = 4; i < 256; i++)
		text[i] = i % 60 == 0 ? '.' : 'a';
	ck_assert_int_eq(ow_testhost_check(th, text, &a, NULL), OW_EINVAL);
	text[254] = '\0';
	ck_assert_int_eq(ow_testhost_check(th, text, &a, NULL), OW_OK);
	ck_assert_uint_lt(strlen(a.hint), sizeof(a.hint));
	host_done(th);
}
END_TEST

/* ---- Life ---------------------------------------------------------------- */

START_TEST(a_wrong_configuration_is_refused)
{
	static const struct {
		const char *options[6];
		const char *says;
	} rows[] = {
		{ { FROM, NULL }, "url" },
		{ { SERVER, NULL }, "from" },
		{ { "url=http://x", FROM, NULL }, "smtp" },
		{ { "url=smtp://u:p@x", FROM, NULL }, "user" },
		{ { SERVER, "from=nobody", NULL }, "from" },
		{ { SERVER, "from=a@x.org, b@x.org", NULL }, "from" },
		{ { SERVER, "from=a@x.org\nBcc: b@x.org", NULL }, "from" },
		{ { SERVER, FROM, "reply_to=x", NULL }, "reply_to" },
		{ { SERVER, FROM, "user=u", NULL }, "password" },
		{ { SERVER, FROM, "password=p", NULL }, "password" },
		{ { SERVER, FROM, "unsubscribe_mailto=x", NULL },
		    "unsubscribe_mailto" },
		{ { "url=smtp://mail.example:25", FROM, "starttls=no",
		    "user=u", "password=p" }, "clear" },
		{ { "url=smtp://localhost.example", FROM, "starttls=no",
		    "user=u", "password=p" }, "clear" },
		{ { "url=smtp://127.example:25", FROM, "starttls=no",
		    "user=u", "password=p" }, "clear" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ow_fault f;
		struct ow_testhost *th = ow_testhost_new(
		    ow_plugin_query(OW_ABI), rows[i].options, &f);

		ck_assert_msg(th == NULL, "row %zu", i);
		ck_assert_msg(strstr(f.text, rows[i].says) != NULL, "%zu: %s",
		    i, f.text);
	}
}
END_TEST

START_TEST(the_login_goes_only_to_the_server)
{
	static const char *const options[] = { "url=smtps://mail.example:465",
		FROM, "user=cafe", "password=s3cr3t-word",
		"ca_file=/etc/ca.pem", NULL };
	struct ow_testhost *th = host_new(options);
	struct ow_job job = job_new("key-1");
	const struct ow_testhost_request *r;

	ow_testhost_deliver(th, &job);
	r = ow_testhost_request(th, 0);
	ck_assert_str_eq(r->user, "cafe");
	ck_assert_str_eq(r->password, "s3cr3t-word");
	ck_assert_str_eq(r->ca_file, "/etc/ca.pem");
	ck_assert(r->starttls);
	ow_testhost_reply(th, 0, 535, NULL, 0, "535 5.7.8 no");
	ck_assert_ptr_null(strstr(mail_of(th, 0), "s3cr3t-word"));
	ck_assert_ptr_null(strstr(ow_testhost_log(th), "s3cr3t-word"));
	host_done(th);
}
END_TEST

START_TEST(a_cancelled_job_is_settled_once)
{
	struct ow_testhost *th = host_new(plain);
	struct ow_job job = job_new("key-1");

	ow_testhost_deliver(th, &job);
	ow_testhost_cancel(th, "key-1");
	ck_assert(ow_testhost_request(th, 0)->cancelled);
	ck_assert_uint_eq(ow_testhost_outcome(th, "key-1")->n_settled, 1);
	ck_assert_int_eq(ow_testhost_outcome(th, "key-1")->verdict, OW_RETRY);
	host_done(th);
}
END_TEST

START_TEST(a_job_past_its_deadline_is_not_sent)
{
	struct ow_testhost *th = host_new(plain);
	struct ow_job job = job_new("key-1");

	job.deadline_ms = ow_testhost_now_ms(th);
	ow_testhost_deliver(th, &job);
	ck_assert_uint_eq(ow_testhost_n_requests(th), 0);
	ck_assert_int_eq(ow_testhost_outcome(th, "key-1")->verdict, OW_RETRY);
	host_done(th);
}
END_TEST

START_TEST(drain_waits_for_what_is_on_its_way)
{
	struct ow_testhost *th = host_new(plain);
	struct ow_job one = job_new("key-1"), two = job_new("key-2");

	ow_testhost_deliver(th, &one);
	ow_testhost_deliver(th, &two);
	ck_assert(!ow_testhost_drain(th));
	ow_testhost_reply(th, 1, 250, NULL, 0, "250 ok");
	ck_assert(!ow_testhost_drain(th));
	ow_testhost_reply(th, 0, 250, NULL, 0, "250 ok");
	ck_assert(ow_testhost_drain(th));
	host_done(th);
}
END_TEST

/* Under a sanitizer a flight that is left would be a leak. */
START_TEST(stop_forgets_what_is_on_its_way)
{
	struct ow_testhost *one = host_new(plain), *two = host_new(plain);
	struct ow_job job = job_new("key-1");

	ow_testhost_deliver(one, &job);
	ow_testhost_deliver(two, &job);
	ow_testhost_free(&one);
	ow_testhost_reply(two, 0, 250, NULL, 0, "250 ok");
	host_done(two);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("channel-email");
	TCase *t = tcase_create("email");
	SRunner *r;
	int failed;

	tcase_add_test(t, a_mail_has_its_headers_and_two_parts);
	tcase_add_test(t, every_line_ends_with_crlf_and_is_short);
	tcase_add_test(t, no_line_break_of_a_notice_starts_a_header);
	tcase_add_test(t, a_huge_notice_is_still_a_mail);
	tcase_add_test(t, without_html_there_is_one_part);
	tcase_add_test(t, one_click_needs_https);
	tcase_add_test(t, each_attempt_has_the_same_message_id);
	tcase_add_test(t, each_answer_has_its_verdict);
	tcase_add_test(t, no_answer_is_tried_again);
	tcase_add_test(t, the_detail_has_no_address);
	tcase_add_test(t, an_address_is_checked);
	tcase_add_test(t, a_long_address_is_refused);
	tcase_add_test(t, a_wrong_configuration_is_refused);
	tcase_add_test(t, the_login_goes_only_to_the_server);
	tcase_add_test(t, a_cancelled_job_is_settled_once);
	tcase_add_test(t, a_job_past_its_deadline_is_not_sent);
	tcase_add_test(t, drain_waits_for_what_is_on_its_way);
	tcase_add_test(t, stop_forgets_what_is_on_its_way);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
