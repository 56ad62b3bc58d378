/* SPDX-License-Identifier: MIT */
/*
 * schema - the tables, brought to the newest version before the work begins.
 *
 * It blocks, on a connection of its own.  Several nodes may start at once, so
 * all of it happens under an advisory lock; each migration is a transaction
 * with the note of its version.
 *
 * Ids must compare bytewise, as they do in SQLite and in C, while a database
 * compares as its locale says.  So every column of type TEXT is made with
 * COLLATE "C"; comparisons, ORDER BY and indexes then follow the column.
 */
#include "pgsql.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Any number that nobody else locks: "orderwir" in ASCII. */
#define SCHEMA_LOCK "8030597957379254642"

#define BYTEWISE " COLLATE \"C\""

char *
schema_translate(const char *sql)
{
	static const char word[] = " TEXT";
	const size_t n = sizeof(word) - 1;
	const char *at;
	size_t count = 0;
	char *out, *to;

	for (at = sql; (at = strstr(at, word)); at += n)
		count++;
	out = malloc(strlen(sql) + count * strlen(BYTEWISE) + 1);
	if (!out)
		return NULL;
	for (to = out; (at = strstr(sql, word)); sql = at + n) {
		memcpy(to, sql, (size_t)(at + n - sql));
		to += at + n - sql;
		if (!isalnum((unsigned char)at[n]) && at[n] != '_')
			to = stpcpy(to, BYTEWISE);
	}
	strcpy(to, sql);
	return out;
}

__attribute__((format(printf, 3, 4)))
static int
schema_fault(struct ow_fault *f, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return err;
}

/* out_n: the first column of the first row, or NULL. */
static int
schema_exec(PGconn *conn, const char *sql, int64_t *out_n,
    struct ow_fault *f)
{
	PGresult *r = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(r);
	char why[160];
	int err = OW_OK;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		link_error(conn, why, sizeof(why));
		err = schema_fault(f, PQstatus(conn) == CONNECTION_BAD ?
		    OW_EAGAIN : OW_EIO, "the database server says: %s", why);
	} else if (out_n && PQntuples(r) > 0) {
		*out_n = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
	}
	PQclear(r);
	return err;
}

static int
schema_apply(struct pgsql *p, PGconn *conn,
    const struct ow_migration *m, struct ow_fault *f)
{
	struct ow_fault ignored;
	char note[96], *sql;
	int err;

	sql = schema_translate(m->sql);
	if (!sql)
		return schema_fault(f, OW_EAGAIN, "out of memory");
	(void)snprintf(note, sizeof(note),
	    "INSERT INTO schema_version (version) VALUES (%lld)",
	    (long long)m->version);
	err = schema_exec(conn, "BEGIN", NULL, f);
	if (!err)
		err = schema_exec(conn, sql, NULL, f);
	if (!err)
		err = schema_exec(conn, note, NULL, f);
	if (!err)
		err = schema_exec(conn, "COMMIT", NULL, f);
	if (err)	/* the connection ends anyway */
		(void)schema_exec(conn, "ROLLBACK", NULL, &ignored);
	else
		p->host->base->log(p->ctx, OW_NOTICE,
		    "the database is now of version %lld",
		    (long long)m->version);
	free(sql);
	return err;
}

static int
schema_bring_up(struct pgsql *p, PGconn *conn, struct ow_fault *f)
{
	const struct ow_host_store *h = p->host->store;
	int64_t version = 0, newest;
	uint32_t i;
	int err;

	newest = h->n_migrations > 0 ?
	    h->migrations[h->n_migrations - 1].version : 0;
	err = schema_exec(conn, "SELECT pg_advisory_lock(" SCHEMA_LOCK ")",
	    NULL, f);
	if (!err)
		err = schema_exec(conn, "CREATE TABLE IF NOT EXISTS"
		    " schema_version (version BIGINT NOT NULL PRIMARY KEY);"
		    "CREATE TABLE IF NOT EXISTS store_probe"
		    " (pad TEXT NOT NULL)", NULL, f);
	if (!err)
		err = schema_exec(conn, "SELECT coalesce(max(version), 0)"
		    " FROM schema_version", &version, f);
	if (err)
		return err;
	if (version > newest)
		return schema_fault(f, OW_EUNSUP, "the database is of version"
		    " %lld, newer than this program, which knows up to %lld;"
		    " run the newer program, or restore a backup",
		    (long long)version, (long long)newest);
	for (i = 0; i < h->n_migrations && !err; i++)
		if (h->migrations[i].version > version)
			err = schema_apply(p, conn, &h->migrations[i], f);
	return err;
}

int
schema_migrate(struct pgsql *p, struct ow_fault *f)
{
	const char *keys[8], *values[8];
	char seconds[24], why[160];
	PGconn *conn;
	int err, n;

	n = link_params(p->conf, keys, values);
	(void)snprintf(seconds, sizeof(seconds), "%lld",
	    (long long)(p->conf->connect_timeout_ms + 999) / 1000);
	keys[n] = "connect_timeout";
	values[n++] = seconds;
	keys[n] = NULL;
	values[n] = NULL;
	conn = PQconnectdbParams(keys, values, 1);
	if (PQstatus(conn) == CONNECTION_OK) {
		(void)PQsetNoticeProcessor(conn, link_on_notice, p);
		err = schema_bring_up(p, conn, f);
	} else {
		link_error(conn, why, sizeof(why));
		err = schema_fault(f, OW_EAGAIN, "%s", why);
	}
	PQfinish(conn);		/* also gives the lock back */
	return err;
}
