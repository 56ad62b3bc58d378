/* SPDX-License-Identifier: MIT */
/*
 * limit - token buckets by key (an address, a token), in bounded memory.
 *
 * The table has a fixed number of places: with more keys than places the one
 * idle for longest is forgotten, which forgives it but never stops others.
 */
#ifndef HTTP_LIMIT_H
#define HTTP_LIMIT_H

#include <stddef.h>
#include <stdint.h>

struct limit;

/* rate: a second, 0: everything passes.  burst: how many at once. */
struct limit *limit_new(int64_t rate, int64_t burst, uint32_t places);
void limit_free(struct limit **);
/* OW_OK, or OW_ELIMIT and how long to wait. */
int limit_take(struct limit *, const void *key, size_t n, int64_t now_ms,
    int64_t *out_wait_ms);

#endif
