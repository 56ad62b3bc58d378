/* SPDX-License-Identifier: MIT */
/*
 * token - makes key sets and tokens, good ones and forged ones.
 */
#ifndef TEST_TOKEN_H
#define TEST_TOKEN_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/mem.h"
#include "http/jwk.h"

/* RFC 7515, A.1.1 */
#define TOKEN_K "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3" \
    "Yj0iPS4hcgUuTwjAzZr1Z9CAow"
#define TOKEN_OCT(kid) "{\"kty\":\"oct\",\"kid\":\"" kid "\"," \
    "\"k\":\"" TOKEN_K "\"}"

static inline struct keyset *
token_keyset(const char *text)
{
	struct keyset *set = NULL;
	struct ow_fault fault = { "" };

	ck_assert_msg(keyset_parse(text, strlen(text), &set, &fault) == OW_OK,
	    "%s", fault.text);
	return set;
}

static inline struct keyset *
token_fresh(enum jwa alg)
{
	struct buf text = BUF_INIT(16384);
	struct ow_fault fault = { "" };
	struct keyset *set;

	ck_assert_int_eq(jwk_generate(alg, &text, &fault), OW_OK);
	set = token_keyset(text.p);
	buf_done(&text);
	return set;
}

/* The caller frees. */
static inline char *
token_b64(const void *p, size_t n)
{
	char *out = mem_alloc(B64_SIZE(n));

	b64url_encode(p, n, out);
	return out;
}

static inline char *
token_b64s(const char *s)
{
	return token_b64(s, strlen(s));
}

/* "header.payload", not signed. */
static inline char *
token_input(const char *header, const char *claims)
{
	char *h = token_b64s(header), *c = token_b64s(claims);
	char *out = mem_printf("%s.%s", h, c);

	free(h);
	free(c);
	return out;
}

/* An HMAC of whatever bytes. */
static inline char *
token_hmac(const void *secret, size_t n,
    const char *header, const char *claims)
{
	char *input = token_input(header, claims), *sig, *out;
	unsigned char mac[SHA256_SIZE];

	crypto_hmac_sha256(secret, n, input, strlen(input), mac);
	sig = token_b64(mac, sizeof(mac));
	out = mem_printf("%s.%s", input, sig);
	free(input);
	free(sig);
	return out;
}

/* By the key TOKEN_K. */
static inline char *
token_oct(const char *header, const char *claims)
{
	unsigned char secret[128];
	size_t n;

	ck_assert_int_eq(b64url_decode(TOKEN_K, strlen(TOKEN_K), secret, &n),
	    OW_OK);
	return token_hmac(secret, n, header, claims);
}

#endif
