/* SPDX-License-Identifier: MIT */
/*
 * channel-sms - hands a notice to an SMS gateway, and hears what comes back:
 * delivery reports, and STOP and START from those who got one.
 *
 * It decides how a text travels (gsm.c) and what a word means (words.c); what
 * a provider wants and says is its gateway's (kannel.c, twilio.c, generic.c).
 * It keeps no list of who said STOP: that is a preference, and the outbox is
 * told.
 *
 * On the path: the outbox calls deliver() for jobs and hook() for requests to
 * /hooks/sms/{name}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/mac.h"
#include "phone.h"
#include "sms.h"
#include "words.h"

#define REPLY_MAX 65536

static const struct ow_metric metrics[] = {
	{ "segments_total", OW_COUNTER, "Segments handed to the gateway." },
	{ "cut_total", OW_COUNTER, "Texts that were cut to max_segments." },
	{ "stops_total", OW_COUNTER, "People who said STOP." },
	{ "starts_total", OW_COUNTER, "People who said START." },
	{ "hooks_refused_total", OW_COUNTER,
	    "Requests of a gateway without a good signature." },
	OW_METRICS_END
};

static const char *const gateways[] = { "kannel", "twilio", "http", NULL };
static const char *const methods[] = { "POST", "PUT", "GET", NULL };

static const struct ow_option options[] = {
	OW_CHOICE(struct sms_conf, gateway, OW_REQUIRED, gateways,
	    "Who sends the messages."),
	OW_URL(struct sms_conf, url, OW_REQUIRED,
	    "kannel: smsbox' sendsms URL; twilio: https://api.twilio.com; "
	    "http: the URL, with {to}, {from}, {text} and {key} where they "
	    "belong."),
	OW_STR(struct sms_conf, user, "",
	    "kannel: the sendsms-user; twilio: the account SID or an API "
	    "key's; http: {user}."),
	OW_SECRET(struct sms_conf, password, "",
	    "kannel: the user's password; twilio: the auth token or the API "
	    "key's secret; http: {password}."),
	OW_STR(struct sms_conf, account, "",
	    "twilio: the account SID, if user is an API key."),
	OW_STR(struct sms_conf, from, "",
	    "The sender; twilio: a number, or a messaging service's SID."),
	OW_STR(struct sms_conf, hook_url, "",
	    "This server's /hooks/sms/... as the gateway can reach it; empty: "
	    "no delivery reports."),
	OW_SECRET(struct sms_conf, hook_secret, "",
	    "What the gateway's own requests are checked with; twilio: the "
	    "auth token, if password is not it."),
	OW_INT(struct sms_conf, max_segments, "3", 1, 10,
	    "A longer text is cut."),
	OW_CHOICE(struct sms_conf, method, "POST", methods,
	    "http: the request's method."),
	OW_SECRET(struct sms_conf, headers, "",
	    "http: more headers, one on a line, with the same words in braces "
	    "and {basic} for user and password in base64."),
	OW_STR(struct sms_conf, content_type, "application/json",
	    "http: the body's type; it decides how a text is escaped."),
	OW_SECRET(struct sms_conf, body, "",
	    "http: the body, with the same words in braces; {report_url} is "
	    "where a delivery report may go."),
	OW_STR(struct sms_conf, success, "200-299",
	    "http: which statuses say that the gateway took it."),
	OW_STR(struct sms_conf, ref, "",
	    "http: a JSON pointer to the gateway's own id in its answer."),
	OW_STR(struct sms_conf, stop_words, "",
	    "Words that switch SMS off besides those known, with blanks "
	    "between them."),
	OW_STR(struct sms_conf, start_words, "",
	    "Words that switch SMS on again besides those known."),
	OW_STR(struct sms_conf, stop_reply, "",
	    "The answer to STOP; empty: a sentence in the word's language."),
	OW_STR(struct sms_conf, start_reply, "",
	    "The answer to START; empty: a sentence in the word's language."),
	OW_STR(struct sms_conf, ca_file, "",
	    "PEM file of the authorities to trust; empty: the system's."),
	OW_MS(struct sms_conf, timeout_ms, "15s", 1000, 600000,
	    "How long one request may take."),
	OW_OPTIONS_END
};

/* One job on its way. */
struct sms_flight {
	struct flight flight;
	struct reading early;		/* a report that overtook the answer */
};

/* ---- Delivery ------------------------------------------------------------ */

static void
sms_settle(struct sms *s, const struct ow_job *job, const struct reading *r)
{
	struct ow_outcome outcome = {
		.size = sizeof(outcome),
		.verdict = r->verdict,
		.retry_after_ms = r->retry_after_ms,
		.ref = r->ref[0] ? r->ref :
		    r->verdict == OW_DELIVERED ? job->key : NULL,
		.detail = r->detail,
	};

	flights_settle(&s->flights, job, &outcome);
}

static struct reading *
early_of(struct flight *f)
{
	return &((struct sms_flight *)f)->early;
}

static void
sms_on_reply(void *arg, const struct ow_reply *reply)
{
	struct flight *f = arg;
	struct sms *s = f->flights->self;
	const struct ow_job *job = f->job;
	struct ow_outcome usual = { .size = sizeof(usual) };
	struct reading r = { .verdict = 0 }, early = *early_of(f);
	char key[SMS_REF_SIZE], address[PHONE_SIZE];

	s->host->net->judge(reply, &usual);
	r.verdict = usual.verdict;
	r.retry_after_ms = usual.retry_after_ms;
	phone_scrub(reply->detail, r.detail, sizeof(r.detail));
	s->gateway->judge(s, reply, &r);
	snprintf(key, sizeof(key), "%s", job->key);
	snprintf(address, sizeof(address), "%s", job->address);
	flight_end(&f);
	sms_settle(s, job, &r);
	if (r.is_opted_out)
		s->host->outbox->opt(s->ctx, address, false,
		    "the gateway heard STOP from them");
	if (early.verdict && r.verdict == OW_DELIVERED)
		sms_report(s, key, &early);
}

struct text *
request_header(struct sms_request *r, const char *name)
{
	static const size_t last = SMS_HEADERS_MAX - 1;
	size_t i = r->n_headers < last ? r->n_headers++ : last;

	r->headers[i].name = name;
	return &r->headers[i].value;
}

static void
request_done(struct sms_request *r)
{
	text_done(&r->url);
	text_done(&r->body);
	for (size_t i = 0; i < SMS_HEADERS_MAX; i++) {
		text_done(&r->headers[i].own_name);
		text_done(&r->headers[i].value);
	}
}

static bool
request_has_failed(const struct sms_request *r)
{
	bool has_failed = r->url.has_failed || r->body.has_failed;

	for (size_t i = 0; i < r->n_headers; i++)
		has_failed |= r->headers[i].value.has_failed;
	return has_failed;
}

static int64_t
sms_timeout_ms(const struct sms *s, const struct ow_job *job)
{
	int64_t left = job->deadline_ms - s->host->base->now_ms(s->ctx);

	return left < s->conf->timeout_ms ? left : s->conf->timeout_ms;
}

static struct ow_net_call *
sms_send(struct sms *s, const struct sms_request *r, struct flight *f)
{
	struct ow_header headers[SMS_HEADERS_MAX];
	struct ow_http_req req = {
		.size = sizeof(req),
		.method = r->method,
		.url = text_str(&r->url),
		.headers = headers,
		.n_headers = r->n_headers,
		.body = { text_str(&r->body), r->body.n },
		.timeout_ms = sms_timeout_ms(s, f->job),
		.reply_max = REPLY_MAX,
		.ca_file = s->conf->ca_file,
	};

	for (size_t i = 0; i < r->n_headers; i++) {
		headers[i].name = r->headers[i].name;
		headers[i].value = text_str(&r->headers[i].value);
	}
	if (req.timeout_ms <= 0 || request_has_failed(r))
		return NULL;
	return s->host->net->http(s->ctx, &req, sms_on_reply, f);
}

static void
sms_deliver(void *self, const struct ow_job *job)
{
	struct sms *s = self;
	struct sms_request request = { .method = "POST" };
	struct text text = { .s = NULL };
	struct flight *f;
	struct gsm g;

	g = gsm_fit(*job->text ? job->text : job->title,
	    (uint32_t)s->conf->max_segments, &text);
	if (g.segments == 0) {
		text_done(&text);
		flights_settle_as(&s->flights, job, OW_REJECTED,
		    "the text is empty");
		return;
	}
	f = flights_add(&s->flights, sizeof(struct sms_flight), job);
	if (f) {
		s->gateway->request(s, job, text_str(&text), &g, &request);
		f->call = sms_send(s, &request, f);
	}
	request_done(&request);
	text_done(&text);
	if (f && f->call) {
		s->host->base->add(s->ctx, M_SEGMENTS, g.segments);
		s->host->base->add(s->ctx, M_CUT, g.was_cut);
		return;
	}
	flight_end(&f);
	flights_settle_as(&s->flights, job, OW_RETRY,
	    sms_timeout_ms(s, job) <= 0 ? "no time was left" :
	    "the request could not be made");
}

static void
sms_cancel(void *self, const struct ow_job *job)
{
	struct sms *s = self;

	flights_cancel(&s->flights, job,
	    "given up before the gateway answered");
}

static int
sms_check(void *self, const char *wanted, struct ow_address *out,
    struct ow_fault *f)
{
	(void)self;
	return phone_check(wanted, out, f);
}

/* ---- What comes back ----------------------------------------------------- */

/* What a report's URL is signed over. */
#define REPORT_PARTS(ref)						\
	{ { "report ", 7 }, { (ref), strlen(ref) } }

void
sms_report_url(const struct sms *s, const char *key, struct text *out)
{
	const struct ow_bytes parts[] = REPORT_PARTS(key);
	char sig[MAC_HEX_SIZE];

	if (!*s->conf->hook_url)
		return;
	mac_hex(s->conf->hook_secret, parts, 2, sig);
	text_adds(out, ESCAPE_NONE, s->conf->hook_url);
	text_adds(out, ESCAPE_NONE, strchr(s->conf->hook_url, '?') ?
	    "&ref=" : "?ref=");
	text_adds(out, ESCAPE_URL, key);
	text_adds(out, ESCAPE_NONE, "&sig=");
	text_adds(out, ESCAPE_NONE, sig);
}

const char *
sms_param(struct sms *s, struct ow_hook_call *call, const char *name)
{
	return s->host->outbox->hook_param(s->ctx, call, name);
}

const char *
sms_report_ref(struct sms *s, struct ow_hook_call *call)
{
	const char *ref = sms_param(s, call, "ref");
	const char *sig = sms_param(s, call, "sig");

	if (!ref || !sig)
		return NULL;
	return mac_is_good(s->conf->hook_secret,
	    (const struct ow_bytes[])REPORT_PARTS(ref), 2, sig) ? ref : NULL;
}

void
sms_report(struct sms *s, const char *ref, const struct reading *r)
{
	struct ow_outcome outcome = {
		.size = sizeof(outcome),
		.verdict = r->verdict,
		.ref = ref,
		.detail = r->detail,
	};

	if (!r->verdict)
		return;
	for (struct flight *f = s->flights.list; f; f = f->next) {
		if (strcmp(f->job->key, ref) == 0) {
			*early_of(f) = *r;
			return;
		}
	}
	s->host->outbox->report(s->ctx, ref, &outcome);
}

const char *
sms_incoming(struct sms *s, const char *from, const char *message)
{
	const struct words words = {
		.stop = s->conf->stop_words,
		.start = s->conf->start_words,
		.stop_reply = s->conf->stop_reply,
		.start_reply = s->conf->start_reply,
	};
	char identity[PHONE_SIZE];
	const char *reply = NULL;

	if (!phone_read(from, identity))
		return NULL;
	switch (words_read(&words, message, &reply)) {
	case WORDS_STOP:
		s->host->outbox->opt(s->ctx, identity, false, "STOP by SMS");
		s->host->base->add(s->ctx, M_STOPS, 1);
		break;
	case WORDS_START:
		s->host->outbox->opt(s->ctx, identity, true, "START by SMS");
		s->host->base->add(s->ctx, M_STARTS, 1);
		break;
	case WORDS_OTHER:
		break;
	}
	return reply;
}

void
sms_answer(struct sms *s, struct ow_hook_call **call, int32_t status,
    const char *content_type, const char *body)
{
	s->host->outbox->hook_answer(s->ctx, call, status, content_type,
	    (struct ow_bytes){ body, strlen(body) });
}

void
sms_refuse(struct sms *s, struct ow_hook_call **call)
{
	s->host->base->add(s->ctx, M_HOOKS_REFUSED, 1);
	sms_answer(s, call, 401, "text/plain; charset=utf-8", "");
}

static const char *
sms_hook_name(void *self)
{
	struct sms *s = self;

	return s->gateway->name;
}

static void
sms_hook(void *self, struct ow_hook_call *call, const struct ow_hook_req *req)
{
	struct sms *s = self;

	s->gateway->hook(s, &call, req);
}

/* ---- Life ---------------------------------------------------------------- */

static const struct gateway *
gateway_find(const char *name)
{
	static const struct gateway *const all[] = { &gateway_kannel,
		&gateway_twilio, &gateway_http };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	}
	return NULL;
}

static int
sms_load(struct ow_ctx *ctx, const struct ow_host *host, const void *conf,
    void **out_self, struct ow_fault *f)
{
	const struct sms_conf *c = conf;
	const struct gateway *gateway = gateway_find(c->gateway);
	const char *why;
	struct sms *s;

	why = gateway ? gateway->fault(c) : "there is no such gateway";
	s = why ? NULL : calloc(1, sizeof(*s));
	if (!s) {
		snprintf(f->text, sizeof(f->text), "%s",
		    why ? why : "out of memory");
		return why ? OW_EINVAL : OW_EAGAIN;
	}
	s->ctx = ctx;
	s->host = host;
	s->conf = c;
	s->gateway = gateway;
	flights_init(&s->flights, ctx, host, s);
	*out_self = s;
	return OW_OK;
}

static int
sms_start(void *self, struct ow_fault *f)
{
	(void)self;
	(void)f;
	return OW_OK;
}

static void
sms_drain(void *self)
{
	struct sms *s = self;

	flights_drain(&s->flights);
}

static void
sms_stop(void *self)
{
	struct sms *s = self;

	flights_stop(&s->flights);
	free(s);
}

static const struct ow_channel channel = {
	.size = sizeof(channel),
	.medium = "sms",
	.kind = "sms",
	.check = sms_check,
	.deliver = sms_deliver,
	.cancel = sms_cancel,
	.hook_name = sms_hook_name,
	.hook = sms_hook,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_CHANNEL),
	.name = "channel-sms",
	.version = "1.0",
	.summary = "notices as SMS, by Kannel, Twilio or any HTTP gateway",
	.options = options,
	.conf_size = sizeof(struct sms_conf),
	.metrics = metrics,
	.load = sms_load,
	.start = sms_start,
	.drain = sms_drain,
	.stop = sms_stop,
	.ops.channel = &channel,
};

OW_EXPORT_PLUGIN(plugin);
