/* SPDX-License-Identifier: MIT */
/*
 * clock - RFC 3339 times with milliseconds, and nothing that asks the system.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_TEXT_SIZE 25	/* "2026-11-22T10:00:00.000Z" and a NUL */

void clock_format(int64_t wall_ms, char out[CLOCK_TEXT_SIZE]);
/* RFC 3339 with any offset and any fraction; years 1970 to 9999.
   OW_OK or OW_EINVAL. */
int clock_parse(const char *text, int64_t *out_wall_ms);
/* "250ms", "30s", "5m", "12h", "7d". */
int clock_parse_span(const char *text, int64_t *out_ms);

#endif
