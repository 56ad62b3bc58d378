/* SPDX-License-Identifier: MIT */
/*
 * push - the devices a person wants to be reached on, and what these devices
 * tell about notices that arrived.
 *
 * An address goes to its channel first, which knows what a good one is; only
 * then does the desk hear of it.
 */
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "base/json.h"
#include "base/mem.h"
#include "notify/token.h"
#include "outbox/outbox.h"

#define ENDPOINT_MAX 2048
#define KEY_MAX 256
#define DEVICE_TOKEN_MAX 4000
#define KIND_MAX 40

/* ---- A subscription ----------------------------------------------------- */

static const struct form_field channel_form[] = {
	{ "channel", FORM_TEXT, false, true, 1, KIND_MAX, NULL, NULL },
	FORM_END,
};

static const struct form_field webpush_keys[] = {
	{ "p256dh", FORM_TEXT, true, false, 1, KEY_MAX, NULL, NULL },
	{ "auth", FORM_TEXT, true, false, 1, KEY_MAX, NULL, NULL },
	FORM_END,
};

/* PushSubscription.toJSON() of the Push API. */
static const struct form_field webpush_form[] = {
	{ "endpoint", FORM_TEXT, true, false, 1, ENDPOINT_MAX, NULL, NULL },
	{ "expirationTime", FORM_REAL, false, true, 0, 0, NULL, NULL },
	{ "keys", FORM_OBJECT, true, false, 0, 0, NULL, webpush_keys },
	FORM_END,
};

static const struct form_field token_form[] = {
	{ "token", FORM_TEXT, true, false, 1, DEVICE_TOKEN_MAX, NULL, NULL },
	FORM_END,
};

struct subscribing {
	struct address_check check;
	struct call *c;
	struct command *cmd;
};

static void
no_channel(struct call **cp, const char *kind)
{
	call_problem(cp, 422, "no_channel",
	    "nothing is sent by %s here", kind);
}

static void
address_refused(struct call **cp, const struct address_check *check)
{
	struct form_faults faults = { 0 };

	if (check->err == OW_ENOENT) {
		no_channel(cp, check->kind);
	} else if (check->err == OW_EINVAL || check->err == OW_EDENIED) {
		form_fault(&faults, strcmp(check->kind, "webpush") == 0 ?
		    "endpoint" : "token", "%.120s", check->fault.text);
		call_faults(cp, &faults);
	} else {
		call_problem(cp, 503, NULL, "the address can't be checked now");
	}
}

static void
address_checked(struct address_check *check)
{
	struct subscribing *s = (struct subscribing *)check;
	struct call *c = s->c;
	struct command *cmd = s->cmd;
	struct ow_address *address;

	if (check->err == OW_OK) {
		address = arena_alloc(&cmd->arena, sizeof(*address));
		*address = check->address;
		cmd->address = address;
		cmd->address_kind = check->kind;
		call_send(c, cmd);
	} else {
		address_refused(&c, check);
		command_free(&cmd);
	}
	mem_wipe(&s->check.address, sizeof(s->check.address));
	free(s);
}

/* What the kind's channel is to look at: its own words for an address. */
static const char *
wanted_of(struct command *cmd, const char *kind)
{
	struct buf out = BUF_INIT(16384);
	const char *wanted;

	if (strcmp(kind, "webpush") != 0)
		return json_get_text(cmd->asked, "token");
	json_dump(cmd->asked, &out);
	wanted = arena_dupn(&cmd->arena, out.p, out.n);
	buf_done(&out);
	return wanted;
}

static void
check_address(struct call *c, struct command *cmd, const char *kind)
{
	struct outbox *outbox = api_conf_of(c)->outbox;
	struct subscribing *s;

	if (outbox == NULL) {
		no_channel(&c, kind);
		command_free(&cmd);
		return;
	}
	s = mem_alloc(sizeof(*s));
	s->c = c;
	s->cmd = cmd;
	s->check.outbox = outbox;
	s->check.home = api_conf_of(c)->loop;
	s->check.tenant = cmd->tenant;
	s->check.kind = kind;
	s->check.wanted = wanted_of(cmd, kind);
	s->check.done = address_checked;
	outbox_check(outbox, &s->check);
}

/* Ours by their names, also where nothing is sent by them; those of other
   plugins where they run. */
static bool
is_push(struct call *c, const struct command *cmd, const char *kind)
{
	const struct outbox *outbox = api_conf_of(c)->outbox;

	return strcmp(kind, "webpush") == 0 || strcmp(kind, "fcm") == 0 ||
	    (outbox != NULL && outbox_is_push(outbox, kind, cmd->tenant));
}

static void
subscribe(struct call *c)
{
	struct command *cmd = call_command(c, CMD_PUSH_ADD);
	struct form_faults faults = { 0 };
	const char *kind;

	if (call_is_refused_anyway(c, cmd))
		return;
	if (!call_is_allowed(&c, cmd) ||
	    !call_take_form(&c, cmd, channel_form)) {
		command_free(&cmd);
		return;
	}
	kind = json_get_text(cmd->asked, "channel");
	kind = kind != NULL ? kind : "webpush";
	if (!is_push(c, cmd, kind))
		form_fault(&faults, "channel", "there is no way to a device "
		    "by that name");
	else
		(void)form_check(cmd->asked, strcmp(kind, "webpush") == 0 ?
		    webpush_form : token_form, &faults);
	if (faults.n > 0) {
		call_faults(&c, &faults);
		command_free(&cmd);
		return;
	}
	if (!call_take_repeat_key(&c, cmd)) {
		command_free(&cmd);
		return;
	}
	check_address(c, cmd, kind);
}

static void
unsubscribe(struct call *c)
{
	struct command *cmd = call_command(c, CMD_PUSH_REMOVE);

	cmd->item = cmd->order;
	call_send(c, cmd);
}

static void
public_key(struct call *c)
{
	const struct outbox *outbox = api_conf_of(c)->outbox;
	const char *key = outbox != NULL ? outbox_public_key(outbox) : NULL;
	struct buf out = BUF_INIT(1024);
	struct jw w;

	if (key == NULL) {
		call_problem(&c, 404, "no_channel",
		    "nothing is sent by webpush here");
		return;
	}
	jw_init(&w, &out);
	jw_object(&w, NULL);
	jw_text(&w, "public_key", key);
	jw_end(&w);
	request_add_header(c->req, "Cache-Control", "max-age=300");
	call_answer_json(&c, 200, out.p, out.n);
	buf_done(&out);
}

/* ---- Receipts ----------------------------------------------------------- */

static const char *const receipt_events[] = { "displayed", "clicked",
    "dismissed", NULL };

static const struct form_field receipt_form[] = {
	{ "token", FORM_TEXT, true, false, 1, TOKEN_TEXT_SIZE, NULL, NULL },
	{ "event", FORM_ENUM, true, false, 0, 0, receipt_events, NULL },
	FORM_END,
};

/* A service worker has no token of a person: that in the body speaks for the
   one notice it came with. */
static void
receipt(struct call *c)
{
	struct command *cmd = call_command(c, CMD_RECEIPT);

	if (!call_take_form(&c, cmd, receipt_form)) {
		command_free(&cmd);
		return;
	}
	cmd->token = json_get_text(cmd->asked, "token");
	cmd->receipt = json_get_text(cmd->asked, "event");
	if (!call_take_repeat_key(&c, cmd)) {
		command_free(&cmd);
		return;
	}
	call_send(c, cmd);
}

#define PUSH "/api/v1/{tenant}/push-subscriptions"

const struct api_route api_push_routes[] = {
	{ "POST", PUSH, false, subscribe },
	{ "GET", PUSH "/key", true, public_key },
	{ "DELETE", PUSH "/{id}", false, unsubscribe },
	{ "POST", "/api/v1/{tenant}/receipts", true, receipt },
	{ NULL, NULL, false, NULL },
};
