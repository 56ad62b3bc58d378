/* SPDX-License-Identifier: MIT */
/*
 * carry - what the desk keeps beside a delivery that goes on: whose it is, and
 * what was said of it.  For this folder alone.
 *
 * rider.c knows drivers and where they are, delivery.c what becomes of orders
 * by them.
 */
#ifndef DESK_CARRY_H
#define DESK_CARRY_H

#include <uthash.h>

#include "base/loop.h"
#include "order/order.h"

struct carry;
struct entry;
struct event;
struct orders;

struct rider {
	UT_hash_handle hh;
	struct orders *orders;
	struct carry *carries;
	struct arena arena;		/* of known */
	struct driver known;
	uint32_t version;		/* of known; 0: nothing is */
	struct location at;
	int64_t idle_ms;		/* the loop's clock */
	char key[];			/* "tenant\nid" */
};

struct carry {
	struct carry *prev, *next;	/* of the same rider */
	struct entry *entry;
	struct rider *rider;		/* or NULL */
	/* What screens were last told, when, and when they hear more. */
	struct location told;
	int64_t told_ms;
	struct loop_timer *telling;
	/* What was said to the order of its driver. */
	uint32_t said_version;
	bool said_phone;
	/* What the adapters were last told to follow. */
	bool is_followed;
	char *task_id, *driver;
	/* What they said of the task. */
	char *heard_task;
	int64_t heard_at_ms;
	/* Ways that were asked for. */
	bool is_leg_asked;
	int64_t route_ms;		/* not again before */
};

/* NULL: too many, or no id that one can have. */
struct rider *rider_get(struct orders *, const char *tenant, const char *id);
struct rider *rider_find(struct orders *, const char *tenant,
    const char *id);
/* True: it is news. */
bool rider_know(struct rider *, const struct ow_driver *);
void rider_move(struct rider *, const struct ow_point *);
/* The order is this one's from now on, and stands where that is; NULL:
   nobody's. */
void rider_take(struct orders *, struct carry *, const char *id);
void riders_judge(struct orders *);		/* who is out of sight */
void riders_sweep(struct orders *);
void riders_done(struct orders *);
void driver_copy(struct arena *, const struct driver *, struct driver *to);

/* For one who was away: what screens were told last, or would be now; NULL:
   nothing.  Before it is counted among the watchers. */
struct event *carry_again(struct orders *, struct carry *);
/* The order as it is now stands where its driver is. */
void carry_show(struct orders *, struct carry *);
/* delivery.c: its driver has moved. */
void carry_moved(struct orders *, struct carry *);

#endif
