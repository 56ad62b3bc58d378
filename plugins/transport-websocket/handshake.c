/* SPDX-License-Identifier: MIT */
/*
 * handshake - reads the headers of a WebSocket handshake.
 *
 * Header values come here as the host joined them (several lines of one name
 * with ", "), so a list is one string, and a header that may stand only once
 * fails by its form when it stood twice.  No state, no I/O.
 *
 * On the path: websocket.c asks these before it opens a stream.
 */
#include "handshake.h"

#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#define KEY_LEN 24		/* 16 bytes in base64, two of them "=" */
#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define BEARER "bearer."

/* The next element of a list, without the blanks around it; empty ones are
   passed over (RFC 9110, 5.6.1).  1 got one, 0 end. */
static int
handshake_next(const char **list, const char **out, size_t *out_n)
{
	const char *p = *list, *end;

	p += strspn(p, ", \t");
	if (!*p)
		return 0;
	*list = p + strcspn(p, ",");
	for (end = *list; end[-1] == ' ' || end[-1] == '\t'; end--)
		;
	*out = p;
	*out_n = (size_t)(end - p);
	return 1;
}

bool
handshake_has(const char *list, const char *token)
{
	size_t len = strlen(token), n;
	const char *p;

	while (list && handshake_next(&list, &p, &n))
		if (n == len && strncasecmp(p, token, n) == 0)
			return true;
	return false;
}

int
handshake_accept(const char *key, char out[HANDSHAKE_ACCEPT_SIZE])
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char text[KEY_LEN + sizeof(ACCEPT_GUID)];
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int n;

	if (!key || strlen(key) != KEY_LEN ||
	    strspn(key, alphabet) != KEY_LEN - 2 ||
	    strcmp(key + KEY_LEN - 2, "==") != 0)
		return OW_EINVAL;
	memcpy(text, key, KEY_LEN);
	memcpy(text + KEY_LEN, ACCEPT_GUID, sizeof(ACCEPT_GUID));
	/* SHA-1 is what the RFC says; nothing here rests on its strength. */
	if (!EVP_Digest(text, sizeof(text) - 1, digest, &n, EVP_sha1(), NULL))
		return OW_EIO;
	(void)EVP_EncodeBlock((unsigned char *)out, digest, (int)n);
	return OW_OK;
}

int
handshake_offers(const char *list, struct handshake_offer *out)
{
	const size_t bearer_len = sizeof(BEARER) - 1;
	struct handshake_offer offer = { false, NULL, 0 };
	const char *p;
	size_t n;

	while (list && handshake_next(&list, &p, &n)) {
		if (n == strlen(HANDSHAKE_PROTOCOL) &&
		    memcmp(p, HANDSHAKE_PROTOCOL, n) == 0)
			offer.ours = true;
		if (n < bearer_len || memcmp(p, BEARER, bearer_len) != 0)
			continue;
		if (offer.token || n == bearer_len)
			return OW_EINVAL;
		offer.token = p + bearer_len;
		offer.token_len = n - bearer_len;
	}
	*out = offer;
	return OW_OK;
}
