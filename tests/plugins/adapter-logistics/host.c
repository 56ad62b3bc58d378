/* SPDX-License-Identifier: MIT */
/*
 * host - see host.h.
 */
#include "host.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 65536

/* Also without a test around it. */
#define MUST(cond)							\
	((cond) ? (void)0 : host_failed(#cond, __LINE__))

static void
host_failed(const char *cond, int line)
{
	fprintf(stderr, "host.c:%d: %s\n", line, cond);
	abort();
}

struct ow_timer {
	struct ow_timer *next;
	int64_t at_ms;
	void (*fire)(void *);
	void *arg;
};

struct post {
	struct post *next;
	void (*fn)(void *);
	void *arg;
};

struct header {
	char name[64], value[512];
};

struct ow_net_call {
	struct ow_net_call *next;
	char *url;
	size_t n_headers;
	struct header headers[4];
	void (*on_data)(void *, struct ow_bytes);
	void (*on_reply)(void *, const struct ow_reply *);
	void *arg;
};

struct ow_socket {
	char *url;
	struct header header;
	struct ow_ws_fns fns;
	void *arg;
};

struct ow_hook_call {
	const char *signature;
	int status;
};

struct ow_ctx {
	struct host *host;
};

struct host {
	struct ow_ctx ctx;
	const struct ow_plugin *plugin;
	struct ow_host tables;
	void *self;
	char *conf;
	int64_t now_ms;
	struct ow_timer *timers;
	struct post *posts, **posts_end;
	struct ow_net_call *calls, **calls_end;
	struct ow_socket *socket;
	int64_t metrics[64];
	char facts[TEXT_SIZE], told[TEXT_SIZE], log[TEXT_SIZE];
};

static void text_add(char *text, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

static void
text_add(char *text, const char *fmt, va_list args)
{
	size_t n = strlen(text);

	(void)vsnprintf(text + n, TEXT_SIZE - n, fmt, args);
}

static void fact(struct ow_ctx *ctx, const char *fmt, ...)
    OW_PRINTF(2, 3);

static void
fact(struct ow_ctx *ctx, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	text_add(ctx->host->facts, fmt, args);
	va_end(args);
}

/* ---- Base --------------------------------------------------------------- */

static void base_log(struct ow_ctx *ctx, int32_t level, const char *fmt, ...)
    OW_PRINTF(3, 4);

static void
base_log(struct ow_ctx *ctx, int32_t level, const char *fmt, ...)
{
	va_list args;

	(void)level;
	va_start(args, fmt);
	text_add(ctx->host->log, fmt, args);
	va_end(args);
	strcat(ctx->host->log, "\n");
}

static void
base_add(struct ow_ctx *ctx, uint32_t metric, int64_t n)
{
	MUST(metric < 64);
	ctx->host->metrics[metric] += n;
}

static void
base_post(struct ow_ctx *ctx, void (*fn)(void *), void *arg)
{
	struct post *post = calloc(1, sizeof(*post));

	post->fn = fn;
	post->arg = arg;
	*ctx->host->posts_end = post;
	ctx->host->posts_end = &post->next;
}

static int64_t
base_now_ms(struct ow_ctx *ctx)
{
	return ctx->host->now_ms;
}

static struct ow_timer *
base_timer_start(struct ow_ctx *ctx, int64_t after_ms, void (*fire)(void *),
    void *arg)
{
	struct ow_timer *timer = calloc(1, sizeof(*timer));

	timer->at_ms = ctx->host->now_ms + after_ms;
	timer->fire = fire;
	timer->arg = arg;
	timer->next = ctx->host->timers;
	ctx->host->timers = timer;
	return timer;
}

static void
base_timer_cancel(struct ow_ctx *ctx, struct ow_timer **p)
{
	struct ow_timer **at = &ctx->host->timers;

	while (*at && *at != *p)
		at = &(*at)->next;
	if (*at)
		*at = (*p)->next;
	free(*p);
	*p = NULL;
}

static void
base_drained(struct ow_ctx *ctx)
{
	fact(ctx, "drained\n");
}

static const struct ow_host_base base = {
	.size = sizeof(base), .log = base_log, .add = base_add,
	.post = base_post, .now_ms = base_now_ms,
	.timer_start = base_timer_start, .timer_cancel = base_timer_cancel,
	.drained = base_drained,
};

/* ---- Network ------------------------------------------------------------ */

static void
header_copy(struct header *to, const struct ow_header *from)
{
	(void)snprintf(to->name, sizeof(to->name), "%s", from->name);
	(void)snprintf(to->value, sizeof(to->value), "%s", from->value);
}

static struct ow_net_call *
net_http_stream(struct ow_ctx *ctx, const struct ow_http_req *req,
    void (*on_data)(void *, struct ow_bytes),
    void (*on_reply)(void *, const struct ow_reply *), void *arg)
{
	struct ow_net_call *call = calloc(1, sizeof(*call));
	size_t i;

	MUST(req->timeout_ms > 0);
	call->url = strdup(req->url);
	call->n_headers = req->n_headers;
	for (i = 0; i < req->n_headers; i++)
		header_copy(&call->headers[i], &req->headers[i]);
	call->on_data = on_data;
	call->on_reply = on_reply;
	call->arg = arg;
	*ctx->host->calls_end = call;
	ctx->host->calls_end = &call->next;
	return call;
}

static struct ow_net_call *
net_http(struct ow_ctx *ctx, const struct ow_http_req *req,
    void (*on_reply)(void *, const struct ow_reply *), void *arg)
{
	return net_http_stream(ctx, req, NULL, on_reply, arg);
}

static void
call_free(struct host *h, struct ow_net_call *call)
{
	struct ow_net_call **at = &h->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	if (h->calls_end == &call->next)
		h->calls_end = at;
	free(call->url);
	free(call);
}

static void
net_cancel(struct ow_ctx *ctx, struct ow_net_call **p)
{
	if (*p)
		call_free(ctx->host, *p);
	*p = NULL;
}

static struct ow_socket *
net_ws_open(struct ow_ctx *ctx, const struct ow_ws_req *req,
    const struct ow_ws_fns *fns, void *arg)
{
	struct ow_socket *s = calloc(1, sizeof(*s));

	MUST(!ctx->host->socket);
	s->url = strdup(req->url);
	if (req->n_headers)
		header_copy(&s->header, &req->headers[0]);
	s->fns = *fns;
	s->arg = arg;
	ctx->host->socket = s;
	return s;
}

static int
net_ws_send(struct ow_ctx *ctx, struct ow_socket *s, struct ow_bytes text)
{
	(void)ctx;
	(void)s;
	(void)text;
	return OW_OK;
}

static void
net_ws_close(struct ow_ctx *ctx, struct ow_socket **p)
{
	MUST(ctx->host->socket == *p);
	free((*p)->url);
	free(*p);
	ctx->host->socket = *p = NULL;
}

static const struct ow_host_net net = {
	.size = sizeof(net), .http = net_http, .cancel = net_cancel,
	.ws_open = net_ws_open, .ws_send = net_ws_send,
	.ws_close = net_ws_close, .http_stream = net_http_stream,
};

/* ---- Facts -------------------------------------------------------------- */

static const char *
or_dash(const char *s)
{
	return s ? s : "-";
}

static void
facts_location(struct ow_ctx *ctx, const char *tenant,
    const struct ow_point *p)
{
	MUST(fabs(p->lat) <= 90 && fabs(p->lng) <= 180);
	MUST(p->at_ms > 0 && p->heading <= 360 && p->speed_mps <= 100);
	fact(ctx, "at %s/%s %.4f,%.4f %.0f %.1f %.0f\n", tenant, p->driver,
	    p->lat, p->lng, p->heading, p->speed_mps, p->accuracy_m);
}

static void
facts_task(struct ow_ctx *ctx, const char *tenant, const struct ow_task *t)
{
	static const char words[] = " pending assigned accepted "
	    "en_route_pickup arrived_pickup picked_up en_route_dropoff "
	    "arrived_dropoff delivered failed cancelled returned ";
	char word[32];

	(void)snprintf(word, sizeof(word), " %s ", t->status);
	MUST(strstr(words, word) && t->order && strlen(t->order) < 256);
	MUST(!t->task_id || (*t->task_id && strlen(t->task_id) < 128));
	MUST(!t->driver || (*t->driver && strlen(t->driver) < 128));
	MUST(!t->reason || strlen(t->reason) <= 500);
	MUST(t->at_ms > 0);
	fact(ctx, "task %s/%s %s %s by %s%s%s\n", tenant, t->order,
	    or_dash(t->task_id), t->status, or_dash(t->driver),
	    t->reason ? ": " : "", t->reason ? t->reason : "");
}

static void
facts_driver(struct ow_ctx *ctx, const char *tenant,
    const struct ow_driver *d)
{
	MUST(!d->name || (*d->name && strlen(d->name) <= 80));
	MUST(!d->photo_url || !strncmp(d->photo_url, "http", 4));
	MUST(!d->phone || strlen(d->phone) <= 40);
	MUST(d->rating == -1 || (d->rating >= 0 && d->rating <= 5));
	fact(ctx, "driver %s/%s %s %s %s %s %.1f\n", tenant, d->id,
	    or_dash(d->name), or_dash(d->photo_url), or_dash(d->vehicle),
	    or_dash(d->phone), d->rating);
}

static void
facts_route(struct ow_ctx *ctx, const char *tenant, const struct ow_route *r)
{
	size_t i;

	MUST(r->n >= 2 && r->n <= 500);
	for (i = 0; i < r->n; i++)
		MUST(fabs(r->lnglat[2 * i]) <= 180 &&
		    fabs(r->lnglat[2 * i + 1]) <= 90);
	MUST(r->distance_m < 1e8 && r->duration_s < 1e8);
	fact(ctx, "route %s/%s %zu %.0f %.0f\n", tenant, r->order, r->n,
	    r->distance_m, r->duration_s);
}

static void
facts_stale(struct ow_ctx *ctx, bool is_stale, const char *why)
{
	MUST(why);
	fact(ctx, is_stale ? "stale\n" : "fresh\n");
}

static const struct ow_host_facts facts = {
	.size = sizeof(facts), .location = facts_location,
	.task = facts_task, .driver = facts_driver, .route = facts_route,
	.stale = facts_stale,
};

static const char *
hook_header(struct ow_ctx *ctx, struct ow_hook_call *call, const char *name)
{
	(void)ctx;
	return strcmp(name, "X-Webhook-Signature") ? NULL : call->signature;
}

static void
hook_answer(struct ow_ctx *ctx, struct ow_hook_call **call, int32_t status,
    const char *type, struct ow_bytes body)
{
	(void)ctx;
	(void)body;
	MUST(type);
	MUST((*call)->status == 0);
	(*call)->status = status;
	*call = NULL;
}

static const struct ow_host_hook hook = {
	.size = sizeof(hook), .hook_header = hook_header,
	.hook_answer = hook_answer,
};

/* ---- Options ------------------------------------------------------------ */

static int64_t
option_number(const char *text)
{
	char *unit;
	int64_t n = strtoll(text, &unit, 10);

	if (!strcmp(unit, "s") || !strcmp(unit, "k"))
		return n * (unit[0] == 's' ? 1000 : 1024);
	return strcmp(unit, "m") ? n : n * 60000;
}

static const char *
option_value(const struct ow_option *o, const char *const *options)
{
	size_t n = strlen(o->name);

	for (; options && *options; options++)
		if (!strncmp(*options, o->name, n) && (*options)[n] == '=')
			return *options + n + 1;
	return o->dflt;
}

void *
host_conf(const struct ow_plugin *plugin, const char *const *options)
{
	char *conf = calloc(1, plugin->conf_size);
	const struct ow_option *o;
	const char *value;
	void *field;

	for (o = plugin->options; o->name; o++) {
		field = conf + o->offset;
		value = option_value(o, options);
		MUST(value != NULL);
		if (o->type == OW_T_BOOL)
			*(bool *)field = !strcmp(value, "yes");
		else if (o->type == OW_T_INT || o->type == OW_T_MS ||
		    o->type == OW_T_BYTES)
			*(int64_t *)field = option_number(value);
		else
			*(const char **)field = value;
	}
	return conf;
}

/* ---- Life --------------------------------------------------------------- */

static void
host_clear(struct host *h)
{
	struct post *post;

	while ((post = h->posts)) {
		h->posts = post->next;
		free(post);
	}
	free(h->conf);
	free(h);
}

struct host *
host_new(const struct ow_plugin *plugin, const char *const *options,
    struct ow_fault *fault)
{
	struct host *h = calloc(1, sizeof(*h));

	h->ctx.host = h;
	h->plugin = plugin;
	h->now_ms = 1000000;
	h->posts_end = &h->posts;
	h->calls_end = &h->calls;
	h->tables = (struct ow_host){ .size = sizeof(h->tables),
	    .abi = OW_ABI, .base = &base, .net = &net, .facts = &facts,
	    .hook = &hook };
	h->conf = host_conf(plugin, options);
	if (plugin->load(&h->ctx, &h->tables, h->conf, &h->self, fault)) {
		MUST(!h->calls);
		host_clear(h);
		return NULL;
	}
	MUST(plugin->start(h->self, fault) == OW_OK);
	return h;
}

void
host_free(struct host **p)
{
	struct host *h = *p;

	*p = NULL;
	h->plugin->drain(h->self);
	MUST(strstr(h->facts, "drained"));
	h->plugin->stop(h->self);
	MUST(!h->timers);
	MUST(!h->calls);
	MUST(!h->socket);
	host_clear(h);
}

void
host_turn(struct host *h)
{
	struct post post;

	while (h->posts) {
		post = *h->posts;
		free(h->posts);
		h->posts = post.next;
		if (!h->posts)
			h->posts_end = &h->posts;
		post.fn(post.arg);
	}
}

void
host_advance(struct host *h, int64_t ms)
{
	int64_t end = h->now_ms + ms;
	struct ow_timer **at, **first, timer;

	host_turn(h);
	for (;;) {
		first = NULL;
		for (at = &h->timers; *at; at = &(*at)->next)
			if (!first || (*at)->at_ms < (*first)->at_ms)
				first = at;
		if (!first || (*first)->at_ms > end)
			break;
		timer = **first;
		free(*first);
		*first = timer.next;
		h->now_ms = timer.at_ms;
		timer.fire(timer.arg);
		host_turn(h);
	}
	h->now_ms = end;
}

/* ---- The other side ----------------------------------------------------- */

static bool
call_is(const struct ow_net_call *call, const char *part)
{
	return strstr(call->url, part) && (!call->on_data ||
	    strstr(part, "/stream"));
}

static struct ow_net_call *
call_find(const struct host *h, const char *part)
{
	struct ow_net_call *call = h->calls;

	while (call && !call_is(call, part))
		call = call->next;
	return call;
}

size_t
host_n_requests(const struct host *h, const char *part)
{
	const struct ow_net_call *call;
	size_t n = 0;

	for (call = h->calls; call; call = call->next)
		n += call_is(call, part);
	return n;
}

const char *
host_url(const struct host *h, const char *part)
{
	const struct ow_net_call *call = call_find(h, part);

	return call ? call->url : NULL;
}

const char *
host_header(const struct host *h, const char *part, const char *name)
{
	const struct ow_net_call *call = call_find(h, part);
	size_t i;

	for (i = 0; call && i < call->n_headers; i++)
		if (!strcmp(call->headers[i].name, name))
			return call->headers[i].value;
	return NULL;
}

bool
host_reply(struct host *h, const char *part, int32_t status, const char *body)
{
	struct ow_net_call *call = call_find(h, part), copy;
	const struct ow_reply reply = {
		.size = sizeof(reply), .status = status,
		.err = status ? OW_OK : OW_EIO, .detail = "scripted",
		.body = { body, body ? strlen(body) : 0 },
	};

	if (!call)
		return false;
	copy = *call;
	call_free(h, call);
	copy.on_reply(copy.arg, &reply);
	host_turn(h);
	return true;
}

bool
host_data(struct host *h, const char *part, const char *data)
{
	struct ow_net_call *call = call_find(h, part);

	if (!call || !call->on_data)
		return false;
	call->on_data(call->arg, (struct ow_bytes){ data, strlen(data) });
	host_turn(h);
	return true;
}

size_t
host_n_sockets(const struct host *h)
{
	return h->socket != NULL;
}

const char *
host_socket_url(const struct host *h)
{
	return h->socket ? h->socket->url : NULL;
}

const char *
host_socket_header(const struct host *h, const char *name)
{
	return h->socket && !strcmp(h->socket->header.name, name) ?
	    h->socket->header.value : NULL;
}

void
host_ws_open(struct host *h)
{
	MUST(h->socket);
	h->socket->fns.on_open(h->socket->arg);
	host_turn(h);
}

void
host_ws_text(struct host *h, const char *text)
{
	char *copy = strdup(text);	/* so that an overrun is seen */

	MUST(h->socket);
	h->socket->fns.on_text(h->socket->arg,
	    (struct ow_bytes){ copy, strlen(copy) });
	free(copy);
	host_turn(h);
}

void
host_ws_closed(struct host *h, int32_t err)
{
	struct ow_socket s = *h->socket;

	free(s.url);
	free(h->socket);
	h->socket = NULL;
	s.fns.on_closed(s.arg, err, "scripted");
	host_turn(h);
}

/* ---- Our side ----------------------------------------------------------- */

static struct ow_follow
follow_of(const char *tenant, const char *order_id)
{
	return (struct ow_follow){ .size = sizeof(struct ow_follow),
	    .tenant = tenant, .order_id = order_id, .has_pickup = true,
	    .has_dropoff = true, .pickup_lat = 52.51, .pickup_lng = 13.38,
	    .dropoff_lat = 52.53, .dropoff_lng = 13.4 };
}

void
host_follow(struct host *h, const char *tenant, const char *order_id,
    const char *task_id, const char *driver)
{
	struct ow_follow f = follow_of(tenant, order_id);

	f.task_id = task_id;
	f.driver = driver;
	h->plugin->ops.adapter->follow(h->self, &f);
	host_turn(h);
}

void
host_follow_ref(struct host *h, const char *order_id, const char *ref)
{
	struct ow_follow f = follow_of("demo", order_id);

	f.external_ref = ref;
	h->plugin->ops.adapter->follow(h->self, &f);
	host_turn(h);
}

void
host_unfollow(struct host *h, const char *order_id)
{
	h->plugin->ops.adapter->unfollow(h->self, "demo", order_id);
	host_turn(h);
}

void
host_ask_route(struct host *h, const char *order_id)
{
	struct ow_follow f = follow_of("demo", order_id);

	h->plugin->ops.adapter->ask_route(h->self, &f, f.pickup_lat,
	    f.pickup_lng, f.dropoff_lat, f.dropoff_lng);
	host_turn(h);
}

int
host_hook(struct host *h, const char *tenant, const char *signature,
    const char *body)
{
	struct ow_hook_call call = { .signature = signature };
	const struct ow_hook_req req = {
		.size = sizeof(req), .method = "POST", .url = "", .query = "",
		.body = { body, strlen(body) }, .name = tenant,
	};

	h->plugin->ops.adapter->hook(h->self, &call, &req);
	MUST(call.status != 0);
	host_turn(h);
	return call.status;
}

const char *
host_facts(struct host *h)
{
	memcpy(h->told, h->facts, sizeof(h->told));
	h->facts[0] = '\0';
	return h->told;
}

int64_t
host_metric(const struct host *h, const char *name)
{
	size_t i;

	for (i = 0; h->plugin->metrics[i].name; i++)
		if (!strcmp(h->plugin->metrics[i].name, name))
			return h->metrics[i];
	MUST(!"there is such a metric");
	return 0;
}

const char *
host_log(const struct host *h)
{
	return h->log;
}
