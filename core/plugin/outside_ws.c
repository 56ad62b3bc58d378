/* SPDX-License-Identifier: MIT */
/*
 * outside_ws - WebSockets of adapters, from the plugin's words to net/wsclient
 * and back.
 *
 * An adapter's URLs are an admin's, so they go by the fetcher that connects to
 * anywhere.  When to open one again is the adapter's business.
 *
 * Invariants: a socket is in its instance's list until on_closed() is called,
 * until it is closed, or until the instance ends.  After outside_ws_quiet it
 * has no connection, so nothing comes of it, but close() may still be called
 * with it.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "net/wsclient.h"
#include "plugin/instance.h"
#include "plugin/outside.h"

struct ow_socket {
	struct ow_socket *next, **at;	/* in the instance's list */
	struct wsclient *ws;
	struct ow_ws_fns fns;
	void *arg;
};

static void
socket_free(struct ow_socket *s)
{
	*s->at = s->next;
	if (s->next)
		s->next->at = s->at;
	wsclient_close(&s->ws);
	free(s);
}

/* ---- Back -------------------------------------------------------------- */

static void
socket_on_open(void *arg)
{
	struct ow_socket *s = arg;

	s->fns.on_open(s->arg);
}

static void
socket_on_text(void *arg, struct ow_bytes text)
{
	struct ow_socket *s = arg;

	s->fns.on_text(s->arg, text);
}

static void
socket_on_closed(void *arg, int32_t err, const char *detail)
{
	struct ow_socket *s = arg;
	struct ow_ws_fns fns = s->fns;

	arg = s->arg;
	s->ws = NULL;			/* it ended by itself */
	socket_free(s);
	fns.on_closed(arg, err, detail);
}

/* ---- There ------------------------------------------------------------- */

struct ow_socket *
outside_ws_open(struct ow_ctx *ctx, const struct ow_ws_req *req,
    const struct ow_ws_fns *fns, void *arg)
{
	static const struct ow_ws_fns ours = { sizeof(ours), socket_on_open,
	    socket_on_text, socket_on_closed };
	struct ow_socket *s;

	if (!ctx->outside || ctx->is_closed || !fns->on_open ||
	    !fns->on_text || !fns->on_closed)
		return NULL;
	s = mem_alloc(sizeof(*s));
	s->fns = *fns;
	s->arg = arg;
	s->next = ctx->sockets;
	s->at = &ctx->sockets;
	if (s->next)
		s->next->at = &s->next;
	ctx->sockets = s;
	if (wsclient_open(outside_trusted(ctx->outside), req, &ours, s,
	    &s->ws)) {
		socket_free(s);
		return NULL;
	}
	return s;
}

int
outside_ws_send(struct ow_ctx *ctx, struct ow_socket *s, struct ow_bytes text)
{
	(void)ctx;
	return s && s->ws ? wsclient_send(s->ws, text) : OW_EAGAIN;
}

void
outside_ws_close(struct ow_ctx *ctx, struct ow_socket **p)
{
	struct ow_socket *s = *p;

	(void)ctx;
	*p = NULL;
	if (s)
		socket_free(s);
}

void
outside_ws_quiet(struct ow_ctx *ctx)
{
	struct ow_socket *s;

	for (s = ctx->sockets; s; s = s->next)
		wsclient_close(&s->ws);
}

void
outside_ws_done(struct ow_ctx *ctx)
{
	while (ctx->sockets)
		socket_free(ctx->sockets);
}
