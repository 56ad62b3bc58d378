/* SPDX-License-Identifier: MIT */
/*
 * state - the words of an order's life and the legal steps between them.
 *
 * Tables and their readers, nothing else.  The same tables answer
 * GET /order-model and are printed into the documentation, so no second list
 * of statuses exists anywhere.
 */
#ifndef ORDER_STATE_H
#define ORDER_STATE_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

enum order_status {
	ORDER_SCHEDULED, ORDER_PLACED, ORDER_ACCEPTED, ORDER_PREPARING,
	ORDER_READY, ORDER_OUT_FOR_DELIVERY, ORDER_DELIVERED, ORDER_PICKED_UP,
	ORDER_SERVED, ORDER_REJECTED, ORDER_CANCELLED, ORDER_DELIVERY_FAILED,
	ORDER_RETURNED, ORDER_STATUS_COUNT,
};

enum item_status {
	ITEM_QUEUED, ITEM_HELD, ITEM_PREPARING, ITEM_READY, ITEM_SERVED,
	ITEM_VOIDED, ITEM_STATUS_COUNT,
};

enum delivery_status {
	DELIVERY_NONE, DELIVERY_PENDING, DELIVERY_ASSIGNED, DELIVERY_ACCEPTED,
	DELIVERY_EN_ROUTE_PICKUP, DELIVERY_ARRIVED_PICKUP, DELIVERY_PICKED_UP,
	DELIVERY_EN_ROUTE_DROPOFF, DELIVERY_ARRIVED_DROPOFF,
	DELIVERY_DELIVERED, DELIVERY_FAILED, DELIVERY_CANCELLED,
	DELIVERY_RETURNED, DELIVERY_STATUS_COUNT,
};

enum fulfilment { FULFIL_PICKUP, FULFIL_DELIVERY, FULFIL_DINE_IN,
    FULFIL_COUNT };

/* The types of an order's events; EVENT_OTHER: "x.NAME", the platform's. */
enum event_type {
	EVENT_ORDER_CREATED, EVENT_ORDER_STATUS, EVENT_ITEM_STATUS,
	EVENT_ETA, EVENT_DELIVERY_STATUS, EVENT_DRIVER_ASSIGNED,
	EVENT_ROUTE, EVENT_OTHER, EVENT_TYPE_COUNT,
};

/* The words in the order of their enums, NULL at the end. */
extern const char *const order_status_names[ORDER_STATUS_COUNT + 1];
extern const char *const item_status_names[ITEM_STATUS_COUNT + 1];
extern const char *const delivery_status_names[DELIVERY_STATUS_COUNT + 1];
extern const char *const fulfilment_names[FULFIL_COUNT + 1];

/*
 * Names as on the wire, NULL for a number outside its enum; -1 where a name is
 * none.  Each "x.NAME" is EVENT_OTHER, whose own name is "x.*".
 */
const char *order_status_name(enum order_status);
int order_status_by_name(const char *);
const char *item_status_name(enum item_status);
int item_status_by_name(const char *);
const char *delivery_status_name(enum delivery_status);
int delivery_status_by_name(const char *);
const char *fulfilment_name(enum fulfilment);
int fulfilment_by_name(const char *);
const char *event_type_name(enum event_type);
int event_type_by_name(const char *);

/* No step leads out of it. */
bool order_status_is_final(enum order_status);

enum { STEP_RECALL = 1, STEP_REASON = 2 };	/* flags of a step */

/* Is there a step; its flags go to out_flags (may be NULL). */
bool order_step_is_legal(enum fulfilment, enum order_status from,
    enum order_status to, uint32_t *out_flags);
bool item_step_is_legal(enum item_status from, enum item_status to);
bool delivery_step_is_legal(enum delivery_status from,
    enum delivery_status to);

/* The goods are with the driver, on their way. */
bool delivery_can_be_imminent(enum delivery_status);

/* How far along the straight way of this fulfilment: step of `of`; step is 0
   before placed and after a way out, a failed delivery stands where it left. */
void order_progress(enum fulfilment, enum order_status, int *out_step,
    int *out_of);

/* GET /order-model, whole. */
void order_model_write(struct buf *out);

#endif
