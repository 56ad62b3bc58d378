/* SPDX-License-Identifier: MIT */
/*
 * news - what channels tell unasked: a delivery report for a job that was
 * sent, or that somebody wants no more of a medium.
 *
 * A report may be faster than the note that its job was sent: a provider's
 * callback may be read before its answer is, and an answer before it is
 * written down.  So an unknown ref is kept for a while, looked for less and
 * less often, and at once when a job gets that ref.  A STOP is kept until the
 * store answers: whoever said it must not be written to again.
 *
 * What waits here is in memory only, and has a limit.  So a provider's request
 * that brought it is answered when it is in the store: a STOP by the desk,
 * which sends its letter home.  What finds no place, or what the store does not
 * take at once, is unsure, and the provider is asked to say it again (hook.c).
 * Of a report whose ref nobody knows there is nothing to keep.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "outbox/room.h"

#define NEWS_MAX 10000u
#define EARLY_MAX 1000u			/* whose refs nobody knows */
#define EARLY_MS 60000			/* and for how long */

struct news {
	struct news *next, *prev;	/* of the outbox */
	struct arena arena;
	struct channel *channel;
	bool is_opt, is_waiting;
	bool is_fresh;			/* it is not known what becomes of it,
					   and no hook waits for that */
	struct hook *hook;		/* that does; or NULL */
	int64_t again_ms;		/* monotonic, when it waits */
	/* A report. */
	bool is_early;			/* nobody knows its ref */
	int64_t came_ms;		/* monotonic */
	const char *ref, *detail;
	int32_t verdict;
	/* An opt. */
	char hash[SHA256_HEX_SIZE];
	bool in;
	const char *why;
	struct opt *opts;		/* of each whose address it is */
	uint32_t n_away;		/* of them, at the desk */
};

static void news_ask(struct news *);

static struct news *
news_new(struct channel *ch, bool is_opt)
{
	struct outbox *o = ch->outbox;
	struct news *n;

	if (!loop_is_here(o->conf.loop) || o->is_ending)
		return NULL;
	if (o->n_news >= NEWS_MAX) {
		log_error("outbox", "too many reports wait for the store; one"
		    " is forgotten", LOG_STR("channel", ch->name));
		ch->n_unsure++;
		return NULL;
	}
	n = mem_alloc(sizeof(*n));
	arena_init(&n->arena);
	n->channel = ch;
	n->is_opt = is_opt;
	n->came_ms = outbox_now(o);
	n->is_fresh = true;
	ch->n_fresh++;
	DL_APPEND(o->news, n);
	o->n_news++;
	return n;
}

static void
news_free(struct news *n)
{
	struct outbox *o = n->channel->outbox;

	DL_DELETE(o->news, n);
	o->n_news--;
	o->n_early -= n->is_early;
	n->channel->n_fresh -= n->is_fresh;
	arena_done(&n->arena);
	free(n);
}

/* Their providers hear no answer any more; opts may still be on their way. */
void
news_stop(struct outbox *o)
{
	struct news *n, *next;

	loop_timer_cancel(&o->news_timer);
	DL_FOREACH_SAFE(o->news, n, next) {
		if (n->hook != NULL && --n->hook->n_open == 0)
			hook_free(&n->hook);
		n->hook = NULL;
		if (n->n_away == 0)
			news_free(n);
	}
}

void
news_free_all(struct outbox *o)
{
	struct news *n;

	while ((n = o->news) != NULL)
		news_free(n);
}

/* ---- For whom it came --------------------------------------------------- */

uint32_t
news_hold(struct channel *ch, struct hook *h)
{
	uint32_t n_held = 0;
	struct news *n;

	if (ch->n_fresh == 0)
		return 0;
	DL_FOREACH(ch->outbox->news, n) {
		if (n->channel != ch || !n->is_fresh)
			continue;
		n->is_fresh = false;
		n->hook = h;
		n_held++;
	}
	ch->n_fresh = 0;
	return n_held;
}

/* What becomes of it: the first time counts, for who says it again is heard
   again. */
static void
news_known(struct news *n, bool is_kept)
{
	struct channel *ch = n->channel;
	struct hook *h = n->hook;

	if (n->is_fresh) {
		ch->n_fresh--;
		ch->n_unsure += !is_kept;
	}
	n->is_fresh = false;
	n->hook = NULL;
	if (h != NULL)
		hook_known(h, is_kept);
}

/* ---- Later -------------------------------------------------------------- */

static void
news_again(struct news *n)
{
	n->is_waiting = false;
	news_ask(n);
}

static void
look_again(void *arg)
{
	struct outbox *o = arg;
	struct news *n, *next;
	bool is_any = false;

	o->news_timer = NULL;
	DL_FOREACH_SAFE(o->news, n, next) {
		if (n->is_waiting && n->again_ms <= outbox_now(o))
			news_again(n);
		is_any |= n->is_waiting;
	}
	if (is_any && o->news_timer == NULL)
		o->news_timer = loop_timer_start(o->conf.loop, AGAIN_MS,
		    look_again, o);
}

static void
news_later(struct news *n, int64_t ms)
{
	struct outbox *o = n->channel->outbox;

	n->is_waiting = true;
	n->again_ms = outbox_now(o) + ms;
	if (o->news_timer == NULL)
		o->news_timer = loop_timer_start(o->conf.loop, AGAIN_MS,
		    look_again, o);
}

/* The store did not take it now. */
static void
news_put_off(struct news *n)
{
	news_known(n, false);
	news_later(n, AGAIN_MS);
}

static void
news_over(struct news *n)
{
	news_known(n, true);
	news_free(n);
}

/* ---- Reports ------------------------------------------------------------ */

static void
report_written(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct news *n = arg;

	(void)txn;
	if (r->err == OW_OK) {
		outbox_store_answered(n->channel->outbox);
		news_over(n);
		return;
	}
	outbox_store_failed(n->channel->outbox, r);
	news_put_off(n);
}

/* Of JOB_BY_REF: id, tenant, notice_id, hash. */
static void
report_write(struct news *n, const struct ow_rows *rows)
{
	struct channel *ch = n->channel;
	struct outbox *o = ch->outbox;
	enum job_state state = n->verdict == OW_DELIVERED ? JOB_DELIVERED :
	    JOB_PARKED;
	const char *tenant, *hash;
	char why[VERDICT_TEXT];
	struct txn *txn = NULL;
	uint32_t i;

	(void)snprintf(why, sizeof(why), "the provider reports: %s%s%s",
	    state == JOB_DELIVERED ? "it arrived" : "it did not arrive",
	    n->detail[0] != '\0' ? ": " : "", n->detail);
	for (i = 0; i < rows->n_rows; i++) {
		tenant = row_text(rows, i, 1, NULL);
		hash = row_text(rows, i, 3, NULL);
		if (!channel_serves(ch, tenant))
			continue;
		if (txn == NULL)
			txn = txn_new(o->conf.journal);
		txn_add(txn, Q_JOB_REPORT, -1, "ssssis", ch->kind->name,
		    n->ref, job_state_names[state], why, outbox_wall(o),
		    hash);
		if (n->verdict == OW_GONE)
			txn_add(txn, Q_OFF_PUT, -1, "sssis", tenant,
			    ch->kind->name, hash, outbox_wall(o), why);
	}
	if (txn == NULL)
		news_over(n);
	else
		txn_send(&txn, report_written, n);
}

/* Nobody knows its ref, yet.  As long again as it has waited. */
static void
report_keep(struct news *n)
{
	struct outbox *o = n->channel->outbox;
	int64_t waited_ms = outbox_now(o) - n->came_ms;

	if (waited_ms >= EARLY_MS || (!n->is_early &&
	    o->n_early >= EARLY_MAX)) {
		log_info("outbox", "a report for a job that nobody knows",
		    LOG_STR("channel", n->channel->name),
		    LOG_INT("waited_ms", waited_ms));
		news_over(n);
		return;
	}
	o->n_early += !n->is_early;
	n->is_early = true;
	news_known(n, true);
	news_later(n, waited_ms < AGAIN_MS ? AGAIN_MS : waited_ms);
}

static void
report_arrive(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct news *n = arg;

	(void)txn;
	if (r->err != OW_OK) {
		outbox_store_failed(n->channel->outbox, r);
		news_put_off(n);
		return;
	}
	outbox_store_answered(n->channel->outbox);
	if (r->rows[0].n_rows > 0)
		report_write(n, &r->rows[0]);
	else
		report_keep(n);
}

void
news_stored(const struct flight *f)
{
	struct outbox *o = f->outbox;
	struct news *n, *next;

	if (o->n_early == 0 || f->ref == NULL || f->ref[0] == '\0')
		return;
	DL_FOREACH_SAFE(o->news, n, next)
		if (n->is_early && n->is_waiting &&
		    n->channel->kind == f->kind &&
		    strcmp(n->ref, f->ref) == 0)
			news_again(n);
}

void
channel_report(struct channel *ch, const char *ref,
    const struct ow_outcome *out)
{
	struct news *n;

	/* OW_RETRY is the provider's own affair, OW_MISCONFIGURED comes too
	   late to mean anything. */
	if (ref == NULL || ref[0] == '\0' || out == NULL ||
	    !OW_HAS(out, verdict) || !verdict_is_answer(out->verdict))
		return;
	n = news_new(ch, false);
	if (n == NULL)
		return;
	channel_count(ch, CHANNEL_REPORTS, 1);
	n->ref = text_line(&n->arena, ref, REF_SIZE, NULL);
	n->detail = OW_HAS(out, detail) ? text_line(&n->arena, out->detail,
	    DETAIL_SIZE, NULL) : "";
	n->verdict = out->verdict;
	news_ask(n);
}

/* ---- Wishes ------------------------------------------------------------- */

static void
opt_add(struct news *n, const char *tenant, const char *sub)
{
	struct opt *opt = arena_alloc(&n->arena, sizeof(*opt));

	opt->outbox = n->channel->outbox;
	opt->news = n;
	opt->tenant = arena_dup(&n->arena, tenant);
	opt->sub = arena_dup(&n->arena, sub);
	opt->medium = n->channel->kind->medium;
	opt->in = n->in;
	opt->why = n->why;
	opt->err = OW_EAGAIN;
	LL_PREPEND(n->opts, opt);
}

/* To the desk with those that are not done. */
static void
opts_send(struct news *n)
{
	struct outbox *o = n->channel->outbox;
	struct opt *opt;

	LL_FOREACH(n->opts, opt) {
		if (opt->err != OW_EAGAIN)
			continue;
		n->n_away++;
		o->conf.opt(o->conf.arg, opt);
	}
}

static void
opts_look(struct news *n)
{
	bool is_kept = true, is_open = false;
	const struct opt *opt;

	LL_FOREACH(n->opts, opt) {
		is_kept &= opt->err == OW_OK;
		is_open |= opt->err == OW_EAGAIN;
	}
	news_known(n, is_kept);
	if (is_open)
		news_later(n, AGAIN_MS);
	else
		news_free(n);
}

static void
opt_home(struct mail *mail)
{
	struct opt *opt = (struct opt *)mail;	/* its first member */
	struct news *n = opt->news;

	if (!opt->outbox->is_ending && --n->n_away == 0)
		opts_look(n);
}

void
outbox_opted(struct opt *opt)
{
	opt->mail.run = opt_home;
	loop_send(opt->outbox->conf.loop, &opt->mail);
}

static void
opt_arrive(void *arg, struct txn *txn, const struct ow_result *r)
{
	const struct ow_rows *rows = r->rows;
	struct news *n = arg;
	const char *tenant, *sub;
	uint32_t i;

	(void)txn;
	if (r->err != OW_OK) {
		outbox_store_failed(n->channel->outbox, r);
		news_put_off(n);
		return;
	}
	outbox_store_answered(n->channel->outbox);
	for (i = 0; i < rows->n_rows; i++) {
		tenant = row_text(rows, i, 0, NULL);
		sub = row_text(rows, i, 1, NULL);
		if (sub[0] != '\0' && channel_serves(n->channel, tenant))
			opt_add(n, tenant, sub);
	}
	if (rows->n_rows == 0)
		log_info("outbox", "a wish of somebody whom nobody knows",
		    LOG_STR("channel", n->channel->name));
	if (n->opts != NULL)
		opts_send(n);
	else
		news_over(n);
}

void
channel_opt(struct channel *ch, const char *identity, bool in,
    const char *why)
{
	struct news *n;

	if (identity == NULL || identity[0] == '\0')
		return;
	n = news_new(ch, true);
	if (n == NULL)
		return;
	channel_count(ch, CHANNEL_OPTS, 1);
	job_address_hash(ch->kind->name, identity, n->hash);
	n->in = in;
	n->why = text_line(&n->arena, why, DETAIL_SIZE, NULL);
	news_ask(n);
}

static void
news_ask(struct news *n)
{
	struct channel *ch = n->channel;
	struct txn *txn;

	if (n->opts != NULL) {
		opts_send(n);
		return;
	}
	txn = txn_new(ch->outbox->conf.journal);
	if (n->is_opt) {
		txn_add(txn, Q_PERSONS_OF_HASH, -1, "ss", ch->kind->name,
		    n->hash);
		txn_send(&txn, opt_arrive, n);
		return;
	}
	txn_add(txn, Q_JOB_BY_REF, -1, "ss", ch->kind->name, n->ref);
	txn_send(&txn, report_arrive, n);
}
