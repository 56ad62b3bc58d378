/* SPDX-License-Identifier: MIT */
/*
 * test_conf - files, sections, instances, options, and the sentences for
 * whatever is wrong with them.
 */
#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "conf/near.h"
#include "conf/url.h"

struct sample {
	const char *subject;
	bool urgent;
	int64_t retries;
	int64_t wait;
	int64_t delay_ms;
	int64_t room;
	const char *relay;
	const char *password;
	const char *level;
};

static const char *const levels[] = { "low", "normal", "high", NULL };

static const struct ow_option options[] = {
	OW_STR(struct sample, subject, OW_REQUIRED, "What it is about."),
	OW_BOOL(struct sample, urgent, "no", "Whether it cannot wait."),
	OW_INT(struct sample, retries, "3", 1, 10, "How often."),
	OW_MS(struct sample, wait, "30s", 1000, 300000, "How long."),
	OW_MS(struct sample, delay_ms, "0", 0, INT64_MAX, "How late."),
	OW_BYTES(struct sample, room, "64k", 1024, 1LL << 40, "How much."),
	OW_URL(struct sample, relay, "smtp://localhost", "Through what."),
	OW_SECRET(struct sample, password, "", "What nobody knows."),
	OW_CHOICE(struct sample, level, "normal", levels, "How important."),
	OW_OPTIONS_END
};

/* ---- A folder of files ------------------------------------------------- */

struct folder {
	char path[64];
};

static void
folder_open(struct folder *f)
{
	char sub[128];

	snprintf(f->path, sizeof(f->path), "/tmp/test-conf-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f->path));
	snprintf(sub, sizeof(sub), "%s/conf.d", f->path);
	ck_assert_int_eq(mkdir(sub, 0700), 0);
}

static void
folder_write(const struct folder *f, const char *name,
    const char *text, size_t n, mode_t mode)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text, 1, n, file), n);
	fclose(file);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static void
folder_text(const struct folder *f, const char *name,
    const char *text)
{
	folder_write(f, name, text, strlen(text), 0644);
}

static void
folder_close(struct folder *f)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r '%s'", f->path);
	ck_assert_int_eq(system(command), 0);
}

static struct conf *
folder_read(const struct folder *f,
    struct conf_faults *faults)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/main.conf", f->path);
	return conf_open(path, faults);
}

static bool
has_fault(const struct conf_faults *faults, const char *file,
    int line, const char *text)
{
	uint32_t i;

	for (i = 0; i < faults->n; i++)
		if (faults->list[i].line == line &&
		    strstr(faults->list[i].file, file) &&
		    strstr(faults->list[i].text, text))
			return true;
	return false;
}

/* ---- Values ------------------------------------------------------------ */

struct wrong {
	const char *text;	/* the members of the section */
	const char *fault;	/* "": none */
};

static const struct wrong wrongs[] = {
	{ "subject = \"s\";", "" },
	{ "subject = \"s\"; subjet = \"t\";",
	    "unknown option 'subjet', did you mean 'subject'?" },
	{ "subject = \"s\"; xyzzy = 1;", "unknown option 'xyzzy'" },
	{ "", "missing required option 'subject' of 'mail'" },
	{ "subject = \"\";", "required option 'subject' is empty" },
	{ "subject = 7;", "'subject' must be a text such as \"...\", not the "
	    "number 7" },
	{ "subject = [ 1 ];", "not a list" },
	{ "subject = { };", "not a group" },
	{ "subject = \"s\"; urgent = \"yes\";", "" },
	{ "subject = \"s\"; urgent = true;", "" },
	{ "subject = \"s\"; urgent = 1;",
	    "'urgent' must be yes or no such as true, not the number 1" },
	{ "subject = \"s\"; urgent = \"maybe\";", "not the text \"maybe\"" },
	{ "subject = \"s\"; retries = 10;", "" },
	{ "subject = \"s\"; retries = 11;",
	    "'retries' must be between 1 and 10, not 11" },
	{ "subject = \"s\"; retries = 0;", "between 1 and 10, not 0" },
	{ "subject = \"s\"; retries = 4294967297;",
	    "between 1 and 10, not 4294967297" },
	{ "subject = \"s\"; retries = 0x100000002;", "not 4294967298" },
	{ "subject = \"s\"; retries = 99999999999999999999;",
	    "too many digits" },
	{ "subject = \"s\"; delay_ms = \"0\";", "" },
	{ "subject = \"s\"; retries = \"3\";", "'retries' must be a whole "
	    "number such as 3, not the text \"3\"" },
	{ "subject = \"s\"; retries = 2.5;",
	    "not a number with a fraction" },
	{ "subject = \"s\"; wait = \"5m\";", "" },
	{ "subject = \"s\"; wait = \"5 minutes\";",
	    "'wait' must be a time such as \"30s\", not the text" },
	{ "subject = \"s\"; wait = 30;",
	    "'wait' must be a time such as \"30s\", not the number 30" },
	{ "subject = \"s\"; wait = \"6m\";",
	    "'wait' must be between 1s and 5m, not 6m" },
	{ "subject = \"s\"; wait = \"500ms\";", "not 500ms" },
	{ "subject = \"s\"; delay_ms = 30;", "" },
	{ "subject = \"s\"; delay_ms = -1;",
	    "'delay_ms' must be at least 0, not -1ms" },
	{ "subject = \"s\"; room = \"2g\";", "" },
	{ "subject = \"s\"; room = 2048;", "" },
	{ "subject = \"s\"; room = \"2kb\";",
	    "'room' must be a size such as \"64k\", not the text \"2kb\"" },
	{ "subject = \"s\"; room = 100;", "between 1k and 1024g, not 100" },
	{ "subject = \"s\"; room = \"99999999999999g\";", "must be a size" },
	{ "subject = \"s\"; relay = \"smtps://u:p@[::1]:465/x\";", "" },
	{ "subject = \"s\"; relay = \"stmp://host\";",
	    "unknown scheme 'stmp', did you mean 'smtp'?" },
	{ "subject = \"s\"; relay = \"\";", "'relay' must be a URL" },
	{ "subject = \"s\"; relay = \"host:25\";", "start with a scheme" },
	{ "subject = \"s\"; password = 1234;", "'password' must be a text "
	    "such as \"@file\", not a number" },
	{ "subject = \"s\"; password = \"@/nowhere/at/all\";",
	    "'password': '/nowhere/at/all' can't be read: No such file" },
	{ "subject = \"s\"; level = \"high\";", "" },
	{ "subject = \"s\"; level = \"hihg\";", "'level' must be one of "
	    "\"low\", \"normal\", \"high\", not \"hihg\", did you mean "
	    "'high'?" },
	{ "subject = \"a\\nb\"; level = \"a\\nb\";", "not \"a?b\"" },
};

/* A breach is a wrong value that passes, or one whose sentence does not say
   what was expected. */
START_TEST(each_wrong_value_has_its_sentence)
{
	struct conf_faults faults = { 0, 0, NULL };
	const struct wrong *wrong = &wrongs[_i];
	struct sample sample;
	struct conf *conf;
	char text[512];

	snprintf(text, sizeof(text), "mail: {\n%s\n};", wrong->text);
	conf = conf_parse(text, "x.conf", &faults);
	if (conf)
		(void)conf_fill(conf, "mail", options, &sample, &faults);
	ck_assert_msg(faults.n == (*wrong->fault != '\0'), "%s: %u faults: %s",
	    wrong->text, faults.n, faults.n ? faults.list[0].text : "");
	if (*wrong->fault)
		ck_assert_msg(strstr(faults.list[0].text, wrong->fault) !=
		    NULL, "%s", faults.list[0].text);
	conf_close(&conf);
	conf_faults_done(&faults);
}
END_TEST

START_TEST(a_section_that_is_absent_is_all_defaults)
{
	struct conf_faults faults = { 0, 0, NULL };
	struct conf *conf = conf_parse("", "x.conf", &faults);
	struct sample sample;

	ck_assert_int_eq(conf_fill(conf, "mail", options, &sample, &faults),
	    OW_EINVAL);
	ck_assert_uint_eq(faults.n, 1);
	ck_assert_int_eq(faults.list[0].line, 0);
	ck_assert_str_eq(sample.subject, "");
	ck_assert(!sample.urgent);
	ck_assert_int_eq(sample.retries, 3);
	ck_assert_int_eq(sample.wait, 30000);
	ck_assert_int_eq(sample.room, 65536);
	ck_assert_str_eq(sample.relay, "smtp://localhost");
	ck_assert_str_eq(sample.password, "");
	ck_assert_str_eq(sample.level, "normal");
	conf_close(&conf);
	ck_assert_ptr_null(conf);
	conf_close(&conf);
	conf_faults_done(&faults);
}
END_TEST

START_TEST(values_at_fault_have_their_default)
{
	struct conf_faults faults = { 0, 0, NULL };
	struct sample sample;
	struct conf *conf;

	conf = conf_parse("mail: { subject = 1; retries = 99;\n wait = \"1m\"; "
	    "};", "x.conf", &faults);
	ck_assert_int_eq(conf_fill(conf, "mail", options, &sample, &faults),
	    OW_EINVAL);
	ck_assert_uint_eq(faults.n, 2);
	ck_assert_str_eq(sample.subject, "");
	ck_assert_int_eq(sample.retries, 3);
	ck_assert_int_eq(sample.wait, 60000);
	conf_close(&conf);
	conf_faults_done(&faults);
}
END_TEST

START_TEST(a_section_must_be_a_group)
{
	struct conf_faults faults = { 0, 0, NULL };
	struct conf *conf = conf_parse("\nmail = 7;", "x.conf", &faults);
	struct sample sample;

	(void)conf_fill(conf, "mail", options, &sample, &faults);
	ck_assert(has_fault(&faults, "x.conf", 2, "'mail' must be a group"));
	conf_close(&conf);
	conf_faults_done(&faults);
}
END_TEST

/* ---- Secrets ----------------------------------------------------------- */

struct secret {
	const char *text;
	mode_t mode;
	const char *out;	/* NULL: refused */
	const char *fault;
};

static const struct secret secrets[] = {
	{ "hunter2\n", 0600, "hunter2", NULL },
	{ "hunter2", 0400, "hunter2", NULL },
	{ "hunter2\r\n", 0600, "hunter2", NULL },
	{ "two\nlines\n\n", 0600, "two\nlines\n", NULL },
	{ "hunter2", 0640, NULL, "can be read or written by others: chmod "
	    "600" },
	{ "hunter2", 0604, NULL, "chmod 600" },
	{ "hunter2", 0602, NULL, "chmod 600" },
	{ "\n", 0600, NULL, "is empty" },
	{ "", 0600, NULL, "is empty" },
};

static int
secret_read_conf(const struct folder *f, struct conf **conf,
    struct sample *sample, struct conf_faults *faults)
{
	folder_text(f, "main.conf",
	    "mail: { subject = \"s\"; password = \"@pass\"; };");
	*conf = folder_read(f, faults);
	ck_assert_ptr_nonnull(*conf);
	return conf_fill(*conf, "mail", options, sample, faults);
}

START_TEST(secrets_come_from_files_that_others_cannot_read)
{
	const struct secret *s = &secrets[_i];
	struct conf_faults faults = { 0, 0, NULL };
	struct sample sample;
	struct folder f;
	struct conf *conf;
	int err;

	folder_open(&f);
	folder_write(&f, "pass", s->text, strlen(s->text), s->mode);
	err = secret_read_conf(&f, &conf, &sample, &faults);
	if (s->out) {
		ck_assert_int_eq(err, OW_OK);
		ck_assert_str_eq(sample.password, s->out);
	} else {
		ck_assert_int_eq(err, OW_EINVAL);
		ck_assert(has_fault(&faults, "main.conf", 1, s->fault));
		ck_assert_str_eq(sample.password, "");
	}
	conf_close(&conf);
	conf_faults_done(&faults);
	folder_close(&f);
}
END_TEST

START_TEST(secrets_have_a_size_and_are_regular_text_files)
{
	struct conf_faults faults = { 0, 0, NULL };
	char *big = mem_alloc(70000), path[128];
	struct sample sample;
	struct folder f;
	struct conf *conf;

	folder_open(&f);
	memset(big, 'x', 70000);
	folder_write(&f, "pass", big, 65536, 0600);
	ck_assert_int_eq(secret_read_conf(&f, &conf, &sample, &faults), OW_OK);
	conf_close(&conf);
	folder_write(&f, "pass", big, 65537, 0600);
	ck_assert_int_ne(secret_read_conf(&f, &conf, &sample, &faults), OW_OK);
	ck_assert(has_fault(&faults, "main.conf", 1, "larger than 64 kB"));
	conf_close(&conf);
	folder_write(&f, "pass", "a\0b", 3, 0600);
	ck_assert_int_ne(secret_read_conf(&f, &conf, &sample, &faults), OW_OK);
	ck_assert(has_fault(&faults, "main.conf", 1, "NUL byte"));
	conf_close(&conf);
	snprintf(path, sizeof(path), "%s/pass", f.path);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_ne(secret_read_conf(&f, &conf, &sample, &faults), OW_OK);
	ck_assert(has_fault(&faults, "main.conf", 1, "not a regular file"));
	conf_close(&conf);
	conf_faults_done(&faults);
	folder_close(&f);
	free(big);
}
END_TEST

/* ---- Files ------------------------------------------------------------- */

START_TEST(instances_come_from_all_files_in_order)
{
	struct conf_faults faults = { 0, 0, NULL };
	struct conf_instance instance;
	struct sample sample;
	struct folder f;
	struct conf *conf;

	folder_open(&f);
	folder_text(&f, "main.conf", "plugins: {\n z: { }; };");
	folder_text(&f, "conf.d/20.conf", "b: { module = \"mail-b\"; "
	    "subject = \"twenty\"; };");
	folder_text(&f, "conf.d/10.conf", "a-1: { };\nc: { };");
	folder_text(&f, "conf.d/.hidden.conf", "h: { };");
	folder_text(&f, "conf.d/README", "not = a conf");
	conf = folder_read(&f, &faults);
	ck_assert_uint_eq(faults.n, 0);
	ck_assert_uint_eq(conf_instances(conf), 4);
	conf_instance(conf, 0, &instance);
	ck_assert_str_eq(instance.name, "z");
	ck_assert_int_eq(instance.line, 2);
	conf_instance(conf, 1, &instance);
	ck_assert_str_eq(instance.name, "a-1");
	ck_assert_str_eq(instance.module, "a-1");
	conf_instance(conf, 3, &instance);
	ck_assert_str_eq(instance.name, "b");
	ck_assert_str_eq(instance.module, "mail-b");
	ck_assert_ptr_nonnull(strstr(instance.file, "conf.d/20.conf"));
	ck_assert_int_eq(conf_fill_instance(conf, 3, options, &sample, NULL,
	    NULL, &faults), OW_OK);
	ck_assert_str_eq(sample.subject, "twenty");
	conf_close(&conf);
	conf_faults_done(&faults);
	folder_close(&f);
}
END_TEST

START_TEST(faults_of_all_files_come_together)
{
	struct conf_faults faults = { 0, 0, NULL };
	struct buf out = BUF_INIT(65536);
	struct folder f;
	struct conf *conf;

	folder_open(&f);
	folder_text(&f, "main.conf", "plugins: {\n a: { };\n b = 7;\n"
	    " d: { module = \"../x\"; };\n e: { module = 1; };\n*: { };\n};");
	folder_text(&f, "conf.d/1.conf", "\n\na: { };");
	folder_text(&f, "conf.d/2.conf", "c: {\n  x = 1\n  y = ;\n};");
	folder_text(&f, "conf.d/3.conf", "plugins: { f: { }; };");
	folder_text(&f, "conf.d/4.conf", "\n@include \"/etc/passwd\"\n");
	folder_write(&f, "conf.d/5.conf", "a\n\0b", 4, 0644);
	folder_text(&f, "conf.d/6.conf", "g: { };\ng: { };");
	folder_text(&f, "conf.d/7.conf", "g: {\n a = \"b;\n c = \"d\";\n};");
	folder_text(&f, "conf.d/8.conf", "g: { a = \"b\\\"");
	conf = folder_read(&f, &faults);
	ck_assert_ptr_nonnull(conf);
	ck_assert(has_fault(&faults, "main.conf", 3, "'b' must be an "
	    "instance"));
	ck_assert(has_fault(&faults, "main.conf", 4, "'module' must be the "
	    "name of a plugin"));
	ck_assert(has_fault(&faults, "main.conf", 5, "'module' must be"));
	ck_assert(has_fault(&faults, "main.conf", 6, "an instance's name"));
	ck_assert(has_fault(&faults, "1.conf", 3, "there is an instance 'a' "
	    "already, in "));
	ck_assert(has_fault(&faults, "2.conf", 3, "syntax error"));
	ck_assert(has_fault(&faults, "3.conf", 1, "without plugins: { }"));
	ck_assert(has_fault(&faults, "4.conf", 2, "@include is not"));
	ck_assert(has_fault(&faults, "5.conf", 2, "NUL byte"));
	ck_assert(has_fault(&faults, "6.conf", 2, "this name was there"));
	ck_assert(has_fault(&faults, "7.conf", 2, "a text has no closing"));
	ck_assert(has_fault(&faults, "8.conf", 1, "a text has no closing"));
	ck_assert_uint_eq(faults.n, 12);
	ck_assert_uint_eq(conf_instances(conf), 1);
	conf_faults_print(&faults, &out);
	ck_assert_ptr_nonnull(strstr(out.p, "main.conf:3: 'b' must be"));
	buf_done(&out);
	conf_close(&conf);
	conf_faults_done(&faults);
	folder_close(&f);
}
END_TEST

START_TEST(a_main_file_that_cannot_be_read_is_no_conf)
{
	struct conf_faults faults = { 0, 0, NULL };
	char *big = mem_alloc((1 << 20) + 2);
	struct folder f;

	folder_open(&f);
	ck_assert_ptr_null(folder_read(&f, &faults));
	ck_assert(has_fault(&faults, "main.conf", 0, "can't be read: No such"));
	ck_assert_ptr_null(conf_open(f.path, &faults));
	ck_assert(has_fault(&faults, f.path, 0, "Is a directory"));
	folder_text(&f, "main.conf", "server: {\n  a = ;\n};");
	ck_assert_ptr_null(folder_read(&f, &faults));
	ck_assert(has_fault(&faults, "main.conf", 2, "syntax error"));
	memset(big, ' ', (1 << 20) + 1);
	folder_text(&f, "main.conf", big);
	ck_assert_ptr_null(folder_read(&f, &faults));
	ck_assert(has_fault(&faults, "main.conf", 0, "can't be read: File too "
	    "large"));
	conf_faults_done(&faults);
	folder_close(&f);
	free(big);
}
END_TEST

START_TEST(sections_that_nobody_knows_are_faults)
{
	struct conf_faults faults = { 0, 0, NULL };
	struct sample sample;
	struct conf *conf;

	conf = conf_parse("mail: { subject = \"s\"; };\n"
	    "plugns: { };\n"
	    "listen = 1;\n"
	    "store-sqlite: { };\n"
	    "tenants: { };\n", "x.conf", &faults);
	(void)conf_fill(conf, "mail", options, &sample, &faults);
	ck_assert_uint_eq(conf_list_count(conf, "tenants"), 0);
	ck_assert_uint_eq(faults.n, 0);
	conf_check_unknown(conf, &faults);
	ck_assert_uint_eq(faults.n, 4);
	ck_assert(has_fault(&faults, "x.conf", 2, "unknown section 'plugns', "
	    "did you mean 'plugins'?"));
	ck_assert(has_fault(&faults, "x.conf", 3, "unknown option 'listen'; "
	    "options belong into a section"));
	ck_assert(has_fault(&faults, "x.conf", 4, "unknown section "
	    "'store-sqlite'; instances of plugins belong into"));
	ck_assert(has_fault(&faults, "x.conf", 5, "'tenants' must be a list: "
	    "tenants = ( { ... }, { ... } );"));
	conf_close(&conf);
	conf_faults_done(&faults);
}
END_TEST

START_TEST(lists_are_read_entry_by_entry)
{
	struct conf_faults faults = { 0, 0, NULL };
	struct sample sample;
	struct conf *conf;

	conf = conf_parse("mails = ( { subject = \"a\"; },\n"
	    "{ subject = \"b\"; retries = 4; }, 7 );", "x.conf", &faults);
	ck_assert_uint_eq(conf_list_count(conf, "mails"), 3);
	ck_assert_int_eq(conf_fill_entry(conf, "mails", 1, options, &sample,
	    &faults), OW_OK);
	ck_assert_str_eq(sample.subject, "b");
	ck_assert_int_eq(sample.retries, 4);
	ck_assert_int_eq(conf_fill_entry(conf, "mails", 2, options, &sample,
	    &faults), OW_EINVAL);
	ck_assert(has_fault(&faults, "x.conf", 2, "must be a group"));
	conf_close(&conf);
	conf_faults_done(&faults);
}
END_TEST

/* libconfig cuts what has no L; strings and comments stay as they are. */
START_TEST(big_numbers_are_not_cut)
{
	struct conf_faults faults = { 0, 0, NULL };
	struct sample sample;
	struct conf *conf;

	conf = conf_parse("# 99999999999999999999 @ \"\n"
	    "/* 99999999999999999999 \" */ // @ \"\n"
	    "mail: { subject = \"99999999999999999999 @ \\\" #\";\n"
	    "room = 3000000000; delay_ms = 5000000000L; };", "x.conf",
	    &faults);
	ck_assert_uint_eq(faults.n, 0);
	ck_assert_int_eq(conf_fill(conf, "mail", options, &sample, &faults),
	    OW_OK);
	ck_assert_str_eq(sample.subject, "99999999999999999999 @ \" #");
	ck_assert_int_eq(sample.room, 3000000000);
	ck_assert_int_eq(sample.delay_ms, 5000000000);
	conf_close(&conf);
	conf_faults_done(&faults);
}
END_TEST

START_TEST(faults_are_capped)
{
	struct conf_faults faults = { 0, 0, NULL };
	int i;

	for (i = 0; i < 1000; i++)
		conf_fault(&faults, "x.conf", i, "fault %d", i);
	ck_assert_uint_eq(faults.n, 200);
	ck_assert_str_eq(faults.list[199].text,
	    "there are more faults; these come first");
	conf_faults_done(&faults);
	ck_assert_uint_eq(faults.n, 0);
}
END_TEST

START_TEST(paths_begin_at_the_main_file)
{
	struct conf_faults faults = { 0, 0, NULL };
	struct conf *conf = conf_parse("", "/etc/ow/ow.conf", &faults);

	ck_assert_str_eq(conf_path(conf, "keys.json"), "/etc/ow/keys.json");
	ck_assert_str_eq(conf_path(conf, "/k.json"), "/k.json");
	ck_assert_str_eq(conf_path(conf, ""), "");
	conf_close(&conf);
	conf = conf_parse("", "ow.conf", &faults);
	ck_assert_str_eq(conf_path(conf, "keys.json"), "keys.json");
	conf_close(&conf);
	conf_faults_done(&faults);
}
END_TEST

/* ---- Tables ------------------------------------------------------------ */

struct bad_table {
	struct ow_option list[3];
	const char *fault;
};

#define ROW(name, type, offset, dflt) \
	{ name, type, offset, dflt, 0, 0, NULL, "Help." }

static const char *const no_choices[] = { NULL };

static const struct bad_table bad_tables[] = {
	{ { ROW("A", OW_T_STR, 0, ""), OW_OPTIONS_END }, "a name is a letter" },
	{ { ROW("", OW_T_STR, 0, ""), OW_OPTIONS_END }, "a name is a letter" },
	{ { ROW("1a", OW_T_STR, 0, ""), OW_OPTIONS_END }, "a name is" },
	{ { ROW("module", OW_T_STR, 0, ""), OW_OPTIONS_END }, "is taken" },
	{ { ROW("a", OW_T_STR, 0, ""), ROW("a", OW_T_STR, 8, ""),
	    OW_OPTIONS_END }, "'a' is there twice" },
	{ { ROW("a", 0, 0, ""), OW_OPTIONS_END }, "unknown type 0" },
	{ { ROW("a", 99, 0, ""), OW_OPTIONS_END }, "unknown type 99" },
	{ { ROW("a", -1, 0, ""), OW_OPTIONS_END }, "unknown type -1" },
	{ { ROW("a", OW_T_STR, 12, ""), OW_OPTIONS_END }, "outside" },
	{ { ROW("a", OW_T_INT, UINT32_MAX, "1"), OW_OPTIONS_END }, "outside" },
	{ { ROW("a", OW_T_INT, 4, "1"), OW_OPTIONS_END }, "not aligned" },
	{ { ROW("a", OW_T_INT, 0, "1"), ROW("b", OW_T_BOOL, 7, "no"),
	    OW_OPTIONS_END }, "'a' and 'b' share a place" },
	{ { ROW("a", OW_T_CHOICE, 0, ""), OW_OPTIONS_END }, "no choices" },
	{ { { "a", OW_T_CHOICE, 0, "", 0, 0, no_choices, "Help." },
	    OW_OPTIONS_END }, "no choices" },
	{ { { "a", OW_T_CHOICE, 0, "none", 0, 0, levels, "Help." },
	    OW_OPTIONS_END }, "the default of option 'a' must be one of" },
	{ { { "a", OW_T_INT, 0, "1", 2, 1, NULL, "Help." }, OW_OPTIONS_END },
	    "min above its max" },
	{ { { "a", OW_T_INT, 0, "1", 0, 0, NULL, NULL }, OW_OPTIONS_END },
	    "has no help" },
	{ { { "a", OW_T_INT, 0, "3", 1, 2, NULL, "Help." }, OW_OPTIONS_END },
	    "the default of option 'a' must be between 1 and 2, not 3" },
	{ { ROW("a", OW_T_INT, 0, "1x"), OW_OPTIONS_END }, "the default of" },
	{ { ROW("a", OW_T_INT, 0, ""), OW_OPTIONS_END }, "the default of" },
	{ { ROW("a", OW_T_MS, 0, "1 s"), OW_OPTIONS_END }, "the default of" },
	{ { ROW("a", OW_T_BYTES, 0, "k"), OW_OPTIONS_END }, "the default of" },
	{ { ROW("a", OW_T_URL, 0, "nowhere"), OW_OPTIONS_END },
	    "the default of" },
	{ { ROW("a", OW_T_BOOL, 0, "1"), OW_OPTIONS_END }, "the default of" },
};

/* A breach is a table that would make the core write somewhere else. */
START_TEST(unsound_tables_are_refused)
{
	struct ow_fault why = { "" };

	ck_assert_int_eq(conf_table_check(bad_tables[_i].list, 16, &why),
	    OW_EINVAL);
	ck_assert_msg(strstr(why.text, bad_tables[_i].fault) != NULL, "%s",
	    why.text);
}
END_TEST

START_TEST(sound_tables_pass)
{
	static const struct ow_option none[] = { OW_OPTIONS_END };
	struct ow_option *endless;
	struct ow_fault why;
	char (*names)[8];
	uint32_t i;

	ck_assert_int_eq(conf_table_check(options, sizeof(struct sample),
	    &why), OW_OK);
	ck_assert_int_eq(conf_table_check(none, 0, &why), OW_OK);
	ck_assert_int_eq(conf_table_check(NULL, 0, &why), OW_EINVAL);
	ck_assert_int_eq(conf_table_check(none, 1 << 20, &why), OW_EINVAL);

	endless = mem_alloc(300 * sizeof(*endless));
	names = mem_alloc(300 * sizeof(*names));
	for (i = 0; i < 300; i++) {
		snprintf(names[i], sizeof(names[i]), "o%u", i);
		endless[i] = (struct ow_option)ROW(names[i], OW_T_BOOL, i,
		    "no");
	}
	ck_assert_int_eq(conf_table_check(endless, 1000, &why), OW_EINVAL);
	ck_assert_ptr_nonnull(strstr(why.text, "no end"));
	free(endless);
	free(names);
}
END_TEST

/* ---- Words ------------------------------------------------------------- */

START_TEST(distance_counts_typing_mistakes)
{
	struct near near = { "subjet", NULL, 0 };
	char long_word[100], hint[64];

	ck_assert_uint_eq(near_distance("", ""), 0);
	ck_assert_uint_eq(near_distance("", "abc"), 3);
	ck_assert_uint_eq(near_distance("kitten", "sitting"), 3);
	ck_assert_uint_eq(near_distance("form", "from"), 1);
	memset(long_word, 'a', 99);
	long_word[99] = '\0';
	ck_assert_uint_eq(near_distance(long_word, "a"), UINT32_MAX);
	near_try(&near, "sender");
	near_hint(&near, hint, sizeof(hint));
	ck_assert_str_eq(hint, "");
	near_try(&near, "subject");
	near_try(&near, "subset");
	near_hint(&near, hint, sizeof(hint));
	ck_assert_str_eq(hint, ", did you mean 'subject'?");
}
END_TEST

static const struct {
	const char *url;
	bool is_good;
} urls[] = {
	{ "http://example.com", true },
	{ "https://user:pa@ss@example.com:8443/a?b#c", true },
	{ "wss://[2001:db8::1]/x", true },
	{ "nats://a:4222,b:4222", true },
	{ "postgresql:///orders?host=/run/postgresql", true },
	{ "postgres://a,b:5433/orders", true },
	{ "smpp://gateway:2775", true },
	{ "HTTPS://EXAMPLE.COM", true },
	{ "https://", false },
	{ "https:///path", false },
	{ "https://a,b/", false },
	{ "https://a:0/", false },
	{ "https://a:65536/", false },
	{ "https://a:/", false },
	{ "https://a b/", false },
	{ "https://[::1/", false },
	{ "https://[::g]/", false },
	{ "https://[::1]8/", false },
	{ "https://a\x01/", false },
	{ "htps://a", false },
	{ "1http://a", false },
	{ "http:/a", false },
	{ "://a", false },
	{ "", false },
};

START_TEST(urls_are_checked_for_spelling)
{
	struct ow_fault why;

	ck_assert_msg((url_check(urls[_i].url, &why) == OW_OK) ==
	    urls[_i].is_good, "%s", urls[_i].url);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("conf");
	TCase *tcase = tcase_create("conf");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, each_wrong_value_has_its_sentence, 0,
	    sizeof(wrongs) / sizeof(wrongs[0]));
	tcase_add_test(tcase, a_section_that_is_absent_is_all_defaults);
	tcase_add_test(tcase, values_at_fault_have_their_default);
	tcase_add_test(tcase, a_section_must_be_a_group);
	tcase_add_loop_test(tcase,
	    secrets_come_from_files_that_others_cannot_read, 0,
	    sizeof(secrets) / sizeof(secrets[0]));
	tcase_add_test(tcase, secrets_have_a_size_and_are_regular_text_files);
	tcase_add_test(tcase, instances_come_from_all_files_in_order);
	tcase_add_test(tcase, faults_of_all_files_come_together);
	tcase_add_test(tcase, a_main_file_that_cannot_be_read_is_no_conf);
	tcase_add_test(tcase, sections_that_nobody_knows_are_faults);
	tcase_add_test(tcase, lists_are_read_entry_by_entry);
	tcase_add_test(tcase, big_numbers_are_not_cut);
	tcase_add_test(tcase, faults_are_capped);
	tcase_add_test(tcase, paths_begin_at_the_main_file);
	tcase_add_loop_test(tcase, unsound_tables_are_refused, 0,
	    sizeof(bad_tables) / sizeof(bad_tables[0]));
	tcase_add_test(tcase, sound_tables_pass);
	tcase_add_test(tcase, distance_counts_typing_mistakes);
	tcase_add_loop_test(tcase, urls_are_checked_for_spelling, 0,
	    sizeof(urls) / sizeof(urls[0]));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
