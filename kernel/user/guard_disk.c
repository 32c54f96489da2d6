/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard_disk.h"

#define GUARD_FILE_MAX	(64u << 20)

static bool
write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

bool
guard_disk_load(const char *path, struct guard_want *g, char why[256])
{
	const char *what = "it is too large";
	uint8_t *buf = NULL;
	struct stat st;
	bool ok = false;
	ssize_t n;
	int fd;

	memset(g, 0, sizeof(*g));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return true;
	if (fd < 0 || fstat(fd, &st) < 0) {
		snprintf(why, 256, "the saved guard %.150s cannot be read: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	if (st.st_size <= (off_t)GUARD_FILE_MAX && (buf = malloc((size_t)st.st_size + 1)) != NULL) {
		n = read(fd, buf, (size_t)st.st_size);
		ok = n >= 0 && guard_decode(bytes_of(buf, (size_t)n), g, &what);
	}
	if (!ok)
		snprintf(why, 256, "the saved guard %.150s cannot be used: %s", path, what);
	free(buf);
	close(fd);
	return ok;
}

bool
guard_disk_save(const char *path, const struct guard_want *g, const struct guard_sets *s, char why[256])
{
	char next[280], dir[256], *slash;
	size_t len = 0;
	char *text = guard_text(g, s, &len);
	bool ok = false;
	int fd = -1, d = -1;

	snprintf(next, sizeof(next), "%s.new", path);
	snprintf(dir, sizeof(dir), "%s", path);
	if ((slash = strrchr(dir, '/')) != NULL)
		*slash = '\0';
	errno = ENOMEM;
	if (text == NULL)
		goto out;
	fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || !write_all(fd, text, len) || fdatasync(fd) < 0 || rename(next, path) < 0)
		goto out;
	ok = true;
	/* The name is on the disk only with its folder. */
	d = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d >= 0)
		fsync(d);
out:
	if (!ok)
		snprintf(why, 256, "the guard could not be saved in %.150s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (d >= 0)
		close(d);
	free(text);
	return ok;
}
