/* SPDX-License-Identifier: MIT */
/*
 * deliver - hands one job to its channel, and does not wait for ever.
 *
 * The address is checked first, unless it was when somebody subscribed.  At
 * the deadline the channel is told to give up; when it does not settle even
 * then, settle.c does it in its place.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "notify/unsubscribe.h"
#include "outbox/room.h"

#define VARS_MAX (1u << 20)

static void deadline(void *arg);

/* ---- The words ---------------------------------------------------------- */

static int
copy_var(void *arg, const char *name, const struct json *value)
{
	struct jw *w = arg;

	if (strcmp(name, "count") != 0 && strcmp(name, "unsubscribe") != 0 &&
	    json_text(value) != NULL)
		jw_text(w, name, json_text(value));
	return OW_OK;
}

/* The notice's own, for how many it stands, and where its reader stops it. */
static void
add_vars(struct flight *f, const struct ow_job *job)
{
	struct buf out = BUF_INIT(VARS_MAX);
	struct json *vars = NULL;
	struct ow_fault fault;
	char count[16];
	struct jw w;

	if (f->vars == NULL || (f->n_replaced == 0 &&
	    job->unsubscribe_url[0] == '\0'))
		return;
	(void)snprintf(count, sizeof(count), "%u", f->n_replaced + 1);
	jw_init(&w, &out);
	jw_object(&w, NULL);
	if (f->n_replaced > 0)
		jw_text(&w, "count", count);
	jw_text(&w, "unsubscribe", job->unsubscribe_url);
	(void)json_each(f->vars, copy_var, &w);
	jw_end(&w);
	if (!out.full && json_parse(out.p, out.n, &vars, &fault) == OW_OK) {
		json_free(&f->vars);
		f->vars = vars;
	}
	buf_done(&out);
}

static void
job_words(struct flight *f, struct ow_job *job)
{
	const struct templates *templates = f->outbox->conf.templates;
	struct rendered r = { f->title, f->text, "", f->url };

	add_vars(f, job);
	if (templates != NULL && f->rule != NULL && f->vars != NULL)
		render(templates, f->rule->template_name,
		    f->locale[0] != '\0' ? f->locale : NULL, f->medium,
		    f->vars, &f->arena, &r);
	job->title = r.title;
	job->text = r.text;
	job->html = r.html;
	job->url = r.url[0] != '\0' ? r.url : f->url;
	job->locale = templates != NULL ? templates_locale(templates,
	    f->locale[0] != '\0' ? f->locale : NULL) : f->locale;
}

/* ---- Our own words that come back --------------------------------------- */

static void
job_tokens(struct flight *f, struct ow_job *job)
{
	struct outbox *o = f->outbox;
	struct unsubscribe u = { f->tenant, f->sub, f->medium };
	const char *base = o->conf.public_url;
	char token[TOKEN_TEXT_SIZE];

	job->receipt = job->receipt_url = job->unsubscribe_url = "";
	if (f->medium == MEDIUM_PUSH &&
	    token_make(&o->receipt_key, f->id, token) == OW_OK) {
		job->receipt = arena_dup(&f->arena, token);
		job->receipt_url = arena_join(&f->arena, base, "/api/v1/",
		    f->tenant, "/receipts", NULL);
	}
	if (f->medium != MEDIUM_EMAIL || f->sub[0] == '\0')
		return;
	if (unsubscribe_make(&o->unsubscribe_key, &u, token) == OW_OK)
		job->unsubscribe_url = arena_join(&f->arena, base,
		    "/unsubscribe/", token, NULL);
}

static void
job_fill(struct flight *f, struct ow_job *job)
{
	int64_t ttl_ms = f->stale_ms - outbox_wall(f->outbox);

	memset(job, 0, sizeof(*job));
	job->size = sizeof(*job);
	job->attempt = f->attempt;
	job->key = f->key;
	job->deadline_ms = f->out_ms + f->channel->set->deadline_ms;
	job->ttl_ms = ttl_ms > 1 ? ttl_ms : 1;
	job->urgency = f->rule != NULL ? f->rule->urgency :
	    OW_URGENCY_NORMAL;
	job->is_repeat_safe = f->is_repeat_safe;
	job->address = f->address;
	job->tenant = f->tenant;
	job->order_id = f->order_id;
	job->notice_id = f->notice_id;
	job->topic = f->topic;
	job->group = f->group;
	job->event = f->event;
	job_tokens(f, job);
	job_words(f, job);
}

/* ---- There it goes ------------------------------------------------------ */

static void
hand_over(struct flight *f)
{
	struct channel *ch = f->channel;
	int64_t now_ms = outbox_now(f->outbox);
	int64_t wall_ms = outbox_wall(f->outbox);

	if (f->outbox->is_draining) {
		end_uncounted(f, JOB_LATER, wall_ms, "the node ends");
		return;
	}
	if (ch->is_away) {
		end_uncounted(f, JOB_LATER, wall_ms + AGAIN_MS,
		    "its channel's process is begun again");
		return;
	}
	/* Somebody else may have it before this attempt is over. */
	if (wall_ms + ch->set->deadline_ms + OVERDUE_MS > f->lease_ms) {
		end_uncounted(f, JOB_LATER, wall_ms,
		    "the store was too slow for its lease");
		return;
	}
	if (!breaker_admit(&ch->breaker, now_ms)) {
		end_uncounted(f, JOB_LATER, wall_ms + (ch->breaker.state ==
		    BREAKER_OPEN ? ch->breaker.open_until_ms - now_ms :
		    AGAIN_MS), "its channel is left alone for now");
		return;
	}
	f->out_ms = now_ms;
	f->was_out = true;
	f->slot = channel_slot(ch, f);
	job_fill(f, &f->slot->job);
	f->timer = loop_timer_start(f->outbox->conf.loop,
	    ch->set->deadline_ms, deadline, f);
	ch->ops->deliver(ch, &f->slot->job);
}

static void
checked(struct channel_check *check, int err, const struct ow_address *out,
    const struct ow_fault *fault)
{
	struct flight *f = (struct flight *)(void *)((char *)check -
	    offsetof(struct flight, check));
	char why[VERDICT_TEXT];

	if (err == OW_OK) {
		f->address = arena_dup(&f->arena, out->text);
		hand_over(f);
		return;
	}
	if (err == OW_EINVAL || err == OW_EDENIED || err == OW_ELIMIT) {
		(void)snprintf(why, sizeof(why), "no good address: %s",
		    text_line(&f->arena, fault->text, DETAIL_SIZE, f));
		end_uncounted(f, JOB_PARKED, 0, why);
		return;
	}
	end_uncounted(f, JOB_LATER, outbox_wall(f->outbox) +
	    f->outbox->conf.set->outbox.backoff_ms,
	    "its address can't be checked now");
}

void
deliver_flight(struct flight *f)
{
	/* Subscriptions were checked when they were made, a channel's own
	   address when it started. */
	if (f->medium == MEDIUM_PUSH || f->channel->own != NULL) {
		hand_over(f);
		return;
	}
	f->check.done = checked;
	f->channel->ops->check(f->channel, f->wanted, &f->check);
}

/* ---- It takes too long -------------------------------------------------- */

static void
deadline(void *arg)
{
	struct flight *f = arg;

	f->timer = NULL;
	if (f->is_cancelled) {
		settle_overdue(f);
		return;
	}
	f->is_cancelled = true;
	f->timer = loop_timer_start(f->outbox->conf.loop, OVERDUE_MS,
	    deadline, f);
	f->channel->ops->cancel(f->channel, &f->slot->job);
}
