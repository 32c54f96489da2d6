/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What keymgr-fetch may do once it serves: TCP out, DNS, threads that resolve names, files in memory; and read the resolver's files
 * and the folder of local lists. No capability, no other file, no program, no listening. The C library asks for netlink (which
 * addresses this machine has) and for Unix sockets (nscd), and can do without.
 */
#include <errno.h>
#include <seccomp.h>
#include <sys/socket.h>

#include "fetch.h"

static const int calls[] = {
	SANDBOX_BASE,
	SCMP_SYS(connect), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(ioctl), SCMP_SYS(socketpair), SCMP_SYS(uname),
	SANDBOX_THREADS, SCMP_SYS(sched_getaffinity),
	SCMP_SYS(memfd_create), SCMP_SYS(ftruncate), SCMP_SYS(lseek), SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(newfstatat), SCMP_SYS(stat),
	SCMP_SYS(access), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SANDBOX_END
};

static const struct sandbox_arg args[] = {
	{ SCMP_SYS(socket), 0, AF_INET, 0 },
	{ SCMP_SYS(socket), 0, AF_INET6, 0 },
	{ SCMP_SYS(socket), 0, AF_UNIX, EAFNOSUPPORT },
	{ SCMP_SYS(socket), 0, AF_NETLINK, EAFNOSUPPORT },
	{ SANDBOX_END, 0, 0, 0 }
};

static const char *const reads[] = { "%crls", "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", NULL };

const struct sandbox fetch_sandbox = { .syscalls = calls, .args = args, .read_paths = reads, .connects = true };
