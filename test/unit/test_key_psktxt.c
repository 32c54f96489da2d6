/* SPDX-License-Identifier: BSD-2-Clause */
/* psk.txt: its lines, whose key is whose, and the file's permissions. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "psktxt.h"
#include "test.h"

static const char sample[] =
    "# the FAQ's, and more\n"
    "10.0.0.2       spamspamspam\n"
    "\n"
    "  \t2001:DB8:0::2\t0x00ff7F\r\n"
    "10.0.0.3\n"
    "10.0.0.4 0x123\n"
    "user@example.org a key of several words \n"
    "10.0.0.2 the second line of one peer does not count\n"
    "newyork.example.com k";

static enum reason
find(const char *text, size_t n, const char *identity, struct secret *s, char *detail)
{
	uint8_t *copy = malloc(n ? n : 1);	/* exact size: an overread is seen by ASan */
	enum reason r;

	memcpy(copy, text, n);
	r = psktxt_find(bytes_of(copy, n), identity, s, detail);
	free(copy);
	return r;
}

static void
test_find(void **state)
{
	static const struct { const char *identity, *want; size_t n; } good[] = {
		{ "ip:10.0.0.2", "spamspamspam", 12 },
		{ "ip:2001:db8::2", "\x00\xff\x7f", 3 },
		{ "email:user@example.org", "a key of several words ", 23 },
		{ "fqdn:newyork.example.com", "k", 1 },
	};
	static const struct { const char *identity; enum reason r; const char *says; } bad[] = {
		{ "ip:10.0.0.3", R_SECRET_MISSING, "it has no line for 10.0.0.3; its line 5 is of no use: it has an identifier and no key" },
		{ "ip:10.0.0.4", R_SECRET_INVALID, "line 6: the key" },
		{ "ip:10.0.0.20", R_SECRET_MISSING, "it has no line for 10.0.0.20" },
		{ "fqdn:10.0.0", R_SECRET_MISSING, "it has no line for 10.0.0;" },
		{ "nothing", R_SECRET_MISSING, "it has no line for nothing" },
	};
	char detail[STORE_DETAIL];
	struct secret s = { 0 };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(find(sample, sizeof(sample) - 1, good[i].identity, &s, detail), R_OK);
		assert_int_equal(s.n, good[i].n);
		assert_memory_equal(s.b, good[i].want, s.n);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(find(sample, sizeof(sample) - 1, bad[i].identity, &s, detail), bad[i].r);
		assert_int_equal(s.n, 0);
		if (strncmp(detail, bad[i].says, strlen(bad[i].says)) != 0)
			fail_msg("%s: %s", bad[i].identity, detail);
		assert_null(strstr(detail, "spam"));
	}
}

/* A file that was cut: what is found is what its whole lines say, and only the last one can be shorter than it was. */
static void
test_truncation(void **state)
{
	struct secret s = { 0 };
	char detail[STORE_DETAIL];

	for (size_t n = 0; n < sizeof(sample); n++) {
		enum reason r = find(sample, n, "ip:2001:db8::2", &s, detail);
		const char *at = strstr(sample, "0x00ff7F");
		size_t key = (size_t)(at - sample);

		if (n < key)
			assert_int_not_equal(r, R_OK);
		else if (n >= key + 8)
			assert_true(r == R_OK && s.n == 3);
		assert_true(r == R_OK || s.n == 0);
	}
}

static void
test_long(void **state)
{
	static char text[PSKTXT_ID + SECRET_CAP + 64];
	char detail[STORE_DETAIL];
	struct secret s = { 0 };

	memset(text, 'x', sizeof(text));
	memcpy(text, "10.0.0.2 ", 9);
	assert_int_equal(find(text, 9 + SECRET_CAP, "ip:10.0.0.2", &s, detail), R_OK);
	assert_int_equal(s.n, SECRET_CAP);
	assert_int_equal(find(text, 9 + SECRET_CAP + 1, "ip:10.0.0.2", &s, detail), R_SECRET_INVALID);
	memset(text, 'x', sizeof(text));
	memcpy(text + PSKTXT_ID, " key\n10.0.0.2 key\n", 18);
	assert_int_equal(find(text, PSKTXT_ID + 18, "ip:10.0.0.2", &s, detail), R_OK);	/* the line before it is of no use */
	assert_int_equal(find("10.0.0\0.2 key", 13, "fqdn:10.0.0", &s, detail), R_SECRET_MISSING);
}

static void
test_addresses(void **state)
{
	struct addr v[8];

	assert_int_equal(psktxt_addresses(bytes_of((const uint8_t *)sample, sizeof(sample) - 1), v, 8), 4);
	assert_int_equal(v[1].fam, 6);
	assert_int_equal(v[2].b[3], 4);
	assert_int_equal(psktxt_addresses(bytes_of((const uint8_t *)sample, sizeof(sample) - 1), v, 2), 2);
}

/* The FAQ's step 4: a file that others can read is not read. */
static void
test_permissions(void **state)
{
	char dir[] = "/tmp/key-psktxt-XXXXXX", path[64], link[64], detail[STORE_DETAIL];
	struct secret s = { 0 };
	struct addr v[4];
	size_t n;
	int fd;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(psktxt_read(dir, NULL, "ip:10.0.0.2", NULL, &s, detail), R_SECRET_MISSING);
	snprintf(path, sizeof(path), "%s/psk.txt", dir);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, sample, sizeof(sample) - 1), sizeof(sample) - 1);
	assert_int_equal(psktxt_read(dir, NULL, "ip:10.0.0.2", NULL, &s, detail), R_OK);
	assert_int_equal(s.n, 12);
	assert_int_equal(psktxt_peers(dir, NULL, v, 4, &n, detail), R_OK);
	assert_int_equal(n, 4);
	assert_int_equal(psktxt_read(dir, NULL, "ip:10.0.0.9", NULL, &s, detail), R_SECRET_MISSING);
	assert_non_null(strstr(detail, "psk.txt: it has no line for 10.0.0.9"));
	fchmod(fd, 0644);
	assert_int_equal(psktxt_read(dir, NULL, "ip:10.0.0.2", NULL, &s, detail), R_SECRET_TOO_OPEN);
	assert_non_null(strstr(detail, "psk.txt has mode 0644, it must have 0400 or 0600"));
	assert_int_equal(s.n, 0);
	assert_int_equal(psktxt_peers(dir, NULL, v, 4, &n, detail), R_SECRET_TOO_OPEN);
	assert_int_equal(n, 0);
	fchmod(fd, 0600);
	if (geteuid() == 0) {
		assert_int_equal(fchown(fd, 12345, 0), 0);
		assert_int_equal(psktxt_read(dir, NULL, "ip:10.0.0.2", NULL, &s, detail), R_SECRET_WRONG_OWNER);
		assert_int_equal(fchown(fd, 0, 0), 0);
	}
	snprintf(link, sizeof(link), "%s/elsewhere", dir);
	assert_int_equal(rename(path, link), 0);
	assert_int_equal(symlink(link, path), 0);
	assert_int_equal(psktxt_read(dir, NULL, "ip:10.0.0.2", NULL, &s, detail), R_SECRET_NOT_FILE);
	close(fd);
	unlink(path);
	unlink(link);
	assert_int_equal(rmdir(dir), 0);
}

static enum reason
put(const char *dir, const char *keys, const char *text, unsigned *n, char detail[static STORE_DETAIL])
{
	return psktxt_put(dir, keys, bytes_of((const uint8_t *)text, strlen(text)), n, detail);
}

/* One that is handed in serves while the secrets directory has none; the administrator's own counts first and is not written over. */
static void
test_handed_in(void **state)
{
	char dir[] = "/tmp/key-psktxt-XXXXXX", keys[] = "/tmp/key-psktxt-XXXXXX", path[64], detail[STORE_DETAIL];
	struct secret s = { 0 };
	struct addr peer, v[4];
	unsigned n;
	size_t k;
	int fd;

	assert_true(mkdtemp(dir) && mkdtemp(keys) && addr_parse("10.0.0.2", &peer));
	assert_int_equal(put(dir, NULL, "10.0.0.2 x\n", &n, detail), R_KEYS_UNWRITABLE);
	assert_int_equal(put(dir, keys, "10.0.0.2 x\n10.0.0.3\n", &n, detail), R_SECRET_INVALID);
	assert_non_null(strstr(detail, "line 2: "));
	assert_int_equal(put(dir, keys, "\n\n10.0.0.2 0x1\n", &n, detail), R_SECRET_INVALID);
	assert_non_null(strstr(detail, "line 3: its key"));
	assert_int_equal(put(dir, keys, "# none\n", &n, detail), R_SECRET_INVALID);
	assert_int_equal(psktxt_read(dir, keys, "ip:10.0.0.2", NULL, &s, detail), R_SECRET_MISSING);
	assert_int_equal(put(dir, keys, "10.0.0.2 handedin\na@b.example mail", &n, detail), R_OK);
	assert_int_equal(n, 2);
	assert_int_equal(psktxt_read(dir, keys, "ip:10.0.0.2", NULL, &s, detail), R_OK);
	assert_int_equal(s.n, 8);
	assert_int_equal(psktxt_peers(dir, keys, v, 4, &k, detail), R_OK);
	assert_int_equal(k, 1);
	/* another identity than the address: its own line, or the address's */
	assert_int_equal(psktxt_read(dir, keys, "email:a@b.example", &peer, &s, detail), R_OK);
	assert_int_equal(s.n, 4);
	assert_int_equal(psktxt_read(dir, keys, "fqdn:b.example", &peer, &s, detail), R_OK);
	assert_int_equal(s.n, 8);
	assert_int_equal(psktxt_read(dir, keys, "fqdn:b.example", NULL, &s, detail), R_SECRET_MISSING);
	snprintf(path, sizeof(path), "%s/psk.txt", dir);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "10.0.0.2 mine\n", 14), 14);
	assert_int_equal(psktxt_read(dir, keys, "ip:10.0.0.2", NULL, &s, detail), R_OK);
	assert_int_equal(s.n, 4);
	assert_int_equal(put(dir, keys, "10.0.0.2 other\n", &n, detail), R_SECRET_EXISTS);
	assert_int_equal(put(dir, keys, "10.0.0.2 mine\n", &n, detail), R_OK);
	unlink(path);
	close(fd);
	assert_int_equal(put(dir, keys, "", &n, detail), R_OK);
	assert_int_equal(n, 0);
	assert_int_equal(psktxt_read(dir, keys, "ip:10.0.0.2", NULL, &s, detail), R_SECRET_MISSING);
	assert_int_equal(put(dir, keys, "", &n, detail), R_OK);
	assert_int_equal(rmdir(dir) + rmdir(keys), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_permissions),
		cmocka_unit_test(test_handed_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
