/* SPDX-License-Identifier: MIT */
/*
 * batch - transactions executed, committed together, and only then settled.
 *
 * All that write go into one BEGIN IMMEDIATE ... COMMIT.  Each stands behind
 * a savepoint of its own, so that one that fails is taken back alone; where
 * that can be had for nothing (a batch of one, a single operation) there is
 * no savepoint.  Questions are answered outside of it, before it.
 *
 * When SQLite itself gives up (disk full, I/O error) everything is taken back
 * and everybody gets the cause.
 *
 * Invariant: OW_OK is said only after COMMIT returned success; with
 * synchronous=FULL the log has then reached the disk.
 */
#include "sqlite.h"

#include <stdlib.h>

/* The outcome of one transaction, before it may be told. */
struct outcome {
	int32_t err;
	uint32_t op;		/* that failed */
	uint32_t first;		/* its first operation in the answer */
	char detail[160];	/* set when err is */
};

struct batch {
	struct sqlite *s;
	const struct ow_txn *const *txns;
	struct outcome *outcomes;	/* by the place in txns */
	uint32_t n, n_writes;
	int rc;			/* why STEP_ALL_FAILED */
};

enum step {
	STEP_OK,
	STEP_FAILED,		/* this one, and nothing of it is left */
	STEP_LEFT_OVER,		/* it failed, and left something behind */
	STEP_ALL_FAILED,	/* SQLite gave up */
};

static int
own_step(struct sqlite *s, int which)
{
	int rc;

	rc = sqlite3_step(s->own[which]);
	/* The same code again, or SQLITE_OK. */
	(void)sqlite3_reset(s->own[which]);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* ---- One operation ------------------------------------------------------ */

static int
stmt_prepare(struct sqlite *s, uint32_t number)
{
	const struct ow_stmt *desc = &s->host->store->stmts[number];
	struct sqlite_stmt *st = &s->stmts[number];
	char name[16];
	uint32_t i;
	int rc;

	if (!st->places)
		st->places = calloc(desc->n_params + 1, sizeof(*st->places));
	if (!st->places)
		return SQLITE_NOMEM;
	rc = sqlite3_prepare_v3(s->db, desc->sql, -1,
	    SQLITE_PREPARE_PERSISTENT, &st->stmt, NULL);
	if (rc)
		return rc;
	for (i = 0; i < desc->n_params; i++) {
		(void)sqlite3_snprintf(sizeof(name), name, "$%u", i + 1);
		st->places[i] = sqlite3_bind_parameter_index(st->stmt, name);
	}
	return SQLITE_OK;
}

/* The text stays the host's: it outlives the statement's reset. */
static int
stmt_bind(sqlite3_stmt *stmt, int place, const struct ow_value *v)
{
	switch (v->type) {
	case OW_V_INT:
		return sqlite3_bind_int64(stmt, place, v->i);
	case OW_V_TEXT:
		return sqlite3_bind_text64(stmt, place,
		    v->text.n > 0 ? v->text.p : "", v->text.n, SQLITE_STATIC,
		    SQLITE_UTF8);
	default:
		return sqlite3_bind_null(stmt, place);
	}
}

static int
op_prepare(struct sqlite *s, const struct ow_op *op,
    struct sqlite_stmt **out)
{
	struct sqlite_stmt *st;
	uint32_t i;
	int rc;

	if (op->stmt >= s->host->store->n_stmts ||
	    op->n_args != s->host->store->stmts[op->stmt].n_params)
		return SQLITE_MISUSE;
	st = &s->stmts[op->stmt];
	if (!st->stmt) {
		rc = stmt_prepare(s, op->stmt);
		if (rc)
			return rc;
	}
	for (i = 0; i < op->n_args; i++) {
		rc = stmt_bind(st->stmt, st->places[i], &op->args[i]);
		if (rc)
			return rc;
	}
	*out = st;
	return SQLITE_OK;
}

/* Result code, and how many rows it changed. */
static int
op_execute(struct sqlite *s, const struct ow_op *op,
    int64_t *out_changed)
{
	struct sqlite_stmt *st = NULL;
	uint32_t n_cols;
	int rc;

	rc = op_prepare(s, op, &st);
	if (rc)
		return rc;
	n_cols = s->host->store->stmts[op->stmt].n_cols;
	if (n_cols > (uint32_t)sqlite3_column_count(st->stmt))
		n_cols = (uint32_t)sqlite3_column_count(st->stmt);
	if (answer_begin(s->answer, n_cols))
		return SQLITE_TOOBIG;
	while ((rc = sqlite3_step(st->stmt)) == SQLITE_ROW)
		if (n_cols > 0 && answer_row(s->answer, st->stmt)) {
			rc = SQLITE_TOOBIG;
			break;
		}
	if (rc == SQLITE_DONE)
		*out_changed = sqlite3_changes64(s->db);
	(void)sqlite3_reset(st->stmt);	/* repeats rc */
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* ---- One transaction ---------------------------------------------------- */

static void
outcome_fail(struct sqlite *s, struct outcome *o, int rc,
    uint32_t op)
{
	struct verdict v = verdict_of(rc);

	o->err = v.err;
	o->op = op;
	(void)sqlite3_snprintf(sizeof(o->detail), o->detail, "%s: %s", v.why,
	    rc == sqlite3_extended_errcode(s->db) ? sqlite3_errmsg(s->db) :
	    sqlite3_errstr(rc));
}

static bool
op_is_met(struct sqlite *s, const struct ow_op *op,
    int64_t changed)
{
	return op->expect < 0 || changed == op->expect ||
	    s->host->store->stmts[op->stmt].n_cols > 0;
}

static enum step
txn_execute(struct batch *b, const struct ow_txn *txn,
    struct outcome *o)
{
	int64_t changed = 0;
	uint32_t i;
	int rc;

	o->err = OW_OK;
	o->first = answer_count(b->s->answer);
	for (i = 0; i < txn->n_ops; i++) {
		rc = op_execute(b->s, &txn->ops[i], &changed);
		if (rc) {
			outcome_fail(b->s, o, rc, i);
			b->rc = rc;
			/* Some errors end the transaction behind our back. */
			if (!verdict_of(rc).is_alone ||
			    (!txn->reads && sqlite3_get_autocommit(b->s->db)))
				return STEP_ALL_FAILED;
			return i == 0 ? STEP_FAILED : STEP_LEFT_OVER;
		}
		if (op_is_met(b->s, &txn->ops[i], changed))
			continue;
		o->err = OW_ECONFLICT;
		o->op = i;
		(void)sqlite3_snprintf(sizeof(o->detail), o->detail,
		    "%s changed %lld rows",
		    b->s->host->store->stmts[txn->ops[i].stmt].name,
		    (long long)changed);
		return i == 0 && changed == 0 ? STEP_FAILED : STEP_LEFT_OVER;
	}
	return STEP_OK;
}

static enum step
txn_execute_saved(struct batch *b, const struct ow_txn *txn,
    struct outcome *o)
{
	enum step step;

	b->rc = own_step(b->s, OWN_SAVE);
	if (b->rc)
		return STEP_ALL_FAILED;
	step = txn_execute(b, txn, o);
	if (step == STEP_ALL_FAILED)
		return step;
	b->rc = step == STEP_OK ? SQLITE_OK : own_step(b->s, OWN_BACK);
	if (!b->rc)
		b->rc = own_step(b->s, OWN_RELEASE);
	if (b->rc)
		return STEP_ALL_FAILED;
	return step == STEP_OK ? STEP_OK : STEP_FAILED;
}

/* ---- All that write ----------------------------------------------------- */

/*
 * Every member, between BEGIN and COMMIT.  A single operation is taken back
 * by SQLite when it fails, so it does without a savepoint, until one proves
 * to leave something behind: then everything is done again, carefully.
 */
static enum step
batch_execute(struct batch *b, bool is_careful)
{
	const struct ow_txn *txn;
	struct outcome *o;
	enum step step;
	uint32_t i;

	for (i = 0; i < b->n; i++) {
		txn = b->txns[i];
		o = &b->outcomes[i];
		if (txn->reads)
			continue;
		if (is_careful || (b->n_writes > 1 && txn->n_ops > 1))
			step = txn_execute_saved(b, txn, o);
		else
			step = txn_execute(b, txn, o);
		if (step == STEP_ALL_FAILED || step == STEP_LEFT_OVER)
			return step;
		if (step == STEP_FAILED)
			answer_cut(b->s->answer, o->first);
	}
	return STEP_OK;
}

static void
batch_rollback(struct batch *b)
{
	if (!sqlite3_get_autocommit(b->s->db))
		(void)own_step(b->s, OWN_ROLLBACK);	/* over in any case */
	answer_clear(b->s->answer);
}

/* One try.  On STEP_LEFT_OVER and STEP_ALL_FAILED nothing is written. */
static enum step
batch_try(struct batch *b, bool is_careful)
{
	enum step step;

	answer_clear(b->s->answer);
	b->rc = own_step(b->s, OWN_BEGIN);
	if (b->rc)
		return STEP_ALL_FAILED;
	step = batch_execute(b, is_careful);
	if (step == STEP_OK) {
		b->rc = own_step(b->s, OWN_COMMIT);
		if (b->rc)
			step = STEP_ALL_FAILED;
	}
	return step;
}

static void
batch_fail_all(struct batch *b)
{
	struct outcome cause = { .first = 0 };
	uint32_t i;

	outcome_fail(b->s, &cause, b->rc, 0);
	for (i = 0; i < b->n; i++)
		if (!b->txns[i]->reads)
			b->outcomes[i] = cause;
	if (verdict_of(b->rc).is_down)
		sqlite_down(b->s, cause.detail);
}

static void
txn_settle(struct sqlite *s, const struct ow_txn *txn,
    const struct outcome *o, const struct ow_rows *rows)
{
	struct ow_result result = { .size = sizeof(result), .err = o->err };

	if (o->err) {
		result.op = o->op;
		result.detail = o->detail;
	} else {
		result.rows = rows + o->first;
	}
	s->host->store->settle(s->ctx, txn, &result);
}

static void
batch_write(struct batch *b)
{
	const struct ow_rows *rows;
	bool is_written = false;
	enum step step;
	uint32_t i;

	step = batch_try(b, false);
	if (step == STEP_LEFT_OVER && b->n_writes > 1) {
		batch_rollback(b);
		step = batch_try(b, true);
	}
	if (step == STEP_ALL_FAILED)
		batch_fail_all(b);
	if (step != STEP_OK) {
		batch_rollback(b);
		b->s->host->base->add(b->s->ctx, SQLITE_M_ROLLED_BACK, 1);
	}
	rows = answer_seal(b->s->answer);
	for (i = 0; i < b->n; i++) {
		if (b->txns[i]->reads)
			continue;
		is_written |= !b->outcomes[i].err;
		txn_settle(b->s, b->txns[i], &b->outcomes[i], rows);
	}
	if (is_written)
		sqlite_up(b->s);
}

/* ---- Those that only ask ------------------------------------------------ */

static void
batch_read(struct batch *b, const struct ow_txn *txn,
    struct outcome *o)
{
	answer_clear(b->s->answer);
	if (txn->n_ops > 1)		/* all of it from one moment */
		(void)own_step(b->s, OWN_READ);
	if (txn_execute(b, txn, o) != STEP_OK)
		answer_clear(b->s->answer);
	if (!sqlite3_get_autocommit(b->s->db))
		(void)own_step(b->s, OWN_ROLLBACK);
	txn_settle(b->s, txn, o, answer_seal(b->s->answer));
}

void
batch_run(struct sqlite *s, const struct ow_txn *const *txns, uint32_t n)
{
	struct batch b = { .s = s, .txns = txns, .n = n };
	struct outcome none = { .err = OW_EAGAIN, .detail = "out of memory" };
	uint32_t i;

	b.outcomes = malloc(n * sizeof(*b.outcomes));
	for (i = 0; i < n; i++) {
		if (!b.outcomes)
			txn_settle(s, txns[i], &none, NULL);
		else if (txns[i]->reads)
			batch_read(&b, txns[i], &b.outcomes[i]);
		else
			b.n_writes++;
	}
	if (b.outcomes && b.n_writes > 0)
		batch_write(&b);
	free(b.outcomes);
	file_checkpoint(s);
}
