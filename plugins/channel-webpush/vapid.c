/* SPDX-License-Identifier: MIT */
/*
 * vapid - see vapid.h.
 *
 * The cache looks at its few entries one by one: there are four large push
 * services, and with "*" among the hosts a user can name others, which then
 * push each other out but take no more memory.
 */
#include "vapid.h"

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include <orderwire/plugin.h>

#define VAPID_CLAIMS_MAX (VAPID_ORIGIN_MAX + VAPID_SUB_MAX + 64)
#define VAPID_SIGNATURE 64
#define VAPID_DER_MAX 80	/* a P-256 signature as DER: 72 */

/* {"typ":"JWT","alg":"ES256"} */
static const char vapid_header[] = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9";

/* RFC 7518, 3.4: r and s side by side, where OpenSSL has DER. */
static int
vapid_signature(const struct keyring_key *key, const char *text, size_t n,
    unsigned char out[VAPID_SIGNATURE])
{
	unsigned char der[VAPID_DER_MAX];
	const unsigned char *at = der;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	ECDSA_SIG *sig = NULL;
	size_t len = sizeof(der);
	int err = OW_EIO;

	if (ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL,
	    key->pair.pkey) == 1 && EVP_DigestSign(ctx, der, &len,
	    (const unsigned char *)text, n) == 1)
		sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
	if (sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32) == 32 &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32) == 32)
		err = OW_OK;
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return err;
}

int
vapid_sign(const struct keyring_key *key, const char *origin, const char *sub,
    int64_t exp_s, char out[VAPID_VALUE_MAX])
{
	char claims[VAPID_CLAIMS_MAX];
	char token[sizeof(vapid_header) + B64_SIZE(VAPID_CLAIMS_MAX) +
	    B64_SIZE(VAPID_SIGNATURE)];
	unsigned char signature[VAPID_SIGNATURE];
	size_t n = sizeof(vapid_header) - 1;
	int len;

	/* Neither has a sign that JSON would escape: address.c, webpush.c. */
	len = snprintf(claims, sizeof(claims),
	    "{\"aud\":\"%s\",\"exp\":%lld,\"sub\":\"%s\"}", origin,
	    (long long)exp_s, sub);
	if (len < 0 || (size_t)len >= sizeof(claims))
		return OW_ELIMIT;
	memcpy(token, vapid_header, n);
	token[n++] = '.';
	n += b64_encode(claims, (size_t)len, token + n);
	if (vapid_signature(key, token, n, signature) != OW_OK)
		return OW_EIO;
	token[n++] = '.';
	(void)b64_encode(signature, sizeof(signature), token + n);
	len = snprintf(out, VAPID_VALUE_MAX, "vapid t=%s, k=%s", token,
	    key->text);
	return len < 0 || len >= VAPID_VALUE_MAX ? OW_ELIMIT : OW_OK;
}

/* In the first half of its life.  One that seems to live longer was signed
   before the system's clock was put back. */
static bool
vapid_is_fresh(const struct vapid_entry *entry, int64_t now_s)
{
	int64_t left = entry->exp_s - now_s;

	return left > VAPID_LIFE_S / 2 && left <= VAPID_LIFE_S;
}

/* The entry, or the one to be replaced. */
static struct vapid_entry *
vapid_find(struct vapid_cache *cache, const struct keyring_key *key,
    const char *origin)
{
	struct vapid_entry *entry, *oldest = cache->entries;
	size_t i;

	for (i = 0; i < VAPID_CACHE; i++) {
		entry = &cache->entries[i];
		if (entry->key == key && !strcmp(entry->origin, origin))
			return entry;
		if (entry->used < oldest->used)
			oldest = entry;
	}
	oldest->key = NULL;
	return oldest;
}

int
vapid_value(struct vapid_cache *cache, const struct keyring_key *key,
    const char *origin, const char *sub, int64_t now_s, const char **out)
{
	struct vapid_entry *entry;
	int err;

	if (strlen(origin) >= VAPID_ORIGIN_MAX)
		return OW_ELIMIT;
	entry = vapid_find(cache, key, origin);
	if (!entry->key || !vapid_is_fresh(entry, now_s)) {
		entry->key = NULL;
		err = vapid_sign(key, origin, sub, now_s + VAPID_LIFE_S,
		    entry->value);
		if (err)
			return err;
		(void)snprintf(entry->origin, sizeof(entry->origin), "%s",
		    origin);
		entry->key = key;
		entry->exp_s = now_s + VAPID_LIFE_S;
		cache->n_signed++;
	}
	entry->used = ++cache->clock;
	*out = entry->value;
	return OW_OK;
}
