/* SPDX-License-Identifier: BSD-2-Clause */
/* The racoon.conf that is in force. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_in.h"

bool
store_racoon_get(struct store *s, struct stored_racoon *out)
{
	sqlite3_stmt *st = sql_prepare(s->db, "SELECT time, author, file, text FROM racoon", "");
	int step = st ? sqlite3_step(st) : SQLITE_ERROR;

	memset(out, 0, sizeof(*out));
	if (step == SQLITE_ROW) {
		out->n = (size_t)sqlite3_column_bytes(st, 3);
		out->text = malloc(out->n + 1);
		if (out->text) {
			if (out->n)
				memcpy(out->text, sqlite3_column_blob(st, 3), out->n);
			out->text[out->n] = '\0';
			out->time_s = sql_count(st, 0);
			sql_text(st, 1, out->author, sizeof(out->author));
			sql_text(st, 2, out->file, sizeof(out->file));
		}
	}
	sqlite3_finalize(st);
	return step == SQLITE_DONE || (step == SQLITE_ROW && out->text);
}

/* The change and the line of the audit log are one transaction. */
static bool
change(struct store *s, sqlite3_stmt *st, const struct audit_row *row, struct store_error *err)
{
	bool ok = sql_run(s->db, "BEGIN IMMEDIATE");

	if (!ok)
		sqlite3_finalize(st);
	else if (sql_finish(st) && store_audit(s, row) && sql_run(s->db, "COMMIT"))
		return true;
	store_fail(s, err, "written");
	sql_run(s->db, "ROLLBACK");
	return false;
}

bool
store_racoon_put(struct store *s, const struct stored_racoon *r, const struct audit_row *row, struct store_error *err)
{
	return change(s, sql_prepare(s->db, "INSERT INTO racoon VALUES (1, ?1, ?2, ?3, ?4) ON CONFLICT (one) DO UPDATE SET time = ?1, author = ?2, file = ?3, text = ?4",
	    "ittb", (int64_t)r->time_s, r->author, r->file, (const void *)r->text, r->n), row, err);
}

bool
store_racoon_delete(struct store *s, const struct audit_row *row, struct store_error *err)
{
	return change(s, sql_prepare(s->db, "DELETE FROM racoon", ""), row, err);
}
