/* SPDX-License-Identifier: MIT */
/*
 * desk_steps - the small steps that tests of the desk are made of: orders
 * and changes with one call, and what is to be seen of them.
 */
#ifndef TEST_DESK_STEPS_H
#define TEST_DESK_STEPS_H

#include "desk_host.h"

#define ORDER(extra) "{" extra "\"customer_id\":\"ann\",\"fulfilment\":" \
	"\"pickup\",\"items\":[{\"name\":\"Tea\",\"quantity\":1}]}"

/* A create with such a body and, unless it is NULL, that key. */
struct asked create_with(const char *key, const char *body);
/* A new order's id. */
void make_order(struct desk *, const char *extra, char out[ID_SIZE]);
/* Answered, with a reason. */
struct result *set_status(struct desk *, const char *order,
    const char *status);
/* Sent, and not waited for; key may be NULL. */
struct result *send_status(struct desk *, const char *order,
    const char *status, const char *key);
/* An event that another node appended. */
void append_behind(struct desk *, const char *order, int seq,
    const char *from, const char *to);

/* As ann, customer of "cafe". */
struct result *as_ann(struct desk *, enum command_kind, const char *item);
struct asked ann_asks(enum command_kind);
/* What ann's notices and her log say in the store is what memory and the last
   message say; her log has no gap. */
void assert_count(struct desk *, int64_t unread);

/* "order.id" and the like of an answer's body. */
const char *body_text(const struct result *, const char *path, char out[128]);
struct entry *entry_of(struct desk *, const char *id);
/* As a read of the order says. */
void assert_status(struct desk *, const char *order, const char *status);
/* Nobody is left busy or waiting, no fetch is open, no key is held. */
void assert_at_rest(struct desk *);

/* Runs the case alone and frees it; what main() returns. */
int desk_tests(const char *name, TCase *);

#endif
