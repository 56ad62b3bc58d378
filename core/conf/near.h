/* SPDX-License-Identifier: MIT */
/*
 * near - "did you mean ...": the known word nearest to a misspelt one.
 */
#ifndef CONF_NEAR_H
#define CONF_NEAR_H

#include <stddef.h>
#include <stdint.h>

/* How many letters must be changed, added, dropped or swapped with their
   neighbour.  Words longer than 63 bytes are as far apart as possible. */
uint32_t near_distance(const char *a, const char *b);

/* Gather the best of several words: start with { word, NULL, 0 }. */
struct near {
	const char *word;	/* as it was written; caller's */
	const char *best;	/* the nearest so far, or NULL; caller's */
	uint32_t distance;	/* of best */
};
/* Words that are too far away to be meant are passed over. */
void near_try(struct near *, const char *known);
/* ", did you mean 'best'?", or "" when nothing is near. */
void near_hint(const struct near *, char *out, size_t size);

#endif
