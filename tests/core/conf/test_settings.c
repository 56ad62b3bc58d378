/* SPDX-License-Identifier: MIT */
/*
 * test_settings - the core's sections: defaults, rules between options, and
 * that the sample file is one.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "conf/settings.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define SERVER "server: { secret = \"" SECRET "\"; };\n"
#define AUTH "auth: { keys_file = \"keys.json\"; };\n"

struct world {
	struct conf *conf;
	struct conf_faults faults;
	struct settings s;
	int err;
};

static void
world_open(struct world *w, const char *text)
{
	memset(w, 0, sizeof(*w));
	w->conf = conf_parse(text, "/etc/ow/ow.conf", &w->faults);
	ck_assert_msg(w->conf != NULL, "%s: %s", text,
	    w->faults.n ? w->faults.list[0].text : "");
	w->err = settings_read(w->conf, &w->s, &w->faults);
	conf_check_unknown(w->conf, &w->faults);
}

static void
world_close(struct world *w)
{
	settings_done(&w->s);
	settings_done(&w->s);
	conf_close(&w->conf);
	conf_faults_done(&w->faults);
}

START_TEST(a_secret_and_keys_are_all_that_is_required)
{
	struct world w;

	world_open(&w, SERVER AUTH);
	ck_assert_int_eq(w.err, OW_OK);
	ck_assert_uint_eq(w.faults.n, 0);
	ck_assert_str_eq(w.s.server.listen, "127.0.0.1:8080");
	ck_assert_str_eq(w.s.server.admin_listen, "127.0.0.1:8081");
	ck_assert_str_eq(w.s.server.secret, SECRET);
	ck_assert_str_eq(w.s.tls.certificate, "");
	ck_assert_str_eq(w.s.auth.claim_tenant, "tenant");
	ck_assert_int_eq(w.s.stream.heartbeat_ms, 25000);
	ck_assert_int_eq(w.s.stream.silence_ms, 60000);
	ck_assert_int_eq(w.s.stream.auth_ms, 5000);
	ck_assert_int_eq(w.s.stream.finished_ms, 60000);
	ck_assert_int_eq(w.s.stream.replay_max, 100);
	ck_assert_int_eq(w.s.stream.buffer_max, 256 * 1024);
	ck_assert(!w.s.http.loopback_exempt);
	ck_assert_str_eq(w.s.notify.share_dir, "");
	ck_assert_str_eq(w.s.notify.locale, "en");
	ck_assert_str_eq(w.s.notify.timezone, "UTC");
	ck_assert_int_eq(w.s.outbox.lease_ms, 120000);
	ck_assert_int_eq(w.s.outbox.attempts_max, 12);
	ck_assert_uint_eq(w.s.n_tenants, 0);
	world_close(&w);
}
END_TEST

START_TEST(an_empty_file_says_what_is_required)
{
	struct world w;

	world_open(&w, "");
	ck_assert_int_eq(w.err, OW_EINVAL);
	ck_assert_uint_eq(w.faults.n, 2);
	ck_assert_ptr_nonnull(strstr(w.faults.list[0].text,
	    "missing required option 'secret'"));
	ck_assert_ptr_nonnull(strstr(w.faults.list[1].text,
	    "one of 'keys_file' and 'keys_url' is required"));
	world_close(&w);
}
END_TEST

START_TEST(paths_begin_at_the_file)
{
	struct world w;

	world_open(&w, "server: { secret = \"" SECRET "\"; plugin_dir = "
	    "\"plugins\"; };\n"
	    "tls: { certificate = \"tls/c.pem\"; key = \"/k.pem\"; };"
	    "notify: { share_dir = \"share\"; order_url = "
	    "\"https://shop.example/{id}?a=b\"; };" AUTH);
	ck_assert_uint_eq(w.faults.n, 0);
	ck_assert_str_eq(w.s.server.plugin_dir, "/etc/ow/plugins");
	ck_assert_str_eq(w.s.tls.certificate, "/etc/ow/tls/c.pem");
	ck_assert_str_eq(w.s.tls.key, "/k.pem");
	ck_assert_str_eq(w.s.notify.share_dir, "/etc/ow/share");
	ck_assert_str_eq(w.s.auth.keys_file, "/etc/ow/keys.json");
	ck_assert_str_eq(w.s.auth.keys_ca_file, "");
	world_close(&w);
}
END_TEST

struct rule {
	const char *text;
	int line;
	const char *fault;
};

static const struct rule rules[] = {
	{ SERVER AUTH "notify: {\n locale = \"de_AT\"; };", 4,
	    "'locale' must be a language such as" },
	{ SERVER AUTH "notify: {\n locale = \"\"; };", 4, "'locale' must" },
	{ SERVER AUTH "notify: {\n timezone = \"Europe/Berlim\"; };", 4,
	    "'timezone' must be a time zone" },
	{ SERVER AUTH "notify: {\n timezone = \"\"; };", 4, "'timezone' must" },
	{ SERVER AUTH "notify: {\n order_url = \"https://a.example/\"; };",
	    4, "'order_url' must be such as https://" },
	{ SERVER AUTH "notify: {\n order_url = \"ftp://a/{id}\"; };", 4,
	    "'order_url' must be such as https://" },
	{ SERVER AUTH "notify: {\n order_url = \"https://a/{id}/{id}\"; };",
	    4, "'order_url' must be such as https://" },
	{ SERVER AUTH "notify: {\n order_url = \"https://a:99999/{id}\"; };",
	    4, "'order_url' must be such as https://" },
	{ SERVER AUTH "outbox: {\n node = \"a b\"; };", 4,
	    "a node's name is made of letters" },
	{ SERVER AUTH "outbox: {\n backoff_ms = \"20m\"; };", 3,
	    "'backoff_max_ms' must not be below 'backoff_ms'" },
	{ SERVER AUTH "outbox: {\n lease_ms = 0; };", 4, "'lease_ms'" },
	{ "server: {\n secret = \"short\"; };" AUTH, 2,
	    "'secret' must have at least 32 characters" },
	{ "server: { secret = \"" SECRET "\";\n listen = \"8080\"; };" AUTH,
	    2, "'listen' must be host:port such as \"127.0.0.1:8080\"" },
	{ "server: { secret = \"" SECRET "\";\n listen = \"a:b\"; };" AUTH,
	    2, "the port must be between 0 and 65535" },
	{ "server: { secret = \"" SECRET "\";\n listen = \"::1:80\"; };" AUTH,
	    2, "'listen' must be host:port" },
	{ "server: { secret = \"" SECRET "\";\n admin_listen = "
	    "\"127.0.0.1:8080\"; };" AUTH, 2, "must differ" },
	{ "server: { secret = \"" SECRET "\";\n public_url = "
	    "\"ws://a\"; };" AUTH, 2, "http:// or https://" },
	{ "server: { secret = \"" SECRET "\";\n workers = 65; };" AUTH, 2,
	    "'workers' must be between 1 and 64, not 65" },
	{ SERVER AUTH "tls: {\n key = \"k\"; };", 4,
	    "'key' without 'certificate'" },
	{ SERVER AUTH "tls: {\n certificate = \"c\"; };", 4,
	    "'certificate' without 'key'" },
	{ SERVER "auth: {\n};", 2, "one of 'keys_file' and 'keys_url'" },
	{ SERVER "auth: { keys_url = \"http://idp.example/keys\"; };", 2,
	    "'keys_url' must start with https://" },
	{ SERVER "auth: { keys_url = \"http://127.0.0.1.example/\"; };", 2,
	    "'keys_url' must start with https://" },
	{ SERVER "auth: { keys_url = \"http://localhost@a.example/\"; };", 2,
	    "'keys_url' must start with https://" },
	{ SERVER "auth: { keys_file = \"k\"; claim_sub = \"\"; };", 2,
	    "'claim_sub' must not be empty" },
	{ SERVER "auth: { keys_file = \"k\"; claim_sub = \"role\"; };", 2,
	    "'claim_sub' and 'claim_role' must differ" },
	{ SERVER AUTH "http: { origins = \"https://a https://b/c\"; };", 3,
	    "'https://b/c' is not an origin" },
	{ SERVER AUTH "http: { connections_max = 100; };", 3,
	    "must not be above 'connections_max'" },
	{ SERVER AUTH "stream: { heartbeat_ms = \"2m\"; };", 3,
	    "'silence_ms' must be above 'heartbeat_ms'" },
	{ SERVER AUTH "log: { level = \"wran\"; };", 3,
	    "did you mean 'warn'?" },
	{ SERVER AUTH "sever: { };", 3, "did you mean 'server'?" },
	{ SERVER AUTH "tenants = ( { name = \"a\"; },\n { name = \"a\"; } );",
	    4, "there is a tenant 'a' already" },
	{ SERVER AUTH "tenants = ( { name = \"a/b\"; } );", 3,
	    "a tenant's name" },
	{ SERVER AUTH "tenants = ( { } );", 3,
	    "missing required option 'name' of 'tenants'" },
	{ SERVER AUTH "tenants: { };", 3, "'tenants' must be a list" },
};

START_TEST(rules_between_options_are_told_at_their_line)
{
	const struct rule *rule = &rules[_i];
	struct world w;

	world_open(&w, rule->text);
	ck_assert_msg(w.faults.n == 1, "%s: %u faults", rule->text,
	    w.faults.n);
	ck_assert_msg(strstr(w.faults.list[0].text, rule->fault) != NULL,
	    "%s", w.faults.list[0].text);
	ck_assert_int_eq(w.faults.list[0].line, rule->line);
	world_close(&w);
}
END_TEST

static const char *const fine[] = {
	"server: { secret = \"" SECRET "\"; listen = \"[::]:443\"; "
	    "admin_listen = \"localhost:0\"; };" AUTH,
	"server: { secret = \"" SECRET "\"; listen = \"127.0.0.1:0\"; "
	    "admin_listen = \"127.0.0.1:0\"; };" AUTH,
	SERVER "auth: { keys_url = \"https://idp.example/keys\"; };",
	SERVER "auth: { keys_url = \"http://127.0.0.1:99/keys\"; };",
	SERVER "auth: { keys_url = \"http://[::1]/keys\"; };",
	SERVER AUTH "http: { origins = \"https://a http://b:8080\"; };",
	SERVER AUTH "http: { origins = \"*\"; rate_per_token = 0; };",
	SERVER AUTH "tenants = ( );",
};

START_TEST(what_is_right_has_no_fault)
{
	struct world w;

	world_open(&w, fine[_i]);
	ck_assert_msg(w.faults.n == 0, "%s: %s", fine[_i],
	    w.faults.n ? w.faults.list[0].text : "");
	world_close(&w);
}
END_TEST

START_TEST(tenants_have_what_they_say_and_the_others_the_defaults)
{
	const struct set_tenant *tenant;
	struct settings none = { 0 };
	struct world w;

	world_open(&w, SERVER AUTH "tenants = ( { name = \"cafe\"; },\n"
	    "{ name = \"bar\"; ready_by_hand = true; link_ttl_ms = \"7d\"; } "
	    ");");
	ck_assert_uint_eq(w.faults.n, 0);
	tenant = settings_tenant(&w.s, "bar");
	ck_assert(tenant->ready_by_hand);
	ck_assert_int_eq(tenant->link_ttl_ms, 7 * 86400000LL);
	tenant = settings_tenant(&w.s, "cafe");
	ck_assert_str_eq(tenant->name, "cafe");
	/* The same, whether a tenant is listed or not. */
	ck_assert_int_eq(tenant->link_ttl_ms,
	    settings_tenant(&w.s, "nobody")->link_ttl_ms);
	ck_assert_ptr_nonnull(settings_tenant(&none, "x"));
	world_close(&w);
}
END_TEST

/* The text with one place of it replaced. */
static void
sample_fill(struct buf *text, const char *from, const char *to)
{
	char *copy = buf_take(text), *at = strstr(copy, from);

	ck_assert_ptr_nonnull(at);
	(void)buf_add(text, copy, (size_t)(at - copy));
	(void)buf_printf(text, "%s%s", to, at + strlen(from));
	free(copy);
}

/* Also with every default taken at its word. */
START_TEST(the_sample_file_passes_its_own_check)
{
	struct buf out = BUF_INIT(1 << 20);
	struct world w;
	char *at;

	settings_explain(&out);
	ck_assert(!out.full);
	world_open(&w, out.p);
	ck_assert_uint_eq(w.faults.n, 2);
	ck_assert_str_eq(w.faults.list[0].text,
	    "required option 'secret' is empty");
	world_close(&w);

	for (at = out.p; (at = strstr(at, "\n\t#")); at++)
		if (at[3] != ' ')
			at[2] = ' ';
	sample_fill(&out, "secret = \"\";", "secret = \"" SECRET "\";");
	sample_fill(&out, "keys_file = \"\";", "keys_file = \"k\";");
	world_open(&w, out.p);
	ck_assert_msg(w.faults.n == 0, "%d: %s",
	    w.faults.n ? w.faults.list[0].line : 0,
	    w.faults.n ? w.faults.list[0].text : "");
	ck_assert_int_eq(w.s.server.drain_ms, 10000);
	world_close(&w);
	buf_done(&out);
}
END_TEST

START_TEST(the_sample_file_explains_every_option)
{
	struct buf out = BUF_INIT(1 << 20);
	const char *line, *end;

	settings_explain(&out);
	ck_assert_ptr_nonnull(strstr(out.p, "#listen = \"127.0.0.1:8080\";"));
	ck_assert_ptr_nonnull(strstr(out.p, "\tsecret = \"\";"));
	ck_assert_ptr_nonnull(strstr(out.p, "#loopback_exempt = false;"));
	ck_assert_ptr_nonnull(strstr(out.p, "#workers = 1;"));
	ck_assert_ptr_nonnull(strstr(out.p, "Between 1 and 64."));
	ck_assert_ptr_nonnull(strstr(out.p, "One of logfmt, json."));
	for (line = out.p; *line; line = end + 1) {
		end = strchr(line, '\n');
		ck_assert_ptr_nonnull(end);
		ck_assert_int_le(end - line, 79);
		ck_assert(end == line || (end[-1] != ' ' && end[-1] != '\t'));
	}
	buf_done(&out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tcase = tcase_create("settings");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, a_secret_and_keys_are_all_that_is_required);
	tcase_add_test(tcase, an_empty_file_says_what_is_required);
	tcase_add_test(tcase, paths_begin_at_the_file);
	tcase_add_loop_test(tcase,
	    rules_between_options_are_told_at_their_line, 0,
	    sizeof(rules) / sizeof(rules[0]));
	tcase_add_loop_test(tcase, what_is_right_has_no_fault, 0,
	    sizeof(fine) / sizeof(fine[0]));
	tcase_add_test(tcase,
	    tenants_have_what_they_say_and_the_others_the_defaults);
	tcase_add_test(tcase, the_sample_file_passes_its_own_check);
	tcase_add_test(tcase, the_sample_file_explains_every_option);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
