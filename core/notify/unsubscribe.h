/* SPDX-License-Identifier: MIT */
/*
 * unsubscribe - the token in a mail's way out: who has enough of what.  Both
 * ends of it are here, for those who write links and those who follow them.
 */
#ifndef NOTIFY_UNSUBSCRIBE_H
#define NOTIFY_UNSUBSCRIBE_H

#include "notify/rule.h"
#include "notify/token.h"

struct unsubscribe {
	const char *tenant, *sub;
	enum medium medium;
};

/* OW_OK; OW_ELIMIT, OW_EINVAL: the names are none that fit into a token. */
int unsubscribe_make(const struct token_key *, const struct unsubscribe *,
    char out[TOKEN_TEXT_SIZE]);
/* OW_OK or OW_EDENIED; out's names stand in text. */
int unsubscribe_open(const struct token_key *, const char *token,
    char text[TOKEN_PAYLOAD_MAX + 1], struct unsubscribe *out);

#endif
