/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * as_unit UNIT SYSCALLS COMMAND...: runs a command with what a systemd unit takes away, where no systemd runs: the bounding set, NoNewPrivileges,
 * UMask, and the filters of system calls as systemd 252 makes them. SYSCALLS: a file with the names that SystemCallFilter=~... stands for. A line of the
 * unit that it does not know and that is not for the manager alone ends it, so none of them goes untested.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DIE(...) (fprintf(stderr, "as_unit: " __VA_ARGS__), fputc('\n', stderr), exit(125))

static const struct { const char *name; int n; } caps[] = {
	{ "CAP_CHOWN", CAP_CHOWN }, { "CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE }, { "CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH }, { "CAP_FOWNER", CAP_FOWNER },
	{ "CAP_KILL", CAP_KILL }, { "CAP_SETUID", CAP_SETUID }, { "CAP_SETGID", CAP_SETGID }, { "CAP_SETPCAP", CAP_SETPCAP }, { "CAP_IPC_LOCK", CAP_IPC_LOCK },
	{ "CAP_NET_ADMIN", CAP_NET_ADMIN }, { "CAP_NET_RAW", CAP_NET_RAW }, { "CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE },
};
static const struct { const char *name; int n; } families[] = {
	{ "AF_UNIX", AF_UNIX }, { "AF_INET", AF_INET }, { "AF_INET6", AF_INET6 }, { "AF_NETLINK", AF_NETLINK }, { "AF_KEY", AF_KEY },
};
static uint64_t bounding;
static bool family_good[64];
static bool no_new_privs, wx, namespaces, realtime, suid, personality_locked, native;
static scmp_filter_ctx ctx;

static void
rule(uint32_t act, const char *name, unsigned n, struct scmp_arg_cmp cmp)
{
	int nr = seccomp_syscall_resolve_name(name);

	if (nr == __NR_SCMP_ERROR)
		return;		/* of another system */
	if (seccomp_rule_add_array(ctx, act, nr, n, &cmp) != 0)
		DIE("no rule for %s", name);
}

#define ALWAYS(name)		rule(SCMP_ACT_ERRNO(EPERM), name, 0, (struct scmp_arg_cmp){ 0 })
#define WHEN(name, ...)		rule(SCMP_ACT_ERRNO(EPERM), name, 1, SCMP_CMP(__VA_ARGS__))

static void
deny_list(const char *path)
{
	FILE *f = fopen(path, "re");
	char name[64];
	int n = 0;

	while (f && fscanf(f, "%63s", name) == 1) {
		ALWAYS(name);
		n++;
	}
	if (n < 20)
		DIE("only %d system calls in %s", n, path);
	fclose(f);
}

static void
filters(const char *denied)
{
	static const int spaces[] = { CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP };
	static const struct { const char *name; unsigned arg; } modes[] = { { "chmod", 1 }, { "fchmod", 1 }, { "fchmodat", 2 }, { "mkdir", 1 }, { "mkdirat", 2 }, { "mknod", 1 }, { "mknodat", 2 } };

	if ((ctx = seccomp_init(SCMP_ACT_ALLOW)) == NULL)
		DIE("no filter");
	deny_list(denied);
	for (unsigned f = 0; f < 64; f++)
		if (!family_good[f])
			rule(SCMP_ACT_ERRNO(EAFNOSUPPORT), "socket", 1, SCMP_A0(SCMP_CMP_EQ, f));
	if (wx) {
		seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC | PROT_WRITE));
		WHEN("mprotect", 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC);
		WHEN("pkey_mprotect", 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC);
	}
	for (unsigned i = 0; namespaces && i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		WHEN("clone", 0, SCMP_CMP_MASKED_EQ, (scmp_datum_t)spaces[i], (scmp_datum_t)spaces[i]);
		WHEN("unshare", 0, SCMP_CMP_MASKED_EQ, (scmp_datum_t)spaces[i], (scmp_datum_t)spaces[i]);
	}
	if (namespaces) {
		ALWAYS("setns");
		rule(SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, (struct scmp_arg_cmp){ 0 });
	}
	if (realtime)
		WHEN("sched_setscheduler", 1, SCMP_CMP_NE, SCHED_OTHER);
	for (unsigned i = 0; suid && i < sizeof(modes) / sizeof(modes[0]); i++) {
		WHEN(modes[i].name, modes[i].arg, SCMP_CMP_MASKED_EQ, S_ISUID, S_ISUID);
		WHEN(modes[i].name, modes[i].arg, SCMP_CMP_MASKED_EQ, S_ISGID, S_ISGID);
	}
	if (personality_locked)
		WHEN("personality", 0, SCMP_CMP_NE, 0);
	if (seccomp_load(ctx) != 0)
		DIE("the filter cannot be loaded");
	seccomp_release(ctx);
}

static void
take_caps(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	for (int i = 0; i < 64; i++)
		if (!(bounding >> i & 1) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0 && errno != EINVAL)
			DIE("the bounding set cannot be changed: %s", strerror(errno));
	if (syscall(SYS_capget, &h, d) != 0)
		DIE("capget");
	for (int i = 0; i < 2; i++)
		d[i].permitted = d[i].effective = d[i].permitted & (uint32_t)(bounding >> 32 * i), d[i].inheritable = 0;
	if (syscall(SYS_capset, &h, d) != 0)
		DIE("capset");
}

static void
words_of(const char *key, char *value)
{
	bool known;

	for (char *w = strtok(value, " \n"); w; w = strtok(NULL, " \n")) {
		known = false;
		for (unsigned i = 0; strcmp(key, "CapabilityBoundingSet") == 0 && i < sizeof(caps) / sizeof(caps[0]); i++)
			if (strcmp(caps[i].name, w) == 0)
				known = true, bounding |= 1ull << caps[i].n;
		for (unsigned i = 0; strcmp(key, "RestrictAddressFamilies") == 0 && i < sizeof(families) / sizeof(families[0]); i++)
			if (strcmp(families[i].name, w) == 0)
				known = family_good[families[i].n] = true;
		if (!known)
			DIE("%s: '%s' is not known here", key, w);
	}
}

static void
take(const char *key, char *value)
{
	static const struct { const char *name; bool *v; } flags[] = {
		{ "NoNewPrivileges", &no_new_privs }, { "MemoryDenyWriteExecute", &wx }, { "RestrictNamespaces", &namespaces }, { "RestrictRealtime", &realtime },
		{ "RestrictSUIDSGID", &suid }, { "LockPersonality", &personality_locked },
	};
	/* Mounts, which the scenario makes; and what is the manager's. */
	static const char *const others[] = { "ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateMounts", "ProtectClock", "ProtectControlGroups", "ProtectHostname", "ProtectKernelLogs",
	    "ProtectKernelModules", "SystemCallFilter", "SystemCallErrorNumber", "Type", "NotifyAccess", "ExecStartPre", "ExecStart", "ExecReload", "KillMode", "TimeoutStopSec", "Restart",
	    "RestartSec", "RuntimeDirectory", "RuntimeDirectoryPreserve", "LimitCORE", "LimitNOFILE", "DeviceAllow", "DevicePolicy" };

	if (strcmp(key, "CapabilityBoundingSet") == 0 || strcmp(key, "RestrictAddressFamilies") == 0) {
		words_of(key, value);
		return;
	}
	if (strcmp(key, "UMask") == 0) {
		umask((mode_t)strtoul(value, NULL, 8));
		return;
	}
	if (strcmp(key, "SystemCallArchitectures") == 0) {
		native = strcmp(value, "native") == 0;	/* libseccomp's filters refuse all others by themselves */
		return;
	}
	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strcmp(flags[i].name, key) == 0) {
			*flags[i].v = strcmp(value, "yes") == 0;
			return;
		}
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i], key) == 0)
			return;
	DIE("the unit's line %s= is not known here", key);
}

int
main(int argc, char **argv)
{
	char line[1024], *eq;
	bool service = false;
	FILE *f;

	if (argc < 4 || (f = fopen(argv[1], "re")) == NULL)
		DIE("usage: as_unit UNIT SYSCALLS COMMAND...");
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '[')
			service = strcmp(line, "[Service]") == 0;
		if (!service || line[0] == '#' || line[0] == '[' || (eq = strchr(line, '=')) == NULL)
			continue;
		*eq = '\0';
		take(line, eq + 1);
	}
	fclose(f);
	if (!bounding || !no_new_privs || !native)
		DIE("the unit bounds nothing");
	take_caps();
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	filters(argv[2]);
	execv(argv[3], argv + 3);
	DIE("%s: %s", argv[3], strerror(errno));
}
