/* SPDX-License-Identifier: MIT */
/*
 * verdict - what an error of SQLite's means for the one who asked.
 *
 * Pure: a result code (extended or not) in, a verdict out.  What is not in
 * the table is the statement's own fault and takes nobody else along.
 */
#include "sqlite.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

struct verdict
verdict_of(int rc)
{
	static const struct {
		int rc;
		struct verdict verdict;
	} table[] = {
		{ SQLITE_OK, { OW_OK, false, false, "" } },
		{ SQLITE_DONE, { OW_OK, false, false, "" } },
		{ SQLITE_BUSY, { OW_EAGAIN, false, false,
		    "another program holds the database's lock" } },
		{ SQLITE_LOCKED, { OW_EAGAIN, false, false,
		    "the database is locked" } },
		{ SQLITE_PROTOCOL, { OW_EAGAIN, false, false,
		    "the database's lock could not be had" } },
		{ SQLITE_INTERRUPT, { OW_EAGAIN, false, false,
		    "interrupted" } },
		{ SQLITE_NOMEM, { OW_EAGAIN, false, false,
		    "out of memory" } },
		{ SQLITE_FULL, { OW_ELIMIT, true, false,
		    "the disk (or the quota) of the database is full" } },
		{ SQLITE_READONLY, { OW_EAGAIN, true, false,
		    "the database is read-only" } },
		{ SQLITE_CANTOPEN, { OW_EAGAIN, true, false,
		    "a file of the database cannot be opened" } },
		{ SQLITE_PERM, { OW_EAGAIN, true, false,
		    "access to the database is denied" } },
		{ SQLITE_IOERR, { OW_EIO, true, false,
		    "reading or writing the database's disk failed" } },
		{ SQLITE_CORRUPT, { OW_EIO, true, false,
		    "the database is damaged; restore a backup" } },
		{ SQLITE_NOTADB, { OW_EIO, true, false,
		    "the file is not a database of this kind" } },
	};
	size_t i;

	for (i = 0; i < N_OF(table); i++)
		if (table[i].rc == (rc & 0xff))
			return table[i].verdict;
	return (struct verdict){ OW_EIO, false, true,
	    "the statement failed" };
}
