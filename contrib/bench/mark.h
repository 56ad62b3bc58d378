/* SPDX-License-Identifier: MIT */
/*
 * mark - finds the time and the sequence number of a publication in whatever
 * a server made of it.
 *
 * A message carries "t":<ns>,"s":<number>.  A server may wrap it, quote it
 * once (\"t\":) and cut the stream anywhere; the pair must stay together.
 */
#ifndef BENCH_MARK_H
#define BENCH_MARK_H

#include <stddef.h>
#include <stdint.h>

#define MARK_TAIL_MAX 80

/* An unfinished mark at the end of what was seen. */
struct mark_tail {
	uint8_t n;
	char text[MARK_TAIL_MAX];
};

typedef void (*mark_fn)(void *arg, uint64_t t_ns, uint32_t seq);

void mark_scan(struct mark_tail *, const char *p, size_t n, mark_fn, void *arg);

#endif
