/* SPDX-License-Identifier: MIT */
/*
 * channel-hook - posts notices to a chat room by its incoming webhook, as
 * Mattermost, Rocket.Chat and others have them: {"text": "..."} to a URL.
 *
 * It is here to be copied: a whole channel in one file, that needs the
 * installed headers and nothing else.  README.md walks through it.
 *
 * Deliberately left out: Slack's blocks, buttons, threads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <orderwire/plugin.h>

#define REPLY_MAX 4096

/* ---- 1. What an admin may set -------------------------------------------- */

struct hook_conf {
	const char *url;
	int64_t timeout_ms;
};

static const struct ow_option options[] = {
	/* Whoever has the URL may post, so it is a secret. */
	OW_SECRET(struct hook_conf, url, OW_REQUIRED,
	    "The room's incoming webhook; \"@file\" reads it from there."),
	OW_MS(struct hook_conf, timeout_ms, "10s", 1000, 600000,
	    "How long one post may take."),
	OW_OPTIONS_END
};

/* ---- 2. What we remember ------------------------------------------------- */

struct hook;

/* One job on its way. */
struct flight {
	struct flight *next;
	struct hook *hook;
	const struct ow_job *job;	/* the host's, until it is settled */
	struct ow_net_call *call;
};

struct hook {
	struct ow_ctx *ctx;
	const struct ow_host *host;
	const struct hook_conf *conf;	/* the host's, until stop() */
	struct flight *flights;
	bool is_draining;
};

static void
flight_end(struct flight *f)
{
	struct flight **p = &f->hook->flights;

	while (*p != f)
		p = &(*p)->next;
	*p = f->next;
	free(f);
}

/* Each job ends here, exactly once; f may be NULL. */
static void
hook_settle(struct hook *h, struct flight *f, const struct ow_job *job,
    const struct ow_outcome *outcome)
{
	if (f)
		flight_end(f);
	h->host->outbox->settle(h->ctx, job, outcome);
	if (h->is_draining && !h->flights) {
		h->is_draining = false;
		h->host->base->drained(h->ctx);
	}
}

/* ---- 3. What goes over the wire ------------------------------------------ */

static void
put_json(FILE *out, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ')
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
}

/* {"text":"title\ntext\nurl"}; allocated, NULL without memory. */
static char *
hook_body(const struct ow_job *job, size_t *out_n)
{
	char *body = NULL;
	FILE *out = open_memstream(&body, out_n);
	bool is_whole;

	if (!out)
		return NULL;
	fputs("{\"text\":\"", out);
	put_json(out, job->title);
	if (*job->text) {
		fputs("\\n", out);
		put_json(out, job->text);
	}
	if (*job->url) {
		fputs("\\n", out);
		put_json(out, job->url);
	}
	fputs("\"}", out);
	is_whole = !ferror(out);
	if (fclose(out) == 0 && is_whole)
		return body;
	free(body);
	return NULL;
}

/* ---- 4. What the answer means -------------------------------------------- */

static void
hook_on_reply(void *arg, const struct ow_reply *reply)
{
	struct flight *f = arg;
	struct ow_outcome outcome = { .size = sizeof(outcome) };

	/* The usual reading first, then what this provider does otherwise. */
	f->hook->host->net->judge(reply, &outcome);
	if (reply->err == OW_OK &&
	    (reply->status == 404 || reply->status == 410))
		/* The webhook was deleted in the room's settings: no notice
		   is at fault, and none shall be lost. */
		outcome.verdict = OW_MISCONFIGURED;
	hook_settle(f->hook, f, f->job, &outcome);
}

/* ---- 5. What the outbox asks of us --------------------------------------- */

static struct ow_net_call *
hook_post(struct flight *f, const char *body, size_t n)
{
	static const struct ow_header headers[] = {
		{ "Content-Type", "application/json" },
	};
	struct hook *h = f->hook;
	int64_t left = f->job->deadline_ms - h->host->base->now_ms(h->ctx);
	struct ow_http_req req = {
		.size = sizeof(req),
		.method = "POST",
		.url = h->conf->url,
		.headers = headers,
		.n_headers = 1,
		.body = { body, n },
		.timeout_ms = left < h->conf->timeout_ms ? left :
		    h->conf->timeout_ms,
		.reply_max = REPLY_MAX,
	};

	return h->host->net->http(h->ctx, &req, hook_on_reply, f);
}

static void
hook_deliver(void *self, const struct ow_job *job)
{
	struct hook *h = self;
	struct flight *f = calloc(1, sizeof(*f));
	struct ow_outcome outcome = {
		.size = sizeof(outcome),
		.verdict = OW_RETRY,
		.detail = "the post could not be made",
	};
	char *body;
	size_t n;

	if (!f) {
		hook_settle(h, NULL, job, &outcome);
		return;
	}
	f->hook = h;
	f->job = job;
	f->next = h->flights;
	h->flights = f;
	body = hook_body(job, &n);
	if (body)
		f->call = hook_post(f, body, n);
	free(body);
	if (!f->call)
		hook_settle(h, f, job, &outcome);
}

static void
hook_cancel(void *self, const struct ow_job *job)
{
	struct hook *h = self;
	struct ow_outcome outcome = {
		.size = sizeof(outcome),
		.verdict = OW_RETRY,
		.detail = "given up before an answer came",
	};

	for (struct flight *f = h->flights; f; f = f->next) {
		if (f->job != job)
			continue;
		h->host->net->cancel(h->ctx, &f->call);
		hook_settle(h, f, job, &outcome);
		return;
	}
}

/* There is one room and it stands in the options, so its address says no more
   than that; the URL itself would be in the database and in admins' lists. */
static const char *
hook_own_address(void *self)
{
	(void)self;
	return "room";
}

static int
hook_check(void *self, const char *wanted, struct ow_address *out,
    struct ow_fault *f)
{
	if (strcmp(wanted, hook_own_address(self)) != 0) {
		snprintf(f->text, sizeof(f->text), "the only address is "
		    "\"room\"");
		return OW_EINVAL;
	}
	snprintf(out->text, sizeof(out->text), "%s", wanted);
	snprintf(out->identity, sizeof(out->identity), "%s", wanted);
	snprintf(out->hint, sizeof(out->hint), "%s", wanted);
	return OW_OK;
}

/* ---- 6. Life ------------------------------------------------------------- */

static int
hook_load(struct ow_ctx *ctx, const struct ow_host *host, const void *conf,
    void **out_self, struct ow_fault *f)
{
	const struct hook_conf *c = conf;
	struct hook *h;

	if (strncmp(c->url, "https://", 8) != 0 &&
	    strncmp(c->url, "http://", 7) != 0) {
		snprintf(f->text, sizeof(f->text), "url is no web address");
		return OW_EINVAL;
	}
	h = calloc(1, sizeof(*h));
	if (!h) {
		snprintf(f->text, sizeof(f->text), "out of memory");
		return OW_EAGAIN;
	}
	h->ctx = ctx;
	h->host = host;
	h->conf = c;
	*out_self = h;
	return OW_OK;
}

static int
hook_start(void *self, struct ow_fault *f)
{
	(void)self;
	(void)f;
	return OW_OK;
}

static void
hook_drain(void *self)
{
	struct hook *h = self;

	h->is_draining = h->flights != NULL;
	if (!h->is_draining)
		h->host->base->drained(h->ctx);
}

static void
hook_stop(void *self)
{
	struct hook *h = self;

	while (h->flights) {
		h->host->net->cancel(h->ctx, &h->flights->call);
		flight_end(h->flights);
	}
	free(h);
}

static const struct ow_channel channel = {
	.size = sizeof(channel),
	.medium = "webhook",
	.kind = "chat",
	.check = hook_check,
	.deliver = hook_deliver,
	.cancel = hook_cancel,
	.own_address = hook_own_address,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	.name = "channel-hook",
	.version = "1.0",
	.summary = "notices in a chat room, by its incoming webhook",
	.options = options,
	.conf_size = sizeof(struct hook_conf),
	.load = hook_load,
	.start = hook_start,
	.drain = hook_drain,
	.stop = hook_stop,
	.ops.channel = &channel,
};

OW_EXPORT_PLUGIN(plugin);
