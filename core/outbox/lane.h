/* SPDX-License-Identifier: MIT */
/*
 * lane - the way of tidings to the orders loop: so many are on it, and no
 * more.
 *
 * Where the orders loop falls behind, of each driver's places only the newest
 * waits (and of what is said of being out of sight the last), in the order in
 * which the drivers came; past LANE_WAITING_MAX of them the oldest goes.  A
 * task, a driver, a route can't be replaced by a newer one: past
 * LANE_LASTING_MAX it is refused, which is counted, and said once.
 */
#ifndef OUTBOX_LANE_H
#define OUTBOX_LANE_H

#include "outbox/tidings.h"

#define LANE_NEWEST_MAX 1024u	/* places on their way */
#define LANE_WAITING_MAX 20000u	/* drivers whose place waits */
#define LANE_LASTING_MAX 8192u	/* others on their way */

struct lane;
struct metrics;

/* metrics may be NULL.  send takes what it gets; freed, it makes room. */
struct lane *lane_new(struct loop *, struct metrics *,
    void (*send)(void *arg, struct tidings *), void *arg);
/* What waits is forgotten; what is on its way arrives. */
void lane_free(struct lane **);
void lane_send(struct lane *, struct tidings *);	/* taken */

#endif
