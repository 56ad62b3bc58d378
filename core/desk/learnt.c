/* SPDX-License-Identifier: MIT */
/*
 * learnt - what kitchens have learnt, and how good they were, in the store.
 *
 * Both are written behind what they are of: a row that a crash takes along is
 * a few samples.  What was stored is read when a tenant has its first order;
 * until it is there, nothing is learnt, so that nothing is overwritten.
 */
#include <string.h>
#include <utlist.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "desk/kitchen.h"
#include "desk/room.h"
#include "order/learn.h"

#define REPORT_DAYS_MS (7 * INT64_C(86400000))

/* ---- Read --------------------------------------------------------------- */

static void
rows_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct kitchen *k = arg;
	const struct ow_rows *rows = r->rows;
	uint32_t i, n_bad = 0;

	(void)txn;
	k->is_loading = false;
	if (r->err != OW_OK)
		return;			/* the sweep asks again */
	k->is_loaded = true;
	for (i = 0; i < rows->n_rows; i++)
		if (learn_load(k->learn, row_text(rows, i, 0, NULL),
		    row_text(rows, i, 1, NULL)) != OW_OK)
			n_bad++;
	if (n_bad > 0)
		log_warn("desk", "some of what was learnt does not read",
		    LOG_STR("tenant", k->tenant->name),
		    LOG_INT("rows", n_bad));
}

void
learnt_load(struct kitchen *k)
{
	struct txn *txn;

	if (k->is_loaded || k->is_loading || !k->orders->store_up)
		return;
	k->is_loading = true;
	txn = txn_new(k->orders->journal);
	txn_add(txn, Q_LEARNT_OF, -1, "s", k->tenant->name);
	txn_send(&txn, rows_came, k);
}

/* ---- Written ------------------------------------------------------------ */

static void
rows_settled(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct orders *o = arg;

	(void)txn;
	if (r->err != OW_OK)
		log_debug("desk", "what was learnt is not stored",
		    LOG_STR("detail", r->detail));
	behind_written(o);
}

static void
kitchen_save(struct kitchen *k, uint32_t max)
{
	struct buf name = BUF_INIT(LEARN_KEY_MAX + 1);
	struct buf text = BUF_INIT(LEARN_TEXT_MAX + 1);
	struct orders *o = k->orders;
	struct txn *txn = NULL;

	while (max-- > 0 && learn_take(k->learn, &name, &text) == 1) {
		if (txn == NULL)
			txn = txn_new(o->journal);
		if (text.n > 0)
			txn_add(txn, Q_LEARNT_PUT, -1, "sss", k->tenant->name,
			    name.p, text.p);
		else
			txn_add(txn, Q_LEARNT_DELETE, -1, "ss",
			    k->tenant->name, name.p);
	}
	buf_done(&name);
	buf_done(&text);
	if (txn == NULL)
		return;
	o->rows_out++;
	txn_send(&txn, rows_settled, o);
}

void
learnt_save(struct orders *o, uint32_t max)
{
	struct kitchen *k;

	DL_FOREACH(o->kitchens, k) {
		if (k->is_loaded)
			kitchen_save(k, max);
		else
			learnt_load(k);
	}
}

static void
logged(void *arg, struct txn *txn, const struct ow_result *r)
{
	(void)arg;
	(void)txn;
	if (r->err != OW_OK)
		log_debug("desk", "an estimate's outcome is not logged",
		    LOG_STR("detail", r->detail));
}

void
learnt_log(struct orders *o, const struct order *order,
    const struct trail *t)
{
	int64_t done_ms = t->at_ms[MARK_DONE];
	struct txn *txn = NULL;
	const struct quote *q;
	int i;

	for (i = 0; i < STAGE_COUNT; i++) {
		q = &t->quotes[i];
		if (q->made_at_ms == 0)
			continue;
		if (txn == NULL)
			txn = txn_new(o->journal);
		txn_add(txn, Q_ETA_LOG_ADD, -1, "sssiiiii", order->id,
		    stage_names[i], order->tenant, done_ms, q->made_at_ms,
		    (int64_t)(q->p50_s * 1000), (int64_t)(q->p90_s * 1000),
		    done_ms - q->made_at_ms);
	}
	if (txn != NULL)
		txn_send(&txn, logged, o);
}

/* ---- How good they were ------------------------------------------------- */

static void
write_stage(struct jw *w, const struct ow_rows *rows, uint32_t i)
{
	int64_t n = row_int(rows, i, 1);

	jw_object(w, NULL);
	jw_text(w, "stage", row_text(rows, i, 0, NULL));
	jw_int(w, "orders", n);
	jw_int(w, "before_p50_percent", (row_int(rows, i, 2) * 100 + n / 2) /
	    n);
	jw_int(w, "before_p90_percent", (row_int(rows, i, 3) * 100 + n / 2) /
	    n);
	jw_int(w, "mean_error_s", row_int(rows, i, 4) / 1000);
	jw_int(w, "bias_s", row_int(rows, i, 5) / 1000);
	jw_int(w, "width_s", row_int(rows, i, 6) / 1000);
	jw_end(w);
}

static void
write_learnt(struct jw *w, const struct kitchen *k)
{
	int i;

	jw_object(w, "samples");
	jw_int(w, "items", k != NULL ?
	    (int64_t)learn_item_weight(k->learn) : 0);
	for (i = 0; i < PHASE_COUNT && phase_names[i] != NULL; i++)
		jw_int(w, phase_names[i], k != NULL ? (int64_t)
		    learn_phase_weight(k->learn, (enum phase)i) : 0);
	jw_end(w);
}

static void
report_came(void *arg, struct txn *txn, const struct ow_result *r)
{
	struct command *c = arg;
	struct orders *o = c->orders;
	struct jw w;
	uint32_t i;

	(void)txn;
	if (r->err != OW_OK) {
		desk_answer_store(o, c, r->err);
		return;
	}
	c->status = 200;
	jw_init(&w, &c->body);
	jw_object(&w, NULL);
	jw_text(&w, "tenant", c->tenant);
	jw_time(&w, "since", loop_wall_ms(o->loop) - REPORT_DAYS_MS);
	jw_list(&w, "data");
	for (i = 0; i < r->rows[0].n_rows; i++)
		write_stage(&w, r->rows, i);
	jw_end(&w);
	write_learnt(&w, book_tenant(&o->book, c->tenant)->learnt);
	jw_end(&w);
	desk_answer(o, c);
}

void
learnt_report(struct orders *o, struct command *c)
{
	struct txn *txn = txn_new(o->journal);

	metric_add(o->metrics, DESK_M_STORE_READS, 1);
	txn_add(txn, Q_ETA_LOG_SUM, -1, "si", c->tenant,
	    loop_wall_ms(o->loop) - REPORT_DAYS_MS);
	txn_send(&txn, report_came, c);
}
