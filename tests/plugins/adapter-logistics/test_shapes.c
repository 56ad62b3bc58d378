/* SPDX-License-Identifier: MIT */
/*
 * test_shapes - every answer, frame and webhook of the service with each of
 * its fields missing, of another type and absurd, and cut off at every byte.
 *
 * It would notice a breach as a crash, as a fact that no order may hear (the
 * host looks at each), as a word of what is nobody's business, or as an
 * adapter that is deaf afterwards.
 */
#include <check.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host.h"

#define SECRET "webhook-secret-1"

static struct host *h;

static const char *
now(void)
{
	static char text[40];
	struct timespec at;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &at);
	gmtime_r(&at.tv_sec, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return text;
}

/* ---- How each comes in -------------------------------------------------- */

static void
post(const char *body)
{
	unsigned char mac[32];
	char hex[65];
	unsigned int n, i;
	int status;

	HMAC(EVP_sha256(), SECRET, sizeof(SECRET) - 1,
	    (const unsigned char *)body, strlen(body), mac, &n);
	for (i = 0; i < n; i++)
		(void)sprintf(hex + 2 * i, "%02x", mac[i]);
	status = host_hook(h, "demo", hex, body);
	ck_assert(status == 200 || status == 400);
}

static void
feed_frame(const char *json)
{
	host_ws_text(h, json);
}

static void
feed_snapshot(const char *json)
{
	(void)host_reply(h, "/tracking/fleet", 200, json);
}

static void
feed_task(const char *json)
{
	(void)host_reply(h, "/tasks/t-1", 200, json);
}

static void
feed_tracking(const char *json)
{
	(void)host_reply(h, "/tracking", 200, json);
}

static void
feed_step(const char *json)
{
	/* Its own text of JSON is one line. */
	char *text = malloc(strlen(json) + 64);

	ck_assert_ptr_nonnull(text);
	(void)sprintf(text, "event: status_changed\ndata: %s\n\n", json);
	(void)host_data(h, "/tasks/t-1/stream", text);
	free(text);
}

static void
feed_member(const char *json)
{
	(void)host_reply(h, "members/r-1", 200, json);
}

static void
feed_way(const char *json)
{
	host_ask_route(h, "o-1");
	(void)host_reply(h, "rout", 200, json);
}

/* NOW stands for a time. */
static const struct input {
	const char *preset, *router;
	void (*feed)(const char *json);
	const char *json;
} inputs[] = {
	{ "server", NULL, feed_frame, "{\"type\":\"location_update\","
	    "\"data\":{\"rider_id\":\"r-1\",\"latitude\":52.5,"
	    "\"longitude\":13.3,\"heading\":90,\"speed\":5,"
	    "\"timestamp\":\"NOW\",\"id_passport_number\":\"X-secret\"}}" },
	{ "planned", NULL, feed_frame, "{\"type\":\"location_update\","
	    "\"data\":{\"fleet_member_id\":\"r-1\",\"lat\":52.5,\"lng\":13.3,"
	    "\"speed_kph\":20,\"bearing_deg\":90,\"accuracy_m\":8,"
	    "\"timestamp\":\"NOW\"}}" },
	{ "server", NULL, feed_snapshot, "{\"riders\":[{\"rider_id\":\"r-1\","
	    "\"name\":\"X-secret\",\"status\":\"busy\",\"latitude\":52.5,"
	    "\"longitude\":13.3,\"heading\":90,\"speed\":5,"
	    "\"updated_at\":\"NOW\",\"active_task_id\":\"t-1\"}]}" },
	{ "planned", NULL, feed_task, "{\"id\":\"t-1\",\"external_reference\":"
	    "\"order:o-1\",\"status\":\"picked_up\",\"rider_id\":\"r-1\","
	    "\"failure_reason\":\"none\"}" },
	{ "server", NULL, feed_step, "{\"task_id\":\"t-1\",\"status\":"
	    "\"arrived_dropoff\",\"previous_status\":\"picked_up\"}" },
	{ "backend", NULL, feed_tracking, "{\"task_id\":\"t-1\",\"status\":"
	    "\"picked_up\",\"rider_location\":{\"rider_id\":\"r-1\","
	    "\"latitude\":52.5,\"longitude\":13.3,\"heading\":90,\"speed\":5,"
	    "\"accuracy\":8,\"updated_at\":\"NOW\"},\"eta_minutes\":4,"
	    "\"eta_at\":\"NOW\",\"distance_km\":2}" },
	{ "server", NULL, feed_member, "{\"id\":\"r-1\",\"first_name\":"
	    "\"Ada\",\"last_name\":\"X-secret\",\"phone\":\"+4930\","
	    "\"id_passport_number\":\"X-secret\","
	    "\"id_passport_attachment\":\"https://X-secret\","
	    "\"rider_photo\":\"https://photos.test/1\","
	    "\"average_rating\":4.5,\"metadata\":{\"a\":\"X-secret\"},"
	    "\"edges\":{\"vehicles\":[{\"type\":\"bicycle\"}]}}" },
	{ "server", NULL, feed_way, "{\"coordinates\":[[13.38,52.51],"
	    "[13.39,52.52],[13.4,52.53]],\"distance_meters\":3000,"
	    "\"duration_seconds\":600}" },
	{ "server", "osrm", feed_way, "{\"code\":\"Ok\",\"routes\":[{"
	    "\"distance\":3000,\"duration\":600,\"geometry\":{"
	    "\"type\":\"LineString\",\"coordinates\":[[13.38,52.51],"
	    "[13.4,52.53]]},\"legs\":[]}],\"waypoints\":[]}" },
	{ "server", "osrm", feed_way, "{\"code\":\"Ok\",\"routes\":[{"
	    "\"distance\":7,\"duration\":8,\"geometry\":"
	    "\"_p~iF~ps|U_ulLnnqC\"}]}" },
	{ "server", NULL, post, "{\"event_id\":\"e-1\",\"event_type\":"
	    "\"logistics.task.arrived_dropoff\",\"tenant_id\":\"demo\","
	    "\"timestamp\":\"NOW\",\"data\":{\"task_id\":\"t-1\","
	    "\"external_reference\":\"order:o-1\",\"status\":"
	    "\"arrived_dropoff\",\"rider_id\":\"r-1\",\"rider_name\":"
	    "\"Ada X-secret\",\"rider_phone\":\"+4930\","
	    "\"failure_reason\":\"none\",\"timestamp\":\"NOW\"}}" },
	{ "server", NULL, post, "{\"event_id\":\"e-1\",\"event_type\":"
	    "\"logistics.location.updated\",\"tenant_id\":\"demo\","
	    "\"timestamp\":\"NOW\",\"data\":{\"task_id\":\"t-1\","
	    "\"external_reference\":\"o-1\",\"rider_id\":\"r-1\","
	    "\"latitude\":52.5,\"longitude\":13.3,\"heading\":90,\"speed\":5,"
	    "\"accuracy\":8,\"timestamp\":\"NOW\"}}" },
	{ "server", NULL, post, "{\"event_id\":\"e-1\",\"event_type\":"
	    "\"logistics.rider.unavailable\",\"tenant_id\":\"demo\","
	    "\"timestamp\":\"NOW\",\"data\":{\"task_id\":\"t-1\","
	    "\"external_reference\":\"o-1\",\"rider_id\":\"r-1\"}}" },
	{ "server", NULL, post, "{\"event_id\":\"e-1\",\"event_type\":"
	    "\"logistics.route.updated\",\"tenant_id\":\"demo\","
	    "\"timestamp\":\"NOW\",\"data\":{\"task_id\":\"t-1\","
	    "\"external_reference\":\"o-1\",\"eta_minutes\":4,"
	    "\"eta_at\":\"NOW\",\"distance_km\":2,"
	    "\"distance_remaining\":1}}" },
};
#define INPUTS (int)(sizeof(inputs) / sizeof(inputs[0]))

/* ---- The scene ---------------------------------------------------------- */

static void
begin(const struct input *in)
{
	char preset[32];
	const char *options[] = { preset, "url=https://logistics.test",
	    "token=token-1234567", "webhook_secret=" SECRET,
	    in->router ? "router=osrm" : "router=service",
	    in->router ? "router_url=http://osrm.test/route/{from_lng},"
	    "{from_lat};{to_lng},{to_lat}" : "router_url=", NULL };
	struct ow_fault fault;
	static char kept[32];

	(void)snprintf(kept, sizeof(kept), "preset=%s", in->preset);
	memcpy(preset, kept, sizeof(preset));
	options[0] = kept;
	h = host_new(ow_plugin_query(OW_ABI), options, &fault);
	ck_assert_ptr_nonnull(h);
	host_follow(h, "demo", "o-1", "t-1", "r-1");
	host_advance(h, 1000);
	if (host_n_sockets(h))
		host_ws_open(h);
	if (in->feed == feed_step)
		(void)host_data(h, "/tasks/t-1/stream",
		    "event: connected\ndata: {\"task_id\":\"t-1\"}\n\n");
	(void)host_facts(h);
}

static bool
has_heard(const char *text)
{
	return strstr(host_facts(h), text) != NULL;
}

/* What comes next is still heard. */
static void
assert_alive(void)
{
	char body[512];

	host_follow(h, "demo", "o-2", "t-2", "r-2");
	(void)snprintf(body, sizeof(body), "{\"event_id\":\"e-last\","
	    "\"event_type\":\"logistics.task.picked_up\",\"tenant_id\":"
	    "\"demo\",\"timestamp\":\"%s\",\"data\":{\"task_id\":\"t-2\","
	    "\"rider_id\":\"r-2\"}}", now());
	post(body);
	ck_assert(has_heard("task demo/o-2 t-2 picked_up by r-2"));
}

static void
try(const struct input *in, const char *json, const char *what)
{
	const char *facts;

	begin(in);
	in->feed(json);
	host_advance(h, 1000);
	facts = host_facts(h);
	ck_assert_msg(!strstr(facts, "secret"), "%s: %s", what, facts);
	ck_assert_msg(!strstr(host_log(h), "secret"), "%s: %s", what,
	    host_log(h));
	assert_alive();
	host_free(&h);
}

/* With the time that it is. */
static char *
good_json(const struct input *in)
{
	char *out = malloc(4096), *to = out;
	const char *at;

	ck_assert_ptr_nonnull(out);
	for (at = in->json; *at; at++) {
		if (strncmp(at, "NOW", 3) == 0) {
			to += sprintf(to, "%s", now());
			at += 2;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
	return out;
}

/* ---- What is wrong with it ---------------------------------------------- */

static json_t *
wrong_value(int n)
{
	static char huge[20000];
	json_t *deep;
	int i;

	switch (n) {
	case 0:
		return json_null();
	case 1:
		return json_true();
	case 2:
		return json_integer(7);
	case 3:
		return json_integer(-1);
	case 4:
		return json_integer(INT64_MAX);
	case 5:
		return json_pack("f", 1e308);
	case 6:
		return json_pack("f", -1e-308);
	case 7:
		return json_string("");
	case 8:
		return json_string("\x07\n\x1b[31m");
	case 9:
		return json_string("NaN");
	case 10:
		memset(huge, 'x', sizeof(huge) - 1);
		return json_string(huge);
	case 11:
		return json_array();
	case 12:
		return json_object();
	case 13:
		deep = json_array();
		for (i = 0; i < 30; i++)
			deep = json_pack("[o]", deep);
		return deep;
	case 14:
		return json_string("../../admin?x=1#");
	default:
		return NULL;
	}
}

static json_t *root;

static void
try_root(const struct input *in, const char *key)
{
	char *text = json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY);

	ck_assert_ptr_nonnull(text);
	try(in, text, key);
	free(text);
}

static void try_below(const struct input *, json_t *);

static void
try_member(const struct input *in, json_t *object, const char *key)
{
	json_t *good = json_incref(json_object_get(object, key)), *bad;
	int i;

	for (i = 0; (bad = wrong_value(i)) != NULL; i++) {
		json_object_set_new(object, key, bad);
		try_root(in, key);
	}
	json_object_del(object, key);
	try_root(in, key);
	json_object_set_new(object, key, good);
	try_below(in, good);
}

static void
try_element(const struct input *in, json_t *array, size_t at)
{
	json_t *good = json_incref(json_array_get(array, at)), *bad;
	int i;

	for (i = 0; (bad = wrong_value(i)) != NULL; i++) {
		json_array_set_new(array, at, bad);
		try_root(in, "an element");
	}
	json_array_remove(array, at);
	try_root(in, "an element");
	json_array_insert_new(array, at, good);
	try_below(in, good);
}

static void
try_below(const struct input *in, json_t *node)
{
	const char *keys[32], *key;
	size_t n = 0, i;
	json_t *value;

	json_object_foreach(node, key, value)
		keys[n++] = key;
	for (i = 0; i < n; i++) {
		char name[64];

		/* The key goes with its member. */
		(void)snprintf(name, sizeof(name), "%s", keys[i]);
		try_member(in, node, name);
		keys[i] = NULL;
	}
	for (i = 0; i < json_array_size(node); i++)
		try_element(in, node, i);
}

/* ---- Tests -------------------------------------------------------------- */

/* Or the others would prove nothing. */
START_TEST(as_it_is_it_is_heard)
{
	char *json = good_json(&inputs[_i]);

	begin(&inputs[_i]);
	inputs[_i].feed(json);
	if (strstr(json, "route.updated"))
		ck_assert_uint_gt(host_n_requests(h, ""), 0);
	else
		ck_assert_str_ne(host_facts(h), "");
	host_free(&h);
	free(json);
}
END_TEST

START_TEST(every_field_missing_wrong_and_absurd)
{
	char *json = good_json(&inputs[_i]);

	root = json_loads(json, 0, NULL);
	ck_assert_ptr_nonnull(root);
	try_below(&inputs[_i], root);
	json_decref(root);
	free(json);
}
END_TEST

START_TEST(cut_off_at_every_byte)
{
	char *json = good_json(&inputs[_i]);
	size_t n;

	for (n = strlen(json); n-- > 0;) {
		json[n] = '\0';
		try(&inputs[_i], json, json);
	}
	free(json);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("adapter-logistics, shapes");
	TCase *tcase = tcase_create("shapes");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, as_it_is_it_is_heard, 0, INPUTS);
	tcase_add_loop_test(tcase, every_field_missing_wrong_and_absurd, 0,
	    INPUTS);
	tcase_add_loop_test(tcase, cut_off_at_every_byte, 0, INPUTS);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
