/* SPDX-License-Identifier: MIT */
/*
 * p256 - see p256.h.
 *
 * A point is looked at once, when it is read: OpenSSL refuses one that is not
 * on the curve, and since the curve's cofactor is 1 such a point has the right
 * order, too (NIST SP 800-56A, 5.6.2.3.4).  So the second look that derive
 * would take, as dear as the derivation itself, is left out.
 */
#include "p256.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <string.h>

#include <orderwire/plugin.h>

#define P256_GROUP "prime256v1"

static EVP_PKEY *
p256_import(OSSL_PARAM *params, int selection)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *pkey = NULL;

	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, selection, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return pkey;
}

static EVP_PKEY *
p256_import_point(const unsigned char *p, size_t n)
{
	char group[] = P256_GROUP;
	OSSL_PARAM params[3];

	if (n != P256_POINT || p[0] != 0x04)
		return NULL;
	params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
	    (void *)(uintptr_t)p, n);
	params[2] = OSSL_PARAM_construct_end();
	return p256_import(params, EVP_PKEY_PUBLIC_KEY);
}

static int
p256_take(EVP_PKEY *pkey, struct p256_pair *out)
{
	size_t n = 0;

	if (!pkey || EVP_PKEY_get_octet_string_param(pkey,
	    OSSL_PKEY_PARAM_PUB_KEY, out->point, sizeof(out->point), &n) != 1 ||
	    n != P256_POINT) {
		EVP_PKEY_free(pkey);
		ERR_clear_error();
		return OW_EIO;
	}
	out->pkey = pkey;
	return OW_OK;
}

int
p256_make(struct p256_pair *out)
{
	return p256_take(EVP_EC_gen("P-256"), out);
}

/* The public half of a number that is known to be in range. */
static bool
p256_multiply(const EC_GROUP *group, const BIGNUM *scalar,
    unsigned char point[P256_POINT])
{
	EC_POINT *sum = EC_POINT_new(group);
	bool is_good;

	is_good = sum && EC_POINT_mul(group, sum, scalar, NULL, NULL,
	    NULL) == 1 && EC_POINT_point2oct(group, sum,
	    POINT_CONVERSION_UNCOMPRESSED, point, P256_POINT, NULL) ==
	    P256_POINT;
	EC_POINT_clear_free(sum);
	return is_good;
}

int
p256_from_scalar(const unsigned char scalar[P256_SCALAR],
    struct p256_pair *out)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	BIGNUM *bn = BN_bin2bn(scalar, P256_SCALAR, NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	unsigned char point[P256_POINT];
	OSSL_PARAM *params = NULL;
	int err = OW_EIO;

	if (!group || !bn || !bld)
		goto out;
	BN_set_flags(bn, BN_FLG_CONSTTIME);
	err = OW_EINVAL;
	if (BN_is_zero(bn) || BN_cmp(bn, EC_GROUP_get0_order(group)) >= 0)
		goto out;
	err = OW_EIO;
	if (!p256_multiply(group, bn, point) ||
	    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME,
	    P256_GROUP, 0) != 1 ||
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY,
	    point, sizeof(point)) != 1 ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, bn) != 1)
		goto out;
	params = OSSL_PARAM_BLD_to_param(bld);
	if (params)
		err = p256_take(p256_import(params, EVP_PKEY_KEYPAIR), out);
out:
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_clear_free(bn);
	EC_GROUP_free(group);
	return err;
}

void
p256_done(struct p256_pair *pair)
{
	EVP_PKEY_free(pair->pkey);	/* wipes the secret */
	pair->pkey = NULL;
}

bool
p256_is_point(const unsigned char *p, size_t n)
{
	EVP_PKEY *pkey = p256_import_point(p, n);

	EVP_PKEY_free(pkey);
	return pkey != NULL;
}

int
p256_share(const struct p256_pair *pair, const unsigned char *peer, size_t n,
    unsigned char out[P256_SHARED])
{
	EVP_PKEY *pub = p256_import_point(peer, n);
	EVP_PKEY_CTX *ctx = NULL;
	unsigned char shared[P256_SHARED];
	size_t len = sizeof(shared);
	int err = OW_EINVAL;

	if (!pub)
		goto out;
	err = OW_EIO;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pair->pkey, NULL);
	if (!ctx || EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer_ex(ctx, pub, 0) != 1 ||
	    EVP_PKEY_derive(ctx, shared, &len) != 1 || len != P256_SHARED)
		goto out;
	memcpy(out, shared, sizeof(shared));
	err = OW_OK;
out:
	OPENSSL_cleanse(shared, sizeof(shared));
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(pub);
	ERR_clear_error();
	return err;
}
