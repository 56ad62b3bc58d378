/* SPDX-License-Identifier: MIT */
/*
 * order - the calls about orders, each to one command.
 *
 * A handler here decides nothing about orders: it reads the path, the query
 * and the body's form, and the desk answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "desk/command.h"
#include "desk/orders.h"
#include "http/problem.h"

#define PAGE_DEFAULT 50
#define PAGE_MAX 200
#define REPEAT_KEY_MAX 255
#define PROBLEM_MAX 8192
#define LINK_TTL_MAX_S (30 * 24 * 3600)

/* ---- The answer --------------------------------------------------------- */

static void
tell_problem(struct call *c, const struct command *cmd)
{
	struct buf out = BUF_INIT(PROBLEM_MAX);
	char wait[24];
	struct answer answer = { .status = cmd->status };

	if (cmd->status == 401)
		call_mark_unauthorized(c, true);

	if (cmd->body.n == 0) {
		problem_answer(&c->req, cmd->status, cmd->code, cmd->detail,
		    cmd->faults, cmd->wait_ms);
		return;
	}
	/* A problem with members of its own: {..., "order_id": "..."} */
	problem_write(&out, cmd->status, cmd->code, cmd->detail, NULL);
	out.n--;
	buf_char(&out, ',');
	buf_add(&out, cmd->body.p, cmd->body.n);
	buf_char(&out, '}');
	if (cmd->wait_ms > 0) {
		(void)snprintf(wait, sizeof(wait), "%lld",
		    (long long)(cmd->wait_ms + 999) / 1000);
		request_add_header(c->req, "Retry-After", wait);
	}
	answer.content_type = "application/problem+json";
	answer.body.p = out.p;
	answer.body.n = out.n;
	request_answer(&c->req, &answer);
	buf_done(&out);
}

/* RFC 9110, 13.1.2: a list of tags, or "*"; weak comparison. */
static bool
is_known_tag(const char *list, const char *tag)
{
	const char *p;

	if (list == NULL)
		return false;
	if (strcmp(list, "*") == 0)
		return true;
	p = strstr(list, tag);
	return p != NULL && tag[0] == '"';
}

static void
tell_success(struct call *c, const struct command *cmd)
{
	struct answer answer = {
		.status = cmd->status,
		.body = { cmd->body.p, cmd->body.n },
	};
	char tag[32], path[256];

	if (cmd->seq > 0 && cmd->kind != CMD_LINK_NEW &&
	    cmd->intent.kind != INTENT_EVENT) {
		(void)snprintf(tag, sizeof(tag), "\"%llu\"",
		    (unsigned long long)cmd->seq);
		request_add_header(c->req, "ETag", tag);
		if (cmd->kind == CMD_GET && is_known_tag(request_header(c->req,
		    "If-None-Match"), tag)) {
			answer.status = 304;
			answer.body.n = 0;
		}
	}
	if (cmd->status == 201 && cmd->kind == CMD_CHANGE &&
	    cmd->intent.kind == INTENT_CREATE) {
		(void)snprintf(path, sizeof(path), "/api/v1/%s/orders/%s",
		    cmd->tenant, cmd->answer_order);
		request_add_header(c->req, "Location", path);
	}
	if (answer.body.n > 0)
		answer.content_type = "application/json";
	request_add_header(c->req, "Cache-Control", "no-store");
	request_answer(&c->req, &answer);
}

static void
answered(struct command *cmd)
{
	struct call *c = cmd->arg;

	if (cmd->status >= 400)
		tell_problem(c, cmd);
	else
		tell_success(c, cmd);
	call_done(&c);
	command_free(&cmd);
}

/* ---- The command -------------------------------------------------------- */

/* Every call's: the caller, the tenant and, if the path has one, the order. */
static struct command *
command_of(struct call *c, enum command_kind kind)
{
	struct command *cmd = command_new(kind, api_conf_of(c)->loop,
	    answered, c);

	if (c->who != NULL)
		cmd->who = who_ref(c->who);
	cmd->tracking_token = arena_dup(&cmd->arena, c->tracking_token);
	cmd->tenant = arena_dup(&cmd->arena, c->match.param[0]);
	if (c->match.n_params > 1)
		cmd->order = arena_dup(&cmd->arena, c->match.param[1]);
	return cmd;
}

/* Idempotency-Key; false: the call has ended. */
static bool
take_repeat_key(struct call **cp, struct command *cmd)
{
	struct call *c = *cp;
	const char *key = request_header(c->req, "Idempotency-Key");
	const char *sub = c->who != NULL ? c->who->sub : c->tracking_token;
	struct ow_bytes body = request_body(c->req);
	struct buf all;
	char hash[SHA256_HEX_SIZE];
	size_t n;

	if (key == NULL)
		return true;
	buf_init(&all, body.n + strlen(request_path(c->req)) + strlen(sub) +
	    strlen(cmd->tenant) + 64);
	n = strlen(key);
	if (n == 0 || n > REPEAT_KEY_MAX) {
		call_problem(cp, 400, "bad_idempotency_key",
		    "Idempotency-Key must have 1 to %d characters",
		    REPEAT_KEY_MAX);
		return false;
	}
	buf_printf(&all, "%s %s\n", request_method(c->req),
	    request_path(c->req));
	buf_add(&all, body.p, body.n);
	crypto_sha256_hex(all.p, all.n, hash);
	cmd->repeat_hash = arena_dup(&cmd->arena, hash);
	cmd->repeat_key = arena_dup(&cmd->arena, key);
	buf_clear(&all);
	buf_printf(&all, "%s\n%s\n%s", cmd->tenant, c->who != NULL ?
	    role_name(c->who->role) : "tracking", sub);
	crypto_sha256_hex(all.p, all.n, hash);
	cmd->repeat_scope = arena_dup(&cmd->arena, hash);
	mem_wipe(all.p, all.n);		/* perhaps with a token */
	buf_done(&all);
	return true;
}

static void
send_command(struct call *c, struct command *cmd)
{
	orders_command(api_conf_of(c)->orders, cmd);
}

/* A tracking token only looks.  The desk says whether it is one at all (403,
   or 401), whatever the body is. */
static bool
is_refused_anyway(struct call *c, struct command *cmd)
{
	if (c->who != NULL)
		return false;
	send_command(c, cmd);
	return true;
}

/* Roles first, so that a stranger learns nothing about forms. */
static bool
is_allowed(struct call **cp, const struct command *cmd)
{
	if (cmd->who == NULL || command_is_allowed(cmd))
		return true;
	call_problem(cp, 403, "forbidden", "a %s may not do this",
	    role_name(cmd->who->role));
	return false;
}

/* ---- Changes ------------------------------------------------------------ */

static void
change(struct call *c, enum intent_kind kind)
{
	struct command *cmd = command_of(c, CMD_CHANGE);
	struct form_faults faults = { 0 };

	cmd->intent.kind = kind;
	cmd->intent.at_ms = loop_wall_ms(api_conf_of(c)->loop);
	cmd->intent.by = c->who != NULL ? c->who->role : ROLE_TRACKING;
	if (kind == INTENT_ITEM_STATUS)
		cmd->intent.item_id = arena_dup(&cmd->arena,
		    c->match.param[2]);
	if (is_refused_anyway(c, cmd))
		return;
	if (!is_allowed(&c, cmd) || call_body(&c, &cmd->asked) != OW_OK) {
		command_free(&cmd);
		return;
	}
	if (intent_read(&cmd->intent, &cmd->arena, cmd->asked,
	    request_body(c->req), &faults) != OW_OK) {
		call_faults(&c, &faults);
		command_free(&cmd);
		return;
	}
	if (!take_repeat_key(&c, cmd)) {
		command_free(&cmd);
		return;
	}
	send_command(c, cmd);
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

/* A query parameter as a number; false: a fault was added. */
static bool
number_param(struct call *c, const char *name, int64_t dflt, int64_t min,
    int64_t max, int64_t *out, struct form_faults *faults)
{
	const char *text = request_param(c->req, name);
	char *end;
	long long value;

	*out = dflt;
	if (text == NULL)
		return true;
	value = strtoll(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || value < min ||
	    value > max || strlen(text) > 18) {
		form_fault(faults, name, "must be a number from %lld to %lld",
		    (long long)min, (long long)max);
		return false;
	}
	*out = value;
	return true;
}

static void
order_get(struct call *c)
{
	send_command(c, command_of(c, CMD_GET));
}

static void
order_tracking(struct call *c)
{
	send_command(c, command_of(c, CMD_TRACKING));
}

static void
order_events(struct call *c)
{
	struct command *cmd = command_of(c, CMD_EVENTS);
	struct form_faults faults = { 0 };
	int64_t since;

	(void)number_param(c, "since", 0, 0, INT64_MAX / 2, &since, &faults);
	(void)number_param(c, "limit", PAGE_DEFAULT, 1, PAGE_MAX, &cmd->limit,
	    &faults);
	cmd->since = (uint64_t)since;
	if (faults.n > 0) {
		call_faults(&c, &faults);
		command_free(&cmd);
		return;
	}
	send_command(c, cmd);
}

/* A cursor is an order's id in base64url: opaque enough, and harmless. */
static void
take_cursor(struct call *c, struct command *cmd, struct form_faults *faults)
{
	const char *text = request_param(c->req, "cursor");
	unsigned char id[ID_SIZE + 2];
	size_t n = text != NULL ? strlen(text) : 0, got;

	cmd->before = "~";		/* sorts behind every id */
	if (text == NULL)
		return;
	if (n == B64_SIZE(ID_SIZE - 1) - 1 &&
	    b64url_decode(text, n, id, &got) == OW_OK) {
		id[got] = '\0';
		if (id_is_valid((const char *)id)) {
			cmd->before = arena_dup(&cmd->arena, (char *)id);
			return;
		}
	}
	form_fault(faults, "cursor", "is not one that was given out");
}

static void
take_status(struct call *c, struct command *cmd, struct form_faults *faults)
{
	const char *text = request_param(c->req, "status");
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
	struct command *cmd = command_of(c, CMD_LIST);
	struct form_faults faults = { 0 };
	const char *customer = request_param(c->req, "customer_id");

	take_status(c, cmd, &faults);
	take_cursor(c, cmd, &faults);
	(void)number_param(c, "limit", PAGE_DEFAULT, 1, PAGE_MAX, &cmd->limit,
	    &faults);
	if (customer == NULL && c->who != NULL &&
	    c->who->role == ROLE_CUSTOMER)
		customer = c->who->sub;
	cmd->customer_id = arena_dup(&cmd->arena, customer);
	if (!is_allowed(&c, cmd)) {
		command_free(&cmd);
		return;
	}
	if (faults.n > 0) {
		call_faults(&c, &faults);
		command_free(&cmd);
		return;
	}
	send_command(c, cmd);
}

/* ---- Links and tickets -------------------------------------------------- */

static const struct form_field link_form[] = {
	{ "expires_in_s", FORM_INT, false, true, 60, LINK_TTL_MAX_S, NULL,
	    NULL },
	FORM_END,
};

static const struct form_field ticket_form[] = {
	{ "path", FORM_TEXT, true, false, 1, 200, NULL, NULL },
	FORM_END,
};

/* The body into cmd->asked, checked by the form; false: the call has ended. */
static bool
take_form(struct call **cp, struct command *cmd, const struct form_field *form)
{
	struct form_faults faults = { 0 };

	if (call_body(cp, &cmd->asked) != OW_OK)
		return false;
	if (form_check(cmd->asked, form, &faults) == OW_OK)
		return true;
	call_faults(cp, &faults);
	return false;
}

static void
link_new(struct call *c)
{
	struct command *cmd = command_of(c, CMD_LINK_NEW);
	bool empty = request_body(c->req).n == 0;

	if (is_refused_anyway(c, cmd))
		return;
	if (!is_allowed(&c, cmd) ||
	    (!empty && !take_form(&c, cmd, link_form)) ||
	    !take_repeat_key(&c, cmd)) {
		command_free(&cmd);
		return;
	}
	cmd->expires_in_ms = 1000 * json_get_int(cmd->asked, "expires_in_s",
	    0);
	send_command(c, cmd);
}

static void
link_revoke(struct call *c)
{
	struct command *cmd = command_of(c, CMD_LINK_REVOKE);

	cmd->link_id = arena_dup(&cmd->arena, c->match.param[2]);
	send_command(c, cmd);
}

static void
ticket_check(struct command *cmd, struct form_faults *faults)
{
	if (form_check(cmd->asked, ticket_form, faults) != OW_OK)
		return;
	cmd->path = json_get_text(cmd->asked, "path");
	if (strncmp(cmd->path, "/sse/", 5) != 0 &&
	    strncmp(cmd->path, "/ws/", 4) != 0)
		form_fault(faults, "path",
		    "must be a stream's: /sse/... or /ws/...");
}

/* Only the desk knows whether a tracking token is one; until then its bearer
   hears nothing of forms. */
static void
ticket_make(struct call *c)
{
	struct command *cmd = command_of(c, CMD_TICKET);
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
	if (!take_repeat_key(&c, cmd)) {
		command_free(&cmd);
		return;
	}
	cmd->faults = faults->n > 0 ? faults : NULL;
	send_command(c, cmd);
}

/* ---- The model ---------------------------------------------------------- */

static void
order_model(struct call *c)
{
	struct buf out = BUF_INIT(64 * 1024);

	order_model_write(&out);
	request_add_header(c->req, "Cache-Control", "max-age=300");
	call_answer_json(&c, 200, out.p, out.n);
	buf_done(&out);
}

#define ORDERS "/api/v1/{tenant}/orders"

const struct api_route api_order_routes[] = {
	{ "POST", ORDERS, false, order_create },
	{ "GET", ORDERS, false, order_list },
	{ "GET", ORDERS "/{id}", false, order_get },
	{ "GET", ORDERS "/{id}/tracking", false, order_tracking },
	{ "GET", ORDERS "/{id}/events", false, order_events },
	{ "POST", ORDERS "/{id}/events", false, order_event_add },
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
