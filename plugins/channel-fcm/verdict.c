/* SPDX-License-Identifier: MIT */
/*
 * verdict - see verdict.h.
 *
 * FCM says what went wrong in error.details, in the object whose @type is
 * google.firebase.fcm.v1.FcmError ("ErrorCode" of the REST reference); the
 * HTTP status and error.status are shared by unlike faults and only a
 * fallback.
 */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "verdict.h"

#define FCM_ERROR "type.googleapis.com/google.firebase.fcm.v1.FcmError"
#define BAD_REQUEST "type.googleapis.com/google.rpc.BadRequest"
#define QUOTA_WAIT_MS 60000	/* "Scale FCM": a minute, if not told else */

static const json_t *
detail_of(const json_t *error, const char *type)
{
	const json_t *details = json_object_get(error, "details"), *one;
	const char *its;
	size_t i;

	json_array_foreach(details, i, one) {
		its = json_string_value(json_object_get(one, "@type"));
		if (its && strcmp(its, type) == 0)
			return one;
	}
	return NULL;
}

/* INVALID_ARGUMENT is said of a token and of a message alike. */
static bool
is_about_token(const json_t *error)
{
	const json_t *violations, *one;
	const char *text, *field;
	size_t i;

	violations = json_object_get(detail_of(error, BAD_REQUEST),
	    "fieldViolations");
	json_array_foreach(violations, i, one) {
		field = json_string_value(json_object_get(one, "field"));
		if (field && strcmp(field, "message.token") == 0)
			return true;
	}
	text = json_string_value(json_object_get(error, "message"));
	return text && strcasestr(text, "registration token") &&
	    strcasestr(text, "not a valid");
}

static int32_t
verdict_of_code(const char *code, const json_t *error, bool is_proven,
    struct verdict *out)
{
	if (strcmp(code, "UNREGISTERED") == 0)
		return OW_GONE;
	if (strcmp(code, "SENDER_ID_MISMATCH") == 0)
		/* The token is another project's, or we are: with a key that
		   never sent anything, every address would go. */
		return is_proven ? OW_GONE : OW_RETRY;
	if (strcmp(code, "INVALID_ARGUMENT") == 0)
		return is_about_token(error) ? OW_GONE : OW_REJECTED;
	if (strcmp(code, "QUOTA_EXCEEDED") == 0) {
		if (out->retry_after_ms == 0)
			out->retry_after_ms = QUOTA_WAIT_MS;
		return OW_RETRY;
	}
	if (strcmp(code, "UNAVAILABLE") == 0 ||
	    strcmp(code, "INTERNAL") == 0)
		return OW_RETRY;
	if (strcmp(code, "THIRD_PARTY_AUTH_ERROR") == 0)
		return OW_MISCONFIGURED;	/* APNs' or web push's key */
	return out->verdict;
}

void
verdict_read(int32_t status, struct ow_bytes body,
    const struct ow_outcome *usual, bool is_proven, struct verdict *out)
{
	json_t *root = json_loadb(body.p ? body.p : "", body.n, 0, NULL);
	const json_t *error = json_object_get(root, "error");
	const char *code, *name, *state;

	*out = (struct verdict){
		.verdict = usual->verdict,
		.retry_after_ms = usual->retry_after_ms,
	};
	code = json_string_value(json_object_get(detail_of(error, FCM_ERROR),
	    "errorCode"));
	name = json_string_value(json_object_get(root, "name"));
	state = json_string_value(json_object_get(error, "status"));
	if (status >= 200 && status < 300) {
		snprintf(out->ref, sizeof(out->ref), "%s", name ? name : "");
		json_decref(root);
		return;
	}
	if (code)
		out->verdict = verdict_of_code(code, error, is_proven, out);
	else if (status == 400 && is_about_token(error))
		out->verdict = OW_GONE;
	else if (status == 401)
		out->is_token_stale = true;
	else if (status == 404)
		/* Not UNREGISTERED: the project or the URL. */
		out->verdict = OW_MISCONFIGURED;
	snprintf(out->detail, sizeof(out->detail), "fcm: %d %.60s",
	    (int)status, code ? code : state ? state : "");
	json_decref(root);
}
