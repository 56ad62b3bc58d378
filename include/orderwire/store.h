/* SPDX-License-Identifier: MIT */
/*
 * orderwire/store.h - what a store plugin and the core say to each other.
 *
 * The core owns every statement and every table: a store executes, in order,
 * what it is handed, and knows nothing of orders.  Statements and migrations
 * are written in the dialect that SQLite and PostgreSQL share: parameters are
 * $1, $2, ... (each used at least once), the only types are TEXT and BIGINT.
 *
 * A transaction (ow_txn) is one change: all of its operations or none.  The
 * host hands over as many as are due at once, and a store may make them
 * durable together, but one that fails must not take another along.  A write
 * is settled as OW_OK only when it would survive the loss of power.
 *
 * THREADS.  A store lives on the store's loop and may block there.
 */
#ifndef ORDERWIRE_STORE_H
#define ORDERWIRE_STORE_H

#include <orderwire/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { OW_V_NULL = 0, OW_V_INT, OW_V_TEXT };

struct ow_value {
	int32_t type;
	int64_t i;		/* OW_V_INT */
	struct ow_bytes text;	/* OW_V_TEXT: UTF-8, not NUL-terminated */
};

/* Statements are numbered by their place in the host's table. */
struct ow_stmt {
	const char *name;	/* for messages and traces */
	const char *sql;
	uint32_t n_params;
	uint32_t n_cols;	/* of its result; 0: none */
};

struct ow_op {
	uint32_t stmt;
	uint32_t n_args;
	const struct ow_value *args;
	int64_t expect;		/* rows it must change; -1: any number */
};

/* One change, or one question.  The host's, valid until it is settled. */
struct ow_txn {
	uint32_t size;
	bool reads;		/* true: nothing in it writes */
	uint32_t n_ops;
	const struct ow_op *ops;
};

/* The result of one operation of a transaction that returns rows. */
struct ow_rows {
	uint32_t n_cols;
	uint32_t n_rows;
	const struct ow_value *cells;	/* row by row */
};

/*
 * err	OW_OK
 *	OW_ECONFLICT	operation `op` did not change the rows it must
 *	OW_EAGAIN	the store is away (nothing was written)
 *	OW_ELIMIT	no room: disk full, quota
 *	OW_EIO		anything else; detail says what
 * With any error nothing of the transaction was written, except that OW_EIO
 * leaves it open when a connection broke during its commit.
 */
struct ow_result {
	uint32_t size;
	int32_t err;
	uint32_t op;
	const char *detail;		/* one line, or NULL */
	const struct ow_rows *rows;	/* n_ops of them, or NULL on error */
};

struct ow_migration {
	int64_t version;	/* from 1, without gaps */
	const char *sql;	/* several statements, each ended by ";\n" */
};

struct ow_host_store {
	uint32_t size;
	const struct ow_stmt *stmts;
	uint32_t n_stmts;
	const struct ow_migration *migrations;
	uint32_t n_migrations;
	/* Once for each transaction of run(), from inside run() or later.
	   Everything in the result is copied. */
	void (*settle)(struct ow_ctx *, const struct ow_txn *,
	    const struct ow_result *);
	/* Whether writes can succeed now; said at each change, with a reason
	   that an admin understands. */
	void (*state)(struct ow_ctx *, bool up, const char *why);
};

struct ow_store {
	uint32_t size;
	/* Bring the tables to the newest version, or say why not.  Comes
	   after start(), before the first run(); blocks.  A database newer
	   than the program is OW_EUNSUP. */
	int (*migrate)(void *self, struct ow_fault *);
	/* Execute these; writes in one commit where possible. */
	void (*run)(void *self, const struct ow_txn *const *txns,
	    uint32_t n_txns);
};

#ifdef __cplusplus
}
#endif

#endif
