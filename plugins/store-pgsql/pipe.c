/* SPDX-License-Identifier: MIT */
/*
 * pipe - the queue before the connection, and the groups inside of it.
 *
 * Changes are sent in groups of `batch`, at most `inflight` groups at once.
 * Questions go alone, before changes that wait.  A group that failed is
 * repeated in two: the member that failed, and the others; if those fail
 * again, each by itself.  So one bad change costs two more commits, and many
 * bad ones no more than a commit each.
 *
 * Groups behind one that failed are not held back.  That is right because
 * nobody sends a change of an order while another one of it is on its way.
 */
#include "pgsql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGS_MAX 31		/* one place is for the rows expected */
#define PROBE_MS 1000

static void
list_init(struct group_list *l)
{
	l->head = NULL;
	l->tail = &l->head;
	l->n = 0;
}

static void
list_push(struct group_list *l, struct group *g)
{
	g->next = NULL;
	*l->tail = g;
	l->tail = &g->next;
	l->n++;
}

static struct group *
list_pop(struct group_list *l)
{
	struct group *g = l->head;

	if (!g)
		return NULL;
	l->head = g->next;
	if (!l->head)
		l->tail = &l->head;
	l->n--;
	return g;
}

void
pipe_init(struct pgsql *p)
{
	list_init(&p->reads);
	list_init(&p->writes);
	list_init(&p->sent);
}

bool
pipe_is_idle(const struct pgsql *p)
{
	return !p->reads.head && !p->writes.head && !p->sent.head;
}

static void
txn_refuse(struct pgsql *p, const struct ow_txn *txn, int32_t err,
    const char *why)
{
	struct ow_result result = { .size = sizeof(result), .err = err,
	    .detail = why };

	p->host->store->settle(p->ctx, txn, &result);
}

static bool
txn_is_sound(const struct pgsql *p, const struct ow_txn *txn)
{
	const struct ow_host_store *h = p->host->store;
	uint32_t i, k;

	for (i = 0; i < txn->n_ops; i++) {
		if (txn->ops[i].stmt >= h->n_stmts ||
		    txn->ops[i].n_args > ARGS_MAX ||
		    txn->ops[i].n_args != h->stmts[txn->ops[i].stmt].n_params)
			return false;
		for (k = 0; k < txn->ops[i].n_args; k++)
			if (txn->ops[i].args[k].text.n > INT32_MAX &&
			    txn->ops[i].args[k].type == OW_V_TEXT)
				return false;
	}
	return txn->n_ops > 0;
}

static void
pipe_queue(struct pgsql *p, struct group_list *l,
    enum group_kind kind, const struct ow_txn *const *txns, uint32_t n)
{
	struct group *g = group_make(kind, txns, n);
	uint32_t i;

	if (g) {
		list_push(l, g);
		return;
	}
	for (i = 0; i < n; i++)
		txn_refuse(p, txns[i], OW_EAGAIN, "out of memory");
}

void
pipe_add(struct pgsql *p, const struct ow_txn *const *txns, uint32_t n)
{
	const struct ow_txn *batch[BATCH_MAX];
	uint32_t n_batch = 0, i;

	for (i = 0; i < n; i++) {
		if (p->state != LINK_UP) {
			txn_refuse(p, txns[i], OW_EAGAIN, p->why);
		} else if (!txn_is_sound(p, txns[i])) {
			txn_refuse(p, txns[i], OW_EIO,
			    "the transaction is malformed");
		} else if (txns[i]->reads) {
			pipe_queue(p, &p->reads, GROUP_READ, &txns[i], 1);
		} else {
			batch[n_batch++] = txns[i];
			if (n_batch < p->conf->batch)
				continue;
			pipe_queue(p, &p->writes, GROUP_WRITE, batch,
			    n_batch);
			n_batch = 0;
		}
	}
	if (n_batch > 0)
		pipe_queue(p, &p->writes, GROUP_WRITE, batch, n_batch);
}

void
pipe_send(struct pgsql *p)
{
	struct group *g;
	char why[200];

	if (p->state != LINK_UP)
		return;
	while (p->sent.n < p->conf->inflight &&
	    (p->reads.head || p->writes.head)) {
		g = list_pop(p->reads.head ? &p->reads : &p->writes);
		if (!p->sent.head)
			p->heard_ms = p->host->base->now_ms(p->ctx);
		list_push(&p->sent, g);
		if (!group_send(p, g)) {
			link_error(p->conn, why, sizeof(why));
			link_lost(p, why);
			return;
		}
	}
	link_flush(p);
}

/* ---- A full disk -------------------------------------------------------- */

static void
pipe_on_probe(void *arg)
{
	static const char sql[] =
	    "INSERT INTO store_probe (pad) VALUES (repeat('x', 65536))";
	struct pgsql *p = arg;
	struct group *g;

	p->probe = NULL;
	if (p->state != LINK_UP)
		return;		/* it says what it can do when it is back */
	g = group_make(GROUP_PROBE, NULL, 0);
	if (!g)
		return;
	if (!p->sent.head)
		p->heard_ms = p->host->base->now_ms(p->ctx);
	list_push(&p->sent, g);
	if (!PQsendQueryParams(p->conn, sql, 0, NULL, NULL, NULL, NULL, 0) ||
	    !PQsendQueryParams(p->conn, "DELETE FROM store_probe", 0, NULL,
	    NULL, NULL, NULL, 0) || !PQpipelineSync(p->conn))
		link_lost(p, "the connection broke");
	else
		link_flush(p);
}

static void
pipe_note_full(struct pgsql *p, const struct group *g)
{
	if (g->err != OW_ELIMIT) {
		if (g->err || g->kind == GROUP_READ || !p->is_full)
			return;
		p->is_full = false;
		p->host->base->timer_cancel(p->ctx, &p->probe);
		pgsql_say(p, true, "writes succeed again");
		return;
	}
	p->is_full = true;
	pgsql_say(p, false, g->why);
	if (!p->probe)
		p->probe = p->host->base->timer_start(p->ctx, PROBE_MS,
		    pipe_on_probe, p);
}

/* ---- Answers ------------------------------------------------------------ */

/* The members [from, to) that are, or are not, number `culprit`. */
static void
pipe_repeat(struct pgsql *p, const struct group *g,
    struct group_list *l, uint32_t from, uint32_t to, uint32_t leave_out)
{
	const struct ow_txn *txns[BATCH_MAX] = { NULL };
	struct group *part;
	uint32_t n = 0, i;

	for (i = from; i < to; i++)
		if (i != leave_out)
			txns[n++] = g->txns[i];
	part = group_make(g->kind, txns, n);
	if (part) {
		part->is_repeat = true;
		list_push(l, part);
		return;
	}
	for (i = 0; i < n; i++)
		txn_refuse(p, txns[i], OW_EAGAIN, "out of memory");
}

/* A group of several failed, and all of it was rolled back. */
static void
pipe_split(struct pgsql *p, const struct group *g)
{
	uint32_t culprit, op, i;
	struct group_list parts;
	struct group *last = NULL, *part;

	list_init(&parts);
	p->host->base->add(p->ctx, PGSQL_M_REPEATED, 1);
	culprit = group_culprit(g, &op);
	if (g->is_repeat) {
		for (i = 0; i < g->n_txns; i++)
			pipe_repeat(p, g, &parts, i, i + 1, UINT32_MAX);
	} else {
		pipe_repeat(p, g, &parts, culprit, culprit + 1, UINT32_MAX);
		pipe_repeat(p, g, &parts, 0, g->n_txns, culprit);
	}
	/* Before all that wait, in their own order. */
	for (part = parts.head; part; part = part->next)
		last = part;
	if (!last)
		return;
	last->next = p->writes.head;
	if (!p->writes.head)
		p->writes.tail = &last->next;
	p->writes.head = parts.head;
	p->writes.n += parts.n;
}

/* A Sync was answered: what is not failed is durable. */
static void
pipe_on_sync(struct pgsql *p)
{
	struct group *g = list_pop(&p->sent);

	switch (g->kind) {
	case GROUP_SETUP:
		link_set_up(p, g);
		break;
	case GROUP_READ:
	case GROUP_WRITE:
		if (g->err && g->n_txns > 1 && g->err != OW_ELIMIT)
			pipe_split(p, g);
		else
			group_settle(p, g);
		pipe_note_full(p, g);
		break;
	case GROUP_PROBE:
		if (g->err)
			g->err = OW_ELIMIT;	/* still */
		pipe_note_full(p, g);
		break;
	}
	group_free(&g);
}

/* The server says goodbye, or is one that must not be written to. */
static bool
result_ends_link(const PGconn *conn, const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	return PQstatus(conn) == CONNECTION_BAD || (state &&
	    (!strncmp(state, "57P", 3) || !strcmp(state, "25006")));
}

/* false: nothing more has arrived, or the link is lost. */
static bool
pipe_read_one(struct pgsql *p)
{
	char why[200];
	PGresult *r = NULL;
	int empty;

	/* NULL ends the results of one statement, and may come twice. */
	for (empty = 0; !r && empty < 3; empty++) {
		if (!p->sent.head || PQisBusy(p->conn))
			return false;
		r = PQgetResult(p->conn);
	}
	if (!r)
		return false;
	p->heard_ms = p->host->base->now_ms(p->ctx);
	if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
		PQclear(r);
		pipe_on_sync(p);
		return p->conn != NULL;
	}
	if (PQresultStatus(r) == PGRES_FATAL_ERROR &&
	    result_ends_link(p->conn, r)) {
		(void)snprintf(why, sizeof(why), "%.*s",
		    (int)strcspn(PQresultErrorMessage(r), "\n"),
		    PQresultErrorMessage(r));
		PQclear(r);
		link_lost(p, why);
		return false;
	}
	group_answer(p, p->sent.head, &r);
	return true;
}

void
pipe_read(struct pgsql *p)
{
	while (pipe_read_one(p))
		;
	pipe_send(p);
	if (p->is_draining && pipe_is_idle(p)) {
		p->is_draining = false;
		p->host->base->drained(p->ctx);
	}
}

/* ---- The end of a connection -------------------------------------------- */

void
pipe_give_up(struct pgsql *p, const char *why)
{
	struct group_list sent = p->sent, *queues[] = { &p->reads, &p->writes };
	struct group *g, *next;
	size_t i;

	list_init(&p->sent);
	for (g = sent.head; g; g = next) {
		next = g->next;
		/* A failed one was rolled back; an answer alone proves
		   nothing: the commit is the Sync's. */
		if (g->kind == GROUP_WRITE && !g->err)
			group_settle_all(p, g, OW_EIO,
			    "the connection broke: unknown whether written");
		else
			group_settle_all(p, g, OW_EAGAIN, why);
		group_free(&g);
	}
	for (i = 0; i < 2; i++)
		while ((g = list_pop(queues[i]))) {
			group_settle_all(p, g, OW_EAGAIN, why);
			group_free(&g);
		}
}

void
pipe_done(struct pgsql *p)
{
	struct group_list *lists[] = { &p->reads, &p->writes, &p->sent };
	struct group *g;
	size_t i;

	for (i = 0; i < 3; i++)
		while ((g = list_pop(lists[i])))
			group_free(&g);
}
