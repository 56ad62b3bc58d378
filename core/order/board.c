/* SPDX-License-Identifier: MIT */
/*
 * board - see board.h.
 *
 * Means and variances only: a queue's length is a sum of many, of which the
 * shapes are soon forgotten.
 */
#include "order/board.h"

#include <math.h>
#include <string.h>

#include "order/learn.h"
#include "order/order.h"
#include "order/spread.h"
#include "order/trail.h"

void
board_init(struct board *b, const struct learn *learn, int64_t now_ms)
{
	b->learn = learn;
	b->now_ms = now_ms;
	b->n_orders = 0;
	b->n_stations = 0;
}

struct board_station *
board_station(struct board *b, const char *name)
{
	struct board_station *s;

	if (name == NULL)
		name = "";
	for (uint32_t i = 0; i < b->n_stations; i++)
		if (strcmp(b->stations[i].name, name) == 0)
			return &b->stations[i];
	if (b->n_stations == BOARD_STATIONS_MAX)
		return NULL;
	s = &b->stations[b->n_stations++];
	memset(s, 0, sizeof(*s));
	s->name = name;
	s->n_slots = learn_slots(b->learn, name);
	return s;
}

static struct board_slot *
first_free(struct board_station *s)
{
	struct board_slot *first = &s->slots[0];

	for (uint32_t i = 1; i < s->n_slots; i++)
		if (s->slots[i].mean_s < first->mean_s)
			first = &s->slots[i];
	return first;
}

void
board_book(struct board_station *s, double floor_s, const struct spread *work,
    struct board_slot *out_start)
{
	struct board_slot *slot = first_free(s);

	s->n_waiting++;
	if (slot->mean_s < floor_s)
		*slot = (struct board_slot){ .mean_s = floor_s };
	*out_start = *slot;
	slot->mean_s += spread_mean(work);
	slot->variance_s2 += spread_variance(work);
}

/* More than the slots we know of are at work: then there are more. */
static void
occupy(struct board_station *s, const struct spread *left)
{
	struct board_slot *slot;

	if (s->n_busy >= s->n_slots && s->n_slots < BOARD_SLOTS_MAX)
		slot = &s->slots[s->n_slots++];
	else
		slot = first_free(s);
	s->n_busy++;
	slot->mean_s += spread_mean(left);
	slot->variance_s2 += spread_variance(left);
}

void
board_occupy(struct board *b, const struct order *o, const struct trail *t)
{
	struct board_station *s;
	struct spread left;
	struct work work;
	double weight;

	for (uint32_t i = 0; i < o->n_items; i++) {
		if (o->items[i].status != ITEM_PREPARING)
			continue;
		s = board_station(b, o->items[i].station);
		if (s == NULL)
			continue;
		work_of(&o->items[i], &work);
		(void)learn_item_left(b->learn, &work, trail_item_elapsed(t,
		    o, i, b->now_ms), &left, &weight);
		occupy(s, &left);
	}
}

void
board_queue(struct board *b, const struct order *o)
{
	struct board_station *s;
	struct board_slot start;
	struct spread fire, took;
	struct work work;
	double weight, floor_s;

	/* Set ready by hand: nobody is going to begin the rest. */
	if (o->status >= ORDER_READY)
		return;
	b->n_orders++;
	board_fire(b, o, &fire);
	floor_s = spread_mean(&fire);
	for (uint32_t i = 0; i < o->n_items; i++) {
		if (o->items[i].status != ITEM_QUEUED)
			continue;
		s = board_station(b, o->items[i].station);
		if (s == NULL)
			continue;
		work_of(&o->items[i], &work);
		(void)learn_item_left(b->learn, &work, 0, &took, &weight);
		board_book(s, floor_s, &took, &start);
	}
}

int64_t
board_turn_ms(const struct order *o)
{
	return o->scheduled_for_ms > o->placed_at_ms ? o->scheduled_for_ms :
	    o->placed_at_ms;
}

/* The longest of the items, as if there were no queue. */
static double
plain_s(const struct board *b, const struct order *o)
{
	struct spread took;
	struct work work;
	double weight, longest = 0;

	for (uint32_t i = 0; i < o->n_items; i++) {
		if (o->items[i].status == ITEM_VOIDED)
			continue;
		work_of(&o->items[i], &work);
		(void)learn_item_left(b->learn, &work, 0, &took, &weight);
		longest = fmax(longest, spread_quantile(&took, 0.5));
	}
	return longest;
}

void
board_fire(const struct board *b, const struct order *o, struct spread *out)
{
	double waited_s = (double)(b->now_ms - o->placed_at_ms) / 1000;

	if (o->status == ORDER_SCHEDULED &&
	    o->scheduled_for_ms > o->placed_at_ms)
		spread_point(out, (double)(o->scheduled_for_ms - b->now_ms) /
		    1000 - plain_s(b, o));
	else if (o->status <= ORDER_PLACED)
		(void)learn_phase_left(b->learn, PHASE_ACCEPT, 1, waited_s,
		    out);
	else
		spread_point(out, 0);
}

void
board_learn(const struct board *b, struct learn *learn)
{
	const struct board_station *s;

	for (uint32_t i = 0; i < b->n_stations; i++) {
		s = &b->stations[i];
		if (s->n_waiting > 0 && s->n_busy > 0)
			learn_busy(learn, s->name, s->n_busy, b->now_ms);
	}
}
