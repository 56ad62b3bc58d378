/* SPDX-License-Identifier: MIT */
/*
 * seen - which ids were there before: of the last day, and at most so many.
 */
#ifndef ADAPTER_LOGISTICS_SEEN_H
#define ADAPTER_LOGISTICS_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen;

struct seen *seen_new(size_t max, int64_t keep_ms);
void seen_free(struct seen **);
bool seen_has(struct seen *, const char *id, int64_t now_ms);
/* When it is full, the oldest makes room. */
void seen_add(struct seen *, const char *id, int64_t now_ms);
size_t seen_count(const struct seen *);
/* When the last one came that had to make room; -1: none had to. */
int64_t seen_lost_ms(const struct seen *);

#endif
