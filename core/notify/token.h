/* SPDX-License-Identifier: MIT */
/*
 * token - words of ours that come back through strangers: receipts from
 * service workers, unsubscribe links from mails.
 *
 * base64url(payload, HMAC-SHA256(key of the purpose, payload) cut to 16
 * bytes).  Nothing is stored, so one is good for as long as the secret.
 */
#ifndef NOTIFY_TOKEN_H
#define NOTIFY_TOKEN_H

#include <stddef.h>

#include "base/crypto.h"

#define TOKEN_PAYLOAD_MAX 600
#define TOKEN_TEXT_SIZE B64_SIZE(TOKEN_PAYLOAD_MAX + 16)

struct token_key {
	unsigned char key[SHA256_SIZE];
};

/* purpose: "receipt", "unsubscribe". */
void token_key_init(struct token_key *, const char *secret,
    const char *purpose);
/* OW_OK or OW_ELIMIT. */
int token_make(const struct token_key *, const char *payload,
    char out[TOKEN_TEXT_SIZE]);
/* OW_OK or OW_EDENIED; the payload with a NUL, without NULs inside. */
int token_open(const struct token_key *, const char *text,
    char out[TOKEN_PAYLOAD_MAX + 1]);

#endif
