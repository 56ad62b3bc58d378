/* SPDX-License-Identifier: MIT */
/*
 * opt - a switch of somebody's preferences that somebody outside turned: the
 * link of a mail (RFC 8058), a STOP by SMS.
 *
 * It is a change of preferences like any other, with a version and
 * preferences.updated.  What is so already is done.  What the store can't take
 * now is for who asked to ask again: the mail's reader, or the outbox.
 */
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "desk/profile.h"
#include "desk/room.h"
#include "notify/unsubscribe.h"
#include "outbox/outbox.h"

static void
opt_step(struct orders *o, struct own *own, struct person *p)
{
	struct command *c = own->c;
	const struct opt *opt = c->opt;
	struct jw w;

	c->status = 200;
	jw_init(&w, &c->body);
	jw_object(&w, NULL);
	jw_text(&w, opt->in ? "subscribed" : "unsubscribed",
	    medium_name(opt->medium));
	jw_text(&w, "tenant", opt->tenant);
	jw_end(&w);
	if (p->prefs->media[opt->medium] == opt->in) {
		desk_answer(o, c);
		return;
	}
	prefs_free(&c->prefs);		/* of a try before */
	c->prefs = prefs_copy(p->prefs);
	prefs_set_medium(c->prefs, opt->medium, opt->in);
	profile_write(o, own, p);
}

void
opt_take(struct orders *o, struct command *c)
{
	struct own *own = own_new(c, opt_step);

	own->tenant = c->opt->tenant;
	own->sub = c->opt->sub;
	log_info("desk", "a switch is turned", LOG_STR("tenant",
	    c->opt->tenant), LOG_STR("medium", medium_name(c->opt->medium)),
	    LOG_STR("why", c->opt->why));
	own_start(o, own);
}

/* ---- By a link ---------------------------------------------------------- */

static struct opt *
opt_of_link(struct arena *a, const struct unsubscribe *u)
{
	struct opt *opt = arena_alloc(a, sizeof(*opt));

	opt->tenant = arena_dup(a, u->tenant);
	opt->sub = arena_dup(a, u->sub);
	opt->medium = u->medium;
	opt->why = "unsubscribed by link";
	return opt;
}

void
opt_unsubscribe(struct orders *o, struct command *c)
{
	char text[TOKEN_PAYLOAD_MAX + 1];
	struct unsubscribe u;

	if (c->opt == NULL && unsubscribe_open(&o->unsubscribe_key, c->token,
	    text, &u) == OW_OK)
		c->opt = opt_of_link(&c->arena, &u);
	if (c->opt == NULL || (c->tenant != NULL &&
	    strcmp(c->tenant, c->opt->tenant) != 0)) {
		desk_answer_token(o, c);
		return;
	}
	if (desk_enter(o, c))
		opt_take(o, c);
}

/* ---- From the outbox ---------------------------------------------------- */

static void
opt_done(struct command *c)
{
	struct opt *opt = c->opt;

	opt->err = c->status < 400 ? OW_OK : c->status == 503 ? OW_EAGAIN :
	    OW_EDENIED;
	if (opt->err == OW_EDENIED)
		log_error("desk", "a switch could not be turned",
		    LOG_STR("medium", medium_name(opt->medium)),
		    LOG_STR("why", opt->why), LOG_STR("detail", c->detail));
	command_free(&c);
	outbox_opted(opt);
}

void
orders_opt(void *arg, struct opt *opt)
{
	struct orders *o = arg;
	struct command *c = command_new(CMD_OPT, o->loop, opt_done, NULL);

	c->tenant = opt->tenant;
	c->opt = opt;
	orders_command(o, c);
}
