/* SPDX-License-Identifier: MIT */
/*
 * utf8 - see utf8.h.
 */
#include "base/utf8.h"

#include <stdint.h>

size_t
utf8_length(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 :
	    p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
	uint32_t u;
	size_t i;

	if (len < 2 || len > n)
		return len > n ? 0 : len;
	u = p[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		u = u << 6 | (p[i] & 0x3fu);
	}
	return u < least[len] || u > 0x10ffff || u >> 11 == 0xd800 >> 11 ? 0 :
	    len;
}

bool
utf8_is_valid(const char *s, size_t n)
{
	size_t len;

	while (n) {
		len = utf8_length(s, n);
		if (!len)
			return false;
		s += len;
		n -= len;
	}
	return true;
}
