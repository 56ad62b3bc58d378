/* SPDX-License-Identifier: MIT */
/*
 * jwk - JSON Web Keys (RFC 7517) as OpenSSL keys, and JWTs (RFC 7519) signed
 * by them.
 *
 * Each key has exactly one algorithm, fixed when it is read (its `alg`, or
 * the only one its type allows), and a token must name just that one: so no
 * `none`, no RSA public key used as an HMAC secret, no downgrade.  The kid
 * selects; a token without one is tried only against the keys of its
 * algorithm, at most four.
 */
#ifndef HTTP_JWK_H
#define HTTP_JWK_H

#include <orderwire/plugin.h>

struct buf;
struct json;
struct keyset;			/* immutable, counted */

enum jwa { JWA_HS256 = 1, JWA_RS256, JWA_ES256, JWA_EDDSA };
int jwa_by_name(const char *);	/* 0: none of ours */
const char *jwa_name(enum jwa);

/* A JWK set or a single JWK.  Keys that are not for signatures, or of types
   we don't know, are left out; a broken one is a fault.  None left: fault. */
int keyset_parse(const char *text, size_t n, struct keyset **out,
    struct ow_fault *);
/* A set without keys, for as long as none could be read. */
struct keyset *keyset_empty(void);
struct keyset *keyset_ref(struct keyset *);
void keyset_unref(struct keyset **);
bool keyset_is_equal(const struct keyset *, const struct keyset *);

/* A fresh key as a private JWK, {"keys":[...]} around it; kid random. */
int jwk_generate(enum jwa, struct buf *out, struct ow_fault *);

#define JWS_MAX 8192		/* bytes of a token */

/*
 * The signature alone: claims is the parsed payload, the caller's.
 * OW_OK; OW_EINVAL: not a JWT of ours (also alg none, crit, an alg that is
 * not the key's); OW_ENOENT: unknown kid, or the set is empty; OW_EDENIED: bad
 * signature.
 */
int jwt_verify(const struct keyset *, const char *token,
    struct json **out_claims, struct ow_fault *);
/* The same, of any payload: it need not be JSON, and gets no NUL. */
int jws_verify(const struct keyset *, const char *jws,
    unsigned char payload[JWS_MAX], size_t *out_n, struct ow_fault *);
/* Sign with the set's first key that can. */
int jwt_sign(const struct keyset *, const char *claims, size_t n,
    struct buf *out, struct ow_fault *);

#endif
