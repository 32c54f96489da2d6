/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What every daemon does at its start: take the supervisor's link (descriptor 3), receive its sockets, drop to its own user,
 * close the sandbox, answer READY. The order is fixed:
 *
 *	struct proc p;
 *	proc_start(&p, "keymgr", argc, argv);	 HELLO to causewayd, waits for FD* and GO (blocking)
 *	... open files, load code, warm up OpenSSL; proc_take(&p, "iked") gives handed-over descriptors ...
 *	proc_confine(&p, &sandbox);		 user, groups, capabilities, rlimits, no_new_privs, Landlock, seccomp
 *	proc_ready(&p, base, on_fd, ctx);	 READY; later descriptors (new links after a neighbour's restart) come as on_fd
 *	event_base_dispatch(base);
 *
 * When the supervisor dies its link ends and the daemon exits; SIGTERM ends it quietly.
 */
#ifndef CAUSEWAY_PROC_H
#define CAUSEWAY_PROC_H

#include <event2/event.h>
#include <stdbool.h>

#define PROC_FDS	64

struct proc_fd { char name[32]; int fd; };

struct proc {
	const char	*name;
	int		 sup;			/* supervisor's link */
	unsigned	 nfds;
	struct proc_fd	 fds[PROC_FDS];
	char		 user[32];		/* to drop to; "" stays (tests) */
	char		 run_dir[108], state_dir[256], secret_dir[256], guard_file[256];
	char		 site[64];		/* site: of the gateway file */
	char		 engine[16];		/* auto user module system */
	uint16_t	 ike_port, natt_port;
	bool		 legacy;
	int		 log_level;
	struct ipc	*link;			/* after proc_ready */
};

/* One program's sandbox, a const table in a file of its own (PROG/sandbox.c). */
struct sandbox {
	const int	*syscalls;	/* SCMP_SYS numbers allowed, ended by -1 */
	const struct sandbox_arg *args;	/* calls allowed with one argument fixed, ended by syscall -1; may be NULL */
	const char	*const *read_paths;	/* Landlock: may read below, ended by NULL; "%secrets" "%state" "%run" are replaced */
	const char	*const *write_paths;
	const int	*keep_caps;	/* capabilities kept, ended by -1; may be NULL */
};
struct sandbox_arg { int syscall; unsigned arg; unsigned long value; };

void proc_start(struct proc *, const char *name, int argc, char **argv);	/* exits with a sentence on failure */
/* The descriptor of that name (first of several), now the caller's; -1 when there is none. */
int  proc_take(struct proc *, const char *name);
void proc_confine(struct proc *, const struct sandbox *);	/* exits with a sentence on failure */
void proc_ready(struct proc *, struct event_base *, void (*on_fd)(void *ctx, const char *name, int fd), void *ctx);
/* Harden only: no core, not dumpable, no_new_privs. For programs without a supervisor. */
void proc_harden(void);
/* Ask the supervisor for the suite's orderly end (ikectl shutdown). */
void proc_ask_stop(struct proc *);

#endif
