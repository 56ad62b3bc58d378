/* SPDX-License-Identifier: MIT */
/*
 * keyset - the inside of a struct keyset; for jwk.c, jwkgen.c and jwt.c alone,
 * and for the tool that puts public vectors through them.
 */
#ifndef HTTP_KEYSET_H
#define HTTP_KEYSET_H

#include <openssl/evp.h>
#include <stdatomic.h>

#include "http/jwk.h"

#define JWK_KID_MAX 256
#define JWK_PART_MAX 1024	/* bytes of one number: RSA of 8192 bits */
#define JWK_EC_SIZE 32		/* P-256 coordinates, Ed25519 keys */

struct jwk {
	enum jwa alg;
	bool can_sign;
	char *kid;		/* NULL: it has none */
	EVP_PKEY *pkey;		/* NULL for HS256 */
	unsigned char *secret;	/* HS256 */
	size_t secret_len;
};

struct keyset {
	atomic_int refs;
	uint32_t n;
	struct jwk keys[];
};

/* Is sig, in the form that a JWS has, the key's over text? */
bool jwk_is_signed(const struct jwk *, const void *text, size_t n,
    const unsigned char *sig, size_t sig_len);

/* The numbers of a key type: in the order in which a JWK is written. */
struct jwk_part {
	const char *member;	/* NULL ends the table */
	const char *param;	/* OpenSSL's name */
	bool is_private;
};
extern const struct jwk_part jwk_rsa_parts[];

/* Say why and give err back. */
int jose_fault(struct ow_fault *, int err, const char *fmt, ...)
    OW_PRINTF(3, 4);

#endif
