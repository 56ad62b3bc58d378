/* SPDX-License-Identifier: MIT */
/*
 * test_pure - the parts of adapter-logistics that only compute: places, words,
 * names, ways, signatures.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../plugins/common/mac.h"
#include "fields.h"
#include "point.h"
#include "polyline.h"
#include "preset.h"
#include "seen.h"
#include "sse.h"
#include "way.h"
#include "when.h"
#include "words.h"

#define NOW 1790000000000LL
#define LAT 52.517
#define LNG 13.389
#define METRE (1 / 111195.0)	/* of latitude, in degrees */

/* ---- Places ------------------------------------------------------------ */

static enum point_verdict
judge(struct point_last *last, double lat, double lng, int64_t at_ms)
{
	return point_judge(last, lat, lng, &at_ms, NOW, 200);
}

START_TEST(a_driver_moves)
{
	struct point_last last = { .is_known = false };

	ck_assert_int_eq(judge(&last, LAT, LNG, NOW - 10000), POINT_GOOD);
	ck_assert_int_eq(judge(&last, LAT + 100 * METRE, LNG, NOW - 5000),
	    POINT_GOOD);
	ck_assert_int_eq(judge(&last, LAT + 200 * METRE, LNG, NOW),
	    POINT_GOOD);
}
END_TEST

/* A breach: a place that no driver is at gets through, or harms the next. */
START_TEST(no_place_is_no_place)
{
	const struct {
		double lat, lng;
		enum point_verdict verdict;
	} bad[] = {
		{ 0, 0, POINT_ZERO }, { -0.0, 1e-6, POINT_ZERO },
		{ 90.001, 0, POINT_RANGE }, { 0, -180.5, POINT_RANGE },
		{ NAN, LNG, POINT_RANGE }, { LAT, NAN, POINT_RANGE },
		{ INFINITY, LNG, POINT_RANGE }, { LAT, 1e300, POINT_RANGE },
	};
	struct point_last last = { .is_known = false };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(judge(&last, bad[i].lat, bad[i].lng, NOW),
		    bad[i].verdict);
	ck_assert(!last.is_known);
	ck_assert_int_eq(judge(&last, 0.1, 0, NOW), POINT_GOOD);
}
END_TEST

START_TEST(nobody_moves_back_in_time)
{
	struct point_last last = { .is_known = false };

	ck_assert_int_eq(judge(&last, LAT, LNG, NOW - 5000), POINT_GOOD);
	ck_assert_int_eq(judge(&last, LAT, LNG, NOW - 5000), POINT_LATE);
	ck_assert_int_eq(judge(&last, LAT, LNG, NOW - 6000), POINT_LATE);
	ck_assert_int_eq(judge(&last, LAT, LNG, NOW - 700000), POINT_OLD);
	ck_assert_int_eq(judge(&last, LAT, LNG, NOW - 4999), POINT_GOOD);
}
END_TEST

/* A breach: a clock that is ahead makes all that follows late. */
START_TEST(a_clock_ahead_is_put_back)
{
	struct point_last last = { .is_known = false };
	int64_t at = NOW + 300000;

	ck_assert_int_eq(point_judge(&last, LAT, LNG, &at, NOW, 200),
	    POINT_GOOD);
	ck_assert_int_eq(at, NOW);
	at = NOW + 305000;
	ck_assert_int_eq(point_judge(&last, LAT, LNG, &at, NOW + 5000, 200),
	    POINT_GOOD);
	ck_assert_int_eq(at, NOW + 5000);
	ck_assert_int_eq(judge(&last, LAT, LNG, INT64_MAX), POINT_CLOCK);
	ck_assert_int_eq(judge(&last, LAT, LNG, 0), POINT_OLD);
}
END_TEST

START_TEST(a_jump_is_dropped_and_forgotten)
{
	struct point_last last = { .is_known = false };

	ck_assert_int_eq(judge(&last, LAT, LNG, NOW - 60000), POINT_GOOD);
	/* 55 m/s is 198 km/h; what a position wanders comes on top. */
	ck_assert_int_eq(judge(&last, LAT + 700 * METRE, LNG, NOW - 50000),
	    POINT_JUMP);
	ck_assert_int_eq(judge(&last, LAT + 550 * METRE, LNG, NOW - 49999),
	    POINT_GOOD);
	ck_assert_int_eq(judge(&last, LAT + 0.5, LNG, NOW - 40000),
	    POINT_JUMP);
	ck_assert_int_eq(judge(&last, LAT + 560 * METRE, LNG, NOW - 35000),
	    POINT_GOOD);
}
END_TEST

/* A breach: a first place far away stops a driver for hours. */
START_TEST(a_wrong_first_place_heals)
{
	struct point_last last = { .is_known = false };
	int i;

	ck_assert_int_eq(judge(&last, 48.1, 11.5, NOW - 60000), POINT_GOOD);
	for (i = 0; i < POINT_JUMPS_MAX; i++)
		ck_assert_int_eq(judge(&last, LAT, LNG, NOW - 50000 +
		    i * 5000), POINT_JUMP);
	ck_assert_int_eq(judge(&last, LAT, LNG, NOW - 30000), POINT_GOOD);
	ck_assert_int_eq(judge(&last, 48.1, 11.5, NOW - 20000), POINT_JUMP);
	ck_assert_int_eq(judge(&last, 40.1, 11.5, NOW - 19000), POINT_JUMP);
	ck_assert_int_eq(judge(&last, 48.1, 11.5, NOW - 18000), POINT_JUMP);
	ck_assert_int_eq(judge(&last, 40.1, 11.5, NOW - 17000), POINT_JUMP);
}
END_TEST

/* ---- Words ------------------------------------------------------------- */

static enum word_verdict
say(struct word_told *told, const char *word, int64_t at)
{
	return word_judge(told, word, false, at);
}

START_TEST(a_delivery_without_trouble)
{
	const char *const words[] = { "created", "assigned", "accepted",
	    "en_route_pickup", "arrived_pickup", "picked_up",
	    "en_route_dropoff", "arrived_dropoff", "delivered" };
	struct word_told told = { .ours = NULL };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		ck_assert_int_eq(say(&told, words[i], (int64_t)i), WORD_TELL);
		ck_assert_str_eq(told.ours, i ? words[i] : "pending");
	}
	ck_assert_int_eq(say(&told, "completed", 100), WORD_REPEAT);
	ck_assert_int_eq(say(&told, "picked_up", 101), WORD_LATE);
	ck_assert_int_eq(say(&told, "delivered", 102), WORD_REPEAT);
}
END_TEST

START_TEST(completed_alone_is_delivered)
{
	struct word_told told = { .ours = NULL };

	ck_assert_int_eq(say(&told, "completed", 1), WORD_TELL);
	ck_assert_str_eq(told.ours, "delivered");
}
END_TEST

/* One old word for both ways. */
START_TEST(en_route_is_the_way_that_comes_next)
{
	struct word_told told = { .ours = NULL };

	ck_assert_int_eq(say(&told, "accepted", 1), WORD_TELL);
	ck_assert_int_eq(say(&told, "en_route", 2), WORD_TELL);
	ck_assert_str_eq(told.ours, "en_route_pickup");
	ck_assert_int_eq(say(&told, "en_route", 3), WORD_REPEAT);
	ck_assert_int_eq(say(&told, "picked_up", 4), WORD_TELL);
	ck_assert_int_eq(say(&told, "en_route", 5), WORD_TELL);
	ck_assert_str_eq(told.ours, "en_route_dropoff");
}
END_TEST

START_TEST(another_rider_begins_anew)
{
	struct word_told told = { .ours = NULL };

	ck_assert_int_eq(say(&told, "accepted", 10), WORD_TELL);
	ck_assert_int_eq(say(&told, "assigned", 5), WORD_LATE);
	ck_assert_int_eq(word_judge(&told, "assigned", true, 5), WORD_TELL);
	ck_assert_int_eq(say(&told, "rejected", 20), WORD_TELL);
	ck_assert_str_eq(told.ours, "pending");
	ck_assert_int_eq(say(&told, "accepted", 15), WORD_LATE);
	ck_assert_int_eq(say(&told, "assigned", 21), WORD_TELL);
	ck_assert_int_eq(say(&told, "cancelled", 22), WORD_TELL);
	ck_assert_str_eq(told.ours, "cancelled");
}
END_TEST

START_TEST(unknown_words_say_nothing)
{
	struct word_told told = { .ours = NULL };

	ck_assert_int_eq(say(&told, "", 1), WORD_UNKNOWN);
	ck_assert_int_eq(say(&told, NULL, 1), WORD_UNKNOWN);
	ck_assert_int_eq(say(&told, "ASSIGNED", 1), WORD_UNKNOWN);
	ck_assert_ptr_null(told.ours);
}
END_TEST

/* ---- Times ------------------------------------------------------------- */

START_TEST(times_of_every_kind)
{
	int64_t ms = -1;

	ck_assert(when_read("1970-01-01T00:00:00Z", &ms));
	ck_assert_int_eq(ms, 0);
	ck_assert(when_read("2026-11-22T10:00:00.5+02:00", &ms));
	ck_assert_int_eq(ms, 1795334400500LL);
	ck_assert(when_read("2026-11-22 08:00:00.500123456-00:00", &ms));
	ck_assert_int_eq(ms, 1795334400500LL);
	ck_assert(when_read("2024-02-29t00:00:00z", &ms));
}
END_TEST

START_TEST(what_is_no_time)
{
	const char *const bad[] = { "", "now", "2026", "2026-11-22",
	    "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
	    "2026-00-10T00:00:00Z", "2026-01-01T24:00:00Z",
	    "2026-01-01T00:00:00", "2026-01-01T00:00:00Zx",
	    "2026-01-01T00:00:00+2:00", "2026-01-01T00:00:00+02",
	    "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+01:00",
	    "2026-01-01T00:00:61Z", "2026-01-0aT00:00:00Z" };
	int64_t ms = 7;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!when_read(bad[i], &ms), "%s", bad[i]);
	ck_assert(!when_read(NULL, &ms));
	ck_assert_int_eq(ms, 7);
}
END_TEST

/* ---- Names ------------------------------------------------------------- */

static json_t *
parse(const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

	ck_assert_msg(json != NULL, "%s", text);
	return json;
}

START_TEST(fields_are_found_by_any_of_their_names)
{
	json_t *json = parse("{\"fleet_member_id\":\"r 1\",\"rider_id\":7,"
	    "\"lat\":\"x\",\"pos\":{\"la\":[1,52.5]},\"timestamp\":\"a\\nb\","
	    "\"updated_at\":\"then\"}");
	char id[FIELDS_ID_SIZE];
	struct ow_fault fault;
	struct fields f;
	double number = 0;

	ck_assert_int_eq(fields_init(&f, preset_find("planned")->fields,
	    " lat=lat|pos.la.1  lng=nowhere.at.all ", &fault), OW_OK);
	ck_assert(fields_number(&f, json, FIELD_LAT, &number));
	ck_assert_double_eq(number, 52.5);
	ck_assert(!fields_number(&f, json, FIELD_LNG, &number));
	/* A blank makes no id; a number does. */
	ck_assert_str_eq(fields_id(&f, json, FIELD_RIDER, id), "7");
	/* What has a line break is no text. */
	ck_assert_str_eq(fields_text(&f, json, FIELD_AT, 64), "then");
	ck_assert_ptr_null(fields_text(&f, json, FIELD_AT, 3));
	ck_assert_ptr_null(fields_text(&f, NULL, FIELD_AT, 64));
	fields_done(&f);
	json_decref(json);
}
END_TEST

START_TEST(changes_of_fields_that_make_no_sense)
{
	const char *const bad[] = { "what=x", "lat", "lat=", "=x" };
	struct ow_fault fault;
	struct fields f;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(fields_init(&f,
		    preset_find("server")->fields, bad[i], &fault),
		    OW_EINVAL);
}
END_TEST

START_TEST(urls_of_presets)
{
	const double from[2] = { 52.5, 13.25 }, to[2] = { -1, 2 };
	const struct preset_words words = { .tenant = "a b", .id = "x/../y",
	    .ref = "order:1", .from = from, .to = to };
	const struct preset_words dots = { .tenant = "t", .id = ".." };
	const struct preset_words none = { .tenant = "t" };
	char *url;

	url = preset_url("http://h/", "/v1/{tenant}/t/{id}?r={ref}", &words);
	ck_assert_str_eq(url, "http://h/v1/a%20b/t/x%2F..%2Fy?r=order%3A1");
	free(url);
	url = preset_url("http://h", preset_find("server")->paths[PATH_ROUTE],
	    &words);
	ck_assert_str_eq(url, "http://h/api/v1/a%20b/routing/route?"
	    "from_lat=52.500000&from_lng=13.250000&to_lat=-1.000000&"
	    "to_lng=2.000000");
	free(url);
	ck_assert_ptr_null(preset_url("http://h", "/{id}", &dots));
	ck_assert_ptr_null(preset_url("http://h", "/{id}", &none));
	ck_assert_ptr_null(preset_url("http://h", "/{from_lat}", &none));
	ck_assert_ptr_null(preset_find("other"));
	ck_assert(preset_path_is_good("/a/{id}"));
	ck_assert(!preset_path_is_good("/a/{what}"));
	ck_assert(!preset_path_is_good("/a/{id"));
	ck_assert(!preset_path_is_good("/a b"));
}
END_TEST

START_TEST(a_url_has_an_end)
{
	const struct preset_words words = { .tenant = "t" };
	char path[5000];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert_ptr_null(preset_url("http://h", path, &words));
	ck_assert_ptr_null(preset_url(path, "/x", &words));
}
END_TEST

/* ---- Ways -------------------------------------------------------------- */

/* The example of the format's description, in both precisions. */
START_TEST(polylines)
{
	static const double want[] = { -120.2, 38.5, -120.95, 40.7, -126.453,
	    43.252 };
	const struct {
		const char *text;
		int precision;
	} lines[] = {
		{ "_p~iF~ps|U_ulLnnqC_mqNvxq`@", 5 },
		{ "_izlhA~rlgdF_{geC~ywl@_kwzCn`{nI", 6 },
	};
	double got[16];
	size_t n = 0, i, k;

	for (i = 0; i < 2; i++) {
		ck_assert(polyline_read(lines[i].text, strlen(lines[i].text),
		    lines[i].precision, 8, got, &n));
		ck_assert_uint_eq(n, 3);
		for (k = 0; k < 6; k++)
			ck_assert_double_eq_tol(got[k], want[k], 1e-9);
	}
	ck_assert(!polyline_read(lines[0].text, strlen(lines[0].text), 5, 2,
	    got, &n));
}
END_TEST

START_TEST(what_is_no_polyline)
{
	const char *const bad[] = { "_", "_p~iF", "_p~iF~ps|U_", "\x01\x02",
	    "~~~~~~~~~~~~", "_p~iF\x7f", "___________________" };
	double got[64];
	size_t n, i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!polyline_read(bad[i], strlen(bad[i]), 5, 32,
		    got, &n), "%s", bad[i]);
}
END_TEST

static const char *
read_way(const char *text, struct way *out)
{
	json_t *json = parse(text);
	const char *why = way_read(json, 5, out);

	json_decref(json);
	return why;
}

START_TEST(ways_of_every_router)
{
	const char *const good[] = {
		"{\"coordinates\":[[13.3,52.5],[13.4,52.6]],"
		    "\"distance_meters\":12000,\"duration_seconds\":900}",
		"{\"coordinates\":[],\"polyline\":\"_p~iF~ps|U_ulLnnqC\","
		    "\"distance_meters\":12000,\"duration_seconds\":900}",
		"{\"data\":{\"coordinates\":[[13.3,52.5],[13.4,52.6,34]],"
		    "\"distance_meters\":12000,\"duration_seconds\":900}}",
		"{\"code\":\"Ok\",\"routes\":[{\"distance\":12000,"
		    "\"duration\":900,\"legs\":[],\"geometry\":{"
		    "\"type\":\"LineString\",\"coordinates\":[[13.3,52.5],"
		    "[13.4,52.6]]}}],\"waypoints\":[]}",
		"{\"code\":\"Ok\",\"routes\":[{\"distance\":12000,"
		    "\"duration\":900,\"geometry\":\"_p~iF~ps|U_ulLnnqC\"}]}",
	};
	struct way way;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_ptr_null(read_way(good[i], &way));
		ck_assert_uint_eq(way.n, 2);
		ck_assert_double_eq(way.distance_m, 12000);
		ck_assert_double_eq(way.duration_s, 900);
		way_done(&way);
	}
}
END_TEST

START_TEST(what_is_no_way)
{
	const char *const bad[] = { "null", "[]", "7", "{}",
	    "{\"coordinates\":7}", "{\"coordinates\":[]}",
	    "{\"coordinates\":[[13,52]]}",
	    "{\"coordinates\":[[13,52],[13]]}",
	    "{\"coordinates\":[[13,52],[\"13\",52]]}",
	    "{\"coordinates\":[[13,52],[13,91]]}",
	    "{\"coordinates\":[[13,52],null]}",
	    "{\"polyline\":\"_\"}", "{\"polyline\":\"\"}",
	    "{\"code\":\"NoRoute\"}", "{\"code\":\"Ok\"}",
	    "{\"code\":\"Ok\",\"routes\":[]}",
	    "{\"code\":\"Ok\",\"routes\":[{}]}",
	    "{\"code\":\"Ok\",\"routes\":[{\"geometry\":[7]}]}",
	    "{\"routes\":{}}" };
	struct way way;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(read_way(bad[i], &way) != NULL, "%s", bad[i]);
}
END_TEST

START_TEST(absurd_lengths_are_unknown)
{
	struct way way;

	ck_assert_ptr_null(read_way("{\"coordinates\":[[1,2],[3,4]],"
	    "\"distance_meters\":-5,\"duration_seconds\":\"soon\"}", &way));
	ck_assert_double_eq(way.distance_m, -1);
	ck_assert_double_eq(way.duration_s, -1);
	way_done(&way);
}
END_TEST

/* A breach: more points, other ends, or a corner that is cut off. */
START_TEST(a_long_way_keeps_its_corners)
{
	struct way way = { .n = 10001 };
	size_t i, n_corners = 0;

	way.lnglat = calloc(way.n, 2 * sizeof(double));
	for (i = 0; i < way.n; i++) {	/* a zigzag of 100 corners */
		way.lnglat[2 * i] = 13 + (double)i * 1e-5;
		way.lnglat[2 * i + 1] = 52 + (i / 100 % 2 ? 100 -
		    (double)(i % 100) : (double)(i % 100)) * 1e-5;
	}
	way_simplify(&way, 500);
	ck_assert_uint_le(way.n, 500);
	ck_assert_double_eq(way.lnglat[0], 13);
	ck_assert_double_eq_tol(way.lnglat[2 * way.n - 2], 13.1, 1e-9);
	for (i = 0; i < way.n; i++)
		n_corners += fabs(way.lnglat[2 * i + 1] - 52.001) < 1e-9;
	ck_assert_uint_ge(n_corners, 50);
	i = way.n;
	way_simplify(&way, 500);
	ck_assert_uint_eq(way.n, i);
	way_done(&way);
}
END_TEST

START_TEST(a_way_of_one_place)
{
	struct way way = { .n = 1000 };

	way.lnglat = calloc(way.n, 2 * sizeof(double));
	way_simplify(&way, 500);
	ck_assert_uint_le(way.n, 500);
	way_done(&way);
}
END_TEST

/* ---- Ids --------------------------------------------------------------- */

START_TEST(ids_are_remembered_for_a_day)
{
	struct seen *s = seen_new(3, 1000);

	ck_assert(!seen_has(s, "a", 0));
	seen_add(s, "a", 0);
	seen_add(s, "a", 500);
	ck_assert(seen_has(s, "a", 999));
	ck_assert(!seen_has(s, "a", 1000));
	seen_add(s, "a", 1000);
	seen_add(s, "b", 1001);
	seen_add(s, "c", 1002);
	/* What was too old had no need to make room. */
	ck_assert_int_eq(seen_lost_ms(s), -1);
	seen_add(s, "d", 1003);		/* no room: the oldest goes */
	ck_assert_int_eq(seen_lost_ms(s), 1000);
	ck_assert_uint_eq(seen_count(s), 3);
	ck_assert(!seen_has(s, "a", 1000));
	ck_assert(seen_has(s, "b", 1003) && seen_has(s, "d", 1003));
	seen_free(&s);
	seen_free(&s);
}
END_TEST

/* ---- Signatures -------------------------------------------------------- */

/* RFC 4231, test case 2. */
START_TEST(signatures)
{
	const struct ow_bytes body = { "what do ya want for nothing?", 28 };
	const struct ow_bytes none = { NULL, 0 };
	const char *good = "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843";
	char text[128];
	size_t i;

	ck_assert(mac_is_good("Jefe", &body, 1, good));
	(void)snprintf(text, sizeof(text), "sha256=%s", good);
	ck_assert(mac_is_good("Jefe", &body, 1, text));
	ck_assert(!mac_is_good("jefe", &body, 1, good));
	ck_assert(!mac_is_good("", &body, 1, good));
	ck_assert(!mac_is_good(NULL, &body, 1, good));
	ck_assert(!mac_is_good("Jefe", &body, 1, NULL));
	ck_assert(!mac_is_good("Jefe", &body, 1, ""));
	ck_assert(!mac_is_good("Jefe", &body, 1, "sha256="));
	for (i = 0; i < strlen(good); i++) {
		(void)snprintf(text, sizeof(text), "%s", good);
		text[i] = text[i] == '0' ? '1' : '0';
		ck_assert(!mac_is_good("Jefe", &body, 1, text));
		text[i] = '\0';
		ck_assert(!mac_is_good("Jefe", &body, 1, text));
	}
	ck_assert(!mac_is_good("Jefe", &none, 1, good));
}
END_TEST

/* ---- Server-sent events ------------------------------------------------ */

static void
on_event(void *arg, const char *name, const char *data, size_t n)
{
	char *out = arg;

	ck_assert_uint_eq(strlen(data), n);
	(void)sprintf(out + strlen(out), "%s=%s;", name, data);
}

/* However the bytes are cut. */
START_TEST(events_in_pieces)
{
	const char *text = ": heartbeat\n\nevent: connected\ndata: {}\n\n"
	    "event:a\r\ndata:1\r\ndata: 2\r\n\r\nid: 7\rdata: x\r\r"
	    "event: lost\n\nretry: 9\ndata\n\n";
	size_t len, i, n = strlen(text);
	char out[256];
	struct sse s;

	for (len = 1; len <= n; len++) {
		out[0] = '\0';
		sse_init(&s);
		for (i = 0; i < n; i += len)
			ck_assert(sse_feed(&s, text + i, i + len > n ? n - i :
			    len, on_event, out));
		ck_assert_str_eq(out, "connected={};a=1\n2;message=x;"
		    "message=;");
		sse_done(&s);
	}
}
END_TEST

START_TEST(events_have_limits)
{
	char line[1024], out[16] = "";
	struct sse s;
	int i;

	memset(line, 'x', sizeof(line));
	sse_init(&s);
	for (i = 0; i < SSE_LINE_MAX / 1024; i++)
		ck_assert(sse_feed(&s, line, sizeof(line), on_event, out));
	ck_assert(!sse_feed(&s, line, 1, on_event, out));
	sse_done(&s);
	memcpy(line, "data:", 5);
	line[1023] = '\n';
	sse_init(&s);
	for (i = 0; i < SSE_DATA_MAX / 1024; i++)
		ck_assert(sse_feed(&s, line, sizeof(line), on_event, out));
	while (sse_feed(&s, line, sizeof(line), on_event, out))
		ck_assert_int_lt(i++, 100);
	sse_done(&s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("adapter-logistics, pure");
	TCase *tcase = tcase_create("pure");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, a_driver_moves);
	tcase_add_test(tcase, no_place_is_no_place);
	tcase_add_test(tcase, nobody_moves_back_in_time);
	tcase_add_test(tcase, a_clock_ahead_is_put_back);
	tcase_add_test(tcase, a_jump_is_dropped_and_forgotten);
	tcase_add_test(tcase, a_wrong_first_place_heals);
	tcase_add_test(tcase, a_delivery_without_trouble);
	tcase_add_test(tcase, completed_alone_is_delivered);
	tcase_add_test(tcase, en_route_is_the_way_that_comes_next);
	tcase_add_test(tcase, another_rider_begins_anew);
	tcase_add_test(tcase, unknown_words_say_nothing);
	tcase_add_test(tcase, times_of_every_kind);
	tcase_add_test(tcase, what_is_no_time);
	tcase_add_test(tcase, fields_are_found_by_any_of_their_names);
	tcase_add_test(tcase, changes_of_fields_that_make_no_sense);
	tcase_add_test(tcase, urls_of_presets);
	tcase_add_test(tcase, a_url_has_an_end);
	tcase_add_test(tcase, polylines);
	tcase_add_test(tcase, what_is_no_polyline);
	tcase_add_test(tcase, ways_of_every_router);
	tcase_add_test(tcase, what_is_no_way);
	tcase_add_test(tcase, absurd_lengths_are_unknown);
	tcase_add_test(tcase, a_long_way_keeps_its_corners);
	tcase_add_test(tcase, a_way_of_one_place);
	tcase_add_test(tcase, ids_are_remembered_for_a_day);
	tcase_add_test(tcase, signatures);
	tcase_add_test(tcase, events_in_pieces);
	tcase_add_test(tcase, events_have_limits);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
