/* SPDX-License-Identifier: MIT */
/*
 * near - the known word nearest to a misspelt one.
 *
 * Optimal string alignment: a swap of neighbours counts once, because that is
 * how people mistype.  It does not know synonyms, and it stays silent rather
 * than guess: a third of the letters may differ, never more than three.
 */
#include "conf/near.h"

#include <stdio.h>
#include <string.h>

#define NEAR_LEN_MAX 63

static uint32_t
near_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t
near_distance(const char *a, const char *b)
{
	uint32_t rows[3][NEAR_LEN_MAX + 1];
	uint32_t *before = rows[0], *last = rows[1], *row = rows[2], *spare;
	size_t n = strlen(a), m = strlen(b), i, j;

	if (n > NEAR_LEN_MAX || m > NEAR_LEN_MAX)
		return UINT32_MAX;
	for (j = 0; j <= m; j++)
		last[j] = before[j] = (uint32_t)j;
	for (i = 1; i <= n; i++) {
		row[0] = (uint32_t)i;
		for (j = 1; j <= m; j++) {
			row[j] = near_min(last[j - 1] + (a[i - 1] != b[j - 1]),
			    near_min(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = near_min(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[m];
}

void
near_try(struct near *near, const char *known)
{
	uint32_t limit = (uint32_t)near_min((uint32_t)strlen(near->word), 11);
	uint32_t distance = near_distance(near->word, known);

	limit = limit < 3 ? 1 : (limit + 1) / 3;
	if (limit > 3)
		limit = 3;
	if (distance > limit)
		return;
	if (!near->best || distance < near->distance) {
		near->best = known;
		near->distance = distance;
	}
}

void
near_hint(const struct near *near, char *out, size_t size)
{
	if (near->best)
		snprintf(out, size, ", did you mean '%s'?", near->best);
	else
		out[0] = '\0';
}
