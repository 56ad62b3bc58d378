/* SPDX-License-Identifier: MIT */
/*
 * problem - refusals as application/problem+json (RFC 9457).
 *
 * The one table of statuses we answer with, their titles and our codes; it
 * does not decide which of them fits.  A code is part of the contract with
 * clients: add, never rename.
 */
#include "http/problem.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "http/request.h"

#define PROBLEM_MAX 16384
#define RETRY_SPREAD_S 5

struct status {
	int status;
	const char *title, *code;
};

static const struct status statuses[] = {
	{ 101, "Switching Protocols", NULL },
	{ 200, "OK", NULL },
	{ 201, "Created", NULL },
	{ 202, "Accepted", NULL },
	{ 204, "No Content", NULL },
	{ 301, "Moved Permanently", NULL },
	{ 302, "Found", NULL },
	{ 303, "See Other", NULL },
	{ 304, "Not Modified", NULL },
	{ 307, "Temporary Redirect", NULL },
	{ 308, "Permanent Redirect", NULL },
	{ 400, "Bad Request", "bad_request" },
	{ 401, "Unauthorized", "unauthorized" },
	{ 403, "Forbidden", "forbidden" },
	{ 404, "Not Found", "not_found" },
	{ 405, "Method Not Allowed", "method_not_allowed" },
	{ 406, "Not Acceptable", "not_acceptable" },
	{ 408, "Request Timeout", "request_timeout" },
	{ 409, "Conflict", "conflict" },
	{ 410, "Gone", "gone" },
	{ 411, "Length Required", "length_required" },
	{ 412, "Precondition Failed", "precondition_failed" },
	{ 413, "Content Too Large", "content_too_large" },
	{ 414, "URI Too Long", "uri_too_long" },
	{ 415, "Unsupported Media Type", "unsupported_media_type" },
	{ 416, "Range Not Satisfiable", "range_not_satisfiable" },
	{ 417, "Expectation Failed", "expectation_failed" },
	{ 422, "Unprocessable Content", "invalid_field" },
	{ 426, "Upgrade Required", "upgrade_required" },
	{ 428, "Precondition Required", "precondition_required" },
	{ 429, "Too Many Requests", "too_many_requests" },
	{ 431, "Request Header Fields Too Large", "headers_too_large" },
	{ 500, "Internal Server Error", "internal_error" },
	{ 501, "Not Implemented", "not_implemented" },
	{ 502, "Bad Gateway", "bad_gateway" },
	{ 503, "Service Unavailable", "unavailable" },
	{ 504, "Gateway Timeout", "gateway_timeout" },
	{ 505, "HTTP Version Not Supported", "version_not_supported" },
};

static const struct status *
find_status(int status)
{
	static const struct status other = { 0, "Error", "error" };
	size_t i;

	for (i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		if (statuses[i].status == status)
			return &statuses[i];
	return &other;
}

const char *
problem_title(int status)
{
	return find_status(status)->title;
}

const char *
problem_code(int status)
{
	const char *code = find_status(status)->code;

	return code ? code : "error";
}

int
problem_status(int err)
{
	switch (err) {
	case OW_OK:
		return 200;
	case OW_EINVAL:
		return 400;
	case OW_EDENIED:
		return 403;
	case OW_ENOENT:
		return 404;
	case OW_ECONFLICT:
		return 409;
	case OW_ELIMIT:
		return 429;
	case OW_EAGAIN:
		return 503;
	case OW_ETIMEOUT:
		return 504;
	case OW_EIO:
		return 502;
	case OW_EUNSUP:
		return 501;
	default:
		return 500;
	}
}

/* Refusals that are about one field, whatever else is in the body. */
static const struct {
	const char *code, *field;
} fields[] = {
	{ "idempotency_key_reused", "Idempotency-Key" },
	{ "no_channel", "channel" },
	{ "reason_required", "reason" },
};

static const char *
field_of(const char *code)
{
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (strcmp(fields[i].code, code) == 0)
			return fields[i].field;
	return "";
}

static void
write_error(struct jw *w, const char *field, const char *detail)
{
	jw_object(w, NULL);
	jw_text(w, "field", field);
	jw_text(w, "detail", detail);
	jw_end(w);
}

/* A 422 always says which field it is about. */
static void
write_errors(struct jw *w, const struct form_faults *faults, const char *code,
    const char *detail)
{
	uint32_t i;

	jw_list(w, "errors");
	if (!faults)
		write_error(w, field_of(code), detail);
	else
		for (i = 0; i < faults->n && i < FORM_FAULTS_MAX; i++)
			write_error(w, faults->list[i].field,
			    faults->list[i].detail);
	jw_end(w);
}

void
problem_write(struct buf *out, int status, const char *code,
    const char *detail, const struct form_faults *faults)
{
	char type[96];
	struct jw w;

	code = code ? code : problem_code(status);
	detail = detail && *detail ? detail : problem_title(status);
	snprintf(type, sizeof(type), "urn:orderwire:problem:%.64s", code);
	jw_init(&w, out);
	jw_object(&w, NULL);
	jw_text(&w, "type", type);
	jw_text(&w, "title", problem_title(status));
	jw_int(&w, "status", status);
	jw_text(&w, "detail", detail);
	jw_text(&w, "code", code);
	if (faults || status == 422)
		write_errors(&w, faults, code, detail);
	jw_end(&w);
}

int
problem_retry_s(int64_t wait_ms)
{
	if (wait_ms > 0)
		return (int)((wait_ms + 999) / 1000);
	return 1 + (int)crypto_random_below(RETRY_SPREAD_S);
}

void
problem_answer(struct request **r, int status, const char *code,
    const char *detail, const struct form_faults *faults, int64_t wait_ms)
{
	struct answer a = { .status = status,
	    .content_type = "application/problem+json" };
	struct buf body = BUF_INIT(PROBLEM_MAX);
	char text[16];

	if (status == 429 || status == 503) {
		snprintf(text, sizeof(text), "%d", problem_retry_s(wait_ms));
		request_add_header(*r, "Retry-After", text);
	}
	problem_write(&body, status, code, detail, faults);
	a.body = (struct ow_bytes){ body.p, body.n };
	request_answer(r, &a);
	buf_done(&body);
}
