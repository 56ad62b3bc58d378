/* SPDX-License-Identifier: MIT */
/*
 * link - tracking tokens: one order, read only, until they expire or are
 * revoked.
 *
 * A token is HMAC-SHA256(server secret, link id) in base64url: 256 bits that
 * need not be kept, only their SHA-256 is stored.  So a repeated request (same
 * Idempotency-Key) gets the same token without one ever lying in the
 * database.  Known links are cached by hash, so a crowd that comes back reads
 * nothing.
 */
#ifndef DESK_LINK_H
#define DESK_LINK_H

#include <uthash.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/id.h"
#include "order/who.h"

#define LINK_TOKEN_SIZE B64_SIZE(SHA256_SIZE)
#define LINKS_CACHED_MAX 200000

struct link {
	UT_hash_handle hh;
	char hash[SHA256_HEX_SIZE];
	char id[ID_SIZE], order_id[ID_SIZE];
	int64_t expires_ms;
	bool revoked;
	struct who *who;		/* what it makes of its bearer */
};

struct links {
	unsigned char key[SHA256_SIZE];
	struct link *by_hash;
};

void links_init(struct links *, const char *secret);
void links_done(struct links *);
void link_token(const struct links *, const char *id,
    char out[LINK_TOKEN_SIZE]);
void link_hash(const char *token, char out[SHA256_HEX_SIZE]);
/* The hash of the token that this link has. */
void link_id_hash(const struct links *, const char *id,
    char out[SHA256_HEX_SIZE]);
struct link *links_find(struct links *, const char *hash);
struct link *links_keep(struct links *, const char *hash, const char *id,
    const char *tenant, const char *order_id, int64_t expires_ms,
    bool revoked);
/* OW_OK and a reference, or OW_EDENIED: expired or revoked. */
int link_admit(const struct link *, int64_t wall_ms, struct who **out);
/* `"token":"...","url":"..."`, the members that answers never store. */
void link_write(const struct links *, const char *public_url,
    const char *order_id, const char *link_id, struct buf *out);

#endif
