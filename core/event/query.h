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
	/* id, status, active, seq, doc: never backwards (the same seq again \
	   is a location, which is no event) */				\
	Q(ORDER_WRITE, 5, 0,						\
	    "UPDATE orders SET status = $2, active = $3, seq = $4, doc = $5" \
	    " WHERE id = $1 AND seq <= $4")				\
	/* tenant (*: any), id -> seq, doc */				\
	Q(ORDER_BY_ID, 2, 2,						\
	    "SELECT seq, doc FROM orders WHERE id = $2"			\
	    " AND $1 IN ('*', tenant)")					\
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
	    " WHERE o.id = $2 AND $1 IN ('*', o.tenant)"		\
	    " ORDER BY e.seq")						\
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
	/* ---- Persons: a log like an order's, whose beginning goes ---- */ \
	/* tenant, sub -> seq, id of the last message or null, unread */ \
	Q(PERSON_STATE, 2, 3,						\
	    "SELECT (SELECT COALESCE(MAX(seq), 0) FROM person_log"	\
	    " WHERE tenant = $1 AND sub = $2), (SELECT id FROM person_log" \
	    " WHERE tenant = $1 AND sub = $2 ORDER BY seq DESC LIMIT 1)," \
	    " (SELECT COUNT(*) FROM notices WHERE tenant = $1"		\
	    " AND sub = $2 AND inbox = 1 AND read_ms = 0)")		\
	/* tenant, sub, seq, id, at_ms, type, message, id of the message \
	   before, '' for the first: 0 rows is a conflict, another has come \
	   between */							\
	Q(PERSON_APPEND, 8, 0,						\
	    "INSERT INTO person_log (tenant, sub, seq, id, at_ms, type," \
	    " message) SELECT CAST($1 AS TEXT), CAST($2 AS TEXT),"	\
	    " CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS BIGINT)," \
	    " CAST($6 AS TEXT), CAST($7 AS TEXT)"			\
	    " WHERE COALESCE((SELECT id FROM person_log WHERE tenant = $1" \
	    " AND sub = $2 ORDER BY seq DESC LIMIT 1), '')"		\
	    " = CAST($8 AS TEXT) ON CONFLICT DO NOTHING")		\
	/* tenant, sub, since, limit -> seq, at_ms, type, message */	\
	Q(PERSON_SINCE, 4, 4,						\
	    "SELECT seq, at_ms, type, message FROM person_log"		\
	    " WHERE tenant = $1 AND sub = $2 AND seq > $3"		\
	    " ORDER BY seq LIMIT $4")					\
	/* at_ms, limit -> one for each; the newest of each person stays, \
	   its seq must not return */					\
	Q(PERSON_LOG_PURGE, 2, 1,					\
	    "DELETE FROM person_log WHERE (tenant, sub, seq) IN"	\
	    " (SELECT p.tenant, p.sub, p.seq FROM person_log p"		\
	    " WHERE p.at_ms < $1 AND p.seq < (SELECT MAX(q.seq)"	\
	    " FROM person_log q WHERE q.tenant = p.tenant"		\
	    " AND q.sub = p.sub) ORDER BY p.at_ms, p.seq LIMIT $2)"	\
	    " RETURNING seq")						\
	/* tenant, sub -> version, doc */				\
	Q(PREFS_GET, 2, 2,						\
	    "SELECT version, doc FROM preferences"			\
	    " WHERE tenant = $1 AND sub = $2")				\
	/* tenant, sub, version, doc: version is the one before plus 1 */ \
	Q(PREFS_INSERT, 4, 0,						\
	    "INSERT INTO preferences (tenant, sub, version, doc)"	\
	    " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")		\
	Q(PREFS_UPDATE, 4, 0,						\
	    "UPDATE preferences SET version = $3, doc = $4"		\
	    " WHERE tenant = $1 AND sub = $2 AND version + 1 = $3")	\
	/* ---- Addresses that people gave us: push subscriptions ---- */ \
	/* tenant, sub -> id, kind, address, hash, hint */		\
	Q(ADDRESSES_OF, 2, 5,						\
	    "SELECT id, kind, address, hash, hint FROM addresses"	\
	    " WHERE tenant = $1 AND sub = $2 ORDER BY id")		\
	/* id, tenant, sub, kind, address, hash, hint, at_ms */		\
	Q(ADDRESS_PUT, 8, 0,						\
	    "INSERT INTO addresses (id, tenant, sub, kind, address, hash," \
	    " hint, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"	\
	    " ON CONFLICT (tenant, kind, hash) DO UPDATE SET id = $1,"	\
	    " sub = $3, address = $5, hint = $7, at_ms = $8")		\
	/* tenant, kind, hash -> id, sub */				\
	Q(ADDRESS_BY_HASH, 3, 2,					\
	    "SELECT id, sub FROM addresses"				\
	    " WHERE tenant = $1 AND kind = $2 AND hash = $3")		\
	/* tenant, sub, id */						\
	Q(ADDRESS_DELETE, 3, 0,						\
	    "DELETE FROM addresses"					\
	    " WHERE tenant = $1 AND sub = $2 AND id = $3")		\
	/* tenant, kind, hash, at_ms, why: this address is off */	\
	Q(OFF_PUT, 5, 0,						\
	    "INSERT INTO off (tenant, kind, hash, at_ms, why)"		\
	    " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING")	\
	/* tenant, kind, hash: on again */				\
	Q(OFF_DELETE, 3, 0,						\
	    "DELETE FROM off WHERE tenant = $1 AND kind = $2"		\
	    " AND hash = $3")						\
	/* ---- Notices ---- */						\
	/* id, tenant, sub, order_id, event_id, topic, at_ms, inbox, title, \
	   text, url, vars, why, seen_ms, seen_how */			\
	Q(NOTICE_INSERT, 15, 0,						\
	    "INSERT INTO notices (id, tenant, sub, order_id, event_id,"	\
	    " topic, at_ms, inbox, title, text, url, vars, why, seen_ms," \
	    " seen_how, read_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8," \
	    " $9, $10, $11, $12, $13, $14, $15, 0)")			\
	/* tenant, sub, before id, limit -> id, order_id, topic, at_ms,	\
	   title, text, url, read_ms */					\
	Q(INBOX, 4, 8,							\
	    "SELECT id, order_id, topic, at_ms, title, text, url, read_ms" \
	    " FROM notices WHERE tenant = $1 AND sub = $2 AND inbox = 1" \
	    " AND id < $3 ORDER BY id DESC LIMIT $4")			\
	Q(INBOX_UNREAD, 4, 8,						\
	    "SELECT id, order_id, topic, at_ms, title, text, url, read_ms" \
	    " FROM notices WHERE tenant = $1 AND sub = $2 AND inbox = 1" \
	    " AND read_ms = 0 AND id < $3 ORDER BY id DESC LIMIT $4")	\
	/* tenant, sub, id -> read_ms */				\
	Q(NOTICE_GET, 3, 1,						\
	    "SELECT read_ms FROM notices WHERE tenant = $1 AND sub = $2" \
	    " AND id = $3 AND inbox = 1")				\
	/* tenant, sub, id, at_ms: 0 rows: read already, or not there */ \
	Q(NOTICE_READ, 4, 0,						\
	    "UPDATE notices SET read_ms = $4, seen_ms = CASE WHEN"	\
	    " seen_ms = 0 THEN $4 ELSE seen_ms END, seen_how = CASE WHEN" \
	    " seen_ms = 0 THEN 'read in the inbox' ELSE seen_how END"	\
	    " WHERE tenant = $1 AND sub = $2 AND id = $3 AND inbox = 1"	\
	    " AND read_ms = 0")						\
	/* tenant, sub, at_ms */					\
	Q(NOTICES_READ, 3, 0,						\
	    "UPDATE notices SET read_ms = $3, seen_ms = CASE WHEN"	\
	    " seen_ms = 0 THEN $3 ELSE seen_ms END, seen_how = CASE WHEN" \
	    " seen_ms = 0 THEN 'read in the inbox' ELSE seen_how END"	\
	    " WHERE tenant = $1 AND sub = $2 AND inbox = 1"		\
	    " AND read_ms = 0")						\
	/* Out of the inbox, not out of the journey.  tenant, sub, id, at_ms, \
	   read_ms as it must be: 0, or what NOTICE_GET said */		\
	Q(NOTICE_REMOVE, 5, 0,						\
	    "UPDATE notices SET inbox = 0, read_ms = CASE WHEN read_ms = 0" \
	    " THEN $4 ELSE read_ms END, seen_ms = CASE WHEN seen_ms = 0" \
	    " THEN $4 ELSE seen_ms END, seen_how = CASE WHEN seen_ms = 0" \
	    " THEN 'removed from the inbox' ELSE seen_how END"		\
	    " WHERE tenant = $1 AND sub = $2 AND id = $3 AND inbox = 1"	\
	    " AND read_ms = $5")					\
	/* tenant, sub, at_ms */					\
	Q(NOTICES_REMOVE, 3, 0,						\
	    "UPDATE notices SET inbox = 0, read_ms = CASE WHEN read_ms = 0" \
	    " THEN $3 ELSE read_ms END, seen_ms = CASE WHEN seen_ms = 0" \
	    " THEN $3 ELSE seen_ms END, seen_how = CASE WHEN seen_ms = 0" \
	    " THEN 'removed from the inbox' ELSE seen_how END"		\
	    " WHERE tenant = $1 AND sub = $2 AND inbox = 1")		\
	/* id, at_ms, how: the first time counts */			\
	Q(NOTICE_SEEN, 3, 0,						\
	    "UPDATE notices SET seen_ms = $2, seen_how = $3"		\
	    " WHERE id = $1 AND seen_ms = 0")				\
	/* tenant, order_id -> id, sub, event_id, topic, at_ms, inbox,	\
	   title, text, why, seen_ms, seen_how, read_ms */		\
	Q(NOTICES_OF_ORDER, 2, 12,					\
	    "SELECT id, sub, event_id, topic, at_ms, inbox, title, text," \
	    " why, seen_ms, seen_how, read_ms FROM notices"		\
	    " WHERE tenant = $1 AND order_id = $2 ORDER BY id")		\
	/* at_ms, limit -> id, tenant, sub, whether it counted as unread */ \
	Q(NOTICES_PURGE, 2, 4,						\
	    "DELETE FROM notices WHERE id IN (SELECT id FROM notices"	\
	    " WHERE at_ms < $1 ORDER BY at_ms LIMIT $2) RETURNING id,"	\
	    " tenant, sub, CASE WHEN inbox = 1 AND read_ms = 0 THEN 1"	\
	    " ELSE 0 END")						\
	/* ---- Jobs: see outbox/job.h for the states ---- */		\
	/* id, key, tenant, sub, notice_id, order_id, topic, kind, medium, \
	   address, hash, hint, due_ms, stale_ms, grp, only_unseen, urgent, \
	   locale, at_ms: a repeated key is 0 rows and no conflict */	\
	Q(JOB_INSERT, 19, 0,						\
	    "INSERT INTO jobs (id, job_key, tenant, sub, notice_id, order_id," \
	    " topic, kind, medium, address, hash, hint, due_ms, stale_ms," \
	    " grp, only_unseen, urgent, locale, at_ms, state, open, attempt," \
	    " node, ref, why, ended_ms) VALUES ($1, $2, $3, $4, $5, $6, $7," \
	    " $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19," \
	    " 'due', 1, 0, '', '', '', 0) ON CONFLICT DO NOTHING")	\
	/* kind, now_ms, limit, node, lease until -> id, job_key, tenant, sub, \
	   notice_id, order_id, topic, kind, medium, address, hash, hint, \
	   stale_ms, grp, only_unseen, urgent, locale, at_ms, attempt	\
	   (already counted up), why (it was put off before, or '') */	\
	Q(JOBS_CLAIM, 5, 20,						\
	    "UPDATE jobs SET state = 'leased', node = $4, due_ms = $5,"	\
	    " attempt = attempt + 1 WHERE open = 1 AND due_ms <= $2"	\
	    " AND id IN (SELECT id FROM jobs WHERE kind = $1 AND open = 1" \
	    " AND due_ms <= $2 ORDER BY due_ms, id LIMIT $3)"		\
	    " RETURNING id, job_key, tenant, sub, notice_id, order_id, topic," \
	    " kind, medium, address, hash, hint, stale_ms, grp, only_unseen," \
	    " urgent, locale, at_ms, attempt, why")			\
	/* kind -> the earliest due_ms; 0 rows or null: none is open */	\
	Q(JOBS_NEXT, 1, 1,						\
	    "SELECT MIN(due_ms) FROM jobs WHERE kind = $1 AND open = 1") \
	/* node, now_ms: leases that our own last life left behind */	\
	Q(JOBS_RELEASE, 2, 0,						\
	    "UPDATE jobs SET state = 'due', due_ms = $2, node = ''"	\
	    " WHERE open = 1 AND state = 'leased' AND node = $1")	\
	/* id, node, attempt, state, open, due_ms, attempt as it shall be, \
	   ref, why, ended_ms: ends a lease; 0 rows: not ours any more */ \
	Q(JOB_SETTLE, 10, 0,						\
	    "UPDATE jobs SET state = CASE WHEN $4 = 'sent' AND EXISTS"	\
	    " (SELECT 1 FROM receipts WHERE job_id = $1 AND what IN"	\
	    " ('displayed', 'clicked')) THEN 'delivered' ELSE $4 END,"	\
	    " open = $5, due_ms = $6,"					\
	    " attempt = $7, ref = CASE WHEN $8 = '' THEN ref ELSE $8 END," \
	    " why = $9, ended_ms = $10, node = '' WHERE id = $1"	\
	    " AND node = $2 AND attempt = $3 AND state = 'leased'")	\
	/* job_id, attempt, at_ms, took_ms, verdict, detail, ref */	\
	Q(ATTEMPT_INSERT, 7, 0,						\
	    "INSERT INTO attempts (job_id, attempt, at_ms, took_ms, verdict," \
	    " detail, ref) VALUES ($1, $2, $3, $4, $5, $6, $7)"		\
	    " ON CONFLICT DO NOTHING")					\
	/* kind, ref, state, why, now_ms, hash: a delivery report; only after \
	   'sent'; hash '' or the address it must be for */		\
	Q(JOB_REPORT, 6, 0,						\
	    "UPDATE jobs SET state = $3, why = $4, ended_ms = $5"	\
	    " WHERE kind = $1 AND ref = $2 AND ref <> ''"		\
	    " AND state = 'sent' AND ($6 = '' OR hash = $6)")		\
	/* kind, ref -> id, tenant, notice_id, hash */			\
	Q(JOB_BY_REF, 2, 4,						\
	    "SELECT id, tenant, notice_id, hash FROM jobs"		\
	    " WHERE kind = $1 AND ref = $2 AND ref <> ''")		\
	/* id -> tenant, sub, notice_id, order_id, state */		\
	Q(JOB_OWNER, 1, 5,						\
	    "SELECT tenant, sub, notice_id, order_id, state FROM jobs"	\
	    " WHERE id = $1")						\
	/* id, now_ms: from 'sent' to 'delivered' (a receipt came) */	\
	Q(JOB_ARRIVED, 2, 0,						\
	    "UPDATE jobs SET state = 'delivered', ended_ms = $2"	\
	    " WHERE id = $1 AND state = 'sent'")			\
	/* id, now_ms: by hand */					\
	Q(JOB_AGAIN, 3, 0,						\
	    "UPDATE jobs SET state = 'due', open = 1, due_ms = $2,"	\
	    " stale_ms = $3, why = 'again by hand', ended_ms = 0"	\
	    " WHERE id = $1 AND state IN ('parked', 'skipped', 'later')") \
	/* tenant, sub, medium, grp, not this notice -> when one of the	\
	   group was last sent */					\
	Q(GROUP_LAST, 5, 1,						\
	    "SELECT MAX(ended_ms) FROM jobs WHERE tenant = $1 AND sub = $2" \
	    " AND medium = $3 AND grp = $4 AND grp <> ''"		\
	    " AND notice_id <> $5"					\
	    " AND state IN ('sent', 'delivered')")			\
	/* tenant, sub, medium, hash, grp, older than this id, due before, \
	   why, now_ms -> id: those that one message stands for */	\
	Q(GROUP_SKIP, 9, 1,						\
	    "UPDATE jobs SET state = 'skipped', open = 0, why = $8,"	\
	    " ended_ms = $9 WHERE tenant = $1 AND sub = $2 AND medium = $3" \
	    " AND hash = $4 AND grp = $5 AND grp <> '' AND id < $6"	\
	    " AND open = 1"						\
	    " AND state IN ('due', 'later') AND due_ms <= $7 RETURNING id") \
	/* tenant, sub, medium, hash, grp, older than this id, the why of \
	   those above -> how many since one of the group was sent */	\
	Q(GROUP_COUNT, 7, 1,						\
	    "SELECT COUNT(*) FROM jobs WHERE tenant = $1 AND sub = $2"	\
	    " AND medium = $3 AND hash = $4 AND grp = $5 AND grp <> ''"	\
	    " AND id < $6 AND state = 'skipped' AND why = $7"		\
	    " AND id > COALESCE((SELECT MAX(id) FROM jobs"		\
	    " WHERE tenant = $1 AND sub = $2 AND medium = $3"		\
	    " AND hash = $4 AND grp = $5 AND grp <> '' AND id < $6"	\
	    " AND state IN ('sent', 'delivered')), '')")		\
	/* state or '' for all, kind or '', tenant or '', before id, limit -> \
	   the row of JOB_GET */					\
	Q(JOBS_LIST, 5, 20,						\
	    "SELECT id, tenant, sub, notice_id, order_id, topic, kind,"	\
	    " medium, hint, state, due_ms, stale_ms, attempt, node, ref," \
	    " why, at_ms, ended_ms, only_unseen, job_key FROM jobs"	\
	    " WHERE ($1 = '' OR state = $1) AND ($2 = '' OR kind = $2)"	\
	    " AND ($3 = '' OR tenant = $3) AND id < $4"			\
	    " ORDER BY id DESC LIMIT $5")				\
	/* The same for 'parked' alone, which has an index of its own */ \
	Q(JOBS_PARKED, 5, 20,						\
	    "SELECT id, tenant, sub, notice_id, order_id, topic, kind,"	\
	    " medium, hint, state, due_ms, stale_ms, attempt, node, ref," \
	    " why, at_ms, ended_ms, only_unseen, job_key FROM jobs"	\
	    " WHERE state = 'parked' AND state = $1"			\
	    " AND ($2 = '' OR kind = $2) AND ($3 = '' OR tenant = $3)"	\
	    " AND id < $4 ORDER BY id DESC LIMIT $5")			\
	/* id */							\
	Q(JOB_GET, 1, 20,						\
	    "SELECT id, tenant, sub, notice_id, order_id, topic, kind,"	\
	    " medium, hint, state, due_ms, stale_ms, attempt, node, ref," \
	    " why, at_ms, ended_ms, only_unseen, job_key FROM jobs"	\
	    " WHERE id = $1")						\
	/* tenant, order_id -> the same */				\
	Q(JOBS_OF_ORDER, 2, 20,						\
	    "SELECT id, tenant, sub, notice_id, order_id, topic, kind,"	\
	    " medium, hint, state, due_ms, stale_ms, attempt, node, ref," \
	    " why, at_ms, ended_ms, only_unseen, job_key FROM jobs"	\
	    " WHERE tenant = $1 AND order_id = $2 ORDER BY id")		\
	/* job_id -> attempt, at_ms, took_ms, verdict, detail, ref */	\
	Q(ATTEMPTS_OF, 1, 6,						\
	    "SELECT attempt, at_ms, took_ms, verdict, detail, ref"	\
	    " FROM attempts WHERE job_id = $1 ORDER BY at_ms, attempt")	\
	/* tenant, order_id -> job_id, attempt, at_ms, took_ms, verdict, \
	   detail, ref */						\
	Q(ATTEMPTS_OF_ORDER, 2, 7,					\
	    "SELECT a.job_id, a.attempt, a.at_ms, a.took_ms, a.verdict," \
	    " a.detail, a.ref FROM jobs j JOIN attempts a"		\
	    " ON a.job_id = j.id WHERE j.tenant = $1 AND j.order_id = $2" \
	    " ORDER BY a.job_id, a.at_ms, a.attempt")			\
	/* kind -> state, how many; due_ms leads to the index of open ones */ \
	Q(JOBS_COUNT, 1, 2,						\
	    "SELECT state, COUNT(*) FROM jobs WHERE kind = $1"		\
	    " AND open = 1 AND due_ms >= 0 GROUP BY state")		\
	/* notice_id -> vars, title, text, url, event_id, seen_ms, seen_how, \
	   off's why (of kind, tenant, hash) */				\
	Q(JOB_CONTENT, 4, 8,						\
	    "SELECT n.vars, n.title, n.text, n.url, n.event_id, n.seen_ms," \
	    " n.seen_how, (SELECT why FROM off WHERE tenant = $2"	\
	    " AND kind = $3 AND hash = $4) FROM notices n"		\
	    " WHERE n.id = $1")						\
	/* order_id, seq -> message */					\
	Q(EVENT_BY_ID, 2, 1,						\
	    "SELECT message FROM events WHERE order_id = $1 AND seq = $2") \
	/* kind, hash -> tenant, sub: whose address it is, as far as known */ \
	Q(PERSONS_OF_HASH, 2, 2,					\
	    "SELECT tenant, sub FROM addresses WHERE kind = $1 AND hash = $2" \
	    " UNION SELECT tenant, sub FROM jobs WHERE kind = $1"	\
	    " AND hash = $2")						\
	/* at_ms, limit -> one for each */				\
	Q(ATTEMPTS_PURGE, 2, 1,						\
	    "DELETE FROM attempts WHERE (job_id, attempt, at_ms) IN"	\
	    " (SELECT job_id, attempt, at_ms FROM attempts"		\
	    " WHERE at_ms < $1 ORDER BY at_ms LIMIT $2)"		\
	    " RETURNING attempt")					\
	/* at_ms, limit -> one for each: closed ones alone */		\
	Q(JOBS_PURGE, 2, 1,						\
	    "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs"		\
	    " WHERE at_ms < $1 AND open = 0 ORDER BY at_ms LIMIT $2)"	\
	    " RETURNING id")						\
	/* ",sms,email,": kinds that have a channel, now_ms, why, limit -> \
	   one for each that is over; a node that has it may still try */ \
	Q(JOBS_UNSERVED, 4, 1,						\
	    "UPDATE jobs SET state = 'skipped', open = 0, node = '',"	\
	    " why = $3, ended_ms = $2 WHERE open = 1 AND id IN"		\
	    " (SELECT id FROM jobs WHERE open = 1 AND stale_ms > 0"	\
	    " AND stale_ms <= $2 AND due_ms <= $2"			\
	    " AND $1 NOT LIKE '%,' || kind || ',%' LIMIT $4)"		\
	    " RETURNING id")						\
	/* kind, now_ms, why, limit -> one for each that is over	\
	   before a channel could take it */				\
	Q(JOBS_STALE, 4, 1,						\
	    "UPDATE jobs SET state = 'skipped', open = 0, node = '',"	\
	    " why = $3, ended_ms = $2 WHERE open = 1 AND due_ms <= $2"	\
	    " AND id IN (SELECT id FROM jobs WHERE kind = $1 AND open = 1" \
	    " AND due_ms <= $2 AND stale_ms > 0 AND stale_ms <= $2"	\
	    " LIMIT $4) RETURNING id")					\
	/* job_id, what, at_ms: what service workers told */		\
	Q(RECEIPT_INSERT, 3, 0,						\
	    "INSERT INTO receipts (job_id, what, at_ms)"		\
	    " VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")		\
	/* tenant, order_id -> job_id, what, at_ms */			\
	Q(RECEIPTS_OF_ORDER, 2, 3,					\
	    "SELECT r.job_id, r.what, r.at_ms FROM jobs j JOIN receipts r" \
	    " ON r.job_id = j.id WHERE j.tenant = $1 AND j.order_id = $2" \
	    " ORDER BY r.at_ms")					\
	/* at_ms, limit -> one for each */				\
	Q(RECEIPTS_PURGE, 2, 1,						\
	    "DELETE FROM receipts WHERE (job_id, what) IN"		\
	    " (SELECT job_id, what FROM receipts WHERE at_ms < $1"	\
	    " ORDER BY at_ms LIMIT $2) RETURNING what")			\
	/* ---- Estimates ---- */					\
	/* tenant -> name, text: what a kitchen has been like */	\
	Q(LEARNT_OF, 1, 2,						\
	    "SELECT name, text FROM learnt WHERE tenant = $1")		\
	/* tenant, name, text */					\
	Q(LEARNT_PUT, 3, 0,						\
	    "INSERT INTO learnt (tenant, name, text) VALUES ($1, $2, $3)" \
	    " ON CONFLICT (tenant, name) DO UPDATE SET text = $3")	\
	/* tenant, name */						\
	Q(LEARNT_DELETE, 2, 0,						\
	    "DELETE FROM learnt WHERE tenant = $1 AND name = $2")	\
	/* order_id, stage, tenant, at_ms, made_ms, p50_ms, p90_ms, actual_ms: \
	   durations from made_ms on; the first of a stage counts */	\
	Q(ETA_LOG_ADD, 8, 0,						\
	    "INSERT INTO eta_log (order_id, stage, tenant, at_ms, made_ms," \
	    " p50_ms, p90_ms, actual_ms) VALUES ($1, $2, $3, $4, $5, $6, $7," \
	    " $8) ON CONFLICT DO NOTHING")				\
	/* tenant, since at_ms -> stage, how many, how many before p50, before \
	   p90, mean absolute error and mean error of p50, mean width */ \
	Q(ETA_LOG_SUM, 2, 7,						\
	    "SELECT stage, COUNT(*),"					\
	    " SUM(CASE WHEN actual_ms <= p50_ms THEN 1 ELSE 0 END),"	\
	    " SUM(CASE WHEN actual_ms <= p90_ms THEN 1 ELSE 0 END),"	\
	    " CAST(AVG(ABS(actual_ms - p50_ms)) AS BIGINT),"		\
	    " CAST(AVG(actual_ms - p50_ms) AS BIGINT),"			\
	    " CAST(AVG(p90_ms - p50_ms) AS BIGINT)"			\
	    " FROM eta_log WHERE tenant = $1 AND at_ms >= $2 GROUP BY stage") \
	/* at_ms */							\
	Q(ETA_LOG_PURGE, 1, 0,						\
	    "DELETE FROM eta_log WHERE at_ms < $1")			\
	Q(PING, 0, 1, "SELECT 1")

enum query {
#define QUERY_NAME_(name, params, cols, sql) Q_##name,
	QUERY_TABLE(QUERY_NAME_)
#undef QUERY_NAME_
	Q_COUNT,
};

extern const struct ow_stmt query_stmts[Q_COUNT];
#define QUERY_MIGRATIONS 3
extern const struct ow_migration query_migrations[QUERY_MIGRATIONS];
extern const uint32_t query_n_migrations;

#endif
