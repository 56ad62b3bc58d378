/* SPDX-License-Identifier: MIT */
/*
 * scrub - somebody else's words without the addresses that they repeat, so that
 * they may go into a log.  Pure.
 */
#ifndef PLUGINS_COMMON_SCRUB_H
#define PLUGINS_COMMON_SCRUB_H

#include <stdbool.h>
#include <stddef.h>

/* Is there an address at text, which is not empty?  *out_n, at least 1, is how
   long that is, or what is none and can't begin one either. */
typedef bool scrub_find(const char *text, size_t *out_n);

/* The line with `put` instead of each address, cut to size with its NUL. */
void scrub(const char *line, scrub_find *find, const char *put, char *out,
    size_t size);

#endif
