/* SPDX-License-Identifier: MIT */
/*
 * webhook - what the service says by itself.
 *
 * The signature covers the body and nothing else, no address and no time.  So
 * the body's own tenant must be that of the address, its time must not be
 * older than webhook_max_age_ms, and its event_id is remembered for a day: a
 * repeat is answered with 200, because the service did nothing wrong by asking
 * again, and changes nothing.
 *
 * The ids are in memory.  An event from before our start may be a repeat of one
 * that came then, and so may one from before the oldest id that had to make
 * room.  Nothing of it is believed: the task is read instead, and what the
 * service says now holds.
 */
#include <stdio.h>

#include "../common/mac.h"
#include "logistics.h"
#include "when.h"

#define TASK_PREFIX "logistics.task."
#define AHEAD_MAX_MS 600000

struct hook {
	struct logistics *l;
	struct site *site;
	const json_t *event, *data;
	const char *type;
	int64_t at_ms;
};

/* ---- What it may say --------------------------------------------------- */

static struct followed *
hook_order(const struct hook *h)
{
	const struct fields *fields = &h->l->fields;
	char number[FIELDS_ID_SIZE];
	const char *task_id, *ref;
	struct followed *f;

	task_id = fields_id(fields, h->data, FIELD_TASK, number);
	f = follow_by_task(h->site, task_id);
	if (f)
		return f;
	ref = fields_text(fields, h->data, FIELD_REF, ID_MAX);
	f = follow_by_ref(h->site, ref);
	/* Another task for this order, or the first that is heard of. */
	if (f && task_id)
		follow_set_task(f, task_id);
	return f;
}

/* "logistics.task.picked_up", if the data has no status itself. */
static const char *
hook_status(const struct hook *h)
{
	const char *status = fields_text(&h->l->fields, h->data, FIELD_STATUS,
	    ID_MAX);

	return status ? status : h->type + sizeof(TASK_PREFIX) - 1;
}

static void
hook_take_task(const struct hook *h)
{
	const struct fields *fields = &h->l->fields;
	char number[FIELDS_ID_SIZE], rider_number[FIELDS_ID_SIZE];
	const struct task_news news = {
		.task_id = fields_id(fields, h->data, FIELD_TASK, number),
		.ref = fields_text(fields, h->data, FIELD_REF, ID_MAX),
		.status = hook_status(h),
		.rider = fields_id(fields, h->data, FIELD_TASK_RIDER,
		    rider_number),
		.reason = fields_text(fields, h->data, FIELD_REASON, 500),
		.at_ms = h->at_ms,
	};
	struct followed *f = hook_order(h);

	if (news.rider)
		member_hint(h->site, news.rider,
		    json_string_value(json_object_get(h->data, "rider_name")),
		    json_string_value(json_object_get(h->data,
		    "rider_phone")));
	task_take(h->site, f, &news);
}

/* The rider can't, or somebody else shall: the task is open again. */
static void
hook_take_loss(const struct hook *h)
{
	const struct fields *fields = &h->l->fields;
	struct task_news news = {
		.ref = fields_text(fields, h->data, FIELD_REF, ID_MAX),
		.status = "rejected",
		.reason = fields_text(fields, h->data, FIELD_REASON, 500),
		.at_ms = h->at_ms,
	};
	struct followed *f = hook_order(h);

	if (!news.reason)
		news.reason = "the rider is not available";
	if (f)
		task_take(h->site, f, &news);
}

static void
hook_take_location(const struct hook *h)
{
	const struct followed *f = hook_order(h);

	live_take_point(h->site, h->data, f);
}

static void
hook_take_route(const struct hook *h)
{
	struct followed *f = hook_order(h);

	if (f)
		route_again(f);
}

static void
hook_take(const struct hook *h)
{
	static const struct {
		const char *type;
		void (*take)(const struct hook *);
	} types[] = {
		{ "logistics.location.updated", hook_take_location },
		{ "logistics.route.updated", hook_take_route },
		{ "logistics.rider.unavailable", hook_take_loss },
		{ "logistics.reassignment.needed", hook_take_loss },
	};
	size_t i;

	if (!strncmp(h->type, TASK_PREFIX, sizeof(TASK_PREFIX) - 1))
		hook_take_task(h);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].type, h->type))
			types[i].take(h);
}

/* Whatever it says, ask.  A task that is known is not changed by it. */
static void
hook_read_instead(const struct hook *h)
{
	const struct fields *fields = &h->l->fields;
	char number[FIELDS_ID_SIZE];
	const char *task_id = fields_id(fields, h->data, FIELD_TASK, number);
	struct followed *f = follow_by_task(h->site, task_id);

	if (!f)
		f = follow_by_ref(h->site, fields_text(fields, h->data,
		    FIELD_REF, ID_MAX));
	if (f && !f->task_id)
		follow_set_task(f, task_id);
	if (f)
		task_read_soon(f);
}

/* ---- Whether it may ---------------------------------------------------- */

static const char *
hook_text(const json_t *event, const char *name)
{
	const char *text = json_string_value(json_object_get(event, name));

	return text && *text && strlen(text) <= ID_MAX ? text : NULL;
}

static bool
hook_is_early(const struct hook *h)
{
	const struct logistics *l = h->l;
	int64_t lost_ms = seen_lost_ms(l->seen);

	return h->at_ms < l->began_ms || (lost_ms >= 0 &&
	    wall_ms() - h->at_ms >= now_ms(l) - lost_ms);
}

static int32_t
hook_judge(struct hook *h, const char *tenant, const char **out_answer)
{
	const char *id = hook_text(h->event, "event_id");
	const char *theirs = hook_text(h->event, "tenant_id");
	int64_t now = wall_ms();

	h->type = hook_text(h->event, "event_type");
	h->data = json_object_get(h->event, "data");
	if (!id || !theirs || !h->type || !json_is_object(h->data) ||
	    !when_read(hook_text(h->event, "timestamp"), &h->at_ms)) {
		*out_answer = "event_id, event_type, tenant_id, timestamp and "
		    "data are needed";
		return 400;
	}
	if (strcmp(theirs, tenant) != 0) {
		*out_answer = "the event is another tenant's";
		return 400;
	}
	/* Not before: an address alone takes no room among TENANTS_MAX. */
	h->site = site_find(h->l, tenant, true);
	if (!h->site) {
		*out_answer = "no such tenant";
		return 404;
	}
	if (now - h->at_ms > h->l->conf->webhook_max_age_ms ||
	    h->at_ms - now > AHEAD_MAX_MS) {
		count(h->l, M_HOOKS_OLD);
		*out_answer = "the event is too old, or not of this time";
		return 400;
	}
	if (h->at_ms > now)
		h->at_ms = now;
	if (seen_has(h->l->seen, id, now_ms(h->l))) {
		count(h->l, M_HOOKS_REPEATED);
		*out_answer = "known already";
		return 200;
	}
	seen_add(h->l->seen, id, now_ms(h->l));
	if (hook_is_early(h)) {
		count(h->l, M_HOOKS_EARLY);
		hook_read_instead(h);
	} else {
		hook_take(h);
	}
	count(h->l, M_HOOKS);
	*out_answer = "ok";
	return 200;
}

static int32_t
hook_answer(struct logistics *l, struct ow_hook_call *call,
    const struct ow_hook_req *req, const char **out_answer)
{
	struct hook h = { .l = l };
	json_t *event;
	int32_t status;

	if (!l->conf->webhooks || !OW_HAS(req, name) || !req->name ||
	    !*req->name || !tenant_is_ours(l, req->name)) {
		*out_answer = "no such tenant";
		return 404;
	}
	if (!mac_is_good(l->conf->webhook_secret, &req->body, 1,
	    l->host->hook->hook_header(l->ctx, call,
	    l->conf->webhook_header))) {
		count(l, M_HOOKS_REFUSED);
		*out_answer = "the signature is not good";
		return 401;
	}
	event = ask_read(req->body);
	h.event = event;
	status = hook_judge(&h, req->name, out_answer);
	json_decref(event);
	return status;
}

void
webhook_take(void *self, struct ow_hook_call *call,
    const struct ow_hook_req *req)
{
	struct logistics *l = self;
	const char *answer = "";
	int32_t status = hook_answer(l, call, req, &answer);

	l->host->hook->hook_answer(l->ctx, &call, status,
	    "text/plain; charset=utf-8",
	    (struct ow_bytes){ answer, strlen(answer) });
}
