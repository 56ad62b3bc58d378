/* SPDX-License-Identifier: MIT */
/*
 * topic - what a change of an order means to people: the name that rules and
 * preferences know it by.
 *
 *	order.placed order.scheduled	created
 *	order.STATUS			the order's status became STATUS
 *	order.delayed			the ETA now is 5 minutes or more behind
 *					the promise, the first time
 *	delivery.STATUS			the delivery's status became STATUS
 *	delivery.near			the rider is ten minutes away
 *	delivery.imminent		the rider is about to arrive
 *	x.NAME				the platform's own event
 *
 * Pure.
 */
#ifndef NOTIFY_TOPIC_H
#define NOTIFY_TOPIC_H

#include "order/change.h"

#define TOPIC_SIZE 96
#define TOPIC_DELAY_MS (5 * 60 * 1000)

/* The topic of one event, "" when people need not know.  before is NULL for a
   new order; after is the order behind all events of the change. */
void topic_of(const struct order *before, const struct order *after,
    const struct fact *, char out[TOPIC_SIZE]);

/* Every topic that a rule may name but "x.NAME", NULL at the end; for
   --check, GET /order-model and the preferences page. */
extern const char *const topic_names[];
bool topic_is_known(const char *);	/* "x.anything" too */

#endif
