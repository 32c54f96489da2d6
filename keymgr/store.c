/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "name.h"
#include "store.h"

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool
decode_hex(struct bytes in, struct wr *out)
{
	if (in.n % 2)
		return false;
	for (size_t i = 0; i < in.n; i += 2) {
		int hi = hex_digit(in.p[i]), lo = hex_digit(in.p[i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		wr_u8(out, (uint8_t)(hi << 4 | lo));
	}
	return true;
}

static int
base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* RFC 4648 4, with its padding, and with zero bits under it (3.5): one secret has one text. */
static bool
decode_base64(struct bytes in, struct wr *out)
{
	if (in.n % 4)
		return false;
	for (size_t i = 0; i < in.n; i += 4) {
		unsigned pad = 0;
		uint32_t v = 0;

		if (i + 4 == in.n)
			pad = in.p[i + 3] != '=' ? 0 : in.p[i + 2] != '=' ? 1 : 2;
		for (unsigned k = 0; k < 4; k++) {
			int d = k < 4 - pad ? base64_digit(in.p[i + k]) : 0;

			if (d < 0)
				return false;
			v = v << 6 | (uint32_t)d;
		}
		if ((pad == 1 && (v & 0xff)) || (pad == 2 && (v & 0xffff)))
			return false;
		for (unsigned k = 0; k < 3 - pad; k++)
			wr_u8(out, (uint8_t)(v >> (16 - 8 * k)));
	}
	return true;
}

static bool
has_prefix(struct bytes *line, const char *prefix)
{
	size_t n = strlen(prefix);

	if (line->n < n || memcmp(line->p, prefix, n) != 0)
		return false;
	line->p += n;
	line->n -= n;
	return true;
}

bool
store_decode(struct bytes file, struct secret *s)
{
	const uint8_t *nl = file.n ? memchr(file.p, '\n', file.n) : NULL;
	struct bytes line = bytes_of(file.p, nl ? (size_t)(nl - file.p) : file.n);
	struct wr w;
	bool ok = true;

	secret_wipe(s);
	w = wr_of(s->b, sizeof(s->b));
	if (has_prefix(&line, "hex:"))
		ok = decode_hex(line, &w);
	else if (has_prefix(&line, "base64:"))
		ok = decode_base64(line, &w);
	else
		wr_span(&w, line);
	s->n = w.n;
	if (ok && wr_ok(&w) && s->n > 0)
		return true;
	secret_wipe(s);
	return false;
}

static bool
trusted(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* The directory, checked; -1 with a reason. */
static int
open_dir(const char *dir, enum reason *r, char detail[static STORE_DETAIL])
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		*r = R_SECRET_MISSING;
		snprintf(detail, STORE_DETAIL, "the secrets directory %s cannot be opened: %s", dir, strerror(errno));
	} else if (!trusted(st.st_uid) || (st.st_mode & 022)) {
		*r = R_SECRET_DIR_OPEN;
		snprintf(detail, STORE_DETAIL, "%s has mode %04o and owner %u", dir, (unsigned)(st.st_mode & 07777), (unsigned)st.st_uid);
	} else
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static enum reason
check_file(const char *path, const struct stat *st, char detail[static STORE_DETAIL])
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
	if (mode != 0400 && mode != 0600) {
		snprintf(detail, STORE_DETAIL, "%s has mode %04o, it must have 0400 or 0600", path, mode);
		return R_SECRET_TOO_OPEN;
	}
	if (st->st_size > STORE_FILE_MAX) {
		snprintf(detail, STORE_DETAIL, "%s has more than %u octets", path, STORE_FILE_MAX);
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

static bool
read_file(int fd, uint8_t *buf, size_t cap, size_t *n)
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
	enum reason r = R_OK;
	char path[STORE_DETAIL - 96];
	struct stat st;
	size_t n = 0;
	int d, fd;

	secret_wipe(s);
	detail[0] = '\0';
	if (!name_ok(name)) {	/* a name has no slash and no dot: it stays inside the directory */
		snprintf(detail, STORE_DETAIL, "this is not the name of a secret");
		return R_NAME_INVALID;
	}
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	d = open_dir(dir, &r, detail);
	if (d < 0)
		return r;
	/* NONBLOCK: a FIFO must not hold us */
	fd = openat(d, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		r = open_failed(path, errno, detail);
	close(d);
	if (r != R_OK)
		return r;
	if (fstat(fd, &st) < 0)
		r = open_failed(path, errno, detail);
	else
		r = check_file(path, &st, detail);
	if (r == R_OK && (!read_file(fd, buf, sizeof(buf), &n) || n > STORE_FILE_MAX || !store_decode(bytes_of(buf, n), s))) {
		r = R_SECRET_INVALID;
		snprintf(detail, STORE_DETAIL, "%s is empty, too long or wrongly encoded", path);
	}
	close(fd);
	wipe(buf, sizeof(buf));
	return r;
}
