/* SPDX-License-Identifier: MIT */
/*
 * orders - the desk itself: what comes in, who may do it, and where it goes.
 *
 * A table says for each kind of command what runs; the files beside this
 * one do the work.
 */
#include "desk/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/room.h"

static const struct ow_metric desk_metrics[] = {
	{ "commands", OW_COUNTER, "Things asked of the orders loop" },
	{ "changes", OW_COUNTER, "Changes committed" },
	{ "events", OW_COUNTER, "Events appended to logs" },
	{ "refused", OW_COUNTER, "Changes that the order's state refused" },
	{ "conflicts", OW_COUNTER, "Changes that met another writer's" },
	{ "repeats", OW_COUNTER, "Requests answered by Idempotency-Key" },
	{ "active_orders", OW_GAUGE, "Orders that are not finished" },
	{ "orders_in_memory", OW_GAUGE, "Orders in memory" },
	{ "store_reads", OW_COUNTER, "Reads that memory could not answer" },
	{ "asks", OW_COUNTER, "Streams that asked to start or catch up" },
	{ "replayed", OW_COUNTER, "Events given again to returning streams" },
	{ "snapshots", OW_COUNTER, "Snapshots given to streams" },
	{ "rows_written", OW_COUNTER, "Order rows written behind" },
	{ "told", OW_COUNTER, "Events handed to a front" },
	OW_METRICS_END,
};

/* ---- Life --------------------------------------------------------------- */

struct orders *
orders_new(const struct orders_conf *conf)
{
	struct orders *o = mem_alloc(sizeof(*o));

	o->loop = conf->loop;
	o->set = conf->set;
	o->public_url = conf->public_url;
	o->metrics = metric_set_new(conf->metrics, "desk", desk_metrics, NULL,
	    NULL);
	o->store_up = true;
	book_init(&o->book, (uint32_t)conf->set->stream.replay_max);
	links_init(&o->links, conf->set->server.secret);
	return o;
}

void
orders_attach(struct orders *o, struct journal *journal,
    struct hub *const *hubs, uint32_t n_hubs)
{
	OW_ASSERT(n_hubs <= FRONTS_MAX);
	o->journal = journal;
	memcpy(o->hubs, hubs, n_hubs * sizeof(*hubs));
	o->n_hubs = n_hubs;
}

/* Commands that wait for an order, or for the store, end with the loops: at
   the end nobody is home to be answered. */
static void
drop_commands(struct orders *o)
{
	struct command *c, *next;

	DL_FOREACH_SAFE2(o->commands, c, next, desk_next)
		command_free(&c);
}

void
orders_free(struct orders **op)
{
	struct orders *o = *op;
	struct entry *e, *e2;

	if (o == NULL)
		return;
	o->ending = true;
	behind_stop(o);
	HASH_ITER(by_id, o->book.by_id, e, e2)
		e->waiting = NULL;
	fetch_done(o);
	drop_commands(o);
	commit_done(o);
	load_drop(o);
	watch_done(o);
	book_done(&o->book);
	links_done(&o->links);
	tickets_done(&o->tickets);
	repeats_done(&o->repeats);
	metric_set_free(&o->metrics);
	free(o);
	*op = NULL;
}

void
orders_store_state(void *arg, bool up, const char *why)
{
	struct orders *o = arg;

	o->store_up = up;
	(void)snprintf(o->store_why, sizeof(o->store_why), "%s",
	    why != NULL ? why : "");
	if (up)
		log_notice("desk", "writes are possible");
	else
		log_error("desk", "writes are refused until the store is back",
		    LOG_STR("why", why));
}

bool
orders_store_is_up(const struct orders *o)
{
	return o->store_up && o->loaded;
}

/* ---- What runs ---------------------------------------------------------- */

static const struct {
	void (*order)(struct orders *, struct command *, struct entry *);
	void (*plain)(struct orders *, struct command *);
} kinds[CMD_KIND_COUNT] = {
	[CMD_CHANGE] = { commit_change, NULL },
	[CMD_GET] = { read_order, NULL },
	[CMD_TRACKING] = { read_order, NULL },
	[CMD_EVENTS] = { read_order, NULL },
	[CMD_LIST] = { NULL, read_list },
	[CMD_LINK_NEW] = { share_link, NULL },
	[CMD_LINK_REVOKE] = { share_revoke, NULL },
	[CMD_TICKET] = { NULL, share_ticket },
};

/* ---- From the door to the work ------------------------------------------ */

struct errand {
	struct visit visit;		/* first */
	struct command *c;
	char hash[SHA256_HEX_SIZE];
};

static void
no_such_order(struct orders *o, struct command *c)
{
	command_refuse(c, 404, "no_such_order", "there is no such order");
	desk_answer(o, c);
}

static void
order_found(struct visit *v, struct orders *o, struct entry *e, int err)
{
	struct command *c = ((struct errand *)v)->c;

	if (err != OW_OK && err != OW_ENOENT)
		desk_answer_store(o, c, err);
	else if (err != OW_OK || !who_may_read(c->who, e->order->id,
	    e->order->customer_id))
		no_such_order(o, c);
	else
		kinds[c->kind].order(o, c, e);
}

static void
with_who(struct orders *o, struct errand *r)
{
	struct command *c = r->c;

	if (!who_is_in(c->who, c->tenant)) {
		command_refuse(c, 403, "wrong_tenant",
		    "this token is not for tenant %s", c->tenant);
		desk_answer(o, c);
	} else if (!command_is_allowed(c)) {
		command_refuse(c, 403, "forbidden", "a %s may not do this",
		    role_name(c->who->role));
		desk_answer(o, c);
	} else if (c->faults != NULL) {
		command_refuse(c, 422, "invalid_field",
		    "some fields are not what they must be");
		desk_answer(o, c);
	} else if (kinds[c->kind].plain != NULL) {
		kinds[c->kind].plain(o, c);
	} else if (c->kind == CMD_CHANGE && c->intent.kind == INTENT_CREATE) {
		commit_change(o, c, NULL);
	} else {
		r->visit.found = order_found;
		fetch_order(o, c->tenant, c->order, &r->visit);
	}
}

static void
link_found(struct visit *v, struct orders *o, struct entry *e, int err)
{
	struct errand *r = (struct errand *)v;
	struct command *c = r->c;
	const struct link *link = links_find(&o->links, r->hash);

	(void)e;
	if (err == OW_OK && link != NULL)
		err = link_admit(link, loop_wall_ms(o->loop), &c->who);
	if (err == OW_OK) {
		with_who(o, r);
	} else if (err == OW_ENOENT || err == OW_EDENIED) {
		command_refuse(c, 401, "token_invalid",
		    "this token is not, or no longer, good");
		desk_answer(o, c);
	} else {
		desk_answer_store(o, c, err);
	}
}

void
desk_command(struct orders *o, struct command *c)
{
	struct errand *r = arena_alloc(&c->arena, sizeof(*r));

	c->orders = o;
	DL_APPEND2(o->commands, c, desk_prev, desk_next);
	r->c = c;
	metric_add(o->metrics, DESK_M_COMMANDS, 1);
	if (!o->loaded) {
		command_refuse(c, 503, "starting",
		    "the server is still reading its orders");
		c->wait_ms = desk_retry_ms();
		desk_answer(o, c);
	} else if (c->who != NULL) {
		with_who(o, r);
	} else {
		OW_ASSERT(c->tracking_token != NULL);
		link_hash(c->tracking_token, r->hash);
		r->visit.found = link_found;
		fetch_link(o, r->hash, &r->visit);
	}
}

/* ---- The mailbox -------------------------------------------------------- */

static void
command_home(struct mail *m)
{
	struct command *c = (struct command *)m;

	c->done(c);
}

static void
command_come(struct mail *m)
{
	struct command *c = (struct command *)m;

	m->run = command_home;
	desk_command(c->orders, c);
}

void
orders_command(struct orders *o, struct command *c)
{
	c->orders = o;
	c->mail.run = command_come;
	loop_send(o->loop, &c->mail);
}

static void
ask_come(struct mail *m)
{
	struct ask *a = (struct ask *)m;

	watch_ask(a->desk, a);
}

void
orders_ask(void *arg, struct ask *a)
{
	struct orders *o = arg;

	a->desk = o;
	a->mail.run = ask_come;
	loop_send(o->loop, &a->mail);
}

struct unwatch {
	struct mail mail;		/* first */
	struct orders *o;
	struct hub *hub;
	char topic[];
};

static void
unwatch_come(struct mail *m)
{
	struct unwatch *u = (struct unwatch *)m;
	struct orders *o = u->o;
	uint64_t *watchers = NULL;
	struct entry *e;
	uint32_t f;

	if (strncmp(u->topic, "kitchen/", 8) == 0) {
		watchers = &book_tenant(&o->book, u->topic + 8)->watchers;
	} else {
		e = book_find_id(&o->book, u->topic);
		watchers = e != NULL ? &e->watchers : NULL;
	}
	for (f = 0; watchers != NULL && f < o->n_hubs; f++)
		if (o->hubs[f] == u->hub)
			*watchers &= ~((uint64_t)1 << f);
	free(u);
}

void
orders_unwatch(void *arg, struct hub *hub, const char *topic)
{
	struct orders *o = arg;
	size_t n = strlen(topic);
	struct unwatch *u = mem_alloc(sizeof(*u) + n + 1);

	u->mail.run = unwatch_come;
	u->o = o;
	u->hub = hub;
	memcpy(u->topic, topic, n);
	loop_send(o->loop, &u->mail);
}
