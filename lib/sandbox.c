/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The sandbox of a daemon, closed once, in an order in which each step still may do what it needs: paths for Landlock are
 * opened while we are root, the bounding set is emptied while we may, the user is dropped, no_new_privs is set, and then
 * Landlock and seccomp hold for the rest of the process's life. A system call that is not on the list ends the process: its
 * SIGSYS handler writes one record with the call's name and does nothing else.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef CAUSEWAY_TEST_HOOKS
#include "attack.h"
#endif
#include "landlock.h"
#include "log.h"
#include "proc.h"

#define NAMES		512	/* system call numbers that have a name here; Linux has fewer */
#define NAME_LEN	24

/* The SIGSYS handler may read memory only: both are filled before the filter stands and never change after. */
static char call_names[NAMES][NAME_LEN];
static char record_head[64];

static _Noreturn void
confine_failed(const char *step)
{
	log_error(NULL, "sandbox_failed", "The sandbox could not be closed (%s: %s); nothing is served without it.", step,
	    strerror(errno));
	exit(1);
}

static size_t
append(char *to, size_t at, size_t cap, const char *s)
{
	while (*s && at < cap)
		to[at++] = *s++;
	return at;
}

/* Only write and _exit: anything else might not be allowed, or not be safe in a signal handler. */
static void
on_sigsys(int sig, siginfo_t *si, void *uc)
{
	char line[256], digits[12] = "";
	size_t n = 0, d = sizeof(digits) - 1;
	int nr = si->si_syscall;
	const char *name = nr >= 0 && nr < NAMES ? call_names[nr] : "";

	if (*name == '\0') {
		digits[d] = '\0';
		do
			digits[--d] = (char)('0' + nr % 10);
		while ((nr /= 10) > 0 && d > 1);
		name = digits + d;
	}
	n = append(line, n, sizeof(line) - 1, record_head);
	n = append(line, n, sizeof(line) - 1, " event=sandbox reason=INTERNAL syscall=");
	n = append(line, n, sizeof(line) - 1, name);
	n = append(line, n, sizeof(line) - 1, " msg=\"The sandbox does not allow the system call ");
	n = append(line, n, sizeof(line) - 1, name);
	n = append(line, n, sizeof(line) - 1, ": the process ends.\"");
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		_exit(128 + SIGSYS);
	_exit(128 + SIGSYS);
}

static void
prepare_sigsys(const struct proc *p)
{
	struct sigaction sa = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };

	snprintf(record_head, sizeof(record_head), "level=error prog=%s", p->name);
	for (int i = 0; i < NAMES; i++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);

		if (name)
			snprintf(call_names[i], NAME_LEN, "%s", name);
		free(name);
	}
	sigfillset(&sa.sa_mask);
	if (sigaction(SIGSYS, &sa, NULL) != 0)
		confine_failed("sigaction");
}

/* seccomp */

/*
 * Memory that is written is never executed: mmap and mprotect may not name PROT_EXEC. A clone is a thread: what clone3 makes is behind a
 * pointer that no filter can follow, so it does not exist (glibc then uses clone).
 */
static int
allow(scmp_filter_ctx f, int call)
{
	if (call == SCMP_SYS(clone))
		return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	if (call == SCMP_SYS(clone3))
		return seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), call, 0);
	if (call == SCMP_SYS(mmap) || call == SCMP_SYS(mprotect))
		return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 0);
}

static void
filter(const struct sandbox *s)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_TRAP);
	int rc = f ? 0 : -ENOMEM;

	if (rc == 0)
		rc = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	for (const int *call = s->syscalls; rc == 0 && *call != SANDBOX_END; call++) {
		rc = allow(f, *call);
		if (rc == -EDOM || rc == -EEXIST)
			rc = 0;		/* not on this machine, or named twice */
	}
	for (const struct sandbox_arg *a = s->args; rc == 0 && a && a->syscall != SANDBOX_END; a++) {
		rc = seccomp_rule_add(f, a->error ? SCMP_ACT_ERRNO((uint16_t)a->error) : SCMP_ACT_ALLOW, a->syscall, 1,
		    SCMP_CMP(a->arg, SCMP_CMP_EQ, a->value, 0));
		if (rc == -EDOM || rc == -EEXIST)
			rc = 0;
	}
	if (rc == 0)
		rc = seccomp_load(f);
	seccomp_release(f);
	if (rc != 0) {
		errno = -rc;
		confine_failed("seccomp");
	}
}

/* Landlock */

static bool
expand(const struct proc *p, const char *path, char *out, size_t cap)
{
	static const char *const names[] = { "%secrets", "%keys", "%crls", "%state", "%run", "%guard" };
	char guard_dir[sizeof(p->guard_file)];
	const char *const values[] = { p->secret_dir, p->key_dir, p->crl_dir, p->state_dir, p->run_dir, guard_dir };
	char *slash;
	int n;

	snprintf(guard_dir, sizeof(guard_dir), "%s", p->guard_file);
	if ((slash = strrchr(guard_dir, '/')) != NULL)
		*slash = '\0';

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strncmp(path, names[i], strlen(names[i])) != 0)
			continue;
		n = snprintf(out, cap, "%s%s", values[i], path + strlen(names[i]));
		return n > 0 && (size_t)n < cap;
	}
	n = snprintf(out, cap, "%s", path);
	return n > 0 && (size_t)n < cap;
}

static void
add_paths(const struct proc *p, int ruleset, const char *const *paths, bool write)
{
	char path[512];

	for (; paths && *paths; paths++) {
		if (!expand(p, *paths, path, sizeof(path))) {
			errno = ENAMETOOLONG;
			confine_failed(*paths);
		}
		if (!landlock_allow(ruleset, path, write) && errno != ENOENT)
			confine_failed(path);
	}
}

/* Users and capabilities */

static void
set_caps(const int *keep)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	for (; keep && *keep >= 0; keep++) {
		d[*keep / 32].effective |= 1u << (*keep % 32);
		d[*keep / 32].permitted |= 1u << (*keep % 32);
	}
	if (syscall(SYS_capset, &h, d) != 0)
		confine_failed("capset");
}

static void
drop_user(const char *user)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(user);
	if (pw == NULL) {
		if (errno == 0)
			errno = ENOENT;
		confine_failed(user);
	}
	if (setgroups(0, NULL) != 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0)
		confine_failed("setresuid");
}

static void
drop(const struct proc *p, const struct sandbox *s)
{
	if (geteuid() != 0)
		return;
	for (int cap = 0; cap <= CAP_LAST_CAP + 32; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
			break;		/* EINVAL: the kernel has no more */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
		confine_failed("PR_SET_KEEPCAPS");
	if (p->user[0])
		drop_user(p->user);
	set_caps(s->keep_caps);
}

void
proc_confine(struct proc *p, const struct sandbox *s)
{
	int ruleset;

	proc_harden();
#ifdef CAUSEWAY_TEST_HOOKS
	if (p->attack_mode == ATTACK_OPEN)
		return;
#endif
	prepare_sigsys(p);
	ruleset = landlock_new(s->connects);
	if (ruleset >= 0) {
		add_paths(p, ruleset, s->read_paths, false);
		add_paths(p, ruleset, s->write_paths, true);
	} else {
		log_warn(NULL, "no_landlock", "This kernel has no Landlock (%s): files are guarded by user and seccomp alone.",
		    strerror(errno));
	}
	drop(p, s);
	/* A change of the user makes the process dumpable by the system's default and forgets the parent's death signal. */
	proc_harden();
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (ruleset >= 0) {
		if (!landlock_close(ruleset))
			confine_failed("Landlock");
		close(ruleset);
	}
#ifdef CAUSEWAY_TEST_HOOKS
	if (p->attack_mode == ATTACK_LANDLOCK)
		return;
#endif
	filter(s);
}
