/* SPDX-License-Identifier: MIT */
/*
 * order - the calls about orders, each to one command.
 *
 * A handler here decides nothing about orders: it reads the path, the query
 * and the body's form, and the desk answers.
 */
#include <string.h>

#include "api/call.h"
#include "base/json.h"
#include "base/loop.h"
#include "http/guard.h"
#include "notify/rule.h"
#include "notify/topic.h"

#define LINK_TTL_MAX_S (30 * 24 * 3600)
#define TICKET_PATH_MAX 800	/* the longest external_ref, encoded */

/* ---- Changes ------------------------------------------------------------ */

static void
change(struct call *c, enum intent_kind kind)
{
	struct command *cmd = call_command(c, CMD_CHANGE);
	struct form_faults faults = { 0 };

	cmd->intent.kind = kind;
	cmd->intent.at_ms = loop_wall_ms(api_conf_of(c)->loop);
	cmd->intent.by = c->who != NULL ? c->who->role : ROLE_TRACKING;
	if (kind == INTENT_ITEM_STATUS)
		cmd->intent.item_id = arena_dup(&cmd->arena,
		    c->match.param[2]);
	if (call_is_refused_anyway(c, cmd))
		return;
	if (!call_is_allowed(&c, cmd) || call_body(&c, &cmd->asked) != OW_OK) {
		command_free(&cmd);
		return;
	}
	if (intent_read(&cmd->intent, &cmd->arena, cmd->asked,
	    request_body(c->req), &faults) != OW_OK) {
		call_faults(&c, &faults);
		command_free(&cmd);
		return;
	}
	if (!call_take_repeat_key(&c, cmd)) {
		command_free(&cmd);
		return;
	}
	call_send(c, cmd);
}

static void
order_create(struct call *c)
{
	change(c, INTENT_CREATE);
}

static void
order_status(struct call *c)
{
	change(c, INTENT_STATUS);
}

static void
order_item_status(struct call *c)
{
	change(c, INTENT_ITEM_STATUS);
}

static void
order_eta(struct call *c)
{
	change(c, INTENT_ETA);
}

static void
order_delivery(struct call *c)
{
	change(c, INTENT_DELIVERY);
}

static void
order_event_add(struct call *c)
{
	change(c, INTENT_EVENT);
}

/* ---- Reads -------------------------------------------------------------- */

static void
order_get(struct call *c)
{
	call_send(c, call_command(c, CMD_GET));
}

static void
order_tracking(struct call *c)
{
	call_send(c, call_command(c, CMD_TRACKING));
}

static void
order_events(struct call *c)
{
	struct command *cmd = call_command(c, CMD_EVENTS);
	struct form_faults faults = { 0 };
	int64_t since;

	call_number(c, "since", 0, 0, INT64_MAX / 2, &since, &faults);
	call_page_limit(c, &cmd->limit, &faults);
	cmd->since = (uint64_t)since;
	if (faults.n > 0) {
		call_faults(&c, &faults);
		command_free(&cmd);
		return;
	}
	call_send(c, cmd);
}

static void
take_status(struct call *c, struct command *cmd, struct form_faults *faults)
{
	const char *text = call_param(c, "status");
	int status;

	cmd->list = LIST_ANY;
	if (text == NULL)
		return;
	status = order_status_by_name(text);
	if (strcmp(text, "active") == 0) {
		cmd->list = LIST_ACTIVE;
	} else if (strcmp(text, "past") == 0) {
		cmd->list = LIST_PAST;
	} else if (status >= 0) {
		cmd->list = LIST_ONE;
		cmd->list_status = (enum order_status)status;
	} else {
		form_fault(faults, "status",
		    "must be active, past or a status's name");
	}
}

static void
order_list(struct call *c)
{
	struct command *cmd = call_command(c, CMD_LIST);
	struct form_faults faults = { 0 };
	const char *customer = call_param(c, "customer_id");

	take_status(c, cmd, &faults);
	cmd->before = call_cursor(c, &cmd->arena, &faults);
	call_page_limit(c, &cmd->limit, &faults);
	if (customer == NULL && c->who != NULL &&
	    c->who->role == ROLE_CUSTOMER)
		customer = c->who->sub;
	cmd->customer_id = arena_dup(&cmd->arena, customer);
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

/* Everything that was done about an order, in words. */
static void
order_journey(struct call *c)
{
	struct command *cmd = call_command(c, CMD_JOURNEY);

	if (call_is_refused_anyway(c, cmd))
		return;
	if (!call_is_allowed(&c, cmd)) {
		command_free(&cmd);
		return;
	}
	call_send(c, cmd);
}

/* ---- Links and tickets -------------------------------------------------- */

static const struct form_field link_form[] = {
	{ "expires_in_s", FORM_INT, false, true, 1, LINK_TTL_MAX_S, NULL,
	    NULL },
	FORM_END,
};

static const struct form_field ticket_form[] = {
	{ "path", FORM_TEXT, true, false, 1, TICKET_PATH_MAX, NULL, NULL },
	FORM_END,
};

static void
link_new(struct call *c)
{
	struct command *cmd = call_command(c, CMD_LINK_NEW);
	bool empty = request_body(c->req).n == 0;

	if (call_is_refused_anyway(c, cmd))
		return;
	if (!call_is_allowed(&c, cmd) ||
	    (!empty && !call_take_form(&c, cmd, link_form)) ||
	    !call_take_repeat_key(&c, cmd)) {
		command_free(&cmd);
		return;
	}
	cmd->expires_in_ms = 1000 * json_get_int(cmd->asked, "expires_in_s",
	    0);
	call_send(c, cmd);
}

static void
link_revoke(struct call *c)
{
	struct command *cmd = call_command(c, CMD_LINK_REVOKE);

	cmd->link_id = arena_dup(&cmd->arena, c->match.param[2]);
	call_send(c, cmd);
}

/* As the stream's own request will have it: decoded, and without its query. */
static void
ticket_check(struct command *cmd, struct form_faults *faults)
{
	const char *text;
	char *path;

	if (form_check(cmd->asked, ticket_form, faults) != OW_OK)
		return;
	text = json_get_text(cmd->asked, "path");
	path = arena_alloc(&cmd->arena, strlen(text) + 1);
	cmd->path = path;
	if (!guard_path(text, path) || (strncmp(path, "/sse/", 5) != 0 &&
	    strncmp(path, "/ws/", 4) != 0))
		form_fault(faults, "path",
		    "must be a stream's: /sse/... or /ws/...");
}

/* Only the desk knows whether a tracking token is one; until then its bearer
   hears nothing of forms. */
static void
ticket_make(struct call *c)
{
	struct command *cmd = call_command(c, CMD_TICKET);
	struct form_faults *faults = arena_alloc(&cmd->arena,
	    sizeof(*faults));

	if (call_body(&c, &cmd->asked) != OW_OK) {
		command_free(&cmd);
		return;
	}
	ticket_check(cmd, faults);
	if (faults->n > 0 && c->who != NULL) {
		call_faults(&c, faults);
		command_free(&cmd);
		return;
	}
	if (!call_take_repeat_key(&c, cmd)) {
		command_free(&cmd);
		return;
	}
	cmd->faults = faults->n > 0 ? faults : NULL;
	call_send(c, cmd);
}

/* ---- The model ---------------------------------------------------------- */

static void
write_names(struct jw *w, const char *key, const char *const *names)
{
	jw_list(w, key);
	for (; *names != NULL; names++)
		jw_text(w, NULL, *names);
	jw_end(w);
}

/* What order/ knows, and behind it what rules and preferences go by. */
static void
order_model(struct call *c)
{
	struct buf out = BUF_INIT(64 * 1024);
	struct jw w;

	order_model_write(&out);
	out.n--;			/* its closing brace */
	jw_init(&w, &out);
	w.comma = true;
	write_names(&w, "notification_events", topic_names);
	write_names(&w, "notification_media", medium_names);
	buf_char(&out, '}');
	request_add_header(c->req, "Cache-Control", "max-age=300");
	call_answer_json(&c, 200, out.p, out.n);
	buf_done(&out);
}

#define ORDERS "/api/v1/{tenant}/orders"

const struct api_route api_journey_routes[] = {
	{ "GET", ORDERS "/{id}/journey", false, order_journey },
	{ NULL, NULL, false, NULL },
};

const struct api_route api_order_routes[] = {
	{ "POST", ORDERS, false, order_create },
	{ "GET", ORDERS, false, order_list },
	{ "GET", ORDERS "/{id}", false, order_get },
	{ "GET", ORDERS "/{id}/tracking", false, order_tracking },
	{ "GET", ORDERS "/{id}/events", false, order_events },
	{ "POST", ORDERS "/{id}/events", false, order_event_add },
	{ "GET", ORDERS "/{id}/journey", false, order_journey },
	{ "PATCH", ORDERS "/{id}/status", false, order_status },
	{ "PATCH", ORDERS "/{id}/items/{item_id}/status", false,
	    order_item_status },
	{ "PATCH", ORDERS "/{id}/eta", false, order_eta },
	{ "PUT", ORDERS "/{id}/delivery", false, order_delivery },
	{ "POST", ORDERS "/{id}/tracking-links", false, link_new },
	{ "DELETE", ORDERS "/{id}/tracking-links/{link_id}", false,
	    link_revoke },
	{ "POST", "/api/v1/{tenant}/stream-tickets", false, ticket_make },
	{ "GET", "/api/v1/{tenant}/order-model", true, order_model },
	{ NULL, NULL, false, NULL },
};
