/* SPDX-License-Identifier: MIT */
/*
 * rule - what a name and a request's headers mean; pure functions.
 *
 * It knows no files.  What it does not understand in a header it takes as not
 * said, which only costs bytes.
 */
#include "rule.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HASH_SIZE 8		/* of a bundler's, in base64url */
#define EXTENSION_MAX 12

/* ---- Names -------------------------------------------------------------- */

static const char *
name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

const char *
rule_content_type(const char *path)
{
	static const struct {
		const char *extension, *type;
	} types[] = {
		{ ".avif", "image/avif" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".gif", "image/gif" },
		{ ".htm", "text/html; charset=utf-8" },
		{ ".html", "text/html; charset=utf-8" },
		{ ".ico", "image/x-icon" },
		{ ".jpeg", "image/jpeg" },
		{ ".jpg", "image/jpeg" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".json", "application/json" },
		{ ".map", "application/json" },
		{ ".mjs", "text/javascript; charset=utf-8" },
		{ ".mp3", "audio/mpeg" },
		{ ".ogg", "audio/ogg" },
		{ ".pdf", "application/pdf" },
		{ ".png", "image/png" },
		{ ".svg", "image/svg+xml" },
		{ ".txt", "text/plain; charset=utf-8" },
		{ ".wasm", "application/wasm" },
		{ ".wav", "audio/wav" },
		{ ".webmanifest", "application/manifest+json" },
		{ ".webp", "image/webp" },
		{ ".woff", "font/woff" },
		{ ".woff2", "font/woff2" },
		{ ".xml", "application/xml" },
	};
	const char *dot = strrchr(name_of(path), '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(dot, types[i].extension) == 0)
			return types[i].type;
	return "application/octet-stream";
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_letter(char c)
{
	return is_upper(c) || (c >= 'a' && c <= 'z');
}

/* A word of eight letters is no hash: one that has neither a digit nor a
   capital is revalidated, which is merely slower. */
bool
rule_is_hashed(const char *path)
{
	static const char folder[] = "/assets/";
	const char *name = name_of(path), *dot = strchr(name, '.');
	bool is_word = true;
	const char *p;

	if (strncmp(path, folder, sizeof(folder) - 1) != 0 || !dot ||
	    dot - name < HASH_SIZE + 2 || dot[-HASH_SIZE - 1] != '-')
		return false;
	for (p = dot - HASH_SIZE; p < dot; p++) {
		if (is_digit(*p) || is_upper(*p))
			is_word = false;
		else if (!is_letter(*p) && *p != '_' && *p != '-')
			return false;
	}
	return !is_word;
}

/* Ids may have dots: ".1" is none, and neither is ".a very long word". */
static bool
has_extension(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t n = 0;

	if (!dot || !is_letter(dot[1]))
		return false;
	while (is_letter(dot[1 + n]) || is_digit(dot[1 + n]))
		n++;
	return !dot[1 + n] && n <= EXTENSION_MAX;
}

bool
rule_is_page(const char *path)
{
	return !strstr(path, "/.") && !has_extension(name_of(path));
}

/* ---- Lists in headers --------------------------------------------------- */

static size_t
blanks(const char *p)
{
	return strspn(p, " \t");
}

/* One member of a list: its first word, and whether ";q=0" forbids it. */
struct member {
	const char *word;
	size_t n;
	bool is_forbidden;
};

/* false at the end of the list. */
static bool
list_next(const char **rest, struct member *out)
{
	const char *p = *rest, *end;

	p += strspn(p, " \t,");
	if (!*p)
		return false;
	end = p + strcspn(p, ",");
	out->word = p;
	out->n = strcspn(p, ",; \t");
	out->is_forbidden = false;
	for (p += out->n; p < end; p += strcspn(p, ",;")) {
		p += *p == ';';
		p += blanks(p);
		if ((p[0] == 'q' || p[0] == 'Q') && p[1] == '=')
			out->is_forbidden = strtod(p + 2, NULL) <= 0;
		if (p < end && *p != ';')
			p++;
	}
	*rest = end;
	return true;
}

static bool
is_word(const struct member *m, const char *word)
{
	return strlen(word) == m->n && strncasecmp(m->word, word, m->n) == 0;
}

bool
rule_accepts_pack(const char *accept_encoding, int pack)
{
	static const char *const names[PACK_COUNT] = {
		[PACK_BROTLI] = "br", [PACK_GZIP] = "gzip",
	};
	const char *rest = accept_encoding ? accept_encoding : "";
	bool all = false;
	struct member m;

	if (pack == PACK_NONE)
		return true;
	while (list_next(&rest, &m)) {
		if (is_word(&m, names[pack]))
			return !m.is_forbidden;
		if (is_word(&m, "*"))
			all = !m.is_forbidden;
	}
	return all;
}

bool
rule_accepts_html(const char *accept)
{
	const char *rest = accept ? accept : "";
	struct member m;

	while (list_next(&rest, &m))
		if (is_word(&m, "text/html"))
			return !m.is_forbidden;
	return false;
}

bool
rule_has_tag(const char *if_none_match, const char *tag)
{
	const char *p = if_none_match ? if_none_match : "";
	size_t n = strlen(tag);

	p += blanks(p);
	if (p[0] == '*' && !p[1 + blanks(p + 1)])
		return true;
	/* Tags hold no quotes, and ours no comma. */
	for (; (p = strstr(p, tag)); p += n)
		if (!p[n] || strchr(" \t,", p[n]))
			return true;
	return false;
}

/* ---- Sources ------------------------------------------------------------ */

static bool
is_host(char c)
{
	return is_letter(c) || is_digit(c) || (c && strchr("-.:[]", c));
}

bool
rule_source(const char *url, char *out, size_t size)
{
	size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 :
	    strncmp(url, "http://", 7) == 0 ? 7 : 0;
	const char *p = url + scheme;
	size_t n = strcspn(p, "/?#"), label = strcspn(p, "./?#"), k;

	if (url[0] == '/' && url[1] != '/') {
		out[0] = '\0';
		return size > 0;
	}
	/* Only a whole first label can be any ("{s}", "tiles-{s}"). */
	if (!scheme || !n || scheme + n + 2 > size)
		return false;
	memcpy(out, url, scheme);
	k = scheme;
	if (memchr(p, '{', label)) {
		if (p[label] != '.' || !memchr(p, '}', label))
			return false;
		out[k++] = '*';
		p += label;
		n -= label;
	}
	for (size_t i = 0; i < n; i++) {
		if (!is_host(p[i]))
			return false;
		out[k++] = p[i];
	}
	out[k] = '\0';
	return true;
}
