/* SPDX-License-Identifier: MIT */
/*
 * p256 - key pairs of the curve P-256 and what two of them share.
 *
 * Points are uncompressed, 65 bytes, and nothing else is one: p256dh of a
 * subscription and the k of VAPID have that form (RFC 8291, 3.1; RFC 8292,
 * 3.2).
 */
#ifndef WEBPUSH_P256_H
#define WEBPUSH_P256_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#define P256_POINT 65
#define P256_SCALAR 32
#define P256_SHARED 32

struct p256_pair {
	EVP_PKEY *pkey;			/* NULL: none */
	unsigned char point[P256_POINT];	/* its public half */
};

/* ANY THREAD.  OW_OK, or OW_EIO when OpenSSL can't. */
int p256_make(struct p256_pair *out);
/* From the private number, big-endian.  OW_EINVAL: it is 0, or not below the
   order of the curve. */
int p256_from_scalar(const unsigned char scalar[P256_SCALAR],
    struct p256_pair *out);
void p256_done(struct p256_pair *);

/* Is it on the curve, and not at infinity? */
bool p256_is_point(const unsigned char *p, size_t n);
/* ECDH.  OW_EINVAL when peer is no point. */
int p256_share(const struct p256_pair *, const unsigned char *peer, size_t n,
    unsigned char out[P256_SHARED]);

#endif
