/* SPDX-License-Identifier: MIT */
/*
 * query - the tables and the statements of query.h as data.
 *
 * The log (events) is the truth and is only appended to; an order's row is
 * written behind and can be rebuilt from it.  events has no primary key on
 * purpose: SQLite then appends by rowid, which costs half of what a clustered
 * key does, and the unique index is the compare-and-set.  There are no
 * foreign keys: an order and its first event come in one transaction, and
 * nothing is deleted.
 */
#include "event/query.h"

const struct ow_stmt query_stmts[Q_COUNT] = {
#define QUERY_ROW_(name, params, cols, sql) { #name, sql, params, cols },
	QUERY_TABLE(QUERY_ROW_)
#undef QUERY_ROW_
};

const struct ow_migration query_migrations[QUERY_MIGRATIONS] = {
	{ 1,
	    "CREATE TABLE orders (id TEXT NOT NULL PRIMARY KEY,"
	    " tenant TEXT NOT NULL, external_ref TEXT,"
	    " customer_id TEXT NOT NULL, status TEXT NOT NULL,"
	    " active BIGINT NOT NULL, seq BIGINT NOT NULL,"
	    " doc TEXT NOT NULL);\n"
	    "CREATE UNIQUE INDEX orders_ref ON orders (tenant, external_ref);\n"
	    "CREATE INDEX orders_tenant ON orders (tenant, id);\n"
	    "CREATE INDEX orders_customer ON orders"
	    " (tenant, customer_id, id);\n"
	    "CREATE INDEX orders_active ON orders (id) WHERE active = 1;\n"
	    "CREATE TABLE events (order_id TEXT NOT NULL,"
	    " seq BIGINT NOT NULL, at_ms BIGINT NOT NULL,"
	    " type TEXT NOT NULL, message TEXT NOT NULL);\n"
	    "CREATE UNIQUE INDEX events_seq ON events (order_id, seq);\n"
	    "CREATE TABLE links (hash TEXT NOT NULL PRIMARY KEY,"
	    " id TEXT NOT NULL, tenant TEXT NOT NULL,"
	    " order_id TEXT NOT NULL, expires_ms BIGINT NOT NULL,"
	    " revoked BIGINT NOT NULL);\n"
	    "CREATE UNIQUE INDEX links_id ON links (order_id, id);\n"
	    "CREATE TABLE idempotency (scope TEXT NOT NULL,"
	    " key TEXT NOT NULL, hash TEXT NOT NULL,"
	    " status BIGINT NOT NULL, body TEXT NOT NULL,"
	    " at_ms BIGINT NOT NULL, PRIMARY KEY (scope, key));\n"
	    "CREATE INDEX idempotency_at ON idempotency (at_ms);\n" },
};

const uint32_t query_n_migrations =
    sizeof(query_migrations) / sizeof(query_migrations[0]);
