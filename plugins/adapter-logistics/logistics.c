/* SPDX-License-Identifier: MIT */
/*
 * adapter-logistics - brings what a logistics-service knows into orders: who
 * carries them, how far they are, where, and by which way.
 *
 * It decides nothing about orders.  It knows three addresses of the service
 * (preset.c), trusts none of its answers, and passes on of a rider what screens
 * may show and nothing else.
 *
 * On the path: the outbox loop says which orders are followed; facts go to the
 * orders loop.
 */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <time.h>

#include "logistics.h"
#include "mem.h"

#define SEEN_KEPT_MS 86400000

static const struct ow_metric metrics[] = {
	[M_POINTS] = { "points_total", OW_COUNTER,
	    "Locations passed on." },
	[M_UNFOLLOWED] = { "points_unfollowed_total", OW_COUNTER,
	    "Locations of riders without an order that is followed." },
	[M_ZERO] = { "points_zero_total", OW_COUNTER,
	    "Locations dropped: (0,0)." },
	[M_RANGE] = { "points_range_total", OW_COUNTER,
	    "Locations dropped: not on the earth." },
	[M_CLOCK] = { "points_clock_total", OW_COUNTER,
	    "Locations dropped: from the future." },
	[M_OLD] = { "points_old_total", OW_COUNTER,
	    "Locations dropped: older than ten minutes." },
	[M_LATE] = { "points_late_total", OW_COUNTER,
	    "Locations dropped: a newer one came before." },
	[M_JUMP] = { "points_jump_total", OW_COUNTER,
	    "Locations dropped: nobody gets there so fast." },
	[M_UNASSIGNED] = { "points_unassigned_total", OW_COUNTER,
	    "Locations dropped: the order is not this rider's." },
	[M_FINISHED] = { "points_finished_total", OW_COUNTER,
	    "Locations dropped: the delivery is over." },
	[M_GARBAGE] = { "points_garbage_total", OW_COUNTER,
	    "Messages and locations that could not be read." },
	[M_TASKS] = { "tasks_total", OW_COUNTER,
	    "Changes of tasks passed on." },
	[M_TASKS_REPEATED] = { "tasks_repeated_total", OW_COUNTER,
	    "Words on tasks that said nothing new." },
	[M_TASKS_LATE] = { "tasks_late_total", OW_COUNTER,
	    "Words on tasks that came after a later one." },
	[M_TASKS_UNKNOWN] = { "tasks_unknown_total", OW_COUNTER,
	    "Words on tasks that are not known." },
	[M_RECONNECTS] = { "stream_reconnects_total", OW_COUNTER,
	    "Live streams opened again." },
	[M_SILENCES] = { "stream_silences_total", OW_COUNTER,
	    "Live streams given up because they said nothing." },
	[M_READS] = { "reads_total", OW_COUNTER,
	    "Answers of the service and the router." },
	[M_READS_FAILED] = { "reads_failed_total", OW_COUNTER,
	    "Those of them that were none." },
	[M_READS_REFUSED] = { "reads_refused_total", OW_COUNTER,
	    "Reads that were not made: too many waited." },
	[M_FOLLOWED] = { "orders_followed", OW_GAUGE,
	    "Orders followed." },
	[M_FOLLOWS_REFUSED] = { "orders_refused_total", OW_COUNTER,
	    "Orders not followed: too many are." },
	[M_HOOKS] = { "webhooks_total", OW_COUNTER,
	    "Webhooks taken." },
	[M_HOOKS_REFUSED] = { "webhooks_refused_total", OW_COUNTER,
	    "Webhooks without a good signature." },
	[M_HOOKS_REPEATED] = { "webhooks_repeated_total", OW_COUNTER,
	    "Webhooks that had come before." },
	[M_HOOKS_OLD] = { "webhooks_old_total", OW_COUNTER,
	    "Webhooks older than webhook_max_age_ms." },
	[M_HOOKS_EARLY] = { "webhooks_early_total", OW_COUNTER,
	    "Webhooks that may be repeats: their task was read instead." },
	[M_ROUTES] = { "routes_total", OW_COUNTER,
	    "Ways passed on." },
	[M_ROUTES_FAILED] = { "routes_failed_total", OW_COUNTER,
	    "Ways that were asked for and not found." },
	OW_METRICS_END
};

static const char *const presets[] = { "planned", "backend", "server", NULL };
static const char *const speeds[] = { "preset", "mps", "kmh", NULL };
static const char *const routers[] = { "service", "osrm", "none", NULL };
static const char *const polylines[] = { "5", "6", NULL };

#define PATH_OPTION(field, what)					\
	OW_STR(struct logistics_conf, field, "",			\
	    what "; empty: the preset's; -: there is none.")

static const struct ow_option options[] = {
	OW_CHOICE(struct logistics_conf, preset, OW_REQUIRED, presets,
	    "Which of its addresses the service has."),
	OW_URL(struct logistics_conf, url, OW_REQUIRED,
	    "The service, without a path of its API."),
	OW_STR(struct logistics_conf, stream_url, "",
	    "ws:// or wss:// of the live stream; empty: made from url."),
	OW_SECRET(struct logistics_conf, token, "",
	    "The JWT or API key for the service; empty: none is sent."),
	OW_STR(struct logistics_conf, auth, "",
	    "The header that carries it, with {token}; empty: the preset's."),
	OW_STR(struct logistics_conf, tenant, "*",
	    "The tenants whose service this is, with blanks between them; *: "
	    "every one."),
	PATH_OPTION(member_path, "A fleet member, with {tenant} and {id}"),
	PATH_OPTION(task_path, "A task"),
	PATH_OPTION(task_find_path, "The task of an order, with {ref}"),
	PATH_OPTION(tracking_path, "A task's tracking"),
	PATH_OPTION(stream_path, "The live stream of locations"),
	PATH_OPTION(locations_path, "All locations now"),
	PATH_OPTION(task_stream_path, "The stream of a task's changes"),
	PATH_OPTION(route_path, "A way, with {from_lat}, {from_lng}, "
	    "{to_lat}, {to_lng}"),
	OW_STR(struct logistics_conf, fields, "",
	    "Names that differ from the preset's, as in lat=position.lat: "
	    "rider, lat, lng, heading, speed, accuracy, at; task, ref, status, "
	    "task_rider, reason; name, photo, vehicle, rating, phone."),
	OW_CHOICE(struct logistics_conf, speed_unit, "preset", speeds,
	    "The unit of its speeds."),
	OW_CHOICE(struct logistics_conf, router, "service", routers,
	    "Who is asked for ways."),
	OW_SECRET(struct logistics_conf, router_url, "",
	    "osrm: the URL of a route, with the same words in braces."),
	OW_SECRET(struct logistics_conf, router_auth, "",
	    "osrm: a header for it, as Name: value."),
	OW_CHOICE(struct logistics_conf, polyline, "5", polylines,
	    "The precision of polylines in answers."),
	OW_BOOL(struct logistics_conf, webhooks, "yes",
	    "Whether the service may call /hooks/logistics/{tenant}."),
	OW_SECRET(struct logistics_conf, webhook_secret, "",
	    "What it signs with; needed if webhooks is yes."),
	OW_STR(struct logistics_conf, webhook_header, "X-Webhook-Signature",
	    "The header that has the signature."),
	OW_MS(struct logistics_conf, webhook_max_age_ms, "15m", 10000,
	    86400000, "An older event is refused."),
	OW_INT(struct logistics_conf, webhook_ids_max, "200000", 100, 10000000,
	    "So many events are known again; about 150 bytes each."),
	OW_MS(struct logistics_conf, poll_ms, "10s", 500, 600000,
	    "How often a task is read where no stream tells of it."),
	OW_MS(struct logistics_conf, silence_ms, "45s", 1000, 600000,
	    "A live stream without a location for so long is opened anew."),
	OW_MS(struct logistics_conf, stale_ms, "15s", 1000, 600000,
	    "The live stream may be away so long before screens are told."),
	OW_MS(struct logistics_conf, retry_max_ms, "30s", 100, 600000,
	    "The longest wait before a stream is opened again."),
	OW_MS(struct logistics_conf, member_ttl_ms, "10m", 1000, 86400000,
	    "How long a fleet member's name, photo and rating are good."),
	OW_MS(struct logistics_conf, timeout_ms, "10s", 100, 120000,
	    "How long one read may take."),
	OW_BYTES(struct logistics_conf, message_max, "256k", 1024, 16777216,
	    "A longer message on the live stream ends it."),
	OW_INT(struct logistics_conf, follow_max, "20000", 1, 1000000,
	    "How many orders are followed."),
	OW_INT(struct logistics_conf, task_streams_max, "1000", 0, 3000,
	    "How many streams of tasks are open; more tasks are read."),
	OW_INT(struct logistics_conf, reads_max, "32", 1, 500,
	    "How many reads are under way at once."),
	OW_INT(struct logistics_conf, speed_max_kmh, "200", 10, 2000,
	    "No rider is faster: such a location is dropped."),
	OW_STR(struct logistics_conf, ca_file, "",
	    "PEM file of the authorities to trust; empty: the system's."),
	OW_OPTIONS_END
};

/* ---- Small things ------------------------------------------------------- */

int64_t
now_ms(const struct logistics *l)
{
	return l->host->base->now_ms(l->ctx);
}

int64_t
wall_ms(void)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

void
count(const struct logistics *l, uint32_t metric)
{
	l->host->base->add(l->ctx, metric, 1);
}

int64_t
backoff_ms(uint32_t n, int64_t base_ms, int64_t max_ms)
{
	uint64_t random = 0;

	for (; n > 0 && base_ms < max_ms; n--)
		base_ms *= 2;
	if (base_ms > max_ms)
		base_ms = max_ms;
	/* A jitter that is none would do no harm. */
	(void)RAND_bytes((unsigned char *)&random, sizeof(random));
	return (int64_t)(random % ((uint64_t)base_ms + 1));
}

bool
tenant_is_ours(const struct logistics *l, const char *tenant)
{
	const char *list = l->conf->tenant;
	size_t n = strlen(tenant), len;

	for (;;) {
		list += strspn(list, " \t\n");
		len = strcspn(list, " \t\n");
		if (!len)
			return false;
		if ((len == 1 && *list == '*') ||
		    (len == n && !strncmp(list, tenant, n)))
			return true;
		list += len;
	}
}

/* ---- Options ------------------------------------------------------------ */

static const char *
conf_path(const struct logistics_conf *c, enum path path)
{
	const char *const paths[PATH_COUNT] = {
		[PATH_MEMBER] = c->member_path,
		[PATH_TASK] = c->task_path,
		[PATH_TASK_FIND] = c->task_find_path,
		[PATH_TRACKING] = c->tracking_path,
		[PATH_STREAM] = c->stream_path,
		[PATH_LOCATIONS] = c->locations_path,
		[PATH_TASK_STREAM] = c->task_stream_path,
		[PATH_ROUTE] = c->route_path,
	};

	return paths[path];
}

static const char *
logistics_set_paths(struct logistics *l)
{
	const char *path;
	int i;

	for (i = 0; i < PATH_COUNT; i++) {
		path = conf_path(l->conf, (enum path)i);
		if (!strcmp(path, "-"))
			continue;
		if (!*path)
			path = l->preset->paths[i];
		if (path && (*path != '/' || !preset_path_is_good(path)))
			return "a path begins with / and has no other words "
			    "in braces than {tenant}, {id}, {ref}, {from_lat}, "
			    "{from_lng}, {to_lat}, {to_lng}";
		l->paths[i] = path;
	}
	return NULL;
}

/* "Name: value {token}" */
static const char *
header_make(const char *text, const char *token, char **out_name,
    char **out_value)
{
	const char *colon = strchr(text, ':'), *word, *value;
	size_t size;

	if (!colon || colon == text || strpbrk(text, "\r\n") ||
	    strpbrk(token, "\r\n"))
		return "a header is written as Name: value, on one line";
	value = colon + 1 + strspn(colon + 1, " ");
	word = strstr(value, "{token}");
	size = strlen(value) + strlen(token) + 1;
	/* No more than the name: what follows may be a secret. */
	*out_name = memcpy(mem_alloc((size_t)(colon - text) + 1), text,
	    (size_t)(colon - text));
	*out_value = mem_alloc(size);
	if (word)
		snprintf(*out_value, size, "%.*s%s%s", (int)(word - value),
		    value, token, word + sizeof("{token}") - 1);
	else
		snprintf(*out_value, size, "%s", value);
	return NULL;
}

static const char *
logistics_set_auth(struct logistics *l)
{
	const struct logistics_conf *c = l->conf;
	const char *auth = *c->auth ? c->auth : l->preset->auth;
	const char *why = NULL;

	if (*c->token)
		why = header_make(auth, c->token, &l->auth_name,
		    &l->auth_value);
	if (!why && *c->router_auth)
		why = header_make(c->router_auth, "", &l->router_name,
		    &l->router_value);
	return why;
}

/* http becomes ws, https wss. */
static const char *
logistics_set_stream(struct logistics *l)
{
	const struct logistics_conf *c = l->conf;
	size_t size = strlen(c->url) + 8;

	if (strncmp(c->url, "http://", 7) && strncmp(c->url, "https://", 8))
		return "url begins with http:// or https://";
	if (*c->stream_url) {
		if (strncmp(c->stream_url, "ws://", 5) &&
		    strncmp(c->stream_url, "wss://", 6))
			return "stream_url begins with ws:// or wss://";
		l->stream_base = mem_dup(c->stream_url);
		return NULL;
	}
	l->stream_base = mem_alloc(size);
	snprintf(l->stream_base, size, "ws%s", c->url + 4);
	return NULL;
}

static const char *
logistics_check(const struct logistics_conf *c)
{
	if (c->webhooks && !*c->webhook_secret)
		return "webhook_secret is empty: anybody could send webhooks";
	if (!strcmp(c->router, "osrm") && (!*c->router_url ||
	    !preset_path_is_good(c->router_url)))
		return "router_url is needed with router = \"osrm\", with no "
		    "other words in braces than {from_lat}, {from_lng}, "
		    "{to_lat}, {to_lng}";
	if (!c->tenant[strspn(c->tenant, " \t\n")])
		return "tenant names nobody";
	return NULL;
}

static void
logistics_set_speed(struct logistics *l)
{
	l->speed_unit = l->preset->speed_unit;
	if (!strcmp(l->conf->speed_unit, "mps"))
		l->speed_unit = 1;
	if (!strcmp(l->conf->speed_unit, "kmh"))
		l->speed_unit = 1 / 3.6;
}

/* ---- Life ---------------------------------------------------------------- */

static void
secret_free(char *s)
{
	if (s)
		OPENSSL_cleanse(s, strlen(s));
	free(s);
}

static void
logistics_stop(void *self)
{
	struct logistics *l = self;
	struct site *site;

	l->is_draining = true;
	l->host->base->timer_cancel(l->ctx, &l->tick);
	routes_free(l);
	members_free(l);
	while ((site = l->sites))
		site_free(&site);
	seen_free(&l->seen);
	fields_done(&l->fields);
	free(l->stream_base);
	free(l->auth_name);
	free(l->router_name);
	secret_free(l->auth_value);
	secret_free(l->router_value);
	free(l);
}

static const char *
logistics_configure(struct logistics *l, struct ow_fault *f)
{
	const char *why;

	l->preset = preset_find(l->conf->preset);
	why = l->preset ? logistics_check(l->conf) : "no such preset";
	if (!why)
		why = logistics_set_paths(l);
	if (!why)
		why = logistics_set_auth(l);
	if (!why)
		why = logistics_set_stream(l);
	if (!why && fields_init(&l->fields, l->preset->fields,
	    l->conf->fields, f))
		why = f->text;
	if (!why)
		logistics_set_speed(l);
	return why;
}

static int
logistics_load(struct ow_ctx *ctx, const struct ow_host *host,
    const void *conf, void **out_self, struct ow_fault *f)
{
	struct logistics *l;
	const char *why;

	if (!OW_HAS(host, hook) || !host->facts || !host->hook ||
	    !OW_HAS(host->net, http_stream) || !host->net->ws_open ||
	    !host->net->http_stream) {
		snprintf(f->text, sizeof(f->text), "this program is too old "
		    "for adapters");
		return OW_EUNSUP;
	}
	l = mem_alloc(sizeof(*l));
	l->ctx = ctx;
	l->host = host;
	l->conf = conf;
	l->seen = seen_new((size_t)l->conf->webhook_ids_max, SEEN_KEPT_MS);
	/* Some services know no milliseconds. */
	l->began_ms = wall_ms() / 1000 * 1000;
	why = logistics_configure(l, f);
	if (why) {
		if (why != f->text)
			snprintf(f->text, sizeof(f->text), "%s", why);
		logistics_stop(l);
		return OW_EINVAL;
	}
	*out_self = l;
	return OW_OK;
}

static void
logistics_tick(void *arg)
{
	struct logistics *l = arg;
	struct site *site, *next;

	l->tick = l->host->base->timer_start(l->ctx, TICK_MS, logistics_tick,
	    l);
	HASH_ITER(hh, l->sites, site, next) {
		follow_tick(site);
		live_tick(site);
	}
	members_tick(l);
	live_judge(l);
}

static int
logistics_start(void *self, struct ow_fault *f)
{
	struct logistics *l = self;

	(void)f;
	l->tick = l->host->base->timer_start(l->ctx, TICK_MS, logistics_tick,
	    l);
	return OW_OK;
}

/* Nothing it does has to be finished. */
static void
logistics_drain(void *self)
{
	struct logistics *l = self;

	l->is_draining = true;
	l->host->base->drained(l->ctx);
}

static void
logistics_follow(void *self, const struct ow_follow *follow)
{
	follow_start(self, follow);
}

static void
logistics_unfollow(void *self, const char *tenant, const char *order_id)
{
	follow_end(self, tenant, order_id);
}

static const struct ow_adapter adapter = {
	.size = sizeof(adapter),
	.follow = logistics_follow,
	.unfollow = logistics_unfollow,
	.ask_route = route_ask,
	.hook = webhook_take,
};

static const struct ow_plugin plugin = {
	OW_PLUGIN_HEAD(OW_ADAPTER),
	.name = "adapter-logistics",
	.version = "1.0",
	.summary = "riders, tasks and ways from a logistics-service",
	.options = options,
	.conf_size = sizeof(struct logistics_conf),
	.metrics = metrics,
	.load = logistics_load,
	.start = logistics_start,
	.drain = logistics_drain,
	.stop = logistics_stop,
	.ops.adapter = &adapter,
};

OW_EXPORT_PLUGIN(plugin);
