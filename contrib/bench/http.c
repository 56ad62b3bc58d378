/* SPDX-License-Identifier: MIT */
/*
 * http - a publication as a request, and what was answered.
 *
 * It trusts the server it measures: a reply has a Content-Length, is
 * chunked with nothing after its last chunk, or has no body.
 */
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEAD_MAX 4096
#define BODY_MAX 16384
#define LAST_CHUNK "0\r\n\r\n"

size_t
http_request(char *out, size_t cap, const struct conf *conf,
    const struct text_vars *vars)
{
	char path[1024], body[BODY_MAX];
	size_t n_body, n;
	int i;

	(void)text_expand(path, sizeof(path), conf->pub_path, vars);
	n_body = text_expand(body, sizeof(body), conf->pub_body, vars);
	n = (size_t)snprintf(out, cap, "%s %s HTTP/1.1\r\n"
	    "Host: 127.0.0.1:%ld\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n", conf->pub_method, path,
	    conf->pub_port, n_body);
	for (i = 0; i < conf->pub_headers.n && n < cap; i++)
		n += (size_t)snprintf(out + n, cap - n, "%s\r\n",
		    conf->pub_headers.text[i]);
	if (n + 2 + n_body >= cap)
		fatal("a request does not fit into %zu bytes", cap);
	memcpy(out + n, "\r\n", 2);
	memcpy(out + n + 2, body, n_body);
	return n + 2 + n_body;
}

/* The text behind a header's name, or NULL. */
static const char *
header_find(const char *head, const char *name)
{
	const char *p = strcasestr(head, name);

	return p ? p + strlen(name) : NULL;
}

size_t
http_reply_read(const char *p, size_t n, struct http_reply *out)
{
	const char *end = memmem(p, n, "\r\n\r\n", 4), *value, *last;
	char head[HEAD_MAX];
	size_t n_head, n_body = 0;

	if (!end)
		return 0;
	n_head = (size_t)(end - p) + 4;
	if (n_head >= sizeof(head))
		fatal("a reply with a head of %zu bytes", n_head);
	memcpy(head, p, n_head);
	head[n_head] = '\0';
	value = header_find(head, "\r\ncontent-length:");
	if (value) {
		n_body = strtoul(value, NULL, 10);
	} else if (header_find(head, "\r\ntransfer-encoding: chunked")) {
		last = memmem(end + 4, n - n_head, LAST_CHUNK,
		    strlen(LAST_CHUNK));
		if (!last)
			return 0;
		n_body = (size_t)(last - (end + 4)) + strlen(LAST_CHUNK);
	}
	if (n < n_head + n_body)
		return 0;
	out->status = n_head > 12 ? atoi(head + 9) : 0;
	out->is_last = header_find(head, "\r\nconnection: close") != NULL;
	return n_head + n_body;
}
