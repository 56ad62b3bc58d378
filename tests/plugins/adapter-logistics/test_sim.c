/* SPDX-License-Identifier: MIT */
/*
 * test_sim - adapter-logistics on a real loop and a real network, against the
 * simulator of contrib/logistics-sim, in all three presets.
 *
 * The same story each time: a task is assigned and carried out; in the middle
 * of the way the simulator is killed and started again.  It is skipped where
 * node or the simulator's packages (npm ci) are missing.
 */
#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/mem.h"
#include "host.h"
#include "plugin/outside.h"
#include "plugin/plugin.h"

#define TELL_MAX 65536

/* ---- The simulator ------------------------------------------------------ */

struct sim {
	const char *preset;
	char dir[64];
	pid_t pid;
	int port;
};

static const char *
sim_script(void)
{
	static char path[512];
	const char *source = getenv("OW_SRC");

	(void)snprintf(path, sizeof(path), "%s/contrib/logistics-sim/sim.mjs",
	    source ? source : ".");
	return path;
}

static bool
sim_is_there(void)
{
	char path[600];
	size_t n = strlen(sim_script()) - strlen("sim.mjs");

	(void)snprintf(path, sizeof(path), "%.*snode_modules/ws", (int)n,
	    sim_script());
	return access(path, F_OK) == 0 && system("node --version >/dev/null "
	    "2>&1") == 0;
}

static void
sim_exec(const struct sim *s, int out)
{
	char port[16], state[96];

	(void)snprintf(port, sizeof(port), "%d", s->port);
	(void)snprintf(state, sizeof(state), "%s/state.json", s->dir);
	(void)dup2(out, STDOUT_FILENO);
	(void)execlp("node", "node", sim_script(), "--port", port, "--preset",
	    s->preset, "--state", state, "--cadence", "100", "--speed", "30",
	    (char *)NULL);
	_exit(127);
}

static void
sim_start(struct sim *s)
{
	char line[128] = "", *colon;
	size_t n = 0;
	int out[2];

	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	s->pid = fork();
	ck_assert_int_ge(s->pid, 0);
	if (s->pid == 0)
		sim_exec(s, out[1]);
	close(out[1]);
	while (!strchr(line, '\n') && n < sizeof(line) - 1 &&
	    read(out[0], line + n, 1) == 1)
		n++;
	close(out[0]);
	colon = strrchr(line, ':');
	ck_assert_msg(colon != NULL, "the simulator said '%s'", line);
	s->port = atoi(colon + 1);
}

static void
sim_kill(struct sim *s)
{
	(void)kill(s->pid, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
}

static void
sim_clean(const struct sim *s)
{
	char state[96];

	(void)snprintf(state, sizeof(state), "%s/state.json", s->dir);
	(void)unlink(state);
	(void)strcat(state, ".new");
	(void)unlink(state);
	(void)rmdir(s->dir);
}

/* POST /sim/{path}; 200 is wanted. */
static void
sim_post(const struct sim *s, const char *path, const char *body)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)s->port) };
	char text[2048];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ssize_t n;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	n = snprintf(text, sizeof(text), "POST /sim/%s HTTP/1.1\r\nHost: x\r\n"
	    "Connection: close\r\nContent-Length: %zu\r\n\r\n%s", path,
	    strlen(body), body);
	ck_assert_int_eq(write(fd, text, (size_t)n), n);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_gt(n, 12);
	text[n] = '\0';
	ck_assert_msg(!strncmp(text, "HTTP/1.1 200", 12), "%s", text);
	close(fd);
}

/* ---- The adapter -------------------------------------------------------- */

struct world {
	struct loop *loop;
	struct outside *outside;
	struct plugin_entry entry;
	struct ow_ctx *ctx;
	struct loop_timer *late;
	const char *wanted;
	char told[TELL_MAX];
	int64_t at_ms;			/* of the last point */
	uint32_t n_points;
	size_t n_route;
};

static void tell(struct ow_ctx *ctx, const char *fmt, ...) OW_PRINTF(2, 3);

static void
tell(struct ow_ctx *ctx, const char *fmt, ...)
{
	struct world *w = plugin_ctx_user(ctx);
	size_t n = strlen(w->told);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(w->told + n, sizeof(w->told) - n, fmt, args);
	va_end(args);
	if (w->wanted && strstr(w->told, w->wanted))
		loop_stop(w->loop);
}

/* A breach: one that is older than the one before, or no driver's. */
static void
on_location(struct ow_ctx *ctx, const char *tenant, const struct ow_point *p)
{
	struct world *w = plugin_ctx_user(ctx);

	ck_assert_str_eq(tenant, "demo");
	ck_assert_str_eq(p->driver, "r-1");
	ck_assert_int_gt(p->at_ms, w->at_ms);
	w->at_ms = p->at_ms;
	if (w->n_points++ == 0)
		tell(ctx, "point\n");
}

static void
on_task(struct ow_ctx *ctx, const char *tenant, const struct ow_task *t)
{
	ck_assert_str_eq(tenant, "demo");
	ck_assert_str_eq(t->order, "o-1");
	tell(ctx, "%s\n", t->status);
}

static void
on_driver(struct ow_ctx *ctx, const char *tenant, const struct ow_driver *d)
{
	(void)tenant;
	ck_assert_str_eq(d->id, "r-1");
	tell(ctx, "driver %s\n", d->name ? d->name : "-");
}

static void
on_route(struct ow_ctx *ctx, const char *tenant, const struct ow_route *r)
{
	struct world *w = plugin_ctx_user(ctx);

	(void)tenant;
	w->n_route = r->n;
	tell(ctx, "route\n");
}

static void
on_stale(struct ow_ctx *ctx, bool is_stale, const char *why)
{
	(void)why;
	tell(ctx, is_stale ? "stale\n" : "fresh\n");
}

static const struct ow_host_facts facts = {
	.size = sizeof(facts), .location = on_location, .task = on_task,
	.driver = on_driver, .route = on_route, .stale = on_stale,
};
static const struct ow_host_hook hook = { .size = sizeof(hook) };

static void
world_start(struct world *w, const char *const *options)
{
	const struct plugin_tables tables = { .net = outside_host(),
	    .facts = &facts, .hook = &hook };
	struct plugin_tables all = tables;
	struct ow_fault fault;

	memset(w, 0, sizeof(*w));
	w->loop = loop_new("test");
	ck_assert_int_eq(outside_new(w->loop, "", &w->outside, &fault),
	    OW_OK);
	all.outside = w->outside;
	w->entry.name = "logistics";
	w->entry.desc = ow_plugin_query(OW_ABI);
	w->entry.conf = host_conf(w->entry.desc, options);
	ck_assert_msg(plugin_start(&w->entry, w->loop, NULL, &all, w, &w->ctx,
	    &fault) == OW_OK, "%s", fault.text);
}

static void
world_stop(struct world *w)
{
	plugin_stop(&w->ctx);
	outside_free(&w->outside);
	loop_free(&w->loop);
	free(w->entry.conf);
}

static void
world_late(void *arg)
{
	struct world *w = arg;

	w->late = NULL;
	loop_stop(w->loop);
}

/* Until it was told. */
static void
wait_for(struct world *w, const char *wanted)
{
	w->wanted = wanted;
	if (!strstr(w->told, wanted)) {
		w->late = loop_timer_start(w->loop, 30000, world_late, w);
		loop_run(w->loop);
		loop_timer_cancel(&w->late);
	}
	ck_assert_msg(strstr(w->told, wanted) != NULL, "no %s after %s",
	    wanted, w->told);
	w->wanted = NULL;
}

/* ---- The story ---------------------------------------------------------- */

static void
follow(struct world *w, const char *task_id)
{
	const struct ow_follow follow = { .size = sizeof(follow),
	    .tenant = "demo", .order_id = "o-1", .task_id = task_id,
	    .has_dropoff = true, .dropoff_lat = 52.51480,
	    .dropoff_lng = 13.38915 };
	const struct ow_adapter *ops = w->entry.desc->ops.adapter;

	ops->follow(plugin_ctx_self(w->ctx), &follow);
	ops->ask_route(plugin_ctx_self(w->ctx), &follow, 52.51705, 13.38885,
	    52.51480, 13.38915);
}

static const char *const presets[] = { "planned", "backend", "server" };

START_TEST(a_delivery_through_a_kill_of_the_service)
{
	struct sim sim = { .preset = presets[_i] };
	char preset[32], url[64];
	const char *options[] = { preset, url, "token=sim-token",
	    "webhooks=no", "poll_ms=500", "stale_ms=1000", "silence_ms=2000",
	    "retry_max_ms=500", NULL };
	bool is_backend = !strcmp(sim.preset, "backend");
	struct world w;

	(void)snprintf(sim.dir, sizeof(sim.dir), "/tmp/test-sim-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(sim.dir));
	sim_start(&sim);
	sim_post(&sim, "riders", "{\"id\":\"r-1\",\"first_name\":\"Ada\","
	    "\"lat\":52.51705,\"lng\":13.38885}");
	sim_post(&sim, "riders", "{\"id\":\"r-2\"}");
	sim_post(&sim, "tasks", "{\"id\":\"t-1\",\"rider_id\":\"r-1\","
	    "\"external_reference\":\"order:o-1\",\"hold\":true,"
	    "\"pickup\":{\"lat\":52.51705,\"lng\":13.38885},"
	    "\"dropoff\":{\"lat\":52.51480,\"lng\":13.38915}}");
	(void)snprintf(preset, sizeof(preset), "preset=%s", sim.preset);
	(void)snprintf(url, sizeof(url), "url=http://127.0.0.1:%d", sim.port);
	world_start(&w, options);
	follow(&w, is_backend ? NULL : "t-1");
	wait_for(&w, "pending\n");
	sim_post(&sim, "tasks/t-1/next", "{}");
	wait_for(&w, "assigned\n");
	wait_for(&w, is_backend ? "driver -\n" : "driver Ada\n");
	wait_for(&w, "point\n");
	sim_post(&sim, "tasks/t-1", "{\"status\":\"en_route_dropoff\","
	    "\"hold\":false}");
	wait_for(&w, "en_route_dropoff\n");
	sim_kill(&sim);
	wait_for(&w, "stale\n");
	sim_start(&sim);
	wait_for(&w, "fresh\n");
	wait_for(&w, "delivered\n");
	ck_assert_uint_gt(w.n_points, 3);
	ck_assert_uint_eq(w.n_route > 1, !strcmp(sim.preset, "server"));
	world_stop(&w);
	sim_kill(&sim);
	sim_clean(&sim);
}
END_TEST

/* Faults of the stream, one after the other; the service lives on. */
START_TEST(faults_do_no_harm)
{
	static const char *const faults[] = { "garbage", "zero", "late",
	    "jump", "stranger", "huge", "disconnect" };
	struct sim sim = { .preset = "server" };
	char url[64], body[64];
	const char *options[] = { "preset=server", url, "token=sim-token",
	    "webhooks=no", "retry_max_ms=200", NULL };
	struct world w;
	size_t i;

	(void)snprintf(sim.dir, sizeof(sim.dir), "/tmp/test-sim-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(sim.dir));
	sim_start(&sim);
	sim_post(&sim, "riders", "{\"id\":\"r-1\"}");
	sim_post(&sim, "tasks", "{\"id\":\"t-1\",\"rider_id\":\"r-1\","
	    "\"hold\":true}");
	sim_post(&sim, "tasks/t-1/next", "{}");
	(void)snprintf(url, sizeof(url), "url=http://127.0.0.1:%d", sim.port);
	world_start(&w, options);
	follow(&w, "t-1");
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		w.n_points = 0;
		w.told[0] = '\0';
		wait_for(&w, "point\n");
		(void)snprintf(body, sizeof(body), "{\"name\":\"%s\"}",
		    faults[i]);
		sim_post(&sim, "faults", body);
	}
	w.n_points = 0;
	w.told[0] = '\0';
	wait_for(&w, "point\n");
	ck_assert_ptr_null(strstr(w.told, "stale"));
	world_stop(&w);
	sim_kill(&sim);
	sim_clean(&sim);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tcase;
	SRunner *runner;
	int failed;

	if (!sim_is_there()) {
		fprintf(stderr, "node, or contrib/logistics-sim/node_modules "
		    "(npm ci), is missing\n");
		return 77;
	}
	suite = suite_create("adapter-logistics and the simulator");
	tcase = tcase_create("sim");
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, a_delivery_through_a_kill_of_the_service,
	    0, 3);
	tcase_add_test(tcase, faults_do_no_harm);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
