/* SPDX-License-Identifier: MIT */
/*
 * link - see link.h.  The cache is bounded: when it is full the oldest goes,
 * and comes back from the store when it is used again.
 */
#include "desk/link.h"

#include <orderwire/plugin.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
links_init(struct links *l, const char *secret)
{
	crypto_derive(secret, strlen(secret), "tracking links", l->key);
	l->by_hash = NULL;
}

static void
link_forget(struct links *l, struct link *k)
{
	HASH_DEL(l->by_hash, k);
	who_unref(&k->who);
	free(k);
}

void
links_done(struct links *l)
{
	struct link *k, *k2;

	HASH_ITER(hh, l->by_hash, k, k2)
		link_forget(l, k);
	mem_wipe(l->key, sizeof(l->key));
}

void
link_token(const struct links *l, const char *id, char out[LINK_TOKEN_SIZE])
{
	unsigned char mac[SHA256_SIZE];

	crypto_hmac_sha256(l->key, sizeof(l->key), id, strlen(id), mac);
	b64url_encode(mac, sizeof(mac), out);
	mem_wipe(mac, sizeof(mac));
}

void
link_hash(const char *token, char out[SHA256_HEX_SIZE])
{
	crypto_sha256_hex(token, strlen(token), out);
}

void
link_id_hash(const struct links *l, const char *id, char out[SHA256_HEX_SIZE])
{
	char token[LINK_TOKEN_SIZE];

	link_token(l, id, token);
	link_hash(token, out);
	mem_wipe(token, sizeof(token));
}

struct link *
links_find(struct links *l, const char *hash)
{
	struct link *k;

	HASH_FIND_STR(l->by_hash, hash, k);
	return k;
}

struct link *
links_keep(struct links *l, const char *hash, const char *id,
    const char *tenant, const char *order_id, int64_t expires_ms,
    bool revoked)
{
	struct link *k = links_find(l, hash);

	if (k != NULL) {
		k->revoked = k->revoked || revoked;
		return k;
	}
	if (HASH_COUNT(l->by_hash) >= LINKS_CACHED_MAX)
		link_forget(l, l->by_hash);
	k = mem_alloc(sizeof(*k));
	memcpy(k->hash, hash, SHA256_HEX_SIZE);
	memcpy(k->id, id, strnlen(id, ID_SIZE - 1));
	memcpy(k->order_id, order_id, strnlen(order_id, ID_SIZE - 1));
	k->expires_ms = expires_ms;
	k->revoked = revoked;
	k->who = who_new(ROLE_TRACKING, tenant, k->id, k->order_id,
	    expires_ms);
	HASH_ADD_STR(l->by_hash, hash, k);
	return k;
}

int
link_admit(const struct link *k, int64_t wall_ms, struct who **out)
{
	if (k->revoked || k->expires_ms <= wall_ms)
		return OW_EDENIED;
	*out = who_ref(k->who);
	return OW_OK;
}

void
link_write(const struct links *l, const char *public_url,
    const char *order_id, const char *link_id, struct buf *out)
{
	char token[LINK_TOKEN_SIZE];

	link_token(l, link_id, token);
	/* Behind the '#': browsers send that part to nobody. */
	buf_printf(out,
	    "\"token\":\"%s\",\"url\":\"%s/orders/%s/track#%s\"", token,
	    public_url, order_id, token);
	mem_wipe(token, sizeof(token));
}
