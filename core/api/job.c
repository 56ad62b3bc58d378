/* SPDX-License-Identifier: MIT */
/*
 * job - notices on their way, for admins: to look at, and to send again by
 * hand.  The outbox answers.
 */
#include <string.h>

#include "api/call.h"
#include "base/buf.h"
#include "base/loop.h"
#include "outbox/job.h"
#include "outbox/outbox.h"

static void
job_answered(struct outbox_ask *ask)
{
	struct call *c = ask->arg;

	if (ask->status >= 400)
		call_problem(&c, ask->status, ask->code, "%s", ask->detail);
	else
		call_answer_json(&c, ask->status, ask->body.p, ask->body.n);
	outbox_ask_free(&ask);
}

/* NULL: the call has ended. */
static struct outbox_ask *
job_ask(struct call **cp, enum outbox_ask_kind kind)
{
	const struct api_conf *conf = api_conf_of(*cp);
	struct outbox_ask *ask;

	if (!call_admit_admin(cp))
		return NULL;
	if (conf->outbox == NULL) {
		call_problem(cp, 503, NULL, "the outbox does not run");
		return NULL;
	}
	ask = outbox_ask_new(kind, conf->loop, job_answered, *cp);
	/* Other tenants' jobs are not there for one's own admin. */
	if (strcmp((*cp)->who->tenant, "*") != 0)
		ask->tenant = arena_dup(&ask->arena, (*cp)->who->tenant);
	request_add_header((*cp)->req, "Cache-Control", "no-store");
	return ask;
}

static const char *
text_param(struct call *c, struct arena *arena, const char *name)
{
	const char *text = request_param(c->req, name);

	return text != NULL ? arena_dup(arena, text) : "";
}

static void
jobs_list(struct call *c)
{
	struct outbox_ask *ask = job_ask(&c, OUTBOX_JOBS);
	struct form_faults faults = { 0 };
	const char *tenant;

	if (ask == NULL)
		return;
	tenant = text_param(c, &ask->arena, "tenant");
	if (*tenant != '\0' && !who_is_in(c->who, tenant)) {
		call_problem(&c, 403, "wrong_tenant",
		    "this token is not for tenant %s", tenant);
		outbox_ask_free(&ask);
		return;
	}
	if (*tenant != '\0')
		ask->tenant = tenant;
	ask->state = text_param(c, &ask->arena, "state");
	ask->channel = text_param(c, &ask->arena, "channel");
	ask->before = call_param(c, "cursor") != NULL ?
	    call_cursor(c, &ask->arena, &faults) : "";
	call_page_limit(c, &ask->limit, &faults);
	if (*ask->state != '\0' && !job_is_state(ask->state))
		form_fault(&faults, "state", "must be one of: due, leased, "
		    "later, sent, delivered, parked, skipped");
	if (faults.n > 0) {
		call_faults(&c, &faults);
		outbox_ask_free(&ask);
		return;
	}
	outbox_ask(api_conf_of(c)->outbox, ask);
}

static void
job_one(struct call *c, enum outbox_ask_kind kind)
{
	struct outbox_ask *ask = job_ask(&c, kind);

	if (ask == NULL)
		return;
	ask->id = arena_dup(&ask->arena, c->match.param[0]);
	outbox_ask(api_conf_of(c)->outbox, ask);
}

static void
job_get(struct call *c)
{
	job_one(c, OUTBOX_JOB);
}

static void
job_retry(struct call *c)
{
	job_one(c, OUTBOX_RETRY);
}

const struct api_route api_job_routes[] = {
	{ "GET", "/admin/jobs", false, jobs_list },
	{ "GET", "/admin/jobs/{id}", false, job_get },
	{ "POST", "/admin/jobs/{id}/retry", false, job_retry },
	{ NULL, NULL, false, NULL },
};
