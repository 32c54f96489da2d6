/* SPDX-License-Identifier: BSD-2-Clause */
/* Which number each child has in the kernel's policies and SAs, for as long as it lives. */
#include <stdlib.h>
#include <string.h>

#include "store_in.h"

#define REQID_MANUAL	16383	/* contracts, "Reqids" */

static enum found
find_reqid(struct store *s, const char *tunnel, const char *child, uint32_t *v)
{
	int rc;

	*v = 0;
	if (!s->find)
		s->find = sql_prepare(s->db, "SELECT reqid FROM reqid WHERE tunnel = ?1 AND child = ?2 AND retired IS NULL", "");
	if (!s->find)
		return FAILED;
	sqlite3_bind_text(s->find, 1, tunnel, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(s->find, 2, child, -1, SQLITE_TRANSIENT);
	rc = sqlite3_step(s->find);
	if (rc == SQLITE_ROW)
		*v = (uint32_t)sqlite3_column_int64(s->find, 0);
	sqlite3_reset(s->find);
	return rc == SQLITE_ROW ? FOUND : rc == SQLITE_DONE ? NOT_FOUND : FAILED;
}

uint32_t
store_reqid(struct store *s, const char *tunnel, const char *child)
{
	uint32_t v;

	find_reqid(s, tunnel, child, &v);
	return v;
}

bool
store_has_reqid(struct store *s, uint32_t reqid)
{
	int64_t n;

	return sql_number(sql_prepare(s->db, "SELECT count(*) FROM reqid WHERE reqid = ?1", "i", (int64_t)reqid), &n) == FOUND && n > 0;
}

/*
 * Numbers go up; a retired one is taken again only when 1-16383 were all used once (the SAs of one that was retired first are
 * long gone), and numbers above 16383, which a stock engine does not have, only when no retired one is left.
 */
static bool
new_reqid(struct store *s, const char *tunnel, const char *child)
{
	int64_t top, old, take;
	enum found found = sql_number(sql_prepare(s->db, "SELECT max(reqid) FROM reqid", ""), &top);

	take = top + 1;
	if (found != FAILED && top >= REQID_MANUAL) {
		found = sql_number(sql_prepare(s->db,
		    "SELECT reqid FROM reqid WHERE retired IS NOT NULL AND reqid <= 16383 ORDER BY retired, reqid LIMIT 1", ""), &old);
		if (found == FOUND)
			take = old;
	}
	if (found == FAILED || take > UINT32_MAX / 2)
		return false;
	return sql_finish(sql_prepare(s->db, "INSERT OR REPLACE INTO reqid (reqid, tunnel, child) VALUES (?1, ?2, ?3)", "itt", take, tunnel, child));
}

static int
cmp_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Retires the live reqids, of one tunnel or of all, whose child is not in the sorted list. */
static bool
retire(struct store *s, uint64_t now, const char *tunnel, const char (*children)[CHILD_NAME_CAP], size_t n)
{
	sqlite3_stmt *all = sql_prepare(s->db, tunnel ? "SELECT reqid, tunnel || '/' || child FROM reqid WHERE retired IS NULL AND tunnel = ?1" :
	    "SELECT reqid, tunnel || '/' || child FROM reqid WHERE retired IS NULL", tunnel ? "t" : "", tunnel);
	bool ok = all != NULL;
	int rc = SQLITE_DONE;

	while (ok && (rc = sqlite3_step(all)) == SQLITE_ROW) {
		if (n && bsearch((const char *)sqlite3_column_text(all, 1), children, n, sizeof(children[0]), cmp_name))
			continue;
		ok = sql_finish(sql_prepare(s->db, "UPDATE reqid SET retired = ?1 WHERE reqid = ?2", "ii", (int64_t)now, sqlite3_column_int64(all, 0)));
	}
	sqlite3_finalize(all);
	return ok && rc == SQLITE_DONE;
}

bool
store_number_children(struct store *s, uint64_t now, const char *tunnel, const char (*children)[CHILD_NAME_CAP], size_t n)
{
	char (*sorted)[CHILD_NAME_CAP] = calloc(n + 1, sizeof(*sorted));
	bool ok = sorted != NULL;

	if (ok && n)
		memcpy(sorted, children, n * sizeof(*sorted));
	if (ok)
		qsort(sorted, n, sizeof(*sorted), cmp_name);
	ok = ok && retire(s, now, tunnel, (const char (*)[CHILD_NAME_CAP])sorted, n);
	for (size_t i = 0; ok && i < n; i++) {
		char *slash = strchr(sorted[i], '/');
		enum found found = FAILED;
		uint32_t v;

		if (slash) {
			*slash = '\0';
			found = find_reqid(s, sorted[i], slash + 1, &v);
		}
		ok = found == FOUND || (found == NOT_FOUND && new_reqid(s, sorted[i], slash + 1));
	}
	free(sorted);
	return ok;
}

