/* SPDX-License-Identifier: MIT */
/*
 * txn - what the journal and its transactions know of each other; the public
 * side is journal.h.
 *
 * A transaction belongs to the loop where it is, all but the fields marked
 * "home", which stay home's wherever it travels.
 */
#ifndef EVENT_TXN_H
#define EVENT_TXN_H

#include "event/journal.h"

struct txn {
	struct mail mail;		/* of the chain that it leads */
	struct ow_txn pub;
	struct ow_result result;
	struct arena arena;		/* it lies in it itself */
	struct journal *journal;
	void (*done)(void *arg, struct txn *, const struct ow_result *);
	void *arg;
	struct ow_op *ops;		/* what pub.ops shows */
	uint32_t ops_cap;
	bool is_in_store;
	int64_t handed_us;
	struct txn *next;		/* in the queue or chain it is in */
	struct txn *live_next, **live_at;	/* home */
	uint32_t place;			/* home: of its batch, see journal.c */
	bool is_counted;		/* home: among the waiting */
};

#define TXN_OF(ptr, member)						\
	((struct txn *)(void *)((char *)(ptr) - offsetof(struct txn, member)))

/* Everything in it is copied. */
void txn_answer(struct txn *, const struct ow_result *);

#endif
