/* SPDX-License-Identifier: MIT */
/*
 * draft - a change in the making: facts written, and the order after them.
 * For the deciding files of this folder alone.
 *
 * A fact is written between draft_begin and draft_end, then the caller folds
 * the same into the order (parts.h).
 */
#ifndef ORDER_DRAFT_H
#define ORDER_DRAFT_H

#include "base/json.h"
#include "order/change.h"

/* An order of 200 items, each as long as create.c lets it be and each byte
   escaped, stays below. */
#define MESSAGE_MAX (2u << 20)

struct draft {
	const struct order *before;	/* NULL: to be created */
	const char *tenant;
	const struct intent *in;
	const struct order_rules *rules;
	struct id_maker *ids;
	const char *by;
	struct change change;
	struct buf text;		/* of the message being written */
	struct jw w;
};

/* Gives err. */
int draft_refuse(struct refusal *, int err, const char *code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
int draft_refuse_finished(const struct order *, struct refusal *);

/* The order that the facts change: made when the first of them is sure. */
struct order *draft_after(struct draft *);
/* The next event of the order after the change, with an object as data. */
struct jw *draft_begin(struct draft *, enum event_type);
void draft_end(struct draft *);
/* A message whose data the caller writes whole; the order's seq is the
   caller's, too. */
struct jw *draft_fact(struct draft *, enum event_type, const char *type,
    const struct order *, uint64_t seq);
void draft_fact_end(struct draft *);

/* Whole steps.  reason may be NULL. */
void draft_status(struct draft *, enum order_status to, const char *reason);
void draft_item(struct draft *, struct item *, enum item_status to);
void draft_delivery(struct draft *, enum delivery_status to,
    const char *reason);
void draft_driver(struct draft *, const struct driver *,
    const char *task_id);
void draft_eta(struct draft *, const struct eta *, bool is_near);

/* delivery.c */
int decide_eta(struct draft *, struct refusal *);
int decide_delivery(struct draft *, struct refusal *);
int decide_task(struct draft *, struct refusal *);
int decide_driver(struct draft *, struct refusal *);
int decide_route(struct draft *, struct refusal *);
int decide_estimate(struct draft *, struct refusal *);

#endif
