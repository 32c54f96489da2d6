/* SPDX-License-Identifier: BSD-2-Clause */
/* The store: revisions, numbers that are not given twice, file modes, its form, and what it refuses. */
#include "test.h"

#include <dirent.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store.h"

static char dir[64], path[128];

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/cw-store.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/causeway.db", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	char name[400];
	struct dirent *e;
	DIR *d = opendir(dir);

	(void)state;
	while (d && (e = readdir(d)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", dir, e->d_name);
		if (e->d_name[0] != '.')
			unlink(name);
	}
	closedir(d);
	return rmdir(dir);
}

static struct store *
must_open(void)
{
	struct store_error err;
	struct store *s = store_open(path, -1, -1, &err);

	if (!s)
		fail_msg("%s", err.text);
	return s;
}

static uint64_t
commit(struct store *s, const char *text, const char (*children)[CHILD_NAME_CAP], size_t n)
{
	struct revision r = { .time_s = 1000, .author = "root", .comment = "c", .sha256 = "ab", .text = (char *)(uintptr_t)text, .n = strlen(text) };
	struct audit_row a = { .time_s = 1000, .author = "root", .origin = "rw.sock", .action = "apply", .result = "OK" };
	struct store_error err;

	if (!store_commit(s, &r, children, n, false, &a, &err))
		fail_msg("%s", err.text);
	return r.number;
}

static void
test_revisions(void **state)
{
	static const char one[1][CHILD_NAME_CAP] = { "a-b/net" };
	struct store *s = must_open();
	struct revision r, list[5];
	struct store_error err;

	(void)state;
	assert_true(store_current(s, &r, &err));
	assert_int_equal(r.number, 0);
	assert_int_equal(commit(s, "first\n", one, 1), 1);
	assert_int_equal(commit(s, "second\n", one, 1), 2);
	store_close(s);
	s = must_open();	/* it is all there after a restart */
	assert_true(store_current(s, &r, &err));
	assert_int_equal(r.number, 2);
	assert_string_equal(r.text, "second\n");
	assert_string_equal(r.author, "root");
	revision_fini(&r);
	assert_true(store_get(s, 1, &r, &err));
	assert_int_equal(r.n, 6);
	revision_fini(&r);
	assert_false(store_get(s, 3, &r, &err));
	assert_int_equal(err.reason, R_NOT_FOUND);
	assert_int_equal(store_list(s, 0, list, 5), 2);
	assert_int_equal(list[0].number, 2);
	store_close(s);
}

static void
test_reqids(void **state)
{
	static const char two[2][CHILD_NAME_CAP] = { "b-c/net", "a-b/net" }, last[1][CHILD_NAME_CAP] = { "b-c/net" };
	struct store *s = must_open();
	uint32_t ab, bc, again;

	(void)state;
	assert_int_equal(store_reqid(s, "a-b", "net"), 0);
	commit(s, "1\n", two, 2);
	ab = store_reqid(s, "a-b", "net");
	bc = store_reqid(s, "b-c", "net");
	assert_true(ab > 0 && bc > 0 && ab != bc);
	commit(s, "2\n", two, 2);
	assert_int_equal(store_reqid(s, "a-b", "net"), ab);	/* stable over edits */
	commit(s, "3\n", last, 1);
	assert_int_equal(store_reqid(s, "a-b", "net"), 0);
	assert_int_equal(store_reqid(s, "b-c", "net"), bc);
	commit(s, "4\n", two, 2);
	again = store_reqid(s, "a-b", "net");
	assert_true(again != ab && again != bc && again > 0);	/* an SA of the old one may live */
	store_close(s);
}

/* Another site of the same revision: its children get numbers, the others' are retired. */
static void
test_other_site(void **state)
{
	static const char ab[1][CHILD_NAME_CAP] = { "a-b/net" }, bc[1][CHILD_NAME_CAP] = { "b-c/net" };
	struct store *s = must_open();
	struct store_error err;

	(void)state;
	commit(s, "1\n", ab, 1);
	assert_true(store_number(s, 5, bc, 1, &err));
	assert_int_equal(store_reqid(s, "b-c", "net"), 2);
	assert_int_equal(store_reqid(s, "a-b", "net"), 0);
	assert_true(store_number(s, 6, bc, 1, &err));
	assert_int_equal(store_reqid(s, "b-c", "net"), 2);
	store_close(s);
}

static void
exec(sqlite3 *db, const char *sql)
{
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* All of 1-16383 were used: the one that was retired first is taken again, a live one never. */
static void
test_exhaustion(void **state)
{
	static const char child[1][CHILD_NAME_CAP] = { "x/net" }, more[2][CHILD_NAME_CAP] = { "x/net", "y/net" };
	struct store *s = must_open();
	sqlite3 *db;

	(void)state;
	store_close(s);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	exec(db, "INSERT INTO reqid (reqid, tunnel, child, retired) VALUES (16383, 'p', 'net', 50), (9, 'q', 'net', 20), (10, 'r', 'net', 30)");
	sqlite3_close(db);
	s = must_open();
	commit(s, "1\n", child, 1);
	assert_int_equal(store_reqid(s, "x", "net"), 9);
	commit(s, "2\n", more, 2);
	assert_int_equal(store_reqid(s, "y", "net"), 10);
	assert_int_equal(store_reqid(s, "x", "net"), 9);
	store_close(s);
}

static void
test_modes(void **state)
{
	static const char *const names[] = { "", "-wal", "-shm" };
	struct store *s;
	struct stat st;
	char name[160];

	(void)state;
	umask(0);
	s = must_open();
	commit(s, "1\n", NULL, 0);
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", path, names[i]);
		assert_int_equal(stat(name, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	store_close(s);
}

static void
test_newer(void **state)
{
	struct store_error err;
	sqlite3 *db;

	(void)state;
	store_close(must_open());
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	exec(db, "PRAGMA user_version = 999");
	sqlite3_close(db);
	assert_null(store_open(path, -1, -1, &err));
	assert_int_equal(err.reason, R_STORE_NEWER);
	assert_non_null(strstr(err.text, "999"));
}

static void
test_not_a_store(void **state)
{
	struct store_error err;
	FILE *f = fopen(path, "w");

	(void)state;
	for (int i = 0; i < 500; i++)
		fputs("this is no database ", f);
	fclose(f);
	assert_null(store_open(path, -1, -1, &err));
	assert_int_equal(err.reason, R_STORE_FAILED);
	assert_null(store_open("/nonexistent/causeway.db", -1, -1, &err));
	assert_int_equal(err.reason, R_STORE_FAILED);
}

static void
collect(sqlite3 *db, char *out, size_t cap)
{
	sqlite3_stmt *st;
	size_t n = 0;

	assert_int_equal(sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name", -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW)
		n += (size_t)snprintf(out + n, cap - n, "%s;\n", (const char *)sqlite3_column_text(st, 0));
	assert_true(n < cap && n > 100);
	sqlite3_finalize(st);
}

/* db/schema.sql is what all migrations together make. */
static void
test_schema(void **state)
{
	char sql[16384], ours[16384], said[16384];
	sqlite3 *db;

	(void)state;
	source_text("db/schema.sql", sql, sizeof(sql));
	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	exec(db, sql);
	collect(db, said, sizeof(said));
	sqlite3_close(db);
	store_close(must_open());
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	collect(db, ours, sizeof(ours));
	sqlite3_close(db);
	assert_string_equal(ours, said);
}

/* A commit that cannot be written leaves the old revision in force. */
static void
test_failed_commit(void **state)
{
	static const char bad[1][CHILD_NAME_CAP] = { "no-slash" };
	struct revision r = { .time_s = 1, .author = "root", .text = (char *)(uintptr_t)"x\n", .n = 2 };
	struct audit_row a = { .author = "root", .action = "apply" };
	struct store *s = must_open();
	struct store_error err;

	(void)state;
	commit(s, "first\n", NULL, 0);
	assert_false(store_commit(s, &r, bad, 1, false, &a, &err));
	assert_int_equal(err.reason, R_STORE_FAILED);
	assert_true(store_current(s, &r, &err));
	assert_int_equal(r.number, 1);
	assert_string_equal(r.text, "first\n");
	revision_fini(&r);
	assert_int_equal(store_list(s, 0, &r, 1), 1);
	assert_int_equal(r.number, 1);
	assert_int_equal(store_audit_list(s, 0, &a, 1), 1);
	assert_string_equal(a.detail, "revision 1: c");	/* nothing was done, so nothing is said of it */
	store_close(s);
}

static void
test_audit(void **state)
{
	struct audit_row a = { .time_s = 7, .author = "ann", .origin = "rw.sock, process 9", .action = "down", .detail = "a-b", .result = "BUSY" }, v[5];
	struct store *s = must_open();

	(void)state;
	commit(s, "1\n", NULL, 0);
	assert_true(store_audit(s, &a));
	assert_int_equal(store_audit_list(s, 0, v, 5), 2);
	assert_string_equal(v[0].author, "ann");
	assert_string_equal(v[0].origin, "rw.sock, process 9");
	assert_string_equal(v[0].action, "down");
	assert_string_equal(v[0].detail, "a-b");
	assert_string_equal(v[0].result, "BUSY");
	assert_int_equal(v[0].time_s, 7);
	assert_string_equal(v[1].detail, "revision 1: c");
	assert_int_equal(store_audit_list(s, v[0].number, v, 5), 1);
	assert_string_equal(v[0].action, "apply");
	store_close(s);
}

/* One that is to be confirmed leaves what it falls back to alone; nothing at all can be in force too. */
static void
test_confirmed(void **state)
{
	static const char one[1][CHILD_NAME_CAP] = { "a-b/net" };
	struct revision r = { .time_s = 1, .author = "root", .text = (char *)(uintptr_t)"x\n", .n = 2 }, none = { .time_s = 2 };
	struct audit_row a = { .author = "root", .action = "apply" };
	struct store *s = must_open();
	struct store_error err;
	uint64_t n = 99;

	(void)state;
	assert_true(store_confirmed(s, &n, &err));
	assert_int_equal(n, 0);
	commit(s, "first\n", one, 1);
	assert_true(store_commit(s, &r, one, 1, true, &a, &err));
	assert_true(store_confirmed(s, &n, &err));
	assert_int_equal(n, 1);
	store_close(s);
	s = must_open();
	assert_true(store_current(s, &r, &err));
	assert_int_equal(r.number, 2);
	revision_fini(&r);
	assert_true(store_confirm(s, 2, &a, &err));
	assert_true(store_confirmed(s, &n, &err));
	assert_int_equal(n, 2);
	assert_true(store_commit(s, &none, NULL, 0, false, &a, &err));
	assert_string_equal(a.detail, "no revision");
	assert_true(store_current(s, &r, &err));
	assert_int_equal(r.number, 0);
	assert_true(store_confirmed(s, &n, &err));
	assert_int_equal(n, 0);
	assert_int_equal(store_reqid(s, "a-b", "net"), 0);
	store_close(s);
}

/* A store of the first form: what is in it is all there in the new one, and the old one is beside it. */
static void
test_migration(void **state)
{
	char file[512], sql[8192];
	struct audit_row a[3];
	struct store_error err;
	struct revision r;
	struct stat st;
	struct store *s;
	sqlite3 *db;
	uint64_t n;

	(void)state;
	source_text("db/migrations/0001.sql", sql, sizeof(sql));
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	exec(db, sql);
	exec(db, "INSERT INTO revision VALUES (1, 5, 'root', 'first', 'ab', 'one'), (2, 6, 'ann', '', 'cd', 'two');"
	    "INSERT INTO state VALUES ('current', 2); INSERT INTO reqid VALUES (4, 'a-b', 'net', NULL);"
	    "INSERT INTO audit VALUES (1, 5, 'root', 'apply', 'revision 1'); PRAGMA user_version = 1");
	sqlite3_close(db);
	s = must_open();
	assert_true(store_current(s, &r, &err));
	assert_int_equal(r.number, 2);
	assert_string_equal(r.text, "two");
	revision_fini(&r);
	assert_true(store_confirmed(s, &n, &err));
	assert_int_equal(n, 2);
	assert_int_equal(store_reqid(s, "a-b", "net"), 4);
	assert_int_equal(store_audit_list(s, 0, a, 3), 1);
	assert_string_equal(a[0].detail, "revision 1");
	assert_string_equal(a[0].origin, "");
	commit(s, "three\n", NULL, 0);
	store_close(s);
	snprintf(file, sizeof(file), "%s.form-1", path);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* A text that is kept as an edit of another one is made of it, and an edit that does not fit there is an error, whatever its numbers are. */
static void
test_edits(void **state)
{
	static const char *const wrong[] = { "at = 9, cut = 0", "at = 1, cut = 8", "at = 1, cut = 9", "at = 8, cut = 1", "at = -1, cut = 0", "at = 0, cut = -1",
		"base = 2", "base = 7" };
	struct store_error err;
	struct revision r;
	struct store *s;
	sqlite3 *db;

	(void)state;
	s = must_open();
	commit(s, "01234567", NULL, 0);
	commit(s, "ab", NULL, 0);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	exec(db, "INSERT INTO edit (revision, base, at, cut, depth) VALUES (2, 1, 3, 4, 1)");
	assert_true(store_get(s, 2, &r, &err));
	assert_string_equal(r.text, "012ab7");
	revision_fini(&r);
	exec(db, "UPDATE edit SET at = 0, cut = 8");
	assert_true(store_get(s, 2, &r, &err));
	assert_string_equal(r.text, "ab");
	revision_fini(&r);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char sql[80];

		snprintf(sql, sizeof(sql), "UPDATE edit SET base = 1; UPDATE edit SET %s", wrong[i]);
		exec(db, sql);
		if (store_get(s, 2, &r, &err))
			fail_msg("%s", wrong[i]);
		assert_int_equal(err.reason, R_STORE_FAILED);
	}
	sqlite3_close(db);
	store_close(s);
}

/* A list that cannot be read is not a short one. */
static void
test_unreadable(void **state)
{
	struct store *s = must_open();
	struct revision r[2];
	struct audit_row a[2];

	(void)state;
	commit(s, "1\n", NULL, 0);
	exec(store_db(s), "PRAGMA foreign_keys = OFF; DROP TABLE revision; DROP TABLE audit");
	assert_int_equal(store_list(s, 0, r, 2), -1);
	assert_int_equal(store_audit_list(s, 0, a, 2), -1);
	store_close(s);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_revisions), T(test_reqids), T(test_other_site), T(test_exhaustion), T(test_modes), T(test_newer), T(test_not_a_store), T(test_schema),
		T(test_failed_commit), T(test_audit), T(test_confirmed), T(test_migration), T(test_edits), T(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
