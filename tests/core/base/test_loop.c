/* SPDX-License-Identifier: MIT */
/*
 * test_loop - letters, hooks, timers and helper threads, with the tests' clock
 * and with real threads.
 *
 * The threaded ones are also for ThreadSanitizer: they end by letters, never by
 * waiting for a while.
 */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/loop.h"
#include "base/mem.h"

#define WALL_MS 1795341600000

/* What happened, one character each. */
struct story {
	struct loop *loop;
	char text[64];
	struct turn_hook hook, other;
	struct loop_timer *timer;
	int left;
};

static void
tell(struct story *s, char c)
{
	size_t n = strlen(s->text);

	OW_ASSERT(n + 1 < sizeof(s->text));
	s->text[n] = c;
}

static void
tell_a(void *arg)
{
	tell(arg, 'a');
}

static void
tell_b(void *arg)
{
	tell(arg, 'b');
}

static void
tell_hook(void *arg)
{
	tell(arg, 'h');
}

static struct loop *
test_loop(void)
{
	struct loop *l = loop_new("test");

	ck_assert_ptr_nonnull(l);
	loop_test_clock(l, WALL_MS);
	return l;
}

static void
post_b_and_tell_a(void *arg)
{
	struct story *s = arg;

	loop_post(s->loop, tell_b, s);
	loop_at_turn_end(s->loop, &s->hook);
	tell(s, 'a');
}

/* The hook must come once, and behind what letters have posted meanwhile. */
START_TEST(hook_runs_once_after_all_letters)
{
	struct story s = { .loop = test_loop() };

	s.hook = (struct turn_hook){ .fn = tell_hook, .arg = &s };
	loop_post(s.loop, post_b_and_tell_a, &s);
	loop_post(s.loop, post_b_and_tell_a, &s);
	ck_assert_str_eq(s.text, "");
	loop_test_advance(s.loop, 0);
	ck_assert_str_eq(s.text, "aabbh");
	loop_test_advance(s.loop, 0);
	ck_assert_str_eq(s.text, "aabbh");
	loop_free(&s.loop);
	ck_assert_ptr_null(s.loop);
}
END_TEST

static void
cancel_other(void *arg)
{
	struct story *s = arg;

	tell(s, 'c');
	loop_turn_cancel(s->loop, &s->other);
	loop_turn_cancel(s->loop, &s->other);
}

START_TEST(hook_cancelled_before_and_during_the_round_is_not_run)
{
	struct story s = { .loop = test_loop() };
	struct turn_hook last = { .fn = tell_a, .arg = &s };

	s.hook = (struct turn_hook){ .fn = cancel_other, .arg = &s };
	s.other = (struct turn_hook){ .fn = tell_hook, .arg = &s };
	loop_at_turn_end(s.loop, &s.other);
	loop_turn_cancel(s.loop, &s.other);
	loop_test_advance(s.loop, 0);
	ck_assert_str_eq(s.text, "");
	loop_at_turn_end(s.loop, &s.hook);
	loop_at_turn_end(s.loop, &s.other);
	loop_at_turn_end(s.loop, &s.other);
	loop_at_turn_end(s.loop, &last);
	loop_test_advance(s.loop, 0);
	ck_assert_str_eq(s.text, "ca");
	/* Once more with the last one gone: the list's end has moved. */
	loop_at_turn_end(s.loop, &last);
	loop_at_turn_end(s.loop, &s.other);
	loop_turn_cancel(s.loop, &s.other);
	loop_at_turn_end(s.loop, &s.hook);
	loop_test_advance(s.loop, 0);
	ck_assert_str_eq(s.text, "caac");
	loop_free(&s.loop);
}
END_TEST

static void
ask_again(void *arg)
{
	struct story *s = arg;

	tell(s, 'h');
	if (s->left-- > 0) {
		loop_at_turn_end(s->loop, &s->hook);
		loop_post(s->loop, tell_a, s);
	}
}

START_TEST(hook_that_asks_again_gets_the_next_turn)
{
	struct story s = { .loop = test_loop(), .left = 2 };

	s.hook = (struct turn_hook){ .fn = ask_again, .arg = &s };
	loop_at_turn_end(s.loop, &s.hook);
	loop_test_advance(s.loop, 0);
	ck_assert_str_eq(s.text, "hahah");
	loop_free(&s.loop);
}
END_TEST

struct letter {
	struct mail mail;
	struct story *story;
	int left;
};

static void
letter_run(struct mail *m)
{
	struct letter *l = (struct letter *)m;

	tell(l->story, 'm');
	if (l->left-- > 0)
		loop_send(l->story->loop, m);
}

START_TEST(letter_may_be_sent_again_from_its_own_run)
{
	struct story s = { .loop = test_loop() };
	struct letter letter = { { NULL, letter_run }, &s, 3 };

	loop_send(s.loop, &letter.mail);
	loop_post(s.loop, tell_a, &s);
	loop_test_advance(s.loop, 0);
	ck_assert_str_eq(s.text, "mammm");
	loop_free(&s.loop);
}
END_TEST

static void
stop_timer(void *arg)
{
	struct story *s = arg;

	tell(s, 't');
	loop_timer_cancel(&s->timer);
}

START_TEST(timers_fire_by_due_time_and_then_by_start)
{
	struct story s = { .loop = test_loop() };
	int64_t start_ms = loop_now_ms(s.loop);

	(void)loop_timer_start(s.loop, 20, tell_b, &s);
	(void)loop_timer_start(s.loop, 10, tell_a, &s);
	(void)loop_timer_start(s.loop, 20, tell_a, &s);
	(void)loop_timer_start(s.loop, -5, tell_hook, &s);
	ck_assert_str_eq(s.text, "");
	loop_test_advance(s.loop, 0);
	ck_assert_str_eq(s.text, "h");
	loop_test_advance(s.loop, 9);
	ck_assert_str_eq(s.text, "h");
	loop_test_advance(s.loop, 11);
	ck_assert_str_eq(s.text, "haba");
	ck_assert_int_eq(loop_now_ms(s.loop) - start_ms, 20);
	ck_assert_int_eq(loop_wall_ms(s.loop), WALL_MS + 20);
	loop_free(&s.loop);
}
END_TEST

START_TEST(timer_cancelled_does_not_fire_also_from_another)
{
	struct story s = { .loop = test_loop() };
	struct loop_timer *t = NULL;

	loop_timer_cancel(&t);
	t = loop_timer_start(s.loop, 5, tell_b, &s);
	loop_timer_cancel(&t);
	ck_assert_ptr_null(t);
	loop_timer_cancel(&t);
	(void)loop_timer_start(s.loop, 5, stop_timer, &s);
	s.timer = loop_timer_start(s.loop, 5, tell_a, &s);
	loop_test_advance(s.loop, 1000);
	ck_assert_str_eq(s.text, "t");
	ck_assert_ptr_null(s.timer);
	loop_free(&s.loop);
}
END_TEST

static void
tick(void *arg)
{
	struct story *s = arg;

	tell(s, (char)('0' + (loop_wall_ms(s->loop) - WALL_MS) / 10));
	s->timer = loop_timer_start(s->loop, 10, tick, s);
}

START_TEST(timer_that_starts_itself_sees_each_due_time)
{
	struct story s = { .loop = test_loop() };

	s.timer = loop_timer_start(s.loop, 10, tick, &s);
	loop_test_advance(s.loop, 55);
	ck_assert_str_eq(s.text, "12345");
	loop_free(&s.loop);
}
END_TEST

static void
count_one(void *arg)
{
	++*(int *)arg;
}

/* Would leave holes in the heap if removal from its middle were wrong. */
START_TEST(many_timers_with_many_cancelled_fire_what_is_left)
{
	struct loop *l = test_loop();
	struct loop_timer *t[1000];
	int fired = 0, i;

	for (i = 0; i < 1000; i++)
		t[i] = loop_timer_start(l, (i * 7919) % 1009, count_one,
		    &fired);
	for (i = 0; i < 1000; i += 3)
		loop_timer_cancel(&t[i]);
	for (i = 0; i < 1009; i++)
		loop_test_advance(l, 1);
	ck_assert_int_eq(fired, 666);
	loop_free(&l);
}
END_TEST

START_TEST(test_clock_keeps_timers_that_run_already)
{
	struct story s = { .loop = loop_new("test") };

	(void)loop_timer_start(s.loop, 100, tell_a, &s);
	loop_test_clock(s.loop, WALL_MS);
	loop_test_advance(s.loop, 50);
	ck_assert_str_eq(s.text, "");
	loop_test_advance(s.loop, 51);
	ck_assert_str_eq(s.text, "a");
	loop_free(&s.loop);
}
END_TEST

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct story *s = arg;
	char c;

	(void)what;
	ck_assert_int_eq(read(fd, &c, 1), 1);
	loop_at_turn_end(s->loop, &s->hook);
	loop_post(s->loop, tell_a, s);
	tell(s, 's');
}

START_TEST(sockets_letters_and_hooks_share_a_turn)
{
	struct story s = { .loop = test_loop() };
	struct event *ev;
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	s.hook = (struct turn_hook){ .fn = tell_hook, .arg = &s };
	ev = event_new(loop_base(s.loop), fds[0], EV_READ | EV_PERSIST,
	    on_readable, &s);
	event_add(ev, NULL);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	loop_test_advance(s.loop, 0);
	ck_assert_str_eq(s.text, "sah");
	event_free(ev);
	close(fds[0]);
	close(fds[1]);
	loop_free(&s.loop);
}
END_TEST

START_TEST(offload_in_tests_is_later_and_in_order)
{
	struct story s = { .loop = test_loop() };

	loop_offload(s.loop, tell_a, tell_b, &s);
	ck_assert_str_eq(s.text, "");
	loop_test_advance(s.loop, 0);
	ck_assert_str_eq(s.text, "ab");
	/* Not run, and not leaked. */
	loop_offload(s.loop, tell_a, tell_b, &s);
	loop_free(&s.loop);
	ck_assert_str_eq(s.text, "ab");
}
END_TEST

START_TEST(free_runs_nothing_and_leaks_nothing)
{
	struct story s = { .loop = loop_new("test") };
	struct letter letter = { { NULL, letter_run }, &s, 0 };

	ck_assert_str_eq(loop_name(s.loop), "test");
	loop_post(s.loop, tell_a, &s);
	loop_send(s.loop, &letter.mail);
	(void)loop_timer_start(s.loop, 0, tell_a, &s);
	loop_free(&s.loop);
	loop_free(&s.loop);
	s.loop = test_loop();
	loop_post(s.loop, tell_a, &s);
	(void)loop_timer_start(s.loop, 0, tell_a, &s);
	loop_free(&s.loop);
	ck_assert_str_eq(s.text, "");
}
END_TEST

/* ---- With real threads -------------------------------------------------- */

#define SENDERS 4
#define LETTERS 20000

struct sender {
	struct tally *tally;
	pthread_t thread;
	int number;
	struct note {
		struct mail mail;
		struct sender *sender;
		int index;
	} *notes;
	int next;		/* the loop's: which letter comes next */
};

struct tally {
	struct loop *loop;
	struct sender senders[SENDERS + 1];	/* the last is the loop */
	struct turn_hook hook;
	int arrived, hooks;
	bool is_disordered, is_elsewhere;
};

static void
tally_hook(void *arg)
{
	struct tally *t = arg;

	t->hooks++;
	if (t->arrived == (SENDERS + 1) * LETTERS)
		loop_stop(t->loop);
}

static void
note_run(struct mail *m)
{
	struct note *n = (struct note *)m;
	struct tally *t = n->sender->tally;

	if (n->index != n->sender->next++)
		t->is_disordered = true;
	if (!loop_is_here(t->loop))
		t->is_elsewhere = true;
	t->arrived++;
	loop_at_turn_end(t->loop, &t->hook);
}

static void *
sender_main(void *arg)
{
	struct sender *s = arg;
	int i;

	for (i = 0; i < LETTERS; i++)
		loop_send(s->tally->loop, &s->notes[i].mail);
	return NULL;
}

static void
send_from_home(void *arg)
{
	struct sender *s = arg;
	int i;

	/* Half of it before the loop ran, so through the box. */
	for (i = LETTERS / 2; i < LETTERS; i++)
		loop_send(s->tally->loop, &s->notes[i].mail);
}

static void *
run_loop(void *arg)
{
	loop_run(arg);
	return NULL;
}

static void
sender_init(struct sender *s, struct tally *t)
{
	int i;

	s->tally = t;
	s->notes = mem_alloc(LETTERS * sizeof(*s->notes));
	for (i = 0; i < LETTERS; i++)
		s->notes[i] = (struct note){ { NULL, note_run }, s, i };
}

/* A lost letter hangs the test; one out of order or run in a sender's thread
   is noted.  Hooks are fewer than letters, or nothing was gathered. */
START_TEST(letters_of_four_threads_all_arrive_each_in_order)
{
	struct tally t = { .loop = loop_new("tally") };
	struct sender *home = &t.senders[SENDERS];
	pthread_t runner;
	int i;

	t.hook = (struct turn_hook){ .fn = tally_hook, .arg = &t };
	for (i = 0; i <= SENDERS; i++)
		sender_init(&t.senders[i], &t);
	for (i = 0; i < LETTERS / 2; i++)
		loop_send(t.loop, &home->notes[i].mail);
	loop_post(t.loop, send_from_home, home);
	for (i = 0; i < SENDERS; i++)
		pthread_create(&t.senders[i].thread, NULL, sender_main,
		    &t.senders[i]);
	pthread_create(&runner, NULL, run_loop, t.loop);
	pthread_join(runner, NULL);
	for (i = 0; i < SENDERS; i++)
		pthread_join(t.senders[i].thread, NULL);
	ck_assert_int_eq(t.arrived, (SENDERS + 1) * LETTERS);
	ck_assert(!t.is_disordered);
	ck_assert(!t.is_elsewhere);
	ck_assert_int_gt(t.hooks, 0);
	ck_assert_int_lt(t.hooks, t.arrived);
	ck_assert(loop_is_here(t.loop));
	for (i = 0; i <= SENDERS; i++)
		free(t.senders[i].notes);
	loop_free(&t.loop);
}
END_TEST

static void
stop_here(void *arg)
{
	struct story *s = arg;

	tell(s, 'x');
	loop_stop(s->loop);
}

START_TEST(stop_comes_after_what_was_posted_before_it)
{
	struct story s = { .loop = loop_new("test") };

	loop_post(s.loop, tell_a, &s);
	loop_post(s.loop, post_b_and_tell_a, &s);
	s.hook = (struct turn_hook){ .fn = tell_hook, .arg = &s };
	loop_stop(s.loop);
	loop_run(s.loop);
	ck_assert_str_eq(s.text, "aabh");
	/* And it can run again. */
	loop_post(s.loop, stop_here, &s);
	loop_run(s.loop);
	ck_assert_str_eq(s.text, "aabhx");
	loop_free(&s.loop);
}
END_TEST

static void
on_late(void *arg)
{
	struct story *s = arg;

	tell(s, loop_now_ms(s->loop) >= s->left ? 'l' : 'e');
	loop_stop(s->loop);
}

/* An early alarm would be told as 'e'; a lost one hangs the test. */
START_TEST(timers_of_a_running_loop_are_never_early)
{
	struct story s = { .loop = loop_new("test") };
	struct loop_timer *first;
	int64_t start_ms = loop_now_ms(s.loop);

	ck_assert_int_gt(loop_wall_ms(s.loop), WALL_MS - 100000000000);
	s.left = 0;
	first = loop_timer_start(s.loop, 1, tell_b, &s);
	(void)loop_timer_start(s.loop, 3, tell_a, &s);
	(void)loop_timer_start(s.loop, 12, on_late, &s);
	(void)loop_timer_start(s.loop, INT64_MAX, tell_b, &s);
	loop_timer_cancel(&first);
	loop_run(s.loop);
	ck_assert_str_eq(s.text, "al");
	ck_assert_int_ge(loop_now_ms(s.loop) - start_ms, 12);
	loop_free(&s.loop);
}
END_TEST

static void
post_for_ever(void *arg)
{
	struct story *s = arg;

	if (s->left)
		loop_post(s->loop, post_for_ever, s);
	else
		loop_stop(s->loop);
}

static void
on_readable_end(evutil_socket_t fd, short what, void *arg)
{
	struct story *s = arg;
	char c;

	(void)what;
	ck_assert_int_eq(read(fd, &c, 1), 1);
	s->left = 0;
}

/* A drain without a bound would never let the socket speak. */
START_TEST(letters_without_end_do_not_starve_sockets)
{
	struct story s = { .loop = loop_new("test"), .left = 1 };
	struct event *ev;
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ev = event_new(loop_base(s.loop), fds[0], EV_READ, on_readable_end,
	    &s);
	event_add(ev, NULL);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	loop_post(s.loop, post_for_ever, &s);
	loop_run(s.loop);
	event_free(ev);
	close(fds[0]);
	close(fds[1]);
	loop_free(&s.loop);
}
END_TEST

struct work {
	struct loop *loop;
	atomic_int worked;
	int done;
	bool is_elsewhere, is_blocking;
};

static void
work_work(void *arg)
{
	struct work *w = arg;

	if (loop_is_here(w->loop))
		w->is_blocking = true;
	atomic_fetch_add(&w->worked, 1);
}

static void
work_done(void *arg)
{
	struct work *w = arg;

	if (!loop_is_here(w->loop))
		w->is_elsewhere = true;
	if (++w->done == 100)
		loop_stop(w->loop);
}

static void
work_start(void *arg)
{
	struct work *w = arg;
	int i;

	for (i = 0; i < 100; i++)
		loop_offload(w->loop, work_work, work_done, w);
}

START_TEST(offloaded_work_runs_elsewhere_and_ends_at_home)
{
	struct work w = { .loop = loop_new("test") };

	loop_post(w.loop, work_start, &w);
	loop_run(w.loop);
	ck_assert_int_eq(w.done, 100);
	ck_assert_int_eq(atomic_load(&w.worked), 100);
	ck_assert(!w.is_elsewhere);
	ck_assert(!w.is_blocking);
	/* Some of these are forgotten, and done() is not called. */
	work_start(&w);
	loop_free(&w.loop);
	ck_assert_int_eq(w.done, 100);
}
END_TEST

static void *
ask_here(void *arg)
{
	return loop_is_here(arg) ? arg : NULL;
}

START_TEST(home_is_one_thread)
{
	struct loop *l = loop_new("test");
	pthread_t other;
	void *answer;

	ck_assert(loop_is_here(l));
	pthread_create(&other, NULL, ask_here, l);
	pthread_join(other, &answer);
	ck_assert_ptr_null(answer);
	loop_free(&l);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("loop");
	TCase *tc = tcase_create("loop");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, hook_runs_once_after_all_letters);
	tcase_add_test(tc,
	    hook_cancelled_before_and_during_the_round_is_not_run);
	tcase_add_test(tc, hook_that_asks_again_gets_the_next_turn);
	tcase_add_test(tc, letter_may_be_sent_again_from_its_own_run);
	tcase_add_test(tc, timers_fire_by_due_time_and_then_by_start);
	tcase_add_test(tc, timer_cancelled_does_not_fire_also_from_another);
	tcase_add_test(tc, timer_that_starts_itself_sees_each_due_time);
	tcase_add_test(tc, many_timers_with_many_cancelled_fire_what_is_left);
	tcase_add_test(tc, test_clock_keeps_timers_that_run_already);
	tcase_add_test(tc, sockets_letters_and_hooks_share_a_turn);
	tcase_add_test(tc, offload_in_tests_is_later_and_in_order);
	tcase_add_test(tc, free_runs_nothing_and_leaks_nothing);
	tcase_add_test(tc, letters_of_four_threads_all_arrive_each_in_order);
	tcase_add_test(tc, stop_comes_after_what_was_posted_before_it);
	tcase_add_test(tc, timers_of_a_running_loop_are_never_early);
	tcase_add_test(tc, letters_without_end_do_not_starve_sockets);
	tcase_add_test(tc, offloaded_work_runs_elsewhere_and_ends_at_home);
	tcase_add_test(tc, home_is_one_thread);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
