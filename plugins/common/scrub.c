/* SPDX-License-Identifier: MIT */
/*
 * scrub - see scrub.h.
 */
#include "scrub.h"

#include <string.h>

void
scrub(const char *line, scrub_find *find, const char *put, char *out,
    size_t size)
{
	size_t n = 0, len, word;
	const char *from;
	bool is_one;

	while (*line && n + 1 < size) {
		is_one = find(line, &word);
		from = is_one ? put : line;
		len = is_one ? strlen(put) : word;
		line += word;
		if (len > size - 1 - n)
			len = size - 1 - n;
		memcpy(out + n, from, len);
		n += len;
	}
	out[n] = '\0';
}
