/* SPDX-License-Identifier: MIT */
/*
 * book - the orders in memory: all active ones, and others for a while.
 *
 * An entry is the last committed state of one order with what screens need of
 * it: the encoded snapshot, the latest events (so that a reconnect storm reads
 * no database), and which fronts watch.  The book only keeps; what changes an
 * order is commit's business.  The orders loop's own.
 */
#ifndef DESK_BOOK_H
#define DESK_BOOK_H

#include <uthash.h>

#include "event/event.h"
#include "order/order.h"

struct carry;
struct command;
struct estimate;
struct id_maker;
struct kitchen;

struct entry {
	struct order *order;
	struct event *snapshot;		/* of order->seq, or NULL */
	uint32_t snapshots;		/* asked for, of this seq */
	int64_t snapshot_ms;		/* wall; good until then */
	struct event **recent;		/* contiguous, the last is order->seq */
	uint32_t n_recent, recent_cap;
	uint64_t doc_seq;		/* what the stored row contains */
	uint64_t watchers;		/* a bit for each front */
	uint64_t present;	/* those where its customer, or who has a
				   tracking token, looks at it */
	int64_t seen_ms;		/* when one last did; wall clock */
	bool busy;	/* a change is on its way to the store */
	bool unsure;			/* the log may be ahead of the order */
	uint32_t n_waiting;
	struct command *waiting, *waiting_tail;
	char *in_kitchen;	/* as kitchen.snapshot has it, or NULL */
	size_t in_kitchen_n;
	int64_t touched_ms;		/* loop clock */
	struct carry *carry;		/* of a delivery that goes on */
	struct estimate *estimate;	/* or NULL */
	int64_t located_ms;	/* when the row last got a location */
	bool behind;			/* in the list of rows to write */
	struct entry *behind_prev, *behind_next;
	struct book_tenant *tenant;
	struct book_customer *customer;
	struct entry *prev, *next;	/* the tenant's active, or the past */
	struct entry *c_prev, *c_next;	/* the customer's active */
	bool listed_active;
	UT_hash_handle by_id, by_ref;
	char ref_key[];			/* "tenant\nexternal_ref" */
};

struct book_customer {
	struct entry *active;		/* oldest first */
	UT_hash_handle hh;
	char id[];
};

struct book_tenant {
	struct entry *active;		/* by id, oldest first */
	uint64_t n_active;
	uint64_t watchers;		/* fronts with kitchen screens */
	struct event *kitchen;		/* encoded kitchen.snapshot, or NULL */
	struct kitchen *learnt;		/* or NULL: nothing is estimated */
	struct book_customer *customers;
	UT_hash_handle hh;
	char name[];
};

struct book {
	struct entry *by_id, *by_ref;
	struct book_tenant *tenants;
	struct entry *past;		/* finished ones, least recent first */
	struct entry *behind;
	uint64_t n_active;
	uint32_t recent_max;
};

void book_init(struct book *, uint32_t recent_max);
void book_done(struct book *);
struct book_tenant *book_tenant(struct book *, const char *name);

/* text: an id, or "ref:" and an external_ref. */
struct entry *book_find(struct book *, const char *tenant, const char *text);
struct entry *book_find_id(struct book *, const char *id);
/* Takes the order. */
struct entry *book_add(struct book *, struct order **, uint64_t doc_seq,
    int64_t now_ms);
void book_remove(struct book *, struct entry **);

/* The order as it is after n events (each a reference taken over); after NULL:
   only its seq moved.  Drops what was encoded of the old state. */
void entry_advance(struct book *, struct entry *, struct order **after,
    struct event *const *events, uint32_t n, int64_t now_ms);
/* Put older events in front of the recent ones, where they join on. */
void entry_recall(struct entry *, struct event *const *events, uint32_t n);
/* The order.snapshot message, a reference for the caller.  The entry keeps it
   once it is asked for often: most orders have one or two screens, and 1 kB
   each would be most of what an idle screen costs. */
struct event *entry_snapshot(struct entry *, struct id_maker *,
    int64_t wall_ms);
/* Something beside its events has changed. */
void entry_forget_snapshot(struct entry *);
/* Are all events after since in memory; then *out_first is where they start. */
bool entry_has_since(const struct entry *, uint64_t since,
    uint32_t *out_first);
/* Is all there that tenant_kitchen puts together?  If not, as many orders as
   *budget says are written towards it, and taken off that. */
bool tenant_kitchen_prepare(struct book_tenant *, uint32_t *budget);
/* The kitchen.snapshot message; the tenant keeps it until an order changes. */
struct event *tenant_kitchen(struct book_tenant *, struct id_maker *,
    int64_t wall_ms);

/* Somebody looks at it on these fronts, or does no more. */
void entry_set_present(struct entry *, uint64_t fronts, bool is_present,
    int64_t wall_ms);

/* The row is older than the order: write it some time. */
void book_mark_behind(struct book *, struct entry *);
void book_unmark_behind(struct book *, struct entry *);

#endif
