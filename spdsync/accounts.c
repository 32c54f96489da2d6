/* SPDX-License-Identifier: BSD-2-Clause */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "accounts.h"
#include "sql.h"

#define SEEN_S	60		/* how late 'seen' and 'used' may be: a write each request would be one fsync each */

static const char *const roles[] = { "", "viewer", "operator", "editor", "admin", "admin" };

const char *
role_name(enum role r)
{
	return roles[r];
}

enum role
role_by_name(const char *name)
{
	for (int i = ROLE_VIEWER; i <= ROLE_ADMIN; i++)
		if (strcmp(roles[i], name) == 0)
			return (enum role)i;
	return ROLE_NONE;
}

/* ---- SQL ---- */

/* It changes a row. R_NOT_FOUND: there was none; not for one that could not be written, which is still there. */
static enum reason
changed(struct store *s, sqlite3_stmt *st)
{
	return !sql_finish(st) ? R_STORE_FAILED : sqlite3_changes(store_db(s)) > 0 ? R_OK : R_NOT_FOUND;
}

/* -1: the store cannot be read. */
static int64_t
number(struct store *s, const char *sql)
{
	int64_t v;

	return sql_number(sql_prepare(store_db(s), sql, ""), &v) == FAILED ? -1 : v;
}

static enum role
role_of(int64_t v)
{
	return v >= ROLE_VIEWER && v <= ROLE_ADMIN ? (enum role)v : ROLE_NONE;
}

/* The end of a transaction: r, unless the store fails. */
static enum reason
end(struct store *s, enum reason r)
{
	if (r == R_OK && sql_run(store_db(s), "COMMIT"))
		return R_OK;
	sql_run(store_db(s), "ROLLBACK");
	return r == R_OK ? R_STORE_FAILED : r;
}

/* The same, of a change and the line of the audit log that tells of it. */
static enum reason
end_told(struct store *s, enum reason r, const struct audit_row *row)
{
	return end(s, r == R_OK && !store_audit(s, row) ? R_STORE_FAILED : r);
}

/* One statement that changes a row, and the line of the audit log. */
static enum reason
change_told(struct store *s, sqlite3_stmt *st, const struct audit_row *row)
{
	if (sql_run(store_db(s), "BEGIN IMMEDIATE"))
		return end_told(s, changed(s, st), row);
	sqlite3_finalize(st);
	return R_STORE_FAILED;
}

/* ---- tokens ---- */

bool
token_make(const char *prefix, char token[static TOKEN_CAP])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint8_t b[33] = { 0 };
	size_t n = 4;

	if (RAND_bytes(b, 32) != 1)
		return false;
	memcpy(token, prefix, n);
	for (size_t i = 0; i < 33; i += 3) {
		uint32_t v = (uint32_t)b[i] << 16 | (uint32_t)b[i + 1] << 8 | b[i + 2];

		for (int k = 18; k >= 0 && n < 47; k -= 6)
			token[n++] = digits[v >> k & 63];
	}
	token[n] = '\0';
	wipe(b, sizeof(b));
	return true;
}

static void
digest_of(const char *token, char hex[65])
{
	uint8_t d[EVP_MAX_MD_SIZE] = { 0 };

	EVP_Digest(token, strlen(token), d, NULL, EVP_sha256(), NULL);
	for (int i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", d[i]);
}

/* Found by the digest of 256 random bits: how long the index looks for it tells nothing of use. */
static bool
find_session(struct store *s, const char *hex, uint64_t now, struct grant *g)
{
	sqlite3_stmt *st = sql_prepare(store_db(s), "SELECT s.number, s.user, s.expires, u.role, s.seen, s.proved FROM session s JOIN user u ON u.name = s.user "
	    "WHERE s.sha256 = ?1 AND s.expires > ?2 AND s.seen > ?3 AND u.disabled = 0", "tii", hex, (int64_t)now, (int64_t)now - SESSION_IDLE_S);
	uint64_t seen = 0;

	if (st && sqlite3_step(st) == SQLITE_ROW) {
		g->number = sql_count(st, 0);
		sql_text(st, 1, g->user, sizeof(g->user));
		g->expires = sql_count(st, 2);
		g->role = role_of(sqlite3_column_int64(st, 3));
		seen = sql_count(st, 4);
		g->proved = sql_count(st, 5);
		g->kind = GRANT_SESSION;
	}
	sqlite3_finalize(st);
	if (g->kind && seen + SEEN_S <= now)
		sql_finish(sql_prepare(store_db(s), "UPDATE session SET seen = ?1 WHERE number = ?2", "ii", (int64_t)now, (int64_t)g->number));
	return g->kind && g->role;
}

/* A token of a user never may more than the user may now, and nothing while the user is disabled. */
static bool
find_token(struct store *s, const char *hex, uint64_t now, struct grant *g)
{
	sqlite3_stmt *st = sql_prepare(store_db(s), "SELECT t.number, t.user, t.name, t.expires, CASE WHEN t.user <> '' AND u.role < t.role THEN u.role ELSE t.role END, t.used "
	    "FROM token t LEFT JOIN user u ON u.name = t.user WHERE t.sha256 = ?1 AND t.expires > ?2 AND (t.user = '' OR u.disabled = 0)", "ti", hex, (int64_t)now);
	uint64_t used = 0;

	if (st && sqlite3_step(st) == SQLITE_ROW) {
		g->number = sql_count(st, 0);
		sql_text(st, 1, g->user, sizeof(g->user));
		sql_text(st, 2, g->name, sizeof(g->name));
		g->expires = sql_count(st, 3);
		g->role = role_of(sqlite3_column_int64(st, 4));
		used = sql_count(st, 5);
		g->kind = GRANT_TOKEN;
	}
	sqlite3_finalize(st);
	if (g->kind && used + SEEN_S <= now)
		sql_finish(sql_prepare(store_db(s), "UPDATE token SET used = ?1 WHERE number = ?2", "ii", (int64_t)now, (int64_t)g->number));
	return g->kind && g->role;
}

bool
grant_find(struct store *s, const char *token, uint64_t now, struct grant *g)
{
	char hex[65];
	bool ok = false;

	memset(g, 0, sizeof(*g));
	if (strlen(token) != TOKEN_CAP - 1)
		return false;
	digest_of(token, hex);
	if (strncmp(token, "cws_", 4) == 0)
		ok = find_session(s, hex, now, g);
	else if (strncmp(token, "cwt_", 4) == 0)
		ok = find_token(s, hex, now, g);
	if (!ok)
		memset(g, 0, sizeof(*g));
	return ok;
}

bool
grant_holds(struct store *s, const struct grant *g, uint64_t now)
{
	sqlite3_stmt *st;
	bool holds;

	if (g->kind == GRANT_SESSION)
		st = sql_prepare(store_db(s), "SELECT 1 FROM session s JOIN user u ON u.name = s.user WHERE s.number = ?1 AND s.user = ?2 AND s.expires > ?3 AND s.seen > ?4 AND u.disabled = 0",
		    "itii", (int64_t)g->number, g->user, (int64_t)now, (int64_t)now - SESSION_IDLE_S);
	else if (g->kind == GRANT_TOKEN)
		st = sql_prepare(store_db(s), "SELECT 1 FROM token t LEFT JOIN user u ON u.name = t.user WHERE t.number = ?1 AND t.user = ?2 AND t.expires > ?3 "
		    "AND (t.user = '' OR u.disabled = 0)", "iti", (int64_t)g->number, g->user, (int64_t)now);
	else
		return g->kind == GRANT_CONSOLE;
	holds = st && sqlite3_step(st) == SQLITE_ROW;
	sqlite3_finalize(st);
	return holds;
}

/* ---- users ---- */

bool
accounts_any(struct store *s)
{
	return number(s, "SELECT count(*) FROM user") != 0;	/* a store that cannot be read has some */
}

static void
take_account(sqlite3_stmt *st, struct account *a)
{
	memset(a, 0, sizeof(*a));
	sql_text(st, 0, a->name, sizeof(a->name));
	a->role = role_of(sqlite3_column_int64(st, 1));
	sql_text(st, 2, a->hash, sizeof(a->hash));
	a->disabled = sqlite3_column_int64(st, 3) != 0;
	a->created = sql_count(st, 4);
}

enum reason
account_get(struct store *s, const char *name, struct account *a)
{
	sqlite3_stmt *st = sql_prepare(store_db(s), "SELECT name, role, hash, disabled, created FROM user WHERE name = ?1", "t", name);
	bool ok, found = sql_row(st, &ok);

	memset(a, 0, sizeof(*a));
	if (found)
		take_account(st, a);
	sqlite3_finalize(st);
	return found ? R_OK : ok ? R_NOT_FOUND : R_STORE_FAILED;
}

static sqlite3_stmt *
new_user(struct store *s, const struct account *a)
{
	return sql_prepare(store_db(s), "INSERT OR IGNORE INTO user (name, role, hash, disabled, created) VALUES (?1, ?2, ?3, ?4, ?5)", "titii",
	    a->name, (int64_t)a->role, a->hash, (int64_t)a->disabled, (int64_t)a->created);
}

enum reason
account_add(struct store *s, const struct account *a, const struct audit_row *row)
{
	enum reason r = change_told(s, new_user(s, a), row);

	return r == R_NOT_FOUND ? R_USER_EXISTS : r;
}

/* What this account was is taken away: another one has to be there. */
static enum reason
keep_admin(struct store *s, const struct account *was)
{
	int64_t n = was->role != ROLE_ADMIN || was->disabled ? 1 : number(s, "SELECT count(*) FROM user WHERE role = 4 AND disabled = 0");

	return n < 0 ? R_STORE_FAILED : n == 0 ? R_LAST_ADMIN : R_OK;
}

static bool
end_sessions(struct store *s, const char *user)
{
	return sql_finish(sql_prepare(store_db(s), "DELETE FROM session WHERE user = ?1", "t", user));
}

enum reason
account_change(struct store *s, const char *name, enum role role, const char *hash, int disabled, const struct audit_row *row)
{
	struct account a;
	bool same;
	enum reason r;

	if (!sql_run(store_db(s), "BEGIN IMMEDIATE"))
		return R_STORE_FAILED;
	if ((r = account_get(s, name, &a)) != R_OK)
		return end(s, r);
	same = hash == NULL && (role == ROLE_NONE || role == a.role) && (disabled < 0 || (disabled != 0) == a.disabled);
	r = same ? R_OK : sql_finish(sql_prepare(store_db(s), "UPDATE user SET role = ?2, hash = ?3, disabled = ?4 WHERE name = ?1", "titi", name, (int64_t)(role ? role : a.role),
	    hash ? hash : a.hash, (int64_t)(disabled < 0 ? a.disabled : disabled != 0))) && end_sessions(s, name) ? R_OK : R_STORE_FAILED;
	if (r == R_OK)
		r = keep_admin(s, &a);
	wipe(&a, sizeof(a));
	return end_told(s, r, row);
}

enum reason
account_delete(struct store *s, const char *name, const struct audit_row *row)
{
	struct account was;
	enum reason r;

	if (!sql_run(store_db(s), "BEGIN IMMEDIATE"))
		return R_STORE_FAILED;
	if ((r = account_get(s, name, &was)) != R_OK)
		return end(s, r);
	r = sql_finish(sql_prepare(store_db(s), "DELETE FROM user WHERE name = ?1", "t", name)) && end_sessions(s, name) &&
	    sql_finish(sql_prepare(store_db(s), "DELETE FROM token WHERE user = ?1", "t", name)) ? keep_admin(s, &was) : R_STORE_FAILED;
	wipe(&was, sizeof(was));
	return end_told(s, r, row);
}

/* ---- the first user ---- */

enum reason
first_token_set(struct store *s, const char *token, uint64_t now, const struct audit_row *row)
{
	enum reason r = R_STORE_FAILED;
	char hex[65];

	digest_of(token, hex);
	if (!sql_run(store_db(s), "BEGIN IMMEDIATE"))
		return R_STORE_FAILED;
	if (accounts_any(s))
		r = R_FIRST_USER_DONE;
	else if (sql_run(store_db(s), "DELETE FROM first_token") &&
	    sql_finish(sql_prepare(store_db(s), "INSERT INTO first_token (sha256, expires) VALUES (?1, ?2)", "ti", hex, (int64_t)now + FIRST_TOKEN_S)))
		r = R_OK;
	return end_told(s, r, row);
}

bool
first_token_good(struct store *s, const char *token, uint64_t now)
{
	sqlite3_stmt *st;
	char hex[65];
	bool ok;

	digest_of(token, hex);
	st = sql_prepare(store_db(s), "SELECT 1 FROM first_token WHERE sha256 = ?1 AND expires > ?2", "ti", hex, (int64_t)now);
	ok = st && sqlite3_step(st) == SQLITE_ROW;
	sqlite3_finalize(st);
	return ok;
}

/* ---- sessions ---- */

/* Those that ended go with it, and what is more than one user may have, so the table stays small. */
static bool
add_session(struct store *s, const char *user, const char *client, const char *session, uint64_t now)
{
	char hex[65];

	digest_of(session, hex);
	return sql_finish(sql_prepare(store_db(s), "DELETE FROM session WHERE expires <= ?1 OR seen <= ?2", "ii", (int64_t)now, (int64_t)now - SESSION_IDLE_S)) &&
	    sql_finish(sql_prepare(store_db(s), "DELETE FROM session WHERE number IN (SELECT number FROM session WHERE user = ?1 ORDER BY seen DESC, number DESC LIMIT -1 OFFSET ?2)",
	    "ti", user, (int64_t)SESSIONS_MAX - 1)) &&
	    sql_finish(sql_prepare(store_db(s), "INSERT INTO session (sha256, user, client, created, seen, expires, proved) VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?4)", "tttii", hex, user, client,
	    (int64_t)now, (int64_t)now + SESSION_MAX_S));
}

enum reason
session_begin(struct store *s, const struct account *a, const char *client, const char *session, uint64_t now, const struct audit_row *row)
{
	struct account is;
	enum reason r = R_STORE_FAILED;

	if (!sql_run(store_db(s), "BEGIN IMMEDIATE"))
		return R_STORE_FAILED;
	if (account_get(s, a->name, &is) != R_OK || is.disabled || strcmp(is.hash, a->hash) != 0)
		r = R_LOGIN_FAILED;
	else if (throttle_clear(s, a->name, client, now) && add_session(s, a->name, client, session, now))
		r = R_OK;
	wipe(&is, sizeof(is));
	return end_told(s, r, row);
}

/* Is it the account whose password was looked at? */
static bool
account_is(struct store *s, const struct account *a)
{
	struct account is;
	bool same = account_get(s, a->name, &is) == R_OK && !is.disabled && strcmp(is.hash, a->hash) == 0;

	wipe(&is, sizeof(is));
	return same;
}

enum reason
session_prove(struct store *s, const struct account *a, const struct grant *g, const char *client, const char *session, uint64_t now, const struct audit_row *row)
{
	enum reason r = R_STORE_FAILED;
	char hex[65];

	digest_of(session, hex);
	if (!sql_run(store_db(s), "BEGIN IMMEDIATE"))
		return R_STORE_FAILED;
	if (!account_is(s, a))
		r = R_LOGIN_FAILED;
	else if ((r = changed(s, sql_prepare(store_db(s), "UPDATE session SET sha256 = ?1, proved = ?2 WHERE number = ?3 AND user = ?4", "tiit", hex, (int64_t)now,
	    (int64_t)g->number, a->name))) != R_OK)
		r = r == R_NOT_FOUND ? R_SESSION_NONE : r;
	else
		r = throttle_clear(s, a->name, client, now) ? R_OK : R_STORE_FAILED;
	return end_told(s, r, row);
}

enum reason
account_password(struct store *s, const struct account *a, const char *hash, const char *client, const char *session, uint64_t now, const struct audit_row *row)
{
	enum reason r = R_STORE_FAILED;

	if (!sql_run(store_db(s), "BEGIN IMMEDIATE"))
		return R_STORE_FAILED;
	if (!account_is(s, a))
		r = R_LOGIN_FAILED;
	else if (sql_finish(sql_prepare(store_db(s), "UPDATE user SET hash = ?1 WHERE name = ?2", "tt", hash, a->name)) && end_sessions(s, a->name) &&
	    throttle_clear(s, a->name, client, now) && add_session(s, a->name, client, session, now))
		r = R_OK;
	return end_told(s, r, row);
}

enum reason
session_end_others(struct store *s, const struct grant *g, const struct audit_row *row)
{
	bool ok = sql_run(store_db(s), "BEGIN IMMEDIATE");

	/* That there is no other one is no error. */
	return !ok ? R_STORE_FAILED : end_told(s, sql_finish(sql_prepare(store_db(s), "DELETE FROM session WHERE user = ?1 AND number <> ?2", "ti", g->user,
	    (int64_t)g->number)) ? R_OK : R_STORE_FAILED, row);
}

uint64_t
session_others(struct store *s, const struct grant *g, uint64_t now)
{
	int64_t n;

	if (sql_number(sql_prepare(store_db(s), "SELECT count(*) FROM session WHERE user = ?1 AND number <> ?2 AND expires > ?3 AND seen > ?4", "tiii", g->user,
	    (int64_t)g->number, (int64_t)now, (int64_t)now - SESSION_IDLE_S), &n) != FOUND)
		return 0;
	return (uint64_t)n;
}

enum reason
first_user_add(struct store *s, const char *token, const struct account *a, const char *client, const char *session, uint64_t now, const struct audit_row *row)
{
	enum reason r = R_STORE_FAILED;

	if (!sql_run(store_db(s), "BEGIN IMMEDIATE"))
		return R_STORE_FAILED;
	if (accounts_any(s))
		r = R_FIRST_USER_DONE;
	else if (!first_token_good(s, token, now))
		r = R_LOGIN_FAILED;
	else if (sql_run(store_db(s), "DELETE FROM first_token") && changed(s, new_user(s, a)) == R_OK && throttle_clear(s, a->name, client, now) &&
	    add_session(s, a->name, client, session, now))
		r = R_OK;
	return end_told(s, r, row);
}

enum reason
session_end(struct store *s, uint64_t n, const struct audit_row *row)
{
	return change_told(s, sql_prepare(store_db(s), "DELETE FROM session WHERE number = ?1", "i", (int64_t)n), row);
}

enum reason
token_add(struct store *s, const char *token, struct token_row *t, const struct audit_row *row)
{
	enum reason r = R_STORE_FAILED;
	char hex[65];

	digest_of(token, hex);
	if (!sql_run(store_db(s), "BEGIN IMMEDIATE"))
		return R_STORE_FAILED;
	if (sql_finish(sql_prepare(store_db(s), "DELETE FROM token WHERE expires <= ?1", "i", (int64_t)t->created)) &&
	    sql_finish(sql_prepare(store_db(s), "INSERT INTO token (sha256, name, user, role, created, used, expires) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)", "tttiii", hex,
	    t->name, t->user, (int64_t)t->role, (int64_t)t->created, (int64_t)t->expires))) {
		t->number = (uint64_t)sqlite3_last_insert_rowid(store_db(s));
		r = R_OK;
	}
	return end_told(s, r, row);
}

enum reason
token_remove(struct store *s, uint64_t n, const struct audit_row *row)
{
	return change_told(s, sql_prepare(store_db(s), "DELETE FROM token WHERE number = ?1", "i", (int64_t)n), row);
}

/* ---- lists ---- */

int
account_list(struct store *s, const char *after, struct account *v, int cap)
{
	sqlite3_stmt *st = sql_prepare(store_db(s), "SELECT name, role, '', disabled, created FROM user WHERE name > ?1 ORDER BY name LIMIT ?2", "ti", after, (int64_t)cap);
	bool ok = true;
	int n = 0;

	while (n < cap && sql_row(st, &ok))
		take_account(st, &v[n++]);
	sqlite3_finalize(st);
	return ok ? n : -1;
}

int
session_list(struct store *s, uint64_t now, uint64_t before, struct session_row *v, int cap)
{
	sqlite3_stmt *st = sql_prepare(store_db(s), "SELECT number, created, seen, expires, user, client FROM session WHERE expires > ?1 AND seen > ?2 "
	    "AND (?3 = 0 OR number < ?3) ORDER BY number DESC LIMIT ?4", "iiii", (int64_t)now, (int64_t)now - SESSION_IDLE_S, (int64_t)before, (int64_t)cap);
	bool ok = true;
	int n = 0;

	for (; n < cap && sql_row(st, &ok); n++) {
		v[n] = (struct session_row){ sql_count(st, 0), sql_count(st, 1), sql_count(st, 2), sql_count(st, 3), "", "" };
		sql_text(st, 4, v[n].user, sizeof(v[n].user));
		sql_text(st, 5, v[n].client, sizeof(v[n].client));
	}
	sqlite3_finalize(st);
	return ok ? n : -1;
}

int
token_list(struct store *s, uint64_t before, struct token_row *v, int cap)
{
	sqlite3_stmt *st = sql_prepare(store_db(s), "SELECT number, created, used, expires, role, name, user FROM token WHERE ?1 = 0 OR number < ?1 "
	    "ORDER BY number DESC LIMIT ?2", "ii", (int64_t)before, (int64_t)cap);
	bool ok = true;
	int n = 0;

	for (; n < cap && sql_row(st, &ok); n++) {
		v[n] = (struct token_row){ sql_count(st, 0), sql_count(st, 1), sql_count(st, 2), sql_count(st, 3), role_of(sqlite3_column_int64(st, 4)), "", "" };
		sql_text(st, 5, v[n].name, sizeof(v[n].name));
		sql_text(st, 6, v[n].user, sizeof(v[n].user));
	}
	sqlite3_finalize(st);
	return ok ? n : -1;
}
