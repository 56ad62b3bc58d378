/* SPDX-License-Identifier: MIT */
/*
 * frame - a client's side of RFC 6455, as far as the generator needs it:
 * whole frames in, masked frames out.
 */
#ifndef BENCH_FRAME_H
#define BENCH_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_HEAD_MAX 8	/* of what frame_write() writes */

enum { FRAME_TEXT = 1, FRAME_CLOSE = 8, FRAME_PING = 9, FRAME_PONG = 10 };

struct frame {
	int opcode;
	const char *payload;	/* inside the bytes given */
	size_t n;
};

/* Bytes used, 0: not whole yet, -1: no server sends this. */
long frame_read(const char *p, size_t n, struct frame *out);

/* Length; out needs n + FRAME_HEAD_MAX.  n < 65536. */
size_t frame_write(char *out, int opcode, const char *p, size_t n,
    uint32_t mask);

#endif
