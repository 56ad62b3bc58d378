/* SPDX-License-Identifier: MIT */
/*
 * retry - what a Retry-After header asks for (RFC 9110, 10.2.3).
 */
#ifndef NET_RETRY_H
#define NET_RETRY_H

#include <stdint.h>

#define RETRY_AFTER_MAX_MS (7 * 86400000LL)

/*
 * In ms from now on: value is a number of seconds or a date, which is taken
 * against date, the answer's own Date (NULL or nonsense: against now_s,
 * seconds since 1970), so that a clock that is wrong does no harm.  0 for
 * NULL, for nonsense and for the past; at most RETRY_AFTER_MAX_MS.
 */
int64_t retry_after_ms(const char *value, const char *date, int64_t now_s);

#endif
