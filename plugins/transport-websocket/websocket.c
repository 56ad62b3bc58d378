/* SPDX-License-Identifier: MIT */
/*
 * transport-websocket - live streams as WebSockets (RFC 6455).
 *
 * It answers handshakes and says how a message looks as a frame; half.c reads
 * what peers send.  It decides nothing about who may see what, and it sends
 * nothing of its own accord: heartbeats and goodbyes come from the host.
 * It agrees to permessage-deflate when it may; a frame is packed once for all
 * streams that have the same window.
 *
 * On the path: http/stream calls the routes, hub calls the operations; the
 * byte work is in codec.c, deflate.c, extension.c and handshake.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <orderwire/plugin.h>

#include "../common/position.h"
#include "codec.h"
#include "deflate.h"
#include "extension.h"
#include "half.h"
#include "handshake.h"
#include "websocket.h"

#define HEAD_SIZE 512

static const struct ow_metric metrics[] = {
	{ "handshakes_total", OW_COUNTER, "Handshakes that were accepted." },
	{ "handshakes_refused_total", OW_COUNTER,
	    "Handshakes that were not WebSocket, version 13." },
	{ "messages_received_total", OW_COUNTER, "Messages from peers." },
	{ "faults_total", OW_COUNTER,
	    "Streams ended because the peer broke the protocol." },
	{ "pack_bytes_total", OW_COUNTER,
	    "Bytes of messages that were compressed, before that." },
	{ "packed_bytes_total", OW_COUNTER,
	    "Bytes of the same messages afterwards." },
	OW_METRICS_END
};

static const struct ow_option options[] = {
	OW_BOOL(struct websocket_conf, echo, "no",
	    "Also serve /ws/echo, which sends each message back; for tests of "
	    "clients and proxies, needs no token."),
	OW_BOOL(struct websocket_conf, compress, "no",
	    "Agree to permessage-deflate when a client offers it: fewer "
	    "bytes on the wire for CPU time here and there."),
	OW_BYTES(struct websocket_conf, message_max, "0", 0, INT64_C(1) << 30,
	    "The longest message a peer may send; 0 means 64k, and 16m on "
	    "/ws/echo.  Streams other than /ws/echo never take more than 64k."),
	OW_OPTIONS_END
};

/* ---- Handshake ---------------------------------------------------------- */

static void
websocket_refuse(struct websocket *w, struct ow_srv_call **call,
    int32_t status, const char *detail)
{
	static const struct ow_header how[] = {
		{ "Upgrade", "websocket" },
		{ "Connection", "Upgrade" },
		{ "Sec-WebSocket-Version", "13" },
	};

	w->base->add(w->ctx, M_HANDSHAKES_REFUSED, 1);
	w->srv->answer(w->ctx, call, status, how,
	    status == 426 ? sizeof(how) / sizeof(how[0]) : 0, detail);
}

/* What is wrong with the handshake as such: an HTTP status, or 0. */
static int32_t
websocket_judge(struct websocket *w, struct ow_srv_call *call,
    const struct ow_srv_req *req, const char **out_why)
{
	const char *version;

	if (strcmp(req->method, "GET") != 0 ||
	    !handshake_has(w->srv->header(w->ctx, call, "Upgrade"),
	    "websocket")) {
		*out_why = "this is a WebSocket endpoint";
		return 426;
	}
	if (!handshake_has(w->srv->header(w->ctx, call, "Connection"),
	    "upgrade")) {
		*out_why = "Connection does not say Upgrade";
		return 400;
	}
	version = w->srv->header(w->ctx, call, "Sec-WebSocket-Version");
	if (!version || strcmp(version, "13") != 0) {
		*out_why = "only version 13 of the protocol is spoken";
		return 426;
	}
	return 0;
}

/* What the headers say besides the ow_open. */
struct hello {
	char accept[HANDSHAKE_ACCEPT_SIZE];
	struct handshake_offer offer;
	char extension[EXTENSION_ANSWER_SIZE];	/* the answer, or "" */
};

/* False: the header is malformed. */
static bool
websocket_agree(struct websocket *w, struct ow_srv_call *call,
    struct hello *out, struct ow_open *open)
{
	struct extension_deflate d;
	int got;

	if (!w->conf->compress)
		return true;
	got = extension_find(w->srv->header(w->ctx, call,
	    "Sec-WebSocket-Extensions"), &d);
	if (got != 1)
		return got == 0;
	extension_answer(&d, out->extension);
	open->variant = deflate_variant(d.server_bits);
	return true;
}

/* Fill what the headers and the query say.  NULL, or what is wrong. */
static const char *
websocket_read(struct websocket *w,
    struct ow_srv_call *call, struct hello *out, struct ow_open *open)
{
	const char *since;

	if (handshake_accept(w->srv->header(w->ctx, call,
	    "Sec-WebSocket-Key"), out->accept) != OW_OK)
		return "Sec-WebSocket-Key is not 16 bytes in base64";
	if (handshake_offers(w->srv->header(w->ctx, call,
	    "Sec-WebSocket-Protocol"), &out->offer) != OW_OK)
		return "more than one token, or an empty one";
	if (!websocket_agree(w, call, out, open))
		return "Sec-WebSocket-Extensions is malformed";
	since = w->srv->param(w->ctx, call, "since");
	open->has_since = since != NULL;
	if (since && position_read(since, &open->since) != OW_OK)
		return "since is not a number";
	open->ticket = w->srv->param(w->ctx, call, "ticket");
	return NULL;
}

static size_t
websocket_head(const struct hello *hello, char out[HEAD_SIZE])
{
	bool is_packed = hello->extension[0] != '\0';

	return (size_t)snprintf(out, HEAD_SIZE,
	    "HTTP/1.1 101 Switching Protocols\r\n"
	    "Upgrade: websocket\r\n"
	    "Connection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: %s\r\n%s%s%s%s\r\n", hello->accept,
	    hello->offer.ours ?
	    "Sec-WebSocket-Protocol: " HANDSHAKE_PROTOCOL "\r\n" : "",
	    is_packed ? "Sec-WebSocket-Extensions: " : "", hello->extension,
	    is_packed ? "\r\n" : "");
}

static void
websocket_open(struct websocket *w, struct ow_srv_call **call,
    const struct ow_srv_req *req, struct ow_open *open, bool is_echo)
{
	struct hello hello = { .extension = "" };
	char head[HEAD_SIZE];
	char *token = NULL;
	const char *why;
	int32_t status;

	status = websocket_judge(w, *call, req, &why);
	if (status) {
		websocket_refuse(w, call, status, why);
		return;
	}
	why = websocket_read(w, *call, &hello, open);
	if (!why && hello.offer.token) {
		token = strndup(hello.offer.token, hello.offer.token_len);
		if (!token)
			why = "out of memory";
	}
	if (why) {
		websocket_refuse(w, call, 400, why);
		return;
	}
	open->token = token;
	open->head.p = head;
	open->head.n = websocket_head(&hello, head);
	open->peer = websocket_mark(w, &w->kinds[is_echo][open->variant]);
	w->base->add(w->ctx, M_HANDSHAKES, 1);
	w->srv->open(w->ctx, call, open);
	if (token)
		explicit_bzero(token, hello.offer.token_len);
	free(token);
}

static void
websocket_open_feed(struct websocket *w,
    struct ow_srv_call *call, const struct ow_srv_req *req, int32_t feed)
{
	struct ow_open open = {
		.size = sizeof(open),
		.feed = feed,
		.head_first = true,
		.two_way = true,
		.auth_later = true,
		.order = feed == OW_FEED_ORDER ? req->param : NULL,
	};

	websocket_open(w, &call, req, &open, false);
}

static void
websocket_on_order(void *self, struct ow_srv_call *call,
    const struct ow_srv_req *req)
{
	websocket_open_feed(self, call, req, OW_FEED_ORDER);
}

static void
websocket_on_notifications(void *self, struct ow_srv_call *call,
    const struct ow_srv_req *req)
{
	websocket_open_feed(self, call, req, OW_FEED_PERSON);
}

static void
websocket_on_kitchen(void *self, struct ow_srv_call *call,
    const struct ow_srv_req *req)
{
	websocket_open_feed(self, call, req, OW_FEED_KITCHEN);
}

static void
websocket_on_echo(void *self, struct ow_srv_call *call,
    const struct ow_srv_req *req)
{
	struct websocket *w = self;
	struct ow_open open = {
		.size = sizeof(open),
		.feed = OW_FEED_NONE,
		.head_first = true,
		.two_way = true,
	};

	websocket_open(w, &call, req, &open, true);
}

/* ---- To the peer -------------------------------------------------------- */

size_t
websocket_pack(struct websocket *w, uint32_t variant, int op,
    struct ow_bytes *body, unsigned char head[CODEC_HEAD_MAX])
{
	struct ow_bytes packed;

	if (variant && deflate_pack(&w->deflate, variant, *body, &packed) ==
	    OW_OK) {
		w->base->add(w->ctx, M_PACK_BYTES, (int64_t)body->n);
		w->base->add(w->ctx, M_PACKED_BYTES, (int64_t)packed.n);
		*body = packed;
		op |= CODEC_RSV1;
	}
	return codec_put_head(head, op, body->n);
}

static void
websocket_frame(void *self, uint32_t variant,
    const struct ow_event *e, struct ow_frame *out)
{
	out->head_len = (uint32_t)websocket_pack(self, variant, CODEC_OP_TEXT,
	    &out->body, out->head);
	if (strcmp(e->type, "heartbeat") == 0)
		out->tail_len = (uint32_t)codec_put_head(out->tail,
		    CODEC_OP_PING, 0);
}

/* ---- Kinds of streams --------------------------------------------------- */

static void
websocket_kinds_init(struct websocket *w)
{
	for (int echo = 0; echo < 2; echo++) {
		for (int v = 0; v < DEFLATE_VARIANTS; v++) {
			w->kinds[echo][v].echo = echo;
			w->kinds[echo][v].variant = (uint8_t)v;
		}
	}
}

void *
websocket_mark(struct websocket *w, const struct websocket_kind *kind)
{
	if (kind == &w->kinds[0][0])
		return NULL;
	return &w->kinds[kind->echo][kind->variant];
}

/* ---- Life --------------------------------------------------------------- */

static int
websocket_load(struct ow_ctx *ctx, const struct ow_host *host,
    const void *conf, void **out_self, struct ow_fault *f)
{
	struct websocket *w;

	if (!host->srv || !OW_HAS(host->srv, param)) {
		snprintf(f->text, sizeof(f->text),
		    "this host has no query parameters for transports");
		return OW_EUNSUP;
	}
	w = calloc(1, sizeof(*w));
	if (!w) {
		snprintf(f->text, sizeof(f->text), "out of memory");
		return OW_EAGAIN;
	}
	w->ctx = ctx;
	w->base = host->base;
	w->srv = host->srv;
	w->conf = conf;
	deflate_init(&w->deflate);
	websocket_kinds_init(w);
	*out_self = w;
	return OW_OK;
}

static int
websocket_start(void *self, struct ow_fault *f)
{
	static const struct {
		const char *path;
		void (*fn)(void *, struct ow_srv_call *,
		    const struct ow_srv_req *);
		bool is_echo;
	} routes[] = {
		{ "/ws/orders/{id}/tracking", websocket_on_order, false },
		{ "/ws/notifications", websocket_on_notifications, false },
		{ "/ws/kitchen", websocket_on_kitchen, false },
		{ "/ws/echo", websocket_on_echo, true },
	};
	struct websocket *w = self;
	int err;

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (routes[i].is_echo && !w->conf->echo)
			continue;
		err = w->srv->route(w->ctx, "GET", routes[i].path,
		    routes[i].fn, f);
		if (err)
			return err;
	}
	return OW_OK;
}

static void
websocket_drain(void *self)
{
	struct websocket *w = self;

	/* The host ends the streams; beyond them nothing is in flight. */
	w->base->drained(w->ctx);
}

static void
websocket_stop(void *self)
{
	struct websocket *w = self;

	deflate_done(&w->deflate);
	free(w);
}

static const struct ow_transport transport = {
	.size = sizeof(transport),
	.frame = websocket_frame,
	.data = half_data,
	.end = half_end,
	.closed = half_closed,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_TRANSPORT),
	.name = "transport-websocket",
	.version = "1.0",
	.summary = "live streams as WebSockets",
	.options = options,
	.conf_size = sizeof(struct websocket_conf),
	.metrics = metrics,
	.load = websocket_load,
	.start = websocket_start,
	.drain = websocket_drain,
	.stop = websocket_stop,
	.ops.transport = &transport,
};

OW_EXPORT_PLUGIN(plugin);
