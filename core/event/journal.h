/* SPDX-License-Identifier: MIT */
/*
 * journal - the way to the store and back.
 *
 * Transactions are built at home and gather there; they travel to the store's
 * loop in batches (adaptive group commit: nothing waits while the store is
 * idle, up to group_ms when it is busy, and longer only while it has batches
 * enough in hand), and come home settled, in the order in which they were sent
 * among those that succeed.  Questions go at the end of the turn.  At most
 * queue_max are on their way; one more is OW_EAGAIN.
 *
 * Everything but the store's own answers is home's: no function here may be
 * called from another loop while the loops run.
 *
 * A home has a journal of its own; several share one store, each with its own
 * batches, and each is told the store's state.
 */
#ifndef EVENT_JOURNAL_H
#define EVENT_JOURNAL_H

#include <orderwire/store.h>
#include "base/arena.h"
#include "base/loop.h"
#include "event/query.h"

struct journal;
struct metrics;
struct txn;

struct journal_conf {
	struct loop *home, *store_loop;	/* one may be both */
	const char *name;	/* in metrics: "orders"; NULL: "" */
	int64_t group_ms;		/* the longest wait for company */
	uint32_t queue_max;
	struct metrics *metrics;
	/* Tells home when writes start or stop being possible. */
	void (*state)(void *arg, bool up, const char *why);
	void *arg;
};

struct journal *journal_new(const struct journal_conf *);
/* After the loops were freed, or once they have stopped with nothing on its
   way: a loop that is freed looks at the letters in its box, and those of
   transactions are the journal's.  What is on its way is forgotten without
   an answer. */
void journal_free(struct journal **);

/*
 * The host's table for the store plugin's instance, and where to hand its
 * transactions.  Before the loops run.  plugin_ctx_user() of the instance is
 * its first journal; one that is attached besides joins that, and both end
 * only after the loops.
 */
const struct ow_host_store *journal_host(void);
void journal_attach(struct journal *, struct ow_ctx *,
    const struct ow_store *, void *self);

struct txn *txn_new(struct journal *);
void txn_free(struct txn **);	/* only one that was never sent */
/*
 * Add one operation.  kinds has a letter for each argument: s const char *
 * (NULL: null), b struct ow_bytes, i int64_t.  Strings are copied.
 */
void txn_add(struct txn *, enum query, int64_t expect, const char *kinds, ...);
struct arena *txn_arena(struct txn *);
uint32_t txn_count(const struct txn *);		/* operations so far */

/* done runs once, on home, never before this has returned; the txn ends when
   done returns.  result: see orderwire/store.h. */
void txn_send(struct txn **, void (*done)(void *arg, struct txn *,
    const struct ow_result *), void *arg);

/* Readers of one cell. */
const char *row_text(const struct ow_rows *, uint32_t row, uint32_t col,
    size_t *out_len);		/* NUL-terminated; NULL when null */
int64_t row_int(const struct ow_rows *, uint32_t row, uint32_t col);

#endif
