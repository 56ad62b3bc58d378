/* SPDX-License-Identifier: MIT */
/*
 * guard - is this head one that everybody would read the same way?
 *
 * libevhtp 1.2.18 accepts requests that other HTTP software reads
 * differently, corrupts a request line that comes in two segments, stalls on
 * pipelining and can be crashed by a form body.  So it is never shown anything
 * but one whole request that passed these rules (RFC 9112, sections 2 to 6,
 * and the request smuggling literature).  guard_head is pure; guard_attach
 * does the waiting.
 */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include <orderwire/plugin.h>

#define GUARD_HEADERS_MAX 64
#define GUARD_TARGET_MAX 4096
#define GUARD_LINE_MAX 8000	/* one header line */

struct guard_head {
	uint64_t content_length;
	bool has_length;
	bool expect_continue;
	bool keep_alive;	/* by version and the Connection tokens */
	bool is_head;
};

/* p[0..n) ends with the empty line.  0, or the HTTP status that says no. */
int guard_head(const char *p, size_t n, struct guard_head *out);

/*
 * The end of the head in bytes that are still coming: *at (0 at first) says
 * how far they have been looked at.  The head's length with its empty line;
 * 0: not there yet; -1: this never becomes a head (a bare LF, or no method at
 * the start), so waiting for the rest is useless.
 */
ptrdiff_t guard_find_end(const char *p, size_t n, size_t *at);

/* What a percent-encoded "/" is in a decoded path, where no other control can
   be: never an end of a segment, whatever it is for others. */
#define GUARD_SLASH '\x1f'

/*
 * The target of an accepted head.  Writes the decoded path (room for n + 1
 * bytes) with a NUL and tells where the query starts (n: there is none).
 * 0, or 400: "//", a "." or ".." segment, a percent-encoded control
 * character, or anything that does not decode to UTF-8.
 */
int guard_target(const char *target, size_t n, char *out_path,
    size_t *out_query);

/* A path as somebody wrote it down, perhaps with a query behind it: as
   guard_target would give it, in room for strlen(text) + 1 bytes.  False: it is
   none. */
bool guard_path(const char *text, char *out);

#endif
