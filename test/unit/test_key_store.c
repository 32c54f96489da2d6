/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets' files: decoding, and each fault of a file with its own reason. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "psk.h"
#include "reason.h"
#include "store.h"
#include "test.h"

static bool
decode(const char *text, size_t n, struct secret *s)
{
	uint8_t *copy = malloc(n ? n : 1);	/* exact size: an overread is seen by ASan */
	bool ok;

	memcpy(copy, text, n);
	ok = store_decode(bytes_of(copy, n), s);
	free(copy);
	return ok;
}

static void
test_decode(void **state)
{
	static const struct { const char *text; const char *want; size_t n; } good[] = {
		{ "plain words\nsecond line", "plain words", 11 },
		{ "no newline", "no newline", 10 },
		{ " spaces count \n", " spaces count ", 14 },
		{ "hex:00ff7F", "\x00\xff\x7f", 3 },
		{ "hex:61\nrest", "a", 1 },
		{ "base64:YQ==\n", "a", 1 },
		{ "base64:YWI=", "ab", 2 },
		{ "base64:YWJj", "abc", 3 },
		{ "base64:+/+/AAA=\n", "\xfb\xff\xbf\x00\x00", 5 },
		{ "HEX:00", "HEX:00", 6 },
	};
	static const char *const bad[] = { "", "\n", "hex:", "hex:\n", "hex:0", "hex:0g", "hex:00 ", "base64:", "base64:Y", "base64:YQ=", "base64:YQ", "base64:YR==",
		"base64:YWJ=", "base64:Y===", "base64:====", "base64:YQ==YQ==", "base64:Y Q=", "base64:YW=j" };
	struct secret s = { 0 };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(decode(good[i].text, strlen(good[i].text), &s));
		assert_int_equal(s.n, good[i].n);
		assert_memory_equal(s.b, good[i].want, s.n);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (decode(bad[i], strlen(bad[i]), &s))
			fail_msg("%s was taken", bad[i]);
		assert_int_equal(s.n, 0);
	}
}

static void
test_decode_limits(void **state)
{
	char text[4 + 2 * (SECRET_CAP + 1)];
	struct secret s = { 0 };

	memset(text, 'a', sizeof(text));
	assert_true(decode(text, SECRET_CAP, &s));
	assert_int_equal(s.n, SECRET_CAP);
	assert_false(decode(text, SECRET_CAP + 1, &s));
	memcpy(text, "hex:", 4);
	assert_true(decode(text, 4 + 2 * SECRET_CAP, &s));
	assert_int_equal(s.n, SECRET_CAP);
	assert_false(decode(text, 4 + 2 * (SECRET_CAP + 1), &s));
	assert_int_equal(s.n, 0);
	assert_true(decode("a\0b", 3, &s));	/* octets, not a C string */
	assert_int_equal(s.n, 3);
}

static void
test_decode_truncation(void **state)
{
	static const char *const whole[] = { "hex:00112233445566778899aabbccddeeff\n", "base64:AAECAwQFBgcICQoLDA0ODw==\n" };
	struct secret full = { 0 }, s = { 0 };

	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(whole[i]);

		assert_true(decode(whole[i], n, &full));
		assert_int_equal(full.n, 16);
		for (size_t k = 0; k + 1 < n; k++)
			if (decode(whole[i], k, &s))
				assert_true(s.n < full.n || k == n - 1);
	}
}

struct dir {
	char	path[64];
	int	fd;
};

static void
put(struct dir *d, const char *name, const char *text, mode_t mode)
{
	int fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static int
setup(void **state)
{
	struct dir *d = calloc(1, sizeof(*d));

	strcpy(d->path, "/tmp/key-store-XXXXXX");
	assert_non_null(mkdtemp(d->path));
	d->fd = open(d->path, O_RDONLY | O_DIRECTORY);
	assert_true(d->fd >= 0);
	*state = d;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "good", "ro", "open", "group", "exec", "link", "fifo", "sub", "empty", "long", "bad" };
	struct dir *d = *state;

	fchmod(d->fd, 0700);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (unlinkat(d->fd, names[i], 0) != 0)
			unlinkat(d->fd, names[i], AT_REMOVEDIR);
	close(d->fd);
	assert_int_equal(rmdir(d->path), 0);
	free(d);
	return 0;
}

static enum reason
get(struct dir *d, const char *name)
{
	char detail[STORE_DETAIL];
	struct secret s = { 0 };
	enum reason r = store_read(d->path, name, &s, detail);

	assert_true((r == R_OK) == (s.n > 0));
	if (r != R_OK)
		assert_true(detail[0] != '\0' && (r == R_NAME_INVALID || strstr(detail, d->path)));
	return r;
}

static void
test_files(void **state)
{
	struct dir *d = *state;
	char big[STORE_FILE_MAX + 2];

	put(d, "good", "secret\n", 0600);
	put(d, "ro", "secret\n", 0400);
	assert_int_equal(get(d, "good"), R_OK);
	assert_int_equal(get(d, "ro"), R_OK);
	assert_int_equal(get(d, "absent"), R_SECRET_MISSING);
	put(d, "open", "secret\n", 0644);
	assert_int_equal(get(d, "open"), R_SECRET_TOO_OPEN);
	put(d, "group", "secret\n", 0640);
	assert_int_equal(get(d, "group"), R_SECRET_TOO_OPEN);
	put(d, "exec", "secret\n", 0700);
	assert_int_equal(get(d, "exec"), R_SECRET_TOO_OPEN);
	assert_int_equal(symlinkat("good", d->fd, "link"), 0);
	assert_int_equal(get(d, "link"), R_SECRET_NOT_FILE);
	assert_int_equal(mkfifoat(d->fd, "fifo", 0600), 0);
	assert_int_equal(get(d, "fifo"), R_SECRET_NOT_FILE);	/* and does not wait for a writer */
	assert_int_equal(mkdirat(d->fd, "sub", 0700), 0);
	assert_int_equal(get(d, "sub"), R_SECRET_NOT_FILE);
	put(d, "empty", "", 0600);
	assert_int_equal(get(d, "empty"), R_SECRET_INVALID);
	put(d, "bad", "hex:zz", 0600);
	assert_int_equal(get(d, "bad"), R_SECRET_INVALID);
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	put(d, "long", big, 0600);
	assert_int_equal(get(d, "long"), R_SECRET_INVALID);
}

static void
test_fresh(void **state)
{
	struct dir *d = *state;
	char detail[STORE_DETAIL];
	struct secret s = { 0 };

	put(d, "good", "one", 0600);
	assert_int_equal(store_read(d->path, "good", &s, detail), R_OK);
	assert_true(secret_eq(&s, bytes_of("one", 3)));
	put(d, "good", "two", 0600);
	assert_int_equal(store_read(d->path, "good", &s, detail), R_OK);
	assert_true(secret_eq(&s, bytes_of("two", 3)));
}

static void
test_names(void **state)
{
	static const char *const names[] = { "", ".", "..", "../good", "a/b", "/etc/passwd", "A", "a.b", "-a" };
	struct dir *d = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(get(d, names[i]), R_NAME_INVALID);
}

static void
test_directory(void **state)
{
	struct dir *d = *state, gone = { .path = "/tmp/key-store-does-not-exist", .fd = -1 };

	put(d, "good", "secret\n", 0600);
	assert_int_equal(fchmod(d->fd, 0770), 0);
	assert_int_equal(get(d, "good"), R_SECRET_DIR_OPEN);
	assert_int_equal(fchmod(d->fd, 0702), 0);
	assert_int_equal(get(d, "good"), R_SECRET_DIR_OPEN);
	assert_int_equal(fchmod(d->fd, 0755), 0);
	assert_int_equal(get(d, "good"), R_OK);
	assert_int_equal(get(&gone, "good"), R_SECRET_MISSING);
}

/* Another's file can only be made by root: as somebody else this checks that /etc's files, which are root's, are not taken for our own. */
static void
test_owner(void **state)
{
	struct dir *d = *state;

	if (geteuid() == 0) {
		put(d, "good", "secret\n", 0600);
		assert_int_equal(fchownat(d->fd, "good", 12345, 12345, 0), 0);
		assert_int_equal(get(d, "good"), R_SECRET_WRONG_OWNER);
		assert_int_equal(fchownat(d->fd, "good", 0, 0, 0), 0);
		assert_int_equal(get(d, "good"), R_OK);
		assert_int_equal(fchown(d->fd, 12345, 0), 0);
		assert_int_equal(get(d, "good"), R_SECRET_DIR_OPEN);
	} else {
		put(d, "good", "secret\n", 0600);
		assert_int_equal(fchmodat(d->fd, "good", 0, 0), 0);
		assert_int_equal(get(d, "good"), R_SECRET_WRONG_OWNER);	/* it cannot be opened */
	}
}

/* What is said of secrets, which are taken all the same. */
static void
test_psk_weak(void **state)
{
	static const struct { const char *text; bool weak; } v[] = {
		{ "short", true }, { "hex:00112233445566778899aabbccddee", true }, { "hex:00112233445566778899aabbccddeeff", false },
		{ "hex:0000000000000000000000000000000000000000000000000000000000000000", true },
		{ "hex:0123456789abcdef0123456789abcdef0123456789abcdef", true },
		{ "correct horse battery staple", true }, { "correcthorsebatterystaplecorrect", true }, { "Winter2026!Winter2026!Winter2026!", true },
		{ "mQ7b2Vx0Pz9LkRt4WsYe1HdN", false }, { "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", false },
		{ "base64:Qm9vLCB0aGlzIGlzIHRleHQsIGJ1dCBub3QgbXVjaC4=", true }, { "base64:q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=", true },
		{ "base64:3q2+78r+ur4R7XhQzP4B9kTn2u1y0w8mX5Zs7aHqLk4=", false },
	};
	struct secret s = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		assert_true(decode(v[i].text, strlen(v[i].text), &s));
		if ((psk_weak(&s) != NULL) != v[i].weak)
			fail_msg("%s: %s", v[i].text, psk_weak(&s) ? psk_weak(&s) : "good");
	}
}

static struct bytes
line(const char *text)
{
	return bytes_of((const uint8_t *)text, strlen(text));
}

static void
test_psk_put(void **state)
{
	char own[] = "/tmp/causeway-psk.XXXXXX", admin[] = "/tmp/causeway-psk.XXXXXX", detail[PSK_DETAIL], path[64];
	struct binding b = { .tunnel = "t", .psk_local = "a" };
	static struct bindings all;
	struct secret s = { 0 };
	struct stat st;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(own));
	assert_non_null(mkdtemp(admin));
	assert_int_equal(psk_read(admin, own, "a", &s, detail), R_SECRET_MISSING);
	assert_int_equal(psk_put(admin, own, "a", false, line("hex:3132"), detail), R_SECRET_WEAK);
	assert_non_null(strstr(detail, "fewer than 16"));
	snprintf(path, sizeof(path), "%s/a.psk", own);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(psk_read(admin, own, "a", &s, detail), R_OK);
	assert_memory_equal(s.b, "12", 2);
	assert_int_equal(psk_read(admin, "", "a", &s, detail), R_SECRET_MISSING);
	assert_int_equal(psk_read(admin, NULL, "a", &s, detail), R_SECRET_MISSING);
	/* One that is there goes by word only, and one that cannot be does not take its place. */
	assert_int_equal(psk_put(admin, own, "a", false, line("another one"), detail), R_SECRET_EXISTS);
	assert_int_equal(psk_put(admin, own, "a", true, line("hex:0"), detail), R_SECRET_INVALID);
	assert_int_equal(psk_put(admin, own, "a", true, line(""), detail), R_SECRET_INVALID);
	assert_int_equal(psk_put(admin, own, "../a", true, line("x"), detail), R_NAME_INVALID);
	assert_int_equal(psk_read(admin, own, "a", &s, detail), R_OK);
	assert_int_equal(psk_put(admin, own, "a", true, line("hex:00112233445566778899aabbccddeeff\nmore"), detail), R_OK);
	assert_int_equal(psk_read(admin, own, "a", &s, detail), R_OK);
	assert_int_equal(s.n, 16);
	/* The administrator's file counts first, also when something is wrong with it. */
	snprintf(path, sizeof(path), "%s/a", admin);
	f = fopen(path, "w");
	fputs("of the administrator", f);
	fclose(f);
	chmod(path, 0644);
	assert_int_equal(psk_read(admin, own, "a", &s, detail), R_SECRET_TOO_OPEN);
	assert_int_equal(psk_put(admin, own, "a", true, line("x"), detail), R_SECRET_EXISTS);
	chmod(path, 0600);
	assert_int_equal(psk_read(admin, own, "a", &s, detail), R_OK);
	assert_memory_equal(s.b, "of the", 6);
	unlink(path);
	/* What a tunnel names stays. */
	assert_true(bind_put(&all, &b));
	assert_int_equal(psk_remove(own, &all, "a", detail), R_CERT_IN_USE);
	bind_del(&all, "t");
	assert_int_equal(psk_remove(own, &all, "a", detail), R_OK);
	assert_int_equal(psk_remove(own, &all, "a", detail), R_NOT_FOUND);
	assert_int_equal(psk_read(admin, own, "a", &s, detail), R_SECRET_MISSING);
	rmdir(own);
	rmdir(admin);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_psk_weak),
		cmocka_unit_test(test_psk_put), cmocka_unit_test(test_decode),
		cmocka_unit_test(test_decode_limits),
		cmocka_unit_test(test_decode_truncation),
		cmocka_unit_test_setup_teardown(test_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fresh, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owner, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
