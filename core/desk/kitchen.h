/* SPDX-License-Identifier: MIT */
/*
 * kitchen - one tenant's estimates: what it has learnt, who stands before whom
 * at its stations, and which orders are to be looked at.  For estimate.c and
 * learnt.c alone.
 */
#ifndef DESK_KITCHEN_H
#define DESK_KITCHEN_H

#include "order/board.h"
#include "order/predict.h"
#include "order/tell.h"
#include "order/trail.h"

struct book_tenant;
struct learn;
struct orders;

/* Beside an active order. */
struct estimate {
	struct kitchen *kitchen;
	struct trail trail;
	struct told told, told_before;	/* before: of what is being said */
	bool is_saying;
	uint32_t n_preparing;
	uint64_t matters;		/* of what estimates depend on */
	int64_t made_ms, due_ms;	/* the loop's clock */
};

struct kitchen {
	struct kitchen *prev, *next;
	struct orders *orders;
	struct book_tenant *tenant;
	struct learn *learn;
	bool is_loaded, is_loading;	/* learn has what is stored */
	bool is_begun;			/* an item was, since the last pass */
	int64_t due_ms;			/* the first of its orders */
	int64_t pass_ms;		/* not before */
	int64_t board_ms;		/* made; INT64_MIN: never */
	struct board board;
	/* The board outlives the orders whose stations it names. */
	char *names[BOARD_STATIONS_MAX];
};

/* learnt.c: rows of the store. */
void learnt_load(struct kitchen *);
/* At most so many rows of each kitchen; all of them before the end. */
void learnt_save(struct orders *, uint32_t max);
void learnt_log(struct orders *, const struct order *, const struct trail *);

#endif
