/* SPDX-License-Identifier: MIT */
/*
 * share - tracking links and stream tickets: ways to look without a JWT.
 */
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "desk/room.h"

/* ---- A new link --------------------------------------------------------- */

struct new_link {
	struct command *c;
	char id[ID_SIZE];
};

static void
link_settled(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct new_link *n = arg;
	struct command *c = n->c;
	struct orders *o = c->orders;

	(void)txn;
	if (r->err == OW_ECONFLICT && c->repeat_key != NULL) {
		repeat_tell(o, c, desk_start_over);
		return;
	}
	if (r->err != OW_OK) {
		desk_answer_store(o, c, r->err);
		return;
	}
	desk_finish_link(o, c, n->id);
	desk_answer(o, c);
}

void
share_add_link(struct orders *o, struct txn *txn, const char *link_id,
    const char *tenant, const char *order_id, int64_t expires_ms)
{
	char hash[SHA256_HEX_SIZE];

	link_id_hash(&o->links, link_id, hash);
	txn_add(txn, Q_LINK_INSERT, 1, "ssssi", hash, link_id, tenant,
	    order_id, expires_ms);
	/* Nobody knows the token before the answer, so early is harmless. */
	links_keep(&o->links, hash, link_id, tenant, order_id, expires_ms,
	    false);
}

void
share_link(struct orders *o, struct command *c, struct entry *e)
{
	struct new_link *n = arena_alloc(&c->arena, sizeof(*n));
	int64_t now_ms = loop_wall_ms(o->loop);
	int64_t ttl_ms = c->expires_in_ms > 0 ? c->expires_in_ms :
	    settings_tenant(o->set, c->tenant)->link_ttl_ms;
	struct txn *txn;
	struct jw w;

	if (!desk_enter(o, c))
		return;
	n->c = c;
	id_new(&o->ids, now_ms, n->id);
	c->status = 201;
	c->answer_order = arena_dup(&c->arena, e->order->id);
	jw_init(&w, &c->body);
	jw_object(&w, NULL);
	jw_text(&w, "id", n->id);
	jw_time(&w, "expires_at", now_ms + ttl_ms);
	buf_char(&c->body, ',');
	txn = txn_new(o->journal);
	if (c->repeat_key != NULL)
		repeat_add(txn, c, n->id, now_ms);
	share_add_link(o, txn, n->id, e->order->tenant, e->order->id,
	    now_ms + ttl_ms);
	txn_send(&txn, link_settled, n);
}

/* ---- A link's end ------------------------------------------------------- */

struct revoke {
	struct command *c;
	char hash[SHA256_HEX_SIZE];
	char order_id[ID_SIZE];
};

static void
revoked(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct revoke *v = arg;
	struct command *c = v->c;
	struct orders *o = c->orders;
	uint32_t f;

	(void)txn;
	if (r->err == OW_ECONFLICT) {
		command_refuse(c, 404, "no_such_link",
		    "this order has no tracking link %s", c->link_id);
		desk_answer(o, c);
		return;
	}
	if (r->err != OW_OK) {
		desk_answer_store(o, c, r->err);
		return;
	}
	/* Kept even when it was not known: it may be on its way here as it was
	   before. */
	link_id_hash(&o->links, c->link_id, v->hash);
	(void)links_keep(&o->links, v->hash, c->link_id, c->tenant,
	    v->order_id, INT64_MAX, true);
	for (f = 0; f < o->n_hubs; f++)
		hub_tell_end(o->hubs[f], v->order_id, c->link_id,
		    OW_END_FORBIDDEN);
	c->status = 204;
	desk_answer(o, c);
}

void
share_revoke(struct orders *o, struct command *c, struct entry *e)
{
	struct revoke *v = arena_alloc(&c->arena, sizeof(*v));
	struct txn *txn = txn_new(o->journal);

	v->c = c;
	memcpy(v->order_id, e->order->id, ID_SIZE);
	txn_add(txn, Q_LINK_REVOKE, 1, "ss", v->order_id, c->link_id);
	txn_send(&txn, revoked, v);
}

/* ---- Tickets ------------------------------------------------------------ */

void
share_ticket(struct orders *o, struct command *c)
{
	const struct ticket *ticket;
	char *repeat = NULL;
	struct jw w;
	int err;

	if (c->repeat_key != NULL)
		repeat = mem_printf("%s\n%s", c->repeat_scope, c->repeat_key);
	err = ticket_new(&o->tickets, c->who, c->path, repeat,
	    c->repeat_hash, loop_now_ms(o->loop), &ticket);
	if (err == OW_ECONFLICT) {
		command_refuse(c, 422, "idempotency_key_reused",
		    "this Idempotency-Key was used for another request");
	} else if (err != OW_OK) {
		command_refuse(c, 503, "too_many_tickets",
		    "too many stream tickets are open");
		c->wait_ms = desk_retry_ms();
	} else {
		c->status = 201;
		jw_init(&w, &c->body);
		jw_object(&w, NULL);
		jw_text(&w, "ticket", ticket->text);
		jw_int(&w, "expires_in", TICKET_TTL_MS / 1000);
		jw_end(&w);
	}
	mem_wipe_free(&repeat);
	desk_answer(o, c);
}
