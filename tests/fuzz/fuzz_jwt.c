/* SPDX-License-Identifier: MIT */
/*
 * fuzz_jwt - any token against a fixed set, any text as a set.
 *
 * The first byte chooses: 't' a token, 'k' a key set, 'c' claims that a good
 * key has signed, so that what is behind the signature is reached, too.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "http/claims.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char fuzz_keys[] = "{\"keys\":["
    "{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"
    "-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"},"
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"b\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}";

static const struct set_auth fuzz_conf = {
	.keys_file = "", .keys_url = "", .keys_ca_file = "",
	.issuer = "", .audience = "orders", .claim_sub = "sub",
	.claim_tenant = "a.tenant", .claim_role = "role", .leeway_ms = 5000,
};

static void
fuzz_token(const struct keyset *set, const char *token)
{
	struct auth_refusal refusal = { 0 };
	struct json *claims = NULL;
	struct ow_fault fault = { "" };
	struct who *who = NULL;
	int rc;

	(void)auth_is_jwt(token);
	rc = jwt_verify(set, token, &claims, &fault);
	OW_ASSERT((rc == OW_OK) == (claims != NULL));
	OW_ASSERT((rc == OW_OK) == !fault.text[0]);
	if (rc != OW_OK)
		return;
	rc = claims_read(claims, &fuzz_conf, 1800000000000, &who, &refusal);
	OW_ASSERT((rc == OW_OK) == (who != NULL));
	OW_ASSERT(!who || who->tenant[0]);
	OW_ASSERT(who || refusal.status == 401 || refusal.status == 403);
	who_unref(&who);
	json_free(&claims);
}

static void
fuzz_set(const char *text, size_t n)
{
	struct keyset *set = NULL;
	struct ow_fault fault = { "" };
	int rc = keyset_parse(text, n, &set, &fault);

	OW_ASSERT((rc == OW_OK) == (set != NULL));
	if (set)
		OW_ASSERT(keyset_is_equal(set, set));
	keyset_unref(&set);
}

static void
fuzz_claims(const struct keyset *set, const char *text, size_t n)
{
	struct buf token = BUF_INIT(16384);
	struct ow_fault fault = { "" };

	if (jwt_sign(set, text, n, &token, &fault) == OW_OK)
		fuzz_token(set, token.p);
	buf_done(&token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct keyset *set = NULL;
	struct ow_fault fault;
	char *text;

	if (!n)
		return 0;
	OW_ASSERT(keyset_parse(fuzz_keys, sizeof(fuzz_keys) - 1, &set,
	    &fault) == OW_OK);
	text = mem_dupn((const char *)data + 1, n - 1);
	if (data[0] == 't')
		fuzz_token(set, text);
	else if (data[0] == 'k')
		fuzz_set(text, n - 1);
	else if (data[0] == 'c')
		fuzz_claims(set, text, n - 1);
	free(text);
	keyset_unref(&set);
	return 0;
}
