/* SPDX-License-Identifier: MIT */
/*
 * test_adapter - adapter-logistics against a scripted service: what it asks,
 * what it tells, and what it keeps to itself.
 */
#include <check.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host.h"

#define SECRET "webhook-secret-1"
#define TOKEN "token-1234567"
#define IDS_MAX 100

static struct host *h;

/* Options beside those that every test has. */
static struct host *
make(const char *preset, const char *one, const char *two,
    struct ow_fault *fault)
{
	char first[64];
	const char *options[] = { one ? one : "silence_ms=45s",
	    two ? two : "stale_ms=15s", first, "url=https://logistics.test",
	    "token=" TOKEN, "webhook_secret=" SECRET, "retry_max_ms=30s",
	    NULL };
	struct ow_fault ignored;
	static char kept[8][64];	/* the plugin keeps what options say */
	static int n;

	(void)snprintf(first, sizeof(first), "preset=%s", preset);
	n = (n + 1) % 8;
	memcpy(kept[n], first, sizeof(first));
	options[2] = kept[n];
	return host_new(ow_plugin_query(OW_ABI), options, fault ? fault :
	    &ignored);
}

static void
begin(const char *preset)
{
	h = make(preset, NULL, NULL, NULL);
	ck_assert_ptr_nonnull(h);
}

static void
end(void)
{
	ck_assert_ptr_null(strstr(host_log(h), TOKEN));
	ck_assert_ptr_null(strstr(host_log(h), SECRET));
	host_free(&h);
}

/* "2026-11-22T10:00:00Z", so many seconds from now. */
static const char *
when(int offset_s)
{
	static char text[4][40];
	static int n;
	struct timespec at;
	struct tm tm;

	/* Not time(): that may be in the second before. */
	clock_gettime(CLOCK_REALTIME, &at);
	at.tv_sec += offset_s;
	n = (n + 1) % 4;
	gmtime_r(&at.tv_sec, &tm);
	(void)strftime(text[n], sizeof(text[n]), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return text[n];
}

static void
point(const char *rider, double lat, double lng, const char *at)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "{\"type\":\"location_update\","
	    "\"data\":{\"rider_id\":\"%s\",\"latitude\":%f,"
	    "\"longitude\":%f,\"heading\":90,\"speed\":5,"
	    "\"timestamp\":\"%s\"}}", rider, lat, lng, at);
	host_ws_text(h, text);
}

/* An order under way, with an open stream and all reads answered. */
static void
begin_under_way(void)
{
	begin("server");
	host_follow(h, "demo", "o-1", "t-1", NULL);
	host_advance(h, 1000);
	host_ws_open(h);
	ck_assert(host_reply(h, "/tracking/fleet", 200, "{\"riders\":[]}"));
	ck_assert(host_data(h, "/tasks/t-1/stream",
	    "event: connected\ndata: {\"task_id\":\"t-1\"}\n\n"));
	host_advance(h, 1000);
	while (host_n_requests(h, "/tasks/t-1"))
		ck_assert(host_reply(h, "/tasks/t-1", 200, "{\"id\":\"t-1\","
		    "\"status\":\"picked_up\",\"rider_id\":\"r-1\"}"));
	(void)host_reply(h, "/members/r-1", 200, "{\"id\":\"r-1\","
	    "\"first_name\":\"Ada\"}");
	(void)host_facts(h);
}

/* ---- Options ------------------------------------------------------------ */

START_TEST(options_that_make_no_sense_are_refused)
{
	const struct {
		const char *preset, *one, *two, *why;
	} bad[] = {
		{ "server", "webhook_secret=", NULL, "anybody could" },
		{ "server", "url=ftp://x", NULL, "http://" },
		{ "server", "stream_url=http://x", NULL, "ws://" },
		{ "server", "fields=nothing=x", NULL, "no field 'nothing'" },
		{ "server", "task_path=x", NULL, "begins with /" },
		{ "server", "task_path=/{what}", NULL, "{tenant}" },
		{ "server", "auth=no colon", NULL, "Name: value" },
		{ "server", "router=osrm", NULL, "router_url" },
		{ "server", "router=osrm", "router_url=http://x/{id}{y}",
		    "router_url" },
		{ "server", "tenant= ", NULL, "nobody" },
		{ "none", NULL, NULL, "preset" },
	};
	struct ow_fault fault;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		h = make(bad[i].preset, bad[i].one, bad[i].two, &fault);
		ck_assert_msg(h == NULL, "%s", bad[i].one);
		ck_assert_msg(strstr(fault.text, bad[i].why) != NULL, "%s",
		    fault.text);
	}
	h = make("server", "webhooks=no", "webhook_secret=", &fault);
	ck_assert_ptr_nonnull(h);
	ck_assert_int_eq(host_hook(h, "demo", "", "{}"), 404);
	end();
}
END_TEST

/* A breach: a preset that asks elsewhere, or with another's credential. */
START_TEST(presets_have_their_own_addresses)
{
	begin("planned");
	host_follow(h, "demo", "o-1", "t-1", "r-1");
	host_advance(h, 1000);
	ck_assert_str_eq(host_url(h, "t-1"),
	    "https://logistics.test/v1/demo/tasks/t-1");
	ck_assert_str_eq(host_url(h, "r-1"),
	    "https://logistics.test/v1/demo/fleet-members/r-1");
	ck_assert_str_eq(host_header(h, "t-1", "Authorization"),
	    "Bearer " TOKEN);
	ck_assert_str_eq(host_socket_url(h),
	    "wss://logistics.test/v1/demo/telemetry/stream");
	ck_assert_str_eq(host_socket_header(h, "Authorization"),
	    "Bearer " TOKEN);
	end();
	begin("backend");
	host_follow(h, "demo", "o-1", "t-1", "r-1");
	host_follow(h, "demo", "o-2", NULL, NULL);
	host_advance(h, 1000);
	ck_assert_str_eq(host_url(h, "t-1"), "https://logistics.test/api/v1/"
	    "demo/tasks/t-1/tracking");
	ck_assert_str_eq(host_url(h, "external_reference"),
	    "https://logistics.test/api/v1/demo/tasks?"
	    "external_reference=o-2");
	ck_assert_str_eq(host_header(h, "t-1", "X-API-Key"), TOKEN);
	ck_assert_ptr_null(host_header(h, "t-1", "Authorization"));
	ck_assert_uint_eq(host_n_sockets(h), 0);
	end();
	begin("server");
	host_follow(h, "demo", "o-1", "t-1", "r-1");
	host_advance(h, 1000);
	ck_assert_str_eq(host_url(h, "/members/"), "https://logistics.test/"
	    "api/v1/demo/fleet/members/r-1");
	ck_assert_str_eq(host_socket_url(h),
	    "wss://logistics.test/api/v1/demo/tracking/fleet/ws");
	ck_assert_uint_eq(host_n_requests(h, "/tasks/t-1/stream"), 1);
	end();
}
END_TEST

START_TEST(options_go_before_the_preset)
{
	h = make("server", "member_path=/who/{id}", "task_stream_path=-",
	    NULL);
	host_follow(h, "demo", "o-1", "t-1", "r-1");
	host_advance(h, 1000);
	ck_assert_str_eq(host_url(h, "/who/"),
	    "https://logistics.test/who/r-1");
	ck_assert_uint_eq(host_n_requests(h, "/stream"), 0);
	end();
	h = make("server", "auth=X-Key: k {token} k", "tenant=a b", NULL);
	host_follow(h, "demo", "o-1", "t-1", "r-1");
	host_advance(h, 1000);
	ck_assert_uint_eq(host_n_requests(h, ""), 0);
	host_follow(h, "b", "o-1", "t-1", "r-1");
	host_advance(h, 1000);
	ck_assert_str_eq(host_header(h, "/b/tasks/t-1", "X-Key"),
	    "k " TOKEN " k");
	end();
}
END_TEST

/* ---- Locations ---------------------------------------------------------- */

START_TEST(only_followed_riders_are_told_of)
{
	begin_under_way();
	point("r-1", 52.51, 13.38, when(-3));
	point("r-2", 52.51, 13.38, when(-3));
	ck_assert_str_eq(host_facts(h),
	    "at demo/r-1 52.5100,13.3800 90 5.0 -1\n");
	ck_assert_int_eq(host_metric(h, "points_unfollowed_total"), 1);
	end();
}
END_TEST

START_TEST(bad_points_are_dropped_and_counted)
{
	begin_under_way();
	point("r-1", 52.51, 13.38, when(-30));
	(void)host_facts(h);
	point("r-1", 0, 0, when(-20));
	point("r-1", 52.51, 213, when(-20));
	point("r-1", 52.51, 13.38, when(-40));
	point("r-1", 52.51, 13.38, when(-3600));
	point("r-1", 52.51, 13.38, when(3600));
	point("r-1", 53.51, 13.38, when(-10));
	ck_assert_str_eq(host_facts(h), "");
	ck_assert_int_eq(host_metric(h, "points_zero_total"), 1);
	ck_assert_int_eq(host_metric(h, "points_range_total"), 1);
	ck_assert_int_eq(host_metric(h, "points_late_total"), 1);
	ck_assert_int_eq(host_metric(h, "points_old_total"), 1);
	ck_assert_int_eq(host_metric(h, "points_clock_total"), 1);
	ck_assert_int_eq(host_metric(h, "points_jump_total"), 1);
	ck_assert_int_eq(host_metric(h, "points_total"), 1);
	end();
}
END_TEST

/* Every field missing, of another type, absurd. */
START_TEST(frames_of_any_shape_do_no_harm)
{
	const char *const frames[] = { "", "{", "null", "7", "\"x\"", "[]",
	    "{}", "[7]", "{\"type\":7}", "{\"type\":\"location_update\"}",
	    "{\"type\":\"location_update\",\"data\":7}",
	    "{\"type\":\"location_update\",\"data\":{}}",
	    "{\"type\":\"location_update\",\"data\":[7,null,{}]}",
	    "{\"data\":{\"rider_id\":\"r-1\"}}",
	    "{\"data\":{\"rider_id\":{},\"latitude\":1,\"longitude\":1}}",
	    "{\"data\":{\"rider_id\":\"r-1\",\"latitude\":\"1\","
		"\"longitude\":1}}",
	    "{\"data\":{\"rider_id\":\"r-1\",\"latitude\":1,"
		"\"longitude\":null}}",
	    "{\"data\":{\"rider_id\":\"r-1\",\"latitude\":52,"
		"\"longitude\":13,\"timestamp\":\"then\"}}",
	    "{\"data\":{\"rider_id\":\"r-1\",\"latitude\":52,"
		"\"longitude\":13,\"timestamp\":1790000000}}",
	    "{\"data\":{\"rider_id\":\"r-1\",\"latitude\":1e308,"
		"\"longitude\":1e999}}",
	    "{\"rider_id\":\"r-1\",\"rider_id\":\"r-1\",\"latitude\":52}" };
	size_t i;

	begin_under_way();
	for (i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		host_ws_text(h, frames[i]);
		ck_assert_msg(!*host_facts(h), "%s", frames[i]);
	}
	host_ws_text(h, "{\"data\":{\"rider_id\":\"r-1\",\"latitude\":52.5,"
	    "\"longitude\":13.3,\"heading\":-1e9,\"speed\":\"fast\","
	    "\"accuracy\":1e300}}");
	ck_assert_str_eq(host_facts(h),
	    "at demo/r-1 52.5000,13.3000 -1 -1.0 -1\n");
	ck_assert_int_ge(host_metric(h, "points_garbage_total"), 10);
	end();
}
END_TEST

START_TEST(the_planned_form_has_its_own_units)
{
	begin("planned");
	host_follow(h, "demo", "o-1", NULL, "r-1");
	host_advance(h, 1000);
	host_ws_open(h);
	(void)host_facts(h);
	host_ws_text(h, "{\"type\":\"location_update\",\"data\":{"
	    "\"fleet_member_id\":\"r-1\",\"lat\":52.5,\"lng\":13.3,"
	    "\"speed_kph\":36,\"bearing_deg\":7,\"accuracy_m\":8}}");
	ck_assert_str_eq(host_facts(h),
	    "at demo/r-1 52.5000,13.3000 7 10.0 8\n");
	end();
}
END_TEST

/* A breach: a rider is shown after the delivery, or to another's customer. */
START_TEST(no_points_of_the_finished_and_the_unassigned)
{
	begin_under_way();
	ck_assert(host_data(h, "/stream", "event: status_changed\ndata: "
	    "{\"task_id\":\"t-1\",\"status\":\"delivered\","
	    "\"previous_status\":\"picked_up\"}\n\n"));
	ck_assert_str_eq(host_facts(h), "task demo/o-1 t-1 delivered by -\n");
	point("r-1", 52.51, 13.38, when(-3));
	ck_assert_str_eq(host_facts(h), "");
	ck_assert_int_eq(host_metric(h, "points_finished_total"), 1);
	end();
	begin_under_way();
	host_follow(h, "demo", "o-1", "t-1", "r-2");
	(void)host_facts(h);
	point("r-1", 52.51, 13.38, when(-3));
	ck_assert_str_eq(host_facts(h), "");
	ck_assert_int_eq(host_metric(h, "points_unassigned_total"), 1);
	point("r-2", 52.51, 13.38, when(-3));
	ck_assert_str_eq(host_facts(h),
	    "at demo/r-2 52.5100,13.3800 90 5.0 -1\n");
	host_unfollow(h, "o-1");
	host_unfollow(h, "o-1");
	point("r-2", 52.51, 13.38, when(-2));
	ck_assert_str_eq(host_facts(h), "");
	end();
}
END_TEST

/* ---- The stream's troubles ---------------------------------------------- */

/* A breach: no word to screens, no snapshot, or a rider who moves back. */
START_TEST(away_and_back)
{
	int i;

	begin_under_way();
	point("r-1", 52.51, 13.38, when(-60));
	(void)host_facts(h);
	host_ws_closed(h, OW_EIO);
	host_advance(h, 10000);
	ck_assert_str_eq(host_facts(h), "");
	for (i = 0; i < 8 && host_n_sockets(h); i++) {
		host_ws_closed(h, OW_EIO);
		host_advance(h, 31000);
	}
	ck_assert_str_eq(host_facts(h), "stale\n");
	ck_assert_int_ge(host_metric(h, "stream_reconnects_total"), 8);
	host_ws_open(h);
	host_advance(h, 1000);
	ck_assert_str_eq(host_facts(h), "fresh\n");
	ck_assert(host_reply(h, "/tracking/fleet", 200, "{\"riders\":["
	    "{\"rider_id\":\"r-1\",\"latitude\":52.6,\"longitude\":13.3,"
	    "\"updated_at\":\"2020-01-01T00:00:00Z\"},"
	    "{\"rider_id\":\"r-9\",\"latitude\":52.6,\"longitude\":13.3}]}"));
	ck_assert_str_eq(host_facts(h), "");
	ck_assert_uint_ge(host_n_requests(h, "/tasks/t-1"), 1);
	ck_assert_ptr_nonnull(strstr(host_log(h), "is away"));
	ck_assert_ptr_nonnull(strstr(host_log(h), "is back"));
	end();
}
END_TEST

/* A breach: a stream that is open and says nothing is waited for for ever. */
START_TEST(a_silent_stream_is_given_up)
{
	begin_under_way();
	point("r-1", 52.51, 13.38, when(-100));
	(void)host_facts(h);
	host_advance(h, 44000);
	host_ws_text(h, "garbage");	/* is no sign of life */
	host_advance(h, 3000);
	ck_assert_int_eq(host_metric(h, "stream_silences_total"), 1);
	host_advance(h, 2000);
	host_ws_open(h);
	host_advance(h, 15000);
	ck_assert_str_eq(host_facts(h), "stale\n");
	host_advance(h, 5000);
	point("r-1", 52.51, 13.38, when(-2));
	host_advance(h, 1000);
	ck_assert_ptr_nonnull(strstr(host_facts(h), "fresh\n"));
	end();
}
END_TEST

START_TEST(a_stream_closes_when_nobody_wants_it)
{
	begin_under_way();
	host_unfollow(h, "o-1");
	host_advance(h, 50000);
	ck_assert_uint_eq(host_n_sockets(h), 1);
	host_advance(h, 12000);
	ck_assert_uint_eq(host_n_sockets(h), 0);
	host_advance(h, 600000);
	ck_assert_str_eq(host_facts(h), "");
	host_follow(h, "demo", "o-2", NULL, "r-1");
	ck_assert_uint_eq(host_n_sockets(h), 1);
	end();
}
END_TEST

/* ---- Tasks -------------------------------------------------------------- */

START_TEST(a_task_is_told_once_a_word)
{
	begin_under_way();
	ck_assert(host_data(h, "/stream", "event: status_changed\ndata: "
	    "{\"task_id\":\"t-1\",\"status\":\"en_route\"}\n\n"
	    ": heartbeat\n\n"
	    "event: status_changed\ndata: {\"task_id\":\"t-1\","
	    "\"status\":\"en_route_dropoff\"}\n\n"));
	ck_assert_str_eq(host_facts(h),
	    "task demo/o-1 t-1 en_route_dropoff by r-1\n");
	ck_assert(host_data(h, "/stream", "event: status_changed\ndata: "
	    "{\"task_id\":\"t-1\",\"status\":\"delivered\"}\n\n"
	    "event: status_changed\ndata: {\"task_id\":\"t-1\","
	    "\"status\":\"completed\"}\n\n"));
	ck_assert_str_eq(host_facts(h), "task demo/o-1 t-1 delivered by -\n");
	host_advance(h, 1000);
	ck_assert_uint_eq(host_n_requests(h, "/stream"), 0);
	end();
}
END_TEST

START_TEST(a_cancelled_task_needs_another_rider)
{
	begin_under_way();
	ck_assert(host_data(h, "/stream", "event: status_changed\ndata: "
	    "{\"task_id\":\"t-1\",\"status\":\"cancelled\"}\n\n"));
	ck_assert_str_eq(host_facts(h), "task demo/o-1 t-1 cancelled by -\n");
	host_follow(h, "demo", "o-1", "t-2", NULL);
	host_advance(h, 1000);
	ck_assert(host_reply(h, "/tasks/t-2/stream", 404, ""));
	ck_assert(host_reply(h, "/tasks/t-2", 200, "{\"id\":\"t-2\","
	    "\"status\":\"assigned\",\"rider_id\":\"r-2\"}"));
	ck_assert_str_eq(host_facts(h),
	    "task demo/o-1 t-2 assigned by r-2\n");
	end();
}
END_TEST

/* A breach: what changed while the stream was away is never told. */
START_TEST(a_task_is_read_after_its_stream_was_lost)
{
	begin_under_way();
	ck_assert(host_reply(h, "/stream", 200, ""));
	host_advance(h, 2000);
	ck_assert(host_data(h, "/stream", "event: connected\ndata: {}\n\n"));
	host_advance(h, 1000);
	while (host_n_requests(h, "/tasks/t-1"))
		ck_assert(host_reply(h, "/tasks/t-1", 200,
		    "{\"id\":\"t-1\",\"status\":\"arrived_dropoff\","
		    "\"rider_id\":\"r-1\"}"));
	ck_assert_str_eq(host_facts(h),
	    "task demo/o-1 t-1 arrived_dropoff by r-1\n");
	end();
}
END_TEST

START_TEST(tasks_of_any_shape_do_no_harm)
{
	const char *const bodies[] = { "", "[]", "null", "{}", "7",
	    "{\"id\":7}", "{\"id\":\"t-1\",\"status\":7}",
	    "{\"id\":\"t-1\",\"status\":\"flying\"}",
	    "{\"id\":\"t-9\",\"status\":\"delivered\"}",
	    "{\"id\":\"t-1\",\"status\":\"\",\"rider_id\":[]}",
	    "{\"data\":[{\"id\":[],\"status\":{}}]}" };
	size_t i;

	begin("planned");
	host_follow(h, "demo", "o-1", "t-1", NULL);
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		host_advance(h, 121000);
		ck_assert(host_reply(h, "/tasks/t-1", 200, bodies[i]));
	}
	host_advance(h, 121000);
	ck_assert(host_reply(h, "/tasks/t-1", 500, "{\"error\":\"x\"}"));
	host_advance(h, 121000);
	ck_assert(host_reply(h, "/tasks/t-1", 0, NULL));
	host_advance(h, 121000);
	ck_assert(host_reply(h, "/tasks/t-1", 404, "no"));
	ck_assert_ptr_null(strstr(host_facts(h), "task"));
	end();
}
END_TEST

/* The backend: no stream, so tracking is read; the task is looked for by its
   reference first. */
START_TEST(a_backend_is_polled)
{
	int i;

	begin("backend");
	host_follow_ref(h, "o-1", "order:shop-1");
	host_advance(h, 1000);
	ck_assert(host_reply(h, "external_reference=o-1", 200,
	    "{\"data\":[],\"total\":0,\"limit\":50,\"page\":1,"
	    "\"hasMore\":false}"));
	host_advance(h, 11000);
	ck_assert(host_reply(h, "external_reference=order%3Ao-1", 200, "[]"));
	host_advance(h, 11000);
	ck_assert(host_reply(h, "external_reference=shop-1", 200,
	    "[{\"id\":\"t-1\",\"status\":\"assigned\"}]"));
	ck_assert_str_eq(host_facts(h), "task demo/o-1 t-1 assigned by -\n");
	host_advance(h, 11000);
	ck_assert(host_reply(h, "/tasks/t-1", 200, "{\"id\":\"t-1\","
	    "\"status\":\"assigned\",\"rider_id\":\"r-1\"}"));
	ck_assert_str_eq(host_facts(h), "task demo/o-1 t-1 assigned by r-1\n");
	ck_assert(host_reply(h, "/fleet-members/r-1", 200,
	    "{\"id\":\"r-1\",\"driver_code\":\"D1\"}"));
	ck_assert_str_eq(host_facts(h), "driver demo/r-1 - - - - -1.0\n");
	host_advance(h, 11000);
	ck_assert(host_reply(h, "/tasks/t-1/tracking", 200, "{\"task_id\":"
	    "\"t-1\",\"status\":\"en_route\",\"rider_location\":{"
	    "\"rider_id\":\"r-1\",\"latitude\":52.5,\"longitude\":13.3,"
	    "\"accuracy\":9}}"));
	ck_assert_str_eq(host_facts(h),
	    "task demo/o-1 t-1 en_route_pickup by r-1\n"
	    "at demo/r-1 52.5000,13.3000 -1 -1.0 9\n");
	for (i = 0; i < 20; i++) {
		host_advance(h, 5000);
		(void)host_reply(h, "/tracking", 500, "");
	}
	ck_assert_str_eq(host_facts(h), "stale\n");
	host_advance(h, 121000);
	ck_assert(host_reply(h, "/tracking", 200, "{\"task_id\":\"t-1\","
	    "\"status\":\"picked_up\"}"));
	host_advance(h, 1000);
	ck_assert_str_eq(host_facts(h),
	    "task demo/o-1 t-1 picked_up by r-1\nfresh\n");
	end();
}
END_TEST

/* A breach: a reconnect of thousands asks everything at once. */
START_TEST(reads_wait_in_line)
{
	char order[16], task[16];
	int i;

	h = make("planned", "reads_max=4", "follow_max=50", NULL);
	for (i = 0; i < 60; i++) {
		(void)snprintf(order, sizeof(order), "o-%d", i);
		(void)snprintf(task, sizeof(task), "t-%d", i);
		host_follow(h, "demo", order, task, NULL);
	}
	host_advance(h, 1000);
	ck_assert_uint_eq(host_n_requests(h, "/tasks/"), 4);
	for (i = 0; i < 20; i++)
		ck_assert(host_reply(h, "/tasks/", 404, ""));
	ck_assert_uint_eq(host_n_requests(h, "/tasks/"), 4);
	for (i = 0; i < 60; i += 2) {
		(void)snprintf(order, sizeof(order), "o-%d", i);
		host_unfollow(h, order);
	}
	ck_assert_int_eq(host_metric(h, "orders_followed"), 25);
	ck_assert_int_eq(host_metric(h, "orders_refused_total"), 10);
	while (host_reply(h, "/tasks/", 404, ""))
		;
	end();
}
END_TEST

/* ---- Who it is ---------------------------------------------------------- */

/* A breach: anything of a member that is not on the list, anywhere. */
START_TEST(members_are_cut_down)
{
	const char *told;

	begin("server");
	host_follow(h, "demo", "o-1", NULL, "r-1");
	ck_assert(host_reply(h, "/members/r-1", 200, "{\"id\":\"r-1\","
	    "\"first_name\":\"Ada Maria\",\"last_name\":\"Secret\","
	    "\"email\":\"secret@x.test\",\"phone\":\"+49 30 1234\","
	    "\"id_passport_number\":\"C01Xsecret\","
	    "\"id_passport_attachment\":\"https://secret\","
	    "\"rider_photo\":\"https://photos.test/1.jpg?sig=1\","
	    "\"average_rating\":4.7,\"metadata\":{\"secret\":1},"
	    "\"edges\":{\"vehicles\":[{\"type\":\"bicycle\"}]}}"));
	told = host_facts(h);
	ck_assert_str_eq(told, "driver demo/r-1 Ada "
	    "https://photos.test/1.jpg?sig=1 bicycle +49 30 1234 4.7\n");
	ck_assert_ptr_null(strstr(told, "ecret"));
	ck_assert_ptr_null(strstr(host_log(h), "ecret"));
	/* From the cache. */
	host_follow(h, "demo", "o-2", NULL, "r-1");
	ck_assert_ptr_nonnull(strstr(host_facts(h), "driver demo/r-1 Ada"));
	ck_assert_uint_eq(host_n_requests(h, "/members/"), 0);
	/* Not for ever, while it is under way. */
	host_advance(h, 601000);
	ck_assert_uint_eq(host_n_requests(h, "/members/"), 1);
	end();
}
END_TEST

START_TEST(members_of_any_shape_do_no_harm)
{
	static const char strange[] = "{\"first_name\":7,"
	    "\"rider_photo\":\"javascript:x\",\"phone\":\"call me\","
	    "\"average_rating\":99,\"edges\":{\"vehicles\":[7]}}";
	static const char stranger[] = "{\"first_name\":\"\\u0007\","
	    "\"average_rating\":\"5\",\"edges\":[]}";
	const char *const bodies[] = { "7", "[]", strange, stranger };
	size_t i;

	begin("server");
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		char order[16], rider[16];

		(void)snprintf(order, sizeof(order), "o-%zu", i);
		(void)snprintf(rider, sizeof(rider), "r-%zu", i);
		host_follow(h, "demo", order, NULL, rider);
		ck_assert(host_reply(h, rider, 200, bodies[i]));
	}
	ck_assert_str_eq(host_facts(h), "driver demo/r-2 - - - - -1.0\n"
	    "driver demo/r-3 - - - - -1.0\n");
	host_advance(h, 30000);
	ck_assert_uint_eq(host_n_requests(h, "/members/r-0"), 1);
	end();
}
END_TEST

/* ---- Webhooks ----------------------------------------------------------- */

static const char *
sign(const char *body)
{
	static char hex[65];
	unsigned char mac[32];
	unsigned int n, i;

	HMAC(EVP_sha256(), SECRET, sizeof(SECRET) - 1,
	    (const unsigned char *)body, strlen(body), mac, &n);
	for (i = 0; i < n; i++)
		(void)sprintf(hex + 2 * i, "%02x", mac[i]);
	return hex;
}

static const char *
event(const char *id, const char *type, const char *at, const char *data)
{
	static char body[2048];

	(void)snprintf(body, sizeof(body), "{\"event_id\":\"%s\","
	    "\"event_type\":\"logistics.%s\",\"tenant_id\":\"demo\","
	    "\"timestamp\":\"%s\",\"data\":%s}", id, type, at, data);
	return body;
}

static int
post(const char *body)
{
	return host_hook(h, "demo", sign(body), body);
}

START_TEST(a_webhook_tells_of_a_task)
{
	begin("server");
	ck_assert_int_eq(post(event("e-1", "task.assigned", when(0),
	    "{\"task_id\":\"t-1\",\"external_reference\":\"order:o-1\","
	    "\"status\":\"assigned\",\"rider_id\":\"r-1\","
	    "\"rider_name\":\"Ada Secret\",\"rider_phone\":\"+4930\"}")), 200);
	ck_assert_str_eq(host_facts(h), "driver demo/r-1 Ada - - +4930 -1.0\n"
	    "task demo/o-1 t-1 assigned by r-1\n");
	host_follow(h, "demo", "o-1", NULL, NULL);
	ck_assert_int_eq(post(event("e-2", "task.picked_up", when(0),
	    "{\"task_id\":\"t-1\",\"external_reference\":\"o-1\","
	    "\"rider_id\":\"r-1\"}")), 200);
	ck_assert_str_eq(host_facts(h),
	    "task demo/o-1 t-1 picked_up by r-1\n");
	ck_assert_int_eq(post(event("e-3", "location.updated", when(0),
	    "{\"task_id\":\"t-1\",\"rider_id\":\"r-1\",\"latitude\":52.5,"
	    "\"longitude\":13.3}")), 200);
	ck_assert_str_eq(host_facts(h),
	    "at demo/r-1 52.5000,13.3000 -1 -1.0 -1\n");
	ck_assert_int_eq(post(event("e-4", "location.updated", when(0),
	    "{\"task_id\":\"t-1\",\"rider_id\":\"r-2\",\"latitude\":52.5,"
	    "\"longitude\":13.3}")), 200);
	ck_assert_int_eq(host_metric(h, "points_unassigned_total"), 1);
	ck_assert_int_eq(post(event("e-5", "rider.unavailable", when(0),
	    "{\"task_id\":\"t-1\"}")), 200);
	ck_assert_str_eq(host_facts(h), "task demo/o-1 t-1 pending by -: "
	    "the rider is not available\n");
	ck_assert_int_eq(post(event("e-6", "pod.submitted", when(0), "{}")),
	    200);
	ck_assert_int_eq(post(event("e-7", "task.failed", when(0),
	    "{\"task_id\":\"t-1\",\"failure_reason\":\"nobody opens\"}")),
	    200);
	ck_assert_str_eq(host_facts(h), "task demo/o-1 t-1 failed by -: "
	    "nobody opens\n");
	end();
}
END_TEST

/* A breach: a forged, repeated, foreign or old event changes anything. */
START_TEST(bad_webhooks_change_nothing)
{
	const char *data = "{\"task_id\":\"t-1\","
	    "\"external_reference\":\"o-1\",\"status\":\"delivered\"}";
	const char *good;
	char copy[2048];

	begin("server");
	good = event("e-1", "task.completed", when(0), data);
	ck_assert_int_eq(host_hook(h, "demo", NULL, good), 401);
	ck_assert_int_eq(host_hook(h, "demo", "", good), 401);
	ck_assert_int_eq(host_hook(h, "demo", "00", good), 401);
	(void)snprintf(copy, sizeof(copy), "%s", sign(good));
	copy[3] ^= 1;
	ck_assert_int_eq(host_hook(h, "demo", copy, good), 401);
	ck_assert_int_eq(host_hook(h, "other", sign(good), good), 400);
	ck_assert_int_eq(host_hook(h, "", sign(good), good), 404);
	ck_assert_str_eq(host_facts(h), "");
	ck_assert_int_eq(post(good), 200);
	ck_assert_str_eq(host_facts(h), "task demo/o-1 t-1 delivered by -\n");
	ck_assert_int_eq(post(good), 200);
	ck_assert_int_eq(host_metric(h, "webhooks_repeated_total"), 1);
	ck_assert_int_eq(post(event("e-2", "task.created", when(-3600),
	    data)), 400);
	ck_assert_int_eq(post(event("e-3", "task.created", when(3600),
	    data)), 400);
	ck_assert_int_eq(host_metric(h, "webhooks_old_total"), 2);
	ck_assert_int_eq(host_metric(h, "webhooks_refused_total"), 4);
	ck_assert_str_eq(host_facts(h), "");
	end();
}
END_TEST

static const struct {
	const char *id, *type, *data;
} captured[] = {
	{ "e-1", "task.cancelled", "{\"task_id\":\"t-1\",\"status\":"
	    "\"cancelled\",\"external_reference\":\"o-1\"}" },
	{ "e-2", "rider.unavailable", "{\"task_id\":\"t-1\","
	    "\"rider_id\":\"r-1\"}" },
	{ "e-3", "task.cancelled", "{\"task_id\":\"t-0\","
	    "\"external_reference\":\"o-1\"}" },
	{ "e-4", "location.updated", "{\"task_id\":\"t-1\","
	    "\"rider_id\":\"r-1\",\"latitude\":52.1,"
	    "\"longitude\":13.1}" },
};
#define CAPTURED (sizeof(captured) / sizeof(captured[0]))

static void
post_captured(void)
{
	size_t i;

	for (i = 0; i < CAPTURED; i++)
		ck_assert_int_eq(post(event(captured[i].id, captured[i].type,
		    when(-60), captured[i].data)), 200);
}

/* A breach: an event that was captured is believed once more after a restart,
   and takes the order from the rider who has it now. */
START_TEST(a_captured_webhook_is_nothing_after_a_restart)
{
	begin_under_way();
	ck_assert_uint_eq(host_n_requests(h, "/tasks/"), 0);
	post_captured();
	ck_assert_str_eq(host_facts(h), "");
	/* The truth is asked for, of the task that the order has. */
	host_advance(h, 1000);
	ck_assert_uint_eq(host_n_requests(h, "/tasks/t-1"), 1);
	ck_assert_uint_eq(host_n_requests(h, "/tasks/t-0"), 0);
	ck_assert(host_reply(h, "/tasks/t-1", 200, "{\"id\":\"t-1\","
	    "\"status\":\"arrived_dropoff\",\"rider_id\":\"r-1\"}"));
	ck_assert_str_eq(host_facts(h),
	    "task demo/o-1 t-1 arrived_dropoff by r-1\n");
	ck_assert_int_eq(host_metric(h, "webhooks_early_total"), CAPTURED);
	/* Once for each, however often it comes. */
	post_captured();
	host_advance(h, 1000);
	ck_assert_uint_eq(host_n_requests(h, "/tasks/"), 0);
	ck_assert_int_eq(host_metric(h, "webhooks_repeated_total"), CAPTURED);
	end();
}
END_TEST

/* What waited for us while we were away is not lost by that. */
START_TEST(an_early_webhook_names_the_task)
{
	begin("server");
	host_follow_ref(h, "o-2", "A-2");
	ck_assert_int_eq(post(event("e-5", "task.picked_up", when(-30),
	    "{\"task_id\":\"t-2\",\"external_reference\":\"A-2\"}")), 200);
	ck_assert_str_eq(host_facts(h), "");
	host_advance(h, 1000);
	ck_assert(host_data(h, "/tasks/t-2/stream",
	    "event: connected\ndata: {}\n\n"));
	host_advance(h, 1000);
	while (host_n_requests(h, "/tasks/t-2"))
		ck_assert(host_reply(h, "/tasks/t-2", 200, "{\"id\":\"t-2\","
		    "\"status\":\"picked_up\",\"rider_id\":\"r-1\"}"));
	ck_assert_str_eq(host_facts(h),
	    "task demo/o-2 t-2 picked_up by r-1\n");
	end();
}
END_TEST

/* A breach: the list of ids is flooded until it has forgotten one, which then
   is believed again. */
START_TEST(a_forgotten_webhook_is_not_believed)
{
	static const char done[] = "{\"task_id\":\"t-1\"}";
	char id[32];
	int i;

	h = make("server", "webhook_ids_max=100", NULL, NULL);
	ck_assert_ptr_nonnull(h);
	host_follow(h, "demo", "o-1", "t-1", "r-1");
	(void)host_facts(h);
	for (i = 0; i <= IDS_MAX; i++) {
		(void)snprintf(id, sizeof(id), "e-%d", i);
		ck_assert_int_eq(post(event(id, "eta.updated", when(0),
		    "{}")), 200);
	}
	ck_assert_int_eq(host_metric(h, "webhooks_early_total"), 1);
	ck_assert_int_eq(post(event("e-0", "task.delivered", when(0),
	    done)), 200);
	ck_assert_str_eq(host_facts(h), "");
	ck_assert_int_eq(host_metric(h, "webhooks_early_total"), 2);
	/* That is over when the youngest of the forgotten is. */
	host_advance(h, 60000);
	(void)host_facts(h);
	ck_assert_int_eq(post(event("e-new", "task.delivered", when(0),
	    done)), 200);
	ck_assert_str_eq(host_facts(h),
	    "task demo/o-1 t-1 delivered by -\n");
	end();
}
END_TEST

/* A breach: whoever makes up tenants leaves no room for the real one. */
START_TEST(a_webhooks_address_alone_takes_no_room)
{
	const char *good = event("e-1", "task.assigned", when(0), "{}");
	char tenant[16];
	int i;

	begin("server");
	for (i = 0; i < 1001; i++) {
		(void)snprintf(tenant, sizeof(tenant), "t-%d", i);
		ck_assert_int_eq(host_hook(h, tenant, "", good), 401);
		/* The signature is not over the address. */
		ck_assert_int_eq(host_hook(h, tenant, sign(good), good), 400);
	}
	ck_assert_int_eq(post(good), 200);
	end();
}
END_TEST

START_TEST(webhooks_of_any_shape_do_no_harm)
{
	static const char timeless[] = "{\"event_id\":\"x\","
	    "\"event_type\":\"y\",\"tenant_id\":\"demo\","
	    "\"timestamp\":\"then\",\"data\":{}}";
	/* 41 digits are nobody's number. */
	static const char long_phone[] = "{\"rider_id\":\"r-2\","
	    "\"rider_phone\":\"12345678901234567890123456789012345678901\"}";
	const char *const bodies[] = { "", "{", "[]", "7", "{}",
	    "{\"event_id\":7}", timeless };
	const char *const types[] = { "task.assigned", "task.", "route.updated",
	    "eta.updated", "location.updated", "rider.unavailable", "" };
	const char *const datas[] = { "{}", "{\"task_id\":[]}",
	    "{\"external_reference\":\"\"}",
	    "{\"external_reference\":7,\"rider_id\":{}}",
	    "{\"task_id\":\"t-1\",\"rider_name\":7,\"rider_phone\":[]}",
	    long_phone };
	char id[32];
	size_t i, k;

	begin_under_way();
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		ck_assert_int_eq(post(bodies[i]), 400);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		for (k = 0; k < sizeof(datas) / sizeof(datas[0]); k++) {
			(void)snprintf(id, sizeof(id), "x-%zu-%zu", i, k);
			ck_assert_int_eq(post(event(id, types[i], when(0),
			    datas[k])), 200);
		}
	ck_assert_ptr_null(strstr(host_facts(h), "1234567890"));
	ck_assert_int_eq(post(event("no-data", "task.assigned", when(0),
	    "7")), 400);
	end();
}
END_TEST

/* ---- Ways --------------------------------------------------------------- */

START_TEST(ways_are_asked_for)
{
	begin("server");
	host_ask_route(h, "o-1");
	ck_assert_uint_eq(host_n_requests(h, "/routing/route?from_lat=52.51"),
	    1);
	host_ask_route(h, "o-1");	/* takes its place */
	ck_assert_uint_eq(host_n_requests(h, "/routing/"), 1);
	ck_assert(host_reply(h, "/routing/", 200, "{\"coordinates\":[[13,52],"
	    "[13.1,52.1]],\"distance_meters\":500,\"duration_seconds\":60}"));
	ck_assert_str_eq(host_facts(h), "route demo/o-1 2 500 60\n");
	host_ask_route(h, "o-1");
	ck_assert(host_reply(h, "/routing/", 200, "{\"coordinates\":[]}"));
	ck_assert_str_eq(host_facts(h), "");
	ck_assert_int_eq(host_metric(h, "routes_failed_total"), 1);
	host_ask_route(h, "o-2");
	end();
	h = make("server", "router=osrm", "router_url=http://osrm.test/"
	    "{from_lng},{from_lat};{to_lng},{to_lat}?k=secret", NULL);
	host_ask_route(h, "o-1");
	ck_assert_str_eq(host_url(h, "osrm"), "http://osrm.test/13.380000,"
	    "52.510000;13.400000,52.530000?k=secret");
	ck_assert_ptr_null(host_header(h, "osrm", "Authorization"));
	ck_assert(host_reply(h, "osrm", 200, "{\"code\":\"Ok\",\"routes\":[{"
	    "\"distance\":7,\"duration\":8,\"geometry\":"
	    "\"_p~iF~ps|U_ulLnnqC\"}]}"));
	ck_assert_str_eq(host_facts(h), "route demo/o-1 2 7 8\n");
	end();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("adapter-logistics");
	TCase *tcase = tcase_create("adapter");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, options_that_make_no_sense_are_refused);
	tcase_add_test(tcase, presets_have_their_own_addresses);
	tcase_add_test(tcase, options_go_before_the_preset);
	tcase_add_test(tcase, only_followed_riders_are_told_of);
	tcase_add_test(tcase, bad_points_are_dropped_and_counted);
	tcase_add_test(tcase, frames_of_any_shape_do_no_harm);
	tcase_add_test(tcase, the_planned_form_has_its_own_units);
	tcase_add_test(tcase, no_points_of_the_finished_and_the_unassigned);
	tcase_add_test(tcase, away_and_back);
	tcase_add_test(tcase, a_silent_stream_is_given_up);
	tcase_add_test(tcase, a_stream_closes_when_nobody_wants_it);
	tcase_add_test(tcase, a_task_is_told_once_a_word);
	tcase_add_test(tcase, a_cancelled_task_needs_another_rider);
	tcase_add_test(tcase, a_task_is_read_after_its_stream_was_lost);
	tcase_add_test(tcase, tasks_of_any_shape_do_no_harm);
	tcase_add_test(tcase, a_backend_is_polled);
	tcase_add_test(tcase, reads_wait_in_line);
	tcase_add_test(tcase, members_are_cut_down);
	tcase_add_test(tcase, members_of_any_shape_do_no_harm);
	tcase_add_test(tcase, a_webhook_tells_of_a_task);
	tcase_add_test(tcase, bad_webhooks_change_nothing);
	tcase_add_test(tcase, a_captured_webhook_is_nothing_after_a_restart);
	tcase_add_test(tcase, an_early_webhook_names_the_task);
	tcase_add_test(tcase, a_forgotten_webhook_is_not_believed);
	tcase_add_test(tcase, a_webhooks_address_alone_takes_no_room);
	tcase_add_test(tcase, webhooks_of_any_shape_do_no_harm);
	tcase_add_test(tcase, ways_are_asked_for);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
