/* SPDX-License-Identifier: MIT */
/*
 * server - see server.h.
 *
 * Begin: opening.c; then the threads; then the orders are read, /readyz says
 * so, and jobs are looked for.  End (SIGTERM, SIGINT, or an admin):
 * nothing new is accepted, streams are told to come back elsewhere, jobs are
 * finished or handed back, rows are written, the store closes.  A second
 * signal ends at once: nothing acknowledged is lost by that.
 */
#include "server_room.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/log.h"
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

#define DRAIN_GRACE_MS 9000
#define LOAD_AGAIN_MS 1000
#define STORE_DRAIN_MS 3000
#define OUTBOX_DRAIN_MS 2000	/* and 2 s more for who does not settle */

int
server_new(const struct settings *set, const struct server_words *words,
    struct plugins *plugins, struct server **out, struct ow_fault *fault)
{
	struct server *s = mem_alloc(sizeof(*s));
	int err;

	s->set = set;
	s->words = words;
	s->plugins = plugins;
	s->metrics = metrics_new();
	s->main = loop_new("main");
	s->store_loop = loop_new("store");
	s->outbox_loop = loop_new("outbox");
	s->public_url = server_public_url(set);
	if (s->main != NULL && s->store_loop != NULL &&
	    s->outbox_loop != NULL) {
		err = server_open(s, fault);
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
	outbox_stop(s->outbox);
	outside_free(&s->outside);
	keys_free(&s->keys);
	keyset_unref(&s->keyset);
	tls_free(&s->tls);
	loop_free(&s->outbox_loop);
	loop_free(&s->store_loop);
	loop_free(&s->main);
	/* Letters in the loops were their own. */
	outbox_free(&s->outbox);
	journal_free(&s->outbox_journal);
	journal_free(&s->journal);
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
	loop_stop(s->outbox_loop);
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
flush(void *arg)
{
	struct server *s = arg;

	orders_flush(s->orders, flushed, s);
}

static void
outbox_drained(void *arg)
{
	struct server *s = arg;

	log_notice("server", "jobs are finished or handed back");
	loop_post(s->main, flush, s);
}

static void
fronts_drained(void *arg)
{
	struct server *s = arg;

	outbox_drain(s->outbox, OUTBOX_DRAIN_MS, outbox_drained, s);
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

void
server_drain(void *arg)
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
	server_drain(s);
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
		outbox_run(s->outbox);
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
	start_thread(s, s->outbox_loop);
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
