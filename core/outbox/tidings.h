/* SPDX-License-Identifier: MIT */
/*
 * tidings - what an adapter says about drivers and deliveries, as a letter to
 * the orders loop; and what that loop wants to hear about, the other way.
 *
 * Everything in both is a copy.  Whether it is legal, late or for whose eyes
 * is the desk's to say.  How many letters may be on their way is lane.c's; a
 * load counts them, wherever they end.
 */
#ifndef OUTBOX_TIDINGS_H
#define OUTBOX_TIDINGS_H

#include <orderwire/plugin.h>

#include "base/arena.h"
#include "base/loop.h"

struct load;
struct outbox;
struct route;

enum tidings_kind { TIDINGS_LOCATION, TIDINGS_TASK, TIDINGS_DRIVER,
    TIDINGS_ROUTE, TIDINGS_STALE };

struct tidings {
	struct mail mail;
	struct arena arena;		/* all strings */
	struct load *load;		/* it is counted in; or NULL */
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
void tidings_free(struct tidings **);		/* ANY THREAD */
/* The next one makes this one worthless. */
bool tidings_is_replaceable(enum tidings_kind);

struct load *load_new(void);
/* Those that are counted in may outlive it. */
void load_unref(struct load **);
/* Count it in until it is freed.  False: there are max of its sort already.
   One thread alone may call. */
bool load_enter(struct load *, struct tidings *, uint32_t max);
uint32_t load_count(const struct load *, enum tidings_kind);	/* its sort */

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
