/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ipsecd after its start: packets and messages over descriptors that are open, the guard's file, and netlink with the one
 * capability that routes and nftables ask for; and more TUNs, for tunnels that are interfaces: of ioctl what makes these. No socket, no bind,
 * no connect, no exec.
 */
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <seccomp.h>
#include <sys/ioctl.h>

#include "ipsecd.h"

static const int calls[] = {
	SANDBOX_BASE,
	SCMP_SYS(accept4), SCMP_SYS(getsockopt), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(getsockname),
	/* the guard's file */
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(fsync), SCMP_SYS(fdatasync),
	SCMP_SYS(newfstatat), SCMP_SYS(lseek),
	SANDBOX_END
};

static const struct sandbox_arg args[] = {
	{ SCMP_SYS(ioctl), 1, TUNSETIFF, 0 }, { SCMP_SYS(ioctl), 1, TUNSETVNETHDRSZ, 0 }, { SCMP_SYS(ioctl), 1, TUNSETOFFLOAD, 0 },
	{ SCMP_SYS(ioctl), 1, TUNSETPERSIST, 0 }, { SANDBOX_END, 0, 0, 0 }
};

static const char *const paths[] = { "%guard", "/dev/net/tun", NULL };
static const int caps[] = { CAP_NET_ADMIN, -1 };

const struct sandbox ipsecd_sandbox = { .syscalls = calls, .args = args, .read_paths = paths, .write_paths = paths, .keep_caps = caps };
