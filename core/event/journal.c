/* SPDX-License-Identifier: MIT */
/*
 * journal - transactions on their way to the store and back.
 *
 * They gather at home and travel in chains.  At the end of a turn of home's
 * the questions go over as one letter, and the changes as another once it is
 * time for a batch; on the store's loop the answers gather the same way and
 * come home as one letter.  So a batch costs one wake there and one back,
 * however many are in it.  A chain needs no memory: its first member's mail
 * is the letter.  The store has at most BATCHES_MAX batches in hand; what is
 * sent meanwhile makes the next one bigger.
 *
 * This file does not know what a change means, and does not repeat one that
 * failed: who asked decides.
 *
 * Several journals may hand to one store: a transaction knows its own, and the
 * store's state goes along the chain that begins at the first.
 *
 * Invariants: a transaction that was sent is in `live` until its done() is
 * called.  A transaction, with its arena, belongs to the loop where it is,
 * and the mailboxes hand it over: the answer is copied into it on the store's
 * loop, so home touches nothing of the store.  `state_lock` guards only what
 * the store says of itself.
 */
#include "event/journal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/mem.h"
#include "base/metric.h"
#include "base/trace.h"
#include "event/group.h"
#include "event/txn.h"
#include "plugin/plugin.h"

/* One is committed and one is ready behind it. */
#define BATCHES_MAX 2

enum {
	M_CHANGES, M_READS, M_COMMITS, M_CONFLICTS, M_AWAY, M_NO_ROOM,
	M_FAILED, M_REFUSED, M_QUEUE, M_COMMIT_MS,
};

static const struct ow_metric journal_metrics[] = {
	{ "changes_total", OW_COUNTER, "Changes that are durable." },
	{ "reads_total", OW_COUNTER, "Questions the store answered." },
	{ "commits_total", OW_COUNTER,
	    "Batches of changes handed to the store." },
	{ "conflicts_total", OW_COUNTER,
	    "Changes that lost a compare-and-set." },
	{ "away_total", OW_COUNTER,
	    "Transactions not done because the store was away." },
	{ "no_room_total", OW_COUNTER,
	    "Transactions not done because the store was full." },
	{ "failed_total", OW_COUNTER, "Transactions that failed otherwise." },
	{ "refused_total", OW_COUNTER,
	    "Transactions refused because too many were waiting." },
	{ "queue", OW_GAUGE, "Transactions on their way." },
	{ "commit", OW_HISTOGRAM_MS,
	    "From handing a change to the store to its answer." },
	OW_METRICS_END
};

struct txn_queue {
	struct txn *head, **tail;
	uint32_t n;
};

struct journal {
	struct journal_conf conf;
	struct journal *beside;		/* the next one of the same store */
	struct metric_set *metrics;
	struct ow_ctx *ctx;
	const struct ow_store *store;
	void *self;

	/* Home's. */
	struct txn_queue reads, writes, refused;
	struct txn *live;
	uint32_t queued;		/* of them, those not refused */
	uint32_t writes_in_store;
	uint32_t in_hand[BATCHES_MAX];	/* changes left of each batch; 0:
					   the place is free */
	struct group group;
	int64_t oldest_ms, batch_ms;	/* first of `writes`; the last batch */
	struct loop_timer *timer;
	struct turn_hook turn;

	/* The store loop's. */
	struct txn_queue answers;
	struct turn_hook answers_turn;
	const struct ow_txn *batch[GROUP_MAX];

	/* Anybody's, under the lock. */
	pthread_mutex_t state_lock;
	struct mail state_mail;
	bool has_state, is_state_sent, is_up;
	char why[256];
};

static int64_t
journal_clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
journal_count(struct journal *j, uint32_t metric, int64_t n)
{
	if (j->metrics)
		metric_add(j->metrics, metric, n);
}

static void
queue_init(struct txn_queue *q)
{
	q->head = NULL;
	q->tail = &q->head;
	q->n = 0;
}

static void
queue_push(struct txn_queue *q, struct txn *t)
{
	t->next = NULL;
	*q->tail = t;
	q->tail = &t->next;
	q->n++;
}

static struct txn *
queue_pop(struct txn_queue *q)
{
	struct txn *t = q->head;

	q->head = t->next;
	if (!q->head)
		q->tail = &q->head;
	q->n--;
	t->next = NULL;
	return t;
}

/* All of it, as a chain. */
static struct txn *
queue_take(struct txn_queue *q)
{
	struct txn *all = q->head;

	queue_init(q);
	return all;
}

static void
chain_send(struct loop *to, struct txn *chain,
    void (*arrive)(struct mail *))
{
	chain->mail.run = arrive;
	loop_send(to, &chain->mail);
}

/* ---- The store's loop --------------------------------------------------- */

static void
journal_count_result(struct journal *j, const struct txn *t)
{
	switch (t->result.err) {
	case OW_OK:
		journal_count(j, t->pub.reads ? M_READS : M_CHANGES, 1);
		break;
	case OW_ECONFLICT:
		journal_count(j, M_CONFLICTS, 1);
		break;
	case OW_EAGAIN:
		journal_count(j, M_AWAY, 1);
		break;
	case OW_ELIMIT:
		journal_count(j, M_NO_ROOM, 1);
		break;
	default:
		journal_count(j, M_FAILED, 1);
	}
}

static void answers_arrive(struct mail *);

static void
journal_send_answers(void *arg)
{
	struct journal *j = arg;
	struct txn *chain = queue_take(&j->answers), *t;
	int64_t now_us;

	if (!chain)
		return;
	now_us = journal_clock_us();
	for (t = chain; t; t = t->next) {
		journal_count_result(j, t);
		if (!t->pub.reads)
			journal_count(j, M_COMMIT_MS, now_us - t->handed_us);
	}
	chain_send(j->conf.home, chain, answers_arrive);
}

/* The letter goes when run() returns, or else at the end of the turn. */
static void
journal_settle(struct ow_ctx *ctx, const struct ow_txn *pub,
    const struct ow_result *result)
{
	struct txn *t = TXN_OF(pub, pub);
	struct journal *j = t->journal;

	OW_ASSERT(j->ctx == ctx && t->is_in_store);
	t->is_in_store = false;
	txn_answer(t, result);
	queue_push(&j->answers, t);
	loop_at_turn_end(j->conf.store_loop, &j->answers_turn);
}

static void
batch_arrive(struct mail *mail)
{
	struct txn *t = TXN_OF(mail, mail);
	struct journal *j = t->journal;
	int64_t now_us = journal_clock_us();
	uint32_t n;

	while (t) {
		/* Settled ones are linked anew: look ahead before run(). */
		for (n = 0; t && n < GROUP_MAX; t = t->next) {
			t->is_in_store = true;
			t->handed_us = now_us;
			j->batch[n++] = &t->pub;
		}
		j->store->run(j->self, j->batch, n);
		TRACE2(run, n, journal_clock_us() - now_us);
		/* A store that blocks may do so again with the next. */
		journal_send_answers(j);
	}
}

/* ---- Home: there -------------------------------------------------------- */

static uint32_t
journal_free_place(const struct journal *j)
{
	uint32_t i;

	for (i = 0; i < BATCHES_MAX && j->in_hand[i] > 0; i++)
		;
	return i;
}

static void
journal_send_batch(struct journal *j, uint32_t place)
{
	uint32_t n = j->writes.n < GROUP_MAX ? j->writes.n : GROUP_MAX, i;
	struct txn_queue batch;
	struct txn *t;

	queue_init(&batch);
	for (i = 0; i < n; i++) {
		t = queue_pop(&j->writes);
		t->place = place;
		queue_push(&batch, t);
	}
	j->in_hand[place] = n;
	j->writes_in_store += n;
	j->group = group_after(j->group, n);
	j->oldest_ms = loop_now_ms(j->conf.home);
	journal_count(j, M_COMMITS, 1);
	chain_send(j->conf.store_loop, batch.head, batch_arrive);
}

static void journal_on_window(void *arg);

/* What finds no place goes on when answers have come home. */
static void
journal_run_writes(struct journal *j)
{
	struct group_now now;
	uint32_t place;
	int64_t wait_ms;

	while (j->writes.n > 0 &&
	    (place = journal_free_place(j)) < BATCHES_MAX) {
		now = (struct group_now){ j->writes.n, j->writes_in_store,
		    j->oldest_ms - j->batch_ms,
		    loop_now_ms(j->conf.home) - j->oldest_ms,
		    j->conf.group_ms };
		wait_ms = group_wait(&j->group, &now);
		if (wait_ms > 0) {
			if (!j->timer)
				j->timer = loop_timer_start(j->conf.home,
				    wait_ms, journal_on_window, j);
			return;
		}
		loop_timer_cancel(&j->timer);
		journal_send_batch(j, place);
	}
}

static void
journal_on_window(void *arg)
{
	struct journal *j = arg;

	j->timer = NULL;
	journal_run_writes(j);
}

static void
journal_admit(struct journal *j, struct txn *t)
{
	t->live_next = j->live;
	t->live_at = &j->live;
	if (j->live)
		j->live->live_at = &t->live_next;
	j->live = t;
	t->is_counted = j->store && j->queued < j->conf.queue_max;
	if (t->is_counted)
		j->queued++;
}

static void
txn_refuse(struct txn *t)
{
	struct journal *j = t->journal;

	t->result.size = sizeof(t->result);
	t->result.err = OW_EAGAIN;
	t->result.detail = j->store ? "too many changes wait for the store" :
	    "the store has not started";
	if (j->store)
		journal_count(j, M_REFUSED, 1);
	queue_push(&j->refused, t);
}

void
txn_send(struct txn **tp, void (*done)(void *arg, struct txn *,
    const struct ow_result *), void *arg)
{
	struct txn *t = *tp;
	struct journal *j = t->journal;

	OW_ASSERT(t->pub.n_ops > 0 && loop_is_here(j->conf.home));
	*tp = NULL;
	t->done = done;
	t->arg = arg;
	journal_admit(j, t);
	if (!t->is_counted) {
		txn_refuse(t);
	} else if (t->pub.reads) {
		queue_push(&j->reads, t);
	} else {
		if (j->writes.n == 0)
			j->oldest_ms = loop_now_ms(j->conf.home);
		queue_push(&j->writes, t);
	}
	loop_at_turn_end(j->conf.home, &j->turn);
}

/* ---- Home: and back ----------------------------------------------------- */

static void
journal_forget(struct journal *j, struct txn *t)
{
	*t->live_at = t->live_next;
	if (t->live_next)
		t->live_next->live_at = t->live_at;
	if (!t->is_counted)
		return;
	j->queued--;
	if (t->pub.reads)
		return;
	j->in_hand[t->place]--;
	if (--j->writes_in_store == 0)
		j->batch_ms = loop_now_ms(j->conf.home);
}

static void
chain_end(struct journal *j, struct txn *t)
{
	struct txn *next;

	for (; t; t = next) {
		next = t->next;
		journal_forget(j, t);
		t->done(t->arg, t, &t->result);
		txn_free(&t);
	}
}

static void
answers_arrive(struct mail *mail)
{
	struct txn *t = TXN_OF(mail, mail);
	struct journal *j = t->journal;

	chain_end(j, t);
	/* There may be a place now. */
	loop_at_turn_end(j->conf.home, &j->turn);
}

static void
journal_on_turn_end(void *arg)
{
	struct journal *j = arg;
	struct txn *reads = queue_take(&j->reads);

	if (reads)
		chain_send(j->conf.store_loop, reads, batch_arrive);
	journal_run_writes(j);
	chain_end(j, queue_take(&j->refused));
	if (j->metrics)
		metric_put(j->metrics, M_QUEUE, j->queued);
}

/* ---- The store's state -------------------------------------------------- */

/* On conf.home. */
static void
journal_tell_state(struct mail *mail)
{
	struct journal *j = (struct journal *)(void *)((char *)mail -
	    offsetof(struct journal, state_mail));
	char why[sizeof(j->why)];
	bool is_up;

	pthread_mutex_lock(&j->state_lock);
	j->is_state_sent = false;
	is_up = j->is_up;
	memcpy(why, j->why, sizeof(why));
	pthread_mutex_unlock(&j->state_lock);
	if (j->conf.state)
		j->conf.state(j->conf.arg, is_up, why);
}

/* Only the newest state matters, so one letter is enough. */
static void
journal_note_state(struct journal *j, bool is_up, const char *why)
{
	bool is_sent;

	pthread_mutex_lock(&j->state_lock);
	is_sent = j->is_state_sent;
	j->has_state = true;
	j->is_state_sent = true;
	j->is_up = is_up;
	(void)snprintf(j->why, sizeof(j->why), "%s", why ? why : "");
	pthread_mutex_unlock(&j->state_lock);
	if (!is_sent)
		loop_send(j->conf.home, &j->state_mail);
}

static void
journal_state(struct ow_ctx *ctx, bool is_up, const char *why)
{
	struct journal *j;

	for (j = plugin_ctx_user(ctx); j; j = j->beside)
		journal_note_state(j, is_up, why);
}

/* What the store said already was said to the first alone. */
static void
journal_join(struct journal *j, struct journal *first)
{
	struct journal *last = first;

	while (last->beside)
		last = last->beside;
	last->beside = j;
	if (first->has_state)
		journal_note_state(j, first->is_up, first->why);
}

/* ---- The journal -------------------------------------------------------- */

static const struct ow_host_store journal_host_table = {
	.size = sizeof(struct ow_host_store),
	.stmts = query_stmts,
	.n_stmts = Q_COUNT,
	.migrations = query_migrations,
	.n_migrations = QUERY_MIGRATIONS,
	.settle = journal_settle,
	.state = journal_state,
};

const struct ow_host_store *
journal_host(void)
{
	return &journal_host_table;
}

void
journal_attach(struct journal *j, struct ow_ctx *ctx,
    const struct ow_store *store, void *self)
{
	struct journal *first = plugin_ctx_user(ctx);

	OW_ASSERT(!j->ctx);
	j->ctx = ctx;
	j->store = store;
	j->self = self;
	if (first != j)
		journal_join(j, first);
}

struct journal *
journal_new(const struct journal_conf *conf)
{
	struct journal *j;

	j = mem_alloc(sizeof(*j));
	j->conf = *conf;
	queue_init(&j->reads);
	queue_init(&j->writes);
	queue_init(&j->refused);
	queue_init(&j->answers);
	j->turn.fn = journal_on_turn_end;
	j->turn.arg = j;
	j->answers_turn.fn = journal_send_answers;
	j->answers_turn.arg = j;
	j->state_mail.run = journal_tell_state;
	pthread_mutex_init(&j->state_lock, NULL);
	if (conf->metrics)
		j->metrics = metric_set_new(conf->metrics, "journal",
		    journal_metrics, conf->name ? "home" : NULL, conf->name);
	return j;
}

void
journal_free(struct journal **jp)
{
	struct journal *j = *jp;
	struct txn *t;

	*jp = NULL;
	if (!j)
		return;
	/* The timer and the hooks were the loops', which are gone or have
	   stopped. */
	while (j->live) {
		t = j->live;
		j->live = t->live_next;
		txn_free(&t);
	}
	metric_set_free(&j->metrics);
	pthread_mutex_destroy(&j->state_lock);
	free(j);
}
