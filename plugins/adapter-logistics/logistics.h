/* SPDX-License-Identifier: MIT */
/*
 * logistics - what the files of one instance share.
 *
 *	follow.c   the book: tenants, the orders that are followed, their riders
 *	ask.c      one GET to the service, a bounded number at a time
 *	live.c     where riders are: the live stream, snapshots, staleness
 *	task.c     how far tasks are: reads and streams, and what is told of it
 *	member.c   who a rider is, cached
 *	webhook.c  what the service says by itself
 *	route.c    ways
 *
 * Invariants: a followed order is in its tenant's table, and in that of tasks
 * and of refs if it has one, and in the list of its rider if it has one; every
 * request under way is held by exactly one of them, and cancelled with it.
 */
#ifndef ADAPTER_LOGISTICS_LOGISTICS_H
#define ADAPTER_LOGISTICS_LOGISTICS_H

#include <jansson.h>
#include <orderwire/plugin.h>
#include <uthash.h>

#include "fields.h"
#include "point.h"
#include "preset.h"
#include "seen.h"
#include "sse.h"
#include "words.h"

#define TICK_MS 1000
#define TENANTS_MAX 1000u
#define REPLY_MAX 1048576
#define READ_RETRY_MAX_MS 120000
#define ID_MAX 127u

/* Indexes into the metric table. */
enum {
	M_POINTS, M_UNFOLLOWED, M_ZERO, M_RANGE, M_CLOCK, M_OLD, M_LATE,
	M_JUMP, M_UNASSIGNED, M_FINISHED, M_GARBAGE,
	M_TASKS, M_TASKS_REPEATED, M_TASKS_LATE, M_TASKS_UNKNOWN,
	M_RECONNECTS, M_SILENCES, M_READS, M_READS_FAILED, M_READS_REFUSED,
	M_FOLLOWED, M_FOLLOWS_REFUSED,
	M_HOOKS, M_HOOKS_REFUSED, M_HOOKS_REPEATED, M_HOOKS_OLD, M_HOOKS_EARLY,
	M_ROUTES, M_ROUTES_FAILED,
};

struct logistics_conf {
	const char *preset, *url, *stream_url, *token, *auth, *tenant;
	const char *member_path, *task_path, *task_find_path, *tracking_path;
	const char *stream_path, *locations_path, *task_stream_path;
	const char *route_path;
	const char *fields, *speed_unit;
	const char *router, *router_url, *router_auth, *polyline;
	bool webhooks;
	const char *webhook_secret, *webhook_header;
	int64_t webhook_max_age_ms, webhook_ids_max;
	int64_t poll_ms, silence_ms, stale_ms, retry_max_ms;
	int64_t member_ttl_ms, timeout_ms, message_max;
	int64_t follow_max, task_streams_max, reads_max, speed_max_kmh;
	const char *ca_file;
};

struct ask;
struct followed;
struct logistics;
struct member;
struct site;
struct way_ask;

/* What stopped a rider being ours. */
enum left { LEFT_NOT, LEFT_UNASSIGNED, LEFT_FINISHED };

struct rider {
	UT_hash_handle hh;
	struct site *site;
	struct followed *carries;	/* the first of them; or NULL */
	struct point_last last;
	enum left left;			/* why nothing is carried */
	int64_t left_ms;
	char id[];
};

struct followed {
	UT_hash_handle hh;		/* in site->orders */
	UT_hash_handle hh_task, hh_ref;	/* if there is one */
	struct site *site;
	char *order_id, *ref, *task_id;
	char *wanted;			/* rider, as follow() said last */
	struct rider *rider;		/* or NULL */
	struct followed *next_carried, **at_carried;
	bool has_dropoff;
	double dropoff[2];
	/* The task. */
	struct word_told told;
	bool is_over;
	struct ask *read;
	bool is_find;			/* the read looks for the task */
	uint32_t n_finds, n_failed;
	int64_t read_ms;		/* not before; monotonic */
	int64_t asked_wall_ms;
	struct ow_net_call *stream;
	struct sse sse;
	bool is_heard;			/* the stream has begun */
	uint32_t n_lost;
	int64_t stream_ms;		/* not before */
};

/* One tenant's live stream. */
struct live {
	struct ow_socket *socket;
	struct ask *snapshot;
	bool is_open;
	bool is_silent;			/* and no point since then */
	bool is_told;			/* that it is away, in the log */
	uint32_t n_lost;
	int64_t open_ms;		/* not before */
	int64_t heard_ms;		/* the last frame, or the opening */
	int64_t snapshot_ms;		/* the next, not before */
	int64_t wanted_ms;		/* somebody did last; 0: never */
	int64_t good_ms;		/* the last time all was well */
};

struct site {
	UT_hash_handle hh;
	struct logistics *home;
	struct followed *orders, *tasks, *refs;
	struct rider *riders;
	struct live live;
	char tenant[];
};

struct asks {
	struct ask *first, **last;	/* waiting */
	struct ask *under_way;
	uint32_t n_waiting, n_under_way;
};

struct logistics {
	struct ow_ctx *ctx;
	const struct ow_host *host;
	const struct logistics_conf *conf;
	const struct preset *preset;
	const char *paths[PATH_COUNT];	/* NULL: there is none */
	struct fields fields;
	double speed_unit;
	char *stream_base;
	char *auth_name, *auth_value;	/* NULL: none; the value a secret */
	char *router_name, *router_value;
	struct site *sites;
	uint32_t n_followed, n_streams;
	struct asks asks;
	struct member *members;
	struct seen *seen;
	int64_t began_ms;		/* wall: ids from before are not seen */
	struct way_ask *ways;
	uint32_t n_ways;
	struct ow_timer *tick;
	bool is_stale, is_draining;
};

/* ---- logistics.c ---- */

int64_t now_ms(const struct logistics *);	/* monotonic */
int64_t wall_ms(void);
void count(const struct logistics *, uint32_t metric);
/* Full jitter: between 0 and base doubled n times, at most max. */
int64_t backoff_ms(uint32_t n, int64_t base_ms, int64_t max_ms);
bool tenant_is_ours(const struct logistics *, const char *tenant);

/* ---- ask.c ---- */

/* done runs exactly once, never before this has returned.  answer is NULL
   without a good one; why is a line for a log then, and status what the
   service said, or 0.  NULL: too many wait already. */
typedef void ask_done(void *arg, const json_t *answer, int32_t status,
    const char *why);
/* url is taken, NULL is none.  is_router: with the router's credential. */
struct ask *ask_start(struct logistics *, char *url, bool is_router,
    ask_done *, void *arg);
void ask_cancel(struct ask **);
/* One JSON text; NULL: it is none. */
json_t *ask_read(struct ow_bytes);
/* What {"data":...} holds, or the whole. */
const json_t *ask_unwrap(const json_t *);

/* ---- follow.c ---- */

/* NULL: unknown, and not to be made, or too many. */
struct site *site_find(struct logistics *, const char *tenant, bool make);
void site_free(struct site **);
void follow_start(struct logistics *, const struct ow_follow *);
void follow_end(struct logistics *, const char *tenant, const char *order_id);
struct followed *follow_by_task(struct site *, const char *task_id);
/* "order:" in front of it is not looked at. */
struct followed *follow_by_ref(struct site *, const char *ref);
/* Now this task, this rider has it.  NULL: nobody. */
void follow_set_task(struct followed *, const char *task_id);
void follow_set_rider(struct followed *, const char *rider, enum left);
const char *ref_strip(const char *ref);
struct rider *rider_find(struct site *, const char *id);
void follow_tick(struct site *);

/* ---- live.c ---- */

void live_tick(struct site *);
void live_stop(struct site *);
/* A location in any of its shapes; order's, if it says which (or NULL). */
void live_take_point(struct site *, const json_t *, const struct followed *);
/* A read brought what a stream would have brought. */
void live_prove(struct site *);
/* The stale() of all tenants. */
void live_judge(struct logistics *);

/* ---- task.c ---- */

struct task_news {
	const char *task_id, *ref, *status;
	const char *rider, *reason;	/* or NULL: not said */
	int64_t at_ms;		/* wall */
};
/* Tell it if it is new.  f may be NULL: nobody follows it. */
void task_take(struct site *, struct followed *f, const struct task_news *);
/* Look again, soon. */
void task_read_soon(struct followed *);
void task_tick(struct followed *);
void task_stop(struct followed *);

/* ---- member.c ---- */

/* Tell who it is, now or when the service has said. */
void member_want(struct site *, const char *rider);
/* What a webhook knows: a full name, and a phone; both may be NULL. */
void member_hint(struct site *, const char *rider, const char *name,
    const char *phone);
void members_tick(struct logistics *);
void members_free(struct logistics *);

/* ---- webhook.c ---- */

void webhook_take(void *self, struct ow_hook_call *,
    const struct ow_hook_req *);

/* ---- route.c ---- */

void route_ask(void *self, const struct ow_follow *, double from_lat,
    double from_lng, double to_lat, double to_lng);
/* From its rider to its dropoff, if both are known. */
void route_again(struct followed *);
void routes_free(struct logistics *);

#endif
