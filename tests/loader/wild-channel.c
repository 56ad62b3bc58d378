/* SPDX-License-Identifier: MIT */
/*
 * wild-channel - a channel that does to its process what a file says, and
 * writes down what it was given.
 *
 * mood_file holds one word, read anew each time; without the file it behaves:
 * each job is settled as delivered.  seen_file gets a line for each delivery:
 * "KEY ATTEMPT SAFE PID".  The words:
 *
 *	segv, hang, abort, exit, leak, eat	deliver() does so
 *	garbage		deliver() writes to every descriptor that there is
 *	forge		deliver() settles what was never given, in good form
 *	close		deliver() closes every descriptor
 *	twice, hold	deliver() settles twice; not before cancel()
 *	check-segv, check-hang, hook-segv
 *	load-abort, load-refuses, start-hang, start-exit
 *	drain-hang, stop-hang
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <orderwire/plugin.h>

struct wild_conf {
	const char *mood_file;
	const char *seen_file;
	const char *token;
	int64_t number;
	bool yes;
	const char *own;
};

struct wild {
	struct ow_ctx *ctx;
	const struct ow_host *host;
	const struct wild_conf *conf;
};

static const struct ow_option wild_options[] = {
	OW_STR(struct wild_conf, mood_file, OW_REQUIRED, "What to do."),
	OW_STR(struct wild_conf, seen_file, OW_REQUIRED, "What was done."),
	OW_SECRET(struct wild_conf, token, "", "A secret."),
	OW_INT(struct wild_conf, number, "7", 1, 1000000, "A number."),
	OW_BOOL(struct wild_conf, yes, "no", "Yes or no."),
	OW_STR(struct wild_conf, own, "", "Its own address; empty: none."),
	OW_OPTIONS_END
};

enum { WILD_JOBS };
static const struct ow_metric wild_metrics[] = {
	[WILD_JOBS] = { "jobs_total", OW_COUNTER, "Jobs." },
	OW_METRICS_END
};

static void
mood(const struct wild *r, char out[32])
{
	FILE *file = fopen(r->conf->mood_file, "r");

	out[0] = '\0';
	if (file == NULL)
		return;
	if (fscanf(file, "%31s", out) != 1)
		out[0] = '\0';
	fclose(file);
}

static void
hang(void)
{
	volatile unsigned int n = 0;

	for (;;)
		n++;
}

/* A sanitizer's own handler would turn it into an exit. */
static void
segv(void)
{
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

static void
abort_now(void)
{
	signal(SIGABRT, SIG_DFL);
	raise(SIGABRT);
}

static void
garbage(void)
{
	static const char noise[] = "W\0\x7f\xff\xff\xff so this is it";
	int fd;

	for (fd = 3; fd < 64; fd++)
		(void)!write(fd, noise, sizeof(noise));
}

/* Every descriptor that may be had; they stay open. */
static void
leak(void)
{
	while (open("/dev/null", O_RDONLY) >= 0)
		;
}

/* Memory, too; the last straw is somebody else's allocation. */
static void
eat(void)
{
	struct rlimit lim = { 64 << 20, 64 << 20 };
	size_t n = 1 << 20;
	char *p;

	setrlimit(RLIMIT_DATA, &lim);
	while ((p = malloc(n)) != NULL)
		memset(p, 1, n);
	abort_now();
}

/* A record as the server's own code would write it, for a job 9999. */
static void
forge(void)
{
	unsigned char m[2 + 4 + 9 + 4 + 8 + 4 + 4] = { 0x57, 0 };
	uint32_t len = sizeof(m) - 6, none = UINT32_MAX;
	uint64_t id = 9999;
	int32_t verdict = OW_DELIVERED;

	memcpy(m + 2, &len, 4);
	m[6] = 11;		/* WIRE_SETTLE */
	memcpy(m + 7, &id, 8);
	memcpy(m + 15, &verdict, 4);
	memcpy(m + 27, &none, 4);
	memcpy(m + 31, &none, 4);
	(void)!send(3, m, sizeof(m), 0);
}

static void
close_all(void)
{
	int fd;

	for (fd = 3; fd < 64; fd++)
		close(fd);
	for (;;)
		pause();
}

static int
wild_load(struct ow_ctx *ctx, const struct ow_host *host, const void *conf,
    void **out_self, struct ow_fault *fault)
{
	struct wild *r = calloc(1, sizeof(*r));
	char word[32];

	r->ctx = ctx;
	r->host = host;
	r->conf = conf;
	mood(r, word);
	if (strcmp(word, "load-abort") == 0)
		abort_now();
	if (strcmp(word, "load-refuses") == 0) {
		strcpy(fault->text, "it does not like its number");
		free(r);
		return OW_EINVAL;
	}
	*out_self = r;
	return OW_OK;
}

static int
wild_start(void *self, struct ow_fault *fault)
{
	char word[32];

	(void)fault;
	mood(self, word);
	if (strcmp(word, "start-hang") == 0)
		hang();
	if (strcmp(word, "start-exit") == 0)
		exit(0);
	return OW_OK;
}

static void
wild_drain(void *self)
{
	struct wild *r = self;
	char word[32];

	mood(r, word);
	if (strcmp(word, "drain-hang") == 0)
		hang();
	r->host->base->drained(r->ctx);
}

static void
wild_stop(void *self)
{
	char word[32];

	mood(self, word);
	if (strcmp(word, "stop-hang") == 0)
		hang();
	free(self);
}

static int
wild_check(void *self, const char *wanted, struct ow_address *out,
    struct ow_fault *fault)
{
	char word[32];

	mood(self, word);
	if (strcmp(word, "check-segv") == 0)
		segv();
	if (strcmp(word, "check-hang") == 0)
		hang();
	if (wanted[0] == '!') {
		strcpy(fault->text, "it begins with a !");
		return OW_EINVAL;
	}
	snprintf(out->text, sizeof(out->text), "<%s>", wanted);
	snprintf(out->identity, sizeof(out->identity), "%s", wanted);
	snprintf(out->hint, sizeof(out->hint), "hint");
	return OW_OK;
}

static void
say(struct wild *r, const struct ow_job *job, int32_t verdict)
{
	const struct ow_outcome out = { .size = sizeof(out),
	    .verdict = verdict, .ref = "ref-1", .detail = "so it is" };

	r->host->outbox->settle(r->ctx, job, &out);
}

static void
wild_deliver(void *self, const struct ow_job *job)
{
	struct wild *r = self;
	FILE *seen = fopen(r->conf->seen_file, "a");
	char word[32];

	if (seen != NULL) {
		fprintf(seen, "%s %u %d %d\n", job->key, job->attempt,
		    job->is_repeat_safe, (int)getpid());
		fclose(seen);
	}
	r->host->base->add(r->ctx, WILD_JOBS, 1);
	mood(r, word);
	if (strcmp(word, "segv") == 0)
		segv();
	else if (strcmp(word, "hang") == 0)
		hang();
	else if (strcmp(word, "abort") == 0)
		abort_now();
	else if (strcmp(word, "exit") == 0)
		exit(0);
	else if (strcmp(word, "leak") == 0)
		leak();
	else if (strcmp(word, "eat") == 0)
		eat();
	else if (strcmp(word, "garbage") == 0)
		garbage();
	else if (strcmp(word, "forge") == 0)
		forge();
	else if (strcmp(word, "close") == 0)
		close_all();
	if (strcmp(word, "hold") == 0)
		return;
	say(r, job, OW_DELIVERED);
	if (strcmp(word, "twice") == 0)
		say(r, job, OW_GONE);
}

static void
wild_cancel(void *self, const struct ow_job *job)
{
	say(self, job, OW_RETRY);
}

static const char *
wild_own(void *self)
{
	const struct wild *r = self;

	return r->conf->own[0] != '\0' ? r->conf->own : NULL;
}

static const char *
wild_hook_name(void *self)
{
	(void)self;
	return "wild";
}

/* Answers with what it was started with, so that a test can look. */
static void
wild_hook(void *self, struct ow_hook_call *call,
    const struct ow_hook_req *req)
{
	struct wild *r = self;
	const struct ow_host_outbox *host = r->host->outbox;
	struct ow_outcome out = { .size = sizeof(out),
	    .verdict = OW_DELIVERED };
	const char *what = host->hook_param(r->ctx, call, "what");
	char word[32], body[256];

	mood(r, word);
	if (strcmp(word, "hook-segv") == 0)
		segv();
	if (what != NULL && strcmp(what, "report") == 0)
		host->report(r->ctx, "ref-1", &out);
	if (what != NULL && strcmp(what, "stop") == 0)
		host->opt(r->ctx, host->hook_param(r->ctx, call, "from"),
		    false, "STOP");
	snprintf(body, sizeof(body), "%s %s %s %lld %d %s", req->method,
	    what != NULL ? what : "-", r->conf->token,
	    (long long)r->conf->number, r->conf->yes,
	    host->hook_header(r->ctx, call, "x-sign"));
	host->hook_answer(r->ctx, &call, 201, "text/x-wild",
	    (struct ow_bytes){ body, strlen(body) });
}

static const struct ow_channel wild_ops = {
	.size = sizeof(wild_ops),
	.medium = "sms",
	.kind = "sms",
	.check = wild_check,
	.deliver = wild_deliver,
	.cancel = wild_cancel,
	.own_address = wild_own,
	.hook_name = wild_hook_name,
	.hook = wild_hook,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	.name = "wild-channel",
	.version = "1",
	.summary = "A channel that misbehaves as it is told",
	.options = wild_options,
	.conf_size = sizeof(struct wild_conf),
	.metrics = wild_metrics,
	.load = wild_load,
	.start = wild_start,
	.drain = wild_drain,
	.stop = wild_stop,
	.ops.channel = &wild_ops,
};

OW_EXPORT_PLUGIN(plugin);
