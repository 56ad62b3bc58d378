/* SPDX-License-Identifier: MIT */
/*
 * change - what somebody wants of an order, and what becomes of it.
 *
 * intent_read turns a request body into an intent (shape faults, 422).
 * change_decide takes the order as it is and the intent, and gives the events
 * and the order after them, or a refusal.  Everything is a value: no I/O, no
 * clock, no ids of its own making (the caller hands in a maker).
 *
 * The derived steps live here too: the first item preparing makes the order
 * preparing, all unvoided items ready makes it ready (unless the tenant does
 * that by hand), all voided cancels it.
 */
#ifndef ORDER_CHANGE_H
#define ORDER_CHANGE_H

#include "base/buf.h"
#include "base/form.h"
#include "order/order.h"
#include "order/who.h"

enum intent_kind {
	INTENT_CREATE,		/* POST /orders */
	INTENT_STATUS,		/* PATCH .../status */
	INTENT_ITEM_STATUS,	/* PATCH .../items/{item_id}/status */
	INTENT_ETA,		/* PATCH .../eta */
	INTENT_DELIVERY,	/* PUT .../delivery */
	INTENT_EVENT,		/* POST .../events */
	/* Nobody's request: what the logistics-service says. */
	INTENT_TASK,		/* how far a delivery is, and whose it is */
	INTENT_DRIVER,		/* who the driver is */
	INTENT_ROUTE,		/* the way */
	/* And what we think ourselves. */
	INTENT_ESTIMATE,
};

struct intent {
	enum intent_kind kind;
	int64_t at_ms;
	enum role by;
	bool has_expected_seq;
	uint64_t expected_seq;
	const char *item_id;
	int status;		/* order_status, item_status, or INTENT_TASK:
				   delivery_status */
	const char *reason;		/* may be NULL */
	int64_t ready_at_ms;		/* INTENT_ETA */
	const char *task_id, *fleet_member_id;	/* INTENT_DELIVERY, _TASK */
	/* INTENT_DRIVER; INTENT_TASK: what is known of the fleet member, or
	   NULL. */
	const struct driver *driver;
	struct route *route;	/* INTENT_ROUTE; NULL: none is known */
	struct eta eta;			/* INTENT_ESTIMATE; or not known */
	bool is_near, is_imminent;	/* INTENT_ESTIMATE */
	const char *event_type;		/* "x.NAME" */
	struct ow_bytes event_data; /* compact JSON, as the caller wrote it */
	const struct json *order;	/* INTENT_CREATE: the checked body */
};

/*
 * Check the body's shape and fill in.  raw is the body's text (for data that
 * passes through unchanged); strings point into body or the arena.  at_ms and
 * by must be set; item_id too where the path has one.
 */
int intent_read(struct intent *, struct arena *, const struct json *body,
    struct ow_bytes raw, struct form_faults *);

/* One event to be appended; message is the whole, as streams send it. */
struct fact {
	char id[ID_SIZE];
	enum event_type kind;
	const char *type;
	uint64_t seq;
	const char *message;
	size_t message_len;
};

#define CHANGE_FACTS_MAX 8

struct change {
	struct arena arena;
	uint32_t n_facts;	/* 0: nothing to do, all is so already */
	struct fact facts[CHANGE_FACTS_MAX];
	struct order *after;		/* owned; NULL: only seq moves */
};

struct refusal {
	int err;	/* OW_ECONFLICT, OW_EINVAL, OW_EDENIED, OW_ENOENT */
	const char *code;	/* "illegal_transition", "stale_seq", ... */
	char detail[256];
};

struct order_rules {		/* what a tenant may set otherwise */
	bool ready_by_hand;
	/* What a new order's eta is at first; NULL: none. */
	void (*quote)(void *arg, struct order *);
	void *quote_arg;
};

/*
 * before is NULL for INTENT_CREATE only, which also needs tenant.  Asking for
 * the state that is already there is OW_OK with no facts (a second tap), and
 * so is what the logistics-service says too late.  expected_seq counts events
 * but estimates and routes.
 * recall is refused to all but kitchen, service and admin, and without a
 * reason.  OW_OK: change_done ends out.  Otherwise the refusal says why.
 */
int change_decide(const struct order *before, const char *tenant,
    const struct intent *, const struct order_rules *, struct id_maker *,
    struct change *out, struct refusal *);
void change_done(struct change *);

#endif
