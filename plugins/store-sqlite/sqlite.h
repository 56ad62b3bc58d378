/* SPDX-License-Identifier: MIT */
/*
 * sqlite - what the files of this plugin share.
 *
 *	sqlite.c  the descriptor and the life of an instance
 *	file.c    the database file: opened, looked over, migrated, probed
 *	batch.c   transactions executed and settled
 *	answer.c  rows kept until the commit has happened
 *	verdict.c what an error of SQLite's means
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <orderwire/store.h>
#include <sqlite3.h>

enum { SQLITE_M_DOWN, SQLITE_M_CHECKPOINTS, SQLITE_M_ROLLED_BACK };

struct sqlite_conf {
	const char *path;
	int64_t busy_timeout_ms;
	int64_t cache_max;
	int64_t checkpoint_pages;
};

/* Statements of our own. */
enum {
	OWN_BEGIN, OWN_COMMIT, OWN_ROLLBACK, OWN_SAVE, OWN_RELEASE,
	OWN_BACK, OWN_READ, OWN_COUNT
};

struct sqlite_stmt {
	sqlite3_stmt *stmt;	/* NULL: not yet prepared */
	int *places;		/* where $1, $2, ... are bound */
};

struct sqlite {
	struct ow_ctx *ctx;
	const struct ow_host *host;
	const struct sqlite_conf *conf;
	sqlite3 *db;
	sqlite3_stmt *own[OWN_COUNT];
	struct sqlite_stmt *stmts;	/* by the host's numbers */
	bool is_down;
	struct ow_timer *probe;
	int wal_pages;			/* in the log after the last commit */
	struct answer *answer;		/* kept to reuse its memory */
};

/* ---- file.c ---- */
int file_check(const char *path, struct ow_fault *);
int file_open(struct sqlite *, struct ow_fault *);
void file_close(struct sqlite *);
int file_migrate(struct sqlite *, struct ow_fault *);
/* Write something and take it back; SQLITE_OK when writes can succeed. */
int file_probe(struct sqlite *);
/* Move the log into the database when it has grown, without waiting. */
void file_checkpoint(struct sqlite *);

/* ---- batch.c ---- */
void batch_run(struct sqlite *, const struct ow_txn *const *txns, uint32_t n);

/* ---- sqlite.c ---- */
/* Writes fail, or succeed again; told to the host when that is news. */
void sqlite_down(struct sqlite *, const char *why);
void sqlite_up(struct sqlite *);

/* ---- answer.c ---- */

/* The rows of a batch, one ow_rows for each operation in order. */
struct answer *answer_new(void);
void answer_free(struct answer **);
void answer_clear(struct answer *);
/* Begin the rows of the next operation. */
int answer_begin(struct answer *, uint32_t n_cols);
/* Add the statement's present row to it.  OW_ELIMIT: too large. */
int answer_row(struct answer *, sqlite3_stmt *);
uint32_t answer_count(const struct answer *);
/* Forget all from operation n on. */
void answer_cut(struct answer *, uint32_t n);
/* Nothing more is added: the rows of operation n and those behind it. */
const struct ow_rows *answer_seal(struct answer *);

/* ---- verdict.c ---- */
struct verdict {
	int32_t err;
	bool is_down;		/* other writes would fail, too */
	bool is_alone;		/* the transaction's own fault */
	const char *why;
};
struct verdict verdict_of(int rc);

#endif
