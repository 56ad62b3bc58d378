/* SPDX-License-Identifier: MIT */
/*
 * store - what the tests of all stores share, see store.h.
 */
#include "store.h"

#include <string.h>

void
kind_add_stmts(struct store_kind *k, struct ow_stmt *all,
    const struct ow_stmt *own, uint32_t n)
{
	memcpy(all, query_stmts, sizeof(query_stmts));
	memcpy(all + Q_COUNT, own, n * sizeof(*own));
	k->stmts = all;
	k->n_stmts = Q_COUNT + n;
}

void
kind_conf(const struct store_kind *k, struct host_conf *c)
{
	c->plugin = k->query(OW_ABI);
	c->options = k->options;
	c->stmts = k->stmts;
	c->n_stmts = k->n_stmts;
	c->migrations = query_migrations;
	c->n_migrations = query_n_migrations;
}

struct host *
kind_open(const struct store_kind *k,
    const char *const (*options)[2])
{
	struct host_conf c;
	struct ow_fault f;
	struct host *h;
	int err;

	kind_conf(k, &c);
	if (options)
		c.options = options;
	h = host_open(&c, &err, &f);
	ck_assert_msg(h != NULL, "%s", f.text);
	return h;
}

void
job_append(struct job *j, const char *order, int64_t seq,
    const char *message)
{
	job_add(j, query_stmts, Q_EVENT_APPEND, 1, "siiss", order, seq,
	    INT64_C(1700000000000), "order.status.changed", message);
}

void
job_idem(struct job *j, const char *key)
{
	job_add(j, query_stmts, Q_IDEM_INSERT, 1, "sssisi", "t/POST", key,
	    "hash", INT64_C(201), "{}", INT64_C(5));
}

void
job_link(struct job *j, const char *hash)
{
	job_add(j, query_stmts, Q_LINK_INSERT, -1, "ssssi", hash, hash, "t",
	    "o", INT64_C(9));
}
