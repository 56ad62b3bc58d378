/* SPDX-License-Identifier: MIT */
/*
 * backoff - how long to wait before the next attempt: exponential with full
 * jitter (each wait is uniform between 0 and the step), so that many that
 * failed together do not return together.  Pure: the caller brings the luck.
 */
#ifndef OUTBOX_BACKOFF_H
#define OUTBOX_BACKOFF_H

#include <stdint.h>

/* attempt is the one that failed, from 1; random is uniform in 64 bits.  At
   least 100 ms, at most max_ms. */
int64_t backoff_ms(uint32_t attempt, int64_t base_ms, int64_t max_ms,
    uint64_t random);

#endif
