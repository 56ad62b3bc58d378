/* SPDX-License-Identifier: MIT */
/*
 * command - one thing asked of the orders loop, and its answer.
 *
 * Made on a front by api/, sent to the orders loop, answered there, and back
 * home with loop_send: done runs on the front and frees it.  What it points
 * to lives in its arena or is owned by it.
 */
#ifndef DESK_COMMAND_H
#define DESK_COMMAND_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/form.h"
#include "base/loop.h"
#include "order/change.h"
#include "order/who.h"

struct opt;
struct prefs;

enum command_kind {
	CMD_CHANGE,		/* an intent: create, status, item, eta, ... */
	CMD_GET,		/* the order */
	CMD_TRACKING,		/* the order.snapshot message */
	CMD_EVENTS,		/* the log after a seq */
	CMD_LIST,
	CMD_LINK_NEW,
	CMD_LINK_REVOKE,
	CMD_TICKET,
	CMD_NOTICES,		/* a person's inbox */
	CMD_NOTICE_READ,
	CMD_NOTICES_READ,
	CMD_NOTICE_REMOVE,
	CMD_NOTICES_REMOVE,
	CMD_PREFS_GET,
	CMD_PREFS_PUT,
	CMD_PUSH_ADD,
	CMD_PUSH_REMOVE,
	CMD_RECEIPT,		/* by its token alone */
	CMD_UNSUBSCRIBE,	/* by its token alone */
	CMD_OPT,		/* the desk's own: see orders_opt */
	CMD_NOTICE_FORGOTTEN,	/* the desk's own: see orders_forgotten */
	CMD_JOURNEY,
	CMD_ESTIMATES,		/* how good they are */
	CMD_KIND_COUNT,
};

enum list_status { LIST_ANY, LIST_ACTIVE, LIST_PAST, LIST_ONE };

struct command {
	struct mail mail;
	struct arena arena;
	enum command_kind kind;

	/* Who and where.  Exactly one of who and tracking_token at first; the
	   desk turns the latter into the former.  Neither where a token in
	   `token` says it all. */
	struct who *who;
	const char *tracking_token;
	const char *tenant;		/* of the path */
	const char *order;	/* id or "ref:..." of the path, or NULL */

	/* What. */
	struct json *asked;		/* the request body, owned; intent and
					   arena point into it */
	struct intent intent;
	uint64_t since;			/* CMD_EVENTS */
	int64_t limit;		/* CMD_EVENTS, CMD_LIST, CMD_NOTICES */
	enum list_status list;
	enum order_status list_status;	/* LIST_ONE */
	const char *customer_id;	/* CMD_LIST; NULL: all */
	const char *before;	/* CMD_LIST, CMD_NOTICES: an id, "~": from the
				   newest */
	int64_t expires_in_ms;		/* CMD_LINK_NEW; 0: the tenant's */
	const char *link_id;		/* CMD_LINK_REVOKE */
	const char *path;		/* CMD_TICKET */
	bool unread;			/* CMD_NOTICES: those alone */
	const char *item;	/* CMD_NOTICE_READ, _REMOVE: the notice;
				   CMD_PUSH_REMOVE: the subscription */
	struct prefs *prefs;	/* CMD_PREFS_PUT: of prefs_read; owned */
	int64_t if_match;	/* CMD_PREFS_PUT: the version it must have;
				   -1: not said */
	int64_t body_version;		/* the same from the body; -1 */
	const char *address_kind;	/* CMD_PUSH_ADD: "webpush", "fcm" */
	const struct ow_address *address;	/* as outbox_check made it */
	const char *token;		/* CMD_RECEIPT, CMD_UNSUBSCRIBE */
	const char *receipt;	/* CMD_RECEIPT: "displayed", "clicked" or
				   "dismissed" */
	struct opt *opt;	/* CMD_OPT: a letter's; CMD_UNSUBSCRIBE */

	/* Idempotency-Key: NULL, or the caller's scope, key and the SHA-256 of
	   method, path and body, in hex. */
	const char *repeat_scope, *repeat_key, *repeat_hash;

	/* The answer.  From 400 on: code and detail, and body may hold
	   members to add to the problem (as JSON, without braces). */
	int status;
	const char *code;
	char detail[320];
	struct form_faults *faults;	/* of the body; found before the desk */
	struct buf body;
	uint64_t seq;			/* for the ETag; 0: none */
	bool has_etag;			/* seq is one even if it is 0 */
	const char *answer_order; /* whose id, for a link's URL; or NULL */
	int64_t wait_ms;		/* for Retry-After */

	struct loop *home;
	void (*done)(struct command *);
	void *arg;

	/* The desk's own, while it has it. */
	struct orders *orders;
	struct command *next;		/* in an order's line */
	struct command *desk_prev, *desk_next;
	struct change *change;		/* on its way to the store, or NULL */
	uint32_t tries, person_tries;
	bool is_own;			/* nobody has asked for it */
	bool is_lasting;	/* own: tried until the store takes it */
	int64_t again_ms;		/* then; the loop's clock */
	bool repeat_held;
};

struct command *command_new(enum command_kind, struct loop *home,
    void (*done)(struct command *), void *arg);
void command_free(struct command **);
/* May its `who` give it?  Whose order it is, the desk looks at later. */
bool command_is_allowed(const struct command *);
/* Set the answer's refusal. */
void command_refuse(struct command *, int status, const char *code,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
