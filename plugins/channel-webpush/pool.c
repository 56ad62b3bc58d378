/* SPDX-License-Identifier: MIT */
/*
 * pool - see pool.h.
 *
 * Invariants: while is_filling the batch belongs to the other thread; a pair
 * leaves the pool once and is never put back.
 */
#include "pool.h"

#include <string.h>

void
pool_init(struct pool *pool, struct ow_ctx *ctx,
    const struct ow_host_base *base)
{
	memset(pool, 0, sizeof(*pool));
	pool->ctx = ctx;
	pool->base = base;
}

/* The host has waited for the other thread, or never let it begin. */
void
pool_done(struct pool *pool)
{
	size_t i;

	for (i = 0; i < pool->n; i++)
		p256_done(&pool->pairs[i]);
	for (i = 0; i < pool->n_batch; i++)
		p256_done(&pool->batch[i]);
	pool->n = pool->n_batch = 0;
}

/* On another thread. */
static void
pool_work(void *arg)
{
	struct pool *pool = arg;

	while (pool->n_batch < POOL_BATCH &&
	    p256_make(&pool->batch[pool->n_batch]) == OW_OK)
		pool->n_batch++;
}

static void
pool_worked(void *arg)
{
	struct pool *pool = arg;
	bool is_good = pool->n_batch == POOL_BATCH;

	pool->is_filling = false;
	while (pool->n_batch > 0) {
		pool->n_batch--;
		pool->pairs[pool->n++] = pool->batch[pool->n_batch];
		pool->batch[pool->n_batch].pkey = NULL;
	}
	/* When OpenSSL can't, the next message will say so. */
	if (is_good)
		pool_fill(pool);
}

void
pool_fill(struct pool *pool)
{
	if (pool->is_filling || pool->n > POOL_LOW)
		return;
	pool->is_filling = true;
	pool->base->offload(pool->ctx, pool_work, pool_worked, pool);
}

int
pool_take(struct pool *pool, struct p256_pair *out, bool *out_made)
{
	*out_made = pool->n == 0;
	if (pool->n == 0)
		return p256_make(out);
	*out = pool->pairs[--pool->n];
	pool->pairs[pool->n].pkey = NULL;
	return OW_OK;
}
