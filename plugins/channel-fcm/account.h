/* SPDX-License-Identifier: MIT */
/*
 * account - a Google service account's key file, and the signed assertion
 * (RFC 7523) that it turns into an access token.
 */
#ifndef CHANNEL_FCM_ACCOUNT_H
#define CHANNEL_FCM_ACCOUNT_H

#include <orderwire/plugin.h>

struct account;

/* The text of the JSON file.  OW_OK, or OW_EINVAL with what is wrong; nothing
   of the key is in the text. */
int account_read(const char *json, size_t n, struct account **out,
    struct ow_fault *);
/* The file itself; blocks. */
int account_load(const char *path, struct account **out, struct ow_fault *);
void account_free(struct account **);

const char *account_project(const struct account *);
const char *account_token_uri(const struct account *);
/* A JWT for audience, from at_s on, for an hour; allocated, NULL: OpenSSL
   would not. */
char *account_assert(const struct account *, const char *audience,
    int64_t at_s);

#endif
