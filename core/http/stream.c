/* SPDX-License-Identifier: MIT */
/*
 * stream - from a transport's call to a hub stream.
 *
 * Settles who asks (Authorization header, subprotocol token, ticket, or a
 * first message), keeps web pages of strangers out, and says no in the form
 * that the transport wants: as an HTTP answer, or as the end of a stream that
 * has begun.  What a caller may see is decided on the orders loop; here only
 * what needs no order is refused early.
 *
 * Invariants: an opening holds a request or is being taken, never neither; a
 * stream is its opening's until it is connected or dropped, and an opening
 * ends with that.
 *
 * On the path: request -> stream_route_run -> the plugin's route -> open() ->
 * hub/stream, which asks the orders loop.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE		/* memmem */
#endif
#include "http/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "conf/settings.h"
#include "event/event.h"
#include "hub/hub.h"
#include "hub/stream.h"
#include "http/auth.h"
#include "http/bearer.h"
#include "http/cors.h"
#include "http/hear.h"
#include "http/problem.h"
#include "http/request.h"
#include "http/route.h"
#include "plugin/plugin.h"

#define TRANSPORTS_MAX 8
#define ROUTES_MAX 64
#define HEAD_MAX 4096		/* of a transport, with what is added here */

struct stream_route {
	struct stream_gate *gate;
	struct ow_ctx *ctx;
	char method[8];
	void (*fn)(void *self, struct ow_srv_call *,
	    const struct ow_srv_req *);
};

struct stream_gate {
	struct stream_gate_conf conf;
	uint32_t n_routes;
	struct stream_route *routes[ROUTES_MAX];
	uint32_t n_transports;
	struct {
		struct ow_ctx *ctx;
		uint32_t number;
	} transports[TRANSPORTS_MAX];
	uint32_t n_openings;
};

/* While the plugin's route runs. */
struct ow_srv_call {
	struct stream_gate *gate;
	const struct stream_route *route;
	struct request *request;	/* NULL: answered or opened */
	const char *origin;		/* allowed, or NULL */
};

/* A stream that is not connected yet. */
struct opening {
	struct stream_gate *gate;
	struct request *request; /* NULL: the connection is being taken */
	struct ow_stream *stream;
	int32_t feed;
	bool head_first;
	char *token;			/* while its key is looked for */
	int end_code;			/* say this once connected, or 0 */
	char end_reason[64];
};

/* Why nothing is opened. */
struct refusal {
	int status;
	const char *code, *detail;
};

/* ---- Ending an opening -------------------------------------------------- */

static void
opening_free(struct opening *o)
{
	o->gate->n_openings--;
	mem_wipe_free(&o->token);
	free(o);
}

static void
opening_on_gone(void *arg)
{
	struct opening *o = arg;

	if (o->token)
		auth_wait_cancel(o->gate->conf.auth, o);
	stream_drop(&o->stream);
	/* It reaches nobody, but each request ends in one answer. */
	problem_answer(&o->request, 503, NULL, NULL, NULL, 0);
	opening_free(o);
}

static void
opening_on_taken(void *arg, const struct taken *t)
{
	struct opening *o = arg;
	struct ow_bytes none = { NULL, 0 };

	if (t->fd < 0 && !t->bev) {
		stream_drop(&o->stream);
	} else {
		stream_connect(o->stream, t->fd, t->bev, t->peer,
		    o->end_code ? none : t->early);
		if (o->end_code)
			stream_end(o->stream, o->end_code, o->end_reason);
	}
	opening_free(o);
}

static void
opening_take(struct opening *o)
{
	struct ow_bytes said_by_the_stream = { NULL, 0 };

	request_take(&o->request, said_by_the_stream, opening_on_taken, o);
}

static void
opening_refuse(struct opening *o, const struct refusal *why)
{
	if (o->head_first) {
		o->end_code = hear_end_code(why->status);
		if (o->end_code == OW_END_GOING_AWAY)
			hear_retry_reason(o->end_reason,
			    sizeof(o->end_reason));
		else
			snprintf(o->end_reason, sizeof(o->end_reason), "%s",
			    why->code);
		opening_take(o);
		return;
	}
	if (why->status == 401)
		request_add_header(o->request, "WWW-Authenticate",
		    "Bearer error=\"invalid_token\"");
	stream_drop(&o->stream);
	problem_answer(&o->request, why->status, why->code, why->detail, NULL,
	    0);
	opening_free(o);
}

/* ---- Who asks ----------------------------------------------------------- */

/* The orders side has looked: may this stream be? */
static void
opening_on_answer(void *arg, struct ow_stream *stream, int err)
{
	static const struct {
		int err;
		struct refusal why;
	} table[] = {
		{ OW_EINVAL, { 401, "token_invalid",
		    "the ticket or token is unknown, used up or expired" } },
		{ OW_EDENIED, { 403, "forbidden",
		    "this token may not see that" } },
		{ OW_ENOENT, { 404, "no_such_order", "no such order" } },
		{ OW_ELIMIT, { 429, "too_many_streams",
		    "too many open streams" } },
	};
	struct refusal why = { 0, NULL, NULL };

	(void)stream;	/* it is the opening's */
	if (err == OW_OK) {
		opening_take(arg);
		return;
	}
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].err == err)
			why = table[i].why;
	if (!why.status)
		why.status = problem_status(err);
	opening_refuse(arg, &why);
}

static void
opening_ask(struct opening *o, const struct who *who,
    const char *ticket, const char *tracking_token)
{
	stream_ask(o->stream, who, ticket, tracking_token);
	if (o->head_first)
		opening_take(o);
}

/* What can be said without knowing an order or a tenant's people. */
static bool
stream_may_open(const struct who *who, int32_t feed)
{
	switch (feed) {
	case OW_FEED_KITCHEN:
		return who_may_cook(who);
	case OW_FEED_PERSON:
		return who->role != ROLE_TRACKING && who->sub[0];
	default:
		return true;
	}
}

static void opening_check(struct opening *o, const char *token);

static void
opening_on_keys(void *arg)
{
	struct opening *o = arg;
	char *token = o->token;

	o->token = NULL;
	opening_check(o, token);
	mem_wipe_free(&token);
}

static void
opening_check_jwt(struct opening *o, const char *token)
{
	static const struct refusal away = { 503, NULL,
	    "the keys of tokens cannot be read right now" };
	static const struct refusal forbidden = { 403, "forbidden",
	    "this token's role may not see that" };
	struct auth *auth = o->gate->conf.auth;
	struct auth_refusal bad;
	struct refusal why;
	struct who *who;
	int err;

	err = auth_check(auth, token, &who, &bad);
	if (err == OW_OK) {
		if (stream_may_open(who, o->feed))
			opening_ask(o, who, NULL, NULL);
		else
			opening_refuse(o, &forbidden);
		who_unref(&who);
	} else if (err == OW_EDENIED) {
		why = (struct refusal){ bad.status, bad.code, bad.detail };
		opening_refuse(o, &why);
	} else if (err == OW_EAGAIN &&
	    auth_wait(auth, opening_on_keys, o) == OW_OK) {
		o->token = mem_dup(token);
	} else {
		opening_refuse(o, &away);
	}
}

static void
opening_check(struct opening *o, const char *token)
{
	static const struct refusal empty = { 401, "token_invalid",
	    "Authorization holds no bearer token" };

	if (!*token)
		opening_refuse(o, &empty);
	else if (auth_is_jwt(token))
		opening_check_jwt(o, token);
	else
		opening_ask(o, NULL, NULL, token);
}

static void
opening_identify(struct opening *o, const struct ow_open *open)
{
	static const struct refusal nobody = { 401, "token_missing",
	    "a bearer token or a ticket is needed" };
	const char *token = bearer_token(request_header(o->request,
	    "Authorization"));

	if (!token)
		token = open->token;
	if (open->feed == OW_FEED_NONE) {
		opening_take(o);
	} else if (token) {
		opening_check(o, token);
	} else if (open->ticket) {
		opening_ask(o, NULL, open->ticket, NULL);
	} else if (open->auth_later) {
		stream_await_auth(o->stream);
		opening_take(o);
	} else {
		opening_refuse(o, &nobody);
	}
}

/* ---- Calls of a transport ----------------------------------------------- */

static struct stream_gate *
stream_gate_of(struct ow_ctx *ctx)
{
	return plugin_ctx_user(ctx);
}

static uint32_t
stream_transport_of(const struct stream_gate *gate,
    const struct ow_ctx *ctx)
{
	for (uint32_t i = 0; i < gate->n_transports; i++)
		if (gate->transports[i].ctx == ctx)
			return gate->transports[i].number;
	mem_assert_failed("the instance was added", __FILE__, __LINE__);
}

static int
stream_host_route(struct ow_ctx *ctx, const char *method,
    const char *path, void (*fn)(void *self, struct ow_srv_call *,
    const struct ow_srv_req *), struct ow_fault *f)
{
	struct stream_gate *gate = stream_gate_of(ctx);
	struct stream_route *route;
	int err;

	if (gate->n_routes == ROUTES_MAX ||
	    strlen(method) >= sizeof(route->method)) {
		snprintf(f->text, sizeof(f->text),
		    "%s %s: too many routes, or no method of ours", method,
		    path);
		return OW_ELIMIT;
	}
	route = mem_alloc(sizeof(*route));
	route->gate = gate;
	route->ctx = ctx;
	route->fn = fn;
	memcpy(route->method, method, strlen(method) + 1);
	err = routes_add(gate->conf.routes, method, path, route, f);
	if (err) {
		free(route);
		return err;
	}
	gate->routes[gate->n_routes++] = route;
	return OW_OK;
}

static const char *
stream_host_header(struct ow_ctx *ctx,
    struct ow_srv_call *call, const char *name)
{
	(void)ctx;
	return request_header(call->request, name);
}

static const char *
stream_host_param(struct ow_ctx *ctx,
    struct ow_srv_call *call, const char *name)
{
	(void)ctx;
	return request_param(call->request, name);
}

static void
stream_host_answer(struct ow_ctx *ctx, struct ow_srv_call **call,
    int32_t status, const struct ow_header *headers, size_t n_headers,
    const char *detail)
{
	struct answer plain = { .status = status };
	struct ow_srv_call *c = *call;

	(void)ctx;
	*call = NULL;
	for (size_t i = 0; i < n_headers; i++)
		request_add_header(c->request, headers[i].name,
		    headers[i].value);
	if (status >= 400)
		problem_answer(&c->request, status, NULL, detail, NULL, 0);
	else
		request_answer(&c->request, &plain);
}

static void
stream_host_answer_bytes(struct ow_ctx *ctx, struct ow_srv_call **call,
    const struct ow_answer *a)
{
	struct answer out = {
		.status = a->status,
		.content_type = a->content_type,
		.body = a->body,
		.release = a->release,
		.arg = a->arg,
	};
	struct ow_srv_call *c = *call;

	(void)ctx;
	*call = NULL;
	for (size_t i = 0; i < a->n_headers; i++)
		request_add_header(c->request, a->headers[i].name,
		    a->headers[i].value);
	request_answer(&c->request, &out);
}

/* A head that answers a web page of another origin has to say that the page
   may read it (Fetch standard, 3.2); a 101 need not. */
static void
head_write(struct buf *out, struct ow_bytes head,
    const char *origin)
{
	static const char switching[] = "HTTP/1.1 101 ";
	const char *p = head.p, *end;
	size_t n;

	end = memmem(p, head.n, "\r\n\r\n", 4);
	OW_ASSERT(end);
	n = (size_t)(end - p) + 2;
	(void)buf_add(out, p, n);
	if (origin && strncmp(p, switching, sizeof(switching) - 1) != 0)
		(void)buf_printf(out, "Access-Control-Allow-Origin: %s\r\n"
		    "Vary: Origin\r\n", origin);
	(void)buf_add(out, p + n, head.n - n);
}

/* The head is the stream's first words, so that it goes out in one send with
   the snapshot behind it (a send is most of what a handshake costs).  A
   stream that is refused is dropped with them unsaid. */
static bool
opening_make_stream(struct opening *o,
    const struct stream_conf *conf, struct ow_bytes head, const char *origin)
{
	struct buf text = BUF_INIT(HEAD_MAX);
	struct ow_bytes words;
	bool fits;

	head_write(&text, head, origin);
	fits = !text.full;
	if (fits) {
		words.p = text.p;
		words.n = text.n;
		o->stream = stream_new(o->gate->conf.hub, conf);
		(void)stream_write(o->stream, &words, 1); /* it is empty */
	}
	buf_done(&text);
	return fits;
}

static void
stream_host_open(struct ow_ctx *ctx, struct ow_srv_call **call,
    const struct ow_open *open)
{
	struct ow_srv_call *c = *call;
	struct stream_conf conf = {
		.transport = stream_transport_of(c->gate, ctx),
		.feed = open->feed,
		.variant = open->variant,
		.two_way = open->two_way,
		.has_since = open->has_since,
		.since = open->since,
		.peer = OW_HAS(open, peer) ? open->peer : NULL,
		.order = open->order,
		.path = request_path(c->request),
	};
	struct opening *o;

	*call = NULL;
	o = mem_alloc(sizeof(*o));
	o->gate = c->gate;
	o->gate->n_openings++;
	o->feed = open->feed;
	o->head_first = open->head_first;
	o->request = c->request;
	c->request = NULL;
	if (!open->head_first) {
		conf.answered = opening_on_answer;
		conf.arg = o;
	}
	if (!opening_make_stream(o, &conf, open->head, c->origin)) {
		log_error("http", "a transport's head is too long");
		problem_answer(&o->request, 500, NULL, NULL, NULL, 0);
		opening_free(o);
		return;
	}
	request_on_gone(o->request, opening_on_gone, o);
	opening_identify(o, open);
}

static int
stream_host_write(struct ow_ctx *ctx, struct ow_stream *stream,
    const struct ow_bytes *parts, size_t n_parts)
{
	(void)ctx;
	return stream_write(stream, parts, n_parts);
}

static void
stream_host_close(struct ow_ctx *ctx, struct ow_stream *stream)
{
	(void)ctx;
	stream_close(stream);
}

static int
stream_host_message(struct ow_ctx *ctx, struct ow_stream *stream,
    struct ow_bytes text)
{
	const struct stream_gate_conf *conf = &stream_gate_of(ctx)->conf;

	return hear_message(conf->auth, loop_wall_ms(hub_loop(conf->hub)),
	    stream, text);
}

/* ---- The gate ----------------------------------------------------------- */

struct stream_gate *
stream_gate_new(const struct stream_gate_conf *conf)
{
	struct stream_gate *gate;

	gate = mem_alloc(sizeof(*gate));
	gate->conf = *conf;
	return gate;
}

void
stream_gate_free(struct stream_gate **gate)
{
	struct stream_gate *g = *gate;

	*gate = NULL;
	if (!g)
		return;
	OW_ASSERT(g->n_openings == 0);
	for (uint32_t i = 0; i < g->n_routes; i++)
		free(g->routes[i]);
	free(g);
}

const struct ow_host_srv *
stream_gate_host(void)
{
	static const struct ow_host_srv host = {
		.size = sizeof(host),
		.route = stream_host_route,
		.header = stream_host_header,
		.answer = stream_host_answer,
		.open = stream_host_open,
		.write = stream_host_write,
		.message = stream_host_message,
		.close = stream_host_close,
		.param = stream_host_param,
		.answer_bytes = stream_host_answer_bytes,
	};

	return &host;
}

void *
stream_gate_user(struct stream_gate *gate)
{
	return gate;
}

void
stream_gate_add(struct stream_gate *gate, struct ow_ctx *ctx)
{
	const struct ow_plugin *desc = plugin_ctx_entry(ctx)->desc;
	uint32_t i = gate->n_transports;

	OW_ASSERT(i < TRANSPORTS_MAX);
	gate->transports[i].ctx = ctx;
	gate->transports[i].number = hub_add_transport(gate->conf.hub,
	    desc->ops.transport, plugin_ctx_self(ctx));
	gate->n_transports++;
}

/* Our own origin as this request saw it, unless the config says it. */
static bool
stream_is_from_friend(const struct stream_gate *gate,
    struct request *r, const char *origin)
{
	const char *host = request_header(r, "Host");
	const char *self = gate->conf.public_url;
	char seen[512];
	int n;

	if (self && *self)
		return cors_is_allowed(gate->conf.http->origins, self, origin);
	n = snprintf(seen, sizeof(seen), "%s://%s",
	    request_is_tls(r) ? "https" : "http", host ? host : "");
	return cors_is_allowed(gate->conf.http->origins,
	    n < (int)sizeof(seen) ? seen : NULL, origin);
}

void
stream_route_run(const struct stream_route *route, struct request *r,
    const struct route_match *match)
{
	struct ow_srv_call call = { route->gate, route, r, NULL };
	struct ow_srv_req req = {
		.size = sizeof(req),
		.method = request_method(r),
		.path = request_path(r),
		.query = request_query(r),
		.param = match->n_params ? match->param[0] : "",
		.body = request_body(r),
	};

	call.origin = request_header(r, "Origin");
	if (!stream_is_from_friend(route->gate, r, call.origin)) {
		problem_answer(&r, 403, "origin_not_allowed",
		    "pages of this origin may not open streams", NULL, 0);
		return;
	}
	if (call.origin)
		cors_mark(r, call.origin);
	route->fn(plugin_ctx_self(route->ctx), &call, &req);
	if (!call.request)
		return;
	log_error("http", "a transport left a request without an answer",
	    LOG_STR("path", req.path));
	problem_answer(&call.request, 500, NULL, NULL, NULL, 0);
}
