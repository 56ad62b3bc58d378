/* SPDX-License-Identifier: MIT */
/*
 * position - see position.h.
 */
#include "position.h"

#include <orderwire/plugin.h>

int
position_read(const char *text, uint64_t *out)
{
	uint64_t n = 0;
	unsigned int digit;

	if (!*text)
		return OW_EINVAL;
	for (; *text; text++) {
		digit = (unsigned int)(*text - '0');
		if (digit > 9 || n > (UINT64_MAX - digit) / 10)
			return OW_EINVAL;
		n = n * 10 + digit;
	}
	*out = n;
	return OW_OK;
}
