/* SPDX-License-Identifier: MIT */
/*
 * claims - from the claims of a JWT (RFC 7519, 4.1) to a struct who.
 *
 * It trusts the signature, which jwt.c has checked, and nothing else.  What a
 * role may do is who.c's business.
 *
 * Invariants: a claim of the wrong type is never read as an absent one; the
 * time is asked for before anything else, so that an expired token says so
 * whatever else is wrong with it.
 */
#include "http/claims.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define CLAIMS_TIME_END 253402300800.0	/* the year 10000, in seconds */
#define CLAIMS_NAME_MAX 64		/* one step of a dotted path */

int
auth_refuse(struct auth_refusal *refusal, int status, const char *code,
    const char *fmt, ...)
{
	va_list ap;

	refusal->status = status;
	refusal->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(refusal->detail, sizeof(refusal->detail), fmt, ap);
	va_end(ap);
	return OW_EDENIED;
}

/* The whole name first: namespaced claims ("https://shop.example/role") have
   dots, too. */
static const struct json *
claim_find(const struct json *claims,
    const char *path)
{
	const struct json *at = json_get(claims, path);
	char name[CLAIMS_NAME_MAX];
	size_t n;

	if (at)
		return at;
	for (at = claims; at; path += n + 1) {
		n = strcspn(path, ".");
		if (!n || n >= sizeof(name))
			return NULL;
		memcpy(name, path, n);
		name[n] = '\0';
		at = json_get(at, name);
		if (!path[n])
			return at;
	}
	return NULL;
}

/* A NumericDate (RFC 7519, 2): seconds, maybe with a fraction.  OW_ENOENT
   when it is absent. */
static int
claim_time(const struct json *claims, const char *name,
    int64_t *out_ms)
{
	const struct json *value = json_get(claims, name);
	int type = json_type(value);
	double s;

	if (!value)
		return OW_ENOENT;
	s = json_number(value, -1);
	if ((type != JSON_INT && type != JSON_REAL) ||
	    !(s >= 0 && s < CLAIMS_TIME_END))
		return OW_EINVAL;
	*out_ms = (int64_t)(s * 1000);
	return OW_OK;
}

/* No control characters, of C1 neither, and not too long. */
static bool
claim_is_fit(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	if (strlen(s) > CLAIMS_TEXT_MAX)
		return false;
	for (; *p; p++)
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0))
			return false;
	return true;
}

static int
claims_check_time(const struct json *claims,
    const struct set_auth *conf, int64_t wall_ms, int64_t *out_exp_ms,
    struct auth_refusal *refusal)
{
	int64_t exp_ms, nbf_ms = 0, iat_ms = 0, limit_ms;
	int nbf, iat;

	if (claim_time(claims, "exp", &exp_ms) != OW_OK)
		return auth_refuse(refusal, 401, "token_invalid",
		    "the token has no usable exp");
	nbf = claim_time(claims, "nbf", &nbf_ms);
	iat = claim_time(claims, "iat", &iat_ms);
	if (nbf == OW_EINVAL || iat == OW_EINVAL)
		return auth_refuse(refusal, 401, "token_invalid",
		    "the token's nbf or iat is no time");
	/* Leeway is for clocks that run behind the issuer's: ending a token on
	   time harms nobody. */
	if (exp_ms <= wall_ms)
		return auth_refuse(refusal, 401, "token_expired",
		    "the token has expired");
	limit_ms = wall_ms + conf->leeway_ms;
	if (nbf_ms > limit_ms || iat_ms > limit_ms)
		return auth_refuse(refusal, 401, "token_not_yet_valid",
		    "the token is not valid yet");
	*out_exp_ms = exp_ms;
	return OW_OK;
}

static bool
claim_is_text(const struct json *value, const char *expected)
{
	const char *text = json_text(value);

	return text && !strcmp(text, expected);
}

/* aud may be a list of those the token is meant for (RFC 7519, 4.1.3). */
static bool
claims_has_audience(const struct json *aud, const char *expected)
{
	size_t i;

	if (json_type(aud) != JSON_LIST)
		return claim_is_text(aud, expected);
	for (i = 0; i < json_count(aud); i++)
		if (claim_is_text(json_at(aud, i), expected))
			return true;
	return false;
}

static int
claims_check_parties(const struct json *claims,
    const struct set_auth *conf, struct auth_refusal *refusal)
{
	if (conf->issuer[0] &&
	    !claim_is_text(json_get(claims, "iss"), conf->issuer))
		return auth_refuse(refusal, 401, "token_invalid",
		    "the token is from another issuer");
	if (conf->audience[0] &&
	    !claims_has_audience(json_get(claims, "aud"), conf->audience))
		return auth_refuse(refusal, 401, "token_invalid",
		    "the token is meant for another audience");
	return OW_OK;
}

/* ROLE_TRACKING is not for tokens of this kind. */
static enum role
claim_role_of(const struct json *value)
{
	const char *text = json_text(value);
	enum role role = text ? role_by_name(text) : ROLE_NONE;

	return role == ROLE_CUSTOMER || role == ROLE_KITCHEN ||
	    role == ROLE_SERVICE || role == ROLE_ADMIN ? role : ROLE_NONE;
}

/* A text, or a list in which exactly one is a role of ours: identity providers
   put theirs beside it. */
static enum role
claims_role(const struct json *value)
{
	enum role role, found = ROLE_NONE;
	size_t i;

	if (json_type(value) != JSON_LIST)
		return claim_role_of(value);
	for (i = 0; i < json_count(value); i++) {
		role = claim_role_of(json_at(value, i));
		if (role != ROLE_NONE && found != ROLE_NONE && role != found)
			return ROLE_NONE;
		if (role != ROLE_NONE)
			found = role;
	}
	return found;
}

int
claims_read(const struct json *claims, const struct set_auth *conf,
    int64_t wall_ms, struct who **out, struct auth_refusal *refusal)
{
	const struct json *sub_value = claim_find(claims, conf->claim_sub);
	const char *sub = json_text(sub_value), *tenant;
	enum role role;
	int64_t expires_ms = 0;

	if (claims_check_time(claims, conf, wall_ms, &expires_ms, refusal) ||
	    claims_check_parties(claims, conf, refusal))
		return OW_EDENIED;
	tenant = json_text(claim_find(claims, conf->claim_tenant));
	if ((sub_value && !sub) || (sub && !claim_is_fit(sub)) ||
	    (tenant && !claim_is_fit(tenant)))
		return auth_refuse(refusal, 401, "token_invalid",
		    "the token's subject or tenant is not fit for use");
	role = claims_role(claim_find(claims, conf->claim_role));
	if (role == ROLE_NONE)
		return auth_refuse(refusal, 403, "role_unknown", "the token's "
		    "role is none of customer, kitchen, service and admin");
	if (!tenant || !tenant[0])
		return auth_refuse(refusal, 403, "tenant_missing",
		    "the token names no tenant");
	if (!strcmp(tenant, "*") && role != ROLE_ADMIN)
		return auth_refuse(refusal, 403, "tenant_denied",
		    "only an admin's token may be for all tenants");
	if (role == ROLE_CUSTOMER && (!sub || !sub[0]))
		return auth_refuse(refusal, 403, "sub_missing",
		    "a customer's token must name its subject");
	*out = who_new(role, tenant, sub ? sub : "", "", expires_ms);
	return OW_OK;
}
