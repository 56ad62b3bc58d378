/* SPDX-License-Identifier: MIT */
/*
 * file - the database file: opened, migrated, kept in shape.
 *
 * WAL with synchronous=FULL: a commit appends to the log and syncs it once.
 * SQLite would move the log into the database inside of a commit; here that
 * happens after the answers are out (file_checkpoint), and never waits for a
 * reader.
 *
 * Invariants: the file is made by us with mode 0600 and never opened beside
 * SQLite (closing any descriptor of a file drops the process's locks on it,
 * fcntl(2), and with them those of another instance).
 */
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBE_BYTES 65536
#define WAL_KEEP_BYTES (64 << 20)

__attribute__((format(printf, 3, 4)))
static int
file_fault(struct ow_fault *f, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return err;
}

int
file_check(const char *path, struct ow_fault *f)
{
	if (path[0] != '/')
		return file_fault(f, OW_EINVAL,
		    "path: \"%s\" must begin with /", path);
	if (path[strlen(path) - 1] == '/')
		return file_fault(f, OW_EINVAL,
		    "path: \"%s\" must name a file, not a directory", path);
	return OW_OK;
}

/* SQLite says only "unable to open database file", so look first. */
static int
file_check_dir(const char *path, struct ow_fault *f)
{
	char dir[4096];
	struct stat st;

	if (strlen(path) >= sizeof(dir))
		return file_fault(f, OW_EINVAL, "path is too long");
	strcpy(dir, path);
	*(strrchr(dir, '/') == dir ? dir + 1 : strrchr(dir, '/')) = '\0';
	if (stat(dir, &st) < 0)
		return file_fault(f, OW_ENOENT,
		    "the directory %s: %s; make it, for the user that "
		    "orderwired runs as", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return file_fault(f, OW_EINVAL, "%s is not a directory", dir);
	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) < 0)
		return file_fault(f, OW_EDENIED,
		    "the directory %s: %s; SQLite keeps its log beside the "
		    "database, so it must be writable", dir, strerror(errno));
	return OW_OK;
}

static int
file_create(const char *path, struct ow_fault *f)
{
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno != EEXIST)
		return file_fault(f, OW_EIO, "cannot make %s: %s", path,
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	return OW_OK;
}

static int
file_exec(struct sqlite *s, const char *sql, struct ow_fault *f)
{
	int rc;

	rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
	if (rc)
		return file_fault(f, verdict_of(rc).err, "%s: %s: %s",
		    s->conf->path, verdict_of(rc).why, sqlite3_errmsg(s->db));
	return OW_OK;
}

/* The first column of the first row. */
static int
file_ask(struct sqlite *s, const char *sql, int64_t *out,
    struct ow_fault *f)
{
	sqlite3_stmt *stmt = NULL;
	int rc;

	rc = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);
	if (!rc && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		*out = sqlite3_column_int64(stmt, 0);
		rc = SQLITE_OK;
	}
	(void)sqlite3_finalize(stmt);	/* repeats rc */
	if (rc)
		return file_fault(f, verdict_of(rc).err, "%s: %s: %s",
		    s->conf->path, verdict_of(rc).why, sqlite3_errmsg(s->db));
	return OW_OK;
}

static int
file_on_commit(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct sqlite *s = arg;

	(void)db;
	(void)name;
	s->wal_pages = pages;
	return SQLITE_OK;
}

static int
file_set_up(struct sqlite *s, struct ow_fault *f)
{
	char sql[512];
	int err;

	(void)snprintf(sql, sizeof(sql),
	    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
	    "PRAGMA cache_size = -%lld; PRAGMA temp_store = MEMORY;"
	    "PRAGMA journal_size_limit = %d; PRAGMA trusted_schema = OFF;",
	    (long long)(s->conf->cache_max / 1024), WAL_KEEP_BYTES);
	err = file_exec(s, sql, f);
	if (err)
		return err;
	(void)sqlite3_extended_result_codes(s->db, 1);
	/* A hook of our own takes the place of SQLite's checkpoint. */
	(void)sqlite3_wal_hook(s->db, file_on_commit, s);
	return OW_OK;
}

static int
file_prepare_own(struct sqlite *s, struct ow_fault *f)
{
	static const char *const sql[OWN_COUNT] = {
		[OWN_BEGIN] = "BEGIN IMMEDIATE",
		[OWN_COMMIT] = "COMMIT",
		[OWN_ROLLBACK] = "ROLLBACK",
		[OWN_SAVE] = "SAVEPOINT one",
		[OWN_RELEASE] = "RELEASE one",
		[OWN_BACK] = "ROLLBACK TO one",
		[OWN_READ] = "BEGIN DEFERRED",
	};
	int i, rc;

	for (i = 0; i < OWN_COUNT; i++) {
		rc = sqlite3_prepare_v3(s->db, sql[i], -1,
		    SQLITE_PREPARE_PERSISTENT, &s->own[i], NULL);
		if (rc)
			return file_fault(f, OW_EIO, "%s: %s", sql[i],
			    sqlite3_errmsg(s->db));
	}
	return OW_OK;
}

int
file_open(struct sqlite *s, struct ow_fault *f)
{
	const char *path = s->conf->path;
	int err, rc;

	err = file_check_dir(path, f);
	if (!err)
		err = file_create(path, f);
	if (err)
		return err;
	rc = sqlite3_open_v2(path, &s->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc)
		return file_fault(f, verdict_of(rc).err, "%s: %s", path,
		    s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc));
	if (sqlite3_db_readonly(s->db, "main") == 1)
		return file_fault(f, OW_EDENIED, "%s is read-only for the "
		    "user that orderwired runs as", path);
	(void)sqlite3_busy_timeout(s->db, (int)s->conf->busy_timeout_ms);
	err = file_set_up(s, f);
	if (!err)
		err = file_prepare_own(s, f);
	return err;
}

void
file_close(struct sqlite *s)
{
	uint32_t i;

	for (i = 0; i < OWN_COUNT; i++)
		(void)sqlite3_finalize(s->own[i]);
	for (i = 0; s->stmts && i < s->host->store->n_stmts; i++) {
		(void)sqlite3_finalize(s->stmts[i].stmt);
		free(s->stmts[i].places);
	}
	free(s->stmts);
	s->stmts = NULL;
	/* Also moves what is left of the log into the database; if it cannot,
	   the next one to open it does. */
	(void)sqlite3_close(s->db);
	s->db = NULL;
}

/* ---- Versions ----------------------------------------------------------- */

static int
file_apply(struct sqlite *s, const struct ow_migration *m,
    struct ow_fault *f)
{
	char note[128];
	int err;

	(void)snprintf(note, sizeof(note),
	    "INSERT INTO schema_version (version) VALUES (%lld)",
	    (long long)m->version);
	err = file_exec(s, "BEGIN IMMEDIATE", f);
	if (err)
		return err;
	err = file_exec(s, m->sql, f);
	if (!err)
		err = file_exec(s, note, f);
	if (!err)
		err = file_exec(s, "COMMIT", f);
	if (err && !sqlite3_get_autocommit(s->db))
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	if (!err)
		s->host->base->log(s->ctx, OW_NOTICE,
		    "the database is now of version %lld",
		    (long long)m->version);
	return err;
}

int
file_migrate(struct sqlite *s, struct ow_fault *f)
{
	const struct ow_host_store *h = s->host->store;
	int64_t version = 0, newest;
	uint32_t i;
	int err;

	newest = h->n_migrations > 0 ?
	    h->migrations[h->n_migrations - 1].version : 0;
	err = file_exec(s, "CREATE TABLE IF NOT EXISTS schema_version"
	    " (version BIGINT NOT NULL PRIMARY KEY);"
	    "CREATE TABLE IF NOT EXISTS store_probe"
	    " (id BIGINT NOT NULL PRIMARY KEY, pad TEXT NOT NULL)", f);
	if (!err)
		err = file_ask(s, "SELECT coalesce(max(version), 0)"
		    " FROM schema_version", &version, f);
	if (err)
		return err;
	if (version > newest)
		return file_fault(f, OW_EUNSUP, "%s is of version %lld, newer "
		    "than this program, which knows up to %lld; run the newer "
		    "program, or restore a backup", s->conf->path,
		    (long long)version, (long long)newest);
	for (i = 0; i < h->n_migrations && !err; i++)
		if (h->migrations[i].version > version)
			err = file_apply(s, &h->migrations[i], f);
	return err;
}

/* ---- Upkeep ------------------------------------------------------------- */

/* Large enough that the batch after it fits, too. */
int
file_probe(struct sqlite *s)
{
	char sql[160];
	int rc;

	/* A log that was moved is begun anew, which may be all it takes. */
	(void)sqlite3_wal_checkpoint_v2(s->db, NULL,
	    SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	(void)snprintf(sql, sizeof(sql), "REPLACE INTO store_probe (id, pad)"
	    " VALUES (1, zeroblob(%d))", PROBE_BYTES);
	rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
	if (!rc)
		rc = sqlite3_exec(s->db, "DELETE FROM store_probe", NULL,
		    NULL, NULL);
	return rc;
}

void
file_checkpoint(struct sqlite *s)
{
	int rc;

	if (s->wal_pages < s->conf->checkpoint_pages)
		return;
	s->wal_pages = 0;
	rc = sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE,
	    NULL, NULL);
	s->host->base->add(s->ctx, SQLITE_M_CHECKPOINTS, 1);
	/* Nothing is lost by it: the log holds everything, and grows. */
	if (rc && rc != SQLITE_BUSY)
		s->host->base->log(s->ctx, OW_WARN,
		    "the log could not be moved into the database: %s",
		    sqlite3_errmsg(s->db));
}
