/* SPDX-License-Identifier: MIT */
/*
 * lane - see lane.h.
 *
 * A letter counts from its sending to its tidings_free, in whatever thread
 * that is; we look now and then whether there is room again, so that one that
 * is read costs nothing but the count.
 */
#include "outbox/lane.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"

#define LOOK_MS 20

enum { M_WAITING, M_REPLACED, M_DROPPED, M_REFUSED };

static const struct ow_metric lane_metrics[] = {
	[M_WAITING] = { "waiting", OW_GAUGE,
	    "Drivers whose newest place waits for the orders loop." },
	[M_REPLACED] = { "replaced_total", OW_COUNTER,
	    "Places that a newer one of the driver's replaced meanwhile." },
	[M_DROPPED] = { "dropped_total", OW_COUNTER,
	    "Places dropped because too many drivers' waited." },
	[M_REFUSED] = { "refused_total", OW_COUNTER,
	    "Tasks, drivers and routes lost: too many were on their way." },
	OW_METRICS_END
};

struct waiting {
	UT_hash_handle hh;
	struct tidings *tidings;
	char key[];			/* "tenant\ndriver"; stale: "" */
};

struct lane {
	struct loop *loop;
	struct metric_set *metrics;
	void (*send)(void *arg, struct tidings *);
	void *arg;
	struct load *load;
	struct waiting *waiting;	/* the oldest first */
	struct loop_timer *timer;	/* while there are any */
	bool is_refusing;
};

struct lane *
lane_new(struct loop *loop, struct metrics *metrics,
    void (*send)(void *arg, struct tidings *), void *arg)
{
	struct lane *l = mem_alloc(sizeof(*l));

	l->loop = loop;
	l->send = send;
	l->arg = arg;
	l->load = load_new();
	if (metrics != NULL)
		l->metrics = metric_set_new(metrics, "tidings", lane_metrics,
		    NULL, NULL);
	return l;
}

static void
lane_count(struct lane *l, uint32_t metric, int64_t n)
{
	if (l->metrics != NULL)
		metric_add(l->metrics, metric, n);
}

/* ---- Where the newest counts -------------------------------------------- */

/* The oldest, out of the table; it is the caller's. */
static struct tidings *
lane_take(struct lane *l)
{
	struct waiting *w = l->waiting;
	struct tidings *t = w->tidings;

	HASH_DEL(l->waiting, w);
	free(w);
	lane_count(l, M_WAITING, -1);
	return t;
}

static void
lane_look(void *arg)
{
	struct lane *l = arg;

	l->timer = NULL;
	while (l->waiting != NULL && load_enter(l->load,
	    l->waiting->tidings, LANE_NEWEST_MAX))
		l->send(l->arg, lane_take(l));
	if (l->waiting != NULL)
		l->timer = loop_timer_start(l->loop, LOOK_MS, lane_look, l);
}

static void
waiting_replace(struct lane *l, struct waiting *w, struct tidings *t)
{
	struct tidings *old = t;

	lane_count(l, M_REPLACED, 1);
	if (t->kind != TIDINGS_LOCATION ||
	    t->point.at_ms >= w->tidings->point.at_ms) {
		old = w->tidings;
		w->tidings = t;
	}
	tidings_free(&old);
}

static void
waiting_add(struct lane *l, struct tidings *t, const char *key, size_t n)
{
	struct waiting *w = mem_alloc(sizeof(*w) + n + 1);
	struct tidings *oldest;

	if (HASH_COUNT(l->waiting) >= LANE_WAITING_MAX) {
		oldest = lane_take(l);
		lane_count(l, M_DROPPED, 1);
		tidings_free(&oldest);
	}
	w->tidings = t;
	memcpy(w->key, key, n + 1);
	HASH_ADD_KEYPTR(hh, l->waiting, w->key, n, w);
	lane_count(l, M_WAITING, 1);
	if (l->timer == NULL)
		l->timer = loop_timer_start(l->loop, LOOK_MS, lane_look, l);
}

static void
lane_keep(struct lane *l, struct tidings *t)
{
	const char *key = t->kind == TIDINGS_STALE ? "" :
	    arena_join(&t->arena, t->tenant, "\n", t->point.driver, NULL);
	size_t n = strlen(key);
	struct waiting *w;

	HASH_FIND(hh, l->waiting, key, n, w);
	if (w != NULL)
		waiting_replace(l, w, t);
	else
		waiting_add(l, t, key, n);
}

/* ---- Where each counts -------------------------------------------------- */

static void
lane_refuse(struct lane *l, struct tidings *t)
{
	lane_count(l, M_REFUSED, 1);
	if (!l->is_refusing)
		log_error("outbox", "the orders loop is far behind; what "
		    "adapters say of tasks and drivers is lost",
		    LOG_INT("on_their_way", LANE_LASTING_MAX));
	l->is_refusing = true;
	tidings_free(&t);
}

static void
lane_send_lasting(struct lane *l, struct tidings *t)
{
	if (!load_enter(l->load, t, LANE_LASTING_MAX)) {
		lane_refuse(l, t);
		return;
	}
	if (l->is_refusing && load_count(l->load, t->kind) <=
	    LANE_LASTING_MAX / 2) {
		l->is_refusing = false;
		log_notice("outbox", "the orders loop keeps up again; "
		    "adapters are heard");
	}
	l->send(l->arg, t);
}

void
lane_send(struct lane *l, struct tidings *t)
{
	if (!tidings_is_replaceable(t->kind))
		lane_send_lasting(l, t);
	else if (l->waiting == NULL && load_enter(l->load, t,
	    LANE_NEWEST_MAX))
		l->send(l->arg, t);
	else
		lane_keep(l, t);
}

void
lane_free(struct lane **lp)
{
	struct lane *l = *lp;
	struct tidings *t;

	*lp = NULL;
	if (l == NULL)
		return;
	loop_timer_cancel(&l->timer);
	while (l->waiting != NULL) {
		t = lane_take(l);
		tidings_free(&t);
	}
	load_unref(&l->load);
	metric_set_free(&l->metrics);
	free(l);
}
