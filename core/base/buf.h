/* SPDX-License-Identifier: MIT */
/*
 * buf - bytes that grow up to a cap given at the start.
 *
 * A write that would pass the cap sets `full` and leaves the content as it
 * was; callers may write on and ask once at the end.  There is always a NUL
 * behind the last byte, not counted in n.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *p;		/* never NULL after the first write */
	size_t n, cap, max;
	bool full;
};

#define BUF_INIT(max_) { NULL, 0, 0, (max_), false }

void buf_init(struct buf *, size_t max);
void buf_done(struct buf *);
void buf_clear(struct buf *);	/* empty, keeps its memory, not full */
/* OW_OK, or OW_ELIMIT when full. */
int buf_add(struct buf *, const void *p, size_t n);
int buf_str(struct buf *, const char *s);
int buf_char(struct buf *, char c);
int buf_int(struct buf *, int64_t i);
int buf_printf(struct buf *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Room for n more bytes, or NULL when full; then say how many were used. */
char *buf_room(struct buf *, size_t n);
void buf_used(struct buf *, size_t n);
/* Drop n bytes at the front. */
void buf_drop(struct buf *, size_t n);
/* The content as a string that the caller frees; the buf is then empty. */
char *buf_take(struct buf *);

#endif
