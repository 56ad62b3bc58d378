/* SPDX-License-Identifier: MIT */
/*
 * jwkgen - makes fresh keys and writes them as private JWKs.
 *
 * For the command line and the tests; the server itself makes no keys.  The
 * text it writes is a secret: the caller wipes the buf.
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/mem.h"
#include "http/keyset.h"

#define JWK_RSA_BITS_NEW 3072
#define JWK_SECRET_NEW 32
#define JWK_KID_NEW 12		/* random bytes */
#define JWKGEN_TEXT_MAX 8192

static void
jwkgen_part(struct jw *w, const char *member,
    const unsigned char *p, size_t n)
{
	char text[B64_SIZE(JWK_PART_MAX)];

	b64url_encode(p, n, text);
	jw_text(w, member, text);
	mem_wipe(text, sizeof(text));
}

/* width 0: as many bytes as the number has. */
static bool
jwkgen_number(struct jw *w, EVP_PKEY *pkey, const char *member,
    const char *param, int width)
{
	unsigned char bytes[JWK_PART_MAX];
	BIGNUM *bn = NULL;
	int n = -1;

	if (EVP_PKEY_get_bn_param(pkey, param, &bn) == 1 &&
	    BN_num_bytes(bn) <= (int)sizeof(bytes))
		n = BN_bn2binpad(bn, bytes, width ? width : BN_num_bytes(bn));
	if (n > 0)
		jwkgen_part(w, member, bytes, (size_t)n);
	mem_wipe(bytes, sizeof(bytes));
	BN_clear_free(bn);
	return n > 0;
}

static bool
jwkgen_hs256(struct jw *w)
{
	unsigned char secret[JWK_SECRET_NEW];

	crypto_random(secret, sizeof(secret));
	jw_text(w, "kty", "oct");
	jwkgen_part(w, "k", secret, sizeof(secret));
	mem_wipe(secret, sizeof(secret));
	return true;
}

static bool
jwkgen_rs256(struct jw *w)
{
	EVP_PKEY *pkey = EVP_RSA_gen(JWK_RSA_BITS_NEW);
	const struct jwk_part *part;
	bool is_good = pkey != NULL;

	jw_text(w, "kty", "RSA");
	for (part = jwk_rsa_parts; is_good && part->member; part++)
		is_good = jwkgen_number(w, pkey, part->member, part->param, 0);
	EVP_PKEY_free(pkey);
	return is_good;
}

static bool
jwkgen_es256(struct jw *w)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	bool is_good;

	jw_text(w, "kty", "EC");
	jw_text(w, "crv", "P-256");
	is_good = pkey &&
	    jwkgen_number(w, pkey, "x", OSSL_PKEY_PARAM_EC_PUB_X,
	    JWK_EC_SIZE) &&
	    jwkgen_number(w, pkey, "y", OSSL_PKEY_PARAM_EC_PUB_Y,
	    JWK_EC_SIZE) &&
	    jwkgen_number(w, pkey, "d", OSSL_PKEY_PARAM_PRIV_KEY,
	    JWK_EC_SIZE);
	EVP_PKEY_free(pkey);
	return is_good;
}

static bool
jwkgen_eddsa(struct jw *w)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	unsigned char pub[JWK_EC_SIZE], priv[JWK_EC_SIZE];
	size_t n_pub = sizeof(pub), n_priv = sizeof(priv);
	bool is_good;

	jw_text(w, "kty", "OKP");
	jw_text(w, "crv", "Ed25519");
	is_good = pkey &&
	    EVP_PKEY_get_raw_public_key(pkey, pub, &n_pub) == 1 &&
	    EVP_PKEY_get_raw_private_key(pkey, priv, &n_priv) == 1;
	if (is_good) {
		jwkgen_part(w, "x", pub, n_pub);
		jwkgen_part(w, "d", priv, n_priv);
	}
	mem_wipe(priv, sizeof(priv));
	EVP_PKEY_free(pkey);
	return is_good;
}

int
jwk_generate(enum jwa alg, struct buf *out, struct ow_fault *fault)
{
	static bool (*const make[])(struct jw *) = {
		[JWA_HS256] = jwkgen_hs256,
		[JWA_RS256] = jwkgen_rs256,
		[JWA_ES256] = jwkgen_es256,
		[JWA_EDDSA] = jwkgen_eddsa,
	};
	unsigned char kid[JWK_KID_NEW];
	struct buf text = BUF_INIT(JWKGEN_TEXT_MAX);
	struct jw w;
	int rc = OW_OK;

	crypto_random(kid, sizeof(kid));
	/* At once: what grows leaves copies behind that nobody wipes. */
	(void)buf_room(&text, JWKGEN_TEXT_MAX - 1);
	jw_init(&w, &text);
	jw_object(&w, NULL);
	jw_list(&w, "keys");
	jw_object(&w, NULL);
	jwkgen_part(&w, "kid", kid, sizeof(kid));
	jw_text(&w, "alg", jwa_name(alg));
	jw_text(&w, "use", "sig");
	if (!make[alg](&w))
		rc = jose_fault(fault, OW_EIO, "OpenSSL can't make this key");
	jw_end(&w);
	jw_end(&w);
	jw_end(&w);
	if (rc == OW_OK)
		rc = buf_add(out, text.p, text.n);
	if (rc == OW_ELIMIT)
		(void)jose_fault(fault, rc, "no room for the key");
	mem_wipe(text.p, text.n);
	buf_done(&text);
	return rc;
}
