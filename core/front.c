/* SPDX-License-Identifier: MIT */
/*
 * front - see front.h.  Nothing here is shared with another front but the
 * count of open connections.
 */
#include "front.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/orders.h"
#include "http/auth.h"
#include "http/listen.h"
#include "http/stream.h"

#define TRANSPORTS_MAX 8
#define PLUGIN_DRAIN_MS 1000

struct front {
	struct front_conf conf;
	struct metric_set *listen_metrics;
	struct hub *hub;
	struct auth *auth;
	struct api *api;
	struct stream_gate *gate;
	struct listener *listener;
	uint32_t n_transports;
	struct ow_ctx *transports[TRANSPORTS_MAX];
	uint32_t draining;		/* things that are not done yet */
	void (*drained)(void *arg);
	void *drained_arg;
};

struct hub *
front_hub(struct front *f)
{
	return f->hub;
}

struct loop *
front_loop(struct front *f)
{
	return f->conf.loop;
}

const char *
front_address(const struct front *f)
{
	return listener_address(f->listener);
}

static void
released(void *arg, const char *peer)
{
	struct front *f = arg;

	if (f->listener != NULL)	/* it ends first */
		listener_released(f->listener, peer);
}

static void
ask(void *arg, struct ask *a)
{
	struct front *f = arg;

	orders_ask(f->conf.orders, a);
}

static void
unwatch(void *arg, struct hub *hub, const char *topic)
{
	struct front *f = arg;

	orders_unwatch(f->conf.orders, hub, topic);
}

static void
presence(void *arg, struct hub *hub, const char *topic, bool is_present)
{
	struct front *f = arg;

	orders_presence(f->conf.orders, hub, topic, is_present);
}

static void
make_rooms(struct front *f)
{
	const struct front_conf *c = &f->conf;
	struct hub_conf hub = {
		.loop = c->loop, .metrics = c->metrics, .name = c->name,
		.set = &c->set->stream, .ask = ask, .unwatch = unwatch,
		.presence = presence, .released = released, .arg = f,
	};
	struct api_conf api = {
		.loop = c->loop, .set = c->set, .public_url = c->public_url,
		.orders = c->orders, .outbox = c->outbox,
		.metrics = c->metrics, .name = c->name,
	};
	struct stream_gate_conf gate = {
		.http = &c->set->http, .public_url = c->public_url,
	};

	f->hub = hub_new(&hub);
	f->auth = auth_new(c->loop, &c->set->auth, c->keys, c->metrics);
	api.auth = f->auth;
	f->api = api_new(&api);
	gate.hub = f->hub;
	gate.auth = f->auth;
	gate.routes = api_stream_routes(f->api);
	f->gate = stream_gate_new(&gate);
	f->listen_metrics = metric_set_new(c->metrics, "http", listen_metrics,
	    "front", c->name);
}

static int
start_transports(struct front *f, struct ow_fault *fault)
{
	const struct plugin_tables tables = { .srv = stream_gate_host() };
	const struct plugin_entry *e;
	struct ow_ctx *ctx;
	uint32_t i;
	int err;

	for (i = 0; i < plugins_count(f->conf.plugins); i++) {
		e = plugins_at(f->conf.plugins, i);
		if (e->desc->kind != OW_TRANSPORT)
			continue;
		if (f->n_transports == TRANSPORTS_MAX) {
			(void)snprintf(fault->text, sizeof(fault->text),
			    "more than %d transports", TRANSPORTS_MAX);
			return OW_ELIMIT;
		}
		err = plugin_start(e, f->conf.loop, f->conf.metrics, &tables,
		    stream_gate_user(f->gate), &ctx, fault);
		if (err != OW_OK)
			return err;
		f->transports[f->n_transports++] = ctx;
		stream_gate_add(f->gate, ctx);
	}
	return OW_OK;
}

static int
start_listener(struct front *f, struct ow_fault *fault)
{
	const struct set_http *h = &f->conf.set->http;
	struct listener_conf conf = {
		.loop = f->conf.loop, .address = f->conf.address,
		.reuse_port = f->conf.set->server.workers > 1,
		.tls = f->conf.tls,
		.limits = {
			.head_max = h->head_max, .body_max = h->body_max,
			.head_ms = h->head_ms, .body_ms = h->body_ms,
			.idle_ms = h->idle_ms,
			.connections_max = h->connections_max,
			.connections_per_address = h->connections_per_address,
			.loopback_exempt = h->loopback_exempt,
		},
		.connections = f->conf.connections,
		.metrics = f->listen_metrics,
		.on_request = api_request, .arg = f->api,
	};

	return listener_new(&conf, &f->listener, fault);
}

int
front_new(const struct front_conf *conf, struct front **out,
    struct ow_fault *fault)
{
	struct front *f = mem_alloc(sizeof(*f));
	int err;

	f->conf = *conf;
	make_rooms(f);
	err = api_add_public(f->api, fault);
	if (err == OW_OK)
		err = start_transports(f, fault);
	if (err == OW_OK)
		err = start_listener(f, fault);
	if (err != OW_OK) {
		front_free(&f);
		return err;
	}
	*out = f;
	return OW_OK;
}

/* ---- Keys --------------------------------------------------------------- */

struct new_keys {
	struct front *front;
	struct keyset *set;
};

static void
keys_come(void *arg)
{
	struct new_keys *k = arg;

	auth_set_keys(k->front->auth, k->set);
	keyset_unref(&k->set);
	free(k);
}

void
front_set_keys(struct front *f, struct keyset *set)
{
	struct new_keys *k = mem_alloc(sizeof(*k));

	k->front = f;
	k->set = keyset_ref(set);
	loop_post(f->conf.loop, keys_come, k);
}

/* ---- The end ------------------------------------------------------------ */

static void
one_drained(void *arg)
{
	struct front *f = arg;

	if (--f->draining == 0)
		f->drained(f->drained_arg);
}

static void
plugins_drain(void *arg)
{
	struct front *f = arg;
	uint32_t i;

	f->draining = 1 + f->n_transports;
	for (i = 0; i < f->n_transports; i++)
		plugin_drain(f->transports[i], PLUGIN_DRAIN_MS, one_drained,
		    f);
	one_drained(f);
}

static void
drain_here(void *arg)
{
	struct front *f = arg;

	listener_drain(f->listener);
	hub_drain(f->hub, f->conf.set->server.drain_ms, plugins_drain, f);
}

void
front_drain(struct front *f, void (*done)(void *arg), void *arg)
{
	f->drained = done;
	f->drained_arg = arg;
	loop_post(f->conf.loop, drain_here, f);
}

void
front_free(struct front **fp)
{
	struct front *f = *fp;
	uint32_t i;

	if (f == NULL)
		return;
	/* The listener ends requests, those end what is being opened, the hub
	   ends streams, and they call their transport until the last. */
	listener_free(&f->listener);
	stream_gate_free(&f->gate);
	hub_free(&f->hub);
	for (i = 0; i < f->n_transports; i++)
		plugin_stop(&f->transports[i]);
	api_free(&f->api);
	auth_free(&f->auth);
	metric_set_free(&f->listen_metrics);
	free(f);
	*fp = NULL;
}
