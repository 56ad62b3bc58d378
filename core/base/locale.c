/* SPDX-License-Identifier: MIT */
/*
 * locale - see locale.h.
 */
#include "base/locale.h"

#include <stddef.h>
#include <string.h>

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool
locale_is_valid(const char *s)
{
	size_t n = strspn(s, LETTERS);

	if (n < 2 || n > 8)
		return false;
	for (s += n; *s == '-' || *s == '_'; s += n) {
		s++;
		n = strspn(s, LETTERS DIGITS);
		if (n < 1 || n > 8)
			return false;
	}
	return !*s;
}
