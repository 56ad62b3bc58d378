/* SPDX-License-Identifier: MIT */
/*
 * crypto - the few primitives that many rooms need, over OpenSSL's EVP.
 *
 * Failures of OpenSSL itself (no memory, no entropy) end the program.
 */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define SHA256_SIZE 32
#define SHA256_HEX_SIZE 65

void crypto_random(void *out, size_t n);
/* Uniform, for jitter too; limit is at least 1. */
uint64_t crypto_random_below(uint64_t limit);
void crypto_sha256(const void *p, size_t n, unsigned char out[SHA256_SIZE]);
void crypto_sha256_hex(const void *p, size_t n, char out[SHA256_HEX_SIZE]);
void crypto_hmac_sha256(const void *key, size_t key_len, const void *p,
    size_t n, unsigned char out[SHA256_SIZE]);
/* HKDF-SHA256 (RFC 5869) without salt: one key for each purpose. */
void crypto_derive(const void *secret, size_t secret_len, const char *purpose,
    unsigned char out[SHA256_SIZE]);
/* Takes the same time wherever they differ. */
bool crypto_is_equal(const void *a, const void *b, size_t n);

/* base64url without padding (RFC 4648, 5). */
#define B64_SIZE(n) (((n) * 4 + 2) / 3 + 1)	/* with the NUL */
void b64url_encode(const void *p, size_t n, char *out);
/* Strict: no padding, no blanks, no stray bits.  out has room for
   n * 3 / 4 bytes.  OW_OK or OW_EINVAL. */
int b64url_decode(const char *s, size_t n, unsigned char *out,
    size_t *out_len);

#endif
