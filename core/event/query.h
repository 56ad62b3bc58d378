/* SPDX-License-Identifier: MIT */
/*
 * query - every SQL statement and every table, written once.
 *
 * The dialect is what SQLite and PostgreSQL share: $1 parameters, TEXT and
 * BIGINT, ON CONFLICT, no functions that only one of them has.
 */
#ifndef EVENT_QUERY_H
#define EVENT_QUERY_H

#include <orderwire/store.h>

/* name, parameters, columns, SQL.  A parameter that may be null is marked ?. */
#define QUERY_TABLE(Q)							\
	/* id, tenant, external_ref?, customer_id, status, active, seq, doc */ \
	Q(ORDER_INSERT, 8, 0,						\
	    "INSERT INTO orders (id, tenant, external_ref, customer_id," \
	    " status, active, seq, doc)"				\
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"			\
	    " ON CONFLICT DO NOTHING")					\
	/* id, status, active, seq, doc: only ever forwards */		\
	Q(ORDER_WRITE, 5, 0,						\
	    "UPDATE orders SET status = $2, active = $3, seq = $4, doc = $5" \
	    " WHERE id = $1 AND seq < $4")				\
	/* tenant, id -> seq, doc */					\
	Q(ORDER_BY_ID, 2, 2,						\
	    "SELECT seq, doc FROM orders WHERE id = $2 AND tenant = $1") \
	/* tenant, external_ref -> id, seq, doc */			\
	Q(ORDER_BY_REF, 2, 3,						\
	    "SELECT id, seq, doc FROM orders"				\
	    " WHERE tenant = $1 AND external_ref = $2")			\
	/* after id, limit -> id, tenant, external_ref, customer_id,	\
	   status, seq, doc */						\
	Q(ORDERS_ACTIVE, 2, 7,						\
	    "SELECT id, tenant, external_ref, customer_id, status, seq, doc" \
	    " FROM orders WHERE active = 1 AND id > $1"			\
	    " ORDER BY id LIMIT $2")					\
	/* after id, up to id -> order_id, seq, at_ms, type, message: what \
	   the documents of active orders do not have yet */		\
	Q(EVENTS_BEHIND, 2, 5,						\
	    "SELECT e.order_id, e.seq, e.at_ms, e.type, e.message"	\
	    " FROM orders o JOIN events e"				\
	    " ON e.order_id = o.id AND e.seq > o.seq"			\
	    " WHERE o.active = 1 AND o.id > $1 AND o.id <= $2"		\
	    " ORDER BY e.order_id, e.seq")				\
	/* The same for one order: tenant, id -> seq, at_ms, type, message */ \
	Q(BEHIND_BY_ID, 2, 4,						\
	    "SELECT e.seq, e.at_ms, e.type, e.message"			\
	    " FROM orders o JOIN events e"				\
	    " ON e.order_id = o.id AND e.seq > o.seq"			\
	    " WHERE o.id = $2 AND o.tenant = $1 ORDER BY e.seq")	\
	/* tenant, external_ref -> the same */				\
	Q(BEHIND_BY_REF, 2, 4,						\
	    "SELECT e.seq, e.at_ms, e.type, e.message"			\
	    " FROM orders o JOIN events e"				\
	    " ON e.order_id = o.id AND e.seq > o.seq"			\
	    " WHERE o.tenant = $1 AND o.external_ref = $2"		\
	    " ORDER BY e.seq")						\
	/* The lists: newest first, before id, limit -> id, seq, doc */	\
	Q(LIST_ALL, 3, 3,						\
	    "SELECT id, seq, doc FROM orders WHERE tenant = $1"		\
	    " AND id < $2 ORDER BY id DESC LIMIT $3")			\
	Q(LIST_PAST, 3, 3,						\
	    "SELECT id, seq, doc FROM orders WHERE tenant = $1"		\
	    " AND active = 0 AND id < $2 ORDER BY id DESC LIMIT $3")	\
	Q(LIST_STATUS, 4, 3,	/* past statuses only: 4 is the status */ \
	    "SELECT id, seq, doc FROM orders WHERE tenant = $1"		\
	    " AND active = 0 AND status = $4 AND id < $2"		\
	    " ORDER BY id DESC LIMIT $3")				\
	Q(LIST_CUSTOMER, 4, 3,	/* 4 is the customer */			\
	    "SELECT id, seq, doc FROM orders WHERE tenant = $1"		\
	    " AND customer_id = $4 AND id < $2"				\
	    " ORDER BY id DESC LIMIT $3")				\
	Q(LIST_CUSTOMER_PAST, 4, 3,					\
	    "SELECT id, seq, doc FROM orders WHERE tenant = $1"		\
	    " AND customer_id = $4 AND active = 0 AND id < $2"		\
	    " ORDER BY id DESC LIMIT $3")				\
	Q(LIST_CUSTOMER_STATUS, 5, 3,	/* 5 is the status */		\
	    "SELECT id, seq, doc FROM orders WHERE tenant = $1"		\
	    " AND customer_id = $4 AND active = 0 AND status = $5"	\
	    " AND id < $2 ORDER BY id DESC LIMIT $3")			\
	/* order_id, seq, at_ms, type, message: 0 rows is a conflict */	\
	Q(EVENT_APPEND, 5, 0,						\
	    "INSERT INTO events (order_id, seq, at_ms, type, message)"	\
	    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING")	\
	/* order_id, since, limit -> seq, at_ms, type, message */	\
	Q(EVENTS_SINCE, 3, 4,						\
	    "SELECT seq, at_ms, type, message FROM events"		\
	    " WHERE order_id = $1 AND seq > $2 ORDER BY seq LIMIT $3")	\
	/* hash, id, tenant, order_id, expires_ms */			\
	Q(LINK_INSERT, 5, 0,						\
	    "INSERT INTO links (hash, id, tenant, order_id, expires_ms," \
	    " revoked) VALUES ($1, $2, $3, $4, $5, 0)")			\
	/* hash -> id, tenant, order_id, expires_ms, revoked */		\
	Q(LINK_BY_HASH, 1, 5,						\
	    "SELECT id, tenant, order_id, expires_ms, revoked FROM links" \
	    " WHERE hash = $1")						\
	/* order_id, id */						\
	Q(LINK_REVOKE, 2, 0,						\
	    "UPDATE links SET revoked = 1 WHERE order_id = $1 AND id = $2") \
	/* expired before wall ms */					\
	Q(LINKS_PURGE, 1, 0,						\
	    "DELETE FROM links WHERE expires_ms < $1")			\
	/* scope, key, hash, status, body, at_ms: 0 rows: used already */ \
	Q(IDEM_INSERT, 6, 0,						\
	    "INSERT INTO idempotency (scope, key, hash, status, body, at_ms)" \
	    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING")	\
	/* scope, key -> hash, status, body, at_ms */			\
	Q(IDEM_GET, 2, 4,						\
	    "SELECT hash, status, body, at_ms FROM idempotency"		\
	    " WHERE scope = $1 AND key = $2")				\
	/* scope, key, at_ms: one that has outlived its time */		\
	Q(IDEM_FORGET, 3, 0,						\
	    "DELETE FROM idempotency"					\
	    " WHERE scope = $1 AND key = $2 AND at_ms < $3")		\
	/* at_ms */							\
	Q(IDEM_PURGE, 1, 0,						\
	    "DELETE FROM idempotency WHERE at_ms < $1")			\
	Q(PING, 0, 1, "SELECT 1")

enum query {
#define QUERY_NAME_(name, params, cols, sql) Q_##name,
	QUERY_TABLE(QUERY_NAME_)
#undef QUERY_NAME_
	Q_COUNT,
};

extern const struct ow_stmt query_stmts[Q_COUNT];
#define QUERY_MIGRATIONS 1
extern const struct ow_migration query_migrations[QUERY_MIGRATIONS];
extern const uint32_t query_n_migrations;

#endif
