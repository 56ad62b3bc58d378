/* SPDX-License-Identifier: MIT */
/*
 * status - what admins are told of the plugins.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdint.h>

struct buf;
struct orders;
struct outbox;
struct plugins;

struct status {
	const struct plugins *plugins;
	const struct orders *orders;
	const struct outbox *outbox;
	uint32_t n_fronts;
};

/* {"data":[...]}, an entry for each instance.  ANY THREAD that may ask
   orders_store_is_up. */
void status_write_plugins(const struct status *, struct buf *out);

#endif
