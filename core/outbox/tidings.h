/* SPDX-License-Identifier: MIT */
/*
 * tidings - what an adapter says about drivers and deliveries, as a letter to
 * the orders loop; and what that loop wants to hear about, the other way.
 *
 * Everything in both is a copy.  Whether it is legal, late or for whose eyes
 * is the desk's to say.
 */
#ifndef OUTBOX_TIDINGS_H
#define OUTBOX_TIDINGS_H

#include <orderwire/plugin.h>

#include "base/arena.h"
#include "base/loop.h"

struct outbox;
struct route;

enum tidings_kind { TIDINGS_LOCATION, TIDINGS_TASK, TIDINGS_DRIVER,
    TIDINGS_ROUTE, TIDINGS_STALE };

struct tidings {
	struct mail mail;
	struct arena arena;		/* all strings */
	void *desk;
	enum tidings_kind kind;
	const char *tenant;		/* TIDINGS_STALE: NULL */
	union {
		struct ow_point point;
		struct ow_task task;
		struct ow_driver driver;
	};
	const char *order;		/* TIDINGS_ROUTE */
	struct route *route;		/* ... counted; NULL: there is none */
	bool is_stale;			/* TIDINGS_STALE */
	const char *why;
};

struct tidings *tidings_new(enum tidings_kind, const char *tenant);
void tidings_free(struct tidings **);

enum wanted_kind { WANTED_FOLLOW, WANTED_UNFOLLOW, WANTED_ROUTE };

struct wanted {
	struct mail mail;
	struct arena arena;		/* all strings */
	struct outbox *outbox;
	enum wanted_kind kind;
	struct ow_follow follow;
	double from_lat, from_lng, to_lat, to_lng;	/* WANTED_ROUTE */
};

struct wanted *wanted_new(enum wanted_kind, const char *tenant,
    const char *order_id);
void wanted_free(struct wanted **);
/* ANY THREAD.  Is there an adapter at all; immutable after outbox_start. */
bool outbox_has_adapter(const struct outbox *);
/* ANY THREAD.  Taken. */
void outbox_want(struct outbox *, struct wanted *);

#endif
