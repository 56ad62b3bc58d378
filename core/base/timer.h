/* SPDX-License-Identifier: MIT */
/*
 * timer - the one-shot timers of a loop, in a heap; for loop.c alone.
 *
 * A heap knows no clock: the loop says what time it is.  Timers of one due
 * time come in the order in which they were started.
 */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include <stddef.h>
#include <stdint.h>

struct loop_timer {
	struct timer_heap *heap;
	size_t at;		/* its place in the heap */
	int64_t due_ms;
	uint64_t number;	/* counts the timers of a heap */
	void (*fire)(void *);
	void *arg;
};

struct timer_heap {
	struct loop_timer **v;
	size_t n, cap;
	uint64_t number_next;
};

void timer_heap_done(struct timer_heap *);	/* frees, fires nothing */
struct loop_timer *timer_add(struct timer_heap *, int64_t due_ms,
    void (*fire)(void *), void *arg);
void timer_remove(struct loop_timer *);		/* takes it out and frees it */
/* The next one to fire, or NULL. */
struct loop_timer *timer_first(const struct timer_heap *);
/* Move all of them in time, forwards or back. */
void timer_shift(struct timer_heap *, int64_t by_ms);

#endif
