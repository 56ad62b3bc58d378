/* SPDX-License-Identifier: MIT */
/*
 * inert - host tables that do nothing, for --check.
 *
 * load() may look whether its host can do what it needs, so every call is
 * there; none of them has an effect, since load() must not call any.
 */
#include "plugin/instance.h"

static int
inert_route(struct ow_ctx *ctx, const char *method,
    const char *path, void (*fn)(void *, struct ow_srv_call *,
    const struct ow_srv_req *), struct ow_fault *fault)
{
	(void)ctx;
	(void)method;
	(void)path;
	(void)fn;
	(void)fault;
	return OW_OK;
}

static const char *
inert_header(struct ow_ctx *ctx, struct ow_srv_call *call,
    const char *name)
{
	(void)ctx;
	(void)call;
	(void)name;
	return NULL;
}

static void
inert_answer(struct ow_ctx *ctx, struct ow_srv_call **call,
    int32_t status, const struct ow_header *headers, size_t n_headers,
    const char *detail)
{
	(void)ctx;
	(void)status;
	(void)headers;
	(void)n_headers;
	(void)detail;
	*call = NULL;
}

static void
inert_answer_bytes(struct ow_ctx *ctx, struct ow_srv_call **call,
    const struct ow_answer *answer)
{
	(void)ctx;
	*call = NULL;
	if (answer->release)
		answer->release(answer->arg);
}

static void
inert_open(struct ow_ctx *ctx, struct ow_srv_call **call,
    const struct ow_open *open)
{
	(void)ctx;
	(void)open;
	*call = NULL;
}

static int
inert_write(struct ow_ctx *ctx, struct ow_stream *stream,
    const struct ow_bytes *parts, size_t n_parts)
{
	(void)ctx;
	(void)stream;
	(void)parts;
	(void)n_parts;
	return OW_OK;
}

static int
inert_message(struct ow_ctx *ctx, struct ow_stream *stream,
    struct ow_bytes text)
{
	(void)ctx;
	(void)stream;
	(void)text;
	return OW_OK;
}

static void
inert_close(struct ow_ctx *ctx, struct ow_stream *stream)
{
	(void)ctx;
	(void)stream;
}

static const struct ow_host_srv inert_srv = {
	.size = sizeof(inert_srv),
	.route = inert_route,
	.header = inert_header,
	.answer = inert_answer,
	.open = inert_open,
	.write = inert_write,
	.message = inert_message,
	.close = inert_close,
	.param = inert_header,
	.answer_bytes = inert_answer_bytes,
};

static void
inert_settle(struct ow_ctx *ctx, const struct ow_txn *txn,
    const struct ow_result *result)
{
	(void)ctx;
	(void)txn;
	(void)result;
}

static void
inert_state(struct ow_ctx *ctx, bool up, const char *why)
{
	(void)ctx;
	(void)up;
	(void)why;
}

static const struct ow_host_store inert_store = {
	.size = sizeof(inert_store),
	.settle = inert_settle,
	.state = inert_state,
};

/* ---- Channels ---------------------------------------------------------- */

static struct ow_net_call *
inert_http(struct ow_ctx *ctx, const struct ow_http_req *req,
    void (*on_reply)(void *, const struct ow_reply *), void *arg)
{
	(void)ctx;
	(void)req;
	(void)on_reply;
	(void)arg;
	return NULL;
}

static struct ow_net_call *
inert_mail(struct ow_ctx *ctx, const struct ow_mail_req *req,
    void (*on_reply)(void *, const struct ow_reply *), void *arg)
{
	(void)ctx;
	(void)req;
	(void)on_reply;
	(void)arg;
	return NULL;
}

static void
inert_cancel(struct ow_ctx *ctx, struct ow_net_call **call)
{
	(void)ctx;
	*call = NULL;
}

static const char *
inert_reply_header(const struct ow_reply *reply, const char *name)
{
	(void)reply;
	(void)name;
	return NULL;
}

static void
inert_judge(const struct ow_reply *reply, struct ow_outcome *out)
{
	(void)reply;
	(void)out;
}

static struct ow_socket *
inert_ws_open(struct ow_ctx *ctx, const struct ow_ws_req *req,
    const struct ow_ws_fns *fns, void *arg)
{
	(void)ctx;
	(void)req;
	(void)fns;
	(void)arg;
	return NULL;
}

static int
inert_ws_send(struct ow_ctx *ctx, struct ow_socket *socket,
    struct ow_bytes text)
{
	(void)ctx;
	(void)socket;
	(void)text;
	return OW_EAGAIN;
}

static void
inert_ws_close(struct ow_ctx *ctx, struct ow_socket **socket)
{
	(void)ctx;
	*socket = NULL;
}

static struct ow_net_call *
inert_http_stream(struct ow_ctx *ctx, const struct ow_http_req *req,
    void (*on_data)(void *, struct ow_bytes),
    void (*on_reply)(void *, const struct ow_reply *), void *arg)
{
	(void)on_data;
	return inert_http(ctx, req, on_reply, arg);
}

static const struct ow_host_net inert_net = {
	.size = sizeof(inert_net),
	.http = inert_http,
	.mail = inert_mail,
	.cancel = inert_cancel,
	.header = inert_reply_header,
	.judge = inert_judge,
	.ws_open = inert_ws_open,
	.ws_send = inert_ws_send,
	.ws_close = inert_ws_close,
	.http_stream = inert_http_stream,
};

static void
inert_settle_job(struct ow_ctx *ctx, const struct ow_job *job,
    const struct ow_outcome *outcome)
{
	(void)ctx;
	(void)job;
	(void)outcome;
}

static void
inert_report(struct ow_ctx *ctx, const char *ref,
    const struct ow_outcome *outcome)
{
	(void)ctx;
	(void)ref;
	(void)outcome;
}

static void
inert_opt(struct ow_ctx *ctx, const char *identity, bool in,
    const char *why)
{
	(void)ctx;
	(void)identity;
	(void)in;
	(void)why;
}

static const char *
inert_hook_header(struct ow_ctx *ctx, struct ow_hook_call *call,
    const char *name)
{
	(void)ctx;
	(void)call;
	(void)name;
	return NULL;
}

static size_t
inert_hook_form(struct ow_ctx *ctx, struct ow_hook_call *call,
    struct ow_header *out, size_t max)
{
	(void)ctx;
	(void)call;
	(void)out;
	(void)max;
	return 0;
}

static void
inert_hook_answer(struct ow_ctx *ctx, struct ow_hook_call **call,
    int32_t status, const char *content_type, struct ow_bytes body)
{
	(void)ctx;
	(void)status;
	(void)content_type;
	(void)body;
	*call = NULL;
}

static const struct ow_host_outbox inert_outbox = {
	.size = sizeof(inert_outbox),
	.settle = inert_settle_job,
	.report = inert_report,
	.opt = inert_opt,
	.hook_header = inert_hook_header,
	.hook_param = inert_hook_header,
	.hook_form = inert_hook_form,
	.hook_answer = inert_hook_answer,
};

/* ---- Adapters ---------------------------------------------------------- */

static void
inert_location(struct ow_ctx *ctx, const char *tenant,
    const struct ow_point *point)
{
	(void)ctx;
	(void)tenant;
	(void)point;
}

static void
inert_task(struct ow_ctx *ctx, const char *tenant,
    const struct ow_task *task)
{
	(void)ctx;
	(void)tenant;
	(void)task;
}

static void
inert_driver(struct ow_ctx *ctx, const char *tenant,
    const struct ow_driver *driver)
{
	(void)ctx;
	(void)tenant;
	(void)driver;
}

static void
inert_way(struct ow_ctx *ctx, const char *tenant,
    const struct ow_route *route)
{
	(void)ctx;
	(void)tenant;
	(void)route;
}

static void
inert_stale(struct ow_ctx *ctx, bool is_stale, const char *why)
{
	(void)ctx;
	(void)is_stale;
	(void)why;
}

static const struct ow_host_facts inert_facts = {
	.size = sizeof(inert_facts),
	.location = inert_location,
	.task = inert_task,
	.driver = inert_driver,
	.route = inert_way,
	.stale = inert_stale,
};

static const struct ow_host_hook inert_hook = {
	.size = sizeof(inert_hook),
	.hook_header = inert_hook_header,
	.hook_param = inert_hook_header,
	.hook_form = inert_hook_form,
	.hook_answer = inert_hook_answer,
};

const struct plugin_tables inert_tables = {
	.srv = &inert_srv,
	.store = &inert_store,
	.net = &inert_net,
	.outbox = &inert_outbox,
	.facts = &inert_facts,
	.hook = &inert_hook,
};
