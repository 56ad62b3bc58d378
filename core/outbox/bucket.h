/* SPDX-License-Identifier: MIT */
/*
 * bucket - so many jobs a second and not more: a token bucket that holds one
 * second's worth.  Pure: told the time.
 */
#ifndef OUTBOX_BUCKET_H
#define OUTBOX_BUCKET_H

#include <stdint.h>

struct bucket {
	int64_t rate;			/* a second; 0: no limit */
	int64_t level_milli;		/* thousandths of a token */
	int64_t at_ms;
};

/* Full. */
void bucket_init(struct bucket *, int64_t rate, int64_t now_ms);
/* How many may go now; UINT32_MAX without a limit. */
uint32_t bucket_room(struct bucket *, int64_t now_ms);
/* One goes: only when there was room. */
void bucket_take(struct bucket *);
/* It did not go after all. */
void bucket_give(struct bucket *);
/* When there is room for one; now_ms when there is. */
int64_t bucket_next_ms(struct bucket *, int64_t now_ms);

#endif
