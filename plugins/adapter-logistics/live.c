/* SPDX-License-Identifier: MIT */
/*
 * live - where riders are: one stream a tenant, open while somebody's order is
 * followed there, a snapshot after each opening, and the word to screens when
 * none of it comes.
 *
 * The stream tells of a tenant's every rider; those of no followed order end
 * here.  A stream that is open and says nothing is as bad as one that is
 * closed: it is given up and opened anew.
 *
 * Invariants: a point that was passed on is newer than the one before it of
 * the same rider, also through a reconnect.
 */
#include <math.h>
#include <stdio.h>

#include "logistics.h"
#include "mem.h"
#include "when.h"

#define LIVE_IDLE_MS 60000	/* kept open for the next order */
#define LIVE_RETRY_MS 1000
#define LIVE_OPEN_MS 15000
#define SPEED_ABSURD_MPS 100

/* ---- Points ------------------------------------------------------------ */

static double
point_extra(const struct fields *f, const json_t *point, enum field field,
    double unit, double max)
{
	double value;

	if (!fields_number(f, point, field, &value))
		return -1;
	value *= unit;
	return isfinite(value) && value >= 0 && value <= max ? value : -1;
}

/* Whose it is, and whether we want it. */
static struct rider *
point_rider(struct site *site, const json_t *point,
    const struct followed *order)
{
	const struct logistics *l = site->home;
	char number[FIELDS_ID_SIZE];
	const char *id = fields_id(&l->fields, point, FIELD_RIDER, number);
	struct rider *rider = rider_find(site, id);

	if (!id && order)
		rider = order->rider;
	if (!id && !rider)
		count(l, M_GARBAGE);
	else if (!rider)
		count(l, order ? M_UNASSIGNED : M_UNFOLLOWED);
	else if (order && order->rider != rider)
		count(l, order->is_over ? M_FINISHED : M_UNASSIGNED);
	else if (!rider->carries)
		count(l, rider->left == LEFT_FINISHED ? M_FINISHED :
		    M_UNASSIGNED);
	else
		return rider;
	return NULL;
}

/* false: it has no place, or a time that can't be read. */
static bool
point_read(const struct logistics *l, const json_t *json,
    struct ow_point *out)
{
	const char *names = l->fields.names[FIELD_AT];
	const char *at = fields_text(&l->fields, json, FIELD_AT, 64);

	if (!fields_number(&l->fields, json, FIELD_LAT, &out->lat) ||
	    !fields_number(&l->fields, json, FIELD_LNG, &out->lng))
		return false;
	out->at_ms = wall_ms();
	if (at && !when_read(at, &out->at_ms))
		return false;
	/* One that is there, but no text. */
	for (; !at && *names; names += strcspn(names, "|"),
	    names += *names == '|')
		if (json_object_getn(json, names, strcspn(names, "|")))
			return false;
	out->heading = point_extra(&l->fields, json, FIELD_HEADING, 1, 360);
	out->speed_mps = point_extra(&l->fields, json, FIELD_SPEED,
	    l->speed_unit, SPEED_ABSURD_MPS);
	out->accuracy_m = point_extra(&l->fields, json, FIELD_ACCURACY, 1,
	    1e6);
	return true;
}

void
live_take_point(struct site *site, const json_t *json,
    const struct followed *order)
{
	static const uint32_t metrics[] = {
		[POINT_GOOD] = M_POINTS, [POINT_ZERO] = M_ZERO,
		[POINT_RANGE] = M_RANGE, [POINT_CLOCK] = M_CLOCK,
		[POINT_OLD] = M_OLD, [POINT_LATE] = M_LATE,
		[POINT_JUMP] = M_JUMP,
	};
	struct ow_point point = { .size = sizeof(point) };
	struct logistics *l = site->home;
	struct rider *rider = point_rider(site, json, order);
	enum point_verdict verdict;

	if (!rider)
		return;
	if (!point_read(l, json, &point)) {
		count(l, M_GARBAGE);
		return;
	}
	verdict = point_judge(&rider->last, point.lat, point.lng,
	    &point.at_ms, wall_ms(), (double)l->conf->speed_max_kmh);
	count(l, metrics[verdict]);
	if (verdict != POINT_GOOD)
		return;
	site->live.is_silent = false;
	point.driver = rider->id;
	l->host->facts->location(l->ctx, site->tenant, &point);
}

/* One, or a list of them. */
static void
live_take_points(struct site *site, const json_t *points)
{
	size_t i;

	if (json_is_object(points))
		live_take_point(site, points, NULL);
	for (i = 0; i < json_array_size(points); i++)
		live_take_point(site, json_array_get(points, i), NULL);
}

void
live_prove(struct site *site)
{
	if (!site->home->paths[PATH_STREAM])
		site->live.good_ms = now_ms(site->home);
}

/* ---- Snapshots --------------------------------------------------------- */

static void
live_on_snapshot(void *arg, const json_t *answer, int32_t status,
    const char *why)
{
	struct site *site = arg;
	struct logistics *l = site->home;
	const json_t *riders = json_object_get(answer, "riders");

	(void)status;
	site->live.snapshot = NULL;
	if (!answer) {
		l->host->base->log(l->ctx, OW_DEBUG, "locations of tenant "
		    "%s: %s", site->tenant, why);
		site->live.snapshot_ms = now_ms(l) + backoff_ms(3,
		    LIVE_RETRY_MS, l->conf->retry_max_ms);
		return;
	}
	site->live.snapshot_ms = INT64_MAX;
	if (!l->paths[PATH_STREAM]) {
		site->live.snapshot_ms = now_ms(l) + l->conf->poll_ms;
		live_prove(site);
	}
	live_take_points(site, json_is_array(riders) ? riders :
	    ask_unwrap(answer));
}

static void
live_ask_snapshot(struct site *site)
{
	const struct preset_words words = { .tenant = site->tenant };
	struct logistics *l = site->home;

	if (!l->paths[PATH_LOCATIONS] || site->live.snapshot ||
	    now_ms(l) < site->live.snapshot_ms)
		return;
	if (l->paths[PATH_STREAM] && !site->live.is_open)
		return;
	site->live.snapshot = ask_start(l, preset_url(l->conf->url,
	    l->paths[PATH_LOCATIONS], &words), false, live_on_snapshot, site);
}

/* ---- The stream -------------------------------------------------------- */

static void
live_lost(struct site *site, const char *why)
{
	struct live *live = &site->live;
	struct logistics *l = site->home;

	live->is_open = false;
	ask_cancel(&live->snapshot);
	live->open_ms = now_ms(l) + backoff_ms(live->n_lost, LIVE_RETRY_MS,
	    l->conf->retry_max_ms);
	live->n_lost++;
	if (!live->is_told)
		l->host->base->log(l->ctx, OW_WARN, "the live stream of "
		    "tenant %s is away: %s", site->tenant, why);
	live->is_told = true;
}

static void
live_on_open(void *arg)
{
	struct site *site = arg;
	struct followed *f, *next;

	site->live.is_open = true;
	site->live.heard_ms = now_ms(site->home);
	site->live.snapshot_ms = 0;
	live_ask_snapshot(site);
	/* What changed meanwhile nobody will say again. */
	HASH_ITER(hh, site->orders, f, next)
		task_read_soon(f);
	if (site->live.is_told)
		site->home->host->base->log(site->home->ctx, OW_NOTICE,
		    "the live stream of tenant %s is back", site->tenant);
	site->live.is_told = false;
}

static void
live_on_text(void *arg, struct ow_bytes text)
{
	struct site *site = arg;
	json_t *message = ask_read(text);
	const char *type;

	if (!json_is_object(message) && !json_is_array(message)) {
		count(site->home, M_GARBAGE);
		json_decref(message);
		return;
	}
	type = json_string_value(json_object_get(message, "type"));
	if (!type || !strcmp(type, "location_update")) {
		site->live.heard_ms = now_ms(site->home);
		site->live.n_lost = 0;
		live_take_points(site, ask_unwrap(message));
	}
	json_decref(message);
}

static void
live_on_closed(void *arg, int32_t err, const char *detail)
{
	struct site *site = arg;

	(void)err;
	site->live.socket = NULL;	/* it ended by itself */
	live_lost(site, detail);
}

static void
live_open(struct site *site)
{
	static const struct ow_ws_fns fns = { sizeof(fns), live_on_open,
	    live_on_text, live_on_closed };
	const struct preset_words words = { .tenant = site->tenant };
	struct logistics *l = site->home;
	const struct ow_header auth = { l->auth_name, l->auth_value };
	char *url = preset_url(l->stream_base, l->paths[PATH_STREAM], &words);
	const struct ow_ws_req req = {
		.size = sizeof(req), .url = url, .headers = &auth,
		.n_headers = auth.name ? 1 : 0, .open_ms = LIVE_OPEN_MS,
		.message_max = (size_t)l->conf->message_max,
		.ca_file = l->conf->ca_file,
	};

	if (site->live.n_lost)
		count(l, M_RECONNECTS);
	if (url)
		site->live.socket = l->host->net->ws_open(l->ctx, &req, &fns,
		    site);
	free(url);
	if (!site->live.socket)
		live_lost(site, "it can't be opened");
}

static void
live_close(struct site *site)
{
	struct logistics *l = site->home;

	if (site->live.socket)
		l->host->net->ws_close(l->ctx, &site->live.socket);
	site->live.is_open = false;
	ask_cancel(&site->live.snapshot);
}

void
live_stop(struct site *site)
{
	live_close(site);
}

/* ---- Time passes ------------------------------------------------------- */

static bool
live_is_wanted(const struct site *site)
{
	const struct followed *f;

	for (f = site->orders; f; f = f->hh.next)
		if (!f->is_over)
			return true;
	return false;
}

static bool
live_has_rider(const struct site *site)
{
	const struct rider *rider;

	for (rider = site->riders; rider; rider = rider->hh.next)
		if (rider->carries)
			return true;
	return false;
}

static void
live_watch(struct site *site, int64_t now)
{
	struct live *live = &site->live;
	struct logistics *l = site->home;

	if (!live_has_rider(site))
		live->heard_ms = now;
	if (now - live->heard_ms <= l->conf->silence_ms) {
		if (!live->is_silent)
			live->good_ms = now;
		return;
	}
	count(l, M_SILENCES);
	live->is_silent = true;
	live_close(site);
	live_lost(site, "it says nothing");
}

void
live_tick(struct site *site)
{
	struct live *live = &site->live;
	struct logistics *l = site->home;
	int64_t now = now_ms(l);

	if (!live_is_wanted(site)) {
		live->good_ms = now;
		if (now - live->wanted_ms > LIVE_IDLE_MS)
			live_close(site);
		return;
	}
	if (!live->wanted_ms)
		live->good_ms = now;
	live->wanted_ms = now;
	if (!l->paths[PATH_STREAM]) {
		/* Nothing is asked, so nothing is missed. */
		if (!site->tasks && !l->paths[PATH_LOCATIONS])
			live->good_ms = now;
	} else if (live->is_open) {
		live_watch(site, now);
	} else if (!live->socket && now >= live->open_ms) {
		live_open(site);
	}
	live_ask_snapshot(site);
}

/* Without a stream, three reads have to fail. */
static bool
live_is_away(const struct site *site, int64_t now)
{
	const struct logistics *l = site->home;
	int64_t wait = l->conf->stale_ms;

	if (!l->paths[PATH_STREAM] && !l->paths[PATH_LOCATIONS] &&
	    !l->paths[PATH_TRACKING])
		return false;
	if (!l->paths[PATH_STREAM])
		wait += 3 * l->conf->poll_ms;
	return now - site->live.good_ms > wait;
}

void
live_judge(struct logistics *l)
{
	int64_t now = now_ms(l);
	bool is_stale = false;
	struct site *site;

	for (site = l->sites; site; site = site->hh.next)
		is_stale |= live_is_away(site, now);
	if (is_stale == l->is_stale)
		return;
	l->is_stale = is_stale;
	l->host->facts->stale(l->ctx, is_stale, is_stale ?
	    "the logistics service does not say where riders are" :
	    "the logistics service says again where riders are");
}
