/* SPDX-License-Identifier: MIT */
/*
 * opening - the parts of a server, opened in the order in which one needs the
 * other: keys, store (migrated before anything listens), outbox, orders,
 * fronts, admin.
 */
#include "server_room.h"

#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/orders.h"
#include "event/journal.h"
#include "http/auth.h"
#include "http/listen.h"
#include "net/tls.h"
#include "outbox/outbox.h"
#include "plugin/outside.h"
#include "status.h"

/* ---- Keys --------------------------------------------------------------- */

static void
keys_changed(void *arg, struct keyset *set)
{
	struct server *s = arg;
	uint32_t i;

	if (s->keyset != set) {
		keyset_unref(&s->keyset);
		s->keyset = keyset_ref(set);
	}
	if (s->admin_auth != NULL)
		auth_set_keys(s->admin_auth, set);
	for (i = 0; i < s->n_fronts; i++)
		front_set_keys(s->fronts[i], set);
}

/* ---- For the admin ------------------------------------------------------ */

static bool
is_ready(void *arg, const char **out_why)
{
	const struct server *s = arg;

	*out_why = s->draining ? "draining" : !s->loaded ?
	    "still reading orders" : "the store is away";
	return !s->draining && s->loaded && orders_store_is_up(s->orders);
}

static void
write_metrics(void *arg, struct buf *out)
{
	struct server *s = arg;

	metrics_render(s->metrics, out);
}

static void
write_plugins(void *arg, struct buf *out)
{
	const struct server *s = arg;
	const struct status status = {
		.plugins = s->plugins, .orders = s->orders,
		.outbox = s->outbox, .n_fronts = s->n_fronts,
	};

	status_write_plugins(&status, out);
}

/* ---- The parts ---------------------------------------------------------- */

static int
open_store(struct server *s, struct ow_fault *fault)
{
	const struct plugin_entry *e = NULL;
	struct plugin_tables tables = { 0 };
	const struct ow_store *ops;
	struct journal_conf conf = {
		.store_loop = s->store_loop, .name = "orders",
		.group_ms = s->set->server.group_ms,
		.queue_max = (uint32_t)s->set->server.store_queue_max,
		.metrics = s->metrics, .home = s->main,
		.state = orders_store_state, .arg = s->orders,
	};
	uint32_t i, n = 0;
	int err;

	for (i = 0; i < plugins_count(s->plugins); i++) {
		if (plugins_at(s->plugins, i)->desc->kind != OW_STORE)
			continue;
		e = plugins_at(s->plugins, i);
		n++;
	}
	if (n != 1) {
		(void)snprintf(fault->text, sizeof(fault->text),
		    "%s store is configured: name exactly one under"
		    " 'plugins', for example store-sqlite: { path ="
		    " \"orders.db\"; };", n == 0 ? "no" : "more than one");
		return OW_EINVAL;
	}
	s->journal = journal_new(&conf);
	tables.store = journal_host();
	err = plugin_start(e, s->store_loop, s->metrics, &tables, s->journal,
	    &s->store, fault);
	if (err != OW_OK)
		return err;
	ops = e->desc->ops.store;
	err = ops->migrate(plugin_ctx_self(s->store), fault);
	if (err == OW_OK)
		journal_attach(s->journal, s->store, ops,
		    plugin_ctx_self(s->store));
	return err;
}

static void
ask_consent(void *arg, struct consent *consent)
{
	struct server *s = arg;

	orders_consent(s->orders, consent);
}

static void
hand_opt(void *arg, struct opt *opt)
{
	struct server *s = arg;

	orders_opt(s->orders, opt);
}

static void
hand_forgotten(void *arg, struct forgotten *forgotten)
{
	struct server *s = arg;

	orders_forgotten(s->orders, forgotten);
}

static void
hand_tidings(void *arg, struct tidings *tidings)
{
	struct server *s = arg;

	orders_tidings(s->orders, tidings);
}

/* Its journal goes to the same store. */
static int
open_outbox(struct server *s, struct ow_fault *fault)
{
	struct journal_conf journal = {
		.home = s->outbox_loop, .store_loop = s->store_loop,
		.name = "outbox", .group_ms = s->set->server.group_ms,
		.queue_max = (uint32_t)s->set->server.store_queue_max,
		.metrics = s->metrics,
	};
	struct outbox_conf conf = {
		.loop = s->outbox_loop, .set = s->set,
		.rules = s->words->rules, .templates = s->words->templates,
		.metrics = s->metrics, .public_url = s->public_url,
		.net = outside_host(), .consent = ask_consent,
		.opt = hand_opt, .forgotten = hand_forgotten,
		.tidings = hand_tidings, .arg = s,
	};
	int err;

	err = outside_new(s->outbox_loop, s->set->outbox.private_allow,
	    &s->outside, fault);
	if (err != OW_OK)
		return err;
	s->outbox_journal = journal_new(&journal);
	journal_attach(s->outbox_journal, s->store,
	    plugin_ctx_entry(s->store)->desc->ops.store,
	    plugin_ctx_self(s->store));
	conf.journal = s->outbox_journal;
	conf.outside = s->outside;
	s->outbox = outbox_new(&conf);
	err = outbox_start(s->outbox, s->plugins, fault);
	if (err == OW_OK)
		orders_attach_outbox(s->orders, s->outbox);
	return err;
}

static int
open_fronts(struct server *s, struct ow_fault *fault)
{
	struct front_conf conf = {
		.address = s->set->server.listen, .set = s->set,
		.plugins = s->plugins, .tls = s->tls, .keys = s->keys,
		.public_url = s->public_url, .orders = s->orders,
		.outbox = s->outbox, .metrics = s->metrics,
		.connections = &s->connections,
	};
	uint32_t i, n = (uint32_t)s->set->server.workers;
	int err;

	for (i = 0; i < n; i++) {
		(void)snprintf(s->names[i], sizeof(s->names[i]), "front-%u",
		    i);
		conf.name = s->names[i] + strlen("front-");
		conf.loop = n == 1 ? s->main : loop_new(s->names[i]);
		if (conf.loop == NULL) {
			(void)snprintf(fault->text, sizeof(fault->text),
			    "no descriptors left for a loop");
			return OW_ELIMIT;
		}
		err = front_new(&conf, &s->fronts[i], fault);
		if (err != OW_OK) {
			if (n > 1)
				loop_free(&conf.loop);
			return err;
		}
		s->n_fronts++;
		conf.address = front_address(s->fronts[0]);
	}
	return OW_OK;
}

static int
open_admin(struct server *s, struct ow_fault *fault)
{
	const struct set_http *h = &s->set->http;
	struct api_conf api = {
		.loop = s->main, .set = s->set, .public_url = s->public_url,
		.orders = s->orders, .outbox = s->outbox,
		.metrics = s->metrics, .name = "admin",
		.admin = { is_ready, write_metrics, write_plugins,
		    server_drain, s },
	};
	struct listener_conf conf = {
		.loop = s->main, .address = s->set->server.admin_listen,
		.limits = {
			.head_max = h->head_max, .body_max = h->body_max,
			.head_ms = h->head_ms, .body_ms = h->body_ms,
			.idle_ms = h->idle_ms, .connections_max = 256,
			.loopback_exempt = true,
		},
		.connections = &s->admin_connections,
		.on_request = api_request,
	};
	int err;

	s->admin_auth = auth_new(s->main, &s->set->auth, s->keys, s->metrics);
	api.auth = s->admin_auth;
	s->admin_api = api_new(&api);
	conf.arg = s->admin_api;
	err = api_add_admin(s->admin_api, fault);
	if (err == OW_OK)
		err = listener_new(&conf, &s->admin, fault);
	return err;
}

char *
server_public_url(const struct settings *set)
{
	const char *url = set->server.public_url;
	size_t n = strlen(url);

	if (n > 0)
		return mem_dupn(url, n - (url[n - 1] == '/'));
	return mem_printf("http%s://%s", set->tls.certificate[0] != '\0' ?
	    "s" : "", set->server.listen);
}

int
server_open(struct server *s, struct ow_fault *fault)
{
	struct orders_conf orders = {
		.loop = s->main, .set = s->set, .metrics = s->metrics,
		.public_url = s->public_url, .rules = s->words->rules,
		.templates = s->words->templates,
	};
	struct hub *hubs[WORKERS_MAX];
	uint32_t i;
	int err = OW_OK;

	if (s->set->tls.certificate[0] != '\0')
		err = tls_new(s->set->tls.certificate, s->set->tls.key,
		    &s->tls, fault);
	if (err == OW_OK)
		err = keys_new(s->main, &s->set->auth, keys_changed, s,
		    &s->keys, fault);
	if (err != OW_OK)
		return err;
	s->orders = orders_new(&orders);
	err = open_store(s, fault);
	if (err == OW_OK)
		err = open_outbox(s, fault);
	if (err == OW_OK)
		err = open_fronts(s, fault);
	if (err == OW_OK)
		err = open_admin(s, fault);
	if (err != OW_OK)
		return err;
	if (s->keyset != NULL)
		keys_changed(s, s->keyset);
	for (i = 0; i < s->n_fronts; i++)
		hubs[i] = front_hub(s->fronts[i]);
	orders_attach(s->orders, s->journal, hubs, s->n_fronts);
	return OW_OK;
}
