/* SPDX-License-Identifier: MIT */
/*
 * token - words of ours that come back through strangers.
 *
 * A purpose has a key of its own, so that a receipt opens nothing else.  128
 * bits of the MAC are enough: a guess costs a request.  There is one text for
 * a payload, since base64url is read strictly; a token says nothing of time.
 */
#include "notify/token.h"

#include <stdio.h>
#include <string.h>

#include <orderwire/plugin.h>
#include "base/mem.h"

#define TOKEN_MAC_SIZE 16
#define TOKEN_BYTES_MAX (TOKEN_PAYLOAD_MAX + TOKEN_MAC_SIZE)

void
token_key_init(struct token_key *key, const char *secret,
    const char *purpose)
{
	char label[64];

	(void)snprintf(label, sizeof(label), "token %s", purpose);
	crypto_derive(secret, strlen(secret), label, key->key);
}

int
token_make(const struct token_key *key, const char *payload,
    char out[TOKEN_TEXT_SIZE])
{
	unsigned char mac[SHA256_SIZE], bytes[TOKEN_BYTES_MAX];
	size_t n = strlen(payload);

	if (n > TOKEN_PAYLOAD_MAX)
		return OW_ELIMIT;
	crypto_hmac_sha256(key->key, sizeof(key->key), payload, n, mac);
	memcpy(bytes, payload, n);
	memcpy(bytes + n, mac, TOKEN_MAC_SIZE);
	b64url_encode(bytes, n + TOKEN_MAC_SIZE, out);
	return OW_OK;
}

int
token_open(const struct token_key *key, const char *text,
    char out[TOKEN_PAYLOAD_MAX + 1])
{
	unsigned char mac[SHA256_SIZE], bytes[TOKEN_TEXT_SIZE];
	size_t len = strlen(text), n;

	if (len >= TOKEN_TEXT_SIZE || b64url_decode(text, len, bytes, &n) ||
	    n < TOKEN_MAC_SIZE)
		return OW_EDENIED;
	n -= TOKEN_MAC_SIZE;
	crypto_hmac_sha256(key->key, sizeof(key->key), bytes, n, mac);
	if (n > TOKEN_PAYLOAD_MAX ||
	    !crypto_is_equal(mac, bytes + n, TOKEN_MAC_SIZE) ||
	    memchr(bytes, '\0', n))
		return OW_EDENIED;
	memcpy(out, bytes, n);
	out[n] = '\0';
	return OW_OK;
}
