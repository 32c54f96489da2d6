/* SPDX-License-Identifier: BSD-2-Clause */
/* What spdsync-resolve may do once it serves: UDP and TCP out, and read the resolver's two files. No capability, no other file, no program. */
#include <seccomp.h>
#include <sys/socket.h>

#include "resolve.h"

static const int calls[] = {
	SANDBOX_BASE,
	SCMP_SYS(connect), SCMP_SYS(open), SCMP_SYS(openat),
	SANDBOX_END
};

static const struct sandbox_arg args[] = {
	{ SCMP_SYS(socket), 0, AF_INET, 0 },
	{ SCMP_SYS(socket), 0, AF_INET6, 0 },
	{ SANDBOX_END, 0, 0, 0 }
};

static const char *const reads[] = { "/etc/resolv.conf", "/etc/hosts", NULL };

const struct sandbox resolve_sandbox = { .syscalls = calls, .args = args, .read_paths = reads, .connects = true };
