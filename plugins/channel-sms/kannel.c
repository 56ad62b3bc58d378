/* SPDX-License-Identifier: MIT */
/*
 * kannel - the gateway of that name, through smsbox' sendsms service.
 *
 * The text goes as a POST with everything else in X-Kannel headers (user
 * guide, "Using the HTTP interface to send SMS messages"), so that neither the
 * password nor the message stands in a URL.  Delivery reports come as GETs to
 * the URL that went with the message, signed for that one job; incoming
 * messages to a URL of the admin's sms-service.  smsbox signs nothing, so that
 * URL has a token; as URLs stand in configurations and logs, it is not the
 * secret but made of it: who reads it can't sign a report.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../common/mac.h"
#include "sign.h"
#include "sms.h"

#define TOKEN_PURPOSE "incoming"	/* the token is the mac of this word */

/* dlr-mask of the user guide. */
enum { DLR_DELIVERED = 1, DLR_UNDELIVERED = 2, DLR_BUFFERED = 4,
	DLR_SUBMITTED = 8, DLR_REFUSED = 16, DLR_ALL = 31 };

static const char *
kannel_fault(const struct sms_conf *conf)
{
	if (!*conf->user || !*conf->password)
		return "kannel needs user and password, those of its "
		    "sendsms-user";
	if (strlen(conf->hook_secret) < SIGN_SECRET_MIN)
		return "kannel needs a hook_secret of 16 characters or more";
	return NULL;
}

/* Kannel fills in what follows a %, so a URL's own must be doubled. */
static void
kannel_dlr_url(const struct sms *s, const struct ow_job *job,
    struct text *out)
{
	struct text url = { .s = NULL };
	const char *p;

	sms_report_url(s, job->key, &url);
	for (p = text_str(&url); *p; p++)
		text_add(out, ESCAPE_LINE, *p == '%' ? "%%" : p,
		    *p == '%' ? 2 : 1);
	text_adds(out, ESCAPE_NONE, "&status=%d&reply=%A");
	text_done(&url);
}

static void
kannel_request(const struct sms *s, const struct ow_job *job,
    const char *text, const struct gsm *g, struct sms_request *out)
{
	const struct sms_conf *conf = s->conf;
	int64_t minutes = job->ttl_ms / 60000;
	char number[24];

	text_adds(&out->url, ESCAPE_NONE, conf->url);
	text_adds(request_header(out, "Content-Type"), ESCAPE_NONE,
	    "text/plain; charset=UTF-8");
	text_adds(request_header(out, "X-Kannel-Username"), ESCAPE_LINE,
	    conf->user);
	text_adds(request_header(out, "X-Kannel-Password"), ESCAPE_LINE,
	    conf->password);
	text_adds(request_header(out, "X-Kannel-To"), ESCAPE_LINE,
	    job->address);
	if (*conf->from)
		text_adds(request_header(out, "X-Kannel-From"), ESCAPE_LINE,
		    conf->from);
	text_adds(request_header(out, "X-Kannel-Coding"), ESCAPE_NONE,
	    g->is_ucs2 ? "2" : "0");
	if (minutes > 0) {
		snprintf(number, sizeof(number), "%lld", (long long)minutes);
		text_adds(request_header(out, "X-Kannel-Validity"),
		    ESCAPE_NONE, number);
	}
	if (*conf->hook_url) {
		snprintf(number, sizeof(number), "%d", DLR_ALL);
		text_adds(request_header(out, "X-Kannel-DLR-Mask"),
		    ESCAPE_NONE, number);
		kannel_dlr_url(s, job,
		    request_header(out, "X-Kannel-DLR-URL"));
	}
	text_adds(&out->body, ESCAPE_NONE, text);
}

static bool
body_has(const struct ow_reply *reply, const char *words)
{
	return reply->body.n > 0 && memmem(reply->body.p, reply->body.n,
	    words, strlen(words)) != NULL;
}

/* What smsbox says beside the status; its texts are part of the interface
   (user guide, "sendsms response"). */
static void
kannel_judge(const struct sms *s, const struct ow_reply *reply,
    struct reading *out)
{
	(void)s;
	if (reply->err != OW_OK)
		return;
	switch (reply->status) {
	case 400:
		/* Our own set-up, not this message. */
		if (body_has(reply, "Sender missing"))
			out->verdict = OW_MISCONFIGURED;
		break;
	case 403:
		/* Two things share it: the password, and a number that no
		   SMSC takes. */
		out->verdict = body_has(reply, "Not routable") ?
		    OW_REJECTED : OW_MISCONFIGURED;
		break;
	case 404:
		out->verdict = OW_MISCONFIGURED;	/* not sendsms' URL */
		break;
	}
	snprintf(out->detail, sizeof(out->detail), "kannel: %d%s",
	    reply->status,
	    body_has(reply, "Not routable") ? " not routable" :
	    body_has(reply, "Authorization failed") ?
	    " authorization failed" :
	    body_has(reply, "Sender missing") ? " sender missing" :
	    body_has(reply, "black-list") ? " number is black-listed" :
	    body_has(reply, "Queued") ? " queued" : "");
}

static void
kannel_report(struct sms *s, struct ow_hook_call **call, const char *ref)
{
	const char *status = sms_param(s, *call, "status");
	struct reading r = { .verdict = 0 };

	switch (status ? atoi(status) : 0) {
	case DLR_DELIVERED:
		r.verdict = OW_DELIVERED;
		snprintf(r.detail, sizeof(r.detail), "delivered to the phone");
		break;
	case DLR_UNDELIVERED:
		r.verdict = OW_REJECTED;
		snprintf(r.detail, sizeof(r.detail),
		    "the phone could not be reached");
		break;
	case DLR_REFUSED:
		r.verdict = OW_REJECTED;
		snprintf(r.detail, sizeof(r.detail), "refused by the SMSC");
		break;
	case DLR_BUFFERED:
	case DLR_SUBMITTED:
		break;
	default:
		sms_answer(s, call, 400, "text/plain; charset=utf-8", "");
		return;
	}
	sms_report(s, ref, &r);
	sms_answer(s, call, 200, "text/plain; charset=utf-8", "");
}

/* A message in the body of a POST is as its charset says. */
static void
kannel_message(struct sms *s, struct ow_hook_call *call,
    const struct ow_hook_req *req, struct text *out)
{
	const char *param = sms_param(s, call, "text");
	const char *type = s->host->outbox->hook_header(s->ctx, call,
	    "Content-Type");
	const unsigned char *p = req->body.p;

	if (param) {
		text_adds(out, ESCAPE_NONE, param);
	} else if (type && strcasestr(type, "utf-16be")) {
		for (size_t i = 0; i + 1 < req->body.n; i += 2)
			text_put(out, (uint32_t)(p[i] << 8 | p[i + 1]));
	} else {
		text_add(out, ESCAPE_NONE, req->body.p, req->body.n);
	}
}

static void
kannel_hook(struct sms *s, struct ow_hook_call **call,
    const struct ow_hook_req *req)
{
	const struct ow_bytes purpose = { TOKEN_PURPOSE,
	    sizeof(TOKEN_PURPOSE) - 1 };
	const char *ref = sms_report_ref(s, *call);
	const char *from, *reply;
	struct text message = { .s = NULL };

	if (ref) {
		kannel_report(s, call, ref);
		return;
	}
	if (!mac_is_good(s->conf->hook_secret, &purpose, 1,
	    sms_param(s, *call, "token"))) {
		sms_refuse(s, call);
		return;
	}
	from = sms_param(s, *call, "from");
	if (!from)
		from = s->host->outbox->hook_header(s->ctx, *call,
		    "X-Kannel-From");
	kannel_message(s, *call, req, &message);
	reply = from ? sms_incoming(s, from, text_str(&message)) : NULL;
	text_done(&message);
	/* smsbox sends the body to whoever wrote. */
	sms_answer(s, call, from ? 200 : 400, "text/plain; charset=UTF-8",
	    reply ? reply : "");
}

const struct gateway gateway_kannel = {
	.name = "kannel",
	.fault = kannel_fault,
	.request = kannel_request,
	.judge = kannel_judge,
	.hook = kannel_hook,
};
