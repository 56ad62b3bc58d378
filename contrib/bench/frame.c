/* SPDX-License-Identifier: MIT */
/*
 * frame - a client's side of RFC 6455 (section 5.2).
 *
 * Pure.  Fragments are passed on as they come: the marks are looked for in
 * the stream of payload bytes, not in messages.
 */
#include "frame.h"

#include <string.h>

#define FRAME_MAX ((uint64_t)1 << 24)

long
frame_read(const char *p, size_t n, struct frame *out)
{
	const unsigned char *f = (const unsigned char *)p;
	size_t head = 2, i;
	uint64_t len;

	if (n < 2)
		return 0;
	if (f[1] & 0x80)
		return -1;	/* a server does not mask */
	len = f[1];
	if (len >= 126) {
		head = len == 126 ? 4 : 10;
		if (n < head)
			return 0;
		len = 0;
		for (i = 2; i < head; i++)
			len = len << 8 | f[i];
	}
	if (len > FRAME_MAX)
		return -1;
	if (n - head < len)
		return 0;
	*out = (struct frame){ f[0] & 15, p + head, (size_t)len };
	return (long)(head + len);
}

size_t
frame_write(char *out, int opcode, const char *p, size_t n,
    uint32_t mask)
{
	size_t head = 0, i;
	char key[4];

	out[head++] = (char)(0x80 | opcode);
	if (n < 126) {
		out[head++] = (char)(0x80 | n);
	} else {
		out[head++] = (char)(0x80 | 126);
		out[head++] = (char)(n >> 8);
		out[head++] = (char)n;
	}
	memcpy(key, &mask, sizeof(key));
	memcpy(out + head, key, sizeof(key));
	head += sizeof(key);
	for (i = 0; i < n; i++)
		out[head + i] = p[i] ^ key[i & 3];
	return head + n;
}
