/* SPDX-License-Identifier: MIT */
/*
 * hear - what a channel's process says.
 *
 * Nothing of it is trusted: wire.c has held it to its form, here its numbers
 * are looked up among those that were given out.  What cannot be ends the
 * process; what may be, if it is only silly (a job settled twice, a verdict
 * that does not exist), is judged as for a plugin in our own process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "outbox/remote.h"

static int
nonsense(struct remote *r, const char *what)
{
	remote_end(r, what);
	return OW_EINVAL;
}

static int
take_checked(struct remote *r, const struct wire_msg *m)
{
	struct errand *e = errand_find(r, m->id);
	struct channel_check *check;
	struct ow_address out = { .size = sizeof(out) };
	struct ow_fault fault;
	int err = m->checked.err;

	if (e == NULL || e->check == NULL)
		return nonsense(r, "it answers a check that nobody asked for");
	check = e->check;
	errand_free(r, e);
	(void)snprintf(out.text, sizeof(out.text), "%s", m->checked.text);
	(void)snprintf(out.identity, sizeof(out.identity), "%s",
	    m->checked.identity);
	(void)snprintf(out.hint, sizeof(out.hint), "%s", m->checked.hint);
	(void)snprintf(fault.text, sizeof(fault.text), "%s",
	    m->checked.fault);
	if (err > 0 || err < OW_EUNSUP)
		err = OW_EINVAL;
	check->done(check, err, &out, &fault);
	return OW_OK;
}

static int
take_settle(struct remote *r, const struct wire_msg *m)
{
	struct errand *e = errand_find(r, m->id);
	const struct ow_job *job = NULL;

	if (m->id > r->last_id || (e != NULL && e->job == NULL))
		return nonsense(r, "it settles what it never got");
	if (e != NULL) {
		job = e->job;
		errand_free(r, e);
	}
	/* NULL is counted as settled twice. */
	channel_settle(r->channel, job, &m->outcome);
	return OW_OK;
}

static bool
is_line(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static int
take_answer(struct remote *r, const struct wire_msg *m)
{
	const struct wire_answer *a = &m->answer;
	struct errand *e = errand_find(r, m->id);
	struct hook *h;

	if (e == NULL || e->hook == NULL)
		return nonsense(r, "it answers a hook that it never got");
	if (a->status != 0 && (a->status < 200 || a->status > 599))
		return nonsense(r, "it answers with no HTTP status");
	if (!is_line(a->content_type))
		return nonsense(r, "its content type is no header");
	h = e->hook;
	errand_free(r, e);
	h->status = a->status;
	h->content_type = arena_dup(&h->arena, a->content_type);
	h->answer.p = arena_dupn(&h->arena, a->body.p, a->body.n);
	h->answer.n = a->body.n;
	hook_end(h);
	return OW_OK;
}

static int
take_add(struct remote *r, const struct wire_msg *m)
{
	int32_t metric = m->add.metric;

	if (metric < 0 || (uint32_t)metric >= r->n_metrics)
		return nonsense(r, "it counts what it did not announce");
	if (r->metrics != NULL && r->metric_at[metric] >= 0)
		metric_add(r->metrics, (uint32_t)r->metric_at[metric],
		    m->add.n);
	return OW_OK;
}

/* By name and type: its file may be another one by now. */
static int32_t
metric_at(const struct ow_metric *table, const struct ow_header *told)
{
	char type[16];
	int32_t i;

	for (i = 0; table != NULL && table[i].name != NULL; i++) {
		(void)snprintf(type, sizeof(type), "%d", (int)table[i].type);
		if (strcmp(table[i].name, told->name) == 0 &&
		    strcmp(type, told->value) == 0)
			return i;
	}
	return -1;
}

static void
learn(struct remote *r, const struct wire_started *s)
{
	struct channel *ch = r->channel;

	ch->hook_name = mem_dup(s->hook_name);
	ch->public_key = mem_dup(s->public_key);
	if (s->own == NULL)
		return;
	ch->own = mem_alloc(sizeof(*ch->own));
	ch->own->size = sizeof(*ch->own);
	(void)snprintf(ch->own->text, sizeof(ch->own->text), "%s", s->own);
	(void)snprintf(ch->own->identity, sizeof(ch->own->identity), "%s",
	    s->own_identity);
	(void)snprintf(ch->own->hint, sizeof(ch->own->hint), "%s",
	    s->own_hint);
	job_own_hash(ch->kind->name, ch->name, ch->own->identity,
	    ch->own_hash);
}

/* Other threads have read what it was at the start; the hook's name is the
   loop's own. */
static void
compare(struct remote *r, const struct wire_started *s)
{
	struct channel *ch = r->channel;
	const char *own = ch->own != NULL ? ch->own->text : "";
	const char *key = ch->public_key != NULL ? ch->public_key : "";

	if (ch->hook_name == NULL)
		ch->hook_name = mem_dup(s->hook_name);
	if (strcmp(own, s->own != NULL ? s->own : "") != 0 ||
	    strcmp(key, s->public_key != NULL ? s->public_key : "") != 0)
		log_warn("outbox", "a channel's own address or public key is"
		    " not what it was at the start; it counts after a"
		    " restart", LOG_STR("channel", ch->name));
}

static int
take_started(struct remote *r, const struct wire_msg *m)
{
	const struct wire_started *s = &m->started;
	struct channel *ch = r->channel;
	uint32_t i;

	if (r->state != REMOTE_STARTS)
		return nonsense(r, "it starts twice");
	if (s->metrics.n > REMOTE_METRICS_MAX)
		return nonsense(r, "it has too many metrics");
	if (s->err != OW_OK) {
		r->refused = s->err < 0 && s->err >= OW_EUNSUP ? s->err :
		    OW_EIO;
		remote_end(r, s->fault);
		(void)snprintf(r->why, sizeof(r->why), "%.199s", s->fault);
		return OW_EINVAL;
	}
	r->n_metrics = s->metrics.n;
	for (i = 0; i < s->metrics.n; i++)
		r->metric_at[i] = metric_at(ch->entry->desc->metrics,
		    &s->metrics.list[i]);
	if (r->is_first)
		learn(r, s);
	else
		compare(r, s);
	remote_runs(r);
	return OW_OK;
}

int
remote_hear(void *arg, const struct wire_msg *m)
{
	struct remote *r = arg;

	if (r->state == REMOTE_ENDS)
		return OW_EINVAL;
	if (m->type == WIRE_STARTED)
		return take_started(r, m);
	if (r->state != REMOTE_RUNS && m->type != WIRE_ADD)
		return nonsense(r, "it speaks before it has started");
	switch (m->type) {
	case WIRE_CHECKED:
		return take_checked(r, m);
	case WIRE_SETTLE:
		return take_settle(r, m);
	case WIRE_ANSWER:
		return take_answer(r, m);
	case WIRE_ADD:
		/* What load() and start() count comes before their table. */
		return r->state == REMOTE_RUNS ? take_add(r, m) : OW_OK;
	case WIRE_REPORT:
		channel_report(r->channel, m->report.about,
		    &m->report.outcome);
		return OW_OK;
	case WIRE_OPT:
		channel_opt(r->channel, m->opt.identity, m->opt.in,
		    m->opt.why);
		return OW_OK;
	case WIRE_PONG:
		r->n_pings = 0;
		return OW_OK;
	case WIRE_DRAINED:
		if (r->is_draining)
			remote_drained(r);
		return OW_OK;
	default:
		return nonsense(r, "it says what it may not");
	}
}
