/* SPDX-License-Identifier: MIT */
/*
 * store-sqlite - keeps everything in one file on this machine, by SQLite.
 *
 * The default store: it needs no server.  It does not serve several nodes at
 * once; that is store-pgsql's business.
 *
 * Everything happens inside of run(), which blocks the store's loop for as
 * long as the disk takes; nothing is ever in flight.  When writes fail for a
 * reason that concerns all of them (disk full, read-only, I/O error) the host
 * is told, and a timer tries a small write until it succeeds.
 */
#include "sqlite.h"

#include <stdio.h>
#include <stdlib.h>

#define PROBE_MS 1000

static const struct ow_option sqlite_options[] = {
	OW_STR(struct sqlite_conf, path, OW_REQUIRED,
	    "The database file; made if it is not there."),
	OW_MS(struct sqlite_conf, busy_timeout_ms, "2s", 0, 60000,
	    "How long to wait for another program's lock."),
	OW_BYTES(struct sqlite_conf, cache_max, "64m", 65536, 1LL << 40,
	    "Memory for pages of the database."),
	OW_INT(struct sqlite_conf, checkpoint_pages, "2000", 100, 1000000,
	    "Pages in the log before they are moved into the database."),
	OW_OPTIONS_END
};

static const struct ow_metric sqlite_metrics[] = {
	[SQLITE_M_DOWN] = { "down_total", OW_COUNTER,
	    "Times that writes became impossible." },
	[SQLITE_M_CHECKPOINTS] = { "checkpoints_total", OW_COUNTER,
	    "Times the log was moved into the database." },
	[SQLITE_M_ROLLED_BACK] = { "rolled_back_total", OW_COUNTER,
	    "Batches that were taken back as a whole." },
	OW_METRICS_END
};

static void
sqlite_probe(void *arg)
{
	struct sqlite *s = arg;

	s->probe = NULL;
	if (!file_probe(s))
		sqlite_up(s);
	else
		s->probe = s->host->base->timer_start(s->ctx, PROBE_MS,
		    sqlite_probe, s);
}

void
sqlite_down(struct sqlite *s, const char *why)
{
	if (s->is_down)
		return;
	s->is_down = true;
	s->host->base->add(s->ctx, SQLITE_M_DOWN, 1);
	s->probe = s->host->base->timer_start(s->ctx, PROBE_MS, sqlite_probe,
	    s);
	s->host->store->state(s->ctx, false, why);
}

void
sqlite_up(struct sqlite *s)
{
	if (!s->is_down)
		return;
	s->is_down = false;
	s->host->base->timer_cancel(s->ctx, &s->probe);
	s->host->store->state(s->ctx, true, "writes succeed again");
}

static int
sqlite_load(struct ow_ctx *ctx, const struct ow_host *host,
    const void *conf, void **out_self, struct ow_fault *f)
{
	const struct sqlite_conf *c = conf;
	struct sqlite *s;
	int err;

	err = file_check(c->path, f);
	if (err)
		return err;
	s = calloc(1, sizeof(*s));
	if (s)
		s->answer = answer_new();
	if (!s || !s->answer) {
		free(s);
		(void)snprintf(f->text, sizeof(f->text), "out of memory");
		return OW_EAGAIN;
	}
	s->ctx = ctx;
	s->host = host;
	s->conf = c;
	*out_self = s;
	return OW_OK;
}

static int
sqlite_start(void *self, struct ow_fault *f)
{
	struct sqlite *s = self;

	s->stmts = calloc(s->host->store->n_stmts + 1, sizeof(*s->stmts));
	if (!s->stmts) {
		(void)snprintf(f->text, sizeof(f->text), "out of memory");
		return OW_EAGAIN;
	}
	return file_open(s, f);
}

static int
sqlite_migrate(void *self, struct ow_fault *f)
{
	return file_migrate(self, f);
}

static void
sqlite_run(void *self, const struct ow_txn *const *txns,
    uint32_t n_txns)
{
	batch_run(self, txns, n_txns);
}

static void
sqlite_drain(void *self)
{
	struct sqlite *s = self;

	s->host->base->drained(s->ctx);	/* nothing is ever in flight */
}

static void
sqlite_stop(void *self)
{
	struct sqlite *s = self;

	s->host->base->timer_cancel(s->ctx, &s->probe);
	file_close(s);
	answer_free(&s->answer);
	free(s);
}

static const struct ow_store sqlite_ops = {
	.size = sizeof(struct ow_store),
	.migrate = sqlite_migrate,
	.run = sqlite_run,
};

static const struct ow_plugin sqlite_plugin = {
	OW_PLUGIN_HEAD(OW_STORE),
	.name = "store-sqlite",
	.version = "1.0",
	.summary = "Keeps everything in one file, by SQLite.",
	.options = sqlite_options,
	.conf_size = sizeof(struct sqlite_conf),
	.metrics = sqlite_metrics,
	.load = sqlite_load,
	.start = sqlite_start,
	.drain = sqlite_drain,
	.stop = sqlite_stop,
	.ops.store = &sqlite_ops,
};

OW_EXPORT_PLUGIN(sqlite_plugin);
