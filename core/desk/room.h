/* SPDX-License-Identifier: MIT */
/*
 * room - what the desk's own files share.  Nobody else includes it.
 */
#ifndef DESK_ROOM_H
#define DESK_ROOM_H

#include "desk/book.h"
#include "desk/link.h"
#include "desk/orders.h"
#include "desk/person.h"
#include "desk/repeat.h"
#include "desk/ticket.h"
#include "notify/token.h"

#define FRONTS_MAX 64

enum { DESK_M_COMMANDS, DESK_M_CHANGES, DESK_M_EVENTS, DESK_M_REFUSED,
    DESK_M_CONFLICTS, DESK_M_REPEATS, DESK_M_ACTIVE, DESK_M_IN_MEMORY,
    DESK_M_STORE_READS, DESK_M_ASKS, DESK_M_REPLAYED, DESK_M_SNAPSHOTS,
    DESK_M_ROWS_WRITTEN, DESK_M_TOLD, DESK_M_NOTICES, DESK_M_JOBS,
    DESK_M_PERSONS, DESK_M_CONSENTS, DESK_M_TIDINGS, DESK_M_TIDINGS_DROPPED,
    DESK_M_TIDINGS_LOST, DESK_M_LOCATIONS, DESK_M_LOCATIONS_LATE,
    DESK_M_ESTIMATES, DESK_M_ETA_TOLD, DESK_M_ETA_DONE, DESK_M_ETA_COVERED,
    DESK_M_ETA_ERROR };

struct fetch;
struct heal;
struct jw;
struct load;
struct kitchen;
struct notices;
struct rider;
struct turns;
struct zones;

struct ask_line {		/* of their mails; first in, first out */
	struct mail *first, *last;
};

struct orders {
	struct loop *loop;
	const struct settings *set;
	const char *public_url;
	struct metric_set *metrics;
	struct journal *journal;
	struct hub *hubs[FRONTS_MAX];
	uint32_t n_hubs;
	bool loaded, store_up;
	struct ask_line early;		/* those that wait for the load */
	struct ask_line cooks;		/* and for a kitchen to be written */
	struct turn_hook cooks_turn;
	char store_why[160];
	struct id_maker ids;
	struct book book;
	struct fetch *fetches;		/* orders on their way from the store */
	struct links links;
	struct tickets tickets;
	struct repeats repeats;
	struct persons persons;
	const struct rules *rules;	/* NULL: no notices */
	const struct templates *templates;
	struct outbox *outbox;		/* NULL: no jobs */
	struct zones *zones;
	struct token_key receipt_key, unsubscribe_key;
	struct command *commands;	/* all that are not answered */
	struct load *load;		/* while it goes on */
	bool ending;			/* nobody can be answered any more */
	bool unsure;			/* there is an entry that is */
	struct heal *heals;		/* orders that were perhaps made */
	struct rider *riders;
	bool is_blind;			/* no adapter sees any driver */
	struct command *unsaid;		/* own changes, to be tried again */
	uint32_t n_unsaid;
	struct kitchen *kitchens;
	struct turns *turns;		/* room for a pass */
	struct loop_timer *estimating;
	int64_t estimating_ms;		/* when it fires */
	struct loop_timer *sweep;
	int64_t purge_at_ms, learnt_at_ms;
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
/* A front's bit among watchers. */
uint64_t desk_front_bit(const struct orders *, const struct hub *);
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
/* Its change is over: the next one in its line. */
void commit_next(struct orders *, struct entry *);

/* heal.c: to be looked at when the store can be read: what is in memory may be
   behind the log, or an order may have been made that is not. */
void heal_entry(struct orders *, struct entry *);
void heal_made(struct orders *, const struct order *as);
void heal_look(struct orders *);	/* now it can be */
void heal_done(struct orders *);

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

/* A person's own things. */
void inbox_list(struct orders *, struct command *);
void inbox_read(struct orders *, struct command *);
void inbox_read_all(struct orders *, struct command *);
void inbox_remove(struct orders *, struct command *);
void inbox_remove_all(struct orders *, struct command *);
void inbox_forgotten(struct orders *, struct command *);
void profile_get(struct orders *, struct command *);
void profile_put(struct orders *, struct command *);
void opt_unsubscribe(struct orders *, struct command *);
void opt_take(struct orders *, struct command *);
void address_add(struct orders *, struct command *);
void address_remove(struct orders *, struct command *);
void receipt_take(struct orders *, struct command *);
void journey_read(struct orders *, struct command *, struct entry *);

/* The order is another one now, or new in memory. */
void desk_look(struct orders *, struct entry *);
/* say.c: a change of our own, for say() to take; its line is the entry's.  It
   may end before say() returns. */
struct command *say_new(struct orders *, const struct entry *,
    enum intent_kind);
void say(struct orders *, struct command *, struct entry *);
/* The store did not take it, or the orders were not read yet: try it once
   more in a while.  Takes it. */
void say_again(struct orders *, struct command *);
void say_sweep(struct orders *);
void say_done(struct orders *);

/* delivery.c, rider.c: drivers. */
void delivery_look(struct orders *, struct entry *);
void delivery_forget(struct orders *, struct entry *);
void riders_sweep(struct orders *);
void riders_done(struct orders *);
/* As it may be told again: without a phone, unless the order shows it now.
   order NULL: it is not in memory, or whoever reads this never sees one. */
void delivery_add_message(struct buf *out, const struct order *,
    const char *message, size_t n);
struct event *delivery_event(const struct order *, struct event *);

/* estimate.c: when it will be there. */
void estimate_look(struct orders *, struct entry *);
void estimate_mark(struct orders *, struct entry *);	/* some time soon */
void estimate_forget(struct entry *);
void estimate_quote(void *orders, struct order *);	/* a new one's */
void kitchens_done(struct orders *);
struct turns *turns_new(void);
void learnt_save(struct orders *, uint32_t max);
void learnt_report(struct orders *, struct command *);

void behind_start(struct orders *);
/* One of o->rows_out is in the store, or is not. */
void behind_written(struct orders *);
void behind_stop(struct orders *);

/* Seconds-and-chance for a Retry-After while the store is away. */
int64_t desk_retry_ms(void);
/* Ends with 204, or with 404. */
void desk_answer_done(struct orders *, struct command *);
void desk_answer_absent(struct orders *, struct command *, const char *code,
    const char *what);
/* Ends with 401: the token in its path or body is none. */
void desk_answer_token(struct orders *, struct command *);
/* The id as `next_cursor`; NULL: null. */
void desk_write_cursor(struct jw *, const char *id);

/* ---- own: a command that changes what is one person's ------------------- */

/* Lies in the command's arena. */
struct own {
	struct person_visit visit;	/* first */
	struct command *c;
	const char *tenant, *sub;
	/* The person is in memory: decide, then own_send or desk_answer; and
	   again after a conflict with another writer, unless there is
	   `again`. */
	void (*step)(struct orders *, struct own *, struct person *);
	void (*again)(struct orders *, struct own *);
	/* It is so now: what else is to be done in memory; or NULL. */
	void (*done)(struct orders *, struct own *, struct person *,
	    const struct ow_rows *);
	void *arg;
	bool fresh;		/* was read for this command */
	struct person *person;		/* while it is under way */
	struct person_news news;	/* seq 0: none */
};
/* The person of c->who, unless it says otherwise by then. */
struct own *own_new(struct command *, void (*step)(struct orders *,
    struct own *, struct person *));
/* Fetch the person, then step. */
void own_start(struct orders *, struct own *);
/* The same after reading it again. */
void own_refresh(struct orders *, struct own *, struct person *);
/* A transaction for p, which is held for it; with the answer under the
   Idempotency-Key: status and body must be there. */
struct txn *own_txn(struct orders *, struct own *, struct person *);
void own_send(struct own *, struct txn **);

/* How a notice was seen whose order is open on a screen. */
#define SEEN_LIVE "watched live"

/* ---- notice: what an order's change makes of notices -------------------- */

/* What the rules make of these facts; NULL: nothing.  Lies in the arena. */
struct notices *notice_plan(struct orders *, const struct order *before,
    const struct order *after, const struct change *, struct arena *);
/* Whose they are, when one of them is somebody's; else NULL. */
const char *notice_sub(const struct notices *);
/* Add them and their jobs to the event's transaction.  e may be NULL, p too
   if notice_sub is.  From here on to notice_settled p is held. */
void notice_add(struct orders *, struct notices *, struct txn *,
    struct entry *e, struct person *p, int64_t at_ms);
/* An operation that only failed because the person is not as was assumed. */
bool notice_is_op(const struct notices *, uint32_t op);
/* Tell the person and wake the outbox, or forget it all. */
void notice_settled(struct orders *, struct notices *, int err);

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
