/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What keymgr may do once it serves: use what it already holds, and read files of the secrets directory, also those of root
 * (CAP_DAC_READ_SEARCH, which Landlock limits to that directory). No socket of any family, no exec, no writing.
 */
#include <linux/capability.h>
#include <seccomp.h>

#include "sandbox.h"

static const int calls[] = { SANDBOX_BASE, SCMP_SYS(openat), SCMP_SYS(newfstatat), SCMP_SYS(geteuid), SANDBOX_END };
static const char *const reads[] = { "%secrets", NULL };
static const int caps[] = { CAP_DAC_READ_SEARCH, -1 };

const struct sandbox keymgr_sandbox = { .syscalls = calls, .read_paths = reads, .keep_caps = caps };
