/* SPDX-License-Identifier: MIT */
/*
 * timer - the one-shot timers of a loop, in a heap.
 *
 * Here and not in libevent, so that the tests' clock and the real one fire
 * the same timers in the same order.  It never asks what time it is and calls
 * nobody.
 *
 * Invariant: v[i] comes before v[2i + 1] and v[2i + 2], and v[i]->at is i.
 */
#include "base/timer.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

static bool
timer_is_before(const struct loop_timer *a,
    const struct loop_timer *b)
{
	if (a->due_ms != b->due_ms)
		return a->due_ms < b->due_ms;
	return a->number < b->number;
}

static void
timer_place(struct timer_heap *h, struct loop_timer *t, size_t i)
{
	h->v[i] = t;
	t->at = i;
}

static void
timer_sift_up(struct timer_heap *h, struct loop_timer *t, size_t i)
{
	size_t up;

	for (; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!timer_is_before(t, h->v[up]))
			break;
		timer_place(h, h->v[up], i);
	}
	timer_place(h, t, i);
}

static void
timer_sift_down(struct timer_heap *h, struct loop_timer *t,
    size_t i)
{
	size_t down;

	while ((down = 2 * i + 1) < h->n) {
		if (down + 1 < h->n &&
		    timer_is_before(h->v[down + 1], h->v[down]))
			down++;
		if (!timer_is_before(h->v[down], t))
			break;
		timer_place(h, h->v[down], i);
		i = down;
	}
	timer_place(h, t, i);
}

struct loop_timer *
timer_add(struct timer_heap *h, int64_t due_ms,
    void (*fire)(void *), void *arg)
{
	struct loop_timer *t;

	if (h->n == h->cap) {
		h->cap = h->cap ? h->cap * 2 : 16;
		h->v = mem_grow(h->v, h->cap * sizeof(struct loop_timer *));
	}
	t = mem_alloc(sizeof(*t));
	t->heap = h;
	t->due_ms = due_ms;
	t->number = h->number_next++;
	t->fire = fire;
	t->arg = arg;
	timer_sift_up(h, t, h->n++);
	return t;
}

void
timer_remove(struct loop_timer *t)
{
	struct timer_heap *h = t->heap;
	struct loop_timer *last;
	size_t i = t->at;

	last = h->v[--h->n];
	if (last != t) {
		timer_sift_down(h, last, i);
		timer_sift_up(h, last, last->at);
	}
	free(t);
}

struct loop_timer *
timer_first(const struct timer_heap *h)
{
	return h->n ? h->v[0] : NULL;
}

void
timer_shift(struct timer_heap *h, int64_t by_ms)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		h->v[i]->due_ms += by_ms;
}

void
timer_heap_done(struct timer_heap *h)
{
	while (h->n)
		free(h->v[--h->n]);
	free(h->v);
	*h = (struct timer_heap){ 0 };
}
