/* SPDX-License-Identifier: MIT */
/*
 * loop - one libevent base, one mailbox, one clock.
 *
 * A turn is: libevent's callbacks, the due timers, the letters, the turn
 * hooks.  libevent runs one round at a time (EVLOOP_ONCE), so the order is
 * exact and a socket that is always ready starves nobody.  libevent's own
 * timeouts work here, but loop_timer is what the tests can move.
 *
 * Letters wait in two places: `box` (a mutex; any thread) and `local` (the
 * thread that is at home).  A thread uses only one of them while the loop
 * runs, so each sender's letters stay in order.  The eventfd is written while
 * the mutex is held: once a letter was seen, its sender is done with us, and
 * the loop may be freed.
 *
 * The base has no locks (EVENT_BASE_FLAG_NOLOCK): nothing but the eventfd may
 * reach it from another thread.
 */
#include "base/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/mem.h"
#include "base/offload.h"
#include "base/timer.h"

/* Letters that post letters: so often before sockets get their turn. */
#define LOOP_PASSES 16
/* A test in which this many rounds find no end has none. */
#define LOOP_TEST_ROUNDS 100000
#define LOOP_TEST_START_MS 1000000
/* Far enough: nothing overflows when it is added to a clock. */
#define LOOP_AFTER_MAX_MS (100 * 365 * 86400000LL)

struct mail_list {
	struct mail *head, **tail;
};

struct hook_list {
	struct turn_hook *head, **tail;
};

struct loop {
	char *name;
	struct event_base *base;
	struct event *wake, *alarm;
	int wake_fd, alarm_fd;

	/* Any thread. */
	pthread_mutex_t lock;
	struct mail_list box;		/* under the lock */
	atomic_bool is_stopping;
	atomic_bool is_held;		/* somebody is at home */
	_Atomic pthread_t home;		/* who is, or was the last to be */
	pthread_t maker;

	/* At home only. */
	struct mail_list local;
	bool has_box;			/* the box may hold something */
	bool is_running, is_test;
	struct hook_list hooks, due_hooks;
	struct timer_heap timers;
	int64_t alarm_ms;		/* what alarm_fd is set to; 0: not */
	bool is_clock_fresh;
	int64_t now_ms, wall_ms;
	struct offload *offload;
};

struct posted {
	struct mail mail;		/* first: it is what travels */
	void (*fn)(void *);
	void *arg;
};

/* What offload is in tests. */
struct errand {
	struct mail mail;		/* first, as above */
	struct loop *loop;
	void (*work)(void *), (*done)(void *);
	void *arg;
};

static void
mail_list_init(struct mail_list *list)
{
	list->head = NULL;
	list->tail = &list->head;
}

static void
mail_list_add(struct mail_list *list, struct mail *m)
{
	m->next = NULL;
	*list->tail = m;
	list->tail = &m->next;
}

/* Move all of the list out. */
static struct mail *
mail_list_take(struct mail_list *list)
{
	struct mail *all = list->head;

	mail_list_init(list);
	return all;
}

static void
mail_run_all(struct mail *m)
{
	struct mail *next;

	for (; m; m = next) {
		next = m->next;
		m->next = NULL;
		m->run(m);
	}
}

static void
posted_run(struct mail *m)
{
	struct posted *p = (struct posted *)m;
	void (*fn)(void *) = p->fn;
	void *arg = p->arg;

	free(p);
	fn(arg);
}

static void
errand_run(struct mail *m)
{
	struct errand e = *(struct errand *)m;

	free(m);
	e.work(e.arg);
	loop_post(e.loop, e.done, e.arg);
}

static void
mail_drop_all(struct mail *m)
{
	struct mail *next;

	for (; m; m = next) {
		next = m->next;
		if (m->run == posted_run || m->run == errand_run)
			free(m);
	}
}

static void
hook_list_init(struct hook_list *list)
{
	list->head = NULL;
	list->tail = &list->head;
}

static bool
hook_list_remove(struct hook_list *list, struct turn_hook *h)
{
	struct turn_hook **at;

	for (at = &list->head; *at; at = &(*at)->next)
		if (*at == h) {
			*at = h->next;
			if (list->tail == &h->next)
				list->tail = at;
			return true;
		}
	return false;
}

/* ---- Making and ending ------------------------------------------------- */

static void
loop_on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	uint64_t n;

	(void)what;
	/* Reset it before the box is looked into, so that no letter is
	   missed.  A failure means that it is reset already. */
	(void)!read(fd, &n, sizeof(n));
	l->has_box = true;
}

static void
loop_on_alarm(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	uint64_t n;

	(void)what;
	(void)!read(fd, &n, sizeof(n));	/* as above */
	l->alarm_ms = 0;
}

static struct event_base *
loop_base_new(void)
{
	struct event_config *cfg;
	struct event_base *base = NULL;

	cfg = event_config_new();
	if (!cfg)
		return NULL;
	if (!event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK) &&
	    !event_config_set_flag(cfg, EVENT_BASE_FLAG_IGNORE_ENV))
		base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	return base;
}

static bool
loop_open(struct loop *l)
{
	l->base = loop_base_new();
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->alarm_fd = timerfd_create(CLOCK_MONOTONIC,
	    TFD_CLOEXEC | TFD_NONBLOCK);
	if (!l->base || l->wake_fd < 0 || l->alarm_fd < 0)
		return false;
	l->wake = event_new(l->base, l->wake_fd, EV_READ | EV_PERSIST,
	    loop_on_wake, l);
	l->alarm = event_new(l->base, l->alarm_fd, EV_READ | EV_PERSIST,
	    loop_on_alarm, l);
	return l->wake && l->alarm && !event_add(l->wake, NULL) &&
	    !event_add(l->alarm, NULL);
}

struct loop *
loop_new(const char *name)
{
	struct loop *l;

	l = mem_alloc(sizeof(*l));
	l->name = mem_dup(name);
	pthread_mutex_init(&l->lock, NULL);
	mail_list_init(&l->box);
	mail_list_init(&l->local);
	hook_list_init(&l->hooks);
	hook_list_init(&l->due_hooks);
	l->maker = pthread_self();
	atomic_init(&l->home, l->maker);
	if (!loop_open(l))
		loop_free(&l);
	return l;
}

void
loop_free(struct loop **out_l)
{
	struct loop *l = *out_l;

	if (!l)
		return;
	OW_ASSERT(!l->is_running);
	offload_free(&l->offload);
	mail_drop_all(mail_list_take(&l->box));
	mail_drop_all(mail_list_take(&l->local));
	timer_heap_done(&l->timers);
	if (l->wake)
		event_free(l->wake);
	if (l->alarm)
		event_free(l->alarm);
	if (l->wake_fd >= 0)
		close(l->wake_fd);
	if (l->alarm_fd >= 0)
		close(l->alarm_fd);
	if (l->base)
		event_base_free(l->base);
	pthread_mutex_destroy(&l->lock);
	free(l->name);
	free(l);
	*out_l = NULL;
}

const char *
loop_name(const struct loop *l)
{
	return l->name;
}

struct event_base *
loop_base(struct loop *l)
{
	return l->base;
}

/* ---- Letters and hooks ------------------------------------------------- */

bool
loop_is_here(const struct loop *l)
{
	pthread_t self = pthread_self();

	if (pthread_equal(atomic_load(&l->home), self))
		return true;
	/* Before and after the run it is its maker's, to set up and end. */
	return !atomic_load(&l->is_held) && pthread_equal(l->maker, self);
}

/* The lock is held. */
static void
loop_ring(struct loop *l)
{
	static const uint64_t one = 1;

	/* EAGAIN would mean 2^64 rings unheard: it is readable then, too. */
	while (write(l->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void
loop_send(struct loop *l, struct mail *m)
{
	bool was_empty;

	if (atomic_load(&l->is_held) &&
	    pthread_equal(atomic_load(&l->home), pthread_self())) {
		mail_list_add(&l->local, m);
		return;
	}
	pthread_mutex_lock(&l->lock);
	was_empty = !l->box.head;
	mail_list_add(&l->box, m);
	if (was_empty)
		loop_ring(l);
	pthread_mutex_unlock(&l->lock);
}

void
loop_post(struct loop *l, void (*fn)(void *), void *arg)
{
	struct posted *p;

	p = mem_alloc(sizeof(*p));
	p->mail.run = posted_run;
	p->fn = fn;
	p->arg = arg;
	loop_send(l, &p->mail);
}

/* The box before the local list: what the thread at home posted before it was
   at home lies there. */
static void
loop_drain(struct loop *l)
{
	struct mail *all;
	int pass;

	if (l->has_box) {
		l->has_box = false;
		pthread_mutex_lock(&l->lock);
		all = mail_list_take(&l->box);
		pthread_mutex_unlock(&l->lock);
		mail_run_all(all);
	}
	for (pass = 0; pass < LOOP_PASSES && l->local.head; pass++)
		mail_run_all(mail_list_take(&l->local));
}

void
loop_at_turn_end(struct loop *l, struct turn_hook *h)
{
	if (h->pending)
		return;
	h->pending = true;
	h->next = NULL;
	*l->hooks.tail = h;
	l->hooks.tail = &h->next;
}

void
loop_turn_cancel(struct loop *l, struct turn_hook *h)
{
	if (!h->pending)
		return;
	h->pending = false;
	if (!hook_list_remove(&l->due_hooks, h))
		(void)hook_list_remove(&l->hooks, h);	/* is in one */
}

/* Those that a hook asks for belong to the next turn. */
static void
loop_run_hooks(struct loop *l)
{
	struct turn_hook *h;

	if (!l->hooks.head)
		return;
	l->due_hooks = l->hooks;
	hook_list_init(&l->hooks);
	while ((h = l->due_hooks.head)) {
		l->due_hooks.head = h->next;
		h->next = NULL;
		h->pending = false;
		h->fn(h->arg);
	}
	hook_list_init(&l->due_hooks);
}

/* ---- The clock and the timers ------------------------------------------ */

static int64_t
loop_read_clock(clockid_t which)
{
	struct timespec ts;

	clock_gettime(which, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Read at most once a turn, at the first question: before libevent has waited
   nobody may look, and after it every callback sees the same time. */
static void
loop_look_at_clock(const struct loop *seen)
{
	/* The clock is a cache, so asking may fill it. */
	struct loop *l = (struct loop *)seen;

	if (l->is_test || l->is_clock_fresh)
		return;
	l->now_ms = loop_read_clock(CLOCK_MONOTONIC);
	l->wall_ms = loop_read_clock(CLOCK_REALTIME);
	l->is_clock_fresh = l->is_running;
}

int64_t
loop_now_ms(const struct loop *l)
{
	loop_look_at_clock(l);
	return l->now_ms;
}

int64_t
loop_wall_ms(const struct loop *l)
{
	loop_look_at_clock(l);
	return l->wall_ms;
}

struct loop_timer *
loop_timer_start(struct loop *l, int64_t after_ms,
    void (*fire)(void *), void *arg)
{
	if (after_ms < 0)
		after_ms = 0;
	if (after_ms > LOOP_AFTER_MAX_MS)
		after_ms = LOOP_AFTER_MAX_MS;
	return timer_add(&l->timers, loop_now_ms(l) + after_ms, fire, arg);
}

void
loop_timer_cancel(struct loop_timer **t)
{
	if (*t)
		timer_remove(*t);
	*t = NULL;
}

/* Timers that are started meanwhile wait for the next turn. */
static void
loop_fire_due(struct loop *l)
{
	uint64_t number_end = l->timers.number_next;
	struct loop_timer *t;
	void (*fire)(void *);
	void *arg;

	while ((t = timer_first(&l->timers)) && t->number < number_end &&
	    t->due_ms <= loop_now_ms(l)) {
		fire = t->fire;
		arg = t->arg;
		timer_remove(t);
		fire(arg);
	}
}

/*
 * libevent's timeouts are in its coarse clock (4 ms), and its precise one
 * costs a system call each turn; this one costs one only when the first timer
 * has moved forward.  An alarm that comes too early is set again.
 */
static void
loop_set_alarm(struct loop *l)
{
	const struct loop_timer *t = timer_first(&l->timers);
	struct itimerspec at = { 0 };

	if (!t || (l->alarm_ms && l->alarm_ms <= t->due_ms))
		return;
	at.it_value.tv_sec = t->due_ms / 1000;
	at.it_value.tv_nsec = t->due_ms % 1000 * 1000000;
	OW_ASSERT(!timerfd_settime(l->alarm_fd, TFD_TIMER_ABSTIME, &at, NULL));
	l->alarm_ms = t->due_ms;
}

/* ---- Running ----------------------------------------------------------- */

static void
loop_hold(struct loop *l)
{
	OW_ASSERT(!atomic_load(&l->is_held) || loop_is_here(l));
	atomic_store(&l->home, pthread_self());
	atomic_store(&l->is_held, true);
}

static bool
loop_has_work(const struct loop *l)
{
	return l->has_box || l->local.head || l->hooks.head;
}

static void
loop_turn(struct loop *l)
{
	int flags = EVLOOP_ONCE | (loop_has_work(l) ? EVLOOP_NONBLOCK : 0);

	loop_set_alarm(l);
	l->is_clock_fresh = false;
	(void)event_base_loop(l->base, flags);	/* wake never leaves it */
	loop_fire_due(l);
	loop_drain(l);
	loop_run_hooks(l);
}

void
loop_run(struct loop *l)
{
	OW_ASSERT(!l->is_test && !l->is_running);
	loop_hold(l);
	l->is_running = true;
	l->has_box = true;
	while (!atomic_load(&l->is_stopping))
		loop_turn(l);
	/* What was posted before the stop still arrives. */
	l->has_box = true;
	loop_turn(l);
	atomic_store(&l->is_stopping, false);
	l->is_running = false;
	l->is_clock_fresh = false;
	atomic_store(&l->is_held, false);
}

void
loop_stop(struct loop *l)
{
	pthread_mutex_lock(&l->lock);
	atomic_store(&l->is_stopping, true);
	loop_ring(l);
	pthread_mutex_unlock(&l->lock);
}

/* ---- Tests ------------------------------------------------------------- */

void
loop_test_clock(struct loop *l, int64_t wall_ms)
{
	OW_ASSERT(!l->is_running);
	if (!l->is_test) {
		timer_shift(&l->timers, LOOP_TEST_START_MS - loop_now_ms(l));
		l->now_ms = LOOP_TEST_START_MS;
		l->is_test = true;
		l->has_box = true;
		loop_hold(l);
	}
	l->wall_ms = wall_ms;
}

/* Sockets, letters and hooks, until nothing is left to do. */
static void
loop_settle(struct loop *l)
{
	int round;

	for (round = 0; round < LOOP_TEST_ROUNDS; round++) {
		(void)event_base_loop(l->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		if (!loop_has_work(l))
			return;
		loop_drain(l);
		loop_run_hooks(l);
	}
	OW_ASSERT(!"letters or hooks without an end");
}

void
loop_test_advance(struct loop *l, int64_t ms)
{
	int64_t end_ms = l->now_ms + ms, step_ms;
	const struct loop_timer *t;
	int round;

	OW_ASSERT(l->is_test && ms >= 0 && loop_is_here(l));
	loop_settle(l);
	for (round = 0; (t = timer_first(&l->timers)) && t->due_ms <= end_ms;
	    round++) {
		OW_ASSERT(round < LOOP_TEST_ROUNDS);
		step_ms = t->due_ms - l->now_ms;
		l->now_ms += step_ms;
		l->wall_ms += step_ms;
		loop_fire_due(l);
		loop_settle(l);
	}
	l->wall_ms += end_ms - l->now_ms;
	l->now_ms = end_ms;
}

/* ---- Helper threads ---------------------------------------------------- */

/* In tests, too, work comes after this call and done() after work, but in the
   same thread, so that nothing depends on how threads are scheduled. */
static void
loop_offload_test(struct loop *l, void (*work)(void *),
    void (*done)(void *), void *arg)
{
	struct errand *e;

	e = mem_alloc(sizeof(*e));
	*e = (struct errand){ { NULL, errand_run }, l, work, done, arg };
	loop_send(l, &e->mail);
}

void
loop_offload(struct loop *l, void (*work)(void *), void (*done)(void *),
    void *arg)
{
	if (l->is_test) {
		loop_offload_test(l, work, done, arg);
		return;
	}
	if (!l->offload)
		l->offload = offload_new(l);
	offload_add(l->offload, work, done, arg);
}
