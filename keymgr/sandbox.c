/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What keymgr may do once it serves: use what it already holds, read files of the secrets directory, also those of root
 * (CAP_DAC_READ_SEARCH, which Landlock limits to that directory), and read and write its own folder of certificates and keys. No socket
 * of any family, no exec, no other process; a thread for a key that takes long to make.
 */
#include <linux/capability.h>
#include <seccomp.h>

#include "sandbox.h"

static const int calls[] = {
	SANDBOX_BASE, SCMP_SYS(openat), SCMP_SYS(newfstatat), SCMP_SYS(geteuid),
	/* its folder, and memory files that are handed over */
	SCMP_SYS(getdents64), SCMP_SYS(fsync), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat),
	SCMP_SYS(lstat), SCMP_SYS(lseek), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(ftruncate),
	SANDBOX_THREADS,
	SANDBOX_END
};
static const char *const reads[] = { "%secrets", NULL };
static const char *const writes[] = { "%keys", NULL };
static const int caps[] = { CAP_DAC_READ_SEARCH, -1 };

const struct sandbox keymgr_sandbox = { .syscalls = calls, .read_paths = reads, .write_paths = writes, .keep_caps = caps };
