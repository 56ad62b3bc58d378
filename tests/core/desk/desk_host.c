/* SPDX-License-Identifier: MIT */
/*
 * desk_host - see desk_host.h.
 *
 * The table of faults stands between the journal and the plugin: run()
 * looks at what goes in, settle() at what comes out.
 */
#include "desk_host.h"

#include <orderwire/store.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "plugin/plugin.h"
#include "../../../plugins/store-sqlite/sqlite.h"

const struct ow_plugin *ow_plugin_query(uint32_t);

#define STORE_OPS (ow_plugin_query(OW_ABI)->ops.store)

/* The plugin's settle() knows only its context. */
static struct desk *desks[2];

/* ---- The store --------------------------------------------------------- */

static struct fault *
fault_of(struct desk *d, const struct ow_txn *txn, bool is_lie)
{
	struct fault *f;
	uint32_t i, k;

	for (i = 0; i < d->n_faults; i++) {
		f = &d->faults[i];
		for (k = 0; k < txn->n_ops; k++)
			if (f->stmt < 0 || txn->ops[k].stmt ==
			    (uint32_t)f->stmt)
				break;
		if (k == txn->n_ops || f->count == 0 ||
		    is_lie != (f->kind == FAULT_LIE))
			continue;
		if (f->skip > 0) {
			f->skip--;
			continue;
		}
		return f;
	}
	return NULL;
}

static void
fault_run(void *self, const struct ow_txn *const *txns, uint32_t n)
{
	struct desk *d = self;
	struct ow_result bad = { .size = sizeof(bad) };
	struct fault *f;
	uint32_t i, k;

	for (i = 0; i < n; i++) {
		f = fault_of(d, txns[i], false);
		if (f != NULL && f->kind == FAULT_HOLD) {
			f->count--;
			ck_assert_uint_lt(d->n_held, HELD_MAX);
			d->held[d->n_held++] = txns[i];
			continue;
		}
		if (f != NULL && f->kind == FAULT_FAIL) {
			f->count--;
			bad.err = f->err;
			bad.op = f->op;
			bad.detail = "so the test wants it";
			journal_host()->settle(d->store, txns[i], &bad);
			continue;
		}
		for (k = 0; k < txns[i]->n_ops; k++)
			d->executed[txns[i]->ops[k].stmt]++;
		STORE_OPS->run(plugin_ctx_self(d->store), &txns[i], 1);
	}
}

static void
fault_settle(struct ow_ctx *ctx, const struct ow_txn *txn,
    const struct ow_result *r)
{
	const struct desk *first = desks[0];
	struct fault *f = fault_of(first != NULL && first->store == ctx ?
	    desks[0] : desks[1], txn, true);
	struct ow_result lie = { .size = sizeof(lie) };

	if (f != NULL) {
		f->count--;
		lie.err = f->err;
		lie.op = f->op;
		lie.detail = "the connection broke";
		r = &lie;
	}
	journal_host()->settle(ctx, txn, r);
}

static const struct ow_store fault_ops = {
	.size = sizeof(struct ow_store),
	.run = fault_run,
};

void
desk_fault(struct desk *d, enum fault_kind kind, int stmt, int32_t err,
    uint32_t op, int skip, int count)
{
	ck_assert_uint_lt(d->n_faults, RULES_MAX);
	d->faults[d->n_faults++] = (struct fault){ kind, stmt, err, op, skip,
	    count };
}

void
desk_heal(struct desk *d)
{
	d->n_faults = 0;
}

void
desk_release(struct desk *d)
{
	const struct ow_txn *held[HELD_MAX];
	uint32_t n = d->n_held;

	memcpy(held, d->held, n * sizeof(*held));
	d->n_held = 0;
	d->n_faults = 0;
	if (n > 0)
		fault_run(d, held, n);
	desk_run(d, 20);
}

void
desk_store_state(struct desk *d, bool up, const char *why)
{
	journal_host()->state(d->store, up, why);
	desk_run(d, 0);
}

/* ---- The fronts -------------------------------------------------------- */

static struct note *
note_new(struct hub *hub, enum note_kind kind)
{
	struct note *note = &hub->notes[hub->n++];

	ck_assert_uint_lt(hub->n, NOTES_MAX);
	memset(note, 0, sizeof(*note));
	note->kind = kind;
	return note;
}

void
hub_answer(struct ask *a)
{
	struct hub *hub = a->hub;

	pthread_mutex_lock(&hub->lock);
	note_new(hub, NOTE_ANSWER)->ask = a;
	pthread_mutex_unlock(&hub->lock);
}

void
hub_tell(struct hub *hub, struct event *event)
{
	pthread_mutex_lock(&hub->lock);
	note_new(hub, NOTE_TELL)->event = event_ref(event);
	pthread_mutex_unlock(&hub->lock);
}

void
hub_tell_end(struct hub *hub, const char *topic, const char *sub, int code)
{
	struct note *note;

	pthread_mutex_lock(&hub->lock);
	note = note_new(hub, NOTE_END);
	(void)snprintf(note->topic, sizeof(note->topic), "%s", topic);
	(void)snprintf(note->sub, sizeof(note->sub), "%s",
	    sub != NULL ? sub : "");
	note->code = code;
	pthread_mutex_unlock(&hub->lock);
}

uint32_t
desk_told(const struct desk *d, uint32_t front, const char *order_id)
{
	const struct hub *hub = &d->fronts[front];
	uint32_t i, n = 0;

	for (i = 0; i < hub->n; i++)
		if (hub->notes[i].kind == NOTE_TELL && (order_id == NULL ||
		    strcmp(hub->notes[i].event->order_id, order_id) == 0))
			n++;
	return n;
}

int
desk_ended(const struct desk *d, uint32_t front, const char *topic)
{
	const struct hub *hub = &d->fronts[front];
	uint32_t i;
	int code = 0;

	for (i = 0; i < hub->n; i++)
		if (hub->notes[i].kind == NOTE_END &&
		    strcmp(hub->notes[i].topic, topic) == 0)
			code = hub->notes[i].code;
	return code;
}

void
desk_forget(struct desk *d)
{
	struct note *note;
	uint32_t i, f;

	for (f = 0; f < FRONTS; f++) {
		for (i = 0; i < d->fronts[f].n; i++) {
			note = &d->fronts[f].notes[i];
			event_unref(&note->event);
			ask_free(&note->ask);
		}
		d->fronts[f].n = 0;
	}
}

const char *
desk_told_json(const struct desk *d, uint32_t front, const char *type,
    uint32_t n)
{
	const struct hub *hub = &d->fronts[front];
	uint32_t i;

	for (i = 0; i < hub->n; i++)
		if (hub->notes[i].kind == NOTE_TELL && strcmp(
		    hub->notes[i].event->pub.type, type) == 0 && n-- == 0)
			return hub->notes[i].event->pub.json.p;
	return NULL;
}

/* ---- The outbox -------------------------------------------------------- */

bool
outbox_has_kind(const struct outbox *x, const char *kind, const char *tenant)
{
	(void)tenant;
	return strstr(x->kinds, kind) != NULL;
}

bool
outbox_has_medium(const struct outbox *x, enum medium medium,
    const char *tenant)
{
	(void)tenant;
	return strstr(x->kinds, medium_name(medium)) != NULL;
}

uint32_t
outbox_own_addresses(const struct outbox *x,
    const struct own_address *const **out)
{
	*out = x->own;
	return x->n_own;
}

void
outbox_wake(struct outbox *x, int64_t due_ms)
{
	x->n_woken++;
	x->woken_ms = due_ms;
}

void
outbox_consent(struct consent *q)
{
	consent_free(&q->outbox->consent);
	q->outbox->consent = q;
	q->outbox->n_consents++;
}

bool
outbox_has_adapter(const struct outbox *x)
{
	return x->has_adapter;
}

void
outbox_want(struct outbox *x, struct wanted *w)
{
	ck_assert_uint_lt(x->n_wanted, WANTED_MAX);
	x->wanted[x->n_wanted++] = w;
}

/* The test's to free. */
void
outbox_opted(struct opt *opt)
{
	opt->outbox->n_opted++;
	opt->outbox->opted = opt;
}

/* ---- Life -------------------------------------------------------------- */

struct store_parts {
	struct sqlite_conf conf;
	struct ow_host_store host;
	struct plugin_entry entry;
};

static void
start_store(struct desk *d)
{
	struct store_parts *parts = d->parts;
	struct journal_conf jc = {
		.store_loop = d->store_loop, .group_ms = 3,
		.queue_max = 100000, .metrics = d->metrics,
		.home = d->loop, .state = orders_store_state, .arg = d->o,
	};
	const struct plugin_tables tables = { .store = &parts->host };
	struct ow_fault fault;

	parts->conf = (struct sqlite_conf){ d->path, 2000, 8 << 20, 2000 };
	parts->host = *journal_host();
	parts->host.settle = fault_settle;
	parts->entry.name = "store";
	parts->entry.desc = ow_plugin_query(OW_ABI);
	parts->entry.conf = &parts->conf;
	desks[d->is_second] = d;
	d->journal = journal_new(&jc);
	ck_assert_int_eq(plugin_start(&parts->entry, d->store_loop, NULL,
	    &tables, d->journal, &d->store, &fault), OW_OK);
	ck_assert_int_eq(STORE_OPS->migrate(plugin_ctx_self(d->store), &fault),
	    OW_OK);
	journal_attach(d->journal, d->store, &fault_ops, d);
}

void
desk_begin(struct desk *d)
{
	struct orders_conf conf = {
		.set = &d->set, .public_url = "https://t.example",
	};
	struct hub *hubs[FRONTS];
	uint32_t f;

	d->loop = loop_new("desk");
	d->store_loop = d->is_threaded ? loop_new("store") : d->loop;
	if (!d->is_threaded)
		loop_test_clock(d->loop, T0);
	d->metrics = metrics_new();
	conf.loop = d->loop;
	conf.metrics = d->metrics;
	conf.rules = d->rules;
	conf.templates = d->templates;
	d->o = orders_new(&conf);
	if (d->rules != NULL)
		orders_attach_outbox(d->o, &d->outbox);
	start_store(d);
	for (f = 0; f < FRONTS; f++)
		hubs[f] = &d->fronts[f];
	orders_attach(d->o, d->journal, hubs, FRONTS);
	d->loaded = false;
	d->n_faults = 0;
	d->n_held = 0;
}

void
desk_crash(struct desk *d)
{
	plugin_stop(&d->store);
	orders_free(&d->o);
	if (d->store_loop != d->loop)
		loop_free(&d->store_loop);
	loop_free(&d->loop);
	journal_free(&d->journal);
	metrics_free(&d->metrics);
	consent_free(&d->outbox.consent);
	while (d->outbox.n_wanted > 0)
		wanted_free(&d->outbox.wanted[--d->outbox.n_wanted]);
	desk_forget(d);
}

static void
loaded(void *arg, int err, const char *detail)
{
	struct desk *d = arg;

	(void)detail;
	d->loaded = true;
	d->load_err = err;
}

void
desk_load(struct desk *d)
{
	d->loaded = false;
	orders_load(d->o, loaded, d);
	desk_run(d, 20);
	ck_assert(d->loaded);
}

void
desk_restart(struct desk *d)
{
	int64_t wall_ms = loop_wall_ms(d->loop);

	desk_crash(d);
	desk_begin(d);
	loop_test_clock(d->loop, wall_ms);
	desk_load(d);
	ck_assert_int_eq(d->load_err, OW_OK);
}

static struct desk *
desk_make(bool is_threaded)
{
	struct desk *d = calloc(1, sizeof(*d));
	uint32_t f;

	d->is_threaded = is_threaded;
	d->parts = calloc(1, sizeof(*d->parts));
	d->set.server.secret = "0123456789abcdef0123456789abcdef";
	d->set.server.order_queue_max = 8;
	d->set.stream.replay_max = 10;
	d->set.stream.finished_ms = 60000;
	d->set.notify.persons_max = 100;
	d->set.notify.addresses_max = 3;
	d->set.notify.locale = "en";
	d->set.notify.timezone = "UTC";
	d->set.notify.keep_ms = INT64_C(90) * 86400000;
	d->set.tenants = d->tenants;
	d->set.n_tenants = 2;
	for (f = 0; f < 2; f++)
		d->tenants[f] = (struct set_tenant){ f == 0 ? "cafe" : "pub",
		    false, 2 * 86400000, false, 7 * 60000 };
	d->outbox.kinds = "webpush fcm email sms webhook";
	for (f = 0; f < FRONTS; f++)
		pthread_mutex_init(&d->fronts[f].lock, NULL);
	log_setup(LOG_LOGFMT, OW_ERROR + 1, STDERR_FILENO);
	return d;
}

static struct desk *
desk_make_new(bool is_threaded)
{
	struct desk *d = desk_make(is_threaded);

	(void)snprintf(d->dir, sizeof(d->dir), "/tmp/test_desk.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(d->dir));
	(void)snprintf(d->path, sizeof(d->path), "%s/ow.db", d->dir);
	return d;
}

struct desk *
desk_open(void)
{
	struct desk *d = desk_make_new(false);

	desk_begin(d);
	desk_load(d);
	ck_assert_int_eq(d->load_err, OW_OK);
	return d;
}

static const struct {
	const char *name, *text;
} templates[] = {
	{ "note.conf", "title = \"Order {{number}} is {{status}}\";"
	    " text = \"{{items}}{{#reason}} ({{reason}}){{/reason}}\";\n" },
	{ "layout.conf", "html = \"{{{content}}}\";\n" },
};

#define TEMPLATES (sizeof(templates) / sizeof(templates[0]))

static void
write_templates(struct desk *d)
{
	char name[160];
	size_t i;
	FILE *f;

	(void)snprintf(name, sizeof(name), "%s/en", d->dir);
	ck_assert_int_eq(mkdir(name, 0700), 0);
	for (i = 0; i < TEMPLATES; i++) {
		(void)snprintf(name, sizeof(name), "%s/en/%s", d->dir,
		    templates[i].name);
		f = fopen(name, "w");
		ck_assert_ptr_nonnull(f);
		ck_assert_int_ge(fputs(templates[i].text, f), 0);
		ck_assert_int_eq(fclose(f), 0);
	}
}

static void
drop_templates(struct desk *d)
{
	char name[160];
	size_t i;

	for (i = 0; i < TEMPLATES; i++) {
		(void)snprintf(name, sizeof(name), "%s/en/%s", d->dir,
		    templates[i].name);
		(void)unlink(name);	/* need not be there */
	}
	(void)snprintf(name, sizeof(name), "%s/en", d->dir);
	(void)rmdir(name);		/* it neither */
}

static void
take_rules(struct desk *d, const char *text)
{
	struct conf_faults faults = { 0 };

	write_templates(d);
	d->rules = rules_parse(text, "rules", &faults);
	d->templates = templates_open(d->dir, "en", d->rules, &faults);
	ck_assert_msg(faults.n == 0, "%s", faults.n > 0 ?
	    faults.list[0].text : "");
	ck_assert_ptr_nonnull(d->templates);
}

struct desk *
desk_open_threaded(const char *rules)
{
	struct desk *d = desk_make_new(true);

	take_rules(d, rules);
	desk_begin(d);
	return d;
}

struct desk *
desk_open_rules(const char *rules)
{
	struct desk *d = desk_make_new(false);

	take_rules(d, rules);
	desk_begin(d);
	desk_load(d);
	return d;
}

struct desk *
desk_open_node(struct desk *first)
{
	struct desk *d = desk_make(false);

	memcpy(d->dir, first->dir, sizeof(d->dir));
	memcpy(d->path, first->path, sizeof(d->path));
	d->is_second = true;
	d->rules = first->rules;
	d->templates = first->templates;
	desk_begin(d);
	desk_load(d);
	return d;
}

void
desk_close(struct desk **dp)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	struct desk *d = *dp;
	struct result *r;
	char name[160];
	uint32_t i;

	desk_crash(d);
	while ((r = d->results) != NULL) {
		d->results = r->next;
		free(r->body);
		free(r);
	}
	for (i = 0; i < 3 && !d->is_second; i++) {
		(void)snprintf(name, sizeof(name), "%s%s", d->path, ends[i]);
		(void)unlink(name);	/* need not be there */
	}
	if (!d->is_second) {
		drop_templates(d);
		rules_free(&d->rules);
		templates_free(&d->templates);
	}
	ck_assert(d->is_second || rmdir(d->dir) == 0);
	free(d->parts);
	for (i = 0; i < FRONTS; i++)
		pthread_mutex_destroy(&d->fronts[i].lock);
	free(d);
	*dp = NULL;
}

void
desk_run(struct desk *d, int64_t ms)
{
	loop_test_advance(d->loop, ms);
}

/* ---- Behind the desk's back -------------------------------------------- */

int64_t
desk_sql_int(struct desk *d, const char *sql)
{
	sqlite3_stmt *stmt;
	sqlite3 *db;
	int64_t n = -1;
	int rc;

	ck_assert_int_eq(sqlite3_open(d->path, &db), SQLITE_OK);
	rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	ck_assert_msg(rc == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
	rc = sqlite3_step(stmt);
	ck_assert_msg(rc == SQLITE_ROW || rc == SQLITE_DONE, "%s: %s", sql,
	    sqlite3_errmsg(db));
	if (rc == SQLITE_ROW)
		n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return n;
}

void
desk_sql(struct desk *d, const char *sql)
{
	(void)desk_sql_int(d, sql);
}

/* ---- Commands ---------------------------------------------------------- */

static void
answered(struct command *c)
{
	struct result *r = c->arg;

	r->n++;
	r->status = c->status;
	r->seq = c->seq;
	r->wait_ms = c->wait_ms;
	if (c->status >= 400) {
		ck_assert_ptr_nonnull(c->code);
		(void)snprintf(r->code, sizeof(r->code), "%s", c->code);
		(void)snprintf(r->detail, sizeof(r->detail), "%s", c->detail);
	}
	free(r->body);
	r->body = mem_dupn(c->body.p != NULL ? c->body.p : "", c->body.n);
	ck_assert(!c->body.full);
	command_free(&c);
}

static void
take_body(struct command *c, const char *body)
{
	struct form_faults faults = { 0 };
	struct ow_fault fault;
	struct ow_bytes raw = { body, strlen(body) };

	ck_assert_msg(json_parse(raw.p, raw.n, &c->asked, &fault) == OW_OK,
	    "%s", fault.text);
	ck_assert_msg(intent_read(&c->intent, &c->arena, c->asked, raw,
	    &faults) == OW_OK, "%s: %s", faults.list[0].field,
	    faults.list[0].detail);
}

static void
take_own(struct command *c, const struct asked *a)
{
	struct form_faults faults = { 0 };
	struct ow_address *address;
	struct json *body = NULL;
	struct ow_fault fault;

	c->unread = a->unread;
	c->receipt = arena_dup(&c->arena, a->receipt);
	if (a->kind == CMD_RECEIPT || a->kind == CMD_UNSUBSCRIBE) {
		c->token = c->tracking_token;
		c->tracking_token = NULL;
	}
	if (a->if_match != NULL)
		c->if_match = atoll(a->if_match);
	if (a->address != NULL) {
		address = arena_alloc(&c->arena, sizeof(*address));
		(void)snprintf(address->text, sizeof(address->text), "%s",
		    a->address);
		(void)snprintf(address->identity, sizeof(address->identity),
		    "%s", a->address);
		(void)snprintf(address->hint, sizeof(address->hint), "push");
		c->address = address;
		c->address_kind = "webpush";
	}
	if (a->prefs == NULL)
		return;
	ck_assert_int_eq(json_parse(a->prefs, strlen(a->prefs), &body,
	    &fault), OW_OK);
	ck_assert_msg(prefs_read(body, &c->prefs, &c->body_version, &faults)
	    == OW_OK, "%s", faults.list[0].detail);
	json_free(&body);
}

struct command *
desk_command_of(struct desk *d, const struct asked *a, struct loop *home,
    void (*done)(struct command *), void *arg)
{
	struct command *c = command_new(a->kind, home, done, arg);
	const char *tenant = a->tenant != NULL ? a->tenant : "cafe";
	const char *sub = a->sub != NULL ? a->sub : "svc";
	enum role role = a->role == ROLE_NONE ? ROLE_SERVICE : a->role;
	char hash[SHA256_HEX_SIZE];

	c->tenant = arena_dup(&c->arena, tenant);
	c->tracking_token = arena_dup(&c->arena, a->token);
	if (a->token == NULL)
		c->who = who_new(role, tenant, sub, "", INT64_MAX);
	c->order = arena_dup(&c->arena, a->order);
	c->intent.kind = a->intent;
	c->intent.by = a->token != NULL ? ROLE_TRACKING : role;
	c->intent.at_ms = T0;
	c->intent.item_id = arena_dup(&c->arena, a->item);
	c->item = arena_dup(&c->arena, a->item);
	if (a->kind == CMD_CHANGE && a->body != NULL)
		take_body(c, arena_dup(&c->arena, a->body));
	c->since = a->since;
	c->limit = a->limit > 0 ? a->limit : 50;
	c->list = a->list;
	c->list_status = a->status;
	c->customer_id = arena_dup(&c->arena, a->customer);
	c->before = arena_dup(&c->arena, a->before != NULL ? a->before : "~");
	c->link_id = arena_dup(&c->arena, a->link);
	c->path = arena_dup(&c->arena, a->path);
	take_own(c, a);
	c->expires_in_ms = a->expires_in_ms;
	if (a->key != NULL) {
		c->repeat_scope = arena_join(&c->arena, tenant, "/", sub, NULL);
		c->repeat_key = arena_dup(&c->arena, a->key);
		crypto_sha256_hex(a->body != NULL ? a->body : "",
		    a->body != NULL ? strlen(a->body) : 0, hash);
		c->repeat_hash = arena_dup(&c->arena,
		    a->hash != NULL ? a->hash : hash);
	}
	(void)d;
	return c;
}

struct result *
desk_send(struct desk *d, const struct asked *a)
{
	struct result *r = calloc(1, sizeof(*r));

	r->desk = d;
	r->next = d->results;
	d->results = r;
	orders_command(d->o, desk_command_of(d, a, d->loop, answered, r));
	return r;
}

struct result *
desk_do(struct desk *d, const struct asked *a)
{
	struct result *r = desk_send(d, a);

	desk_run(d, 20);
	ck_assert_int_eq(r->n, 1);
	return r;
}

/* ---- Asks -------------------------------------------------------------- */

struct ask *
desk_ask_only(struct desk *d, const struct asking *k)
{
	struct ask *a = mem_alloc(sizeof(*a));

	arena_init(&a->arena);
	a->hub = &d->fronts[k->front];
	a->feed = k->feed != 0 ? k->feed : OW_FEED_ORDER;
	a->order = arena_dup(&a->arena, k->order);
	a->path = arena_dup(&a->arena, k->path);
	a->ticket = arena_dup(&a->arena, k->ticket);
	a->tracking_token = arena_dup(&a->arena, k->token);
	if (k->token == NULL && k->ticket == NULL)
		a->who = who_new(k->role != ROLE_NONE ? k->role : ROLE_KITCHEN,
		    k->tenant != NULL ? k->tenant : "cafe",
		    k->sub != NULL ? k->sub : "cook", "", INT64_MAX);
	a->has_since = k->has_since;
	a->since = k->since;
	a->resync = k->resync;
	a->wants_live = k->has_since && !k->resync;
	orders_ask(d->o, a);
	return a;
}

bool
desk_is_answered(struct desk *d, const struct ask *a)
{
	uint32_t i, f, n = 0;

	for (f = 0; f < FRONTS; f++)
		for (i = 0; i < d->fronts[f].n; i++)
			if (d->fronts[f].notes[i].ask == a)
				n++;
	ck_assert_uint_le(n, 1);
	return n == 1;
}

struct ask *
desk_ask(struct desk *d, const struct asking *k)
{
	struct ask *a = desk_ask_only(d, k);

	desk_run(d, 20);
	ck_assert(desk_is_answered(d, a));
	return a;
}
