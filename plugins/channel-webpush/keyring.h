/* SPDX-License-Identifier: MIT */
/*
 * keyring - the keys that say who we are (VAPID, RFC 8292), from a JWK set.
 *
 * The first one is current: browsers subscribe with it.  The others are former
 * ones, whose subscriptions live on: a push service takes a message only with
 * the key that the subscription was made with.
 */
#ifndef WEBPUSH_KEYRING_H
#define WEBPUSH_KEYRING_H

#include "../common/b64.h"
#include "p256.h"

struct ow_fault;

#define KEYRING_MAX 16
#define KEYRING_KID_MAX 64

struct keyring_key {
	char kid[KEYRING_KID_MAX + 1];	/* printable, without " and \ */
	char text[B64_SIZE(P256_POINT)];	/* the public half */
	struct p256_pair pair;
};

struct keyring {
	size_t n;			/* at least 1 */
	struct keyring_key key[KEYRING_MAX];
};

/* n bytes of JSON: {"keys": [...]} or a single JWK; EC, P-256, private.  A key
   without a kid is called by its thumbprint (RFC 7638). */
int keyring_parse(const char *text, size_t n, struct keyring **out,
    struct ow_fault *);
/* The same from a file that nobody else may read or write. */
int keyring_read(const char *path, struct keyring **out, struct ow_fault *);
void keyring_free(struct keyring **);

/* NULL: there is none.  By the kid; by the public half. */
const struct keyring_key *keyring_find(const struct keyring *, const char *kid);
const struct keyring_key *keyring_find_public(const struct keyring *,
    const char *text);

#endif
