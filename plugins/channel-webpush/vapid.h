/* SPDX-License-Identifier: MIT */
/*
 * vapid - says to a push service who sends (RFC 8292).
 *
 * A token is good for one push service (its origin) and one key, so it is
 * signed once for many messages.  It lives for half a day and is renewed after
 * half of that, well below the day that a service accepts.
 */
#ifndef WEBPUSH_VAPID_H
#define WEBPUSH_VAPID_H

#include <stdint.h>

#include "keyring.h"

#define VAPID_ORIGIN_MAX 300
#define VAPID_SUB_MAX 200
#define VAPID_VALUE_MAX 1400	/* "vapid t=..., k=..." */
#define VAPID_LIFE_S (12 * 3600)
#define VAPID_CACHE 64		/* pairs of origin and key */

/* The value of Authorization.  OW_OK, OW_ELIMIT or OW_EIO. */
int vapid_sign(const struct keyring_key *, const char *origin, const char *sub,
    int64_t exp_s, char out[VAPID_VALUE_MAX]);

/* Values that were signed, the least recently used one replaced first. */
struct vapid_entry {
	const struct keyring_key *key;	/* NULL: free */
	char origin[VAPID_ORIGIN_MAX];
	char value[VAPID_VALUE_MAX];
	int64_t exp_s;
	uint64_t used;
};

struct vapid_cache {
	uint64_t clock;			/* counts uses */
	uint64_t n_signed;
	struct vapid_entry entries[VAPID_CACHE];
};

/* Zeroed memory is an empty cache.  now_s since 1970; the keys must outlive
   it.  *out is good until the next call. */
int vapid_value(struct vapid_cache *, const struct keyring_key *,
    const char *origin, const char *sub, int64_t now_s, const char **out);

#endif
