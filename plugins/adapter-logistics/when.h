/* SPDX-License-Identifier: MIT */
/*
 * when - a time as the service writes it: RFC 3339, with any offset and any
 * number of digits behind the second.  Pure.
 */
#ifndef ADAPTER_LOGISTICS_WHEN_H
#define ADAPTER_LOGISTICS_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/* ms since 1970; false: it is none, or not between 1970 and 9999. */
bool when_read(const char *text, int64_t *out_ms);

#endif
