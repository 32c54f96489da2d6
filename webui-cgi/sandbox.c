/* SPDX-License-Identifier: BSD-2-Clause */
/* What the CGI program may do once it runs: its memory, its three descriptors, and the connection to spdsync. No file, no other socket, no program, no process. */
#include <seccomp.h>
#include <stddef.h>

#include "sandbox.h"

static const int calls[] = {
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise), SCMP_SYS(read), SCMP_SYS(write),
	SCMP_SYS(writev), SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(recvfrom), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(futex), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(getpid), SCMP_SYS(gettid),
	SCMP_SYS(sigaltstack),		/* the end of a sanitizer's process */
	SANDBOX_END
};
static const struct sandbox_arg args[] = {
	{ SCMP_SYS(sendto), 4, 0, 0 },		/* to who is connected, to no address */
	{ SANDBOX_END, 0, 0, 0 },
};

const struct sandbox cgi_sandbox = { .syscalls = calls, .args = args };
