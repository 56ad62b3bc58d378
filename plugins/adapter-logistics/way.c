/* SPDX-License-Identifier: MIT */
/*
 * way - see way.h.
 *
 * Simplifying is Ramer's and Douglas and Peucker's: again and again the point
 * farthest from what there is so far is taken in, until there are enough.
 */
#include "way.h"

#include <math.h>
#include <stdint.h>

#include "mem.h"
#include "point.h"
#include "polyline.h"

/* ---- Reading ----------------------------------------------------------- */

static bool
way_read_list(const json_t *list, struct way *out)
{
	size_t i, n = json_array_size(list);
	const json_t *lng, *lat;

	out->lnglat = mem_alloc(n * 2 * sizeof(double));
	out->n = n;
	for (i = 0; i < n; i++) {
		lng = json_array_get(json_array_get(list, i), 0);
		lat = json_array_get(json_array_get(list, i), 1);
		out->lnglat[2 * i] = json_number_value(lng);
		out->lnglat[2 * i + 1] = json_number_value(lat);
		if (!json_is_number(lng) || !json_is_number(lat) ||
		    !point_is_on_earth(out->lnglat[2 * i + 1],
		    out->lnglat[2 * i]))
			return false;
	}
	return true;
}

static bool
way_read_text(const json_t *text, int precision, struct way *out)
{
	out->lnglat = mem_alloc(WAY_READ_MAX * 2 * sizeof(double));
	return polyline_read(json_string_value(text),
	    json_string_length(text), precision, WAY_READ_MAX, out->lnglat,
	    &out->n);
}

/* A GeoJSON LineString, its coordinates alone, or a polyline. */
static const char *
way_read_line(const json_t *line, int precision, struct way *out)
{
	bool is_good;

	if (json_is_object(line))
		line = json_object_get(line, "coordinates");
	if (!json_is_array(line) && !json_is_string(line))
		return "it has no line";
	if (json_array_size(line) > WAY_READ_MAX)
		return "it has too many points";
	is_good = json_is_array(line) ? way_read_list(line, out) :
	    way_read_text(line, precision, out);
	if (is_good && out->n >= 2)
		return NULL;
	way_done(out);
	return is_good ? "it has no points" : "its points can't be read";
}

static double
way_length(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	double number = json_number_value(value);

	return json_is_number(value) && isfinite(number) && number >= 0 &&
	    number < 1e8 ? number : -1;
}

static const char *
way_read_osrm(const json_t *answer, int precision, struct way *out)
{
	const char *code = json_string_value(json_object_get(answer, "code"));
	const json_t *route = json_array_get(json_object_get(answer,
	    "routes"), 0);
	const char *why;

	if (code && strcmp(code, "Ok") != 0)
		return "the router knows no way";
	why = way_read_line(json_object_get(route, "geometry"), precision,
	    out);
	if (why)
		return why;
	out->distance_m = way_length(route, "distance");
	out->duration_s = way_length(route, "duration");
	return NULL;
}

static const char *
way_read_service(const json_t *answer, int precision, struct way *out)
{
	const json_t *line = json_object_get(answer, "coordinates");
	const char *why;

	if (!json_array_size(line))
		line = json_object_get(answer, "polyline");
	why = way_read_line(line, precision, out);
	if (why)
		return why;
	out->distance_m = way_length(answer, "distance_meters");
	out->duration_s = way_length(answer, "duration_seconds");
	return NULL;
}

const char *
way_read(const json_t *answer, int precision, struct way *out)
{
	struct way way = { .distance_m = -1, .duration_s = -1 };
	const char *why;

	if (json_is_object(json_object_get(answer, "data")))
		answer = json_object_get(answer, "data");
	if (!json_is_object(answer))
		return "it is no object";
	why = json_is_array(json_object_get(answer, "routes")) ||
	    json_is_string(json_object_get(answer, "code")) ?
	    way_read_osrm(answer, precision, &way) :
	    way_read_service(answer, precision, &way);
	if (!why)
		*out = way;
	return why;
}

void
way_done(struct way *w)
{
	free(w->lnglat);
	memset(w, 0, sizeof(*w));
}

/* ---- Fewer points ------------------------------------------------------ */

/* A part of the way that is drawn straight so far, and its worst point. */
struct way_part {
	size_t from, to, worst;
	double error;
};

/* Squared, in degrees of latitude. */
static double
way_error(const double *a, const double *b, const double *p)
{
	double squeeze = cos(a[1] * (M_PI / 180));
	double bx = (b[0] - a[0]) * squeeze, by = b[1] - a[1];
	double px = (p[0] - a[0]) * squeeze, py = p[1] - a[1];
	double length = bx * bx + by * by;
	double t = length > 0 ? (px * bx + py * by) / length : 0;

	t = t < 0 ? 0 : t > 1 ? 1 : t;
	px -= t * bx;
	py -= t * by;
	return px * px + py * py;
}

static struct way_part
way_look(const struct way *w, size_t from, size_t to)
{
	struct way_part part = { from, to, from, -1 };
	double error;
	size_t i;

	for (i = from + 1; i < to; i++) {
		error = way_error(&w->lnglat[2 * from], &w->lnglat[2 * to],
		    &w->lnglat[2 * i]);
		if (error > part.error) {
			part.error = error;
			part.worst = i;
		}
	}
	return part;
}

void
way_simplify(struct way *w, size_t max)
{
	struct way_part *parts, halves[2];
	size_t i, n = 1, worst;
	bool *is_kept;

	if (w->n <= max)
		return;
	parts = mem_alloc(max * sizeof(*parts));
	is_kept = mem_alloc(w->n * sizeof(*is_kept));
	is_kept[0] = is_kept[w->n - 1] = true;
	parts[0] = way_look(w, 0, w->n - 1);
	while (n < max - 1) {
		for (worst = 0, i = 1; i < n; i++)
			if (parts[i].error > parts[worst].error)
				worst = i;
		if (parts[worst].error < 0)
			break;
		is_kept[parts[worst].worst] = true;
		halves[0] = way_look(w, parts[worst].from,
		    parts[worst].worst);
		halves[1] = way_look(w, parts[worst].worst, parts[worst].to);
		parts[worst] = halves[0];
		parts[n++] = halves[1];
	}
	for (n = 0, i = 0; i < w->n; i++)
		if (is_kept[i])
			memmove(&w->lnglat[2 * n++], &w->lnglat[2 * i],
			    2 * sizeof(double));
	w->n = n;
	free(parts);
	free(is_kept);
}
