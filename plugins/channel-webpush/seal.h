/* SPDX-License-Identifier: MIT */
/*
 * seal - encrypts a message for one browser (RFC 8291, over RFC 8188's
 * aes128gcm), in one record.
 *
 * Pure: who calls brings the key pair and the salt, both used once.
 */
#ifndef WEBPUSH_SEAL_H
#define WEBPUSH_SEAL_H

#include "p256.h"

#define SEAL_SALT 16
#define SEAL_AUTH 16		/* the subscription's secret */
#define SEAL_TAG 16
#define SEAL_NONCE 12
#define SEAL_CEK 16
#define SEAL_HEAD (SEAL_SALT + 4 + 1 + P256_POINT)
#define SEAL_MAX 4096		/* what a push service must take (8030, 7.2) */
#define SEAL_TEXT_MAX (SEAL_MAX - SEAL_HEAD - 1 - SEAL_TAG)	/* 3,993 */
#define SEAL_HKDF_MAX (255 * 32)

/* Where a message goes. */
struct seal_peer {
	unsigned char point[P256_POINT];	/* p256dh */
	unsigned char auth[SEAL_AUTH];
};

/*
 * The body of the POST: text and pad zeros behind it, together at most
 * SEAL_TEXT_MAX bytes.  OW_OK, OW_ELIMIT (too long), OW_EINVAL (peer's point is
 * none), OW_EIO.
 */
int seal_message(const struct p256_pair *, const unsigned char salt[SEAL_SALT],
    const struct seal_peer *, const void *text, size_t n, size_t pad,
    unsigned char out[SEAL_MAX], size_t *out_n);
/* Zeros that hide how long a text is, but for multiples of 256 bytes. */
size_t seal_padding(size_t n);

/* What it is made of.  HKDF-SHA-256 (RFC 5869); OW_EINVAL above
   SEAL_HKDF_MAX bytes. */
int seal_hkdf(const void *salt, size_t n_salt, const void *ikm, size_t n_ikm,
    const void *info, size_t n_info, unsigned char *out, size_t n);
/* AES-128-GCM; out has n bytes and the tag SEAL_TAG, behind them. */
int seal_gcm(const unsigned char key[SEAL_CEK],
    const unsigned char nonce[SEAL_NONCE], const void *aad, size_t n_aad,
    const void *text, size_t n, unsigned char *out);
/* n counts the tag.  OW_EDENIED: the tag is wrong, and out is wiped.  Nothing
   of ours opens messages but the tests. */
int seal_gcm_open(const unsigned char key[SEAL_CEK],
    const unsigned char nonce[SEAL_NONCE], const void *aad, size_t n_aad,
    const void *sealed, size_t n, unsigned char *out);

#endif
