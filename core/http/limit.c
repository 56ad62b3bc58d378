/* SPDX-License-Identifier: MIT */
/*
 * limit - token buckets by key, in bounded memory.
 *
 * A bucket is filled when it is looked at, not by a timer.  Amounts are
 * thousandths of a token, so that a rate a second is a rate a millisecond and
 * nothing is lost to rounding.
 *
 * Invariants: all places are made at the start; those in use are in the hash
 * and, oldest use first, in one ring with the free ones in front, so that the
 * next place to take is always the ring's first.
 */
#include "http/limit.h"

#include <orderwire/plugin.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/crypto.h"
#include "base/mem.h"

#define TOKEN 1000		/* of the unit in which amounts are kept */

struct bucket {
	struct bucket *prev, *next;	/* in the ring */
	unsigned char key[SHA256_SIZE];
	bool is_used;
	int64_t amount, at_ms;
	UT_hash_handle hh;
};

struct limit {
	int64_t rate, full;
	struct bucket *places, *by_key;
	struct bucket ring;		/* a head without a key */
};

static void
ring_remove(struct bucket *b)
{
	b->prev->next = b->next;
	b->next->prev = b->prev;
}

/* The last to be taken again. */
static void
ring_append(struct limit *l, struct bucket *b)
{
	b->prev = l->ring.prev;
	b->next = &l->ring;
	b->prev->next = b;
	l->ring.prev = b;
}

struct limit *
limit_new(int64_t rate, int64_t burst, uint32_t places)
{
	struct limit *l;
	uint32_t i;

	OW_ASSERT(places > 0);
	l = mem_alloc(sizeof(*l));
	l->rate = rate;
	l->full = (burst > 0 ? burst : 1) * TOKEN;
	l->ring.prev = l->ring.next = &l->ring;
	if (rate <= 0)
		return l;	/* it will never be asked for a place */
	l->places = mem_alloc(places * sizeof(*l->places));
	for (i = 0; i < places; i++)
		ring_append(l, &l->places[i]);
	return l;
}

void
limit_free(struct limit **out_l)
{
	struct limit *l = *out_l;

	if (!l)
		return;
	HASH_CLEAR(hh, l->by_key);
	free(l->places);
	free(l);
	*out_l = NULL;
}

/* The key's bucket, or a full one in the place of the one idle for longest. */
static struct bucket *
limit_place(struct limit *l,
    const unsigned char key[SHA256_SIZE], int64_t now_ms)
{
	struct bucket *b;

	HASH_FIND(hh, l->by_key, key, SHA256_SIZE, b);
	if (!b) {
		b = l->ring.next;
		if (b->is_used)
			HASH_DEL(l->by_key, b);
		memcpy(b->key, key, SHA256_SIZE);
		b->is_used = true;
		b->amount = l->full;
		b->at_ms = now_ms;
		HASH_ADD(hh, l->by_key, key, SHA256_SIZE, b);
	}
	ring_remove(b);
	ring_append(l, b);
	return b;
}

static void
bucket_fill(const struct limit *l, struct bucket *b,
    int64_t now_ms)
{
	int64_t past_ms = now_ms - b->at_ms;

	if (past_ms <= 0)
		return;
	b->at_ms = now_ms;
	/* First the division: an idle year times a rate would overflow. */
	if (past_ms > (l->full - b->amount) / l->rate)
		b->amount = l->full;
	else
		b->amount += past_ms * l->rate;
}

int
limit_take(struct limit *l, const void *key, size_t n, int64_t now_ms,
    int64_t *out_wait_ms)
{
	unsigned char hash[SHA256_SIZE] = { 0 };
	struct bucket *b;

	if (l->rate <= 0)
		return OW_OK;
	/* The first byte keeps short keys and hashes apart. */
	if (n < sizeof(hash)) {
		hash[0] = (unsigned char)n;
		memcpy(hash + 1, key, n);
	} else {
		crypto_sha256(key, n, hash);
		hash[0] = 0xff;
	}
	b = limit_place(l, hash, now_ms);
	bucket_fill(l, b, now_ms);
	if (b->amount < TOKEN) {
		*out_wait_ms = (TOKEN - b->amount + l->rate - 1) / l->rate;
		return OW_ELIMIT;
	}
	b->amount -= TOKEN;
	return OW_OK;
}
