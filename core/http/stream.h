/* SPDX-License-Identifier: MIT */
/*
 * stream - where a transport plugin's calls meet HTTP, auth and the hub.
 *
 * It fills struct ow_host_srv.  A route's request is checked (origin, limits,
 * credentials) and becomes a hub stream, or an HTTP refusal.  It also
 * understands the few things a peer may say: {"type":"ping"} and
 * {"type":"auth","token":...}.
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include <orderwire/plugin.h>

struct auth;
struct hub;
struct request;
struct route_match;
struct routes;
struct set_http;

/* One a front. */
struct stream_gate_conf {
	struct hub *hub;
	struct auth *auth;
	struct routes *routes;
	const struct set_http *http;
	const char *public_url;		/* our own origin, or "" */
};

struct stream_gate;
struct stream_gate *stream_gate_new(const struct stream_gate_conf *);
/* After its listener, which has ended every request, and before its hub. */
void stream_gate_free(struct stream_gate **);

/* The table for transports; plugin_ctx_user() of their ctx must be what
   stream_gate_user gives. */
const struct ow_host_srv *stream_gate_host(void);
void *stream_gate_user(struct stream_gate *);
/* After plugin_start: whose instance the ctx is (its transport number). */
void stream_gate_add(struct stream_gate *, struct ow_ctx *);

/* What a plugin's route points at in the route table: */
struct stream_route;
void stream_route_run(const struct stream_route *, struct request *,
    const struct route_match *);

#endif
