/* SPDX-License-Identifier: MIT */
/*
 * What the guard accepts, another strict parser must read in the same way:
 * the same method, target and body length, and the end of the head at the
 * same byte.  (It may refuse what the other accepts; that is its purpose.)
 */
#include <http_parser.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/guard.h"

struct seen {
	const char *target;
	size_t target_n;
	bool is_complete;
};

static int
on_url(http_parser *parser, const char *p, size_t n)
{
	struct seen *s = parser->data;

	s->target = p;
	s->target_n = n;
	return 0;
}

static int
on_head(http_parser *parser)
{
	struct seen *s = parser->data;

	s->is_complete = true;
	http_parser_pause(parser, 1);
	return 0;
}

static void
must(bool it)
{
	if (!it)
		abort();
}

/* The other parser's opinion of a head that the guard let through. */
static void
compare(const char *p, size_t n, const struct guard_head *h)
{
	http_parser_settings settings;
	const char *space = memchr(p, ' ', n);
	struct seen seen = { 0 };
	const char *name;
	http_parser parser;

	http_parser_settings_init(&settings);
	settings.on_url = on_url;
	settings.on_headers_complete = on_head;
	http_parser_init(&parser, HTTP_REQUEST);
	parser.data = &seen;
	http_parser_execute(&parser, &settings, p, n);
	must(seen.is_complete);
	must(HTTP_PARSER_ERRNO(&parser) == HPE_PAUSED);
	name = http_method_str(parser.method);
	must(strlen(name) == (size_t)(space - p) &&
	    !memcmp(name, p, strlen(name)));
	must(seen.target == space + 1 && seen.target[seen.target_n] == ' ');
	must(!(parser.flags & F_CHUNKED));
	must(h->has_length == (parser.content_length != UINT64_MAX));
	must(!h->has_length || parser.content_length == h->content_length);
}

/* The same bytes, written down by somebody. */
static void
decode_text(const char *target, size_t n)
{
	char *text = malloc(n + 1), *path = malloc(n + 1);

	memcpy(text, target, n);
	text[n] = '\0';
	if (guard_path(text, path))
		must(path[0] == '/' && strlen(path) <= n);
	free(path);
	free(text);
}

static void
decode(const char *p, size_t n)
{
	const char *target = (const char *)memchr(p, ' ', n) + 1;
	size_t len = (size_t)((const char *)memchr(target, ' ', n) - target);
	char *path = malloc(len + 1);
	size_t query;

	if (!guard_target(target, len, path, &query)) {
		must(path[0] == '/' && strlen(path) <= len && query <= len);
		must(!strstr(path, "//") && !strstr(path, "/../"));
	}
	free(path);
	decode_text(target, len);
}

/* However the bytes come, the head ends at the same place. */
static ptrdiff_t
find_end(const char *p, size_t n)
{
	size_t whole_at = 0, at = 0, k;
	ptrdiff_t whole = guard_find_end(p, n, &whole_at);
	ptrdiff_t end = 0;

	for (k = 1; k <= n && !end; k++)
		end = guard_find_end(p, k, &at);
	must(end == whole);
	return end;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct guard_head h;
	ptrdiff_t end;
	char *p;

	if (!n)
		return 0;
	p = malloc(n);		/* exactly: so reading on is noticed */
	memcpy(p, bytes, n);
	end = find_end(p, n);
	(void)guard_head(p, n, &h);
	if (end > 0 && !guard_head(p, (size_t)end, &h)) {
		compare(p, (size_t)end, &h);
		decode(p, (size_t)end);
	}
	free(p);
	return 0;
}
