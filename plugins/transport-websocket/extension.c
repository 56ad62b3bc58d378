/* SPDX-License-Identifier: MIT */
/*
 * extension - reads the offers of permessage-deflate.
 *
 * A header that breaks the grammar is no offer at all, and the handshake has
 * to fail (RFC 6455, 9.1); an offer in good form with a parameter that we
 * don't know, a value that it can't have, or twice the same, is declined, and
 * the next one is looked at (RFC 7692, 5.1 and 7.1).  Other extensions are
 * passed over.  No state, no I/O.
 *
 * On the path: websocket.c asks before it opens a stream.
 */
#include "extension.h"

#include <stdio.h>
#include <string.h>

#define NAME "permessage-deflate"
#define VALUE_SIZE 4		/* "15" and one more, so that "150" is none */
/* zlib has no raw deflate in a window of 256 bytes, and one of 512 may not
   stand in for it (7.1.2.1). */
#define SERVER_BITS_MIN 9

enum { P_SERVER_NO_CONTEXT, P_CLIENT_NO_CONTEXT, P_SERVER_BITS, P_CLIENT_BITS,
	P_COUNT };
enum { VALUE_NONE, VALUE_MAY, VALUE_MUST };

static const struct {
	const char *name;
	int value;
} params[P_COUNT] = {
	[P_SERVER_NO_CONTEXT] = { "server_no_context_takeover", VALUE_NONE },
	[P_CLIENT_NO_CONTEXT] = { "client_no_context_takeover", VALUE_NONE },
	[P_SERVER_BITS] = { "server_max_window_bits", VALUE_MUST },
	[P_CLIENT_BITS] = { "client_max_window_bits", VALUE_MAY },
};

/* A piece of the header. */
struct word {
	const char *p;
	size_t n;
};

/* One element of the list, as far as it was read. */
struct offer {
	bool is_deflate, is_declined;
	unsigned int seen;		/* a bit for each of params */
	uint8_t bits[P_COUNT];
};

/* ---- Grammar ------------------------------------------------------------ */

static const char token_chars[] = "!#$%&'*+-.^_`|~0123456789"
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static void
extension_skip(const char **at, const char *what)
{
	*at += strspn(*at, what);
}

static bool
extension_is(const struct word *w, const char *name)
{
	return w->n == strlen(name) && memcmp(w->p, name, w->n) == 0;
}

static bool
extension_read_token(const char **at, struct word *out)
{
	out->p = *at;
	out->n = strspn(*at, token_chars);
	*at += out->n;
	return out->n > 0;
}

/* A token, or a quoted string that is one inside.  out gets as much of it as
   fits, which is enough to see that a longer one is wrong. */
static bool
extension_read_value(const char **at, char out[VALUE_SIZE])
{
	bool is_quoted = **at == '"';
	const char *p = *at + is_quoted;
	size_t n = 0;

	for (;; p++) {
		if (is_quoted && *p == '\\')
			p++;
		if (!*p || !strchr(token_chars, *p))
			break;
		if (n < VALUE_SIZE - 1)
			out[n++] = *p;
	}
	out[n] = '\0';
	if (is_quoted && (*p++ != '"' || p[-2] == '\\'))
		return false;
	*at = p;
	return n > 0;
}

/* ---- Meaning ------------------------------------------------------------ */

/* 8 to 15, without a leading zero; else 0. */
static uint8_t
extension_bits(const char *text)
{
	if ((text[0] == '8' || text[0] == '9') && !text[1])
		return (uint8_t)(text[0] - '0');
	if (text[0] == '1' && text[1] >= '0' && text[1] <= '5' && !text[2])
		return (uint8_t)(10 + text[1] - '0');
	return 0;
}

/* value NULL: it has none.  False: the offer has to be declined. */
static bool
extension_take(struct offer *o, const struct word *name,
    const char *value)
{
	int i = 0;

	while (i < P_COUNT && !extension_is(name, params[i].name))
		i++;
	if (i == P_COUNT || (o->seen & 1u << i))
		return false;
	o->seen |= 1u << i;
	if (!value)
		return params[i].value != VALUE_MUST;
	o->bits[i] = extension_bits(value);
	return params[i].value != VALUE_NONE && o->bits[i];
}

/* 1 got one, 0 end, OW_EINVAL. */
static int
extension_next(const char **at, struct offer *o)
{
	struct word name;
	char value[VALUE_SIZE];
	bool has_value;

	memset(o, 0, sizeof(*o));
	extension_skip(at, ", \t");
	if (!**at)
		return 0;
	if (!extension_read_token(at, &name))
		return OW_EINVAL;
	o->is_deflate = extension_is(&name, NAME);
	extension_skip(at, " \t");
	while (**at == ';') {
		++*at;
		extension_skip(at, " \t");
		if (!extension_read_token(at, &name))
			return OW_EINVAL;
		extension_skip(at, " \t");
		has_value = **at == '=';
		if (has_value) {
			++*at;
			extension_skip(at, " \t");
			if (!extension_read_value(at, value))
				return OW_EINVAL;
			extension_skip(at, " \t");
		}
		if (!extension_take(o, &name, has_value ? value : NULL))
			o->is_declined = true;
	}
	return **at && **at != ',' ? OW_EINVAL : 1;
}

static bool
extension_fits(const struct offer *o)
{
	if (!o->is_deflate || o->is_declined)
		return false;
	return !o->bits[P_SERVER_BITS] ||
	    o->bits[P_SERVER_BITS] >= SERVER_BITS_MIN;
}

int
extension_find(const char *list, struct extension_deflate *out)
{
	struct extension_deflate found = { 0, 0 };
	bool has_found = false;
	struct offer o;
	int got;

	if (!list)
		return 0;
	while ((got = extension_next(&list, &o)) == 1) {
		if (has_found || !extension_fits(&o))
			continue;
		has_found = true;
		found.server_bits = o.bits[P_SERVER_BITS];
		found.client_bits = o.bits[P_CLIENT_BITS];
	}
	if (got < 0 || !has_found)
		return got;
	*out = found;
	return 1;
}

void
extension_answer(const struct extension_deflate *d,
    char out[EXTENSION_ANSWER_SIZE])
{
	size_t n;

	n = (size_t)snprintf(out, EXTENSION_ANSWER_SIZE, "%s; %s; %s", NAME,
	    params[P_SERVER_NO_CONTEXT].name,
	    params[P_CLIENT_NO_CONTEXT].name);
	/* The same value: a smaller one is allowed, but some clients are
	   not prepared for it. */
	if (d->server_bits)
		n += (size_t)snprintf(out + n, EXTENSION_ANSWER_SIZE - n,
		    "; %s=%d", params[P_SERVER_BITS].name, d->server_bits);
	if (d->client_bits)
		(void)snprintf(out + n, EXTENSION_ANSWER_SIZE - n, "; %s=%d",
		    params[P_CLIENT_BITS].name, d->client_bits);
}
