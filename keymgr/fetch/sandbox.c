/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What keymgr-fetch may do once it serves: TCP out, DNS, threads that resolve names, files in memory; and read the resolver's files
 * and the folder of local lists. No capability, no other file, no program, no listening. The C library asks for netlink (which
 * addresses this machine has) and for Unix sockets (nscd), libcurl for clone3: each can do without and is told so.
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>

#include "fetch.h"

/* What pthread_create asks of clone: a thread, never a process. */
#define CLONE_A_THREAD	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS | \
    CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

static const int calls[] = {
	SANDBOX_BASE,
	SCMP_SYS(connect), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(ioctl), SCMP_SYS(socketpair), SCMP_SYS(uname),
	SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(memfd_create), SCMP_SYS(ftruncate), SCMP_SYS(lseek), SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(newfstatat), SCMP_SYS(stat),
	SCMP_SYS(access), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SANDBOX_END
};

static const struct sandbox_arg args[] = {
	{ SCMP_SYS(socket), 0, AF_INET, 0 },
	{ SCMP_SYS(socket), 0, AF_INET6, 0 },
	{ SCMP_SYS(socket), 0, AF_UNIX, EAFNOSUPPORT },
	{ SCMP_SYS(socket), 0, AF_NETLINK, EAFNOSUPPORT },
	{ SCMP_SYS(clone), 0, CLONE_A_THREAD, 0 },
	{ SANDBOX_END, 0, 0, 0 }
};

static const char *const reads[] = { "%crls", "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", NULL };

const struct sandbox fetch_sandbox = { .syscalls = calls, .args = args, .read_paths = reads, .connects = true };
