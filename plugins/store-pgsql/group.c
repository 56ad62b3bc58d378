/* SPDX-License-Identifier: MIT */
/*
 * group - some transactions sent as one, and what came back.
 *
 * All between two Syncs is one implicit transaction of the server's
 * (PostgreSQL manual, 55.2.3 and 34.5): an error takes everything up to the
 * Sync with it.  "Changed too few rows" is no error to the server, and what
 * follows is on its way already when we could notice.  So each statement that
 * writes is prepared twice: plain ("s7"), and ("e7") inside of one that
 * divides by zero unless the number of rows is as expected.
 */
#include "pgsql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGS_MAX 32
#define DIVISION_BY_ZERO "22012"

struct group *
group_make(enum group_kind kind,
    const struct ow_txn *const *txns, uint32_t n)
{
	struct group *g;
	uint32_t i;

	g = calloc(1, sizeof(*g) + n * sizeof(g->txns[0]));
	if (!g)
		return NULL;
	g->kind = kind;
	g->n_txns = n;
	for (i = 0; i < n; i++) {
		g->txns[i] = txns[i];
		g->n_ops += txns[i]->n_ops;
	}
	g->results = calloc(g->n_ops + 1, sizeof(g->results[0]));
	if (!g->results)
		group_free(&g);
	return g;
}

static void
group_clear(struct group *g)
{
	uint32_t i;

	for (i = 0; i < g->n_ops; i++) {
		PQclear(g->results[i]);
		g->results[i] = NULL;
	}
}

void
group_free(struct group **gp)
{
	struct group *g = *gp;

	*gp = NULL;
	if (!g)
		return;
	if (g->results)
		group_clear(g);
	free(g->results);
	free(g);
}

/* ---- There -------------------------------------------------------------- */

struct args {
	const char *p[ARGS_MAX];
	int len[ARGS_MAX];
	int format[ARGS_MAX];
	char digits[ARGS_MAX][24];
};

static void
args_int(struct args *a, uint32_t i, int64_t value)
{
	a->len[i] = snprintf(a->digits[i], sizeof(a->digits[i]), "%" PRId64,
	    value);
	a->p[i] = a->digits[i];
	a->format[i] = 0;
}

/* Text goes as "binary", which for text is the bytes themselves: that needs
   no NUL, and one inside is refused instead of cutting the rest off. */
static void
args_set(struct args *a, uint32_t i, const struct ow_value *v)
{
	if (v->type == OW_V_INT) {
		args_int(a, i, v->i);
		return;
	}
	a->p[i] = NULL;
	a->len[i] = 0;
	a->format[i] = 1;
	if (v->type == OW_V_TEXT) {
		a->p[i] = v->text.n > 0 ? v->text.p : "";
		a->len[i] = (int)v->text.n;
	}
}

static bool
op_send(struct pgsql *p, const struct ow_op *op)
{
	const struct ow_stmt *stmt = &p->host->store->stmts[op->stmt];
	bool is_checked = op->expect >= 0 && stmt->n_cols == 0;
	uint32_t n = op->n_args, i;
	struct args a;
	char name[16];

	for (i = 0; i < n; i++)
		args_set(&a, i, &op->args[i]);
	if (is_checked)
		args_int(&a, n++, op->expect);
	(void)snprintf(name, sizeof(name), "%c%u", is_checked ? 'e' : 's',
	    op->stmt);
	return PQsendQueryPrepared(p->conn, name, (int)n, a.p, a.len,
	    a.format, 0);
}

bool
group_send(struct pgsql *p, struct group *g)
{
	uint32_t i, k;

	group_clear(g);
	g->n_done = 0;
	g->err = OW_OK;
	for (i = 0; i < g->n_txns; i++)
		for (k = 0; k < g->txns[i]->n_ops; k++)
			if (!op_send(p, &g->txns[i]->ops[k]))
				return false;
	p->host->base->add(p->ctx, PGSQL_M_GROUPS, 1);
	return PQpipelineSync(p->conn);
}

/* ---- And back ----------------------------------------------------------- */

int32_t
group_verdict(const char *sqlstate)
{
	static const struct {
		const char *prefix;
		int32_t err;
	} table[] = {
		{ DIVISION_BY_ZERO, OW_ECONFLICT },
		{ "53100", OW_ELIMIT },	/* disk_full */
		{ "53", OW_EAGAIN },	/* insufficient_resources */
		{ "40", OW_EAGAIN },	/* rolled back: a deadlock */
		{ "55P03", OW_EAGAIN },	/* lock_not_available */
		{ "57", OW_EAGAIN },	/* operator intervention, timeouts */
		{ "25006", OW_EAGAIN },	/* read_only_sql_transaction */
	};
	size_t i;

	for (i = 0; sqlstate && i < sizeof(table) / sizeof(table[0]); i++)
		if (!strncmp(sqlstate, table[i].prefix,
		    strlen(table[i].prefix)))
			return table[i].err;
	return OW_EIO;
}

static void
group_fail(struct group *g, const PGresult *r)
{
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	if (g->err)
		return;		/* the first is the cause */
	g->err = group_verdict(PQresultErrorField(r, PG_DIAG_SQLSTATE));
	g->failed = g->n_done;
	(void)snprintf(g->why, sizeof(g->why), "%s",
	    g->err == OW_ECONFLICT ? "not the number of rows expected" :
	    text ? text : "the statement failed");
}

void
group_answer(struct pgsql *p, struct group *g, PGresult **rp)
{
	PGresult *r = *rp;

	(void)p;
	*rp = NULL;
	switch (PQresultStatus(r)) {
	case PGRES_TUPLES_OK:
		if (g->n_done < g->n_ops) {
			g->results[g->n_done++] = r;
			return;
		}
		break;
	case PGRES_COMMAND_OK:
	case PGRES_PIPELINE_ABORTED:
		break;
	default:
		group_fail(g, r);
	}
	g->n_done++;
	PQclear(r);
}

static struct ow_value
cell_of(const PGresult *r, int row, int col)
{
	struct ow_value v = { .type = OW_V_NULL };

	if (PQgetisnull(r, row, col))
		return v;
	switch (PQftype(r, col)) {
	case 20: case 21: case 23:	/* int8, int2, int4 (pg_type.dat) */
		v.type = OW_V_INT;
		v.i = strtoll(PQgetvalue(r, row, col), NULL, 10);
		return v;
	}
	v.type = OW_V_TEXT;
	v.text.p = PQgetvalue(r, row, col);
	v.text.n = (size_t)PQgetlength(r, row, col);
	return v;
}

/* false: no memory. */
static bool
rows_make(const struct ow_stmt *stmt, const PGresult *r,
    struct ow_rows *out)
{
	struct ow_value *cells;
	uint32_t row, col;

	*out = (struct ow_rows){ .n_cols = stmt->n_cols };
	if (!r || stmt->n_cols == 0 || PQntuples(r) == 0)
		return true;
	out->n_rows = (uint32_t)PQntuples(r);
	cells = calloc((size_t)out->n_rows * out->n_cols, sizeof(*cells));
	if (!cells)
		return false;
	for (row = 0; row < out->n_rows; row++)
		for (col = 0; col < out->n_cols; col++)
			cells[(size_t)row * out->n_cols + col] =
			    cell_of(r, (int)row, (int)col);
	out->cells = cells;
	return true;
}

static void
txn_settle(struct pgsql *p, const struct ow_txn *txn,
    PGresult **results)
{
	struct ow_result result = { .size = sizeof(result) };
	struct ow_rows *rows;
	bool is_made = true;
	uint32_t i;

	rows = calloc(txn->n_ops + 1, sizeof(*rows));
	for (i = 0; rows && is_made && i < txn->n_ops; i++)
		is_made = rows_make(&p->host->store->stmts[txn->ops[i].stmt],
		    results[i], &rows[i]);
	result.rows = rows;
	if (!rows || !is_made) {
		result.err = OW_EIO;
		result.detail = "out of memory";
		result.rows = NULL;
	}
	p->host->store->settle(p->ctx, txn, &result);
	for (i = 0; rows && i < txn->n_ops; i++)
		free((void *)(uintptr_t)rows[i].cells);
	free(rows);
}

void
group_settle_all(struct pgsql *p, const struct group *g, int32_t err,
    const char *why)
{
	struct ow_result result = { .size = sizeof(result), .err = err,
	    .detail = why };
	uint32_t i;

	if (g->err && g->n_txns == 1)
		(void)group_culprit(g, &result.op);
	for (i = 0; i < g->n_txns; i++)
		p->host->store->settle(p->ctx, g->txns[i], &result);
}

void
group_settle(struct pgsql *p, const struct group *g)
{
	PGresult **results = g->results;
	uint32_t i;

	if (g->err) {
		group_settle_all(p, g, g->err, g->why);
		return;
	}
	for (i = 0; i < g->n_txns; i++) {
		txn_settle(p, g->txns[i], results);
		results += g->txns[i]->n_ops;
	}
}

uint32_t
group_culprit(const struct group *g, uint32_t *out_op)
{
	uint32_t op = g->failed, i;

	for (i = 0; i + 1 < g->n_txns && op >= g->txns[i]->n_ops; i++)
		op -= g->txns[i]->n_ops;
	/* An error of the commit itself comes after the last operation. */
	*out_op = op < g->txns[i]->n_ops ? op : g->txns[i]->n_ops - 1;
	return i;
}
