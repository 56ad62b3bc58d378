/* SPDX-License-Identifier: MIT */
/*
 * generic - gateway "http": any provider with an HTTP interface, by templates
 * in the options.
 *
 * Words in braces are replaced where they stand, escaped for that place; all
 * other braces are left alone, since JSON has many.  Reports come to
 * {report_url}, signed for one job; incoming messages with a signature in
 * X-Orderwire-Signature, "sha256=" and HMAC-SHA-256 in hex over the URL, a
 * line feed and the body.  Without a hook_secret nothing is good (mac.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "../common/mac.h"
#include "sign.h"
#include "sms.h"

#define HEADER_LINES_MAX (SMS_HEADERS_MAX - 2)
#define PLAIN_TYPE "text/plain; charset=utf-8"

struct word {
	const char *name, *value;
};

/* ---- Options ------------------------------------------------------------- */

/* "200-299 409": is the status in there?  -1: the list is malformed. */
static int
success_has(const char *list, long status)
{
	bool has = false;
	long from, to;
	char *end;

	for (;;) {
		list += strspn(list, " ");
		if (!*list)
			return has;
		from = to = strtol(list, &end, 10);
		if (end == list)
			return -1;
		if (*end == '-') {
			list = end + 1;
			to = strtol(list, &end, 10);
			if (end == list)
				return -1;
		}
		if ((*end && *end != ' ') || from < 100 || to > 599 ||
		    from > to)
			return -1;
		has |= status >= from && status <= to;
		list = end;
	}
}

static size_t
lines_of(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static const char *
http_fault(const struct sms_conf *conf)
{
	if (!strstr(conf->url, "{to") && !strstr(conf->body, "{to"))
		return "neither url nor body has {to} or {to_digits} in it";
	if (!strstr(conf->url, "{text}") && !strstr(conf->body, "{text}"))
		return "neither url nor body has {text} in it";
	if (strcmp(conf->method, "GET") == 0 && *conf->body)
		return "a GET has no body";
	if (lines_of(conf->headers) > HEADER_LINES_MAX)
		return "headers has too many lines";
	if (!*conf->success || success_has(conf->success, 0) < 0)
		return "success is a list of statuses: \"200-299\"";
	if (*conf->ref && *conf->ref != '/')
		return "ref is a JSON pointer and begins with /";
	if ((*conf->hook_url || *conf->hook_secret) &&
	    strlen(conf->hook_secret) < SIGN_SECRET_MIN)
		return "with hook_url http needs a hook_secret of 16 "
		    "characters or more";
	return NULL;
}

/* ---- The request --------------------------------------------------------- */

static void
template_fill(const char *template, size_t n, const struct word *words,
    enum escape how, struct text *out)
{
	const char *end = template + n;
	const struct word *w;
	size_t len;

	while (template < end) {
		for (w = words; *template == '{' && w->name; w++) {
			len = strlen(w->name);
			if ((size_t)(end - template) >= len + 2 &&
			    memcmp(template + 1, w->name, len) == 0 &&
			    template[len + 1] == '}')
				break;
		}
		if (*template == '{' && w->name) {
			text_adds(out, how, w->value);
			template += strlen(w->name) + 2;
		} else {
			text_add(out, ESCAPE_NONE, template++, 1);
		}
	}
}

static enum escape
escape_of(const char *content_type)
{
	if (strcasestr(content_type, "json"))
		return ESCAPE_JSON;
	if (strcasestr(content_type, "urlencoded"))
		return ESCAPE_URL;
	if (strcasestr(content_type, "xml"))
		return ESCAPE_XML;
	return ESCAPE_NONE;
}

static void
http_headers(const struct sms_conf *conf, const struct word *words,
    struct sms_request *out)
{
	const char *line = conf->headers, *end, *colon;
	struct text *value;
	size_t i;

	for (; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		colon = memchr(line, ':', (size_t)(end - line));
		if (!colon || colon == line)
			continue;
		value = request_header(out, "");
		i = out->n_headers - 1;
		text_add(&out->headers[i].own_name, ESCAPE_LINE, line,
		    (size_t)(colon - line));
		out->headers[i].name = text_str(&out->headers[i].own_name);
		colon += 1 + strspn(colon + 1, " \t");
		while (end > colon && end[-1] == '\r')
			end--;
		template_fill(colon, (size_t)(end - colon), words,
		    ESCAPE_LINE, value);
		end = strchrnul(line, '\n');
	}
}

static void
http_request(const struct sms *s, const struct ow_job *job,
    const char *text, const struct gsm *g, struct sms_request *out)
{
	const struct sms_conf *conf = s->conf;
	struct text both = { .s = NULL }, report = { .s = NULL };
	char *basic;
	struct word words[] = {
		{ "to", job->address }, { "to_digits", job->address + 1 },
		{ "from", conf->from }, { "text", text }, { "key", job->key },
		{ "user", conf->user }, { "password", conf->password },
		{ "basic", "" }, { "report_url", "" },
		{ "coding", g->is_ucs2 ? "ucs2" : "gsm" }, { NULL, NULL },
	};

	text_adds(&both, ESCAPE_NONE, conf->user);
	text_adds(&both, ESCAPE_NONE, ":");
	text_adds(&both, ESCAPE_NONE, conf->password);
	basic = sign_encode(text_str(&both), both.n);
	sms_report_url(s, job->key, &report);
	words[7].value = basic ? basic : "";
	words[8].value = text_str(&report);
	out->method = conf->method;
	template_fill(conf->url, strlen(conf->url), words, ESCAPE_URL,
	    &out->url);
	if (*conf->body) {
		text_adds(request_header(out, "Content-Type"), ESCAPE_LINE,
		    conf->content_type);
		template_fill(conf->body, strlen(conf->body), words,
		    escape_of(conf->content_type), &out->body);
	}
	http_headers(conf, words, out);
	if (basic)
		explicit_bzero(basic, strlen(basic));
	free(basic);
	text_done(&both);
	text_done(&report);
}

/* ---- The answer ---------------------------------------------------------- */

/* RFC 6901, without the escapes that no gateway's ids need. */
static const json_t *
pointer_find(const json_t *at, const char *pointer)
{
	char name[64];
	size_t n;

	while (at && *pointer == '/') {
		n = strcspn(++pointer, "/");
		if (n >= sizeof(name))
			return NULL;
		memcpy(name, pointer, n);
		name[n] = '\0';
		pointer += n;
		at = json_is_array(at) ?
		    json_array_get(at, (size_t)strtoul(name, NULL, 10)) :
		    json_object_get(at, name);
	}
	return at;
}

static void
http_judge(const struct sms *s, const struct ow_reply *reply,
    struct reading *out)
{
	json_t *body;
	const json_t *ref;

	if (reply->err != OW_OK)
		return;
	if (success_has(s->conf->success, reply->status) != 1) {
		if (out->verdict == OW_DELIVERED)
			out->verdict = OW_REJECTED;
		return;
	}
	out->verdict = OW_DELIVERED;
	if (!*s->conf->ref)
		return;
	body = json_loadb(reply->body.p ? reply->body.p : "", reply->body.n,
	    0, NULL);
	ref = pointer_find(body, s->conf->ref);
	if (json_is_string(ref))
		snprintf(out->ref, sizeof(out->ref), "%s",
		    json_string_value(ref));
	else if (json_is_integer(ref))
		snprintf(out->ref, sizeof(out->ref), "%lld",
		    (long long)json_integer_value(ref));
	json_decref(body);
}

/* ---- Hooks --------------------------------------------------------------- */

static bool
http_is_signed(struct sms *s, struct ow_hook_call *call,
    const struct ow_hook_req *req)
{
	const char *theirs = s->host->outbox->hook_header(s->ctx, call,
	    "X-Orderwire-Signature");
	const struct ow_bytes parts[] = {
		{ req->url, strlen(req->url) }, { "\n", 1 }, req->body,
	};

	return theirs && strncmp(theirs, "sha256=", 7) == 0 &&
	    mac_is_good(s->conf->hook_secret, parts, 3, theirs);
}

static int
http_report(struct sms *s, struct ow_hook_call *call, const char *ref)
{
	static const struct {
		const char *status;
		int32_t verdict;
	} rows[] = {
		{ "sent", 0 }, { "delivered", OW_DELIVERED },
		{ "failed", OW_REJECTED }, { "gone", OW_GONE },
	};
	const char *status = sms_param(s, call, "status");
	struct reading r;

	for (size_t i = 0; status && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].status, status) != 0)
			continue;
		r = (struct reading){ .verdict = rows[i].verdict };
		snprintf(r.detail, sizeof(r.detail), "the gateway says %s",
		    status);
		sms_report(s, ref, &r);
		return 204;
	}
	return 400;
}

static void
http_hook(struct sms *s, struct ow_hook_call **call,
    const struct ow_hook_req *req)
{
	const char *ref = sms_report_ref(s, *call);
	const char *from, *text, *reply = NULL;
	int status = 200;

	if (!ref && !http_is_signed(s, *call, req)) {
		sms_refuse(s, call);
		return;
	}
	if (!ref)
		ref = sms_param(s, *call, "ref");
	from = sms_param(s, *call, "from");
	text = sms_param(s, *call, "text");
	if (ref)
		status = http_report(s, *call, ref);
	else if (from && text)
		reply = sms_incoming(s, from, text);
	else
		status = 400;
	sms_answer(s, call, status, PLAIN_TYPE, reply ? reply : "");
}

const struct gateway gateway_http = {
	.name = "http",
	.fault = http_fault,
	.request = http_request,
	.judge = http_judge,
	.hook = http_hook,
};
