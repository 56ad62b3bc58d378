/* SPDX-License-Identifier: MIT */
/*
 * answer - rows copied out of SQLite, which keeps a row only until the next
 * step, while a writer's rows may be shown only after the commit.
 *
 * Three arrays that grow: operations, cells, text.  While they grow they
 * refer to each other by number, because growing moves them; answer_seal()
 * turns the numbers into pointers.  The memory is kept for the next batch,
 * unless it became large.
 */
#include "sqlite.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX ((size_t)256 << 20)	/* of text, in one batch */
#define ANSWER_KEEP ((size_t)1 << 20)

struct answer {
	struct ow_rows *ops;
	size_t *ops_first;	/* number of an operation's first cell */
	size_t n_ops, ops_cap;
	struct ow_value *cells;
	size_t n_cells, cells_cap;
	char *text;
	size_t n_text, text_cap;
};

/* Room for n more members; false: too many, or no memory. */
static bool
grow(void *array_p, size_t *cap, size_t used, size_t n,
    size_t size)
{
	size_t want = *cap ? *cap : 64;
	void *wider;

	if (used + n <= *cap)
		return true;
	while (want < used + n)
		want *= 2;
	if (want > ANSWER_MAX / size)
		return false;
	wider = realloc(*(void **)array_p, want * size);
	if (!wider)
		return false;
	*(void **)array_p = wider;
	*cap = want;
	return true;
}

struct answer *
answer_new(void)
{
	return calloc(1, sizeof(struct answer));
}

void
answer_free(struct answer **ap)
{
	struct answer *a = *ap;

	*ap = NULL;
	if (!a)
		return;
	free(a->ops);
	free(a->ops_first);
	free(a->cells);
	free(a->text);
	free(a);
}

void
answer_clear(struct answer *a)
{
	if (a->text_cap + a->cells_cap * sizeof(*a->cells) > ANSWER_KEEP) {
		free(a->cells);
		free(a->text);
		a->cells = NULL;
		a->text = NULL;
		a->cells_cap = 0;
		a->text_cap = 0;
	}
	a->n_ops = 0;
	a->n_cells = 0;
	a->n_text = 0;
}

int
answer_begin(struct answer *a, uint32_t n_cols)
{
	size_t cap = a->ops_cap;

	if (!grow(&a->ops_first, &cap, a->n_ops, 1, sizeof(*a->ops_first)) ||
	    !grow(&a->ops, &a->ops_cap, a->n_ops, 1, sizeof(*a->ops)))
		return OW_ELIMIT;
	a->ops[a->n_ops] = (struct ow_rows){ n_cols, 0, NULL };
	a->ops_first[a->n_ops++] = a->n_cells;
	return OW_OK;
}

static int
answer_cell(struct answer *a, sqlite3_stmt *stmt, int col)
{
	struct ow_value *v = &a->cells[a->n_cells++];
	const unsigned char *text;
	size_t n;

	*v = (struct ow_value){ .type = OW_V_NULL };
	switch (sqlite3_column_type(stmt, col)) {
	case SQLITE_NULL:
		return OW_OK;
	case SQLITE_INTEGER:
		v->type = OW_V_INT;
		v->i = sqlite3_column_int64(stmt, col);
		return OW_OK;
	}
	text = sqlite3_column_text(stmt, col);
	n = (size_t)sqlite3_column_bytes(stmt, col);
	if (!grow(&a->text, &a->text_cap, a->n_text, n + 1, 1))
		return OW_ELIMIT;
	if (text)
		memcpy(a->text + a->n_text, text, n);
	a->text[a->n_text + n] = '\0';
	v->type = OW_V_TEXT;
	v->i = (int64_t)a->n_text;	/* a number until answer_seal() */
	v->text.n = n;
	a->n_text += n + 1;
	return OW_OK;
}

int
answer_row(struct answer *a, sqlite3_stmt *stmt)
{
	struct ow_rows *rows = &a->ops[a->n_ops - 1];
	uint32_t col;
	int err;

	if (!grow(&a->cells, &a->cells_cap, a->n_cells, rows->n_cols,
	    sizeof(*a->cells)))
		return OW_ELIMIT;
	for (col = 0; col < rows->n_cols; col++) {
		err = answer_cell(a, stmt, (int)col);
		if (err)
			return err;
	}
	rows->n_rows++;
	return OW_OK;
}

uint32_t
answer_count(const struct answer *a)
{
	return (uint32_t)a->n_ops;
}

void
answer_cut(struct answer *a, uint32_t n)
{
	if (n < a->n_ops) {
		a->n_cells = a->ops_first[n];
		a->n_ops = n;
	}
}

const struct ow_rows *
answer_seal(struct answer *a)
{
	struct ow_value *v;
	size_t i;

	for (i = 0; i < a->n_cells; i++) {
		v = &a->cells[i];
		if (v->type != OW_V_TEXT)
			continue;
		v->text.p = a->text + v->i;
		v->i = 0;
	}
	for (i = 0; i < a->n_ops; i++)
		a->ops[i].cells = a->ops[i].n_rows > 0 ?
		    a->cells + a->ops_first[i] : NULL;
	return a->ops;
}
