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
	{ 2,
	    "CREATE TABLE person_log (tenant TEXT NOT NULL,"
	    " sub TEXT NOT NULL, seq BIGINT NOT NULL, id TEXT NOT NULL,"
	    " at_ms BIGINT NOT NULL, type TEXT NOT NULL,"
	    " message TEXT NOT NULL, PRIMARY KEY (tenant, sub, seq));\n"
	    "CREATE INDEX person_log_at ON person_log (at_ms);\n"
	    "CREATE TABLE preferences (tenant TEXT NOT NULL,"
	    " sub TEXT NOT NULL, version BIGINT NOT NULL, doc TEXT NOT NULL,"
	    " PRIMARY KEY (tenant, sub));\n"
	    "CREATE TABLE addresses (id TEXT NOT NULL PRIMARY KEY,"
	    " tenant TEXT NOT NULL, sub TEXT NOT NULL, kind TEXT NOT NULL,"
	    " address TEXT NOT NULL, hash TEXT NOT NULL, hint TEXT NOT NULL,"
	    " at_ms BIGINT NOT NULL);\n"
	    "CREATE UNIQUE INDEX addresses_hash ON addresses"
	    " (kind, hash, tenant);\n"
	    "CREATE INDEX addresses_sub ON addresses (tenant, sub);\n"
	    "CREATE TABLE off (tenant TEXT NOT NULL, kind TEXT NOT NULL,"
	    " hash TEXT NOT NULL, at_ms BIGINT NOT NULL, why TEXT NOT NULL,"
	    " PRIMARY KEY (tenant, kind, hash));\n"
	    "CREATE TABLE notices (id TEXT NOT NULL PRIMARY KEY,"
	    " tenant TEXT NOT NULL, sub TEXT NOT NULL,"
	    " order_id TEXT NOT NULL, event_id TEXT NOT NULL,"
	    " topic TEXT NOT NULL, at_ms BIGINT NOT NULL,"
	    " inbox BIGINT NOT NULL, title TEXT NOT NULL,"
	    " text TEXT NOT NULL, url TEXT NOT NULL, vars TEXT NOT NULL,"
	    " why TEXT NOT NULL, seen_ms BIGINT NOT NULL,"
	    " seen_how TEXT NOT NULL, read_ms BIGINT NOT NULL);\n"
	    "CREATE INDEX notices_inbox ON notices (tenant, sub, id)"
	    " WHERE inbox = 1;\n"
	    "CREATE INDEX notices_order ON notices (order_id);\n"
	    "CREATE INDEX notices_at ON notices (at_ms);\n"
	    "CREATE TABLE jobs (id TEXT NOT NULL PRIMARY KEY,"
	    " job_key TEXT NOT NULL, tenant TEXT NOT NULL, sub TEXT NOT NULL,"
	    " notice_id TEXT NOT NULL, order_id TEXT NOT NULL,"
	    " topic TEXT NOT NULL, kind TEXT NOT NULL, medium TEXT NOT NULL,"
	    " address TEXT NOT NULL, hash TEXT NOT NULL, hint TEXT NOT NULL,"
	    " due_ms BIGINT NOT NULL, stale_ms BIGINT NOT NULL,"
	    " grp TEXT NOT NULL, only_unseen BIGINT NOT NULL,"
	    " urgent BIGINT NOT NULL, locale TEXT NOT NULL,"
	    " at_ms BIGINT NOT NULL, state TEXT NOT NULL,"
	    " open BIGINT NOT NULL, attempt BIGINT NOT NULL,"
	    " node TEXT NOT NULL, ref TEXT NOT NULL, why TEXT NOT NULL,"
	    " ended_ms BIGINT NOT NULL);\n"
	    "CREATE UNIQUE INDEX jobs_key ON jobs (job_key);\n"
	    "CREATE INDEX jobs_open ON jobs (kind, due_ms, id)"
	    " WHERE open = 1;\n"
	    "CREATE INDEX jobs_order ON jobs (order_id);\n"
	    "CREATE INDEX jobs_ref ON jobs (kind, ref) WHERE ref <> '';\n"
	    "CREATE INDEX jobs_hash ON jobs (kind, hash);\n"
	    "CREATE INDEX jobs_at ON jobs (at_ms) WHERE open = 0;\n"
	    "CREATE INDEX jobs_group ON jobs (tenant, sub, medium, grp)"
	    " WHERE grp <> '';\n"
	    "CREATE INDEX jobs_parked ON jobs (id) WHERE state = 'parked';\n"
	    "CREATE TABLE attempts (job_id TEXT NOT NULL,"
	    " attempt BIGINT NOT NULL, at_ms BIGINT NOT NULL,"
	    " took_ms BIGINT NOT NULL, verdict TEXT NOT NULL,"
	    " detail TEXT NOT NULL, ref TEXT NOT NULL,"
	    " PRIMARY KEY (job_id, attempt, at_ms));\n"
	    "CREATE INDEX attempts_at ON attempts (at_ms);\n"
	    "CREATE TABLE receipts (job_id TEXT NOT NULL, what TEXT NOT NULL,"
	    " at_ms BIGINT NOT NULL, PRIMARY KEY (job_id, what));\n"
	    "CREATE INDEX receipts_at ON receipts (at_ms);\n" },
	{ 3,
	    "CREATE TABLE learnt (tenant TEXT NOT NULL, name TEXT NOT NULL,"
	    " text TEXT NOT NULL, PRIMARY KEY (tenant, name));\n"
	    "CREATE TABLE eta_log (order_id TEXT NOT NULL,"
	    " stage TEXT NOT NULL, tenant TEXT NOT NULL,"
	    " at_ms BIGINT NOT NULL, made_ms BIGINT NOT NULL,"
	    " p50_ms BIGINT NOT NULL, p90_ms BIGINT NOT NULL,"
	    " actual_ms BIGINT NOT NULL, PRIMARY KEY (order_id, stage));\n"
	    "CREATE INDEX eta_log_tenant ON eta_log (tenant, at_ms);\n"
	    "CREATE INDEX eta_log_at ON eta_log (at_ms);\n" },
};

const uint32_t query_n_migrations =
    sizeof(query_migrations) / sizeof(query_migrations[0]);
