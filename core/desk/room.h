/* SPDX-License-Identifier: MIT */
/*
 * room - what the desk's own files share.  Nobody else includes it.
 */
#ifndef DESK_ROOM_H
#define DESK_ROOM_H

#include "desk/book.h"
#include "desk/link.h"
#include "desk/orders.h"
#include "desk/repeat.h"
#include "desk/ticket.h"

#define FRONTS_MAX 64

enum { DESK_M_COMMANDS, DESK_M_CHANGES, DESK_M_EVENTS, DESK_M_REFUSED,
    DESK_M_CONFLICTS, DESK_M_REPEATS, DESK_M_ACTIVE, DESK_M_IN_MEMORY,
    DESK_M_STORE_READS, DESK_M_ASKS, DESK_M_REPLAYED, DESK_M_SNAPSHOTS,
    DESK_M_ROWS_WRITTEN, DESK_M_TOLD };

struct fetch;
struct heal;
struct load;

struct orders {
	struct loop *loop;
	const struct settings *set;
	const char *public_url;
	struct metric_set *metrics;
	struct journal *journal;
	struct hub *hubs[FRONTS_MAX];
	uint32_t n_hubs;
	bool loaded, store_up;
	struct mail *early, *early_last; /* asks that wait for the load */
	char store_why[160];
	struct id_maker ids;
	struct book book;
	struct fetch *fetches;		/* orders on their way from the store */
	struct links links;
	struct tickets tickets;
	struct repeats repeats;
	struct command *commands;	/* all that are not answered */
	struct load *load;		/* while it goes on */
	bool ending;			/* nobody can be answered any more */
	bool unsure;			/* there is an entry that is */
	struct heal *heals;		/* orders that were perhaps made */
	struct loop_timer *sweep;
	int64_t purge_at_ms;
	uint32_t rows_out;		/* rows on their way to the store */
	void (*flushed)(void *arg);
	void *flushed_arg;
};

/* ---- fetch: what may have to come from the store ------------------------ */

/* Embed it.  found runs once, perhaps before the fetch_ call returns.  With
   an error e is NULL: OW_ENOENT, or the store's. */
struct visit {
	struct visit *next;
	void (*found)(struct visit *, struct orders *, struct entry *e,
	    int err);
};
/* The order, by id or "ref:...". */
void fetch_order(struct orders *, const char *tenant, const char *text,
    struct visit *);
/* What another writer appended behind the entry, which is told as well. */
void fetch_newer(struct orders *, const char *id, struct visit *);
/* The last events, into the entry's memory. */
void fetch_log(struct orders *, const char *id, struct visit *);
/* A tracking link, into o->links (found gets no entry then). */
void fetch_link(struct orders *, const char *hash, struct visit *);
/* All visits end with OW_EAGAIN. */
void fetch_done(struct orders *);

/* ---- the parts ---------------------------------------------------------- */

/* From the start: what a command is, and may. */
void desk_command(struct orders *, struct command *);
/* Hold the Idempotency-Key, if there is one; false: it is in use, and the
   command has been answered so. */
bool desk_enter(struct orders *, struct command *);
/* The key's stored answer had outlived its time: as if it had not been. */
void desk_start_over(struct orders *, struct command *);
/* A stream's question. */
void watch_ask(struct orders *, struct ask *);
/* The orders are in memory, or can't be for now: answer who came early. */
void watch_early(struct orders *);
void watch_done(struct orders *);
/* Ends the desk's business with a command. */
void desk_answer(struct orders *, struct command *);
void desk_answer_store(struct orders *, struct command *, int err);
void desk_refuse(struct command *, const struct refusal *);
/* The order as the body, still open: desk_answer closes it. */
void desk_answer_order(struct command *, int status, const struct order *);
/* Append the link's token and URL, which are never stored. */
void desk_finish_link(struct orders *, struct command *, const char *link_id);

/* e NULL: to create one.  Waits its turn when the order is busy. */
void commit_change(struct orders *, struct command *, struct entry *e);
/* Look what became of changes whose outcome is open. */
void commit_heal(struct orders *);
void commit_done(struct orders *);
/* Add the link's row; its token is known from its id. */
void share_add_link(struct orders *, struct txn *, const char *link_id,
    const char *tenant, const char *order_id, int64_t expires_ms);
void share_link(struct orders *, struct command *, struct entry *);
void share_revoke(struct orders *, struct command *, struct entry *);
void share_ticket(struct orders *, struct command *);
/* Everybody who watches hears these (before the entry advances: it may drop
   the oldest of many). */
void desk_tell(struct orders *, struct entry *, struct event *const *,
    uint32_t n);

void read_order(struct orders *, struct command *, struct entry *);
void read_list(struct orders *, struct command *);

void load_drop(struct orders *);

void behind_start(struct orders *);
void behind_stop(struct orders *);

/* Seconds-and-chance for a Retry-After while the store is away. */
int64_t desk_retry_ms(void);

/* ---- revive: rows of the store as orders and events --------------------- */

/* NULL (and a line in the log) when the document is broken. */
struct order *revive_order(const struct ow_rows *, uint32_t row,
    uint32_t doc_col);
/* seq, at_ms, type, message from col on. */
struct event *revive_event(const char *tenant, const char *order_id,
    const struct ow_rows *, uint32_t row, uint32_t col);
/* OW_OK, or OW_EIO (and a line in the log): the log is broken there. */
int revive_fold(struct order *, const struct ow_rows *, uint32_t row,
    uint32_t col);

#endif
