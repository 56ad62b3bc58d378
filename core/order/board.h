/* SPDX-License-Identifier: MIT */
/*
 * board - who stands before whom at each station of a kitchen, at one moment.
 *
 * A station does a few items at once, one in each of its slots.  A slot knows
 * when it is free again: what it does now has so much left, and what was
 * booked after that takes so long.  An order's queue wait is what the slots
 * say after everything ahead of it was put there.
 *
 * Made afresh whenever it is needed: board_init, board_occupy for every active
 * order, then board_queue for those ahead, in the order of board_turn_ms.
 * A value; names are the orders' and must live as long.  Pure.
 */
#ifndef ORDER_BOARD_H
#define ORDER_BOARD_H

#include <stdbool.h>
#include <stdint.h>

struct learn;
struct order;
struct spread;
struct trail;
struct work;

#define BOARD_STATIONS_MAX 48	/* at further ones nobody waits */
#define BOARD_SLOTS_MAX 32

struct board_slot {
	double mean_s, variance_s2;	/* from now until it is free */
};

struct board_station {
	const char *name;
	uint32_t n_slots;
	uint32_t n_busy;		/* items being prepared */
	uint32_t n_waiting;		/* items booked */
	struct board_slot slots[BOARD_SLOTS_MAX];
};

struct board {
	const struct learn *learn;
	int64_t now_ms;
	int32_t n_orders;		/* queued so far */
	uint32_t n_stations;
	struct board_station stations[BOARD_STATIONS_MAX];
};

void board_init(struct board *, const struct learn *, int64_t now_ms);
/* What is being prepared of this order takes its slots. */
void board_occupy(struct board *, const struct order *, const struct trail *);
/* What is not yet begun of it is put behind all that is there. */
void board_queue(struct board *, const struct order *);
/* Kitchens work by this: when the order came, or is to be begun. */
int64_t board_turn_ms(const struct order *);

/* What the full board says of the stations' slots: wherever somebody waits,
   as many are at work as can be.  To be called when an item was begun. */
void board_learn(const struct board *, struct learn *);

/* Seconds until the kitchen turns to this order at all: it may yet be to be
   accepted, or be for later. */
void board_fire(const struct board *, const struct order *,
    struct spread *out);
/* The station; NULL when there are too many. */
struct board_station *board_station(struct board *, const char *name);
/* One more item, not before floor_s, whose work takes that long; out_start
   says when it begins. */
void board_book(struct board_station *, double floor_s,
    const struct spread *work, struct board_slot *out_start);

#endif
