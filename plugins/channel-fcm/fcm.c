/* SPDX-License-Identifier: MIT */
/*
 * channel-fcm - push notices to apps by Firebase Cloud Messaging, HTTP v1.
 *
 * It says what a message looks like (message.c), what an answer means
 * (verdict.c) and who we are (account.c, token.c).  It sends to one token at a
 * time; topics and groups of devices of FCM's own are not used.
 *
 * On the path: the outbox calls deliver() for each job that is due.  A job
 * waits here only for the access token.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "fcm.h"
#include "message.h"
#include "verdict.h"

#define REPLY_MAX 65536
#define TOKEN_MIN 20

static const struct ow_metric metrics[] = {
	{ "tokens_total", OW_COUNTER, "Access tokens that were fetched." },
	{ "tokens_failed_total", OW_COUNTER,
	    "Access tokens that were refused, or asked for in vain." },
	OW_METRICS_END
};

static const struct ow_option options[] = {
	OW_STR(struct fcm_conf, service_account, OW_REQUIRED,
	    "The service account's key file (JSON)."),
	OW_URL(struct fcm_conf, base, "https://fcm.googleapis.com",
	    "Where FCM is."),
	OW_STR(struct fcm_conf, token_url, "",
	    "Where access tokens come from; empty: token_uri of the key "
	    "file."),
	OW_STR(struct fcm_conf, project, "",
	    "The project's id; empty: project_id of the key file."),
	OW_STR(struct fcm_conf, android_channel, "",
	    "The notification channel on Android; empty: the app's own."),
	OW_STR(struct fcm_conf, ca_file, "",
	    "PEM file of the authorities to trust; empty: the system's."),
	OW_MS(struct fcm_conf, timeout_ms, "15s", 1000, 600000,
	    "How long one request may take."),
	OW_OPTIONS_END
};

/* One job on its way: waiting for a token (no call), or sent. */
struct fcm_flight {
	struct flight flight;
	uint32_t token_number;		/* sent with this one */
	bool is_again;			/* a stale token was replaced */
};

/* ---- Delivery ------------------------------------------------------------ */

static void
fcm_end(struct flight **slot, int32_t verdict, const char *detail)
{
	struct flights *all = (*slot)->flights;
	const struct ow_job *job = (*slot)->job;

	flight_end(slot);
	flights_settle_as(all, job, verdict, detail);
}

static void fcm_send(struct flight *);

static void
fcm_on_reply(void *arg, const struct ow_reply *reply)
{
	struct fcm_flight *own = arg;
	struct flight *f = &own->flight;
	struct fcm *c = f->flights->self;
	const struct ow_job *job = f->job;
	struct ow_outcome outcome = { .size = sizeof(outcome) };
	struct verdict v;

	f->call = NULL;
	c->host->net->judge(reply, &outcome);
	if (reply->err == OW_OK) {
		verdict_read(reply->status, reply->body, &outcome,
		    c->is_proven, &v);
		if (v.is_token_stale && !own->is_again) {
			own->is_again = true;
			if (own->token_number == c->token_number)
				token_forget(c);
			fcm_send(f);
			return;
		}
		c->is_proven |= v.verdict == OW_DELIVERED;
		outcome.verdict = v.verdict;
		outcome.retry_after_ms = v.retry_after_ms;
		outcome.ref = v.ref[0] ? v.ref : NULL;
		outcome.detail = v.detail;
	}
	flight_end(&f);
	flights_settle(&c->flights, job, &outcome);
}

static struct ow_net_call *
fcm_post(struct flight *f, const char *bearer, const char *body, size_t n)
{
	struct fcm *c = f->flights->self;
	const struct ow_header headers[] = {
		{ "Authorization", bearer },
		{ "Content-Type", "application/json; charset=utf-8" },
	};
	int64_t left = f->job->deadline_ms - c->host->base->now_ms(c->ctx);
	struct ow_http_req req = {
		.size = sizeof(req),
		.method = "POST",
		.url = c->url,
		.headers = headers,
		.n_headers = sizeof(headers) / sizeof(headers[0]),
		.body = { body, n },
		.timeout_ms = left < c->conf->timeout_ms ? left :
		    c->conf->timeout_ms,
		.reply_max = REPLY_MAX,
		.ca_file = c->conf->ca_file,
	};

	if (req.timeout_ms <= 0)
		return NULL;
	((struct fcm_flight *)f)->token_number = c->token_number;
	return c->host->net->http(c->ctx, &req, fcm_on_reply, f);
}

/* Now, or once there is a token.  The flight may end in here. */
static void
fcm_send(struct flight *f)
{
	struct fcm *c = f->flights->self;
	char *body, *bearer = NULL;
	bool has_body;
	size_t n;

	if (!token_is_good(c)) {
		if (!token_fetch(c))
			fcm_end(&f, OW_RETRY,
			    "an access token could not be asked for");
		return;
	}
	body = message_write(f->job, c->conf->android_channel,
	    (int64_t)time(NULL), &n);
	has_body = body != NULL;
	if (has_body && asprintf(&bearer, "Bearer %s", c->token) < 0)
		bearer = NULL;
	if (bearer) {
		f->call = fcm_post(f, bearer, body, n);
		explicit_bzero(bearer, strlen(bearer));
	}
	free(bearer);
	free(body);
	if (f->call)
		return;
	if (has_body)
		fcm_end(&f, OW_RETRY, "the request could not be made");
	else
		fcm_end(&f, OW_REJECTED, "the notice is not UTF-8");
}

void
fcm_on_token(struct fcm *c, const struct ow_outcome *why)
{
	struct flight *f, *next;
	const struct ow_job *job;
	size_t n = 0;

	for (f = c->flights.list; f; f = f->next)
		n += f->call == NULL;
	/* Each turn sends or ends one that waited; new ones come in front, and
	   ends may take others along, so each time from the beginning. */
	for (; n > 0; n--) {
		for (f = c->flights.list; f && f->call; f = next)
			next = f->next;
		if (!f)
			break;
		if (!why) {
			fcm_send(f);
			continue;
		}
		job = f->job;
		flight_end(&f);
		flights_settle(&c->flights, job, why);
	}
}

static void
fcm_deliver(void *self, const struct ow_job *job)
{
	struct fcm *c = self;
	struct flight *f = flights_add(&c->flights,
	    sizeof(struct fcm_flight), job);

	if (f)
		fcm_send(f);
	else
		flights_settle_as(&c->flights, job, OW_RETRY, "out of memory");
}

static void
fcm_cancel(void *self, const struct ow_job *job)
{
	struct fcm *c = self;

	flights_cancel(&c->flights, job, "given up before FCM answered");
}

static int
fcm_check(void *self, const char *wanted, struct ow_address *out,
    struct ow_fault *f)
{
	size_t n = strlen(wanted);

	(void)self;
	if (n < TOKEN_MIN || n >= sizeof(out->identity) ||
	    strspn(wanted, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:.%/+=") != n) {
		snprintf(f->text, sizeof(f->text),
		    "that is no FCM registration token");
		return OW_EINVAL;
	}
	memcpy(out->text, wanted, n + 1);
	memcpy(out->identity, wanted, n + 1);
	snprintf(out->hint, sizeof(out->hint), "%.6s...", wanted);
	return OW_OK;
}

/* ---- Life ---------------------------------------------------------------- */

static const char *
fcm_fault(const struct fcm_conf *conf)
{
	if (!*conf->service_account)
		return "service_account names no file";
	if (*conf->token_url && strncasecmp(conf->token_url, "http", 4) != 0)
		return "token_url is no URL";
	for (const char *p = conf->project; *p; p++) {
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-:.", *p))
			return "project has a character that no project has";
	}
	return NULL;
}

static int
fcm_load(struct ow_ctx *ctx, const struct ow_host *host, const void *conf,
    void **out_self, struct ow_fault *f)
{
	const struct fcm_conf *fc = conf;
	const char *why = fcm_fault(fc);
	struct fcm *c = why ? NULL : calloc(1, sizeof(*c));

	if (!c) {
		snprintf(f->text, sizeof(f->text), "%s",
		    why ? why : "out of memory");
		return why ? OW_EINVAL : OW_EAGAIN;
	}
	c->ctx = ctx;
	c->host = host;
	c->conf = fc;
	flights_init(&c->flights, ctx, host, c);
	*out_self = c;
	return OW_OK;
}

static int
fcm_start(void *self, struct ow_fault *f)
{
	struct fcm *c = self;
	size_t n = strlen(c->conf->base);
	int err;

	err = account_load(c->conf->service_account, &c->account, f);
	if (err)
		return err;
	while (n > 0 && c->conf->base[n - 1] == '/')
		n--;
	if (asprintf(&c->url, "%.*s/v1/projects/%s/messages:send", (int)n,
	    c->conf->base, *c->conf->project ? c->conf->project :
	    account_project(c->account)) < 0) {
		c->url = NULL;
		snprintf(f->text, sizeof(f->text), "out of memory");
		return OW_EAGAIN;
	}
	return OW_OK;
}

static void
fcm_drain(void *self)
{
	struct fcm *c = self;

	flights_drain(&c->flights);
}

static void
fcm_stop(void *self)
{
	struct fcm *c = self;

	flights_stop(&c->flights);
	if (c->token_call)
		c->host->net->cancel(c->ctx, &c->token_call);
	token_forget(c);
	account_free(&c->account);
	free(c->url);
	free(c);
}

static const struct ow_channel channel = {
	.size = sizeof(channel),
	.medium = "push",
	.kind = "fcm",
	.check = fcm_check,
	.deliver = fcm_deliver,
	.cancel = fcm_cancel,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	.name = "channel-fcm",
	.version = "1.0",
	.summary = "push notices to apps, by Firebase Cloud Messaging",
	.options = options,
	.conf_size = sizeof(struct fcm_conf),
	.metrics = metrics,
	.load = fcm_load,
	.start = fcm_start,
	.drain = fcm_drain,
	.stop = fcm_stop,
	.ops.channel = &channel,
};

OW_EXPORT_PLUGIN(plugin);
