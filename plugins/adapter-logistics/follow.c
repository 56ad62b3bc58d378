/* SPDX-License-Identifier: MIT */
/*
 * follow - the book: who is followed, under which of its three names (our id,
 * the shop's ref, the service's task), and who carries it.
 *
 * A rider who carries nothing any more is remembered for a while, so that a
 * point that comes late is known for what it is, and not taken for somebody
 * else's.
 */
#include <stdio.h>

#include "logistics.h"
#include "mem.h"

#define RIDER_KEPT_MS 300000
#define ORDER_PREFIX "order:"

/* ---- Tenants ----------------------------------------------------------- */

struct site *
site_find(struct logistics *l, const char *tenant, bool make)
{
	struct site *site = NULL;
	size_t n = tenant ? strlen(tenant) : 0;

	if (n == 0 || n > ID_MAX || !tenant_is_ours(l, tenant))
		return NULL;
	HASH_FIND_STR(l->sites, tenant, site);
	if (site || !make || HASH_COUNT(l->sites) >= TENANTS_MAX)
		return site;
	site = mem_alloc(sizeof(*site) + n + 1);
	site->home = l;
	memcpy(site->tenant, tenant, n + 1);
	HASH_ADD_KEYPTR(hh, l->sites, site->tenant, n, site);
	return site;
}

/* ---- Riders ------------------------------------------------------------ */

struct rider *
rider_find(struct site *site, const char *id)
{
	struct rider *rider = NULL;

	if (id)
		HASH_FIND_STR(site->riders, id, rider);
	return rider;
}

static struct rider *
rider_make(struct site *site, const char *id)
{
	struct rider *rider = rider_find(site, id);
	size_t n = strlen(id);

	if (rider)
		return rider;
	rider = mem_alloc(sizeof(*rider) + n + 1);
	rider->site = site;
	memcpy(rider->id, id, n + 1);
	HASH_ADD_KEYPTR(hh, site->riders, rider->id, n, rider);
	return rider;
}

static void
rider_leave(struct followed *f, enum left why)
{
	struct rider *rider = f->rider;

	if (!rider)
		return;
	*f->at_carried = f->next_carried;
	if (f->next_carried)
		f->next_carried->at_carried = f->at_carried;
	f->rider = NULL;
	if (!rider->carries) {
		rider->left = why;
		rider->left_ms = now_ms(rider->site->home);
	}
}

void
follow_set_rider(struct followed *f, const char *id, enum left why)
{
	struct rider *rider;

	if (id && (!*id || strlen(id) > ID_MAX))
		return;
	if (f->rider && id && !strcmp(f->rider->id, id))
		return;
	rider_leave(f, why);
	if (!id)
		return;
	rider = rider_make(f->site, id);
	f->rider = rider;
	f->next_carried = rider->carries;
	f->at_carried = &rider->carries;
	if (f->next_carried)
		f->next_carried->at_carried = &f->next_carried;
	rider->carries = f;
	rider->left = LEFT_NOT;
	member_want(f->site, id);
}

/* ---- Names ------------------------------------------------------------- */

const char *
ref_strip(const char *ref)
{
	size_t n = sizeof(ORDER_PREFIX) - 1;

	return ref && !strncmp(ref, ORDER_PREFIX, n) ? ref + n : ref;
}

struct followed *
follow_by_task(struct site *site, const char *task_id)
{
	struct followed *f = NULL;

	if (task_id)
		HASH_FIND(hh_task, site->tasks, task_id, strlen(task_id), f);
	return f;
}

struct followed *
follow_by_ref(struct site *site, const char *ref)
{
	struct followed *f = NULL;

	ref = ref_strip(ref);
	if (!ref)
		return NULL;
	HASH_FIND_STR(site->orders, ref, f);
	if (!f)
		HASH_FIND(hh_ref, site->refs, ref, strlen(ref), f);
	return f;
}

void
follow_set_task(struct followed *f, const char *task_id)
{
	struct site *site = f->site;

	if (!task_id || !*task_id || strlen(task_id) > ID_MAX ||
	    (f->task_id && !strcmp(f->task_id, task_id)) ||
	    follow_by_task(site, task_id))
		return;
	if (f->task_id) {
		/* Another task for the same order begins anew. */
		HASH_DELETE(hh_task, site->tasks, f);
		task_stop(f);
		memset(&f->told, 0, sizeof(f->told));
		f->is_over = false;
	}
	mem_set(&f->task_id, task_id);
	HASH_ADD_KEYPTR(hh_task, site->tasks, f->task_id, strlen(f->task_id),
	    f);
	task_read_soon(f);
}

static void
follow_set_ref(struct followed *f, const char *ref)
{
	struct site *site = f->site;

	ref = ref_strip(ref);
	if (!ref || !*ref || f->ref || strlen(ref) > ID_MAX ||
	    follow_by_ref(site, ref))
		return;
	mem_set(&f->ref, ref);
	HASH_ADD_KEYPTR(hh_ref, site->refs, f->ref, strlen(f->ref), f);
}

/* ---- Beginning and end ------------------------------------------------- */

static void
followed_free(struct followed *f)
{
	struct site *site = f->site;

	task_stop(f);
	rider_leave(f, LEFT_FINISHED);
	if (f->task_id)
		HASH_DELETE(hh_task, site->tasks, f);
	if (f->ref)
		HASH_DELETE(hh_ref, site->refs, f);
	HASH_DEL(site->orders, f);
	site->home->n_followed--;
	site->home->host->base->add(site->home->ctx, M_FOLLOWED, -1);
	free(f->order_id);
	free(f->ref);
	free(f->task_id);
	free(f->wanted);
	free(f);
}

static struct followed *
follow_make(struct site *site, const char *order_id)
{
	struct logistics *l = site->home;
	struct followed *f = NULL;

	HASH_FIND_STR(site->orders, order_id, f);
	if (f)
		return f;
	if (l->n_followed >= l->conf->follow_max || strlen(order_id) >
	    ID_MAX) {
		count(l, M_FOLLOWS_REFUSED);
		return NULL;
	}
	f = mem_alloc(sizeof(*f));
	f->site = site;
	f->order_id = mem_dup(order_id);
	sse_init(&f->sse);
	HASH_ADD_KEYPTR(hh, site->orders, f->order_id, strlen(f->order_id),
	    f);
	l->n_followed++;
	l->host->base->add(l->ctx, M_FOLLOWED, 1);
	return f;
}

void
follow_start(struct logistics *l, const struct ow_follow *want)
{
	struct site *site = site_find(l, want->tenant, true);
	struct followed *f;

	if (!site || !want->order_id || !*want->order_id)
		return;
	f = follow_make(site, want->order_id);
	if (!f)
		return;
	follow_set_ref(f, want->external_ref);
	/* Who was named before may have been overtaken by the service. */
	if (want->driver && *want->driver &&
	    (!f->wanted || strcmp(f->wanted, want->driver) != 0)) {
		mem_set(&f->wanted, want->driver);
		follow_set_rider(f, want->driver, LEFT_UNASSIGNED);
	}
	if (want->has_dropoff) {
		f->has_dropoff = true;
		f->dropoff[0] = want->dropoff_lat;
		f->dropoff[1] = want->dropoff_lng;
	}
	follow_set_task(f, want->task_id);
	live_tick(site);
}

void
follow_end(struct logistics *l, const char *tenant, const char *order_id)
{
	struct site *site = site_find(l, tenant, false);
	struct followed *f = NULL;

	if (site && order_id)
		HASH_FIND_STR(site->orders, order_id, f);
	if (f)
		followed_free(f);
}

void
follow_tick(struct site *site)
{
	int64_t now = now_ms(site->home);
	struct followed *f, *next_f;
	struct rider *rider, *next;

	HASH_ITER(hh, site->orders, f, next_f)
		task_tick(f);
	HASH_ITER(hh, site->riders, rider, next) {
		if (rider->carries || now - rider->left_ms < RIDER_KEPT_MS)
			continue;
		HASH_DEL(site->riders, rider);
		free(rider);
	}
}

void
site_free(struct site **p)
{
	struct site *site = *p;
	struct rider *rider;

	if (!site)
		return;
	*p = NULL;
	live_stop(site);
	while (site->orders)
		followed_free(site->orders);
	while ((rider = site->riders)) {
		HASH_DEL(site->riders, rider);
		free(rider);
	}
	HASH_DEL(site->home->sites, site);
	free(site);
}
