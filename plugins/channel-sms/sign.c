/* SPDX-License-Identifier: MIT */
/*
 * sign - see sign.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "sign.h"
#include "text.h"

void
sign_hex(const char *key, const char *const *parts, size_t n_parts,
    char out[SIGN_HEX_SIZE])
{
	unsigned char mac[EVP_MAX_MD_SIZE] = { 0 };
	struct text all = { .s = NULL };
	unsigned n = 32;

	for (size_t i = 0; i < n_parts; i++)
		text_adds(&all, ESCAPE_NONE, parts[i]);
	HMAC(EVP_sha256(), key, (int)strlen(key),
	    (const unsigned char *)text_str(&all), all.n, mac, &n);
	for (size_t i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", mac[i]);
	text_done(&all);
}

void
sign_base64(const char *key, const char *message, size_t n,
    char out[SIGN_BASE64_SIZE])
{
	unsigned char mac[EVP_MAX_MD_SIZE] = { 0 };
	unsigned mac_n = 20;

	HMAC(EVP_sha1(), key, (int)strlen(key),
	    (const unsigned char *)message, n, mac, &mac_n);
	EVP_EncodeBlock((unsigned char *)out, mac, 20);
}

bool
sign_is_equal(const char *ours, const char *theirs)
{
	size_t n = strlen(ours);

	return n > 0 && strlen(theirs) == n &&
	    CRYPTO_memcmp(ours, theirs, n) == 0;
}

char *
sign_encode(const char *bytes, size_t n)
{
	char *out = malloc((n + 2) / 3 * 4 + 1);

	if (out)
		EVP_EncodeBlock((unsigned char *)out,
		    (const unsigned char *)bytes, (int)n);
	return out;
}
