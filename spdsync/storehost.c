/* SPDX-License-Identifier: BSD-2-Clause */
/* The last known addresses of host names, as texts with blanks between them. */
#include <stdio.h>
#include <string.h>

#include "store_in.h"

unsigned
store_host_get(struct store *s, const char *name, struct addr *out, unsigned cap)
{
	sqlite3_stmt *st = sql_prepare(s->db, "SELECT addresses FROM host WHERE name = ?1", "t", name);
	char text[2048] = "", *rest = text, *word;
	unsigned n = 0;

	if (st && sqlite3_step(st) == SQLITE_ROW)
		sql_text(st, 0, text, sizeof(text));
	sqlite3_finalize(st);
	while (n < cap && (word = strsep(&rest, " ")) != NULL)
		if (addr_parse(word, &out[n]))
			n++;
	return n;
}

bool
store_host_put(struct store *s, const char *name, const struct addr *v, unsigned n, struct store_error *err)
{
	char text[2048] = "", buf[ADDR_STR];
	size_t at = 0;

	for (unsigned i = 0; i < n && at < sizeof(text) - ADDR_STR; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? " " : "", addr_str(&v[i], buf));
	if (sql_finish(sql_prepare(s->db, "INSERT INTO host VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET addresses = ?2", "tt", name, text)))
		return true;
	err->reason = R_STORE_FAILED;
	snprintf(err->text, sizeof(err->text), "The address of %s could not be stored: %s.", name, sqlite3_errmsg(s->db));
	return false;
}
