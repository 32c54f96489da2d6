/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever the store does is done or was never begun, also when its disk fails, its process ends or the power goes at any read, write, sync,
 * truncation, creation or deletion of a file, in the middle of a write too. Each trial is a process of its own, which starts from the same files,
 * does one thing and meets its fault at the n-th access; then the store is opened without faults and must hold exactly one of two contents.
 * What was answered with success must be there. CW_SCALE (1; longer from 2 on) multiplies the ways in which the power goes.
 */
#include "test.h"

#include <dirent.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "accounts.h"
#include "faultvfs.h"
#include "store.h"

#ifdef __SANITIZE_ADDRESS__
#define STRIDE	12	/* check-san: each trial takes some four times as long, and what it is about there is memory */
#else
#define STRIDE	1
#endif
#define TEXT	20000	/* so much that the store keeps an edit of it instead of the whole */

static char dir[64], path[128], base[128];
static char now_doing[128];	/* for the sentence of a failure */
static char text[TEXT + 1];
static const char two[2][CHILD_NAME_CAP] = { "a-b/net", "b-c/net" }, three[3][CHILD_NAME_CAP] = { "a-b/net", "b-c/net", "c-d/net" };
static const char edited[2][CHILD_NAME_CAP] = { "b-c/net", "b-c/more" };
static const char one[1][CHILD_NAME_CAP] = { "a-b/net" };

static void
forget(const char *name)
{
	const char *short_name = strrchr(name, '/') + 1;
	char file[400];
	struct dirent *e;
	DIR *d = opendir(dir);

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		snprintf(file, sizeof(file), "%s/%s", dir, e->d_name);
		if (strncmp(e->d_name, short_name, strlen(short_name)) == 0)
			unlink(file);
	}
	closedir(d);
}

static struct store *
must_open(const char *name)
{
	struct store_error err;
	struct store *s = store_open(name, -1, -1, &err);

	if (!s)
		fail_msg("%s: %s", now_doing, err.text);
	return s;
}

static void
copy(const char *from, const char *to)
{
	static char buf[1 << 20];
	FILE *in = fopen(from, "rb"), *out;
	size_t n;

	if (!in)
		return;		/* the thing begins without a store */
	out = fopen(to, "wb");
	assert_non_null(out);
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0)
		assert_int_equal(fwrite(buf, 1, n, out), n);
	fclose(in);
	fclose(out);
}

/* ---- what is done ---- */

static bool
commit(struct store *s, const char (*children)[CHILD_NAME_CAP], size_t n, bool pending, const char *new_text, uint64_t edit_of)
{
	struct revision r = { .time_s = 1000, .author = "root", .comment = "c", .sha256 = "ab", .text = (char *)(uintptr_t)new_text };
	struct audit_row a = { .time_s = 1000, .author = "root", .origin = "rw.sock", .action = "apply", .result = "OK" };
	struct store_error err;

	r.n = new_text ? strlen(new_text) : 0;
	if (edit_of) {
		r.base = edit_of;
		r.at = 100;
		r.cut = 4;
		r.ins = 4;
		r.tunnel = "b-c";
	}
	return store_commit(s, &r, children, n, pending, &a, &err) && r.number > 0;
}

static bool
do_apply(struct store *s)
{
	return commit(s, three, 3, false, "another text\n", 0);
}

static bool
do_edit(struct store *s)
{
	char now[TEXT + 1];

	memcpy(now, text, sizeof(now));
	memcpy(now + 100, "1234", 4);
	return commit(s, edited, 2, false, now, 2);
}

static bool
do_trial(struct store *s)
{
	return commit(s, three, 3, true, "to be confirmed\n", 0);
}

/* The text of before again: a rollback, and what an undo is too. Children come back with new numbers, others go. */
static bool
do_rollback(struct store *s)
{
	struct store_error err;
	struct revision r;
	bool ok = store_get(s, 1, &r, &err) && commit(s, one, 1, false, r.text, 0);

	if (ok)
		revision_fini(&r);
	return ok;
}

static bool
do_confirm(struct store *s)
{
	struct audit_row a = { .time_s = 1002, .author = "root", .origin = "rw.sock", .action = "confirm", .result = "OK" };
	struct store_error err;

	return store_confirm(s, 2, &a, &err);
}

static bool
do_audit(struct store *s)
{
	struct audit_row a = { .time_s = 1003, .author = "ann", .origin = "ro.sock", .action = "down", .detail = "a-b", .result = "NOT_PERMITTED" };

	return store_audit(s, &a);
}

/* Accounts: the change and its line are both there, or neither is. */

static const struct audit_row account_row = { .time_s = 1005, .author = "ann", .origin = "panel.sock", .action = "accounts", .result = "OK" };
static const char session1[] = "cws_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", session2[] = "cws_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
static const struct account ann = { .name = "ann", .hash = "$y$a", .role = ROLE_ADMIN, .created = 1000 }, bob = { .name = "bob", .hash = "$y$b", .role = ROLE_EDITOR, .created = 1000 };

static bool
do_user(struct store *s)
{
	const struct account eve = { .name = "eve", .hash = "$y$e", .role = ROLE_VIEWER, .created = 1000 };

	return account_add(s, &eve, &account_row) == R_OK;
}

static bool
do_user_change(struct store *s)
{
	return account_change(s, "bob", ROLE_VIEWER, "$y$new", 1, &account_row) == R_OK;
}

static bool
do_user_delete(struct store *s)
{
	return account_delete(s, "bob", &account_row) == R_OK;
}

static bool
do_login(struct store *s)
{
	return session_begin(s, &ann, "192.0.2.1", session2, 1005, &account_row) == R_OK;
}

static bool
do_proof(struct store *s)
{
	const struct grant g = { .kind = GRANT_SESSION, .number = 1, .user = "bob" };

	return session_prove(s, &bob, &g, "192.0.2.1", session2, 1005, &account_row) == R_OK;
}

static bool
do_password(struct store *s)
{
	return account_password(s, &bob, "$y$new", "192.0.2.1", session2, 1005, &account_row) == R_OK;
}

static bool
do_logout(struct store *s)
{
	return session_end(s, 1, &account_row) == R_OK;
}

static bool
do_others(struct store *s)
{
	const struct grant g = { .kind = GRANT_SESSION, .number = 77, .user = "bob" };

	return session_end_others(s, &g, &account_row) == R_OK;
}

static bool
do_token(struct store *s)
{
	struct token_row t = { .created = 1005, .expires = 9000, .role = ROLE_VIEWER, .name = "t", .user = "bob" };

	return token_add(s, "cwt_x", &t, &account_row) == R_OK;
}

static bool
do_token_remove(struct store *s)
{
	return token_remove(s, 1, &account_row) == R_OK;
}

static bool
do_first_token(struct store *s)
{
	return first_token_set(s, "cwf_y", 1005, &account_row) == R_OK;
}

static bool
do_first_user(struct store *s)
{
	return first_user_add(s, "cwf_x", &ann, "192.0.2.1", session1, 1005, &account_row) == R_OK;
}

static bool
do_racoon(struct store *s)
{
	static char conf[] = "remote anonymous {}\n";
	const struct stored_racoon r = { .time_s = 1005, .author = "ann", .file = "racoon.conf", .text = conf, .n = sizeof(conf) - 1 };
	struct store_error err;

	return store_racoon_put(s, &r, &account_row, &err);
}

static bool
do_racoon_delete(struct store *s)
{
	struct store_error err;

	return store_racoon_delete(s, &account_row, &err);
}

static bool
do_number(struct store *s)
{
	struct store_error err;

	return store_number(s, 1004, three, 3, &err);
}

/* ---- from where ---- */

static void
base_revisions(void)
{
	struct store *s = must_open(base);

	assert_true(commit(s, one, 1, false, "the first text\n", 0));
	assert_true(commit(s, two, 2, true, text, 0));
	store_close(s);
}

static void
base_none(void)
{
}

static void
base_accounts(void)
{
	struct token_row t = { .created = 1000, .expires = 9000, .role = ROLE_VIEWER, .name = "old", .user = "bob" };
	struct store *s = must_open(base);

	assert_int_equal(account_add(s, &ann, &account_row), R_OK);
	assert_int_equal(account_add(s, &bob, &account_row), R_OK);
	assert_int_equal(session_begin(s, &bob, "192.0.2.1", session1, 1000, &account_row), R_OK);
	assert_int_equal(token_add(s, "cwt_old", &t, &account_row), R_OK);
	store_close(s);
}

static void
base_nobody(void)
{
	struct store *s = must_open(base);

	assert_int_equal(first_token_set(s, "cwf_x", 1000, &account_row), R_OK);
	store_close(s);
}

static void
base_racoon(void)
{
	struct store *s = must_open(base);

	assert_true(do_racoon(s));
	store_close(s);
}

static void
base_old_form(void)
{
	char sql[8192];
	sqlite3 *db;

	source_text("db/migrations/0001.sql", sql, sizeof(sql));
	assert_int_equal(sqlite3_open(base, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "INSERT INTO revision VALUES (1, 5, 'root', 'first', 'ab', 'one'), (2, 6, 'ann', '', 'cd', 'two');"
	    "INSERT INTO state VALUES ('current', 2); INSERT INTO reqid VALUES (4, 'a-b', 'net', NULL);"
	    "INSERT INTO audit VALUES (1, 5, 'root', 'apply', 'revision 1'); PRAGMA user_version = 1", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

struct thing {
	const char	*name;
	void		(*base)(void);
	bool		(*act)(struct store *);	/* NULL: opening and closing is what meets the fault, and it changes nothing that can be seen */
	unsigned	step;		/* with the smallest scale every so manyth access */
};

static const struct thing things[] = {
	{ "apply", base_revisions, do_apply, 1 }, { "edit", base_revisions, do_edit, 1 }, { "apply --confirm", base_revisions, do_trial, 1 },
	{ "rollback", base_revisions, do_rollback, 1 }, { "confirm", base_revisions, do_confirm, 1 }, { "audit", base_revisions, do_audit, 1 },
	{ "numbers", base_revisions, do_number, 1 }, { "new user", base_accounts, do_user, 2 }, { "user", base_accounts, do_user_change, 2 },
	{ "user removal", base_accounts, do_user_delete, 2 }, { "login", base_accounts, do_login, 2 }, { "proof", base_accounts, do_proof, 2 },
	{ "password", base_accounts, do_password, 2 }, { "logout", base_accounts, do_logout, 2 }, { "others", base_accounts, do_others, 2 },
	{ "token", base_accounts, do_token, 2 }, { "token removal", base_accounts, do_token_remove, 2 }, { "first token", base_nobody, do_first_token, 2 },
	{ "first user", base_nobody, do_first_user, 2 }, { "racoon.conf", base_accounts, do_racoon, 2 }, { "no racoon.conf", base_racoon, do_racoon_delete, 2 },
	{ "open and close", base_revisions, NULL, 1 }, { "first opening", base_none, NULL, 4 },
	{ "migration", base_old_form, NULL, 4 },
};

/* ---- what is in the store ---- */

static void
put_table(sqlite3 *db, sqlite3_str *out, const char *table)
{
	char sql[256];
	sqlite3_stmt *st;

	snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\" ORDER BY 1, 2", table);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		sqlite3_str_appendf(out, "%s", table);
		for (int i = 0; i < sqlite3_column_count(st); i++)
			sqlite3_str_appendf(out, "|%s", sqlite3_column_text(st, i) ? (const char *)sqlite3_column_text(st, i) : "NULL");
		sqlite3_str_appendf(out, "\n");
	}
	assert_int_equal(sqlite3_finalize(st), SQLITE_OK);
}

/* All of it as text, and every revision in force can be read. */
static char *
contents(const char *name)
{
	struct store *s = must_open(name);
	struct store_error err;
	struct revision r;
	sqlite3_stmt *st;
	sqlite3_str *out = sqlite3_str_new(NULL);
	sqlite3 *db;

	if (!store_current(s, &r, &err))
		fail_msg("%s: %s", now_doing, err.text);
	revision_fini(&r);
	assert_int_equal(sqlite3_open(name, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(st, 0), "ok");
	sqlite3_finalize(st);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW)
		put_table(db, out, (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	sqlite3_close(db);
	store_close(s);
	sqlite3_str_appendf(out, "end\n");
	return sqlite3_str_finish(out);
}

/* ---- a trial ---- */

enum { DONE, FAILED, NOT_REACHED, WRONG };

/* An answer and what the same process then reads agree, and with the disk whole again the thing can be done. */
static int
act(const struct thing *t, struct store *s, unsigned nth)
{
	struct audit_row before[8], after[8];
	size_t n = store_audit_list(s, 0, before, 8), m;
	bool ok, struck;

	fault_arm(nth);
	ok = t->act(s);
	struck = fault_struck();
	fault_arm(0);
	m = store_audit_list(s, 0, after, 8);
	if (t->act != do_number && m != n + ok)
		return WRONG;
	if (!ok && !struck)
		return WRONG;
	if (!ok && !t->act(s))
		return WRONG;
	return struck ? DONE : NOT_REACHED;
}

static int
trial(const struct thing *t, enum fault kind, unsigned nth, uint32_t seed, bool lying)
{
	struct store_error err;
	struct store *s;
	int result = NOT_REACHED;

	fault_begin(kind, seed, lying);
	if (!t->act)
		fault_arm(nth);
	s = store_open(path, -1, -1, &err);
	if (t->act && s)
		result = act(t, s, nth);
	else if (!s && !fault_struck())
		result = WRONG;
	if (kind == FAULT_POWER && result != WRONG) {
		fault_power();
		return fault_struck() ? DONE : result;
	}
	store_close(s);
	if (!t->act && result != WRONG)
		result = !s ? FAILED : fault_struck() ? DONE : NOT_REACHED;
	return result;
}

static int
in_child(const struct thing *t, enum fault kind, unsigned nth, uint32_t seed, bool lying)
{
	int status;
	pid_t pid;

	snprintf(now_doing, sizeof(now_doing), "%s, fault %d at access %u, seed %u", t->name, kind, nth, seed);
	forget(path);
	copy(base, path);
	pid = fork();
	if (pid == 0)
		_exit(trial(t, kind, nth, seed, lying));
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	if (!WIFEXITED(status))
		fail_msg("%s: the process died of signal %d", now_doing, WTERMSIG(status));
	return WEXITSTATUS(status);
}

static void
judge(int code, const char *before, const char *after)
{
	char *now = contents(path);
	bool is_before = strcmp(now, before) == 0, is_after = strcmp(now, after) == 0;

	if (code == WRONG || code > FAULT_KILLED)
		fail_msg("%s: the answer and the store do not agree", now_doing);
	if (!is_before && !is_after)
		fail_msg("%s: neither before nor after:\n%.3000s", now_doing, now);
	if ((code == DONE || code == NOT_REACHED) && !is_after)
		fail_msg("%s: what was done is not there", now_doing);
	sqlite3_free(now);
}

static unsigned
scale(void)
{
	const char *s = getenv("CW_SCALE");
	int n = s ? atoi(s) : 1;

	return n > 0 ? (unsigned)n : 1;
}

/* Every access in turn, until the thing is done before the fault's turn comes. Returns how many. */
static unsigned
every_access(const struct thing *t, enum fault kind, uint32_t seed, const char *before, const char *after)
{
	unsigned nth = 1, step = (scale() > 1 ? 1 : t->step) * STRIDE;
	int code;

	for (;; nth += step) {
		assert_true(nth < 5000);
		code = in_child(t, kind, nth, seed + nth, false);
		judge(code, before, after);
		if (code == NOT_REACHED)
			return nth;
	}
}

static void
one_thing(const struct thing *t)
{
	unsigned n[FAULT_POWER + 1];
	char *before, *after;

	forget(base);
	t->base();
	forget(path);
	copy(base, path);
	before = contents(path);
	assert_int_equal(in_child(t, FAULT_NONE, 0, 0, false), NOT_REACHED);
	after = contents(path);
	if (t->act)
		assert_string_not_equal(before, after);
	for (int k = FAULT_ONE; k <= FAULT_TORN; k++)
		n[k] = every_access(t, (enum fault)k, 1, before, after);
	for (uint32_t i = 0; i < scale(); i++)
		n[FAULT_POWER] = every_access(t, FAULT_POWER, 1000 * i, before, after);
	assert_true(n[FAULT_ONE] >= n[FAULT_KILL] && n[FAULT_KILL] >= n[FAULT_TORN] && n[FAULT_POWER] > 0);
	sqlite3_free(before);
	sqlite3_free(after);
}

static void
test_things(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++)
		one_thing(&things[i]);
}

/* The control: on a disk that says that it has synced and has not, what was answered is lost. Else the trials above would prove nothing. */
static void
test_lying_disk(void **state)
{
	unsigned lost = 0;
	char *before, *now;

	(void)state;
	forget(base);
	base_revisions();
	forget(path);
	copy(base, path);
	before = contents(path);
	for (uint32_t seed = 0; seed < 20; seed++) {
		assert_int_equal(in_child(&things[0], FAULT_POWER, 0, seed, true), NOT_REACHED);
		now = contents(path);
		lost += strcmp(now, before) == 0;
		sqlite3_free(now);
	}
	sqlite3_free(before);
	assert_true(lost > 0);
}

static int
setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/cw-store.XXXXXX");
	if (!fault_register() || !mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/causeway.db", dir);
	snprintf(base, sizeof(base), "%s/base.db", dir);
	memset(text, 'x', TEXT);
	for (size_t i = 79; i < TEXT; i += 80)
		text[i] = '\n';
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	forget(path);
	forget(base);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_things), cmocka_unit_test(test_lying_disk) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
