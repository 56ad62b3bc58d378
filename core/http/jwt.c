/* SPDX-License-Identifier: MIT */
/*
 * jwt - verifies and signs JSON Web Tokens in the compact form of RFC 7515.
 *
 * Only the signature and what it covers; what the claims mean is auth.c's
 * business.  The payload of a token whose signature is wrong is not parsed.
 * There is one way to write a token: base64url without padding or stray bits,
 * no member twice, no extension that changes how the rest is read.
 *
 * Invariant: the key is chosen by kid and by the algorithm that was fixed
 * when the key was read; a token never tells a key what to do.
 */
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/mem.h"
#include "http/keyset.h"

#define JWT_MAX JWS_MAX		/* the whole token */
#define JWT_HEADER_MAX 1024	/* decoded */
#define JWT_SIGNATURE_MAX 1024	/* RSA of 8192 bits */
#define JWT_TRIES_MAX 4		/* keys tried for one token */
#define JWT_DER_MAX 80		/* a P-256 signature as DER: 72 */

struct jwt {
	const char *payload;		/* still base64url */
	size_t payload_len;
	size_t signed_len;		/* of "header.payload" */
	size_t header_len, signature_len;
	unsigned char header[JWT_HEADER_MAX];
	unsigned char signature[JWT_SIGNATURE_MAX];
};

static int
jwt_decode(const char *s, size_t n, unsigned char *out, size_t max,
    size_t *out_len)
{
	if (!n || n * 3 / 4 > max)
		return OW_EINVAL;
	return b64url_decode(s, n, out, out_len);
}

/* Three parts, of which the first and the last are decoded. */
static int
jwt_split(const char *token, struct jwt *out,
    struct ow_fault *fault)
{
	size_t n = strnlen(token, JWT_MAX + 1);
	const char *first, *second;

	if (n > JWT_MAX)
		return jose_fault(fault, OW_EINVAL,
		    "the token is longer than %d bytes", JWT_MAX);
	first = strchr(token, '.');
	second = first ? strchr(first + 1, '.') : NULL;
	if (!second || strchr(second + 1, '.'))
		return jose_fault(fault, OW_EINVAL,
		    "the token does not have three parts");
	out->payload = first + 1;
	out->payload_len = (size_t)(second - first) - 1;
	out->signed_len = (size_t)(second - token);
	if (jwt_decode(token, (size_t)(first - token), out->header,
	    sizeof(out->header), &out->header_len) != OW_OK ||
	    jwt_decode(second + 1, n - out->signed_len - 1, out->signature,
	    sizeof(out->signature), &out->signature_len) != OW_OK)
		return jose_fault(fault, OW_EINVAL, "the token's header or "
		    "signature is too long or not base64url");
	return OW_OK;
}

/* What changes the meaning of the rest is refused, known or not. */
static int
jwt_read_header(const struct json *header, int *out_alg,
    const char **out_kid, struct ow_fault *fault)
{
	const struct json *kid = json_get(header, "kid");
	const struct json *b64 = json_get(header, "b64");
	const char *text = json_text(kid);

	if (json_type(header) != JSON_OBJECT)
		return jose_fault(fault, OW_EINVAL,
		    "the token's header is no JSON object");
	if (json_get(header, "crit") || json_get(header, "zip") ||
	    (b64 && !json_bool(b64, false)))
		return jose_fault(fault, OW_EINVAL, "the token's header has "
		    "an extension (crit, zip, b64) that is not accepted");
	if (kid && (!text || strlen(text) > JWK_KID_MAX))
		return jose_fault(fault, OW_EINVAL,
		    "the token's kid is no text or too long");
	*out_alg = jwa_by_name(json_get_text(header, "alg"));
	if (!*out_alg)
		return jose_fault(fault, OW_EINVAL, "the token's alg is none "
		    "of HS256, RS256, ES256 and EdDSA");
	*out_kid = text;
	return OW_OK;
}

/* RFC 7518, 3.4 has r and s side by side, OpenSSL wants them as DER. */
static size_t
jwt_raw_to_der(const unsigned char *raw,
    unsigned char der[JWT_DER_MAX])
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, JWK_EC_SIZE, NULL);
	BIGNUM *s = BN_bin2bn(raw + JWK_EC_SIZE, JWK_EC_SIZE, NULL);
	int n;

	OW_ASSERT(sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1);
	n = i2d_ECDSA_SIG(sig, &der);
	ECDSA_SIG_free(sig);
	return n > 0 ? (size_t)n : 0;
}

static bool
jwt_is_signed_by_pkey(const struct jwk *key, const void *text,
    size_t n, const unsigned char *sig, size_t sig_len)
{
	const EVP_MD *md = key->alg == JWA_EDDSA ? NULL : EVP_sha256();
	unsigned char der[JWT_DER_MAX];
	EVP_MD_CTX *ctx;
	bool is_good;

	if (key->alg == JWA_ES256) {
		if (sig_len != 2 * JWK_EC_SIZE)
			return false;
		sig_len = jwt_raw_to_der(sig, der);
		sig = der;
	}
	ERR_clear_error();
	ctx = EVP_MD_CTX_new();
	OW_ASSERT(ctx);
	/* RSA is PKCS #1 v1.5 by default, which is RS256. */
	is_good = EVP_DigestVerifyInit(ctx, NULL, md, NULL, key->pkey) == 1 &&
	    EVP_DigestVerify(ctx, sig, sig_len, text, n) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return is_good;
}

bool
jwk_is_signed(const struct jwk *key, const void *text, size_t n,
    const unsigned char *sig, size_t sig_len)
{
	unsigned char mac[SHA256_SIZE];

	if (key->alg != JWA_HS256)
		return jwt_is_signed_by_pkey(key, text, n, sig, sig_len);
	if (sig_len != sizeof(mac))
		return false;
	crypto_hmac_sha256(key->secret, key->secret_len, text, n, mac);
	return crypto_is_equal(mac, sig, sizeof(mac));
}

static int
jwt_check_signature(const struct keyset *set, const char *token,
    const struct jwt *jwt, int alg, const char *kid, struct ow_fault *fault)
{
	bool has_kid = false;
	uint32_t i, tries = 0;

	for (i = 0; i < set->n && tries < JWT_TRIES_MAX; i++) {
		const struct jwk *key = &set->keys[i];

		if (kid && (!key->kid || strcmp(kid, key->kid) != 0))
			continue;
		has_kid = true;
		if ((int)key->alg != alg)
			continue;
		tries++;
		if (jwk_is_signed(key, token, jwt->signed_len,
		    jwt->signature, jwt->signature_len))
			return OW_OK;
	}
	if (!has_kid)
		return jose_fault(fault, OW_ENOENT,
		    "the token's key (kid) is not known here");
	if (!tries)
		return jose_fault(fault, OW_EINVAL,
		    "the token's alg is not that of the key");
	return jose_fault(fault, OW_EDENIED, "the token's signature is wrong");
}

int
jws_verify(const struct keyset *set, const char *jws,
    unsigned char payload[JWS_MAX], size_t *out_n, struct ow_fault *fault)
{
	struct json *header = NULL;
	struct ow_fault where;
	struct jwt jwt;
	const char *kid = NULL;
	int alg = 0, rc;

	rc = jwt_split(jws, &jwt, fault);
	if (rc != OW_OK)
		return rc;
	if (json_parse((const char *)jwt.header, jwt.header_len, &header,
	    &where) != OW_OK)
		return jose_fault(fault, OW_EINVAL,
		    "the token's header is no JSON object");
	rc = jwt_read_header(header, &alg, &kid, fault);
	if (rc == OW_OK)
		rc = jwt_check_signature(set, jws, &jwt, alg, kid, fault);
	if (rc == OW_OK && b64url_decode(jwt.payload, jwt.payload_len,
	    payload, out_n) != OW_OK)
		rc = jose_fault(fault, OW_EINVAL,
		    "the token's payload is not base64url");
	json_free(&header);
	return rc;
}

int
jwt_verify(const struct keyset *set, const char *token,
    struct json **out_claims, struct ow_fault *fault)
{
	unsigned char text[JWS_MAX];
	struct json *claims = NULL;
	struct ow_fault where;
	size_t n;
	int rc;

	rc = jws_verify(set, token, text, &n, fault);
	if (rc != OW_OK)
		return rc;
	if (json_parse((const char *)text, n, &claims, &where) != OW_OK ||
	    json_type(claims) != JSON_OBJECT) {
		json_free(&claims);
		return jose_fault(fault, OW_EINVAL,
		    "the token's payload is no JSON object");
	}
	*out_claims = claims;
	return OW_OK;
}

static void
jwt_add_base64(struct buf *out, const void *p, size_t n)
{
	char *room = buf_room(out, B64_SIZE(n));

	if (!room)
		return;
	b64url_encode(p, n, room);
	buf_used(out, B64_SIZE(n) - 1);
}

/* sig holds JWT_SIGNATURE_MAX bytes; 0 when OpenSSL can't. */
static size_t
jwt_make_signature(const struct jwk *key, const char *text,
    size_t n, unsigned char *sig)
{
	const EVP_MD *md = key->alg == JWA_EDDSA ? NULL : EVP_sha256();
	size_t sig_len = JWT_SIGNATURE_MAX;
	EVP_MD_CTX *ctx;

	if (key->alg == JWA_HS256) {
		crypto_hmac_sha256(key->secret, key->secret_len, text, n, sig);
		return SHA256_SIZE;
	}
	ERR_clear_error();
	ctx = EVP_MD_CTX_new();
	OW_ASSERT(ctx);
	if (EVP_DigestSignInit(ctx, NULL, md, NULL, key->pkey) != 1 ||
	    EVP_DigestSign(ctx, sig, &sig_len, (const unsigned char *)text,
	    n) != 1)
		sig_len = 0;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return sig_len;
}

/* In place; 0 when it is no DER signature. */
static size_t
jwt_der_to_raw(unsigned char *sig, size_t n)
{
	const unsigned char *der = sig;
	ECDSA_SIG *ec = d2i_ECDSA_SIG(NULL, &der, (long)n);
	size_t raw_len = 0;

	if (ec && BN_bn2binpad(ECDSA_SIG_get0_r(ec), sig, JWK_EC_SIZE) > 0 &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(ec), sig + JWK_EC_SIZE,
	    JWK_EC_SIZE) > 0)
		raw_len = 2 * JWK_EC_SIZE;
	ECDSA_SIG_free(ec);
	return raw_len;
}

static const struct jwk *
jwt_signer(const struct keyset *set)
{
	uint32_t i;

	for (i = 0; i < set->n; i++)
		if (set->keys[i].can_sign)
			return &set->keys[i];
	return NULL;
}

int
jwt_sign(const struct keyset *set, const char *claims, size_t n,
    struct buf *out, struct ow_fault *fault)
{
	const struct jwk *key = jwt_signer(set);
	struct buf token = BUF_INIT(JWT_MAX), header = BUF_INIT(JWT_HEADER_MAX);
	unsigned char sig[JWT_SIGNATURE_MAX];
	size_t sig_len;
	struct jw w;
	int rc;

	if (!key)
		return jose_fault(fault, OW_ENOENT,
		    "no key of the set is private and may sign");
	jw_init(&w, &header);
	jw_object(&w, NULL);
	jw_text(&w, "alg", jwa_name(key->alg));
	if (key->kid)
		jw_text(&w, "kid", key->kid);
	jw_text(&w, "typ", "JWT");
	jw_end(&w);
	jwt_add_base64(&token, header.p, header.n);
	(void)buf_char(&token, '.');	/* full is asked once, below */
	jwt_add_base64(&token, claims, n);
	rc = jose_fault(fault, OW_ELIMIT, "the claims are too long");
	if (token.full || header.full)
		goto out;
	sig_len = jwt_make_signature(key, token.p, token.n, sig);
	if (key->alg == JWA_ES256)
		sig_len = jwt_der_to_raw(sig, sig_len);
	rc = jose_fault(fault, OW_EIO, "OpenSSL can't sign with this key");
	if (!sig_len)
		goto out;
	(void)buf_char(&token, '.');
	jwt_add_base64(&token, sig, sig_len);
	rc = token.full ? jose_fault(fault, OW_ELIMIT,
	    "the claims are too long") : buf_add(out, token.p, token.n);
out:
	buf_done(&token);
	buf_done(&header);
	return rc;
}
