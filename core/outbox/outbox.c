/* SPDX-License-Identifier: MIT */
/*
 * outbox - see outbox.h: its beginning and its end, what it tells other
 * threads, and what it does at the end of a turn.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "outbox/room.h"

static void wake_arrive(struct mail *);
static void run_arrive(struct mail *);
static void turn_end(void *arg);

/* ---- What everybody here needs ------------------------------------------ */

int64_t
outbox_now(const struct outbox *o)
{
	return loop_now_ms(o->conf.loop);
}

int64_t
outbox_wall(const struct outbox *o)
{
	return loop_wall_ms(o->conf.loop);
}

void
outbox_turn(struct outbox *o)
{
	loop_at_turn_end(o->conf.loop, &o->turn);
}

void
outbox_store_failed(struct outbox *o, const struct ow_result *r)
{
	if (!o->is_store_away)
		log_warn("outbox", "the store does not answer; jobs wait",
		    LOG_STR("detail", r->detail));
	o->is_store_away = true;
}

void
outbox_store_answered(struct outbox *o)
{
	if (o->is_store_away)
		log_notice("outbox", "the store answers again");
	o->is_store_away = false;
}

static void
turn_end(void *arg)
{
	struct outbox *o = arg;
	uint32_t i;

	settle_turn(o);
	for (i = 0; i < o->n_kinds; i++)
		if (o->kinds[i]->is_asked)
			kind_look(o->kinds[i]);
	for (i = 0; i < o->n_channels; i++)
		channel_show(o->channels[i]);
	if (o->is_draining)
		drain_look(o);
}

/* ---- Beginning ---------------------------------------------------------- */

/* Not to be mistaken for another node, and the same after a restart. */
static char *
make_node(const struct settings *set)
{
	char host[128] = "";

	if (set->outbox.node[0] != '\0')
		return mem_dup(set->outbox.node);
	if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
		(void)snprintf(host, sizeof(host), "localhost");
	return mem_printf("%s:%s", host, set->server.listen);
}

struct outbox *
outbox_new(const struct outbox_conf *conf)
{
	struct outbox *o = mem_alloc(sizeof(*o));

	o->conf = *conf;
	o->node = make_node(conf->set);
	token_key_init(&o->receipt_key, conf->set->server.secret, "receipt");
	token_key_init(&o->unsubscribe_key, conf->set->server.secret,
	    "unsubscribe");
	o->turn.fn = turn_end;
	o->turn.arg = o;
	o->settled_tail = &o->settled;
	o->wake_mail.run = wake_arrive;
	o->run_mail.run = run_arrive;
	o->drain_mail.run = drain_begin;
	pthread_mutex_init(&o->lock, NULL);
	return o;
}

static struct kind *
kind_of(struct outbox *o, const char *name, enum medium medium)
{
	struct kind *k;
	uint32_t i;

	for (i = 0; i < o->n_kinds; i++)
		if (strcmp(o->kinds[i]->name, name) == 0)
			return o->kinds[i];
	k = mem_alloc(sizeof(*k));
	k->outbox = o;
	k->name = mem_dup(name);
	k->medium = medium;
	k->woken_ms = INT64_MAX;
	o->kinds = mem_grow(o->kinds, (o->n_kinds + 1) * sizeof(*o->kinds));
	o->kinds[o->n_kinds++] = k;
	return k;
}

static void
kind_add(struct kind *k, struct channel *ch)
{
	int64_t lease_ms = ch->set->deadline_ms + OVERDUE_MS +
	    2 * LEASE_SPARE_MS;

	ch->kind = k;
	k->channels = mem_grow(k->channels, (k->n_channels + 1) *
	    sizeof(struct channel *));
	k->channels[k->n_channels++] = ch;
	if (k->lease_ms < k->outbox->conf.set->outbox.lease_ms)
		k->lease_ms = k->outbox->conf.set->outbox.lease_ms;
	if (k->lease_ms < lease_ms)
		k->lease_ms = lease_ms;
}

/* One for each tenant that it is said to be for. */
static void
own_add(struct outbox *o, struct channel *ch)
{
	struct own_address *own;
	const char *tenant;

	for (tenant = ch->tenants; tenant[0] != '\0';
	    tenant += strlen(tenant) + 1) {
		own = mem_alloc(sizeof(*own));
		own->tenant = tenant;
		own->kind = ch->kind->name;
		own->instance = ch->name;
		own->address = *ch->own;
		o->own = mem_grow(o->own, (o->n_own + 1) * sizeof(*o->own));
		o->own[o->n_own++] = own;
	}
}

static int
start_channel(struct outbox *o, const struct plugin_entry *e,
    struct ow_fault *fault)
{
	const struct ow_channel *ops = e->desc->ops.channel;
	int medium = medium_by_name(ops->medium);
	struct ow_fault why = { "" };
	struct channel *ch;
	int err;

	if (medium < 0 || medium == MEDIUM_IN_APP) {
		(void)snprintf(fault->text, sizeof(fault->text),
		    "%.64s: '%.40s' is no medium that a channel can have",
		    e->name, ops->medium);
		return OW_EINVAL;
	}
	ch = channel_new(o, e);
	kind_add(kind_of(o, ops->kind, (enum medium)medium), ch);
	o->channels = mem_grow(o->channels, (o->n_channels + 1) *
	    sizeof(*o->channels));
	o->channels[o->n_channels++] = ch;
	err = ch->ops->start(ch, e, o->conf.outside, &why);
	if (err != OW_OK) {
		(void)snprintf(fault->text, sizeof(fault->text),
		    "%.64s: %.180s", e->name, why.text);
		return err;
	}
	if (ch->own != NULL)
		own_add(o, ch);
	channel_show(ch);
	return OW_OK;
}

int
outbox_start(struct outbox *o, struct plugins *plugins,
    struct ow_fault *fault)
{
	const struct plugin_entry *e;
	uint32_t i;
	int err;

	OW_ASSERT(!o->is_started);
	for (i = 0; i < plugins_count(plugins); i++) {
		e = plugins_at(plugins, i);
		err = e->desc->kind == OW_CHANNEL ?
		    start_channel(o, e, fault) : e->desc->kind == OW_ADAPTER ?
		    adapter_start(o, e, fault) : OW_OK;
		if (err != OW_OK)
			return err;
	}
	o->is_started = true;
	return OW_OK;
}

static void
run_arrive(struct mail *mail)
{
	struct outbox *o = OUTBOX_OF(mail, run_mail);

	if (o->is_run_asked || o->is_draining)
		return;
	o->is_run_asked = true;
	claim_release(o);
	purge_start(o);
}

void
outbox_run(struct outbox *o)
{
	loop_send(o->conf.loop, &o->run_mail);
}

/* ---- The end ------------------------------------------------------------ */

static void
kind_stop(struct kind *k)
{
	struct flight *f;

	loop_timer_cancel(&k->timer);
	while ((f = k->flights) != NULL) {
		k->flights = f->next;
		loop_timer_cancel(&f->timer);
		flight_unref(&f);
	}
}

static void
kind_free(struct kind **kp)
{
	struct kind *k = *kp;

	*kp = NULL;
	free(k->channels);
	free(k->name);
	free(k);
}

void
outbox_stop(struct outbox *o)
{
	struct batch *b;
	uint32_t i;

	if (o == NULL || o->is_ending)
		return;
	o->is_ending = true;
	loop_turn_cancel(o->conf.loop, &o->turn);
	loop_timer_cancel(&o->again_timer);
	loop_timer_cancel(&o->purge_timer);
	loop_timer_cancel(&o->drain_timer);
	for (i = 0; i < o->n_channels; i++)
		o->channels[i]->ops->stop(o->channels[i]);
	adapters_stop(o);
	news_stop(o);
	for (i = 0; i < o->n_kinds; i++)
		kind_stop(o->kinds[i]);
	DL_FOREACH(o->batches, b)
		b->n = 0;
}

void
outbox_free(struct outbox **op)
{
	struct outbox *o = *op;
	struct batch *b;
	uint32_t i;

	*op = NULL;
	if (o == NULL)
		return;
	outbox_stop(o);
	/* Their consents and opts may have been letters in a loop's box. */
	while ((b = o->batches) != NULL)
		batch_free(&b);
	news_free_all(o);
	for (i = 0; i < o->n_kinds; i++)
		kind_free(&o->kinds[i]);
	for (i = 0; i < o->n_channels; i++)
		channel_free(&o->channels[i]);
	for (i = 0; i < o->n_own; i++)
		free(o->own[i]);
	adapters_free(o);
	free(o->own);
	free(o->kinds);
	free(o->channels);
	free(o->node);
	mem_wipe(&o->receipt_key, sizeof(o->receipt_key));
	mem_wipe(&o->unsubscribe_key, sizeof(o->unsubscribe_key));
	pthread_mutex_destroy(&o->lock);
	free(o);
}

/* ---- From other threads ------------------------------------------------- */

static void
wake_arrive(struct mail *mail)
{
	struct outbox *o = OUTBOX_OF(mail, wake_mail);
	int64_t due_ms;
	uint32_t i;

	pthread_mutex_lock(&o->lock);
	due_ms = o->wake_ms;
	o->is_wake_sent = false;
	pthread_mutex_unlock(&o->lock);
	for (i = 0; i < o->n_kinds; i++)
		kind_wake(o->kinds[i], due_ms);
}

void
outbox_wake(struct outbox *o, int64_t due_ms)
{
	bool is_sent;

	pthread_mutex_lock(&o->lock);
	is_sent = o->is_wake_sent;
	if (!is_sent || due_ms < o->wake_ms)
		o->wake_ms = due_ms;
	o->is_wake_sent = true;
	pthread_mutex_unlock(&o->lock);
	if (!is_sent)
		loop_send(o->conf.loop, &o->wake_mail);
}

struct channel *
outbox_channel(const struct outbox *o, const char *kind,
    const char *tenant)
{
	uint32_t i;

	for (i = 0; i < o->n_channels; i++)
		if (strcmp(o->channels[i]->kind->name, kind) == 0 &&
		    channel_serves(o->channels[i], tenant))
			return o->channels[i];
	return NULL;
}

bool
outbox_has_kind(const struct outbox *o, const char *kind, const char *tenant)
{
	return outbox_channel(o, kind, tenant) != NULL;
}

bool
outbox_is_push(const struct outbox *o, const char *kind, const char *tenant)
{
	const struct channel *ch = outbox_channel(o, kind, tenant);

	return ch != NULL && ch->kind->medium == MEDIUM_PUSH;
}

bool
outbox_has_medium(const struct outbox *o, enum medium medium,
    const char *tenant)
{
	uint32_t i;

	for (i = 0; i < o->n_channels; i++)
		if (o->channels[i]->kind->medium == medium &&
		    channel_serves(o->channels[i], tenant))
			return true;
	return false;
}

const char *
outbox_public_key(const struct outbox *o)
{
	uint32_t i;

	for (i = 0; i < o->n_channels; i++)
		if (o->channels[i]->public_key != NULL)
			return o->channels[i]->public_key;
	return NULL;
}

uint32_t
outbox_own_addresses(const struct outbox *o,
    const struct own_address *const **out)
{
	*out = (const struct own_address *const *)o->own;
	return o->n_own;
}

bool
outbox_channel_state(const struct outbox *o, const char *instance,
    struct channel_state *out)
{
	/* The lock is no part of what is promised to stay. */
	pthread_mutex_t *lock = (pthread_mutex_t *)&o->lock;
	uint32_t i;

	for (i = 0; i < o->n_channels; i++) {
		if (strcmp(o->channels[i]->name, instance) != 0)
			continue;
		pthread_mutex_lock(lock);
		*out = o->channels[i]->shown;
		pthread_mutex_unlock(lock);
		return true;
	}
	return false;
}
