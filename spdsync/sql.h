/* SPDX-License-Identifier: BSD-2-Clause */
/* SQLite for the files of the store, in one statement a call. A statement that could not be made is NULL, and each function here takes it as one that failed. */
#ifndef CAUSEWAY_SQL_H
#define CAUSEWAY_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a read found a row. That it failed must not pass for "there is none". */
enum found { FOUND, NOT_FOUND, FAILED };

bool sql_run(sqlite3 *, const char *sql);
/*
 * kinds, one letter for each of ?1 ?2 ...: 't' a text, copied; 'i' an int64_t; 'b' a blob as const void * and size_t, which must stay until
 * the statement ends. The caller ends it. NULL: it failed.
 */
sqlite3_stmt *sql_prepare(sqlite3 *, const char *sql, const char *kinds, ...);
/* Runs a statement that gives no rows, and ends it. */
bool sql_finish(sqlite3_stmt *);
/* Runs a statement that gives one number, and ends it. *v is 0 unless it is FOUND; NULL in its column is NOT_FOUND. */
enum found sql_number(sqlite3_stmt *, int64_t *v);
/* The next row of a statement that the caller ends; clears *ok when there is none because it failed. */
bool sql_row(sqlite3_stmt *, bool *ok);
/* Columns of the row at hand; NULL is "". */
void sql_text(sqlite3_stmt *, int at, char *to, size_t cap);
uint64_t sql_count(sqlite3_stmt *, int at);

#endif
