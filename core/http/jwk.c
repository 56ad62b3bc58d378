/* SPDX-License-Identifier: MIT */
/*
 * jwk - reads JSON Web Keys (RFC 7517, 7518 section 6, 8037) into OpenSSL
 * keys.
 *
 * It does not fetch keys (keys.c) and looks at no token (jwt.c).  A key is
 * built once, when the set is read, and then shared by all threads: OpenSSL
 * allows that as long as nobody changes it.
 *
 * Invariant: a key's alg is the one its type allows, whatever the text said;
 * a text that says something else leaves the key out.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/mem.h"
#include "http/keyset.h"

#define KEYSET_KEYS_MAX 64
#define JWK_RSA_BITS_MIN 2048	/* RFC 7518, 3.3 */
#define JWK_SECRET_MIN 32	/* RFC 7518, 3.2 */

const struct jwk_part jwk_rsa_parts[] = {
	{ "n", OSSL_PKEY_PARAM_RSA_N, false },
	{ "e", OSSL_PKEY_PARAM_RSA_E, false },
	{ "d", OSSL_PKEY_PARAM_RSA_D, true },
	{ "p", OSSL_PKEY_PARAM_RSA_FACTOR1, true },
	{ "q", OSSL_PKEY_PARAM_RSA_FACTOR2, true },
	{ "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, true },
	{ "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, true },
	{ "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, true },
	{ NULL, NULL, false }
};
#define JWK_RSA_PARTS 8

/* One number of a key, decoded. */
struct part {
	size_t n;
	unsigned char p[JWK_PART_MAX];
};

int
jose_fault(struct ow_fault *fault, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(fault->text, sizeof(fault->text), fmt, ap);
	va_end(ap);
	return err;
}

int
jwa_by_name(const char *name)
{
	int alg;

	for (alg = JWA_HS256; name && alg <= JWA_EDDSA; alg++)
		if (!strcmp(name, jwa_name((enum jwa)alg)))
			return alg;
	return 0;
}

const char *
jwa_name(enum jwa alg)
{
	switch (alg) {
	case JWA_HS256:
		return "HS256";
	case JWA_RS256:
		return "RS256";
	case JWA_ES256:
		return "ES256";
	case JWA_EDDSA:
		return "EdDSA";
	}
	OW_ASSERT(!"an algorithm of ours");
	return NULL;
}

/* OW_ENOENT when it is absent, OW_EINVAL when it is no base64url. */
static int
part_read(const struct json *obj, const char *name,
    struct part *out)
{
	const struct json *value = json_get(obj, name);
	const char *text = json_text(value);

	if (!value)
		return OW_ENOENT;
	if (!text || !text[0] || strlen(text) * 3 / 4 > sizeof(out->p))
		return OW_EINVAL;
	return b64url_decode(text, strlen(text), out->p, &out->n);
}

static int
part_read_exact(const struct json *obj, const char *name, size_t n,
    struct part *out)
{
	int rc = part_read(obj, name, out);

	return rc == OW_OK && out->n != n ? OW_EINVAL : rc;
}

static EVP_PKEY *
jwk_from_data(const char *type, OSSL_PARAM_BLD *bld,
    bool is_private)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY *pkey = NULL;

	OW_ASSERT(ctx && params);
	if (EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey,
	    is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

/* Does the key make sense?  For RSA without the search for its factors. */
static bool
jwk_is_sound(EVP_PKEY *pkey, bool check_pair)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	bool sound;

	OW_ASSERT(ctx);
	sound = EVP_PKEY_public_check(ctx) == 1 &&
	    (!check_pair || EVP_PKEY_pairwise_check(ctx) == 1);
	EVP_PKEY_CTX_free(ctx);
	return sound;
}

/* n and e; maybe d; with it maybe all of the rest (RFC 7518, 6.3.2). */
static int
jwk_rsa_numbers(const struct json *obj, BIGNUM **bn,
    bool *out_private)
{
	struct part part;
	int i, n_crt = 0, rc = OW_OK;

	for (i = 0; i < JWK_RSA_PARTS && rc != OW_EINVAL; i++) {
		rc = part_read(obj, jwk_rsa_parts[i].member, &part);
		if (rc != OW_OK)
			continue;
		bn[i] = BN_bin2bn(part.p, (int)part.n, NULL);
		OW_ASSERT(bn[i]);
		n_crt += i > 2;
	}
	mem_wipe(&part, sizeof(part));
	if (rc == OW_EINVAL || !bn[0] || !bn[1])
		return OW_EINVAL;
	if (n_crt && (!bn[2] || n_crt != JWK_RSA_PARTS - 3))
		return OW_EINVAL;
	*out_private = bn[2] != NULL;
	return OW_OK;
}

static int
jwk_read_rsa(const struct json *obj, struct jwk *key,
    const char **out_why)
{
	BIGNUM *bn[JWK_RSA_PARTS] = { NULL };
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	bool is_private;
	int i, rc;

	OW_ASSERT(bld);
	*out_why = "its RSA numbers are not whole";
	if ((rc = jwk_rsa_numbers(obj, bn, &is_private)) != OW_OK)
		goto out;
	rc = OW_EINVAL;
	*out_why = "RSA keys must have 2048 to 8192 bits";
	if (BN_num_bits(bn[0]) < JWK_RSA_BITS_MIN)
		goto out;
	for (i = 0; i < JWK_RSA_PARTS; i++)
		OW_ASSERT(!bn[i] || OSSL_PARAM_BLD_push_BN(bld,
		    jwk_rsa_parts[i].param, bn[i]) == 1);
	*out_why = "it is no sound RSA key";
	key->pkey = jwk_from_data("RSA", bld, is_private);
	if (!key->pkey || !jwk_is_sound(key->pkey, false))
		goto out;
	key->can_sign = is_private;
	rc = OW_OK;
out:
	OSSL_PARAM_BLD_free(bld);
	for (i = 0; i < JWK_RSA_PARTS; i++)
		BN_clear_free(bn[i]);
	return rc;
}

static int
jwk_read_ec(const struct json *obj, struct jwk *key,
    const char **out_why)
{
	unsigned char point[1 + 2 * JWK_EC_SIZE] = { 0x04 };
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	struct part x, y, d;
	BIGNUM *priv = NULL;
	int rc = OW_EINVAL, has_d;

	OW_ASSERT(bld);
	*out_why = "its x, y or d is not 32 bytes of base64url";
	has_d = part_read_exact(obj, "d", JWK_EC_SIZE, &d);
	if (part_read_exact(obj, "x", JWK_EC_SIZE, &x) != OW_OK ||
	    part_read_exact(obj, "y", JWK_EC_SIZE, &y) != OW_OK ||
	    has_d == OW_EINVAL)
		goto out;
	memcpy(point + 1, x.p, JWK_EC_SIZE);
	memcpy(point + 1 + JWK_EC_SIZE, y.p, JWK_EC_SIZE);
	OW_ASSERT(OSSL_PARAM_BLD_push_utf8_string(bld,
	    OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY,
	    point, sizeof(point)) == 1);
	if (has_d == OW_OK) {
		priv = BN_bin2bn(d.p, (int)d.n, NULL);
		OW_ASSERT(priv && OSSL_PARAM_BLD_push_BN(bld,
		    OSSL_PKEY_PARAM_PRIV_KEY, priv) == 1);
	}
	*out_why = "it is no point of P-256, or d is not its secret";
	key->pkey = jwk_from_data("EC", bld, has_d == OW_OK);
	if (!key->pkey || !jwk_is_sound(key->pkey, has_d == OW_OK))
		goto out;
	key->can_sign = has_d == OW_OK;
	rc = OW_OK;
out:
	OSSL_PARAM_BLD_free(bld);
	BN_clear_free(priv);
	mem_wipe(&d, sizeof(d));
	return rc;
}

static int
jwk_read_okp(const struct json *obj, struct jwk *key,
    const char **out_why)
{
	unsigned char pub[JWK_EC_SIZE];
	size_t n = sizeof(pub);
	struct part x, d;
	int rc = OW_EINVAL, has_d;

	*out_why = "its x or d is not 32 bytes of base64url";
	has_d = part_read_exact(obj, "d", JWK_EC_SIZE, &d);
	if (part_read_exact(obj, "x", JWK_EC_SIZE, &x) != OW_OK ||
	    has_d == OW_EINVAL)
		goto out;
	if (has_d == OW_OK)
		key->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519,
		    NULL, d.p, d.n);
	else
		key->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519,
		    NULL, x.p, x.n);
	*out_why = "it is no Ed25519 key, or d is not its secret";
	if (!key->pkey ||
	    EVP_PKEY_get_raw_public_key(key->pkey, pub, &n) != 1 ||
	    n != x.n || memcmp(pub, x.p, n) != 0)
		goto out;
	key->can_sign = has_d == OW_OK;
	rc = OW_OK;
out:
	mem_wipe(&d, sizeof(d));
	return rc;
}

static int
jwk_read_oct(const struct json *obj, struct jwk *key,
    const char **out_why)
{
	struct part k;
	int rc;

	*out_why = "HS256 needs k, 32 to 1024 bytes of base64url";
	rc = part_read(obj, "k", &k);
	if (rc == OW_OK && k.n >= JWK_SECRET_MIN) {
		key->secret = mem_alloc(k.n);
		memcpy(key->secret, k.p, k.n);
		key->secret_len = k.n;
		key->can_sign = true;
	} else {
		rc = OW_EINVAL;
	}
	mem_wipe(&k, sizeof(k));
	return rc;
}

/* A type has one curve at most and exactly one algorithm. */
static const struct jwk_type {
	const char *kty, *crv;
	enum jwa alg;
	int (*read)(const struct json *, struct jwk *, const char **out_why);
} jwk_types[] = {
	{ "oct", NULL, JWA_HS256, jwk_read_oct },
	{ "RSA", NULL, JWA_RS256, jwk_read_rsa },
	{ "EC", "P-256", JWA_ES256, jwk_read_ec },
	{ "OKP", "Ed25519", JWA_EDDSA, jwk_read_okp },
};

static const struct jwk_type *
jwk_type_of(const struct json *obj)
{
	const char *kty = json_get_text(obj, "kty");
	const char *crv = json_get_text(obj, "crv");
	size_t i;

	for (i = 0; i < sizeof(jwk_types) / sizeof(jwk_types[0]); i++)
		if (!strcmp(kty, jwk_types[i].kty) && (!jwk_types[i].crv ||
		    (crv && !strcmp(crv, jwk_types[i].crv))))
			return &jwk_types[i];
	return NULL;
}

static bool
jwk_has_op(const struct json *ops, const char *name)
{
	const char *op;
	size_t i;

	for (i = 0; i < json_count(ops); i++) {
		op = json_text(json_at(ops, i));
		if (op && !strcmp(op, name))
			return true;
	}
	return false;
}

/* Is it meant for signatures, and for the algorithm of its type? */
static bool
jwk_is_ours(const struct json *obj, const struct jwk_type *type)
{
	const struct json *use = json_get(obj, "use");
	const struct json *ops = json_get(obj, "key_ops");
	const struct json *alg = json_get(obj, "alg");
	const char *text;

	if (use && (!(text = json_text(use)) || strcmp(text, "sig") != 0))
		return false;
	if (ops && (json_type(ops) != JSON_LIST ||
	    (!jwk_has_op(ops, "verify") && !jwk_has_op(ops, "sign"))))
		return false;
	return !alg || jwa_by_name(json_text(alg)) == (int)type->alg;
}

/* 1: *key is one more, 0: not for us, <0: broken. */
static int
jwk_read(const struct json *obj, uint32_t i, struct jwk *key,
    struct ow_fault *fault)
{
	const struct json *ops = json_get(obj, "key_ops");
	const struct json *kid = json_get(obj, "kid");
	const struct jwk_type *type;
	const char *why;

	if (json_type(obj) != JSON_OBJECT || !json_get_text(obj, "kty"))
		return jose_fault(fault, OW_EINVAL,
		    "key %u of the set has no type (kty)", i + 1);
	type = jwk_type_of(obj);
	if (!type || !jwk_is_ours(obj, type))
		return 0;
	if (kid && (!json_text(kid) || strlen(json_text(kid)) > JWK_KID_MAX))
		return jose_fault(fault, OW_EINVAL,
		    "key %u of the set: kid must be a text of at most %d bytes",
		    i + 1, JWK_KID_MAX);
	key->alg = type->alg;
	key->kid = mem_dup(json_text(kid));
	ERR_clear_error();
	if (type->read(obj, key, &why) != OW_OK) {
		ERR_clear_error();
		return jose_fault(fault, OW_EINVAL,
		    "key %u of the set is broken: %s", i + 1, why);
	}
	if (ops && !jwk_has_op(ops, "sign"))
		key->can_sign = false;
	return 1;
}

/* The parser cannot wipe what it frees, so the secrets go before. */
static void
jwk_wipe_text(const struct json *obj)
{
	static const char *const members[] = { "k", "d", "p", "q", "dp", "dq",
	    "qi", NULL };
	const char *text;
	int i;

	for (i = 0; members[i]; i++) {
		text = json_get_text(obj, members[i]);
		if (text)
			mem_wipe((char *)(uintptr_t)text, strlen(text));
	}
}

static int
keyset_read(const struct json *root, struct keyset **out,
    struct ow_fault *fault)
{
	const struct json *list = json_get(root, "keys");
	size_t i, n = list ? json_count(list) : 1;
	struct keyset *set = NULL;
	int rc;

	if (list ? json_type(list) != JSON_LIST : !json_get(root, "kty"))
		return jose_fault(fault, OW_EINVAL,
		    "this is neither a JWK set (\"keys\") nor a JWK (\"kty\")");
	if (n > KEYSET_KEYS_MAX)
		return jose_fault(fault, OW_EINVAL,
		    "the set has %zu keys, more than %d", n, KEYSET_KEYS_MAX);
	set = mem_alloc(sizeof(*set) + n * sizeof(set->keys[0]));
	atomic_init(&set->refs, 1);
	for (i = 0; i < n; i++) {
		/* Counted before it is read: unref frees a half-made one. */
		rc = jwk_read(list ? json_at(list, i) : root, (uint32_t)i,
		    &set->keys[set->n++], fault);
		if (rc < 0)
			goto out;
		if (rc == 0)
			set->n--;
	}
	rc = OW_OK;
	if (!set->n)
		rc = jose_fault(fault, OW_EINVAL, "no key of the set is for "
		    "HS256, RS256, ES256 or EdDSA signatures");
out:
	if (rc == OW_OK)
		*out = set;
	else
		keyset_unref(&set);
	return rc;
}

int
keyset_parse(const char *text, size_t n, struct keyset **out,
    struct ow_fault *fault)
{
	const struct json *list;
	struct json *root = NULL;
	size_t i;
	int rc;

	rc = json_parse(text, n, &root, fault);
	if (rc != OW_OK)
		return OW_EINVAL;
	rc = keyset_read(root, out, fault);
	list = json_get(root, "keys");
	for (i = 0; i < json_count(list); i++)
		jwk_wipe_text(json_at(list, i));
	jwk_wipe_text(root);
	json_free(&root);
	return rc;
}

struct keyset *
keyset_empty(void)
{
	struct keyset *set = mem_alloc(sizeof(*set));

	atomic_init(&set->refs, 1);
	return set;
}

struct keyset *
keyset_ref(struct keyset *set)
{
	atomic_fetch_add_explicit(&set->refs, 1, memory_order_relaxed);
	return set;
}

void
keyset_unref(struct keyset **set)
{
	struct keyset *s = *set;
	uint32_t i;

	*set = NULL;
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1,
	    memory_order_acq_rel) != 1)
		return;
	for (i = 0; i < s->n; i++) {
		EVP_PKEY_free(s->keys[i].pkey);
		if (s->keys[i].secret)
			mem_wipe(s->keys[i].secret, s->keys[i].secret_len);
		free(s->keys[i].secret);
		free(s->keys[i].kid);
	}
	free(s);
}

static bool
jwk_is_equal(const struct jwk *a, const struct jwk *b)
{
	if (a->alg != b->alg || a->can_sign != b->can_sign ||
	    !a->kid != !b->kid || (a->kid && strcmp(a->kid, b->kid) != 0))
		return false;
	if (!a->pkey)
		return a->secret_len == b->secret_len &&
		    crypto_is_equal(a->secret, b->secret, a->secret_len);
	return EVP_PKEY_eq(a->pkey, b->pkey) == 1;
}

bool
keyset_is_equal(const struct keyset *a, const struct keyset *b)
{
	uint32_t i;

	if (a == b)
		return true;
	if (!a || !b || a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (!jwk_is_equal(&a->keys[i], &b->keys[i]))
			return false;
	return true;
}
