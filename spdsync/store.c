/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SQLite with a write-ahead log and full synchronisation: a commit that was answered survives a power cut. All files are opened
 * before the sandbox; later only the state directory is within reach.
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_in.h"
#include "spdsync/store_sql.h"

#define NMIGRATIONS	(sizeof(store_migrations) / sizeof(store_migrations[0]))
#define REQID_MANUAL	16383	/* contracts, "Reqids" */

struct sqlite3 *
store_db(struct store *s)
{
	return s->db;
}

unsigned
store_version(void)
{
	return NMIGRATIONS;
}

static bool
fail(struct store *s, struct store_error *err, const char *doing)
{
	err->reason = R_STORE_FAILED;
	snprintf(err->text, sizeof(err->text), "The store could not be %s: %s.", doing, s->db ? sqlite3_errmsg(s->db) : "no memory");
	return false;
}

static bool
run(struct store *s, const char *sql)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static sqlite3_stmt *
prepare(struct store *s, const char *sql)
{
	sqlite3_stmt *st = NULL;

	return sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) == SQLITE_OK ? st : NULL;
}

static void
bind_text(sqlite3_stmt *st, int at, const char *text)
{
	sqlite3_bind_text(st, at, text, -1, SQLITE_TRANSIENT);
}

/* Runs a statement that gives no rows, and ends it. */
static bool
finish(sqlite3_stmt *st)
{
	bool ok = st && sqlite3_step(st) == SQLITE_DONE;

	sqlite3_finalize(st);
	return ok;
}

enum found { FOUND, NOT_FOUND, FAILED };

/*
 * Runs a statement that gives one number, and ends it. That a read failed must not pass for "there is none": SQLite may have rolled the whole
 * transaction back by itself, and what follows would then be written piece by piece.
 */
static enum found
one_number(sqlite3_stmt *st, int64_t *v)
{
	int rc = st ? sqlite3_step(st) : SQLITE_ERROR;
	bool row = rc == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL;

	*v = row ? sqlite3_column_int64(st, 0) : 0;
	sqlite3_finalize(st);
	return row ? FOUND : rc == SQLITE_ROW || rc == SQLITE_DONE ? NOT_FOUND : FAILED;
}

/* ---- opening ---- */

static bool
copy_before(struct store *s, const char *path, int64_t version, int uid, int gid, struct store_error *err)
{
	char to[4200];
	sqlite3_stmt *st;

	snprintf(to, sizeof(to), "%s.form-%lld", path, (long long)version);
	if (unlink(to) < 0 && errno != ENOENT)
		return fail(s, err, "copied");
	st = prepare(s, "VACUUM INTO ?1");
	if (st)
		bind_text(st, 1, to);
	if (!finish(st) || chmod(to, 0600) < 0)
		return fail(s, err, "copied before its migration");
	if (uid >= 0 && chown(to, (uid_t)uid, (gid_t)gid) < 0)
		return fail(s, err, "copied before its migration");
	return true;
}

static bool
migrate(struct store *s, const char *path, int uid, int gid, struct store_error *err)
{
	int64_t version;
	char sql[64];

	if (one_number(prepare(s, "PRAGMA user_version"), &version) != FOUND)
		return fail(s, err, "read");
	if (version > (int64_t)NMIGRATIONS) {
		err->reason = R_STORE_NEWER;
		snprintf(err->text, sizeof(err->text), "'%s' has form %lld; this program knows forms up to %zu.", path, (long long)version, NMIGRATIONS);
		return false;
	}
	if (version > 0 && version < (int64_t)NMIGRATIONS && !copy_before(s, path, version, uid, gid, err))
		return false;
	for (size_t i = (size_t)version; i < NMIGRATIONS; i++) {
		snprintf(sql, sizeof(sql), "PRAGMA user_version = %zu; COMMIT", i + 1);
		if (!run(s, "BEGIN IMMEDIATE") || !run(s, store_migrations[i]) || !run(s, sql)) {
			fail(s, err, "brought to its new form");
			run(s, "ROLLBACK");
			return false;
		}
	}
	return true;
}

/* The file stands with mode 0600 before SQLite writes in it; its -wal and -shm take owner and mode from it. */
static bool
make_file(const char *path, int uid, int gid, struct store_error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && (uid < 0 || fchown(fd, (uid_t)uid, (gid_t)gid) == 0);

	if (!ok) {
		err->reason = R_STORE_FAILED;
		snprintf(err->text, sizeof(err->text), "The store '%s' could not be opened: %s.", path, strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

struct store *
store_open(const char *path, int uid, int gid, struct store_error *err)
{
	struct store *s = calloc(1, sizeof(*s));

	memset(err, 0, sizeof(*err));
	if (!s || !make_file(path, uid, gid, err)) {
		free(s);
		return NULL;
	}
	if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
	    !run(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY")) {
		fail(s, err, "opened");
		store_close(s);
		return NULL;
	}
	sqlite3_busy_timeout(s->db, 2000);
	if (!migrate(s, path, uid, gid, err)) {
		store_close(s);
		return NULL;
	}
	return s;
}

void
store_close(struct store *s)
{
	if (!s)
		return;
	sqlite3_finalize(s->find);
	sqlite3_close(s->db);
	free(s);
}

/* ---- reqids ---- */

static enum found
find_reqid(struct store *s, const char *tunnel, const char *child, uint32_t *v)
{
	int rc;

	*v = 0;
	if (!s->find)
		s->find = prepare(s, "SELECT reqid FROM reqid WHERE tunnel = ?1 AND child = ?2 AND retired IS NULL");
	if (!s->find)
		return FAILED;
	bind_text(s->find, 1, tunnel);
	bind_text(s->find, 2, child);
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
	sqlite3_stmt *st = prepare(s, "SELECT count(*) FROM reqid WHERE reqid = ?1");
	int64_t n;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, reqid);
	return one_number(st, &n) == FOUND && n > 0;
}

/*
 * Numbers go up; a retired one is taken again only when 1-16383 were all used once (the SAs of one that was retired first are
 * long gone), and numbers above 16383, which a stock engine does not have, only when no retired one is left.
 */
static bool
new_reqid(struct store *s, const char *tunnel, const char *child)
{
	int64_t top, old, take;
	enum found found = one_number(prepare(s, "SELECT max(reqid) FROM reqid"), &top);
	sqlite3_stmt *st;

	take = top + 1;
	if (found != FAILED && top >= REQID_MANUAL) {
		found = one_number(prepare(s,
		    "SELECT reqid FROM reqid WHERE retired IS NOT NULL AND reqid <= 16383 ORDER BY retired, reqid LIMIT 1"), &old);
		if (found == FOUND)
			take = old;
	}
	if (found == FAILED || take > UINT32_MAX / 2)
		return false;
	st = prepare(s, "INSERT OR REPLACE INTO reqid (reqid, tunnel, child) VALUES (?1, ?2, ?3)");
	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, take);
	bind_text(st, 2, tunnel);
	bind_text(st, 3, child);
	return finish(st);
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
	sqlite3_stmt *all = prepare(s, tunnel ? "SELECT reqid, tunnel || '/' || child FROM reqid WHERE retired IS NULL AND tunnel = ?1" :
	    "SELECT reqid, tunnel || '/' || child FROM reqid WHERE retired IS NULL");
	bool ok = all != NULL;
	int rc = SQLITE_DONE;

	if (ok && tunnel)
		bind_text(all, 1, tunnel);
	while (ok && (rc = sqlite3_step(all)) == SQLITE_ROW) {
		sqlite3_stmt *st;

		if (n && bsearch((const char *)sqlite3_column_text(all, 1), children, n, sizeof(children[0]), cmp_name))
			continue;
		st = prepare(s, "UPDATE reqid SET retired = ?1 WHERE reqid = ?2");
		if (st) {
			sqlite3_bind_int64(st, 1, (int64_t)now);
			sqlite3_bind_int64(st, 2, sqlite3_column_int64(all, 0));
		}
		ok = finish(st);
	}
	sqlite3_finalize(all);
	return ok && rc == SQLITE_DONE;
}

static bool
number_children(struct store *s, uint64_t now, const char *tunnel, const char (*children)[CHILD_NAME_CAP], size_t n)
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

/* ---- revisions ---- */

#define WHOLE_BELOW	16384u	/* a text that is smaller is kept whole: whoever looks into the store with other tools sees it */
#define EDITS_MAX	64

/* How deep the edit would be; 0: the whole text is to be kept; -1: it failed. */
static int64_t
edit_depth(struct store *s, const struct revision *r)
{
	sqlite3_stmt *st;
	int64_t depth = 0;

	if (r->base == 0 || r->n < WHOLE_BELOW)
		return 0;
	st = prepare(s, "SELECT depth FROM edit WHERE revision = ?1");
	if (!st)
		return -1;
	sqlite3_bind_int64(st, 1, (int64_t)r->base);
	if (one_number(st, &depth) == FAILED)
		return -1;
	return depth + 1 > EDITS_MAX ? 0 : depth + 1;
}

static bool
insert_edit(struct store *s, const struct revision *r, int64_t depth)
{
	sqlite3_stmt *st = prepare(s, "INSERT INTO edit (revision, base, at, cut, depth) VALUES (?1, ?2, ?3, ?4, ?5)");

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, (int64_t)r->number);
	sqlite3_bind_int64(st, 2, (int64_t)r->base);
	sqlite3_bind_int64(st, 3, (int64_t)r->at);
	sqlite3_bind_int64(st, 4, (int64_t)r->cut);
	sqlite3_bind_int64(st, 5, depth);
	return finish(st);
}

static bool
insert_revision(struct store *s, struct revision *r)
{
	int64_t depth = edit_depth(s, r);
	sqlite3_stmt *st = depth < 0 ? NULL : prepare(s, "INSERT INTO revision (time, author, comment, sha256, text) VALUES (?1, ?2, ?3, ?4, ?5)");

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, (int64_t)r->time_s);
	bind_text(st, 2, r->author);
	bind_text(st, 3, r->comment);
	bind_text(st, 4, r->sha256);
	sqlite3_bind_blob64(st, 5, depth ? r->text + r->at : r->text, depth ? r->ins : r->n, SQLITE_STATIC);
	if (!finish(st))
		return false;
	r->number = (uint64_t)sqlite3_last_insert_rowid(s->db);
	return depth == 0 || insert_edit(s, r, depth);
}

static bool
set_state(struct store *s, const char *name, uint64_t value)
{
	sqlite3_stmt *st = prepare(s, "INSERT OR REPLACE INTO state (name, value) VALUES (?1, ?2)");

	if (!st)
		return false;
	bind_text(st, 1, name);
	sqlite3_bind_int64(st, 2, (int64_t)value);
	return finish(st);
}

static bool
insert_audit(struct store *s, const struct audit_row *a)
{
	sqlite3_stmt *st = prepare(s, "INSERT INTO audit (time, author, origin, action, detail, result) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, (int64_t)a->time_s);
	bind_text(st, 2, a->author);
	bind_text(st, 3, a->origin);
	bind_text(st, 4, a->action);
	bind_text(st, 5, a->detail);
	bind_text(st, 6, a->result);
	return finish(st);
}

bool
store_commit(struct store *s, struct revision *r, const char (*children)[CHILD_NAME_CAP], size_t n, bool pending, struct audit_row *a,
    struct store_error *err)
{
	bool ok = run(s, "BEGIN IMMEDIATE") && (!r->text || insert_revision(s, r)) && number_children(s, r->time_s, r->tunnel, children, n) &&
	    set_state(s, "current", r->number) && (pending || set_state(s, "confirmed", r->number));

	if (ok) {
		snprintf(a->detail, sizeof(a->detail), r->text ? "revision %llu%s%s" : "no revision%.0llu%s%s", (unsigned long long)r->number,
		    r->comment[0] ? ": " : "", r->comment);
		ok = insert_audit(s, a) && run(s, "COMMIT");
	}
	if (ok)
		return true;
	fail(s, err, "written");
	run(s, "ROLLBACK");
	r->number = 0;
	return false;
}

bool
store_confirm(struct store *s, uint64_t number, struct audit_row *a, struct store_error *err)
{
	snprintf(a->detail, sizeof(a->detail), "revision %llu", (unsigned long long)number);
	if (run(s, "BEGIN IMMEDIATE") && set_state(s, "confirmed", number) && insert_audit(s, a) && run(s, "COMMIT"))
		return true;
	fail(s, err, "written");
	run(s, "ROLLBACK");
	return false;
}

bool
store_number(struct store *s, uint64_t now, const char (*children)[CHILD_NAME_CAP], size_t n, struct store_error *err)
{
	if (run(s, "BEGIN IMMEDIATE") && number_children(s, now, NULL, children, n) && run(s, "COMMIT"))
		return true;
	fail(s, err, "written");
	run(s, "ROLLBACK");
	return false;
}

static void
column_text(sqlite3_stmt *st, int at, char *to, size_t cap)
{
	const char *s = (const char *)sqlite3_column_text(st, at);

	snprintf(to, cap, "%s", s ? s : "");
}

static void
take_row(sqlite3_stmt *st, struct revision *r)
{
	r->number = (uint64_t)sqlite3_column_int64(st, 0);
	r->time_s = (uint64_t)sqlite3_column_int64(st, 1);
	column_text(st, 2, r->author, sizeof(r->author));
	column_text(st, 3, r->comment, sizeof(r->comment));
	column_text(st, 4, r->sha256, sizeof(r->sha256));
}

/* What stands in the store for one revision: the whole text, or an edit. */
struct piece {
	char		*text;
	size_t		n, at, cut;
	uint64_t	base;		/* 0: the whole */
};

static int
get_piece(struct store *s, uint64_t number, struct revision *r, struct piece *p)
{
	sqlite3_stmt *st = prepare(s, "SELECT r.number, r.time, r.author, r.comment, r.sha256, r.text, e.base, e.at, e.cut FROM revision r "
	    "LEFT JOIN edit e ON e.revision = r.number WHERE r.number = ?1");
	int rc;

	if (st)
		sqlite3_bind_int64(st, 1, (int64_t)number);
	rc = st ? sqlite3_step(st) : SQLITE_ERROR;
	if (rc == SQLITE_ROW) {
		if (r)
			take_row(st, r);
		p->n = (size_t)sqlite3_column_bytes(st, 5);
		p->base = (uint64_t)sqlite3_column_int64(st, 6);
		p->at = (size_t)sqlite3_column_int64(st, 7);
		p->cut = (size_t)sqlite3_column_int64(st, 8);
		p->text = malloc(p->n + 1);
		if (p->text) {
			if (p->n)
				memcpy(p->text, sqlite3_column_blob(st, 5), p->n);
			p->text[p->n] = '\0';
		}
	}
	sqlite3_finalize(st);
	return rc;
}

/* The edit is made in the text, whose place is taken by the result. False: it does not fit there, or no memory. */
static bool
apply_piece(char **text, size_t *n, const struct piece *p)
{
	size_t after = p->at <= *n && p->cut <= *n - p->at ? *n - p->cut + p->n : 0;
	char *out = after || *n == p->cut ? malloc(after + 1) : NULL;

	if (!out)
		return false;
	memcpy(out, *text, p->at);
	memcpy(out + p->at, p->text, p->n);
	memcpy(out + p->at + p->n, *text + p->at + p->cut, *n - p->at - p->cut);
	out[after] = '\0';
	free(*text);
	*text = out;
	*n = after;
	return true;
}

bool
store_get(struct store *s, uint64_t number, struct revision *r, struct store_error *err)
{
	struct piece v[EDITS_MAX + 1] = { { 0 } };
	unsigned n = 0;
	bool ok;
	int rc;

	memset(r, 0, sizeof(*r));
	rc = get_piece(s, number, r, &v[0]);
	if (rc == SQLITE_DONE) {
		err->reason = R_NOT_FOUND;
		snprintf(err->text, sizeof(err->text), "There is no revision %llu.", (unsigned long long)number);
		return false;
	}
	ok = rc == SQLITE_ROW && v[0].text;
	while (ok && v[n].base && n < EDITS_MAX) {
		ok = v[n].base < (n ? v[n - 1].base : number) && get_piece(s, v[n].base, NULL, &v[n + 1]) == SQLITE_ROW && v[n + 1].text;
		n += ok;
	}
	ok = ok && v[n].base == 0;
	r->text = v[n].text;
	r->n = v[n].n;
	v[n].text = NULL;
	while (ok && n > 0)
		ok = apply_piece(&r->text, &r->n, &v[--n]);
	for (unsigned i = 0; i <= EDITS_MAX; i++)
		free(v[i].text);
	if (ok)
		return true;
	revision_fini(r);
	return fail(s, err, "read");
}

/* 0 when it was never set. */
static bool
get_state(struct store *s, const char *name, uint64_t *value, struct store_error *err)
{
	sqlite3_stmt *st = prepare(s, "SELECT value FROM state WHERE name = ?1");
	int64_t v = 0;
	enum found found;

	if (st)
		bind_text(st, 1, name);
	found = one_number(st, &v);
	*value = (uint64_t)v;
	return found != FAILED || fail(s, err, "read");
}

bool
store_current(struct store *s, struct revision *r, struct store_error *err)
{
	uint64_t number;

	memset(r, 0, sizeof(*r));
	if (!get_state(s, "current", &number, err))
		return false;
	return number == 0 || store_get(s, number, r, err);
}

bool
store_confirmed(struct store *s, uint64_t *number, struct store_error *err)
{
	return get_state(s, "confirmed", number, err);
}

size_t
store_list(struct store *s, uint64_t before, struct revision *out, size_t limit)
{
	sqlite3_stmt *st = prepare(s, "SELECT number, time, author, comment, sha256 FROM revision "
	    "WHERE ?1 = 0 OR number < ?1 ORDER BY number DESC LIMIT ?2");
	size_t n = 0;

	if (!st)
		return 0;
	sqlite3_bind_int64(st, 1, (int64_t)before);
	sqlite3_bind_int64(st, 2, (int64_t)limit);
	while (n < limit && sqlite3_step(st) == SQLITE_ROW) {
		memset(&out[n], 0, sizeof(out[n]));
		take_row(st, &out[n++]);
	}
	sqlite3_finalize(st);
	return n;
}

bool
store_audit(struct store *s, const struct audit_row *a)
{
	return insert_audit(s, a);
}

size_t
store_audit_list(struct store *s, uint64_t before, struct audit_row *out, size_t limit)
{
	sqlite3_stmt *st = prepare(s, "SELECT number, time, author, origin, action, detail, result FROM audit "
	    "WHERE ?1 = 0 OR number < ?1 ORDER BY number DESC LIMIT ?2");
	size_t n = 0;

	if (!st)
		return 0;
	sqlite3_bind_int64(st, 1, (int64_t)before);
	sqlite3_bind_int64(st, 2, (int64_t)limit);
	while (n < limit && sqlite3_step(st) == SQLITE_ROW) {
		struct audit_row *a = &out[n++];

		a->number = (uint64_t)sqlite3_column_int64(st, 0);
		a->time_s = (uint64_t)sqlite3_column_int64(st, 1);
		column_text(st, 2, a->author, sizeof(a->author));
		column_text(st, 3, a->origin, sizeof(a->origin));
		column_text(st, 4, a->action, sizeof(a->action));
		column_text(st, 5, a->detail, sizeof(a->detail));
		column_text(st, 6, a->result, sizeof(a->result));
	}
	sqlite3_finalize(st);
	return n;
}

void
revision_fini(struct revision *r)
{
	free(r->text);
	memset(r, 0, sizeof(*r));
}
