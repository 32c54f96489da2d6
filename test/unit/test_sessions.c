/* SPDX-License-Identifier: BSD-2-Clause */
/* Users, sessions and tokens in the store by a clock that the test sets: what ends when, who may what, the last administrator, the throttle. */
#include "test.h"

#include <dirent.h>
#include <sqlite3.h>
#include <unistd.h>

#include "accounts.h"

#define T0	1000000u

static char dir[64];
static struct store *s;

static int
make(void **state)
{
	struct store_error err;
	char path[128];

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/cw-sessions.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/causeway.db", dir);
	s = store_open(path, -1, -1, &err);
	return s ? 0 : -1;
}

static int
unmake(void **state)
{
	char name[400];
	struct dirent *e;
	DIR *d;

	(void)state;
	store_close(s);
	d = opendir(dir);
	while (d && (e = readdir(d)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", dir, e->d_name);
		if (e->d_name[0] != '.')
			unlink(name);
	}
	closedir(d);
	return rmdir(dir);
}

static const struct audit_row row = { .time_s = T0, .author = "x", .origin = "panel.sock", .action = "a test", .result = "OK" };

static struct account
add(const char *name, enum role role)
{
	struct account a = { .role = role, .created = T0 };

	snprintf(a.name, sizeof(a.name), "%s", name);
	snprintf(a.hash, sizeof(a.hash), "$y$of-%s", name);
	assert_int_equal(account_add(s, &a, &row), R_OK);
	return a;
}

static enum reason
begin(const struct account *a, uint64_t now, char token[static TOKEN_CAP])
{
	assert_true(token_make("cws_", token));
	return session_begin(s, a, "192.0.2.1", token, now, &row);
}

static bool
works(const char *token, uint64_t now)
{
	struct grant g;
	bool ok = grant_find(s, token, now, &g);

	assert_true(ok == (g.kind != GRANT_NONE) && ok == (g.role != ROLE_NONE));
	return ok;
}

static enum role
role_now(const char *token, uint64_t now)
{
	struct grant g;

	grant_find(s, token, now, &g);
	return g.role;
}

static void
api_token(const char *user, enum role role, uint64_t days, char token[static TOKEN_CAP])
{
	struct token_row t = { .created = T0, .expires = T0 + days * 86400, .role = role, .name = "prom" };

	snprintf(t.user, sizeof(t.user), "%s", user);
	assert_true(token_make("cwt_", token));
	assert_int_equal(token_add(s, token, &t, &row), R_OK);
}

static void
test_tokens_look(void **state)
{
	char a[TOKEN_CAP], b[TOKEN_CAP], x[TOKEN_CAP];
	struct account ann = add("ann", ROLE_ADMIN);

	(void)state;
	assert_int_equal(begin(&ann, T0, a), R_OK);
	assert_int_equal(begin(&ann, T0, b), R_OK);
	assert_int_equal(strlen(a), TOKEN_CAP - 1);
	assert_string_not_equal(a, b);
	assert_int_equal(strspn(a + 4, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
	assert_true(works(a, T0));
	/* Each octet counts; a session is no API token, nor the other way round. */
	for (size_t i = 0; i < TOKEN_CAP - 1; i++) {
		memcpy(x, a, sizeof(x));
		x[i] = x[i] == 'A' ? 'B' : 'A';
		assert_false(works(x, T0));
		memcpy(x, a, sizeof(x));
		x[i] = '\0';
		assert_false(works(x, T0));
	}
	memcpy(x, a, sizeof(x));
	memcpy(x, "cwt_", 4);
	assert_false(works(x, T0));
	assert_false(works("", T0));
	assert_false(works("cws_' OR 1=1 OR sha256 = '                     ", T0));
}

static void
test_idle(void **state)
{
	struct account ann = add("ann", ROLE_ADMIN);
	char t[TOKEN_CAP], u[TOKEN_CAP];

	(void)state;
	assert_int_equal(begin(&ann, T0, t), R_OK);
	assert_true(works(t, T0 + SESSION_IDLE_S - 1));		/* and this is a use */
	assert_true(works(t, T0 + 2 * SESSION_IDLE_S - 2));
	assert_false(works(t, T0 + 4 * SESSION_IDLE_S));
	assert_int_equal(begin(&ann, T0, u), R_OK);
	assert_false(works(u, T0 + SESSION_IDLE_S));
}

static void
test_absolute(void **state)
{
	struct account ann = add("ann", ROLE_ADMIN);
	uint64_t now = T0;
	char t[TOKEN_CAP];

	(void)state;
	assert_int_equal(begin(&ann, T0, t), R_OK);
	for (; now < T0 + SESSION_MAX_S; now += 600)
		assert_true(works(t, now));
	assert_true(works(t, T0 + SESSION_MAX_S - 1));
	assert_false(works(t, T0 + SESSION_MAX_S));
}

static void
test_ends_on_change(void **state)
{
	struct account ann = add("ann", ROLE_ADMIN), bob, root = add("root", ROLE_ADMIN);
	char mine[TOKEN_CAP], t[TOKEN_CAP];

	(void)state;
	add("bob", ROLE_EDITOR);
	assert_int_equal(begin(&root, T0, mine), R_OK);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(account_get(s, "bob", &bob), R_OK);
		assert_int_equal(begin(&bob, T0, t), R_OK);
		assert_int_equal(role_now(t, T0), i == 0 ? ROLE_EDITOR : ROLE_VIEWER);
		switch (i) {
		case 0: assert_int_equal(account_change(s, "bob", ROLE_VIEWER, NULL, -1, &row), R_OK); break;
		case 1: assert_int_equal(account_change(s, "bob", ROLE_NONE, "$y$new", -1, &row), R_OK); break;
		case 2: assert_int_equal(account_change(s, "bob", ROLE_NONE, NULL, 1, &row), R_OK); break;
		case 3: assert_int_equal(account_delete(s, "bob", &row), R_OK); break;
		}
		assert_false(works(t, T0));
		assert_true(works(mine, T0));
		if (i == 1)	/* what was compared with the old hash begins no session, nor one whose account was disabled meanwhile */
			assert_int_equal(begin(&bob, T0, t), R_LOGIN_FAILED);
		if (i == 2) {
			assert_int_equal(account_get(s, "bob", &bob), R_OK);
			assert_true(bob.disabled);
			assert_string_equal(bob.hash, "$y$new");
			assert_int_equal(begin(&bob, T0, t), R_LOGIN_FAILED);
			assert_int_equal(account_change(s, "bob", ROLE_NONE, NULL, 0, &row), R_OK);
			assert_false(works(t, T0));
		}
	}
	assert_int_equal(begin(&bob, T0, t), R_LOGIN_FAILED);
	assert_int_equal(account_change(s, "bob", ROLE_VIEWER, NULL, -1, &row), R_NOT_FOUND);
	assert_int_equal(account_delete(s, "bob", &row), R_NOT_FOUND);
	assert_int_equal(begin(&ann, T0, t), R_OK);
}

static void
test_last_admin(void **state)
{
	struct account was, is;

	(void)state;
	add("ann", ROLE_ADMIN);
	add("bob", ROLE_EDITOR);
	assert_int_equal(account_get(s, "ann", &was), R_OK);
	assert_int_equal(account_change(s, "ann", ROLE_EDITOR, "$y$x", -1, &row), R_LAST_ADMIN);
	assert_int_equal(account_change(s, "ann", ROLE_NONE, NULL, 1, &row), R_LAST_ADMIN);
	assert_int_equal(account_delete(s, "ann", &row), R_LAST_ADMIN);
	assert_int_equal(account_get(s, "ann", &is), R_OK);
	assert_memory_equal(&was, &is, sizeof(is));	/* nothing of it was done */
	assert_int_equal(account_change(s, "ann", ROLE_NONE, "$y$x", -1, &row), R_OK);
	assert_int_equal(account_change(s, "bob", ROLE_ADMIN, NULL, 1, &row), R_OK);
	assert_int_equal(account_delete(s, "ann", &row), R_LAST_ADMIN);	/* a disabled one is none */
	assert_int_equal(account_change(s, "bob", ROLE_NONE, NULL, 0, &row), R_OK);
	assert_int_equal(account_delete(s, "ann", &row), R_OK);
	assert_int_equal(account_change(s, "bob", ROLE_VIEWER, NULL, -1, &row), R_LAST_ADMIN);
}

/* Made at the console, without any administrator: they may be changed and go. */
static void
test_no_admin(void **state)
{
	struct account a = { .name = "bob", .hash = "$y$", .role = ROLE_ADMIN };

	(void)state;
	add("bob", ROLE_VIEWER);
	assert_int_equal(account_add(s, &a, &row), R_USER_EXISTS);
	assert_int_equal(account_change(s, "bob", ROLE_EDITOR, NULL, -1, &row), R_OK);
	assert_int_equal(account_delete(s, "bob", &row), R_OK);
	assert_false(accounts_any(s));
}

static void
test_api_tokens(void **state)
{
	char t[TOKEN_CAP], free_one[TOKEN_CAP];
	struct token_row list[4];

	(void)state;
	add("root", ROLE_ADMIN);
	add("ann", ROLE_ADMIN);
	api_token("ann", ROLE_EDITOR, 1, t);
	api_token("", ROLE_ADMIN, 1, free_one);
	assert_int_equal(role_now(t, T0), ROLE_EDITOR);
	assert_int_equal(role_now(free_one, T0), ROLE_ADMIN);
	assert_true(works(t, T0 + 86399));
	assert_false(works(t, T0 + 86400));
	/* Never more than its user may now. */
	assert_int_equal(account_change(s, "ann", ROLE_VIEWER, NULL, -1, &row), R_OK);
	assert_int_equal(role_now(t, T0), ROLE_VIEWER);
	assert_int_equal(account_change(s, "ann", ROLE_ADMIN, NULL, -1, &row), R_OK);
	assert_int_equal(role_now(t, T0), ROLE_EDITOR);
	assert_int_equal(account_change(s, "ann", ROLE_NONE, NULL, 1, &row), R_OK);
	assert_false(works(t, T0));
	assert_int_equal(account_delete(s, "ann", &row), R_OK);
	add("ann", ROLE_ADMIN);			/* another ann does not inherit it */
	assert_false(works(t, T0));
	assert_int_equal(token_list(s, 0, list, 4), 1);
	assert_int_equal(list[0].used, T0 + 0);
	assert_int_equal(token_remove(s, list[0].number, &row), R_OK);
	assert_int_equal(token_remove(s, list[0].number, &row), R_NOT_FOUND);
	assert_false(works(free_one, T0));
}

static void
test_first_user(void **state)
{
	struct account root = { .name = "root", .hash = "$y$", .role = ROLE_ADMIN, .created = T0 };
	char old[TOKEN_CAP], t[TOKEN_CAP], session[TOKEN_CAP];

	(void)state;
	assert_true(token_make("cwf_", old) && token_make("cwf_", t) && token_make("cws_", session));
	assert_false(first_token_good(s, "", T0));
	assert_int_equal(first_token_set(s, old, T0, &row), R_OK);
	assert_int_equal(first_token_set(s, t, T0, &row), R_OK);
	assert_false(first_token_good(s, old, T0));
	assert_true(first_token_good(s, t, T0 + FIRST_TOKEN_S - 1));
	assert_false(first_token_good(s, t, T0 + FIRST_TOKEN_S));
	assert_int_equal(first_user_add(s, t, &root, "", session, T0 + FIRST_TOKEN_S, &row), R_LOGIN_FAILED);
	assert_false(accounts_any(s));
	assert_int_equal(first_user_add(s, t, &root, "", session, T0, &row), R_OK);
	assert_int_equal(role_now(session, T0), ROLE_ADMIN);
	assert_false(first_token_good(s, t, T0));
	assert_int_equal(first_user_add(s, t, &root, "", session, T0, &row), R_FIRST_USER_DONE);
	assert_int_equal(first_token_set(s, t, T0, &row), R_FIRST_USER_DONE);
}

static void
test_many_sessions(void **state)
{
	static char t[SESSIONS_MAX + 2][TOKEN_CAP];
	static struct session_row list[SESSIONS_MAX + 5];
	struct account ann = add("ann", ROLE_ADMIN), bob = add("bob", ROLE_VIEWER);
	char other[TOKEN_CAP];

	(void)state;
	assert_int_equal(begin(&bob, T0, other), R_OK);
	for (unsigned i = 0; i < SESSIONS_MAX; i++)
		assert_int_equal(begin(&ann, T0 + i, t[i]), R_OK);
	assert_true(works(t[0], T0 + 100));	/* used last: it stays */
	assert_int_equal(begin(&ann, T0 + 101, t[SESSIONS_MAX]), R_OK);
	assert_true(works(t[0], T0 + 101));
	assert_false(works(t[1], T0 + 101));
	assert_true(works(t[2], T0 + 101));
	assert_true(works(other, T0 + 101));
	assert_int_equal(session_list(s, T0 + 101, 0, list, SESSIONS_MAX + 5), SESSIONS_MAX + 1);
	assert_int_equal(session_end(s, list[0].number, &row), R_OK);
	assert_int_equal(session_end(s, list[0].number, &row), R_NOT_FOUND);
	assert_false(works(t[SESSIONS_MAX], T0 + 101));
	/* A login takes away what ended. */
	assert_int_equal(begin(&ann, T0 + SESSION_MAX_S, t[0]), R_OK);
	assert_int_equal(session_list(s, 0, 0, list, SESSIONS_MAX + 5), 1);
}

/* ---- the throttle ---- */

static unsigned
charge(const char *user, const char *client, uint64_t now)
{
	bool first;
	unsigned wait_s;
	enum reason r = throttle_charge(s, user, client, now, &wait_s, &first);

	assert_int_equal(r, wait_s ? R_LOGIN_THROTTLED : R_OK);
	return wait_s;
}

/* How long one waits after each try. */
static void
test_delays(void **state)
{
	static const unsigned delay[] = { 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60 };
	uint64_t now = T0;
	bool first;
	unsigned wait_s;

	(void)state;
	for (size_t i = 0; i < sizeof(delay) / sizeof(delay[0]); i++) {
		assert_int_equal(charge("ann", "192.0.2.1", now), 0);
		for (unsigned left = delay[i]; left > 0; left--, now++)	/* tries that are not looked at make it no longer */
			assert_int_equal(charge("ann", "198.51.100.7", now), left);
	}
	assert_int_equal(throttle_charge(s, "ann", "192.0.2.1", now, &wait_s, &first), R_OK);
	assert_int_equal(throttle_charge(s, "ann", "192.0.2.1", now, &wait_s, &first), R_LOGIN_THROTTLED);
	assert_true(first);
	assert_int_equal(throttle_charge(s, "ann", "192.0.2.1", now, &wait_s, &first), R_LOGIN_THROTTLED);
	assert_false(first);
	assert_int_equal(charge("bob", "203.0.113.9", now), 0);		/* nobody else waits */
	assert_int_equal(charge("ann", "192.0.2.1", now + 3661), 0);	/* forgotten */
	assert_int_equal(charge("ann", "192.0.2.1", now + 3661), 0);
}

static void
test_clock_back(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		charge("ann", "192.0.2.1", T0 + 5000000);
	assert_int_equal(charge("ann", "192.0.2.1", T0 + 5000000), 1);
	assert_int_equal(charge("ann", "192.0.2.1", T0), 0);
}

/* Five tries from addresses that are one client; the sixth, too, when it is not. */
static void
one_client(const char *const v[6], bool one)
{
	static uint64_t now = T0;
	char user[8];

	now += 10000;
	for (unsigned i = 0; i < 6; i++) {
		snprintf(user, sizeof(user), "u%u", i);
		assert_int_equal(charge(user, v[i], now), one && i == 5);
	}
}

static void
test_clients(void **state)
{
	static const char *const same[6] = { "2001:db8::1", "2001:db8::2", "2001:db8:0:0:9::1", "2001:DB8:0:0:a:b:c:d", "2001:db8::a:b:c:d", "2001:0db8::ffff" };
	static const char *const full[6] = { "2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", "2001:db8:1:2::a", "2001:db8:1:2::b", "2001:db8:1:2::c" };
	static const char *const nets[6] = { "2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1", "2001:db8:1:5::1", "2001:db8:1:6::1" };
	static const char *const four[6] = { "192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201", "192.0.2.1", "192.0.2.1", "0:0:0:0:0:ffff:192.0.2.1" };
	static const char *const fours[6] = { "192.0.2.1", "192.0.2.2", "192.0.2.3", "::ffff:192.0.2.4", "::ffff:192.0.2.5", "192.0.2.6" };
	static const char *const none[6] = { "", "1.2.3", "::::", "fe80", "", "999.1.1.1" };

	(void)state;
	one_client(same, true);
	one_client(full, true);
	one_client(nets, false);
	one_client(four, true);
	one_client(fours, false);
	one_client(none, true);		/* what is no address is one client, however it is written */
}

/* An account of one's own does not buy guesses at those of others. */
static void
test_own_account(void **state)
{
	struct account own = add("own", ROLE_ADMIN);
	char t[TOKEN_CAP], user[16];
	unsigned looked = 0;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		snprintf(user, sizeof(user), "victim-%u", i);
		looked += charge(user, "192.0.2.1", T0) == 0;
		if (charge("own", "192.0.2.1", T0) == 0)
			assert_int_equal(begin(&own, T0, t), R_OK);
	}
	assert_in_range(looked, 1, 5);
	/* But who mistypes once and then signs in waits for nothing, ever again. */
	for (unsigned i = 0; i < 40; i++) {
		assert_int_equal(charge("own", "203.0.113.5", T0 + 10000 * (i + 1)), 0);
		assert_int_equal(charge("own", "203.0.113.5", T0 + 10000 * (i + 1)), 0);
		assert_int_equal(begin(&own, T0 + 10000 * (i + 1), t), R_OK);
	}
}

/* Whatever is tried: the table has its bounds. */
static void
test_bounds(void **state)
{
	sqlite3_stmt *st;
	char user[64];

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		snprintf(user, sizeof(user), "'; DROP TABLE user; -- %u", i);
		charge(user, user, T0 + 100 * i);
	}
	assert_int_equal(sqlite3_prepare_v2(store_db(s), "SELECT count(*) FROM attempt WHERE bucket < 0 OR bucket >= 131072", -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(st, 0), 0);
	sqlite3_finalize(st);
	add("ann", ROLE_ADMIN);
}

static void
test_roles(void **state)
{
	(void)state;
	for (int i = ROLE_VIEWER; i <= ROLE_ADMIN; i++)
		assert_int_equal(role_by_name(role_name((enum role)i)), i);
	assert_int_equal(role_by_name(""), ROLE_NONE);
	assert_int_equal(role_by_name("Admin"), ROLE_NONE);
	assert_string_equal(role_name(ROLE_PERSON), "admin");
}

#define WITH_STORE(f)	cmocka_unit_test_setup_teardown(f, make, unmake)

/* A store that takes nothing is that, and not one that had no such session, token or user: who revokes something must know that it is still there. */
static void
test_not_written(void **state)
{
	struct token_row t = { .created = T0, .expires = T0 + 100, .role = ROLE_VIEWER, .name = "p" };
	struct session_row list[2];
	struct account a = add("ann", ROLE_ADMIN), users[2];

	(void)state;
	add("bob", ROLE_ADMIN);
	assert_int_equal(token_add(s, "cwt_x", &t, &row), R_OK);
	assert_int_equal(session_end(s, 7, &row), R_NOT_FOUND);
	assert_int_equal(sqlite3_exec(store_db(s), "PRAGMA query_only = 1", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(session_end(s, 7, &row), R_STORE_FAILED);
	assert_int_equal(token_remove(s, t.number, &row), R_STORE_FAILED);
	assert_int_equal(account_delete(s, "bob", &row), R_STORE_FAILED);
	assert_int_equal(account_change(s, "bob", ROLE_VIEWER, NULL, -1, &row), R_STORE_FAILED);
	assert_int_equal(account_add(s, &a, &row), R_STORE_FAILED);
	assert_int_equal(account_list(s, "", users, 2), 2);
	assert_int_equal(token_list(s, 0, &t, 1), 1);
	assert_int_equal(sqlite3_exec(store_db(s), "PRAGMA query_only = 0; DROP TABLE session; DROP TABLE token; DROP TABLE user", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(account_get(s, "ann", &a), R_STORE_FAILED);
	assert_int_equal(account_list(s, "", users, 2), -1);
	assert_int_equal(token_list(s, 0, &t, 1), -1);
	assert_int_equal(session_list(s, T0, 0, list, 2), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_tokens_look),
		WITH_STORE(test_idle),
		WITH_STORE(test_absolute),
		WITH_STORE(test_ends_on_change),
		WITH_STORE(test_last_admin),
		WITH_STORE(test_no_admin),
		WITH_STORE(test_api_tokens),
		WITH_STORE(test_first_user),
		WITH_STORE(test_many_sessions),
		WITH_STORE(test_delays),
		WITH_STORE(test_clock_back),
		WITH_STORE(test_clients),
		WITH_STORE(test_own_account),
		WITH_STORE(test_bounds),
		WITH_STORE(test_not_written),
		cmocka_unit_test(test_roles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
