/* SPDX-License-Identifier: MIT */
/*
 * host - the table that every plugin gets.
 *
 * Everything a plugin starts (letters, work, timers, watches, and outside.c's
 * requests) hangs on its instance, so that stop() can leave nothing behind
 * that would call into it.
 * A plugin's mistakes (a wrong index, a level that does not exist, a second
 * drained()) are logged or mended, never asserted.
 *
 * Invariants: an instance's letters run in the order of posting; after
 * host_quiet no letter, timer, watch or done() of it runs, but the handles it
 * holds stay good until host_done.  Work that waits for a thread is cancelled,
 * work that runs is waited for, by whoever asks host_is_busy.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "plugin/instance.h"

#define HOST_LOG_MAX 1024

/* ---- Any thread -------------------------------------------------------- */

static void host_log(struct ow_ctx *ctx, int32_t level, const char *fmt, ...)
    OW_PRINTF(3, 4);

static void
host_log(struct ow_ctx *ctx, int32_t level, const char *fmt, ...)
{
	char text[HOST_LOG_MAX];
	va_list args;
	char *p;

	if (level < OW_DEBUG)
		level = OW_DEBUG;
	if (level > OW_ERROR)
		level = OW_ERROR;
	if (!log_is_on(level))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (p = text; *p; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	log_write(level, "plugin", text, (const struct log_field[]){
	    LOG_STR("instance", ctx->entry->name), { 0 } });
}

static void
host_add(struct ow_ctx *ctx, uint32_t metric, int64_t n)
{
	if (metric >= ctx->n_metrics) {
		if (!atomic_exchange(&ctx->has_bad_metric, true))
			host_log(ctx, OW_WARN, "add() of metric %u of %u",
			    metric, ctx->n_metrics);
		return;
	}
	if (ctx->add)
		ctx->add(ctx->user, metric, n);
	else if (ctx->metrics)
		metric_add(ctx->metrics, metric, n);
}

static void
host_post(struct ow_ctx *ctx, void (*fn)(void *), void *arg)
{
	struct letter *letter = mem_alloc(sizeof(*letter));
	bool is_closed;

	letter->fn = fn;
	letter->arg = arg;
	pthread_mutex_lock(&ctx->lock);
	is_closed = ctx->is_closed;
	if (!is_closed) {
		*ctx->box_end = letter;
		ctx->box_end = &letter->next;
		if (!ctx->wake->is_sent) {
			ctx->wake->is_sent = true;
			loop_send(ctx->loop, &ctx->wake->mail);
		}
	}
	pthread_mutex_unlock(&ctx->lock);
	if (is_closed)
		free(letter);
}

/* ---- Letters ----------------------------------------------------------- */

static struct letter *
host_take_box(struct ow_ctx *ctx)
{
	struct letter *all = ctx->box;

	ctx->box = NULL;
	ctx->box_end = &ctx->box;
	return all;
}

/* A letter may end the instance; then wake->ctx is NULL. */
static void
host_wake(struct mail *mail)
{
	struct wake *wake = (struct wake *)mail;
	struct letter *letter;
	void (*fn)(void *);
	void *arg;

	if (!wake->ctx) {
		free(wake);
		return;
	}
	pthread_mutex_lock(&wake->ctx->lock);
	wake->is_sent = false;
	wake->ctx->due = host_take_box(wake->ctx);
	pthread_mutex_unlock(&wake->ctx->lock);
	wake->is_running = true;
	while (wake->ctx && (letter = wake->ctx->due)) {
		wake->ctx->due = letter->next;
		fn = letter->fn;
		arg = letter->arg;
		free(letter);
		fn(arg);
	}
	wake->is_running = false;
	if (!wake->ctx && !wake->is_sent)
		free(wake);
}

static void
host_drop(struct letter *letter)
{
	struct letter *next;

	for (; letter; letter = next) {
		next = letter->next;
		free(letter);
	}
}

/* ---- Work on other threads --------------------------------------------- */

static void
job_work(void *arg)
{
	struct job *job = arg;
	int waits = JOB_WAITS;

	if (atomic_compare_exchange_strong(&job->state, &waits, JOB_RUNS))
		job->work(job->arg);
}

static void
job_unlink(struct job *job)
{
	*job->at = job->next;
	if (job->next)
		job->next->at = job->at;
}

static void
job_done(void *arg)
{
	struct job job = *(struct job *)arg;

	/* A cancelled one is in no list, and its instance may be gone. */
	if (atomic_load(&((struct job *)arg)->state) == JOB_CANCELLED) {
		free(arg);
		return;
	}
	job_unlink(arg);
	free(arg);
	if (!job.ctx->is_stopping)
		job.done(job.arg);
	else if (!host_is_busy(job.ctx))
		instance_finish(job.ctx);
}

static void
host_offload(struct ow_ctx *ctx, void (*work)(void *),
    void (*done)(void *), void *arg)
{
	struct job *job;

	if (ctx->is_stopping)		/* who would wait for it? */
		return;
	job = mem_alloc(sizeof(*job));
	job->ctx = ctx;
	job->work = work;
	job->done = done;
	job->arg = arg;
	atomic_init(&job->state, JOB_WAITS);
	job->next = ctx->jobs;
	job->at = &ctx->jobs;
	if (job->next)
		job->next->at = &job->next;
	ctx->jobs = job;
	loop_offload(ctx->loop, job_work, job_done, job);
}

static void
host_cancel_jobs(struct ow_ctx *ctx)
{
	struct job *job, *next;
	int waits;

	for (job = ctx->jobs; job; job = next) {
		next = job->next;
		waits = JOB_WAITS;
		if (atomic_compare_exchange_strong(&job->state, &waits,
		    JOB_CANCELLED))
			job_unlink(job);
	}
}

bool
host_is_busy(const struct ow_ctx *ctx)
{
	return ctx->jobs != NULL;
}

/* ---- Timers ------------------------------------------------------------ */

static int64_t
host_now_ms(struct ow_ctx *ctx)
{
	return loop_now_ms(ctx->loop);
}

static void
timer_end(struct ow_timer *timer)
{
	*timer->at = timer->next;
	if (timer->next)
		timer->next->at = timer->at;
	loop_timer_cancel(&timer->timer);
	free(timer);
}

static void
timer_fire(void *arg)
{
	struct ow_timer *timer = arg;
	void (*fire)(void *) = timer->fire;

	arg = timer->arg;
	timer->timer = NULL;		/* it ended by firing */
	timer_end(timer);
	fire(arg);
}

static struct ow_timer *
host_timer_start(struct ow_ctx *ctx, int64_t after_ms,
    void (*fire)(void *), void *arg)
{
	struct ow_timer *timer = mem_alloc(sizeof(*timer));

	timer->ctx = ctx;
	timer->fire = fire;
	timer->arg = arg;
	timer->next = ctx->timers;
	timer->at = &ctx->timers;
	if (timer->next)
		timer->next->at = &timer->next;
	ctx->timers = timer;
	timer->timer = loop_timer_start(ctx->loop, after_ms, timer_fire,
	    timer);
	return timer;
}

static void
host_timer_cancel(struct ow_ctx *ctx, struct ow_timer **timer)
{
	(void)ctx;
	if (*timer)
		timer_end(*timer);
	*timer = NULL;
}

/* ---- Watches ----------------------------------------------------------- */

static void
watch_ready(evutil_socket_t fd, short what, void *arg)
{
	struct ow_watch *watch = arg;

	(void)fd;
	(void)what;
	watch->ready(watch->arg);	/* may have ended the watch */
}

static void
host_watch_set(struct ow_ctx *ctx, struct ow_watch *watch, bool rd,
    bool wr)
{
	evutil_socket_t fd;

	if (!watch)
		return;
	fd = event_get_fd(watch->event);
	(void)event_del(watch->event);	/* may not be added: that is fine */
	if (!rd && !wr)
		return;
	OW_ASSERT(!event_assign(watch->event, loop_base(ctx->loop), fd,
	    (short)(EV_PERSIST | (rd ? EV_READ : 0) | (wr ? EV_WRITE : 0)),
	    watch_ready, watch));
	if (event_add(watch->event, NULL))
		host_log(ctx, OW_ERROR, "file descriptor %d can't be watched",
		    (int)fd);
}

static struct ow_watch *
host_watch_start(struct ow_ctx *ctx, int fd, bool rd,
    bool wr, void (*ready)(void *), void *arg)
{
	struct ow_watch *watch = mem_alloc(sizeof(*watch));

	watch->ctx = ctx;
	watch->ready = ready;
	watch->arg = arg;
	watch->next = ctx->watches;
	watch->at = &ctx->watches;
	if (watch->next)
		watch->next->at = &watch->next;
	ctx->watches = watch;
	watch->event = event_new(loop_base(ctx->loop), fd,
	    EV_PERSIST | EV_READ, watch_ready, watch);
	OW_ASSERT(watch->event);
	host_watch_set(ctx, watch, rd, wr);
	return watch;
}

static void
watch_end(struct ow_watch *watch)
{
	*watch->at = watch->next;
	if (watch->next)
		watch->next->at = watch->at;
	event_free(watch->event);
	free(watch);
}

static void
host_watch_stop(struct ow_ctx *ctx, struct ow_watch **watch)
{
	(void)ctx;
	if (*watch)
		watch_end(*watch);
	*watch = NULL;
}

/* ---- Draining ---------------------------------------------------------- */

static void
host_tell_drained(void *arg)
{
	struct ow_ctx *ctx = arg;
	void (*done)(void *) = ctx->drain_done;

	if (!done)
		return;			/* the time was up meanwhile */
	ctx->drain_done = NULL;
	loop_timer_cancel(&ctx->drain_timer);
	done(ctx->drain_arg);
}

static void
host_drained(struct ow_ctx *ctx)
{
	if (!ctx->is_draining) {
		host_log(ctx, OW_WARN, "drained() without drain(), or twice");
		return;
	}
	ctx->is_draining = false;
	/* Never before plugin_drain has returned. */
	host_post(ctx, host_tell_drained, ctx);
}

/* ---- The table, and an instance's beginning and end -------------------- */

const struct ow_host_base host_base = {
	.size = sizeof(host_base),
	.log = host_log,
	.add = host_add,
	.post = host_post,
	.offload = host_offload,
	.now_ms = host_now_ms,
	.timer_start = host_timer_start,
	.timer_cancel = host_timer_cancel,
	.drained = host_drained,
	.watch_start = host_watch_start,
	.watch_set = host_watch_set,
	.watch_stop = host_watch_stop,
};

void
host_init(struct ow_ctx *ctx)
{
	pthread_mutex_init(&ctx->lock, NULL);
	ctx->box_end = &ctx->box;
	ctx->wake = mem_alloc(sizeof(*ctx->wake));
	ctx->wake->mail.run = host_wake;
	ctx->wake->ctx = ctx;
}

void
host_quiet(struct ow_ctx *ctx)
{
	struct ow_timer *timer;
	struct ow_watch *watch;
	struct letter *box;

	pthread_mutex_lock(&ctx->lock);
	ctx->is_closed = true;
	box = host_take_box(ctx);
	pthread_mutex_unlock(&ctx->lock);
	host_drop(box);
	host_drop(ctx->due);
	ctx->due = NULL;
	loop_timer_cancel(&ctx->drain_timer);
	ctx->drain_done = NULL;
	for (timer = ctx->timers; timer; timer = timer->next)
		loop_timer_cancel(&timer->timer);
	for (watch = ctx->watches; watch; watch = watch->next)
		(void)event_del(watch->event);
	host_cancel_jobs(ctx);
	outside_quiet(ctx);
}

void
host_done(struct ow_ctx *ctx)
{
	host_quiet(ctx);	/* stop() may have started something */
	while (ctx->timers)
		timer_end(ctx->timers);
	while (ctx->watches)
		watch_end(ctx->watches);
	outside_done(ctx);
	ctx->wake->ctx = NULL;
	if (!ctx->wake->is_sent && !ctx->wake->is_running)
		free(ctx->wake);
	pthread_mutex_destroy(&ctx->lock);
}
