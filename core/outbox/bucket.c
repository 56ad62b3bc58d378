/* SPDX-License-Identifier: MIT */
/*
 * bucket - see bucket.h.
 *
 * A rate of R a second is R thousandths of a token a millisecond, so whole
 * numbers are enough.
 */
#include "outbox/bucket.h"

#define TOKEN 1000

static int64_t
bucket_cap(const struct bucket *b)
{
	return b->rate * TOKEN;
}

void
bucket_init(struct bucket *b, int64_t rate, int64_t now_ms)
{
	b->rate = rate;
	b->level_milli = bucket_cap(b);
	b->at_ms = now_ms;
}

static void
bucket_fill(struct bucket *b, int64_t now_ms)
{
	int64_t passed_ms = now_ms - b->at_ms;

	if (passed_ms <= 0)
		return;
	b->at_ms = now_ms;
	if (passed_ms > TOKEN)		/* a second fills it from nothing */
		passed_ms = TOKEN;
	b->level_milli += passed_ms * b->rate;
	if (b->level_milli > bucket_cap(b))
		b->level_milli = bucket_cap(b);
}

uint32_t
bucket_room(struct bucket *b, int64_t now_ms)
{
	if (b->rate == 0)
		return UINT32_MAX;
	bucket_fill(b, now_ms);
	return (uint32_t)(b->level_milli / TOKEN);
}

void
bucket_take(struct bucket *b)
{
	if (b->rate != 0)
		b->level_milli -= TOKEN;
}

void
bucket_give(struct bucket *b)
{
	if (b->rate == 0)
		return;
	b->level_milli += TOKEN;
	if (b->level_milli > bucket_cap(b))
		b->level_milli = bucket_cap(b);
}

int64_t
bucket_next_ms(struct bucket *b, int64_t now_ms)
{
	if (bucket_room(b, now_ms) > 0)
		return now_ms;
	return now_ms + (TOKEN - b->level_milli + b->rate - 1) / b->rate;
}
