/* SPDX-License-Identifier: MIT */
/*
 * server - see server.h.
 *
 * Begin: keys, store (opened and migrated before anything listens), orders,
 * fronts, admin; then the threads; then the orders are read, and /readyz says
 * so.  End (SIGTERM, SIGINT, or an admin): nothing new is accepted, streams
 * are told to come back elsewhere, rows are written, the store closes.  A
 * second signal ends at once: nothing acknowledged is lost by that.
 */
#include "server.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/orders.h"
#include "event/journal.h"
#include "front.h"
#include "http/auth.h"
#include "http/listen.h"
#include "net/tls.h"

#define WORKERS_MAX 64
#define DRAIN_GRACE_MS 5000
#define LOAD_AGAIN_MS 1000
#define STORE_DRAIN_MS 3000

struct server {
	const struct settings *set;
	struct plugins *plugins;
	struct metrics *metrics;
	struct loop *main, *store_loop;
	struct tls *tls;
	struct keys *keys;
	struct keyset *keyset;
	struct journal *journal;
	struct ow_ctx *store;
	struct orders *orders;
	uint32_t n_fronts;
	struct front *fronts[WORKERS_MAX];
	char names[WORKERS_MAX][24];
	struct auth *admin_auth;
	struct api *admin_api;
	struct listener *admin;
	struct event *signals[4];
	char *public_url;
	atomic_llong connections, admin_connections;
	bool draining, loaded;
	atomic_uint fronts_draining;
	struct loop_timer *deadline, *load_again;
	int exit_code;
	uint32_t n_threads;
	pthread_t threads[WORKERS_MAX + 1];
};

static void drain(void *);

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

static const char *
kind_name(int32_t kind)
{
	return kind == OW_TRANSPORT ? "transport" : kind == OW_STORE ?
	    "store" : "?";
}

static void
write_plugins(void *arg, struct buf *out)
{
	const struct server *s = arg;
	const struct plugin_entry *e;
	struct jw w;
	uint32_t i;

	jw_init(&w, out);
	jw_object(&w, NULL);
	jw_list(&w, "data");
	for (i = 0; i < plugins_count(s->plugins); i++) {
		e = plugins_at(s->plugins, i);
		jw_object(&w, NULL);
		jw_text(&w, "name", e->name);
		jw_text(&w, "kind", kind_name(e->desc->kind));
		jw_text(&w, "module", e->desc->name);
		jw_text(&w, "version", e->desc->version);
		jw_text(&w, "summary", e->desc->summary);
		jw_int(&w, "instances", e->desc->kind == OW_TRANSPORT ?
		    (int64_t)s->n_fronts : 1);
		jw_text(&w, "state", e->desc->kind == OW_STORE &&
		    !orders_store_is_up(s->orders) ? "away" : "running");
		jw_end(&w);
	}
	jw_end(&w);
	jw_end(&w);
}

/* ---- The parts ---------------------------------------------------------- */

static int
open_store(struct server *s, struct ow_fault *fault)
{
	const struct plugin_entry *e = NULL;
	const struct ow_store *ops;
	struct journal_conf conf = {
		.store_loop = s->store_loop,
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
	err = plugin_start(e, s->store_loop, s->metrics, NULL, journal_host(),
	    s->journal, &s->store, fault);
	if (err != OW_OK)
		return err;
	ops = e->desc->ops.store;
	err = ops->migrate(plugin_ctx_self(s->store), fault);
	if (err == OW_OK)
		journal_attach(s->journal, s->store, ops,
		    plugin_ctx_self(s->store));
	return err;
}

static int
open_fronts(struct server *s, struct ow_fault *fault)
{
	struct front_conf conf = {
		.address = s->set->server.listen, .set = s->set,
		.plugins = s->plugins, .tls = s->tls, .keys = s->keys,
		.public_url = s->public_url, .orders = s->orders,
		.metrics = s->metrics, .connections = &s->connections,
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
		.orders = s->orders, .metrics = s->metrics, .name = "admin",
		.admin = { is_ready, write_metrics, write_plugins, drain, s },
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
	err = api_add_routes(s->admin_api, api_admin_routes, fault);
	if (err == OW_OK)
		err = listener_new(&conf, &s->admin, fault);
	return err;
}

static char *
make_public_url(const struct settings *set)
{
	const char *url = set->server.public_url;
	size_t n = strlen(url);

	if (n > 0)
		return mem_dupn(url, n - (url[n - 1] == '/'));
	return mem_printf("http%s://%s", set->tls.certificate[0] != '\0' ?
	    "s" : "", set->server.listen);
}

static int
open_all(struct server *s, struct ow_fault *fault)
{
	struct orders_conf orders = {
		.loop = s->main, .set = s->set, .metrics = s->metrics,
		.public_url = s->public_url,
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

int
server_new(const struct settings *set, struct plugins *plugins,
    struct server **out, struct ow_fault *fault)
{
	struct server *s = mem_alloc(sizeof(*s));
	int err;

	s->set = set;
	s->plugins = plugins;
	s->metrics = metrics_new();
	s->main = loop_new("main");
	s->store_loop = loop_new("store");
	s->public_url = make_public_url(set);
	if (s->main != NULL && s->store_loop != NULL) {
		err = open_all(s, fault);
	} else {
		err = OW_ELIMIT;
		(void)snprintf(fault->text, sizeof(fault->text),
		    "no file descriptors left: raise the limit (ulimit -n,"
		    " LimitNOFILE=)");
	}
	if (err != OW_OK) {
		server_free(&s);
		return err;
	}
	*out = s;
	return OW_OK;
}

void
server_free(struct server **sp)
{
	struct server *s = *sp;
	struct loop *loop;
	uint32_t i;

	if (s == NULL)
		return;
	for (i = 0; i < sizeof(s->signals) / sizeof(s->signals[0]); i++)
		if (s->signals[i] != NULL)
			event_free(s->signals[i]);
	loop_timer_cancel(&s->deadline);
	loop_timer_cancel(&s->load_again);
	plugin_stop(&s->store);
	listener_free(&s->admin);
	api_free(&s->admin_api);
	auth_free(&s->admin_auth);
	for (i = 0; i < s->n_fronts; i++) {
		loop = front_loop(s->fronts[i]);
		front_free(&s->fronts[i]);
		if (loop != s->main)
			loop_free(&loop);
	}
	orders_free(&s->orders);
	keys_free(&s->keys);
	keyset_unref(&s->keyset);
	tls_free(&s->tls);
	loop_free(&s->store_loop);
	loop_free(&s->main);
	journal_free(&s->journal);	/* letters in the loops were its own */
	metrics_free(&s->metrics);
	free(s->public_url);
	free(s);
	*sp = NULL;
}

/* ---- The end ------------------------------------------------------------ */

static void
stop_all(void *arg)
{
	struct server *s = arg;
	uint32_t i;

	loop_stop(s->store_loop);
	for (i = 0; i < s->n_fronts; i++)
		if (front_loop(s->fronts[i]) != s->main)
			loop_stop(front_loop(s->fronts[i]));
	loop_stop(s->main);
}

static void
store_drained(void *arg)
{
	struct server *s = arg;

	loop_post(s->main, stop_all, s);
}

static void
store_drain(void *arg)
{
	struct server *s = arg;

	plugin_drain(s->store, STORE_DRAIN_MS, store_drained, s);
}

static void
flushed(void *arg)
{
	struct server *s = arg;

	log_notice("server", "orders are written");
	loop_post(s->store_loop, store_drain, s);
}

static void
fronts_drained(void *arg)
{
	struct server *s = arg;

	orders_flush(s->orders, flushed, s);
}

static void
front_drained(void *arg)
{
	struct server *s = arg;

	if (atomic_fetch_sub(&s->fronts_draining, 1) == 1)
		loop_post(s->main, fronts_drained, s);
}

static void
drain_overdue(void *arg)
{
	struct server *s = arg;

	s->deadline = NULL;
	log_warn("server", "draining took too long; ending now");
	s->exit_code = 1;
	stop_all(s);
}

static void
drain(void *arg)
{
	struct server *s = arg;
	uint32_t i;

	if (s->draining)
		return;
	s->draining = true;
	log_notice("server", "draining", LOG_INT("connections",
	    (int64_t)atomic_load(&s->connections)));
	s->deadline = loop_timer_start(s->main, s->set->server.drain_ms +
	    DRAIN_GRACE_MS, drain_overdue, s);
	atomic_store(&s->fronts_draining, s->n_fronts);
	for (i = 0; i < s->n_fronts; i++)
		front_drain(s->fronts[i], front_drained, s);
}

/* ---- Signals ------------------------------------------------------------ */

static void
on_end(evutil_socket_t sig, short what, void *arg)
{
	struct server *s = arg;

	(void)what;
	if (s->draining) {
		log_notice("server", "ending at once", LOG_INT("signal", sig));
		s->exit_code = 1;
		stop_all(s);
		return;
	}
	drain(s);
}

static void
on_reload(evutil_socket_t sig, short what, void *arg)
{
	struct server *s = arg;
	struct ow_fault fault;

	(void)sig;
	(void)what;
	if (s->tls != NULL && tls_reload(s->tls, &fault) != OW_OK)
		log_error("server", "the certificate was not reloaded; the old"
		    " one stays", LOG_STR("fault", fault.text));
	keys_refresh(s->keys);
	log_notice("server", "certificate and keys are read again");
}

static void
watch_signals(struct server *s)
{
	struct event_base *base = loop_base(s->main);

	s->signals[0] = evsignal_new(base, SIGTERM, on_end, s);
	s->signals[1] = evsignal_new(base, SIGINT, on_end, s);
	s->signals[2] = evsignal_new(base, SIGHUP, on_reload, s);
	(void)event_add(s->signals[0], NULL);
	(void)event_add(s->signals[1], NULL);
	(void)event_add(s->signals[2], NULL);
}

/* ---- Running ------------------------------------------------------------ */

static void load_orders(void *);

static void
orders_loaded(void *arg, int err, const char *detail)
{
	struct server *s = arg;

	if (err == OW_OK) {
		s->loaded = true;
		log_notice("server", "ready", LOG_STR("listen",
		    front_address(s->fronts[0])), LOG_STR("admin",
		    listener_address(s->admin)));
		return;
	}
	log_error("server", "the orders can't be read; trying again",
	    LOG_STR("detail", detail));
	s->load_again = loop_timer_start(s->main, LOAD_AGAIN_MS, load_orders,
	    s);
}

static void
load_orders(void *arg)
{
	struct server *s = arg;

	s->load_again = NULL;
	orders_load(s->orders, orders_loaded, s);
}

/* The name is what top -H and perf show: "ow-store", "ow-front-0". */
static void *
thread_main(void *arg)
{
	struct loop *loop = arg;
	char name[16];	/* the kernel keeps no more */

	(void)snprintf(name, sizeof(name), "ow-%.12s", loop_name(loop));
	(void)pthread_setname_np(pthread_self(), name);
	loop_run(loop);
	return NULL;
}

/* Signals go to the main thread alone. */
static void
start_thread(struct server *s, struct loop *loop)
{
	int err = pthread_create(&s->threads[s->n_threads], NULL, thread_main,
	    loop);

	OW_ASSERT(err == 0);
	s->n_threads++;
}

int
server_run(struct server *s)
{
	sigset_t all, before;
	uint32_t i;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	start_thread(s, s->store_loop);
	for (i = 0; i < s->n_fronts; i++)
		if (front_loop(s->fronts[i]) != s->main)
			start_thread(s, front_loop(s->fronts[i]));
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	watch_signals(s);
	load_orders(s);
	loop_run(s->main);
	for (i = 0; i < s->n_threads; i++)
		(void)pthread_join(s->threads[i], NULL);
	log_notice("server", "ended", LOG_INT("code", s->exit_code));
	return s->exit_code;
}
