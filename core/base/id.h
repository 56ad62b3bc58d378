/* SPDX-License-Identifier: MIT */
/*
 * id - UUIDs of version 7 (RFC 9562, 5.7): sorted by time, unguessable enough
 * to name things, never a secret.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_SIZE 37		/* 36 characters and a NUL */

struct id_maker {		/* one for each loop that makes ids; all 0 */
	int64_t last_ms;
	uint32_t count;		/* 12 + 14 bits that grow within one ms */
	uint32_t pool_left;
	unsigned char pool[240];	/* random bytes, got many at a time */
};

/* Later ids of one maker sort after earlier ones, as text too. */
void id_new(struct id_maker *, int64_t wall_ms, char out[ID_SIZE]);
/* 8-4-4-4-12 lower-case hex, any version. */
bool id_is_valid(const char *text);

#endif
