/* SPDX-License-Identifier: MIT */
/*
 * bearer - see bearer.h.  Whether the token is any good is auth's business.
 */
#include "http/bearer.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

const char *
bearer_token(const char *header)
{
	static const char scheme[] = "Bearer ";

	if (header == NULL)
		return NULL;
	if (strncasecmp(header, scheme, sizeof(scheme) - 1) != 0)
		return "";
	header += sizeof(scheme) - 1;
	return header + strspn(header, " ");
}
