/* SPDX-License-Identifier: MIT */
/*
 * route - see route.h.
 */
#include "order/route.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "order/parts.h"

#define POINT_TEXT_MAX 32u
#define METRES_A_DEGREE 111195.0

static bool
is_place(double lng, double lat)
{
	return lng >= -180 && lng <= 180 && lat >= -90 && lat <= 90;
}

static double
rounded(double degrees)
{
	return real_plain(round(degrees * 1e5) / 1e5);
}

/* What nobody knows is below 0, and so is what makes no sense. */
static double
rounded_amount(double d)
{
	return d >= 0 && d < 1e9 ? real_plain(round(d)) : -1;
}

static void
write_amount(struct jw *w, const char *key, double d)
{
	if (d < 0)
		jw_null(w, key);
	else
		jw_int(w, key, (int64_t)d);
}

static void
write_text(const struct route *r, struct buf *out)
{
	struct jw w;

	jw_init(&w, out);
	jw_object(&w, NULL);
	jw_list(&w, "coordinates");
	for (uint32_t i = 0; i < r->n; i++) {
		jw_list(&w, NULL);
		jw_real(&w, NULL, r->lnglat[2 * i]);
		jw_real(&w, NULL, r->lnglat[2 * i + 1]);
		jw_end(&w);
	}
	jw_end(&w);
	write_amount(&w, "distance_m", r->distance_m);
	write_amount(&w, "duration_s", r->duration_s);
	jw_end(&w);
}

struct route *
route_new(const double *lnglat, size_t n, double distance_m,
    double duration_s)
{
	struct buf text = BUF_INIT(ROUTE_POINTS_MAX * 2 * POINT_TEXT_MAX);
	struct route *r;

	if (n < 2 || n > ROUTE_POINTS_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (!is_place(lnglat[2 * i], lnglat[2 * i + 1]))
			return NULL;
	r = mem_alloc(sizeof(*r) + 2 * n * sizeof(*r->lnglat));
	atomic_init(&r->refs, 1);
	r->n = (uint32_t)n;
	r->distance_m = rounded_amount(distance_m);
	r->duration_s = rounded_amount(duration_s);
	for (size_t i = 0; i < 2 * n; i++)
		r->lnglat[i] = rounded(lnglat[i]);
	write_text(r, &text);
	OW_ASSERT(!text.full);
	r->text_len = text.n;
	r->text = buf_take(&text);
	return r;
}

struct route *
route_read(const struct json *v)
{
	const struct json *list = json_get(v, "coordinates"), *point;
	double lnglat[2 * ROUTE_POINTS_MAX];
	size_t n = json_count(list);

	if (json_type(list) != JSON_LIST || n > ROUTE_POINTS_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		point = json_at(list, i);
		lnglat[2 * i] = json_number(json_at(point, 0), 1000);
		lnglat[2 * i + 1] = json_number(json_at(point, 1), 1000);
	}
	return route_new(lnglat, n, json_number(json_get(v, "distance_m"), -1),
	    json_number(json_get(v, "duration_s"), -1));
}

struct route *
route_ref(struct route *r)
{
	if (r != NULL)
		atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	return r;
}

void
route_unref(struct route **rp)
{
	struct route *r = *rp;

	*rp = NULL;
	if (r == NULL || atomic_fetch_sub(&r->refs, 1) != 1)
		return;
	free((char *)(uintptr_t)r->text);
	free(r);
}

bool
route_is_same(const struct route *a, const struct route *b)
{
	return a == b || (a != NULL && b != NULL &&
	    a->text_len == b->text_len &&
	    memcmp(a->text, b->text, a->text_len) == 0);
}

void
route_write(struct jw *w, const char *key, const struct route *r)
{
	if (r == NULL)
		jw_null(w, key);
	else
		jw_raw(w, key, r->text, r->text_len);
}

/* ---- Where on it -------------------------------------------------------- */

/* Metres east and north of a place, near it. */
static void
flat(double lat0, double lng0, const double *lnglat, double out[2])
{
	out[0] = (lnglat[0] - lng0) * METRES_A_DEGREE * cos(lat0 * M_PI / 180);
	out[1] = (lnglat[1] - lat0) * METRES_A_DEGREE;
}

double
route_left(const struct route *r, double lat, double lng, double *out_off_m)
{
	double a[2], b[2], len, at, off, best = INFINITY, before = 0, all = 0;

	flat(lat, lng, r->lnglat, a);
	for (uint32_t i = 1; i < r->n; i++) {
		flat(lat, lng, &r->lnglat[2 * i], b);
		len = hypot(b[0] - a[0], b[1] - a[1]);
		at = len > 0 ? -(a[0] * (b[0] - a[0]) + a[1] *
		    (b[1] - a[1])) / (len * len) : 0;
		at = fmax(0, fmin(1, at));
		off = hypot(a[0] + at * (b[0] - a[0]),
		    a[1] + at * (b[1] - a[1]));
		if (off < best) {
			best = off;
			before = all + at * len;
		}
		all += len;
		memcpy(a, b, sizeof(a));
	}
	*out_off_m = best;
	return all > 0 ? 1 - before / all : 0;
}
