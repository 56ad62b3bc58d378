/* SPDX-License-Identifier: MIT */
/*
 * pool - key pairs made before they are needed, on another thread.
 *
 * Each message needs a pair of its own, and making one takes a third of the
 * message's whole time; so a burst finds them ready.
 */
#ifndef WEBPUSH_POOL_H
#define WEBPUSH_POOL_H

#include <orderwire/plugin.h>

#include "p256.h"

#define POOL_SIZE 256
#define POOL_LOW 192		/* below this it is refilled */
#define POOL_BATCH 64		/* made in one go */

struct pool {
	struct ow_ctx *ctx;
	const struct ow_host_base *base;
	size_t n;
	struct p256_pair pairs[POOL_SIZE];
	bool is_filling;		/* batch is another thread's */
	size_t n_batch;
	struct p256_pair batch[POOL_BATCH];
};

void pool_init(struct pool *, struct ow_ctx *, const struct ow_host_base *);
void pool_done(struct pool *);
/* Refill it in the background, if it is low. */
void pool_fill(struct pool *);
/* The pair is the caller's.  *out_made: there was none, so it was made here.
   OW_OK or OW_EIO. */
int pool_take(struct pool *, struct p256_pair *out, bool *out_made);

#endif
