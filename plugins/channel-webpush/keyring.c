/* SPDX-License-Identifier: MIT */
/*
 * keyring - see keyring.h.
 *
 * Whatever is odd is a fault that names the key, since a set that is half
 * read would lose subscribers in silence.  The file is small and read once, at
 * start; its text and what the parser made of it are wiped.
 */
#include "keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <orderwire/plugin.h>

#define KEYRING_TEXT_MAX 65536

static int keyring_fault(struct ow_fault *, int err, const char *fmt, ...)
    OW_PRINTF(3, 4);

static int
keyring_fault(struct ow_fault *f, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
	return err;
}

/* ---- One key ------------------------------------------------------------- */

static bool
keyring_is_kid(const char *kid)
{
	size_t n = strlen(kid);

	if (!n || n > KEYRING_KID_MAX)
		return false;
	for (; *kid; kid++)
		if (*kid <= ' ' || *kid > '~' || *kid == '"' || *kid == '\\')
			return false;
	return true;
}

/* RFC 7638, 3: a hash of the public members, in this order. */
static void
keyring_thumbprint(const char *x, const char *y, char kid[KEYRING_KID_MAX + 1])
{
	unsigned char hash[32];
	unsigned int n;
	char text[160];

	(void)snprintf(text, sizeof(text),
	    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x,
	    y);
	if (EVP_Digest(text, strlen(text), hash, &n, EVP_sha256(), NULL) == 1)
		(void)b64_encode(hash, sizeof(hash), kid);
}

static const char *
keyring_member(const json_t *jwk, const char *name)
{
	const char *text = json_string_value(json_object_get(jwk, name));

	return text ? text : "";
}

static bool
keyring_is_ours(const json_t *jwk)
{
	const char *alg = keyring_member(jwk, "alg");
	const char *use = keyring_member(jwk, "use");

	return !strcmp(keyring_member(jwk, "kty"), "EC") &&
	    !strcmp(keyring_member(jwk, "crv"), "P-256") &&
	    (!*alg || !strcmp(alg, "ES256")) && (!*use || !strcmp(use, "sig"));
}

/* NULL, or what is wrong. */
static const char *
keyring_read_one(const json_t *jwk, struct keyring_key *key)
{
	const char *kid = keyring_member(jwk, "kid");
	const char *x = keyring_member(jwk, "x"), *y = keyring_member(jwk, "y");
	unsigned char point[P256_POINT] = { 0x04 }, scalar[P256_SCALAR];
	const char *why = NULL;

	if (!json_is_object(jwk) || !keyring_is_ours(jwk))
		return "is not for ES256 (EC, P-256)";
	if (b64_decode(x, point + 1, 32) || b64_decode(y, point + 33, 32))
		return "has no x and y of 32 bytes";
	if (!json_object_get(jwk, "d"))
		return "is not private (d is missing)";
	if (json_object_get(jwk, "kid") && !keyring_is_kid(kid))
		return "has a kid that is not 1 to 64 letters, digits and "
		    "signs";
	if (b64_decode(keyring_member(jwk, "d"), scalar, sizeof(scalar)) ||
	    p256_from_scalar(scalar, &key->pair) != OW_OK ||
	    memcmp(key->pair.point, point, sizeof(point)) != 0)
		why = "has a d that does not belong to x and y";
	OPENSSL_cleanse(scalar, sizeof(scalar));
	if (*kid)
		(void)snprintf(key->kid, sizeof(key->kid), "%s", kid);
	else
		keyring_thumbprint(x, y, key->kid);
	(void)b64_encode(point, sizeof(point), key->text);
	return why;
}

/* ---- The set ------------------------------------------------------------- */

/* The parser cannot wipe what it frees. */
static void
keyring_wipe(const json_t *jwk)
{
	const char *d = keyring_member(jwk, "d");

	OPENSSL_cleanse((char *)(uintptr_t)d, strlen(d));
}

static int
keyring_read_all(const json_t *list, struct keyring *keys,
    struct ow_fault *f)
{
	size_t i, n = json_array_size(list);
	struct keyring_key *key;
	const char *why;

	if (!n || n > KEYRING_MAX)
		return keyring_fault(f, OW_EINVAL, "the set has %zu keys, it "
		    "must have 1 to %d", n, KEYRING_MAX);
	for (i = 0; i < n; i++) {
		/* Counted before it is read: keyring_free frees a half one. */
		key = &keys->key[keys->n++];
		why = keyring_read_one(json_array_get(list, i), key);
		if (!why && keyring_find(keys, key->kid) != key)
			why = "has the kid of another one";
		if (why)
			return keyring_fault(f, OW_EINVAL, "key %zu of the set "
			    "%s", i + 1, why);
	}
	return OW_OK;
}

int
keyring_parse(const char *text, size_t n, struct keyring **out,
    struct ow_fault *f)
{
	json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	json_t *list = json_incref(json_object_get(root, "keys"));
	struct keyring *keys = calloc(1, sizeof(*keys));
	size_t i;
	int err;

	if (!list && json_object_get(root, "kty")) {
		list = json_array();
		(void)json_array_append(list, root);
	}
	if (!keys)
		err = keyring_fault(f, OW_EAGAIN, "out of memory");
	else if (!json_is_array(list))
		err = keyring_fault(f, OW_EINVAL, "it is no JWK set: "
		    "{\"keys\": [...]}");
	else
		err = keyring_read_all(list, keys, f);
	for (i = 0; i < json_array_size(list); i++)
		keyring_wipe(json_array_get(list, i));
	json_decref(list);
	json_decref(root);
	if (err)
		keyring_free(&keys);
	else
		*out = keys;
	return err;
}

static const char *
keyring_file_fault(int fd, struct stat *st)
{
	if (fd < 0 || fstat(fd, st))
		return strerror(errno);
	if (!S_ISREG(st->st_mode))
		return "it is no regular file";
	if (st->st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH))
		return "it can be read or written by others: chmod 600 it";
	if (st->st_size > KEYRING_TEXT_MAX)
		return "it is larger than 64 kB";
	return NULL;
}

int
keyring_read(const char *path, struct keyring **out, struct ow_fault *f)
{
	/* Not to wait for the writer of a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = calloc(1, KEYRING_TEXT_MAX);
	struct ow_fault inner = { "" };
	const char *why;
	struct stat st;
	ssize_t got = 0;
	size_t n = 0;
	int err = OW_EIO;

	why = keyring_file_fault(fd, &st);
	while (!why && text && n < KEYRING_TEXT_MAX &&
	    (got = read(fd, text + n, KEYRING_TEXT_MAX - n)) > 0)
		n += (size_t)got;
	if (!why && (!text || got < 0))
		why = "it can't be read";
	if (!why) {
		err = keyring_parse(text, n, out, &inner);
		why = inner.text;
	}
	if (err)
		(void)keyring_fault(f, err, "keys_file '%.100s': %.140s", path,
		    why);
	if (text)
		OPENSSL_cleanse(text, KEYRING_TEXT_MAX);
	free(text);
	if (fd >= 0)
		close(fd);
	return err;
}

void
keyring_free(struct keyring **slot)
{
	struct keyring *keys = *slot;
	size_t i;

	*slot = NULL;
	if (!keys)
		return;
	for (i = 0; i < keys->n; i++)
		p256_done(&keys->key[i].pair);
	free(keys);
}

const struct keyring_key *
keyring_find(const struct keyring *keys, const char *kid)
{
	size_t i;

	for (i = 0; i < keys->n; i++)
		if (!strcmp(keys->key[i].kid, kid))
			return &keys->key[i];
	return NULL;
}

const struct keyring_key *
keyring_find_public(const struct keyring *keys, const char *text)
{
	size_t i;

	for (i = 0; i < keys->n; i++)
		if (!strcmp(keys->key[i].text, text))
			return &keys->key[i];
	return NULL;
}
