/* SPDX-License-Identifier: MIT */
/*
 * decide - may this go out, when, and why not: one pure function for the
 * moment of the event and again for the moment of sending, so that the
 * journey tells the same story.
 */
#ifndef NOTIFY_DECIDE_H
#define NOTIFY_DECIDE_H

#include "base/zone.h"
#include "notify/prefs.h"
#include "notify/rule.h"

#define WHY_SIZE 200

enum decision { DECIDE_SEND, DECIDE_LATER, DECIDE_SKIP };

struct decide {			/* all that is known */
	const char *event;
	enum medium medium;
	bool only_unseen;	/* a later step, or none that says always */
	bool critical;
	int64_t at_ms;		/* of the event */
	int64_t due_ms;		/* of the step */
	int64_t stale_ms;	/* no news any more from then on */
	int64_t now_ms;
	const struct prefs *prefs;	/* NULL: of no person (a webhook) */
	bool is_watching;	/* the order is open on a live socket */
	int64_t seen_ms;	/* 0: not yet */
	const char *seen_how;	/* "displayed on a device" */
	const char *off_why;	/* the address is off; NULL: it is not */
	bool has_address;
	bool has_channel;	/* one of this medium is enabled */
};

struct decided {
	enum decision decision;
	int64_t due_ms;			/* DECIDE_LATER: when to ask again */
	char why[WHY_SIZE];		/* LATER and SKIP: words for an admin */
};

/* The first that applies: no channel, no address, address off, preferences,
   seen or watching (with only_unseen), stale, step not due yet, quiet hours
   (until their end; skip when it is stale by then).  The inbox needs no
   channel and no address, and no hour is quiet for it. */
void decide(const struct decide *, struct zones *, struct decided *out);

/* The end of the quiet hours that now_ms lies in; 0: it is not quiet.  from
   equal to to is never quiet. */
int64_t quiet_end(const struct prefs *, struct zones *, int64_t now_ms);

#endif
