/* SPDX-License-Identifier: MIT */
/*
 * push KEYS_FILE MESSAGES - web pushes encrypted and signed a CPU-second.
 *
 * The plugin channel-webpush as it was built, from deliver() to the request
 * and from the answer to settle(), for as many browsers as a busy evening has.
 * The host around it only counts: no network, no outbox, no store.  CPU time
 * is the process's, so it includes the key pairs that are made ahead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <orderwire/plugin.h>

#include "../../plugins/common/b64.h"
#include "p256.h"

#define BROWSERS 1000
#define IN_FLIGHT 64		/* the default of every channel */

struct ow_net_call {
	void (*on_reply)(void *, const struct ow_reply *);
	void *arg;
};

struct ow_ctx {
	void (*work)(void *), (*done)(void *);	/* offloaded; NULL: nothing */
	void *arg;
	struct ow_net_call calls[IN_FLIGHT];
	size_t n_calls;
	long settled, delivered;
	size_t bytes;
};

static void push_fatal(const char *what) __attribute__((noreturn));

static void
push_fatal(const char *what)
{
	(void)fprintf(stderr, "push: %s\n", what);
	exit(2);
}

/* ---- The host ------------------------------------------------------------ */

static void host_log(struct ow_ctx *, int32_t, const char *, ...)
    OW_PRINTF(3, 4);

static void
host_log(struct ow_ctx *ctx, int32_t level, const char *fmt, ...)
{
	(void)ctx;
	(void)level;
	(void)fmt;
}

static void
host_add(struct ow_ctx *ctx, uint32_t metric, int64_t n)
{
	(void)ctx;
	(void)metric;
	(void)n;
}

static void
host_offload(struct ow_ctx *ctx, void (*work)(void *), void (*done)(void *),
    void *arg)
{
	if (ctx->work)
		push_fatal("two things are offloaded at once");
	ctx->work = work;
	ctx->done = done;
	ctx->arg = arg;
}

static int64_t
host_now_ms(struct ow_ctx *ctx)
{
	(void)ctx;
	return 1000;
}

static struct ow_net_call *
host_http(struct ow_ctx *ctx, const struct ow_http_req *req,
    void (*on_reply)(void *, const struct ow_reply *), void *arg)
{
	struct ow_net_call *call = &ctx->calls[ctx->n_calls++];

	call->on_reply = on_reply;
	call->arg = arg;
	ctx->bytes += req->body.n;
	return call;
}

static const char *
host_header(const struct ow_reply *reply, const char *name)
{
	(void)reply;
	(void)name;
	return NULL;
}

static void
host_judge(const struct ow_reply *reply, struct ow_outcome *out)
{
	memset(out, 0, sizeof(*out));
	out->verdict = reply->status == 201 ? OW_DELIVERED : OW_RETRY;
}

static void
host_settle(struct ow_ctx *ctx, const struct ow_job *job,
    const struct ow_outcome *outcome)
{
	(void)job;
	ctx->settled++;
	ctx->delivered += outcome->verdict == OW_DELIVERED;
}

/* What the plugin has asked for since the last turn. */
static void
host_turn(struct ow_ctx *ctx)
{
	static const struct ow_reply reply = { .size = sizeof(reply),
	    .status = 201, .detail = "HTTP 201", .body = { "", 0 } };
	void (*work)(void *) = ctx->work;
	size_t i, n = ctx->n_calls;

	ctx->work = NULL;
	if (work) {
		work(ctx->arg);
		ctx->done(ctx->arg);
	}
	ctx->n_calls = 0;
	for (i = 0; i < n; i++)
		ctx->calls[i].on_reply(ctx->calls[i].arg, &reply);
}

/* ---- Browsers ------------------------------------------------------------ */

static void
browser_subscribe(const struct ow_channel *channel, void *self, int i,
    struct ow_address *out)
{
	char point[B64_SIZE(P256_POINT)], wanted[1024];
	struct p256_pair pair;
	struct ow_fault f;

	if (p256_make(&pair) != OW_OK)
		push_fatal("no key pair");
	(void)b64_encode(pair.point, sizeof(pair.point), point);
	p256_done(&pair);
	(void)snprintf(wanted, sizeof(wanted), "{\"endpoint\":"
	    "\"https://fcm.googleapis.com/fcm/send/%040d:%0100d\","
	    "\"expirationTime\":null,\"keys\":{\"p256dh\":\"%s\","
	    "\"auth\":\"BTBZMqHH6r4Tts7J_aSIgg\"}}", i, i, point);
	out->size = sizeof(*out);
	if (channel->check(self, wanted, out, &f) != OW_OK)
		push_fatal(f.text);
}

static struct ow_job
browser_job(const struct ow_address *address)
{
	static const char event[] = "{\"type\":\"order.status.changed\","
	    "\"id\":\"0190b5a0-0000-7000-8000-000000000000\",\"order_id\":"
	    "\"0190b5a0-0000-7000-8000-000000000001\",\"seq\":7,\"at\":"
	    "\"2026-01-02T03:04:05.678Z\",\"data\":{\"from\":\"preparing\","
	    "\"to\":\"ready\"}}";

	return (struct ow_job){ .size = sizeof(struct ow_job), .attempt = 1,
	    .key = "0190b5a0-0000-7000-8000-000000000002",
	    .deadline_ms = 31000, .ttl_ms = 3600000,
	    .urgency = OW_URGENCY_HIGH, .address = address->text,
	    .tenant = "cafe", .locale = "en",
	    .order_id = "0190b5a0-0000-7000-8000-000000000001",
	    .notice_id = "0190b5a0-0000-7000-8000-000000000003",
	    .topic = "order.ready",
	    .group = "order/0190b5a0-0000-7000-8000-000000000001",
	    .title = "Your order 42 is ready",
	    .text = "It waits for you at the counter of Cafe Example.",
	    .html = "", .url = "https://shop.example/orders/"
	    "0190b5a0-0000-7000-8000-000000000001",
	    .receipt = "MDFhMjAxYjAtNzljNC03MjE5LTgwYmItZDQ5OGM1OGUzYTZj",
	    .receipt_url = "https://shop.example/api/v1/cafe/receipts",
	    .unsubscribe_url = "", .event = { event, sizeof(event) - 1 } };
}

/* By the plugin's own table: two options, and the defaults of the others. */
static void *
push_configure(const struct ow_plugin *plugin, const char *keys_file)
{
	char *conf = calloc(1, plugin->conf_size);
	const int64_t timeout_ms = 20000;
	const struct ow_option *o;
	const char *text;

	for (o = plugin->options; conf && o->name; o++) {
		text = !strcmp(o->name, "keys_file") ? keys_file :
		    !strcmp(o->name, "sub") ? "mailto:push@cafe.example" :
		    o->dflt;
		if (o->type == OW_T_MS)
			memcpy(conf + o->offset, &timeout_ms,
			    sizeof(timeout_ms));
		else
			memcpy(conf + o->offset, &text, sizeof(text));
	}
	return conf;
}

static double
cpu_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
push_run(const struct ow_channel *channel, void *self, struct ow_ctx *ctx,
    long n)
{
	struct ow_address *addresses = calloc(BROWSERS, sizeof(*addresses));
	struct ow_job *jobs = calloc(BROWSERS, sizeof(*jobs));
	double before, spent;
	long i;

	if (!addresses || !jobs)
		push_fatal("out of memory");
	for (i = 0; i < BROWSERS; i++) {
		browser_subscribe(channel, self, (int)i, &addresses[i]);
		jobs[i] = browser_job(&addresses[i]);
	}
	before = cpu_s();
	for (i = 0; i < n; i++) {
		channel->deliver(self, &jobs[i % BROWSERS]);
		if (ctx->n_calls == IN_FLIGHT)
			host_turn(ctx);
	}
	host_turn(ctx);
	spent = cpu_s() - before;
	if (ctx->delivered != n || ctx->settled != n)
		push_fatal("not every message was delivered");
	printf("push_per_cpu_s=%.0f us_per_push=%.1f push_bytes=%zu\n",
	    (double)n / spent, spent / (double)n * 1e6,
	    ctx->bytes / (size_t)n);
	free(jobs);
	free(addresses);
}

int
main(int argc, char **argv)
{
	static const struct ow_host_base base = { .size = sizeof(base),
	    .log = host_log, .add = host_add, .offload = host_offload,
	    .now_ms = host_now_ms };
	static const struct ow_host_net net = { .size = sizeof(net),
	    .http = host_http, .header = host_header, .judge = host_judge };
	static const struct ow_host_outbox outbox = {
	    .size = sizeof(outbox), .settle = host_settle };
	static const struct ow_host host = { .size = sizeof(host),
	    .abi = OW_ABI, .base = &base, .net = &net, .outbox = &outbox };
	const struct ow_plugin *plugin = ow_plugin_query(OW_ABI);
	struct ow_ctx *ctx = calloc(1, sizeof(*ctx));
	struct ow_fault f = { "" };
	void *conf, *self;
	long n = argc > 2 ? strtol(argv[2], NULL, 10) : 0;

	if (n <= 0 || !ctx)
		push_fatal("usage: push KEYS_FILE MESSAGES");
	conf = push_configure(plugin, argv[1]);
	if (plugin->load(ctx, &host, conf, &self, &f) != OW_OK ||
	    plugin->start(self, &f) != OW_OK)
		push_fatal(f.text);
	host_turn(ctx);
	push_run(plugin->ops.channel, self, ctx, n);
	plugin->stop(self);
	free(conf);
	free(ctx);
	return 0;
}
