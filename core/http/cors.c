/* SPDX-License-Identifier: MIT */
/*
 * cors - which web origins may talk to us (Fetch standard; RFC 6455, 10.2).
 *
 * It compares whole origins (scheme, host, port) and never parts of them.  It
 * allows no credentials of the browser's own: we know bearer tokens and
 * tickets, which a page sends itself.
 */
#include "http/cors.h"

#include <string.h>
#include <strings.h>

#include "http/problem.h"
#include "http/request.h"

#define ALLOW_HEADERS "Authorization, Content-Type, Idempotency-Key, "	\
	"If-Match, If-None-Match, Last-Event-ID"
#define EXPOSE_HEADERS "ETag, Location, Retry-After"
#define PREFLIGHT_S "600"

static bool
is_word(const char *word, size_t n, const char *text)
{
	return strlen(text) == n && !strncasecmp(word, text, n);
}

bool
cors_is_allowed(const char *list, const char *self, const char *origin)
{
	size_t n;

	if (!origin || (self && is_word(self, strlen(self), origin)))
		return true;
	for (; list && *list; list += n) {
		list += strspn(list, " \t\r\n");
		n = strcspn(list, " \t\r\n");
		if (is_word(list, n, "*"))
			return true;
		/* "null" is every sandboxed page: only "*" means it. */
		if (n && strcmp(origin, "null") && is_word(list, n, origin))
			return true;
	}
	return false;
}

void
cors_mark(struct request *r, const char *origin)
{
	/* A cache must not give one origin's answer to another. */
	request_add_header(r, "Vary", "Origin");
	if (!origin)
		return;
	request_add_header(r, "Access-Control-Allow-Origin", origin);
	request_add_header(r, "Access-Control-Expose-Headers",
	    EXPOSE_HEADERS);
}

void
cors_preflight(struct request **r, bool allowed, const char *allow)
{
	struct answer a = { .status = 204 };

	if (!allowed) {
		request_add_header(*r, "Vary", "Origin");
		problem_answer(r, 403, "origin_not_allowed",
		    "This origin may not call this server.", NULL, 0);
		return;
	}
	cors_mark(*r, request_header(*r, "Origin"));
	request_add_header(*r, "Access-Control-Allow-Methods", allow);
	request_add_header(*r, "Access-Control-Allow-Headers", ALLOW_HEADERS);
	request_add_header(*r, "Access-Control-Max-Age", PREFLIGHT_S);
	request_answer(r, &a);
}
