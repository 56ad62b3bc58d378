/* SPDX-License-Identifier: MIT */
/*
 * txn - a transaction: what is asked, and the copy of what was answered.
 *
 * It lies in the first block of its own arena, and so do, most of the time,
 * its operations, their arguments and the answer: one allocation for all.
 *
 * This file does not send anything; that is journal.c's business.
 */
#include "event/txn.h"

#include <stdarg.h>
#include <string.h>
#include "base/mem.h"

#define TXN_OPS_FIRST 4

struct txn *
txn_new(struct journal *j)
{
	struct arena arena;
	struct txn *t;

	arena_init(&arena);
	t = arena_alloc(&arena, sizeof(*t));
	t->arena = arena;
	t->journal = j;
	t->pub.size = sizeof(t->pub);
	t->pub.reads = true;
	t->ops_cap = TXN_OPS_FIRST;
	t->ops = arena_alloc(&t->arena, t->ops_cap * sizeof(*t->ops));
	t->pub.ops = t->ops;
	return t;
}

void
txn_free(struct txn **tp)
{
	struct arena arena;

	if (!*tp)
		return;
	arena = (*tp)->arena;
	*tp = NULL;
	arena_done(&arena);
}

struct arena *
txn_arena(struct txn *t)
{
	return &t->arena;
}

uint32_t
txn_count(const struct txn *t)
{
	return t->pub.n_ops;
}

/* ---- What is asked ------------------------------------------------------ */

static struct ow_op *
txn_op_new(struct txn *t)
{
	struct ow_op *wider;

	if (t->pub.n_ops == t->ops_cap) {
		wider = arena_alloc(&t->arena,
		    2 * t->ops_cap * sizeof(*wider));
		memcpy(wider, t->ops, t->ops_cap * sizeof(*wider));
		t->ops = wider;
		t->ops_cap *= 2;
		t->pub.ops = wider;
	}
	return &t->ops[t->pub.n_ops++];
}

static void
value_set_text(struct ow_value *v, struct arena *a, const void *p,
    size_t n)
{
	v->type = OW_V_TEXT;
	v->text.p = arena_dupn(a, p, n);
	v->text.n = n;
}

void
txn_add(struct txn *t, enum query query, int64_t expect,
    const char *kinds, ...)
{
	const struct ow_stmt *stmt = &query_stmts[query];
	size_t n = strlen(kinds), i;
	struct ow_value *args;
	struct ow_bytes bytes;
	struct ow_op *op;
	const char *s;
	va_list ap;

	OW_ASSERT(n == stmt->n_params);
	args = arena_alloc(&t->arena, n * sizeof(*args));
	va_start(ap, kinds);
	for (i = 0; i < n; i++) {
		switch (kinds[i]) {
		case 's':
			s = va_arg(ap, const char *);
			if (s)
				value_set_text(&args[i], &t->arena, s,
				    strlen(s));
			break;
		case 'b':
			bytes = va_arg(ap, struct ow_bytes);
			value_set_text(&args[i], &t->arena, bytes.p, bytes.n);
			break;
		case 'i':
			args[i].type = OW_V_INT;
			args[i].i = va_arg(ap, int64_t);
			break;
		default:
			OW_ASSERT(!"a letter that is none of s, b, i");
		}
	}
	va_end(ap);
	op = txn_op_new(t);
	op->stmt = query;
	op->n_args = (uint32_t)n;
	op->args = args;
	op->expect = expect;
	/* One that writes may return rows, too. */
	if (strncmp(stmt->sql, "SELECT", 6))
		t->pub.reads = false;
}

/* ---- What was answered -------------------------------------------------- */

static const struct ow_rows *
rows_copy(struct arena *a,
    const struct ow_rows *rows, uint32_t n)
{
	struct ow_rows *copy = arena_alloc(a, n * sizeof(*copy));
	struct ow_value *cells;
	size_t n_cells, k;
	uint32_t i;

	for (i = 0; i < n; i++) {
		copy[i] = rows[i];
		n_cells = (size_t)rows[i].n_cols * rows[i].n_rows;
		if (n_cells == 0)
			continue;
		cells = arena_alloc(a, n_cells * sizeof(*cells));
		for (k = 0; k < n_cells; k++) {
			cells[k] = rows[i].cells[k];
			if (cells[k].type == OW_V_TEXT)
				cells[k].text.p = arena_dupn(a,
				    cells[k].text.p, cells[k].text.n);
		}
		copy[i].cells = cells;
	}
	return copy;
}

void
txn_answer(struct txn *t, const struct ow_result *result)
{
	t->result.size = sizeof(t->result);
	t->result.err = result->err;
	t->result.op = result->op;
	t->result.detail = arena_dup(&t->arena, result->detail);
	if (result->err == OW_OK)
		t->result.rows = rows_copy(&t->arena, result->rows,
		    t->pub.n_ops);
}

static const struct ow_value *
rows_cell(const struct ow_rows *rows,
    uint32_t row, uint32_t col)
{
	OW_ASSERT(row < rows->n_rows && col < rows->n_cols);
	return &rows->cells[(size_t)row * rows->n_cols + col];
}

const char *
row_text(const struct ow_rows *rows, uint32_t row, uint32_t col,
    size_t *out_len)
{
	const struct ow_value *v = rows_cell(rows, row, col);

	if (v->type != OW_V_TEXT)
		return NULL;
	if (out_len)
		*out_len = v->text.n;
	return v->text.p;
}

int64_t
row_int(const struct ow_rows *rows, uint32_t row, uint32_t col)
{
	const struct ow_value *v = rows_cell(rows, row, col);

	return v->type == OW_V_INT ? v->i : 0;
}
