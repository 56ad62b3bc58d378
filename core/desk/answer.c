/* SPDX-License-Identifier: MIT */
/*
 * answer - how the desk's business with a command ends.
 *
 * A body is built, and stored under its Idempotency-Key, without its closing
 * braces: the secret part (a link's token) is appended when it is told, and
 * desk_answer closes what is open.
 */
#include <utlist.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/mem.h"
#include "desk/room.h"

int64_t
desk_retry_ms(void)
{
	return 1000 + (int64_t)crypto_random_below(4000);
}

/* How many braces a body of this kind still lacks. */
static int
open_braces(const struct command *c)
{
	switch (c->kind) {
	case CMD_CHANGE:
		return c->intent.kind == INTENT_CREATE ? 2 : 1;
	case CMD_GET:
	case CMD_LINK_NEW:
		return 1;
	default:
		return 0;
	}
}

bool
desk_enter(struct orders *o, struct command *c)
{
	if (c->repeat_key == NULL || repeat_enter(&o->repeats, c))
		return true;
	command_refuse(c, 409, "idempotency_in_flight",
	    "a request with this Idempotency-Key is still being worked on");
	desk_answer(o, c);
	return false;
}

void
desk_start_over(struct orders *o, struct command *c)
{
	repeat_leave(&o->repeats, c);
	DL_DELETE2(o->commands, c, desk_prev, desk_next);
	buf_clear(&c->body);
	desk_command(o, c);
}

void
desk_answer(struct orders *o, struct command *c)
{
	int i;

	repeat_leave(&o->repeats, c);
	DL_DELETE2(o->commands, c, desk_prev, desk_next);
	if (o->ending) {
		command_free(&c);
		return;
	}
	if (c->is_own) {
		c->done(c);		/* nobody waits for it elsewhere */
		return;
	}
	if (c->status < 400 && c->body.n > 0)
		for (i = open_braces(c); i > 0; i--)
			buf_char(&c->body, '}');
	OW_ASSERT(c->status != 0);
	loop_send(c->home, &c->mail);
}

void
desk_answer_store(struct orders *o, struct command *c, int err)
{
	if (err == OW_ELIMIT)
		command_refuse(c, 503, "store_full",
		    "the store has no room; nothing was written");
	else if (!o->store_up)
		command_refuse(c, 503, "store_away", "the store is away: %s",
		    o->store_why);
	else
		command_refuse(c, 503, "store_away",
		    "the store did not take this now; try again");
	c->wait_ms = desk_retry_ms();
	desk_answer(o, c);
}

void
desk_answer_done(struct orders *o, struct command *c)
{
	c->status = 204;
	buf_clear(&c->body);
	desk_answer(o, c);
}

void
desk_answer_absent(struct orders *o, struct command *c, const char *code,
    const char *what)
{
	command_refuse(c, 404, code, "there is no such %s", what);
	desk_answer(o, c);
}

void
desk_answer_token(struct orders *o, struct command *c)
{
	command_refuse(c, 401, "token_invalid",
	    "this token is not, or no longer, good");
	desk_answer(o, c);
}

void
desk_write_cursor(struct jw *w, const char *id)
{
	char cursor[B64_SIZE(ID_SIZE)];

	if (id == NULL) {
		jw_null(w, "next_cursor");
		return;
	}
	b64url_encode(id, ID_SIZE - 1, cursor);
	jw_text(w, "next_cursor", cursor);
}

void
desk_refuse(struct command *c, const struct refusal *no)
{
	int status = no->err == OW_ECONFLICT ? 409 :
	    no->err == OW_EDENIED ? 403 : no->err == OW_ENOENT ? 404 : 422;

	command_refuse(c, status, no->code, "%s", no->detail);
}

void
desk_answer_order(struct command *c, int status, const struct order *order)
{
	struct jw w;

	c->status = status;
	c->seq = order->seq;
	c->answer_order = arena_dup(&c->arena, order->id);
	buf_str(&c->body, "{\"order\":");
	jw_init(&w, &c->body);
	order_write(&w, NULL, order);
}

void
desk_finish_link(struct orders *o, struct command *c, const char *link_id)
{
	link_write(&o->links, o->public_url, c->answer_order, link_id,
	    &c->body);
}
