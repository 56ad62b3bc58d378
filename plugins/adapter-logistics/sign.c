/* SPDX-License-Identifier: MIT */
/*
 * sign - see sign.h.
 */
#include "sign.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define SIGN_SIZE 32

static int
sign_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool
sign_read(const char *s, unsigned char out[SIGN_SIZE])
{
	int high, low;
	size_t i;

	if (strlen(s) != 2 * SIGN_SIZE)
		return false;
	for (i = 0; i < SIGN_SIZE; i++) {
		high = sign_digit(s[2 * i]);
		low = sign_digit(s[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high * 16 + low);
	}
	return true;
}

bool
sign_is_good(const char *secret, struct ow_bytes body, const char *signature)
{
	unsigned char theirs[SIGN_SIZE], ours[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (!signature || !secret || !*secret)
		return false;
	if (!strncmp(signature, "sha256=", 7))
		signature += 7;
	if (!sign_read(signature, theirs) ||
	    !HMAC(EVP_sha256(), secret, (int)strlen(secret), body.n ? body.p :
	    "", body.n, ours, &n) || n != SIGN_SIZE)
		return false;
	return CRYPTO_memcmp(ours, theirs, SIGN_SIZE) == 0;
}
