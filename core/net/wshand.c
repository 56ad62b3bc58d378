/* SPDX-License-Identifier: MIT */
/*
 * wshand - see wshand.h.
 */
#include "net/wshand.h"

#include <curl/curl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"

#define WSHAND_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* ---- The URL ----------------------------------------------------------- */

static char *
url_part(CURLU *url, CURLUPart part)
{
	char *text = NULL, *copy = NULL;

	if (curl_url_get(url, part, &text, 0) == CURLUE_OK)
		copy = mem_dup(text);
	curl_free(text);
	return copy;
}

static int
url_take(CURLU *url, bool is_tls, struct wshand_url *out)
{
	char *user = url_part(url, CURLUPART_USER);
	char *host = url_part(url, CURLUPART_HOST);
	char *port = url_part(url, CURLUPART_PORT);
	char *path = url_part(url, CURLUPART_PATH);
	char *query = url_part(url, CURLUPART_QUERY);
	bool is_usual = !port || !strcmp(port, is_tls ? "443" : "80");
	int err = host && path && !user ? OW_OK : OW_EINVAL;

	if (!err) {
		out->host = is_usual ? mem_dup(host) :
		    mem_printf("%s:%s", host, port);
		out->path = query ? mem_printf("%s?%s", path, query) :
		    mem_dup(path);
	}
	free(user);
	free(host);
	free(port);
	free(path);
	free(query);
	return err;
}

int
wshand_url_read(const char *text, struct wshand_url *out)
{
	bool is_tls = !strncasecmp(text, "wss://", 6);
	CURLU *url;
	char *http;
	int err;

	if (!is_tls && strncasecmp(text, "ws://", 5) != 0)
		return OW_EINVAL;
	if (text[strcspn(text, " \t\r\n")])
		return OW_EINVAL;
	http = mem_printf("http%s", text + 2);
	url = curl_url();
	OW_ASSERT(url);
	err = curl_url_set(url, CURLUPART_URL, http, 0) == CURLUE_OK ?
	    url_take(url, is_tls, out) : OW_EINVAL;
	curl_url_cleanup(url);
	if (err)
		free(http);
	else
		out->http = http;
	return err;
}

void
wshand_url_done(struct wshand_url *url)
{
	free(url->http);
	free(url->host);
	free(url->path);
	memset(url, 0, sizeof(*url));
}

/* ---- What we say ------------------------------------------------------- */

void
wshand_key(const unsigned char random[16], char out[WSHAND_KEY_SIZE])
{
	(void)EVP_EncodeBlock((unsigned char *)out, random, 16);
}

void
wshand_accept(const char *key, char out[WSHAND_ACCEPT_SIZE])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	char text[WSHAND_KEY_SIZE + sizeof(WSHAND_GUID)];
	unsigned int n = 0;

	(void)snprintf(text, sizeof(text), "%s%s", key, WSHAND_GUID);
	OW_ASSERT(EVP_Digest(text, strlen(text), hash, &n, EVP_sha1(),
	    NULL) == 1 && n == 20);
	(void)EVP_EncodeBlock((unsigned char *)out, hash, 20);
}

static bool
header_is_good(const struct ow_header *h)
{
	static const char *const ours[] = { "host", "upgrade", "connection",
	    "content-length", "transfer-encoding" };
	size_t i;

	if (!h->name || !h->value || !h->name[0] ||
	    strpbrk(h->name, ": \t\r\n") || strpbrk(h->value, "\r\n"))
		return false;
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!strcasecmp(h->name, ours[i]))
			return false;
	return strncasecmp(h->name, "sec-websocket-", 14) != 0;
}

int
wshand_request(const struct wshand_url *url, const char *key,
    const struct ow_header *headers, size_t n, struct buf *out)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!header_is_good(&headers[i]))
			return OW_EINVAL;
	(void)buf_printf(out, "GET %s HTTP/1.1\r\nHost: %s\r\n"
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n",
	    url->path, url->host, key);
	for (i = 0; i < n; i++)
		(void)buf_printf(out, "%s: %s\r\n", headers[i].name,
		    headers[i].value);
	return buf_str(out, "\r\n") ? OW_EINVAL : OW_OK;
}

/* ---- What the server says ---------------------------------------------- */

struct head {
	bool has_upgrade, has_connection, has_accept, is_strange;
};

static bool
value_has_word(const char *value, const char *word)
{
	size_t n = strlen(word), len;

	for (; *value; value += len) {
		value += strspn(value, ", \t");
		len = strcspn(value, ", \t");
		if (len == n && !strncasecmp(value, word, n))
			return true;
	}
	return false;
}

static void
head_line(struct head *head, const char *line, const char *accept)
{
	size_t n = strcspn(line, ":");
	const char *value = line + n + (line[n] == ':');

	value += strspn(value, " \t");
	if (n == 7 && !strncasecmp(line, "upgrade", n))
		head->has_upgrade |= value_has_word(value, "websocket");
	else if (n == 10 && !strncasecmp(line, "connection", n))
		head->has_connection |= value_has_word(value, "upgrade");
	else if (n == 20 && !strncasecmp(line, "sec-websocket-accept", n))
		head->has_accept = !strncmp(value, accept, strlen(accept)) &&
		    !value[strlen(accept) + strspn(value + strlen(accept),
		    " \t")];
	/* Nothing of the kind was offered. */
	else if ((n == 24 && !strncasecmp(line, "sec-websocket-extensions",
	    n)) || (n == 22 && !strncasecmp(line, "sec-websocket-protocol",
	    n)))
		head->is_strange |= *value != '\0';
}

static int
head_refused(const char *line, struct ow_fault *why)
{
	int status = 0;

	if (sscanf(line, "HTTP/1.%*1d %3d", &status) != 1)
		status = 0;
	if (status < 100)
		(void)snprintf(why->text, sizeof(why->text),
		    "what it says is not HTTP");
	else
		(void)snprintf(why->text, sizeof(why->text),
		    "HTTP %d instead of a WebSocket", status);
	if (status == 401 || status == 403)
		return OW_EDENIED;
	return status == 404 ? OW_ENOENT : OW_EIO;
}

static int
head_judge(char *text, const char *key, struct ow_fault *why)
{
	struct head head = { .is_strange = false };
	char accept[WSHAND_ACCEPT_SIZE], *line;
	const char *first;

	wshand_accept(key, accept);
	first = strsep(&text, "\n");
	if (strncmp(first, "HTTP/1.1 101", 12) != 0)
		return head_refused(first, why);
	while ((line = strsep(&text, "\n"))) {
		line[strcspn(line, "\r")] = '\0';
		head_line(&head, line, accept);
	}
	if (head.has_upgrade && head.has_connection && head.has_accept &&
	    !head.is_strange)
		return OW_OK;
	(void)snprintf(why->text, sizeof(why->text), "its handshake is not "
	    "one of WebSocket");
	return OW_EIO;
}

int
wshand_read(const char *p, size_t n, const char *key, size_t *out_len,
    struct ow_fault *why)
{
	const char *end = n ? memmem(p, n, "\r\n\r\n", 4) : NULL;
	char *text;
	int err;

	if (!end && n < WSHAND_HEAD_MAX)
		return OW_EAGAIN;
	if (!end || memchr(p, '\0', (size_t)(end - p))) {
		(void)snprintf(why->text, sizeof(why->text), "its answer has "
		    "no end");
		return OW_EIO;
	}
	text = mem_dupn(p, (size_t)(end - p));
	err = head_judge(text, key, why);
	free(text);
	if (!err)
		*out_len = (size_t)(end - p) + 4;
	return err;
}
