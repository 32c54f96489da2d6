/* SPDX-License-Identifier: BSD-2-Clause */
/* The audit log. */
#include <string.h>

#include "store_in.h"

bool
store_audit(struct store *s, const struct audit_row *a)
{
	return a && sql_finish(sql_prepare(s->db, "INSERT INTO audit (time, author, origin, action, detail, result) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", "ittttt",
	    (int64_t)a->time_s, a->author, a->origin, a->action, a->detail, a->result));
}

int
store_audit_list(struct store *s, uint64_t before, struct audit_row *out, int limit)
{
	sqlite3_stmt *st = sql_prepare(s->db, "SELECT number, time, author, origin, action, detail, result FROM audit "
	    "WHERE ?1 = 0 OR number < ?1 ORDER BY number DESC LIMIT ?2", "ii", (int64_t)before, (int64_t)limit);
	bool ok = true;
	int n = 0;

	while (n < limit && sql_row(st, &ok)) {
		struct audit_row *a = &out[n++];

		a->number = (uint64_t)sqlite3_column_int64(st, 0);
		a->time_s = (uint64_t)sqlite3_column_int64(st, 1);
		sql_text(st, 2, a->author, sizeof(a->author));
		sql_text(st, 3, a->origin, sizeof(a->origin));
		sql_text(st, 4, a->action, sizeof(a->action));
		sql_text(st, 5, a->detail, sizeof(a->detail));
		sql_text(st, 6, a->result, sizeof(a->result));
	}
	sqlite3_finalize(st);
	return ok ? n : -1;
}
