/* SPDX-License-Identifier: MIT */
/*
 * guest - see guest.h.
 *
 * The plugin finds the same host as in the server: the same loop, timers,
 * watches and helper threads, and fetchers with the same guard, so that its
 * connections and whatever else it leaks are this process'.  Log lines go
 * straight to stderr, which is the server's: the last words of a process must
 * not wait in a queue.  Settlements, reports, opts, hook answers and metrics
 * go through the socket.
 *
 * What the server says is trusted; what the plugin says is held to its form by
 * plug.c, and once more over there.
 */
#include "outbox/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/log.h"
#include "base/mem.h"
#include "outbox/boot.h"
#include "outbox/pipe.h"
#include "outbox/plug.h"
#include "plugin/outside.h"

#define SPARE_MAX 1024u		/* settled jobs that stay readable */

/* A plugin's view of a job.  One that is settled is blank, and is used again
   late, as in the server. */
struct guest_job {
	UT_hash_handle by_id, by_job;
	uint64_t id;
	const struct ow_job *key;	/* &job */
	struct ow_job job;
	struct arena arena;
	struct guest_job *next;		/* among the spare ones */
};

struct guest {
	struct loop *loop;
	struct pipe *pipe;
	struct plugin_entry entry;
	struct outside *outside;
	struct ow_ctx *ctx;		/* NULL: not started, or stopped */
	char *name;
	struct boot_text *texts;	/* that entry.conf points to */
	struct guest_job *by_id, *by_job;	/* those that are out */
	struct guest_job *spare, **spare_tail;
	uint32_t n_spare;
	int exit_code;
};

/* From another thread than the loop's. */
struct count {
	struct guest *guest;
	uint32_t metric;
	int64_t n;
};

static const struct ow_channel *
guest_ops(const struct guest *g)
{
	return g->entry.desc->ops.channel;
}

static void *
guest_self(const struct guest *g)
{
	return plugin_ctx_self(g->ctx);
}

static void
guest_say(struct guest *g, const struct wire_msg *m)
{
	if (pipe_send(g->pipe, m) == OW_OK)
		return;
	log_error("outbox", "the server does not read any more",
	    LOG_STR("instance", g->name));
	g->exit_code = 1;
	loop_stop(g->loop);
}

/* ---- What the plugin calls ---------------------------------------------- */

static void
host_settle(struct ow_ctx *ctx, const struct ow_job *job,
    const struct ow_outcome *out)
{
	struct guest *g = plugin_ctx_user(ctx);
	struct wire_msg m = { .type = WIRE_SETTLE };
	struct guest_job *j;

	if (!loop_is_here(g->loop)) {
		log_error("outbox", "a channel settles on a thread that is"
		    " not its own", LOG_STR("channel", g->name));
		return;
	}
	if (out != NULL && OW_HAS(out, verdict))
		m.outcome.verdict = out->verdict;
	if (out != NULL && OW_HAS(out, retry_after_ms))
		m.outcome.retry_after_ms = out->retry_after_ms;
	if (out != NULL && OW_HAS(out, ref))
		m.outcome.ref = out->ref;
	if (out != NULL && OW_HAS(out, detail))
		m.outcome.detail = out->detail;
	HASH_FIND(by_job, g->by_job, &job, sizeof(job), j);
	m.id = j != NULL ? j->id : 0;	/* 0: twice, or never got */
	guest_say(g, &m);
	if (j == NULL)
		return;
	HASH_DELETE(by_id, g->by_id, j);
	HASH_DELETE(by_job, g->by_job, j);
	arena_done(&j->arena);
	arena_init(&j->arena);
	plug_job_blank(&j->job);
	j->next = NULL;
	*g->spare_tail = j;
	g->spare_tail = &j->next;
	g->n_spare++;
}

static void
host_report(struct ow_ctx *ctx, const char *ref,
    const struct ow_outcome *out)
{
	struct guest *g = plugin_ctx_user(ctx);

	if (loop_is_here(g->loop) && ref != NULL && out != NULL)
		guest_say(g, &(struct wire_msg){ .type = WIRE_REPORT,
		    .report = { ref, *out } });
}

static void
host_opt(struct ow_ctx *ctx, const char *identity, bool in, const char *why)
{
	struct guest *g = plugin_ctx_user(ctx);

	if (loop_is_here(g->loop) && identity != NULL)
		guest_say(g, &(struct wire_msg){ .type = WIRE_OPT,
		    .opt = { identity, in, why } });
}

static void
say_count(struct guest *g, uint32_t metric, int64_t n)
{
	guest_say(g, &(struct wire_msg){ .type = WIRE_ADD,
	    .add = { (int32_t)metric, n } });
}

static void
count_home(void *arg)
{
	struct count c = *(struct count *)arg;

	free(arg);
	say_count(c.guest, c.metric, c.n);
}

static void
guest_add(void *user, uint32_t metric, int64_t n)
{
	struct guest *g = user;
	struct count *c;

	if (loop_is_here(g->loop)) {
		say_count(g, metric, n);
		return;
	}
	c = mem_alloc(sizeof(*c));
	*c = (struct count){ g, metric, n };
	loop_post(g->loop, count_home, c);
}

static const struct ow_host_outbox host_outbox = {
	.size = sizeof(struct ow_host_outbox),
	.settle = host_settle,
	.report = host_report,
	.opt = host_opt,
	.hook_header = plug_hook_header,
	.hook_param = plug_hook_param,
	.hook_form = plug_hook_form,
	.hook_answer = plug_hook_answer,
};

/* ---- Beginning ---------------------------------------------------------- */

static int
begin_plugin(struct guest *g, const struct wire_start *s,
    struct ow_fault *fault)
{
	struct plugin_tables tables = {
		.net = outside_host(), .outbox = &host_outbox,
		.add = guest_add,
	};
	int err;

	err = boot_entry(&g->entry, &g->texts, s, fault);
	g->name = mem_dup(s->name);
	g->entry.name = g->name;
	if (err == OW_OK)
		err = outside_new(g->loop, s->private_allow, &g->outside,
		    fault);
	tables.outside = g->outside;
	if (err == OW_OK)
		err = plugin_start(&g->entry, g->loop, NULL, &tables, g,
		    &g->ctx, fault);
	return err;
}

/* What it says of itself; m points into own. */
static int
introduce(struct guest *g, struct wire_started *m, struct arena *arena,
    struct ow_address *own, struct ow_fault *fault)
{
	const struct ow_metric *table = g->entry.desc->metrics;
	const char *wanted;
	char type[16];
	uint32_t n = 0, i;

	m->hook_name = plug_hook_name(guest_ops(g), guest_self(g));
	m->public_key = plug_public_key(guest_ops(g), guest_self(g));
	while (table != NULL && table[n].name != NULL)
		n++;
	m->metrics.n = n;
	m->metrics.list = arena_alloc(arena, (n + 1) *
	    sizeof(*m->metrics.list));
	for (i = 0; i < n; i++) {
		(void)snprintf(type, sizeof(type), "%d", (int)table[i].type);
		m->metrics.list[i].name = table[i].name;
		m->metrics.list[i].value = arena_dup(arena, type);
	}
	wanted = plug_own_address(guest_ops(g), guest_self(g));
	if (wanted == NULL)
		return OW_OK;
	m->err = plug_check(guest_ops(g), guest_self(g), wanted, own, fault);
	m->own = own->text;
	m->own_identity = own->identity;
	m->own_hint = own->hint;
	return m->err;
}

static void
take_start(struct guest *g, const struct wire_msg *msg)
{
	struct wire_msg m = { .type = WIRE_STARTED };
	struct ow_address own;
	struct ow_fault fault;
	struct arena arena;

	fault.text[0] = '\0';
	arena_init(&arena);
	boot_log(&msg->start);
	if (msg->start.version != WIRE_VERSION) {
		(void)snprintf(fault.text, sizeof(fault.text),
		    "orderwire-plugin-host is of another version than the"
		    " server");
		m.started.err = OW_EUNSUP;
	} else {
		m.started.err = begin_plugin(g, &msg->start, &fault);
	}
	if (m.started.err == OW_OK)
		m.started.err = introduce(g, &m.started, &arena, &own,
		    &fault);
	m.started.fault = m.started.err != OW_OK ? fault.text : "";
	guest_say(g, &m);
	arena_done(&arena);
}

/* ---- What the server says ----------------------------------------------- */

static void
take_check(struct guest *g, const struct wire_msg *msg)
{
	struct wire_msg m = { .type = WIRE_CHECKED, .id = msg->id };
	struct ow_address out;
	struct ow_fault fault;

	m.checked.err = plug_check(guest_ops(g), guest_self(g), msg->wanted,
	    &out, &fault);
	m.checked.text = out.text;
	m.checked.identity = out.identity;
	m.checked.hint = out.hint;
	m.checked.fault = m.checked.err != OW_OK ? fault.text : "";
	guest_say(g, &m);
}

static void
job_copy(struct guest_job *j, const struct ow_job *from)
{
	static const size_t texts[] = {
		offsetof(struct ow_job, key), offsetof(struct ow_job, address),
		offsetof(struct ow_job, tenant),
		offsetof(struct ow_job, locale),
		offsetof(struct ow_job, order_id),
		offsetof(struct ow_job, notice_id),
		offsetof(struct ow_job, topic), offsetof(struct ow_job, group),
		offsetof(struct ow_job, title), offsetof(struct ow_job, text),
		offsetof(struct ow_job, html), offsetof(struct ow_job, url),
		offsetof(struct ow_job, receipt),
		offsetof(struct ow_job, receipt_url),
		offsetof(struct ow_job, unsubscribe_url),
	};
	const char **text;
	size_t i;

	j->job = *from;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		text = (const char **)((char *)&j->job + texts[i]);
		*text = arena_dup(&j->arena, *text);
	}
	j->job.event.p = arena_dupn(&j->arena, from->event.p, from->event.n);
}

static void
take_deliver(struct guest *g, const struct wire_msg *msg)
{
	struct guest_job *j = g->spare;

	if (g->n_spare > SPARE_MAX) {
		g->spare = j->next;
		g->n_spare--;
	} else {
		j = mem_alloc(sizeof(*j));
		arena_init(&j->arena);
	}
	j->id = msg->id;
	j->key = &j->job;
	job_copy(j, &msg->job);
	j->job.deadline_ms += loop_now_ms(g->loop);
	HASH_ADD(by_id, g->by_id, id, sizeof(j->id), j);
	HASH_ADD(by_job, g->by_job, key, sizeof(j->key), j);
	guest_ops(g)->deliver(guest_self(g), &j->job);
}

static void
take_cancel(struct guest *g, const struct wire_msg *msg)
{
	const struct ow_channel *ops = guest_ops(g);
	struct guest_job *j;

	HASH_FIND(by_id, g->by_id, &msg->id, sizeof(msg->id), j);
	if (j != NULL && OW_HAS(ops, cancel) && ops->cancel != NULL)
		ops->cancel(guest_self(g), &j->job);
}

static void
take_hook(struct guest *g, const struct wire_msg *msg)
{
	struct wire_msg m = { .type = WIRE_ANSWER, .id = msg->id };
	struct hook *h = hook_new(g->loop, NULL, NULL);

	h->method = msg->hook.method;
	h->url = msg->hook.url;
	h->query = msg->hook.query;
	h->body = msg->hook.body;
	h->n_headers = msg->hook.headers.n;
	h->headers = msg->hook.headers.list;
	plug_hook(guest_ops(g), guest_self(g), h, g->name);
	m.answer = (struct wire_answer){ h->status, h->content_type,
	    h->answer };
	if (h->answer.n > WIRE_REPLY / 2) {
		log_error("outbox", "a channel's answer to a hook is too long",
		    LOG_STR("channel", g->name));
		m.answer = (struct wire_answer){ .status = 500 };
	}
	guest_say(g, &m);
	hook_free(&h);
}

static void
guest_drained(void *arg)
{
	guest_say(arg, &(struct wire_msg){ .type = WIRE_DRAINED });
}

static int
guest_take(void *arg, const struct wire_msg *m)
{
	struct guest *g = arg;

	if (m->type == WIRE_STOP) {
		loop_stop(g->loop);
		return OW_OK;
	}
	if (m->type == WIRE_START) {
		OW_ASSERT(g->name == NULL);
		take_start(g, m);
		return OW_OK;
	}
	if (m->type == WIRE_PING) {
		guest_say(g, &(struct wire_msg){ .type = WIRE_PONG,
		    .id = m->id });
		return OW_OK;
	}
	if (g->ctx == NULL)
		return OW_OK;		/* it refused to start */
	switch (m->type) {
	case WIRE_CHECK:
		take_check(g, m);
		break;
	case WIRE_DELIVER:
		take_deliver(g, m);
		break;
	case WIRE_CANCEL:
		take_cancel(g, m);
		break;
	case WIRE_HOOK:
		take_hook(g, m);
		break;
	case WIRE_DRAIN:
		plugin_drain(g->ctx, m->after_ms, guest_drained, g);
		break;
	default:
		break;
	}
	return OW_OK;
}

/* The server is no more. */
static void
guest_broken(void *arg, const char *why)
{
	struct guest *g = arg;

	(void)why;
	g->exit_code = 1;
	loop_stop(g->loop);
}

/* ---- Life --------------------------------------------------------------- */

static void
guest_free(struct guest *g)
{
	struct guest_job *j, *next;

	HASH_CLEAR(by_job, g->by_job);
	HASH_ITER(by_id, g->by_id, j, next) {
		HASH_DELETE(by_id, g->by_id, j);
		arena_done(&j->arena);
		free(j);
	}
	while ((j = g->spare) != NULL) {
		g->spare = j->next;
		arena_done(&j->arena);
		free(j);
	}
	boot_wipe(&g->texts);
	free(g->entry.conf);
	free(g->name);
}

int
guest_run(int fd)
{
	struct pipe_conf conf = {
		.fd = fd, .is_channel = true, .take = guest_take,
		.broken = guest_broken,
	};
	struct guest g = { .exit_code = 0 };

	g.spare_tail = &g.spare;
	g.loop = loop_new("plugin");
	if (g.loop == NULL)
		return 1;
	conf.loop = g.loop;
	conf.arg = &g;
	g.pipe = pipe_new(&conf);
	loop_run(g.loop);
	plugin_stop(&g.ctx);
	pipe_flush(g.pipe);		/* what stop() counted */
	pipe_free(&g.pipe);
	outside_free(&g.outside);
	loop_free(&g.loop);
	guest_free(&g);
	return g.exit_code;
}
