/* SPDX-License-Identifier: MIT */
/*
 * seen - see seen.h.
 *
 * uthash keeps the order of adding, so the oldest is its first.
 */
#include "seen.h"

#include <uthash.h>

#include "mem.h"

struct seen_id {
	UT_hash_handle hh;
	int64_t at_ms;
	char id[];
};

struct seen {
	size_t max;
	int64_t keep_ms, lost_ms;
	struct seen_id *ids;
};

struct seen *
seen_new(size_t max, int64_t keep_ms)
{
	struct seen *s = mem_alloc(sizeof(*s));

	s->max = max;
	s->keep_ms = keep_ms;
	s->lost_ms = -1;
	return s;
}

static void
seen_drop(struct seen *s, struct seen_id *id)
{
	HASH_DEL(s->ids, id);
	free(id);
}

void
seen_free(struct seen **p)
{
	struct seen *s = *p;

	if (!s)
		return;
	*p = NULL;
	while (s->ids)
		seen_drop(s, s->ids);
	free(s);
}

bool
seen_has(struct seen *s, const char *id, int64_t now_ms)
{
	struct seen_id *found;

	while (s->ids && now_ms - s->ids->at_ms >= s->keep_ms)
		seen_drop(s, s->ids);
	HASH_FIND_STR(s->ids, id, found);
	return found != NULL;
}

void
seen_add(struct seen *s, const char *id, int64_t now_ms)
{
	size_t n = strlen(id);
	struct seen_id *added;

	if (seen_has(s, id, now_ms))
		return;
	if (HASH_COUNT(s->ids) >= s->max) {
		s->lost_ms = s->ids->at_ms;
		seen_drop(s, s->ids);
	}
	added = mem_alloc(sizeof(*added) + n + 1);
	added->at_ms = now_ms;
	memcpy(added->id, id, n + 1);
	HASH_ADD_KEYPTR(hh, s->ids, added->id, n, added);
}

size_t
seen_count(const struct seen *s)
{
	return HASH_COUNT(s->ids);
}

int64_t
seen_lost_ms(const struct seen *s)
{
	return s->lost_ms;
}
