/* SPDX-License-Identifier: MIT */
/*
 * good - a plugin that does nothing useful, by every call of the base table.
 *
 * What happens is noted in `seen`: a and b posted calls, w work, d its done,
 * t the timer, r a readable pipe, D drain.  It leaves one timer and one watch
 * to the host, which must end them.
 */
#include "good.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const good_moods[] = { "calm", "cheerful", NULL };

static const struct ow_option good_options[] = {
	OW_STR(struct good_conf, greeting, "hello \"you\" \\o/",
	    "What it would say, if it said anything, which it does not, "
	    "however long this sentence about it gets."),
	OW_BOOL(struct good_conf, polite, "yes", "Whether it is polite."),
	OW_INT(struct good_conf, count, "3", 0, 9, "How often."),
	OW_MS(struct good_conf, wait_ms, "100ms", 1, 60000, "How long."),
	OW_BYTES(struct good_conf, room, "64k", 1024, 1 << 20, "How much."),
	OW_URL(struct good_conf, server, "", "Where."),
	OW_SECRET(struct good_conf, secret, OW_REQUIRED, "What nobody knows."),
	OW_CHOICE(struct good_conf, mood, "calm", good_moods, "How it feels."),
	OW_OPTIONS_END
};

static const struct ow_metric good_metrics[] = {
	{ "started", OW_COUNTER, "Starts." },
	{ "waited", OW_HISTOGRAM_MS, "How long it waited." },
	{ "level", OW_GAUGE, "A level." },
	OW_METRICS_END
};

static void
good_see(struct good *good, char what)
{
	if (good->n_seen + 1 < sizeof(good->seen))
		good->seen[good->n_seen++] = what;
}

static void
good_posted_a(void *arg)
{
	good_see(arg, 'a');
}

static void
good_posted_b(void *arg)
{
	good_see(arg, 'b');
}

static void
good_work(void *arg)
{
	struct good *good = arg;

	good_see(good, 'w');
	good->host->base->log(good->ctx, OW_DEBUG, "works in %s", "a thread");
}

static void
good_work_done(void *arg)
{
	good_see(arg, 'd');
}

static void
good_fire(void *arg)
{
	struct good *good = arg;
	const struct ow_host_base *base = good->host->base;

	good->timer = NULL;
	good_see(good, 't');
	good->fired_at_ms = base->now_ms(good->ctx);
	base->add(good->ctx, GOOD_WAITED, good->conf->wait_ms * 1000);
	base->add(good->ctx, GOOD_LEVEL, 5);
	base->add(good->ctx, GOOD_LEVEL, -2);
	base->add(good->ctx, 99, 1);	/* there is none: ignored */
}

static void
good_never(void *arg)
{
	(void)arg;
	abort();
}

static void
good_readable(void *arg)
{
	struct good *good = arg;
	char byte;

	if (read(good->pipe[0], &byte, 1) == 1)
		good_see(good, 'r');
	if (byte == 'x')
		good->host->base->watch_stop(good->ctx, &good->watch);
	if (byte == 'p')
		good->host->base->watch_set(good->ctx, good->watch, false,
		    false);
}

static int
good_load(struct ow_ctx *ctx, const struct ow_host *host,
    const void *conf, void **out_self, struct ow_fault *fault)
{
	struct good *good;

	(void)fault;
	good = calloc(1, sizeof(*good));
	good->ctx = ctx;
	good->host = host;
	good->conf = conf;
	good->pipe[0] = good->pipe[1] = -1;
	*out_self = good;
	return OW_OK;
}

static int
good_start(void *self, struct ow_fault *fault)
{
	struct good *good = self;
	const struct ow_host_base *base = good->host->base;

	if (pipe2(good->pipe, O_CLOEXEC | O_NONBLOCK)) {
		strcpy(fault->text, "no pipe");
		return OW_EIO;
	}
	base->log(good->ctx, OW_INFO, "says %d lines\nin one", 2);
	base->log(good->ctx, 99, "%s", "a level that does not exist");
	base->add(good->ctx, GOOD_STARTED, 1);
	good->timer = base->timer_start(good->ctx, good->conf->wait_ms,
	    good_fire, good);
	good->idle = base->timer_start(good->ctx, 10, good_never, good);
	base->timer_cancel(good->ctx, &good->idle);
	base->timer_cancel(good->ctx, &good->idle);
	(void)base->timer_start(good->ctx, 3600000, good_never, good);
	if (OW_HAS(base, watch_stop)) {
		good->watch = base->watch_start(good->ctx, good->pipe[0], true,
		    false, good_readable, good);
		/* Neither is asked for: never called. */
		(void)base->watch_start(good->ctx, good->pipe[0], false, false,
		    good_never, good);
	}
	base->post(good->ctx, good_posted_a, good);
	base->offload(good->ctx, good_work, good_work_done, good);
	base->post(good->ctx, good_posted_b, good);
	return OW_OK;
}

static void
good_drain(void *self)
{
	struct good *good = self;

	good_see(good, 'D');
	good->host->base->drained(good->ctx);
	good->host->base->drained(good->ctx);	/* once counts */
}

static void
good_stop(void *self)
{
	struct good *good = self;

	if (good->out_last)
		*good->out_last = 'S';
	good->host->base->timer_cancel(good->ctx, &good->timer);
	if (good->pipe[0] >= 0) {
		good->host->base->watch_stop(good->ctx, &good->watch);
		close(good->pipe[0]);
		close(good->pipe[1]);
	}
	free(good);
}

static int
good_migrate(void *self, struct ow_fault *fault)
{
	(void)self;
	(void)fault;
	return OW_OK;
}

static void
good_run(void *self, const struct ow_txn *const *txns,
    uint32_t n_txns)
{
	(void)self;
	(void)txns;
	(void)n_txns;
}

static const struct ow_store good_store = {
	.size = sizeof(good_store),
	.migrate = good_migrate,
	.run = good_run,
};

static const struct ow_plugin good_plugin = {
	OW_PLUGIN_HEAD(OW_STORE),
	.name = "good",
	.version = "1.2",
	.summary = "Does nothing by every call there is",
	.options = good_options,
	.conf_size = sizeof(struct good_conf),
	.metrics = good_metrics,
	.load = good_load,
	.start = good_start,
	.drain = good_drain,
	.stop = good_stop,
	.ops.store = &good_store,
};

OW_EXPORT_PLUGIN(good_plugin);
