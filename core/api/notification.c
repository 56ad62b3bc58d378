/* SPDX-License-Identifier: MIT */
/*
 * notification - a person's inbox and preferences.
 *
 * What a preference may be, notify/prefs knows; what becomes of it, the desk.
 * Here a version in If-Match is read, and nothing compared.
 */
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "base/json.h"
#include "notify/prefs.h"

/* ---- The inbox ---------------------------------------------------------- */

static void
take_unread(struct call *c, struct command *cmd, struct form_faults *faults)
{
	const char *text = call_param(c, "unread");

	if (text == NULL)
		return;
	cmd->unread = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
	if (!cmd->unread && strcmp(text, "false") != 0 &&
	    strcmp(text, "0") != 0)
		form_fault(faults, "unread", "must be true or false");
}

static void
notices_list(struct call *c)
{
	struct command *cmd = call_command(c, CMD_NOTICES);
	struct form_faults faults = { 0 };

	take_unread(c, cmd, &faults);
	cmd->before = call_cursor(c, &cmd->arena, &faults);
	call_page_limit(c, &cmd->limit, &faults);
	if (call_is_refused_anyway(c, cmd))
		return;
	if (!call_is_allowed(&c, cmd)) {
		command_free(&cmd);
		return;
	}
	if (faults.n > 0) {
		call_faults(&c, &faults);
		command_free(&cmd);
		return;
	}
	call_send(c, cmd);
}

/* Without body and parameters: who asks and the path say everything. */
static void
plain(struct call *c, enum command_kind kind)
{
	struct command *cmd = call_command(c, kind);

	if (c->match.n_params > 1)
		cmd->item = cmd->order;
	call_send(c, cmd);
}

static void
notice_read(struct call *c)
{
	plain(c, CMD_NOTICE_READ);
}

static void
notices_read(struct call *c)
{
	plain(c, CMD_NOTICES_READ);
}

static void
notice_remove(struct call *c)
{
	plain(c, CMD_NOTICE_REMOVE);
}

static void
notices_remove(struct call *c)
{
	plain(c, CMD_NOTICES_REMOVE);
}

/* ---- Preferences -------------------------------------------------------- */

static void
prefs_get(struct call *c)
{
	plain(c, CMD_PREFS_GET);
}

/*
 * If-Match (RFC 9110, 13.1.1): "*" is met by whatever there is, and there
 * always is something; a tag that can't be one of ours is never met.  False:
 * the call has ended.
 */
static bool
take_if_match(struct call **cp, struct command *cmd)
{
	const char *text = request_header((*cp)->req, "If-Match");
	char *end;
	long long version;

	if (text == NULL || strcmp(text, "*") == 0)
		return true;
	version = *text == '"' && text[1] >= '0' && text[1] <= '9' ?
	    strtoll(text + 1, &end, 10) : -1;
	if (version >= 0 && version < INT64_MAX && strcmp(end, "\"") == 0) {
		cmd->if_match = version;
		return true;
	}
	call_problem(cp, 412, "precondition_failed",
	    "the preferences have no such version");
	return false;
}

static void
prefs_put(struct call *c)
{
	struct command *cmd = call_command(c, CMD_PREFS_PUT);
	struct form_faults faults = { 0 };

	if (call_is_refused_anyway(c, cmd))
		return;
	if (!call_is_allowed(&c, cmd) || call_body(&c, &cmd->asked) != OW_OK) {
		command_free(&cmd);
		return;
	}
	if (prefs_read(cmd->asked, &cmd->prefs, &cmd->body_version,
	    &faults) != OW_OK) {
		call_faults(&c, &faults);
		command_free(&cmd);
		return;
	}
	if (!take_if_match(&c, cmd)) {
		command_free(&cmd);
		return;
	}
	call_send(c, cmd);
}

#define NOTICES "/api/v1/{tenant}/notifications"
#define PREFS "/api/v1/{tenant}/notification-preferences"

const struct api_route api_notification_routes[] = {
	{ "GET", NOTICES, false, notices_list },
	{ "DELETE", NOTICES, false, notices_remove },
	{ "PUT", NOTICES "/read", false, notices_read },
	{ "PUT", NOTICES "/{id}/read", false, notice_read },
	{ "DELETE", NOTICES "/{id}", false, notice_remove },
	{ "GET", PREFS, false, prefs_get },
	{ "PUT", PREFS, false, prefs_put },
	{ NULL, NULL, false, NULL },
};
