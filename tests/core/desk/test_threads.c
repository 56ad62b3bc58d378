/* SPDX-License-Identifier: MIT */
/*
 * Fronts, desk and store in threads of their own: for the sanitizer.
 */
#include "desk_host.h"

#include <stdio.h>

#include "base/mem.h"
#include "desk_steps.h"

#define THREAD_COMMANDS 300

static const char rules[] =
    "rules = ( { event = \"order.ready\"; template = \"note\";"
    "  channels = [ \"in_app\", \"push\", \"sms after 2m\" ]; },"
    "  { event = \"order.preparing\"; template = \"note\";"
    "  channels = [ \"in_app\" ]; });";

static struct desk *d;

static void
set_up(void)
{
	d = desk_open_threaded(rules);
}

static void
tear_down(void)
{
	desk_close(&d);
}

struct side {			/* a front with a loop of its own */
	struct loop *loop;
	pthread_t thread;
	int answered, asked;
	const char *order;
};

static void
side_answered(struct command *c)
{
	struct side *s = c->arg;

	ck_assert_int_ne(c->status, 0);
	/* As a front does: the memory goes at once. */
	command_free(&c);
	if (++s->answered == s->asked)
		loop_stop(s->loop);
}

static void *
side_main(void *arg)
{
	loop_run(((struct side *)arg)->loop);
	return NULL;
}

/* As the outbox does. */
static void
side_consent(void)
{
	struct consent *q = mem_alloc(sizeof(*q));

	arena_init(&q->arena);
	q->outbox = &d->outbox;
	q->n = 1;
	q->jobs = arena_alloc(&q->arena, sizeof(*q->jobs));
	q->jobs[0] = (struct consent_job){ .tenant = "cafe", .sub = "ann",
	    .order_id = "none", .topic = "order.ready",
	    .medium = MEDIUM_SMS, .stale_ms = INT64_MAX };
	orders_consent(d->o, q);
}

static void
side_start(void *arg)
{
	static const char *const bodies[] = { "{\"status\":\"accepted\"}",
	    "{\"status\":\"ready\",\"reason\":\"r\"}",
	    "{\"status\":\"preparing\",\"reason\":\"r\"}" };
	struct asked create = create_with(NULL, ORDER(
	    "\"external_ref\":\"S\","));
	struct asked change = { .kind = CMD_CHANGE, .intent = INTENT_STATUS };
	struct asked read = { .kind = CMD_TRACKING, .order = "ref:S" };
	struct asked inbox = ann_asks(CMD_NOTICES_READ);
	struct side *s = arg;
	const struct asked *a;
	char key[32];
	int i;

	change.order = "ref:S";
	for (i = 0; i < s->asked; i++) {
		a = i % 7 == 0 ? &create : i % 11 == 0 ? &inbox :
		    i % 3 == 0 ? &read : &change;
		if (i % 13 == 0)
			side_consent();
		orders_presence(d->o, &d->fronts[0], "none", i % 2 == 0);
		(void)snprintf(key, sizeof(key), "k%d", i % 40);
		change.body = bodies[i % 3];
		change.key = create.key = i % 2 ? key : NULL;
		orders_command(d->o, desk_command_of(d, a, s->loop,
		    side_answered, s));
	}
}

static void
threads_loaded(void *arg, int err, const char *detail)
{
	struct side *sides = arg;
	int i;

	(void)detail;
	ck_assert_int_eq(err, OW_OK);
	for (i = 0; i < 2; i++)
		loop_post(sides[i].loop, side_start, &sides[i]);
}

START_TEST(fronts_in_threads_of_their_own_each_get_every_answer)
{
	struct side sides[2] = { 0 };
	pthread_t desk_thread, store_thread;
	struct side desk_side = { 0 }, store_side = { 0 };
	int i;

	d->set.server.order_queue_max = 1000;
	desk_side.loop = d->loop;
	store_side.loop = d->store_loop;
	for (i = 0; i < 2; i++) {
		sides[i].loop = loop_new("front");
		sides[i].asked = THREAD_COMMANDS;
	}
	orders_load(d->o, threads_loaded, sides);
	pthread_create(&store_thread, NULL, side_main, &store_side);
	for (i = 0; i < 2; i++)
		pthread_create(&sides[i].thread, NULL, side_main, &sides[i]);
	pthread_create(&desk_thread, NULL, side_main, &desk_side);
	for (i = 0; i < 2; i++)
		pthread_join(sides[i].thread, NULL);
	loop_stop(d->loop);
	pthread_join(desk_thread, NULL);
	loop_stop(d->store_loop);
	pthread_join(store_thread, NULL);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(sides[i].answered, THREAD_COMMANDS);
		loop_free(&sides[i].loop);
	}
	assert_at_rest(d);
	assert_count(d, desk_sql_int(d, "SELECT COUNT(*) FROM notices WHERE"
	    " inbox = 1 AND read_ms = 0"));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("threads");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc,
	    fronts_in_threads_of_their_own_each_get_every_answer);
	return desk_tests("threads", tc);
}
