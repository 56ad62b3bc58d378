/* SPDX-License-Identifier: MIT */
/*
 * orderwire/testhost.h - a scripted host, to test a channel plugin with.
 *
 * It runs one instance of a channel without Orderwire, a network or a clock:
 * time moves when the test says so, requests are kept until the test answers
 * them, and everything the plugin tells its host can be read back.  All of it
 * is static, so one .c file that includes it and the plugin is a whole test:
 *
 *	static const char *const options[] = { "url=https://x.test/", NULL };
 *	struct ow_testhost *th = ow_testhost_new(ow_plugin_query(OW_ABI),
 *	    options, &fault);
 *	struct ow_job job = ow_testhost_job("key-1", "kitchen@example.org");
 *	ow_testhost_deliver(th, &job);
 *	ow_testhost_reply(th, 0, 503, NULL, 0, "busy");
 *	assert(ow_testhost_outcome(th, "key-1")->verdict == OW_RETRY);
 *	assert(!*ow_testhost_complaints(th));
 *	ow_testhost_free(&th);
 *
 * What the real host would mend or refuse is a complaint here.  What ends (a
 * job, a timer, a reply) is freed at once, so that an address sanitizer sees a
 * plugin that goes on using it.
 *
 * It is single-threaded: work given to offload() runs inside
 * ow_testhost_turn().  Running out of memory or of places ends the program.
 * What its functions return is the test host's, until ow_testhost_free().
 */
#ifndef ORDERWIRE_TESTHOST_H
#define ORDERWIRE_TESTHOST_H

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What a test uses --------------------------------------------------- */

struct ow_testhost;

/* Something the plugin asked of the outside, in the order of asking. */
struct ow_testhost_request {
	bool is_mail;
	bool answered, cancelled;
	uint32_t flags;			/* OW_HTTP_... */
	const char *method, *url;	/* mail: "", smtp://... */
	const struct ow_header *headers;
	size_t n_headers;
	struct ow_bytes body;		/* HTTP; a NUL stands behind it */
	bool starttls;
	const char *user, *password;	/* mail; NULL: none */
	const char *from, *to;		/* mail: the envelope's */
	struct ow_bytes message;	/* mail; a NUL stands behind it */
	const char *ca_file;		/* "": the system's */
	int64_t timeout_ms;
	size_t reply_max;
};

/* What became of a job.  The texts are never NULL. */
struct ow_testhost_outcome {
	const char *key;
	unsigned int n_settled;		/* 0: it is under way; 2: a mistake */
	int32_t verdict;
	int64_t retry_after_ms;
	const char *ref, *detail;
};

struct ow_testhost_report {
	const char *ref;
	int32_t verdict;
	const char *detail;
};

struct ow_testhost_opt {
	const char *identity;
	bool in;
	const char *why;
};

/*
 * Fill in the options ("name=value", NULL-ended, or NULL), then load() and
 * start().  NULL when any of it is refused; the fault (may be NULL) says why.
 */
static inline struct ow_testhost *ow_testhost_new(const struct ow_plugin *,
    const char *const *options, struct ow_fault *);
/* stop(), and forget everything. */
static inline void ow_testhost_free(struct ow_testhost **);

/* Move the clock: timers fire, deadlines of jobs pass (cancel() comes). */
static inline void ow_testhost_advance(struct ow_testhost *, int64_t ms);
/* Whatever is posted, offloaded or readable now. */
static inline void ow_testhost_turn(struct ow_testhost *);
/* Ask the plugin to drain; is it finished?  Ask again to look again. */
static inline bool ow_testhost_drain(struct ow_testhost *);

static inline size_t ow_testhost_n_requests(const struct ow_testhost *);
/* NULL: there is none. */
static inline const struct ow_testhost_request *ow_testhost_request(
    const struct ow_testhost *, size_t i);
/* A header of a request, any case, or NULL. */
static inline const char *ow_testhost_header(
    const struct ow_testhost_request *, const char *name);
/* An answer came.  Mail: the status is SMTP's and body the last line. */
static inline void ow_testhost_reply(struct ow_testhost *, size_t i,
    int32_t status, const struct ow_header *headers, size_t n_headers,
    const char *body);
/* None came: OW_ETIMEOUT, OW_EIO, OW_EDENIED (a private address), ... */
static inline void ow_testhost_fail(struct ow_testhost *, size_t i,
    int32_t err, const char *detail);

/* A job that is complete, to be changed by the test. */
static inline struct ow_job ow_testhost_job(const char *key,
    const char *address);
/* Deliver a copy of the job, texts and all; it is freed when it is settled.
   A NULL text is "", a deadline of 0 half a minute from now. */
static inline void ow_testhost_deliver(struct ow_testhost *,
    const struct ow_job *);
/* Of the last job with this key; NULL: there was none. */
static inline const struct ow_testhost_outcome *ow_testhost_outcome(
    const struct ow_testhost *, const char *key);
/* cancel() of a job that is under way, before its deadline. */
static inline void ow_testhost_cancel(struct ow_testhost *, const char *key);
/* check(), with an empty address to fill in.  The fault may be NULL. */
static inline int ow_testhost_check(struct ow_testhost *, const char *wanted,
    struct ow_address *out, struct ow_fault *);
/* The rest of the channel's operations. */
static inline const struct ow_channel *ow_testhost_channel(
    const struct ow_testhost *);
static inline void *ow_testhost_self(const struct ow_testhost *);

/* A provider calls; the url is whole, its query included.  The status. */
static inline int ow_testhost_hook(struct ow_testhost *, const char *method,
    const char *url, const struct ow_header *headers, size_t n_headers,
    const char *body);
/* Of the last hook's answer; never NULL. */
static inline const char *ow_testhost_hook_body(const struct ow_testhost *);
static inline const char *ow_testhost_hook_type(const struct ow_testhost *);

static inline size_t ow_testhost_n_reports(const struct ow_testhost *);
static inline const struct ow_testhost_report *ow_testhost_report(
    const struct ow_testhost *, size_t i);
static inline size_t ow_testhost_n_opts(const struct ow_testhost *);
static inline const struct ow_testhost_opt *ow_testhost_opt(
    const struct ow_testhost *, size_t i);

/* Of the plugin's own table, by index. */
static inline int64_t ow_testhost_metric(const struct ow_testhost *,
    uint32_t i);
/* Every line of every level, so that a test can look for secrets. */
static inline const char *ow_testhost_log(const struct ow_testhost *);
/* What the plugin did that no host allows, a line each; "" is good. */
static inline const char *ow_testhost_complaints(const struct ow_testhost *);
static inline int64_t ow_testhost_now_ms(const struct ow_testhost *);

/* The host's usual reading of a status, without a Retry-After. */
static inline int32_t ow_testhost_verdict(bool is_mail, int32_t err,
    int32_t status);

/* ---- Inside -------------------------------------------------------------- */

#define OW_TH_TURNS_MAX 100000	/* posts that post for ever */
#define OW_TH_FORM_MAX 256

#define OW_TH_ALIGN 16
#define OW_TH_WAIT_MAX_S (7 * 86400)

/* In front of memory that lives as long as the test host. */
struct ow_th_mem {
	struct ow_th_mem *next;
};

struct ow_th_text {
	char *p;
	size_t n;
};

/* A letter, or work for another thread. */
struct ow_th_letter {
	struct ow_th_letter *next;
	void (*work)(void *);		/* NULL: a letter */
	void (*fn)(void *);
	void *arg;
};

struct ow_timer {
	struct ow_timer *next;
	int64_t at_ms;
	void (*fire)(void *);
	void *arg;
};

struct ow_watch {
	struct ow_watch *next;
	int fd;
	short events;
	void (*ready)(void *);
	void *arg;
};

struct ow_net_call {
	struct ow_net_call *next;
	struct ow_testhost_request req;
	void (*on_reply)(void *arg, const struct ow_reply *);
	void *arg;
};

struct ow_th_job {
	struct ow_th_job *next;		/* the newest is the first */
	struct ow_testhost_outcome outcome;
	struct ow_job *job;		/* freed when n_settled */
	bool has_cancel;
};

struct ow_hook_call {
	const struct ow_header *headers;
	size_t n_headers;
	struct ow_header query[OW_TH_FORM_MAX], form[OW_TH_FORM_MAX];
	size_t n_query, n_form;
	unsigned int n_answers;
};

struct ow_ctx {
	struct ow_testhost *th;
};

struct ow_testhost {
	struct ow_ctx ctx;
	const struct ow_plugin *plugin;
	struct ow_host_base base;
	struct ow_host_net net;
	struct ow_host_outbox outbox;
	struct ow_host host;
	void *conf, *self;
	struct ow_th_mem *mem;
	int64_t now_ms;
	struct ow_th_letter *letters, **letters_end;
	struct ow_timer *timers;
	struct ow_watch *watches;
	struct ow_net_call *calls, **calls_end;
	struct ow_th_job *jobs;
	struct ow_testhost_report *reports;
	struct ow_testhost_opt *opts;
	size_t n_reports, n_opts;
	int64_t *metrics;
	uint32_t n_metrics;
	struct ow_th_text log, complaints;
	char *hook_body, *hook_type;
	int hook_status;
	bool is_draining, is_drained;
};

/* Behind ow_reply.impl. */
struct ow_th_reply {
	const struct ow_header *headers;
	size_t n_headers;
	bool is_mail;
};

static inline void *
ow_th_alloc(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p) {
		fputs("testhost: out of memory\n", stderr);
		abort();
	}
	return p;
}

static inline void *
ow_th_keep(struct ow_testhost *th, size_t n)
{
	struct ow_th_mem *mem =
	    (struct ow_th_mem *)ow_th_alloc(OW_TH_ALIGN + n);

	mem->next = th->mem;
	th->mem = mem;
	return (char *)mem + OW_TH_ALIGN;
}

/* With a NUL behind, which is not counted. */
static inline char *
ow_th_keep_bytes(struct ow_testhost *th, const void *p, size_t n)
{
	char *copy = (char *)ow_th_keep(th, n + 1);

	if (n)
		memcpy(copy, p, n);
	return copy;
}

static inline char *
ow_th_keep_str(struct ow_testhost *th, const char *s)
{
	return ow_th_keep_bytes(th, s ? s : "", s ? strlen(s) : 0);
}

static inline char *
ow_th_dup(const char *s)
{
	size_t n = s ? strlen(s) : 0;
	char *copy = (char *)ow_th_alloc(n + 1);

	if (n)
		memcpy(copy, s, n);
	return copy;
}

static inline bool
ow_th_is_word(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		int x = *a >= 'A' && *a <= 'Z' ? *a + 32 : *a;
		int y = *b >= 'A' && *b <= 'Z' ? *b + 32 : *b;

		if (x != y)
			return false;
	}
	return *a == *b;
}

static inline void
ow_th_line(struct ow_th_text *text, const char *line)
{
	size_t n = strlen(line);
	char *p = (char *)ow_th_alloc(text->n + n + 2);

	if (text->n)
		memcpy(p, text->p, text->n);
	memcpy(p + text->n, line, n);
	p[text->n + n] = '\n';
	free(text->p);
	text->p = p;
	text->n += n + 1;
}

static inline void ow_th_complain(struct ow_testhost *, const char *fmt, ...)
    OW_PRINTF(2, 3);

static inline void
ow_th_complain(struct ow_testhost *th, const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	ow_th_line(&th->complaints, line);
}

static inline int ow_th_fault(struct ow_fault *, const char *fmt, ...)
    OW_PRINTF(2, 3);

static inline int
ow_th_fault(struct ow_fault *f, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
	return OW_EINVAL;
}

/* ---- Options ------------------------------------------------------------- */

/* A whole number and one of the units ("ms\0s\0m\0..."). */
static inline bool
ow_th_number(const char *text, const char *const *units,
    const int64_t *sizes, int64_t *out)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (end == text || *text == ' ' || *text == '+')
		return false;
	for (; *units; units++, sizes++)
		if (!strcmp(*units, end)) {
			*out = (int64_t)n * *sizes;
			return true;
		}
	return false;
}

static inline bool
ow_th_read_number(const struct ow_option *o, const char *text, int64_t *out)
{
	static const char *const plain[] = { "", NULL };
	static const char *const times[] = { "ms", "s", "m", "h", "d", NULL };
	static const char *const sizes[] = { "", "k", "m", "g", NULL };
	static const int64_t one[] = { 1 };
	static const int64_t ms[] = { 1, 1000, 60000, 3600000, 86400000 };
	static const int64_t bytes[] = { 1, 1024, 1048576, 1073741824 };
	size_t n = strlen(o->name);

	switch (o->type) {
	case OW_T_INT:
		return ow_th_number(text, plain, one, out);
	case OW_T_BYTES:
		return ow_th_number(text, sizes, bytes, out);
	default:
		if (!strcmp(text, "0") ||
		    (n > 3 && !strcmp(o->name + n - 3, "_ms")))
			if (ow_th_number(text, plain, one, out))
				return true;
		return ow_th_number(text, times, ms, out);
	}
}

static inline int
ow_th_secret(struct ow_testhost *th, const struct ow_option *o,
    const char *path, const char **out, struct ow_fault *f)
{
	char text[65536];
	FILE *file = fopen(path, "rb");
	size_t n;

	if (!file)
		return ow_th_fault(f, "'%s': '%.120s' can't be read", o->name,
		    path);
	n = fread(text, 1, sizeof(text), file);
	(void)fclose(file);
	if (n && text[n - 1] == '\n')
		n--;
	if (!n || n == sizeof(text))
		return ow_th_fault(f, "'%s': '%.120s' is empty or too large",
		    o->name, path);
	*out = ow_th_keep_bytes(th, text, n);
	return OW_OK;
}

static inline int
ow_th_read_text(struct ow_testhost *th, const struct ow_option *o,
    const char *text, const char **out, struct ow_fault *f)
{
	const char *const *choice;
	bool may_be_empty = o->dflt && !*o->dflt;

	if (o->type == OW_T_SECRET && text[0] == '@')
		return ow_th_secret(th, o, text + 1, out, f);
	if (o->type == OW_T_URL && !(may_be_empty && !*text) &&
	    (!strstr(text, "://") || strchr(text, ' ')))
		return ow_th_fault(f, "'%s' must be a URL", o->name);
	if (o->type == OW_T_CHOICE) {
		for (choice = o->choices; *choice; choice++)
			if (!strcmp(*choice, text))
				break;
		if (!*choice)
			return ow_th_fault(f, "'%s' must be one of its "
			    "choices, not \"%.40s\"", o->name, text);
	}
	*out = ow_th_keep_str(th, text);
	return OW_OK;
}

static inline int
ow_th_option(struct ow_testhost *th, const struct ow_option *o,
    const char *text, struct ow_fault *f)
{
	char *field = (char *)th->conf + o->offset;
	const char *s = NULL;
	int64_t i = 0;
	bool b;

	switch (o->type) {
	case OW_T_BOOL:
		b = !strcmp(text, "yes") || !strcmp(text, "true");
		if (!b && strcmp(text, "no") != 0 &&
		    strcmp(text, "false") != 0)
			return ow_th_fault(f, "'%s' must be yes or no",
			    o->name);
		memcpy(field, &b, sizeof(b));
		return OW_OK;
	case OW_T_INT:
	case OW_T_MS:
	case OW_T_BYTES:
		if (!ow_th_read_number(o, text, &i))
			return ow_th_fault(f, "'%s' can't be \"%.40s\"",
			    o->name, text);
		if ((o->min || o->max) && (i < o->min || i > o->max))
			return ow_th_fault(f, "'%s' must be between %lld and "
			    "%lld", o->name, (long long)o->min,
			    (long long)o->max);
		memcpy(field, &i, sizeof(i));
		return OW_OK;
	default:
		if (ow_th_read_text(th, o, text, &s, f))
			return OW_EINVAL;
		memcpy(field, &s, sizeof(s));
		return OW_OK;
	}
}

/* The last one of a name counts. */
static inline const char *
ow_th_wanted(const char *const *options, const char *name)
{
	size_t n = strlen(name);
	const char *found = NULL;

	for (; options && *options; options++)
		if (!strncmp(*options, name, n) && (*options)[n] == '=')
			found = *options + n + 1;
	return found;
}

static inline int
ow_th_configure(struct ow_testhost *th, const char *const *options,
    struct ow_fault *f)
{
	const struct ow_option *o, *table = th->plugin->options;
	const char *text;
	size_t i;

	for (i = 0; options && options[i]; i++) {
		for (o = table; o->name; o++)
			if (ow_th_wanted(options + i, o->name) &&
			    !strncmp(options[i], o->name, strlen(o->name)) &&
			    options[i][strlen(o->name)] == '=')
				break;
		if (!o->name)
			return ow_th_fault(f, "there is no option '%.*s'",
			    (int)strcspn(options[i], "="), options[i]);
	}
	for (o = table; o->name; o++) {
		text = ow_th_wanted(options, o->name);
		if (!text)
			text = o->dflt;
		if (!text)
			return ow_th_fault(f, "'%s' is missing", o->name);
		if (ow_th_option(th, o, text, f))
			return OW_EINVAL;
	}
	return OW_OK;
}

/* ---- The base ------------------------------------------------------------ */

static inline void ow_th_log(struct ow_ctx *, int32_t level, const char *fmt,
    ...) OW_PRINTF(3, 4);

static inline void
ow_th_log(struct ow_ctx *ctx, int32_t level, const char *fmt, ...)
{
	char line[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (level < OW_DEBUG || level > OW_ERROR)
		ow_th_complain(ctx->th, "log() at level %d", (int)level);
	if (strchr(line, '\n'))
		ow_th_complain(ctx->th, "log() of more than one line");
	ow_th_line(&ctx->th->log, line);
}

static inline void
ow_th_add(struct ow_ctx *ctx, uint32_t metric, int64_t n)
{
	if (metric >= ctx->th->n_metrics)
		ow_th_complain(ctx->th, "add() of metric %u of %u",
		    (unsigned int)metric, (unsigned int)ctx->th->n_metrics);
	else
		ctx->th->metrics[metric] += n;
}

static inline void
ow_th_send(struct ow_ctx *ctx, void (*work)(void *), void (*fn)(void *),
    void *arg)
{
	struct ow_th_letter *letter =
	    (struct ow_th_letter *)ow_th_alloc(sizeof(*letter));

	letter->work = work;
	letter->fn = fn;
	letter->arg = arg;
	*ctx->th->letters_end = letter;
	ctx->th->letters_end = &letter->next;
}

static inline void
ow_th_post(struct ow_ctx *ctx, void (*fn)(void *), void *arg)
{
	ow_th_send(ctx, NULL, fn, arg);
}

static inline void
ow_th_offload(struct ow_ctx *ctx, void (*work)(void *), void (*done)(void *),
    void *arg)
{
	ow_th_send(ctx, work, done, arg);
}

static inline int64_t
ow_th_now_ms(struct ow_ctx *ctx)
{
	return ctx->th->now_ms;
}

static inline struct ow_timer *
ow_th_timer_start(struct ow_ctx *ctx, int64_t after_ms, void (*fire)(void *),
    void *arg)
{
	struct ow_timer *timer = (struct ow_timer *)ow_th_alloc(
	    sizeof(*timer)), **at = &ctx->th->timers;

	timer->at_ms = ctx->th->now_ms + (after_ms > 0 ? after_ms : 0);
	timer->fire = fire;
	timer->arg = arg;
	while (*at && (*at)->at_ms <= timer->at_ms)
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
	return timer;
}

static inline void
ow_th_timer_cancel(struct ow_ctx *ctx, struct ow_timer **p)
{
	struct ow_timer *timer = *p, **at = &ctx->th->timers;

	*p = NULL;
	if (!timer)
		return;
	while (*at && *at != timer)
		at = &(*at)->next;
	if (!*at) {
		ow_th_complain(ctx->th,
		    "timer_cancel() of a timer that has fired");
		return;
	}
	*at = timer->next;
	free(timer);
}

static inline void
ow_th_drained(struct ow_ctx *ctx)
{
	if (!ctx->th->is_draining || ctx->th->is_drained)
		ow_th_complain(ctx->th, "drained() %s", ctx->th->is_drained ?
		    "twice" : "without a drain()");
	ctx->th->is_drained = true;
}

static inline void
ow_th_watch_set(struct ow_ctx *ctx, struct ow_watch *watch, bool rd, bool wr)
{
	(void)ctx;
	watch->events = (short)((rd ? POLLIN : 0) | (wr ? POLLOUT : 0));
}

static inline struct ow_watch *
ow_th_watch_start(struct ow_ctx *ctx, int fd, bool rd, bool wr,
    void (*ready)(void *), void *arg)
{
	struct ow_watch *watch =
	    (struct ow_watch *)ow_th_alloc(sizeof(*watch));

	watch->fd = fd;
	watch->ready = ready;
	watch->arg = arg;
	ow_th_watch_set(ctx, watch, rd, wr);
	watch->next = ctx->th->watches;
	ctx->th->watches = watch;
	return watch;
}

static inline void
ow_th_watch_stop(struct ow_ctx *ctx, struct ow_watch **p)
{
	struct ow_watch *watch = *p, **at = &ctx->th->watches;

	*p = NULL;
	while (watch && *at && *at != watch)
		at = &(*at)->next;
	if (!watch)
		return;
	if (!*at) {
		ow_th_complain(ctx->th, "watch_stop() of a stopped watch");
		return;
	}
	*at = watch->next;
	free(watch);
}

static inline void
ow_th_letters(struct ow_testhost *th)
{
	struct ow_th_letter letter, *head;
	unsigned int turns = 0;

	while ((head = th->letters) != NULL) {
		letter = *head;
		th->letters = letter.next;
		if (!th->letters)
			th->letters_end = &th->letters;
		free(head);
		if (++turns > OW_TH_TURNS_MAX) {
			ow_th_complain(th, "post() without an end");
			return;
		}
		if (letter.work)
			letter.work(letter.arg);
		letter.fn(letter.arg);
	}
}

static inline void
ow_testhost_turn(struct ow_testhost *th)
{
	struct ow_watch *watch, *next;
	struct pollfd pfd;

	ow_th_letters(th);
	for (watch = th->watches; watch; watch = next) {
		next = watch->next;
		pfd.fd = watch->fd;
		pfd.events = watch->events;
		pfd.revents = 0;
		if (!watch->events || poll(&pfd, 1, 0) != 1)
			continue;
		watch->ready(watch->arg);
		next = NULL;	/* ready() may have stopped any of them */
	}
	ow_th_letters(th);
}

/* The job whose deadline is next, or NULL. */
static inline struct ow_th_job *
ow_th_next_deadline(struct ow_testhost *th)
{
	struct ow_th_job *rec, *first = NULL;

	for (rec = th->jobs; rec; rec = rec->next)
		if (rec->job && !rec->has_cancel && (!first ||
		    rec->job->deadline_ms <= first->job->deadline_ms))
			first = rec;
	return first;
}

static inline void
ow_th_give_up(struct ow_testhost *th, struct ow_th_job *rec)
{
	const struct ow_channel *ops = th->plugin->ops.channel;

	rec->has_cancel = true;
	if (OW_HAS(ops, cancel) && ops->cancel)
		ops->cancel(th->self, rec->job);
}

static inline void
ow_testhost_advance(struct ow_testhost *th, int64_t ms)
{
	int64_t until = th->now_ms + ms;
	struct ow_th_job *rec;
	struct ow_timer *timer, fired;
	unsigned int turns = 0;

	ow_testhost_turn(th);
	for (; turns < OW_TH_TURNS_MAX; turns++) {
		timer = th->timers;
		rec = ow_th_next_deadline(th);
		if (timer && timer->at_ms <= until && (!rec ||
		    timer->at_ms <= rec->job->deadline_ms)) {
			fired = *timer;
			th->timers = timer->next;
			free(timer);
			if (fired.at_ms > th->now_ms)
				th->now_ms = fired.at_ms;
			fired.fire(fired.arg);
		} else if (rec && rec->job->deadline_ms <= until) {
			if (rec->job->deadline_ms > th->now_ms)
				th->now_ms = rec->job->deadline_ms;
			ow_th_give_up(th, rec);
		} else {
			break;
		}
		ow_testhost_turn(th);
	}
	if (turns == OW_TH_TURNS_MAX)
		ow_th_complain(th, "timer_start() without an end");
	th->now_ms = until;
}

static inline bool
ow_testhost_drain(struct ow_testhost *th)
{
	if (!th->is_draining) {
		th->is_draining = true;
		th->plugin->drain(th->self);
	}
	ow_testhost_turn(th);
	return th->is_drained;
}

/* ---- The outside --------------------------------------------------------- */

static inline const char *
ow_th_find(const struct ow_header *headers, size_t n, const char *name)
{
	const char *found = NULL;
	size_t i;

	for (i = 0; i < n; i++)
		if (ow_th_is_word(headers[i].name, name))
			found = headers[i].value;
	return found;
}

static inline bool
ow_th_has_break(const char *s)
{
	return s && s[strcspn(s, "\r\n")];
}

static inline struct ow_header *
ow_th_keep_headers(struct ow_testhost *th, const struct ow_header *headers,
    size_t n)
{
	struct ow_header *copy =
	    (struct ow_header *)ow_th_keep(th, n * sizeof(*copy));
	size_t i;

	for (i = 0; i < n; i++) {
		copy[i].name = ow_th_keep_str(th, headers[i].name);
		copy[i].value = ow_th_keep_str(th, headers[i].value);
	}
	return copy;
}

static inline struct ow_net_call *
ow_th_call(struct ow_testhost *th, void (*on_reply)(void *,
    const struct ow_reply *), void *arg)
{
	struct ow_net_call *call =
	    (struct ow_net_call *)ow_th_keep(th, sizeof(*call));

	call->on_reply = on_reply;
	call->arg = arg;
	*th->calls_end = call;
	th->calls_end = &call->next;
	return call;
}

static inline struct ow_net_call *
ow_th_http(struct ow_ctx *ctx, const struct ow_http_req *req,
    void (*on_reply)(void *, const struct ow_reply *), void *arg)
{
	struct ow_testhost *th = ctx->th;
	struct ow_net_call *call;
	size_t i;

	if (req->size < sizeof(*req))
		ow_th_complain(th, "http() with a request without a size");
	if (req->timeout_ms <= 0 || !req->method || !req->url ||
	    !req->method[0] || !req->url[0] || ow_th_has_break(req->method) ||
	    ow_th_has_break(req->url))
		return NULL;
	for (i = 0; i < req->n_headers; i++)
		if (ow_th_has_break(req->headers[i].name) ||
		    ow_th_has_break(req->headers[i].value))
			return NULL;
	call = ow_th_call(th, on_reply, arg);
	call->req.flags = req->flags;
	call->req.method = ow_th_keep_str(th, req->method);
	call->req.url = ow_th_keep_str(th, req->url);
	call->req.headers = ow_th_keep_headers(th, req->headers,
	    req->n_headers);
	call->req.n_headers = req->n_headers;
	call->req.body.p = ow_th_keep_bytes(th, req->body.p, req->body.n);
	call->req.body.n = req->body.n;
	call->req.message.p = call->req.from = call->req.to = "";
	call->req.ca_file = ow_th_keep_str(th, req->ca_file);
	call->req.timeout_ms = req->timeout_ms;
	call->req.reply_max = req->reply_max;
	return call;
}

static inline struct ow_net_call *
ow_th_mail(struct ow_ctx *ctx, const struct ow_mail_req *req,
    void (*on_reply)(void *, const struct ow_reply *), void *arg)
{
	struct ow_testhost *th = ctx->th;
	struct ow_net_call *call;

	if (req->size < sizeof(*req))
		ow_th_complain(th, "mail() with a request without a size");
	if (req->timeout_ms <= 0 || !req->url || !req->to ||
	    ow_th_has_break(req->url) || ow_th_has_break(req->from) ||
	    ow_th_has_break(req->to))
		return NULL;
	call = ow_th_call(th, on_reply, arg);
	call->req.is_mail = true;
	call->req.method = "";
	call->req.url = ow_th_keep_str(th, req->url);
	call->req.starttls = req->starttls;
	call->req.user = req->user ? ow_th_keep_str(th, req->user) : NULL;
	call->req.password = req->password ?
	    ow_th_keep_str(th, req->password) : NULL;
	call->req.from = ow_th_keep_str(th, req->from);
	call->req.to = ow_th_keep_str(th, req->to);
	call->req.message.p = ow_th_keep_bytes(th, req->message.p,
	    req->message.n);
	call->req.message.n = req->message.n;
	call->req.body.p = "";
	call->req.ca_file = ow_th_keep_str(th, req->ca_file);
	call->req.timeout_ms = req->timeout_ms;
	return call;
}

static inline void
ow_th_net_cancel(struct ow_ctx *ctx, struct ow_net_call **p)
{
	struct ow_net_call *call = *p;

	*p = NULL;
	if (!call)
		return;
	if (call->req.answered)
		ow_th_complain(ctx->th, "cancel() of an answered request");
	call->req.cancelled = true;
}

static inline const char *
ow_th_net_header(const struct ow_reply *reply, const char *name)
{
	const struct ow_th_reply *impl =
	    (const struct ow_th_reply *)reply->impl;

	if (!impl || impl->is_mail)
		return NULL;
	return ow_th_find(impl->headers, impl->n_headers, name);
}

static inline int32_t
ow_th_verdict_http(int32_t status)
{
	if (status >= 200 && status < 300)
		return OW_DELIVERED;
	if (status == 401 || status == 403)
		return OW_MISCONFIGURED;
	if (status == 408 || status == 429 || status >= 500)
		return OW_RETRY;
	return OW_REJECTED;
}

static inline int32_t
ow_th_verdict_smtp(int32_t status)
{
	if (status >= 200 && status < 300)
		return OW_DELIVERED;
	if ((status >= 530 && status <= 535) || status == 538)
		return OW_MISCONFIGURED;
	return status >= 500 ? OW_REJECTED : OW_RETRY;
}

static inline int32_t
ow_testhost_verdict(bool is_mail, int32_t err, int32_t status)
{
	if (err == OW_EDENIED || err == OW_EINVAL)
		return OW_REJECTED;
	/* Too long an answer is one all the same. */
	if (err && (err != OW_ELIMIT || !status))
		return OW_RETRY;
	return is_mail ? ow_th_verdict_smtp(status) :
	    ow_th_verdict_http(status);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" in seconds since 1970, or -1. */
static inline int64_t
ow_th_date(const char *s)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int day, year, h, m, sec, month;
	char name[4];
	const char *at;
	int64_t days;

	if (sscanf(s, "%*3s, %2d %3s %4d %2d:%2d:%2d GMT", &day, name, &year,
	    &h, &m, &sec) != 6)
		return -1;
	at = strstr(months, name);
	if (!at || year < 1970)
		return -1;
	/* Years that begin in March: the leap day is the last one. */
	month = ((int)(at - months) / 3 + 10) % 12;
	year -= month >= 10;
	days = 365LL * year + year / 4 - year / 100 + year / 400 +
	    (month * 153 + 2) / 5 + day - 1 - 719468;
	return days * 86400 + h * 3600 + m * 60 + sec;
}

static inline int64_t
ow_th_retry_after(const struct ow_reply *reply)
{
	const char *value = ow_th_net_header(reply, "Retry-After");
	const char *date = ow_th_net_header(reply, "Date");
	int64_t then, sent;
	size_t n;

	if (!value)
		return 0;
	n = strspn(value, "0123456789");
	if (n && !value[n]) {
		then = n > 9 ? OW_TH_WAIT_MAX_S : (int64_t)atol(value);
		sent = 0;
	} else {
		then = ow_th_date(value);
		sent = date ? ow_th_date(date) : -1;
		if (sent < 0)
			sent = (int64_t)time(NULL);
	}
	if (then <= sent)
		return 0;
	return (then - sent > OW_TH_WAIT_MAX_S ? OW_TH_WAIT_MAX_S :
	    then - sent) * 1000;
}

static inline void
ow_th_judge(const struct ow_reply *reply, struct ow_outcome *out)
{
	const struct ow_th_reply *impl =
	    (const struct ow_th_reply *)reply->impl;

	memset(out, 0, sizeof(*out));
	out->size = sizeof(*out);
	out->verdict = ow_testhost_verdict(impl && impl->is_mail, reply->err,
	    reply->status);
	if (out->verdict == OW_RETRY)
		out->retry_after_ms = ow_th_retry_after(reply);
	out->detail = reply->detail;
}

static inline size_t
ow_testhost_n_requests(const struct ow_testhost *th)
{
	const struct ow_net_call *call;
	size_t n = 0;

	for (call = th->calls; call; call = call->next)
		n++;
	return n;
}

static inline struct ow_net_call *
ow_th_call_at(const struct ow_testhost *th, size_t i)
{
	struct ow_net_call *call = th->calls;

	for (; call && i; i--)
		call = call->next;
	return call;
}

static inline const struct ow_testhost_request *
ow_testhost_request(const struct ow_testhost *th, size_t i)
{
	const struct ow_net_call *call = ow_th_call_at(th, i);

	return call ? &call->req : NULL;
}

static inline const char *
ow_testhost_header(const struct ow_testhost_request *req, const char *name)
{
	return ow_th_find(req->headers, req->n_headers, name);
}

/* The reply is the plugin's to read only during the call. */
static inline void
ow_th_answer(struct ow_testhost *th, size_t i, int32_t err, int32_t status,
    const struct ow_header *headers, size_t n_headers, const char *text)
{
	struct ow_net_call *call = ow_th_call_at(th, i);
	struct ow_th_reply impl = { headers, n_headers, false };
	struct ow_reply reply;
	char *copy, *detail, line[32];

	if (!call || call->req.answered || call->req.cancelled) {
		ow_th_complain(th, "the test answered request %u, which %s",
		    (unsigned int)i, !call ? "is not there" :
		    call->req.answered ? "has its answer" : "was cancelled");
		return;
	}
	call->req.answered = true;
	impl.is_mail = call->req.is_mail;
	(void)snprintf(line, sizeof(line), "HTTP %d", (int)status);
	copy = ow_th_dup(text);
	detail = ow_th_dup(err || impl.is_mail ? text : line);
	memset(&reply, 0, sizeof(reply));
	reply.size = sizeof(reply);
	reply.err = err;
	reply.status = status;
	reply.detail = detail;
	reply.body.p = err || impl.is_mail ? "" : copy;
	reply.body.n = strlen((const char *)reply.body.p);
	reply.impl = &impl;
	call->on_reply(call->arg, &reply);
	free(copy);
	free(detail);
	ow_testhost_turn(th);
}

static inline void
ow_testhost_reply(struct ow_testhost *th, size_t i, int32_t status,
    const struct ow_header *headers, size_t n_headers, const char *body)
{
	ow_th_answer(th, i, OW_OK, status, headers, n_headers, body);
}

static inline void
ow_testhost_fail(struct ow_testhost *th, size_t i, int32_t err,
    const char *detail)
{
	ow_th_answer(th, i, err, 0, NULL, 0, detail);
}

/* ---- Jobs ---------------------------------------------------------------- */

/* The texts of a job, for copying and freeing. */
static inline size_t
ow_th_job_texts(struct ow_job *job, const char **out[20])
{
	size_t n = 0;

	out[n++] = &job->key;
	out[n++] = &job->address;
	out[n++] = &job->tenant;
	out[n++] = &job->locale;
	out[n++] = &job->order_id;
	out[n++] = &job->notice_id;
	out[n++] = &job->topic;
	out[n++] = &job->group;
	out[n++] = &job->title;
	out[n++] = &job->text;
	out[n++] = &job->html;
	out[n++] = &job->url;
	out[n++] = &job->receipt;
	out[n++] = &job->receipt_url;
	out[n++] = &job->unsubscribe_url;
	return n;
}

static inline struct ow_job *
ow_th_job_copy(const struct ow_job *job)
{
	struct ow_job *copy = (struct ow_job *)ow_th_alloc(sizeof(*copy));
	const char **texts[20];
	char *event;
	size_t i, n;

	*copy = *job;
	copy->size = sizeof(*copy);
	n = ow_th_job_texts(copy, texts);
	for (i = 0; i < n; i++)
		*texts[i] = ow_th_dup(*texts[i]);
	event = (char *)ow_th_alloc(job->event.n + 1);
	if (job->event.n)
		memcpy(event, job->event.p, job->event.n);
	copy->event.p = event;
	return copy;
}

static inline void
ow_th_job_free(struct ow_job **job)
{
	const char **texts[20];
	size_t i, n;

	if (!*job)
		return;
	n = ow_th_job_texts(*job, texts);
	for (i = 0; i < n; i++)
		free((void *)(uintptr_t)*texts[i]);
	free((void *)(uintptr_t)(*job)->event.p);
	free(*job);
	*job = NULL;
}

static inline struct ow_job
ow_testhost_job(const char *key, const char *address)
{
	static const char event[] =
	    "{\"type\":\"order.status.changed\",\"id\":\"e-1\","
	    "\"order_id\":\"o-1\",\"seq\":7,"
	    "\"at\":\"2026-01-02T03:04:05.678Z\","
	    "\"data\":{\"from\":\"preparing\",\"to\":\"ready\"}}";
	struct ow_job job;

	memset(&job, 0, sizeof(job));
	job.size = sizeof(job);
	job.attempt = 1;
	job.key = key;
	job.ttl_ms = 3600000;
	job.urgency = OW_URGENCY_NORMAL;
	job.is_repeat_safe = true;
	job.address = address;
	job.tenant = "demo";
	job.locale = "en";
	job.order_id = "o-1";
	job.notice_id = "n-1";
	job.topic = "order.ready";
	job.group = "order/o-1";
	job.title = "Your order is ready";
	job.text = "Order 42 waits for you at the counter.";
	job.url = "https://shop.example/orders/o-1";
	job.event.p = event;
	job.event.n = sizeof(event) - 1;
	return job;
}

static inline void
ow_testhost_deliver(struct ow_testhost *th, const struct ow_job *job)
{
	struct ow_th_job *rec =
	    (struct ow_th_job *)ow_th_keep(th, sizeof(*rec));

	rec->job = ow_th_job_copy(job);
	if (!rec->job->deadline_ms)
		rec->job->deadline_ms = th->now_ms + 30000;
	rec->outcome.key = ow_th_keep_str(th, job->key);
	rec->outcome.ref = rec->outcome.detail = "";
	rec->next = th->jobs;
	th->jobs = rec;
	th->plugin->ops.channel->deliver(th->self, rec->job);
	ow_testhost_turn(th);
}

static inline struct ow_th_job *
ow_th_job_find(const struct ow_testhost *th, const char *key)
{
	struct ow_th_job *rec = th->jobs;

	while (rec && strcmp(rec->outcome.key, key) != 0)
		rec = rec->next;
	return rec;
}

static inline const struct ow_testhost_outcome *
ow_testhost_outcome(const struct ow_testhost *th, const char *key)
{
	const struct ow_th_job *rec = ow_th_job_find(th, key);

	return rec ? &rec->outcome : NULL;
}

static inline void
ow_testhost_cancel(struct ow_testhost *th, const char *key)
{
	struct ow_th_job *rec = ow_th_job_find(th, key);

	if (rec && rec->job)
		ow_th_give_up(th, rec);
	ow_testhost_turn(th);
}

static inline void
ow_th_outcome_check(struct ow_testhost *th, const char *call,
    const struct ow_outcome *outcome)
{
	if (outcome->size < sizeof(*outcome))
		ow_th_complain(th, "%s() with an outcome without a size",
		    call);
	if (outcome->verdict < OW_DELIVERED ||
	    outcome->verdict > OW_MISCONFIGURED)
		ow_th_complain(th, "%s() with verdict %d", call,
		    (int)outcome->verdict);
	if (ow_th_has_break(outcome->detail) || ow_th_has_break(outcome->ref))
		ow_th_complain(th, "%s() with a line break inside", call);
}

static inline void
ow_th_settle(struct ow_ctx *ctx, const struct ow_job *job,
    const struct ow_outcome *outcome)
{
	struct ow_testhost *th = ctx->th;
	struct ow_th_job *rec = th->jobs;

	ow_th_outcome_check(th, "settle", outcome);
	while (rec && rec->job != job)
		rec = rec->next;
	if (!job || !rec) {
		ow_th_complain(th, "settle() of a job that is not under way");
		return;
	}
	if (outcome->detail && *rec->job->address &&
	    strstr(outcome->detail, rec->job->address))
		ow_th_complain(th, "settle() with the address in its detail");
	rec->outcome.n_settled++;
	rec->outcome.verdict = outcome->verdict;
	rec->outcome.retry_after_ms = outcome->retry_after_ms;
	rec->outcome.ref = ow_th_keep_str(th, outcome->ref);
	rec->outcome.detail = ow_th_keep_str(th, outcome->detail);
	ow_th_job_free(&rec->job);
}

static inline void
ow_th_report(struct ow_ctx *ctx, const char *ref,
    const struct ow_outcome *outcome)
{
	struct ow_testhost *th = ctx->th;
	struct ow_testhost_report *all = (struct ow_testhost_report *)
	    ow_th_keep(th, (th->n_reports + 1) * sizeof(*all));

	ow_th_outcome_check(th, "report", outcome);
	if (th->n_reports)
		memcpy(all, th->reports, th->n_reports * sizeof(*all));
	all[th->n_reports].ref = ow_th_keep_str(th, ref);
	all[th->n_reports].verdict = outcome->verdict;
	all[th->n_reports].detail = ow_th_keep_str(th, outcome->detail);
	th->reports = all;
	th->n_reports++;
}

static inline void
ow_th_opt(struct ow_ctx *ctx, const char *identity, bool in, const char *why)
{
	struct ow_testhost *th = ctx->th;
	struct ow_testhost_opt *all = (struct ow_testhost_opt *)
	    ow_th_keep(th, (th->n_opts + 1) * sizeof(*all));

	if (th->n_opts)
		memcpy(all, th->opts, th->n_opts * sizeof(*all));
	all[th->n_opts].identity = ow_th_keep_str(th, identity);
	all[th->n_opts].in = in;
	all[th->n_opts].why = ow_th_keep_str(th, why);
	th->opts = all;
	th->n_opts++;
}

static inline int
ow_testhost_check(struct ow_testhost *th, const char *wanted,
    struct ow_address *out, struct ow_fault *fault)
{
	struct ow_fault ignored;

	memset(out, 0, sizeof(*out));
	memset(&ignored, 0, sizeof(ignored));
	out->size = sizeof(*out);
	return th->plugin->ops.channel->check(th->self, wanted, out,
	    fault ? fault : &ignored);
}

static inline const struct ow_channel *
ow_testhost_channel(const struct ow_testhost *th)
{
	return th->plugin->ops.channel;
}

static inline void *
ow_testhost_self(const struct ow_testhost *th)
{
	return th->self;
}

/* ---- Hooks --------------------------------------------------------------- */

static inline int
ow_th_hex(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline char *
ow_th_unescape(struct ow_testhost *th, const char *s, size_t n)
{
	char *out = ow_th_keep_bytes(th, s, n), *to = out;
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i] == '%' && i + 2 < n && ow_th_hex(s[i + 1]) >= 0 &&
		    ow_th_hex(s[i + 2]) >= 0) {
			*to++ = (char)(ow_th_hex(s[i + 1]) * 16 +
			    ow_th_hex(s[i + 2]));
			i += 2;
		} else {
			*to++ = s[i] == '+' ? ' ' : s[i];
		}
	}
	*to = '\0';
	return out;
}

/* Sorted by name; those of one name in the order of the text. */
static inline size_t
ow_th_form(struct ow_testhost *th, const char *s, struct ow_header *out)
{
	struct ow_header param;
	size_t len, eq, at, n = 0;

	for (; *s; s += len + (s[len] == '&')) {
		len = strcspn(s, "&");
		eq = strcspn(s, "=&");
		if (!len)
			continue;
		if (n == OW_TH_FORM_MAX) {
			fputs("testhost: too many parameters\n", stderr);
			abort();
		}
		param.name = ow_th_unescape(th, s, eq);
		param.value = eq < len ? ow_th_unescape(th, s + eq + 1,
		    len - eq - 1) : "";
		for (at = n++; at && strcmp(out[at - 1].name, param.name) > 0;
		    at--)
			out[at] = out[at - 1];
		out[at] = param;
	}
	return n;
}

static inline const char *
ow_th_hook_header(struct ow_ctx *ctx, struct ow_hook_call *call,
    const char *name)
{
	(void)ctx;
	return ow_th_find(call->headers, call->n_headers, name);
}

static inline const char *
ow_th_hook_param(struct ow_ctx *ctx, struct ow_hook_call *call,
    const char *name)
{
	size_t i;

	(void)ctx;
	for (i = 0; i < call->n_query; i++)
		if (!strcmp(call->query[i].name, name))
			return call->query[i].value;
	for (i = 0; i < call->n_form; i++)
		if (!strcmp(call->form[i].name, name))
			return call->form[i].value;
	return NULL;
}

static inline size_t
ow_th_hook_form(struct ow_ctx *ctx, struct ow_hook_call *call,
    struct ow_header *out, size_t max)
{
	size_t i;

	(void)ctx;
	for (i = 0; i < call->n_form && i < max; i++)
		out[i] = call->form[i];
	return call->n_form;
}

static inline void
ow_th_hook_answer(struct ow_ctx *ctx, struct ow_hook_call **p, int32_t status,
    const char *content_type, struct ow_bytes body)
{
	struct ow_testhost *th = ctx->th;

	if (!*p) {
		ow_th_complain(th, "hook_answer() twice");
		return;
	}
	(*p)->n_answers++;
	*p = NULL;
	th->hook_status = status;
	th->hook_type = ow_th_keep_str(th, content_type);
	th->hook_body = ow_th_keep_bytes(th, body.p, body.n);
}

static inline int
ow_testhost_hook(struct ow_testhost *th, const char *method, const char *url,
    const struct ow_header *headers, size_t n_headers, const char *body)
{
	static const char form[] = "application/x-www-form-urlencoded";
	const struct ow_channel *ops = th->plugin->ops.channel;
	struct ow_hook_call *call =
	    (struct ow_hook_call *)ow_th_keep(th, sizeof(*call));
	const char *query = strchr(url, '?'), *type;
	struct ow_hook_req req;

	th->hook_status = 0;
	th->hook_body = th->hook_type = NULL;
	if (!OW_HAS(ops, hook) || !ops->hook)
		return 404;
	call->headers = headers;
	call->n_headers = n_headers;
	call->n_query = ow_th_form(th, query ? query + 1 : "", call->query);
	type = ow_th_find(headers, n_headers, "Content-Type");
	if (type && !strncmp(type, form, sizeof(form) - 1))
		call->n_form = ow_th_form(th, body ? body : "", call->form);
	memset(&req, 0, sizeof(req));
	req.size = sizeof(req);
	req.method = method;
	req.url = url;
	req.query = query ? query + 1 : "";
	req.body.p = body ? body : "";
	req.body.n = strlen((const char *)req.body.p);
	ops->hook(th->self, call, &req);
	if (call->n_answers != 1)
		ow_th_complain(th, "a hook() with %u answers",
		    call->n_answers);
	ow_testhost_turn(th);
	return th->hook_status;
}

static inline const char *
ow_testhost_hook_body(const struct ow_testhost *th)
{
	return th->hook_body ? th->hook_body : "";
}

static inline const char *
ow_testhost_hook_type(const struct ow_testhost *th)
{
	return th->hook_type ? th->hook_type : "";
}

/* ---- Looking ------------------------------------------------------------- */

static inline size_t
ow_testhost_n_reports(const struct ow_testhost *th)
{
	return th->n_reports;
}

static inline const struct ow_testhost_report *
ow_testhost_report(const struct ow_testhost *th, size_t i)
{
	return i < th->n_reports ? &th->reports[i] : NULL;
}

static inline size_t
ow_testhost_n_opts(const struct ow_testhost *th)
{
	return th->n_opts;
}

static inline const struct ow_testhost_opt *
ow_testhost_opt(const struct ow_testhost *th, size_t i)
{
	return i < th->n_opts ? &th->opts[i] : NULL;
}

static inline int64_t
ow_testhost_metric(const struct ow_testhost *th, uint32_t i)
{
	return i < th->n_metrics ? th->metrics[i] : 0;
}

static inline const char *
ow_testhost_log(const struct ow_testhost *th)
{
	return th->log.p ? th->log.p : "";
}

static inline const char *
ow_testhost_complaints(const struct ow_testhost *th)
{
	return th->complaints.p ? th->complaints.p : "";
}

static inline int64_t
ow_testhost_now_ms(const struct ow_testhost *th)
{
	return th->now_ms;
}

/* ---- Life ---------------------------------------------------------------- */

static inline void
ow_th_tables(struct ow_testhost *th)
{
	th->base.size = sizeof(th->base);
	th->base.log = ow_th_log;
	th->base.add = ow_th_add;
	th->base.post = ow_th_post;
	th->base.offload = ow_th_offload;
	th->base.now_ms = ow_th_now_ms;
	th->base.timer_start = ow_th_timer_start;
	th->base.timer_cancel = ow_th_timer_cancel;
	th->base.drained = ow_th_drained;
	th->base.watch_start = ow_th_watch_start;
	th->base.watch_set = ow_th_watch_set;
	th->base.watch_stop = ow_th_watch_stop;
	th->net.size = sizeof(th->net);
	th->net.http = ow_th_http;
	th->net.mail = ow_th_mail;
	th->net.cancel = ow_th_net_cancel;
	th->net.header = ow_th_net_header;
	th->net.judge = ow_th_judge;
	th->outbox.size = sizeof(th->outbox);
	th->outbox.settle = ow_th_settle;
	th->outbox.report = ow_th_report;
	th->outbox.opt = ow_th_opt;
	th->outbox.hook_header = ow_th_hook_header;
	th->outbox.hook_param = ow_th_hook_param;
	th->outbox.hook_form = ow_th_hook_form;
	th->outbox.hook_answer = ow_th_hook_answer;
	th->host.size = sizeof(th->host);
	th->host.abi = OW_ABI;
	th->host.base = &th->base;
	th->host.net = &th->net;
	th->host.outbox = &th->outbox;
}

static inline int
ow_th_inspect(const struct ow_plugin *plugin, struct ow_fault *f)
{
	const struct ow_channel *ops;

	if (!plugin || plugin->abi >> 16 != OW_ABI_MAJOR)
		return ow_th_fault(f, "the plugin is not of version %u",
		    OW_ABI_MAJOR);
	if (plugin->kind != OW_CHANNEL || !plugin->ops.channel)
		return ow_th_fault(f, "the plugin is no channel");
	ops = plugin->ops.channel;
	if (!plugin->name || !plugin->version || !plugin->summary ||
	    !plugin->options || !plugin->load || !plugin->start ||
	    !plugin->drain || !plugin->stop || !ops->size || !ops->medium ||
	    !ops->kind || !ops->check || !ops->deliver)
		return ow_th_fault(f, "the plugin's descriptor is not whole");
	return OW_OK;
}

static inline void
ow_th_free_all(struct ow_testhost *th)
{
	struct ow_th_letter *letter;
	struct ow_timer *timer;
	struct ow_watch *watch;
	struct ow_th_job *rec;
	struct ow_th_mem *mem;

	for (rec = th->jobs; rec; rec = rec->next)
		ow_th_job_free(&rec->job);
	while ((letter = th->letters) != NULL) {
		th->letters = letter->next;
		free(letter);
	}
	while ((timer = th->timers) != NULL) {
		th->timers = timer->next;
		free(timer);
	}
	while ((watch = th->watches) != NULL) {
		th->watches = watch->next;
		free(watch);
	}
	while ((mem = th->mem) != NULL) {
		th->mem = mem->next;
		free(mem);
	}
	free(th->log.p);
	free(th->complaints.p);
	free(th);
}

static inline struct ow_testhost *
ow_testhost_new(const struct ow_plugin *plugin, const char *const *options,
    struct ow_fault *fault)
{
	struct ow_testhost *th;
	struct ow_fault ignored;
	int err;

	if (!fault)
		fault = &ignored;
	memset(fault, 0, sizeof(*fault));
	if (ow_th_inspect(plugin, fault))
		return NULL;
	th = (struct ow_testhost *)ow_th_alloc(sizeof(*th));
	th->ctx.th = th;
	th->plugin = plugin;
	th->now_ms = 1000000;		/* 0 would hide a mistake */
	th->letters_end = &th->letters;
	th->calls_end = &th->calls;
	while (plugin->metrics && plugin->metrics[th->n_metrics].name)
		th->n_metrics++;
	th->metrics = (int64_t *)ow_th_keep(th,
	    th->n_metrics * sizeof(int64_t));
	th->conf = ow_th_keep(th, plugin->conf_size);
	ow_th_tables(th);
	err = ow_th_configure(th, options, fault);
	if (!err)
		err = plugin->load(&th->ctx, &th->host, th->conf, &th->self,
		    fault);
	if (err) {
		ow_th_free_all(th);
		return NULL;
	}
	if (plugin->start(th->self, fault)) {
		plugin->stop(th->self);
		ow_th_free_all(th);
		return NULL;
	}
	ow_testhost_turn(th);
	return th;
}

static inline void
ow_testhost_free(struct ow_testhost **th)
{
	if (!*th)
		return;
	(*th)->plugin->stop((*th)->self);
	ow_th_free_all(*th);
	*th = NULL;
}

#ifdef __cplusplus
}
#endif

#endif
