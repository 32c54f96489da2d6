/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "name.h"
#include "store.h"

static bool
trusted(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

bool
store_dir_ok(const struct stat *st)
{
	return S_ISDIR(st->st_mode) && trusted(st->st_uid) && !(st->st_mode & 022);
}

/* The directory, checked; -1 with a reason. */
static int
open_dir(const char *dir, enum reason *r, char detail[static STORE_DETAIL])
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		*r = R_SECRET_MISSING;
		snprintf(detail, STORE_DETAIL, "the directory %s cannot be opened: %s", dir, strerror(errno));
	} else if (!store_dir_ok(&st)) {
		*r = R_SECRET_DIR_OPEN;
		snprintf(detail, STORE_DETAIL, "%s has mode %04o and owner %u", dir, (unsigned)(st.st_mode & 07777), (unsigned)st.st_uid);
	} else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static enum reason
check_file(const char *path, const struct stat *st, enum store_kind kind, size_t max, char detail[static STORE_DETAIL])
{
	unsigned mode = st->st_mode & 07777;

	if (!S_ISREG(st->st_mode)) {
		snprintf(detail, STORE_DETAIL, "%s is not a regular file", path);
		return R_SECRET_NOT_FILE;
	}
	if (!trusted(st->st_uid)) {
		snprintf(detail, STORE_DETAIL, "%s belongs to user %u", path, (unsigned)st->st_uid);
		return R_SECRET_WRONG_OWNER;
	}
	if (kind == STORE_SECRET && mode != 0400 && mode != 0600) {
		snprintf(detail, STORE_DETAIL, "%s has mode %04o, it must have 0400 or 0600", path, mode);
		return R_SECRET_TOO_OPEN;
	}
	if (kind == STORE_PUBLIC && (mode & 022)) {
		snprintf(detail, STORE_DETAIL, "%s has mode %04o: others may write it", path, mode);
		return R_SECRET_TOO_OPEN;
	}
	if ((uintmax_t)st->st_size > max) {
		snprintf(detail, STORE_DETAIL, "%s has more than %zu octets", path, max);
		return R_SECRET_INVALID;
	}
	return R_OK;
}

static enum reason
open_failed(const char *path, int err, char detail[static STORE_DETAIL])
{
	snprintf(detail, STORE_DETAIL, "%s: %s", path, err == ELOOP ? "it is a symbolic link" : strerror(err));
	if (err == ELOOP || err == ENXIO || err == EISDIR)
		return R_SECRET_NOT_FILE;
	return err == EACCES || err == EPERM ? R_SECRET_WRONG_OWNER : R_SECRET_MISSING;
}

enum reason
store_open(const char *dir, const char *file, enum store_kind kind, size_t max, int *fd, struct stat *st, char detail[static STORE_DETAIL])
{
	enum reason r = R_OK;
	char path[STORE_DETAIL - 96];
	int d = open_dir(dir, &r, detail);

	*fd = -1;
	if (d < 0)
		return r;
	snprintf(path, sizeof(path), "%s/%s", dir, file);
	/* NONBLOCK: a FIFO must not hold us */
	*fd = openat(d, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*fd < 0)
		r = open_failed(path, errno, detail);
	close(d);
	if (*fd < 0)
		return r;
	if (fstat(*fd, st) < 0)
		r = open_failed(path, errno, detail);
	else
		r = check_file(path, st, kind, max, detail);
	if (r == R_OK)
		return r;
	close(*fd);
	*fd = -1;
	return r;
}

bool
store_read_fd(int fd, uint8_t *buf, size_t cap, size_t *n)
{
	ssize_t got;

	for (*n = 0; *n < cap; *n += (size_t)got) {
		got = read(fd, buf + *n, cap - *n);
		if (got < 0)
			return false;
		if (got == 0)
			break;
	}
	return true;
}

enum reason
store_read(const char *dir, const char *name, struct secret *s, char detail[static STORE_DETAIL])
{
	uint8_t buf[STORE_FILE_MAX + 1];
	struct stat st;
	enum reason r;
	size_t n = 0;
	int fd;

	secret_wipe(s);
	detail[0] = '\0';
	if (!name_ok(name)) {	/* a name has no slash and no dot: it stays inside the directory */
		snprintf(detail, STORE_DETAIL, "this is not the name of a secret");
		return R_NAME_INVALID;
	}
	r = store_open(dir, name, STORE_SECRET, STORE_FILE_MAX, &fd, &st, detail);
	if (r != R_OK)
		return r;
	if (!store_read_fd(fd, buf, sizeof(buf), &n) || n > STORE_FILE_MAX || !store_decode(bytes_of(buf, n), s)) {
		r = R_SECRET_INVALID;
		snprintf(detail, STORE_DETAIL, "%.256s/%.64s is empty, too long or wrongly encoded", dir, name);
	}
	close(fd);
	wipe(buf, sizeof(buf));
	return r;
}
