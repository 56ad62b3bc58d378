/* SPDX-License-Identifier: MIT */
/*
 * admin - health, metrics and the admin's calls, on a listener of their own.
 *
 * What is open here needs no token because the listener is not for strangers:
 * bind it to loopback or a private address.  /admin wants an admin's token
 * all the same.
 */
#include <string.h>

#include "api/call.h"
#include "base/buf.h"

#define METRICS_MAX (4u << 20)

static void
healthz(struct call *c)
{
	call_answer_text(&c, 200, "text/plain", "ok\n", 3);
}

static void
readyz(struct call *c)
{
	const struct api_admin *admin = &api_conf_of(c)->admin;
	const char *why;

	if (admin->is_ready(admin->arg, &why))
		call_answer_text(&c, 200, "text/plain", "ready\n", 6);
	else
		call_problem(&c, 503, "not_ready", "%s", why);
}

static void
metrics(struct call *c)
{
	const struct api_admin *admin = &api_conf_of(c)->admin;
	struct buf out = BUF_INIT(METRICS_MAX);

	admin->metrics(admin->arg, &out);
	call_answer_text(&c, 200, "text/plain; version=0.0.4", out.p, out.n);
	buf_done(&out);
}

bool
call_admit_admin(struct call **cp)
{
	struct call *c = *cp;

	if (c->who != NULL && who_is_admin(c->who))
		return true;
	if (c->who == NULL) {
		call_mark_unauthorized(c, true);
		call_problem(cp, 401, "token_invalid",
		    "this is no token that is known here");
		return false;
	}
	call_problem(cp, 403, "forbidden", "only an admin may do this");
	return false;
}

static void
plugins(struct call *c)
{
	const struct api_admin *admin = &api_conf_of(c)->admin;
	struct buf out = BUF_INIT(METRICS_MAX);

	if (!call_admit_admin(&c))
		return;
	admin->plugins(admin->arg, &out);
	call_answer_json(&c, 200, out.p, out.n);
	buf_done(&out);
}

/* How good estimates of a tenant have been. */
static void
eta(struct call *c)
{
	const char *tenant = call_param(c, "tenant");
	struct form_faults faults = { 0 };
	struct command *cmd;

	if (!call_admit_admin(&c))
		return;
	if (tenant == NULL) {
		form_fault(&faults, "tenant", "must say whose estimates");
		call_faults(&c, &faults);
		return;
	}
	cmd = command_new(CMD_ESTIMATES, api_conf_of(c)->loop, call_answered,
	    c);
	cmd->who = who_ref(c->who);
	cmd->tenant = arena_dup(&cmd->arena, tenant);
	call_send(c, cmd);
}

static void
drain(struct call *c)
{
	const struct api_admin *admin = &api_conf_of(c)->admin;

	if (!call_admit_admin(&c))
		return;
	admin->drain(admin->arg);
	call_answer_json(&c, 202, "{\"draining\":true}", 17);
}

const struct api_route api_admin_routes[] = {
	{ "GET", "/healthz", true, healthz },
	{ "GET", "/readyz", true, readyz },
	{ "GET", "/metrics", true, metrics },
	{ "GET", "/admin/plugins", false, plugins },
	{ "GET", "/admin/eta", false, eta },
	{ "POST", "/admin/drain", false, drain },
	{ NULL, NULL, false, NULL },
};
