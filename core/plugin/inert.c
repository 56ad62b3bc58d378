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

const struct ow_host_srv inert_srv = {
	.size = sizeof(inert_srv),
	.route = inert_route,
	.header = inert_header,
	.answer = inert_answer,
	.open = inert_open,
	.write = inert_write,
	.message = inert_message,
	.close = inert_close,
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

const struct ow_host_store inert_store = {
	.size = sizeof(inert_store),
	.settle = inert_settle,
	.state = inert_state,
};
