/* SPDX-License-Identifier: MIT */
/*
 * store - what test_store.c needs to know of each store.
 */
#ifndef TEST_STORE_STORE_H
#define TEST_STORE_STORE_H

#include <check.h>
#include "event/query.h"
#include "host.h"

struct store_kind {
	const char *name;
	const struct ow_plugin *(*query)(uint32_t host_abi);
	bool (*begin)(void);		/* false: it cannot be tested here */
	void (*end)(void);
	void (*wipe)(void);		/* nothing was ever stored */
	const char *const (*options)[2];
	/* The host's statements, and some that only this store understands. */
	const struct ow_stmt *stmts;
	uint32_t n_stmts;
	TCase *(*own_case)(void);
};

extern struct store_kind kind_sqlite, kind_pgsql;

/* test_outbox.c */
TCase *outbox_case(const struct store_kind *);

/* The statements of a kind: query_stmts, then `n` of its own. */
void kind_add_stmts(struct store_kind *, struct ow_stmt *all,
    const struct ow_stmt *own, uint32_t n);
void kind_conf(const struct store_kind *, struct host_conf *);
/* Must succeed; options NULL: the kind's. */
struct host *kind_open(const struct store_kind *,
    const char *const (*options)[2]);

void job_append(struct job *, const char *order, int64_t seq,
    const char *message);
void job_idem(struct job *, const char *key);
void job_link(struct job *, const char *hash);

#endif
