/* SPDX-License-Identifier: MIT */
/*
 * transport-sse - live streams as server-sent events (HTML standard, 9.2).
 *
 * It turns a message into one event of text/event-stream and says goodbye in
 * the same form.  It keeps nothing about a stream and ignores what a peer
 * sends behind its request.  A refusal is an ordinary HTTP answer: the head
 * goes out only after the host has agreed.
 *
 * The body ends with the connection, without chunks: each byte of a message
 * is then the same for every reader.
 *
 * On the path: http/stream calls the routes, hub calls the operations.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <orderwire/plugin.h>

#include "../common/position.h"

/* An EventSource waits this long before it comes back, unless told else. */
#define RETRY_MS "2000"
#define REASON_MAX 128

static const char sse_head[] =
    "HTTP/1.1 200 OK\r\n"
    "Content-Type: text/event-stream; charset=utf-8\r\n"
    "Cache-Control: no-store\r\n"
    "X-Accel-Buffering: no\r\n"		/* nginx: pass each byte on */
    "Connection: close\r\n"
    "\r\n"
    /* Some bytes at once, so that proxies and fetch() see it has begun. */
    ": open\n"
    "retry: " RETRY_MS "\n"
    "\n";

enum { M_OPENED };

static const struct ow_metric metrics[] = {
	{ "requests_total", OW_COUNTER, "Well-formed requests for a stream." },
	OW_METRICS_END
};

struct sse_conf {
	char unused;	/* there is nothing to configure yet */
};

static const struct ow_option options[] = {
	OW_OPTIONS_END
};

struct sse {
	struct ow_ctx *ctx;
	const struct ow_host_base *base;
	const struct ow_host_srv *srv;
};

/* ---- Requests ----------------------------------------------------------- */

/* NULL, or what is wrong.  An EventSource that comes back still has the since
   of its first request in the URL: the header is newer, and wins. */
static const char *
sse_read_position(struct sse *s, struct ow_srv_call *call,
    struct ow_open *open)
{
	const char *since = s->srv->param(s->ctx, call, "since");
	const char *last = s->srv->header(s->ctx, call, "Last-Event-ID");

	open->has_since = since != NULL;
	if (since && position_read(since, &open->since) != OW_OK)
		return "since is not a number";
	if (!last || !*last)
		return NULL;
	open->has_since = true;
	if (position_read(last, &open->since) != OW_OK)
		return "Last-Event-ID is not a number";
	return NULL;
}

static void
sse_open(struct sse *s, struct ow_srv_call *call,
    const struct ow_srv_req *req, int32_t feed)
{
	static const struct ow_header allow = { "Allow", "GET" };
	struct ow_open open = {
		.size = sizeof(open),
		.feed = feed,
		.order = feed == OW_FEED_ORDER ? req->param : NULL,
		.head = { sse_head, sizeof(sse_head) - 1 },
	};
	const char *why;

	if (strcmp(req->method, "GET") != 0) {
		s->srv->answer(s->ctx, &call, 405, &allow, 1,
		    "a stream has no head without its body");
		return;
	}
	why = sse_read_position(s, call, &open);
	if (why) {
		s->srv->answer(s->ctx, &call, 400, NULL, 0, why);
		return;
	}
	open.ticket = s->srv->param(s->ctx, call, "ticket");
	s->base->add(s->ctx, M_OPENED, 1);
	s->srv->open(s->ctx, &call, &open);
}

static void
sse_on_order(void *self, struct ow_srv_call *call,
    const struct ow_srv_req *req)
{
	sse_open(self, call, req, OW_FEED_ORDER);
}

static void
sse_on_notifications(void *self, struct ow_srv_call *call,
    const struct ow_srv_req *req)
{
	sse_open(self, call, req, OW_FEED_PERSON);
}

static void
sse_on_kitchen(void *self, struct ow_srv_call *call,
    const struct ow_srv_req *req)
{
	sse_open(self, call, req, OW_FEED_KITCHEN);
}

/* ---- Messages ----------------------------------------------------------- */

/* A type is one word; one that would break the frame stays unnamed. */
static bool
sse_type_fits(const char *type, size_t room)
{
	size_t n;

	for (n = 0; type[n]; n++)
		if ((unsigned char)type[n] < 0x20)
			return false;
	return n <= room;
}

static void
sse_frame(void *self, uint32_t variant, const struct ow_event *e,
    struct ow_frame *out)
{
	static const char event_line[] = "event: ", data_line[] = "data: ";
	char *head = (char *)out->head;
	size_t n = 0, room;

	(void)self;	/* all streams of all instances look alike */
	(void)variant;
	if (e->seq)
		n = (size_t)snprintf(head, sizeof(out->head), "id: %llu\n",
		    (unsigned long long)e->seq);
	/* The NULs of both words make up for the newline and snprintf's. */
	room = sizeof(out->head) - n - sizeof(event_line) - sizeof(data_line);
	if (sse_type_fits(e->type, room))
		n += (size_t)snprintf(head + n, sizeof(out->head) - n,
		    "%s%s\n", event_line, e->type);
	memcpy(head + n, data_line, sizeof(data_line) - 1);
	out->head_len = (uint32_t)(n + sizeof(data_line) - 1);
	memcpy(out->tail, "\n\n", 2);
	out->tail_len = 2;
}

static void
sse_data(void *self, struct ow_stream *stream, void **peer,
    struct ow_bytes in)
{
	/* Nothing that a peer says behind its request means anything. */
	(void)self;
	(void)stream;
	(void)peer;
	(void)in;
}

/* A short text as the inside of a JSON string. */
static void
sse_quote(char out[6 * REASON_MAX + 1], const char *text)
{
	size_t n = 0;

	for (size_t i = 0; text[i] && i < REASON_MAX; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			out[n++] = '\\';
		if (c < 0x20)
			n += (size_t)sprintf(out + n, "\\u%04x", c);
		else
			out[n++] = (char)c;
	}
	out[n] = '\0';
}

/* The N of {"retry_ms":N}, or -1. */
static long
sse_retry_ms(const char *reason)
{
	static const char name[] = "\"retry_ms\":";
	const char *at = strstr(reason, name);
	char *end;
	long ms;

	if (!at)
		return -1;
	at += sizeof(name) - 1;
	ms = strtol(at, &end, 10);
	return end == at || ms < 0 ? -1 : ms;
}

static void
sse_end(void *self, struct ow_stream *stream, void **peer,
    int32_t code, const char *reason)
{
	struct sse *s = self;
	char quoted[6 * REASON_MAX + 1], text[6 * REASON_MAX + 160];
	struct ow_bytes part = { text, 0 };
	long retry_ms = -1;

	(void)peer;
	if (code == OW_END_GOING_AWAY)
		retry_ms = sse_retry_ms(reason);
	sse_quote(quoted, reason);
	if (code != OW_END_GOING_AWAY)
		part.n = (size_t)snprintf(text, sizeof(text),
		    "event: stream.end\n"
		    "data: {\"type\":\"stream.end\",\"data\":"
		    "{\"code\":%d,\"reason\":\"%s\"}}\n\n", (int)code, quoted);
	else if (retry_ms >= 0)
		part.n = (size_t)snprintf(text, sizeof(text),
		    "retry: %ld\n\n", retry_ms);
	/* A reader that has no room for it is gone, or will see the end. */
	if (part.n)
		(void)s->srv->write(s->ctx, stream, &part, 1);
	s->srv->close(s->ctx, stream);
}

static void
sse_closed(void *self, void **peer)
{
	(void)self;
	*peer = NULL;	/* nothing was there */
}

/* ---- Life --------------------------------------------------------------- */

static int
sse_load(struct ow_ctx *ctx, const struct ow_host *host,
    const void *conf, void **out_self, struct ow_fault *f)
{
	struct sse *s;

	(void)conf;
	if (!host->srv || !OW_HAS(host->srv, param)) {
		snprintf(f->text, sizeof(f->text),
		    "this host has no query parameters for transports");
		return OW_EUNSUP;
	}
	s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(f->text, sizeof(f->text), "out of memory");
		return OW_EAGAIN;
	}
	s->ctx = ctx;
	s->base = host->base;
	s->srv = host->srv;
	*out_self = s;
	return OW_OK;
}

static int
sse_start(void *self, struct ow_fault *f)
{
	static const struct {
		const char *path;
		void (*fn)(void *, struct ow_srv_call *,
		    const struct ow_srv_req *);
	} routes[] = {
		{ "/sse/orders/{id}/tracking", sse_on_order },
		{ "/sse/notifications", sse_on_notifications },
		{ "/sse/kitchen", sse_on_kitchen },
	};
	struct sse *s = self;
	int err;

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		err = s->srv->route(s->ctx, "GET", routes[i].path,
		    routes[i].fn, f);
		if (err)
			return err;
	}
	return OW_OK;
}

static void
sse_drain(void *self)
{
	struct sse *s = self;

	/* The host ends the streams; beyond them nothing is in flight. */
	s->base->drained(s->ctx);
}

static void
sse_stop(void *self)
{
	free(self);
}

static const struct ow_transport transport = {
	.size = sizeof(transport),
	.frame = sse_frame,
	.data = sse_data,
	.end = sse_end,
	.closed = sse_closed,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_TRANSPORT),
	.name = "transport-sse",
	.version = "1.0",
	.summary = "live streams as server-sent events",
	.options = options,
	.conf_size = sizeof(struct sse_conf),
	.metrics = metrics,
	.load = sse_load,
	.start = sse_start,
	.drain = sse_drain,
	.stop = sse_stop,
	.ops.transport = &transport,
};

OW_EXPORT_PLUGIN(plugin);
