/* SPDX-License-Identifier: MIT */
/*
 * test_log - one line an event, whatever the values hold.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"

static char line[65536];

/* What one call has written, read back from a pipe. */
static int
open_log(int format, int32_t level)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	log_setup(format, level, fds[1]);
	return fds[0];
}

static void
read_log(int fd, int written_fd)
{
	size_t n = 0;
	ssize_t got;

	close(written_fd);
	while ((got = read(fd, line + n, sizeof(line) - 1 - n)) > 0)
		n += (size_t)got;
	line[n] = '\0';
	close(fd);
	log_setup(LOG_LOGFMT, OW_INFO, STDERR_FILENO);
}

START_TEST(logfmt_quotes_only_what_needs_it)
{
	char name[] = "a b";
	int fd = open_log(LOG_LOGFMT, OW_INFO);

	log_warn("http", "accept failed", LOG_STR("listener", "127.0.0.1:80"),
	    LOG_INT("errno", 24), LOG_STR("name", name), LOG_STR("none", ""),
	    LOG_STR("eq", "a=b"), LOG_STR("q", "\"\n\x1b[2J"));
	read_log(fd, fd + 1);
	ck_assert_int_eq(strncmp(line, "ts=20", 5), 0);
	ck_assert_str_eq(strchr(line, ' '), " level=warn area=http "
	    "msg=\"accept failed\" listener=127.0.0.1:80 errno=24 "
	    "name=\"a b\" none=\"\" eq=\"a=b\" "
	    "q=\"\\\"\\n\\u001b[2J\"\n");
}
END_TEST

START_TEST(json_line_parses)
{
	struct json *j;
	int fd = open_log(LOG_JSON, OW_DEBUG);

	log_debug("store", "x", LOG_STR("v", "a\"\n"), LOG_INT("i", -1));
	read_log(fd, fd + 1);
	ck_assert_int_eq(json_parse(line, strlen(line), &j, NULL), OW_OK);
	ck_assert_str_eq(json_get_text(j, "level"), "debug");
	ck_assert_str_eq(json_get_text(j, "area"), "store");
	ck_assert_str_eq(json_get_text(j, "msg"), "x");
	ck_assert_str_eq(json_get_text(j, "v"), "a\"\n");
	ck_assert_int_eq(json_get_int(j, "i", 0), -1);
	json_free(&j);
}
END_TEST

START_TEST(level_decides_and_names_are_the_known_ones)
{
	int fd = open_log(LOG_LOGFMT, OW_NOTICE);

	ck_assert(!log_is_on(OW_INFO));
	ck_assert(log_is_on(OW_NOTICE));
	log_info("a", "not this");
	log_notice("a", "n1");
	log_error("a", "e1");
	log_write(99, "a", "odd", NULL);
	read_log(fd, fd + 1);
	ck_assert_ptr_null(strstr(line, "not this"));
	ck_assert_ptr_nonnull(strstr(line, "level=notice area=a msg=n1\n"));
	ck_assert_ptr_nonnull(strstr(line, "level=error area=a msg=e1\n"));
	ck_assert_ptr_nonnull(strstr(line, "level=error area=a msg=odd\n"));
}
END_TEST

static void
log_long(void)
{
	static char text[5000];

	memset(text, 'x', sizeof(text) - 1);
	log_error("a", text, LOG_STR("one", text), LOG_STR("two", text),
	    LOG_INT("three", 3));
}

START_TEST(long_line_is_cut_between_fields)
{
	struct json *j;
	int fd = open_log(LOG_JSON, OW_INFO);

	log_long();
	read_log(fd, fd + 1);
	ck_assert_uint_le(strlen(line), 4096);
	ck_assert_int_eq(json_parse(line, strlen(line), &j, NULL), OW_OK);
	ck_assert(json_bool(json_get(j, "cut"), false));
	ck_assert_ptr_nonnull(json_get(j, "one"));
	ck_assert_ptr_null(json_get(j, "two"));
	json_free(&j);
	fd = open_log(LOG_LOGFMT, OW_INFO);
	log_long();
	read_log(fd, fd + 1);
	ck_assert_uint_le(strlen(line), 4096);
	ck_assert_str_eq(line + strlen(line) - 10, " cut=true\n");
}
END_TEST

START_TEST(errno_survives)
{
	int fd = open_log(LOG_LOGFMT, OW_INFO);

	errno = ENOTTY;
	log_error("a", "x");
	ck_assert_int_eq(errno, ENOTTY);
	read_log(fd, fd + 1);
	log_setup(LOG_LOGFMT, OW_INFO, -1);
	log_error("a", "goes nowhere");
	log_setup(LOG_LOGFMT, OW_INFO, STDERR_FILENO);
}
END_TEST

static void *
log_many(void *arg)
{
	int i;

	for (i = 0; i < 100; i++)
		log_error("a", arg, LOG_INT("i", i));
	return NULL;
}

START_TEST(lines_of_threads_do_not_mix)
{
	char *at, *end;
	int fd = open_log(LOG_LOGFMT, OW_INFO), n = 0;
	pthread_t t[2];

	pthread_create(&t[0], NULL, log_many, "first");
	pthread_create(&t[1], NULL, log_many, "second");
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	read_log(fd, fd + 1);
	for (at = line; (end = strchr(at, '\n')); at = end + 1, n++) {
		*end = '\0';
		ck_assert_int_eq(strncmp(at, "ts=", 3), 0);
		ck_assert_ptr_nonnull(strstr(at, " i="));
	}
	ck_assert_int_eq(n, 200);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("log");
	TCase *tc = tcase_create("log");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, logfmt_quotes_only_what_needs_it);
	tcase_add_test(tc, json_line_parses);
	tcase_add_test(tc, level_decides_and_names_are_the_known_ones);
	tcase_add_test(tc, long_line_is_cut_between_fields);
	tcase_add_test(tc, errno_survives);
	tcase_add_test(tc, lines_of_threads_do_not_mix);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
