/* SPDX-License-Identifier: MIT */
/*
 * twilio - Twilio's Messages API (2010-04-01).
 *
 * A message is a form POST with basic authentication.  What Twilio sends to us
 * is signed: HMAC-SHA-1 with the auth token over the URL and the form's
 * parameters in order ("Validating requests").  Its error codes say more than
 * the status: https://www.twilio.com/docs/api/errors.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "sign.h"
#include "sms.h"

#define FORM_MAX 128
#define VALIDITY_MAX_S 36000
#define XML_TYPE "text/xml; charset=utf-8"

static const struct {
	int code;
	int32_t verdict;
	const char *text;
} errors[] = {
	{ 14107, OW_RETRY, "too many messages a second" },
	{ 20003, OW_MISCONFIGURED, "authentication failed" },
	{ 20005, OW_MISCONFIGURED, "the account is not active" },
	{ 20008, OW_MISCONFIGURED, "test credentials cannot do this" },
	{ 20404, OW_MISCONFIGURED, "no such account" },
	{ 20429, OW_RETRY, "too many requests" },
	{ 21211, OW_GONE, "the number is none" },
	{ 21212, OW_MISCONFIGURED, "from is not valid" },
	{ 21408, OW_REJECTED, "no permission for this region" },
	{ 21601, OW_MISCONFIGURED, "from cannot send messages" },
	{ 21602, OW_REJECTED, "the text is empty" },
	{ 21603, OW_MISCONFIGURED, "from is missing" },
	{ 21604, OW_REJECTED, "the number is missing" },
	{ 21606, OW_MISCONFIGURED, "from cannot send messages there" },
	{ 21608, OW_REJECTED, "a trial account sends to own numbers only" },
	{ 21610, OW_GONE, "the receiver has said STOP" },
	{ 21611, OW_RETRY, "the sender's queue is full" },
	{ 21612, OW_REJECTED, "there is no route to this number" },
	{ 21614, OW_GONE, "the number is not a mobile one" },
	{ 21617, OW_REJECTED, "the text is too long" },
	{ 21635, OW_GONE, "the number is a landline" },
	{ 21659, OW_MISCONFIGURED, "from is not a number of the account" },
	{ 21660, OW_MISCONFIGURED, "from is of another account" },
	{ 21703, OW_MISCONFIGURED, "the messaging service has no sender" },
	{ 21704, OW_MISCONFIGURED, "the messaging service has no number" },
	{ 30001, OW_RETRY, "the queue overflowed" },
	{ 30002, OW_MISCONFIGURED, "the account is suspended" },
	{ 30003, OW_REJECTED, "the phone could not be reached" },
	{ 30004, OW_REJECTED, "the message was blocked" },
	{ 30005, OW_GONE, "the number does not exist" },
	{ 30006, OW_GONE, "the number cannot get messages" },
	{ 30007, OW_REJECTED, "a carrier filtered the message" },
	{ 30008, OW_REJECTED, "the carrier gave no reason" },
	{ 30034, OW_MISCONFIGURED, "from is not registered" },
};

#define ERROR_OPTED_OUT 21610

static const char *
twilio_account(const struct sms_conf *conf)
{
	return *conf->account ? conf->account : conf->user;
}

/* What the hooks are signed with. */
static const char *
twilio_token(const struct sms_conf *conf)
{
	return *conf->hook_secret ? conf->hook_secret : conf->password;
}

static const char *
twilio_fault(const struct sms_conf *conf)
{
	if (strncmp(twilio_account(conf), "AC", 2) != 0)
		return "twilio needs the account SID (AC...) as user or "
		    "account";
	if (!*conf->password)
		return "twilio needs a password: the auth token, or an API "
		    "key's secret";
	if (strncmp(conf->user, "AC", 2) != 0 && !*conf->hook_secret)
		return "with an API key as user, hook_secret must be the auth "
		    "token";
	if (!*conf->from)
		return "twilio needs a from";
	return NULL;
}

static void
form_add(struct text *body, const char *name, const char *value)
{
	if (body->n)
		text_adds(body, ESCAPE_NONE, "&");
	text_adds(body, ESCAPE_NONE, name);
	text_adds(body, ESCAPE_NONE, "=");
	text_adds(body, ESCAPE_URL, value);
}

static void
twilio_authorize(const struct sms_conf *conf, struct sms_request *out)
{
	struct text both = { .s = NULL };
	struct text *header = request_header(out, "Authorization");
	char *code;

	text_adds(&both, ESCAPE_LINE, conf->user);
	text_adds(&both, ESCAPE_NONE, ":");
	text_adds(&both, ESCAPE_LINE, conf->password);
	code = sign_encode(text_str(&both), both.n);
	text_adds(header, ESCAPE_NONE, "Basic ");
	if (code) {
		text_adds(header, ESCAPE_NONE, code);
		explicit_bzero(code, strlen(code));
	}
	free(code);
	text_done(&both);
}

static void
twilio_request(const struct sms *s, const struct ow_job *job,
    const char *text, const struct gsm *g, struct sms_request *out)
{
	const struct sms_conf *conf = s->conf;
	int64_t validity_s = job->ttl_ms / 1000;
	size_t n = strlen(conf->url);
	char number[24];

	(void)g;	/* Twilio picks the alphabet by itself */
	while (n > 0 && conf->url[n - 1] == '/')
		n--;
	text_add(&out->url, ESCAPE_NONE, conf->url, n);
	text_adds(&out->url, ESCAPE_NONE, "/2010-04-01/Accounts/");
	text_adds(&out->url, ESCAPE_URL, twilio_account(conf));
	text_adds(&out->url, ESCAPE_NONE, "/Messages.json");
	twilio_authorize(conf, out);
	text_adds(request_header(out, "Content-Type"), ESCAPE_NONE,
	    "application/x-www-form-urlencoded");
	form_add(&out->body, "To", job->address);
	form_add(&out->body, strncmp(conf->from, "MG", 2) == 0 ?
	    "MessagingServiceSid" : "From", conf->from);
	form_add(&out->body, "Body", text);
	if (*conf->hook_url)
		form_add(&out->body, "StatusCallback", conf->hook_url);
	if (validity_s > 0 && validity_s < VALIDITY_MAX_S) {
		snprintf(number, sizeof(number), "%lld",
		    (long long)validity_s);
		form_add(&out->body, "ValidityPeriod", number);
	}
}

/* The row of an error code; false: none that we know. */
static bool
twilio_read_error(int code, struct reading *out)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].code != code)
			continue;
		out->verdict = errors[i].verdict;
		out->is_opted_out = code == ERROR_OPTED_OUT;
		snprintf(out->detail, sizeof(out->detail), "twilio: %d %s",
		    code, errors[i].text);
		return true;
	}
	return false;
}

static void
twilio_judge(const struct sms *s, const struct ow_reply *reply,
    struct reading *out)
{
	json_t *body;
	const char *sid;
	int code;

	(void)s;
	if (reply->err != OW_OK)
		return;
	body = json_loadb(reply->body.p ? reply->body.p : "", reply->body.n,
	    0, NULL);
	code = (int)json_integer_value(json_object_get(body, "code"));
	sid = json_string_value(json_object_get(body, "sid"));
	if (out->verdict == OW_DELIVERED && sid)
		snprintf(out->ref, sizeof(out->ref), "%s", sid);
	/* A 5xx is Twilio's own trouble, whatever its body says. */
	if (reply->status < 500 && out->verdict != OW_DELIVERED &&
	    !twilio_read_error(code, out))
		snprintf(out->detail, sizeof(out->detail), "twilio: %d %d",
		    reply->status, code);
	json_decref(body);
}

/* ---- Hooks --------------------------------------------------------------- */

static bool
twilio_is_signed(struct sms *s, struct ow_hook_call *call,
    const struct ow_hook_req *req)
{
	const char *theirs = s->host->outbox->hook_header(s->ctx, call,
	    "X-Twilio-Signature");
	struct ow_header form[FORM_MAX];
	struct text all = { .s = NULL };
	char ours[SIGN_BASE64_SIZE];
	size_t n;
	bool is_signed;

	n = s->host->outbox->hook_form(s->ctx, call, form, FORM_MAX);
	if (!theirs || n > FORM_MAX)
		return false;
	text_adds(&all, ESCAPE_NONE, req->url);
	for (size_t i = 0; i < n; i++) {
		text_adds(&all, ESCAPE_NONE, form[i].name);
		text_adds(&all, ESCAPE_NONE, form[i].value);
	}
	sign_base64(twilio_token(s->conf), text_str(&all), all.n, ours);
	is_signed = !all.has_failed && sign_is_equal(ours, theirs);
	text_done(&all);
	return is_signed;
}

static void
twilio_report(struct sms *s, struct ow_hook_call **call, const char *status)
{
	const char *sid = sms_param(s, *call, "MessageSid");
	const char *code = sms_param(s, *call, "ErrorCode");
	const char *to = sms_param(s, *call, "To");
	struct reading r = { .verdict = 0 };

	if (!sid) {
		sms_answer(s, call, 400, XML_TYPE, "");
		return;
	}
	if (strcmp(status, "delivered") == 0 || strcmp(status, "read") == 0) {
		r.verdict = OW_DELIVERED;
		snprintf(r.detail, sizeof(r.detail), "delivered to the phone");
	} else if (strcmp(status, "undelivered") == 0 ||
	    strcmp(status, "failed") == 0 || strcmp(status, "canceled") == 0) {
		if (!twilio_read_error(code ? atoi(code) : 0, &r))
			snprintf(r.detail, sizeof(r.detail), "twilio: %.20s",
			    status);
		/* Too late to try again, and one number's report says
		   nothing of our set-up. */
		if (r.verdict != OW_GONE)
			r.verdict = OW_REJECTED;
	}
	sms_report(s, sid, &r);
	if (r.is_opted_out && to)
		s->host->outbox->opt(s->ctx, to, false,
		    "the gateway heard STOP from them");
	sms_answer(s, call, 204, XML_TYPE, "");
}

static void
twilio_incoming(struct sms *s, struct ow_hook_call **call, const char *body)
{
	const char *from = sms_param(s, *call, "From");
	const char *opt = sms_param(s, *call, "OptOutType");
	struct text xml = { .s = NULL };
	const char *reply;

	/* With OptOutType Twilio has understood the word, in its own list of
	   languages, and answered already ("Advanced Opt-Out"). */
	reply = from ? sms_incoming(s, from, !opt ? body :
	    strcmp(opt, "STOP") == 0 ? "STOP" :
	    strcmp(opt, "START") == 0 ? "START" : "") : NULL;
	text_adds(&xml, ESCAPE_NONE,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response>");
	if (reply && !opt) {
		text_adds(&xml, ESCAPE_NONE, "<Message>");
		text_adds(&xml, ESCAPE_XML, reply);
		text_adds(&xml, ESCAPE_NONE, "</Message>");
	}
	text_adds(&xml, ESCAPE_NONE, "</Response>\n");
	sms_answer(s, call, 200, XML_TYPE, text_str(&xml));
	text_done(&xml);
}

static void
twilio_hook(struct sms *s, struct ow_hook_call **call,
    const struct ow_hook_req *req)
{
	const char *status, *body;

	if (!twilio_is_signed(s, *call, req)) {
		sms_refuse(s, call);
		return;
	}
	status = sms_param(s, *call, "MessageStatus");
	body = sms_param(s, *call, "Body");
	if (status)
		twilio_report(s, call, status);
	else if (body)
		twilio_incoming(s, call, body);
	else
		sms_answer(s, call, 400, XML_TYPE, "");
}

const struct gateway gateway_twilio = {
	.name = "twilio",
	.fault = twilio_fault,
	.request = twilio_request,
	.judge = twilio_judge,
	.hook = twilio_hook,
};
