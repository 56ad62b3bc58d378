/* SPDX-License-Identifier: MIT */
/*
 * mac - see mac.h.
 */
#include "mac.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define MAC_SIZE 32
#define PREFIX "sha256="

static bool
mac_make(const char *key, const struct ow_bytes *parts, size_t n_parts,
    unsigned char out[MAC_SIZE])
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL,
	    (const unsigned char *)key, strlen(key));
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t i, out_n = MAC_SIZE;
	bool is_good = pkey && ctx && EVP_DigestSignInit(ctx, NULL,
	    EVP_sha256(), NULL, pkey) == 1;

	for (i = 0; i < n_parts && is_good; i++)
		is_good = !parts[i].n || EVP_DigestSignUpdate(ctx, parts[i].p,
		    parts[i].n) == 1;
	is_good = is_good && EVP_DigestSignFinal(ctx, out, &out_n) == 1 &&
	    out_n == MAC_SIZE;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return is_good;
}

void
mac_hex(const char *key, const struct ow_bytes *parts, size_t n_parts,
    char out[MAC_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char mac[MAC_SIZE];
	size_t i;

	out[0] = '\0';
	if (!*key || !mac_make(key, parts, n_parts, mac))
		return;
	for (i = 0; i < MAC_SIZE; i++) {
		out[2 * i] = digits[mac[i] >> 4];
		out[2 * i + 1] = digits[mac[i] & 15];
	}
	out[2 * MAC_SIZE] = '\0';
}

static int
mac_digit(char c)
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
mac_read(const char *s, unsigned char out[MAC_SIZE])
{
	int high, low;
	size_t i;

	if (strlen(s) != 2 * MAC_SIZE)
		return false;
	for (i = 0; i < MAC_SIZE; i++) {
		high = mac_digit(s[2 * i]);
		low = mac_digit(s[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high * 16 + low);
	}
	return true;
}

bool
mac_is_good(const char *key, const struct ow_bytes *parts, size_t n_parts,
    const char *signature)
{
	unsigned char theirs[MAC_SIZE], ours[MAC_SIZE];

	if (!key || !*key || !signature)
		return false;
	if (!strncmp(signature, PREFIX, sizeof(PREFIX) - 1))
		signature += sizeof(PREFIX) - 1;
	return mac_read(signature, theirs) &&
	    mac_make(key, parts, n_parts, ours) &&
	    !CRYPTO_memcmp(ours, theirs, MAC_SIZE);
}
