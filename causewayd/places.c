/* SPDX-License-Identifier: BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "places.h"

/* Owner and mode are set on the opened folder, so that nobody can put another one in its place in between. */
static bool
make_dir(const char *path, mode_t mode, uid_t uid, gid_t gid, char *why, size_t cap)
{
	int fd;
	bool ok;

	if (mkdir(path, mode) != 0 && errno != EEXIST) {
		snprintf(why, cap, "The folder %s cannot be made: %s.", path, strerror(errno));
		return false;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	ok = fd >= 0 && fchown(fd, uid, gid) == 0 && fchmod(fd, mode) == 0;
	if (!ok)
		snprintf(why, cap, "The folder %s cannot be used: %s.", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Only when it is missing: whose it is and what mode it has is the administrator's choice, and keymgr's to judge. */
static bool
make_secrets(const char *path, char *why, size_t cap)
{
	struct stat st;

	return stat(path, &st) == 0 || make_dir(path, 0700, 0, 0, why, cap);
}

static bool
take_lock(struct places *p, char *why, size_t cap)
{
	char path[256];
	int n = snprintf(path, sizeof(path), "%s/lock", p->run);

	if (n < 0 || (size_t)n >= sizeof(path)) {
		snprintf(why, cap, "The path of the run directory is too long.");
		return false;
	}
	p->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (p->lock >= 0 && flock(p->lock, LOCK_EX | LOCK_NB) == 0)
		return true;
	if (errno == EWOULDBLOCK)
		snprintf(why, cap, "Another causewayd uses the run directory %s.", p->run);
	else
		snprintf(why, cap, "The file %s cannot be locked: %s.", path, strerror(errno));
	return false;
}

/* A folder of one daemon's own below the state directory, and the contracts' name for the file in it, as a link for people. */
static bool
make_own(const char *state, const char *name, const char *file, char *dir, size_t n, struct owner who, char *why, size_t cap)
{
	char link[256], to[64];

	snprintf(dir, n, "%.220s/%s", state, name);
	snprintf(link, sizeof(link), "%.220s/%s", state, file);
	snprintf(to, sizeof(to), "%s/%s", name, file);
	if (!make_dir(dir, 0700, who.uid, who.gid, why, cap))
		return false;
	if (symlink(to, link) != 0 && errno != EEXIST) {
		snprintf(why, cap, "The link %s cannot be made: %s.", link, strerror(errno));
		return false;
	}
	return true;
}

bool
places_make(struct places *p, struct owner sync, struct owner esp, struct owner key, char *why, size_t cap)
{
	char guard[256], ca_dir[256], cache_dir[256];
	const char *slash;

	if (strlen(p->conf) > 200 || strlen(p->state) > 200 || strlen(p->run) > 90 || strlen(p->secrets) > 200) {
		snprintf(why, cap, "One of the directories' paths is too long.");
		return false;
	}
	if (!make_dir(p->run, 0755, 0, 0, why, cap) || !take_lock(p, why, cap) || !make_dir(p->state, 0755, 0, 0, why, cap))
		return false;
	if (!make_own(p->state, "store", "causeway.db", p->store_dir, sizeof(p->store_dir), sync, why, cap) ||
	    !make_own(p->state, "guard", "guard.nft", guard, sizeof(guard), esp, why, cap))
		return false;
	snprintf(p->key_dir, sizeof(p->key_dir), "%.220s/keys", p->state);
	snprintf(ca_dir, sizeof(ca_dir), "%.250s/ca", p->key_dir);
	snprintf(cache_dir, sizeof(cache_dir), "%.240s/cache", p->key_dir);
	if (!make_dir(p->key_dir, 0700, key.uid, key.gid, why, cap) || !make_dir(ca_dir, 0700, key.uid, key.gid, why, cap) ||
	    !make_dir(cache_dir, 0700, key.uid, key.gid, why, cap))
		return false;
	snprintf(p->guard_file, sizeof(p->guard_file), "%.240s/guard.nft", guard);
	slash = strrchr(p->conf, '/');
	snprintf(p->crl_dir, sizeof(p->crl_dir), "%.*scrl", slash ? (int)(slash + 1 - p->conf) : 0, p->conf);
	return make_secrets(p->secrets, why, cap);
}
