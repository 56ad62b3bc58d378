/* SPDX-License-Identifier: MIT */
/*
 * address - see address.h.
 *
 * On the path: check() of the descriptor, and the server's last line before it
 * becomes an outcome's detail.
 */
#include <stdio.h>
#include <string.h>

#include "../common/scrub.h"
#include "address.h"

#define LOCAL_MAX 64		/* RFC 5321, 4.5.3.1.1 */
#define LABEL_MAX 63		/* RFC 1035, 2.3.4 */

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

/* RFC 5322, 3.2.3: a dot-atom. */
static const char *
address_fault_local(const char *s, size_t n)
{
	if (n == 0 || n > LOCAL_MAX)
		return "what stands before the @ is empty or too long";
	if (s[0] == '.' || s[n - 1] == '.')
		return "what stands before the @ begins or ends with a dot";
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '.' ? s[i - 1] == '.' : !is_alnum(s[i]) &&
		    !strchr("!#$%&'*+-/=?^_`{|}~", s[i]))
			return "what stands before the @ has a character "
			    "that cannot be there";
	}
	return NULL;
}

static const char *
address_fault_domain(const char *s, size_t n)
{
	size_t label = 0;

	if (n == 0)
		return "there is no domain";
	for (size_t i = 0; i <= n; i++) {
		if (i == n || s[i] == '.') {
			if (label == 0 || label > LABEL_MAX ||
			    s[i - 1] == '-' || s[i - label] == '-')
				return "the domain is malformed";
			label = 0;
			continue;
		}
		if (!is_alnum(s[i]) && s[i] != '-')
			return "the domain has a character that cannot be "
			    "there";
		label++;
	}
	return NULL;
}

static char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

int
address_check(const char *wanted, struct ow_address *out, struct ow_fault *f)
{
	const char *at = strrchr(wanted, '@');
	const char *why = NULL;
	size_t n = strlen(wanted);

	if (!at)
		why = "there is no @";
	else if (n > ADDRESS_MAX)
		why = "an e-mail address has at most 254 characters";
	if (!why)
		why = address_fault_local(wanted, (size_t)(at - wanted));
	if (!why)
		why = address_fault_domain(at + 1, strlen(at + 1));
	if (why) {
		snprintf(f->text, sizeof(f->text), "%s", why);
		return OW_EINVAL;
	}
	memcpy(out->text, wanted, n + 1);
	/* The local part is its host's to interpret (RFC 5321, 2.4). */
	for (size_t i = 0; i <= n; i++)
		out->identity[i] = wanted + i > at ?
		    ascii_lower(wanted[i]) : wanted[i];
	snprintf(out->hint, sizeof(out->hint), "%c...%.59s", wanted[0], at);
	return OW_OK;
}

static bool
is_address_char(char c)
{
	return c != '\0' && (unsigned char)c > ' ' &&
	    !strchr("<>()[]\"',;", c);
}

static bool
is_address(const char *text, size_t *out_n)
{
	size_t n = 0;

	while (is_address_char(text[n]))
		n++;
	*out_n = n > 0 ? n : 1;
	return n > 0 && memchr(text, '@', n);
}

void
address_scrub(const char *line, char *out, size_t size)
{
	scrub(line, is_address, "(address)", out, size);
}
