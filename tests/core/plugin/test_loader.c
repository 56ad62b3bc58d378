/* SPDX-License-Identifier: MIT */
/*
 * test_loader - what is refused, with which sentence, and how the life of an
 * instance goes.
 *
 * The plugins are those of tests/loader, built; their folder comes from the
 * environment (OW_TEST_PLUGINS) or from the build (TEST_PLUGIN_DIR).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../loader/good.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/metric.h"
#include "conf/settings.h"
#include "plugin/plugin.h"

#ifndef TEST_PLUGIN_DIR
#define TEST_PLUGIN_DIR "tests/loader/.libs"
#endif

static const char *
test_dir(void)
{
	const char *dir = getenv("OW_TEST_PLUGINS");

	return dir ? dir : TEST_PLUGIN_DIR;
}

/* ---- Refusals ---------------------------------------------------------- */

struct dull_conf {		/* as in dull.h */
	const char *text;
	int64_t number;
};

struct refusal {
	const char *module;
	const char *text;	/* part of the sentence */
};

static const struct refusal refusals[] = {
	{ "no-symbol", "it has no symbol ow_plugin_query" },
	{ "wrong-major", "it is made for version 2 of the plugin interface, "
	    "this program has version 1" },
	{ "null-descriptor", "it does not serve version 1" },
	{ "wrong-name", "it calls itself 'right-name', its file must be "
	    "called right-name.so" },
	{ "wrong-kind", "kind 77 is unknown" },
	{ "small-descriptor", "its descriptor has 16 bytes" },
	{ "missing-call", "the call drain() of its life is missing" },
	{ "missing-call", "the call stop() of its life is missing" },
	{ "missing-call", "the call run() of its store is missing" },
	{ "short-ops", "the call run() of its store is missing" },
	{ "no-ops", "ops.store is missing" },
	{ "bad-offset", "option 'number' lies outside the conf struct" },
	{ "bad-default", "the default of option 'number' must be between 1 "
	    "and 10, not 11" },
	{ "bad-medium", "its medium must be push, email, sms or webhook, not "
	    "'telepathy'" },
	{ "bad-medium", "the kind of its addresses must be made of a-z" },
	{ "mute-channel", "its medium must be push" },
	{ "mute-channel", "the kind of its addresses must be made of a-z" },
	{ "mute-channel", "the call deliver() of its channel is missing" },
	{ "half-adapter", "the call unfollow() of its adapter is missing" },
	{ "half-hook", "its channel has hook_name() without hook()" },
	{ "taken-option", "option 'isolate' is taken: every channel" },
	{ "taken-option", "option 'rate' is taken: every channel has it" },
	{ "taken-option", "option 'max_inflight' is taken" },
	{ "two-metrics", "metric 'commits' is there twice" },
	{ "goood", "there is no plugin 'goood' in " },
	{ "goood", "did you mean 'good'?" },
	{ "../loader/good", "can't be the name of a plugin" },
};

/* A breach would be a plugin that loads, or a sentence that names another
   reason. */
START_TEST(broken_plugins_are_refused_with_a_sentence)
{
	const struct refusal *r = &refusals[_i];
	struct ow_fault why = { "" };
	char path[512];

	ck_assert_ptr_null(plugin_probe(test_dir(), r->module, path, &why));
	ck_assert_msg(strstr(why.text, r->text) != NULL, "%s: %s", r->module,
	    why.text);
}
END_TEST

START_TEST(a_folder_is_listed_with_the_refused)
{
	struct buf out = BUF_INIT(65536);

	ck_assert_int_eq(plugin_list(test_dir(), &out), OW_OK);
	ck_assert_ptr_nonnull(strstr(out.p, "good                     store"));
	ck_assert_ptr_nonnull(strstr(out.p, "Does nothing by every call"));
	ck_assert_ptr_nonnull(strstr(out.p, "refused: plugin 'wrong-major'"));
	ck_assert_int_eq(plugin_list("/nowhere", &out), OW_ENOENT);
	buf_done(&out);
}
END_TEST

/* ---- From the config --------------------------------------------------- */

struct world {
	struct conf *conf;
	struct conf_faults faults;
	struct plugins *plugins;
	struct loop *loop;
	struct metrics *metrics;
};

static void
world_open(struct world *w, const char *text)
{
	memset(w, 0, sizeof(*w));
	w->conf = conf_parse(text, "test.conf", &w->faults);
	ck_assert_ptr_nonnull(w->conf);
	w->plugins = plugins_open(w->conf, test_dir(), &w->faults);
	w->loop = loop_new("test");
	loop_test_clock(w->loop, 1700000000000);
	w->metrics = metrics_new();
}

static void
world_close(struct world *w)
{
	plugins_close(&w->plugins);
	ck_assert_ptr_null(w->plugins);
	plugins_close(&w->plugins);
	loop_free(&w->loop);
	metrics_free(&w->metrics);
	conf_close(&w->conf);
	conf_faults_done(&w->faults);
}

static bool
world_has(const struct world *w, int line, const char *text)
{
	uint32_t i;

	for (i = 0; i < w->faults.n; i++)
		if (w->faults.list[i].line == line &&
		    strstr(w->faults.list[i].text, text))
			return true;
	return false;
}

START_TEST(all_faults_of_all_instances_come_at_once)
{
	struct world w;

	world_open(&w, "plugins: {\n"
	    "  a: { module = \"missing-call\"; };\n"
	    "  b: { module = \"store-sqlight\"; };\n"
	    "  c: { module = \"good\"; secert = \"x\"; count = 10; };\n"
	    "  good: { secret = \"x\"; };\n"
	    "};\n");
	ck_assert_uint_eq(w.faults.n, 7);
	ck_assert(world_has(&w, 2, "drain()"));
	ck_assert(world_has(&w, 2, "stop()"));
	ck_assert(world_has(&w, 2, "run()"));
	ck_assert(world_has(&w, 3, "there is no plugin 'store-sqlight'"));
	ck_assert(world_has(&w, 4, "unknown option 'secert', did you mean "
	    "'secret'?"));
	ck_assert(world_has(&w, 4, "'count' must be between 0 and 9, not 10"));
	ck_assert(world_has(&w, 4, "missing required option 'secret' of 'c'"));
	ck_assert_uint_eq(plugins_count(w.plugins), 1);
	ck_assert_str_eq(plugins_at(w.plugins, 0)->name, "good");
	world_close(&w);
}
END_TEST

START_TEST(check_runs_load_and_stop_and_nothing_else)
{
	struct world w;

	world_open(&w, "plugins: {\n"
	    "  load-fails: { };\n"
	    "  good: { secret = \"x\"; };\n"
	    "  start-fails: { };\n"
	    "};\n");
	ck_assert_uint_eq(w.faults.n, 0);
	ck_assert_uint_eq(plugins_count(w.plugins), 3);
	plugins_check(w.plugins, w.loop, &w.faults);
	ck_assert_uint_eq(w.faults.n, 1);
	ck_assert_str_eq(w.faults.list[0].text,
	    "'load-fails': the number is unlucky");
	ck_assert_str_eq(w.faults.list[0].file, "test.conf");
	ck_assert_int_eq(w.faults.list[0].line, 2);
	world_close(&w);
}
END_TEST

START_TEST(options_arrive_with_their_defaults)
{
	struct world w;
	const struct good_conf *conf;

	world_open(&w, "plugins: { good: { secret = \"x\"; mood = "
	    "\"cheerful\"; polite = false; room = \"1m\"; }; };");
	ck_assert_uint_eq(plugins_count(w.plugins), 1);
	conf = plugins_at(w.plugins, 0)->conf;
	ck_assert_str_eq(conf->greeting, "hello \"you\" \\o/");
	ck_assert(!conf->polite);
	ck_assert_int_eq(conf->count, 3);
	ck_assert_int_eq(conf->wait_ms, 100);
	ck_assert_int_eq(conf->room, 1 << 20);
	ck_assert_str_eq(conf->server, "");
	ck_assert_str_eq(conf->secret, "x");
	ck_assert_str_eq(conf->mood, "cheerful");
	world_close(&w);
}
END_TEST

/* A breach is an option that only one of the two tables gets, or that both
   call unknown. */
START_TEST(a_channels_section_has_its_own_options_and_every_channels)
{
	const struct plugin_entry *entry;
	struct world w;

	world_open(&w, "plugins: {\n"
	    "  good-channel: { number = 3; rate = 5; };\n"
	    "  b: { module = \"good-channel\"; tenants = \"cafe deli\";"
	    " deadline_ms = \"2m\"; };\n"
	    "  c: { module = \"good-channel\"; ratte = 1; };\n"
	    "  good: { secret = \"x\"; rate = 5; };\n"
	    "};\n");
	ck_assert_uint_eq(w.faults.n, 2);
	ck_assert(world_has(&w, 4, "unknown option 'ratte', did you mean "
	    "'rate'?"));
	ck_assert(world_has(&w, 5, "unknown option 'rate'"));
	ck_assert_uint_eq(plugins_count(w.plugins), 2);
	entry = plugins_at(w.plugins, 0);
	ck_assert_int_eq(((const struct dull_conf *)entry->conf)->number, 3);
	ck_assert_int_eq(entry->channel->rate, 5);
	ck_assert_str_eq(entry->channel->tenants, "*");
	ck_assert_int_eq(entry->channel->deadline_ms, 30000);
	entry = plugins_at(w.plugins, 1);
	ck_assert_str_eq(entry->channel->tenants, "cafe deli");
	ck_assert_int_eq(entry->channel->deadline_ms, 120000);
	world_close(&w);
}
END_TEST

START_TEST(a_channel_sees_the_tables_it_has_business_with)
{
	struct world w;

	world_open(&w, "plugins: { good-channel: { }; };");
	ck_assert_uint_eq(w.faults.n, 0);
	plugins_check(w.plugins, w.loop, &w.faults);
	ck_assert_uint_eq(w.faults.n, 0);
	world_close(&w);
}
END_TEST

/* A job would be begun again while it is under way. */
START_TEST(a_channels_deadline_is_below_the_lease)
{
	struct settings set = { .outbox = { .lease_ms = 120000,
	    .private_allow = "10.0.0.0/99" } };
	struct world w;

	world_open(&w, "outbox: {\n  private_allow = \"10.0.0.0/99\";\n};\n"
	    "plugins: {\n"
	    "  a: { module = \"good-channel\"; deadline_ms = \"119s\"; };\n"
	    "  b: { module = \"good-channel\"; deadline_ms = \"2m\"; };\n"
	    "  good: { secret = \"x\"; };\n"
	    "};\n");
	ck_assert_uint_eq(w.faults.n, 0);
	plugins_check_settings(w.plugins, w.conf, &set, &w.faults);
	ck_assert_uint_eq(w.faults.n, 2);
	ck_assert(world_has(&w, 2, "'private_allow': '/99' behind 10.0.0.0"));
	ck_assert(world_has(&w, 6, "'b': 'deadline_ms' must be below "
	    "outbox.lease_ms"));
	world_close(&w);
}
END_TEST

/* --explain is no use if it can't be read back. */
START_TEST(explained_options_can_be_read_back)
{
	struct buf out = BUF_INIT(65536);
	const struct ow_plugin *desc;
	struct ow_fault why;
	struct world w;
	char path[512], *at;

	desc = plugin_probe(test_dir(), "good", path, &why);
	ck_assert_ptr_nonnull(desc);
	(void)buf_str(&out, "plugins: {\n");
	conf_explain(&out, "good", desc->options, NULL, 1);
	(void)buf_str(&out, "};\n");
	world_open(&w, out.p);
	ck_assert_uint_eq(w.faults.n, 1);
	ck_assert_str_eq(w.faults.list[0].text,
	    "required option 'secret' is empty");
	world_close(&w);

	/* Every default, too, when its comment sign is taken away. */
	while ((at = strstr(out.p, "\t\t#")) && at[3] != ' ')
		at[2] = ' ';
	for (at = out.p; (at = strstr(at, "\t\t#")); at += 3)
		if (at[3] != ' ')
			at[2] = ' ';
	at = strstr(out.p, "secret = \"\"");
	memcpy(at, "secret=\"xy\"", 11);
	world_open(&w, out.p);
	ck_assert_uint_eq(w.faults.n, 0);
	ck_assert_str_eq(((const struct good_conf *)
	    plugins_at(w.plugins, 0)->conf)->greeting,
	    "hello \"you\" \\o/");
	world_close(&w);
	buf_done(&out);
}
END_TEST

START_TEST(a_channel_is_explained_with_every_channels_options)
{
	struct buf out = BUF_INIT(65536);
	const struct ow_plugin *desc;
	struct ow_fault why;
	struct world w;
	char path[512];

	desc = plugin_probe(test_dir(), "good-channel", path, &why);
	ck_assert_ptr_nonnull(desc);
	(void)buf_str(&out, "plugins: {\n");
	plugin_explain(desc, &out);
	(void)buf_str(&out, "};\n");
	ck_assert_ptr_nonnull(strstr(out.p, "#number = 7;"));
	ck_assert_ptr_nonnull(strstr(out.p, "#tenants = \"*\";"));
	ck_assert_ptr_nonnull(strstr(out.p, "#deadline_ms = \"30s\";"));
	world_open(&w, out.p);
	ck_assert_uint_eq(w.faults.n, 0);
	ck_assert_uint_eq(plugins_count(w.plugins), 1);
	world_close(&w);
	buf_done(&out);
}
END_TEST

/* ---- Lives ------------------------------------------------------------- */

static const struct plugin_tables no_tables;

static struct ow_ctx *
world_start(struct world *w, struct good **out_good)
{
	const struct plugin_entry *entry = plugins_at(w->plugins, 0);
	struct ow_ctx *ctx = NULL;
	struct ow_fault why;

	ck_assert_int_eq(plugin_start(entry, w->loop, w->metrics,
	    &no_tables, w, &ctx, &why), OW_OK);
	ck_assert_ptr_eq(plugin_ctx_user(ctx), w);
	ck_assert_ptr_eq(plugin_ctx_entry(ctx), entry);
	ck_assert_ptr_eq(plugin_ctx_loop(ctx), w->loop);
	*out_good = plugin_ctx_self(ctx);
	return ctx;
}

#define GOOD_CONF "plugins: { good: { secret = \"x\"; }; };"

static void
note_done(void *arg)
{
	++*(int *)arg;
}

START_TEST(every_base_call_does_what_it_says)
{
	struct buf out = BUF_INIT(65536);
	struct good *good;
	struct ow_ctx *ctx;
	struct world w;
	int64_t start_ms;

	world_open(&w, GOOD_CONF);
	start_ms = loop_now_ms(w.loop);
	ctx = world_start(&w, &good);
	ck_assert_str_eq(good->seen, "");	/* start() is not over */
	loop_test_advance(w.loop, 0);
	ck_assert_str_eq(good->seen, "abwd");
	loop_test_advance(w.loop, 99);
	ck_assert_str_eq(good->seen, "abwd");
	loop_test_advance(w.loop, 1);
	ck_assert_str_eq(good->seen, "abwdt");
	ck_assert_int_eq(good->fired_at_ms, start_ms + 100);
	metrics_render(w.metrics, &out);
	ck_assert_ptr_nonnull(strstr(out.p, "started_total{instance=\"good\"} "
	    "1"));
	ck_assert_ptr_nonnull(strstr(out.p, "level{instance=\"good\"} 3"));
	plugin_stop(&ctx);
	ck_assert_ptr_null(ctx);
	plugin_stop(&ctx);
	buf_done(&out);
	world_close(&w);
}
END_TEST

/* Level-triggered, can be paused, and be stopped from inside. */
START_TEST(a_watch_tells_until_it_is_stopped)
{
	struct good *good;
	struct ow_ctx *ctx;
	struct world w;

	world_open(&w, GOOD_CONF);
	ctx = world_start(&w, &good);
	loop_test_advance(w.loop, 0);
	ck_assert_int_eq(write(good->pipe[1], "1p2", 3), 3);
	loop_test_advance(w.loop, 0);
	loop_test_advance(w.loop, 0);
	loop_test_advance(w.loop, 0);
	ck_assert_str_eq(good->seen, "abwdrr");
	good->host->base->watch_set(ctx, good->watch, true, false);
	ck_assert_int_eq(write(good->pipe[1], "x4", 2), 2);
	loop_test_advance(w.loop, 0);
	loop_test_advance(w.loop, 0);
	loop_test_advance(w.loop, 0);
	ck_assert_str_eq(good->seen, "abwdrrrr");
	ck_assert_ptr_null(good->watch);
	plugin_stop(&ctx);
	world_close(&w);
}
END_TEST

START_TEST(drained_is_told_once_and_never_inside_drain)
{
	struct good *good;
	struct ow_ctx *ctx;
	struct world w;
	int n_done = 0;

	world_open(&w, GOOD_CONF);
	ctx = world_start(&w, &good);
	plugin_drain(ctx, 1000, note_done, &n_done);
	ck_assert_int_eq(n_done, 0);
	loop_test_advance(w.loop, 5000);
	ck_assert_int_eq(n_done, 1);
	plugin_stop(&ctx);
	loop_test_advance(w.loop, 5000);
	ck_assert_int_eq(n_done, 1);
	world_close(&w);
}
END_TEST

START_TEST(a_plugin_that_never_drains_has_its_time)
{
	struct ow_ctx *ctx;
	struct good *none;
	struct world w;
	int n_done = 0;

	world_open(&w, "plugins: { never-drained: { }; };");
	ctx = world_start(&w, &none);
	ck_assert_ptr_null(none);
	plugin_drain(ctx, 1000, note_done, &n_done);
	loop_test_advance(w.loop, 999);
	ck_assert_int_eq(n_done, 0);
	loop_test_advance(w.loop, 1);
	ck_assert_int_eq(n_done, 1);
	plugin_stop(&ctx);
	ck_assert_int_eq(n_done, 1);
	world_close(&w);
}
END_TEST

struct stopper {
	struct ow_ctx *ctx;
};

static void
stop_ctx(void *arg)
{
	plugin_stop(&((struct stopper *)arg)->ctx);
}

/* A stop from inside done() is the usual one. */
START_TEST(stop_may_come_from_inside_done)
{
	struct stopper stopper;
	struct good *good;
	struct world w;
	char last = '\0';

	world_open(&w, GOOD_CONF);
	stopper.ctx = world_start(&w, &good);
	good->out_last = &last;
	plugin_drain(stopper.ctx, 1000, stop_ctx, &stopper);
	good->host->base->post(stopper.ctx, (void (*)(void *))abort, NULL);
	loop_test_advance(w.loop, 5000);
	ck_assert_int_eq(last, 'S');
	world_close(&w);
}
END_TEST

/* Letters, timers, watches and work would call into freed memory. */
START_TEST(nothing_calls_a_plugin_that_was_stopped)
{
	struct good *good;
	struct ow_ctx *ctx;
	struct world w;
	int n_done = 0;

	world_open(&w, GOOD_CONF);
	ctx = world_start(&w, &good);
	ck_assert_int_eq(write(good->pipe[1], "1", 1), 1);
	plugin_drain(ctx, 1000, note_done, &n_done);
	plugin_stop(&ctx);
	loop_test_advance(w.loop, 7200000);
	ck_assert_int_eq(n_done, 0);
	world_close(&w);
}
END_TEST

START_TEST(a_start_that_fails_half_way_leaves_nothing)
{
	struct ow_ctx *ctx = NULL;
	struct ow_fault why;
	struct world w;

	world_open(&w, "plugins: { start-fails: { }; };");
	ck_assert_int_eq(plugin_start(plugins_at(w.plugins, 0), w.loop, NULL,
	    &no_tables, NULL, &ctx, &why), OW_EIO);
	ck_assert_str_eq(why.text,
	    "start() failed with -1000 and does not say why");
	ck_assert_ptr_null(ctx);
	loop_test_advance(w.loop, 1000);
	world_close(&w);
}
END_TEST

START_TEST(a_load_that_fails_says_why)
{
	struct ow_ctx *ctx = NULL;
	struct ow_fault why;
	struct world w;

	world_open(&w, "plugins: { load-fails: { }; };");
	ck_assert_int_eq(plugin_start(plugins_at(w.plugins, 0), w.loop,
	    w.metrics, &no_tables, NULL, &ctx, &why), OW_EINVAL);
	ck_assert_str_eq(why.text, "the number is unlucky");
	ck_assert_ptr_null(ctx);
	world_close(&w);
}
END_TEST

struct errand {
	struct stopper stopper;
	int n_work, n_done;
};

static void
errand_work(void *arg)
{
	((struct errand *)arg)->n_work++;
}

static void
errand_done(void *arg)
{
	((struct errand *)arg)->n_done++;
}

/* stop() frees what the work uses, so it has to come after it. */
START_TEST(stop_waits_for_work_that_runs)
{
	struct errand errand = { { NULL }, 0, 0 };
	struct good *good;
	struct world w;
	char last = '\0';

	world_open(&w, GOOD_CONF);
	errand.stopper.ctx = world_start(&w, &good);
	loop_test_advance(w.loop, 0);
	good->out_last = &last;
	good->host->base->offload(errand.stopper.ctx, errand_work,
	    errand_done, &errand);
	/* Comes between the work and its done(). */
	loop_post(w.loop, stop_ctx, &errand);
	loop_test_advance(w.loop, 0);
	ck_assert_int_eq(errand.n_work, 1);
	ck_assert_int_eq(errand.n_done, 0);
	ck_assert_int_eq(last, 'S');
	world_close(&w);
}
END_TEST

START_TEST(work_that_did_not_begin_is_cancelled)
{
	struct errand errand = { { NULL }, 0, 0 };
	struct good *good;
	struct world w;
	char last = '\0';

	world_open(&w, GOOD_CONF);
	errand.stopper.ctx = world_start(&w, &good);
	good->out_last = &last;
	good->host->base->offload(errand.stopper.ctx, errand_work,
	    errand_done, &errand);
	plugin_stop(&errand.stopper.ctx);
	ck_assert_int_eq(last, 'S');
	loop_test_advance(w.loop, 0);
	ck_assert_int_eq(errand.n_work, 0);
	ck_assert_int_eq(errand.n_done, 0);
	world_close(&w);
}
END_TEST

/* ---- From other threads ------------------------------------------------ */

#define POSTS 1000

struct poster {
	const struct ow_host_base *base;
	struct ow_ctx *ctx;
	struct loop *loop;
	int next;		/* what the loop expects */
	struct post {
		struct poster *poster;
		int number;
	} posts[POSTS];
};

static void
poster_arrived(void *arg)
{
	struct post *post = arg;

	ck_assert_int_eq(post->number, post->poster->next);
	if (++post->poster->next == POSTS)
		loop_stop(post->poster->loop);
}

static void
poster_work(void *arg)
{
	struct poster *poster = arg;
	int i;

	for (i = 0; i < POSTS; i++) {
		poster->posts[i].poster = poster;
		poster->posts[i].number = i;
		poster->base->post(poster->ctx, poster_arrived,
		    &poster->posts[i]);
		poster->base->add(poster->ctx, GOOD_STARTED, 1);
	}
}

static void
poster_done(void *arg)
{
	(void)arg;
}

/* A breach is a number out of its turn, or a loop that never ends. */
START_TEST(posts_of_another_thread_arrive_in_order)
{
	struct poster *poster = calloc(1, sizeof(*poster));
	struct good *good;
	struct world w;
	struct loop *loop = loop_new("real");

	world_open(&w, GOOD_CONF);
	loop_free(&w.loop);
	w.loop = loop;
	poster->ctx = world_start(&w, &good);
	poster->base = good->host->base;
	poster->loop = loop;
	poster->base->offload(poster->ctx, poster_work, poster_done, poster);
	loop_run(loop);
	ck_assert_int_eq(poster->next, POSTS);
	plugin_stop(&poster->ctx);
	loop_stop(loop);
	loop_run(loop);		/* a job that was not told yet comes back */
	world_close(&w);
	free(poster);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("loader");
	TCase *refuse = tcase_create("refuse");
	TCase *life = tcase_create("life");
	SRunner *runner;
	int failed;

	log_setup(LOG_LOGFMT, OW_ERROR + 1, STDERR_FILENO);
	tcase_add_loop_test(refuse, broken_plugins_are_refused_with_a_sentence,
	    0, sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(refuse, a_folder_is_listed_with_the_refused);
	tcase_add_test(refuse, all_faults_of_all_instances_come_at_once);
	tcase_add_test(refuse, check_runs_load_and_stop_and_nothing_else);
	tcase_add_test(refuse, options_arrive_with_their_defaults);
	tcase_add_test(refuse,
	    a_channels_section_has_its_own_options_and_every_channels);
	tcase_add_test(refuse, a_channel_sees_the_tables_it_has_business_with);
	tcase_add_test(refuse, a_channels_deadline_is_below_the_lease);
	tcase_add_test(refuse, explained_options_can_be_read_back);
	tcase_add_test(refuse,
	    a_channel_is_explained_with_every_channels_options);
	tcase_add_test(life, every_base_call_does_what_it_says);
	tcase_add_test(life, a_watch_tells_until_it_is_stopped);
	tcase_add_test(life, drained_is_told_once_and_never_inside_drain);
	tcase_add_test(life, a_plugin_that_never_drains_has_its_time);
	tcase_add_test(life, stop_may_come_from_inside_done);
	tcase_add_test(life, nothing_calls_a_plugin_that_was_stopped);
	tcase_add_test(life, a_start_that_fails_half_way_leaves_nothing);
	tcase_add_test(life, a_load_that_fails_says_why);
	tcase_add_test(life, stop_waits_for_work_that_runs);
	tcase_add_test(life, work_that_did_not_begin_is_cancelled);
	tcase_add_test(life, posts_of_another_thread_arrive_in_order);
	suite_add_tcase(suite, refuse);
	suite_add_tcase(suite, life);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
