/* SPDX-License-Identifier: MIT */
/*
 * vectors - puts public test vectors through our own functions: one JSON
 * object a line in, one out, in order.
 *
 *	{"op":"ecdh","curve":"P-256","pub":HEX,"priv":HEX}
 *	{"op":"hkdf","hash":"SHA-256","ikm":HEX,"salt":HEX,"info":HEX,"len":N}
 *	{"op":"hmac","key":HEX,"msg":HEX,"bits":N}
 *	{"op":"gcm-seal","key":HEX,"iv":HEX,"aad":HEX,"msg":HEX}
 *	{"op":"gcm-open","key":HEX,"iv":HEX,"aad":HEX,"ct":HEX,"tag":HEX}
 *	{"op":"es256-verify","jwk":{...} | "pub":HEX,"msg":HEX,"sig":HEX}
 *	{"op":"rs256-verify","n":HEX,"e":HEX,"msg":HEX,"sig":HEX}
 *	{"op":"jws-verify","jwk":{...},"jws":TEXT}
 *
 * The answer is {"ok":true}, with "out":HEX where something comes out (what
 * gcm-seal gives is the ciphertext and the tag; what jws-verify gives is the
 * payload), {"ok":false}, or {"skip":true} for a curve, a hash, a size or an
 * encoding that our functions do not offer.  sig is r and s side by side; DER
 * is turned into that first, if it is DER to the letter.
 *
 * The functions: p256.c and seal.c of plugins/channel-webpush, jwk.c and jwt.c
 * of core/http, crypto.c of core/base.
 */
#include <jansson.h>
#include <openssl/ecdsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <orderwire/plugin.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "http/keyset.h"
#include "p256.h"
#include "seal.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192

enum answer { NO, YES, SKIP };

struct bytes {
	unsigned char *p;	/* never NULL when it was read */
	size_t n;
};

/* One question, and what comes out of it. */
struct line {
	const json_t *in;
	struct arena *arena;	/* whatever is needed for it */
	struct bytes out;
};

/* ---- Members ------------------------------------------------------------- */

static void *
alloc(struct line *l, size_t n)
{
	return arena_alloc(l->arena, n + 1);
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	if (!at)
		return -1;
	return (int)(at - digits) - (at - digits > 15 ? 6 : 0);
}

/* false: absent, no text, or no hex. */
static bool
member(struct line *l, const char *name, struct bytes *out)
{
	const char *hex = json_string_value(json_object_get(l->in, name));
	size_t i, n = hex ? strlen(hex) / 2 : 0;

	if (!hex || strlen(hex) % 2)
		return false;
	out->p = alloc(l, n);
	out->n = n;
	for (i = 0; i < n; i++) {
		int hi = hex_value(hex[2 * i]), lo = hex_value(hex[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out->p[i] = (unsigned char)(hi << 4 | lo);
	}
	return true;
}

/* A number's leading zeros mean nothing. */
static struct bytes
number(struct bytes b)
{
	while (b.n && !b.p[0]) {
		b.p++;
		b.n--;
	}
	return b;
}

static size_t
bits_of(struct bytes b)
{
	size_t bits;

	b = number(b);
	bits = b.n * 8;
	for (int top = b.n ? b.p[0] : 0xff; !(top & 0x80); top <<= 1)
		bits--;
	return bits;
}

static bool
is_text(const json_t *in, const char *name, const char *wanted)
{
	const char *text = json_string_value(json_object_get(in, name));

	return text && !strcmp(text, wanted);
}

/* A public key with its type around it (X.509), which we never read. */
static bool
is_spki(struct bytes b)
{
	return b.n > P256_POINT && b.p[0] == 0x30;
}

/* ---- Secrets ------------------------------------------------------------- */

static enum answer
op_ecdh(struct line *l)
{
	struct bytes pub = { NULL, 0 }, priv = { NULL, 0 };
	unsigned char scalar[P256_SCALAR] = { 0 };
	struct p256_pair pair;
	enum answer answer = NO;

	if (!is_text(l->in, "curve", "P-256") &&
	    !is_text(l->in, "curve", "secp256r1"))
		return SKIP;
	if (!member(l, "pub", &pub) || !member(l, "priv", &priv))
		return NO;
	if (is_spki(pub))
		return SKIP;
	priv = number(priv);
	if (priv.n > sizeof(scalar))
		return NO;
	memcpy(scalar + sizeof(scalar) - priv.n, priv.p, priv.n);
	if (p256_from_scalar(scalar, &pair) != OW_OK)
		return NO;
	l->out.p = alloc(l, P256_SHARED);
	l->out.n = P256_SHARED;
	if (p256_share(&pair, pub.p, pub.n, l->out.p) == OW_OK)
		answer = YES;
	p256_done(&pair);
	return answer;
}

static enum answer
op_hkdf(struct line *l)
{
	struct bytes ikm, salt, info;
	json_int_t len = json_integer_value(json_object_get(l->in, "len"));

	if (!is_text(l->in, "hash", "SHA-256"))
		return SKIP;
	if (!member(l, "ikm", &ikm) || !member(l, "salt", &salt) ||
	    !member(l, "info", &info) || len <= 0 || len > 1 << 20)
		return NO;
	l->out.p = alloc(l, (size_t)len);
	l->out.n = (size_t)len;
	return seal_hkdf(salt.p, salt.n, ikm.p, ikm.n, info.p, info.n, l->out.p,
	    l->out.n) == OW_OK ? YES : NO;
}

static enum answer
op_hmac(struct line *l)
{
	json_int_t bits = json_integer_value(json_object_get(l->in, "bits"));
	struct bytes key, msg;

	if (!member(l, "key", &key) || !member(l, "msg", &msg))
		return NO;
	if (bits <= 0 || bits > 8 * SHA256_SIZE || bits % 8)
		return SKIP;
	l->out.p = alloc(l, SHA256_SIZE);
	l->out.n = (size_t)bits / 8;
	crypto_hmac_sha256(key.p, key.n, msg.p, msg.n, l->out.p);
	return YES;
}

static bool
gcm_is_ours(struct bytes key, struct bytes iv)
{
	return key.n == SEAL_CEK && iv.n == SEAL_NONCE;
}

static enum answer
op_gcm_seal(struct line *l)
{
	struct bytes key, iv, aad, msg;

	if (!member(l, "key", &key) || !member(l, "iv", &iv) ||
	    !member(l, "aad", &aad) || !member(l, "msg", &msg))
		return NO;
	if (!gcm_is_ours(key, iv))
		return SKIP;
	l->out.n = msg.n + SEAL_TAG;
	l->out.p = alloc(l, l->out.n);
	return seal_gcm(key.p, iv.p, aad.p, aad.n, msg.p, msg.n,
	    l->out.p) == OW_OK ? YES : NO;
}

static enum answer
op_gcm_open(struct line *l)
{
	struct bytes key, iv, aad, ct, tag;
	unsigned char *sealed;
	int err;

	if (!member(l, "key", &key) || !member(l, "iv", &iv) ||
	    !member(l, "aad", &aad) || !member(l, "ct", &ct) ||
	    !member(l, "tag", &tag))
		return NO;
	if (!gcm_is_ours(key, iv))
		return SKIP;
	if (tag.n != SEAL_TAG)
		return NO;
	sealed = alloc(l, ct.n + tag.n);
	memcpy(sealed, ct.p, ct.n);
	memcpy(sealed + ct.n, tag.p, tag.n);
	l->out.n = ct.n;
	l->out.p = alloc(l, ct.n);
	err = seal_gcm_open(key.p, iv.p, aad.p, aad.n, sealed, ct.n + tag.n,
	    l->out.p);
	return err == OW_OK ? YES : NO;
}

/* ---- Signatures ---------------------------------------------------------- */

static struct keyset *
keys_of(const json_t *jwk)
{
	char *text = json_dumps(jwk, JSON_COMPACT);
	struct keyset *set = NULL;
	struct ow_fault f;

	if (text && keyset_parse(text, strlen(text), &set, &f) != OW_OK)
		set = NULL;
	free(text);
	return set;
}

static enum answer
verify(const json_t *jwk, enum jwa alg, struct bytes msg, struct bytes sig)
{
	struct keyset *set = keys_of(jwk);
	enum answer answer = NO;

	if (set && set->n == 1 && set->keys[0].alg == alg &&
	    jwk_is_signed(&set->keys[0], msg.p, msg.n, sig.p, sig.n))
		answer = YES;
	keyset_unref(&set);
	return answer;
}

/* As JWKs have numbers. */
static json_t *
base64url(struct line *l, const unsigned char *p, size_t n)
{
	char *text = alloc(l, B64_SIZE(n));

	b64url_encode(p, n, text);
	return json_string(text);
}

/* r and s of strict DER, each 32 bytes. */
static bool
der_to_raw(struct line *l, struct bytes sig, struct bytes *out)
{
	const unsigned char *at = sig.p;
	ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &at, (long)sig.n);
	unsigned char *again = NULL;
	const BIGNUM *r, *s;
	bool is_good;
	int n;

	if (!parsed)
		return false;
	r = ECDSA_SIG_get0_r(parsed);
	s = ECDSA_SIG_get0_s(parsed);
	n = i2d_ECDSA_SIG(parsed, &again);
	out->p = alloc(l, 2 * JWK_EC_SIZE);
	out->n = 2 * JWK_EC_SIZE;
	/* Written again it must look the same: so it was DER, all of it. */
	is_good = n > 0 && (size_t)n == sig.n &&
	    !memcmp(again, sig.p, sig.n) && !BN_is_negative(r) &&
	    !BN_is_negative(s) &&
	    BN_bn2binpad(r, out->p, JWK_EC_SIZE) == JWK_EC_SIZE &&
	    BN_bn2binpad(s, out->p + JWK_EC_SIZE, JWK_EC_SIZE) == JWK_EC_SIZE;
	OPENSSL_free(again);
	ECDSA_SIG_free(parsed);
	return is_good;
}

/* NULL: it is none; the caller's. */
static json_t *
jwk_of_point(struct line *l, struct bytes pub)
{
	if (pub.n != P256_POINT || pub.p[0] != 0x04)
		return NULL;
	return json_pack("{s:s, s:s, s:o, s:o}", "kty", "EC", "crv", "P-256",
	    "x", base64url(l, pub.p + 1, 32),
	    "y", base64url(l, pub.p + 33, 32));
}

static enum answer
op_es256(struct line *l)
{
	json_t *jwk = json_incref(json_object_get(l->in, "jwk"));
	struct bytes pub = { NULL, 0 }, msg, sig = { NULL, 0 }, raw;
	enum answer answer = NO;

	if (!jwk && member(l, "pub", &pub))
		jwk = jwk_of_point(l, pub);
	if (is_spki(pub) || (jwk && (!is_text(jwk, "kty", "EC") ||
	    !is_text(jwk, "crv", "P-256"))))
		answer = SKIP;
	else if (jwk && member(l, "msg", &msg) && member(l, "sig", &sig))
		answer = verify(jwk, JWA_ES256, msg, sig);
	if (jwk && answer == NO && sig.p && der_to_raw(l, sig, &raw))
		answer = verify(jwk, JWA_ES256, msg, raw);
	json_decref(jwk);
	return answer;
}

static enum answer
op_rs256(struct line *l)
{
	struct bytes n, e, msg, sig;
	enum answer answer;
	json_t *jwk;

	if (!member(l, "n", &n) || !member(l, "e", &e) ||
	    !member(l, "msg", &msg) || !member(l, "sig", &sig))
		return NO;
	if (bits_of(n) < RSA_BITS_MIN || bits_of(n) > RSA_BITS_MAX)
		return SKIP;
	n = number(n);
	e = number(e);
	jwk = json_pack("{s:s, s:o, s:o}", "kty", "RSA", "n",
	    base64url(l, n.p, n.n), "e", base64url(l, e.p, e.n));
	answer = verify(jwk, JWA_RS256, msg, sig);
	json_decref(jwk);
	return answer;
}

/* ---- Tokens -------------------------------------------------------------- */

/* Algorithms that exist but are not ours. */
static bool
is_foreign(const char *alg)
{
	static const char *const names[] = { "HS384", "HS512", "RS384",
	    "RS512", "PS256", "PS384", "PS512", "ES384", "ES512", "ES256K",
	    "Ed448", NULL };
	size_t i;

	for (i = 0; alg && names[i]; i++)
		if (!strcmp(alg, names[i]))
			return true;
	return false;
}

/* Bytes of a member in base64url, roughly. */
static size_t
size_of(const json_t *jwk, const char *name)
{
	const char *text = json_string_value(json_object_get(jwk, name));

	return text ? strlen(text) * 3 / 4 : 0;
}

/* Is it a key of a type and size that our functions offer? */
static bool
is_offered(const json_t *jwk)
{
	if (is_foreign(json_string_value(json_object_get(jwk, "alg"))))
		return false;
	if (is_text(jwk, "kty", "oct"))
		return size_of(jwk, "k") >= 32 && size_of(jwk, "k") <= 1024;
	if (is_text(jwk, "kty", "RSA"))
		return size_of(jwk, "n") >= RSA_BITS_MIN / 8 &&
		    size_of(jwk, "n") <= RSA_BITS_MAX / 8;
	if (is_text(jwk, "kty", "EC"))
		return is_text(jwk, "crv", "P-256");
	return is_text(jwk, "kty", "OKP") && is_text(jwk, "crv", "Ed25519");
}

/* Without an alg a key may serve one of a token that is not ours. */
static bool
is_foreign_token(struct line *l, const json_t *jwk, const char *jws)
{
	unsigned char *text = alloc(l, strlen(jws));
	json_t *header;
	bool is_it;
	size_t n = 0;

	if (json_object_get(jwk, "alg") || b64url_decode(jws,
	    strcspn(jws, "."), text, &n) != OW_OK)
		return false;
	header = json_loadb((const char *)text, n, 0, NULL);
	is_it = is_foreign(json_string_value(json_object_get(header, "alg")));
	json_decref(header);
	return is_it;
}

static enum answer
op_jws(struct line *l)
{
	const json_t *jwk = json_object_get(l->in, "jwk");
	const char *jws = json_string_value(json_object_get(l->in, "jws"));
	struct keyset *set;
	struct ow_fault f;
	enum answer answer = NO;

	if (!json_is_object(jwk) || !jws)
		return NO;
	if (!json_object_get(jwk, "keys") && (!is_offered(jwk) ||
	    is_foreign_token(l, jwk, jws)))
		return SKIP;
	set = keys_of(jwk);
	l->out.p = alloc(l, JWS_MAX);
	if (set && jws_verify(set, jws, l->out.p, &l->out.n, &f) == OW_OK)
		answer = YES;
	keyset_unref(&set);
	return answer;
}

/* ---- Lines --------------------------------------------------------------- */

static const struct {
	const char *name;
	enum answer (*run)(struct line *);
} ops[] = {
	{ "ecdh", op_ecdh },
	{ "hkdf", op_hkdf },
	{ "hmac", op_hmac },
	{ "gcm-seal", op_gcm_seal },
	{ "gcm-open", op_gcm_open },
	{ "es256-verify", op_es256 },
	{ "rs256-verify", op_rs256 },
	{ "jws-verify", op_jws },
};

static void
answer_print(enum answer answer, struct bytes out)
{
	size_t i;

	if (answer == SKIP) {
		puts("{\"skip\":true}");
	} else if (answer == NO) {
		puts("{\"ok\":false}");
	} else if (!out.p) {
		puts("{\"ok\":true}");
	} else {
		fputs("{\"ok\":true,\"out\":\"", stdout);
		for (i = 0; i < out.n; i++)
			printf("%02x", out.p[i]);
		puts("\"}");
	}
	fflush(stdout);
}

static void
answer_line(const char *text, size_t n)
{
	json_t *in = json_loadb(text, n, 0, NULL);
	enum answer answer = in ? SKIP : NO;
	struct arena arena;
	struct line l = { in, &arena, { NULL, 0 } };
	size_t i;

	arena_init(&arena);
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (is_text(in, "op", ops[i].name))
			answer = ops[i].run(&l);
	answer_print(answer, l.out);
	arena_done(&arena);
	json_decref(in);
}

int
main(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while ((n = getline(&line, &room, stdin)) > 0)
		if (strspn(line, " \t\r\n") < (size_t)n)
			answer_line(line, (size_t)n);
	free(line);
	return ferror(stdin) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
