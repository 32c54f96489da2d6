/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "landlock.h"

/* The kernel's interface, by version; <linux/landlock.h> of Debian 12 ends at version 2. */
#define LL_VERSION_FLAG	1u
#define LL_PATH_BENEATH	1

#define LL_WRITE_FILE	(1ull << 1)
#define LL_READ_FILE	(1ull << 2)
#define LL_READ_DIR	(1ull << 3)
#define LL_REMOVE_FILE	(1ull << 5)
#define LL_MAKE_REG	(1ull << 8)
#define LL_FS_1		((1ull << 13) - 1)
#define LL_REFER	(1ull << 13)	/* version 2 */
#define LL_TRUNCATE	(1ull << 14)	/* version 3 */
#define LL_IOCTL_DEV	(1ull << 15)	/* version 5 */
#define LL_TCP_BIND	1ull		/* version 4 */
#define LL_TCP_CONNECT	2ull
#define LL_SCOPES	3ull		/* version 6: abstract Unix sockets and signals stay inside */

struct ll_ruleset { uint64_t fs, net, scoped; };
struct ll_path { uint64_t access; int32_t fd; } __attribute__((packed));

static int
version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LL_VERSION_FLAG);
}

static uint64_t
fs_rights(int v)
{
	return LL_FS_1 | (v >= 2 ? LL_REFER : 0) | (v >= 3 ? LL_TRUNCATE : 0) | (v >= 5 ? LL_IOCTL_DEV : 0);
}

int
landlock_new(bool connects)
{
	int v = version();
	struct ll_ruleset r = { 0, 0, 0 };
	size_t n = v >= 6 ? sizeof(r) : v >= 4 ? 16 : 8;

	if (v < 1)
		return -1;
	r.fs = fs_rights(v);
	r.net = v < 4 ? 0 : connects ? LL_TCP_BIND : LL_TCP_BIND | LL_TCP_CONNECT;
	r.scoped = v >= 6 ? LL_SCOPES : 0;
	return (int)syscall(SYS_landlock_create_ruleset, &r, n, 0);
}

bool
landlock_allow(int ruleset, const char *path, bool write)
{
	struct ll_path rule = { 0, open(path, O_PATH | O_CLOEXEC) };
	struct stat st;
	bool done = false;

	if (rule.fd < 0)
		return false;
	if (fstat(rule.fd, &st) == 0) {
		rule.access = LL_READ_FILE;
		if (write)
			rule.access |= LL_WRITE_FILE | LL_TRUNCATE;
		/* Rights of folders are refused on a file. */
		if (S_ISDIR(st.st_mode))
			rule.access |= LL_READ_DIR | (write ? LL_REMOVE_FILE | LL_MAKE_REG : 0);
		if (S_ISCHR(st.st_mode) && write)
			rule.access |= LL_IOCTL_DEV;
		rule.access &= fs_rights(version());
		done = syscall(SYS_landlock_add_rule, ruleset, LL_PATH_BENEATH, &rule, 0) == 0;
	}
	close(rule.fd);
	return done;
}

bool
landlock_close(int ruleset)
{
	return syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
}
