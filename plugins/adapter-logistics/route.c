/* SPDX-License-Identifier: MIT */
/*
 * route - ways, from the service or from a router beside it.
 *
 * One question at a time for an order: a newer one takes the place of the one
 * that is under way.
 */
#include <stdio.h>

#include "logistics.h"
#include "mem.h"
#include "way.h"

#define WAYS_MAX 5000u

struct way_ask {
	struct way_ask *next, **at;
	struct logistics *home;
	struct ask *ask;
	char *tenant, *order_id;
};

static void
way_ask_free(struct way_ask *a)
{
	ask_cancel(&a->ask);
	*a->at = a->next;
	if (a->next)
		a->next->at = a->at;
	a->home->n_ways--;
	free(a->tenant);
	free(a->order_id);
	free(a);
}

void
routes_free(struct logistics *l)
{
	while (l->ways)
		way_ask_free(l->ways);
}

static void
route_tell(struct way_ask *a, const struct way *way)
{
	const struct ow_route route = {
		.size = sizeof(route), .order = a->order_id, .n = way->n,
		.lnglat = way->lnglat, .distance_m = way->distance_m,
		.duration_s = way->duration_s,
	};

	count(a->home, M_ROUTES);
	a->home->host->facts->route(a->home->ctx, a->tenant, &route);
}

static void
route_on_answer(void *arg, const json_t *answer, int32_t status,
    const char *why)
{
	struct way_ask *a = arg;
	struct logistics *l = a->home;
	int precision = l->conf->polyline[0] == '6' ? 6 : 5;
	struct way way;

	(void)status;
	a->ask = NULL;
	if (answer)
		why = way_read(answer, precision, &way);
	if (answer && !why) {
		way_simplify(&way, WAY_POINTS_MAX);
		route_tell(a, &way);
		way_done(&way);
	} else {
		count(l, M_ROUTES_FAILED);
		l->host->base->log(l->ctx, OW_DEBUG, "no way: %s", why);
	}
	way_ask_free(a);
}

static struct way_ask *
way_ask_find(struct logistics *l, const char *tenant, const char *order_id)
{
	struct way_ask *a;

	for (a = l->ways; a; a = a->next)
		if (!strcmp(a->order_id, order_id) &&
		    !strcmp(a->tenant, tenant))
			return a;
	return NULL;
}

static struct way_ask *
way_ask_new(struct logistics *l, const char *tenant, const char *order_id)
{
	struct way_ask *a = mem_alloc(sizeof(*a));

	a->home = l;
	a->tenant = mem_dup(tenant);
	a->order_id = mem_dup(order_id);
	a->next = l->ways;
	a->at = &l->ways;
	if (a->next)
		a->next->at = &a->next;
	l->ways = a;
	l->n_ways++;
	return a;
}

static char *
route_url(const struct logistics *l, const struct preset_words *words)
{
	if (!strcmp(l->conf->router, "osrm"))
		return preset_url("", l->conf->router_url, words);
	if (!strcmp(l->conf->router, "service") && l->paths[PATH_ROUTE])
		return preset_url(l->conf->url, l->paths[PATH_ROUTE], words);
	return NULL;
}

static void
route_start(struct logistics *l, const char *tenant, const char *order_id,
    const double *from, const double *to)
{
	const struct preset_words words = { .tenant = tenant, .from = from,
	    .to = to };
	bool is_router = !strcmp(l->conf->router, "osrm");
	struct way_ask *a = way_ask_find(l, tenant, order_id);
	char *url = NULL;

	if (point_is_on_earth(from[0], from[1]) &&
	    point_is_on_earth(to[0], to[1]))
		url = route_url(l, &words);
	if (!url)
		return;
	if (a)
		way_ask_free(a);
	if (l->n_ways >= WAYS_MAX) {
		count(l, M_READS_REFUSED);
		free(url);
		return;
	}
	a = way_ask_new(l, tenant, order_id);
	a->ask = ask_start(l, url, is_router, route_on_answer, a);
	if (!a->ask)
		way_ask_free(a);
}

void
route_ask(void *self, const struct ow_follow *want, double from_lat,
    double from_lng, double to_lat, double to_lng)
{
	const double from[2] = { from_lat, from_lng };
	const double to[2] = { to_lat, to_lng };
	struct logistics *l = self;

	if (want->order_id && *want->order_id && want->tenant &&
	    *want->tenant && tenant_is_ours(l, want->tenant))
		route_start(l, want->tenant, want->order_id, from, to);
}

void
route_again(struct followed *f)
{
	double from[2];

	if (!f->rider || !f->rider->last.is_known || !f->has_dropoff)
		return;
	from[0] = f->rider->last.good.lat;
	from[1] = f->rider->last.good.lng;
	route_start(f->site->home, f->site->tenant, f->order_id, from,
	    f->dropoff);
}
