/* SPDX-License-Identifier: MIT */
/*
 * wheel - a hashed timer wheel: a node hangs in slot due % WHEEL_SLOTS and
 * waits there, more than one round if it must.
 *
 * The one timer of the loop is set for the next slot that holds anything, so
 * an empty wheel and a sleepy one cost nothing.
 *
 * Invariants: a node that is set is due after `tick`; while one is set, the
 * timer runs and is due no later than the first of them.
 */
#include "net/wheel.h"

#include <stddef.h>

#include "base/mem.h"

static void wheel_on_timer(void *arg);

void
wheel_init(struct wheel *w, struct loop *loop,
    void (*fire)(void *arg, struct wheel_node *), void *arg)
{
	*w = (struct wheel){ .loop = loop, .fire = fire, .arg = arg };
	w->base_ms = loop_now_ms(loop);
}

void
wheel_done(struct wheel *w)
{
	loop_timer_cancel(&w->timer);
	w->n = 0;
}

uint32_t
wheel_now(const struct wheel *w)
{
	return (uint32_t)((loop_now_ms(w->loop) - w->base_ms) / WHEEL_TICK_MS);
}

uint32_t
wheel_after(const struct wheel *w, int64_t ms)
{
	int64_t at = loop_now_ms(w->loop) - w->base_ms + ms;

	at = (at + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;
	if (at < 0)
		return 0;
	return at < UINT32_MAX ? (uint32_t)at : UINT32_MAX;
}

static void
wheel_arm(struct wheel *w, uint32_t tick)
{
	int64_t due_ms = w->base_ms + (int64_t)tick * WHEEL_TICK_MS;

	loop_timer_cancel(&w->timer);
	w->armed = tick;
	w->timer = loop_timer_start(w->loop, due_ms - loop_now_ms(w->loop),
	    wheel_on_timer, w);
}

static void
wheel_link(struct wheel_node **head, struct wheel_node *node)
{
	node->next = *head;
	node->pprev = head;
	if (node->next != NULL)
		node->next->pprev = &node->next;
	*head = node;
}

static void
wheel_unlink(struct wheel_node *node)
{
	*node->pprev = node->next;
	if (node->next != NULL)
		node->next->pprev = node->pprev;
	node->next = NULL;
	node->pprev = NULL;
}

void
wheel_set(struct wheel *w, struct wheel_node *node, uint32_t tick)
{
	if (tick <= w->tick)
		tick = w->tick + 1;
	if (node->pprev != NULL)
		wheel_unlink(node);
	else
		w->n++;
	node->due = tick;
	wheel_link(&w->slots[tick % WHEEL_SLOTS], node);
	if (!w->is_firing && (w->timer == NULL || tick < w->armed))
		wheel_arm(w, tick);
}

void
wheel_unset(struct wheel *w, struct wheel_node *node)
{
	if (node->pprev == NULL)
		return;
	wheel_unlink(node);
	w->n--;
}

/* Those of one slot that are due.  The list is taken out first: what fire
   sets may land in the same slot. */
static void
wheel_turn_slot(struct wheel *w, struct wheel_node **slot)
{
	struct wheel_node *all = *slot, *node;

	if (all == NULL)
		return;
	*slot = NULL;
	all->pprev = &all;
	while ((node = all) != NULL) {
		wheel_unlink(node);
		if (node->due > w->tick) {
			wheel_link(slot, node);
			continue;
		}
		w->n--;
		w->fire(w->arg, node);
	}
}

static void
wheel_arm_next(struct wheel *w)
{
	uint32_t i;

	if (w->n == 0)
		return;
	for (i = 1; i < WHEEL_SLOTS; i++)
		if (w->slots[(w->tick + i) % WHEEL_SLOTS] != NULL)
			break;
	wheel_arm(w, w->tick + i);
}

static void
wheel_on_timer(void *arg)
{
	struct wheel *w = arg;
	uint32_t from = w->tick + 1, to = wheel_now(w), i;

	w->timer = NULL;
	w->tick = to;
	w->is_firing = true;
	for (i = 0; from + i <= to && i < WHEEL_SLOTS; i++)
		wheel_turn_slot(w, &w->slots[(from + i) % WHEEL_SLOTS]);
	w->is_firing = false;
	wheel_arm_next(w);
}
