/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keydir.h"
#include "log.h"
#include "secret.h"

#define NAMES_MAX	8192

static enum reason
failed(const char *dir, const char *file, char detail[static KEYDIR_DETAIL])
{
	snprintf(detail, KEYDIR_DETAIL, "%.200s/%.100s: %.60s", dir, file, strerror(errno));
	return R_KEYS_UNWRITABLE;
}

static bool
join(char *path, size_t cap, const char *dir, const char *file)
{
	int n = snprintf(path, cap, "%s/%s", dir, file);

	if (n > 0 && (size_t)n < cap)
		return true;
	errno = ENAMETOOLONG;
	return false;
}

void
keyfile_free(struct keyfile *f)
{
	if (f->secure)
		OPENSSL_secure_clear_free(f->p, f->n);
	else
		free(f->p);
	*f = (struct keyfile){ 0 };
}

static bool
read_all(int fd, struct keyfile *f)
{
	size_t got = 0;

	while (got < f->n) {
		ssize_t k = read(fd, f->p + got, f->n - got);

		if (k < 0)
			return false;
		if (k == 0) {
			errno = EIO;
			return false;
		}
		got += (size_t)k;
	}
	return true;
}

enum reason
keydir_read(const char *dir, const char *file, bool secure, struct keyfile *f, char detail[static KEYDIR_DETAIL])
{
	enum reason r = R_OK;
	char path[512];
	struct stat st;
	int fd = -1;

	*f = (struct keyfile){ .secure = secure };
	if (join(path, sizeof(path), dir, file))
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		r = failed(dir, file, detail);
		return errno == ENOENT ? R_NOT_FOUND : r;
	}
	if (fstat(fd, &st) < 0)
		r = failed(dir, file, detail);
	else if (!S_ISREG(st.st_mode) || st.st_size == 0 || st.st_size > KEYDIR_FILE_MAX) {
		snprintf(detail, KEYDIR_DETAIL, "%.300s is not a file, is empty or is too large", path);
		r = R_KEYS_UNWRITABLE;
	} else {
		f->n = (size_t)st.st_size;
		f->p = secure ? OPENSSL_secure_malloc(f->n) : malloc(f->n);
		if (f->p == NULL)
			r = R_NO_MEMORY;
		else if (!read_all(fd, f))
			r = failed(dir, file, detail);
	}
	close(fd);
	if (r != R_OK)
		keyfile_free(f);
	return r;
}

bool
keydir_has(const char *dir, const char *file)
{
	char path[512];
	struct stat st;

	return join(path, sizeof(path), dir, file) && lstat(path, &st) == 0;
}

/* The folder's own entry for a file is durable only when the folder is. */
static bool
sync_folder(const char *path)
{
	char dir[512];
	char *slash;
	bool ok;
	int fd;

	snprintf(dir, sizeof(dir), "%s", path);
	if ((slash = strrchr(dir, '/')) != NULL)
		*slash = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool
write_all(int fd, struct bytes b)
{
	while (b.n) {
		ssize_t k = write(fd, b.p, b.n);

		if (k < 0)
			return false;
		b.p += k;
		b.n -= (size_t)k;
	}
	return true;
}

enum reason
keydir_write(const char *dir, const char *file, struct bytes b, char detail[static KEYDIR_DETAIL])
{
	char path[512], tmp[520];
	int fd = -1, err;
	bool ok = false;

	if (join(path, sizeof(path), dir, file)) {
		snprintf(tmp, sizeof(tmp), "%s.tmp", path);
		unlink(tmp);
		fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	if (fd >= 0) {
		ok = write_all(fd, b) && fsync(fd) == 0;
		err = errno;
		close(fd);
		errno = err;
		ok = ok && rename(tmp, path) == 0 && sync_folder(path);
	}
	if (ok)
		return R_OK;
	failed(dir, file, detail);
	if (fd >= 0)
		unlink(tmp);
	return R_KEYS_UNWRITABLE;
}

enum reason
keydir_remove(const char *dir, const char *file, char detail[static KEYDIR_DETAIL])
{
	char path[512];

	if (!join(path, sizeof(path), dir, file) || (unlink(path) != 0 && errno != ENOENT))
		return failed(dir, file, detail);
	sync_folder(path);
	return R_OK;
}

/* Pairs */

static bool
move(const char *dir, const char *name, const char *from, const char *to)
{
	char a[512], b[512];
	int n = snprintf(a, sizeof(a), "%s/%s%s", dir, name, from), m = snprintf(b, sizeof(b), "%s/%s%s", dir, name, to);

	return n > 0 && (size_t)n < sizeof(a) && m > 0 && (size_t)m < sizeof(b) && rename(a, b) == 0 && sync_folder(b);
}

/* From here on there is no way back: NAME.new.crt is there. Done again after a crash, it goes on where it was. */
static bool
commit(const char *dir, const char *name)
{
	if (!move(dir, name, ".new.key", ".key") && errno != ENOENT)
		return false;
	return move(dir, name, ".new.crt", ".crt");
}

enum reason
keydir_write_pair(const char *dir, const char *name, struct bytes crt, struct bytes key, char detail[static KEYDIR_DETAIL])
{
	char file[NAME_CAP + 16];
	enum reason r = R_OK;

	snprintf(file, sizeof(file), "%s.new.key", name);
	r = key.n ? keydir_write(dir, file, key, detail) : keydir_remove(dir, file, detail);
	snprintf(file, sizeof(file), "%s.new.crt", name);
	if (r == R_OK)
		r = keydir_write(dir, file, crt, detail);
	if (r == R_OK && !commit(dir, name))
		r = failed(dir, file, detail);
	return r;
}

static bool
ends(const char *s, const char *suffix, size_t *stem)
{
	size_t n = strlen(s), m = strlen(suffix);

	if (n <= m || strcmp(s + n - m, suffix) != 0)
		return false;
	*stem = n - m;
	return true;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool
keydir_names(const char *dir, const char *const *suffixes, struct keydir_names *out)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	unsigned cap = 0;
	size_t n;
	void *v;

	*out = (struct keydir_names){ 0 };
	while (d && (e = readdir(d)) != NULL)
		for (const char *const *s = suffixes; *s && out->n < NAMES_MAX; s++) {
			if (!ends(e->d_name, *s, &n) || !name_ok_n(e->d_name, n))
				continue;
			if (out->n == cap) {
				cap = cap ? cap * 2 : 32;
				v = reallocarray(out->v, cap, sizeof(*out->v));
				if (v == NULL)
					break;
				out->v = v;
			}
			snprintf(out->v[out->n++], NAME_CAP, "%.*s", (int)n, e->d_name);
		}
	if (d == NULL)
		return false;
	closedir(d);
	n = 0;
	if (out->n)
		qsort(out->v, out->n, sizeof(*out->v), by_name);
	for (unsigned i = 0; i < out->n; i++)
		if (n == 0 || strcmp(out->v[n - 1], out->v[i]) != 0)
			memmove(out->v[n++], out->v[i], NAME_CAP);
	out->n = (unsigned)n;
	return true;
}

static void
recover_pairs(const char *dir)
{
	static const char *const crt[] = { ".new.crt", NULL }, *const key[] = { ".new.key", NULL };
	struct keydir_names names;
	char file[NAME_CAP + 16], detail[KEYDIR_DETAIL];

	if (keydir_names(dir, crt, &names))
		for (unsigned i = 0; i < names.n; i++)
			if (commit(dir, names.v[i]))
				log_info(NULL, "keys_recovered", "The certificate %s takes its place, as was begun before.", names.v[i]);
	free(names.v);
	if (keydir_names(dir, key, &names))	/* its certificate was never written */
		for (unsigned i = 0; i < names.n; i++) {
			snprintf(file, sizeof(file), "%s.new.key", names.v[i]);
			keydir_remove(dir, file, detail);
		}
	free(names.v);
}

/* Nobody reads what was never finished. */
static void
remove_unfinished(const char *dir)
{
	DIR *d = opendir(dir);
	char path[512];
	struct dirent *e;
	size_t n;

	while (d && (e = readdir(d)) != NULL)
		if (ends(e->d_name, ".tmp", &n) && join(path, sizeof(path), dir, e->d_name))
			unlink(path);
	if (d)
		closedir(d);
}

void
keydir_recover(const char *dir)
{
	char ca[512];

	remove_unfinished(dir);
	recover_pairs(dir);
	if (join(ca, sizeof(ca), dir, "ca"))
		remove_unfinished(ca);
}
