/* SPDX-License-Identifier: MIT */
/*
 * account - see account.h.
 *
 * "Using OAuth 2.0 for Server to Server Applications" of Google: RS256 over
 * {iss, scope, aud, iat, exp}, kid in the header.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "../common/b64.h"
#include "account.h"

#define FILE_MAX 65536
#define SCOPE "https://www.googleapis.com/auth/firebase.messaging"
#define LIFE_S 3600

struct account {
	char *email, *key_id, *project, *token_uri;
	EVP_PKEY *key;
};

static char *
member(const json_t *file, const char *name)
{
	const char *value = json_string_value(json_object_get(file, name));

	return value && *value ? strdup(value) : NULL;
}

static EVP_PKEY *
key_read(const json_t *file)
{
	const char *pem = json_string_value(json_object_get(file,
	    "private_key"));
	BIO *bio = pem ? BIO_new_mem_buf(pem, -1) : NULL;
	EVP_PKEY *key;

	if (!bio)
		return NULL;
	/* An empty password, so that nobody is asked for one. */
	key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"");
	BIO_free(bio);
	/* The parser cannot wipe what it frees. */
	OPENSSL_cleanse((char *)(uintptr_t)pem, strlen(pem));
	if (key && !EVP_PKEY_is_a(key, "RSA")) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static const char *
account_fault(const struct account *a)
{
	if (!a->email)
		return "it has no client_email";
	if (!a->project)
		return "it has no project_id";
	if (!a->token_uri)
		return "it has no token_uri";
	if (!a->key)
		return "its private_key is no RSA key in PEM";
	return NULL;
}

int
account_read(const char *json, size_t n, struct account **out,
    struct ow_fault *f)
{
	struct account *a = calloc(1, sizeof(*a));
	json_t *file = json_loadb(json, n, 0, NULL);
	const char *type = json_string_value(json_object_get(file, "type"));
	const char *why = "out of memory";

	if (a) {
		a->email = member(file, "client_email");
		a->key_id = member(file, "private_key_id");
		a->project = member(file, "project_id");
		a->token_uri = member(file, "token_uri");
		a->key = key_read(file);
		why = !file ? "it is no JSON" :
		    !type || strcmp(type, "service_account") != 0 ?
		    "it is not of type service_account" : account_fault(a);
	}
	json_decref(file);
	if (why) {
		snprintf(f->text, sizeof(f->text), "service account: %s",
		    why);
		account_free(&a);
		return OW_EINVAL;
	}
	*out = a;
	return OW_OK;
}

int
account_load(const char *path, struct account **out, struct ow_fault *f)
{
	FILE *file = fopen(path, "re");
	char *text = malloc(FILE_MAX);
	size_t n = 0;
	int err = OW_EINVAL;

	if (!file || !text) {
		snprintf(f->text, sizeof(f->text),
		    "service account %.150s: %s", path, strerror(errno));
	} else {
		n = fread(text, 1, FILE_MAX, file);
		if (n == FILE_MAX)
			snprintf(f->text, sizeof(f->text),
			    "service account: the file is too long");
		else
			err = account_read(text, n, out, f);
	}
	if (text)
		OPENSSL_cleanse(text, n);
	free(text);
	if (file)
		fclose(file);
	return err;
}

void
account_free(struct account **slot)
{
	struct account *a = *slot;

	if (!a)
		return;
	*slot = NULL;
	free(a->email);
	free(a->key_id);
	free(a->project);
	free(a->token_uri);
	EVP_PKEY_free(a->key);
	free(a);
}

const char *
account_project(const struct account *a)
{
	return a->project;
}

const char *
account_token_uri(const struct account *a)
{
	return a->token_uri;
}

/* ---- The assertion ------------------------------------------------------- */

/* "header.claims"; allocated with room for extra characters more. */
static char *
assertion_head(const struct account *a, const char *audience, int64_t at_s,
    size_t extra, size_t *out_n)
{
	json_t *header, *claims;
	char *h = NULL, *c = NULL, *out = NULL;
	size_t n;

	header = json_pack("{s:s, s:s, s:s*}", "alg", "RS256", "typ", "JWT",
	    "kid", a->key_id);
	claims = json_pack("{s:s, s:s, s:s, s:I, s:I}", "iss", a->email,
	    "scope", SCOPE, "aud", audience, "iat", (json_int_t)at_s,
	    "exp", (json_int_t)at_s + LIFE_S);
	if (header && claims) {
		h = json_dumps(header, JSON_COMPACT);
		c = json_dumps(claims, JSON_COMPACT);
	}
	if (h && c)
		out = malloc(B64_SIZE(strlen(h)) + B64_SIZE(strlen(c)) +
		    extra);
	if (out) {
		n = b64_encode(h, strlen(h), out);
		out[n++] = '.';
		n += b64_encode(c, strlen(c), out + n);
		*out_n = n;
	}
	free(h);
	free(c);
	json_decref(header);
	json_decref(claims);
	return out;
}

char *
account_assert(const struct account *a, const char *audience, int64_t at_s)
{
	size_t sig_n = (size_t)EVP_PKEY_get_size(a->key), n = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *sig = malloc(sig_n);
	char *jwt = assertion_head(a, audience, at_s, 1 + B64_SIZE(sig_n),
	    &n);
	bool is_signed = false;

	if (ctx && sig && jwt &&
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, a->key) == 1 &&
	    EVP_DigestSign(ctx, sig, &sig_n, (const unsigned char *)jwt,
	    n) == 1) {
		jwt[n++] = '.';
		(void)b64_encode(sig, sig_n, jwt + n);
		is_signed = true;
	}
	if (!is_signed) {
		free(jwt);
		jwt = NULL;
	}
	free(sig);
	EVP_MD_CTX_free(ctx);
	return jwt;
}
