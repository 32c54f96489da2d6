/* SPDX-License-Identifier: BSD-2-Clause */
/* The last known addresses of host names, as texts with blanks between them. */
#include <stdio.h>
#include <string.h>

#include "store_in.h"

unsigned
store_host_get(struct store *s, const char *name, struct addr *out, unsigned cap)
{
	sqlite3_stmt *st = NULL;
	char text[2048] = "", *rest = text, *word;
	unsigned n = 0;

	if (sqlite3_prepare_v2(s->db, "SELECT addresses FROM host WHERE name = ?1", -1, &st, NULL) != SQLITE_OK)
		return 0;
	sqlite3_bind_text(st, 1, name, -1, SQLITE_TRANSIENT);
	if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0))
		snprintf(text, sizeof(text), "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	while (n < cap && (word = strsep(&rest, " ")) != NULL)
		if (addr_parse(word, &out[n]))
			n++;
	return n;
}

bool
store_host_put(struct store *s, const char *name, const struct addr *v, unsigned n, struct store_error *err)
{
	sqlite3_stmt *st = NULL;
	char text[2048] = "", buf[ADDR_STR];
	size_t at = 0;
	bool ok;

	for (unsigned i = 0; i < n && at < sizeof(text) - ADDR_STR; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? " " : "", addr_str(&v[i], buf));
	ok = sqlite3_prepare_v2(s->db, "INSERT INTO host VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET addresses = ?2", -1, &st, NULL) == SQLITE_OK;
	if (ok) {
		sqlite3_bind_text(st, 1, name, -1, SQLITE_TRANSIENT);
		sqlite3_bind_text(st, 2, text, -1, SQLITE_TRANSIENT);
		ok = sqlite3_step(st) == SQLITE_DONE;
	}
	if (!ok) {
		err->reason = R_STORE_FAILED;
		snprintf(err->text, sizeof(err->text), "The address of %s could not be stored: %s.", name, sqlite3_errmsg(s->db));
	}
	sqlite3_finalize(st);
	return ok;
}
