/* SPDX-License-Identifier: MIT */
/*
 * loop - one libevent base, one mailbox, one clock.
 *
 * A loop is a role, not a thread: roles that share a thread share a struct
 * loop, and post() among them is then a plain list.  From another thread a
 * letter goes through a mutex and an eventfd, which is written only when the
 * box was empty; the box is drained whole.  Letters of one sender arrive in
 * the order in which they were posted, also when sent from the loop itself.
 *
 * After each drain (and after the libevent callbacks of the same turn) the
 * turn hooks run once: there the hub sends what gathered.
 *
 * loop_stop, loop_post and loop_send: ANY THREAD.  The rest: the loop's own.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct loop;

/* A letter that needs no allocation: embed it, it is free again when run. */
struct mail {
	struct mail *next;
	void (*run)(struct mail *);
};

struct loop *loop_new(const char *name);	/* NULL: no descriptors left */
/* Runs no letter that is left and fires no timer.  Waits for offloaded work
   that has begun, forgets what has not. */
void loop_free(struct loop **);
const char *loop_name(const struct loop *);
struct event_base *loop_base(struct loop *);
void loop_run(struct loop *);		/* until loop_stop */
/* Ends the run, or at once the next one.  What the same thread has posted
   before still arrives. */
void loop_stop(struct loop *);

/* In the thread that calls now, the loop is at home (asserted by others).
   While nobody runs it, it is at home where it was made. */
bool loop_is_here(const struct loop *);

void loop_send(struct loop *, struct mail *);
void loop_post(struct loop *, void (*fn)(void *), void *arg);

/* fn runs once at the end of this turn; asking twice is once.  The hook is
   the caller's and must outlive its pending run (turn_cancel). */
struct turn_hook {
	struct turn_hook *next;
	void (*fn)(void *arg);
	void *arg;
	bool pending;
};
void loop_at_turn_end(struct loop *, struct turn_hook *);
void loop_turn_cancel(struct loop *, struct turn_hook *);

/* Monotonic ms and wall ms since 1970, as of the start of this turn.  In
   tests both stand still and are moved by loop_test_advance. */
int64_t loop_now_ms(const struct loop *);
int64_t loop_wall_ms(const struct loop *);
/* From here on the calling thread is the loop's and loop_run is not used. */
void loop_test_clock(struct loop *, int64_t wall_ms);
/* Delivers all letters, polls the sockets and runs the hooks, now and after
   each timer that comes due; offloaded work runs in between, here. */
void loop_test_advance(struct loop *, int64_t ms);

/* One-shot.  The handle ends (is freed) when it fires or is cancelled;
   cancel takes NULL inside and leaves NULL. */
struct loop_timer;
struct loop_timer *loop_timer_start(struct loop *, int64_t after_ms,
    void (*fire)(void *), void *arg);
void loop_timer_cancel(struct loop_timer **);

/* Run work(arg) on a helper thread (a small pool, made at first use), then
   done(arg) on this loop. */
void loop_offload(struct loop *, void (*work)(void *), void (*done)(void *),
    void *arg);

#endif
