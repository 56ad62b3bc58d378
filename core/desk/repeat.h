/* SPDX-License-Identifier: MIT */
/*
 * repeat - Idempotency-Key: the same request twice is done once and answered
 * twice (draft-ietf-httpapi-idempotency-key-header).
 *
 * The answer is stored in the transaction of the change itself, so there is
 * no moment in which one exists without the other.  A stored answer is
 *
 *	link id \n body			below 400 (the link id may be empty)
 *	code \n detail \n more		from 400 on
 *
 * and a link's token is made again when it is told, not stored.
 */
#ifndef DESK_REPEAT_H
#define DESK_REPEAT_H

#include <uthash.h>

#include "base/buf.h"

#define REPEAT_TTL_MS (24 * 3600 * 1000ll)

struct command;
struct links;
struct orders;
struct txn;

struct repeat {			/* a request that is being worked on */
	UT_hash_handle hh;
	char key[];		/* scope, newline, key */
};

struct repeats {
	struct repeat *busy;
};

/* The key is this command's until repeat_leave; false: another has it. */
bool repeat_enter(struct repeats *, struct command *);
void repeat_leave(struct repeats *, struct command *);
void repeats_done(struct repeats *);

/* Add the answer, as the first operation of a transaction. */
void repeat_add(struct txn *, const struct command *, const char *link_id,
    int64_t wall_ms);
/* The key was used before: find that answer and give it again. */
void repeat_tell(struct orders *, struct command *,
    void (*again)(struct orders *, struct command *));

#endif
