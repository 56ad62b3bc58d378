/* SPDX-License-Identifier: MIT */
/*
 * remote - a channel in a process of its own (`isolate`): what a plugin does to
 * its process, it does not do to ours.
 *
 * A process that ends, does not answer PINGS_MAX pings, or says what cannot be
 * is killed; what it had in hand is handed back as an attempt that may have
 * arrived, and another one is begun, later each time.  After CRASHES_MAX in a
 * row the breaker opens, too.
 *
 * Invariants: errands are there only while a process is, or is not gone yet;
 * the timer is that of the start, the next ping, the end's grace or the next
 * process.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "outbox/remote.h"

#define PING_MS 2000
#define PINGS_MAX 4u		/* without an answer: it hangs */
#define START_MS 10000		/* for load() and start() */
#define STOP_MS 1000		/* for stop() */
#define GRACE_MS 1000		/* from a closed socket to the end */
#define HOOKS_QUEUE ((size_t)16 << 20)	/* more waits: no hooks */
#define STEADY_MS 60000		/* a life so long begins a new row */
#define CRASHES_MAX 3u		/* in a row */
#define AGAIN_MIN_MS 250	/* until another one is begun; doubled */
#define AGAIN_MAX_MS 60000

static void begin_again(void *arg);

/* ---- The end of a process ----------------------------------------------- */

static void
set_state(struct remote *r, enum remote_state state)
{
	struct channel *ch = r->channel;

	r->state = state;
	ch->is_away = state != REMOTE_RUNS;
	if (state == REMOTE_RUNS && ch->kind != NULL) {
		ch->kind->is_asked = true;
		outbox_turn(ch->outbox);
	}
	channel_process(ch, state == REMOTE_RUNS ? r->process.pid : 0,
	    r->n_crashes, r->why);
}

void
remote_drained(void *arg)
{
	struct remote *r = arg;
	void (*drained)(void *) = r->drained;

	if (drained == NULL)
		return;
	loop_timer_cancel(&r->drain_timer);
	r->drained = NULL;
	drained(r->drained_arg);
}

static void
process_forget(struct remote *r)
{
	pipe_free(&r->pipe);
	if (r->gone != NULL)
		event_free(r->gone);
	r->gone = NULL;
	loop_timer_cancel(&r->timer);
}

static int64_t
again_ms(const struct remote *r)
{
	int64_t ms = AGAIN_MIN_MS;
	uint32_t i;

	for (i = 1; i < r->n_row && ms < AGAIN_MAX_MS; i++)
		ms *= 2;
	return ms < AGAIN_MAX_MS ? ms : AGAIN_MAX_MS;
}

/* There is none now, and there should be. */
static void
crashed(struct remote *r)
{
	struct channel *ch = r->channel;
	int64_t now_ms = outbox_now(ch->outbox);

	if (now_ms - r->began_ms >= STEADY_MS)
		r->n_row = 0;
	r->n_row++;
	r->n_crashes++;
	set_state(r, REMOTE_AWAY);
	log_error("outbox", "a channel's process ended", LOG_STR("channel",
	    ch->name), LOG_STR("why", r->why), LOG_INT("in_a_row", r->n_row),
	    LOG_INT("in_hand", (int64_t)HASH_COUNT(r->errands)));
	channel_crashed(ch, r->n_row >= CRASHES_MAX, r->why);
	errands_end(r);
	r->timer = loop_timer_start(ch->outbox->conf.loop, again_ms(r),
	    begin_again, r);
}

static void
process_gone(struct remote *r)
{
	char how[PROCESS_WHY];

	if (r->process.pid == 0)
		return;
	/* What it said before it ended counts. */
	if (r->state == REMOTE_RUNS || r->state == REMOTE_STARTS)
		pipe_read_rest(r->pipe);
	if (!process_reap(&r->process, how))
		return;
	if (r->state != REMOTE_ENDS || r->why[0] == '\0')
		(void)snprintf(r->why, sizeof(r->why),
		    "the plugin's process %s", how);
	process_forget(r);
	if (!r->is_draining && (!r->is_first || r->refused == OW_OK)) {
		crashed(r);
		return;
	}
	set_state(r, REMOTE_AWAY);
	errands_end(r);
	remote_drained(r);
}

static void
on_gone(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	process_gone(arg);
}

void
remote_end(struct remote *r, const char *why)
{
	if (r->state != REMOTE_STARTS && r->state != REMOTE_RUNS)
		return;
	(void)snprintf(r->why, sizeof(r->why), "the plugin's process was "
	    "ended: %s", why);
	set_state(r, REMOTE_ENDS);
	loop_timer_cancel(&r->timer);
	process_kill(&r->process);
}

static void
closed_late(void *arg)
{
	struct remote *r = arg;

	r->timer = NULL;
	(void)snprintf(r->why, sizeof(r->why), "the plugin's process was"
	    " ended: it closed its socket");
	process_kill(&r->process);
}

static void
remote_broken(void *arg, const char *why)
{
	struct remote *r = arg;

	if (why != NULL) {
		remote_end(r, why);
		return;
	}
	if (r->state != REMOTE_STARTS && r->state != REMOTE_RUNS)
		return;
	/* Its descriptors are closed first, then it is told how it ended. */
	r->why[0] = '\0';
	set_state(r, REMOTE_ENDS);
	loop_timer_cancel(&r->timer);
	r->timer = loop_timer_start(r->channel->outbox->conf.loop, GRACE_MS,
	    closed_late, r);
}

/* ---- What it is told ---------------------------------------------------- */

static void
say(struct remote *r, const struct wire_msg *m)
{
	if (pipe_send(r->pipe, m) != OW_OK)
		remote_end(r, "it does not read what it is sent");
}

static void
ping(void *arg)
{
	struct remote *r = arg;

	r->timer = NULL;
	if (r->n_pings >= PINGS_MAX) {
		remote_end(r, "it hangs");
		return;
	}
	r->n_pings++;
	say(r, &(struct wire_msg){ .type = WIRE_PING });
	if (r->state == REMOTE_RUNS)
		r->timer = loop_timer_start(r->channel->outbox->conf.loop,
		    PING_MS, ping, r);
}

void
remote_runs(struct remote *r)
{
	struct loop *loop = r->channel->outbox->conf.loop;

	r->n_pings = 0;
	r->began_ms = loop_now_ms(loop);
	loop_timer_cancel(&r->timer);
	r->timer = loop_timer_start(loop, PING_MS, ping, r);
	set_state(r, REMOTE_RUNS);
	if (r->n_crashes > 0)
		log_notice("outbox", "a channel's process runs again",
		    LOG_STR("channel", r->channel->name), LOG_INT("pid",
		    r->process.pid));
}

static void
start_late(void *arg)
{
	struct remote *r = arg;

	r->timer = NULL;
	remote_end(r, "its start took too long");
}

static void
option_text(struct arena *a, const struct ow_option *o, const char *conf,
    struct ow_header *out)
{
	char number[24];
	const char *s;
	int64_t i;
	bool yes;

	out->name = o->name;
	switch (o->type) {
	case OW_T_BOOL:
		memcpy(&yes, conf + o->offset, sizeof(yes));
		out->value = yes ? "1" : "0";
		break;
	case OW_T_INT:
	case OW_T_MS:
	case OW_T_BYTES:
		memcpy(&i, conf + o->offset, sizeof(i));
		(void)snprintf(number, sizeof(number), "%lld", (long long)i);
		out->value = arena_dup(a, number);
		break;
	default:
		memcpy(&s, conf + o->offset, sizeof(s));
		out->value = s;
	}
}

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

static void
say_start(struct remote *r)
{
	const struct plugin_entry *e = r->channel->entry;
	const struct settings *set = r->channel->outbox->conf.set;
	const struct ow_option *table = e->desc->options;
	struct wire_msg m = { .type = WIRE_START, .start = {
		.version = WIRE_VERSION, .name = e->name, .path = e->path,
		.user = or_empty(set->server.user),
		.log_format = or_empty(set->log.format),
		.log_level = or_empty(set->log.level),
		.private_allow = or_empty(set->outbox.private_allow),
	} };
	struct wire_pairs *options = &m.start.options;
	struct arena arena;
	uint32_t n = 0;

	while (table[n].name != NULL)
		n++;
	arena_init(&arena);
	options->list = arena_alloc(&arena, (n + 1) * sizeof(*options->list));
	for (; options->n < n; options->n++)
		option_text(&arena, &table[options->n], e->conf,
		    &options->list[options->n]);
	say(r, &m);
	arena_done(&arena);
}

/* ---- The beginning ------------------------------------------------------ */

static int
begin(struct remote *r, struct ow_fault *fault)
{
	struct channel *ch = r->channel;
	struct pipe_conf conf = {
		.loop = ch->outbox->conf.loop, .take = remote_hear,
		.broken = remote_broken, .arg = r,
	};
	int err;

	fault->text[0] = '\0';
	err = process_spawn(ch->name, ch->entry->path, &r->process, fault);
	if (err != OW_OK)
		return err;
	r->began_ms = outbox_now(ch->outbox);
	r->refused = OW_OK;
	conf.fd = r->process.fd;
	r->pipe = pipe_new(&conf);
	r->gone = event_new(loop_base(conf.loop), r->process.pidfd, EV_READ |
	    EV_PERSIST, on_gone, r);
	OW_ASSERT(r->gone != NULL && event_add(r->gone, NULL) == 0);
	set_state(r, REMOTE_STARTS);
	say_start(r);
	return OW_OK;
}

static void
begin_again(void *arg)
{
	struct remote *r = arg;
	struct ow_fault fault;

	r->timer = NULL;
	if (r->is_draining)
		return;
	if (begin(r, &fault) != OW_OK) {
		(void)snprintf(r->why, sizeof(r->why), "%.199s", fault.text);
		crashed(r);
		return;
	}
	r->timer = loop_timer_start(r->channel->outbox->conf.loop, START_MS,
	    start_late, r);
}

/* No loop runs yet, so it is waited for.  A refusal refuses the server's
   start, as everywhere; a crash is what the process is there for. */
static int
remote_start(struct channel *ch, const struct plugin_entry *e,
    struct outside *outside, struct ow_fault *fault)
{
	struct remote *r = mem_alloc(sizeof(*r));
	int64_t until_ms;
	int err;

	(void)outside;
	r->channel = ch;
	ch->impl = r;
	if (e->desc->metrics != NULL && ch->outbox->conf.metrics != NULL)
		r->metrics = metric_set_new(ch->outbox->conf.metrics,
		    e->desc->name, e->desc->metrics, "instance", e->name);
	err = begin(r, fault);
	if (err != OW_OK)
		return err;
	r->is_first = true;
	until_ms = process_now_ms() + START_MS;
	while (r->state == REMOTE_STARTS && process_now_ms() < until_ms &&
	    !process_has_ended(&r->process))
		pipe_wait(r->pipe, 20);
	if (r->state == REMOTE_RUNS) {
		r->is_first = false;
		return OW_OK;
	}
	if (r->state == REMOTE_STARTS && !process_has_ended(&r->process))
		start_late(r);
	process_wait(&r->process, GRACE_MS);
	process_gone(r);
	r->is_first = false;
	if (r->refused == OW_OK)
		return OW_OK;
	(void)snprintf(fault->text, sizeof(fault->text), "%s", r->why);
	return r->refused;
}

/* ---- What the outbox calls ---------------------------------------------- */

static void
remote_check(struct channel *ch, const char *wanted,
    struct channel_check *check)
{
	struct remote *r = ch->impl;
	struct errand *e;

	if (r->state != REMOTE_RUNS) {
		errand_fail_check(check);
		return;
	}
	e = errand_new(r);
	e->check = check;
	say(r, &(struct wire_msg){ .type = WIRE_CHECK, .id = e->id,
	    .wanted = wanted });
}

static void
remote_deliver(struct channel *ch, const struct ow_job *job)
{
	struct wire_msg m = { .type = WIRE_DELIVER, .job = *job };
	struct remote *r = ch->impl;
	struct errand *e;

	if (r->state != REMOTE_RUNS) {
		channel_return(ch, job, r->why);
		return;
	}
	e = errand_new(r);
	e->job = job;
	m.id = e->id;
	/* Its clock is another one. */
	m.job.deadline_ms -= outbox_now(ch->outbox);
	say(r, &m);
}

static void
remote_cancel(struct channel *ch, const struct ow_job *job)
{
	struct remote *r = ch->impl;
	struct errand *e, *next;

	if (r->state != REMOTE_RUNS)
		return;
	HASH_ITER(hh, r->errands, e, next)
		if (e->job == job)
			say(r, &(struct wire_msg){ .type = WIRE_CANCEL,
			    .id = e->id });
}

static void
remote_hook(struct channel *ch, struct hook *h)
{
	struct remote *r = ch->impl;
	struct errand *e;
	struct wire_msg m = { .type = WIRE_HOOK, .hook = {
		.method = h->method, .url = h->url, .query = h->query,
		.body = h->body, .headers = { h->n_headers, h->headers },
	} };

	if (r->state != REMOTE_RUNS || pipe_queued(r->pipe) > HOOKS_QUEUE) {
		errand_fail_hook(h);
		return;
	}
	if (m.hook.headers.n > WIRE_PAIRS)
		m.hook.headers.n = WIRE_PAIRS;
	e = errand_new(r);
	e->hook = h;
	m.id = e->id;
	say(r, &m);
}

static void
drain_late(void *arg)
{
	struct remote *r = arg;

	r->drain_timer = NULL;
	log_warn("outbox", "a channel's process is not drained in time; what"
	    " is in flight is cut off", LOG_STR("channel", r->channel->name));
	remote_drained(r);
}

static void
drain_none(void *arg)
{
	struct remote *r = arg;

	r->drain_timer = NULL;
	remote_drained(r);
}

static void
remote_drain(struct channel *ch, int64_t after_ms, void (*done)(void *),
    void *arg)
{
	struct loop *loop = ch->outbox->conf.loop;
	struct remote *r = ch->impl;

	r->is_draining = true;
	r->drained = done;
	r->drained_arg = arg;
	if (r->state == REMOTE_RUNS)
		say(r, &(struct wire_msg){ .type = WIRE_DRAIN,
		    .after_ms = after_ms });
	else
		loop_timer_cancel(&r->timer);
	r->drain_timer = loop_timer_start(loop, r->state == REMOTE_RUNS ?
	    after_ms : 0, r->state == REMOTE_RUNS ? drain_late : drain_none,
	    r);
}

static void
remote_stop(struct channel *ch)
{
	struct remote *r = ch->impl;

	ch->impl = NULL;
	if (r == NULL)
		return;
	r->is_draining = true;
	if (r->state == REMOTE_RUNS) {
		say(r, &(struct wire_msg){ .type = WIRE_STOP });
		pipe_flush(r->pipe);
		process_end(&r->process, STOP_MS);
	} else {
		process_end(&r->process, 0);
	}
	process_forget(r);
	loop_timer_cancel(&r->drain_timer);
	errands_forget(r);
	metric_set_free(&r->metrics);
	free(r);
}

const struct channel_ops channel_remote = {
	.start = remote_start, .check = remote_check,
	.deliver = remote_deliver, .cancel = remote_cancel,
	.hook = remote_hook, .drain = remote_drain, .stop = remote_stop,
};
