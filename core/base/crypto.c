/* SPDX-License-Identifier: MIT */
/*
 * crypto - the few primitives that many rooms need, over OpenSSL's EVP.
 *
 * Only what is the same everywhere; keys, tokens and envelopes belong to those
 * who use them.  Its own scratch memory is wiped; what it is given is its
 * caller's to wipe.  Nothing here can be caused to fail by a peer, so a
 * failure of OpenSSL is one of the machine and ends the program.
 */
#include "base/crypto.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <orderwire/plugin.h>
#include "base/mem.h"

void
crypto_random(void *out, size_t n)
{
	unsigned char *p = out;
	size_t part;

	for (; n; n -= part, p += part) {
		part = n < INT_MAX ? n : INT_MAX;
		OW_ASSERT(RAND_bytes(p, (int)part) == 1);
	}
}

uint64_t
crypto_random_below(uint64_t limit)
{
	uint64_t u, uneven;

	OW_ASSERT(limit > 0);
	/* 2^64 mod limit: so many values at the start would be too many. */
	uneven = (0 - limit) % limit;
	do {
		crypto_random(&u, sizeof(u));
	} while (u < uneven);
	return u % limit;
}

void
crypto_sha256(const void *p, size_t n, unsigned char out[SHA256_SIZE])
{
	OW_ASSERT(EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL) == 1);
}

void
crypto_sha256_hex(const void *p, size_t n, char out[SHA256_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[SHA256_SIZE];
	size_t i;

	crypto_sha256(p, n, sum);
	for (i = 0; i < SHA256_SIZE; i++) {
		out[2 * i] = digits[sum[i] >> 4];
		out[2 * i + 1] = digits[sum[i] & 15];
	}
	out[2 * SHA256_SIZE] = '\0';
}

void
crypto_hmac_sha256(const void *key, size_t key_len, const void *p,
    size_t n, unsigned char out[SHA256_SIZE])
{
	OW_ASSERT(key_len <= INT_MAX);
	/* With NULL it would take the key of the time before. */
	OW_ASSERT(HMAC(EVP_sha256(), key_len ? key : "", (int)key_len,
	    p, n, out, NULL));
}

void
crypto_derive(const void *secret, size_t secret_len, const char *purpose,
    unsigned char out[SHA256_SIZE])
{
	static const unsigned char no_salt[SHA256_SIZE];
	unsigned char prk[SHA256_SIZE];
	char *info;

	/* One block is all that is asked for, so expanding is one step:
	   T(1) = HMAC(PRK, info | 0x01). */
	crypto_hmac_sha256(no_salt, sizeof(no_salt), secret, secret_len, prk);
	info = mem_printf("%s\x01", purpose);
	crypto_hmac_sha256(prk, sizeof(prk), info, strlen(info), out);
	mem_wipe(prk, sizeof(prk));
	mem_wipe_free(&info);
}

bool
crypto_is_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

/* ---- base64url --------------------------------------------------------- */

void
b64url_encode(const void *p, size_t n, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *in = p;
	uint32_t bits = 0;
	unsigned int count = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		bits = bits << 8 | in[i];
		for (count += 8; count >= 6; count -= 6)
			*out++ = digits[bits >> (count - 6) & 63];
	}
	if (count)
		*out++ = digits[bits << (6 - count) & 63];
	*out = '\0';
}

static int
b64url_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static bool
b64url_is_valid(const char *s, size_t n)
{
	size_t i;

	if (n % 4 == 1)
		return false;
	for (i = 0; i < n; i++)
		if (b64url_value(s[i]) < 0)
			return false;
	/* The bits of the last digit that belong to no byte. */
	if (n % 4 == 2)
		return (b64url_value(s[n - 1]) & 15) == 0;
	if (n % 4 == 3)
		return (b64url_value(s[n - 1]) & 3) == 0;
	return true;
}

int
b64url_decode(const char *s, size_t n, unsigned char *out,
    size_t *out_len)
{
	uint32_t bits = 0;
	unsigned int count = 0;
	size_t i, len = 0;

	if (!b64url_is_valid(s, n))
		return OW_EINVAL;
	for (i = 0; i < n; i++) {
		bits = bits << 6 | (uint32_t)b64url_value(s[i]);
		count += 6;
		if (count >= 8) {
			count -= 8;
			out[len++] = (unsigned char)(bits >> count);
		}
	}
	*out_len = len;
	return OW_OK;
}
