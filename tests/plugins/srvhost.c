/* SPDX-License-Identifier: MIT */
/*
 * srvhost - the host's tables, as far as a transport uses them.
 *
 * It fails the test itself where a transport breaks the rules that every host
 * relies on: a call answered twice, a write behind close(), a timer left.
 */
#include "srvhost.h"

#include <check.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct ow_srv_call {
	struct srvhost *h;
	bool ended;
};

static struct srvhost *
srvhost_of(struct ow_ctx *ctx)
{
	return (struct srvhost *)((char *)ctx - offsetof(struct srvhost, ctx));
}

/* ---- The base table ----------------------------------------------------- */

static void
base_add(struct ow_ctx *ctx, uint32_t metric, int64_t n)
{
	const struct ow_metric *table = srvhost_of(ctx)->plugin->metrics;

	for (uint32_t i = 0; i <= metric; i++)
		ck_assert_ptr_nonnull(table[i].name);
	ck_assert_int_gt(n, 0);
}

static struct ow_timer *
base_timer_start(struct ow_ctx *ctx, int64_t after_ms,
    void (*fire)(void *), void *arg)
{
	struct srvhost *h = srvhost_of(ctx);

	ck_assert_int_gt(after_ms, 0);
	ck_assert(h->timer.fire == NULL);
	h->timer.fire = fire;
	h->timer.arg = arg;
	return (struct ow_timer *)&h->timer;
}

static void
base_timer_cancel(struct ow_ctx *ctx, struct ow_timer **t)
{
	ck_assert_ptr_eq(*t, &srvhost_of(ctx)->timer);
	srvhost_of(ctx)->timer.fire = NULL;
	*t = NULL;
}

static void
base_drained(struct ow_ctx *ctx)
{
	srvhost_of(ctx)->n_drained++;
}

static const struct ow_host_base base = {
	.size = sizeof(base),
	.add = base_add,
	.timer_start = base_timer_start,
	.timer_cancel = base_timer_cancel,
	.drained = base_drained,
};

/* ---- The transports' table ---------------------------------------------- */

static int
srv_route(struct ow_ctx *ctx, const char *method, const char *path,
    void (*fn)(void *, struct ow_srv_call *, const struct ow_srv_req *),
    struct ow_fault *f)
{
	struct srvhost *h = srvhost_of(ctx);

	(void)f;
	if (h->route_err)
		return h->route_err;
	ck_assert_str_eq(method, "GET");
	ck_assert_uint_lt(h->n_routes, SRVHOST_ROUTES_MAX);
	ck_assert_uint_lt(strlen(path), sizeof(h->routes[0].path));
	strcpy(h->routes[h->n_routes].path, path);
	h->routes[h->n_routes++].fn = fn;
	return OW_OK;
}

static const char *
field_find(const struct srvhost_field *f, const char *name)
{
	for (int i = 0; i < SRVHOST_FIELDS_MAX && f[i].name; i++)
		if (strcasecmp(f[i].name, name) == 0)
			return f[i].value;
	return NULL;
}

static const char *
srv_header(struct ow_ctx *ctx, struct ow_srv_call *c,
    const char *name)
{
	ck_assert(!c->ended);
	return field_find(srvhost_of(ctx)->headers, name);
}

static const char *
srv_param(struct ow_ctx *ctx, struct ow_srv_call *c,
    const char *name)
{
	ck_assert(!c->ended);
	return field_find(srvhost_of(ctx)->params, name);
}

static struct srvhost *
srv_end_call(struct ow_ctx *ctx, struct ow_srv_call **c,
    int32_t status, const struct ow_header *headers, size_t n)
{
	struct srvhost *h = srvhost_of(ctx);

	ck_assert(!(*c)->ended);
	(*c)->ended = true;
	*c = NULL;
	h->n_answers++;
	h->status = status;
	for (size_t i = 0; i < n; i++) {
		strcat(h->answer_headers, headers[i].name);
		strcat(h->answer_headers, ": ");
		strcat(h->answer_headers, headers[i].value);
		strcat(h->answer_headers, "\n");
	}
	return h;
}

static void
srv_answer(struct ow_ctx *ctx, struct ow_srv_call **c,
    int32_t status, const struct ow_header *headers, size_t n,
    const char *detail)
{
	struct srvhost *h = srv_end_call(ctx, c, status, headers, n);

	strcpy(h->detail, detail ? detail : "");
}

static void
srv_answer_bytes(struct ow_ctx *ctx, struct ow_srv_call **c,
    const struct ow_answer *a)
{
	struct srvhost *h = srv_end_call(ctx, c, a->status, a->headers,
	    a->n_headers);

	ck_assert_ptr_null((void *)(uintptr_t)h->release);
	strcpy(h->answer_type, a->content_type ? a->content_type : "");
	free(h->answer_body);
	h->answer_body = calloc(1, a->body.n + 1);
	if (a->body.n)
		memcpy(h->answer_body, a->body.p, a->body.n);
	h->answer_n = a->body.n;
	h->release = a->release;
	h->release_arg = a->arg;
	if (!h->keeps_loans && h->release)
		srvhost_release(h);
}

static const char *
text_keep(char *out, const char *text)
{
	return text ? strcpy(out, text) : NULL;
}

static void
srv_open(struct ow_ctx *ctx, struct ow_srv_call **c,
    const struct ow_open *open)
{
	struct srvhost *h = srvhost_of(ctx);

	ck_assert(!(*c)->ended);
	(*c)->ended = true;
	*c = NULL;
	h->n_opens++;
	h->open = *open;
	h->open.order = text_keep(h->open_order, open->order);
	h->open.token = text_keep(h->open_token, open->token);
	h->open.ticket = text_keep(h->open_ticket, open->ticket);
	ck_assert_uint_lt(open->head.n, sizeof(h->open_head));
	memcpy(h->open_head, open->head.p, open->head.n);
	h->open_head[open->head.n] = '\0';
	ck_assert_uint_eq(strlen(h->open_head), open->head.n);
	h->peer = open->peer;
}

static int
srv_write(struct ow_ctx *ctx, struct ow_stream *stream,
    const struct ow_bytes *parts, size_t n)
{
	struct srvhost *h = srvhost_of(ctx);

	ck_assert_ptr_eq(stream, &h->stream);
	ck_assert_uint_eq(h->n_closes, 0);
	if (h->is_full)
		return OW_EAGAIN;
	for (size_t i = 0; i < n; i++) {
		h->written = realloc(h->written, h->written_n + parts[i].n + 1);
		if (parts[i].n)
			memcpy(h->written + h->written_n, parts[i].p,
			    parts[i].n);
		h->written_n += parts[i].n;
		h->written[h->written_n] = '\0';
	}
	return OW_OK;
}

static int
srv_message(struct ow_ctx *ctx, struct ow_stream *stream,
    struct ow_bytes text)
{
	struct srvhost *h = srvhost_of(ctx);

	h->n_messages++;
	if (text.n < sizeof(h->message)) {
		if (text.n)
			memcpy(h->message, text.p, text.n);
		h->message[text.n] = '\0';
	}
	if (h->end_in_message)
		h->plugin->ops.transport->end(h->self, stream, &h->peer,
		    h->end_in_message, "inside");
	return h->message_err;
}

static void
srv_close(struct ow_ctx *ctx, struct ow_stream *stream)
{
	ck_assert_ptr_eq(stream, &srvhost_of(ctx)->stream);
	srvhost_of(ctx)->n_closes++;
}

static const struct ow_host_srv srv = {
	.size = sizeof(srv),
	.route = srv_route,
	.header = srv_header,
	.answer = srv_answer,
	.open = srv_open,
	.write = srv_write,
	.message = srv_message,
	.close = srv_close,
	.param = srv_param,
	.answer_bytes = srv_answer_bytes,
};

/* ---- For the tests ------------------------------------------------------ */

void
srvhost_init(struct srvhost *h, const void *conf)
{
	struct ow_fault f;

	memset(h, 0, sizeof(*h));
	h->host = (struct ow_host){ .size = sizeof(h->host), .abi = OW_ABI,
	    .base = &base, .srv = &srv };
	h->plugin = ow_plugin_query(OW_ABI);
	ck_assert_ptr_nonnull(h->plugin);
	ck_assert_int_eq(h->plugin->load(&h->ctx, &h->host, conf, &h->self,
	    &f), OW_OK);
	ck_assert_int_eq(h->plugin->start(h->self, &f), OW_OK);
}

void
srvhost_reset(struct srvhost *h)
{
	h->plugin->ops.transport->closed(h->self, &h->peer);
	ck_assert_ptr_null(h->peer);
	ck_assert_ptr_null((void *)(uintptr_t)h->timer.fire);
	ck_assert_ptr_null((void *)(uintptr_t)h->release);
	free(h->written);
	free(h->answer_body);
	memset(h->headers, 0, sizeof(h->headers));
	memset(h->params, 0, sizeof(h->params));
	h->is_full = h->keeps_loans = false;
	h->message_err = h->end_in_message = h->route_err = 0;
	memset(&h->n_answers, 0, sizeof(*h) -
	    offsetof(struct srvhost, n_answers));
}

void
srvhost_done(struct srvhost *h)
{
	srvhost_reset(h);
	h->plugin->drain(h->self);
	ck_assert_uint_eq(h->n_drained, 1);
	h->plugin->stop(h->self);
}

static void
field_set(struct srvhost_field *f, const char *name,
    const char *value)
{
	int i = 0;

	while (f[i].name && strcmp(f[i].name, name) != 0)
		ck_assert_int_lt(++i, SRVHOST_FIELDS_MAX);
	f[i].name = name;
	f[i].value = value;
}

void
srvhost_header(struct srvhost *h, const char *name, const char *value)
{
	field_set(h->headers, name, value);
}

void
srvhost_param(struct srvhost *h, const char *name, const char *value)
{
	field_set(h->params, name, value);
}

static bool
srvhost_run(struct srvhost *h, const char *route, const char *method,
    const char *path, const char *param)
{
	struct ow_srv_call call = { h, false };
	struct ow_srv_req req = { .size = sizeof(req), .method = method,
	    .path = path, .query = "", .param = param };
	uint32_t i;

	for (i = 0; i < h->n_routes; i++)
		if (strcmp(h->routes[i].path, route) == 0)
			break;
	if (i == h->n_routes)
		return false;
	h->routes[i].fn(h->self, &call, &req);
	ck_assert(call.ended);
	return true;
}

bool
srvhost_call(struct srvhost *h, const char *route, const char *method,
    const char *param)
{
	return srvhost_run(h, route, method, route, param);
}

bool
srvhost_call_rest(struct srvhost *h, const char *method, const char *path)
{
	return srvhost_run(h, "*", method, path, "");
}

void
srvhost_release(struct srvhost *h)
{
	void (*release)(void *) = h->release;

	ck_assert(release != NULL);
	h->release = NULL;
	release(h->release_arg);
}

void
srvhost_data(struct srvhost *h, const void *p, size_t n)
{
	struct ow_bytes in = { p, n };

	h->plugin->ops.transport->data(h->self, &h->stream, &h->peer, in);
}

void
srvhost_end(struct srvhost *h, int code, const char *reason)
{
	h->plugin->ops.transport->end(h->self, &h->stream, &h->peer, code,
	    reason);
}

void
srvhost_fire(struct srvhost *h)
{
	void (*fire)(void *) = h->timer.fire;

	ck_assert(fire != NULL);
	h->timer.fire = NULL;
	fire(h->timer.arg);
}

size_t
srvhost_frame(struct srvhost *h, const char *type, uint64_t seq,
    const char *json, char *out, size_t size)
{
	struct ow_event e = { .size = sizeof(e), .seq = seq, .type = type,
	    .json = { json, strlen(json) } };
	struct ow_frame f = { .size = sizeof(f), .body = e.json };
	size_t n;

	h->plugin->ops.transport->frame(h->self, h->open.variant, &e, &f);
	ck_assert_uint_le(f.head_len, sizeof(f.head));
	ck_assert_uint_le(f.tail_len, sizeof(f.tail));
	n = f.head_len + f.body.n + f.tail_len;
	ck_assert_uint_lt(n, size);
	memcpy(out, f.head, f.head_len);
	memcpy(out + f.head_len, f.body.p, f.body.n);
	memcpy(out + f.head_len + f.body.n, f.tail, f.tail_len);
	out[n] = '\0';
	return n;
}
