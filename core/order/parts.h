/* SPDX-License-Identifier: MIT */
/*
 * parts - the pieces of an order that reading, writing, folding and deciding
 * share.  For this folder alone.
 *
 * Readers give views: their strings point into the parsed JSON, and
 * order_copy makes an order of them that stands alone.  Folds take a checked
 * step and change the order; they are the only functions that do, so that a
 * decision and its replay cannot differ.
 */
#ifndef ORDER_PARTS_H
#define ORDER_PARTS_H

#include "order/order.h"

struct form_faults;
struct json;
struct jw;

#define ITEM_QUANTITY_MAX 999
#define ITEM_PREP_MAX_S 86400

/* Room of a timeline with n entries: appending seldom allocates. */
uint32_t timeline_room(uint32_t n);
/* The same words as constants, "logistics" among them; "system" when by is
   none. */
const char *by_word(const char *by);
/* -0.0 would be written as "-0" and come back as 0. */
double real_plain(double);
/* The last six characters of the id in upper case. */
#define NUMBER_SIZE 7
void order_number(const char *id, char out[NUMBER_SIZE]);

/* The members of the public object into view, whose items come from scratch.
   OW_EINVAL: fault says what is missing. */
int order_view_read(const struct json *, struct arena *scratch,
    struct order *view, struct ow_fault *);
int eta_read(const struct json *, struct eta *out);
/* null gives a driver without an id. */
int driver_read(const struct json *, struct driver *out);
void place_read(const struct json *, struct place *out);
void contact_read(const struct json *, struct contact *out);

/* The body of POST /orders: its faults; and the order it asks for, with new
   ids and before its first status is entered. */
int create_check(const struct json *body, struct form_faults *);
void create_view(const struct json *body, struct id_maker *, int64_t at_ms,
    struct arena *scratch, struct order *view);

void eta_write(struct jw *, const char *key, const struct eta *);
void driver_write(struct jw *, const char *key, const struct driver *,
    bool with_phone);

/* Each moves updated_at to at_ms; strings are copied into the order. */
void fold_created(struct order *, const struct order *view, int64_t at_ms,
    const char *by);
void fold_status(struct order *, enum order_status to, int64_t at_ms,
    const char *by);
void fold_item(struct order *, struct item *, enum item_status to,
    int64_t at_ms);
void fold_eta(struct order *, const struct eta *, int64_t at_ms);
void fold_delivery(struct order *, enum delivery_status to, int64_t at_ms);
/* A phone that is not said stays as it is while the driver does. */
void fold_driver(struct order *, const struct driver *, const char *task_id,
    int64_t at_ms);
void fold_route(struct order *, struct route *, int64_t at_ms);	/* shared */
void fold_imminent(struct order *, int64_t at_ms);

#endif
