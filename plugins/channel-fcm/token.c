/* SPDX-License-Identifier: MIT */
/*
 * token - the access token that goes with every message: fetched with a signed
 * assertion (RFC 7523), kept until five minutes before its end, and never
 * fetched twice at a time.
 *
 * On the path: deliver() asks whether there is one; jobs that came before it
 * wait in their flights.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "fcm.h"

#define GRANT "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3A" \
	"jwt-bearer&assertion="
#define EARLY_MS (5 * 60 * 1000)
#define LIFE_MAX_S 86400
#define REPLY_MAX 65536

bool
token_is_good(const struct fcm *c)
{
	return c->token && c->host->base->now_ms(c->ctx) < c->token_until_ms;
}

void
token_forget(struct fcm *c)
{
	if (c->token)
		explicit_bzero(c->token, strlen(c->token));
	free(c->token);
	c->token = NULL;
}

/* True: there is a token in it. */
static bool
token_take(struct fcm *c, struct ow_bytes body)
{
	json_t *root = json_loadb(body.p ? body.p : "", body.n, 0, NULL);
	const char *token, *p;
	int64_t life_s;

	token = json_string_value(json_object_get(root, "access_token"));
	life_s = json_integer_value(json_object_get(root, "expires_in"));
	for (p = token ? token : ""; *p > ' ' && *p < 0x7f; )
		p++;
	if (!token || !*token || *p || life_s <= 0) {
		json_decref(root);
		return false;
	}
	if (life_s > LIFE_MAX_S)
		life_s = LIFE_MAX_S;
	token_forget(c);
	c->token = strdup(token);
	c->token_number++;
	/* One that lives shorter than that serves once. */
	c->token_until_ms = c->host->base->now_ms(c->ctx) +
	    (life_s * 1000 > 2 * EARLY_MS ? life_s * 1000 - EARLY_MS :
	    life_s * 500);
	json_decref(root);
	return c->token != NULL;
}

static void
token_on_reply(void *arg, const struct ow_reply *reply)
{
	struct fcm *c = arg;
	struct ow_outcome why = { .size = sizeof(why) };
	char detail[160];
	json_t *root;
	const char *error;

	c->token_call = NULL;
	c->host->net->judge(reply, &why);
	if (why.verdict == OW_DELIVERED && token_take(c, reply->body)) {
		c->host->base->add(c->ctx, M_TOKENS, 1);
		fcm_on_token(c, NULL);
		return;
	}
	c->host->base->add(c->ctx, M_TOKENS_FAILED, 1);
	root = json_loadb(reply->body.p ? reply->body.p : "", reply->body.n,
	    0, NULL);
	/* RFC 6749, 5.2: "invalid_grant", "invalid_client", ... */
	error = json_string_value(json_object_get(root, "error"));
	snprintf(detail, sizeof(detail), "access token: %.60s",
	    error ? error : why.detail ? why.detail : "no answer");
	json_decref(root);
	if (why.verdict != OW_RETRY)
		why.verdict = OW_MISCONFIGURED;
	why.detail = detail;
	fcm_on_token(c, &why);
}

bool
token_fetch(struct fcm *c)
{
	const char *uri = *c->conf->token_url ? c->conf->token_url :
	    account_token_uri(c->account);
	static const struct ow_header headers[] = {
		{ "Content-Type", "application/x-www-form-urlencoded" },
		{ "Accept", "application/json" },
	};
	struct ow_http_req req = {
		.size = sizeof(req),
		.method = "POST",
		.url = uri,
		.headers = headers,
		.n_headers = sizeof(headers) / sizeof(headers[0]),
		.timeout_ms = c->conf->timeout_ms,
		.reply_max = REPLY_MAX,
		.ca_file = c->conf->ca_file,
	};
	char *jwt, *body = NULL;

	if (c->token_call)
		return true;
	jwt = account_assert(c->account, account_token_uri(c->account),
	    (int64_t)time(NULL));
	if (jwt && asprintf(&body, "%s%s", GRANT, jwt) < 0)
		body = NULL;
	if (body) {
		req.body = (struct ow_bytes){ body, strlen(body) };
		c->token_call = c->host->net->http(c->ctx, &req,
		    token_on_reply, c);
		explicit_bzero(body, strlen(body));
	}
	if (jwt)
		explicit_bzero(jwt, strlen(jwt));
	free(body);
	free(jwt);
	return c->token_call != NULL;
}
