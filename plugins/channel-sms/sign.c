/* SPDX-License-Identifier: MIT */
/*
 * sign - see sign.h.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "sign.h"

#define SHA1_SIZE 20

void
sign_base64(const char *key, const char *message, size_t n,
    char out[SIGN_BASE64_SIZE])
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned mac_n = 0;

	out[0] = '\0';
	if (*key && HMAC(EVP_sha1(), key, (int)strlen(key),
	    (const unsigned char *)message, n, mac, &mac_n) &&
	    mac_n == SHA1_SIZE)
		EVP_EncodeBlock((unsigned char *)out, mac, SHA1_SIZE);
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
