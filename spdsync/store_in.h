/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the store share. */
#ifndef CAUSEWAY_STORE_IN_H
#define CAUSEWAY_STORE_IN_H

#include "sql.h"
#include "store.h"

struct store {
	sqlite3		*db;
	sqlite3_stmt	*find;		/* store_reqid: asked for every child of every revision */
};

/* Says what failed, by SQLite's own words. Always false. */
bool store_fail(struct store *, struct store_error *, const char *doing);

/* Both inside the caller's transaction. The revision gets its number. */
bool store_insert_revision(struct store *, struct revision *);
/* A reqid for each child that has none; the live ones of the tunnel (NULL: of all) that are not among the children are retired. */
bool store_number_children(struct store *, uint64_t now, const char *tunnel, const char (*children)[CHILD_NAME_CAP], size_t n);

#endif
