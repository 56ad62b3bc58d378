/* SPDX-License-Identifier: MIT */
/*
 * fcm - one instance of the plugin, as its files see it.
 */
#ifndef CHANNEL_FCM_FCM_H
#define CHANNEL_FCM_FCM_H

#include <orderwire/plugin.h>

#include "../common/flight.h"
#include "account.h"

/* Indexes into the metric table. */
enum { M_TOKENS, M_TOKENS_FAILED };

struct fcm_conf {
	const char *service_account;
	const char *base, *token_url, *project;
	const char *android_channel;
	const char *ca_file;
	int64_t timeout_ms;
};

struct fcm {
	struct ow_ctx *ctx;
	const struct ow_host *host;
	const struct fcm_conf *conf;
	struct account *account;
	char *url;			/* of messages:send */
	/* The access token: one for all, fetched by whoever needs it first. */
	char *token;
	int64_t token_until_ms;		/* now_ms() */
	uint32_t token_number;		/* grows with each token */
	struct ow_net_call *token_call;
	struct flights flights;
	bool is_proven;			/* something was sent with this key */
};

/* Is there one that lasts? */
bool token_is_good(const struct fcm *);
/* Begin to fetch one, unless that is under way; then fcm_on_token.  False:
   the request cannot even be made. */
bool token_fetch(struct fcm *);
void token_forget(struct fcm *);

/* From token.c: there is one, or there is none and why. */
void fcm_on_token(struct fcm *, const struct ow_outcome *why);

#endif
