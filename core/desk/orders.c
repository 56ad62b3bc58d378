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
#include "base/zone.h"
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
	{ "notices", OW_COUNTER, "Notices made" },
	{ "jobs", OW_COUNTER, "Jobs made to deliver notices" },
	{ "persons_in_memory", OW_GAUGE, "People in memory" },
	{ "consents", OW_COUNTER, "Jobs decided on before they were sent" },
	{ "tidings", OW_COUNTER, "Facts that adapters told" },
	{ "tidings_dropped", OW_COUNTER,
	    "Facts that were late or of no order that goes on" },
	{ "tidings_lost", OW_COUNTER,
	    "Facts that were given up while the store was away" },
	{ "locations", OW_COUNTER, "Locations of drivers" },
	{ "locations_late", OW_COUNTER,
	    "Locations that were older than the one before" },
	{ "estimates", OW_COUNTER, "Estimates made" },
	{ "eta_told", OW_COUNTER, "Estimates that were worth an event" },
	{ "eta_done", OW_COUNTER, "Orders whose first estimate was judged" },
	{ "eta_covered", OW_COUNTER,
	    "Those that came before the end of its window (p90)" },
	{ "eta_error", OW_HISTOGRAM_MS,
	    "How far its middle (p50) was off, either way" },
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
	o->rules = conf->rules;
	o->templates = conf->templates;
	o->zones = zones_new();
	token_key_init(&o->receipt_key, conf->set->server.secret, "receipt");
	token_key_init(&o->unsubscribe_key, conf->set->server.secret,
	    "unsubscribe");
	o->store_up = true;
	book_init(&o->book, (uint32_t)conf->set->stream.replay_max);
	links_init(&o->links, conf->set->server.secret);
	o->turns = turns_new();
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

void
orders_attach_outbox(struct orders *o, struct outbox *outbox)
{
	o->outbox = outbox;
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
	HASH_ITER(by_id, o->book.by_id, e, e2) {
		e->waiting = NULL;
		delivery_forget(o, e);
		estimate_forget(e);
	}
	fetch_done(o);
	persons_done(o);
	drop_commands(o);
	say_done(o);
	riders_done(o);
	kitchens_done(o);
	free(o->turns);
	heal_done(o);
	load_drop(o);
	watch_done(o);
	book_done(&o->book);
	links_done(&o->links);
	zones_free(&o->zones);
	mem_wipe(&o->receipt_key, sizeof(o->receipt_key));
	mem_wipe(&o->unsubscribe_key, sizeof(o->unsubscribe_key));
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
	bool by_token;			/* its own says it all */
} kinds[CMD_KIND_COUNT] = {
	[CMD_CHANGE] = { commit_change, NULL, false },
	[CMD_GET] = { read_order, NULL, false },
	[CMD_TRACKING] = { read_order, NULL, false },
	[CMD_EVENTS] = { read_order, NULL, false },
	[CMD_LIST] = { NULL, read_list, false },
	[CMD_LINK_NEW] = { share_link, NULL, false },
	[CMD_LINK_REVOKE] = { share_revoke, NULL, false },
	[CMD_TICKET] = { NULL, share_ticket, false },
	[CMD_NOTICES] = { NULL, inbox_list, false },
	[CMD_NOTICE_READ] = { NULL, inbox_read, false },
	[CMD_NOTICES_READ] = { NULL, inbox_read_all, false },
	[CMD_NOTICE_REMOVE] = { NULL, inbox_remove, false },
	[CMD_NOTICES_REMOVE] = { NULL, inbox_remove_all, false },
	[CMD_PREFS_GET] = { NULL, profile_get, false },
	[CMD_PREFS_PUT] = { NULL, profile_put, false },
	[CMD_PUSH_ADD] = { NULL, address_add, false },
	[CMD_PUSH_REMOVE] = { NULL, address_remove, false },
	[CMD_RECEIPT] = { NULL, receipt_take, true },
	[CMD_UNSUBSCRIBE] = { NULL, opt_unsubscribe, true },
	[CMD_OPT] = { NULL, opt_take, true },
	[CMD_NOTICE_FORGOTTEN] = { NULL, inbox_forgotten, true },
	[CMD_JOURNEY] = { journey_read, NULL, false },
	[CMD_ESTIMATES] = { NULL, learnt_report, false },
};

void
desk_look(struct orders *o, struct entry *e)
{
	delivery_look(o, e);
	estimate_look(o, e);
}

/* ---- From the door to the work ------------------------------------------ */

struct errand {
	struct visit visit;		/* first */
	struct command *c;
	char hash[SHA256_HEX_SIZE];
};

static void
order_found(struct visit *v, struct orders *o, struct entry *e, int err)
{
	struct command *c = ((struct errand *)v)->c;

	if (err != OW_OK && err != OW_ENOENT) {
		desk_answer_store(o, c, err);
	} else if (err != OW_OK || !who_may_read(c->who, e->order->id,
	    e->order->customer_id)) {
		desk_answer_absent(o, c, "no_such_order", "order");
	} else {
		if (strcmp(c->tenant, "*") == 0)
			c->tenant = arena_dup(&c->arena, e->order->tenant);
		kinds[c->kind].order(o, c, e);
	}
}

/* "*" names no tenant: it will do for what an order's id says, too. */
static bool
lacks_tenant(const struct command *c)
{
	return strcmp(c->tenant, "*") == 0 && c->kind != CMD_TICKET &&
	    (kinds[c->kind].plain != NULL || (c->kind == CMD_CHANGE &&
	    c->intent.kind == INTENT_CREATE));
}

static void
with_who(struct orders *o, struct errand *r)
{
	struct command *c = r->c;

	if (!who_is_in(c->who, c->tenant) || lacks_tenant(c)) {
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
		desk_answer_token(o, c);
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
	} else if (kinds[c->kind].by_token) {
		kinds[c->kind].plain(o, c);
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

/* What a front says of a topic. */
struct said {
	struct mail mail;		/* first */
	struct orders *o;
	struct hub *hub;
	void (*run)(struct orders *, const struct said *);
	bool is_present;
	char topic[];
};

static void
said_come(struct mail *m)
{
	struct said *s = (struct said *)m;

	s->run(s->o, s);
	free(s);
}

static void
say_topic(struct orders *o, struct hub *hub, const char *topic,
    void (*run)(struct orders *, const struct said *), bool is_present)
{
	size_t n = strlen(topic);
	struct said *s = mem_alloc(sizeof(*s) + n + 1);

	s->mail.run = said_come;
	s->o = o;
	s->hub = hub;
	s->run = run;
	s->is_present = is_present;
	memcpy(s->topic, topic, n);
	loop_send(o->loop, &s->mail);
}

static void
unwatch_topic(struct orders *o, const struct said *s)
{
	uint64_t bit = desk_front_bit(o, s->hub);
	struct person *p;
	struct entry *e;

	if (strncmp(s->topic, "kitchen/", 8) == 0) {
		book_tenant(&o->book, s->topic + 8)->watchers &= ~bit;
	} else if (strncmp(s->topic, "person/", 7) == 0) {
		p = person_find_topic(o, s->topic + 7);
		if (p != NULL)
			p->watchers &= ~bit;
	} else if ((e = book_find_id(&o->book, s->topic)) != NULL) {
		e->watchers &= ~bit;
		entry_set_present(e, bit, false, loop_wall_ms(o->loop));
	}
}

void
orders_unwatch(void *arg, struct hub *hub, const char *topic)
{
	say_topic(arg, hub, topic, unwatch_topic, false);
}

static void
set_present(struct orders *o, const struct said *s)
{
	struct entry *e = book_find_id(&o->book, s->topic);

	if (e != NULL)
		entry_set_present(e, desk_front_bit(o, s->hub), s->is_present,
		    loop_wall_ms(o->loop));
}

void
orders_presence(void *arg, struct hub *hub, const char *topic,
    bool is_present)
{
	say_topic(arg, hub, topic, set_present, is_present);
}
