/* SPDX-License-Identifier: MIT */
/*
 * api - see api.h.  What a stranger can cause is limited before a token is
 * looked at (by address), and what a token can cause after (by its subject).
 */
#include "api/api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/metric.h"
#include "http/bearer.h"
#include "http/cors.h"
#include "http/limit.h"
#include "http/problem.h"
#include "http/stream.h"

#define LIMIT_PLACES 65536
#define ANSWER_MAX (1u << 20)

enum { API_M_REQUESTS, API_M_LIMITED, API_M_DENIED };
static const struct ow_metric api_metrics[] = {
	{ "requests", OW_COUNTER, "Requests that reached a route" },
	{ "limited", OW_COUNTER, "Requests refused by a rate limit" },
	{ "denied", OW_COUNTER, "Requests without a good token" },
	OW_METRICS_END,
};

struct api {
	struct api_conf conf;
	struct metric_set *metrics;
	struct routes *routes, *streams;
	struct limit *by_address, *by_subject;
};

struct api *
api_new(const struct api_conf *conf)
{
	const struct set_http *h = &conf->set->http;
	struct api *a = mem_alloc(sizeof(*a));

	a->conf = *conf;
	a->metrics = metric_set_new(conf->metrics, "api", api_metrics, "front",
	    conf->name);
	a->routes = routes_new();
	a->streams = routes_new();
	a->by_address = limit_new(h->rate_per_address,
	    h->rate_per_address * h->rate_burst, LIMIT_PLACES);
	a->by_subject = limit_new(h->rate_per_token,
	    h->rate_per_token * h->rate_burst, LIMIT_PLACES);
	return a;
}

void
api_free(struct api **ap)
{
	struct api *a = *ap;

	if (a == NULL)
		return;
	routes_free(&a->routes);
	routes_free(&a->streams);
	limit_free(&a->by_address);
	limit_free(&a->by_subject);
	metric_set_free(&a->metrics);
	free(a);
	*ap = NULL;
}

struct routes *
api_stream_routes(struct api *a)
{
	return a->streams;
}

int
api_add_routes(struct api *a, const struct api_route *table,
    struct ow_fault *fault)
{
	int err = OW_OK;

	for (; err == OW_OK && table->method != NULL; table++)
		err = routes_add(a->routes, table->method, table->pattern,
		    table, fault);
	return err;
}

static int
add_tables(struct api *a, const struct api_route *const *tables,
    struct ow_fault *fault)
{
	int err = OW_OK;

	for (; err == OW_OK && *tables != NULL; tables++)
		err = api_add_routes(a, *tables, fault);
	return err;
}

int
api_add_public(struct api *a, struct ow_fault *fault)
{
	static const struct api_route *const tables[] = {
		api_order_routes, api_notification_routes, api_push_routes,
		api_hook_routes, api_unsubscribe_routes, NULL,
	};

	return add_tables(a, tables, fault);
}

int
api_add_admin(struct api *a, struct ow_fault *fault)
{
	static const struct api_route *const tables[] = {
		api_admin_routes, api_job_routes, api_journey_routes, NULL,
	};

	return add_tables(a, tables, fault);
}

const struct api_conf *
api_conf_of(const struct call *c)
{
	return &c->api->conf;
}

/* ---- Ends of a call ----------------------------------------------------- */

void
call_done(struct call **cp)
{
	struct call *c = *cp;

	OW_ASSERT(c->req == NULL);
	who_unref(&c->who);
	free(c);
	*cp = NULL;
}

void
call_answer_text(struct call **cp, int status, const char *content_type,
    const char *p, size_t n)
{
	struct answer answer = {
		.status = status,
		.content_type = content_type,
		.body = { p, n },
	};

	request_answer(&(*cp)->req, &answer);
	call_done(cp);
}

void
call_answer_json(struct call **cp, int status, const char *p, size_t n)
{
	call_answer_text(cp, status, n > 0 ? "application/json" : NULL, p, n);
}

void
call_problem(struct call **cp, int status, const char *code,
    const char *fmt, ...)
{
	char detail[320];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	problem_answer(&(*cp)->req, status, code, detail, NULL, 0);
	call_done(cp);
}

void
call_faults(struct call **cp, const struct form_faults *faults)
{
	problem_answer(&(*cp)->req, 422, "invalid_field",
	    "some fields are not what they must be", faults, 0);
	call_done(cp);
}

/* "application/json", perhaps with parameters, perhaps said twice. */
static bool
is_json_type(const char *type)
{
	size_t n = strlen("application/json");

	return type != NULL && strncasecmp(type, "application/json", n) == 0 &&
	    (type[n] == '\0' || strchr("; ,", type[n]) != NULL);
}

int
call_body(struct call **cp, struct json **out)
{
	struct call *c = *cp;
	struct ow_bytes body = request_body(c->req);
	struct ow_fault fault;
	int err;

	if (!is_json_type(request_header(c->req, "Content-Type"))) {
		call_problem(cp, 415, NULL,
		    "send the body as Content-Type: application/json");
		return OW_EUNSUP;
	}
	err = json_parse(body.p, body.n, out, &fault);
	if (err != OW_OK)
		call_problem(cp, 400, "malformed_json", "%s", fault.text);
	return err;
}

/* ---- Who asks ----------------------------------------------------------- */

static void call_check(struct call *);

void
call_mark_unauthorized(struct call *c, bool had_one)
{
	request_add_header(c->req, "WWW-Authenticate", had_one ?
	    "Bearer error=\"invalid_token\"" : "Bearer");
	metric_add(c->api->metrics, API_M_DENIED, 1);
}

static void
unauthorized(struct call *c, const struct auth_refusal *why)
{
	call_mark_unauthorized(c, why != NULL);
	if (why == NULL)
		call_problem(&c, 401, "token_missing",
		    "send Authorization: Bearer and a token");
	else
		call_problem(&c, why->status, why->code, "%s", why->detail);
}

static void
keys_are_read(void *arg)
{
	struct call *c = arg;

	c->waited = true;
	call_check(c);
}

static void
call_run(struct call *c)
{
	struct api *a = c->api;
	const struct who *who = c->who;
	char key[300];
	int64_t wait_ms;
	int n;

	if (who != NULL && c->match.n_params > 0 &&
	    strncmp(c->route->pattern, "/api/v1/{tenant}", 16) == 0 &&
	    !who_is_in(who, c->match.param[0])) {
		call_problem(&c, 403, "wrong_tenant",
		    "this token is not for tenant %s", c->match.param[0]);
		return;
	}
	if (who != NULL && !(a->conf.set->http.loopback_exempt &&
	    request_peer_is_loopback(c->req))) {
		n = snprintf(key, sizeof(key), "%d\n%s\n%s", who->role,
		    who->tenant, who->sub);
		if (limit_take(a->by_subject, key, (size_t)n,
		    loop_now_ms(a->conf.loop), &wait_ms) != OW_OK) {
			metric_add(a->metrics, API_M_LIMITED, 1);
			problem_answer(&c->req, 429, NULL,
			    "this token asks too often", NULL, wait_ms);
			call_done(&c);
			return;
		}
	}
	c->route->run(c);
}

static void
call_check(struct call *c)
{
	struct auth_refusal why;
	const char *token;
	int err;

	token = bearer_token(request_header(c->req, "Authorization"));
	if (c->route->anyone) {
		call_run(c);
		return;
	}
	if (token == NULL || *token == '\0') {
		unauthorized(c, NULL);
		return;
	}
	if (!auth_is_jwt(token)) {
		c->tracking_token = token;
		call_run(c);
		return;
	}
	err = auth_check(c->api->conf.auth, token, &c->who, &why);
	if (err == OW_EAGAIN && !c->waited &&
	    auth_wait(c->api->conf.auth, keys_are_read, c) == OW_OK)
		return;
	if (err == OW_EAGAIN) {
		problem_answer(&c->req, 503, "keys_unavailable",
		    "the keys of tokens can't be read now", NULL, 0);
		call_done(&c);
	} else if (err != OW_OK) {
		unauthorized(c, &why);
	} else {
		call_run(c);
	}
}

/* ---- From the request to its route -------------------------------------- */

/* True: this address asks too often, and was told so. */
static bool
refuse_limited(struct api *a, struct request **reqp)
{
	struct request *req = *reqp;
	const char *peer = request_peer(req);
	int64_t wait_ms;

	if (a->conf.set->http.loopback_exempt && request_peer_is_loopback(req))
		return false;
	if (limit_take(a->by_address, peer, strlen(peer),
	    loop_now_ms(a->conf.loop), &wait_ms) == OW_OK)
		return false;
	metric_add(a->metrics, API_M_LIMITED, 1);
	problem_answer(reqp, 429, NULL, "too many requests from your address",
	    NULL, wait_ms);
	return true;
}

static void
no_route(struct request **reqp, int err, const char *allow)
{
	if (err == OW_EUNSUP) {
		request_add_header(*reqp, "Allow", allow);
		problem_answer(reqp, 405, NULL,
		    "this path does not know that method", NULL, 0);
	} else {
		problem_answer(reqp, 404, NULL, "there is nothing here", NULL,
		    0);
	}
}

/* Paths whose first segment is ours: what is not there is nowhere. */
static bool
is_ours(const char *path)
{
	static const char *const names[] = { "admin", "api", "hooks", "sse",
	    "unsubscribe", "ws" };
	size_t i, n = strcspn(path + 1, "/");

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == n && !memcmp(path + 1, names[i], n))
			return true;
	return false;
}

/* A transport's route, where the API has none: err is what it says. */
static int
find_stream(const struct api *a, int err, const struct request *req,
    struct route_match *out)
{
	const char *path = request_path(req);
	int stream_err;

	if (err == OW_OK)
		return OW_ENOENT;
	stream_err = routes_find(a->streams, request_method(req), path, out);
	if (stream_err != OW_ENOENT && out->is_rest &&
	    (err != OW_ENOENT || is_ours(path)))
		return OW_ENOENT;
	return stream_err;
}

void
api_request(void *arg, struct request *req)
{
	struct api *a = arg;
	const char *origin = request_header(req, "Origin");
	const char *method = request_method(req), *path = request_path(req);
	bool welcome = cors_is_allowed(a->conf.set->http.origins,
	    a->conf.public_url, origin);
	struct route_match match, stream;
	struct call *c;
	int err, stream_err;

	if (refuse_limited(a, &req))
		return;
	err = routes_find(a->routes, method, path, &match);
	stream_err = find_stream(a, err, req, &stream);
	metric_add(a->metrics, API_M_REQUESTS, 1);
	if (strcmp(method, "OPTIONS") == 0 &&
	    (err == OW_EUNSUP || stream_err == OW_EUNSUP)) {
		cors_preflight(&req, welcome, err == OW_EUNSUP ? match.allow :
		    stream.allow);
		return;
	}
	if (stream_err == OW_OK) {
		stream_route_run(stream.target, req, &stream);
		return;
	}
	if (origin != NULL && welcome)
		cors_mark(req, origin);
	if (err != OW_OK) {
		no_route(&req, err == OW_EUNSUP ? err : stream_err,
		    err == OW_EUNSUP ? match.allow : stream.allow);
		return;
	}
	c = mem_alloc(sizeof(*c));
	c->api = a;
	c->req = req;
	c->match = match;
	c->route = match.target;
	call_check(c);
}
