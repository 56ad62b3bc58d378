/* SPDX-License-Identifier: MIT */
/*
 * guard - is this head one that everybody would read the same way?
 *
 * A strict reader of RFC 9112 heads: what it lets through has one meaning to
 * every proxy, library and log in front of and behind us.  Where the RFC
 * leaves a choice (a repeated Content-Length of one value, obs-fold, a bare
 * LF, absolute-form targets) the answer here is no.  It keeps nothing, waits
 * for nothing and changes nothing.
 *
 * Invariants: it reads only p[0..n); a head that it accepts has exactly one
 * request line, at most GUARD_HEADERS_MAX field lines "name: value" without
 * controls in them, and a body of content_length bytes, no other framing.
 *
 * Its place: gate.c asks it about everything that peers send.
 */
#include "http/guard.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define GUARD_LENGTH_MAX 1000000000000000000u	/* far from any overflow */

enum {
	C_TOKEN = 1,		/* RFC 9110, 5.6.2: methods, field names */
	C_VALUE = 2,		/* RFC 9110, 5.5: field values */
	C_TARGET = 4,		/* RFC 3986: path, query and "%" */
	C_HOST = 8,		/* reg-name, IP-literal, port */
};

/* 0x21..0x7e; blank and tab (values) and obs-text are told apart in code. */
static const unsigned char guard_class[128] = {
	['!'] = 15, ['"'] = 2, ['#'] = 3, ['$'] = 15, ['%'] = 15, ['&'] = 15,
	['\''] = 15, ['('] = 14, [')'] = 14, ['*'] = 15, ['+'] = 15,
	[','] = 14, ['-'] = 15, ['.'] = 15, ['/'] = 6, ['0' ... '9'] = 15,
	[':'] = 14, [';'] = 14, ['<'] = 2, ['='] = 14, ['>'] = 2, ['?'] = 6,
	['@'] = 6, ['A' ... 'Z'] = 15, ['['] = 14, ['\\'] = 2, [']'] = 14,
	['^'] = 3, ['_'] = 15, ['`'] = 3, ['a' ... 'z'] = 15, ['{'] = 2,
	['|'] = 3, ['}'] = 2, ['~'] = 15,
};

/* Text between two places of the head. */
struct span {
	const char *p;
	size_t n;
};

static bool
is_of(char c, unsigned int class)
{
	unsigned char u = (unsigned char)c;

	return u < 128 && (guard_class[u] & class);
}

static bool
is_value(char c)
{
	return is_of(c, C_VALUE) || c == ' ' || c == '\t' ||
	    (unsigned char)c >= 128;
}

static size_t
span_class(struct span s, unsigned int class)
{
	size_t i;

	for (i = 0; i < s.n && is_of(s.p[i], class); i++)
		;
	return i;
}

static bool
span_is(struct span s, const char *text)
{
	return s.n == strlen(text) && !strncasecmp(s.p, text, s.n);
}

static struct span
span_trim(struct span s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* Cut the next part off in front of `by`; false: there is none. */
static bool
span_next(struct span *rest, char by, struct span *out)
{
	const char *at;

	if (!rest->p)
		return false;
	at = memchr(rest->p, by, rest->n);
	out->p = rest->p;
	out->n = at ? (size_t)(at - rest->p) : rest->n;
	rest->n -= at ? out->n + 1 : out->n;
	rest->p = at ? at + 1 : NULL;
	return true;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ---- The request line --------------------------------------------------- */

static int
check_method(struct span s, struct guard_head *out)
{
	static const char *const ours[] = { "GET", "HEAD", "POST", "PUT",
	    "PATCH", "DELETE", "OPTIONS" };
	size_t i;

	if (!s.n || span_class(s, C_TOKEN) != s.n)
		return 400;
	for (i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (s.n == strlen(ours[i]) && !memcmp(s.p, ours[i], s.n)) {
			out->is_head = i == 1;
			return 0;
		}
	return 501;
}

/* Only the origin form: we are no proxy, and have nothing to say about "*". */
static int
check_target(struct span s)
{
	size_t i;

	if (s.n > GUARD_TARGET_MAX)
		return 414;
	if (!s.n || s.p[0] != '/' || span_class(s, C_TARGET) != s.n)
		return 400;
	for (i = 0; i < s.n; i++)
		if (s.p[i] == '%' && (s.n - i < 3 ||
		    hex_value(s.p[i + 1]) < 0 || hex_value(s.p[i + 2]) < 0))
			return 400;
	return 0;
}

static int
check_version(struct span s, bool *out_is_11)
{
	if (s.n != 8 || memcmp(s.p, "HTTP/", 5) || s.p[6] != '.' ||
	    s.p[5] < '0' || s.p[5] > '9' || s.p[7] < '0' || s.p[7] > '9')
		return 400;
	if (s.p[5] != '1' || s.p[7] > '1')
		return 505;
	*out_is_11 = s.p[7] == '1';
	return 0;
}

static int
check_request_line(struct span line, struct guard_head *out,
    bool *out_is_11)
{
	struct span method, target, version;
	int status;

	if (!span_next(&line, ' ', &method) ||
	    !span_next(&line, ' ', &target) ||
	    !span_next(&line, ' ', &version) || line.p)
		return 400;
	status = check_method(method, out);
	if (!status)
		status = check_target(target);
	if (!status)
		status = check_version(version, out_is_11);
	return status;
}

/* ---- The fields --------------------------------------------------------- */

struct fields {
	uint32_t n, n_hosts;
	bool has_coding, has_close, has_keep_alive, is_11;
};

/* Twice is refused even when both agree: some would read the first, some the
   last, and some the list "3, 3". */
static int
check_length(struct span v, struct guard_head *out)
{
	size_t i;

	if (out->has_length || !v.n)
		return 400;
	for (i = 0; i < v.n; i++)
		if (v.p[i] < '0' || v.p[i] > '9')
			return 400;
	for (i = 0; i < v.n; i++) {
		out->content_length = out->content_length * 10 +
		    (uint64_t)(v.p[i] - '0');
		if (out->content_length > GUARD_LENGTH_MAX)
			return 413;
	}
	out->has_length = true;
	return 0;
}

static void
read_connection(struct span v, struct fields *f)
{
	struct span part;

	while (span_next(&v, ',', &part)) {
		part = span_trim(part);
		f->has_close |= span_is(part, "close");
		f->has_keep_alive |= span_is(part, "keep-alive");
	}
}

static int
check_meaning(struct span name, struct span v, struct fields *f,
    struct guard_head *out)
{
	if (span_is(name, "content-length"))
		return check_length(v, out);
	/* By its beginning: there are parsers that look no further. */
	if (name.n >= 17 && !strncasecmp(name.p, "transfer-encoding", 17)) {
		f->has_coding = true;
	} else if (span_is(name, "host")) {
		f->n_hosts++;
		if (!v.n || span_class(v, C_HOST) != v.n)
			return 400;
	} else if (span_is(name, "connection")) {
		read_connection(v, f);
	} else if (span_is(name, "expect")) {
		if (!span_is(v, "100-continue"))
			return 417;
		/* RFC 9110, 10.1.1: a 1.0 peer would not understand it. */
		out->expect_continue = f->is_11;
	}
	return 0;
}

static int
check_field(struct span line, struct fields *f,
    struct guard_head *out)
{
	struct span name, v;
	size_t i;

	if (line.n > GUARD_LINE_MAX || ++f->n > GUARD_HEADERS_MAX)
		return 431;
	name.p = line.p;
	name.n = span_class(line, C_TOKEN);
	/* The colon right behind the name: no blank, no folded line. */
	if (!name.n || name.n == line.n || line.p[name.n] != ':')
		return 400;
	v.p = line.p + name.n + 1;
	v.n = line.n - name.n - 1;
	for (i = 0; i < v.n; i++)
		if (!is_value(v.p[i]))
			return 400;
	return check_meaning(name, span_trim(v), f, out);
}

/* A line without its CR LF; a CR anywhere else stays in it and is refused by
   the classes above. */
static bool
next_line(struct span *rest, struct span *out)
{
	const char *lf = memchr(rest->p, '\n', rest->n);

	if (!lf || lf == rest->p || lf[-1] != '\r')
		return false;
	out->p = rest->p;
	out->n = (size_t)(lf - rest->p) - 1;
	rest->n -= out->n + 2;
	rest->p = lf + 1;
	return true;
}

int
guard_head(const char *p, size_t n, struct guard_head *out)
{
	struct guard_head h = { 0 };
	struct fields f = { 0 };
	struct span rest = { p, n };
	struct span line;
	int status;

	if (!next_line(&rest, &line))
		return 400;
	status = check_request_line(line, &h, &f.is_11);
	while (!status && next_line(&rest, &line) && line.n)
		status = check_field(line, &f, &h);
	if (status)
		return status;
	if (line.n || rest.n)
		return 400;	/* does not end with the one empty line */
	if (f.n_hosts > 1 || (f.is_11 && !f.n_hosts))
		return 400;
	/* Bodies come with their length or not at all: what is not chunked
	   cannot be chunked wrongly. */
	if (f.has_coding)
		return h.has_length ? 400 : 411;
	h.keep_alive = !f.has_close && (f.is_11 || f.has_keep_alive);
	*out = h;
	return 0;
}

ptrdiff_t
guard_find_end(const char *p, size_t n, size_t *at)
{
	const char *lf;
	size_t i = *at;

	if (n && !is_of(p[0], C_TOKEN))
		return -1;
	while (i < n && (lf = memchr(p + i, '\n', n - i))) {
		i = (size_t)(lf - p);
		if (!i || p[i - 1] != '\r')
			return -1;
		i++;
		if (i >= 4 && p[i - 3] == '\n')
			return (ptrdiff_t)i;
	}
	*at = n;
	return 0;
}

/* ---- The target --------------------------------------------------------- */

/* Decode in[0..n); -1 when a NUL comes out, or, within a path, another
   control.  out may be in. */
static ptrdiff_t
decode(const char *in, size_t n, bool is_path, char *out)
{
	unsigned char c;
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		c = (unsigned char)in[i];
		if (c == '%') {
			c = (unsigned char)(hex_value(in[i + 1]) << 4 |
			    hex_value(in[i + 2]));
			i += 2;
			if (!c || (is_path && (c < 0x20 || c == 0x7f)))
				return -1;
			if (is_path && c == '/')
				c = GUARD_SLASH;
		}
		out[k++] = (char)c;
	}
	return (ptrdiff_t)k;
}

static bool
has_bad_segment(const char *path, size_t n)
{
	struct span rest = { path + 1, n - 1 };
	struct span part;

	while (span_next(&rest, '/', &part)) {
		if (!part.n && rest.p)
			return true;	/* "//"; empty at the end is "x/" */
		if ((part.n == 1 && part.p[0] == '.') ||
		    (part.n == 2 && !memcmp(part.p, "..", 2)))
			return true;
	}
	return false;
}

int
guard_target(const char *target, size_t n, char *out_path,
    size_t *out_query)
{
	const char *mark = memchr(target, '?', n);
	size_t path_n = mark ? (size_t)(mark - target) : n;
	ptrdiff_t k;

	/* The query first, in the same room: only its bytes are of interest. */
	k = decode(target + path_n, n - path_n, false, out_path);
	if (k < 0 || !utf8_is_valid(out_path, (size_t)k))
		return 400;
	k = decode(target, path_n, true, out_path);
	if (k < 1 || !utf8_is_valid(out_path, (size_t)k) ||
	    has_bad_segment(out_path, (size_t)k))
		return 400;
	out_path[k] = '\0';
	*out_query = mark ? path_n + 1 : n;
	return 0;
}

bool
guard_path(const char *text, char *out)
{
	size_t i, n = strcspn(text, "?#");
	ptrdiff_t k;

	for (i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || (text[i] == '%' &&
		    (n - i < 3 || hex_value(text[i + 1]) < 0 ||
		    hex_value(text[i + 2]) < 0)))
			return false;
	k = decode(text, n, true, out);
	if (k < 1 || out[0] != '/')
		return false;
	out[k] = '\0';
	return true;
}
