/* SPDX-License-Identifier: MIT */
/*
 * b64 - see b64.h.
 *
 * Decoding asks for an exact number of bytes, since all that is decoded here
 * (points, secrets) has one.
 */
#include "b64.h"

#include <string.h>

#include <orderwire/plugin.h>

static const char b64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t
b64_encode(const void *p, size_t n, char *out)
{
	const unsigned char *in = p;
	char *to = out;
	unsigned int bits = 0, n_bits = 0;

	for (; n; n--) {
		bits = bits << 8 | *in++;
		for (n_bits += 8; n_bits >= 6; ) {
			n_bits -= 6;
			*to++ = b64_digits[bits >> n_bits & 63];
		}
	}
	if (n_bits)
		*to++ = b64_digits[bits << (6 - n_bits) & 63];
	*to = '\0';
	return (size_t)(to - out);
}

static int
b64_value(unsigned char c)
{
	const char *at = c ? strchr(b64_digits, c) : NULL;

	return at ? (int)(at - b64_digits) : -1;
}

int
b64_decode(const char *text, unsigned char *out, size_t want)
{
	unsigned int bits = 0, n_bits = 0;
	size_t n = strnlen(text, B64_SIZE(want));
	int value;

	if (n != B64_SIZE(want) - 1)
		return OW_EINVAL;
	for (; *text; text++) {
		value = b64_value((unsigned char)*text);
		if (value < 0)
			return OW_EINVAL;
		bits = bits << 6 | (unsigned int)value;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			*out++ = (unsigned char)(bits >> n_bits);
		}
	}
	return bits & ((1u << n_bits) - 1) ? OW_EINVAL : OW_OK;
}
