/* SPDX-License-Identifier: MIT */
/*
 * call - from a call to a command, and from its answer to the response.
 *
 * What is the same for every call that the desk answers stands here once; what
 * a call is about, its own file knows.
 */
#include "api/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/loop.h"
#include "base/mem.h"
#include "desk/orders.h"
#include "http/problem.h"

#define REPEAT_KEY_MAX 255
#define PROBLEM_MAX 8192
#define LOCATION_MAX 512	/* a tenant's name may be encoded in it */

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

/* Does the answer show the one state that its seq stands for? */
static bool
has_tag(const struct command *cmd)
{
	switch (cmd->kind) {
	case CMD_CHANGE:
		return cmd->seq > 0 && cmd->intent.kind != INTENT_EVENT;
	case CMD_LINK_NEW:
		return false;
	default:
		return cmd->seq > 0 || cmd->has_etag;
	}
}

/* One segment of a path (RFC 3986, 3.3). */
static void
put_segment(struct buf *out, const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@";

	for (; *s != '\0'; s++)
		if (strchr(plain, *s) != NULL)
			buf_char(out, *s);
		else
			buf_printf(out, "%%%02X", (unsigned char)*s);
}

static void
tell_success(struct call *c, const struct command *cmd)
{
	struct answer answer = {
		.status = cmd->status,
		.body = { cmd->body.p, cmd->body.n },
	};
	struct buf path = BUF_INIT(LOCATION_MAX);
	char tag[32];

	if (has_tag(cmd)) {
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
		buf_str(&path, "/api/v1/");
		put_segment(&path, cmd->tenant);
		buf_printf(&path, "/orders/%s", cmd->answer_order);
		request_add_header(c->req, "Location", path.p);
	}
	if (answer.body.n > 0)
		answer.content_type = "application/json";
	request_add_header(c->req, "Cache-Control", "no-store");
	request_answer(&c->req, &answer);
	buf_done(&path);
}

void
call_answered(struct command *cmd)
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

struct command *
call_command(struct call *c, enum command_kind kind)
{
	struct command *cmd = command_new(kind, api_conf_of(c)->loop,
	    call_answered, c);

	if (c->who != NULL)
		cmd->who = who_ref(c->who);
	cmd->tracking_token = arena_dup(&cmd->arena, c->tracking_token);
	cmd->tenant = arena_dup(&cmd->arena, c->match.param[0]);
	if (c->match.n_params > 1)
		cmd->order = arena_dup(&cmd->arena, c->match.param[1]);
	return cmd;
}

void
call_send(struct call *c, struct command *cmd)
{
	orders_command(api_conf_of(c)->orders, cmd);
}

bool
call_is_refused_anyway(struct call *c, struct command *cmd)
{
	if (c->who != NULL)
		return false;
	call_send(c, cmd);
	return true;
}

bool
call_is_allowed(struct call **cp, const struct command *cmd)
{
	if (cmd->who == NULL || command_is_allowed(cmd))
		return true;
	call_problem(cp, 403, "forbidden", "a %s may not do this",
	    role_name(cmd->who->role));
	return false;
}

/* Whose keys these are: a role and its subject; who has no name is known by
   the token that speaks for them. */
static const char *
repeat_owner(const struct call *c, const struct command *cmd,
    const char **out_role)
{
	*out_role = c->who != NULL ? role_name(c->who->role) :
	    c->tracking_token != NULL ? "tracking" : "token";
	return c->who != NULL ? c->who->sub : c->tracking_token != NULL ?
	    c->tracking_token : cmd->token;
}

bool
call_take_repeat_key(struct call **cp, struct command *cmd)
{
	struct call *c = *cp;
	const char *key = request_header(c->req, "Idempotency-Key"), *role;
	const char *sub = repeat_owner(c, cmd, &role);
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
	buf_printf(&all, "%s\n%s\n%s", cmd->tenant, role, sub);
	crypto_sha256_hex(all.p, all.n, hash);
	cmd->repeat_scope = arena_dup(&cmd->arena, hash);
	mem_wipe(all.p, all.n);		/* perhaps with a token */
	buf_done(&all);
	return true;
}

bool
call_take_form(struct call **cp, struct command *cmd,
    const struct form_field *form)
{
	struct form_faults faults = { 0 };

	if (call_body(cp, &cmd->asked) != OW_OK)
		return false;
	if (form_check(cmd->asked, form, &faults) == OW_OK)
		return true;
	call_faults(cp, &faults);
	return false;
}

/* ---- Parameters of lists ------------------------------------------------ */

const char *
call_param(struct call *c, const char *name)
{
	const char *text = request_param(c->req, name);

	return text != NULL && *text != '\0' ? text : NULL;
}

void
call_number(struct call *c, const char *name, int64_t dflt, int64_t min,
    int64_t max, int64_t *out, struct form_faults *faults)
{
	const char *text = call_param(c, name);
	char *end;
	long long value;

	*out = dflt;
	if (text == NULL)
		return;
	value = strtoll(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || value < min ||
	    value > max || strlen(text) > 18)
		form_fault(faults, name, "must be a number from %lld to %lld",
		    (long long)min, (long long)max);
	else
		*out = value;
}

void
call_page_limit(struct call *c, int64_t *out, struct form_faults *faults)
{
	call_number(c, "limit", PAGE_DEFAULT, 1, PAGE_MAX, out, faults);
}

/* A cursor is an id in base64url: opaque enough, and harmless. */
const char *
call_cursor(struct call *c, struct arena *arena, struct form_faults *faults)
{
	const char *text = call_param(c, "cursor");
	unsigned char id[ID_SIZE + 2];
	size_t n = text != NULL ? strlen(text) : 0, got;

	if (text == NULL)
		return "~";
	if (n == B64_SIZE(ID_SIZE - 1) - 1 &&
	    b64url_decode(text, n, id, &got) == OW_OK) {
		id[got] = '\0';
		if (id_is_valid((const char *)id))
			return arena_dup(arena, (char *)id);
	}
	form_fault(faults, "cursor", "is not one that was given out");
	return "~";
}
