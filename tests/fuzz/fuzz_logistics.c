/* SPDX-License-Identifier: MIT */
/*
 * fuzz_logistics - everything that a logistics-service can say to its adapter.
 *
 * The first byte says where the rest goes: p, q a polyline; w a router's
 * answer; s a stream of events, fed in two pieces; l the live stream; t a
 * task, m a fleet member, n locations now; h a webhook with a good signature.
 *
 * A breach is a sanitizer's report, a way out of its bounds, a place that is
 * none (host.c looks), or what was said in the log.
 */
#include <math.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../plugins/adapter-logistics/host.h"
#include "point.h"
#include "polyline.h"
#include "sse.h"
#include "way.h"

#define SECRET "secret"

static void
check_points(const double *lnglat, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!point_is_on_earth(lnglat[2 * i + 1], lnglat[2 * i]))
			abort();
}

static void
fuzz_polyline(const char *text, size_t n, int precision)
{
	double points[2 * 64];
	size_t n_points;

	if (!polyline_read(text, n, precision, 64, points, &n_points))
		return;
	if (n_points > 64)
		abort();
	check_points(points, n_points);
}

static void
fuzz_way(const char *text, size_t n)
{
	json_t *json = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	struct way way;

	if (json && !way_read(json, 5, &way)) {
		check_points(way.lnglat, way.n);
		way_simplify(&way, 10);
		if (way.n < 2 || way.n > 10)
			abort();
		way_done(&way);
	}
	json_decref(json);
}

static void
on_event(void *arg, const char *name, const char *text, size_t n)
{
	(void)arg;
	if (!*name || strlen(name) >= SSE_NAME_SIZE || text[n])
		abort();
}

static void
fuzz_sse(const char *text, size_t n)
{
	struct sse s;

	sse_init(&s);
	if (sse_feed(&s, text, n / 2, on_event, NULL))
		(void)sse_feed(&s, text + n / 2, n - n / 2, on_event, NULL);
	sse_done(&s);
}

static struct host *
adapter_new(void)
{
	static const char *const options[] = { "preset=server",
	    "url=http://h", "webhook_secret=" SECRET, NULL };
	struct ow_fault fault;
	struct host *h = host_new(ow_plugin_query(OW_ABI), options, &fault);

	host_follow(h, "demo", "o-1", "t-1", "r-1");
	host_advance(h, 1000);
	host_ws_open(h);
	return h;
}

static void
fuzz_hook(struct host *h, const char *text)
{
	unsigned char mac[32];
	char hex[65];
	unsigned int n, i;

	HMAC(EVP_sha256(), SECRET, sizeof(SECRET) - 1,
	    (const unsigned char *)text, strlen(text), mac, &n);
	for (i = 0; i < n; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", mac[i]);
	(void)host_hook(h, "demo", hex, text);
}

static void
fuzz_adapter(char where, const char *text)
{
	struct host *h = adapter_new();

	switch (where) {
	case 'l':
		host_ws_text(h, text);
		break;
	case 't':
		(void)host_reply(h, "/tasks/t-1", 200, text);
		break;
	case 'm':
		(void)host_reply(h, "/members/r-1", 200, text);
		break;
	case 'n':
		(void)host_reply(h, "/tracking/fleet", 200, text);
		break;
	default:
		fuzz_hook(h, text);
	}
	host_advance(h, 3000);
	if (strstr(host_log(h), "r-1"))
		abort();
	host_free(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1 || size > 20000)
		return 0;
	text = calloc(1, size);		/* the rest, and a NUL */
	memcpy(text, data + 1, size - 1);
	switch (data[0]) {
	case 'p':
	case 'q':
		fuzz_polyline(text, size - 1, data[0] == 'q' ? 6 : 5);
		break;
	case 'w':
		fuzz_way(text, size - 1);
		break;
	case 's':
		fuzz_sse(text, size - 1);
		break;
	case 'l':
	case 't':
	case 'm':
	case 'n':
	case 'h':
		fuzz_adapter((char)data[0], text);
		break;
	}
	free(text);
	return 0;
}
