/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SQLite with a write-ahead log and full synchronisation: a commit that was answered survives a power cut. All files are opened
 * before the sandbox; later only the state directory is within reach.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_in.h"
#include "spdsync/store_sql.h"

#define NMIGRATIONS	(sizeof(store_migrations) / sizeof(store_migrations[0]))

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

bool
store_fail(struct store *s, struct store_error *err, const char *doing)
{
	err->reason = R_STORE_FAILED;
	snprintf(err->text, sizeof(err->text), "The store could not be %s: %s.", doing, s->db ? sqlite3_errmsg(s->db) : "no memory");
	return false;
}

/* ---- opening ---- */

static bool
copy_before(struct store *s, const char *path, int64_t version, int uid, int gid, struct store_error *err)
{
	char to[4200];

	snprintf(to, sizeof(to), "%s.form-%lld", path, (long long)version);
	if (unlink(to) < 0 && errno != ENOENT)
		return store_fail(s, err, "copied");
	if (!sql_finish(sql_prepare(s->db, "VACUUM INTO ?1", "t", to)) || chmod(to, 0600) < 0)
		return store_fail(s, err, "copied before its migration");
	if (uid >= 0 && chown(to, (uid_t)uid, (gid_t)gid) < 0)
		return store_fail(s, err, "copied before its migration");
	return true;
}

static bool
migrate(struct store *s, const char *path, int uid, int gid, struct store_error *err)
{
	int64_t version;
	char sql[64];

	if (sql_number(sql_prepare(s->db, "PRAGMA user_version", ""), &version) != FOUND)
		return store_fail(s, err, "read");
	if (version > (int64_t)NMIGRATIONS) {
		err->reason = R_STORE_NEWER;
		snprintf(err->text, sizeof(err->text), "'%s' has form %lld; this program knows forms up to %zu.", path, (long long)version, NMIGRATIONS);
		return false;
	}
	if (version > 0 && version < (int64_t)NMIGRATIONS && !copy_before(s, path, version, uid, gid, err))
		return false;
	for (size_t i = (size_t)version; i < NMIGRATIONS; i++) {
		snprintf(sql, sizeof(sql), "PRAGMA user_version = %zu; COMMIT", i + 1);
		if (!sql_run(s->db, "BEGIN IMMEDIATE") || !sql_run(s->db, store_migrations[i]) || !sql_run(s->db, sql)) {
			store_fail(s, err, "brought to its new form");
			sql_run(s->db, "ROLLBACK");
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
	    !sql_run(s->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY")) {
		store_fail(s, err, "opened");
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

/* ---- which revision is in force ---- */

static bool
set_state(struct store *s, const char *name, uint64_t value)
{
	return sql_finish(sql_prepare(s->db, "INSERT OR REPLACE INTO state (name, value) VALUES (?1, ?2)", "ti", name, (int64_t)value));
}

/* 0 when it was never set. */
static bool
get_state(struct store *s, const char *name, uint64_t *value, struct store_error *err)
{
	int64_t v;
	enum found found = sql_number(sql_prepare(s->db, "SELECT value FROM state WHERE name = ?1", "t", name), &v);

	*value = (uint64_t)v;
	return found != FAILED || store_fail(s, err, "read");
}

/* ---- transactions ---- */

static bool
rolled_back(struct store *s, struct store_error *err)
{
	store_fail(s, err, "written");
	sql_run(s->db, "ROLLBACK");
	return false;
}

bool
store_commit(struct store *s, struct revision *r, const char (*children)[CHILD_NAME_CAP], size_t n, bool pending, struct audit_row *a,
    struct store_error *err)
{
	bool ok = sql_run(s->db, "BEGIN IMMEDIATE") && (!r->text || store_insert_revision(s, r)) && store_number_children(s, r->time_s, r->tunnel, children, n) &&
	    set_state(s, "current", r->number) && (pending || set_state(s, "confirmed", r->number));

	if (ok) {
		snprintf(a->detail, sizeof(a->detail), r->text ? "revision %llu%s%s" : "no revision%.0llu%s%s", (unsigned long long)r->number,
		    r->comment[0] ? ": " : "", r->comment);
		ok = store_audit(s, a) && sql_run(s->db, "COMMIT");
	}
	if (ok)
		return true;
	r->number = 0;
	return rolled_back(s, err);
}

bool
store_confirm(struct store *s, uint64_t number, struct audit_row *a, struct store_error *err)
{
	snprintf(a->detail, sizeof(a->detail), "revision %llu", (unsigned long long)number);
	return (sql_run(s->db, "BEGIN IMMEDIATE") && set_state(s, "confirmed", number) && store_audit(s, a) && sql_run(s->db, "COMMIT")) ||
	    rolled_back(s, err);
}

bool
store_number(struct store *s, uint64_t now, const char (*children)[CHILD_NAME_CAP], size_t n, struct store_error *err)
{
	return (sql_run(s->db, "BEGIN IMMEDIATE") && store_number_children(s, now, NULL, children, n) && sql_run(s->db, "COMMIT")) ||
	    rolled_back(s, err);
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

