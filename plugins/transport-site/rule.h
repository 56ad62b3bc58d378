/* SPDX-License-Identifier: MIT */
/*
 * rule - what a name and a request's headers mean; pure functions.
 *
 * Names are paths as they are served, "/assets/map-9qjSjTMy.js"; headers are
 * values as they came, NULL for none.
 */
#ifndef SITE_RULE_H
#define SITE_RULE_H

#include <stdbool.h>
#include <stddef.h>

/* How a body is packed, from the best. */
enum { PACK_BROTLI, PACK_GZIP, PACK_NONE, PACK_COUNT };

/* "text/html; charset=utf-8"; never NULL. */
const char *rule_content_type(const char *path);
/* Its name changes with its content, as those of a bundler's do. */
bool rule_is_hashed(const char *path);
/* A page of the app's own router: no segment is a dot file and the last has no
   extension such as ".js". */
bool rule_is_page(const char *path);

/* May the answer be packed like this? */
bool rule_accepts_pack(const char *accept_encoding, int pack);
bool rule_accepts_html(const char *accept);
/* If-None-Match names this tag, quotes and all (RFC 9110, 13.1.2). */
bool rule_has_tag(const char *if_none_match, const char *tag);

/* The source that Content-Security-Policy names for a URL, or for a template
   of the URLs of tiles, where a first label in braces becomes any; "" of a
   path of our own.  false: it is no such URL, or does not fit. */
bool rule_source(const char *url, char *out, size_t size);

#endif
