/* SPDX-License-Identifier: MIT */
/*
 * channel-webhook - tells another system of every event, by Standard Webhooks
 * (standardwebhooks.com): signed POSTs that a receiver can check and dedupe.
 *
 * The receiver is not a person but the one URL of the configuration, so
 * nobody's preferences apply; which events are sent, the notification rules
 * say.  The order of events is not kept when one has to be tried again: seq in
 * the event tells.
 *
 * On the path: the outbox calls deliver() for each job that is due.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <orderwire/plugin.h>

#include "../common/flight.h"
#include "body.h"
#include "secret.h"

#define REPLY_MAX 65536

struct webhook_conf {
	const char *url;
	const char *secret;
	const char *ca_file;
	int64_t timeout_ms;
};

static const struct ow_option options[] = {
	OW_URL(struct webhook_conf, url, OW_REQUIRED,
	    "Where the events go; https."),
	OW_SECRET(struct webhook_conf, secret, OW_REQUIRED,
	    "What they are signed with: whsec_ and the base64 of 24 to 64 "
	    "random bytes; during a rotation several, with blanks between."),
	OW_STR(struct webhook_conf, ca_file, "",
	    "PEM file of the authorities to trust; empty: the system's."),
	OW_MS(struct webhook_conf, timeout_ms, "15s", 1000, 600000,
	    "How long one request may take."),
	OW_OPTIONS_END
};

struct webhook {
	struct ow_ctx *ctx;
	const struct ow_host *host;
	const struct webhook_conf *conf;
	struct secrets secrets;
	struct flights flights;
};

/* ---- Delivery ------------------------------------------------------------ */

static void
webhook_on_reply(void *arg, const struct ow_reply *reply)
{
	struct flight *f = arg;
	struct webhook *w = f->flights->self;
	const struct ow_job *job = f->job;
	struct ow_outcome outcome = { .size = sizeof(outcome) };

	w->host->net->judge(reply, &outcome);
	if (reply->err == OW_OK && reply->status == 410)
		/* "The receiver is not interested any more": Standard
		   Webhooks, "Delivery". */
		outcome.verdict = OW_GONE;
	else if (reply->err == OW_OK && (reply->status == 401 ||
	    reply->status == 403))
		/* It is not our credential: there is none but the signature,
		   and no breaker mends that. */
		outcome.verdict = OW_REJECTED;
	flight_end(&f);
	flights_settle(&w->flights, job, &outcome);
}

static struct ow_net_call *
webhook_send(struct flight *f, const char *body, size_t n)
{
	struct webhook *w = f->flights->self;
	const struct ow_job *job = f->job;
	char at[24], signature[SECRETS_MAX * SIGNATURE_SIZE];
	const struct ow_header headers[] = {
		{ "Content-Type", "application/json" },
		{ "webhook-id", job->key },
		{ "webhook-timestamp", at },
		{ "webhook-signature", signature },
	};
	int64_t left = job->deadline_ms - w->host->base->now_ms(w->ctx);
	struct ow_http_req req = {
		.size = sizeof(req),
		.flags = OW_HTTP_FROM_USER,
		.method = "POST",
		.url = job->address,
		.headers = headers,
		.n_headers = sizeof(headers) / sizeof(headers[0]),
		.body = { body, n },
		.timeout_ms = left < w->conf->timeout_ms ? left :
		    w->conf->timeout_ms,
		.reply_max = REPLY_MAX,
		.ca_file = w->conf->ca_file,
	};

	/* Of this attempt: receivers refuse old ones. */
	snprintf(at, sizeof(at), "%lld", (long long)time(NULL));
	if (req.timeout_ms <= 0 || secrets_sign(&w->secrets, job->key, at,
	    req.body, signature) != OW_OK)
		return NULL;
	return w->host->net->http(w->ctx, &req, webhook_on_reply, f);
}

static void
webhook_deliver(void *self, const struct ow_job *job)
{
	struct webhook *w = self;
	struct flight *f = NULL;
	time_t now = time(NULL);
	struct tm tm;
	char at[32], *body;
	bool has_body;
	size_t n;

	gmtime_r(&now, &tm);
	strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &tm);
	body = body_write(job->event, job->topic, at, &n);
	has_body = body != NULL;
	if (has_body)
		f = flights_add(&w->flights, sizeof(*f), job);
	if (f)
		f->call = webhook_send(f, body, n);
	free(body);
	if (f && f->call)
		return;
	flight_end(&f);
	if (has_body)
		flights_settle_as(&w->flights, job, OW_RETRY,
		    "the request could not be made");
	else
		flights_settle_as(&w->flights, job, OW_REJECTED,
		    "the event is no JSON object");
}

static void
webhook_cancel(void *self, const struct ow_job *job)
{
	struct webhook *w = self;

	flights_cancel(&w->flights, job,
	    "given up before the receiver answered");
}

/* ---- The address --------------------------------------------------------- */

static const char *
webhook_fault(const char *url)
{
	size_t n = strlen(url);

	if (strncmp(url, "https://", 8) != 0 || n == 8)
		return "a webhook's URL begins with https://";
	if (n >= sizeof(((struct ow_address *)0)->identity))
		return "a webhook's URL has at most 2047 characters";
	for (const char *p = url; *p; p++) {
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return "a webhook's URL has a character that cannot "
			    "be there";
	}
	if (memchr(url + 8, '@', strcspn(url + 8, "/?#")))
		return "a webhook's URL has no user in it";
	return NULL;
}

static int
webhook_check(void *self, const char *wanted, struct ow_address *out,
    struct ow_fault *f)
{
	const char *why = webhook_fault(wanted);

	(void)self;
	if (why) {
		snprintf(f->text, sizeof(f->text), "%s", why);
		return OW_EINVAL;
	}
	snprintf(out->text, sizeof(out->text), "%s", wanted);
	snprintf(out->identity, sizeof(out->identity), "%s", wanted);
	/* A path may be a secret of the receiver's; the host is none. */
	snprintf(out->hint, sizeof(out->hint), "%.*s",
	    (int)strcspn(wanted + 8, "/?#"), wanted + 8);
	return OW_OK;
}

static const char *
webhook_own_address(void *self)
{
	struct webhook *w = self;

	return w->conf->url;
}

/* ---- Life ---------------------------------------------------------------- */

static int
webhook_load(struct ow_ctx *ctx, const struct ow_host *host,
    const void *conf, void **out_self, struct ow_fault *f)
{
	const struct webhook_conf *c = conf;
	struct webhook *w = calloc(1, sizeof(*w));
	const char *why;

	if (!w) {
		snprintf(f->text, sizeof(f->text), "out of memory");
		return OW_EAGAIN;
	}
	why = webhook_fault(c->url);
	if (!why)
		why = secrets_read(c->secret, &w->secrets);
	if (why) {
		snprintf(f->text, sizeof(f->text), "%s", why);
		secrets_wipe(&w->secrets);
		free(w);
		return OW_EINVAL;
	}
	w->ctx = ctx;
	w->host = host;
	w->conf = c;
	flights_init(&w->flights, ctx, host, w);
	*out_self = w;
	return OW_OK;
}

static int
webhook_start(void *self, struct ow_fault *f)
{
	(void)self;
	(void)f;
	return OW_OK;
}

static void
webhook_drain(void *self)
{
	struct webhook *w = self;

	flights_drain(&w->flights);
}

static void
webhook_stop(void *self)
{
	struct webhook *w = self;

	flights_stop(&w->flights);
	secrets_wipe(&w->secrets);
	free(w);
}

static const struct ow_channel channel = {
	.size = sizeof(channel),
	.medium = "webhook",
	.kind = "webhook",
	.check = webhook_check,
	.deliver = webhook_deliver,
	.cancel = webhook_cancel,
	.own_address = webhook_own_address,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	.name = "channel-webhook",
	.version = "1.0",
	.summary = "events to another system, by Standard Webhooks",
	.options = options,
	.conf_size = sizeof(struct webhook_conf),
	.load = webhook_load,
	.start = webhook_start,
	.drain = webhook_drain,
	.stop = webhook_stop,
	.ops.channel = &channel,
};

OW_EXPORT_PLUGIN(plugin);
