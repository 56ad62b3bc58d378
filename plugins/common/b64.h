/* SPDX-License-Identifier: MIT */
/*
 * b64 - base64url without padding (RFC 4648, 5): keys, tokens, topics.
 */
#ifndef PLUGINS_COMMON_B64_H
#define PLUGINS_COMMON_B64_H

#include <stddef.h>

#define B64_SIZE(n) (((n) * 4 + 2) / 3 + 1)	/* with the NUL */

/* Returns the length without the NUL. */
size_t b64_encode(const void *p, size_t n, char *out);
/* Strict: no padding, no blanks, no stray bits.  OW_OK if the text has exactly
   want bytes, else OW_EINVAL. */
int b64_decode(const char *text, unsigned char *out, size_t want);

#endif
