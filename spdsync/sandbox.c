/* SPDX-License-Identifier: BSD-2-Clause */
/* What spdsync may do: its event loop, its store, its listeners. No socket of its own, no program, no other file but the list of users. */
#include <seccomp.h>
#include <stddef.h>

#include "sandbox.h"

static const int calls[] = {
	SANDBOX_BASE,
	SANDBOX_THREADS,		/* passwords are hashed beside the loop */
	/* the API */
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
	SCMP_SYS(ioctl),		/* FIONREAD: how much libevent may read */
	/* SQLite, and /etc/passwd for the author of a revision */
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(access),
	SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(lseek), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(fsync),
	SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(fchmod),
	SCMP_SYS(fchown), SCMP_SYS(geteuid), SCMP_SYS(getuid), SCMP_SYS(getcwd), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	SCMP_SYS(utimensat),
	SCMP_SYS(memfd_create),		/* the box of a certificate that came over HTTP */
	SANDBOX_END
};

static const char *const read_paths[] = { "/etc/passwd", NULL };
static const char *const write_paths[] = { "%state", NULL };

const struct sandbox spdsync_sandbox = {
	.syscalls = calls,
	.read_paths = read_paths,
	.write_paths = write_paths,
};
