/* SPDX-License-Identifier: MIT */
/*
 * subject - how many streams one person has open on this front.
 *
 * Customers and holders of tracking tokens are counted; staff and services
 * are not.
 */
#ifndef HUB_SUBJECT_H
#define HUB_SUBJECT_H

#include <uthash.h>
#include "order/who.h"

struct subject {
	UT_hash_handle hh;
	uint32_t n;
	char key[];
};

/* Counts one in; NULL in *out: not counted.  OW_OK, or OW_ELIMIT when there
   are max already. */
int subject_enter(struct subject **table, const struct who *, int64_t max,
    struct subject **out);
void subject_leave(struct subject **table, struct subject **);

#endif
