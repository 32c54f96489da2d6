/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store: /var/lib/causeway/causeway.db. It is the truth; site files are read by "ikectl apply" only. spdsync is its only
 * writer. The form has a number (user_version); a store of an older form is copied and then migrated, one of a newer is refused.
 */
#ifndef CAUSEWAY_STORE_H
#define CAUSEWAY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "name.h"
#include "reason.h"

#define STORE_AUTHOR	64
#define STORE_COMMENT	1024

struct store;

struct revision {
	uint64_t	number;		/* 0: none */
	uint64_t	time_s;
	char		author[STORE_AUTHOR];
	char		comment[STORE_COMMENT];
	char		sha256[65];
	char		*text;		/* NULL in lists; else to be freed */
	size_t		n;
	/* For store_commit(), when it is the edit of one tunnel: where it differs from the text of the revision base, and which tunnel. */
	uint64_t	base;		/* 0: it is not */
	size_t		at, cut, ins;
	const char	*tunnel;
};

#define AUDIT_TEXT	512

/* One line of the audit log. result: a reason's name; "" when the request's end was not seen. */
struct audit_row {
	uint64_t	number, time_s;
	char		author[STORE_AUTHOR], origin[STORE_AUTHOR], action[32], detail[AUDIT_TEXT], result[48];
};

struct store_error {
	enum reason	reason;
	char		text[512];
};

/* Opens or makes it, mode 0600, and migrates. uid, gid: who owns it from now on (-1: nobody else). NULL: *err. */
struct store *store_open(const char *path, int uid, int gid, struct store_error *err);
void store_close(struct store *);
/* For accounts.c, which keeps its tables beside. */
struct sqlite3;
struct sqlite3 *store_db(struct store *);
unsigned store_version(void);	/* the form that this program writes */

/*
 * One transaction: the revision, a reqid for every child that has none, retirement of the reqids of all others, the new current
 * number, and the line of the audit log, whose detail is made here. The children are those of OUR site's tunnels, as "tunnel/child".
 * Of an edit they are those of its tunnel, and only that one's reqids are looked at; the store keeps the edit instead of the whole text.
 * A revision without text is number 0: nothing is in force any more. pending: the confirmed revision stays what it was.
 */
bool store_commit(struct store *, struct revision *, const char (*children)[CHILD_NAME_CAP], size_t n, bool pending, struct audit_row *,
    struct store_error *);
/* The number of the revision that comes back when the one in force is not confirmed. */
bool store_confirmed(struct store *, uint64_t *number, struct store_error *);
bool store_confirm(struct store *, uint64_t number, struct audit_row *, struct store_error *);
/* Only the numbers, for a gateway whose site was changed since the commit. */
bool store_number(struct store *, uint64_t now, const char (*children)[CHILD_NAME_CAP], size_t n, struct store_error *);
/* The revision in force, with its text; number 0 when there is none yet. */
bool store_current(struct store *, struct revision *, struct store_error *);
bool store_get(struct store *, uint64_t number, struct revision *, struct store_error *);	/* R_NOT_FOUND */
/* Newest first, those before that number (0: all), without texts; out has room for limit. Returns how many; -1: it failed. */
int store_list(struct store *, uint64_t before, struct revision *out, int limit);
/* Was it ever given to a child? */
bool store_has_reqid(struct store *, uint32_t reqid);
/* 0: the child has none. */
uint32_t store_reqid(struct store *, const char *tunnel, const char *child);
bool store_audit(struct store *, const struct audit_row *);	/* NULL: there was no memory for it, and so it fails */
/* As store_list. */
int store_audit_list(struct store *, uint64_t before, struct audit_row *out, int limit);
void revision_fini(struct revision *);

/* The racoon.conf in force (storeracoon.c). get: text NULL when there is none, else to be freed; false: the store could not be read. */
struct stored_racoon { uint64_t time_s; char author[STORE_AUTHOR], file[256]; char *text; size_t n; };
bool store_racoon_get(struct store *, struct stored_racoon *);
bool store_racoon_put(struct store *, const struct stored_racoon *, const struct audit_row *, struct store_error *);
bool store_racoon_delete(struct store *, const struct audit_row *, struct store_error *);

/* Last known addresses of a host name (names.h). get: their number. */
unsigned store_host_get(struct store *, const char *name, struct addr *out, unsigned cap);
bool store_host_put(struct store *, const char *name, const struct addr *, unsigned n, struct store_error *);

#endif
