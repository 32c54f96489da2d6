/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "log.h"
#include "store.h"

#define HEX	(2 * CACHE_KEY + 1)

struct cache {
	char		dir[256];
	struct log_limit limit;
	bool		told;		/* that it cannot be written */
};

struct file {
	char		name[HEX + 8];
	struct timespec	when;
	off_t		size;
};

struct cache *
cache_new(const char *dir)
{
	struct cache *c = calloc(1, sizeof(*c));

	if (c == NULL || strlen(dir) >= sizeof(c->dir)) {
		free(c);
		return NULL;
	}
	strcpy(c->dir, dir);
	cache_trim(c);
	return c;
}

void
cache_free(struct cache *c)
{
	free(c);
}

static int
open_dir(const struct cache *c)
{
	return c->dir[0] ? open(c->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
}

static void
hex(const uint8_t key[static CACHE_KEY], char out[static HEX])
{
	for (unsigned i = 0; i < CACHE_KEY; i++)
		snprintf(out + 2 * i, 3, "%02x", key[i]);
}

struct bytes
cache_get(struct cache *c, const uint8_t key[static CACHE_KEY], size_t max, uint64_t *when)
{
	int d = open_dir(c), fd = -1;
	uint8_t *buf = NULL;
	struct stat st;
	char name[HEX];
	size_t n = 0;

	hex(key, name);
	*when = 0;
	if (d >= 0)
		fd = openat(d, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && (uint64_t)st.st_size <= max &&
	    (buf = malloc((size_t)st.st_size)) != NULL) {
		if (!store_read_fd(fd, buf, (size_t)st.st_size, &n) || n == 0) {
			free(buf);
			buf = NULL;
		}
		*when = (uint64_t)st.st_mtim.tv_sec;
	}
	if (fd >= 0)
		close(fd);
	if (d >= 0)
		close(d);
	return bytes_of(buf, buf ? n : 0);
}

static bool
write_all(int fd, struct bytes b)
{
	while (b.n > 0) {
		ssize_t n = write(fd, b.p, b.n);

		if (n <= 0)
			return false;
		b.p += n;
		b.n -= (size_t)n;
	}
	return true;
}

/* Not made durable: a file that a crash of the machine leaves empty is as good as none. */
void
cache_put(struct cache *c, const uint8_t key[static CACHE_KEY], struct bytes b)
{
	int d = open_dir(c), fd = -1;
	char name[HEX], fresh[HEX + 8];
	bool ok = false;

	if (d < 0)
		return;
	hex(key, name);
	snprintf(fresh, sizeof(fresh), "%s.new", name);
	fd = openat(d, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0) {
		ok = write_all(fd, b);
		close(fd);
		ok = ok && renameat(d, fresh, d, name) == 0;
		if (!ok)
			unlinkat(d, fresh, 0);
	}
	close(d);
	if (!ok && !c->told)
		log_warn(NULL, "cache_failed", "Revocation lists cannot be kept in %s; after a restart they are fetched again.", c->dir);
	c->told = !ok;
	cache_trim(c);
}

void
cache_drop(struct cache *c, const uint8_t key[static CACHE_KEY])
{
	int d = open_dir(c);
	char name[HEX];

	if (d < 0)
		return;
	hex(key, name);
	unlinkat(d, name, 0);
	close(d);
}

static int
newest_first(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	if (x->when.tv_sec != y->when.tv_sec)
		return x->when.tv_sec > y->when.tv_sec ? -1 : 1;
	return x->when.tv_nsec > y->when.tv_nsec ? -1 : x->when.tv_nsec < y->when.tv_nsec;
}

/* What is no file of ours by its name is left alone, but for those that a crash left half written. */
static unsigned
collect(DIR *d, struct file *v, unsigned cap)
{
	unsigned n = 0;
	struct dirent *e;
	struct stat st;

	while ((e = readdir(d)) != NULL && n < cap) {
		size_t len = strlen(e->d_name), digits = strspn(e->d_name, "0123456789abcdef");

		if (digits != HEX - 1 || (len != digits && strcmp(e->d_name + digits, ".new") != 0))
			continue;
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		snprintf(v[n].name, sizeof(v[n].name), "%.71s", e->d_name);
		v[n].when = len == digits ? st.st_mtim : (struct timespec){ 0, 0 };
		v[n++].size = st.st_size;
	}
	return n;
}

void
cache_trim(struct cache *c)
{
	const unsigned cap = 4 * CACHE_FILES;
	int fd = open_dir(c);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct file *v = d ? calloc(cap, sizeof(*v)) : NULL;
	unsigned n = v ? collect(d, v, cap) : 0;
	uint64_t octets = 0;

	if (n)
		qsort(v, n, sizeof(*v), newest_first);
	for (unsigned i = 0; i < n; i++) {
		octets += (uint64_t)v[i].size;
		if (i >= CACHE_FILES || octets > CACHE_OCTETS || v[i].when.tv_sec == 0)
			unlinkat(dirfd(d), v[i].name, 0);
	}
	free(v);
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
}
