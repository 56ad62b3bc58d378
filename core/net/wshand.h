/* SPDX-License-Identifier: MIT */
/*
 * wshand - the client's half of a WebSocket handshake (RFC 6455, 4.1), as
 * text.  No extension and no subprotocol is offered.  Pure.
 */
#ifndef NET_WSHAND_H
#define NET_WSHAND_H

#include <orderwire/plugin.h>

struct buf;

#define WSHAND_KEY_SIZE 25		/* base64 of 16 bytes, and a NUL */
#define WSHAND_HEAD_MAX 16384

/* What a ws:// or wss:// URL says; the strings are the caller's to free. */
struct wshand_url {
	char *http;		/* the same URL with http:// or https:// */
	char *host;		/* for the Host header, with a port if not the
				   usual one */
	char *path;		/* with its query */
};
/* OW_EINVAL: it is none, or names a user. */
int wshand_url_read(const char *text, struct wshand_url *out);
void wshand_url_done(struct wshand_url *);

void wshand_key(const unsigned char random[16], char out[WSHAND_KEY_SIZE]);
/* The accept that belongs to a key. */
#define WSHAND_ACCEPT_SIZE 29
void wshand_accept(const char *key, char out[WSHAND_ACCEPT_SIZE]);
/* OW_EINVAL: a header that can't be, or that the handshake sets itself. */
int wshand_request(const struct wshand_url *, const char *key,
    const struct ow_header *, size_t n_headers, struct buf *out);

/*
 * What came so far.  OW_OK: the server agrees, and its frames begin at
 * *out_len.  OW_EAGAIN: the head has not ended.  Else *out_why says what is
 * wrong: OW_EDENIED for 401 and 403, OW_ENOENT for 404, OW_EIO.
 */
int wshand_read(const char *p, size_t n, const char *key, size_t *out_len,
    struct ow_fault *out_why);

#endif
