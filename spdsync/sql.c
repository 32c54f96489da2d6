/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>

#include "sql.h"

bool
sql_run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

sqlite3_stmt *
sql_prepare(sqlite3 *db, const char *sql, const char *kinds, ...)
{
	sqlite3_stmt *st = NULL;
	const void *blob;
	va_list ap;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		return NULL;
	va_start(ap, kinds);
	for (int i = 1; kinds[i - 1]; i++) {
		switch (kinds[i - 1]) {
		case 't':
			sqlite3_bind_text(st, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
			break;
		case 'b':
			blob = va_arg(ap, const void *);
			sqlite3_bind_blob64(st, i, blob, va_arg(ap, size_t), SQLITE_STATIC);
			break;
		default:
			sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
		}
	}
	va_end(ap);
	return st;
}

bool
sql_finish(sqlite3_stmt *st)
{
	bool ok = st && sqlite3_step(st) == SQLITE_DONE;

	sqlite3_finalize(st);
	return ok;
}

/* When a read fails, SQLite may have rolled the whole transaction back by itself: what follows would be written piece by piece. */
enum found
sql_number(sqlite3_stmt *st, int64_t *v)
{
	int rc = st ? sqlite3_step(st) : SQLITE_ERROR;
	bool row = rc == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL;

	*v = row ? sqlite3_column_int64(st, 0) : 0;
	sqlite3_finalize(st);
	return row ? FOUND : rc == SQLITE_ROW || rc == SQLITE_DONE ? NOT_FOUND : FAILED;
}

bool
sql_row(sqlite3_stmt *st, bool *ok)
{
	int rc = st ? sqlite3_step(st) : SQLITE_ERROR;

	*ok = rc == SQLITE_ROW || rc == SQLITE_DONE;
	return rc == SQLITE_ROW;
}

void
sql_text(sqlite3_stmt *st, int at, char *to, size_t cap)
{
	const char *t = (const char *)sqlite3_column_text(st, at);

	snprintf(to, cap, "%s", t ? t : "");
}

uint64_t
sql_count(sqlite3_stmt *st, int at)
{
	return (uint64_t)sqlite3_column_int64(st, at);
}
