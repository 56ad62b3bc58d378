/* SPDX-License-Identifier: MIT */
/*
 * A channel in a process of its own, over tests/loader/wild-channel: what its
 * process suffers must not reach ours, the other channels, or the promise that
 * each job goes at least once under one key.
 *
 * The clock is the test's, the process is a real one: it is waited for by
 * looking whether what is expected has come, for WAIT_MS at most.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outbox/process.h"
#include "outbox_host.h"

#define WAIT_MS 30000

static struct scene *s;
static struct fake *wild, *mail;
static char mood_file[160], seen_file[160];

static const struct wish plain = { .kind = "sms" };
static const struct wish letter = { .kind = "email", .medium = "email",
    .address = "a@b.example" };

/* ---- The scene ---------------------------------------------------------- */

static void
set_option(const char *name, const void *value, size_t n)
{
	const struct ow_option *o = wild->entry.desc->options;

	while (o->name != NULL && strcmp(o->name, name) != 0)
		o++;
	ck_assert_ptr_nonnull(o->name);
	memcpy((char *)wild->entry.conf + o->offset, value, n);
}

static void
set_text(const char *name, const char *value)
{
	set_option(name, &value, sizeof(value));
}

static void
mood(const char *word)
{
	FILE *file = fopen(mood_file, "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "%s\n", word);
	fclose(file);
}

/* A fake that the real thing takes the place of. */
static void
make_wild(void)
{
	const struct ow_plugin *(*query)(uint32_t);
	const int64_t number = 42;
	const bool yes = true;
	void *handle, *symbol;

	wild = scene_channel(s, "wild-a", "sms", "sms");
	(void)snprintf(wild->entry.path, sizeof(wild->entry.path),
	    "%s/wild-channel.so", getenv("OW_TEST_PLUGINS"));
	handle = dlopen(wild->entry.path, RTLD_NOW | RTLD_LOCAL |
	    RTLD_NODELETE);
	ck_assert_msg(handle != NULL, "%s", dlerror());
	symbol = dlsym(handle, "ow_plugin_query");
	ck_assert_ptr_nonnull(symbol);
	memcpy(&query, &symbol, sizeof(query));
	wild->entry.desc = query(OW_ABI);
	free(wild->entry.conf);
	wild->entry.conf = calloc(1, wild->entry.desc->conf_size);
	set_text("mood_file", mood_file);
	set_text("seen_file", seen_file);
	set_text("token", "sesame-open");
	set_text("own", "");
	set_option("number", &number, sizeof(number));
	set_option("yes", &yes, sizeof(yes));
	wild->set.isolate = true;
	wild->set.breaker_ms = 200;
}

static void
setup(void)
{
	ck_assert_int_eq(setenv("ORDERWIRE_LIBEXEC", getenv("OW_BUILD"), 1),
	    0);
	s = scene_open();
	s->set.outbox.backoff_ms = 100;
	s->set.outbox.backoff_max_ms = 200;
	s->set.outbox.attempts_max = 50;
	(void)snprintf(mood_file, sizeof(mood_file), "%s/mood", s->dir);
	(void)snprintf(seen_file, sizeof(seen_file), "%s/seen", s->dir);
	mood("well");
	make_wild();
	mail = scene_channel(s, "mail-a", "email", "email");
}

static void
teardown(void)
{
	(void)unlink(mood_file);	/* need not be there */
	(void)unlink(seen_file);
	scene_close(&s);
}

/* ---- Waiting ------------------------------------------------------------ */

static struct channel_state
state(void)
{
	struct channel_state out;

	ck_assert(outbox_channel_state(s->outbox, "wild-a", &out));
	return out;
}

static bool
is_there(const void *arg)
{
	(void)arg;
	return state().pid != 0;
}

static bool
is_away(const void *arg)
{
	(void)arg;
	return state().pid == 0;
}

static bool
is_sent(const void *id)
{
	return strcmp(job_state(s, id), "sent") == 0;
}

static bool
is_back(const void *id)
{
	return strcmp(job_state(s, id), "later") == 0;
}

static bool
is_true(const void *arg)
{
	return *(const bool *)arg;
}

static void
wait_for(bool (*is_so)(const void *), const void *arg, const char *what)
{
	int64_t until_ms = process_now_ms() + WAIT_MS;

	for (;;) {
		scene_run(s, 0);
		if (is_so(arg))
			return;
		ck_assert_msg(process_now_ms() < until_ms, "%s", what);
		(void)poll(NULL, 0, 1);		/* the process has to run */
	}
}
#define WAIT(is_so, arg) wait_for(is_so, arg, #is_so)

/* Time goes on while the process lives its own. */
static void
wait_on(bool (*is_so)(const void *), const void *arg, const char *what)
{
	int64_t until_ms = process_now_ms() + WAIT_MS;

	while (!is_so(arg)) {
		ck_assert_msg(process_now_ms() < until_ms, "%s", what);
		scene_run(s, 10);
		(void)poll(NULL, 0, 2);
	}
}
#define WAIT_ON(is_so, arg) wait_on(is_so, arg, #is_so)

struct line {
	char key[80];
	unsigned int attempt;
	int is_safe, pid;
};

static size_t
seen(struct line *out, size_t max)
{
	FILE *file = fopen(seen_file, "r");
	size_t n = 0;

	while (file != NULL && n < max && fscanf(file, "%79s %u %d %d",
	    out[n].key, &out[n].attempt, &out[n].is_safe, &out[n].pid) == 4)
		n++;
	if (file != NULL)
		fclose(file);
	return n;
}

static bool
is_given(const void *arg)
{
	struct line line;

	(void)arg;
	return seen(&line, 1) == 1;
}

static int
count_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

/* ---- It is a channel like any other ------------------------------------- */

START_TEST(a_job_goes_and_comes_back)
{
	struct line line[2];
	const char *id;

	scene_begin(s);
	ck_assert(is_there(NULL));
	id = scene_add(s, &plain);
	WAIT(is_sent, id);
	ck_assert_uint_eq(seen(line, 2), 1);
	ck_assert_uint_eq(line[0].attempt, 1);
	ck_assert_int_eq(line[0].is_safe, 1);
	ck_assert_int_eq(line[0].pid, state().pid);
	ck_assert_int_ne(line[0].pid, getpid());
	ck_assert_str_eq(scene_text(s, "SELECT ref FROM attempts"), "ref-1");
}
END_TEST

START_TEST(many_jobs_go)
{
	int i;

	wild->set.max_inflight = 1000;
	scene_begin(s);
	for (i = 0; i < 300; i++)
		(void)scene_add(s, &plain);
	for (i = 0; i < 4000 && scene_int(s, "SELECT COUNT(*) FROM jobs"
	    " WHERE state = 'sent'") < 300; i++) {
		scene_run(s, 0);
		(void)poll(NULL, 0, 2);
	}
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs WHERE"
	    " state = 'sent'"), 300);
	ck_assert_int_eq(scene_metric(s, "sent_total", "sms"), 300);
}
END_TEST

static bool
is_counted(const void *n)
{
	struct buf out = BUF_INIT(4u << 20);
	char line[160];
	bool has;

	(void)snprintf(line, sizeof(line), "jobs_total{instance=\"wild-a\"}"
	    " %d\n", *(const int *)n);
	metrics_render(s->metrics, &out);
	has = strstr(out.p, line) != NULL;
	buf_done(&out);
	return has;
}

START_TEST(its_metrics_are_ours)
{
	static const int three = 3;
	const char *id = NULL;
	int i;

	scene_begin(s);
	for (i = 0; i < 3; i++)
		id = scene_add(s, &plain);
	WAIT(is_sent, id);
	WAIT(is_counted, &three);
}
END_TEST

struct asked_check {
	struct address_check check;
	bool is_done;
};

static void
checked(struct address_check *c)
{
	((struct asked_check *)c)->is_done = true;
}

static void
ask_check(struct asked_check *c, const char *wanted)
{
	memset(c, 0, sizeof(*c));
	c->check.home = s->loop;
	c->check.tenant = "cafe";
	c->check.kind = "sms";
	c->check.wanted = wanted;
	c->check.done = checked;
	outbox_check(s->outbox, &c->check);
	WAIT(is_true, &c->is_done);
}

START_TEST(addresses_are_checked_over_there)
{
	struct asked_check c;

	scene_begin(s);
	ask_check(&c, "+491");
	ck_assert_int_eq(c.check.err, OW_OK);
	ck_assert_str_eq(c.check.address.text, "<+491>");
	ck_assert_str_eq(c.check.address.identity, "+491");
	ck_assert_str_eq(c.check.address.hint, "hint");
	ask_check(&c, "!491");
	ck_assert_int_eq(c.check.err, OW_EINVAL);
	ck_assert_str_eq(c.check.fault.text, "it begins with a !");
}
END_TEST

struct asked_hook {
	bool is_done;
	int status;
	char type[64], body[256];
};

static void
hooked(struct hook *h)
{
	struct asked_hook *a = h->arg;

	a->is_done = true;
	a->status = h->status;
	(void)snprintf(a->type, sizeof(a->type), "%s", h->content_type !=
	    NULL ? h->content_type : "");
	(void)snprintf(a->body, sizeof(a->body), "%.*s", (int)h->answer.n,
	    h->answer.n > 0 ? (const char *)h->answer.p : "");
	hook_free(&h);
}

static void
ask_hook(struct asked_hook *a, const char *query)
{
	static struct ow_header headers[] = { { "X-Sign", "good" } };
	struct hook *h = hook_new(s->loop, hooked, a);

	memset(a, 0, sizeof(*a));
	h->kind = "sms";
	h->name = "wild";
	h->method = "POST";
	h->url = "https://t.example/hooks/sms/wild";
	h->query = query;
	h->body.p = "";
	h->headers = headers;
	h->n_headers = 1;
	outbox_hook(s->outbox, h);
	WAIT(is_true, &a->is_done);
}

/* A breach: an option, the secret among them, arrives changed or not. */
START_TEST(hooks_are_answered_over_there)
{
	struct asked_hook a;

	scene_begin(s);
	ask_hook(&a, "what=nothing");
	ck_assert_int_eq(a.status, 201);
	ck_assert_str_eq(a.type, "text/x-wild");
	ck_assert_str_eq(a.body, "POST nothing sesame-open 42 1 good");
}
END_TEST

static bool
has_opted(const void *arg)
{
	(void)arg;
	return s->n_opts > 0;
}

static bool
has_arrived(const void *id)
{
	return strcmp(job_state(s, id), "delivered") == 0;
}

START_TEST(reports_and_opts_come_back)
{
	struct asked_hook a;
	const char *id;

	scene_begin(s);
	id = scene_add(s, &plain);
	WAIT(is_sent, id);
	ask_hook(&a, "what=report");
	WAIT(has_arrived, id);
	ask_hook(&a, "what=stop&from=%2B4915112345678");
	WAIT(has_opted, NULL);
	ck_assert_str_eq(s->opt, "cafe ada sms 0 STOP");
}
END_TEST

START_TEST(it_has_an_address_of_its_own)
{
	const struct own_address *const *own;

	set_text("own", "https://hook.example/");
	scene_begin(s);
	ck_assert_uint_ge(outbox_own_addresses(s->outbox, &own), 1);
	ck_assert_str_eq(own[0]->address.text, "<https://hook.example/>");
	ck_assert_str_eq(own[0]->address.identity, "https://hook.example/");
}
END_TEST

static bool
file_has(const char *name, const char *what)
{
	char path[64], text[16384];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)state().pid,
	    name);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	n = fread(text, 1, sizeof(text), file);
	fclose(file);
	ck_assert_uint_gt(n, 0);
	return memmem(text, n, what, strlen(what)) != NULL;
}

/* A breach: the option's secret, or one of the server's own, can be read by
   whoever may look at the list of processes. */
START_TEST(no_secret_is_in_its_arguments_or_environment)
{
	(void)setenv("PGPASSWORD", "postgres-secret", 1);
	scene_begin(s);
	ck_assert(file_has("cmdline", "wild-a"));
	ck_assert(!file_has("cmdline", "sesame"));
	ck_assert(!file_has("environ", "sesame"));
	ck_assert(!file_has("environ", "postgres-secret"));
}
END_TEST

START_TEST(it_gives_up_what_it_does_not_need)
{
	char path[64];
	DIR *dir;
	int n = 0;

	scene_begin(s);
	ck_assert(file_has("status", "NoNewPrivs:\t1"));
	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)state().pid);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	/* . and .., four, and its loop's own */
	ck_assert_int_le(n, 16);
}
END_TEST

START_TEST(a_deadline_reaches_it)
{
	const char *id;

	wild->set.deadline_ms = 1000;
	scene_begin(s);
	mood("hold");
	id = scene_add(s, &plain);
	WAIT(is_given, NULL);
	scene_run(s, 990);
	ck_assert_str_eq(job_state(s, id), "leased");
	scene_run(s, 20);
	WAIT(is_back, id);
	ck_assert_int_eq(scene_metric(s, "overdue_total", "sms"), 0);
	mood("well");
	WAIT_ON(is_sent, id);
	ck_assert_int_eq(state().crashes, 0);
}
END_TEST

static bool
is_told_twice(const void *arg)
{
	(void)arg;
	return scene_metric(s, "settled_twice_total", "sms") == 1;
}

START_TEST(settling_twice_changes_nothing)
{
	const char *id;

	scene_begin(s);
	mood("twice");
	id = scene_add(s, &plain);
	WAIT(is_told_twice, NULL);
	WAIT(is_sent, id);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM off"), 0);
	ck_assert_int_eq(state().crashes, 0);
}
END_TEST

/* ---- It ends ------------------------------------------------------------ */

struct end {
	const char *mood, *why;
};
static const struct end ends[] = {
	{ "segv", "the plugin's process ended by signal 11" },
	{ "abort", "the plugin's process ended by signal 6" },
	{ "exit", "the plugin's process ended by itself, with code 0" },
	{ "garbage", "the plugin's process was ended: " },
	{ "forge", "it settles what it never got" },
	{ "close", "the plugin's process was ended: it closed its socket" },
};

/* A breach: the job is lost, goes under another key, is said to be new the
   second time, or mails wait for it. */
START_TEST(what_was_in_hand_goes_again_by_its_key)
{
	const struct end *end = &ends[_i];
	struct line line[4];
	const char *id;

	scene_begin(s);
	mood(end->mood);
	id = scene_add(s, &plain);
	if (strcmp(end->mood, "close") == 0) {
		WAIT(is_away, NULL);
		scene_run(s, 1000);
	}
	WAIT(is_back, id);
	ck_assert_int_eq(state().pid, 0);
	ck_assert_int_eq(state().crashes, 1);
	ck_assert_msg(strstr(state().ended, end->why) != NULL, "%s",
	    state().ended);
	ck_assert_msg(strstr(scene_text(s, "SELECT detail FROM attempts"),
	    end->why) != NULL, "%s", scene_text(s,
	    "SELECT detail FROM attempts"));
	(void)scene_add(s, &letter);
	scene_run(s, 2);
	ck_assert_uint_eq(mail->n_seen, 1);
	mood("well");
	WAIT_ON(is_sent, id);
	ck_assert_uint_eq(seen(line, 4), 2);
	ck_assert_str_eq(line[0].key, line[1].key);
	ck_assert_uint_eq(line[1].attempt, 2);
	ck_assert_int_eq(line[1].is_safe, 0);
	ck_assert_int_ne(line[0].pid, line[1].pid);
	ck_assert_int_eq(scene_metric(s, "crashes_total", "sms"), 1);
	ck_assert_int_eq(scene_metric(s, "inflight", "sms"), 0);
}
END_TEST

/* A breach: it is not noticed, or mails wait until it is. */
START_TEST(one_that_hangs_is_killed)
{
	const char *id;
	int i;

	wild->set.deadline_ms = 60000;
	scene_begin(s);
	mood("hang");
	id = scene_add(s, &plain);
	WAIT(is_given, NULL);
	for (i = 0; i < 4; i++) {
		scene_run(s, 2000);
		(void)scene_add(s, &letter);
		scene_run(s, 2);
		ck_assert_uint_eq(mail->n_seen, (uint32_t)i + 1);
	}
	ck_assert_str_eq(job_state(s, id), "leased");
	scene_run(s, 2000);
	WAIT(is_back, id);
	ck_assert_str_eq(state().ended,
	    "the plugin's process was ended: it hangs");
	mood("well");
	WAIT_ON(is_sent, id);
}
END_TEST

/* A breach: descriptors of ours are gone, or its jobs do not go any more
   although it has a new process. */
START_TEST(descriptors_that_it_leaks_are_its_own)
{
	const char *id;
	int before;

	scene_begin(s);
	id = scene_add(s, &plain);
	WAIT(is_sent, id);
	before = count_files();
	mood("leak");
	id = scene_add(s, &plain);
	WAIT(is_sent, id);
	ck_assert_int_eq(count_files(), before);
	(void)scene_add(s, &letter);
	scene_run(s, 2);
	ck_assert_uint_eq(mail->n_seen, 1);
}
END_TEST

/* It is seen to be gone before it can be waited for. */
static bool
has_no_child(const void *arg)
{
	siginfo_t info;

	(void)arg;
	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == -1;
}

/* A breach: a process of each crash stays behind as a zombie, or a
   descriptor. */
START_TEST(crashes_leave_nothing_behind)
{
	const char *id;
	int before, i;

	scene_begin(s);
	id = scene_add(s, &plain);
	WAIT(is_sent, id);
	before = count_files();
	for (i = 0; i < 5; i++) {
		mood("segv");
		id = scene_add(s, &plain);
		WAIT_ON(is_away, NULL);
		mood("well");
		WAIT_ON(is_sent, id);
	}
	ck_assert_int_eq(count_files(), before);
	ck_assert_int_ge(state().crashes, 5);
	kill((pid_t)state().pid, SIGKILL);
	WAIT(is_away, NULL);
	WAIT(has_no_child, NULL);
}
END_TEST

static bool
is_open(const void *arg)
{
	(void)arg;
	return strcmp(state().breaker, "open") == 0;
}

static bool
is_closed(const void *arg)
{
	(void)arg;
	return strcmp(state().breaker, "closed") == 0;
}

START_TEST(three_crashes_open_the_breaker)
{
	const char *id;

	wild->set.breaker_failures = 100;
	wild->set.breaker_ms = 5000;
	scene_begin(s);
	mood("segv");
	id = scene_add(s, &plain);
	WAIT_ON(is_open, NULL);
	ck_assert_int_eq(state().crashes, 3);
	ck_assert_msg(strstr(state().why, "the plugin's process ended by"
	    " signal 11 (Segmentation fault)") != NULL, "%s", state().why);
	ck_assert_int_eq(scene_metric(s, "breaker_open", "sms"), 1);
	mood("well");
	WAIT_ON(is_there, NULL);
	ck_assert(is_open(NULL));
	WAIT_ON(is_sent, id);
	WAIT(is_closed, NULL);
}
END_TEST

/* A breach: many in hand count as many failures, so that one crash opens it. */
START_TEST(one_crash_is_one_failure)
{
	const char *id = NULL;
	int i;

	scene_begin(s);
	mood("hold");
	for (i = 0; i < 16; i++)
		id = scene_add(s, &plain);
	WAIT(is_given, NULL);
	kill((pid_t)state().pid, SIGKILL);
	WAIT(is_back, id);
	ck_assert(is_closed(NULL));
	mood("well");
	WAIT_ON(is_sent, id);
}
END_TEST

START_TEST(whoever_waits_is_told)
{
	struct asked_check c;
	struct asked_hook a;

	scene_begin(s);
	mood("check-segv");
	ask_check(&c, "+491");
	ck_assert_int_eq(c.check.err, OW_EAGAIN);
	mood("hook-segv");
	WAIT_ON(is_there, NULL);
	ask_hook(&a, "what=nothing");
	ck_assert_int_eq(a.status, 503);
	/* And while there is none: at once. */
	ck_assert(is_away(NULL));
	ask_check(&c, "+491");
	ck_assert_int_eq(c.check.err, OW_EAGAIN);
	ask_hook(&a, "what=nothing");
	ck_assert_int_eq(a.status, 503);
}
END_TEST

/* ---- Its beginning ------------------------------------------------------ */

static int
begin_err(struct ow_fault *fault)
{
	struct outbox_conf conf = {
		.set = &s->set, .public_url = "https://t.example",
		.loop = s->loop, .metrics = NULL,
	};
	struct outbox *o;
	int err;

	loop_test_clock(s->loop, T0);
	o = outbox_new(&conf);
	err = outbox_start(o, NULL, fault);
	outbox_free(&o);
	return err;
}

START_TEST(a_refusal_refuses_the_start)
{
	struct ow_fault fault;

	mood("load-refuses");
	ck_assert_int_eq(begin_err(&fault), OW_EINVAL);
	ck_assert_str_eq(fault.text, "wild-a: it does not like its number");
}
END_TEST

START_TEST(without_its_program_it_is_refused)
{
	struct ow_fault fault;

	(void)setenv("ORDERWIRE_LIBEXEC", "/nowhere", 1);
	ck_assert_int_eq(begin_err(&fault), OW_EIO);
	ck_assert_str_eq(fault.text, "wild-a: its process can't begin: "
	    "/nowhere/orderwire-plugin-host: No such file or directory");
}
END_TEST

static const char *const bad_starts[] = { "load-abort", "start-exit" };

START_TEST(a_crash_at_the_start_is_not_the_servers)
{
	const char *id;

	mood(bad_starts[_i]);
	scene_begin(s);
	ck_assert(is_away(NULL));
	ck_assert_int_eq(state().crashes, 1);
	(void)scene_add(s, &letter);
	scene_run(s, 2);
	ck_assert_uint_eq(mail->n_seen, 1);
	mood("well");
	id = scene_add(s, &plain);
	WAIT_ON(is_sent, id);
}
END_TEST

static bool
has_crashed_twice(const void *arg)
{
	(void)arg;
	return state().crashes == 2;
}

START_TEST(a_start_that_hangs_is_killed)
{
	const char *id;

	scene_begin(s);
	mood("segv");
	id = scene_add(s, &plain);
	WAIT(is_back, id);
	mood("start-hang");
	scene_run(s, 300);
	scene_run(s, 9500);
	ck_assert_int_eq(state().crashes, 1);
	scene_run(s, 1000);
	WAIT(has_crashed_twice, NULL);
	ck_assert_str_eq(state().ended,
	    "the plugin's process was ended: its start took too long");
	mood("well");
	WAIT_ON(is_sent, id);
}
END_TEST

/* ---- Our end ------------------------------------------------------------ */

static void
drained(void *arg)
{
	*(bool *)arg = true;
}

static bool
is_gone(int pid)
{
	char path[64], status = 'X';
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (file == NULL)
		return true;
	if (fscanf(file, "%*d %*s %c", &status) != 1)
		status = 'X';
	fclose(file);
	return status == 'Z' || status == 'X';
}

START_TEST(a_drain_waits_for_what_it_has)
{
	bool is_done = false;
	const char *id;
	int pid;

	wild->set.deadline_ms = 1000;
	scene_begin(s);
	mood("hold");
	id = scene_add(s, &plain);
	WAIT(is_given, NULL);
	pid = (int)state().pid;
	outbox_drain(s->outbox, 3000, drained, &is_done);
	scene_run(s, 500);
	ck_assert(!is_done);
	scene_run(s, 500);
	WAIT(is_true, &is_done);
	ck_assert_str_eq(job_state(s, id), "later");
	ck_assert(!is_gone(pid));
	scene_crash(s);
	ck_assert(is_gone(pid));
}
END_TEST

static const char *const bad_ends[] = { "drain-hang", "stop-hang" };

/* A breach: the server does not end, or leaves the process behind. */
START_TEST(one_that_does_not_end_is_ended)
{
	bool is_done = false;
	int pid;

	scene_begin(s);
	mood(bad_ends[_i]);
	pid = (int)state().pid;
	outbox_drain(s->outbox, 500, drained, &is_done);
	scene_run(s, 1);
	if (_i == 0)
		scene_run(s, 1600);
	WAIT(is_true, &is_done);
	scene_crash(s);
	ck_assert(is_gone(pid));
}
END_TEST

/* A breach: a process that runs without an end has nobody left to end it. */
START_TEST(it_does_not_outlive_a_killed_server)
{
	int fds[2], pid = 0, status;
	int64_t until_ms;
	pid_t server;

	ck_assert_int_eq(pipe(fds), 0);
	server = fork();
	ck_assert_int_ge(server, 0);
	if (server == 0) {
		scene_begin(s);
		mood("hang");
		(void)scene_add(s, &plain);
		WAIT(is_given, NULL);
		pid = (int)state().pid;
		(void)!write(fds[1], &pid, sizeof(pid));
		raise(SIGKILL);
	}
	ck_assert_int_eq(read(fds[0], &pid, sizeof(pid)), sizeof(pid));
	ck_assert_int_eq(waitpid(server, &status, 0), server);
	until_ms = process_now_ms() + WAIT_MS;
	while (!is_gone(pid) && process_now_ms() < until_ms)
		(void)poll(NULL, 0, 5);
	ck_assert(is_gone(pid));
	close(fds[0]);
	close(fds[1]);
	scene_begin(s);
}
END_TEST

/* ---- On a thread of its own --------------------------------------------- */

#define KILLS 6
#define JOBS 60
static int n_looks, n_kills;
static int64_t last_pid;
static bool is_draining;

static void
over(void *arg)
{
	(void)arg;
	loop_stop(s->loop);
}

static void
drained_there(void *arg)
{
	(void)arg;
	loop_post(s->loop, over, NULL);
}

static void
look(void *arg)
{
	struct channel_state now = state();

	(void)arg;
	ck_assert_int_lt(n_looks++, 6000);
	if (now.pid != 0 && now.pid != last_pid && n_kills < KILLS &&
	    n_looks % 3 == 0) {
		last_pid = now.pid;
		ck_assert_int_eq(kill((pid_t)now.pid, SIGKILL), 0);
		n_kills++;
	}
	if (n_kills == KILLS && !is_draining && scene_int(s,
	    "SELECT COUNT(*) FROM jobs WHERE state = 'sent'") == JOBS) {
		is_draining = true;
		outbox_drain(s->outbox, 2000, drained_there, NULL);
	}
	(void)loop_timer_start(s->loop, 10, look, NULL);
}

/* A breach: a job is lost with a process, or a sanitizer sees two threads at
   one thing. */
START_TEST(each_job_survives_many_kills)
{
	int i;

	n_looks = n_kills = 0;
	last_pid = 0;
	is_draining = false;
	s->is_threaded = true;
	wild->set.max_inflight = 4;
	scene_begin(s);
	for (i = 0; i < JOBS; i++)
		(void)scene_add(s, &plain);
	(void)loop_timer_start(s->loop, 10, look, NULL);
	scene_run_threads(s);
	ck_assert_int_eq(scene_int(s, "SELECT COUNT(*) FROM jobs WHERE state"
	    " = 'sent'"), JOBS);
	/* The last one may have come with the end. */
	ck_assert_int_ge(state().crashes, KILLS - 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("remote");
	TCase *tc = tcase_create("remote");
	SRunner *runner = srunner_create(suite);
	int n_failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_job_goes_and_comes_back);
	tcase_add_test(tc, many_jobs_go);
	tcase_add_test(tc, its_metrics_are_ours);
	tcase_add_test(tc, addresses_are_checked_over_there);
	tcase_add_test(tc, hooks_are_answered_over_there);
	tcase_add_test(tc, reports_and_opts_come_back);
	tcase_add_test(tc, it_has_an_address_of_its_own);
	tcase_add_test(tc, no_secret_is_in_its_arguments_or_environment);
	tcase_add_test(tc, it_gives_up_what_it_does_not_need);
	tcase_add_test(tc, a_deadline_reaches_it);
	tcase_add_test(tc, settling_twice_changes_nothing);
	tcase_add_loop_test(tc, what_was_in_hand_goes_again_by_its_key, 0,
	    (int)(sizeof(ends) / sizeof(ends[0])));
	tcase_add_test(tc, one_that_hangs_is_killed);
	tcase_add_test(tc, descriptors_that_it_leaks_are_its_own);
	tcase_add_test(tc, crashes_leave_nothing_behind);
	tcase_add_test(tc, three_crashes_open_the_breaker);
	tcase_add_test(tc, one_crash_is_one_failure);
	tcase_add_test(tc, whoever_waits_is_told);
	tcase_add_test(tc, a_refusal_refuses_the_start);
	tcase_add_test(tc, without_its_program_it_is_refused);
	tcase_add_loop_test(tc, a_crash_at_the_start_is_not_the_servers, 0, 2);
	tcase_add_test(tc, a_start_that_hangs_is_killed);
	tcase_add_test(tc, a_drain_waits_for_what_it_has);
	tcase_add_loop_test(tc, one_that_does_not_end_is_ended, 0, 2);
	tcase_add_test(tc, it_does_not_outlive_a_killed_server);
	tcase_add_test(tc, each_job_survives_many_kills);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
