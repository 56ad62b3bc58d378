/* SPDX-License-Identifier: MIT */
/*
 * vars - what templates may say of an order's change, as one JSON object of
 * strings (render_variables), and "seq", by which the event is found again.
 */
#ifndef DESK_VARS_H
#define DESK_VARS_H

#include <stdint.h>

struct buf;
struct fact;
struct order;
struct prefs;
struct settings;
struct zones;

#define VARS_MAX 65536

struct vars {
	const struct settings *set;
	const char *public_url;
	struct zones *zones;
	const struct order *order;
	const struct fact *fact;
	const struct prefs *prefs;	/* whose clock it is; or NULL */
	int64_t at_ms;
};

void vars_write(const struct vars *, struct buf *out);

#endif
