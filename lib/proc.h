/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What every daemon does at its start: take the supervisor's link (descriptor 3), receive its sockets, drop to its own user,
 * close the sandbox, answer READY. The order is fixed:
 *
 *	struct proc p;
 *	proc_start(&p, "keymgr", argc, argv);	 HELLO to causewayd, waits for FD* and GO (blocking)
 *	base = event_base_new();
 *	... open files, load code, warm up OpenSSL; proc_take(&p, "iked") gives handed-over descriptors ...
 *	proc_confine(&p, &sandbox);		 user, groups, capabilities, rlimits, no_new_privs, Landlock, seccomp
 *	proc_ready(&p, base, on_fd, ctx);	 READY; later descriptors (new links after a neighbour's restart) come as on_fd
 *	event_base_dispatch(base);
 *
 * When the supervisor dies its link ends and the daemon exits; SIGTERM ends event_base_dispatch, and main returns 0.
 */
#ifndef CAUSEWAY_PROC_H
#define CAUSEWAY_PROC_H

#include <event2/event.h>
#include <stdbool.h>

#include "bytes.h"

#define PROC_FDS	64
#define PROC_LOST	8

struct proc_fd { char name[32]; int fd; };
struct proc_lost { struct proc *proc; char name[32]; struct event *timer; };

struct proc {
	const char	*name;
	int		 sup;			/* supervisor's link */
	unsigned	 nfds;
	struct proc_fd	 fds[PROC_FDS];
	char		 user[32];		/* to drop to; "" stays (tests) */
	char		 run_dir[108], state_dir[256], secret_dir[256], key_dir[256], crl_dir[256], guard_file[256];
	char		 site[64];		/* site: of the gateway file */
	char		 engine[16], engine_asked[16];	/* user module system: the one that serves; what was asked for: auto too */
	uint16_t	 ike_port, natt_port;
	bool		 legacy;
	int		 log_level;
	struct ipc	*link;			/* after proc_ready */
	void		(*on_state)(void *ctx, const char *text);	/* spdsync sets it before proc_ready: SUP_STATE's text */
	void		(*on_fd)(void *ctx, const char *name, int fd);
	void		*ctx;			/* of both */
	struct event_base *base;
	struct event	*term, *renew;
	bool		 renewed;		/* it was ended by SIGUSR2: another one takes over at once */
	struct proc_lost lost[PROC_LOST];
	/* Test hooks only (attack.h): the attack's number or 0, how much of the sandbox is left, and what it needs. */
	int		 attack, attack_mode, attack_fd, attack_tcp, attack_udp, attack_keymgr, attack_parent;
};

/*
 * One program's sandbox, a const table in a file of its own (PROG/sandbox.c):
 *	static const int calls[] = { SANDBOX_BASE, SCMP_SYS(accept4), -1 };
 * mmap and mprotect are allowed without PROT_EXEC only. Paths: "%secrets", "%keys", "%crls", "%state", "%run" and "%guard" (the folder of the guard's
 * file) at the beginning are replaced by what the supervisor said; what does not exist is left out. Descriptors that were open before stay usable.
 * Threads are made after proc_confine (Landlock counts for the calling thread and its children).
 */
struct sandbox {
	const int	*syscalls;	/* SCMP_SYS numbers allowed, ended by SANDBOX_END */
	const struct sandbox_arg *args;	/* calls with one argument fixed, ended by syscall SANDBOX_END; may be NULL */
	const char	*const *read_paths;	/* Landlock: may read below, ended by NULL; may be NULL */
	const char	*const *write_paths;
	const int	*keep_caps;	/* capabilities kept, ended by -1; may be NULL */
	bool		 connects;	/* Landlock lets it connect by TCP */
};
/* error 0: the call with that argument is allowed; else it fails with that errno, for a library that can do without it. */
struct sandbox_arg { int syscall; unsigned arg; unsigned long value; int error; };

/* No number of a call: for one that this machine does not have, SCMP_SYS gives -100 and less. */
#define SANDBOX_END	(-1)

/*
 * The event loop, memory, time, and what goes over descriptors that are open already (for <seccomp.h>'s users). sysinfo: glibc's
 * qsort asks for the size of memory before it sorts more than a kilobyte.
 */
#define SANDBOX_BASE \
	SCMP_SYS(brk), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(close), SCMP_SYS(epoll_create1), \
	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2), \
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(fcntl), SCMP_SYS(fstat), SCMP_SYS(futex), SCMP_SYS(getpid), \
	SCMP_SYS(getrandom), SCMP_SYS(gettid), SCMP_SYS(gettimeofday), SCMP_SYS(madvise), SCMP_SYS(mmap), SCMP_SYS(mprotect), \
	SCMP_SYS(mremap), SCMP_SYS(munmap), SCMP_SYS(nanosleep), SCMP_SYS(pipe2), SCMP_SYS(read), SCMP_SYS(readv), \
	SCMP_SYS(recvfrom), SCMP_SYS(recvmmsg), SCMP_SYS(recvmsg), SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigaction), \
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sched_yield), SCMP_SYS(sendmmsg), SCMP_SYS(sendmsg), \
	SCMP_SYS(sendto), SCMP_SYS(shutdown), SCMP_SYS(sigaltstack), SCMP_SYS(sysinfo), SCMP_SYS(write), SCMP_SYS(writev)

/* Threads that are made later: clone as a thread and nothing else (a new process is still refused), and what glibc does in a new one. */
#define SANDBOX_THREADS \
	SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), \
	SCMP_SYS(sched_getaffinity)	/* a sanitizer's thread asks for its attributes */

void proc_start(struct proc *, const char *name, int argc, char **argv);	/* exits with a sentence on failure */
/*
 * lib/proc_said.c: one message of the supervisor before GO, into the struct and nothing else. *fd: the descriptor that came with it, -1: none; -1 after it was
 * taken. *hello: the first message came. NULL, or the sentence for which the daemon cannot start.
 */
const char *proc_said(struct proc *, struct bytes, int *fd, bool *hello, bool *go);
/* The engine is a kernel's (module, system), and not ipsecd. */
bool proc_kernel_engine(const struct proc *);
/* The descriptor of that name (first of several), now the caller's; -1 when there is none. */
int  proc_take(struct proc *, const char *name);
/* lib/sandbox.c. Exits with a sentence on failure. */
void proc_confine(struct proc *, const struct sandbox *);
void proc_ready(struct proc *, struct event_base *, void (*on_fd)(void *ctx, const char *name, int fd), void *ctx);
/* Before main returns: the link and the events of proc_ready. */
void proc_end(struct proc *);
/* Harden only: no core, not dumpable, no_new_privs. For programs without a supervisor. */
void proc_harden(void);
/*
 * A link to a neighbour ended. When no new one comes in two seconds (because the neighbour was not restarted: the link was closed
 * for a breach, or its queue was full), the supervisor is asked to join the two again.
 */
void proc_link_lost(struct proc *, const char *name);
/* Ask the supervisor for the suite's orderly end (ikectl shutdown). */
void proc_ask_stop(struct proc *);

#endif
