/* SPDX-License-Identifier: MIT */
/*
 * outside - requests of channels and adapters, from the plugin's words to
 * net/fetch and back, and the usual reading of an answer.
 *
 * It does not try again and knows no provider.  What fails before anything is
 * sent (a URL that is not allowed, too many requests) is told like any other
 * failure: at the end of the turn.
 *
 * Invariants: a call is in its instance's list from its start until its
 * on_reply() is called, until it is cancelled, or until the instance ends.
 * After outside_quiet a call has neither a fetch nor a place in the turn, so
 * nothing comes of it, but cancel() may still be called with it.
 */
#include "plugin/outside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "net/fetch.h"
#include "net/public.h"
#include "net/retry.h"
#include "plugin/instance.h"

struct outside {
	struct public_allow *allow;
	struct fetcher *trusted, *guarded;
};

struct ow_net_call {
	struct ow_net_call *next, **at;	/* in the instance's list */
	struct ow_ctx *ctx;
	struct fetch *fetch;
	struct turn_hook late;		/* when it failed at once */
	int late_err;
	const char *late_why;
	bool is_mail;
	bool is_ended;			/* its on_reply runs */
	void (*on_reply)(void *arg, const struct ow_reply *);
	void (*on_data)(void *arg, struct ow_bytes);	/* or NULL */
	void *arg;
};

/* Behind ow_reply.impl. */
struct reply_impl {
	const struct fetch_reply *fetch;	/* NULL: nothing was sent */
	bool is_mail;
};

static bool
outside_allows(void *arg, const struct sockaddr *sa)
{
	const struct outside *o = arg;

	return public_is_allowed(o->allow, sa);
}

int
outside_new(struct loop *loop, const char *private_allow,
    struct outside **out, struct ow_fault *fault)
{
	struct public_allow *allow;
	struct outside *o;
	int err;

	err = public_allow_parse(private_allow, &allow, fault);
	if (err)
		return err;
	o = mem_alloc(sizeof(*o));
	o->allow = allow;
	o->trusted = fetcher_new(loop, NULL, NULL);
	o->guarded = fetcher_new(loop, outside_allows, o);
	*out = o;
	return OW_OK;
}

void
outside_free(struct outside **p)
{
	struct outside *o = *p;

	*p = NULL;
	if (!o)
		return;
	fetcher_free(&o->trusted);
	fetcher_free(&o->guarded);
	public_allow_free(&o->allow);
	free(o);
}

struct fetcher *
outside_trusted(struct outside *o)
{
	return o->trusted;
}

/* ---- Back -------------------------------------------------------------- */

static void
call_unlink(struct ow_net_call *call)
{
	*call->at = call->next;
	if (call->next)
		call->next->at = call->at;
}

static void
call_reply(struct ow_net_call *call, struct ow_reply *reply,
    struct reply_impl *impl)
{
	reply->size = sizeof(*reply);
	reply->impl = impl;
	impl->is_mail = call->is_mail;
	call_unlink(call);
	call->is_ended = true;
	call->on_reply(call->arg, reply);
	free(call);
}

static void
call_on_done(void *arg, const struct fetch_reply *fetch)
{
	struct ow_reply reply = { .err = fetch->err, .status = fetch->status,
	    .detail = fetch->detail, .body = fetch->body };
	struct reply_impl impl = { .fetch = fetch };
	struct ow_net_call *call = arg;
	char status[32];

	call->fetch = NULL;		/* it ends by itself */
	if (!fetch->detail[0]) {
		(void)snprintf(status, sizeof(status), "HTTP %d",
		    fetch->status);
		reply.detail = status;
	}
	call_reply(call, &reply, &impl);
}

static void
call_on_late(void *arg)
{
	struct ow_net_call *call = arg;
	struct ow_reply reply = { .err = call->late_err,
	    .detail = call->late_why };
	struct reply_impl impl = { .fetch = NULL };

	call_reply(call, &reply, &impl);
}

/* ---- There ------------------------------------------------------------- */

static struct ow_net_call *
call_new(struct ow_ctx *ctx, bool is_mail,
    void (*on_reply)(void *, const struct ow_reply *), void *arg)
{
	struct ow_net_call *call = mem_alloc(sizeof(*call));

	call->ctx = ctx;
	call->is_mail = is_mail;
	call->on_reply = on_reply;
	call->arg = arg;
	call->late.fn = call_on_late;
	call->late.arg = call;
	call->next = ctx->calls;
	call->at = &ctx->calls;
	if (call->next)
		call->next->at = &call->next;
	ctx->calls = call;
	return call;
}

static void
call_end(struct ow_net_call *call)
{
	fetch_cancel(&call->fetch);
	loop_turn_cancel(call->ctx->loop, &call->late);
	call_unlink(call);
	free(call);
}

/* err is what fetch_start or fetch_mail said.  NULL: the request itself is
   impossible. */
static struct ow_net_call *
call_begin(struct ow_net_call *call, int err)
{
	switch (err) {
	case OW_OK:
		return call;
	case OW_EDENIED:
		call->late_err = OW_EDENIED;
		call->late_why = "a URL from a user must begin with https:// "
		    "and name nobody";
		break;
	case OW_ELIMIT:
		call->late_err = OW_EAGAIN;
		call->late_why = "too many requests are under way";
		break;
	default:
		call_end(call);
		return NULL;
	}
	loop_at_turn_end(call->ctx->loop, &call->late);
	return call;
}

static void
call_on_data(void *arg, struct ow_bytes data)
{
	struct ow_net_call *call = arg;

	call->on_data(call->arg, data);
}

static struct ow_net_call *
outside_http_stream(struct ow_ctx *ctx, const struct ow_http_req *req,
    void (*on_data)(void *, struct ow_bytes),
    void (*on_reply)(void *, const struct ow_reply *), void *arg)
{
	bool is_strict = (req->flags & OW_HTTP_FROM_USER) != 0;
	const struct fetch_request request = {
		.method = req->method, .url = req->url,
		.headers = req->headers, .n_headers = req->n_headers,
		.body = req->body, .timeout_ms = req->timeout_ms,
		.reply_max = req->reply_max, .ca_file = req->ca_file,
		.data = on_data ? call_on_data : NULL,
		.is_strict = is_strict,
	};
	struct outside *o = ctx->outside;
	struct ow_net_call *call;

	if (!o || ctx->is_closed || !req->method || !req->url)
		return NULL;
	call = call_new(ctx, false, on_reply, arg);
	call->on_data = on_data;
	return call_begin(call, fetch_start(is_strict ? o->guarded :
	    o->trusted, &request, call_on_done, call, &call->fetch));
}

static struct ow_net_call *
outside_http(struct ow_ctx *ctx, const struct ow_http_req *req,
    void (*on_reply)(void *, const struct ow_reply *), void *arg)
{
	return outside_http_stream(ctx, req, NULL, on_reply, arg);
}

static struct ow_net_call *
outside_mail(struct ow_ctx *ctx, const struct ow_mail_req *req,
    void (*on_reply)(void *, const struct ow_reply *), void *arg)
{
	const struct fetch_letter letter = {
		.url = req->url, .starttls = req->starttls,
		.user = req->user, .password = req->password,
		.from = req->from ? req->from : "", .to = req->to,
		.message = req->message, .timeout_ms = req->timeout_ms,
		.ca_file = req->ca_file,
	};
	struct ow_net_call *call;

	if (!ctx->outside || ctx->is_closed || !req->url || !req->to)
		return NULL;
	call = call_new(ctx, true, on_reply, arg);
	return call_begin(call, fetch_mail(ctx->outside->trusted, &letter,
	    call_on_done, call, &call->fetch));
}

static void
outside_cancel(struct ow_ctx *ctx, struct ow_net_call **p)
{
	struct ow_net_call *call = *p;

	(void)ctx;
	*p = NULL;
	if (call && !call->is_ended)
		call_end(call);
}

void
outside_quiet(struct ow_ctx *ctx)
{
	struct ow_net_call *call;

	for (call = ctx->calls; call; call = call->next) {
		fetch_cancel(&call->fetch);
		loop_turn_cancel(ctx->loop, &call->late);
	}
	outside_ws_quiet(ctx);
}

void
outside_done(struct ow_ctx *ctx)
{
	while (ctx->calls)
		call_end(ctx->calls);
	outside_ws_done(ctx);
}

/* ---- What it means ----------------------------------------------------- */

static const char *
outside_header(const struct ow_reply *reply, const char *name)
{
	const struct reply_impl *impl = reply->impl;

	if (!impl || !impl->fetch || impl->is_mail)
		return NULL;
	return fetch_header(impl->fetch, name);
}

static int32_t
judge_http(int32_t status)
{
	if (status >= 200 && status < 300)
		return OW_DELIVERED;
	if (status == 401 || status == 403)
		return OW_MISCONFIGURED;
	if (status == 408 || status == 429 || status >= 500)
		return OW_RETRY;
	return OW_REJECTED;
}

/* 530 to 535 and 538 are about logging in (RFC 4954, 6). */
static int32_t
judge_smtp(int32_t status)
{
	if (status >= 200 && status < 300)
		return OW_DELIVERED;
	if ((status >= 530 && status <= 535) || status == 538)
		return OW_MISCONFIGURED;
	return status >= 500 ? OW_REJECTED : OW_RETRY;
}

int32_t
outside_verdict(bool is_mail, int32_t err, int32_t status)
{
	/* It will be as impossible next time. */
	if (err == OW_EDENIED || err == OW_EINVAL)
		return OW_REJECTED;
	/* Too long: an answer came, and its end was not worth reading. */
	if (err && (err != OW_ELIMIT || !status))
		return OW_RETRY;
	return is_mail ? judge_smtp(status) : judge_http(status);
}

/* fetch_header's answer is good until the next call. */
static int64_t
judge_wait(const struct ow_reply *reply)
{
	const char *value = outside_header(reply, "Date");
	char date[64];

	(void)snprintf(date, sizeof(date), "%s", value ? value : "");
	return retry_after_ms(outside_header(reply, "Retry-After"), date,
	    time(NULL));
}

static void
outside_judge(const struct ow_reply *reply, struct ow_outcome *out)
{
	const struct reply_impl *impl = reply->impl;

	memset(out, 0, sizeof(*out));
	out->size = sizeof(*out);
	out->detail = reply->detail;
	out->verdict = outside_verdict(impl && impl->is_mail, reply->err,
	    reply->status);
	if (out->verdict == OW_RETRY)
		out->retry_after_ms = judge_wait(reply);
}

static const struct ow_host_net outside_table = {
	.size = sizeof(outside_table),
	.http = outside_http,
	.mail = outside_mail,
	.cancel = outside_cancel,
	.header = outside_header,
	.judge = outside_judge,
	.ws_open = outside_ws_open,
	.ws_send = outside_ws_send,
	.ws_close = outside_ws_close,
	.http_stream = outside_http_stream,
};

const struct ow_host_net *
outside_host(void)
{
	return &outside_table;
}
