/* SPDX-License-Identifier: MIT */
/*
 * command - making and ending commands; deciding is orders' business.
 */
#include "desk/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "notify/prefs.h"
#include "order/route.h"
#include "outbox/outbox.h"

#define ANSWER_MAX (64u << 20)	/* a list of 200 full orders stays below */

struct command *
command_new(enum command_kind kind, struct loop *home,
    void (*done)(struct command *), void *arg)
{
	struct command *c = mem_alloc(sizeof(*c));

	arena_init(&c->arena);
	c->kind = kind;
	c->if_match = c->body_version = -1;
	c->home = home;
	c->done = done;
	c->arg = arg;
	buf_init(&c->body, ANSWER_MAX);
	return c;
}

void
command_free(struct command **cp)
{
	struct command *c = *cp;

	if (c == NULL)
		return;
	if (c->change != NULL)
		change_done(c->change);
	who_unref(&c->who);
	route_unref(&c->intent.route);
	prefs_free(&c->prefs);
	json_free(&c->asked);
	buf_done(&c->body);
	arena_done(&c->arena);
	free(c);
	*cp = NULL;
}

void
command_refuse(struct command *c, int status, const char *code,
    const char *fmt, ...)
{
	va_list ap;

	c->status = status;
	c->code = code;
	buf_clear(&c->body);
	va_start(ap, fmt);
	(void)vsnprintf(c->detail, sizeof(c->detail), fmt, ap);
	va_end(ap);
}

/* ---- Who may give which command ----------------------------------------- */

static bool
may_change(const struct command *c)
{
	switch (c->intent.kind) {
	case INTENT_CREATE:
	case INTENT_DELIVERY:
	case INTENT_EVENT:
		return who_may_serve(c->who);
	default:
		return who_may_cook(c->who);
	}
}

static bool
may_get(const struct command *c)
{
	return c->who->role != ROLE_TRACKING;
}

static bool
may_look(const struct command *c)
{
	return c->who->role != ROLE_NONE;
}

/* Customers list their own; asking for somebody else's is refused. */
static bool
may_list(const struct command *c)
{
	if (who_may_cook(c->who))
		return true;
	return c->who->role == ROLE_CUSTOMER && c->customer_id != NULL &&
	    strcmp(c->customer_id, c->who->sub) == 0;
}

static bool
may_share(const struct command *c)
{
	return who_may_serve(c->who) || c->who->role == ROLE_CUSTOMER;
}

/* What is a person's own: nobody has another's. */
static bool
may_own(const struct command *c)
{
	return c->who->role == ROLE_CUSTOMER && c->who->sub[0] != '\0';
}

static bool
may_trace(const struct command *c)
{
	return who_may_serve(c->who);
}

static bool
may_manage(const struct command *c)
{
	return who_is_admin(c->who);
}

/* The token in it says what it may, when it is opened. */
static bool
may_by_token(const struct command *c)
{
	(void)c;
	return true;
}

static bool (*const may[CMD_KIND_COUNT])(const struct command *) = {
	[CMD_CHANGE] = may_change,
	[CMD_GET] = may_get,
	[CMD_TRACKING] = may_look,
	[CMD_EVENTS] = may_look,
	[CMD_LIST] = may_list,
	[CMD_LINK_NEW] = may_share,
	[CMD_LINK_REVOKE] = may_share,
	[CMD_TICKET] = may_look,
	[CMD_NOTICES] = may_own,
	[CMD_NOTICE_READ] = may_own,
	[CMD_NOTICES_READ] = may_own,
	[CMD_NOTICE_REMOVE] = may_own,
	[CMD_NOTICES_REMOVE] = may_own,
	[CMD_PREFS_GET] = may_own,
	[CMD_PREFS_PUT] = may_own,
	[CMD_PUSH_ADD] = may_own,
	[CMD_PUSH_REMOVE] = may_own,
	[CMD_RECEIPT] = may_by_token,
	[CMD_UNSUBSCRIBE] = may_by_token,
	[CMD_OPT] = may_by_token,
	[CMD_NOTICE_FORGOTTEN] = may_by_token,
	[CMD_JOURNEY] = may_trace,
	[CMD_ESTIMATES] = may_manage,
};

bool
command_is_allowed(const struct command *c)
{
	return may[c->kind](c);
}
