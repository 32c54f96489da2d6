/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What iked may do once it serves: read and write what it already holds, sleep, and use memory. It can open no file (Landlock
 * gives no path, and there is no call for it), make no socket, connect nowhere and run no program. It keeps no capability.
 */
#include <seccomp.h>

#include "run/iked.h"

static const int calls[] = { SANDBOX_BASE, SANDBOX_END };

const struct sandbox iked_sandbox = { .syscalls = calls };
