/* SPDX-License-Identifier: MIT */
/*
 * position - where in a stream somebody was, as clients write it: ?since=N,
 * Last-Event-ID: N.  Pure.
 */
#ifndef PLUGINS_COMMON_POSITION_H
#define PLUGINS_COMMON_POSITION_H

#include <stdint.h>

/* Decimal digits and nothing else.  OW_OK, or OW_EINVAL, also above
   2^64 - 1. */
int position_read(const char *text, uint64_t *out);

#endif
