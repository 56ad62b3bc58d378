/* SPDX-License-Identifier: MIT */
/*
 * test_stream - how a transport's call becomes a stream, or a refusal.
 *
 * Everything around http/stream is a fake here (requests, auth, hub, the
 * plugin), so that each answer of each of them can be had at will, in each
 * order.  A stream or request that is ended twice, or not at all, fails the
 * test that made it.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/loop.h"
#include "base/mem.h"
#include "conf/settings.h"
#include "event/event.h"
#include "http/auth.h"
#include "http/request.h"
#include "http/route.h"
#include "http/stream.h"
#include "hub/hub.h"
#include "hub/stream.h"
#include "plugin/plugin.h"

#define FIELDS_MAX 8

/* ---- A fake request ----------------------------------------------------- */

struct request {
	const char *method, *path;
	struct ow_header headers[FIELDS_MAX];
	uint32_t n_headers;
	bool is_tls;
	void (*gone)(void *arg);
	void *gone_arg;

	int n_ends;
	int status;
	char body[1024], added[1024];
	void (*taken)(void *arg, const struct taken *);
	void *taken_arg;
};

const char *
request_method(const struct request *r)
{
	return r->method;
}

const char *
request_path(const struct request *r)
{
	return r->path;
}

const char *
request_query(const struct request *r)
{
	(void)r;
	return "since=5";
}

const char *
request_param(struct request *r, const char *name)
{
	(void)r;
	return strcmp(name, "since") == 0 ? "5" : NULL;
}

const char *
request_header(struct request *r, const char *name)
{
	for (uint32_t i = 0; i < r->n_headers; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return NULL;
}

struct ow_bytes
request_body(const struct request *r)
{
	struct ow_bytes none = { NULL, 0 };

	(void)r;
	return none;
}

bool
request_is_tls(const struct request *r)
{
	return r->is_tls;
}

void
request_on_gone(struct request *r, void (*fn)(void *), void *arg)
{
	r->gone = fn;
	r->gone_arg = arg;
}

void
request_add_header(struct request *r, const char *name,
    const char *value)
{
	ck_assert_int_eq(r->n_ends, 0);
	strcat(r->added, name);
	strcat(r->added, ": ");
	strcat(r->added, value);
	strcat(r->added, "\n");
}

void
request_answer(struct request **out_r, const struct answer *a)
{
	struct request *r = *out_r;

	*out_r = NULL;
	ck_assert_int_eq(r->n_ends++, 0);
	r->status = a->status;
	ck_assert_uint_lt(a->body.n, sizeof(r->body));
	if (a->body.n)
		memcpy(r->body, a->body.p, a->body.n);
	r->body[a->body.n] = '\0';
}

void
request_take(struct request **out_r, struct ow_bytes head,
    void (*taken)(void *arg, const struct taken *), void *arg)
{
	struct request *r = *out_r;

	*out_r = NULL;
	ck_assert_int_eq(r->n_ends++, 0);
	ck_assert_uint_eq(head.n, 0);	/* the stream says it */
	r->taken = taken;
	r->taken_arg = arg;
}

/* ---- Fake auth ---------------------------------------------------------- */

struct auth {
	bool has_keys;		/* of "unknown.kid.x" */
	int wait_err;
	void (*ready)(void *arg);
	void *arg;
};

bool
auth_is_jwt(const char *token)
{
	const char *dot = strchr(token, '.');

	return dot && strchr(dot + 1, '.');
}

int
auth_check(struct auth *a, const char *token, struct who **out,
    struct auth_refusal *refusal)
{
	static const struct {
		const char *token;
		enum role role;
		const char *sub;
		int status;
		const char *code;
	} rows[] = {
		{ "cus.tom.er", ROLE_CUSTOMER, "ann", 0, NULL },
		{ "some.bo.dy", ROLE_CUSTOMER, "bob", 0, NULL },
		{ "kit.ch.en", ROLE_KITCHEN, "", 0, NULL },
		{ "unknown.kid.x", ROLE_CUSTOMER, "ann", 0, NULL },
		{ "ex.pir.ed", ROLE_NONE, NULL, 401, "token_expired" },
		{ "bad.ten.ant", ROLE_NONE, NULL, 403, "wrong_tenant" },
	};
	size_t i;

	for (i = 0; strcmp(rows[i].token, token) != 0; i++)
		ck_assert_uint_lt(i, sizeof(rows) / sizeof(rows[0]));
	if (strcmp(token, "unknown.kid.x") == 0 && !a->has_keys)
		return OW_EAGAIN;
	if (rows[i].status) {
		refusal->status = rows[i].status;
		refusal->code = rows[i].code;
		strcpy(refusal->detail, "no");
		return OW_EDENIED;
	}
	*out = who_new(rows[i].role, "t", rows[i].sub, "", INT64_MAX);
	return OW_OK;
}

int
auth_wait(struct auth *a, void (*ready)(void *arg), void *arg)
{
	if (a->wait_err)
		return a->wait_err;
	a->ready = ready;
	a->arg = arg;
	return OW_OK;
}

void
auth_wait_cancel(struct auth *a, void *arg)
{
	ck_assert_ptr_eq(a->arg, arg);
	a->ready = NULL;
}

/* ---- A fake hub --------------------------------------------------------- */

struct ow_stream {
	struct stream_conf conf;
	char order[64], path[64];
	int n_asks;
	struct who *who;
	char ticket[64], tracking[64];
	bool awaits, is_dropped, is_connected;
	size_t early_n;
	int end_code;
	char end_reason[128];
	char said[256], head[2048];
};

struct hub {
	struct loop *loop;
	uint32_t n_transports;
	struct ow_stream stream;	/* the last one */
	int n_streams;
};

struct loop *
hub_loop(const struct hub *h)
{
	return h->loop;
}

#define SOME_ID "019a5a1e-7c40-7cc3-98c4-dc0c0c07398f"

struct hub *
stream_hub(const struct ow_stream *s)
{
	(void)s;
	return NULL;
}

void
hub_new_id(struct hub *h, char out[ID_SIZE])
{
	ck_assert_ptr_null(h);
	memcpy(out, SOME_ID, ID_SIZE);
}

uint32_t
hub_add_transport(struct hub *h, const struct ow_transport *ops,
    void *self)
{
	ck_assert_ptr_nonnull(ops);
	ck_assert_ptr_nonnull(self);
	return 3 + h->n_transports++;
}

struct ow_stream *
stream_new(struct hub *h, const struct stream_conf *conf)
{
	struct ow_stream *s = &h->stream;

	h->n_streams++;
	memset(s, 0, sizeof(*s));
	s->conf = *conf;
	strcpy(s->order, conf->order ? conf->order : "");
	strcpy(s->path, conf->path);
	return s;
}

void
stream_ask(struct ow_stream *s, const struct who *who,
    const char *ticket, const char *tracking)
{
	ck_assert_int_eq(s->n_asks++, 0);
	ck_assert(!s->is_dropped);
	ck_assert_int_eq(!!who + !!ticket + !!tracking, 1);
	s->who = who_ref(who);
	strcpy(s->ticket, ticket ? ticket : "");
	strcpy(s->tracking, tracking ? tracking : "");
}

void
stream_await_auth(struct ow_stream *s)
{
	s->awaits = true;
}

bool
stream_has_asked(const struct ow_stream *s)
{
	return s->n_asks > 0;
}

void
stream_connect(struct ow_stream *s, int fd, struct bufferevent *bev,
    const char *peer, struct ow_bytes early)
{
	ck_assert(!s->is_dropped && !s->is_connected);
	ck_assert(fd >= 0 && !bev);
	ck_assert_str_eq(peer, "127.0.0.1");
	s->is_connected = true;
	s->early_n = early.n;
}

void
stream_drop(struct ow_stream **s)
{
	ck_assert(!(*s)->is_dropped && !(*s)->is_connected);
	(*s)->is_dropped = true;
	*s = NULL;
}

int
stream_write(struct ow_stream *s, const struct ow_bytes *p, size_t n)
{
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_lt(p->n, sizeof(s->head));
	memcpy(s->head, p->p, p->n);
	s->head[p->n] = '\0';
	return OW_OK;
}

void
stream_close(struct ow_stream *s)
{
	(void)s;
}

void
stream_say(struct ow_stream *s, struct event *e)
{
	ck_assert_uint_eq(e->pub.seq, 0);
	ck_assert_uint_lt(e->pub.json.n, sizeof(s->said));
	memcpy(s->said, e->pub.json.p, e->pub.json.n);
	s->said[e->pub.json.n] = '\0';
}

void
stream_end(struct ow_stream *s, int code, const char *reason)
{
	ck_assert(s->is_connected);
	ck_assert_int_eq(s->end_code, 0);
	s->end_code = code;
	strcpy(s->end_reason, reason);
}

int
stream_renew(struct ow_stream *s, const struct who *who)
{
	return strcmp(s->who->sub, who->sub) == 0 ? OW_OK : OW_EDENIED;
}

const struct who *
stream_who(const struct ow_stream *s)
{
	return s->who;
}

/* ---- A fake plugin ------------------------------------------------------ */

struct ow_ctx {
	void *user;
	struct plugin_entry entry;
	struct ow_plugin desc;
	struct ow_transport ops;
	struct ow_open open;	/* what its route does; order NULL and feed */
	int32_t status;		/* -1: answer with this instead */
	struct ow_answer answer;	/* or with this, if it has a status */
	bool forgets;		/* does neither */
	char param[64], query[64];
};

void *
plugin_ctx_user(struct ow_ctx *ctx)
{
	return ctx->user;
}

void *
plugin_ctx_self(struct ow_ctx *ctx)
{
	return ctx;
}

const struct plugin_entry *
plugin_ctx_entry(struct ow_ctx *ctx)
{
	return &ctx->entry;
}

static void
plugin_route(void *self, struct ow_srv_call *call,
    const struct ow_srv_req *req)
{
	const struct ow_host_srv *host = stream_gate_host();
	struct ow_header h = { "X-Why", "because" };
	struct ow_ctx *ctx = self;

	strcpy(ctx->param, req->param);
	strcpy(ctx->query, req->query);
	ck_assert_str_eq(host->param(ctx, call, "since"), "5");
	ck_assert_ptr_null(host->param(ctx, call, "ticket"));
	if (ctx->forgets)
		return;
	if (ctx->answer.status)
		host->answer_bytes(ctx, &call, &ctx->answer);
	else if (ctx->status)
		host->answer(ctx, &call, ctx->status, &h, 1,
		    "as the test said");
	else
		host->open(ctx, &call, &ctx->open);
	ck_assert_ptr_null(call);
}

/* ---- The stage ---------------------------------------------------------- */

struct stage {
	struct loop *loop;
	struct hub hub;
	struct auth auth;
	struct set_http http;
	struct routes *routes;
	struct stream_gate *gate;
	struct ow_ctx ctx;
	struct request request;
};

static const char ws_head[] = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
static const char sse_head[] =
    "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\n\r\n: open\n\n";

static void
stage_init(struct stage *s, const char *public_url)
{
	struct stream_gate_conf conf = { &s->hub, &s->auth, NULL, &s->http,
	    public_url };
	struct ow_fault f;

	memset(s, 0, sizeof(*s));
	s->loop = loop_new("test");
	loop_test_clock(s->loop, 1795305600000);
	s->hub.loop = s->loop;
	s->http.origins = "https://shop.example";
	s->routes = conf.routes = routes_new();
	s->gate = stream_gate_new(&conf);
	s->ctx.user = stream_gate_user(s->gate);
	s->ctx.entry.desc = &s->ctx.desc;
	s->ctx.desc.ops.transport = &s->ctx.ops;
	ck_assert_int_eq(stream_gate_host()->route(&s->ctx, "GET",
	    "/x/orders/{id}/tracking", plugin_route, &f), OW_OK);
	stream_gate_add(s->gate, &s->ctx);
}

static void
stage_done(struct stage *s)
{
	who_unref(&s->hub.stream.who);
	stream_gate_free(&s->gate);
	routes_free(&s->routes);
	loop_free(&s->loop);
}

static void
stage_ws(struct stage *s, int32_t feed)
{
	memset(&s->ctx.open, 0, sizeof(s->ctx.open));
	s->ctx.open.size = sizeof(s->ctx.open);
	s->ctx.open.feed = feed;
	s->ctx.open.order = feed == OW_FEED_ORDER ? "A" : NULL;
	s->ctx.open.head_first = s->ctx.open.auth_later = true;
	s->ctx.open.head = (struct ow_bytes){ ws_head, sizeof(ws_head) - 1 };
	s->ctx.open.peer = s;
}

static void
stage_sse(struct stage *s, int32_t feed)
{
	stage_ws(s, feed);
	s->ctx.open.head_first = s->ctx.open.auth_later = false;
	s->ctx.open.head = (struct ow_bytes){ sse_head, sizeof(sse_head) - 1 };
}

static void
stage_header(struct stage *s, const char *name, const char *value)
{
	struct request *r = &s->request;

	r->headers[r->n_headers].name = name;
	r->headers[r->n_headers++].value = value;
}

/* A new request; headers are added before stage_go. */
static void
stage_request(struct stage *s)
{
	who_unref(&s->hub.stream.who);
	memset(&s->request, 0, sizeof(s->request));
	memset(&s->hub.stream, 0, sizeof(s->hub.stream));
	s->hub.n_streams = 0;
	s->request.method = "GET";
	s->request.path = "/x/orders/A/tracking";
	stage_header(s, "Host", "eat.example");
}

static void
stage_go(struct stage *s)
{
	struct route_match match;

	ck_assert_int_eq(routes_find(s->routes, s->request.method,
	    s->request.path, &match), OW_OK);
	stream_route_run(match.target, &s->request, &match);
}

static void
stage_go_as(struct stage *s, const char *authorization)
{
	stage_request(s);
	if (authorization)
		stage_header(s, "Authorization", authorization);
	stage_go(s);
}

/* The connection has left HTTP, or was lost on the way. */
static void
stage_taken(struct stage *s, int fd)
{
	struct taken t = { .fd = fd, .early = { "early", 5 },
	    .peer = "127.0.0.1" };

	ck_assert_ptr_nonnull((void *)(uintptr_t)s->request.taken);
	s->request.taken(s->request.taken_arg, &t);
}

static void
stage_answered(struct stage *s, int err)
{
	struct ow_stream *stream = &s->hub.stream;

	stream->conf.answered(stream->conf.arg, stream, err);
}

static void
assert_problem(const struct stage *s, int status,
    const char *code)
{
	char want[80];

	snprintf(want, sizeof(want), "\"code\":\"%s\"", code);
	ck_assert_int_eq(s->request.n_ends, 1);
	ck_assert_int_eq(s->request.status, status);
	ck_assert_msg(strstr(s->request.body, want) != NULL, "%s",
	    s->request.body);
}

static int
stage_says(struct stage *s, const char *text)
{
	struct ow_bytes bytes = { text, strlen(text) };

	return stream_gate_host()->message(&s->ctx, &s->hub.stream, bytes);
}

/* ---- Head first --------------------------------------------------------- */

START_TEST(a_handshake_asks_before_it_is_connected)
{
	struct stage s;

	stage_init(&s, "");
	stage_ws(&s, OW_FEED_ORDER);
	s.ctx.open.has_since = true;
	s.ctx.open.since = 7;
	stage_go_as(&s, "bearer  cus.tom.er");
	ck_assert_str_eq(s.ctx.param, "A");
	ck_assert_str_eq(s.ctx.query, "since=5");
	ck_assert_int_eq(s.hub.stream.n_asks, 1);
	ck_assert_str_eq(s.hub.stream.who->sub, "ann");
	ck_assert_uint_eq(s.hub.stream.conf.transport, 3);
	ck_assert_uint_eq(s.hub.stream.conf.since, 7);
	ck_assert_str_eq(s.hub.stream.order, "A");
	ck_assert_str_eq(s.hub.stream.path, "/x/orders/A/tracking");
	ck_assert_ptr_eq(s.hub.stream.conf.peer, &s);
	ck_assert_str_eq(s.hub.stream.head, ws_head);
	stage_taken(&s, 9);
	ck_assert(s.hub.stream.is_connected);
	ck_assert_uint_eq(s.hub.stream.early_n, 5);
	ck_assert_int_eq(s.hub.stream.end_code, 0);
	stage_done(&s);
}
END_TEST

START_TEST(who_asks_is_settled_in_order)
{
	struct stage s;

	stage_init(&s, "");
	stage_ws(&s, OW_FEED_ORDER);
	s.ctx.open.token = "some.bo.dy";
	s.ctx.open.ticket = "tick";
	stage_go_as(&s, "Bearer cus.tom.er");
	ck_assert_str_eq(s.hub.stream.who->sub, "ann");
	stage_taken(&s, 9);
	stage_go_as(&s, NULL);
	ck_assert_str_eq(s.hub.stream.who->sub, "bob");
	stage_taken(&s, 9);
	s.ctx.open.token = NULL;
	stage_go_as(&s, NULL);
	ck_assert_str_eq(s.hub.stream.ticket, "tick");
	stage_taken(&s, 9);
	s.ctx.open.ticket = NULL;
	stage_go_as(&s, NULL);
	ck_assert(s.hub.stream.awaits);
	ck_assert_int_eq(s.hub.stream.n_asks, 0);
	stage_taken(&s, 9);
	stage_go_as(&s, "Bearer tracking-token");
	ck_assert_str_eq(s.hub.stream.tracking, "tracking-token");
	stage_taken(&s, 9);
	stage_done(&s);
}
END_TEST

START_TEST(a_bad_token_ends_the_stream_behind_its_handshake)
{
	static const struct {
		const char *authorization;
		int32_t feed;
		int code;
		const char *reason;
	} rows[] = {
		{ "Bearer ex.pir.ed", OW_FEED_ORDER, 4001, "token_expired" },
		{ "Bearer bad.ten.ant", OW_FEED_ORDER, 4003, "wrong_tenant" },
		{ "Basic YTpi", OW_FEED_ORDER, 4001, "token_invalid" },
		{ "Bearer ", OW_FEED_ORDER, 4001, "token_invalid" },
		{ "Bearer cus.tom.er", OW_FEED_KITCHEN, 4003, "forbidden" },
		{ "Bearer kit.ch.en", OW_FEED_PERSON, 4003, "forbidden" },
	};
	struct stage s;

	stage_init(&s, "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stage_ws(&s, rows[i].feed);
		stage_go_as(&s, rows[i].authorization);
		ck_assert_int_eq(s.hub.stream.n_asks, 0);
		ck_assert_str_eq(s.hub.stream.head, ws_head);
		stage_taken(&s, 9);
		ck_assert_int_eq(s.hub.stream.end_code, rows[i].code);
		ck_assert_str_eq(s.hub.stream.end_reason, rows[i].reason);
		ck_assert_uint_eq(s.hub.stream.early_n, 0);
	}
	stage_done(&s);
}
END_TEST

START_TEST(a_connection_lost_in_between_leaves_nothing)
{
	struct stage s;

	stage_init(&s, "");
	stage_ws(&s, OW_FEED_ORDER);
	stage_go_as(&s, "Bearer cus.tom.er");
	stage_taken(&s, -1);
	ck_assert(s.hub.stream.is_dropped);
	stage_done(&s);
}
END_TEST

START_TEST(an_unknown_key_is_waited_for)
{
	struct stage s;

	stage_init(&s, "");
	stage_ws(&s, OW_FEED_ORDER);
	stage_go_as(&s, "Bearer unknown.kid.x");
	ck_assert_int_eq(s.request.n_ends, 0);
	s.auth.has_keys = true;
	s.auth.ready(s.auth.arg);
	ck_assert_int_eq(s.hub.stream.n_asks, 1);
	stage_taken(&s, 9);

	s.auth.has_keys = false;		/* the peer goes meanwhile */
	stage_go_as(&s, "Bearer unknown.kid.x");
	s.request.gone(s.request.gone_arg);
	ck_assert(s.hub.stream.is_dropped);
	ck_assert(s.auth.ready == NULL);
	ck_assert_int_eq(s.request.n_ends, 1);

	s.auth.wait_err = OW_ELIMIT;		/* too many wait */
	stage_go_as(&s, "Bearer unknown.kid.x");
	stage_taken(&s, 9);
	ck_assert_int_eq(s.hub.stream.end_code, 1001);
	ck_assert_ptr_nonnull(strstr(s.hub.stream.end_reason,
	    "{\"retry_ms\":"));
	stage_sse(&s, OW_FEED_ORDER);
	stage_go_as(&s, "Bearer unknown.kid.x");
	ck_assert_int_eq(s.request.status, 503);
	ck_assert_ptr_nonnull(strstr(s.request.added, "Retry-After: "));
	stage_done(&s);
}
END_TEST

START_TEST(a_feed_of_nothing_needs_nobody)
{
	struct stage s;

	stage_init(&s, "");
	stage_ws(&s, OW_FEED_NONE);
	s.ctx.open.auth_later = false;
	stage_go_as(&s, NULL);
	stage_taken(&s, 9);
	ck_assert(s.hub.stream.is_connected && !s.hub.stream.awaits);
	ck_assert_int_eq(s.hub.stream.n_asks, 0);
	stage_done(&s);
}
END_TEST

/* ---- Head after consent ------------------------------------------------- */

START_TEST(consent_comes_before_the_head)
{
	struct stage s;

	stage_init(&s, "");
	stage_sse(&s, OW_FEED_ORDER);
	stage_go_as(&s, "Bearer cus.tom.er");
	ck_assert_int_eq(s.request.n_ends, 0);
	stage_answered(&s, OW_OK);
	ck_assert(!s.hub.stream.is_connected);
	ck_assert_str_eq(s.hub.stream.head, sse_head);
	stage_taken(&s, 9);
	ck_assert(s.hub.stream.is_connected);
	stage_done(&s);
}
END_TEST

START_TEST(a_refusal_is_a_problem)
{
	static const struct {
		int err, status;
		const char *code;
	} rows[] = {
		{ OW_ENOENT, 404, "no_such_order" },
		{ OW_EDENIED, 403, "forbidden" },
		{ OW_EINVAL, 401, "token_invalid" },
		{ OW_ELIMIT, 429, "too_many_streams" },
	};
	struct stage s;

	stage_init(&s, "");
	stage_sse(&s, OW_FEED_ORDER);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stage_go_as(&s, "Bearer cus.tom.er");
		stage_answered(&s, rows[i].err);
		assert_problem(&s, rows[i].status, rows[i].code);
		ck_assert(s.hub.stream.is_dropped);
		ck_assert((rows[i].status == 401) == (strstr(s.request.added,
		    "WWW-Authenticate: Bearer error=\"invalid_token\"\n") !=
		    NULL));
	}
	stage_go_as(&s, "Bearer cus.tom.er");
	stage_answered(&s, OW_EAGAIN);
	ck_assert_int_eq(s.request.status, 503);
	ck_assert_ptr_nonnull(strstr(s.request.added, "Retry-After: "));
	stage_done(&s);
}
END_TEST

START_TEST(a_bad_token_is_a_problem)
{
	struct stage s;

	stage_init(&s, "");
	stage_sse(&s, OW_FEED_KITCHEN);
	stage_go_as(&s, NULL);
	assert_problem(&s, 401, "token_missing");
	stage_go_as(&s, "Bearer ex.pir.ed");
	assert_problem(&s, 401, "token_expired");
	stage_go_as(&s, "Bearer bad.ten.ant");
	assert_problem(&s, 403, "wrong_tenant");
	stage_go_as(&s, "Bearer cus.tom.er");
	assert_problem(&s, 403, "forbidden");
	ck_assert(s.hub.stream.is_dropped);
	stage_done(&s);
}
END_TEST

START_TEST(a_peer_that_leaves_before_consent_leaves_nothing)
{
	struct stage s;

	stage_init(&s, "");
	stage_sse(&s, OW_FEED_ORDER);
	stage_go_as(&s, "Bearer cus.tom.er");
	s.request.gone(s.request.gone_arg);
	ck_assert(s.hub.stream.is_dropped);
	ck_assert_int_eq(s.request.n_ends, 1);
	stage_done(&s);
}
END_TEST

/* ---- Origins ------------------------------------------------------------ */

START_TEST(pages_of_strangers_open_nothing)
{
	static const struct {
		const char *public_url, *origin;
		bool is_tls, is_good;
	} rows[] = {
		{ "", "https://shop.example", false, true },
		{ "", "https://evil.example", false, false },
		{ "", "null", false, false },
		{ "", "http://eat.example", false, true },
		{ "", "https://eat.example", false, false },
		{ "", "https://eat.example", true, true },
		{ "", "http://eat.example:81", false, false },
		{ "https://me.example", "https://me.example", false, true },
		{ "https://me.example", "http://eat.example", false, false },
	};
	struct stage s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stage_init(&s, rows[i].public_url);
		stage_ws(&s, OW_FEED_ORDER);
		stage_request(&s);
		s.request.is_tls = rows[i].is_tls;
		stage_header(&s, "Origin", rows[i].origin);
		stage_header(&s, "Authorization", "Bearer cus.tom.er");
		stage_go(&s);
		ck_assert_int_eq(s.hub.n_streams, rows[i].is_good);
		if (rows[i].is_good)
			stage_taken(&s, 9);
		else
			assert_problem(&s, 403, "origin_not_allowed");
		stage_done(&s);
	}
}
END_TEST

START_TEST(a_page_may_read_the_stream_it_asked_for)
{
	struct stage s;

	stage_init(&s, "");
	stage_sse(&s, OW_FEED_ORDER);
	stage_request(&s);
	stage_header(&s, "Origin", "https://shop.example");
	stage_header(&s, "Authorization", "Bearer cus.tom.er");
	stage_go(&s);
	stage_answered(&s, OW_OK);
	ck_assert_str_eq(s.hub.stream.head,
	    "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\n"
	    "Access-Control-Allow-Origin: https://shop.example\r\n"
	    "Vary: Origin\r\n\r\n: open\n\n");
	stage_taken(&s, 9);
	stage_done(&s);
}
END_TEST

/* ---- What peers say ----------------------------------------------------- */

static void
stage_connect(struct stage *s, const char *authorization)
{
	stage_ws(s, OW_FEED_ORDER);
	stage_go_as(s, authorization);
	stage_taken(s, 9);
}

START_TEST(a_ping_is_answered)
{
	struct stage s;

	stage_init(&s, "");
	stage_connect(&s, NULL);
	ck_assert_int_eq(stage_says(&s, "{\"type\":\"ping\"}"), OW_OK);
	ck_assert_str_eq(s.hub.stream.said,
	    "{\"type\":\"pong\",\"id\":\"" SOME_ID "\","
	    "\"at\":\"2026-11-22T00:00:00.000Z\",\"data\":{}}");
	stage_done(&s);
}
END_TEST

START_TEST(what_is_not_in_the_contract_is_invalid)
{
	static const char *const texts[] = {
		"", "ping", "{", "[]", "null", "{}", "{\"type\":1}",
		"{\"type\":\"pong\"}", "{\"type\":\"ping\"}x",
		"{\"type\":\"auth\"}", "{\"type\":\"auth\",\"token\":7}",
		"{\"type\":\"ping\",\"type\":\"ping\"}",
	};
	char *long_text = malloc(16386);
	struct stage s;

	stage_init(&s, "");
	stage_connect(&s, NULL);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ck_assert_int_eq(stage_says(&s, texts[i]), OW_EINVAL);
	memset(long_text, ' ', 16385);
	memcpy(long_text, "{\"type\":\"ping\"}", 15);
	long_text[16385] = '\0';
	ck_assert_int_eq(stage_says(&s, long_text), OW_EINVAL);
	long_text[16384] = '\0';
	ck_assert_int_eq(stage_says(&s, long_text), OW_OK);
	ck_assert_int_eq(s.hub.stream.end_code, 0);
	free(long_text);
	stage_done(&s);
}
END_TEST

#define AUTH(token) "{\"type\":\"auth\",\"token\":\"" token "\"}"

START_TEST(a_first_auth_asks_and_a_second_renews)
{
	struct stage s;

	stage_init(&s, "");
	stage_connect(&s, NULL);
	ck_assert_int_eq(stage_says(&s, AUTH("cus.tom.er")), OW_OK);
	ck_assert_int_eq(s.hub.stream.n_asks, 1);
	ck_assert_int_eq(stage_says(&s, AUTH("cus.tom.er")), OW_OK);
	ck_assert_int_eq(s.hub.stream.end_code, 0);
	ck_assert_int_eq(stage_says(&s, AUTH("some.bo.dy")), OW_OK);
	ck_assert_int_eq(s.hub.stream.end_code, 4003);

	stage_connect(&s, NULL);
	ck_assert_int_eq(stage_says(&s, AUTH("tracking")), OW_OK);
	ck_assert_str_eq(s.hub.stream.tracking, "tracking");
	ck_assert_int_eq(stage_says(&s, AUTH("tracking")), OW_OK);
	ck_assert_int_eq(s.hub.stream.end_code, 4001);
	stage_done(&s);
}
END_TEST

START_TEST(a_bad_auth_ends_the_stream)
{
	static const struct {
		const char *text;
		int code;
	} rows[] = {
		{ AUTH("ex.pir.ed"), 4001 },
		{ AUTH("bad.ten.ant"), 4003 },
		{ AUTH(""), 4001 },
		{ AUTH("unknown.kid.x"), 1001 },
	};
	struct stage s;

	stage_init(&s, "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stage_connect(&s, NULL);
		ck_assert_int_eq(stage_says(&s, rows[i].text), OW_OK);
		ck_assert_int_eq(s.hub.stream.end_code, rows[i].code);
		ck_assert_int_eq(s.hub.stream.n_asks, 0);
		stage_connect(&s, "Bearer cus.tom.er");
		ck_assert_int_eq(stage_says(&s, rows[i].text), OW_OK);
		ck_assert_int_eq(s.hub.stream.end_code, rows[i].code);
	}
	stage_done(&s);
}
END_TEST

/* ---- Plugins ------------------------------------------------------------ */

START_TEST(each_call_gets_one_answer)
{
	struct stage s;

	stage_init(&s, "");
	s.ctx.status = 426;
	stage_go_as(&s, NULL);
	assert_problem(&s, 426, "upgrade_required");
	ck_assert_ptr_nonnull(strstr(s.request.added, "X-Why: because\n"));
	ck_assert_ptr_nonnull(strstr(s.request.body, "as the test said"));
	s.ctx.status = 204;
	stage_go_as(&s, NULL);
	ck_assert_int_eq(s.request.status, 204);
	ck_assert_str_eq(s.request.body, "");
	s.ctx.forgets = true;
	stage_go_as(&s, NULL);
	ck_assert_int_eq(s.request.status, 500);
	stage_done(&s);
}
END_TEST

START_TEST(a_plugin_answers_with_bytes_of_its_own)
{
	const struct ow_header h = { "X-Why", "a file" };
	struct stage s;

	stage_init(&s, "");
	s.ctx.answer = (struct ow_answer){ .size = sizeof(s.ctx.answer),
	    .status = 404, .headers = &h, .n_headers = 1,
	    .content_type = "text/plain", .body = { "not here", 8 } };
	stage_go_as(&s, NULL);
	ck_assert_int_eq(s.request.status, 404);
	ck_assert_str_eq(s.request.body, "not here");
	ck_assert_ptr_nonnull(strstr(s.request.added, "X-Why: a file\n"));
	stage_done(&s);
}
END_TEST

START_TEST(a_head_that_is_too_long_is_our_fault)
{
	char head[5000];
	struct stage s;

	memset(head, 'x', sizeof(head));
	memcpy(head, "HTTP/1.1 200 OK\r\n\r\n", 19);
	stage_init(&s, "");
	stage_sse(&s, OW_FEED_ORDER);
	s.ctx.open.head = (struct ow_bytes){ head, sizeof(head) };
	stage_go_as(&s, "Bearer cus.tom.er");
	ck_assert_int_eq(s.request.status, 500);
	ck_assert_int_eq(s.hub.n_streams, 0);
	stage_done(&s);
}
END_TEST

START_TEST(a_route_that_is_taken_is_refused)
{
	struct ow_fault f = { "" };
	struct stage s;

	stage_init(&s, "");
	ck_assert_int_eq(stream_gate_host()->route(&s.ctx, "GET",
	    "/x/orders/{id}/tracking", plugin_route, &f), OW_ECONFLICT);
	ck_assert_int_eq(stream_gate_host()->route(&s.ctx, "LONGMETHOD",
	    "/y", plugin_route, &f), OW_ELIMIT);
	stage_done(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("stream");
	TCase *tc = tcase_create("stream");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_handshake_asks_before_it_is_connected);
	tcase_add_test(tc, who_asks_is_settled_in_order);
	tcase_add_test(tc, a_bad_token_ends_the_stream_behind_its_handshake);
	tcase_add_test(tc, a_connection_lost_in_between_leaves_nothing);
	tcase_add_test(tc, an_unknown_key_is_waited_for);
	tcase_add_test(tc, a_feed_of_nothing_needs_nobody);
	tcase_add_test(tc, consent_comes_before_the_head);
	tcase_add_test(tc, a_refusal_is_a_problem);
	tcase_add_test(tc, a_bad_token_is_a_problem);
	tcase_add_test(tc, a_peer_that_leaves_before_consent_leaves_nothing);
	tcase_add_test(tc, pages_of_strangers_open_nothing);
	tcase_add_test(tc, a_page_may_read_the_stream_it_asked_for);
	tcase_add_test(tc, a_ping_is_answered);
	tcase_add_test(tc, what_is_not_in_the_contract_is_invalid);
	tcase_add_test(tc, a_first_auth_asks_and_a_second_renews);
	tcase_add_test(tc, a_bad_auth_ends_the_stream);
	tcase_add_test(tc, each_call_gets_one_answer);
	tcase_add_test(tc, a_plugin_answers_with_bytes_of_its_own);
	tcase_add_test(tc, a_head_that_is_too_long_is_our_fault);
	tcase_add_test(tc, a_route_that_is_taken_is_refused);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
