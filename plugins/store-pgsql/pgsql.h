/* SPDX-License-Identifier: MIT */
/*
 * pgsql - what the files of this plugin share.
 *
 *	pgsql.c    the descriptor and the life of an instance
 *	link.c     the connection: made, looked over, lost, made again
 *	pipe.c     groups of transactions sent through it and answered
 *	group.c    one group: its operations, its results, its settling
 *	schema.c   the tables, brought to the newest version
 */
#ifndef STORE_PGSQL_H
#define STORE_PGSQL_H

#include <orderwire/store.h>
#include <libpq-fe.h>

#define BATCH_MAX 64		/* changes in a group */

enum { PGSQL_M_LOST, PGSQL_M_GROUPS, PGSQL_M_REPEATED };

struct pgsql_conf {
	const char *conninfo;
	int64_t batch;
	int64_t inflight;
	int64_t connect_timeout_ms;
	int64_t retry_max_ms;
};

enum group_kind { GROUP_SETUP, GROUP_READ, GROUP_WRITE, GROUP_PROBE };

/* What travels between two Syncs: one implicit transaction. */
struct group {
	struct group *next;
	enum group_kind kind;
	bool is_repeat;		/* it was part of one that failed */
	uint32_t n_ops, n_done;	/* sent; answered */
	PGresult **results;	/* of the n_ops; NULL: no rows */
	/* The first that failed, if err. */
	int32_t err;
	uint32_t failed;
	char why[200];
	uint32_t n_txns;
	const struct ow_txn *txns[];
};

struct group_list {
	struct group *head, **tail;
	uint32_t n;
};

enum link_state { LINK_OFF, LINK_CONNECTING, LINK_SETUP, LINK_UP };

struct pgsql {
	struct ow_ctx *ctx;
	const struct ow_host *host;
	const struct pgsql_conf *conf;

	/* link.c */
	enum link_state state;
	PGconn *conn;
	struct ow_watch *watch;
	bool watch_rd, watch_wr;	/* what the watch is asked for */
	struct ow_timer *timer;		/* connecting, or to try again */
	uint32_t failures;		/* in a row */
	int64_t heard_ms;		/* the last answer, or since waiting */
	char why[200];			/* why it is off */

	/* pipe.c */
	struct group_list reads, writes, sent;
	bool is_full;			/* the server's disk */
	struct ow_timer *probe;
	bool is_draining;

	bool is_told_down;
};

/* ---- pgsql.c ---- */
void pgsql_say(struct pgsql *, bool is_up, const char *why);

/* ---- link.c ---- */
void link_start(struct pgsql *);
void link_stop(struct pgsql *);
/* Drive it by hand until it is up, or is lost: OW_EAGAIN. */
int link_wait(struct pgsql *, struct ow_fault *);
/* The connection cannot be used any more; try again later. */
void link_lost(struct pgsql *, const char *why);
/* The set-up was answered. */
void link_set_up(struct pgsql *, const struct group *);
/* Something was sent: see that it leaves. */
void link_flush(struct pgsql *);
int link_params(const struct pgsql_conf *, const char *keys[8],
    const char *values[8]);
void link_on_notice(void *pgsql, const char *text);
/* The first line of libpq's words about it. */
void link_error(PGconn *, char *out, size_t n);

/* ---- pipe.c ---- */
void pipe_init(struct pgsql *);
void pipe_add(struct pgsql *, const struct ow_txn *const *txns, uint32_t n);
void pipe_send(struct pgsql *);
/* Answers that have arrived.  May end in link_lost(). */
void pipe_read(struct pgsql *);
/* Settle all: what was sent may or may not have happened. */
void pipe_give_up(struct pgsql *, const char *why);
bool pipe_is_idle(const struct pgsql *);
void pipe_done(struct pgsql *);

/* ---- group.c ---- */
struct group *group_make(enum group_kind, const struct ow_txn *const *txns,
    uint32_t n);
void group_free(struct group **);
/* Queue all of it and a Sync in libpq.  false: the connection is bad. */
bool group_send(struct pgsql *, struct group *);
/* The answer to one operation; takes the result. */
void group_answer(struct pgsql *, struct group *, PGresult **);
/* Everybody in it gets this. */
void group_settle_all(struct pgsql *, const struct group *, int32_t err,
    const char *why);
/* By its results.  Only without a failure, or with one member. */
void group_settle(struct pgsql *, const struct group *);
/* Which member the failed operation belongs to, and its number in there. */
uint32_t group_culprit(const struct group *, uint32_t *out_op);
/* What a server's error code means. */
int32_t group_verdict(const char *sqlstate);

/* ---- schema.c ---- */
int schema_migrate(struct pgsql *, struct ow_fault *);
/* SQL of the shared dialect as PostgreSQL must hear it; the caller frees. */
char *schema_translate(const char *sql);

#endif
