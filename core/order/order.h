/* SPDX-License-Identifier: MIT */
/*
 * order - one order as a value, and its forms in JSON.
 *
 * An order is what its events made of it: order_apply folds one event into
 * it, and a stored document is the same fold up to `seq`.  All strings live
 * in the order's arena.  No I/O, no clock.
 */
#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H

#include <orderwire/plugin.h>
#include "base/arena.h"
#include "base/id.h"
#include "order/state.h"

struct buf;
struct json;
struct jw;
struct route;

#define ORDER_ITEMS_MAX 200
#define ORDER_TIMELINE_MAX 200	/* older recalls are dropped from the middle */

struct item {
	char id[ID_SIZE];
	const char *sku, *name, *notes, *station; /* all but name may be NULL */
	int64_t quantity;
	int64_t prep_s;			/* -1: not said */
	enum item_status status;
};

struct timeline_entry {
	enum order_status status;
	int64_t at_ms;
	const char *by;	/* a role's name, "logistics" or "system": people stay
			   unnamed */
};

#define ETA_BASIS_KITCHEN "kitchen"

struct eta {
	bool known;
	int64_t p50_at_ms, p90_at_ms;
	int64_t promised_at_ms;		/* 0: nothing promised */
	int64_t updated_at_ms;
	const char *confidence;		/* "high", "medium", "low" */
	const char *basis;	/* ETA_BASIS_KITCHEN, "learnt+route", ... */
};

struct driver {
	const char *id;	/* NULL: no driver; others may be NULL */
	const char *name, *photo_url, *vehicle, *phone;
	double rating;			/* < 0: not known */
};

/* Where the driver was last.  Not of the log: a newer one replaces it. */
struct location {
	bool known;
	bool is_stale;			/* nobody knows where that is now */
	double lat, lng;
	double heading, speed_mps;	/* below 0: not known */
	int64_t at_ms;			/* by the driver's own clock */
};

struct place {
	bool known;
	bool has_point;
	double lat, lng;
	const char *name, *address;	/* may be NULL */
};

struct contact {
	const char *name, *email, *phone, *locale, *timezone; /* may be NULL */
};

struct order {
	struct arena arena;
	uint64_t seq;			/* of the last event folded in */
	uint64_t firm_seq;	/* of the last but estimates and routes */
	char id[ID_SIZE];
	const char *tenant, *customer_id;
	const char *external_ref;	/* may be NULL */
	const char *number;
	enum fulfilment fulfilment;
	enum order_status status;
	int64_t placed_at_ms, updated_at_ms;
	int64_t scheduled_for_ms, promised_at_ms;	/* 0: not said */
	int64_t finished_at_ms;		/* 0: still going on */
	uint32_t n_items;
	struct item *items;
	uint32_t n_timeline;
	struct timeline_entry *timeline;
	struct place pickup, dropoff;
	struct contact contact;		/* in the document, never on a stream */
	struct eta eta;
	enum delivery_status delivery;
	bool imminent;
	const char *task_id;	/* of the logistics-service; may be NULL */
	struct driver driver;
	struct location location;	/* the driver's */
	struct route *route;		/* counted; or NULL */
};

struct order *order_new(void);
void order_free(struct order **);
struct order *order_copy(const struct order *);
bool order_is_finished(const struct order *);
const struct item *order_item(const struct order *, const char *item_id);

/* The public object, as in answers and in order.created. */
void order_write(struct jw *, const char *key, const struct order *);
/* The data of order.snapshot as of now. */
void order_snapshot_write(struct jw *, const char *key, const struct order *,
    int64_t wall_ms);
/* A driver's phone is shown while the order is out for delivery. */
bool order_shows_phone(const struct order *);
/* Where the driver is as far as screens may know: within about 300 m until
   the order is out for delivery, and nothing any more five minutes after its
   end.  False: nothing. */
bool order_location(const struct order *, int64_t wall_ms,
    struct location *out);
void location_write(struct jw *, const char *key, const struct location *);
/* The whole, for the store; order_read takes it back. */
void order_doc_write(struct buf *out, const struct order *);
int order_read(const char *doc, size_t n, struct order **out,
    struct ow_fault *);

/*
 * Fold one event in.  data is the event's "data".  An event that makes no
 * sense for this order is OW_EINVAL and changes nothing: the log is then
 * broken.  Unknown types only move seq.
 */
int order_apply(struct order *, const char *type, uint64_t seq, int64_t at_ms,
    const struct json *data);

#endif
