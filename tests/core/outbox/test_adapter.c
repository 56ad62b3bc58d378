/* SPDX-License-Identifier: MIT */
/*
 * Adapters: what one says arrives as a letter, sound and whole, or not at all;
 * what it is asked comes to it; a provider's call finds the one whose tenant
 * it is.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "conf/settings.h"
#include "order/route.h"
#include "outbox/lane.h"
#include "outbox/outbox.h"
#include "plugin/plugin.h"

#define FAKES 2
#define LETTERS_MAX (LANE_NEWEST_MAX + 16)

struct fake {
	struct ow_adapter ops;
	struct ow_plugin desc;
	struct plugin_entry entry;
	const char *tenant;		/* hooks of others are 404 */
	bool is_mute;			/* does not answer hooks */
	struct ow_ctx *ctx;
	const struct ow_host *host;
	uint32_t n_follows, n_unfollows, n_routes, n_hooks, n_stops;
	char last[64];			/* "tenant/order/driver" */
};

static struct fake fakes[FAKES];
static uint32_t n_fakes;
static struct settings set;
static struct loop *loop;
static struct outbox *x;
static struct tidings *letters[LETTERS_MAX];
static uint32_t n_letters;
static struct hook *answered;

/* ---- The plugins that the config names ---------------------------------- */

uint32_t
plugins_count(const struct plugins *p)
{
	(void)p;
	return n_fakes;
}

const struct plugin_entry *
plugins_at(const struct plugins *p, uint32_t i)
{
	(void)p;
	return &fakes[i].entry;
}

/* ---- Adapters ----------------------------------------------------------- */

static int
fake_load(struct ow_ctx *ctx, const struct ow_host *host, const void *conf,
    void **out_self, struct ow_fault *fault)
{
	struct fake *f = (struct fake *)(uintptr_t)conf;

	(void)fault;
	f->ctx = ctx;
	f->host = host;
	*out_self = f;
	return OW_OK;
}

static int
fake_start(void *self, struct ow_fault *fault)
{
	(void)self;
	(void)fault;
	return OW_OK;
}

static void
fake_drain(void *self)
{
	struct fake *f = self;

	f->host->base->drained(f->ctx);
}

static void
fake_stop(void *self)
{
	((struct fake *)self)->n_stops++;
}

static void
fake_follow(void *self, const struct ow_follow *w)
{
	struct fake *f = self;

	f->n_follows++;
	(void)snprintf(f->last, sizeof(f->last), "%s/%s/%s", w->tenant,
	    w->order_id, w->driver != NULL ? w->driver : "");
}

static void
fake_unfollow(void *self, const char *tenant, const char *order_id)
{
	struct fake *f = self;

	f->n_unfollows++;
	(void)snprintf(f->last, sizeof(f->last), "%s/%s", tenant, order_id);
}

static void
fake_route(void *self, const struct ow_follow *w, double from_lat,
    double from_lng, double to_lat, double to_lng)
{
	struct fake *f = self;

	(void)w;
	f->n_routes++;
	ck_assert(from_lat < 1.5 && from_lng < 2.5 && to_lat > 2.5 &&
	    to_lng > 3.5);
}

static void
fake_hook(void *self, struct ow_hook_call *call, const struct ow_hook_req *r)
{
	struct fake *f = self;
	const char *sign = f->host->hook->hook_header(f->ctx, call,
	    "x-signature");

	f->n_hooks++;
	if (f->is_mute)
		return;
	if (strcmp(r->name, f->tenant) != 0)
		f->host->hook->hook_answer(f->ctx, &call, 404, "text/plain",
		    (struct ow_bytes){ "", 0 });
	else
		f->host->hook->hook_answer(f->ctx, &call, sign != NULL &&
		    strcmp(sign, "good") == 0 ? 204 : 401, "text/plain",
		    (struct ow_bytes){ "", 0 });
	ck_assert_ptr_null(call);
}

static void
add_fake(const char *name, const char *tenant)
{
	struct fake *f = &fakes[n_fakes++];

	f->ops = (struct ow_adapter){ sizeof(f->ops), fake_follow,
	    fake_unfollow, fake_route, fake_hook };
	f->desc = (struct ow_plugin){ OW_PLUGIN_HEAD(OW_ADAPTER),
	    .name = "fake", .version = "1", .summary = "A fake",
	    .load = fake_load, .start = fake_start, .drain = fake_drain,
	    .stop = fake_stop, .ops.adapter = &f->ops };
	f->entry.name = name;
	f->entry.desc = &f->desc;
	f->entry.conf = f;
	f->tenant = tenant;
}

/* ---- The scene ---------------------------------------------------------- */

static void
on_tidings(void *arg, struct tidings *t)
{
	(void)arg;
	ck_assert_uint_lt(n_letters, LETTERS_MAX);
	letters[n_letters++] = t;
}

static void
set_up(void)
{
	struct outbox_conf conf = { .set = &set, .tidings = on_tidings,
	    .public_url = "https://t.example" };
	struct ow_fault fault;

	log_setup(LOG_LOGFMT, OW_ERROR + 1, STDERR_FILENO);
	memset(fakes, 0, sizeof(fakes));
	n_fakes = n_letters = 0;
	add_fake("one", "cafe");
	add_fake("two", "pub");
	set.server.secret = "0123456789abcdef0123456789abcdef";
	set.server.listen = "127.0.0.1:8080";
	set.outbox.node = "n";
	loop = loop_new("outbox");
	loop_test_clock(loop, 1000);
	conf.loop = loop;
	x = outbox_new(&conf);
	ck_assert_int_eq(outbox_start(x, NULL, &fault), OW_OK);
	ck_assert(outbox_has_adapter(x));
}

static void
tear_down(void)
{
	outbox_stop(x);
	loop_free(&loop);
	outbox_free(&x);
	while (n_letters > 0)
		tidings_free(&letters[--n_letters]);
	hook_free(&answered);
	ck_assert_uint_eq(fakes[0].n_stops, 1);
	ck_assert_uint_eq(fakes[1].n_stops, 1);
}

static const struct ow_host_facts *
facts(void)
{
	ck_assert_ptr_nonnull(fakes[0].host->facts);
	ck_assert_ptr_null(fakes[0].host->outbox);
	return fakes[0].host->facts;
}

/* ---- What it says ------------------------------------------------------- */

START_TEST(what_is_said_arrives_as_a_copy)
{
	char driver[] = "m1", order[] = "o1", status[] = "picked_up";
	const double way[] = { 13, 52, 14, 53 };
	struct ow_point p = { .size = sizeof(p), .driver = driver, .lat = 1,
	    .lng = 2, .heading = 700, .speed_mps = -3, .accuracy_m = 5,
	    .at_ms = 99 };
	struct ow_task task = { .size = sizeof(task), .order = order,
	    .status = status, .driver = driver, .at_ms = 7 };
	struct ow_driver d = { .size = sizeof(d), .id = driver, .name = "Bo",
	    .rating = 11 };
	struct ow_route r = { .size = sizeof(r), .order = order, .n = 2,
	    .lnglat = way, .distance_m = 10, .duration_s = 20 };

	facts()->location(fakes[0].ctx, "cafe", &p);
	facts()->task(fakes[0].ctx, "cafe", &task);
	facts()->driver(fakes[0].ctx, "cafe", &d);
	facts()->route(fakes[0].ctx, "cafe", &r);
	r.n = 0;
	facts()->route(fakes[0].ctx, "cafe", &r);
	facts()->stale(fakes[0].ctx, true, "no answer");
	driver[0] = order[0] = status[0] = '?';
	ck_assert_uint_eq(n_letters, 6);
	ck_assert_str_eq(letters[0]->tenant, "cafe");
	ck_assert_str_eq(letters[0]->point.driver, "m1");
	ck_assert_double_eq(letters[0]->point.heading, -1);
	ck_assert_double_eq(letters[0]->point.speed_mps, -1);
	ck_assert_int_eq(letters[0]->point.at_ms, 99);
	ck_assert_str_eq(letters[1]->task.order, "o1");
	ck_assert_str_eq(letters[1]->task.status, "picked_up");
	ck_assert_ptr_null(letters[1]->task.task_id);
	ck_assert_str_eq(letters[2]->driver.name, "Bo");
	ck_assert_double_eq(letters[2]->driver.rating, -1);
	ck_assert_uint_eq(letters[3]->route->n, 2);
	ck_assert_ptr_null(letters[4]->route);
	ck_assert(letters[5]->is_stale);
}
END_TEST

START_TEST(what_makes_no_sense_goes_no_further)
{
	const double bad[] = { 13, 52, NAN, 53 };
	struct ow_point p = { .size = sizeof(p), .driver = "m1", .lat = NAN };
	struct ow_task task = { .size = sizeof(task), .order = "o" };
	struct ow_route r = { .size = sizeof(r), .order = "o", .n = 2,
	    .lnglat = bad };

	facts()->location(fakes[0].ctx, "cafe", &p);
	p.lat = 91;
	facts()->location(fakes[0].ctx, "cafe", &p);
	p.lat = 1;
	p.driver = NULL;
	facts()->location(fakes[0].ctx, "cafe", &p);
	p.driver = "m1";
	facts()->location(fakes[0].ctx, NULL, &p);
	facts()->location(fakes[0].ctx, "cafe", NULL);
	p.size = 8;
	facts()->location(fakes[0].ctx, "cafe", &p);
	facts()->task(fakes[0].ctx, "cafe", &task);
	facts()->driver(fakes[0].ctx, "cafe", NULL);
	facts()->route(fakes[0].ctx, "cafe", &r);
	r.n = 100000;
	facts()->route(fakes[0].ctx, "cafe", &r);
	ck_assert_uint_eq(n_letters, 0);
}
END_TEST

/* As test_lane has it: an orders loop that takes nothing. */
START_TEST(no_more_is_said_than_is_heard)
{
	struct ow_point p = { .size = sizeof(p), .driver = "m1", .lat = 1 };
	uint32_t i;

	for (i = 0; i < LANE_NEWEST_MAX + 100; i++)
		facts()->location(fakes[0].ctx, "cafe", &p);
	ck_assert_uint_eq(n_letters, LANE_NEWEST_MAX);
	tidings_free(&letters[--n_letters]);
	loop_test_advance(loop, 100);
	ck_assert_uint_eq(n_letters, LANE_NEWEST_MAX);
	/* The end finds one that waits. */
	facts()->location(fakes[1].ctx, "pub", &p);
	ck_assert_uint_eq(n_letters, LANE_NEWEST_MAX);
}
END_TEST

/* ---- What it is asked --------------------------------------------------- */

START_TEST(wishes_reach_every_adapter)
{
	struct wanted *w = wanted_new(WANTED_FOLLOW, "cafe", "o1");

	w->follow.driver = "m1";
	outbox_want(x, w);
	loop_test_advance(loop, 0);
	ck_assert_uint_eq(fakes[0].n_follows, 1);
	ck_assert_uint_eq(fakes[1].n_follows, 1);
	ck_assert_str_eq(fakes[0].last, "cafe/o1/m1");
	w = wanted_new(WANTED_ROUTE, "cafe", "o1");
	w->from_lat = 1;
	w->from_lng = 2;
	w->to_lat = 3;
	w->to_lng = 4;
	outbox_want(x, w);
	outbox_want(x, wanted_new(WANTED_UNFOLLOW, "cafe", "o1"));
	loop_test_advance(loop, 0);
	ck_assert_uint_eq(fakes[0].n_routes, 1);
	ck_assert_uint_eq(fakes[0].n_unfollows, 1);
	ck_assert_str_eq(fakes[0].last, "cafe/o1");
	fakes[0].ops.ask_route = fakes[1].ops.ask_route = NULL;
	outbox_want(x, wanted_new(WANTED_ROUTE, "cafe", "o1"));
	loop_test_advance(loop, 0);
	ck_assert_uint_eq(fakes[1].n_routes, 1);
}
END_TEST

/* ---- Hooks -------------------------------------------------------------- */

static void
on_answer(struct hook *h)
{
	hook_free(&answered);
	answered = h;
}

static int
call_signed(const char *kind, const char *tenant, const char *method,
    const char *signature, const char *another)
{
	struct hook *h = hook_new(loop, on_answer, NULL);
	static struct ow_header headers[2];

	headers[0] = (struct ow_header){ "X-Signature", signature };
	headers[1] = (struct ow_header){ "x-signature", another };
	h->kind = kind;
	h->name = tenant;
	h->method = method;
	h->url = h->query = "";
	h->body = (struct ow_bytes){ "{}", 2 };
	h->headers = headers;
	h->n_headers = another != NULL ? 2 : 1;
	outbox_hook(x, h);
	loop_test_advance(loop, 0);
	ck_assert_ptr_nonnull(answered);
	return answered->status;
}

static int
call(const char *kind, const char *tenant, const char *method,
    const char *signature)
{
	return call_signed(kind, tenant, method, signature, NULL);
}

START_TEST(a_call_finds_the_adapter_of_its_tenant)
{
	ck_assert_int_eq(call("logistics", "cafe", "POST", "good"), 204);
	ck_assert_uint_eq(fakes[1].n_hooks, 0);
	ck_assert_int_eq(call("logistics", "pub", "POST", "good"), 204);
	ck_assert_int_eq(call("logistics", "pub", "POST", "bad"), 401);
	ck_assert_int_eq(call("logistics", "bar", "POST", "good"), 404);
	ck_assert_int_eq(call("logistics", "cafe", "GET", "good"), 0);
	ck_assert_int_eq(call("sms", "cafe", "POST", "good"), 0);
	fakes[0].is_mute = true;
	ck_assert_int_eq(call("logistics", "cafe", "POST", "good"), 500);
}
END_TEST

/* A breach: somebody on the way looks at the one and we at the other. */
START_TEST(a_signature_that_comes_twice_is_none)
{
	ck_assert_int_eq(call_signed("logistics", "cafe", "POST", "good",
	    "bad"), 401);
	ck_assert_int_eq(call_signed("logistics", "cafe", "POST", "bad",
	    "good"), 401);
	ck_assert_int_eq(call_signed("logistics", "cafe", "POST", "good",
	    "good"), 401);
}
END_TEST

static void
on_drained(void *arg)
{
	*(bool *)arg = true;
}

START_TEST(a_drain_waits_for_adapters_and_asks_them_no_more)
{
	bool is_drained = false;

	outbox_drain(x, 1000, on_drained, &is_drained);
	loop_test_advance(loop, 0);
	ck_assert(is_drained);
	outbox_want(x, wanted_new(WANTED_FOLLOW, "cafe", "o1"));
	loop_test_advance(loop, 0);
	ck_assert_uint_eq(fakes[0].n_follows, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("adapter");
	TCase *tc = tcase_create("adapter");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, what_is_said_arrives_as_a_copy);
	tcase_add_test(tc, what_makes_no_sense_goes_no_further);
	tcase_add_test(tc, no_more_is_said_than_is_heard);
	tcase_add_test(tc, wishes_reach_every_adapter);
	tcase_add_test(tc, a_call_finds_the_adapter_of_its_tenant);
	tcase_add_test(tc, a_signature_that_comes_twice_is_none);
	tcase_add_test(tc, a_drain_waits_for_adapters_and_asks_them_no_more);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
