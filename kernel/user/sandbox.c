/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ipsecd after its start: packets and messages over descriptors that are open, the guard's file, and netlink with the one
 * capability that routes and nftables ask for. No socket, no bind, no connect, no ioctl, no exec.
 */
#include <linux/capability.h>
#include <seccomp.h>

#include "ipsecd.h"

static const int calls[] = {
	SANDBOX_BASE,
	SCMP_SYS(accept4), SCMP_SYS(getsockopt), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(getsockname),
	/* the guard's file */
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(fsync), SCMP_SYS(fdatasync),
	SCMP_SYS(newfstatat), SCMP_SYS(lseek),
	SANDBOX_END
};

static const char *const paths[] = { "%guard", NULL };
static const int caps[] = { CAP_NET_ADMIN, -1 };

const struct sandbox ipsecd_sandbox = { .syscalls = calls, .read_paths = paths, .write_paths = paths, .keep_caps = caps };
