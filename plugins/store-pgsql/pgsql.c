/* SPDX-License-Identifier: MIT */
/*
 * store-pgsql - keeps everything in PostgreSQL, for one node or many.
 *
 * One connection in pipeline mode carries all: changes in groups, each group
 * one implicit transaction that ends with its Sync, and questions between
 * them.  A change is settled as OW_OK when the answer to its Sync is there;
 * the server gives it after its log is on the disk (synchronous_commit).
 *
 * While the server is away run() answers OW_EAGAIN at once; nothing is kept
 * for later.  What was on its way when a connection broke may or may not have
 * been written, and is settled as OW_EIO: the host reads and knows.
 */
#include "pgsql.h"

#include <stdio.h>
#include <stdlib.h>

static const struct ow_option pgsql_options[] = {
	OW_SECRET(struct pgsql_conf, conninfo, OW_REQUIRED,
	    "How to reach the database: a libpq connection string or URI."),
	OW_INT(struct pgsql_conf, batch, "32", 1, BATCH_MAX,
	    "Changes in one transaction of the server's."),
	OW_INT(struct pgsql_conf, inflight, "4", 1, 64,
	    "Transactions on their way at once."),
	OW_MS(struct pgsql_conf, connect_timeout_ms, "5s", 100, 300000,
	    "How long connecting may take."),
	OW_MS(struct pgsql_conf, retry_max_ms, "5s", 100, 300000,
	    "The longest pause between two attempts to connect."),
	OW_OPTIONS_END
};

static const struct ow_metric pgsql_metrics[] = {
	[PGSQL_M_LOST] = { "lost_total", OW_COUNTER,
	    "Connections lost, and attempts that failed." },
	[PGSQL_M_GROUPS] = { "groups_total", OW_COUNTER,
	    "Groups of transactions sent to the server." },
	[PGSQL_M_REPEATED] = { "repeated_total", OW_COUNTER,
	    "Groups repeated in parts because a member failed." },
	OW_METRICS_END
};

void
pgsql_say(struct pgsql *p, bool is_up, const char *why)
{
	if (p->is_told_down == !is_up)
		return;
	p->is_told_down = !is_up;
	p->host->store->state(p->ctx, is_up, why);
}

static int
pgsql_load(struct ow_ctx *ctx, const struct ow_host *host,
    const void *conf, void **out_self, struct ow_fault *f)
{
	const struct pgsql_conf *c = conf;
	PQconninfoOption *parsed;
	struct pgsql *p;

	if (!OW_HAS(host->base, watch_stop)) {
		(void)snprintf(f->text, sizeof(f->text),
		    "this plugin needs a newer orderwired");
		return OW_EUNSUP;
	}
	/* Its complaint may quote the password, so it is not passed on. */
	parsed = PQconninfoParse(c->conninfo, NULL);
	if (!parsed) {
		(void)snprintf(f->text, sizeof(f->text),
		    "conninfo: not a valid connection string");
		return OW_EINVAL;
	}
	PQconninfoFree(parsed);
	p = calloc(1, sizeof(*p));
	if (!p) {
		(void)snprintf(f->text, sizeof(f->text), "out of memory");
		return OW_EAGAIN;
	}
	p->ctx = ctx;
	p->host = host;
	p->conf = c;
	(void)snprintf(p->why, sizeof(p->why), "not connected yet");
	pipe_init(p);
	*out_self = p;
	return OW_OK;
}

/* The connection is made by migrate(): statements need their tables. */
static int
pgsql_start(void *self, struct ow_fault *f)
{
	(void)self;
	(void)f;
	return OW_OK;
}

static int
pgsql_migrate(void *self, struct ow_fault *f)
{
	struct pgsql *p = self;
	int err;

	err = schema_migrate(p, f);
	if (err || p->state != LINK_OFF)
		return err;
	p->host->base->timer_cancel(p->ctx, &p->timer);
	link_start(p);
	return link_wait(p, f);
}

static void
pgsql_run(void *self, const struct ow_txn *const *txns,
    uint32_t n_txns)
{
	pipe_add(self, txns, n_txns);
	pipe_send(self);
}

static void
pgsql_drain(void *self)
{
	struct pgsql *p = self;

	if (pipe_is_idle(p))
		p->host->base->drained(p->ctx);
	else
		p->is_draining = true;
}

static void
pgsql_stop(void *self)
{
	struct pgsql *p = self;

	p->host->base->timer_cancel(p->ctx, &p->probe);
	link_stop(p);
	pipe_done(p);
	free(p);
}

static const struct ow_store pgsql_ops = {
	.size = sizeof(struct ow_store),
	.migrate = pgsql_migrate,
	.run = pgsql_run,
};

static const struct ow_plugin pgsql_plugin = {
	OW_PLUGIN_HEAD(OW_STORE),
	.name = "store-pgsql",
	.version = "1.0",
	.summary = "Keeps everything in PostgreSQL.",
	.options = pgsql_options,
	.conf_size = sizeof(struct pgsql_conf),
	.metrics = pgsql_metrics,
	.load = pgsql_load,
	.start = pgsql_start,
	.drain = pgsql_drain,
	.stop = pgsql_stop,
	.ops.store = &pgsql_ops,
};

OW_EXPORT_PLUGIN(pgsql_plugin);
